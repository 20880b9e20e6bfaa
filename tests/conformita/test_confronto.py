"""Two versions of a plugin side by side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from capofila.base.differenze import Differenza, differenze
from capofila.base.errori import DatiNonValidi
from capofila.conformita.nuovo import Progetto, crea
from capofila.conformita.ruota import confronta_ruote, esamina_ruota

PROGETTO = Progetto(
    id="prova", distretto="Prova", capofila="Mantova", istat="020030", belfiore="E897",
    provincia="MN", cap="46100", fornitore="Fornitore di prova",
)  # fmt: skip


def _costruisci(cartella: Path, dove: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dove)],
        cwd=cartella, check=True, capture_output=True,
    )  # fmt: skip
    (ruota,) = dove.glob("*.whl")
    return ruota


@pytest.fixture(scope="module")
def ruote(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same plugin twice; the second has another tariff, another day, one body more."""
    base = tmp_path_factory.mktemp("ruote")
    sorgente = base / "sorgente"
    crea(PROGETTO, sorgente)
    prima = _costruisci(sorgente, base / "prima")
    modulo = sorgente / "capofila_prova"
    for file, era, sara in (
        ("schemi/sad.yaml", '"20.00"', '"25.00"'),
        ("adempimenti.py", "giorno=30", "giorno=15"),
        ("__init__.py", 'versione="0.1.0"', 'versione="0.2.0"'),
        ("../pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"'),
    ):
        testo = (modulo / file).read_text("utf-8")
        assert era in testo
        (modulo / file).write_text(testo.replace(era, sara), "utf-8")
    return prima, _costruisci(sorgente, base / "dopo")


def test_si_vede_che_cosa_cambierebbe(ruote: tuple[Path, Path]) -> None:
    trovate = {(una.domanda, una.dove): (una.prima, una.dopo) for una in confronta_ruote(*ruote)}
    assert trovate["manifesto", "versione"] == ("0.1.0", "0.2.0")
    assert trovate["adempimenti(1990)", "[prova-rendiconto].regola.giorno"] == ("30", "15")
    assert trovate["quote di sad.yaml", "01/01/2025, ISEE 80000"] == ("200.00", "250.00")
    assert trovate["quote di sad.yaml", "01/01/2025, ISEE assente"] == ("200.00", "250.00")
    assert ("quote di sad.yaml", "01/01/2025, ISEE 3000") not in trovate
    assert not any(domanda.startswith(("organi", "flussi")) for domanda, _ in trovate)


def test_una_versione_con_se_stessa_non_cambia_niente(ruote: tuple[Path, Path]) -> None:
    assert confronta_ruote(ruote[0], ruote[0]) == ()


def test_di_due_plugin_non_si_confronta_niente(ruote: tuple[Path, Path], tmp_path: Path) -> None:
    crea(Progetto(**{**_campi(), "id": "altro"}), tmp_path / "altro")
    altra = _costruisci(tmp_path / "altro", tmp_path / "ruota")
    with pytest.raises(DatiNonValidi, match="due versioni dello stesso plugin"):
        confronta_ruote(ruote[0], altra)


def test_una_wheel_rovinata_e_rifiutata(ruote: tuple[Path, Path], tmp_path: Path) -> None:
    rovinata = tmp_path / ruote[0].name
    dati = bytearray(ruote[0].read_bytes())
    posto = dati.index(b"capofila_prova/organi.py") + 60
    dati[posto] ^= 0xFF
    rovinata.write_bytes(bytes(dati))
    with pytest.raises(DatiNonValidi, match="non è una wheel intera"):
        esamina_ruota(rovinata)
    testo = tmp_path / "testo.whl"
    testo.write_text("niente")
    with pytest.raises(DatiNonValidi, match="non è una wheel intera"):
        esamina_ruota(testo)


def test_la_ruota_ha_le_sue_impronte(ruote: tuple[Path, Path]) -> None:
    una, altra = (esamina_ruota(ruota) for ruota in ruote)
    assert una.conforme
    assert altra.conforme
    assert una.contenuto != altra.contenuto
    assert esamina_ruota(ruote[0]) == una


def test_una_wheel_con_codice_compilato_non_e_conforme(tmp_path: Path) -> None:
    crea(PROGETTO, tmp_path / "sorgente")
    (tmp_path / "sorgente" / "capofila_prova" / "nativo.so").write_bytes(b"\x7fELF")
    esito = esamina_ruota(_costruisci(tmp_path / "sorgente", tmp_path / "ruota"))
    assert not esito.conforme
    assert [(uno.dove, "codice compilato" in uno.che_cosa) for uno in esito.difetti] == [
        ("capofila_prova/nativo.so", True)
    ]
    assert esito.esami == ()


def _campi() -> dict[str, str]:
    import msgspec

    return dict(msgspec.structs.asdict(PROGETTO))


def test_le_differenze_si_trovano_per_nome_e_per_posto() -> None:
    prima = {
        "h": [{"codice": "a", "n": 1}, {"codice": "b", "n": 2}],
        "k(1)": [1, 2],
        "k(2)": [1, 2],
    }
    dopo = {"h": [{"codice": "b", "n": 3}, {"codice": "a", "n": 1}], "k(1)": [1, 5], "k(2)": [1, 5]}
    assert list(differenze(prima, dopo)) == [
        Differenza("h", "[b].n", "2", "3"),
        Differenza("k(1)", "[2]", "2", "5"),
    ]
    assert [una.dopo for una in differenze({}, {"h": {"a": 1}})] == ['{"a":1}']
