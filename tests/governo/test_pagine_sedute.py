"""What a secretary sends from the pages of a meeting: interests, who came in since, what a refusal keeps."""

from __future__ import annotations

from datetime import time

import pytest
from lxml import html as albero

from capofila.base.database import unita_di_lavoro
from capofila.governo import deliberazioni, sala, sedute
from capofila.governo.sedute import Proposta
from tests.conftest import Banca
from tests.governo.adunanze import REGOLE_DI_CREMA, aperta, prepara, presiede_chi_deve, tutti
from tests.prestazioni.casi import contesto
from tests.prestazioni.test_moduli import Entra, entra

__all__ = ["entra"]

pytestmark = pytest.mark.anyio
CREMA, PANDINO, AGNADELLO = "019035", "019067", "019002"


async def test_chi_ha_un_interesse_non_vota_nemmeno_a_scrutinio_segreto(
    entra: Entra, ambiti: Banca
) -> None:
    dove = await contesto("crema")
    async with unita_di_lavoro(dove):
        id_, [una] = await aperta(
            Proposta(materia="priorita", oggetto="Le priorità"), regole=REGOLE_DI_CREMA
        )
        quanti = len(await tutti(id_))
    rita = await entra("rita.crema")
    modulo = {
        "modo": "segreta",
        "ora": "19:00",
        "favorevoli": str(quanti),
        f"voto-{PANDINO}": "interesse",
    }
    troppi = await rita.vai("POST", f"/crema/sedute/proposte/{una}/voto", modulo)
    assert troppi.status_code == 422
    assert f"chi può votare qui sono {quanti - 1}" in troppi.text
    giusti = await rita.vai(
        "POST", f"/crema/sedute/proposte/{una}/voto", modulo | {"favorevoli": str(quanti - 1)}
    )
    assert giusti.status_code == 303, giusti.text
    async with unita_di_lavoro(dove):
        [votata] = await deliberazioni.votazioni(id_)
        assert (votata.modo, votata.esito["voti"]["interessati"]) == ("segreta", 1)


async def test_il_voto_degli_altri_non_vale_per_chi_entra_dopo(entra: Entra, ambiti: Banca) -> None:
    dove = await contesto("crema")
    async with unita_di_lavoro(dove):
        id_, [una] = await prepara(
            Proposta(materia="priorita", oggetto="Altre priorità"), regole=REGOLE_DI_CREMA
        )
        await sala.apri(id_)
        prima = [chi for chi in await tutti(id_) if chi != PANDINO]
        await sala.segna_presenza(id_, prima, True, ora=time(18))
        await presiede_chi_deve(id_)
    rita = await entra("rita.crema")
    percorso = f"/crema/sedute/proposte/{una}/voto"
    pagina = albero.fromstring((await rita.get(percorso)).text)
    visti = [str(v) for v in pagina.xpath("//input[@name='votano']/@value")]
    assert sorted(visti) == sorted(prima)
    async with unita_di_lavoro(dove):
        await sala.segna_presenza(id_, [PANDINO], True, ora=time(18, 30))
    modulo = {"modo": "alzata", "ora": "19:00", "altri": "favorevole", "votano": visti}
    rifiuto = await rita.vai("POST", percorso, modulo)  # type: ignore[arg-type]
    assert rifiuto.status_code == 422
    assert "è entrato in sala: Pandino" in rifiuto.text
    # The page that comes back has the new seat: sent again, it is the secretary who says.
    fatto = await rita.vai("POST", percorso, modulo | {f"voto-{PANDINO}": "contrario"})  # type: ignore[dict-item]
    assert fatto.status_code == 303
    async with unita_di_lavoro(dove):
        [votata] = await deliberazioni.votazioni(id_)
        assert votata.voti[PANDINO] == (0, 100, 0)
        assert votata.voti[AGNADELLO] == (100, 0, 0)


async def test_un_passo_rifiutato_tiene_cio_che_era_scritto(entra: Entra, ambiti: Banca) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        id_, _ = await prepara(regole=REGOLE_DI_CREMA)
        await sala.apri(id_)
        await sala.chiudi(id_)
    rita = await entra("rita.crema")
    rifiuto = await rita.vai(
        "POST", f"/crema/sedute/{id_}/passo",
        {"azione": "verbale", "pubblicare_entro": "31/02/2026", "motivo_termine": "Ferie"},
    )  # fmt: skip
    assert rifiuto.status_code == 422
    pagina = albero.fromstring(rifiuto.text)
    assert pagina.xpath("//input[@name='pubblicare_entro']/@value") == ["31/02/2026"]
    assert pagina.xpath("//input[@name='pubblicare_entro']/@aria-invalid") == ["true"]
    assert pagina.xpath("//*[@id='riepilogo-errori']//a/@href") == ["#campo-pubblicare_entro"]
    async with unita_di_lavoro(await contesto("crema")):
        assert (await sedute.adunanza(id_)).stato == "chiusa"


async def test_chi_lavora_per_un_comune_vede_la_delega_che_vale_ancora(
    entra: Entra, ambiti: Banca
) -> None:
    dove = await contesto("crema")
    async with unita_di_lavoro(dove):
        id_, _ = await prepara(regole=REGOLE_DI_CREMA)
        await sala.apri(id_)
        await sala.segna_presenza(id_, [CREMA, AGNADELLO], True, ora=time(18))
        await sala.segna_delega(id_, PANDINO, AGNADELLO, "delega firmata", ora=time(18, 10))
    pia = await entra("pia.pandino")
    assert "Assente, con delega a Agnadello." in (await pia.get(f"/crema/sedute/{id_}")).text
    async with unita_di_lavoro(dove):
        await sala.segna_presenza(id_, [AGNADELLO], False, ora=time(18, 20))
    pagina = (await pia.get(f"/crema/sedute/{id_}")).text
    assert "con delega a" not in pagina
    assert "Assente." in pagina


async def test_la_pagina_si_legge_anche_se_nessun_plugin_dichiara_piu_l_organo(
    entra: Entra, ambiti: Banca
) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        id_, _ = await prepara(regole=REGOLE_DI_CREMA)
        di_prima = await unita.valore(
            "INSERT INTO seduta (organo, denominazione, giorno, ora, luogo, regole) "
            "SELECT 'organo-di-prima', 'Organo di prima', giorno, ora, luogo, '{}' FROM seduta "
            "WHERE id = $1 RETURNING id",
            id_,
        )
        await unita.esegui(
            "UPDATE seduta SET stato = 'convocata', convocata_il = giorno WHERE id = $1", di_prima
        )
    pia = await entra("pia.pandino")
    pagina = await pia.get(f"/crema/sedute/{di_prima}")
    assert pagina.status_code == 200
    assert "Organo di prima" in pagina.text
    assert "Il mio seggio" not in pagina.text
