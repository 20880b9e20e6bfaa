"""A code as somebody writes it, and a file of them: what is accepted, and what it would change. Pure.

The lists are declared by the plugins (`capofila.hooks.codifiche`); what is written here must have
the form that the list declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from capofila.base.foglio_csv import CsvNonLeggibile, leggi_righe
from capofila.hooks import Campo, ErroreRiga, ListaCodici, Rifiuto, Tipo, VoceCodifica
from capofila.hooks.campi import leggi
from capofila.hooks.tracciati import cella_csv

COLONNE: Final = ("codice", "etichetta", "dal", "al", "fonte")
RIGHE_MASSIME: Final = 5_000
BYTE_MASSIMI: Final = 512 * 1024

Origine = Literal["programma", "pagina", "file", "comando"]
"""How a revision came: with the plugin, from a form, from a file, from the command line."""


class Differenze(msgspec.Struct, frozen=True):
    """What a file would change of a list; codes that it does not name stay as they are."""

    aggiunte: tuple[VoceCodifica, ...]
    cambiate: tuple[tuple[VoceCodifica, VoceCodifica], ...]
    uguali: int

    @property
    def nuove(self) -> tuple[VoceCodifica, ...]:
        """What would be written."""
        return (*self.aggiunte, *(dopo for _, dopo in self.cambiate))


def stato(lista: ListaCodici, voce: VoceCodifica, oggi: str) -> tuple[str, str]:
    """Words and colour of the state of a code of a list on a day (ISO)."""
    if voce.al is not None and voce.al < oggi:
        return "Chiuso", "chiuso"
    if voce.dal is not None and voce.dal > oggi:
        return "Non ancora in vigore", "attesa"
    if voce.da_caricare:
        return "Da caricare", "attenzione"
    if lista.da_confermare(voce):
        return "Da confermare", "attenzione"
    return "In vigore", "buono"


def leggi_voce(
    lista: ListaCodici, valori: Mapping[str, str]
) -> tuple[VoceCodifica | None, dict[str, str]]:
    """A code from what was written, and what is wrong, by field.

    Returns:
        The code, None when something is wrong; and the messages.
    """
    errori: dict[str, str] = {}
    letti: dict[str, str | None] = {}
    for campo in _campi(lista):
        letto = leggi(campo, valori.get(campo.nome, ""))
        if isinstance(letto, Rifiuto):
            errori[campo.nome] = _frase(letto.messaggio)
        elif letto is None and campo.obbligatorio:
            errori[campo.nome] = f"Manca un dato: {campo.etichetta.lower()}."
        else:
            letti[campo.nome] = letto
    codice, dal, al = letti.get("codice"), letti.get("dal"), letti.get("al")
    if codice is not None and re.fullmatch(lista.forma, codice, re.ASCII) is None:
        esempio = f", come {lista.voci[0].codice}" if lista.voci else ""
        errori["codice"] = f"Il codice non ha la forma di quelli della lista{esempio}."
    if dal is not None and al is not None and al < dal:
        errori["al"] = "L'ultimo giorno viene prima del primo: correggi uno dei due."
    if errori:
        return None, errori
    assert codice is not None
    return (
        VoceCodifica(codice, letti.get("etichetta"), letti.get("fonte") or "", dal=dal, al=al),
        {},
    )


def _campi(lista: ListaCodici) -> tuple[Campo, ...]:
    return (
        Campo("codice", Tipo.TESTO, "Codice", obbligatorio=True, lunghezza=(1, 20)),
        Campo("etichetta", Tipo.TESTO, "Denominazione", lunghezza=lista.etichetta),
        Campo("dal", Tipo.DATA, "In vigore dal"),
        Campo("al", Tipo.DATA, "In vigore fino al"),
        Campo("fonte", Tipo.TESTO, "Fonte", obbligatorio=True, lunghezza=(3, 500)),
    )


def _frase(testo: str) -> str:
    return f"{testo[:1].upper()}{testo[1:]}."


def leggi_csv(lista: ListaCodici, contenuto: bytes) -> tuple[list[VoceCodifica], list[ErroreRiga]]:
    """The codes of a file, and what is wrong with it, row by row (the header is row 1)."""

    try:
        nomi, righe = leggi_righe(
            contenuto, ("codice", "fonte"), byte=BYTE_MASSIMI, righe=RIGHE_MASSIME
        )
    except CsvNonLeggibile as errore:
        return [], [ErroreRiga(1, "", "", errore.codice, errore.messaggio)]
    return _leggi_righe(lista, nomi, righe)


def _leggi_righe(
    lista: ListaCodici, nomi: Sequence[str], righe: Sequence[Sequence[str]]
) -> tuple[list[VoceCodifica], list[ErroreRiga]]:
    voci: dict[str, VoceCodifica] = {}
    errori: list[ErroreRiga] = []
    for numero, riga in enumerate(righe, 2):
        if not any(cella.strip() for cella in riga):
            continue
        valori = dict(zip(nomi, riga, strict=False))
        voce, difetti = leggi_voce(lista, valori)
        errori += [
            ErroreRiga(numero, nome, valori.get(nome, "")[:200], "valore_non_valido", messaggio)
            for nome, messaggio in difetti.items()
        ]
        if voce is None:
            continue
        if voce.codice in voci:
            errori.append(
                ErroreRiga(numero, "codice", voce.codice, "duplicato",
                           "Il codice è già in un'altra riga: lasciane una sola.")
            )  # fmt: skip
        voci[voce.codice] = voce
    if not voci and not errori:
        errori.append(ErroreRiga(2, "", "", "nessuna_riga", "Sotto l'intestazione non c'è nulla."))
    return [*voci.values()], errori


def differenze(attuali: Iterable[VoceCodifica], nuove: Iterable[VoceCodifica]) -> Differenze:
    """What writing some codes would change of a list."""
    prima = {voce.codice: voce for voce in attuali}
    aggiunte, cambiate, uguali = [], [], 0
    for voce in nuove:
        vecchia = prima.get(voce.codice)
        if vecchia is None:
            aggiunte.append(voce)
        elif vecchia != voce:
            cambiate.append((vecchia, voce))
        else:
            uguali += 1
    return Differenze(tuple(aggiunte), tuple(cambiate), uguali)


def csv_di(voci: Iterable[VoceCodifica]) -> bytes:
    """A list as a CSV for the spreadsheet, in the form in which it is read back."""
    righe = [COLONNE, *((v.codice, v.etichetta or "", v.dal or "", v.al or "", v.fonte)
                        for v in voci)]  # fmt: skip
    testo = "".join(";".join(map(cella_csv, riga)) + "\r\n" for riga in righe)
    return ("\ufeff" + testo).encode()
