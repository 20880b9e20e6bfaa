"""The tables of the analysis as a PDF that a screen reader can read (PDF/UA-1).

How it is made: :mod:`capofila.web.carta`. Charts are drawn as vectors from the geometry of the
pages; each has words for who does not see it, and its table.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final

from capofila.spesa.carta import Carta
from capofila.spesa.scarichi import Documento
from capofila.spesa.tavole import TavolaCifre
from capofila.web import grafici
from capofila.web.carta import componi

Scrivi = Callable[[Decimal | int | None, str], str]

DETTE: Final = 12
"""Bars up to which the words of a chart say each figure; of more they say the ends."""


def pdf_di(documento: Documento, scrivi: Scrivi) -> bytes:
    """The document on A4 paper; `scrivi` says how a figure of a kind is written."""
    dati = {
        "titolo": documento.titolo,
        "sottotitolo": documento.sottotitolo,
        "premessa": list(documento.premessa),
        "note": list(documento.note),
        "tavole": [
            {
                "titolo": tavola.titolo,
                "testa": tavola.testa,
                "colonne": [colonna.titolo for colonna in tavola.colonne],
                "righe": [
                    [riga.nome]
                    + [
                        scrivi(valore, colonna.tipo)
                        for colonna, valore in zip(tavola.colonne, riga.valori, strict=True)
                    ]
                    for riga in tavola.righe
                ],
                "nota": tavola.nota,
                "barre": barre(tavola, scrivi),
                "linee": linee(documento, tavola, scrivi),
                "carta": mappa(documento.carta, scrivi) if tavola.codice == "comuni" else None,
            }
            for tavola in documento.tavole
            if tavola.righe
        ],
    }
    return componi((files(__package__) / "pdf.typ").read_bytes(), dati)


def barre(tavola: TavolaCifre, scrivi: Scrivi) -> dict[str, Any] | None:
    """The bars of a table, in hundredths of the longest, with what they say in words."""
    lunghe = [(riga, sum(riga.barra, Decimal(0))) for riga in tavola.righe if riga.barra]
    massimo = max((quanto for _, quanto in lunghe), default=Decimal(0))
    if not tavola.serie or massimo <= 0:
        return None
    if len(lunghe) <= DETTE:
        detto = "; ".join(
            f"{riga.nome}, "
            + ", ".join(
                f"{serie} {scrivi(valore, 'importo')}"
                for serie, valore in zip(tavola.serie, riga.barra, strict=True)
            )
            for riga, _ in lunghe
        )
    else:
        piu, meno = (quale(lunghe, key=lambda uno: uno[1]) for quale in (max, min))
        detto = (
            f"da {meno[0].nome}, {scrivi(meno[1], 'importo')}, a {piu[0].nome}, "
            f"{scrivi(piu[1], 'importo')}"
        )
    return {
        "alt": f"Grafico a barre, {tavola.titolo}: {detto}. Le cifre sono nella tabella che segue.",
        "serie": list(tavola.serie),
        "righe": [
            {
                "nome": riga.nome,
                "tratti": [
                    [tratto.inizio, tratto.larghezza, tratto.serie]
                    for tratto in grafici.barra(riga.barra, massimo)
                ],
            }
            for riga, _ in lunghe
        ],
    }


def linee(documento: Documento, tavola: TavolaCifre, scrivi: Scrivi) -> dict[str, Any] | None:
    """The lines of the table of the years, in the units of the drawing of the page."""
    disegno = documento.linee
    if disegno is None or not tavola.codice.startswith("anni"):
        return None
    detto = "; ".join(
        f"{linea.nome}: "
        + ", ".join(
            f"{punto.quando} {scrivi(Decimal(punto.valore), 'importo')}" for punto in linea.punti
        )
        for linea in disegno.linee
    )
    return {
        "alt": f"Grafico a linee, {tavola.titolo}. {detto}. Le cifre sono nella tabella che segue.",
        "serie": list(documento.nomi_linee)[: len(disegno.linee)],
        "larghezza": disegno.larghezza,
        "altezza": disegno.altezza,
        "sinistra": disegno.sinistra,
        "destra": disegno.destra,
        "base": disegno.base,
        "scala": [[y, scrivi(valore, "importo")] for y, valore in disegno.righe],
        "anni": [[x, str(anno)] for x, anno in disegno.anni],
        "linee": [
            {
                "tratti": [
                    [[float(c) for c in coppia.split(",")] for coppia in tratto.split()]
                    for tratto in linea.tratti
                ],
                "punti": [[punto.x, punto.y] for punto in linea.punti],
            }
            for linea in disegno.linee
        ],
    }


def mappa(carta: Carta | None, scrivi: Scrivi) -> dict[str, Any] | None:
    """The map of the comuni, in the units of the drawing of the page; classes from 0, no figure."""
    if carta is None:
        return None
    noti = [(nome, valore) for istat, nome in carta.nomi.items()
            if (valore := carta.valori[istat]) is not None]  # fmt: skip
    detto = "nessuna cifra" if not noti else "; ".join(
        f"{chi} {nome}, {scrivi(valore, 'importo')}"
        for chi, (nome, valore) in (
            ("meno di tutti", min(noti, key=lambda uno: uno[1])),
            ("più di tutti", max(noti, key=lambda uno: uno[1])),
        )
    )  # fmt: skip
    classi = [
        scrivi(basso, "importo")
        if basso == alto
        else f"da {scrivi(basso, 'importo')} a {scrivi(alto, 'importo')}"
        for basso, alto in carta.classi.limiti
    ]
    return {
        "alt": f"Mappa, {carta.titolo}: {detto}.",
        "titolo": carta.dice,
        "fonte": carta.fonte,
        "larghezza": carta.mappa.larghezza,
        "altezza": carta.mappa.altezza,
        "classi": [
            *([[0, "nessun dato"]] if len(carta.classi.di) < len(carta.mappa.forme) else []),
            *([numero, nome] for numero, nome in enumerate(classi, 1)),
        ],
        "forme": [
            {
                "classe": carta.classi.di.get(forma.chiave, 0),
                "x": forma.x,
                "y": forma.y,
                "anelli": [
                    [[float(c) for c in punto.split()] for punto in anello.rstrip("Z").split("L")]
                    for anello in forma.tracciato.split("M")[1:]
                ],
            }
            for forma in carta.mappa.forme
        ],
    }
