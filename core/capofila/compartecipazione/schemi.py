"""Schemes of compartecipazione, as a YAML file declares them: dated parameters, and formulas of steps.

A scheme says for one service what a person pays. Every figure in it is a parameter with days of
validity and the act that set it; a formula is a list of steps that hold between two days, and reads
parameters by name. Nothing of a scheme is a program: the shapes of the steps are those of this module,
and :mod:`calcolo` does them.

A file is refused whole, with every fault at its line: a key given twice or unknown, a day that is none,
a gap or an overlap, nodes that do not grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, TypeVar, cast

import msgspec

from capofila.base.dichiarato import CartellaNonValida, Raccolta, Voce, leggi_yaml
from capofila.compartecipazione.isee import SpecieISEE
from capofila.hooks.atti import Atto, DichiarazioneErrata, Specie

NOME: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_CODICE_PRESTAZIONE: Final = re.compile(r"[A-Z][0-9]{1,2}\.[0-9A-Z.]{1,10}")
Unita = Literal["ora", "giorno", "pasto", "mese", "accesso", "anno"]
UNITA: Final[dict[str, Unita]] = {
    "ora": "ora", "giorno": "giorno", "pasto": "pasto", "mese": "mese", "accesso": "accesso",
    "anno": "anno",
}  # fmt: skip
Modo = Literal["intera", "percentuale", "progressiva"]
_MODI: Final[dict[str, Modo]] = {
    "intera": "intera", "percentuale": "percentuale", "progressiva": "progressiva",
}  # fmt: skip
_SPECIE: Final = {s.value: s for s in Specie}
_ISEE: Final = {s.value: s for s in SpecieISEE}
CIFRE_MASSIME: Final = Decimal(10**9)
DECIMALI: Final = 6
_SI_NO: Final = {"si": True, "sì": True, "no": False}


# --- the steps ----------------------------------------------------------------------------------


class Passo(msgspec.Struct, frozen=True, kw_only=True, tag_field="forma"):
    """One step of a formula; its figures are names of parameters."""

    def parametri(self) -> Iterator[str]:
        """The names that it reads."""
        for nome in self.__struct_fields__:
            valore = getattr(self, nome)
            if isinstance(valore, str) and nome not in ("se", "sotto", "modo", "detta"):
                yield valore
            elif isinstance(valore, tuple):
                for gradino in valore:
                    yield from (n for n in msgspec.structs.astuple(gradino) if n is not None)


class Nodo(msgspec.Struct, frozen=True):
    """A point of a line: at this ISEE, this tariff."""

    isee: str
    tariffa: str


class Gradino(msgspec.Struct, frozen=True):
    """Up to this value, the value included, this tariff; None for all that is beyond."""

    fino_a: str | None
    tariffa: str


class Esente(Passo, frozen=True, kw_only=True, tag="esente"):
    """Nothing is paid up to an ISEE; the formula ends there."""

    fino_a: str


class Fissa(Passo, frozen=True, kw_only=True, tag="fissa"):
    """The same for all."""

    tariffa: str


class Tratti(Passo, frozen=True, kw_only=True, tag="tratti"):
    """A line through nodes: below the first its tariff or nothing, beyond the last its tariff.

    With two nodes it is the linear shape. ``sotto`` is what is paid up to the first node, the node
    included where nothing is.
    """

    nodi: tuple[Nodo, ...]
    sotto: Literal["esente", "minima"] = "minima"


class Fasce(Passo, frozen=True, kw_only=True, tag="fasce"):
    """Bands of ISEE: the tariff of the band (``intera``), the percentage of the cost of the band
    (``percentuale``), or of each part of the ISEE the percentage of its band (``progressiva``).
    """

    fasce: tuple[Gradino, ...]
    modo: Modo = "intera"


class Percentuale(Passo, frozen=True, kw_only=True, tag="percentuale"):
    """A percentage of the cost of the service."""

    percento: str


class Proporzionale(Passo, frozen=True, kw_only=True, tag="proporzionale"):
    """The share of the cost that the ISEE is of a final ISEE, the whole cost beyond it."""

    isee_finale: str
    minima: str | None = None
    """The least percentage, if there is one."""


class Punti(Passo, frozen=True, kw_only=True, tag="punti"):
    """A table of points, given by whoever assessed the case."""

    fasce: tuple[Gradino, ...]


class MinimoGarantito(Passo, frozen=True, kw_only=True, tag="minimo_garantito"):
    """For residential care: what stays to the person each month; the quota is no more than the rest."""

    importo: str


class Riduzione(Passo, frozen=True, kw_only=True, tag="riduzione"):
    """A percentage less for who is in a condition."""

    percento: str
    se: str
    """The condition, one of those that the scheme declares."""


class Tetto(Passo, frozen=True, kw_only=True, tag="tetto"):
    """No more than a parameter, or without one than the actual cost: of a unit before the quantity, of
    all of them after it.
    """

    importo: str | None = None


class PerQuantita(Passo, frozen=True, kw_only=True, tag="per_quantita"):
    """From the tariff of a unit to the quota of all of them."""


class Arrotonda(Passo, frozen=True, kw_only=True, tag="arrotonda"):
    """Half-up, at this place."""

    decimali: int = 2


Forma = (
    Esente | Fissa | Tratti | Fasce | Percentuale | Proporzionale | Punti | MinimoGarantito
    | Riduzione | Tetto | PerQuantita | Arrotonda
)  # fmt: skip
_ANNI: Final = range(1990, 2101)
_BASE: Final = (Fissa, Tratti, Fasce, Percentuale, Proporzionale, Punti)
"""The shapes that set the tariff; a formula has one."""


_CENTO: Final = 100
_GIORNI_TENUTI: Final = 500
"""Days of which a scheme remembers what it was."""


# --- a scheme -----------------------------------------------------------------------------------


class Valore(msgspec.Struct, frozen=True):
    """A figure between two days, and the act that set it."""

    dal: date
    al: date | None
    valore: Decimal
    atto: str
    riga: int = 0


class Formula(msgspec.Struct, frozen=True):
    """Steps between two days."""

    dal: date
    al: date | None
    passi: tuple[Forma, ...]
    atto: str
    senza_isee: str | None = None
    """The parameter with the tariff for who shows no ISEE that can be used; None: none is due by it."""
    riga: int = 0
    costo: str | None = None
    """The parameter with the cost of a unit, where a case does not say its own."""

    def parametri(self) -> Iterator[str]:
        """The names that it reads."""
        for passo in self.passi:
            yield from passo.parametri()
        yield from (nome for nome in (self.senza_isee, self.costo) if nome is not None)


class Letto(msgspec.Struct, frozen=True):
    """A parameter as it was on a day: its value, since when, and by which act."""

    nome: str
    valore: Decimal
    dal: date
    atto: str
    """The citation, in Italian."""
    ipotesi: bool = False


class Risolto(msgspec.Struct, frozen=True):
    """A scheme on a day: all that the computation needs, and nothing else."""

    schema: str
    denominazione: str
    unita: Unita
    isee: frozenset[SpecieISEE]
    accetta_omissioni: bool
    giorno: date
    dal: date
    """Since when the formula holds."""
    atto: str
    passi: tuple[Forma, ...]
    senza_isee: str | None
    condizioni: dict[str, str]
    letti: dict[str, Letto]
    costo: str | None = None
    adozione: str | None = None
    """The act by which the comune took the scheme, where one was looked at."""

    @property
    def versione(self) -> date:
        """The day on which the scheme became what it is on this one."""
        return max([self.dal, *(letto.dal for letto in self.letti.values())])


class Schema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What is paid for a service, over the years."""

    id: str
    servizio: str
    denominazione: str
    unita: Unita
    isee: frozenset[SpecieISEE]
    accetta_omissioni: bool
    dimostrativo: bool
    """Invented, because no figure is public."""
    condizioni: dict[str, str]
    """What may reduce the quota, and how it is said."""
    atti: dict[str, Atto]
    parametri: dict[str, tuple[Valore, ...]]
    formule: tuple[Formula, ...]
    codice_prestazione: str | None = None
    """Of the service, in the list of the prestazioni that the receiver knows."""

    def formula(self, giorno: date) -> Formula | None:
        """The one that holds on a day."""
        return _di(self.formule, giorno)

    def valore(self, nome: str, giorno: date) -> Valore | None:
        """A parameter on a day."""
        return _di(self.parametri.get(nome, ()), giorno)

    @cached_property
    def _risolti(self) -> dict[date, Risolto | None]:
        return {}

    def risolvi(self, giorno: date) -> Risolto | None:
        """The scheme on a day; None before its first day and after its last."""
        if giorno not in self._risolti:
            if len(self._risolti) >= _GIORNI_TENUTI:
                self._risolti.clear()
            self._risolti[giorno] = self._risolvi(giorno)
        return self._risolti[giorno]

    def _risolvi(self, giorno: date) -> Risolto | None:
        formula = self.formula(giorno)
        if formula is None:
            return None
        letti = {}
        for nome in dict.fromkeys(formula.parametri()):
            valore = self.valore(nome, giorno)
            if valore is None:  # pragma: no cover - a scheme with such a gap is not read
                return None
            atto = self.atti[valore.atto]
            letti[nome] = Letto(nome, valore.valore, valore.dal, atto.cita(), atto.ipotesi)
        return Risolto(
            schema=self.id, denominazione=self.denominazione, unita=self.unita, isee=self.isee,
            accetta_omissioni=self.accetta_omissioni, giorno=giorno, dal=formula.dal,
            atto=self.atti[formula.atto].cita(), passi=formula.passi,
            senza_isee=formula.senza_isee, condizioni=self.condizioni, letti=letti,
            costo=formula.costo,
        )  # fmt: skip

    @cached_property
    def cambi(self) -> tuple[date, ...]:
        """The days on which something changes."""
        giorni = {f.dal for f in self.formule}
        giorni |= {v.dal for valori in self.parametri.values() for v in valori}
        return tuple(sorted(giorni))


_P = TypeVar("_P", Valore, Formula)


def _di(periodi: Sequence[_P], giorno: date) -> _P | None:
    """The last one that had begun, unless it has ended: one without an end lasts until the next."""
    ultimo = next((p for p in reversed(periodi) if p.dal <= giorno), None)
    return None if ultimo is None or (ultimo.al is not None and ultimo.al < giorno) else ultimo


# --- reading ------------------------------------------------------------------------------------


def leggi(percorso: Path) -> Schema:
    """A scheme from its file.

    Raises:
        CartellaNonValida: the file, the lines and the reasons.
    """
    raccolta = Raccolta(percorso.parent.name)
    voce = leggi_yaml(raccolta, percorso.parent, percorso.name, serve=True)
    schema = _schema(voce) if voce is not None else None
    if raccolta.problemi or schema is None:
        raise CartellaNonValida(raccolta.problemi)
    return schema


def _schema(voce: Voce) -> Schema | None:
    unita = UNITA.get(_serve(voce, "unita", UNITA), "mese")
    atti = {nome: _atto(dove) for nome, dove in _sotto(voce, "atti")}
    condizioni = {nome: voce.mappa("condizioni").testo(nome) for nome in _nomi(voce, "condizioni")}
    parametri = {nome: _valori(dove, frozenset(atti)) for nome, dove in _sotto(voce, "parametri")}
    formule = tuple(
        formula
        for una in voce.elenco("formule")
        if (formula := _formula(una, parametri, frozenset(atti), condizioni, unita)) is not None
    )
    isee = frozenset(_ISEE[n] for n in voce.testi("isee") if _fra(voce, "isee", n, _ISEE))
    schema = Schema(
        id=voce.testo("id", NOME, "crema-sad"),
        servizio=voce.testo("servizio", NOME, "sad"),
        denominazione=voce.testo("denominazione"),
        unita=unita,
        isee=isee,
        accetta_omissioni=voce.scelta("accetta_omissioni", _SI_NO, False),
        dimostrativo=voce.scelta("dimostrativo", _SI_NO, False),
        condizioni=condizioni,
        codice_prestazione=voce.codice("codice_prestazione", _CODICE_PRESTAZIONE, "A2.07"),
        atti={nome: atto for nome, atto in atti.items() if atto is not None},
        parametri=parametri,
        formule=formule,
    )
    voce.tutto_letto()
    if not schema.formule:
        voce.segnala("manca: scrivi almeno una formula.", "formule")
        return None
    _in_fila(voce, "formule", schema.formule, "la formula")
    for nome, valori in parametri.items():
        _in_fila(voce, "parametri", valori, f"il parametro «{nome}»")
    _coperti(voce, schema)
    if voce.valida:
        _crescenti(voce, schema)
    return schema


def _nomi(voce: Voce, chiave: str) -> list[str]:
    return voce.mappa(chiave).nomi()


def _sotto(voce: Voce, chiave: str) -> list[tuple[str, Voce]]:
    """The mappings inside one, by name."""
    dentro = voce.mappa(chiave)
    for nome in dentro.nomi():
        if not NOME.fullmatch(nome):
            dentro.segnala(f"«{nome}» non va bene: scrivi per esempio tariffa_minima.", nome)
    return [(nome, dentro.mappa(nome)) for nome in dentro.nomi()]


def _fra(voce: Voce, chiave: str, nome: str, ammessi: Mapping[str, object]) -> bool:
    if not ammessi:
        voce.segnala(f"«{nome}» non è fra quelle che lo schema dichiara: aggiungila.", chiave)
    elif nome not in ammessi:
        voce.segnala(f"«{nome}» non va bene: scegli fra {', '.join(ammessi)}.", chiave)
    return nome in ammessi


def _serve(voce: Voce, chiave: str, ammessi: Mapping[str, object]) -> str:
    """One of a few words, that must be there."""
    valore = voce.testo(chiave)
    if valore:
        _fra(voce, chiave, valore, ammessi)
    return valore


def _periodo(voce: Voce) -> tuple[date | None, date | None]:
    """``dal``, that must be there, and ``al``."""
    dal, al = voce.periodo()
    if dal is None and voce.valida:
        voce.segnala("manca: scrivi una data come 2015-05-01.", "dal")
    for giorno, chiave in ((dal, "dal"), (al, "al")):
        if giorno is not None and giorno.year not in _ANNI:
            voce.segnala(f"«{giorno}» non può essere: scrivi un anno fra 1990 e 2100.", chiave)
            return None, None
    return dal, al


def _atto(voce: Voce) -> Atto | None:
    campi = {
        "specie": voce.scelta("specie", _SPECIE, Specie.DELIBERAZIONE),
        "organo": voce.testo("organo"),
        "titolo": voce.testo("titolo"),
        "numero": voce.facoltativo("numero"),
        "data": voce.data("data"),
        "articolo": voce.facoltativo("articolo"),
        "url": voce.facoltativo("url"),
        "nota": voce.facoltativo("nota"),
        "ipotesi": voce.scelta("ipotesi", _SI_NO, False),
    }
    voce.tutto_letto()
    if not voce.valida:
        return None
    try:
        return Atto(**campi)  # type: ignore[arg-type]
    except DichiarazioneErrata as errore:
        voce.segnala(errore.messaggio)
        return None


def _valori(voce: Voce, atti: frozenset[str]) -> tuple[Valore, ...]:
    valori = []
    for uno in voce.elenco("valori"):
        dal, al = _periodo(uno)
        cifra = uno.decimale(
            "valore", minimo=0, massimo=int(CIFRE_MASSIME), decimali=DECIMALI, esempio="2.19"
        )
        if cifra is None and uno.valida:
            uno.segnala("manca: scrivi per esempio 2.19.", "valore")
        atto = _fonte(uno, atti)
        uno.tutto_letto()
        if dal is not None and cifra is not None:
            valori.append(Valore(dal, al, cifra.normalize() + 0, atto, uno.riga))
    if not valori and voce.valida:
        voce.segnala("manca: scrivi almeno un valore con la sua data.", "valori")
    voce.tutto_letto()
    return tuple(valori)


def _fonte(voce: Voce, atti: frozenset[str]) -> str:
    nome = voce.testo("atto")
    if nome and nome not in atti:
        voce.segnala(f"l'atto «{nome}» non è fra gli atti dichiarati.", "atto")
    return nome


def _formula(
    voce: Voce, parametri: Mapping[str, object], atti: frozenset[str],
    condizioni: Mapping[str, str], unita: Unita,
) -> Formula | None:  # fmt: skip
    dal, al = _periodo(voce)
    passi = [p for uno in voce.elenco("passi") if (p := _passo(uno, condizioni)) is not None]
    senza = voce.codice("senza_isee", NOME, "tariffa_massima")
    costo = voce.codice("costo", NOME, "costo_del_servizio")
    atto = _fonte(voce, atti)
    voce.tutto_letto()
    if not voce.valida or dal is None:
        return None
    formula = Formula(dal, al, tuple(passi), atto, senza, voce.riga, costo)
    _in_ordine(voce, passi, unita)
    for nome in formula.parametri():
        if nome not in parametri:
            voce.segnala(f"il parametro «{nome}» non è dichiarato.", "passi")
    return formula


def _in_ordine(voce: Voce, passi: Sequence[Forma], unita: Unita) -> None:
    """One tariff, what exempts from it before and what changes it after; the quantity once."""
    basi = [posto for posto, passo in enumerate(passi) if isinstance(passo, _BASE)]
    if len(basi) != 1:
        voce.segnala(
            "serve un passo che dia la tariffa, e uno solo: fissa, tratti, fasce, percentuale, "
            "proporzionale o punti.", "passi",
        )  # fmt: skip
        return
    if any(isinstance(passo, Esente) != (posto < basi[0])
           for posto, passo in enumerate(passi) if posto != basi[0]):  # fmt: skip
        voce.segnala("prima della tariffa sta solo «esente», e «esente» solo prima.", "passi")
    quantita = [posto for posto, passo in enumerate(passi) if isinstance(passo, PerQuantita)]
    if len(quantita) > 1:
        voce.segnala("la quantità si moltiplica una volta sola: togli un «per_quantita».", "passi")
    prima = len(passi) if not quantita else quantita[0]
    if any(isinstance(p, MinimoGarantito) and (posto < prima) != (unita == "mese")
           for posto, p in enumerate(passi)):  # fmt: skip
        voce.segnala(
            "quel che resta alla persona è di un mese: «minimo_garantito» sta prima di «per_quantita» "
            "se l'unità è il mese, dopo se è un'altra.", "passi",
        )  # fmt: skip


def _passo(voce: Voce, condizioni: Mapping[str, str]) -> Forma | None:
    forma = voce.testo("forma")
    passo: Forma | None = None
    match forma:
        case "esente":
            passo = Esente(fino_a=voce.testo("fino_a"))
        case "fissa":
            passo = Fissa(tariffa=voce.testo("tariffa"))
        case "tratti":
            nodi = tuple(
                Nodo(uno.testo("isee"), uno.testo("tariffa")) for uno in voce.elenco("nodi")
            )
            if len(nodi) < 2:
                voce.segnala("servono almeno due nodi.", "nodi")
            sotto = voce.scelta("sotto", {"esente": "esente", "minima": "minima"}, "minima")
            passo = Tratti(nodi=nodi, sotto=cast(Literal["esente", "minima"], sotto))
        case "fasce":
            passo = Fasce(fasce=_gradini(voce), modo=voce.scelta("modo", _MODI, "intera"))
        case "percentuale":
            passo = Percentuale(percento=voce.testo("percento"))
        case "proporzionale":
            passo = Proporzionale(
                isee_finale=voce.testo("isee_finale"), minima=voce.facoltativo("minima")
            )
        case "punti":
            passo = Punti(fasce=_gradini(voce))
        case "minimo_garantito":
            passo = MinimoGarantito(importo=voce.testo("importo"))
        case "riduzione":
            se = voce.testo("se")
            if se:
                _fra(voce, "se", se, condizioni)
            passo = Riduzione(percento=voce.testo("percento"), se=se)
        case "tetto":
            passo = Tetto(importo=voce.facoltativo("importo"))
        case "per_quantita":
            passo = PerQuantita()
        case "arrotonda":
            if not voce.testo("decimali"):
                return None
            passo = Arrotonda(decimali=voce.intero("decimali", 0, 4) or 0)
        case "":
            pass
        case altra:
            voce.segnala(f"la forma «{altra}» non esiste.", "forma")
            return None
    voce.tutto_letto()
    return passo


def _gradini(voce: Voce) -> tuple[Gradino, ...]:
    gradini = tuple(
        Gradino(uno.facoltativo("fino_a"), uno.testo("tariffa")) for uno in voce.elenco("fasce")
    )
    if not gradini:
        voce.segnala("serve almeno una fascia.", "fasce")
    elif any(g.fino_a is None for g in gradini[:-1]) or gradini[-1].fino_a is not None:
        voce.segnala("solo l'ultima fascia è senza «fino_a»: comprende tutto il resto.", "fasce")
    return gradini


# --- what only the whole shows ------------------------------------------------------------------


def _in_fila(voce: Voce, chiave: str, periodi: Sequence[Valore | Formula], cosa: str) -> None:
    """Each period begins the day after the one before: none missing, none twice."""
    for prima, dopo in pairwise(periodi):
        fine = prima.al or dopo.dal - timedelta(days=1)
        if dopo.dal <= prima.dal or dopo.dal <= fine:
            voce.segnala_alla(
                dopo.riga,
                f"{cosa} dal {dopo.dal} si sovrappone al periodo prima: correggi le date.",
                chiave,
            )
        elif dopo.dal > fine + timedelta(days=1):
            voce.segnala_alla(
                dopo.riga,
                f"{cosa} manca dal {fine + timedelta(days=1)} al {dopo.dal - timedelta(days=1)}.",
                chiave,
            )


def _coperti(voce: Voce, schema: Schema) -> None:
    """A formula reads what is there as long as it holds: to its end, or the day before the next one."""
    for formula, dopo in zip(schema.formule, (*schema.formule[1:], None), strict=True):
        fine = dopo.dal - timedelta(days=1) if formula.al is None and dopo else formula.al
        for nome in dict.fromkeys(formula.parametri()):
            valori = schema.parametri.get(nome)
            if not valori:
                continue
            ultimo = valori[-1].al
            if valori[0].dal > formula.dal:
                voce.segnala_alla(
                    formula.riga,
                    f"il parametro «{nome}» comincia il {valori[0].dal}, la formula il {formula.dal}.",
                    "formule",
                )
            elif ultimo is not None and (fine is None or ultimo < fine):
                voce.segnala_alla(
                    formula.riga,
                    f"il parametro «{nome}» finisce il {ultimo}, prima della formula.", "formule",
                )  # fmt: skip


def _crescenti(voce: Voce, schema: Schema) -> None:
    """Nodes and bands grow, on every day on which something changes."""
    for giorno in schema.cambi:
        formula = schema.formula(giorno)
        if formula is None:
            continue
        valori = {
            nome: valore.valore
            for nome in formula.parametri()
            if (valore := schema.valore(nome, giorno)) is not None
        }
        for difetto in non_tengono(formula.passi, valori, formula.costo):
            voce.segnala_alla(formula.riga, f"dal {giorno} {difetto}", "formule")


def non_tengono(
    passi: Sequence[Forma], valori: Mapping[str, Decimal], costo: str | None = None
) -> Iterator[str]:
    """What of some values cannot be: nodes or bands that do not grow, more than all, a part of a cent.

    Args:
        passi: the steps that read them.
        valori: the parameters on a day.
        costo: the one that is the cost of a unit.
    """
    for passo in passi:
        for nome in _di_percentuali(passo):
            if valori.get(nome, Decimal(0)) > _CENTO:
                yield f"la percentuale «{nome}» è più di 100: {valori[nome]}."
        for cosa, nomi, strette in _da_crescere(passo):
            cifre = [valori[nome] for nome in nomi if nome is not None and nome in valori]
            if any(b < a or (strette and b == a) for a, b in pairwise(cifre)):
                yield f"{cosa} non crescono: {', '.join(map(str, cifre))}."
    if costo is not None and costo in valori and valori[costo] != round(valori[costo], 2):
        yield f"il costo «{costo}» ha più di due decimali: {valori[costo]}."
    for nome in dict.fromkeys(nome for passo in passi for nome in _di_isee(passo)):
        if nome in valori and valori[nome] != round(valori[nome], 2):
            yield f"l'ISEE «{nome}» ha più di due decimali: {valori[nome]}."


def _di_percentuali(passo: Forma) -> list[str]:
    match passo:
        case Percentuale(percento=percento) | Riduzione(percento=percento):
            return [percento]
        case Proporzionale(minima=str(minima)):
            return [minima]
        case Fasce(modo="percentuale" | "progressiva", fasce=fasce):
            return [gradino.tariffa for gradino in fasce]
        case _:
            return []


def _di_isee(passo: Forma) -> list[str]:
    """What an ISEE is measured against."""
    match passo:
        case Esente(fino_a=fino_a):
            return [fino_a]
        case Tratti(nodi=nodi):
            return [nodo.isee for nodo in nodi]
        case Fasce(fasce=fasce):
            return [gradino.fino_a for gradino in fasce if gradino.fino_a is not None]
        case Proporzionale(isee_finale=finale):
            return [finale]
        case _:
            return []


def _da_crescere(passo: Forma) -> list[tuple[str, list[str | None], bool]]:
    """What has to grow, and whether two may be the same."""
    match passo:
        case Tratti(nodi=nodi):
            return [
                ("gli ISEE dei nodi", [nodo.isee for nodo in nodi], True),
                ("le tariffe dei nodi", [nodo.tariffa for nodo in nodi], False),
            ]
        case Fasce(fasce=fasce) | Punti(fasce=fasce):
            return [
                ("i limiti delle fasce", [gradino.fino_a for gradino in fasce], True),
                ("le tariffe delle fasce", [gradino.tariffa for gradino in fasce], False),
            ]
        case _:
            return []
