"""What each comune did with the schemes of the ambito, and what therefore holds in it on a day.

Runs inside a unit of work of the ambito, narrowed to one comune for whoever works for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.righe import INTEGER, riga_numero
from capofila.compartecipazione.calcolo import Motivo
from capofila.compartecipazione.catalogo import schema, schemi
from capofila.compartecipazione.schemi import (
    CIFRE_MASSIME,
    DECIMALI,
    Letto,
    Risolto,
    Schema,
    non_tengono,
)
from capofila.governo import service as governo
from capofila.hooks.atti import Atto, Specie
from capofila.territorio import service as territorio

StatoAdozione = Literal["adotta", "non_adotta", "adotta_con_varianti"]
STATI: Final[tuple[StatoAdozione, ...]] = ("adotta", "adotta_con_varianti", "non_adotta")


class Adozione(msgspec.Struct, frozen=True, kw_only=True):
    """What a comune did with the scheme of a service, between two days, by an act."""

    comune: str
    """Belfiore code."""
    servizio: str
    stato: StatoAdozione
    dal: date
    al: date | None = None
    organo: str
    numero: str | None = None
    data: date
    articolo: str | None = None
    varianti: dict[str, Decimal] = {}
    """Values in the place of those of the scheme, by parameter."""
    id: int = 0
    registrata_il: datetime | None = None
    ritirata_il: datetime | None = None
    persona: str | None = None

    def vale(self, giorno: date) -> bool:
        """Whether it holds on a day."""
        return (
            self.ritirata_il is None
            and self.dal <= giorno
            and (self.al is None or giorno <= self.al)
        )

    def cita(self) -> str:
        """The act, as the trace prints it."""
        return Atto(
            specie=Specie.DELIBERAZIONE, organo=self.organo, titolo="Adozione del comune",
            numero=self.numero, data=self.data, articolo=self.articolo,
        ).cita()  # fmt: skip


class Vigenza(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a service in a comune on a day.

    Attributes:
        risolto: the scheme with the variants of the comune; None when there is none to compute by.
        motivo: then, why.
        supposta: nobody registered what the comune did: the scheme of the ambito is supposed.
    """

    comune: str
    servizio: str
    giorno: date
    adozione: Adozione | None = None
    risolto: Risolto | None = None
    motivo: Motivo | None = None
    supposta: bool = False


def con_varianti(risolto: Risolto, adozione: Adozione) -> Risolto:
    """A scheme on a day, as a comune took it."""
    cita = adozione.cita()
    letti = {
        nome: Letto(nome, adozione.varianti[nome], adozione.dal, cita)
        if nome in adozione.varianti
        else letto
        for nome, letto in risolto.letti.items()
    }
    return msgspec.structs.replace(risolto, letti=letti, adozione=cita)


def difetti(adozione: Adozione, schema: Schema) -> list[tuple[str, str]]:
    """What keeps an adoption out: (field, words); a variant is the field ``variante-NAME``."""
    trovati: list[tuple[str, str]] = []
    if adozione.al is not None and adozione.al < adozione.dal:
        trovati.append(("al", "La fine viene prima dell’inizio: correggi una delle due date."))
    if adozione.stato != "adotta_con_varianti":
        if adozione.varianti:
            trovati.append(
                ("stato", "Solo chi adotta con varianti ha valori propri: togli i valori, o cambia lo stato.")
            )  # fmt: skip
        return trovati
    if not adozione.varianti:
        trovati.append(("stato", "Scrivi almeno un valore diverso da quello dello schema."))
    for nome, valore in adozione.varianti.items():
        if nome not in schema.parametri:
            trovati.append((f"variante-{nome}", f"Lo schema non ha un parametro «{nome}»."))
        elif not valore.is_finite() or not 0 <= valore <= CIFRE_MASSIME:
            trovati.append((f"variante-{nome}", "Scrivi un valore fra zero e un miliardo."))
        elif _decimali(valore) > DECIMALI:
            trovati.append((f"variante-{nome}", f"Scrivi al massimo {DECIMALI} decimali."))
    return trovati or _senza_tenuta(adozione, schema)


def _senza_tenuta(adozione: Adozione, schema: Schema) -> list[tuple[str, str]]:
    """The rules of a file of schemes, on each day on which something changes while it holds."""
    giorni = sorted({adozione.dal, *(g for g in schema.cambi if adozione.vale(g))})
    detti: dict[str, None] = {}
    letti: set[str] = set()
    for giorno in giorni:
        risolto = schema.risolvi(giorno)
        if risolto is None:
            continue
        preso = con_varianti(risolto, adozione)
        letti.update(preso.letti)
        valori = {nome: letto.valore for nome, letto in preso.letti.items()}
        for difetto in non_tengono(preso.passi, valori, preso.costo):
            detti.setdefault(f"Dal {giorno:%d/%m/%Y} {_in_italiano(difetto)}")
    trovati = [("", testo) for testo in detti]
    if not letti:
        return [("dal", "In quei giorni lo schema non ha nessuna formula: controlla le date.")]
    trovati += [
        (f"variante-{nome}", f"In quei giorni nessuna formula legge «{nome}»: togli il valore.")
        for nome in adozione.varianti
        if nome not in letti
    ]
    return trovati


def _in_italiano(testo: str) -> str:
    """Figures as a page writes them; in a file of schemes they have a point."""
    return re.sub(r"(\d)\.(\d)", r"\1,\2", testo.replace(", ", "; "))


def _decimali(valore: Decimal) -> int:
    esponente = valore.normalize().as_tuple().exponent
    return -esponente if isinstance(esponente, int) else 0


# --- what holds ---------------------------------------------------------------------------------


async def vigente(comune: str, servizio: str, giorno: date) -> Vigenza:
    """What holds for a service in a comune on a day.

    Args:
        comune: Belfiore code.
        servizio: the service.
        giorno: the day.

    Raises:
        NonTrovato: no active plugin declares a scheme for the service.
        Conflitto: more than one holds.
    """
    return (await vigenze(servizio, giorno, [comune]))[comune]


async def vigenze(
    servizio: str, giorno: date, comuni: Iterable[str] | None = None
) -> dict[str, Vigenza]:
    """The same for many comuni, in a fixed number of queries; without any, for all of the ambito.

    Raises:
        NonTrovato, Conflitto: as :func:`vigente`.
    """
    trovato = await schema(servizio, giorno)
    appartenenze, mappa = await territorio.appartenenze(), await territorio.mappa_comuni()
    membri = {mappa.belfiore(istat) for istat in appartenenze.membri(giorno)}
    chiesti = sorted(m for m in membri if m) if comuni is None else list(comuni)
    adottate = {una.comune: una for una in await del_giorno(giorno, servizio)}
    risolto = trovato.risolvi(giorno)
    return {
        comune: _vigenza(comune, trovato, giorno, risolto, adottate.get(comune), comune in membri)
        for comune in chiesti
    }


def _vigenza(
    comune: str,
    schema: Schema,
    giorno: date,
    risolto: Risolto | None,
    adozione: Adozione | None,
    membro: bool,
) -> Vigenza:
    qui = Vigenza(comune=comune, servizio=schema.servizio, giorno=giorno, adozione=adozione)
    cambia = msgspec.structs.replace
    if not membro:
        return cambia(qui, motivo="comune_fuori_ambito")
    if adozione is not None and adozione.stato == "non_adotta":
        return cambia(qui, motivo="comune_non_adotta")
    if risolto is None:
        return cambia(qui, motivo="nessuno_schema")
    if adozione is None:
        return cambia(qui, risolto=risolto, supposta=True)
    return cambia(qui, risolto=con_varianti(risolto, adozione))


# --- the register -------------------------------------------------------------------------------

_COLONNE: Final = ", ".join(f"a.{nome}" for nome in Adozione.__struct_fields__ if nome != "persona")
_LEGGI: Final = (
    f"SELECT {_COLONNE}, u.nome AS persona FROM adozione a "
    "LEFT JOIN utente u ON u.id = a.registrata_da WHERE a.ambito_id = $1"
)


def _da(riga: Any) -> Adozione:
    valori = dict(riga)
    valori["varianti"] = msgspec.json.decode(valori["varianti"], type=dict[str, Decimal])
    return Adozione(**valori)


async def del_giorno(giorno: date, servizio: str | None = None) -> list[Adozione]:
    """The adoptions that hold on a day, of one service or of all."""
    unita = unita_corrente()
    return [
        _da(riga)
        for riga in await unita.righe(
            f"{_LEGGI} AND a.ritirata_il IS NULL AND a.dal <= $2 AND (a.al IS NULL OR a.al >= $2) "
            "AND ($3::text IS NULL OR a.servizio = $3) ORDER BY a.servizio, a.comune",
            unita.ambito,
            giorno,
            servizio,
        )
    ]


async def storia(comune: str, servizio: str) -> list[Adozione]:
    """All that was registered of a comune and a service, the latest first."""
    unita = unita_corrente()
    return [
        _da(riga)
        for riga in await unita.righe(
            f"{_LEGGI} AND a.comune = $2 AND a.servizio = $3 ORDER BY a.dal DESC, a.id DESC",
            unita.ambito,
            comune,
            servizio,
        )
    ]


async def leggi(id_: int) -> Adozione:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    return _da(
        await riga_numero(
            f"{_LEGGI} AND a.id = $2",
            id_,
            "Questa adozione non c'è: torna all'elenco.",
            numeri=INTEGER,
        )
    )


class AdozioneRifiutata(DatiNonValidi):
    """It does not hold together; ``errori`` are (field, words)."""

    def __init__(self, errori: list[tuple[str, str]]) -> None:
        super().__init__(" ".join(testo for _, testo in errori))
        self.errori = errori


async def registra_adozione(nuova: Adozione) -> tuple[int, Adozione | None]:
    """Write an adoption down; one that held without an end is ended the day before.

    Returns:
        Its number, and the one that it ended.

    Raises:
        AdozioneRifiutata: the comune is not of the ambito, what is written does not hold together, or
            the deliberation that it cites does not stand.
        Conflitto: another one holds on some of those days.
        NonTrovato: no active plugin declares a scheme for the service.
    """
    unita = unita_corrente()
    errori = difetti(nuova, await schema(nuova.servizio, nuova.dal))
    mappa = await territorio.mappa_comuni()
    istat = mappa.istat(nuova.comune)
    if istat is None or (await territorio.appartenenze()).del_giorno(istat, nuova.dal) is None:
        errori.append(("comune", "In quel giorno il comune non è di questo ambito."))
    if nuova.numero and governo.CHIAVE.fullmatch(nuova.numero):
        # An act of ours, cited by its key: it is there and it stands, or it is no act.
        citata = await governo.per_chiave(nuova.numero)
        if citata is None or citata.propone or not citata.in_vigore(nuova.data):
            errori.append(
                ("numero", "Nel registro delle deliberazioni non c’è, o quel giorno non valeva.")
            )
    if errori:
        raise AdozioneRifiutata(errori)
    aperta = next(
        (
            una
            for una in await storia(nuova.comune, nuova.servizio)
            if una.ritirata_il is None and una.al is None and una.dal < nuova.dal
        ),
        None,
    )
    try:
        async with unita.punto_di_ritorno():
            if aperta is not None:
                await unita.esegui(
                    "UPDATE adozione SET al = $3 WHERE ambito_id = $1 AND id = $2",
                    unita.ambito,
                    aperta.id,
                    nuova.dal - timedelta(days=1),
                )
            id_: int = await unita.valore(
                "INSERT INTO adozione (comune, servizio, stato, dal, al, organo, numero, data, "
                "articolo, varianti) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb) "
                "RETURNING id",
                nuova.comune, nuova.servizio, nuova.stato, nuova.dal, nuova.al, nuova.organo,
                nuova.numero, nuova.data, nuova.articolo,
                msgspec.json.encode(nuova.varianti).decode(),
            )  # fmt: skip
    except asyncpg.ExclusionViolationError:
        raise Conflitto(
            "In alcuni di quei giorni ce n'è già un'altra per questo comune e questo servizio: "
            "correggi le date, oppure ritira quella."
        ) from None
    await registra(
        "compartecipazione.adotta", "adozione", str(id_), servizio=nuova.servizio, stato=nuova.stato
    )
    return id_, aperta


async def prima_di(una: Adozione) -> Adozione | None:
    """The one that ends the day before it begins, as it does when this one ended it."""
    fine = una.dal - timedelta(days=1)
    return next(
        (
            altra
            for altra in await storia(una.comune, una.servizio)
            if altra.ritirata_il is None and altra.al == fine
        ),
        None,
    )


async def ritira_adozione(id_: int) -> None:
    """Take back one that was registered by mistake; it stays in the history.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: it was withdrawn already, or a decision rests on it.
    """
    await leggi(id_)
    await ritira("adozione", id_)


async def ritira(tabella: str, id_: int) -> None:
    """Withdraw a row of the room on which no decision rests.

    Raises:
        Conflitto: one does, or it was withdrawn already.
    """
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                f"UPDATE {tabella} SET ritirata_il = now() WHERE ambito_id = $1 AND id = $2",
                unita.ambito,
                id_,
            )
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise Conflitto(
            "Non si può ritirare: è già ritirata, oppure una decisione vi si fonda."
        ) from None
    await registra("compartecipazione.ritira", tabella, str(id_))


async def servizi(giorno: date) -> Mapping[str, Schema]:
    """The schemes of the ambito by service: of those of one service, the one that holds on a day.

    Raises:
        CartellaNonValida, Conflitto: as :func:`capofila.compartecipazione.catalogo.schemi`.
    """
    per_servizio: dict[str, Schema] = {}
    for uno in schemi(await plugin_attivi(giorno)).values():
        if uno.servizio not in per_servizio or uno.formula(giorno) is not None:
            per_servizio[uno.servizio] = uno
    return per_servizio
