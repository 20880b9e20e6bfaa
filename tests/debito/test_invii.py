"""Files cut to a size, who answers for them, the register, completeness, differences."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date, timedelta
from uuid import UUID

import pytest
from lxml import etree
from tests.debito.casi import contenuto, esporta, importa, sql
from tests.debito.test_variazioni import elimina, esito, in_vigore, invia, salva
from tests.prestazioni.casi import contesto, csv_di, riga
from tests.siuss.casi import NS, controlla_schema

from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import Impostazioni
from capofila.debito import completezza, differenze, responsabili, service
from capofila.debito.parti import zip_a_flusso
from capofila.debito.responsabili import FiltroRegistro, NominaNonValida
from capofila.debito.rules import Taglio, tabella_csv, taglio

pytestmark = pytest.mark.anyio
NOMINA = {"nome": "Ada Prova", "qualifica": "Responsabile dell'Ufficio di Piano",
          "email": "ada@comune.it", "atto": "Decreto n. 1 del 02/01/2026", "dal": "2026-01-02"}  # fmt: skip


# --- pure -----------------------------------------------------------------------------------------


def test_una_misura_si_legge_come_e_scritta_o_si_rifiuta() -> None:
    assert taglio("50", "") == Taglio(50_000_000, None)
    assert taglio("0,5", "1.000") == Taglio(500_000, 1000)
    assert not taglio("", "").divide
    for mega, persone in (("zero", ""), ("0", ""), ("-1", ""), ("99999", ""), ("", "0"), ("", "x")):
        with pytest.raises(DatiNonValidi):
            taglio(mega, persone)


def test_un_foglio_non_esegue_quello_che_qualcuno_ha_scritto() -> None:
    assert tabella_csv([("=1+1", None, 3)]) == b"'=1+1;;3\r\n"


def test_un_mese_manca_se_l_anno_prima_c_era_ed_e_passato() -> None:
    assert completezza.mesi_mancanti(0, 0xFFF, 2025, date(2026, 3, 1)) == tuple(range(1, 13))
    assert completezza.mesi_mancanti(0, 0xFFF, 2026, date(2026, 3, 9)) == (1, 2)
    assert completezza.mesi_mancanti(0xFFF, 0xFFF, 2025, date(2026, 3, 1)) == ()
    assert completezza.mesi_mancanti(0, 0, 2025, date(2026, 3, 1)) == ()


def test_una_nomina_senza_atto_o_con_un_indirizzo_a_meta_non_passa() -> None:
    with pytest.raises(NominaNonValida) as errore:
        responsabili.controlla_nomina(NOMINA | {"atto": "", "email": "ada@", "dal": "ieri"})
    assert set(errore.value.campi) == {"atto", "email", "dal"}


# --- files cut to a size ----------------------------------------------------------------------------


def persone(xml: bytes) -> list[str]:
    return [str(p.get("CodiceFiscale")) for p in etree.fromstring(xml).iter(f"{NS}Beneficiario")]


async def test_un_invio_diviso_e_fatto_di_file_validi_che_insieme_sono_quello_intero(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(*(riga(n) for n in range(1, 8))))
    intero = await contenuto(await esporta())
    divisa = await esporta(taglio=Taglio(massimo_beneficiari=3))
    assert divisa.parti == 3
    async with unita_di_lavoro(await contesto("crema")):
        file = await service.parti(UUID(divisa.id))
        manifesto = await service.manifesto_di(UUID(divisa.id))
        suo = await service.manifesto_di(UUID(divisa.id), 2)
    tutte: list[str] = []
    nomi = []
    for parte in file:
        dove = parte.oggetto
        xml = b"".join(
            [p async for p in archivio().leggi_a_flusso(dove.bucket, dove.oggetto, dove.versione)]
        )
        controlla_schema(xml, "PS_PSA_SINA201812.xsd")
        assert (hashlib.sha256(xml).hexdigest(), len(xml)) == (parte.sha256, parte.byte)
        nome = etree.fromstring(xml).find(f"{NS}IdentificazioneFlusso")
        assert nome is not None
        assert nome.get("Nome") == parte.nome_flusso
        nomi.append(parte.nome_flusso)
        tutte += persone(xml)
    assert tutte == persone(intero)
    assert [parte.beneficiari for parte in file] == [3, 3, 1]
    assert nomi[0] == divisa.nome_flusso
    assert len(set(nomi)) == 3
    numeri = [int(nome.rsplit(".", 1)[1]) for nome in nomi]
    assert numeri == list(range(numeri[0], numeri[0] + 3))
    assert [p["sha256"] for p in manifesto["parti"]] == [parte.sha256 for parte in file]
    assert suo["parte"]["numero"] == 2
    assert suo["sha256"] == file[1].sha256
    # The next run of the day goes on counting after them, and remembers the size.
    await importa(csv_di(riga(8)), "altra.csv")
    dopo = await esporta()
    assert int(dopo.nome_flusso.rsplit(".", 1)[1]) == numeri[-1] + 1
    assert dopo.massimo_beneficiari == 3


async def test_i_file_di_un_invio_stanno_in_uno_zip_che_e_sempre_lo_stesso(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(*(riga(n) for n in range(1, 5))))
    divisa = await esporta(taglio=Taglio(massimo_beneficiari=2))
    async with unita_di_lavoro(await contesto("crema")):
        file = await service.parti(UUID(divisa.id))
    uno, due = [b"".join([p async for p in zip_a_flusso(file, "e.sha256")]) for _ in range(2)]
    assert uno == due
    with zipfile.ZipFile(io.BytesIO(uno)) as chiuso:
        assert chiuso.testzip() is None
        assert chiuso.namelist() == ["e.sha256", *(p.oggetto.nome_file for p in file)]
        elenco = chiuso.read("e.sha256")
        for parte in file:
            letto = hashlib.sha256(chiuso.read(parte.oggetto.nome_file)).hexdigest()
            assert letto == parte.sha256
            assert f"{letto}  {parte.oggetto.nome_file}".encode() in elenco
    assert hashlib.sha256(elenco).hexdigest() == divisa.sha256


async def test_una_persona_non_si_divide_e_la_misura_in_byte_si_rispetta(
    lavora: Impostazioni,
) -> None:
    stessa = riga(1)
    righe = [riga(n) for n in range(2, 6)]
    righe += [stessa | {"protocollo_domanda": f"M/{n}"} for n in range(9)]
    await importa(csv_di(*righe))
    intero = await esporta()
    assert intero.byte is not None
    divisa = await esporta(taglio=Taglio(massimo_byte=intero.byte // 3))
    async with unita_di_lavoro(await contesto("crema")):
        file = await service.parti(UUID(divisa.id))
    assert sum(parte.righe for parte in file) == 13
    assert sum(parte.beneficiari for parte in file) == 5
    assert all(p.byte <= intero.byte // 3 or p.beneficiari == 1 for p in file)
    grande = await esporta(taglio=Taglio(massimo_byte=10**9))
    assert grande.parti == 0
    assert persone(await contenuto(grande)) == persone(await contenuto(intero))


async def test_un_invio_diviso_si_blocca_tutto_e_dice_quello_che_direbbe_intero(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(*(riga(n) for n in range(1, 5))))
    divisa = await esporta(taglio=Taglio(massimo_beneficiari=2))
    async with unita_di_lavoro(await contesto("crema")) as unita:
        assert await service.invia(UUID(divisa.id), "portale", "P/1") is None
        assert await unita.valore("SELECT count(*) FROM comunicazione") == 4
        oggetti = await service.sigillati(UUID(divisa.id))
    assert len(oggetti) == 3
    for bucket, oggetto, versione in oggetti:
        assert await archivio().bloccato_fino(bucket, oggetto, str(versione)) is not None


# --- sending ----------------------------------------------------------------------------------------


async def test_un_file_superato_resta_scritto_come_superato(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    uno = await esporta()
    await importa(csv_di(riga(2)), "altra.csv")
    await invia(await esporta())
    async with unita_di_lavoro(await contesto("crema")):
        assert isinstance(await service.invia(UUID(uno.id), "portale", None), service.Superata)
    async with unita_di_lavoro(await contesto("crema")):
        assert (await service.esportazione(UUID(uno.id))).stato == "superata"
        trovate = await service.esportazioni(filtro=service.Filtro(stato="superata"))
        assert [e.id for e in trovate] == [uno.id]


async def test_chi_risponde_dell_invio_resta_scritto_con_l_invio(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    file = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        assert await responsabili.in_carica("siuss") is None
        await responsabili.nomina("siuss", NOMINA)
        assert await service.invia(UUID(file.id), "pec", "P/9") is None
        domani = responsabili.oggi() + timedelta(days=1)
        bea = await responsabili.nomina(
            "siuss", NOMINA | {"nome": "Bea Prova", "dal": domani.isoformat()}
        )
        in_carica = await responsabili.in_carica("siuss")
        assert in_carica is not None
        assert (in_carica.nome, in_carica.al) == ("Ada Prova", responsabili.oggi())
        dopo = await responsabili.in_carica("siuss", domani)
        assert dopo is not None
        assert dopo.id == bea.id
        with pytest.raises(NominaNonValida, match="già una nomina"):
            await responsabili.nomina("siuss", NOMINA)
        (inviato,) = await service.invii(UUID(file.id))
        assert inviato["responsabile"] == "Ada Prova"
        righe, totale = await responsabili.trasmissioni(FiltroRegistro(responsabili.oggi().year))
        assert totale == 1
        assert (righe[0]["sha256"], righe[0]["protocollo"], righe[0]["responsabile"]) == (
            file.sha256, "P/9", "Ada Prova",
        )  # fmt: skip
        assert (await responsabili.trasmissioni(FiltroRegistro(2011)))[1] == 0


# --- completeness -----------------------------------------------------------------------------------


async def figure(anno: int = 2025) -> dict[str, completezza.Completezza]:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        righe = await completezza.per_comune(
            anno, "siuss", ["D142", "G306"], {"D142": "Crema", "G306": "Pandino"}, date(2026, 6, 1)
        )
    return {riga.belfiore: riga for riga in righe}


async def test_la_completezza_segue_ogni_prestazione_fino_all_esito(lavora: Impostazioni) -> None:
    await importa(csv_di(*(riga(n) for n in range(1, 6))))
    crema = (await figure())["D142"]
    assert (crema.in_vigore, crema.mai_dette, crema.da_inviare) == (5, 5, 5)
    assert (await figure())["G306"].vuoto
    prima = await esporta()
    await invia(prima)
    assert (await figure())["D142"].senza_esito == 5
    rifiutata = riga(1)
    await esito(prima, [((rifiutata["codice_fiscale"], rifiutata["protocollo_domanda"],
                          rifiutata["codice_prestazione"], "2025-01-01"), "I")])  # fmt: skip
    _, due, tre, *_ = await in_vigore()
    await elimina(due)
    await salva(riga(3, cognome="Corretta"), tre)
    crema = (await figure())["D142"]
    assert (crema.in_vigore, crema.accolte, crema.scartate, crema.mai_dette, crema.da_annullare) == (
        4, 2, 1, 1, 2,
    )  # fmt: skip
    assert crema.ultimo_invio is not None
    assert crema.ultimo_inserimento is not None
    assert completezza.totale((await figure()).values()).in_vigore == 4
    dopo = (await figure(2026))["D142"]
    assert dopo.vuoto
    assert dopo.mesi_mancanti == (1,)
    seconda = await esporta()
    assert (seconda.inserimenti, seconda.cancellazioni) == (2, 2)


# --- differences ------------------------------------------------------------------------------------


async def test_due_file_si_confrontano_record_per_record(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1), riga(2), riga(3)))
    prima = await esporta(completa=True)
    await invia(prima)
    uno, due, _ = await in_vigore()
    await salva(riga(1) | {"importo_mensile": "400,00", "quota_ente": "287,60"}, uno)
    await elimina(due)
    await importa(csv_di(riga(4)), "altra.csv")
    seconda = await esporta(completa=True)
    async with unita_di_lavoro(await contesto("crema")) as unita:
        assert str(await differenze.precedente(UUID(seconda.id))) == prima.id
        confronto = await differenze.confronta(UUID(prima.id), UUID(seconda.id))
        assert await confronto.conta(unita) == differenze.Differenze(1, 1, 1, 1)
        (cambiata,) = await confronto.elenco(unita, "cambiate")
        cambi = {c.etichetta: (c.prima, c.dopo) for c in cambiata.cambi}
        assert cambi["Importo mensile"][1] == "400.00"
        assert len(cambi) == 2
        (tolta,) = await confronto.elenco(unita, "solo_a")
        assert tolta.prestazione == due
        (nuova,) = await confronto.elenco(unita, "solo_b")
        assert nuova.protocollo_domanda == riga(4)["protocollo_domanda"]
    await sql("UPDATE esportazione SET stato = 'superata' WHERE id = $1", UUID(seconda.id))
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="superato"):
            await differenze.confronta(UUID(prima.id), UUID(seconda.id))
