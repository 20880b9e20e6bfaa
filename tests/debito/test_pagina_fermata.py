"""The page of a run whose job stopped: who may restart it can, and who may not is told whom to ask."""

from __future__ import annotations

import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import interroga
from tests.prestazioni.conftest import ambiti, banca_del_modulo
from tests.prestazioni.test_moduli import Entra, entra

from capofila.accessi import rules

__all__ = ["ambiti", "banca_del_modulo", "entra"]

pytestmark = pytest.mark.anyio

_FERMA = """
WITH e AS (SELECT a.id AS ambito, n.id AS ente FROM ambito a JOIN ente n ON n.ambito_id = a.id
  WHERE a.slug = 'crema' AND n.mittente),
l AS (INSERT INTO lavoro (ambito_id, tipo, parametri, stato, tentativi, finito_il, errore)
  SELECT ambito, 'debito.pubblica', '{}', 'fallito', 8, now(), 'prova' FROM e RETURNING id)
INSERT INTO esportazione (ambito_id, flusso, periodo, dal, al, ente_id, nome_flusso, stato,
  lavoro_id, pubblicazione_id)
SELECT e.ambito, 'siuss', '2021', '2021-01-01', '2021-12-31', e.ente, 'D142.PS.20210101.0000001',
  'in_pubblicazione', l.id, l.id FROM e, l RETURNING id
"""


async def test_di_una_pubblicazione_ferma_si_dice_a_chi_chiedere(
    entra: Entra, ambiti: Banca, monkeypatch: pytest.MonkeyPatch
) -> None:
    cliente = await entra("olga.crema")
    (ferma,) = await interroga(ambiti.superutente, _FERMA)
    pagina = (await cliente.get(f"/crema/debito/{ferma['id']}")).text
    assert "Riavvia la pubblicazione" in pagina
    assert "non ne hai il permesso" not in pagina
    senza = dict(rules.PERMESSI)
    senza["operatore_udp"] = senza["operatore_udp"] - {"lavori.riavvia"}
    monkeypatch.setattr(rules, "PERMESSI", senza)
    pagina = (await cliente.get(f"/crema/debito/{ferma['id']}")).text
    assert "Riavvia la pubblicazione" not in pagina
    assert "chiedilo a un operatore o al responsabile dell’Ufficio di Piano" in pagina
