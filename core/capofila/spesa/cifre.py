"""The sums that the analysis is made of: eight queries, whatever the size of the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import NonTrovato
from capofila.spesa.analisi import Analisi, Somma, SommaAnno, analizza
from capofila.territorio import service as territorio
from capofila.territorio.rules import Demografia


async def analisi(anno: int) -> Analisi:
    """The figures of a year of the ambito.

    Inhabitants of a year are those published of that very year, within the borders that the comune
    has on its last day; the capoluogo is the comune that leads the ambito, or the most populous one
    where it is not a comune that leads.

    Raises:
        NonTrovato: no survey of that year.
    """
    unita = unita_corrente()
    intesta = await unita.riga(
        "SELECT r.id, (SELECT istat FROM ente e WHERE e.ambito_id = $1 AND e.capofila) AS guida, "
        "ARRAY(SELECT s.istat::text FROM scheda_spesa s WHERE s.ambito_id = $1 "
        "AND s.rilevazione_id = r.id ORDER BY 1) AS comuni, "
        "ARRAY(SELECT DISTINCT f.k FROM riga_spesa l, jsonb_object_keys(l.fonti) AS f (k) "
        "WHERE l.ambito_id = $1 AND l.anno = r.anno ORDER BY 1) AS fonti "
        "FROM rilevazione r WHERE r.ambito_id = $1 AND r.anno = $2",
        unita.ambito,
        anno if 0 < anno < 10_000 else 0,
    )
    if intesta is None:
        raise NonTrovato(
            f"Per il {anno} non c'è nessuna rilevazione della spesa sociale: aprirne una, oppure "
            "importare un file."
        )
    somme = await _somme(unita, anno, intesta["fonti"])
    serie = [
        SommaAnno(**dict(riga))
        for riga in await unita.righe(
            "SELECT anno, istat, sum(spesa) AS spesa, "
            "coalesce(sum(spesa) FILTER (WHERE gestione = 'associata'), 0) AS associata "
            "FROM riga_spesa WHERE ambito_id = $1 GROUP BY anno, istat",
            unita.ambito,
        )
    ]
    demografia = await territorio.demografia()
    fine = date(anno, 12, 31)
    gruppi: dict[str, str | None] = {}
    for periodo in await territorio.appartenenze():
        # The group of the last day of the year, or the last one that the comune had in it.
        if periodo.dal is None or periodo.dal <= fine:
            gruppi[periodo.istat] = periodo.sub_ambito
    coppie = {(una.anno, una.istat) for una in serie} | {
        (anno, istat) for istat in intesta["comuni"]
    }
    abitanti = _abitanti(demografia, coppie)
    return analizza(
        anno,
        somme,
        comuni=intesta["comuni"],
        abitanti=abitanti,
        capoluogo=_capoluogo(intesta, demografia),
        gruppi=gruppi,
        anni=serie,
    )


async def _somme(unita: UnitaDiLavoro, anno: int, fonti: list[str]) -> list[Somma]:
    per_fonte = ", ".join(
        f"coalesce(sum((fonti ->> ${n})::numeric), 0) AS fonte_{n}"
        for n in range(3, len(fonti) + 3)
    )
    righe = await unita.righe(
        "SELECT istat, area, gestione, count(*) AS righe, sum(spesa) AS spesa, "
        "sum(quota_utenti) AS quota_utenti, sum(quota_ssn) AS quota_ssn, sum(utenti) AS utenti, "
        "count(*) FILTER (WHERE utenti IS NULL) AS senza_utenti, "
        "coalesce(sum(spesa - quota_utenti - quota_ssn) FILTER (WHERE utenti > 0), 0) AS comuni_noti, "
        "coalesce(sum(quota_utenti) FILTER (WHERE utenti > 0), 0) AS quota_utenti_nota"
        f"{', ' if fonti else ''}{per_fonte} FROM riga_spesa "
        "WHERE ambito_id = $1 AND anno = $2 GROUP BY istat, area, gestione "
        "ORDER BY istat, area, gestione",
        unita.ambito,
        anno,
        *fonti,
    )
    return [
        Somma(
            **{nome: riga[nome] for nome in Somma.__struct_fields__ if nome != "fonti"},
            fonti=_fonti(riga, fonti),
        )
        for riga in righe
    ]


def _fonti(riga: Any, fonti: list[str]) -> dict[str, Decimal]:
    return {nome: riga[f"fonte_{n}"] for n, nome in enumerate(fonti, 3)}


def _abitanti(demografia: Demografia, coppie: set[tuple[int, str]]) -> dict[int, dict[str, int]]:
    """Inhabitants of each comune in each year, where they are held and not zero."""
    trovati: dict[int, dict[str, int]] = {}
    for anno, istat in coppie:
        quanti = demografia.popolazione(istat, date(anno, 12, 31), anno)
        if quanti is not None and quanti.residenti:
            trovati.setdefault(anno, {})[istat] = quanti.residenti
    return trovati


def _capoluogo(intesta: Any, demografia: Demografia) -> str | None:
    comuni = {*intesta["comuni"]}
    if intesta["guida"] in comuni:
        return str(intesta["guida"])
    # Which one is the largest does not depend on the year: any figure that is held tells it.
    quanti = [
        (r.residenti, istat) for (istat, _), r in demografia.residenti.items() if istat in comuni
    ]
    return max(quanti)[1] if quanti else None


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
