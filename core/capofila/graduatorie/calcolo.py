"""The order of a waiting list: points, ties, places, each with its reason in Italian. Pure and exact.

What is computed is frozen with all that it comes from; :func:`rifai` does it again from those bytes
alone, without the plugin that declared the rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeVar

import msgspec

from capofila.hooks.atti import Dichiarazione
from capofila.hooks.graduatorie import (
    PRESENTATA,
    CriterioPunti,
    DatoDomanda,
    Graduatoria,
    Ogni,
    PuntiPerAnzianita,
    PuntiPerFasce,
    PuntiPerScelta,
    PuntiPerUno,
    PuntiSe,
    RequisitoAccesso,
    TipoDato,
    Verso,
)
from capofila.web import formati

_D = TypeVar("_D", bound=Dichiarazione)
DOMANDE_MASSIME: Final = 5_000
CIFRA_MASSIMA: Final = Decimal(10) ** 9
_ANNI: Final = range(1900, 2101)
_SI_NO: Final = {"si": "sì", "no": "no"}
Stato = Literal["ammessa", "in_attesa", "esclusa", "rinunciata", "decaduta"]


class Iscritta(msgspec.Struct, frozen=True, kw_only=True):
    """A domanda as the computation knows it: a protocol number and what it says, no name."""

    protocollo: str
    presentata_il: date
    dati: dict[str, str] = {}
    """By the code of a datum, written as :class:`TipoDato` says; what is not given is not there."""


class Punteggio(msgspec.Struct, frozen=True, kw_only=True):
    """What a criterion gave, and why."""

    criterio: str
    denominazione: str
    punti: Decimal
    massimo: Decimal
    perche: str
    fonte: str
    ipotesi: bool = False


class Posto(msgspec.Struct, frozen=True, kw_only=True):
    """A domanda in the list.

    Attributes:
        posizione: from 1; None for one that is excluded.
        motivi: why it is excluded, with what the domanda says and the acts.
        spareggio: how it stands with those that have as many points; empty for one alone.
        perche: why it is admitted, waits or is excluded, without what the domanda says.
        importo: what it takes of the budget, where there is one.
    """

    protocollo: str
    presentata_il: date
    stato: Stato
    posizione: int | None = None
    punti: Decimal = Decimal(0)
    punteggi: tuple[Punteggio, ...] = ()
    motivi: tuple[str, ...] = ()
    spareggio: str = ""
    perche: str = ""
    importo: Decimal | None = None


class Esito(msgspec.Struct, frozen=True, kw_only=True):
    """A whole list.

    Attributes:
        posti: in their order; those excluded at the end, by protocol number.
        pari: protocol numbers that no tie-break tells apart, while nobody has drawn.
    """

    posti: tuple[Posto, ...]
    pari: tuple[tuple[str, ...], ...] = ()

    @property
    def da_sorteggiare(self) -> bool:
        """Whether a draw is needed before the list can be approved."""
        return bool(self.pari)

    def quanti(self, stato: Stato) -> int:
        """How many are in a state."""
        return sum(posto.stato == stato for posto in self.posti)


class Richiesta(msgspec.Struct, frozen=True, kw_only=True):
    """All that a list is made from.

    Attributes:
        giorno: the day on which criteria hold and seniority is counted to.
        disponibili: places; None when they have no limit.
        budget: euro; None when there is none.
        seme: what was drawn in public, by which those who are equal in all are ordered.
    """

    graduatoria: Graduatoria
    giorno: date
    disponibili: int | None = None
    budget: Decimal | None = None
    seme: str | None = None
    domande: tuple[Iscritta, ...] = ()


# --- what a domanda says ------------------------------------------------------------------------


def difetto_dato(dato: DatoDomanda, testo: str) -> str | None:
    """What is wrong with a value, in Italian; None when it can be used."""
    match dato.tipo:
        case TipoDato.SI_NO if testo not in _SI_NO:
            return "Scrivi si o no."
        case TipoDato.SCELTA if testo not in dict(dato.scelte):
            return "Scegli una delle voci."
        case TipoDato.DATA:
            try:
                letta = date.fromisoformat(testo)
            except ValueError:
                return "Non è una data: scrivila come 31/01/2025."
            if letta.year not in _ANNI or letta.isoformat() != testo:
                return "La data non è fra il 1900 e il 2100."
        case TipoDato.IMPORTO | TipoDato.NUMERO:
            try:
                cifra = Decimal(testo)
            except ArithmeticError:
                return "Non è una cifra: scrivila come 12,50."
            if not cifra.is_finite() or not 0 <= cifra <= CIFRA_MASSIMA:
                return "La cifra non può essere negativa, né oltre un miliardo."
            if cifra != round(cifra, 2):
                return "Scrivi al massimo due decimali."
    return None


def difetti_dati(graduatoria: Graduatoria, dati: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with what a domanda says: (code of the datum, words)."""
    trovati = []
    for codice, testo in dati.items():
        dato = graduatoria.dato(codice)
        motivo = f"«{codice[:60]}» non è un dato di questa graduatoria."
        if dato is not None:
            motivo = difetto_dato(dato, testo) or ""
        if motivo:
            trovati.append((codice, motivo))
    return trovati


def detto(dato: DatoDomanda, testo: str | None) -> str:
    """A value as a person reads it.

    >>> detto(DatoDomanda(codice="figli", denominazione="Figli", tipo=TipoDato.NUMERO), "2")
    '2'
    """
    if testo is None:
        return "non indicato"
    match dato.tipo:
        case TipoDato.IMPORTO:
            return formati.importo(Decimal(testo))
        case TipoDato.NUMERO:
            return _cifra(Decimal(testo))
        case TipoDato.SI_NO:
            return _SI_NO[testo]
        case TipoDato.DATA:
            return formati.data(date.fromisoformat(testo))
        case _:
            return dict(dato.scelte).get(testo, testo)


def _cifra(valore: Decimal) -> str:
    return formati.numero(valore.normalize() if valore else Decimal(0))


def in_punti(punti: Decimal) -> str:
    """Points in words.

    >>> in_punti(Decimal("1.0")), in_punti(Decimal("2.50"))
    ('1 punto', '2,5 punti')
    """
    return f"{_cifra(punti)} {'punto' if punti == 1 else 'punti'}"


# --- admission and points -----------------------------------------------------------------------


def _manca(graduatoria: Graduatoria, uno: RequisitoAccesso, dati: Mapping[str, str]) -> str | None:
    """Why a requirement is not kept."""
    if uno.solo_se is not None and dati.get(uno.solo_se[0]) != uno.solo_se[1]:
        return None
    dato, testo = graduatoria.dato(uno.dato), dati.get(uno.dato)
    if dato is None:  # pragma: no cover - a declaration with such a requirement is refused
        raise ValueError(uno.dato)
    if testo is not None:
        if dato.tipo is TipoDato.SI_NO:
            tenuto = testo == "si"
        elif dato.tipo is TipoDato.SCELTA:
            tenuto = testo in uno.fra
        else:
            cifra = Decimal(testo)
            tenuto = (uno.minimo is None or cifra >= uno.minimo) and (
                uno.massimo is None or cifra <= uno.massimo
            )
        if tenuto:
            return None
    return (
        f"Manca il requisito «{uno.denominazione}»: {dato.denominazione}, {detto(dato, testo)}. "
        f"{uno.fonte.cita()}"
    )


def _anzianita(dal: date, al: date, ogni: Ogni) -> int:
    """Whole months or years between two days; none when the first comes after."""
    mesi = (al.year - dal.year) * 12 + al.month - dal.month - (al.day < dal.day)
    return max(0, mesi if ogni is Ogni.MESE else mesi // 12)


def _punteggio(
    graduatoria: Graduatoria, uno: CriterioPunti, domanda: Iscritta, al: date
) -> Punteggio:
    misura = uno.misura
    dato, testo = graduatoria.dato(misura.dato), domanda.dati.get(misura.dato)
    if dato is None:  # pragma: no cover - a declaration with such a criterion is refused
        raise ValueError(misura.dato)
    punti, perche = Decimal(0), f"{dato.denominazione}: {detto(dato, testo)}"
    if testo is None:
        perche += ", quindi nessun punto"
    else:
        match misura:
            case PuntiPerFasce():
                cifra = Decimal(testo)
                fascia = next(
                    (f for f in misura.fasce if f.fino_a is None or cifra <= f.fino_a), None
                )
                if fascia is None:
                    perche += ", oltre l’ultima fascia"
                else:
                    punti = fascia.punti
                    perche += (
                        f", nella fascia fino a {detto(dato, str(fascia.fino_a))}"
                        if fascia.fino_a is not None
                        else ", oltre le altre fasce"
                    )
            case PuntiSe():
                punti = misura.punti if testo == "si" else punti
            case PuntiPerScelta():
                punti = dict(misura.punti).get(testo, punti)
            case PuntiPerUno():
                cifra = Decimal(testo)
                punti = min(cifra * misura.punti, misura.massimo)
                perche += f", {in_punti(misura.punti)} per ciascuno fino a {_cifra(misura.massimo)}"
            case PuntiPerAnzianita():
                quanti = _anzianita(date.fromisoformat(testo), al, misura.ogni)
                punti = min(quanti * misura.punti, misura.massimo)
                unita = "mese" if misura.ogni is Ogni.MESE else "anno"
                interi = f"{unita[:-1]}i interi" if quanti != 1 else f"{unita} intero"
                perche += (
                    f", {quanti} {interi} al {formati.data(al)}, {in_punti(misura.punti)} per ogni "
                    f"{unita} fino a {_cifra(misura.massimo)}"
                )
    return Punteggio(
        criterio=uno.codice, denominazione=uno.denominazione, punti=punti, massimo=uno.massimo,
        perche=f"{perche}: {in_punti(punti)}.", fonte=uno.fonte.cita(), ipotesi=uno.ipotesi,
    )  # fmt: skip


# --- the order ----------------------------------------------------------------------------------


class _Contata(msgspec.Struct, frozen=True, kw_only=True):
    domanda: Iscritta
    punteggi: tuple[Punteggio, ...]
    punti: Decimal
    spareggi: tuple[tuple[bool, int | Decimal], ...]
    """What each tie-break looks at: whether it is missing, and a figure, the lower the sooner."""


def _spareggi(
    richiesta: Richiesta, domanda: Iscritta, punteggi: Sequence[Punteggio]
) -> tuple[tuple[bool, int | Decimal], ...]:
    per_criterio = {uno.criterio: uno.punti for uno in punteggi}
    chiavi: list[tuple[bool, int | Decimal]] = []
    for spareggio in _in_vigore(richiesta.graduatoria.spareggi, richiesta.giorno):
        dato, cifra = richiesta.graduatoria.dato(spareggio.di), None
        if spareggio.di == PRESENTATA:
            cifra = Decimal(domanda.presentata_il.toordinal())
        elif dato is None:
            cifra = per_criterio.get(spareggio.di, Decimal(0))
        elif (testo := domanda.dati.get(spareggio.di)) is not None:
            cifra = _ordinale(dato, testo)
        if cifra is not None and spareggio.verso is Verso.IL_MAGGIORE:
            cifra = -cifra
        chiavi.append((cifra is None, cifra or 0))
    return tuple(chiavi)


def _ordinale(dato: DatoDomanda, testo: str) -> Decimal:
    if dato.tipo is TipoDato.DATA:
        return Decimal(date.fromisoformat(testo).toordinal())
    return Decimal(testo == "si") if dato.tipo is TipoDato.SI_NO else Decimal(testo)


def _in_vigore(tutti: Iterable[_D], giorno: date) -> list[_D]:
    return [uno for uno in tutti if uno.vale(giorno)]


def sorteggiato(seme: str, protocollo: str) -> str:
    """The lot of a protocol number: the lowest comes first. Anybody can do it again."""
    return hashlib.sha256(f"{seme}|{protocollo}".encode()).hexdigest()


def calcola(richiesta: Richiesta) -> Esito:
    """Put the domande in order.

    Args:
        richiesta: the rules and the domande; what these say can be used (see :func:`difetti_dati`).

    Returns:
        The list. While somebody is equal in all and nobody has drawn, those stand by protocol number
        and are named in ``pari``.
    """
    graduatoria, giorno = richiesta.graduatoria, richiesta.giorno
    escluse: list[Posto] = []
    contate: list[_Contata] = []
    for domanda in richiesta.domande:
        mancano = {
            uno.denominazione: motivo
            for uno in _in_vigore(graduatoria.requisiti, giorno)
            if (motivo := _manca(graduatoria, uno, domanda.dati)) is not None
        }
        if richiesta.budget is not None and _importo(graduatoria, domanda) is None:
            mancano["l’importo richiesto"] = (
                "Manca l’importo richiesto, e le risorse si assegnano per importo."
            )
        if mancano:
            escluse.append(
                Posto(
                    protocollo=domanda.protocollo, presentata_il=domanda.presentata_il,
                    stato="esclusa", motivi=tuple(mancano.values()),
                    perche=f"Manca: {'; '.join(mancano)}.",
                )
            )  # fmt: skip
            continue
        punteggi = tuple(
            _punteggio(graduatoria, uno, domanda, giorno)
            for uno in _in_vigore(graduatoria.criteri, giorno)
        )
        contate.append(
            _Contata(
                domanda=domanda, punteggi=punteggi,
                punti=sum((uno.punti for uno in punteggi), Decimal(0)),
                spareggi=_spareggi(richiesta, domanda, punteggi),
            )
        )  # fmt: skip
    seme = richiesta.seme

    def chiave(una: _Contata) -> tuple[object, ...]:
        protocollo = una.domanda.protocollo
        sorte = "" if seme is None else sorteggiato(seme, protocollo)
        return -una.punti, una.spareggi, sorte, protocollo

    contate.sort(key=chiave)
    pari = () if seme is not None else _pari(contate)
    ordinate = [
        Posto(
            protocollo=una.domanda.protocollo, presentata_il=una.domanda.presentata_il,
            stato="in_attesa", posizione=n, punti=una.punti, punteggi=una.punteggi,
            spareggio=_parole_spareggio(richiesta, contate, n - 1),
            importo=None if richiesta.budget is None else _importo(graduatoria, una.domanda),
        )
        for n, una in enumerate(contate, 1)
    ]  # fmt: skip
    assegnati = assegna(ordinate, richiesta.disponibili, richiesta.budget)
    return Esito(
        posti=(*assegnati, *sorted(escluse, key=lambda posto: posto.protocollo)), pari=pari
    )


def _importo(graduatoria: Graduatoria, domanda: Iscritta) -> Decimal | None:
    testo = None if graduatoria.importo is None else domanda.dati.get(graduatoria.importo)
    return None if testo is None else Decimal(testo)


def _pari(contate: Sequence[_Contata]) -> tuple[tuple[str, ...], ...]:
    gruppi: dict[tuple[object, ...], list[str]] = {}
    for una in contate:
        gruppi.setdefault((una.punti, una.spareggi), []).append(una.domanda.protocollo)
    return tuple(tuple(gruppo) for gruppo in gruppi.values() if len(gruppo) > 1)


def _parole_spareggio(richiesta: Richiesta, contate: Sequence[_Contata], qui: int) -> str:
    """How a domanda stands with its neighbours of the same points; nothing of theirs is told."""
    una = contate[qui]
    frasi = []
    for dove, altra in (("Viene dopo", qui - 1), ("Viene prima", qui + 1)):
        if not 0 <= altra < len(contate) or contate[altra].punti != una.punti:
            continue
        di_chi = "della domanda" if dove == "Viene prima" else "la domanda"
        frasi.append(
            f"{dove} {di_chi} {contate[altra].domanda.protocollo}: "
            f"{_che_cosa_decide(richiesta, una, contate[altra])}."
        )
    return f"Con {in_punti(una.punti)} ci sono altre domande. {' '.join(frasi)}" if frasi else ""


def _che_cosa_decide(richiesta: Richiesta, una: _Contata, altra: _Contata) -> str:
    spareggi = _in_vigore(richiesta.graduatoria.spareggi, richiesta.giorno)
    for spareggio, mia, sua in zip(spareggi, una.spareggi, altra.spareggi, strict=True):
        if mia != sua:
            return f"a pari punti precede {spareggio.denominazione} ({spareggio.fonte.cita()})"
    if richiesta.seme is None:
        return "sono pari in tutto, e il sorteggio deve ancora essere fatto"
    return f"sono pari in tutto, e decide il sorteggio con il seme «{richiesta.seme}»"


def _quante(
    ordinate: Sequence[Posto], disponibili: int | None, budget: Decimal | None
) -> tuple[int, str]:
    """How many of the first are admitted, and why the next one is not; nothing when all are."""
    restano = budget
    for n, posto in enumerate(ordinate):
        if disponibili is not None and n >= disponibili:
            if disponibili == 1:
                return n, "Il posto è uno, ed è di chi precede."
            return n, f"I posti sono {formati.numero(disponibili)}, tutti di chi precede."
        if restano is not None:
            if (posto.importo or 0) > restano:
                return n, (
                    f"Di {formati.importo(budget)} restano {formati.importo(restano)}, che non "
                    "bastano per la prima domanda in attesa."
                )
            restano -= posto.importo or 0
    return len(ordinate), ""


def assegna(
    ordinate: Sequence[Posto], disponibili: int | None, budget: Decimal | None
) -> list[Posto]:
    """Give places and budget in the order; who does not fit waits, and so do all that follow.

    Args:
        ordinate: in their order; none of them is excluded.
        disponibili: places; None for no limit.
        budget: euro; None for no limit.
    """
    quante, fermo = _quante(ordinate, disponibili, budget)
    perche = "C’è un posto." if disponibili is not None else "Le risorse bastano."
    if disponibili is None and budget is None:
        perche = "Il bando non ha un limite di posti né di risorse."
    return [
        msgspec.structs.replace(
            posto,
            stato="ammessa" if n < quante else "in_attesa",
            perche=perche if n < quante else fermo,
        )
        for n, posto in enumerate(ordinate)
    ]


# --- what happens afterwards --------------------------------------------------------------------


class Evento(msgspec.Struct, frozen=True, kw_only=True):
    """Something that frees or adds places after the approval, by an act."""

    specie: Literal["rinuncia", "decadenza", "aumento"]
    giorno: date
    atto: str
    protocollo: str | None = None
    """Who leaves; None for an increase."""
    disponibili: int = 0
    budget: Decimal = Decimal(0)


_USCITA: Final[Mapping[str, tuple[Stato, str]]] = {
    "rinuncia": ("rinunciata", "Ha rinunciato"), "decadenza": ("decaduta", "È decaduta"),
}  # fmt: skip


def dopo(richiesta: Richiesta, esito: Esito, eventi: Sequence[Evento]) -> Esito:
    """The list as it is after some events, in their order: who leaves frees the place for who waits.

    Positions and points stay those that were approved.
    """
    disponibili, budget = richiesta.disponibili, richiesta.budget
    escluse = [posto for posto in esito.posti if posto.stato == "esclusa"]
    ordinate = [posto for posto in esito.posti if posto.stato != "esclusa"]
    adesso = {posto.protocollo: posto for posto in ordinate}
    rimaste = list(ordinate)
    fermo = ""
    for evento in eventi:
        quando = f"il {formati.data(evento.giorno)} ({evento.atto})"
        if evento.protocollo is not None:
            stato, frase = _USCITA[evento.specie]
            adesso[evento.protocollo] = msgspec.structs.replace(
                adesso[evento.protocollo], stato=stato, perche=f"{frase} {quando}."
            )
            rimaste = [posto for posto in rimaste if posto.protocollo != evento.protocollo]
            motivo = (
                f"Ammessa per scorrimento {quando}, al posto della domanda {evento.protocollo}."
            )
        else:
            disponibili = None if disponibili is None else disponibili + evento.disponibili
            budget = None if budget is None else budget + evento.budget
            motivo = f"Ammessa per scorrimento {quando}, per l’aumento dei posti o delle risorse."
        quante, fermo = _quante(rimaste, disponibili, budget)
        for posto in rimaste[:quante]:
            if adesso[posto.protocollo].stato == "in_attesa":
                adesso[posto.protocollo] = msgspec.structs.replace(
                    adesso[posto.protocollo], stato="ammessa", perche=motivo
                )
    for posto in rimaste:
        una = adesso[posto.protocollo]
        if una.stato == "in_attesa" and fermo:
            adesso[posto.protocollo] = msgspec.structs.replace(una, perche=fermo)
    return Esito(posti=(*(adesso[posto.protocollo] for posto in ordinate), *escluse))


def senza_motivi(esito: Esito) -> Esito:
    """The list as whoever may not know what the domande say reads it: no reason, no day."""
    return Esito(
        posti=tuple(
            Posto(
                protocollo=posto.protocollo, presentata_il=date.min, stato=posto.stato,
                posizione=posto.posizione, punti=posto.punti, importo=posto.importo,
                perche="" if posto.stato == "esclusa" else posto.perche,
            )
            for posto in esito.posti
        )
    )  # fmt: skip


# --- frozen -------------------------------------------------------------------------------------


class Congelata(msgspec.Struct, frozen=True, kw_only=True):
    """A list with all that it comes from: no plugin is needed to do it again."""

    richiesta: Richiesta
    esito: Esito
    plugin: str
    versione: str

    def in_byte(self) -> bytes:
        """What is kept."""
        return msgspec.json.encode(self, order="deterministic")

    def impronta(self) -> str:
        """The sha256 of what is kept."""
        return hashlib.sha256(self.in_byte()).hexdigest()


def congela(richiesta: Richiesta, plugin: str, versione: str) -> Congelata:
    """Compute and freeze; the domande by protocol number, so that one list has one digest."""
    in_ordine = tuple(sorted(richiesta.domande, key=lambda una: una.protocollo))
    richiesta = msgspec.structs.replace(richiesta, domande=in_ordine)
    return Congelata(
        richiesta=richiesta, esito=calcola(richiesta), plugin=plugin, versione=versione
    )


def scongela(dati: bytes) -> Congelata:
    """What was frozen.

    Raises:
        msgspec.DecodeError: it is not that any more.
    """
    return msgspec.json.decode(dati, type=Congelata)


def rifai(congelata: Congelata) -> bool:
    """Whether the same list comes from what was frozen: order, points, states.

    To the point, and not to the letter: the words of a reason may be said better one day.
    """

    def cifre(esito: Esito) -> list[object]:
        return [(p.protocollo, p.stato, p.posizione, p.punti, p.importo) for p in esito.posti]

    return cifre(calcola(congelata.richiesta)) == cifre(congelata.esito)
