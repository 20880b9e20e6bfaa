"""A fourth distretto by another vendor, in a clean environment: nothing of the core changes for it.

The wheels of Capofila and of the plugin are built and installed into an environment that has the
locked dependencies and nothing of this checkout; then the command line does an ambito's work.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile

from capofila.dimostrazione import genera_csv
from capofila.hooks.campi import carattere_controllo

RADICE = Path(__file__).resolve().parents[2]
SORGENTE = Path(__file__).resolve().parent / "mantova"
COMUNI = [("D227", "020021"), ("E897", "020030"), ("G917", "020045"), ("H481", "020051")]
RIGHE = 60


class Fuori(NamedTuple):
    """The clean environment."""

    cartella: Path
    ruota: Path
    variabili: dict[str, str]

    def capofila(self, *argomenti: str, esce: int = 0) -> str:
        """Run a command there."""
        esito = subprocess.run(
            [self.cartella / "bin" / "capofila", *argomenti],
            env=self.variabili, cwd=self.cartella, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert esito.returncode == esce, (argomenti, esito.stdout, esito.stderr)
        return esito.stdout

    def json(self, *argomenti: str, esce: int = 0) -> Any:
        """Run a command there, and read what it prints."""
        return json.loads(self.capofila(*argomenti, "--json", esce=esce))


def costruisci(progetto: Path, dove: Path) -> Path:
    """The wheel of a project."""
    prima = set(dove.glob("*.whl"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dove)],
        cwd=progetto, check=True, capture_output=True,
    )  # fmt: skip
    (ruota,) = set(dove.glob("*.whl")) - prima
    return ruota


def installa(ruota: Path, ambiente: Path, pacchetti: Path) -> None:
    """Install a wheel as pip would, without looking for what it needs."""
    schemi = {
        "purelib": str(pacchetti), "platlib": str(pacchetti), "data": str(ambiente),
        "scripts": str(ambiente / "bin"), "headers": str(ambiente / "include"),
    }  # fmt: skip
    with WheelFile.open(ruota) as origine:
        destinazione = SchemeDictionaryDestination(
            schemi, str(ambiente / "bin" / "python"), "posix", bytecode_optimization_levels=()
        )
        install(origine, destinazione, {"INSTALLER": b"prova"})


@pytest.fixture(scope="module")
def fuori(tmp_path_factory: pytest.TempPathFactory) -> Fuori:
    """The environment, with both wheels."""
    base = tmp_path_factory.mktemp("fornitore")
    sorgente = shutil.copytree(SORGENTE, base / "mantova")
    ruote = base / "ruote"
    ruote.mkdir()
    ruota = costruisci(sorgente, ruote)
    ambiente = base / "ambiente"
    venv.create(ambiente, with_pip=False, symlinks=True)
    (pacchetti,) = ambiente.glob("lib/python3*/site-packages")
    qui = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    for uno in qui.iterdir():
        if "capofila" not in uno.name.lower() and not uno.name.endswith(".pth"):
            (pacchetti / uno.name).symlink_to(uno)
    weed = ambiente / "bin" / "weed"  # the one dependency that is a program and no package
    weed.symlink_to(Path(sys.executable).parent / weed.name)
    for una in (costruisci(RADICE, ruote), costruisci(RADICE / "infra" / "embedded", ruote), ruota):
        installa(una, ambiente, pacchetti)
    variabili = {
        "PATH": os.environ["PATH"], "HOME": str(base), "CAPOFILA_DATA": str(base / "dati"),
        "LC_ALL": "C.UTF-8", "CAPOFILA_PLUGIN_APPROVATI": "obbligo",
    }  # fmt: skip
    return Fuori(ambiente, ruota, variabili)


@pytest.fixture(scope="module")
def acceso(fuori: Fuori) -> Iterator[Fuori]:
    """The platform runs there, with the ambito of Mantova and some invented prestazioni."""
    with socket.socket() as libera:
        libera.bind(("127.0.0.1", 0))
        porta = libera.getsockname()[1]
    registro = fuori.cartella / "up.log"
    with registro.open("wb") as uscita:
        processo = subprocess.Popen(
            [fuori.cartella / "bin" / "capofila", "up", "--port", str(porta)],
            env=fuori.variabili, cwd=fuori.cartella, stdout=uscita, stderr=uscita,
        )  # fmt: skip
    try:
        scadenza = time.monotonic() + 120
        while True:
            with socket.socket() as prova:
                if prova.connect_ex(("127.0.0.1", porta)) == 0:
                    break
            assert processo.poll() is None, registro.read_text()
            assert time.monotonic() < scadenza, registro.read_text()
            time.sleep(0.2)
        ambito = str(SORGENTE / "ambito" / "mantova")
        rifiuto = fuori.json("ambito", "apply", ambito, esce=1)
        assert "capofila plugin approve" in rifiuto["messaggio"]
        fuori.capofila("plugin", "approve", str(fuori.ruota))
        fuori.capofila("ambito", "apply", ambito)
        prestazioni = fuori.cartella / "prestazioni.csv"
        prestazioni.write_bytes(genera_csv("mantova", COMUNI, None, RIGHE))
        esito = fuori.json("prestazioni", "import", str(prestazioni), "--ambito", "mantova")
        assert (esito["righe"], esito["valide"]) == (RIGHE, RIGHE), esito["errori"][:3]
        yield fuori
    finally:
        processo.terminate()
        processo.wait(60)


def test_nell_ambiente_pulito_c_e_un_solo_distretto(fuori: Fuori) -> None:
    installati = {uno["id"]: uno for uno in fuori.json("plugin", "list")}
    assert set(installati) == {"siuss", "spesa_sociale", "mantova"}
    assert installati["mantova"]["fornitore"] == "Fornitore di prova"


def test_la_wheel_e_conforme(fuori: Fuori) -> None:
    esito = fuori.json("plugin", "check", str(fuori.ruota))
    assert esito["conforme"], esito
    assert [esame["plugin"] for esame in esito["esami"]] == ["mantova"]


def test_il_registro_delle_approvazioni_dice_che_cosa_si_attiva(acceso: Fuori) -> None:
    (una,) = acceso.json("plugin", "approved")
    assert (una["plugin"], una["versione"]) == ("mantova", "0.1.0")
    assert una["sha256"] == hashlib.sha256(acceso.ruota.read_bytes()).hexdigest()
    acceso.capofila("plugin", "approve", str(acceso.ruota), esce=1)
    # Another ambito would begin with it: withdrawn, or changed after it was installed, it does not.
    altro = shutil.copytree(SORGENTE / "ambito", acceso.cartella / "altro")
    (altro / "mantova").rename(altro / "mantova-due")
    dichiarato = altro / "mantova-due" / "ambito.yaml"
    testo = dichiarato.read_text("utf-8").replace("slug: mantova", "slug: mantova-due")
    testo = testo.replace("020030", "020003").replace(
        "E897N", f"A575{carattere_controllo('PRVPTR70A01A575')}"
    )
    dichiarato.write_text(testo, "utf-8")
    (altro / "mantova-due" / "comuni.csv").write_text(
        "istat,nome,dal,al,sub_ambito,atto,fonte\n020003,Bagnolo San Vito,,,,,inventato\n", "utf-8"
    )
    (file,) = acceso.cartella.glob("lib/python3*/site-packages/capofila_mantova/adempimenti.py")
    prima = file.read_text("utf-8")
    file.write_text(prima + "# changed\n", "utf-8")
    rifiuto = acceso.json("ambito", "apply", str(altro / "mantova-due"), esce=1)
    assert "non è fra quelle approvate" in rifiuto["messaggio"]
    file.write_text(prima, "utf-8")
    acceso.capofila("plugin", "withdraw", "mantova", "0.1.0", "--motivo", "Prova del ritiro")
    rifiuto = acceso.json("ambito", "apply", str(altro / "mantova-due"), esce=1)
    assert "non è fra quelle approvate" in rifiuto["messaggio"]
    # Where it acts it goes on acting, and the same folder is applied again without a word.
    acceso.capofila("ambito", "apply", str(SORGENTE / "ambito" / "mantova"))
    acceso.capofila("plugin", "approve", str(acceso.ruota))
    assert [una["ritirato_il"] for una in acceso.json("plugin", "approved")] == [None]


def test_le_prove_del_fornitore_passano(fuori: Fuori, tmp_path: Path) -> None:
    prove = shutil.copytree(SORGENTE / "tests", tmp_path / "prove")
    esito = subprocess.run(
        [fuori.cartella / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", prove],
        env=fuori.variabili, cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert esito.returncode == 0, esito.stdout


def _voto(cartella: Path, *, contrari: int) -> Path:
    """Four comuni in favour; three of the Terzo Settore, some of them against."""
    comuni = [{"id": f"c{n}", "nome": f"Comune {n}", "categoria": "comune"} for n in range(4)]
    terzi = [{"id": f"t{n}", "nome": f"Ente {n}", "categoria": "terzo-settore"} for n in range(3)]
    tutti = [*comuni, *terzi]
    file = cartella / f"voto-{contrari}.json"
    file.write_text(
        json.dumps(
            {
                "organo": "consulta",
                "materia": "piano-di-zona",
                "giorno": "2025-03-01",
                "anno": 2025,
                "aventi_diritto": tutti,
                "presenti": [uno["id"] for uno in tutti],
                "voti": [
                    {"chi": uno["id"], "voto": "favorevole" if n >= contrari else "contrario"}
                    for n, uno in enumerate([*terzi, *comuni])
                ],
            }
        ),
        "utf-8",
    )
    return file


def test_si_vota_per_categorie(acceso: Fuori) -> None:
    approvata, respinta = (
        acceso.json(
            "governo", "tally", str(_voto(acceso.cartella, contrari=n)), "--ambito", "mantova"
        )
        for n in (1, 2)
    )
    assert approvata["esito"] == "approvata"
    assert respinta["esito"] == "respinta"
    assert respinta["voti"]["favorevoli"] == 5
    assert [una["soddisfatta"] for una in respinta["condizioni"]] == [True, False]


@pytest.mark.parametrize(
    ("punti", "costo", "quota"),
    [("20", "25", "31"), ("21", "25", "94"), ("61", "25", "180"), ("61", "11.50", "115")],
)
def test_si_paga_a_punti(acceso: Fuori, punti: str, costo: str, quota: str) -> None:
    esito = acceso.json(
        "compartecipazione", "compute", "--ambito", "mantova", "--servizio", "sad",
        "--data", "2025-03-01", "--isee", "12000", "--punti", punti, "--costo", costo,
        "--quantita", "10",
    )  # fmt: skip
    assert f"{esito['quota']:g}" == quota
    assert esito["schema"] == "mantova-sad"


def test_il_suo_flusso_esce_sigillato_a_larghezza_fissa(acceso: Fuori) -> None:
    fatto = acceso.json(
        "debito", "export", "mantova-rendiconto", "--ambito", "mantova", "--periodo", "2025"
    )
    assert (fatto["stato"], fatto["righe"]) == ("sigillata", RIGHE)
    file = acceso.cartella / "rendiconto.txt"
    acceso.capofila("debito", "download", fatto["id"], "--ambito", "mantova", "-o", str(file))
    righe = file.read_bytes().decode("ascii").split("\r\n")
    assert righe.pop() == ""
    assert {len(riga) for riga in righe} == {64}
    assert righe[0].split() == ["T0E897"]
    assert righe[-1].split() == ["T9"]
    assert len(righe) == RIGHE + 2
    for riga in righe[1:-1]:
        assert riga[0] == "R"
        assert riga[33:41].isdigit()
        assert riga[49:63].isdigit()
        assert riga[63] in "SN"


def test_il_suo_foglio_esce_uno_per_comune_chiamato_come_dice(acceso: Fuori) -> None:
    fatto = acceso.json(
        "debito", "export", "mantova-foglio", "--ambito", "mantova", "--periodo", "2025"
    )
    assert (fatto["stato"], fatto["righe"], fatto["parti"]) == ("sigillata", RIGHE, len(COMUNI))
    file = acceso.cartella / "fogli.zip"
    acceso.capofila("debito", "download", fatto["id"], "--ambito", "mantova", "-o", str(file))
    with zipfile.ZipFile(file) as tutti:
        fogli = [nome for nome in tutti.namelist() if nome.endswith(".xlsx")]
        assert len(fogli) == len(COMUNI)
        assert all(re.fullmatch(r"foglio-E897-[0-9]{8}-[0-9]{2}\.xlsx", nome) for nome in fogli)
        lette = [
            openpyxl.load_workbook(io.BytesIO(tutti.read(nome))).worksheets[0].max_row - 1
            for nome in fogli
        ]
    assert sum(lette) == RIGHE


def test_le_sue_quote_si_ripartiscono_con_le_sue_cifre(acceso: Fuori) -> None:
    dati = acceso.cartella / "superficie.csv"
    righe = [f"{istat};{n * 100}" for n, (_, istat) in enumerate(COMUNI, 1)]
    dati.write_text("\n".join(["codice;superficie", *righe]), "utf-8")
    fatto = acceso.json(
        "riparto", "compute", "--ambito", "mantova", "--anno", "2025", "--criteri", "mantova-quote",
        "--importo", "10000.01", "--dati", str(dati),
    )  # fmt: skip
    parti = {una["codice"]: una["importo"] for una in fatto["assegnazioni"]}
    assert parti == {"020021": 1750.0, "020030": 2250.0, "020045": 2750.0, "020051": 3250.01}
    rifiuto = acceso.json(
        "riparto", "compute", "--ambito", "mantova", "--anno", "2025", "--criteri", "mantova-quote",
        "--importo", "10000", esce=1,
    )  # fmt: skip
    assert "superficie in ettari" in rifiuto["messaggio"]


def test_spento_non_offre_piu_niente(acceso: Fuori) -> None:
    """From the day on which it ends the plugin answers nothing; what it sealed can still be read."""
    prima = acceso.json("debito", "list", "--ambito", "mantova")
    cartella = shutil.copytree(SORGENTE / "ambito", acceso.cartella / "ambito")
    dichiarato = cartella / "mantova" / "ambito.yaml"
    testo = dichiarato.read_text("utf-8")
    dichiarato.write_text(
        testo.replace("{id: mantova, dal: 2013-01-01,", "{id: mantova, dal: 2013-01-01, al: 2026-01-31,"),
        "utf-8",
    )  # fmt: skip
    acceso.capofila("ambito", "apply", str(cartella / "mantova"))
    rifiuto = acceso.json(
        "debito", "export", "mantova-rendiconto", "--ambito", "mantova", "--periodo", "2025", esce=1
    )
    assert "mantova-rendiconto" in rifiuto["messaggio"]
    assert acceso.json("debito", "list", "--ambito", "mantova") == prima
    sigillato = acceso.cartella / "ancora.txt"
    (suo,) = (una["id"] for una in prima if una["flusso"] == "mantova-rendiconto")
    acceso.capofila("debito", "download", suo, "--ambito", "mantova", "-o", str(sigillato))
    assert sigillato.read_bytes() == (acceso.cartella / "rendiconto.txt").read_bytes()
