"""The templates of the plugins: a small part of Jinja that reads values and runs nothing.

A text is read as a tree, and the tree is looked at before anything is made of it: only what is listed
here may stand in it. There is no call, no assignment, no inclusion and no arithmetic that could grow, so
what a template makes is bounded by its own length and by the rows that it goes through, which are
counted. Markup is checked tag by tag: no script, no form, no address but a page of the same plugin or a
``https`` one, and a value stands in the text only, where it is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes, pass_eval_context
from jinja2.filters import do_join, make_attrgetter
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from capofila.hooks.atti import DichiarazioneErrata

GIRI_MASSIMI: Final = 10_000
"""Rows that a template may go through, all its loops together."""
ESITO_MASSIMO: Final = 500_000
"""Characters that it may make."""

_FILTRI: Final = frozenset(
    {"length", "count", "join", "first", "last", "round", "default", "d", "upper", "lower", "capitalize",
     "sum", "selectattr", "rejectattr", "map", "sort", "unique", "list", "abs", "int"}
)  # fmt: skip
_PROVE: Final = frozenset(
    {"defined", "undefined", "none", "equalto", "eq", "==", "ne", "!=", "gt", ">", "ge", ">=", "lt", "<",
     "le", "<=", "in", "odd", "even", "true", "false"}
)  # fmt: skip
_NODI: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.If, nodes.For, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.CondExpr, nodes.Tuple, nodes.List, nodes.Concat, nodes.Keyword, nodes.Neg,
)  # fmt: skip
_SEMPLICI: Final = frozenset(
    {"h2", "h3", "h4", "p", "ul", "ol", "li", "dl", "dt", "dd", "strong", "em", "small", "a", "table",
     "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "br", "time", "abbr"}
)  # fmt: skip
_VUOTI: Final = frozenset({"br"})
_CLASSI: Final = frozenset({"tabella", "cifra", "conteggio", "definizioni"})
_PEZZO: Final = re.compile(
    r"[^<>&]+|&(?:amp|lt|gt|quot|nbsp|#39);"
    r"|<(?P<chiude>/?)(?P<nome>[a-z][a-z0-9]*)(?P<attributi>(?:\s+[a-z-]+=\"[^\"<>&]*\")*)\s*>"
)
_ATTRIBUTO: Final = re.compile(r"([a-z-]+)=\"([^\"]*)\"")
_INDIRIZZO: Final = re.compile(r"https://[A-Za-z0-9./_~?=&%#-]{1,300}|[a-z][a-z0-9-]{1,39}")


class ModelloNonValido(DichiarazioneErrata):
    """A template has something that templates of plugins may not have; the message says what."""


class GiroTroppoLungo(TemplateError):
    """A template goes through more rows, or makes more text, than it may."""


class _Contatore:
    def __init__(self) -> None:
        self.resta = GIRI_MASSIMI

    def __call__(self, valori: Iterable[Any]) -> Iterator[Any]:
        for valore in valori:
            self.resta -= 1
            if self.resta < 0:
                raise GiroTroppoLungo("too many rows")
            yield valore


class Modello:
    """A template that was looked at, ready to be filled."""

    def __init__(self, codice: Any, nomi: frozenset[str]) -> None:
        self._codice = codice
        self.nomi = nomi
        """The values that it reads."""

    def rendi(self, valori: Mapping[str, Any]) -> str:
        """Fill it.

        Raises:
            TemplateError: a value is not there, or it goes on for too long.
        """
        pezzi: list[str] = []
        lunghezza = 0
        for pezzo in self._codice.generate(**valori, _conta=_Contatore()):
            lunghezza += len(pezzo)
            if lunghezza > ESITO_MASSIMO:
                raise GiroTroppoLungo("too long")
            pezzi.append(pezzo)
        return "".join(pezzi)


FILTRI_PAGINE: Final[dict[str, Any]] = {}
"""The filters that write figures and dates as every page does; the shell of the pages fills it in."""

NOMI_FILTRI: Final = frozenset({"importo", "numero", "percento", "data", "data_breve", "data_ora"})
"""Those that templates of plugins may use."""


def _della_pagina(nome: str) -> Callable[..., str]:
    return lambda *valori: str(FILTRI_PAGINE[nome](*valori))


def _ambiente(marcato: bool) -> ImmutableSandboxedEnvironment:
    ambiente = ImmutableSandboxedEnvironment(
        autoescape=marcato, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    ambiente.globals.clear()
    ambiente.filters = {n: f for n, f in ambiente.filters.items() if n in _FILTRI}
    ambiente.filters["join"] = _unisci
    ambiente.filters.update({nome: _della_pagina(nome) for nome in NOMI_FILTRI})
    ambiente.tests = {n: t for n, t in ambiente.tests.items() if n in _PROVE}
    return ambiente


@lru_cache(maxsize=512)
def prepara(testo: str, *, marcato: bool = True) -> Modello:
    """Look at a template and make it ready.

    Args:
        testo: what the plugin declares.
        marcato: whether it is markup; otherwise plain text.

    Raises:
        ModelloNonValido: it has what it may not have.
    """
    ambiente = _ambiente(marcato)
    try:
        albero = ambiente.parse(testo)
    except TemplateSyntaxError as errore:
        raise ModelloNonValido(f"riga {errore.lineno}: il modello non si legge") from None
    _guarda(albero, ambiente)
    nomi = frozenset(find_undeclared_variables(albero))
    if marcato:
        _segni(albero.body)
    for giro in list(albero.find_all(nodes.For)):
        giro.iter = nodes.Call(nodes.Name("_conta", "load"), [giro.iter], [], None, None)
        giro.iter.set_lineno(giro.lineno)
        giro.iter.set_environment(ambiente)
    return Modello(ambiente.from_string(albero), nomi)


def _guarda(nodo: nodes.Node, ambiente: ImmutableSandboxedEnvironment) -> None:
    if not isinstance(nodo, _NODI):
        raise ModelloNonValido(
            f"riga {nodo.lineno}: «{type(nodo).__name__}» non si usa nei modelli dei plugin"
        )
    nome = getattr(nodo, "name", "")
    if isinstance(nodo, nodes.Filter) and nome not in ambiente.filters:
        raise ModelloNonValido(f"riga {nodo.lineno}: il filtro «{nome}» non c'è")
    if isinstance(nodo, nodes.Test) and nome not in ambiente.tests:
        raise ModelloNonValido(f"riga {nodo.lineno}: la prova «{nome}» non c'è")
    if isinstance(nodo, nodes.Name) and nome.startswith("_"):
        raise ModelloNonValido(f"riga {nodo.lineno}: «{nome}» non è un nome dei modelli")
    if isinstance(nodo, nodes.For) and nodo.recursive:
        raise ModelloNonValido(f"riga {nodo.lineno}: un ciclo non richiama sé stesso")
    if (
        nome == "round"
        and isinstance(nodo, nodes.Filter)
        and not all(_poche(uno) for uno in (*nodo.args, *(uno.value for uno in nodo.kwargs)))
    ):
        raise ModelloNonValido(f"riga {nodo.lineno}: si arrotonda a un numero scritto di cifre")
    for figlio in nodo.iter_child_nodes():
        _guarda(figlio, ambiente)


def _poche(nodo: nodes.Node) -> bool:
    """Whether it says how many digits, or how, and not the work of a minute."""
    return isinstance(nodo, nodes.Const) and (
        isinstance(nodo.value, str) or (isinstance(nodo.value, int) and 0 <= nodo.value <= 10)
    )


@pass_eval_context
def _unisci(
    contesto: nodes.EvalContext, valori: Iterable[Any], fra: str = "", attribute: str | None = None
) -> Any:
    """`join` of what stays within a page: it goes on multiplying where it is applied to a text."""
    pezzi = [*valori]
    if attribute is not None:
        pezzi = [*map(make_attrgetter(contesto.environment, attribute), pezzi)]
    totale = 0
    for pezzo in pezzi:
        totale += len(str(pezzo)) + len(str(fra))
        if totale > ESITO_MASSIMO:
            raise GiroTroppoLungo(f"il modello unisce più di {ESITO_MASSIMO} caratteri")
    return do_join(contesto, pezzi, fra)


def _segni(corpo: Iterable[nodes.Node]) -> None:
    """Tags: only the known ones, each whole within one piece of text, each closed where it was opened."""
    aperti: list[str] = []
    for nodo in corpo:
        if isinstance(nodo, nodes.Output):
            for pezzo in nodo.nodes:
                if isinstance(pezzo, nodes.TemplateData):
                    _segni_di(pezzo, aperti)
        elif isinstance(nodo, nodes.If):
            for ramo in (nodo.body, *(altro.body for altro in nodo.elif_), nodo.else_):
                _segni(ramo)
        elif isinstance(nodo, nodes.For):
            _segni(nodo.body)
            _segni(nodo.else_)
    if aperti:
        raise ModelloNonValido(f"«<{aperti[-1]}>» non è chiuso dove è stato aperto")


def _segni_di(pezzo: nodes.TemplateData, aperti: list[str]) -> None:
    testo, posto = pezzo.data, 0
    while posto < len(testo):
        trovato = _PEZZO.match(testo, posto)
        if trovato is None:
            raise ModelloNonValido(
                f"riga {pezzo.lineno + testo[:posto].count(chr(10))}: il segno «{testo[posto]}» non sta "
                "lì: un valore non entra in un segno, e ogni segno ha gli attributi fra virgolette doppie"
            )
        posto = trovato.end()
        nome = trovato["nome"]
        if nome is None:
            continue
        if nome not in _SEMPLICI:
            raise ModelloNonValido(f"il segno «<{nome}>» non si usa nei modelli dei plugin")
        if trovato["chiude"]:
            if trovato["attributi"] or not aperti or aperti.pop() != nome:
                raise ModelloNonValido(f"«</{nome}>» chiude un segno che non è aperto lì")
        else:
            _attributi(nome, trovato["attributi"])
            if nome not in _VUOTI:
                aperti.append(nome)


def _attributi(segno: str, scritti: str) -> None:
    for nome, valore in _ATTRIBUTO.findall(scritti):
        match segno, nome:
            case "a", "href":
                buono = _INDIRIZZO.fullmatch(valore) is not None
            case "th", "scope":
                buono = valore in ("col", "row", "colgroup", "rowgroup")
            case (("th" | "td"), ("colspan" | "rowspan")):
                buono = re.fullmatch("[1-9][0-9]?", valore) is not None
            case _, "class":
                buono = valore in _CLASSI
            case "time", "datetime":
                buono = re.fullmatch("[0-9-]{4,10}", valore) is not None
            case "abbr", "title":
                buono = True
            case _:
                buono = False
        if not buono:
            raise ModelloNonValido(f'«{nome}="{valore}"» non si usa in «<{segno}>»')
