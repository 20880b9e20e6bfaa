"""Lists in the database: by revision, by the administration only, seen at once by whoever checks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from tests.prestazioni.casi import contesto, csv_di, interroga, porta, riga

from capofila.base import codifiche as tabelle
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import NonAutorizzato, NonTrovato
from capofila.codifiche import service
from capofila.hooks import VoceCodifica, impronta
from capofila.siuss import FLUSSO_PRESTAZIONI

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("tre")]

LISTA = "siuss-prestazioni"
AMMINISTRAZIONE = Contesto(amministratore=True)
NUOVA = VoceCodifica("A3.04", "Servizio di prova locale", "prova")
CHIUSA = VoceCodifica("A2.07", "Assistenza domiciliare socio-assistenziale", "prova",
                      al="2024-12-31")  # fmt: skip


async def salva(*voci: VoceCodifica) -> int:
    async with unita_di_lavoro(AMMINISTRAZIONE):
        return await service.salva(LISTA, voci, "pagina")


async def codici_errati(**campi: str) -> list[str]:
    async with unita_di_lavoro(await contesto("crema")):
        esito = await porta(csv_di(riga(1, **campi)), prova=True)
        return [e.codice for e in esito.errori]


async def test_un_codice_aggiunto_vale_dal_controllo_dopo_in_ogni_ambito() -> None:
    for slug in ("crema", "cremona"):
        async with unita_di_lavoro(await contesto(slug)):
            assert (await plugin_attivi()).flusso("siuss") is FLUSSO_PRESTAZIONI
    assert await codici_errati(codice_prestazione="A3.04") == ["codice_sconosciuto"]
    assert await salva(NUOVA) == 1
    assert await codici_errati(codice_prestazione="A3.04") == []
    async with unita_di_lavoro(await contesto("cremona")):
        flusso = (await plugin_attivi()).flusso("siuss")
    assert (flusso.campi_per_nome["codice_prestazione"].codici or {})["A3.04"] == NUOVA.etichetta
    assert impronta(flusso) != impronta(FLUSSO_PRESTAZIONI)


@pytest.mark.parametrize(
    ("inizio", "attesi"),
    [("2024-03-01", []), ("2025-03-01", ["siuss-codice-non-in-vigore"])],
)
async def test_un_codice_chiuso_si_rifiuta_dopo_e_vale_prima(
    inizio: str, attesi: list[str]
) -> None:
    await salva(CHIUSA)
    fine = f"{inizio[:4]}-12-31"
    assert await codici_errati(data_inizio=inizio, data_fine=fine) == attesi


async def test_un_codice_ritirato_non_vale_mai_e_puo_tornare() -> None:
    await salva(NUOVA)
    async with unita_di_lavoro(AMMINISTRAZIONE):
        await service.ritira(LISTA, "A3.04", "pagina")
    assert await codici_errati(codice_prestazione="A3.04") == ["codice_sconosciuto"]
    assert await salva(NUOVA) == 1
    assert await codici_errati(codice_prestazione="A3.04") == []
    async with unita_di_lavoro(AMMINISTRAZIONE):
        storia = await service.storia(LISTA, "A3.04")
        with pytest.raises(NonTrovato):
            await service.ritira(LISTA, "A9.99", "pagina")
    assert [una["ritirata"] for una in storia] == [False, True, False]


async def test_la_storia_comincia_da_cio_che_il_programma_dichiarava(tre: Any) -> None:
    async with unita_di_lavoro(AMMINISTRAZIONE):
        assert (await service.apri(LISTA)).revisioni == ()
    await salva(NUOVA)
    await salva(CHIUSA)
    async with unita_di_lavoro(AMMINISTRAZIONE):
        aperta = await service.apri(LISTA)
        (vista,) = [una for una in await service.elenco() if una.id == LISTA]
    assert [(r["origine"], r["codici"]) for r in aperta.revisioni] == [
        ("pagina", 1), ("pagina", 1), ("programma", len(aperta.dichiarata.voci)),
    ]  # fmt: skip
    assert (vista.revisioni, vista.codici) == (2, len(aperta.dichiarata.voci) + 1)
    assert vista.da_caricare == sum(voce.da_caricare for voce in aperta.dichiarata.voci)
    righe = await interroga(
        tre.superutente, "SELECT etichetta, da_caricare FROM codifica WHERE codice = 'A1.23'"
    )
    assert [tuple(una) for una in righe] == [(None, True)]
    registro = await interroga(
        tre.superutente,
        "SELECT azione, oggetto_id FROM registro_piattaforma WHERE oggetto = 'codifica'",
    )
    assert [tuple(una) for una in registro] == [("codifiche.modifica", LISTA)] * 2


async def test_salvare_cio_che_c_e_gia_non_fa_una_revisione() -> None:
    await salva(NUOVA)
    async with unita_di_lavoro(AMMINISTRAZIONE):
        prima = await tabelle.revisione()
    assert await salva(NUOVA) == 0
    async with unita_di_lavoro(AMMINISTRAZIONE):
        assert await tabelle.revisione() == prima


async def test_una_lista_che_nessuno_dichiara_non_c_e() -> None:
    async with unita_di_lavoro(AMMINISTRAZIONE):
        with pytest.raises(NonTrovato):
            await service.apri("siuss-altro")


async def test_solo_l_amministrazione_della_piattaforma_cambia_una_lista() -> None:
    for chi in (await contesto("crema"), Contesto()):
        async with unita_di_lavoro(chi) as unita:
            with pytest.raises(NonAutorizzato):
                await service.salva(LISTA, [NUOVA], "pagina")
            with pytest.raises(NonAutorizzato):
                await service.ritira(LISTA, "A1.05", "pagina")
            # The database's own word.
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita.punto_di_ritorno():
                    await unita.esegui(
                        "INSERT INTO codifica_revisione (lista, origine) VALUES ('x', 'pagina')"
                    )


async def test_nemmeno_l_amministrazione_cambia_o_toglie_una_revisione() -> None:
    await salva(NUOVA)
    for comando in (
        "UPDATE codifica SET etichetta = 'Altra denominazione'",
        "DELETE FROM codifica",
        "DELETE FROM codifica_revisione",
        "TRUNCATE codifica",
    ):
        async with unita_di_lavoro(AMMINISTRAZIONE) as unita:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita.punto_di_ritorno():
                    await unita.esegui(comando)


async def test_una_modifica_annullata_non_resta_in_memoria() -> None:
    class Annulla(Exception):
        pass

    with suppress(Annulla):
        async with unita_di_lavoro(AMMINISTRAZIONE):
            await service.salva(LISTA, [NUOVA], "pagina")
            assert "A3.04" in {voce.codice for voce in (await service.apri(LISTA)).voci}
            raise Annulla
    assert await codici_errati(codice_prestazione="A3.04") == ["codice_sconosciuto"]


async def test_sapere_la_revisione_non_costa_una_query_in_piu() -> None:
    await salva(NUOVA)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await plugin_attivi()
        prima = unita.conta_query
        for _ in range(3):
            await plugin_attivi()
        assert unita.conta_query - prima == 3


async def test_in_memoria_restano_poche_revisioni() -> None:
    for n in range(8):
        await salva(VoceCodifica("A3.04", f"Servizio di prova {n}", "prova"))
        assert await codici_errati(codice_prestazione="A3.04") == []
    assert len(tabelle._lette) <= tabelle._RICORDATE + 1


async def test_la_regione_di_chi_entra_e_quella_della_lista_e_di_quel_giorno() -> None:
    fonte = "risposta di INPS (inventata)"
    async with unita_di_lavoro(AMMINISTRAZIONE):
        await service.salva(
            "siuss-regioni",
            [
                VoceCodifica("019-10", "Lombardia", fonte, al="2025-12-31"),
                VoceCodifica("019-03", "Lombardia", fonte, dal="2026-01-01"),
            ],
            "pagina",
        )
        (vista,) = [una for una in await service.elenco() if una.id == "siuss-regioni"]
    assert vista.da_confermare == vista.codici - 2
    async with unita_di_lavoro(await contesto("crema")) as unita:
        a_cavallo = riga(1, data_inizio="2025-06-01", data_fine="2026-05-31")
        esito = await porta(csv_di(a_cavallo))
        assert not esito.errori
        righe = await unita.righe(
            "SELECT regione_residenza FROM prestazione ORDER BY data_inizio DESC LIMIT 2"
        )
    assert [una["regione_residenza"] for una in righe] == ["03", "10"]
