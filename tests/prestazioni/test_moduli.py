"""Entering, correcting and taking away prestazioni, over HTTP, without JavaScript."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from lxml import html as albero
from tests.accessi.conftest import campo_nascosto
from tests.conftest import Banca
from tests.isolamento.conftest import PAROLA, PERSONE, Navigatore
from tests.prestazioni.casi import codice_fiscale, contesto, csv_di, interroga, porta, riga

from capofila.accessi import service
from capofila.app import crea_app
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.prestazioni import versioni
from capofila.siuss import FLUSSO_PRESTAZIONI
from capofila.siuss.prestazioni import SINA_OBBLIGATORI
from capofila.web.assembla import assemble

pytestmark = pytest.mark.anyio

Entra = Callable[[str], Awaitable[Navigatore]]


@pytest.fixture(scope="module")
async def entra(ambiti: Banca) -> AsyncIterator[Entra]:
    """The people of the isolation tests, logged in."""
    assemble()
    with pytest.MonkeyPatch.context() as prova:
        prova.setattr(service, "_ARGON", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        service._impronta_a_vuoto.cache_clear()
        for nome, chi, ruolo, slug, comune in PERSONE:
            async with unita_di_lavoro(Contesto(amministratore=True)):
                await service.aggiungi_utente(nome, chi, PAROLA, ruolo, slug, comune)
        app = crea_app()
        aperti: dict[str, Navigatore] = {}

        async def apri(nome: str) -> Navigatore:
            if nome not in aperti:
                cliente = Navigatore(
                    transport=httpx.ASGITransport(app, raise_app_exceptions=False),  # type: ignore[arg-type]
                    base_url="http://capofila.test", headers={"accept": "text/html"},
                )  # fmt: skip
                cliente.gettone = campo_nascosto(
                    (await cliente.get("/accesso")).text, "_csrf_token"
                )
                risposta = await cliente.vai(
                    "POST", "/accesso", {"nome_utente": nome, "password": PAROLA}
                )
                assert risposta.status_code == 303, risposta.text
                aperti[nome] = cliente
            return aperti[nome]

        yield apri
        for cliente in aperti.values():
            await cliente.aclose()
        service._impronta_a_vuoto.cache_clear()


_prossima = iter(range(1, 10_000))


def scritta(**campi: str) -> dict[str, str]:
    """A good form of a person that no other test has; enti by their code, as the page has them."""
    n = next(_prossima)
    base = {"ente_erogatore": "D142", "data_inizio": "01/01/2025", "data_fine": "31/12/2025"}
    return riga(n, **(base | campi))


async def salvata(cliente: Navigatore, slug: str = "crema", **campi: str) -> int:
    """Save a new one; its number."""
    risposta = await cliente.vai("POST", f"/{slug}/prestazioni/nuova", scritta(**campi))
    assert risposta.status_code == 303, errori(risposta)
    return int(risposta.headers["location"].rsplit("/", 1)[1])


def errori(risposta: httpx.Response) -> list[str]:
    """The summary of the errors."""
    pagina = albero.fromstring(risposta.text)
    return [
        str(voce.text_content()).strip() for voce in pagina.xpath("//*[@id='riepilogo-errori']//li")
    ]


def valori(risposta: httpx.Response) -> dict[str, str]:
    """What the form on the page holds, as a browser would send it."""
    modulo = albero.fromstring(risposta.text).xpath("//form[contains(@class, 'modulo')]")[0]
    return {nome: valore for nome, valore in modulo.form_values() if valore}


async def test_una_prestazione_si_inserisce_e_si_ritrova(entra: Entra, ambiti: Banca) -> None:
    cliente = await entra("rita.crema")
    vuoto = await cliente.get("/crema/prestazioni/nuova")
    assert vuoto.status_code == 200
    assert 'name="codice_fiscale"' in vuoto.text
    valida = scritta(cognome="Inserita", comune_residenza="Crema", luogo_nascita="Crema (D142)")
    risposta = await cliente.vai("POST", "/crema/prestazioni/nuova", valida)
    assert risposta.status_code == 303, errori(risposta)
    pagina = await cliente.get(risposta.headers["location"])
    assert "Inserita" in pagina.text
    assert "Da comunicare" in pagina.text
    assert "Versione 1" in pagina.text
    assert "Rita Nostrana" in pagina.text
    (salvata_,) = await interroga(
        ambiti.superutente,
        "SELECT p.*, l.formato, l.comune FROM prestazione p JOIN lotto l ON l.ambito_id = "
        "p.ambito_id AND l.id = p.lotto_id WHERE cognome = 'Inserita'",
    )
    assert (salvata_["comune_residenza"], salvata_["luogo_nascita"]) == ("019035", "D142")
    assert (salvata_["formato"], salvata_["comune"]) == ("programma", "D142")
    elenco = await cliente.get("/crema/prestazioni?anno=2025")
    assert "Inserita" in elenco.text
    importazioni = await cliente.get("/crema/importazioni")
    assert "modulo" not in [
        str(v.text_content()).strip()
        for v in albero.fromstring(importazioni.text).xpath("//main//tbody//th")
    ]


async def test_un_file_di_cui_nulla_si_tiene_e_rifiutato_con_la_pagina_dei_suoi_errori(
    entra: Entra, ambiti: Banca
) -> None:
    cliente = await entra("rita.crema")
    file = ("guasto.csv", csv_di(riga(901), riga(902, importo_mensile="molto")))
    righe = (
        "SELECT FROM prestazione p JOIN lotto l ON (l.ambito_id, l.id) = (p.ambito_id, p.lotto_id)"
    )
    quante = f"{righe} WHERE l.nome_file = 'guasto.csv'"
    risposta = await cliente.vai("POST", "/crema/importazioni", {}, file)
    assert risposta.status_code == 422
    pagina = albero.fromstring(risposta.text)
    (errore,) = pagina.xpath("//*[@id='tabella-errori']//tbody/tr")
    assert "Riga 3" in errore.text_content()
    assert "molto" in errore.text_content()
    assert await interroga(ambiti.superutente, quante) == []
    (tieni,) = pagina.xpath("//form[.//input[@value='tieni']]/@action")
    assert (await cliente.vai("POST", tieni, {"azione": "tieni"})).status_code == 303
    assert len(await interroga(ambiti.superutente, quante)) == 1


async def test_un_errore_si_spiega_accanto_al_campo_e_non_si_perde_nulla(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    cattivo = '"><script>alert(1)</script>'
    sbagliata = scritta(
        cognome=cattivo, codice_fiscale="RSSMRA80A41D142X", data_fine="99/99/2025",
        importo_mensile="1.234", sina_invalidita_civile="5", area_utenza="9", genere="Q",
    )  # fmt: skip
    risposta = await cliente.vai("POST", "/crema/prestazioni/nuova", sbagliata)
    assert risposta.status_code == 422
    assert "<title>Errore: " in risposta.text
    assert cattivo not in risposta.text
    assert html.escape(cattivo, quote=True).replace("&quot;", "&#34;") in risposta.text
    rimasti = valori(risposta)
    assert {n: rimasti.get(n) for n in sbagliata} == sbagliata
    voci = errori(risposta)
    assert any("arattere di controllo" in voce for voce in voci)
    assert any("Non si capisce se" in voce for voce in voci)
    pagina = albero.fromstring(risposta.text)
    for collegamento in pagina.xpath("//*[@id='riepilogo-errori']//a/@href"):
        assert pagina.xpath(f"//*[@id='{collegamento[1:]}']"), collegamento
    (campo,) = pagina.xpath("//*[@id='campo-codice_fiscale']")
    assert campo.get("aria-invalid") == "true"
    assert "campo-codice_fiscale-esito" in campo.get("aria-describedby")
    (sina,) = pagina.xpath("//details[@id='gruppo-sina']")
    assert sina.get("open") is not None


async def test_due_volte_la_stessa_domanda_e_un_doppione(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    una = scritta()
    assert (await cliente.vai("POST", "/crema/prestazioni/nuova", una)).status_code == 303
    altra = await cliente.vai("POST", "/crema/prestazioni/nuova", una)
    assert altra.status_code == 422
    assert any("già presente" in voce for voce in errori(altra))


async def test_dopo_il_salvataggio_si_continua_con_la_stessa_persona_o_la_stessa_serie(
    entra: Entra,
) -> None:
    cliente = await entra("rita.crema")
    una = scritta(cognome="Continua")
    risposta = await cliente.vai(
        "POST", "/crema/prestazioni/nuova", una | {"azione": "stessa_persona"}
    )
    poi = risposta.headers["location"]
    assert una["codice_fiscale"] not in poi
    pagina = await cliente.get(poi)
    ripresi = valori(pagina)
    assert ripresi["cognome"] == "Continua"
    assert ripresi["codice_fiscale"] == una["codice_fiscale"]
    assert "protocollo_domanda" not in ripresi
    fuoco = albero.fromstring(pagina.text).xpath("//*[@autofocus]")
    assert [f.get("name") for f in fuoco] == ["protocollo_domanda"]

    risposta = await cliente.vai(
        "POST", "/crema/prestazioni/nuova", scritta() | {"azione": "nuova"}
    )
    pagina = await cliente.get(risposta.headers["location"])
    ripresi = valori(pagina)
    assert "cognome" not in ripresi
    assert ripresi["codice_prestazione"] == "A2.07"
    fuoco = albero.fromstring(pagina.text).xpath("//*[@autofocus]")
    assert [f.get("name") for f in fuoco] == ["codice_fiscale"]


async def test_una_bozza_tiene_tutto_com_e_con_i_suoi_errori(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    incompleta = {"cognome": "Abbozzata", "data_inizio": "boh\0", "azione": "bozza"}
    risposta = await cliente.vai("POST", "/crema/prestazioni/nuova", incompleta)
    assert risposta.headers["location"] == "/crema/prestazioni/bozze"
    elenco = await cliente.get("/crema/prestazioni/bozze")
    assert "Abbozzata" in elenco.text
    assert re.search(r"\d+ errori", elenco.text)
    assert re.search(r"\d+ bozz[ae]", (await cliente.get("/crema/prestazioni?anno=2025")).text)
    (dove,) = [
        a.get("href")
        for a in albero.fromstring(elenco.text).xpath("//th/a")
        if "Abbozzata" in a.text_content()
    ]
    aperta = await cliente.get(dove)
    assert aperta.status_code == 200
    assert valori(aperta)["data_inizio"] == "boh"
    assert any("on è una data" in voce for voce in errori(aperta))
    numero = dove.rsplit("/", 1)[1]
    # Continued and saved: the draft is not there any more.
    salvata_ = await cliente.vai(
        "POST", "/crema/prestazioni/nuova", scritta(cognome="Abbozzata") | {"bozza": numero}
    )
    assert salvata_.status_code == 303
    assert (await cliente.get(dove)).status_code == 404
    # One that somebody threw away is put aside again.
    ancora = await cliente.vai(
        "POST",
        "/crema/prestazioni/nuova",
        {"cognome": "Ripresa", "azione": "bozza", "bozza": numero},
    )
    assert ancora.status_code == 303
    elenco = await cliente.get("/crema/prestazioni/bozze")
    (dove,) = [
        a.get("href")
        for a in albero.fromstring(elenco.text).xpath("//th/a")
        if "Ripresa" in a.text_content()
    ]
    assert "Ripresa" in (await cliente.get(f"{dove}/elimina")).text
    assert (await cliente.vai("POST", f"{dove}/elimina", {})).status_code == 303
    assert (await cliente.get(dove)).status_code == 404


async def test_una_correzione_e_una_nuova_versione_con_la_sua_storia(entra: Entra) -> None:
    cliente = await entra("olga.crema")
    prima = await salvata(cliente, cognome="Primacorretta")
    modulo = await cliente.get(f"/crema/prestazioni/{prima}/correggi")
    scritti = valori(modulo)
    assert scritti["data_inizio"] == "01/01/2025"
    assert scritti["importo_mensile"] == "312,40"
    # Nothing changed: no new version.
    uguale = await cliente.vai("POST", f"/crema/prestazioni/{prima}/correggi", scritti)
    assert uguale.headers["location"] == f"/crema/prestazioni/{prima}"
    risposta = await cliente.vai(
        "POST", f"/crema/prestazioni/{prima}/correggi",
        scritti | {"cognome": "Poicorretta", "motivo": "Cognome sbagliato <b>"},
    )  # fmt: skip
    assert risposta.status_code == 303, errori(risposta)
    pagina = await cliente.get(risposta.headers["location"])
    testo = " ".join(
        albero.fromstring(pagina.text).xpath("//section[@id='storia']")[0].text_content().split()
    )
    assert "Versione 2" in testo
    assert "prima: Primacorretta → dopo: Poicorretta" in testo
    assert "Cognome sbagliato <b>" in testo
    vecchia = await cliente.get(f"/crema/prestazioni/{prima}")
    assert "versione precedente" in vecchia.text
    assert "/correggi" not in vecchia.text
    elenco = (await cliente.get("/crema/prestazioni?anno=2025")).text
    assert "Primacorretta" not in elenco


async def test_chi_arriva_secondo_non_perde_cio_che_ha_scritto(entra: Entra) -> None:
    rita, olga = await entra("rita.crema"), await entra("olga.crema")
    prima = await salvata(rita)
    di_rita = valori(await rita.get(f"/crema/prestazioni/{prima}/correggi"))
    di_olga = valori(await olga.get(f"/crema/prestazioni/{prima}/correggi"))
    fatta = await rita.vai(
        "POST", f"/crema/prestazioni/{prima}/correggi", di_rita | {"cognome": "Didue"}
    )
    nuova = fatta.headers["location"]
    risposta = await olga.vai(
        "POST", f"/crema/prestazioni/{prima}/correggi", di_olga | {"cognome": "Perduta"}
    )
    assert risposta.status_code == 409
    assert f'href="{nuova}"' in risposta.text
    assert valori(risposta)["cognome"] == "Perduta"
    aperta = await olga.get(f"/crema/prestazioni/{prima}/correggi")
    assert aperta.status_code == 409
    assert (await olga.get(f"/crema/prestazioni/{prima}/togli")).status_code == 409
    tolta = await olga.vai("POST", f"/crema/prestazioni/{prima}/togli", {"motivo": "altro"})
    assert tolta.status_code == 409
    # Put aside, a correction remembers what it corrects.
    bozza = await olga.vai(
        "POST", f"/crema/prestazioni/{prima}/correggi", di_olga | {"azione": "bozza"}
    )
    elenco = await olga.get(bozza.headers["location"])
    assert f"corregge la numero {prima}" in elenco.text


async def test_togliere_chiede_il_motivo_e_lascia_la_storia(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    id_ = await salvata(cliente, cognome="Datogliere")
    qui = f"/crema/prestazioni/{id_}/togli"
    assert "non è mai stata comunicata" in (await cliente.get(qui)).text.lower()
    senza = await cliente.vai("POST", qui, {"note": "<i>nota"})
    assert senza.status_code == 422
    assert errori(senza) == ["Scegli perché la prestazione si toglie."]
    assert "&lt;i&gt;nota" in senza.text
    fatta = await cliente.vai("POST", qui, {"motivo": "doppia", "note": "atto 12"})
    assert fatta.status_code == 303
    pagina = (await cliente.get(fatta.headers["location"])).text
    assert "È doppia: atto 12" in pagina
    assert "è stata tolta" in pagina
    assert "Datogliere" not in (await cliente.get("/crema/prestazioni?anno=2025")).text
    assert (await cliente.vai("POST", qui, {"motivo": "doppia"})).status_code == 409


async def test_i_controlli_mentre_si_scrive_non_sgridano_per_cio_che_viene_dopo(
    entra: Entra,
) -> None:
    cliente = await entra("rita.crema")

    async def lasciando(nome: str, modulo: dict[str, str]) -> Any:
        risposta = await cliente.post(
            "/crema/prestazioni/controlla",
            data={"_csrf_token": cliente.gettone, **modulo},
            headers={"hx-request": "true", "hx-trigger-name": nome},
        )
        assert risposta.status_code == 200
        return albero.fromstring(f"<div>{risposta.text}</div>")

    pagina = await lasciando("cognome", {"codice_fiscale": "X", "importo": "1.234"})
    detti = {e.get("id"): str(e.text_content()).strip() for e in pagina.xpath("//*[@hx-swap-oob]")}
    assert "Non è un codice fiscale" in detti["campo-codice_fiscale-esito"]
    assert "manca" in detti["campo-cognome-esito"].lower()
    assert "Non si capisce" in detti["campo-importo-esito"], "written, though further on"
    assert detti["campo-nome-esito"] == "", "not reached yet"
    assert "dati" in detti["modulo-stato"]

    pagina = await lasciando("codice_fiscale", {"codice_fiscale": codice_fiscale(1)})
    (anno,) = pagina.xpath("//*[@id='campo-anno_nascita']/@value")
    assert anno == "1980"
    assert pagina.xpath("//input[@name='genere'][@value='F']/@checked")
    (luogo,) = pagina.xpath("//*[@id='campo-luogo_nascita']/@value")
    assert luogo == "Crema (D142)"
    pagina = await lasciando(
        "codice_fiscale", {"codice_fiscale": codice_fiscale(1), "anno_nascita": "1970"}
    )
    assert not pagina.xpath("//*[@id='campo-anno_nascita']"), "what is written stays"
    pagina = await lasciando("cognome", {"tutto": "si", "cognome": "X"})
    (nome,) = pagina.xpath("//*[@id='campo-nome-esito']")
    assert "manca" in nome.text_content().lower()


async def test_chi_lavora_per_un_comune_scrive_solo_per_il_suo(entra: Entra) -> None:
    pia, rita = await entra("pia.pandino"), await entra("rita.crema")
    vuoto = await pia.get("/crema/prestazioni/nuova")
    assert valori(vuoto)["comune_titolare"] == "G306"
    comuni = albero.fromstring(vuoto.text).xpath("//select[@name='comune_titolare']/option/@value")
    assert comuni == ["", "G306"]
    altrui = await pia.vai("POST", "/crema/prestazioni/nuova", scritta())
    assert altrui.status_code == 422
    assert any("tuo comune" in voce for voce in errori(altrui))
    sua = await salvata(pia, comune_titolare="G306", cognome="Dipandino")
    assert "Dipandino" in (await rita.get(f"/crema/prestazioni/{sua}")).text
    di_crema = await salvata(rita)
    for coda in ("", "/correggi", "/togli"):
        assert (await pia.get(f"/crema/prestazioni/{di_crema}{coda}")).status_code == 404
    for coda in ("/correggi", "/togli"):
        risposta = await pia.vai(
            "POST", f"/crema/prestazioni/{di_crema}{coda}", {"motivo": "altro"}
        )
        assert risposta.status_code == 404
    assert (await pia.get(f"/crema/prestazioni/nuova?persona_di={di_crema}")).status_code == 404
    # What the office corrected of a record of the comune is in its story.
    scritti = valori(await rita.get(f"/crema/prestazioni/{sua}/correggi"))
    fatta = await rita.vai(
        "POST", f"/crema/prestazioni/{sua}/correggi", scritti | {"cognome": "Corretta"}
    )
    pagina = await pia.get(fatta.headers["location"])
    assert pagina.status_code == 200
    assert "Versione 2" in pagina.text


async def test_un_record_di_un_file_dell_ufficio_si_apre_anche_dal_comune(
    entra: Entra, ambiti: Banca
) -> None:
    n = next(_prossima)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await porta(csv_di(riga(n, comune_titolare="G306", cognome="Dalfile")), "file.csv")
        id_ = await unita.valore("SELECT id FROM prestazione WHERE cognome = 'Dalfile'")
    pia = await entra("pia.pandino")
    pagina = await pia.get(f"/crema/prestazioni/{id_}")
    assert pagina.status_code == 200
    assert "file.csv" not in pagina.text
    assert (
        await pia.vai("POST", f"/crema/prestazioni/{id_}/togli", {"motivo": "altro"})
    ).status_code == 303


async def test_un_altro_ambito_non_c_e(entra: Entra) -> None:
    vera, rita = await entra("vera.cremona"), await entra("rita.crema")
    id_ = await salvata(rita)
    for percorso in (f"/cremona/prestazioni/{id_}/correggi", f"/crema/prestazioni/{id_}/correggi",
                     f"/cremona/prestazioni/nuova?dopo={id_}"):  # fmt: skip
        assert (await vera.get(percorso)).status_code == 404
    fuori = await vera.vai("POST", "/cremona/prestazioni/nuova", scritta())
    assert fuori.status_code == 422
    assert any("non fa parte dell'ambito" in voce for voce in errori(fuori))


async def test_gli_indirizzi_e_le_caselle_tornano_come_erano(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    dati = [*scritta().items(), ("_csrf_token", cliente.gettone)]
    sina = dict.fromkeys(SINA_OBBLIGATORI, "1")
    corpo: dict[str, Any] = dict(dati) | sina | {
        "sina_invalidita_civile": ["2", "5"], "altri_indirizzi.2.nazione": "642",
    }  # fmt: skip
    risposta = await cliente.post("/crema/prestazioni/nuova", data=corpo)
    assert risposta.status_code == 303, errori(risposta)
    modulo = await cliente.get(risposta.headers["location"] + "/correggi")
    pagina = albero.fromstring(modulo.text)
    assert pagina.xpath("//input[@name='sina_invalidita_civile'][@checked]/@value") == ["2", "5"]
    assert pagina.xpath("//input[@name='altri_indirizzi.1.nazione']/@value") == ["642"]


async def test_l_elenco_dice_lo_stato_e_si_filtra(entra: Entra, ambiti: Banca) -> None:
    cliente = await entra("vera.cremona")
    nomi = ("Mai", "Detta", "Presa", "Rifiutata", "Tolta", "Vecchia")
    ids = {}
    for nome in nomi:
        ids[nome] = await _di_cremona(cliente, nome)
    async with unita_di_lavoro(await contesto("cremona")) as unita:
        await unita.esegui(
            "INSERT INTO esportazione (id, flusso, periodo, dal, al, ente_id, stato, nome_flusso) SELECT "
            "'00000000-0000-4000-8000-000000000001', 'siuss', '2025', '2025-01-01', '2025-12-31', "
            "id, 'superata', 'x' FROM ente WHERE codice = 'D150'"
        )
        for nome, operazione, esito in (
            ("Detta", "I", None), ("Presa", "I", "accolta"), ("Rifiutata", "I", "scartata"),
            ("Tolta", "I", "accolta"),
        ):  # fmt: skip
            await unita.esegui(
                "INSERT INTO comunicazione (flusso, prestazione_id, operazione, esportazione_id, "
                "esito, esito_testo, comune_titolare) VALUES ('siuss', $1, $2, "
                "'00000000-0000-4000-8000-000000000001', $3, 'codice <ignoto>', 'D150')",
                ids[nome], operazione, esito,
            )  # fmt: skip
        await versioni.elimina(ids["Tolta"])
    await interroga(
        ambiti.superutente,
        "INSERT INTO versione_flusso (flusso, impronta) VALUES ('siuss', repeat('0', 64)) "
        "ON CONFLICT DO NOTHING",
    )
    await interroga(
        ambiti.superutente,
        "UPDATE prestazione SET conforme_a = (SELECT id FROM versione_flusso WHERE impronta = "
        "repeat('0', 64)) WHERE id = $1",
        ids["Vecchia"],
    )

    async def visti(stato: str) -> set[str]:
        risposta = await cliente.get(f"/cremona/prestazioni?anno=2025&stato={stato}")
        assert risposta.status_code == 200
        elenco = risposta.text.split("<tbody", 1)[-1]
        return {nome for nome in nomi if f"Stato{nome}" in elenco}

    assert await visti("") == set(nomi) - {"Tolta"}
    assert await visti("inventato") == set(nomi) - {"Tolta"}
    assert await visti("da_comunicare") == {"Mai", "Vecchia"}
    assert await visti("comunicata") == {"Detta"}
    assert await visti("accolta") == {"Presa"}
    assert await visti("scartata") == {"Rifiutata"}
    assert await visti("da_annullare") == {"Tolta"}
    assert await visti("da_ricontrollare") == {"Vecchia"}
    pagina = (await cliente.get(f"/cremona/prestazioni/{ids['Rifiutata']}")).text
    assert "codice &lt;ignoto&gt;" in pagina
    togli = (await cliente.get(f"/cremona/prestazioni/{ids['Presa']}/togli")).text
    assert "<strong>cancellazione</strong>" in togli
    assert "Da annullare" in (await cliente.get(f"/cremona/prestazioni/{ids['Tolta']}")).text
    correggi = (await cliente.get(f"/cremona/prestazioni/{ids['Presa']}/correggi")).text
    assert "il prossimo invio annulla" in correggi


async def _di_cremona(cliente: Navigatore, nome: str) -> int:
    modulo = scritta(comune_titolare="D150", cognome=f"Stato{nome}") | {"ente_erogatore": "D150"}
    risposta = await cliente.vai("POST", "/cremona/prestazioni/nuova", modulo)
    assert risposta.status_code == 303, errori(risposta)
    return int(risposta.headers["location"].rsplit("/", 1)[1])


async def test_ogni_campo_del_flusso_sta_nel_modulo(entra: Entra) -> None:
    pagina = (await (await entra("rita.crema")).get("/crema/prestazioni/nuova")).text
    for campo in FLUSSO_PRESTAZIONI.campi:
        if campo.nome != "tipo_operazione":
            assert f'name="{campo.nome}' in pagina, campo.nome
