"""Crema as the Accordo di Programma 2015-2017 has it, and what is only supposed after it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

import capofila_crema
from capofila.compartecipazione.schemi import leggi
from capofila.hooks import Competenza, Organo, Per, Scadenza, difetti, scadenze
from capofila.hooks.spesa import componi
from capofila.spesa_sociale import MODULO

NEL_TRIENNIO = date(2016, 6, 1)
DOPO = date(2025, 6, 1)
UNITA = {Per.COMUNE: 48, Per.SUB_AMBITO: 6}


def _organo(codice: str, giorno: date = NEL_TRIENNIO) -> Organo:
    (organo,) = (
        uno for uno in capofila_crema.organi() if uno.codice == codice and uno.vale(giorno)
    )
    return organo


def _scadenze(anno: int) -> dict[str, Scadenza]:
    trovate = scadenze(capofila_crema.adempimenti(anno), anno)
    per_codice = {scadenza.adempimento: scadenza for scadenza in trovate}
    assert len(per_codice) == len(trovate)
    return per_codice


def test_il_manifesto_e_in_ordine_e_dice_la_versione_della_distribuzione() -> None:
    progetto = tomllib.loads(
        (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text("utf-8")
    )["project"]
    manifesto = capofila_crema.manifesto()
    assert difetti(manifesto) == ()
    assert manifesto.versione == progetto["version"]
    assert list(progetto["entry-points"]["capofila.distretti"]) == [manifesto.id]
    assert progetto["dependencies"] == ["capofila"]


def test_art_13_le_scadenze_del_2016() -> None:
    trovate = _scadenze(2016)
    assert {codice: scadenza.data for codice, scadenza in trovate.items()} == {
        "piano-operativo": date(2016, 3, 31),
        "contratto-di-servizio": date(2016, 4, 30),
        "report-annuale": date(2017, 1, 31),
    }
    assert {codice: scadenza.organo for codice, scadenza in trovate.items()} == {
        "piano-operativo": "assemblea-dei-sindaci",
        "contratto-di-servizio": "ufficio-di-piano",
        "report-annuale": "assemblea-dei-sindaci",
    }
    assert not any(scadenza.fonte.ipotesi for scadenza in trovate.values())
    assert trovate["report-annuale"].fonte.articolo == "13, lettera b"


def test_art_13_i_preavvisi_precedono_la_scadenza_di_60_30_e_7_giorni() -> None:
    avvisi = _scadenze(2016)["piano-operativo"].avvisi
    assert avvisi == (date(2016, 1, 29), date(2016, 3, 1), date(2016, 3, 24))


def test_art_16_l_accordo_comincia_il_1_maggio_2015() -> None:
    # March and April 2015 came before it; the first report is that of 2015, due in January 2016.
    assert {codice: uno.data for codice, uno in _scadenze(2015).items()} == {
        "report-annuale": date(2016, 1, 31)
    }
    assert _scadenze(2014) == {}


def test_art_16_l_ultimo_giorno_dell_accordo_vale_ancora() -> None:
    trovate = _scadenze(2018)
    assert trovate["contratto-di-servizio"].data == date(2018, 4, 30)
    assert not trovate["contratto-di-servizio"].fonte.ipotesi
    assert not trovate["piano-operativo"].fonte.ipotesi


def test_dopo_il_30_aprile_2018_il_ritmo_continua_come_ipotesi() -> None:
    assert _scadenze(2018)["report-annuale"].data == date(2019, 1, 31)
    assert _scadenze(2018)["report-annuale"].fonte.ipotesi
    trovate = _scadenze(2025)
    assert [trovate[codice].data for codice in sorted(trovate)] == [
        date(2025, 4, 30),
        date(2025, 3, 31),
        date(2026, 1, 31),
    ]
    assert all(uno.fonte.ipotesi for uno in trovate.values())


@pytest.mark.parametrize("giorno", [NEL_TRIENNIO, date(2018, 4, 30), date(2018, 5, 1), DOPO])
def test_gli_organi_responsabili_esistono_in_ogni_giorno(giorno: date) -> None:
    codici = {organo.codice for organo in capofila_crema.organi() if organo.vale(giorno)}
    assert {uno.organo for uno in capofila_crema.adempimenti(giorno.year)} <= codici
    assert len(codici) == 6


def test_prima_dell_accordo_non_si_dichiara_alcun_organo() -> None:
    assert not any(organo.vale(date(2015, 4, 30)) for organo in capofila_crema.organi())


def test_art_6_l_assemblea_e_dei_48_sindaci_presieduta_da_crema() -> None:
    assemblea = _organo("assemblea-dei-sindaci")
    assert assemblea.posti(UNITA) == 48
    assert assemblea.presidenza is not None
    assert assemblea.presidenza.titolare == "Sindaco del Comune di Crema"
    assert assemblea.presidenza.sostituto is not None
    assert len(assemblea.invitati) == 2
    approvati = {
        uno.materia for uno in assemblea.attribuzioni if uno.competenza is Competenza.APPROVA
    }
    assert approvati == {"piano-di-zona", "piano-operativo", "report-annuale"}


def test_art_6_i_voti_sono_rimessi_al_regolamento_711_e_restano_aperti() -> None:
    assemblea = _organo("assemblea-dei-sindaci")
    assert assemblea.regole_voto == ()
    assert assemblea.regolamento is not None
    assert (assemblea.regolamento.numero, assemblea.regolamento.data) == (
        "711",
        date(2011, 12, 29),
    )


def test_art_7_il_comitato_ristretto_ha_due_componenti_per_sub_ambito() -> None:
    comitato = _organo("comitato-ristretto")
    assert comitato.posti(UNITA) == 12
    (seggio,) = comitato.seggi
    assert len(seggio.eleggibili) == 3
    sentite = {uno.materia for uno in comitato.attribuzioni if uno.competenza is Competenza.SENTE}
    assert sentite == {"piano-operativo", "report-annuale"}


def test_art_8_l_ufficio_di_piano_ha_14_seggi_e_l_azienda_senza_seggio() -> None:
    ufficio = _organo("ufficio-di-piano")
    assert ufficio.posti(UNITA) == 14
    assert [invitato.denominazione for invitato in ufficio.invitati] == [
        "Comunità Sociale Cremasca a.s.c.: Direttore Generale e suoi delegati tecnici"
    ]
    assert {uno.materia: uno.competenza for uno in ufficio.attribuzioni}[
        "debito-informativo"
    ] is Competenza.RISPONDE


def test_art_4_e_9_il_terzo_settore_siede_se_ha_aderito() -> None:
    ufficio = _organo("ufficio-di-piano")
    tavolo = _organo("tavolo-terzo-settore")
    settori = {seggio.categoria for seggio in tavolo.seggi}
    assert len(settori) == 4
    nell_ufficio = [seggio for seggio in ufficio.seggi if seggio.categoria in settori]
    assert len(nell_ufficio) == 4
    assert all(seggio.solo_aderenti for seggio in (*nell_ufficio, *tavolo.seggi))
    assert tavolo.posti(UNITA) is None


def test_art_10_la_cabina_di_regia_e_una_per_i_tre_ambiti() -> None:
    cabina = _organo("cabina-di-regia")
    assert cabina.condiviso_tra == ("casalmaggiore", "crema", "cremona")
    assert cabina.posti(UNITA) is None


def test_dopo_il_2018_ats_e_asst_siedono_al_posto_di_asl_e_azienda_ospedaliera() -> None:
    ufficio = _organo("ufficio-di-piano", DOPO)
    assert ufficio.ipotesi
    assert ufficio.posti(UNITA) == 14
    nomi = " ".join(seggio.denominazione for seggio in ufficio.seggi)
    assert "ATS della Val Padana" in nomi
    assert "ASST di Crema" in nomi
    assert "ASL" not in nomi
    cabina = _organo("cabina-di-regia", DOPO)
    assert cabina.presidenza is None


def test_lo_schema_del_sad_ha_le_tariffe_pubblicate_e_dice_che_cosa_e_supposto() -> None:
    (file,) = capofila_crema.schemi()
    schema = leggi(file)
    prima, dopo = schema.risolvi(date(2024, 6, 1)), schema.risolvi(date(2025, 3, 1))
    assert prima is not None
    assert dopo is not None
    nomi = ("tariffa_minima", "tariffa_intermedia", "tariffa_massima")
    assert [str(prima.letti[n].valore) for n in nomi] == ["1.79", "4.1", "17"]
    assert [str(dopo.letti[n].valore) for n in nomi] == ["2.19", "5.04", "26"]
    assert not any(dopo.letti[n].ipotesi for n in nomi)
    soglie = [dopo.letti[n] for n in ("isee_iniziale", "isee_intermedio", "isee_finale")]
    assert [int(letto.valore) for letto in soglie] == [3000, 6000, 20000]
    assert all(letto.ipotesi for letto in soglie)
    assert dopo.senza_isee is None


@pytest.mark.parametrize(("anno", "supposto"), [(2015, False), (2018, False), (2019, True)])
def test_le_voci_aggiunte_alla_spesa_hanno_la_loro_fonte_e_nessun_codice_altrui(
    anno: int, supposto: bool
) -> None:
    (una,) = capofila_crema.aggiunte_spesa(anno)
    modulo = componi(MODULO, [una])
    assert {voce.codice for voce in una.voci} == {
        "affido", "crd", "pasti_domicilio", "telesoccorso", "trasporto"
    }  # fmt: skip
    assert {voce.fonte.ipotesi for voce in una.voci} == {supposto}
    assert modulo.codice_di("siuss", "anziani", "telesoccorso", date(anno, 12, 31)) is None
    assert modulo.codice_di("istat_area", "anziani", "telesoccorso", date(anno, 12, 31)) == "ELD"


def test_prima_del_piano_di_zona_la_spesa_ha_le_sole_voci_comuni() -> None:
    assert capofila_crema.aggiunte_spesa(2014) == ()
