"""Sources, validity, manifest: what a declaration must say."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.hooks import (
    CONTRATTO,
    OLTRE_META,
    Atto,
    Base,
    Condizione,
    DichiarazioneErrata,
    Manifesto,
    Misura,
    Organo,
    Per,
    Privacy,
    RegolaVoto,
    Seggio,
    Soglia,
    Specie,
    contratto_compatibile,
    difetti,
    doppia_maggioranza,
    per_testa,
    pesato_per_abitanti,
)

ATTO = Atto(
    specie=Specie.DELIBERAZIONE,
    organo="Giunta regionale",
    titolo="Linee di indirizzo",
    numero="X/2941",
    data=date(2014, 12, 19),
    articolo="3",
)

MANIFESTO = Manifesto(
    id="prova",
    distretto="prova",
    denominazione="Prova",
    versione="1.2.0",
    contratto="1.0",
    fornitore="Fornitore",
    licenza="EUPL-1.2",
    fonti=(ATTO,),
    privacy=Privacy(dati_personali=False, dichiarazione="Nessun dato."),
)

_giorni = st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 12))


def test_un_atto_si_cita_con_organo_numero_data_e_articolo() -> None:
    assert ATTO.cita() == ("Linee di indirizzo, art. 3, Giunta regionale n. X/2941 del 19/12/2014")


def test_un_ipotesi_dice_di_esserlo_e_perche() -> None:
    with pytest.raises(DichiarazioneErrata, match="ipotesi"):
        msgspec.structs.replace(ATTO, ipotesi=True)
    ipotesi = msgspec.structs.replace(ATTO, ipotesi=True, nota="rinnovo non reperito")
    assert ipotesi.cita().endswith("(ipotesi: rinnovo non reperito)")
    assert not ipotesi.normativo


@pytest.mark.parametrize(
    ("specie", "normativo"),
    [(Specie.LEGGE, True), (Specie.DISCIPLINARE, True), (Specie.STAMPA, False)],
)
def test_la_stampa_non_e_una_fonte_normativa(specie: Specie, normativo: bool) -> None:
    assert msgspec.structs.replace(ATTO, specie=specie).normativo is normativo


@pytest.mark.parametrize("campi", [{"organo": " "}, {"titolo": ""}, {"url": "javascript:alert(1)"}])
def test_un_atto_senza_organo_o_titolo_o_con_un_indirizzo_strano_e_rifiutato(
    campi: dict[str, str],
) -> None:
    with pytest.raises(DichiarazioneErrata):
        msgspec.structs.replace(ATTO, **campi)


@given(_giorni, _giorni, _giorni, _giorni)
def test_due_dichiarazioni_si_sovrappongono_se_un_giorno_valgono_entrambe(
    dal: date | None, al: date | None, altro_dal: date | None, altro_al: date | None
) -> None:
    try:
        una = Organo(codice="a", denominazione="A", fonte=ATTO, valido_dal=dal, valido_al=al)
        altra = Organo(
            codice="a", denominazione="A", fonte=ATTO, valido_dal=altro_dal, valido_al=altro_al
        )
    except DichiarazioneErrata:
        return
    giorni = [date.fromordinal(date(2019, 12, 30).toordinal() + n) for n in range(20)]
    assert una.si_sovrappone(altra) is any(una.vale(g) and altra.vale(g) for g in giorni)


@pytest.mark.parametrize(
    ("dichiarato", "offerto", "compatibile"),
    [
        ("1.0", "1.0", True),
        ("1.0", "1.7", True),
        ("1.8", "1.7", False),
        ("1.10", "1.9", False),
        ("2.0", "1.7", False),
        ("0.9", "1.7", False),
    ],
)
def test_il_contratto_e_compatibile_a_pari_maggiore_e_minore_non_piu_nuovo(
    dichiarato: str, offerto: str, compatibile: bool
) -> None:
    assert contratto_compatibile(dichiarato, offerto) is compatibile


@pytest.mark.parametrize("versione", ["1", "1.0.0", "uno", "", "1.-1", "01.0"])
def test_una_versione_del_contratto_illeggibile_e_rifiutata(versione: str) -> None:
    with pytest.raises(DichiarazioneErrata, match="versione del contratto"):
        contratto_compatibile(versione)


def test_un_manifesto_completo_non_ha_difetti() -> None:
    assert difetti(MANIFESTO) == ()


@pytest.mark.parametrize(
    ("campi", "difetto"),
    [
        ({"id": "Prova"}, "identificativo"),
        ({"id": "p"}, "identificativo"),
        ({"distretto": "di Crema"}, "distretto"),
        ({"denominazione": ""}, "manca la denominazione"),
        ({"fornitore": " "}, "manca il fornitore"),
        ({"licenza": ""}, "manca la licenza"),
        ({"versione": "ultima"}, "non è una versione"),
        ({"contratto": "2.0"}, f"offre il contratto {CONTRATTO}"),
        ({"contratto": "due"}, "non è una versione del contratto"),
        ({"fonti": ()}, "manca una fonte normativa"),
        (
            {"fonti": (msgspec.structs.replace(ATTO, specie=Specie.STAMPA),)},
            "manca una fonte normativa",
        ),
        (
            {"privacy": Privacy(dati_personali=False, dichiarazione="")},
            "manca la dichiarazione sulla privacy",
        ),
        (
            {"privacy": Privacy(dati_personali=True, dichiarazione="Sì.", base_giuridica=ATTO)},
            "quali categorie",
        ),
        (
            {"privacy": Privacy(dati_personali=True, dichiarazione="Sì.", categorie=("ISEE",))},
            "base giuridica",
        ),
    ],
)
def test_un_manifesto_dice_che_cosa_gli_manca(campi: dict[str, object], difetto: str) -> None:
    (trovato,) = difetti(msgspec.structs.replace(MANIFESTO, **campi))
    assert difetto in trovato


@pytest.mark.parametrize(
    "campi",
    [
        {},
        {"numero": 0},
        {"numero": 3, "frazione": (1, 2)},
        {"frazione": (3, 2)},
        {"frazione": (0, 2)},
        {"frazione": (1, 0)},
    ],
)
def test_una_soglia_impossibile_e_rifiutata(campi: dict[str, object]) -> None:
    with pytest.raises(DichiarazioneErrata):
        Soglia(**campi)  # type: ignore[arg-type]


def test_la_doppia_maggioranza_chiede_il_peso_e_le_teste_degli_aventi_diritto() -> None:
    regola = RegolaVoto(
        condizioni=doppia_maggioranza(
            peso=pesato_per_abitanti(fonte=ATTO, soglia=OLTRE_META, anno_pesi=2011),
            soglia_teste=11,
            fonte=ATTO,
        ),
        fonte=ATTO,
    )
    assert regola.doppia
    peso, teste = regola.condizioni
    assert (peso.misura, peso.soglia, peso.anno_pesi) == (Misura.ABITANTI, OLTRE_META, 2011)
    assert (teste.misura, teste.soglia, teste.base) == (
        Misura.TESTE,
        Soglia(numero=11),
        Base.AVENTI_DIRITTO,
    )
    assert not RegolaVoto(condizioni=per_testa(fonte=ATTO), fonte=ATTO).doppia


def test_una_regola_senza_condizioni_o_con_una_misura_doppia_e_rifiutata() -> None:
    with pytest.raises(DichiarazioneErrata, match="almeno una condizione"):
        RegolaVoto(condizioni=(), fonte=ATTO)
    with pytest.raises(DichiarazioneErrata, match="due volte"):
        RegolaVoto(condizioni=(Condizione(misura=Misura.TESTE),) * 2, fonte=ATTO)


def test_i_seggi_si_contano_su_comuni_e_sub_ambiti() -> None:
    organo = Organo(
        codice="a",
        denominazione="A",
        seggi=(
            Seggio(categoria="coordinatore", denominazione="Coordinatore"),
            Seggio(categoria="zona", denominazione="Zona", numero=2, per=Per.SUB_AMBITO),
        ),
        fonte=ATTO,
    )
    assert organo.posti({Per.SUB_AMBITO: 6}) == 13
    with pytest.raises(KeyError):
        organo.posti({Per.COMUNE: 48})


def test_se_la_fonte_non_dice_quanti_i_seggi_restano_aperti() -> None:
    aperto = Seggio(categoria="settore", denominazione="Settore", numero=None)
    assert Organo(codice="a", denominazione="A", seggi=(aperto,), fonte=ATTO).posti({}) is None
    assert Organo(codice="a", denominazione="A", fonte=ATTO).posti({}) is None


def test_una_categoria_ripetuta_o_senza_seggi_e_rifiutata() -> None:
    seggio = Seggio(categoria="a", denominazione="A")
    with pytest.raises(DichiarazioneErrata, match="ripetono"):
        Organo(codice="a", denominazione="A", seggi=(seggio, seggio), fonte=ATTO)
    with pytest.raises(DichiarazioneErrata, match="almeno uno"):
        Seggio(categoria="a", denominazione="A", numero=0)
