"""What the sieve lets through is what the `Preparatore` would have taken without a word."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hooks.test_flussi import A_PERIODI, COLONNE, FLUSSO, PERIODI
from tests.hooks.test_regole import CONTROLLI, RECORD

from capofila.dimostrazione import genera_csv
from capofila.hooks import regole as r
from capofila.hooks.campi import Campo, Costante, Tipo, senza_omocodia
from capofila.hooks.flussi import AVVISI_PER_REGOLA, Flusso, Preparatore
from capofila.hooks.setaccio import Setaccio
from capofila.hooks.setaccio_regole import Colonne, certezza, colonne_di_lettere
from capofila.hooks.tracciati import Attributo, Elemento, Lista, TracciatoXML
from capofila.siuss.plugin import FLUSSO_PRESTAZIONI

Righe = Sequence[Sequence[str]]


def tavola(colonne: Sequence[str], righe: Righe) -> pl.DataFrame:
    return pl.DataFrame(
        {str(n): [riga[n] or None for riga in righe] for n in range(len(colonne))},
        schema={str(n): pl.String for n in range(len(colonne))},
    )


def confronta(flusso: Flusso, colonne: Sequence[str], righe: Righe, **opzioni: Any) -> int:
    """Hold the sieve to the `Preparatore` on every row; returns how many rows it let through."""
    setaccio = Setaccio(Preparatore(flusso, colonne, **opzioni))
    passate = setaccio.passa(tavola(colonne, righe))
    scelte, taciuti = passate.scegli(passate.buone)
    rese = setaccio.rendi(scelte)
    assert rese is not None
    oracolo = Preparatore(flusso, colonne, **opzioni)
    posti = passate.buone.arg_true().to_list()
    avvisi: Counter[str] = Counter()
    for n, i in enumerate(posti):
        lotto = oracolo.prepara([righe[i]])
        assert len(lotto) == 1, righe[i]
        assert not lotto.errori, (righe[i], lotto.errori)
        avvisi.update(lotto.taciuti)
        avvisi.update(avviso.codice for avviso in lotto.avvisi)
        canonico = {nome: v[0] for nome, v in lotto.colonne.items() if v[0] is not None}
        nostro = {nome: v for nome, v in scelte.row(n, named=True).items() if v is not None}
        assert nostro == canonico
        gruppo, riga = oracolo.rendi(lotto)
        assert ([None] if rese[0] is None else [rese[0][n]], [rese[1][n]]) == (gruppo, riga)
    assert +taciuti == avvisi
    return len(posti)


_cella = st.sampled_from(
    ["", " ", "Rossi", " Rossi ", "Nicolò", "D'Aria", "A & B", 'a"b', "a\\b", "=1+1", "-Rossi", "x" * 21,
     "1", "1,00", "1.00", "0,00", "1.234,56", "12", "019035", "19035", "380", "38", "a\tb", "e\u0301",
     "a\u00a0b", "\u00a0", "a\0b"]
)  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(
        st.lists(_cella, min_size=len(COLONNE), max_size=len(COLONNE)), min_size=1, max_size=12
    )
)
def test_su_celle_qualunque(righe: list[list[str]]) -> None:
    confronta(FLUSSO, COLONNE, righe)


_TIPI = {
    Tipo.TESTO: ["Via Roma 3", "è così", "<b>", "a  b", "-", "--", "+39", "@a", "\u2028", "ﬁ", "Å"],
    Tipo.CODICE: ["A1.01", "a1.01", "uno", "UNO", "A1.02", "1"],
    Tipo.CODICE_FISCALE: ["RSSMRA80A01D142W", "rssmra80a01d142w", "RSSMRA80A01D142X",
                          "RSSMRA80A32D142W", "12345678903", "RSSMRA80A41D142A"],
    Tipo.BELFIORE: ["D142", "d142", "Z110", "D14", "é142"],
    Tipo.COMUNE_ISTAT: ["019035", "19035", "1903", "٠١٩٠٣٥"],
    Tipo.CIFRE: ["012", "12", "1234", "٣٨٠"],
    Tipo.DATA: ["2024-02-29", "2023-02-29", "29/02/2024", "28/02/2023", "1/2/2023", "31/04/2025",
                "2025-04-30", "30/04/2025", "1899-12-31", "2100-01-01", "2101-01-01", "31-12-2024"],
    Tipo.MESE_ANNO: ["03/2024", "3/2024", "2024-03", "13/2024"],
    Tipo.ANNO: ["1900", "2099", "2100", "2101", "1899", "99"],
    Tipo.INTERO: ["1", "01", "12", "13", "-1"],
    Tipo.IMPORTO: ["0,00", "0.01", "00,01", "1234,56", "1.234", "1.234,5", "1 €", "-1,00", "1,234",
                   "999999999999,99", "9999999999999,99"],
    Tipo.ORE: ["2,59", "2,60", "2", "2:30", "744,00", "745,00"],
    Tipo.SI_NO: ["si", "Sì", "no", "1", "2", "forse"],
    Tipo.LISTA_CODICI: ["A1.01", "A1.01 uno", "A1.01|A1.02", "x"],
    Tipo.BLOCCHI: ["[]", '[{"c": "D142"}]', "[{", '[{"d": "1"}]'],
}  # fmt: skip


@pytest.mark.parametrize("tipo", Tipo)
@pytest.mark.parametrize("positivo", [False, True])
def test_su_ogni_specie_di_campo(tipo: Tipo, positivo: bool) -> None:
    campo = Campo(
        "campo", tipo, "Campo", positivo=positivo,
        codici={"A1.01": "Uno", "A1.02": "Due", "q&a": "Tre"} if "codic" in tipo else None,
        varianti={"uno": "A1.01"} if "codic" in tipo else {},
        lunghezza={Tipo.CIFRE: (3, 3), Tipo.INTERO: (1, 12), Tipo.ORE: (0, 744)}.get(tipo),
        sottocampi=(Campo("c", Tipo.BELFIORE, "C"),),
    )  # fmt: skip
    flusso = msgspec.structs.replace(
        FLUSSO,
        campi=(FLUSSO.campi_per_nome["persona"], campo),
        regole=(),
        tracciato=TracciatoXML(
            "urn:prova", "Flusso", Elemento("Testa"),
            Elemento(
                "Riga",
                (Attributo("Campo", "campo", {"si": "1", "A1.01": "<uno>"}),),
                (Lista("Voci", "Voce", "campo"),) if tipo is Tipo.LISTA_CODICI else (),
            ),
            Elemento("Persona", (Attributo("Nome", "persona"),)),
        ),
    )  # fmt: skip
    valori = [v for altri in _TIPI.values() for v in altri]
    righe = [["Rossi", v] for v in [*valori, *(f" {v}" for v in valori), ""]]
    passate = confronta(flusso, ["persona", "campo"], righe)
    # All that its reader takes and needs no escape passes, and not the empty cell only.
    assert passate > (1 if tipo is not Tipo.BLOCCHI else 0)


@settings(deadline=None)
@given(CONTROLLI, st.lists(RECORD, min_size=1, max_size=8))
def test_cio_di_cui_le_colonne_sono_sicure_e_quello_che_dice_l_interprete(
    controllo: r.Controllo, records: list[dict[str, str | None]]
) -> None:
    oggi = records[0].get(r.OGGI)
    records = [{**record, r.OGGI: oggi} for record in records]
    regola = r.Regola("x", "e1", controllo, "errore", "", "prova", {}, {})
    colonne = pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String)).drop(r.OGGI)
    lettere = {
        nome: [forme[0] if v and len(forme := funzione(v)) == 1 else None for v in colonne[campo]]
        for nome, (campo, funzione) in colonne_di_lettere([regola]).items()
    }
    presenti = [c.name for c in colonne if c.null_count() < colonne.height]
    esito = colonne.with_columns(
        *(pl.Series(nome, v, dtype=pl.String) for nome, v in lettere.items())
    ).with_columns(**certezza(controllo, Colonne(presenti, oggi))._asdict())
    assert not esito["vale"].null_count()
    assert not esito["cade"].null_count()
    for vale, cade, record in zip(esito["vale"], esito["cade"], records, strict=True):
        vero = r.vale(controllo, record)
        assert not (vale and not vero), record
        assert not (cade and vero), record


@pytest.mark.parametrize("regola", FLUSSO_PRESTAZIONI.regole, ids=lambda regola: regola.codice)
def test_le_regole_del_siuss_si_decidono_per_colonne(regola: r.Regola) -> None:
    """Not only rightly: were they all left to the `Preparatore`, nothing would be any faster."""
    if regola.campo == "altri_indirizzi":
        pytest.skip("blocks of columns go one by one")
    nomi = [*regola.esempio_valido, *regola.esempio_errato, "codice_fiscale"]
    righe = [regola.esempio_valido, regola.esempio_errato]
    colonne = pl.DataFrame(
        {nome: [riga.get(nome) for riga in righe] for nome in dict.fromkeys(nomi)},
        schema=dict.fromkeys(nomi, pl.String),
    )
    lettere = {
        nome: pl.Series([funzione(v)[0] if v else None for v in colonne[campo]], dtype=pl.String)
        for nome, (campo, funzione) in colonne_di_lettere([regola]).items()
        if campo in colonne.columns
    }
    presenti = {c.name for c in colonne if c.null_count() < 2}
    sicura = certezza(regola.controllo, Colonne(presenti, righe[1].get(r.OGGI))).vale
    esito = colonne.with_columns(**lettere).with_columns(sicura=sicura)
    # With omocodia in the codice fiscale the function of the rule has to look.
    cf = righe[0].get("codice_fiscale", "")
    chiara = len(cf) != 16 or senza_omocodia(cf) == cf or regola.codice == "siuss-cf-omocodia"
    assert esito["sicura"].to_list() == [chiara, False]


COMUNI = [("D142", "019035"), ("G306", "019066")]


def _dimostrazione(quante: int) -> tuple[list[str], list[list[str]]]:
    testo = genera_csv("prova", COMUNI, "Azienda", quante).decode("utf-8-sig")
    intestazione, *righe = csv.reader(testo.splitlines(), delimiter=";")
    return intestazione, righe


def test_quasi_tutte_le_righe_di_un_file_buono_passano() -> None:
    intestazione, righe = _dimostrazione(600)
    opzioni = {"oggi": "2026-06-30", "taglia": True}
    muti = Preparatore(FLUSSO_PRESTAZIONI, intestazione, **opzioni).prepara(righe)
    dette = {avviso.riga for avviso in muti.avvisi}
    passate = confronta(FLUSSO_PRESTAZIONI, intestazione, righe, **opzioni)
    assert passate == len(righe) - len(dette)


@pytest.mark.parametrize("seme", range(12))
def test_su_righe_rovinate_a_caso(seme: int) -> None:
    caso = random.Random(seme)
    intestazione, righe = _dimostrazione(250)
    valori = [v for altri in _TIPI.values() for v in altri]
    for riga in righe:
        for _ in range(caso.choice((0, 0, 1, 1, 2, 3))):
            posto = caso.randrange(len(riga))
            riga[posto] = caso.choice(["", riga[posto] + " ", riga[posto].lower(), caso.choice(valori),
                                       caso.choice(righe)[posto]])  # fmt: skip
    passate = confronta(FLUSSO_PRESTAZIONI, intestazione, righe, oggi="2025-06-30", taglia=True)
    assert passate > 50


def test_un_avviso_detto_abbastanza_si_conta_e_non_ferma() -> None:
    righe = [["Rossi", "9,00", "", ""]] * (AVVISI_PER_REGOLA + 30)
    preparatore = Preparatore(FLUSSO, COLONNE)
    passate = Setaccio(preparatore).passa(tavola(COLONNE, righe))
    scelte, taciuti = passate.scegli(passate.buone)
    assert scelte.height == 30
    assert taciuti == {"importo-alto": 30}
    altre = preparatore.prepara(righe[:AVVISI_PER_REGOLA])
    assert len(altre.avvisi) == AVVISI_PER_REGOLA
    assert Setaccio(preparatore).passa(tavola(COLONNE, righe)).buone.all()


def test_un_avviso_di_righe_che_non_passano_non_ne_zittisce_altri() -> None:
    """What a row has to be remarked upon is said before it is only counted."""
    guaste = [["Rossi", "9,00", "x", ""]] * (AVVISI_PER_REGOLA + 30)
    buone = [["Rossi", "9,00", "", ""]] * 16
    preparatore = Preparatore(FLUSSO, COLONNE)
    passate = Setaccio(preparatore).passa(tavola(COLONNE, guaste + buone))
    assert not passate.buone.any()
    assert not passate.scegli(passate.buone)[1]


def test_una_riga_da_dividere_per_anno_non_passa() -> None:
    righe = [["periodica", "2024-05-01", "2025-04-30", "1"], ["periodica", "2024-05-01", "", "1"]]
    passate = Setaccio(Preparatore(A_PERIODI, PERIODI, taglia=True)).passa(tavola(PERIODI, righe))
    assert passate.buone.to_list() == [False, True]
    assert confronta(A_PERIODI, PERIODI, righe) <= 2


def test_un_predefinito_che_va_protetto_non_passa() -> None:
    campo = Campo("segno", Tipo.TESTO, "Segno", predefinito=Costante("A & B"))
    flusso = msgspec.structs.replace(FLUSSO, campi=(*FLUSSO.campi, campo))
    righe = [["Rossi", "1", "", ""]]
    assert Setaccio(Preparatore(FLUSSO, COLONNE)).passa(tavola(COLONNE, righe)).buone.all()
    assert not Setaccio(Preparatore(flusso, COLONNE)).passa(tavola(COLONNE, righe)).buone.any()


def test_senza_nessun_valore_non_passa_nulla() -> None:
    righe = [[" ", "\u00a0"], ["", " "]]
    senza = msgspec.structs.replace(FLUSSO, campi=FLUSSO.campi[:3])
    passate = Setaccio(Preparatore(senza, COLONNE[1:3])).passa(tavola(COLONNE[1:3], righe))
    assert passate.scegli(passate.buone)[0].height == 0


def test_senza_nessun_campo_noto_non_passa_nulla() -> None:
    passate = Setaccio(Preparatore(FLUSSO, ["x"])).passa(tavola(["x"], [["a"], ["b"]]))
    assert passate.buone.to_list() == [False, False]
