"""The pages of the survey over HTTP, without JavaScript: who does what, and what is told when it cannot be."""

from __future__ import annotations

import html
import io
import re
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from lxml import html as albero
from tests.conftest import Banca
from tests.isolamento.conftest import Navigatore
from tests.prestazioni.casi import contesto
from tests.prestazioni.test_moduli import Entra, entra
from tests.spesa.casi import COLONNE, CREMA, PANDINO, csv_di, ods_di, riga, xlsx_di

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_di_lavoro
from capofila.spesa import service
from capofila.spesa.griglia import sigla

__all__ = ["entra"]

pytestmark = pytest.mark.anyio
D = Decimal
SAD = "anziani/sad/singola/diretta"
RIGA = {"area": "anziani", "voce": "sad", "gestione": "singola", "modalita": "diretta"}


def parole(risposta: Any) -> str:
    """The words of the page itself, spaces made one."""
    principale = albero.fromstring(risposta.text).xpath("//main")[0]
    return " ".join(str(principale.text_content()).split())


async def apri(cliente: Navigatore, anno: int, **campi: str) -> str:
    """A survey by its form; its address."""
    risposta = await cliente.vai("POST", "/crema/spesa/nuova", {"anno": str(anno), **campi})
    assert risposta.status_code == 303, parole(risposta)
    return str(risposta.headers["location"])


async def scheda(cliente: Navigatore, rilevazione: str, nome: str = "Pandino") -> str:
    """The address of the sheet of a comune."""
    pagina = albero.fromstring((await cliente.get(rilevazione)).text)
    return str(pagina.xpath(f"//form[@id='comuni']//a[.='{nome}']/@href")[0])


def versione(risposta: Any, chiave: str = SAD) -> str:
    pagina = albero.fromstring(risposta.text)
    return str(pagina.xpath(f"//input[@name='{sigla(chiave)}.versione']/@value")[0])


async def scrivi(cliente: Navigatore, dove: str, **celle: str) -> Any:
    """Save cells of the home care as the whole form does."""
    prima = versione(await cliente.get(dove))
    campi = {f"{sigla(SAD)}.{nome}": valore for nome, valore in celle.items()}
    return await cliente.vai("POST", f"{dove}/righe", {f"{sigla(SAD)}.versione": prima, **campi})


async def righe(anno: int, istat: str = PANDINO) -> list[service.RigaVista]:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        return await service.righe(anno, istat)


async def test_una_rilevazione_sbagliata_dice_dove_e_si_tiene_quello_che_era_scritto(
    entra: Entra,
) -> None:
    cliente = await entra("rita.crema")
    risposta = await cliente.vai(
        "POST", "/crema/spesa/nuova",
        {"anno": "2010", "dal": "2026-05-01", "scadenza": "2026-04-01", "promemoria": "ieri"},
    )  # fmt: skip
    assert risposta.status_code == 422
    assert "Promemoria: non è una data" in parole(risposta)
    risposta = await cliente.vai(
        "POST",
        "/crema/spesa/nuova",
        {"anno": "2010", "dal": "2026-05-01", "scadenza": "2026-04-01"},
    )
    assert "La scadenza viene prima dell'apertura" in parole(risposta)
    assert 'value="2026-04-01"' in risposta.text
    assert await apri(cliente, 2010)
    risposta = await cliente.vai("POST", "/crema/spesa/nuova", {"anno": "2010"})
    assert risposta.status_code == 422
    assert "c'è già" in parole(risposta)


async def test_un_comune_vede_e_scrive_solo_la_sua_scheda(entra: Entra) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    rilevazione = await apri(rita, 2012)
    sua, altrui = await scheda(rita, rilevazione), await scheda(rita, rilevazione, "Crema")
    elenco = parole(await pia.get(rilevazione))
    assert "Pandino" in elenco
    assert "Soncino" not in elenco
    assert (await pia.get(altrui)).status_code == 404
    for coda in ("righe", "aggiungi", "commenta", "passo", "spiega", "togli"):
        assert (await pia.vai("POST", f"{altrui}/{coda}", RIGA)).status_code == 404, coda
    assert (await pia.vai("POST", f"{sua}/aggiungi", RIGA)).status_code == 303
    risposta = await scrivi(pia, sua, spesa="1.250,50", risorse_comune="1250,50", utenti="7")
    assert risposta.status_code == 303
    [vista] = await righe(2012)
    assert (vista.riga.spesa, vista.riga.utenti) == (D("1250.50"), 7)
    for coda in ("termini", "passi", "riparti/nuovo"):
        assert (await pia.vai("POST", f"{rilevazione}/{coda}", {})).status_code == 403, coda
    assert (await pia.vai("POST", f"{sua}/proroga", {})).status_code == 403


async def test_una_cella_sbagliata_resta_com_era_scritta_e_le_altre_righe_si_salvano(
    entra: Entra,
) -> None:
    rita = await entra("rita.crema")
    dove = await scheda(rita, await apri(rita, 2013))
    nido = {**RIGA, "area": "minori_famiglia", "voce": "nido"}
    for una in (RIGA, nido):
        await rita.vai("POST", f"{dove}/aggiungi", una)
    pagina = await rita.get(dove)
    nome, altro = sigla(SAD), sigla("minori_famiglia/nido/singola/diretta")
    risposta = await rita.vai(
        "POST", f"{dove}/righe",
        {f"{nome}.versione": versione(pagina), f"{nome}.spesa": "mille",
         f"{altro}.versione": versione(pagina, "minori_famiglia/nido/singola/diretta"),
         f"{altro}.spesa": "10"},
    )  # fmt: skip
    assert risposta.status_code == 422
    assert "non è un importo" in parole(risposta)
    assert 'value="mille"' in risposta.text
    assert f'href="#campo-{nome}-spesa"' in risposta.text
    assert {v.riga.voce: v.riga.spesa for v in await righe(2013)} == {"sad": D(0), "nido": D(10)}


async def test_chi_scrive_su_valori_che_un_altro_ha_cambiato_lo_sa(entra: Entra) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    dove = await scheda(rita, await apri(rita, 2014))
    await rita.vai("POST", f"{dove}/aggiungi", RIGA)
    vecchia = versione(await rita.get(dove))
    assert (await scrivi(pia, dove, spesa="5")).status_code == 303
    nome = sigla(SAD)
    risposta = await rita.vai(
        "POST", f"{dove}/righe", {f"{nome}.versione": vecchia, f"{nome}.spesa": "6"}
    )
    assert risposta.status_code == 422
    assert "qualcun altro l'ha cambiata" in parole(risposta)
    assert (await righe(2014))[0].riga.spesa == 5
    assert (await scrivi(rita, dove, spesa="6")).status_code == 303


async def test_il_salvataggio_di_una_cella_risponde_al_suo_posto(entra: Entra) -> None:
    rita = await entra("rita.crema")
    dove = await scheda(rita, await apri(rita, 2015))
    await rita.vai("POST", f"{dove}/aggiungi", RIGA)
    nome = sigla(SAD)
    risposta = await rita.post(
        f"{dove}/righe",
        data={f"{nome}.versione": versione(await rita.get(dove)), f"{nome}.spesa": "100"},
        headers={"hx-request": "true", "x-csrftoken": rita.gettone},
    )
    assert risposta.status_code == 200, risposta.text
    assert "<html" not in risposta.text
    assert re.search(r"Salvato alle \d\d:\d\d:\d\d", risposta.text)
    assert "Mancano fonti per 100,00" in risposta.text.replace("\xa0", " ")
    assert f'id="campo-{nome}-spesa-nota" hx-swap-oob' in risposta.text


async def test_una_scheda_va_dal_comune_all_approvazione_e_si_riapre_con_un_motivo(
    entra: Entra,
) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    rilevazione = await apri(rita, 2017)
    dove = await scheda(rita, rilevazione)
    await pia.vai("POST", f"{dove}/aggiungi", RIGA)
    await scrivi(pia, dove, utenti="3")
    risposta = await pia.vai("POST", f"{dove}/passo", {"azione": "completa"})
    assert risposta.status_code == 422
    assert "Errori aperti: 1" in parole(risposta)
    spiega = {"regola": "utenti_senza_spesa", "cella": f"{SAD}/spesa"}
    rifiutata = await pia.vai("POST", f"{dove}/spiega", {**spiega, "motivo": "boh"})
    assert rifiutata.status_code == 422
    [area] = albero.fromstring(rifiutata.text).xpath("//details[@open]//textarea")
    assert area.text == "boh"
    await pia.vai("POST", f"{dove}/spiega", {**spiega, "motivo": "li paga un altro ente"})
    assert "Ragione: li paga un altro ente" in parole(await pia.get(dove))
    for azione in ("completa", "invia"):
        assert (await pia.vai("POST", f"{dove}/passo", {"azione": azione})).status_code == 303, (
            azione
        )
    assert "Si può solo leggere" in parole(await pia.get(dove))
    assert (await pia.vai("POST", f"{dove}/aggiungi", RIGA)).status_code in (303, 409)
    numero = dove.rsplit("/", 1)[1]
    for azione in ("verifica", "approva"):
        risposta = await rita.vai(
            "POST", f"{rilevazione}/passi", {"azione": azione, "schede": numero}
        )
        assert risposta.status_code == 303, parole(risposta)
    risposta = await rita.vai(
        "POST", f"{rilevazione}/passi", {"azione": "trasmetti", "schede": numero}
    )
    assert "Comuni ancora da approvare: 47" in parole(risposta)
    assert (await rita.vai("POST", f"{dove}/passo", {"azione": "riapri"})).status_code == 422
    await rita.vai("POST", f"{dove}/passo", {"azione": "riapri", "motivo": "utenti da rivedere"})
    await scrivi(rita, dove, utenti="4", spesa="8", altri="8")
    pagina = parole(await rita.get(dove))
    assert "3 celle cambiate dopo l’approvazione" in pagina
    assert "utenti da rivedere" in pagina


async def test_un_comune_senza_accesso_va_avanti_per_mano_dell_ufficio_di_piano(
    entra: Entra,
) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    rilevazione = await apri(rita, 2030)
    dove = await scheda(rita, rilevazione)
    pagina = parole(await rita.get(dove))
    assert "Segna come compilata, per conto del comune" in pagina
    assert "per conto del comune" not in parole(await pia.get(dove))
    risposta = await rita.vai("POST", f"{dove}/passo", {"azione": "completa", "motivo": "sì"})
    assert risposta.status_code == 422
    assert "per suo conto scrivere il motivo" in parole(risposta)
    # What was written is still there, where it is corrected, and the summary leads to it.
    tenuto = albero.fromstring(risposta.text)
    [area] = tenuto.xpath("//details[@open]//textarea[@id='campo-motivo-completa']")
    assert area.text.strip() == "sì"
    assert tenuto.xpath("//*[@id='riepilogo-errori']//a/@href") == ["#campo-motivo-completa"]
    campi = {"azione": "completa", "motivo": "ha mandato i dati per posta certificata"}
    assert (await rita.vai("POST", f"{dove}/passo", campi)).status_code == 303
    # Of many together: without a reason none, with one those that can.
    numeri = {"schede": dove.rsplit("/", 1)[1], "azione": "invia"}
    risposta = await rita.vai("POST", f"{rilevazione}/passi", numeri)
    assert risposta.status_code == 422
    assert "per suo conto scrivere il motivo" in parole(risposta)
    risposta = await rita.vai("POST", f"{rilevazione}/passi", {**numeri, "motivo": campi["motivo"]})
    assert risposta.status_code == 303
    storia = parole(await pia.get(dove))
    detto = r"per conto del comune di Pandino ?ha mandato i dati per posta"
    assert len(re.findall(detto, storia)) == 2


async def test_un_commento_si_apre_dalla_sua_cella_e_vi_torna(entra: Entra) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    dove = await scheda(rita, await apri(rita, 2031))
    await rita.vai("POST", f"{dove}/aggiungi", RIGA)
    nome = sigla(SAD)
    pagina = albero.fromstring((await rita.get(dove)).text)
    [via] = pagina.xpath(f"//tr[@id='riga-{nome}']/th//a[text()='Commenta']/@href")
    assert via == f"?commenta={nome}#campo-testo"
    # With JavaScript each cell has its own.
    risposta = await rita.get(dove + via.replace("#", "&colonna=fsr#").split("#")[0])
    assert "Commento alla riga «" in parole(risposta)
    modulo = albero.fromstring(risposta.text).xpath(f"//form[@action='{dove}/commenta']")[0]
    campi = dict(modulo.form_values())
    assert (campi["riga"], campi["colonna"]) == (nome, "fsr")
    risposta = await rita.vai("POST", f"{dove}/commenta", {**campi, "testo": "da dove viene?"})
    assert risposta.headers["location"] == f"{dove}#campo-{nome}-fsr"
    vista = albero.fromstring((await pia.get(dove)).text)
    nota = vista.get_element_by_id(f"campo-{nome}-fsr-nota")
    assert nota.text_content().split() == ["Commento"]
    assert vista.xpath(f"//ul[@class='commenti']//a[@href='#campo-{nome}-fsr']")
    # A line or a column that is not there is not taken for another one.
    for sbagliata in ({"riga": nome, "colonna": "x"}, {"riga": "0123456789", "colonna": "fsr"}):
        risposta = await rita.vai("POST", f"{dove}/commenta", {**sbagliata, "testo": "x"})
        assert risposta.status_code == 404, sbagliata
    assert "Commento a tutta la scheda" in parole(await rita.get(f"{dove}?commenta=zzz&colonna=x"))


async def test_dopo_il_termine_si_legge_soltanto_finche_non_c_e_una_proroga(
    entra: Entra, ambiti: Banca
) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    ieri, domani = oggi() - timedelta(days=1), oggi() + timedelta(days=1)
    rilevazione = await apri(
        rita, 2018, dal=(ieri - timedelta(days=9)).isoformat(), scadenza=ieri.isoformat()
    )
    dove = await scheda(rita, rilevazione)
    assert "serve una proroga" in parole(await pia.get(dove))
    risposta = await pia.vai("POST", f"{dove}/aggiungi", RIGA)
    assert risposta.status_code == 409
    for campi in (
        {"fino_al": domani.isoformat()},
        {"fino_al": ieri.isoformat(), "motivo": "malattia"},
    ):
        assert (await rita.vai("POST", f"{dove}/proroga", campi)).status_code == 422
    campi = {"fino_al": domani.isoformat(), "motivo": "è cambiato il programma"}
    assert (await rita.vai("POST", f"{dove}/proroga", campi)).status_code == 303
    assert "è cambiato il programma" in parole(await pia.get(dove))
    assert (await pia.vai("POST", f"{dove}/aggiungi", RIGA)).status_code == 303


async def test_le_righe_dell_anno_prima_si_riportano_senza_importi(entra: Entra) -> None:
    rita = await entra("rita.crema")
    prima = await scheda(rita, await apri(rita, 2019))
    await rita.vai("POST", f"{prima}/aggiungi", RIGA)
    await scrivi(rita, prima, spesa="4321,09", altri="4321,09")
    dove = await scheda(rita, await apri(rita, 2020))
    assert "4.321,09" in parole(await rita.get(dove))
    await rita.vai("POST", f"{dove}/aggiungi", {"azione": "riporta"})
    assert [v.riga.spesa for v in await righe(2020)] == [D(0)]
    pagina = await rita.get(dove)
    assert "nel 2019:" in parole(pagina)
    sotto = albero.fromstring(pagina.text).xpath(f"//tr[@id='riga-{sigla(SAD)}']/td[2]/small")
    assert [uno.text for uno in sotto] == ["4.321,09"]
    chiede = await rita.get(f"{dove}/togli?riga={sigla(SAD)}")
    assert "Togliere la riga" in parole(chiede)
    await rita.vai("POST", f"{dove}/togli", {"riga": sigla(SAD)})
    assert await righe(2020) == []


async def test_un_foglio_con_altri_nomi_entra_quando_si_dice_che_cosa_sono_le_colonne(
    entra: Entra,
) -> None:
    rita, pia = await entra("rita.crema"), await entra("pia.pandino")
    rilevazione = await apri(rita, 2021)
    contenuto = csv_di(riga(2021, comune=PANDINO)).replace(b";spesa;", b";Costo lordo;")
    risposta = await pia.vai("POST", f"{rilevazione}/importa", {}, ("foglio.csv", contenuto))
    assert risposta.status_code == 303
    carico = str(risposta.headers["location"])
    pagina = await pia.get(carico)
    assert "Non so quale colonna sia: Spesa" in parole(pagina)
    assert "Manca la colonna «spesa»" in parole(pagina)
    errori = await pia.get(f"{carico}/errori.csv")
    assert errori.headers["content-type"] == "text/csv; charset=utf-8"
    assert "colonna_mancante" in errori.text or "Manca la colonna" in errori.text
    scelte = {f"colonna{n}": nome for n, nome in enumerate(COLONNE)}
    await pia.vai("POST", f"{carico}/colonne", scelte)
    assert "Importa 1 riga" in parole(await pia.get(carico))
    assert await righe(2021) == []
    # The file of a comune is its own: for the Ufficio di Piano too it is a file that waits.
    assert (await rita.get(carico)).status_code == 200
    risposta = await pia.vai("POST", f"{carico}/decidi", {"azione": "importa"})
    assert risposta.status_code == 303
    assert [v.riga.spesa for v in await righe(2021)] == [D("1000.50")]
    assert (await pia.get(carico)).status_code == 404
    elenco = albero.fromstring((await pia.get(f"{rilevazione}/importa")).text)
    annulla = str(elenco.xpath("//table[@id='lotti']//a/@href")[0])
    assert "escono dalle schede: 1" in parole(await pia.get(annulla))
    assert (await pia.vai("POST", annulla, {})).status_code == 303
    assert await righe(2021) == []


async def test_un_foglio_con_errori_li_dice_riga_per_riga_e_non_entra(entra: Entra) -> None:
    rita = await entra("rita.crema")
    rilevazione = await apri(rita, 2022)
    contenuto = csv_di(riga(2022), riga(2022, voce="nido", spesa="999"))
    risposta = await rita.vai("POST", f"{rilevazione}/importa", {}, ("foglio.csv", contenuto))
    carico = str(risposta.headers["location"])
    pagina = parole(await rita.get(carico))
    assert "quote e fonti fanno 1000,50 e la spesa è 999,00" in pagina.lower()
    risposta = await rita.vai("POST", f"{carico}/decidi", {"azione": "importa"})
    assert risposta.status_code == 422
    assert await righe(2022, CREMA) == []
    assert (await rita.vai("POST", f"{carico}/decidi", {"azione": "butta"})).status_code == 303
    assert (await rita.get(carico)).status_code == 404
    risposta = await rita.vai("POST", f"{rilevazione}/importa", {}, ("foglio.pdf", b"%PDF-1.7"))
    assert risposta.status_code >= 400
    assert "non è stato letto" in parole(risposta)


def _con_una_parte(contenuto: bytes, nome: str, parte: bytes) -> bytes:
    """A workbook with a part more, or in the place of its own."""
    uscita = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(contenuto)) as prima,
        zipfile.ZipFile(uscita, "w", zipfile.ZIP_DEFLATED) as dopo,
    ):
        for sua in prima.namelist():
            if sua != nome:
                dopo.writestr(sua, prima.read(sua))
        dopo.writestr(nome, parte)
    return uscita.getvalue()


BUONA = xlsx_di(riga(2035))
ENTITA = (
    b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><sst>&e;</sst>'
)


@pytest.mark.parametrize(
    ("nome", "contenuto", "stato", "detto"),
    [
        ("a.xlsx", b"", 400, "Il file è vuoto"),
        ("a.xlsx", _con_una_parte(BUONA, "xl/media/b.bin", bytes(64 << 20)), 413, "oltre misura"),
        ("a.xlsx", _con_una_parte(BUONA, "xl/sharedStrings.xml", ENTITA), 400, "non si legge"),
        ("a.ods", _con_una_parte(ods_di(riga(2035)), "content.xml", ENTITA), 400, "La cartella"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 400, "vecchio formato"),
        ("a.csv", csv_di(riga(2035)).decode().encode("utf-16"), 400, "UTF-16"),
        ("a.csv", b"\x89PNG\r\n" + bytes(99), 400, "non è un testo"),
    ],
    ids=["vuoto", "bomba", "entita-xlsx", "entita-ods", "xls", "utf16", "immagine"],
)
async def test_un_file_che_non_e_un_foglio_si_rifiuta_e_nulla_aspetta(
    entra: Entra, nome: str, contenuto: bytes, stato: int, detto: str
) -> None:
    rita = await entra("rita.crema")
    if (risposta := await rita.vai("POST", "/crema/spesa/nuova", {"anno": "2035"})).is_redirect:
        dove = str(risposta.headers["location"])
    else:
        pagina = albero.fromstring((await rita.get("/crema/spesa")).text)
        [dove] = pagina.xpath("//main//a[normalize-space()='2035']/@href")
    risposta = await rita.vai("POST", f"{dove}/importa", {}, (nome, contenuto))
    assert risposta.status_code == stato, parole(risposta)
    assert detto in parole(risposta)
    assert "root:" not in risposta.text
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True) as unita:
        assert not await unita.valore("SELECT count(*) FROM carico_spesa WHERE anno = 2035")


async def test_una_riga_dell_azienda_si_vede_su_ogni_comune_prima_di_confermarla(
    entra: Entra,
) -> None:
    rita = await entra("rita.crema")
    rilevazione = await apri(rita, 2023, quali="alcuni", comuni=[CREMA, PANDINO])  # type: ignore[arg-type]
    nuovo = f"{rilevazione}/riparti/nuovo"
    campi = {**RIGA, "gestione": "associata", "descrizione": "SAD dell'azienda", "chiave": "quote",
             "spesa": "100,01", "altri": "100,01", f"peso-{CREMA}": "1", f"peso-{PANDINO}": "1"}  # fmt: skip
    risposta = await rita.vai("POST", nuovo, {**campi, "altri": "99"})
    assert risposta.status_code == 422
    assert "La riga non quadra" in parole(risposta)
    assert 'value="99"' in risposta.text
    risposta = await rita.vai("POST", nuovo, {**campi, "azione": "conferma"})
    pagina = html.unescape(parole(risposta)).replace("\xa0", " ")
    assert "50,01 €" in pagina
    assert "50,00 €" in pagina
    assert await righe(2023) == []
    visto = albero.fromstring(risposta.text).xpath("//input[@name='visto']/@value")[0]
    risposta = await rita.vai("POST", nuovo, {**campi, "azione": "conferma", "visto": str(visto)})
    assert risposta.status_code == 303
    assert [v.riga.spesa for v in await righe(2023, CREMA)] == [D("50.01")]
    assert [v.riga.spesa for v in await righe(2023)] == [D("50.00")]
    elenco = albero.fromstring((await rita.get(f"{rilevazione}/riparti")).text)
    annulla = str(elenco.xpath("//table[@id='riparti']//a/@href")[0])
    assert (await rita.vai("POST", annulla, {})).status_code == 303
    assert await righe(2023) == []
    assert (await rita.vai("POST", annulla, {})).status_code == 409
