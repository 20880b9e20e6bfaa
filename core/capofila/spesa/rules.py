"""The ledger of the social spending: what must hold of a line, how amounts are spread, what can be done.

Sources: the identity total = comuni + users + SSN is ISTAT's (survey of the interventi e servizi
sociali); the incidence of what users pay is that of Cremona's analysis of 2012, 854 / (3,740 + 854).
Everything else is argued in docs/perche/spesa.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from statistics import median
from typing import Final

import msgspec

from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.hooks.spesa import (
    UTENTI,
    Anomalia,
    Coppia,
    GiornoTra,
    LunghezzaTesto,
    SommaSpesa,
    Variazione,
)

CENTESIMO: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


class RigaSpesa(msgspec.Struct, frozen=True, kw_only=True):
    """What a comune spent on a voce in an area, in one way. Amounts in euro."""

    comune: str
    """ISTAT code."""
    area: str
    voce: str
    gestione: str
    modalita: str
    spesa: Decimal
    """Gross: with what users and SSN pay."""
    quota_utenti: Decimal = ZERO
    quota_ssn: Decimal = ZERO
    fonti: Mapping[str, Decimal] = {}
    """By source of funds, what the comuni's part was paid with."""
    utenti: int | None = None
    """None when not known, which is not zero."""

    def valore(self, colonna: str) -> Decimal | None:
        """A column; None only for users that are not known."""
        match colonna:
            case "utenti":
                return None if self.utenti is None else Decimal(self.utenti)
            case "spesa":
                return self.spesa
            case "quota_utenti":
                return self.quota_utenti
            case "quota_ssn":
                return self.quota_ssn
            case "fonti":
                return sum(self.fonti.values(), ZERO)
            case _:
                return self.fonti.get(colonna, ZERO)

    @property
    def sbilancio(self) -> Decimal:
        """Spending less all that pays for it; zero in a good line."""
        return self.spesa - self.quota_utenti - self.quota_ssn - sum(self.fonti.values(), ZERO)


def sommate(quali: Iterable[RigaSpesa]) -> list[RigaSpesa]:
    """One line a key: a comune's own and the shares of the azienda that stand beside it."""
    trovate: dict[tuple[str, ...], RigaSpesa] = {}
    for riga in quali:
        nome = (riga.comune, riga.area, riga.voce, riga.gestione, riga.modalita)
        gia = trovate.get(nome)
        if gia is None:
            trovate[nome] = riga
            continue
        note = [n for n in (gia.utenti, riga.utenti) if n is not None]
        trovate[nome] = msgspec.structs.replace(
            gia,
            utenti=sum(note) if note else None,
            spesa=gia.spesa + riga.spesa,
            quota_utenti=gia.quota_utenti + riga.quota_utenti,
            quota_ssn=gia.quota_ssn + riga.quota_ssn,
            fonti={
                f: gia.fonti.get(f, ZERO) + riga.fonti.get(f, ZERO)
                for f in {**gia.fonti, **riga.fonti}
            },
        )
    return list(trovate.values())


# Figures that are made of others.


def quota(parte: Decimal, totale: Decimal) -> Decimal | None:
    """A share as a fraction with four decimals, half up; None of nothing."""
    if not totale:
        return None
    return (parte / totale).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def percento(frazione: Decimal, decimali: int = 0) -> Decimal:
    """A fraction in percent, half up at the stated decimals."""
    return (frazione * 100).quantize(Decimal(1).scaleb(-decimali), ROUND_HALF_UP)


def per_uno(importo: Decimal, quanti: int) -> Decimal | None:
    """Euro a head, to the cent; None when there is nobody."""
    return (importo / quanti).quantize(CENTESIMO, ROUND_HALF_UP) if quanti else None


def incidenza_utenti(spesa: Decimal, quota_utenti: Decimal, quota_ssn: Decimal) -> Decimal | None:
    """How much of what is not paid by the SSN the users pay."""
    return quota(quota_utenti, spesa - quota_ssn)


# What the azienda spent, on the comuni.


class RipartoImpossibile(DatiNonValidi):
    """An amount that cannot be spread by these weights."""

    codice = "riparto_impossibile"


def ripartisci(importo: Decimal, pesi: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Spread an amount to the cent, by largest remainders; equal ones go to the lower code.

    Args:
        importo: euro, not negative, with two decimals at most.
        pesi: by comune, not negative, not all zero.

    Returns:
        By comune; the shares make the amount exactly, and none is a cent off its exact share.

    Raises:
        RipartoImpossibile: the amount or the weights are not so.
    """
    totale = sum(pesi.values(), ZERO)
    if totale <= 0 or any(peso < 0 for peso in pesi.values()):
        raise RipartoImpossibile("La chiave di riparto vuole pesi non negativi e non tutti a zero.")
    if importo < 0 or importo != importo.quantize(CENTESIMO):
        raise RipartoImpossibile("Si ripartisce un importo non negativo, con due decimali.")
    # In whole numbers, so that no remainder is lost to the precision of a division.
    scala = 10 ** max(0, *(-int(peso.normalize().as_tuple().exponent) for peso in pesi.values()))
    interi = {comune: int(peso * scala) for comune, peso in pesi.items()}
    divisore, centesimi = sum(interi.values()), int(importo * 100)
    parti = {comune: divmod(centesimi * peso, divisore) for comune, peso in interi.items()}
    avanzo = centesimi - sum(intera for intera, _ in parti.values())
    primi = sorted(parti, key=lambda comune: (-parti[comune][1], comune))[:avanzo]
    return {
        comune: Decimal(intera + (comune in primi)) * CENTESIMO
        for comune, (intera, _) in parti.items()
    }


def ripartisci_riga(riga: RigaSpesa, pesi: Mapping[str, Decimal]) -> tuple[RigaSpesa, ...]:
    """Spread a line of the azienda: each addend by itself, and the spending is their sum.

    So each addend makes the azienda's, and each comune's line balances. Users are not spread.

    Raises:
        RipartoImpossibile: the line does not balance, or see :func:`ripartisci`.
    """
    if riga.sbilancio:
        raise RipartoImpossibile(
            f"La riga non quadra di {riga.sbilancio} euro: correggerla, poi ripartirla."
        )
    utenti = ripartisci(riga.quota_utenti, pesi)
    ssn = ripartisci(riga.quota_ssn, pesi)
    fonti = {nome: ripartisci(importo, pesi) for nome, importo in riga.fonti.items()}
    return tuple(
        msgspec.structs.replace(
            riga,
            comune=comune,
            utenti=None,
            quota_utenti=utenti[comune],
            quota_ssn=ssn[comune],
            fonti={nome: parti[comune] for nome, parti in fonti.items()},
            spesa=utenti[comune]
            + ssn[comune]
            + sum((parti[comune] for parti in fonti.values()), ZERO),
        )
        for comune in sorted(pesi)
    )


# The declared checks. Each answers whether what it looks at is as it should be.


def coppia_rispettata(controllo: Coppia, riga: RigaSpesa) -> bool:
    """Whether what the first column wants is there."""
    return (
        not (riga.valore(controllo.se) or ZERO) > 0 or (riga.valore(controllo.allora) or ZERO) > 0
    )


def somma_rispettata(controllo: SommaSpesa, riga: RigaSpesa) -> bool:
    """Whether the addends make the total, or stay within it, to the cent."""
    somma = sum((riga.valore(nome) or ZERO for nome in controllo.addendi), ZERO)
    totale = riga.valore(controllo.totale) or ZERO
    return somma == totale if controllo.relazione == "uguale" else somma <= totale


def variazione_ammessa(controllo: Variazione, prima: Decimal, adesso: Decimal) -> bool:
    """Whether a value is within the band around last year's; the ends belong to it."""
    differenza = abs(adesso - prima)
    return differenza <= controllo.minimo or differenza * 100 <= abs(prima) * controllo.percento


def lunghezza_ammessa(controllo: LunghezzaTesto, testo: str) -> bool:
    """Whether a text has the length that is wanted, spaces at its ends aside; an empty one has."""
    quanto = len(testo.strip())
    return not quanto or controllo.minimo <= quanto <= controllo.massimo


def giorno_ammesso(controllo: GiornoTra, giorno: date, anno: int) -> bool:
    """Whether a day falls where it should, for the spending of that year."""
    return (controllo.dal is None or controllo.dal.nel(anno) <= giorno) and (
        controllo.al is None or giorno <= controllo.al.nel(anno)
    )


def anomali(
    controllo: Anomalia, spesa: Mapping[str, Decimal], abitanti: Mapping[str, int]
) -> dict[str, Decimal]:
    """The comuni whose spending per inhabitant is far from that of the comuni of their class.

    Args:
        spesa: by comune, in euro.
        abitanti: of the same year; a comune without inhabitants is not compared.

    Returns:
        The modified z-score of each, two decimals, below zero for little spending.
    """
    classi: dict[int, dict[str, Decimal]] = {}
    for comune, importo in spesa.items():
        if quanti := abitanti.get(comune, 0):
            classe = sum(quanti > fine for fine in controllo.classi)
            classi.setdefault(classe, {})[comune] = importo / quanti
    trovati: dict[str, Decimal] = {}
    for valori in classi.values():
        if len(valori) < controllo.comuni:
            continue
        centro = median(valori.values())
        mad = median(abs(valore - centro) for valore in valori.values())
        if not mad:
            continue
        for comune, valore in valori.items():
            z = Decimal("0.6745") * (valore - centro) / mad
            if abs(z) > controllo.soglia:
                trovati[comune] = z.quantize(CENTESIMO, ROUND_DOWN)
    return trovati


# The life of a sheet.


class Stato(StrEnum):
    """Where the sheet of a comune is."""

    APERTA = "aperta"
    COMPILATA = "compilata"
    INVIATA = "inviata"
    VERIFICATA = "verificata"
    APPROVATA = "approvata"
    TRASMESSA = "trasmessa"
    ESITO = "esito"
    RIAPERTA = "riaperta"


class Chi(StrEnum):
    """Who takes a step."""

    COMUNE = "comune"
    UFFICIO_DI_PIANO = "ufficio_di_piano"


class Passo(msgspec.Struct, frozen=True, kw_only=True):
    """A step that can be taken, and what it wants."""

    azione: str
    da: tuple[Stato, ...]
    a: Stato
    chi: Chi
    senza_errori: bool = False
    entro_il_termine: bool = False
    tutti_i_comuni: bool = False
    """Every other comune of the ambito is where this one is: child before parent."""
    con_motivo: bool = False


PASSI: Final = (
    Passo(azione="completa", da=(Stato.APERTA, Stato.RIAPERTA), a=Stato.COMPILATA,
          chi=Chi.COMUNE, senza_errori=True),
    Passo(azione="riprendi", da=(Stato.COMPILATA,), a=Stato.APERTA, chi=Chi.COMUNE),
    Passo(azione="invia", da=(Stato.COMPILATA,), a=Stato.INVIATA, chi=Chi.COMUNE,
          entro_il_termine=True),
    Passo(azione="verifica", da=(Stato.INVIATA,), a=Stato.VERIFICATA, chi=Chi.UFFICIO_DI_PIANO,
          senza_errori=True),
    Passo(azione="approva", da=(Stato.VERIFICATA,), a=Stato.APPROVATA, chi=Chi.UFFICIO_DI_PIANO),
    Passo(azione="trasmetti", da=(Stato.APPROVATA,), a=Stato.TRASMESSA, chi=Chi.UFFICIO_DI_PIANO,
          tutti_i_comuni=True),
    Passo(azione="registra_esito", da=(Stato.TRASMESSA,), a=Stato.ESITO,
          chi=Chi.UFFICIO_DI_PIANO),
    Passo(azione="riapri",
          da=(Stato.INVIATA, Stato.VERIFICATA, Stato.APPROVATA, Stato.TRASMESSA, Stato.ESITO),
          a=Stato.RIAPERTA, chi=Chi.UFFICIO_DI_PIANO, con_motivo=True),
)  # fmt: skip

MODIFICABILI: Final = frozenset({Stato.APERTA, Stato.RIAPERTA})
MOTIVO_MINIMO: Final = 5
"""Letters of the reason why a step is taken on behalf of a comune."""


class Situazione(msgspec.Struct, frozen=True, kw_only=True):
    """What a step is judged on."""

    errori: int = 0
    """Open ones, without an explained exception."""
    scaduta: bool = False
    """The deadline is gone, with the comune's extension."""
    mancano: int = 0
    """Comuni that are not yet approved."""
    motivo: str = ""


def per_conto(passo: Passo, chi: Chi) -> bool:
    """Whether a step is the comune's and the Ufficio di Piano takes it in its place."""
    return passo.chi is Chi.COMUNE and chi is Chi.UFFICIO_DI_PIANO


class PassoNonAmmesso(Conflitto):
    """A step that cannot be taken now; the message says what is missing."""

    codice = "passo_non_ammesso"


def compi(azione: str, stato: Stato, chi: Chi, situazione: Situazione) -> Stato:
    """Take a step.

    The Ufficio di Piano may take those of a comune on its behalf, with a reason: a comune may have
    nobody who enters the program, and its sheet holds all the others back.

    Returns:
        The state after it.

    Raises:
        PassoNonAmmesso: there is no such step from here, it is another's, or it wants something.
    """
    passo = next((uno for uno in PASSI if uno.azione == azione and stato in uno.da), None)
    if passo is None:
        raise PassoNonAmmesso(f"Da «{stato}» non si può fare «{azione}».")
    motivo = situazione.motivo.strip()
    if per_conto(passo, chi):
        if len(motivo) < MOTIVO_MINIMO:
            raise PassoNonAmmesso(
                "Questo passo è del comune: per farlo per suo conto scrivere il motivo, con almeno "
                f"{MOTIVO_MINIMO} caratteri."
            )
    elif passo.chi is not chi:
        raise PassoNonAmmesso(f"Il passo «{azione}» spetta a: {passo.chi.replace('_', ' ')}.")
    if passo.senza_errori and situazione.errori:
        raise PassoNonAmmesso(
            f"Errori aperti: {situazione.errori}. Vanno corretti, o spiegati dove è ammesso."
        )
    if passo.entro_il_termine and situazione.scaduta:
        raise PassoNonAmmesso("Il termine è passato: chiedere una proroga all'Ufficio di Piano.")
    if passo.tutti_i_comuni and situazione.mancano:
        raise PassoNonAmmesso(f"Comuni ancora da approvare: {situazione.mancano}.")
    if passo.con_motivo and not motivo:
        raise PassoNonAmmesso("Per riaprire una scheda va scritto il motivo.")
    return passo.a


def cambiate(approvate: Iterable[RigaSpesa], adesso: Iterable[RigaSpesa]) -> Sequence[str]:
    """The cells that differ from what was approved, each as comune/area/voce/…/column."""

    def celle(righe: Iterable[RigaSpesa]) -> dict[str, Decimal | None]:
        return {
            f"{r.comune}/{r.area}/{r.voce}/{r.gestione}/{r.modalita}/{colonna}": r.valore(colonna)
            for r in righe
            for colonna in (UTENTI, "spesa", "quota_utenti", "quota_ssn", *r.fonti)
        }

    prima, dopo = celle(approvate), celle(adesso)
    # A line that is not there and an amount of zero say the same; users not known do not.
    return sorted(
        cella
        for cella in {*prima, *dopo}
        if prima.get(cella, _assente(cella)) != dopo.get(cella, _assente(cella))
    )


def _assente(cella: str) -> Decimal | None:
    return None if cella.endswith(f"/{UTENTI}") else ZERO
