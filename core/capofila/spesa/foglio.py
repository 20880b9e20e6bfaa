"""The rows of a sheet of the social spending: read, checked, put in the form of the ledger.

A block at a time and by whole columns; a row with which something is not plain is read by itself,
where what is wrong is told with its place. Pure: what a row may name is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

import msgspec
import polars as pl

from capofila.hooks import ErroreRiga
from capofila.hooks.campi import Rifiuto, leggi_importo
from capofila.hooks.spesa import (
    FONTI,
    IMPORTI,
    UTENTI,
    Coppia,
    ModuloSpesa,
    RegolaSpesa,
    SommaSpesa,
)
from capofila.prestazioni.service import DiCartella, Foglio, PerColonne
from capofila.spesa.rules import CENTESIMO, RigaSpesa, coppia_rispettata, somma_rispettata
from capofila.territorio.rules import normalizza

CHIAVE: Final = ("comune", "area", "voce", "gestione", "modalita")
"""What a line of the ledger is found by, within a year."""
TESTI: Final = ("anno", *CHIAVE)
ERRORI_MOSTRATI: Final = 1000
RIGHE_MASSIME: Final = 200_000
VOCE_MASSIMA: Final = 100
_UTENTI_MASSIMI: Final = 99_999_999
_CENTESIMI_MASSIMI: Final = 99_999_999_999_99
_IMPORTO: Final = r"^[0-9]{1,11}(?:[.,][0-9]{1,2})?$"


def nome_colonna(testo: str) -> str:
    """The name of a column, or a code, as compared: «Quota utenti» is quota_utenti."""
    return normalizza(testo).replace(" ", "_")


class Ammessi(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a file may name.

    Attributes:
        modulo: the form of the year.
        comune: the ISTAT code that a text stands for, among those of the sheets; None for others.
        chiusi: by ISTAT code, why its sheet cannot be written.
    """

    anno: int
    modulo: ModuloSpesa
    comune: Callable[[str], str | None]
    chiusi: Mapping[str, str]


class Lettura(msgspec.Struct, kw_only=True):
    """What a file holds.

    Attributes:
        righe: rows found, blank ones aside.
        tavola: the good lines, one a key: the key, `utenti`, amounts in cents by column, `riga`.
        sommate: there were several of a key, so that it is not simply the lines as they came.
        errori: at most a thousand of them; ``errori_totali`` says how many there are.
        avvisi: what deserves a look.
    """

    righe: int = 0
    tavola: pl.DataFrame
    sommate: bool = False
    errori: list[ErroreRiga] = []
    errori_totali: int = 0
    avvisi: list[ErroreRiga] = []

    def errore(self, errore: ErroreRiga) -> None:
        """Count it, keep it if it is among the first."""
        self.errori_totali += 1
        if len(self.errori) < ERRORI_MOSTRATI:
            self.errori.append(errore)

    def avviso(self, avviso: ErroreRiga) -> None:
        """Keep it if it is among the first."""
        if len(self.avvisi) < ERRORI_MOSTRATI:
            self.avvisi.append(avviso)


def vuota(modulo: ModuloSpesa) -> pl.DataFrame:
    """A table without lines."""
    importi = (*IMPORTI, *(fonte.codice for fonte in modulo.fonti))
    return pl.DataFrame(
        schema={
            **dict.fromkeys(CHIAVE, pl.String), UTENTI: pl.Int64,
            **dict.fromkeys(importi, pl.Int64), "riga": pl.Int64,
        }
    )  # fmt: skip


def colonne_di(modulo: ModuloSpesa) -> tuple[str, ...]:
    """The columns that a file may have, in the order of the issue's layout."""
    return (*TESTI, UTENTI, *IMPORTI, *(fonte.codice for fonte in modulo.fonti))


def leggi(
    foglio: Foglio, ammessi: Ammessi, letto: Lettura, mappa: Mapping[str, str] | None = None
) -> Iterator[pl.DataFrame]:
    """Read a whole sheet: the good lines of a block at a time.

    Args:
        foglio: open for reading.
        ammessi: what its rows may name.
        letto: what is found; it is whole when there are no more blocks.
        mappa: known column by name of the file's, where they are called otherwise.
    """
    lettore = _Lettore(ammessi)
    dove = _intestazione(foglio.colonne, ammessi.modulo, mappa or {}, letto)
    if letto.errori:
        return
    pezzi = [vuota(ammessi.modulo)]
    prima = 2
    for blocco in foglio.blocchi:
        pezzi.append(lettore.blocco(_Blocco(blocco, len(foglio.colonne)), dove, prima, letto))
        yield pezzi[-1]
        prima += len(blocco)
        if letto.righe > RIGHE_MASSIME:
            letto.errore(
                ErroreRiga(prima, "", "", "troppe_righe",
                           f"Il file ha più di {RIGHE_MASSIME} righe: dividilo per comune."),
            )  # fmt: skip
            return
    if not letto.righe:
        letto.errore(ErroreRiga(2, "", "", "nessuna_riga", "Il file non ha righe sotto i nomi."))
    tavola = pl.concat(pezzi)
    lettore.voci_ignote(tavola, letto)
    letto.tavola = _una_per_chiave(tavola, lettore.colonne, letto)
    letto.errori.sort(key=lambda errore: errore.riga)
    letto.avvisi.sort(key=lambda avviso: avviso.riga)


def _intestazione(
    nomi: Sequence[str], modulo: ModuloSpesa, mappa: Mapping[str, str], letto: Lettura
) -> dict[str, int]:
    """Where each known column is in the file."""
    note = colonne_di(modulo)
    sinonimi = {nome_colonna(da): nome_colonna(a) for da, a in mappa.items()}
    dove: dict[str, int] = {}
    for posto, nome in enumerate(nomi):
        trovato = nome_colonna(nome)
        trovato = sinonimi.get(trovato, trovato)
        if trovato in dove:
            letto.errore(
                ErroreRiga(1, nome, nome, "colonna_doppia",
                           f"La colonna «{trovato}» c'è due volte: lasciarne una.")
            )  # fmt: skip
        elif trovato in note:
            dove[trovato] = posto
        else:
            letto.avviso(
                ErroreRiga(1, nome, nome, "colonna_sconosciuta",
                           "Colonna non prevista dal modulo: non viene importata.")
            )  # fmt: skip
    for da in mappa:
        if nome_colonna(da) not in {nome_colonna(nome) for nome in nomi}:
            letto.errore(
                ErroreRiga(1, da, da, "colonna_mancante",
                           f"La colonna «{da}», di cui è detto il significato, non c'è nel file.")
            )  # fmt: skip
    if not dove:
        letto.errore(
            ErroreRiga(1, "", ";".join(nomi)[:200], "intestazione",
                       "La prima riga non ha i nomi delle colonne: controllare il separatore e "
                       f"che ci siano {', '.join(note)}.")
        )  # fmt: skip
        return dove
    for nome in (*CHIAVE, "spesa"):
        if nome not in dove:
            letto.errore(
                ErroreRiga(1, nome, "", "colonna_mancante",
                           f"Manca la colonna «{nome}», obbligatoria: aggiungerla all'intestazione.")
            )  # fmt: skip
    return dove


class _Blocco:
    """A block of any kind: its columns, and its rows as text when one is to be read by itself."""

    def __init__(self, blocco: Any, larghezza: int) -> None:
        self._larghezza = larghezza
        self._perdute: set[int] = set()
        self._celle: list[Sequence[object]]
        self._testo: Callable[[int], Sequence[str]]
        if isinstance(blocco, PerColonne):
            colonne = blocco.celle
            self._celle = [*colonne]
            self._testo = lambda numero: [colonna[numero] for colonna in colonne]
            self.quante = len(blocco)
            return
        righe: Sequence[Sequence[object]]
        if isinstance(blocco, DiCartella):
            righe = blocco.righe
            self._testo = lambda numero: [
                # A number has no thousands that its decimals could be taken for.
                testo.replace(".", ",") if type(cella) is float else testo
                for testo, cella in zip_longest(blocco.testo(numero), righe[numero], fillvalue="")
            ]
        else:
            righe, self._testo = blocco, blocco.__getitem__
        self.quante = len(righe)
        if {*map(len, righe)} != {larghezza}:
            self._perdute = {
                numero for numero, riga in enumerate(righe)
                if len(riga) < larghezza or any(cella not in ("", None) for cella in riga[larghezza:])
            }  # fmt: skip
            righe = [(*riga[:larghezza], *("",) * (larghezza - len(riga))) for riga in righe]
        self._celle = [*zip(*righe, strict=True)] or [()] * larghezza

    def colonna(self, posto: int) -> pl.Series:
        """A column as numbers where the file says so of all its cells, as text elsewhere."""
        celle = self._celle[posto]
        specie = {*map(type, celle)}
        if specie <= {float, int, str, type(None)} and specie & {float, int}:
            if str not in specie:
                return pl.Series(celle, dtype=pl.Float64)
            if all(cella == "" for cella in celle if type(cella) is str):
                return pl.Series([None if c == "" else c for c in celle], dtype=pl.Float64)
        if not specie <= {str}:
            return pl.Series([self.testo(numero)[posto] for numero in range(self.quante)])
        return pl.Series(celle, dtype=pl.String)

    def testo(self, numero: int) -> Sequence[str]:
        """A row as text, at least as wide as the header."""
        riga = self._testo(numero)
        return [*riga, *("",) * (self._larghezza - len(riga))]

    def intera(self, numero: int) -> bool:
        """Whether a row has as many cells as the header."""
        return numero not in self._perdute

    @property
    def intere(self) -> pl.Series:
        """The same, of all of them."""
        return pl.Series([numero not in self._perdute for numero in range(self.quante)]) if (
            self._perdute
        ) else pl.repeat(value=True, n=self.quante, eager=True)  # fmt: skip


class _Lettore:
    """Reads the rows of one file."""

    def __init__(self, ammessi: Ammessi) -> None:
        self._ammessi = ammessi
        modulo = ammessi.modulo
        self.fonti = tuple(fonte.codice for fonte in modulo.fonti)
        self.colonne = (*IMPORTI, *self.fonti)
        self._forma = vuota(modulo).schema
        self._codici = {
            "area": _per_nome((uno.codice, uno.denominazione) for uno in modulo.aree),
            "voce": _per_nome((uno.codice, uno.denominazione) for uno in modulo.voci),
            "gestione": _per_nome((uno.codice, uno.denominazione) for uno in modulo.gestioni),
            "modalita": _per_nome((uno.codice, uno.denominazione) for uno in modulo.modalita),
        }
        self._aree_della_voce = {voce.codice: voce.aree for voce in modulo.voci}
        self._letti: dict[str, dict[str, str | Rifiuto]] = {nome: {} for nome in TESTI}

    def blocco(
        self, blocco: _Blocco, dove: Mapping[str, int], prima: int, letto: Lettura
    ) -> pl.DataFrame:
        """The good lines of a block; the others are told in `letto`."""
        grezze = {nome: blocco.colonna(posto) for nome, posto in dove.items()}
        testi = [nome for nome in TESTI if nome in dove]
        numeri = [nome for nome in (*self.colonne, UTENTI) if nome in dove]
        tavola = pl.DataFrame(
            {"riga": pl.int_range(prima, prima + blocco.quante, dtype=pl.Int64, eager=True),
             "letta": blocco.intere}
            | {nome: self._codificata(nome, grezze[nome]) for nome in testi}
            | {nome: grezze[nome] for nome in numeri}
        )  # fmt: skip
        # What is empty was not read wrongly; only the spending has to be there.
        vuote = [
            _vuota(nome, grezze[nome].dtype).alias(f"{nome} vuota")
            for nome in numeri if nome != "spesa"
        ]  # fmt: skip
        lette = [pl.col(nome).is_not_null() for nome in (*testi, "spesa")] + [
            pl.col(nome).is_not_null() | pl.col(f"{nome} vuota")
            for nome in numeri if nome != "spesa"
        ]  # fmt: skip
        tavola = (
            tavola.lazy()
            .with_columns(
                *vuote,
                *(
                    (_interi if nome == UTENTI else _centesimi)(nome, grezze[nome].dtype)
                    for nome in numeri
                ),
                *(
                    pl.lit(None if nome == UTENTI else 0, dtype=pl.Int64).alias(nome)
                    for nome in (*self.colonne, UTENTI) if nome not in dove
                ),
            )
            .with_columns(pl.col(self.colonne).fill_null(0), letta=pl.col("letta").and_(*lette))
            .select(*self._forma.names(), piana=pl.col("letta") & self._piana())
            .collect()
        )  # fmt: skip
        piana = tavola["piana"]
        piane = tavola.drop("piana")
        if piana.all():
            letto.righe += piane.height
            return piane
        fuori = piane["riga"].filter(~piana).to_list()
        piane = piane.filter(piana)
        letto.righe += piane.height
        altre = [
            valori
            for numero in fuori
            if (valori := self._riga(blocco, numero - prima, dove, numero, letto)) is not None
        ]
        return pl.concat([piane, pl.DataFrame(altre, schema=self._forma, orient="row")])

    def voci_ignote(self, tavola: pl.DataFrame, letto: Lettura) -> None:
        """Say which voci the form does not have: they stay in their area, without codes."""
        ignote = (
            tavola.lazy()
            .filter(~pl.col("voce").is_in([*self._aree_della_voce]))
            .group_by("voce")
            .agg(pl.col("riga").min(), pl.len())
            .sort("riga")
            .head(ERRORI_MOSTRATI)
        )
        for voce, riga, quante in ignote.collect().iter_rows():
            letto.avviso(
                ErroreRiga(riga, "voce", voce, "voce_fuori_modulo",
                           "La voce non è nel modulo: la riga resta nella sua area, senza codice "
                           f"nelle tavole (righe: {quante}).")
            )  # fmt: skip

    def _piana(self) -> pl.Expr:
        """Whether nothing has to be told of a line that could be read."""
        spesa = pl.col("spesa")
        insieme = pl.sum_horizontal(*(n for n in self.colonne if n != "spesa")) == spesa
        for regola in self._ammessi.modulo.controlli:
            if isinstance(regola.controllo, SommaSpesa | Coppia):
                insieme = insieme & self._espressione(regola.controllo)
        coppie = [
            (area, voce) for voce, aree in self._aree_della_voce.items() if aree for area in aree
        ]
        legate = {voce for _, voce in coppie}
        for voce in legate:
            insieme = insieme & (
                (pl.col("voce") != voce) | pl.col("area").is_in(self._aree_della_voce[voce])
            )
        if self._ammessi.chiusi:
            insieme = insieme & ~pl.col("comune").is_in([*self._ammessi.chiusi])
        return insieme

    def _colonna(self, nome: str) -> pl.Expr:
        if nome == FONTI:
            return pl.sum_horizontal(*self.fonti) if self.fonti else pl.lit(0)
        return pl.col(nome).fill_null(0)

    def _espressione(self, controllo: SommaSpesa | Coppia) -> pl.Expr:
        if isinstance(controllo, Coppia):
            return (self._colonna(controllo.se) <= 0) | (self._colonna(controllo.allora) > 0)
        somma = pl.sum_horizontal(*(self._colonna(nome) for nome in controllo.addendi))
        totale = self._colonna(controllo.totale)
        return somma == totale if controllo.relazione == "uguale" else somma <= totale

    def _codificata(self, nome: str, grezza: pl.Series) -> pl.Series:
        """A column of codes, read once a different text."""
        testi = grezza if grezza.dtype == pl.String else _numeri_in_testo(grezza)
        diversi = testi.unique().to_list()
        letti = self._letti[nome]
        for testo in diversi:
            if testo is not None and testo not in letti:
                letti[testo] = self._codice(nome, testo)
        buoni = {t: c for t in diversi if t is not None and isinstance(c := letti[t], str)}
        if (
            buoni
            and all(testo == codice for testo, codice in buoni.items())
            and (len(buoni) == len(diversi))
        ):
            return testi
        return testi.replace_strict(
            list(buoni), list(buoni.values()), default=None, return_dtype=pl.String
        )

    def _codice(self, nome: str, testo: str) -> str | Rifiuto:
        pulito = testo.strip()
        if not pulito:
            return Rifiuto("manca", f"manca {_CHE_COSA[nome]}")
        if nome == "anno":
            if pulito == str(self._ammessi.anno):
                return pulito
            return Rifiuto("anno_diverso", f"la riga non è del {self._ammessi.anno}: l'importazione "
                           "è di un anno solo")  # fmt: skip
        if nome == "comune":
            trovato = self._ammessi.comune(pulito)
            if trovato is not None:
                return trovato
            return Rifiuto("comune_ignoto", "non è il codice ISTAT di un comune di questa "
                           "rilevazione: servono 6 cifre, come 019035")  # fmt: skip
        codice = self._codici[nome].get(nome_colonna(pulito))
        if codice is not None:
            return codice
        if nome == "voce":
            if len(pulito) > VOCE_MASSIMA or not pulito.isprintable():
                return Rifiuto("voce_non_leggibile", f"la voce ha più di {VOCE_MASSIMA} caratteri, "
                               "o caratteri che non si stampano")  # fmt: skip
            return pulito
        ammessi = ", ".join(dict.fromkeys(self._codici[nome].values()))
        return Rifiuto(f"{nome}_ignota", f"valore non previsto: scrivere uno fra {ammessi}")

    # One row by itself.

    def _riga(
        self, blocco: _Blocco, posto: int, dove: Mapping[str, int], numero: int, letto: Lettura
    ) -> tuple[Any, ...] | None:
        celle = blocco.testo(posto)
        if not any(cella.strip() for cella in celle):
            return None
        letto.righe += 1
        quanti = letto.errori_totali

        def sbagliata(colonna: str, valore: str, codice: str, messaggio: str) -> None:
            letto.errore(ErroreRiga(numero, colonna, valore[:100], codice, messaggio))

        if not blocco.intera(posto):
            sbagliata("", "", "celle_diverse", "la riga non ha tante celle quante sono le colonne: "
                      "controllare i separatori")  # fmt: skip
            return None
        codici: dict[str, str] = {}
        for nome in TESTI:
            if nome not in dove:
                continue
            codice = self._codice(nome, celle[dove[nome]])
            if isinstance(codice, Rifiuto):
                sbagliata(nome, celle[dove[nome]], codice.codice, codice.messaggio)
            else:
                codici[nome] = codice
        importi = dict.fromkeys(self.colonne, 0)
        for nome in self.colonne:
            testo = celle[dove[nome]] if nome in dove else ""
            importo = leggi_importo(testo)
            if isinstance(importo, Rifiuto):
                sbagliata(nome, testo, importo.codice, importo.messaggio)
            elif importo is not None:
                importi[nome] = int(importo.replace(".", ""))
            elif nome == "spesa":
                sbagliata(nome, "", "manca", "manca la spesa: se non c'è stata, scrivere 0")
        utenti: int | None = None
        if UTENTI in dove and (testo := celle[dove[UTENTI]].strip()):
            if re.fullmatch(r"[0-9]{1,8}", testo, re.ASCII):
                utenti = int(testo)
            else:
                sbagliata(UTENTI, testo, "utenti_non_leggibili",
                          "non è un numero intero di utenti: scriverlo come 12, o lasciare vuoto")  # fmt: skip
        if letto.errori_totali > quanti:
            return None
        valori: dict[str, Any] = {**codici, UTENTI: utenti, **importi}
        self._giudica(valori, numero, sbagliata, letto)
        if letto.errori_totali > quanti:
            return None
        return tuple({**valori, "riga": numero}[nome] for nome in self._forma)

    def _giudica(
        self,
        valori: Mapping[str, Any],
        numero: int,
        sbagliata: Callable[[str, str, str, str], None],
        letto: Lettura,
    ) -> None:
        """What has to be told of a row that could be read."""
        chiuso = self._ammessi.chiusi.get(valori["comune"])
        if chiuso is not None:
            sbagliata("comune", valori["comune"], "scheda_chiusa", chiuso)
        aree = self._aree_della_voce.get(valori["voce"], ())
        if aree and valori["area"] not in aree:
            sbagliata("area", valori["area"], "voce_in_altra_area",
                      f"la voce «{valori['voce']}» sta in: {', '.join(aree)}")  # fmt: skip
        addendi = sum(valori[nome] for nome in self.colonne if nome != "spesa")
        if addendi != valori["spesa"]:
            sbagliata(
                "spesa", _euro(valori["spesa"]), "fonti_diverse_da_spesa",
                f"quote e fonti fanno {_euro(addendi)} e la spesa è {_euro(valori['spesa'])}: "
                "correggere l'importo che manca o avanza",
            )  # fmt: skip
            return
        for regola in self._ammessi.modulo.controlli:
            if self._rispettata(regola, valori):
                continue
            testo = str(valori[regola.campo]) if regola.campo == UTENTI else (
                _euro(valori[regola.campo]) if regola.campo in valori else ""
            )  # fmt: skip
            # What a reason may explain is told, and waits for it in the sheet.
            if regola.gravita == "errore" and not regola.eccepibile:
                sbagliata(regola.campo, testo, regola.codice, regola.messaggio)
            else:
                letto.avviso(
                    ErroreRiga(numero, regola.campo, testo, regola.codice, regola.messaggio)
                )

    def _rispettata(self, regola: RegolaSpesa, valori: Mapping[str, Any]) -> bool:
        riga = riga_di(valori, self.fonti)
        match regola.controllo:
            case SommaSpesa():
                return somma_rispettata(regola.controllo, riga)
            case Coppia():
                return coppia_rispettata(regola.controllo, riga)
            case _:
                return True


_CHE_COSA: Final = {
    "anno": "l'anno", "comune": "il comune", "area": "l'area", "voce": "la voce",
    "gestione": "la gestione", "modalita": "la modalità",
}  # fmt: skip


def _per_nome(codici: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A code by its own name and by its denomination; a code comes before another's name."""
    coppie = [*codici]
    return {nome_colonna(nome): codice for codice, nome in coppie} | {
        nome_colonna(codice): codice for codice, _ in coppie
    }


def _euro(centesimi: int) -> str:
    return f"{centesimi // 100},{centesimi % 100:02}"


def _vuota(nome: str, tipo: pl.DataType) -> pl.Expr:
    if tipo == pl.String:
        return pl.col(nome).str.strip_chars() == ""
    return pl.col(nome).is_null()


def _numeri_in_testo(grezza: pl.Series) -> pl.Series:
    """Whole numbers as somebody writes them; others are no code and become empty."""
    return grezza.cast(pl.Int64, strict=False).cast(pl.String)


def _centesimi(nome: str, tipo: pl.DataType) -> pl.Expr:
    """Amounts in cents; null where they are not plainly so."""
    euro = pl.col(nome)
    if tipo == pl.String:
        testo = euro.str.strip_chars()
        # 1.234 could be thousands: it is read by itself, where it is asked about.
        euro = pl.when(testo.str.contains(_IMPORTO)).then(
            testo.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        )
    centesimi = (euro * 100).round()
    # Sixteen digits of a spreadsheet do not make a third decimal.
    buono = (
        ((euro * 100 - centesimi).abs() < 1e-3) & (euro >= 0) & (centesimi <= _CENTESIMI_MASSIMI)
    )
    return pl.when(buono).then(centesimi).cast(pl.Int64).alias(nome)


def _interi(nome: str, tipo: pl.DataType) -> pl.Expr:
    """Users; null where they are not plainly a number of persons."""
    quanti = pl.col(nome)
    if tipo == pl.String:
        quanti = quanti.str.strip_chars()
        buono = quanti.str.contains(r"^[0-9]{1,8}$")
    else:
        buono = (quanti >= 0) & (quanti <= _UTENTI_MASSIMI) & (quanti.round() == quanti)
    return pl.when(buono).then(quanti).cast(pl.Int64).alias(nome)


def _una_per_chiave(tavola: pl.DataFrame, colonne: Sequence[str], letto: Lettura) -> pl.DataFrame:
    """One line a key: rows with the same key are added up, and a row given twice is an error."""
    doppie = tavola.select(pl.struct(CHIAVE).is_duplicated()).to_series()
    if not doppie.any():
        return tavola
    letto.sommate = True
    viste: dict[tuple[Any, ...], int] = {}
    per_chiave: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for riga in tavola.filter(doppie).sort("riga").iter_rows(named=True):
        chiave = tuple(riga[nome] for nome in CHIAVE)
        tutto = (*chiave, riga[UTENTI], *(riga[nome] for nome in colonne))
        if tutto in viste:
            letto.errore(
                ErroreRiga(riga["riga"], "voce", riga["voce"], "riga_ripetuta",
                           f"la riga è uguale in tutto alla {viste[tutto]}: togliere una delle due")
            )  # fmt: skip
        elif chiave in per_chiave:
            letto.avviso(
                ErroreRiga(riga["riga"], "voce", riga["voce"], "righe_sommate",
                           "stessa voce, gestione e modalità della riga "
                           f"{per_chiave[chiave][0]['riga']}: le due righe sono sommate")
            )  # fmt: skip
        viste.setdefault(tutto, riga["riga"])
        per_chiave.setdefault(chiave, []).append(riga)
    for insieme in per_chiave.values():
        _utenti_in_parte(insieme, letto)
    sommate = tavola.filter(doppie).group_by(CHIAVE, maintain_order=True).agg(
        pl.when(pl.col(UTENTI).count() > 0).then(pl.col(UTENTI).sum()).alias(UTENTI),
        *(pl.col(nome).sum() for nome in colonne),
        pl.col("riga").min(),
    )  # fmt: skip
    return pl.concat([tavola.filter(~doppie), sommate.select(tavola.columns)])


def _utenti_in_parte(insieme: Sequence[Mapping[str, Any]], letto: Lettura) -> None:
    """Rows that make one line, users in some of them only: those are kept, and it is told."""
    ignoti = [riga["riga"] for riga in insieme if riga[UTENTI] is None]
    noti = [riga for riga in insieme if riga[UTENTI] is not None]
    if ignoti and noti:
        letto.avviso(
            ErroreRiga(
                ignoti[0], UTENTI, "", "utenti_in_parte_ignoti",
                f"gli utenti non sono scritti ({_righe(ignoti)}) e lo sono per la stessa voce "
                f"({_righe([riga['riga'] for riga in noti])}): la riga sommata ne ha "
                f"{sum(riga[UTENTI] for riga in noti)}; scrivere quelli che mancano, 0 se sono "
                "gli stessi",
            )
        )  # fmt: skip


def _righe(numeri: Sequence[int]) -> str:
    return f"{'riga' if len(numeri) == 1 else 'righe'} {', '.join(map(str, numeri[:5]))}" + (
        f" e altre {len(numeri) - 5}" if len(numeri) > 5 else ""
    )


def riga_di(valori: Mapping[str, Any], fonti: Iterable[str]) -> RigaSpesa:
    """A line from what was read of it, amounts in cents."""
    return RigaSpesa(
        **{nome: valori[nome] for nome in CHIAVE},
        **{nome: valori[nome] * CENTESIMO for nome in IMPORTI},
        fonti={nome: valori[nome] * CENTESIMO for nome in fonti if valori[nome]},
        utenti=valori[UTENTI],
    )
