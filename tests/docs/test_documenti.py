"""The documentation says what the code does, as far as a machine can tell."""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
import yaml

from capofila.accessi.rules import DI_AMBITO
from capofila.cli import _riassunto, main
from capofila.debito.service import Esportazione
from capofila.dimostrazione import ACCOUNT, PAROLA
from capofila.hooks import Preparatore
from capofila.hooks.campi import Rifiuto, leggi
from capofila.prestazioni import lettura
from capofila.prestazioni.service import EsitoImportazione
from capofila.siuss import FLUSSO_PRESTAZIONI
from capofila.spesa.analisi import analizza
from capofila.spesa.service import forma as forma_analisi
from tests.docs import genera
from tests.docs.genera import RADICE
from tests.docs.immagini import ALTA, BYTE_MASSIMI, CARTELLA, FOTO, LARGA, misure

PAGINE = sorted(
    [
        *RADICE.glob("*.md"),
        *(RADICE / "docs").rglob("*.md"),
        *(RADICE / "infra").rglob("*.md"),
        *(RADICE / "tenants").rglob("*.md"),
        *(RADICE / "migrations").rglob("*.md"),
    ]
)
NOSTRE = [p for p in PAGINE if "plugin" not in p.parts]
"""Those whose examples are run elsewhere are left out."""


def nome(pagina: Path) -> str:
    return str(pagina.relative_to(RADICE))


# Links.


def ancora(titolo: str) -> str:
    """The anchor of a heading, as the usual renderers make it."""
    testo = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", titolo).replace("`", "")
    testo = unicodedata.normalize("NFC", testo).strip().lower()
    return re.sub(r"[^\w\- ]", "", testo).replace(" ", "-")


def ancore(testo: str) -> set[str]:
    senza_codice = re.sub(r"```.*?```", "", testo, flags=re.DOTALL)
    return {ancora(t) for t in re.findall(r"^#+ (.+)$", senza_codice, re.MULTILINE)}


def legami(testo: str) -> list[str]:
    senza_codice = re.sub(r"```.*?```|`[^`\n]*`", "", testo, flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", senza_codice)


@pytest.mark.parametrize("pagina", PAGINE, ids=nome)
def test_ogni_legame_porta_a_qualcosa(pagina: Path) -> None:
    testo = pagina.read_text()
    for legame in legami(testo):
        if re.match(r"[a-z]+:", legame):
            continue
        file, _, segno = legame.partition("#")
        meta = (pagina.parent / file).resolve() if file else pagina
        assert meta.exists(), legame
        assert meta.is_relative_to(RADICE), legame
        if segno and meta.suffix == ".md":
            assert segno in ancore(meta.read_text()), legame


def test_ogni_pagina_si_raggiunge_dall_indice() -> None:
    viste, da_vedere = set(), [RADICE / "README.md"]
    while da_vedere:
        pagina = da_vedere.pop()
        if pagina in viste or pagina.suffix != ".md" or not pagina.exists():
            continue
        viste.add(pagina)
        for legame in legami(pagina.read_text()):
            if not re.match(r"[a-z]+:", legame):
                da_vedere.append((pagina.parent / legame.partition("#")[0]).resolve())
    assert [nome(p) for p in (RADICE / "docs").rglob("*.md") if p not in viste] == []


# Pictures.

_IMMAGINE = re.compile(r"!\[([^]]*)\]\(([^)\s]+\.png)\)")


def test_ogni_immagine_e_citata_fatta_dai_test_e_piccola() -> None:
    citate: dict[Path, list[str]] = {}
    for pagina in PAGINE:
        for detto, dove in _IMMAGINE.findall(pagina.read_text("utf-8")):
            citate.setdefault((pagina.parent / dove).resolve(), []).append(detto)
    ci_sono = {*CARTELLA.iterdir()}
    assert set(citate) == ci_sono == {CARTELLA / f"{una.nome}.png" for una in FOTO}
    for file, detti in citate.items():
        assert all(len(detto) >= 30 for detto in detti), f"{file.name}: il testo non la descrive"
        png = file.read_bytes()
        assert len(png) <= BYTE_MASSIMI, file.name
        assert misure(png) == (LARGA, ALTA, 3), file.name


# Commands.

COMANDI = dict(genera.comandi())


def comandi_citati(testo: str) -> Iterator[list[str]]:
    """Words of each `capofila …` command in code, prompts and assignments aside."""
    blocchi = re.findall(r"```(?:sh|console|text)\n(.*?)```", testo, re.DOTALL)
    righe = [riga for blocco in blocchi for riga in blocco.splitlines()]
    righe += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", testo, flags=re.DOTALL))
    for riga in righe:
        trovato = re.match(
            r"(?:\$ )?(?:\(.*?; )?(?:\S*/bin/|exec )?capofila ([a-z][^#;>]*)", riga.strip()
        )
        if trovato:
            yield shlex.split(trovato[1].rstrip(")").replace("'", ""))


@pytest.mark.parametrize("pagina", PAGINE, ids=nome)
def test_ogni_comando_citato_esiste_con_le_sue_opzioni(pagina: Path) -> None:
    for parole in comandi_citati(pagina.read_text()):
        corrente: click.Command = main
        resto = list(parole)
        while resto and isinstance(corrente, click.Group):
            prossimo = corrente.commands.get(resto.pop(0))
            assert prossimo is not None, parole
            corrente = prossimo
        note = {o for p in corrente.params for o in p.opts} | {"--help", "-h", "--version"}
        for opzione in (p for p in resto if p.startswith("-")):
            assert opzione in note, (parole, opzione)


@pytest.mark.parametrize("pagina", PAGINE, ids=nome)
def test_ogni_obiettivo_di_make_esiste(pagina: Path) -> None:
    makefile = (RADICE / "Makefile").read_text()
    obiettivi = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    testo = pagina.read_text()
    codice = re.findall(r"```sh\n(.*?)```", testo, re.DOTALL) + re.findall(r"`([^`\n]+)`", testo)
    for pezzo in codice:
        for parole in re.findall(r"(?:^|&& )make ([a-z -]+)", pezzo, re.MULTILINE):
            assert set(parole.split()) <= obiettivi, parole


def test_la_pagina_dei_comandi_li_ha_tutti() -> None:
    testo = (RADICE / "docs/uso/riga-di-comando.md").read_text()
    assert re.findall(r"^### `capofila ([^`]+)`", testo, re.MULTILINE) == sorted(COMANDI)


def test_il_readme_dice_i_due_comandi_e_dove_stanno_i_dati() -> None:
    testo = (RADICE / "README.md").read_text()
    for parola in ("make demo", "make test", ".capofila/", "CAPOFILA_DATA", "Ctrl-C", "inventati"):
        assert parola in testo
    assert f"`{PAROLA}`" in testo
    for conto in ACCOUNT:
        assert f"`{conto.nome_accesso}`" in testo


# What is generated, and what repeats the code.


@pytest.mark.parametrize("pagina", genera.pagine(), ids=nome)
def test_le_parti_generate_sono_quelle_di_adesso(pagina: Path) -> None:
    testo = pagina.read_text()
    assert genera.aggiornato(testo) == testo, "python -m tests.docs.genera"


def test_ogni_parte_generata_ha_il_suo_posto() -> None:
    tutte = "".join(p.read_text() for p in genera.pagine())
    for parte in genera.PARTI:
        assert tutte.count(f"<!-- generato: {parte} -->") == 1, parte


@pytest.mark.parametrize("campo", FLUSSO_PRESTAZIONI.campi, ids=lambda c: c.nome)
def test_l_esempio_di_ogni_colonna_e_accettato(campo: Any) -> None:
    letto = leggi(campo, genera.esempio(campo))
    assert letto is not None
    assert not isinstance(letto, Rifiuto), letto


def test_il_permesso_che_nessuna_pagina_richiede_e_detto_tale() -> None:
    rotte = "".join(p.read_text() for p in (RADICE / "core/capofila").glob("*/routes*.py"))
    for permesso in DI_AMBITO:
        senza_pagina = "per ora nessuna pagina" in genera.PERMESSI[permesso]
        assert senza_pagina == (f'"permesso": "{permesso}"' not in rotte), permesso


def test_ogni_variabile_d_ambiente_e_documentata_e_ogni_documentata_esiste() -> None:
    codice = "".join(
        p.read_text() for c in ("core", "infra/embedded") for p in (RADICE / c).rglob("*.py")
    )
    produzione = "".join(
        p.read_text() for p in (RADICE / "infra/produzione").iterdir() if p.suffix != ".md"
    )
    pagina = (RADICE / "docs/operatori/installazione.md").read_text()
    lette = set(re.findall(r"environ(?:\.get\(|\[)\"((?:CAPOFILA|OTEL|SSL)_[A-Z_]+)\"", codice))
    documentate = set(re.findall(r"`(CAPOFILA_[A-Z0-9_]+)`", pagina))
    assert lette - {"CAPOFILA_DIMOSTRAZIONE"} <= set(re.findall(r"`([A-Z0-9_]+)`", pagina))
    esistono = set(re.findall(r"CAPOFILA_[A-Z0-9_]+", codice + produzione)) | {
        f"CAPOFILA_{campo.name.upper()}"
        for campo in msgspec.structs.fields(genera.Impostazioni)
    } | {f"CAPOFILA_PAROLA_{ruolo}" for ruolo in ("MIGRA", "APP", "ATS", "RELAY", "BACKUP")}  # fmt: skip
    assert documentate <= esistono


def forma(quale: str) -> dict[str, Any]:
    testo = (RADICE / "docs/uso/riga-di-comando.md").read_text()
    trovata = re.search(rf"<!-- forma: {quale} -->\n```json\n(.*?)```", testo, re.DOTALL)
    assert trovata
    letta: dict[str, Any] = json.loads(trovata[1])
    return letta


def test_la_forma_dell_importazione_e_quella_che_si_stampa() -> None:
    scritta = forma("importazione")
    assert list(scritta) == list(EsitoImportazione.__struct_fields__)
    assert msgspec.convert(scritta, EsitoImportazione, strict=True).errori


def test_la_forma_dell_esportazione_e_quella_che_si_stampa() -> None:
    scritta = forma("esportazione")
    assert _riassunto(msgspec.convert(scritta, Esportazione)) == scritta


def test_la_forma_dell_analisi_e_quella_che_si_stampa() -> None:
    scritta = forma("analisi")
    stampata = msgspec.to_builtins(
        forma_analisi("crema", analizza(2011, [], comuni=[], abitanti={}))
    )
    assert list(scritta) == list(stampata)
    for misura in ("totale", "senza_capoluogo"):
        assert list(scritta[misura]) == list(stampata[misura])
        assert list(scritta[misura]["pro_capite"]) == list(stampata[misura]["pro_capite"])


@pytest.mark.parametrize("pagina", ["README.md", "docs/uso/importare.md"])
def test_il_file_d_esempio_ha_gli_errori_che_si_leggono(pagina: str) -> None:
    file = RADICE / "docs/uso/esempi/prestazioni.csv"
    noti = [campo.nome for campo in FLUSSO_PRESTAZIONI.campi]
    foglio = lettura.apri("csv", file.read_bytes(), noti)
    preparatore = Preparatore(FLUSSO_PRESTAZIONI, foglio.colonne)
    assert preparatore.sconosciute == preparatore.mancanti == ()
    lotto = preparatore.prepara([riga for blocco in foglio.blocchi for riga in blocco])
    testo = (RADICE / pagina).read_text()
    assert len(lotto.errori) == 2
    for errore in lotto.errori:
        assert (
            f"riga {errore.riga} {errore.colonna} «{errore.valore}»: {errore.messaggio}\n" in testo
        )
    assert f"Righe {lotto.righe}, valide {lotto.valide}, importate 0, errori 2" in testo


@pytest.mark.parametrize("pagina", NOSTRE, ids=nome)
def test_il_python_scritto_nelle_pagine_gira(pagina: Path) -> None:
    testo = pagina.read_text()
    for blocco in re.findall(r"```pycon\n(.*?)```", testo, re.DOTALL):
        prova = doctest.DocTestParser().get_doctest(blocco, {}, nome(pagina), None, 0)
        assert prova.examples
        esito = doctest.DocTestRunner(verbose=False).run(prova)
        assert esito.failed == 0
    for blocco in re.findall(r"```python\n(.*?)```", testo, re.DOTALL):
        ast.parse(blocco)


# The glossary.


def nomi_del_codice() -> set[str]:
    """Tables of the migrations, and the public tables and structs of the rooms' rules."""
    nomi = set()
    for file in (RADICE / "migrations").glob("*.py"):
        nomi |= set(re.findall(r"CREATE TABLE (\w+)", file.read_text()))
    for stanza in (RADICE / "core/capofila").iterdir():
        if stanza.name in ("base", "hooks", "web", "siuss", "spesa_sociale"):
            continue
        for file in (
            stanza / "rules.py",
            stanza / "tables.py",
            stanza / "quadro.py",
            stanza / "pubblicate.py",
        ):
            if not file.exists():
                continue
            for nodo in ast.parse(file.read_text()).body:
                if isinstance(nodo, ast.ClassDef) and not nodo.name.startswith("_"):
                    basi = {ast.unparse(base) for base in nodo.bases}
                    if basi & {"Table", "msgspec.Struct"}:
                        nomi.add(nodo.name)
    return nomi


def voci() -> list[list[str]]:
    testo = (RADICE / "docs/glossario.md").read_text()
    return [riga.strip("| ").split(" | ") for riga in testo.splitlines() if riga.startswith("| **")]


def test_ogni_nome_del_dominio_e_nel_glossario() -> None:
    scritti = {n for voce in voci() for n in re.findall(r"`(\w+)`", voce[-1])}
    assert nomi_del_codice() - scritti == set()
    assert scritti - nomi_del_codice() == set()


def test_il_glossario_e_in_ordine_e_ogni_voce_e_una_riga() -> None:
    nomi = [voce[0].strip("*").casefold() for voce in voci()]
    assert nomi == sorted(nomi)
    assert len(nomi) == len(set(nomi))
    for voce in voci():
        assert voce[1].endswith("."), voce
        assert len(voce[1]) < 160, voce


# The files of the community.


def versione() -> str:
    progetto = tomllib.loads((RADICE / "pyproject.toml").read_text())
    return str(progetto["project"]["version"])


def test_il_registro_dei_cambiamenti_ha_la_versione_del_progetto() -> None:
    testo = (RADICE / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in testo
    assert f"## [{versione()}]" in testo


CATEGORIE = {
    "compliance-management", "data-collection", "financial-reporting", "grant-management",
    "workflow-management",
}  # fmt: skip
"""Those that we use, looked up in the vocabulary of the standard (categories-list, scope-list)."""


def test_publiccode_ha_cio_che_lo_standard_vuole() -> None:
    """Source: publiccode.yml, The Standard (core), mandatory keys, lengths and enumerations."""
    dati = yaml.safe_load((RADICE / "publiccode.yml").read_text())
    assert dati["publiccodeYmlVersion"] == "0.5.0"
    assert dati["name"] == "Capofila"
    assert dati["softwareVersion"] == versione()
    assert re.match(r"https://\S+\Z", dati["url"])
    assert dati["platforms"] == ["web", "linux"]
    assert set(dati["categories"]) <= CATEGORIE
    assert dati["usedBy"] == []
    assert dati["developmentStatus"] == "beta"
    assert dati["softwareType"] == "standalone/web"
    assert dati["intendedAudience"] == {
        "countries": ["it"],
        "scope": ["local-authorities", "welfare"],
    }
    assert set(dati["description"]) == {"it", "en"}
    for descrizione in dati["description"].values():
        assert len(descrizione["shortDescription"]) <= 150
        assert 150 <= len(descrizione["longDescription"]) <= 10_000
        assert 5 <= len(descrizione["features"]) <= 20
    assert dati["legal"]["license"] == "EUPL-1.2"
    assert dati["maintenance"]["type"] == "community"
    for contatto in dati["maintenance"]["contacts"]:
        assert contatto["name"]
        assert set(contatto) <= {"name", "email", "phone", "affiliation"}
    assert dati["localisation"] == {"localisationReady": False, "availableLanguages": ["it"]}
    for dipendenza in dati["dependsOn"]["open"]:
        assert set(dipendenza) <= {"name", "version", "versionMin", "versionMax", "optional"}
        assert all(isinstance(v, str | bool) for v in dipendenza.values())


def test_il_sito_si_costruisce_e_ogni_pagina_e_nel_suo_menu(tmp_path: Path) -> None:
    esito = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=RADICE, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert esito.returncode == 0, esito.stderr
    pagine = {file.relative_to(RADICE / "docs") for file in (RADICE / "docs").rglob("*.md")}
    assert pagine <= {f.relative_to(tmp_path).with_suffix(".md") for f in tmp_path.rglob("*.html")}
    testo = (tmp_path / "index.html").read_text("utf-8")
    for pagina in pagine:
        assert f'href="{pagina.with_suffix(".html")}"' in testo, pagina
    assert "https://fonts." not in testo
