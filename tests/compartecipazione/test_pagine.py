"""The pages of the quotas where a plugin says more than the ambiti's own: two schemes, one that ended."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import html as albero

from capofila.base import attivazioni
from capofila.base.database import unita_corrente, unita_di_lavoro
from capofila.base.plugin import Registro
from capofila.compartecipazione import service
from tests.compartecipazione.casi import attesta, contesto, persona, registra, riempi
from tests.compartecipazione.schemi import SAD
from tests.compartecipazione.test_adozioni import ATTO
from tests.compartecipazione.test_con_plugin import Fornitore
from tests.prestazioni.casi import codice_fiscale
from tests.prestazioni.test_moduli import Entra, entra

__all__ = ["entra"]
pytestmark = pytest.mark.anyio
STANZA = "/crema/compartecipazione"


@pytest.fixture
def con_due_schemi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the month: one that holds to the end of 2025, and one dearer."""
    for servizio, prima, dopo in (
        ("trasporto", "  - dal: 2024-01-01\n", "  - dal: 2024-01-01\n    al: 2025-12-31\n"),
        ("laboratorio", "valore: 26,", "valore: 30,"),
    ):
        testo = SAD.replace("prova-sad", f"prova-{servizio}").replace(prima, dopo)
        testo = testo.replace("servizio: sad", f"servizio: {servizio}")
        testo = testo.replace("Assistenza domiciliare", servizio.capitalize())
        (tmp_path / f"{servizio}.yaml").write_text(testo.replace("unita: ora", "unita: mese"))
    tutti = Registro.carica()
    tutti.registra(Fornitore(tmp_path))
    monkeypatch.setattr(attivazioni, "registro", lambda: tutti)


async def _attiva() -> None:
    await unita_corrente().esegui(
        "INSERT INTO attivazione (plugin, dal) VALUES ('crema_quote', '2020-01-01') "
        "ON CONFLICT DO NOTHING"
    )


def _trova(testo: str, dove: str) -> list[Any]:
    trovati: Any = albero.fromstring(testo).xpath(dove)
    return list(trovati)


def _parole(testo: str, dove: str = "//main") -> str:
    (parte,) = _trova(testo, dove)
    return " ".join(str(parte.text_content()).split())


async def test_una_quota_su_un_isee_scaduto_si_dice_e_si_trova(entra: Entra) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await registra("F681", dal=date(2024, 1, 1))
        for n, isee in ((760, "9000"), (761, None)):
            una = await persona(n, "F681", dal=date(2025, 1, 1), quantita=Decimal(10))
            if isee is not None:
                await attesta(una, isee)
                await service.decidi(una, date(2025, 3, 1), ATTO)
    olga = await entra("olga.crema")
    prima = _parole((await olga.get(f"{STANZA}?giorno=31/12/2025&comune=F681")).text)
    assert "Anna 760" in prima
    assert "è scaduto" not in prima
    dopo = (await olga.get(f"{STANZA}?giorno=01/01/2026&comune=F681")).text
    assert "Una quota è decisa su un ISEE che il 1 gennaio 2026 è scaduto." in _parole(dopo)
    (verso,) = _trova(dopo, "//main//a[contains(., 'da rivedere')]/@href")
    trovate = (await olga.get(verso)).text
    assert "Anna 760" in _parole(trovate, "//table[@id='utenti']")
    assert "Anna 761" not in trovate
    assert "ISEE scaduto, da rivedere" in _parole(trovate, "//table[@id='utenti']")


@pytest.mark.usefixtures("con_due_schemi")
async def test_chi_usa_un_servizio_si_prova_con_l_altro_schema_scelto(entra: Entra) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await _attiva()
        await registra("L539", servizio="trasporto", dal=date(2024, 1, 1))
        una = await persona(
            955, "L539", servizio="trasporto", dal=date(2025, 1, 1), quantita=Decimal(2)
        )
        await attesta(una, "20000")
    olga = await entra("olga.crema")
    qui = f"{STANZA}/effetti?giorno=01/03/2025&servizio=trasporto"
    scelte = _trova((await olga.get(qui)).text, "//select[@name='schema']/option/@value")
    assert scelte == ["", "prova-laboratorio"]
    trovato = await olga.get(f"{qui}&contro=schema&schema=prova-laboratorio")
    assert trovato.status_code == 200
    detto = _parole(trovato.text, "//*[@id='effetto']")
    # 26 a month become 30, for two months.
    assert "Su 1 utente, 1 pagherebbe di più e 0 di meno" in detto
    assert "8,00" in detto
    for sbagliato in ("", "crema-sad", "inventato"):
        rifiuto = await olga.get(f"{qui}&contro=schema&schema={sbagliato}")
        assert rifiuto.status_code == 422
        assert 'href="#campo-schema"' in rifiuto.text
    accanto = await olga.get(
        f"{STANZA}/simulatore/confronto?servizio=trasporto&giorno=01/03/2025"
        "&altro_servizio=laboratorio&altro_giorno=01/03/2025"
    )
    assert accanto.status_code == 200
    assert "4,00" in _parole(accanto.text)


@pytest.mark.usefixtures("con_due_schemi")
async def test_dopo_l_ultimo_giorno_di_uno_schema_si_dice_che_non_ha_una_formula(
    entra: Entra,
) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await _attiva()
        await registra("L535", servizio="trasporto", dal=date(2024, 1, 1))
        una = await persona(956, "L535", servizio="trasporto", dal=date(2025, 1, 1))
        await attesta(una, "4500", presentata=date(2026, 1, 2))
    olga = await entra("olga.crema")
    qui = f"{STANZA}/simulatore?servizio=trasporto&giorno={{}}"
    ultimo = await olga.vai("POST", qui.format("31/12/2025"), {"isee": "4500"})
    assert "Perché 3,62" in ultimo.text
    dopo = await olga.vai("POST", qui.format("01/01/2026"), {"isee": "4500"})
    assert dopo.status_code == 200
    assert "lo schema non ha una formula" in dopo.text
    assert "Perché" not in _parole(dopo.text)
    # Nor is it decided.
    anteprima = await olga.vai(
        "POST", f"{STANZA}/utenze/{una}/decidi", {"dal": "02/01/2026", "azione": "calcola"}
    )
    assert "lo schema non ha una formula" in anteprima.text
    assert "Decidi questa quota" not in anteprima.text


async def test_un_ricalcolo_senza_piu_esiti_lo_dice_e_ne_offre_un_altro(entra: Entra) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        id_ = (await riempi("G603", codice_fiscale(957), "Tolti"))["ricalcolo"]
        await unita.esegui("UPDATE ricalcolo SET esiti_tolti_il = now() WHERE id = $1", int(id_))
    olga = await entra("olga.crema")
    detto = await olga.get(f"{STANZA}/ricalcoli/{id_}")
    assert detto.status_code == 200
    assert "Gli esiti non ci sono più" in detto.text
    assert "Decidi tutte" not in detto.text
    rifiuto = await olga.vai(
        "POST", f"{STANZA}/ricalcoli/{id_}/decidi",
        {"organo": "Servizi sociali", "numero": "1", "data": "20/01/2025"},
    )  # fmt: skip
    assert rifiuto.status_code == 409
    assert "sono stati tolti" in rifiuto.text
