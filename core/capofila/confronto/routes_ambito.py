"""The ambito's pages: conventions, what can be released, what was, and who read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import oggi
from capofila.base.errori import Conflitto, NonTrovato, RichiestaNonValida
from capofila.base.impostazioni import impostazioni
from capofila.base.visita import visita_corrente
from capofila.confronto import aperti, pubblicazioni, rilasci
from capofila.confronto.catalogo import mancanze
from capofila.confronto.memoria import DURATE, Trattenuta, trattenute
from capofila.confronto.pubblicazioni import PER_PAGINA, Proposta
from capofila.confronto.rules import (
    ABITANTI,
    DATASET,
    IN_EURO,
    LICENZE,
    MISURE,
    PRIMO_ANNO,
    ULTIMO_ANNO,
    Cifra,
    Dataset,
    DatiConvenzione,
    Pubblicazione,
)
from capofila.confronto.soppressione import TUTTE
from capofila.conoscenza import service as conoscenza
from capofila.territorio import service as territorio
from capofila.web.contesto import VoceMenu, costruisci_pagina, pagina_richiesta, rispondi
from capofila.web.formati import importo, numero, parte_dell_anno, senza_zeri
from capofila.web.pagina import Colonna, with_parameters

Richiesta = Request[Any, Any, Any]

MENU: Final = VoceMenu(
    titolo="Pubblicazioni", percorso="pubblicazioni", permesso="confronto.vedi",
    gruppo="Confronto con l’ATS", icona="chart-line", ordine=60,
)  # fmt: skip
_VEDI: Final = {"permesso": "confronto.vedi", "unita": "lettura"}
_PUBBLICA: Final = {"permesso": "confronto.pubblica"}
STATI: Final[Mapping[str, tuple[str, str]]] = {
    "in_vigore": ("In vigore", "buono"), "futura": ("Non ancora in vigore", "attesa"),
    "scaduta": ("Scaduta", "chiuso"), "revocata": ("Revocata", "chiuso"),
}  # fmt: skip
_CAMPI: Final = ("ats", "soglia", "dal", "al", "atto", "atto_data")


def _base() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/pubblicazioni"


@get("/{ambito:str}/pubblicazioni", opt=_VEDI, include_in_schema=False)
async def elenco(request: Richiesta) -> Template:
    """Conventions, releases, and what can be released."""
    return await _elenco(request)


async def _elenco(
    request: Richiesta,
    errori: Mapping[str, str] | None = None,
    modulo: Mapping[str, Any] | None = None,
    stato: int = 200,
) -> Template:
    visita, giorno = visita_corrente(), oggi()
    convenzioni = await pubblicazioni.convenzioni()
    vigenti = [c for c in convenzioni if c.stato(giorno) == "in_vigore"]
    return rispondi(
        request,
        "confronto/pubblicazioni.html",
        costruisci_pagina(
            request, "Pubblicazioni", con_errori=bool(errori),
            sommario="Che cosa l’ambito ha rilasciato all’ATS, con quale convenzione, e chi l’ha letto.",
        ),
        stato=stato,
        convenzioni=convenzioni,
        stati={c.id: STATI[c.stato(giorno)] for c in convenzioni},
        vigenti=vigenti,
        pubblicazioni=await pubblicazioni.pubblicazioni(),
        aperte=await aperti.aperte(),
        agenzie=await pubblicazioni.agenzie(),
        dataset=DATASET,
        rilasciabili=[d for d in DATASET.values() if any(d.codice in c.dataset for c in vigenti)],
        anni=list(range(giorno.year, PRIMO_ANNO, -1)),
        anno=giorno.year - 1,
        errori=errori or {},
        modulo={**dict.fromkeys(_CAMPI, ""), "soglia": "5", "dataset": [], **(modulo or {})},
        base=_base(),
        puo=visita.puo("confronto.pubblica"),
        colonne=(
            Colonna("Dati"), Colonna("Anno", tipo="numero"), Colonna("Versione", tipo="numero"),
            Colonna("A chi"), Colonna("Pubblicata"), Colonna("Stato"), Colonna("Dati aperti"),
        ),
        colonne_convenzioni=(
            Colonna("Convenzione"), Colonna("Che cosa si legge"), Colonna("Soglia", tipo="numero"),
            Colonna("Dal"), Colonna("Al"), Colonna("Stato"),
        ),
    )  # fmt: skip


async def _modulo(request: Richiesta) -> tuple[dict[str, str], list[str]]:
    """The fields of a form, bounded; those of ``dataset`` apart, which may be several."""
    dati = await request.form()
    valori = {n: str(dati.get(n, ""))[:600] for n in (*_CAMPI, "motivo", "impronta", "licenza")}
    return valori, [str(v)[:40] for v in dati.getall("dataset", [])][:20]


@post("/{ambito:str}/pubblicazioni/convenzioni", opt=_PUBBLICA, status_code=200)
async def scrivi_convenzione(request: Richiesta) -> Template | Redirect:
    """Write a convention down."""
    valori, scelti = await _modulo(request)
    try:
        await pubblicazioni.registra_convenzione(valori, scelti)
    except DatiConvenzione as errore:
        return await _elenco(request, errore.campi, {**valori, "dataset": scelti}, 422)
    await aggiungi_messaggio("riuscito", "La convenzione è registrata: ora si può pubblicare.")
    return Redirect(_base(), status_code=303)


class _Fine(NamedTuple):
    """Something that ends, with a reason: what, what follows, where it is asked and where one goes back."""

    titolo: str
    cosa: str
    conseguenze: Sequence[str]
    azione: str
    torna: str
    gia: bool
    """There is nothing to end: it has ended, or never began."""


def _chiedi_prima(request: Richiesta, questa: _Fine) -> Template | Redirect:
    """Ask for the reason, or go back where there is nothing to end: the page there says how it stands."""
    return Redirect(questa.torna, status_code=303) if questa.gia else _chiedi(request, questa)


def _chiedi(
    request: Richiesta,
    questa: _Fine,
    errori: Mapping[str, str] | None = None,
    valori: Mapping[str, str] | None = None,
) -> Template:
    """Ask for the reason before something ends."""
    return rispondi(
        request,
        "confronto/motivo.html",
        costruisci_pagina(
            request, questa.titolo, briciole=[("Pubblicazioni", _base())], con_errori=bool(errori)
        ),
        stato=422 if errori else 200,
        cosa=questa.cosa, conseguenze=questa.conseguenze, azione=questa.azione, torna=questa.torna,
        errori=errori or {}, motivo=(valori or {}).get("motivo", ""),
        bottone_testo=questa.titolo.split(" la ")[0],
    )  # fmt: skip


async def _finisci(
    request: Richiesta, questa: _Fine, come: Callable[[dict[str, str]], Awaitable[None]], fatto: str
) -> Template | Redirect:
    """End something, or ask again for the reason."""
    valori, _ = await _modulo(request)
    try:
        await come(valori)
    except DatiConvenzione as errore:
        return _chiedi(request, questa, errore.campi, valori)
    await aggiungi_messaggio("riuscito", fatto)
    return Redirect(questa.torna, status_code=303)


async def _della_revoca(id_: int) -> _Fine:
    una = await pubblicazioni.convenzione(id_)
    return _Fine(
        "Revoca la convenzione", f"Convenzione con {una.ats}: {una.atto}.",
        ["Da subito l’agenzia non legge più nulla di ciò che questa convenzione mostrava.",
         "Le pubblicazioni restano: con un’altra convenzione tornano leggibili."],
        f"{_base()}/convenzioni/{id_}/revoca", _base(), una.revocata_il is not None,
    )  # fmt: skip


@get(
    "/{ambito:str}/pubblicazioni/convenzioni/{id_:int}/revoca",
    opt={**_PUBBLICA, "unita": "lettura"},
)
async def chiedi_revoca(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Ask before a convention is revoked."""
    return _chiedi_prima(request, await _della_revoca(id_))


@post("/{ambito:str}/pubblicazioni/convenzioni/{id_:int}/revoca", opt=_PUBBLICA, status_code=200)
async def revoca(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Revoke a convention."""
    return await _finisci(
        request, await _della_revoca(id_), partial(pubblicazioni.revoca_convenzione, id_),
        "La convenzione è revocata.",
    )  # fmt: skip


# Releasing.


def _intero(request: Richiesta, nome: str, basso: int, alto: int) -> int:
    testo = request.query_params.get(nome, "")
    if not (
        testo.isascii() and testo.isdigit() and len(testo) < 10 and basso <= int(testo) <= alto
    ):
        raise RichiestaNonValida(
            "Nell'indirizzo manca che cosa pubblicare: torna alle pubblicazioni e scegli dal modulo."
        )
    return int(testo)


def _chiesta(request: Richiesta) -> tuple[str, int, int]:
    return (
        request.query_params.get("dataset", "")[:40],
        _intero(request, "anno_dati", PRIMO_ANNO, ULTIMO_ANNO),
        _intero(request, "convenzione", 1, 2**31 - 1),
    )


@get("/{ambito:str}/pubblicazioni/anteprima", opt={**_PUBBLICA, "unita": "lettura"})
async def anteprima(request: Richiesta) -> Template | Redirect:
    """What would be released, with its hidden cells; without a choice, back to where it is made."""
    if "dataset" not in request.query_params:
        return Redirect(_base(), status_code=303)
    return await _anteprima(request)


async def _anteprima(
    request: Richiesta,
    errori: Mapping[str, str] | None = None,
    valori: Mapping[str, str] | None = None,
    stato: int = 200,
) -> Template:
    chiesta = _chiesta(request)
    proposta: Proposta | None = None
    vuota = ""
    try:
        proposta = await pubblicazioni.proponi(*chiesta)
    except NonTrovato as errore:
        if chiesta[0] not in DATASET:
            raise
        vuota = errore.messaggio
    dataset = DATASET[chiesta[0]]
    pagina = costruisci_pagina(
        request, f"Anteprima: {dataset.nome} {chiesta[1]}", con_errori=bool(errori),
        briciole=[("Pubblicazioni", _base())],
        sommario="Ciò che l’ATS leggerebbe, com’è adesso.",
    )  # fmt: skip
    if proposta is None:
        return rispondi(
            request, "confronto/anteprima.html", pagina, proposta=None, vuota=vuota, base=_base()
        )
    foto = proposta.foto
    return rispondi(
        request,
        "confronto/anteprima.html",
        pagina,
        stato=stato,
        proposta=proposta,
        dataset=dataset,
        tavole=_tavole(
            proposta.cifre, foto.voci, {i: foto.comuni[i] for i in foto.tavola.righe if i in foto.comuni},
            _totale(dataset), _voci_di(proposta.trattenute),
        ),
        soppresse=_soppresse(proposta.cifre, proposta.trattenute),
        trattenute=_dette(proposta.trattenute, foto.voci),
        conoscenza=f"/{visita_corrente().nell_ambito.slug}/conoscenza",
        errori=errori or {},
        modulo={"atto": "", "atto_data": "", **(valori or {})},
        azione=f"{_base()}/anteprima?{request.url.query}",
        base=_base(),
    )  # fmt: skip


@post("/{ambito:str}/pubblicazioni/anteprima", opt=_PUBBLICA, status_code=200)
async def rilascia(request: Richiesta) -> Template | Redirect:
    """Ask that what was seen be released."""
    chiesta = _chiesta(request)
    valori, _ = await _modulo(request)
    try:
        lavoro_id = await rilasci.chiedi(*chiesta, valori, valori["impronta"][:64])
    except DatiConvenzione as errore:
        return await _anteprima(request, errore.campi, valori, 422)
    return Redirect(f"{_base()}/rilasci/{lavoro_id}", status_code=303)


@get("/{ambito:str}/pubblicazioni/rilasci/{id_:uuid}", opt={**_PUBBLICA, "unita": "lettura"})
async def rilascio(request: Richiesta, id_: FromPath[UUID]) -> Template:
    """How far a release is, then what came of it."""
    lavoro, visita = await rilasci.andamento(id_), visita_corrente()
    chiesto = lavoro.parametri
    dataset = DATASET[chiesto["dataset"]]
    return rispondi(
        request,
        "confronto/rilascio.html",
        costruisci_pagina(
            request, f"Pubblicazione: {dataset.nome} {chiesto['anno']}",
            briciole=[("Pubblicazioni", _base())],
        ),
        frammento="confronto/_rilascio.html",
        lavoro=lavoro,
        id_pubblicazione=(lavoro.esito or {}).get("pubblicazione"),
        anteprima=with_parameters(
            f"{_base()}/anteprima", dataset=dataset.codice, anno_dati=chiesto["anno"],
            convenzione=chiesto["convenzione"],
        ),
        riavvia=f"/{visita.nell_ambito.slug}/lavori/{lavoro.id}/riavvia"
        if lavoro.stato == "fallito" and visita.puo("lavori.riavvia")
        else "",
        base=_base(),
        qui=f"{_base()}/rilasci/{id_}",
    )  # fmt: skip


def _totale(dataset: Dataset) -> str:
    """What the total of the columns is called; empty where they make none."""
    return dataset.tutte if dataset.totale else ""


def _tavole(
    cifre: Sequence[Cifra],
    voci: Mapping[str, str],
    comuni: Mapping[str, str],
    tutte: str,
    chiuse: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The figures as tables: one a measure, rows by columns; hidden cells say so.

    Args:
        cifre: the figures.
        voci: names of the columns.
        comuni: names of the rows.
        tutte: what the total of the columns is called; empty where they make none.
        chiuse: columns that cannot go out.
    """
    per_misura: dict[str, dict[tuple[str, str], Cifra]] = {}
    for cifra in cifre:
        if cifra.misura != ABITANTI:
            per_misura.setdefault(cifra.misura, {})[cifra.riga, cifra.voce] = cifra
    nomi = {"tutti": "Tutto l’ambito", "senza_capoluogo": "Senza il capoluogo"}
    tavole: list[dict[str, Any]] = []
    for misura in sorted(per_misura, key=list(MISURE).index):
        celle = per_misura[misura]
        colonne = [*sorted(voci), TUTTE] if tutte else sorted({voce for _, voce in celle})
        righe = sorted({r for r, _ in celle}, key=lambda r: (r not in nomi, comuni.get(r, r)))
        if not tutte:
            # Many indicators, few of them of the comuni: those of the ambito one a line.
            insieme, righe = [r for r in righe if r in nomi], [r for r in righe if r not in nomi]
            tavole.append(
                {
                    "codice": misura, "titolo": MISURE[misura],
                    "colonne": [Colonna("Indicatore"), *(Colonna(nomi[r], tipo="numero") for r in insieme)],
                    "righe": [
                        (voci.get(c, c), [_cella(celle.get((r, c)), misura, chiuse) for r in insieme])
                        for c in colonne
                    ],
                }
            )  # fmt: skip
            colonne = [c for c in colonne if any((r, c) in celle for r in righe)]
            if not colonne:
                continue
        tavole.append(
            {
                "codice": misura if tutte else f"{misura}-comuni",
                "titolo": MISURE[misura] if tutte else f"{MISURE[misura]}, dei comuni",
                "colonne": [
                    Colonna("Comune"),
                    *(Colonna(voci.get(c, tutte), tipo="numero") for c in colonne),
                ],
                "righe": [
                    (
                        nomi.get(r) or comuni.get(r, r),
                        [_cella(celle.get((r, c)), misura, chiuse) for c in colonne],
                    )
                    for r in righe
                ],
            }
        )
    return tavole


def _cella(cifra: Cifra | None, misura: str, chiuse: Collection[str]) -> tuple[str, str]:
    """(kind, what is written): ``niente``, ``soppressa`` or ``cifra``."""
    if cifra is not None and cifra.soppressa:
        return ("soppressa", "non pubblicabile" if cifra.voce in chiuse else "soppressa")
    if cifra is None or cifra.valore is None:
        return ("niente", "")
    return (
        "cifra",
        importo(cifra.valore) if misura in IN_EURO else numero(senza_zeri(cifra.valore)),
    )


def _voci_di(quali: Sequence[Trattenuta]) -> set[str]:
    return {voce for una in quali for voce in una.voci}


def _soppresse(cifre: Sequence[Cifra], quali: Sequence[Trattenuta]) -> int:
    """Cells that are hidden for what they say, not for what went out before."""
    chiuse = _voci_di(quali)
    return len({(c.riga, c.voce) for c in cifre if c.soppressa and c.voce not in chiuse})


def _dette(quali: Sequence[Trattenuta], voci: Mapping[str, str]) -> list[dict[str, str]]:
    """What cannot go out, in words: the indicator, how often it is given now, and how it went out."""
    dette = []
    for una in quali:
        parti = [voce.partition("@")[2] for voce in una.voci]
        dette.append(
            {
                "codice": una.codice,
                "nome": conoscenza.senza_parte(voci.get(una.voci[0], una.codice), parti[0]),
                "ora": DURATE[una.ora],
                "parti": ", ".join(map(parte_dell_anno, parti)),
                "uscita": " e ".join(DURATE[d] for d in una.uscite),
            }
        )
    return dette


# What was released.


@get("/{ambito:str}/pubblicazioni/{id_:int}", opt=_VEDI, include_in_schema=False)
async def una(request: Richiesta, id_: FromPath[int]) -> Template:
    """A publication, as it was released."""
    questa = await pubblicazioni.pubblicazione(id_)
    cifre = await pubblicazioni.cifre_di(id_)
    per_istat = (await territorio.mappa_comuni()).per_istat
    dataset = DATASET[questa.dataset]
    chiuse = await trattenute(questa.dataset, questa.anno, cifre, id_)
    return rispondi(
        request,
        "confronto/pubblicazione.html",
        costruisci_pagina(
            request, _titolo(questa), briciole=[("Pubblicazioni", _base())],
            sommario=f"Versione {questa.versione}, per {questa.ats}.",
        ),
        questa=questa,
        tavole=_tavole(
            cifre, questa.voci, {i: c.nome for i, c in per_istat.items()}, _totale(dataset), _voci_di(chiuse)
        ),
        soppresse=_soppresse(cifre, chiuse),
        trattenute=_dette(chiuse, questa.voci),
        conoscenza=f"/{visita_corrente().nell_ambito.slug}/conoscenza",
        apertura=await aperti.apertura(id_),
        licenze=LICENZE,
        indirizzo_aperto=f"/dati-aperti/{visita_corrente().nell_ambito.slug}/{questa.dataset}/{questa.anno}",
        base=_base(),
        puo=visita_corrente().puo("confronto.pubblica"),
    )  # fmt: skip


def _titolo(questa: Pubblicazione) -> str:
    return f"{DATASET[questa.dataset].nome} {questa.anno}"


async def _del_ritiro(id_: int) -> _Fine:
    questa = await pubblicazioni.pubblicazione(id_)
    return _Fine(
        "Ritira la pubblicazione",
        f"{_titolo(questa)}, versione {questa.versione}, per {questa.ats}.",
        ["Da subito l’agenzia non la legge più.", "L’ambito continua a vederla, con il motivo del ritiro.",
         "Per correggerla, pubblica una nuova versione: prende il posto di questa da sé."],
        f"{_base()}/{id_}/ritira", f"{_base()}/{id_}", questa.ritirata_il is not None,
    )  # fmt: skip


@get("/{ambito:str}/pubblicazioni/{id_:int}/ritira", opt={**_PUBBLICA, "unita": "lettura"})
async def chiedi_ritiro(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Ask before a publication is withdrawn."""
    return _chiedi_prima(request, await _del_ritiro(id_))


@post("/{ambito:str}/pubblicazioni/{id_:int}/ritira", opt=_PUBBLICA, status_code=200)
async def ritira(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Withdraw a publication."""
    return await _finisci(
        request,
        await _del_ritiro(id_),
        partial(pubblicazioni.ritira, id_),
        "La pubblicazione è ritirata.",
    )


# Opening it to everybody.


async def _chiedi_apertura(
    request: Richiesta, id_: int, errori: Mapping[str, str] | None = None,
    valori: Mapping[str, str] | None = None, stato: int = 200,
) -> Template:  # fmt: skip
    questa, valori_base = await pubblicazioni.pubblicazione(id_), impostazioni()
    cifre = await pubblicazioni.cifre_di(id_)
    chiuse = await trattenute(questa.dataset, questa.anno, cifre, id_)
    return rispondi(
        request,
        "confronto/apri.html",
        costruisci_pagina(
            request, "Apri i dati a tutti", con_errori=bool(errori),
            briciole=[("Pubblicazioni", _base()), (_titolo(questa), f"{_base()}/{id_}")],
            sommario=f"{_titolo(questa)}, versione {questa.versione}.",
        ),
        stato=stato,
        questa=questa,
        licenze=[(codice, una.nome) for codice, una in LICENZE.items()],
        in_vigore=next(
            (a for a in (await aperti.aperte()).values()
             if a.chiusa_il is None and (a.dataset, a.anno) == (questa.dataset, questa.anno)), None
        ),
        soppresse=_soppresse(cifre, chiuse),
        trattenute=_dette(chiuse, questa.voci),
        mancanze=mancanze([await aperti.titolare()], valori_base.dati_aperti_editore,
                          valori_base.dati_aperti_editore_ipa),
        errori=errori or {},
        modulo={"licenza": "cc-by-4.0", "atto": "", "atto_data": "", **(valori or {})},
        base=_base(),
    )  # fmt: skip


@get("/{ambito:str}/pubblicazioni/{id_:int}/apri", opt={**_PUBBLICA, "unita": "lettura"})
async def chiedi_apertura(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Ask before a publication is opened to everybody; what cannot be opened any more is only shown."""
    questa = await pubblicazioni.pubblicazione(id_)
    if questa.ritirata_il is not None or await aperti.apertura(id_) is not None:
        return Redirect(f"{_base()}/{id_}", status_code=303)
    return await _chiedi_apertura(request, id_)


@post("/{ambito:str}/pubblicazioni/{id_:int}/apri", opt=_PUBBLICA, status_code=200)
async def apri(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Open a publication to everybody."""
    valori, _ = await _modulo(request)
    try:
        await aperti.apri(id_, valori)
    except DatiConvenzione as errore:
        return await _chiedi_apertura(request, id_, errore.campi, valori, 422)
    except Conflitto as errore:
        return await _chiedi_apertura(request, id_, {"": errore.messaggio}, valori, 409)
    await aggiungi_messaggio("riuscito", "I dati sono aperti: da ora li scarica chiunque.")
    return Redirect(f"{_base()}/{id_}", status_code=303)


async def _della_chiusura(id_: int) -> _Fine:
    questa, aperta = await pubblicazioni.pubblicazione(id_), await aperti.apertura(id_)
    return _Fine(
        "Togli la pubblicazione dai dati aperti",
        f"{_titolo(questa)}, versione {questa.versione}.",
        ["Da subito non si scarica più, e il suo indirizzo dice che è stata tolta.",
         "L’agenzia continua a leggerla.", "Chi l’ha scaricata la tiene: la licenza non si ritira."],
        f"{_base()}/{id_}/chiudi", f"{_base()}/{id_}",
        aperta is None or aperta.chiusa_il is not None,
    )  # fmt: skip


@get("/{ambito:str}/pubblicazioni/{id_:int}/chiudi", opt={**_PUBBLICA, "unita": "lettura"})
async def chiedi_chiusura(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Ask before a publication is taken off the open data."""
    return _chiedi_prima(request, await _della_chiusura(id_))


@post("/{ambito:str}/pubblicazioni/{id_:int}/chiudi", opt=_PUBBLICA, status_code=200)
async def chiudi(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Take a publication off the open data."""
    return await _finisci(
        request, await _della_chiusura(id_), partial(aperti.chiudi, id_),
        "La pubblicazione non è più fra i dati aperti.",
    )  # fmt: skip


@get("/{ambito:str}/pubblicazioni/letture", opt=_VEDI, include_in_schema=False)
async def pagina_letture(request: Richiesta) -> Template:
    """Who read what, and when."""
    pagina = pagina_richiesta(request)
    righe, quante = await pubblicazioni.letture(pagina)
    titoli = {
        p.id: f"{_titolo(p)}, versione {p.versione}" for p in await pubblicazioni.pubblicazioni()
    }
    return rispondi(
        request,
        "confronto/letture.html",
        costruisci_pagina(
            request, "Chi ha letto", briciole=[("Pubblicazioni", _base())],
            sommario="Ogni pagina e ogni file che l’ATS ha aperto con le cifre di questo ambito.",
        ),
        righe=righe,
        quante=quante,
        pagina_ora=pagina,
        pagine=max(1, -(-quante // PER_PAGINA)),
        per_pagina=PER_PAGINA,
        titoli=titoli,
        base=_base(),
        url=f"{_base()}/letture",
        colonne=(Colonna("Quando"), Colonna("Chi"), Colonna("Che cosa"), Colonna("Pubblicazioni")),
    )  # fmt: skip


ROTTE: Final = (
    elenco, scrivi_convenzione, chiedi_revoca, revoca, anteprima, rilascia, rilascio, una,
    chiedi_ritiro, ritira, chiedi_apertura, apri, chiedi_chiusura, chiudi, pagina_letture,
)  # fmt: skip
