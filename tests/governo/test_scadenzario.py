"""What was done of a deadline, over HTTP and in the service: proofs, corrections, own deadlines."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from lxml import html as albero

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.governo.scadenzario import istanza, segna
from capofila.governo.sedute import Proposta
from capofila.hooks import SpecieProva
from tests.conftest import Banca
from tests.governo.adunanze import REGOLE_DI_CREMA, aperta, decidi, materia_nota, tutti
from tests.isolamento.conftest import Navigatore
from tests.prestazioni.casi import contesto
from tests.prestazioni.test_moduli import Entra, entra

__all__ = ["entra"]

pytestmark = pytest.mark.anyio
PIANO = "/crema/adempimenti/piano-operativo"
ATTO = "Assemblea dei Sindaci, deliberazione n. 4 (inventata)"


def parole(risposta: Any) -> str:
    principale = albero.fromstring(risposta.text).xpath("//main")[0]
    return " ".join(str(principale.text_content()).split())


async def fatto(cliente: Navigatore, anno: int, **campi: str) -> Any:
    modulo = {"esito": "fatto", "giorno": f"26/03/{anno}", "specie": "atto", "prova": ATTO,
              "numero": "1"}  # fmt: skip
    return await cliente.vai("POST", f"{PIANO}/{anno}", modulo | campi)


async def test_si_segna_con_una_prova_e_si_riapre_con_una_correzione_datata(entra: Entra) -> None:
    cliente = await entra("olga.crema")
    prima = await cliente.get(f"{PIANO}/2021")
    assert "Scaduta" in parole(prima)
    assert "marzo 2021: vale l’ultimo giorno, mercoledì 31 marzo 2021." in parole(prima)
    assert (await fatto(cliente, 2021)).status_code == 303
    dopo = parole(await cliente.get(f"{PIANO}/2021"))
    assert f"Fatto 26 marzo 2021: {ATTO}" in dopo
    # Whoever still has the old page open does not write over it.
    tardi = await fatto(cliente, 2021)
    assert tardi.status_code == 409
    assert "già chiusa" in parole(tardi)
    riapri = {"esito": "riaperto", "numero": "2"}
    senza = await cliente.vai("POST", f"{PIANO}/2021", riapri)
    assert senza.status_code == 422
    riapri["motivo-riaperto"] = "La deliberazione era di un altro anno"
    assert (await cliente.vai("POST", f"{PIANO}/2021", riapri)).status_code == 303
    ancora = parole(await cliente.get(f"{PIANO}/2021"))
    assert "Scaduta" in ancora
    assert f"Fatto il 26 marzo 2021: {ATTO}" in ancora  # what was written stays
    assert "Riaperta il" in ancora
    # In time by one act, late by another.
    assert (await fatto(cliente, 2021, giorno="02/04/2021", numero="3")).status_code == 303
    assert "Fatto in ritardo 2 aprile 2021" in parole(await cliente.get(f"{PIANO}/2021"))


@pytest.mark.parametrize(
    ("campi", "parola"),
    [
        ({"giorno": ""}, "Scrivi il giorno"),
        ({"giorno": "31/02/2022"}, "non esiste"),
        ({"giorno": "01/01/2099"}, "è nel futuro"),
        ({"specie": ""}, "Scegli che cosa lo prova"),
        ({"prova": ""}, "Scrivi quale atto o documento"),
        ({"specie": "flusso"}, "Scegli il file"),
        ({"specie": "flusso", "esportazione": "x"}, "fra quelli sigillati"),
        ({"prova": "x" * 301}, "troppo lungo"),
    ],
)
async def test_un_modulo_sbagliato_dice_dove_e_tiene_quello_che_era_scritto(
    entra: Entra, campi: dict[str, str], parola: str
) -> None:
    cliente = await entra("olga.crema")
    risposta = await fatto(cliente, 2022, **campi)
    assert 400 <= risposta.status_code < 500
    assert parola in parole(risposta)
    assert "Scaduta" in parole(await cliente.get(f"{PIANO}/2022"))


async def test_non_dovuto_ha_un_perche(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    modulo = {"esito": "non_dovuto", "numero": "1", "motivo-non_dovuto": "Anno di commissariamento"}
    assert (await cliente.vai("POST", f"{PIANO}/2020", modulo)).status_code == 303
    assert "Non dovuto" in parole(await cliente.get(f"{PIANO}/2020"))


async def test_la_linea_del_tempo_si_filtra_per_organo_e_per_stato(entra: Entra) -> None:
    cliente = await entra("olga.crema")
    await fatto(cliente, 2019)
    tutte = parole(await cliente.get("/crema/adempimenti?anno=2019"))
    assert "Gennaio 2019" in tutte
    assert "riguarda il 2018" in tutte
    assert tutte.index("Report Annuale") < tutte.index("Piano Operativo")
    assert "3 scadenze" in tutte
    udp = parole(await cliente.get("/crema/adempimenti?anno=2019&organo=ufficio-di-piano"))
    assert "1 scadenza" in udp
    assert "Contratto di Servizio" in udp
    fatte = parole(await cliente.get("/crema/adempimenti?anno=2019&stato=fatte"))
    assert "1 scadenza" in fatte
    assert "Approvazione del Piano Operativo" in fatte
    nessuna = await cliente.get("/crema/adempimenti?anno=2019&stato=non-dovute")
    assert "togli un filtro" in parole(nessuna)
    # What is not a filter is none.
    assert "3 scadenze" in parole(
        await cliente.get("/crema/adempimenti?anno=2019&stato=boh&organo=x")
    )


async def test_chi_lavora_per_un_comune_legge_e_non_scrive(entra: Entra) -> None:
    cliente = await entra("pia.pandino")
    pagina = await cliente.get(f"{PIANO}/2018")
    assert "Segna ciò che è accaduto" not in parole(pagina)
    assert (await fatto(cliente, 2018)).status_code == 403
    assert (await cliente.get("/crema/adempimenti/nuovo")).status_code == 403
    assert (await cliente.get("/crema/adempimenti/recapiti")).status_code == 403
    async with unita_di_lavoro(await contesto("crema", comune="G306")):
        with pytest.raises(NonAutorizzato):
            await segna(
                "piano-operativo", 2018, esito="non_dovuto", giorno=date(2018, 1, 1), prova="No",
                numero=1,
            )  # fmt: skip


async def test_l_ambito_aggiunge_una_sua_scadenza_e_la_toglie_con_un_motivo(entra: Entra) -> None:
    cliente = await entra("olga.crema")
    modulo = {
        "titolo": "Avviso per il Fondo", "giorno": "15/10/2017", "anno": "2017",
        "organo": "ufficio-di-piano", "preavvisi": "30, 7",
        "fonte": "Assemblea dei Sindaci, atto inventato n. 2 del 10/01/2017",
    }  # fmt: skip
    sbagliato = await cliente.vai(
        "POST", "/crema/adempimenti/nuovo", modulo | {"preavvisi": "un mese", "giorno": "boh"}
    )
    assert sbagliato.status_code == 422
    assert "con una virgola in mezzo" in parole(sbagliato)
    assert "Avviso per il Fondo" in sbagliato.text
    lontano = await cliente.vai("POST", "/crema/adempimenti/nuovo", modulo | {"anno": "2012"})
    assert lontano.status_code == 422
    assert "al più 2 anni" in parole(lontano)
    risposta = await cliente.vai("POST", "/crema/adempimenti/nuovo", modulo)
    assert risposta.status_code == 303
    dove = risposta.headers["location"]
    pagina = parole(await cliente.get(dove))
    # The 15th of October 2017 was a Sunday.
    assert "Cade di domenica; il termine è scritto così, e il giorno resta quello." in pagina
    assert "15 settembre 2017, 8 ottobre 2017" in pagina
    [id_] = re.findall(r"proprio-(\d+)/2017", dove)
    togli = f"/crema/adempimenti/propri/{id_}/togli"
    assert (await cliente.vai("POST", togli, {"motivo": ""})).status_code == 422
    assert (await cliente.vai("POST", togli, {"motivo": "Doppione"})).status_code == 303
    assert (await cliente.get(dove)).status_code == 404
    assert (await cliente.vai("POST", togli, {"motivo": "Doppione"})).status_code == 404
    altrove = await (await entra("vera.cremona")).get(f"/cremona/adempimenti/proprio-{id_}/2017")
    assert altrove.status_code == 404


async def test_una_deliberazione_del_registro_e_la_prova_e_si_apre_dalla_scadenza(
    entra: Entra,
) -> None:
    cliente = await entra("rita.crema")
    async with unita_di_lavoro(await contesto("crema")):
        id_, [una] = await aperta(
            Proposta(materia=await materia_nota(), anno=2016, oggetto="Atto inventato"),
            giorno=date(2016, 3, 20), regole=REGOLE_DI_CREMA,
        )  # fmt: skip
        _, deliberata = await decidi(id_, una, await tutti(id_))
        assert deliberata is not None
    assert "Atto inventato" in (await cliente.get(f"{PIANO}/2017")).text
    scelta = {"deliberazione": str(deliberata.id), "prova": ""}
    presto = await fatto(cliente, 2017, **scelta, giorno="19/03/2016")
    assert presto.status_code == 422
    assert "prima non poteva" in parole(presto)
    inesistente = await fatto(cliente, 2017, deliberazione="999999", prova="")
    assert inesistente.status_code == 404
    assert (await fatto(cliente, 2017, **scelta)).status_code == 303
    dopo = await cliente.get(f"{PIANO}/2017")
    assert "Assemblea dei Sindaci, deliberazione n. 1 del 20/03/2016" in parole(dopo)
    assert f"/crema/deliberazioni/{deliberata.id}" in dopo.text


async def test_due_che_scrivono_insieme_si_mettono_in_fila(ambiti: Banca) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await segna(
            "contratto-di-servizio", 2016, esito="fatto", giorno=date(2016, 4, 20), prova="Rep. 12",
            specie=SpecieProva.DOCUMENTO, numero=1,
        )  # fmt: skip
        riapre = {"esito": "riaperto", "giorno": date(2016, 4, 21), "prova": "Errore"}
        with pytest.raises(Conflitto, match="Qualcun altro"):
            await segna("contratto-di-servizio", 2016, **riapre, numero=1)  # type: ignore[arg-type]
        await segna("contratto-di-servizio", 2016, **riapre, numero=2)  # type: ignore[arg-type]
        with pytest.raises(Conflitto, match="già aperta"):
            await segna("contratto-di-servizio", 2016, **riapre, numero=3)  # type: ignore[arg-type]
        with pytest.raises(DatiNonValidi, match="specie"):
            await segna(
                "contratto-di-servizio", 2016, esito="fatto", giorno=date(2016, 4, 22), prova="X",
                numero=3,
            )  # fmt: skip
        for codice, anno in (("piano-operativo", 1800), ("altro", 2016), ("proprio-x", 2016)):
            with pytest.raises(NonTrovato):
                await istanza(codice, anno)
