"""Every named fault of reading: a cell that passes, one that fails, and nothing besides."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import capofila.hooks
from capofila.hooks import catalogo
from capofila.hooks.campi import Campo, Rifiuto, Tipo, leggi
from capofila.hooks.catalogo import (
    LETTURA,
    MANCA,
    DifettoLettura,
    codici_di_lettura,
    forma,
    voci_del_flusso,
)
from capofila.hooks.flussi import Flusso, Preparatore, TaglioAnnuale
from capofila.hooks.tracciati import ColonnaCSV, TracciatoCSV
from capofila.siuss import FLUSSO_PRESTAZIONI, FLUSSO_SINBA

HOOKS = Path(capofila.hooks.__file__).parent


def _flusso(campo: Campo) -> Flusso:
    return Flusso(
        id="prova", denominazione="Prova", destinatario="Nessuno", versione_schema="1",
        fonte="prestazioni", campi=(campo,), regole=(),
        tracciato=TracciatoCSV(colonne=(ColonnaCSV("C", campo.nome),)), estensione="csv",
        media_type="text/csv",
    )  # fmt: skip


@pytest.mark.parametrize("difetto", LETTURA, ids=lambda difetto: difetto.codice)
def test_ogni_difetto_di_lettura_ha_una_cella_che_passa_e_una_che_no(
    difetto: DifettoLettura,
) -> None:
    preparatore = Preparatore(_flusso(difetto.campo), [difetto.campo.nome, "altra"])
    lotto = preparatore.prepara([[difetto.valido, "x"], [difetto.errato, "x"]])
    assert [(e.riga, e.codice) for e in lotto.errori] == [(3, difetto.codice)]
    assert difetto.fonte
    assert difetto.messaggio == MANCA or difetto.messaggio == lotto.errori[0].messaggio
    assert difetto.codice in codici_di_lettura(difetto.campo)


def test_una_riga_con_celle_in_piu_o_in_meno_ha_il_suo_nome() -> None:
    (celle, *_) = voci_del_flusso(_flusso(Campo("a", Tipo.TESTO, "A")))
    lotto = Preparatore(_flusso(Campo("a", Tipo.TESTO, "A")), ["a"]).prepara([["x"], ["x", "y"]])
    assert [e.codice for e in lotto.errori] == [celle.codice]


def test_nessun_codice_dei_lettori_manca_dal_catalogo() -> None:
    """Read from the source: a refusal that is added later must be named here too."""
    scritti: set[str] = set()
    for file in ("campi.py", "flussi.py"):
        for nodo in ast.walk(ast.parse((HOOKS / file).read_text())):
            if isinstance(nodo, ast.Call) and isinstance(nodo.func, ast.Name):
                posto = {"Rifiuto": 0, "ErroreRiga": 3}.get(nodo.func.id)
                if posto is not None and isinstance(nodo.args[posto], ast.Constant):
                    scritti.add(str(nodo.args[posto].value))  # type: ignore[attr-defined]
    assert scritti == {difetto.codice for difetto in LETTURA} | {"celle"}


_celle = st.text(max_size=20) | st.sampled_from(
    [difetto.errato for difetto in LETTURA] + [difetto.valido for difetto in LETTURA]
)


@settings(deadline=None)
@given(st.sampled_from([*FLUSSO_PRESTAZIONI.campi, *FLUSSO_SINBA.campi]), _celle)
def test_un_campo_non_rifiuta_se_non_per_i_motivi_che_dichiara(campo: Campo, cella: str) -> None:
    letto = leggi(campo, cella)
    assert not isinstance(letto, Rifiuto) or letto.codice in codici_di_lettura(campo)


def test_le_voci_di_un_flusso_dicono_i_campi_a_cui_stanno() -> None:
    voci = {voce.codice: voce for voce in voci_del_flusso(FLUSSO_PRESTAZIONI)}
    assert voci["importo_zero"].campi == ("importo_mensile", "importo")
    assert "quanti_codici" not in voci
    assert voci["siuss-dsu-incompleta"].livello == "regola"
    assert (voci["siuss-divisa-per-anno"].gravita, voci["siuss-divisa-per-anno"].campi) == (
        "avviso", ("data_fine",),
    )  # fmt: skip
    assert len(voci) == len(voci_del_flusso(FLUSSO_PRESTAZIONI))


def test_un_taglio_senza_condizione_ha_i_soli_giorni_nell_esempio() -> None:
    taglio = TaglioAnnuale(inizio="a", fine="a", codice="t", messaggio="m", fonte="f")
    campo = Campo("a", Tipo.DATA, "A")
    voce = voci_del_flusso(msgspec.structs.replace(_flusso(campo), taglio=taglio))[-1]
    assert set(voce.esempio_valido) == {"a"}


def test_ogni_tipo_si_sa_come_si_scrive() -> None:
    assert set(catalogo.FORMA) == set(catalogo._DEL_TIPO) == set(Tipo)
    campi = FLUSSO_PRESTAZIONI.campi_per_nome
    assert forma(campi["cognome"]) == "testo, 1-36 caratteri"
    assert forma(campi["importo"]).endswith(", maggiore di zero")
    assert forma(campi["altri_indirizzi"]).endswith(
        "al più 4 elementi con regione, comune, nazione"
    )
    assert forma(campi["ore_mensili"]).endswith("al più 744 ore")
