"""The figures of a year, out of the sums of the ledger."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.spesa.analisi import Somma, SommaAnno, analizza, per_utente, pro_capite

D = Decimal


def somma(istat: str, spesa: str, gestione: str = "singola", area: str = "anziani") -> Somma:
    return Somma(
        istat=istat, area=area, gestione=gestione, righe=1, spesa=D(spesa), quota_utenti=D(10),
        quota_ssn=D(20), utenti=2, senza_utenti=0, comuni_noti=D(spesa) - 30,
        quota_utenti_nota=D(10), fonti={"fsr": D(spesa) - 30},
    )  # fmt: skip


SOMME = (
    somma("019036", "800"), somma("019036", "200", "associata", "disabili"),
    somma("019001", "100", "associata"), somma("019003", "400"),
)  # fmt: skip
ABITANTI = {2012: {"019036": 10, "019001": 10, "019003": 5}}


def test_le_quote_di_cremona_nel_2012_escono_dalle_cifre_pubblicate_con_e_senza_la_citta() -> None:
    # What the city spent is the published whole less the published rest.
    righe = [
        ("019036", 3_571_415 - 2_840_728, "associata"), ("019036", 15_512_768 - 4_449_108, "singola"),
        ("019001", 2_840_728, "associata"), ("019001", 4_449_108, "singola"),
    ]  # fmt: skip
    uscite = analizza(
        2012,
        [somma(istat, str(euro), gestione) for istat, euro, gestione in righe],
        comuni=["019001", "019036"], abitanti={}, capoluogo="019036",
    )  # fmt: skip
    assert uscite.totale.spesa == 19_084_183
    assert uscite.totale.quota_associata == D("0.1871")
    # A euro less than the published total, which does not add up: the formula does not mend it.
    assert uscite.senza_capoluogo.spesa == 7_289_836
    assert uscite.senza_capoluogo.quota_associata == D("0.3897")


@pytest.mark.parametrize(
    ("somme", "abitanti", "quota", "incidenza", "valore"),
    [
        ((), {}, None, None, None),
        # Nothing spent; everything paid by the SSN; nobody lives there; one population missing.
        ((somma("019001", "0"),), {"019001": 10}, None, D("-0.5000"), D("0.00")),
        ((somma("019001", "20", "associata"),), {"019001": 10}, D("1.0000"), None, D("2.00")),
        ((somma("019001", "100"),), {"019001": 0}, D("0.0000"), D("0.1250"), None),
        (SOMME, {"019001": 10}, D("0.2000"), D("0.0282"), None),
    ],
)  # fmt: skip
def test_una_divisione_per_nulla_non_da_una_cifra(
    somme: tuple[Somma, ...],
    abitanti: dict[str, int],
    quota: D | None,
    incidenza: D | None,
    valore: D | None,
) -> None:
    uscite = analizza(2012, somme, comuni=["019001"], abitanti={2012: abitanti}, capoluogo="019001")
    totale = uscite.totale
    assert (totale.quota_associata, totale.incidenza_utenti) == (quota, incidenza)
    assert totale.pro_capite.valore == valore
    nessuno = msgspec.structs.replace(somma("019001", "100"), utenti=0)
    assert per_utente([nessuno]).comuni is None


def test_ogni_cifra_e_con_e_senza_il_capoluogo() -> None:
    uscite = analizza(
        2012, SOMME, comuni=["019001", "019003", "019036", "019004"], abitanti=ABITANTI,
        capoluogo="019036",
        gruppi={"019001": "a", "019003": "a"}, anni=[
            SommaAnno(anno=2012, istat="019036", spesa=D(1000), associata=D(200)),
            SommaAnno(anno=2012, istat="019001", spesa=D(100), associata=D(100)),
        ],
    )  # fmt: skip
    tutto, senza = uscite.totale, uscite.senza_capoluogo
    assert (tutto.spesa, tutto.associata, tutto.singola) == (D(1500), D(300), D(1200))
    assert (senza.spesa, senza.associata, senza.singola) == (D(500), D(100), D(400))
    assert (tutto.quota_associata, senza.quota_associata) == (D("0.2000"), D("0.2000"))
    assert (tutto.utenti, tutto.quota_utenti) == (8, D(40))
    # Users pay 40 of what the SSN does not: 1500 - 80.
    assert tutto.incidenza_utenti == D("0.0282")
    uno = tutto.pro_capite
    assert (uno.valore, uno.min, uno.media, uno.mediana, uno.max) == (
        D("60.00"), D("10.00"), D("63.33"), D("80.00"), D("100.00"),
    )  # fmt: skip
    assert uscite.per_utente.comuni == D("172.50")
    assert uscite.per_utente.utente == D("5.00")
    assert {p.codice: p.quota for p in uscite.per_area} == {
        "anziani": D("0.8667"), "disabili": D("0.1333"),
    }  # fmt: skip
    assert sum(p.spesa for p in uscite.per_fonte) == tutto.spesa
    assert [(g.sub_ambito, g.misura.spesa) for g in uscite.per_sub_ambito] == [
        ("a", D(500)), (None, D(1000)),
    ]  # fmt: skip
    assert [(a.anno, a.spesa, a.senza_capoluogo) for a in uscite.anni] == [(2012, D(1100), D(100))]
    assert uscite.mancano == ("019004",)


def test_cio_che_manca_e_vuoto_e_non_zero() -> None:
    uscite = analizza(2013, SOMME, comuni=[], abitanti=ABITANTI)
    assert uscite.totale.pro_capite.valore is uscite.totale.pro_capite.min is None
    assert uscite.senza_popolazione == ("019001", "019003", "019036")
    parte = pro_capite({"019036": D(1000), "019999": D(10)}, ABITANTI[2012])
    assert (parte.valore, parte.min) == (None, D("100.00"))
    nulla = analizza(2012, [], comuni=["019001"], abitanti=ABITANTI)
    assert (nulla.totale.quota_associata, nulla.totale.utenti, nulla.totale.incidenza_utenti) == (
        None, None, None,
    )  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from([f"0190{n:02}" for n in range(1, 40)]),
        st.tuples(st.integers(0, 10**10).map(lambda n: D(n) / 100), st.integers(1, 10**5)),
        min_size=1,
    )
)
def test_la_media_pesata_sta_fra_il_minimo_e_il_massimo(dati: dict[str, tuple[D, int]]) -> None:
    uscite = pro_capite({k: v for k, (v, _) in dati.items()}, {k: n for k, (_, n) in dati.items()})
    assert uscite.min is not None
    assert uscite.valore is not None
    assert uscite.media is not None
    assert uscite.mediana is not None
    assert uscite.max is not None
    for uno in (uscite.valore, uscite.media, uscite.mediana):
        assert uscite.min <= uno <= uscite.max
