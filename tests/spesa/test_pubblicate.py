"""The published figures: what adds up, what does not, and what comes out of our own formulas."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from tests.docs.genera import RADICE

from capofila.spesa.pubblicate import CENSIMENTO_2011, accanto, confronti, figure
from capofila.spesa.routes_pubblicate import calcolata
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


def test_cio_che_ha_i_suoi_termini_esce_uguale_e_il_resto_dice_perche_no() -> None:
    # Inhabitants of the census of 2011, added up from the comuni of the ambito and of the province.
    fatte = {
        (a.figura.territorio, a.figura.perimetro, a.figura.misura, a.figura.anno): a
        for a in accanto({("crema", "intero"): 161_155, ("provincia", "intero"): 357_623})
    }
    con_i_termini = [a for a in fatte.values() if a.come.endswith("come pubblicati")]
    assert len(con_i_termini) == 4 + 4 + 2 + 1
    assert not [a for a in con_i_termini if a.differenza or a.motivo]
    incidenza = fatte["cremona", "dieci_servizi", "incidenza_utenti_pct", 2012]
    assert (incidenza.calcolata, incidenza.differenza) == (Decimal("18.6"), 0)
    crema = fatte["crema", "intero", "totale_pro_capite", 2011]
    assert (calcolata(crema), crema.differenza) == ("98,28 €", Decimal("-0.3"))
    assert "98,0 € vogliono circa 161.617 persone, noi ne abbiamo 161.155" in crema.motivo
    provincia = fatte["provincia", "intero", "totale_pro_capite", 2011]
    assert (calcolata(provincia), provincia.differenza) == ("113,57 €", 0)
    # 125.649 is 125.6: it is not rounded twice, by way of 125.65.
    cremona = {a.figura.chiave: a for a in accanto({("cremona", "intero"): 156_918})}[
        2011, "cremona", "intero", "totale_pro_capite"
    ]
    assert (calcolata(cremona), cremona.differenza) == ("125,65 €", 0)
    # Nothing is computed where the population of the territory, or the spending, is not held.
    for chiave in (
        ("cremona", "intero", "totale_pro_capite", 2011),
        ("lombardia", "intero", "totale_pro_capite", 2011),
        ("cremona", "comuni", "pro_capite_media", 2012),
    ):
        assert fatte[chiave].calcolata is None
        assert fatte[chiave].motivo


def test_il_sostegno_per_maggiorenne_si_confronta_con_i_residenti_e_lo_dice() -> None:
    fatta = next(
        a
        for a in accanto({("cremona", "intero"): 156_918})
        if a.figura.misura == "sostegno_reddito_per_maggiorenne"
    )
    assert (calcolata(fatta), fatta.differenza) == ("3,70 €", Decimal("0.61"))
    assert "134.554" in fatta.motivo
    assert "maggiorenni, che non abbiamo" in fatta.motivo


def test_i_residenti_del_2011_sono_quelli_dei_comuni_di_allora() -> None:
    def righe(nome: str) -> list[dict[str, str]]:
        return list(csv.DictReader((RADICE / "tenants" / nome).read_text("utf-8").splitlines()))

    def allora(quali: list[dict[str, str]]) -> set[str]:
        return {
            r["istat"]
            for r in quali
            if (not r["dal"] or r["dal"] <= "2011-12-31") and not "" < r["al"] < "2011-12-31"
        }

    censiti = {
        r["istat"]: int(r["residenti"])
        for r in righe("comuni/popolazione.csv")
        if r["anno"] == "2011"
    }
    comuni = righe("comuni/comuni.csv")
    [cremona] = [r["istat"] for r in comuni if r["nome"] == "Cremona"]
    insiemi = {
        (slug, "intero"): allora(righe(f"{slug}/comuni.csv"))
        for slug in ("casalmaggiore", "crema", "cremona")
    }
    insiemi["cremona", "senza_capoluogo"] = insiemi["cremona", "intero"] - {cremona}
    insiemi["provincia", "intero"] = allora([r for r in comuni if r["provincia"] == "CR"])
    assert {
        chi: sum(censiti[istat] for istat in sue) for chi, sue in insiemi.items()
    } == CENSIMENTO_2011
    # Whoever looks, those of the other ambiti are there too.
    a_testa = {
        a.figura.territorio: (calcolata(a), a.differenza)
        for a in accanto()
        if a.figura.anno == 2011 and a.figura.misura == "totale_pro_capite" and a.calcolata
    }
    assert a_testa == {
        "casalmaggiore": ("127,96 €", Decimal("1.8")),
        "crema": ("98,28 €", Decimal("-0.3")),
        "cremona": ("125,65 €", 0),
        "provincia": ("113,57 €", 0),
    }
