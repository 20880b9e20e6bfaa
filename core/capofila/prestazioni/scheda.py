"""One prestazione as a page shows it: groups of labelled values, in the words of the flow.

Pure. The labels and the meaning of the codes are the flow's; without it (its plugin is off) the
names of the columns stand in, so that what was stored stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from capofila.hooks import Campo, Flusso, Tipo
from capofila.territorio.rules import MappaComuni

Forma = Literal["testo", "codice", "importo", "data"]


class Dato(msgspec.Struct, frozen=True):
    """A value with its label; ``valore`` is None where a mandatory one is missing.

    Attributes:
        forma: ``importo`` is a Decimal in euro, ``data`` a day, ``codice`` a text to be read letter
            by letter.
    """

    etichetta: str
    valore: str | Decimal | date | None
    forma: Forma = "testo"


class Gruppo(msgspec.Struct, frozen=True):
    """Values that belong together. ``vuoto`` says it when there are none."""

    titolo: str
    dati: tuple[Dato, ...]
    vuoto: str = ""


Gruppi = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Groups of values: title, what stands there when there are none, names."""

_GRUPPI: Final[Gruppi] = (
    ("Persona", "", (
        "cognome", "nome", "codice_fiscale", "anno_nascita", "luogo_nascita", "genere",
        "cittadinanza", "seconda_cittadinanza", "comune_residenza", "nazione_residenza",
        "regione_residenza", "altri_indirizzi",
    )),
    ("Domanda", "", (
        "codice_prestazione", "denominazione_prestazione", "protocollo_domanda", "prova_mezzi",
        "soglia_isee", "comune_titolare", "ente_erogatore", "tipo_operazione",
    )),
    ("Periodo e importi", "", (
        "carattere", "data_evento", "data_inizio", "data_fine", "periodo_erogazione",
        "data_erogazione", "importo_mensile", "importo", "quota_ente", "quota_utente",
        "quota_ssn", "quota_richiesta", "ore_mensili",
    )),
    ("DSU", "La prestazione non richiama una DSU.", ("dsu_protocollo", "dsu_anno", "dsu_data")),
    ("Presa in carico", "", ("presa_in_carico", "area_utenza")),
    ("SINA (non autosufficienza)", "La prestazione non ha dati SINA.", (
        "sina_mobilita", "sina_attivita_vita_quotidiana", "sina_disturbi_area_cognitiva",
        "sina_disturbi_comportamentali", "sina_necessita_cure_sanitarie", "sina_area_reddituale",
        "sina_area_supporto", "sina_fonte_derivazione_valutazione", "sina_strumento_valutazione",
        "sina_fonte_derivazione_invalidita", "sina_necessita_interventi_sociali",
        "sina_invalidita_civile",
    )),
)  # fmt: skip
_DA_LEGGERE: Final = frozenset(
    {"codice_fiscale", "codice_prestazione", "protocollo_domanda", "dsu_protocollo"}
)
NAZIONI: Final = {"380": "Italia (380)", "990": "Non disponibile (990)"}
"""The two codes of ISO 3166 as INPS uses it that are worth a name here."""
_CODA: Final = re.compile(r"\s*\([^()]*\)$")
_PREFISSO: Final = re.compile(r"^(?:SINA|DSU): ")


def raggruppa(
    prestazione: Mapping[str, Any],
    flusso: Flusso | None,
    comuni: MappaComuni,
    gruppi: Gruppi = _GRUPPI,
) -> tuple[Gruppo, ...]:
    """The values of a prestazione in the order in which a person looks for them.

    A value that is missing is left out, unless the flow wants it: then its place stays, empty.

    Args:
        prestazione: all columns, ``ente_erogatore`` being the name of the ente.
        flusso: the flow that declares the columns.
        comuni: to call comuni by their name.
        gruppi: in which the values stand; those of a prestazione unless told.
    """
    campi = flusso.campi_per_nome if flusso is not None else {}
    return tuple(
        Gruppo(
            titolo,
            tuple(
                Dato(
                    etichetta(nome, campi.get(nome)),
                    *_valore(nome, prestazione.get(nome), campi.get(nome), comuni),
                )
                for nome in nomi
                if prestazione.get(nome) is not None
                or ((campo := campi.get(nome)) is not None and campo.obbligatorio)
            ),
            vuoto,
        )
        for titolo, vuoto, nomi in gruppi
    )


class Differenza(msgspec.Struct, frozen=True):
    """A value that a version changed; None where there was, or is, none."""

    etichetta: str
    prima: Dato
    dopo: Dato


def differenze(
    prima: Mapping[str, Any],
    dopo: Mapping[str, Any],
    flusso: Flusso | None,
    comuni: MappaComuni,
    gruppi: Gruppi = _GRUPPI,
) -> tuple[Differenza, ...]:
    """What changed between one version of a record and the next, in the order of the page.

    Args:
        prima: all columns of the older one, ``ente_erogatore`` being the name of the ente.
        dopo: those of the newer one.
        flusso: the flow that declares the columns.
        comuni: to call comuni by their name.
        gruppi: in which the values stand; those of a prestazione unless told.
    """
    campi = flusso.campi_per_nome if flusso is not None else {}
    trovate = []
    for _, _, nomi in gruppi:
        for nome in nomi:
            vecchio, nuovo = prima.get(nome), dopo.get(nome)
            if vecchio == nuovo:
                continue
            titolo = etichetta(nome, campi.get(nome))
            trovate.append(
                Differenza(
                    titolo,
                    Dato(titolo, *_valore(nome, vecchio, campi.get(nome), comuni)),
                    Dato(titolo, *_valore(nome, nuovo, campi.get(nome), comuni)),
                )
            )
    return tuple(trovate)


def racconta(
    versioni: Sequence[Mapping[str, Any]],
    flusso: Flusso | None,
    comuni: MappaComuni,
    gruppi: Gruppi = _GRUPPI,
) -> list[dict[str, Any]]:
    """The versions of a record, the latest first, each with its number and what it changed.

    Args:
        versioni: the oldest first; of each ``lotto_id``, which brought it, ``sostituita_lotto``, which
            ended it, and ``valori``, its columns. One whose end brought none was ``tolta``.
        flusso: the flow that declares the columns.
        comuni: to call comuni by their name.
        gruppi: in which the values stand; those of a prestazione unless told.
    """
    finite = {v["sostituita_lotto"]: v for v in versioni if v["sostituita_lotto"] is not None}
    arrivate = {versione["lotto_id"] for versione in versioni}
    return [
        {
            **versione,
            "numero": numero,
            "cambiato": ()
            if (prima := finite.get(versione["lotto_id"])) is None
            else differenze(prima["valori"], versione["valori"], flusso, comuni, gruppi),
            "tolta": versione["sostituita_lotto"] not in (None, *arrivate),
        }
        for numero, versione in enumerate(versioni, 1)
    ][::-1]


def etichetta(nome: str, campo: Campo | None) -> str:
    """The label of a field, without the hints for whoever writes a file."""
    testo = nome.replace("_", " ") if campo is None else campo.etichetta
    testo = _PREFISSO.sub("", _CODA.sub("", testo))
    return testo[:1].upper() + testo[1:]


def _valore(
    nome: str, valore: Any, campo: Campo | None, comuni: MappaComuni
) -> tuple[str | Decimal | date | None, Forma]:
    if valore is None:
        return None, "testo"
    if isinstance(valore, date):
        return valore, "data"
    if nome == "ore_mensili":
        return _ore(valore), "testo"
    if isinstance(valore, Decimal):
        return valore, "importo"
    testo = str(valore)
    if nome in ("comune_titolare", "luogo_nascita"):
        comune = comuni.per_belfiore.get(testo)
        return (testo if comune is None else f"{comune.nome} ({testo})"), "testo"
    if nome == "comune_residenza":
        comune = comuni.per_istat.get(testo)
        return (testo if comune is None else f"{comune.nome} ({testo})"), "testo"
    if "cittadinanza" in nome or "nazione" in nome:
        return NAZIONI.get(testo, testo), "testo"
    if campo is not None and nome != "codice_prestazione":
        testo = _in_parole(testo, campo)
    return testo, "codice" if nome in _DA_LEGGERE else "testo"


def _in_parole(testo: str, campo: Campo) -> str:
    codici = campo.codici or {}
    match campo.tipo:
        case Tipo.CODICE:
            nome = codici.get(testo)
            if not nome or nome == testo:
                return testo
            return f"{nome} ({testo})" if len(testo) <= 2 else nome
        case Tipo.LISTA_CODICI:
            return "; ".join(codici.get(voce) or voce for voce in testo.split(" "))
        case Tipo.SI_NO:
            return {"si": "Sì", "no": "No"}.get(testo, testo)
        case Tipo.BLOCCHI:
            return _blocchi(testo, campo)
        case _:
            return testo


def _blocchi(testo: str, campo: Campo) -> str:
    nomi = {sotto.nome: etichetta(sotto.nome, sotto) for sotto in campo.sottocampi}
    try:
        blocchi = msgspec.json.decode(testo, type=list[dict[str, str]])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return testo
    return "; ".join(
        ", ".join(f"{nomi.get(nome, nome)} {valore}" for nome, valore in blocco.items())
        for blocco in blocchi
    )


def _ore(valore: Decimal) -> str:
    """Hours and minutes: the two decimals are minutes, not hundredths."""
    ore, minuti = divmod(int(valore * 100), 100)
    return f"{ore} h {minuti} min" if minuti else f"{ore} h"
