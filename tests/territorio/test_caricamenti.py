"""Inhabitants and boundaries from files: what is good, what is refused, what is shown of them."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as albero
from tests.codifiche.conftest import banca_tre, entra, modello, tre
from tests.conftest import Banca
from tests.isolamento.conftest import Entra
from tests.prestazioni.casi import contesto
from tests.spesa.casi import CREMA, PANDINO, csv_di, porta, riga

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import NonAutorizzato
from capofila.territorio import service
from capofila.territorio.caricamenti import (
    FileNonValido,
    leggi_confini,
    leggi_popolazione,
    semplifica,
)
from capofila.territorio.rules import Comune

__all__ = ["banca_tre", "entra", "modello", "tre"]

DATI = "/amministrazione/territorio"
FONTE = "ISTAT, popolazione al 31 dicembre 2019, di prova"
COMUNI = {
    istat: Comune(istat=istat, nome=nome, belfiore=f"X{istat[-3:]}", provincia="CR", fonte="x",
                  dal=None, al=al)
    for istat, nome, al in ((CREMA, "Crema", None), (PANDINO, "Pandino", None),
                            ("019042", "Drizzona", date(2018, 12, 31)))
}  # fmt: skip
QUADRATO = [[9.5, 45.3], [9.6, 45.3], [9.6, 45.4], [9.5, 45.4], [9.5, 45.3]]


def geojson(*oggetti: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": oggetti}).encode()


def oggetto(istat: Any = CREMA, anello: Any = QUADRATO, **altro: Any) -> dict[str, Any]:
    geometria = {"type": "Polygon", "coordinates": [anello]}
    return {"type": "Feature", "properties": {"istat": istat}, "geometry": geometria, **altro}


# ---- inhabitants ----


def test_la_popolazione_si_legge_come_la_danno_i_fogli_di_calcolo() -> None:
    letta = leggi_popolazione(
        b"\xef\xbb\xbfcomune;ISTAT;anno;residenti\r\n"
        b"Crema;19035;2019;34.371\r\nPandino;019067;2019;9012\r\nRoma;058091;2019;2808293\r\n\r\n",
        f"  {FONTE} ", COMUNI,
    )  # fmt: skip
    assert [(r.istat, r.anno, r.residenti, r.fonte) for r in letta.righe] == [
        (CREMA, 2019, 34371, FONTE), (PANDINO, 2019, 9012, FONTE),
    ]  # fmt: skip
    assert letta.fuori == 1


@pytest.mark.parametrize(
    ("righe", "detto"),
    [
        ("019035;;100", "Riga 2: «» non è un anno"),
        ("019035;duemila;100", "non è un anno"),
        ("019035;2019;", "non è un numero di residenti"),
        ("019035;2019;-1", "non è un numero di residenti"),
        ("019035;2019;=1+1", "non è un numero di residenti"),
        ("019035;2019;1,5", "non è un numero di residenti"),
        ("Crema;2019;1", "non è un codice ISTAT"),
        ("019035;2019;1\n019035;2019;2", "Crema nel 2019 c'è due volte"),
        ("019042;2019;1", "alla fine del 2019 Drizzona non esisteva"),
        ("058091;2019;1", "Nessuna riga del file"),
        ("", "Nessuna riga del file"),
    ],
)
def test_una_popolazione_sbagliata_non_entra_e_dice_dove(righe: str, detto: str) -> None:
    with pytest.raises(FileNonValido, match=detto):
        leggi_popolazione(f"istat;anno;residenti\n{righe}\n".encode(), FONTE, COMUNI)


@pytest.mark.parametrize(
    ("contenuto", "detto"),
    [
        (b"istat;anno\n019035;2019\n", "Manca la colonna «residenti»"),
        (b"PK\x03\x04\0\0", "Il file non è un testo"),
        (b"istat;anno;residenti\n\xe0;1;1\n", "non è in UTF-8"),
        (b"istat;anno;residenti\n" + b"0" * 3_000_000, "troppo grande"),
        (b"", "Manca la colonna"),
    ],
)
def test_un_file_che_non_e_una_popolazione_si_rifiuta(contenuto: bytes, detto: str) -> None:
    with pytest.raises(FileNonValido, match=detto):
        leggi_popolazione(contenuto, FONTE, COMUNI)
    with pytest.raises(FileNonValido, match="Fonte: da 5"):
        leggi_popolazione(b"istat;anno;residenti\n019035;2019;1\n", " ? ", COMUNI)


# ---- boundaries ----


def test_i_confini_si_leggono_coi_nomi_delle_proprieta_di_istat_e_openpolis() -> None:
    for proprieta in (
        {"istat": CREMA}, {"com_istat_code": CREMA}, {"PRO_COM_T": CREMA}, {"PRO_COM": 19035},
    ):  # fmt: skip
        letti = leggi_confini(geojson(oggetto(properties=proprieta), oggetto("058091")), COMUNI)
        assert [*letti.geometrie] == [CREMA]
        assert letti.fuori == 1
        assert letti.geometrie[CREMA].coordinates == [[*map(list, QUADRATO)]]


PUNTO = {"type": "Point", "coordinates": [9.5, 45.3]}
LINEA = {"type": "LineString", "coordinates": QUADRATO}


@pytest.mark.parametrize(
    ("contenuto", "detto"),
    [
        (b"", "non è un GeoJSON"),
        (b"<svg/>", "non è un GeoJSON"),
        (b"[" * 100_000, "non è un GeoJSON"),
        (json.dumps(oggetto()).encode(), "non è un GeoJSON"),
        (geojson(), "non è una «FeatureCollection» con dei comuni"),
        (geojson(oggetto(geometry=PUNTO)), "soli poligoni"),
        (geojson(oggetto(geometry=LINEA)), "soli poligoni"),
        (geojson(oggetto(geometry=None)), "soli poligoni"),
        (geojson(oggetto(properties=None)), "manca il codice ISTAT"),
        (geojson(oggetto("Crema")), "manca il codice ISTAT"),
        (geojson(oggetto(True)), "manca il codice ISTAT"),
        (geojson(oggetto(), oggetto()), "c'è due volte"),
        (geojson(oggetto("058091")), "Nessun oggetto"),
        (geojson(oggetto(anello=QUADRATO[:3])), "non si chiude"),
        (geojson(oggetto(anello=[])), "non si chiude"),
        (geojson(oggetto(anello=[[9.5], *QUADRATO])), "longitudine e latitudine"),
        # UTM metres, latitude first, the other side of the world.
        (geojson(oggetto(anello=[[540000, 5020000]] * 4)), "fuori dall'Italia"),
        (geojson(oggetto(anello=[p[::-1] for p in QUADRATO])), "fuori dall'Italia"),
        (geojson(oggetto(anello=[[1e308, 45.0]] * 4)), "fuori dall'Italia"),
        (geojson(oggetto()).replace(b"9.5", b"NaN"), "non è un GeoJSON"),
        (geojson(oggetto()).replace(b"9.5", b"1e999"), "non è un GeoJSON|fuori dall'Italia"),
        (b" " * (20 * 1024 * 1024 + 1), "supera 20 MiB"),
        (geojson(oggetto(anello=[[9.5, 45.3]] * 300_001)), "300000 punti"),
    ],
)
def test_confini_che_non_si_possono_disegnare_si_rifiutano(contenuto: bytes, detto: str) -> None:
    with pytest.raises(FileNonValido, match=detto):
        leggi_confini(contenuto, COMUNI)


def test_un_confine_fitto_si_semplifica_e_resta_dov_era() -> None:
    cerchio = [
        (9.7 + 0.05 * math.cos(i * math.tau / 5000), 45.3 + 0.05 * math.sin(i * math.tau / 5000))
        for i in range(5000)
    ]
    ridotto = semplifica([*cerchio, cerchio[0]])
    assert 20 < len(ridotto) < 120
    assert ridotto[0] == ridotto[-1]
    assert all(abs(math.dist(p, (9.7, 45.3)) - 0.05) < 0.0002 for p in ridotto)


@given(
    st.lists(
        st.tuples(st.floats(9.0, 10.0, width=32), st.floats(45.0, 46.0, width=32)),
        min_size=3, max_size=60,
    )
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_semplificare_non_sposta_punti_e_chiude_l_anello(punti: list[tuple[float, float]]) -> None:
    ridotto = semplifica([*punti, punti[0]])
    tondi = {(round(x, 4), round(y, 4)) for x, y in punti}
    assert {*ridotto} <= tondi
    assert len(ridotto) <= len(punti) + 1
    assert ridotto[0] == ridotto[-1]


def test_un_isola_troppo_piccola_sparisce_ma_un_comune_resta_sempre() -> None:
    piccola = [[9.5, 45.3], [9.5001, 45.3], [9.5001, 45.3001], [9.5, 45.3]]
    geometria = {"type": "MultiPolygon", "coordinates": [[QUADRATO], [piccola]]}
    letti = leggi_confini(geojson(oggetto(geometry=geometria)), COMUNI)
    assert len(letti.geometrie[CREMA].coordinates) == 1
    assert letti.punti == 5
    assert leggi_confini(geojson(oggetto(anello=piccola)), COMUNI).punti == 4


# ---- in the database and in the pages ----


def file(nome: str, contenuto: bytes) -> dict[str, Any]:
    return {nome: (f"{nome}.txt", contenuto, "application/octet-stream")}


@pytest.mark.anyio
async def test_solo_l_amministrazione_carica_e_una_cifra_nuova_prende_il_posto_della_vecchia(
    tre: Banca,
) -> None:
    contenuto = b"istat;anno;residenti\n019035;2019;34371\n019067;2019;9012\n"
    with pytest.raises(NonAutorizzato):
        async with unita_di_lavoro(await contesto("crema")):
            await service.carica_popolazione(contenuto, FONTE)
    with pytest.raises(NonAutorizzato):
        async with unita_di_lavoro(await contesto("crema")):
            await service.carica_confini(geojson(oggetto()), FONTE)
    for fonte, quanti in (("Popolazione inventata", b"1"), (FONTE, b"34371"), (FONTE, b"34372")):
        async with unita_di_lavoro(Contesto(amministratore=True)):
            esito = await service.carica_popolazione(contenuto.replace(b"34371", quanti), fonte)
        assert (esito.anni, esito.fuori) == ({2019: 2}, 0)
        async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
            di_crema = (await service.popolazione(2019))[CREMA]
            assert (di_crema.residenti, di_crema.fonte) == (int(quanti), fonte)
    # A refused file leaves what there was.
    with pytest.raises(FileNonValido):
        async with unita_di_lavoro(Contesto(amministratore=True)):
            await service.carica_popolazione(contenuto + b"019035;x;1\n", FONTE)
    async with unita_di_lavoro(Contesto(), sola_lettura=True):
        [anno] = [uno for uno in await service.anni_di_popolazione() if uno.anno == 2019]
        assert (anno.comuni, anno.fonti) == (2, (FONTE,))


@pytest.mark.anyio
async def test_i_confini_si_vedono_nelle_mappe_con_la_loro_attribuzione(entra: Entra) -> None:
    anna, rita = await entra("anna.ammi"), await entra("rita.crema")
    for metodo, dove in (
        ("GET", DATI),
        ("POST", f"{DATI}/confini"),
        ("POST", f"{DATI}/popolazione"),
    ):
        risposta = await rita.request(
            metodo, dove, headers={"x-csrftoken": rita.gettone}, files=file("confini", b"x")
        )
        assert risposta.status_code == 403, dove
    await porta(csv_di(riga(2017), riga(2017, comune=PANDINO)), 2017)
    analisi = "/crema/spesa/analisi?anno=2017"
    prima = albero.fromstring((await rita.get(analisi)).text)
    assert prima.xpath("//svg[contains(@class, 'carta')]//circle")
    assert not prima.xpath("//svg[contains(@class, 'carta')]//path")
    assert "nessuna, per questo anno" in (await rita.get(analisi)).text

    async def carica(dove: str, campi: dict[str, str], contenuto: bytes) -> Any:
        return await anna.post(
            f"{DATI}/{dove}", data=campi, files=file(dove, contenuto),
            headers={"x-csrftoken": anna.gettone},
        )  # fmt: skip

    chi = "Confini di prova di nessuno (CC BY 4.0) <b>"
    risposta = await carica("confini", {"attribuzione": "?"}, geojson(oggetto()))
    assert (risposta.status_code, "Attribuzione: da 5 a 300" in risposta.text) == (422, True)
    risposta = await carica("confini", {"attribuzione": chi}, b"{}")
    assert (risposta.status_code, "non è un GeoJSON" in risposta.text) == (422, True)
    buono = geojson(oggetto(), oggetto(PANDINO, [[p[0] - 0.1, p[1]] for p in QUADRATO]))
    assert (await carica("confini", {"attribuzione": chi}, buono)).status_code == 303
    assert "Confini di 2 comuni" in (await anna.get(DATI)).text
    pagina = albero.fromstring((await rita.get(analisi)).text)
    assert len(pagina.xpath("//svg[contains(@class, 'carta')]//path")) == 2
    assert chi in pagina.xpath("//section[@id='comuni']")[0].text_content()
    assert len(pagina.xpath("//svg[contains(@class, 'carta')]//circle")) == 46
    popolazione = b"istat;anno;residenti\n019035;2017;100\n019067;2017;50\n"
    risposta = await carica("popolazione", {"fonte": FONTE}, popolazione)
    assert risposta.status_code == 303, risposta.text
    vista = (await rita.get(analisi)).text
    assert f"Popolazione del 2017: {FONTE}" in vista
    risposta = await carica("confini", {"azione": "togli"}, b"")
    assert risposta.status_code == 303
    assert "I confini non sono caricati" in (await rita.get(analisi)).text
