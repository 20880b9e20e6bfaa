"""Figures in the database: typed, brought in whole, undone, computed; of one ambito only."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
import xlsxwriter

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.conoscenza import consegne, note, service, valori
from tests.conoscenza.casi import CREMA, PANDINO, SONCINO, csv_di, porta
from tests.prestazioni.casi import contesto
from tests.spesa.casi import a_carico_del_comune
from tests.spesa.casi import csv_di as csv_spesa
from tests.spesa.casi import porta as porta_spesa

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]


async def lette(anno: int, slug: str = "crema") -> dict[tuple[str, str], Decimal]:
    async with unita_di_lavoro(await contesto(slug), sola_lettura=True):
        return {(v.codice, v.territorio): v.valore for v in await valori.valori([anno])}


async def test_un_foglio_entra_tutto_o_niente_e_si_annulla_con_cio_di_cui_prese_il_posto() -> None:
    primo = await porta("VUL-B-21;2031;crema;10;Stima", f"VUL-B-22;2031;{PANDINO};4;")
    assert (primo.stato, primo.importate, primo.sostituite) == ("importato", 2, 0)
    storto = await porta("VUL-B-23;2031;;1;", "NIENTE;2031;;1;")
    assert (storto.stato, storto.importate, storto.errori[0].riga) == ("respinto", 0, 3)
    assert await lette(2031) == {("VUL-B-21", "ambito"): 10, ("VUL-B-22", PANDINO): 4}
    uguale = await porta("VUL-B-21;2031;crema;10;Stima", f"VUL-B-22;2031;{PANDINO};4;")
    assert (uguale.stato, uguale.lotto) == ("gia_importato", primo.lotto)
    secondo = await porta("VUL-B-21;2031;;12,5;", "VUL-B-24;2031;provincia;3;")
    assert (secondo.importate, secondo.sostituite) == (2, 1)
    assert primo.lotto is not None
    assert secondo.lotto is not None
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="cambiate dopo"):
            await valori.annulla_lotto(primo.lotto)
        await valori.annulla_lotto(secondo.lotto)
        with pytest.raises(Conflitto, match="già stata annullata"):
            await valori.annulla_lotto(secondo.lotto)
    assert await lette(2031) == {("VUL-B-21", "ambito"): 10, ("VUL-B-22", PANDINO): 4}
    # The first file is whole again, and may be undone.
    async with unita_di_lavoro(await contesto("crema")):
        await valori.annulla_lotto(primo.lotto)
    assert await lette(2031) == {}


async def test_un_ambito_non_legge_le_cifre_di_un_altro_e_un_comune_nessuna() -> None:
    await porta("VUL-B-21;2032;;10;")
    assert await lette(2032, "cremona") == {}
    async with unita_di_lavoro(await contesto("crema", comune="G306")) as unita:
        with pytest.raises(NonAutorizzato):
            await valori.valori([2032])
        assert await unita.valore("SELECT count(*) FROM valore_indicatore") == 0
        assert await unita.valore("SELECT count(*) FROM nota_conoscenza") == 0
    # A comune of another ambito is no territory of this one.
    di_altri = await porta("VUL-B-21;2032;019036;1;")
    assert di_altri.errori[0].codice == "territorio_ignoto"


async def test_una_cifra_scritta_a_mano_prende_il_posto_di_quella_di_prima() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        assert await valori.scrivi_uno({"codice": "VUL-B-21", "anno": "2033", "valore": "7"}) == {}
        assert await valori.scrivi_uno({"codice": "VUL-B-21", "anno": "2033", "valore": "8"}) == {}
        errori = await valori.scrivi_uno({"codice": "VUL-B-21", "anno": "2033", "valore": "otto"})
        assert "Non è una cifra" in errori["valore"]
    assert await lette(2033) == {("VUL-B-21", "ambito"): 8}
    async with unita_di_lavoro(await contesto("crema")):
        await valori.togli_uno("VUL-B-21", 2033, "ambito")
        with pytest.raises(NonTrovato):
            await valori.togli_uno("VUL-B-21", 2033, "ambito")


async def test_un_foglio_di_excel_vale_come_un_csv() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        letto = await valori.leggi_file("prova.csv", csv_di(f"VUL-B-21;2034;{int(CREMA)};5;"))
        assert [*letto.valori] == [("VUL-B-21", 2034, CREMA)]
        with pytest.raises(DatiNonValidi):
            await valori.leggi_file("prova.xml", b"<?xml version='1.0'?><a/>")
        foglio = io.BytesIO()
        with xlsxwriter.Workbook(foglio) as cartella:
            pagina = cartella.add_worksheet()
            pagina.write_row(0, 0, ["codice", "anno", "territorio", "valore"])
            pagina.write_row(1, 0, ["VUL-B-21", 2034, "Pandino", 12.5])
        letto = await valori.leggi_file("prova.xlsx", foglio.getvalue())
        assert {k: v.valore for k, v in letto.valori.items()} == {
            ("VUL-B-21", 2034, PANDINO): Decimal("12.5")
        }


async def test_la_spesa_sociale_degli_anziani_e_dei_disabili_viene_dalla_stanza_della_spesa() -> (
    None
):
    esito = await porta_spesa(
        csv_spesa(
            a_carico_del_comune(2035, "1000"),
            a_carico_del_comune(2035, "200", area="disabili", comune=PANDINO),
            a_carico_del_comune(2035, "50", area="minori_famiglia", comune=PANDINO),
        ),
        2035,
    )
    assert not esito.errori_totali, esito.errori
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        noto, dove = await service.catalogo(), await service.luoghi(2035)
        cifre = await service.cifre(noto, [2034, 2035], ["NAD-D-10"])
        assert cifre.di("NAD-D-10", 2035, dove.comuni[PANDINO]).valore == 200
        assert cifre.di("NAD-D-10", 2035, dove.ambito).valore == 1200
        assert cifre.di("NAD-D-10", 2034, dove.ambito).valore is None


async def test_il_plugin_di_crema_aggiunge_la_sua_lista_e_gli_altri_ambiti_non_l_hanno() -> None:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        assert (await service.catalogo()).uno("crema.erp_in_lista").tema == "Casa"
    async with unita_di_lavoro(await contesto("cremona"), sola_lettura=True):
        with pytest.raises(NonTrovato):
            (await service.catalogo()).uno("crema.erp_in_lista")


async def test_di_una_nota_restano_tutte_le_versioni_e_chi_le_scrisse() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await note.scrivi("sentito", "VUL-B-21", 2036, " Prima. ", chi="Ada")
        await note.scrivi("sentito", "VUL-B-21", 2036, "Seconda.", chi="Bea", vista=1)
        with pytest.raises(Conflitto, match="mentre scrivevi"):
            await note.scrivi("sentito", "VUL-B-21", 2036, "Terza.", chi="Ada", vista=1)
        trovate = await note.versioni("sentito", "VUL-B-21", 2036)
        assert [(n.versione, n.testo, n.chi) for n in trovate] == [
            (2, "Seconda.", "Bea"), (1, "Prima.", "Ada"),
        ]  # fmt: skip
        assert (await note.ultime("sentito", 2036))["VUL-B-21"].versione == 2
        with pytest.raises(DatiNonValidi, match="focus"):
            await note.scrivi("tema", "anno", 2036, "Casa", chi="Ada", focus="altro")
        with pytest.raises(DatiNonValidi, match="testo"):
            await note.scrivi("panorama", "famiglie", 2036, "  ", chi="Ada")


async def test_che_cosa_manca_e_chi_lo_deve_dare() -> None:
    await porta(f"VUL-B-21;2037;{CREMA};3;", f"VUL-B-21;2037;{SONCINO};1;", "NAD-B-04;2037;;900;")
    async with unita_di_lavoro(await contesto("crema")):
        await consegne.incarica("VUL-B-21", "  Comuni   dell'ambito ")
        with pytest.raises(DatiNonValidi):
            await consegne.incarica("VUL-B-21", "x")
        per_codice = {u.indicatore.codice: u for u in await service.dell_anno(2037)}
    mezza = per_codice["VUL-B-21"]
    assert (mezza.titolare, mezza.dati, mezza.consegnato) == ("Comuni dell'ambito", 2, False)
    assert "Pandino" in mezza.mancano
    assert per_codice["NAD-B-04"].consegnato
    assert per_codice["NAD-O-25"].titolare == "ASL"
    assert per_codice["VUL-B-22"].titolare is None
    # Ratios and what the platform computes are awaited from nobody.
    assert not {"FAM-B-05", "NAD-D-10"} & {*per_codice}
