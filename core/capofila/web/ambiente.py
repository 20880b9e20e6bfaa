"""The Jinja environment of the pages: the shell's templates, then those of rooms and plugins.

A room's templates are reached under its own name (``prestazioni/elenco.html``), so that no room or
plugin can stand in for a page of the shell or of another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from capofila.base.modelli import FILTRI_PAGINE, NOMI_FILTRI
from capofila.web.formati import FILTRI
from capofila.web.pagina import options, page_numbers, sort_link, with_parameters
from capofila.web.statici import Statici

MODELLI = Path(__file__).resolve().parent / "templates"

# An error of the platform or of the way in (403, 404, 500) is told above the page; a refusal that
# the form itself explains (422 and the like) goes where the answer was to go.
_RISPOSTE = [
    {"code": "204", "swap": False},
    {"code": "[23]..", "swap": True},
    {"code": "409|413|422|429|503", "swap": True},
    {
        "code": "[45]..",
        "swap": True,
        "error": True,
        "target": "#messaggi",
        "swapOverride": "innerHTML",
        "select": ".messaggio",
    },
]
HTMX = json.dumps(
    {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        # No page is kept in the browser's storage: it would hold personal data after log-out.
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "historyRestoreAsHxRequest": False,
        "timeout": 60000,
        "scrollBehavior": "auto",
        "responseHandling": _RISPOSTE,
    },
    separators=(",", ":"),
)


def build_environment(
    statici: Statici, cartelle: Mapping[str, Path] | None = None, *, sviluppo: bool = False
) -> Environment:
    """The environment, with the filters of ``formati`` and the globals that the macros use.

    Args:
        statici: the static files, for their addresses.
        cartelle: a folder of templates for each room and plugin, by the name they are reached by.
        sviluppo: read a template again when it changes.
    """
    ambiente = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(MODELLI),
                PrefixLoader({n: FileSystemLoader(c) for n, c in (cartelle or {}).items()}),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=sviluppo,
        cache_size=-1,
    )
    ambiente.filters.update(FILTRI)
    FILTRI_PAGINE.update({nome: FILTRI[nome] for nome in NOMI_FILTRI})
    ambiente.globals.update(
        statico=statici.url,
        carattere=statici.font,
        sprite=statici.url("terze/sprites.svg"),
        con_parametri=with_parameters,
        ordinamento=sort_link,
        numeri_pagina=page_numbers,
        opzioni_scritte=options,
        configurazione_htmx=HTMX,
    )
    return ambiente


def template_config(
    statici: Statici, cartelle: Mapping[str, Path] | None = None, *, sviluppo: bool = False
) -> TemplateConfig[JinjaTemplateEngine]:
    """What ``Litestar(template_config=…)`` wants; the arguments are those of the environment."""
    ambiente = build_environment(statici, cartelle, sviluppo=sviluppo)
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(ambiente))
