"""The layout of a flow over columns of many records at once: how an export writes its text.

`capofila.hooks.tracciati` renders rows in Python, for any source; here the same declaration becomes
expressions of polars over text columns, some thirty times as many records a second and without the
interpreter's lock. The two agree to the byte: `tests/debito/test_resa.py` holds that.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from capofila.debito.selezione import SEPARA, VIRGOLETTE, Conti
from capofila.hooks import Campo, Flusso, Tipo
from capofila.hooks.tracciati import (
    RIFERIMENTI,
    Elemento,
    Figlio,
    Lista,
    Ripetuto,
    TracciatoXML,
    testi_ripetuto,
)

_LIBERI: Final = frozenset({Tipo.TESTO, Tipo.ENTE})


class ResaColonne:
    """Writes the fragments of many records.

    Args:
        flusso: with an XML layout.

    Raises:
        TypeError: the layout is not XML.
    """

    def __init__(self, flusso: Flusso) -> None:
        tracciato = flusso.tracciato
        if not isinstance(tracciato, TracciatoXML):
            raise TypeError(f"{flusso.id}: only XML layouts are written by columns")
        self._campi = flusso.campi_per_nome
        self._gruppo, self._riga = tracciato.gruppo, tracciato.riga
        self.campi = tuple(dict.fromkeys([
            *(letti(self._gruppo) if self._gruppo else ()), *letti(self._riga)
        ]))  # fmt: skip
        """The fields that the text needs."""

    def rendi(self, dati: pl.DataFrame) -> pl.DataFrame:
        """Two columns: `gruppo`, what opens the element of the person (null without gruppi), and
        `riga`, the record.

        Args:
            dati: a text column for each of `campi`, null where absent.
        """
        protetti = dati.with_columns(
            _protetto(dati[nome]) for nome in self.campi if self._campi[nome].tipo in _LIBERI
        )
        passo = _Passo(self._campi, protetti)
        gruppo = pl.lit(None, pl.String) if self._gruppo is None else passo.apertura(self._gruppo)
        reso = protetti.with_columns(_gruppo=gruppo, _riga=passo.elemento(self._riga))
        return reso.select(gruppo="_gruppo", riga="_riga")


class Cucitura:
    """Writes a file block after block, with a seam between two persons. One thread at a time."""

    def __init__(self, flusso: Flusso, conti: Conti) -> None:
        self._resa = ResaColonne(flusso)
        self._chiusura = flusso.tracciato.chiusura_gruppo()
        self._conti = conti
        self._aperto = ""
        self.campi = self._resa.campi
        self._nomi = ["_persona", "_gruppo", "_riga", *self.campi]

    def scrivi(self, blocco: bytes) -> bytes:
        """The text of some records.

        Args:
            blocco: whole lines: who it is about, the text it was received with (gruppo and record,
                empty when ours is to be written), and a value for each of `campi`.
        """
        if not blocco:
            return b""
        dati = pl.read_csv(
            blocco, separator=SEPARA, quote_char=VIRGOLETTE, has_header=False, infer_schema=False,
            new_columns=self._nomi, schema_overrides=[pl.String] * len(self._nomi),
        )  # fmt: skip
        reso = self._resa.rendi(dati.select(self.campi))
        if dati["_riga"].null_count() < len(dati):
            ricevuta = dati["_riga"].is_not_null()
            reso = reso.select(
                pl.when(ricevuta).then(dati["_gruppo"]).otherwise(pl.col("gruppo")).alias("gruppo"),
                pl.when(ricevuta).then(dati["_riga"]).otherwise(pl.col("riga")).alias("riga"),
            )
        reso = reso.with_columns(pl.col("gruppo").fill_null(""), persona=dati["_persona"])
        prima = pl.col("gruppo").shift(1, fill_value=self._aperto)
        cuci = pl.col("gruppo") != prima
        seme = pl.when(cuci).then(
            pl.when(prima != "").then(pl.lit(self._chiusura)).otherwise(pl.lit(""))
            + pl.col("gruppo")
        )
        uscita = io.BytesIO()
        reso.select(pl.concat_str([seme, pl.col("riga")], ignore_nulls=True)).write_csv(
            uscita, include_header=False, quote_style="never", line_terminator=""
        )
        diversa = (pl.col("persona") != pl.col("persona").shift(1)) | cuci
        for persona, gruppo in reso.filter(diversa.fill_null(True)).select(
            "persona", "gruppo"
        ).iter_rows():  # fmt: skip
            self._conti.conta(persona, gruppo)
        self._conti.righe += len(reso)
        self._aperto = reso["gruppo"][-1]
        return uscita.getvalue()

    def chiudi(self) -> bytes:
        """What ends the last person's element."""
        return self._chiusura.encode() if self._aperto else b""


def letti(elemento: Elemento) -> list[str]:
    """The fields that an element needs, in order."""
    nomi = [attributo.campo for attributo in elemento.attributi]
    for figlio in elemento.figli:
        match figlio:
            case Elemento():
                nomi += letti(figlio)
            case Lista() | Ripetuto():
                nomi.append(figlio.campo)
    return nomi


def _protetto(testi: pl.Series) -> pl.Series:
    """Free text as it must stand in XML."""
    segni = list(RIFERIMENTI)
    if not testi.str.contains_any(segni).any():
        return testi
    return testi.str.replace_many(segni, list(RIFERIMENTI.values()))


class _Passo:
    """The expressions for one frame: a column that is empty throughout is left out."""

    def __init__(self, campi: Mapping[str, Campo], dati: pl.DataFrame) -> None:
        self.campi = campi
        self.dati = dati
        quante = len(dati)
        nulli = {nome: dati[nome].null_count() for nome in dati.columns}
        self.pieni = {nome for nome, quanti in nulli.items() if quanti < quante}
        self.sempre = {nome for nome, quanti in nulli.items() if not quanti}

    def apertura(self, elemento: Elemento) -> pl.Expr:
        """The start tag and the children, without the end tag."""
        return _unisci(
            [f"<{elemento.nome}", *self.attributi(elemento), ">", *self.figli(elemento.figli)]
        )

    def elemento(self, elemento: Elemento) -> pl.Expr:
        """A whole element; null for an optional one without content."""
        figli = self.figli(elemento.figli)
        dentro = self.presenza(elemento.figli)
        fine: list[str | pl.Expr] = ["/>"]
        if dentro is None:
            fine = [">", *figli, f"</{elemento.nome}>"]
        elif dentro:
            piena = _unisci([">", *figli, f"</{elemento.nome}>"])
            fine = [pl.when(pl.any_horizontal(dentro)).then(piena).otherwise(pl.lit("/>"))]
        testo = _unisci([f"<{elemento.nome}", *self.attributi(elemento), *fine])
        if not elemento.facoltativo:
            return testo
        presente = self.presenza([elemento])
        if presente is None:
            return testo
        if not presente:
            return pl.lit(None, pl.String)
        return pl.when(pl.any_horizontal(presente)).then(testo)

    def presenza(self, figli: Sequence[Figlio]) -> list[pl.Expr] | None:
        """The conditions under which some of the children are written; None when some always is."""
        condizioni: list[pl.Expr] = []
        for figlio in figli:
            match figlio:
                case Elemento() if not figlio.facoltativo:
                    return None
                case Elemento():
                    condizioni += self._presenti([a.campo for a in figlio.attributi])
                    dentro = self.presenza(figlio.figli)
                    if dentro is None:
                        return None
                    condizioni += dentro
                case Lista() | Ripetuto():
                    condizioni += self._presenti([figlio.campo])
        return condizioni

    def _presenti(self, nomi: Sequence[str]) -> list[pl.Expr]:
        return [pl.col(nome).is_not_null() for nome in nomi if nome in self.pieni]

    def figli(self, figli: Sequence[Figlio]) -> list[pl.Expr]:
        testi: list[pl.Expr] = []
        for figlio in figli:
            match figlio:
                case Elemento():
                    testi.append(self.elemento(figlio))
                case Lista(contenitore, elemento, campo) if campo in self.pieni:
                    voci = pl.col(campo).str.replace_all(
                        " ", f"</{elemento}><{elemento}>", literal=True
                    )
                    testi.append(
                        pl.concat_str(
                            pl.lit(f"<{contenitore}><{elemento}>"),
                            voci,
                            pl.lit(f"</{elemento}></{contenitore}>"),
                        )
                    )
                case Ripetuto() if figlio.campo in self.pieni:
                    resa = testi_ripetuto(figlio)
                    distinti = self.dati[figlio.campo].drop_nulls().unique()
                    tavola = {valore: resa[valore] for valore in distinti}
                    testi.append(
                        pl.col(figlio.campo).replace_strict(tavola, return_dtype=pl.String)
                    )
        return testi

    def attributi(self, elemento: Elemento) -> list[str | pl.Expr]:
        """The attributes, each with the blank before it."""
        pezzi: list[str | pl.Expr] = []
        for attributo in elemento.attributi:
            if attributo.campo not in self.pieni:
                continue
            valore = pl.col(attributo.campo)
            if attributo.valori:
                valore = valore.replace(dict(attributo.valori))
            prima = f' {attributo.nome}="'
            if attributo.campo in self.sempre:
                pezzi += [prima, valore, '"']
            else:  # null where the field is absent
                pezzi.append(pl.concat_str(pl.lit(prima), valore, pl.lit('"')))
        return pezzi


def _unisci(pezzi: Sequence[str | pl.Expr]) -> pl.Expr:
    """Join texts; null counts as nothing."""
    uniti: list[str | pl.Expr] = []
    for pezzo in pezzi:
        if isinstance(pezzo, str) and uniti and isinstance(uniti[-1], str):
            uniti[-1] += pezzo
        else:
            uniti.append(pezzo)
    return pl.concat_str(
        [pl.lit(pezzo) if isinstance(pezzo, str) else pezzo for pezzo in uniti], ignore_nulls=True
    )
