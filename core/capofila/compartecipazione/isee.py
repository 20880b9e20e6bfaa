"""The ISEE: how it is computed from its components, how long it holds, which kind a service wants.

D.P.C.M. 5/12/2013 n. 159, articles 3–5, 9, 10 and annex 1; for people with a disability, D.L.
29/3/2016 n. 42, art. 2-sexies (converted by L. 26/5/2016 n. 89). Who is in the nucleo, what counts as
income and what each amount is are facts of the DSU: they come in as figures. An ISEE computed here
serves to check one and to try a change; the one that counts is INPS's.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, Literal

import msgspec

_DECIMALI: Final = 6
CENTESIMO: Final = Decimal("0.01")
ISEE_MASSIMO: Final = Decimal(10_000_000)
"""Beyond this a value is a mistake of who typed it, not an ISEE."""

_SCALA: Final = tuple(map(Decimal, ("1.00", "1.57", "2.04", "2.46", "2.85")))
_OGNI_ALTRO: Final = Decimal("0.35")
_FIGLI: Final = {3: Decimal("0.2"), 4: Decimal("0.35"), 5: Decimal("0.5")}
_MINORI: Final = Decimal("0.2")
_MINORI_SOTTO_TRE: Final = Decimal("0.3")
_DISABILE: Final = Decimal("0.5")

_PARTE_DEL_PATRIMONIO: Final = Decimal("0.2")
_LOCAZIONE, _LOCAZIONE_FIGLIO = Decimal(7_000), Decimal(500)
_CASA, _CASA_FIGLIO, _CASA_PARTE = Decimal(52_500), Decimal(2_500), (2, 3)
_MOBILI, _MOBILI_ALTRO = Decimal(6_000), Decimal(2_000)
_MOBILI_MASSIMO, _MOBILI_FIGLIO = Decimal(10_000), Decimal(1_000)
_LAVORO, _LAVORO_MASSIMO = Decimal("0.2"), Decimal(3_000)
_PENSIONE, _PENSIONE_MASSIMO = Decimal("0.2"), Decimal(1_000)
_MESI_DEL_CORRENTE: Final = 6


class SpecieISEE(StrEnum):
    """The kinds of ISEE."""

    ORDINARIO = "ordinario"
    MINORENNI = "minorenni"
    SOCIOSANITARIO = "sociosanitario"
    SOCIOSANITARIO_RESIDENZE = "sociosanitario_residenze"
    CORRENTE = "corrente"
    UNIVERSITARIO = "universitario"


class Nucleo(msgspec.Struct, frozen=True, kw_only=True):
    """What of a nucleo the scale of equivalence looks at (annex 1).

    Raises:
        ValueError: the figures cannot be of the same nucleo.
    """

    componenti: int
    figli: int = 0
    """Children who live in it."""
    minori: bool = False
    """Whether one of them is under age."""
    minore_di_tre: bool = False
    genitori_al_lavoro: bool = False
    """Both parents, or the only one, worked six months of the year of the incomes."""
    solo_genitore_con_minori: bool = False
    """Nothing but one parent who does not work, and children under age."""
    disabili: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.componenti <= 30:
            raise ValueError("Un nucleo ha da 1 a 30 componenti.")
        if not 0 <= self.figli < self.componenti or not 0 <= self.disabili <= self.componenti:
            raise ValueError("Figli e persone con disabilità non possono essere più del nucleo.")
        if (self.minore_di_tre and not self.minori) or (self.minori and not self.figli):
            raise ValueError("Un figlio minore è un figlio: correggi il numero dei figli.")
        if self.solo_genitore_con_minori and (
            not self.minori or self.figli != self.componenti - 1 or self.genitori_al_lavoro
        ):
            raise ValueError(
                "Un nucleo del solo genitore è fatto di lui e dei figli, e la maggiorazione per "
                "i genitori che lavorano è un'altra."
            )


def scala(nucleo: Nucleo) -> Decimal:
    """The scale of equivalence (annex 1, c. 1; for disability L. 89/2016).

    >>> scala(Nucleo(componenti=6, figli=4, minori=True, minore_di_tre=True, genitori_al_lavoro=True))
    Decimal('3.85')
    """
    parametro = _SCALA[min(nucleo.componenti, 5) - 1]
    parametro += _OGNI_ALTRO * max(0, nucleo.componenti - 5)
    if nucleo.figli >= 3:
        parametro += _FIGLI[min(nucleo.figli, 5)]
    if nucleo.minori and (nucleo.genitori_al_lavoro or nucleo.solo_genitore_con_minori):
        parametro += _MINORI_SOTTO_TRE if nucleo.minore_di_tre else _MINORI
    return parametro + _DISABILE * nucleo.disabili


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """Incomes of one person, in euro of the year of the DSU (art. 4, c. 2 and 3)."""

    lavoro_dipendente: Decimal = Decimal(0)
    pensione: Decimal = Decimal(0)
    """Pensions and the treatments taxed as such."""
    altri_redditi: Decimal = Decimal(0)
    detrazioni: Decimal = Decimal(0)
    """What art. 4, c. 3 takes away, but for the shares of wages and pensions, which are computed."""


class Immobile(msgspec.Struct, frozen=True, kw_only=True):
    """A property (art. 5, c. 2 and 3)."""

    valore: Decimal
    """For the IMU, at the end of the year."""
    mutuo: Decimal = Decimal(0)
    """What is left to pay back."""
    abitazione: bool = False
    """The home of the nucleo."""


class Componenti(msgspec.Struct, frozen=True, kw_only=True):
    """All that an ISEE is computed from."""

    nucleo: Nucleo
    persone: tuple[Persona, ...]
    canone: Decimal = Decimal(0)
    """Rent of the home in a year, as the registered contract says."""
    altre_detrazioni: Decimal = Decimal(0)
    """Of the nucleo, art. 4, c. 4, beside the rent."""
    immobili: tuple[Immobile, ...] = ()
    mobiliare: Decimal = Decimal(0)
    """Accounts, securities and shares, art. 5, c. 4."""


class Calcolato(msgspec.Struct, frozen=True, kw_only=True):
    """The indicators, in euro; rounded to the cent only at the end."""

    isr: Decimal
    isp: Decimal
    ise: Decimal
    scala: Decimal
    isee: Decimal


def calcola(dati: Componenti) -> Calcolato:
    """ISR, ISP, ISE and ISEE (art. 3–5): ISE = ISR + 20 % of ISP, ISEE = ISE / scale.

    Raises:
        ValueError: a negative amount, or more people than the nucleo has.
    """
    importi = [
        *(getattr(p, n) for p in dati.persone for n in p.__struct_fields__),
        *(i for u in dati.immobili for i in (u.valore, u.mutuo)),
        dati.canone, dati.altre_detrazioni, dati.mobiliare,
    ]  # fmt: skip
    if any(importo < 0 for importo in importi):
        raise ValueError("Un componente dell'ISEE non può essere negativo.")
    if len(dati.persone) > dati.nucleo.componenti:
        raise ValueError("Ci sono più persone con redditi che componenti del nucleo.")
    isr, isp = _redditi(dati), _patrimonio(dati)
    ise = isr + isp * _PARTE_DEL_PATRIMONIO
    parametro = scala(dati.nucleo)
    return Calcolato(
        isr=_cent(isr), isp=_cent(isp), ise=_cent(ise), scala=parametro, isee=_cent(ise / parametro)
    )


def _redditi(dati: Componenti) -> Decimal:
    """Art. 4: incomes, less the deductions of each person and those of the nucleo, never below zero."""
    totale = Decimal(0)
    for una in dati.persone:
        # One share or the other (c. 3): who has wages and a pension is left the greater.
        quota = max(
            min(una.lavoro_dipendente * _LAVORO, _LAVORO_MASSIMO),
            min(una.pensione * _PENSIONE, _PENSIONE_MASSIMO),
        )
        redditi = una.lavoro_dipendente + una.pensione + una.altri_redditi
        totale += max(Decimal(0), redditi - quota - una.detrazioni)
    canone = min(dati.canone, _LOCAZIONE + _LOCAZIONE_FIGLIO * _oltre_il_secondo(dati.nucleo))
    return max(Decimal(0), totale - canone - dati.altre_detrazioni)


def _patrimonio(dati: Componenti) -> Decimal:
    """Art. 5: the home beyond its share, the other properties, the movable goods beyond theirs."""
    totale = Decimal(0)
    for uno in dati.immobili:
        netto = max(Decimal(0), uno.valore - uno.mutuo)
        if uno.abitazione:
            esente = _CASA + _CASA_FIGLIO * _oltre_il_secondo(dati.nucleo)
            netto = max(Decimal(0), netto - esente) * _CASA_PARTE[0] / _CASA_PARTE[1]
        totale += netto
    franchigia = min(_MOBILI + _MOBILI_ALTRO * (dati.nucleo.componenti - 1), _MOBILI_MASSIMO)
    franchigia += _MOBILI_FIGLIO * _oltre_il_secondo(dati.nucleo)
    return totale + max(Decimal(0), dati.mobiliare - franchigia)


def _oltre_il_secondo(nucleo: Nucleo) -> int:
    return max(0, nucleo.figli - 2)


def _cent(valore: Decimal) -> Decimal:
    return valore.quantize(CENTESIMO, rounding=ROUND_HALF_UP)


# --- an ISEE that somebody shows ----------------------------------------------------------------


class Attestazione(msgspec.Struct, frozen=True, kw_only=True):
    """An ISEE as it was attested."""

    valore: Decimal
    specie: SpecieISEE = SpecieISEE.ORDINARIO
    protocollo: str = ""
    """Of the DSU."""
    presentata: date | None = None
    """Day of the DSU."""
    ultimo_giorno: date | None = None
    """The last day that the attestation itself says; None for the one that follows from the rule."""
    omissioni: bool = False
    """INPS found something missing or different (art. 11)."""


Difetto = Literal[
    "isee_mancante", "isee_scaduto", "isee_futuro", "isee_con_omissioni", "isee_di_altra_specie",
    "isee_negativo", "isee_assurdo",
]  # fmt: skip

DETTO: Final[dict[Difetto, str]] = {
    "isee_mancante": "Non c'è un ISEE: chiedi alla persona di presentare la DSU.",
    "isee_scaduto": "L'ISEE è scaduto: una DSU vale fino al 31 dicembre dell'anno in cui è presentata, "
    "un ISEE corrente sei mesi.",
    "isee_futuro": "La DSU è stata presentata dopo il giorno per cui si calcola.",
    "isee_con_omissioni": "L'ISEE ha omissioni o difformità: va sanato prima di usarlo.",
    "isee_di_altra_specie": "L'ISEE non è della specie che il servizio chiede.",
    "isee_negativo": "Un ISEE non può essere negativo.",
    "isee_assurdo": "Il valore non può essere un ISEE: controlla le cifre e la virgola.",
}


def scrivibile(cifra: Decimal) -> bool:
    """A number, with no more than six decimals: what is finer is a mistake."""
    esponente = cifra.as_tuple().exponent
    return isinstance(esponente, int) and esponente >= -_DECIMALI


def scade(presentata: date, specie: SpecieISEE = SpecieISEE.ORDINARIO) -> date:
    """The last day of an attestation: 31 December of its year (art. 10, c. 1).

    A current one holds six months (D.Lgs. 15/9/2017 n. 147, art. 10, c. 5, as D.L. 30/4/2019 n. 34, art.
    28-bis, left it). Where a change of property alone gave it, it holds to 31 December: the attestation
    says so, and what it says comes first (:attr:`Attestazione.ultimo_giorno`).

    >>> scade(date(2025, 8, 31), SpecieISEE.CORRENTE)
    datetime.date(2026, 2, 28)
    """
    if specie is not SpecieISEE.CORRENTE:
        return date(presentata.year, 12, 31)
    anni, mese = divmod(presentata.month + _MESI_DEL_CORRENTE - 1, 12)
    anno, mese = presentata.year + anni, mese + 1
    return date(anno, mese, min(presentata.day, monthrange(anno, mese)[1]))


def difetto(
    attestazione: Attestazione | None,
    giorno: date,
    specie: frozenset[SpecieISEE] = frozenset(),
    *,
    accetta_omissioni: bool = False,
) -> Difetto | None:
    """Why an ISEE cannot be used on a day for a service; None when it can.

    Args:
        attestazione: what the person showed.
        giorno: the day that the quota is for.
        specie: the kinds that the service takes; empty for all. A current ISEE stands for the
            ordinary one (art. 9).
        accetta_omissioni: the scheme takes an ISEE with omissions.
    """
    if attestazione is None:
        return "isee_mancante"
    if not scrivibile(attestazione.valore) or attestazione.valore > ISEE_MASSIMO:
        return "isee_assurdo"
    if attestazione.valore < 0:
        return "isee_negativo"
    ultimo = attestazione.ultimo_giorno
    if attestazione.presentata is not None:
        if attestazione.presentata > giorno:
            return "isee_futuro"
        ultimo = ultimo or scade(attestazione.presentata, attestazione.specie)
    if ultimo is not None and ultimo < giorno:
        return "isee_scaduto"
    vale_come = {attestazione.specie}
    if attestazione.specie is SpecieISEE.CORRENTE:
        vale_come.add(SpecieISEE.ORDINARIO)
    if specie and not specie & vale_come:
        return "isee_di_altra_specie"
    if attestazione.omissioni and not accetta_omissioni:
        return "isee_con_omissioni"
    return None
