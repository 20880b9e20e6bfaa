"""A new plugin: a distribution that works as it is, to be filled with the acts of a distretto."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import jinja2
import msgspec
import yaml

import capofila
from capofila.base.errori import DatiNonValidi
from capofila.hooks import CONTRATTO
from capofila.hooks.campi import carattere_controllo

_ID: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
_FORME: Final = {
    "istat": (re.compile(r"[0-9]{6}"), "sei cifre, come 020030"),
    "belfiore": (re.compile(r"[A-Z][0-9]{3}"), "una lettera e tre cifre, come E897"),
    "provincia": (re.compile(r"[A-Z]{2}"), "due lettere, come MN"),
    "cap": (re.compile(r"[0-9]{5}"), "cinque cifre, come 46100"),
}

_FILE: Final[Mapping[str, str]] = {
    "pyproject.toml.j2": "pyproject.toml",
    "README.md.j2": "README.md",
    "gitignore.j2": ".gitignore",
    "ci.yml.j2": ".github/workflows/prove.yml",
    "pacchetto/__init__.py.j2": "{modulo}/__init__.py",
    "pacchetto/adempimenti.py.j2": "{modulo}/adempimenti.py",
    "pacchetto/flussi.py.j2": "{modulo}/flussi.py",
    "pacchetto/fonti.py.j2": "{modulo}/fonti.py",
    "pacchetto/organi.py.j2": "{modulo}/organi.py",
    "pacchetto/py.typed.j2": "{modulo}/py.typed",
    "pacchetto/schemi/sad.yaml.j2": "{modulo}/schemi/sad.yaml",
    "tests/test_plugin.py.j2": "tests/test_{id}.py",
    "ambito/ambito.yaml.j2": "ambito/{slug}/ambito.yaml",
    "ambito/comuni.csv.j2": "ambito/{slug}/comuni.csv",
    "comuni/comuni.csv.j2": "ambito/comuni/comuni.csv",
    "comuni/popolazione.csv.j2": "ambito/comuni/popolazione.csv",
    "comuni/fusioni.csv.j2": "ambito/comuni/fusioni.csv",
    "comuni/fonti.yaml.j2": "ambito/comuni/fonti.yaml",
}


class Progetto(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor says of the plugin to be made.

    Attributes:
        id: of the plugin and of its entry point: lower case, digits and underscore.
        distretto: its name, for people.
        capofila: name of the lead comune; with its codes.
        fornitore: the vendor.
        licenza: an SPDX expression.
    """

    id: str
    distretto: str
    capofila: str
    istat: str
    belfiore: str
    provincia: str
    cap: str
    fornitore: str
    licenza: str = "EUPL-1.2"


def crea(progetto: Progetto, cartella: Path) -> list[Path]:
    """Write the distribution.

    Args:
        progetto: what it is.
        cartella: where; made when it is not there, and refused when it is not empty.

    Returns:
        The files, in order.

    Raises:
        DatiNonValidi: a code without its form, a text that cannot be one, a folder in use.
    """
    _controlla(progetto)
    if cartella.exists() and (not cartella.is_dir() or any(cartella.iterdir())):
        raise DatiNonValidi(
            f"«{cartella}» non è una cartella vuota: scegline un'altra, che verrà creata."
        )
    modulo, slug = f"capofila_{progetto.id}", progetto.id.replace("_", "-")
    ambiente = jinja2.Environment(  # noqa: S701  (source files, not pages)
        loader=jinja2.PackageLoader("capofila.conformita", "modello"),
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    ambiente.filters |= {
        "py": _in_python,
        "toml": _in_toml,
        "yaml": _in_yaml,
        "csv": _in_csv,
        "doc": _in_doc,
    }
    valori = {
        **msgspec.structs.asdict(progetto),
        "modulo": modulo,
        "slug": slug,
        "contratto": CONTRATTO,
        "capofila_versione": capofila.__version__,
        "controllo": carattere_controllo(f"PRVPTR70A01{progetto.belfiore}"),
    }
    scritti = []
    for modello, nome in _FILE.items():
        file = cartella / nome.format(modulo=modulo, slug=slug, id=progetto.id)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(ambiente.get_template(modello).render(valori), "utf-8")
        scritti.append(file)
    return scritti


def _controlla(progetto: Progetto) -> None:
    if _ID.fullmatch(progetto.id) is None:
        raise DatiNonValidi(
            f"«{progetto.id}» non può essere il nome di un plugin: servono da 2 a 31 lettere "
            "minuscole, cifre e _, con una lettera all'inizio."
        )
    for nome, (forma, come) in _FORME.items():
        valore = getattr(progetto, nome)
        if forma.fullmatch(valore) is None:
            raise DatiNonValidi(f"«{valore}» non va bene per --{nome}: servono {come}.")
    for nome in ("distretto", "capofila", "fornitore", "licenza"):
        valore = getattr(progetto, nome)
        if not valore.strip() or not valore.isprintable() or len(valore) > 100:
            raise DatiNonValidi(f"--{nome} deve avere da 1 a 100 caratteri, senza a capo.")


def _in_python(valore: str) -> str:
    return json.dumps(valore, ensure_ascii=False)


_in_toml = _in_python


def _in_doc(valore: str) -> str:
    return valore.replace("\\", "\\\\").replace('"', "'")


def _in_yaml(valore: str) -> str:
    return str(yaml.safe_dump(valore, allow_unicode=True, default_style='"', width=1000)).strip()


def _in_csv(valore: str) -> str:
    riga = io.StringIO()
    csv.writer(riga, lineterminator="").writerow([valore])
    return riga.getvalue()
