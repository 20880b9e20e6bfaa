"""The life of a meeting on a real database: what is frozen, what is refused, what is numbered."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from capofila.base.attivazioni import oggi
from capofila.base.database import UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.compartecipazione import service as compartecipazione
from capofila.governo import (
    chiamate,
    congelato,
    deliberazioni,
    sala,
    scadenzario,
    sedute,
    service,
    verbali,
)
from capofila.governo.deliberazioni import DecisioneRifiutata, Precedente
from capofila.governo.elezioni import Collegio, Preferenze
from capofila.governo.incarichi import unita_del_giorno
from capofila.governo.seduta import ConteggioRifiutato
from capofila.governo.sedute import Adunanza, Proposta
from capofila.governo.termini import preavviso
from capofila.governo.voti import Scelta, Scrutinio, Voto
from capofila.hooks import Convocazione, Per, SpecieProva, Termine
from tests.conftest import Banca
from tests.governo.adunanze import (
    CASALMAGGIORE,
    GIORNO,
    GUSSOLA,
    PIADENA,
    REGOLE_DI_CREMA,
    TRE,
    aperta,
    decidi,
    prepara,
    presiede_chi_deve,
    tutti,
    voti_di,
)
from tests.governo.casi import ATTO
from tests.governo.test_conteggio import esempio
from tests.prestazioni.casi import comanda, contesto, interroga, prova
from tests.prestazioni.conftest import ambiti, banca_del_modulo, modello

__all__ = ["ambiti", "banca_del_modulo", "modello"]

pytestmark = pytest.mark.anyio
CREMA = "019035"


@pytest.fixture
async def casalasco(ambiti: Banca) -> AsyncIterator[UnitaDiLavoro]:
    """The Casalasco; nothing of what a test does stays."""
    async with prova("casalmaggiore") as unita:
        yield unita


# --- the case of the Casalasco ------------------------------------------------------------------


async def test_i_tre_comuni_grandi_hanno_il_peso_e_non_bastano_undici_si(ambiti: Banca) -> None:
    async with prova("casalmaggiore"):
        id_, [una, altra] = await aperta(
            Proposta(materia="quota-dei-comuni", anno=2026, oggetto="La quota"),
            Proposta(materia="quota-dei-comuni", anno=2026, oggetto="La quota, rivista"),
        )
        respinta, nessuna = await decidi(id_, una, TRE)
        assert (respinta.risultato, nessuna) == ("respinta", None)
        peso, teste = respinta.esito["condizioni"]
        assert (peso["soddisfatta"], teste["soddisfatta"], teste["avuto"]) == (True, False, 3)
        undici = [*TRE, *[chi for chi in await tutti(id_) if chi not in TRE][:8]]
        approvata, deliberazione = await decidi(id_, altra, undici)
        assert approvata.risultato == "approvata"
        assert deliberazione is not None
        assert (deliberazione.numero, deliberazione.chiave) == (1, "assemblea-dei-sindaci/2026/1")
        # What was rejected is in no register, and its vote stays.
        assert [d.numero for d in await deliberazioni.della_seduta(id_)] == [1]
        assert [v.risultato for v in await deliberazioni.votazioni(id_)] == [
            "respinta",
            "approvata",
        ]
        assert approvata.voti[CASALMAGGIORE] == (100, 0, 0)


# --- frozen -------------------------------------------------------------------------------------


async def test_i_pesi_restano_quelli_dell_apertura_anche_se_gli_abitanti_cambiano(
    ambiti: Banca,
) -> None:
    async with prova("casalmaggiore"):
        id_, [una] = await prepara()
        prima = await sala.apri(id_)
        pesi = {uno.id: uno.abitanti for uno in prima.aventi_diritto}
        assert pesi[CASALMAGGIORE] == 14974
        assert prima.fonte_pesi
        [guardata] = await interroga(
            ambiti.superutente,
            "SELECT residenti FROM popolazione WHERE istat = $1 AND anno IS NULL", CASALMAGGIORE,
        )  # fmt: skip
        try:
            await comanda(
                ambiti.superutente,
                f"UPDATE popolazione SET residenti = 1 WHERE istat = '{CASALMAGGIORE}'",
            )
            await sala.segna_presenza(id_, pesi, True, ora=time(18))
            votata, _ = await decidi(id_, una, TRE)
            assert votata.esito["condizioni"][0]["avuto"] == 21553
        finally:
            await comanda(
                ambiti.superutente,
                f"UPDATE popolazione SET residenti = {guardata['residenti']} "
                f"WHERE istat = '{CASALMAGGIORE}' AND anno IS NULL",
            )


async def test_una_votazione_si_ricontrolla_senza_il_plugin(
    ambiti: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with prova("casalmaggiore") as unita:
        id_, [una] = await aperta()
        votata, _ = await decidi(id_, una, await tutti(id_))

        async def spariti(*_: Any) -> Any:
            raise AssertionError("the plugins are asked for nothing")

        for modulo in (sala, sedute, deliberazioni, service):
            if hasattr(modulo, "plugin_attivi"):
                monkeypatch.setattr(modulo, "plugin_attivi", spariti)
        assert (await deliberazioni.ricontata(votata.id))["esito"] == "approvata"
        riga = await unita.riga(
            "SELECT congelata, sha256 FROM votazione WHERE ambito_id = $1 AND id = $2",
            unita.ambito, votata.id,
        )  # fmt: skip
        alterata = riga["congelata"].replace(b'"approvata"', b'"respinta"', 1)
        with pytest.raises(congelato.NonTorna, match="alterata"):
            congelato.riconta(alterata, riga["sha256"])
        with pytest.raises(congelato.NonTorna, match="altro esito"):
            congelato.riconta(alterata, congelato.impronta(alterata))


@pytest.mark.parametrize(
    ("comando", "perche"),
    [
        ("UPDATE peso_seduta SET abitanti = 1", asyncpg.InsufficientPrivilegeError),
        ("DELETE FROM presenza", asyncpg.InsufficientPrivilegeError),
        ("UPDATE votazione SET esito = 'respinta'", asyncpg.InsufficientPrivilegeError),
        ("UPDATE voto SET favorevole = 0, contrario = 100", asyncpg.InsufficientPrivilegeError),
        ("UPDATE deliberazione SET testo = 'altro'", asyncpg.InsufficientPrivilegeError),
        ("UPDATE registro_deliberazioni SET ultimo = 9",
         asyncpg.ObjectNotInPrerequisiteStateError),
        ("UPDATE seduta SET luogo = 'altrove'", asyncpg.ObjectNotInPrerequisiteStateError),
        ("UPDATE seduta SET stato = 'bozza', convocata_il = NULL",
         asyncpg.ObjectNotInPrerequisiteStateError),
        ("DELETE FROM proposta", asyncpg.ObjectNotInPrerequisiteStateError),
    ],
)  # fmt: skip
async def test_cio_che_e_accaduto_non_si_cambia(
    casalasco: UnitaDiLavoro, comando: str, perche: type[Exception]
) -> None:
    id_, [una] = await aperta()
    await decidi(id_, una, await tutti(id_))
    with pytest.raises(perche):
        async with casalasco.punto_di_ritorno():
            await casalasco.esegui(comando)


async def test_l_ordine_dell_appello_non_cambia_nulla_di_cio_che_si_conserva(
    casalasco: UnitaDiLavoro,
) -> None:
    proposte = [Proposta(materia="quota-dei-comuni", oggetto="La quota") for _ in range(6)]
    id_, messe = await aperta(*proposte)
    chi = await tutti(id_)
    viste = set()
    for seme, proposta in enumerate(messe):
        voti = voti_di(chi, chi[4:14])
        random.Random(seme).shuffle(voti)
        votata, _ = await deliberazioni.vota(proposta, "appello", voti=voti, ora=time(19))
        esito = {n: v for n, v in votata.esito.items() if n not in ("impronta", "voti")}
        viste.add((congelato.msgspec.json.encode([esito, sorted(votata.voti)]), votata.risultato))
    assert len(viste) == 1


# --- the room -----------------------------------------------------------------------------------


async def test_presenze_e_deleghe_sono_fatti_con_un_minuto(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, _ = await prepara(regole=REGOLE_DI_CREMA)
        await sala.apri(id_)
        chi = await tutti(id_)
        await sala.segna_presenza(id_, chi[:20], True, ora=time(18))
        una = await sedute.adunanza(id_)
        assert sala.quorum_di(una, await sala.sala(id_)).stato == "mancante"
        await sala.segna_presenza(id_, chi[20:30], True, ora=time(18, 10))
        with pytest.raises(Conflitto, match="numero legale"):
            await sala.dichiara_deserta(id_)
        assert sala.quorum_di(una, await sala.sala(id_)).stato == "raggiunto"
        # A proxy holds while who carries it is there and who gave it is not.
        await sala.segna_delega(id_, chi[40], chi[0], "delega firmata", ora=time(18, 20))
        assert (await sala.sala(id_)).seduta().rappresentati >= {chi[40]}
        await sala.segna_presenza(id_, [chi[0]], False, ora=time(18, 30))
        assert chi[40] not in (await sala.sala(id_)).seduta().rappresentati
        alle = una.inizio().replace(minute=25)
        assert chi[40] in (await sala.sala(id_, alle)).seduta().rappresentati
        with pytest.raises(DatiNonValidi, match="già dato"):
            await sala.segna_delega(id_, chi[40], chi[2], "altra")
        # The rules given allow one each.
        with pytest.raises(DatiNonValidi, match="porta 2 deleghe"):
            await sala.segna_delega(id_, chi[41], chi[0], "un'altra")
        with pytest.raises(DatiNonValidi, match="in ordine"):
            await sala.segna_presenza(id_, [chi[42]], True, ora=time(18, 5))
        with pytest.raises(DatiNonValidi, match="presente"):
            await sala.segna_presidenza(id_, chi[45])
        with pytest.raises(DatiNonValidi, match="aventi diritto"):
            await sala.segna_presenza(id_, ["nessuno"], True)


async def test_una_prima_convocazione_deserta_va_alla_seconda_con_un_altro_quorum(
    ambiti: Banca,
) -> None:
    async with prova("crema"):
        id_, _ = await prepara(
            regole=REGOLE_DI_CREMA, seconda_giorno=GIORNO, seconda_ora=time(19, 30)
        )
        await sala.apri(id_)
        chi = await tutti(id_)
        await sala.segna_presenza(id_, chi[:20], True, ora=time(18))
        await sala.dichiara_deserta(id_)
        with pytest.raises(Conflitto, match="non è aperta"):
            await sala.segna_presenza(id_, chi[20:], True)
        seconda = await sala.apri(id_)
        assert seconda.convocazione == 2
        # The room begins empty.
        assert (await sala.sala(id_)).presenti == ()
        await sala.segna_presenza(id_, chi[:20], True, ora=time(19, 30))
        una = await sedute.adunanza(id_)
        assert sala.quorum_di(una, await sala.sala(id_)).stato == "raggiunto"
        await sala.chiudi(id_)
        assert (await sedute.adunanza(id_)).stato == "chiusa"


async def test_chi_porta_la_delega_vota_per_chi_non_c_e(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, [una] = await prepara(
            Proposta(materia="priorita", oggetto="Le priorità"), regole=REGOLE_DI_CREMA
        )
        await sala.apri(id_)
        chi = await tutti(id_)
        await sala.segna_presenza(id_, chi[:30], True, ora=time(18))
        await presiede_chi_deve(id_)
        await sala.segna_delega(id_, chi[47], chi[0], "delega firmata", ora=time(18))
        voti = voti_di([*chi[:30], chi[47]], chi)
        votata, deliberata = await deliberazioni.vota(una, "appello", voti=voti, ora=time(19))
        assert deliberata is not None
        assert (votata.esito["voti"]["rappresentati"], len(votata.voti)) == (1, 31)
        with pytest.raises(Conflitto, match="già stato votato"):
            await deliberazioni.vota(una, "appello", voti=voti)


# --- who may decide what ------------------------------------------------------------------------

PIANO_OPERATIVO = Proposta(materia="piano-operativo", anno=2017, oggetto="Piano Operativo 2017")
NEL_TRIENNIO = date(2016, 11, 10)
"""While the Accordo 2015-2017 held, whose articles are known."""


async def test_il_piano_operativo_di_crema_vuole_cio_che_viene_prima(ambiti: Banca) -> None:
    """Art. 7 and 13 a: each thing that is missing, with its article, until nothing is."""
    async with prova("crema"):
        id_, [una] = await aperta(PIANO_OPERATIVO, regole=REGOLE_DI_CREMA, giorno=NEL_TRIENNIO)
        chi = await tutti(id_)
        with pytest.raises(DecisioneRifiutata) as rifiuto:
            await decidi(id_, una, chi)
        motivi = {uno.motivo for uno in rifiuto.value.motivi}
        assert motivi == {"manca_proposta", "manca_confronto", "manca_atto"}
        assert "art. 13, lettera a" in rifiuto.value.messaggio
        assert "art. 7" in rifiuto.value.messaggio
        # Nothing stays of it: neither a vote nor a number.
        assert await deliberazioni.votazioni(id_) == []
        prima = date(2016, 3, 2)
        for specie, di, materia, anno in (
            ("atto", "piano-di-zona", "piano-di-zona", None),
            ("confronto", "forum-terzo-settore", "piano-operativo", 2017),
            ("confronto", "organizzazioni-sindacali", "piano-operativo", 2017),
        ):
            await deliberazioni.registra_precedente(
                Precedente(
                    specie=specie, di=di, materia=materia, anno=anno, giorno=prima,  # type: ignore[arg-type]
                    prova="Verbale inventato",
                )
            )  # fmt: skip
        with pytest.raises(DecisioneRifiutata, match="Manca la proposta del Comitato Ristretto"):
            await decidi(id_, una, chi)
        del_2016 = Precedente(
            specie="proposta", di="comitato-ristretto", materia="piano-operativo", anno=2016,
            giorno=prima, prova="Verbale inventato",
        )  # fmt: skip
        dell_altro_anno = await deliberazioni.registra_precedente(del_2016)
        with pytest.raises(DecisioneRifiutata, match="Manca la proposta"):
            await decidi(id_, una, chi)
        await deliberazioni.ritira_precedente(dell_altro_anno)
        await deliberazioni.registra_precedente(
            congelato.msgspec.structs.replace(del_2016, anno=2017)
        )
        _, deliberata = await decidi(id_, una, chi)
        assert deliberata is not None
        trovato = await service.atto_in_vigore("piano-operativo", 2017, NEL_TRIENNIO)
        assert trovato is not None
        assert trovato.chiave == deliberata.chiave


async def test_l_organo_sbagliato_e_rifiutato_con_l_articolo(ambiti: Banca) -> None:
    async with prova("crema") as unita:
        await _siedono(unita, "comitato-ristretto", 12)
        id_, [una] = await aperta(
            Proposta(materia="piano-di-zona", oggetto="Il Piano di Zona"),
            organo="comitato-ristretto",
            giorno=NEL_TRIENNIO,
            regole={n: v for n, v in REGOLE_DI_CREMA.items() if n in ("atto", "voto")},
        )
        with pytest.raises(DecisioneRifiutata, match=r"decide «Assemblea dei Sindaci».*art. 6"):
            await decidi(id_, una, await tutti(id_))


async def test_il_comitato_propone_e_l_assemblea_ne_tiene_conto(ambiti: Banca) -> None:
    async with prova("crema") as unita:
        await _siedono(unita, "comitato-ristretto", 12)
        id_, [una] = await aperta(
            PIANO_OPERATIVO,
            organo="comitato-ristretto",
            giorno=NEL_TRIENNIO,
            regole={n: v for n, v in REGOLE_DI_CREMA.items() if n in ("atto", "voto")},
        )
        _, proposta = await decidi(id_, una, await tutti(id_))
        assert proposta is not None
        assert proposta.propone
        assert (proposta.organo, proposta.numero) == ("comitato-ristretto", 1)
        with pytest.raises(DatiNonValidi, match="soltanto le sue deliberazioni"):
            await prepara(
                Proposta(
                    materia="priorita", oggetto="Un'altra", cessa_id=proposta.id, cessa="annullata"
                )
            )
        # A proposal is not the act.
        assert await service.atto_in_vigore("piano-operativo", 2017, NEL_TRIENNIO) is None
        id_, [una] = await aperta(PIANO_OPERATIVO, regole=REGOLE_DI_CREMA, giorno=NEL_TRIENNIO)
        with pytest.raises(DecisioneRifiutata) as rifiuto:
            await decidi(id_, una, await tutti(id_))
        assert "manca_proposta" not in {uno.motivo for uno in rifiuto.value.motivi}


async def test_senza_numero_legale_non_si_decide(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, [una] = await prepara(
            Proposta(materia="priorita", oggetto="Le priorità"), regole=REGOLE_DI_CREMA
        )
        await sala.apri(id_)
        chi = await tutti(id_)
        await sala.segna_presenza(id_, chi[:10], True, ora=time(18))
        with pytest.raises(DecisioneRifiutata, match="numero legale"):
            await decidi(id_, una, chi)


async def test_gli_emendamenti_si_votano_prima_e_in_ordine(casalasco: UnitaDiLavoro) -> None:
    id_, [una] = await aperta(
        Proposta(materia="quota-dei-comuni", oggetto="La quota", testo="La quota è di 7 €.")
    )
    chi = await tutti(id_)
    primo = await sedute.aggiungi_emendamento(una, "La quota è di 8 €.", "Gussola")
    secondo = await sedute.aggiungi_emendamento(una, "Si rivede ogni anno.", "Piadena")
    for sbagliato in (None, secondo):
        with pytest.raises(Conflitto, match="che cosa resta"):
            await decidi(id_, una, chi, emendamento_id=sbagliato)
    _, nessuna = await decidi(id_, una, [], emendamento_id=primo)
    assert nessuna is None
    _, nessuna = await decidi(id_, una, chi, emendamento_id=secondo)
    assert nessuna is None
    _, deliberata = await decidi(id_, una, chi)
    assert deliberata is not None
    assert "Si rivede ogni anno." in deliberata.testo
    assert "8 €" not in deliberata.testo
    with pytest.raises(Conflitto, match="già votata"):
        await sedute.aggiungi_emendamento(una, "Tardi.", "Gussola")


async def test_il_voto_segreto_e_soltanto_numeri(ambiti: Banca) -> None:
    async with prova("crema") as unita:
        _, [una] = await aperta(
            Proposta(materia="sovrintendenza", oggetto="I due sindaci"), regole=REGOLE_DI_CREMA
        )
        collegio = Collegio(
            nome="Assemblea", schede=48,
            candidati=(
                Preferenze(nome="Anna Inventata", voti=20),
                Preferenze(nome="Ugo Inventato", voti=18),
                Preferenze(nome="Ivo Inventato", voti=10),
            ),
        )  # fmt: skip
        with pytest.raises(DatiNonValidi, match="modo di votare"):
            await deliberazioni.vota(una, "appello", voti=None, collegi=[collegio])
        votata, deliberata = await deliberazioni.vota(
            una, "elezione", collegi=[collegio], ora=time(19)
        )
        assert (votata.risultato, votata.voti) == ("eletti", {})
        assert deliberata is not None
        assert "Anna Inventata, Ugo Inventato" in deliberata.testo
        # Not even by mistake: the table takes no ballots of it.
        with pytest.raises(asyncpg.PostgresError):
            async with unita.punto_di_ritorno():
                await unita.esegui(
                    "INSERT INTO voto (votazione_id, modo, avente, favorevole, contrario, astenuto) "
                    "VALUES ($1, 'appello', 'x', 100, 0, 0)",
                    votata.id,
                )


async def test_un_voto_segreto_di_una_regola_che_pesa_non_si_conta(
    casalasco: UnitaDiLavoro,
) -> None:
    _, [una] = await aperta()
    with pytest.raises(ConteggioRifiutato, match="uno per uno"):
        await deliberazioni.vota(una, "segreta", voti=Scrutinio(favorevoli=18, contrari=0))


async def test_persone_non_si_nominano_con_i_si_e_i_no(ambiti: Banca) -> None:
    async with prova("crema") as unita:
        id_, [una] = await aperta(
            Proposta(materia="sostituto-del-presidente", oggetto="Chi sostituisce"),
            regole=REGOLE_DI_CREMA,
        )
        chi = await tutti(id_)
        with pytest.raises(ConteggioRifiutato, match=r"si eleggono persone.*Accordo.*con i nomi"):
            await decidi(id_, una, chi)
        with pytest.raises(ConteggioRifiutato, match="si eleggono persone"):
            await deliberazioni.vota(una, "segreta", voti=Scrutinio(favorevoli=48, contrari=0))
        assert await deliberazioni.votazioni(id_) == []
        # An amendment to it chooses nobody.
        emendamento = await sedute.aggiungi_emendamento(una, "Per un anno solo.", "Pandino")
        votato, _ = await decidi(id_, una, chi, emendamento_id=emendamento)
        assert votato.approvata
        # Nor is there one who elects: the file of a vote is held to the same.
        file = esempio("crema") | {"materia": "sostituto-del-presidente"}
        with pytest.raises(ConteggioRifiutato, match="si eleggono persone"):
            await service.conta_voti("crema", json.dumps(file).encode())
        assert unita.ambito


async def test_un_elezione_per_sub_ambiti_e_completa_quando_hanno_votato_tutti(
    ambiti: Banca,
) -> None:
    def scheda(nome: str, *chi: str) -> Collegio:
        return Collegio(
            nome=nome, schede=4, candidati=tuple(Preferenze(nome=uno, voti=4) for uno in chi)
        )

    async with prova("crema"):
        id_, [una] = await aperta(
            Proposta(materia="comitato-ristretto", oggetto="Il Comitato"), regole=REGOLE_DI_CREMA
        )
        nomi = [uno.nome for uno in (await unita_del_giorno(GIORNO))[Per.SUB_AMBITO]]
        assert len(nomi) > 1
        with pytest.raises(ConteggioRifiutato, match="non elegge a parte: scegli fra"):
            await deliberazioni.vota(una, "elezione", collegi=[scheda("Atlantide", "A", "B")])
        votata, nessuna = await deliberazioni.vota(
            una, "elezione", collegi=[scheda(nomi[0].upper(), "A", "B")], ora=time(19)
        )
        assert (votata.risultato, nessuna) == ("da_completare", None)
        assert any("non ha ancora votato" in frase for frase in votata.esito["spiegazione"])
        restano = await deliberazioni.che_riprende(votata.id)
        assert [(uno.nome, uno.posti) for uno in restano] == [
            (nome, 2 if nome != nomi[0] else 0) for nome in nomi
        ]
        await deliberazioni.ricontata(votata.id)
        altra = await deliberazioni.riprendi(votata.id)
        fatta, deliberata = await deliberazioni.vota(
            altra, "elezione", collegi=[scheda(n, f"{n} A", f"{n} B") for n in nomi[1:]],
            ora=time(19, 30),
        )  # fmt: skip
        assert fatta.risultato == "eletti"
        assert deliberata is not None
        assert len(await deliberazioni.della_seduta(id_)) == 1


async def test_non_si_vota_se_chi_deve_presiedere_non_presiede(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, [una] = await prepara(
            Proposta(materia="priorita", oggetto="Le priorità"), regole=REGOLE_DI_CREMA
        )
        await sala.apri(id_)
        chi = await tutti(id_)
        await sala.segna_presenza(id_, chi, True, ora=time(18))
        with pytest.raises(Conflitto, match=r"Presiede Crema.*segna che presiede"):
            await decidi(id_, una, chi)
        await presiede_chi_deve(id_)
        await sala.segna_presenza(id_, [CREMA], False, ora=time(18, 30))
        with pytest.raises(Conflitto, match="Nessuno presiede"):
            await decidi(id_, una, chi)
        await sala.segna_presenza(id_, [CREMA], True, ora=time(18, 40))
        votata, _ = await decidi(id_, una, chi)
        assert not any("presiede" in uno.lower() for uno in votata.esito["avvertenze"])


async def test_dove_nessuna_fonte_dice_chi_presiede_si_vota_e_il_verbale_lo_dice(
    casalasco: UnitaDiLavoro,
) -> None:
    id_, [una] = await aperta()
    votata, _ = await decidi(id_, una, await tutti(id_))
    assert votata.approvata
    assert any(uno.startswith("Nessuno risulta presiedere. ") for uno in votata.esito["avvertenze"])
    await deliberazioni.ricontata(votata.id)


async def test_il_preavviso_e_uno_per_la_pagina_e_per_il_voto(
    casalasco: UnitaDiLavoro, monkeypatch: pytest.MonkeyPatch
) -> None:
    festa = date(2026, 6, 9)

    async def della_festa(anni: Any) -> frozenset[date]:
        return frozenset({festa})

    monkeypatch.setattr(sedute, "festivi", della_festa)
    regola = Convocazione(termine=Termine(giorni=8, lavorativi=True), fonte=ATTO)
    id_, [una] = await aperta(seconda_giorno=date(2026, 6, 26), seconda_ora=time(18))
    adunanza = await sedute.adunanza(id_)
    di_ora = await sala.sala(id_)
    [organo] = [o for o in di_ora.apertura.regolamento.organi if o.codice == adunanza.organo]
    con = msgspec.structs.replace(organo, convocazione=(regola,))
    seconda = msgspec.structs.replace(
        di_ora,
        apertura=msgspec.structs.replace(
            di_ora.apertura, giorno=date(2026, 6, 26),
            regolamento=msgspec.structs.replace(di_ora.apertura.regolamento, organi=(con,)),
        ),
    )  # fmt: skip
    cosa = await deliberazioni.da_votare(una)
    assert cosa is not None
    contato, _ = await deliberazioni.conta_ora(adunanza, seconda, cosa)
    atteso = preavviso(regola, date(2026, 6, 1), GIORNO, festivi=frozenset({festa}))
    # The second call is of the same notice as the first, counted back over the same holidays.
    assert (contato.preavviso.entro, contato.preavviso.in_tempo) == (atteso.entro, False)
    assert atteso.in_tempo is False
    assert preavviso(regola, date(2026, 6, 1), GIORNO).entro != atteso.entro


# --- the register -------------------------------------------------------------------------------


async def test_un_atto_annullato_o_sostituito_non_vale_piu_da_quel_giorno(
    casalasco: UnitaDiLavoro,
) -> None:
    id_, [una] = await aperta()
    _, prima = await decidi(id_, una, await tutti(id_))
    assert prima is not None
    dopo = date(2026, 9, 10)
    altra, [nuova] = await aperta(
        Proposta(
            materia="quota-dei-comuni", anno=2026, oggetto="La quota, di nuovo",
            cessa_id=prima.id, cessa="sostituita",
        ),
        giorno=dopo,
    )  # fmt: skip
    _, seconda = await decidi(altra, nuova, await tutti(altra))
    assert seconda is not None
    assert (prima.numero, seconda.numero) == (1, 2)
    adesso = await deliberazioni.deliberazione(prima.id)
    assert (adesso.fino, adesso.cessazione, adesso.con_id) == (dopo, "sostituita", seconda.id)
    for giorno, attesa in ((GIORNO, prima), (dopo, seconda), (date(2026, 6, 1), None)):
        trovato = await service.atto_in_vigore("quota-dei-comuni", 2026, giorno)
        assert (trovato and trovato.chiave) == (attesa and attesa.chiave)
    with pytest.raises(NonTrovato, match="da annullare o sostituire"):
        await prepara(
            Proposta(
                materia="quota-dei-comuni",
                oggetto="Un'altra",
                cessa_id=prima.id + 999,
                cessa="annullata",
            )
        )
    with pytest.raises(Conflitto, match="non vale già più"):
        await deliberazioni.annulla(prima.id, dopo, "Sentenza inventata")
    await deliberazioni.annulla(seconda.id, date(2026, 10, 1), "Sentenza inventata n. 1")
    assert await service.atto_in_vigore("quota-dei-comuni", 2026, date(2026, 10, 1)) is None
    trovate, quante = await deliberazioni.registro(cerca="DI NUOVO")
    assert ([d.id for d in trovate], quante) == ([seconda.id], 1)
    assert (await deliberazioni.registro(cerca="100%"))[1] == 0


async def test_un_altra_stanza_cita_un_atto_che_c_e_e_vale(casalasco: UnitaDiLavoro) -> None:
    id_, [una] = await aperta()
    _, deliberata = await decidi(id_, una, await tutti(id_))
    assert deliberata is not None
    [servizio, *_] = await compartecipazione.servizi(GIORNO)
    adotta = compartecipazione.Adozione(
        comune="B898", servizio=servizio, stato="adotta", dal=GIORNO,
        organo="Assemblea dei Sindaci", numero=deliberata.chiave, data=GIORNO,
    )  # fmt: skip
    prima = congelato.msgspec.structs.replace(adotta, data=date(2026, 6, 1))
    mai = congelato.msgspec.structs.replace(adotta, numero="assemblea-dei-sindaci/2026/9")
    for sbagliata in (prima, mai):
        with pytest.raises(compartecipazione.AdozioneRifiutata, match="registro"):
            await compartecipazione.registra_adozione(sbagliata)
    assert (await compartecipazione.registra_adozione(adotta))[0]


async def test_due_sedute_insieme_si_numerano_senza_salti(ambiti: Banca) -> None:
    """Two units of work at the same time: one waits for the other, and one that fails leaves no hole."""
    dove = await contesto("cremona")
    regole = {n: v for n, v in REGOLE_DI_CREMA.items() if n in ("atto", "voto")}
    pronte = []
    async with unita_di_lavoro(dove):
        for _ in range(5):
            pronte.append(
                await aperta(
                    Proposta(materia="quota-dei-comuni", oggetto="Una prova"), regole=regole
                )
            )

    async def delibera(quale: int, *, fallisce: bool = False) -> int | None:
        id_, [una] = pronte[quale]
        try:
            async with unita_di_lavoro(dove):
                _, fatta = await decidi(id_, una, await tutti(id_))
                await asyncio.sleep(0.05)
                if fallisce:
                    raise RuntimeError
                assert fatta is not None
                return fatta.numero
        except RuntimeError:
            return None

    numeri = await asyncio.gather(
        delibera(0), delibera(1), delibera(2, fallisce=True), delibera(3), delibera(4)
    )
    assert sorted(n for n in numeri if n) == [1, 2, 3, 4]


# --- calling ------------------------------------------------------------------------------------


async def test_chi_lavora_per_un_comune_legge_e_non_convoca(ambiti: Banca) -> None:
    async with prova("casalmaggiore", comune="B898"):
        with pytest.raises(NonAutorizzato):
            await sedute.crea(
                Adunanza(organo="assemblea-dei-sindaci", giorno=GIORNO, ora=time(9), luogo="Sala")
            )


async def test_una_seduta_si_convoca_con_un_ordine_del_giorno_e_si_apre_il_suo_giorno(
    casalasco: UnitaDiLavoro,
) -> None:
    futura = Adunanza(
        organo="assemblea-dei-sindaci", giorno=date(2090, 1, 10), ora=time(9), luogo="Sala"
    )
    id_ = await sedute.crea(futura)
    with pytest.raises(DatiNonValidi, match="vuoto"):
        await sedute.convoca(id_)
    punto = await sedute.aggiungi_punto(id_, "Comunicazioni")
    di_troppo = await sedute.aggiungi_punto(id_, "Di troppo")
    await sedute.togli_punto(id_, di_troppo)
    # No act found gives a notice: none is judged.
    assert (await sedute.convoca(id_)).in_tempo is None
    with pytest.raises(Conflitto, match="apre quel giorno"):
        await sala.apri(id_)
    with pytest.raises(Conflitto, match="già convocata"):
        await sedute.correggi(id_, futura)
    with pytest.raises(Conflitto):
        await sedute.togli_punto(id_, punto)
    tardo = await sedute.aggiungi_punto(id_, "Aggiunto dopo")
    punti = {p.id: p.dopo_la_convocazione for p in await sedute.ordine_del_giorno(id_)}
    assert punti == {punto: False, tardo: True}
    await sedute.revoca(id_)
    with pytest.raises(Conflitto, match="chiusa"):
        await sedute.aggiungi_punto(id_, "Troppo tardi")


async def test_regole_che_il_plugin_dichiara_non_si_cambiano(casalasco: UnitaDiLavoro) -> None:
    id_, _ = await prepara()
    with pytest.raises(ConteggioRifiutato, match="la regola c'è già"):
        await prepara(regole={"atto": REGOLE_DI_CREMA["atto"], "voto": REGOLE_DI_CREMA["voto"]})
    with pytest.raises(ConteggioRifiutato):
        await prepara(regole={"voto": {"condizioni": []}})
    with pytest.raises(NonTrovato):
        await sedute.adunanza(id_ + 1000)


async def test_un_comune_in_conflitto_di_interessi_non_vota(casalasco: UnitaDiLavoro) -> None:
    id_, [una] = await aperta()
    chi = await tutti(id_)
    with pytest.raises(ConteggioRifiutato, match="interessati"):
        await decidi(id_, una, chi, interessati=[GUSSOLA])
    altri = [uno for uno in chi if uno != GUSSOLA]
    votata, deliberata = await deliberazioni.vota(
        una, "alzata", voti=[Voto.intero(uno, Scelta.FAVOREVOLE) for uno in altri],
        interessati=[GUSSOLA], ora=time(19),
    )  # fmt: skip
    assert deliberata is not None
    assert votata.esito["voti"]["interessati"] == 1
    assert PIADENA in votata.voti


async def _siedono(unita: UnitaDiLavoro, organo: str, quanti: int) -> None:
    """Somebody invented in each seat of a body counted over the sub-ambiti."""
    gruppi = await unita.righe(
        "SELECT codice FROM sub_ambito WHERE ambito_id = $1 ORDER BY codice", unita.ambito
    )
    posti = [(g["codice"], posto) for g in gruppi for posto in (1, 2)][:quanti]
    await unita.esegui_per_ognuna(
        "INSERT INTO incarico_organo (organo, categoria, unita, posto, persona, dal, designato_da, "
        "data, inventato) VALUES ($1, 'componente', $2, $3, 'Persona inventata', $4, "
        "'Assemblea dei Sindaci', $4, true)",
        [(organo, codice, posto, date(2015, 6, 1)) for codice, posto in posti],
    )


# --- minutes ------------------------------------------------------------------------------------


async def test_il_verbale_e_un_pdf_da_conservare_con_la_sua_impronta(
    casalasco: UnitaDiLavoro,
) -> None:
    id_, [una] = await aperta()
    chi = await tutti(id_)
    await sala.segna_presidenza(id_, CASALMAGGIORE)
    await decidi(id_, una, chi)
    with pytest.raises(Conflitto, match="chiusa"):
        await verbali.verbale(id_)
    await sala.chiudi(id_)
    numero = await verbali.verbale(id_, pubblicare_entro=oggi() + timedelta(days=10))
    documento, contenuto = await sedute.documento(numero)
    assert contenuto.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>3</pdfaid:part>" in contenuto
    assert b"<pdfuaid:part>1</pdfuaid:part>" in contenuto
    assert documento.sha256 == hashlib.sha256(contenuto).hexdigest()
    adunanza = await sedute.adunanza(id_)
    assert adunanza.stato == "verbalizzata"
    assert adunanza.pubblicare_entro is not None
    with pytest.raises(Conflitto, match="una volta sola"):
        await verbali.verbale(id_)
    with pytest.raises(Conflitto, match="chiusa"):
        await sedute.aggiungi_documento(id_, None, "tardi.pdf", b"%PDF")
    await sedute.pubblica(id_, oggi(), "Albo pretorio del Comune di Casalmaggiore")
    assert (await sedute.adunanza(id_)).stato == "pubblicata"


async def test_gli_atti_da_pubblicare_sono_una_scadenza_e_il_registro_dice_quando(
    casalasco: UnitaDiLavoro,
) -> None:
    entro = oggi() + timedelta(days=10)
    id_, [una] = await aperta()
    _, deliberata = await decidi(id_, una, await tutti(id_))
    assert deliberata is not None
    await sala.chiudi(id_)
    await verbali.verbale(id_, pubblicare_entro=entro, motivo="Lo dice un atto inventato")
    assert (await sedute.adunanza(id_)).motivo_termine == "Lo dice un atto inventato"
    scadenza = await scadenzario.istanza(f"pubblica-seduta-{id_}", entro.year)
    assert (scadenza.data, scadenza.aperta, scadenza.seduta) == (entro, True, id_)
    with pytest.raises(Conflitto, match="sa da sé"):
        await scadenzario.segna(
            scadenza.codice, entro.year, esito="fatto", giorno=oggi(), prova="Albo", numero=1,
            specie=SpecieProva.DOCUMENTO,
        )  # fmt: skip
    await sedute.pubblica(id_, oggi(), "Albo pretorio")
    fatta = await scadenzario.istanza(f"pubblica-seduta-{id_}", entro.year)
    assert fatta.fatto is not None
    assert fatta.fatto.prova == "Albo pretorio"
    letta = await deliberazioni.deliberazione(deliberata.id)
    assert (letta.pubblicare_entro, letta.pubblicata_il) == (entro, oggi())
    # No act found says for how long, or from when it takes effect: it stays open.
    assert await deliberazioni.albi([letta]) == {}


async def test_chi_lavora_per_un_comune_ha_prima_le_sedute_a_cui_e_chiamato(ambiti: Banca) -> None:
    async with prova("crema") as unita:
        assemblea, _ = await prepara(giorno=oggi() - timedelta(days=40), regole=REGOLE_DI_CREMA)
        await prepara(organo="comitato-ristretto", giorno=oggi())
        tutte = await sedute.adunanze()
        assert await chiamate.del_comune(tutte) is None
        await unita.restringi(msgspec.structs.replace(unita.contesto, comune="G306"))
        sue = await chiamate.del_comune(tutte)
        # Pandino sits in the Assemblea by right, and nobody of it in the Comitato.
        assert sue == {assemblea}
        assert await service.prossime_sedute(9) == []
        await unita.restringi(msgspec.structs.replace(unita.contesto, comune=None))
        attesa, _ = await prepara(giorno=oggi() + timedelta(days=3))
        in_corso, _ = await prepara(giorno=oggi() - timedelta(days=1), regole=REGOLE_DI_CREMA)
        await sala.apri(in_corso)
        await sala.apri(assemblea)  # forty days ago: one that nobody closed does not go on now
        await unita.restringi(msgspec.structs.replace(unita.contesto, comune="G306"))
        # What goes on now comes before what is to come.
        assert [una.percorso for una in await service.prossime_sedute(9)] == [
            f"sedute/{in_corso}", f"sedute/{attesa}",
        ]  # fmt: skip


async def test_un_documento_si_riprende_com_era_e_solo_di_certi_tipi(
    casalasco: UnitaDiLavoro,
) -> None:
    id_, _ = await aperta()
    numero = await sedute.aggiungi_documento(id_, None, "relazione.pdf", b"%PDF-1.7 inventato")
    _, contenuto = await sedute.documento(numero)
    assert contenuto == b"%PDF-1.7 inventato"
    for nome, dati in (("programma.exe", b"x"), ("vuoto.pdf", b""), (".pdf", b"x")):
        with pytest.raises(DatiNonValidi):
            await sedute.aggiungi_documento(id_, None, nome, dati)
    with pytest.raises(NonTrovato):
        await sedute.documento(numero + 1)
