"""What is typed at the desk and kept: divided votes, who presides, matters, run-offs, quotas, minutes."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from capofila.base.attivazioni import ROMA, oggi, plugin_attivi
from capofila.base.database import unita_corrente, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.governo import (
    chiamate,
    congelato,
    deliberazioni,
    quote,
    sala,
    sedute,
    service,
    verbali,
)
from capofila.governo.deliberazioni import ParitaDaSciogliere, Precedente
from capofila.governo.elezioni import Collegio, Preferenze
from capofila.governo.incarichi import presidenti
from capofila.governo.lettura import Richiesta, leggi
from capofila.governo.quote import QuoteRegistrate, leggi_quote
from capofila.governo.seduta import ConteggioRifiutato
from capofila.governo.sedute import MateriaRifiutata, Proposta
from capofila.governo.voti import Scelta, Voto
from capofila.territorio import service as territorio
from tests.conftest import Banca
from tests.governo.adunanze import (
    CASALMAGGIORE,
    GIORNO,
    PERCHE,
    REGOLE_DI_CREMA,
    aperta,
    decidi,
    prepara,
    tutti,
)
from tests.governo.organi_casi import componente
from tests.prestazioni.casi import contesto, prova
from tests.prestazioni.conftest import ambiti, banca_del_modulo, modello

__all__ = ["ambiti", "banca_del_modulo", "modello"]

pytestmark = pytest.mark.anyio

CREMA, PANDINO, AGNADELLO = "019035", "019067", "019002"
ATTO = REGOLE_DI_CREMA["atto"]


def per_quote(**altro: Any) -> dict[str, Any]:
    """The rules of a meeting that weighs by quotas."""
    return {
        "atto": ATTO,
        "voto": {
            "condizioni": [{"misura": "quote", "piu_di": "1/2", "base": "aventi diritto", **altro}],
            "astensioni": "voto",
            "parita": "respinta",
            "divisibile": True,
        },
    }


async def registra(anno: int, *, senza: str = "", ciascuno: str = "2.5") -> int:
    """The same quota for each comune of the ambito, but for one."""
    membri = [uno.istat for uno in await territorio.membri(GIORNO)]
    return await quote.registra_quote(
        QuoteRegistrate(
            id=0, anno=anno, ente="Azienda inventata", organo="Assemblea", numero="4",
            data=date(2026, 1, 12),
        ),
        {istat: Decimal(ciascuno) for istat in membri if istat != senza},
    )  # fmt: skip


# --- divided votes and quotas -------------------------------------------------------------------


async def test_un_voto_diviso_si_conserva_si_riconta_e_si_legge_nel_verbale(ambiti: Banca) -> None:
    async with prova("cremona"):
        await registra(2026)
        id_, [una] = await aperta(regole=per_quote())
        apertura = (await sala.sala(id_)).apertura
        assert {uno.quote for uno in apertura.aventi_diritto} == {Fraction(5, 2)}
        assert (
            apertura.fonte_quote
            == "quote del 2026 in Azienda inventata, Assemblea, atto n. 4 del 12/01/2026"
        )
        chi = await tutti(id_)
        diviso = Voto(chi=chi[0], favorevole=Fraction(3, 5), contrario=Fraction(2, 5))
        altri = [Voto.intero(uno, Scelta.FAVOREVOLE) for uno in chi[1:]]
        votata, deliberata = await deliberazioni.vota(
            una, "appello", voti=[diviso, *altri], ora=time(19)
        )
        assert deliberata is not None
        assert votata.voti[chi[0]] == (Decimal(60), Decimal(40), Decimal(0))
        assert votata.esito["voti"]["divisi"] == 1
        in_tutto = Fraction(5, 2) * (len(chi) - 1) + Fraction(3, 2)
        [condizione] = votata.esito["condizioni"]
        assert Fraction(condizione["avuto"]) == in_tutto
        assert (await deliberazioni.ricontata(votata.id))["voti"]["divisi"] == 1
        assert verbali.voto_in_parole(votata.voti[chi[0]]) == (
            "favorevole per il 60%, contrario per il 40%"
        )


async def test_un_voto_diviso_e_rifiutato_dove_la_regola_non_lo_ammette(ambiti: Banca) -> None:
    async with prova("casalmaggiore"):
        _, [una] = await aperta()
        diviso = Voto(chi=CASALMAGGIORE, favorevole=Fraction(1, 2), contrario=Fraction(1, 2))
        with pytest.raises(ConteggioRifiutato, match="non ammette un voto diviso"):
            await deliberazioni.vota(una, "appello", voti=[diviso], ora=time(19))


async def test_senza_le_quote_dell_anno_la_seduta_non_si_apre_e_dice_che_fare(
    ambiti: Banca,
) -> None:
    async with prova("cremona"):
        sbagliate = await registra(2024)
        id_, _ = await prepara(regole=per_quote(anno_pesi=2025))
        with pytest.raises(DatiNonValidi, match=r"del 2025 .* Quote dei comuni"):
            await sala.apri(id_)
        primo = (await territorio.membri(GIORNO))[0]
        await registra(2025, senza=primo.istat)
        with pytest.raises(DatiNonValidi, match=primo.nome):
            await sala.apri(id_)
        with pytest.raises(Conflitto, match="ha già le sue quote"):
            await registra(2025)
        del_2025 = await quote.quote_del(2025)
        assert del_2025 is not None
        await quote.ritira_quote(del_2025.id)
        await registra(2025, ciascuno="3")
        # The year is the one that the rule states, and what was registered later does not count.
        apertura = await sala.apri(id_)
        assert apertura.anno_pesi == 2025
        assert {uno.quote for uno in apertura.aventi_diritto} == {Fraction(3)}
        ultime = await quote.quote_del(2025)
        assert ultime is not None
        await quote.ritira_quote(ultime.id)
        assert (await sala.sala(id_)).apertura.aventi_diritto == apertura.aventi_diritto
        with pytest.raises(NonTrovato):
            await quote.ritira_quote(ultime.id)
        assert [una.id for una in await quote.quote_registrate()] == [sbagliate]


async def test_le_quote_sono_del_comune_anche_dove_il_seggio_non_lo_e(ambiti: Banca) -> None:
    """In the Comitato Ristretto a seat is of a sub-ambito; who holds it comes from a comune."""
    giorno = date(2016, 5, 2)
    async with prova("crema") as unita:
        suo = await componente("1", persona="Anna Inventata")
        await registra(2016)
        id_, _ = await prepara(
            Proposta(materia="regolamenti", oggetto="Il regolamento"),
            organo="comitato-ristretto", giorno=giorno, regole=per_quote(),
        )  # fmt: skip
        aperta_ = await sala.apri(id_)
        assert [(uno.id, uno.quote) for uno in aperta_.aventi_diritto] == [
            ("componente-1-1", Fraction(5, 2))
        ]
        # Who is called is who held the seat then: not by an appointment that ended, or was withdrawn.
        tutte = [await sedute.adunanza(id_)]
        await unita.restringi(msgspec.structs.replace(unita.contesto, comune="G306"))
        assert await chiamate.del_comune(tutte) == {id_}
        for come in ("al = '2016-05-01'", "al = NULL, ritirato_il = now()"):
            await unita.restringi(msgspec.structs.replace(unita.contesto, comune=None))
            await unita.esegui(f"UPDATE incarico_organo SET {come} WHERE id = $1", suo)
            await unita.restringi(msgspec.structs.replace(unita.contesto, comune="G306"))
            assert await chiamate.del_comune(tutte) == set()


async def test_una_regola_che_non_pesa_le_quote_si_apre_senza(ambiti: Banca) -> None:
    async with prova("casalmaggiore"):
        id_, _ = await prepara()
        assert all(uno.quote is None for uno in (await sala.apri(id_)).aventi_diritto)


@pytest.mark.parametrize(
    ("testo", "attese", "errore"),
    [
        ("Comune;Quota\nCrema;12,5\nSan Daniele Po;1", {"1": "12.5", "2": "1"}, None),
        ("\ufeff1;3\r\n\r\n2;4.25\n", {"1": "3", "2": "4.25"}, None),
        ("crema;1", {"1": "1"}, None),
        ("Milano;3", None, "Riga 1: «Milano» non è un comune"),
        ("Crema;1\nCREMA;2", None, "Riga 2: Crema è scritto due volte"),
        ("Crema;1.000,5", None, "non è una quota"),
        ("Crema;-1", None, "non è una quota"),
        ("Crema;1,1234567", None, "non è una quota"),
        ("Crema 3", None, "Riga 1: scrivi comune e quota"),
        ("", None, "nessuna quota"),
        ("Crema;0", None, "tutte zero"),
    ],
)
def test_le_quote_si_leggono_da_un_csv(
    testo: str, attese: dict[str, str] | None, errore: str | None
) -> None:
    lette, errori = leggi_quote(testo, {"1": "Crema", "2": "San Daniele Po"})
    if attese is None:
        assert errore is not None
        assert any(errore in uno for uno in errori)
    else:
        assert (lette, errori) == ({n: Decimal(q) for n, q in attese.items()}, [])


# --- who presides -------------------------------------------------------------------------------


async def test_presiede_chi_dice_l_articolo_e_gli_altri_sono_rifiutati(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, _ = await prepara(regole=REGOLE_DI_CREMA)
        await sala.apri(id_)
        await sala.segna_presenza(id_, [CREMA, PANDINO, AGNADELLO], True, ora=time(18))
        with pytest.raises(DatiNonValidi, match=r"Presiede Crema.*di diritto.*Accordo"):
            await sala.segna_presidenza(id_, PANDINO)
        assert await sala.segna_presidenza(id_, CREMA, ora=time(18, 5)) is None
        # Gone the mayor, the act wants a substitute that the Assemblea appoints: none is there.
        await sala.segna_presenza(id_, [CREMA], False, ora=time(18, 30))
        with pytest.raises(DatiNonValidi, match="designato dall'Assemblea"):
            await sala.segna_presidenza(id_, PANDINO)
        # A deputy who takes the seat of the mayor votes for it, and does not preside.
        await sala.segna_presenza(
            id_, [CREMA], True, ora=time(18, 40), per_l_ente="Assessora inventata"
        )
        with pytest.raises(DatiNonValidi, match="non risulta in sala"):
            await sala.segna_presidenza(id_, AGNADELLO)
        await unita_corrente().esegui(
            "INSERT INTO incarico_organo (organo, funzione, unita, persona, dal, designato_da, data, "
            "inventato) VALUES ('assemblea-dei-sindaci', 'sostituzione', $1, 'Persona inventata', $2, "
            "'Assemblea dei Sindaci', $2, true)",
            PANDINO, date(2026, 1, 10),
        )  # fmt: skip
        assert await sala.segna_presidenza(id_, PANDINO, ora=time(18, 50)) is None
        assert (await sala.sala(id_)).presidente == PANDINO


async def _incarico(
    funzione: str, unita: str, persona: str, dal: date, categoria: str | None = None
) -> None:
    await unita_corrente().esegui(
        "INSERT INTO incarico_organo (organo, funzione, categoria, unita, istat, persona, dal, "
        "designato_da, data, inventato) VALUES ('assemblea-dei-sindaci', $1, $2, $3, $4, $5, $6, "
        "'Assemblea dei Sindaci', $6, true)",
        funzione, categoria, unita, unita if categoria else None, persona, dal,
    )  # fmt: skip


async def test_chi_sostituisce_decade_quando_il_seggio_passa_a_un_altro(ambiti: Banca) -> None:
    async with prova("crema"):
        [organo] = [
            uno
            for uno in (await plugin_attivi(GIORNO)).organi()
            if uno.codice == "assemblea-dei-sindaci"
        ]
        categoria = organo.seggi[0].categoria
        await _incarico("componente", PANDINO, "Anna Inventata", date(2026, 1, 1), categoria)
        await _incarico("sostituzione", PANDINO, "Anna Inventata", date(2026, 1, 10))
        assert (await presidenti(organo, GIORNO)).sostituto == PANDINO
        await unita_corrente().esegui(
            "UPDATE incarico_organo SET al = '2026-03-01' WHERE funzione = 'componente'"
        )
        await _incarico("componente", PANDINO, "Bruno Inventato", date(2026, 3, 2), categoria)
        assert (await presidenti(organo, GIORNO)).sostituto is None


async def test_chi_entra_al_posto_del_sindaco_che_presiedeva_non_presiede(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, _ = await aperta(regole=REGOLE_DI_CREMA)
        assert (await sala.sala(id_)).seduta().presidente == CREMA
        await sala.segna_presenza(id_, [CREMA], False, ora=time(18, 30))
        assert (await sala.sala(id_)).seduta().presidente is None
        await sala.segna_presenza(
            id_, [CREMA], True, ora=time(18, 40), per_l_ente="Assessora inventata"
        )
        # The seat votes; its casting vote went with the mayor.
        seduta = (await sala.sala(id_)).seduta()
        assert CREMA in seduta.presenti
        assert seduta.presidente is None
        with pytest.raises(DatiNonValidi, match="Presiedere è personale"):
            await sala.segna_presidenza(id_, CREMA)


async def test_un_ora_che_deve_ancora_venire_e_rifiutata(ambiti: Banca) -> None:
    async with prova("casalmaggiore"):
        id_, _ = await prepara(giorno=oggi())
        await sala.apri(id_)
        adesso = datetime.now(ROMA)
        if adesso.hour >= 23:
            pytest.skip("a minute before midnight nothing of the day is yet to come")
        with pytest.raises(DatiNonValidi, match=r"deve ancora venire.*lasciala vuota"):
            await sala.segna_presenza(id_, [CASALMAGGIORE], True, ora=time(23, 59))
        assert await sala.eventi(id_, 1) == []
        await sala.segna_presenza(id_, [CASALMAGGIORE], True)
        [evento] = await sala.eventi(id_, 1)
        assert evento.quando <= datetime.now(ROMA)


async def test_dove_nessuna_fonte_dice_chi_presiede_il_verbale_lo_dice(ambiti: Banca) -> None:
    async with prova("casalmaggiore"):
        id_, _ = await prepara()
        await sala.apri(id_)
        await sala.segna_presenza(id_, [CASALMAGGIORE], True, ora=time(18))
        nota = await sala.segna_presidenza(id_, CASALMAGGIORE, ora=time(18))
        assert nota is not None
        [evento] = [uno for uno in await sala.eventi(id_, 1) if uno.specie == "presiede"]
        assert verbali.fatto_in_parole(evento, {CASALMAGGIORE: "Casalmaggiore"}) == (
            f"Casalmaggiore: presiede. {nota}"
        )
        assert "Nessuna fonte dice chi presiede" in nota


# --- which matters ------------------------------------------------------------------------------


async def test_una_materia_che_il_plugin_non_conosce_non_si_mette_all_ordine_del_giorno(
    ambiti: Banca,
) -> None:
    async with prova("crema"):
        with pytest.raises(MateriaRifiutata, match="non conosce la materia") as rifiuto:
            await prepara(Proposta(materia="bilancio-di-genere", oggetto="Un bilancio"))
        assert rifiuto.value.campo == "materia"
        with pytest.raises(MateriaRifiutata, match="non conosce la materia"):
            await deliberazioni.registra_precedente(
                Precedente(
                    specie="atto", di="x", materia="bilancio-di-genere", giorno=GIORNO, prova="Atto"
                )
            )


async def test_una_materia_di_nessuno_vuole_la_ragione_e_il_verbale_la_stampa(
    ambiti: Banca,
) -> None:
    async with prova("casalmaggiore"):
        id_, [una] = await aperta()
        punto = (await sedute.ordine_del_giorno(id_))[0].id
        with pytest.raises(MateriaRifiutata, match="scrivi perché") as rifiuto:
            await sedute.aggiungi_proposta(
                punto, Proposta(materia="quota-dei-comuni", oggetto="Senza ragione")
            )
        assert rifiuto.value.campo == "motivazione"
        votata, _ = await decidi(id_, una, await tutti(id_))
        assert any(PERCHE in avviso for avviso in votata.esito["avvertenze"])
        await deliberazioni.ricontata(votata.id)
        # One that an earlier version took in without a reason is not voted.
        senza = await unita_corrente().valore(
            "INSERT INTO proposta (seduta_id, punto_id, materia, oggetto) "
            "VALUES ($1, $2, 'quota-dei-comuni', 'Di prima') RETURNING id",
            id_, punto,
        )  # fmt: skip
        with pytest.raises(DatiNonValidi, match="non dice perché"):
            await decidi(id_, senza, await tutti(id_))
        senza_ragione = Precedente(
            specie="atto", di="statuto", materia="statuto", giorno=GIORNO, prova="Atto inventato"
        )
        with pytest.raises(MateriaRifiutata, match="scrivi perché"):
            await deliberazioni.registra_precedente(senza_ragione)
        await deliberazioni.registra_precedente(replace(senza_ragione, motivazione=PERCHE))


async def test_una_ragione_non_serve_dove_una_fonte_dice_chi_decide(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, [una] = await prepara(
            Proposta(materia="priorita", oggetto="Le priorità"), regole=REGOLE_DI_CREMA
        )
        assert (await sedute.proposta(una)).motivazione is None
        with pytest.raises(MateriaRifiutata, match="gli atti chiedono") as rifiuto:
            await deliberazioni.registra_precedente(
                Precedente(
                    specie="confronto", di="circolo-della-vela", materia="piano-operativo",
                    giorno=GIORNO, prova="Verbale", anno=2026,
                )
            )  # fmt: skip
        assert rifiuto.value.campo == "di"
        assert (await sedute.adunanza(id_)).stato == "convocata"


# --- elections that end in a tie ----------------------------------------------------------------


def scheda(nome: str, schede: int, *, prima: tuple[str, ...] = (), **voti: int) -> Collegio:
    return Collegio(
        nome=nome, schede=schede, precedenza=prima or msgspec.UNSET,
        candidati=tuple(Preferenze(nome=chi, voti=quanti) for chi, quanti in voti.items()),
    )  # fmt: skip


async def elezione(parita: str) -> tuple[int, int]:
    """An election of two at Crema, with what the act leaves open given."""
    regole = {**REGOLE_DI_CREMA, "elezione": {"preferenze": 1, "parita": parita}}
    id_, [una] = await aperta(
        Proposta(materia="sovrintendenza", oggetto="I due sindaci"), regole=regole
    )
    return id_, una


async def test_a_parita_si_apre_il_ballottaggio_e_l_atto_ha_tutti_gli_eletti(
    ambiti: Banca,
) -> None:
    async with prova("crema"):
        id_, una = await elezione("ballottaggio")
        primo, nessuna = await deliberazioni.vota(
            una, "elezione", collegi=[scheda("Assemblea", 40, anna=20, ugo=10, ivo=10)],
            ora=time(19),
        )  # fmt: skip
        assert (primo.risultato, nessuna) == ("da_completare", None)
        [resta] = await deliberazioni.che_riprende(primo.id)
        assert (resta.eletti, resta.posti, resta.fra) == (("anna",), 1, ("ivo", "ugo"))
        segue = await deliberazioni.riprendi(primo.id)
        with pytest.raises(Conflitto, match="già aperta"):
            await deliberazioni.riprendi(primo.id)
        assert "ballottaggio" in (await sedute.proposta(segue)).oggetto
        with pytest.raises(DatiNonValidi, match="si vota con i nomi"):
            await decidi(id_, segue, [])
        with pytest.raises(ConteggioRifiutato, match="non va al ballottaggio"):
            await deliberazioni.vota(
                segue, "elezione", collegi=[scheda("Assemblea", 40, zoe=40)], ora=time(19, 5)
            )
        # Again as many: again a vote, and whoever was elected stays.
        ancora, _ = await deliberazioni.vota(
            segue, "elezione", collegi=[scheda("Assemblea", 40, ugo=20, ivo=20)], ora=time(19, 10)
        )
        assert ancora.risultato == "da_completare"
        terza = await deliberazioni.riprendi(ancora.id)
        fatta, deliberata = await deliberazioni.vota(
            terza, "elezione", collegi=[scheda("Assemblea", 40, ugo=21, ivo=19)], ora=time(19, 20)
        )
        assert deliberata is not None
        assert "anna, ugo" in deliberata.testo
        assert fatta.esito["collegi"][0]["eletti"] == ["anna", "ugo"]
        for votata in (primo, ancora, fatta):
            await deliberazioni.ricontata(votata.id)
        with pytest.raises(Conflitto, match="non lascia posti"):
            await deliberazioni.riprendi(fatta.id)
        with pytest.raises(NonTrovato):
            await deliberazioni.riprendi(fatta.id + 1000)


async def test_se_la_regola_e_l_eta_si_scrive_chi_va_prima(ambiti: Banca) -> None:
    async with prova("crema"):
        id_, una = await elezione("anziano")
        pari = scheda("Assemblea", 40, anna=20, ugo=10, ivo=10)
        with pytest.raises(ParitaDaSciogliere, match="il più anziano di età"):
            await deliberazioni.vota(una, "elezione", collegi=[pari], ora=time(19))
        assert await deliberazioni.votazioni(id_) == []
        fatta, deliberata = await deliberazioni.vota(
            una, "elezione", collegi=[replace(pari, precedenza=("ugo", "ivo"))], ora=time(19)
        )
        assert deliberata is not None
        assert fatta.esito["collegi"][0]["eletti"] == ["anna", "ugo"]
        assert any("a parità di voti ugo" in frase for frase in fatta.esito["spiegazione"])


# --- what came before ---------------------------------------------------------------------------


async def test_cio_che_viene_prima_si_trova_anche_dopo_mille_altri_fatti(ambiti: Banca) -> None:
    async with prova("crema") as unita:
        await deliberazioni.registra_precedente(
            Precedente(
                specie="atto", di="piano-di-zona", materia="piano-di-zona", giorno=date(2015, 4, 30),
                prova="Delibera inventata",
            )
        )  # fmt: skip
        await unita.esegui(
            "INSERT INTO confronto (specie, di, materia, anno, giorno, prova) "
            "SELECT 'confronto', 'forum-terzo-settore', 'piano-operativo', 2000 + n % 25, "
            "date '2016-01-01' + n, 'Verbale inventato' FROM generate_series(1, 1500) n"
        )
        organi = (await plugin_attivi(GIORNO)).organi()
        fatti = await deliberazioni.compiuti(
            organi, "assemblea-dei-sindaci", "piano-operativo", GIORNO
        )
        atti = [uno for uno in fatti if uno.specie == "atto"]
        assert [uno.materia for uno in atti] == ["piano-di-zona"]
        # One each year of what is wanted, however many there are.
        assert len(fatti) == 1 + 25
        assert await service.atto_in_vigore("piano-di-zona", None, GIORNO) is not None
        trovati, quanti = await deliberazioni.precedenti(31)
        assert (len(trovati), quanti) == (1, 1501)


async def test_un_atto_registrato_si_annulla_con_un_altro_atto(ambiti: Banca) -> None:
    async with prova("crema"):
        dal, prima = date(2016, 6, 1), date(2016, 5, 31)
        id_ = await deliberazioni.registra_precedente(
            Precedente(
                specie="atto", di="piano-di-zona", materia="piano-di-zona", giorno=date(2015, 4, 30),
                prova="Delibera inventata",
            )
        )  # fmt: skip
        with pytest.raises(DatiNonValidi, match="prima di essere deliberato"):
            await deliberazioni.annulla_precedente(id_, date(2015, 1, 1), "Sentenza inventata")
        await deliberazioni.annulla_precedente(id_, dal, "Sentenza inventata n. 3, per difetto")
        assert await service.atto_in_vigore("piano-di-zona", None, prima) is not None
        assert await service.atto_in_vigore("piano-di-zona", None, dal) is None
        with pytest.raises(Conflitto, match="non vale già più"):
            await deliberazioni.annulla_precedente(id_, dal, "Un'altra")
        with pytest.raises(NonTrovato):
            await deliberazioni.annulla_precedente(id_ + 1000, dal, "Un'altra")
        [uno], _ = await deliberazioni.precedenti()
        assert uno.annullato_con == "Sentenza inventata n. 3, per difetto"


# --- two at once --------------------------------------------------------------------------------


async def test_due_segreterie_insieme_fanno_un_verbale_solo(ambiti: Banca) -> None:
    dove = await contesto("casalmaggiore")
    async with unita_di_lavoro(dove):
        id_, [una] = await aperta(giorno=date(2024, 6, 12))
        await decidi(id_, una, await tutti(id_))
        await sala.chiudi(id_)

    async def componi() -> int | str:
        try:
            async with unita_di_lavoro(dove):
                return await verbali.verbale(id_)
        except Conflitto as errore:
            return errore.messaggio

    esiti = await asyncio.gather(componi(), componi())
    assert sorted(type(uno) is int for uno in esiti) == [False, True]
    assert any("una volta sola" in str(uno) for uno in esiti)
    async with unita_di_lavoro(dove):
        assert [d.specie for d in await sedute.documenti(id_)] == ["verbale"]


# --- what was frozen before ---------------------------------------------------------------------


def test_cio_che_e_vuoto_non_entra_fra_i_byte_e_le_impronte_di_prima_tornano() -> None:
    file = Path(__file__).resolve().parents[2] / "docs" / "uso" / "esempi" / "voto-cremona.json"
    letta = leggi(file.read_bytes())
    scritta = congelato.in_byte(letta)
    for nome in (b"riprese", b"motivazione", b"precedenza"):
        assert nome not in scritta
    assert congelato.da_byte(scritta, Richiesta) == letta
