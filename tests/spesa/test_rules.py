"""The ledger: it balances, it is spread to the cent, it is checked, it goes through its states."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.hooks import (
    AggiuntaSpesa,
    Anomalia,
    Coppia,
    DichiarazioneErrata,
    GiornoTra,
    LunghezzaTesto,
    Raccordo,
    RegolaData,
    SommaSpesa,
    Variazione,
    VoceSpesa,
    componi,
)
from capofila.spesa.rules import (
    PASSI,
    Chi,
    PassoNonAmmesso,
    RigaSpesa,
    RipartoImpossibile,
    Situazione,
    Stato,
    anomali,
    cambiate,
    compi,
    coppia_rispettata,
    giorno_ammesso,
    lunghezza_ammessa,
    ripartisci,
    ripartisci_riga,
    somma_rispettata,
    variazione_ammessa,
)
from capofila.spesa_sociale import CONTROLLI, GUIDA, MODULO

FINE = date(2025, 12, 31)
D = Decimal
RIGA = RigaSpesa(
    comune="019035", area="anziani", voce="sad", gestione="associata", modalita="appalto",
    spesa=D("1000.01"), quota_utenti=D("200"), quota_ssn=D("100.01"),
    fonti={"risorse_comune": D("400"), "fsr": D("300")}, utenti=12,
)  # fmt: skip
SOMMA = next(c.controllo for c in CONTROLLI if isinstance(c.controllo, SommaSpesa))

importi = st.integers(0, 10**11).map(lambda n: D(n) / 100)
chiavi = st.dictionaries(
    st.integers(19001, 19115).map(lambda n: f"{n:06}"),
    st.decimals(0, 10**6, places=3, allow_nan=False), min_size=1, max_size=48,
).filter(lambda pesi: sum(pesi.values()) > 0)  # fmt: skip


@given(importi, chiavi)
def test_il_riparto_torna_al_centesimo_e_nessuno_e_lontano_dalla_sua_parte(
    importo: Decimal, pesi: dict[str, Decimal]
) -> None:
    parti = ripartisci(importo, pesi)
    totale = sum(pesi.values())
    assert sum(parti.values()) == importo
    for comune, parte in parti.items():
        assert abs(parte * totale - importo * pesi[comune]) < D("0.01") * totale
        assert pesi[comune] or not parte


@given(st.tuples(importi, importi, importi, importi), chiavi)
def test_ogni_riga_ripartita_quadra_e_ogni_addendo_torna(
    addendi: tuple[Decimal, ...], pesi: dict[str, Decimal]
) -> None:
    utenti, ssn, comune, fsr = addendi
    riga = msgspec.structs.replace(
        RIGA, spesa=sum(addendi), quota_utenti=utenti, quota_ssn=ssn,
        fonti={"risorse_comune": comune, "fsr": fsr},
    )  # fmt: skip
    righe = ripartisci_riga(riga, pesi)
    assert all(una.sbilancio == 0 and una.utenti is None for una in righe)
    for colonna in ("spesa", "quota_utenti", "quota_ssn", "risorse_comune", "fsr"):
        assert sum(una.valore(colonna) or 0 for una in righe) == riga.valore(colonna)


def test_il_centesimo_che_avanza_va_al_resto_maggiore_e_a_parita_al_codice_minore() -> None:
    pari = {"019002": D(1), "019001": D(1), "019003": D(1)}
    assert ripartisci(D("0.02"), pari) == {"019001": D("0.01"), "019002": D("0.01"), "019003": 0}
    assert ripartisci(D(1), {"a": D(1), "b": D(2)}) == {"a": D("0.33"), "b": D("0.67")}


@pytest.mark.parametrize(
    ("importo", "pesi"),
    [(D(1), {}), (D(1), {"a": D(0)}), (D(1), {"a": D(-1), "b": D(2)}), (D(-1), {"a": D(1)}),
     (D("0.001"), {"a": D(1)})],
)  # fmt: skip
def test_non_si_ripartisce_senza_pesi_ne_in_negativo(
    importo: Decimal, pesi: dict[str, Decimal]
) -> None:
    with pytest.raises(RipartoImpossibile):
        ripartisci(importo, pesi)


def test_una_riga_che_non_quadra_non_si_ripartisce() -> None:
    with pytest.raises(RipartoImpossibile, match=r"0\.01"):
        ripartisci_riga(msgspec.structs.replace(RIGA, spesa=D("1000.02")), {"a": D(1)})


def test_le_fonti_e_le_quote_fanno_la_spesa_al_centesimo() -> None:
    assert somma_rispettata(SOMMA, RIGA)
    assert not somma_rispettata(SOMMA, msgspec.structs.replace(RIGA, spesa=D("1000.02")))
    entro = SommaSpesa(("quota_utenti", "quota_ssn"), "spesa", "non_oltre")
    assert somma_rispettata(entro, RIGA)
    assert not somma_rispettata(entro, msgspec.structs.replace(RIGA, spesa=D("300")))


def test_gli_utenti_vogliono_una_spesa_e_quelli_che_non_si_sanno_no() -> None:
    coppia = Coppia("utenti", "spesa")
    assert coppia_rispettata(coppia, RIGA)
    assert not coppia_rispettata(coppia, msgspec.structs.replace(RIGA, spesa=D(0)))
    assert coppia_rispettata(coppia, msgspec.structs.replace(RIGA, spesa=D(0), utenti=None))


@pytest.mark.parametrize(
    ("prima", "adesso", "ammessa"),
    [(10000, 13000, True), (10000, 13001, False), (10000, 6999, False), (100, 1100, True),
     (0, 1000, True), (0, 1001, False)],
)  # fmt: skip
def test_oltre_la_banda_e_oltre_il_minimo_la_variazione_si_dice(
    prima: int, adesso: int, ammessa: bool
) -> None:
    banda = Variazione("spesa", percento=D(30), minimo=D(1000))
    assert variazione_ammessa(banda, D(prima), D(adesso)) is ammessa


def test_testi_e_giorni_stanno_fra_i_loro_estremi() -> None:
    testo = LunghezzaTesto("nota", 3, 5)
    assert [lunghezza_ammessa(testo, uno) for uno in ("", " ab ", "abc", "abcde", "abcdef")] == [
        True, False, True, True, False,
    ]  # fmt: skip
    giorno = GiornoTra("rendiconto", RegolaData(mese=1, giorno=1, scarto_anni=1),
                       RegolaData(mese=4, giorno=30, scarto_anni=1))  # fmt: skip
    giorni = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 4, 30), date(2026, 5, 1))
    assert [giorno_ammesso(giorno, uno, 2025) for uno in giorni] == [False, True, True, False]
    assert giorno_ammesso(GiornoTra("rendiconto"), date(1990, 1, 1), 2025)


def test_si_vede_il_comune_lontano_dai_suoi_simili_e_non_da_quelli_di_un_altra_classe() -> None:
    controllo = Anomalia(soglia=D("3.5"), classi=(2000,), comuni=5)
    abitanti = dict.fromkeys("abcdef", 1000) | {"g": 20000}
    spesa = {"a": 68000, "b": 70000, "c": 71000, "d": 72000, "e": 74000, "f": 164000, "g": 4000000}
    euro = {comune: D(valore) for comune, valore in spesa.items()}
    # Median 71.5 €, MAD 2 €: 0.6745 * (164 - 71.5) / 2 = 31.195…
    assert anomali(controllo, euro, abitanti) == {"f": D("31.19")}
    assert anomali(msgspec.structs.replace(controllo, comuni=7), euro, abitanti) == {}
    assert anomali(controllo, dict.fromkeys("abcde", D(70000)) | {"f": D(1)}, abitanti) == {}


def test_la_vita_di_una_scheda_dall_apertura_all_esito() -> None:
    stato = Stato.APERTA
    for passo in PASSI:
        if passo.azione not in ("riprendi", "riapri"):
            stato = compi(passo.azione, stato, passo.chi, Situazione())
    assert stato is Stato.ESITO
    riaperta = compi("riapri", stato, Chi.UFFICIO_DI_PIANO, Situazione(motivo="Errore"))
    assert compi("completa", riaperta, Chi.COMUNE, Situazione()) is Stato.COMPILATA


@pytest.mark.parametrize(
    ("azione", "stato", "chi", "situazione"),
    [
        ("approva", Stato.INVIATA, Chi.UFFICIO_DI_PIANO, Situazione()),
        ("approva", Stato.VERIFICATA, Chi.COMUNE, Situazione()),
        ("completa", Stato.APERTA, Chi.COMUNE, Situazione(errori=1)),
        ("invia", Stato.COMPILATA, Chi.COMUNE, Situazione(scaduta=True)),
        ("trasmetti", Stato.APPROVATA, Chi.UFFICIO_DI_PIANO, Situazione(mancano=1)),
        ("riapri", Stato.APPROVATA, Chi.UFFICIO_DI_PIANO, Situazione(motivo=" ")),
    ],
)
def test_un_passo_che_non_si_puo_fare_dice_perche(
    azione: str, stato: Stato, chi: Chi, situazione: Situazione
) -> None:
    with pytest.raises(PassoNonAmmesso):
        compi(azione, stato, chi, situazione)


def test_ogni_stato_si_raggiunge_e_da_ognuno_si_esce() -> None:
    assert {passo.a for passo in PASSI} == {*Stato}
    assert {da for passo in PASSI for da in passo.da} == {*Stato}


def test_cio_che_cambia_dopo_l_approvazione_si_conta_cella_per_cella() -> None:
    dopo = msgspec.structs.replace(RIGA, spesa=D("1001.01"), quota_utenti=D("201"))
    assert [cella.split("/")[-1] for cella in cambiate([RIGA], [dopo])] == ["quota_utenti", "spesa"]
    assert cambiate([RIGA], [RIGA]) == []
    assert "utenti" in [cella.split("/")[-1] for cella in cambiate([RIGA], [])]


def test_il_raccordo_piu_preciso_decide_e_cio_che_la_fonte_non_da_resta_aperto() -> None:
    assert MODULO.codice_di("istat_area", "anziani", "sad", FINE) == "ELD"
    assert MODULO.codice_di("istat_area", "salute_mentale", "sad", FINE) is None
    assert MODULO.codice_di("siuss", "anziani", "sad", FINE) == "A2.07"
    assert MODULO.codice_di("siuss", "anziani", "rsa", FINE) is None


def test_un_distretto_aggiunge_la_sua_voce_e_non_cambia_cio_che_c_e() -> None:
    trasporto = VoceSpesa(codice="trasporto", denominazione="Trasporto", fonte=GUIDA)
    proprio = Raccordo(
        classificazione="istat_area", area="anziani", voce="trasporto", codice="MULBEN", fonte=GUIDA
    )
    aggiunta = AggiuntaSpesa(
        codice="x", modulo=MODULO.codice, voci=(trasporto,), raccordi=(proprio,), fonte=GUIDA
    )
    composto = componi(MODULO, [aggiunta])
    assert composto.codice_di("istat_area", "anziani", "trasporto", FINE) == "MULBEN"
    assert composto.codice_di("istat_area", "anziani", "sad", FINE) == "ELD"
    assert composto.impronta != MODULO.impronta
    altrui = msgspec.structs.replace(proprio, voce="sad")
    for sbagliata in (
        msgspec.structs.replace(aggiunta, voci=(), raccordi=(altrui,)),
        msgspec.structs.replace(aggiunta, voci=(MODULO.voci[0],)),
        msgspec.structs.replace(aggiunta, modulo="un-altro"),
    ):
        with pytest.raises(DichiarazioneErrata):
            componi(MODULO, [sbagliata])
