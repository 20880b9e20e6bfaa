"""The reports of the distretti: their figures by hand, and what each ambito has of them."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any

import msgspec
import openpyxl
import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import contesto
from tests.spesa.casi import CREMA, PANDINO, a_carico_del_comune, csv_di, porta, riga

import capofila_casalmaggiore
import capofila_cremona
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_di_lavoro
from capofila.hooks import DichiarazioneErrata, RapportoSpesa, SezioneRapporto, variante
from capofila.spesa import pdf, scarichi, service, tavole
from capofila.spesa.carta import Carta
from capofila.spesa.cifre import Filtro
from capofila.spesa.tabelle import linee, scrivi
from capofila.spesa.tavole import TavolaCifre
from capofila.web import grafici
from capofila_crema.rapporti import RAPPORTO as DI_CREMA

pytestmark = pytest.mark.anyio
CREMONA, CASALMAGGIORE, CASALBUTTANO, GUSSOLA = "019036", "019021", "019016", "019052"


async def _tavole(
    rapporto: RapportoSpesa, anno: int, slug: str, comune: str | None = None
) -> dict[str, TavolaCifre]:
    """The tables of a report by title, as the page reads them."""
    async with unita_di_lavoro(await contesto(slug, comune=comune), sola_lettura=True):
        fatte = {}
        for una in rapporto.sezioni:
            letta = await service.leggi(anno, Filtro(voci=una.voci))
            modulo = await service.modulo_di(anno, letta.modulo)
            fatte[una.titolo] = tavole.sezione(letta, modulo, una)
        return fatte


def _righe(tavola: TavolaCifre) -> dict[str, tuple[Any, ...]]:
    return {r.nome: r.valori for r in tavola.righe}


async def test_cremona_mostra_ogni_cifra_con_e_senza_il_capoluogo_e_i_dieci_servizi(
    ambiti: Banca,
) -> None:
    await porta(
        csv_di(
            riga(2011, comune=CREMONA),
            a_carico_del_comune(2011, "99", comune=CREMONA, voce="segretariato", utenti="50"),
            a_carico_del_comune(2011, "300", comune=CASALBUTTANO, gestione="singola", utenti="3"),
        ),
        2011,
        slug="cremona",
    )
    fatte = await _tavole(capofila_cremona.RAPPORTO, 2011, "cremona")
    assert list(fatte) == [s.titolo for s in capofila_cremona.RAPPORTO.sezioni]
    gestione = _righe(fatte["Quanto si gestisce insieme"])
    assert list(gestione) == ["Ambito", "Ambito senza Cremona"]
    assert gestione["Ambito"][:3] == (Decimal("1399.50"), Decimal("1099.50"), Decimal("0.7856"))
    assert gestione["Ambito senza Cremona"][0] == Decimal("300.00")
    # The segretariato is not one of the ten services: its fifty users are not counted there.
    utenti = _righe(fatte["La spesa dei comuni e utenti"])
    assert (utenti["Ambito"][0], utenti["Ambito senza Cremona"][0]) == (15, 3)
    assert utenti["Ambito"][1] == Decimal("66.67")  # (700 + 300) / 15
    assert fatte["Il sostegno al reddito"].righe[0].valori[0] == Decimal("0.00")
    assert len(fatte["La spesa per target"].colonne) == 4
    assert set(_righe(fatte["La spesa per abitante"])) == set(gestione)


async def test_crema_la_mostra_per_sub_ambito_e_le_aree_fanno_il_totale(ambiti: Banca) -> None:
    await porta(
        csv_di(
            riga(2017),
            a_carico_del_comune(2017, "300", comune=PANDINO, gestione="singola"),
            a_carico_del_comune(2017, "40", comune=PANDINO, area="disabili"),
        ),
        2017,
    )
    fatte = await _tavole(DI_CREMA, 2017, "crema")
    gestione = _righe(fatte["Spesa e forma di gestione"])
    assert {n: v[0] for n, v in gestione.items()} == {
        "Ambito": Decimal("1340.50"), "Sub-ambito 1": Decimal("340.00"),
        "Sub-ambito 6": Decimal("1000.50"),
    }  # fmt: skip
    aree = fatte["Aree nei sub-ambiti"]
    assert [c.titolo for c in aree.colonne] == ["Spesa", "Sub-ambito 1", "Sub-ambito 6"]
    for una in aree.righe:
        assert sum(una.valori[1:]) == una.valori[0]
    assert _righe(aree)["Anziani"] == (Decimal("1300.50"), Decimal("300.00"), Decimal("1000.50"))
    # Whoever works for one comune has its figures only, and no other name.
    sue = await _tavole(DI_CREMA, 2017, "crema", comune="G306")
    assert list(_righe(sue["Spesa e forma di gestione"])) == ["Pandino"]


async def test_casalmaggiore_la_divide_per_gli_abitanti_di_ogni_comune(ambiti: Banca) -> None:
    await porta(
        csv_di(
            riga(2011, comune=CASALMAGGIORE),
            a_carico_del_comune(2011, "300", comune=CASALMAGGIORE, gestione="singola"),
            a_carico_del_comune(2011, "5000", comune=GUSSOLA, gestione="singola"),
        ),
        2011,
        slug="casalmaggiore",
    )
    quote = _righe((await _tavole(capofila_casalmaggiore.RAPPORTO, 2011, "casalmaggiore"))[
        "Quota per abitante dei comuni"
    ])  # fmt: skip
    assert list(quote) == ["Ambito", "Casalmaggiore", "Gussola"]
    abitanti, totale, associata, diretta, parte = quote["Casalmaggiore"]
    cent = Decimal("0.01")
    assert totale == (Decimal("1300.5") / abitanti).quantize(cent)
    assert associata == (Decimal("1000.5") / abitanti).quantize(cent)
    assert diretta == (Decimal(300) / abitanti).quantize(cent)
    assert parte == Decimal("0.7693")
    assert quote["Ambito"][0] == abitanti + quote["Gussola"][0]
    assert quote["Gussola"][2:] == (Decimal(0), quote["Gussola"][1], Decimal("0.0000"))


async def test_ogni_ambito_ha_solo_il_rapporto_del_suo_plugin(ambiti: Banca) -> None:
    trovati = {}
    for slug in ("crema", "cremona", "casalmaggiore"):
        async with unita_di_lavoro(await contesto(slug), sola_lettura=True):
            trovati[slug] = [r.codice for r in (await plugin_attivi()).rapporti_spesa(2024)]
    assert trovati == {
        "crema": ["spesa-per-sub-ambito"],
        "cremona": ["spesa-con-e-senza-cremona"],
        "casalmaggiore": ["spesa-quota-per-abitante"],
    }


def test_un_rapporto_storto_non_si_dichiara() -> None:
    una: SezioneRapporto = DI_CREMA.sezioni[0]
    for sezioni, frase in (
        ((), "non ha sezioni"),
        ((una, una), "un titolo suo"),
        ((variante(una, titolo="Spesa [tutta]"),), "un titolo suo"),
        ((variante(una, perimetri=()),), "almeno un perimetro"),
    ):
        with pytest.raises(DichiarazioneErrata, match=frase):
            variante(DI_CREMA, sezioni=sezioni)
    with pytest.raises(DichiarazioneErrata, match="non è un codice"):
        variante(DI_CREMA, codice="../su")


def _parole_del_pdf(contenuto: bytes) -> str:
    """The alternative texts of a PDF."""
    trovati = re.findall(rb"/Alt\s*<FEFF([0-9A-F]+)>", contenuto)
    return " ".join(bytes.fromhex(t.decode()).decode("utf-16-be") for t in trovati)


async def test_nei_file_ci_sono_i_grafici_le_parole_e_la_fonte(ambiti: Banca) -> None:
    for anno, spesa in ((2014, "100"), (2015, "250")):
        await porta(
            csv_di(
                a_carico_del_comune(anno, spesa, comune=CREMA),
                a_carico_del_comune(anno, "50", comune=PANDINO, gestione="singola"),
            ),
            anno,
        )
    fatte = await _tavole(DI_CREMA, 2015, "crema")
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        disegno = linee(await service.leggi(2015))
    documento = scarichi.Documento(
        titolo="Rapporto", sottotitolo="", note=[], tavole=list(fatte.values()),
        premessa=[f"Impostazione: {DI_CREMA.fonte.cita()}."],
        linee=disegno.disegno, nomi_linee=disegno.nomi,
    )  # fmt: skip
    barre = pdf.barre(fatte["Spesa e forma di gestione"], scrivi)
    assert barre is not None
    assert "Sub-ambito 6, Associata 250,00 €, Diretta 0,00 €" in barre["alt"].replace("\xa0", " ")
    assert barre["righe"][0]["tratti"] == [[0.0, 83.33, 1], [83.33, 16.67, 2]]
    anni = pdf.linee(documento, fatte["Negli anni"], scrivi)
    assert anni is not None
    assert "2014 150,00 €, 2015 300,00 €" in anni["alt"].replace("\xa0", " ")
    assert pdf.barre(fatte["Spesa per abitante"], scrivi) is None
    contenuto = pdf.pdf_di(documento, scrivi)
    assert b"pdfuaid:part" in contenuto
    detto = _parole_del_pdf(contenuto)
    assert "Grafico a barre, Spesa e forma di gestione" in detto
    assert "Grafico a linee, Negli anni" in detto
    cartella = openpyxl.load_workbook(io.BytesIO(scarichi.xlsx_di(documento)))
    assert cartella.sheetnames == [*fatte, "Avvertenze"]
    assert "Impostazione: Accordo di Programma" in str(cartella["Avvertenze"]["A1"].value)


def test_molte_barre_dicono_i_capi_e_non_tutte() -> None:
    riga_ = tavole.RigaCifre("x", "Uno", (Decimal(1),), (Decimal(1), Decimal(0)))
    molte = TavolaCifre(
        codice="comuni", titolo="I comuni", testa="Comune", serie=("Associata", "Diretta"),
        colonne=(tavole.ColonnaCifre("Spesa", "importo"),),
        righe=tuple(
            msgspec.structs.replace(
                riga_, nome=f"Comune {n}", barra=(Decimal(n), Decimal(n))
            )
            for n in range(1, 49)
        ),
    )  # fmt: skip
    barre = pdf.barre(molte, scrivi)
    assert barre is not None
    assert "da Comune 1, 2,00 €, a Comune 48, 96,00 €" in barre["alt"].replace("\xa0", " ")
    assert pdf.barre(msgspec.structs.replace(molte, righe=molte.righe[:0]), scrivi) is None


def test_la_carta_del_pdf_e_quella_della_pagina_con_le_sue_parole() -> None:
    quadrato = [[9.0, 45.0], [9.2, 45.0], [9.2, 45.2], [9.0, 45.2], [9.0, 45.0]]
    buco = [[9.05, 45.05], [9.1, 45.05], [9.1, 45.1], [9.05, 45.05]]
    valori = {"a": Decimal("12.50"), "b": Decimal(80), "c": None}
    disegno = grafici.mappa(
        {
            "a": {"type": "Polygon", "coordinates": [quadrato, buco]},
            "b": {"type": "Point", "coordinates": (9.3, 45.1)},
            "c": {"type": "Point", "coordinates": (9.4, 45.2)},
        }
    )
    assert disegno is not None
    carta = Carta(
        mappa=disegno, classi=grafici.classi(valori), valori=valori,
        nomi={"a": "Crema", "b": "Pandino", "c": "Èzio #x"}, dice="Spesa per abitante",
        titolo="Spesa per abitante", fonte="Confini di prova.",
    )  # fmt: skip
    disegnata = pdf.mappa(carta, scrivi)
    assert disegnata is not None
    assert [len(forma["anelli"]) for forma in disegnata["forme"]] == [2, 0, 0]
    assert [forma["classe"] for forma in disegnata["forme"]] == [1, 2, 0]
    assert disegnata["classi"][0] == [0, "nessun dato"]
    tavola = TavolaCifre(
        codice="comuni", titolo="I comuni", testa="Comune",
        colonne=(tavole.ColonnaCifre("Spesa", "importo"),),
        righe=tuple(tavole.RigaCifre(n, n, (v,)) for n, v in valori.items()),
    )  # fmt: skip
    contenuto = pdf.pdf_di(
        scarichi.Documento(titolo="X", sottotitolo="", note=[], tavole=[tavola], carta=carta),
        scrivi,
    )
    detto = _parole_del_pdf(contenuto).replace("\xa0", " ")
    assert "Mappa, Spesa per abitante: meno di tutti Crema, 12,50 €" in detto
    assert "più di tutti Pandino, 80,00 €" in detto
    vuota = msgspec.structs.replace(carta, valori=dict.fromkeys(valori))
    assert "nessuna cifra" in (pdf.mappa(vuota, scrivi) or {})["alt"]
