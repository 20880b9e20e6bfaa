"""Deadlines of which the platform knows by itself that they were met: files of the debito, the survey."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente, unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.debito import service as debito
from capofila.debito.esiti import registra_esito
from capofila.debito.service import invia
from capofila.governo import scadenzario
from capofila.governo.adempimenti import stato
from capofila.governo.feste import festivi
from capofila.governo.scadenzario import Termine, istanza, segna
from capofila.hooks import SpecieProva
from capofila.spesa import service as spesa
from tests.debito.casi import esporta, importa
from tests.debito.conftest import lavora
from tests.prestazioni.casi import contesto, csv_di, prova, riga

__all__ = ["lavora"]

pytestmark = pytest.mark.anyio


async def test_di_un_flusso_lo_sa_il_debito_e_nessuno_lo_scrive(lavora: Any) -> None:
    termine = Termine(
        titolo="Invio SIUSS", organo="ufficio-di-piano", anno=2025, giorno=oggi(), flusso="siuss",
        periodo="2025", fonte="Ufficio di Piano, determina inventata n. 1",
    )  # fmt: skip
    async with unita_di_lavoro(await contesto("crema")):
        una = await scadenzario.aggiungi_termine(termine)
        with pytest.raises(Conflitto, match="sa da sé"):
            await segna(
                una.codice, 2025, esito="fatto", giorno=oggi(), prova="PEC", numero=1,
                specie=SpecieProva.DOCUMENTO,
            )  # fmt: skip
        assert "siuss" not in {u.flusso for u in await scadenzario.flussi_senza_giorno(2025)}
        assert "siuss" in {u.flusso for u in await scadenzario.flussi_senza_giorno(2024)}
    await importa(csv_di(riga(1)))
    fatta = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        assert (await istanza(una.codice, 2025)).aperta  # sealed is not sent
        await invia(UUID(fatta.id), "portale", "PROT-1")
        inviata = await istanza(una.codice, 2025)
        assert inviata.fatto is not None
        assert (inviata.fatto.giorno, inviata.fatto.esportazione) == (oggi(), fatta.id)
        assert stato(inviata, oggi() + timedelta(days=9)) == "fatto"
        # What the receiver refuses whole was not done.
        await registra_esito(UUID(fatta.id), "scartata", "No")
        assert (await istanza(una.codice, 2025)).aperta


async def test_un_file_sigillato_puo_essere_una_prova(lavora: Any) -> None:
    await importa(csv_di(riga(2)))
    fatta = await esporta()
    async with unita_di_lavoro(await contesto("crema")):
        await segna(
            "report-annuale", 2025, esito="fatto", giorno=oggi(), prova="", numero=1,
            specie=SpecieProva.FLUSSO, esportazione=fatta.id,
        )  # fmt: skip
        una = await istanza("report-annuale", 2025)
        assert una.fatto is not None
        assert (una.fatto.prova, una.fatto.esportazione) == (fatta.nome_flusso, fatta.id)
    async with unita_di_lavoro(await contesto("cremona")):
        assert await scadenzario.file_sigillati() == []


async def test_il_termine_della_spesa_sociale_e_fra_le_scadenze(motore: Any) -> None:
    scadenza = oggi() + timedelta(days=40)
    async with unita_di_lavoro(await contesto("crema")):
        await spesa.apri(
            spesa.Apertura(anno=2025, comuni=("019035",), scadenza=scadenza, promemoria=(oggi(),))
        )
        trovate = {
            una.codice: una
            for una in await scadenzario.istanze_fra(oggi(), oggi() + timedelta(days=60))
        }
        una = trovate["schede-spesa"]
        assert (una.data, una.avvisi, una.aperta) == (scadenza, (oggi(),), True)
        for azione in ("completa", "invia"):
            await spesa.passo(2025, "019035", azione, "Per conto del comune")
        una = await istanza("schede-spesa", 2025)
        assert una.fatto is not None
        assert una.fatto.giorno == oggi()


async def _mandato(ente: int, periodo: str, nome: str) -> None:
    """A file that an ente has sent, as the room of the debito writes it."""
    unita = unita_corrente()
    quando = debito.periodo(periodo)
    id_ = await unita.valore(
        "INSERT INTO esportazione (flusso, periodo, dal, al, ente_id, nome_flusso, stato, sha256, "
        "bucket, oggetto, manifesto) VALUES ('siuss', $1, $2, $3, $4, $5, 'inviata', "
        "repeat('0', 64), 'capofila-crema', 'x', '{}') RETURNING id",
        periodo, quando.dal, quando.al, ente, nome,
    )  # fmt: skip
    await unita.esegui(
        "INSERT INTO invio (esportazione_id, canale, protocollo, bloccata_fino) "
        "VALUES ($1, 'portale', 'P', now())",
        id_,
    )


async def test_un_flusso_e_fatto_quando_lo_hanno_inviato_tutti_gli_enti_che_lo_devono(
    ambiti: Any,
) -> None:
    async with prova("crema") as unita:
        enti = {r["codice"]: r["id"] for r in await unita.righe("SELECT id, codice FROM ente")}
        await unita.esegui("UPDATE ente SET invio_proprio = true WHERE codice IN ('G306', 'I827')")
        una = await scadenzario.aggiungi_termine(
            Termine(
                titolo="Invio del trimestre", organo="ufficio-di-piano", anno=2024, giorno=oggi(),
                flusso="siuss", periodo="2024-T1", fonte="Determina inventata",
            )
        )  # fmt: skip
        # Another period is another matter.
        await _mandato(enti["D142"], "2024-T2", "altro.xml")
        assert (await istanza(una.codice, 2024)).enti == ()
        await _mandato(enti["D142"], "2024-T1", "uno.xml")
        await _mandato(enti["G306"], "2024-T1", "due.xml")
        letta = await istanza(una.codice, 2024)
        assert (letta.aperta, letta.inviati) == (True, "2 di 3 enti")
        assert [nome for nome, fatto in letta.enti if not fatto] == ["Comune di Soncino"]
        await _mandato(enti["I827"], "2024-T1", "tre.xml")
        letta = await istanza(una.codice, 2024)
        assert (letta.aperta, letta.inviati) == (False, "3 di 3 enti")
        with pytest.raises(DatiNonValidi, match="di quell'anno"):
            await scadenzario.aggiungi_termine(
                Termine(
                    titolo="Storto", organo="ufficio-di-piano", anno=2024, giorno=oggi(),
                    flusso="siuss", periodo="2023-T1", fonte="Determina inventata",
                )
            )  # fmt: skip


async def test_le_scadenze_di_molti_anni_si_leggono_con_le_stesse_interrogazioni(
    ambiti: Any,
) -> None:
    """The plugins answer in a millisecond or two a year: what costs is asking the database."""
    async with prova("crema") as unita:
        quante = []
        for al in (2026, 2036):
            prima = unita.conta_query
            await scadenzario.istanze_fra(date(2026, 1, 1), date(al, 12, 31))
            quante.append(unita.conta_query - prima)
        assert quante[0] == quante[1]
        assert quante[0] <= 12


async def test_le_feste_locali_sono_quelle_del_capofila(ambiti: Any) -> None:
    async with prova("crema"):
        giorni = await festivi([2026])
        assert date(2026, 6, 10) in giorni
        assert date(2026, 11, 13) not in giorni
    async with prova("cremona"):
        assert date(2026, 11, 13) in await festivi([2026])
    async with prova("casalmaggiore"):
        assert await festivi([2026]) == frozenset()  # no source found names it
