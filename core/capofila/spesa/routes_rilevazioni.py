"""Pages of the surveys: the list, a new one, the comuni of one and what is done about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, ErroreCapofila, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks.campi import Rifiuto, leggi_data
from capofila.spesa import service
from capofila.spesa.rules import PASSI, Chi, Passo, Stato, per_conto
from capofila.territorio import service as territorio
from capofila.web.contesto import VoceMenu, costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo="Spesa sociale", percorso="spesa", permesso="spesa.vedi",
    gruppo="Spesa sociale", icona="pa", ordine=45,
)  # fmt: skip

STATI: Final[Mapping[str, tuple[str, str]]] = {
    "aperta": ("Aperta", "neutro"),
    "compilata": ("Compilata", "corso"),
    "inviata": ("Inviata", "attesa"),
    "verificata": ("Verificata", "corso"),
    "approvata": ("Approvata", "buono"),
    "trasmessa": ("Trasmessa", "chiuso"),
    "esito": ("Con esito", "buono"),
    "riaperta": ("Riaperta", "attenzione"),
}
AZIONI: Final[Mapping[str, str]] = {
    "completa": "Segna come compilata",
    "riprendi": "Riprendi la compilazione",
    "invia": "Invia all’Ufficio di Piano",
    "verifica": "Segna come verificata",
    "approva": "Approva",
    "trasmetti": "Segna come trasmessa",
    "registra_esito": "Registra l’esito",
    "riapri": "Riapri",
}
"""What the button of each step says."""
PROMEMORIA: Final = 4
"""How many days of reminder the form offers."""
COLONNE_ELENCO: Final = (
    Colonna("Anno"),
    Colonna("Modulo"),
    Colonna("Apertura"),
    Colonna("Scadenza"),
    Colonna("Schede", tipo="numero"),
    Colonna("A che punto sono"),
)
COLONNE_QUADRO: Final = (
    Colonna("Comune"),
    Colonna("Stato"),
    Colonna("Righe", tipo="numero"),
    Colonna("Spesa", tipo="numero"),
    Colonna("Errori", tipo="numero"),
    Colonna("Avvisi", tipo="numero"),
    Colonna("Cambiate dopo l’approvazione", tipo="numero"),
    Colonna("Termine"),
)

Errori = list[tuple[str, str]]
"""(field, message) of a form that was refused; an empty field is the form as a whole."""


def base() -> str:
    """The address of the surveys of this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/spesa"


def chi_passa() -> Chi:
    """As whom the person takes steps."""
    return Chi.COMUNE if visita_corrente().nell_ambito.comune else Chi.UFFICIO_DI_PIANO


def passi_di(stato: Stato) -> list[Passo]:
    """The steps that the person may take from a state, its own or on behalf of the comune."""
    if not visita_corrente().puo("spesa.scrivi"):
        return []
    return [
        uno
        for uno in PASSI
        if stato in uno.da and (uno.chi is chi_passa() or per_conto(uno, chi_passa()))
    ]


async def campi_inviati(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """The texts of a form, in the order in which they were sent."""
    return [
        (nome, valore.replace("\0", ""))
        for nome, valore in (await request.form()).multi_items()
        if isinstance(valore, str)
    ]


def giorno_da(testo: str, campo: str, etichetta: str, errori: Errori) -> date | None:
    """A day as it was typed; what is wrong with it goes among the errors."""
    letto = leggi_data(testo)
    if isinstance(letto, Rifiuto):
        errori.append((campo, f"{etichetta}: {letto.messaggio}"))
        return None
    return None if letto is None else date.fromisoformat(letto)


# ---- the list ----


@get("/{ambito:str}/spesa", opt={"permesso": "spesa.vedi", "unita": "lettura"})
async def elenco(request: Request[Any, Any, Any]) -> Template:
    """The surveys, the latest first."""
    pagina = costruisci_pagina(
        request, "Spesa sociale dei comuni",
        sommario="Ogni anno ciascun comune dichiara quanto ha speso per i servizi sociali.",
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/rilevazioni.html",
        pagina,
        rilevazioni=await service.rilevazioni(),
        stati=STATI,
        colonne=COLONNE_ELENCO,
        base=base(),
        governa=visita_corrente().puo("spesa.governa"),
    )


# ---- a new one ----


class Aperta(msgspec.Struct, kw_only=True):
    """The form of a new survey as it was typed."""

    anno: str = ""
    modulo: str = ""
    dal: str = ""
    scadenza: str = ""
    promemoria: list[str] = []
    quali: str = "tutti"
    comuni: list[str] = []


async def _membri() -> list[tuple[str, str]]:
    """(ISTAT code, name) of the comuni that were ever of the ambito."""
    comuni = await territorio.mappa_comuni()
    codici = dict.fromkeys(uno.istat for uno in await territorio.appartenenze())
    nomi = [(istat, trovato.nome) for istat in codici if (trovato := comuni.cerca(istat))]
    return sorted(nomi, key=lambda coppia: coppia[1])


async def _nuova(
    request: Request[Any, Any, Any], valori: Aperta, errori: Errori, stato: int = 200
) -> Template:
    pagina = costruisci_pagina(
        request, "Nuova rilevazione", briciole=[("Spesa sociale", base())], con_errori=bool(errori)
    )
    return rispondi(
        request,
        "spesa/rilevazione_nuova.html",
        pagina,
        stato=stato,
        valori=valori,
        errori=errori,
        sbagli=dict(reversed(errori)),
        comuni=await _membri(),
        base=base(),
        promemoria=PROMEMORIA,
    )


@get("/{ambito:str}/spesa/nuova", opt={"permesso": "spesa.governa", "unita": "lettura"})
async def nuova(request: Request[Any, Any, Any]) -> Template:
    """The form of a new survey: last year's, from today."""
    giorno = oggi()
    return await _nuova(request, Aperta(anno=str(giorno.year - 1), dal=giorno.isoformat()), [])


def _di_che_campo(errore: ErroreCapofila) -> str:
    """The field that a refusal of the service is about."""
    if isinstance(errore, DatiNonValidi):
        for inizio, campo in (("La scadenza", "scadenza"), ("I promemoria", "promemoria"),
                              ("Nel ", "quali")):  # fmt: skip
            if errore.messaggio.startswith(inizio):
                return campo
    return "modulo" if "più moduli" in errore.messaggio else "anno"


@post("/{ambito:str}/spesa/nuova", opt={"permesso": "spesa.governa"}, status_code=200)
async def apri(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Open a survey; what is wrong is told in its place."""
    inviati = await campi_inviati(request)
    testi = dict(inviati)
    valori = Aperta(
        **{n: testi.get(n, "").strip()[:100] for n in ("anno", "modulo", "dal", "scadenza")},
        promemoria=[v.strip()[:20] for n, v in inviati if n == "promemoria" and v.strip()][:20],
        quali="alcuni" if testi.get("quali") == "alcuni" else "tutti",
        comuni=[v[:6] for n, v in inviati if n == "comuni"][:1000],
    )
    errori: Errori = []
    anno = int(valori.anno) if valori.anno.isascii() and valori.anno.isdigit() else 0
    if len(valori.anno) != 4 or not anno:
        errori.append(("anno", "Anno: scriverlo con quattro cifre, come 2025"))
    dal = giorno_da(valori.dal, "dal", "Apertura", errori)
    scadenza = giorno_da(valori.scadenza, "scadenza", "Scadenza", errori)
    giorni = [giorno_da(g, "promemoria", "Promemoria", errori) for g in valori.promemoria]
    if valori.quali == "alcuni" and not valori.comuni:
        errori.append(("quali", "Comuni: sceglierne almeno uno, oppure tutti"))
    if not errori:
        try:
            async with unita_corrente().punto_di_ritorno():
                aperta = await service.apri(
                    service.Apertura(
                        anno=anno, dal=dal, scadenza=scadenza, modulo=valori.modulo or None,
                        promemoria=tuple(g for g in giorni if g is not None),
                        comuni=tuple(valori.comuni) if valori.quali == "alcuni" else None,
                    )
                )  # fmt: skip
        except (DatiNonValidi, Conflitto, NonTrovato) as errore:
            errori.append((_di_che_campo(errore), errore.messaggio))
    if errori:
        return await _nuova(request, valori, errori, 422)
    await aggiungi_messaggio("riuscito", f"La rilevazione del {anno} è aperta.")
    return Redirect(f"{base()}/rilevazioni/{aperta.id}", status_code=303)


# ---- one of them ----


async def _una(
    request: Request[Any, Any, Any],
    questa: service.Rilevazione,
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
    motivo: str = "",
) -> Template:
    righe = await service.quadro(questa)
    conti = Counter(riga.scheda.stato for riga in righe)
    pagina = costruisci_pagina(
        request, f"Rilevazione {questa.anno}", briciole=[("Spesa sociale", base())],
        sommario=f"Spesa sociale del {questa.anno}: a che punto è ogni comune.",
        con_errori=bool(errori),
    )  # fmt: skip
    governa = visita_corrente().puo("spesa.governa")
    return rispondi(
        request,
        "spesa/rilevazione.html",
        pagina,
        stato=stato,
        rilevazione=questa,
        righe=righe,
        conti=[(STATI[uno], conti[uno]) for uno in Stato],
        cambiate=sum(riga.cambiate or 0 for riga in righe),
        stati=STATI,
        colonne=COLONNE_QUADRO,
        passi=_passi_di_molti() if governa else [],
        motivo=motivo,
        governa=governa,
        scrive=visita_corrente().puo("spesa.scrivi"),
        errori=errori,
        giorni_promemoria=max(PROMEMORIA, len(questa.promemoria) + 1),
        oggi=oggi(),
        configurata=service.posta_configurata(),
        promemoria=await service.ultimi_promemoria(questa.anno),
        in_ritardo=sum(r.scheda.stato in ("aperta", "compilata", "riaperta") for r in righe),
        base=base(),
    )  # fmt: skip


def _passi_di_molti() -> list[tuple[str, str]]:
    """What may be done for many comuni at once: its own steps, then those on behalf of them."""
    passi = sorted(PASSI, key=lambda uno: uno.chi is Chi.COMUNE)
    return [
        (uno.azione, AZIONI[uno.azione] + (", per conto del comune" if altrui else ""))
        for uno in passi
        if (altrui := uno.chi is Chi.COMUNE) or not uno.con_motivo
    ]


@get(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}", opt={"permesso": "spesa.vedi", "unita": "lettura"}
)
async def una(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """One survey: its comuni, and what may be done about them."""
    return await _una(request, await service.rilevazione_con_id(id_))


@post(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}/termini",
    opt={"permesso": "spesa.governa"},
    status_code=200,
)
async def termini(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template | Redirect:
    """Change the deadline and the days of reminder."""
    questa = await service.rilevazione_con_id(id_)
    inviati = await campi_inviati(request)
    errori: Errori = []
    scadenza = giorno_da(dict(inviati).get("scadenza", "")[:20], "scadenza", "Scadenza", errori)
    giorni = [
        giorno_da(v[:20], "promemoria", "Promemoria", errori)
        for n, v in inviati[:100] if n == "promemoria"
    ]  # fmt: skip
    if not errori:
        try:
            await service.cambia_termini(
                questa.anno, scadenza, [giorno for giorno in giorni if giorno is not None]
            )
        except DatiNonValidi as errore:
            errori.append((_di_che_campo(errore), errore.messaggio))
    if errori:
        return await _una(request, questa, errori, 422)
    await aggiungi_messaggio("riuscito", "I termini sono cambiati.")
    return Redirect(f"{base()}/rilevazioni/{id_}", status_code=303)


@post(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}/passi",
    opt={"permesso": "spesa.governa"},
    status_code=200,
)
async def passi(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template | Redirect:
    """Take one step of many comuni; each that cannot says why, and the others go on."""
    questa = await service.rilevazione_con_id(id_)
    inviati = await campi_inviati(request)
    azione, motivo = dict(inviati).get("azione", ""), dict(inviati).get("motivo", "")[:2000]
    scelti = {valore for nome, valore in inviati if nome == "schede"}
    quali = [una for una in await service.schede(questa.anno) if str(una.id) in scelti]
    if azione not in AZIONI or not quali:
        manca = "Scegli almeno un comune." if not quali else "Scegli che cosa fare."
        return await _una(request, questa, [("schede", manca)], 422, motivo)
    fatte, rifiuti = await _passo_di_molti(quali, azione, motivo)
    if rifiuti and not fatte:
        return await _una(request, questa, [("schede", testo) for testo in rifiuti], 422, motivo)
    await aggiungi_messaggio("riuscito", f"{AZIONI[azione]}: fatto per {', '.join(fatte)}.")
    for testo in rifiuti:
        await aggiungi_messaggio("avviso", testo)
    return Redirect(f"{base()}/rilevazioni/{id_}", status_code=303)


async def _passo_di_molti(
    quali: Iterable[service.Scheda], azione: str, motivo: str
) -> tuple[list[str], list[str]]:
    fatte, rifiuti = [], []
    for una in quali:
        try:
            async with unita_corrente().punto_di_ritorno():
                await service.passo(una.anno, una.istat, azione, motivo)
        except (Conflitto, DatiNonValidi) as errore:
            rifiuti.append(f"{una.nome}: {errore.messaggio}")
        else:
            fatte.append(una.nome)
    return fatte, rifiuti


ROTTE: Final = (elenco, nuova, apri, una, termini, passi)
