"""What a person pays, to the cent, and why: the steps of a formula done one after the other.

Figures between the steps are exact (:class:`Esatta`); only a step that rounds rounds, half-up. Every
step leaves a line of the trace in Italian, with the parameters that it read, since when they hold and
by which act. A trace that was frozen has in it all that is needed to do the computation again.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

import msgspec

from capofila.compartecipazione.isee import DETTO, Attestazione, Difetto, difetto, scrivibile
from capofila.compartecipazione.schemi import (
    Arrotonda,
    Esente,
    Fasce,
    Fissa,
    Forma,
    Gradino,
    Letto,
    MinimoGarantito,
    Percentuale,
    PerQuantita,
    Proporzionale,
    Punti,
    Riduzione,
    Risolto,
    Tetto,
    Tratti,
    Unita,
)

QUANTITA_MASSIMA: Final = Decimal(100_000)
IMPORTO_MASSIMO: Final = Decimal(10_000_000)

Motivo = (
    Difetto
    | Literal[
        "nessuno_schema", "quantita_errata", "costo_mancante", "costo_errato", "punti_mancanti",
        "disponibile_mancante", "condizione_sconosciuta", "comune_fuori_ambito",
        "comune_non_adotta",
    ]
)  # fmt: skip

_ALTRI_MOTIVI: Final[Mapping[str, str]] = {
    "nessuno_schema": "In quel giorno lo schema non ha una formula: scegli un altro giorno.",
    "quantita_errata": "La quantità deve essere maggiore di zero.",
    "costo_mancante": "Lo schema guarda al costo del servizio: scrivilo.",
    "costo_errato": "Il costo e gli importi non possono essere negativi, né smisurati.",
    "punti_mancanti": "Lo schema guarda ai punti della valutazione: scrivili.",
    "disponibile_mancante": "Lo schema lascia un minimo alla persona: scrivi di quanto dispone in un mese.",
    "condizione_sconosciuta": "Una delle condizioni scelte non è di questo schema.",
    "comune_fuori_ambito": "In quel giorno il comune non è di questo ambito: controlla il giorno.",
    "comune_non_adotta": "In quel giorno il comune non ha adottato lo schema dell'ambito e la sua tariffa qui "
    "non è nota: se ne ha una, registrala come adozione con varianti.",
}


_MOTIVI: Final[Mapping[str, str]] = {**_ALTRI_MOTIVI, **{str(d): t for d, t in DETTO.items()}}


def in_parole(motivo: str) -> str:
    """Why there is no quota, and what to do."""
    return _MOTIVI[motivo]


class Caso(msgspec.Struct, frozen=True, kw_only=True):
    """One person and one service, on a day."""

    giorno: date
    isee: Attestazione | None = None
    quantita: Decimal = Decimal(1)
    """Units of the scheme: hours, days, meals, months."""
    costo: Decimal | None = None
    """Actual cost of a unit, in euro."""
    punti: Decimal | None = None
    disponibile: Decimal | None = None
    """What the person has in a month, for residential care."""
    condizioni: frozenset[str] = frozenset()


class RigaTraccia(msgspec.Struct, frozen=True):
    """One step: what was done, in Italian, and the figure after it."""

    testo: str
    valore: str
    """Exact: a decimal, or a fraction when there is none."""
    letti: tuple[Letto, ...] = ()


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What comes out."""

    stato: Literal["calcolata", "senza_isee", "non_calcolata"]
    importo: Decimal | None = None
    motivo: Motivo | None = None
    traccia: tuple[RigaTraccia, ...] = ()


class _Fermata(Exception):
    """The computation cannot go on, or has nothing more to do."""

    def __init__(self, motivo: Motivo | None = None) -> None:
        self.motivo = motivo


def calcola(risolto: Risolto | None, caso: Caso) -> Quota:
    """The quota of a case by a scheme as it is on its day: always a stated outcome, never a silent zero."""
    if risolto is None:
        return Quota(stato="non_calcolata", motivo="nessuno_schema")
    motivo = _guasto_del_caso(caso)
    if motivo is None and caso.condizioni and caso.condizioni - risolto.condizioni.keys():
        motivo = "condizione_sconosciuta"
    if motivo is not None:
        return Quota(stato="non_calcolata", motivo=motivo)
    manca = (
        difetto(caso.isee, caso.giorno, risolto.isee, accetta_omissioni=risolto.accetta_omissioni)
        if chiede_isee(risolto)
        else None
    )
    if manca is not None and (
        risolto.senza_isee is None or manca in ("isee_negativo", "isee_assurdo")
    ):
        return Quota(stato="non_calcolata", motivo=manca)
    conto = _Conto(risolto, caso)
    try:
        if manca is None:
            for passo in risolto.passi:
                conto.fai(passo)
        else:
            conto.senza_isee(manca)
    except _Fermata as fermata:
        if fermata.motivo is not None:
            return Quota(stato="non_calcolata", motivo=fermata.motivo)
    return Quota(
        stato="calcolata" if manca is None else "senza_isee",
        importo=conto.chiudi(),
        motivo=manca,
        traccia=tuple(conto.righe),
    )


def chiede_isee(risolto: Risolto) -> bool:
    """Whether the formula looks at an ISEE at all."""
    return any(isinstance(passo, _CON_ISEE) for passo in risolto.passi)


def _guasto_del_caso(caso: Caso) -> Motivo | None:
    if not scrivibile(caso.quantita) or not 0 < caso.quantita <= QUANTITA_MASSIMA:
        return "quantita_errata"
    for importo in (caso.costo, caso.disponibile, caso.punti):
        if importo is not None and (not scrivibile(importo) or not 0 <= importo <= IMPORTO_MASSIMO):
            return "costo_errato"
    return None


class Esatta:
    """A figure that is never rounded: a numerator over a denominator greater than zero.

    It is reduced where it is written and not at each operation, which is what makes the fractions of
    the standard library slow.
    """

    __slots__ = ("d", "n", "testo")

    def __init__(self, n: int, d: int = 1) -> None:
        self.n, self.d = n, d
        self.testo = ""
        """As it is written in euro, once somebody asked."""

    def __add__(self, altra: Esatta) -> Esatta:
        return Esatta(self.n * altra.d + altra.n * self.d, self.d * altra.d)

    def __sub__(self, altra: Esatta) -> Esatta:
        return Esatta(self.n * altra.d - altra.n * self.d, self.d * altra.d)

    def __mul__(self, altra: Esatta) -> Esatta:
        return Esatta(self.n * altra.n, self.d * altra.d)

    def __truediv__(self, altra: Esatta) -> Esatta:
        """By a figure greater than zero."""
        return Esatta(self.n * altra.d, self.d * altra.n)

    def __lt__(self, altra: Esatta) -> bool:
        return self.n * altra.d < altra.n * self.d

    def __le__(self, altra: Esatta) -> bool:
        return self.n * altra.d <= altra.n * self.d

    def ridotta(self) -> tuple[int, int]:
        """The same over the least denominator."""
        comune = math.gcd(self.n, self.d)
        return self.n // comune, self.d // comune


_CON_ISEE: Final = (Tratti, Fasce, Esente, Proporzionale)
_ZERO: Final = Esatta(0)
_UNO: Final = Esatta(1)
_CENTO: Final = Esatta(100)
_PER_UNITA: Final[Mapping[Unita, str]] = {
    "ora": " all'ora", "giorno": " al giorno", "pasto": " a pasto", "mese": " al mese",
    "accesso": " ad accesso", "anno": " all'anno",
}  # fmt: skip


class _Conto:
    """One computation as it goes on."""

    def __init__(self, risolto: Risolto, caso: Caso) -> None:
        self.risolto, self.caso = risolto, caso
        self.valore = _ZERO
        self.righe: list[RigaTraccia] = []
        self.per_tutte = False
        """The quantity was multiplied already."""
        self._letti: list[Letto] = []
        self._visto: Esatta | None = None
        self._una = _PER_UNITA[risolto.unita]

    def _leggi(self, nome: str) -> Esatta:
        letto = self.risolto.letti[nome]
        if letto not in self._letti:
            self._letti.append(letto)
        return _frazione(letto.valore)

    def _isee(self) -> Esatta:
        if self._visto is None:
            assert self.caso.isee is not None
            self._visto = _frazione(self.caso.isee.valore)
        return self._visto

    def _scrivi(self, testo: str) -> None:
        self.righe.append(RigaTraccia(testo, _esatto(self.valore), tuple(self._letti)))
        self._letti = []

    def senza_isee(self, manca: Difetto) -> None:
        """The tariff for who shows no ISEE that can be used: what favours whoever shows one is left out."""
        assert self.risolto.senza_isee is not None
        self.valore = self._leggi(self.risolto.senza_isee)
        testo = (
            f"{DETTO[manca]} Si applica la tariffa senza ISEE: {_euro(self.valore)}{self._unita()}."
        )
        if any(
            isinstance(p, Riduzione) and p.se in self.caso.condizioni for p in self.risolto.passi
        ):
            testo += " Le riduzioni valgono solo con un ISEE."
        if any(isinstance(p, MinimoGarantito) for p in self.risolto.passi):
            testo += " Il minimo garantito vale solo con un ISEE."
        self._scrivi(testo)
        for passo in self.risolto.passi:
            if isinstance(passo, Tetto | PerQuantita | Arrotonda):
                self.fai(passo)

    def chiudi(self) -> Decimal:
        """The quota: of all the units, to the cent."""
        if not self.per_tutte and self.valore.n:
            self._per_quantita()
        self._arrotonda(2)
        return Decimal(self.valore.n * 100 // self.valore.d).scaleb(-2)

    def _unita(self) -> str:
        return "" if self.per_tutte else self._una

    def fai(self, passo: Forma) -> None:
        """Do one step."""
        match passo:
            case Tratti():
                self._tratti(passo)
            case PerQuantita():
                self._per_quantita()
            case Arrotonda(decimali=decimali):
                self._arrotonda(decimali)
            case Esente(fino_a=fino_a):
                soglia = self._leggi(fino_a)
                if self._isee() <= soglia:
                    self.valore = _ZERO
                    self._scrivi(
                        f"L'ISEE di {_euro(self._isee())} non supera {_euro(soglia)}: non si paga nulla."
                    )
                    raise _Fermata
                self._scrivi(
                    f"L'ISEE di {_euro(self._isee())} supera la soglia di {_euro(soglia)}."
                )
            case Fissa(tariffa=tariffa):
                self.valore = self._leggi(tariffa)
                self._scrivi(f"La tariffa è {_euro(self.valore)}{self._unita()} per tutti.")
            case Fasce(modo="intera" | "percentuale"):
                parte_del_costo = passo.modo == "percentuale"
                chi = f"L'ISEE di {_euro(self._isee())}"
                self._gradino(passo.fasce, self._isee(), chi, parte_del_costo=parte_del_costo)
            case Fasce():
                self._progressiva(passo)
            case Percentuale(percento=percento):
                parte = self._leggi(percento)
                self.valore = self._costo() * parte / _CENTO
                self._scrivi(
                    f"Si paga il {_cifra(parte)}% del costo di {_euro(self._costo())}: "
                    f"{_euro(self.valore)}{self._unita()}."
                )
            case Proporzionale():
                self._proporzionale(passo)
            case Punti(fasce=fasce):
                if self.caso.punti is None:
                    raise _Fermata("punti_mancanti")
                punti = _frazione(self.caso.punti)
                self._gradino(fasce, punti, f"La valutazione di {_cifra(punti)} punti")
            case MinimoGarantito(importo=importo):
                self._minimo(importo)
            case Riduzione(percento=percento, se=se):
                if se in self.caso.condizioni:
                    parte = self._leggi(percento)
                    self.valore = self.valore * (_CENTO - parte) / _CENTO
                    self._scrivi(
                        f"Riduzione del {_cifra(parte)}% ({self.risolto.condizioni[se]}): "
                        f"{_euro(self.valore)}{self._unita()}."
                    )
            case Tetto(importo=importo):
                tetto = self._costo() if importo is None else self._leggi(importo)
                if importo is None and self.per_tutte:
                    tetto *= _frazione(self.caso.quantita)
                if self.valore > tetto:
                    self.valore = tetto
                    cosa = "del costo del servizio" if importo is None else "del tetto"
                    self._scrivi(f"Non si paga più {cosa}: {_euro(tetto)}{self._unita()}.")
                self._letti = []

    def _tratti(self, passo: Tratti) -> None:
        isee = self._isee()
        nodi = [(nodo, _frazione(self.risolto.letti[nodo.isee].valore)) for nodo in passo.nodi]
        (primo, inizio), (ultimo, fine) = nodi[0], nodi[-1]
        if isee <= inizio and (passo.sotto == "esente" or isee < inizio):
            soglia = self._leggi(primo.isee)
            if passo.sotto == "esente":
                self.valore = _ZERO
                self._scrivi(
                    f"L'ISEE di {_euro(isee)} non supera {_euro(soglia)}: non si paga nulla."
                )
            else:
                self.valore = self._leggi(primo.tariffa)
                self._scrivi(
                    f"L'ISEE di {_euro(isee)} è sotto {_euro(soglia)}: si paga la tariffa minima, "
                    f"{_euro(self.valore)}{self._unita()}."
                )
            return
        if isee >= fine:
            soglia, self.valore = self._leggi(ultimo.isee), self._leggi(ultimo.tariffa)
            self._scrivi(
                f"L'ISEE di {_euro(isee)} raggiunge {_euro(soglia)}: si paga la tariffa massima, "
                f"{_euro(self.valore)}{self._unita()}."
            )
            return
        for (prima, da), (dopo, a) in pairwise(nodi):
            if isee <= a:
                bassa, alta = self._leggi(prima.tariffa), self._leggi(dopo.tariffa)
                self._leggi(prima.isee), self._leggi(dopo.isee)
                self.valore = bassa + (isee - da) * (alta - bassa) / (a - da)
                self._scrivi(
                    f"L'ISEE di {_euro(isee)} sta fra {_euro(da)} e {_euro(a)}, dove la tariffa va da "
                    f"{_euro(bassa)} a {_euro(alta)} in proporzione: {_euro(self.valore)}{self._unita()}."
                )
                return

    def _gradino(
        self,
        fasce: tuple[Gradino, ...],
        misura: Esatta,
        chi: str,
        *,
        parte_del_costo: bool = False,
    ) -> None:
        sotto: Esatta | None = None
        for gradino in fasce:
            limite = (
                None
                if gradino.fino_a is None
                else _frazione(self.risolto.letti[gradino.fino_a].valore)
            )
            if limite is None or misura <= limite:
                if gradino.fino_a is not None:
                    self._leggi(gradino.fino_a)
                self.valore = self._leggi(gradino.tariffa)
                dove = (
                    f"non supera {_cifra(limite)}" if limite is not None
                    else f"supera {_cifra(sotto)}" if sotto is not None else "è nell'unica fascia"
                )  # fmt: skip
                quanto = ""
                if parte_del_costo:
                    parte, costo = self.valore, self._costo()
                    self.valore = costo * parte / _CENTO
                    quanto = f"il {_cifra(parte)}% del costo di {_euro(costo)}, "
                self._scrivi(f"{chi} {dove}: si paga {quanto}{_euro(self.valore)}{self._unita()}.")
                return
            sotto = limite
        raise AssertionError("the last band takes in all the rest")  # pragma: no cover

    def _progressiva(self, passo: Fasce) -> None:
        isee, sotto, parti = self._isee(), _ZERO, list[str]()
        self.valore = _ZERO
        for gradino in passo.fasce:
            limite = isee if gradino.fino_a is None else self._leggi(gradino.fino_a)
            parte = min(isee, limite) - sotto
            if parte.n <= 0:
                break
            percento = self._leggi(gradino.tariffa)
            self.valore += parte * percento / _CENTO
            parti.append(f"il {_cifra(percento)}% di {_euro(parte)}")
            sotto = limite
        self._scrivi(
            f"Di ogni parte dell'ISEE di {_euro(isee)} si paga la percentuale della sua fascia: "
            f"{' più '.join(parti) or 'nulla'}, cioè {_euro(self.valore)}{self._unita()}."
        )

    def _proporzionale(self, passo: Proporzionale) -> None:
        finale = self._leggi(passo.isee_finale)
        parte = min(self._isee() / finale, _UNO) if finale.n else _UNO
        if passo.minima is not None:
            parte = max(parte, self._leggi(passo.minima) / _CENTO)
        self.valore = self._costo() * parte
        self._scrivi(
            f"L'ISEE di {_euro(self._isee())} su {_euro(finale)} dà il {_cifra(parte * _CENTO)}% del costo "
            f"di {_euro(self._costo())}: {_euro(self.valore)}{self._unita()}."
        )

    def _minimo(self, importo: str) -> None:
        if self.caso.disponibile is None:
            raise _Fermata("disponibile_mancante")
        minimo, disponibile = self._leggi(importo), _frazione(self.caso.disponibile)
        resto = max(_ZERO, disponibile - minimo)
        if self.valore > resto:
            self.valore = resto
        self._scrivi(
            f"Di {_euro(disponibile)} al mese alla persona ne restano {_euro(minimo)}: si paga al più "
            f"{_euro(resto)}, quindi {_euro(self.valore)}{self._unita()}."
        )

    def _costo(self) -> Esatta:
        if self.caso.costo is None:
            if self.risolto.costo is None:
                raise _Fermata("costo_mancante")
            return self._leggi(self.risolto.costo)
        return _frazione(self.caso.costo)

    def _per_quantita(self) -> None:
        quante = _frazione(self.caso.quantita)
        prima, unita = self.valore, self._unita()
        self.valore, self.per_tutte = self.valore * quante, True
        if quante.n != quante.d:
            self._scrivi(f"{_euro(prima)}{unita} per {_cifra(quante)}: {_euro(self.valore)}.")

    def _arrotonda(self, decimali: int) -> None:
        if self.valore.n * 10**decimali % self.valore.d:
            self.valore = _tondo(self.valore, decimali)
            self._scrivi(f"Arrotondato {al_posto(decimali)}: {_euro(self.valore)}{self._unita()}.")


# --- freezing and doing again -------------------------------------------------------------------


class Congelata(msgspec.Struct, frozen=True, kw_only=True):
    """A quota with all that it came from; it needs no scheme and no plugin to be done again."""

    versione: int = 1
    risolto: Risolto
    caso: Caso
    quota: Quota

    def impronta(self) -> str:
        """SHA-256 of the whole."""
        return hashlib.sha256(self.in_byte()).hexdigest()

    def in_byte(self) -> bytes:
        """As it is kept: the same value gives the same bytes."""
        return _SCRITTORE.encode(self)


_SCRITTORE: Final = msgspec.json.Encoder(order="deterministic")
_LETTORE: Final = msgspec.json.Decoder(Congelata)


def congela(risolto: Risolto, caso: Caso) -> Congelata:
    """Compute a quota, and keep it with what it was computed from."""
    return Congelata(risolto=risolto, caso=caso, quota=calcola(risolto, caso))


def scongela(dati: bytes) -> Congelata:
    """What was kept.

    Raises:
        msgspec.ValidationError: it is not a frozen quota.
    """
    return _LETTORE.decode(dati)


def rifai(congelata: Congelata) -> Quota:
    """The same computation again, from what was frozen alone."""
    return calcola(congelata.risolto, congelata.caso)


# --- figures in words ---------------------------------------------------------------------------


def _tondo(valore: Esatta, decimali: int) -> Esatta:
    """Half-up; amounts are never negative."""
    unita = 10**decimali
    return Esatta((2 * valore.n * unita + valore.d) // (2 * valore.d), unita)


# The same few parameters are read, and written, for everybody.


@lru_cache(maxsize=4096)
def _frazione(valore: Decimal) -> Esatta:
    return Esatta(*valore.as_integer_ratio())


@lru_cache(maxsize=4096)
def _cifre(denominatore: int) -> int | None:
    """How many decimals a fraction over this has; None when they never end."""
    due = (denominatore & -denominatore).bit_length() - 1
    resto, cinque = denominatore >> due, 0
    while resto % 5 == 0:
        resto, cinque = resto // 5, cinque + 1
    return max(due, cinque) if resto == 1 else None


def _decimale(numeratore: int, denominatore: int, decimali: int = 6) -> str:
    """A reduced fraction, written whole where it ends, else half-up at so many decimals."""
    cifre = _cifre(denominatore)
    if cifre is None:
        tondo = _tondo(Esatta(numeratore, denominatore), decimali)
        return _decimale(*tondo.ridotta())
    if not cifre:
        return str(numeratore)
    potenza: int = 10**cifre
    intera, resto = divmod(numeratore * (potenza // denominatore), potenza)
    return f"{intera}.{resto:0{cifre}}"


def _esatto(valore: Esatta) -> str:
    numeratore, denominatore = valore.ridotta()
    if _cifre(denominatore) is None:
        return f"{numeratore}/{denominatore}"
    return _decimale(numeratore, denominatore)


def _italiano(scritto: str, decimali: int = 0) -> str:
    """Points between the thousands, a comma, and so many decimals at least."""
    intera, _, resto = scritto.partition(".")
    if len(intera) > 3:
        intera = f"{int(intera):,}".replace(",", ".")
    resto = resto.ljust(decimali, "0")
    return f"{intera},{resto}" if resto else intera


def _euro(valore: Esatta) -> str:
    """With two decimals, or as many as the figure has; six when they never end."""
    if not valore.testo:
        centesimi, resto = divmod(valore.n * 100, valore.d)
        if resto:
            valore.testo = _italiano(_decimale(*valore.ridotta()), 2) + " €"
        else:
            intera, cifre = divmod(centesimi, 100)
            scritta = str(intera) if intera < 1000 else f"{intera:,}".replace(",", ".")
            valore.testo = f"{scritta},{cifre:02} €"
    return valore.testo


def _cifra(valore: Esatta | None) -> str:
    return "" if valore is None else _italiano(_decimale(*valore.ridotta(), 2))


def al_posto(decimali: int) -> str:
    """Where a figure is rounded, after «arrotondato»."""
    posti = ("agli euro interi", "a un decimale", "al centesimo", "al millesimo")
    return posti[decimali] if decimali < len(posti) else f"a {decimali} decimali"
