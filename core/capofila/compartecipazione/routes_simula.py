"""Pages of the simulator: what a case would pay and why, and two rules side by side.

What the rule is (service, day, comune) stands in the address; what is typed of a case does not: an ISEE
that somebody reads from a paper is that of a person, and addresses stay in logs and histories.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import get, post
from litestar.response import Template

from capofila.base.attivazioni import oggi
from capofila.base.errori import ErroreCapofila
from capofila.base.visita import visita_corrente
from capofila.compartecipazione import adozioni
from capofila.compartecipazione.calcolo import Caso, Quota, calcola, in_parole
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.lettera import cifra, in_chiaro
from capofila.compartecipazione.parole import QUANTE, UNITA, passi_in_parole
from capofila.compartecipazione.routes_adozioni import (
    STATI,
    Modulo,
    Richiesta,
    base,
    comuni_possibili,
    servizi_del_giorno,
)
from capofila.compartecipazione.routes_schemi import Disegno, colonne_curva, disegno, euro, migliaia
from capofila.compartecipazione.routes_utenze import SPECIE
from capofila.compartecipazione.schemi import (
    Esente,
    Fasce,
    MinimoGarantito,
    Percentuale,
    Proporzionale,
    Punti,
    Risolto,
    Schema,
    Tetto,
    Tratti,
)
from capofila.hooks import Rifiuto
from capofila.hooks.campi import leggi_data, leggi_importo
from capofila.web import formati
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.lettura import Lettura

MENU: Final = VoceMenu(
    titolo="Simulatore", percorso="compartecipazione/simulatore",
    permesso="compartecipazione.vedi", gruppo="Compartecipazione", icona="presentation", ordine=39,
)  # fmt: skip
_OPT: Final = {"permesso": "compartecipazione.vedi", "unita": "lettura"}


class Regola(msgspec.Struct, frozen=True, kw_only=True):
    """A service on a day, in the ambito or in one comune."""

    giorno: date
    schema: Schema | None = None
    risolto: Risolto | None = None
    vigenza: adozioni.Vigenza | None = None
    comune: str = ""
    """Its name; empty for the whole ambito."""
    guasto: str = ""
    """Why there is no scheme at all."""

    @property
    def motivo(self) -> str:
        """Why there is nothing to compute by, in words."""
        if self.vigenza is not None and self.vigenza.motivo is not None:
            return in_parole(self.vigenza.motivo)
        return in_parole("nessuno_schema")

    @property
    def nome(self) -> str:
        """How it is called beside another."""
        return f"{self.comune or 'Ambito'}, {formati.data(self.giorno)}"

    @property
    def supposta(self) -> bool:
        """Whether it is only supposed that the comune took the scheme."""
        return self.vigenza is not None and self.vigenza.supposta

    @property
    def passi(self) -> list[str]:
        """The steps in words."""
        return [] if self.risolto is None else passi_in_parole(self.risolto)


async def _regola(
    testi: Mapping[str, str], errori: dict[str, str], prima: str = ""
) -> tuple[Regola, dict[str, str]]:
    """The rule that fields ask for, and the texts of the fields; what is wrong goes into ``errori``."""
    scritto = testi.get(f"{prima}giorno", "")[:20]
    letto = leggi_data(scritto)
    giorno = oggi()
    if isinstance(letto, Rifiuto):
        errori[f"{prima}giorno"] = letto.messaggio[:1].upper() + letto.messaggio[1:]
    elif letto is not None:
        giorno = date.fromisoformat(letto)
    servizi, guasto = await servizi_del_giorno(giorno)
    comuni = dict(await comuni_possibili())
    servizio = testi.get(f"{prima}servizio", "")[:60]
    if servizio and servizio not in servizi:
        errori[f"{prima}servizio"] = (
            "In quel giorno nessuno schema è di questo servizio: scegline un altro."
        )
    schema = servizi.get(servizio or next(iter(servizi), ""))
    comune = testi.get(f"{prima}comune", "")[:10]
    if comune and comune not in comuni:
        errori[f"{prima}comune"] = "Scegli uno dei comuni dell’elenco."
        comune = ""
    campi = {
        f"{prima}servizio": "" if schema is None else schema.servizio,
        f"{prima}giorno": scritto or f"{giorno:%d/%m/%Y}",
        f"{prima}comune": comune,
    }
    regola = Regola(giorno=giorno, schema=schema, guasto=guasto, comune=comuni.get(comune, ""))
    if schema is None:
        return regola, campi
    try:
        vigenza = await adozioni.vigente(comune, schema.servizio, giorno) if comune else None
    except ErroreCapofila as errore:
        return msgspec.structs.replace(regola, schema=None, guasto=errore.messaggio), campi
    risolto = schema.risolvi(giorno) if vigenza is None else vigenza.risolto
    return msgspec.structs.replace(regola, risolto=risolto, vigenza=vigenza), campi


async def _elenchi() -> dict[str, Any]:
    """The services and the comuni to choose from: those of today and those of the schemes before."""
    servizi, guasto = await servizi_del_giorno(oggi())
    return {
        "servizi": [(nome, schema.denominazione) for nome, schema in servizi.items()],
        "comuni": await comuni_possibili(),
        "guasto": guasto,
    }


# ---- one case ----


@get("/{ambito:str}/compartecipazione/simulatore", opt=_OPT)
async def simulatore(request: Richiesta) -> Template:
    """The form: what the scheme looks at, and its curve."""
    return await _simulatore(request, Lettura({}))


@post("/{ambito:str}/compartecipazione/simulatore", opt=_OPT, status_code=200)
async def simula(request: Richiesta, data: Modulo) -> Template:
    """What the case would pay, and why."""
    return await _simulatore(request, Lettura(data), calcolato=True)


async def _simulatore(request: Richiesta, lettura: Lettura, *, calcolato: bool = False) -> Template:
    errori_regola: dict[str, str] = {}
    regola, campi = await _regola(request.query_params, errori_regola)
    caso = _caso(lettura, regola)
    lettura.errori = {**errori_regola, **lettura.errori}
    quota: Quota | None = None
    if calcolato and not lettura.errori and regola.schema is not None:
        quota = calcola(regola.risolto, caso)
    motivo = ""
    if quota is not None:
        motivo = (
            regola.motivo
            if regola.risolto is None
            else in_parole(quota.motivo)
            if quota.motivo
            else ""
        )
    pagina = costruisci_pagina(
        request, "Simulatore", briciole=[("Compartecipazione", base())],
        sommario="Quanto pagherebbe una persona, e perché.", con_errori=bool(lettura.errori),
    )  # fmt: skip
    adozione = None if regola.vigenza is None else regola.vigenza.adozione
    elenchi = await _elenchi()
    return rispondi(
        request,
        "compartecipazione/simulatore.html",
        pagina,
        stato=422 if lettura.errori else 200,
        **{**elenchi, "guasto": regola.guasto or elenchi["guasto"]},
        testi={**lettura.scritto, **campi},
        errori=list(lettura.errori.items()),
        sbagli=lettura.errori,
        schema=regola.schema,
        risolto=regola.risolto,
        vigenza=regola.vigenza,
        stato_adozione=STATI["" if adozione is None else adozione.stato],
        quota=quota,
        quantita_detta="" if regola.schema is None else _quante(caso, regola.schema),
        motivo=motivo,
        chiede=_chiede(regola),
        specie=list(SPECIE.items()),
        quante=QUANTE,
        disegno=_disegno(regola, caso, quota),
        colonne_curva=colonne_curva(["Quota"]),
        migliaia=migliaia,
        euro=euro,
        cifra=cifra,
        in_chiaro=in_chiaro,
        azione=f"{base()}/simulatore?{urlencode(campi)}",
        base=base(),
    )


def _quante(caso: Caso, schema: Schema) -> str:
    if caso.quantita == 1:
        return UNITA[schema.unita]
    return f"{formati.numero(caso.quantita.normalize() + 0)} {QUANTE[schema.unita].lower()}"


def _caso(lettura: Lettura, regola: Regola) -> Caso:
    """The case that was typed; what cannot be read is an error of its field."""
    isee = lettura.importo("isee")
    specie = lettura.scritto.get("specie") or SpecieISEE.ORDINARIO.value
    if specie not in SPECIE:
        lettura.errori["specie"] = "Scegli la specie dell’ISEE."
        specie = SpecieISEE.ORDINARIO.value
    condizioni = () if regola.schema is None else regola.schema.condizioni
    quantita = lettura.importo("quantita")
    return Caso(
        giorno=regola.giorno,
        isee=None if isee is None else Attestazione(
            valore=isee, specie=SpecieISEE(specie), presentata=lettura.giorno("dsu"),
            omissioni=bool(lettura.scritto.get("omissioni")),
        ),
        quantita=Decimal(1) if quantita is None else quantita,
        costo=lettura.importo("costo"),
        punti=lettura.importo("punti"),
        disponibile=lettura.importo("disponibile"),
        condizioni=frozenset(n for n in condizioni if lettura.scritto.get(f"condizione-{n}")),
    )  # fmt: skip


def _chiede(regola: Regola) -> dict[str, bool]:
    """What the scheme looks at."""
    passi = () if regola.risolto is None else regola.risolto.passi

    def guarda(*forme: type) -> bool:
        return any(isinstance(passo, forme) for passo in passi)

    return {
        "isee": guarda(Esente, Tratti, Fasce, Proporzionale),
        "costo": guarda(Percentuale, Proporzionale)
        or any(isinstance(p, Tetto) and p.importo is None for p in passi)
        or any(isinstance(p, Fasce) and p.modo == "percentuale" for p in passi),
        "punti": guarda(Punti),
        "disponibile": guarda(MinimoGarantito),
    }


def _disegno(regola: Regola, caso: Caso, quota: Quota | None) -> Disegno | None:
    if regola.risolto is None:
        return None
    punto = None
    if quota is not None and quota.stato == "calcolata" and caso.isee and quota.importo is not None:
        punto = ("Questo caso", caso.isee.valore, quota.importo)
    return disegno([("Quota", regola.risolto, caso)], punto)


# ---- two rules ----


@get("/{ambito:str}/compartecipazione/simulatore/confronto", opt=_OPT)
async def confronto(request: Richiesta) -> Template:
    """Two services, two days of one or two comuni, side by side."""
    errori: dict[str, str] = {}
    testi = request.query_params
    prima, campi = await _regola(testi, errori)
    dopo, altri = await _regola(testi, errori, "altro_")
    campi |= altri
    for nome in ("quantita", "costo"):
        campi[nome] = testi.get(nome, "")[:20]
    quantita, costo = (_cifra(campi, nome, errori) for nome in ("quantita", "costo"))
    if quantita == 0:
        errori["quantita"] = in_parole("quantita_errata")
    elenchi = await _elenchi()
    lati = [] if errori else [uno for uno in (prima, dopo) if uno.schema is not None]
    disegnato, ostacolo = None, ""
    if len(lati) == 2 and prima.risolto is not None and dopo.risolto is not None:
        caso = Caso(giorno=prima.giorno, quantita=quantita or Decimal(1), costo=costo)
        if prima.risolto.unita != dopo.risolto.unita:
            ostacolo = (
                f"Una regola è {UNITA[prima.risolto.unita]}, l’altra {UNITA[dopo.risolto.unita]}: "
                "scegli due servizi della stessa unità."
            )
        else:
            disegnato = disegno(
                [(f"Prima: {prima.nome}", prima.risolto, caso),
                 (f"Seconda: {dopo.nome}", dopo.risolto, caso)]
            )  # fmt: skip
            if disegnato is None:
                ostacolo = (
                    "Una delle regole non dipende dall’ISEE, o guarda a qualcosa che qui non c’è, come "
                    "il costo o ciò di cui la persona dispone: usa il simulatore."
                )
    pagina = costruisci_pagina(
        request, "Confronto di due regole",
        briciole=[("Compartecipazione", base()), ("Simulatore", f"{base()}/simulatore")],
        sommario="Due servizi, due giorni o due comuni, uno accanto all’altro.",
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/confronto.html",
        pagina,
        stato=422 if errori else 200,
        **{**elenchi, "guasto": prima.guasto or dopo.guasto or elenchi["guasto"]},
        testi=campi,
        errori=list(errori.items()),
        sbagli=errori,
        lati=lati,
        disegno=disegnato,
        ostacolo=ostacolo,
        colonne_curva=colonne_curva(["Prima", "Seconda", "Differenza"]),
        migliaia=migliaia,
        euro=euro,
        scrivi=visita_corrente().puo("compartecipazione.scrivi"),
        base=base(),
    )


def _cifra(campi: Mapping[str, str], nome: str, errori: dict[str, str]) -> Decimal | None:
    letto = leggi_importo(campi[nome])
    if isinstance(letto, Rifiuto):
        errori[nome] = letto.messaggio[:1].upper() + letto.messaggio[1:]
        return None
    return None if letto is None else Decimal(letto)


ROTTE: Final = (simulatore, simula, confronto)
