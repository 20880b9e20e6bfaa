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
from collections.abc import Callable, Mapping, Sequence, Set
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
from capofila.hooks.regole import (
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
    TracciatoCSV,
    TracciatoXML,
    sempre_diversi,
)

__all__ = [
    "ErroreRiga",
    "Flusso",
    "IntestazioneFlusso",
    "LottoPreparato",
    "Preparatore",
    "impronta",
    "normalizza_nome",
]

VERSIONE_LETTURA: Final = 1
"""Raise it when a reader of `campi` or the meaning of a condition changes: it enters `impronta`."""

_MOSTRATI: Final = 200
"""Characters of a wrong value that an error repeats."""


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
    """

    id: str
    denominazione: str
    destinatario: str
    versione_schema: str
    fonte: str
    campi: tuple[Campo, ...]
    regole: tuple[Regola, ...]
    tracciato: TracciatoXML | TracciatoCSV
    estensione: str
    media_type: str
    fonti_normative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a declaration that names fields it does not have.

        Raises:
            ValueError: a field declared twice; a rule, a message or a default of an unknown field.
        """
        nomi = [campo.nome for campo in self.campi]
        noti = set(nomi)
        if len(noti) < len(nomi):
            raise ValueError(f"{self.id}: a field is declared twice")
        if len({regola.codice for regola in self.regole}) < len(self.regole):
            raise ValueError(f"{self.id}: a rule is declared twice")
        for regola in self.regole:
            letti = {*campi_letti(regola.controllo), regola.campo, *segnaposti(regola.messaggio)}
            ignoti = letti - noti - {"somma"}
            if ignoti:
                raise ValueError(f"{self.id}, {regola.codice}: unknown fields {sorted(ignoti)}")
        for campo in self.campi:
            da = getattr(campo.predefinito, "campo", None)
            if da is not None and da not in noti:
                raise ValueError(f"{self.id}, {campo.nome}: default from unknown field {da}")

    @cached_property
    def campi_per_nome(self) -> Mapping[str, Campo]:
        """The fields by name."""
        return {campo.nome: campo for campo in self.campi}


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
    """The rows of a lot, by columns; all the lists but the errors have one entry a row read.

    Attributes:
        colonne: canonical values of every field, in declared order; None where absent or refused.
        scartate: places of the rows that have an error.
        errori: what keeps rows out.
        avvisi: what deserves a look.
        numeri: row numbers in the file.
        righe: rows found, those of the wrong length included, blank ones not.
        ricevute: for records that came in the layout already, the fragments they came with (gruppo
            and riga, None where ours is to be written).
    """

    colonne: dict[str, list[str | None]]
    scartate: Set[int]
    errori: list[ErroreRiga]
    avvisi: list[ErroreRiga]
    numeri: list[int]
    righe: int
    ricevute: tuple[list[str | None], list[str | None]] | None = None

    def __len__(self) -> int:
        """Rows read: the length of every column."""
        return len(self.numeri)

    @property
    def valide(self) -> int:
        """How many rows have no error."""
        return len(self.numeri) - len(self.scartate)

    @property
    def buone(self) -> list[int]:
        """Places of the rows without errors."""
        if not self.scartate:
            return list(range(len(self.numeri)))
        return [i for i in range(len(self.numeri)) if i not in self.scartate]


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

    Attributes:
        sconosciute: columns of the file that the flow does not have; they are ignored.
        mancanti: mandatory fields without a default that the file does not have: every row would
            be wrong, so tell the user before reading any.
        doppie: columns that name a field already named; the first counts.
    """

    def __init__(self, flusso: Flusso, colonne: Sequence[str]) -> None:
        self.flusso = flusso
        self.colonne = tuple(colonne)
        nomi: dict[str, str] = {}
        for campo in flusso.campi:
            for nome in (*campo.alias, campo.nome):
                nomi[normalizza_nome(nome)] = campo.nome
        self._posizioni: dict[str, int] = {}
        self._ignote: list[int] = []
        sconosciute, doppie = [], []
        for posizione, colonna in enumerate(self.colonne):
            nome_campo = nomi.get(normalizza_nome(colonna))
            if nome_campo is None:
                sconosciute.append(colonna)
                self._ignote.append(posizione)
            elif nome_campo in self._posizioni:
                doppie.append(colonna)
                self._ignote.append(posizione)
            else:
                self._posizioni[nome_campo] = posizione
        self.sconosciute = tuple(sconosciute)
        self.doppie = tuple(doppie)
        self.mancanti = tuple(
            campo.nome
            for campo in flusso.campi
            if campo.obbligatorio
            and campo.predefinito is None
            and campo.nome not in self._posizioni
        )
        self._origini = {
            campo.nome: campo.predefinito.campo
            for campo in flusso.campi
            if isinstance(campo.predefinito, Copia | SePresente | DaTabella)
        }
        self._memorie = {
            nome: _Letti(lettore(flusso.campi_per_nome[nome])) for nome in self._posizioni
        }
        # A rule that reads only fields absent from the whole file is decided here, once.
        possibili = {campo.nome for campo in flusso.campi if campo.predefinito is not None}
        possibili.update(self._posizioni)
        self._regole = tuple(
            regola
            for regola in flusso.regole
            if not possibili.isdisjoint(campi_letti(regola.controllo))
            or not vale(regola.controllo, {})
        )
        self._letti_da_regole = tuple(
            dict.fromkeys(nome for r in self._regole for nome in campi_letti(r.controllo))
        )
        self._verifica = compila(self._regole, self._letti_da_regole)
        self._campi_regola = [frozenset(campi_letti(r.controllo)) for r in self._regole]
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
        self, celle: Sequence[Sequence[str]], prima_riga: int = 2
    ) -> LottoPreparato:
        """Read and check a lot of rows given by columns: none of them blank, all of full length.

        Args:
            celle: one sequence of cells for each column of the header.
            prima_riga: number in the file of the first row.
        """
        quante = len(celle[0])
        return self._prepara(celle, list(range(prima_riga, prima_riga + quante)), quante, [])

    def _prepara(
        self,
        celle: Sequence[Sequence[str]],
        numeri: list[int],
        trovate: int,
        errori: list[ErroreRiga],
    ) -> LottoPreparato:
        avvisi: list[ErroreRiga] = []
        quante = len(numeri)
        rifiutati: dict[int, set[str]] = {}
        for posizione in self._ignote if quante else ():
            self._cerca_nulli(celle[posizione], self.colonne[posizione], numeri, errori, rifiutati)

        letti: dict[str, list[str | None]] = {}
        if quante:
            for nome, posizione in self._posizioni.items():
                letti[nome] = self._leggi_colonna(nome, celle[posizione], numeri, errori, rifiutati)
            self._applica_predefiniti(letti, quante, rifiutati)
            self._segui_i_rifiuti(letti, rifiutati)
            self._cerca_mancanti(letti, numeri, errori, rifiutati)
            self._applica_regole(letti, celle, numeri, errori, avvisi, rifiutati)

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
    ) -> None:
        if not self._regole:
            return
        assenti: list[str | None] = [None] * len(numeri)
        esiti = list(
            map(self._verifica, *[letti.get(nome, assenti) for nome in self._letti_da_regole])
        )
        if not any(esiti):
            return
        regole, per_nome = self._regole, self.flusso.campi_per_nome
        for i, rotte in enumerate(esiti):
            if not rotte:
                continue
            # A rule that reads a refused value would only repeat the refusal in other words.
            gia: Set[str] = rifiutati.get(i, frozenset())
            record = {nome: valori[i] for nome, valori in letti.items() if valori[i] is not None}
            for n in rotte:
                regola = regole[n]
                if gia and gia & self._campi_regola[n]:
                    continue
                posizione = self._posizioni.get(regola.campo)
                errore = ErroreRiga(
                    numeri[i],
                    regola.campo,
                    _mostra(celle[posizione][i]) if posizione is not None else "",
                    regola.codice,
                    componi_messaggio(regola, record, per_nome),
                )
                if regola.gravita == "errore":
                    errori.append(errore)
                    rifiutati.setdefault(i, set())
                else:
                    avvisi.append(errore)

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
            cerca: Callable[[str], str | None] = tabella.get
            if prefisso:
                return [None if v is None else cerca(v[:prefisso]) for v in letti[campo]]
            return [None if v is None else cerca(v) for v in letti[campo]]
    return None
