"""Layouts: from canonical columns to bytes that any XML or CSV reader gives back."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from capofila.hooks import Campo, Flusso, Tipo
from capofila.hooks.tracciati import (
    Attributo,
    ColonnaCSV,
    Elemento,
    FormaFissa,
    IntestazioneFlusso,
    Lista,
    PostoFisso,
    Ripetuto,
    TracciatoCSV,
    TracciatoFisso,
    TracciatoXML,
    cella_csv,
    proteggi,
    sempre_diversi,
)

TRACCIATO = TracciatoXML(
    spazio_nomi="urn:prova",
    radice="Flusso",
    intestazione=Elemento("Testa", (Attributo("Nome", "nome"),), (
        Elemento("Ente", (Attributo("Codice", "ente_codice"),
                          Attributo("Denominazione", "ente_denominazione"))),)),
    gruppo=Elemento("Persona", (Attributo("Id", "persona"),), (
        Elemento("Casa", (Attributo("Via", "via"),)),
        Ripetuto("Casa", "altre_case", (Attributo("Via", "via"),)))),
    riga=Elemento("Atto", (Attributo("Tipo", "tipo", {"si": "1", "no": "2"}),
                           Attributo("Nota", "nota")), (
        Elemento("Extra", (Attributo("Grado", "grado"),),
                 (Lista("Codici", "Codice", "codici"),), facoltativo=True),)),
)  # fmt: skip
TESTATA = IntestazioneFlusso("F1", "D142", "Comune di «Crema» & C.", "D142", "")

# What XML 1.0 can carry; the readers of the fields refuse the rest.
_testo = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\t\n\r\x85\u2028&<>\"'"),
    min_size=1, max_size=30,
).filter(lambda t: "\ufffe" not in t and "\uffff" not in t)  # fmt: skip


def _documento(colonne: dict[str, list[str | None]], quante: int) -> etree._Element:
    gruppo = TRACCIATO.resa_gruppo()
    assert gruppo is not None
    righe = zip(
        gruppo.rendi(colonne, quante), TRACCIATO.resa_riga().rendi(colonne, quante), strict=True
    )
    corpo = "".join(g + r + TRACCIATO.chiusura_gruppo() for g, r in righe)
    return etree.fromstring(TRACCIATO.testata(TESTATA) + corpo.encode() + TRACCIATO.coda())


@given(st.lists(st.tuples(_testo, st.none() | _testo, st.none() | _testo), min_size=1, max_size=40))
def test_ogni_valore_torna_uguale_da_un_lettore_xml(
    righe: list[tuple[str, str | None, str | None]],
) -> None:
    persona, nota, grado = (list(colonna) for colonna in zip(*righe, strict=True))
    radice = _documento({"persona": persona, "nota": nota, "grado": grado}, len(righe))
    letti = [
        (p.get("Id"), p[1].get("Nota"), p[1][0].get("Grado") if len(p[1]) else None)
        for p in list(radice)[1:]
    ]
    assert letti == righe


@given(_testo)
def test_un_frammento_sta_su_una_riga_sola(testo: str) -> None:
    (riga,) = TRACCIATO.resa_riga().rendi({"nota": [testo]}, 1)
    assert riga.splitlines() == [riga]
    assert "\t" not in riga


def test_il_frammento_atteso_carattere_per_carattere() -> None:
    gruppo = TRACCIATO.resa_gruppo()
    assert gruppo is not None
    colonne: dict[str, list[str | None]] = {
        "persona": ["1", "1"],
        "via": [None, 'Roma "8"'],
        "altre_case": [None, '[{"via":"Po & Adda"},{}]'],
        "tipo": ["si", None],
        "nota": ["a\nb", None],
        "codici": [None, "A1 A2"],
    }
    assert gruppo.rendi(colonne, 2) == [
        '<Persona Id="1"><Casa/>',
        '<Persona Id="1"><Casa Via="Roma &quot;8&quot;"/><Casa Via="Po &amp; Adda"/><Casa/>',
    ]
    assert TRACCIATO.resa_riga().rendi(colonne, 2) == [
        '<Atto Tipo="1" Nota="a&#10;b"/>',
        "<Atto><Extra><Codici><Codice>A1</Codice><Codice>A2</Codice></Codici></Extra></Atto>",
    ]


def test_la_testata_omette_quel_che_manca() -> None:
    assert TRACCIATO.testata(TESTATA).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Flusso xmlns="urn:prova"><Testa Nome="F1">'
        '<Ente Codice="D142" Denominazione="Comune di «Crema» &amp; C."/></Testa>\n'
    )
    assert TRACCIATO.coda() == b"</Flusso>\n"


def test_senza_colonne_resta_l_elemento_vuoto() -> None:
    assert TRACCIATO.resa_riga().rendi({}, 3) == ["<Atto/>"] * 3


@pytest.mark.parametrize("quante", [1, 20, 300])
def test_la_strada_breve_delle_colonne_sempre_diverse_scrive_lo_stesso(quante: int) -> None:
    diverse: list[str | None] = [f"n. {n}" for n in range(quante)]
    assert sempre_diversi(diverse) is (quante > 16)
    attese = [f'<Atto Nota="n. {n}"/>' for n in range(quante)]
    assert TRACCIATO.resa_riga().rendi({"nota": diverse}, quante) == attese
    diverse[-1] = "<"
    attese[-1] = '<Atto Nota="&lt;"/>'
    assert TRACCIATO.resa_riga().rendi({"nota": diverse}, quante) == attese


def test_proteggi_non_tocca_un_testo_semplice() -> None:
    assert proteggi("D'Amico È 𠮷") == "D'Amico È 𠮷"


CSV = TracciatoCSV((
    ColonnaCSV("Cognome", "cognome"),
    ColonnaCSV("Genere", "genere", {"M": "1", "F": "2"}),
    ColonnaCSV("Importo", "importo", numero=True),
))  # fmt: skip


def _csv(colonne: dict[str, list[str | None]], quante: int) -> bytes:
    righe = CSV.resa_riga().rendi(colonne, quante)
    return CSV.testata(TESTATA) + "".join(righe).encode() + CSV.coda()


@given(st.lists(st.tuples(st.none() | _testo, st.none() | st.just("12.50")), max_size=20))
def test_il_csv_si_rilegge_e_nessuna_cella_di_testo_e_una_formula(
    righe: list[tuple[str | None, str | None]],
) -> None:
    colonne = {"cognome": [r[0] for r in righe], "importo": [r[1] for r in righe]}
    testo = _csv(colonne, len(righe)).decode("utf-8-sig")
    letto = list(csv.reader(io.StringIO(testo, newline=""), delimiter=";", strict=True))
    assert letto[0] == ["Cognome", "Genere", "Importo"]
    for (cognome, importo), riga in zip(righe, letto[1:], strict=True):
        assert riga[0].removeprefix("'") == (cognome or "").removeprefix("'")
        assert not riga[0].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert riga[2] == ("12,50" if importo else "")


def test_una_cella_di_formula_diventa_innocua() -> None:
    assert cella_csv("=1+1") == "'=1+1"
    assert cella_csv('a;"b"') == '"a;""b"""'
    assert cella_csv("12.50", numero=True) == "12,50"
    assert cella_csv("12.50", numero=True, virgola=False) == "12.50"


def test_un_csv_non_ha_gruppi() -> None:
    assert CSV.resa_gruppo() is None
    assert CSV.chiusura_gruppo() == ""


FISSO = TracciatoFisso(
    prima=(PostoFisso(2, costante="T1"), PostoFisso(6, "ente_codice"), PostoFisso(4)),
    posti=(
        PostoFisso(1, costante="R"),
        PostoFisso(10, "cognome"),
        PostoFisso(14, "importo", FormaFissa.CENTESIMI),
        PostoFisso(8, "nascita", FormaFissa.GGMMAAAA),
        PostoFisso(8, "inizio", FormaFissa.AAAAMMGG),
        PostoFisso(1, "delega", valori={"si": "1", "no": "0"}),
        PostoFisso(3, "figli", FormaFissa.CIFRE),
    ),
    dopo=(PostoFisso(2, costante="T9"),),
)


def test_una_riga_a_larghezza_fissa_ha_ogni_valore_al_suo_posto() -> None:
    colonne = {
        "cognome": ["Nicolò’", "Müłler Æß", None],
        "importo": ["12.50", "0.00", None],
        "nascita": ["1980-01-31", None, "2000-12-01"],
        "inizio": ["2025-02-03", None, "2025-02-04"],
        "delega": ["si", "no", None],
        "figli": ["2", None, "10"],
    }
    assert FISSO.resa_riga().rendi(colonne, 3) == [
        "RNicolo'   00000000001250310119802025020310" + "02\r\n",
        "RMuller AEs00000000000000000000000000000000" + "00\r\n",
        "R          00000000000000011220002025020" + "4 010\r\n",
    ]
    assert FISSO.testata(TESTATA) == b"T1D142      \r\n"
    assert FISSO.coda() == b"T9\r\n"
    assert TracciatoFisso(posti=()).coda() == b""


@given(st.lists(st.tuples(st.none() | st.text(max_size=10), st.none() | st.dates()), max_size=30))
def test_tutte_le_righe_fisse_sono_lunghe_uguali_e_in_ascii(
    righe: list[tuple[str | None, date | None]],
) -> None:
    colonne = {
        "cognome": [uno or None for uno, _ in righe],
        "nascita": [giorno and giorno.isoformat() for _, giorno in righe],
    }
    testi = FISSO.resa_riga().rendi(colonne, len(righe))
    assert {len(testo.encode("ascii")) for testo in testi} <= {1 + 10 + 14 + 8 + 8 + 1 + 3 + 2}


@pytest.mark.parametrize(
    ("campo", "posto", "perche"),
    [
        (Campo("a", Tipo.TESTO, "A", lunghezza=(0, 11)), PostoFisso(10, "a"), "10 places for"),
        (Campo("a", Tipo.TESTO, "A"), PostoFisso(10, "a"), "4000 characters"),
        (Campo("a", Tipo.IMPORTO, "A"), PostoFisso(13, "a", FormaFissa.CENTESIMI), "14 char"),
        (Campo("a", Tipo.TESTO, "A"), PostoFisso(8, "a", FormaFissa.AAAAMMGG), "not a form"),
        (Campo("a", Tipo.DATA, "A"), PostoFisso(20, "a", FormaFissa.CENTESIMI), "not a form"),
        (Campo("a", Tipo.BLOCCHI, "A"), PostoFisso(90, "a"), "any number"),
        (Campo("a", Tipo.SI_NO, "A"), PostoFisso(1, "a"), "up to 2"),
        (Campo("a", Tipo.CODICE, "A", codici={"1": "", "uno": ""}),
         PostoFisso(2, "a", valori={"uno": "due"}), "up to 3"),
        (Campo("b", Tipo.ANNO, "B"), PostoFisso(4, "a"), "unknown field"),
    ],
)  # fmt: skip
def test_un_posto_troppo_stretto_per_il_suo_campo_e_rifiutato_con_il_flusso(
    campo: Campo, posto: PostoFisso, perche: str
) -> None:
    with pytest.raises(ValueError, match=perche):
        Flusso(
            id="prova", denominazione="", destinatario="", versione_schema="1", fonte="prova",
            campi=(campo,), regole=(), tracciato=TracciatoFisso((posto,)), estensione="txt",
            media_type="text/plain",
        )  # fmt: skip


@pytest.mark.parametrize(
    "argomenti",
    [
        {"larghezza": 0},
        {"larghezza": 1001},
        {"larghezza": 2, "costante": "tre"},
        {"larghezza": 9, "costante": "tre", "campo": "a"},
        {"larghezza": 10, "campo": "a", "forma": FormaFissa.GGMMAAAA},
    ],
)
def test_un_posto_che_non_si_puo_mai_scrivere_e_rifiutato(argomenti: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        PostoFisso(**argomenti)  # type: ignore[arg-type]
