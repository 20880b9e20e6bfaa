"""Votes of a meeting, and the register of deliberations that they write.

Runs inside a unit of work of the ambito. A vote takes the room of that moment and the rules frozen
when the meeting opened, is counted, and is stored with all of it. One that the acts do not allow is
refused with the articles, and leaves nothing behind. What passes gets the next number of the register
of its body in the same unit of work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.righe import INTEGER
from capofila.governo.albo import Albo, albo, regola_albo
from capofila.governo.competenze import (
    Compiuto,
    interlocutori,
    materie_note,
    propone,
    requisiti_di,
    senza_competenza,
)
from capofila.governo.congelato import (
    Contata,
    conta_e_congela,
    da_byte,
    impronta,
    in_byte,
    riconta,
)
from capofila.governo.conteggio import (
    DA_COMPLETARE,
    ELETTI,
    NON_AMMESSA,
    Conteggio,
    MotivoContato,
    che_resta,
    con_le_unita,
    difetti_modo,
    dove_e_aperto,
    regola_elezione,
)
from capofila.governo.elezioni import CHI_VA_PRIMA, Collegio, Ripresa, StatoCollegio
from capofila.governo.incarichi import nomi_delle_unita
from capofila.governo.lettura import Richiesta
from capofila.governo.sala import Sala, chi_puo_presiedere, in_corso, minuto
from capofila.governo.seduta import ConteggioRifiutato
from capofila.governo.sedute import (
    Adunanza,
    Emendamento,
    MateriaRifiutata,
    Proposta,
    aggiungi_proposta,
    festivi_del_preavviso,
    ordine_del_giorno,
    proposta,
    ragione,
    ritira_una_volta,
    ufficio_di_piano,
)
from capofila.governo.voti import Risultato, Scrutinio, Voto
from capofila.hooks import Organo, SpecieRequisito

Modo = Literal["appello", "alzata", "segreta", "elezione"]
APPROVATE: Final = frozenset({Risultato.APPROVATA.value, ELETTI})
PER_PAGINA: Final = 50


class DecisioneRifiutata(Conflitto):
    """The body may not decide this, here, now; ``motivi`` have the acts that say so."""

    codice = "decisione_rifiutata"

    def __init__(self, motivi: Sequence[MotivoContato], avvisi: Sequence[str] = ()) -> None:
        super().__init__(
            " ".join(f"{uno.testo} ({uno.fonte})" for uno in motivi) or " ".join(avvisi)
        )
        self.motivi = tuple(motivi)


class Votazione(msgspec.Struct, frozen=True, kw_only=True):
    """A stored vote.

    Attributes:
        esito: the count as it was printed that day.
        voti: by seat, in hundredths in favour, against, abstained; empty for a secret one.
    """

    id: int
    seduta_id: int
    convocazione: int
    proposta_id: int
    emendamento_id: int | None
    modo: Modo
    quando: datetime
    risultato: str
    sha256: str
    esito: dict[str, Any]
    voti: dict[str, tuple[Decimal, Decimal, Decimal]] = {}

    @property
    def approvata(self) -> bool:
        """Whether it passed."""
        return self.risultato in APPROVATE


class Deliberazione(msgspec.Struct, frozen=True, kw_only=True):
    """An act of a register.

    Attributes:
        anno: of the register; ``anno_di_riferimento`` is the year that the act is about.
        propone: it is what a body proposed to the one that decides.
        pubblicare_entro: by when its meeting is to be published, ``pubblicata_il`` when it was.
        fino: the first day on which it does not stand any more, and why.
    """

    id: int
    organo: str
    denominazione: str
    anno: int
    numero: int
    seduta_id: int
    proposta_id: int
    votazione_id: int
    materia: str
    anno_di_riferimento: int | None
    propone: bool
    oggetto: str
    testo: str
    giorno: date
    inventata: bool
    pubblicare_entro: date | None = None
    pubblicata_il: date | None = None
    fino: date | None = None
    cessazione: str | None = None
    con_id: int | None = None
    atto: str | None = None

    @property
    def chiave(self) -> str:
        """How other rooms and acts cite it: body, year, number."""
        return f"{self.organo}/{self.anno}/{self.numero}"

    def in_vigore(self, giorno: date) -> bool:
        """Whether it stood on a day."""
        return self.giorno <= giorno and (self.fino is None or giorno < self.fino)

    def cita(self) -> str:
        """The act as a page or another act cites it."""
        return f"{self.denominazione}, deliberazione n. {self.numero} del {self.giorno:%d/%m/%Y}"


class AttoTrovato(msgspec.Struct, frozen=True, kw_only=True):
    """An act on a matter that stands on a day.

    Attributes:
        chiave: of a deliberation of ours; None for an act that was only registered.
    """

    materia: str
    anno: int | None
    giorno: date
    cita: str
    chiave: str | None = None
    deliberazione_id: int | None = None
    inventato: bool = False


class Precedente(msgspec.Struct, frozen=True, kw_only=True):
    """What came before a decision and was not voted here.

    Attributes:
        di: who was heard, the body that proposed, or the matter of the act.
        prova: the minutes or the act that prove it.
        motivazione: of an act on a matter that no source gives to a body, why it counts.
        annullato_il: from when it does not stand, ``annullato_con`` by which act.
    """

    specie: Literal["confronto", "proposta", "atto"]
    di: str
    materia: str
    giorno: date
    prova: str
    anno: int | None = None
    annullato_il: date | None = None
    annullato_con: str | None = None
    motivazione: str | None = None
    inventato: bool = False
    id: int = 0


# --- what came before ---------------------------------------------------------------------------


async def registra_precedente(nuovo: Precedente) -> int:
    """Write down a hearing, a proposal or an act of before, with its proof.

    Raises:
        DatiNonValidi: it is yet to come; no plugin knows the matter, or who was heard or proposed; or
            it is an act on a matter that no source gives to a body, and no reason is written.
    """
    unita = ufficio_di_piano()
    if nuovo.giorno > oggi():
        raise DatiNonValidi("Il giorno non può essere a venire: si registra ciò che è avvenuto.")
    # The bodies of today know all that there was: what came before may be older than any of them.
    organi = (await plugin_attivi(oggi())).organi()
    motivazione = None
    if nuovo.specie == "atto":
        motivazione = ragione(organi, nuovo.materia, nuovo.motivazione)
    else:
        _sentito(organi, nuovo)
    id_: int = await unita.valore(
        "INSERT INTO confronto (specie, di, materia, anno, giorno, prova, motivazione, inventato) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        nuovo.specie, nuovo.materia if nuovo.specie == "atto" else nuovo.di, nuovo.materia,
        nuovo.anno, nuovo.giorno, nuovo.prova, motivazione, nuovo.inventato,
    )  # fmt: skip
    await registra("governo.precedente", "confronto", str(id_), specie=nuovo.specie)
    return id_


def _sentito(organi: Sequence[Organo], nuovo: Precedente) -> None:
    """Refuse a hearing or a proposal that no act wants: it would count for nothing."""
    # A matter without anybody assigned is no reason to refuse what came before it.
    ragione(organi, nuovo.materia, "ciò che viene prima")
    ammessi = {
        uno.codice: uno.nome
        for uno in interlocutori(organi, nuovo.materia)
        if uno.specie == nuovo.specie
    }
    if nuovo.di in ammessi:
        return
    nome = materie_note(organi)[nuovo.materia]
    if not ammessi:
        raise MateriaRifiutata("di", f"Per «{nome}» nessun atto chiede che ci sia prima.")
    raise MateriaRifiutata(
        "di",
        f"Per «{nome}» gli atti chiedono: {', '.join(sorted(ammessi.values()))}. Scegli fra questi.",
    )


async def annulla_precedente(id_: int, dal: date, atto: str) -> None:
    """Write down that an act that was registered does not stand any more.

    Args:
        id_: the registered act.
        dal: the first day on which it does not stand.
        atto: what annulled it, and why.

    Raises:
        NonTrovato: there is none, or it was withdrawn.
        Conflitto: it does not stand already.
        DatiNonValidi: it is no act, or the day is before it.
    """
    unita = ufficio_di_piano()
    trovati = await _precedenti(" AND id = $2 FOR UPDATE", id_) if id_ in INTEGER else []
    uno = trovati[0] if trovati else None
    if uno is None:
        raise NonTrovato("Questo fatto non c'è, oppure è già ritirato: torna all'elenco.")
    if uno.specie != "atto":
        raise DatiNonValidi("Si annulla un atto. Un fatto registrato per sbaglio si ritira.")
    if uno.annullato_il is not None:
        raise Conflitto(f"L'atto non vale già più dal {uno.annullato_il:%d/%m/%Y}.")
    if dal < uno.giorno:
        raise DatiNonValidi("Un atto non può cessare prima di essere deliberato.")
    await unita.esegui(
        "UPDATE confronto SET annullato_il = $3, annullato_con = $4 "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_, dal, atto,
    )  # fmt: skip
    await registra("governo.precedente_annullato", "confronto", str(id_))


async def ritira_precedente(id_: int) -> None:
    """Take back one that was registered by mistake.

    Raises:
        NonTrovato: there is none, or it was withdrawn.
    """
    await ritira_una_volta(
        "confronto", id_, "governo.precedente_ritirato",
        "Questo fatto non c'è, oppure è già ritirato: torna all'elenco.",
    )  # fmt: skip


_LEGGI_PRECEDENTI: Final = (
    "SELECT id, specie, di, materia, anno, giorno, prova, annullato_il, annullato_con, motivazione, "
    "inventato FROM confronto WHERE ambito_id = $1 AND ritirato_il IS NULL"
)


async def _precedenti(dove: str, *valori: Any) -> list[Precedente]:
    unita = unita_corrente()
    return [
        Precedente(**dict(r))
        for r in await unita.righe(f"{_LEGGI_PRECEDENTI}{dove}", unita.ambito, *valori)
    ]


async def precedenti(pagina: int = 1) -> tuple[list[Precedente], int]:
    """A page of what was registered, the latest first, and how many there are in all."""
    unita = unita_corrente()
    quanti: int = await unita.valore(
        "SELECT count(*) FROM confronto WHERE ambito_id = $1 AND ritirato_il IS NULL", unita.ambito
    )
    trovati = await _precedenti(
        " ORDER BY giorno DESC, id DESC LIMIT $2 OFFSET $3", PER_PAGINA, (pagina - 1) * PER_PAGINA
    )
    return trovati, quanti


_STA: Final = "giorno <= $2 AND (annullato_il IS NULL OR annullato_il > $2)"


async def compiuti(
    organi: Sequence[Organo], organo: str, materia: str, giorno: date
) -> tuple[Compiuto, ...]:
    """Of what a decision wants before it, all that had happened by a day: voted here or registered.

    Args:
        organi: the bodies, as they were frozen.
        organo: the one that decides.
        materia: the matter.
        giorno: the day; what did not stand on it is left out.

    Returns:
        The latest for each thing that is wanted and each year, so there are few however many were
        registered.
    """
    unita = unita_corrente()
    chiesti = [
        (uno.specie.value, uno.di, uno.di if uno.specie is SpecieRequisito.ATTO else materia)
        for uno in requisiti_di(organi, organo, materia)
    ]
    righe = await unita.righe(
        "SELECT DISTINCT ON (specie, di, materia, anno) specie, di, materia, anno, giorno, annullato_il "
        f"FROM ({_FATTI}) f JOIN unnest($3::text[], $4::text[], $5::text[]) AS c(s, d, m) "
        f"ON f.specie = c.s AND f.di = c.d AND f.materia = c.m WHERE {_STA} "
        "ORDER BY specie, di, materia, anno, giorno DESC",
        unita.ambito, giorno, *(list(colonna) for colonna in zip(*chiesti, strict=True)),
    ) if chiesti else []  # fmt: skip
    return tuple(
        Compiuto(
            specie=SpecieRequisito(r["specie"]), di=r["di"], materia=r["materia"],
            giorno=r["giorno"], anno=r["anno"], annullato_il=r["annullato_il"],
        )
        for r in righe
    )  # fmt: skip


_FATTI: Final = (
    "SELECT specie, di, materia, anno, giorno, annullato_il FROM confronto "
    "WHERE ambito_id = $1 AND ritirato_il IS NULL "
    "UNION ALL SELECT CASE WHEN d.propone THEN 'proposta' ELSE 'atto' END, "
    "CASE WHEN d.propone THEN d.organo ELSE d.materia END, d.materia, d.anno_di_riferimento, "
    "d.giorno, c.dal FROM deliberazione d LEFT JOIN cessazione_deliberazione c "
    "ON c.ambito_id = d.ambito_id AND c.deliberazione_id = d.id WHERE d.ambito_id = $1"
)


# --- voting -------------------------------------------------------------------------------------


async def votazioni(seduta_id: int) -> list[Votazione]:
    """The votes of a meeting, in their order."""
    unita = unita_corrente()
    voti: dict[int, dict[str, tuple[Decimal, Decimal, Decimal]]] = {}
    for r in await unita.righe(
        "SELECT v.votazione_id, v.avente, v.favorevole, v.contrario, v.astenuto FROM voto v "
        "JOIN votazione t ON t.ambito_id = v.ambito_id AND t.id = v.votazione_id "
        "WHERE v.ambito_id = $1 AND t.seduta_id = $2 ORDER BY v.avente",
        unita.ambito, seduta_id,
    ):  # fmt: skip
        voti.setdefault(r["votazione_id"], {})[r["avente"]] = (
            r["favorevole"], r["contrario"], r["astenuto"],
        )  # fmt: skip
    return [
        Votazione(
            id=r["id"], seduta_id=seduta_id, convocazione=r["convocazione"],
            proposta_id=r["proposta_id"], emendamento_id=r["emendamento_id"], modo=r["modo"],
            quando=r["quando"], risultato=r["esito"], sha256=r["sha256"],
            esito=da_byte(r["congelata"], Contata).esito, voti=voti.get(r["id"], {}),
        )
        for r in await unita.righe(
            "SELECT id, convocazione, proposta_id, emendamento_id, modo, quando, esito, sha256, "
            "congelata FROM votazione WHERE ambito_id = $1 AND seduta_id = $2 ORDER BY quando, id",
            unita.ambito, seduta_id,
        )
    ]  # fmt: skip


async def ricontata(votazione_id: int) -> Mapping[str, Any]:
    """A stored vote, counted again from its bytes alone.

    Raises:
        NonTrovato: there is none of this number here.
        NonTorna: the bytes were altered, or the outcome differs.
    """
    unita = unita_corrente()
    riga = None
    if votazione_id in INTEGER:
        riga = await unita.riga(
            "SELECT congelata, sha256 FROM votazione WHERE ambito_id = $1 AND id = $2",
            unita.ambito, votazione_id,
        )  # fmt: skip
    if riga is None:
        raise NonTrovato("Questa votazione non c'è: torna alla seduta.")
    return riconta(riga["congelata"], riga["sha256"])


class DaVotare(msgspec.Struct, frozen=True, kw_only=True):
    """What is put to the vote: a proposal, or the first of its amendments that was not voted.

    Attributes:
        riprese: of a further vote of an election, what the earlier one left.
    """

    seduta_id: int
    proposta: Proposta
    emendamento: Emendamento | None = None
    riprese: tuple[Ripresa, ...] = ()


async def da_votare(proposta_id: int) -> DaVotare | None:
    """What is to be voted of a proposal now; None when it was.

    Raises:
        NonTrovato: there is no such proposal.
    """
    una = await proposta(proposta_id)
    fatte = {
        uno.emendamento_id
        for uno in await votazioni(una.seduta_id)
        if uno.proposta_id == proposta_id
    }
    if None in fatte:
        return None
    prossimo = next((e for e in una.emendamenti if e.id not in fatte), None)
    return DaVotare(
        seduta_id=una.seduta_id,
        proposta=una,
        emendamento=prossimo,
        riprese=await che_riprende(una.segue_id) if una.segue_id is not None else (),
    )


async def che_riprende(votazione_id: int) -> tuple[Ripresa, ...]:
    """What an election left to a further vote; empty when nothing."""
    unita = unita_corrente()
    riga = None
    if votazione_id in INTEGER:
        riga = await unita.riga(
            "SELECT congelata FROM votazione WHERE ambito_id = $1 AND id = $2 "
            "AND esito = 'da_completare'",
            unita.ambito, votazione_id,
        )  # fmt: skip
    if riga is None:
        return ()
    contata = da_byte(riga["congelata"], Contata)
    organo = contata.regolamento.organo(contata.richiesta.organo)
    return che_resta(
        organo,
        contata.richiesta.seduta.giorno,
        contata.richiesta.materia,
        contata.regolamento.date,
        contata.esito["collegi"],
    )


async def riprendi(votazione_id: int) -> int:
    """Open the further vote of an election that left places to be filled, on the same point.

    Returns:
        The number of the new proposal.

    Raises:
        NonTrovato: there is no such vote.
        Conflitto: it left nothing, its further vote is there already, or the meeting is over.
    """
    unita = ufficio_di_piano()
    di_chi = votazione_id in INTEGER and await unita.valore(
        "SELECT proposta_id FROM votazione WHERE ambito_id = $1 AND id = $2",
        unita.ambito, votazione_id,
    )  # fmt: skip
    if not di_chi:
        raise NonTrovato("Questa votazione non c'è: torna alla seduta.")
    prima = await proposta(di_chi)
    restano = await che_riprende(votazione_id)
    if not restano:
        raise Conflitto("Questa votazione non lascia posti da coprire: non si riprende.")
    come = "ballottaggio" if all(una.fra or not una.posti for una in restano) else "altra votazione"
    nuova = msgspec.structs.replace(
        prima,
        oggetto=f"{prima.oggetto.split(' — ')[0][:460]} — {come}",
        segue_id=votazione_id,
        emendamenti=(),
    )
    try:
        async with unita.punto_di_ritorno():
            return await aggiungi_proposta(prima.punto_id, nuova)
    except asyncpg.UniqueViolationError:
        raise Conflitto("La votazione che segue è già aperta: è fra quelle da votare.") from None


async def conta_ora(
    adunanza: Adunanza,
    di_ora: Sala,
    cosa: DaVotare,
    *,
    voti: Sequence[Voto] | Scrutinio | None = (),
    collegi: Sequence[Collegio] | None = None,
    interessati: Sequence[str] = (),
    presidenza: str | None = None,
) -> tuple[Conteggio, Contata]:
    """The count of a vote in a room, by the frozen rules, with all that came before. Writes nothing.

    Args:
        presidenza: what the minutes say where nobody who the acts name presides.

    Raises:
        ConteggioRifiutato: who votes is not there or not entitled, or a weight is missing.
    """
    unita = unita_corrente()
    regolamento = di_ora.apertura.regolamento
    materia = cosa.proposta.materia
    organo = regolamento.organo(adunanza.organo)
    richiesta = Richiesta(
        organo=adunanza.organo,
        materia=materia,
        oggetto=cosa.emendamento.testo if cosa.emendamento else cosa.proposta.oggetto,
        anno=cosa.proposta.anno,
        convocata_il=adunanza.convocata_il,
        urgente=adunanza.urgente,
        seduta=di_ora.seduta(interessati),
        fonte_pesi="; ".join(
            filter(None, (di_ora.apertura.fonte_pesi, di_ora.apertura.fonte_quote))
        )
        or None,
        voti=None if collegi is not None else voti if isinstance(voti, Scrutinio) else tuple(voti or ()),
        collegi=None if collegi is None else tuple(collegi),
        compiuti=await compiuti(
            regolamento.organi, adunanza.organo, materia, di_ora.apertura.giorno
        ),
        regole=dove_e_aperto(
            organo, di_ora.apertura.giorno, materia, di_ora.apertura.convocazione, regolamento.date
        ),
        propone=propone(regolamento.organi, adunanza.organo, materia),
        motivazione=cosa.proposta.motivazione or msgspec.UNSET,
        riprese=cosa.riprese or msgspec.UNSET,
        per_il=adunanza.giorno if adunanza.giorno != di_ora.apertura.giorno else msgspec.UNSET,
        festivi=tuple(sorted(await festivi_del_preavviso(adunanza.giorno))) or msgspec.UNSET,
        presidenza=presidenza or msgspec.UNSET,
    )  # fmt: skip
    if collegi:
        richiesta = con_le_unita(richiesta, organo, await nomi_delle_unita(di_ora.apertura.giorno))
    slug = await unita.valore("SELECT slug FROM ambito WHERE id = $1", unita.ambito)
    return conta_e_congela(slug, richiesta, regolamento)


async def vota(
    proposta_id: int,
    modo: Modo,
    *,
    voti: Sequence[Voto] | Scrutinio | None = None,
    collegi: Sequence[Collegio] | None = None,
    interessati: Sequence[str] = (),
    emendamento_id: int | None = None,
    ora: time | None = None,
) -> tuple[Votazione, Deliberazione | None]:
    """Record a vote given in the room; what passes is numbered in its register.

    Args:
        proposta_id: the proposal; its amendments go first, in their order.
        modo: roll-call, show of hands, secret scrutiny, election of persons.
        voti: the ballots by seat, or the numbers of a secret scrutiny.
        collegi: the ballots of an election.
        interessati: who may not vote, because it is about their own.
        emendamento_id: what whoever recorded it had before the eyes, to be told when it is not that.
        ora: the minute; now when not said.

    Raises:
        DecisioneRifiutata: the acts do not allow it: with every reason and its article.
        ConteggioRifiutato: who votes is not there or not entitled, or persons are to be elected by name.
        Conflitto: it was voted already, the meeting is not open, or who the acts name does not preside.
    """
    cosa = await da_votare(proposta_id)
    if cosa is None or (cosa.emendamento.id if cosa.emendamento else None) != emendamento_id:
        raise Conflitto("È già stato votato: ricarica la pagina e guarda che cosa resta.")
    unita, una, di_ora = await in_corso(cosa.seduta_id)
    if (modo == "elezione") is (collegi is None) or (
        (modo == "segreta") is not isinstance(voti, Scrutinio)
    ):
        raise DatiNonValidi("I voti non corrispondono al modo di votare: ricompila la votazione.")
    if collegi is None and not (voti.votanti if isinstance(voti, Scrutinio) else voti):
        raise DatiNonValidi(
            "Nessun voto è scritto: segna chi ha votato che cosa, oppure i numeri dello scrutinio "
            "segreto. Una votazione registrata non si toglie."
        )
    if cosa.riprese and modo != "elezione":
        raise DatiNonValidi("È la votazione che completa un'elezione: si vota con i nomi.")
    _con_i_nomi(di_ora, una, cosa, modo)
    perche_no, presidenza = await _presieduta(una, di_ora, modo)
    if cosa.proposta.motivazione is None and senza_competenza(
        di_ora.apertura.regolamento.organi, cosa.proposta.materia, una.organo
    ):
        raise DatiNonValidi(
            "Nessuna fonte dice chi decida su questa materia, e la proposta non dice perché si vota "
            "qui: aggiungila di nuovo all'ordine del giorno, con la ragione."
        )
    conteggio, contata = await conta_ora(
        una, di_ora, cosa, voti=voti, collegi=collegi, interessati=interessati,
        presidenza=presidenza,
    )  # fmt: skip
    _parita_da_sciogliere(contata)
    if conteggio.esito in (NON_AMMESSA, Risultato.SENZA_NUMERO_LEGALE.value):
        raise DecisioneRifiutata(conteggio.competenza.motivi, conteggio.spiegazione)
    if perche_no is not None:
        raise Conflitto(perche_no)
    congelata = in_byte(contata)
    quando = await minuto(una, di_ora.apertura, ora)
    try:
        async with unita.punto_di_ritorno():
            votazione_id: int = await unita.valore(
                "INSERT INTO votazione (seduta_id, convocazione, proposta_id, emendamento_id, modo, "
                "quando, esito, congelata, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                "RETURNING id",
                una.id, di_ora.apertura.convocazione, proposta_id, emendamento_id, modo, quando,
                conteggio.esito, congelata, impronta(congelata),
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto("È già stato votato: ricarica la pagina e guarda che cosa resta.") from None
    await _voti(votazione_id, modo, voti, collegi)
    deliberazione = None
    if emendamento_id is None and conteggio.esito in APPROVATE:
        deliberazione = await _delibera(una, di_ora, cosa.proposta, votazione_id, contata)
    await registra("governo.vota", "votazione", str(votazione_id), esito=conteggio.esito)
    fatta = next(v for v in await votazioni(una.id) if v.id == votazione_id)
    return fatta, deliberazione


def _con_i_nomi(di_ora: Sala, una: Adunanza, cosa: DaVotare, modo: Modo) -> None:
    """Refuse to appoint persons with votes in favour or against; to annul is not to appoint."""
    if cosa.emendamento is not None or cosa.proposta.cessa == "annullata":
        return
    trovati = difetti_modo(
        di_ora.apertura.regolamento.organo(una.organo), di_ora.apertura.giorno,
        cosa.proposta.materia, con_i_nomi=modo == "elezione",
    )  # fmt: skip
    if trovati:
        raise ConteggioRifiutato(trovati)


async def _presieduta(una: Adunanza, di_ora: Sala, modo: Modo) -> tuple[str | None, str | None]:
    """Whether who the acts name presides over a vote.

    Where they name who stands in and nobody was appointed, the election of persons is let through:
    it is by it that who is missing is appointed.

    Returns:
        Why it is to be refused; what the minutes say, where no source names who presides and nobody does.
    """
    regola, _ = await chi_puo_presiedere(una, di_ora)
    presiede = di_ora.chi_presiede
    if regola.chi is not None and presiede != regola.chi:
        return f"{regola.testo} Al banco segna che presiede, poi registra il voto.", None
    if regola.chi is None and not regola.libera and modo != "elezione":
        return f"Nessuno presiede. {regola.testo}", None
    return None, None if presiede is not None else f"Nessuno risulta presiedere. {regola.testo}"


def _parita_da_sciogliere(contata: Contata) -> None:
    """Refuse a tie that the rule breaks at once, until who goes first is written down."""
    richiesta, esito = contata.richiesta, contata.esito
    pari = [uno for uno in esito["collegi"] if uno["stato"] == StatoCollegio.PARITA]
    if not pari or esito["esito"] != DA_COMPLETARE:
        return
    organo = contata.regolamento.organo(richiesta.organo)
    regola = regola_elezione(
        organo, richiesta.seduta.giorno, richiesta.materia, contata.regolamento.date
    )
    if regola is None or regola.parita not in CHI_VA_PRIMA:
        return
    righe = "; ".join(f"«{uno['nome']}»: {', '.join(uno['a_pari'])}" for uno in pari)
    raise ParitaDaSciogliere(
        f"A parità di voti {righe}. È eletto {regola.parita.value} ({regola.fonte.cita()}): scrivi "
        "in quale ordine vanno, e registra di nuovo."
    )


class ParitaDaSciogliere(DatiNonValidi):
    """A tie that the age or a draw breaks: who goes first is to be written down."""

    codice = "parita_da_sciogliere"


async def _voti(
    votazione_id: int,
    modo: Modo,
    voti: Sequence[Voto] | Scrutinio | None,
    collegi: Sequence[Collegio] | None,
) -> None:
    unita = unita_corrente()
    if modo in ("appello", "alzata") and not isinstance(voti, Scrutinio):
        await unita.esegui_per_ognuna(
            "INSERT INTO voto (votazione_id, modo, avente, favorevole, contrario, astenuto) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (
                    votazione_id, modo, uno.chi,
                    *(_cento(parte) for parte in (uno.favorevole, uno.contrario, uno.astenuto)),
                )
                for uno in voti or ()
            ],
        )  # fmt: skip
        return
    numeri: Any = voti if collegi is None else list(collegi)
    await unita.esegui(
        "INSERT INTO scrutinio (votazione_id, modo, numeri) VALUES ($1, $2, $3)",
        votazione_id, modo, msgspec.json.encode(numeri).decode(),
    )  # fmt: skip


def _cento(parte: Fraction) -> Decimal:
    return Decimal(parte.numerator * 100) / Decimal(parte.denominator)


async def _delibera(
    una: Adunanza, di_ora: Sala, cosa: Proposta, votazione_id: int, contata: Contata
) -> Deliberazione:
    unita = unita_corrente()
    id_: int = await unita.valore(
        "INSERT INTO deliberazione (organo, anno, seduta_id, proposta_id, votazione_id, "
        "denominazione, materia, anno_di_riferimento, propone, oggetto, testo, giorno, numero) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) RETURNING id",
        una.organo, di_ora.apertura.giorno.year, una.id, cosa.id, votazione_id, una.denominazione,
        cosa.materia, cosa.anno, contata.richiesta.propone, cosa.oggetto,
        await _testo(una.id, cosa, contata.esito), di_ora.apertura.giorno,
    )  # fmt: skip
    if cosa.cessa_id is not None and cosa.cessa is not None:
        await _cessa(cosa.cessa_id, cosa.cessa, di_ora.apertura.giorno, con_id=id_)
    return await deliberazione(id_)


async def _testo(seduta_id: int, cosa: Proposta, esito: Mapping[str, Any]) -> str:
    """The words of the act: the proposal, then the amendments that passed, then who was elected."""
    passati = {
        v.emendamento_id
        for v in await votazioni(seduta_id)
        if v.proposta_id == cosa.id and v.emendamento_id is not None and v.approvata
    }
    parti = [cosa.testo] if cosa.testo else []
    parti += [
        f"Emendamento {e.ordine}, proposto da {e.proponente}, approvato: {e.testo}"
        for e in cosa.emendamenti
        if e.id in passati
    ]
    parti += [
        f"{collegio['nome']}: {', '.join(collegio['eletti'])}" for collegio in esito["collegi"]
    ]
    return "\n\n".join(parti)


# --- the register -------------------------------------------------------------------------------

_LEGGI: Final = (
    "SELECT d.id, d.organo, d.denominazione, d.anno, d.numero, d.seduta_id, d.proposta_id, "
    "d.votazione_id, d.materia, d.anno_di_riferimento, d.propone, d.oggetto, d.testo, d.giorno, "
    "s.inventata, s.pubblicare_entro, s.pubblicata_il, c.dal AS fino, c.specie AS cessazione, "
    "c.con_id, c.atto FROM deliberazione d "
    "JOIN seduta s ON s.ambito_id = d.ambito_id AND s.id = d.seduta_id "
    "LEFT JOIN cessazione_deliberazione c ON c.ambito_id = d.ambito_id "
    "AND c.deliberazione_id = d.id WHERE d.ambito_id = $1"
)
_CERCA: Final = (
    " AND ($2::text IS NULL OR d.organo = $2) AND ($3::smallint IS NULL OR d.anno = $3) "
    "AND ($4::text = '' OR d.oggetto || ' ' || d.testo || ' ' || d.materia ILIKE "
    "'%' || replace(replace(replace($4, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%' "
    "OR d.numero::text = $4)"
)


async def deliberazione(id_: int) -> Deliberazione:
    """One of them.

    Raises:
        NonTrovato: none has this number here.
    """
    unita = unita_corrente()
    riga = None
    if id_ in INTEGER:
        riga = await unita.riga(f"{_LEGGI} AND d.id = $2", unita.ambito, id_)
    if riga is None:
        raise NonTrovato("Questa deliberazione non c'è: torna al registro.")
    return Deliberazione(**dict(riga))


async def annullate(quali: Sequence[int]) -> dict[int, Deliberazione]:
    """Which of some deliberations were annulled, by number, for the rooms that stand on them."""
    unita = unita_corrente()
    return {
        riga["id"]: Deliberazione(**dict(riga))
        for riga in await unita.righe(
            f"{_LEGGI} AND d.id = ANY($2::integer[]) AND c.specie = 'annullata'",
            unita.ambito, list(quali),
        )
    }  # fmt: skip


async def albi(quali: Sequence[Deliberazione]) -> dict[int, Albo]:
    """What the rules of their bodies say of the publication of some acts, by number; open ones left out."""
    regole = {
        giorno: {uno.codice: uno.albo for uno in (await plugin_attivi(giorno)).organi()}
        for giorno in {una.giorno for una in quali}
    }
    trovati = {
        una.id: albo(
            regola_albo(regole[una.giorno].get(una.organo, ()), una.giorno),
            una.giorno,
            una.pubblicata_il,
        )
        for una in quali
    }
    return {id_: uno for id_, uno in trovati.items() if uno is not None}


CHIAVE: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,59})/(\d{4})/(\d{1,6})", re.ASCII)
"""How an act is cited: body, year, number."""


async def per_chiave(chiave: str) -> Deliberazione | None:
    """The act that a citation stands for: ``assemblea-dei-sindaci/2026/1``; None when there is none."""
    trovata = CHIAVE.fullmatch(chiave)
    if trovata is None:
        return None
    unita = unita_corrente()
    riga = await unita.riga(
        f"{_LEGGI} AND d.organo = $2 AND d.anno = $3 AND d.numero = $4",
        unita.ambito, trovata[1], int(trovata[2]), int(trovata[3]),
    )  # fmt: skip
    return None if riga is None else Deliberazione(**dict(riga))


async def registro(
    *, organo: str | None = None, anno: int | None = None, cerca: str = "", pagina: int = 1
) -> tuple[list[Deliberazione], int]:
    """A page of the register, the latest first, and how many there are in all.

    Args:
        organo: only of this body.
        anno: only of this year's register.
        cerca: words of the subject, of the text or of the matter, or a number.
        pagina: from 1.
    """
    unita = unita_corrente()
    scelti = (unita.ambito, organo, anno, cerca.strip())
    righe = await unita.righe(
        f"{_LEGGI}{_CERCA} ORDER BY d.giorno DESC, d.organo, d.numero DESC LIMIT $5 OFFSET $6",
        *scelti, PER_PAGINA, (pagina - 1) * PER_PAGINA,
    )  # fmt: skip
    quante: int = await unita.valore(
        f"SELECT count(*) FROM deliberazione d WHERE d.ambito_id = $1{_CERCA}", *scelti
    )
    return [Deliberazione(**dict(riga)) for riga in righe], quante


async def indice() -> tuple[list[tuple[str, str]], list[int]]:
    """The bodies (code and name) and the years of the register."""
    unita = unita_corrente()
    organi = await unita.righe(
        "SELECT DISTINCT ON (organo) organo, denominazione FROM deliberazione "
        "WHERE ambito_id = $1 ORDER BY organo, id DESC",
        unita.ambito,
    )
    anni = await unita.righe(
        "SELECT DISTINCT anno FROM deliberazione WHERE ambito_id = $1 ORDER BY anno DESC",
        unita.ambito,
    )
    return [(r["organo"], r["denominazione"]) for r in organi], [r["anno"] for r in anni]


async def della_seduta(seduta_id: int) -> list[Deliberazione]:
    """The deliberations of a meeting, in their order."""
    unita = unita_corrente()
    return [
        Deliberazione(**dict(riga))
        for riga in await unita.righe(
            f"{_LEGGI} AND d.seduta_id = $2 ORDER BY d.numero", unita.ambito, seduta_id
        )
    ]


async def _cessa(
    id_: int, specie: str, dal: date, *, con_id: int | None = None, atto: str | None = None
) -> None:
    unita = unita_corrente()
    prima = await deliberazione(id_)
    if dal < prima.giorno:
        raise DatiNonValidi("Un atto non può cessare prima di essere deliberato.")
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "INSERT INTO cessazione_deliberazione (deliberazione_id, specie, dal, con_id, atto) "
                "VALUES ($1, $2, $3, $4, $5)",
                id_, specie, dal, con_id, atto,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(f"{prima.cita()} non vale già più.") from None


async def annulla(id_: int, dal: date, atto: str) -> None:
    """Write down that an act was annulled by another that was not voted here.

    Args:
        id_: the deliberation.
        dal: the first day on which it does not stand.
        atto: what annulled it: a judgement, an act of another body.

    Raises:
        NonTrovato: there is no such deliberation.
        Conflitto: it does not stand already.
        DatiNonValidi: the day is before the deliberation.
    """
    ufficio_di_piano()
    await _cessa(id_, "annullata", dal, atto=atto)
    await registra("governo.annulla", "deliberazione", str(id_))


async def atto_in_vigore(materia: str, anno: int | None, giorno: date) -> AttoTrovato | None:
    """The act on a matter that stands on a day, for the rooms that found something on it.

    Args:
        materia: the code of the matter, as the bodies declare it.
        anno: the year that the act is about; None for the latest whatever its year.
        giorno: the day on which it must stand: voted, and not annulled or replaced.

    Returns:
        The latest; None when there is none, which is not the same as knowing that none was adopted.
    """
    unita = unita_corrente()
    riga = await unita.riga(
        f"{_LEGGI} AND d.materia = $2 AND NOT d.propone AND d.giorno <= $3 "
        "AND (c.dal IS NULL OR c.dal > $3) AND ($4::smallint IS NULL OR d.anno_di_riferimento = $4) "
        "ORDER BY d.giorno DESC, d.id DESC LIMIT 1",
        unita.ambito, materia, giorno, anno,
    )  # fmt: skip
    if riga is not None:
        trovata = Deliberazione(**dict(riga))
        return AttoTrovato(
            materia=materia, anno=trovata.anno_di_riferimento, giorno=trovata.giorno,
            cita=trovata.cita(), chiave=trovata.chiave, deliberazione_id=trovata.id,
            inventato=trovata.inventata,
        )  # fmt: skip
    for uno in await _precedenti(
        f" AND {_STA} AND specie = 'atto' AND materia = $3 AND ($4::smallint IS NULL OR anno = $4) "
        "ORDER BY giorno DESC, id DESC LIMIT 1",
        giorno, materia, anno,
    ):  # fmt: skip
        return AttoTrovato(
            materia=materia,
            anno=uno.anno,
            giorno=uno.giorno,
            cita=uno.prova,
            inventato=uno.inventato,
        )
    return None


async def da_trattare(seduta_id: int) -> list[DaVotare]:
    """What is still to be voted in a meeting, in the order of its agenda."""
    trovati = []
    for punto in await ordine_del_giorno(seduta_id):
        for una in punto.proposte:
            cosa = await da_votare(una.id)
            if cosa is not None:
                trovati.append(cosa)
    return trovati
