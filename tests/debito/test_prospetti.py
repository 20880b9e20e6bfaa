"""The tables of the social spending as files of the debito, by a real worker over real services."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import openpyxl
import pytest
from tests.debito.casi import attendi, chiedi, com_e, contenuto, esporta
from tests.prestazioni.casi import contesto
from tests.spesa.casi import CREMA, PANDINO, a_carico_del_comune, approva, csv_di, porta, riga

from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.impostazioni import Impostazioni
from capofila.base.plugin import Attivazione, PluginInErrore, Registro
from capofila.debito import differenze, esiti
from capofila.debito.rules import Taglio
from capofila.debito.service import (
    Superata,
    chiedi_pubblicazione,
    esportazioni,
    invia,
    manifesto_di,
)
from capofila.hooks import (
    Atto,
    Manifesto,
    Privacy,
    ProspettoSpesa,
    Specie,
    hookimpl,
)
from capofila.spesa import service as spesa
from capofila.spesa.schede import scrivi_righe

pytestmark = pytest.mark.anyio
ANNO = 2024


async def _libro(anno: int = ANNO, slug: str = "crema", *comuni: str) -> None:
    """A survey of two comuni (Crema: 1,000.50 + 250; Pandino: 300), its sheets still open."""
    comuni = comuni or (CREMA, PANDINO)
    async with unita_di_lavoro(await contesto(slug)):
        await spesa.apri(spesa.Apertura(anno=anno, comuni=comuni))
    righe = [a_carico_del_comune(anno, "300", comune=comuni[-1], gestione="singola", utenti="")]
    if comuni[0] == CREMA:
        righe += [
            riga(anno),
            a_carico_del_comune(anno, "250", area="servizi_sociali", voce="segretariato"),
        ]
    esito = await porta(csv_di(*righe), anno, slug=slug)
    assert not esito.errori_totali, esito.errori[:3]


async def _stati(anno: int = ANNO) -> list[str]:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        return [una.stato.value for una in await spesa.schede(anno)]


async def _manda(id_: str, canale: str = "pec") -> Superata | None:
    async with unita_di_lavoro(await contesto("crema")):
        return await invia(UUID(id_), canale, "prot. 12")


async def _esito(id_: str, quale: Any, testo: str = "") -> esiti.Riepilogo:
    async with unita_di_lavoro(await contesto("crema")):
        return await esiti.registra_esito(UUID(id_), quale, testo)


async def test_le_tavole_regionali_si_sigillano_si_inviano_e_hanno_un_esito(
    lavora: Impostazioni,
) -> None:
    await _libro()
    await approva(ANNO, CREMA, PANDINO)
    fatta = await esporta(str(ANNO), flusso="spesa-regione")
    assert (fatta.stato, fatta.prospetto, fatta.modo) == ("sigillata", True, "completa")
    assert fatta.nome_flusso.split(".")[1:] == ["SPESA-REG", "20260301", "0000001"]
    file = await contenuto(fatta)
    assert fatta.sha256 == hashlib.sha256(file).hexdigest()
    cartella = openpyxl.load_workbook(io.BytesIO(file))
    for nome in ("Tavola A", "Tavola C"):
        [totale] = [f for f in cartella[nome].iter_rows(values_only=True) if f[0] == "Totale"]
        assert totale[-1] == 1550.5
    async with unita_di_lavoro(await contesto("crema")):
        prova = await manifesto_di(UUID(fatta.id))
        questa = await spesa.rilevazione(ANNO)
    assert prova["regole"] == {
        "impronta": questa.modulo_sha256, "verificate": ["schede_approvate", "quadratura"],
    }  # fmt: skip
    assert prova["conteggi"]["righe"] == fatta.righe
    assert prova["sha256"] == fatta.sha256
    assert prova["destinatario"] == "Regione Lombardia"
    # The same request is the same file; another one of it has other name and equal bytes.
    assert (await esporta(str(ANNO), flusso="spesa-regione")).id == fatta.id
    altra = await esporta(str(ANNO), flusso="spesa-regione", nuova=True)
    assert (altra.id != fatta.id, altra.sha256) == (True, fatta.sha256)

    assert await _stati() == ["approvata", "approvata"]
    assert await _manda(fatta.id) is None
    assert await _stati() == ["trasmessa", "trasmessa"]
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        passo = (await spesa.passaggi(ANNO, PANDINO))[-1]
    assert (passo.a, passo.motivo) == ("trasmessa", f"con il file {fatta.nome_flusso}")
    detto = await _esito(fatta.id, "accolta", "Ricevuto, n. 7.")
    assert (detto.accolte, detto.in_attesa) == (1, 0)
    trovata, _ = await com_e(fatta.id)
    assert (trovata.stato, trovata.esito_testo) == ("accolta", "Ricevuto, n. 7.")
    assert await _stati() == ["esito", "esito"]
    with pytest.raises(Conflitto, match="già il suo esito"):
        await _esito(fatta.id, "scartata")
    # The other one says the same; what was sent does not overtake it, and no sheet goes back.
    assert await _manda(altra.id) is None
    assert await _stati() == ["esito", "esito"]


async def test_il_csv_di_istat_non_muove_le_schede_e_tiene_cio_che_non_ha_codice(
    lavora: Impostazioni,
) -> None:
    await _libro()
    await approva(ANNO, CREMA, PANDINO)
    fatta = await esporta(str(ANNO), flusso="spesa-istat")
    testo = (await contenuto(fatta)).decode("utf-8-sig")
    lette = {r["codice"]: r for r in csv.DictReader(io.StringIO(testo), delimiter=";")}
    assert lette["ELD"]["TOTEXP"] == "1300,50"
    assert (lette[""]["denominazione"], lette[""]["TOTEXP"]) == ("Senza codice", "250,00")
    assert fatta.nome_flusso.split(".")[1] == "SPESA-ISTAT"
    await _manda(fatta.id)
    assert await _stati() == ["approvata", "approvata"]
    await _esito(fatta.id, "scartata", "codici errati")
    assert await _stati() == ["approvata", "approvata"]
    # What was refused is put right when a later one is accepted.
    dopo = await esporta(str(ANNO), flusso="spesa-istat", nuova=True)
    assert (await com_e(fatta.id))[0].stato_visto == "scartata"
    await _manda(dopo.id)
    await _esito(dopo.id, "accolta")
    assert (await com_e(fatta.id))[0].stato_visto == "corretta"


async def test_senza_tutte_le_schede_approvate_il_file_e_respinto_e_dice_quali(
    lavora: Impostazioni,
) -> None:
    await _libro()
    await approva(ANNO, CREMA)
    await approva(ANNO, PANDINO, fino_a=2)
    fatta = await esporta(str(ANNO), flusso="spesa-regione")
    assert fatta.stato == "respinta"
    assert fatta.avvisi == [
        {
            "codice": "schede_da_approvare",
            "messaggio": "La scheda di Pandino non è approvata: è inviata. Va approvata nella "
            "rilevazione.",
            "righe": 0,
        }
    ]
    assert fatta.sha256 is None
    # Approved, the same request makes the file.
    async with unita_di_lavoro(await contesto("crema")):
        for azione in ("verifica", "approva"):
            await spesa.passo(ANNO, PANDINO, azione)
    assert (await esporta(str(ANNO), flusso="spesa-regione")).stato == "sigillata"


async def test_una_tavola_che_non_fa_il_libro_e_respinta_e_dice_perche(
    lavora: Impostazioni,
) -> None:
    await _libro()
    # Its form had it when it was written; what added it is not there any more.
    async with unita_di_lavoro(await contesto("crema")) as unita:
        una = await spesa.scheda(ANNO, PANDINO)
        [vista] = await spesa.righe(ANNO, PANDINO)
        storta = msgspec.structs.replace(vista.riga, modalita="a_braccio")
        await scrivi_righe(unita, una, [storta])
    await approva(ANNO, CREMA, PANDINO)
    fatta = await esporta(str(ANNO), flusso="spesa-regione")
    assert fatta.stato == "respinta"
    frasi = [avviso["messaggio"] for avviso in fatta.avvisi]
    assert "una modalità che il modulo non prevede: a_braccio" in frasi[0]
    assert any("La tavola A non fa il libro" in f and "-300,00" in f for f in frasi)
    # That of ISTAT has no modalità: the same lines make it.
    assert (await esporta(str(ANNO), flusso="spesa-istat")).stato == "sigillata"


async def test_senza_rilevazione_o_senza_righe_non_c_e_nulla_da_sigillare(
    lavora: Impostazioni,
) -> None:
    senza = await esporta("2023", flusso="spesa-istat")
    assert [a["codice"] for a in senza.avvisi] == ["senza_rilevazione"]
    async with unita_di_lavoro(await contesto("crema")):
        await spesa.apri(spesa.Apertura(anno=2022, comuni=(PANDINO,)))
    await approva(2022, PANDINO)
    vuota = await esporta("2022", flusso="spesa-istat")
    assert (vuota.stato, [a["codice"] for a in vuota.avvisi]) == ("respinta", ["nessuna_riga"])
    with pytest.raises(NonTrovato, match="non è attivo"):
        await chiedi("2009", flusso="spesa-regione")


async def test_una_scheda_riaperta_o_una_spesa_cambiata_superano_il_file_sigillato(
    lavora: Impostazioni,
) -> None:
    await _libro()
    await approva(ANNO, CREMA, PANDINO)
    prima = await esporta(str(ANNO), flusso="spesa-regione")
    async with unita_di_lavoro(await contesto("crema")):
        await spesa.passo(ANNO, PANDINO, "riapri", "manca una riga")
    superata = await _manda(prima.id)
    assert superata is not None
    assert "riaperte delle schede (Pandino)" in superata.messaggio
    assert (await com_e(prima.id))[0].stato == "superata"
    assert await _stati() == ["approvata", "riaperta"]
    await approva(ANNO, PANDINO)
    seconda = await esporta(str(ANNO), flusso="spesa-regione")
    # Nothing had changed after all: the file is another, and says the same.
    assert (seconda.id != prima.id, seconda.sha256) == (True, prima.sha256)
    async with unita_di_lavoro(await contesto("crema")):
        await spesa.passo(ANNO, PANDINO, "riapri", "manca una riga")
    await porta(csv_di(a_carico_del_comune(ANNO, "5", comune=PANDINO)), ANNO)
    await approva(ANNO, PANDINO)
    superata = await _manda(seconda.id)
    assert superata is not None
    assert "la spesa è cambiata" in superata.messaggio
    assert await _stati() == ["approvata", "approvata"]


async def test_cio_che_parla_di_record_risponde_che_non_ne_ha(lavora: Impostazioni) -> None:
    await _libro()
    await approva(ANNO, CREMA, PANDINO)
    for opzioni, frase in (
        ({"escludi_errate": True}, "righe errate"),
        ({"ricevuto": 3}, "flusso ricevuto"),
        ({"taglio": Taglio(massimo_byte=10)}, "non si divide"),
    ):
        with pytest.raises(DatiNonValidi, match=frase):
            await chiedi(str(ANNO), flusso="spesa-regione", **opzioni)
    with pytest.raises(DatiNonValidi, match="anno intero: scegli 2024"):
        await chiedi("2024-T1", flusso="spesa-regione")
    una = await esporta(str(ANNO), flusso="spesa-regione")
    altra = await esporta(str(ANNO), flusso="spesa-regione", nuova=True)
    id_ = UUID(una.id)
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(DatiNonValidi, match="non passa dalla PDND"):
            await chiedi_pubblicazione(id_)
        with pytest.raises(DatiNonValidi, match="non ha record"):
            await differenze.confronta(UUID(altra.id), id_)
        assert await esiti.risposte(id_) == []
    with pytest.raises(DatiNonValidi, match="non passa dalla PDND"):
        await _manda(una.id, "pdnd")
    await _manda(una.id)
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(DatiNonValidi, match="un esito solo"):
            await esiti.importa_esiti(id_, "esiti.csv", b"esito\naccolta\n")


async def test_un_ambito_non_vede_le_tavole_dell_altro_e_nessuno_le_fa_con_le_sue(
    lavora: Impostazioni,
) -> None:
    await _libro()
    await approva(ANNO, CREMA, PANDINO)
    fatta = await esporta(str(ANNO), flusso="spesa-regione")
    async with unita_di_lavoro(await contesto("cremona"), sola_lettura=True):
        assert await esportazioni() == []
        with pytest.raises(NonTrovato):
            await manifesto_di(UUID(fatta.id))
    altrove = await attendi(await chiedi(str(ANNO), flusso="spesa-regione", slug="cremona"))
    assert [a["codice"] for a in altrove.avvisi] == ["senza_rilevazione"]
    bucket, _, oggetto = str(fatta.uri).removeprefix("s3://").partition("/")
    manifesto = b"".join(
        [p async for p in archivio().leggi_a_flusso(bucket, f"{oggetto}.manifesto.json")]
    )
    assert json.loads(manifesto)["ambito"] == "crema"


ATTO = Atto(specie=Specie.DISCIPLINARE, organo="Prova", titolo="Prospetti di prova")


class Rotto:
    """A plugin whose tables cannot be had."""

    def __init__(self, *trovati: ProspettoSpesa) -> None:
        self.trovati = trovati

    @hookimpl
    def manifesto(self) -> Manifesto:
        return Manifesto(
            id="rotto", distretto=None, denominazione="Rotto", versione="1.0", contratto="1.4",
            fornitore="Prova", licenza="EUPL-1.2", fonti=(ATTO,),
            privacy=Privacy(dati_personali=False, dichiarazione="Nessun dato."),
        )  # fmt: skip

    @hookimpl
    def prospetti_spesa(self, anno: int) -> tuple[ProspettoSpesa, ...]:
        if not self.trovati:
            raise ValueError("spesa di Pandino: 300 euro")
        return self.trovati


def _con(**campi: Any) -> ProspettoSpesa:
    return ProspettoSpesa(
        **{
            "codice": "prova", "denominazione": "Prova", "destinatario": "Nessuno",
            "versione_schema": "1", "modulo": "spesa-sociale", "tavole": ("A",), "formato": "xlsx",
            "fonte": ATTO, **campi,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("plugin", "causa"),
    [
        (Rotto(), "ValueError"),
        (Rotto(_con(codice="siuss")), "ha il nome di un flusso"),
        (Rotto(_con(tavole=("Z",))), "vuole tavole che il suo modulo non ha"),
        (Rotto(_con(codice="spesa-regione")), "spesa-regione"),
    ],
)
def test_un_plugin_che_sbaglia_le_sue_tavole_ha_un_nome_e_nessun_dato(
    plugin: Rotto, causa: str
) -> None:
    registro = Registro.carica()
    registro.registra(plugin)
    attive = [
        Attivazione(plugin=nome, dal=date(2020, 1, 1))
        for nome in ("spesa_sociale", "siuss", "rotto")
    ]
    with pytest.raises(Exception, match=causa) as preso:
        registro.attivi(attive, date(2025, 1, 1)).prospetti_spesa(2024)
    assert "300 euro" not in str(preso.value)
    if causa != "spesa-regione":
        assert isinstance(preso.value, PluginInErrore)
        assert "rotto" in str(preso.value).lower()
    # One that does not speak of its tables leaves the others in peace.
    assert registro.attivi(attive[:2], date(2025, 1, 1)).prospetti_spesa(2024)
