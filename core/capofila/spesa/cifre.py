"""The sums that the analysis is made of: seven queries, whatever the size of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import NonTrovato
from capofila.spesa.analisi import Analisi, Somma, SommaAnno, analizza
from capofila.territorio import service as territorio
from capofila.territorio.rules import Comune, Demografia
from capofila.territorio.service import Confini

_CAMPI: Final = tuple(nome for nome in Somma.__struct_fields__ if nome != "fonti")


class Filtro(msgspec.Struct, frozen=True, kw_only=True):
    """What part of the ledger is looked at; None for all of it."""

    sub_ambito: str | None = None
    comune: str | None = None
    """ISTAT code."""
    area: str | None = None
    voci: tuple[str, ...] = ()
    """Empty for all."""


NESSUN_CONFINE: Final = Confini()


class Lettura(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a year, with what a page needs to name them.

    Attributes:
        comuni: those of the survey, whatever the filter.
        abitanti: of the year, by comune, where they are held.
        sub_ambiti: name by code, of those that comuni of the survey belonged to that year.
        gruppi: sub-ambito by comune.
        modulo: code of the form.
        provvisorie: sheets that are not approved yet.
        fonti_popolazione: who published the inhabitants of the year, each once.
        confini: of the comuni of the survey, as far as they were loaded; when asked for.
        somme: what the figures are made of.
    """

    cifre: Analisi
    filtro: Filtro
    comuni: Mapping[str, Comune]
    abitanti: Mapping[str, int]
    sub_ambiti: Mapping[str, str]
    gruppi: Mapping[str, str | None]
    modulo: str
    provvisorie: int
    fonti_popolazione: tuple[str, ...] = ()
    confini: Confini = NESSUN_CONFINE
    somme: tuple[Somma, ...] = ()

    @property
    def fonte(self) -> str:
        """What stands under the figures: where they and the inhabitants come from."""
        abitanti = "; ".join(self.fonti_popolazione) or "nessuna, per questo anno"
        return (
            f"Rilevazione della spesa sociale del {self.cifre.anno} in Capofila, schede dei comuni. "
            f"Popolazione del {self.cifre.anno}: {abitanti}"
        )


async def analisi(anno: int) -> Analisi:
    """The figures of a year of the ambito; see :func:`leggi`."""
    return (await leggi(anno)).cifre


async def leggi(anno: int, filtro: Filtro | None = None, *, confini: bool = False) -> Lettura:
    """The figures of a year of the ambito; `confini` when a map is drawn of them.

    Inhabitants of a year are those published of that very year, within the borders that the comune
    has on its last day; the capoluogo is the comune that leads the ambito, or the most populous one
    where it is not a comune that leads. Whoever works for one comune sees its figures only, and
    then there is no capoluogo.

    Raises:
        NonTrovato: no survey of that year.
    """
    unita = unita_corrente()
    filtro = filtro or Filtro()
    intesta = await unita.riga(
        "SELECT r.id, r.modulo, (SELECT count(*) FROM scheda_spesa s WHERE s.ambito_id = $1 "
        "AND s.rilevazione_id = r.id AND s.stato NOT IN ('approvata', 'trasmessa', 'esito')) "
        "AS provvisorie, "
        "(SELECT istat FROM ente e WHERE e.ambito_id = $1 AND e.capofila) AS guida, "
        "ARRAY(SELECT s.istat::text FROM scheda_spesa s WHERE s.ambito_id = $1 "
        "AND s.rilevazione_id = r.id ORDER BY 1) AS comuni, "
        "ARRAY(SELECT DISTINCT f.k FROM riga_spesa l, jsonb_object_keys(l.fonti) AS f (k) "
        "WHERE l.ambito_id = $1 AND l.anno = r.anno ORDER BY 1) AS fonti, "
        "ARRAY(SELECT ARRAY[g.codice, g.nome] FROM sub_ambito g WHERE g.ambito_id = $1 "
        "ORDER BY g.codice) AS sub_ambiti, "
        # With the rest, not by itself: the page has its eight queries.
        "(SELECT json_build_object('geometrie', json_object_agg(f.istat, f.geometria), "
        "'attribuzioni', json_agg(DISTINCT f.attribuzione)) FROM scheda_spesa s "
        "JOIN confine f USING (istat) WHERE $3 AND s.ambito_id = $1 AND s.rilevazione_id = r.id "
        "HAVING count(*) > 0) AS confini "
        "FROM rilevazione r WHERE r.ambito_id = $1 AND r.anno = $2",
        unita.ambito,
        anno if 0 < anno < 10_000 else 0,
        confini,
    )
    if intesta is None:
        raise NonTrovato(
            f"Per il {anno} non c'è nessuna rilevazione della spesa sociale: aprirne una, oppure "
            "importare un file."
        )
    demografia = await territorio.demografia()
    gruppi = await _gruppi(date(anno, 12, 31))
    comuni = [
        istat
        for istat in intesta["comuni"]
        if filtro.comune in (None, istat) and filtro.sub_ambito in (None, gruppi.get(istat))
    ]
    tutti = not (filtro.comune or filtro.sub_ambito)
    voci = [*filtro.voci] or None
    somme = await _somme(
        unita, anno, intesta["fonti"], (filtro.area, None if tutti else comuni, voci)
    )
    serie = [
        SommaAnno(**dict(riga))
        for riga in await unita.righe(
            "SELECT anno, istat, sum(spesa) AS spesa, "
            "coalesce(sum(spesa) FILTER (WHERE gestione = 'associata'), 0) AS associata "
            "FROM riga_spesa WHERE ambito_id = $1 AND ($2::text IS NULL OR area = $2) "
            "AND ($3::text[] IS NULL OR istat = ANY ($3)) "
            "AND ($4::text[] IS NULL OR voce = ANY ($4)) GROUP BY anno, istat",
            unita.ambito,
            filtro.area,
            None if tutti else comuni,
            voci,
        )
    ]
    coppie = {(una.anno, una.istat) for una in serie} | {
        (anno, istat) for istat in intesta["comuni"]
    }
    abitanti = _abitanti(demografia, coppie)
    cifre = analizza(
        anno,
        somme,
        comuni=comuni,
        abitanti=abitanti,
        capoluogo=None if unita.contesto.comune else _capoluogo(intesta, gruppi, demografia),
        gruppi=gruppi,
        anni=serie,
    )
    usati = {gruppi.get(istat) for istat in intesta["comuni"]}
    return Lettura(
        cifre=cifre,
        filtro=filtro,
        comuni={istat: demografia.comuni[istat] for istat in intesta["comuni"]},
        abitanti=abitanti.get(anno, {}),
        sub_ambiti={codice: nome for codice, nome in intesta["sub_ambiti"] if codice in usati},
        gruppi=gruppi,
        modulo=intesta["modulo"],
        provvisorie=intesta["provvisorie"],
        fonti_popolazione=_fonti_popolazione(demografia, anno, cifre),
        confini=msgspec.json.decode(intesta["confini"] or "{}", type=Confini),
        somme=tuple(somme),
    )


async def _gruppi(fine: date) -> dict[str, str | None]:
    """The group of each comune on the last day of a year, or the last one that it had in it."""
    gruppi: dict[str, str | None] = {}
    for periodo in await territorio.appartenenze():
        if periodo.dal is None or periodo.dal <= fine:
            gruppi[periodo.istat] = periodo.sub_ambito
    return gruppi


async def _somme(
    unita: UnitaDiLavoro,
    anno: int,
    fonti: list[str],
    solo: tuple[str | None, list[str] | None, list[str] | None],
) -> list[Somma]:
    """The ledger of a year, where `solo` says only which area, comuni and voci."""
    per_fonte = ", ".join(
        f"coalesce(sum((fonti ->> ${n})::numeric), 0) AS fonte_{n}"
        for n in range(6, len(fonti) + 6)
    )
    righe = await unita.righe(
        # In the order of _CAMPI, then the sources.
        "SELECT istat, area, gestione, count(*) AS righe, sum(spesa) AS spesa, "
        "sum(quota_utenti) AS quota_utenti, sum(quota_ssn) AS quota_ssn, sum(utenti) AS utenti, "
        "count(*) FILTER (WHERE utenti IS NULL) AS senza_utenti, "
        "coalesce(sum(spesa - quota_utenti - quota_ssn) FILTER (WHERE utenti > 0), 0) AS comuni_noti, "
        "coalesce(sum(quota_utenti) FILTER (WHERE utenti > 0), 0) AS quota_utenti_nota"
        f"{', ' if fonti else ''}{per_fonte} FROM riga_spesa "
        "WHERE ambito_id = $1 AND anno = $2 AND ($3::text IS NULL OR area = $3) "
        "AND ($4::text[] IS NULL OR istat = ANY ($4)) "
        "AND ($5::text[] IS NULL OR voce = ANY ($5)) GROUP BY istat, area, gestione "
        "ORDER BY istat, area, gestione",
        unita.ambito,
        anno,
        *solo,
        *fonti,
    )
    # By position: there are as many of them as comuni, areas and gestioni together.
    return [
        Somma(
            **dict(zip(_CAMPI, valori, strict=False)),
            fonti=dict(zip(fonti, valori[len(_CAMPI) :], strict=True)),
        )
        for valori in map(tuple, righe)
    ]


def _abitanti(demografia: Demografia, coppie: set[tuple[int, str]]) -> dict[int, dict[str, int]]:
    """Inhabitants of each comune in each year, where they are held and not zero."""
    trovati: dict[int, dict[str, int]] = {}
    for anno, istat in coppie:
        quanti = demografia.popolazione(istat, date(anno, 12, 31), anno)
        if quanti is not None and quanti.residenti:
            trovati.setdefault(anno, {})[istat] = quanti.residenti
    return trovati


def _fonti_popolazione(demografia: Demografia, anno: int, cifre: Analisi) -> tuple[str, ...]:
    fine = date(anno, 12, 31)
    trovate = [demografia.popolazione(uno.istat, fine, anno) for uno in cifre.per_comune]
    return tuple(dict.fromkeys(f for una in trovate if una is not None for f in una.fonti))


def _capoluogo(intesta: Any, dell_ambito: Iterable[str], demografia: Demografia) -> str | None:
    """The capoluogo of the ambito, when the survey asks it: another comune never takes its place."""
    trovato = intesta["guida"]
    if trovato is None:
        membri = {*dell_ambito}
        # Which one is the largest does not depend on the year: any figure that is held tells it.
        quanti = [
            (r.residenti, istat)
            for (istat, _), r in demografia.residenti.items()
            if istat in membri
        ]
        trovato = max(quanti)[1] if quanti else None
    return trovato if trovato in {*intesta["comuni"]} else None


def forma(ambito: str, cifre: Analisi) -> dict[str, Any]:
    """The shape that ``capofila spesa analisi --json`` prints."""
    return {
        "ambito": ambito,
        "anno": cifre.anno,
        "totale": cifre.totale,
        "senza_capoluogo": cifre.senza_capoluogo,
        "per_area": [
            {"area": una.codice, "spesa": una.spesa, "quota": una.quota} for una in cifre.per_area
        ],
        "per_comune": [
            {"istat": uno.istat, "spesa": uno.spesa, "pro_capite": uno.pro_capite}
            for uno in cifre.per_comune
        ],
    }
