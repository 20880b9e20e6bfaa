"""Figures of the indicators, as they are read: given, summed over comuni, divided; and a file's rows. Pure.

A sum with a hole would pass for a figure, so there is none: it is told how many comuni are missing.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import partial
from typing import Final, Literal

import msgspec

from capofila.conoscenza.catalogo import LIVELLI, Catalogo
from capofila.hooks import ErroreRiga, Indicatore

AMBITO: Final = "ambito"
PROVINCIA: Final = "provincia"
ANNI: Final = range(1990, 2101)
COLONNE: Final = ("codice", "anno", "periodo", "territorio", "valore", "fonte")
DENOMINAZIONE: Final = "denominazione"
"""A column for who reads the sheet: what is in it does not count."""
RIGHE_MASSIME: Final = 20_000
ERRORI_MOSTRATI: Final = 1000
VALORE_MASSIMO: Final = Decimal("99999999999999")
_NUMERO: Final = re.compile(r"[0-9]{1,14}(?:[.,][0-9]{1,4})?")
_MIGLIAIA: Final = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")

Chiave = tuple[str, int, str, str]
"""Indicator, year, part of it (empty for the whole), territory: an ISTAT code, ``ambito`` or ``provincia``."""
Origine = Literal["dato", "somma", "rapporto", "calcolo"]


class Valore(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that somebody gave, or that a room computed; ``scritto_il`` is of one that was given."""

    codice: str
    anno: int
    parte: str = ""
    territorio: str
    valore: Decimal
    fonte: str | None = None
    calcolato: bool = False
    scritto_il: datetime | None = None

    @property
    def chiave(self) -> Chiave:
        """What it is found by."""
        return (self.codice, self.anno, self.parte, self.territorio)


class Cifra(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is read.

    Attributes:
        valore: None where there is none.
        mancano: of a sum, the comuni that have none (ISTAT codes); empty when nobody has.
        parte: of the year, that it is of; empty for the whole.
    """

    valore: Decimal | None = None
    parte: str = ""
    origine: Origine = "dato"
    fonte: str | None = None
    mancano: tuple[str, ...] = ()


class Territorio(msgspec.Struct, frozen=True, kw_only=True):
    """Something that figures are read of.

    Attributes:
        codice: as in :data:`Chiave`, or ``sub:`` and the code of a sub-ambito.
        comuni: those that it is made of, in the year; of a comune, itself.
        abitanti: of the year; None where those of a comune are not held.
    """

    codice: str
    nome: str
    comuni: tuple[str, ...]
    abitanti: int | None = None


class Cifre(msgspec.Struct, frozen=True):
    """The figures of some years, ready to be asked."""

    catalogo: Catalogo
    valori: Mapping[Chiave, Valore]

    @classmethod
    def da(cls, catalogo: Catalogo, valori: Iterable[Valore]) -> Cifre:
        """Put the figures together."""
        return cls(catalogo, {uno.chiave: uno for uno in valori})

    def di(self, codice: str, anno: int, dove: Territorio) -> Cifra:
        """The figure of an indicator in a year; of one that is given more often, the latest that is there.

        A figure that was given of the territory itself comes before a sum. Parts of a year are not
        summed: whether they may be, no source says.
        """
        trovate = [self.della_parte(codice, anno, p, dove) for p in self.catalogo.parti(codice)]
        return next(
            (c for c in reversed(trovate) if c.valore is not None),
            next((c for c in reversed(trovate) if c.mancano), trovate[-1]),
        )

    def della_parte(self, codice: str, anno: int, parte: str, dove: Territorio) -> Cifra:
        """The figure of a part of a year; empty for the whole."""
        indicatore = self.catalogo.uno(codice)
        if indicatore.sopra is not None and indicatore.sotto is not None:
            return _dividi(
                indicatore,
                self.della_parte(indicatore.sopra, anno, parte, dove),
                self.della_parte(indicatore.sotto, anno, parte, dove),
            )
        dato = self.valori.get((codice, anno, parte, dove.codice))
        if dato is not None:
            return Cifra(
                valore=dato.valore, fonte=dato.fonte, parte=parte,
                origine="calcolo" if dato.calcolato else "dato",
            )  # fmt: skip
        if dove.codice in dove.comuni or dove.codice == PROVINCIA or not indicatore.somma:
            return Cifra(parte=parte)
        presenti = {
            c: v
            for c in dove.comuni
            if (v := self.valori.get((codice, anno, parte, c))) is not None
        }
        if not presenti:
            return Cifra(origine="somma", parte=parte)
        mancano = tuple(c for c in dove.comuni if c not in presenti)
        if any(v.calcolato for v in presenti.values()):
            mancano = ()  # a room has nothing where there is nothing
        return Cifra(
            valore=None if mancano else sum((v.valore for v in presenti.values()), Decimal(0)),
            origine="somma", mancano=mancano, parte=parte,
            fonte="; ".join(dict.fromkeys(v.fonte for v in presenti.values() if v.fonte)) or None,
        )  # fmt: skip

    @property
    def anni(self) -> list[int]:
        """The years that have a figure."""
        return sorted({anno for _, anno, _, _ in self.valori})


def _dividi(indicatore: Indicatore, sopra: Cifra, sotto: Cifra) -> Cifra:
    mancano = tuple(dict.fromkeys((*sopra.mancano, *sotto.mancano)))
    fonti = "; ".join(dict.fromkeys(f for f in (sopra.fonte, sotto.fonte) if f)) or None
    return Cifra(
        valore=rapporto(sopra.valore, sotto.valore, indicatore.per), origine="rapporto", fonte=fonti,
        mancano=mancano, parte=sopra.parte,
    )  # fmt: skip


def rapporto(sopra: Decimal | None, sotto: Decimal | None, per: int = 1) -> Decimal | None:
    """A quotient, half up at the second place; None where a term is missing or the divisor is zero.

    >>> rapporto(Decimal(1), Decimal(8), 100)
    Decimal('12.50')
    """
    if sopra is None or not sotto:
        return None
    esatto = Fraction(sopra) * per / Fraction(sotto)
    return (Decimal(esatto.numerator) / Decimal(esatto.denominator)).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )


def leggi_valore(testo: str) -> Decimal:
    """A figure as somebody writes it: 1234, 12,5 or 12.5.

    Raises:
        ValueError: it is none, or it can be read in two ways; the message says what to do.
    """
    pulito = testo.strip().replace("\u00a0", "").replace(" ", "")
    if not pulito:
        raise ValueError("manca: scriverla")
    if (
        "," in pulito
        and "." in pulito
        and re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,4}", pulito)
    ):
        pulito = pulito.replace(".", "")
    elif _MIGLIAIA.fullmatch(pulito):
        raise ValueError(
            "si legge in due modi: scriverlo senza punti delle migliaia, come 1234 o 12,5"
        )
    if not _NUMERO.fullmatch(pulito):
        raise ValueError(
            "non è una cifra: scrivere un numero non negativo, con 4 decimali al più, come 1234 o 12,5"
        )
    return Decimal(pulito.replace(",", "."))


class DelComune(msgspec.Struct, frozen=True):
    """Whoever works for a comune writes its figures only, of what the comune is to give."""

    istat: str
    nome: str
    codici: frozenset[str]


_COMUNI: Final = re.compile(r"\bcomuni\b", re.IGNORECASE)


def lo_da_ogni_comune(titolare: str | None) -> bool:
    """Whether a holder stands for the comuni, each of its own figure: its name has the word.

    >>> lo_da_ogni_comune("Comuni e Aziende"), lo_da_ogni_comune("Comune di Crema"), lo_da_ogni_comune(None)
    (True, False, False)
    """
    return titolare is not None and _COMUNI.search(titolare) is not None


def lo_da_il_comune(titolare: str | None, comune: str) -> bool:
    """Whether a holder is a comune, or all of them.

    >>> lo_da_il_comune("Comune di Pandino", "Pandino"), lo_da_il_comune("ASL", "Pandino")
    (True, False)
    """
    if titolare is None:
        return False
    nome = titolare.casefold().removeprefix("comune di ")
    return lo_da_ogni_comune(titolare) or nome == comune.casefold()


CONTATE: Final = frozenset({
    "accessi", "alloggi", "campi", "casi", "contatti", "denunce", "dimissioni", "domande", "esperienze",
    "famiglie", "inserimenti", "interventi", "mutui", "offerte", "pacchi", "permessi", "persone", "posti",
    "progetti", "richieste", "segnalazioni", "servizi", "titoli",
})  # fmt: skip
"""Units of what is counted one by one: a half of one is a mistake."""


class Ammessi(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a file may name.

    Attributes:
        comune: the ISTAT code that a text stands for, if it is a member in that year; None for others.
        nomi_ambito: what the ambito is called, beside ``ambito``.
        giorno: today: no figure is of what has not begun.
        del_comune: what a row is limited to; None for the whole ambito.
    """

    catalogo: Catalogo
    comune: Callable[[str, int], str | None]
    giorno: date
    nomi_ambito: frozenset[str] = frozenset()
    del_comune: DelComune | None = None


class Letto(msgspec.Struct, kw_only=True):
    """What a file holds; ``errori`` are at most a thousand, ``errori_totali`` how many there are.

    ``senza_cifra`` are the rows that have none: of a sheet to be filled in, those that were left.
    """

    righe: int = 0
    senza_cifra: list[int] = []
    valori: dict[Chiave, Valore] = {}
    errori: list[ErroreRiga] = []
    errori_totali: int = 0

    @property
    def avvisi(self) -> list[ErroreRiga]:
        """What deserves a look."""
        quante = len(self.senza_cifra)
        if not quante:
            return []
        detto = (
            "la riga è senza cifra: non entra" if quante == 1
            else f"da questa in poi {quante} righe sono senza cifra: non entrano"
        )  # fmt: skip
        return [ErroreRiga(self.senza_cifra[0], "valore", "", "senza_cifra", detto)]

    def errore(self, riga: int, colonna: str, valore: str, codice: str, messaggio: str) -> None:
        """Count it, keep it if it is among the first."""
        self.errori_totali += 1
        if len(self.errori) < ERRORI_MOSTRATI:
            self.errori.append(ErroreRiga(riga, colonna, valore[:60], codice, messaggio))


def leggi_righe(colonne: Sequence[str], righe: Iterable[Sequence[str]], ammessi: Ammessi) -> Letto:
    """Check the rows of a file; the first under the names is 2."""
    letto, dove = (
        Letto(valori={}, errori=[], senza_cifra=[]),
        [nome.strip().lower() for nome in colonne],
    )
    for nome in ("codice", "anno", "valore"):
        if nome not in dove:
            letto.errore(1, nome, "", "manca_colonna", f"manca la colonna «{nome}»: aggiungerla")
    for nome in dove:
        if nome not in (*COLONNE, DENOMINAZIONE):
            letto.errore(
                1, nome, nome, "colonna_ignota",
                f"colonna sconosciuta: le colonne sono {', '.join(COLONNE)}",
            )  # fmt: skip
    if len({*dove}) < len(dove):
        letto.errore(1, "", "", "colonna_doppia", "una colonna è scritta due volte: tenerne una")
    if letto.errori_totali:
        return letto
    viste: dict[Chiave, int] = {}
    for numero, celle in enumerate(righe, 2):
        if not any(c.strip() for c in celle):
            continue
        letto.righe += 1
        if letto.righe > RIGHE_MASSIME:
            letto.errore(numero, "", "", "troppe_righe",
                         f"il file ha più di {RIGHE_MASSIME} righe: dividerlo per anno")  # fmt: skip
            break
        if len(celle) > len(dove):
            letto.errore(numero, "", "", "celle_in_piu", "ci sono più celle che colonne")
            continue
        campi = dict.fromkeys(COLONNE, "") | {
            nome: cella.strip() for nome, cella in zip(dove, celle, strict=False)
        }
        if not campi["valore"]:
            letto.senza_cifra.append(numero)
            continue
        valore = leggi_riga(campi, ammessi, partial(letto.errore, numero))
        if valore is None:
            continue
        if valore.chiave in viste:
            letto.errore(
                numero, "codice", campi["codice"], "doppia",
                f"la stessa cifra è già alla riga {viste[valore.chiave]}: tenerne una",
            )  # fmt: skip
            continue
        viste[valore.chiave] = numero
        letto.valori[valore.chiave] = valore
    if not letto.righe and not letto.errori_totali:
        letto.errore(2, "", "", "nessuna_riga", "il file non ha righe sotto i nomi delle colonne")
    elif len(letto.senza_cifra) == letto.righe and not letto.errori_totali:
        letto.errore(
            2, "valore", "", "nessuna_cifra", "nessuna riga ha una cifra: scriverne almeno una"
        )
    return letto


def leggi_riga(
    campi: Mapping[str, str], ammessi: Ammessi, errore: Callable[[str, str, str, str], None]
) -> Valore | None:
    """A row, or the fields of a form; what is wrong is told to ``errore`` (column, cell, code, message)."""
    buono, limite = True, ammessi.del_comune

    def sbaglia(colonna: str, codice: str, messaggio: str) -> None:
        nonlocal buono
        buono = False
        errore(colonna, campi[colonna], codice, messaggio)

    indicatore = ammessi.catalogo.per_codice.get(campi["codice"])
    if indicatore is None:
        sbaglia(
            "codice",
            "indicatore_ignoto",
            "non è nel catalogo: cercare il codice nel catalogo degli indicatori",
        )
    elif indicatore.specie == "rapporto":
        sbaglia(
            "codice", "rapporto",
            f"è un rapporto, che si calcola: portare i suoi termini, {indicatore.sopra} e {indicatore.sotto}",
        )  # fmt: skip
    elif indicatore.specie == "calcolato":
        sbaglia("codice", "calcolato", "lo calcola Capofila dalle altre stanze: toglierlo dal file")
    elif limite is not None and indicatore.codice not in limite.codici:
        sbaglia("codice", "non_del_comune",
                "non lo dà il comune: togliere la riga, o chiedere all'Ufficio di Piano di indicare il comune "
                "fra chi lo dà")  # fmt: skip
    anno, parte = int(campi["anno"]) if re.fullmatch("[0-9]{4}", campi["anno"]) else 0, ""
    if anno not in ANNI:
        sbaglia("anno", "anno", f"non è un anno fra {ANNI[0]} e {ANNI[-1]}: scriverlo come 2024")
    elif anno > ammessi.giorno.year:
        sbaglia("anno", "anno_futuro", "è un anno che non è ancora cominciato: correggerlo")
    elif indicatore is not None and indicatore.specie == "elementare":
        try:
            parte = leggi_parte(campi["periodo"], anno, ammessi.catalogo.parti(indicatore.codice))
        except ValueError as perche:
            sbaglia("periodo", "periodo", str(perche))
        if parte and date(anno, primo_mese(parte), 1) > ammessi.giorno:
            sbaglia(
                "periodo", "periodo_futuro", "è un periodo che non è ancora cominciato: correggerlo"
            )
    livello, territorio = _territorio(campi["territorio"], anno, ammessi)
    if limite is not None:
        if territorio != limite.istat and anno in ANNI:
            sbaglia(
                "territorio",
                "altro_territorio",
                _non_suo(campi["territorio"], livello, limite.nome),
            )
    elif not livello and anno in ANNI and campi["territorio"].lower() in ammessi.nomi_ambito:
        sbaglia("territorio", "territorio_ambiguo",
                "è il nome dell'ambito e anche di un suo comune: scrivere «ambito», oppure il codice ISTAT "
                "del comune")  # fmt: skip
    elif not livello and anno in ANNI:
        sbaglia("territorio", "territorio_ignoto",
                "non è un comune dell'ambito in quell'anno: scrivere un codice ISTAT o un nome, «ambito» o "
                "«provincia»")  # fmt: skip
    elif livello and indicatore is not None and not indicatore.ammette(livello):
        noti = ", ".join(LIVELLI[uno].lower() for uno in indicatore.livelli)
        sbaglia("territorio", "livello", f"questo indicatore si dà per: {noti}")
    valore = Decimal(0)
    try:
        valore = leggi_valore(campi["valore"])
    except ValueError as perche:
        sbaglia("valore", "valore", str(perche))
    if indicatore is not None and indicatore.unita == "percento" and valore > 100:
        sbaglia("valore", "percentuale", "è una percentuale, che non supera 100: correggerla")
    if indicatore is not None and indicatore.unita in CONTATE and valore % 1:
        sbaglia("valore", "non_intero", f"conta {indicatore.unita}: scriverlo senza decimali")
    fonte = campi["fonte"]
    if fonte and not 3 <= len(fonte) <= 300:
        sbaglia("fonte", "fonte", "va da 3 a 300 caratteri")
    if "\0" in fonte:
        sbaglia("fonte", "fonte", "ha un carattere che non si può conservare")
    if not buono:
        return None
    return Valore(
        codice=campi["codice"], anno=anno, parte=parte, territorio=territorio, valore=valore,
        fonte=fonte or None,
    )  # fmt: skip


_PARTI_DETTE: Final[Mapping[int, str]] = {
    2: "per semestre: scrivere S1 o S2", 4: "per trimestre: scrivere T1, T2, T3 o T4",
    12: "per mese: scriverlo da 1 a 12",
}  # fmt: skip


def leggi_parte(testo: str, anno: int, parti: Sequence[str]) -> str:
    """The part of a year that a text names: ``S1``, ``1``, ``2024-S1``.

    Raises:
        ValueError: the indicator is not given of it; the message says of what it is.

    >>> leggi_parte("2", 2024, ("S1", "S2")), leggi_parte("2024-05", 2024, ("04", "05"))
    ('S2', '05')
    """
    pulito = testo.strip().upper().removeprefix(f"{anno}-")
    if len(parti) == 1:
        if pulito not in ("", str(anno)):
            raise ValueError("questo indicatore si dà per anno: lasciare vuoto il periodo")
        return ""
    note = {p.lstrip("ST0"): p for p in parti} | {p: p for p in parti}
    if pulito not in note:
        raise ValueError(f"questo indicatore si dà {_PARTI_DETTE.get(len(parti), 'per periodo')}")
    return note[pulito]


def primo_mese(parte: str) -> int:
    """The month in which a part of a year begins.

    >>> primo_mese("S2"), primo_mese("T4"), primo_mese("09"), primo_mese("")
    (7, 10, 9, 1)
    """
    numero = int(parte.lstrip("ST") or 1)
    return (numero - 1) * {"S": 6, "T": 3}.get(parte[:1], 1) + 1


def fine(anno: int, parte: str) -> date:
    """The last day of a part of a year.

    >>> fine(2024, "S1"), fine(2024, "02"), fine(2024, "")
    (datetime.date(2024, 6, 30), datetime.date(2024, 2, 29), datetime.date(2024, 12, 31))
    """
    mesi = {"": 12, "S": 6, "T": 3}.get(parte[:1], 1)
    mese = primo_mese(parte) + mesi - 1
    return date(anno, mese, monthrange(anno, mese)[1])


def periodo(anno: int, parte: str) -> str:
    """As the debito names it: ``2024``, ``2024-S1``, ``2024-05``."""
    return f"{anno}-{parte}" if parte else str(anno)


def _non_suo(testo: str, livello: str, comune: str) -> str:
    """Why a row is not of the comune that somebody works for, and what to do of it."""
    if not testo:
        return f"vuoto vuol dire tutto l'ambito, che non dà il comune: scrivere {comune}"
    if livello:
        return f"non è il comune per cui lavori: scrivere {comune}, o togliere la riga"
    return (
        f"non è il comune per cui lavori, o in quell'anno non era dell'ambito: scrivere {comune}, o "
        "togliere la riga"
    )


def _territorio(testo: str, anno: int, ammessi: Ammessi) -> tuple[str, str]:
    """Level and territory of a cell; an empty one is the ambito. Two empty texts when it is none, or two."""
    basso, limite = testo.lower(), ammessi.del_comune
    if limite is not None and testo and ammessi.comune(testo, anno) == limite.istat:
        # What an ambito is called may be a comune's name too: of Crema, Crema is the comune.
        return "comune", limite.istat
    dell_ambito = basso in ammessi.nomi_ambito
    if limite is None and dell_ambito and ammessi.comune(testo, anno) is not None:
        return "", ""
    if basso in ("", AMBITO) or dell_ambito:
        return AMBITO, AMBITO
    if basso == PROVINCIA:
        return PROVINCIA, PROVINCIA
    istat = ammessi.comune(testo, anno)
    return ("comune", istat) if istat else ("", "")
