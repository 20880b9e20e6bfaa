"""What a shared body has published is read by those it names, and nothing else crosses an ambito."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import pytest
from tests.governo.organi_casi import assegna
from tests.prestazioni.casi import contesto
from tests.prestazioni.conftest import ambiti, banca_del_modulo

from capofila.base.database import Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.governo import pubblicazioni

__all__ = ["ambiti", "banca_del_modulo"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]

GIORNO = date(2016, 3, 20)
SEGNO = "Ida Cabina"
TABELLE = (
    "accordo", "firmatario", "adesione", "modifica_accordo", "incarico_organo",
    "pubblicazione_organo",
)  # fmt: skip


@pytest.fixture(scope="module")
async def pubblicata(ambiti: Any) -> dict[str, int]:
    """Crema publishes who sits in the Cabina di Regia, for the other two and for one agency."""
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "INSERT INTO ats (slug, nome) VALUES ('val-padana', 'ATS della Val Padana'), "
            "('brescia', 'ATS di Brescia')"
        )
        enti = {r["slug"]: r["id"] for r in await unita.righe("SELECT slug, id FROM ats")}
    async with unita_di_lavoro(await contesto("crema")):
        await assegna(
            "cabina-di-regia", "istituzionale", persona=SEGNO, carica="Sindaco",
            designato_da="ASL", ente="Ambito Cremasco",
        )  # fmt: skip
        id_ = await pubblicazioni.pubblica_composizione("cabina-di-regia", GIORNO, ["val-padana"])
    return {"id": id_, **enti}


async def _ats(agenzia: int) -> Contesto:
    return Contesto(ats=agenzia, utente=1)


@asynccontextmanager
async def _di(chi: str | int) -> AsyncIterator[UnitaDiLavoro]:
    dove = await contesto(chi) if isinstance(chi, str) else await _ats(chi)
    async with unita_di_lavoro(dove, sola_lettura=True) as unita:
        yield unita


async def _righe(chi: str | int) -> dict[str, int]:
    """How many rows of Crema each table shows, asked without a filter."""
    async with _di("crema") as unita:
        crema = unita.ambito
    async with _di(chi) as unita:
        return {
            tabella: await unita.valore(
                f"SELECT count(*) FROM {tabella} WHERE ambito_id = $1",
                crema,
            )
            for tabella in TABELLE
        }


@pytest.mark.parametrize("chi", ["cremona", "casalmaggiore", "val-padana"])
async def test_chi_e_nominato_legge_la_copia_e_nessuna_riga(
    pubblicata: dict[str, int], chi: str
) -> None:
    lettore = pubblicata.get(chi, chi)
    async with _di(lettore):
        (una,) = await pubblicazioni.pubblicazioni()
        assert (una.id, una.propria, una.di) == (
            pubblicata["id"],
            False,
            "Ambito distrettuale Cremasco",
        )
        assert una.destinatari == ()
        _, contenuto = await pubblicazioni.leggi_pubblicazione(una.id)
        letta = pubblicazioni.leggi_composizione(contenuto)
        assert [u.persona for u in letta.seggi] == [SEGNO]
    viste = await _righe(lettore)
    assert {t for t, quante in viste.items() if quante} == {"pubblicazione_organo"}


async def test_un_altra_agenzia_e_chi_non_e_nessuno_non_leggono_nulla(
    pubblicata: dict[str, int],
) -> None:
    assert not any((await _righe(pubblicata["brescia"])).values())
    async with _di(pubblicata["brescia"]):
        assert await pubblicazioni.pubblicazioni() == []
        with pytest.raises(NonTrovato):
            await pubblicazioni.leggi_pubblicazione(pubblicata["id"])
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        assert await unita.valore("SELECT count(*) FROM pubblicazione_organo") == 0


async def test_chi_legge_non_ritira_e_non_cambia(pubblicata: dict[str, int]) -> None:
    async with unita_di_lavoro(await contesto("cremona")) as unita:
        with pytest.raises(NonTrovato):
            await pubblicazioni.ritira_pubblicazione(pubblicata["id"])
        # The policy lets an ambito write its own rows only.
        fatto = await unita.esegui("UPDATE pubblicazione_organo SET ritirata_il = now()")
        assert fatto == "UPDATE 0"
    async with _di("casalmaggiore"):
        assert len(await pubblicazioni.pubblicazioni()) == 1


async def test_non_si_pubblica_a_nome_di_un_altro(pubblicata: dict[str, int]) -> None:
    async with _di("crema") as unita:
        crema = unita.ambito
    async with unita_di_lavoro(await contesto("cremona")) as unita:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita.punto_di_ritorno():
                await unita.esegui(
                    "INSERT INTO pubblicazione_organo (ambito_id, organo, specie, titolo, giorno, "
                    "contenuto, sha256, ats) VALUES ($1, 'cabina-di-regia', 'seduta', 'X', "
                    "'2025-01-01', '\\x7b7d', encode(sha256('\\x7b7d'::bytea), 'hex'), '{1}')",
                    crema,
                )


async def test_ritirata_non_la_legge_piu_nessuno_altro(ambiti: Any, pubblicata: Any) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        sua = await pubblicazioni.pubblica_composizione("cabina-di-regia", GIORNO, ["brescia"])
    async with _di(pubblicata["brescia"]):
        assert [u.id for u in await pubblicazioni.pubblicazioni()] == [sua]
    async with unita_di_lavoro(await contesto("crema")):
        assert await pubblicazioni.ritira_pubblicazione(sua) == "cabina-di-regia"
        with pytest.raises(Conflitto):
            await pubblicazioni.ritira_pubblicazione(sua)
        di_chi, _ = await pubblicazioni.leggi_pubblicazione(sua)
        assert di_chi.ritirata_il is not None
    for chi in ("cremona", "casalmaggiore", pubblicata["brescia"]):
        async with _di(chi):
            assert sua not in [u.id for u in await pubblicazioni.pubblicazioni()]


async def test_un_organo_di_un_solo_ambito_non_si_pubblica(pubblicata: dict[str, int]) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(DatiNonValidi, match="Nessun seggio"):
            await pubblicazioni.pubblica_composizione("ufficio-di-piano", GIORNO)
        await assegna("ufficio-di-piano", "coordinatore", designato_da="Comune di Crema")
        with pytest.raises(DatiNonValidi, match="di questo ambito soltanto"):
            await pubblicazioni.pubblica_composizione("ufficio-di-piano", GIORNO)
        with pytest.raises(DatiNonValidi, match="Questa ATS"):
            await pubblicazioni.pubblica_composizione("cabina-di-regia", GIORNO, ["nessuna"])
