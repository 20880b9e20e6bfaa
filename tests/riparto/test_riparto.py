"""Funds on a real database: what is known is read, what is approved is kept, and by an act."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.riparto import service
from capofila.riparto.calcolo import RipartoNonPossibile
from capofila.spesa import service as spesa
from tests.conftest import Banca
from tests.prestazioni.casi import contesto
from tests.riparto.casi import ANNO, delibera, scritti
from tests.spesa.casi import CREMA, PANDINO, a_carico_del_comune, csv_di, porta

pytestmark = pytest.mark.anyio
D = Decimal


@asynccontextmanager
async def come(slug: str = "crema", comune: str | None = None) -> Any:
    async with unita_di_lavoro(await contesto(slug, comune=comune)) as unita:
        yield unita


async def _simulata(codice: str, fondo: str, anno: int = ANNO) -> service.Traccia:
    criteri = await service.uno_dei_criteri(anno, codice)
    return await service.simula(anno, criteri, D(fondo), await scritti(criteri, anno))


async def test_per_abitanti_ogni_comune_ha_la_sua_parte_e_la_fonte(ambiti: Banca) -> None:
    async with come():
        traccia = await _simulata("crema-fnps-abitanti", "100000.00")
        abitanti = {uno.codice: uno.valori["abitanti"] for uno in traccia.beneficiari}
        assert len(abitanti) == 48
        parti = {una.codice: una.importo for una in traccia.esito.assegnazioni}
        assert sum(parti.values()) == D("100000.00")
        atteso = abitanti[CREMA] * 100000 / sum(abitanti.values())
        assert abs(parti[CREMA] - atteso) < D("0.01")
        assert "31 dicembre 2011" in traccia.fonti["abitanti"]
        assert "censimento" in traccia.fonti["abitanti"]
        with pytest.raises(RipartoNonPossibile, match="Manca «abitanti al 31 dicembre»"):
            await _simulata("crema-fnps-abitanti", "1000.00", anno=2030)
        with pytest.raises(NonTrovato, match="altrove"):
            await _simulata("altrove", "1.00")
        with pytest.raises(DatiNonValidi, match="L'anno"):
            await service.criteri(1)
    async with come(comune="G306"):
        with pytest.raises(NonAutorizzato):
            await service.approvati()
        with pytest.raises(NonAutorizzato):
            await _simulata("crema-fnps-abitanti", "1.00")


async def test_la_spesa_la_gestione_e_la_consegna_vengono_dalla_rilevazione(ambiti: Banca) -> None:
    async with come():
        with pytest.raises(RipartoNonPossibile, match="rilevazione"):
            await _simulata("crema-fnps", "1000.00")
        chi = await service.fra_chi(await service.uno_dei_criteri(ANNO, "crema-fnps"), ANNO)
        await spesa.apri(
            spesa.Apertura(anno=2011, scadenza=oggi() + timedelta(days=5), promemoria=())
        )
    righe = [
        a_carico_del_comune(
            2011, "100", comune=uno.codice,
            gestione="associata" if uno.codice == PANDINO else "singola",
        )
        for uno in chi
    ]  # fmt: skip
    await porta(csv_di(*righe), 2011)
    for azione in ("completa", "invia"):
        async with come(comune="G306"):
            await spesa.passo(2011, PANDINO, azione, "")
    async with come():
        traccia = await _simulata("crema-fnps", "90000.00")
        pandino = next(uno for uno in traccia.beneficiari if uno.codice == PANDINO)
        assert pandino.valori | {"abitanti": D(0)} == {
            "abitanti": D(0), "spesa": D("100.00"), "associata": D("100.00"), "puntuale": D(1),
        }  # fmt: skip
        di_crema = next(uno for uno in traccia.beneficiari if uno.codice == CREMA)
        assert (di_crema.valori["associata"], di_crema.valori["puntuale"]) == (D(0), D(0))
        premi = {
            una.codice: una.parti[2].importo
            for una in traccia.esito.assegnazioni
            if una.parti[2].importo
        }
        # Pandino alone is managed jointly and sent in time: the whole tenth is its own.
        assert premi == {PANDINO: D("9000.00")}


async def test_si_approva_con_l_atto_in_vigore_e_una_versione_prende_il_posto(
    ambiti: Banca,
) -> None:
    async with come():
        traccia = await _simulata("crema-fnps-abitanti", "70000.00")
        with pytest.raises(Conflitto, match="riparto-risorse"):
            await service.approva(traccia)
        await delibera("n. 4 (inventato)")
        primo = await service.approva(traccia)
        secondo = await service.approva(await _simulata("crema-fnps-abitanti", "80000.00"))
        visti = await service.approvati()
        assert [(u.id, u.versione, u.ultimo, u.importo) for u in visti] == [
            (secondo, 2, True, D("80000.00")), (primo, 1, False, D("70000.00")),
        ]  # fmt: skip
        uno, letta = await service.approvato(primo)
        assert letta == traccia
        assert service.rifatto_uguale(letta)
        assert (uno.atto, uno.atto_data) == ("Atto n. 4 (inventato)", date(ANNO, 10, 1))
        assert uno.sha256 == service.forma(letta)["sha256"]
        for altro in (0, -1, 2**40, secondo + 1):
            with pytest.raises(NonTrovato):
                await service.approvato(altro)
    async with come("cremona"):
        assert await service.approvati() == []
        with pytest.raises(NonTrovato):
            await service.approvato(primo)
    for comando in ("UPDATE riparto_fondo SET importo = 1", "DELETE FROM riparto_fondo"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with come() as unita:
                await unita.esegui(comando)


async def test_l_anno_dopo_si_parte_da_quanto_assegnato(ambiti: Banca) -> None:
    """Cremona: groups of comuni, an act that is typed in, a floor on what was had the year before."""
    prima = 2020
    async with come("cremona"):
        for anno in (prima - 1, prima):
            criteri = await service.uno_dei_criteri(anno, "cremona-fna")
            assert [una.codice for una in await service.da_scrivere(criteri, anno)] == [
                "utenti", "avuto",
            ]  # fmt: skip
        chi = await service.fra_chi(criteri, prima)
        assert {"Ambito 1", "Ambito 4"} <= {uno.nome for uno in chi}
        assert sum(len(uno.comuni) for uno in chi) == len({i for uno in chi for i in uno.comuni})
        with pytest.raises(RipartoNonPossibile, match="abitanti"):
            await _simulata("cremona-fna", "1000.00", prima)
        traccia = await _simulata("cremona-fna", "60000.00")
        for atto in (
            None,
            service.Atto(cita="x", data=date(2012, 1, 1)),
            service.Atto(cita="Assemblea, n. 3", data=oggi() + timedelta(days=1)),
        ):
            with pytest.raises(DatiNonValidi, match="Scrivi l’atto"):
                await service.approva(traccia, atto)
        await service.approva(
            traccia, service.Atto(cita="Assemblea, n. 3", data=date(2012, 10, 29))
        )
        dopo = await service.uno_dei_criteri(ANNO + 1, "cremona-fna")
        assert [una.codice for una in await service.da_scrivere(dopo, ANNO + 1)] == ["utenti"]
        beneficiari, fonti = await service.beneficiari(
            dopo, ANNO + 1, await scritti(dopo, ANNO + 1)
        )
        avuto = {uno.codice: uno.valori["avuto"] for uno in beneficiari}
        assert avuto == {una.codice: una.importo for una in traccia.esito.assegnazioni}
        assert fonti["avuto"] == "Riparto del 2012 approvato in Capofila, versione 1"


async def test_fra_servizi_non_si_passa_la_meta_del_costo(ambiti: Banca) -> None:
    async with come("casalmaggiore"):
        criteri = await service.uno_dei_criteri(2025, "casalmaggiore-fsr")
        costi = {"nidi": 90000, "cag": 1000, "adm": 40000, "sad": 60000, "cse": 30000}
        dati = {
            "costo": {codice: D(costo) for codice, costo in costi.items()},
            "utenti": {"nidi": D(40), "cag": D(200), "adm": D(12), "sad": D(50), "cse": D(9)},
        }
        traccia = await service.simula(2025, criteri, D("100000.00"), dati)
        parti = {una.codice: una for una in traccia.esito.assegnazioni}
        assert traccia.esito.trattenute[0].importo == D("5000.00")
        assert parti["cag"].importo == D("500.00")
        assert "Fermato al massimo «metà del costo»" in parti["cag"].note[0]
        assert sum(una.importo for una in parti.values()) == D("95000.00")
        troppo = (await service.simula(2025, criteri, D("900000.00"), dati)).esito
        assert (troppo.ripartito, troppo.avanzo) == (D("110500.00"), D("744500.00"))
        assert {una.importo for una in troppo.assegnazioni} == {
            D(costo) / 2 for costo in costi.values()
        }
