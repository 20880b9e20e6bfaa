"""The forms of the minors over HTTP, without JavaScript: drafts, who a minor is, the prestazioni."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from lxml import html as albero
from tests.conftest import Banca
from tests.isolamento.conftest import Navigatore
from tests.prestazioni.casi import codice_fiscale, interroga, minore
from tests.prestazioni.test_moduli import Entra, entra, errori, valori

pytestmark = pytest.mark.anyio

__all__ = ["entra"]
_prossimo: Iterator[int] = iter(range(3000, 4000))


def scritta(n: int, **campi: str) -> dict[str, str]:
    """A good form of a minor; enti by their code, as the page has them."""
    return minore(n, **({"ente_erogatore": "D142"} | campi))


async def bozza(cliente: Navigatore, dove: str = "nuova", **campi: str) -> str:
    """Put a form aside; where the draft is."""
    prima = set(await _bozze(cliente))
    risposta = await cliente.vai("POST", f"/crema/minori/{dove}", campi | {"azione": "bozza"})
    assert risposta.headers.get("location") == "/crema/minori/bozze", errori(risposta)
    (nuova,) = set(await _bozze(cliente)) - prima
    return nuova


async def _bozze(cliente: Navigatore) -> list[str]:
    pagina = albero.fromstring((await cliente.get("/crema/minori/bozze")).text)
    return [str(dove) for dove in pagina.xpath("//tbody//th//a/@href")]


def minore_detto(risposta: httpx.Response) -> str:
    """The pseudonym that the form is of."""
    (detto,) = albero.fromstring(risposta.text).xpath(
        "//form[contains(@class, 'modulo')]/p/code[1]"
    )
    return str(detto.text)


async def salvata(cliente: Navigatore, n: int, **campi: str) -> str:
    """Save a new record; where it is."""
    risposta = await cliente.vai("POST", "/crema/minori/nuova", scritta(n, **campi))
    assert risposta.status_code == 303, errori(risposta)
    return risposta.headers["location"]


async def pseudonimo(cliente: Navigatore, dove: str) -> str:
    """Whose record it is."""
    trovato = re.search(r"<h1[^>]*>\s*Minore (\S+?)\s*<", (await cliente.get(dove)).text)
    assert trovato is not None
    return trovato[1]


# --- drafts -------------------------------------------------------------------------------------


async def test_la_bozza_di_un_minore_tiene_lo_pseudonimo_e_mai_il_codice_fiscale(
    entra: Entra, ambiti: Banca
) -> None:
    cliente, n = await entra("rita.crema"), next(_prossimo)
    cf = codice_fiscale(n)
    dove = await bozza(
        cliente, codice_fiscale=cf, anno="2025", comune_titolare="D142", luogo_vita="99",
        scuola_frequentata=f"vedi {cf}.",
    )  # fmt: skip
    righe = await interroga(ambiti.superutente, "SELECT b::text AS testo FROM bozza b")
    assert not any(cf in riga["testo"] for riga in righe)
    aperta = await cliente.get(dove)
    chi = minore_detto(aperta)
    assert re.fullmatch(r"[A-Z2-9]{15}", chi)
    assert "campo-codice_fiscale" not in aperta.text
    assert valori(aperta)["luogo_vita"] == "99"
    assert albero.fromstring(aperta.text).xpath(
        "//*[@id='campo-luogo_vita-esito']/p[@class='campo-errore']"
    )
    assert chi in (await cliente.get("/crema/minori/bozze")).text
    assert re.search(r"\d+ bozz[ae]", (await cliente.get("/crema/minori?anno=2025")).text)
    assert chi not in (await cliente.get("/crema/prestazioni/bozze")).text
    # Who it is can be asked, without losing what is typed meanwhile; the audit has it.
    mostrata = await cliente.vai("POST", f"{dove}/persona", valori(aperta) | {"luogo_vita": "2"})
    assert cf in mostrata.text
    assert valori(mostrata)["luogo_vita"] == "2"
    # Saved, it is a record of that minor, and no draft any more.
    finita = scritta(n, codice_fiscale="") | {"bozza": dove.rsplit("/", 1)[1]}
    risposta = await cliente.vai("POST", "/crema/minori/nuova", finita)
    assert risposta.status_code == 303, errori(risposta)
    assert await pseudonimo(cliente, risposta.headers["location"]) == chi
    assert (await cliente.get(dove)).status_code == 404
    chieste = await interroga(
        ambiti.superutente,
        "SELECT 1 FROM registro WHERE azione = 'minori.persona' AND oggetto_id = $1",
        chi,
    )
    assert len(chieste) == 1


async def test_un_codice_fiscale_sbagliato_non_resta_nella_bozza_e_si_richiede(
    entra: Entra,
) -> None:
    cliente = await entra("rita.crema")
    dove = await bozza(cliente, codice_fiscale="RSSMRA80A41D142X", anno="2025")
    elenco = await cliente.get("/crema/minori/bozze")
    assert "Senza codice fiscale" in elenco.text
    aperta = await cliente.get(dove)
    assert "RSSMRA80A41D142X" not in aperta.text
    assert "campo-codice_fiscale" in aperta.text
    assert any("codice fiscale" in voce.lower() for voce in errori(aperta))
    assert (await cliente.vai("POST", f"{dove}/elimina", {})).status_code == 303
    assert (await cliente.get(dove)).status_code == 404


async def test_buttata_la_bozza_del_minore_che_non_ha_schede_non_resta_nulla(
    entra: Entra, ambiti: Banca
) -> None:
    cliente, n, altro = await entra("rita.crema"), next(_prossimo), next(_prossimo)
    dove = await bozza(cliente, codice_fiscale=codice_fiscale(n), anno="2025")
    chi = minore_detto(await cliente.get(dove))
    assert f"minore {chi}" in (await cliente.get(f"{dove}/elimina")).text
    await cliente.vai("POST", f"{dove}/elimina", {})
    scheda = await salvata(cliente, altro)
    segue = await bozza(cliente, scheda=scheda.rsplit("/", 1)[1], anno="2026", codice_fiscale="")
    await cliente.vai("POST", f"{segue}/elimina", {})
    righe = await interroga(
        ambiti.superutente,
        "SELECT codice_fiscale FROM pseudonimo WHERE codice_fiscale = ANY($1)",
        [codice_fiscale(n), codice_fiscale(altro)],
    )
    assert [riga["codice_fiscale"] for riga in righe] == [codice_fiscale(altro)]


async def test_una_correzione_messa_da_parte_riprende_da_dove_era(entra: Entra) -> None:
    cliente, n = await entra("rita.crema"), next(_prossimo)
    scheda = await salvata(cliente, n)
    numero = scheda.rsplit("/", 1)[1]
    prima = valori(await cliente.get(f"{scheda}/correggi"))
    dove = await bozza(cliente, f"{numero}/correggi", **(prima | {"luogo_vita": "2"}))
    assert f"corregge la numero {numero}" in (await cliente.get("/crema/minori/bozze")).text
    aperta = await cliente.get(dove)
    azione = albero.fromstring(aperta.text).xpath("//form[contains(@class, 'modulo')]/@action")
    assert azione == [f"{scheda}/correggi"]
    risposta = await cliente.vai("POST", f"{scheda}/correggi", valori(aperta))
    assert risposta.status_code == 303, errori(risposta)
    assert (await cliente.get(dove)).status_code == 404
    # Somebody corrected it meanwhile: what was put aside later says so, and is not lost.
    ancora = await bozza(cliente, f"{numero}/correggi", **(prima | {"luogo_vita": "3"}))
    superata = await cliente.get(ancora)
    assert superata.status_code == 409
    assert valori(superata)["luogo_vita"] == "3"
    assert risposta.headers["location"] in superata.text


async def test_la_pagina_non_puo_dire_di_chi_e_una_bozza(entra: Entra) -> None:
    cliente, n = await entra("rita.crema"), next(_prossimo)
    chi = await pseudonimo(cliente, await salvata(cliente, n, comune_titolare="D142"))
    comune = await entra("pia.pandino")
    for campi in ({"_minore": chi}, {"id_beneficiario": chi}):
        risposta = await comune.vai(
            "POST", "/crema/minori/nuova", {**campi, "anno": "2025", "azione": "bozza"}
        )
        assert risposta.status_code == 303
    for dove in await _bozze(comune):
        risposta = await comune.vai("POST", f"{dove}/persona", {"_minore": chi})
        assert codice_fiscale(n) not in risposta.text
    # What the whole ambito put aside for another comune is not there.
    altrui = await bozza(cliente, codice_fiscale=codice_fiscale(n), comune_titolare="D142")
    assert (await comune.get(altrui)).status_code == 404


# --- who a minor is -----------------------------------------------------------------------------


async def test_un_codice_fiscale_corretto_tiene_lo_pseudonimo(entra: Entra, ambiti: Banca) -> None:
    cliente, vecchio, nuovo = await entra("rita.crema"), next(_prossimo), next(_prossimo)
    scheda = await salvata(cliente, vecchio, anno="2023")
    chi = await pseudonimo(cliente, scheda)
    qui = f"{scheda}/codice-fiscale"
    assert chi in (await cliente.get(qui)).text
    vuota = await cliente.vai("POST", qui, {"codice_fiscale": "", "motivo": ""})
    assert vuota.status_code == 422
    assert len(errori(vuota)) == 2
    male = await cliente.vai("POST", qui, {"codice_fiscale": "X", "motivo": "errore"})
    assert len(errori(male)) == 1
    risposta = await cliente.vai(
        "POST", qui, {"codice_fiscale": codice_fiscale(nuovo).lower(), "motivo": "errore"}
    )
    assert risposta.status_code == 303, errori(risposta)
    mostrata = await cliente.vai("POST", f"{scheda}/persona", {})
    assert codice_fiscale(nuovo) in mostrata.text
    # The right one leads to the same minor, the wrong one to nobody: it may be another child's.
    assert await pseudonimo(cliente, await salvata(cliente, nuovo, anno="2024")) == chi
    assert await pseudonimo(cliente, await salvata(cliente, vecchio, anno="2024")) != chi
    (riga,) = await interroga(
        ambiti.superutente,
        "SELECT r::text AS testo, oggetto_id, dettagli::text, utente_id FROM registro r "
        "WHERE azione = 'minori.correggi_persona' AND oggetto_id = $1",
        chi,
    )
    assert riga["dettagli"] == '{"motivo": "errore"}'
    assert riga["utente_id"] is not None
    assert not any(codice_fiscale(n) in riga["testo"] for n in (vecchio, nuovo))
    uguale = await cliente.vai(
        "POST", qui, {"codice_fiscale": codice_fiscale(nuovo), "motivo": "errore"}
    )
    assert "nulla da correggere" in errori(uguale)[0]


async def test_un_codice_provvisorio_porta_ancora_allo_stesso_minore(entra: Entra) -> None:
    cliente, n = await entra("rita.crema"), next(_prossimo)
    scheda = await salvata(cliente, n, anno="2023", codice_fiscale="12345678903")
    chi = await pseudonimo(cliente, scheda)
    qui = f"{scheda}/codice-fiscale"
    for codice in (codice_fiscale(n), "12345678903", codice_fiscale(n)):
        corretta = await cliente.vai(
            "POST", qui, {"codice_fiscale": codice, "motivo": "provvisorio"}
        )
        assert corretta.status_code == 303, errori(corretta)
    anni = {"2024": codice_fiscale(n), "2025": "12345678903"}
    for anno, codice in anni.items():
        altra = await salvata(cliente, n, anno=anno, codice_fiscale=codice)
        assert await pseudonimo(cliente, altra) == chi
    assert codice_fiscale(n) in (await cliente.vai("POST", f"{scheda}/persona", {})).text


async def test_due_minori_non_diventano_uno_ne_uno_dei_comuni_degli_altri(entra: Entra) -> None:
    cliente, uno, due, tre = await entra("rita.crema"), *(next(_prossimo) for _ in range(3))
    scheda, altra = await salvata(cliente, uno), await salvata(cliente, due)
    negata = await cliente.vai(
        "POST", f"{scheda}/codice-fiscale",
        {"codice_fiscale": codice_fiscale(due), "motivo": "errore"},
    )  # fmt: skip
    assert negata.status_code == 422
    assert "un altro pseudonimo" in errori(negata)[0]
    assert await pseudonimo(cliente, scheda) != await pseudonimo(cliente, altra)
    # A codice fiscale that nothing but a draft had, thrown away since, is nobody's.
    await cliente.vai(
        "POST", f"{await bozza(cliente, codice_fiscale=codice_fiscale(tre))}/elimina", {}
    )
    libera = await cliente.vai(
        "POST", f"{scheda}/codice-fiscale",
        {"codice_fiscale": codice_fiscale(tre), "motivo": "errore"},
    )  # fmt: skip
    assert libera.status_code == 303, errori(libera)
    # The minor has a record of Crema too: whoever works for the other comune does not decide.
    comune = await entra("pia.pandino")
    sua = await salvata(cliente, tre, anno="2022", comune_titolare="G306")
    altrui = await comune.vai(
        "POST", f"{sua}/codice-fiscale",
        {"codice_fiscale": codice_fiscale(uno), "motivo": "errore"},
    )  # fmt: skip
    assert "Ufficio di Piano" in errori(altrui)[0]


# --- the prestazioni ----------------------------------------------------------------------------


async def test_le_prestazioni_si_scelgono_per_nome_e_quella_che_non_c_e_si_dice_li(
    entra: Entra,
) -> None:
    cliente, n = await entra("rita.crema"), next(_prossimo)
    pagina = albero.fromstring((await cliente.get("/crema/minori/nuova")).text)
    (riga,) = pagina.xpath("//fieldset[@id='riga-prestazioni']")
    caselle = riga.xpath(".//input[@type='checkbox' and @name='prestazioni']")
    assert len(caselle) > 12
    assert all(riga.xpath(f".//label[@for='{casella.get('id')}']") for casella in caselle)
    (nome,) = riga.xpath(".//input[@value='A2.11']/following-sibling::label")
    assert nome.text_content() == "A2.11 Sostegno socio-educativo scolastico"
    assert [s.text_content() for s in riga.xpath(".//details[@open]/summary")] == []

    sbagliata = scritta(n, prestazioni="A2.02 A9.99")
    risposta = await cliente.vai("POST", "/crema/minori/nuova", sbagliata)
    assert risposta.status_code == 422
    pagina = albero.fromstring(risposta.text)
    (riga,) = pagina.xpath("//fieldset[@id='riga-prestazioni']")
    assert riga.xpath(".//input[@checked]/@value") == ["A9.99", "A2.02"]
    assert "A9.99" in riga.xpath(".//*[@class='campo-errore']")[0].text_content()
    assert "A9.99 (non previsto)" in riga.text_content()
    (aperto,) = riga.xpath(".//details[@open]/summary")
    assert re.fullmatch(
        r"Codici A2 \(\d+, 1 scelto\): Mensa sociale e altri", aperto.text_content()
    )
    scheda = await salvata(cliente, n, prestazioni="A2.11 A2.02")
    assert "Sostegno socio-educativo scolastico" in (await cliente.get(scheda)).text
