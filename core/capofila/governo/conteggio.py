"""The count of a vote: the rules of the body on the day, the outcome, and its explanation in Italian.

Pure. What the plugin of the distretto declares rules; what it leaves open may come with the file,
with its act; what nobody says stays open and is said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Final, TypeVar

import msgspec

from capofila.governo.competenze import (
    Diniego,
    Motivo,
    Responso,
    StatoCompetenza,
    ignota,
    materie_note,
    propone,
    puo_decidere,
)
from capofila.governo.elezioni import (
    EsitoCollegio,
    Ripresa,
    StatoCollegio,
    difetti_elezione,
    elezione_contata,
    piano,
    riprese,
)
from capofila.governo.lettura import RegolaElezione, RegoleDate, Richiesta
from capofila.governo.rules import cita, condizione_in_parole, quorum_in_parole
from capofila.governo.seduta import ConteggioRifiutato, Difetto, Seduta, difetti
from capofila.governo.termini import Preavviso, preavviso
from capofila.governo.voti import (
    INTERO,
    Esito,
    RegoleInConflitto,
    Risultato,
    Scrutinio,
    StatoQuorum,
    Verifica,
    Voto,
    decidi,
    difetti_quorum,
    difetti_voti,
    scegli_regola,
)
from capofila.hooks import (
    Atto,
    Condizione,
    Convocazione,
    Deleghe,
    Dichiarazione,
    Elezione,
    Misura,
    Organo,
    Per,
    Quorum,
    RegolaVoto,
    Specie,
    variante,
)
from capofila.web.formati import data as in_data
from capofila.web.formati import numero

Cifra = int | Decimal
_D = TypeVar("_D", bound=Dichiarazione)

NON_AMMESSA: Final = "non_ammessa"
ELETTI: Final = "eletti"
DA_COMPLETARE: Final = "da_completare"
DECISI: Final = frozenset({Risultato.APPROVATA.value, Risultato.RESPINTA.value})
"""Outcomes that ballots in favour and against gave."""
SENZA_ESITO: Final = frozenset({NON_AMMESSA, Risultato.NON_DETERMINABILE.value})
"""Outcomes that are none: the command ends with status 1."""


class CondizioneContata(msgspec.Struct, frozen=True, kw_only=True):
    """A condition as it is printed; ``decisivi`` are those who alone could have changed it."""

    chiede: str
    misura: str
    base: str | None
    categoria: str | None
    necessario: Cifra | None
    avuto: Cifra
    su: Cifra
    soddisfatta: bool | None
    per_presidenza: bool
    decisivi: tuple[str, ...]
    fonte: str
    ipotesi: bool
    spiegazione: str


class QuorumContato(msgspec.Struct, frozen=True, kw_only=True):
    """The quorum as it is printed."""

    stato: str
    condizioni: tuple[CondizioneContata, ...] = ()


class MotivoContato(msgspec.Struct, frozen=True, kw_only=True):
    """Why the body may not decide, with the act that says so; of a supposed one also its reason,
    which names the article of the act that it is supposed from."""

    motivo: str
    testo: str
    fonte: str
    ipotesi: bool


class CompetenzaContata(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the body may decide the matter."""

    stato: str
    fonte: str | None
    ipotesi: bool
    motivi: tuple[MotivoContato, ...]


class ConvocazioneContata(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the call left in time; None where no source gives a notice or no day was given."""

    entro: date | None
    in_tempo: bool | None


class VotiContati(msgspec.Struct, frozen=True, kw_only=True):
    """How many, by head. ``non_votanti``: there, entitled, and without a ballot."""

    aventi_diritto: int
    presenti: int
    rappresentati: int
    interessati: int
    votanti: int
    favorevoli: int
    contrari: int
    astenuti: int
    divisi: int
    non_votanti: int
    segreto: bool


class CollegioContato(msgspec.Struct, frozen=True, kw_only=True):
    """Who is elected in a unit, and who is at a tie for the places that are left."""

    nome: str
    stato: str
    eletti: tuple[str, ...]
    a_pari: tuple[str, ...]
    posti_contesi: int


class Conteggio(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a vote as ``capofila governo tally --json`` prints it."""

    ambito: str
    organo: str
    denominazione: str
    materia: str
    giorno: date
    convocazione: int
    esito: str
    quorum: QuorumContato
    competenza: CompetenzaContata
    preavviso: ConvocazioneContata
    voti: VotiContati
    condizioni: tuple[CondizioneContata, ...]
    decisivi: tuple[str, ...]
    collegi: tuple[CollegioContato, ...]
    spiegazione: tuple[str, ...]
    avvertenze: tuple[str, ...]
    plugin: Mapping[str, str]
    impronta: str


class _Regole(msgspec.Struct, frozen=True, kw_only=True):
    voto: RegolaVoto | None
    quorum: Quorum | None
    deleghe: Deleghe | None
    convocazione: Convocazione | None
    elezione: Elezione | None
    aperti_elezione: tuple[str, ...] = ()


def conta(
    ambito: str,
    richiesta: Richiesta,
    organi: Sequence[Organo],
    *,
    plugin: Mapping[str, str],
    impronta: str,
) -> Conteggio:
    """Count a vote by the rules of its body.

    Args:
        ambito: the slug, for the record.
        richiesta: what was read from the file.
        organi: the bodies of the ambito on the day of the meeting.
        plugin: the versions of the active plugins, for the record.
        impronta: SHA-256 of the file.

    Raises:
        ConteggioRifiutato: the file contradicts itself or the rules, with every place.
        RegoleInConflitto: a plugin declares two rules for one thing.
    """
    organo = _organo(richiesta, organi)
    trovati = _difetti_seggi(organo, richiesta.seduta)
    seduta = _con_categorie(organo, richiesta.seduta)
    regole = _regole(organo, richiesta, trovati)
    trovati += difetti(
        seduta,
        deleghe=regole.deleghe,
        solo_aderenti=_solo_aderenti(organo),
    )
    trovati += categorie_ignote(organo, regole.voto, regole.quorum)
    if not trovati:
        trovati += _difetti_voto(richiesta, seduta, regole)
    if trovati:
        raise ConteggioRifiutato(trovati)
    return _concludi(
        ambito, richiesta, organo, organi, seduta, regole, plugin=plugin, impronta=impronta
    )


def numero_legale(
    organi: Sequence[Organo], codice: str, seduta: Seduta, date: RegoleDate
) -> QuorumContato:
    """The quorum of a meeting as it stands, for no matter in particular.

    Args:
        organi: the bodies of the ambito on the day of the meeting.
        codice: the body that meets.
        seduta: who is there.
        date: the rules that the plugin leaves open, for the call.

    Raises:
        ConteggioRifiutato: a weight is missing, or the rules given contradict the declared ones.
    """
    richiesta = Richiesta(
        organo=codice, materia="", oggetto=None, anno=None, convocata_il=None, urgente=False,
        seduta=seduta, fonte_pesi=None, voti=(), collegi=None, compiuti=(), regole=date,
    )  # fmt: skip
    organo = _organo(richiesta, organi)
    trovati = _difetti_seggi(organo, seduta)
    seduta = _con_categorie(organo, seduta)
    regole = _regole(organo, richiesta, trovati)
    trovati += difetti(seduta, deleghe=regole.deleghe, solo_aderenti=_solo_aderenti(organo))
    trovati += categorie_ignote(organo, regole.quorum)
    trovati += difetti_quorum(regole.quorum, seduta) if regole.quorum else []
    if trovati:
        raise ConteggioRifiutato(trovati)
    esito = decidi(seduta, (), regola=None, quorum=regole.quorum, deleghe=regole.deleghe)
    return _quorum_contato(esito, seduta, regole, organo)


def regola_convocazione(organo: Organo, giorno: date) -> Convocazione | None:
    """Who calls a body and how long before, on a day; None where no source says it."""
    return _in_vigore(organo.convocazione, giorno)


def regola_in_vigore(
    organo: Organo, giorno: date, materia: str, date: RegoleDate
) -> RegolaVoto | None:
    """How a body votes on a matter: as it is declared, otherwise as given with its act."""
    return scegli_regola(organo.regole_voto, giorno, materia) or date.voto


def regola_elezione(
    organo: Organo, giorno: date, materia: str, date: RegoleDate
) -> Elezione | None:
    """How a body chooses persons for a matter; None where no source says how many."""
    dichiarata = elezione_dichiarata(organo, giorno, materia)
    return _elezione(dichiarata, date.elezione, materia, [])[0]


def elezione_dichiarata(organo: Organo, giorno: date, materia: str) -> Elezione | None:
    """The election by which a body decides a matter, as it is declared; None where none is."""
    return _in_vigore([una for una in organo.elezioni if una.materia == materia], giorno)


def difetti_modo(organo: Organo, giorno: date, materia: str, *, con_i_nomi: bool) -> list[Difetto]:
    """Why a matter cannot be voted so: persons are chosen by their names, and not in favour or against.

    Args:
        organo: the body.
        giorno: the day of the meeting.
        materia: the matter of the proposal; an amendment to it chooses nobody.
        con_i_nomi: whether the ballots have names.
    """
    elezione = elezione_dichiarata(organo, giorno, materia)
    if elezione is None or con_i_nomi:
        return []
    segreta = " a scrutinio segreto" if elezione.segreta else ""
    return [
        Difetto(
            "elezione",
            f"su «{materia}» si eleggono persone{segreta} ({cita(elezione.fonte)}): vota con i nomi, "
            "scrivendo le schede e i voti di ciascuno.",
        )
    ]


def difetti_materia(
    organi: Sequence[Organo], organo: Organo, richiesta: Richiesta
) -> list[Difetto]:
    """Why a body cannot vote on a matter at all: nobody knows it, or no act lets it propose on it."""
    note = materie_note(organi)
    if richiesta.materia not in note:
        return [Difetto("materia", ignota(note, richiesta.materia))]
    if richiesta.propone and not propone(organi, organo.codice, richiesta.materia):
        return [
            Difetto(
                "propone",
                f"nessuna fonte dice che «{organo.denominazione}» proponga ad altri su "
                f"«{note[richiesta.materia]}»: togli la chiave, e si conta la decisione.",
            )
        ]
    return []


def con_le_unita(
    richiesta: Richiesta, organo: Organo, unita: Mapping[Per, Sequence[str]]
) -> Richiesta:
    """The same, with the names of the units that elect apart, where its election is held by units.

    A unit is known by its name, whatever its spaces and capital letters.
    """
    regola = elezione_dichiarata(organo, richiesta.seduta.giorno, richiesta.materia)
    nomi = unita.get(regola.per, ()) if regola is not None and regola.per is not Per.ORGANO else ()
    if not nomi or not richiesta.collegi or richiesta.da_riprendere:
        return richiesta
    veri = {piano(nome): nome for nome in nomi}
    return msgspec.structs.replace(
        richiesta,
        unita=tuple(nomi),
        collegi=tuple(
            msgspec.structs.replace(uno, nome=veri.get(piano(uno.nome), uno.nome))
            for uno in richiesta.collegi
        ),
    )


def che_resta(
    organo: Organo, giorno: date, materia: str, date: RegoleDate,
    collegi: Sequence[Mapping[str, Any]],
) -> tuple[Ripresa, ...]:  # fmt: skip
    """What a stored election left to a further vote, from its outcome as it was printed."""
    regola = regola_elezione(organo, giorno, materia, date)
    if regola is None:
        return ()
    return riprese(
        regola,
        [
            EsitoCollegio(
                nome=uno["nome"],
                stato=StatoCollegio(uno["stato"]),
                eletti=tuple(uno["eletti"]),
                a_pari=tuple(uno["a_pari"]),
                posti_contesi=uno["posti_contesi"],
            )
            for uno in collegi
        ],
    )


def dove_e_aperto(
    organo: Organo, giorno: date, materia: str, convocazione: int, date: RegoleDate
) -> RegoleDate:
    """Of the rules given, those that no declaration gives for this matter and call."""
    return variante(
        date,
        voto=None if scegli_regola(organo.regole_voto, giorno, materia) else date.voto,
        quorum=None if scegli_regola(organo.quorum, giorno, materia, convocazione) else date.quorum,
        deleghe=None if _in_vigore(organo.deleghe, giorno) else date.deleghe,
        elezione=_elezione_aperta(organo, giorno, materia, date.elezione),
    )


def _elezione_aperta(
    organo: Organo, giorno: date, materia: str, data: RegolaElezione | None
) -> RegolaElezione | None:
    """Of what a meeting says of its elections, what the declared one of a matter leaves open."""
    dichiarata = elezione_dichiarata(organo, giorno, materia)
    if data is None or dichiarata is None:
        return data
    return msgspec.structs.replace(
        data,
        posti=None,
        preferenze=None if dichiarata.preferenze is not None else data.preferenze,
        parita=None if dichiarata.parita is not None else data.parita,
    )


def gia_dichiarate(
    organo: Organo, giorno: date, convocazione: int, date: RegoleDate
) -> list[Difetto]:
    """What is wrong with the rules given: the plugin declares one already for every matter, or a
    condition is on a seat that the body does not have.
    """
    aperte = dove_e_aperto(organo, giorno, "", convocazione, date)
    return categorie_ignote(organo, date.voto, date.quorum) + [
        Difetto(
            f"regole.{nome}",
            f"per «{organo.denominazione}» la regola c'è già, dichiarata con la sua fonte: toglila.",
        )
        for nome in ("voto", "quorum", "deleghe")
        if getattr(date, nome) is not None and getattr(aperte, nome) is None
    ]


def categorie_ignote(organo: Organo, *regole: RegolaVoto | Quorum | None) -> list[Difetto]:
    """Conditions on a kind of seat that the body does not have: nobody could ever meet them."""
    note = [uno.categoria for uno in organo.seggi]
    return [
        Difetto(
            f"regole.{'quorum' if isinstance(regola, Quorum) else 'voto'}.condizioni[{posto}].categoria",
            f"«{una.categoria[:60]}» non è un seggio di «{organo.denominazione}»: scegli fra "
            f"{', '.join(note)}.",
        )
        for regola in regole
        if regola is not None
        for posto, una in enumerate(regola.condizioni, 1)
        if una.categoria is not None and note and una.categoria not in note
    ]


def _solo_aderenti(organo: Organo) -> frozenset[str]:
    return frozenset(uno.categoria for uno in organo.seggi if uno.solo_aderenti)


def _quorum_contato(esito: Esito, seduta: Seduta, regole: _Regole, organo: Organo) -> QuorumContato:
    fonte = regole.quorum.fonte if regole.quorum else organo.fonte
    return QuorumContato(
        stato=esito.quorum.value,
        condizioni=tuple(
            _contata(una, seduta, fonte, quorum=True) for una in esito.verifiche_quorum
        ),
    )


def _concludi(
    ambito: str,
    richiesta: Richiesta,
    organo: Organo,
    organi: Sequence[Organo],
    seduta: Seduta,
    regole: _Regole,
    *,
    plugin: Mapping[str, str],
    impronta: str,
) -> Conteggio:
    elegge = richiesta.collegi is not None
    esito = decidi(
        seduta,
        richiesta.voti or (),
        regola=None if elegge else regole.voto,
        quorum=regole.quorum,
        deleghe=regole.deleghe,
    )
    responso = puo_decidere(
        organi,
        organo.codice,
        richiesta.materia,
        seduta.giorno,
        anno=richiesta.anno,
        compiuti=richiesta.compiuti,
        quorum=esito.quorum,
        fonte_quorum=regole.quorum.fonte if regole.quorum else None,
        propone=richiesta.propone,
    )
    chiamata = _preavviso(richiesta, regole.convocazione)
    responso = _con_la_chiamata(responso, chiamata, regole.convocazione, organo)
    collegi = (
        elezione_contata(
            regole.elezione, richiesta.collegi, richiesta.da_riprendere, richiesta.unita_attese
        )
        if richiesta.collegi is not None and regole.elezione is not None
        else ()
    )
    detto = _esito(esito, responso, collegi)
    condizioni = tuple(
        _contata(una, seduta, regole.voto.fonte if regole.voto else organo.fonte)
        for una in esito.condizioni
    )
    quorum = _quorum_contato(esito, seduta, regole, organo)
    decisivi = tuple(seduta.nome(id) for id in esito.decisivi)
    return Conteggio(
        ambito=ambito,
        organo=organo.codice,
        denominazione=organo.denominazione,
        materia=richiesta.materia,
        giorno=seduta.giorno,
        convocazione=seduta.convocazione,
        esito=detto,
        quorum=quorum,
        competenza=CompetenzaContata(
            stato=responso.stato.value,
            fonte=cita(responso.fonte) if responso.fonte else None,
            ipotesi=bool(responso.fonte and responso.fonte.ipotesi),
            motivi=tuple(
                MotivoContato(
                    motivo=uno.motivo.value,
                    testo=uno.testo,
                    fonte=uno.fonte.cita(),
                    ipotesi=uno.fonte.ipotesi,
                )
                for uno in responso.dinieghi
            ),
        ),
        preavviso=ConvocazioneContata(entro=chiamata.entro, in_tempo=chiamata.in_tempo),
        voti=_quanti(richiesta, seduta),
        condizioni=condizioni,
        decisivi=decisivi,
        collegi=tuple(
            CollegioContato(
                nome=uno.nome, stato=uno.stato.value, eletti=uno.eletti, a_pari=uno.a_pari,
                posti_contesi=uno.posti_contesi,
            )
            for uno in collegi
        ),
        spiegazione=_spiega(
            detto, organo, esito, responso, quorum, condizioni,
            None if isinstance(richiesta.voti, Scrutinio) else decisivi, collegi, regole,
        ),
        avvertenze=_avverti(richiesta, organo, esito, responso, regole, chiamata),
        plugin=plugin,
        impronta=impronta,
    )  # fmt: skip


# --- the rules ----------------------------------------------------------------------------------


def _organo(richiesta: Richiesta, organi: Sequence[Organo]) -> Organo:
    for uno in organi:
        if uno.codice == richiesta.organo:
            return uno
    giorno = f"{richiesta.seduta.giorno:%d/%m/%Y}"
    ci_sono = (
        f"sono {', '.join(uno.codice for uno in organi)}"
        if organi
        else "nessun plugin attivo ne dichiara"
    )
    raise ConteggioRifiutato(
        [Difetto("organo", f"«{richiesta.organo}» non è fra gli organi al {giorno}: {ci_sono}.")]
    )


def _in_vigore(dichiarate: Sequence[_D], giorno: date) -> _D | None:
    valide = [una for una in dichiarate if una.vale(giorno)]
    if len(valide) > 1:
        raise RegoleInConflitto(
            f"Al {giorno:%d/%m/%Y} valgono insieme {len(valide)} regole per la stessa cosa "
            f"({'; '.join(una.fonte.cita() for una in valide)}): il plugin deve dirne una."
        )
    return valide[0] if valide else None


def _regole(organo: Organo, richiesta: Richiesta, trovati: list[Difetto]) -> _Regole:
    """The rules of the body, and where it has none those of the file; never both."""
    giorno, materia, date = richiesta.seduta.giorno, richiesta.materia, richiesta.regole
    voto = scegli_regola(organo.regole_voto, giorno, materia)
    quorum = scegli_regola(organo.quorum, giorno, materia, richiesta.seduta.convocazione)
    deleghe = _in_vigore(organo.deleghe, giorno)
    for nome, dichiarata, data in (
        ("voto", voto, date.voto),
        ("quorum", quorum, date.quorum),
        ("deleghe", deleghe, date.deleghe),
    ):
        if dichiarata is not None and data is not None:
            trovati.append(
                Difetto(
                    f"regole.{nome}",
                    f"la regola c'è già ({dichiarata.fonte.cita()}): toglila dal file.",
                )
            )
    elezione, aperti = _elezione(
        elezione_dichiarata(organo, giorno, materia),
        date.elezione,
        materia,
        trovati,
    )
    if richiesta.collegi is not None and elezione is None:
        trovati.append(
            Difetto(
                "elezione",
                f"nessuna fonte dice quanti si eleggano per «{materia}»: scrivilo in "
                "«regole.elezione», con il suo atto.",
            )
        )
    return _Regole(
        voto=voto or date.voto,
        quorum=quorum or date.quorum,
        deleghe=deleghe or date.deleghe,
        convocazione=regola_convocazione(organo, richiesta.giorno_convocato),
        elezione=elezione,
        aperti_elezione=aperti,
    )


def _elezione(
    dichiarata: Elezione | None,
    data: RegolaElezione | None,
    materia: str,
    trovati: list[Difetto],
) -> tuple[Elezione | None, tuple[str, ...]]:
    """The rule of an election: the file fills only what the plugin leaves open."""
    if data is not None and dichiarata is not None:
        trovati += [
            Difetto(
                f"regole.elezione.{nome}",
                f"la regola c'è già ({dichiarata.fonte.cita()}): toglila dal file.",
            )
            for nome, detto, scritto in (
                ("posti", dichiarata.posti, data.posti),
                ("preferenze", dichiarata.preferenze, data.preferenze),
                ("parita", dichiarata.parita, data.parita),
            )
            if detto is not None and scritto is not None
        ]
    if dichiarata is None:
        if data is None or data.posti is None:
            return None, ()
        dichiarata = Elezione(materia=materia, posti=data.posti, per=Per.ORGANO, fonte=data.fonte)
    scelta = variante(
        dichiarata,
        preferenze=dichiarata.preferenze or (data.preferenze if data else None),
        parita=dichiarata.parita or (data.parita if data else None),
    )
    aperti = []
    if scelta.preferenze is None:
        aperti.append("quanti nomi possa avere una scheda")
    if scelta.parita is None:
        aperti.append("chi sia eletto a parità di voti")
    return scelta, tuple(aperti)


# --- what was given -----------------------------------------------------------------------------


def _difetti_seggi(organo: Organo, seduta: Seduta) -> list[Difetto]:
    """Seats that the body does not have, or has fewer of."""
    seggi = {uno.categoria: uno for uno in organo.seggi}
    trovati = []
    contati: dict[str, int] = {}
    for posto, uno in enumerate(seduta.aventi_diritto, 1):
        if not seggi or (uno.categoria is None and len(seggi) == 1):
            continue
        luogo = f"aventi_diritto[{posto}].categoria"
        if uno.categoria is None:
            trovati.append(
                Difetto(luogo, f"manca: scrivi il seggio di «{uno.nome}», fra {', '.join(seggi)}.")
            )
        elif uno.categoria not in seggi:
            trovati.append(
                Difetto(
                    luogo,
                    f"«{uno.categoria[:60]}» non è un seggio di {organo.denominazione}: scegli fra "
                    f"{', '.join(seggi)}.",
                )
            )
        else:
            contati[uno.categoria] = contati.get(uno.categoria, 0) + 1
    for categoria, quanti in contati.items():
        seggio = seggi[categoria]
        if seggio.per is Per.ORGANO and seggio.numero is not None and quanti > seggio.numero:
            trovati.append(
                Difetto(
                    "aventi_diritto",
                    f"i seggi «{categoria}» sono {seggio.numero}, e qui sono {quanti} "
                    f"({(seggio.fonte or organo.fonte).cita()}).",
                )
            )
    return trovati


def _con_categorie(organo: Organo, seduta: Seduta) -> Seduta:
    """Where there is one kind of seat, everybody's is that."""
    if len(organo.seggi) != 1:
        return seduta
    unica = organo.seggi[0].categoria
    return variante(
        seduta,
        aventi_diritto=tuple(
            variante(uno, categoria=uno.categoria or unica) for uno in seduta.aventi_diritto
        ),
    )


def _difetti_voto(richiesta: Richiesta, seduta: Seduta, regole: _Regole) -> list[Difetto]:
    trovati = difetti_quorum(regole.quorum, seduta) if regole.quorum else []
    trovati += _senza_pesi(seduta, regole)
    if richiesta.collegi is not None:
        elezione = regole.elezione
        assert elezione is not None
        return trovati + difetti_elezione(
            elezione, seduta, richiesta.collegi, elezione.preferenze or elezione.posti,
            richiesta.da_riprendere, richiesta.unita_attese,
        )  # fmt: skip
    if richiesta.voti is None:
        return trovati
    # Without a rule the ballots are still looked at: by heads, which is the least that a rule asks.
    return trovati + difetti_voti(regole.voto or _SENZA_REGOLA, seduta, richiesta.voti)


def _senza_pesi(seduta: Seduta, regole: _Regole) -> list[Difetto]:
    """Weights that are all zero: they were not filled in, and no share of nothing can be taken."""
    return [
        Difetto(
            "aventi_diritto",
            f"«{misura.value}» è 0 per tutti, e la regola li pesa così: scrivi i pesi veri.",
        )
        for misura in dict.fromkeys(
            una.misura
            for regola in (regole.voto, regole.quorum)
            if regola is not None
            for una in regola.condizioni
            if una.misura is not Misura.TESTE
        )
        if {uno.peso(misura) for uno in seduta.aventi_diritto} == {Fraction(0)}
    ]


_SENZA_REGOLA: Final = RegolaVoto(
    condizioni=(Condizione(misura=Misura.TESTE),),
    divisibile=True,
    fonte=Atto(specie=Specie.REGOLAMENTO, organo="Nessuno", titolo="Nessuna regola"),
)


def _preavviso(richiesta: Richiesta, regola: Convocazione | None) -> Preavviso:
    if richiesta.convocata_il is None:
        return Preavviso(entro=None, in_tempo=None)
    feste = () if isinstance(richiesta.festivi, msgspec.UnsetType) else richiesta.festivi
    return preavviso(
        regola, richiesta.convocata_il, richiesta.giorno_convocato, urgente=richiesta.urgente,
        festivi=frozenset(feste),
    )  # fmt: skip


def _con_la_chiamata(
    responso: Responso, chiamata: Preavviso, regola: Convocazione | None, organo: Organo
) -> Responso:
    if chiamata.in_tempo is not False:
        return responso
    tardi = Diniego(
        motivo=Motivo.CONVOCAZIONE_TARDIVA,
        testo=f"La convocazione doveva partire entro il {in_data(chiamata.entro)}.",
        fonte=regola.fonte if regola else organo.fonte,
    )
    return variante(responso, stato=StatoCompetenza.RIFIUTATA, dinieghi=(*responso.dinieghi, tardi))


def _quanti(richiesta: Richiesta, seduta: Seduta) -> VotiContati:
    voti = richiesta.voti
    possono = len(seduta.rappresentati - set(seduta.interessati))
    if isinstance(voti, Scrutinio):
        favorevoli, contrari, astenuti = voti.favorevoli, voti.contrari, voti.astenuti
        divisi = 0
    else:
        dati: Sequence[Voto] = voti or ()
        favorevoli = sum(uno.favorevole == INTERO for uno in dati)
        contrari = sum(uno.contrario == INTERO for uno in dati)
        astenuti = sum(uno.astenuto == INTERO for uno in dati)
        divisi = sum(uno.diviso for uno in dati)
    votanti = favorevoli + contrari + astenuti + divisi
    return VotiContati(
        aventi_diritto=len(seduta.aventi_diritto),
        presenti=len(seduta.in_persona),
        rappresentati=len(seduta.rappresentati - seduta.in_persona),
        interessati=len(seduta.interessati),
        votanti=votanti,
        favorevoli=favorevoli,
        contrari=contrari,
        astenuti=astenuti,
        divisi=divisi,
        non_votanti=0 if richiesta.collegi is not None else possono - votanti,
        segreto=isinstance(voti, Scrutinio) or richiesta.collegi is not None,
    )


# --- in words -----------------------------------------------------------------------------------


def cifra(valore: Fraction) -> Cifra:
    """A figure of a count, which always ends: weights and parts have a few decimals."""
    if valore.denominator == 1:
        return valore.numerator
    with localcontext(prec=60):
        return Decimal(valore.numerator) / Decimal(valore.denominator)


def _esito(esito: Esito, responso: Responso, collegi: tuple[EsitoCollegio, ...]) -> str:
    if any(uno.motivo is not Motivo.SENZA_QUORUM for uno in responso.dinieghi):
        return NON_AMMESSA
    if not collegi:
        return esito.risultato.value
    if esito.quorum is StatoQuorum.MANCANTE:
        return Risultato.SENZA_NUMERO_LEGALE.value
    if esito.quorum is StatoQuorum.NON_DETERMINABILE:
        return Risultato.NON_DETERMINABILE.value
    completi = all(uno.stato is StatoCollegio.COMPLETO for uno in collegi)
    return ELETTI if completi else DA_COMPLETARE


def _contata(
    verifica: Verifica, seduta: Seduta, fonte_regola: Atto, *, quorum: bool = False
) -> CondizioneContata:
    condizione = verifica.condizione
    fonte = condizione.fonte or fonte_regola
    chiede = (
        quorum_in_parole(condizione)
        if quorum
        else condizione_in_parole(variante(condizione, base=verifica.base))
    )
    return CondizioneContata(
        chiede=chiede,
        misura=condizione.misura.value,
        base=verifica.base.value if verifica.base else None,
        categoria=condizione.categoria,
        necessario=None if verifica.necessario is None else cifra(verifica.necessario),
        avuto=cifra(verifica.avuto),
        su=cifra(verifica.su),
        soddisfatta=verifica.soddisfatta,
        per_presidenza=verifica.per_presidenza,
        decisivi=tuple(seduta.nome(id) for id in verifica.decisivi),
        fonte=cita(fonte),
        ipotesi=fonte.ipotesi,
        spiegazione=_racconta(verifica, chiede, quorum=quorum),
    )


def _racconta(verifica: Verifica, chiede: str, *, quorum: bool) -> str:
    inizio = "Devono essere presenti" if quorum else "Occorre"
    avuto = f"{'presenti' if quorum else 'a favore'} {numero(cifra(verifica.avuto))}"
    if verifica.necessario is None:
        return f"{inizio}: {chiede}. {avuto[:1].upper()}{avuto[1:]}."
    su = f" su {numero(cifra(verifica.su))}"
    come = "soddisfatta" if verifica.soddisfatta else "non soddisfatta"
    if verifica.per_presidenza:
        come = "soddisfatta: a parità prevale il voto di chi presiede"
    elif not verifica.soddisfatta:
        come += f", mancano {numero(cifra(verifica.necessario - verifica.avuto))}"
    return (
        f"{inizio}: {chiede}. Almeno {numero(cifra(verifica.necessario))}{su}, {avuto}: "
        f"condizione {come}."
    )


DECISIVI: Final = "Decisivi, ciascuno da solo: "
"""How the sentence begins that says whose vote alone would have changed the outcome."""
_DETTI: Final = {
    Risultato.APPROVATA.value: "La proposta è approvata.",
    Risultato.RESPINTA.value: "La proposta è respinta.",
    Risultato.SENZA_NUMERO_LEGALE.value: "Manca il numero legale: non si è deciso nulla.",
    Risultato.NON_DETERMINABILE.value: "L'esito non si può dire: le fonti lasciano aperto ciò da "
    "cui dipende.",
    NON_AMMESSA: "La decisione non è ammessa.",
    ELETTI: "Gli eletti sono determinati.",
    DA_COMPLETARE: "L'elezione è da completare.",
}


def _spiega(
    detto: str,
    organo: Organo,
    esito: Esito,
    responso: Responso,
    quorum: QuorumContato,
    condizioni: tuple[CondizioneContata, ...],
    decisivi: tuple[str, ...] | None,
    collegi: tuple[EsitoCollegio, ...],
    regole: _Regole,
) -> tuple[str, ...]:
    """Why; of who was decisive nothing is said where nobody knows who voted what."""
    frasi = [_DETTI[detto]]
    frasi += [f"{uno.testo} ({uno.fonte.cita()})" for uno in responso.dinieghi]
    if responso.stato is StatoCompetenza.AMMESSA and responso.fonte:
        frasi.append(f"Competente: {organo.denominazione} ({cita(responso.fonte)}).")
    frasi += [una.spiegazione for una in (*quorum.condizioni, *condizioni)]
    if detto in DECISI and condizioni and decisivi is not None:
        frasi.append(
            f"{DECISIVI}{', '.join(decisivi)}."
            if decisivi
            else "Nessuno, votando diversamente da solo, avrebbe cambiato l'esito."
        )
    if detto == Risultato.NON_DETERMINABILE:
        frasi += [f"Nessuna fonte dice {uno}." for uno in esito.aperti]
    for uno in collegi:
        frasi.append(_collegio(uno, regole.elezione))
    return tuple(frasi)


def _collegio(esito: EsitoCollegio, regola: Elezione | None) -> str:
    eletti = (
        f"{esito.nome}: eletti {', '.join(esito.eletti)}"
        if esito.eletti
        else (f"{esito.nome}: nessun eletto")
    )
    if not esito.votato:
        return f"{esito.nome}: non ha ancora votato, i suoi posti sono da coprire."
    if esito.stato is StatoCollegio.PARITA:
        chi = regola.parita.value if regola and regola.parita else "chi, la fonte non lo dice"
        return (
            f"{eletti}; a parità {', '.join(esito.a_pari)} per {esito.posti_contesi} "
            f"{'posto' if esito.posti_contesi == 1 else 'posti'}: è eletto {chi}."
        )
    if esito.stato is StatoCollegio.INCOMPLETO:
        return f"{eletti}; gli altri posti restano vacanti."
    if esito.per_precedenza and regola and regola.parita:
        chi = regola.parita.value
        return f"{eletti}; a parità di voti {', '.join(esito.per_precedenza)}: è eletto {chi}."
    return f"{eletti}."


def _avverti(
    richiesta: Richiesta,
    organo: Organo,
    esito: Esito,
    responso: Responso,
    regole: _Regole,
    chiamata: Preavviso,
) -> tuple[str, ...]:
    """What whoever signs the minutes should know: what is supposed, and what was not checked."""
    avvisi = []
    if not isinstance(richiesta.presidenza, msgspec.UnsetType):
        avvisi.append(richiesta.presidenza)
    if esito.quorum is StatoQuorum.NON_DICHIARATO:
        avvisi.append(
            "Nessuna fonte dà il numero legale"
            + (f" (rimesso a: {organo.regolamento.cita()})" if organo.regolamento else "")
            + ": la validità della seduta non è stata verificata."
        )
    if responso.stato is StatoCompetenza.NON_DICHIARATA:
        avvisi.append(
            f"Nessuna fonte dice chi decida su «{richiesta.materia}»: la competenza non è stata "
            "verificata."
        )
        if not isinstance(richiesta.motivazione, msgspec.UnsetType):
            avvisi.append(
                f"Perché decide {organo.denominazione}, secondo la segreteria: "
                f"{richiesta.motivazione}"
            )
    if richiesta.convocata_il is not None and chiamata.entro is None:
        avvisi.append("Nessuna fonte dà il preavviso: non è stato verificato.")
    dette: list[Atto] = [organo.fonte]
    for regola in (regole.voto, regole.quorum, regole.deleghe, regole.elezione):
        if regola is not None:
            dette.append(regola.fonte)
    if regole.voto is not None and richiesta.collegi is None:
        dette += [una.fonte for una in regole.voto.condizioni if una.fonte]
    avvisi += [
        f"Ipotesi: {atto.titolo} ({atto.nota})" for atto in dict.fromkeys(dette) if atto.ipotesi
    ]
    avvisi += [
        f"Nessuna fonte dice {uno}; qui l'esito è lo stesso in ogni caso." for uno in esito.concordi
    ]
    if richiesta.collegi is not None:
        avvisi += [f"Nessuna fonte dice {uno}." for uno in regole.aperti_elezione]
        elezione = regole.elezione
        a_parte = elezione is not None and elezione.per is not Per.ORGANO
        if a_parte and not richiesta.unita_attese and not richiesta.da_riprendere:
            avvisi.append(
                "In quel giorno non si sa quali unità eleggano a parte: si sono contate quelle scritte, "
                "e se ne manca una non risulta."
            )
    return tuple(avvisi)
