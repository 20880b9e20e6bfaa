"""Articles 3 to 19 of the Accordo 2015-2017 of Crema about who signs, adheres, sits and stands in.

Beside ``test_articoli.py``, which is about votes and matters: here rows are written and refused.
"""

from __future__ import annotations

import contextlib
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.dichiarato import CartellaNonValida
from capofila.base.errori import Conflitto
from capofila.governo import accordo, dimostrazione, incarichi, service
from capofila.governo.composizione import StatoSeggio
from capofila.governo.patto import (
    PUBBLICAZIONE,
    Accordo,
    Firmatario,
    StatoAccordo,
    recepite,
    stato_accordo,
)
from capofila.governo.presidenza import ammesso, guida
from capofila.hooks import Per
from capofila.territorio import service as territorio
from capofila.territorio.rules import Appartenenza
from tests.governo.organi_casi import (
    AGNADELLO,
    CREMA,
    GIORNO,
    PANDINO,
    SERGNANO,
    aderisce,
    assegna,
    componente,
    crema,
    incarico,
    rifiuto,
    seggio,
    subentro,
)
from tests.prestazioni.casi import TENANTS, contesto

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]

UFFICIO, COMITATO, ASSEMBLEA = "ufficio-di-piano", "comitato-ristretto", "assemblea-dei-sindaci"
TAVOLO = "tavolo-terzo-settore"


async def test_art_3_firmano_48_comuni_l_asl_e_la_provincia() -> None:
    async with crema() as id_:
        firmatari = await accordo.firmatari(id_)
        comuni = {uno.istat for uno in firmatari if uno.specie == "comune"}
        assert comuni == {uno.istat for uno in await territorio.membri(GIORNO)}
        assert len(comuni) == 48
        assert [uno.ente for uno in firmatari if uno.specie != "comune"] == [
            "Azienda Sanitaria Locale della Provincia di Cremona", "Provincia di Cremona",
        ]  # fmt: skip


async def test_art_4_senza_adesione_non_si_designa() -> None:
    async with crema():
        no = await rifiuto(
            assegna(UFFICIO, "cooperazione-sociale", designato_da="Cooperative sociali aderenti")
        )
        assert "registra prima l’adesione" in no
        assert "art. 4, 8 e 9" in no


async def test_art_4_chi_aderisce_dopo_o_per_un_altro_settore_non_designa() -> None:
    async with crema() as id_:
        dopo = await aderisce(id_, dal=date(2015, 7, 1))
        no = await rifiuto(assegna(UFFICIO, "cooperazione-sociale", adesione_id=dopo))
        assert "art. 4" in no
        altro = await aderisce(id_, "volontariato")
        no = await rifiuto(assegna(UFFICIO, "cooperazione-sociale", adesione_id=altro))
        assert "per un altro settore" in no


async def test_art_4_finita_l_adesione_il_seggio_decade() -> None:
    async with crema() as id_:
        adesione = await aderisce(id_, "enti-gestori")
        await assegna(UFFICIO, "enti-gestori", adesione_id=adesione, designato_da="Enti gestori")
        prima = await seggio(UFFICIO, "enti-gestori-1")
        assert (prima.stato, prima.ente) == (StatoSeggio.COPERTO, "Ente enti-gestori")
        assert prima.adesione == "Consiglio direttivo, atto n. 1 del 10/05/2015"
        with pytest.raises(Conflitto):
            await accordo.ritira_adesione(adesione)
        await accordo.recedi(adesione, date(2016, 3, 19))
        dopo = await seggio(UFFICIO, "enti-gestori-1")
        assert dopo.stato is StatoSeggio.DECADUTO
        assert "art. 4" in dopo.motivi[0]
        assert dopo.chiave not in {u.id for u in await service.aventi_diritto(UFFICIO, GIORNO)}


async def test_art_6_ogni_comune_ha_il_suo_seggio_anche_senza_il_nome_del_sindaco() -> None:
    async with crema():
        aventi = await service.aventi_diritto(ASSEMBLEA, GIORNO, 2011)
        assert len(aventi) == 48
        assert {uno.id for uno in aventi} == {u.istat for u in await territorio.membri(GIORNO)}
        assert next(u for u in aventi if u.id == CREMA).abitanti is not None
        await assegna(
            ASSEMBLEA, "sindaco", unita=CREMA, carica="Sindaco", designato_da="Proclamazione"
        )
        di_crema = await seggio(ASSEMBLEA, CREMA)
        assert (di_crema.persona, di_crema.ente, di_crema.istat) == ("Ida Prova", "Crema", CREMA)


async def test_art_6_presiede_di_diritto_il_sindaco_di_crema_e_non_si_nomina() -> None:
    async with crema():
        assert await service.chi_presiede(ASSEMBLEA, GIORNO) == (CREMA, None)
        no = await rifiuto(assegna(ASSEMBLEA, None, funzione="presidenza", unita=PANDINO))
        assert no.startswith("Presiede di diritto: Sindaco del Comune di Crema")
        assert "art. 6" in no


async def test_art_6_sostituisce_un_altro_sindaco_designato_dall_assemblea() -> None:
    async with crema():
        no = await rifiuto(assegna(ASSEMBLEA, None, funzione="sostituzione", unita=CREMA))
        assert "non sostituisce sé stesso" in no
        no = await rifiuto(
            assegna(ASSEMBLEA, None, funzione="sostituzione", unita=PANDINO, designato_da="Sindaco")
        )
        assert "Sceglie «Assemblea dei Sindaci»" in no
        assert await assegna(ASSEMBLEA, None, funzione="sostituzione", unita=PANDINO)


async def test_art_6_in_assenza_del_sindaco_di_crema_presiede_chi_lo_sostituisce() -> None:
    async with crema():
        assemblea = await incarichi.organo_del_giorno(ASSEMBLEA, GIORNO)

        async def puo(chi: str, *in_sala: str) -> bool:
            noti = await incarichi.presidenti(assemblea, GIORNO)
            regola = guida(
                assemblea, presidente=noti.presidente, sostituto=noti.sostituto, in_sala=in_sala,
                nome=str,
            )  # fmt: skip
            return ammesso(regola, chi)[0]

        # Nobody by the article is there: it says that the Assemblea appoints, so none is accepted.
        assert not await puo(AGNADELLO, AGNADELLO, PANDINO)
        await assegna(ASSEMBLEA, None, funzione="sostituzione", unita=PANDINO)
        assert await puo(PANDINO, AGNADELLO, PANDINO)
        assert not await puo(AGNADELLO, AGNADELLO, PANDINO)
        assert await puo(CREMA, AGNADELLO, PANDINO, CREMA)
        assert not await puo(PANDINO, AGNADELLO, PANDINO, CREMA)
        assert not await puo(AGNADELLO, AGNADELLO)


async def test_art_7_due_per_sub_ambito_e_non_tre() -> None:
    async with crema():
        await componente(persona="Prima")
        await componente(persona="Seconda", istat=AGNADELLO)
        assert "registra prima la fine" in await rifiuto(componente(persona="Terza"))
        posti = await incarichi.titolari(COMITATO, GIORNO)
        assert len(posti) == 12
        assert [p.persona for p in posti if p.in_carica] == ["Prima", "Seconda"]
        assert await componente("2", persona="Terza", istat=SERGNANO)


async def test_art_7_solo_sindaci_assessori_alle_politiche_sociali_e_consiglieri() -> None:
    async with crema():
        no = await rifiuto(componente(carica="Segretario comunale"))
        assert "sindaco, assessore alle politiche sociali, consigliere comunale" in no
        assert "art. 7" in no
        for n, carica in enumerate(("Assessore alle Politiche Sociali", "consigliere comunale")):
            assert await componente(carica=carica, persona=f"Persona {n}")


async def test_art_7_nomina_l_assemblea_e_nessun_altro() -> None:
    async with crema():
        no = await rifiuto(componente(designato_da="Comune di Pandino"))
        assert no.startswith("Nomina «Assemblea dei Sindaci», e non «Comune di Pandino».")
        assert "art. 7" in no


async def test_art_7_rappresenta_il_sub_ambito_chi_e_di_un_suo_comune() -> None:
    async with crema():
        no = await rifiuto(componente(istat=SERGNANO))
        assert "Rappresenta Sub-ambito 1" in no
        assert "art. 7" in no


async def test_art_7_il_referente_e_uno_dei_componenti_e_decade_con_loro() -> None:
    async with crema():
        no = await rifiuto(assegna(COMITATO, None, funzione="presidenza", unita="componente-1-1"))
        assert "fra i componenti in carica" in no
        assert "art. 7" in no
        membro = await componente()
        da_chi = "Comitato Ristretto dell'Assemblea dei Sindaci"
        no = await rifiuto(assegna(COMITATO, None, funzione="presidenza", unita="componente-1-1"))
        assert f"Sceglie «{da_chi}»" in no
        no = await rifiuto(
            assegna(COMITATO, None, funzione="presidenza", unita="componente-1-1",
                    persona="Un altro", designato_da=da_chi)
        )  # fmt: skip
        assert no == "Quel seggio è di Ida Prova."
        await assegna(
            COMITATO, None, funzione="presidenza", unita="componente-1-1", designato_da=da_chi
        )
        chiave, chi = await service.chi_presiede(COMITATO, GIORNO)
        assert chi is not None
        assert (chiave, chi.persona) == ("componente-1-1", "Ida Prova")
        await incarichi.cessa(membro, date(2016, 3, 1), "Dimissioni")
        assert await service.chi_presiede(COMITATO, GIORNO) == (None, None)


async def test_art_8_quattordici_seggi_e_il_direttore_dell_azienda_non_ne_ha() -> None:
    async with crema():
        posti = await incarichi.titolari(UFFICIO, GIORNO)
        assert len(posti) == 14
        assert {p.stato for p in posti} == {StatoSeggio.VACANTE}
        assert not any("Direttore" in p.denominazione for p in posti)
        assert "non ha questo seggio" in await rifiuto(assegna(UFFICIO, "direttore-azienda"))
        assert await service.aventi_diritto(UFFICIO, GIORNO) == ()


async def test_art_8_e_12_il_sub_ambito_siede_con_un_operatore_del_comune_referente() -> None:
    async with crema():
        no = await rifiuto(
            assegna(UFFICIO, "sub-ambito", unita="1", istat=AGNADELLO, designato_da="Comune")
        )
        assert "il comune referente di Sub-ambito 1" in no
        assert "art. 8, 12 e 19" in no
        await assegna(UFFICIO, "sub-ambito", unita="1", designato_da="Comune di Pandino")
        seduto = await seggio(UFFICIO, "sub-ambito-1-1")
        assert (seduto.ente, seduto.istat) == ("Pandino", PANDINO)


@pytest.mark.parametrize(
    "settore", ["cooperazione-sociale", "volontariato", "promozione-sociale", "diocesi"]
)
async def test_art_9_senza_la_ratifica_del_tavolo_il_rappresentante_non_siede(settore: str) -> None:
    async with crema() as id_:
        adesione = await aderisce(id_, settore)
        nominato = await assegna(UFFICIO, settore, adesione_id=adesione, designato_da="Aderenti")
        in_attesa = await seggio(UFFICIO, f"{settore}-1")
        assert in_attesa.stato is StatoSeggio.DA_RATIFICARE
        assert "art. 4, 8 e 9" in in_attesa.motivi[0]
        assert await service.aventi_diritto(UFFICIO, GIORNO) == ()
        assert "La ratifica viene dopo" in await rifiuto(
            incarichi.ratifica(nominato, date(2015, 5, 1), "Verbale 1")
        )
        await incarichi.ratifica(nominato, GIORNO, "Verbale 1")
        assert (await seggio(UFFICIO, f"{settore}-1")).stato is StatoSeggio.COPERTO
        il_giorno_prima = await seggio(UFFICIO, f"{settore}-1", date(2016, 3, 19))
        assert il_giorno_prima.stato is StatoSeggio.DA_RATIFICARE


async def test_art_9_gli_enti_gestori_e_l_asl_non_si_ratificano() -> None:
    async with crema() as id_:
        adesione = await aderisce(id_, "enti-gestori")
        nominato = await assegna(
            UFFICIO, "enti-gestori", adesione_id=adesione, designato_da="Enti gestori"
        )
        assert "non chiede una ratifica" in await rifiuto(
            incarichi.ratifica(nominato, GIORNO, "Verbale 1")
        )


async def test_art_9_il_tavolo_ha_quattro_settori_e_vi_siede_chi_aderisce() -> None:
    async with crema() as id_:
        assert await incarichi.titolari(TAVOLO, GIORNO) == ()
        for n in range(3):
            adesione = await aderisce(id_, "volontariato", ente=f"Associazione {n}")
            await assegna(
                TAVOLO, "volontariato", adesione_id=adesione, persona=f"Persona {n}",
                designato_da="L'associazione",
            )  # fmt: skip
        assert [p.ente for p in await incarichi.titolari(TAVOLO, GIORNO)] == [
            "Associazione 0", "Associazione 1", "Associazione 2",
        ]  # fmt: skip
        assert set(await accordo.settori(GIORNO)) == {
            "cooperazione-sociale", "volontariato", "promozione-sociale", "diocesi", "enti-gestori",
        }  # fmt: skip
        assert "Scegli un settore" in await rifiuto(aderisce(id_, "sport"))


async def test_art_11_capofila_e_il_comune_di_crema() -> None:
    async with crema() as id_:
        assert (await accordo.leggi(id_)).capofila == "Comune di Crema"


async def test_art_11_coordina_l_ufficio_di_piano_chi_tiene_il_seggio_di_coordinatore() -> None:
    async with crema():
        assert await service.chi_presiede(UFFICIO, GIORNO) == (None, None)
        no = await rifiuto(assegna(UFFICIO, None, funzione="presidenza", designato_da="Crema"))
        assert no.startswith("Presiede chi tiene il seggio: Coordinatore-responsabile")
        assert "art. 11" in no
        await assegna(UFFICIO, "coordinatore", designato_da="Comune di Crema")
        chiave, chi = await service.chi_presiede(UFFICIO, GIORNO)
        assert chi is not None
        assert (chiave, chi.persona) == ("coordinatore-1", "Ida Prova")


async def test_art_12_sei_sub_ambiti_ognuno_con_il_referente_e_il_coordinatore_tecnico() -> None:
    async with crema() as id_:
        await assegna(UFFICIO, "sub-ambito", unita="1", designato_da="Comune di Pandino")
        quadro = await accordo.quadro(await accordo.leggi(id_), GIORNO)
        assert [uno.referente for uno in quadro.sub_ambiti] == [
            "Pandino", "Sergnano", "Bagnolo Cremasco", "Soncino", "Castelleone", "Crema",
        ]  # fmt: skip
        assert sum(len(uno.comuni) for uno in quadro.sub_ambiti) == 48
        assert [p.persona for uno in quadro.sub_ambiti for p in uno.coordinatori] == [
            "Ida Prova", None, None, None, None, None,
        ]  # fmt: skip


async def test_art_12_le_modifiche_dei_sub_ambiti_nel_triennio_sono_recepite_da_sole() -> None:
    async with crema() as id_:
        del_2015 = await accordo.leggi(id_)

        def periodo(gruppo: str, dal: date | None, al: date | None, atto: str) -> Appartenenza:
            return Appartenenza(istat=AGNADELLO, sub_ambito=gruppo, dal=dal, al=al, atto=atto)

        nel_triennio = [
            periodo("1", date(2015, 5, 1), date(2016, 12, 31), "Accordo"),
            periodo("2", date(2017, 1, 1), None, "Delibera 4"),
        ]
        (cambio,) = recepite(del_2015, nel_triennio)
        assert (cambio.giorno, cambio.da, cambio.a, cambio.atto) == (
            date(2017, 1, 1), "1", "2", "Delibera 4",
        )  # fmt: skip
        dopo = [
            periodo("1", date(2015, 5, 1), date(2018, 12, 31), "Accordo"),
            periodo("2", date(2019, 1, 1), None, "Delibera 4"),
        ]
        assert recepite(del_2015, dopo) == []
        # The beginning of the Accordo is no change of it.
        assert recepite(del_2015, await territorio.appartenenze()) == []


async def test_art_15_il_fondo_unico_distrettuale_ha_cinque_parti() -> None:
    async with crema() as id_:
        risorse = (await accordo.leggi(id_)).risorse
        assert len(risorse) == 5
        assert risorse[0].startswith("Fondo di Solidarietà")
        assert risorse[1:3] == ("Fondo Nazionale Politiche Sociali", "Fondo Sociale Regionale")


async def test_art_16_dura_36_mesi_dal_primo_maggio_2015_al_30_aprile_2018() -> None:
    async with crema() as id_:
        del_2015 = await accordo.leggi(id_)
        assert (del_2015.dal, del_2015.mesi, del_2015.al) == (
            date(2015, 5, 1), 36, date(2018, 4, 30),
        )  # fmt: skip
        assert del_2015.originaria == del_2015.al
        stati = [
            stato_accordo(del_2015, giorno)
            for giorno in (date(2015, 4, 30), date(2015, 5, 1), date(2018, 4, 30), date(2018, 5, 1))
        ]
        assert stati == [
            StatoAccordo.FUTURO, StatoAccordo.IN_VIGORE, StatoAccordo.IN_VIGORE,
            StatoAccordo.SCADUTO,
        ]  # fmt: skip
        # Of the Accordo 2021-2023 only the signatories are known.
        di_poi = next(uno for uno in await accordo.accordi() if uno.codice == "adp-2021")
        assert stato_accordo(di_poi, date(2022, 1, 1)) is StatoAccordo.NON_NOTO


async def test_art_16_una_proroga_sposta_la_scadenza_e_lascia_quella_di_allora() -> None:
    async with crema() as id_:

        def proroga(al: date, **altro: Any) -> Any:
            valori = {"specie": "proroga", "al": al, "descrizione": "Proroga", "istat": None,
                      "ente": None, "funzioni": ()}  # fmt: skip
            return accordo.modifica(subentro(id_, **(valori | altro)))

        assert "viene dopo quella di ora" in await rifiuto(proroga(date(2018, 4, 30)))
        assert "non è in vigore" in await rifiuto(proroga(date(2019, 4, 30), dal=date(2018, 5, 2)))
        await proroga(date(2018, 12, 31))
        prorogato = await accordo.leggi(id_)
        assert (prorogato.al, prorogato.originaria) == (date(2018, 12, 31), date(2018, 4, 30))
        assert await accordo.accordo_del_giorno(date(2018, 6, 1)) == prorogato


async def test_art_16_una_proroga_finisce_con_il_suo_atto_e_la_scadenza_torna() -> None:
    async with crema() as id_:
        numero = await accordo.modifica(
            subentro(
                id_, specie="proroga", al=date(2018, 12, 31), descrizione="Proroga", istat=None,
                ente=None, funzioni=(),
            )
        )  # fmt: skip
        adesione = await aderisce(id_, "enti-gestori", al=None)
        assert await rifiuto(accordo.cessa_proroga(numero, date(2019, 1, 1), "Atto 2")) != ""
        assert await accordo.cessa_proroga(numero, date(2018, 9, 1), "Atto inventato n. 2") == id_
        assert (await accordo.leggi(id_)).al == date(2018, 8, 31)
        una = await accordo.leggi_modifica(numero)
        assert (una.cessata_dal, una.cessata_con) == (date(2018, 9, 1), "Atto inventato n. 2")
        # What hangs on the Accordo ends with it.
        aderente = await accordo.leggi_adesione(adesione)
        assert aderente.vale(date(2018, 8, 31))
        assert not aderente.vale(date(2018, 9, 1))
        assert "non vale già più" in await rifiuto(
            accordo.cessa_proroga(numero, date(2018, 9, 1), "Atto 3")
        )


async def test_art_4_un_comune_che_non_ha_firmato_aderisce_e_ha_il_suo_seggio() -> None:
    dal, giorno = date(2030, 1, 1), date(2030, 3, 1)
    async with crema():
        vigente = await accordo.accordo_del_giorno(GIORNO)
        assert vigente is not None
        id_ = await accordo.registra_accordo(
            Accordo(
                codice="adp-2030", titolo="Accordo inventato", capofila_id=vigente.capofila_id,
                mesi=36, dal=dal, al=date(2032, 12, 31), organo="Enti", data=date(2029, 12, 1),
            ),
            [
                Firmatario(specie="comune", ente=c.nome, istat=c.istat)
                for c in await territorio.membri(dal)
                if c.istat != AGNADELLO
            ],
        )  # fmt: skip

        def aderente(**altro: Any) -> Any:
            return aderisce(id_, "comuni", dal=giorno, data=giorno, **altro)

        async def votano(quando: date) -> set[str]:
            return {uno.id for uno in await incarichi.aventi_diritto(ASSEMBLEA, quando)}

        assert (await seggio(ASSEMBLEA, AGNADELLO, giorno)).stato is StatoSeggio.FUORI
        assert AGNADELLO not in await votano(giorno)
        assert (await accordo.quadro(await accordo.leggi(id_), giorno)).fuori == ("Agnadello",)
        assert "non ha firmato" in await rifiuto(
            assegna(ASSEMBLEA, "sindaco", unita=AGNADELLO, carica="sindaco", dal=giorno)
        )
        assert "Scegli il comune" in await rifiuto(aderente())
        assert "ha firmato" in await rifiuto(aderente(istat=PANDINO))
        adesione = await aderente(istat=AGNADELLO)
        assert (await seggio(ASSEMBLEA, AGNADELLO, giorno)).stato is StatoSeggio.DI_DIRITTO
        assert AGNADELLO not in await votano(date(2030, 2, 28))
        quadro = await accordo.quadro(await accordo.leggi(id_), giorno)
        assert quadro.fuori == ()
        assert [una.ente for una in quadro.adesioni] == ["Agnadello"]
        await accordo.ritira_adesione(adesione)
        # After the last day of the Accordo all sit, until the next one.
        assert AGNADELLO in await votano(date(2033, 1, 1))


async def test_art_16_chi_siede_da_prima_va_confermato_con_l_accordo_che_segue() -> None:
    async with crema():
        await assegna(UFFICIO, "coordinatore", designato_da="Comune di Crema")
        assert (await seggio(UFFICIO, "coordinatore-1", date(2018, 4, 30))).motivi == ()
        dopo = await seggio(UFFICIO, "coordinatore-1", date(2018, 5, 1))
        assert dopo.stato is StatoSeggio.COPERTO
        assert dopo.motivi[0].startswith("Da confermare: è di prima del 01/05/2018")


async def test_art_16_un_adesione_non_dura_piu_dell_accordo() -> None:
    async with crema() as id_:
        adesione = await aderisce(id_, "enti-gestori")
        await assegna(UFFICIO, "enti-gestori", adesione_id=adesione, designato_da="Enti gestori")
        for giorno, stato in (
            (date(2018, 4, 30), StatoSeggio.COPERTO),
            (date(2018, 5, 1), StatoSeggio.DECADUTO),
        ):
            assert (await seggio(UFFICIO, "enti-gestori-1", giorno)).stato is stato


async def test_chi_lascia_prima_della_fine_stabilita_ha_un_altro_ultimo_giorno() -> None:
    async with crema():
        fino_al_2018 = await assegna(
            UFFICIO, "coordinatore", designato_da="Comune di Crema", al=date(2018, 4, 30)
        )
        await incarichi.cessa(fino_al_2018, date(2016, 3, 19), "Dimissioni")
        assert (await seggio(UFFICIO, "coordinatore-1")).stato is StatoSeggio.VACANTE
        assert "già finito" in await rifiuto(incarichi.cessa(fino_al_2018, GIORNO, "Altro"))


async def test_art_17_sovrintendono_il_sindaco_di_crema_e_due_sindaci_dell_assemblea() -> None:
    async with crema():
        for n in (1, 2):
            await assegna("sovrintendenza", "sindaco", persona=f"Sindaco {n}")
        assert "registra prima la fine" in await rifiuto(
            assegna("sovrintendenza", "sindaco", persona="Sindaco 3")
        )
        no = await rifiuto(assegna("sovrintendenza", "sindaco", persona="X", designato_da=COMITATO))
        assert "Nomina «Assemblea dei Sindaci»" in no
        assert "art. 17" in no
        assert len(await incarichi.titolari("sovrintendenza", GIORNO)) == 3


async def test_art_18_la_pubblicazione_sul_burl_si_registra_e_viene_dopo_l_atto() -> None:
    async with crema() as id_:
        assert (await accordo.leggi(id_)).burl_numero is None
        no = await rifiuto(
            accordo.pubblica_sul_burl(id_, "24", date(2015, 4, 29), per_estratto=True)
        )
        assert "30/04/2015" in no
        await accordo.pubblica_sul_burl(id_, "24", date(2015, 6, 10), per_estratto=True)
        pubblicato = await accordo.leggi(id_)
        assert (pubblicato.burl_numero, pubblicato.burl_per_estratto) == ("24", True)
        assert "267/2000" in PUBBLICAZIONE


async def test_art_19_l_unione_subentra_nelle_sole_funzioni_trasferite() -> None:
    async with crema() as id_:
        assert "in quali funzioni" in await rifiuto(accordo.modifica(subentro(id_, funzioni=())))
        fatta = await accordo.modifica(subentro(id_))
        sua = await service.esercita(AGNADELLO, "tutela minori", GIORNO)
        assert sua.unione == "Unione dei Prati"
        assert "Consiglio comunale, atto n. 9" in sua.perche
        assert (await service.esercita(AGNADELLO, "SAD", GIORNO)).unione is None
        assert (await service.esercita(AGNADELLO, "tutela minori", date(2015, 12, 31))).unione is (
            None
        )
        assert (await service.esercita(PANDINO, "tutela minori", GIORNO)).unione is None
        await accordo.ritira_modifica(fatta)
        assert (await service.esercita(AGNADELLO, "tutela minori", GIORNO)).unione is None


async def test_art_19_l_unione_puo_tenere_il_ruolo_di_referente() -> None:
    async with crema() as id_:
        come = {"unita": "1", "ente": "Unione dei Prati", "designato_da": "Unione dei Prati"}
        assert "art. 8, 12 e 19" in await rifiuto(assegna(UFFICIO, "sub-ambito", **come))
        await accordo.modifica(subentro(id_, dal=date(2015, 6, 1), data=date(2015, 5, 20)))
        await assegna(UFFICIO, "sub-ambito", **come)
        assert (await seggio(UFFICIO, "sub-ambito-1-1")).ente == "Unione dei Prati"
        altrove = come | {"unita": "2"}
        assert "Sub-ambito 2" in await rifiuto(assegna(UFFICIO, "sub-ambito", **altrove))


async def test_un_incarico_che_finisce_lascia_il_posto_a_un_altro_e_la_storia_resta() -> None:
    async with crema():
        primo = await assegna(UFFICIO, "coordinatore", designato_da="Comune di Crema")
        altro = incarico(
            UFFICIO, "coordinatore", persona="Ada Seconda", designato_da="Comune di Crema",
            dal=date(2016, 1, 1),
        )  # fmt: skip
        assert "registra prima la fine" in await rifiuto(incarichi.assegna(altro))
        await incarichi.cessa(primo, date(2015, 12, 31), "Dimissioni, prot. 12")
        assert "già finito" in await rifiuto(incarichi.cessa(primo, date(2016, 1, 1), "x"))
        secondo = await incarichi.assegna(altro)
        assert (await seggio(UFFICIO, "coordinatore-1")).persona == "Ada Seconda"
        assert (await seggio(UFFICIO, "coordinatore-1", date(2015, 7, 1))).persona == "Ida Prova"
        await incarichi.ritira_incarico(secondo)
        with pytest.raises(Conflitto):
            await incarichi.ritira_incarico(secondo)
        assert (await seggio(UFFICIO, "coordinatore-1")).stato is StatoSeggio.VACANTE
        assert len(await incarichi.incarichi(UFFICIO)) == 2


async def test_la_stessa_persona_non_ha_due_seggi_dello_stesso_organo() -> None:
    async with crema():
        await componente()
        assert await rifiuto(componente()) == "La stessa persona ha già un seggio di questo organo."


async def test_la_cartella_si_applica_una_volta_e_poi_comandano_gli_atti() -> None:
    async with crema() as id_:
        await accordo.pubblica_sul_burl(id_, "24", date(2015, 6, 10), per_estratto=False)
        esito = await accordo.applica_accordi(TENANTS / "crema")
        assert esito is not None
        assert (esito.aggiunti, esito.invariati) == (0, 2)
        assert (await accordo.leggi(id_)).burl_numero == "24"
        assert await accordo.applica_accordi(TENANTS / "cremona") is None


async def test_ogni_organo_dei_tre_ambiti_dice_i_suoi_seggi() -> None:
    async with crema():
        for organo in (ASSEMBLEA, COMITATO, UFFICIO, TAVOLO, "cabina-di-regia", "sovrintendenza"):
            for giorno in (GIORNO, date(2026, 3, 20)):
                assert all(p.fonte for p in await incarichi.titolari(organo, giorno))
        unita = await incarichi.unita_del_giorno(GIORNO)
        assert [len(unita[per]) for per in (Per.COMUNE, Per.SUB_AMBITO, Per.ZONA)] == [48, 6, 0]


@pytest.mark.parametrize("slug", ["crema", "cremona", "casalmaggiore"])
async def test_la_dimostrazione_rispetta_le_regole_e_dice_di_essere_inventata(slug: str) -> None:
    oggi = date(2026, 3, 20)
    nomi = [f"Persona {n}" for n in range(120)]
    with contextlib.suppress(_Disfa):
        async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
            await unita.esegui(
                "INSERT INTO ats (slug, nome) VALUES ('val-padana', 'ATS') ON CONFLICT DO NOTHING"
            )
        async with unita_di_lavoro(await contesto(slug)):
            quanti = await dimostrazione.popola(nomi, oggi)
            assert quanti >= 5
            assert await dimostrazione.popola(nomi, oggi) == quanti
            assert all(uno.inventato for uno in await incarichi.incarichi())
            assert all(una.inventato for una in await incarichi.adesioni())
            stati = {
                posto.stato
                for organo in (await plugin_attivi(oggi)).organi()
                for posto in await incarichi.titolari(organo.codice, oggi)
            }
            assert StatoSeggio.COPERTO in stati
            assert StatoSeggio.DECADUTO not in stati
            raise _Disfa


class _Disfa(Exception):
    pass


@pytest.mark.parametrize(
    ("guasto", "detto"),
    [
        (("mesi: 36", "mesi: 24"), "24 mesi da quel giorno finiscono il 30/04/2017"),
        (("comuni_del: 2015-05-01", "comuni_dal: 2015-05-01"), "chiave sconosciuta"),
        (("fonte: accordo-2015", "fonte: nessuna"), "non è fra le fonti dichiarate"),
        (("data: 2015-04-30", "data: 30/04/2015"), "non è una data"),
    ],
)
async def test_una_cartella_guasta_e_rifiutata_intera(
    tmp_path: Path, guasto: tuple[str, str], detto: str
) -> None:
    testo = (TENANTS / "crema" / "accordo.yaml").read_text()
    assert guasto[0] in testo
    (tmp_path / "accordo.yaml").write_text(testo.replace(*guasto))
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        with pytest.raises(CartellaNonValida, match=re.escape(detto)):
            await accordo.applica_accordi(tmp_path)
        assert await accordo.accordi() == []
