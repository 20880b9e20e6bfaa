"""Bad input typed in the simulator: always a page with a stated outcome, never a silent zero."""

from __future__ import annotations

import pytest

from tests.prestazioni.test_moduli import Entra, entra

__all__ = ["entra"]
pytestmark = pytest.mark.anyio

SIMULATORE = "/crema/compartecipazione/simulatore?servizio=sad&giorno={}&comune={}"
SENZA_QUOTA = "La quota non si calcola."


@pytest.mark.parametrize(
    ("caso", "detto"),
    [
        ({}, "chiedi alla persona di presentare la DSU"),
        ({"isee": "4500", "dsu": "10/01/2024"}, "L&#39;ISEE è scaduto"),
        ({"isee": "4500", "dsu": "02/03/2025"}, "presentata dopo il giorno"),
        ({"isee": "4500", "omissioni": "si"}, "omissioni o difformità: va sanato"),
        ({"isee": "4500", "specie": "universitario"}, "non è della specie"),
        ({"isee": "99999999"}, "controlla le cifre e la virgola"),
        ({"isee": "4500", "quantita": "0"}, "deve essere maggiore di zero"),
        ({"isee": "4500", "quantita": "200000"}, "deve essere maggiore di zero"),
    ],
)
async def test_un_caso_senza_quota_dice_perche(
    entra: Entra, caso: dict[str, str], detto: str
) -> None:
    risposta = await (await entra("olga.crema")).vai(
        "POST", SIMULATORE.format("01/03/2025", ""), caso
    )
    assert risposta.status_code == 200
    assert SENZA_QUOTA in risposta.text
    assert detto in risposta.text
    assert "Perché 0,00" not in risposta.text


@pytest.mark.parametrize(
    ("campo", "scritto"),
    [("isee", "-1"), ("isee", "tremila"), ("isee", "1e9"), ("dsu", "30/02/2025"), ("specie", "mia"),
     ("quantita", "-2"), ("quantita", "dieci")],
)  # fmt: skip
async def test_cio_che_non_si_legge_e_un_errore_del_suo_campo(
    entra: Entra, campo: str, scritto: str
) -> None:
    risposta = await (await entra("olga.crema")).vai(
        "POST", SIMULATORE.format("01/03/2025", ""), {"isee": "4500", campo: scritto}
    )
    assert risposta.status_code == 422
    assert f'href="#campo-{campo}"' in risposta.text


async def test_fuori_dai_giorni_e_dall_ambito_si_dice(entra: Entra) -> None:
    olga = await entra("olga.crema")
    prima = await olga.vai("POST", SIMULATORE.format("01/03/2020", ""), {"isee": "4500"})
    assert prima.status_code == 200
    assert "lo schema non ha una formula" in prima.text
    di_cremona = await olga.vai("POST", SIMULATORE.format("01/03/2025", "D150"), {"isee": "4500"})
    assert di_cremona.status_code == 422
    assert 'href="#campo-comune"' in di_cremona.text
