"""The layout of a flow as a PostgreSQL expression: records become text where they are.

`capofila.hooks.tracciati` renders columns of values in Python, for any flow and any source of
records. Here the same declaration becomes SQL over the table that keeps the records, so that an
export streams text. The two must agree to the byte: `tests/debito/test_resa_sql.py` holds that.

Fields enter as column expressions, codes and names as quoted literals; no value of a record does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from capofila.hooks import Campo, Flusso, Tipo
from capofila.hooks.tracciati import (
    RIFERIMENTI,
    Attributo,
    Elemento,
    Lista,
    Ripetuto,
    TracciatoXML,
)

Colonna = Callable[[str], str]
"""The name of a field to the SQL of its value: text or a type whose text form is the canonical one."""

_ARGOMENTI: Final = 90
"""Arguments of one call of `concat`; PostgreSQL takes a hundred."""

_LIBERI: Final = frozenset({Tipo.TESTO, Tipo.ENTE})
_SEGNI: Final = "".join(RIFERIMENTI)


def letterale(testo: str) -> str:
    """A text constant of SQL.

    >>> letterale("d'Adda")
    "'d''Adda'"
    """
    if "\\" in testo:
        raise ValueError("a backslash in a layout")
    return "'" + testo.replace("'", "''") + "'"


def espressioni(flusso: Flusso, colonna: Colonna) -> tuple[str, str]:
    """What opens the element of the person, and the record, as two SQL expressions of type text.

    Args:
        flusso: with an XML layout.
        colonna: where each field stands.

    Raises:
        TypeError: the layout is not XML.
    """
    tracciato = flusso.tracciato
    if not isinstance(tracciato, TracciatoXML):
        raise TypeError(f"{flusso.id}: only XML layouts are rendered in the database")
    resa = _Resa(flusso.campi_per_nome, colonna)
    gruppo = letterale("") if tracciato.gruppo is None else resa.apertura(tracciato.gruppo)
    return gruppo, resa.elemento(tracciato.riga)


class _Resa:
    def __init__(self, campi: Mapping[str, Campo], colonna: Colonna) -> None:
        self.campi = campi
        self.colonna = colonna

    def apertura(self, elemento: Elemento) -> str:
        """The start tag and the children, without the end tag."""
        return _unisci(
            [
                letterale(f"<{elemento.nome}"),
                *map(self.attributo, elemento.attributi),
                letterale(">"),
                *(self.figlio(figlio) for figlio in elemento.figli),
            ]
        )

    def elemento(self, elemento: Elemento) -> str:
        """A whole element; NULL for an optional one without content."""
        attributi = [letterale(f"<{elemento.nome}"), *map(self.attributo, elemento.attributi)]
        figli = [self.figlio(figlio) for figlio in elemento.figli]
        vuoto = _unisci([*attributi, letterale("/>")])
        pieno = _unisci([*attributi, letterale(">"), *figli, letterale(f"</{elemento.nome}>")])
        dentro = self.presenza(elemento.figli)
        if dentro is None:
            testo = pieno
        else:
            testo = f"CASE WHEN {dentro} THEN {pieno} ELSE {vuoto} END" if dentro else vuoto
        if not elemento.facoltativo:
            return testo
        presente = self.presenza([elemento])
        return testo if presente is None else f"CASE WHEN {presente or 'false'} THEN {testo} END"

    def presenza(self, figli: Sequence[object]) -> str | None:
        """The condition under which some of the children are written; None when some always is."""
        condizioni: list[str] = []
        for figlio in figli:
            match figlio:
                case Elemento() if not figlio.facoltativo:
                    return None
                case Elemento():
                    condizioni += [self.presente(a.campo) for a in figlio.attributi]
                    dentro = self.presenza(figlio.figli)
                    if dentro is None:
                        return None
                    condizioni += [dentro] if dentro else []
                case Lista() | Ripetuto():
                    condizioni.append(self.presente(figlio.campo))
        return " OR ".join(condizioni)

    def presente(self, campo: str) -> str:
        return f"({self.colonna(campo)}) IS NOT NULL"

    def figlio(self, figlio: object) -> str:
        match figlio:
            case Elemento():
                return self.elemento(figlio)
            case Lista(contenitore, elemento, campo):
                voci = f"replace({self.protetto(campo)}, ' ', {letterale(f'</{elemento}><{elemento}>')})"
                prima = letterale(f"<{contenitore}><{elemento}>")
                dopo = letterale(f"</{elemento}></{contenitore}>")
                return f"({prima} || {voci} || {dopo})"
            case Ripetuto(elemento, campo, attributi):
                sotto = {uno.nome: uno for uno in self.campi[campo].sottocampi}
                interna = _Resa(sotto, lambda nome: f"(b.valore ->> {letterale(nome)})")
                uno = _unisci(
                    [letterale(f"<{elemento}"), *map(interna.attributo, attributi), letterale("/>")]
                )
                return (
                    f"CASE WHEN {self.presente(campo)} THEN (SELECT string_agg({uno}, '' ORDER BY "
                    f"b.posto) FROM jsonb_array_elements(({self.colonna(campo)})::jsonb) "
                    "WITH ORDINALITY AS b(valore, posto)) END"
                )
        raise TypeError(f"not in the vocabulary: {type(figlio).__name__}")

    def attributo(self, attributo: Attributo) -> str:
        """The attribute with the blank before it; NULL where the field is absent."""
        valore = self.colonna(attributo.campo)
        if attributo.valori:
            casi = " ".join(
                f"WHEN {letterale(da)} THEN {letterale(a)}" for da, a in attributo.valori.items()
            )
            valore = f"CASE {valore} {casi} ELSE {self.protetto(attributo.campo)} END"
        else:
            valore = self.protetto(attributo.campo)
        prima = letterale(f' {attributo.nome}="')
        return f"({prima} || {valore} || '\"')"

    def protetto(self, campo: str) -> str:
        """The value as it must stand in XML; only free text is looked at twice."""
        valore = self.colonna(campo)
        if self.campi[campo].tipo not in _LIBERI:
            return f"{valore}"
        sostituito = valore
        for segno, riferimento in RIFERIMENTI.items():
            sostituito = f"replace({sostituito}, {letterale(segno)}, {letterale(riferimento)})"
        return (
            f"CASE WHEN {valore} ~ {letterale(f'[{_SEGNI}]')} THEN {sostituito} ELSE {valore} END"
        )


def _unisci(pezzi: Sequence[str]) -> str:
    """Join texts; NULL counts as nothing."""
    if len(pezzi) > _ARGOMENTI:
        return _unisci(
            [_unisci(pezzi[i : i + _ARGOMENTI]) for i in range(0, len(pezzi), _ARGOMENTI)]
        )
    return f"concat({', '.join(pezzi)})"
