"""The file of the debito, by a real worker over real services: right, sealed, the same each time."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import os
import re
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from lxml import etree
from tests.conftest import Banca
from tests.debito.casi import (
    VELOCI,
    attendi,
    chiedi,
    com_e,
    contenuto,
    esporta,
    importa,
    officina,
    sql,
)
from tests.prestazioni.casi import codice_fiscale, contesto, csv_di, interroga, porta, riga
from tests.prestazioni.flussi_di_prova import BUONO, DIFETTOSO, SINBA, albero
from tests.siuss.casi import NS, controlla_schema, difetti_di_forma, schema_inps

import capofila
from capofila.base import attivazioni
from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.impostazioni import Impostazioni
from capofila.base.plugin import Registro
from capofila.debito import jobs, per_colonne
from capofila.debito.service import invii, manifesto_di, per_scaricare, registra_invio
from capofila.hooks import (
    Atto,
    ColonnaCSV,
    Flusso,
    Manifesto,
    Privacy,
    Specie,
    TracciatoCSV,
    hookimpl,
    impronta,
)
from capofila.siuss import FLUSSO_PRESTAZIONI, leggi

pytestmark = pytest.mark.anyio

OCCASIONALE = {
    "carattere": "occasionale", "data_inizio": "", "data_fine": "", "importo_mensile": "",
    "importo": "50,00", "quota_ente": "50,00", "quota_utente": "",
}  # fmt: skip


def beneficiari(xml: bytes) -> list[tuple[str, list[str]]]:
    """Each person's element in order: codice fiscale, protocols."""
    return [
        (str(b.get("CodiceFiscale")),
         [str(p.get("ProtocolloDomanda")) for p in b.iter(f"{NS}PrestazioniSociali")])
        for b in etree.fromstring(xml).iter(f"{NS}Beneficiario")
    ]  # fmt: skip


def protocolli(xml: bytes) -> set[str]:
    return {protocollo for _, suoi in beneficiari(xml) for protocollo in suoi}


# --- the file -----------------------------------------------------------------------------------


async def test_il_file_e_valido_e_dice_quanto_e_stato_importato(lavora: Impostazioni) -> None:
    righe = [riga(1), riga(2, cognome="D’Angelo & figli", ore_mensili="2,59"),
             riga(3, **OCCASIONALE, data_erogazione="10/02/2025")]  # fmt: skip
    await importa(csv_di(*righe))
    fatta = await esporta()
    assert (fatta.stato, fatta.righe) == ("sigillata", 3)
    xml = await contenuto(fatta)
    controlla_schema(xml, "PS_PSA_SINA201812.xsd")
    lettura = leggi(io.BytesIO(xml))
    assert lettura.intestazione.nome == fatta.nome_flusso == "D142.PS.20260301.0000001"
    assert (lettura.intestazione.ente_codice, lettura.intestazione.ente_indirizzo) == (
        "D142",
        "D142",
    )
    letti = [dict(zip(lettura.colonne, r.celle, strict=True)) for r in lettura]
    assert [r["codice_fiscale"] for r in letti] == [codice_fiscale(n) for n in (1, 2, 3)]
    assert letti[1]["cognome"] == "D’Angelo & figli"
    assert letti[1]["ore_mensili"] == "2.59"
    assert (letti[2]["importo"], letti[2]["data_erogazione"]) == ("50.00", "2025-02-10")
    assert hashlib.sha256(xml).hexdigest() == fatta.sha256
    assert len(xml) == fatta.byte


async def test_le_prestazioni_di_una_persona_stanno_nel_suo_elemento(lavora: Impostazioni) -> None:
    lei, lui = codice_fiscale(1), codice_fiscale(2)
    await importa(csv_di(
        riga(10, codice_fiscale=lui), riga(11, codice_fiscale=lei), riga(12, codice_fiscale=lui)
    ))  # fmt: skip
    await importa(csv_di(riga(13, codice_fiscale=lei)))
    fatta = await esporta()
    xml = await contenuto(fatta)
    assert beneficiari(xml) == [(lei, ["2025/11", "2025/13"]), (lui, ["2025/10", "2025/12"])]
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        conti = (await manifesto_di(UUID(fatta.id)))["conteggi"]
    assert (conti["righe"], conti["beneficiari"]) == (4, 2)


async def conteggio(fatta: Any) -> tuple[int, int]:
    """Records and persons, as the manifest counts them."""
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        conti = (await manifesto_di(UUID(fatta.id)))["conteggi"]
    return conti["righe"], conti["beneficiari"]


async def test_una_persona_con_dati_diversi_si_conta_una_volta(
    lavora: Impostazioni, banca: Banca
) -> None:
    lei = {"codice_fiscale": codice_fiscale(1)}
    await importa(csv_di(
        riga(1, **lei, cognome="Rossi"), riga(2, **lei, cognome="Rossi Bianchi"),
        riga(3, **lei, cognome="Rossi"), riga(4),
    ))  # fmt: skip
    una = await esporta()
    assert [protocolli for _, protocolli in beneficiari(await contenuto(una))] == [
        ["2025/1"], ["2025/2"], ["2025/3"], ["2025/4"],
    ]  # fmt: skip
    assert await conteggio(una) == (4, 2)
    await _invecchia(banca)
    assert await conteggio(await esporta(nuova=True)) == (4, 2)


async def test_di_un_flusso_ricevuto_si_contano_le_persone_e_non_gli_elementi(
    lavora: Impostazioni,
) -> None:
    assert await conteggio(
        await esporta(flusso="siuss-sinba", ricevuto=await importa(SINBA, "minori.xml"))
    ) == (2, 2)
    await sql("UPDATE ente SET come_ricevuto = true WHERE codice = 'D142'")
    # The code of the first is not readable; the second has an element before and one after.
    assert await conteggio(await esporta(ricevuto=await importa(DIFETTOSO, "flusso.xml"))) == (3, 2)
    testa, prima, resto = BUONO.partition(b"<Beneficiario")
    primo, seconda, secondo = resto.rpartition(b"<Beneficiario")
    secondo, coda, fine = secondo.partition(b"</Flusso>")
    due = prima + primo + seconda + secondo
    ancora = due.replace(b'ProtocolloDomanda="', b'ProtocolloDomanda="bis/')
    file = testa.replace(b"0000007", b"0000009") + due + ancora + coda + fine
    assert await conteggio(await esporta(ricevuto=await importa(file, "due.xml"))) == (6, 2)


async def test_gli_stessi_dati_danno_gli_stessi_byte_in_un_altra_banca_dati(
    impostazioni_prova: Impostazioni, altra_banca: Banca
) -> None:
    righe = [riga(n // 3, protocollo_domanda=f"{n}", cognome=f"Rossi {n // 3}") for n in range(30)]
    altra = msgspec.structs.replace(
        impostazioni_prova, database_url=altra_banca.app, relay_url=altra_banca.relay,
        s3_prefisso_bucket=altra_banca.nome.replace("_", "-"),
    )  # fmt: skip
    async with officina(impostazioni_prova):
        await importa(csv_di(*righe))
        una = await esporta()
    async with officina(altra):
        await importa(csv_di(*righe[20:]))
        await importa(csv_di(*reversed(righe[:20]), separatore=","))
        due = await esporta()
    assert una.nome_flusso == due.nome_flusso
    assert una.sha256 == due.sha256


async def test_il_lavoro_rifatto_scrive_gli_stessi_byte(
    lavora: Impostazioni, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    await importa(csv_di(*map(riga, range(20))))
    una = await esporta()
    # As if the worker had died between the store and the database.
    await interroga(
        banca.superutente, "UPDATE esportazione SET stato = 'in_preparazione', sha256 = NULL"
    )
    await interroga(banca.superutente, "UPDATE lavoro SET stato = 'fallito'")
    rifatta = await attendi(await chiedi())
    assert rifatta.id == una.id
    assert rifatta.sha256 == una.sha256
    assert rifatta.stato == "sigillata"


async def test_le_vie_della_scrittura_danno_gli_stessi_byte(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(*(riga(n // 2, protocollo_domanda=f"{n}") for n in range(20))))
    una = await esporta()
    # Under an older version of the rules every record is prepared again.
    await interroga(banca.superutente, "UPDATE versione_flusso SET impronta = repeat('0', 64)")
    due = await esporta(nuova=True, giorno=date(2026, 3, 2))
    nomi = una.nome_flusso.encode(), due.nome_flusso.encode()
    assert (await contenuto(due)).replace(nomi[1], nomi[0]) == await contenuto(una)


async def test_gli_attributi_opzionali_mancanti_e_i_blocchi_tornano_anche_rifatti(
    lavora: Impostazioni, banca: Banca
) -> None:
    sina = dict.fromkeys(("sina_mobilita", "sina_attivita_vita_quotidiana", "sina_area_reddituale",
                          "sina_disturbi_comportamentali", "sina_area_supporto",
                          "sina_fonte_derivazione_valutazione", "sina_strumento_valutazione"), "1")  # fmt: skip
    await importa(csv_di(
        riga(1, **sina, sina_invalidita_civile="5 6", sina_necessita_interventi_sociali="A2.17"),
        riga(2, altri_indirizzi='[{"nazione":"642"}]', ore_mensili="12,30", soglia_isee="20000",
             dsu_protocollo="INPS-ISEE-2025-1", dsu_anno="2025", dsu_data="2025-01-15"),
        riga(3, comune_residenza="", nazione_residenza="642", seconda_cittadinanza="008"),
    ))  # fmt: skip
    una = await contenuto(await esporta())
    controlla_schema(una, "PS_PSA_SINA201812.xsd")
    await interroga(banca.superutente, "UPDATE versione_flusso SET impronta = repeat('0', 64)")
    due = await esporta(nuova=True)
    nome = due.nome_flusso.encode()
    assert (await contenuto(due)).replace(nome, b"D142.PS.20260301.0000001") == una


# --- asked again --------------------------------------------------------------------------------


async def test_chiesta_due_volte_sugli_stessi_dati_e_la_stessa(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    una = await esporta()
    due = await chiedi()
    assert (due.id, due.sha256, due.lavoro) == (una.id, una.sha256, una.lavoro)


async def test_con_dati_nuovi_e_un_altra_con_il_progressivo_seguente(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    una = await esporta()
    await importa(csv_di(riga(2)))
    due = await esporta()
    assert due.id != una.id
    assert [una.nome_flusso[-7:], due.nome_flusso[-7:]] == ["0000001", "0000002"]
    assert (una.righe, due.righe) == (1, 2)
    domani = await esporta(nuova=True, giorno=date(2026, 3, 2))
    assert domani.nome_flusso == "D142.PS.20260302.0000001"
    assert hashlib.sha256(await contenuto(una)).hexdigest() == una.sha256


async def test_cambia_il_territorio_e_il_file_e_un_altro(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1, ente_erogatore="G306"), riga(2)))
    una = await esporta()
    await sql("UPDATE ente SET invio_proprio = true WHERE codice = 'G306'")
    due = await esporta()
    assert due.id != una.id
    assert (una.righe, due.righe) == (2, 1)


async def test_chiederla_di_nuovo_rimette_in_coda_il_lavoro_che_si_era_arreso(
    lavora: Impostazioni, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def si_rompe(*_: Any) -> None:
        raise RuntimeError("rotto")

    await importa(csv_di(riga(1)))
    definizione = jobs.TIPO_LAVORO
    from capofila.base.lavori import REGISTRO

    with monkeypatch.context() as guasto:
        guasto.setitem(
            REGISTRO, definizione,
            msgspec.structs.replace(REGISTRO[definizione], funzione=si_rompe, tentativi=1),
        )  # fmt: skip
        una = await chiedi()
        with pytest.raises(AssertionError):
            await attendi(una)
    assert (await com_e(una.id))[1].stato == "fallito"
    due = await attendi(await chiedi())
    assert (due.id, due.stato) == (una.id, "sigillata")


# --- what goes in -------------------------------------------------------------------------------


async def test_un_mese_o_un_trimestre_prende_solo_i_suoi_giorni(lavora: Impostazioni) -> None:
    def dal(n: int, giorno: str) -> dict[str, str]:
        return riga(n, data_inizio=giorno, data_fine=f"{giorno[:4]}-12-31")

    await importa(csv_di(
        dal(1, "2025-01-31"), dal(2, "2025-02-01"), dal(3, "2025-02-28"), dal(4, "2025-03-01"),
        dal(5, "2025-12-31"), dal(6, "2024-12-31"),
        riga(7, **OCCASIONALE, data_erogazione="2025-02-14"),
    ))  # fmt: skip
    attese = {
        "2025-02": {"2025/2", "2025/3", "2025/7"},
        "2025-T1": {"2025/1", "2025/2", "2025/3", "2025/4", "2025/7"},
        "2025-S2": {"2025/5"},
        "2025": {f"2025/{n}" for n in (1, 2, 3, 4, 5, 7)},
        "2024": {"2025/6"},
    }
    for quando, trovati in attese.items():
        assert protocolli(await contenuto(await esporta(quando))) == trovati, quando


async def test_chi_invia_da_se_o_come_ricevuto_resta_fuori_dal_file_comune(
    lavora: Impostazioni,
) -> None:
    await importa(csv_di(riga(1), riga(2, ente_erogatore="G306"), riga(3, ente_erogatore="A076")))
    await sql("UPDATE ente SET invio_proprio = true, cf_operatore = 'RSSMRA80A41D142Q' "
              "WHERE codice = 'G306'")  # fmt: skip
    await sql("UPDATE ente SET come_ricevuto = true WHERE codice = 'A076'")
    assert protocolli(await contenuto(await esporta())) == {"2025/1"}
    suo = await esporta(ente="G306")
    assert suo.nome_flusso.startswith("G306.PS.")
    assert protocolli(await contenuto(suo)) == {"2025/2"}


async def test_un_ente_che_non_puo_trasmettere_si_rifiuta(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    with pytest.raises(DatiNonValidi, match="operatore"):
        await chiedi(ente="G306")
    with pytest.raises(DatiNonValidi, match="codice Belfiore"):
        await chiedi(ente="Comunità Sociale Cremasca a.s.c.")
    with pytest.raises(NonTrovato, match="Territorio"):
        await chiedi(ente="D150")


async def test_un_periodo_senza_prestazioni_si_rifiuta_con_una_frase(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    fatta = await esporta("2024")
    assert (fatta.stato, fatta.sha256, fatta.uri) == ("respinta", None, None)
    assert "nessuna prestazione" in fatta.avvisi[0]["messaggio"]
    lavoro = (await com_e(fatta.id))[1]
    assert lavoro.stato == "respinto"
    assert "nessuna prestazione" in (lavoro.errore or "")
    # A refusal is no file: asking again tries again.
    assert (await chiedi("2024")).id != fatta.id


async def test_un_comune_uscito_dall_ambito_ferma_il_file_o_resta_fuori(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(riga(1), riga(2, comune_titolare="G306", ente_erogatore="D142")))
    await interroga(banca.superutente, "DELETE FROM appartenenza WHERE istat = '019067'")
    ferma = await esporta()
    assert ferma.stato == "respinta"
    assert [(a["codice"], a["righe"]) for a in ferma.avvisi] == [("comune_fuori_ambito", 1)]
    fatta = await esporta(escludi_errate=True)
    assert (fatta.stato, fatta.righe) == ("sigillata", 1)
    assert ("comune_fuori_ambito", 1) in [(a["codice"], a["righe"]) for a in fatta.avvisi]
    assert protocolli(await contenuto(fatta)) == {"2025/1"}


async def _invecchia(banca: Banca, *modifiche: str) -> None:
    """Records of another time: they passed rules that are no longer in force."""
    await interroga(banca.superutente, "UPDATE versione_flusso SET impronta = repeat('0', 64)")
    for modifica in modifiche:
        await interroga(banca.superutente, modifica)


async def test_i_record_che_non_passano_piu_fermano_il_file_con_il_conto_per_regola(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(*map(riga, range(1, 6))))
    await _invecchia(
        banca,
        "UPDATE prestazione SET area_utenza = NULL WHERE riga IN (2, 3)",
        "UPDATE prestazione SET prova_mezzi = NULL, genere = NULL WHERE riga = 4",
    )
    ferma = await esporta()
    assert (ferma.stato, ferma.righe) == ("respinta", None)
    assert {a["codice"]: a["righe"] for a in ferma.avvisi if a["righe"]} == {
        "escluse": 3, "siuss-area-mancante": 2, "obbligatorio": 1,
    }  # fmt: skip
    assert all(str(a["righe"]) in a["messaggio"] for a in ferma.avvisi if a["righe"])
    assert codice_fiscale(1) not in json.dumps(ferma.avvisi)


async def test_o_restano_fuori_se_cosi_si_chiede(lavora: Impostazioni, banca: Banca) -> None:
    await importa(csv_di(*map(riga, range(1, 6))))
    await _invecchia(banca, "UPDATE prestazione SET area_utenza = NULL WHERE riga IN (2, 3)")
    fatta = await esporta(escludi_errate=True)
    assert (fatta.stato, fatta.righe) == ("sigillata", 3)
    assert protocolli(await contenuto(fatta)) == {"2025/3", "2025/4", "2025/5"}
    assert ("siuss-area-mancante", 2) in [(a["codice"], a["righe"]) for a in fatta.avvisi]
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        assert (await manifesto_di(UUID(fatta.id)))["conteggi"]["escluse"] == 2


async def test_i_record_come_ricevuti_non_si_contano_tra_quelli_che_non_passano(
    lavora: Impostazioni, banca: Banca
) -> None:
    await sql("UPDATE ente SET come_ricevuto = true WHERE codice = 'D142'")
    await importa(DIFETTOSO, "flusso.xml")
    await importa(csv_di(riga(50, ente_erogatore="D142")))
    await _invecchia(banca, "UPDATE prestazione SET area_utenza = NULL WHERE NOT come_ricevuto")
    ferma = await esporta()
    assert {a["codice"]: a["righe"] for a in ferma.avvisi if a["codice"] != "come_ricevuto"} == {
        "escluse": 1, "siuss-area-mancante": 1,
    }  # fmt: skip


# --- flows of another software ------------------------------------------------------------------


async def test_un_flusso_ricevuto_esce_con_tutti_i_suoi_attributi(lavora: Impostazioni) -> None:
    await importa(BUONO, "flusso.xml")
    xml = await contenuto(await esporta())
    schema = schema_inps("PS_PSA_SINA201812.xsd")
    if schema is not None:
        schema.assertValid(etree.fromstring(xml))
    _, _, _, prima = albero(BUONO)  # type: ignore[misc]
    _, _, _, dopo = albero(xml)  # type: ignore[misc]
    assert sorted(dopo[1:], key=repr) == sorted(prima[1:], key=repr)


async def test_un_flusso_ricevuto_in_modo_normale_esce_valido_anche_se_ha_spazi_nei_codici(
    lavora: Impostazioni,
) -> None:
    await importa(BUONO.replace(b">A2.17<", b">\n    A2.17\n  <"), "flusso.xml")
    difetti = difetti_di_forma(await contenuto(await esporta()))
    assert [d for d in difetti if d.startswith("CodicePrestazione")] == []


async def test_un_flusso_come_ricevuto_si_restituisce_com_era_anche_nella_testa(
    lavora: Impostazioni,
) -> None:
    await sql("UPDATE ente SET come_ricevuto = true WHERE codice = 'D142'")
    lotto = await importa(DIFETTOSO, "flusso.xml")
    await importa(csv_di(riga(50)))
    reso = await esporta(ricevuto=lotto)
    assert albero(await contenuto(reso)) == albero(DIFETTOSO)
    assert reso.righe == 3
    assert ("come_ricevuto", 3) in [(a["codice"], a["righe"]) for a in reso.avvisi]


async def test_le_schede_sinba_si_restituiscono_com_erano(lavora: Impostazioni) -> None:
    lotto = await importa(SINBA, "minori.xml")
    reso = await esporta(flusso="siuss-sinba", ricevuto=lotto)
    assert albero(await contenuto(reso)) == albero(SINBA)
    xml = await contenuto(await esporta(flusso="siuss-sinba"))
    controlla_schema(xml, "SINBA.xsd")
    minori = [m.get("IDBeneficiario") for m in etree.fromstring(xml).iter(f"{NS}SINBA")]
    assert minori == ["M-0001", "M-0002"]
    assert (await esporta("2024", flusso="siuss-sinba")).stato == "respinta"


async def test_le_schede_di_un_flusso_dal_nome_irregolare_escono_con_l_anno_in_cui_e_arrivato(
    lavora: Impostazioni,
) -> None:
    await sql("UPDATE ente SET come_ricevuto = true WHERE codice = 'D142'")
    await importa(SINBA.replace(b"D142.SINBA.20250301.0000001", b"MINORI"), "minori.xml")
    fatta = await esporta(str(attivazioni.oggi().year), flusso="siuss-sinba", ente="D142")
    assert (fatta.stato, fatta.righe) == ("sigillata", 2)


async def test_si_restituisce_solo_un_flusso_ricevuto_e_del_suo_genere(
    lavora: Impostazioni,
) -> None:
    tabella = await importa(csv_di(riga(1)))
    with pytest.raises(NonTrovato, match="Importazioni"):
        await chiedi(ricevuto=tabella)
    with pytest.raises(NonTrovato):
        await chiedi(ricevuto=10**12)
    lotto = await importa(SINBA, "minori.xml")
    with pytest.raises(DatiNonValidi, match="siuss-sinba"):
        await chiedi(ricevuto=lotto)


# --- a vendor's flow ----------------------------------------------------------------------------

_ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")


class PluginDiProva:
    """What a vendor of a distretto would ship: a CSV for the office that keeps the accounts."""

    @hookimpl
    def manifesto(self) -> Manifesto:
        return Manifesto(
            id="crema_conti", distretto="crema", denominazione="Conti di prova", versione="3.2.1",
            contratto="1.0", fornitore="Ditta Esempio", licenza="EUPL-1.2", fonti=(_ATTO,),
            privacy=Privacy(dati_personali=False, dichiarazione="Solo importi e protocolli."),
        )  # fmt: skip

    @hookimpl
    def flussi(self) -> tuple[Flusso, ...]:
        campi = FLUSSO_PRESTAZIONI.campi_per_nome
        scelti = (
            "protocollo_domanda",
            "cognome",
            "ente_erogatore",
            "importo_mensile",
            "data_inizio",
        )
        return (
            Flusso(
                id="conti", denominazione="Conti", destinatario="Ragioneria", versione_schema="1",
                fonte="prestazioni", regole=(),
                campi=tuple(msgspec.structs.replace(campi[n], predefinito=None) for n in scelti),
                tracciato=TracciatoCSV(colonne=tuple(
                    ColonnaCSV(n, n, numero=n.startswith("importo")) for n in scelti
                )),
                estensione="csv", media_type="text/csv", fonti_normative=("Accordo di prova",),
            ),
        )  # fmt: skip


@pytest.fixture
def con_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The installation has one plugin more."""
    registro = Registro.carica()
    registro.registra(PluginDiProva())
    monkeypatch.setattr(attivazioni, "registro", lambda: registro)
    return


@pytest.mark.usefixtures("con_plugin")
async def test_il_flusso_di_un_fornitore_esce_come_lui_lo_dichiara(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(riga(2, cognome='=Rossi "x"'.replace("=", "")), riga(1, cognome="D;A")))
    with pytest.raises(NonTrovato):
        await chiedi(flusso="conti")
    await sql("INSERT INTO attivazione (plugin, dal) VALUES ('crema_conti', '2020-01-01')")
    fatta = await esporta(flusso="conti")
    assert fatta.nome_flusso == "D142.CONTI.20260301.0000001"
    assert (fatta.uri or "").endswith("/debito/conti/2025/D142.CONTI.20260301.0000001.csv")
    azienda = "Comunità Sociale Cremasca a.s.c."
    assert (await contenuto(fatta)).decode("utf-8-sig") == (
        "protocollo_domanda;cognome;ente_erogatore;importo_mensile;data_inizio\r\n"
        f'2025/1;"D;A";{azienda};312,40;2025-01-01\r\n'
        f'2025/2;"Rossi ""x""";{azienda};312,40;2025-01-01\r\n'
    )
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        plugin = (await manifesto_di(UUID(fatta.id)))["plugin"]
    assert plugin["crema_conti"] == "3.2.1"
    assert set(plugin) == {"siuss", "spesa_sociale", "crema", "crema_conti"}


@pytest.mark.usefixtures("con_plugin")
async def test_di_un_record_come_ricevuto_il_fornitore_ha_i_dati_e_non_la_forma_di_un_altro(
    lavora: Impostazioni,
) -> None:
    await sql("INSERT INTO attivazione (plugin, dal) VALUES ('crema_conti', '2020-01-01')")
    await sql("UPDATE ente SET come_ricevuto = true WHERE codice = 'D142'")
    await importa(DIFETTOSO, "flusso.xml")
    fatta = await esporta(flusso="conti", ente="D142")
    righe = (await contenuto(fatta)).decode("utf-8-sig").splitlines()
    assert (fatta.stato, fatta.righe, len(righe)) == ("sigillata", 3, 4)
    assert not any("<" in riga for riga in righe)
    assert "come_ricevuto" not in {a["codice"] for a in fatta.avvisi}


class PluginPrincipale(PluginDiProva):
    """A vendor's own flow of the prestazioni, in the place of the national one."""

    @hookimpl
    def flussi(self) -> tuple[Flusso, ...]:
        return (msgspec.structs.replace(FLUSSO_PRESTAZIONI, id="mio", regola_nome=None),)


async def test_il_flusso_che_si_dichiara_principale_porta_dentro_e_fa_uscire_le_prestazioni(
    lavora: Impostazioni, banca: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    registro = Registro.carica()
    registro.registra(PluginPrincipale())
    monkeypatch.setattr(attivazioni, "registro", lambda: registro)
    await interroga(banca.superutente, "DELETE FROM attivazione WHERE plugin = 'siuss'")
    with pytest.raises(Conflitto, match="Nessun plugin attivo"):
        await importa(csv_di(riga(1)))
    await sql("INSERT INTO attivazione (plugin, dal) VALUES ('crema_conti', '2020-01-01')")
    await importa(csv_di(riga(1), riga(2)))

    def non_serve(*_: object) -> None:
        raise AssertionError("the stored forms are this flow's: nothing is prepared again")

    monkeypatch.setattr(per_colonne, "Controllore", non_serve)
    fatta = await esporta(flusso="mio")
    assert fatta.nome_flusso == "D142.MIO.20260301.0000001"
    assert protocolli(await contenuto(fatta)) == {"2025/1", "2025/2"}


# --- the proof ----------------------------------------------------------------------------------


async def test_il_manifesto_prova_l_oggetto_e_sta_accanto_ad_esso(lavora: Impostazioni) -> None:
    prima = datetime.now(UTC)
    await importa(csv_di(riga(1), riga(2)))
    fatta = await esporta()
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        dato = await manifesto_di(UUID(fatta.id))
    xml = await contenuto(fatta)
    assert dato["sha256"] == fatta.sha256 == hashlib.sha256(xml).hexdigest()
    assert dato["conteggi"] == {"righe": 2, "beneficiari": 2, "cancellazioni": 0, "escluse": 0,
                                "byte": len(xml), "byte_archiviati": len(xml)}  # fmt: skip
    assert dato["regole"] == {
        "impronta": impronta(FLUSSO_PRESTAZIONI),
        "verificate": [r.codice for r in FLUSSO_PRESTAZIONI.regole],
    }
    assert (dato["versione_schema"], dato["capofila"]) == ("201812", capofila.__version__)
    assert set(dato["plugin"]) == {"siuss", "spesa_sociale", "crema"}
    assert (
        prima
        <= datetime.fromisoformat(dato["dati_al"])
        <= datetime.fromisoformat(dato["creato_il"])
    )
    assert dato["ente"]["codice"] == "D142"
    assert [a["codice"] for a in dato["avvisi"]] == ["operatore_dimostrativo"]
    bucket, _, oggetto = (fatta.uri or "").removeprefix("s3://").partition("/")
    accanto = [p async for p in archivio().leggi_a_flusso(bucket, f"{oggetto}.manifesto.json")]
    assert json.loads(b"".join(accanto)) == dato


async def test_i_dati_del_file_sono_quelli_di_un_solo_momento(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    chiesta = await chiedi()
    fatta = await attendi(chiesta)
    await importa(csv_di(riga(2)))
    assert protocolli(await contenuto(fatta)) == {"2025/1"}


async def test_cio_che_e_stato_inviato_non_si_puo_piu_cancellare(lavora: Impostazioni) -> None:
    await importa(csv_di(riga(1)))
    fatta = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        dove = await per_scaricare(UUID(fatta.id))
        assert dove.versione
        fino = await registra_invio(UUID(fatta.id), "portale", "INPS.1")
        await archivio().blocca(dove.bucket, dove.oggetto, dove.versione, fino)
    assert fino > datetime.now(UTC) + timedelta(days=3600)
    bloccato = await archivio().bloccato_fino(dove.bucket, dove.oggetto, dove.versione)
    assert bloccato is not None
    assert abs((bloccato - fino).total_seconds()) < 2
    with pytest.raises(Conflitto):
        await archivio().elimina(dove.bucket, dove.oggetto, dove.versione)
    assert hashlib.sha256(await contenuto(fatta)).hexdigest() == fatta.sha256
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="non ancora inviato"):
            await registra_invio(UUID(fatta.id), "portale", None)
        (uno,) = await invii(UUID(fatta.id))
    assert (uno["canale"], uno["protocollo"]) == ("portale", "INPS.1")
    assert (await com_e(fatta.id))[0].stato == "inviata"


async def test_si_invia_solo_cio_che_e_sigillato_e_per_un_canale_noto(lavora: Impostazioni) -> None:
    vuota = await esporta("2024")
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="sigillato"):
            await registra_invio(UUID(vuota.id), "portale", None)
        with pytest.raises(NonTrovato):
            await per_scaricare(UUID(vuota.id))
    await importa(csv_di(riga(1)))
    fatta = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(DatiNonValidi, match="canale"):
            await registra_invio(UUID(fatta.id), "piccione", None)


# --- large --------------------------------------------------------------------------------------

TANTE = 60_000


async def _moltiplica(banca: Banca, quante: int) -> None:
    """Copies of the one row that is there, each of another person, as the owner writes them."""
    colonne = [
        r["column_name"]
        for r in await interroga(
            banca.superutente,
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'prestazione' "
            "AND column_name NOT IN ('id', 'codice_fiscale', 'forma_gruppo', 'forma_riga')",
        )
    ]
    nomi = ", ".join(colonne)
    falso = "'ZZ' || lpad(n::text, 14, '0')"
    await interroga(
        banca.superutente,
        f"INSERT INTO prestazione ({nomi}, codice_fiscale) SELECT {nomi}, {falso} "
        f"FROM prestazione, generate_series(1, {quante - 1}) n",
    )


async def test_un_file_grande_si_comprime_e_il_sigillo_e_del_contenuto(
    lavora: Impostazioni, banca: Banca
) -> None:
    await importa(csv_di(riga(1)))
    await _moltiplica(banca, TANTE)
    tracemalloc.start()
    try:
        fatta = await attendi(await chiedi(), entro=60)
        _, picco = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (fatta.stato, fatta.righe) == ("sigillata", TANTE)
    digesto, lunghi = hashlib.sha256(), 0
    bucket, _, oggetto = (fatta.uri or "").removeprefix("s3://").partition("/")
    async for pezzo in archivio().leggi_a_flusso(bucket, oggetto, fatta.versione_oggetto):
        digesto.update(pezzo)
        lunghi += len(pezzo)
    assert (digesto.hexdigest(), lunghi) == (fatta.sha256, fatta.byte)
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        conti = (await manifesto_di(UUID(fatta.id)))["conteggi"]
    assert conti["beneficiari"] == TANTE
    assert conti["byte_archiviati"] < conti["byte"] / 5
    # What Python held at once, beside libraries: some parts of the upload, never the file.
    assert lunghi > 32 * 1024 * 1024
    assert picco < 24 * 1024 * 1024, f"{picco / 2**20:.0f} MiB"


# --- what is nobody's business ------------------------------------------------------------------


async def test_nomi_codici_e_importi_non_stanno_fuori_dalle_prestazioni(
    lavora: Impostazioni, banca: Banca, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    segreti = (
        codice_fiscale(7),
        codice_fiscale(8),
        "Ypsilonrossi",
        "Zetamaria",
        "777.77",
        "777,77",
    )
    cambi = {"cognome": "Ypsilonrossi", "nome": "Zetamaria", "importo_mensile": "777,77",
             "quota_ente": "777,77", "quota_utente": ""}  # fmt: skip
    await importa(csv_di(riga(7, **cambi), riga(8, **cambi)))
    await esporta()
    await _invecchia(banca, "UPDATE prestazione SET area_utenza = NULL WHERE riga = 2")
    await esporta(nuova=True)
    tabelle = (
        "lavoro",
        "lavoro_uscita",
        "esportazione",
        "registro",
        "registro_piattaforma",
        "lotto",
    )
    scritti = [
        (tabella, str(dict(r)))
        for tabella in tabelle
        for r in await interroga(banca.superutente, f"SELECT * FROM {tabella}")
    ]
    scritti += [("log", r.getMessage() + (r.exc_text or "")) for r in caplog.records]
    bucket = archivio().nome_bucket("crema")
    oggetti = archivio().cliente.list_objects(bucket, recursive=True, include_version=True)
    scritti += [("s3", str(o.object_name)) for o in oggetti]
    assert {dove for dove, _ in scritti} >= {"lavoro", "esportazione", "registro", "s3", "lotto"}
    for dove, testo in scritti:
        for segreto in segreti:
            assert segreto not in testo, dove


def test_i_tempi_del_test_sono_brevi() -> None:
    assert VELOCI.stantio < 5


# --- the samples that the receiver publishes, when they are given -------------------------------


def _esempi_inps() -> list[bytes]:
    testo = (Path(os.environ["CAPOFILA_SIUSS_ESEMPI"]) / "api-comuni.yaml").read_text("utf-8")
    blocchi = re.findall(r"[A-Za-z0-9+/=\n ]{400,}", testo)
    return [base64.b64decode(re.sub(r"\s", "", blocco)) for blocco in blocchi]


@pytest.mark.skipif(
    not os.environ.get("CAPOFILA_SIUSS_ESEMPI"), reason="CAPOFILA_SIUSS_ESEMPI is not set"
)
async def test_gli_esempi_di_inps_si_segnalano_e_come_ricevuti_tornano_uguali(
    lavora: Impostazioni, banca: Banca
) -> None:
    esempi = _esempi_inps()
    assert len(esempi) == 3
    for numero, esempio in enumerate(esempi):
        async with unita_di_lavoro(await contesto("crema")):
            esito = await porta(esempio, f"{numero}.xml")
        assert (esito.stato, esito.importate) == ("da_decidere", 0)
        assert "ente_fuori_ambito" in {e.codice for e in esito.errori}
    for numero, esempio in enumerate(esempi):
        lettura = leggi(io.BytesIO(esempio))
        codice = lettura.intestazione.ente_codice
        belfiore = codice if re.fullmatch("[A-Z][0-9]{3}", codice) else f"Z99{numero}"
        await interroga(
            banca.superutente,
            f"INSERT INTO comune (istat, nome, belfiore, provincia, fonte) VALUES "
            f"('99900{numero}', 'Prova {numero}', '{belfiore}', 'XX', 'prova') ON CONFLICT DO NOTHING",
        )
        async with unita_di_lavoro(await contesto("crema")) as unita:
            istat = await unita.valore("SELECT istat FROM comune WHERE belfiore = $1", belfiore)
            await unita.esegui(
                "INSERT INTO appartenenza (istat, fonte) SELECT $1, 'prova' WHERE NOT EXISTS "
                "(SELECT 1 FROM appartenenza WHERE istat = $1)",
                istat,
            )
            await unita.esegui(
                "INSERT INTO ente (tipo, denominazione, codice, istat, come_ricevuto) "
                "VALUES ('comune', $1, $2, $3, true) ON CONFLICT DO NOTHING",
                *(f"Prova {numero}", codice, istat),
            )
        lotto = await importa(esempio, f"{numero}.xml")
        reso = await esporta(flusso=lettura.flusso_id, ricevuto=lotto)
        assert albero(await contenuto(reso)) == albero(esempio)
