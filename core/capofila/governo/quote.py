"""The quotas of the comuni in the azienda or ente that they own together: a register by year.

The rules are pure; the register runs inside a unit of work of the ambito. A year has the quotas of one
act: another takes its place once the first is withdrawn, and meetings that were opened keep theirs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.governo.composizione import cita_atto
from capofila.governo.lettura import RegoleDate
from capofila.governo.rules import cita
from capofila.governo.seduta import AventeDiritto
from capofila.governo.sedute import ritira_una_volta, ufficio_di_piano
from capofila.governo.voti import scegli_regola
from capofila.hooks import Misura, Organo, Quorum, RegolaVoto
from capofila.territorio import service as territorio

ZERO: Final = Fraction(0)
RIGHE_MASSIME: Final = 2_000
_QUOTA: Final = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?", re.ASCII)


class QuoteRegistrate(msgspec.Struct, frozen=True, kw_only=True):
    """The quotas of a year, with their act.

    Attributes:
        ente: the azienda or ente in which they are held.
        quote: by ISTAT code, in the unit of the act.
    """

    id: int
    anno: int
    ente: str
    organo: str
    numero: str | None
    data: date
    inventato: bool = False
    quote: Mapping[str, Fraction] = {}

    def cita(self) -> str:
        """The year, the ente and the act."""
        return f"quote del {self.anno} in {self.ente}, {cita_atto(self.organo, self.numero, self.data)}"


# --- which rules weigh by quotas ----------------------------------------------------------------


def _regole(
    organo: Organo, giorno: date, date_: RegoleDate, materie: Iterable[str]
) -> list[RegolaVoto | Quorum]:
    """The rules that this meeting may count by: for everything, and for what is on its agenda."""
    trovate: dict[int, RegolaVoto | Quorum] = {}
    for materia in ("", *materie):
        regola = scegli_regola(organo.regole_voto, giorno, materia) or date_.voto
        quorum = [scegli_regola(organo.quorum, giorno, materia, n) or date_.quorum for n in (1, 2)]
        trovate |= {id(una): una for una in (regola, *quorum) if una is not None}
    return list(trovate.values())


def anno_stabilito(
    organo: Organo, giorno: date, date_: RegoleDate, materie: Iterable[str] = ()
) -> int | None:
    """The year of the weights that the rules of a meeting state; None where they state none, or more."""
    anni = {
        una.anno_pesi
        for regola in _regole(organo, giorno, date_, materie)
        for una in regola.condizioni
        if una.anno_pesi is not None
    }
    return anni.pop() if len(anni) == 1 else None


def mancano_quote(
    organo: Organo,
    giorno: date,
    date_: RegoleDate,
    materie: Iterable[str],
    aventi: Sequence[AventeDiritto],
    anno: int,
) -> str | None:
    """What to do before a meeting whose rules weigh by quotas can be opened; None where nothing lacks.

    Args:
        organo: the body.
        giorno: the day of the call.
        date_: the rules that the plugin leaves open.
        materie: those on the agenda.
        aventi: who is entitled, with the quotas that were found.
        anno: the year of the quotas.
    """
    per_quote = [
        regola
        for regola in _regole(organo, giorno, date_, materie)
        if any(una.misura is Misura.QUOTE for una in regola.condizioni)
    ]
    senza = [uno.nome for uno in aventi if uno.quote is None]
    if not per_quote or not senza:
        return None
    fonte = cita(per_quote[0].fonte)
    chi = (
        "di nessuno"
        if len(senza) == len(aventi)
        else f"di {', '.join(senza[:8])}{' e altri' if len(senza) > 8 else ''}"
    )
    mancano = "non sono registrate quelle" if len(senza) < len(aventi) else "non ci sono quelle"
    return (
        f"La regola di questo organo pesa secondo le quote ({fonte}), e del {anno} {mancano} {chi}: "
        "registrale con il loro atto in Organi, Quote dei comuni, poi apri la seduta."
    )


# --- reading ------------------------------------------------------------------------------------


def leggi_quote(testo: str, comuni: Mapping[str, str]) -> tuple[dict[str, Decimal], list[str]]:
    """The quotas of a CSV or of a typed list: ``comune;quota``, a comune by its name or ISTAT code.

    Args:
        testo: lines separated by ``;``; a first line of headings is left out.
        comuni: the names of the comuni of the ambito by ISTAT code.

    Returns:
        The quotas by ISTAT code, and what is wrong, by line.
    """
    per_nome = {_piano(nome): istat for istat, nome in comuni.items()}
    quote: dict[str, Decimal] = {}
    errori: list[str] = []
    righe = list(csv.reader(io.StringIO(testo.lstrip("\ufeff")), delimiter=";"))
    if len(righe) > RIGHE_MASSIME:
        return {}, [f"Le righe sono più di {RIGHE_MASSIME}."]
    for n, riga in enumerate(righe, 1):
        parti = [parte.strip() for parte in riga if parte.strip()]
        if not parti or (n == 1 and len(parti) > 1 and not any(c.isdigit() for c in parti[-1])):
            continue
        if len(parti) != 2:
            errori.append(f"Riga {n}: scrivi comune e quota, separati da un punto e virgola.")
            continue
        istat = parti[0] if parti[0] in comuni else per_nome.get(_piano(parti[0]))
        if istat is None:
            errori.append(f"Riga {n}: «{parti[0][:60]}» non è un comune dell'ambito.")
        elif istat in quote:
            errori.append(f"Riga {n}: {comuni[istat]} è scritto due volte.")
        elif not _QUOTA.fullmatch(parti[1]):
            errori.append(
                f"Riga {n}: «{parti[1][:30]}» non è una quota: scrivila come 12,5, senza punti delle "
                "migliaia e con al massimo sei decimali."
            )
        else:
            quote[istat] = Decimal(parti[1].replace(",", "."))
    if not errori and not quote:
        errori.append("Non c'è nessuna quota: scrivi una riga per comune.")
    if not errori and not any(quote.values()):
        errori.append("Le quote sono tutte zero: ricontrollale.")
    return quote, errori


def _piano(nome: str) -> str:
    return re.sub(r"[^a-zàèéìòù]+", " ", nome.lower().replace("’", "'")).strip()


# --- the register -------------------------------------------------------------------------------

_LEGGI: Final = (
    "SELECT id, anno, ente, organo, numero, data, inventato FROM atto_quote "
    "WHERE ambito_id = $1 AND ritirato_il IS NULL"
)


async def _con_le_quote(righe: Sequence[Mapping[str, Any]]) -> list[QuoteRegistrate]:
    unita = unita_corrente()
    quote: dict[int, dict[str, Fraction]] = {}
    for r in await unita.righe(
        "SELECT atto_quote_id, istat, quote FROM quota_comune WHERE ambito_id = $1 "
        "AND atto_quote_id = ANY ($2::int[]) ORDER BY istat",
        unita.ambito, [r["id"] for r in righe],
    ):  # fmt: skip
        quote.setdefault(r["atto_quote_id"], {})[r["istat"]] = Fraction(r["quote"])
    return [QuoteRegistrate(**dict(r), quote=quote.get(r["id"], {})) for r in righe]


async def quote_registrate() -> list[QuoteRegistrate]:
    """All that are registered, the latest year first."""
    unita = unita_corrente()
    return await _con_le_quote(
        await unita.righe(f"{_LEGGI} ORDER BY anno DESC LIMIT 200", unita.ambito)
    )


async def quote_del(anno: int) -> QuoteRegistrate | None:
    """Those of a year; None when there are none."""
    unita = unita_corrente()
    trovate = await _con_le_quote(await unita.righe(f"{_LEGGI} AND anno = $2", unita.ambito, anno))
    return trovate[0] if trovate else None


async def registra_quote(nuove: QuoteRegistrate, quote: Mapping[str, Decimal]) -> int:
    """Write the quotas of a year down, with their act.

    Args:
        nuove: its ``id`` and ``quote`` are not read.
        quote: by ISTAT code, at least one.

    Raises:
        DatiNonValidi: the act is yet to come, or a comune is not of the ambito.
        Conflitto: the year has its quotas already.
    """
    unita = ufficio_di_piano()
    if nuove.data > oggi():
        raise DatiNonValidi("L'atto non può essere di un giorno a venire: correggi la data.")
    noti = {uno.istat for uno in await territorio.membri(date(nuove.anno, 12, 31))}
    noti |= {uno.istat for uno in await territorio.membri(oggi())}
    if not quote or not noti.issuperset(quote):
        raise DatiNonValidi("Le quote sono dei comuni dell'ambito: ricontrolla l'elenco.")
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                "INSERT INTO atto_quote (anno, ente, organo, numero, data, inventato) "
                "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                nuove.anno, nuove.ente, nuove.organo, nuove.numero, nuove.data, nuove.inventato,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(
            f"Il {nuove.anno} ha già le sue quote: se sono sbagliate ritirale, poi registra queste."
        ) from None
    await unita.esegui_per_ognuna(
        "INSERT INTO quota_comune (atto_quote_id, istat, quote) VALUES ($1, $2, $3)",
        [(id_, istat, quota) for istat, quota in sorted(quote.items())],
    )
    await registra("governo.quote", "atto_quote", str(id_), anno=nuove.anno)
    return id_


async def ritira_quote(id_: int) -> None:
    """Take back quotas that were registered by mistake; meetings that were opened keep theirs.

    Raises:
        NonTrovato: there are none, or they were withdrawn.
    """
    await ritira_una_volta(
        "atto_quote", id_, "governo.quote_ritirate",
        "Queste quote non ci sono, oppure sono già ritirate: torna all'elenco.",
    )  # fmt: skip
