"""The pipeline: rows of text in, canonical columns, fragments and faults out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.hooks import regole as r
from capofila.hooks.campi import Campo, Copia, Costante, DaTabella, SePresente, Tipo
from capofila.hooks.flussi import ErroreRiga, Flusso, Preparatore, impronta
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
    per_colonne = Preparatore(FLUSSO, COLONNE).prepara_colonne([*zip(*righe, strict=True)], 7)
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
