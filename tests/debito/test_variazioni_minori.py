"""What INPS knows of the minors, after any story, is the last that was sent of each; never who."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from lxml import etree
from tests.debito.casi import com_e, contenuto, esporta, importa
from tests.debito.pdnd_casi import dichiara
from tests.debito.test_variazioni import invia
from tests.prestazioni.casi import codice_fiscale, contesto, csv_di, flussi, minore
from tests.prestazioni.flussi_di_prova import SINBA
from tests.siuss.casi import NS, controlla_schema

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import Conflitto
from capofila.base.impostazioni import Impostazioni
from capofila.codifiche import service as codifiche
from capofila.debito import pdnd
from capofila.debito.completezza import per_comune
from capofila.debito.differenze import confronta
from capofila.debito.esiti import importa_esiti, registra_esito, riepilogo, risposte
from capofila.debito.service import Esportazione, esportazione, registra_invio
from capofila.prestazioni import minori
from capofila.prestazioni.service import (
    flusso_minori,
    riferimenti_dell_ambito,
    versione_in_vigore,
)

pytestmark = pytest.mark.anyio

Attributi = tuple[Any, ...]


class Destinatario:
    """A receiver that knows only what files told it: of each id it holds the last record."""

    def __init__(self) -> None:
        self.archivio: dict[str, Attributi] = {}

    def riceve(self, xml: bytes, rifiuta: Callable[[str], bool] = lambda chi: False) -> list[str]:
        """Take a file in; returns the ids of the records that it refused."""
        scartate = []
        for scheda in etree.fromstring(xml).iter(f"{NS}SINBA"):
            chi = str(scheda.get("IDBeneficiario"))
            if rifiuta(chi):
                scartate.append(chi)
            else:
                self.archivio[chi] = (
                    tuple(sorted(scheda.attrib.items())),
                    tuple((f.tag, f.text) for f in scheda.iter() if f.text and f.text.strip()),
                )
        return scartate


async def prepara(**altro: Any) -> Esportazione:
    return await esporta(flusso="siuss-sinba", **altro)


async def salva(valori: dict[str, str], sostituisce: int | None = None) -> int:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        flusso = flusso_minori(await flussi())
        assert flusso is not None
        esito = await minori.salva(
            flusso, valori, await riferimenti_dell_ambito(unita),
            await versione_in_vigore(unita, flusso), sostituisce=sostituisce,
        )  # fmt: skip
    assert esito.errori == []
    return esito.prestazioni[0]


async def elimina(id_: int) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await minori.elimina(id_, "siuss-sinba", "errore")


async def in_vigore() -> dict[int, dict[str, Any]]:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        ids = await unita.righe(
            "SELECT id FROM scheda_sinba WHERE sostituita_lotto IS NULL ORDER BY id"
        )
        return {r["id"]: await minori.leggi(r["id"]) for r in ids}


async def rimaste() -> set[str]:
    """The ids that INPS has and we no longer hold, as the list of the page finds them."""
    async with unita_di_lavoro(await contesto("crema")):
        return await rimaste_qui()


async def rimaste_qui() -> set[str]:
    filtro = minori.Filtro(anno=2025, stato="rimasta", flusso="siuss-sinba")
    return {riga.id_beneficiario for riga in await minori.elenco(filtro)}


async def nostra() -> dict[str, Attributi]:
    """Our picture, by the file of all the records in force."""
    tutto = Destinatario()
    if await in_vigore():
        assert tutto.riceve(await contenuto(await prepara(completa=True, nuova=True))) == []
    return tutto.archivio


async def esito(trovata: Esportazione, scartate: list[str]) -> None:
    """The answer of the receiver: what it refused, all the rest accepted."""
    async with unita_di_lavoro(await contesto("crema")):
        if not scartate:
            await registra_esito(UUID(trovata.id), "accolta")
            return
        righe = [
            {"id_beneficiario": chi, "esito": "scartata", "messaggio": "no"} for chi in scartate
        ]
        fatta = await importa_esiti(
            UUID(trovata.id), "esiti.csv", csv_di(*righe), altre_accolte=True
        )
        assert (fatta.errori, fatta.scritte) == ([], len(scartate))


# --- one case each ------------------------------------------------------------------------------


async def test_nel_file_non_c_e_nessun_codice_fiscale_e_l_id_resta_quello(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(*(minore(n) for n in range(1, 6))), "minori.csv")
    prima = await prepara()
    assert (prima.modo, prima.inserimenti, prima.cancellazioni) == ("variazioni", 5, 0)
    xml = await invia(prima)
    controlla_schema(xml, "SINBA.xsd")
    await importa(csv_di(*(minore(n, anno="2024") for n in range(5, 0, -1))), "altri.csv")
    altro_anno = await contenuto(await prepara(quando="2024"))
    for n in range(1, 6):
        for contenuto_ in (xml, altro_anno):
            assert codice_fiscale(n).encode() not in contenuto_
    ids = [{m.get("IDBeneficiario") for m in etree.fromstring(c).iter(f"{NS}SINBA")}
           for c in (xml, altro_anno)]  # fmt: skip
    assert ids[0] == ids[1]
    assert len(ids[0]) == 5
    # Nor anywhere else that leaves: the manifest, the names, the job.
    trovata, lavoro = await com_e(prima.id)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        manifesto = await unita.valore("SELECT manifesto::text FROM esportazione LIMIT 1")
    assert codice_fiscale(1) not in f"{trovata}{lavoro}{manifesto}"
    # The same data give the same bytes.
    completa = await prepara(completa=True)
    di_nuovo = await prepara(completa=True, nuova=True)
    nomi = (completa.nome_flusso.encode(), di_nuovo.nome_flusso.encode())
    assert (await contenuto(completa)).replace(*nomi) == await contenuto(di_nuovo)


async def test_la_seconda_volta_parte_solo_la_scheda_cambiata(lavora: Impostazioni) -> None:
    await importa(csv_di(minore(1), minore(2), minore(3)), "minori.csv")
    inps = Destinatario()
    inps.riceve(await invia(await prepara()))
    niente = await prepara()
    assert niente.stato == "respinta"
    uno, due, _ = await in_vigore()
    vecchia = (await in_vigore())[uno]
    await salva(vecchia["valori"] | {"luogo_vita": "2"}, uno)
    tolto = (await in_vigore())[due]["id_beneficiario"]
    await elimina(due)
    seconda = await prepara()
    assert (seconda.righe, seconda.inserimenti, seconda.cancellazioni) == (1, 1, 0)
    inps.riceve(await invia(seconda))
    noi = await nostra()
    assert {chi: a for chi, a in inps.archivio.items() if chi != tolto} == noi
    # The flow cannot take a record back: the list says that INPS still has it.
    assert await rimaste() == {tolto} == inps.archivio.keys() - noi.keys()


async def test_due_file_si_confrontano_e_la_completezza_conta_le_schede(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(minore(1), minore(2), minore(3, comune_titolare="G306")), "minori.csv")
    prima = await prepara()
    await invia(prima)
    await esito(prima, [])
    uno, due, _ = await in_vigore()
    await salva((await in_vigore())[uno]["valori"] | {"luogo_vita": "2"}, uno)
    await elimina(due)
    await importa(csv_di(minore(4)), "altri.csv")
    completa = await prepara(completa=True)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        confrontati = await confronta(UUID(prima.id), UUID(completa.id))
        conti = await confrontati.conta(unita)
        assert (conti.solo_a, conti.solo_b, conti.cambiate, conti.uguali) == (1, 1, 1, 1)
        (cambiata,) = await confrontati.elenco(unita, "cambiate")
        assert [(c.etichetta, c.prima, c.dopo) for c in cambiata.cambi] == [
            ("Luogo di vita", "1", "2")
        ]
        (tolta,) = await confrontati.elenco(unita, "solo_a")
        assert {tolta.persona} == await rimaste_qui()
        righe = {
            r.belfiore: r
            for r in await per_comune(
                2025, "siuss-sinba", ["D142", "G306", "A059"], {}, date(2026, 1, 1), di_minori=True
            )
        }
    crema, pandino, agnadello = righe["D142"], righe["G306"], righe["A059"]
    assert (crema.in_vigore, crema.mai_dette, crema.accolte, crema.da_annullare) == (2, 2, 0, 1)
    assert (crema.da_inviare, crema.mesi_mancanti) == (2, ())
    assert (pandino.in_vigore, pandino.accolte, pandino.da_inviare) == (1, 1, 0)
    assert agnadello.vuoto


async def test_una_versione_vecchia_non_parte_dopo_la_nuova(lavora: Impostazioni) -> None:
    await importa(csv_di(minore(1)), "minori.csv")
    vecchio = await prepara()
    (uno,) = await in_vigore()
    await salva((await in_vigore())[uno]["valori"] | {"luogo_vita": "2"}, uno)
    await invia(await prepara())
    with pytest.raises(Conflitto, match="più nuove"):
        await invia(vecchio)


async def test_cio_che_arriva_dopo_il_sigillo_non_risulta_inviato(lavora: Impostazioni) -> None:
    await importa(csv_di(minore(1), minore(2)), "minori.csv")
    prima = await prepara()
    uno, *_ = await in_vigore()
    await salva((await in_vigore())[uno]["valori"] | {"luogo_vita": "2"}, uno)
    await importa(csv_di(minore(3)), "dopo.csv")
    inps = Destinatario()
    inps.riceve(await invia(prima))
    seconda = await prepara()
    assert seconda.inserimenti == 2
    inps.riceve(await invia(seconda))
    assert inps.archivio == await nostra()


async def test_un_rifiuto_arriva_alla_scheda_e_riparte(lavora: Impostazioni) -> None:
    await importa(csv_di(minore(1), minore(2)), "minori.csv")
    prima = await prepara()
    inps = Destinatario()
    rifiutata, *_ = sorted(ids_di(await contenuto(prima)))
    await esito_di(prima, inps, rifiutata)
    async with unita_di_lavoro(await contesto("crema")):
        id_ = UUID(prima.id)
        assert (await esportazione(id_)).stato == "accolta_in_parte"
        stato = await riepilogo(id_)
        assert (stato.accolte, stato.scartate, stato.da_rimandare) == (1, 1, 1)
        (riga,) = await risposte(id_)
        assert (riga["id_beneficiario"], riga["esito_testo"]) == (rifiutata, "no")
        filtro = minori.Filtro(anno=2025, stato="scartata", flusso="siuss-sinba")
        assert [r.id for r in await minori.elenco(filtro)] == [riga["id"]]
        for sbagliata, codice in (
            ({"id_beneficiario": "NESSUNO"}, "esito_senza_prestazione"),
            ({"id_beneficiario": ""}, "obbligatorio"),
        ):
            elenco = await importa_esiti(
                id_, "e.csv", csv_di({"id_beneficiario": rifiutata, "esito": "ok"} | sbagliata)
            )
            assert [e.codice for e in elenco.errori] == [codice]
    seconda = await prepara()
    assert seconda.righe == 1
    inps.riceve(await invia(seconda))
    assert inps.archivio == await nostra()
    async with unita_di_lavoro(await contesto("crema")):
        assert (await esportazione(UUID(prima.id))).stato_visto == "corretta"


def ids_di(xml: bytes) -> set[str]:
    return {str(m.get("IDBeneficiario")) for m in etree.fromstring(xml).iter(f"{NS}SINBA")}


async def esito_di(trovata: Esportazione, inps: Destinatario, rifiutata: str) -> None:
    await esito(trovata, inps.riceve(await invia(trovata), lambda chi: chi == rifiutata))


async def test_per_pdnd_ogni_minore_e_un_flusso_e_la_risposta_arriva_alla_scheda(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(minore(1), minore(2)), "minori.csv")
    prima = await prepara()
    async with unita_di_lavoro(await contesto("crema")) as unita:
        codice = await unita.valore("SELECT codice FROM ente WHERE mittente")
    await dichiara(codice)
    async with unita_di_lavoro(await contesto("crema")):
        await registra_invio(UUID(prima.id), "pdnd", None)
    inps = Destinatario()
    async with unita_di_lavoro(await contesto("crema")) as unita:
        eservice = await pdnd.eservice_di(unita, codice)
        assert eservice is not None
        presi = await pdnd.servi(unita, eservice, 0, 10)
        assert len(presi) == 2
        for id_flusso, tipo, _, corpo in presi:
            assert (tipo, id_flusso.split(".")[1]) == ("SINBA", "SINBA")
            controlla_schema(corpo.encode(), "SINBA.xsd")
            assert len(list(etree.fromstring(corpo.encode()).iter(f"{NS}SINBA"))) == 1
            assert not any(codice_fiscale(n) in corpo for n in (1, 2))
            assert inps.riceve(corpo.encode()) == []
        assert inps.archivio == await _nostra_da(prima)
        await pdnd.ricevi_esiti(
            unita, eservice, codice,
            [
                pdnd.EsitoFlusso(id_flusso, "SINBA", ts, ts, detto, "detto da INPS")
                for (id_flusso, _, ts, _), detto in zip(presi, ("OK", "ERRORE_GENERICO"), strict=True)
            ],
        )  # fmt: skip
    async with unita_di_lavoro(await contesto("crema")):
        assert (await esportazione(UUID(prima.id))).stato == "accolta_in_parte"
        for stato in ("accolta", "scartata"):
            filtro = minori.Filtro(anno=2025, stato=stato, flusso="siuss-sinba")
            assert len(await minori.elenco(filtro)) == 1
    # The refused one goes again, alone.
    seconda = await prepara()
    assert seconda.righe == 1


async def _nostra_da(corsa: Esportazione) -> dict[str, Attributi]:
    tutto = Destinatario()
    tutto.riceve(await contenuto(corsa))
    return tutto.archivio


async def test_una_scheda_ricevuta_si_corregge_e_parte_nella_nostra_forma(
    lavora: Impostazioni,
) -> None:
    await importa(SINBA, "minori.xml")
    inps = Destinatario()
    inps.riceve(await invia(await prepara()))
    assert inps.archivio.keys() == {"M-0001", "M-0002"}
    uno, *_ = await in_vigore()
    await salva((await in_vigore())[uno]["valori"] | {"scuola_frequentata": "6"}, uno)
    seconda = await prepara()
    assert seconda.righe == 1
    inps.riceve(await invia(seconda))
    assert inps.archivio == await nostra()


async def test_cio_che_il_programma_di_prima_ha_gia_inviato_non_riparte(
    lavora: Impostazioni,
) -> None:
    await importa(SINBA, "minori.xml", gia_inviate=True)
    assert (await prepara()).stato == "respinta"
    uno, *_ = await in_vigore()
    await salva((await in_vigore())[uno]["valori"] | {"scuola_frequentata": "6"}, uno)
    dopo = await prepara()
    assert (dopo.inserimenti, dopo.cancellazioni) == (1, 0)
    assert ids_di(await invia(dopo)) == {(await in_vigore()).popitem()[1]["id_beneficiario"]}


async def chiudi_codice(al: str) -> None:
    """Revise the list of the places of life: the code of the tests ends on that day."""
    async with unita_di_lavoro(Contesto(amministratore=True)):
        voce = (await codifiche.apri("siuss-sinba-luogo-vita")).voce("1")
        chiusa = msgspec.structs.replace(voce, al=al)
        assert await codifiche.salva("siuss-sinba-luogo-vita", [chiusa], "pagina") == 1


async def test_una_lista_rivista_e_una_versione_nuova_e_le_schede_si_ricontrollano(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(minore(1), minore(2, luogo_vita="2")), "minori.csv")
    diretta = await prepara()
    await chiudi_codice("2099-12-31")
    ricontrollata = await prepara(nuova=True)
    nomi = (diretta.nome_flusso.encode(), ricontrollata.nome_flusso.encode())
    # Prepared again, record by record, they say the same: also who they are not.
    assert (await contenuto(diretta)).replace(*nomi) == await contenuto(ricontrollata)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        flusso = flusso_minori(await flussi())
        assert flusso is not None
        filtro = minori.Filtro(
            anno=2025, stato="da_ricontrollare", flusso=flusso.id,
            versione=await versione_in_vigore(unita, flusso),
        )  # fmt: skip
        assert await minori.conta(filtro) == 2
    # A code that ended was right on the day of the record; one that never was is not.
    await chiudi_codice("2020-12-31")
    assert (await prepara(nuova=True)).righe == 2
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await codifiche.ritira("siuss-sinba-luogo-vita", "1", "pagina")
    respinta = await prepara(nuova=True)
    assert respinta.stato == "respinta"
    assert {a["codice"] for a in respinta.avvisi} == {"escluse", "codice_sconosciuto"}
    senza = await prepara(nuova=True, escludi_errate=True)
    assert (senza.stato, senza.righe) == ("sigillata", 1)
    assert len(ids_di(await invia(senza))) == 1


# --- any story ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seme", range(8))
async def test_dopo_ogni_storia_il_destinatario_ha_l_ultima_scheda_di_ognuno(
    lavora: Impostazioni, seme: int
) -> None:
    """Edits, removals, sendings and answers at random; then what is left is sent."""
    caso = Random(seme)
    inps = Destinatario()
    prossimo = 1
    in_sospeso: list[Esportazione] = []
    for passo in range(14):
        vive = await in_vigore()
        match caso.choice(["importa", "correggi", "correggi", "togli", "esporta", "invia"]):
            case "importa":
                quanti = caso.randint(1, 3)
                await importa(
                    csv_di(*(minore(prossimo + n) for n in range(quanti))), f"{seme}-{passo}.csv"
                )
                prossimo += quanti
            case "correggi" if vive:
                id_, vecchia = caso.choice(list(vive.items()))
                cambi = caso.choice([
                    {"luogo_vita": caso.choice("1278")},
                    {"data_prima_segnalazione": f"{passo % 12 + 1:02d}/2024"},
                    {"prestazioni": caso.choice(["A2.02", "A2.11", "A2.11 A2.02"])},
                ])  # fmt: skip
                await salva(vecchia["valori"] | cambi, id_)
            case "togli" if vive:
                await elimina(caso.choice(list(vive)))
            case "esporta":
                trovata = await prepara()
                if trovata.stato == "sigillata":
                    in_sospeso.append(trovata)
            case "invia" if in_sospeso:
                trovata = in_sospeso.pop(caso.randrange(len(in_sospeso)))
                try:
                    xml = await invia(trovata)
                except Conflitto:
                    continue
                await esito(trovata, inps.riceve(xml, lambda _: caso.random() < 0.3))
    for _ in range(4):
        trovata = await prepara(nuova=True)
        if trovata.stato == "respinta":
            break
        await esito(trovata, inps.riceve(await invia(trovata)))
    noi = await nostra()
    assert {chi: dati for chi, dati in inps.archivio.items() if chi in noi} == noi
    assert await rimaste() == inps.archivio.keys() - noi.keys()
