"""A fund shared by declared criteria: exact, to the cent, and explained.

Shares are fractions until the very end. Where there are floors and caps, everybody's share is
multiplied by one and the same number, the only one by which the shares, each kept within its floor
and its cap, make the fund: so no order of correction decides. Then cents, by the declared rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.hooks import (
    CriteriRiparto,
    LimiteRiparto,
    Premialita,
    QuotaRiparto,
    RestoRiparto,
    VersoLimite,
)
from capofila.web.formati import importo, numero

IMPORTO_MASSIMO: Final = Decimal(1_000_000_000)
VALORE_MASSIMO: Final = Decimal(1_000_000_000_000)
BENEFICIARI_MASSIMI: Final = 2_000
PREMIALITA: Final = "premialita"
"""The code of the part that rewards, among the parts of a share."""
_CENTESIMO: Final = Decimal("0.01")


class RipartoNonPossibile(DatiNonValidi):
    """The fund cannot be shared so; the message says what is missing or contradicts itself."""

    codice = "riparto_non_possibile"


class Beneficiario(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody among whom a fund is shared, with the quantities that the criteria look at."""

    codice: str
    nome: str
    valori: Mapping[str, Decimal]


class Trattenuto(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept back."""

    codice: str
    denominazione: str
    importo: Decimal


class Parte(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a share: how it came about, in Italian; `importo` is half-up to the cent."""

    codice: str
    denominazione: str
    importo: Decimal
    spiegazione: str


class Assegnazione(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody gets.

    Attributes:
        importo: euro, to the cent; all together they make what is shared.
        esatto: the share before the cents, as a fraction.
        note: floors, caps and cents, in Italian.
    """

    codice: str
    nome: str
    importo: Decimal
    esatto: str
    parti: tuple[Parte, ...]
    note: tuple[str, ...] = ()


class Esito(msgspec.Struct, frozen=True, kw_only=True):
    """A fund that was shared.

    Attributes:
        importo: of the fund.
        ripartito: the sum of the shares: the fund less what is kept back and what remains.
        avanzo: what remains when the caps stop everybody before the fund is spent. Not written when
            nothing does: what was frozen before there was such a thing keeps its digest.
        note: what holds for everybody.
    """

    importo: Decimal
    ripartito: Decimal
    trattenute: tuple[Trattenuto, ...]
    assegnazioni: tuple[Assegnazione, ...]
    note: tuple[str, ...] = ()
    avanzo: Decimal | msgspec.UnsetType = msgspec.UNSET


class Traccia(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to share the fund again, and what came out.

    Attributes:
        fonti: where the figures of each quantity come from.
        plugin: those that were active, with their versions.
    """

    anno: int
    criteri: CriteriRiparto
    importo: Decimal
    beneficiari: tuple[Beneficiario, ...]
    fonti: Mapping[str, str]
    plugin: Mapping[str, str]
    capofila: str
    esito: Esito


def congela(traccia: Traccia) -> tuple[str, str]:
    """The text of a trace that is kept, and its sha256."""
    testo = msgspec.json.encode(traccia, order="deterministic").decode()
    return testo, hashlib.sha256(testo.encode()).hexdigest()


def rileggi(testo: str) -> Traccia:
    """A trace that was kept."""
    return msgspec.json.decode(testo, type=Traccia)


def rifatto_uguale(traccia: Traccia) -> bool:
    """Whether sharing the fund again gives everybody the same; words may have changed since."""
    nuovo = calcola(traccia.criteri, traccia.importo, traccia.beneficiari)
    return [(una.codice, una.importo, una.esatto) for una in nuovo.assegnazioni] == [
        (una.codice, una.importo, una.esatto) for una in traccia.esito.assegnazioni
    ]


def calcola(criteri: CriteriRiparto, fondo: Decimal, beneficiari: Sequence[Beneficiario]) -> Esito:
    """Share a fund.

    Args:
        criteri: as they hold for the year.
        fondo: euro, with two decimals at most.
        beneficiari: in any order; the answer is in theirs.

    Raises:
        RipartoNonPossibile: nobody to share among, a figure that is missing or impossible, a
            quantity that nobody has, limits that contradict the fund.
    """
    if not 0 < fondo <= IMPORTO_MASSIMO or fondo != fondo.quantize(_CENTESIMO):
        raise RipartoNonPossibile(
            "L'importo del fondo è maggiore di zero, fino a un miliardo, con due decimali."
        )
    _controlla(criteri, beneficiari)
    trattenute = _trattieni(criteri, fondo)
    ripartito = fondo - sum((una.importo for una in trattenute), Decimal(0))
    if ripartito <= 0:
        raise RipartoNonPossibile("Le trattenute prendono tutto il fondo: non resta da ripartire.")
    parti, note = _quote(criteri, ripartito, beneficiari)
    grezze = [
        sum((esatto for esatto, _ in delle), Fraction(0)) for delle in zip(*parti, strict=True)
    ]
    estremi = [_estremi(criteri, uno, ripartito) for uno in beneficiari]
    esatte, fattore = _entro(grezze, estremi, Fraction(ripartito))
    avanzo = ripartito - Decimal(int(sum(esatte, Fraction(0)) * 100)) * _CENTESIMO
    ripartito -= avanzo
    centesimi = _centesimi(criteri.resto, esatte, estremi, ripartito, beneficiari)
    if fattore != 1:
        note = (*note, f"Per stare nei minimi e nei massimi, la parte di chi non ne è toccato è "
                f"moltiplicata per {_quanto(fattore, 6)}.")  # fmt: skip
    if ripartito <= 0:
        raise RipartoNonPossibile(
            "I massimi non lasciano ripartire niente: guarda le cifre che usano."
        )
    if avanzo:
        note = (*note, f"Restano {importo(avanzo)} non ripartiti: ciascuno è al suo massimo, o non ha "
                "parti. Dove vanno lo dice l'atto.")  # fmt: skip
    return Esito(
        importo=fondo, ripartito=ripartito, trattenute=trattenute, note=note,
        avanzo=avanzo or msgspec.UNSET,
        assegnazioni=tuple(
            Assegnazione(
                codice=uno.codice, nome=uno.nome, importo=centesimi[n] * _CENTESIMO,
                esatto=str(esatte[n]), parti=tuple(delle[n][1] for delle in parti),
                note=_spiega(grezze[n], fattore, esatte[n], estremi[n], centesimi[n]),
            )
            for n, uno in enumerate(beneficiari)
        ),
    )  # fmt: skip


def _controlla(criteri: CriteriRiparto, beneficiari: Sequence[Beneficiario]) -> None:
    if not 0 < len(beneficiari) <= BENEFICIARI_MASSIMI:
        raise RipartoNonPossibile("Non c'è nessuno fra cui ripartire, o sono troppi.")
    if len({uno.codice for uno in beneficiari}) < len(beneficiari):
        raise RipartoNonPossibile("Un beneficiario è scritto due volte.")
    for una in criteri.grandezze:
        mancano = [uno.nome for uno in beneficiari if una.codice not in uno.valori]
        if mancano:
            raise RipartoNonPossibile(
                f"Manca «{una.denominazione}» di {', '.join(mancano[:5])}"
                f"{' e altri' if len(mancano) > 5 else ''}."
            )
        for uno in beneficiari:
            valore = uno.valori[una.codice]
            decimali = -int(valore.as_tuple().exponent) if valore.is_finite() else 99
            if not (valore.is_finite() and 0 <= valore <= VALORE_MASSIMO and decimali <= 6):
                raise RipartoNonPossibile(
                    f"«{una.denominazione}» di {uno.nome} non è una cifra ammessa: da zero in su, "
                    "con sei decimali al più."
                )


def _trattieni(criteri: CriteriRiparto, fondo: Decimal) -> tuple[Trattenuto, ...]:
    return tuple(
        Trattenuto(
            codice=una.codice, denominazione=una.denominazione,
            importo=_arrotonda(
                Fraction(fondo) * Fraction(una.valore) / 100 if una.percento else Fraction(una.valore)
            ),
        )
        for una in criteri.trattenute
    )  # fmt: skip


_Parti = list[list[tuple[Fraction, Parte]]]


def _quote(
    criteri: CriteriRiparto, ripartito: Decimal, beneficiari: Sequence[Beneficiario]
) -> tuple[_Parti, tuple[str, ...]]:
    """The parts of everybody, a list a part, each exact and explained; what holds for all."""
    premialita, note = criteri.premialita, tuple[str, ...]()
    punti = [_punti(premialita, uno) for uno in beneficiari] if premialita is not None else []
    if premialita is not None and not any(punti):
        premialita = None
        note = ("Nessuno ha punti di premialità: la sua parte va alle altre.",)
    pesi = sum((Fraction(una.peso) for una in criteri.quote), Fraction(0))
    pesi += Fraction(premialita.peso) if premialita is not None else 0
    parti: _Parti = [
        _quota(una, criteri, Fraction(ripartito) * Fraction(una.peso) / pesi, beneficiari)
        for una in criteri.quote
    ]
    if premialita is not None:
        parti.append(
            _premi(premialita, Fraction(ripartito) * Fraction(premialita.peso) / pesi,
                   beneficiari, punti)
        )  # fmt: skip
    return parti, note


def _quota(
    quota: QuotaRiparto,
    criteri: CriteriRiparto,
    monte: Fraction,
    beneficiari: Sequence[Beneficiario],
) -> list[tuple[Fraction, Parte]]:
    grandezza = next(una for una in criteri.grandezze if una.codice == quota.grandezza)
    valori = [Fraction(uno.valori[grandezza.codice]) for uno in beneficiari]
    totale = sum(valori, Fraction(0))
    if not totale:
        raise RipartoNonPossibile(
            f"Nessuno ha «{grandezza.denominazione}»: la quota «{quota.denominazione}» non si può "
            "ripartire."
        )
    return [
        (
            esatto := monte * valore / totale,
            Parte(
                codice=quota.codice, denominazione=quota.denominazione, importo=_arrotonda(esatto),
                spiegazione=f"{quota.denominazione}: {_euro(monte)} per «{grandezza.denominazione}», "
                f"{_quanto(valore)} su {_quanto(totale)}, cioè {_euro(esatto)}.",
            ),
        )
        for valore in valori
    ]  # fmt: skip


def _punti(premialita: Premialita, uno: Beneficiario) -> Fraction:
    punti = sum(
        (Fraction(p.punti) for p in premialita.premi if p.spetta(uno.valori[p.grandezza])),
        Fraction(0),
    )
    return punti * (Fraction(uno.valori[premialita.per]) if premialita.per else 1)


def _premi(
    premialita: Premialita,
    monte: Fraction,
    beneficiari: Sequence[Beneficiario],
    punti: Sequence[Fraction],
) -> list[tuple[Fraction, Parte]]:
    totale = sum(punti, Fraction(0))
    trovate = []
    for uno, suoi in zip(beneficiari, punti, strict=True):
        esatto = monte * suoi / totale
        presi = [
            f"«{p.denominazione}» {_quanto(Fraction(p.punti))}"
            for p in premialita.premi
            if p.spetta(uno.valori[p.grandezza])
        ]
        trovate.append(
            (
                esatto,
                Parte(
                    codice=PREMIALITA, denominazione="Premialità", importo=_arrotonda(esatto),
                    spiegazione=f"Premialità: {_euro(monte)} in base ai punti"
                    f"{' per la grandezza di ciascuno' if premialita.per else ''}, {_quanto(suoi)} su "
                    f"{_quanto(totale)} ({', '.join(presi) or 'nessun premio'}), cioè {_euro(esatto)}.",
                ),
            )
        )  # fmt: skip
    return trovate


class _Estremi(msgspec.Struct, frozen=True):
    """A floor and a cap in whole cents, with what they are called."""

    minimo: int = 0
    massimo: int | None = None
    detto_minimo: str = ""
    detto_massimo: str = ""


def _estremi(criteri: CriteriRiparto, uno: Beneficiario, ripartito: Decimal) -> _Estremi:
    minimo, massimo, dm, dx = 0, None, "", ""
    for limite in criteri.limiti:
        valore = _limite(limite, uno, ripartito) * 100
        if limite.verso is VersoLimite.MINIMO:
            centesimi = -(-valore.numerator // valore.denominator)
            if centesimi > minimo:
                minimo, dm = centesimi, limite.denominazione
        else:
            centesimi = valore.numerator // valore.denominator
            if massimo is None or centesimi < massimo:
                massimo, dx = centesimi, limite.denominazione
    if massimo is not None and massimo < minimo:
        raise RipartoNonPossibile(
            f"Per {uno.nome} il minimo «{dm}» ({_cent(minimo)}) supera il massimo «{dx}» "
            f"({_cent(massimo)})."
        )
    return _Estremi(minimo, massimo, dm, dx)


def _limite(limite: LimiteRiparto, uno: Beneficiario, ripartito: Decimal) -> Fraction:
    valore = Fraction(limite.valore)
    if limite.percento:
        return valore * Fraction(ripartito) / 100
    return valore * (Fraction(uno.valori[limite.grandezza]) if limite.grandezza else 1)


def _entro(
    grezze: Sequence[Fraction], estremi: Sequence[_Estremi], totale: Fraction
) -> tuple[list[Fraction], Fraction]:
    """The shares within their limits, and the number that multiplies those that none touches.

    They make the total, or less of it when the caps allow no more.
    """
    bassi = [Fraction(uno.minimo, 100) for uno in estremi]
    alti = [None if uno.massimo is None else Fraction(uno.massimo, 100) for uno in estremi]
    if all(
        basso <= grezza and (alto is None or grezza <= alto)
        for grezza, basso, alto in zip(grezze, bassi, alti, strict=True)
    ):
        return list(grezze), Fraction(1)
    minimi = sum(bassi, Fraction(0))
    if minimi > totale:
        raise RipartoNonPossibile(
            f"I minimi fanno {_euro(minimi)}, più di quanto c'è da ripartire, {_euro(totale)}."
        )

    def a(fattore: Fraction) -> list[Fraction]:
        return [
            max(basso, grezza * fattore if alto is None else min(alto, grezza * fattore))
            for grezza, basso, alto in zip(grezze, bassi, alti, strict=True)
        ]

    # The sum grows with the factor, in straight pieces between the points at which a limit is met.
    punti = sorted(
        {
            limite / grezza
            for grezza, basso, alto in zip(grezze, bassi, alti, strict=True)
            if grezza
            for limite in (basso, alto)
            if limite is not None
        }
    )
    # The first of the points at which the sum reaches the fund, by halves.
    da, fino = 0, len(punti)
    while da < fino:
        mezzo = (da + fino) // 2
        if sum(a(punti[mezzo]), Fraction(0)) < totale:
            da = mezzo + 1
        else:
            fino = mezzo
    prima = punti[da - 1] if da else Fraction(0)
    dopo = punti[da] if da < len(punti) else prima + 1
    sotto, sopra = (sum(a(punto), Fraction(0)) for punto in (prima, dopo))
    if sopra == sotto:
        return a(prima), prima  # everybody is at the cap: less than the fund, or just the fund
    fattore = prima + (dopo - prima) * (totale - sotto) / (sopra - sotto)
    return a(fattore), fattore


def _centesimi(
    resto: RestoRiparto,
    esatte: Sequence[Fraction],
    estremi: Sequence[_Estremi],
    ripartito: Decimal,
    beneficiari: Sequence[Beneficiario],
) -> list[int]:
    """Whole cents that make the fund; limits are whole cents, so none is passed."""
    parti = [divmod(esatta.numerator * 100, esatta.denominator) for esatta in esatte]
    interi = [intera for intera, _ in parti]
    avanzo = int(ripartito * 100) - sum(interi)
    if resto is RestoRiparto.MAGGIORI_RESTI:
        ordine = sorted(
            range(len(esatte)),
            key=lambda n: (-Fraction(parti[n][1], esatte[n].denominator), beneficiari[n].codice),
        )
        for n in ordine[:avanzo]:
            interi[n] += 1
        return interi
    for n in sorted(range(len(esatte)), key=lambda n: (-esatte[n], beneficiari[n].codice)):
        massimo = estremi[n].massimo
        presi = avanzo if massimo is None else min(avanzo, massimo - interi[n])
        interi[n] += presi
        avanzo -= presi
    return interi


def _spiega(
    grezza: Fraction, fattore: Fraction, esatta: Fraction, estremi: _Estremi, centesimi: int
) -> tuple[str, ...]:
    note = []
    if esatta > grezza * fattore:
        note.append(f"Portato al minimo «{estremi.detto_minimo}», {_euro(esatta)}: le parti fanno "
                    f"{_euro(grezza)}.")  # fmt: skip
    elif esatta < grezza * fattore:
        note.append(f"Fermato al massimo «{estremi.detto_massimo}», {_euro(esatta)}: le parti fanno "
                    f"{_euro(grezza)}.")  # fmt: skip
    elif fattore != 1:
        note.append(f"Le parti fanno {_euro(grezza)}, e per i minimi e i massimi degli altri "
                    f"diventano {_euro(esatta)}.")  # fmt: skip
    scarto = Fraction(centesimi) - esatta * 100
    if scarto:
        note.append(f"Al centesimo: {_quanto(esatta, 4)} euro {'sale' if scarto > 0 else 'scende'} "
                    f"a {_cent(centesimi)}.")  # fmt: skip
    return tuple(note)


# --- in words -----------------------------------------------------------------------------------


def _decimale(valore: Fraction, decimali: int) -> Decimal:
    """Half-up, of what is not negative."""
    scala = valore * 10**decimali
    return Decimal((2 * scala.numerator + scala.denominator) // (2 * scala.denominator)).scaleb(
        -decimali
    )


def _arrotonda(valore: Fraction) -> Decimal:
    return _decimale(valore, 2)


def _euro(valore: Fraction) -> str:
    return importo(_arrotonda(valore))


def _cent(centesimi: int) -> str:
    return importo(centesimi * _CENTESIMO)


def _quanto(valore: Fraction, decimali: int = 2) -> str:
    """A figure with no more decimals than it needs."""
    tondo = _decimale(valore, decimali)
    return numero(int(tondo)) if tondo == int(tondo) else numero(tondo.normalize())
