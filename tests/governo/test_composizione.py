"""Who sits on a day: seats, vacancies, lapses, what waits for a ratification. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import capofila_crema
from capofila.governo.composizione import (
    Adesione,
    Incarico,
    StatoSeggio,
    Titolare,
    Unita,
    presiede,
    seggi,
)
from capofila.hooks import Atto, Organo, Per, Seggio, Specie

GIORNO = date(2016, 3, 20)
SUB_AMBITI = [Unita(str(n), f"Sub-ambito {n}") for n in range(1, 7)]
COMUNI = [Unita(f"0190{n:02d}", f"Comune {n}") for n in range(1, 49)]
UNITA = {Per.COMUNE: COMUNI, Per.SUB_AMBITO: SUB_AMBITI}
ATTO = Atto(specie=Specie.STATUTO, organo="Comuni", titolo="Statuto (inventato)", articolo="9")


def organo(codice: str, giorno: date = GIORNO) -> Organo:
    (trovato,) = (
        uno for uno in capofila_crema.organi() if uno.codice == codice and uno.vale(giorno)
    )
    return trovato


def incarico(organo: str, categoria: str | None = None, **altro: Any) -> Incarico:
    valori: dict[str, Any] = {
        "persona": "Ida Prova", "dal": date(2015, 6, 1), "data": date(2015, 5, 20),
        "designato_da": "Assemblea dei Sindaci", "categoria": categoria,
    }  # fmt: skip
    return Incarico(organo=organo, **(valori | altro))


def adesione(**altro: Any) -> Adesione:
    valori: dict[str, Any] = {
        "id": 7, "ente": "Cooperativa Prova", "settore": "cooperazione-sociale",
        "dal": date(2015, 5, 15), "organo": "Consiglio", "data": date(2015, 5, 15),
    }  # fmt: skip
    return Adesione(**(valori | altro))


def uno(trovati: tuple[Titolare, ...], chiave: str) -> Titolare:
    (trovato,) = (t for t in trovati if t.chiave == chiave)
    return trovato


def test_un_seggio_senza_nessuno_e_vacante_e_quello_di_un_comune_e_di_diritto() -> None:
    ufficio = seggi(organo("ufficio-di-piano"), GIORNO, UNITA, [])
    assert len(ufficio) == 14
    assert {t.stato for t in ufficio} == {StatoSeggio.VACANTE}
    assemblea = seggi(organo("assemblea-dei-sindaci"), GIORNO, UNITA, [])
    assert [t.chiave for t in assemblea] == [c.codice for c in COMUNI]
    assert all(t.in_carica and t.persona is None for t in assemblea)


def test_chi_e_cessato_lascia_il_seggio_vacante_dal_giorno_dopo() -> None:
    dati = [incarico("ufficio-di-piano", "coordinatore", al=date(2016, 3, 19))]
    il_19 = seggi(organo("ufficio-di-piano"), date(2016, 3, 19), UNITA, dati)
    assert uno(il_19, "coordinatore-1").persona == "Ida Prova"
    il_20 = uno(seggi(organo("ufficio-di-piano"), GIORNO, UNITA, dati), "coordinatore-1")
    assert il_20.stato is StatoSeggio.VACANTE
    assert il_20.motivi == ("Vacante dal 20/03/2016.",)
    assert il_20.persona is None


def test_un_incarico_ritirato_non_e_mai_esistito() -> None:
    dati = [incarico("ufficio-di-piano", "coordinatore", ritirato=True)]
    trovato = uno(seggi(organo("ufficio-di-piano"), GIORNO, UNITA, dati), "coordinatore-1")
    assert (trovato.stato, trovato.incarico) == (StatoSeggio.VACANTE, None)


def test_il_mandato_finisce_con_i_suoi_mesi() -> None:
    consiglio = Organo(
        codice="cda", denominazione="Consiglio", durata_mesi=60, fonte=ATTO,
        seggi=(Seggio(categoria="consigliere", denominazione="Consigliere", numero=2),),
    )  # fmt: skip
    dati = [incarico("cda", "consigliere", posto=2, dal=date(2015, 7, 18))]
    ultimo = uno(seggi(consiglio, date(2020, 7, 17), {}, dati), "consigliere-2")
    assert ultimo.stato is StatoSeggio.COPERTO
    dopo = uno(seggi(consiglio, date(2020, 7, 18), {}, dati), "consigliere-2")
    assert dopo.stato is StatoSeggio.DECADUTO
    assert "17/07/2020" in dopo.motivi[0]
    assert "art. 9" in dopo.motivi[0]


def test_di_una_categoria_senza_numero_ci_sono_i_soli_seggi_di_chi_c_e() -> None:
    dati = [
        incarico("tavolo-terzo-settore", "volontariato", posto=n, adesione_id=7) for n in (1, 2)
    ]
    trovati = seggi(
        organo("tavolo-terzo-settore"), GIORNO, UNITA, dati, [adesione(settore="volontariato")]
    )
    assert [t.chiave for t in trovati] == ["volontariato-1", "volontariato-2"]


def test_presiede_l_ultimo_che_e_in_carica() -> None:
    dati = [
        incarico("comitato-ristretto", funzione="presidenza", persona="Prima", al=date(2016, 1, 1)),
        incarico(
            "comitato-ristretto", funzione="presidenza", persona="Seconda", dal=date(2016, 1, 2)
        ),
        incarico("comitato-ristretto", funzione="sostituzione", persona="Altra"),
    ]
    presidente = presiede(organo("comitato-ristretto"), GIORNO, dati)
    assert presidente is not None
    assert presidente.persona == "Seconda"
