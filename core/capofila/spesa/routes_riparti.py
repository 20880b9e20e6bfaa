"""Pages of the azienda's lines: entered once, seen on each comune to the cent, confirmed, undone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.hooks import ModuloSpesa
from capofila.hooks.campi import Rifiuto, leggi_importo
from capofila.spesa import griglia, service
from capofila.spesa.routes_rilevazioni import Errori, base, campi_inviati
from capofila.spesa.rules import ZERO, RigaSpesa
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.formati import importo
from capofila.web.pagina import Colonna

Richiesta = Request[Any, Any, Any]

CON_PESI: Final = frozenset({"utenti", "quote"})
"""The keys whose weights are typed in."""
GRUPPI: Final = ("area", "voce", "gestione", "modalita")
COLONNE_ELENCO: Final = (
    Colonna("Descrizione"),
    Colonna("Voce"),
    Colonna("Spesa", tipo="numero"),
    Colonna("Chiave"),
    Colonna("Quando"),
    Colonna("Che cosa fare"),
)


def _briciole(questa: service.Rilevazione) -> list[tuple[str, str]]:
    return [
        ("Spesa sociale", base()),
        (f"Rilevazione {questa.anno}", f"{base()}/rilevazioni/{questa.id}"),
    ]


@get(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}/riparti",
    opt={"permesso": "spesa.governa", "unita": "lettura"},
)
async def elenco(request: Richiesta, id_: FromPath[int]) -> Template:
    """What the azienda entered for a year."""
    questa = await service.rilevazione_con_id(id_)
    modulo = await service.modulo_di(questa.anno, questa.modulo)
    pagina = costruisci_pagina(
        request, "Righe dell’azienda", briciole=_briciole(questa),
        sommario="Quello che l’azienda ha speso per i comuni: si scrive una volta e si ripartisce.",
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/riparti.html",
        pagina,
        riparti=await service.riparti(questa.anno),
        nomi_voci={voce.codice: voce.denominazione for voce in modulo.voci},
        chiavi=service.CHIAVI,
        colonne=COLONNE_ELENCO,
        base=base(),
        qui=f"{base()}/rilevazioni/{id_}/riparti",
    )


class Scritto(msgspec.Struct, kw_only=True):
    """The form as it was typed.

    Attributes:
        riparto: what it says; None when something cannot be read.
    """

    testi: Mapping[str, str]
    riparto: service.Riparto | None = None
    errori: Errori = []


def _leggi(
    testi: Mapping[str, str], modulo: ModuloSpesa, schede: Sequence[service.Scheda]
) -> Scritto:
    scritto = Scritto(testi=testi, errori=[])
    errori = scritto.errori
    nomi = dict(griglia.colonne(modulo))
    if len(testi.get("descrizione", "").strip()) < 3:
        errori.append(("descrizione", "Descrizione: scriverla, con almeno tre caratteri"))
    for gruppo in GRUPPI:
        if not testi.get(gruppo):
            errori.append((gruppo, "Scegliere area, voce, gestione e modalità"))
            break
    chiave = "/".join(testi.get(gruppo, "")[:100] for gruppo in GRUPPI)
    riga, sbagli = griglia.leggi_riga("", chiave, testi, modulo)
    errori += [(colonna, f"{nomi[colonna]}: {testo}") for colonna, testo in sbagli.items()]
    come = testi.get("chiave", "")
    if come not in service.CHIAVI:
        errori.append(("chiave", "Chiave: sceglierne una"))
    pesi: dict[str, Decimal] = {}
    utenti: dict[str, int] = {}
    for una in schede:
        if come in CON_PESI:
            peso = leggi_importo(testi.get(f"peso-{una.istat}", ""))
            if isinstance(peso, Rifiuto):
                errori.append((f"peso-{una.istat}", f"Peso di {una.nome}: {peso.messaggio}"))
            elif peso is not None:
                pesi[una.istat] = Decimal(peso)
        quanti = testi.get(f"utenti-{una.istat}", "").strip()
        if quanti.isascii() and quanti.isdigit() and len(quanti) <= 8:
            utenti[una.istat] = int(quanti)
        elif quanti:
            errori.append((f"utenti-{una.istat}", f"Utenti di {una.nome}: un numero intero"))
    if not errori and riga is not None:
        scritto.riparto = service.Riparto(
            descrizione=testi.get("descrizione", ""), riga=riga, pesi=pesi, utenti=utenti,
            chiave=cast("Any", come), atto=testi.get("atto", "").strip() or None,
        )  # fmt: skip
    return scritto


def _impronta(righe: Sequence[RigaSpesa]) -> str:
    """What was seen in a preview: nothing else is confirmed."""
    return hashlib.sha256(msgspec.json.encode(righe, order="deterministic")).hexdigest()


async def _nuovo(
    request: Richiesta,
    questa: service.Rilevazione,
    scritto: Scritto,
    viste: Sequence[RigaSpesa] = (),
    stato: int = 200,
) -> Template:
    modulo = await service.modulo_di(questa.anno, questa.modulo)
    schede = await service.schede(questa.anno)
    elenco_qui = f"{base()}/rilevazioni/{questa.id}/riparti"
    pagina = costruisci_pagina(
        request, "Nuova riga dell’azienda",
        briciole=[*_briciole(questa), ("Righe dell’azienda", elenco_qui)],
        con_errori=bool(scritto.errori),
    )  # fmt: skip
    colonne = griglia.colonne(modulo)
    totali = griglia.totali(viste, modulo)
    # What the azienda did not write is not shown in the preview.
    con_valori = [(c, n) for c, n in colonne if c in ("utenti", "spesa") or totali[c]]
    return rispondi(
        request,
        "spesa/riparto_nuovo.html",
        pagina,
        stato=stato,
        testi=scritto.testi,
        errori=scritto.errori,
        sbagli=dict(reversed(scritto.errori)),
        scelte={
            gruppo: [(uno.codice, uno.denominazione) for uno in getattr(modulo, nome)]
            for gruppo, nome in zip(GRUPPI, ("aree", "voci", "gestioni", "modalita"), strict=True)
        },
        importi=[coppia for coppia in colonne if coppia[0] != "utenti"],
        chiavi=[(codice, nome.capitalize(), "") for codice, nome in service.CHIAVI.items()],
        schede=schede,
        viste=viste,
        nomi={una.istat: una.nome for una in schede},
        totali=totali,
        colonne_viste=[
            Colonna("Comune"),
            *(Colonna(nome, tipo="numero") for _, nome in con_valori),
        ],
        codici=[codice for codice, _ in con_valori],
        visto=_impronta(viste) if viste else "",
        torna=elenco_qui,
    )


@get(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}/riparti/nuovo",
    opt={"permesso": "spesa.governa", "unita": "lettura"},
)
async def nuovo(request: Richiesta, id_: FromPath[int]) -> Template:
    """The form of a line of the azienda."""
    testi = {"chiave": "abitanti", "gestione": "associata"}
    return await _nuovo(request, await service.rilevazione_con_id(id_), Scritto(testi=testi))


@post(
    "/{ambito:str}/spesa/rilevazioni/{id_:int}/riparti/nuovo",
    opt={"permesso": "spesa.governa"},
    status_code=200,
)
async def ripartisci(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Show what each comune gets; when that has been seen, write it."""
    questa = await service.rilevazione_con_id(id_)
    modulo = await service.modulo_di(questa.anno, questa.modulo)
    testi = {nome: valore[:300] for nome, valore in await campi_inviati(request)}
    scritto = _leggi(testi, modulo, await service.schede(questa.anno))
    if scritto.riparto is None:
        return await _nuovo(request, questa, scritto, stato=422)
    try:
        viste = await service.anteprima(questa.anno, scritto.riparto)
        if testi.get("azione") != "conferma" or testi.get("visto") != _impronta(viste):
            return await _nuovo(request, questa, scritto, viste)
        async with unita_corrente().punto_di_ritorno():
            await service.ripartisci(questa.anno, scritto.riparto)
    except (DatiNonValidi, Conflitto) as errore:
        scritto.errori.append(("", errore.messaggio))
        return await _nuovo(request, questa, scritto, stato=422)
    speso = sum((riga.spesa for riga in viste), ZERO)
    await aggiungi_messaggio("riuscito", f"Ripartiti {importo(speso)} su {len(viste)} comuni.")
    return Redirect(f"{base()}/rilevazioni/{id_}/riparti", status_code=303)


async def _annulla(request: Richiesta, id_: int, errore: str = "", stato: int = 200) -> Template:
    anno, uno = await service.riparto_con_id(id_)
    questa = await service.rilevazione(anno)
    torna = f"{base()}/rilevazioni/{questa.id}/riparti"
    pagina = costruisci_pagina(
        request, "Annulla un riparto",
        briciole=[*_briciole(questa), ("Righe dell’azienda", torna)], con_errori=bool(errore),
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/annulla_riparto.html",
        pagina,
        stato=stato,
        riparto=uno,
        errore=errore,
        azione=f"{base()}/riparti/{id_}/annulla",
        torna=torna,
    )


@get(
    "/{ambito:str}/spesa/riparti/{id_:int}/annulla",
    opt={"permesso": "spesa.governa", "unita": "lettura"},
)
async def annulla_chiede(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before what was spread is taken off every sheet."""
    return await _annulla(request, id_)


@post(
    "/{ambito:str}/spesa/riparti/{id_:int}/annulla",
    opt={"permesso": "spesa.governa"},
    status_code=200,
)
async def annulla(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Take what was spread off every sheet."""
    anno, uno = await service.riparto_con_id(id_)
    try:
        await service.annulla_riparto(anno, id_)
    except Conflitto as errore:
        return await _annulla(request, id_, errore.messaggio, 409)
    await aggiungi_messaggio("riuscito", f"«{uno.descrizione}» è uscita da tutte le schede.")
    questa = await service.rilevazione(anno)
    return Redirect(f"{base()}/rilevazioni/{questa.id}/riparti", status_code=303)


ROTTE: Final = (elenco, nuovo, ripartisci, annulla_chiede, annulla)
