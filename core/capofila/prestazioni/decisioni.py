"""What the acts decided, laid beside what was entered and paid: the remarks of the ledger, by name.

Pure. A decision holds from its first day on, and takes from there the place of the one before: so a
renewal leaves what was granted before it, and a correction of the same start replaces it whole. A
refusal without a day undoes all that was granted; a renunciation or a lapse ends it with its day, or
with that of the act.

No source gives these comparisons: they follow from what the words mean. Each is a remark, never an
obstacle: who reads decides whether the record or the decision has to be put right. The months of a
monthly grant are counted as in :mod:`capofila.prestazioni.contabilita`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from capofila.prestazioni.contabilita import (
    Pagamento,
    Periodo,
    Somme,
    concesso,
    in_cifre,
    mesi,
    somme_di,
)


class Atto(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it counts; in the order in which they were registered.

    Attributes:
        esito: ``accolta``, ``respinta``, ``rinunciata`` or ``decaduta``.
        dal, al: the days of a grant; ``al`` is None while its end is not known.
        mensile: so much a month; otherwise once.
    """

    esito: str
    atto_data: date
    dal: date | None = None
    al: date | None = None
    mensile: bool = True
    somme: Somme = Somme()


class Tratto(msgspec.Struct, frozen=True, kw_only=True):
    """Days that a decision grants, after those that came later."""

    dal: date
    al: date | None
    mensile: bool
    somme: Somme


class Libro(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one domanda."""

    atti: Sequence[Atto]
    periodi: Sequence[Periodo]
    pagamenti: Sequence[Pagamento]


class Riscontro(msgspec.Struct, frozen=True):
    """A remark, with its words; ``periodo`` is the record it is about."""

    codice: str
    titolo: str
    testo: str
    periodo: int | None = None


FONTE: Final = "coerenza fra ciò che è stato deciso, inserito e pagato; non richiesta da INPS"
"""The source of every comparison: they are ours."""


class Confronto(msgspec.Struct, frozen=True):
    """A comparison by name.

    Attributes:
        spiegazione: what it looks at, for whoever asks.
        funzione: the faults in words, each with the record it is about.
        valido, errato: an example that passes and one that does not; the tests run both.
    """

    codice: str
    titolo: str
    spiegazione: str
    funzione: Callable[[Libro], list[tuple[str, int | None]]]
    valido: Libro
    errato: Libro


def tratti(atti: Sequence[Atto]) -> list[Tratto]:
    """What is granted in the end, in the order of its days.

    >>> uno = Atto(esito="accolta", atto_data=date(2024, 12, 1), dal=date(2025, 1, 1))
    >>> fine = Atto(esito="decaduta", atto_data=date(2025, 5, 10))
    >>> [str(t.al) for t in tratti([uno, fine])]
    ['2025-05-10']
    """
    trovati: list[Tratto] = []
    for atto in atti:
        accolta = atto.esito == "accolta" and atto.dal is not None
        if accolta and atto.dal is not None:
            prima = atto.dal - timedelta(days=1)
        elif atto.esito == "respinta" and atto.dal is None:
            prima = date.min
        else:
            # The day itself still belongs to the grant that ends.
            prima = atto.dal or atto.atto_data
        trovati = [
            t if t.al is not None and t.al <= prima else msgspec.structs.replace(t, al=prima)
            for t in trovati
            if t.dal <= prima
        ]
        if accolta and atto.dal is not None:
            trovati.append(Tratto(dal=atto.dal, al=atto.al, mensile=atto.mensile, somme=atto.somme))
    return sorted(trovati, key=lambda t: t.dal)


def deciso(libro: Libro) -> Somme | None:
    """All that the acts grant in euro; None while nobody decided.

    A grant without an end counts to December of the last year that it has something of: a record, a
    payment, or its own start.
    """
    if not libro.atti:
        return None
    return sum(
        (
            t.somme.per(mesi(t.dal, t.al or _fine_nota(t, libro))) if t.mensile else t.somme
            for t in tratti(libro.atti)
        ),
        Somme(),
    )


def _fine_nota(tratto: Tratto, libro: Libro) -> date:
    giorni = (
        tratto.dal,
        *(p.ultimo for p in libro.periodi),
        *(p.competenza for p in libro.pagamenti),
    )
    return date(max(g.year for g in giorni), 12, 31)


def _coperto(concessi: Sequence[Tratto], dal: date, al: date) -> bool:
    """Whether every day between two is granted."""
    for tratto in concessi:
        if tratto.dal <= dal and (tratto.al is None or dal <= tratto.al):
            if tratto.al is None or al <= tratto.al:
                return True
            dal = tratto.al + timedelta(days=1)
    return False


def _fuori(libro: Libro) -> list[tuple[str, int | None]]:
    concessi = tratti(libro.atti)
    return [
        (
            f"Il periodo {_giorni(p)} non sta tutto nei giorni che la decisione concede: correggi "
            "le date della prestazione, oppure registra la decisione che manca.",
            p.id,
        )
        for p in libro.periodi
        # A record without an end goes as far as the grant does.
        if not _coperto(concessi, p.dal, p.al or p.dal)
    ]


def _importo(libro: Libro) -> list[tuple[str, int | None]]:
    return [
        (
            f"Nel periodo {_giorni(p)} {cosa} è {in_cifre(scritto)} €"
            f"{' al mese' if p.mensile else ''} e la decisione concede {in_cifre(concesso_)} €: "
            "correggi la prestazione, oppure registra la decisione che manca.",
            p.id,
        )
        for p in libro.periodi
        for t in tratti(libro.atti)
        if p.mensile is t.mensile and t.dal <= p.ultimo and (t.al is None or p.dal <= t.al)
        for cosa, scritto, concesso_ in (
            ("l’importo", p.somme.importo, t.somme.importo),
            ("la quota dell’ente", p.somme.quota_ente, t.somme.quota_ente),
        )
        # A quota is worth saying when the amount itself is right.
        if scritto > concesso_ and (cosa == "l’importo" or p.somme.importo <= t.somme.importo)
    ]


def _concesso(libro: Libro) -> list[tuple[str, int | None]]:
    totale = deciso(libro)
    inserito = sum((concesso(p) for p in libro.periodi), Somme())
    if totale is None or inserito.importo <= totale.importo:
        return []
    return [
        (
            f"I periodi inseriti fanno {in_cifre(inserito.importo)} € e le decisioni ne concedono "
            f"{in_cifre(totale.importo)}: {in_cifre(inserito.importo - totale.importo)} € di troppo. "
            "Guarda durata e importi dei periodi.",
            None,
        )
    ]


def _pagato(libro: Libro) -> list[tuple[str, int | None]]:
    totale = deciso(libro)
    pagato = sum((p.somme for p in libro.pagamenti), Somme())
    if totale is None or pagato.importo <= totale.importo:
        return []
    return [
        (
            f"È stato pagato {in_cifre(pagato.importo)} € e le decisioni concedono "
            f"{in_cifre(totale.importo)} €: {in_cifre(pagato.importo - totale.importo)} € di troppo. "
            "Controlla i pagamenti; se uno è sbagliato, stornalo.",
            None,
        )
    ]


def _giorni(periodo: Periodo) -> str:
    if not periodo.mensile:
        return f"del {periodo.dal:%d/%m/%Y}"
    fine = f" al {periodo.al:%d/%m/%Y}" if periodo.al else " in poi"
    return f"dal {periodo.dal:%d/%m/%Y}{fine}"


def in_parole(libro: Libro) -> str:
    """What a libro holds, in one line: the example of a comparison for whoever reads it.

    >>> in_parole(CONFRONTI[0].valido)
    'concessi 100,00 € al mese dal 01/01/2025 al 30/06/2025; periodo dal 01/01/2025 al 30/06/2025, \
100,00 € al mese; pagati 600,00 €'
    """
    pagato = sum((p.somme.importo for p in libro.pagamenti), Decimal(0))
    concessi = [
        f"concessi {in_cifre(t.somme.importo)} €{' al mese' if t.mensile else ''} "
        f"dal {t.dal:%d/%m/%Y}" + (f" al {t.al:%d/%m/%Y}" if t.al else " in poi")
        for t in tratti(libro.atti)
    ]
    periodi = [
        f"periodo {_giorni(p)}, {in_cifre(p.somme.importo)} €{' al mese' if p.mensile else ''}"
        for p in libro.periodi
    ]
    return "; ".join([*concessi, *periodi, f"pagati {in_cifre(pagato)} €"])


# --- by name ------------------------------------------------------------------------------------

_CENTO: Final = somme_di(Decimal("100.00"))
_ACCOLTA: Final = Atto(
    esito="accolta", atto_data=date(2024, 12, 20), dal=date(2025, 1, 1), al=date(2025, 6, 30),
    somme=_CENTO,
)  # fmt: skip
_PERIODO: Final = Periodo(
    id=1, dal=date(2025, 1, 1), al=date(2025, 6, 30), mensile=True, somme=_CENTO
)
_GIUSTO: Final = Libro(
    atti=(_ACCOLTA,), periodi=(_PERIODO,),
    pagamenti=tuple(Pagamento(competenza=date(2025, m, 1), somme=_CENTO) for m in range(1, 7)),
)  # fmt: skip
_cambia: Final = msgspec.structs.replace

CONFRONTI: Final = (
    Confronto(
        "periodo_oltre_la_decisione", "Periodo fuori dalla decisione",
        "Ogni periodo deve stare nei giorni che le decisioni concedono.", _fuori,
        _GIUSTO,
        _cambia(_GIUSTO, periodi=(_cambia(_PERIODO, al=date(2025, 12, 31)),)),
    ),
    Confronto(
        "importo_oltre_la_decisione", "Importo oltre la decisione",
        "L’importo di un periodo, e la quota dell’ente, non superano quelli decisi.", _importo,
        _GIUSTO,
        _cambia(_GIUSTO, periodi=(_cambia(_PERIODO, somme=somme_di(Decimal("100.01"))),)),
    ),
    Confronto(
        "concesso_oltre_la_decisione", "Concesso oltre il deciso",
        "Tutti i periodi insieme non superano il totale deciso.", _concesso,
        _GIUSTO,
        _cambia(_GIUSTO, periodi=(_PERIODO, _cambia(_PERIODO, id=2, al=date(2025, 1, 31)))),
    ),
    Confronto(
        "pagato_oltre_la_decisione", "Pagato oltre il deciso",
        "Tutti i pagamenti insieme, storni compresi, non superano il totale deciso.", _pagato,
        _GIUSTO,
        _cambia(
            _GIUSTO,
            pagamenti=(
                *_GIUSTO.pagamenti,
                Pagamento(competenza=date(2025, 6, 1), somme=somme_di(Decimal("0.01"))),
            ),
        ),
    ),
)  # fmt: skip


def riscontri(libro: Libro) -> list[Riscontro]:
    """What does not agree with what was decided; nothing while nobody decided."""
    if not libro.atti:
        return []
    return [
        Riscontro(confronto.codice, confronto.titolo, testo, periodo)
        for confronto in CONFRONTI
        for testo, periodo in confronto.funzione(libro)
    ]


def avviso_di_eccesso(libro: Libro, nuovo: Somme) -> str:
    """What a payment would go beyond of what was decided, in words; empty when nothing."""
    totale = deciso(libro)
    if totale is None:
        return ""
    pagato = sum((p.somme for p in libro.pagamenti), Somme()) + nuovo
    if pagato.importo <= totale.importo:
        return ""
    oltre = in_cifre(pagato.importo - totale.importo)
    return f"Con questo pagamento si supera di {oltre} € quanto è stato deciso."
