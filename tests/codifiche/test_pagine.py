"""The pages of the code lists: who may open them, and what they do."""

from __future__ import annotations

import pytest
from tests.isolamento.conftest import Entra
from tests.prestazioni.casi import csv_di, riga

from capofila.codifiche.rules import csv_di as csv_di_codici
from capofila.hooks import VoceCodifica

pytestmark = pytest.mark.anyio

BASE = "/amministrazione/codifiche"
LISTA = f"{BASE}/siuss-prestazioni"
NUOVO = {"codice": "A3.04", "etichetta": "Servizio di prova locale", "dal": "2025-01-01", "al": "",
         "fonte": "delibera di prova"}  # fmt: skip
ROTTE = (
    ("GET", BASE, None), ("GET", LISTA, None), ("POST", LISTA, NUOVO),
    ("GET", f"{LISTA}/codici/A1.05", None), ("POST", f"{LISTA}/codici/A1.05", NUOVO),
    ("GET", f"{LISTA}/codici/A1.05/ritira", None), ("POST", f"{LISTA}/codici/A1.05/ritira", {}),
    ("POST", f"{LISTA}/importa", {}), ("POST", f"{LISTA}/importa/conferma", {"testo": ""}),
    ("GET", f"{LISTA}/codici.csv", None),
)  # fmt: skip


async def test_chi_non_amministra_la_piattaforma_non_ci_arriva(entra: Entra) -> None:
    for chi in ("rita.crema", "vera.cremona"):
        cliente = await entra(chi)
        for metodo, percorso, modulo in ROTTE:
            assert (await cliente.vai(metodo, percorso, modulo)).status_code == 403, percorso
        assert BASE not in (await cliente.get("/crema")).text
    nessuno = await entra(None)
    assert (await nessuno.get(BASE)).status_code in (303, 401)


async def test_un_codice_si_aggiunge_si_chiude_e_si_ritira(entra: Entra) -> None:
    anna = await entra("anna.ammi")
    assert "Prestazioni sociali (nomenclatore" in (await anna.get(BASE)).text
    pagina = (await anna.get(LISTA)).text
    assert "Da caricare" in pagina
    assert "nessuno l’ha ancora cambiata" in pagina
    rifiuto = await anna.vai("POST", LISTA, NUOVO | {"etichetta": "Corta"})
    assert rifiuto.status_code == 422
    assert "devono essere da 10 a 200" in rifiuto.text
    doppio = await anna.vai("POST", LISTA, NUOVO | {"codice": "A1.05"})
    assert (doppio.status_code, "Il codice c&#39;è già" in doppio.text) == (422, True)
    assert (await anna.vai("POST", LISTA, NUOVO)).status_code == 303
    assert "Servizio di prova locale" in (await anna.get(LISTA)).text

    codice = f"{LISTA}/codici/A3.04"
    assert "Dal 1 gennaio 2025" not in (await anna.get(codice)).text
    assert (await anna.vai("POST", codice, NUOVO | {"al": "2024-01-01"})).status_code == 422
    assert (await anna.vai("POST", codice, NUOVO | {"al": "2025-06-30"})).status_code == 303
    assert "Chiuso" in (await anna.get(codice)).text
    assert (await anna.vai("POST", codice, NUOVO | {"al": "2025-06-30"})).status_code == 303
    assert "Non è cambiato nulla." in (await anna.get(codice)).text

    assert "Ritirare il codice A3.04?" in (await anna.get(f"{codice}/ritira")).text
    assert (await anna.vai("POST", f"{codice}/ritira", {})).status_code == 303
    assert (await anna.get(codice)).status_code == 404
    assert (await anna.get(f"{BASE}/siuss-altro")).status_code == 404


async def test_un_codice_aggiunto_si_importa_subito_dal_web(entra: Entra) -> None:
    anna, rita = await entra("anna.ammi"), await entra("rita.crema")
    file = ("nuove.csv", csv_di(riga(1, codice_prestazione="A3.04")))
    prima = await rita.vai("POST", "/crema/importazioni", {}, file)
    assert prima.status_code == 422
    assert "Codice sconosciuto" in prima.text
    assert (await anna.vai("POST", LISTA, NUOVO)).status_code == 303
    dopo = await rita.vai("POST", "/crema/importazioni", {}, file)
    assert "Importato" in (await rita.get(dopo.headers["location"])).text


async def test_di_un_file_si_vede_che_cosa_cambia_prima_di_confermare(entra: Entra) -> None:
    anna = await entra("anna.ammi")
    voci = (
        VoceCodifica("A3.04", "Servizio «nuovo» & di prova", "prova", dal="2025-01-01"),
        VoceCodifica("A1.05", "Contributi economici per alloggio", "prova", al="2025-12-31"),
    )
    contenuto = csv_di_codici(voci)
    vista = await anna.vai("POST", f"{LISTA}/importa", {}, ("codici.csv", contenuto))
    assert vista.status_code == 200
    assert "Codici nuovi: 1; cambiati: 1; già così: 0." in vista.text
    assert "A3.04" not in (await anna.get(LISTA)).text
    testo = contenuto.decode("utf-8-sig")
    fatto = await anna.vai("POST", f"{LISTA}/importa/conferma", {"testo": testo})
    assert fatto.status_code == 303
    pagina = (await anna.get(LISTA)).text
    assert "Sono stati aggiornati 2 codici." in pagina
    assert "Servizio «nuovo» &amp; di prova" in pagina
    ancora = await anna.vai("POST", f"{LISTA}/importa", {}, ("codici.csv", contenuto))
    assert "Il file non cambia nulla" in ancora.text
    scaricato = await anna.get(f"{LISTA}/codici.csv")
    assert "A3.04;Servizio «nuovo» & di prova;2025-01-01;;prova" in scaricato.text
    assert "siuss-prestazioni.csv" in scaricato.headers["content-disposition"]


async def test_un_file_sbagliato_si_spiega_e_non_cambia_nulla(entra: Entra) -> None:
    anna = await entra("anna.ammi")
    guasto = b"codice;fonte\r\nA3;prova\r\n"
    vista = await anna.vai("POST", f"{LISTA}/importa", {}, ("codici.csv", guasto))
    assert vista.status_code == 422
    assert "Il codice non ha la forma" in vista.text
    vuoto = await anna.vai("POST", f"{LISTA}/importa", {})
    assert (vuoto.status_code, "Scegli un file" in vuoto.text) == (422, True)
    forzato = await anna.vai("POST", f"{LISTA}/importa/conferma", {"testo": guasto.decode()})
    assert forzato.status_code == 422
    assert "come nel programma" in (await anna.get(LISTA)).text
