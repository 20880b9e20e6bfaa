"""The surveys of the ambito and the sheets of its comuni. Runs inside a unit of work of the ambito."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.plugin import PluginAttivi
from capofila.base.righe import INTEGER, riga_numero
from capofila.hooks import ModuloSpesa
from capofila.spesa.rules import MODIFICABILI, Stato
from capofila.territorio import service as territorio
from capofila.territorio.rules import si_sovrappongono

ANNI: Final = range(1990, 2101)
"""The ids that a row can have."""
IN_RITARDO: Final = (Stato.APERTA, Stato.COMPILATA, Stato.RIAPERTA)
"""Of a sheet that was not sent."""
_COLONNE: Final = "id, anno, modulo, modulo_sha256, dal, scadenza, promemoria"


class Rilevazione(msgspec.Struct, frozen=True, kw_only=True):
    """A survey. `scadenza` is its last day; None when it has no deadline."""

    id: int
    anno: int
    modulo: str
    modulo_sha256: str
    dal: date
    scadenza: date | None
    promemoria: tuple[date, ...]


class Scheda(msgspec.Struct, frozen=True, kw_only=True):
    """What a comune answers. `comune` is its Belfiore code, `proroga` its own last day."""

    id: int
    rilevazione_id: int
    anno: int
    istat: str
    comune: str
    nome: str
    stato: Stato
    proroga: date | None
    valori: dict[str, str]

    def termine(self, rilevazione: Rilevazione) -> date | None:
        """Its last day: that of everybody, or its own when that is later."""
        if self.proroga is None or rilevazione.scadenza is None:
            return rilevazione.scadenza
        return max(self.proroga, rilevazione.scadenza)

    def scaduta(self, rilevazione: Rilevazione, giorno: date) -> bool:
        """Whether its last day is gone."""
        termine = self.termine(rilevazione)
        return termine is not None and giorno > termine

    def chiusa(self, rilevazione: Rilevazione, giorno: date) -> str | None:
        """Why its lines cannot be written, with what to do; None when they can."""
        if self.stato not in MODIFICABILI:
            return (
                f"la scheda di {self.nome} per il {self.anno} è {self.stato}: per cambiarla va "
                "prima ripresa o riaperta"
            )
        if giorno < rilevazione.dal:
            return f"la rilevazione del {self.anno} si apre il {rilevazione.dal:%d/%m/%Y}"
        if self.scaduta(rilevazione, giorno):
            return f"il termine per {self.nome} è passato: serve una proroga dell'Ufficio di Piano"
        return None


class Apertura(msgspec.Struct, frozen=True, kw_only=True):
    """A survey to be opened.

    Attributes:
        dal: first day on which it is filled in; today when not given.
        scadenza: last day; no source gives one, so it is never supposed.
        promemoria: days on which the comuni that are late are written to.
        modulo: code of the form; needed only when the active plugins give several.
        comuni: ISTAT codes; all those that belong to the ambito in that year when not given.
    """

    anno: int
    dal: date | None = None
    scadenza: date | None = None
    promemoria: tuple[date, ...] = ()
    modulo: str | None = None
    comuni: tuple[str, ...] | None = None


def ufficio_di_piano() -> UnitaDiLavoro:
    """The unit of work of somebody who works for the whole ambito.

    Raises:
        NonAutorizzato: it is narrowed to one comune.
    """
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("Questa operazione spetta all'Ufficio di Piano.")
    return unita


async def modulo_di(
    anno: int, codice: str | None = None, attivi: PluginAttivi | None = None
) -> ModuloSpesa:
    """The form about a year, with what the active plugins add; `attivi` where they are at hand.

    Raises:
        NonTrovato: no active plugin gives one, or not that one.
        Conflitto: there are several, and which one is not told.
    """
    attivi = attivi or await plugin_attivi()
    moduli = {uno.codice: uno for uno in attivi.moduli_spesa(anno)}
    if codice is not None and codice in moduli:
        return moduli[codice]
    if codice is not None or not moduli:
        raise NonTrovato(
            f"Nessun plugin attivo in questo ambito dà il modulo della spesa sociale del {anno}"
            + (f" («{codice}»)" if codice else "")
            + ": attivarne uno nella cartella dell'ambito."
        )
    if len(moduli) > 1:
        raise Conflitto(f"Per il {anno} ci sono più moduli, scegliere: {', '.join(moduli)}.")
    return next(iter(moduli.values()))


async def modulo_se_c_e(
    anno: int, codice: str, attivi: PluginAttivi | None = None
) -> ModuloSpesa | None:
    """The form of a survey, or None where its plugin is not active any more.

    What was entered by it stays readable.
    """
    try:
        return await modulo_di(anno, codice, attivi)
    except NonTrovato:
        return None


async def comuni_dell_anno(anno: int) -> tuple[str, ...]:
    """ISTAT codes of the comuni that belong to the ambito on some day of a year, by name."""
    intero = territorio_anno(anno)
    return tuple(
        dict.fromkeys(
            periodo.istat
            for periodo in await territorio.appartenenze()
            if si_sovrappongono(periodo, intero)
        )
    )


def territorio_anno(anno: int) -> _Anno:
    """A year as a period."""
    return _Anno(date(anno, 1, 1), date(anno, 12, 31))


class _Anno(msgspec.Struct, frozen=True):
    dal: date | None
    al: date | None


async def apri(apertura: Apertura) -> Rilevazione:
    """Open a survey, with an empty sheet for each comune.

    Raises:
        DatiNonValidi: days out of order, or comuni that are not of the ambito.
        Conflitto: that year has one.
        NonTrovato: no form for that year.
    """
    unita = ufficio_di_piano()
    anno = apertura.anno
    if anno not in ANNI:
        raise DatiNonValidi(f"L'anno {anno} non si può rilevare: va da {ANNI[0]} a {ANNI[-1]}.")
    modulo = await modulo_di(anno, apertura.modulo)
    membri = await comuni_dell_anno(anno)
    comuni = membri if apertura.comuni is None else tuple(dict.fromkeys(apertura.comuni))
    if not comuni or not {*comuni} <= {*membri}:
        fuori = ", ".join(sorted({*comuni} - {*membri}))
        raise DatiNonValidi(
            f"Nel {anno} non sono dell'ambito: {fuori}." if fuori
            else f"Nel {anno} l'ambito non ha comuni."
        )  # fmt: skip
    dal = apertura.dal or oggi()
    if apertura.scadenza is not None and apertura.scadenza < dal:
        raise DatiNonValidi("La scadenza viene prima dell'apertura: correggere uno dei due giorni.")
    promemoria = _promemoria(apertura.promemoria, dal, apertura.scadenza)
    try:
        async with unita.punto_di_ritorno():
            id_ = await unita.valore(
                "INSERT INTO rilevazione (anno, modulo, modulo_sha256, dal, scadenza, promemoria) "
                "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                anno, modulo.codice, modulo.impronta, dal, apertura.scadenza, list(promemoria),
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(f"La rilevazione del {anno} c'è già.") from None
    await unita.esegui(
        "INSERT INTO scheda_spesa (rilevazione_id, anno, istat, comune) "
        "SELECT $1, $2, c.istat, c.belfiore FROM comune c WHERE c.istat = ANY ($3::text[]) "
        "ORDER BY c.nome",
        id_, anno, list(comuni),
    )  # fmt: skip
    await registra("spesa.apri", "rilevazione", str(id_), anno=anno, comuni=len(comuni))
    return await rilevazione(anno)


def _promemoria(giorni: Sequence[date], dal: date, scadenza: date | None) -> tuple[date, ...]:
    if len(giorni) > 20 or any(g < dal or (scadenza is not None and g > scadenza) for g in giorni):
        raise DatiNonValidi(
            "I promemoria cadono fra l'apertura e la scadenza, e sono venti al più."
        )
    return tuple(sorted({*giorni}))


async def rilevazione(anno: int) -> Rilevazione:
    """The survey of a year.

    Raises:
        NonTrovato: there is none.
    """
    unita = unita_corrente()
    riga = await unita.riga(
        f"SELECT {_COLONNE} FROM rilevazione WHERE ambito_id = $1 AND anno = $2",
        unita.ambito, anno if anno in ANNI else 0,
    )  # fmt: skip
    if riga is None:
        raise NonTrovato(f"Per il {anno} non c'è nessuna rilevazione della spesa sociale.")
    return _rilevazione(riga)


async def rilevazione_con_id(id_: int) -> Rilevazione:
    """The survey that an address names.

    Raises:
        NonTrovato: the ambito has no such survey.
    """
    riga = await riga_numero(
        "SELECT anno FROM rilevazione WHERE ambito_id = $1 AND id = $2",
        id_,
        "Questa rilevazione non c'è: torna all'elenco.",
        numeri=INTEGER,
    )
    return await rilevazione(riga["anno"])


async def scheda_con_id(id_: int) -> Scheda:
    """The sheet that an address names.

    Raises:
        NonTrovato: there is no such sheet here, or it is another comune's.
    """
    riga = await riga_numero(
        "SELECT anno, istat FROM scheda_spesa WHERE ambito_id = $1 AND id = $2",
        id_,
        "Questa scheda non c'è: torna all'elenco delle rilevazioni.",
        numeri=INTEGER,
    )
    return await scheda(riga["anno"], riga["istat"])


def _rilevazione(riga: Any) -> Rilevazione:
    valori = {nome: riga[nome] for nome in Rilevazione.__struct_fields__}
    return Rilevazione(**{**valori, "promemoria": tuple(riga["promemoria"])})


async def rilevazioni() -> list[tuple[Rilevazione, Counter[Stato]]]:
    """The surveys, the latest first, with how many sheets are in each state."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT {', '.join(f'r.{nome.strip()}' for nome in _COLONNE.split(','))}, s.stato, "
        "count(s.id) AS quante FROM rilevazione r LEFT JOIN scheda_spesa s "
        "ON s.ambito_id = r.ambito_id AND s.rilevazione_id = r.id WHERE r.ambito_id = $1 "
        "GROUP BY r.ambito_id, r.id, s.stato ORDER BY r.anno DESC",
        unita.ambito,
    )
    trovate: dict[int, tuple[Rilevazione, Counter[Stato]]] = {}
    for riga in righe:
        conti = trovate.setdefault(riga["id"], (_rilevazione(riga), Counter()))[1]
        if riga["stato"] is not None:
            conti[Stato(riga["stato"])] = riga["quante"]
    return list(trovate.values())


async def completate_il() -> dict[int, date]:
    """The day on which the last sheet was sent, for the years in which none is still awaited.

    Of whoever works for one comune it says when its own was.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT s.anno, (max((SELECT min(p.fatto_il) FROM passaggio_spesa p "
        "WHERE p.ambito_id = s.ambito_id AND p.scheda_spesa_id = s.id AND p.a = 'inviata')) "
        "AT TIME ZONE 'Europe/Rome')::date AS giorno FROM scheda_spesa s WHERE s.ambito_id = $1 "
        "GROUP BY s.anno HAVING bool_and(s.stato <> ALL ($2::text[]))",
        unita.ambito, [*IN_RITARDO],
    )  # fmt: skip
    return {riga["anno"]: riga["giorno"] for riga in righe if riga["giorno"] is not None}


async def anni_trasmessi() -> list[int]:
    """The years of which every sheet was passed on, and none was opened again."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT anno FROM scheda_spesa WHERE ambito_id = $1 GROUP BY anno "
        "HAVING bool_and(stato IN ('trasmessa', 'esito')) ORDER BY anno",
        unita.ambito,
    )
    return [riga["anno"] for riga in righe]


async def consegnate_nei_termini(anno: int) -> dict[str, bool]:
    """Whether each comune (ISTAT) sent its sheet of a year, the first time by its last day, if any.

    Raises:
        NonTrovato: no survey of that year.
    """
    unita = unita_corrente()
    questa = await rilevazione(anno)
    inviate = {
        riga["istat"]: riga["giorno"]
        for riga in await unita.righe(
            "SELECT s.istat, (min(p.fatto_il) AT TIME ZONE 'Europe/Rome')::date AS giorno "
            "FROM scheda_spesa s JOIN passaggio_spesa p ON p.ambito_id = s.ambito_id "
            "AND p.scheda_spesa_id = s.id AND p.a = 'inviata' WHERE s.ambito_id = $1 AND s.anno = $2 "
            "GROUP BY s.istat",
            unita.ambito, anno,
        )
    }  # fmt: skip
    return {
        una.istat: una.istat in inviate and not una.scaduta(questa, inviate[una.istat])
        for una in await schede(anno)
    }


async def schede(anno: int, *, blocca: bool = False) -> list[Scheda]:
    """The sheets of a year, by name of the comune: the matrix comuni by state.

    Args:
        blocca: nobody takes a step of theirs until the unit ends.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT s.id, s.rilevazione_id, s.anno, s.istat, s.comune, c.nome, s.stato, s.proroga, "
        "s.valori FROM scheda_spesa s JOIN comune c USING (istat) WHERE s.ambito_id = $1 "
        f"AND s.anno = $2 ORDER BY c.nome, s.id{' FOR UPDATE OF s' if blocca else ''}",
        unita.ambito, anno if anno in ANNI else 0,
    )  # fmt: skip
    return [_scheda(riga) for riga in righe]


async def scheda(anno: int, istat: str, *, blocca: bool = False) -> Scheda:
    """The sheet of a comune.

    Raises:
        NonTrovato: the comune is not in the survey, or is another one's to see.
    """
    for una in await schede(anno, blocca=blocca):
        if una.istat == istat:
            return una
    raise NonTrovato(f"Nella rilevazione del {anno} questo comune non c'è.")


def _scheda(riga: Any) -> Scheda:
    valori = {nome: riga[nome] for nome in Scheda.__struct_fields__}
    valori |= {
        "stato": Stato(riga["stato"]),
        "valori": msgspec.json.decode(riga["valori"], type=dict[str, str]),
    }
    return Scheda(**valori)


async def proroga(anno: int, istat: str, fino_al: date | None, motivo: str = "") -> Scheda:
    """Give a comune a later last day, or take it back; it stands among its steps, with the reason.

    Raises:
        DatiNonValidi: it is not later than everybody's, nobody has one, or the reason is too long.
    """
    unita = ufficio_di_piano()
    questa = await rilevazione(anno)
    una = await scheda(anno, istat, blocca=True)
    if fino_al is not None and (questa.scadenza is None or fino_al <= questa.scadenza):
        raise DatiNonValidi("La proroga va oltre la scadenza della rilevazione, che deve esserci.")
    if len(motivo) > 1900:
        raise DatiNonValidi("Il motivo ha più di 1.900 caratteri.")
    await unita.esegui(
        "UPDATE scheda_spesa SET proroga = $3 WHERE ambito_id = $1 AND id = $2",
        unita.ambito, una.id, fino_al,
    )  # fmt: skip
    detto = "tolta" if fino_al is None else f"fino al {fino_al:%d/%m/%Y}"
    await unita.esegui(
        "INSERT INTO passaggio_spesa (scheda_spesa_id, comune, azione, da, a, motivo) "
        "VALUES ($1, $2, 'proroga', $3, $3, $4)",
        una.id, una.comune, una.stato.value, f"{detto}: {motivo.strip()}".rstrip(": "),
    )  # fmt: skip
    await registra(
        "spesa.proroga", "scheda_spesa", str(una.id),
        fino_al=None if fino_al is None else fino_al.isoformat(),
    )  # fmt: skip
    return msgspec.structs.replace(una, proroga=fino_al)


async def cambia_termini(
    anno: int, scadenza: date | None, promemoria: Sequence[date] = ()
) -> Rilevazione:
    """Change the deadline of a survey and its reminders.

    Raises:
        DatiNonValidi: days out of order.
    """
    unita = ufficio_di_piano()
    questa = await rilevazione(anno)
    if scadenza is not None and scadenza < questa.dal:
        raise DatiNonValidi("La scadenza viene prima dell'apertura: correggere uno dei due giorni.")
    giorni = _promemoria(promemoria, questa.dal, scadenza)
    await unita.esegui(
        "UPDATE rilevazione SET scadenza = $3, promemoria = $4 WHERE ambito_id = $1 AND id = $2",
        unita.ambito, questa.id, scadenza, list(giorni),
    )  # fmt: skip
    await registra(
        "spesa.termini", "rilevazione", str(questa.id),
        scadenza=None if scadenza is None else scadenza.isoformat(),
    )  # fmt: skip
    return msgspec.structs.replace(questa, scadenza=scadenza, promemoria=giorni)


async def togli_righe(
    questa: Rilevazione,
    per_id: Mapping[int, Scheda],
    da: Literal["lotto_spesa_id", "riparto_spesa_id"],
    id_: int,
) -> None:
    """Take the lines of one file, or of one line that was spread, off every sheet.

    Args:
        questa: the survey.
        per_id: its sheets, locked.
        da: what the lines came from.
        id_: which one.

    Raises:
        Conflitto: one of the sheets cannot be written.
    """
    unita, giorno = unita_corrente(), oggi()
    quali = f"ambito_id = $1 AND anno = $2 AND {da} = $3"
    for riga in await unita.righe(
        f"SELECT DISTINCT scheda_spesa_id AS id FROM riga_spesa WHERE {quali}",
        unita.ambito, questa.anno, id_,
    ):  # fmt: skip
        perche = per_id[riga["id"]].chiusa(questa, giorno)
        if perche is not None:
            raise Conflitto(f"{perche[0].upper()}{perche[1:]}.")
    await unita.esegui(
        f"DELETE FROM riga_spesa WHERE {quali}", unita.ambito, questa.anno, id_
    )  # fmt: skip


async def in_ritardo(anno: int) -> list[Scheda]:
    """The sheets that a reminder is about: those that were not sent."""
    return [una for una in await schede(anno) if una.stato in IN_RITARDO]
