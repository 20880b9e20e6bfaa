"""The sheet of a comune: its lines, findings, comments, and the steps of its life.

Runs inside a unit of work of the ambito, narrowed to one comune for whoever works for one: that is
what tells who takes a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.hooks import ModuloSpesa
from capofila.spesa.controlli import DaEsaminare, Eccezione, Rilievo, errori_aperti, esamina
from capofila.spesa.rilevazioni import Rilevazione, Scheda, modulo_di, rilevazione, scheda, schede
from capofila.spesa.rules import (
    CENTESIMO,
    PASSI,
    ZERO,
    Chi,
    PassoNonAmmesso,
    RigaSpesa,
    Situazione,
    Stato,
    cambiate,
    compi,
    per_conto,
    sommate,
)
from capofila.territorio import service as territorio

_MASSIMO: Final = Decimal(10) ** 11
_UTENTI_MASSIMI: Final = 99_999_999
APPROVATE: Final = frozenset({Stato.APPROVATA, Stato.TRASMESSA, Stato.ESITO})
VALORI: Final = (
    "istat AS comune, area, voce, gestione, modalita, utenti, spesa, quota_utenti, quota_ssn, fonti"
)


class RigaVista(msgspec.Struct, frozen=True, kw_only=True):
    """A line with where it came from; one of a `riparto` is changed where it was spread."""

    riga: RigaSpesa
    riparto: int | None
    lotto: int | None
    modificata_il: datetime


class Chiave(msgspec.Struct, frozen=True):
    """What a line of a sheet is found by."""

    area: str
    voce: str
    gestione: str
    modalita: str


class Commento(msgspec.Struct, frozen=True, kw_only=True):
    """A remark at a cell, or on the sheet when `cella` is empty."""

    cella: str
    testo: str
    autore: str | None
    scritto_il: datetime


class Passaggio(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was taken; `per_conto` when the Ufficio di Piano took it for the comune."""

    azione: str
    da: str
    a: str
    per_conto: bool
    motivo: str | None
    autore: str | None
    fatto_il: datetime


def riga_da(valori: Any) -> RigaSpesa:
    """A line from a row of the database."""
    fonti = msgspec.json.decode(valori["fonti"], type=dict[str, Decimal])
    return RigaSpesa(
        **{nome: valori[nome] for nome in RigaSpesa.__struct_fields__ if nome != "fonti"},
        fonti={nome: importo.quantize(CENTESIMO) for nome, importo in fonti.items()},
    )


async def righe(anno: int, istat: str) -> list[RigaVista]:
    """The lines of a comune in a year, in the order of the grid."""
    unita = unita_corrente()
    return [
        RigaVista(
            riga=riga_da(riga), riparto=riga["riparto_spesa_id"] or None,
            lotto=riga["lotto_spesa_id"], modificata_il=riga["modificata_il"],
        )
        for riga in await unita.righe(
            f"SELECT {VALORI}, riparto_spesa_id, lotto_spesa_id, modificata_il FROM riga_spesa "
            "WHERE ambito_id = $1 AND anno = $2 AND istat = $3 "
            "ORDER BY area, voce, gestione, modalita, riparto_spesa_id",
            unita.ambito, anno, istat,
        )
    ]  # fmt: skip


async def scrivibile(anno: int, istat: str) -> tuple[Rilevazione, Scheda]:
    """A sheet whose lines can be written now, locked until the unit ends.

    Raises:
        NonTrovato: no such sheet.
        Conflitto: it is past its state or its deadline.
    """
    questa = await rilevazione(anno)
    una = await scheda(anno, istat, blocca=True)
    perche = una.chiusa(questa, oggi())
    if perche is not None:
        raise Conflitto(f"{perche[0].upper()}{perche[1:]}.")
    return questa, una


async def scrivi(anno: int, riga: RigaSpesa) -> None:
    """Write a line of a comune, in the place of the one with the same key: the grid saves by this.

    A line may be out of balance while it is being written; the sheet is not complete until then.

    Raises:
        NonTrovato, Conflitto: see :func:`scrivibile`.
        DatiNonValidi: a code that the form does not have, or an amount that cannot be.
    """
    unita = unita_corrente()
    questa, una = await scrivibile(anno, riga.comune)
    await valida(await modulo_di(anno, questa.modulo), riga, anno)
    await scrivi_righe(unita, una, [riga])
    await registra("spesa.scrivi", "scheda_spesa", str(una.id), area=riga.area, voce=riga.voce)


async def togli(anno: int, istat: str, chiave: Chiave) -> None:
    """Take a line off a sheet.

    Raises:
        NonTrovato, Conflitto: see :func:`scrivibile`; NonTrovato also when there is no such line.
    """
    unita = unita_corrente()
    _, una = await scrivibile(anno, istat)
    tag = await unita.esegui(
        "DELETE FROM riga_spesa WHERE ambito_id = $1 AND anno = $2 AND istat = $3 AND area = $4 "
        "AND voce = $5 AND gestione = $6 AND modalita = $7 AND riparto_spesa_id = 0",
        unita.ambito, anno, istat, *msgspec.structs.astuple(chiave),
    )  # fmt: skip
    if tag != "DELETE 1":
        raise NonTrovato("Questa riga non c'è più: aggiornare la pagina.")
    await registra("spesa.togli", "scheda_spesa", str(una.id), area=chiave.area, voce=chiave.voce)


async def scrivi_righe(
    unita: UnitaDiLavoro, una: Scheda, quali: Iterable[RigaSpesa], riparto: int = 0
) -> None:
    """Write lines of one sheet that is open, whatever they are."""
    await unita.esegui_per_ognuna(
        "INSERT INTO riga_spesa (ambito_id, scheda_spesa_id, anno, istat, comune, area, voce, "
        "gestione, modalita, riparto_spesa_id, utenti, spesa, quota_utenti, quota_ssn, fonti) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb) "
        "ON CONFLICT (ambito_id, anno, istat, area, voce, gestione, modalita, riparto_spesa_id) "
        "DO UPDATE SET utenti = excluded.utenti, spesa = excluded.spesa, "
        "quota_utenti = excluded.quota_utenti, quota_ssn = excluded.quota_ssn, "
        "fonti = excluded.fonti, lotto_spesa_id = NULL, riga = NULL, modificata_il = now()",
        [
            (
                unita.ambito, una.id, una.anno, una.istat, una.comune, r.area, r.voce, r.gestione,
                r.modalita, riparto, r.utenti, r.spesa, r.quota_utenti, r.quota_ssn,
                _FONTI.encode({nome: v for nome, v in r.fonti.items() if v}).decode(),
            )
            for r in quali
        ],
    )  # fmt: skip


_FONTI: Final = msgspec.json.Encoder(decimal_format="number")


async def valida(modulo: ModuloSpesa, riga: RigaSpesa, anno: int) -> None:
    """Refuse a line whose codes are not of the form, or whose amounts cannot be.

    A voce that the form does not have may stay where a file brought it.

    Raises:
        DatiNonValidi: the first thing that is wrong.
    """
    for nome, scritto, noti in (
        ("area", riga.area, modulo.aree),
        ("gestione", riga.gestione, modulo.gestioni),
        ("modalità", riga.modalita, modulo.modalita),
    ):
        if scritto not in {uno.codice for uno in noti}:
            raise DatiNonValidi(f"{nome} «{scritto[:100]}»: il modulo non la prevede.")
    voce = next((una for una in modulo.voci if una.codice == riga.voce), None)
    if voce is None:
        unita = unita_corrente()
        if not await unita.valore(
            "SELECT EXISTS (SELECT 1 FROM riga_spesa WHERE ambito_id = $1 AND anno = $2 "
            "AND istat = $3 AND area = $4 AND voce = $5)",
            unita.ambito, anno, riga.comune, riga.area, riga.voce,
        ):  # fmt: skip
            raise DatiNonValidi(f"voce «{riga.voce[:100]}»: il modulo non la prevede.")
    elif voce.aree and riga.area not in voce.aree:
        raise DatiNonValidi(f"La voce «{voce.denominazione}» sta in: {', '.join(voce.aree)}.")
    ignote = {*riga.fonti} - {fonte.codice for fonte in modulo.fonti}
    if ignote:
        raise DatiNonValidi(f"Fonti che il modulo non prevede: {', '.join(sorted(ignote))[:200]}.")
    for importo in (riga.spesa, riga.quota_utenti, riga.quota_ssn, *riga.fonti.values()):
        if (
            not importo.is_finite()
            or not ZERO <= importo < _MASSIMO
            or (importo != importo.quantize(CENTESIMO))
        ):
            raise DatiNonValidi("Gli importi non sono negativi e hanno due decimali al più.")
    if riga.utenti is not None and not 0 <= riga.utenti <= _UTENTI_MASSIMI:
        raise DatiNonValidi("Gli utenti sono un numero intero, non negativo; vuoto se non si sa.")


async def scrivi_valori(anno: int, istat: str, valori: Mapping[str, str]) -> Scheda:
    """Write the fields of a sheet; those that are not named stay as they are.

    Raises:
        NonTrovato, Conflitto: see :func:`scrivibile`.
        DatiNonValidi: a field that the form does not ask for, or a text too long.
    """
    unita = unita_corrente()
    questa, una = await scrivibile(anno, istat)
    noti = {campo.codice for campo in (await modulo_di(anno, questa.modulo)).campi}
    if not {*valori} <= noti or any(len(testo) > 4000 for testo in valori.values()):
        raise DatiNonValidi("Un campo non è del modulo, o ha più di 4.000 caratteri.")
    tutti = {**una.valori, **valori}
    await unita.esegui(
        "UPDATE scheda_spesa SET valori = $3::jsonb WHERE ambito_id = $1 AND id = $2",
        unita.ambito, una.id, msgspec.json.encode(tutti).decode(),
    )  # fmt: skip
    await registra("spesa.campi", "scheda_spesa", str(una.id), campi=sorted(valori))
    return msgspec.structs.replace(una, valori=tutti)


# Findings, exceptions, comments.


async def rilievi(anno: int, istat: str) -> list[Rilievo]:
    """What the checks find in a sheet, explained findings included, errors first.

    Outliers are told to the Ufficio di Piano only: a comune does not see the others' spending.
    """
    questa = await rilevazione(anno)
    una = await scheda(anno, istat)
    return await _rilievi(questa, una)


async def _rilievi(questa: Rilevazione, una: Scheda) -> list[Rilievo]:
    unita = unita_corrente()
    modulo = await modulo_di(una.anno, questa.modulo)
    spese: dict[str, Decimal] = {}
    abitanti: dict[str, int] = {}
    if not unita.contesto.comune:
        spese = {
            riga["istat"]: riga["spesa"]
            for riga in await unita.righe(
                "SELECT istat, sum(spesa) AS spesa FROM riga_spesa WHERE ambito_id = $1 "
                "AND anno = $2 GROUP BY istat",
                unita.ambito, una.anno,
            )
        }  # fmt: skip
        abitanti = await abitanti_di(una.anno, spese)
    return esamina(
        modulo,
        DaEsaminare(
            istat=una.istat, anno=una.anno, valori=una.valori, spese=spese, abitanti=abitanti,
            righe=tuple(vista.riga for vista in await righe(una.anno, una.istat)),
            prima=tuple(vista.riga for vista in await righe(una.anno - 1, una.istat)),
        ),
        await eccezioni(una),
    )  # fmt: skip


async def abitanti_di(anno: int, comuni: Iterable[str]) -> dict[str, int]:
    """Inhabitants of a year, of the comuni whose figure is held."""
    demografia = await territorio.demografia()
    fine = date(anno, 12, 31)
    return {
        istat: quanti.residenti
        for istat in comuni
        if (quanti := demografia.popolazione(istat, fine, anno)) is not None
    }


async def eccezioni(una: Scheda) -> list[Eccezione]:
    """The reasons given in a sheet, the first ones first: of two for the same values the last holds."""
    unita = unita_corrente()
    return [
        Eccezione(**dict(riga))
        for riga in await unita.righe(
            "SELECT regola, cella, valori, motivo FROM eccezione_spesa "
            "WHERE ambito_id = $1 AND scheda_spesa_id = $2 ORDER BY id",
            unita.ambito, una.id,
        )
    ]  # fmt: skip


async def spiega(anno: int, istat: str, regola: str, cella: str, motivo: str) -> None:
    """Keep the reason why a finding is right as it is, for the values that it has now.

    Raises:
        NonTrovato: there is no such finding.
        DatiNonValidi: it cannot be excepted, or the reason is too short or too long.
    """
    unita = unita_corrente()
    _, una = await scrivibile(anno, istat)
    trovato = next(
        (uno for uno in await rilievi(anno, istat) if (uno.regola, uno.cella) == (regola, cella)),
        None,
    )
    if trovato is None:
        raise NonTrovato("Questo rilievo non c'è più: aggiornare la pagina.")
    if not trovato.eccepibile:
        raise DatiNonValidi("Un conto che non quadra si corregge: una ragione non basta.")
    testo = motivo.strip()
    if not 5 <= len(testo) <= 2000:
        raise DatiNonValidi("La ragione va da 5 a 2.000 caratteri.")
    await unita.esegui(
        "INSERT INTO eccezione_spesa (scheda_spesa_id, comune, regola, cella, valori, motivo) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        una.id, una.comune, regola, cella, trovato.valori, testo,
    )  # fmt: skip
    await registra("spesa.spiega", "scheda_spesa", str(una.id), regola=regola)


async def commenta(anno: int, istat: str, testo: str, cella: str = "") -> None:
    """Leave a remark at a cell or on the sheet, whatever its state.

    Raises:
        DatiNonValidi: empty, or too long.
    """
    unita = unita_corrente()
    una = await scheda(anno, istat)
    testo = testo.strip()
    if not 1 <= len(testo) <= 2000 or len(cella) > 400:
        raise DatiNonValidi("Il commento va da 1 a 2.000 caratteri.")
    await unita.esegui(
        "INSERT INTO commento_spesa (scheda_spesa_id, comune, cella, testo) VALUES ($1, $2, $3, $4)",
        una.id, una.comune, cella, testo,
    )  # fmt: skip
    await registra("spesa.commenta", "scheda_spesa", str(una.id))


async def commenti(anno: int, istat: str) -> list[Commento]:
    """The remarks of a sheet, the first ones first."""
    unita = unita_corrente()
    una = await scheda(anno, istat)
    return [
        Commento(**dict(riga))
        for riga in await unita.righe(
            "SELECT c.cella, c.testo, u.nome AS autore, c.scritto_il FROM commento_spesa c "
            "LEFT JOIN utente u ON u.id = c.scritto_da WHERE c.ambito_id = $1 "
            "AND c.scheda_spesa_id = $2 ORDER BY c.id LIMIT 1000",
            unita.ambito, una.id,
        )
    ]  # fmt: skip


# The life.


async def passo(anno: int, istat: str, azione: str, motivo: str = "") -> Scheda:
    """Take a step of a sheet, as the comune when the unit is narrowed to one, else as the ambito.

    The ambito takes those of the comune on its behalf, with a reason that stays in its history.

    Raises:
        NonTrovato: no such sheet.
        PassoNonAmmesso: no such step from here, or it wants something that is missing.
    """
    unita = unita_corrente()
    questa = await rilevazione(anno)
    una = await scheda(anno, istat, blocca=True)
    chi = Chi.COMUNE if unita.contesto.comune else Chi.UFFICIO_DI_PIANO
    regola = next((uno for uno in PASSI if uno.azione == azione and una.stato in uno.da), None)
    situazione = Situazione(
        errori=errori_aperti(await _rilievi(questa, una)) if regola and regola.senza_errori else 0,
        scaduta=una.scaduta(questa, oggi()),
        mancano=(
            sum(altra.stato not in APPROVATE for altra in await schede(anno))
            if regola and regola.tutti_i_comuni
            else 0
        ),
        motivo=motivo,
    )
    dopo = compi(azione, una.stato, chi, situazione)
    if len(motivo) > 2000:
        raise DatiNonValidi("Il motivo ha più di 2.000 caratteri.")
    altrui = regola is not None and per_conto(regola, chi)
    righe_ora = None
    if dopo is Stato.APPROVATA:
        tutte = [vista.riga for vista in await righe(anno, istat)]
        righe_ora = msgspec.json.encode(tutte).decode()
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "UPDATE scheda_spesa SET stato = $3 WHERE ambito_id = $1 AND id = $2",
                unita.ambito, una.id, dopo.value,
            )  # fmt: skip
    except asyncpg.CheckViolationError:
        raise PassoNonAmmesso("Una riga non quadra: correggerla, poi ripetere il passo.") from None
    await unita.esegui(
        "INSERT INTO passaggio_spesa "
        "(scheda_spesa_id, comune, azione, da, a, motivo, righe, per_conto) "
        "VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7::jsonb, $8)",
        una.id, una.comune, azione, una.stato.value, dopo.value, motivo.strip(), righe_ora, altrui,
    )  # fmt: skip
    await registra(
        f"spesa.{azione}", "scheda_spesa", str(una.id), da=una.stato, a=dopo, per_conto=altrui
    )
    return msgspec.structs.replace(una, stato=dopo)


async def passaggi(anno: int, istat: str) -> list[Passaggio]:
    """The steps that were taken, the first ones first."""
    unita = unita_corrente()
    una = await scheda(anno, istat)
    return [
        Passaggio(**dict(riga))
        for riga in await unita.righe(
            "SELECT p.azione, p.da, p.a, p.per_conto, p.motivo, u.nome AS autore, p.fatto_il "
            "FROM passaggio_spesa p LEFT JOIN utente u ON u.id = p.fatto_da "
            "WHERE p.ambito_id = $1 AND p.scheda_spesa_id = $2 ORDER BY p.id LIMIT 1000",
            unita.ambito, una.id,
        )
    ]  # fmt: skip


async def cambiate_dopo_approvazione(
    anno: int, istat: str | None = None
) -> dict[str, Sequence[str]]:
    """The cells that differ from what was last approved, by ISTAT code of the comune: one, or all.

    A comune whose sheet was never approved is not there; one where nothing changed has none.
    """
    unita = unita_corrente()
    approvate = await unita.righe(
        "SELECT DISTINCT ON (s.istat) s.istat, p.righe FROM passaggio_spesa p "
        "JOIN scheda_spesa s ON s.ambito_id = p.ambito_id AND s.id = p.scheda_spesa_id "
        "WHERE p.ambito_id = $1 AND s.anno = $2 AND p.righe IS NOT NULL "
        "AND s.istat = coalesce($3, s.istat) ORDER BY s.istat, p.id DESC",
        unita.ambito, anno, istat,
    )  # fmt: skip
    adesso: dict[str, list[RigaSpesa]] = {}
    for riga in await unita.righe(
        f"SELECT {VALORI} FROM riga_spesa WHERE ambito_id = $1 AND anno = $2 "
        "AND istat = coalesce($3, istat)",
        unita.ambito, anno, istat,
    ):  # fmt: skip
        adesso.setdefault(riga["comune"], []).append(riga_da(riga))
    return {
        riga["istat"]: cambiate(
            sommate(msgspec.json.decode(riga["righe"], type=list[RigaSpesa])),
            sommate(adesso.get(riga["istat"], [])),
        )
        for riga in approvate
    }
