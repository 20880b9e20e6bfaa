"""A code as it is written, and a file of them."""

from __future__ import annotations

import msgspec
import pytest

from capofila.codifiche.rules import (
    BYTE_MASSIMI,
    RIGHE_MASSIME,
    csv_di,
    differenze,
    leggi_csv,
    leggi_voce,
    stato,
)
from capofila.hooks import ListaCodici, VoceCodifica
from capofila.hooks.codifiche import in_vigore, ordine
from capofila.siuss import codifiche

PRESTAZIONI: ListaCodici = next(una for una in codifiche() if una.id == "siuss-prestazioni")
BUONA = {"codice": "A3.04", "etichetta": "Servizio di prova", "dal": "01/01/2025",
         "al": "2026-12-31", "fonte": "delibera di prova"}  # fmt: skip


def test_un_codice_buono_si_legge_in_forma_canonica() -> None:
    voce, errori = leggi_voce(PRESTAZIONI, BUONA)
    assert errori == {}
    assert voce == VoceCodifica(
        "A3.04", "Servizio di prova", "delibera di prova", dal="2025-01-01", al="2026-12-31"
    )


@pytest.mark.parametrize(
    ("cambi", "campo"),
    [
        ({"codice": ""}, "codice"),
        ({"codice": "A3"}, "codice"),
        ({"codice": "A3.04; DROP"}, "codice"),
        ({"etichetta": "Corta"}, "etichetta"),
        ({"etichetta": "=CMD()|calc! ecco"}, "etichetta"),
        ({"dal": "ieri"}, "dal"),
        ({"al": "2024-12-31"}, "al"),
        ({"fonte": ""}, "fonte"),
    ],
)
def test_un_codice_scritto_male_dice_dove(cambi: dict[str, str], campo: str) -> None:
    voce, errori = leggi_voce(PRESTAZIONI, BUONA | cambi)
    assert voce is None
    assert list(errori) == [campo]
    assert errori[campo].endswith(".")


def test_senza_denominazione_un_codice_e_da_caricare() -> None:
    voce, _ = leggi_voce(PRESTAZIONI, BUONA | {"etichetta": " "})
    assert voce is not None
    assert voce.da_caricare
    assert stato(PRESTAZIONI, voce, "2025-06-01") == ("Da caricare", "attenzione")


@pytest.mark.parametrize(
    ("giorno", "parola"),
    [("2024-12-31", "Non ancora in vigore"), ("2025-01-01", "In vigore"),
     ("2026-12-31", "In vigore"), ("2027-01-01", "Chiuso")],
)  # fmt: skip
def test_lo_stato_di_un_codice_dipende_dal_giorno(giorno: str, parola: str) -> None:
    voce, _ = leggi_voce(PRESTAZIONI, BUONA)
    assert voce is not None
    assert stato(PRESTAZIONI, voce, giorno)[0] == parola


def test_un_codice_supposto_resta_da_confermare_finche_non_ha_una_fonte_sua() -> None:
    regioni = next(lista for lista in codifiche() if lista.supposta)
    supposta = regioni.voci[0]
    assert stato(regioni, supposta, "2025-06-01") == ("Da confermare", "attenzione")
    confermata = msgspec.structs.replace(supposta, fonte="risposta di INPS (inventata)")
    assert stato(regioni, confermata, "2025-06-01") == ("In vigore", "buono")


def test_ogni_lista_dichiarata_torna_uguale_dal_suo_csv() -> None:
    for lista in codifiche():
        voci, errori = leggi_csv(lista, csv_di(lista.voci))
        assert errori == []
        assert tuple(voci) == lista.voci
        assert differenze(lista.voci, voci).nuove == ()


def test_di_un_file_si_sa_che_cosa_cambierebbe() -> None:
    testo = "fonte,codice,etichetta\nprova,A3.04,Servizio di prova\nprova,A1.03,Carta acquisti\n"
    voci, errori = leggi_csv(PRESTAZIONI, testo.encode())
    assert errori == []
    diverse = differenze(PRESTAZIONI.voci, [*voci, PRESTAZIONI.voci[0]])
    assert [voce.codice for voce in diverse.aggiunte] == ["A3.04"]
    assert [dopo.fonte for _, dopo in diverse.cambiate] == ["prova"]
    assert (diverse.uguali, len(diverse.nuove)) == (1, 2)


@pytest.mark.parametrize(
    ("contenuto", "attesi"),
    [
        (b"", [(1, "", "colonna_mancante")]),
        (b"codice;etichetta\r\nA3.04;x\r\n", [(1, "", "colonna_mancante")]),
        ("codice;fonte\r\nA3.04;Nicolò\r\n".encode("cp1252"), [(1, "", "csv_non_utf8")]),
        (b'codice;fonte\r\nA3.04;"prova\r\n', [(1, "", "csv_rotto")]),
        (b"codice;fonte\r\nA3\x00;prova\r\n", [(1, "", "file_non_testo")]),
        (b"codice;fonte\r\n\r\n;\r\n", [(2, "", "nessuna_riga")]),
        (b"codice;fonte\r\nA3.04;prova\r\nA3.04;prova\r\n", [(3, "codice", "duplicato")]),
        (b"codice;fonte\r\n\r\nA3;x\r\n",
         [(3, "fonte", "valore_non_valido"), (3, "codice", "valore_non_valido")]),
        (b"x" * (BYTE_MASSIMI + 1), [(1, "", "troppo_grande")]),
        (b"codice;fonte\r\n" * (RIGHE_MASSIME + 2), [(1, "", "troppo_grande")]),
    ],
)  # fmt: skip
def test_gli_errori_di_un_file_dicono_la_riga(
    contenuto: bytes, attesi: list[tuple[int, str, str]]
) -> None:
    _, errori = leggi_csv(PRESTAZIONI, contenuto)
    assert [(e.riga, e.colonna, e.codice) for e in errori] == attesi


def test_i_codici_stanno_nell_ordine_in_cui_si_contano() -> None:
    assert sorted(["10", "2", "A1.10", "A1.5", "A1.05.01", "A1.05"], key=ordine) == [
        "2", "10", "A1.5", "A1.05", "A1.05.01", "A1.10",
    ]  # fmt: skip


def test_cio_che_l_installazione_tiene_sta_sopra_a_cio_che_il_plugin_dichiara() -> None:
    chiuso = VoceCodifica("A1.05", "Contributi economici per alloggio", "prova", al="2024-12-31")
    nuovo = VoceCodifica("A3.04", None, "prova")
    tenute = {PRESTAZIONI.id: {"A1.05": chiuso, "A2.20": None, "A3.04": nuovo}}
    voci = {voce.codice: voce for voce in in_vigore([PRESTAZIONI], tenute)[PRESTAZIONI.id]}
    assert (voci["A1.05"], voci["A3.04"]) == (chiuso, nuovo)
    assert "A2.20" not in voci
    assert len(voci) == len(PRESTAZIONI.voci)
