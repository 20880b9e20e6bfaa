"""The pipeline: rows of text in, canonical columns, fragments and faults out."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.hooks import regole as r
from capofila.hooks.campi import Campo, Copia, Costante, DaTabella, SePresente, Tipo
from capofila.hooks.flussi import (
    AVVISI_PER_REGOLA,
    ErroreRiga,
    Flusso,
    LottoPreparato,
    Preparatore,
    RegolaNome,
    TaglioAnnuale,
    impronta,
)
from capofila.hooks.tracciati import LIMITE_MEMORIA, Attributo, Elemento, TracciatoXML


def _regola(codice: str, campo: str, controllo: r.Controllo, gravita: r.Gravita) -> r.Regola:
    return r.Regola(codice, campo, controllo, gravita, f"{codice}: {{{campo}}}", "prova", {}, {})


FLUSSO = Flusso(
    id="prova",
    denominazione="Prova",
    destinatario="Nessuno",
    versione_schema="1",
    fonte="prestazioni",
    campi=(
        Campo("persona", Tipo.TESTO, "Persona", obbligatorio=True, lunghezza=(1, 20),
              alias=("nominativo",)),
        Campo("importo", Tipo.IMPORTO, "Importo", obbligatorio=True),
        Campo("quota", Tipo.IMPORTO, "Quota"),
        Campo("comune", Tipo.COMUNE_ISTAT, "Comune"),
        Campo("nazione", Tipo.CIFRE, "Nazione", lunghezza=(3, 3),
              predefinito=SePresente("comune", "380")),
        Campo("regione", Tipo.CIFRE, "Regione", lunghezza=(2, 2),
              predefinito=DaTabella("comune", {"019": "03"}, prefisso=3)),
        Campo("operazione", Tipo.TESTO, "Operazione", predefinito=Costante("I")),
        Campo("pagante", Tipo.TESTO, "Pagante", predefinito=Copia("persona")),
    ),
    regole=(
        _regola("quota-uguale", "quota",
                r.Se(r.Presente("quota"), r.SommaUguale(("quota",), "importo")), "errore"),
        _regola("importo-alto", "importo", r.Tra("importo", "0.00", "5"), "avviso"),
    ),
    tracciato=TracciatoXML(
        "urn:prova", "Flusso", Elemento("Testa"),
        Elemento("Riga", (Attributo("Importo", "importo"), Attributo("Op", "operazione"))),
        Elemento("Persona", (Attributo("Nome", "persona"), Attributo("Regione", "regione"))),
    ),
    estensione="xml",
    media_type="application/xml",
)  # fmt: skip
COLONNE = ("persona", "importo", "quota", "comune")


def _codici(errori: list[ErroreRiga]) -> list[tuple[int, str, str]]:
    return [(e.riga, e.colonna, e.codice) for e in errori]


def test_una_riga_buona_ha_valori_canonici_predefiniti_e_forme() -> None:
    preparatore = Preparatore(FLUSSO, COLONNE)
    lotto = preparatore.prepara([["Rossi", "12,5", "", "19035"]])
    assert lotto.errori == []
    assert {nome: valori[0] for nome, valori in lotto.colonne.items()} == {
        "persona": "Rossi", "importo": "12.50", "quota": None, "comune": "019035",
        "nazione": "380", "regione": "03", "operazione": "I", "pagante": "Rossi",
    }  # fmt: skip
    gruppo, riga = preparatore.rendi(lotto)
    assert gruppo == ['<Persona Nome="Rossi" Regione="03">']
    assert riga == ['<Riga Importo="12.50" Op="I"/>']
    assert (lotto.valide, lotto.righe, lotto.numeri) == (1, 1, [2])


def test_una_riga_con_errori_dice_tutti_i_suoi_mali_e_non_ha_forma() -> None:
    preparatore = Preparatore(FLUSSO, COLONNE)
    lotto = preparatore.prepara(
        [["=A1", "1.234", "1,00", "Crema"], ["", "1", "2", ""], ["Verdi", "9", "9", ""]], 40
    )
    assert _codici(lotto.errori) == [
        (40, "persona", "formula"),
        (40, "importo", "importo_ambiguo"),
        (40, "comune", "comune_istat"),
        (41, "persona", "obbligatorio"),
        (41, "quota", "quota-uguale"),
    ]
    assert lotto.errori[1].valore == "1.234"
    assert lotto.errori[-1].messaggio == "quota-uguale: 2,00"
    gruppo, riga = preparatore.rendi(lotto)
    assert [r is None for r in riga] == [True, True, False]
    assert [g is None for g in gruppo] == [True, True, False]
    assert (lotto.valide, lotto.buone, len(lotto)) == (1, [2], 3)
    # The refused amount is not also reported by the rule that reads it.
    assert lotto.colonne["importo"] == [None, "1.00", "9.00"]


def test_un_avviso_non_toglie_la_riga() -> None:
    lotto = Preparatore(FLUSSO, COLONNE).prepara([["Rossi", "900", "", ""]])
    assert _codici(lotto.avvisi) == [(2, "importo", "importo-alto")]
    assert lotto.buone == [0]


def test_righe_vuote_e_righe_di_lunghezza_sbagliata_tengono_la_numerazione() -> None:
    lotto = Preparatore(FLUSSO, COLONNE).prepara(
        [["Rossi", "1", "", ""], [], ["", " ", "", ""], ["Neri", "1"], ["Bo", "1", "", "", "x"],
         ["Bianchi", "1", "", ""]]
    )  # fmt: skip
    assert lotto.numeri == [2, 7]
    assert _codici(lotto.errori) == [(5, "", "celle"), (6, "", "celle")]
    assert (lotto.righe, lotto.valide) == (4, 2)


def test_un_lotto_vuoto_non_ha_nulla() -> None:
    preparatore = Preparatore(FLUSSO, COLONNE)
    lotto = preparatore.prepara([])
    assert (lotto.valide, lotto.righe, lotto.buone, lotto.errori) == (0, 0, [], [])
    assert preparatore.rendi(lotto) == ([], [])
    assert set(lotto.colonne) == {campo.nome for campo in FLUSSO.campi}


def test_le_colonne_si_riconoscono_in_ogni_ordine_e_per_alias() -> None:
    preparatore = Preparatore(FLUSSO, ["Quota ", "\ufeffNominativo", "note", "IMPORTO", "importo"])
    assert preparatore.sconosciute == ("note",)
    assert preparatore.doppie == ("importo",)
    assert preparatore.mancanti == ()
    lotto = preparatore.prepara([["1", "Rossi", "qualsiasi cosa", "1", "999"]])
    assert lotto.errori == []
    assert lotto.colonne["importo"] == ["1.00"]


def test_una_colonna_obbligatoria_che_manca_si_sa_prima_di_leggere() -> None:
    preparatore = Preparatore(FLUSSO, ["persona"])
    assert preparatore.mancanti == ("importo",)
    assert _codici(preparatore.prepara([["Rossi"]]).errori) == [(2, "importo", "obbligatorio")]


def test_un_carattere_nullo_anche_in_una_colonna_ignorata_ferma_la_riga() -> None:
    lotto = Preparatore(FLUSSO, ["persona", "importo", "note"]).prepara(
        [["Rossi", "1", "a\0b"], ["Ver\0di", "1", ""], ["Neri", "1", ""]]
    )
    assert _codici(lotto.errori) == [
        (2, "note", "carattere_non_ammesso"),
        (3, "persona", "carattere_non_ammesso"),
    ]
    assert lotto.buone == [2]


def test_un_predefinito_non_copre_un_valore_rifiutato() -> None:
    lotto = Preparatore(FLUSSO, [*COLONNE, "nazione"]).prepara([["Rossi", "1", "", "19035", "IT"]])
    assert _codici(lotto.errori) == [(2, "nazione", "cifre")]
    assert lotto.colonne["nazione"] == [None]


def test_chi_dipende_da_un_valore_rifiutato_non_risulta_anche_mancante() -> None:
    regole = (_regola("serve-nazione", "comune", r.Presente("nazione"), "errore"),)
    flusso = msgspec.structs.replace(FLUSSO, regole=regole)
    lotto = Preparatore(flusso, COLONNE).prepara(
        [["Rossi", "1", "", "Crema"], ["Rossi", "1", "", ""]]
    )
    assert _codici(lotto.errori) == [(2, "comune", "comune_istat"), (3, "comune", "serve-nazione")]


def test_una_cella_lunghissima_si_mostra_abbreviata() -> None:
    lotto = Preparatore(FLUSSO, COLONNE).prepara([["x" * 100_000, "1", "", ""]])
    assert len(lotto.errori[0].valore) == 201


def test_gli_errori_hanno_i_nomi_che_gli_script_leggono() -> None:
    errore = ErroreRiga(2, "importo", "x", "c", "m")
    assert msgspec.to_builtins(errore) == {
        "riga": 2, "colonna": "importo", "valore": "x", "codice": "c", "messaggio": "m",
    }  # fmt: skip


_cella = st.sampled_from(["", " ", "Rossi", "Nicolò", "=1", "1", "2,00", "1.234", "19035", "a\0"])


@given(st.lists(st.lists(_cella, min_size=4, max_size=4), max_size=60), st.integers(1, 60))
def test_il_taglio_in_lotti_non_cambia_il_risultato(righe: list[list[str]], passo: int) -> None:
    tutto, a_pezzi = Preparatore(FLUSSO, COLONNE), Preparatore(FLUSSO, COLONNE)
    intero = tutto.prepara(righe)
    lotti = [a_pezzi.prepara(righe[n : n + passo], 2 + n) for n in range(0, len(righe), passo)]
    rese = [a_pezzi.rendi(lotto) for lotto in lotti]
    assert tuple([x for resa in rese for x in resa[n]] for n in (0, 1)) == tutto.rendi(intero)
    assert [x for lotto in lotti for x in lotto.errori] == intero.errori
    assert [x for lotto in lotti for x in lotto.avvisi] == intero.avvisi
    assert [n for lotto in lotti for n in lotto.numeri] == intero.numeri


@given(st.lists(st.lists(_cella, min_size=4, max_size=4), min_size=1, max_size=20))
def test_per_colonne_e_per_righe_e_lo_stesso(righe: list[list[str]]) -> None:
    righe = [riga for riga in righe if riga[0].strip()] or [["Rossi", "1", "", ""]]
    per_colonne = Preparatore(FLUSSO, COLONNE).prepara_colonne(
        [*zip(*righe, strict=True)], range(7, 7 + len(righe))
    )
    assert per_colonne == Preparatore(FLUSSO, COLONNE).prepara(righe, 7)


@given(st.lists(st.lists(_cella, min_size=4, max_size=4), min_size=1, max_size=20))
def test_le_regole_sono_quelle_dell_interprete(righe: list[list[str]]) -> None:
    lotto = Preparatore(FLUSSO, COLONNE).prepara(righe)
    tutti: dict[int, set[str]] = {}
    for errore in [*lotto.errori, *lotto.avvisi]:
        tutti.setdefault(errore.riga, set()).add(errore.codice)
    rifiutate = {e.riga for e in lotto.errori if e.codice not in {g.codice for g in FLUSSO.regole}}
    for i, numero in enumerate(lotto.numeri):
        if numero in rifiutate:
            continue
        record = {nome: valori[i] for nome, valori in lotto.colonne.items()}
        attese = {FLUSSO.regole[n].codice for n in r.interpreta(FLUSSO.regole, record)}
        assert tutti.get(numero, set()) == attese


def test_le_memorie_restano_limitate_e_il_risultato_giusto() -> None:
    preparatore = Preparatore(FLUSSO, COLONNE)
    quante = LIMITE_MEMORIA + 500
    righe = [[f"Rossi {n}", f"{n},01", "", "19035"] for n in range(quante)]
    lotto = preparatore.prepara([*righe, *righe])
    assert lotto.errori == []
    assert lotto.colonne["importo"][quante] == "0.01"
    _, riga = preparatore.rendi(lotto)
    assert riga[quante - 1] == riga[-1] == f'<Riga Importo="{quante - 1}.01" Op="I"/>'
    assert all(len(memoria) <= LIMITE_MEMORIA for memoria in preparatore._memorie.values())


def test_l_impronta_cambia_con_le_regole_e_non_con_le_parole() -> None:
    prima = impronta(FLUSSO)
    assert len(prima) == 64
    assert impronta(msgspec.structs.replace(FLUSSO)) == prima

    def con(**cambi: Any) -> str:
        return impronta(msgspec.structs.replace(FLUSSO, **cambi))

    campi, regole = FLUSSO.campi, FLUSSO.regole
    assert con(campi=(msgspec.structs.replace(campi[0], etichetta="Chi"), *campi[1:])) == prima
    assert con(campi=(msgspec.structs.replace(campi[0], lunghezza=(1, 21)), *campi[1:])) != prima
    assert con(regole=(msgspec.structs.replace(regole[0], messaggio="altro"), regole[1])) == prima
    assert con(regole=(msgspec.structs.replace(regole[0], gravita="avviso"), regole[1])) != prima
    assert con(regole=regole[:1]) != prima
    tracciato = msgspec.structs.replace(FLUSSO.tracciato, radice="Altro")
    assert con(tracciato=tracciato) != prima


@pytest.mark.parametrize(
    "cambi",
    [
        {"campi": (*FLUSSO.campi, FLUSSO.campi[0])},
        {"regole": (FLUSSO.regole[0], FLUSSO.regole[0])},
        {"regole": (_regola("x", "quota", r.Presente("ignoto"), "errore"),)},
        {"regole": (_regola("x", "ignoto", r.Presente("quota"), "errore"),)},
        {"campi": (*FLUSSO.campi, Campo("z", Tipo.TESTO, "Z", predefinito=Copia("ignoto")))},
    ],
)  # fmt: skip
def test_un_flusso_che_nomina_campi_che_non_ha_non_nasce(cambi: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="prova"):
        msgspec.structs.replace(FLUSSO, **cambi)


def test_un_file_si_chiama_come_vuole_chi_lo_riceve() -> None:
    giorno = date(2026, 3, 1)
    assert FLUSSO.nome("D142", giorno, 12) == "D142.PROVA.20260301.0000012"
    suo = msgspec.structs.replace(
        FLUSSO, regola_nome=RegolaNome(sigla="RL", cifre=2, lunghezza=19, fonte="prova")
    )
    assert suo.nome("D142", giorno, 12) == "D142.RL.20260301.12"
    assert suo.nome("D142", giorno, 1).startswith(suo.serie("D142", giorno))
    for ente, progressivo, perche in (
        ("", 1, "ente"), ("D.142", 1, "ente"), ("D142", 0, "digits"), ("D142", 100, "digits"),
        ("D1420", 1, "longer"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=perche):
            suo.nome(ente, giorno, progressivo)


def test_l_impronta_non_dipende_da_come_si_chiamano_i_file() -> None:
    suo = msgspec.structs.replace(FLUSSO, regola_nome=RegolaNome(sigla="RL"))
    assert impronta(suo) == impronta(FLUSSO)


TAGLIO = TaglioAnnuale(
    inizio="dal", fine="al", codice="divisa", messaggio="in {parti} anni", fonte="prova",
    solo=("persona", "periodica"), massimo=3,
)  # fmt: skip
A_PERIODI = msgspec.structs.replace(
    FLUSSO,
    campi=(
        Campo("persona", Tipo.TESTO, "Persona", obbligatorio=True),
        Campo("dal", Tipo.DATA, "Dal"),
        Campo("al", Tipo.DATA, "Al"),
        Campo("importo", Tipo.IMPORTO, "Importo"),
    ),
    regole=(
        _regola("stesso-anno", "al",
                r.Se(r.EntroAnni("dal", "al", 2), r.StessoAnno("dal", "al")), "errore"),
        _regola("troppi-anni", "al", r.EntroAnni("dal", "al", 2), "errore"),
        _regola("importo-alto", "importo", r.Tra("importo", "0.00", "5"), "avviso"),
        _regola("non-nel-2026", "dal", r.Non(r.Tra("dal", "2026-01-01", "2026-12-31")), "errore"),
    ),
    tracciato=TracciatoXML("urn:prova", "Flusso", Elemento("Testa"),
                           Elemento("Riga", (Attributo("Dal", "dal"), Attributo("Al", "al")))),
    taglio=TAGLIO,
)  # fmt: skip
PERIODI = ("persona", "dal", "al", "importo")


def _periodi(*righe: tuple[str, ...], taglia: bool = True) -> LottoPreparato:
    return Preparatore(A_PERIODI, PERIODI, taglia=taglia).prepara(righe)


def test_un_periodo_di_piu_anni_e_diviso_e_le_altre_righe_restano_come_sono() -> None:
    lotto = _periodi(
        ("periodica", "2023-03-01", "2023-12-31", "1"),
        ("periodica", "2023-03-01", "2025-02-28", "2"),
        ("periodica", "2024-12-31", "2025-01-01", "3"),
        ("periodica", "2023-03-01", "", "4"),
    )
    assert lotto.errori == []
    assert lotto.numeri == [2, 3, 3, 3, 4, 4, 5]
    assert lotto.colonne["importo"] == ["1.00", *["2.00"] * 3, "3.00", "3.00", "4.00"]
    assert [*zip(lotto.colonne["dal"], lotto.colonne["al"], strict=True)][1:6] == [
        ("2023-03-01", "2023-12-31"), ("2024-01-01", "2024-12-31"), ("2025-01-01", "2025-02-28"),
        ("2024-12-31", "2024-12-31"), ("2025-01-01", "2025-01-01"),
    ]  # fmt: skip
    assert (lotto.righe, len(lotto), lotto.valide, lotto.tagliate) == (4, 7, 4, {1, 2, 3, 4, 5})
    assert [(e.riga, e.colonna, e.codice, e.messaggio) for e in lotto.avvisi] == [
        (3, "al", "divisa", "in 3 anni"), (4, "al", "divisa", "in 2 anni"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("riga", "codice"),
    [
        (("periodica", "2023-03-01", "2026-01-01", ""), "troppi-anni"),
        (("occasionale", "2023-03-01", "2024-01-01", ""), "stesso-anno"),
        (("periodica", "2025-01-01", "2023-12-31", ""), "stesso-anno"),
        (("periodica", "2023-03-01", "2024-01-01", "x"), "importo_non_leggibile"),
    ],
)
def test_cio_che_non_si_puo_dividere_resta_una_riga_con_il_suo_errore(
    riga: tuple[str, ...], codice: str
) -> None:
    lotto = _periodi(riga)
    assert codice in [e.codice for e in lotto.errori]
    assert (lotto.numeri, lotto.tagliate, lotto.valide) == ([2], frozenset(), 0)


def test_una_riga_divisa_e_buona_tutta_o_niente_e_il_suo_errore_e_detto_una_volta() -> None:
    lotto = _periodi(("periodica", "2025-03-01", "2026-02-01", "900"),
                     ("periodica", "2025-03-01", "2025-04-01", "900"))  # fmt: skip
    assert _codici(lotto.errori) == [(2, "dal", "non-nel-2026")]
    assert sorted(e.codice for e in lotto.avvisi) == ["divisa", "importo-alto", "importo-alto"]
    assert (lotto.buone, lotto.valide, {*lotto.scartate}) == ([2], 1, {0, 1})


def test_chi_prepara_record_gia_salvati_li_riceve_uno_a_uno() -> None:
    lotto = _periodi(("periodica", "2023-03-01", "2024-01-01", ""), taglia=False)
    assert (len(lotto), [e.codice for e in lotto.errori]) == (1, ["stesso-anno"])


_giorno = st.dates(date(2021, 1, 1), date(2025, 12, 31)).map(date.isoformat)


@given(
    st.lists(
        st.tuples(st.sampled_from(["periodica", "altro"]), _giorno, _giorno | st.just(""),
                  st.sampled_from(["1", "900", "x"])),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_il_taglio_copre_gli_stessi_giorni_senza_buchi_ne_sovrapposizioni(
    righe: list[tuple[str, ...]],
) -> None:
    intero, diviso = _periodi(*righe, taglia=False), _periodi(*righe)
    per_colonne = Preparatore(A_PERIODI, PERIODI, taglia=True)
    numeri = range(2, 2 + len(righe))
    assert diviso == per_colonne.prepara_colonne([*zip(*righe, strict=True)], numeri)
    for posto, numero in enumerate(intero.numeri):
        parti = [n for n, altro in enumerate(diviso.numeri) if altro == numero]
        dal, al = diviso.colonne["dal"], diviso.colonne["al"]
        assert dal[parti[0]] == intero.colonne["dal"][posto]
        assert al[parti[-1]] == intero.colonne["al"][posto]
        assert diviso.colonne["importo"][parti[0]] == intero.colonne["importo"][posto]
        for prima, dopo in itertools.pairwise(parti):
            fine, inizio = al[prima], dal[dopo]
            assert fine is not None
            assert inizio is not None
            assert date.fromisoformat(inizio) - date.fromisoformat(fine) == timedelta(1)
            assert (fine[5:], inizio[5:]) == ("12-31", "01-01")


def test_il_giorno_del_controllo_e_un_dato_che_arriva_da_fuori() -> None:
    flusso = msgspec.structs.replace(
        A_PERIODI, regole=(_regola("futura", "dal", r.InOrdine("dal", r.OGGI), "avviso"),)
    )
    riga = ("periodica", "2025-03-02", "", "")
    for oggi, attesi in ((None, []), ("2025-03-02", []), ("2025-03-01", ["futura"])):
        lotto = Preparatore(flusso, PERIODI, oggi=oggi).prepara([riga])
        assert [e.codice for e in lotto.avvisi] == attesi


def test_gli_avvisi_di_una_regola_sono_detti_fino_a_un_punto_e_poi_contati() -> None:
    preparatore = Preparatore(FLUSSO, COLONNE)
    righe = [["Rossi", "900", "", ""]] * (AVVISI_PER_REGOLA - 50)
    primo, secondo = preparatore.prepara(righe), preparatore.prepara(righe)
    assert (len(primo.avvisi), primo.taciuti) == (AVVISI_PER_REGOLA - 50, {})
    assert (len(secondo.avvisi), secondo.taciuti) == (50, {"importo-alto": AVVISI_PER_REGOLA - 100})


def test_il_taglio_entra_nell_impronta_ma_non_le_sue_parole() -> None:
    def con(**cambi: Any) -> str:
        taglio = msgspec.structs.replace(TAGLIO, **cambi)
        return impronta(msgspec.structs.replace(A_PERIODI, taglio=taglio))

    assert con() == con(messaggio="altro") != con(massimo=4)
    assert con() != impronta(msgspec.structs.replace(A_PERIODI, taglio=None))
    with pytest.raises(ValueError, match="taglio"):
        con(fine="ignoto")
