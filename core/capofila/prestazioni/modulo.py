"""The form of a prestazione: the fields of the flow in the groups in which a person fills them in.

Pure. A form keeps what was typed, letter by letter; :func:`da_controllare` makes of it the cells
that the flow reads, where a comune may be said by its name. What a page shows under each field
comes from the same checks as those of a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Final, Literal

import msgspec

from capofila.hooks import Campo, ErroreRiga, Flusso, Rifiuto, Tipo
from capofila.hooks.campi import DaTabella, SePresente, leggi_codice_fiscale, senza_omocodia
from capofila.prestazioni.scheda import NAZIONI, etichetta
from capofila.territorio.rules import MappaComuni

Controllo = Literal["testo", "data", "importo", "scelta", "radio", "caselle", "indirizzi"]

INDIRIZZI: Final = 4
"""Addresses beyond the first."""
_LUNGO: Final = 4000
_POCHE: Final = 12
"""Boxes that one looks over at once; more of them stand in groups, by the code."""
_FRA_PARENTESI: Final = re.compile(r"\(([A-Za-z0-9]{3,6})\)\s*\Z")
_NOME_DI_COLONNA: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_COMUNI_ISTAT: Final = "elenco-comuni"
_COMUNI_BELFIORE: Final = "elenco-luoghi"
_NAZIONI: Final = "elenco-nazioni"


class CampoModulo(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the form.

    Attributes:
        controllo: what it is typed with.
        opzioni: (value, text) of a choice.
        elenco: id of the list of suggestions.
        obbligatorio: it has a star; for ``solo`` records of one carattere, among those.
        solo: the carattere that asks for it; empty when both do.
    """

    nome: str
    etichetta: str
    controllo: Controllo = "testo"
    opzioni: tuple[tuple[str, str], ...] = ()
    elenco: str = ""
    aiuto: str = ""
    obbligatorio: bool = False
    solo: str = ""
    segnaposto: str = ""
    massimo: int = 0
    sottocampi: tuple[tuple[str, str], ...] = ()

    @property
    def gruppi(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """The options of a long choice by the first part of their code; all in one of a short one."""
        if len(self.opzioni) <= _POCHE:
            return (("", self.opzioni),)
        ordinate = sorted(self.opzioni)
        return tuple(
            (sigla, tuple(voci))
            for sigla, voci in groupby(ordinate, lambda voce: voce[0].partition(".")[0])
        )


class GruppoModulo(msgspec.Struct, frozen=True, kw_only=True):
    """Fields under one title; a ``chiuso`` one opens when it holds something."""

    id: str
    titolo: str
    campi: tuple[CampoModulo, ...]
    aiuto: str = ""
    chiuso: bool = False


class Scelte(msgspec.Struct, frozen=True, kw_only=True):
    """What the ambito offers: comuni (Belfiore, name) that may own a prestazione, enti that pay."""

    comuni: Sequence[tuple[str, str]]
    enti: Sequence[tuple[str, str]]


Gruppi = tuple[tuple[str, str, str, bool, tuple[str, ...]], ...]
"""Groups of fields: id, title, help, whether it is closed at first, names."""

_GRUPPI: Final[Gruppi] = (
    ("persona", "Persona", "", False, (
        "codice_fiscale", "cognome", "nome", "anno_nascita", "luogo_nascita", "genere",
        "cittadinanza", "comune_residenza",
    )),
    ("altro-persona", "Seconda cittadinanza, residenza fuori dall’elenco, altri indirizzi",
     "Servono solo se la persona ha due cittadinanze, risiede all’estero o fuori regione, oppure "
     "ha più indirizzi.", True, (
        "seconda_cittadinanza", "nazione_residenza", "regione_residenza", "altri_indirizzi",
    )),
    ("domanda", "Domanda e decisione", "", False, (
        "protocollo_domanda", "comune_titolare", "ente_erogatore", "prova_mezzi", "soglia_isee",
    )),
    ("prestazione", "Prestazione", "", False, (
        "codice_prestazione", "denominazione_prestazione", "carattere", "data_evento",
    )),
    ("periodo", "Periodo o pagamento",
     "Una concessione che va oltre il 31 dicembre si divide per anno solare, con lo stesso "
     "protocollo.", False, (
        "data_inizio", "data_fine", "periodo_erogazione", "data_erogazione",
    )),
    ("importi", "Importi e quote",
     "Le quote, se ci sono, insieme fanno l’importo. Una quota che non c’è si lascia vuota.",
     False, (
        "importo_mensile", "importo", "quota_ente", "quota_utente", "quota_ssn",
        "quota_richiesta", "ore_mensili",
    )),
    ("presa", "Presa in carico", "", False, ("presa_in_carico", "area_utenza")),
    ("dsu", "DSU (ISEE)", "I tre dati vanno scritti tutti, oppure nessuno.", True,
     ("dsu_protocollo", "dsu_anno", "dsu_data")),
    ("sina", "SINA (non autosufficienza)",
     "Se compili la scheda servono mobilità, vita quotidiana, disturbi comportamentali, area "
     "reddituale, area di supporto, fonte e strumento della valutazione.", True, (
        "sina_mobilita", "sina_attivita_vita_quotidiana", "sina_disturbi_area_cognitiva",
        "sina_disturbi_comportamentali", "sina_necessita_cure_sanitarie", "sina_area_reddituale",
        "sina_area_supporto", "sina_fonte_derivazione_valutazione",
        "sina_strumento_valutazione", "sina_fonte_derivazione_invalidita",
        "sina_necessita_interventi_sociali", "sina_invalidita_civile",
    )),
)  # fmt: skip
GRUPPI_MINORI: Final[Gruppi] = (
    ("minore", "Minore",
     "Il codice fiscale serve a riconoscere il minore negli anni: nella scheda e nel file per INPS "
     "resta solo uno pseudonimo.", False, (
        "codice_fiscale", "anno", "comune_titolare", "ente_erogatore", "anno_nascita",
        "fascia_eta_beneficiario", "condizione_minore", "minore_straniero_no_acc", "luogo_vita",
        "scuola_frequentata", "condizione_lavoro", "codice_nazione_residenza",
        "codice_regione_residenza",
    )),
    ("noto", "Minore che INPS conosce già con un altro pseudonimo",
     "Serve una volta sola, se il minore era già stato comunicato con un altro programma: da lì in "
     "poi Capofila tiene quello pseudonimo.", True, ("id_beneficiario",)),
    ("carico", "Presa in carico", "", False, (
        "data_prima_segnalazione", "fonte_segnalazione", "valutazione_minore",
        "valutazione_famiglia_minore", "prestazioni", "collaborazioni_interventi",
    )),
    ("disabilita", "Disabilità", "", False,
     ("disabilita", "tipo_disabilita", "inv_civ_certificazioni")),
    ("autorita", "Autorità giudiziaria", "", False, (
        "segnalazione_autorita_giudiziaria", "data_segnalazione", "provvedimento_giudiziario",
        "data_provvedimento_giudiziario", "autorita_provvedimento",
        "tipo_provvedimento_giudiziario", "potesta_tutela",
    )),
    ("famiglia", "Famiglia", "", False, ("composizione_famiglia",)),
    ("genitori", "Genitori", "", True, (
        "codice_cittadinanza_padre", "codice_cittadinanza_madre",
        "codice_regione_residenza_padre", "codice_regione_residenza_madre",
        "titolo_studio_padre", "titolo_studio_madre", "occupazione_padre", "occupazione_madre",
    )),
    ("affido", "Affido", "Forma, tipo, durata e carattere vanno scritti tutti, oppure nessuno.",
     True, ("forma_intervento_affido", "tipo_intervento_affido", "durata_affido",
            "carattere_affido", "esito_affido")),
    ("inserimento", "Inserimento residenziale",
     "Carattere, forma e tipo vanno scritti tutti, oppure nessuno.", True, (
        "carattere_inserimento_residenziale", "forma_inserimento_residenziale",
        "tipo_inserimento_residenziale", "esito_inserimento_struttura",
    )),
    ("isee", "ISEE del nucleo", "", True, ("numero_componenti_isee", "fascia_isee_beneficiario")),
    ("chiusura", "Chiusura della presa in carico", "", True,
     ("motivazione_chiusura_carico", "situazione_chiusura_carico")),
)  # fmt: skip
"""Those of the record of a minor."""
FISSI_DEL_MINORE: Final = frozenset({"codice_fiscale", "id_beneficiario"})
"""What is settled once the minor is known."""
FISSI_DELLA_SCHEDA: Final = FISSI_DEL_MINORE | {"anno", "ente_erogatore"}
"""What a correction does not change."""
NASCOSTI: Final = ("tipo_operazione",)
"""Kept as they are: nobody chooses the operation, the program does."""
_SOLO: Final = {
    "data_inizio": "periodica", "data_fine": "periodica", "periodo_erogazione": "periodica",
    "importo_mensile": "periodica", "ore_mensili": "periodica", "data_erogazione": "occasionale",
    "importo": "occasionale",
}  # fmt: skip
_VUOLE_IL_CARATTERE: Final = frozenset(
    {"data_inizio", "importo_mensile", "data_erogazione", "importo"}
)
_RADIO: Final = frozenset({"genere", "carattere", "presa_in_carico"})
_AIUTI: Final = {
    "luogo_nascita": "Il comune, oppure il codice Belfiore; per l’estero il codice che inizia con Z.",
    "cittadinanza": "Codice di tre cifre: 380 Italia, 990 se non è nota.",
    "comune_residenza": "Il nome, oppure il codice ISTAT. Chi risiede all’estero: lascia vuoto e "
    "scrivi la nazione qui sotto.",
    "ente_erogatore": "Chi paga. Se lo lasci vuoto è il comune titolare.",
    "denominazione_prestazione": "Se la lasci vuota è quella della tabella INPS.",
    "data_fine": "Vuota se non è ancora nota.",
    "periodo_erogazione": "Ogni quanti mesi si paga, da 1 a 12.",
    "ore_mensili": "Ore e minuti: 12,30 sono 12 ore e 30 minuti.",
    "area_utenza": "Serve se la persona è presa in carico.",
    "data_evento": "Il fatto che dà diritto alla prestazione, se c’è.",
    "anno": "Se lo lasci vuoto è l’anno in corso.",
    "prestazioni": "Tutte quelle che il minore riceve. Apri un gruppo di codici per vedere i nomi.",
    "codice_regione_residenza": "Due cifre, con la codifica di INPS. Serve se risiede in Italia.",
    "codice_nazione_residenza": "Codice di tre cifre: 380 Italia.",
}
DELLA_PERSONA: Final = (
    *(nome for id_, *_, nomi in _GRUPPI if id_ in ("persona", "altro-persona") for nome in nomi),
)
"""What a record says of the person herself."""
STESSA_PERSONA: Final = (
    *DELLA_PERSONA,
    "comune_titolare", "presa_in_carico", "area_utenza",
)  # fmt: skip
"""What the next application of the same person begins with."""
STESSA_SERIE: Final = (
    "comune_titolare", "ente_erogatore", "codice_prestazione", "denominazione_prestazione",
    "prova_mezzi", "soglia_isee", "carattere", "data_inizio", "data_fine", "periodo_erogazione",
    "data_erogazione", "presa_in_carico", "area_utenza",
)  # fmt: skip
"""What the next application of a series begins with."""


def componi(
    flusso: Flusso,
    scelte: Scelte,
    dichiarati: Gruppi = _GRUPPI,
    nascosti: Collection[str] = NASCOSTI,
) -> tuple[GruppoModulo, ...]:
    """The groups of the form. Fields that no group names stand in one of their own.

    Args:
        flusso: whose fields they are.
        scelte: what the ambito offers.
        dichiarati: the groups.
        nascosti: fields that nobody fills in.
    """
    campi = {nome: campo for nome, campo in flusso.campi_per_nome.items() if nome not in nascosti}
    noti = {nome for *_, nomi in dichiarati for nome in nomi}
    altri = tuple(nome for nome in campi if nome not in noti)
    gruppi = (*dichiarati, ("altri", "Altri dati", "", True, altri))
    return tuple(
        GruppoModulo(
            id=id_, titolo=titolo, aiuto=aiuto, chiuso=chiuso,
            campi=tuple(_campo(campi[nome], scelte) for nome in nomi if nome in campi),
        )
        for id_, titolo, aiuto, chiuso, nomi in gruppi
        if any(nome in campi for nome in nomi)
    )  # fmt: skip


def _campo(campo: Campo, scelte: Scelte) -> CampoModulo:
    nome = campo.nome
    controllo: Controllo = "testo"
    opzioni: tuple[tuple[str, str], ...] = ()
    elenco = segnaposto = ""
    match campo.tipo:
        case Tipo.DATA:
            controllo, segnaposto = "data", "gg/mm/aaaa"
        case Tipo.MESE_ANNO:
            segnaposto = "mm/aaaa"
        case Tipo.IMPORTO:
            controllo, segnaposto = "importo", "0,00"
        case Tipo.SI_NO:
            controllo, opzioni = "radio", (("si", "Sì"), ("no", "No"))
        case Tipo.CODICE:
            controllo = "radio" if nome in _RADIO else "scelta"
            opzioni = tuple(_opzione(nome, *coppia) for coppia in (campo.codici or {}).items())
        case Tipo.LISTA_CODICI:
            controllo, opzioni = "caselle", tuple((campo.codici or {}).items())
            if len(opzioni) > _POCHE:
                opzioni = tuple((codice, f"{codice} {testo}".strip()) for codice, testo in opzioni)
        case Tipo.BLOCCHI:
            controllo = "indirizzi"
        case Tipo.ENTE:
            controllo, opzioni = "scelta", tuple(scelte.enti)
        case Tipo.BELFIORE if nome == "comune_titolare":
            controllo, opzioni = "scelta", tuple(scelte.comuni)
        case Tipo.BELFIORE:
            elenco = _COMUNI_BELFIORE
        case Tipo.COMUNE_ISTAT:
            elenco = _COMUNI_ISTAT
        case Tipo.CIFRE if "cittadinanza" in nome or "nazione" in nome:
            elenco = _NAZIONI
        case _:
            pass
    return CampoModulo(
        nome=nome,
        etichetta=etichetta(nome, campo),
        controllo=controllo,
        opzioni=opzioni,
        elenco=elenco,
        aiuto=_AIUTI.get(nome, ""),
        obbligatorio=(campo.obbligatorio and campo.predefinito is None)
        or nome in _VUOLE_IL_CARATTERE,
        solo=_SOLO.get(nome, ""),
        segnaposto=segnaposto,
        massimo=campo.lunghezza[1] if campo.tipo is Tipo.TESTO and campo.lunghezza else 0,
        sottocampi=tuple((sotto.nome, etichetta(sotto.nome, sotto)) for sotto in campo.sottocampi),
    )


def _opzione(nome: str, codice: str, testo: str) -> tuple[str, str]:
    if nome != "codice_prestazione":
        return codice, testo
    return codice, f"{codice} {testo}".strip()


def suggerimenti(comuni: MappaComuni) -> dict[str, list[str]]:
    """The lists of suggestions by id: what is written there is understood."""
    per_nome = sorted(comuni.per_istat.values(), key=lambda comune: comune.nome)
    oggi = [comune for comune in per_nome if comune.al is None]
    return {
        _COMUNI_BELFIORE: [f"{comune.nome} ({comune.belfiore})" for comune in per_nome],
        _COMUNI_ISTAT: [f"{comune.nome} ({comune.istat})" for comune in oggi],
        _NAZIONI: list(NAZIONI.values()),
    }


# --- what was typed -----------------------------------------------------------------------------


def leggi_modulo(flusso: Flusso, inviati: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What was typed, by field; boxes ticked together are joined, addresses made one value.

    Nothing is trimmed or corrected; what no database can hold (NUL) is left out.
    """
    per_nome: dict[str, list[str]] = {}
    for nome, valore in inviati:
        if isinstance(valore, str):
            per_nome.setdefault(nome, []).append(valore.replace("\0", "")[:_LUNGO])
    valori: dict[str, str] = {}
    for campo in flusso.campi:
        scritti = per_nome.get(campo.nome, [])
        if campo.tipo is Tipo.BLOCCHI:
            testo = _in_blocchi(campo, per_nome) or (scritti[0] if scritti else "")
        else:
            testo = " ".join(scritti)
        if testo:
            valori[campo.nome] = testo
    return valori


def _in_blocchi(campo: Campo, per_nome: Mapping[str, list[str]]) -> str:
    blocchi = []
    for n in range(1, INDIRIZZI + 1):
        blocco = {
            sotto.nome: scritto[0].strip()
            for sotto in campo.sottocampi
            if (scritto := per_nome.get(f"{campo.nome}.{n}.{sotto.nome}")) and scritto[0].strip()
        }
        if blocco:
            blocchi.append(blocco)
    return msgspec.json.encode(blocchi).decode() if blocchi else ""


def blocchi_di(testo: str) -> list[dict[str, str]]:
    """The addresses of a value, for the fields of the form."""
    try:
        return msgspec.json.decode(testo, type=list[dict[str, str]]) if testo else []
    except (msgspec.DecodeError, msgspec.ValidationError):
        return []


def da_controllare(
    flusso: Flusso, valori: Mapping[str, str], comuni: MappaComuni
) -> dict[str, str]:
    """The cells that the flow reads: comuni and nations said by name become codes."""
    return {
        nome: _codice(flusso.campi_per_nome[nome], testo, comuni)
        for nome, testo in valori.items()
        if nome in flusso.campi_per_nome
    }


def _codice(campo: Campo, testo: str, comuni: MappaComuni) -> str:
    if campo.tipo not in (Tipo.BELFIORE, Tipo.COMUNE_ISTAT, Tipo.CIFRE):
        return testo
    trovato = _FRA_PARENTESI.search(testo)
    if trovato is not None:
        return trovato[1]
    if campo.tipo is Tipo.CIFRE or not any(lettera.isalpha() for lettera in testo):
        return testo
    comune = comuni.cerca(testo)
    if comune is None:
        return testo
    return comune.belfiore if campo.tipo is Tipo.BELFIORE else comune.istat


def da_mostrare(flusso: Flusso, valori: Mapping[str, str], comuni: MappaComuni) -> dict[str, str]:
    """The values of a record as a person would have typed them: days and names, not codes."""
    mostrati = dict(valori)
    for nome, testo in valori.items():
        campo = flusso.campi_per_nome.get(nome)
        if campo is None:
            continue
        if campo.tipo is Tipo.DATA and len(testo) == 10 and testo[4] == "-":
            mostrati[nome] = f"{testo[8:]}/{testo[5:7]}/{testo[:4]}"
        elif campo.tipo is Tipo.BELFIORE and nome != "comune_titolare":
            comune = comuni.per_belfiore.get(testo)
            mostrati[nome] = testo if comune is None else f"{comune.nome} ({testo})"
        elif campo.tipo is Tipo.COMUNE_ISTAT:
            comune = comuni.per_istat.get(testo)
            mostrati[nome] = testo if comune is None else f"{comune.nome} ({testo})"
        elif campo.tipo is Tipo.CIFRE and ("cittadinanza" in nome or "nazione" in nome):
            mostrati[nome] = NAZIONI.get(testo, testo)
    for nome in ("nazione_residenza", "regione_residenza"):
        campo = flusso.campi_per_nome.get(nome)
        if campo is not None and valori.get(nome) == _predefinito(campo, valori):
            # It follows from the comune: written, it would stay behind when the comune changes.
            mostrati.pop(nome, None)
    return mostrati


def _predefinito(campo: Campo, valori: Mapping[str, str]) -> str | None:
    match campo.predefinito:
        case SePresente(altro, valore):
            return valore if valori.get(altro) else None
        case DaTabella(altro, _, prefisso, giorni) as da_tabella:
            testo = valori.get(altro, "")
            giorno = next((valori[nome] for nome in giorni if valori.get(nome)), None)
            return da_tabella.tavola(giorno).get(testo[:prefisso] if prefisso else testo)
        case _:
            return None


def dal_codice_fiscale(testo: str, oggi: date, comuni: MappaComuni) -> dict[str, str]:
    """Year, place of birth and gender that a good codice fiscale tells, to be looked at.

    The century is not in it: the latest that is not to come is taken.
    """
    letto = leggi_codice_fiscale(testo)
    if letto is None or isinstance(letto, Rifiuto) or len(letto) != 16:
        return {}
    cifre = senza_omocodia(letto)
    anno = 2000 + int(cifre[6:8])
    luogo = cifre[11:15]
    comune = comuni.per_belfiore.get(luogo)
    return {
        "anno_nascita": str(anno if anno <= oggi.year else anno - 100),
        "luogo_nascita": luogo if comune is None else f"{comune.nome} ({luogo})",
        "genere": "F" if int(cifre[9:11]) > 40 else "M",
    }


# --- what is said under the fields --------------------------------------------------------------


def per_campo(voci: Iterable[ErroreRiga], etichette: Mapping[str, str]) -> dict[str, list[str]]:
    """Messages by field, each once; those of no field of the form under the empty name.

    Args:
        voci: as the checks of a file say them.
        etichette: the labels of the fields, which on a page take the place of column names.
    """
    detti: dict[str, list[str]] = {}
    for voce in voci:
        nome = voce.colonna if voce.colonna in etichette else ""
        if voce.codice == "obbligatorio" and nome:
            testo = f"Manca: {etichette[nome]}"
        else:
            testo = _NOME_DI_COLONNA.sub(
                lambda trovato: f"«{etichette.get(trovato[0], trovato[0])}»", voce.messaggio
            )
            testo = testo[:1].upper() + testo[1:]
        messaggi = detti.setdefault(nome, [])
        if testo not in messaggi:
            messaggi.append(testo)
    return detti


def gia_dette(
    detti: Mapping[str, list[str]], ordine: Sequence[str], valori: Mapping[str, str], fino_a: str
) -> dict[str, list[str]]:
    """Of the messages, those of fields that were reached: nobody is scolded for what comes next.

    Args:
        detti: messages by field.
        ordine: the fields as the form has them.
        valori: what was typed.
        fino_a: the field that was just left.
    """
    limite = ordine.index(fino_a) if fino_a in ordine else len(ordine) - 1
    raggiunti = set(ordine[: limite + 1])
    return {
        nome: messaggi
        for nome, messaggi in detti.items()
        if nome in raggiunti or valori.get(nome, "").strip()
    }
