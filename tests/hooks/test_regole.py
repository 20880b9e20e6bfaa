"""Rules as data: the compiled function and the plain interpreter say the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capofila.hooks import regole as r
from capofila.hooks.campi import (
    Campo,
    Tipo,
    carattere_controllo,
    lettere_cognome,
    lettere_nome,
    sembra_codice_fiscale,
)

IMPORTI = ("e1", "e2", "e3")
DATE = ("d1", "d2")
CODICI = ("c1", "c2")
CAMPI = (*IMPORTI, *DATE, *CODICI, "anno", "mese", "cf", "luogo", "genere", "nomi", "lista",
         "blocchi", r.OGGI)  # fmt: skip

_importo = st.integers(0, 300).map(lambda c: f"{c // 100}.{c % 100:02d}") | st.sampled_from(
    ["123456789012.99", "1000.00"]
)
_data = st.dates(
    min_value=date(1978, 1, 1),
    max_value=date(1983, 12, 31),
).map(lambda d: d.isoformat())
_CIFRE = "LMNPQRSTUV"


def _forse_omocodia(cifre: str, quali: int) -> str:
    return "".join(
        _CIFRE[int(c)] if quali >> posizione & 1 else c for posizione, c in enumerate(cifre)
    )


@st.composite
def _codice_fiscale(estrai: st.DrawFn) -> str:
    if estrai(st.booleans()) and estrai(st.booleans()):
        return "12345678903"
    giorno = estrai(st.integers(1, 31)) + estrai(st.sampled_from([0, 40]))
    anno = _forse_omocodia(f"{estrai(st.integers(78, 83))}", estrai(st.integers(0, 3)))
    giorno_t = _forse_omocodia(f"{giorno:02d}", estrai(st.integers(0, 3)))
    luogo = estrai(st.sampled_from(["142", "150"]))
    primi = f"RSSMRA{anno}A{giorno_t}D{_forse_omocodia(luogo, estrai(st.integers(0, 7)))}"
    return primi + carattere_controllo(primi)


def _forse(valori: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | valori


RECORD: st.SearchStrategy[dict[str, str | None]] = st.fixed_dictionaries(
    {
        **{nome: _forse(_importo) for nome in IMPORTI},
        **{nome: _forse(_data) for nome in DATE},
        **{nome: _forse(st.sampled_from(["a", "b", "'; x", "\\"])) for nome in CODICI},
        "anno": _forse(st.integers(1978, 1983).map(str)),
        "cf": _forse(_codice_fiscale()),
        "luogo": _forse(st.sampled_from(["D142", "D150"])),
        "genere": _forse(st.sampled_from(["M", "F"])),
        "mese": _forse(st.sampled_from(["12/1979", "01/1980", "06/1981"])),
        "nomi": _forse(st.sampled_from(["Rossi", "Maria", "Mària", "Müller", "Fo", "Росси", "—"])),
        "lista": _forse(st.sampled_from(["1", "1 3", "13"])),
        "blocchi": _forse(st.sampled_from(['[{"c1":"a"},{"c2":"b"}]', '[{"c1":"b"}]', "[]"])),
        r.OGGI: _forse(_data),
    }
)

_campo = st.sampled_from(CAMPI)
_campi = st.lists(_campo, max_size=4).map(tuple)
_imp = st.sampled_from(IMPORTI)
_dat = st.sampled_from(DATE)
_FOGLIE: st.SearchStrategy[r.Controllo] = st.one_of(
    st.builds(r.Presente, _campo),
    st.builds(r.Assente, _campo),
    st.builds(r.Uguale, st.sampled_from(CODICI), st.sampled_from(["a", "'; x", "\\"])),
    st.builds(r.Uno, st.sampled_from(CODICI), st.just(("a", "b"))),
    st.builds(r.Tra, _dat, _data, _data),
    st.builds(r.Lunghezza, st.sampled_from(CODICI), st.integers(0, 2), st.integers(1, 4)),
    st.builds(r.Positivo, _imp),
    st.builds(r.SommaUguale, st.lists(_imp, max_size=3).map(tuple), _imp),
    st.builds(r.StessoAnno, _dat, _dat),
    st.builds(r.NonPrima, _dat, st.sampled_from([*DATE, "anno"])),
    st.builds(r.EntroAnni, _dat, _dat, st.integers(0, 3)),
    st.builds(r.TuttiONessuno, _campi),
    st.builds(r.AlmenoUno, _campi),
    st.builds(r.AnnoDelCodiceFiscale, st.just("cf"), st.just("anno")),
    st.builds(r.LuogoDelCodiceFiscale, st.just("cf"), st.just("luogo")),
    st.builds(r.GenereDelCodiceFiscale, st.just("cf"), st.just("genere")),
    st.builds(r.DataInCifre, st.just("cf")),
    st.builds(r.CognomeDelCodiceFiscale, st.just("cf"), st.just("nomi")),
    st.builds(r.NomeDelCodiceFiscale, st.just("cf"), st.just("nomi")),
    st.builds(r.NonCodiceFiscale, st.sampled_from(["cf", "nomi"])),
    st.builds(
        r.InVigore,
        st.sampled_from(CODICI),
        st.just(("d1", "d2")),
        st.sampled_from([{}, {"a": ("1980-01-01", "")}, {"a": ("", "1981-01-01"), "b": ("", "")}]),
    ),
    st.builds(r.InOrdine, *[st.sampled_from([*DATE, "anno", "mese", r.OGGI])] * 2),
    st.builds(
        r.AnniTra,
        *[st.sampled_from([*DATE, "anno", "mese", r.OGGI])] * 2,
        st.integers(-2, 1),
        st.integers(0, 3),
    ),
    st.builds(r.Contiene, st.just("lista"), st.just(("3", "2"))),
    st.builds(
        r.DallaTabella,
        st.sampled_from([*CODICI, "genere"]),
        st.sampled_from(["luogo", "anno"]),
        st.sampled_from([{}, {"D14": "M", "D15": "a"}, {"198": "b"}]),
        st.integers(2, 3),
    ),
    st.builds(r.OgniBlocco, st.just("blocchi"), st.builds(r.Presente, st.sampled_from(CODICI))),
)
CONTROLLI: st.SearchStrategy[r.Controllo] = st.recursive(
    _FOGLIE,
    lambda figli: st.one_of(
        st.builds(r.Se, figli, figli),
        st.builds(r.E, st.lists(figli, max_size=3).map(tuple)),
        st.builds(r.O, st.lists(figli, max_size=3).map(tuple)),
        st.builds(r.Non, figli),
    ),
    max_leaves=8,
)


def _regola(controllo: r.Controllo, messaggio: str = "correggere") -> r.Regola:
    return r.Regola("x", "e1", controllo, "errore", messaggio, "prova", {}, {})


@settings(max_examples=400)
@given(st.lists(CONTROLLI, max_size=6), RECORD)
def test_la_funzione_generata_dice_quello_che_dice_l_interprete(
    controlli: list[r.Controllo], record: dict[str, str | None]
) -> None:
    regole = [_regola(c) for c in controlli]
    verifica = r.compila(regole, CAMPI)
    assert verifica(*[record[campo] for campo in CAMPI]) == r.interpreta(regole, record)


@pytest.mark.parametrize(
    ("controllo", "record", "atteso"),
    [
        (r.SommaUguale(("e1", "e2"), "e3"), {"e1": "0.10", "e2": "0.20", "e3": "0.30"}, True),
        (r.SommaUguale(("e1", "e2"), "e3"), {"e1": "0.10", "e3": "0.30"}, False),
        (r.SommaUguale(("e1", "e2"), "e3"), {"e1": "0.10"}, True),
        (r.StessoAnno("d1", "d2"), {"d1": "2024-12-31", "d2": "2025-01-01"}, False),
        (r.NonPrima("d1", "anno"), {"d1": "1980-01-01", "anno": "1980"}, True),
        (r.NonPrima("d1", "anno"), {"d1": "1979-12-31", "anno": "1980"}, False),
        (r.NonPrima("d1", "d2"), {"d1": "1979-12-31"}, True),
        (r.EntroAnni("d1", "d2", 5), {"d1": "2025-01-01", "d2": "2019-12-31"}, False),
        (r.TuttiONessuno(("e1", "e2")), {}, True),
        (r.TuttiONessuno(("e1", "e2")), {"e1": "1.00"}, False),
        (r.Non(r.Positivo("e1")), {"e1": "0.00"}, True),
        (r.Se(r.Presente("e1"), r.Presente("e2")), {"e1": "1.00"}, False),
        (r.Se(r.Presente("e1"), r.Presente("e2")), {}, True),
        (r.O(()), {}, False),
        (r.E(()), {}, True),
        (r.GenereDelCodiceFiscale("cf", "genere"), {"cf": "RSSMRA80A4MDMQNB", "genere": "F"}, True),
        (r.GenereDelCodiceFiscale("cf", "genere"), {"cf": "12345678903", "genere": "F"}, True),
        (r.AnnoDelCodiceFiscale("cf", "anno"), {"cf": "RSSMRAUMA41D142Z", "anno": "1980"},
         False),
        (r.DataInCifre("cf"), {"cf": "RSSMRA80A4MDMQNB"}, False),
        (r.CognomeDelCodiceFiscale("cf", "nomi"), {"cf": "RSSMRA80A4MDMQNB", "nomi": "De Rossi"},
         False),
        (r.CognomeDelCodiceFiscale("cf", "nomi"), {"cf": "12345678903", "nomi": "Neri"}, True),
        (r.NomeDelCodiceFiscale("cf", "nomi"), {"cf": "RSSMRA80A4MDMQNB", "nomi": "Maria"}, True),
        (r.NomeDelCodiceFiscale("cf", "nomi"), {"cf": "RSSMRA80A4MDMQNB", "nomi": "Мария"}, True),
        (r.NonCodiceFiscale("cf"), {"cf": "RSSMRA80A4MDMQNB"}, False),
        (r.InVigore("c1", ("d1",), {"a": ("2025-01-01", "")}), {"c1": "a", "d1": "2024-12-31"},
         False),
        (r.InVigore("c1", ("d1",), {"a": ("", "2025-01-01")}), {"c1": "a", "d1": "2025-01-01"},
         True),
        (r.InVigore("c1", ("d1", "d2"), {"a": ("", "2025-01-01")}), {"c1": "a", "d2": "2025-01-02"},
         False),
        (r.InVigore("c1", ("d1",), {"a": ("", "2025-01-01")}), {"c1": "a"}, True),
        (r.InOrdine("mese", "d1"), {"mese": "12/2024", "d1": "2025-01-01"}, True),
        (r.InOrdine("mese", "d1"), {"mese": "02/2025", "d1": "2025-01-31"}, False),
        (r.InOrdine("anno", "mese"), {"anno": "2025", "mese": "01/2025"}, True),
        (r.AnniTra("anno", "mese", 0, 18), {"anno": "2010", "mese": "01/2029"}, False),
        (r.Contiene("lista", ("3",)), {"lista": "13"}, False),
        (r.Contiene("lista", ("3",)), {}, True),
        (r.DallaTabella("c1", "luogo", {"D1": "a"}, 2), {"c1": "b", "luogo": "D142"}, False),
        (r.DallaTabella("c1", "luogo", {"D1": "a"}, 2), {"c1": "a", "luogo": "D142"}, True),
        (r.DallaTabella("c1", "luogo", {"Z1": "a"}, 2), {"c1": "b", "luogo": "D142"}, True),
        (r.DallaTabella("c1", "luogo", {"D1": "a"}, 2), {"luogo": "D142"}, True),
        (r.OgniBlocco("blocchi", r.Presente("c1")), {"blocchi": '[{"c1":"a"},{}]'}, False),
    ],
)  # fmt: skip
def test_le_condizioni_una_per_una(
    controllo: r.Controllo, record: dict[str, str | None], atteso: bool
) -> None:
    assert r.vale(controllo, record) is atteso
    rotte = r.compila([_regola(controllo)], CAMPI)(*[record.get(c) for c in CAMPI])
    assert rotte == (() if atteso else (0,))


def test_i_valori_delle_regole_non_diventano_mai_codice() -> None:
    veleno = "'+__import__('os').abort()+'"
    verifica = r.compila([_regola(r.Uguale("c1", veleno))], ["c1"])
    assert verifica(veleno) == ()
    assert verifica("a") == (0,)


def test_un_campo_ignoto_e_una_condizione_fuori_dal_vocabolario_sono_rifiutati() -> None:
    with pytest.raises(KeyError):
        r.compila([_regola(r.Presente("altro"))], ["e1"])

    class Nuova(r.Controllo, frozen=True, tag="nuova"):
        campo: str

    with pytest.raises(TypeError):
        r.compila([_regola(Nuova("e1"))], ["e1"])


def test_il_messaggio_mostra_la_somma_e_i_valori_come_li_scrive_la_gente() -> None:
    campi = {nome: Campo(nome, Tipo.IMPORTO, nome) for nome in IMPORTI}
    regola = _regola(
        r.Se(r.Presente("e1"), r.SommaUguale(("e1", "e2"), "e3")),
        "le quote fanno {somma}, l'importo è {e3}, la terza {e2}",
    )
    testo = r.componi_messaggio(regola, {"e1": "1234.50", "e3": "2000.00"}, campi)
    assert testo == "le quote fanno 1.234,50, l'importo è 2.000,00, la terza (vuoto)"


def test_un_valore_con_le_graffe_non_apre_un_altro_segnaposto() -> None:
    campi = {"e1": Campo("e1", Tipo.TESTO, "e1"), "e2": Campo("e2", Tipo.TESTO, "e2")}
    regola = _regola(r.Presente("e1"), "vale {e1}")
    assert r.componi_messaggio(regola, {"e1": "{e2}", "e2": "segreto"}, campi) == "vale {e2}"


@pytest.mark.parametrize(
    ("testo", "cognome", "nome"),
    [
        ("Rossi", ("RSS",), ("RSS",)),
        ("Maria", ("MRA",), ("MRA",)),
        ("Gianfranco", ("GNF",), ("GFR",)),
        ("Caterina", ("CTR",), ("CRN",)),
        ("Fo", ("FOX",), ("FOX",)),
        ("Al", ("LAX",), ("LAX",)),
        ("Ieo", ("IEO",), ("IEO",)),
        ("D'Angelo", ("DNG",), ("DGL",)),
        ("D’Angelo", ("DNG",), ("DGL",)),
        ("De' Medici", ("DMD",), ("DDC",)),
        ("Lo Bianco", ("LBN",), ("LNC",)),
        ("Nicolò", ("NCL",), ("NCL",)),
        ("Rossi-Bianchi", ("RSS",), ("RSB",)),
        ("Maria Grazia", ("MRG",), ("MGR",)),
        ("Öz", ("ZOX", "ZOE"), ("ZOX", "ZOE")),
        ("Weiß", ("WSS",), ("WSS",)),
        ("Łukasz", ("LKS",), ("LSZ",)),
        ("Иванов", (), ()),
        ("—", (), ()),
    ],
)
def test_le_lettere_di_cognome_e_nome_sono_quelle_del_decreto(
    testo: str, cognome: tuple[str, ...], nome: tuple[str, ...]
) -> None:
    assert (lettere_cognome(testo), lettere_nome(testo)) == (cognome, nome)


def test_le_lettere_sono_quelle_di_un_altra_realizzazione() -> None:
    from codicefiscale import codicefiscale

    from capofila.dimostrazione import _COGNOMI, _NOMI_F, _NOMI_M

    for nome in (*_NOMI_F, *_NOMI_M):
        for cognome in _COGNOMI:
            codice = codicefiscale.encode(
                lastname=cognome, firstname=nome, gender="M", birthdate="1980-01-01",
                birthplace="D142",
            )  # fmt: skip
            assert codice[:3] in lettere_cognome(cognome)
            assert codice[3:6] in lettere_nome(nome)


def test_un_codice_fiscale_si_riconosce_anche_sbagliato_e_in_minuscolo() -> None:
    assert sembra_codice_fiscale("rssmra80a41d142a")
    assert not sembra_codice_fiscale("M-0001")
    assert not sembra_codice_fiscale("RSSMRA80A41D142QX")


def test_la_memoria_delle_lettere_resta_limitata() -> None:
    controllo = r.CognomeDelCodiceFiscale("cf", "nomi")
    verifica = r.compila([_regola(controllo)], ["cf", "nomi"])
    memoria = next(v for v in verifica.__globals__.values() if isinstance(v, r._Lettere))
    for n in range(r._NOMI_TENUTI + 10):
        verifica("RSSMRA80A41D142Q", f"Rossi{'a' * (n % 7)} {n}")
    assert len(memoria) <= r._NOMI_TENUTI
