"""What is opened to everybody: pages, files, catalogue, what is withdrawn, how often it is asked."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import rdflib

from capofila.app import crea_app
from capofila.base.database import MOTORE, Contesto, unita_di_lavoro
from capofila.base.errori import Conflitto
from capofila.base.impostazioni import impostazioni
from capofila.base.ritmo import INTERVALLO
from capofila.confronto import aperti, pubblicazioni
from capofila.confronto.aperti import Titolare
from capofila.confronto.catalogo import Letterale, json_ld, mancanze, rdf_xml, triple, turtle
from capofila.confronto.rules import DatiConvenzione
from capofila.web.assembla import assemble
from tests.confronto.casi import ATTO, COMUNI, chi_legge, conviene, pubblica, spende
from tests.conftest import Banca
from tests.prestazioni.casi import ambiente, contesto, interroga

pytestmark = pytest.mark.anyio

API = "/dati-aperti/api/insiemi"
APRE = {**ATTO, "licenza": "cc-by-4.0"}
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")


@pytest.fixture
async def chiunque(
    servizi: Any, banca_del_modulo: Banca, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    valori = ambiente(
        servizi, banca_del_modulo, INDIRIZZO="https://capofila.test",
        DATI_APERTI_EDITORE="Chi gestisce", DATI_APERTI_AL_MINUTO="100000",
    )  # fmt: skip
    for nome, valore in valori.items():
        monkeypatch.setenv(nome, valore)
    impostazioni.cache_clear()
    assemble()
    await MOTORE.apri({"app": banca_del_modulo.app, "ats": banca_del_modulo.ats}, massimo=4)
    trasporto = httpx.ASGITransport(crea_app(), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=trasporto, base_url="http://capofila.test") as cliente:
        yield cliente
    await MOTORE.chiudi()
    impostazioni.cache_clear()


async def apre(slug: str, id_: int, **altro: str) -> None:
    async with unita_di_lavoro(await contesto(slug)):
        await aperti.apri(id_, {**APRE, **altro})


async def aperta(slug: str, anno: int, agenzia: str = "valpadana", **altro: str) -> int:
    """A spending that is released and opened."""
    await spende(slug, anno, [*COMUNI[slug][:3]])
    id_ = await pubblica(slug, anno, await conviene(slug, agenzia))
    await apre(slug, id_, **altro)
    return id_


async def test_si_scarica_cio_che_e_aperto_e_non_cio_che_e_solo_pubblicato(
    chiunque: httpx.AsyncClient,
) -> None:
    id_ = await aperta("crema", 2040)
    await spende("crema", 2041, [*COMUNI["crema"][:3]])
    await pubblica("crema", 2041, await conviene("crema"))
    async with unita_di_lavoro(await contesto("crema")):
        cifre = await pubblicazioni.cifre_di(id_)
    risposta = await chiunque.get(f"{API}/crema/spesa/2040/dati.csv")
    assert risposta.status_code == 200
    assert "set-cookie" not in risposta.headers
    assert risposta.headers["access-control-allow-origin"] == "*"
    assert "creativecommons.org/licenses/by/4.0" in risposta.headers["link"]
    lette = list(csv.DictReader(io.StringIO(risposta.text)))
    assert {(r["riga"], r["voce"], r["misura"]) for r in lette} == {
        (c.riga, c.voce, c.misura) for c in cifre
    }
    nascoste = [r for r in lette if r["soppressa"] == "si"]
    assert len(nascoste) == sum(c.soppressa for c in cifre) > 0
    assert not any(r["valore"] for r in nascoste)
    dati = (await chiunque.get(f"{API}/crema/spesa/2040/dati.json")).json()
    assert dati["insieme"]["licenza"] == "https://creativecommons.org/licenses/by/4.0/"
    assert len(dati["cifre"]) == len(cifre)
    somma = next(
        c for c in dati["cifre"] if (c["riga"], c["voce"], c["misura"]) == ("tutti", "", "spesa")
    )
    assert somma["valore"] == 12000
    for mai in (
        "crema/spesa/2041",
        "crema/utenti/2040",
        "nessuno/spesa/2040",
        "crema/x/2040",
        "%00/spesa/2040",
    ):
        for fine in ("dati.csv", "dati.json", "versioni/1/dati.csv"):
            vuota = await chiunque.get(f"{API}/{mai}/{fine}")
            assert (vuota.status_code, vuota.headers["content-type"]) == (
                404, "application/problem+json"
            ), mai  # fmt: skip
    pagina = await chiunque.get("/dati-aperti", headers={"accept": "text/html"})
    assert "/dati-aperti/crema/spesa/2040" in pagina.text
    assert "/dati-aperti/crema/spesa/2041" not in pagina.text
    # One chooses among those of whom something is open.
    assert '<option value="crema">' in pagina.text
    assert '<option value="2040">' in pagina.text
    assert '<option value="2041">' not in pagina.text
    assert (await chiunque.get("/dati-aperti/crema/spesa/2040")).status_code == 200


async def test_ritirata_o_sostituita_risponde_410_con_cio_che_ne_ha_preso_il_posto(
    chiunque: httpx.AsyncClient,
) -> None:
    await aperta("cremona", 2042)
    seconda = await pubblica("cremona", 2042, await conviene("cremona"))
    # The first one is withdrawn by the second, which is not open by itself.
    tolta = await chiunque.get(f"{API}/cremona/spesa/2042/dati.csv")
    assert (tolta.status_code, tolta.json()["sostituita_da"]) == (410, None)
    await apre("cremona", seconda)
    assert (await chiunque.get(f"{API}/cremona/spesa/2042/dati.csv")).status_code == 200
    prima = await chiunque.get(f"{API}/cremona/spesa/2042/versioni/1/dati.csv")
    nuova = "https://capofila.test/dati-aperti/api/insiemi/cremona/spesa/2042/dati.json"
    assert (prima.status_code, prima.json()["sostituita_da"]) == (410, nuova)
    assert prima.headers["link"] == f'<{nuova}>; rel="successor-version"'
    due = await chiunque.get(f"{API}/cremona/spesa/2042/versioni/2/dati.csv")
    assert due.status_code == 200
    async with unita_di_lavoro(await contesto("cremona")):
        await pubblicazioni.ritira(seconda, {"motivo": "errore nelle schede"})
    for fine in ("dati.json", "versioni/2/dati.json"):
        assert (await chiunque.get(f"{API}/cremona/spesa/2042/{fine}")).status_code == 410
    pagina = await chiunque.get("/dati-aperti/cremona/spesa/2042", headers={"accept": "text/html"})
    assert pagina.status_code == 410
    assert "errore nelle schede" not in pagina.text
    assert "La versione 2 di questi dati non è più pubblica." in pagina.text
    # It can be closed alone: the agency goes on reading it.
    terza = await aperta("cremona", 2043)
    async with unita_di_lavoro(await contesto("cremona")):
        with pytest.raises(DatiConvenzione):
            await aperti.chiudi(terza, {"motivo": ""})
        await aperti.chiudi(terza, {"motivo": "un ripensamento"})
        with pytest.raises(Conflitto):
            await aperti.chiudi(terza, {"motivo": "un ripensamento"})
        assert (await pubblicazioni.pubblicazione(terza)).ritirata_il is None
    assert (await chiunque.get(f"{API}/cremona/spesa/2043/dati.json")).status_code == 410


async def test_si_apre_con_licenza_e_atto_e_da_una_sola_agenzia(
    chiunque: httpx.AsyncClient,
) -> None:
    id_ = await aperta("casalmaggiore", 2044)
    for campo, valore in (("licenza", "mia"), ("atto", "x"), ("atto_data", "2999-01-01")):
        with pytest.raises(DatiConvenzione) as errore:
            await apre("casalmaggiore", id_, **{campo: valore})
        assert list(errore.value.campi) == [campo]
    with pytest.raises(Conflitto, match="già stata aperta"):
        await apre("casalmaggiore", id_)
    # Cells hidden in one way for one agency and in another for the next would tell each other.
    altra = await pubblica(
        "casalmaggiore", 2044, await conviene("casalmaggiore", "altra", soglia=9)
    )
    with pytest.raises(Conflitto, match="altra agenzia"):
        await apre("casalmaggiore", altra)
    # The refusal closed nothing.
    assert (await chiunque.get(f"{API}/casalmaggiore/spesa/2044/dati.csv")).status_code == 200
    async with unita_di_lavoro(await contesto("casalmaggiore")):
        await pubblicazioni.ritira(altra, {"motivo": "non serve"})
        with pytest.raises(Conflitto, match="ritirata"):
            await aperti.apri(altra, APRE)


async def test_nel_database_chi_non_e_nessuno_legge_solo_cio_che_e_aperto(
    chiunque: httpx.AsyncClient, banca_del_modulo: Banca
) -> None:
    aperto = await aperta("crema", 2045)
    await spende("crema", 2046, [*COMUNI["crema"][:3]])
    chiuso = await pubblica("crema", 2046, await conviene("crema"))

    async def visti(tabella: str, colonna: str, chi: Contesto) -> set[int]:
        async with unita_di_lavoro(chi, ruolo="ats", sola_lettura=True) as unita:
            return {r[0] for r in await unita.righe(f"SELECT DISTINCT {colonna} FROM {tabella}")}

    nessuno = Contesto()
    for tabella, colonna in (("pubblicazione", "id"), ("cifra_pubblicata", "pubblicazione_id")):
        letti = await visti(tabella, colonna, nessuno)
        assert aperto in letti
        assert chiuso not in letti
    assert await visti("convenzione", "ats_id", nessuno) == set()
    assert await visti("ritiro_pubblicazione", "ats_id", nessuno) == set()
    # Another agency sees nothing of what is open by this way: it asks as everybody does.
    straniera = await chi_legge("straniera")
    for tabella, colonna in (("pubblicazione", "id"), ("cifra_pubblicata", "pubblicazione_id"),
                             ("apertura", "pubblicazione_id")):  # fmt: skip
        assert await visti(tabella, colonna, straniera) == set()
    async with unita_di_lavoro(await contesto("crema")):
        await aperti.chiudi(aperto, {"motivo": "un ripensamento"})
    assert aperto not in await visti("pubblicazione", "id", nessuno)
    assert aperto not in await visti("cifra_pubblicata", "pubblicazione_id", nessuno)
    for comando in (
        "SELECT motivo FROM apertura", "SELECT aperta_da FROM apertura",
        "UPDATE apertura SET chiusa_il = NULL", "DELETE FROM apertura",
        "INSERT INTO apertura SELECT * FROM apertura", "UPDATE segno_confronto SET segno = gen_random_uuid()",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita_di_lavoro(nessuno, ruolo="ats") as unita:
                await unita.esegui(comando)
    # The application opens what is its own and not withdrawn, and never reopens.
    for comando in (
        f"UPDATE apertura SET chiusa_il = NULL, motivo = NULL WHERE pubblicazione_id = {aperto}",
        f"UPDATE apertura SET licenza = 'cc0-1.0' WHERE pubblicazione_id = {aperto}",
        f"DELETE FROM apertura WHERE pubblicazione_id = {aperto}",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita_di_lavoro(await contesto("crema")) as unita:
                await unita.esegui(comando)
    ((quante,),) = await interroga(
        banca_del_modulo.superutente,
        "SELECT count(*) FROM apertura WHERE pubblicazione_id = $1 AND chiusa_il IS NOT NULL", aperto,
    )  # fmt: skip
    assert quante == 1


def test_cio_che_il_catalogo_non_dice_e_detto_con_dove_scriverlo() -> None:
    nudo = Titolare(id=1, slug="crema", nome="Ambito di prova", capofila="Crema")
    assert mancanze([nudo]) == [
        "chi pubblica il catalogo (CAPOFILA_DATI_APERTI_EDITORE)",
        "il codice IPA di chi pubblica il catalogo (CAPOFILA_DATI_APERTI_EDITORE_IPA)",
        "Ambito di prova: codice_ipa e contatto_dati di tenants/crema/ambito.yaml",
    ]
    pieno = Titolare(
        id=1, slug="crema", nome="x", capofila="y", codice_ipa="c_prova", contatto_dati="a@b.test"
    )
    assert mancanze([pieno], "Editore", "c_editore") == []
    scritte = set(triple("https://capofila.test", [], "Editore", "c_editore"))
    chi = "https://capofila.test/dati-aperti#editore"
    assert (chi, "dct:identifier", Letterale("c_editore")) in scritte
    assert not [
        t for t in triple("https://capofila.test", [], "Editore") if t[1] == "dct:identifier"
    ]


async def test_il_catalogo_dice_lo_stesso_in_tre_scritture(chiunque: httpx.AsyncClient) -> None:
    await aperta("crema", 2047, licenza="iodl-2.0")
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "UPDATE ambito SET codice_ipa = 'c_prova', contatto_dati = 'dati@prova.test' "
            "WHERE slug = 'crema'"
        )
    grafi = []
    for fine, forma in (("rdf", "xml"), ("ttl", "turtle"), ("jsonld", "json-ld")):
        risposta = await chiunque.get(f"/dati-aperti/catalogo.{fine}")
        assert risposta.status_code == 200
        assert "set-cookie" not in risposta.headers
        grafi.append(rdflib.Graph().parse(data=risposta.content, format=forma))
    primo = set(grafi[0])
    assert primo == set(grafi[1]) == set(grafi[2])
    grafo = grafi[0]
    catalogo = rdflib.URIRef("https://capofila.test/dati-aperti")
    questo = rdflib.URIRef(f"{catalogo}/crema/spesa/2047")
    assert (catalogo, DCAT.dataset, questo) in grafo
    # What DCAT-AP_IT wants of a dataset, of its files, of a licence, of who holds it.
    for chiesto in (
        DCT.title, DCT.description, DCT.identifier, DCT.modified, DCT.accrualPeriodicity,
        DCT.rightsHolder, DCAT.theme, DCAT.distribution, DCAT.contactPoint,
    ):  # fmt: skip
        assert grafo.value(questo, chiesto) is not None, chiesto
    for chiesto in (DCT.title, DCT.description, DCT.modified, DCT.publisher):
        assert grafo.value(catalogo, chiesto) is not None, chiesto
    file = list(grafo.objects(questo, DCAT.distribution))
    assert len(file) == 2
    for uno in file:
        for chiesto in (DCAT.accessURL, DCAT.downloadURL, DCT["format"], DCT.license):
            assert grafo.value(uno, chiesto) is not None, chiesto
        dove = str(grafo.value(uno, DCAT.downloadURL)).removeprefix("https://capofila.test")
        assert (await chiunque.get(dove)).status_code == 200
        licenza = grafo.value(uno, DCT.license)
        assert grafo.value(licenza, DCT.type) is not None
    chi = grafo.value(questo, DCT.rightsHolder)
    assert str(grafo.value(chi, DCT.identifier)) == "c_prova"
    # What is not open is not there.
    assert "2041" not in (await chiunque.get("/dati-aperti/catalogo.ttl")).text


def test_un_testo_qualunque_si_scrive_e_si_rilegge() -> None:
    strani = ['a "b" \\ c', "riga\nnuova\tcon\rtutto", "<&>'…€ 𝄞", "]]>", "{{x}} ${y}"]
    quali: list[Any] = [
        ("https://x.test/a", "dct:title", Letterale(testo, lingua="it")) for testo in strani
    ]
    quali.append(
        ("https://x.test/a?b=1&c=2", "dct:issued", Letterale("2025-01-02", tipo="xsd:date"))
    )
    grafi = [
        set(rdflib.Graph().parse(data=scrivi(quali), format=forma))
        for scrivi, forma in ((turtle, "turtle"), (json_ld, "json-ld"))
    ]
    assert grafi[0] == grafi[1]
    assert {str(o) for _, p, o in grafi[0] if p == DCT.title} == set(strani)
    # XML cannot tell a carriage return from a line end.
    in_xml = set(rdflib.Graph().parse(data=rdf_xml(quali), format="xml"))
    assert len(in_xml) == len(grafi[0])


async def test_cio_che_non_e_cambiato_non_si_scarica_di_nuovo(chiunque: httpx.AsyncClient) -> None:
    await aperta("crema", 2048)
    for dove in (
        f"{API}/crema/spesa/2048/dati.csv", f"{API}/crema/spesa/2048/dati.json", API,
        "/dati-aperti/catalogo.ttl", "/dati-aperti/catalogo.rdf", "/dati-aperti/openapi.json",
    ):  # fmt: skip
        prima = await chiunque.get(dove)
        assert prima.status_code == 200
        assert prima.headers["cache-control"].startswith("public")
        segno = prima.headers["etag"]
        for chiesto in (segno, f"W/{segno}", f'"altro", {segno}'):
            dopo = await chiunque.get(dove, headers={"if-none-match": chiesto})
            assert (dopo.status_code, dopo.content) == (304, b""), dove
            assert dopo.headers["etag"] == segno
        assert (await chiunque.get(dove, headers={"if-none-match": '"altro"'})).status_code == 200
        testa = await chiunque.head(dove)
        assert (testa.status_code, testa.headers["etag"]) == (200, segno), dove
        assert testa.headers["content-type"] == prima.headers["content-type"]
        assert prima.headers["content-type"].count("charset") <= 1
    vecchio = (await chiunque.get(f"{API}/crema/spesa/2048/dati.csv")).headers["etag"]
    catalogo = (await chiunque.get("/dati-aperti/catalogo.ttl")).headers["etag"]
    await aperta("crema", 2048)
    for dove, segno in (
        (f"{API}/crema/spesa/2048/dati.csv", vecchio), ("/dati-aperti/catalogo.ttl", catalogo)
    ):  # fmt: skip
        assert (await chiunque.get(dove, headers={"if-none-match": segno})).status_code == 200, dove


async def test_chi_chiede_troppo_aspetta(
    chiunque: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPOFILA_DATI_APERTI_AL_MINUTO", "3")
    impostazioni.cache_clear()
    if time.time() % INTERVALLO > INTERVALLO - 15:
        import asyncio

        await asyncio.sleep(INTERVALLO - time.time() % INTERVALLO)
    risposte = [await chiunque.get(API) for _ in range(30)]
    assert risposte[-1].status_code == 429
    assert 1 <= int(risposte[-1].headers["retry-after"]) <= INTERVALLO
    assert risposte[-1].headers["content-type"] == "application/problem+json"
    pagina = await chiunque.get("/dati-aperti", headers={"accept": "text/html"})
    assert (pagina.status_code, "retry-after" in pagina.headers) == (429, True)
    # The rest of the platform answers.
    assert (await chiunque.get("/accessibilita")).status_code == 200


async def test_la_descrizione_e_di_questi_indirizzi_soltanto(chiunque: httpx.AsyncClient) -> None:
    descritta = (await chiunque.get("/dati-aperti/openapi.json")).json()
    assert descritta["openapi"].startswith("3.")
    assert all(dove.startswith("/dati-aperti/") for dove in descritta["paths"])
    assert "/dati-aperti/api/insiemi/{slug}/{dataset}/{anno}/dati.csv" in descritta["paths"]
    uno = descritta["paths"]["/dati-aperti/api/insiemi/{slug}/{dataset}/{anno}/dati.json"]["get"]
    assert {"200", "404", "410", "429"} <= set(uno["responses"])
    assert {m for p in descritta["paths"].values() for m in p} == {"get"}
    # What goes wrong is described as it is answered.
    for dove, come in descritta["paths"].items():
        for stato, risposta in come["get"]["responses"].items():
            if int(stato) >= 400:
                assert list(risposta["content"]) == ["application/problem+json"], (dove, stato)


@pytest.mark.parametrize(
    "query",
    [
        "dataset=x",
        "anno=venti",
        "anno=٢٠٢٠",
        "pagina=-1",
        "pagina=x",
        "ambito=nessuno",
        "ambito=%00",
        f"pagina={'9' * 5000}",
    ],
)
async def test_un_filtro_che_non_si_legge_non_rompe_nulla(
    chiunque: httpx.AsyncClient, query: str
) -> None:
    for dove in (API, "/dati-aperti"):
        assert (await chiunque.get(f"{dove}?{query}")).status_code in {200, 400}


async def test_una_pagina_oltre_la_fine_non_dice_che_non_c_e_nulla(
    chiunque: httpx.AsyncClient,
) -> None:
    await aperta("crema", 2049)
    pagina = await chiunque.get("/dati-aperti?anno=2049&pagina=99", headers={"accept": "text/html"})
    assert "Questa pagina dell’elenco non c’è" in pagina.text
    assert 'href="/dati-aperti?anno=2049"' in pagina.text
    assert "Nessun" not in pagina.text


async def test_l_api_dice_come_si_scrive_un_filtro(chiunque: httpx.AsyncClient) -> None:
    for query in ("anno=venti", "pagina=x"):
        detto = (await chiunque.get(f"{API}?{query}")).json()["detail"]
        assert "anno è di quattro cifre" in detto, query
        assert "/dati-aperti/openapi.json" in detto, query
