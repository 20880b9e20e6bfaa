"""The pages of a plugin: where it acts, for whom, what they show; where it does not act, nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from tests.base.test_catalogo import difetti
from tests.estensioni.conftest import Casa, Entra

from capofila.base.attivazioni import registro
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.estensioni import tabelle

pytestmark = pytest.mark.anyio

PAGINA = "/mantova/p/mantova/visite"
VISITA = {"giorno": "3/2/2025", "sede": "Casa Verde", "esito": "rivedere", "spesa": "12,50"}


@pytest.fixture(autouse=True)
async def vuote(casa: Casa) -> None:
    """No rows in the plugin's tables, and no failure written."""
    connessione = await asyncpg.connect(casa.banca.superutente)
    await connessione.execute(
        "TRUNCATE plugin_mantova.visite, plugin_mantova.riepilogo, guasto_plugin"
    )
    await connessione.close()


async def test_chi_puo_vede_la_pagina_e_la_sua_voce(entra: Entra) -> None:
    ufficio = await entra("ugo")
    pagina = await ufficio.get(PAGINA)
    assert pagina.status_code == 200
    assert "<h1>Visite della Consulta</h1>" in pagina.text.replace(' id="titolo"', "")
    assert "La Consulta di Ambito di prova di Mantova visita le sedi" in pagina.text
    assert f'href="{PAGINA}"' in (await ufficio.get("/mantova")).text
    comune = await entra("bice")
    assert (await comune.get(PAGINA)).status_code == 403
    casa = (await comune.get("/mantova")).text
    assert PAGINA not in casa
    assert 'href="/mantova/p/mantova/sedi"' in casa
    assert (await comune.get("/mantova/p/mantova/sedi")).status_code == 200
    assert (await comune.vai("POST", f"{PAGINA}/visite", VISITA)).status_code == 403


async def test_la_casa_dell_ambito_ha_le_parole_del_plugin(entra: Entra) -> None:
    assert "si riunisce ogni mese (inventato)" in (await (await entra("ugo")).get("/mantova")).text


async def test_dove_il_plugin_non_agisce_non_c_e_niente(entra: Entra) -> None:
    crema = await entra("carla")
    for metodo, percorso in (
        ("GET", "/crema/p/mantova/visite"),
        ("POST", "/crema/p/mantova/visite/visite"),
        ("POST", "/crema/p/mantova/visite/riepilogo/calcola"),
        ("POST", "/crema/p/mantova/visite/visite/1/ritira"),
        ("GET", "/crema/p/assente/visite"),
        ("GET", "/mantova/p/mantova/visite"),
    ):
        assert (await crema.vai(metodo, percorso, VISITA)).status_code == 404, percorso
    casa = (await crema.get("/crema")).text
    assert "/p/mantova" not in casa
    assert "inventato" not in casa
    ufficio = await entra("ugo")
    assert (await ufficio.get("/mantova/p/mantova/altra")).status_code == 404


async def test_una_riga_si_scrive_si_corregge_e_si_ritira(entra: Entra, casa: Casa) -> None:
    ufficio = await entra("ugo")
    rifiuto = await ufficio.vai(
        "POST", f"{PAGINA}/visite", {**VISITA, "giorno": "ieri", "sede": ""}
    )
    assert rifiuto.status_code == 422
    assert "Non è una data" in rifiuto.text
    assert "Scrivi «Sede visitata»." in rifiuto.text
    assert 'href="#campo-giorno"' in rifiuto.text
    assert (await ufficio.vai("POST", f"{PAGINA}/visite", VISITA)).status_code == 303
    pagina = (await ufficio.get(PAGINA)).text
    for cosa in ("03/02/2025", "Casa Verde", "Da rivedere", "12,50"):
        assert cosa in pagina
    async with unita_di_lavoro(Contesto(ambito=casa.ambiti["mantova"])):
        (riga,) = await tabelle.righe("mantova", registro().tabelle("mantova")["visite"])
    via = await ufficio.vai("POST", f"{PAGINA}/visite/{riga.id}/ritira")
    assert via.status_code == 303
    assert "Casa Verde" not in (await ufficio.get(PAGINA)).text
    for numero in (riga.id, 10**12):
        assert (await ufficio.vai("POST", f"{PAGINA}/visite/{numero}/ritira")).status_code == 404
    smisurato = await ufficio.get(f"/mantova/plugin/anni/{10**12}/mantova")
    assert smisurato.status_code == 404


async def test_il_lavoro_riempie_la_tabella(entra: Entra, casa: Casa) -> None:
    ufficio = await entra("ugo")
    for giorno, esito in (("1/3/2024", "buono"), ("2/3/2024", "rivedere"), ("3/3/2025", "buono")):
        modulo = {"giorno": giorno, "sede": "Sede", "esito": esito, "spesa": "10"}
        assert (await ufficio.vai("POST", f"{PAGINA}/visite", modulo)).status_code == 303
    assert (await ufficio.vai("POST", f"{PAGINA}/visite/calcola")).status_code == 404
    for _ in range(2):
        assert (await ufficio.vai("POST", f"{PAGINA}/riepilogo/calcola")).status_code == 303
        tabella = registro().tabelle("mantova")["riepilogo"]
        for _ in range(200):
            async with unita_di_lavoro(Contesto(ambito=casa.ambiti["mantova"])) as unita:
                righe = await tabelle.righe("mantova", tabella)
                stati = await unita.righe(
                    "SELECT stato, errore FROM lavoro WHERE tipo = 'plugin.lavoro'"
                )
            if righe and all(uno["stato"] == "riuscito" for uno in stati):
                break
            await asyncio.sleep(0.1)
        assert [riga.valori for riga in reversed(righe)] == [
            {"anno": "2024", "visite": "2", "da_rivedere": "1", "spesa": "20.00"},
            {"anno": "2025", "visite": "1", "da_rivedere": "0", "spesa": "10.00"},
        ], [dict(uno) for uno in stati]


async def test_le_tabelle_del_fornitore_sono_protette_come_quelle_del_core(
    casa: Casa, attivo_a_crema: None, entra: Entra
) -> None:
    connessione = await asyncpg.connect(casa.banca.superutente)
    try:
        assert await difetti(connessione) == []
    finally:
        await connessione.close()
    assert (await (await entra("ugo")).vai("POST", f"{PAGINA}/visite", VISITA)).status_code == 303
    crema = await entra("carla")
    altrove = {**VISITA, "sede": "Altrove a Crema"}
    assert (await crema.vai("POST", "/crema/p/mantova/visite/visite", altrove)).status_code == 303
    pagina = (await crema.get("/crema/p/mantova/visite")).text
    assert "Altrove a Crema" in pagina
    assert "Casa Verde" not in pagina
    assert "Altrove a Crema" not in (await (await entra("ugo")).get(PAGINA)).text
    mio, suo = casa.ambiti["mantova"], casa.ambiti["crema"]
    async with unita_di_lavoro(Contesto(ambito=mio)) as unita:
        pieno = "plugin_mantova.visite"
        assert {r[0] for r in await unita.righe(f"SELECT ambito_id FROM {pieno}")} == {mio}
        assert (
            await unita.esegui(f"UPDATE {pieno} SET sede = 'x' WHERE ambito_id = {suo}")
            == "UPDATE 0"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with unita.punto_di_ritorno():
                await unita.esegui(
                    f"INSERT INTO {pieno} (ambito_id, giorno, sede, esito) "
                    f"VALUES ({suo}, '2025-01-01', 'x', 'buono')"
                )
        assert await unita.esegui(f"DELETE FROM {pieno}") == "DELETE 0"
    async with unita_di_lavoro(Contesto()) as unita:
        assert await unita.righe("SELECT 1 FROM plugin_mantova.visite") == []


async def test_un_modello_che_cade_si_vede_solo_nella_sua_pagina_e_nel_registro_dell_ambito(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    import capofila_mantova as plugin

    rotta = _cambiata(
        plugin.PAGINE[0], "<p>{{ scadenze | sum }}</p>{% if tabelle.visite %}{% endif %}"
    )
    monkeypatch.setattr(plugin, "PAGINE", (rotta, *plugin.PAGINE[1:]))
    ufficio = await entra("ugo")
    assert (await ufficio.vai("POST", f"{PAGINA}/visite", VISITA)).status_code == 303
    pagina = await ufficio.get(PAGINA)
    assert pagina.status_code == 500
    assert "non è riuscito a comporla" in pagina.text
    assert "Fornitore di prova" in pagina.text
    assert (await ufficio.get("/mantova/p/mantova/sedi")).status_code == 200
    suoi = (await ufficio.get("/mantova/plugin")).text
    assert "Errori dei plugin in questo ambito" in suoi
    assert "pagine/visite" in suoi
    assert "TypeError" in suoi
    assert "Impronta di ciò che ha ricevuto" in suoi
    tutti = (await (await entra("anna")).get("/amministrazione/plugin")).text
    assert "pagine/visite" in tutti
    assert "Impronta di ciò che ha ricevuto" not in tutti
    assert "pagine/visite" not in (await (await entra("carla")).get("/crema/plugin")).text


def _cambiata(pagina: Any, modello: str) -> Any:
    from capofila.hooks import variante

    return variante(pagina, modello=modello)


async def test_l_amministrazione_vede_tutti_i_plugin(entra: Entra, casa: Casa) -> None:
    pagina = (await (await entra("anna")).get("/amministrazione/plugin")).text
    for cosa in (
        "Distretto di Mantova", "Fornitore di prova", "Non approvato", "tabelle proprie",
        "Plugin di prova. Il rendiconto", "Ambito di prova di Mantova", "Ambito distrettuale Cremasco",
        "Della piattaforma",
    ):  # fmt: skip
        assert cosa in pagina, cosa
    assert (await (await entra("mara")).get("/amministrazione/plugin")).status_code == 403
