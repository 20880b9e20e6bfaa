"""Inhabitants and boundaries that the platform's administration loads, the same for every ambito."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec

from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import NonAutorizzato
from capofila.territorio.caricamenti import leggi_confini, leggi_fonte, leggi_popolazione
from capofila.territorio.rules import Comune


def unita_amministratore() -> UnitaDiLavoro:
    """The unit of work, when it is the platform administrator's.

    Raises:
        NonAutorizzato: it is not.
    """
    unita = unita_corrente()
    if not unita.contesto.amministratore:
        raise NonAutorizzato(
            "Solo l'amministrazione della piattaforma può applicare i dati del territorio."
        )
    return unita


class PopolazioneCaricata(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: figures written by year, comuni of it that are not known here."""

    anni: Mapping[int, int]
    fuori: int


class AnnoDiPopolazione(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a year that are held; None where no source states it."""

    anno: int | None
    comuni: int
    fonti: tuple[str, ...]


class ConfiniCaricati(msgspec.Struct, frozen=True, kw_only=True):
    """The boundaries that are held: of how many comuni, whose, since when, how many bytes."""

    comuni: int
    attribuzioni: tuple[str, ...]
    caricati_il: datetime
    byte: int


class Confini(msgspec.Struct, frozen=True, kw_only=True):
    """GeoJSON geometries by ISTAT code, with what has to be written beside the map."""

    geometrie: dict[str, Any] = {}
    attribuzioni: tuple[str, ...] = ()


async def _comuni() -> dict[str, Comune]:
    righe = await unita_corrente().righe("SELECT * FROM comune")
    return {
        riga["istat"]: Comune(**{nome: riga[nome] for nome in Comune.__struct_fields__})
        for riga in righe
    }


async def carica_popolazione(contenuto: bytes, fonte: str) -> PopolazioneCaricata:
    """Write the inhabitants of a file; a figure of the same comune and year gives way to it.

    Raises:
        FileNonValido: with what is wrong; nothing is stored.
        NonAutorizzato: the unit is not the platform administrator's.
    """
    unita = unita_amministratore()
    letta = leggi_popolazione(contenuto, fonte, await _comuni())
    presenti = {
        (riga["istat"], riga["anno"]): riga["id"]
        for riga in await unita.righe(
            "SELECT istat, anno, id FROM popolazione WHERE anno = ANY ($1::smallint[]) "
            # The one of the same source last: it is the one to be written again.
            "ORDER BY fonte = $2, id FOR UPDATE",
            sorted({riga.anno for riga in letta.righe if riga.anno is not None}),
            " ".join(fonte.split()),
        )
    }
    await unita.esegui_per_ognuna(
        "UPDATE popolazione SET residenti = $2, fonte = $3 WHERE id = $1",
        [
            (presenti[riga.istat, riga.anno], riga.residenti, riga.fonte)
            for riga in letta.righe
            if (riga.istat, riga.anno) in presenti
        ],
    )
    await unita.esegui_per_ognuna(
        "INSERT INTO popolazione (istat, anno, residenti, fonte) VALUES ($1, $2, $3, $4)",
        [
            (riga.istat, riga.anno, riga.residenti, riga.fonte)
            for riga in letta.righe
            if (riga.istat, riga.anno) not in presenti
        ],
    )
    anni = Counter(riga.anno for riga in letta.righe if riga.anno is not None)
    await _registra(unita, "popolazione_caricata", anni=sorted(anni), righe=len(letta.righe))
    return PopolazioneCaricata(anni=dict(sorted(anni.items())), fuori=letta.fuori)


async def anni_di_popolazione() -> list[AnnoDiPopolazione]:
    """The years whose inhabitants are held, the latest first, those without a year last."""
    return [
        AnnoDiPopolazione(anno=riga["anno"], comuni=riga["comuni"], fonti=tuple(riga["fonti"]))
        for riga in await unita_corrente().righe(
            "SELECT anno, count(DISTINCT istat) AS comuni, array_agg(DISTINCT fonte) AS fonti "
            "FROM popolazione GROUP BY anno ORDER BY anno DESC NULLS LAST"
        )
    ]


async def carica_confini(contenuto: bytes, attribuzione: str) -> int:
    """Write the boundaries of a file in the place of those that there are; returns how many comuni.

    Raises:
        FileNonValido: with what is wrong; nothing is stored.
        NonAutorizzato: the unit is not the platform administrator's.
    """
    unita = unita_amministratore()
    fonte = leggi_fonte(attribuzione, "Attribuzione")
    letti = await asyncio.to_thread(leggi_confini, contenuto, await _comuni())
    await unita.esegui("DELETE FROM confine")
    await unita.esegui_per_ognuna(
        "INSERT INTO confine (istat, geometria, attribuzione) VALUES ($1, $2::jsonb, $3)",
        [
            (istat, msgspec.json.encode(geometria).decode(), fonte)
            for istat, geometria in letti.geometrie.items()
        ],
    )
    await _registra(
        unita, "confini_caricati", comuni=len(letti.geometrie), fuori=letti.fuori, punti=letti.punti
    )
    return len(letti.geometrie)


async def togli_confini() -> None:
    """Take the boundaries away: maps have circles again.

    Raises:
        NonAutorizzato: the unit is not the platform administrator's.
    """
    unita = unita_amministratore()
    await unita.esegui("DELETE FROM confine")
    await _registra(unita, "confini_tolti")


async def confini_caricati() -> ConfiniCaricati | None:
    """What is held of boundaries; None when there is nothing."""
    riga = await unita_corrente().riga(
        "SELECT count(*) AS comuni, array_agg(DISTINCT attribuzione) AS attribuzioni, "
        "max(caricato_il) AS caricati_il, sum(length(geometria::text)) AS byte FROM confine"
    )
    if riga is None or not riga["comuni"]:
        return None
    return ConfiniCaricati(
        comuni=riga["comuni"], attribuzioni=tuple(riga["attribuzioni"]),
        caricati_il=riga["caricati_il"], byte=riga["byte"],
    )  # fmt: skip


async def confini(comuni: Collection[str]) -> Confini:
    """The boundaries of some comuni, by ISTAT code; those that are not held are not there."""
    righe = await unita_corrente().righe(
        "SELECT istat, geometria::text AS geometria, attribuzione FROM confine "
        "WHERE istat = ANY ($1::text[]) ORDER BY istat",
        [*comuni],
    )
    return Confini(
        geometrie={riga["istat"]: msgspec.json.decode(riga["geometria"]) for riga in righe},
        attribuzioni=tuple(dict.fromkeys(riga["attribuzione"] for riga in righe)),
    )


async def _registra(unita: UnitaDiLavoro, azione: str, **dettagli: Any) -> None:
    await unita.esegui(
        "INSERT INTO registro_piattaforma (azione, oggetto, dettagli) "
        "VALUES ($1, 'comune', $2::text::jsonb)",
        azione, msgspec.json.encode(dettagli).decode(),
    )  # fmt: skip
