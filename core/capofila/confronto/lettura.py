"""What the agency reads: as ``capofila_ats``, the publications that a convention shows it today.

The queries run in a unit of that role; the names and the reading's own record in one of the application,
in nobody's ambito. Why: docs/perche/confronto.md.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from capofila.base.database import Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import ServizioNonDisponibile
from capofila.base.impostazioni import impostazioni
from capofila.confronto.rules import (
    ABITANTI,
    DATASET,
    PRIMO_ANNO,
    TUTTI,
    ULTIMO_ANNO,
    Classifica,
    Dataset,
    Indicatore,
    Posto,
    TipoCifra,
    confronta,
    ordina,
)
from capofila.confronto.soppressione import TUTTE
from capofila.spesa import service as spesa
from capofila.territorio import service as territorio
from capofila.territorio.service import Confini
from capofila.web.formati import data

PER_PAGINA: Final = 20


class Domanda(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared. ``ambito`` (slug) narrows the comuni and the years to one."""

    dataset: Dataset
    anno: int
    indicatore: Indicatore
    voce: str = TUTTE
    perimetro: str = TUTTI
    ordine: str = "-valore"
    ambito: str = ""

    @property
    def riga(self) -> str:
        """The row of the publications that is read."""
        return self.perimetro if self.dataset.per_comune else TUTTI


class Ambito(msgspec.Struct, frozen=True):
    """An ambito, as everybody knows it."""

    id: int
    slug: str
    nome: str


class Uscita(msgspec.Struct, frozen=True):
    """The publication of an ambito, with the two terms of what is compared; in the order of `_DEGLI_ANNI`."""

    ambito_id: int
    id: int
    anno: int
    sopra: Decimal | None
    sotto: Decimal | None
    soppressa: bool
    fonte: str | None = None
    metodo: str | None = None
    voci: str | None = None
    atto: str | None = None
    atto_data: date | None = None
    versione: int = 1
    pubblicata_il: datetime | None = None


class DelComune(msgspec.Struct, frozen=True):
    """A comune of an ambito that is on the page."""

    istat: str
    nome: str
    ambito: str
    valore: Decimal | None
    soppressa: bool
    centro: tuple[float, float] | None


class Pubblicate(msgspec.Struct, frozen=True, kw_only=True):
    """What others published of the year, as they printed it.

    Attributes:
        classifica: of the distretti, where the measure is among the figures; by the slug of the ambito.
        figure: (what it is of, figure, source), in words.
        righe: the same as numbers, in the same order.
        storte: what does not add up, in words.
        fonti: of the distretti that are ranked; of all the figures where none is.
    """

    classifica: Classifica | None
    figure: tuple[tuple[str, str, str], ...]
    righe: tuple[spesa.Figura, ...]
    storte: tuple[str, ...]
    fonti: tuple[str, ...]


class Confronto(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of a year, and the page of it.

    Attributes:
        ambiti: by key (the slug): those that a convention shows, released or not.
        uscite: by key, those that released.
        classifica: of all.
        in_pagina: the places on the page, in order; `dettagli` those of them whose years, comuni and
            sources were asked for.
        insieme: of all that have both terms, added up.
        serie: by key of the `dettagli`, figure by year.
        voci: names of the columns of those on the page; `anni` the years with something released.
        scritto: what a page wrote of all the ambiti, for the next ones: it is kept as long as what it
            was made of, and nothing of one page's own goes in.
    """

    domanda: Domanda
    ambiti: Mapping[str, Ambito]
    uscite: Mapping[str, Uscita]
    classifica: Classifica
    ordinati: tuple[Posto, ...]
    in_pagina: tuple[Posto, ...]
    dettagli: tuple[Posto, ...]
    pagina: int
    pagine: int
    insieme: Decimal | None
    serie: Mapping[str, Mapping[int, Decimal | None]]
    comuni: tuple[DelComune, ...]
    confini: Confini
    voci: Mapping[str, str]
    anni: tuple[int, ...]
    pubblicate: Pubblicate | None
    scritto: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def fonti(self) -> list[str]:
        """Where the figures on the page come from: who released them, from what, when."""
        return [
            f"{self.ambiti[p.chiave].nome}: {u.fonte} Versione {u.versione}, pubblicata il "
            f"{data(u.pubblicata_il)}."
            for p in self.dettagli
            if (u := self.uscite.get(p.chiave)) and u.fonte
        ]


class Cella(NamedTuple):
    """A figure of the matrix."""

    valore: Decimal | None
    soppressa: bool


class Matrice(msgspec.Struct, frozen=True, kw_only=True):
    """The ambiti by the areas (or services) of a year.

    Attributes:
        ambiti: those on the page, by name, with their cells by column; who has not released has none.
        voci: names of the columns, without their total, which stands first under "".
        medie: plain means by column, of all the ambiti that have the figure, on the page or not.
        fonti: who released what, in words.
    """

    domanda: Domanda
    ambiti: tuple[tuple[Ambito, Mapping[str, Cella]], ...]
    voci: Mapping[str, str]
    medie: Mapping[str, Decimal | None]
    pagina: int
    pagine: int
    quanti: int
    fonti: tuple[str, ...]


class Offerta(msgspec.Struct, frozen=True):
    """How many ambiti released a dataset of a year, and when the last one did."""

    dataset: str
    anno: int
    ambiti: int
    ultima: datetime


@asynccontextmanager
async def come_ats(contesto: Contesto) -> AsyncIterator[UnitaDiLavoro]:
    """A unit of the agency's role: all its queries see one moment.

    Raises:
        ServizioNonDisponibile: the platform has no connection for that role.
    """
    if not impostazioni().ats_url:
        raise ServizioNonDisponibile(
            "Le letture dell'ATS non sono configurate: chi gestisce la piattaforma indichi CAPOFILA_ATS_URL."
        )
    async with unita_di_lavoro(contesto, ruolo="ats", sola_lettura=True, istantanea=True) as unita:
        yield unita


async def offerte(contesto: Contesto) -> tuple[list[Offerta], list[tuple[Ambito, tuple[str, ...]]]]:
    """What can be read today: by dataset and year; and the ambiti with a convention, with what it has."""
    async with come_ats(contesto) as unita:
        righe = await unita.righe(
            "SELECT dataset, anno, count(*)::int, max(pubblicata_il) FROM pubblicazione "
            "WHERE ats_id = $1 GROUP BY dataset, anno",
            contesto.ats,
        )
        conv = {
            r["ambito_id"]: tuple(r["dataset"])
            for r in await unita.righe(
                "SELECT ambito_id, dataset FROM convenzione WHERE ats_id = $1", contesto.ats
            )
        }
    nomi = await _ambiti(contesto, conv)
    ordine = list(DATASET)
    return (
        sorted((Offerta(*r) for r in righe), key=lambda o: (ordine.index(o.dataset), -o.anno)),
        sorted(((nomi[i], quali) for i, quali in conv.items()), key=lambda c: c[0].nome),
    )


async def ultimo_anno(contesto: Contesto, dataset: str) -> int | None:
    """The latest year of a dataset that can be read: released, or else published by others; None for none."""
    lette, convenzioni = await offerte(contesto)
    rilasciati = [una.anno for una in lette if una.dataset == dataset]
    altri = anni_pubblicati(dataset, [ambito.slug for ambito, _ in convenzioni])
    return max(rilasciati or altri, default=None)


async def _ambiti(contesto: Contesto, quali: Iterable[int]) -> dict[int, Ambito]:
    async with unita_di_lavoro(contesto, sola_lettura=True) as unita:
        return {
            r["id"]: Ambito(*r)
            for r in await unita.righe(
                "SELECT id, slug, nome FROM ambito WHERE id = ANY ($1::smallint[])", [*quali]
            )
        }


_TERMINI: Final = """
FROM pubblicazione p
LEFT JOIN cifra_pubblicata a ON a.ambito_id = p.ambito_id AND a.pubblicazione_id = p.id
  AND a.riga = $3 AND a.voce = $4 AND a.misura = $5
LEFT JOIN cifra_pubblicata b ON b.ambito_id = p.ambito_id AND b.pubblicazione_id = p.id
  AND b.riga = $3 AND b.voce = $6 AND b.misura = $7
WHERE p.ats_id = $1 AND p.dataset = $2
"""
_DELL_ANNO: Final = f"""
SELECT p.ambito_id, p.id, p.anno, a.valore AS sopra, b.valore AS sotto, p.versione, p.pubblicata_il,
  coalesce(a.soppressa, false) OR coalesce(b.soppressa, false) AS soppressa {_TERMINI} AND p.anno = $8
"""
# The years of those on the page; what is long to read, of the year alone.
_DEGLI_ANNI: Final = f"""
SELECT p.ambito_id, p.id, p.anno, a.valore AS sopra, b.valore AS sotto,
  coalesce(a.soppressa, false) OR coalesce(b.soppressa, false) AS soppressa,
  CASE WHEN p.anno = $8 THEN p.fonte END AS fonte, CASE WHEN p.anno = $8 THEN p.metodo END AS metodo,
  CASE WHEN p.anno = $8 THEN p.voci::text END AS voci,
  p.atto, p.atto_data, p.versione, p.pubblicata_il {_TERMINI} AND p.ambito_id = ANY ($9::smallint[])
"""
_COMUNI: Final = """
SELECT p.ambito_id, a.riga, a.valore AS sopra, b.valore AS sotto,
  a.soppressa OR coalesce(b.soppressa, false) AS soppressa
FROM pubblicazione p
JOIN cifra_pubblicata a ON a.ambito_id = p.ambito_id AND a.pubblicazione_id = p.id
  AND a.voce = $4 AND a.misura = $5 AND a.riga NOT IN ('tutti', 'senza_capoluogo')
LEFT JOIN cifra_pubblicata b ON b.ambito_id = p.ambito_id AND b.pubblicazione_id = p.id
  AND b.riga = a.riga AND b.voce = $6 AND b.misura = $7
WHERE p.ats_id = $1 AND p.dataset = $2 AND p.anno = $3 AND p.ambito_id = ANY ($8::smallint[])
  AND ($9 OR a.riga IS DISTINCT FROM p.capoluogo)
"""


_ANNI: Final = (
    # Asked year by year, so that one publication of each is looked at.
    "SELECT g.uno AS anno FROM generate_series($3::integer, $4::integer) g (uno) WHERE EXISTS "
    "(SELECT FROM pubblicazione p WHERE p.ats_id = $1 AND p.dataset = $2 AND p.anno = g.uno)"
)
_SEGNO: Final = """
SELECT segno, (now() AT TIME ZONE 'Europe/Rome')::date FROM segno_confronto WHERE ats_id = $1
"""


class _Quadro(msgspec.Struct, kw_only=True):
    """What is of all the ambiti: the same for every page of a question, until something changes.

    It is kept by the sign of the agency (``segno_confronto``, which the transaction that releases,
    withdraws, agrees or revokes changes) and by the day, on which conventions begin and end. The sign
    is read in the snapshot that the rest of the page is read in: what is kept is what would be read.
    """

    per_id: Mapping[int, Ambito]
    uscite: Mapping[str, Uscita]
    classifica: Classifica
    insieme: Decimal | None
    anni: frozenset[int]
    per_slug: Mapping[str, Ambito]
    ordinati: dict[str, list[Posto]] = msgspec.field(default_factory=dict)
    scritto: dict[str, str] = msgspec.field(default_factory=dict)

    def in_ordine(self, ordine: str) -> list[Posto]:
        """The places, in an order: each is worked out once."""
        if ordine not in self.ordinati:
            nomi = {a.slug: a.nome for a in self.per_id.values()}
            self.ordinati[ordine] = ordina(self.classifica.posti, ordine, nomi)
        return self.ordinati[ordine]


_QUADRI_TENUTI: Final = 32
_quadri: OrderedDict[tuple[Any, ...], _Quadro] = OrderedDict()
"""The last ones asked for, of this process."""


async def _chiave(unita: UnitaDiLavoro, contesto: Contesto, domanda: Domanda) -> tuple[Any, ...]:
    segno = await unita.riga(_SEGNO, contesto.ats)
    return (
        impostazioni().database_url, contesto.ats, *(segno or ()), domanda.dataset.codice,
        domanda.anno, domanda.indicatore, domanda.voce, domanda.riga,
    )  # fmt: skip


def _tenuto(chiave: tuple[Any, ...]) -> _Quadro | None:
    quadro = _quadri.get(chiave)
    if quadro is not None:
        _quadri.move_to_end(chiave)
    return quadro


def _tieni(chiave: tuple[Any, ...], quadro: _Quadro) -> None:
    _quadri[chiave] = quadro
    while len(_quadri) > _QUADRI_TENUTI:
        _quadri.popitem(last=False)


async def _fai_quadro(
    unita: UnitaDiLavoro, contesto: Contesto, domanda: Domanda, termini: tuple[str, ...]
) -> tuple[list[int], list[Uscita], list[int]]:
    """Whom a convention shows, what they released, and the years with something."""
    quale = domanda.dataset.codice
    attesi = await unita.righe(
        "SELECT ambito_id FROM convenzione WHERE ats_id = $1 AND $2 = ANY (dataset)",
        contesto.ats, quale,
    )  # fmt: skip
    uscite = await unita.righe(
        _DELL_ANNO, contesto.ats, quale, domanda.riga, domanda.voce, *termini, domanda.anno
    )
    anni = await unita.righe(_ANNI, contesto.ats, quale, PRIMO_ANNO, ULTIMO_ANNO)
    return (
        [r["ambito_id"] for r in attesi],
        [Uscita(**dict(r)) for r in uscite],
        [r["anno"] for r in anni],
    )


async def _quadro(
    contesto: Contesto, domanda: Domanda, letti: tuple[list[int], list[Uscita], list[int]]
) -> _Quadro:
    attesi, uscite, anni = letti
    per_id = await _ambiti(contesto, {*attesi, *(u.ambito_id for u in uscite)})
    per_slug = {per_id[u.ambito_id].slug: u for u in uscite}
    indicatore = domanda.indicatore
    return _Quadro(
        per_id=per_id,
        per_slug={a.slug: a for a in per_id.values()},
        uscite=per_slug,
        classifica=confronta(
            [(a.slug, _valore(indicatore, per_slug.get(a.slug))) for a in per_id.values()],
            indicatore.tipo,
        ),
        insieme=_insieme(indicatore, uscite),
        anni=frozenset(anni),
    )


class _Scelti(NamedTuple):
    """The places that are shown."""

    ordinati: list[Posto]
    in_pagina: list[Posto]
    dettagli: list[Posto]
    pagina: int
    pagine: int


def _scegli(
    quadro: _Quadro, domanda: Domanda, pagina: int, intero: bool, tutti_i_dettagli: bool
) -> _Scelti:
    ordinati = quadro.in_ordine(domanda.ordine)
    if domanda.ambito and any(p.chiave == domanda.ambito for p in ordinati):
        ordinati = [p for p in ordinati if p.chiave == domanda.ambito]
    pagine = 1 if intero else max(1, -(-len(ordinati) // PER_PAGINA))
    pagina = min(pagina, pagine)
    in_pagina = ordinati if intero else ordinati[(pagina - 1) * PER_PAGINA : pagina * PER_PAGINA]
    dettagli = in_pagina if tutti_i_dettagli else in_pagina[:PER_PAGINA]
    return _Scelti(ordinati, in_pagina, dettagli, pagina, pagine)


async def _dettagli(
    unita: UnitaDiLavoro, contesto: Contesto, domanda: Domanda, termini: tuple[str, ...],
    mostrati: list[int],
) -> tuple[list[Uscita], list[Any]]:  # fmt: skip
    """The years and the comuni of those that are shown."""
    quale = domanda.dataset.codice
    degli_anni = await unita.righe(
        _DEGLI_ANNI, contesto.ats, quale, domanda.riga, domanda.voce, *termini, domanda.anno,
        mostrati,
    )  # fmt: skip
    dei_comuni = []
    if domanda.dataset.per_comune:
        dei_comuni = await unita.righe(
            _COMUNI, contesto.ats, quale, domanda.anno, domanda.voce, *termini, mostrati,
            domanda.perimetro == TUTTI,
        )  # fmt: skip
    return [Uscita(*r) for r in degli_anni], dei_comuni


async def confronto(
    contesto: Contesto, domanda: Domanda, *, pagina: int = 1, intero: bool = False,
    tutti_i_dettagli: bool = True, che_cosa: str,
) -> Confronto:  # fmt: skip
    """Compare the ambiti, and write down that it was read.

    Args:
        contesto: of the agency and of the person.
        domanda: what is compared.
        pagina: of the ambiti.
        intero: all of them on one page.
        tutti_i_dettagli: years, comuni and sources also of more ambiti than a page has.
        che_cosa: what was looked at, for the ambiti.
    """
    quale, indicatore = domanda.dataset.codice, domanda.indicatore
    sotto_voce = TUTTE if indicatore.sotto == ABITANTI else domanda.voce
    termini = (indicatore.sopra, sotto_voce, indicatore.sotto)
    letti = None
    async with come_ats(contesto) as unita:
        chiave = await _chiave(unita, contesto, domanda)
        quadro = _tenuto(chiave)
        if quadro is None:
            letti = await _fai_quadro(unita, contesto, domanda, termini)
        else:
            scelti = _scegli(quadro, domanda, pagina, intero, tutti_i_dettagli)
            mostrati = _ids(quadro, scelti.dettagli)
            degli_anni, dei_comuni = await _dettagli(unita, contesto, domanda, termini, mostrati)
    if letti is not None:
        # The names are read by another role: those that are shown are known after it.
        quadro = await _quadro(contesto, domanda, letti)
        scelti = _scegli(quadro, domanda, pagina, intero, tutti_i_dettagli)
        mostrati = _ids(quadro, scelti.dettagli)
        async with come_ats(contesto) as unita:
            if await _chiave(unita, contesto, domanda) == chiave:
                _tieni(chiave, quadro)
            degli_anni, dei_comuni = await _dettagli(unita, contesto, domanda, termini, mostrati)
    assert quadro is not None
    per_id, per_slug = quadro.per_id, dict(quadro.uscite)
    ordinati, in_pagina, dettagli, pagina, pagine = scelti
    async with unita_di_lavoro(contesto) as unita:
        comuni, confini = await _comuni(unita, indicatore, dei_comuni, per_id)
        lette = {(u.ambito_id, u.id) for u in degli_anni} | {
            (u.ambito_id, u.id) for p in in_pagina if (u := per_slug.get(p.chiave)) is not None
        }
        await _annota(unita, che_cosa, lette)
    serie: dict[str, dict[int, Decimal | None]] = {p.chiave: {} for p in dettagli}
    voci: dict[str, str] = {}
    for una in degli_anni:
        if una.voci:
            voci |= msgspec.json.decode(una.voci)
        serie[per_id[una.ambito_id].slug][una.anno] = _valore(indicatore, una)
        if una.anno == domanda.anno:
            per_slug[per_id[una.ambito_id].slug] = una
    ambiti = quadro.per_slug
    return Confronto(
        domanda=domanda, ambiti=ambiti, uscite=per_slug, classifica=quadro.classifica,
        ordinati=tuple(ordinati), in_pagina=tuple(in_pagina), dettagli=tuple(dettagli),
        pagina=pagina, pagine=pagine,
        insieme=quadro.insieme, serie=serie, comuni=comuni, confini=confini,
        voci=dict(sorted(voci.items(), key=lambda v: v[1])),
        anni=tuple(sorted(quadro.anni | anni_pubblicati(quale, ambiti))),
        pubblicate=pubblicate(domanda, ambiti), scritto=quadro.scritto,
    )  # fmt: skip


async def _annota(unita: UnitaDiLavoro, che_cosa: str, lette: set[tuple[int, int]]) -> None:
    """A reading is written before its answer goes out; see ``registra_lettura`` for the commit.

    Args:
        unita: of the agency, as the application.
        che_cosa: what was looked at, for the ambiti.
        lette: ambito and publication.
    """
    await unita.valore(
        "SELECT segna_lettura_ats($1, $2::smallint[], $3::integer[]) "
        "FROM set_config('synchronous_commit', 'off', true)",
        che_cosa[:200], [a for a, _ in lette], [i for _, i in lette],
    )  # fmt: skip


_MATRICE: Final = """
SELECT p.ambito_id, a.voce, a.valore AS sopra, b.valore AS sotto,
  a.soppressa OR coalesce(b.soppressa, false) AS soppressa
FROM pubblicazione p
JOIN cifra_pubblicata a ON a.ambito_id = p.ambito_id AND a.pubblicazione_id = p.id
  AND a.riga = $4 AND a.misura = $5
LEFT JOIN cifra_pubblicata b ON b.ambito_id = p.ambito_id AND b.pubblicazione_id = p.id
  AND b.riga = $4 AND b.misura = $6 AND b.voce = CASE WHEN $6 = 'abitanti' THEN '' ELSE a.voce END
WHERE p.ats_id = $1 AND p.dataset = $2 AND p.anno = $3
"""


async def matrice(
    contesto: Contesto, domanda: Domanda, *, pagina: int = 1, intero: bool = False, che_cosa: str
) -> Matrice:
    """The ambiti by the areas, and write down that it was read.

    Args:
        contesto: of the agency and of the person.
        domanda: what is compared; its column does not count.
        pagina: of the ambiti, by name.
        intero: all of them on one page.
        che_cosa: what was looked at, for the ambiti.
    """
    quale, indicatore = domanda.dataset.codice, domanda.indicatore
    async with come_ats(contesto) as unita:
        attesi = await unita.righe(
            "SELECT ambito_id FROM convenzione WHERE ats_id = $1 AND $2 = ANY (dataset)",
            contesto.ats, quale,
        )  # fmt: skip
        uscite = {
            r["ambito_id"]: r
            for r in await unita.righe(
                "SELECT ambito_id, id, fonte, versione, pubblicata_il, voci::text AS voci "
                "FROM pubblicazione WHERE ats_id = $1 AND dataset = $2 AND anno = $3",
                contesto.ats, quale, domanda.anno,
            )
        }  # fmt: skip
        cifre = await unita.righe(
            _MATRICE, contesto.ats, quale, domanda.anno, domanda.riga, indicatore.sopra,
            indicatore.sotto,
        )  # fmt: skip
    nomi = await _ambiti(contesto, {*(r["ambito_id"] for r in attesi), *uscite})
    celle: dict[int, dict[str, Cella]] = {}
    per_voce: dict[str, list[tuple[str, Decimal | None]]] = {}
    for r in cifre:
        valore = indicatore.valore(r["sopra"], r["sotto"])
        celle.setdefault(r["ambito_id"], {})[r["voce"]] = Cella(valore, r["soppressa"])
        per_voce.setdefault(r["voce"], []).append((nomi[r["ambito_id"]].slug, valore))
    ordinati = sorted(nomi.values(), key=lambda a: a.nome)
    pagine = 1 if intero else max(1, -(-len(ordinati) // PER_PAGINA))
    pagina = min(pagina, pagine)
    mostrati = ordinati if intero else ordinati[(pagina - 1) * PER_PAGINA : pagina * PER_PAGINA]
    voci: dict[str, str] = {}
    for uno in mostrati:
        if uno.id in uscite:
            voci |= msgspec.json.decode(uscite[uno.id]["voci"])
    async with unita_di_lavoro(contesto) as unita:
        lette = {(a.id, uscite[a.id]["id"]) for a in mostrati if a.id in uscite}
        await _annota(unita, che_cosa, lette)
    return Matrice(
        domanda=domanda,
        ambiti=tuple((a, celle.get(a.id, {})) for a in mostrati),
        voci=dict(sorted(voci.items(), key=lambda v: v[1])),
        medie={voce: confronta(v, indicatore.tipo).media for voce, v in per_voce.items()},
        pagina=pagina, pagine=pagine, quanti=len(ordinati),
        fonti=tuple(
            f"{a.nome}: {u['fonte']} Versione {u['versione']}, pubblicata il {data(u['pubblicata_il'])}."
            for a in mostrati
            if (u := uscite.get(a.id)) is not None
        ),
    )  # fmt: skip


def _ids(quadro: _Quadro, posti: Iterable[Posto]) -> list[int]:
    per_slug = quadro.per_slug
    return [per_slug[p.chiave].id for p in posti]


def _valore(indicatore: Indicatore, una: Uscita | None) -> Decimal | None:
    return None if una is None else indicatore.valore(una.sopra, una.sotto)


def _insieme(indicatore: Indicatore, uscite: Iterable[Uscita]) -> Decimal | None:
    """Of those that have both terms."""
    buone = [
        u for u in uscite if u.sopra is not None and (u.sotto is not None or not indicatore.sotto)
    ]
    if not buone:
        return None
    sopra = sum((u.sopra for u in buone if u.sopra is not None), Decimal(0))
    return indicatore.valore(sopra, sum((u.sotto or Decimal(0) for u in buone), Decimal(0)))


async def _comuni(
    unita: UnitaDiLavoro, indicatore: Indicatore, righe: list[Any], ambiti: Mapping[int, Ambito]
) -> tuple[tuple[DelComune, ...], Confini]:
    if not righe:
        return (), Confini()
    quali = [r["riga"] for r in righe]
    noti = {
        r["istat"]: r
        for r in await unita.righe(
            "SELECT istat, nome, latitudine, longitudine FROM comune WHERE istat = ANY ($1::char(6)[])",
            quali,
        )
    }
    trovati = [
        DelComune(
            r["riga"], noto["nome"], ambiti[r["ambito_id"]].nome,
            indicatore.valore(r["sopra"], r["sotto"]), r["soppressa"],
            None if noto["latitudine"] is None or noto["longitudine"] is None
            else (float(noto["longitudine"]), float(noto["latitudine"])),
        )
        for r in righe
        if (noto := noti.get(r["riga"])) is not None
    ]  # fmt: skip
    trovati.sort(key=lambda c: (c.ambito, c.nome))
    return tuple(trovati), await territorio.confini(quali)


# What others published.

_MISURE_PUBBLICATE: Final[Mapping[str, str]] = {
    "pro_capite": "totale_pro_capite", "spesa": "totale", "quota_associata": "quota_associata_pct",
}  # fmt: skip


def _figure(dataset: str, ambiti: Collection[str]) -> list[spesa.Figura]:
    """All of them, for whoever reads one of the distretti that they are of."""
    tutte = list(spesa.figure_pubblicate().values()) if dataset == "spesa" else []
    return tutte if any(f.territorio in ambiti for f in tutte) else []


def anni_pubblicati(dataset: str, ambiti: Collection[str]) -> set[int]:
    """The years of which others published figures."""
    return {f.anno for f in _figure(dataset, ambiti)}


def pubblicate(domanda: Domanda, ambiti: Collection[str]) -> Pubblicate | None:
    """What others published of the year; None where there is nothing."""
    figure = [f for f in _figure(domanda.dataset.codice, ambiti) if f.anno == domanda.anno]
    if not figure:
        return None
    misura = _MISURE_PUBBLICATE.get(domanda.indicatore.codice)
    perimetro = "intero" if domanda.perimetro == TUTTI else domanda.perimetro
    tipo: TipoCifra = domanda.indicatore.tipo
    scelte = [
        f
        for f in figure
        if f.misura == misura and f.perimetro == perimetro and f.territorio in DISTRETTI
    ]
    valori = [(f.territorio, f.valore / 100 if tipo == "quota" else f.valore) for f in scelte]
    return Pubblicate(
        classifica=confronta(valori, tipo) if valori and domanda.voce == TUTTE else None,
        figure=tuple(
            (spesa.nome_pubblicata(f.chiave), spesa.cifra_pubblicata(f.valore, f.chiave), f.fonte)
            for f in figure
        ),
        righe=tuple(figure),
        storte=tuple(
            spesa.frase_pubblicata(c)
            for c in spesa.confronti_pubblicate()
            if c.differenza and c.identita.addendi[0][0] == domanda.anno
        ),
        fonti=tuple(dict.fromkeys(f.fonte for f in scelte or figure)),
    )


DISTRETTI: Final = ("casalmaggiore", "crema", "cremona")


def forma(ats: str, letto: Confronto) -> dict[str, Any]:
    """The shape that ``capofila confronto show --json`` prints."""
    domanda = letto.domanda
    return {
        "ats": ats,
        "dataset": domanda.dataset.codice,
        "anno": domanda.anno,
        "indicatore": domanda.indicatore.codice,
        "voce": domanda.voce,
        "perimetro": domanda.perimetro,
        "media": letto.classifica.media,
        "insieme": letto.insieme,
        "ambiti": [
            {
                "ambito": posto.chiave, "valore": posto.valore, "posto": posto.posto,
                "scarto": posto.scarto, "soppressa": uscita is not None and uscita.soppressa,
                "versione": None if uscita is None else uscita.versione,
                "fonte": None if uscita is None else uscita.fonte,
            }
            for posto in letto.in_pagina
            for uscita in (letto.uscite.get(posto.chiave),)
        ],
        "figure_pubblicate": [] if letto.pubblicate is None else [
            {
                "territorio": f.territorio, "perimetro": f.perimetro, "misura": f.misura,
                "valore": f.valore, "fonte": f.fonte,
            }
            for f in letto.pubblicate.righe
        ],
        "non_tornano": [] if letto.pubblicate is None else [
            {
                "misura": c.identita.addendi[0][3], "pubblicato": c.pubblicato,
                "calcolato": c.calcolato, "differenza": c.differenza,
            }
            for c in spesa.confronti_pubblicate()
            if c.differenza and c.identita.addendi[0][0] == domanda.anno
        ],
    }  # fmt: skip
