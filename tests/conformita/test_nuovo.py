"""A plugin made by ``capofila plugin new`` is right as it is, whatever the vendor is called."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from capofila.base.errori import DatiNonValidi
from capofila.conformita import esamina
from capofila.conformita.nuovo import Progetto, crea
from capofila.territorio.cartelle import leggi_ambito, leggi_comuni

MANTOVA = Progetto(
    id="mantova", distretto="Mantova", capofila="Mantova", istat="020030", belfiore="E897",
    provincia="MN", cap="46100", fornitore="Fornitore di prova",
)  # fmt: skip
STRANO = Progetto(
    id="alto_garda", distretto='Alto "Garda" \\ n', capofila="San Vito, al Lago d'Iseo",
    istat="001001", belfiore="A001", provincia="XX", cap="00001",
    fornitore="D'Angelo & C.: {{ 7*7 }} #1", licenza="MIT OR Apache-2.0",
)  # fmt: skip


@pytest.mark.parametrize("progetto", [MANTOVA, STRANO], ids=["semplice", "strano"])
def test_il_plugin_nuovo_e_conforme_e_il_suo_ambito_si_legge(
    tmp_path: Path, progetto: Progetto
) -> None:
    scritti = crea(progetto, tmp_path / "nuovo")
    assert all(file.is_file() for file in scritti)
    slug = progetto.id.replace("_", "-")
    ambito = tmp_path / "nuovo" / "ambito"
    comuni = leggi_comuni(ambito / "comuni")
    assert [uno.nome for uno in comuni.comuni] == [progetto.capofila]
    dati = leggi_ambito(ambito / slug, {uno.istat: uno for uno in comuni.comuni})
    assert dati.slug == slug
    assert [una.plugin for una in dati.attivazioni] == ["siuss", "spesa_sociale", progetto.id]
    pyproject = tomllib.loads((tmp_path / "nuovo" / "pyproject.toml").read_text("utf-8"))
    assert pyproject["project"]["authors"] == [{"name": progetto.fornitore}]
    esame = esamina(f"capofila_{progetto.id}", [tmp_path / "nuovo"])
    assert esame.difetti == ()
    assert (esame.plugin, esame.fornitore) == (progetto.id, progetto.fornitore)
    assert esame.hook == ("manifesto", "flussi", "adempimenti", "organi", "schemi")


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"id": "Mantova"}, "lettere minuscole"),
        ({"id": "m"}, "lettere minuscole"),
        ({"id": "../fuori"}, "lettere minuscole"),
        ({"istat": "20030"}, "sei cifre"),
        ({"belfiore": "e897"}, "una lettera e tre cifre"),
        ({"provincia": "Mantova"}, "due lettere"),
        ({"cap": "461"}, "cinque cifre"),
        ({"fornitore": " "}, "da 1 a 100 caratteri"),
        ({"distretto": "a\nb"}, "senza a capo"),
        ({"capofila": "x" * 101}, "da 1 a 100 caratteri"),
    ],
)
def test_ciò_che_non_va_bene_e_detto_prima_di_scrivere(
    tmp_path: Path, campi: dict[str, str], frase: str
) -> None:
    from msgspec.structs import replace

    with pytest.raises(DatiNonValidi, match=frase):
        crea(replace(MANTOVA, **campi), tmp_path / "nuovo")
    assert not (tmp_path / "nuovo").exists()


def test_una_cartella_usata_non_si_tocca(tmp_path: Path) -> None:
    (tmp_path / "mio.txt").write_text("mio")
    with pytest.raises(DatiNonValidi, match="non è una cartella vuota"):
        crea(MANTOVA, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mio.txt"]
