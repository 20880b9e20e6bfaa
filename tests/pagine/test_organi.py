"""Bodies and Accordo in a real browser: seats, appointments with their refusals, adhesions, changes.

The days are of 2016, which no other page asks for; each width has a sub-ambito and a sector of its own.
"""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from tests.governo.adunanze import prepara
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import TENANTS, contesto

from capofila.base.database import unita_di_lavoro
from capofila.governo import accordo, condivise, sedute
from capofila.governo.sedute import Proposta

pytestmark = pytest.mark.browser

GIORNO = "20/03/2016"
DI_CHI = {
    1280: ("1", "Pandino", "cooperazione-sociale", "Ida Larga", "Agnadello"),
    390: ("2", "Sergnano", "volontariato", "Ivo Stretto", "Camisano"),
}


@pytest.fixture(scope="module", autouse=True)
def registrati(piattaforma: Piattaforma) -> None:
    """The Accordi that the folder of Crema declares, and a meeting of the Cabina for each width."""

    async def applica() -> None:
        async with unita_di_lavoro(await contesto("crema")):
            await accordo.applica_accordi(TENANTS / "crema")
            for larghezza in DI_CHI:
                id_, _ = await prepara(
                    Proposta(
                        materia="integrazione-sociosanitaria", oggetto=f"Linee {larghezza}",
                        testo="Testo.",
                    ),
                    organo="cabina-di-regia", giorno=date(2016, 4, 2), luogo=f"Sala {larghezza}",
                )  # fmt: skip
                await sedute.aggiungi_documento(id_, None, "relazione.txt", b"Relazione inventata")
                await condivise.aggiorna(id_)

    piattaforma.esegui(applica)


def riempi(pagina: Page, **valori: str) -> None:
    for nome, valore in valori.items():
        campo = pagina.locator(f"#campo-{nome}")
        if campo.evaluate("e => e.tagName") == "SELECT":
            campo.select_option(valore)
        else:
            campo.fill(valore)


def premi(pagina: Page, nome: str) -> None:
    pagina.get_by_role("button", name=nome, exact=True).click()


def test_si_nomina_si_rifiuta_con_l_articolo_e_si_chiude(visita: Visita) -> None:
    gruppo, referente, _, chi, altro = DI_CHI[visita.larghezza]
    qui = f"/crema/organi/comitato-ristretto?giorno={GIORNO}"
    pagina = visita.entra("olga.oper", f"/crema/organi?giorno={GIORNO}")
    expect(pagina.locator("#organo-ufficio-di-piano")).to_contain_text("Vacante: ")
    visita.scatta(pagina, "organi-elenco")
    pagina.get_by_role("link", name=re.compile("Comitato Ristretto dell'Assemblea")).click()
    expect(pagina.locator("#tabella-seggi tbody tr")).to_have_count(12)
    visita.scatta(pagina, "organo")
    pagina.get_by_role(
        "link", name=re.compile(f"Registra chi lo tiene.*Sub-ambito {gruppo}$")
    ).first.click()
    expect(pagina.locator("main")).to_contain_text(f"Sub-ambito {gruppo}")
    riempi(pagina, persona=chi, dal="01/06/2015", data="20/05/2015", designato_da="Un comune")
    pagina.locator("#campo-istat").select_option(label=referente)
    pagina.locator("#campo-carica").select_option("sindaco")
    premi(pagina, "Registra la nomina")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Nomina «Assemblea dei Sindaci»")
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("art. 7")
    visita.scatta(pagina, "nomina-rifiutata")
    riempi(pagina, designato_da="Assemblea dei Sindaci")
    premi(pagina, "Registra la nomina")
    pagina.wait_for_url(re.compile("comitato-ristretto"))
    riga = pagina.locator("#tabella-seggi tbody tr", has_text=chi)
    expect(riga).to_contain_text("In carica")
    expect(riga).to_contain_text("Assemblea dei Sindaci, atto del 20/05/2015")
    # A second one, who then ends.
    pagina.goto(
        visita.piattaforma.indirizzo
        + f"/crema/organi/comitato-ristretto/nomina?seggio=componente/{gruppo}&giorno={GIORNO}"
    )
    riempi(pagina, persona=f"{chi} Due", dal="01/06/2015", data="20/05/2015")
    pagina.locator("#campo-istat").select_option(label=altro)
    pagina.locator("#campo-carica").select_option("consigliere comunale")
    premi(pagina, "Registra la nomina")
    pagina.goto(visita.piattaforma.indirizzo + qui)
    pagina.get_by_role("link", name=f"{chi} Due").first.click()
    premi(pagina, "Registra la fine")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "incarico")
    riempi(pagina, al="31/12/2015", cessazione="Dimissioni, prot. 12")
    premi(pagina, "Registra la fine")
    pagina.goto(visita.piattaforma.indirizzo + qui)
    expect(pagina.locator("#seggi")).to_contain_text("Vacante dal 01/01/2016.")


def test_l_accordo_si_legge_vi_si_aderisce_e_lo_si_modifica(visita: Visita) -> None:
    _, _, settore, chi, altro = DI_CHI[visita.larghezza]
    qui = f"/crema/accordo?giorno={GIORNO}"
    pagina = visita.entra("olga.oper", qui)
    expect(pagina.locator("#accordo")).to_contain_text("36 mesi")
    expect(pagina.locator("#firmatari")).to_contain_text("50 enti, di cui 48 comuni.")
    expect(pagina.locator("#sub-ambiti")).to_contain_text("Referente: Pandino.")
    visita.scatta(pagina, "accordo")
    pagina.get_by_role("link", name="Registra un’adesione").click()
    premi(pagina, "Registra l’adesione")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "adesione-errori")
    riempi(
        pagina, ente=f"Associazione {chi}", settore=settore, dal="15/05/2015", organo="Consiglio",
        numero="3", data="10/05/2015",
    )  # fmt: skip
    premi(pagina, "Registra l’adesione")
    pagina.wait_for_url(re.compile(r"/accordo/\d+$"))
    pagina.goto(visita.piattaforma.indirizzo + qui)
    expect(pagina.locator("#adesioni")).to_contain_text(f"Associazione {chi}")
    # What it designates sits after the Tavolo has ratified it.
    pagina.goto(
        f"{visita.piattaforma.indirizzo}/crema/organi/ufficio-di-piano/nomina?seggio={settore}&giorno={GIORNO}"
    )
    pagina.locator("#campo-adesione_id").select_option(index=1)
    riempi(pagina, persona=chi, dal="01/06/2015", data="20/05/2015")
    visita.scatta(pagina, "nomina-aderenti")
    premi(pagina, "Registra la nomina")
    riga = pagina.locator("#tabella-seggi tbody tr", has_text=chi)
    expect(riga).to_contain_text("Da ratificare")
    riga.get_by_role("link", name=chi).click()
    riempi(pagina, ratificato_il="01/07/2015", ratifica="Verbale n. 2")
    premi(pagina, "Registra la ratifica")
    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/organi/ufficio-di-piano?giorno={GIORNO}")
    expect(pagina.locator("#tabella-seggi tbody tr", has_text=chi)).to_contain_text("In carica")
    visita.scatta(pagina, "ufficio")
    # A union takes over one function of a comune.
    pagina.goto(visita.piattaforma.indirizzo + qui)
    pagina.get_by_role("link", name="Registra una modifica").click()
    riempi(
        pagina, specie="subentro", descrizione=f"Tutela di {altro}", dal="01/01/2016",
        ente="Unione dei Prati", organo="Consiglio comunale", data="01/12/2015",
    )  # fmt: skip
    pagina.locator("#campo-istat").select_option(label=altro)
    premi(pagina, "Registra la modifica")
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("in quali funzioni")
    visita.scatta(pagina, "modifica-errori")
    riempi(pagina, funzioni="tutela minori, SAD")
    premi(pagina, "Registra la modifica")
    pagina.goto(visita.piattaforma.indirizzo + qui)
    expect(pagina.locator("#funzioni")).to_contain_text(f"Unione dei Prati per {altro}: SAD")
    visita.scatta(pagina, "accordo-pieno")


def test_la_cabina_si_pubblica_e_l_altro_ambito_la_legge(visita: Visita) -> None:
    chi = DI_CHI[visita.larghezza][3]
    # A day for each width: the other ambito sees one more each time.
    giorno = f"{visita.larghezza % 28 + 1:02d}/04/2016"
    nomina = f"/crema/organi/cabina-di-regia/nomina?seggio=istituzionale&giorno={giorno}"
    pagina = visita.entra("olga.oper", nomina)
    riempi(pagina, persona=chi, dal="01/06/2015", data="20/05/2015", designato_da="ASL")
    premi(pagina, "Registra la nomina")
    pagina.goto(f"{visita.piattaforma.indirizzo}/crema/organi/cabina-di-regia?giorno={giorno}")
    pagina.get_by_role("button", name=re.compile("^Pubblica la composizione")).click()
    expect(pagina.locator("#pubblicate")).to_contain_text("Ambito distrettuale Cremonese")
    visita.scatta(pagina, "cabina")
    altra = visita.entra("vera.cremo", "/cremona/organi")
    altra.locator("#ricevute").get_by_role("link", name=f"Composizione al {giorno}").click()
    expect(altra.locator("#seggi")).to_contain_text(chi)
    expect(altra.get_by_role("button", name="Ritira")).to_have_count(0)
    visita.scatta(altra, "cabina-letta")


def test_una_seduta_della_cabina_si_legge_dall_altro_ambito_e_dall_agenzia(visita: Visita) -> None:
    dove = f"Sala {visita.larghezza}"
    pagina = visita.entra("olga.oper", "/crema/sedute?organo=cabina-di-regia")
    pagina.locator("#sedute").get_by_role("row").filter(has_text=dove).get_by_role("link").click()
    expect(pagina.locator("#condivisa")).to_contain_text("Ambito distrettuale Cremonese")
    visita.scatta(pagina, "seduta-condivisa-da-chi-la-tiene")
    altra = visita.entra("vera.cremo", "/cremona/sedute")
    expect(altra.locator("#condivise")).to_contain_text("Seduta del 02/04/2016")
    visita.scatta(altra, "sedute-con-condivise")
    altra.goto(pagina.url.replace("/crema/sedute/", "/cremona/sedute/condivise/"))
    expect(altra.locator("#quando")).to_contain_text(dove)
    expect(altra.locator("#ordine")).to_contain_text(f"Linee {visita.larghezza}")
    expect(altra.get_by_role("button", name=re.compile("Apri|Pubblica"))).to_have_count(0)
    with altra.expect_download() as scaricato:
        altra.get_by_role("link", name="relazione.txt").click()
    assert scaricato.value.path().read_bytes() == b"Relazione inventata"
    visita.scatta(altra, "seduta-condivisa")


def test_chi_lavora_per_un_comune_legge_e_non_scrive(visita: Visita) -> None:
    pagina = visita.entra(
        "pia.pandino",
        f"/crema/organi/assemblea-dei-sindaci?giorno={GIORNO}",
    )
    expect(pagina.locator(".seggi-fitti > li")).to_have_count(48)
    # The whole of the seats is some screens of a phone, not fifteen.
    assert pagina.locator("#seggi").evaluate("e => e.scrollHeight") < 3200
    expect(pagina.locator("#regole")).to_contain_text("711")
    expect(pagina.locator("#materie")).to_contain_text(
        "Il confronto con le Organizzazioni Sindacali"
    )
    expect(pagina.get_by_role("link", name=re.compile("Registra"))).to_have_count(0)
    visita.scatta(pagina, "assemblea-letta")
    pagina.get_by_label("Cerca un seggio").fill("crédera")
    premi(pagina, "Mostra")
    expect(pagina.locator(".seggi-fitti > li")).to_have_count(1)
    expect(pagina.locator("#seggi")).to_contain_text("1 seggio su 48")
    visita.scatta(pagina, "assemblea-cercata")
    risposta = pagina.goto(
        visita.piattaforma.indirizzo
        + "/crema/organi/assemblea-dei-sindaci/nomina?seggio=sindaco/019067"
    )
    assert risposta is not None
    assert risposta.status == 403
    pagina.goto(visita.piattaforma.indirizzo + f"/crema/accordo?giorno={GIORNO}")
    expect(pagina.get_by_role("link", name=re.compile("Registra"))).to_have_count(0)


def test_un_ambito_senza_fonti_registra_il_suo_accordo(visita: Visita) -> None:
    anno = 2010 if visita.larghezza == 1280 else 2013
    pagina = visita.entra("ciro.casal", "/casalmaggiore/accordo/nuovo")
    premi(pagina, "Registra l’Accordo")
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    riempi(
        pagina, titolo=f"Accordo di prova {anno}", dal=f"01/01/{anno}", al=f"31/12/{anno}",
        organo="Assemblea", data=f"01/12/{anno - 1}",
    )  # fmt: skip
    riempi(pagina, **{"ente-1": "ASL di prova"})
    premi(pagina, "Registra l’Accordo")
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("36 mesi da quel giorno")
    visita.scatta(pagina, "accordo-nuovo")
    riempi(pagina, al="")
    premi(pagina, "Registra l’Accordo")
    expect(pagina.locator("#accordo")).to_contain_text("36 mesi")
    pagina.get_by_role("link", name="Registra la pubblicazione sul BURL").click()
    visita.scatta(pagina, "accordo-burl")
    riempi(pagina, numero="24", data=f"10/02/{anno}")
    premi(pagina, "Registra la pubblicazione")
    expect(pagina.locator("#accordo")).to_contain_text("BURL 24 del 10 febbraio")
