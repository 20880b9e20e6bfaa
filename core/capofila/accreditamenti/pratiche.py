"""Unità d'offerta, their domande, answers and documents, the acts. Runs inside a unit of work of the ambito.

Answers and acts are only added. What an act that grants or refuses was decided upon is frozen with
it. Whoever works for one comune reads the register, and not what the enti answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

import capofila
from capofila.accessi.service import registra
from capofila.accreditamenti import calcolo
from capofila.accreditamenti.calcolo import (
    DOPO,
    Passo,
    Richiesta,
    Risposta,
    SpecieAtto,
    StatoDomanda,
    Traccia,
    rileggi,
    stato_al,
    ultimo_giorno,
)
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.documenti import contenuto_di, deposita
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.righe import INTEGER, riga_numero
from capofila.governo import service as governo
from capofila.hooks import RegoleAccreditamento
from capofila.territorio import service as territorio

DOMANDE_MASSIME: Final = 5_000
DOCUMENTI_MASSIMI: Final = 200
"""Of a domanda."""
VIVE: Final = frozenset[StatoDomanda]({"in_istruttoria", "futura", "accreditata", "sospesa"})
"""The states in which answers and documents are still taken in."""


STANNO: Final = frozenset({"accreditata", "sospesa"})
"""The states of an accreditation that has not ended."""


class UnitaNuova(msgspec.Struct, frozen=True, kw_only=True):
    """An unità d'offerta to be written down.

    Attributes:
        ente: who runs it.
        codice_fiscale: of the ente.
        comune: Belfiore code.
        chiusa_il: from when it does not work any more.
    """

    denominazione: str
    ente: str
    codice_fiscale: str | None = None
    comune: str
    indirizzo: str = ""
    chiusa_il: date | None = None


class Unita(UnitaNuova, frozen=True, kw_only=True):
    """An unità d'offerta as it is kept."""

    id: int


class DomandaNuova(msgspec.Struct, frozen=True, kw_only=True):
    """What an ente asks: the accreditation of one of its unità by declared rules."""

    unita_id: int
    regole: str
    protocollo: str
    presentata_il: date
    posti: int | None = None


class Atto(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of a domanda; ``atto`` is how the act is cited."""

    id: int
    domanda_id: int
    numero: int
    specie: SpecieAtto
    dal: date
    scade: date | None
    rinnovo_entro: date | None
    atto: str
    atto_data: date
    deliberazione_id: int | None
    motivazione: str
    registrato_il: datetime

    @property
    def passo(self) -> Passo:
        """The same as the state of a day needs it."""
        return Passo(specie=self.specie, dal=self.dal, scade=self.scade)


class Domanda(DomandaNuova, frozen=True, kw_only=True):
    """A domanda as it is kept, with its unità and its acts in their order."""

    id: int
    tipologia: str
    ritirata_il: date | None
    unita: Unita
    atti: tuple[Atto, ...] = ()

    def nell_albo(self, giorno: date) -> bool:
        """Whether the register of a day has it: it stands, or is suspended, and the unità is open."""
        chiusa = self.unita.chiusa_il
        return self.stato(giorno) in STANNO and (chiusa is None or giorno < chiusa)

    def stato(self, giorno: date) -> StatoDomanda:
        """How it stands on a day."""
        return stato_al(
            [uno.passo for uno in self.atti], giorno, ritirata=self.ritirata_il is not None
        )

    @property
    def concessa(self) -> Atto | None:
        """The act that granted it."""
        return self.atti[0] if self.atti and self.atti[0].specie == "concede" else None

    @property
    def ammessi(self) -> tuple[SpecieAtto, ...]:
        """Which acts may come next."""
        if self.ritirata_il is not None:
            return ()
        return DOPO[self.atti[-1].specie if self.atti else None]


class Documento(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a domanda in the store."""

    id: int
    domanda_id: int
    requisito: str
    nome: str
    media_type: str
    byte: int
    sha256: str
    bucket: str
    oggetto: str
    versione: str | None
    messo_il: datetime


class Prescrizione(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be adapted, by when, and when the answers said that it was."""

    id: int
    atto_id: int
    requisito: str
    denominazione: str
    entro: date
    adempiuta_il: date | None


class Decisione(msgspec.Struct, frozen=True, kw_only=True):
    """An act to be registered.

    Attributes:
        dal: from when it has effect.
        atto, atto_data: as they were typed in; they count where the rules do not say on which matter
            a body decides.
        giorno: of the evaluation that whoever decides has seen, ``vista`` its digest; of an act that
            grants or refuses.
    """

    specie: SpecieAtto
    dal: date
    atto: str = ""
    atto_data: date | None = None
    motivazione: str = ""
    giorno: date | None = None
    vista: str = ""


def _ufficio() -> UnitaDiLavoro:
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("L’istruttoria degli accreditamenti è dell’Ufficio di Piano.")
    return unita


# --- the declared rules -------------------------------------------------------------------------


async def dichiarate(giorno: date) -> tuple[RegoleAccreditamento, ...]:
    """The rules that the active plugins declare for a day."""
    return (await plugin_attivi(giorno)).accreditamento()


async def regole(codice: str, giorno: date) -> RegoleAccreditamento:
    """The declared rules of one code on a day.

    Raises:
        NonTrovato: no active plugin declares them for that day.
    """
    for una in await dichiarate(giorno):
        if una.codice == codice:
            return una
    raise NonTrovato(
        f"Nessun plugin attivo il {giorno:%d/%m/%Y} dichiara i requisiti «{codice[:40]}»: attivane "
        "uno, o scegli un altro giorno."
    )


async def traccia_di(richiesta: Richiesta) -> Traccia:
    """An evaluation with all that it comes from, by the plugin that declares the rules.

    Raises:
        NonTrovato: no active plugin declares them for that day.
    """
    attivi = await plugin_attivi(richiesta.giorno)
    manifesto = attivi.manifesto_dell_accreditamento(richiesta.regole.codice)
    return Traccia(
        richiesta=richiesta, esito=calcolo.valuta(richiesta), plugin=manifesto.id,
        versione=manifesto.versione, capofila=capofila.__version__,
    )  # fmt: skip


# --- unità d'offerta ----------------------------------------------------------------------------

_CAMPI_UNITA: Final = UnitaNuova.__struct_fields__
_UNITA: Final = f"SELECT id, {', '.join(_CAMPI_UNITA)} FROM unita_offerta WHERE ambito_id = $1"


async def unita_offerta(id_: int) -> Unita:
    """One unità d'offerta.

    Raises:
        NonTrovato: none has this number here.
    """
    riga = await riga_numero(
        f"{_UNITA} AND id = $2",
        id_,
        "Questa unità d’offerta non c’è: torna agli accreditamenti.",
        numeri=INTEGER,
    )
    return Unita(**dict(riga))


async def tutte_le_unita() -> list[Unita]:
    """The unità d'offerta of the ambito, by name."""
    unita = unita_corrente()
    return [
        Unita(**dict(riga))
        for riga in await unita.righe(
            f"{_UNITA} ORDER BY denominazione, id LIMIT {DOMANDE_MASSIME}", unita.ambito
        )
    ]


async def _del_territorio(comune: str) -> None:
    if comune not in {uno.belfiore for uno in await territorio.membri(oggi())}:
        raise DatiNonValidi("Il comune non è fra quelli dell’ambito: sceglilo dall’elenco.")


async def scrivi_unita(nuova: UnitaNuova) -> int:
    """Write an unità d'offerta down.

    Raises:
        DatiNonValidi: its comune is not of the ambito.
    """
    unita = _ufficio()
    await _del_territorio(nuova.comune)
    id_: int = await unita.valore(
        f"INSERT INTO unita_offerta ({', '.join(_CAMPI_UNITA)}) VALUES ($1, $2, $3, $4, $5, $6) "
        "RETURNING id",
        *msgspec.structs.astuple(nuova),
    )
    await registra("accreditamenti.unita", "unita_offerta", str(id_))
    return id_


async def correggi_unita(id_: int, nuova: UnitaNuova) -> None:
    """Correct what is known of an unità d'offerta, or close it.

    Raises:
        NonTrovato: none has this number here.
        DatiNonValidi: its comune is not of the ambito.
    """
    unita = _ufficio()
    prima = await unita_offerta(id_)
    if nuova.comune != prima.comune:
        await _del_territorio(nuova.comune)
    await unita.esegui(
        "UPDATE unita_offerta SET denominazione = $3, ente = $4, codice_fiscale = $5, comune = $6, "
        "indirizzo = $7, chiusa_il = $8 WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, *msgspec.structs.astuple(nuova),
    )  # fmt: skip
    await registra("accreditamenti.correggi_unita", "unita_offerta", str(id_))


# --- domande ------------------------------------------------------------------------------------

_DOMANDE: Final = (
    "SELECT d.id, d.unita_id, d.regole, d.tipologia, d.protocollo, d.presentata_il, d.posti, "
    "d.ritirata_il, u.denominazione, u.ente, u.codice_fiscale, u.comune, u.indirizzo, u.chiusa_il "
    "FROM domanda_accreditamento d JOIN unita_offerta u ON u.ambito_id = d.ambito_id "
    "AND u.id = d.unita_id WHERE d.ambito_id = $1"
)
_ATTI: Final = (
    f"SELECT {', '.join(Atto.__struct_fields__)} FROM atto_accreditamento WHERE ambito_id = $1"
)


_NON_C_E: Final = "Questa domanda di accreditamento non c’è: torna agli accreditamenti."


def _domanda(riga: Mapping[str, Any], atti: Sequence[Atto]) -> Domanda:
    valori = dict(riga)
    unita = Unita(id=riga["unita_id"], **{campo: valori.pop(campo) for campo in _CAMPI_UNITA})
    return Domanda(unita=unita, atti=tuple(atti), **valori)


async def domande(unita_id: int | None = None) -> list[Domanda]:
    """The domande of the ambito, or of one unità d'offerta, the latest first.

    Whoever works for one comune reads those on which something was decided.
    """
    unita = unita_corrente()
    righe = await unita.righe(
        f"{_DOMANDE} AND ($2::integer IS NULL OR d.unita_id = $2) "
        f"ORDER BY d.presentata_il DESC, d.id DESC LIMIT {DOMANDE_MASSIME}",
        unita.ambito, unita_id,
    )  # fmt: skip
    atti: dict[int, list[Atto]] = {}
    for riga in await unita.righe(f"{_ATTI} ORDER BY domanda_id, numero", unita.ambito):
        atti.setdefault(riga["domanda_id"], []).append(Atto(**dict(riga)))
    return [
        _domanda(riga, atti.get(riga["id"], ()))
        for riga in righe
        if riga["id"] in atti or not unita.contesto.comune
    ]


async def domanda(id_: int, *, blocca: bool = False) -> Domanda:
    """One domanda; with ``blocca`` nobody writes on it, through here, until the end of the unit.

    Whoever works for one comune reads those on which something was decided.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    if blocca and id_ in INTEGER:
        await unita.esegui("SELECT pg_advisory_xact_lock(7044, $1)", id_)
    riga = await riga_numero(
        f"{_DOMANDE} AND d.id = $2",
        id_,
        _NON_C_E,
        numeri=INTEGER,
    )
    atti = await unita.righe(f"{_ATTI} AND domanda_id = $2 ORDER BY numero", unita.ambito, id_)
    if unita.contesto.comune and not atti:
        raise NonTrovato(_NON_C_E)
    return _domanda(riga, [Atto(**dict(uno)) for uno in atti])


async def presenta(nuova: DomandaNuova) -> int:
    """Write a domanda down.

    Raises:
        NonTrovato: no such unità, or nobody declares the rules for its day.
        DatiNonValidi: it is of a day to come.
        Conflitto: its protocol number is there already, or the unità is closed.
    """
    unita = _ufficio()
    sua = await unita_offerta(nuova.unita_id)
    if nuova.presentata_il > oggi():
        raise DatiNonValidi("La domanda non può essere di un giorno che deve ancora venire.")
    if sua.chiusa_il is not None and sua.chiusa_il <= nuova.presentata_il:
        raise Conflitto("L’unità d’offerta è chiusa: correggila, se invece è aperta.")
    scelte = await regole(nuova.regole, nuova.presentata_il)
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                "INSERT INTO domanda_accreditamento (unita_id, regole, protocollo, presentata_il, "
                "posti, tipologia) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                *msgspec.structs.astuple(nuova), scelte.unita[:200],
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto("C’è già una domanda con questo protocollo: cercala nell’elenco.") from None
    await registra("accreditamenti.presenta", "domanda_accreditamento", str(id_))
    return id_


async def ritira(id_: int) -> Domanda:
    """Withdraw a domanda on which nothing was decided.

    Raises:
        NonTrovato: no such domanda here.
        Conflitto: something was decided, or it was withdrawn already.
    """
    unita = _ufficio()
    una = await domanda(id_, blocca=True)
    if una.stato(oggi()) != "in_istruttoria":
        raise Conflitto("Questa domanda è già decisa, o ritirata: non si ritira più.")
    await unita.esegui(
        "UPDATE domanda_accreditamento SET ritirata_il = $3 WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, oggi(),
    )  # fmt: skip
    await registra("accreditamenti.ritira", "domanda_accreditamento", str(id_))
    return una


# --- answers and documents ----------------------------------------------------------------------


async def risposte(domanda_id: int) -> dict[str, Risposta]:
    """The answers that count, by requirement."""
    unita = unita_corrente()
    return {
        riga["requisito"]: Risposta(**dict(riga))
        for riga in await unita.righe(
            "SELECT DISTINCT ON (requisito) requisito, valore, utenti, dal, scade "
            "FROM risposta_accreditamento WHERE ambito_id = $1 AND domanda_id = $2 "
            "ORDER BY requisito, id DESC",
            unita.ambito, domanda_id,
        )
        if riga["valore"] is not None
    }  # fmt: skip


async def _viva(id_: int) -> Domanda:
    una = await domanda(id_, blocca=True)
    if una.stato(oggi()) not in VIVE:
        raise Conflitto("Questa domanda è chiusa: per l’unità d’offerta se ne presenta un’altra.")
    return una


async def scrivi_risposte(id_: int, dette: Mapping[str, Risposta | None]) -> int:
    """Write down what an ente answers; returns how many answers are new.

    What was prescribed is met from the day on which the answers say so.

    Args:
        dette: by requirement; None takes an answer away.

    Raises:
        NonTrovato: no such domanda here.
        Conflitto: it is closed.
        DatiNonValidi: a requirement that the rules do not have, or an answer that cannot be read.
    """
    unita = _ufficio()
    una = await _viva(id_)
    per_codice = {r.codice: r for r in (await regole_di(una)).requisiti}
    prima = await risposte(id_)
    nuove = {codice: detta for codice, detta in dette.items() if detta != prima.get(codice)}
    for codice, detta in nuove.items():
        if codice not in per_codice:
            raise DatiNonValidi(f"«{codice[:40]}» non è un requisito di queste regole.")
        if detta is not None and (motivi := calcolo.difetti(per_codice[codice], detta)):
            raise DatiNonValidi(f"{per_codice[codice].denominazione}: {min(motivi.values())}")
        await unita.esegui(
            "INSERT INTO risposta_accreditamento (domanda_id, requisito, valore, utenti, dal, scade) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            id_, codice,
            *((None,) * 4 if detta is None else (detta.valore, detta.utenti, detta.dal, detta.scade)),
        )  # fmt: skip
    if nuove:
        await _adempi(una)
        await registra(
            "accreditamenti.rispondi", "domanda_accreditamento", str(id_), risposte=len(nuove)
        )
    return len(nuove)


async def _adempi(una: Domanda) -> None:
    """What was prescribed is met, or is not any more, as the answers of today say."""
    unita = unita_corrente()
    aperte = await prescrizioni(una)
    if not aperte:
        return
    rispettati = {v.requisito for v in (await vista(una, oggi())).esito.con("rispettato")}
    for prescrizione in aperte:
        bene = prescrizione.requisito in rispettati
        if bene != (prescrizione.adempiuta_il is not None):
            await unita.esegui(
                "UPDATE prescrizione_accreditamento SET adempiuta_il = $3 "
                "WHERE ambito_id = $1 AND id = $2",
                unita.ambito, prescrizione.id, oggi() if bene else None,
            )  # fmt: skip


async def prescrizioni(una: Domanda) -> list[Prescrizione]:
    """What was prescribed with the act that granted, the soonest first."""
    unita = unita_corrente()
    return [
        Prescrizione(**dict(riga))
        for riga in await unita.righe(
            f"SELECT {', '.join(Prescrizione.__struct_fields__)} FROM prescrizione_accreditamento "
            "WHERE ambito_id = $1 AND atto_id = $2 ORDER BY entro, id",
            unita.ambito, una.concessa.id if una.concessa else 0,
        )
    ]  # fmt: skip


_DOCUMENTI: Final = (
    f"SELECT {', '.join(Documento.__struct_fields__)} FROM documento_accreditamento "
    "WHERE ambito_id = $1"
)


async def documenti(domanda_id: int) -> list[Documento]:
    """The documents of a domanda, in the order in which they came."""
    unita = unita_corrente()
    return [
        Documento(**dict(riga))
        for riga in await unita.righe(
            f"{_DOCUMENTI} AND domanda_id = $2 ORDER BY id", unita.ambito, domanda_id
        )
    ]


async def allega(id_: int, requisito: str, nome: str, contenuto: bytes) -> int:
    """Put a document in the store, as the proof of a requirement.

    Raises:
        NonTrovato: no such domanda here.
        DatiNonValidi: no such requirement, too many documents, or a file that is not taken in.
        Conflitto: the domanda is closed.
    """
    unita = _ufficio()
    una = await _viva(id_)
    if requisito not in {r.codice for r in (await regole_di(una)).requisiti}:
        raise DatiNonValidi("Scegli il requisito che il documento prova.")
    if len(await documenti(id_)) >= DOCUMENTI_MASSIMI:
        raise DatiNonValidi(f"Una domanda ha al massimo {DOCUMENTI_MASSIMI} documenti.")
    scritto = await deposita(f"accreditamenti/{id_}", nome, contenuto)
    numero: int = await unita.valore(
        "INSERT INTO documento_accreditamento (domanda_id, requisito, nome, media_type, byte, sha256, "
        "bucket, oggetto, versione) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        id_, requisito, *msgspec.structs.astuple(scritto),
    )  # fmt: skip
    await registra("accreditamenti.allega", "documento_accreditamento", str(numero))
    return numero


async def documento(id_: int) -> tuple[Documento, bytes]:
    """A document, its bytes checked by their digest.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: the store gives other bytes than were put in.
    """
    riga = await riga_numero(
        f"{_DOCUMENTI} AND id = $2",
        id_,
        "Questo documento non c’è: torna alla domanda.",
        numeri=INTEGER,
    )
    uno = Documento(**dict(riga))
    return uno, await contenuto_di(uno.bucket, uno.oggetto, uno.versione, uno.sha256)


# --- evaluation and acts ------------------------------------------------------------------------


async def congelata(una: Domanda) -> tuple[Traccia, str] | None:
    """What was decided upon, as it was, with its digest; None while nothing was decided.

    Raises:
        Conflitto: what is kept cannot be read any more.
    """
    if not una.atti:
        return None
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT traccia, sha256 FROM valutazione_accreditamento WHERE ambito_id = $1 AND atto_id = $2",
        unita.ambito, una.atti[0].id,
    )  # fmt: skip
    if riga is None:
        return None
    try:
        return rileggi(riga["traccia"]), riga["sha256"]
    except msgspec.DecodeError:
        raise Conflitto(
            "La valutazione conservata con l’atto non si legge più: avvisa chi gestisce la "
            "piattaforma."
        ) from None


async def regole_di(una: Domanda, giorno: date | None = None) -> RegoleAccreditamento:
    """The rules of a domanda on a day (today): those declared, else those frozen with its act.

    Raises:
        NonTrovato: nobody declares them, and nothing was decided.
    """
    try:
        return await regole(una.regole, giorno or oggi())
    except NonTrovato:
        decisa = await congelata(una)
        if decisa is None:
            raise
        return decisa[0].richiesta.regole


async def _richiesta(una: Domanda, giorno: date, quali: RegoleAccreditamento) -> Richiesta:
    dette = await risposte(una.id)
    return Richiesta(
        regole=quali, giorno=giorno, posti=una.posti,
        risposte=tuple(dette[codice] for codice in sorted(dette)),
        prescritti={p.requisito: p.entro for p in await prescrizioni(una)},
    )  # fmt: skip


async def vista(una: Domanda, giorno: date) -> Traccia:
    """The answers of a domanda held against the requirements of a day.

    Where nobody declares these any more, and something was decided, by those of then.

    Raises:
        NonTrovato: nobody declares them, and nothing was decided.
    """
    _ufficio()
    richiesta = await _richiesta(una, giorno, await regole_di(una, giorno))
    try:
        return await traccia_di(richiesta)
    except NonTrovato:
        decisa = await congelata(una)
        if decisa is None:  # pragma: no cover - then there are no rules either
            raise
        return msgspec.structs.replace(
            decisa[0], richiesta=richiesta, esito=calcolo.valuta(richiesta)
        )


async def atto_di(una: Domanda, quali: RegoleAccreditamento) -> governo.AttoTrovato | None:
    """The act on the matter of the rules that stands today and may decide on a domanda.

    It comes neither before the domanda nor before what was decided last, and is not the same act.
    """
    if quali.materia is None:
        return None
    trovato = await governo.atto_in_vigore(quali.materia, None, oggi())
    ultimo = una.atti[-1] if una.atti else None
    if (
        trovato is None
        or trovato.giorno < (ultimo.atto_data if ultimo else una.presentata_il)
        or (ultimo is not None and trovato.cita.strip()[:1000] == ultimo.atto)
    ):
        return None
    return trovato


async def annullate(una: Domanda) -> dict[int, governo.Deliberazione]:
    """The deliberations of the acts of a domanda that were annulled afterwards, by number."""
    return await governo.annullate([a.deliberazione_id for a in una.atti if a.deliberazione_id])


async def decidi(id_: int, decisione: Decisione) -> int:
    """Register what was decided; what an act that grants or refuses comes from is frozen with it.

    Raises:
        NonTrovato: no such domanda here, or nobody declares its rules.
        Conflitto: this act cannot follow, nothing stands on the matter, the evaluation has changed
            since it was seen, or it does not admit what is decided.
        DatiNonValidi: an act or a day that cannot be, or a reason that is missing.
    """
    unita = _ufficio()
    una = await domanda(id_, blocca=True)
    if decisione.specie not in una.ammessi:
        raise Conflitto("Dopo ciò che è già deciso di questa domanda, questo atto non può venire.")
    if una.atti and decisione.dal < una.atti[-1].dal:
        raise DatiNonValidi(
            f"L’atto di prima ha effetto dal {una.atti[-1].dal:%d/%m/%Y}: questo non può venire prima."
        )
    if not una.atti and decisione.dal < una.presentata_il:
        raise DatiNonValidi(
            f"La domanda è del {una.presentata_il:%d/%m/%Y}: l’atto non può avere effetto prima."
        )
    fine = una.concessa.scade if una.concessa else None
    if fine is not None and decisione.dal > fine:
        raise DatiNonValidi(
            f"L’accreditamento finisce da sé il {fine:%d/%m/%Y}: un atto non può avere effetto dopo."
        )
    traccia = None
    if una.atti:
        quali = await regole_di(una)
        if decisione.specie != "riattiva" and len(decisione.motivazione.strip()) < 3:
            raise DatiNonValidi("Scrivi perché: chi legge l’albo deve poterlo sapere.")
    else:
        traccia = await _da_decidere(una, decisione)
        quali = traccia.richiesta.regole
        if decisione.specie == "concede":
            await _una_alla_volta(una, decisione.dal)
    cita, data_, deliberazione = await _atto(una, decisione, quali)
    scade = ultimo_giorno(decisione.dal, quali.durata_mesi)
    concede = decisione.specie == "concede"
    try:
        async with unita.punto_di_ritorno():
            atto: int = await unita.valore(
                "INSERT INTO atto_accreditamento (domanda_id, numero, specie, dal, scade, "
                "rinnovo_entro, atto, atto_data, deliberazione_id, motivazione) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                id_, len(una.atti) + 1, decisione.specie, decisione.dal, scade if concede else None,
                scade - timedelta(days=quali.preavviso_giorni) if concede and scade else None,
                cita, data_, deliberazione, decisione.motivazione.strip(),
            )  # fmt: skip
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise Conflitto("Nel frattempo qualcun altro ha registrato un atto: guardalo.") from None
    if traccia is not None:
        await unita.esegui(
            "INSERT INTO valutazione_accreditamento (atto_id, traccia, sha256) VALUES ($1, $2, $3)",
            atto, *traccia.congela(),
        )  # fmt: skip
        for voce in traccia.esito.con("da_adeguare") if concede else ():
            await unita.esegui(
                "INSERT INTO prescrizione_accreditamento (atto_id, requisito, denominazione, entro) "
                "VALUES ($1, $2, $3, $4)",
                atto, voce.requisito, voce.denominazione[:300], voce.entro,
            )  # fmt: skip
    await registra(f"accreditamenti.{decisione.specie}", "atto_accreditamento", str(atto))
    return atto


async def _una_alla_volta(una: Domanda, dal: date) -> None:
    """Of one unità by the same rules one accreditation stands; a renewal begins when it ends."""
    for altra in await domande(una.unita_id):
        if altra.id == una.id or altra.regole != una.regole or altra.concessa is None:
            continue
        if altra.stato(dal) in STANNO:
            fine = altra.concessa.scade
            raise DatiNonValidi(
                f"Con la domanda {altra.protocollo} è già accreditata"
                + (
                    ": prima quell’accreditamento si revoca."
                    if fine is None
                    else f" fino al {fine:%d/%m/%Y}: il rinnovo ha effetto dal giorno dopo."
                )
            )


async def _da_decidere(una: Domanda, decisione: Decisione) -> Traccia:
    """The evaluation that an act grants or refuses upon."""
    giorno = decisione.giorno or oggi()
    if not una.presentata_il <= giorno <= oggi():
        raise DatiNonValidi("I requisiti si valutano a un giorno fra quello della domanda e oggi.")
    traccia = await vista(una, giorno)
    if traccia.congela()[1] != decisione.vista:
        raise Conflitto(
            "La valutazione non è quella che hai visto: guardala di nuovo, poi registra l’atto."
        )
    giudizio = traccia.esito.giudizio
    if decisione.specie == "concede" and giudizio == "non_accreditabile":
        raise Conflitto("Così non è accreditabile: o si adegua, o si registra il diniego.")
    if decisione.specie == "nega" and len(decisione.motivazione.strip()) < 3:
        raise DatiNonValidi("Scrivi perché si nega: l’ente deve poterlo sapere.")
    return traccia


async def _atto(
    una: Domanda, decisione: Decisione, quali: RegoleAccreditamento
) -> tuple[str, date, int | None]:
    """How the act is cited, its day, and its deliberation where there is one."""
    if quali.materia is not None:
        trovato = await atto_di(una, quali)
        if trovato is None:
            raise Conflitto(
                f"Nessun atto in vigore su «{quali.materia}» dopo la domanda e gli atti già "
                "registrati: la deliberazione va votata in una seduta, o registrata fra gli atti "
                "precedenti; poi si registra qui."
            )
        return trovato.cita.strip()[:1000], trovato.giorno, trovato.deliberazione_id
    cita, giorno = decisione.atto.strip(), decisione.atto_data
    prima = una.atti[-1].atto_data if una.atti else una.presentata_il
    if not 5 <= len(cita) <= 300 or giorno is None or not prima <= giorno <= oggi():
        raise DatiNonValidi(
            "Scrivi l’atto, da 5 a 300 caratteri, e il suo giorno: non prima del "
            f"{prima:%d/%m/%Y}, né dopo oggi."
        )
    return cita, giorno, None
