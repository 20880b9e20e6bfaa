"""Every comparison of the ledger, by name; and what several acts grant together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from capofila.prestazioni.contabilita import Pagamento, Periodo, somme_di
from capofila.prestazioni.decisioni import (
    CONFRONTI,
    Atto,
    Confronto,
    Libro,
    avviso_di_eccesso,
    deciso,
    riscontri,
    tratti,
)
from capofila.prestazioni.guida import voci_delle_domande

D = Decimal


def accolta(dal: date, al: date | None, importo: str = "100.00", *, mensile: bool = True) -> Atto:
    return Atto(
        esito="accolta", atto_data=date(2024, 12, 1), dal=dal, al=al, mensile=mensile,
        somme=somme_di(D(importo)),
    )  # fmt: skip


def periodo(dal: date, al: date | None, importo: str = "100.00") -> Periodo:
    return Periodo(id=7, dal=dal, al=al, mensile=True, somme=somme_di(D(importo)))


def giorni(*atti: Atto) -> list[tuple[str, str]]:
    return [(str(t.dal), str(t.al)) for t in tratti(atti)]


@pytest.mark.parametrize("confronto", CONFRONTI, ids=lambda c: c.codice)
def test_ogni_confronto_ha_un_esempio_che_passa_e_uno_che_no(confronto: Confronto) -> None:
    assert confronto.funzione(confronto.valido) == []
    assert confronto.codice not in {r.codice for r in riscontri(confronto.valido)}
    trovati = [r for r in riscontri(confronto.errato) if r.codice == confronto.codice]
    assert trovati
    assert all(r.testo.endswith(".") and r.titolo == confronto.titolo for r in trovati)


def test_i_confronti_stanno_fra_le_regole_con_il_messaggio_la_fonte_e_due_esempi() -> None:
    voci = voci_delle_domande()
    assert [voce.codice for voce in voci] == [confronto.codice for confronto in CONFRONTI]
    for voce in voci:
        assert voce.gravita == "avviso"
        assert voce.fonte
        assert voce.messaggio.endswith(".»")
        assert "concessi 100,00 € al mese" in voce.esempio_valido[""]
        assert voce.esempio_valido != voce.esempio_errato


def test_i_confronti_hanno_nomi_diversi() -> None:
    assert len({confronto.codice for confronto in CONFRONTI}) == len(CONFRONTI)


def test_un_rinnovo_lascia_cio_che_era_concesso_prima() -> None:
    primo = accolta(date(2024, 1, 1), date(2024, 12, 31))
    rinnovo = accolta(date(2025, 1, 1), date(2025, 12, 31), "120.00")
    assert giorni(primo, rinnovo) == [("2024-01-01", "2024-12-31"), ("2025-01-01", "2025-12-31")]
    totale = deciso(Libro(atti=[primo, rinnovo], periodi=[], pagamenti=[]))
    assert totale is not None
    assert totale.importo == D("2640.00")


def test_una_decisione_dello_stesso_giorno_prende_il_posto_di_quella_di_prima() -> None:
    lunga = accolta(date(2025, 1, 1), date(2025, 12, 31))
    corta = accolta(date(2025, 1, 1), date(2025, 6, 30))
    assert giorni(lunga, corta) == [("2025-01-01", "2025-06-30")]


def test_chi_decade_ha_avuto_fino_a_quel_giorno_e_chi_e_respinto_nulla() -> None:
    primo = accolta(date(2025, 1, 1), None)
    decade = Atto(esito="decaduta", atto_data=date(2025, 4, 15))
    assert giorni(primo, decade) == [("2025-01-01", "2025-04-15")]
    libro = Libro(atti=[primo, decade], periodi=[], pagamenti=[])
    totale = deciso(libro)
    assert totale is not None
    assert totale.importo == D("400.00"), "the months that it touches, the last included"
    assert giorni(primo, Atto(esito="respinta", atto_data=date(2025, 4, 15))) == []


def test_una_concessione_aperta_conta_fino_a_dicembre_dell_ultimo_anno_noto() -> None:
    aperta = accolta(date(2024, 7, 1), None)
    seconda = periodo(date(2025, 1, 1), None)
    assert deciso(Libro(atti=[], periodi=[seconda], pagamenti=[])) is None
    for periodi, mesi in (([], 6), ([seconda], 18)):
        totale = deciso(Libro(atti=[aperta], periodi=periodi, pagamenti=[]))
        assert totale is not None
        assert totale.importo == 100 * mesi
    assert riscontri(Libro(atti=[aperta], periodi=[seconda], pagamenti=[])) == []


def test_un_periodo_puo_stare_a_cavallo_di_due_decisioni_senza_vuoti() -> None:
    primo = accolta(date(2025, 1, 1), date(2025, 3, 31))
    secondo = accolta(date(2025, 4, 1), date(2025, 12, 31))
    intero = periodo(date(2025, 1, 1), date(2025, 12, 31))
    assert riscontri(Libro(atti=[primo, secondo], periodi=[intero], pagamenti=[])) == []
    vuoto = accolta(date(2025, 5, 1), date(2025, 12, 31))
    codici = {
        r.codice for r in riscontri(Libro(atti=[primo, vuoto], periodi=[intero], pagamenti=[]))
    }
    assert codici == {"periodo_oltre_la_decisione", "concesso_oltre_la_decisione"}


def test_della_quota_si_dice_quando_l_importo_e_giusto() -> None:
    divisa = Atto(
        esito="accolta", atto_data=date(2024, 12, 1), dal=date(2025, 1, 1), al=date(2025, 1, 31),
        somme=somme_di(D("100.00"), D("60.00"), D("40.00")),
    )  # fmt: skip
    for importo, detto in (("100.00", "la quota dell’ente è 100,00 €"), ("101.00", "l’importo è")):
        uno = periodo(date(2025, 1, 1), date(2025, 1, 31), importo)
        trovati = riscontri(Libro(atti=[divisa], periodi=[uno], pagamenti=[]))
        (testo,) = [r.testo for r in trovati if r.codice == "importo_oltre_la_decisione"]
        assert detto in testo


def test_un_pagamento_oltre_il_deciso_si_annuncia() -> None:
    libro = Libro(
        atti=[accolta(date(2025, 1, 1), date(2025, 2, 28))],
        periodi=[periodo(date(2025, 1, 1), date(2025, 12, 31))],
        pagamenti=[Pagamento(competenza=date(2025, 1, 1), somme=somme_di(D("150.00")))],
    )
    assert avviso_di_eccesso(libro, somme_di(D("50.00"))) == ""
    assert "di 0,01 €" in avviso_di_eccesso(libro, somme_di(D("50.01")))
