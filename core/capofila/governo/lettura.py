"""The file of a vote: JSON, read whole and refused whole, every fault with its place.

The form is described in docs/uso/votazioni.md. Rules that the plugin of the distretto leaves open may
be given in the file, with their act; those that it declares may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeVar

import msgspec

from capofila.base.dichiarato import Raccolta, Voce, leggi_json
from capofila.governo.competenze import Compiuto
from capofila.governo.elezioni import Collegio, Preferenze, Ripresa, piano
from capofila.governo.seduta import (
    AventeDiritto,
    ConteggioRifiutato,
    Delega,
    Difetto,
    Seduta,
)
from capofila.governo.voti import INTERO, Scelta, Scrutinio, Voto
from capofila.hooks import (
    Astensione,
    Atto,
    Base,
    Condizione,
    Deleghe,
    DichiarazioneErrata,
    Interesse,
    Misura,
    Parita,
    ParitaElezione,
    Quorum,
    RegolaVoto,
    Soglia,
    Specie,
    SpecieRequisito,
)
from capofila.web.formati import numero

_T = TypeVar("_T")

DIMENSIONE_MASSIMA: Final = 1_000_000
VOCI_MASSIME: Final = 1_000
CONDIZIONI_MASSIME: Final = 6

_CODICE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_PESO: Final = re.compile(r"\d{1,10}(\.\d{1,6})?", re.ASCII)
_PARTE: Final = re.compile(r"\d{1,3}(\.\d{1,2})?", re.ASCII)
_SOGLIA: Final = re.compile(r"(\d{1,9})(?:/(\d{1,4}))?", re.ASCII)
_SI_NO: Final = {"si": True, "sì": True, "no": False}
_FORSE: Final[dict[str, bool | None]] = {**_SI_NO}
_SCELTE: Final = {una.value: una for una in Scelta}
_SPECIE: Final = {una.value: una for una in Specie}
_BASI: Final[dict[str, Base | None]] = {una.value: una for una in Base}
_MISURE: Final = {una.value: una for una in Misura}
_ASTENSIONI: Final[dict[str, Astensione | None]] = {una.value: una for una in Astensione}
_PARITA: Final[dict[str, Parita | None]] = {una.value: una for una in Parita}
_INTERESSI: Final[dict[str, Interesse | None]] = {una.value: una for una in Interesse}
_PARITA_ELEZIONE: Final[dict[str, ParitaElezione | None]] = {
    "anziano": ParitaElezione.ANZIANO,
    "sorteggio": ParitaElezione.SORTEGGIO,
    "ballottaggio": ParitaElezione.BALLOTTAGGIO,
}


class RegolaElezione(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of an election, where the plugin leaves it open."""

    posti: int | None
    preferenze: int | None
    parita: ParitaElezione | None
    fonte: Atto


class RegoleDate(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a file; None where it gives none."""

    voto: RegolaVoto | None = None
    quorum: Quorum | None = None
    deleghe: Deleghe | None = None
    elezione: RegolaElezione | None = None


class Richiesta(msgspec.Struct, frozen=True, kw_only=True):
    """What a file asks to count.

    Attributes:
        materia: the code of the matter, as the body declares it.
        anno: the year that the decision is about.
        convocata_il: when the call left; None when it is not said.
        voti: the ballots, or a secret scrutiny; None for an election.
        collegi: the ballots of an election; None for a proposal.
        compiuti: the proposals, hearings and acts before it.
        propone: the body does not end the matter, it prepares it for the one that does.
        motivazione: why the body deals with a matter that no source gives to any. Left out, like
            ``riprese``, where there is none: what was stored before has the same digest.
        riprese: what an earlier vote of the same election left.
        unita: the names of the units that elect apart on the day; left out where none is known.
        per_il: the day of the first call, by which the notice is judged, where it is another.
        festivi: the local holidays by which its working days are counted.
        presidenza: what the minutes say where nobody who the acts name presides.
    """

    organo: str
    materia: str
    oggetto: str | None
    anno: int | None
    convocata_il: date | None
    urgente: bool
    seduta: Seduta
    fonte_pesi: str | None
    voti: tuple[Voto, ...] | Scrutinio | None
    collegi: tuple[Collegio, ...] | None
    compiuti: tuple[Compiuto, ...]
    regole: RegoleDate
    propone: bool = False
    motivazione: str | msgspec.UnsetType = msgspec.UNSET
    riprese: tuple[Ripresa, ...] | msgspec.UnsetType = msgspec.UNSET
    unita: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    per_il: date | msgspec.UnsetType = msgspec.UNSET
    festivi: tuple[date, ...] | msgspec.UnsetType = msgspec.UNSET
    presidenza: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def giorno_convocato(self) -> date:
        """The day of the first call: the notice is counted back from it."""
        return self.seduta.giorno if isinstance(self.per_il, msgspec.UnsetType) else self.per_il

    @property
    def unita_attese(self) -> tuple[str, ...]:
        """The units that elect apart; empty where they are not known."""
        return () if isinstance(self.unita, msgspec.UnsetType) else self.unita

    @property
    def da_riprendere(self) -> tuple[Ripresa, ...]:
        """What an earlier vote left; empty for a first one."""
        return () if isinstance(self.riprese, msgspec.UnsetType) else self.riprese


def leggi(contenuto: bytes) -> Richiesta:
    """What a file asks to count.

    Raises:
        ConteggioRifiutato: it cannot be read, with every fault and its place.
    """
    return _letto(contenuto, _richiesta)


def leggi_regole(contenuto: bytes) -> RegoleDate:
    """The rules that a meeting is given where the plugin leaves them open: ``{"regole": …}``.

    Raises:
        ConteggioRifiutato: they cannot be read, with every fault and its place.
    """
    return _letto(contenuto, _regole)


def _letto(contenuto: bytes, come: Callable[[Voce], _T]) -> _T:
    if len(contenuto) > DIMENSIONE_MASSIMA:
        raise ConteggioRifiutato(
            [Difetto("", f"il file supera {DIMENSIONE_MASSIMA:,} byte.".replace(",", "."))]
        )
    raccolta = Raccolta("")
    voce = leggi_json(raccolta, contenuto, "")
    letto = None
    if voce is not None:
        try:
            letto = come(voce)
        except DichiarazioneErrata as errore:
            voce.segnala(errore.messaggio, "regole")
    if raccolta.problemi or letto is None:
        raise ConteggioRifiutato(
            Difetto(uno.luogo or (f"riga {uno.riga}" if uno.riga else ""), uno.motivo)
            for uno in raccolta.problemi
        )
    return letto


def _richiesta(voce: Voce) -> Richiesta:
    materia = voce.testo("materia", _CODICE, "piano-operativo")
    anno = voce.intero("anno", 1990, 2100)
    giorno = voce.data_certa("giorno")
    chiamata = voce.data("convocata_il")
    if chiamata is not None and voce.valida and chiamata > giorno:
        voce.segnala("è dopo la seduta: una convocazione parte prima.", "convocata_il")
    motivazione = voce.facoltativo("motivazione")
    pesi = voce.mappa("pesi")
    anno_pesi, fonte_pesi = pesi.intero("anno", 1990, 2100), pesi.facoltativo("fonte")
    pesi.tutto_letto()
    richiesta = Richiesta(
        organo=voce.testo("organo", _CODICE, "assemblea-dei-sindaci"),
        materia=materia,
        oggetto=voce.facoltativo("oggetto"),
        anno=anno,
        convocata_il=chiamata,
        urgente=voce.scelta("urgente", _SI_NO, False),
        seduta=Seduta(
            giorno=giorno,
            convocazione=voce.intero("convocazione", 1, 2) or 1,
            aventi_diritto=_aventi_diritto(voce),
            presenti=tuple(voce.testi("presenti")),
            deleghe=tuple(_delega(una) for una in _voci(voce, "deleghe")),
            presidente=voce.facoltativo("presidente"),
            interessati=tuple(voce.testi("interessati")),
            anno_pesi=anno_pesi,
        ),
        fonte_pesi=fonte_pesi,
        voti=_voti(voce),
        collegi=_collegi(voce),
        compiuti=_compiuti(voce, materia, anno),
        regole=_regole(voce),
        propone=voce.scelta("propone", _SI_NO, False),
        motivazione=motivazione or msgspec.UNSET,
    )
    voce.tutto_letto()
    return richiesta


def _voci(voce: Voce, chiave: str) -> list[Voce]:
    """The entries of a list, refused when there are too many rather than read in part."""
    elenco = voce.elenco(chiave)
    if len(elenco) > VOCI_MASSIME:
        voce.segnala(
            f"le voci sono {numero(len(elenco))}, al massimo {numero(VOCI_MASSIME)}.", chiave
        )
        return []
    return elenco


def _aventi_diritto(voce: Voce) -> tuple[AventeDiritto, ...]:
    trovati: list[AventeDiritto] = []
    per_nome: dict[str, list[AventeDiritto]] = {}
    for voce_di_uno in _voci(voce, "aventi_diritto"):
        id = voce_di_uno.testo("id")
        uno = AventeDiritto(
            id=id,
            nome=voce_di_uno.facoltativo("nome") or id,
            categoria=voce_di_uno.facoltativo("categoria"),
            abitanti=_peso(voce_di_uno, "abitanti"),
            quote=_peso(voce_di_uno, "quote"),
            adesione=voce_di_uno.facoltativo("adesione"),
        )
        omonimi = per_nome.setdefault(piano(uno.nome), [])
        doppio = next((altro for altro in omonimi if _forse_lo_stesso(altro, uno)), None)
        if doppio is not None and uno.nome:
            voce_di_uno.segnala(
                f"«{doppio.id[:60]}» e «{id[:60]}» hanno lo stesso nome, e forse lo stesso voto due "
                "volte: se è uno solo tienine uno, se sono due scrivi nel nome che cosa li distingue, "
                "come «Anna Rossi (sub-ambito 2)».",
                "nome",
            )
        omonimi.append(uno)
        trovati.append(uno)
        voce_di_uno.tutto_letto()
    return tuple(trovati)


def _forse_lo_stesso(uno: AventeDiritto, altro: AventeDiritto) -> bool:
    """Whether two of one name may be one written twice: in seats of two kinds they are two persons,
    but a comune brings its weight once.
    """
    seggi = {uno.categoria, altro.categoria}
    return uno.id != altro.id and (
        len(seggi) == 1
        or None in seggi
        or any(
            uno.peso(misura) is not None and altro.peso(misura) is not None
            for misura in (Misura.ABITANTI, Misura.QUOTE)
        )
    )


def _peso(voce: Voce, chiave: str) -> Fraction | None:
    scritto = voce.codice(chiave, _PESO, "14974 o 12.5, mai un numero negativo")
    return None if scritto is None or not voce.valida else Fraction(Decimal(scritto))


def _delega(voce: Voce) -> Delega:
    delega = Delega(da=voce.testo("da"), a=voce.testo("a"))
    voce.tutto_letto()
    return delega


# --- ballots ------------------------------------------------------------------------------------


def _voti(voce: Voce) -> tuple[Voto, ...] | Scrutinio | None:
    dati = [nome for nome in ("voti", "scrutinio", "elezione") if nome in voce.nomi()]
    if len(dati) != 1:
        voce.segnala("scrivi una cosa sola fra «voti», «scrutinio» ed «elezione».")
        voce.elenco("voti")
        voce.mappa("scrutinio")
        return None
    if dati == ["scrutinio"]:
        return _scrutinio(voce.mappa("scrutinio"))
    if dati == ["elezione"]:
        return None
    return tuple(_voto(uno) for uno in _voci(voce, "voti"))


def _scrutinio(voce: Voce) -> Scrutinio:
    scrutinio = Scrutinio(
        favorevoli=_quanti(voce, "favorevoli"),
        contrari=_quanti(voce, "contrari"),
        astenuti=sum(
            voce.intero(nome, 0, 10_000) or 0 for nome in ("astenuti", "bianche", "nulle")
        ),
    )
    voce.tutto_letto()
    return scrutinio


def _quanti(voce: Voce, chiave: str) -> int:
    quanti = voce.intero(chiave, 0, 10_000)
    if quanti is None and chiave not in voce.nomi():
        voce.segnala("manca: scrivi quanti, anche 0.", chiave)
    return quanti or 0


def _voto(voce: Voce) -> Voto:
    chi = voce.testo("chi")
    if "parti" not in voce.nomi():
        scelta = _SCELTE.get(voce.testo("voto"))
        if scelta is None and voce.valida:
            voce.segnala(f"si vota {', '.join(_SCELTE)}.", "voto")
        voce.tutto_letto()
        return Voto.intero(chi, scelta or Scelta.ASTENUTO)
    if "voto" in voce.nomi():
        voce.segnala("scrivi «voto» oppure «parti», non entrambi.", "voto")
        voce.facoltativo("voto")
    parti = voce.mappa("parti")
    quote = {
        nome: Fraction(Decimal(scritto)) / 100
        for nome in _SCELTE
        if (scritto := parti.codice(nome, _PARTE, "60 (per cento)")) is not None and parti.valida
    }
    parti.tutto_letto()
    voce.tutto_letto()
    if parti.valida and sum(quote.values()) != INTERO:
        parti.segnala("le parti fanno 100 in tutto: ricontrolla.")
    return Voto(chi=chi, **quote)


def _collegi(voce: Voce) -> tuple[Collegio, ...] | None:
    if "elezione" not in voce.nomi():
        return None
    elezione = voce.mappa("elezione")
    collegi = []
    for uno in _voci(elezione, "collegi"):
        candidati = []
        for candidato in _voci(uno, "candidati"):
            candidati.append(
                Preferenze(nome=candidato.testo("nome"), voti=_quanti(candidato, "voti"))
            )
            candidato.tutto_letto()
        prima = tuple(uno.testi("precedenza")) if "precedenza" in uno.nomi() else msgspec.UNSET
        collegi.append(
            Collegio(
                nome=uno.testo("nome"),
                precedenza=prima,
                schede=_quanti(uno, "schede"),
                bianche=sum(uno.intero(nome, 0, 10_000) or 0 for nome in ("bianche", "nulle")),
                candidati=tuple(candidati),
            )
        )
        uno.tutto_letto()
    elezione.tutto_letto()
    return tuple(collegi)


def _compiuti(voce: Voce, materia: str, anno: int | None) -> tuple[Compiuto, ...]:
    fatti = []
    for chiave, nome, specie in (
        ("proposte", "organo", SpecieRequisito.PROPOSTA),
        ("confronti", "con", SpecieRequisito.CONFRONTO),
        ("atti", "materia", SpecieRequisito.ATTO),
    ):
        for uno in _voci(voce, chiave):
            di = uno.testo(nome, _CODICE, "comitato-ristretto")
            fatti.append(
                Compiuto(
                    specie=specie,
                    di=di,
                    materia=di if specie is SpecieRequisito.ATTO else materia,
                    giorno=uno.data_certa("giorno"),
                    anno=uno.intero("anno", 1990, 2100) or anno,
                    annullato_il=uno.data("annullato_il"),
                )
            )
            uno.tutto_letto()
    return tuple(fatti)


# --- rules --------------------------------------------------------------------------------------


def _regole(voce: Voce) -> RegoleDate:
    if "regole" not in voce.nomi():
        return RegoleDate()
    regole = voce.mappa("regole")
    fonte = _atto(regole.mappa("atto"))
    nomi = regole.nomi()
    date = RegoleDate(
        voto=_regola_voto(regole.mappa("voto"), fonte) if "voto" in nomi else None,
        quorum=_quorum(regole.mappa("quorum"), fonte) if "quorum" in nomi else None,
        deleghe=_deleghe(regole.mappa("deleghe"), fonte) if "deleghe" in nomi else None,
        elezione=_elezione(regole.mappa("elezione"), fonte) if "elezione" in nomi else None,
    )
    regole.tutto_letto()
    return date


def _atto(voce: Voce) -> Atto:
    """The act that sets the rules of a file: nothing stands without its source."""
    specie = voce.scelta("specie", _SPECIE, Specie.REGOLAMENTO)
    organo, titolo = voce.testo("organo"), voce.testo("titolo")
    nota, ipotesi = voce.facoltativo("nota"), voce.scelta("ipotesi", _SI_NO, False)
    numero, articolo = voce.facoltativo("numero"), voce.facoltativo("articolo")
    giorno = voce.data("data")
    voce.tutto_letto()
    if ipotesi and not nota:
        voce.segnala("manca: di' su che cosa si fonda l'ipotesi.", "nota")
    return Atto(
        specie=specie,
        organo=organo or "?",
        titolo=titolo or "?",
        numero=numero,
        data=giorno,
        articolo=articolo,
        nota=nota,
        ipotesi=ipotesi and bool(nota),
    )


def _regola_voto(voce: Voce, fonte: Atto) -> RegolaVoto | None:
    condizioni = _condizioni(voce)
    astensioni = voce.scelta("astensioni", _ASTENSIONI, None)
    parita = voce.scelta("parita", _PARITA, None)
    interesse = voce.scelta("interesse", _INTERESSI, None)
    segreto = voce.scelta("segreto", _SI_NO, False)
    divisibile = voce.scelta("divisibile", _SI_NO, False)
    voce.tutto_letto()
    if not condizioni:
        return None
    try:
        return RegolaVoto(
            condizioni=condizioni, astensioni=astensioni, parita=parita, interesse=interesse,
            segreto=segreto, divisibile=divisibile, fonte=fonte,
        )  # fmt: skip
    except DichiarazioneErrata as errore:
        voce.segnala(errore.messaggio)
        return None


def _quorum(voce: Voce, fonte: Atto) -> Quorum | None:
    condizioni = _condizioni(voce, con_base=False)
    voce.tutto_letto()
    return Quorum(condizioni=condizioni, fonte=fonte) if condizioni else None


def _condizioni(voce: Voce, *, con_base: bool = True) -> tuple[Condizione, ...]:
    elenco = voce.elenco("condizioni")
    if not 1 <= len(elenco) <= CONDIZIONI_MASSIME:
        voce.segnala(f"scrivine da una a {CONDIZIONI_MASSIME}.", "condizioni")
        return ()
    condizioni = []
    for una in elenco:
        condizioni.append(
            Condizione(
                misura=_misura(una),
                soglia=_soglia(una),
                base=una.scelta("base", _BASI, None) if con_base else None,
                anno_pesi=una.intero("anno_pesi", 1990, 2100),
                categoria=una.facoltativo("categoria"),
            )
        )
        una.tutto_letto()
    return tuple(condizioni)


def _misura(voce: Voce) -> Misura:
    scritta = voce.testo("misura")
    if scritta and scritta not in _MISURE:
        voce.segnala(f"«{scritta[:40]}» non va bene: scegli fra {', '.join(_MISURE)}.", "misura")
    return _MISURE.get(scritta, Misura.TESTE)


def _soglia(voce: Voce) -> Soglia | None:
    almeno, piu_di = voce.facoltativo("almeno"), voce.facoltativo("piu_di")
    if (almeno is None) == (piu_di is None):
        voce.segnala("scrivi una cosa sola fra «almeno» e «piu_di»: 11, oppure 2/3.")
        return None
    chiave = "almeno" if almeno is not None else "piu_di"
    trovata = _SOGLIA.fullmatch(almeno or piu_di or "")
    if trovata is None:
        voce.segnala("scrivi un numero come 11 o una frazione come 2/3.", chiave)
        return None
    numero, sotto = int(trovata[1]), trovata[2]
    stretta = piu_di is not None
    try:
        if sotto is None:
            return Soglia(numero=numero, stretta=stretta)
        return Soglia(frazione=(numero, int(sotto)), stretta=stretta)
    except DichiarazioneErrata as errore:
        voce.segnala(errore.messaggio, chiave)
        return None


def _deleghe(voce: Voce, fonte: Atto) -> Deleghe:
    massimo = voce.intero("massimo", 1, 1_000)
    deleghe = Deleghe(
        ammesse=voce.scelta("ammesse", _SI_NO, True),
        massimo=massimo,
        nel_quorum=voce.scelta("nel_quorum", _FORSE, None) if "nel_quorum" in voce.nomi() else None,
        fonte=fonte,
    )
    voce.tutto_letto()
    return deleghe


def _elezione(voce: Voce, fonte: Atto) -> RegolaElezione:
    regola = RegolaElezione(
        posti=voce.intero("posti", 1, 1_000),
        preferenze=voce.intero("preferenze", 1, 1_000),
        parita=voce.scelta("parita", _PARITA_ELEZIONE, None),
        fonte=fonte,
    )
    voce.tutto_letto()
    return regola
