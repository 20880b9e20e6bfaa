"""The declared folders of ``tenants/``: read whole, checked whole, every fault with its place.

A folder of comuni (shared by all ambiti) has ``comuni.csv``, ``popolazione.csv``, ``fusioni.csv``,
``fonti.yaml``. A folder of an ambito has ``ambito.yaml``, ``comuni.csv``, ``sub_ambiti.yaml`` and
``unioni.yaml``; the last two may be missing. ``tenants/README.md`` describes every key.

Every fact names its source by a key of ``fonti``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from capofila.base.dichiarato import CartellaNonValida, Raccolta, Voce, leggi_csv, leggi_yaml
from capofila.base.impostazioni import CODICE_IPA
from capofila.hooks.campi import Rifiuto, leggi_codice_fiscale
from capofila.territorio.rules import (
    Appartenenza,
    Componente,
    Comune,
    ConPeriodo,
    FestaLocale,
    FunzioneTrasferita,
    Fusione,
    Residenti,
    SubAmbito,
    TipoEnte,
    TipoGruppo,
    contenuto,
    copre,
    in_parole,
    normalizza,
    si_sovrappongono,
)

_T = TypeVar("_T")

SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
ISTAT = re.compile(r"[0-9]{6}")
_SEI_CIFRE = re.compile(rb"(?<![0-9])[0-9]{6}(?![0-9])")
BELFIORE = re.compile(r"[A-Z][0-9]{3}")
PROVINCIA = re.compile(r"[A-Z]{2}")
CAP = re.compile(r"[0-9]{5}")
AUDIENCE = re.compile(r"[!-~]{1,300}")
FRUITORE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CHIAVE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
CONTATTO = re.compile(r"[A-Za-z0-9._+-]{1,60}@[A-Za-z0-9.-]{3,120}")
INDIRIZZO = re.compile(r"https://[^\s\"'<>]+")
COLONNE_COMUNE = (
    *("istat", "nome", "belfiore", "provincia", "cap"),
    *("latitudine", "longitudine", "dal", "al", "fonte"),
)

TIPI_ENTE: Mapping[str, TipoEnte] = {"azienda": "azienda", "ats": "ats", "altro": "altro"}
TIPI_GRUPPO: Mapping[str, TipoGruppo] = {"sub_ambito": "sub_ambito", "zona": "zona"}
USI_VOUCHER: Mapping[str, str] = {"richiesta": "richiesta", "unico": "unico"}
SI_NO: Mapping[str, bool] = {"si": True, "sì": True, "true": True, "no": False, "false": False}


class EnteDichiarato(msgspec.Struct, frozen=True, kw_only=True):
    """An ente of the folder. Those of the comuni follow from the memberships."""

    tipo: TipoEnte
    denominazione: str
    sigla: str | None = None
    codice: str | None = None
    istat: str | None = None
    sede: str | None = None
    capofila: bool = False
    come_ricevuto: bool = False
    invio_proprio: bool = False
    mittente: bool = False
    cf_operatore: str | None = None
    operatore_dimostrativo: bool = False
    dal: date | None = None
    al: date | None = None
    fonte: str


class AttivazioneDichiarata(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin acts in the ambito between two days."""

    plugin: str
    dal: date
    al: date | None = None
    atto: str


class EServiceDichiarato(msgspec.Struct, frozen=True, kw_only=True):
    """An ente that INPS calls through the PDND; ``ente`` is its name."""

    ente: str
    codice: str
    audience: str
    fruitore: str | None
    uso_voucher: str
    attivo: bool


class Nota(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader has to know, for a period or a comune."""

    codice: str
    testo: str
    istat: str | None = None
    dal: date | None = None
    al: date | None = None
    fonte: str


class DatiAmbito(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder of an ambito declares."""

    slug: str
    nome: str
    provincia: str
    capofila: str
    fonte: str
    link_accessibilita: str | None
    link_privacy: str | None
    codice_ipa: str | None
    contatto_dati: str | None
    enti: tuple[EnteDichiarato, ...]
    sub_ambiti: tuple[SubAmbito, ...]
    appartenenze: tuple[Appartenenza, ...]
    componenti: tuple[Componente, ...]
    funzioni: tuple[FunzioneTrasferita, ...]
    attivazioni: tuple[AttivazioneDichiarata, ...]
    eservice: tuple[EServiceDichiarato, ...]
    note: tuple[Nota, ...]
    feste: tuple[FestaLocale, ...] = ()


class DatiComuni(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder of shared reference data declares."""

    comuni: tuple[Comune, ...]
    popolazione: tuple[Residenti, ...]
    fusioni: tuple[Fusione, ...]


def _nessuna_sovrapposizione(
    raccolta: Raccolta,
    letti: Iterable[tuple[Voce, Any, Any]],
    che_cosa: Callable[[Any], str],
) -> None:
    """Report periods of one key that share a day."""
    per_chiave: dict[Any, list[tuple[Voce, ConPeriodo]]] = {}
    for voce, chiave, periodo in letti:
        for _, altro in per_chiave.get(chiave, ()):
            if si_sovrappongono(periodo, altro):
                voce.segnala(
                    f"{che_cosa(periodo)}: il periodo {in_parole(periodo)} si sovrappone a quello "
                    f"{in_parole(altro)}; correggi le date."
                )
        per_chiave.setdefault(chiave, []).append((voce, periodo))


# The shared reference data.


def leggi_comuni(cartella: Path) -> DatiComuni:
    """Read and check a folder of comuni.

    Raises:
        CartellaNonValida: with every fault found.
    """
    raccolta = Raccolta(cartella.name)
    fonti = leggi_yaml(raccolta, cartella, "fonti.yaml", serve=True)
    raccolta.fonti = fonti.chiavi() if fonti else {}

    comuni: dict[str, Comune] = {}
    catastali: dict[str, str] = {}
    for voce in leggi_csv(raccolta, cartella, "comuni.csv", COLONNE_COMUNE):
        dal, al = voce.periodo()
        comune = Comune(
            istat=voce.testo("istat", ISTAT, "019035"),
            nome=voce.testo("nome"),
            belfiore=voce.testo("belfiore", BELFIORE, "D142"),
            provincia=voce.testo("provincia", PROVINCIA, "CR"),
            cap=voce.codice("cap", CAP, "26013"),
            latitudine=voce.decimale("latitudine", massimo=90, decimali=5, esempio="45.1333"),
            longitudine=voce.decimale("longitudine", massimo=180, decimali=5, esempio="9.7001"),
            dal=dal,
            al=al,
            fonte=voce.fonte(),
        )
        if comune.istat in comuni:
            voce.segnala(f"il codice ISTAT {comune.istat} è scritto due volte.", "istat")
        if catastali.setdefault(comune.belfiore, comune.istat) != comune.istat:
            voce.segnala(f"il codice catastale {comune.belfiore} è di due comuni.", "belfiore")
        if voce.valida:
            comuni[comune.istat] = comune

    popolazione: dict[tuple[str, int | None, str], Residenti] = {}
    for voce in leggi_csv(
        raccolta, cartella, "popolazione.csv", ("istat", "anno", "residenti", "fonte")
    ):
        istat = _comune_noto(voce, "istat", comuni)
        anno, residenti = voce.intero("anno", 1861, 2200), voce.intero("residenti", 0, 10_000_000)
        fonte = voce.fonte()
        if residenti is None:
            voce.segnala("manca il numero dei residenti; se la fonte non lo dà, togli la riga.")
            continue
        if (istat, anno, fonte) in popolazione:
            voce.segnala(f"la popolazione di {istat} è scritta due volte per l'anno e la fonte.")
        comune_suo = comuni.get(istat)
        if anno is not None and comune_suo is not None and not _esisteva(comune_suo, anno):
            voce.segnala(
                f"nel {anno} {comune_suo.nome} non esisteva ({in_parole(comune_suo)}); la "
                "popolazione nei confini di un altro giorno si ricava da sola.",
                "anno",
            )
        popolazione[istat, anno, fonte] = Residenti(
            istat=istat, anno=anno, residenti=residenti, fonte=fonte
        )

    fusioni: dict[str, Fusione] = {}
    for voce in leggi_csv(
        raccolta, cartella, "fusioni.csv", ("istat_cessato", "istat_nuovo", "dal", "fonte")
    ):
        fusione = Fusione(
            cessato=_comune_noto(voce, "istat_cessato", comuni),
            nuovo=_comune_noto(voce, "istat_nuovo", comuni),
            dal=voce.data_certa("dal"),
            fonte=voce.fonte(),
        )
        if fusione.cessato in fusioni:
            voce.segnala(f"{fusione.cessato} è già confluito in un altro comune.", "istat_cessato")
        if voce.valida:
            _controlla_fusione(voce, fusione, comuni)
            fusioni[fusione.cessato] = fusione
    for comune in comuni.values():
        if comune.al is not None and comune.istat not in fusioni:
            raccolta.segnala(
                "fusioni.csv", 0, f"{comune.nome} è cessato il {comune.al}: scrivi in quale comune."
            )
    if not comuni and not raccolta.problemi:
        raccolta.segnala("comuni.csv", 0, "non c'è nessun comune.")
    if raccolta.problemi:
        raise CartellaNonValida(raccolta.problemi)
    return DatiComuni(
        comuni=tuple(comuni.values()),
        popolazione=tuple(popolazione.values()),
        fusioni=tuple(fusioni.values()),
    )


def _esisteva(comune: Comune, anno: int) -> bool:
    return (comune.dal is None or comune.dal.year <= anno) and (
        comune.al is None or anno <= comune.al.year
    )


def _controlla_fusione(voce: Voce, fusione: Fusione, comuni: Mapping[str, Comune]) -> None:
    cessato, nuovo = comuni[fusione.cessato], comuni[fusione.nuovo]
    if cessato.istat == nuovo.istat:
        voce.segnala("un comune non confluisce in sé stesso.")
    if cessato.al is None or (fusione.dal - cessato.al).days != 1:
        voce.segnala(
            f"{cessato.nome} deve cessare il giorno prima della fusione del {fusione.dal}: "
            "correggi «al» in comuni.csv.",
            "dal",
        )
    if nuovo.dal is not None and nuovo.dal > fusione.dal:
        voce.segnala(f"{nuovo.nome} comincia dopo, il {nuovo.dal}.", "dal")


def _comune_noto(voce: Voce, chiave: str, comuni: Mapping[str, Comune]) -> str:
    istat = voce.testo(chiave, ISTAT, "019035")
    if ISTAT.fullmatch(istat) and istat not in comuni:
        voce.segnala(f"il comune {istat} non è fra i comuni conosciuti.", chiave)
    return istat


# An ambito.


def codici_nominati(cartella: Path) -> frozenset[str]:
    """The ISTAT codes that the files of a folder may mean: whatever has six figures."""
    return frozenset(
        codice.decode()
        for file in (*cartella.glob("*.csv"), *cartella.glob("*.yaml"))
        if file.is_file()
        for codice in _SEI_CIFRE.findall(file.read_bytes())
    )


def leggi_ambito(cartella: Path, comuni: Mapping[str, Comune]) -> DatiAmbito:
    """Read and check a folder of an ambito.

    Args:
        cartella: its name is the slug of the ambito.
        comuni: the known ones, by ISTAT code.

    Raises:
        CartellaNonValida: with every fault found.
    """
    raccolta = Raccolta(cartella.name)
    base = leggi_yaml(raccolta, cartella, "ambito.yaml", serve=True)
    if base is None:
        raise CartellaNonValida(raccolta.problemi)
    raccolta.fonti = base.mappa("fonti").chiavi()

    sub_ambiti, voci_sub = _sub_ambiti(raccolta, cartella, comuni)
    appartenenze = _appartenenze(raccolta, cartella, comuni, sub_ambiti)
    for codice, sub_ambito in sub_ambiti.items():
        _controlla_referente(voci_sub[codice], sub_ambito, appartenenze, comuni)
    unioni, componenti, funzioni = _unioni(raccolta, cartella, comuni, appartenenze)

    enti = _enti(base, comuni, appartenenze, unioni)
    slug = base.testo("slug", SLUG, "crema")
    if slug and slug != cartella.name:
        base.segnala(f"«{slug}» non è il nome della cartella, «{cartella.name}».", "slug")
    dati = DatiAmbito(
        slug=slug,
        nome=base.testo("nome"),
        provincia=base.testo("provincia", PROVINCIA, "CR"),
        capofila=next((ente.denominazione for ente in enti if ente.capofila), ""),
        fonte=base.fonte(),
        link_accessibilita=base.codice(
            "link_accessibilita", INDIRIZZO, "https://form.agid.gov.it/view/…"
        ),
        link_privacy=base.codice(
            "link_privacy", INDIRIZZO, "https://www.comune.esempio.it/privacy"
        ),
        codice_ipa=base.codice("codice_ipa", CODICE_IPA, "c_d142"),
        contatto_dati=base.codice("contatto_dati", CONTATTO, "ufficiodipiano@comune.esempio.it"),
        enti=enti,
        eservice=_eservice(base, enti),
        sub_ambiti=tuple(sub_ambiti.values()),
        appartenenze=appartenenze,
        componenti=componenti,
        funzioni=funzioni,
        attivazioni=_attivazioni(raccolta, base),
        note=_note(base, comuni),
        feste=_feste(base, comuni),
    )
    base.tutto_letto()
    if raccolta.problemi:
        raise CartellaNonValida(raccolta.problemi)
    return dati


def _sub_ambiti(
    raccolta: Raccolta, cartella: Path, comuni: Mapping[str, Comune]
) -> tuple[dict[str, SubAmbito], dict[str, Voce]]:
    file = leggi_yaml(raccolta, cartella, "sub_ambiti.yaml", serve=False)
    sub_ambiti: dict[str, SubAmbito] = {}
    voci: dict[str, Voce] = {}
    for voce in file.elenco("sub_ambiti") if file else ():
        dal, al = voce.periodo()
        sub_ambito = SubAmbito(
            codice=voce.testo("codice", CHIAVE, "1"),
            nome=voce.testo("nome"),
            tipo=voce.scelta("tipo", TIPI_GRUPPO, TIPI_GRUPPO["sub_ambito"]),
            referente=_comune_noto(voce, "referente", comuni)
            if voce.facoltativo("referente")
            else None,
            dal=dal,
            al=al,
            fonte=voce.fonte(),
        )
        voce.tutto_letto()
        if sub_ambito.codice in sub_ambiti:
            voce.segnala(f"il codice «{sub_ambito.codice}» è scritto due volte.", "codice")
        sub_ambiti[sub_ambito.codice], voci[sub_ambito.codice] = sub_ambito, voce
    if file:
        file.tutto_letto()
    return sub_ambiti, voci


def _appartenenze(
    raccolta: Raccolta,
    cartella: Path,
    comuni: Mapping[str, Comune],
    sub_ambiti: Mapping[str, SubAmbito],
) -> tuple[Appartenenza, ...]:
    letti: list[tuple[Voce, str, Appartenenza]] = []
    voci = leggi_csv(
        raccolta,
        cartella,
        "comuni.csv",
        ("istat", "nome", "dal", "al", "sub_ambito", "atto", "fonte"),
    )
    for voce in voci:
        istat = _comune_noto(voce, "istat", comuni)
        nome = voce.testo("nome")
        dal, al = voce.periodo()
        appartenenza = Appartenenza(
            istat=istat,
            sub_ambito=voce.facoltativo("sub_ambito"),
            dal=dal,
            al=al,
            atto=voce.facoltativo("atto"),
            fonte=voce.fonte(),
        )
        if (comune := comuni.get(istat)) is not None:
            if normalizza(comune.nome) != normalizza(nome):
                voce.segnala(f"il comune {istat} è {comune.nome}, non «{nome}».", "nome")
            _dentro_la_vita(voce, appartenenza, comune)
        if appartenenza.sub_ambito is not None:
            sub_ambito = sub_ambiti.get(appartenenza.sub_ambito)
            if sub_ambito is None:
                voce.segnala(
                    f"il sub-ambito «{appartenenza.sub_ambito}» non è in sub_ambiti.yaml.",
                    "sub_ambito",
                )
            elif not contenuto(appartenenza, sub_ambito):
                voce.segnala(
                    f"il periodo {in_parole(appartenenza)} esce da quello del sub-ambito "
                    f"«{sub_ambito.codice}», {in_parole(sub_ambito)}; correggi le date.",
                    "sub_ambito",
                )
        letti.append((voce, istat, appartenenza))
    _nessuna_sovrapposizione(raccolta, letti, lambda a: f"il comune {a.istat}")
    if not letti and not raccolta.problemi:
        raccolta.segnala("comuni.csv", 0, "l'ambito non ha nessun comune.")
    return tuple(appartenenza for _, _, appartenenza in letti)


def _dentro_la_vita(voce: Voce, periodo: ConPeriodo, comune: Comune) -> None:
    if comune.al is not None and (periodo.al is None or periodo.al > comune.al):
        voce.segnala(
            f"{comune.nome} è cessato il {comune.al}: il periodo non può durare oltre, "
            f"scrivi al più {comune.al} in «al».",
            "al",
        )
    if comune.dal is not None and (periodo.dal is None or periodo.dal < comune.dal):
        voce.segnala(
            f"{comune.nome} esiste dal {comune.dal}: il periodo non può cominciare prima, "
            f"scrivi almeno {comune.dal} in «dal».",
            "dal",
        )


def _controlla_referente(
    voce: Voce,
    sub_ambito: SubAmbito,
    appartenenze: Iterable[Appartenenza],
    comuni: Mapping[str, Comune],
) -> None:
    referente = sub_ambito.referente
    if referente is None or referente not in comuni:
        return
    suoi = [a for a in appartenenze if a.istat == referente and a.sub_ambito == sub_ambito.codice]
    if not copre(suoi, sub_ambito):
        voce.segnala(
            f"{comuni[referente].nome} è il comune referente, ma non fa parte del sub-ambito "
            f"«{sub_ambito.codice}» per tutto il suo periodo, {in_parole(sub_ambito)}; correggi "
            "comuni.csv o il referente.",
            "referente",
        )


def _unioni(
    raccolta: Raccolta,
    cartella: Path,
    comuni: Mapping[str, Comune],
    appartenenze: Iterable[Appartenenza],
) -> tuple[tuple[EnteDichiarato, ...], tuple[Componente, ...], tuple[FunzioneTrasferita, ...]]:
    file = leggi_yaml(raccolta, cartella, "unioni.yaml", serve=False)
    membri = {a.istat for a in appartenenze}
    enti: list[EnteDichiarato] = []
    componenti: list[tuple[Voce, Any, Componente]] = []
    funzioni: list[tuple[Voce, Any, FunzioneTrasferita]] = []
    for voce in file.elenco("unioni") if file else ():
        dal, al = voce.periodo()
        unione = EnteDichiarato(
            tipo="unione",
            denominazione=voce.testo("denominazione"),
            sigla=voce.facoltativo("sigla"),
            dal=dal,
            al=al,
            fonte=voce.fonte(),
        )
        suoi: set[str] = set()
        for parte in voce.elenco("componenti"):
            istat = _comune_noto(parte, "comune", comuni)
            dal, al = parte.periodo()
            componente = Componente(
                unione=unione.denominazione,
                istat=istat,
                dal=dal,
                al=al,
                attestata_il=parte.data("attestata_il"),
                fonte=parte.fonte(),
            )
            nome = parte.facoltativo("nome")
            if (comune := comuni.get(istat)) is not None:
                if nome is not None and normalizza(nome) != normalizza(comune.nome):
                    parte.segnala(f"il comune {istat} è {comune.nome}, non «{nome}».", "nome")
                _dentro_la_vita(parte, componente, comune)
            if unione.al is not None and (componente.al is None or componente.al > unione.al):
                parte.segnala(f"l'unione finisce il {unione.al}: scrivilo in «al».", "al")
            parte.tutto_letto()
            suoi.add(istat)
            componenti.append((parte, (unione.denominazione, istat), componente))
        if suoi and not suoi & membri:
            voce.segnala("nessun componente dell'unione è un comune dell'ambito.", "componenti")
        for parte in voce.elenco("funzioni"):
            istat = _comune_noto(parte, "comune", comuni)
            inizio = parte.data_certa("dal")
            _, al = parte.periodo()
            funzione = FunzioneTrasferita(
                unione=unione.denominazione,
                istat=istat,
                funzione=parte.testo("funzione", CHIAVE, "tutela-minori"),
                dal=inizio,
                al=al,
                atto=parte.facoltativo("atto"),
                fonte=parte.fonte(),
            )
            if istat not in membri:
                parte.segnala(f"il comune {istat} non è dell'ambito.", "comune")
            parte.tutto_letto()
            funzioni.append((parte, (istat, funzione.funzione), funzione))
        voce.tutto_letto()
        enti.append(unione)
    if file:
        file.tutto_letto()
    _nessuna_sovrapposizione(raccolta, componenti, lambda c: f"il comune {c.istat} nell'unione")
    _nessuna_sovrapposizione(
        raccolta, funzioni, lambda f: f"la funzione «{f.funzione}» del comune {f.istat}"
    )
    return tuple(enti), tuple(c for _, _, c in componenti), tuple(f for _, _, f in funzioni)


def _enti(
    base: Voce,
    comuni: Mapping[str, Comune],
    appartenenze: Iterable[Appartenenza],
    unioni: Sequence[EnteDichiarato],
) -> tuple[EnteDichiarato, ...]:
    """The enti: the comuni by rule, the others as declared, one of them the capofila."""
    voce = base.mappa("enti")
    per_comune: dict[str, list[Appartenenza]] = {}
    for appartenenza in appartenenze:
        per_comune.setdefault(appartenenza.istat, []).append(appartenenza)
    enti: list[EnteDichiarato] = []
    for istat, periodi in per_comune.items():
        if (comune := comuni.get(istat)) is None:
            continue
        inizi, fini = [p.dal for p in periodi], [p.al for p in periodi]
        enti.append(
            EnteDichiarato(
                tipo="comune",
                denominazione=f"Comune di {comune.nome}",
                codice=comune.belfiore,
                istat=istat,
                sede=comune.belfiore,
                dal=None if None in inizi else min(d for d in inizi if d is not None),
                al=None if None in fini else max(d for d in fini if d is not None),
                fonte=periodi[-1].fonte,
            )
        )
    capofila: list[str] = []
    for altro in voce.elenco("altri"):
        tipo = altro.scelta("tipo", TIPI_ENTE, TIPI_ENTE["altro"])
        dal, al = altro.periodo()
        ente = EnteDichiarato(
            tipo=tipo,
            denominazione=altro.testo("denominazione"),
            sigla=altro.facoltativo("sigla"),
            codice=altro.codice("codice", BELFIORE, "D142"),
            sede=altro.codice("sede", BELFIORE, "D142"),
            dal=dal,
            al=al,
            fonte=altro.fonte(),
        )
        if altro.scelta("capofila", SI_NO, False):
            capofila.append(normalizza(ente.denominazione))
        altro.tutto_letto()
        enti.append(ente)
    enti.extend(unioni)

    if scelto := voce.facoltativo("capofila"):
        capofila.append(normalizza(scelto))
    ricevuti = {normalizza(t) for t in voce.testi("come_ricevuto")}
    propri = {normalizza(t) for t in voce.testi("invio_proprio")}
    trasmissione = _trasmissione(voce.mappa("trasmissione"))
    voce.tutto_letto()

    chiamati: dict[str, EnteDichiarato] = {}
    for ente in enti:
        for nome in filter(None, (ente.denominazione, ente.istat, ente.codice)):
            if chiamati.setdefault(normalizza(nome), ente) is not ente:
                voce.segnala(f"due enti si chiamano, o hanno codice, «{nome}».")
    for chiave, nomi in (
        ("capofila", set(capofila)),
        ("come_ricevuto", ricevuti),
        ("invio_proprio", propri),
        ("trasmissione.ente", {normalizza(trasmissione.ente)} if trasmissione.ente else set()),
    ):
        for nome in sorted(nomi - chiamati.keys()):
            voce.segnala(
                f"«{nome}» non è un ente di questo ambito: scrivi il codice ISTAT di un suo comune "
                "o la denominazione di un altro ente.",
                chiave,
            )
    scelti = {id(chiamati[nome]): chiamati[nome] for nome in capofila if nome in chiamati}
    if not capofila:
        voce.segnala("manca l'ente capofila: scrivi quale degli enti lo è.", "capofila")
    elif len(scelti) > 1 or len(set(capofila)) > len(scelti) > 0:
        voce.segnala(
            "ci sono due enti capofila, e l'ambito ne ha uno: "
            + ", ".join(ente.denominazione for ente in scelti.values())
            + ".",
            "capofila",
        )

    def e_fra(ente: EnteDichiarato, nomi: Iterable[str]) -> bool:
        return any(chiamati.get(nome) is ente for nome in nomi)

    def che_trasmette(ente: EnteDichiarato) -> bool:
        if trasmissione.ente:
            return chiamati.get(normalizza(trasmissione.ente)) is ente
        return id(ente) in scelti

    return tuple(
        msgspec.structs.replace(
            ente,
            capofila=id(ente) in scelti,
            come_ricevuto=e_fra(ente, ricevuti),
            invio_proprio=e_fra(ente, propri),
            mittente=che_trasmette(ente),
            cf_operatore=trasmissione.cf_operatore if che_trasmette(ente) else None,
            operatore_dimostrativo=trasmissione.dimostrativo and che_trasmette(ente),
        )
        for ente in enti
    )


class _Trasmissione(msgspec.Struct, frozen=True):
    """Who sends the flows of the ambito: the ente, and its operator at the receiver."""

    ente: str | None
    cf_operatore: str | None
    dimostrativo: bool


def _trasmissione(voce: Voce) -> _Trasmissione:
    """The ente that sends for all (the capofila when none is named) and its operator's code."""
    operatore = voce.facoltativo("cf_operatore")
    if operatore is not None:
        esito = leggi_codice_fiscale(operatore)
        if isinstance(esito, Rifiuto):
            voce.segnala(f"{esito.messaggio}.", "cf_operatore")
        else:
            operatore = esito
    trasmissione = _Trasmissione(
        voce.facoltativo("ente"), operatore, voce.scelta("dimostrativo", SI_NO, False)
    )
    voce.tutto_letto()
    return trasmissione


def _attivazioni(raccolta: Raccolta, base: Voce) -> tuple[AttivazioneDichiarata, ...]:
    letti: list[tuple[Voce, Any, AttivazioneDichiarata]] = []
    for voce in base.elenco("plugin"):
        plugin = voce.testo("id", CHIAVE, "siuss")
        inizio = voce.data_certa("dal")
        _, al = voce.periodo()
        attivazione = AttivazioneDichiarata(plugin=plugin, dal=inizio, al=al, atto=voce.fonte())
        voce.tutto_letto()
        letti.append((voce, plugin, attivazione))
    _nessuna_sovrapposizione(raccolta, letti, lambda a: f"il plugin «{a.plugin}»")
    return tuple(attivazione for _, _, attivazione in letti)


def _eservice(base: Voce, enti: Iterable[EnteDichiarato]) -> tuple[EServiceDichiarato, ...]:
    """The enti that INPS calls, each with the audience of its vouchers."""
    chiamati = {
        normalizza(nome): ente
        for ente in enti
        for nome in (ente.denominazione, ente.istat, ente.codice)
        if nome
    }
    letti: list[EServiceDichiarato] = []
    for voce in base.elenco("pdnd"):
        nome = voce.testo("ente")
        ente = chiamati.get(normalizza(nome))
        if nome and ente is None:
            voce.segnala(
                f"«{nome}» non è un ente di questo ambito: scrivi il codice ISTAT di un suo comune "
                "o la denominazione di un altro ente.",
                "ente",
            )
        elif ente is not None and ente.codice is None:
            voce.segnala(f"«{nome}» non ha un codice Belfiore: INPS non può chiamarlo.", "ente")
        dichiarato = EServiceDichiarato(
            ente=ente.denominazione if ente else "",
            codice=(ente and ente.codice) or "",
            audience=voce.testo("audience", AUDIENCE, "https://capofila.esempio.it/waas/v1/D142"),
            fruitore=voce.codice("fruitore", FRUITORE, "69e2865e-65ab-4e48-a638-2037a9ee2ee7"),
            uso_voucher=voce.scelta("uso_voucher", USI_VOUCHER, "richiesta"),
            attivo=voce.scelta("attivo", SI_NO, False),
        )
        voce.tutto_letto()
        for altro in letti:
            if ente and altro.ente == dichiarato.ente:
                voce.segnala(f"«{nome}» ha già un e-service: tienine uno.", "ente")
            if altro.audience == dichiarato.audience:
                voce.segnala("due e-service con la stessa audience: ognuno ha la sua.", "audience")
        letti.append(dichiarato)
    return tuple(letti)


def _note(base: Voce, comuni: Mapping[str, Comune]) -> tuple[Nota, ...]:
    note: dict[str, Nota] = {}
    for voce in base.elenco("note"):
        dal, al = voce.periodo()
        nota = Nota(
            codice=voce.testo("codice", CHIAVE, "genivolta"),
            testo=voce.testo("testo"),
            istat=_comune_noto(voce, "comune", comuni) if voce.facoltativo("comune") else None,
            dal=dal,
            al=al,
            fonte=voce.fonte(),
        )
        voce.tutto_letto()
        if nota.codice in note:
            voce.segnala(f"il codice «{nota.codice}» è scritto due volte.", "codice")
        note[nota.codice] = nota
    return tuple(note.values())


def _feste(base: Voce, comuni: Mapping[str, Comune]) -> tuple[FestaLocale, ...]:
    feste: dict[tuple[str, int, int], FestaLocale] = {}
    for voce in base.elenco("feste_locali"):
        istat = _comune_noto(voce, "comune", comuni)
        mese, giorno = voce.intero("mese", 1, 12) or 1, voce.intero("giorno", 1, 31) or 1
        festa = FestaLocale(
            istat=istat, mese=mese, giorno=giorno, nome=voce.testo("nome"), fonte=voce.fonte()
        )
        voce.tutto_letto()
        # A leap year, so that the 29th of February is a day.
        if festa.nel(2024) is None:
            voce.segnala(f"il giorno {giorno} del mese {mese} non esiste.", "giorno")
        if (istat, mese, giorno) in feste:
            voce.segnala("la stessa festa è scritta due volte.")
        feste[istat, mese, giorno] = festa
    return tuple(feste.values())


def comuni_contesi(ambiti: Sequence[DatiAmbito]) -> tuple[str, ...]:
    """Comuni that two ambiti claim for the same days, one sentence each.

    No ambito can see another's rows, so this is asked of the declared folders, all together.
    """
    frasi: list[str] = []
    visti: list[tuple[DatiAmbito, Appartenenza]] = []
    for ambito in ambiti:
        for appartenenza in ambito.appartenenze:
            for altro, sua in visti:
                if (
                    altro is not ambito
                    and sua.istat == appartenenza.istat
                    and si_sovrappongono(sua, appartenenza)
                ):
                    frasi.append(
                        f"Il comune {sua.istat} è insieme di {altro.slug} ({in_parole(sua)}) e di "
                        f"{ambito.slug} ({in_parole(appartenenza)})."
                    )
            visti.append((ambito, appartenenza))
    return tuple(frasi)
