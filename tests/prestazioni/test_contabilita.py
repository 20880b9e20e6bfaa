"""What was granted, what was paid, what is left."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from capofila.prestazioni.contabilita import (
    Pagamento,
    Periodo,
    Somme,
    avviso_di_eccesso,
    concesso,
    maturato,
    mesi,
    periodo_di,
    situazioni,
    somme_di,
)

D = Decimal
MENSILE = Periodo(
    id=1, dal=date(2025, 1, 15), al=date(2025, 3, 31), mensile=True,
    somme=somme_di(D("312.40"), D("200.00"), D("112.40")),
)  # fmt: skip
UNA_TANTUM = Periodo(
    id=2, dal=date(2025, 5, 5), al=None, mensile=False, somme=somme_di(D("80.00"))
)  # fmt: skip


def versa(mese: int, somme: Somme) -> Pagamento:
    return Pagamento(competenza=date(2025, mese, 1), somme=somme)


def test_i_mesi_si_contano_interi() -> None:
    assert mesi(date(2025, 1, 31), date(2025, 2, 1)) == 2
    assert mesi(date(2025, 2, 1), date(2025, 1, 1)) == 0
    assert mesi(date(2024, 12, 1), date(2025, 1, 31)) == 2


def test_senza_una_fine_si_concede_fino_a_dicembre() -> None:
    aperto = Periodo(
        id=3, dal=date(2025, 10, 20), al=None, mensile=True, somme=somme_di(D("10.00"))
    )
    assert concesso(aperto).importo == D("30.00")
    assert concesso(UNA_TANTUM).importo == D("80.00")


def test_ogni_quota_ha_il_suo_totale() -> None:
    totale = concesso(MENSILE)
    assert totale == Somme(
        importo=D("937.20"), quota_ente=D("600.00"), quota_utente=D("337.20"), quota_ssn=D("0.00")
    )
    assert somme_di(D("5.00")).quota_ente == D("5.00"), "undivided, it is the ente's"


def test_matura_solo_cio_che_e_finito() -> None:
    assert maturato(MENSILE, date(2025, 1, 31)).importo == 0
    assert maturato(MENSILE, date(2025, 2, 1)).importo == D("312.40")
    assert maturato(MENSILE, date(2026, 2, 1)).importo == D("937.20")
    assert maturato(MENSILE, date(2024, 2, 1)).importo == 0
    assert maturato(UNA_TANTUM, date(2025, 5, 4)).importo == 0
    assert maturato(UNA_TANTUM, date(2025, 5, 5)).importo == D("80.00")


def test_un_pagamento_va_al_periodo_del_suo_mese() -> None:
    periodi = [MENSILE, UNA_TANTUM]
    assert periodo_di(periodi, date(2025, 1, 1)) is MENSILE, "though it began on the 15th"
    assert periodo_di(periodi, date(2025, 5, 1)) is UNA_TANTUM
    assert periodo_di(periodi, date(2025, 4, 1)) is None


def test_i_totali_contano_gli_storni_e_dicono_cio_che_resta_fuori() -> None:
    una = MENSILE.somme
    viste, fuori = situazioni(
        [MENSILE, UNA_TANTUM],
        [versa(1, una), versa(2, una), versa(2, una.per(-1)), versa(7, una)],
        date(2025, 4, 10),
    )
    prima, dopo = viste
    assert prima.pagato == una
    assert prima.resta.importo == D("624.80")
    assert prima.manca
    assert not prima.troppo
    assert (dopo.manca, dopo.pagato.importo) == (False, 0)
    assert fuori == una


def test_oltre_il_concesso_si_avvisa_anche_per_una_sola_quota() -> None:
    (prima,), _ = situazioni([MENSILE], [versa(1, MENSILE.somme)], date(2025, 4, 1))
    assert avviso_di_eccesso(prima, MENSILE.somme) == ""
    assert "quanto è stato concesso di 375,20 €" in avviso_di_eccesso(
        prima, somme_di(D("1000.00"), D("1000.00"))
    )
    storto = avviso_di_eccesso(prima, somme_di(D("600.00"), D("600.00")))
    assert "quota dell’ente di 200,00 €" in storto
    assert "concesso" not in storto
