"""Votes: a table for each rule, the readings of what is left open, the case of the Casalasco."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import capofila_casalmaggiore
from capofila.governo.seduta import AventeDiritto, ConteggioRifiutato, Delega, Seduta
from capofila.governo.voti import (
    Esito,
    RegoleInConflitto,
    Risultato,
    Scrutinio,
    StatoQuorum,
    Voto,
    decidi,
    scegli_regola,
)
from capofila.hooks import (
    Astensione,
    Base,
    Condizione,
    Deleghe,
    Interesse,
    Misura,
    Parita,
    RegolaVoto,
    per_testa,
    variante,
)
from tests.governo.casi import (
    AST,
    ATTO,
    CASALASCO,
    DELEGHE,
    GIORNO,
    NO,
    SI,
    condizione,
    enti,
    quorum,
    regola,
    seduta,
    vota,
    voti,
)

APPROVATA, RESPINTA = Risultato.APPROVATA, Risultato.RESPINTA
APERTO = Risultato.NON_DETERMINABILE
PRESENTI, VOTANTI, TUTTI = Base.PRESENTI, Base.VOTANTI, Base.AVENTI_DIRITTO


# --- shares -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("soglia", "base", "espressi", "esito"),
    [
        # Simple majority: more for than against.
        (">1/2", VOTANTI, "++-00", APPROVATA),
        (">1/2", VOTANTI, "++--0", RESPINTA),
        (">1/2", VOTANTI, "+....", APPROVATA),
        # Of those present, an abstention and a silence weigh against.
        (">1/2", PRESENTI, "++-00", RESPINTA),
        (">1/2", PRESENTI, "+++-0", APPROVATA),
        (">1/2", PRESENTI, "+++..", APPROVATA),
        (">1/2", PRESENTI, "++...", RESPINTA),
        # Absolute: of all who are entitled.
        (">1/2", TUTTI, "+++.....", RESPINTA),
        (">1/2", TUTTI, "+++++...", APPROVATA),
        (">1/2", TUTTI, "++++....", RESPINTA),
        ("1/2", TUTTI, "++++....", APPROVATA),
        # Qualified, of any fraction.
        ("2/3", VOTANTI, "++-", APPROVATA),
        ("2/3", VOTANTI, "++++--", APPROVATA),
        ("2/3", VOTANTI, "++++---", RESPINTA),
        (">2/3", VOTANTI, "++-", RESPINTA),
        ("4/5", PRESENTI, "++++-", APPROVATA),
        ("4/5", PRESENTI, "+++0-", RESPINTA),
        ("5/7", VOTANTI, "+++++--", APPROVATA),
        ("1/1", TUTTI, "+++", APPROVATA),
        ("1/1", TUTTI, "++0", RESPINTA),
        # A number, whoever is there.
        ("3", None, "+++--", APPROVATA),
        (">3", None, "+++--", RESPINTA),
        # Nothing is ever enough of nobody.
        ("1/2", VOTANTI, ".....", RESPINTA),
        ("1/2", VOTANTI, "00000", RESPINTA),
    ],
)  # fmt: skip
def test_ogni_maggioranza_sulla_sua_base(
    soglia: str, base: Base | None, espressi: str, esito: Risultato
) -> None:
    assert vota(regola(condizione(soglia, base)), espressi).risultato is esito


def test_un_terzo_e_esatto_anche_dove_i_decimali_non_bastano() -> None:
    # 2/3 of 47 is 31.33…: 31 are too few and 32 are enough.
    due_terzi = regola(condizione("2/3", TUTTI))
    chi = seduta(tuple(AventeDiritto(id=f"c{i}", nome=f"C{i}") for i in range(47)))
    for favorevoli, esito in ((31, RESPINTA), (32, APPROVATA)):
        dati = [Voto.intero(f"c{i}", SI) for i in range(favorevoli)]
        contato = decidi(chi, dati, regola=due_terzi, quorum=None)
        assert contato.risultato is esito
        assert contato.condizioni[0].necessario == 32


@pytest.mark.parametrize(
    ("astensioni", "esito"), [(Astensione.NON_VOTO, APPROVATA), (Astensione.VOTO, RESPINTA)]
)
def test_chi_si_astiene_e_fra_i_votanti_se_la_regola_lo_dice(
    astensioni: Astensione, esito: Risultato
) -> None:
    contato = vota(regola(astensioni=astensioni), "++-00")
    assert contato.risultato is esito
    assert contato.condizioni[0].su == (5 if astensioni is Astensione.VOTO else 3)


@pytest.mark.parametrize(
    ("parita", "presidente", "espressi", "esito"),
    [
        (Parita.RESPINTA, "a", "++--", RESPINTA),
        (Parita.PRESIDENZA, "a", "++--", APPROVATA),
        (Parita.PRESIDENZA, "c", "++--", RESPINTA),
        (Parita.PRESIDENZA, "d", "++-0", APPROVATA),  # no tie: three voted
        (Parita.PRESIDENZA, "e", "++--0", RESPINTA),  # who presides abstained
        (Parita.PRESIDENZA, None, "++--", RESPINTA),
        (Parita.PRESIDENZA, "a", "+---", RESPINTA),  # a casting vote is not a second vote
    ],
)
def test_a_parita_decide_la_presidenza_se_la_regola_lo_dice(
    parita: Parita, presidente: str | None, espressi: str, esito: Risultato
) -> None:
    chi = seduta(enti(len(espressi)), presidente=presidente)
    contato = vota(regola(parita=parita), espressi, chi)
    assert contato.risultato is esito
    assert contato.condizioni[0].per_presidenza == (esito is APPROVATA and espressi == "++--")


@pytest.mark.parametrize(
    ("soglia", "base", "espressi"),
    [
        (">1/2", TUTTI, "++.."),  # a half of all and nobody against
        (">1/2", PRESENTI, "++-0"),
        (">2/3", VOTANTI, "++-"),
        ("2", None, "+-"),
    ],
)
def test_troppo_pochi_non_sono_una_parita(soglia: str, base: Base | None, espressi: str) -> None:
    chi = seduta(enti(len(espressi)), presidente="a")
    decide = regola(condizione(soglia, base), parita=Parita.PRESIDENZA)
    assert vota(decide, espressi, chi).risultato is RESPINTA
    assert vota(variante(decide, parita=None), espressi, chi).risultato is RESPINTA


def test_il_voto_della_presidenza_non_rompe_una_parita_segreta() -> None:
    contato = vota(
        regola(parita=Parita.PRESIDENZA),
        Scrutinio(favorevoli=5, contrari=5),
        seduta(enti(10), presidente="a"),
    )
    assert contato.risultato is RESPINTA


# --- weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misura", "espressi", "esito"),
    [
        (Misura.ABITANTI, "+--", APPROVATA),
        (Misura.ABITANTI, "-++", RESPINTA),
        (Misura.QUOTE, "+--", RESPINTA),
        (Misura.QUOTE, "-++", APPROVATA),
    ],
)
def test_un_comune_pesa_i_suoi_abitanti_o_le_sue_quote(
    misura: Misura, espressi: str, esito: Risultato
) -> None:
    chi = seduta(enti(3, abitanti=[1000, 300, 200], quote=[10, 20, 30]))
    assert vota(regola(condizione(">1/2", TUTTI, misura)), espressi, chi).risultato is esito


def test_meta_esatta_di_un_peso_dispari_non_si_raggiunge_per_arrotondamento() -> None:
    chi = seduta(enti(2, abitanti=[18746, 18747]))
    oltre = regola(condizione(">1/2", TUTTI, Misura.ABITANTI))
    respinta, approvata = vota(oltre, "+.", chi), vota(oltre, ".+", chi)
    assert (respinta.risultato, approvata.risultato) == (RESPINTA, APPROVATA)
    assert respinta.condizioni[0].necessario == 18747


def test_le_quote_hanno_decimali_e_restano_esatte() -> None:
    chi = seduta(
        tuple(
            AventeDiritto(id=id, nome=id, quote=Fraction(quota))
            for id, quota in (("a", "33.333"), ("b", "33.333"), ("c", "33.334"))
        )
    )
    esatta = regola(condizione("2/3", TUTTI, Misura.QUOTE))
    contato = vota(esatta, "++-", chi)
    assert contato.risultato is RESPINTA
    assert contato.condizioni[0].necessario == Fraction("66.667")
    assert vota(esatta, "+-+", chi).risultato is APPROVATA


def test_un_voto_si_divide_se_la_regola_lo_ammette() -> None:
    chi = seduta(enti(2, abitanti=[100, 30]))
    diviso = Voto(chi="a", favorevole=Fraction(40, 100), contrario=Fraction(60, 100))
    a_favore = Voto.intero("b", SI)
    pesata = regola(condizione(">1/2", VOTANTI, Misura.ABITANTI), divisibile=True)
    contato = decidi(chi, [diviso, a_favore], regola=pesata, quorum=None)
    assert contato.condizioni[0].avuto == 70
    assert contato.risultato is APPROVATA
    with pytest.raises(ConteggioRifiutato, match="non ammette un voto diviso"):
        decidi(chi, [diviso], regola=variante(pesata, divisibile=False), quorum=None)
    # A head is not divided: it is in favour when the whole of it is.
    teste = decidi(chi, [diviso, a_favore], regola=regola(divisibile=True), quorum=None)
    assert (teste.condizioni[0].avuto, teste.condizioni[0].su) == (1, 2)


def test_le_maggioranze_separate_vogliono_ogni_categoria() -> None:
    chi = seduta(
        tuple(
            AventeDiritto(id=id, nome=id, categoria="comune" if id in "abc" else "terzo-settore")
            for id in "abcdef"
        )
    )
    separate = regola(
        condizione(">1/2", VOTANTI, categoria="comune"),
        condizione(">1/2", VOTANTI, categoria="terzo-settore"),
    )
    assert vota(separate, "++-++-", chi).risultato is APPROVATA
    solo_comuni = vota(separate, "++++--", chi)
    assert solo_comuni.risultato is RESPINTA
    assert [una.soddisfatta for una in solo_comuni.condizioni] == [True, False]


# --- interests, secret votes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interesse", "esito", "numero_legale"),
    [
        (Interesse.CONTATO, RESPINTA, StatoQuorum.RAGGIUNTO),
        (Interesse.FUORI_DALLA_BASE, APPROVATA, StatoQuorum.RAGGIUNTO),
        (Interesse.FUORI, Risultato.SENZA_NUMERO_LEGALE, StatoQuorum.MANCANTE),
    ],
)
def test_chi_ha_un_interesse_sta_dentro_o_fuori_come_dice_la_regola(
    interesse: Interesse, esito: Risultato, numero_legale: StatoQuorum
) -> None:
    # Four of six are there and one may not vote: 2 of 4 present, or 2 of 3; 4 of 6 or 3 of 5.
    chi = seduta(enti(6), "abcd", interessati=("d",))
    contato = vota(
        regola(condizione(">1/2", PRESENTI), interesse=interesse), "++-...", chi,
        quorum=quorum(condizione("2/3")),
    )  # fmt: skip
    assert (contato.risultato, contato.quorum) == (esito, numero_legale)


def test_chi_ha_un_interesse_non_vota() -> None:
    with pytest.raises(ConteggioRifiutato, match="fra gli interessati"):
        vota(regola(), "++-", seduta(enti(3), interessati=("a",)))


def test_in_segreto_si_conta_soltanto_quanti() -> None:
    segreta = regola(segreto=True)
    contato = vota(segreta, Scrutinio(favorevoli=6, contrari=3, astenuti=1))
    assert contato.risultato is APPROVATA
    assert contato.decisivi == contato.condizioni[0].decisivi == ()
    with pytest.raises(ConteggioRifiutato, match="segreto"):
        vota(segreta, "+++")
    with pytest.raises(ConteggioRifiutato, match="i voti sono 11"):
        vota(segreta, Scrutinio(favorevoli=8, contrari=3))
    pesata = regola(condizione(misura=Misura.ABITANTI))
    with pytest.raises(ConteggioRifiutato, match="senza sapere di chi"):
        vota(pesata, Scrutinio(favorevoli=2, contrari=0), seduta(enti(2, abitanti=[1, 2])))


# --- the quorum ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("soglia", "presenti", "stato"),
    [
        (">1/2", "abc", StatoQuorum.RAGGIUNTO),
        (">1/2", "ab", StatoQuorum.MANCANTE),
        ("1/3", "ab", StatoQuorum.RAGGIUNTO),
        ("4", "abc", StatoQuorum.MANCANTE),
    ],
)
def test_il_numero_legale_si_conta_su_tutti(soglia: str, presenti: str, stato: StatoQuorum) -> None:
    contato = vota(regola(), "++...", seduta(enti(5), presenti), quorum=quorum(condizione(soglia)))
    assert contato.quorum is stato
    assert (contato.risultato is APPROVATA) == (stato is StatoQuorum.RAGGIUNTO)


def test_il_numero_legale_puo_volere_teste_e_abitanti() -> None:
    # The provincial Assemblea dei Sindaci: comuni present, with more than two thirds of the people.
    doppio = quorum(condizione(">1/2"), condizione(">2/3", misura=Misura.ABITANTI))
    pesi = enti(5, abitanti=[700, 100, 100, 50, 50])
    assert vota(regola(), "+.+++", seduta(pesi, "acde"), quorum=doppio).risultato is APPROVATA
    senza_il_grande = vota(regola(), ".++++", seduta(pesi, "bcde"), quorum=doppio)
    assert senza_il_grande.risultato is Risultato.SENZA_NUMERO_LEGALE
    assert [una.soddisfatta for una in senza_il_grande.verifiche_quorum] == [True, False]


def test_in_seconda_convocazione_vale_il_suo_quorum() -> None:
    quorum_ = [
        quorum(condizione(">1/2"), convocazione=1),
        quorum(condizione("1/3"), convocazione=2),
    ]
    for convocazione, esito in ((1, Risultato.SENZA_NUMERO_LEGALE), (2, APPROVATA)):
        scelto = scegli_regola(quorum_, GIORNO, "bilancio", convocazione)
        chi = seduta(enti(6), "ab", convocazione=convocazione)
        assert vota(regola(), "++....", chi, quorum=scelto).risultato is esito


def test_una_materia_ha_la_sua_regola_e_le_altre_quella_di_tutte() -> None:
    comune, statuto = regola(), regola(condizione("2/3", TUTTI), materie=("statuto",))
    assert scegli_regola([comune, statuto], GIORNO, "statuto") is statuto
    assert scegli_regola([comune, statuto], GIORNO, "bilancio") is comune
    assert scegli_regola([statuto], GIORNO, "bilancio") is None
    with pytest.raises(RegoleInConflitto, match="2 regole insieme"):
        scegli_regola([comune, comune], GIORNO, "bilancio")


# --- proxies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nel_quorum", "esito"), [(True, APPROVATA), (False, Risultato.SENZA_NUMERO_LEGALE)]
)
def test_chi_e_rappresentato_vota_e_conta_nel_quorum_se_la_regola_lo_dice(
    nel_quorum: bool, esito: Risultato
) -> None:
    chi = seduta(enti(4), "ab", deleghe=["ca"])
    contato = vota(
        regola(), "+-+.", chi, quorum=quorum(condizione(">1/2")),
        deleghe=variante(DELEGHE, nel_quorum=nel_quorum),
    )  # fmt: skip
    assert contato.risultato is esito


def test_una_delega_finisce_quando_chi_la_porta_esce_o_chi_l_ha_data_arriva() -> None:
    def rappresentati(presenti: str) -> frozenset[str]:
        return seduta(enti(3), presenti, deleghe=["ca"]).rappresentati

    assert rappresentati("ab") == {"a", "b", "c"}
    assert rappresentati("b") == {"b"}
    assert rappresentati("abc") == {"a", "b", "c"}
    with pytest.raises(ConteggioRifiutato, match="non è presente né rappresentato"):
        vota(regola(), ".++", seduta(enti(3), "b", deleghe=["ca"]))


# --- what is left open --------------------------------------------------------------------------


def test_una_regola_aperta_decide_dove_ogni_lettura_dice_lo_stesso() -> None:
    aperta = RegolaVoto(condizioni=per_testa(fonte=ATTO, soglia=condizione().soglia), fonte=ATTO)
    chiara = vota(aperta, "++++0")
    assert chiara.risultato is APPROVATA
    assert len(chiara.concordi) == 2
    incerta = vota(aperta, "++-00")
    assert incerta.risultato is APERTO
    assert incerta.aperti == (
        "se chi si astiene sia fra i votanti",
        "di chi si prenda la maggioranza: aventi diritto, presenti o votanti",
    )
    assert vota(aperta, "+----").risultato is RESPINTA


def test_una_parita_di_cui_la_fonte_tace_resta_aperta_se_la_presidenza_e_a_favore() -> None:
    aperta = regola(parita=None)
    for presidente, esito in (("a", APERTO), ("c", RESPINTA)):
        contato = vota(aperta, "++--", seduta(enti(4), presidente=presidente))
        assert contato.risultato is esito


def test_senza_la_cifra_non_si_approva_nulla_ma_si_puo_respingere() -> None:
    senza = Condizione(misura=Misura.TESTE)
    contato = vota(regola(senza), "+++")
    assert (contato.risultato, contato.aperti) == (APERTO, ("quanti voti favorevoli servano",))
    pesata = condizione(">1/2", TUTTI, Misura.ABITANTI)
    chi = seduta(enti(2, abitanti=[10, 1]))
    assert vota(regola(pesata, senza), "-+", chi).risultato is RESPINTA
    assert vota(regola(pesata, senza), "+-", chi).risultato is APERTO


def test_senza_alcuna_regola_l_esito_resta_aperto() -> None:
    contato = decidi(seduta(enti(2)), voti("++"), regola=None, quorum=None)
    assert contato.risultato is APERTO
    assert contato.aperti == ("con quale maggioranza si decida",)


def test_interessi_e_deleghe_di_cui_la_fonte_tace_contano_in_ogni_modo() -> None:
    aperta = regola(condizione(">1/2", PRESENTI), interesse=None)
    contato = vota(aperta, "++-.", seduta(enti(4), interessati=("d",)))
    assert contato.risultato is APERTO
    assert contato.aperti == ("se chi è in conflitto di interessi conti fra i presenti",)
    silenziosa = Deleghe(ammesse=True, fonte=ATTO)
    contato = vota(
        regola(), "+++.", seduta(enti(4), "ab", deleghe=["ca"]),
        quorum=quorum(condizione(">1/2")), deleghe=silenziosa,
    )  # fmt: skip
    assert (contato.risultato, contato.quorum) == (APERTO, StatoQuorum.NON_DETERMINABILE)
    assert contato.aperti == ("se chi è rappresentato conti nel quorum",)


# --- the Casalasco ------------------------------------------------------------------------------


def _casalasco(*favorevoli: str) -> Esito:
    (organo,) = (
        uno
        for uno in capofila_casalmaggiore.organi()
        if uno.codice == "assemblea-dei-sindaci" and uno.vale(GIORNO)
    )
    chi = seduta(
        tuple(
            AventeDiritto(id=nome, nome=nome, abitanti=Fraction(abitanti))
            for nome, abitanti in CASALASCO.items()
        )
    )
    dati = [Voto.intero(nome, SI if nome in favorevoli else NO) for nome in CASALASCO]
    dichiarata = scegli_regola(organo.regole_voto, GIORNO, "una-materia")
    return decidi(chi, dati, regola=dichiarata, quorum=None)


TRE = ("Casalmaggiore", "Piadena Drizzona", "Gussola")
ALTRI = tuple(nome for nome in CASALASCO if nome not in TRE)


def test_casalmaggiore_piadena_e_gussola_da_sole_hanno_il_peso_e_non_bastano() -> None:
    contato = _casalasco(*TRE)
    peso, teste = contato.condizioni
    assert (peso.soddisfatta, teste.soddisfatta) == (True, False)
    assert (peso.avuto, peso.necessario, peso.su) == (21553, 18747, 37493)
    assert (teste.avuto, teste.necessario) == (3, 11)
    assert contato.risultato is RESPINTA
    assert peso.decisivi == ("Casalmaggiore", "Piadena Drizzona")


def test_con_altri_otto_comuni_fanno_undici_e_bastano() -> None:
    assert _casalasco(*TRE, *ALTRI[:7]).risultato is RESPINTA
    contato = _casalasco(*TRE, *ALTRI[:8])
    assert contato.risultato is APPROVATA
    # Each of the eleven could have turned it down.
    assert set(contato.decisivi) == {*TRE, *ALTRI[:8]}


def test_undici_comuni_senza_il_peso_non_bastano() -> None:
    contato = _casalasco(*ALTRI[:11])
    peso, teste = contato.condizioni
    assert (peso.soddisfatta, teste.soddisfatta) == (False, True)
    assert contato.risultato is RESPINTA
    assert contato.decisivi == ("Casalmaggiore",)


# --- properties ---------------------------------------------------------------------------------

_MISURE = st.sampled_from(list(Misura))
_SOGLIE = st.one_of(
    st.sampled_from(["1/2", "1/3", "2/3", "3/5", "4/5", "1/1", "3/7"]),
    st.integers(1, 5).map(str),
)  # fmt: skip


@st.composite
def _condizioni(draw: st.DrawFn) -> Condizione:
    return condizione(
        (">" if draw(st.booleans()) else "") + draw(_SOGLIE),
        draw(st.sampled_from(list(Base))),
        draw(_MISURE),
    )


_REGOLE = st.builds(
    lambda condizioni, **altro: regola(*condizioni, divisibile=True, **altro),
    st.lists(_condizioni(), min_size=1, max_size=3, unique_by=lambda c: c.misura),
    astensioni=st.sampled_from([*Astensione, None]),
    parita=st.sampled_from([*Parita, None]),
    interesse=st.sampled_from([*Interesse, None]),
)


@st.composite
def _voto(draw: st.DrawFn, chi: str) -> Voto:
    # Mostly in favour and whole: otherwise hardly anything would be approved.
    if draw(st.integers(0, 4)):
        return Voto.intero(chi, draw(st.sampled_from([SI] * 6 + [NO, AST])))
    favorevole = draw(st.integers(0, 100))
    contrario = draw(st.integers(0, 100 - favorevole))
    return Voto(
        chi=chi,
        favorevole=Fraction(favorevole, 100),
        contrario=Fraction(contrario, 100),
        astenuto=Fraction(100 - favorevole - contrario, 100),
    )


@st.composite
def _votazioni(draw: st.DrawFn) -> tuple[Seduta, list[Voto]]:
    pesi = draw(st.lists(st.integers(0, 50), min_size=1, max_size=9))
    chi = enti(len(pesi), abitanti=pesi, quote=[peso % 7 for peso in pesi])
    ids = [uno.id for uno in chi]
    presenti = draw(st.lists(st.sampled_from(ids), unique=True, min_size=(len(ids) + 1) // 2))
    assenti = [id for id in ids if id not in presenti]
    deleghe = [f"{id}{draw(st.sampled_from(presenti))}" for id in assenti if draw(st.booleans())]
    interessati = draw(st.lists(st.sampled_from(ids), unique=True, max_size=2))
    uno = seduta(
        chi, "".join(presenti), deleghe=deleghe, interessati=tuple(interessati),
        presidente=draw(st.sampled_from([None, *presenti])),
    )  # fmt: skip
    votanti = [id for id in uno.rappresentati if id not in interessati and draw(st.integers(0, 5))]
    return uno, [draw(_voto(id)) for id in sorted(votanti)]


@given(_votazioni(), _REGOLE, st.data())
@settings(max_examples=200)
def test_un_voto_a_favore_non_fa_mai_cadere_una_proposta_approvata(
    votazione: tuple[Seduta, list[Voto]], data_: RegolaVoto, data: st.DataObject
) -> None:
    chi, dati = votazione
    legale = quorum(condizione("1/3"))

    def esito(voti_: list[Voto], seduta_: Seduta = chi) -> Risultato:
        return decidi(seduta_, voti_, regola=data_, quorum=legale, deleghe=DELEGHE).risultato

    possono = sorted(chi.rappresentati - set(chi.interessati))
    if not possono or esito(dati) is not APPROVATA:
        return
    id = data.draw(st.sampled_from(possono))
    altri = [voto for voto in dati if voto.chi != id]
    assert esito([*altri, Voto.intero(id, SI)]) is APPROVATA
    # Neither does somebody who arrives and votes in favour.
    assenti = sorted(set(chi.per_id) - chi.rappresentati - set(chi.interessati))
    if assenti:
        arrivato = data.draw(st.sampled_from(assenti))
        piu_uno = variante(chi, presenti=(*chi.presenti, arrivato))
        assert esito([*dati, Voto.intero(arrivato, SI)], piu_uno) is APPROVATA


@given(_votazioni(), _REGOLE, st.integers(2, 4), st.data())
@settings(max_examples=150)
def test_dividere_un_avente_diritto_in_parti_uguali_non_cambia_i_voti_pesati(
    votazione: tuple[Seduta, list[Voto]], data_: RegolaVoto, parti: int, data: st.DataObject
) -> None:
    chi, dati = votazione
    pesata = tuple(una for una in data_.condizioni if una.misura is not Misura.TESTE)
    assume(pesata)
    solo_pesi = variante(data_, condizioni=pesata)
    diviso = data.draw(st.sampled_from([uno.id for uno in chi.aventi_diritto]))

    def sparsi(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            nuovo
            for id in ids
            for nuovo in ([f"{id}{n}" for n in range(parti)] if id == diviso else [id])
        )

    poi = Seduta(
        giorno=chi.giorno,
        aventi_diritto=tuple(
            AventeDiritto(
                id=id, nome=id, abitanti=(uno.abitanti or 0) / Fraction(quanti),
                quote=(uno.quote or 0) / Fraction(quanti),
            )
            for uno in chi.aventi_diritto
            for quanti in (parti if uno.id == diviso else 1,)
            for id in sparsi((uno.id,))
        ),
        presenti=sparsi(chi.presenti),
        deleghe=tuple(
            Delega(da=da, a=sparsi((una.a,))[0])
            for una in chi.deleghe
            for da in sparsi((una.da,))
        ),
        interessati=sparsi(chi.interessati),
        presidente=chi.presidente if chi.presidente != diviso else None,
    )  # fmt: skip
    prima = chi if chi.presidente != diviso else variante(chi, presidente=None)
    voti_poi = [variante(voto, chi=id) for voto in dati for id in sparsi((voto.chi,))]
    uno = decidi(prima, dati, regola=solo_pesi, quorum=None)
    altro = decidi(poi, voti_poi, regola=solo_pesi, quorum=None)
    assert altro.risultato is uno.risultato
    assert [(una.avuto, una.su, una.soddisfatta) for una in altro.condizioni] == [
        (una.avuto, una.su, una.soddisfatta) for una in uno.condizioni
    ]


@given(_votazioni(), _REGOLE, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_l_ordine_dell_appello_non_cambia_nulla(
    votazione: tuple[Seduta, list[Voto]], data_: RegolaVoto, caso: object
) -> None:
    import random

    assert isinstance(caso, random.Random)
    chi, dati = votazione
    mescolati = list(dati)
    caso.shuffle(mescolati)
    elenco, presenti = list(chi.aventi_diritto), list(chi.presenti)
    caso.shuffle(elenco)
    caso.shuffle(presenti)
    altra = variante(chi, aventi_diritto=tuple(elenco), presenti=tuple(presenti))
    uno = decidi(chi, dati, regola=data_, quorum=None)
    altro = decidi(altra, mescolati, regola=data_, quorum=None)
    assert altro.risultato is uno.risultato
    assert set(altro.decisivi) == set(uno.decisivi)
    assert [variante(una, decisivi=()) for una in altro.condizioni] == [
        variante(una, decisivi=()) for una in uno.condizioni
    ]


@given(_votazioni(), _REGOLE, st.sets(st.integers(0, 2)))
@settings(max_examples=150)
def test_chi_e_detto_decisivo_lo_e_davvero_e_nessun_altro(
    votazione: tuple[Seduta, list[Voto]], data_: RegolaVoto, senza_base: set[int]
) -> None:
    chi, dati = votazione
    # A rule that leaves something open is not closed: its outcome is that of every reading of it.
    data_ = variante(
        data_,
        condizioni=tuple(
            variante(una, base=None) if posto in senza_base else una
            for posto, una in enumerate(data_.condizioni)
        ),
    )
    uno = decidi(chi, dati, regola=data_, quorum=None)
    if uno.risultato is APERTO:
        return
    davvero = set()
    for id in chi.rappresentati - set(chi.interessati):
        for intero in (SI, NO):
            altri = [*(v for v in dati if v.chi != id), Voto.intero(id, intero)]
            if decidi(chi, altri, regola=data_, quorum=None).risultato is not uno.risultato:
                davvero.add(id)
    assert set(uno.decisivi) == davvero


def test_e_decisivo_anche_chi_lo_sarebbe_in_uno_solo_dei_modi_di_leggere_la_fonte() -> None:
    """One against, one silent who could have made a tie: of a tie the source says nothing."""
    aperta = regola(parita=None)
    due = seduta(enti(2), presidente="b")
    respinta = decidi(due, voti("-."), regola=aperta, quorum=None)
    assert respinta.risultato is RESPINTA
    assert decidi(due, voti("-+"), regola=aperta, quorum=None).risultato is APERTO
    assert respinta.decisivi == ("a", "b")


def test_una_scheda_astenuta_non_e_un_silenzio() -> None:
    conta_chi_si_astiene = regola(astensioni=Astensione.VOTO)
    chi = seduta(enti(3))
    a, silenzio = Voto.intero("a", SI), [Voto.intero("a", SI)]
    astenuti = [a, Voto.intero("b", AST), Voto.intero("c", AST)]
    assert decidi(chi, silenzio, regola=conta_chi_si_astiene, quorum=None).risultato is APPROVATA
    assert decidi(chi, astenuti, regola=conta_chi_si_astiene, quorum=None).risultato is RESPINTA


def test_un_voto_diviso_si_prova_intero_da_tutte_e_due_le_parti() -> None:
    """Half of the middle one is against: all in favour it would have passed, all against it does not."""
    per_peso = regola(condizione(misura=Misura.ABITANTI), divisibile=True)
    chi = seduta(enti(3, abitanti=[40, 20, 40]))
    meta = Voto(chi="b", favorevole=Fraction(1, 2), contrario=Fraction(1, 2))
    respinta = decidi(
        chi, [Voto.intero("a", SI), meta, Voto.intero("c", NO)], regola=per_peso, quorum=None
    )
    assert respinta.risultato is RESPINTA
    assert "b" in respinta.decisivi
    assert "b" in respinta.condizioni[0].decisivi
