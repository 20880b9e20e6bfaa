"""Whether an unità d'offerta can be accredited on a day: each requirement with its reason. Pure and exact.

What is decided is frozen with all that it comes from; :func:`rifatta_uguale` does it again from that
alone, without the plugin that declared the requirements.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final, Literal

import msgspec

from capofila.hooks import (
    ProvaCifra,
    ProvaDocumento,
    ProvaPerUtenti,
    ProvaSiNo,
    RegoleAccreditamento,
    RequisitoAccreditamento,
)
from capofila.web import formati

UTENTI_MASSIMI: Final = 100_000
CIFRA_MASSIMA: Final = Decimal(10) ** 6
_ANNI: Final = range(1900, 2201)

StatoRequisito = Literal["rispettato", "da_adeguare", "scaduto", "non_rispettato"]
Giudizio = Literal["accreditabile", "con_prescrizioni", "non_accreditabile"]


class Risposta(msgspec.Struct, frozen=True, kw_only=True):
    """What an ente gestore says of a requirement.

    Attributes:
        valore: ``si`` or ``no``, of a document too; a figure as ``"12.5"``.
        utenti: of a number for so many users; None for the places of the unità.
        dal: since when, or the day of the document; None where it is not said.
        scade: the last day on which a document counts.
    """

    requisito: str
    valore: str
    utenti: int | None = None
    dal: date | None = None
    scade: date | None = None


class Voce(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement on a day.

    Attributes:
        entro: by when it is to be met, of one that may still be.
        fino_al: the last day on which what proves it counts.
        perche: in Italian, what is asked, what is said, and what follows.
    """

    requisito: str
    denominazione: str
    area: str
    stato: StatoRequisito
    perche: str
    fonte: str
    ipotesi: bool = False
    entro: date | None = None
    fino_al: date | None = None


class Esito(msgspec.Struct, frozen=True, kw_only=True):
    """All the requirements on a day, and what follows from them together."""

    giudizio: Giudizio
    perche: str
    voci: tuple[Voce, ...]

    def con(self, *stati: StatoRequisito) -> tuple[Voce, ...]:
        """The requirements in some states."""
        return tuple(una for una in self.voci if una.stato in stati)

    @property
    def fino_al(self) -> date | None:
        """The first day on which a document that counts stops counting; None where none does."""
        return min((una.fino_al for una in self.con("rispettato") if una.fino_al), default=None)


class Richiesta(msgspec.Struct, frozen=True, kw_only=True):
    """All that an evaluation is made from.

    Attributes:
        giorno: the day on which the requirements hold and the documents must count.
        posti: of the unità; None where it has none, as a service at home.
        prescritti: by code of a requirement, by when it was already prescribed to be met.
    """

    regole: RegoleAccreditamento
    giorno: date
    posti: int | None = None
    risposte: tuple[Risposta, ...] = ()
    prescritti: Mapping[str, date] = {}


def dopo_mesi(giorno: date, mesi: int) -> date:
    """The same day some months later, or the last of that month.

    >>> dopo_mesi(date(2025, 1, 31), 1), dopo_mesi(date(2024, 2, 29), 36)
    (datetime.date(2025, 2, 28), datetime.date(2027, 2, 28))
    """
    anno, mese = divmod(giorno.year * 12 + giorno.month - 1 + mesi, 12)
    return date(anno, mese + 1, min(giorno.day, monthrange(anno, mese + 1)[1]))


def ultimo_giorno(dal: date, mesi: int | None) -> date | None:
    """The last day of what lasts some months from a day, that day included; None without an end.

    >>> ultimo_giorno(date(2025, 3, 1), 12), ultimo_giorno(date(2024, 2, 29), 12)
    (datetime.date(2026, 2, 28), datetime.date(2025, 2, 28))
    """
    if mesi is None:
        return None
    fine = dopo_mesi(dal, mesi)
    # A month without that day ends on its own last one.
    return fine if fine.day < dal.day else fine - timedelta(days=1)


# --- what an ente says --------------------------------------------------------------------------


def difetti(uno: RequisitoAccreditamento, risposta: Risposta) -> dict[str, str]:
    """What is wrong with an answer, in Italian, by its field; nothing when it can be used."""
    trovati: dict[str, str] = {}
    if isinstance(uno.prova, ProvaSiNo | ProvaDocumento):
        if risposta.valore not in ("si", "no"):
            trovati["valore"] = "Scegli sì o no."
    elif motivo := _difetto_cifra(risposta.valore):
        trovati["valore"] = motivo
    if risposta.utenti is not None and not (
        isinstance(uno.prova, ProvaPerUtenti) and 0 <= risposta.utenti <= UTENTI_MASSIMI
    ):
        trovati["utenti"] = f"Gli utenti vanno da 0 a {formati.numero(UTENTI_MASSIMI)}."
    for campo, giorno in (("dal", risposta.dal), ("scade", risposta.scade)):
        if giorno is not None and giorno.year not in _ANNI:
            trovati[campo] = "La data non è fra il 1900 e il 2200."
    if isinstance(uno.prova, ProvaDocumento):
        if risposta.valore == "si" and risposta.dal is None:
            trovati["dal"] = "Scrivi il giorno del documento."
        if risposta.valore == "si" and uno.prova.con_scadenza and risposta.scade is None:
            trovati["scade"] = "Scrivi fino a quando vale."
        if risposta.dal and risposta.scade and risposta.scade < risposta.dal:
            trovati["scade"] = "La scadenza viene prima del giorno del documento."
    elif risposta.scade is not None:
        trovati["scade"] = "Soltanto un documento ha una scadenza."
    return trovati


def _difetto_cifra(testo: str) -> str:
    try:
        cifra = Decimal(testo)
    except ArithmeticError:
        return "Non è una cifra: scrivila come 12,5."
    if not cifra.is_finite() or not 0 <= cifra <= CIFRA_MASSIMA or cifra != round(cifra, 4):
        return "La cifra va da 0 a un milione, con quattro decimali al massimo."
    return ""


# --- one requirement ----------------------------------------------------------------------------


def _cifra(valore: Decimal) -> str:
    return formati.numero(valore.normalize() if valore else Decimal(0))


def _maiuscola(testo: str) -> str:
    return testo[:1].upper() + testo[1:]


def in_parole(uno: RequisitoAccreditamento) -> str:
    """How a requirement is proven, in Italian."""
    match uno.prova:
        case ProvaDocumento(mesi=mesi, con_scadenza=scade):
            quanto = "" if mesi is None else f", che vale al massimo {mesi} mesi dal suo giorno"
            return "Un documento" + (" con la sua scadenza" if scade else "") + quanto
        case ProvaCifra(minimo=minimo, massimo=massimo, unita=unita):
            limiti = ((minimo, "almeno"), (massimo, "al massimo"))
            detti = [f"{come} {_cifra(quale)}" for quale, come in limiti if quale is not None]
            return f"{_maiuscola(unita)}: {' e '.join(detti)}"
        case ProvaPerUtenti(minimo=minimo, ogni=ogni, interi=interi, unita=unita):
            gruppo = "per ogni utente" if ogni == 1 else f"ogni {formati.numero(ogni)} utenti"
            anche = ", anche se il gruppo è incompleto" if interi else ""
            return f"{_maiuscola(unita)}: almeno {_cifra(minimo)} {gruppo}{anche}"
        case _:
            return "Sì o no"


def _occorrono(prova: ProvaPerUtenti, utenti: int) -> Fraction:
    """How many are needed for some users, exactly."""
    gruppi = Fraction(utenti, prova.ogni)
    return Fraction(prova.minimo) * (ceil(gruppi) if prova.interi else gruppi)


def _in_cifre(valore: Fraction) -> str:
    """A number that is needed, rounded up to the hundredth: what is written suffices."""
    return _cifra(Decimal(ceil(valore * 100)) / 100)


def _guarda(
    uno: RequisitoAccreditamento, risposta: Risposta | None, richiesta: Richiesta
) -> tuple[StatoRequisito, str, date | None]:
    """State, what is said of it, and the last day on which it counts."""
    giorno = richiesta.giorno
    if risposta is None:
        return "non_rispettato", "Non c’è nessuna risposta.", None
    if difetti(uno, risposta):
        return "non_rispettato", "La risposta non si può leggere: va scritta di nuovo.", None
    if risposta.dal is not None and risposta.dal > giorno:
        return "non_rispettato", f"Vale soltanto dal {formati.data(risposta.dal)}.", None
    match uno.prova:
        case ProvaDocumento():
            return _documento(uno.prova, risposta, giorno)
        case ProvaCifra():
            cifra = Decimal(risposta.valore)
            bene = (uno.prova.minimo is None or cifra >= uno.prova.minimo) and (
                uno.prova.massimo is None or cifra <= uno.prova.massimo
            )
            detto = f"Risposta: {_cifra(cifra)}."
        case ProvaPerUtenti():
            cifra = Decimal(risposta.valore)
            utenti = richiesta.posti if risposta.utenti is None else risposta.utenti
            if utenti is None:
                return "non_rispettato", "Non è detto per quanti utenti.", None
            occorrono = _occorrono(uno.prova, utenti)
            bene = Fraction(cifra) >= occorrono
            detto = (
                f"Risposta: {_cifra(cifra)} per {formati.numero(utenti)} utenti, e ne occorrono "
                f"{_in_cifre(occorrono)}."
            )
        case _:
            bene = risposta.valore == "si"
            detto = f"Risposta: {'sì' if bene else 'no'}."
    return ("rispettato" if bene else "non_rispettato"), detto, None


def _documento(
    prova: ProvaDocumento, risposta: Risposta, giorno: date
) -> tuple[StatoRequisito, str, date | None]:
    if risposta.valore == "no" or risposta.dal is None:
        return "non_rispettato", "Il documento non c’è.", None
    fini = [f for f in (risposta.scade, ultimo_giorno(risposta.dal, prova.mesi)) if f is not None]
    fine = min(fini, default=None)
    detto = f"Documento del {formati.data(risposta.dal)}"
    if fine is None:
        return "rispettato", f"{detto}, senza scadenza.", None
    if fine < giorno:
        return "scaduto", f"{detto}, scaduto il {formati.data(fine)}.", fine
    return "rispettato", f"{detto}, valido fino al {formati.data(fine)}.", fine


def _chiede(uno: RequisitoAccreditamento) -> str:
    """What is asked, in a sentence."""
    if isinstance(uno.prova, ProvaSiNo):
        return f"{uno.testo.strip().removesuffix('.')}."
    return f"{in_parole(uno)}."


def _voce(uno: RequisitoAccreditamento, risposta: Risposta | None, richiesta: Richiesta) -> Voce:
    stato, detto, fino_al = _guarda(uno, risposta, richiesta)
    entro = None
    if stato != "rispettato" and uno.entro_giorni is not None:
        prescritto = richiesta.prescritti.get(uno.codice)
        entro = prescritto or richiesta.giorno + timedelta(days=uno.entro_giorni)
        if entro >= richiesta.giorno:
            stato = "da_adeguare"
            detto += f" Si può adeguare entro il {formati.data(entro)}."
        else:
            detto += f" Andava adeguato entro il {formati.data(entro)}."
    return Voce(
        requisito=uno.codice, denominazione=uno.denominazione, area=uno.area.value, stato=stato,
        perche=f"{_chiede(uno)} {detto}", fonte=uno.fonte.cita(), ipotesi=uno.ipotesi,
        entro=entro, fino_al=fino_al,
    )  # fmt: skip


# --- all of them --------------------------------------------------------------------------------


def in_vigore(regole: RegoleAccreditamento, giorno: date) -> list[RequisitoAccreditamento]:
    """The requirements that hold on a day, in their order."""
    return [uno for uno in regole.requisiti if uno.vale(giorno)]


def valuta(richiesta: Richiesta) -> Esito:
    """Hold the answers against the requirements of a day.

    An answer to a requirement that does not hold on that day counts for nothing; of several to one
    the last counts. One that cannot be read keeps no requirement.
    """
    date_ = {una.requisito: una for una in richiesta.risposte}
    voci = tuple(
        _voce(uno, date_.get(uno.codice), richiesta)
        for uno in in_vigore(richiesta.regole, richiesta.giorno)
    )
    mancano = [una for una in voci if una.stato in ("non_rispettato", "scaduto")]
    da_fare = [una for una in voci if una.stato == "da_adeguare"]
    if not voci:
        return Esito(
            giudizio="non_accreditabile", voci=(),
            perche="Non è accreditabile: in questo giorno le regole non hanno nessun requisito.",
        )  # fmt: skip
    if mancano:
        nomi = "; ".join(una.denominazione for una in mancano)
        return Esito(
            giudizio="non_accreditabile", voci=voci,
            perche=f"Non è accreditabile. Senza questi requisiti non si accredita: {nomi}.",
        )  # fmt: skip
    if da_fare:
        nomi = "; ".join(
            f"{una.denominazione}, entro il {formati.data(una.entro)}" for una in da_fare
        )
        return Esito(
            giudizio="con_prescrizioni", voci=voci,
            perche=f"È accreditabile con prescrizioni. Vanno adeguati: {nomi}.",
        )  # fmt: skip
    return Esito(
        giudizio="accreditabile",
        voci=voci,
        perche="È accreditabile: tutti i requisiti sono rispettati.",
    )


# --- the acts -----------------------------------------------------------------------------------

SpecieAtto = Literal["concede", "nega", "sospende", "riattiva", "revoca"]
StatoDomanda = Literal[
    "in_istruttoria",
    "ritirata",
    "negata",
    "futura",
    "accreditata",
    "sospesa",
    "revocata",
    "scaduta",
]
DOPO: Final[Mapping[SpecieAtto | None, tuple[SpecieAtto, ...]]] = {
    None: ("concede", "nega"),
    "concede": ("sospende", "revoca"),
    "riattiva": ("sospende", "revoca"),
    "sospende": ("riattiva", "revoca"),
    "nega": (),
    "revoca": (),
}
"""Which acts may follow which."""


class Passo(msgspec.Struct, frozen=True, kw_only=True):
    """An act on a domanda: from when, and of one that grants until when."""

    specie: SpecieAtto
    dal: date
    scade: date | None = None


def stato_al(passi: Sequence[Passo], giorno: date, *, ritirata: bool = False) -> StatoDomanda:
    """How a domanda stands on a day, after acts in their order; the days do not go back."""
    if not passi:
        return "ritirata" if ritirata else "in_istruttoria"
    if passi[0].specie == "nega":
        return "negata"
    scade = passi[0].scade
    valgono = [uno for uno in passi if uno.dal <= giorno]
    if not valgono:
        return "futura"
    ultimo = valgono[-1].specie
    if ultimo == "revoca":
        return "revocata"
    if scade is not None and scade < giorno:
        return "scaduta"
    return "sospesa" if ultimo == "sospende" else "accreditata"


# --- frozen -------------------------------------------------------------------------------------


class Traccia(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation with all that it comes from: no plugin is needed to do it again."""

    richiesta: Richiesta
    esito: Esito
    plugin: str
    versione: str
    capofila: str

    def congela(self) -> tuple[str, str]:
        """The text that is kept, and its sha256."""
        testo = msgspec.json.encode(self, order="deterministic").decode()
        return testo, hashlib.sha256(testo.encode()).hexdigest()


def rileggi(testo: str) -> Traccia:
    """An evaluation that was kept.

    Raises:
        msgspec.DecodeError: it is not one any more.
    """
    return msgspec.json.decode(testo, type=Traccia)


def rifatta_uguale(traccia: Traccia) -> bool:
    """Whether the same comes from what was frozen: states, days, judgement; words may change."""

    def cifre(esito: Esito) -> list[object]:
        return [esito.giudizio, *((v.requisito, v.stato, v.entro, v.fino_al) for v in esito.voci)]

    return cifre(valuta(traccia.richiesta)) == cifre(traccia.esito)
