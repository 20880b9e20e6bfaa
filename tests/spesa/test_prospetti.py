"""The tables that are owed: they make the ledger to the cent, whatever is in it, or they are refused."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.hooks import (
    AggiuntaSpesa,
    CodiceSpesa,
    ModuloSpesa,
    Raccordo,
    TavolaSpesa,
    VoceSpesa,
    componi,
    variante,
)
from capofila.spesa.prospetti import Intesta, SommeLibro, fai_tavola, scarti, scrivi
from capofila.spesa.rules import ZERO, RigaSpesa
from capofila.spesa_sociale import GUIDA, MODULO, PROSPETTI

D = Decimal
ANNO = 2025
REGIONE, ISTAT, FNPS = PROSPETTI
AGGIUNTA = AggiuntaSpesa(
    codice="trasporti", modulo="spesa-sociale", fonte=GUIDA,
    aree=(CodiceSpesa(codice="trasporti", denominazione="Trasporti", fonte=GUIDA),),
    voci=(VoceSpesa(codice="pulmino", denominazione="Pulmino", fonte=GUIDA),),
    fonti=(CodiceSpesa(codice="lasciti", denominazione="Lasciti", fonte=GUIDA),),
)  # fmt: skip
CON_AGGIUNTA = componi(MODULO, (AGGIUNTA,))

importi = st.integers(0, 10**9).map(lambda n: D(n) / 100)


@st.composite
def righe_di(draw: st.DrawFn, modulo: ModuloSpesa) -> RigaSpesa:
    """A balanced line with any codes of the form."""
    quote = draw(st.tuples(importi, importi))
    fonti = {
        f.codice: draw(importi)
        for f in draw(st.lists(st.sampled_from(modulo.fonti), unique=True, max_size=3))
    }
    return RigaSpesa(
        comune="019035",
        area=draw(st.sampled_from(modulo.aree)).codice,
        voce=draw(st.sampled_from([*(v.codice for v in modulo.voci), "voce_ignota"])),
        gestione=draw(st.sampled_from(modulo.gestioni)).codice,
        modalita=draw(st.sampled_from(modulo.modalita)).codice,
        spesa=sum(quote, ZERO) + sum(fonti.values(), ZERO),
        quota_utenti=quote[0], quota_ssn=quote[1], fonti=fonti,
        utenti=draw(st.none() | st.integers(0, 10**6)),
    )  # fmt: skip


def libro(righe: Sequence[RigaSpesa]) -> SommeLibro:
    return SommeLibro(
        righe=len(righe),
        spesa=sum((r.spesa for r in righe), ZERO),
        quota_utenti=sum((r.quota_utenti for r in righe), ZERO),
        quota_ssn=sum((r.quota_ssn for r in righe), ZERO),
        fonti=sum((v for r in righe for v in r.fonti.values()), ZERO),
        utenti=D(sum(r.utenti or 0 for r in righe)),
        senza_utenti=sum(r.utenti is None for r in righe),
    )


def dichiarata(codice: str, modulo: ModuloSpesa = MODULO) -> TavolaSpesa:
    return next(tavola for tavola in modulo.tavole if tavola.codice == codice)


@given(st.lists(righe_di(CON_AGGIUNTA), max_size=40))
def test_ogni_tavola_fa_il_libro_con_qualunque_riga(righe: list[RigaSpesa]) -> None:
    somme = libro(righe)
    for tavola in CON_AGGIUNTA.tavole:
        fatta = fai_tavola(CON_AGGIUNTA, tavola, righe, ANNO)
        assert scarti(fatta, tavola.colonne, somme) == []
        attesa = somme.utenti if tavola.codice == "B" else somme.spesa
        assert fatta.totale[0 if tavola.codice == "B" else -1] == attesa


@given(
    st.lists(righe_di(CON_AGGIUNTA), min_size=1, max_size=12),
    st.integers(1, 10**6).map(lambda n: D(n) / 100),
    st.sampled_from(("A", "C", "ISTAT")),
)
def test_un_centesimo_che_manca_si_vede(
    righe: list[RigaSpesa], quanto: Decimal, codice: str
) -> None:
    tavola = dichiarata(codice, CON_AGGIUNTA)
    fatta = fai_tavola(CON_AGGIUNTA, tavola, righe, ANNO)
    somme = libro(righe)
    assert scarti(fatta, tavola.colonne, variante(somme, spesa=somme.spesa + quanto))
    # A code that the form does not have takes its amount out of the columns, never out of the total.
    fuori = {"A": {"modalita": "a_braccio"}, "C": {"fonti": {"ignota": quanto}}, "ISTAT": {}}[
        codice
    ]
    storta = msgspec.structs.replace(
        righe[0], spesa=quanto, quota_utenti=ZERO, quota_ssn=ZERO,
        **{"fonti": {"fsr": quanto}, **fuori},
    )  # fmt: skip
    tutte = [storta, *righe[1:]]
    fatta = fai_tavola(CON_AGGIUNTA, tavola, tutte, ANNO)
    trovati = scarti(fatta, tavola.colonne, libro(tutte))
    assert bool(trovati) is (codice != "ISTAT")
    assert all(f"La tavola {codice} non fa il libro" in frase for frase in trovati)


def _riga(**campi: object) -> RigaSpesa:
    base = RigaSpesa(
        comune="019035", area="anziani", voce="sad", gestione="associata", modalita="appalto",
        spesa=D("1000.50"), quota_utenti=D("200"), quota_ssn=D("100.50"),
        fonti={"risorse_comune": D("400"), "fsr": D("300")}, utenti=12,
    )  # fmt: skip
    return msgspec.structs.replace(base, **campi)


RIGHE = (
    _riga(),
    _riga(voce="rsa", utenti=None),
    _riga(area="servizi_sociali", voce="segretariato"),
)


def test_una_tavola_ha_una_riga_per_codice_le_voci_sotto_e_in_fondo_cio_che_e_aperto() -> None:
    tavola = fai_tavola(MODULO, dichiarata("A"), RIGHE, ANNO)
    anziani = [r for r in tavola.righe if r.codice == "anziani"]
    assert [(r.nome, r.voce, r.valori[-1]) for r in anziani] == [
        ("Anziani", "", D("2001.00")),
        ("Anziani", "Residenze sanitarie assistenziali (RSA)", D("1000.50")),
        ("Anziani", "Servizio di assistenza domiciliare (SAD)", D("1000.50")),
    ]
    assert len(tavola.per_codice) == len(MODULO.aree)
    istat = fai_tavola(MODULO, dichiarata("ISTAT"), RIGHE, ANNO)
    assert [(r.codice, r.nome, r.valori[-1]) for r in istat.righe if r.valori[-1]] == [
        ("ELD", "Anziani", D("2001.00")),
        ("", "Senza codice", D("1000.50")),
    ]
    assert any("Servizi sociali" in nota and "lascia aperte" in nota for nota in istat.note)
    fruitori = fai_tavola(MODULO, dichiarata("B"), RIGHE, ANNO)
    assert fruitori.totale == (D(24), D(1))


def test_le_voci_e_le_aree_di_un_distretto_entrano_con_il_loro_raccordo_o_senza_codice() -> None:
    sue = (
        _riga(area="trasporti", voce="pulmino", fonti={"lasciti": D("700")}),
        _riga(voce="pulmino"),
    )
    tavola = fai_tavola(CON_AGGIUNTA, dichiarata("C", CON_AGGIUNTA), sue, ANNO)
    righe = {(r.codice, r.voce): r.valori[-1] for r in tavola.righe if r.valori[-1]}
    assert righe == {
        ("anziani", ""): D("1000.50"), ("anziani", "Pulmino"): D("1000.50"),
        ("", ""): D("1000.50"), ("", "Pulmino"): D("1000.50"),
    }  # fmt: skip
    assert "Lasciti" in [c.titolo for c in tavola.colonne]
    raccordata = componi(
        MODULO,
        (
            variante(
                AGGIUNTA,
                raccordi=(
                    Raccordo(
                        classificazione="regione_area", area="trasporti", codice="disabili",
                        fonte=GUIDA, valido_dal=date(2025, 12, 31),
                    ),
                ),
            ),
        ),
    )  # fmt: skip
    # The crosswalk is that of the last day of the year: the day before it was not in force.
    for anno, codice in ((2025, "disabili"), (2024, "")):
        fatta = fai_tavola(raccordata, dichiarata("C", raccordata), sue[:1], anno)
        assert [r.codice for r in fatta.per_codice if r.valori[-1]] == [codice]


def test_i_file_hanno_la_nota_la_fonte_e_gli_stessi_byte_ogni_volta() -> None:
    def fai() -> bytes:
        tavole = [fai_tavola(MODULO, dichiarata(c), RIGHE, ANNO) for c in REGIONE.tavole]
        return scrivi(REGIONE, Intesta("Ambito =Cremasco", ANNO), tavole)

    file = fai()
    assert file == fai()
    with zipfile.ZipFile(io.BytesIO(file)) as zip_:
        assert {info.date_time for info in zip_.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    cartella = openpyxl.load_workbook(io.BytesIO(file))
    assert cartella.sheetnames == ["Tavola A", "Tavola B", "Tavola C"]
    for foglio in cartella:
        testi = [str(c.value) for fila in foglio.iter_rows() for c in fila if c.value is not None]
        assert testi[0] == "Prospetto di supporto"
        assert "non è pubblico" in testi[3]
        assert any(t.startswith("Fonte: Guida alla compilazione") for t in testi)
        assert any(t.startswith("Supposti") for t in testi)
        assert not [c for fila in foglio.iter_rows() for c in fila if c.data_type == "f"]
    ultima = [c.value for c in cartella["Tavola C"][6]]
    assert ultima[-1] == "Costo totale"
    totale = next(f for f in cartella["Tavola C"].iter_rows(values_only=True) if f[0] == "Totale")
    assert totale[-1] == pytest.approx(3001.5)


def test_il_libro_va_alle_macro_attivita_e_alle_prestazioni_e_dice_che_cosa_e_supposto() -> None:
    def una(voce: str, spesa: str) -> RigaSpesa:
        return RigaSpesa(
            comune="019035", area="anziani", voce=voce, gestione="singola", modalita="diretta",
            spesa=D(spesa), fonti={"fnps": D(spesa)}, utenti=3,
        )  # fmt: skip

    righe = [una("sad", "10.00"), una("cdi", "20.00"), una("nido", "4.00"), una("altra", "7.00")]
    fnps, siuss = (fai_tavola(MODULO, dichiarata(c), righe, ANNO) for c in FNPS.tavole)
    assert [(r.codice, r.valori[-1]) for r in fnps.per_codice if r.valori[-1]] == [
        ("3", 10), ("4", 20), ("", 11),
    ]  # fmt: skip
    assert [r.codice for r in fnps.per_codice] == ["1", "2", "3", "4", "5", ""]
    note = " ".join(fnps.note)
    assert "Il raccordo con «Macro-attività FNPS» è supposto" in note
    assert "lascia aperte: Nidi e micronidi, altra." in note
    assert {r.codice for r in siuss.per_codice if r.valori[0]} == {"A2.07", "A3.03", ""}
    assert "supposto" not in " ".join(siuss.note)
    cartella = openpyxl.load_workbook(
        io.BytesIO(scrivi(FNPS, Intesta("Crema", ANNO), [fnps, siuss]))
    )
    assert cartella.sheetnames == ["Tavola FNPS", "Tavola SIUSS"]
    assert {foglio["A1"].value for foglio in cartella} == {"Prospetto di supporto"}


def test_il_csv_di_istat_ha_i_suoi_codici_e_nessuna_formula() -> None:
    tavola = fai_tavola(MODULO, dichiarata("ISTAT"), RIGHE, ANNO)
    testo = scrivi(ISTAT, Intesta("=Cremasco", ANNO), [tavola]).decode("utf-8-sig")
    lette = list(csv.DictReader(io.StringIO(testo), delimiter=";"))
    assert [r["codice"] for r in lette] == [
        "FAM",
        "DIS",
        "ADD",
        "ELD",
        "IMMNOM",
        "POV",
        "MULBEN",
        "",
    ]
    anziani = lette[3]
    assert anziani["ambito"] == "'=Cremasco"
    assert (anziani["USSSPM"], anziani["TOTEXP"]) == ("12", "2001,00")
    parti = [D(anziani[c].replace(",", ".")) for c in ("EXPMUN", "EXPUSERS", "EXPSSN")]
    assert sum(parti) == D("2001.00")
