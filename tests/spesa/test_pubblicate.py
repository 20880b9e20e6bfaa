"""The published figures: what adds up, what does not, and what comes out of our own formulas."""

from __future__ import annotations

from decimal import Decimal

import pytest

from capofila.spesa.pubblicate import confronti, derivate, figure
from capofila.spesa.rules import incidenza_utenti, per_uno, percento, quota


def _valore(anno: int, territorio: str, misura: str, perimetro: str = "intero") -> Decimal:
    return figure()[anno, territorio, perimetro, misura].valore


def test_non_torna_soltanto_cio_che_si_sa_e_nulla_e_aggiustato() -> None:
    storte = {
        (uno.identita.totale if isinstance(uno.identita.totale, Decimal)
         else uno.identita.totale[1:]): uno.differenza
        for uno in confronti() if uno.differenza
    }  # fmt: skip
    assert storte == {
        ("provincia", "intero", "aziende"): 55,
        ("provincia", "intero", "comuni"): -55,
        ("cremona", "senza_capoluogo", "totale"): 1,
        Decimal(100): Decimal("0.05"),
    }
    assert len(confronti()) == 10


@pytest.mark.parametrize("territorio", ["casalmaggiore", "crema", "cremona", "provincia"])
def test_la_quota_delle_aziende_nel_2011_esce_dai_nostri_conti(territorio: str) -> None:
    uscita = quota(_valore(2011, territorio, "aziende"), _valore(2011, territorio, "totale"))
    assert uscita is not None
    assert percento(uscita) == _valore(2011, territorio, "quota_aziende_pct")


@pytest.mark.parametrize("perimetro", ["intero", "senza_capoluogo"])
def test_la_quota_associata_nel_2012_esce_dai_nostri_conti(perimetro: str) -> None:
    uscita = quota(
        _valore(2012, "cremona", "associata", perimetro),
        _valore(2012, "cremona", "totale", perimetro),
    )
    assert uscita is not None
    assert percento(uscita) == _valore(2012, "cremona", "quota_associata_pct", perimetro)


def test_un_utente_costa_3740_euro_e_paga_il_18_6_per_cento() -> None:
    servizi = "dieci_servizi"
    costo = per_uno(
        _valore(2012, "cremona", "comuni", servizi),
        int(_valore(2012, "cremona", "utenti", servizi)),
    )
    assert costo is not None
    comuni = _valore(2012, "cremona", "comuni_per_utente", servizi)
    assert costo.quantize(Decimal(1)) == comuni == 3740
    utente = _valore(2012, "cremona", "quota_utenti_per_utente", servizi)
    incidenza = incidenza_utenti(comuni + utente, utente, Decimal(0))
    assert incidenza is not None
    assert percento(incidenza, 1) == Decimal("18.6")
    assert percento(incidenza) == _valore(2012, "cremona", "incidenza_utenti_pct", servizi)


def test_le_derivate_escono_dai_nostri_conti_e_quelle_per_abitante_dicono_la_differenza() -> None:
    uscite = {
        (una.figura.territorio, una.figura.perimetro, una.figura.misura): una
        for una in derivate({"crema": 160_000, "cremona": 150_000, "casalmaggiore": 40_000})
    }
    esatte = {chiave: una for chiave, una in uscite.items() if una.calcolato and not una.ragione}
    assert {chiave: una.differenza for chiave, una in esatte.items() if una.differenza} == {}
    assert sorted(una.figura.valore for una in esatte.values()) == [
        18,
        19,
        19,
        25,
        28,
        31,
        39,
        3740,
    ]
    pro_capite = uscite["crema", "intero", "totale_pro_capite"]
    assert (pro_capite.calcolato, pro_capite.differenza) == (Decimal("99.0"), Decimal("-1.0"))
    assert "non è pubblicata" in pro_capite.ragione
    assert uscite["provincia", "intero", "totale_pro_capite"].calcolato == Decimal("116.0")
    maggiorenni = uscite["cremona", "intero", "sostegno_reddito_per_maggiorenne"]
    assert (maggiorenni.calcolato, maggiorenni.differenza) == (None, None)


def test_senza_popolazione_una_figura_per_abitante_resta_com_e_pubblicata() -> None:
    [una] = [u for u in derivate({}) if u.figura.valore == Decimal("98.0")]
    assert una.calcolato is None
    assert "qui manca" in una.ragione
