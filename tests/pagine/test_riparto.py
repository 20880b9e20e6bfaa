"""A fund is tried, compared, approved and read again in a real browser. Casalmaggiore and Crema, 2012."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from tests.pagine.conftest import Piattaforma, Visita
from tests.prestazioni.casi import contesto
from tests.riparto.casi import delibera
from tests.spesa.casi import a_carico_del_comune, cifre, csv_di, porta

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import NonTrovato

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def deliberato(piattaforma: Piattaforma) -> Piattaforma:
    """The platform, with an invented act on the funds of 2012 in Crema."""

    async def vota() -> None:
        async with unita_di_lavoro(await contesto("crema")):
            await delibera("n. 4 (inventato)", 2012)

    piattaforma.esegui(vota)
    return piattaforma


@pytest.mark.usefixtures("deliberato")
def test_un_fondo_si_prova_e_si_approva_con_il_suo_atto(visita: Visita) -> None:
    anno = 2012
    pagina = visita.entra("rita.resp", f"/crema/riparto?anno={anno}")
    visita.scatta(pagina, "riparto-elenco")
    pagina.get_by_role("link", name="Soltanto per abitanti").click()
    pagina.locator("#campo-importo").fill("mille")
    pagina.get_by_role("button", name="Simula il riparto").click()
    expect(pagina.get_by_role("alert")).to_contain_text("Importo del fondo")
    visita.scatta(pagina, "riparto-errore")
    pagina.locator("#campo-importo").fill("120000,00")
    pagina.get_by_role("button", name="Simula il riparto").click()
    expect(pagina.locator("#riparto-tavola tbody tr")).to_have_count(48)
    pagina.locator("#perche summary", has_text="Pandino").click()
    expect(pagina.locator("#perche")).to_contain_text("Popolazione: 120.000,00")
    visita.scatta(pagina, "riparto-simulato")
    expect(pagina.locator("#approvazione")).to_contain_text("Atto in vigore: Atto n. ")
    pagina.get_by_role("button", name="Approva questo riparto").click()
    expect(pagina.get_by_text("Approvato: 120.000,00")).to_be_visible()
    expect(pagina.locator("dl.definizioni")).to_contain_text("Impronta del conto")
    visita.scatta(pagina, "riparto-approvato")
    with pagina.expect_download() as scaricato:
        pagina.get_by_role("link", name="Scarica CSV").click()
    righe = scaricato.value.path().read_text("utf-8-sig").splitlines()
    assert len(righe) == 1 + 48 * 2
    assert righe[0] == "tavola;riga;voce;misura;valore"
    # Whoever may not approve sees and tries, and no more.
    altra = visita.entra("olga.oper", f"/crema/riparto/nuovo/{anno}/crema-fnps-abitanti")
    altra.locator("#campo-importo").fill("1000")
    altra.get_by_role("button", name="Simula il riparto").click()
    expect(altra.locator("#riparto-tavola")).to_be_visible()
    expect(altra.locator("#approvazione")).to_have_count(0)


def test_le_cifre_che_si_scrivono_e_l_atto_che_si_scrive(visita: Visita) -> None:
    anno = 2012 if visita.larghezza == 1280 else 2013
    pagina = visita.entra("ciro.casal", f"/casalmaggiore/riparto/nuovo/{anno}/casalmaggiore-fsr")
    for n, servizio in enumerate(("nidi", "cag", "adm", "sad", "cse"), 1):
        pagina.locator(f"#campo-v-costo-{servizio}").fill(str(n * 10000))
        pagina.locator(f"#campo-v-utenti-{servizio}").fill(str(10 * n))
    pagina.locator("#campo-importo").fill("50000")
    pagina.get_by_role("button", name="Simula il riparto").click()
    expect(pagina.get_by_text("fondo di solidarietà: 2.500,00")).to_be_visible()
    visita.scatta(pagina, "riparto-servizi")
    pagina.get_by_role("button", name="Approva questo riparto").click()
    expect(pagina.get_by_role("alert")).to_contain_text("Scrivi l’atto")
    pagina.locator("#campo-atto").fill("Assemblea, n. 7 (inventata)")
    pagina.locator("#campo-atto_data").fill(f"29/10/{anno}")
    pagina.get_by_role("button", name="Approva questo riparto").click()
    expect(pagina.locator("dl.definizioni")).to_contain_text("Assemblea, n. 7 (inventata)")


@pytest.fixture(scope="module")
def con_la_spesa(piattaforma: Piattaforma) -> Piattaforma:
    """The platform, with the spending of 2011 of every comune of Crema that has none yet."""

    async def porta_il_resto() -> None:
        try:
            gia = {uno.istat for uno in (await cifre(2011)).per_comune}
        except NonTrovato:
            gia = set()
        righe = [
            a_carico_del_comune(2011, str(1000 + 37 * n), comune=istat)
            for n, (_, istat) in enumerate(piattaforma.comuni["crema"])
            if istat not in gia
        ]
        esito = await porta(csv_di(*righe), 2011)
        assert not esito.errori_totali, esito.errori[:3]

    piattaforma.esegui(porta_il_resto)
    return piattaforma


@pytest.mark.usefixtures("con_la_spesa")
def test_due_criteri_si_confrontano_comune_per_comune(visita: Visita) -> None:
    pagina = visita.entra("rita.resp", "/crema/riparto/nuovo/2012/crema-fnps")
    pagina.locator("#campo-importo").fill("90000")
    pagina.get_by_label("Confronta con altri criteri").select_option("crema-fnps-abitanti")
    pagina.get_by_role("button", name="Simula il riparto").click()
    expect(pagina.get_by_text("A confronto con «Soltanto per abitanti».")).to_be_visible()
    righe = pagina.locator("#riparto-tavola tbody tr")
    expect(righe).to_have_count(48)
    visita.scatta(pagina, "riparto-confronto")
    somme, diverse = [Decimal(0), Decimal(0)], 0
    for celle in righe.all():
        questi, altri, scarto = (
            Decimal(re.sub(r"[^0-9,−-]", "", una).replace("−", "-").replace(",", "."))
            for una in celle.locator("td.cifra").all_inner_texts()
        )
        assert scarto == questi - altri
        somme = [somme[0] + questi, somme[1] + altri]
        diverse += bool(scarto)
    assert somme == [Decimal("90000.00")] * 2
    assert diverse > 10
    expect(pagina.locator("#campo-confronta")).to_have_value("crema-fnps-abitanti")
