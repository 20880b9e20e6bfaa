"""Page of the differences between two runs of a flow."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Template

from capofila.accessi.service import registra_lettura
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.visita import Visita, visita_corrente
from capofila.debito import differenze, service
from capofila.debito.prospetti import rifiuta_record
from capofila.web.contesto import costruisci_pagina, pagina_richiesta, rispondi
from capofila.web.pagina import Colonna

NOMI: Final = {
    "cambiate": "In tutti e due, ma cambiate",
    "solo_a": "Solo nel primo file",
    "solo_b": "Solo nel secondo file",
}
OPERAZIONI: Final = {"I": "Inserimento", "C": "Cancellazione"}
_COLONNE: Final = (
    Colonna("Persona"),
    Colonna("Prestazione"),
    Colonna("Data"),
    Colonna("Operazione"),
)


_COLONNE_MINORI: Final = (Colonna("Minore"), Colonna("Prestazioni"), Colonna("Operazione"))


def _dove(slug: str, di_minori: bool) -> str:
    return f"/{slug}/{'minori' if di_minori else 'prestazioni'}"


def _vede(visita: Visita, di_minori: bool) -> bool:
    return visita.puo("minori.vedi" if di_minori else "prestazioni.vedi")


@get("/{ambito:str}/debito/{id_:uuid}/confronto", opt={"permesso": "debito.vedi"})
async def confronto(request: Request[Any, Any, Any], id_: FromPath[UUID]) -> Template:
    """This run (the second) against another one (the first); the one sent before it when none is
    chosen."""
    visita = visita_corrente()
    ambito = visita.nell_ambito
    secondo = await service.esportazione(id_)
    if secondo.prospetto:
        raise rifiuta_record("non c'è nulla da confrontare riga per riga")
    numero = pagina_richiesta(request)
    genere = request.query_params.get("genere", "")
    con = request.query_params.get("con", "")
    altri = await differenze.confrontabili(id_)
    scelto = next((UUID(altro) for altro, _ in altri if altro == con), None)
    if scelto is None:
        scelto = await differenze.precedente(id_) or (UUID(altri[0][0]) if altri else None)
    primo = None if scelto is None else await service.esportazione(scelto)
    conti, righe, perche = None, [], ""
    di_minori = False
    quale: differenze.Genere = "cambiate"
    if scelto is not None:
        try:
            confrontati = await differenze.confronta(scelto, id_)
            unita = unita_corrente()
            di_minori = confrontati.tabella == "scheda_sinba"
            conti = await confrontati.conta(unita)
            quale = next(
                (g for g in differenze.GENERI if g == genere),
                next((g for g in differenze.GENERI if getattr(conti, g)), "cambiate"),
            )
            righe = await confrontati.elenco(unita, quale, numero)
            await registra_lettura(
                "debito.confronta", "esportazione", str(id_), con=str(scelto), righe=len(righe)
            )
        except (Conflitto, DatiNonValidi) as errore:
            perche = errore.messaggio
    base = f"/{ambito.slug}/debito"
    pagina = costruisci_pagina(
        request, "Differenze tra due file",
        briciole=[("Debito informativo", base), (secondo.nome_flusso, f"{base}/{id_}")],
    )  # fmt: skip
    totale = getattr(conti, quale) if conti else 0
    return rispondi(
        request,
        "debito/confronto.html",
        pagina,
        frammento="debito/_confronto.html",
        primo=primo,
        secondo=secondo,
        altri=altri,
        conti=conti,
        perche=perche,
        genere=quale,
        nomi=NOMI,
        righe=righe,
        totale=totale,
        numero=numero,
        pagine=max(1, -(-totale // differenze.PER_PAGINA)),
        per_pagina=differenze.PER_PAGINA,
        operazioni=OPERAZIONI,
        di_minori=di_minori,
        colonne=(_COLONNE_MINORI if di_minori else _COLONNE)
        + ((Colonna("Che cosa è cambiato"),) if quale == "cambiate" else ()),
        base=base,
        qui=f"{base}/{id_}/confronto",
        prestazioni=_dove(ambito.slug, di_minori) if _vede(visita, di_minori) else "",
    )


ROTTE: Final = (confronto,)
