"""A flow of the debito informativo as one declaration, and the pipeline that prepares its records.

`Flusso` puts together fields, rules and layout. `Preparatore` takes the rows of a file as text and
gives back canonical columns and what is wrong, place by place; asked, it also renders the good rows
in the layout. It is pure: reading the file, storing and exporting are somebody else's.

The pipeline works by columns, because the columns of these files repeat themselves: a memo for
each column reads a value once, one function generated from the rules checks a whole row, and the
fragments are joined from memoised pieces. Memos are bounded; a lot of some thousands of rows keeps
all of it in little memory.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

import msgspec

from capofila.hooks.campi import (
    Campo,
    Copia,
    Costante,
    DaTabella,
    Lettore,
    Predefinito,
    Rifiuto,
    SePresente,
    Tipo,
    codici_fiscali_semplici,
    importi_semplici,
    lettore,
    testi_semplici,
)
from capofila.hooks.fogli import ColonnaFoglio, DivisioneFile, TracciatoPdf, TracciatoXlsx
from capofila.hooks.regole import (
    OGGI,
    Regola,
    campi_letti,
    compila,
    componi_messaggio,
    segnaposti,
    vale,
)
from capofila.hooks.tracciati import (
    LIMITE_MEMORIA,
    IntestazioneFlusso,
    PostoFisso,
    TracciatoCSV,
    TracciatoFisso,
    TracciatoXML,
    sempre_diversi,
)

__all__ = [
    "ErroreRiga",
    "Flusso",
    "IntestazioneFlusso",
    "LottoPreparato",
    "Operazione",
    "Preparatore",
    "RegolaNome",
    "TaglioAnnuale",
    "impronta",
    "normalizza_nome",
]

VERSIONE_LETTURA: Final = 1
"""Raise it when a reader of `campi` or the meaning of a condition changes: it enters `impronta`."""

_MOSTRATI: Final = 200
"""Characters of a wrong value that an error repeats."""

_MODELLO_NOME: Final = re.compile(r"(?:[A-Za-z._-]|\{ente\}|\{sigla\}|\{giorno\}(?=[^0-9{]))+[._-]")

AVVISI_PER_REGOLA: Final = 200
"""Remarks that a `Preparatore` writes out for one rule; the others are counted."""


class RegolaNome(msgspec.Struct, frozen=True, kw_only=True):
    """How the receiver wants a file to be called: ``{ente}.{sigla}.{AAAAMMGG}.{progressivo}``.

    Attributes:
        sigla: what the receiver calls the flow.
        cifre: digits of the number that the file has among those of its day.
        lunghezza: the most characters that a name may have.
        modello: the name up to the number, which always ends it; it has ``{ente}`` and ``{giorno}``
            once each, and ``{sigla}`` where it is wanted.
        fonte: where the receiver says so.
    """

    sigla: str
    cifre: int = 7
    lunghezza: int = 50
    modello: str = "{ente}.{sigla}.{giorno}."
    fonte: str = ""

    def __post_init__(self) -> None:
        """Refuse a model that could not be told apart.

        Raises:
            ValueError: a piece is missing or twice, a sign that no name of a file should have, or
                a digit beside the day or the number.
        """
        if _MODELLO_NOME.fullmatch(self.modello) is None or any(
            self.modello.count(pezzo) != 1 for pezzo in ("{ente}", "{giorno}")
        ):
            raise ValueError(f"not a model of a name: {self.modello!r}")

    def serie(self, ente: str, giorno: date) -> str:
        """What the names of all the files of one ente and day begin with.

        Raises:
            ValueError: the code of the ente cannot stand in a name.
        """
        if not ente or "." in ente:
            raise ValueError(f"not a code of an ente: {ente!r}")
        return self.modello.format(ente=ente, sigla=self.sigla, giorno=f"{giorno:%Y%m%d}")

    def giorno(self, nome: str, ente: str) -> date:
        """The day of a name that was given to a file of an ente.

        Raises:
            ValueError: it is no such name.
        """
        prima = self.modello.partition("{giorno}")[0].format(ente=ente, sigla=self.sigla)
        if not nome.startswith(prima):
            raise ValueError(f"not a name of these: {nome!r}")
        return datetime.strptime(nome[len(prima) : len(prima) + 8], "%Y%m%d").date()  # noqa: DTZ007

    def nome(self, ente: str, giorno: date, progressivo: int) -> str:
        """The name of a file: its `serie` and its number among those of the day.

        Raises:
            ValueError: there is no room for it.
        """
        if not 0 < progressivo < 10**self.cifre:
            raise ValueError(f"the number of a file has {self.cifre} digits: {progressivo}")
        nome = f"{self.serie(ente, giorno)}{progressivo:0{self.cifre}d}"
        if len(nome) > self.lunghezza:
            raise ValueError(f"longer than {self.lunghezza} characters: {nome}")
        return nome


class TaglioAnnuale(msgspec.Struct, frozen=True, kw_only=True):
    """A period that ends in a later calendar year becomes one record a year.

    All the other values stay as they are: the application, the amounts a month. What is longer
    than `massimo` years is left whole, for a rule of the flow to refuse.

    Attributes:
        inizio: the field of the first day.
        fine: the field of the last day.
        solo: a field and the value that it must have for the record to be cut.
        massimo: the most calendar years.
        codice: stable name of the remark that tells of the cut.
        messaggio: of the remark; `{parti}` is how many records the row became.
        fonte: why the receiver wants it.
    """

    inizio: str
    fine: str
    codice: str
    messaggio: str
    fonte: str
    solo: tuple[str, str] | None = None
    massimo: int = 10

    def parti(self, inizio: str, fine: str) -> list[tuple[str, str]]:
        """The first and last days (ISO) of the records of a period, one a calendar year."""
        anni = range(int(inizio[:4]), int(fine[:4]) + 1)
        return [
            (
                inizio if anno == anni[0] else f"{anno:04d}-01-01",
                fine if anno == anni[-1] else f"{anno:04d}-12-31",
            )
            for anno in anni
        ]


class Operazione(msgspec.Struct, frozen=True, kw_only=True):
    """How a record says that it adds or takes away: a receiver that corrects by C and then I.

    Attributes:
        campo: the field; in the layout it is an attribute of the record. None when the layout has
            none: every record is an insertion, a later one of the same person takes the place of
            an earlier one, and nothing can be taken back.
        inserimento, cancellazione: its two values.
    """

    campo: str | None = None
    inserimento: str = "I"
    cancellazione: str = "C"


class Flusso(msgspec.Struct, frozen=True, dict=True):
    """A reporting duty as data.

    Attributes:
        id: stable name, as used on the command line.
        denominazione: for people, in Italian.
        destinatario: who receives it.
        versione_schema: version of the receiver's format.
        fonte: which records feed it (`prestazioni`, `sinba`, …).
        campi: the columns, in order.
        regole: the rules, in order.
        tracciato: the layout of the file.
        estensione: of the file, without the dot.
        media_type: of the file.
        fonti_normative: acts and documents it comes from.
        regola_nome: how its files are called; by its `id` in capitals unless told.
        principale: the records of its `fonte` come in and are stored by this flow: its fields are
            the columns of the table, a record says under which version of it the checks were
            passed, and one that was received in its layout keeps that text. One active flow at most
            for each `fonte`.
        taglio: the period that is cut by calendar years when a file comes in.
        operazione: how a record is corrected and taken back; a flow that declares it is sent by
            variations, the others always whole.
        divisione: how the receiver wants a run to be cut into several files.
    """

    id: str
    denominazione: str
    destinatario: str
    versione_schema: str
    fonte: str
    campi: tuple[Campo, ...]
    regole: tuple[Regola, ...]
    tracciato: TracciatoXML | TracciatoCSV | TracciatoFisso | TracciatoXlsx | TracciatoPdf
    estensione: str
    media_type: str
    fonti_normative: tuple[str, ...] = ()
    regola_nome: RegolaNome | None = None
    principale: bool = False
    taglio: TaglioAnnuale | None = None
    operazione: Operazione | None = None
    divisione: DivisioneFile | None = None

    def __post_init__(self) -> None:
        """Refuse a declaration that names fields it does not have.

        Raises:
            ValueError: a field declared twice; a rule, a message or a default of an unknown field; a
                place of a fixed-width line that is too narrow for its field; a worksheet or a list
                on paper that is called something else, or that stores the records; a division
                that the records or the layout cannot have.
        """
        self._controlla_file()
        nomi = [campo.nome for campo in self.campi]
        noti = set(nomi)
        if len(noti) < len(nomi):
            raise ValueError(f"{self.id}: a field is declared twice")
        if len({regola.codice for regola in self.regole}) < len(self.regole):
            raise ValueError(f"{self.id}: a rule is declared twice")
        for regola in self.regole:
            letti = {*campi_letti(regola.controllo), regola.campo, *segnaposti(regola.messaggio)}
            ignoti = letti - noti - {"somma", OGGI}
            if ignoti:
                raise ValueError(f"{self.id}, {regola.codice}: unknown fields {sorted(ignoti)}")
        if self.taglio is not None:
            solo = self.taglio.solo or (self.taglio.inizio, "")
            ignoti = {self.taglio.inizio, self.taglio.fine, solo[0]} - noti
            if ignoti:
                raise ValueError(f"{self.id}, taglio: unknown fields {sorted(ignoti)}")
        operazione = self.operazione and self.operazione.campo
        if operazione is not None and operazione not in noti:
            raise ValueError(f"{self.id}: unknown field {operazione}")
        for posto in self.tracciato.posti if isinstance(self.tracciato, TracciatoFisso) else ():
            if posto.campo and (difetto := self._difetto(posto)) is not None:
                raise ValueError(f"{self.id}, {posto.campo}: {difetto}")
        for campo in self.campi:
            da = getattr(campo.predefinito, "campo", None)
            giorni = getattr(campo.predefinito, "giorni", ())
            for nome in (*(() if da is None else (da,)), *giorni):
                if nome not in noti:
                    raise ValueError(f"{self.id}, {campo.nome}: default from unknown field {nome}")

    def _controlla_file(self) -> None:
        tracciato, divisione = self.tracciato, self.divisione
        if isinstance(tracciato, TracciatoXlsx | TracciatoPdf):
            if (self.estensione, self.media_type) != (tracciato.estensione, tracciato.media_type):
                raise ValueError(
                    f"{self.id}: the file is a {tracciato.estensione}, {tracciato.media_type}"
                )
            if self.principale:
                raise ValueError(f"{self.id}: records do not come in by such a file")
            for colonna in tracciato.colonne:
                if (difetto := self._difetto(colonna)) is not None:
                    raise ValueError(f"{self.id}, {colonna.campo}: {difetto}")
        if divisione is not None:
            if divisione.massimo_byte and isinstance(tracciato, TracciatoPdf):
                raise ValueError(f"{self.id}: the bytes of a list on paper are not known before")
            if divisione.con_giorno and self.fonte != "prestazioni":
                raise ValueError(f"{self.id}: these records have no day")

    def _difetto(self, posto: PostoFisso | ColonnaFoglio) -> str | None:
        campo = next((uno for uno in self.campi if uno.nome == posto.campo), None)
        return "an unknown field" if campo is None else posto.difetto(campo)

    @cached_property
    def campi_per_nome(self) -> Mapping[str, Campo]:
        """The fields by name."""
        return {campo.nome: campo for campo in self.campi}

    def serie(self, ente: str, giorno: date) -> str:
        """What the names of all its files of one ente and day begin with; see `RegolaNome`."""
        return self._nomi.serie(ente, giorno)

    def nome(self, ente: str, giorno: date, progressivo: int) -> str:
        """The name of a file, by its number among those of the day; see `RegolaNome`."""
        return self._nomi.nome(ente, giorno, progressivo)

    def giorno_del_nome(self, nome: str, ente: str) -> date:
        """The day of the name of one of its files; see `RegolaNome`."""
        return self._nomi.giorno(nome, ente)

    @cached_property
    def _nomi(self) -> RegolaNome:
        return self.regola_nome or RegolaNome(sigla=self.id.upper())


def impronta(flusso: Flusso) -> str:
    """The sha256 of what decides the outcome of a check: fields, rules and layout.

    Labels, messages, sources and examples are left out, so that a better wording does not make
    every record look unchecked.
    """
    campi = [
        {k: v for k, v in _valori(campo).items() if k not in ("etichetta", "fonte")}
        for campo in flusso.campi
    ]
    regole = [
        [regola.codice, regola.campo, regola.gravita, regola.controllo] for regola in flusso.regole
    ]
    contenuto = [VERSIONE_LETTURA, flusso.id, flusso.versione_schema, campi, regole]
    if flusso.taglio is not None:
        taglio = flusso.taglio
        contenuto.append([taglio.inizio, taglio.fine, taglio.solo, taglio.massimo])
    return hashlib.sha256(
        msgspec.json.encode([*contenuto, flusso.tracciato], order="sorted")
    ).hexdigest()


def _valori(campo: Campo) -> dict[str, Any]:
    return msgspec.structs.asdict(campo)


class ErroreRiga(msgspec.Struct, frozen=True):
    """What is wrong at one place of a file.

    Attributes:
        riga: row in the file, the header being 1.
        colonna: name of the column; empty when the row itself is wrong.
        valore: the cell as found, shortened when long.
        codice: stable code of the fault, or of the rule.
        messaggio: Italian, says what to do.
    """

    riga: int
    colonna: str
    valore: str
    codice: str
    messaggio: str


class LottoPreparato(msgspec.Struct):
    """The records of a lot, by columns; all the lists but the errors have one entry a record.

    A row is one record, or several where it was cut by years: then its number repeats.

    Attributes:
        colonne: canonical values of every field, in declared order; None where absent or refused.
        scartate: places of the records that have an error. A row that was cut is good whole, or not
            at all.
        errori: what keeps rows out.
        avvisi: what deserves a look.
        numeri: row numbers in the file.
        righe: rows found, those of the wrong length included, blank ones not.
        forme: the fragments to store with the records (gruppo and riga): those that they came with,
            or those of `Preparatore.rendi`; None where it is to be written later.
        tagliate: places of the records that a cut by years made.
        taciuti: how many remarks of a rule are not in `avvisi`, being too many.
    """

    colonne: dict[str, list[str | None]]
    scartate: Set[int]
    errori: list[ErroreRiga]
    avvisi: list[ErroreRiga]
    numeri: list[int]
    righe: int
    forme: tuple[list[str | None], list[str | None]] | None = None
    tagliate: Set[int] = frozenset()
    taciuti: Mapping[str, int] = {}

    def __len__(self) -> int:
        """Records: the length of every column."""
        return len(self.numeri)

    @property
    def valide(self) -> int:
        """How many rows of the file have no error."""
        return self.quante_righe(self.buone)

    @property
    def buone(self) -> list[int]:
        """Places of the records without errors."""
        if not self.scartate:
            return list(range(len(self.numeri)))
        return [i for i in range(len(self.numeri)) if i not in self.scartate]

    def quante_righe(self, posti: Sequence[int]) -> int:
        """How many rows of the file the records at some places come from."""
        if not self.tagliate:
            return len(posti)
        return len({self.numeri[i] for i in posti})


class _Letti(dict[str, "str | None"]):
    """The memo of a column: text to canonical value. Refusals are kept aside for the lot."""

    __slots__ = ("leggi", "rifiuti")

    def __init__(self, leggi: Lettore) -> None:
        super().__init__({"": None})
        self.leggi = leggi
        self.rifiuti: dict[str, Rifiuto] = {}

    def __missing__(self, testo: str) -> str | None:
        esito = self.leggi(testo)
        if esito.__class__ is Rifiuto:
            assert isinstance(esito, Rifiuto)
            self.rifiuti[testo] = esito
            return None
        assert not isinstance(esito, Rifiuto)
        if len(self) >= LIMITE_MEMORIA:
            self.clear()
        if len(testo) <= 256:
            self[testo] = esito
        return esito


def normalizza_nome(colonna: str) -> str:
    """The name of a column as compared: lower case, without marks and spaces around."""
    return colonna.strip("\ufeff \t\r\n\u00a0").lower().replace(" ", "_").replace("-", "_")


def _mostra(valore: str) -> str:
    return valore if len(valore) <= _MOSTRATI else valore[:_MOSTRATI] + "…"


class Preparatore:
    """Prepares the rows of one file for one flow. Keeps memos: use one for all its lots.

    Args:
        flusso: the flow.
        colonne: the header of the file.
        oggi: the day of the check (ISO), for the rules that compare with it; without one they are
            kept.
        taglia: cut by calendar years, where the flow says so. Whoever prepares records that are
            already stored wants them back one for one, and does not.

    Attributes:
        sconosciute: columns of the file that the flow does not have; they are ignored.
        mancanti: mandatory fields without a default that the file does not have: every row would
            be wrong, so tell the user before reading any.
        doppie: columns that name a field already named; the first counts.
        posizioni: where the column of a field is, for the fields that the file has.
        ignote: where the columns are that are ignored.
        regole: the rules that this file can break.
        taglio: the cut by years, when it is asked for.
        oggi: as given.
    """

    def __init__(
        self,
        flusso: Flusso,
        colonne: Sequence[str],
        *,
        oggi: str | None = None,
        taglia: bool = False,
    ) -> None:
        self.flusso = flusso
        self.colonne = tuple(colonne)
        self.oggi = oggi
        self.taglio = flusso.taglio if taglia else None
        nomi: dict[str, str] = {}
        for campo in flusso.campi:
            for nome in (*campo.alias, campo.nome):
                nomi[normalizza_nome(nome)] = campo.nome
        self.posizioni: dict[str, int] = {}
        self.ignote: list[int] = []
        sconosciute, doppie = [], []
        for posizione, colonna in enumerate(self.colonne):
            nome_campo = nomi.get(normalizza_nome(colonna))
            if nome_campo is None:
                sconosciute.append(colonna)
                self.ignote.append(posizione)
            elif nome_campo in self.posizioni:
                doppie.append(colonna)
                self.ignote.append(posizione)
            else:
                self.posizioni[nome_campo] = posizione
        self.sconosciute = tuple(sconosciute)
        self.doppie = tuple(doppie)
        self.mancanti = tuple(
            campo.nome
            for campo in flusso.campi
            if campo.obbligatorio and campo.predefinito is None and campo.nome not in self.posizioni
        )
        self._origini = {
            campo.nome: campo.predefinito.campo
            for campo in flusso.campi
            if isinstance(campo.predefinito, Copia | SePresente | DaTabella)
        }
        self._datati = tuple(
            campo.nome
            for campo in flusso.campi
            if isinstance(campo.predefinito, DaTabella) and campo.predefinito.poi
        )
        self._memorie = {
            nome: _Letti(lettore(flusso.campi_per_nome[nome])) for nome in self.posizioni
        }
        # A rule that reads only fields absent from the whole file is decided here, once.
        possibili = {campo.nome for campo in flusso.campi if campo.predefinito is not None}
        possibili.update(self.posizioni, () if oggi is None else (OGGI,))
        self.regole = tuple(
            regola
            for regola in flusso.regole
            if not possibili.isdisjoint(campi_letti(regola.controllo))
            or not vale(regola.controllo, {})
        )
        self._letti_da_regole = tuple(
            dict.fromkeys(nome for r in self.regole for nome in campi_letti(r.controllo))
        )
        self._verifica = compila(self.regole, self._letti_da_regole)
        self._campi_regola = [frozenset(campi_letti(r.controllo)) for r in self.regole]
        self._avvisi_dati: Counter[str] = Counter()
        self._resa_gruppo = flusso.tracciato.resa_gruppo()
        self._resa_riga = flusso.tracciato.resa_riga()

    def prepara(self, righe: Sequence[Sequence[str]], prima_riga: int = 2) -> LottoPreparato:
        """Read and check a lot of rows.

        Args:
            righe: cells as text, in the order of the header; blank rows are skipped.
            prima_riga: number in the file of the first of them.
        """
        errori: list[ErroreRiga] = []
        buone, numeri, trovate = self._separa(righe, prima_riga, errori)
        celle: list[Sequence[str]] = list(zip(*buone, strict=True)) if buone else []
        return self._prepara(celle, numeri, trovate, errori)

    def prepara_colonne(
        self, celle: Sequence[Sequence[str]], numeri: Sequence[int]
    ) -> LottoPreparato:
        """Read and check a lot of rows given by columns: none of them blank, all of full length.

        Args:
            celle: one sequence of cells for each column of the header.
            numeri: of the rows in the file.
        """
        return self._prepara(celle, [*numeri], len(numeri), [])

    def leggi(self, nome: str, testo: str) -> str | Rifiuto | None:
        """Read one cell of a field that the file has."""
        memoria = self._memorie[nome]
        valore = memoria[testo]
        return valore if valore is not None else memoria.rifiuti.get(testo)

    def _prepara(
        self,
        celle: Sequence[Sequence[str]],
        numeri: list[int],
        trovate: int,
        errori: list[ErroreRiga],
    ) -> LottoPreparato:
        avvisi: list[ErroreRiga] = []
        taciuti: Counter[str] = Counter()
        tagliate: Set[int] = frozenset()
        quante = len(numeri)
        rifiutati: dict[int, set[str]] = {}
        for posizione in self.ignote if quante else ():
            self._cerca_nulli(celle[posizione], self.colonne[posizione], numeri, errori, rifiutati)

        letti: dict[str, list[str | None]] = {}
        if quante:
            for nome, posizione in self.posizioni.items():
                letti[nome] = self._leggi_colonna(nome, celle[posizione], numeri, errori, rifiutati)
            scritti = {nome: letti.get(nome) for nome in self._datati}
            self._applica_predefiniti(letti, quante, rifiutati)
            self._segui_i_rifiuti(letti, rifiutati)
            self._cerca_mancanti(letti, numeri, errori, rifiutati)
            origini = self._origini_delle_parti(letti, rifiutati)
            if origini is not None:
                tagliate = _ripetuti(origini)
                self._racconta_il_taglio(origini, celle, numeri, avvisi, taciuti)
                numeri = [numeri[i] for i in origini]
                letti = self._dividi(letti, origini)
                rifiutati = {n: rifiutati[i] for n, i in enumerate(origini) if i in rifiutati}
                celle = [[colonna[i] for i in origini] for colonna in celle]
                quante = len(numeri)
                if scritti:  # each part has the table of its own day
                    for nome, valori in scritti.items():
                        letti[nome] = [None if valori is None else valori[i] for i in origini]
                    self._applica_predefiniti(letti, quante, rifiutati)
            self._applica_regole(letti, celle, numeri, errori, avvisi, rifiutati, tagliate, taciuti)

        vuota: list[str | None] = [None] * quante
        ordine = {campo.nome: n for n, campo in enumerate(self.flusso.campi)}
        errori.sort(key=lambda e: (e.riga, ordine.get(e.colonna, -1)))
        return LottoPreparato(
            colonne={
                campo.nome: letti[campo.nome] if campo.nome in letti else vuota.copy()
                for campo in self.flusso.campi
            },
            scartate=rifiutati.keys(),
            errori=errori,
            avvisi=avvisi,
            numeri=numeri,
            righe=trovate,
            tagliate=tagliate,
            taciuti=taciuti,
        )

    def _separa(
        self, righe: Sequence[Sequence[str]], prima: int, errori: list[ErroreRiga]
    ) -> tuple[Sequence[Sequence[str]], list[int], int]:
        """Drop blank rows, report those of the wrong length."""
        attese = len(self.colonne)
        if all(len(r) == attese and r[0] and not r[0].isspace() for r in righe):
            return righe, list(range(prima, prima + len(righe))), len(righe)
        buone, numeri, trovate = [], [], 0
        for numero, riga in enumerate(righe, prima):
            if not any(riga) or not "".join(riga).strip():
                continue
            trovate += 1
            if len(riga) == attese:
                buone.append(riga)
                numeri.append(numero)
            else:
                errori.append(
                    ErroreRiga(
                        numero,
                        "",
                        _mostra(";".join(riga)),
                        "celle",
                        f"la riga ha {len(riga)} celle e l'intestazione {attese}: controllare i "
                        "separatori e le virgolette",
                    )
                )
        return buone, numeri, trovate

    def _cerca_nulli(
        self,
        celle: Sequence[str],
        colonna: str,
        numeri: list[int],
        errori: list[ErroreRiga],
        rifiutati: dict[int, set[str]],
    ) -> None:
        """A NUL in an ignored column still tells of a damaged file."""
        if "\0" not in "".join(celle):
            return
        for i, cella in enumerate(celle):
            if "\0" in cella:
                errori.append(
                    ErroreRiga(
                        numeri[i],
                        colonna,
                        _mostra(cella),
                        "carattere_non_ammesso",
                        "la cella contiene un carattere nullo: il file è rovinato, salvarlo di "
                        "nuovo come CSV UTF-8",
                    )
                )
                rifiutati.setdefault(i, set())

    def _leggi_colonna(
        self,
        nome: str,
        celle: Sequence[str],
        numeri: list[int],
        errori: list[ErroreRiga],
        rifiutati: dict[int, set[str]],
    ) -> list[str | None]:
        if not any(celle):
            return [None] * len(celle)
        memoria = self._memorie[nome]
        memoria.rifiuti.clear()
        campo = self.flusso.campi_per_nome[nome]
        semplici: list[str | None] | None = None
        if campo.tipo is Tipo.IMPORTO:
            semplici = importi_semplici(celle, campo.positivo)
        elif campo.tipo is Tipo.CODICE_FISCALE:
            semplici = codici_fiscali_semplici(celle)
        elif sempre_diversi(celle, 0.4):
            semplici = testi_semplici(campo, celle)
        if semplici is not None:
            return semplici
        valori = list(map(memoria.__getitem__, celle))
        rifiuti = memoria.rifiuti
        if rifiuti:
            for i, cella in enumerate(celle):
                rifiuto = rifiuti.get(cella)
                if rifiuto is not None:
                    errori.append(
                        ErroreRiga(
                            numeri[i], nome, _mostra(cella), rifiuto.codice, rifiuto.messaggio
                        )
                    )
                    rifiutati.setdefault(i, set()).add(nome)
        return valori

    def _applica_predefiniti(
        self,
        letti: dict[str, list[str | None]],
        quante: int,
        rifiutati: Mapping[int, set[str]],
    ) -> None:
        for campo in self.flusso.campi:
            if campo.predefinito is None:
                continue
            valori = letti.get(campo.nome)
            if valori is not None and all(valori):  # canonical values are never empty
                continue
            supplenti = _supplenti(campo.predefinito, letti, quante)
            if supplenti is None:
                continue
            if valori is None:
                letti[campo.nome] = supplenti
            else:
                letti[campo.nome] = [
                    s if v is None and campo.nome not in rifiutati.get(i, ()) else v
                    for i, (v, s) in enumerate(zip(valori, supplenti, strict=True))
                ]

    def _segui_i_rifiuti(
        self, letti: Mapping[str, list[str | None]], rifiutati: dict[int, set[str]]
    ) -> None:
        """A value that would have come from a refused one is not missing: it is refused with it."""
        for i, nomi in rifiutati.items():
            for nome, origine in self._origini.items():
                valori = letti.get(nome)
                if origine in nomi and (valori is None or valori[i] is None):
                    nomi.add(nome)

    def _cerca_mancanti(
        self,
        letti: Mapping[str, list[str | None]],
        numeri: list[int],
        errori: list[ErroreRiga],
        rifiutati: dict[int, set[str]],
    ) -> None:
        assenti: list[str | None] = [None] * len(numeri)
        for campo in self.flusso.campi:
            if not campo.obbligatorio:
                continue
            valori = letti.get(campo.nome, assenti)
            if all(valori):
                continue
            origine = self._origini.get(campo.nome)
            for i, valore in enumerate(valori):
                gia = rifiutati.get(i, ())
                if valore is None and campo.nome not in gia and origine not in gia:
                    errori.append(
                        ErroreRiga(
                            numeri[i],
                            campo.nome,
                            "",
                            "obbligatorio",
                            f"manca un dato obbligatorio: {campo.etichetta}",
                        )
                    )
                    rifiutati.setdefault(i, set()).add(campo.nome)

    def _applica_regole(
        self,
        letti: Mapping[str, list[str | None]],
        celle: Sequence[Sequence[str]],
        numeri: list[int],
        errori: list[ErroreRiga],
        avvisi: list[ErroreRiga],
        rifiutati: dict[int, set[str]],
        tagliate: Set[int],
        taciuti: Counter[str],
    ) -> None:
        if not self.regole:
            return
        assenti: list[str | None] = [None] * len(numeri)
        argomenti = [letti.get(nome, assenti) for nome in self._letti_da_regole]
        if OGGI in self._letti_da_regole:
            argomenti[self._letti_da_regole.index(OGGI)] = [self.oggi] * len(numeri)
        esiti = list(map(self._verifica, *argomenti))
        if not any(esiti):
            return
        regole, per_nome = self.regole, self.flusso.campi_per_nome
        detti: set[tuple[int, int]] = set()
        cadute: set[int] = set()
        for i, rotte in enumerate(esiti):
            if not rotte:
                continue
            # A rule that reads a refused value would only repeat the refusal in other words.
            gia: Set[str] = rifiutati.get(i, frozenset())
            record: dict[str, str | None] = {}
            for n in rotte:
                regola = regole[n]
                if gia and gia & self._campi_regola[n]:
                    continue
                errata = regola.gravita == "errore"
                if errata:
                    rifiutati.setdefault(i, set())
                if i in tagliate:
                    if errata:
                        cadute.add(numeri[i])
                    # What is wrong with a row is said once, not once for each of its years.
                    if (numeri[i], n) in detti:
                        continue
                    detti.add((numeri[i], n))
                if not errata and not self._da_dire(regola.codice, taciuti):
                    continue
                record = record or {nome: v[i] for nome, v in letti.items() if v[i] is not None}
                posizione = self.posizioni.get(regola.campo)
                errore = ErroreRiga(
                    numeri[i],
                    regola.campo,
                    _mostra(celle[posizione][i]) if posizione is not None else "",
                    regola.codice,
                    componi_messaggio(regola, record, per_nome),
                )
                (errori if errata else avvisi).append(errore)
        for i in tagliate if cadute else ():
            if numeri[i] in cadute:
                rifiutati.setdefault(i, set())

    def ancora_da_dire(self, codice: str) -> int:
        """How many more remarks of a rule will be written out."""
        return max(0, AVVISI_PER_REGOLA - self._avvisi_dati[codice])

    def _da_dire(self, codice: str, taciuti: Counter[str]) -> bool:
        """Whether one more remark is written out; those that are not are counted."""
        if self._avvisi_dati[codice] < AVVISI_PER_REGOLA:
            self._avvisi_dati[codice] += 1
            return True
        taciuti[codice] += 1
        return False

    def _origini_delle_parti(
        self, letti: Mapping[str, list[str | None]], rifiutati: Mapping[int, Set[str]]
    ) -> list[int] | None:
        """For each record after the cut, the place of its row; None when there is nothing to cut."""
        taglio = self.taglio
        if taglio is None or taglio.inizio not in letti or taglio.fine not in letti:
            return None
        inizi, fini = letti[taglio.inizio], letti[taglio.fine]
        # Most files are about one year: the few days that they name tell it.
        if len({giorno[:4] for giorno in {*inizi, *fini} if giorno is not None}) < 2:
            return None
        campo, valore = taglio.solo or ("", None)
        scelti = letti.get(campo)
        origini: list[int] = []
        for i, (inizio, fine) in enumerate(zip(inizi, fini, strict=True)):
            origini.append(i)
            if inizio is None or fine is None or inizio[:4] >= fine[:4]:
                continue
            altri = int(fine[:4]) - int(inizio[:4])
            if altri >= taglio.massimo or i in rifiutati:
                continue
            if not campo or (scelti is not None and scelti[i] == valore):
                origini.extend([i] * altri)
        return origini if len(origini) > len(inizi) else None

    def _dividi(
        self, letti: Mapping[str, list[str | None]], origini: Sequence[int]
    ) -> dict[str, list[str | None]]:
        """The columns of the records, each period cut to its year."""
        taglio = self.taglio
        assert taglio is not None
        divisi = {nome: [valori[i] for i in origini] for nome, valori in letti.items()}
        inizi, fini = divisi[taglio.inizio], divisi[taglio.fine]
        n = 0
        while n < len(origini):
            inizio, fine, parti = inizi[n], fini[n], [n]
            while n + 1 < len(origini) and origini[n + 1] == origini[n]:
                n += 1
                parti.append(n)
            if len(parti) > 1:
                assert inizio is not None
                assert fine is not None
                for posto, giorni in zip(parti, taglio.parti(inizio, fine), strict=True):
                    inizi[posto], fini[posto] = giorni
            n += 1
        return divisi

    def _racconta_il_taglio(
        self,
        origini: Sequence[int],
        celle: Sequence[Sequence[str]],
        numeri: Sequence[int],
        avvisi: list[ErroreRiga],
        taciuti: Counter[str],
    ) -> None:
        taglio = self.taglio
        assert taglio is not None
        posizione = self.posizioni.get(taglio.fine)
        for i, parti in Counter(origini).items():
            if parti > 1 and self._da_dire(taglio.codice, taciuti):
                testo = taglio.messaggio.replace("{parti}", str(parti))
                cella = "" if posizione is None else _mostra(celle[posizione][i])
                avvisi.append(ErroreRiga(numeri[i], taglio.fine, cella, taglio.codice, testo))

    def rendi(self, lotto: LottoPreparato) -> tuple[list[str | None], list[str | None]]:
        """The fragments of the rows of a lot in the layout of the flow.

        Returns:
            What opens the element of the person (None throughout when the layout has no gruppi),
            and the record itself; None where the row has an error.
        """
        quante = len(lotto)
        gruppo: list[str | None] = [None] * quante
        if not quante:
            return gruppo, []
        # A column that is empty throughout adds nothing to any fragment.
        pieni = {nome: valori for nome, valori in lotto.colonne.items() if any(valori)}
        if self._resa_gruppo is not None:
            gruppo = [*self._resa_gruppo.rendi(pieni, quante)]
        riga: list[str | None] = [*self._resa_riga.rendi(pieni, quante)]
        for i in lotto.scartate:
            gruppo[i] = riga[i] = None
        return gruppo, riga


def _ripetuti(origini: Sequence[int]) -> Set[int]:
    """The places whose origin is also another's."""
    quante = Counter(origini)
    return {n for n, origine in enumerate(origini) if quante[origine] > 1}


def _supplenti(
    predefinito: Predefinito, letti: Mapping[str, list[str | None]], quante: int
) -> list[str | None] | None:
    """The default of every row, or None when no row can have one."""
    match predefinito:
        case Costante(valore):
            return [valore] * quante
        case Copia(campo) if campo in letti:
            return list(letti[campo])
        case SePresente(campo, valore) if campo in letti:
            return [None if v is None else valore for v in letti[campo]]
        case DaTabella(campo, tabella, prefisso) if campo in letti:
            if predefinito.poi:
                return _del_giorno(predefinito, letti, quante)
            cerca: Callable[[str], str | None] = tabella.get
            if prefisso:
                return [None if v is None else cerca(v[:prefisso]) for v in letti[campo]]
            return [None if v is None else cerca(v) for v in letti[campo]]
    return None


def _del_giorno(
    predefinito: DaTabella, letti: Mapping[str, list[str | None]], quante: int
) -> list[str | None]:
    """The default of every row from a table that changes with the day."""
    assenti: list[str | None] = [None] * quante
    date = zip(*(letti.get(nome, assenti) for nome in predefinito.giorni), strict=True)
    lunghezza = predefinito.prefisso or None
    return [
        None if v is None else predefinito.tavola(next(filter(None, d), None)).get(v[:lunghezza])
        for v, d in zip(letti[predefinito.campo], date, strict=True)
    ]
