"""A figure as it is read, and the rows of a file: pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from capofila.conoscenza import modello
from capofila.conoscenza.catalogo import Catalogo, componi, dell_allegato
from capofila.conoscenza.rules import (
    Ammessi,
    Cifre,
    DelComune,
    Territorio,
    Valore,
    leggi_righe,
    leggi_valore,
    rapporto,
)
from capofila.conoscenza.valori import Luoghi
from capofila.hooks import FrequenzaIndicatore, variante

CATALOGO = componi(dell_allegato())
AMBITO = Territorio(codice="ambito", nome="Prova", comuni=("000001", "000002"), abitanti=100)
UNO = Territorio(codice="000001", nome="Uno", comuni=("000001",))
PROVINCIA = Territorio(codice="provincia", nome="Provincia", comuni=())


def valore(codice: str, territorio: str, quanto: int, *, calcolato: bool = False) -> Valore:
    return Valore(
        codice=codice, anno=2020, territorio=territorio, valore=Decimal(quanto), calcolato=calcolato
    )


def cifre(*quali: Valore) -> Cifre:
    return Cifre.da(CATALOGO, quali)


def test_una_somma_con_un_buco_non_e_una_cifra() -> None:
    mezza = cifre(valore("VUL-B-21", "000001", 4)).di("VUL-B-21", 2020, AMBITO)
    assert (mezza.valore, mezza.mancano) == (None, ("000002",))
    intera = cifre(valore("VUL-B-21", "000001", 4), valore("VUL-B-21", "000002", 3))
    assert intera.di("VUL-B-21", 2020, AMBITO).valore == 7
    assert intera.di("VUL-B-21", 2020, AMBITO).origine == "somma"
    assert intera.di("VUL-B-21", 2019, AMBITO).valore is None
    # What is given of the ambito comes before the sum.
    data = cifre(valore("VUL-B-21", "000001", 4), valore("VUL-B-21", "ambito", 9))
    assert data.di("VUL-B-21", 2020, AMBITO).valore == 9
    # What a room computes is zero where the room has nothing.
    calcolata = cifre(valore("NAD-D-10", "000001", 4, calcolato=True))
    assert calcolata.di("NAD-D-10", 2020, AMBITO).valore == 4


def test_una_media_non_si_somma() -> None:
    medie = cifre(valore("VUL-B-10", "000001", 4), valore("VUL-B-10", "000002", 3))
    assert medie.di("VUL-B-10", 2020, AMBITO).valore is None
    assert medie.di("VUL-B-10", 2020, UNO).valore == 4


def test_un_rapporto_si_divide_dai_suoi_termini_allo_stesso_territorio() -> None:
    noti = cifre(
        valore("FAM-B-05a", "000001", 1), valore("FAM-B-05b", "000001", 3),
        valore("FAM-B-05a", "000002", 2), valore("FAM-B-05b", "000002", 5),
        valore("VUL-B-08a", "provincia", 6000), valore("VUL-B-08b", "provincia", 20000),
    )  # fmt: skip
    assert noti.di("FAM-B-05", 2020, UNO).valore == Decimal("33.33")
    assert noti.di("FAM-B-05", 2020, AMBITO).valore == Decimal("37.50")
    assert noti.di("VUL-B-08", 2020, PROVINCIA).valore == Decimal("30.00")
    assert cifre(valore("FAM-B-05a", "000001", 1)).di("FAM-B-05", 2020, UNO).valore is None
    assert rapporto(Decimal(1), Decimal(0)) is None
    assert rapporto(Decimal(1), Decimal(200), 1) == Decimal("0.01")


@pytest.mark.parametrize(
    ("testo", "atteso"),
    [("12", "12"), ("12,5", "12.5"), ("12.5", "12.5"), ("1.234,56", "1234.56"), ("1 234", "1234")],
)
def test_una_cifra_come_la_si_scrive(testo: str, atteso: str) -> None:
    assert leggi_valore(testo) == Decimal(atteso)


@pytest.mark.parametrize(
    ("testo", "frase"),
    [("1.234", "due modi"), ("1,234", "due modi"), ("-1", "non è una cifra"), ("", "manca"),
     ("1e5", "non è una cifra"), ("1,23456", "non è una cifra"), ("9" * 15, "non è una cifra")],
)  # fmt: skip
def test_cio_che_non_e_una_cifra_lo_dice(testo: str, frase: str) -> None:
    with pytest.raises(ValueError, match=frase):
        leggi_valore(testo)


AMMESSI = Ammessi(
    catalogo=CATALOGO,
    comune=lambda testo, anno: "000001" if testo == "Uno" and anno == 2020 else None,
    nomi_ambito=frozenset({"prova"}),
    giorno=date(2026, 8, 1),
)
COLONNE = ["codice", "anno", "territorio", "valore", "fonte"]


def test_ogni_errore_ha_riga_colonna_e_che_cosa_fare() -> None:
    letto = leggi_righe(
        COLONNE,
        [
            ["VUL-B-21", "2020", "Uno", "4", "Anagrafe"],
            ["NIENTE", "2020", "Uno", "4"],
            ["FAM-B-05", "2020", "Uno", "4", ""],
            ["NAD-D-10", "2020", "Uno", "4", ""],
            ["VUL-B-08a", "2020", "Uno", "4", ""],
            ["VUL-B-21", "20", "Uno", "quattro", "x"],
            ["VUL-B-21", "2019", "Uno", "4", ""],
            ["", "", "", "", ""],
            ["VUL-B-21", "2020", "Uno", "5", ""],
            ["VUL-B-22", "2020", "Prova", "4", "", "di più"],
        ],
        AMMESSI,
    )
    assert [(e.riga, e.colonna, e.codice) for e in letto.errori] == [
        (3, "codice", "indicatore_ignoto"), (4, "codice", "rapporto"), (5, "codice", "calcolato"),
        (6, "territorio", "livello"), (7, "anno", "anno"), (7, "valore", "valore"), (7, "fonte", "fonte"),
        (8, "territorio", "territorio_ignoto"), (10, "codice", "doppia"), (11, "", "celle_in_piu"),
    ]  # fmt: skip
    assert "FAM-B-05a e FAM-B-05b" in letto.errori[1].messaggio
    assert (letto.righe, [*letto.valori]) == (9, [("VUL-B-21", 2020, "", "000001")])


def test_un_foglio_senza_nessuna_cifra_non_e_un_foglio_e_una_persona_non_si_divide() -> None:
    vuoto = leggi_righe(COLONNE, [["VUL-B-21", "2020", "Uno", "", ""]], AMMESSI)
    assert [(e.riga, e.colonna, e.codice) for e in vuoto.errori] == [(2, "valore", "nessuna_cifra")]
    a_meta = leggi_righe(COLONNE, [["VUL-B-21", "2020", "Uno", "1,5", ""]], AMMESSI)
    assert [(e.codice, e.messaggio) for e in a_meta.errori] == [
        ("non_intero", "conta persone: scriverlo senza decimali")
    ]
    righe = [["VUL-B-21", "2020", "Uno", "4", ""], *[["VUL-B-22", "2020", "Uno", "", ""]] * 2]
    assert [(a.riga, a.messaggio) for a in leggi_righe(COLONNE, righe, AMMESSI).avvisi] == [
        (3, "da questa in poi 2 righe sono senza cifra: non entrano")
    ]


DEL_COMUNE = msgspec.structs.replace(
    AMMESSI, del_comune=DelComune("000001", "Uno", frozenset({"VUL-B-21", "VUL-B-22"}))
)


def test_un_comune_porta_solo_le_sue_righe_e_a_ogni_altra_si_dice_che_cosa_farne() -> None:
    letto = leggi_righe(
        ["codice", "denominazione", "anno", "periodo", "territorio", "valore"],
        [
            ["VUL-B-21", "Senza fissa dimora", "2020", "", "Uno", "4"],
            ["VUL-B-22", "", "2020", "", "Altrove", "4"],
            ["VUL-B-22", "", "2020", "", "ambito", "4"],
            ["VUL-B-22", "", "2020", "", "", "4"],
            ["VUL-B-23", "", "2020", "", "Uno", "4"],
            ["VUL-B-22", "", "2020", "S1", "Uno", "4"],
            ["VUL-B-22", "", "2020", "", "Uno", ""],
            ["VUL-B-23", "", "2020", "", "provincia", "x"],
            ["FAM-B-05", "", "2020", "", "Uno", "4"],
        ],
        DEL_COMUNE,
    )
    assert [(e.riga, e.colonna, e.codice) for e in letto.errori] == [
        (3, "territorio", "altro_territorio"), (4, "territorio", "altro_territorio"),
        (5, "territorio", "altro_territorio"), (6, "codice", "non_del_comune"), (7, "periodo", "periodo"),
        (9, "codice", "non_del_comune"), (9, "territorio", "altro_territorio"), (9, "valore", "valore"),
        (10, "codice", "rapporto"),
    ]  # fmt: skip
    # What of a sheet to be filled in was left.
    assert letto.senza_cifra == [8]
    assert [*letto.valori] == [("VUL-B-21", 2020, "", "000001")]
    detti = {e.riga: e.messaggio for e in letto.errori}
    assert "scrivere Uno, o togliere la riga" in detti[3]
    assert "per cui lavori: scrivere Uno" in detti[4]
    assert "vuoto vuol dire tutto l'ambito" in detti[5]
    assert "Ufficio di Piano" in detti[6]


LUOGHI = Luoghi(
    anno=2020, ambito=AMBITO, provincia=PROVINCIA, sub_ambiti={}, capoluogo=None, fonti_abitanti=(),
    comuni={"000001": UNO, "000002": Territorio(codice="000002", nome="=Due", comuni=("000002",))},
)  # fmt: skip


def con_frequenza(codice: str, frequenza: FrequenzaIndicatore) -> Catalogo:
    return componi(
        variante(u, frequenza=frequenza) if u.codice == codice else u for u in dell_allegato()
    )


def test_il_foglio_di_un_comune_ha_solo_i_suoi_indicatori_con_le_cifre_che_ci_sono() -> None:
    noto = con_frequenza("VUL-B-22", "semestrale")
    dati = [
        valore("VUL-B-21", "000001", 4), valore("VUL-B-21", "000002", 9), valore("VUL-B-23", "000001", 7),
    ]  # fmt: skip
    fatte = modello.righe(noto, LUOGHI, dati, DEL_COMUNE.del_comune, date(2020, 8, 1))
    # The second half-year is not over.
    assert [(r[0], *r[2:6]) for r in fatte] == [
        ("VUL-B-21", "2020", "", "Uno", "4"),
        ("VUL-B-22", "2020", "S1", "Uno", ""),
    ]
    assert fatte[0][1] == noto.uno("VUL-B-21").denominazione
    # It was no member: nothing is asked of it.
    fuori = msgspec.structs.replace(LUOGHI, comuni={})
    assert modello.righe(noto, fuori, [], DEL_COMUNE.del_comune, date(2020, 8, 1)) == []


def test_dove_l_ambito_si_chiama_come_un_comune_il_foglio_si_rilegge_com_e() -> None:
    """Crema is a comune, and what its ambito is called."""
    omonimi = msgspec.structs.replace(
        AMMESSI,
        nomi_ambito=frozenset({"uno"}),
        comune=lambda testo, _: "000001" if testo in ("Uno", "000001") else None,
    )
    del_comune = msgspec.structs.replace(omonimi, del_comune=DEL_COMUNE.del_comune)
    dati = [valore("VUL-B-21", "000001", 4)]
    giorno = date(2020, 8, 1)
    for ammessi in (omonimi, del_comune):
        fatte = modello.righe(
            CATALOGO, LUOGHI, dati, ammessi.del_comune, giorno, ammessi.nomi_ambito
        )
        letto = leggi_righe(modello.TESTE, [r for r in fatte if r[0] == "VUL-B-21"], ammessi)
        assert ([*letto.valori], letto.errori) == ([("VUL-B-21", 2020, "", "000001")], [])
    # By its name it could be either.
    dubbia = leggi_righe(COLONNE, [["VUL-B-21", "2020", "Uno", "4", ""]], omonimi)
    assert [(e.riga, e.codice) for e in dubbia.errori] == [(2, "territorio_ambiguo")]
    # What the others have not given is still asked.
    tutte = modello.righe(CATALOGO, LUOGHI, dati, None, giorno)
    assert [r[4:6] for r in tutte if r[0] == "VUL-B-21"] == [("Uno", "4"), ("=Due", "")]
    prossimo = msgspec.structs.replace(LUOGHI, anno=2021)
    assert modello.righe(CATALOGO, prossimo, [], None, giorno) == []


def test_il_foglio_dell_ambito_chiede_ogni_cifra_che_qualcuno_da_e_si_legge_come_e() -> None:
    dati = [valore("VUL-B-21", "000001", 4), valore("VUL-B-21", "000002", 9)]
    fatte = modello.righe(CATALOGO, LUOGHI, dati, None, date(2026, 8, 1))
    per_codice = {r[0] for r in fatte}
    assert per_codice == {
        u.codice for u in CATALOGO.per_codice.values() if u.specie == "elementare"
    }
    assert [r[4] for r in fatte if r[0] == "VUL-B-21"] == ["Uno", "=Due"]
    assert next(r for r in fatte if r[0] == "VUL-B-08a")[4] in ("ambito", "provincia")
    pieno = modello.csv_di([fatte[0]]).decode("utf-8-sig")
    assert pieno.startswith("codice;denominazione;anno;periodo;territorio;valore;fonte\r\n")
    assert "'=Due" in modello.csv_di(fatte).decode()
    # What it says of itself is read as it was.
    letto = leggi_righe(modello.TESTE, [r for r in fatte if r[5] and r[4] == "Uno"], AMMESSI)
    assert [(v.chiave, v.valore) for v in letto.valori.values()] == [
        (("VUL-B-21", 2020, "", "000001"), 4)
    ]
    assert not letto.errori


def test_senza_territorio_e_dell_ambito_e_le_colonne_si_controllano() -> None:
    letto = leggi_righe(["Codice", "anno", "valore"], [["VUL-B-21", "2020", "4"]], AMMESSI)
    assert [*letto.valori] == [("VUL-B-21", 2020, "", "ambito")]
    assert not letto.errori
    storto = leggi_righe(["codice", "anno", "anno", "note"], [], AMMESSI)
    assert {e.codice for e in storto.errori} == {
        "manca_colonna",
        "colonna_ignota",
        "colonna_doppia",
    }
    assert leggi_righe(COLONNE, [], AMMESSI).errori[0].codice == "nessuna_riga"
