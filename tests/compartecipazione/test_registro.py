"""A decided quota on its way into the prestazioni, and from there into the file; its letter."""

from __future__ import annotations

import re
import zlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from capofila.base.database import unita_di_lavoro
from capofila.compartecipazione import decisioni, registro, service, utenze
from capofila.compartecipazione.lettera import lettera
from capofila.compartecipazione.service import DatiRifiutati
from capofila.prestazioni import versioni
from tests.compartecipazione.casi import attesta, contesto, persona, registra, riempi
from tests.compartecipazione.test_adozioni import ATTO
from tests.prestazioni.casi import codice_fiscale

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]
SCRITTI = {
    "protocollo_domanda": "SAD/1", "ente_erogatore": "", "cittadinanza": "380",
    "comune_residenza": "Crema", "presa_in_carico": "si", "area_utenza": "2",
}  # fmt: skip


async def _decisa(n: int, comune: str, isee: str = "4500", **campi: Any) -> decisioni.Decisa:
    async with unita_di_lavoro(await contesto("crema")):
        await registra(comune, dal=date(2024, 1, 1))
        utenza = await persona(
            n, comune, dal=date(2025, 1, 1), quantita=Decimal(10), costo=Decimal(25), **campi
        )
        await attesta(utenza, isee)
        return await decisioni.leggi(await service.decidi(utenza, date(2025, 1, 15), ATTO))


async def _scrivi(decisa: decisioni.Decisa, importo: str = "250", **altro: str) -> list[int]:
    async with unita_di_lavoro(await contesto("crema")):
        operazioni = registro.piano(
            await registro.base(decisa), {**SCRITTI, **altro}, Decimal(importo)
        )
        assert await registro.prova(operazioni) == []
        return await registro.scrivi(decisa, operazioni)


async def _record(id_: int) -> dict[str, Any]:
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        return await versioni.leggi(id_)


async def test_la_quota_va_nelle_prestazioni_e_le_quote_fanno_l_importo() -> None:
    decisa = await _decisa(800, "D966")
    (id_,) = await _scrivi(decisa)
    riga = await _record(id_)
    assert (riga["importo_mensile"], riga["quota_utente"], riga["quota_ente"]) == (
        Decimal("250.00"), Decimal("36.20"), Decimal("213.80"),
    )  # fmt: skip
    assert (riga["codice_prestazione"], riga["comune_titolare"], riga["prova_mezzi"]) == (
        "A2.07", "D966", "1",
    )  # fmt: skip
    assert (riga["data_inizio"], riga["data_fine"]) == (date(2025, 1, 15), date(2025, 12, 31))
    assert (riga["dsu_anno"], riga["dsu_data"]) == (2025, date(2025, 1, 10))
    async with unita_di_lavoro(await contesto("crema")):
        assert await registro.scritte(decisa.id) == [id_]
        with pytest.raises(DatiRifiutati, match="già nelle prestazioni"):
            await registro.base(decisa)


async def test_una_nuova_decisione_finisce_il_record_di_prima_e_ne_aggiunge_uno() -> None:
    prima = await _decisa(801, "E082")
    (vecchio,) = await _scrivi(prima)
    async with unita_di_lavoro(await contesto("crema")):
        await attesta(prima.utenza_id, "13000", presentata=date(2025, 5, 2))
        dopo = await decisioni.leggi(await service.decidi(prima.utenza_id, date(2025, 6, 1), ATTO))
        assert (await registro.base(dopo)).proposti["protocollo_domanda"] == "SAD/1"
    (nuovo,) = await _scrivi(dopo)
    assert (await _record(vecchio))["sostituita_lotto"] is not None
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        corrente = await versioni.versione_che_vale(vecchio)
    assert corrente is not None
    finito, riga = await _record(corrente), await _record(nuovo)
    assert (finito["data_fine"], finito["quota_utente"]) == (date(2025, 5, 31), Decimal("36.20"))
    assert (riga["data_inizio"], riga["quota_utente"]) == (date(2025, 6, 1), Decimal("155.20"))


async def test_una_decisione_dallo_stesso_giorno_corregge_il_record() -> None:
    prima = await _decisa(802, "E380")
    (vecchio,) = await _scrivi(prima)
    async with unita_di_lavoro(await contesto("crema")):
        await attesta(prima.utenza_id, "6000", presentata=date(2025, 1, 12))
        dopo = await decisioni.leggi(await service.decidi(prima.utenza_id, date(2025, 1, 15), ATTO))
    (nuovo,) = await _scrivi(dopo)
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        assert await versioni.versione_che_vale(vecchio) == nuovo
    riga = await _record(nuovo)
    assert (riga["quota_utente"], riga["quota_ente"]) == (Decimal("50.40"), Decimal("199.60"))


async def test_una_decisione_sostituita_non_ci_va() -> None:
    prima = await _decisa(806, "F681")
    async with unita_di_lavoro(await contesto("crema")):
        await service.decidi(prima.utenza_id, date(2025, 1, 10), ATTO)
        assert "ha preso il posto" in await registro.perche_no(prima)


async def test_cio_che_non_puo_andarci_e_detto() -> None:
    decisa = await _decisa(803, "E793")
    async with unita_di_lavoro(await contesto("crema")):
        nota = await registro.base(decisa)
        for importo, detto in (("0", "maggiore di zero"), ("30", "supera il costo")):
            with pytest.raises(DatiRifiutati, match=detto):
                registro.piano(nota, SCRITTI, Decimal(importo))
        errori = await registro.prova(
            registro.piano(nota, {**SCRITTI, "comune_residenza": ""}, Decimal(250))
        )
        assert any("residenza" in testo for _, testo in errori)
        chi = await riempi("E793", codice_fiscale(804), "Senza")
        altra = await decisioni.leggi(int(chi["decisione"]))
        assert "nessun plugin attivo" in await registro.perche_no(altra)


async def test_la_lettera_e_un_pdf_accessibile_con_le_cifre_e_l_impronta() -> None:
    decisa = await _decisa(805, "F434")
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        chi = await utenze.assistito(decisa.assistito_id)
    pdf = lettera(decisa, chi, "Monte Cremasco", "Ambito distrettuale Cremasco")
    assert pdf.startswith(b"%PDF")
    tutto = pdf + b"".join(
        zlib.decompress(pezzo)
        for pezzo in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
        if pezzo[:1] == b"x"
    )
    assert b"/MarkInfo" in tutto
    assert b"<pdfuaid:part>1</pdfuaid:part>" in tutto
    assert b"/Lang" in tutto
