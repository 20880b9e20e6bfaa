"""From a domanda to the acts: what is frozen, what is prescribed, what cannot follow."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from capofila.accreditamenti import calcolo, pratiche
from capofila.accreditamenti.calcolo import Risposta
from capofila.accreditamenti.pratiche import Decisione
from capofila.base.attivazioni import oggi
from capofila.base.database import Contesto, unita_corrente, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.governo import deliberazioni, scadenzario
from capofila.governo.sedute import Proposta
from tests.accreditamenti.casi import SAD, concedi, delibera, una_domanda
from tests.governo.adunanze import REGOLE_DI_CREMA, aperta, tutti
from tests.governo.adunanze import decidi as vota
from tests.prestazioni.casi import contesto

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]


async def _vista(id_: int) -> tuple[pratiche.Domanda, calcolo.Traccia]:
    una = await pratiche.domanda(id_)
    return una, await pratiche.vista(una, oggi())


async def test_senza_risposte_non_si_accredita_e_si_puo_negare_con_un_motivo() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("N1", risposte={})
        una, vista = await _vista(id_)
        assert vista.esito.giudizio == "non_accreditabile"
        assert {voce.stato for voce in vista.esito.voci} == {"non_rispettato", "da_adeguare"}
        with pytest.raises(Conflitto, match="non è accreditabile"):
            await concedi(id_)
        with pytest.raises(DatiNonValidi, match="perché si nega"):
            await concedi(id_, specie="nega")
        await concedi(id_, specie="nega", motivazione="Mancano gli operatori.")
        una = await pratiche.domanda(id_)
        assert (una.stato(oggi()), una.concessa, una.ammessi) == ("negata", None, ())
        with pytest.raises(Conflitto, match="è chiusa"):
            await pratiche.scrivi_risposte(id_, SAD)


async def test_un_accreditamento_con_prescrizioni_le_mette_fra_le_scadenze() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        senza = {**SAD, "formazione": Risposta(requisito="formazione", valore="4")}
        id_ = await una_domanda("P1", risposte=senza)
        await concedi(id_, dal=date(2025, 3, 1))
        una = await pratiche.domanda(id_)
        concessa = una.concessa
        assert concessa is not None
        assert (concessa.scade, concessa.rinnovo_entro) == (date(2027, 2, 28), date(2026, 12, 30))
        (prescritta,) = await pratiche.prescrizioni(una)
        entro = oggi() + timedelta(days=180)
        assert (prescritta.requisito, prescritta.entro) == ("formazione", entro)
        codice = f"prescrizione-accreditamento-{prescritta.id}"
        scadenza = await scadenzario.istanza(codice, entro.year)
        assert (scadenza.data, scadenza.aperta, scadenza.accreditamento) == (entro, True, id_)
        rinnovo = await scadenzario.istanza(f"rinnovo-accreditamento-{concessa.id}", 2026)
        assert (rinnovo.data, rinnovo.aperta) == (date(2026, 12, 30), True)
        await pratiche.scrivi_risposte(id_, {"formazione": SAD["formazione"]})
        assert not (await scadenzario.istanza(codice, entro.year)).aperta
        # Corrected back, it is open again.
        await pratiche.scrivi_risposte(id_, {"formazione": senza["formazione"]})
        assert (await scadenzario.istanza(codice, entro.year)).aperta
        seconda = await una_domanda("P1/rinnovo", unita=una.unita_id, presentata=oggi())
        rinnovo = await scadenzario.istanza(f"rinnovo-accreditamento-{concessa.id}", 2026)
        assert not rinnovo.aperta
        await pratiche.ritira(seconda)
        await concedi(id_, specie="revoca", motivazione="Per prova.")
        with pytest.raises(NonTrovato):
            await scadenzario.istanza(codice, entro.year)


async def test_gli_atti_si_seguono_e_l_esito_resta_come_fu_deciso() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("A1")
        await concedi(id_, dal=date(2025, 3, 1))
        with pytest.raises(Conflitto, match="non può venire"):
            await concedi(id_)
        with pytest.raises(DatiNonValidi, match="Scrivi perché"):
            await concedi(id_, specie="sospende")
        with pytest.raises(DatiNonValidi, match="non può venire prima"):
            await concedi(id_, specie="revoca", motivazione="x y z", dal=date(2025, 2, 1))
        await concedi(id_, specie="sospende", motivazione="Ispezione.", dal=date(2025, 6, 1))
        una = await pratiche.domanda(id_)
        assert (una.stato(date(2025, 5, 31)), una.stato(date(2025, 6, 1))) == (
            "accreditata", "sospesa"
        )  # fmt: skip
        await concedi(id_, specie="riattiva", dal=date(2025, 7, 1))
        with pytest.raises(DatiNonValidi, match="finisce da sé il 28/02/2027"):
            await concedi(id_, specie="revoca", motivazione="Tardi.", dal=date(2027, 3, 1))
        await pratiche.scrivi_risposte(id_, {"coordinatore": None})
        una, adesso = await _vista(id_)
        assert adesso.esito.giudizio == "non_accreditabile"
        decisa = await pratiche.congelata(una)
        assert decisa is not None
        assert (decisa[0].esito.giudizio, decisa[0].plugin) == ("accreditabile", "crema")
        assert calcolo.rifatta_uguale(decisa[0])
        assert decisa[0].congela()[1] == decisa[1]
        assert len(una.atti) == 3


async def test_di_un_unita_sta_un_accreditamento_solo_e_chi_chiude_lascia_l_albo() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        prima = await una_domanda("Rinnovo-1")
        await concedi(prima, dal=date(2025, 3, 1))
        una = await pratiche.domanda(prima)
        rinnovo = await una_domanda("Rinnovo-2", unita=una.unita_id)
        with pytest.raises(DatiNonValidi, match="Rinnovo-1 è già accreditata fino al 28/02/2027"):
            await concedi(rinnovo, dal=date(2027, 2, 28))
        await concedi(rinnovo, dal=date(2027, 3, 1))
        insieme = [await pratiche.domanda(prima), await pratiche.domanda(rinnovo)]
        for giorno, stanno in ((date(2027, 2, 28), "Rinnovo-1"), (date(2027, 3, 1), "Rinnovo-2")):
            assert [u.protocollo for u in insieme if u.nell_albo(giorno)] == [stanno]
        chiusa = msgspec.structs.replace(una.unita, chiusa_il=date(2026, 1, 1))
        una = msgspec.structs.replace(una, unita=chiusa)
        assert [una.nell_albo(date(2025, 12, 31)), una.nell_albo(date(2026, 1, 1))] == [True, False]


async def test_senza_il_plugin_cio_che_e_deciso_si_apre_e_si_rifa() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        decisa = await una_domanda("S1")
        await concedi(decisa)
        aperta = await una_domanda("S2")
        await unita_corrente().esegui("UPDATE attivazione SET al = dal WHERE plugin = 'crema'")
        assert await pratiche.dichiarate(oggi()) == ()
        una, vista = await _vista(decisa)
        assert vista.esito.giudizio == "accreditabile"
        tenuta = await pratiche.congelata(una)
        assert tenuta is not None
        assert calcolo.rifatta_uguale(tenuta[0])
        await concedi(decisa, specie="revoca", motivazione="Senza il plugin.")
        with pytest.raises(NonTrovato, match="Nessun plugin attivo"):
            await _vista(aperta)
        await unita_corrente().esegui("UPDATE attivazione SET al = NULL WHERE plugin = 'crema'")


async def test_dove_decide_un_organo_serve_un_suo_atto_che_sta_dopo_la_domanda() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await delibera("prima", date(2025, 1, 10))
        id_ = await una_domanda("O1", regole="asilo-nido", posti=24)
        with pytest.raises(Conflitto, match="attuazione-piano-di-zona"):
            await concedi(id_)
        await delibera("dopo", date(2025, 2, 20))
        await concedi(id_, atto="Un altro atto, n. 3", dal=date(2025, 3, 1))
        una = await pratiche.domanda(id_)
        assert una.atti[0].atto == "Atto dopo"
        # The same act does not revoke what it granted.
        with pytest.raises(Conflitto, match="attuazione-piano-di-zona"):
            await concedi(id_, specie="revoca", motivazione="Con lo stesso atto.")


async def test_si_decide_su_cio_che_si_e_visto() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("V1")
        _, vista = await _vista(id_)
        impronta = vista.congela()[1]
        await pratiche.scrivi_risposte(
            id_, {"sostituzioni": Risposta(requisito="sostituzioni", valore="12")}
        )
        with pytest.raises(Conflitto, match="non è quella che hai visto"):
            await pratiche.decidi(
                id_, Decisione(specie="concede", dal=oggi(), atto="Atto n. 1", atto_data=oggi(),
                               giorno=oggi(), vista=impronta),
            )  # fmt: skip
        with pytest.raises(DatiNonValidi, match="fra quello della domanda e oggi"):
            await pratiche.decidi(
                id_, Decisione(specie="concede", dal=oggi(), giorno=oggi() + timedelta(days=1)),
            )  # fmt: skip


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"atto": ""}, "Scrivi l’atto"),
        ({"atto_data": date(2025, 1, 31)}, "non prima del 01/02/2025"),
        ({"atto_data": oggi() + timedelta(days=1)}, "né dopo oggi"),
        ({"dal": date(2025, 1, 31)}, "La domanda è del 01/02/2025"),
    ],
)
async def test_un_atto_che_non_puo_essere_e_rifiutato(campi: dict[str, Any], frase: str) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda(f"X{frase[:8]}")
        with pytest.raises(DatiNonValidi, match=frase):
            await concedi(id_, **campi)


async def test_il_protocollo_e_uno_e_il_comune_e_dell_ambito() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("U1")
        with pytest.raises(Conflitto, match="questo protocollo"):
            await una_domanda("U1", unita=(await pratiche.domanda(id_)).unita_id)
        with pytest.raises(DatiNonValidi, match="fra quelli dell’ambito"):
            await pratiche.scrivi_unita(
                pratiche.UnitaNuova(denominazione="Fuori", ente="Ente", comune="D150")
            )
        with pytest.raises(DatiNonValidi, match="non è un requisito"):
            await pratiche.scrivi_risposte(id_, {"altro": Risposta(requisito="altro", valore="si")})
        with pytest.raises(DatiNonValidi, match="Coordinatore"):
            await pratiche.scrivi_risposte(
                id_, {"coordinatore": Risposta(requisito="coordinatore", valore="forse")}
            )
        await pratiche.ritira(id_)
        with pytest.raises(Conflitto, match="non si ritira"):
            await pratiche.ritira(id_)


async def test_un_documento_sta_nell_archivio_con_la_sua_impronta() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("D1")
        numero = await pratiche.allega(id_, "polizza", "C:\\file\\polizza.pdf", b"%PDF-1.4 prova")
        documento, contenuto = await pratiche.documento(numero)
        assert (documento.nome, contenuto) == ("polizza.pdf", b"%PDF-1.4 prova")
        numero = await pratiche.allega(id_, "polizza", "../po\0li\u202eza.pdf", b"x")
        assert (await pratiche.documento(numero))[0].nome == "po\ufffdli\ufffdza.pdf"
        for requisito, nome, byte, frase in (
            ("altro", "a.pdf", b"x", "Scegli il requisito"),
            ("polizza", "a.exe", b"x", "di uno di questi tipi"),
            ("polizza", "a.pdf", b"", "vuoto"),
        ):
            with pytest.raises(DatiNonValidi, match=frase):
                await pratiche.allega(id_, requisito, nome, byte)


async def test_chi_lavora_per_un_comune_legge_l_albo_e_non_le_risposte() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("C1")
        await concedi(id_)
        await pratiche.allega(id_, "polizza", "a.pdf", b"x")
        aperta = await una_domanda("C2")
    intero = await contesto("crema")
    async with unita_di_lavoro(Contesto(ambito=intero.ambito, comune="D142")):
        una = await pratiche.domanda(id_)
        assert una.stato(oggi()) == "accreditata"
        numeri = {sua.id for sua in await pratiche.domande()}
        assert id_ in numeri
        assert aperta not in numeri
        with pytest.raises(NonTrovato):
            await pratiche.domanda(aperta)
        assert await pratiche.risposte(id_) == {}
        assert await pratiche.documenti(id_) == []
        assert await pratiche.congelata(una) is None
        with pytest.raises(NonAutorizzato):
            await pratiche.vista(una, oggi())
        unita = unita_corrente()
        assert await unita.valore("SELECT count(*) FROM valutazione_accreditamento") == 0


async def test_nel_database_un_atto_non_salta_quelli_di_prima() -> None:
    import asyncpg

    async with unita_di_lavoro(await contesto("crema")) as unita:
        id_ = await una_domanda("T1")
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
            async with unita.punto_di_ritorno():
                await unita.esegui(
                    "INSERT INTO atto_accreditamento (domanda_id, numero, specie, dal, atto, "
                    "atto_data) VALUES ($1, 2, 'revoca', $2, 'Atto n. 1', $2)",
                    id_, oggi(),
                )  # fmt: skip


async def test_si_vede_se_la_deliberazione_di_un_atto_e_annullata_dopo() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_ = await una_domanda("L1", regole="asilo-nido", posti=24)
        seduta, [proposta] = await aperta(
            Proposta(materia="attuazione-piano-di-zona", anno=2025, oggetto="Atto inventato"),
            giorno=date(2025, 3, 20), regole=REGOLE_DI_CREMA,
        )  # fmt: skip
        _, deliberata = await vota(seduta, proposta, await tutti(seduta))
        assert deliberata is not None
        await concedi(id_, dal=date(2025, 4, 1))
        una = await pratiche.domanda(id_)
        assert una.atti[0].deliberazione_id == deliberata.id
        assert await pratiche.annullate(una) == {}
        await deliberazioni.annulla(deliberata.id, date(2025, 6, 1), "Sentenza inventata n. 1")
        caduta = (await pratiche.annullate(una))[deliberata.id]
        assert (caduta.fino, caduta.atto) == (date(2025, 6, 1), "Sentenza inventata n. 1")
        # What was registered stays, and what follows is an act of its own.
        assert una.stato(oggi()) == "accreditata"
