"""Dated membership, mergers, unions and names, on small values."""

from __future__ import annotations

from datetime import date

import pytest

from capofila.territorio.allineamento import Intervallo, allinea
from capofila.territorio.rules import (
    Appartenenza,
    Appartenenze,
    Comune,
    Demografia,
    Ente,
    FunzioneTrasferita,
    Fusione,
    MappaComuni,
    MappaEnti,
    Residenti,
    chi_esercita,
    comuni_alla_data,
    contenuto,
    copre,
    in_parole,
    normalizza,
    si_sovrappongono,
    successore,
    vale,
)

G = date
VIGILIA, FUSIONE = G(2018, 12, 31), G(2019, 1, 1)

PIADENA = Comune(istat="019071", nome="Piadena", belfiore="G536", provincia="CR", al=VIGILIA)
DRIZZONA = Comune(istat="019042", nome="Drizzona", belfiore="D370", provincia="CR", al=VIGILIA)
NUOVO = Comune(
    istat="019116", nome="Piadena Drizzona", belfiore="M418", provincia="CR", dal=FUSIONE
)
CA = Comune(istat="019008", nome="Ca' d'Andrea", belfiore="B320", provincia="CR", al=VIGILIA)
TORRE = Comune(istat="019107", nome="Torre de' Picenardi", belfiore="L258", provincia="CR")
COMUNI = (PIADENA, DRIZZONA, NUOVO, CA, TORRE)
FUSIONI = (
    Fusione(cessato="019071", nuovo="019116", dal=FUSIONE),
    Fusione(cessato="019042", nuovo="019116", dal=FUSIONE),
    Fusione(cessato="019008", nuovo="019107", dal=FUSIONE),
)
DEMOGRAFIA = Demografia(
    {c.istat: c for c in COMUNI},
    FUSIONI,
    {
        (istat, anno): Residenti(istat=istat, anno=anno, residenti=quanti, fonte="prova")
        for istat, anno, quanti in (
            ("019071", 2011, 3580),
            ("019042", 2011, 552),
            ("019008", 2011, 480),
            ("019107", 2011, 1769),
            ("019116", None, 3955),
            ("019107", None, 2119),
        )
    },
)


def P(dal: date | None, al: date | None) -> Intervallo:
    return Intervallo(dal, al)


@pytest.mark.parametrize(
    ("periodo", "giorno", "atteso"),
    [
        (P(None, None), G(1900, 1, 1), True),
        (P(G(2015, 5, 1), None), G(2015, 4, 30), False),
        (P(G(2015, 5, 1), None), G(2015, 5, 1), True),
        (P(None, VIGILIA), VIGILIA, True),
        (P(None, VIGILIA), FUSIONE, False),
    ],
)
def test_un_periodo_vale_nei_suoi_giorni_estremi_compresi(
    periodo: Intervallo, giorno: date, atteso: bool
) -> None:
    assert vale(periodo, giorno) is atteso


@pytest.mark.parametrize(
    ("uno", "altro", "atteso"),
    [
        (P(None, VIGILIA), P(FUSIONE, None), False),
        (P(None, FUSIONE), P(FUSIONE, None), True),
        (P(None, None), P(G(2015, 1, 1), G(2015, 1, 1)), True),
        (P(G(2015, 1, 1), G(2015, 12, 31)), P(G(2016, 1, 1), None), False),
    ],
)
def test_due_periodi_si_sovrappongono_se_hanno_un_giorno_in_comune(
    uno: Intervallo, altro: Intervallo, atteso: bool
) -> None:
    assert si_sovrappongono(uno, altro) is atteso
    assert si_sovrappongono(altro, uno) is atteso


@pytest.mark.parametrize(
    ("periodi", "intero", "atteso"),
    [
        ([P(None, None)], P(G(2015, 5, 1), None), True),
        ([P(G(2015, 5, 1), None)], P(G(2015, 5, 1), None), True),
        ([P(G(2015, 5, 2), None)], P(G(2015, 5, 1), None), False),
        ([P(G(2015, 5, 1), None)], P(None, None), False),
        ([P(None, VIGILIA), P(FUSIONE, None)], P(None, None), True),
        ([P(None, VIGILIA), P(G(2019, 1, 2), None)], P(None, None), False),
        ([P(None, VIGILIA)], P(None, None), False),
        ([P(None, VIGILIA)], P(G(2015, 1, 1), VIGILIA), True),
        ([], P(None, None), False),
    ],
)
def test_piu_periodi_insieme_coprono_un_intero(
    periodi: list[Intervallo], intero: Intervallo, atteso: bool
) -> None:
    assert copre(periodi, intero) is atteso


def test_un_periodo_senza_inizio_non_sta_dentro_uno_che_ce_l_ha() -> None:
    assert contenuto(P(G(2015, 5, 1), None), P(G(2015, 5, 1), None))
    assert not contenuto(P(None, None), P(G(2015, 5, 1), None))
    assert not contenuto(P(G(2015, 5, 1), None), P(None, VIGILIA))


def test_un_periodo_si_dice_in_parole() -> None:
    assert in_parole(P(None, None)) == "senza limiti di tempo"
    assert in_parole(P(None, VIGILIA)) == "fino al 2018-12-31"
    assert in_parole(P(FUSIONE, None)) == "dal 2019-01-01"
    assert in_parole(P(FUSIONE, FUSIONE)) == "dal 2019-01-01 al 2019-01-01"


def test_prima_della_fusione_ci_sono_i_comuni_di_prima_e_dopo_quello_nuovo() -> None:
    prima = {c.nome for c in comuni_alla_data(COMUNI, VIGILIA)}
    dopo = {c.nome for c in comuni_alla_data(COMUNI, FUSIONE)}
    assert prima == {"Piadena", "Drizzona", "Ca' d'Andrea", "Torre de' Picenardi"}
    assert dopo == {"Piadena Drizzona", "Torre de' Picenardi"}


def test_il_successore_segue_le_fusioni_fino_al_giorno_chiesto() -> None:
    assert successore("019071", VIGILIA, FUSIONI) == "019071"
    assert successore("019071", FUSIONE, FUSIONI) == "019116"
    ancora = (*FUSIONI, Fusione(cessato="019116", nuovo="019107", dal=G(2030, 1, 1)))
    assert successore("019042", G(2030, 1, 1), ancora) == "019107"
    assert successore("019042", G(2029, 12, 31), ancora) == "019116"


def test_un_giro_di_fusioni_non_blocca_il_successore() -> None:
    giro = (
        Fusione(cessato="1", nuovo="2", dal=FUSIONE),
        Fusione(cessato="2", nuovo="1", dal=FUSIONE),
    )
    assert successore("1", FUSIONE, giro) == "2"


@pytest.mark.parametrize(
    ("istat", "giorno", "anno", "atteso"),
    [
        ("019116", FUSIONE, 2011, 4132),
        ("019107", FUSIONE, 2011, 2249),
        ("019107", VIGILIA, 2011, 1769),
        ("019071", VIGILIA, 2011, 3580),
        ("019116", VIGILIA, 2011, None),
        ("019071", FUSIONE, 2011, None),
        ("019116", FUSIONE, None, 3955),
        ("019107", FUSIONE, None, 2119),
        ("019107", VIGILIA, None, None),
        ("019071", VIGILIA, None, None),
        ("999999", FUSIONE, 2011, None),
    ],
)
def test_la_popolazione_di_un_anno_nei_confini_di_un_giorno(
    istat: str, giorno: date, anno: int | None, atteso: int | None
) -> None:
    trovata = DEMOGRAFIA.popolazione(istat, giorno, anno)
    assert (trovata and trovata.residenti) == atteso


def test_se_manca_il_dato_di_un_comune_di_allora_la_somma_non_si_da() -> None:
    residenti = dict(DEMOGRAFIA.residenti)
    del residenti["019042", 2011]
    bucata = Demografia(DEMOGRAFIA.comuni, FUSIONI, residenti)
    assert bucata.popolazione("019116", FUSIONE, 2011) is None


def test_la_popolazione_sommata_dice_i_suoi_addendi() -> None:
    trovata = DEMOGRAFIA.popolazione("019116", FUSIONE, 2011)
    assert trovata is not None
    assert [a.residenti for a in trovata.addendi] == [552, 3580]
    assert trovata.fonti == ("prova",)
    assert DEMOGRAFIA.anni == (2011, None)


def test_un_comune_cambia_sub_ambito_e_poi_ambito() -> None:
    appartenenze = Appartenenze.da(
        [
            Appartenenza(istat="019047", sub_ambito="4", dal=None, al=G(2016, 12, 31)),
            Appartenenza(istat="019047", sub_ambito="5", dal=G(2017, 1, 1), al=G(2019, 12, 31)),
            Appartenenza(istat="019035", sub_ambito="6"),
        ]
    )
    assert appartenenze.per_gruppo(G(2016, 12, 31)) == {"4": ("019047",), "6": ("019035",)}
    assert appartenenze.per_gruppo(G(2017, 1, 1)) == {"5": ("019047",), "6": ("019035",)}
    assert appartenenze.membri(G(2020, 1, 1)) == ("019035",)
    assert appartenenze.del_giorno("019047", G(2020, 1, 1)) is None
    assert appartenenze.del_giorno("019001", G(2016, 1, 1)) is None
    assert len(list(appartenenze)) == 3


def test_un_unione_subentra_solo_nella_funzione_trasferita_e_nel_suo_periodo() -> None:
    trasferita = FunzioneTrasferita(
        unione="Unione dei Fontanili",
        istat="019086",
        funzione="tutela-minori",
        dal=G(2016, 1, 1),
        al=G(2017, 12, 31),
        atto="del. 5/2015",
    )

    def chi(istat: str, funzione: str, giorno: date) -> str | None:
        return chi_esercita(istat, funzione, giorno, [trasferita]).unione

    assert chi("019086", "tutela-minori", G(2016, 1, 1)) == "Unione dei Fontanili"
    assert chi("019086", "tutela-minori", G(2018, 1, 1)) is None
    assert chi("019086", "asili", G(2016, 1, 1)) is None
    assert chi("019104", "tutela-minori", G(2016, 1, 1)) is None
    assert (
        "del. 5/2015" in chi_esercita("019086", "tutela-minori", G(2016, 1, 1), [trasferita]).perche
    )


@pytest.mark.parametrize(
    "scritto",
    [
        "019107", "L258", "l258", "Torre de' Picenardi", "TORRE DE’ PICENARDI",
        "Comune di torre de picenardi",
    ],
)  # fmt: skip
def test_un_comune_si_trova_con_i_codici_e_con_il_nome_come_lo_scrivono(scritto: str) -> None:
    comune = MappaComuni.da(COMUNI).cerca(scritto)
    assert comune is not None
    assert comune.istat == "019107"


def test_i_codici_si_traducono_nei_due_versi() -> None:
    mappa = MappaComuni.da(COMUNI)
    assert mappa.istat("M418") == "019116"
    assert mappa.belfiore("019116") == "M418"
    assert mappa.istat("Z999") is None
    assert mappa.belfiore("999999") is None
    assert mappa.cerca("Milano") is None


ENTI = (
    Ente(id=1, tipo="comune", denominazione="Comune di Crema", codice="D142", istat="019035"),
    Ente(id=2, tipo="azienda", denominazione="Comunità Sociale Cremasca a.s.c.", sigla="CSC"),
    Ente(id=3, tipo="azienda", denominazione="Consorzio Casalasco", sigla="Con.C.A.S.S."),
)


@pytest.mark.parametrize(
    ("scritto", "atteso"),
    [
        ("D142", 1),
        ("d142", 1),
        ("019035", 1),
        ("crema", 1),
        ("COMUNE DI CREMA", 1),
        ("Comunità Sociale Cremasca a.s.c.", 2),
        ("COMUNITA' SOCIALE CREMASCA", 2),
        ("Comunità Sociale Cremasca ASC", 2),
        ("csc", 2),
        ("Concass", 3),
        ("Con.C.A.S.S.", 3),
        ("Milano", None),
        ("", None),
        ("   ", None),
    ],
)
def test_un_ente_si_trova_con_codice_nome_o_sigla(scritto: str, atteso: int | None) -> None:
    trovato = MappaEnti.da(ENTI).cerca(scritto)
    assert (trovato and trovato.id) == atteso


def test_una_sigla_di_due_enti_non_indica_nessuno_dei_due() -> None:
    doppi = (*ENTI, Ente(id=4, tipo="altro", denominazione="Centro Servizi", sigla="CSC"))
    mappa = MappaEnti.da(doppi)
    assert mappa.cerca("CSC") is None
    assert mappa.cerca("Centro Servizi") is not None


def test_il_nome_intero_di_un_ente_vince_sulla_forma_breve_di_un_altro() -> None:
    enti = (*ENTI, Ente(id=4, tipo="altro", denominazione="Crema"))
    trovato = MappaEnti.da(enti).cerca("Crema")
    assert trovato is not None
    assert trovato.id == 4


def test_due_grafie_di_un_nome_sono_uno() -> None:
    assert normalizza("Gabbioneta-Binanuova") == normalizza("GABBIONETA BINANUOVA")
    assert normalizza("Ca’ d’Andrea") == normalizza("CA' D'ANDREA")
    assert normalizza("Comunità") == "comunita"


# How stored periods meet declared ones.


def test_un_periodo_che_cambia_gruppo_si_chiude_quando_comincia_l_altro() -> None:
    piano = allinea([P(None, None)], [P(G(2020, 1, 1), None)])
    assert piano.chiusure == [(0, G(2019, 12, 31))]
    assert piano.aggiunte == [P(G(2020, 1, 1), None)]
    assert not piano.rifiuti


def test_la_storia_gia_chiusa_resta_anche_se_non_e_piu_dichiarata() -> None:
    piano = allinea([P(None, G(2019, 12, 31)), P(G(2020, 1, 1), None)], [P(G(2020, 1, 1), None)])
    assert piano.invariati == 1
    assert [i for i, _ in piano.modifiche] == [1]
    assert not piano.aggiunte
    assert not piano.rifiuti


def test_un_inizio_meglio_conosciuto_corregge_il_periodo() -> None:
    piano = allinea([P(G(2015, 5, 1), None)], [P(G(2006, 1, 1), None)])
    assert piano.modifiche == [(0, P(G(2006, 1, 1), None))]
    assert not piano.aggiunte


def test_un_periodo_sparito_senza_seguito_e_un_rifiuto_che_dice_che_fare() -> None:
    (rifiuto,) = allinea([P(None, None)], []).rifiuti
    assert "scrivi l'ultimo giorno in «al»" in rifiuto


def test_un_periodo_dichiarato_sopra_la_storia_e_un_rifiuto() -> None:
    piano = allinea(
        [P(None, G(2014, 12, 31)), P(G(2015, 1, 1), G(2015, 12, 31))], [P(None, G(2015, 6, 30))]
    )
    (rifiuto,) = piano.rifiuti
    assert "2015-12-31" in rifiuto


def test_un_confine_spostato_in_avanti_corregge_i_due_periodi() -> None:
    presenti = [P(None, G(2019, 10, 1)), P(G(2019, 10, 2), None)]
    voluti = [P(None, G(2019, 12, 31)), P(G(2020, 1, 1), None)]
    piano = allinea(presenti, voluti)
    assert piano.modifiche == [(0, voluti[0]), (1, voluti[1])]
    assert not piano.chiusure
    assert not piano.rifiuti
