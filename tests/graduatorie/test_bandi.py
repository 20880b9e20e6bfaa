"""A bando in the database: who sees what, what stops when it is approved, what replays without the plugin."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.plugin import PluginAttivi
from capofila.graduatorie import bandi, service
from capofila.graduatorie.calcolo import Evento
from tests.conftest import Banca
from tests.graduatorie.casi import GIORNO, buona, contesto, iscrivi, un_bando
from tests.prestazioni.casi import interroga

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]


async def approva(bando: int) -> bandi.Approvata:
    vista = (await bandi.provvisoria(await bandi.leggi(bando))).impronta()
    await bandi.approva(bando, "Responsabile", "7", date(2025, 7, 10), vista)
    una = await bandi.approvata(bando)
    assert una is not None
    return una


def rinuncia(protocollo: str, giorno: date = date(2025, 8, 1)) -> Evento:
    return Evento(specie="rinuncia", giorno=giorno, atto="Comunicazione", protocollo=protocollo)


async def test_dal_bando_allo_scorrimento() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        bando = await un_bando()
        for n, isee in enumerate(("9000.00", "3000.00", "15000.00", "26000.00"), 1):
            await iscrivi(bando, n, isee=isee)
        una = await approva(bando)
        assert [(p.protocollo, p.stato) for p in una.esito.posti] == [
            ("2025/2", "ammessa"), ("2025/1", "ammessa"), ("2025/3", "in_attesa"),
            ("2025/4", "esclusa"),
        ]  # fmt: skip
        await bandi.scorri(bando, rinuncia("2025/2"))
        dopo = await bandi.adesso(una)
        assert [p.stato for p in dopo.posti] == ["rinunciata", "ammessa", "ammessa", "esclusa"]
        for sbagliato, errore in (
            (rinuncia("2025/2"), Conflitto),
            (rinuncia("2025/4"), Conflitto),
            (rinuncia("2025/1", date(2025, 7, 1)), DatiNonValidi),
            (Evento(specie="aumento", giorno=date(2025, 9, 1), atto="Det.", budget=Decimal(5)),
             DatiNonValidi),
        ):  # fmt: skip
            with pytest.raises(errore):
                await bandi.scorri(bando, sbagliato)


async def test_cio_che_e_approvato_si_rifa_senza_il_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        bando = await un_bando()
        await iscrivi(bando, 1)
        una = await approva(bando)
        monkeypatch.setattr(PluginAttivi, "graduatorie", lambda _: ())
        with pytest.raises(NonTrovato):
            await bandi.provvisoria(await bandi.leggi(bando))
        riprova = await bandi.rifai(una)
        assert (riprova.integra, riprova.uguale) == (True, True)
        assert riprova.cosa.plugin == "crema"


async def test_un_byte_cambiato_si_vede(banca_del_modulo: Banca) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        bando = await un_bando()
        await iscrivi(bando, 1)
        una = await approva(bando)
    await interroga(
        banca_del_modulo.superutente,
        "UPDATE graduatoria_congelata SET congelata = convert_to(replace(convert_from(congelata, "
        "'UTF8'), '5000.00', '9000.00'), 'UTF8') WHERE approvata_id = $1",
        una.id,
    )
    async with unita_di_lavoro(await contesto("crema")):
        riprova = await bandi.rifai(una)
        assert not riprova.integra
        assert not riprova.uguale


async def test_quando_e_approvata_niente_si_cambia_finche_non_si_annulla() -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        bando = await un_bando()
        prima = await iscrivi(bando, 1)
        await approva(bando)
        for tenta in (
            lambda: iscrivi(bando, 2),
            lambda: bandi.correggi(prima, GIORNO, "X", "Y", buona()),
            lambda: bandi.ritira(prima),
            lambda: bandi.sorteggia(bando, "7"),
            lambda: bandi.approva(bando, "R", "8", GIORNO, "x"),
        ):
            with pytest.raises(Conflitto):
                await tenta()
        # Not even by writing to the table: the database holds it too.
        for comando, quale in (
            ("UPDATE domanda_bando SET cognome = 'X' WHERE ambito_id = $1 AND id = $2", prima),
            ("UPDATE bando SET seme = '1' WHERE ambito_id = $1 AND id = $2", bando),
        ):
            with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
                async with unita.punto_di_ritorno():
                    await unita.esegui(comando, unita.ambito, quale)
        await bandi.annulla(bando, "Determinazione n. 9")
        assert await bandi.approvata(bando) is None
        await bandi.correggi(prima, GIORNO, "Bianchi", "Anna", buona("1000.00"))
        await approva(bando)


async def test_si_approva_cio_che_si_e_visto_e_solo_dopo_il_sorteggio() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        bando = await un_bando(disponibili=1)
        vuota = (await bandi.provvisoria(await bandi.leggi(bando))).impronta()
        with pytest.raises(Conflitto, match="nessuna domanda"):
            await bandi.approva(bando, "R", "1", GIORNO, vuota)
        await iscrivi(bando, 1)
        vista = (await bandi.provvisoria(await bandi.leggi(bando))).impronta()
        await iscrivi(bando, 2)
        with pytest.raises(Conflitto, match="sorteggio"):
            await bandi.approva(bando, "R", "1", GIORNO, vista)
        await bandi.sorteggia(bando, "42")
        with pytest.raises(Conflitto, match="è cambiata"):
            await bandi.approva(bando, "R", "1", GIORNO, vista)
        with pytest.raises(Conflitto, match="già stato fatto"):
            await bandi.sorteggia(bando, "43")
        assert (await approva(bando)).esito.quanti("ammessa") == 1


async def test_una_persona_e_un_protocollo_stanno_una_volta_sola() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        bando = await un_bando()
        prima = await iscrivi(bando, 1)
        with pytest.raises(Conflitto, match="c’è già"):
            await iscrivi(bando, 1)
        with pytest.raises(DatiNonValidi):
            await iscrivi(bando, 2, isee="molto")
        with pytest.raises(DatiNonValidi):
            await iscrivi(bando, 2, inesistente="1")
        await bandi.ritira(prima)
        await iscrivi(bando, 1)
        assert (await bandi.leggi(bando)).domande == 1


async def test_chi_lavora_per_un_comune_vede_e_scrive_le_sue_domande() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        bando = await un_bando()
        altrui = await iscrivi(bando, 1, "D142")
        sua = await iscrivi(bando, 2, "G306", isee="7000.00")
    async with unita_di_lavoro(await contesto("crema", "G306")) as unita:
        assert [una.id for una in await bandi.domande_di(bando)] == [sua]
        assert (await bandi.leggi(bando)).domande == 1
        with pytest.raises(NonTrovato):
            await bandi.domanda(altrui)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita.punto_di_ritorno():
                await iscrivi(bando, 3, "D142")
        tentativi: tuple[Any, ...] = (
            lambda: un_bando(),
            lambda: bandi.provvisoria(prima),
            lambda: bandi.annulla(bando, "Atto"),
            lambda: bandi.sorteggia(bando, "1"),
            lambda: bandi.scorri(bando, rinuncia("2025/2")),
        )
        prima = await bandi.leggi(bando)
        for tenta in tentativi:
            with pytest.raises(NonAutorizzato):
                await tenta()
    async with unita_di_lavoro(await contesto("crema")):
        await approva(bando)
    async with unita_di_lavoro(await contesto("crema", "G306")) as unita:
        una = await bandi.approvata(bando)
        assert una is not None
        assert len(una.esito.posti) == 2
        # The list is there; what the domande of other comuni say is not.
        assert una.richiesta.domande == ()
        assert not any(posto.punteggi or posto.motivi for posto in una.esito.posti)
        assert await unita.righe("SELECT * FROM graduatoria_congelata") == []
        with pytest.raises(NonAutorizzato):
            await bandi.rifai(una)


async def test_il_bando_cita_l_atto_o_lo_dice_mancante() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        assert (await bandi.leggi(await un_bando(atto=None))).atto is None
        with pytest.raises(NonTrovato):
            await un_bando(giorno=date(2020, 1, 1))
        with pytest.raises(NonTrovato):
            await un_bando(graduatoria="nessuna")
    async with unita_di_lavoro(await contesto("cremona")):
        with pytest.raises(NonTrovato):
            await un_bando()


async def test_un_file_si_calcola_e_si_rifiuta_dicendo_dove() -> None:
    file: dict[str, Any] = {
        "graduatoria": "misura-b2", "giorno": "2025-07-01", "posti": 1,
        "domande": [
            {"protocollo": str(n), "presentata_il": f"2025-06-0{n}", "dati": buona()}
            for n in (1, 2)
        ],
    }  # fmt: skip
    async with unita_di_lavoro(await contesto("crema")):
        congelata = await service.calcola_file(json.dumps(file).encode())
        fatta = service.racconta(congelata)
        assert [(p["protocollo"], p["stato"]) for p in fatta["posti"]] == [
            ("1", "ammessa"), ("2", "in_attesa")
        ]  # fmt: skip
        assert fatta["plugin"] == "crema"
        for cambio, frase in (
            ({"posti": "uno"}, r"\$\.posti"),
            ({"posti": -1}, "negativi"),
            ({"altro": 1}, "forma"),
            ({"domande": [file["domande"][0]] * 2}, "stesso protocollo"),
            ({"domande": [{**file["domande"][0], "dati": {"isee": "x"}}]}, r"domande\[0\]\.dati\.isee"),
        ):  # fmt: skip
            with pytest.raises(DatiNonValidi, match=frase):
                await service.calcola_file(json.dumps({**file, **cambio}).encode())
        with pytest.raises(DatiNonValidi):
            await service.calcola_file(b"\xff{")
        with pytest.raises(DatiNonValidi, match="UTF-8"):
            await service.calcola_file('{"graduatoria": "misura à"}'.encode("latin-1"))
