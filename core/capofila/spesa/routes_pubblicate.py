"""The page of the published figures: as printed, beside what comes out, and what does not add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from litestar import Request, get
from litestar.response import Template

from capofila.base.visita import visita_corrente
from capofila.spesa.pubblicate import Accanto, Chiave, Confronto, accanto, confronti, figure
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.formati import numero
from capofila.web.pagina import Colonna

_COLONNE: Final = (
    Colonna("Figura"), Colonna("Pubblicata", tipo="numero"), Colonna("Calcolata", tipo="numero"),
    Colonna("Differenza", tipo="numero"), Colonna("Come e perché"),
)  # fmt: skip
_TERRITORI: Final = {
    "casalmaggiore": "Casalasco", "crema": "Cremasco", "cremona": "Cremonese",
    "provincia": "Provincia di Cremona", "lombardia": "Lombardia", "italia": "Italia",
}  # fmt: skip
_PERIMETRI: Final = {
    "intero": "", "senza_capoluogo": " senza Cremona", "dieci_servizi": ", dieci servizi",
    "comuni": ", comuni uno per uno",
}  # fmt: skip
_MISURE: Final = {
    "totale": "Spesa totale", "aziende": "Spesa delle aziende", "comuni": "Spesa dei comuni",
    "associata": "Spesa associata", "diretta": "Spesa diretta", "utenti": "Utenti",
    "totale_pro_capite": "Spesa per abitante",
    "aziende_pro_capite": "Spesa delle aziende per abitante",
    "comuni_pro_capite": "Spesa dei comuni per abitante",
    "quota_aziende_pct": "Quota delle aziende", "quota_comuni_pct": "Quota dei comuni",
    "quota_associata_pct": "Quota associata", "pro_capite_media": "Spesa media per abitante",
    "pro_capite_minimo": "Spesa minima per abitante",
    "pro_capite_massimo": "Spesa massima per abitante",
    "comuni_per_utente": "Spesa dei comuni per utente",
    "quota_utenti_per_utente": "Quota pagata da un utente",
    "incidenza_utenti_pct": "Incidenza della quota degli utenti",
    "sostegno_reddito": "Sostegno al reddito",
    "sostegno_reddito_per_maggiorenne": "Sostegno al reddito per maggiorenne",
    "target_pct": "Quota della spesa",
}  # fmt: skip


def nome(chiave: Chiave) -> str:
    """What a published figure is of, in words."""
    _, dove, perimetro, misura = chiave
    prima, _, target = misura.partition("/")
    detta = f" per {target.replace('_', ' ')}" if target else ""
    return f"{_TERRITORI[dove]}{_PERIMETRI[perimetro]}: {_MISURE[prima]}{detta}"


def _unita(chiave: Chiave) -> str:
    misura = chiave[3]
    return "%" if "_pct" in misura else "" if misura == "utenti" else "€"


def cifra(valore: Any, chiave: Chiave) -> str:
    """A figure with its unit, with the decimals that it has."""
    return f"{numero(valore)} {_unita(chiave)}".strip()


def calcolata(una: Accanto) -> str:
    """What comes out, with two decimals at most."""
    valore = una.calcolata
    if valore is not None and int(valore.as_tuple().exponent) < -2:
        valore = valore.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return cifra(valore, una.figura.chiave)


def _frase(uno: Confronto) -> str:
    primo = uno.identita.addendi[0]
    totale = uno.identita.totale
    chi = nome(totale) if isinstance(totale, tuple) else "Quote della spesa per target, insieme"
    return (
        f"{chi}: pubblicato {cifra(uno.pubblicato, primo)}, la somma dei {len(uno.identita.addendi)} "
        f"addendi pubblicati è {cifra(uno.calcolato, primo)} (differenza "
        f"{cifra(uno.differenza, primo)})."
    )


def _per_fonte(righe: tuple[Accanto, ...]) -> dict[tuple[int, str], list[Accanto]]:
    gruppi: dict[tuple[int, str], list[Accanto]] = {}
    ordine = list(_MISURE)
    for una in sorted(
        righe,
        key=lambda r: (
            r.figura.anno, r.figura.fonte, list(_TERRITORI).index(r.figura.territorio),
            list(_PERIMETRI).index(r.figura.perimetro),
            ordine.index(r.figura.misura.partition("/")[0]),
        ),
    ):  # fmt: skip
        gruppi.setdefault((una.figura.anno, una.figura.fonte), []).append(una)
    return gruppi


@get(
    "/{ambito:str}/spesa/pubblicate",
    opt={"permesso": "spesa.vedi", "unita": "lettura"},
    include_in_schema=False,
)
async def pagina_pubblicate(request: Request[Any, Any, Any]) -> Template:
    """What was published of 2011 and 2012, beside what comes out of the same formulas."""
    slug = visita_corrente().nell_ambito.slug
    verifiche = confronti()
    return rispondi(
        request,
        "spesa/pubblicate.html",
        costruisci_pagina(
            request, "Figure pubblicate",
            briciole=[("Analisi della spesa", f"/{slug}/spesa/analisi")],
            sommario="La spesa sociale del 2011 e del 2012 come è stata pubblicata, e che cosa esce "
            "dagli stessi conti.",
        ),
        gruppi=_per_fonte(accanto()),
        quante=len(figure()),
        storte=[_frase(uno) for uno in verifiche if uno.differenza],
        tornano=sum(not uno.differenza for uno in verifiche),
        colonne=_COLONNE,
        nome=nome,
        cifra=cifra,
        calcolata=calcolata,
    )  # fmt: skip


ROTTE: Final = (pagina_pubblicate,)
