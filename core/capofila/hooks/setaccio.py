"""The quick way for the rows that nothing is wrong with.

Nearly all the rows of a good file are plain: every cell in one of the usual forms, every rule kept.
`Setaccio` finds them by whole columns, reads them and puts them in form; the others, whatever the
reason, go to its `Preparatore`, which alone knows what to say about a row. So this is only an
optimisation: what passes here is what the `Preparatore` would have taken without a word, with the
same canonical values and the same fragments, and a test holds it to that.

Polars works outside Python's lock: a web process goes on answering while a large file is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import chain
from operator import and_
from typing import Final, NamedTuple

import msgspec
import polars as pl

from capofila.hooks.campi import (
    Campo,
    Copia,
    Costante,
    DaTabella,
    Predefinito,
    Rifiuto,
    SePresente,
    Tipo,
    controlli_giusti,
    lettore,
)
from capofila.hooks.flussi import Preparatore
from capofila.hooks.regole import Presente, StessoAnno
from capofila.hooks.setaccio_regole import Certezza, Colonne, Lettere, certezza, colonne_di_lettere
from capofila.hooks.tracciati import (
    Elemento,
    Lista,
    Ripetuto,
    Testi,
    TracciatoXML,
    proteggi,
    testi_lista,
    testi_ripetuto,
)

# Printable ASCII without what XML, COPY and spreadsheets treat in a way of their own, and the Latin
# letters that normalisation (NFC) leaves as they are.
_IN_MEZZO: Final = r" !#-%'-;=?-\[\]-~À-ÖØ-öø-ſ"
_IN_FONDO: Final = r"!#-%'-;=?-\[\]-~À-ÖØ-öø-ſ"
_ALL_INIZIO: Final = r"!#-%'-*,./0-;?A-\[\]-~À-ÖØ-öø-ſ"
_TESTO: Final = f"^[{_ALL_INIZIO}](?:[{_IN_MEZZO}]*[{_IN_FONDO}])?$"
_SCOMODO: Final = re.compile('[&<>"\\\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
"""Characters that fragments or COPY would have to escape."""

_ISO: Final = (
    r"^(?:19|20)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))$"
)
_ITALIANA: Final = (
    r"^(?:(?:0[1-9]|[12][0-9]|3[01])/(?:0[13578]|1[02])|(?:0[1-9]|[12][0-9]|30)/(?:0[469]|11)"
    r"|(?:0[1-9]|1[0-9]|2[0-8])/02)/(?:19|20)[0-9]{2}$"
)
"""Days that every year has."""
_IMPORTO: Final = r"^(?:0|[1-9][0-9]{0,11})[.,][0-9]{2}$"
_IMPORTO_POSITIVO: Final = r"^[1-9][0-9]{0,11}[.,][0-9]{2}$"
_CF16: Final = (
    "^[A-Z]{6}[0-9]{2}[ABCDEHLMPRST](?:[04][1-9]|[1256][0-9]|[37][01])[A-Z][0-9]{3}[A-Z]$"
)

_NIENTE_ERRORI: Final = "niente errori"
_DI_REGOLA: Final = "regola: "
_NOMI_TENUTI: Final = 20_000


class Lettura(NamedTuple):
    """How the plain cells of a column are told and read.

    Attributes:
        piane: which cells are plain; null where empty.
        canonica: their canonical values; None when the text is canonical.
        conferma: of those that look plain, which really are.
    """

    piane: pl.Expr
    canonica: pl.Expr | None = None
    conferma: Callable[[pl.Series], pl.Series] | None = None


class Passate(msgspec.Struct):
    """What came of a lot.

    Attributes:
        colonne: canonical values of the fields that have one in some row, rows that did not pass
            included: there they mean nothing.
        buone: which rows passed.
        taciuti: by rule, where a remark was left unsaid because it was said often enough.
    """

    colonne: pl.DataFrame
    buone: pl.Series
    taciuti: dict[str, pl.Series]

    def scegli(self, altre: pl.Series) -> tuple[pl.DataFrame, Counter[str]]:
        """The rows that passed here and are true in `altre`, and their unsaid remarks by rule."""
        scelte = self.buone & altre
        if not scelte.any():
            return self.colonne.clear(), Counter()
        quanti = {codice: int((dove & scelte).sum()) for codice, dove in self.taciuti.items()}
        return self.colonne.filter(scelte), Counter(quanti)


class Setaccio:
    """Passes the lots of one file.

    Args:
        preparatore: reads and checks the rows that do not pass.
    """

    def __init__(self, preparatore: Preparatore) -> None:
        self._preparatore = preparatore
        self._flusso = preparatore.flusso
        self._letture = {
            nome: _lettura(self._flusso.campi_per_nome[nome], pl.col(nome))
            for nome in preparatore.posizioni
        }
        self._lettere = {
            nome: (campo, lru_cache(_NOMI_TENUTI)(funzione))
            for nome, (campo, funzione) in colonne_di_lettere(preparatore.regole).items()
        }
        self._per_colonne: dict[tuple[str, ...], tuple[list[pl.Expr], dict[str, Certezza]]] = {}

    def passa(self, celle: pl.DataFrame) -> Passate:
        """Read and check a lot.

        Args:
            celle: columns of text in the order of the header; an empty cell is null.
        """
        quante = celle.height
        maschere = [
            ~colonna.str.contains("\0", literal=True).fill_null(value=False)
            for colonna in map(celle.to_series, self._preparatore.ignote)
        ]
        scritte = pl.DataFrame(
            {
                nome: colonna
                for nome, posizione in self._preparatore.posizioni.items()
                if (colonna := celle.to_series(posizione)).null_count() < quante
            }
        )
        letti, incerte = self._leggi(scritte)
        maschere += incerte
        maschere += self._applica_predefiniti(letti, quante)
        tavola = pl.DataFrame({n: s for n, s in letti.items() if s.null_count() < quante})
        if not tavola.width:
            return Passate(tavola, pl.repeat(value=False, n=quante, eager=True), {})
        lettere = [
            _lettere(tavola[campo], funzione).alias(nome)
            for nome, (campo, funzione) in self._lettere.items()
            if campo in tavola.columns
        ]
        buone, taciuti = self._applica_regole(
            tavola, tavola.hstack(lettere), reduce(and_, maschere) if maschere else None
        )
        return Passate(tavola, buone, taciuti)

    def _leggi(self, scritte: pl.DataFrame) -> tuple[dict[str, pl.Series], list[pl.Series]]:
        """The canonical values of the columns, and which of their cells can pass, where not all."""
        if not scritte.width:
            return {}, []
        letture = {nome: self._letture[nome] for nome in scritte.columns}
        piane = scritte.select_seq(
            **{nome: lettura.piane.fill_null(value=True) for nome, lettura in letture.items()}
        )
        canoniche = scritte.select_seq(
            **{
                nome: lettura.canonica
                for nome, lettura in letture.items()
                if lettura.canonica is not None
            }
        )
        tutte = dict(zip(piane.columns, piane.select_seq(pl.all().all()).row(0), strict=True))
        letti, maschere = {}, []
        for nome, lettura in letture.items():
            letti[nome] = canoniche[nome] if lettura.canonica is not None else scritte[nome]
            sicure = piane[nome]
            if lettura.conferma is not None:
                sicure &= lettura.conferma(scritte[nome].set(~sicure, None))
                tutte[nome] = sicure.all()
            if not tutte[nome]:
                letti[nome], passano = self._leggi_una_a_una(
                    nome, scritte[nome], sicure, letti[nome]
                )
                maschere.append(passano)
        return letti, maschere

    def _leggi_una_a_una(
        self, nome: str, scritta: pl.Series, piane: pl.Series, canonica: pl.Series
    ) -> tuple[pl.Series, pl.Series]:
        """The canonical values of a column some of whose cells are not plain, and which can pass."""
        lette: dict[str, str | None] = {}
        for testo in scritta.filter(~piane).unique().to_list():
            valore = self._preparatore.leggi(nome, testo)
            if not isinstance(valore, Rifiuto) and (
                valore is None or _SCOMODO.search(valore) is None
            ):
                lette[testo] = valore
        strane = scritta.replace_strict(
            list(lette), list(lette.values()), default=None, return_dtype=pl.String
        )
        return canonica.zip_with(piane, strane), piane | scritta.is_in(list(lette))

    def _applica_predefiniti(self, letti: dict[str, pl.Series], quante: int) -> list[pl.Series]:
        """Give empty cells what the flow says they mean, field by field in declared order.

        Returns:
            For the fields where that has characters that do not pass, which rows do without.
        """
        maschere = []
        for campo in self._flusso.campi:
            valori = letti.get(campo.nome)
            if campo.predefinito is None or (valori is not None and not valori.null_count()):
                continue
            supplenti = _supplenti(campo.predefinito, letti, quante)
            if supplenti is not None:
                interi = (
                    supplenti
                    if valori is None
                    else valori.zip_with(valori.is_not_null(), supplenti)
                )
                letti[campo.nome] = interi.alias(campo.nome)
                scomodi = [v for v in _valori(campo.predefinito) if _SCOMODO.search(v) is not None]
                if scomodi:
                    maschere.append(~interi.is_in(scomodi).fill_null(value=False))
        return maschere

    def _applica_regole(
        self, tavola: pl.DataFrame, con_lettere: pl.DataFrame, lette: pl.Series | None
    ) -> tuple[pl.Series, dict[str, pl.Series]]:
        """Where nothing is to be said, and what is not said any more.

        A remark that was written out often enough is only counted, and that can be done here for
        the rows that have nothing else. `lette` says where every cell was read.
        """
        errori, avvisi = self._condizioni(tuple(tavola.columns))
        esiti = con_lettere.with_columns_seq(
            pl.all_horizontal(errori).alias(_NIENTE_ERRORI),
            *(certezze.vale.alias(_DI_REGOLA + codice) for codice, certezze in avvisi.items()),
        )
        senza_errori = esiti[_NIENTE_ERRORI] if lette is None else esiti[_NIENTE_ERRORI] & lette
        buone, taciuti = senza_errori, {}
        for codice, certezze in avvisi.items():
            vale = esiti[_DI_REGOLA + codice]
            if vale.all():
                continue
            cade = con_lettere.with_columns(certezze.cade.alias(_DI_REGOLA))[_DI_REGOLA]
            cade &= senza_errori
            taciuti[codice] = cade & (cade.cum_sum() > self._preparatore.ancora_da_dire(codice))
            buone &= vale | taciuti[codice]
        return buone, taciuti

    def _condizioni(self, presenti: tuple[str, ...]) -> tuple[list[pl.Expr], dict[str, Certezza]]:
        """What a row must keep, and its remarks, when these fields have a value in some row."""
        trovate = self._per_colonne.get(presenti)
        if trovate is not None:
            return trovate
        colonne = Colonne(frozenset(presenti), self._preparatore.oggi)
        errori = [
            certezza(Presente(campo.nome), colonne).vale
            for campo in self._flusso.campi
            if campo.obbligatorio
        ]
        taglio = self._preparatore.taglio
        if taglio is not None:
            # A row that is cut becomes several: that is not for here.
            errori.append(certezza(StessoAnno(taglio.inizio, taglio.fine), colonne).vale)
        avvisi = {}
        for regola in self._preparatore.regole:
            certezze = certezza(regola.controllo, colonne)
            if regola.gravita == "errore":
                errori.append(certezze.vale)
            else:
                avvisi[regola.codice] = certezze
        self._per_colonne[presenti] = errori, avvisi
        return errori, avvisi

    def rendi(self, colonne: pl.DataFrame) -> tuple[pl.Series | None, pl.Series] | None:
        """The fragments of records that passed, as `Preparatore.rendi` would write them.

        Returns:
            What opens the element of the person (None when the layout has no gruppi), and the
            record itself; None when the layout is not XML.
        """
        tracciato = self._flusso.tracciato
        if not isinstance(tracciato, TracciatoXML):
            return None
        riga = _Scrittura(colonne).elemento(tracciato.riga)
        if tracciato.gruppo is None:
            return None, colonne.select(riga=riga).to_series()
        gruppo = _Scrittura(colonne).apertura(tracciato.gruppo)
        rese = colonne.select_seq(gruppo=gruppo, riga=riga)
        return rese.to_series(0), rese.to_series(1)


# --- plain cells --------------------------------------------------------------------------------


def _lettura(campo: Campo, x: pl.Expr) -> Lettura:
    minimo, massimo = campo.lunghezza or (0, 4000)
    match campo.tipo:
        case Tipo.TESTO | Tipo.ENTE:
            lunghezza = x.str.len_chars().is_between(minimo, massimo)
            return Lettura(x.str.contains(_TESTO) & lunghezza)
        case Tipo.CODICE:
            leggi = lettore(campo)
            # A code that is written as it is stored, and has no escape.
            codici = [c for c in campo.codici or () if leggi(c) == c and _SCOMODO.search(c) is None]
            return Lettura(x.is_in(codici))
        case Tipo.SI_NO:
            return Lettura(x.is_in(["si", "no"]))
        case Tipo.CODICE_FISCALE:
            return Lettura(x.str.contains(_CF16), conferma=_controllati)
        case Tipo.BELFIORE:
            return Lettura(x.str.contains("^[A-Z][0-9]{3}$"))
        case Tipo.COMUNE_ISTAT:
            return Lettura(x.str.contains("^[0-9]{6}$"))
        case Tipo.CIFRE:
            meno, piu = campo.lunghezza or (1, 9)
            return Lettura(x.str.contains(f"^[0-9]{{{max(meno, 1)},{min(piu, 9)}}}$"))
        case Tipo.ANNO:
            return Lettura(x.str.contains("^(?:19|20)[0-9]{2}$"))
        case Tipo.DATA:
            girata = [x.str.slice(6, 4), pl.lit("-"), x.str.slice(3, 2), pl.lit("-"), x.str.head(2)]
            return Lettura(
                x.str.contains(f"{_ISO}|{_ITALIANA}"),
                pl.when(x.str.slice(4, 1) == "-").then(x).otherwise(pl.concat_str(girata)),
            )
        case Tipo.IMPORTO:
            forma = _IMPORTO_POSITIVO if campo.positivo else _IMPORTO
            return Lettura(x.str.contains(forma), x.str.replace(",", ".", literal=True))
        case _:
            return Lettura(x.is_null())


def _controllati(codici: pl.Series) -> pl.Series:
    """Of codici fiscali of the usual form, which have the right last letter; empty cells too."""
    giusti = pl.Series(controlli_giusti(codici.drop_nulls().to_list()), dtype=pl.Boolean)
    vuote = codici.is_null()
    if not vuote.any():
        return giusti
    return vuote.scatter((~vuote).arg_true(), giusti)


# --- defaults -----------------------------------------------------------------------------------


def _supplenti(
    predefinito: Predefinito, letti: Mapping[str, pl.Series], quante: int
) -> pl.Series | None:
    """The default of every row, or None when no row can have one."""
    if isinstance(predefinito, Costante):
        return pl.repeat(predefinito.valore, quante, eager=True)
    da = letti.get(getattr(predefinito, "campo", ""))
    if da is None:
        return None
    match predefinito:
        case Copia():
            return da
        case SePresente(_, valore):
            return pl.repeat(valore, len(da), eager=True).zip_with(
                da.is_not_null(), pl.repeat(None, len(da), dtype=pl.String, eager=True)
            )
        case DaTabella(_, tabella, prefisso):
            chiavi = da.str.head(prefisso) if prefisso else da
            supplenti = _cerca(chiavi, tabella)
            giorni = [letti[nome] for nome in predefinito.giorni if nome in letti]
            if not predefinito.poi or not giorni:
                return supplenti
            giorno = pl.select(pl.coalesce(giorni)).to_series().fill_null("")
            for dal, tavola in predefinito.poi:
                supplenti = _cerca(chiavi, tavola).zip_with(giorno >= dal, supplenti)
            return supplenti
    return None


def _cerca(chiavi: pl.Series, tabella: Mapping[str, str]) -> pl.Series:
    return chiavi.replace_strict(
        list(tabella), list(tabella.values()), default=None, return_dtype=pl.String
    )


def _valori(predefinito: Predefinito) -> Iterable[str]:
    """The texts that a default brings of its own."""
    match predefinito:
        case Costante(valore) | SePresente(_, valore):
            return (valore,)
        case DaTabella(_, tabella):
            return chain(tabella.values(), *(tavola.values() for _, tavola in predefinito.poi))
    return ()


def _lettere(nomi: pl.Series, funzione: Lettere) -> pl.Series:
    """The letters of names in a codice fiscale; absent where there is not one form only."""
    trovate = {nome: funzione(nome) for nome in nomi.drop_nulls().unique().to_list()}
    uniche = {nome: forme[0] for nome, forme in trovate.items() if len(forme) == 1}
    return nomi.replace_strict(
        list(uniche), list(uniche.values()), default=None, return_dtype=pl.String
    )


# --- fragments ----------------------------------------------------------------------------------


class _Scrittura:
    """Elements as expressions over columns in which nothing has to be escaped.

    A null piece is left out: it is an attribute or an element that a record does not have.
    """

    def __init__(self, colonne: pl.DataFrame) -> None:
        self._colonne = {c.name: c for c in colonne if c.null_count() < colonne.height}

    def elemento(self, elemento: Elemento) -> pl.Expr:
        """The whole element."""
        return _unisci(self._pezzi(elemento))

    def apertura(self, elemento: Elemento) -> pl.Expr:
        """The start tag and the children, without the end tag."""
        return _unisci(
            [f"<{elemento.nome}", *self._attributi(elemento), ">", *self._interno(elemento)]
        )

    def _pezzi(self, elemento: Elemento) -> list[str | pl.Expr]:
        nome, attributi, dentro = elemento.nome, self._attributi(elemento), self._interno(elemento)
        chiusura: str | pl.Expr = "/>"
        qualcosa = pl.lit(value=False)
        if dentro:
            interno = _unisci(dentro)
            qualcosa = interno != ""
            chiusura = (
                pl.when(qualcosa)
                .then(_unisci([">", interno, f"</{nome}>"]))
                .otherwise(pl.lit("/>"))
            )
        if not elemento.facoltativo:
            return [f"<{nome}", *attributi, chiusura]
        if not attributi and not dentro:
            return []
        scritti = _unisci(attributi)
        return [pl.when(qualcosa | (scritti != "")).then(_unisci([f"<{nome}", scritti, chiusura]))]

    def _attributi(self, elemento: Elemento) -> list[str | pl.Expr]:
        pezzi: list[str | pl.Expr] = []
        for attributo in elemento.attributi:
            colonna = self._colonne.get(attributo.campo)
            if colonna is None:
                continue
            valore = pl.col(attributo.campo)
            if attributo.valori:
                valore = valore.replace(
                    list(attributo.valori), [*map(proteggi, attributo.valori.values())]
                )
            parti: list[str | pl.Expr] = [f' {attributo.nome}="', valore, '"']
            pezzi += [_unisci(parti, con_nulli=True)] if colonna.null_count() else parti
        return pezzi

    def _interno(self, elemento: Elemento) -> list[str | pl.Expr]:
        pezzi: list[str | pl.Expr] = []
        for figlio in elemento.figli:
            match figlio:
                case Elemento():
                    pezzi += self._pezzi(figlio)
                case Lista(campo=campo) if campo in self._colonne:
                    pezzi.append(self._da_memoria(campo, testi_lista(figlio)))
                case Ripetuto(campo=campo) if campo in self._colonne:
                    pezzi.append(self._da_memoria(campo, testi_ripetuto(figlio)))
        return pezzi

    def _da_memoria(self, campo: str, testi: Testi) -> pl.Expr:
        valori = self._colonne[campo].drop_nulls().unique().to_list()
        return pl.col(campo).replace_strict(
            valori, testi.colonna(valori), default=None, return_dtype=pl.String
        )


def _unisci(pezzi: Sequence[str | pl.Expr], *, con_nulli: bool = False) -> pl.Expr:
    """Pieces joined; null when one is, if so told."""
    espressioni: list[pl.Expr] = []
    testo = ""
    for pezzo in (*pezzi, pl.lit("")):
        if isinstance(pezzo, str):
            testo += pezzo
            continue
        if testo:
            espressioni.append(pl.lit(testo))
            testo = ""
        espressioni.append(pezzo)
    return pl.concat_str(espressioni[:-1] or espressioni, ignore_nulls=not con_nulli)
