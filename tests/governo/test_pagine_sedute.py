"""What a secretary sends from the pages of a meeting: interests, who came in since, what a refusal keeps."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from lxml import html as albero

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_di_lavoro
from capofila.governo import condivise, deliberazioni, sala, sedute
from capofila.governo.sedute import Proposta
from tests.conftest import Banca
from tests.governo.adunanze import REGOLE_DI_CREMA, aperta, prepara, presiede_chi_deve, tutti
from tests.governo.test_banco import per_quote, registra
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


async def test_il_voto_di_chi_e_uscito_mentre_si_scriveva_non_si_perde_in_silenzio(
    entra: Entra, ambiti: Banca
) -> None:
    dove = await contesto("crema")
    async with unita_di_lavoro(dove):
        id_, [una] = await aperta(
            Proposta(materia="priorita", oggetto="Ancora priorità"), regole=REGOLE_DI_CREMA
        )
        prima = await tutti(id_)
        await sala.segna_presenza(id_, [PANDINO], False, ora=time(18, 40))
    rita = await entra("rita.crema")
    percorso = f"/crema/sedute/proposte/{una}/voto"
    modulo = {
        "modo": "appello", "ora": "19:00", "altri": "favorevole", "votano": prima,
        f"voto-{PANDINO}": "contrario",
    }  # fmt: skip
    rifiuto = await rita.vai("POST", percorso, modulo)  # type: ignore[arg-type]
    assert rifiuto.status_code == 422
    assert "non può più votare: Pandino" in rifiuto.text
    # Sent again as the page is now, it is recorded without who left.
    assert f"voto-{PANDINO}" not in rifiuto.text
    fatto = await rita.vai(
        "POST",
        percorso,
        {n: v for n, v in modulo.items() if n != f"voto-{PANDINO}"},  # type: ignore[arg-type]
    )
    assert fatto.status_code == 303
    async with unita_di_lavoro(dove):
        [votata] = await deliberazioni.votazioni(id_)
        assert PANDINO not in votata.voti


@pytest.mark.parametrize(
    "modulo", [{"modo": "appello"}, {"modo": "alzata", "altri": "non_vota"}, {"modo": "segreta"}]
)
async def test_una_votazione_senza_voti_non_respinge_nulla(
    entra: Entra, ambiti: Banca, modulo: dict[str, str]
) -> None:
    """A form sent by mistake would turn a proposal down, and a vote is never taken away."""
    dove = await contesto("crema")
    async with unita_di_lavoro(dove):
        id_, [una] = await aperta(
            Proposta(materia="priorita", oggetto="Vuota"), regole=REGOLE_DI_CREMA
        )
        visti = await tutti(id_)
    rita = await entra("rita.crema")
    rifiuto = await rita.vai(
        "POST", f"/crema/sedute/proposte/{una}/voto",
        modulo | {"ora": "19:00", "votano": visti},  # type: ignore[dict-item]
    )  # fmt: skip
    assert rifiuto.status_code == 422
    assert "Nessun voto è scritto" in rifiuto.text
    async with unita_di_lavoro(dove):
        assert await deliberazioni.votazioni(id_) == []


async def test_dove_tutti_si_astengono_la_votazione_si_registra(
    entra: Entra, ambiti: Banca
) -> None:
    dove = await contesto("crema")
    async with unita_di_lavoro(dove):
        id_, [una] = await aperta(
            Proposta(materia="priorita", oggetto="Nessuno sceglie"), regole=REGOLE_DI_CREMA
        )
        visti = await tutti(id_)
    rita = await entra("rita.crema")
    fatto = await rita.vai(
        "POST", f"/crema/sedute/proposte/{una}/voto",
        {"modo": "appello", "ora": "19:00", "altri": "astenuto", "votano": visti},  # type: ignore[dict-item]
    )  # fmt: skip
    assert fatto.status_code == 303
    async with unita_di_lavoro(dove):
        [votata] = await deliberazioni.votazioni(id_)
        assert votata.risultato == "respinta"
        assert set(votata.voti.values()) == {(0, 0, 100)}


async def test_un_atto_registrato_si_annulla_dalla_sua_pagina(entra: Entra, ambiti: Banca) -> None:
    rita = await entra("rita.crema")
    elenco = "/crema/deliberazioni/precedenti"
    fatto = await rita.vai(
        "POST", elenco,
        {"specie": "atto", "materia": "piano-di-zona", "giorno": "30/04/2015", "prova": "Delibera di prova"},
    )  # fmt: skip
    assert fatto.status_code == 303
    pagina = albero.fromstring((await rita.get(elenco)).text)
    [riga] = pagina.xpath("//tr[contains(., 'Delibera di prova')]")
    [dove] = riga.xpath(".//form[contains(@action, '/annulla')]/@action")
    presto = await rita.vai("POST", str(dove), {"dal": "01/01/2015", "atto": "Sentenza di prova"})
    assert presto.status_code == 422
    assert "non può cessare prima di essere deliberato" in presto.text
    # What was typed is still there, in its own row, which stays open.
    [ancora] = albero.fromstring(presto.text).xpath(
        "//tr[contains(., 'Delibera di prova')]//details"
    )
    assert ancora.get("open") is not None
    assert ancora.xpath(".//input[@name='dal']/@value") == ["01/01/2015"]
    vuoto = await rita.vai("POST", str(dove), {"dal": "", "atto": ""})
    assert vuoto.status_code == 422
    campi = albero.fromstring(vuoto.text).xpath(
        "//details[@open]//input[@aria-invalid='true']/@name"
    )
    assert campi == ["dal", "atto"]
    olga = await entra("pia.pandino")
    assert (
        await olga.vai("POST", str(dove), {"dal": "01/06/2016", "atto": "X"})
    ).status_code == 403
    annullato = await rita.vai(
        "POST", str(dove), {"dal": "01/06/2016", "atto": "Sentenza di prova n. 3"}
    )
    assert annullato.status_code == 303
    [riga] = albero.fromstring((await rita.get(elenco)).text).xpath(
        "//tr[contains(., 'Delibera di prova')]"
    )
    testo = " ".join(riga.text_content().split())
    assert "Annullato dal" in testo
    assert "Annullato con: Sentenza di prova n. 3" in testo
    assert not riga.xpath(".//form[contains(@action, '/annulla')]")
    due = await rita.vai("POST", str(dove), {"dal": "01/06/2016", "atto": "Un’altra"})
    assert due.status_code == 422
    assert "non vale già più" in due.text


async def test_chi_lavora_per_un_comune_legge_quanto_pesano_le_sue_quote(
    entra: Entra, ambiti: Banca
) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await registra(2034)
        id_, _ = await prepara(regole=per_quote(anno_pesi=2034))
        await sala.apri(id_)
    pagina = (await (await entra("pia.pandino")).get(f"/crema/sedute/{id_}")).text
    assert "2,5 quote su 120" in pagina


async def test_in_cima_c_e_la_prossima_seduta_anche_di_un_organo_che_tiene_un_altro_ambito(
    entra: Entra, ambiti: Banca
) -> None:
    giorno = oggi() + timedelta(days=2)
    async with unita_di_lavoro(await contesto("crema")):
        assemblea, _ = await prepara(giorno=giorno)
        cabina, _ = await prepara(organo="cabina-di-regia", giorno=giorno, luogo="Sala di Crema")
        await condivise.aggiorna(cabina)
    pia, vera = await entra("pia.pandino"), await entra("vera.cremona")
    for chi, percorso, id_ in ((pia, "/crema/sedute", "prossima"), (pia, "/crema", "sedute")):
        [scheda] = albero.fromstring((await chi.get(percorso)).text).xpath(f"//*[@id='{id_}']")
        dove = scheda.xpath(".//a/@href")
        assert f"/crema/sedute/{assemblea}" in dove
        # Nobody of Pandino sits in the Cabina.
        assert f"/crema/sedute/{cabina}" not in dove
    [scheda] = albero.fromstring((await vera.get("/cremona")).text).xpath("//*[@id='sedute']")
    assert f"/cremona/sedute/condivise/{cabina}" in scheda.xpath(".//a/@href")
    testo = " ".join(scheda.text_content().split())
    assert "Sala di Crema · la tiene Ambito distrettuale Cremasco" in testo
    assert (await vera.get(f"/cremona/sedute/condivise/{cabina}")).status_code == 200


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
