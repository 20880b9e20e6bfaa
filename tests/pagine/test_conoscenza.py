"""The sistema di conoscenza in a real browser: figures come in, are read and are said. Years of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.conoscenza.casi import csv_di, porta
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import contesto

from capofila.base.database import unita_di_lavoro
from capofila.conoscenza import consegne

pytestmark = pytest.mark.browser
ANNO = 2011
"""The year of the published population: a figure has its rate."""


@pytest.fixture(scope="module")
def con_le_cifre(piattaforma: Piattaforma) -> Piattaforma:
    """Two years of figures of Cremona, of its comuni and of its province; of two comuni of Crema."""

    async def scrivi() -> None:
        comuni = [istat for _, istat in piattaforma.comuni["cremona"]]
        righe = []
        for anno in (2010, ANNO):
            righe += [
                f"VUL-B-21;{anno};{istat};{n % 7 + anno - 2009};Anagrafe"
                for n, istat in enumerate(comuni)
            ]
            righe += [f"FAM-B-01;{anno};{istat};{90 + n};" for n, istat in enumerate(comuni[:-2])]
            righe += [
                f"VUL-B-08a;{anno};provincia;6100,50;Osservatorio", f"VUL-B-08b;{anno};provincia;20000;",
                f"VUL-D-01;{anno};;{500 + anno - 2009};ALER", f"VUL-O-02;{anno};ambito;30;ALER",
                f"NAD-B-04;{anno};;1250;", f"FAM-B-05a;{anno};;250;", f"FAM-B-05b;{anno};;1000;",
            ]  # fmt: skip
        esito = await porta(*righe, slug="cremona")
        assert not esito.errori_totali, esito.errori[:3]
        for anno in (2009, 2010):
            await porta(
                f"VUL-B-21;{anno};Crema;77;",
                f"VUL-B-21;{anno};Pandino;5;",
                f"VUL-B-23;{anno};Pandino;8;",
            )
        async with unita_di_lavoro(await contesto("crema")):
            await consegne.incarica("VUL-B-22", "Comuni", "semestrale")

    piattaforma.esegui(scrivi)
    return piattaforma


GRUPPI = (
    {
        "ingresso": f"?anno={ANNO}",
        "indicatore": f"/indicatori/VUL-B-21?anno={ANNO}",
        "rapporto": f"/indicatori/FAM-B-05?anno={ANNO}",
        "provincia": f"/indicatori/VUL-B-08?anno={ANNO}",
        "importa": "/importa",
    },
    {
        "catalogo": "/catalogo?focus=vulnerabilita&tema=Casa",
        "catalogo-vuoto": "/catalogo?cerca=nessuno",
        "focus": f"/focus/vulnerabilita?anno={ANNO}",
        "tema": f"/focus/vulnerabilita?tema=Casa&anno={ANNO}",
        "panorama": f"/panorama/famiglie?anno={ANNO}",
    },
    {
        "profili": f"/profili?anno={ANNO}",
        "profilo-ambito": f"/profili/ambito?anno={ANNO}",
        "profilo-comune": f"/profili/019036?anno={ANNO}",
        "profilo-vuoto": "/profili/ambito?anno=2004",
        "consegne": f"/consegne?anno={ANNO}",
    },
)


@pytest.mark.parametrize("gruppo", GRUPPI, ids=["figure", "temi", "profili"])
def test_le_pagine_sono_accessibili(
    visita: Visita, con_le_cifre: Piattaforma, gruppo: dict[str, str]
) -> None:
    pagina = visita.entra("vera.cremo", "/cremona/territorio")
    for nome, dove in gruppo.items():
        pagina.goto(f"{con_le_cifre.indirizzo}/cremona/conoscenza{dove}")
        expect(pagina.locator("h1")).not_to_contain_text("Errore")
        visita.scatta(pagina, f"conoscenza-{nome}")


def test_bisogni_domanda_e_offerta_di_un_tema_stanno_fianco_a_fianco(
    visita: Visita, con_le_cifre: Piattaforma
) -> None:
    pagina = visita.entra(
        "vera.cremo", f"/cremona/conoscenza/focus/vulnerabilita?anno={ANNO}&tema=Casa"
    )
    for titolo in ("Bisogni", "Domanda", "Offerta"):
        expect(pagina.get_by_role("heading", name=titolo, exact=True)).to_be_visible()
    domanda = pagina.get_by_role("region", name="Domanda", exact=True)
    expect(domanda).to_contain_text("502 domande")
    expect(domanda).to_contain_text("+1 sul 2010")
    # A provincial figure says so, and a ratio is divided.
    bisogni = pagina.get_by_role("region", name="Bisogni", exact=True)
    expect(bisogni).to_contain_text("30,5% (provincia)")
    # The chart has its table.
    expect(pagina.locator("#tempo-domanda svg.grafico")).to_have_count(1)
    expect(pagina.locator("#tabella-domanda tbody tr")).to_have_count(1)


def test_un_profilo_mette_le_cifre_accanto_a_quelle_dell_ambito(
    visita: Visita, con_le_cifre: Piattaforma
) -> None:
    pagina = visita.entra("vera.cremo", f"/cremona/conoscenza/profili/019036?anno={ANNO}")
    riga = pagina.locator("#focus-vulnerabilita tbody tr").filter(has_text="Senza fissa dimora")
    expect(riga).to_contain_text("ogni 1.000")
    pagina.goto(f"{con_le_cifre.indirizzo}/cremona/conoscenza/profili/ambito?anno={ANNO}")
    mezza = pagina.locator("#focus-famiglie tbody tr").filter(has_text="Famiglie con minori")
    expect(mezza).to_contain_text(re.compile(r"mancano 2 comuni su \d+"))


def test_un_foglio_si_controlla_si_importa_e_si_annulla(visita: Visita, tmp_path: Path) -> None:
    anno = 2005 if visita.larghezza > 1000 else 2006
    pagina = visita.entra("rita.resp", "/crema/conoscenza/importa")
    file = tmp_path / f"cifre-{anno}.csv"
    file.write_bytes(csv_di("VUL-B-21;20;;4;", "NIENTE;2005;;x;"))
    pagina.get_by_label("Foglio delle cifre").set_input_files(file)
    pagina.get_by_role("button", name="Leggi il foglio").click()
    expect(pagina.locator("#tabella-errori tbody tr")).to_have_count(3)
    visita.scatta(pagina, "conoscenza-errori")
    with pagina.expect_download() as scaricato:
        pagina.get_by_role("button", name="Scarica gli errori (CSV)").click()
    assert "indicatore_ignoto" in scaricato.value.path().read_text("utf-8-sig")
    pagina.get_by_role("link", name="Scegli un altro foglio").click()
    file.write_bytes(csv_di(f"VUL-B-21;{anno};;4;=Stima", f"VUL-B-21;{anno};Pandino;1;"))
    pagina.get_by_label("Foglio delle cifre").set_input_files(file)
    pagina.get_by_role("button", name="Leggi il foglio").click()
    visita.scatta(pagina, "conoscenza-anteprima")
    pagina.get_by_role("button", name="Importa 2 cifre").click()
    expect(pagina.get_by_text("Cifre importate: 2.")).to_be_visible()
    pagina.get_by_role("link", name=f"Annulla cifre-{anno}.csv").click()
    visita.scatta(pagina, "conoscenza-annulla")
    pagina.get_by_role("button", name="Annulla l’importazione").click()
    expect(pagina.get_by_text("le cifre di prima sono tornate")).to_be_visible()


def test_si_scrive_una_cifra_il_sentito_e_chi_la_da(visita: Visita) -> None:
    anno = 2007 if visita.larghezza > 1000 else 2008
    pagina = visita.entra("rita.resp", f"/crema/conoscenza/indicatori/VUL-B-21?anno={anno}")
    pagina.get_by_label("Cifra, persone").fill("1.234")
    pagina.get_by_role("button", name="Salva la cifra").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("due modi")
    visita.scatta(pagina, "conoscenza-cifra-storta")
    pagina.get_by_label("Cifra, persone").fill("1234")
    pagina.get_by_role("button", name="Salva la cifra").click()
    expect(pagina.locator("#tabella-anni tbody tr").first).to_contain_text("1.234")
    pagina.get_by_text("Scrivi: Il sentito").click()
    pagina.locator("#campo-sentito").fill("Arrivano la sera,\nnon di giorno.")
    pagina.locator("#sentito").get_by_role("button", name="Salva").click()
    expect(pagina.locator("#sentito")).to_contain_text("Rita Responsabile")
    pagina.get_by_text("Chi lo dà in questo ambito").click()
    pagina.get_by_label("Ente", exact=True).fill("Caritas")
    pagina.get_by_role("button", name="Salva chi lo dà").click()
    pagina.goto(pagina.url.split("/conoscenza")[0] + f"/conoscenza/consegne?anno={anno}")
    pagina.get_by_role("textbox", name="Caritas", exact=True).fill("non un indirizzo")
    pagina.locator("#promemoria form").first.evaluate("f => f.noValidate = true")
    pagina.get_by_role("button", name="Salva i recapiti").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Caritas")
    visita.scatta(pagina, "conoscenza-recapito-storto")


def test_il_tema_dell_anno_e_il_panorama_hanno_versioni(visita: Visita) -> None:
    anno = 2001 if visita.larghezza > 1000 else 2002
    pagina = visita.entra("rita.resp", f"/crema/conoscenza?anno={anno}")
    for testo in ("La casa.", "La casa e il lavoro."):
        pagina.locator("#tema summary").last.click()
        pagina.get_by_label("Focus").last.select_option("vulnerabilita")
        pagina.get_by_label("Che cosa si fa quest’anno").fill(testo)
        pagina.get_by_role("button", name="Salva il tema").click()
    expect(pagina.locator("#tema")).to_contain_text("versione 2")
    visita.scatta(pagina, "conoscenza-con-tema")
    indirizzo = pagina.url.split("/conoscenza")[0]
    pagina.goto(f"{indirizzo}/conoscenza/panorama/vulnerabilita?anno={anno}")
    pagina.get_by_label("Panorama di sintesi").fill("Gli sfratti crescono.")
    pagina.get_by_role("button", name="Salva il panorama").click()
    visita.scatta(pagina, "conoscenza-con-panorama")
    pagina.goto(f"{indirizzo}/conoscenza/focus/vulnerabilita?anno={anno}")
    expect(pagina.locator("#panorama")).to_contain_text("Gli sfratti crescono.")


def test_chi_lavora_per_un_comune_legge_il_suo_profilo_e_scrive_la_cifra_che_da(
    visita: Visita, con_le_cifre: Piattaforma
) -> None:
    anno = 2009 if visita.larghezza > 1000 else 2010
    pagina = visita.entra("pia.pandino", f"/crema/conoscenza?anno={anno}")
    expect(pagina.locator("h1")).to_have_text("Profilo: Pandino")
    expect(pagina.locator("#da-dare")).to_contain_text("1° semestre, 2° semestre")
    visita.scatta(pagina, "conoscenza-del-comune")
    with pagina.expect_download() as scaricato:
        pagina.get_by_role("link", name="CSV").click()
    testo = scaricato.value.path().read_text("utf-8-sig")
    assert "VUL-B-23" in testo
    assert "77" not in testo
    pagina.locator("#da-dare tr").filter(has_text="semestre").get_by_role("link").click()
    pagina.get_by_label("Periodo", exact=True).select_option("S2")
    pagina.get_by_label(re.compile("^Cifra")).fill("12")
    pagina.get_by_role("button", name="Salva la cifra").click()
    expect(pagina.locator("#tabella-anni")).to_contain_text(f"2° semestre {anno}")
    visita.scatta(pagina, "conoscenza-cifra-del-comune")
    pagina.goto(f"{con_le_cifre.indirizzo}/crema/conoscenza/indicatori/VUL-B-21?anno={anno}")
    expect(pagina.locator("#tabella-anni")).not_to_contain_text("77")
    expect(pagina.get_by_role("button", name="Salva la cifra")).to_have_count(0)
    for vietata in ("profili/019035", "consegne", "importa", "panorama/famiglie"):
        risposta = pagina.goto(f"{con_le_cifre.indirizzo}/crema/conoscenza/{vietata}")
        assert risposta is not None
        assert risposta.status == 403, vietata
