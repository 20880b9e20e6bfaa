"""Every named check of an import, run by name over a real database; and none that has no name."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import ModuleType

import pytest
from tests.prestazioni.casi import attivi, csv_di, minore, porta, prova, riga
from tests.prestazioni.flussi_di_prova import BUONO, DIFETTOSO

from capofila.base.errori import ErroreCapofila
from capofila.prestazioni import flussi_ricevuti, lettura, rules, schede, service
from capofila.prestazioni.catalogo import (
    DEI_MINORI,
    DELLA_STANZA,
    DIFETTI_FILE,
    TABELLA_BUONA,
    DifettoFile,
    catalogo,
)
from capofila.siuss import FLUSSI, lettori

TUTTI = {voce.codice for flusso in FLUSSI for voce in catalogo(flusso, lettori())}

ESEMPI: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "intestazione": (lambda: csv_di(riga(1)), lambda: b"D142;Rossi;Maria\r\nD142;Rossi;Maria\r\n"),
    "colonna_mancante": (
        lambda: csv_di(riga(1)),
        lambda: csv_di(riga(1), colonne=[nome for nome in riga(1) if nome != "cognome"]),
    ),
    "colonna_doppia": (
        lambda: csv_di(riga(1)), lambda: csv_di(riga(1), colonne=[*riga(1), "cognome"])
    ),
    "colonna_sconosciuta": (
        lambda: csv_di(riga(1)), lambda: csv_di(riga(1, note="x"))
    ),
    "attributo_sconosciuto": (lambda: BUONO, lambda: DIFETTOSO),
    "nessuna_riga": (lambda: csv_di(riga(1)), lambda: csv_di(colonne=list(riga(1)))),
    "duplicato": (lambda: csv_di(riga(1), riga(2)), lambda: csv_di(riga(1), riga(1))),
    "ente_fuori_ambito": (
        lambda: csv_di(riga(1)), lambda: csv_di(riga(1, ente_erogatore="Comune di Cremona"))
    ),
    "comune_fuori_ambito": (
        lambda: csv_di(riga(1)), lambda: csv_di(riga(1, comune_titolare="D150"))
    ),
    "senza_lettore": (lambda: BUONO, lambda: b"<Archivio/>"),
}  # fmt: skip
ESEMPI_DEI_MINORI: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "duplicato": (lambda: csv_di(minore(1), minore(2)), lambda: csv_di(minore(1), minore(1))),
    "pseudonimo_diverso": (
        lambda: csv_di(minore(1), minore(1, anno="2024")),
        lambda: csv_di(minore(1, id_beneficiario="A"),
                       minore(1, id_beneficiario="B", anno="2024")),
    ),
    "pseudonimo_di_altri": (
        lambda: csv_di(minore(1, id_beneficiario="A"), minore(2, id_beneficiario="B")),
        lambda: csv_di(minore(1, id_beneficiario="A"), minore(2, id_beneficiario="A")),
    ),
}  # fmt: skip
ALTROVE = {"troppo_grande"}
"""Run by `test_un_file_piu_grande_del_massimo_si_rifiuta_senza_leggerlo`."""


@pytest.mark.anyio
@pytest.mark.usefixtures("ambiti")
@pytest.mark.parametrize("codice", ESEMPI)
async def test_ogni_controllo_della_stanza_ha_un_file_che_passa_e_uno_che_no(codice: str) -> None:
    (voce,) = [voce for voce in DELLA_STANZA if voce.codice == codice]
    for contenuto, atteso in zip(ESEMPI[codice], (False, True), strict=True):
        async with prova():
            nome = "f.xml" if contenuto()[:1] == b"<" else "f.csv"
            try:
                esito = await porta(contenuto(), nome)
            except ErroreCapofila as errore:
                trovati = {errore.codice}
            else:
                elenco = esito.errori if voce.gravita == "errore" else esito.avvisi
                trovati = {e.codice for e in elenco}
            assert (codice in trovati) is atteso


@pytest.mark.anyio
@pytest.mark.usefixtures("ambiti")
@pytest.mark.parametrize("codice", ESEMPI_DEI_MINORI)
async def test_ogni_controllo_dei_minori_ha_un_file_che_passa_e_uno_che_no(codice: str) -> None:
    assert {voce.codice for voce in DEI_MINORI} == ESEMPI_DEI_MINORI.keys()
    for contenuto, atteso in zip(ESEMPI_DEI_MINORI[codice], (False, True), strict=True):
        async with prova():
            trovati = {e.codice for e in (await porta(contenuto(), "minori.csv")).errori}
            assert trovati == ({codice} if atteso else set())


@pytest.mark.parametrize("difetto", DIFETTI_FILE, ids=lambda difetto: difetto.codice)
def test_ogni_file_che_non_si_legge_ha_il_suo_nome(difetto: DifettoFile) -> None:
    assert difetto.prova(TABELLA_BUONA) is None
    errore = difetto.prova(difetto.fai())
    assert errore is not None
    assert errore.codice == difetto.codice


def test_ogni_voce_ha_un_codice_suo_una_fonte_e_due_esempi() -> None:
    assert {voce.codice for voce in DELLA_STANZA} == ESEMPI.keys() | ALTROVE
    for flusso in FLUSSI:
        voci = catalogo(flusso, lettori())
        assert len({voce.codice for voce in voci}) == len(voci)
        for voce in voci:
            assert voce.messaggio
            assert voce.fonte
            assert voce.esempio_valido != voce.esempio_errato, voce.codice
        livelli = [voce.livello for voce in voci]
        assert livelli == sorted(livelli, key=["file", "insieme", "lettura", "regola"].index)


def _scritti(modulo: ModuleType) -> set[str]:
    """The codes that a module writes down."""
    trovati: set[str] = set()
    for nodo in ast.walk(ast.parse(inspect.getsource(modulo))):
        if not isinstance(nodo, ast.Call):
            continue
        if isinstance(nodo.func, ast.Name) and nodo.func.id == "ErroreRiga" and len(nodo.args) > 3:
            codice = nodo.args[3]
            if isinstance(codice, ast.Constant):
                trovati.add(str(codice.value))
        trovati |= {
            str(chiave.value.value)
            for chiave in nodo.keywords
            if chiave.arg == "codice" and isinstance(chiave.value, ast.Constant)
        }
    return trovati


def test_nessun_codice_scritto_nella_stanza_manca_dal_catalogo() -> None:
    for modulo in (service, rules, flussi_ricevuti, lettura, schede):
        assert _scritti(modulo) <= TUTTI, modulo.__name__
    assert _scritti(lettura) == {difetto.codice for difetto in DIFETTI_FILE}


@pytest.mark.anyio
@pytest.mark.usefixtures("ambiti")
async def test_il_catalogo_dell_ambito_e_quello_dei_plugin_attivi() -> None:
    async with prova():
        suoi = await attivi()
        for flusso in suoi.flussi():
            assert {voce.codice for voce in catalogo(flusso, suoi.lettori())} <= TUTTI
