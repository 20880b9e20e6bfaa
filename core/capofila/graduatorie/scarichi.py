"""The public list as a file: protocol numbers, points and outcome; no name, and nothing that a domanda says."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

import msgspec
import xlsxwriter

from capofila.graduatorie.calcolo import Posto
from capofila.hooks.tracciati import cella_csv
from capofila.web import formati
from capofila.web.carta import componi

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATI: Final[Mapping[str, tuple[str, str]]] = {
    "ammessa": ("Ammessa", "buono"), "in_attesa": ("In attesa", "attesa"),
    "esclusa": ("Esclusa", "chiuso"), "rinunciata": ("Rinuncia", "neutro"),
    "decaduta": ("Decaduta", "neutro"),
}  # fmt: skip
_TESTE: Final = ("Posizione", "Protocollo", "Punti", "Esito")


class Pubblica(msgspec.Struct, frozen=True, kw_only=True):
    """What is published."""

    titolo: str
    ambito: str
    atto: str
    """The act that approved it; what to say while there is none."""
    note: Sequence[str]
    posti: Sequence[Posto]


def _celle(posto: Posto) -> tuple[str, str, str, str]:
    posizione = "" if posto.posizione is None else str(posto.posizione)
    punti = "" if posto.posizione is None else formati.numero(posto.punti.normalize())
    return posizione, posto.protocollo, punti, STATI[posto.stato][0]


def csv_di(pubblica: Pubblica) -> bytes:
    """One domanda a line, with the decimal comma."""
    righe = [";".join(nome.lower() for nome in _TESTE)]
    righe += [";".join(cella_csv(c) for c in _celle(posto)) for posto in pubblica.posti]
    return "".join(f"{riga}\r\n" for riga in righe).encode("utf-8-sig")


def xlsx_di(pubblica: Pubblica) -> bytes:
    """A workbook of one sheet; a text stays a text."""
    uscita = io.BytesIO()
    with xlsxwriter.Workbook(
        uscita, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as cartella:
        cartella.set_properties({"title": pubblica.titolo, "company": ""})
        grassetto = cartella.add_format({"bold": True})
        foglio = cartella.add_worksheet("Graduatoria")
        inizio = (f"{pubblica.titolo}, {pubblica.ambito}", pubblica.atto, *pubblica.note)
        for numero, testo in enumerate(inizio):
            foglio.write_string(numero, 0, testo)
        for posto, nome in enumerate(_TESTE):
            foglio.write_string(len(inizio) + 1, posto, nome, grassetto)
        for numero, una in enumerate(pubblica.posti, len(inizio) + 2):
            _, protocollo, _, stato = _celle(una)
            if una.posizione is not None:
                foglio.write_number(numero, 0, una.posizione)
                foglio.write_number(numero, 2, una.punti)
            foglio.write_string(numero, 1, protocollo)
            foglio.write_string(numero, 3, stato)
        foglio.set_column(0, 3, 18)
    return uscita.getvalue()


def pdf_di(pubblica: Pubblica) -> bytes:
    """The list on paper, as PDF/UA-1."""
    return componi(
        (files(__package__) / "graduatoria.typ").read_bytes(),
        {
            "titolo": pubblica.titolo, "mittente": pubblica.ambito, "atto": pubblica.atto,
            "note": list(pubblica.note), "teste": list(_TESTE),
            "righe": [list(_celle(posto)) for posto in pubblica.posti],
        },
    )  # fmt: skip
