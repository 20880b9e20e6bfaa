"""What the azienda spent, entered once and spread on the comuni by a declared key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.righe import INTEGER, riga_numero
from capofila.spesa.rilevazioni import (
    Scheda,
    modulo_di,
    rilevazione,
    schede,
    togli_righe,
    ufficio_di_piano,
)
from capofila.spesa.rules import RigaSpesa, RipartoImpossibile, ripartisci_riga
from capofila.spesa.schede import abitanti_di, scrivi_righe, valida

ChiaveRiparto = Literal["parti_uguali", "abitanti", "utenti", "quote"]
CHIAVI: Final[Mapping[ChiaveRiparto, str]] = {
    "parti_uguali": "in parti uguali",
    "abitanti": "per abitanti al 31 dicembre",
    "utenti": "per utenti di ciascun comune",
    "quote": "per le quote di un atto",
}


class Riparto(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the azienda to be spread.

    Attributes:
        riga: what was spent; its `comune` is not looked at.
        pesi: by ISTAT code, for the keys `utenti` and `quote`; the comuni not named get nothing.
        utenti: by ISTAT code, where the azienda knows them: a third of a person is nobody.
        atto: the act that gives the quotas.
    """

    descrizione: str
    riga: RigaSpesa
    chiave: ChiaveRiparto
    pesi: Mapping[str, Decimal] = {}
    utenti: Mapping[str, int] = {}
    atto: str | None = None


class RipartoVisto(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was spread, with what each comune got."""

    id: int
    descrizione: str
    riga: RigaSpesa
    chiave: ChiaveRiparto
    pesi: dict[str, Decimal]
    atto: str | None
    stato: str
    creato_il: datetime


async def anteprima(anno: int, riparto: Riparto) -> tuple[RigaSpesa, ...]:
    """The lines that each comune would get, without writing them.

    Raises:
        RipartoImpossibile: no such weights, a population that is not held, or see
            :func:`capofila.spesa.rules.ripartisci_riga`.
    """
    return (await _spargi(anno, riparto, await schede(anno)))[1]


async def ripartisci(anno: int, riparto: Riparto) -> int:
    """Spread a line of the azienda; returns its id.

    Raises:
        DatiNonValidi: codes that the form does not have, a description too short.
        RipartoImpossibile: see :func:`anteprima`.
        Conflitto: the sheet of a comune that gets something is locked.
    """
    unita = ufficio_di_piano()
    questa = await rilevazione(anno)
    elenco = await schede(anno, blocca=True)
    await valida(await modulo_di(anno, questa.modulo), riparto.riga, anno)
    descrizione = riparto.descrizione.strip()
    if not 3 <= len(descrizione) <= 300 or len(riparto.atto or "") > 300:
        raise DatiNonValidi("La descrizione va da 3 a 300 caratteri, l'atto fino a 300.")
    pesi, quali = await _spargi(anno, riparto, elenco)
    per_istat = {una.istat: una for una in elenco}
    giorno = oggi()
    for riga in quali:
        perche = per_istat[riga.comune].chiusa(questa, giorno)
        if perche is not None:
            raise Conflitto(f"{perche[0].upper()}{perche[1:]}.")
    id_: int = await unita.valore(
        "INSERT INTO riparto_spesa (rilevazione_id, anno, descrizione, riga, chiave, pesi, atto) "
        "VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb, $7) RETURNING id",
        questa.id, anno, descrizione, msgspec.json.encode(riparto.riga).decode(), riparto.chiave,
        msgspec.json.encode(pesi).decode(), riparto.atto,
    )  # fmt: skip
    for riga in quali:
        await scrivi_righe(unita, per_istat[riga.comune], [riga], id_)
    await registra("spesa.riparti", "riparto_spesa", str(id_), anno=anno, comuni=len(quali))
    return id_


async def _spargi(
    anno: int, riparto: Riparto, elenco: list[Scheda]
) -> tuple[dict[str, Decimal], tuple[RigaSpesa, ...]]:
    comuni = [una.istat for una in elenco]
    pesi: dict[str, Decimal]
    match riparto.chiave:
        case "parti_uguali":
            pesi = dict.fromkeys(comuni, Decimal(1))
        case "abitanti":
            abitanti = await abitanti_di(anno, comuni)
            mancano = [una.nome for una in elenco if una.istat not in abitanti]
            if mancano:
                raise RipartoImpossibile(
                    f"Manca la popolazione del {anno} di {', '.join(mancano[:5])}"
                    f"{' e altri' if len(mancano) > 5 else ''}: caricarla, o scegliere un'altra "
                    "chiave."
                )
            pesi = {istat: Decimal(quanti) for istat, quanti in abitanti.items()}
        case _:
            pesi = dict(riparto.pesi)
            if not {*pesi} <= {*comuni}:
                raise RipartoImpossibile("Un peso è di un comune che nella rilevazione non c'è.")
    quali = [
        msgspec.structs.replace(riga, utenti=riparto.utenti.get(riga.comune))
        for riga in ripartisci_riga(riparto.riga, pesi)
    ]
    return pesi, tuple(riga for riga in quali if riga.spesa or riga.utenti)


async def riparti(anno: int) -> list[RipartoVisto]:
    """What the azienda entered for a year, the latest first."""
    unita = ufficio_di_piano()
    return [
        RipartoVisto(
            id=riga["id"], descrizione=riga["descrizione"], chiave=riga["chiave"],
            riga=msgspec.json.decode(riga["riga"], type=RigaSpesa),
            pesi=msgspec.json.decode(riga["pesi"], type=dict[str, Decimal]),
            atto=riga["atto"], stato=riga["stato"], creato_il=riga["creato_il"],
        )
        for riga in await unita.righe(
            "SELECT id, descrizione, riga, chiave, pesi, atto, stato, creato_il FROM riparto_spesa "
            "WHERE ambito_id = $1 AND anno = $2 ORDER BY id DESC LIMIT 1000",
            unita.ambito, anno,
        )
    ]  # fmt: skip


async def riparto_con_id(id_: int) -> tuple[int, RipartoVisto]:
    """The year and the line of the azienda that an address names.

    Raises:
        NonTrovato: there is none here.
    """
    unita = ufficio_di_piano()
    anno = await unita.valore(
        "SELECT anno FROM riparto_spesa WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_ if id_ in INTEGER else 0,
    )  # fmt: skip
    for uno in [] if anno is None else await riparti(anno):
        if uno.id == id_:
            return anno, uno
    raise NonTrovato("Questo riparto non c'è: torna all'elenco.")


async def annulla_riparto(anno: int, riparto_id: int) -> None:
    """Take what was spread off every sheet.

    Raises:
        NonTrovato: no such line of the azienda in that year.
        Conflitto: it was undone already, or a sheet is locked.
    """
    unita = ufficio_di_piano()
    questa = await rilevazione(anno)
    per_id = {una.id: una for una in await schede(anno, blocca=True)}
    riga = await riga_numero(
        "SELECT stato FROM riparto_spesa WHERE ambito_id = $1 AND id = $2 AND anno = $3",
        riparto_id,
        "Questo riparto non c'è: torna all'elenco.",
        anno,
        numeri=INTEGER,
    )
    if riga["stato"] != "attivo":
        raise Conflitto("Questo riparto è già stato annullato.")
    await togli_righe(questa, per_id, "riparto_spesa_id", riparto_id)
    await unita.esegui(
        "UPDATE riparto_spesa SET stato = 'annullato' WHERE ambito_id = $1 AND id = $2",
        unita.ambito, riparto_id,
    )  # fmt: skip
    await registra("spesa.annulla_riparto", "riparto_spesa", str(riparto_id), anno=anno)
