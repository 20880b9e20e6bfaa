"""The desk of the secretary: quotas, a divided vote, an election that ends in a tie, acts annulled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.pagine.conftest import Visita

from capofila.base.attivazioni import oggi

pytestmark = pytest.mark.browser

OGGI = oggi()
SEDUTE = "/cremona/sedute"


def prepara(pagina: Page, larghezza: int) -> str:
    """A meeting of today whose rules weigh by quotas and let a vote be divided, with an election."""
    pagina.get_by_label("Organo").select_option("assemblea-dei-sindaci")
    pagina.locator("#campo-giorno").fill(f"{OGGI:%d/%m/%Y}")
    pagina.locator("#campo-ora").fill("0:30")
    pagina.locator("#campo-luogo").fill("Sala delle quote (inventata)")
    pagina.get_by_text("Regole che il plugin del distretto lascia aperte").click()
    pagina.locator("#campo-regola_organo").fill("Assemblea")
    pagina.locator("#campo-regola_titolo").fill("Statuto (inventato)")
    for campo, valore in (
        ("voto_quota", "piu_di 1/2"), ("voto_base", "aventi diritto"), ("voto_misura", "quote"),
        ("voto_astensioni", "voto"), ("voto_parita", "respinta"), ("voto_divisibile", "si"),
        ("deleghe", "si"), ("elezione_parita", "ballottaggio"),
    ):  # fmt: skip
        pagina.locator(f"#campo-{campo}").select_option(valore)
    pagina.get_by_role("button", name="Salva la bozza").click()
    pagina.wait_for_url(re.compile(r"/prepara$"))
    pagina.get_by_label("Nuovo punto").fill("Quote e nomine (inventato)")
    pagina.get_by_role("button", name="Aggiungi il punto").click()
    for oggetto, materia in ((f"Il comitato {larghezza}", "comitato-ristretto"),
                             (f"La quota {larghezza}", "quota-dei-comuni")):  # fmt: skip
        pagina.locator("#campo-oggetto").fill(oggetto)
        pagina.locator("#campo-materia").select_option(materia)
        pagina.get_by_role("button", name="Aggiungi la proposta").click()
    # Nobody is given the matter: the field of the reason says so.
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("scrivi perché")
    return re.sub(r"/prepara.*", "", pagina.url)


def test_il_banco_con_quote_voto_diviso_e_ballottaggio(visita: Visita) -> None:
    pagina = visita.entra("vera.cremo", f"{SEDUTE}/nuova")
    seduta = prepara(pagina, visita.larghezza)
    visita.scatta(pagina, "seduta-materia-senza-competenza")
    pagina.locator("#campo-motivazione").fill("Statuto, articolo 8 (inventato)")
    pagina.get_by_role("button", name="Aggiungi la proposta").click()
    expect(pagina.locator("#ordine")).to_contain_text("Quota dei comuni nella gestione associata")
    qui = visita.piattaforma.indirizzo
    # Not opened before the quotas are there; and by which way they are put there.
    pagina.goto(f"{qui}/cremona/organi/quote")
    if pagina.get_by_role("button", name="Ritira").count():
        pagina.get_by_role("button", name="Ritira").first.click()
    pagina.goto(seduta)
    pagina.get_by_role("button", name="Convoca").click()
    pagina.get_by_role("button", name="Apri la seduta").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Quote dei comuni")
    pagina.goto(f"{qui}/cremona/organi")
    pagina.get_by_role("link", name="Quote dei comuni").click()
    righe = pagina.locator("#campo-quote").input_value().splitlines()
    pagina.get_by_role("button", name="Registra le quote").click()
    expect(pagina.locator("#riepilogo-errori")).to_be_focused()
    visita.scatta(pagina, "quote-errori")
    for campo, valore in (("anno", str(OGGI.year)), ("ente", "Azienda inventata"),
                          ("organo", "Assemblea"), ("data", f"{OGGI:%d/%m/%Y}")):  # fmt: skip
        pagina.locator(f"#campo-{campo}").fill(valore)
    pagina.locator("#campo-quote").fill("\n".join(f"{riga.strip()} 2,5" for riga in righe))
    pagina.get_by_role("button", name="Registra le quote").click()
    pagina.get_by_text("Le quote, comune per comune").click()
    visita.scatta(pagina, "quote")
    pagina.goto(seduta)
    pagina.get_by_role("button", name="Apri la seduta").click()
    pagina.wait_for_url(re.compile(r"/banco$"))
    _presenti(pagina)
    pagina.reload()
    pagina.locator("#campo-da").select_option(index=2)
    pagina.locator("#campo-a").select_option(index=1)
    pagina.locator("#campo-carta").fill("Delega firmata (inventata)")
    pagina.get_by_role("button", name="Segna la delega").click()
    expect(pagina.locator("#seggi")).to_contain_text("Delega a")
    pagina.get_by_role("button", name="Segna chi presiede").click()
    expect(pagina.locator("#quorum")).to_contain_text("Presiede")
    pagina.reload()
    visita.scatta(pagina, "banco-quote")
    _diviso(visita, pagina)
    _ballottaggio(visita, pagina)
    pagina.goto(seduta)
    expect(pagina.locator("main")).to_contain_text("favorevole per il 60%, contrario per il 40%")


def _presenti(pagina: Page) -> None:
    """Everybody is there but the second, who stays away."""
    caselle = pagina.locator("[data-tasti]")
    for n in range(caselle.count()):
        if n != 1:
            caselle.nth(n).check()
    pagina.get_by_role("button", name="Segna presenti").click()
    expect(pagina.locator("#quorum")).to_contain_text("Presenti")


def _diviso(visita: Visita, pagina: Page) -> None:
    pagina.get_by_role("link", name=f"La quota {visita.larghezza}", exact=True).click()
    pagina.get_by_label("Chi non è segnato").select_option("favorevole")
    riga = pagina.locator("[data-riga]").first
    riga.get_by_label("Diviso").check()
    parti = riga.locator(".appello-parti input")
    parti.nth(0).fill("60")
    parti.nth(1).fill("30")
    pagina.get_by_role("button", name="Conta e registra").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("insieme fanno 100")
    visita.scatta(pagina, "voto-diviso-errato")
    parti.nth(1).fill("40")
    pagina.get_by_role("button", name="Conta e registra").click()
    expect(pagina.locator("#messaggi")).to_contain_text("La proposta è approvata.")


def _ballottaggio(visita: Visita, pagina: Page) -> None:
    pagina.get_by_role("link", name=f"Il comitato {visita.larghezza}", exact=True).click()
    pagina.get_by_label("Elezione di persone").check()
    pagina.get_by_text("I numeri di uno scrutinio segreto").click()
    # The other five units vote too, and have no tie.
    altri = [f"Ambito {n}" for n in range(2, 7)]
    pagina.locator("#campo-schede").fill(
        "\n".join(["Ambito 1; 10; 0", *(f"{nome}; 4; 0" for nome in altri)])
    )
    pagina.locator("#campo-candidati").fill(
        "Ambito 1; Ada Inventata; 10\nAmbito 1; Ugo Inventato; 5\nAmbito 1; Ivo Inventato; 5\n"
        + "\n".join(f"{nome}; {chi} {nome}; 4" for nome in altri for chi in ("Ida", "Elio"))
    )
    pagina.get_by_role("button", name="Conta e registra").click()
    votato = pagina.locator("#votato")
    expect(votato).to_contain_text("Serve un’altra votazione")
    expect(votato).to_contain_text("ballottaggio fra Ivo Inventato, Ugo Inventato")
    visita.scatta(pagina, "banco-ballottaggio")
    pagina.reload()
    pagina.get_by_role("button", name="Apri la votazione che segue").click()
    pagina.get_by_role("link", name="ballottaggio").click()
    expect(pagina.locator("#campo-candidati")).to_have_value(
        "Ambito 1; Ivo Inventato; 0\nAmbito 1; Ugo Inventato; 0"
    )
    visita.scatta(pagina, "votazione-ballottaggio")
    pagina.locator("#campo-schede").fill("Ambito 1; 10; 0")
    pagina.locator("#campo-candidati").fill(
        "Ambito 1; Ivo Inventato; 4\nAmbito 1; Ugo Inventato; 6"
    )
    pagina.get_by_role("button", name="Conta e registra").click()
    expect(pagina.locator("#messaggi")).to_contain_text("nel registro")


def test_un_atto_registrato_si_annulla_dalla_sua_riga(visita: Visita) -> None:
    pagina = visita.entra("vera.cremo", "/cremona/deliberazioni/precedenti")
    prova = f"Delibera inventata {visita.larghezza}"
    pagina.locator("#campo-specie").select_option("atto")
    pagina.locator("#campo-materia").select_option("piano-di-zona")
    pagina.locator("#campo-giorno").fill("12/03/2024")
    pagina.locator("#campo-prova").fill(prova)
    pagina.get_by_role("button", name="Registra", exact=True).click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("scrivi perché")
    pagina.locator("#campo-motivazione").fill("Legge regionale 3/2008, art. 18")
    pagina.get_by_role("button", name="Registra", exact=True).click()
    riga = pagina.locator("tr", has_text=prova)
    riga.locator("summary").click()
    riga.get_by_role("button", name="Registra l’annullamento").click()
    expect(pagina.locator("#riepilogo-errori")).to_contain_text("Scrivi")
    visita.scatta(pagina, "precedente-annulla")
    riga.get_by_label("Dal giorno").fill("01/06/2024")
    riga.get_by_label("L’atto che lo annulla").fill("Sentenza inventata n. 3")
    riga.get_by_role("button", name="Registra l’annullamento").click()
    expect(riga).to_contain_text("Annullato dal 01/06/2024")
    expect(riga).to_contain_text("Sentenza inventata n. 3")
