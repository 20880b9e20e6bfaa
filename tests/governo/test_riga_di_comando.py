"""`capofila governo tally`: the outcome of a vote and its exit status, over real services."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.debito.test_riga_di_comando import Comando, Macchina, macchina
from tests.governo.test_conteggio import ESEMPI, esempio

__all__ = ["macchina"]


def conta(macchina: Macchina, ambito: str, file: Any = None, *opzioni: str) -> Comando:
    nome = f"voto-{ambito}.json"
    if file is None:
        shutil.copy(ESEMPI / nome, macchina.cartella / nome)
    else:
        contenuto = file if isinstance(file, bytes) else json.dumps(file).encode()
        macchina.file(nome, contenuto)
    return macchina.capofila("governo", "tally", nome, "--ambito", ambito, *opzioni, "--json")


def test_gli_esempi_dei_tre_distretti_danno_ciascuno_il_suo_esito(macchina: Macchina) -> None:
    trovati = {a: conta(macchina, a) for a in ("casalmaggiore", "crema", "cremona")}
    assert {a: (c.stato, c.json["esito"]) for a, c in trovati.items()} == {
        "casalmaggiore": (0, "respinta"), "crema": (0, "approvata"), "cremona": (0, "da_completare"),
    }  # fmt: skip
    peso, teste = trovati["casalmaggiore"].json["condizioni"]
    assert (peso["avuto"], peso["necessario"], peso["soddisfatta"]) == (21553, 18747, True)
    assert (teste["avuto"], teste["necessario"], teste["soddisfatta"]) == (3, 11, False)
    assert {"casalmaggiore": "0.1.0"}.items() <= trovati["casalmaggiore"].json["plugin"].items()
    assert len(trovati["crema"].json["impronta"]) == 64


def test_una_decisione_non_ammessa_o_senza_esito_termina_con_uno(macchina: Macchina) -> None:
    senza_confronti = esempio("crema")
    del senza_confronti["confronti"]
    rifiutata = conta(macchina, "crema", senza_confronti)
    assert (rifiutata.stato, rifiutata.json["esito"]) == (1, "non_ammessa")
    assert len(rifiutata.json["competenza"]["motivi"]) == 2
    # Until April 2014 every comune had one vote, and no source says how many were needed.
    prima = esempio("casalmaggiore") | {"giorno": "2014-01-01"}
    aperta = conta(macchina, "casalmaggiore", prima)
    assert (aperta.stato, aperta.json["esito"]) == (1, "non_determinabile")


def _guasto(**cambi: Any) -> dict[str, Any]:
    return esempio("casalmaggiore") | cambi


@pytest.mark.parametrize(
    ("file", "detto"),
    [
        (b"non un JSON", "riga 1"),
        (b"{" + b" " * 1_000_000, "supera 1.000.000 byte"),
        (_guasto(presenti=["[/]", "[red]"]), "presenti[1]: «[/]» non è fra gli aventi diritto"),
        (_guasto(voti=[{"chi": "voltido", "voto": "favorevole"}]), "voti[1].chi: «Voltido» non è"),
        (_guasto(organo="consiglio"), "organo: «consiglio» non è fra gli organi"),
        (_guasto(materia="quota-dei-comunni"), "non conosce la materia «quota-dei-comunni»"),
        (_guasto(propone=True), "propone: nessuna fonte dice che"),
        (_guasto(voti=None), "voti: nessuno ha votato"),
    ],
)
def test_un_file_sbagliato_e_rifiutato_con_il_posto(
    macchina: Macchina, file: Any, detto: str
) -> None:
    rifiuto = conta(macchina, "casalmaggiore", file)
    assert (rifiuto.stato, rifiuto.json["errore"]) == (1, "conteggio_rifiutato")
    assert detto in rifiuto.json["messaggio"]
    assert detto in rifiuto.errore


def test_chi_prepara_vota_una_proposta_soltanto_se_il_file_lo_dice(macchina: Macchina) -> None:
    comitato = esempio("crema") | {"organo": "comitato-ristretto", "proposte": []}
    decisa = conta(macchina, "crema", comitato)
    assert (decisa.stato, decisa.json["esito"]) == (1, "non_ammessa")
    assert decisa.json["competenza"]["motivi"][0]["motivo"] == "non_competente"
    proposta = conta(macchina, "crema", comitato | {"propone": True})
    assert proposta.json["esito"] == "approvata"
    detta = esempio("casalmaggiore") | {"motivazione": "così fu chiesto dal Consiglio"}
    avvertenze = conta(macchina, "casalmaggiore", detta).json["avvertenze"]
    assert any(una.endswith("così fu chiesto dal Consiglio") for una in avvertenze)


def test_senza_json_l_esito_si_legge_e_un_file_che_manca_e_un_comando_sbagliato(
    macchina: Macchina, tmp_path: Path
) -> None:
    assert (
        macchina.capofila("governo", "tally", str(tmp_path / "x"), "--ambito", "crema").stato == 2
    )
    file = str(ESEMPI / "voto-casalmaggiore.json")
    assert macchina.capofila("governo", "tally", file, "--ambito", "atlantide").stato == 1
    letto = macchina.capofila("governo", "tally", file, "--ambito", "casalmaggiore")
    assert letto.stato == 0
    assert "Nessuna fonte dà il numero legale" in letto.errore


def test_piu_conteggi_insieme_usano_gli_stessi_servizi(tmp_path: Path) -> None:
    """On a machine where nobody started the services: the first does, and the others wait and use them."""
    ambiente = {n: v for n, v in os.environ.items() if not n.startswith("CAPOFILA_")}
    comandi = [
        subprocess.Popen(
            [sys.executable, "-m", "capofila.cli", "governo", "tally",
             str(ESEMPI / "voto-crema.json"), "--ambito", "crema"],
            env=ambiente | {"CAPOFILA_DATA": str(tmp_path / "dati")}, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    detti = [uno.communicate(timeout=300)[1] for uno in comandi]
    # Each one asked the database, which knows no ambito yet; none was sent away.
    assert ["L'ambito «crema» non c'è" in detto for detto in detti] == [True] * 3, detti
