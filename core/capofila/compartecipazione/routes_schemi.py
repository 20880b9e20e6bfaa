"""Pages of the schemes: the register of those of the ambito, and one of them with its history and acts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.response import Redirect, Template

from capofila.base.attivazioni import plugin_attivi
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.compartecipazione.calcolo import Caso
from capofila.compartecipazione.catalogo import schemi
from capofila.compartecipazione.curva import punti, quote_per_isee
from capofila.compartecipazione.lettera import cifra, in_chiaro
from capofila.compartecipazione.parole import UNITA, passi_in_parole
from capofila.compartecipazione.routes_adozioni import Richiesta, base, giorno_chiesto
from capofila.compartecipazione.routes_utenze import SPECIE
from capofila.compartecipazione.schemi import Risolto, Schema
from capofila.web import formati, grafici
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo="Schemi e tariffe", percorso="compartecipazione/schemi",
    permesso="compartecipazione.vedi", gruppo="Compartecipazione", icona="file", ordine=38,
)  # fmt: skip
_OPT: Final = {"permesso": "compartecipazione.vedi", "unita": "lettura"}
COLONNE: Final = (
    Colonna("Servizio"),
    Colonna("Unità"),
    Colonna("In vigore"),
    Colonna("Com’era il giorno chiesto"),
    Colonna("Da dove viene"),
)
COLONNE_PARAMETRI: Final = (
    Colonna("Parametro"),
    Colonna("Valore", tipo="numero"),
    Colonna("Vale"),
    Colonna("Atto"),
)


_CENTESIMO: Final = Decimal("0.01")


class RigaSchema(msgspec.Struct, frozen=True):
    """One scheme in the register."""

    schema: Schema
    risolto: Risolto | None
    """On the day."""
    supposti: int
    """Parameters that are only supposed on the day."""

    @property
    def ultimo(self) -> date | None:
        """The last day, if it has one."""
        return self.schema.formule[-1].al


async def tutti(giorno: date) -> tuple[dict[str, Schema], str]:
    """The schemes of the active plugins, and what is wrong with them: nobody must find a closed door."""
    try:
        return schemi(await plugin_attivi(giorno)), ""
    except ErroreCapofila as errore:
        return {}, errore.messaggio


@get("/{ambito:str}/compartecipazione/schemi", opt=_OPT)
async def registro(request: Richiesta) -> Template:
    """The schemes of the ambito, as they are on a day."""
    giorno, errore = giorno_chiesto(request)
    trovati, guasto = await tutti(giorno)
    righe = [
        RigaSchema(schema, risolto, sum(letto.ipotesi for letto in risolto.letti.values()) if risolto else 0)
        for schema in trovati.values()
        for risolto in (schema.risolvi(giorno),)
    ]  # fmt: skip
    pagina = costruisci_pagina(
        request, "Schemi e tariffe", briciole=[("Compartecipazione", base())],
        sommario=f"Quanto si paga per ogni servizio, e per quale atto: com’è il {formati.data(giorno)}.",
        con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/schemi.html",
        pagina,
        stato=422 if errore else 200,
        righe=righe,
        giorno=giorno,
        errore=errore,
        guasto=guasto,
        unita=UNITA,
        colonne=COLONNE,
        base=base(),
    )


@get("/{ambito:str}/compartecipazione/schemi/uno", opt=_OPT)
async def uno(request: Richiesta) -> Template | Redirect:
    """A scheme: what it does on a day, its curve, the history of its figures, its acts."""
    nome = request.query_params.get("id", "")
    if not nome:
        return Redirect(f"{base()}/schemi", status_code=303)
    giorno, errore = giorno_chiesto(request)
    trovati, guasto = await tutti(giorno)
    schema = trovati.get(nome)
    if schema is None:
        raise NonTrovato(
            guasto or "Questo schema qui non c’è: torna agli schemi e scegline un altro."
        )
    risolto = schema.risolvi(giorno)
    pagina = costruisci_pagina(
        request, schema.denominazione,
        briciole=[("Compartecipazione", base()), ("Schemi e tariffe", f"{base()}/schemi")],
        sommario=f"Com’è il {formati.data(giorno)}.", con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "compartecipazione/schema.html",
        pagina,
        stato=422 if errore else 200,
        schema=schema,
        risolto=risolto,
        passi=[] if risolto is None else passi_in_parole(risolto),
        giorno=giorno,
        errore=errore,
        cambi=[(cambio, _giorno(cambio)) for cambio in schema.cambi],
        parametri=_parametri(schema, giorno),
        colonne=COLONNE_PARAMETRI,
        disegno=disegno([("Quota", risolto, Caso(giorno=giorno))] if risolto else []),
        colonne_curva=colonne_curva(["Quota"]),
        migliaia=migliaia,
        euro=euro,
        specie=[SPECIE[una.value] for una in sorted(schema.isee)],
        unita=UNITA,
        in_chiaro=in_chiaro,
        base=base(),
        altri=urlencode({"servizio": schema.servizio, "giorno": _giorno(giorno)}),
        confronto=urlencode(
            {"servizio": schema.servizio, "giorno": _giorno(_prima(schema, giorno)),
             "altro_servizio": schema.servizio, "altro_giorno": _giorno(giorno)}
        ),
    )  # fmt: skip


def _giorno(giorno: date) -> str:
    return f"{giorno:%d/%m/%Y}"


def _prima(schema: Schema, giorno: date) -> date:
    """A day on which the scheme was another, if there is one."""
    cambi = [cambio for cambio in schema.cambi if cambio <= giorno]
    return cambi[-1] - timedelta(days=1) if len(cambi) > 1 else giorno


def _parametri(schema: Schema, giorno: date) -> list[dict[str, Any]]:
    """Every value of every parameter, the latest first, with its act and whether it holds on the day."""
    righe = []
    for nome, valori in schema.parametri.items():
        fine: date | None = None
        for posto, valore in enumerate(reversed(valori)):
            al = valore.al or (fine - timedelta(days=1) if fine is not None else None)
            righe.append({
                "nome": in_chiaro(nome), "primo": posto == 0, "valore": cifra(valore),
                "dal": valore.dal, "al": al, "atto": schema.atti[valore.atto],
                "vale": valore.dal <= giorno and (al is None or giorno <= al),
            })  # fmt: skip
            fine = valore.dal
    return righe


def migliaia(valore: Decimal) -> str:
    """An ISEE in thousands of euro."""
    return formati.numero((valore / 1000).normalize() + 0)


def euro(valore: grafici.Cifra) -> str:
    """An amount in a chart."""
    return f"{formati.numero(valore)} €"


def colonne_curva(nomi: list[str]) -> list[Colonna]:
    """The columns of the table of a curve."""
    return [Colonna("ISEE", tipo="numero"), *(Colonna(nome, tipo="numero") for nome in nomi)]


class Disegno(msgspec.Struct, frozen=True):
    """Curves, and the table of the same figures."""

    grafico: grafici.Asse
    nomi: list[str]
    righe: list[tuple[Decimal, list[Decimal | None]]]
    """ISEE, and what is paid by each curve."""


def disegno(
    curve: list[tuple[str, Risolto, Caso]], punto: tuple[str, Decimal, Decimal] | None = None
) -> Disegno | None:
    """What is paid by the ISEE; None where it does not depend on it, or something that it needs is missing.

    Args:
        curve: names, schemes on their days, and cases without an ISEE.
        punto: one case more, by name, ISEE and quota.
    """
    tavola, tutti_i_punti = punti(risolto for _, risolto, _ in curve)
    if not tavola:
        return None
    in_tavola = [Decimal(cento).scaleb(-2) for cento in tavola]
    segnati = frozenset(in_tavola)
    cifre = [quote_per_isee(risolto, caso, tutti_i_punti) for _, risolto, caso in curve]
    serie = [
        grafici.Curva(nome, valori, segnati)
        for (nome, *_), valori in zip(curve, cifre, strict=True)
    ]
    if punto is not None and punto[1] <= in_tavola[-1]:
        serie.append(grafici.Curva(punto[0], {punto[1]: punto[2]}, frozenset([punto[1]])))
    grafico = grafici.curve(serie)
    if grafico is None or not all(cifre):
        return None
    righe = [
        (isee, quote)
        for isee in in_tavola
        for quote in ([valori[isee] for valori in cifre],)
        # The first cent beyond a bend says something only where what is paid jumps.
        if isee - _CENTESIMO not in segnati
        or quote != [valori[isee - _CENTESIMO] for valori in cifre]
    ]
    return Disegno(grafico, [una.nome for una in serie], righe)


ROTTE: Final = (registro, uno)
