"""Whoever tries the pages of the compartecipazione to see what breaks: hostile forms, and double clicks."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tests.isolamento.conftest import Casa, Entra, Navigatore, fotografia
from tests.isolamento.test_isolamento import CASI, CON_OGGETTO, prova
from tests.prestazioni.casi import codice_fiscale, interroga

pytestmark = pytest.mark.anyio

STANZA = "/crema/compartecipazione"
ROTTE = [r for r in CON_OGGETTO if "/compartecipazione/" in r[1]]
CATTIVI = {
    "lungo": "9" * 10_000,
    "parole": "x" * 10_000,
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "typst": '#read("/etc/passwd") $x$ *forte* #panic("no") \\ @niente <etichetta>',
    "controlli": "a\x00b\x07c\u202ed\ufffe",
    "surrogato": "\ud800",
    "lontano": "31/12/9999",
    "lontanissimo": "9999-12-31",
    "primo": "01/01/0001",
    "iso": "0001-01-01",
    "assurdo": "30/02/2025",
    "negativo": "-1",
    "esponente": "1e9",
    "infinito": "Infinity",
    "nan": "NaN",
    "cifre": "٣٣٣",
    "apice": "²",
    "vuoto": "",
}
NOMI = (
    "persona", "codice_fiscale", "cognome", "nome", "comune", "specie", "valore", "protocollo",
    "presentata", "ultimo_giorno", "omissioni", "servizio", "dal", "al", "quantita", "costo",
    "punti", "disponibile", "condizione-x", "organo", "numero", "data", "vista", "stato",
    "articolo", "variante-tariffa_massima", "importo_mensile", "protocollo_domanda",
    "ente_erogatore", "comune_residenza", "cittadinanza", "presa_in_carico", "area_utenza",
    "componenti", "figli", "disabili", "minori", "persone", "immobili", "canone", "giorno",
    "persona-1-pensione", "immobile-1-valore", "azione",
)  # fmt: skip
MODULI = [r for r in CASI if r[0] == "POST" and "/compartecipazione" in r[1]]
PAGINE = [r for r in CASI if r[0] == "GET" and "/compartecipazione" in r[1]]


def di_crema(rotta: tuple[str, str], casa: Casa) -> str:
    oggetto = casa.nostri.oggetti.get(CASI[rotta].oggetto or "", "")
    return rotta[1].replace("{ambito:str}", "crema").replace("{id_:int}", oggetto)


async def invia(cliente: Navigatore, percorso: str, campi: list[tuple[str, str]]) -> httpx.Response:
    """A form, also with the same field twice."""
    corpo = urlencode([("_csrf_token", cliente.gettone), *campi], errors="surrogatepass")
    return await cliente.post(
        percorso, content=corpo, headers={"content-type": "application/x-www-form-urlencoded"}
    )


@pytest.mark.parametrize("rotta", ROTTE, ids=" ".join)
async def test_le_persone_di_un_comune_non_esistono_per_chi_lavora_per_un_altro(
    casa: Casa, entra: Entra, rotta: tuple[str, str]
) -> None:
    prima = await fotografia(casa.banca, "crema")
    oggetto = casa.nostri.oggetti[CASI[rotta].oggetto or ""]
    risposta = await prova(await entra("pia.pandino"), rotta, "crema", oggetto)
    assert risposta.status_code == 404
    assert "Nostrana" not in risposta.text.replace("Pia Nostrana", "")
    assert await fotografia(casa.banca, "crema") == prima


@pytest.mark.parametrize("rotta", MODULI, ids=" ".join)
async def test_un_modulo_ostile_ha_una_risposta_e_mai_un_guasto(
    casa: Casa, entra: Entra, rotta: tuple[str, str]
) -> None:
    cliente = await entra("rita.crema")
    if rotta[1].endswith("/ritira"):
        # Nothing is asked there; what it would do is tried elsewhere.
        return
    for nome, cattivo in CATTIVI.items():
        risposta = await invia(cliente, di_crema(rotta, casa), [(n, cattivo) for n in NOMI])
        assert 200 <= risposta.status_code < 500, (nome, risposta.text[:300])
        assert "<script>alert" not in risposta.text, nome
        assert "<img src=x" not in risposta.text, nome
        buono = CASI[rotta].modulo or {}
        for campo in buono:
            misto = [(c, cattivo if c == campo else v) for c, v in buono.items()]
            risposta = await invia(cliente, di_crema(rotta, casa), misto)
            assert 200 <= risposta.status_code < 500, (nome, campo, risposta.text[:300])
    doppio = [(n, v) for n, v in (CASI[rotta].modulo or {}).items() for _ in range(2)]
    risposta = await invia(cliente, di_crema(rotta, casa), doppio)
    assert 200 <= risposta.status_code < 500, risposta.text[:300]


@pytest.mark.parametrize("rotta", PAGINE, ids=" ".join)
async def test_un_indirizzo_ostile_ha_una_risposta_e_mai_un_guasto(
    casa: Casa, entra: Entra, rotta: tuple[str, str]
) -> None:
    cliente = await entra("rita.crema")
    for nome, cattivo in CATTIVI.items():
        if nome == "surrogato":
            continue
        chiesti: dict[str, Any] = dict.fromkeys(
            ("giorno", "dal", "servizio", "comune", "pagina"), cattivo[:2000]
        )
        risposta = await cliente.get(di_crema(rotta, casa), params=chiesti)
        assert risposta.status_code < 500, (nome, risposta.text[:300])
        assert "<script>alert" not in risposta.text, nome


async def _decisa(cliente: Navigatore, n: int, cognome: str, organo: str) -> str:
    """A person of Pandino with a decided quota, by the pages; the address of the decision."""
    persona = await cliente.vai("POST", f"{STANZA}/persone/nuova", {
        "codice_fiscale": codice_fiscale(n), "cognome": cognome, "nome": "Ida", "comune": "G306",
    })  # fmt: skip
    assert persona.status_code == 303, persona.text
    dove = persona.headers["location"]
    for via, campi in (
        ("isee", {"specie": "ordinario", "valore": "4.500,00", "protocollo": f"{organo[:20]}{n}",
                  "presentata": "10/01/2025"}),
        ("servizio", {"servizio": "sad", "dal": "01/01/2025", "quantita": "10"}),
    ):  # fmt: skip
        fatta = await cliente.vai("POST", f"{dove}/{via}", campi)
        assert fatta.status_code == 303, fatta.text
    pagina = (await cliente.get(dove)).text
    (utenza,) = set(re.findall(r"/utenze/(\d+)/decidi", pagina))
    decidi = f"{STANZA}/utenze/{utenza}/decidi"
    vista = re.search(
        r'name="vista" value="(\w+)"', (await cliente.get(f"{decidi}?dal=01/03/2025")).text
    )
    assert vista is not None
    atto = {"dal": "01/03/2025", "organo": organo, "numero": "1", "data": "01/02/2025"}
    fatte = await asyncio.gather(
        *(cliente.vai("POST", decidi, {**atto, "vista": vista[1]}) for _ in range(2))
    )
    buone = [f.headers["location"] for f in fatte if f.status_code == 303]
    assert len(set(buone)) == 1, "a double click decides once"
    return str(buone[0])


@pytest.fixture(scope="module")
async def adottato(casa: Casa, entra: Entra) -> None:
    modulo = {"comune": "G306", "servizio": "sad", "stato": "adotta", "dal": "01/01/2024",
              "organo": "Consiglio", "numero": "1", "data": "01/01/2024"}  # fmt: skip
    cliente = await entra("pia.pandino")
    fatte = await asyncio.gather(
        *(cliente.vai("POST", f"{STANZA}/adozioni/nuova", modulo) for _ in range(2))
    )
    assert sorted(f.status_code for f in fatte) == [303, 409]


@pytest.mark.usefixtures("adottato")
async def test_un_nome_di_markup_resta_un_nome_nelle_pagine_e_nella_lettera(entra: Entra) -> None:
    cliente = await entra("pia.pandino")
    for n, cognome in ((7001, CATTIVI["html"][:36]), (7002, '#read("/etc/passwd") $x$ <et>')):
        dove = await _decisa(cliente, n, cognome, CATTIVI["typst"])
        pagina = await cliente.get(dove)
        assert pagina.status_code == 200
        assert "<script>" not in re.sub(r"<script [^>]*src=", "", pagina.text)
        lettera = await cliente.get(f"{dove}/lettera.pdf")
        assert lettera.status_code == 200
        assert lettera.content.startswith(b"%PDF")


async def test_un_carattere_che_mostra_altro_non_entra(entra: Entra) -> None:
    cliente = await entra("pia.pandino")
    for n, cognome in ((7006, "Ros\u202eis"), (7007, "Ros\x07si"), (7008, "Ros\ufffesi")):
        persona = await cliente.vai("POST", f"{STANZA}/persone/nuova", {
            "codice_fiscale": codice_fiscale(n), "cognome": cognome, "nome": "Ida", "comune": "G306",
        })  # fmt: skip
        assert persona.status_code == 422
        assert "carattere invisibile" in persona.text


@pytest.mark.usefixtures("adottato")
async def test_un_doppio_clic_scrive_una_volta(casa: Casa, entra: Entra) -> None:
    cliente = await entra("pia.pandino")
    nuova = {"codice_fiscale": codice_fiscale(7003), "cognome": "Doppi", "nome": "Lea",
             "comune": "G306"}  # fmt: skip
    fatte = await asyncio.gather(
        *(cliente.vai("POST", f"{STANZA}/persone/nuova", nuova) for _ in range(2))
    )
    (dove,) = {f.headers["location"] for f in fatte}
    for via, campi in (
        ("isee", {"specie": "ordinario", "valore": "4500", "protocollo": "P", "presentata": "1/2/2025"}),
        ("servizio", {"servizio": "sad", "dal": "01/01/2025", "quantita": "10"}),
    ):  # fmt: skip
        fatte = await asyncio.gather(
            *(cliente.vai("POST", f"{dove}/{via}", campi) for _ in range(2))
        )
        assert sorted(f.status_code for f in fatte) == [303, 409], via
    (quanti,) = await interroga(
        casa.banca.superutente,
        "SELECT count(*) FROM utenza z JOIN assistito s ON s.id = z.assistito_id "
        "WHERE s.codice_fiscale = $1",
        codice_fiscale(7003),
    )
    assert quanti[0] == 1


@pytest.mark.usefixtures("adottato")
async def test_la_decisione_e_la_lettera_si_aprono_anche_senza_il_plugin(
    casa: Casa, entra: Entra
) -> None:
    cliente = await entra("pia.pandino")
    dove = await _decisa(cliente, 7004, "Resta", "Servizi")
    cambia = "UPDATE attivazione SET al = $1 WHERE plugin = 'crema'"
    await interroga(casa.banca.superutente, cambia, date(2013, 1, 2))
    try:
        pagina = await cliente.get(dove)
        assert pagina.status_code == 200
        assert "Rifatta adesso, al centesimo" in pagina.text
        assert "nessun plugin attivo" in pagina.text
        assert (await cliente.get(f"{dove}/lettera.pdf")).content.startswith(b"%PDF")
        (persona,) = set(re.findall(r"/persone/\d+", pagina.text))
        assert (await cliente.get(f"{STANZA}{persona}")).status_code == 200
    finally:
        await interroga(casa.banca.superutente, cambia, None)


@pytest.mark.usefixtures("adottato")
async def test_un_comune_fuori_dall_ambito_in_quel_giorno_e_detto_nella_pagina(
    casa: Casa, entra: Entra
) -> None:
    cliente = await entra("pia.pandino")
    dove = await _decisa(cliente, 7005, "Fuori", "Servizi")
    (persona,) = set(re.findall(r"/persone/\d+", (await cliente.get(dove)).text))
    pagina = (await cliente.get(f"{STANZA}{persona}")).text
    (utenza,) = set(re.findall(r"/utenze/(\d+)/decidi", pagina))
    cambia = "UPDATE appartenenza SET al = $1 WHERE istat = '019067' AND al IS NOT DISTINCT FROM $2"
    fine = date(2025, 6, 30)
    await interroga(casa.banca.superutente, cambia, fine, None)
    try:
        decidi = f"{STANZA}/utenze/{utenza}/decidi"
        risposta = await cliente.get(f"{decidi}?dal=01/07/2025")
        assert "In quel giorno il comune non è di questo ambito" in risposta.text
        assert "Decidi questa quota" not in risposta.text
        atto = {"dal": "01/07/2025", "organo": "X", "numero": "1", "data": "01/06/2025"}
        rifiutata = await cliente.vai("POST", decidi, atto)
        assert 400 <= rifiutata.status_code < 500
        assert "non è di questo ambito" in rifiutata.text
    finally:
        await interroga(casa.banca.superutente, cambia, None, fine)
