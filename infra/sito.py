"""Hooks of MkDocs: the index of the documentation is the menu of the site, and links go on working.

The documentation links to files outside `docs/` (the README of the project, those of the folders). On the
site each of them stands under `progetto/`; a file that is no page is linked by its name alone.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.structure.files import File, Files

RADICE = Path(__file__).resolve().parents[1]
VOCE = re.compile(r"^- \[([^\]]*)\]\(([^)#]+)\)|^## (.+)$", re.MULTILINE)
LEGAME = re.compile(r"(\[[^\]]*\])\(([^)#\s:]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """The menu: what `docs/index.md` lists, in its order, and a page for each hook."""
    menu: list[dict[str, Any]] = [{"Capofila": [{"Indice": "index.md"}]}]
    menu[0]["Capofila"].append({"Per cominciare": "progetto/README.md"})
    for titolo, verso, parte in VOCE.findall((RADICE / "docs" / "index.md").read_text("utf-8")):
        if parte:
            menu.append({parte: []})
        else:
            pagina = f"progetto/{verso.removeprefix('../')}" if verso.startswith("../") else verso
            (voci,) = menu[-1].values()
            voci.append({titolo: pagina})
    hook = [
        {f.stem: f"plugin/hook/{f.name}"}
        for f in sorted((RADICE / "docs/plugin/hook").glob("*.md"))
    ]
    menu.append({"Every hook": hook})
    altre = [{Path(posto).parts[-2] if Path(posto).stem == "README" else Path(posto).stem: posto}
             for posto in _fuori() if posto not in str(menu)]  # fmt: skip
    menu.append({"Accanto al codice": altre})
    config["nav"] = [sezione for sezione in menu if all(sezione.values())]
    return config


def _fuori() -> dict[str, Path]:
    """The pages outside `docs/` that the site has, by their place in it."""
    return {
        f"progetto/{file.relative_to(RADICE).as_posix()}": file
        for file in (
            RADICE / "README.md",
            RADICE / "CHANGELOG.md",
            RADICE / "CONTRIBUTING.md",
            RADICE / "SECURITY.md",
            *RADICE.glob("infra/*/README.md"),
            RADICE / "tenants" / "README.md",
            RADICE / "migrations" / "README.md",
        )
        if file.is_file()
    }


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that stand outside."""
    for posto, file in _fuori().items():
        files.append(File.generated(config, posto, abs_src_path=str(file)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Send the links that leave `docs/` to where their target is on the site."""
    qui = PurePosixPath(page.file.src_uri)
    nel_progetto = (
        PurePosixPath(*qui.parts[1:]) if qui.parts[0] == "progetto" else PurePosixPath("docs") / qui
    )

    def sposta(trovato: re.Match[str]) -> str:
        testo, verso, ancora = trovato[1], trovato[2], trovato[3] or ""
        meta = normpath(str(nel_progetto.parent / verso))
        sul_sito = meta.removeprefix("docs/") if meta.startswith("docs/") else f"progetto/{meta}"
        if files.get_file_from_path(sul_sito) is not None:
            return f"{testo}({relpath(sul_sito, str(qui.parent))}{ancora})"
        if (RADICE / meta).exists():
            return f"{testo[1:-1]} (`{meta}`)"
        return trovato[0]

    return LEGAME.sub(sposta, markdown)
