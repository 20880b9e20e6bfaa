"""Deadlines seen from a day: how the day came about, the state, whom to warn of what. Pure.

The days come from the contract (`capofila.hooks.scadenze`). Warnings and reminders of what has
passed are a service of the platform; a state is computed, never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from capofila.governo.rules import cita
from capofila.hooks import (
    Adempimento,
    Atto,
    GiornoLavorativo,
    Partenza,
    Scadenza,
    Sollecito,
    SpecieProva,
    perche_non_lavorativo,
)

Stato = Literal[
    "in_attesa", "futuro", "in_avviso", "in_scadenza", "scaduto", "fatto", "fatto_in_ritardo",
    "non_dovuto",
]  # fmt: skip
Origine = Literal["plugin", "ambito", "spesa", "seduta", "accreditamento"]
Esito = Literal["fatto", "non_dovuto", "riaperto"]

VICINO: Final = 30
"""Days before a deadline from which it is being warned of, where nothing declares any."""
IMMINENTE: Final = 7
"""Days before a deadline from which it is about to fall."""
SILENZIO: Final = 90
"""Days after a deadline from which nobody is written to any more: an old one is for the page."""
RESPONSABILE: Final = ""
"""Whom a reminder is for when no body is named: the responsible of the Ufficio di Piano."""
SOLLECITI: Final = (Sollecito(dopo_giorni=1),)
"""Where nothing is declared."""

_MESI: Final = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
    "ottobre", "novembre", "dicembre",
)  # fmt: skip
_SETTIMANA: Final = (
    "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica",
)  # fmt: skip


class Fatto(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote down of a deadline, or what another room knows of it.

    Attributes:
        esito: done, not due, or open again after a mistake.
        giorno: the day on which it was done, or of the correction.
        prova: the act, the protocol, the name of the file; why, for what is not due or open again.
        esportazione: the run of the debito that is the proof.
        deliberazione: the act of the register that is.
        numero: its place among the rows about this deadline; 0 for what another room knows.
        scritto_il: when, where somebody wrote it.
    """

    esito: Esito
    giorno: date
    prova: str = ""
    specie: SpecieProva | None = None
    esportazione: str | None = None
    deliberazione: int | None = None
    numero: int = 0
    scritto_il: datetime | None = None


class Istanza(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline of a year.

    Attributes:
        organo: the code of the body that answers for it, `organo_nome` its name.
        data: the day; None while it hangs on something that has not happened.
        data_nominale: as the act says it, before any shift.
        avvisi: when to warn, earliest first.
        fonte: the act that gives it; `fonte_testo` as the pages cite it.
        origine: a plugin, the ambito itself, the survey of the spending, a meeting to publish, or an
            accreditation.
        enti: of a flow that several enti owe, each with whether its file was sent.
        seduta: the meeting to publish.
        accreditamento: the domanda of accreditation that it is about.
        fatto: what is known of its being done, None when nothing is.
        sa: whether the platform knows by itself that it is done.
    """

    codice: str
    anno: int
    titolo: str
    organo: str
    organo_nome: str
    data: date | None
    data_nominale: date | None = None
    avvisi: tuple[date, ...] = ()
    fonte: Atto | None = None
    fonte_testo: str = ""
    origine: Origine = "plugin"
    descrizione: str = ""
    prova: str | None = None
    specie_prova: SpecieProva | None = None
    flusso: str | None = None
    periodo: str = ""
    solleciti: tuple[Sollecito, ...] = ()
    lavorativo: GiornoLavorativo = GiornoLavorativo.NOMINALE
    dichiarazione: Adempimento | None = None
    partenza: date | None = None
    fatto: Fatto | None = None
    sa: bool = False
    enti: tuple[tuple[str, bool], ...] = ()
    seduta: int | None = None
    accreditamento: int | None = None

    @property
    def inviati(self) -> str:
        """How many of the enti that owe a flow have sent it: ``2 di 3 enti``; empty for one alone."""
        return quanti_enti(self.enti)

    @property
    def aperta(self) -> bool:
        """Whether it is still to be done."""
        return self.fatto is None or self.fatto.esito == "riaperto"

    @property
    def ipotesi(self) -> bool:
        """Whether its source is only supposed."""
        return self.fonte is not None and self.fonte.ipotesi

    @property
    def nota(self) -> str | None:
        """What the source says less clearly than one would like, or why it is supposed."""
        return None if self.fonte is None else self.fonte.nota

    @property
    def anno_di_riferimento(self) -> int | None:
        """The year that it is about, when it is not the one in which it falls."""
        return self.anno if self.data is not None and self.data.year != self.anno else None


def quanti_enti(enti: Sequence[tuple[str, bool]]) -> str:
    """How many of those that owe something have done it; empty for one alone.

    >>> quanti_enti([("Crema", True), ("Pandino", False), ("Soncino", True)])
    '2 di 3 enti'
    """
    if len(enti) < 2:
        return ""
    return f"{sum(fatto for _, fatto in enti)} di {len(enti)} enti"


class ScadenzaVista(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline on a day, as the pages show it.

    Attributes:
        una: the deadline.
        stato: its state on that day.
        giorni: days to it, negative when it has passed; None while it has no day.
    """

    una: Istanza
    stato: Stato
    giorni: int | None

    @property
    def vicina(self) -> bool:
        """Whether somebody should do something about it now."""
        return self.stato in ("in_avviso", "in_scadenza", "scaduto")


def mostra(una: Istanza, oggi: date) -> ScadenzaVista:
    """A deadline seen from a day."""
    giorni = None if una.data is None else (una.data - oggi).days
    return ScadenzaVista(una=una, stato=stato(una, oggi), giorni=giorni)


def da_scadenza(una: Scadenza, organo: str) -> Istanza:
    """A deadline that a plugin declares and that has its day; `organo` is the name of its body."""
    return msgspec.structs.replace(
        da_dichiarazione(una.dichiarazione, una.anno, organo),
        data=una.data,
        data_nominale=una.data_nominale,
        avvisi=una.avvisi,
        partenza=una.partenza,
    )


def da_dichiarazione(uno: Adempimento, anno: int, organo: str) -> Istanza:
    """A deadline that has no day yet."""
    return Istanza(
        codice=uno.codice,
        anno=anno,
        titolo=uno.titolo,
        organo=uno.organo,
        organo_nome=organo,
        data=None,
        fonte=uno.fonte,
        fonte_testo=cita(uno.fonte),
        descrizione=uno.descrizione,
        prova=uno.prova,
        specie_prova=uno.specie_prova,
        flusso=uno.flusso,
        periodo=str(anno) if uno.flusso else "",
        solleciti=uno.solleciti,
        lavorativo=uno.lavorativo,
        dichiarazione=uno,
        sa=uno.flusso is not None,
    )


def stato(istanza: Istanza, oggi: date) -> Stato:
    """The state of a deadline on a day.

    It is late from the day after; what was done on its day was done in time.
    """
    fatto = istanza.fatto
    if fatto is not None and fatto.esito == "non_dovuto":
        return "non_dovuto"
    if fatto is not None and fatto.esito == "fatto":
        in_tempo = istanza.data is None or fatto.giorno <= istanza.data
        return "fatto" if in_tempo else "fatto_in_ritardo"
    if istanza.data is None:
        return "in_attesa"
    mancano = (istanza.data - oggi).days
    if mancano < 0:
        return "scaduto"
    if mancano <= IMMINENTE:
        return "in_scadenza"
    primo = istanza.avvisi[0] if istanza.avvisi else istanza.data - timedelta(days=VICINO)
    return "in_avviso" if primo <= oggi else "futuro"


# How a day came about.


def spiega(istanza: Istanza, festivi: frozenset[date] = frozenset(), altro: str = "") -> list[str]:
    """How the day of a deadline was computed, in sentences.

    Args:
        istanza: the deadline.
        festivi: local holidays, as given to compute it.
        altro: the title of the deadline that it is counted from.
    """
    dichiarata = istanza.dichiarazione
    if dichiarata is None:
        return [_non_si_sposta(istanza.data, None, festivi)] if istanza.data else []
    if dichiarata.dopo is not None:
        inizio = _dopo(istanza, altro or dichiarata.dopo.adempimento)
    else:
        regola = dichiarata.regola
        assert regola is not None
        nominale = regola.nel(istanza.anno)
        if regola.giorno is None:
            inizio = (
                f"L’atto dice un mese, {_MESI[regola.mese - 1]} {nominale.year}: vale l’ultimo "
                f"giorno, {in_parole(nominale)}."
            )
        else:
            inizio = f"L’atto dice il {in_parole(nominale, settimana=False)}."
    if istanza.data is None or istanza.data_nominale is None:
        return [inizio]
    if istanza.data == istanza.data_nominale:
        return [inizio, _non_si_sposta(istanza.data, istanza.lavorativo, festivi)]
    verso = -1 if istanza.data < istanza.data_nominale else 1
    saltati = [
        istanza.data_nominale + timedelta(days=verso * n)
        for n in range(abs((istanza.data - istanza.data_nominale).days))
    ]
    perche = ", ".join(
        f"il {in_parole(uno, settimana=False)} è {perche_non_lavorativo(uno, festivi)}"
        for uno in saltati
    )
    quale = "dopo" if verso > 0 else "prima"
    return [
        inizio,
        f"{perche[:1].upper()}{perche[1:]}: per la regola dell’atto vale il primo giorno lavorativo "
        f"{quale}, {in_parole(istanza.data)}.",
    ]


def _dopo(istanza: Istanza, altro: str) -> str:
    assert istanza.dichiarazione is not None
    assert istanza.dichiarazione.dopo is not None
    dopo = istanza.dichiarazione.dopo
    lavorativi = (" lavorativo" if abs(dopo.giorni) == 1 else " lavorativi") * dopo.lavorativi
    quanti = f"{abs(dopo.giorni)} {'giorno' if abs(dopo.giorni) == 1 else 'giorni'}{lavorativi}"
    verso = "prima" if dopo.giorni < 0 else "dopo"
    if dopo.da is Partenza.SCADENZA:
        quale = f"{quanti} {verso} la scadenza di «{altro}»"
    else:
        quale = f"{quanti} dal giorno in cui «{altro}» è fatto"
    if istanza.partenza is None:
        return f"L’atto conta {quale}: fino ad allora non c’è un giorno."
    return f"L’atto conta {quale}, che è {in_parole(istanza.partenza)}."


def _non_si_sposta(giorno: date, regola: GiornoLavorativo | None, festivi: frozenset[date]) -> str:
    perche = perche_non_lavorativo(giorno, festivi)
    if perche is None:
        return f"{_SETTIMANA[giorno.weekday()].capitalize()} è un giorno lavorativo: non si sposta."
    quando = perche if perche in _SETTIMANA else f"{_SETTIMANA[giorno.weekday()]}, {perche}"
    chi = (
        "il termine è scritto così" if regola is None else "l’atto non dice che cosa accade allora"
    )
    return f"Cade di {quando}; {chi}, e il giorno resta quello."


def in_parole(giorno: date, *, settimana: bool = True) -> str:
    """A day as one says it.

    >>> in_parole(date(2027, 1, 31)), in_parole(date(2027, 4, 1), settimana=False)
    ('domenica 31 gennaio 2027', '1° aprile 2027')
    """
    numero = "1°" if giorno.day == 1 else str(giorno.day)
    testo = f"{numero} {_MESI[giorno.month - 1]} {giorno.year}"
    return f"{_SETTIMANA[giorno.weekday()]} {testo}" if settimana else testo


def per_mese(viste: Iterable[ScadenzaVista]) -> list[tuple[str, list[ScadenzaVista]]]:
    """The deadlines that have a day, in order, by month in words."""
    con_giorno = [(una.una.data, una) for una in viste if una.una.data is not None]
    mesi: dict[tuple[int, int], list[ScadenzaVista]] = {}
    for giorno, una in sorted(con_giorno, key=lambda c: (c[0], c[1].una.titolo, c[1].una.codice)):
        mesi.setdefault((giorno.year, giorno.month), []).append(una)
    return [(f"{_MESI[mese - 1].capitalize()} {anno}", m) for (anno, mese), m in mesi.items()]


# Whom to warn.


class Avviso(msgspec.Struct, frozen=True, kw_only=True):
    """Something to write to somebody, once.

    Attributes:
        passo: days before the deadline for a warning, after it for a reminder.
        destinatario: the code of a body, or :data:`RESPONSABILE`.
        scadenza: the day of the deadline: of one that is moved people are told again.
    """

    codice: str
    anno: int
    specie: Literal["preavviso", "sollecito"]
    passo: int
    destinatario: str
    scadenza: date


def avvisi_del_giorno(istanze: Iterable[Istanza], oggi: date) -> tuple[Avviso, ...]:
    """What is to be told on a day, to whom.

    Of the warnings that have come due only the last is given, so a platform that was off, or that
    has just come to know of a deadline, does not write three letters at once. Of a deadline that
    has passed the body that answers for it is told the day after, and whoever else is to be told
    as many days after as is declared; nobody any more after :data:`SILENZIO` days.
    """
    trovati: list[Avviso] = []
    for una in istanze:
        if una.data is None or not una.aperta:
            continue
        if oggi <= una.data:
            dovuti = [giorno for giorno in una.avvisi if giorno <= oggi]
            if dovuti:
                passo = (una.data - dovuti[-1]).days
                trovati.append(_avviso(una, "preavviso", passo, una.organo))
            continue
        ritardo = (oggi - una.data).days
        if ritardo > SILENZIO:
            continue
        a_chi = {una.organo: 1}
        for sollecito in una.solleciti or SOLLECITI:
            if sollecito.dopo_giorni <= ritardo:
                a_chi[sollecito.a or RESPONSABILE] = sollecito.dopo_giorni
        trovati += [_avviso(una, "sollecito", passo, chi) for chi, passo in a_chi.items()]
    return tuple(trovati)


def _avviso(
    una: Istanza, specie: Literal["preavviso", "sollecito"], passo: int, chi: str
) -> Avviso:
    assert una.data is not None
    return Avviso(
        codice=una.codice, anno=una.anno, specie=specie, passo=passo, destinatario=chi,
        scadenza=una.data,
    )  # fmt: skip


def lettera(
    ambito: str,
    chi: str,
    voci: Sequence[tuple[Istanza, Avviso]],
    poi: Sequence[Istanza],
    oggi: date,
    indirizzo: str,
) -> tuple[str, str]:
    """Subject and text of a digest.

    Args:
        ambito: its name.
        chi: the name of the body written to.
        voci: what is to be told, with the deadlines that it is about.
        poi: what else falls in the days to come.
        oggi: the day.
        indirizzo: of the page of the deadlines, empty when this platform has none.
    """
    scadute = sum(avviso.specie == "sollecito" for _, avviso in voci)
    oggetto = f"Scadenze: {len(voci)} da guardare"
    if scadute:
        oggetto += f", {scadute} {'passata' if scadute == 1 else 'passate'}"
    righe = [f"Per: {chi}", ""]
    for una, avviso in sorted(voci, key=lambda voce: (voce[0].data or oggi, voce[0].titolo)):
        assert una.data is not None
        giorni = (una.data - oggi).days
        prima = "PASSATA da" if avviso.specie == "sollecito" else "fra"
        quanto = f"{abs(giorni)} {'giorno' if abs(giorni) == 1 else 'giorni'}"
        quando = "oggi" if giorni == 0 else f"{prima} {quanto}"
        righe += [f"- {una.titolo}: {in_parole(una.data)} ({quando})"]
        righe += [f"  Risponde: {una.organo_nome}. Fonte: {una.fonte_testo or 'non indicata'}"]
        if indirizzo:
            righe.append(f"  {indirizzo}/{una.codice}/{una.anno}")
        righe.append("")
    if poi:
        righe += [f"Nei prossimi {VICINO} giorni:"]
        righe += [f"- {una.titolo}: {in_parole(una.data)}" for una in poi if una.data]
        righe.append("")
    dove = f"a questa pagina:\n{indirizzo}" if indirizzo else "alla voce «Scadenze»."
    righe += [f"Quello che è già fatto si segna in Capofila, {dove}", "", ambito, ""]
    return oggetto, "\n".join(righe)
