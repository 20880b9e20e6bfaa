"""The sistema di conoscenza in a real browser: figures come in, are read and are said. Years of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.confronto.casi import ats, conviene, pubblica
from tests.conoscenza.casi import csv_di, porta
from tests.pagine.conftest import PAROLA, Piattaforma, Visita
from tests.prestazioni.casi import contesto

from capofila.accessi.service import aggiungi_utente
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.conoscenza import consegne, service, valori

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
                f"VUL-B-21;{anno};019035;77;",
                f"VUL-B-21;{anno};Pandino;5;",
                f"VUL-B-23;{anno};Pandino;8;",
            )
        async with unita_di_lavoro(await contesto("crema")):
            await consegne.incarica("VUL-B-22", "Comuni", "semestrale")
            await consegne.incarica("VUL-B-24", "Comuni")
        async with unita_di_lavoro(await contesto("cremona")):
            await consegne.incarica("VUL-D-14", "ALER", "trimestrale")
            await consegne.incarica("VUL-D-15", "", "mensile")
        # A quarter is missing in the middle; of the last year nothing came after June.
        righe = [
            f"VUL-D-14;{anno};T{n};{dove};{valore + n * 7 + anno - 2009};ALER di prova"
            for anno in (2009, 2010, ANNO)
            for n in (1, 2, 3, 4)
            for dove, valore in (("ambito", 40), ("provincia", 90))
            if (anno, n) not in ((2010, 2), (ANNO, 3), (ANNO, 4))
        ] + [
            f"VUL-D-15;{anno};{n};;{n * 3 + anno - 2000};"
            for anno in range(2006, ANNO + 1) for n in range(1, 13) if n != 8
        ]  # fmt: skip
        async with unita_di_lavoro(await contesto("cremona")):
            esito = await service.importa(
                "periodi.csv", csv_di(*righe, colonne="codice;anno;periodo;territorio;valore;fonte")
            )
        assert not esito.errori_totali, esito.errori[:3]

    piattaforma.esegui(scrivi)
    return piattaforma


RILASCIO = 2003
"""The year of which an indicator was released before its frequency changed."""


@pytest.fixture(scope="module")
def con_un_rilascio(con_le_cifre: Piattaforma) -> dict[str, int]:
    """Cremona released a year of two indicators; one is now given by half-years. An agency of its own."""
    fatti: dict[str, int] = {}

    async def rilascia() -> None:
        await ats("conoscenza")
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await aggiungi_utente(
                "nina.ats", "Nina Analista", PAROLA, "analista_ats", None, None, ats="conoscenza"
            )
        await porta(
            f"VUL-D-07;{RILASCIO};;400;", f"VUL-D-08;{RILASCIO};;70;", f"VUL-D-09;{RILASCIO};;2;",
            slug="cremona",
        )  # fmt: skip
        fatti["convenzione"] = await conviene(
            "cremona", "conoscenza", dataset=("indicatori",), dal="2020-01-01"
        )
        fatti["prima"] = await pubblica("cremona", RILASCIO, fatti["convenzione"], "indicatori")
        async with unita_di_lavoro(await contesto("cremona")):
            await valori.togli_uno("VUL-D-07", RILASCIO, "", "ambito")
            await consegne.incarica("VUL-D-07", "", "semestrale")
            await service.importa(
                "semestri.csv",
                csv_di(
                    f"VUL-D-07;{RILASCIO};S1;180", f"VUL-D-07;{RILASCIO};S2;220",
                    colonne="codice;anno;periodo;valore",
                ),
            )  # fmt: skip
        fatti["poi"] = await pubblica("cremona", RILASCIO, fatti["convenzione"], "indicatori")

    con_le_cifre.esegui(rilascia)
    return fatti


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


def test_un_indicatore_per_trimestre_o_per_mese_ha_il_suo_grafico(
    visita: Visita, con_le_cifre: Piattaforma
) -> None:
    pagina = visita.entra("vera.cremo", f"/cremona/conoscenza/indicatori/VUL-D-14?anno={ANNO}")
    grafico = pagina.locator("#anni svg.grafico")
    expect(grafico.locator("polyline.linea-1")).to_have_count(2)
    expect(grafico.locator("circle.punto-1")).to_have_count(9)
    expect(grafico).to_contain_text("3° trimestre 2010: 62")
    expect(grafico.locator("text", has_text="T3")).to_have_count(3)
    expect(pagina.locator("#anni .figura-fonte")).to_contain_text(
        re.compile(r"Fonte: ALER di prova\. Ultima cifra scritta il \d+ \w+ \d{4}\.")
    )
    # The table has what the chart has: the hole too, and nothing before the first figure.
    righe = pagina.locator("#tabella-anni tbody tr")
    expect(righe).to_have_count(12)
    expect(righe.filter(has_text="2° trimestre 2010")).to_contain_text("nessuna cifra")
    visita.scatta(pagina, "conoscenza-trimestri")
    pagina.goto(f"{con_le_cifre.indirizzo}/cremona/conoscenza/indicatori/VUL-D-15?anno={ANNO}")
    expect(pagina.locator("#anni circle.punto-1")).to_have_count(66)
    expect(pagina.locator("#anni polyline.linea-1")).to_have_count(7)
    expect(pagina.locator("#anni .figura-fonte")).to_contain_text("non indicata")
    # Seventy-two rows are folded.
    expect(pagina.locator("#tabella-anni")).to_be_hidden()
    pagina.get_by_text("Le cifre di 72 periodi").click()
    expect(pagina.locator("#tabella-anni tbody tr").first).to_contain_text("Dicembre 2011")
    pagina.get_by_text("Le cifre di 72 periodi").click()
    visita.scatta(pagina, "conoscenza-mesi")


def test_chi_cambia_frequenza_dopo_un_rilascio_sa_perche_non_esce_e_chi_legge_trova_una_parola_vera(
    visita: Visita, con_le_cifre: Piattaforma, con_un_rilascio: dict[str, int]
) -> None:
    dove = f"/cremona/pubblicazioni/anteprima?dataset=indicatori&anno_dati={RILASCIO}"
    pagina = visita.entra("vera.cremo", f"{dove}&convenzione={con_un_rilascio['convenzione']}")
    perche = pagina.locator("#non-pubblicabili")
    frase = "il dato semestrale (1° semestre, 2° semestre) non è pubblicabile, perché del 2003 è già uscito"
    expect(perche).to_contain_text(f"{frase} il dato annuale")
    expect(perche).to_contain_text("rimettere la frequenza di prima")
    # One small cell is hidden for what it says; the others for what went out.
    expect(pagina.locator("dl").first).to_contain_text("Celle soppresse1")
    expect(pagina.locator("#tavola-valore").get_by_text("non pubblicabile")).to_have_count(2)
    visita.scatta(pagina, "pubblicazioni-frequenza-anteprima")
    perche.get_by_role("link").click()
    pagina.get_by_text("Chi lo dà in questo ambito").click()
    expect(pagina.get_by_label("Ogni quanto")).to_have_value("semestrale")
    expect(pagina.get_by_text("Di un anno già pubblicato")).to_be_visible()
    pagina.goto(f"{con_le_cifre.indirizzo}/cremona/pubblicazioni/{con_un_rilascio['poi']}")
    expect(pagina.locator("#non-pubblicabili")).to_contain_text(frase)
    visita.scatta(pagina, "pubblicazioni-frequenza-uscita")
    pagina.get_by_role("link", name="Apri a tutti").click()
    pagina.get_by_role("link", name="ecco perché").click()
    expect(pagina.locator("#non-pubblicabili")).to_be_visible()
    pagina.goto(f"{con_le_cifre.indirizzo}/cremona/pubblicazioni/{con_un_rilascio['prima']}")
    expect(pagina.locator("#non-pubblicabili")).to_have_count(0)
    letto = con_le_cifre.entra(
        visita.nuova(), "nina.ats",
        f"/ats/conoscenza/confronto?dataset=indicatori&anno={RILASCIO}&voce=VUL-D-07%40S1",
    )  # fmt: skip
    expect(letto.locator("#tabella-ambiti")).to_contain_text("Soppressa")
    expect(letto.locator("#tabella-ambiti")).not_to_contain_text("poche persone")
    visita.scatta(letto, "ats-frequenza")


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
    for vietata in ("profili/019035", "consegne", "panorama/famiglie"):
        risposta = pagina.goto(f"{con_le_cifre.indirizzo}/crema/conoscenza/{vietata}")
        assert risposta is not None
        assert risposta.status == 403, vietata


def test_chi_lavora_per_un_comune_importa_il_foglio_delle_sue_cifre_e_lo_annulla(
    visita: Visita, con_le_cifre: Piattaforma, tmp_path: Path
) -> None:
    anno = 1998 if visita.larghezza > 1000 else 1999
    pagina = visita.entra("pia.pandino", f"/crema/conoscenza/profili/019067?anno={anno}")
    pagina.get_by_role("link", name="Importa da un foglio").click()
    expect(pagina.locator("#modello")).to_contain_text("indicatori che dà Pandino")
    expect(pagina.locator("#nuovo-file")).to_contain_text("un altro comune")
    visita.scatta(pagina, "conoscenza-importa-del-comune")
    with pagina.expect_download() as scaricato:
        pagina.get_by_role("link", name=f"Foglio del {anno}, CSV").click()
    testo = scaricato.value.path().read_text("utf-8-sig")
    righe = testo.splitlines()
    assert {r.split(";")[0] for r in righe[1:]} >= {"VUL-B-22", "VUL-B-24"}
    assert {r.split(";")[4] for r in righe[1:]} == {"Pandino"}
    # Not what others give.
    assert "VUL-B-23" not in testo

    def carica(nome: str, contenuto: bytes) -> None:
        file = tmp_path / nome
        file.write_bytes(contenuto)
        pagina.get_by_label("Foglio delle cifre").set_input_files(file)
        pagina.get_by_role("button", name="Leggi il foglio").click()

    carica("cifre.txt", b"\x00\x01")
    expect(pagina.locator("#riepilogo-errori")).to_be_visible()
    colonne = "codice;anno;periodo;territorio;valore"
    carica(
        "storto.csv",
        csv_di(
            f"VUL-B-24;{anno};;Crema;9", f"VUL-B-22;{anno};T1;Pandino;9", f"VUL-B-23;{anno};;Pandino;9",
            colonne=colonne,
        ),
    )  # fmt: skip
    errori = pagina.locator("#tabella-errori tbody tr")
    expect(errori).to_have_count(3)
    expect(errori.nth(0)).to_contain_text(
        "Non è il comune per cui lavori: scrivere Pandino, o togliere la riga"
    )
    expect(errori.nth(1)).to_contain_text("scrivere S1 o S2")
    expect(errori.nth(2)).to_contain_text("Ufficio di Piano")
    visita.scatta(pagina, "conoscenza-errori-del-comune")
    pagina.get_by_role("link", name="Scegli un altro foglio").click()
    # The sheet as it was downloaded, filled in where it is asked.
    pieno = [righe[0]]
    for riga in righe[1:]:
        celle = riga.split(";")
        pieno.append(";".join([*celle[:5], celle[5] or "3", celle[6]]))
    carica(f"pandino-{anno}.csv", "\r\n".join(pieno).encode())
    expect(pagina.locator("#prime")).to_contain_text("Pandino")
    visita.scatta(pagina, "conoscenza-anteprima-del-comune")
    pagina.get_by_role("button", name=re.compile("^Importa ")).click()
    expect(pagina.get_by_text(f"Cifre importate: {len(pieno) - 1}.")).to_be_visible()
    visita.scatta(pagina, "conoscenza-fogli-del-comune")
    pagina.get_by_role("link", name=f"Annulla pandino-{anno}.csv").click()
    pagina.get_by_role("button", name="Annulla l’importazione").click()
    expect(pagina.get_by_text("le cifre di prima sono tornate")).to_be_visible()
    expect(pagina.locator("#lotti tbody tr").first).to_contain_text("Annullato")
    # The Ufficio di Piano sees that sheet too.
    ufficio = con_le_cifre.entra(
        visita.nuova(), "rita.resp", f"/crema/conoscenza/importa?anno={anno}"
    )
    expect(ufficio.locator("#lotti")).to_contain_text(f"pandino-{anno}.csv (da Pandino)")
    visita.scatta(ufficio, "conoscenza-importa-con-modello")
