"""A release as a job: asked for, done by a worker, refused when what was seen has changed, never done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.impostazioni import Impostazioni
from capofila.base.lavori import REGISTRO
from capofila.confronto import pubblicazioni, rilasci
from capofila.confronto.fotografie import conta_invii
from capofila.confronto.rules import DatiConvenzione
from capofila.debito.service import Puntualita
from capofila.gestione.service import NOMI_LAVORO
from tests.compartecipazione.test_ricalcoli import concluso
from tests.confronto.casi import ATTO, COMUNI, conviene, spende
from tests.debito.casi import officina
from tests.prestazioni.casi import contesto

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lavoratore(impostazioni_prova: Impostazioni) -> AsyncIterator[None]:
    async with officina(impostazioni_prova):
        yield


async def del_2031() -> list[int]:
    return [p.id for p in await pubblicazioni.pubblicazioni() if p.anno == 2031]


@pytest.mark.usefixtures("lavoratore")
async def test_si_chiede_si_fa_una_volta_e_si_rifiuta_cio_che_e_cambiato() -> None:
    await spende("crema", 2031, [*COMUNI["crema"][:3]])
    convenzione = await conviene("crema")
    async with unita_di_lavoro(await contesto("crema")):
        vista = (await pubblicazioni.proponi("spesa", 2031, convenzione)).impronta
        with pytest.raises(DatiConvenzione):
            await rilasci.chiedi("spesa", 2031, convenzione, {**ATTO, "atto": ""}, vista)
        with pytest.raises(Conflitto):
            await rilasci.chiedi("utenti", 2031, convenzione, ATTO, vista)
        with pytest.raises(NonTrovato):
            await rilasci.chiedi("nessuno", 2031, convenzione, ATTO, vista)
        primo = await rilasci.chiedi("spesa", 2031, convenzione, ATTO, vista)
        assert await rilasci.chiedi("spesa", 2031, convenzione, ATTO, vista) == primo
    finito = await concluso(primo)
    assert (finito.stato, finito.totale) == ("riuscito", 3), finito.errore
    assert finito.esito is not None
    id_ = finito.esito["pubblicazione"]
    async with unita_di_lavoro(await contesto("crema")):
        assert await del_2031() == [id_]
        # The same job begun again, as after a worker that died at the very end.
        di_nuovo = await pubblicazioni.pubblica(
            "spesa", 2031, convenzione, ATTO, vista, lavoro=primo
        )
        assert di_nuovo == id_
        assert await del_2031() == [id_]
    await spende("crema", 2031, [*COMUNI["crema"][:3]], euro=2000)
    async with unita_di_lavoro(await contesto("crema")):
        secondo = await rilasci.chiedi("spesa", 2031, convenzione, ATTO, vista)
    rifiutato = await concluso(secondo)
    assert rifiutato.stato == "respinto"
    assert "cambiate" in (rifiutato.errore or "")
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        assert await del_2031() == [id_]
    async with unita_di_lavoro(await contesto("cremona"), sola_lettura=True):
        with pytest.raises(NonTrovato):
            await rilasci.andamento(primo)


def test_il_lavoro_ha_un_nome() -> None:
    assert rilasci.TIPO in REGISTRO
    assert rilasci.TIPO in NOMI_LAVORO


def _inviato(flusso: str, periodo: str, primo: date) -> Puntualita:
    return Puntualita(
        flusso=flusso, periodo=periodo, inviati=2, accolti=1, fine=date(2024, 12, 31), primo=primo
    )


def test_la_puntualita_si_misura_dal_termine_dove_ce_n_e_uno() -> None:
    termini = {("siuss", "2024"): date(2025, 3, 31), ("siuss", "2024-1"): date(2025, 1, 31)}
    contati = conta_invii(
        [
            _inviato("siuss", "2024", date(2025, 3, 1)),
            _inviato("siuss", "2024-1", date(2025, 2, 10)),
            _inviato("altro", "2024", date(2025, 1, 10)),
        ],
        termini,
    )
    # A month early and ten days late is ten days late.
    assert contati["siuss"] == {
        "invii": 4, "accolti": 2, "giorni": 60 + 41, "periodi": 2, "ritardo": 10, "in_tempo": 1,
        "con_termine": 2,
    }  # fmt: skip
    assert contati["altro"] == {
        "invii": 2, "accolti": 1, "giorni": 10, "periodi": 1, "ritardo": 0, "in_tempo": 0,
        "con_termine": 0,
    }  # fmt: skip
