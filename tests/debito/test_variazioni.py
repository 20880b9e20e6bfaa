"""What the receiver knows, after any story of edits, sendings and answers, is what we hold."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from lxml import etree
from tests.conftest import Banca
from tests.debito import completezza_lenta
from tests.debito.casi import contenuto, esporta, importa
from tests.debito.pdnd_casi import dichiara
from tests.prestazioni.casi import contesto, csv_di, interroga, porta, riga
from tests.prestazioni.flussi_di_prova import BUONO
from tests.siuss.casi import BUONA, NS, controlla_schema, difetti_di_forma

from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import Impostazioni
from capofila.debito import completezza
from capofila.debito.esiti import importa_esiti, registra_esito, riepilogo, risposte
from capofila.debito.rules import Taglio
from capofila.debito.service import (
    Esportazione,
    annulla_gia_inviate,
    esportazione,
    gia_inviate_ammesse,
    parti,
    registra_invio,
    segna_gia_inviate,
)
from capofila.prestazioni import versioni
from capofila.prestazioni.service import decidi
from capofila.siuss import FLUSSO_PRESTAZIONI

pytestmark = pytest.mark.anyio

AZIENDA = "Comunità Sociale Cremasca a.s.c."
Chiave = tuple[str, ...]
Attributi = tuple[tuple[str, str], ...]


async def conti_uguali() -> None:
    """What completeness says is what comes out of counting every record again."""
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        for anno in (2024, 2025, 2026):
            modi = []
            for query in (completezza._QUERY, completezza_lenta.QUERY):
                with pytest.MonkeyPatch.context() as sostituita:
                    sostituita.setattr(completezza, "_QUERY", query)
                    righe = await completezza.per_comune(
                        anno, "siuss", ["D142"], {}, date(2026, 6, 1)
                    )
                modi.append(sorted(righe, key=lambda r: r.belfiore))
            assert modi[0] == modi[1], anno


class Destinatario:
    """A receiver that knows only what files told it: it refuses doubles and unknown cancellations."""

    def __init__(self) -> None:
        self.archivio: dict[Chiave, Attributi] = {}

    def riceve(self, xml: bytes, rifiuta: Any = lambda chiave: False) -> list[tuple[Chiave, str]]:
        """Take a file in; returns the operations that it refused."""
        scartate = []
        for persona in etree.fromstring(xml).iter(f"{NS}Beneficiario"):
            for voce in persona.iter(f"{NS}PrestazioniSociali"):
                dati = dict(voce.attrib)
                operazione = dati.pop("TipoOperazione", "I")
                chiave = (
                    str(persona.get("CodiceFiscale")), dati["ProtocolloDomanda"],
                    dati["CodicePrestazione"],
                    dati.get("DataInizioPrestazione") or dati["DataErogazionePrestazione"],
                )  # fmt: skip
                noto = chiave in self.archivio
                if rifiuta(chiave) or (noto if operazione == "I" else not noto):
                    scartate.append((chiave, operazione))
                elif operazione == "I":
                    self.archivio[chiave] = tuple(sorted(dati.items()))
                else:
                    assert self.archivio[chiave] == tuple(sorted(dati.items()))
                    del self.archivio[chiave]
        return scartate


async def invia(trovata: Esportazione) -> bytes:
    async with unita_di_lavoro(await contesto("crema")):
        await registra_invio(UUID(trovata.id), "portale", None)
    return await contenuto(trovata)


async def esito(trovata: Esportazione, scartate: list[tuple[Chiave, str]]) -> None:
    """The answer of the receiver: what it refused, all the rest accepted."""
    async with unita_di_lavoro(await contesto("crema")):
        if not scartate:
            await registra_esito(UUID(trovata.id), "accolta")
            return
        colonne = ("codice_fiscale", "protocollo_domanda", "codice_prestazione", "data",
                   "operazione", "esito", "messaggio")  # fmt: skip
        righe = [
            dict(zip(colonne, (*chiave, operazione, "scartata", "no"), strict=True))
            for chiave, operazione in scartate
        ]
        fatta = await importa_esiti(
            UUID(trovata.id), "esiti.csv", csv_di(*righe), altre_accolte=True
        )
        assert fatta.errori == []
        assert fatta.scritte == len(scartate)


async def salva(valori: dict[str, str], sostituisce: int | None = None) -> list[int]:
    async with unita_di_lavoro(await contesto("crema")):
        salvata = await versioni.salva(FLUSSO_PRESTAZIONI, valori, sostituisce=sostituisce)
    assert salvata.errori == []
    return salvata.prestazioni


async def elimina(id_: int) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await versioni.elimina(id_)


async def in_vigore() -> dict[int, dict[str, Any]]:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        return {
            r["id"]: dict(r)
            for r in await unita.righe(
                "SELECT * FROM prestazione WHERE sostituita_lotto IS NULL ORDER BY id"
            )
        }


async def nostra() -> dict[Chiave, Attributi]:
    """Our picture, by the file of all the records in force."""
    if not await in_vigore():
        return {}
    tutto = Destinatario()
    assert tutto.riceve(await contenuto(await esporta(completa=True, nuova=True))) == []
    return tutto.archivio


# --- one case each ------------------------------------------------------------------------------


async def test_la_seconda_volta_parte_solo_quello_che_e_cambiato(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1), riga(2), riga(3)))
    inps = Destinatario()
    prima = await esporta()
    assert (prima.modo, prima.inserimenti, prima.cancellazioni) == ("variazioni", 3, 0)
    assert inps.riceve(await invia(prima)) == []
    niente = await esporta()
    assert niente.stato == "respinta"
    assert "non è cambiato nulla" in niente.avvisi[0]["messaggio"]

    uno, due, _ = await in_vigore()
    (nuova,) = await salva(riga(1) | {"importo_mensile": "400,00", "quota_ente": "287,60"}, uno)
    await elimina(due)
    await importa(csv_di(riga(4)), "altre.csv")
    seconda = await esporta()
    assert (seconda.righe, seconda.inserimenti, seconda.cancellazioni) == (4, 2, 2)
    xml = await invia(seconda)
    controlla_schema(xml, "PS_PSA_SINA201812.xsd")
    operazioni = [
        v.get("TipoOperazione") for v in etree.fromstring(xml).iter(f"{NS}PrestazioniSociali")
    ]
    assert operazioni[:2] == ["C", "I"], "an old version is taken back before the new one"
    assert inps.riceve(xml) == []
    assert inps.archivio == await nostra()
    async with unita_di_lavoro(await contesto("crema")):
        assert [v["id"] for v in await versioni.storia(nuova)] == [uno, nuova]
        assert [v["id"] for v in await versioni.storia(uno)] == [uno, nuova]


async def test_chi_paga_cambia_e_la_vecchia_versione_si_annulla_prima_della_nuova(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(riga(1)))
    inps = Destinatario()
    assert inps.riceve(await invia(await esporta())) == []
    for ente in ("D142", AZIENDA):
        ((id_, vecchia),) = (await in_vigore()).items()
        valori = versioni.per_modulo(FLUSSO_PRESTAZIONI, vecchia)
        await salva(valori | {"ente_erogatore": ente}, id_)
        xml = await invia(await esporta())
        operazioni = [
            v.get("TipoOperazione") for v in etree.fromstring(xml).iter(f"{NS}PrestazioniSociali")
        ]
        assert operazioni == ["C", "I"]
        assert inps.riceve(xml) == []
        assert inps.archivio == await nostra()


async def test_chi_ha_comunicato_annulla_anche_se_poi_l_ente_invia_da_se(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(riga(1, ente_erogatore="D142"), riga(2, ente_erogatore="G306")))
    inps = Destinatario()
    assert inps.riceve(await invia(await esporta(ente="D142"))) == []
    # From now on Pandino sends by itself: what it corrects is taken back by whoever had said it.
    await interroga(
        banca.superutente,
        "UPDATE ente SET invio_proprio = true, cf_operatore = 'RSSMRA80A41D142Q' "
        "WHERE codice = 'G306'",
    )
    (id_,) = [n for n, r in (await in_vigore()).items() if r["protocollo_domanda"] == "2025/2"]
    vecchia = (await in_vigore())[id_]
    valori = versioni.per_modulo(FLUSSO_PRESTAZIONI, vecchia) | {"ente_erogatore": "G306"}
    await salva(valori | {"cognome": "Corretta"}, id_)
    dell_ambito, sua = await esporta(ente="D142"), await esporta(ente="G306")
    assert (dell_ambito.inserimenti, dell_ambito.cancellazioni) == (0, 1)
    assert (sua.inserimenti, sua.cancellazioni) == (1, 0)
    assert inps.riceve(await invia(dell_ambito)) == []
    assert len(inps.archivio) == 1
    assert inps.riceve(await invia(sua)) == []
    assert (await esporta(ente="D142")).stato == (await esporta(ente="G306")).stato == "respinta"


async def test_chi_paga_non_distingue_due_prestazioni(lavora: Impostazioni) -> None:
    doppia = riga(1, ente_erogatore="D142")
    await importa(csv_di(riga(1, ente_erogatore=AZIENDA)))
    async with unita_di_lavoro(await contesto("crema")):
        trovata = await porta(csv_di(doppia), "doppia.csv")
        assert [e.codice for e in trovata.errori] == ["duplicato"]
        salvata = await versioni.salva(FLUSSO_PRESTAZIONI, doppia)
        assert [e.codice for e in salvata.errori] == ["duplicato"]


async def test_una_persona_corretta_non_si_divide_fra_due_file(lavora: Impostazioni) -> None:
    """A correction of the name gives the person two elements in one run, one to take the record
    back and one to say it anew: what is cut between them could be loaded in the wrong order.
    """
    await importa(csv_di(riga(1), riga(2)))
    inps = Destinatario()
    assert inps.riceve(await invia(await esporta())) == []
    for n, id_ in enumerate(await in_vigore(), 1):
        await salva(riga(n, cognome="Corretta"), id_)
    corsa = await esporta(taglio=Taglio(massimo_beneficiari=1))
    async with unita_di_lavoro(await contesto("crema")):
        file = await parti(UUID(corsa.id))
    assert [(p.righe, p.beneficiari) for p in file] == [(2, 1), (2, 1)]
    for parte in file:
        dove = parte.oggetto
        pezzi = archivio().leggi_a_flusso(dove.bucket, dove.oggetto, dove.versione)
        xml = b"".join([pezzo async for pezzo in pezzi])
        controlla_schema(xml, "PS_PSA_SINA201812.xsd")
        assert inps.riceve(xml) == []


async def test_un_rifiuto_si_rimanda_e_il_file_risulta_corretto(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1), riga(2)))
    prima = await esporta()
    inps = Destinatario()
    chiave = None

    def rifiuta(c: Chiave) -> bool:
        nonlocal chiave
        chiave = chiave or c
        return c == chiave

    scartate = inps.riceve(await invia(prima), rifiuta)
    assert len(scartate) == 1
    await esito(prima, scartate)
    async with unita_di_lavoro(await contesto("crema")):
        assert (await esportazione(UUID(prima.id))).stato == "accolta_in_parte"
        stato = await riepilogo(UUID(prima.id))
        assert (stato.accolte, stato.scartate, stato.da_rimandare, stato.corretta) == (
            1,
            1,
            1,
            False,
        )
        (rifiuto,) = await risposte(UUID(prima.id))
        assert (rifiuto["operazione"], rifiuto["esito_testo"]) == ("I", "no")
    seconda = await esporta()
    assert seconda.righe == 1
    assert inps.riceve(await invia(seconda)) == []
    assert inps.archivio == await nostra()
    async with unita_di_lavoro(await contesto("crema")):
        assert (await riepilogo(UUID(prima.id))).corretta


async def test_un_file_superato_non_si_invia(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    uno = await esporta()
    await importa(csv_di(riga(2)), "altra.csv")
    due = await esporta()
    await invia(due)
    with pytest.raises(Conflitto, match="prepara il file di nuovo"):
        await invia(uno)


async def test_cio_che_arriva_dopo_il_sigillo_non_risulta_inviato(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1), riga(2)))
    prima = await esporta()
    uno, *_ = await in_vigore()
    await salva(riga(1, cognome="Dopo"), uno)
    await importa(csv_di(riga(3)), "dopo.csv")
    inps = Destinatario()
    assert inps.riceve(await invia(prima)) == []
    seconda = await esporta()
    assert (seconda.inserimenti, seconda.cancellazioni) == (2, 1)
    assert inps.riceve(await invia(seconda)) == []
    assert inps.archivio == await nostra()


async def test_un_record_ricevuto_si_annulla_con_il_testo_con_cui_era_uscito(
    lavora: Impostazioni,
) -> None:
    await importa(BUONO, "flusso.xml")
    inps = Destinatario()
    prima = await esporta(ente="D142")
    originale = await invia(prima)
    assert inps.riceve(originale) == []
    for id_ in await in_vigore():
        await elimina(id_)
    seconda = await esporta(ente="D142")
    assert seconda.cancellazioni == prima.inserimenti
    xml = await invia(seconda)
    assert difetti_di_forma(xml) == difetti_di_forma(originale)
    assert inps.riceve(xml) == []
    assert inps.archivio == {}


async def _presi_dalla_pdnd(dopo: int) -> list[bytes]:
    """The files that the receiver takes after so many, in its order."""
    async with unita_di_lavoro(await contesto("crema")) as unita:
        righe = await unita.righe("SELECT corpo FROM flusso_pdnd ORDER BY ts")
    return [riga["corpo"].encode() for riga in righe[dopo:]]


async def test_per_pdnd_ogni_prestazione_e_un_flusso_e_la_fotografia_resta_la_stessa(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(riga(1), riga(2)))
    prima = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(DatiNonValidi, match="e-service"):
            await registra_invio(UUID(prima.id), "pdnd", None)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        codice = await unita.valore("SELECT codice FROM ente WHERE mittente")
    await dichiara(codice)
    inps = Destinatario()
    async with unita_di_lavoro(await contesto("crema")):
        await registra_invio(UUID(prima.id), "pdnd", None)
    presi = await _presi_dalla_pdnd(0)
    assert len(presi) == 2
    for xml in presi:
        controlla_schema(xml, "PS_PSA_SINA201812.xsd")
        assert inps.riceve(xml) == []
    uno, due = await in_vigore()
    await salva(riga(1, cognome="Corretta"), uno)
    await elimina(due)
    seconda = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        await registra_invio(UUID(seconda.id), "pdnd", None)
    for xml in await _presi_dalla_pdnd(2):
        assert inps.riceve(xml) == []
    assert inps.archivio == await nostra()


async def test_un_elenco_di_esiti_sbagliato_non_scrive_nulla(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1), riga(2)))
    prima = await esporta()
    with pytest.raises(Conflitto, match="dopo l'invio"):
        await esito(prima, [])
    await invia(prima)
    giusta = {"codice_fiscale": riga(1)["codice_fiscale"], "protocollo_domanda": "2025/1",
              "codice_prestazione": BUONA["codice_prestazione"], "data": "2025-01-01",
              "esito": "scartata"}  # fmt: skip
    async with unita_di_lavoro(await contesto("crema")):
        id_ = UUID(prima.id)
        for sbagliata, codice in [
            ({"data": "2024-01-01"}, "esito_senza_prestazione"),
            ({"esito": "boh"}, "codice_sconosciuto"),
            ({"codice_fiscale": ""}, "obbligatorio"),
        ]:
            elenco = await importa_esiti(id_, "e.csv", csv_di(giusta, giusta | sbagliata))
            assert [(e.riga, e.codice) for e in elenco.errori] == [(3, codice)]
        assert (await riepilogo(id_)).in_attesa == 2
        elenco = await importa_esiti(id_, "e.csv", b"codice_fiscale;esito\nx;ok\n")
        assert {e.codice for e in elenco.errori} == {"colonna_mancante"}
        with pytest.raises(DatiNonValidi, match="tabella"):
            await importa_esiti(id_, "e.xml", b"<a/>")


# --- what the program used before has sent ------------------------------------------------------


async def inviate_da_un_altro(inps: Destinatario, *righe: dict[str, str], nome: str) -> int:
    """A file whose records the receiver has already; the lotto."""
    prima = await nostra()
    lotto = await importa(csv_di(*righe), nome, gia_inviate=True)
    inps.archivio |= {
        chiave: dati for chiave, dati in (await nostra()).items() if chiave not in prima
    }
    return lotto


async def test_cio_che_il_vecchio_programma_ha_inviato_non_riparte_e_si_corregge(
    lavora: Impostazioni,
) -> None:
    inps = Destinatario()
    await inviate_da_un_altro(inps, riga(1), riga(2), nome="vecchie.csv")
    assert len(inps.archivio) == 2
    niente = await esporta()
    assert niente.stato == "respinta"
    assert "non è cambiato nulla" in niente.avvisi[0]["messaggio"]

    uno, due = await in_vigore()
    await importa(csv_di(riga(3)), "nuove.csv")
    await salva(riga(1) | {"importo_mensile": "400,00", "quota_ente": "287,60"}, uno)
    await elimina(due)
    seconda = await esporta()
    assert (seconda.righe, seconda.inserimenti, seconda.cancellazioni) == (4, 2, 2)
    assert inps.riceve(await invia(seconda)) == []
    assert inps.archivio == await nostra()


async def test_il_segno_di_gia_inviate_si_mette_dopo_e_si_toglie_finche_nulla_e_partito(
    lavora: Impostazioni,
) -> None:
    lotto = await importa(csv_di(riga(1), riga(2)), "vecchie.csv")
    prima = await esporta()
    assert prima.inserimenti == 2
    uno, _ = await in_vigore()
    await salva(riga(1, cognome="Corretto"), uno)
    async with unita_di_lavoro(await contesto("crema")):
        assert await segna_gia_inviate(lotto, FLUSSO_PRESTAZIONI) == 2
        assert await segna_gia_inviate(lotto, FLUSSO_PRESTAZIONI) == 0
    # The file that was ready says what the receiver has: it cannot go any more, nor come back.
    with pytest.raises(Conflitto, match="prepara il file di nuovo"):
        await invia(prima)
    seconda = await esporta()
    assert seconda.id != prima.id
    assert (seconda.inserimenti, seconda.cancellazioni) == (1, 1), (
        "the version that came in is known"
    )
    async with unita_di_lavoro(await contesto("crema")):
        assert await annulla_gia_inviate(lotto) == 2
    assert (await esporta()).inserimenti == 2
    async with unita_di_lavoro(await contesto("crema")):
        await segna_gia_inviate(lotto, FLUSSO_PRESTAZIONI)
    await invia(await esporta())
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="il segno non si può più togliere"):
            await annulla_gia_inviate(lotto)
    # What a run said is never deleted, whoever tries.
    async with unita_di_lavoro(await contesto("crema")) as unita:
        assert await unita.esegui("DELETE FROM comunicazione") == "DELETE 2"


async def test_il_segno_aspetta_con_il_file_la_decisione(lavora: Impostazioni) -> None:
    flussi = {FLUSSO_PRESTAZIONI.id: FLUSSO_PRESTAZIONI}
    async with unita_di_lavoro(await contesto("crema")):
        fermo = await porta(csv_di(riga(1), riga(2, cognome="")), gia_inviate=True)
        assert fermo.stato == "da_decidere"
        assert fermo.lotto is not None
        tenuto = await decidi(fermo.lotto, flussi, tieni_valide=True)
    assert tenuto.importate == 1
    assert (await esporta()).stato == "respinta"


async def test_un_flusso_che_dice_sempre_tutto_non_si_segna() -> None:
    senza = msgspec.structs.replace(FLUSSO_PRESTAZIONI, operazione=None)
    with pytest.raises(DatiNonValidi, match="per intero"):
        gia_inviate_ammesse(senza)


# --- any story ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seme", range(10))
async def test_dopo_ogni_storia_il_destinatario_sa_quello_che_teniamo_noi(
    lavora: Impostazioni, seme: int
) -> None:
    """Edits, deletions, sendings and answers at random, among records that the receiver had from
    another program; then what is left is sent.
    """
    caso = Random(seme)
    inps = Destinatario()
    prossima = 1
    in_sospeso: list[Esportazione] = []
    for passo in range(14):
        vive = await in_vigore()
        match caso.choice(
            ["importa", "vecchie", "correggi", "correggi", "togli", "esporta", "invia"]
        ):
            case "importa":
                quante = caso.randint(1, 3)
                await importa(
                    csv_di(*(riga(prossima + n) for n in range(quante))), f"{seme}-{passo}.csv"
                )
                prossima += quante
            case "vecchie":
                await inviate_da_un_altro(inps, riga(prossima), nome=f"{seme}-{passo}.csv")
                prossima += 1
            case "correggi" if vive:
                id_, vecchia = caso.choice(list(vive.items()))
                cambi = caso.choice([
                    {"cognome": f"Nome{chr(65 + passo)}"},
                    {"data_inizio": f"2025-02-{passo + 1:02d}"},
                    {"presa_in_carico": "si", "area_utenza": caso.choice("123")},
                    {"ente_erogatore": caso.choice(["D142", AZIENDA])},
                ])  # fmt: skip
                valori = versioni.per_modulo(FLUSSO_PRESTAZIONI, vecchia)
                valori.setdefault("ente_erogatore", caso.choice(["D142", AZIENDA]))
                await salva(valori | cambi, id_)
            case "togli" if vive:
                await elimina(caso.choice(list(vive)))
            case "esporta":
                trovata = await esporta()
                if trovata.stato == "sigillata":
                    in_sospeso.append(trovata)
            case "invia" if in_sospeso:
                trovata = in_sospeso.pop(caso.randrange(len(in_sospeso)))
                try:
                    xml = await invia(trovata)
                except Conflitto:
                    continue
                scartate = inps.riceve(xml, lambda _: caso.random() < 0.3)
                await esito(trovata, scartate)
        await conti_uguali()
    for _ in range(4):
        trovata = await esporta(nuova=True)
        if trovata.stato == "respinta":
            break
        await esito(trovata, inps.riceve(await invia(trovata)))
    assert inps.archivio == await nostra()
