"""Quorum and majority: computed from declared rules, explained condition by condition.

A rule may leave open what its act does not say: whether who abstains is among those voting, of whom
a share is taken, what happens at a tie. The count is then made under every reading, and there is an
outcome only where all of them agree. Figures are exact fractions. Pure.

Source: the rules come from the plugins, each with its act; that weight and heads may both be needed
is the case of the Con.C.A.S.S. (2013), that inhabitants and heads make a quorum that of the
provincial Assemblea dei Sindaci.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import ceil, floor, lcm
from typing import Final, TypeVar

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.governo.seduta import AventeDiritto, ConteggioRifiutato, Difetto, Seduta
from capofila.hooks import (
    Astensione,
    Base,
    Condizione,
    Deleghe,
    Interesse,
    Misura,
    Parita,
    Quorum,
    RegolaVoto,
    variante,
)

ZERO: Final = Fraction(0)
INTERO: Final = Fraction(1)


# --- what is cast -------------------------------------------------------------------------------


class Scelta(StrEnum):
    """What one may vote."""

    FAVOREVOLE = "favorevole"
    CONTRARIO = "contrario"
    ASTENUTO = "astenuto"


class Voto(msgspec.Struct, frozen=True, kw_only=True):
    """A ballot, as shares of the whole that its owner weighs: together they make one."""

    chi: str
    favorevole: Fraction = ZERO
    contrario: Fraction = ZERO
    astenuto: Fraction = ZERO

    @classmethod
    def intero(cls, chi: str, scelta: Scelta) -> Voto:
        """A ballot that is not divided."""
        return cls(chi=chi, **{scelta.value: INTERO})

    @property
    def diviso(self) -> bool:
        """Whether it is given in parts."""
        return INTERO not in (self.favorevole, self.contrario, self.astenuto)


class Scrutinio(msgspec.Struct, frozen=True, kw_only=True):
    """A secret ballot: how many, and not who. A blank or void ballot is an abstention."""

    favorevoli: int
    contrari: int
    astenuti: int = 0

    @property
    def votanti(self) -> int:
        """How many ballots there are."""
        return self.favorevoli + self.contrari + self.astenuti


Voti = Sequence[Voto] | Scrutinio


def difetti_voti(regola: RegolaVoto, seduta: Seduta, voti: Voti) -> list[Difetto]:
    """Everything that keeps these ballots from being counted; empty when they are good."""
    trovati = _difetti_pesi(regola.condizioni, seduta, "la regola di voto")
    if isinstance(voti, Scrutinio):
        return trovati + _difetti_scrutinio(regola, seduta, voti)
    if regola.segreto and voti:
        trovati.append(
            Difetto(
                "voti",
                f"il voto è segreto ({regola.fonte.cita()}): scrivi soltanto quanti, in "
                "«scrutinio».",
            )
        )
    dati: set[str] = set()
    for posto, voto in enumerate(voti, 1):
        luogo = f"voti[{posto}]"
        parti = (voto.favorevole, voto.contrario, voto.astenuto)
        if voto.chi not in seduta.per_id:
            trovati.append(
                Difetto(f"{luogo}.chi", f"«{voto.chi[:60]}» non è fra gli aventi diritto.")
            )
            continue
        nome = seduta.nome(voto.chi)
        if voto.chi in dati:
            trovati.append(Difetto(f"{luogo}.chi", f"«{nome}» ha già votato: tieni un voto solo."))
        elif voto.chi not in seduta.rappresentati:
            trovati.append(
                Difetto(
                    f"{luogo}.chi",
                    f"«{nome}» non è presente né rappresentato: togli il voto, o segna la presenza.",
                )
            )
        elif voto.chi in seduta.interessati:
            trovati.append(
                Difetto(
                    f"{luogo}.chi",
                    f"«{nome}» è fra gli interessati e non può votare: togli il voto.",
                )
            )
        dati.add(voto.chi)
        if min(parti) < 0 or sum(parti) != 1:
            trovati.append(
                Difetto(f"{luogo}.voto", "le parti di un voto diviso fanno 100 in tutto.")
            )
        elif voto.diviso and not regola.divisibile:
            trovati.append(Difetto(f"{luogo}.voto", "questa regola non ammette un voto diviso."))
    return trovati


def _difetti_scrutinio(regola: RegolaVoto, seduta: Seduta, voti: Scrutinio) -> list[Difetto]:
    if any(una.misura is not Misura.TESTE or una.categoria for una in regola.condizioni):
        return [
            Difetto(
                "scrutinio",
                "la regola pesa i voti o li conta per categoria: non si può senza sapere di chi "
                "sono. Scrivi i voti uno per uno.",
            )
        ]
    if min(voti.favorevoli, voti.contrari, voti.astenuti) < 0:
        return [Difetto("scrutinio", "un numero di voti non può essere negativo.")]
    possono = len(seduta.rappresentati - set(seduta.interessati))
    if voti.votanti > possono:
        return [
            Difetto(
                "scrutinio",
                f"i voti sono {voti.votanti}, e chi può votare qui sono {possono}: ricontrolla "
                "le schede e le presenze.",
            )
        ]
    return []


def _difetti_pesi(condizioni: Iterable[Condizione], seduta: Seduta, che_cosa: str) -> list[Difetto]:
    trovati: list[Difetto] = []
    for condizione in condizioni:
        if condizione.misura is Misura.TESTE:
            continue
        nome = condizione.misura.value
        trovati += [
            Difetto(
                f"aventi_diritto[{posto}].{nome}",
                f"manca il peso di «{uno.nome}»: {che_cosa} conta gli aventi diritto secondo "
                f"{_DI_CHI[condizione.misura]}.",
            )
            for posto, uno in enumerate(seduta.aventi_diritto, 1)
            if uno.peso(condizione.misura) is None
        ]
        if condizione.anno_pesi is not None and seduta.anno_pesi != condizione.anno_pesi:
            trovati.append(
                Difetto(
                    "pesi.anno",
                    f"{che_cosa} vuole i pesi del {condizione.anno_pesi}: scrivi quelli.",
                )
            )
    return trovati


# --- readings of what a rule leaves open --------------------------------------------------------


class Lettura(msgspec.Struct, frozen=True, kw_only=True):
    """One way to read what the acts leave open."""

    astensioni: Astensione
    parita: Parita
    interesse: Interesse
    nel_quorum: bool


def letture(regola: RegolaVoto | None, deleghe: Deleghe | None, seduta: Seduta) -> list[Lettura]:
    """Every way to read the rules; one when they leave nothing open.

    What cannot matter in this meeting is not opened: proxies that nobody gave, interests that
    nobody has.
    """
    astensioni = regola.astensioni if regola else Astensione.VOTO
    parita = regola.parita if regola else Parita.RESPINTA
    interesse = regola.interesse if regola else None
    nel_quorum = deleghe.nel_quorum if deleghe else True
    return [
        Lettura(astensioni=a, parita=p, interesse=i, nel_quorum=n)
        for a, p, i, n in product(
            [astensioni] if astensioni else list(Astensione),
            [parita] if parita else list(Parita),
            [interesse] if interesse else list(Interesse) if seduta.interessati else _NESSUNO,
            [nel_quorum] if nel_quorum is not None else [True, False] if seduta.deleghe else [True],
        )
    ]


_NESSUNO: Final = [Interesse.CONTATO]


# --- one condition ------------------------------------------------------------------------------


class Verifica(msgspec.Struct, frozen=True, kw_only=True):
    """A condition with what it needed and what it had.

    Attributes:
        base: of whom the share was taken, also where the rule left it open.
        su: what they all weigh.
        necessario: the least that is enough; None when the source gives no figure.
        avuto: what it had.
        soddisfatta: None when the source gives no figure.
        per_presidenza: a tie, decided by the vote of who presides.
        decisivi: who alone could have changed this condition.
    """

    condizione: Condizione
    base: Base | None
    su: Fraction
    necessario: Fraction | None
    avuto: Fraction
    soddisfatta: bool | None
    per_presidenza: bool = False
    decisivi: tuple[str, ...] = ()


class _Somme:
    """The ballots of a meeting, summed; what the readings share is summed once."""

    def __init__(self, seduta: Seduta, voti: Voti) -> None:
        self.seduta, self.voti = seduta, voti
        self.interessati = frozenset(seduta.interessati)
        self.dati: Mapping[str, Voto] = (
            {} if isinstance(voti, Scrutinio) else {voto.chi: voto for voto in voti}
        )
        self._parti: dict[tuple[Condizione, bool], Fraction] = {}
        self._base: dict[tuple[Condizione, Base, bool, bool], Fraction] = {}

    @cached_property
    def unita(self) -> Mapping[Misura, Fraction]:
        """The least amount by which each measure can change in this meeting."""
        parti = lcm(
            1,
            *(
                parte.denominator
                for voto in self.dati.values()
                for parte in (voto.favorevole, voto.contrario, voto.astenuto)
            ),
        )
        return {
            misura: unita_dei_pesi(self.seduta, misura) / (1 if misura is Misura.TESTE else parti)
            for misura in Misura
        }

    def peso(self, condizione: Condizione, uno: AventeDiritto) -> Fraction:
        """What one weighs in a condition."""
        if condizione.categoria not in (None, uno.categoria):
            return ZERO
        return uno.peso(condizione.misura) or ZERO

    def favore(self, condizione: Condizione) -> Fraction:
        """What is in favour."""
        if isinstance(self.voti, Scrutinio):
            return Fraction(self.voti.favorevoli)
        return self._parte(condizione, contro=False)

    def contro(self, condizione: Condizione) -> Fraction:
        """What is against."""
        if isinstance(self.voti, Scrutinio):
            return Fraction(self.voti.contrari)
        return self._parte(condizione, contro=True)

    def _parte(self, condizione: Condizione, *, contro: bool) -> Fraction:
        if (condizione, contro) not in self._parti:
            quota = quota_contraria if contro else quota_a_favore
            self._parti[condizione, contro] = _in_tutto(
                (self.peso(condizione, uno), quota(condizione, self.dati.get(uno.id)))
                for uno in self.seduta.aventi_diritto
            )
        return self._parti[condizione, contro]

    def base(self, condizione: Condizione, base: Base, lettura: Lettura) -> Fraction:
        """What those weigh of whom the share is taken."""
        astenuti = lettura.astensioni is Astensione.VOTO
        if isinstance(self.voti, Scrutinio) and base is Base.VOTANTI:
            return Fraction(
                self.voti.favorevoli + self.voti.contrari + (self.voti.astenuti if astenuti else 0)
            )
        chiave = (condizione, base, lettura.interesse is Interesse.CONTATO, astenuti)
        if chiave not in self._base:
            self._base[chiave] = _in_tutto(
                (
                    self.peso(condizione, uno),
                    self.quota_di_base(condizione, base, uno.id, self.dati.get(uno.id), lettura),
                )
                for uno in self.seduta.aventi_diritto
            )
        return self._base[chiave]

    def quota_di_base(
        self, condizione: Condizione, base: Base, id: str, voto: Voto | None, lettura: Lettura
    ) -> Fraction:
        """Which part of one is among those of whom the share is taken."""
        if base is Base.VOTANTI:
            return _quota_votante(condizione, voto, lettura.astensioni)
        if base is Base.PRESENTI and id not in self.seduta.rappresentati:
            return ZERO
        fuori = id in self.interessati and lettura.interesse is not Interesse.CONTATO
        return ZERO if fuori else INTERO

    def spostamento(self, condizione: Condizione, id: str, voto: Voto) -> _Spostamento:
        """What changes in a condition, had this one voted so."""
        prima = self.dati.get(id)
        peso = self.peso(condizione, self.seduta.per_id[id]) / self.unita[condizione.misura]

        def di_quanto(quota: Callable[[Condizione, Voto | None], Fraction]) -> int:
            return int(peso * (quota(condizione, voto) - quota(condizione, prima)))

        return _Spostamento(
            favore=di_quanto(quota_a_favore),
            contro=di_quanto(quota_contraria),
            votanti=di_quanto(_quota_di_chi_sceglie),
            tutti=di_quanto(_quota_di_chi_vota),
        )


def _in_tutto(parti: Iterable[tuple[Fraction, Fraction]]) -> Fraction:
    """Weights times the part of each that counts."""
    somma = ZERO
    for peso, quota in parti:
        if quota and peso:
            somma += peso if quota == INTERO else peso * quota
    return somma


def quota_a_favore(condizione: Condizione, voto: Voto | None) -> Fraction:
    """Which part of one is in favour; a head is not divided, it is when the whole of it is."""
    if voto is None or (condizione.misura is Misura.TESTE and voto.favorevole != INTERO):
        return ZERO
    return voto.favorevole


def quota_contraria(condizione: Condizione, voto: Voto | None) -> Fraction:
    """Which part of one is against; a head is when any of it is."""
    if voto is None:
        return ZERO
    return INTERO if condizione.misura is Misura.TESTE and voto.contrario else voto.contrario


def _quota_votante(condizione: Condizione, voto: Voto | None, astensioni: Astensione) -> Fraction:
    if astensioni is Astensione.VOTO:
        return _quota_di_chi_vota(condizione, voto)
    return _quota_di_chi_sceglie(condizione, voto)


def _quota_di_chi_vota(_condizione: Condizione, voto: Voto | None) -> Fraction:
    return ZERO if voto is None else INTERO


def _quota_di_chi_sceglie(condizione: Condizione, voto: Voto | None) -> Fraction:
    if voto is None:
        return ZERO
    if condizione.misura is Misura.TESTE:
        return INTERO if voto.contrario or voto.favorevole == INTERO else ZERO
    return voto.favorevole + voto.contrario


class _Conta:
    """The conditions of a rule, in one reading."""

    def __init__(self, somme: _Somme, lettura: Lettura) -> None:
        self.somme, self.lettura = somme, lettura
        voto = somme.dati.get(somme.seduta.presidente or "")
        self.presidenza = voto is not None and voto.favorevole == INTERO

    def verifica(self, condizione: Condizione, base: Base | None) -> Verifica:
        """One condition, with the share taken of ``base``."""
        su_chi = base or Base.AVENTI_DIRITTO
        avuto = self.somme.favore(condizione)
        su = self.somme.base(condizione, su_chi, self.lettura)
        necessario = minimo(condizione, su, self.somme.unita[condizione.misura])
        esito = self._basta(
            condizione,
            avuto,
            su,
            contro=self.somme.contro(condizione),
            presidenza=self.presidenza,
        )
        return Verifica(
            condizione=condizione,
            base=base,
            su=su,
            necessario=necessario,
            avuto=avuto,
            soddisfatta=esito,
            per_presidenza=bool(esito) and necessario is not None and avuto < necessario,
        )

    def _basta(
        self,
        condizione: Condizione,
        avuto: Fraction,
        su: Fraction,
        *,
        contro: Fraction,
        presidenza: bool,
    ) -> bool | None:
        necessario = minimo(condizione, su, self.somme.unita[condizione.misura])
        if necessario is None:
            return None
        return avuto >= necessario or (
            self.lettura.parita is Parita.PRESIDENZA
            and presidenza
            and pari(condizione, avuto, contro, su)
        )


class _Spostamento(msgspec.Struct, frozen=True):
    """By how much another ballot of one voter moves a condition, in its least units.

    Attributes:
        votanti: among those voting, where who abstains is not; ``tutti``, where they are.
    """

    favore: int
    contro: int
    votanti: int
    tutti: int


class _Prova:
    """A condition in one base and reading, tried with other ballots: many times, so in whole units."""

    def __init__(self, conta: _Conta, verifica: Verifica) -> None:
        somme, lettura, condizione = conta.somme, conta.lettura, verifica.condizione
        self.unita = somme.unita[condizione.misura]
        self.soddisfatta = verifica.soddisfatta
        self.favore = self._interi(verifica.avuto)
        self.contro = self._interi(somme.contro(condizione))
        self.su = self._interi(verifica.su)
        self.si_muove = verifica.base is Base.VOTANTI
        self.con_astenuti = lettura.astensioni is Astensione.VOTO
        self.di_presidenza = lettura.parita is Parita.PRESIDENZA
        soglia = condizione.soglia
        self.soglia = soglia
        self.numero = (
            None
            if soglia is None or soglia.numero is None
            else self._interi(Fraction(soglia.numero))
        )
        self.parte, self.di = (soglia and soglia.frazione) or (1, 1)

    def _interi(self, valore: Fraction) -> int:
        return int(valore / self.unita)

    @property
    def chiave(self) -> tuple[object, ...]:
        """What tells two of the same condition apart."""
        come = self.con_astenuti if self.si_muove else None
        return self.su, self.si_muove, come, self.di_presidenza

    def con(self, mossa: _Spostamento, *, presidenza: bool) -> bool | None:
        """Whether the condition would be met; as :func:`minimo` and :func:`pari`, in whole units."""
        if self.soglia is None:
            return None
        stretta, su = self.soglia.stretta, self.su
        if self.si_muove:
            su += mossa.tutti if self.con_astenuti else mossa.votanti
        avuto = self.favore + mossa.favore
        passi, di = (self.numero, 1) if self.numero is not None else (su * self.parte, self.di)
        quanti = passi // di + 1 if stretta else -(-passi // di)
        if avuto >= max(quanti, 1):
            return True
        return (
            self.di_presidenza
            and presidenza
            and stretta
            and 2 * self.parte == self.di
            and 0 < avuto == self.contro + mossa.contro
            and 2 * avuto == su
        )


def unita_dei_pesi(seduta: Seduta, misura: Misura) -> Fraction:
    """The least amount by which the weights of a meeting differ: 1 for whole numbers."""
    return Fraction(
        1,
        lcm(1, *((uno.peso(misura) or ZERO).denominator for uno in seduta.aventi_diritto)),
    )


def _a_soglia(condizione: Condizione, su: Fraction) -> Fraction | None:
    soglia = condizione.soglia
    if soglia is None:
        return None
    if soglia.numero is not None:
        return Fraction(soglia.numero)
    assert soglia.frazione is not None
    return su * Fraction(*soglia.frazione)


def minimo(condizione: Condizione, su: Fraction, unita: Fraction) -> Fraction | None:
    """The least that meets a condition; None when its source gives no figure.

    Nothing is ever enough of nobody: where there is no one of whom to take the share, at least
    one unit is needed.

    Args:
        condizione: what is asked.
        su: what those of whom the share is taken weigh.
        unita: the least amount by which it can change.
    """
    soglia = _a_soglia(condizione, su)
    if soglia is None or condizione.soglia is None:
        return None
    passi = soglia / unita
    quanti = floor(passi) + 1 if condizione.soglia.stretta else ceil(passi)
    return max(quanti, 1) * unita


def pari(condizione: Condizione, avuto: Fraction, contro: Fraction, su: Fraction) -> bool:
    """Whether there is a tie where more than a half is needed: as much in favour as against.

    A half of those who are entitled or present, with fewer against, is not a tie: it is too few.
    """
    soglia = condizione.soglia
    return (
        soglia is not None
        and soglia.frazione is not None
        and Fraction(*soglia.frazione) == Fraction(1, 2)
        and soglia.stretta
        and 0 < avuto == contro == su / 2
    )


# --- the quorum ---------------------------------------------------------------------------------


def verifica_quorum(quorum: Quorum, seduta: Seduta, lettura: Lettura) -> tuple[Verifica, ...]:
    """Whether enough are there, condition by condition; a share is of all who are entitled."""
    presenti = seduta.rappresentati if lettura.nel_quorum else seduta.in_persona
    fuori = frozenset(seduta.interessati) if lettura.interesse is Interesse.FUORI else frozenset()
    trovate = []
    for condizione in quorum.condizioni:
        avuto = su = ZERO
        for uno in seduta.aventi_diritto:
            if uno.id in fuori or condizione.categoria not in (None, uno.categoria):
                continue
            peso = uno.peso(condizione.misura) or ZERO
            su += peso
            avuto += peso if uno.id in presenti else ZERO
        necessario = minimo(condizione, su, unita_dei_pesi(seduta, condizione.misura))
        trovate.append(
            Verifica(
                condizione=condizione,
                base=Base.AVENTI_DIRITTO,
                su=su,
                necessario=necessario,
                avuto=avuto,
                soddisfatta=None if necessario is None else avuto >= necessario,
            )
        )
    return tuple(trovate)


def difetti_quorum(quorum: Quorum, seduta: Seduta) -> list[Difetto]:
    """What the quorum needs to know and was not given."""
    return _difetti_pesi(quorum.condizioni, seduta, "il quorum")


# --- the outcome --------------------------------------------------------------------------------


class Risultato(StrEnum):
    """What became of a proposal."""

    APPROVATA = "approvata"
    RESPINTA = "respinta"
    SENZA_NUMERO_LEGALE = "senza_numero_legale"
    """Not enough were there: nothing was decided."""
    NON_DETERMINABILE = "non_determinabile"
    """The sources leave open something on which the outcome depends."""


class StatoQuorum(StrEnum):
    """What is known of the quorum."""

    RAGGIUNTO = "raggiunto"
    MANCANTE = "mancante"
    NON_DICHIARATO = "non_dichiarato"
    NON_DETERMINABILE = "non_determinabile"


class Esito(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a vote, with every condition.

    Attributes:
        quorum: of the meeting; ``verifiche_quorum`` its conditions.
        condizioni: those of the rule; empty when no rule is known.
        decisivi: who alone, voting otherwise, would have changed the outcome.
        aperti: what the sources leave open, in Italian, and the outcome would depend on.
        concordi: what they leave open without consequence here.
    """

    risultato: Risultato
    quorum: StatoQuorum
    verifiche_quorum: tuple[Verifica, ...]
    condizioni: tuple[Verifica, ...]
    decisivi: tuple[str, ...] = ()
    aperti: tuple[str, ...] = ()
    concordi: tuple[str, ...] = ()


_DI_CHI: Final = {Misura.ABITANTI: "gli abitanti", Misura.QUOTE: "le quote"}


def decidi(
    seduta: Seduta,
    voti: Voti,
    *,
    regola: RegolaVoto | None,
    quorum: Quorum | None,
    deleghe: Deleghe | None = None,
) -> Esito:
    """Decide a proposal.

    Args:
        seduta: who is entitled, present or represented, with weights frozen at the opening.
        voti: one ballot for each who is entitled and voted, or a secret scrutiny; who is there and
            has no ballot did not vote, which is not abstaining.
        regola: the declared rule of the matter, valid on the day; None when no source gives one.
        quorum: the quorum of this call; None when no source gives one.
        deleghe: the rule of the proxies.

    Returns:
        The outcome with every condition: what it needed, what it had, who was decisive.

    Raises:
        ConteggioRifiutato: somebody not entitled or absent votes, or twice; a weight is missing.
    """
    trovati = difetti_quorum(quorum, seduta) if quorum else []
    if regola is not None:
        trovati += difetti_voti(regola, seduta, voti)
    if trovati:
        raise ConteggioRifiutato(trovati)
    somme = _Somme(seduta, voti)
    conteggi = [
        _conta_di(somme, regola, quorum, lettura) for lettura in letture(regola, deleghe, seduta)
    ]
    tentativi = [esito for uno in conteggi for esito in uno.esiti()]
    risultati = {uno.risultato for uno in tentativi}
    primo = tentativi[0]
    dipende = _che_cosa_e_aperto(
        regola, deleghe, seduta, voti, alla_pari=any(_alla_pari(somme, uno) for uno in tentativi)
    )
    if len(risultati) > 1:
        return variante(
            primo,
            risultato=Risultato.NON_DETERMINABILE,
            quorum=primo.quorum
            if len({uno.quorum for uno in tentativi}) == 1
            else StatoQuorum.NON_DETERMINABILE,
            aperti=dipende,
        )
    if primo.risultato is Risultato.NON_DETERMINABILE:
        return variante(primo, aperti=_senza_cifra(regola, quorum) + primo.aperti)
    return variante(_con_decisivi(conteggi, primo), concordi=dipende)


class _InUnaLettura(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading gives: each condition under every base that the rule allows.

    Attributes:
        conta: None where no rule is known.
    """

    conta: _Conta | None
    possibili: tuple[tuple[Verifica, ...], ...]
    quorum: StatoQuorum
    verifiche_quorum: tuple[Verifica, ...]

    def esiti(self) -> Iterator[Esito]:
        """The worst and the best that each condition may be: what lies between agrees with one of them."""
        if self.conta is None:
            yield self._esito(
                (),
                Risultato.SENZA_NUMERO_LEGALE
                if self.quorum is StatoQuorum.MANCANTE
                else Risultato.NON_DETERMINABILE,
            )
            return
        for ordine in _ORDINI:
            scelte = tuple(
                min(gruppo, key=lambda una: ordine.index(una.soddisfatta))
                for gruppo in self.possibili
            )
            yield self._esito(scelte, _risultato(self.quorum, [una.soddisfatta for una in scelte]))
            if all(len(gruppo) == 1 for gruppo in self.possibili):
                return

    def _esito(self, condizioni: tuple[Verifica, ...], risultato: Risultato) -> Esito:
        return Esito(
            risultato=risultato,
            quorum=self.quorum,
            verifiche_quorum=self.verifiche_quorum,
            condizioni=condizioni,
        )


def _conta_di(
    somme: _Somme, regola: RegolaVoto | None, quorum: Quorum | None, lettura: Lettura
) -> _InUnaLettura:
    verifiche_quorum = verifica_quorum(quorum, somme.seduta, lettura) if quorum else ()
    conta = _Conta(somme, lettura) if regola is not None else None
    return _InUnaLettura(
        conta=conta,
        possibili=tuple(
            tuple(conta.verifica(condizione, base) for base in _basi(condizione))
            for condizione in regola.condizioni
        )
        if conta is not None and regola is not None
        else (),
        quorum=_stato_quorum(quorum, verifiche_quorum),
        verifiche_quorum=verifiche_quorum,
    )


_ORDINI: Final = ([False, None, True], [True, None, False])


def _basi(condizione: Condizione) -> list[Base | None]:
    if condizione.base is not None:
        return [condizione.base]
    if condizione.soglia is None or condizione.soglia.numero is not None:
        return [None]
    return list(Base)


def _stato_quorum(quorum: Quorum | None, verifiche: Iterable[Verifica]) -> StatoQuorum:
    if quorum is None:
        return StatoQuorum.NON_DICHIARATO
    esiti = {una.soddisfatta for una in verifiche}
    if False in esiti:
        return StatoQuorum.MANCANTE
    return StatoQuorum.NON_DETERMINABILE if None in esiti else StatoQuorum.RAGGIUNTO


def _risultato(stato: StatoQuorum, esiti: Collection[bool | None]) -> Risultato:
    if stato is StatoQuorum.MANCANTE:
        return Risultato.SENZA_NUMERO_LEGALE
    if stato is StatoQuorum.NON_DETERMINABILE:
        return Risultato.NON_DETERMINABILE
    if False in esiti:
        return Risultato.RESPINTA
    return Risultato.NON_DETERMINABILE if None in esiti else Risultato.APPROVATA


def _con_decisivi(conteggi: Sequence[_InUnaLettura], esito: Esito) -> Esito:
    """The same, with who alone could have changed it; nobody is known in a secret scrutiny.

    Of a condition, as it is printed; of the outcome, under any reading of what the rule leaves open.
    """
    conta = conteggi[0].conta
    if conta is None or isinstance(conta.somme.voti, Scrutinio):
        return esito
    somme = conta.somme
    come_stampate = [_Prova(conta, una) for una in esito.condizioni]
    in_ogni_lettura = _prove(conteggi)
    di_tutti: list[str] = []
    di_una: list[list[str]] = [[] for _ in esito.condizioni]
    for id in _che_possono_votare(somme.seduta):
        decisivo = False
        di_chi = [False] * len(di_una)
        for altro in altri_voti(id, somme.dati.get(id)):
            mosse = [somme.spostamento(una.condizione, id, altro) for una in esito.condizioni]
            presidenza = (
                altro.favorevole == INTERO if id == somme.seduta.presidente else conta.presidenza
            )
            for posto, (prova, mossa) in enumerate(zip(come_stampate, mosse, strict=True)):
                di_chi[posto] |= prova.con(mossa, presidenza=presidenza) is not prova.soddisfatta
            decisivo = decisivo or _cambia(in_ogni_lettura, mosse, presidenza, esito.risultato)
        for elenco, suo in zip(di_una, di_chi, strict=True):
            if suo:
                elenco.append(id)
        if decisivo:
            di_tutti.append(id)
    return variante(
        esito,
        condizioni=tuple(
            variante(una, decisivi=tuple(elenco))
            for una, elenco in zip(esito.condizioni, di_una, strict=True)
        ),
        decisivi=tuple(di_tutti),
    )


_Prove = list[list[list[_Prova]]]


def _prove(conteggi: Iterable[_InUnaLettura]) -> _Prove:
    """By reading and condition, what is tried under every base; readings that try the same, once.

    Without a quorum, or where it is not known, no ballot changes the outcome: nothing is tried.
    """
    diverse: dict[tuple[object, ...], list[list[_Prova]]] = {}
    for una in conteggi:
        if una.conta is None or una.quorum in (
            StatoQuorum.MANCANTE,
            StatoQuorum.NON_DETERMINABILE,
        ):
            continue
        gruppi = [[_Prova(una.conta, verifica) for verifica in g] for g in una.possibili]
        diverse.setdefault(tuple(tuple(p.chiave for p in g) for g in gruppi), gruppi)
    return list(diverse.values())


def _cambia(
    prove: _Prove, mosse: Sequence[_Spostamento], presidenza: bool, risultato: Risultato
) -> bool:
    """Whether the outcome could be another one: what is approved is so if every condition is met under
    every base; what is turned down, if one of them is met under none.
    """

    def esiti(posto: int, gruppo: Iterable[_Prova]) -> Iterator[bool | None]:
        return (prova.con(mosse[posto], presidenza=presidenza) for prova in gruppo)

    if risultato is Risultato.APPROVATA:
        return any(
            esito is not True
            for gruppi in prove
            for posto, gruppo in enumerate(gruppi)
            for esito in esiti(posto, gruppo)
        )
    return any(
        all(
            any(esito is not False for esito in esiti(posto, gruppo))
            for posto, gruppo in enumerate(gruppi)
        )
        for gruppi in prove
    )


def altri_voti(id: str, dato: Voto | None) -> tuple[Voto, ...]:
    """How else one might have voted: all in favour, or all against, where it is not what they did."""
    return tuple(
        altro
        for scelta in (Scelta.FAVOREVOLE, Scelta.CONTRARIO)
        if (altro := Voto.intero(id, scelta)) != dato
    )


def _che_possono_votare(seduta: Seduta) -> Iterator[str]:
    interessati = frozenset(seduta.interessati)
    for uno in seduta.aventi_diritto:
        if uno.id in seduta.rappresentati and uno.id not in interessati:
            yield uno.id


def _che_cosa_e_aperto(
    regola: RegolaVoto | None,
    deleghe: Deleghe | None,
    seduta: Seduta,
    voti: Voti,
    *,
    alla_pari: bool,
) -> tuple[str, ...]:
    """What the sources leave open and this vote touches, in Italian."""
    aperti = []
    if regola is not None:
        astenuti = (
            voti.astenuti > 0
            if isinstance(voti, Scrutinio)
            else any(voto.astenuto for voto in voti)
        )
        if (
            regola.astensioni is None
            and astenuti
            and any(
                una.base in (None, Base.VOTANTI) and _frazione(una) for una in regola.condizioni
            )
        ):
            aperti.append("se chi si astiene sia fra i votanti")
        if any(una.base is None and _frazione(una) for una in regola.condizioni):
            aperti.append("di chi si prenda la maggioranza: aventi diritto, presenti o votanti")
        if regola.parita is None and alla_pari:
            aperti.append("che cosa accada a parità di voti")
        if regola.interesse is None and seduta.interessati:
            aperti.append("se chi è in conflitto di interessi conti fra i presenti")
    if deleghe is not None and deleghe.nel_quorum is None and seduta.deleghe:
        aperti.append("se chi è rappresentato conti nel quorum")
    return tuple(aperti)


def _alla_pari(somme: _Somme, esito: Esito) -> bool:
    return any(
        pari(una.condizione, una.avuto, somme.contro(una.condizione), una.su)
        for una in esito.condizioni
    )


def _frazione(condizione: Condizione) -> bool:
    return condizione.soglia is not None and condizione.soglia.frazione is not None


def _senza_cifra(regola: RegolaVoto | None, quorum: Quorum | None) -> tuple[str, ...]:
    aperti = []
    if regola is None:
        aperti.append("con quale maggioranza si decida")
    elif any(una.soglia is None for una in regola.condizioni):
        aperti.append("quanti voti favorevoli servano")
    if quorum is not None and any(una.soglia is None for una in quorum.condizioni):
        aperti.append("quanti debbano essere presenti")
    return tuple(aperti)


# --- which rule ---------------------------------------------------------------------------------


class RegoleInConflitto(DatiNonValidi):
    """Two declared rules hold for the same thing: the plugin must say which."""

    codice = "regole_in_conflitto"


_Regola = TypeVar("_Regola", RegolaVoto, Quorum)


def scegli_regola(
    regole: Iterable[_Regola], giorno: date, materia: str, convocazione: int | None = None
) -> _Regola | None:
    """The rule for a matter on a day: one made for the matter, otherwise the one for all.

    Raises:
        RegoleInConflitto: two of them hold.
    """
    in_vigore = [
        una
        for una in regole
        if una.vale(giorno)
        and (not isinstance(una, Quorum) or una.convocazione in (None, convocazione))
    ]
    per_materia = [una for una in in_vigore if materia in una.materie]
    scelte = per_materia or [una for una in in_vigore if not una.materie]
    if len(scelte) > 1:
        fonti = "; ".join(dict.fromkeys(una.fonte.cita() for una in scelte))
        raise RegoleInConflitto(
            f"Per «{materia}» al {giorno:%d/%m/%Y} valgono {len(scelte)} regole insieme ({fonti}): "
            "il plugin del distretto deve dirne una."
        )
    return scelte[0] if scelte else None
