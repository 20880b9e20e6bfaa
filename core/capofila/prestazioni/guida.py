"""Pages that explain: the rules by which prestazioni are checked, and the columns they are made of.

Every error of an import leads here, to its rule and to its column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.response import Template

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import Campo, Flusso, Voce
from capofila.hooks.campi import Copia, Costante, DaTabella, SePresente
from capofila.hooks.catalogo import Livello, forma
from capofila.prestazioni import decisioni
from capofila.prestazioni.catalogo import catalogo
from capofila.prestazioni.rules import FONTE
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

MENU = VoceMenu(
    titolo="Regole e colonne", percorso="prestazioni/regole", permesso="prestazioni.vedi",
    gruppo="Prestazioni sociali", icona="help-circle", ordine=23,
)  # fmt: skip

GRAVITA: Final = {"errore": ("Errore", "errore"), "avviso": ("Avviso", "attenzione")}
LIVELLI: Final[tuple[tuple[Livello, str, str], ...]] = (
    ("regola", "Regole della prestazione",
     "Guardano i dati di una riga insieme. Nei messaggi, al posto dei nomi fra graffe si leggono i "
     "valori della riga."),
    ("lettura", "Come si scrivono i valori",
     "Guardano una casella alla volta. Il messaggio è quello dell’esempio che non va bene."),
    ("insieme", "Righe fra le altre",
     "Guardano se la riga c’è già e se è di questo ambito."),
    ("file", "Il file",
     "Guardano il file intero, la sua intestazione e la forma delle righe."),
)  # fmt: skip
DOMANDE: Final = (
    "domanda", "Domande, decisioni e pagamenti",
    "Confrontano ciò che è stato deciso con i periodi e i pagamenti, nella pagina della domanda. Non "
    "fermano nessuno; nell’elenco delle domande il filtro «Che non tornano con la decisione» le trova.",
)  # fmt: skip
_COLONNE: Final = (
    Colonna("Regola"),
    Colonna("Che cosa dice"),
    Colonna("Colonna"),
    Colonna("Esempi"),
    Colonna("Fonte"),
)
_COLONNE_CAMPI: Final = (
    Colonna("Colonna"),
    Colonna("Che cosa contiene"),
    Colonna("Obbligatoria"),
    Colonna("Come si scrive"),
    Colonna("Regole"),
    Colonna("Fonte"),
)
_ESEMPIO_MASSIMO: Final = 160


class Scelta(msgspec.Struct, frozen=True):
    """The flow that a page is about, among those of the ambito."""

    flusso: Flusso
    voci: tuple[Voce, ...]
    flussi: tuple[Flusso, ...]


async def scegli(chiesto: str | None) -> Scelta:
    """The flow asked for, or the one of the prestazioni.

    Raises:
        NonTrovato: no such flow takes records in here.
    """
    attivi = await plugin_attivi()
    flussi = tuple(
        sorted((f for f in attivi.flussi() if f.principale), key=lambda f: (f.fonte != FONTE, f.id))
    )
    for flusso in flussi:
        if chiesto in (None, "", flusso.id):
            return Scelta(flusso, catalogo(flusso, attivi.lettori()), flussi)
    raise NonTrovato("Nessun flusso attivo in questo ambito ha queste regole.")


def voci_delle_domande() -> tuple[Voce, ...]:
    """The comparisons of the ledger, as named checks."""
    return tuple(
        Voce(
            codice=confronto.codice,
            livello="insieme",
            gravita="avviso",
            messaggio=f"{confronto.spiegazione} Altrimenti: «{confronto.funzione(confronto.errato)[0][0]}»",
            fonte=decisioni.FONTE,
            esempio_valido={"": decisioni.in_parole(confronto.valido)},
            esempio_errato={"": decisioni.in_parole(confronto.errato)},
        )
        for confronto in decisioni.CONFRONTI
    )


def esempio(valori: Mapping[str, str]) -> str:
    """An example in one line: cells by column, or its words."""
    if "" in valori:
        return valori[""]
    testo = "; ".join(
        valore if nome == "file" else f"{nome}: {valore or '(vuoto)'}"
        for nome, valore in valori.items()
    )
    if not testo:
        return "tutto vuoto"
    return testo if len(testo) <= _ESEMPIO_MASSIMO else f"{testo[:_ESEMPIO_MASSIMO]}…"


def se_vuota(campo: Campo) -> str:
    """What an empty cell means."""
    match campo.predefinito:
        case Costante(valore):
            return f"vuota vale {valore}"
        case Copia(altro):
            return f"vuota vale come {altro}"
        case SePresente(altro, valore):
            return f"vuota vale {valore} se c’è {altro}"
        case DaTabella(altro):
            return f"vuota si ricava da {altro}"
        case _:
            return ""


def indirizzi(flusso: Flusso) -> dict[str, Any]:
    """Where its rules and its columns are explained, in the ambito of the visit."""
    base = f"/{visita_corrente().nell_ambito.slug}/prestazioni"
    return {
        "pagina_regole": f"{base}/regole?flusso={flusso.id}",
        "pagina_colonne": f"{base}/colonne?flusso={flusso.id}",
    }


@get("/{ambito:str}/prestazioni/regole", opt={"permesso": "prestazioni.vedi", "unita": "lettura"})
async def regole(request: Request[Any, Any, Any]) -> Template:
    """Every named check, by severity."""
    scelta = await scegli(request.query_params.get("flusso"))
    gravita = request.query_params.get("gravita", "")
    if gravita not in GRAVITA:
        gravita = ""
    voci = [voce for voce in scelta.voci if gravita in ("", voce.gravita)]
    del_registro = [
        voce
        for voce in (voci_delle_domande() if scelta.flusso.fonte == FONTE else ())
        if gravita in ("", voce.gravita)
    ]
    pagina = costruisci_pagina(
        request, "Regole del flusso",
        sommario="Che cosa si controlla di ogni prestazione, chi lo chiede e come si corregge.",
        briciole=[("Prestazioni", f"/{visita_corrente().nell_ambito.slug}/prestazioni")],
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/regole.html",
        pagina,
        scelta=scelta,
        scelta_gravita=gravita,
        gravita=GRAVITA,
        gruppi=[
            (livello, titolo, testo, [voce for voce in voci if voce.livello == livello])
            for livello, titolo, testo in LIVELLI
        ]
        + [(*DOMANDE, del_registro)],
        totale=len(voci) + len(del_registro),
        esempio=esempio,
        colonne=_COLONNE,
        noti=scelta.flusso.campi_per_nome,
        azione=request.url.path,
        **indirizzi(scelta.flusso),
    )


@get("/{ambito:str}/prestazioni/colonne", opt={"permesso": "prestazioni.vedi", "unita": "lettura"})
async def colonne(request: Request[Any, Any, Any]) -> Template:
    """Every column: what it is, whether it is mandatory, its codes, its rules, its source."""
    scelta = await scegli(request.query_params.get("flusso"))
    pagina = costruisci_pagina(
        request, "Colonne del flusso",
        sommario="I dati di una prestazione, uno per uno, come li vuole chi riceve il flusso.",
        briciole=[
            ("Prestazioni", f"/{visita_corrente().nell_ambito.slug}/prestazioni"),
            ("Regole del flusso", indirizzi(scelta.flusso)["pagina_regole"]),
        ],
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/colonne.html",
        pagina,
        scelta=scelta,
        regole={
            campo.nome: [
                voce
                for voce in scelta.voci
                if campo.nome in voce.campi and voce.livello != "lettura"
            ]
            for campo in scelta.flusso.campi
        },
        gravita=GRAVITA,
        forma=forma,
        se_vuota=se_vuota,
        colonne=_COLONNE_CAMPI,
        azione=request.url.path,
        **indirizzi(scelta.flusso),
    )
