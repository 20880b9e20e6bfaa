"""The Accordo di Programma 2015-2017 of Crema, article by article: what it rules of votes, seats,
competence, order and deadlines, as the plugin declares it and the platform applies it.
"""

from __future__ import annotations

from datetime import date

import pytest

import capofila_crema
from capofila.governo.competenze import (
    Compiuto,
    Motivo,
    Responso,
    StatoCompetenza,
    puo_decidere,
    puo_designare,
)
from capofila.governo.seduta import AventeDiritto, Seduta, difetti
from capofila.governo.termini import ultimo_giorno_di_validita
from capofila.governo.voti import Risultato, StatoQuorum, decidi, scegli_regola
from capofila.hooks import (
    Competenza,
    Elezione,
    Nomina,
    Organo,
    Per,
    SpecieRequisito,
    scadenze,
)
from capofila_crema.fonti import AL, DAL
from tests.governo.casi import enti, seduta, voti

GIORNO = date(2016, 3, 20)
DOPO = date(2026, 3, 20)
UNITA = {Per.COMUNE: 48, Per.SUB_AMBITO: 6}
TERZO_SETTORE = ("cooperazione-sociale", "volontariato", "promozione-sociale", "diocesi")


def organi(giorno: date = GIORNO) -> list[Organo]:
    return [uno for uno in capofila_crema.organi() if uno.vale(giorno)]


def organo(codice: str, giorno: date = GIORNO) -> Organo:
    (trovato,) = (uno for uno in organi(giorno) if uno.codice == codice)
    return trovato


def elezione(codice: str, materia: str) -> Elezione:
    (trovata,) = (una for una in organo(codice).elezioni if una.materia == materia)
    return trovata


def compiuto(specie: str, di: str, materia: str, giorno: date, anno: int | None = 2016) -> Compiuto:
    return Compiuto(
        specie=SpecieRequisito(specie), di=di, materia=materia, giorno=giorno, anno=anno
    )


def prima_del(
    materia: str, *senza: str, anno: int = 2016, giorno: date = date(2016, 3, 1)
) -> list[Compiuto]:
    """Everything that comes before a document of the year, without these."""
    fatti = [
        compiuto("atto", "piano-di-zona", "piano-di-zona", date(2015, 4, 30), 2015),
        compiuto("proposta", "comitato-ristretto", materia, giorno, anno),
        compiuto("confronto", "forum-terzo-settore", materia, giorno, anno),
        compiuto("confronto", "organizzazioni-sindacali", materia, giorno, anno),
    ]
    return [uno for uno in fatti if uno.di not in senza]


def chiede(
    materia: str, fatti: list[Compiuto] | None = None, chi: str = "assemblea-dei-sindaci",
    giorno: date = GIORNO, anno: int | None = 2016, quorum: StatoQuorum | None = None,
) -> Responso:  # fmt: skip
    return puo_decidere(
        organi(giorno), chi, materia, giorno, anno=anno, compiuti=fatti or (), quorum=quorum
    )


def articoli(responso: Responso) -> list[tuple[Motivo, str | None]]:
    return [(uno.motivo, uno.fonte.articolo) for uno in responso.dinieghi]


# --- art. 4: who adhered ------------------------------------------------------------------------


def test_art_4_solo_chi_ha_aderito_designa_i_suoi_rappresentanti() -> None:
    seggio = next(uno for uno in organo("ufficio-di-piano").seggi if uno.categoria == "diocesi")
    assert not puo_designare(seggio, None, GIORNO)
    assert not puo_designare(seggio, date(2016, 3, 21), GIORNO)
    assert puo_designare(seggio, date(2015, 6, 1), GIORNO)
    dell_asl = next(uno for uno in organo("ufficio-di-piano").seggi if uno.categoria == "asl")
    assert puo_designare(dell_asl, None, GIORNO)


# --- art. 5: the bodies -------------------------------------------------------------------------


def test_art_5_gli_organismi_sono_questi() -> None:
    assert {uno.codice for uno in organi()} == {
        "assemblea-dei-sindaci", "comitato-ristretto", "ufficio-di-piano",
        "tavolo-terzo-settore", "cabina-di-regia",
        "sovrintendenza",  # art. 17
    }  # fmt: skip


# --- art. 6: the Assemblea ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "materia",
    [
        "priorita", "compatibilita-risorse", "riparto-risorse", "attuazione-piano-di-zona",
        "piano-di-zona", "piano-operativo", "report-annuale", "pareri-sociosanitari",
    ],
)  # fmt: skip
def test_art_6_i_compiti_dell_assemblea(materia: str) -> None:
    (attribuzione,) = (
        una for una in organo("assemblea-dei-sindaci").attribuzioni if una.materia == materia
    )
    assert (attribuzione.fonte or organo("assemblea-dei-sindaci").fonte).articolo == "6"


@pytest.mark.parametrize("materia", ["piano-di-zona", "riparto-risorse", "priorita"])
@pytest.mark.parametrize("altro", ["comitato-ristretto", "ufficio-di-piano", "cabina-di-regia"])
def test_art_6_nessun_altro_decide_al_posto_dell_assemblea(materia: str, altro: str) -> None:
    assert chiede(materia).stato is StatoCompetenza.AMMESSA
    rifiutata = chiede(materia, chi=altro)
    assert rifiutata.stato is StatoCompetenza.RIFIUTATA
    assert articoli(rifiutata) == [(Motivo.NON_COMPETENTE, "6")]
    assert "decide «Assemblea dei Sindaci»" in rifiutata.dinieghi[0].testo


def test_art_6_presiede_il_sindaco_di_crema() -> None:
    presidenza = organo("assemblea-dei-sindaci").presidenza
    assert presidenza is not None
    assert (presidenza.titolare, presidenza.nomina) == (
        "Sindaco del Comune di Crema",
        Nomina.DI_DIRITTO,
    )


def test_art_6_l_assemblea_designa_un_altro_sindaco_che_sostituisce() -> None:
    presidenza = organo("assemblea-dei-sindaci").presidenza
    assert presidenza is not None
    assert presidenza.sostituto == "Un altro sindaco, designato dall'Assemblea"
    assert elezione("assemblea-dei-sindaci", "sostituto-del-presidente").posti == 1
    assert chiede("sostituto-del-presidente").stato is StatoCompetenza.AMMESSA


def test_art_6_asl_e_provincia_sono_invitate_e_non_hanno_un_seggio() -> None:
    assemblea = organo("assemblea-dei-sindaci")
    asl, provincia = (uno.denominazione for uno in assemblea.invitati)
    assert "Direttore Sociale dell'ASL" in asl
    assert "Presidente e Assessore alle Politiche Sociali" in provincia
    assert [uno.categoria for uno in assemblea.seggi] == ["sindaco"]


def test_art_6_quorum_e_voti_sono_rimessi_al_regolamento_711_e_l_esito_resta_aperto() -> None:
    assemblea = organo("assemblea-dei-sindaci")
    assert scegli_regola(assemblea.regole_voto, GIORNO, "piano-operativo") is None
    assert scegli_regola(assemblea.quorum, GIORNO, "piano-operativo", 1) is None
    assert assemblea.deleghe == assemblea.convocazione == ()
    contato = decidi(seduta(enti(3)), voti("+++"), regola=None, quorum=None)
    assert contato.risultato is Risultato.NON_DETERMINABILE
    assert contato.quorum is StatoQuorum.NON_DICHIARATO


def test_art_6_senza_numero_legale_non_si_decide() -> None:
    senza = chiede("priorita", quorum=StatoQuorum.MANCANTE)
    assert articoli(senza) == [(Motivo.SENZA_QUORUM, "6")]


# --- art. 7: the Comitato Ristretto -------------------------------------------------------------


def test_art_7_due_componenti_per_sub_ambito() -> None:
    due = elezione("assemblea-dei-sindaci", "comitato-ristretto")
    assert (due.posti, due.per, due.fonte.articolo) == (2, Per.SUB_AMBITO, "7")
    assert organo("comitato-ristretto").posti(UNITA) == 12


def test_art_7_il_comitato_lo_nomina_l_assemblea() -> None:
    assert chiede("comitato-ristretto").stato is StatoCompetenza.AMMESSA
    assert articoli(chiede("comitato-ristretto", chi="comitato-ristretto")) == [
        (Motivo.NON_COMPETENTE, "7")
    ]


@pytest.mark.parametrize(
    "materia", ["indirizzi-ufficio-di-piano", "regolamenti", "indirizzo-distrettuale"]
)
def test_art_7_il_comitato_concorre_e_non_decide(materia: str) -> None:
    fa = {uno.materia: uno for uno in organo("comitato-ristretto").attribuzioni}
    assert (fa[materia].competenza, fa[materia].decide) == (Competenza.CONCORRE, False)


def test_art_7_i_componenti_sono_sindaci_assessori_o_consiglieri() -> None:
    (seggio,) = organo("comitato-ristretto").seggi
    assert seggio.eleggibili == (
        "sindaco", "assessore alle politiche sociali", "consigliere comunale",
    )  # fmt: skip


def test_art_7_il_comitato_prepara_e_non_approva() -> None:
    rifiutata = chiede("piano-operativo", prima_del("piano-operativo"), chi="comitato-ristretto")
    assert articoli(rifiutata) == [(Motivo.NON_COMPETENTE, "6")]
    assert "che la prepara" in rifiutata.dinieghi[0].testo


@pytest.mark.parametrize(
    ("senza", "motivo"),
    [
        ("comitato-ristretto", Motivo.MANCA_PROPOSTA),
        ("forum-terzo-settore", Motivo.MANCA_CONFRONTO),
        ("organizzazioni-sindacali", Motivo.MANCA_CONFRONTO),
    ],
)
@pytest.mark.parametrize("materia", ["piano-operativo", "report-annuale"])
def test_art_7_prima_la_proposta_e_i_due_confronti_distinti(
    materia: str, senza: str, motivo: Motivo
) -> None:
    piano = compiuto("atto", "piano-operativo", "piano-operativo", date(2016, 1, 10))
    fatti = [*prima_del(materia), piano]
    assert chiede(materia, fatti).stato is StatoCompetenza.AMMESSA
    rifiutata = chiede(materia, [*prima_del(materia, senza), piano])
    assert articoli(rifiutata) == [(motivo, "7")]


def test_art_7_un_confronto_di_un_altro_anno_o_di_dopo_non_basta() -> None:
    dell_anno_prima = [
        *prima_del("piano-operativo", "forum-terzo-settore"),
        compiuto("confronto", "forum-terzo-settore", "piano-operativo", date(2015, 3, 1), 2015),
    ]
    di_dopo = [
        *prima_del("piano-operativo", "forum-terzo-settore"),
        compiuto("confronto", "forum-terzo-settore", "piano-operativo", date(2016, 3, 21)),
    ]
    del_report = [
        *prima_del("piano-operativo", "forum-terzo-settore"),
        compiuto("confronto", "forum-terzo-settore", "report-annuale", date(2016, 3, 1)),
    ]
    for fatti in (dell_anno_prima, di_dopo, del_report):
        assert articoli(chiede("piano-operativo", fatti)) == [(Motivo.MANCA_CONFRONTO, "7")]


def test_art_7_una_proposta_senza_anno_non_si_vale_di_confronti_senza_anno() -> None:
    fatti = [
        compiuto(specie, di, "piano-operativo", date(2016, 3, 1), None)
        for specie, di in (
            ("proposta", "comitato-ristretto"),
            ("confronto", "forum-terzo-settore"),
            ("confronto", "organizzazioni-sindacali"),
        )
    ]
    risposta = chiede("piano-operativo", fatti, anno=None)
    assert Motivo.MANCA_CONFRONTO in {motivo for motivo, _ in articoli(risposta)}
    assert any("non dice di quale anno tratta" in uno.testo for uno in risposta.dinieghi)


def test_art_7_il_referente_si_elegge_fra_i_componenti_e_convoca() -> None:
    comitato = organo("comitato-ristretto")
    assert comitato.presidenza is not None
    assert comitato.presidenza.nomina is Nomina.ELETTA
    (chiamata,) = comitato.convocazione
    assert (chiamata.chi, chiamata.termine) == ("Il referente/coordinatore", None)
    assert chiede("referente-del-comitato", chi="comitato-ristretto").stato is (
        StatoCompetenza.AMMESSA
    )


# --- art. 8: the Ufficio di Piano ---------------------------------------------------------------


def test_art_8_i_quattordici_seggi_per_categoria() -> None:
    ufficio = organo("ufficio-di-piano")
    assert ufficio.posti(UNITA) == 14
    quanti = {
        seggio.categoria: (seggio.numero or 0) * UNITA.get(seggio.per, 1)
        for seggio in ufficio.seggi
    }
    assert quanti == {
        "coordinatore": 1, "sub-ambito": 6, "asl": 1, "cooperazione-sociale": 1, "volontariato": 1,
        "promozione-sociale": 1, "diocesi": 1, "enti-gestori": 1, "azienda-ospedaliera": 1,
    }  # fmt: skip


def test_art_8_il_direttore_dell_azienda_partecipa_senza_seggio() -> None:
    ufficio = organo("ufficio-di-piano")
    assert "Direttore Generale" in ufficio.invitati[0].denominazione
    assert not any("Direttore Generale" in seggio.denominazione for seggio in ufficio.seggi)


def test_art_8_risponde_dei_debiti_informativi() -> None:
    (del_debito,) = (
        una
        for una in organo("ufficio-di-piano").attribuzioni
        if una.materia == "debito-informativo"
    )
    assert del_debito.competenza is Competenza.RISPONDE


# --- art. 9: the Tavolo -------------------------------------------------------------------------


def test_art_9_il_tavolo_ratifica_quattro_rappresentanti_uno_per_settore() -> None:
    tavolo = organo("tavolo-terzo-settore")
    assert {seggio.categoria for seggio in tavolo.seggi} == set(TERZO_SETTORE)
    seduti = [
        seggio for seggio in organo("ufficio-di-piano").seggi if seggio.categoria in TERZO_SETTORE
    ]
    assert sum(seggio.numero or 0 for seggio in seduti) == 4
    prima = chiede("rappresentanti-terzo-settore", chi="tavolo-terzo-settore", anno=None)
    assert articoli(prima) == [(Motivo.MANCA_PROPOSTA, "8 e 9")]
    designati = compiuto(
        "proposta", "enti-aderenti", "rappresentanti-terzo-settore", date(2015, 6, 1), 2015
    )
    poi = chiede("rappresentanti-terzo-settore", [designati], chi="tavolo-terzo-settore", anno=None)
    assert poi.stato is StatoCompetenza.AMMESSA
    dell_assemblea = chiede("rappresentanti-terzo-settore", [designati])
    assert articoli(dell_assemblea) == [(Motivo.NON_COMPETENTE, "9")]


def test_art_9_chi_non_ha_aderito_non_partecipa_alla_rappresentanza() -> None:
    tavolo = organo("tavolo-terzo-settore")
    solo_aderenti = {uno.categoria for uno in tavolo.seggi if uno.solo_aderenti}
    assert solo_aderenti == set(TERZO_SETTORE)
    estraneo = AventeDiritto(id="x", nome="Associazione X", categoria="volontariato")
    chi = Seduta(giorno=GIORNO, aventi_diritto=(estraneo,), presenti=("x",))
    assert [uno.luogo for uno in difetti(chi, deleghe=None, solo_aderenti=solo_aderenti)] == [
        "aventi_diritto[1].adesione"
    ]


def test_art_9_il_tavolo_si_da_le_sue_regole_e_qui_non_sono_note() -> None:
    tavolo = organo("tavolo-terzo-settore")
    assert tavolo.regole_voto == tavolo.quorum == ()
    assert tavolo.regolamento is not None
    assert "art. 9" in (tavolo.regolamento.nota or "")


# --- art. 10: the Cabina ------------------------------------------------------------------------


def test_art_9_il_tavolo_si_avvale_del_supporto_dell_ufficio_di_piano() -> None:
    assert organo("tavolo-terzo-settore").segreteria == "Quella dell'Ufficio di Piano"


def test_art_10_quanti_siano_in_cabina_lo_dice_un_atto_dell_asl() -> None:
    assert {uno.numero for uno in organo("cabina-di-regia").seggi} == {None}


def test_art_10_la_cabina_e_una_per_i_tre_ambiti_e_la_coordina_l_asl() -> None:
    cabina = organo("cabina-di-regia")
    assert cabina.condiviso_tra == ("casalmaggiore", "crema", "cremona")
    assert cabina.presidenza is not None
    assert "Direttore Sociale dell'ASL" in cabina.presidenza.titolare
    assert cabina.posti(UNITA) is None
    # It concurs and decides nothing.
    assert not any(una.decide for una in cabina.attribuzioni)


# --- art. 11, 12: the capofila, the sub-ambiti --------------------------------------------------


def test_art_11_il_coordinatore_dell_ufficio_lo_incarica_il_comune_di_crema() -> None:
    presidenza = organo("ufficio-di-piano").presidenza
    assert presidenza is not None
    assert presidenza.nomina is Nomina.DESIGNATA
    assert presidenza.fonte is not None
    assert presidenza.fonte.articolo == "11"


@pytest.mark.parametrize(("sub_ambiti", "comitato", "ufficio"), [(6, 12, 14), (5, 10, 13)])
def test_art_12_se_i_sub_ambiti_cambiano_i_seggi_li_seguono_da_se(
    sub_ambiti: int, comitato: int, ufficio: int
) -> None:
    unita = {Per.COMUNE: 48, Per.SUB_AMBITO: sub_ambiti}
    assert organo("comitato-ristretto").posti(unita) == comitato
    assert organo("ufficio-di-piano").posti(unita) == ufficio


# --- art. 13, 14: the instruments and their order -----------------------------------------------


def termini() -> dict[str, tuple[date, str | None]]:
    return {
        una.adempimento: (una.data, una.organo)
        for una in scadenze(capofila_crema.adempimenti(2016), 2016)
    }


def test_art_13_lettera_a_il_piano_operativo_si_approva_entro_marzo() -> None:
    assert termini()["piano-operativo"] == (date(2016, 3, 31), "assemblea-dei-sindaci")


def test_art_13_lettera_a_il_contratto_di_servizio_si_sottoscrive_entro_aprile() -> None:
    assert termini()["contratto-di-servizio"] == (date(2016, 4, 30), "ufficio-di-piano")


def test_art_13_lettera_b_il_report_si_approva_entro_gennaio_dell_anno_dopo() -> None:
    assert termini()["report-annuale"] == (date(2017, 1, 31), "assemblea-dei-sindaci")


def test_art_13_ha_tre_termini_e_non_altri() -> None:
    assert set(termini()) == {"piano-operativo", "contratto-di-servizio", "report-annuale"}


def test_art_13_lettera_a_il_piano_operativo_viene_dopo_il_piano_di_zona() -> None:
    senza = chiede("piano-operativo", prima_del("piano-operativo", "piano-di-zona"))
    assert articoli(senza) == [(Motivo.MANCA_ATTO, "13, lettera a")]


def test_art_13_lettera_a_un_piano_di_zona_annullato_non_regge_il_piano_operativo() -> None:
    annullato = [
        Compiuto(
            specie=SpecieRequisito.ATTO, di="piano-di-zona", materia="piano-di-zona",
            giorno=date(2015, 4, 30), annullato_il=date(2016, 1, 1),
        ),
        *prima_del("piano-operativo", "piano-di-zona"),
    ]  # fmt: skip
    assert articoli(chiede("piano-operativo", annullato)) == [(Motivo.MANCA_ATTO, "13, lettera a")]


def test_art_13_lettera_b_il_report_rende_conto_di_un_piano_operativo_approvato() -> None:
    senza = chiede("report-annuale", prima_del("report-annuale"))
    assert articoli(senza) == [(Motivo.MANCA_ATTO, "13, lettera b")]


def test_art_13_lettera_b_il_report_rende_conto_del_piano_operativo_del_suo_anno() -> None:
    di_un_altro_anno = compiuto("atto", "piano-operativo", "piano-operativo", GIORNO, 2015)
    fatti = [*prima_del("report-annuale"), di_un_altro_anno]
    assert articoli(chiede("report-annuale", fatti)) == [(Motivo.MANCA_ATTO, "13, lettera b")]
    suo = compiuto("atto", "piano-operativo", "piano-operativo", GIORNO)
    assert chiede("report-annuale", [*fatti, suo]).stato is StatoCompetenza.AMMESSA


def contratto(*fatti: Compiuto) -> Responso:
    return chiede("contratto-di-servizio", list(fatti), chi="ufficio-di-piano")


def test_art_13_lettera_a_il_piano_operativo_e_la_base_del_contratto_di_servizio() -> None:
    (manca,) = articoli(contratto())
    assert manca[0] is Motivo.MANCA_ATTO
    assert "13, lettera a" in (manca[1] or "")
    vecchio = compiuto("atto", "piano-operativo", "piano-operativo", date(2015, 3, 1), 2015)
    assert contratto(vecchio).stato is StatoCompetenza.RIFIUTATA


def test_art_14_il_contratto_di_servizio_si_definisce_sul_piano_operativo_approvato() -> None:
    (manca,) = articoli(contratto())
    assert "14" in (manca[1] or "")
    # Proposed is not approved.
    proposto = compiuto("proposta", "comitato-ristretto", "piano-operativo", date(2016, 3, 1))
    assert contratto(proposto).stato is StatoCompetenza.RIFIUTATA
    piano = compiuto("atto", "piano-operativo", "piano-operativo", date(2016, 3, 1))
    assert contratto(piano).stato is StatoCompetenza.AMMESSA


def test_art_14_alle_attivita_dell_ufficio_partecipa_il_direttore_dell_azienda() -> None:
    invitati = [uno.denominazione for uno in organo("ufficio-di-piano").invitati]
    assert any("Comunità Sociale Cremasca" in uno for uno in invitati)


# --- art. 16-19 ---------------------------------------------------------------------------------


def test_art_16_l_accordo_dura_36_mesi_dal_primo_maggio_2015() -> None:
    assert date(2015, 5, 1) == DAL
    assert ultimo_giorno_di_validita(DAL, 36) == AL == date(2018, 4, 30)
    assert not any(uno.ipotesi for uno in organi(AL))
    assert all(uno.ipotesi for uno in organi(date(2018, 5, 1)))


def test_art_17_sovrintendono_il_sindaco_di_crema_e_altri_due() -> None:
    sovrintendenza = organo("sovrintendenza")
    assert [(uno.numero, uno.designato_da) for uno in sovrintendenza.seggi] == [
        (1, None),
        (2, "Assemblea dei Sindaci"),
    ]


def test_art_17_i_due_sindaci_li_designa_l_assemblea() -> None:
    due = elezione("assemblea-dei-sindaci", "sovrintendenza")
    assert (due.posti, due.fonte.articolo) == (2, "17")
    assert chiede("sovrintendenza").stato is StatoCompetenza.AMMESSA
    assert articoli(chiede("sovrintendenza", chi="comitato-ristretto")) == [
        (Motivo.NON_COMPETENTE, "17")
    ]


def test_art_19_un_unione_puo_tenere_il_ruolo_di_referente_e_non_ha_un_seggio_in_assemblea() -> (
    None
):
    (del_sub_ambito,) = (
        uno for uno in organo("ufficio-di-piano").seggi if uno.categoria == "sub-ambito"
    )
    assert del_sub_ambito.designato_da is not None
    assert "unione" in del_sub_ambito.designato_da
    assert del_sub_ambito.fonte is not None
    assert "19" in (del_sub_ambito.fonte.articolo or "")
    assert [uno.per for uno in organo("assemblea-dei-sindaci").seggi] == [Per.COMUNE]


# --- after the Accordo --------------------------------------------------------------------------


def test_dopo_l_accordo_ogni_regola_e_un_ipotesi_che_dice_l_articolo_di_allora() -> None:
    rifiutata = chiede("piano-operativo", giorno=DOPO, anno=2026)
    assert len(rifiutata.dinieghi) == 4
    for diniego in rifiutata.dinieghi:
        assert diniego.fonte.ipotesi
    assert any("art. 7" in (uno.fonte.nota or "") for uno in rifiutata.dinieghi)
    for uno in organi(DOPO):
        for attribuzione in uno.attribuzioni:
            assert attribuzione.fonte is None or attribuzione.fonte.ipotesi
            assert all(r.fonte is not None and r.fonte.ipotesi for r in attribuzione.requisiti)


def test_di_una_materia_che_nessuno_dichiara_non_si_dice_nulla() -> None:
    assert chiede("bilancio-di-genere").stato is StatoCompetenza.NON_DICHIARATA


def test_un_organo_che_non_c_e_non_decide() -> None:
    assert articoli(chiede("priorita", chi="giunta")) == [(Motivo.ORGANO_IGNOTO, "6")]
