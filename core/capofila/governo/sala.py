"""The room of a meeting: opened and frozen, who comes and leaves, who stands for whom, its quorum.

Runs inside a unit of work of the ambito. Presences, proxies and presidency are events with a minute, so
that the room of any moment can be put together again; nothing of them is ever changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from capofila.base.attivazioni import ROMA, oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.governo import seduta as in_sala
from capofila.governo.congelato import Regolamento, da_byte, impronta, in_byte
from capofila.governo.conteggio import QuorumContato, numero_legale
from capofila.governo.incarichi import presidenti, titolari
from capofila.governo.presidenza import Guida, ammesso, guida
from capofila.governo.quote import anno_stabilito, mancano_quote, quote_del
from capofila.governo.seduta import AventeDiritto, ConteggioRifiutato, Delega
from capofila.governo.sedute import (
    Adunanza,
    adunanza,
    ordine_del_giorno,
    regole_date,
    ufficio_di_piano,
    va_a,
)
from capofila.territorio import service as territorio


class Apertura(msgspec.Struct, frozen=True, kw_only=True):
    """What was frozen when a call was opened."""

    convocazione: int
    giorno: date
    anno_pesi: int | None
    aperta_il: datetime
    sha256: str
    regolamento: Regolamento
    aventi_diritto: tuple[AventeDiritto, ...]
    fonte_pesi: str | None
    fonte_quote: str | None = None


class Evento(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in the room, at its minute."""

    quando: datetime
    specie: Literal["entra", "esce", "delega", "revoca", "presiede"]
    avente: str
    a: str | None = None
    nota: str | None = None
    id: int = 0


class Sala(msgspec.Struct, frozen=True, kw_only=True):
    """The room at a moment.

    Attributes:
        deleghe: those given and not withdrawn, whether they hold now or not.
        per_l_ente: who came in the place of the head of the same ente.
    """

    apertura: Apertura
    presenti: tuple[str, ...] = ()
    per_l_ente: dict[str, str] = {}
    deleghe: tuple[Delega, ...] = ()
    presidente: str | None = None

    @property
    def chi_presiede(self) -> str | None:
        """Who presides now; nobody while the seat is empty, or held by another of the same ente."""
        if self.presidente in self.presenti and self.presidente not in self.per_l_ente:
            return self.presidente
        return None

    def seduta(self, interessati: Iterable[str] = ()) -> in_sala.Seduta:
        """The meeting as it is counted: the proxies that hold, who presides when present."""
        ci_sono = frozenset(self.presenti)
        return in_sala.Seduta(
            giorno=self.apertura.giorno,
            convocazione=self.apertura.convocazione,
            aventi_diritto=self.apertura.aventi_diritto,
            presenti=self.presenti,
            deleghe=in_sala.in_essere(self.deleghe, ci_sono),
            presidente=self.chi_presiede,
            interessati=tuple(interessati),
            anno_pesi=self.apertura.anno_pesi,
        )


# --- opening ------------------------------------------------------------------------------------


async def apri(id_: int) -> Apertura:
    """Open a call, and freeze who is entitled, what they weigh and the rules.

    The first call of a meeting that was called; the second of one that was without quorum.

    Raises:
        Conflitto: it cannot be opened now.
        DatiNonValidi: nobody is entitled, or the rules given contradict the declared ones.
    """
    unita = ufficio_di_piano()
    una = await adunanza(id_)
    if una.stato not in ("convocata", "deserta"):
        raise Conflitto(
            "Si apre una seduta convocata, oppure la seconda convocazione di una deserta."
        )
    convocazione = 1 if una.stato == "convocata" else 2
    if convocazione == 2 and una.seconda_giorno is None:
        raise Conflitto("La convocazione non dà un giorno per la seconda: convoca un'altra seduta.")
    if convocazione == 2 and len(await aperture(id_)) > 1:
        raise Conflitto("Anche la seconda convocazione è andata deserta: convoca un'altra seduta.")
    giorno = una.inizio(convocazione).date()
    if giorno > oggi():
        raise Conflitto(f"La seduta è il {giorno:%d/%m/%Y}: si apre quel giorno.")
    attivi = await plugin_attivi(giorno)
    organi = tuple(attivi.organi())
    date_ = regole_date(una.regole, convocazione)
    organo = next((uno for uno in organi if uno.codice == una.organo), None)
    materie = [p.materia for punto in await ordine_del_giorno(id_) for p in punto.proposte]
    anno = una.anno_pesi
    if anno is None and organo is not None:
        anno = anno_stabilito(organo, giorno, date_, materie)
    aventi, fonte, fonte_quote = await con_quote(
        *await pesati(una.organo, giorno, anno),
        anno or giorno.year,
        {t.chiave: t.istat for t in await titolari(una.organo, giorno) if t.istat},
    )
    if not aventi:
        raise DatiNonValidi(
            "Nessun seggio di questo organo risulta coperto: registra gli incarichi, poi apri."
        )
    if organo and (
        perche := mancano_quote(organo, giorno, date_, materie, aventi, anno or giorno.year)
    ):
        raise DatiNonValidi(perche)
    regolamento = Regolamento(organi=organi, date=date_, plugin=dict(attivi.versioni()))
    await va_a(id_, "aperta", "La seduta è già stata aperta.")
    congelata = in_byte(regolamento)
    await unita.esegui(
        "INSERT INTO apertura_seduta (seduta_id, convocazione, giorno, anno_pesi, congelata, sha256) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        id_, convocazione, giorno, anno, congelata, impronta(congelata),
    )  # fmt: skip
    await unita.esegui_per_ognuna(
        "INSERT INTO peso_seduta (seduta_id, convocazione, avente, ordine, nome, categoria, adesione, "
        "abitanti, quote, fonte, fonte_quote) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            (
                id_, convocazione, uno.id, posto, uno.nome[:200], uno.categoria, uno.adesione,
                None if uno.abitanti is None else int(uno.abitanti), _decimale(uno.quote),
                fonte if uno.abitanti is not None else None,
                fonte_quote if uno.quote is not None else None,
            )
            for posto, uno in enumerate(aventi, 1)
        ],
    )  # fmt: skip
    ultima = (await aperture(id_))[-1]
    # What contradicts the declared rules is said now, and not at the first vote.
    _numero(una, ultima, Sala(apertura=ultima).seduta())
    return ultima


async def pesati(
    organo: str, giorno: date, anno: int | None
) -> tuple[tuple[AventeDiritto, ...], str | None]:
    """Who holds a seat that day, with the inhabitants of the year, and where the figures are from."""
    demografia = await territorio.demografia()
    fonti: dict[str, None] = {}
    aventi = []
    for uno in await titolari(organo, giorno):
        if not uno.in_carica:
            continue
        trovata = demografia.popolazione(uno.istat, giorno, anno) if uno.istat else None
        if trovata is not None:
            fonti.update(dict.fromkeys(trovata.fonti))
        aventi.append(
            AventeDiritto(
                id=uno.chiave,
                nome=uno.nome,
                categoria=uno.categoria,
                abitanti=None if trovata is None else Fraction(trovata.residenti),
                adesione=uno.adesione,
            )
        )
    return tuple(aventi), "; ".join(fonti) or None


async def con_quote(
    aventi: tuple[AventeDiritto, ...], fonte: str | None, anno: int, comuni: Mapping[str, str]
) -> tuple[tuple[AventeDiritto, ...], str | None, str | None]:
    """The same, with the quotas of the comuni of a year, and the act that they are from.

    Args:
        aventi: who is entitled.
        fonte: of their inhabitants.
        anno: of the quotas.
        comuni: the comune of each seat by its key: quotas are of a comune, whatever its seat.
    """
    registrate = await quote_del(anno)
    if registrate is None:
        return aventi, fonte, None
    con = tuple(
        msgspec.structs.replace(uno, quote=registrate.quote.get(comuni.get(uno.id, "")))
        for uno in aventi
    )
    return con, fonte, registrate.cita()


def _decimale(peso: Fraction | None) -> Decimal | None:
    """Quotas have at most six decimals, so the division ends."""
    return None if peso is None else Decimal(peso.numerator) / Decimal(peso.denominator)


async def aperture(id_: int) -> list[Apertura]:
    """What was frozen when each call was opened."""
    unita = unita_corrente()
    pesi = await unita.righe(
        "SELECT convocazione, avente, nome, categoria, adesione, abitanti, quote, fonte, fonte_quote "
        "FROM peso_seduta WHERE ambito_id = $1 AND seduta_id = $2 ORDER BY convocazione, ordine",
        unita.ambito, id_,
    )  # fmt: skip
    return [
        Apertura(
            convocazione=r["convocazione"],
            giorno=r["giorno"],
            anno_pesi=r["anno_pesi"],
            aperta_il=r["aperta_il"],
            sha256=r["sha256"],
            regolamento=da_byte(r["congelata"], Regolamento),
            aventi_diritto=tuple(
                AventeDiritto(
                    id=p["avente"],
                    nome=p["nome"],
                    categoria=p["categoria"],
                    adesione=p["adesione"],
                    abitanti=None if p["abitanti"] is None else Fraction(p["abitanti"]),
                    quote=None if p["quote"] is None else Fraction(p["quote"]),
                )
                for p in pesi
                if p["convocazione"] == r["convocazione"]
            ),
            fonte_pesi=next((p["fonte"] for p in pesi if p["fonte"]), None),
            fonte_quote=next((p["fonte_quote"] for p in pesi if p["fonte_quote"]), None),
        )
        for r in await unita.righe(
            "SELECT convocazione, giorno, anno_pesi, aperta_il, sha256, congelata "
            "FROM apertura_seduta WHERE ambito_id = $1 AND seduta_id = $2 ORDER BY convocazione",
            unita.ambito,
            id_,
        )
    ]


# --- the room -----------------------------------------------------------------------------------


async def eventi(id_: int, convocazione: int) -> list[Evento]:
    """What happened in the room during a call, in its order."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT quando, CASE WHEN presente THEN 'entra' ELSE 'esce' END AS specie, avente, "
        "NULL::text AS a, per_l_ente AS nota, id, 1 AS genere FROM presenza "
        "WHERE ambito_id = $1 AND seduta_id = $2 AND convocazione = $3 "
        "UNION ALL SELECT quando, CASE WHEN data THEN 'delega' ELSE 'revoca' END, da, a, carta, id, 2 "
        "FROM delega WHERE ambito_id = $1 AND seduta_id = $2 AND convocazione = $3 "
        "UNION ALL SELECT quando, 'presiede', avente, NULL, nota, id, 3 FROM presidenza_seduta "
        "WHERE ambito_id = $1 AND seduta_id = $2 AND convocazione = $3 "
        "ORDER BY quando, genere, id",
        unita.ambito,
        id_,
        convocazione,
    )
    return [Evento(**{n: v for n, v in dict(r).items() if n != "genere"}) for r in righe]


def sala_dopo(apertura: Apertura, accaduti: Iterable[Evento]) -> Sala:
    """The room after some events."""
    presenti: dict[str, None] = {}
    per_l_ente: dict[str, str] = {}
    deleghe: dict[str, Delega] = {}
    presidente: str | None = None
    for uno in accaduti:
        match uno.specie:
            case "entra":
                presenti[uno.avente] = None
                per_l_ente.pop(uno.avente, None)
                if uno.nota:
                    per_l_ente[uno.avente] = uno.nota
            case "esce":
                presenti.pop(uno.avente, None)
                per_l_ente.pop(uno.avente, None)
            case "delega":
                deleghe[uno.avente] = Delega(da=uno.avente, a=uno.a or "")
            case "revoca":
                deleghe.pop(uno.avente, None)
            case "presiede":
                presidente = uno.avente
    ordine = {uno.id: posto for posto, uno in enumerate(apertura.aventi_diritto)}
    return Sala(
        apertura=apertura,
        presenti=tuple(sorted(presenti, key=lambda id: ordine.get(id, 0))),
        per_l_ente=per_l_ente,
        deleghe=tuple(deleghe.values()),
        presidente=presidente,
    )


async def sala(id_: int, momento: datetime | None = None) -> Sala:
    """The room of the call that was opened last, now or at a moment.

    Raises:
        Conflitto: the meeting was never opened.
    """
    tutte = await aperture(id_)
    if not tutte:
        raise Conflitto("La seduta non è stata aperta: non c'è ancora una sala.")
    accaduti = await eventi(id_, tutte[-1].convocazione)
    return sala_dopo(
        tutte[-1], [uno for uno in accaduti if momento is None or uno.quando <= momento]
    )


def quorum_di(una: Adunanza, di_ora: Sala) -> QuorumContato:
    """The quorum of a room, each condition with what it needs and has.

    Raises:
        ConteggioRifiutato: a weight that the rule counts is missing.
    """
    return _numero(una, di_ora.apertura, di_ora.seduta())


def _numero(una: Adunanza, apertura: Apertura, seduta: in_sala.Seduta) -> QuorumContato:
    regolamento = apertura.regolamento
    return numero_legale(regolamento.organi, una.organo, seduta, regolamento.date)


async def minuto(una: Adunanza, apertura: Apertura, ora: time | None) -> datetime:
    """The moment of an event: as said, otherwise now or the last one; never before another.

    Raises:
        DatiNonValidi: it is before the last event, or yet to come.
    """
    tutti = await eventi(una.id, apertura.convocazione)
    unita = unita_corrente()
    votato = await unita.valore(
        "SELECT max(quando) FROM votazione WHERE ambito_id = $1 AND seduta_id = $2 "
        "AND convocazione = $3",
        unita.ambito, una.id, apertura.convocazione,
    )  # fmt: skip
    passati = [uno.quando for uno in tutti] + ([votato] if votato else [])
    ultimo = max(passati, default=None)
    inizio = una.inizio(apertura.convocazione)
    adesso = datetime.now(ROMA).replace(second=0, microsecond=0)
    if ora is None:
        if apertura.giorno == adesso.date():
            return max(adesso, ultimo or adesso)
        return ultimo or inizio
    scritto = datetime.combine(apertura.giorno, ora, ROMA)
    if scritto < inizio - timedelta(hours=2):  # a meeting that goes on after midnight
        scritto += timedelta(days=1)
    if scritto > adesso:
        raise DatiNonValidi(
            f"L'ora {ora:%H:%M} deve ancora venire: sono le {adesso:%H:%M}. Correggila, o lasciala "
            "vuota per segnare adesso."
        )
    if ultimo is not None and scritto < ultimo:
        raise DatiNonValidi(
            f"L'ora {ora:%H:%M} viene prima dell'ultimo fatto segnato "
            f"({ultimo.astimezone(ROMA):%H:%M}): i fatti si segnano in ordine."
        )
    return scritto


async def in_corso(id_: int) -> tuple[UnitaDiLavoro, Adunanza, Sala]:
    unita = ufficio_di_piano()
    una = await adunanza(id_)
    if una.stato != "aperta":
        raise Conflitto("La seduta non è aperta: le presenze si segnano mentre si svolge.")
    # Two desks at once: each event is checked against the one before.
    await unita.riga(
        "SELECT 1 FROM seduta WHERE ambito_id = $1 AND id = $2 FOR UPDATE", unita.ambito, id_
    )
    return unita, una, await sala(id_)


def _noto(di_ora: Sala, *chi: str) -> None:
    noti = {uno.id for uno in di_ora.apertura.aventi_diritto}
    if not noti.issuperset(chi):
        raise DatiNonValidi("Chi hai scelto non è fra gli aventi diritto: sceglilo dall'elenco.")


async def segna_presenza(
    id_: int,
    chi: Iterable[str],
    presente: bool,
    *,
    ora: time | None = None,
    per_l_ente: str | None = None,
) -> int:
    """Write down that somebody came or left; who is already so is left alone.

    Args:
        chi: those entitled.
        ora: the minute; now when not said.
        per_l_ente: who came in the place of the head of the same ente.

    Returns:
        How many came or left.

    Raises:
        Conflitto: the meeting is not open.
        DatiNonValidi: somebody is not entitled, or the minute is before the last event.
    """
    unita, una, di_ora = await in_corso(id_)
    chi = list(dict.fromkeys(chi))
    _noto(di_ora, *chi)
    ci_sono = set(di_ora.presenti)
    nuovi = [uno for uno in chi if (uno in ci_sono) is not presente]
    if nuovi:
        quando = await minuto(una, di_ora.apertura, ora)
        await unita.esegui_per_ognuna(
            "INSERT INTO presenza (seduta_id, convocazione, avente, presente, per_l_ente, quando) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (id_, di_ora.apertura.convocazione, uno, presente, per_l_ente or None, quando)
                for uno in nuovi
            ],
        )
    return len(nuovi)


async def segna_delega(
    id_: int, da: str, a: str, carta: str, *, data: bool = True, ora: time | None = None
) -> None:
    """Write down that a proxy was given, with its paper, or withdrawn.

    Raises:
        Conflitto: the meeting is not open.
        DatiNonValidi: the rules do not allow it, or one was already given.
    """
    unita, una, di_ora = await in_corso(id_)
    _noto(di_ora, da, a)
    if da == a:
        raise DatiNonValidi("Nessuno delega se stesso: scegli chi porta la delega.")
    date_ = {uno.da: uno.a for uno in di_ora.deleghe}
    if data and da in date_:
        raise DatiNonValidi("Ha già dato una delega: revocala prima di segnarne un'altra.")
    if not data and date_.get(da) != a:
        raise DatiNonValidi("Questa delega non risulta data.")
    if data:
        con = msgspec.structs.replace(di_ora, deleghe=(*di_ora.deleghe, Delega(da=da, a=a)))
        # Proxies are judged as if their bearers were there and their givers were not.
        dati, portano = {d.da for d in con.deleghe}, {d.a for d in con.deleghe}
        ipotesi = con.seduta()
        ipotesi = msgspec.structs.replace(
            ipotesi,
            presenti=tuple(({*di_ora.presenti} | portano) - dati),
            deleghe=tuple(d for d in con.deleghe if d.a not in dati),
            presidente=None,
        )
        try:
            _numero(una, di_ora.apertura, ipotesi)
        except ConteggioRifiutato as errore:
            raise DatiNonValidi(
                " ".join(uno.motivo[:1].upper() + uno.motivo[1:] for uno in errore.difetti)
            ) from None
    await unita.esegui(
        "INSERT INTO delega (seduta_id, convocazione, da, a, data, carta, quando) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id_, di_ora.apertura.convocazione, da, a, data, carta,
        await minuto(una, di_ora.apertura, ora),
    )  # fmt: skip


async def chi_puo_presiedere(una: Adunanza, di_ora: Sala) -> tuple[Guida, str | None]:
    """Who may preside with those who are in the room, and the seat that the body names for it."""
    organo = di_ora.apertura.regolamento.organo(una.organo)
    noti = await presidenti(organo, di_ora.apertura.giorno)
    nomi = {uno.id: uno.nome for uno in di_ora.apertura.aventi_diritto}
    return (
        guida(
            organo,
            presidente=noti.presidente,
            sostituto=noti.sostituto,
            in_sala=[uno for uno in di_ora.presenti if uno not in di_ora.per_l_ente],
            nome=lambda chiave: nomi.get(chiave, chiave),
        ),
        noti.nominato,
    )


async def segna_presidenza(id_: int, chi: str, *, ora: time | None = None) -> str | None:
    """Write down who presides from now on.

    Returns:
        What the minutes say of it, where no source says who presides.

    Raises:
        Conflitto: the meeting is not open.
        DatiNonValidi: who presides is not present, or another one is to, with the act that says so.
    """
    unita, una, di_ora = await in_corso(id_)
    _noto(di_ora, chi)
    if chi not in di_ora.presenti:
        raise DatiNonValidi("Chi presiede dev'essere presente: segna prima la presenza.")
    if chi in di_ora.per_l_ente:
        raise DatiNonValidi(
            "Presiedere è personale: chi è in sala al posto del titolare vota, e non presiede. Scegli "
            "chi è presente di persona."
        )
    if chi == di_ora.presidente:
        return None
    regola, nominato = await chi_puo_presiedere(una, di_ora)
    si, nota = ammesso(regola, chi, nominato)
    if not si:
        raise DatiNonValidi(nota or "")
    await unita.esegui(
        "INSERT INTO presidenza_seduta (seduta_id, convocazione, avente, quando, nota) "
        "VALUES ($1, $2, $3, $4, $5)",
        id_, di_ora.apertura.convocazione, chi, await minuto(una, di_ora.apertura, ora),
        nota[:600] if nota else None,
    )  # fmt: skip
    return nota


# --- ending -----------------------------------------------------------------------------------


async def dichiara_deserta(id_: int) -> None:
    """End a call without quorum, before anything was voted.

    Raises:
        Conflitto: there is a quorum, or something was voted.
    """
    unita, una, di_ora = await in_corso(id_)
    if quorum_di(una, di_ora).stato == "raggiunto":
        raise Conflitto("Il numero legale c'è: la seduta non è deserta.")
    votata = await unita.valore(
        "SELECT true FROM votazione WHERE ambito_id = $1 AND seduta_id = $2 AND convocazione = $3",
        unita.ambito, id_, di_ora.apertura.convocazione,
    )  # fmt: skip
    if votata:
        raise Conflitto("Qualcosa è già stato votato: chiudi la seduta.")
    await va_a(id_, "deserta", "La seduta non è aperta.")


async def chiudi(id_: int) -> None:
    """Close a meeting; one without quorum is closed when there is no second call.

    Raises:
        Conflitto: it is not open, or its second call is still to come.
    """
    una = await adunanza(id_)
    attesa = una.stato == "deserta" and len(await aperture(id_)) < 2
    if attesa and una.seconda_giorno is not None and una.seconda_giorno >= oggi():
        raise Conflitto("C'è ancora la seconda convocazione: aprila, o chiudi dopo quel giorno.")
    await va_a(id_, "chiusa", "La seduta non è aperta: non c'è nulla da chiudere.")
