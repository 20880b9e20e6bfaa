"""Records of minors: the list, one of them, entering, correcting, taking away; who a minor is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Response, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import Flusso, Rifiuto
from capofila.hooks.campi import leggi_codice_fiscale
from capofila.prestazioni import bozze, minori, modulo, schede, versioni
from capofila.prestazioni.modulo import FISSI_DEL_MINORE, FISSI_DELLA_SCHEDA, GRUPPI_MINORI
from capofila.prestazioni.pagine import (
    Banco,
    Bozze,
    Tolta,
    chiedi_se_togliere,
    comuni_titolari,
    esiti,
    file_di,
    inviato,
    lasciato,
    metti_da_parte,
    mostra,
    motivo_scritto,
    numero_da,
    rotte_bozze,
    scelte,
)
from capofila.prestazioni.rules import FONTE_MINORI, Collocazione, Riferimenti, flusso_minori
from capofila.prestazioni.scheda import Gruppi, etichetta, racconta, raggruppa
from capofila.prestazioni.service import riferimenti_dell_ambito, versione_in_vigore
from capofila.prestazioni.stati import comunicate, operazioni_di
from capofila.territorio import service as territorio
from capofila.web.contesto import (
    VoceMenu,
    anno_richiesto,
    costruisci_pagina,
    pagina_richiesta,
    rispondi,
)
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo="Minori", percorso="minori", permesso="minori.vedi", gruppo="Prestazioni sociali",
    icona="user", ordine=20,
)  # fmt: skip
PER_PAGINA: Final = 50
MOTIVI: Final = {
    "errore": "Inserita per errore",
    "doppia": "È doppia",
    "persona": "Riguarda un altro minore",
    "altro": "Altro",
}
MOTIVI_PERSONA: Final = {
    "provvisorio": ("Era provvisorio, adesso c’è quello definitivo", True),
    "cambiato": ("È cambiato (adozione, rettifica, omocodia)", True),
    "errore": ("Era scritto male", False),
}
"""Why a minor has another codice fiscale, and whether the one of before still leads to the minor."""
COLONNE: Final = (
    Colonna("Minore"),
    Colonna("Nascita e fascia di età"),
    Colonna("Luogo di vita"),
    Colonna("Comune ed ente"),
    Colonna("Prestazioni"),
    Colonna("Stato"),
)
COLONNE_OPERAZIONI: Final = (
    Colonna("Versione", tipo="numero"),
    Colonna("Quando"),
    Colonna("Risposta"),
    Colonna("Invio"),
)
DELLA_PAGINA: Final[Gruppi] = tuple(
    (titolo, "", nomi) for id_, titolo, _, _, nomi in GRUPPI_MINORI if id_ != "noto"
)
"""The pseudonym stands at the top of the page."""


async def flusso_attivo() -> Flusso:
    """The flow of the minors in this ambito.

    Raises:
        Conflitto: no active plugin has one.
    """
    flusso = flusso_minori({flusso.id: flusso for flusso in (await plugin_attivi()).flussi()})
    if flusso is None:
        raise Conflitto(
            "Nessun plugin attivo in questo ambito dice come è fatta la scheda di un minore: attiva "
            "nei plugin il flusso che la riguarda."
        )
    return flusso


def base() -> str:
    """The address of the minors of this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/minori"


_DIVERSI: Final[dict[str, dict[str, Any]]] = {
    # The flow takes an id in its place, which nobody has to fill in.
    "codice_fiscale": {"obbligatorio": True},
    "ente_erogatore": {"aiuto": "Se lo lasci vuoto è il comune titolare."},
}


async def _banco(senza: frozenset[str] = frozenset()) -> Banco:
    """The form, without the fields that are settled already."""
    flusso = await flusso_attivo()
    comuni = await territorio.mappa_comuni()
    gruppi = modulo.componi(flusso, await scelte(comuni), GRUPPI_MINORI, senza)
    gruppi = tuple(
        msgspec.structs.replace(
            gruppo,
            aiuto="" if senza and gruppo.id == "minore" else gruppo.aiuto,
            campi=tuple(
                msgspec.structs.replace(campo, **_DIVERSI.get(campo.nome, {}))
                for campo in gruppo.campi
            ),
        )
        for gruppo in gruppi
    )
    return Banco(flusso, comuni, gruppi, base())


async def _riferimenti() -> Riferimenti:
    return await riferimenti_dell_ambito(unita_corrente(), visita_corrente().nell_ambito.comune)


# --- the list -----------------------------------------------------------------------------------


async def _elenco(request: Request[Any, Any, Any], cercato: str = "", errore: str = "") -> Template:
    visita = visita_corrente()
    flusso = await flusso_attivo()
    versione = await versione_in_vigore(unita_corrente(), flusso)
    stato = (request.query_params.get("stato") or "").strip()
    minore = None
    if cercato and not errore:
        letto = leggi_codice_fiscale(cercato)
        trovato = None if isinstance(letto, Rifiuto) else letto
        # A person without an id has no record: one that cannot be is looked for.
        minore = cercato if trovato is None else await schede.pseudonimo_di(trovato) or ""
    filtro = minori.Filtro(
        anno=anno_richiesto(request),
        comune=(request.query_params.get("comune") or "").strip()[:4] or None,
        stato=stato if stato in minori.FILTRI else None,
        flusso=flusso.id,
        versione=versione,
        minore=minore,
    )
    numero = pagina_richiesta(request)
    totale = await minori.conta(filtro)
    righe = await minori.elenco(filtro, numero, PER_PAGINA)
    ids = [riga.id for riga in righe]
    dette = await comunicate(flusso.id, ids)
    tolte = set() if filtro.stato != "rimasta" else set(ids)
    await registra_lettura("minori.elenca", "scheda_sinba", None, righe=len(righe))
    comuni = (await territorio.mappa_comuni()).per_belfiore
    enti = await territorio.enti()
    scelte = {
        nome: valore
        for nome, valore in (
            ("anno", filtro.anno), ("comune", filtro.comune), ("stato", filtro.stato)
        )
        if valore is not None
    }  # fmt: skip
    pagina = costruisci_pagina(
        request, "Minori in carico", con_anno=True, con_errori=bool(errore),
        sommario=f"Schede SINBA del {filtro.anno}. Un minore qui è uno pseudonimo: chi è si chiede "
        "dalla sua scheda.",
    )  # fmt: skip
    if cercato or errore:
        # The selectors of the page lead back to the list: a search is asked by POST only.
        pagina = dataclasses.replace(pagina, url=f"{base()}?{urlencode(scelte)}")
    campi = flusso.campi_per_nome
    return rispondi(
        request,
        "prestazioni/minori.html",
        pagina,
        frammento="prestazioni/_minori.html",
        stato=422 if errore else 200,
        filtro=filtro,
        filtrato=len(scelte) > 1,
        pulisci=f"{base()}?anno={filtro.anno}" if len(scelte) > 1 else "",
        righe=righe,
        totale=totale,
        numero=numero,
        pagine=max(1, -(-totale // PER_PAGINA)),
        per_pagina=PER_PAGINA,
        colonne=COLONNE,
        comuni=comuni,
        enti={ente.id: ente for ente in enti},
        opzioni_comune=comuni_titolari(enti, comuni),
        opzioni_stato=list(minori.FILTRI.items()),
        un_comune=visita.nell_ambito.comune,
        stati={
            riga.id: minori.STATI[
                minori.stato_di(riga.in_vigore, dette.get(riga.id), riga.id in tolte)
            ]
            for riga in righe
        },
        fasce=campi["fascia_eta_beneficiario"].codici or {},
        luoghi=campi["luogo_vita"].codici or {},
        nomi=campi["prestazioni"].codici or {},
        versione=versione,
        base=base(),
        cerca=f"{base()}/cerca?{urlencode(scelte)}",
        cercato=cercato,
        errore=errore,
        importa=visita.puo("prestazioni.importa"),
        importazioni=f"/{visita.nell_ambito.slug}/importazioni",
        scrivi=visita.puo("minori.scrivi"),
        bozze=await bozze.quante(FONTE_MINORI) if visita.puo("minori.scrivi") else 0,
    )  # fmt: skip


@get("/{ambito:str}/minori", opt={"permesso": "minori.vedi"})
async def elenco(request: Request[Any, Any, Any]) -> Template:
    """The records of a year, filtered by what the address says."""
    return await _elenco(request)


@get("/{ambito:str}/minori/cerca", opt={"permesso": "minori.vedi", "unita": "nessuna"})
async def torna_all_elenco(request: Request[Any, Any, Any]) -> Redirect:
    """The address of a search, opened by itself: the list."""
    query = f"?{request.url.query}" if request.url.query else ""
    return Redirect(f"{base()}{query}", status_code=303)


@post("/{ambito:str}/minori/cerca", opt={"permesso": "minori.vedi"}, status_code=200)
async def cerca(
    request: Request[Any, Any, Any],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template:
    """The records of one minor, by codice fiscale or pseudonym: asked by POST, so that neither
    stands in an address."""
    cercato = (data.get("minore") or "").replace("\0", "").strip().upper()[:20]
    if len(cercato) < 2:
        return await _elenco(
            request, errore="Scrivi tutto il codice fiscale del minore, oppure il suo pseudonimo."
        )
    return await _elenco(request, cercato)


@get("/{ambito:str}/minori/modello.csv", opt={"permesso": "minori.vedi", "unita": "lettura"})
async def modello() -> Response[bytes]:
    """An empty file with the header, for the spreadsheet."""
    flusso = await flusso_attivo()
    testo = ";".join(campo.nome for campo in flusso.campi) + "\r\n"
    return Response(
        ("\ufeff" + testo).encode(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="minori.csv"'},
    )


# --- one record ---------------------------------------------------------------------------------


@get("/{ambito:str}/minori/{id_:int}", opt={"permesso": "minori.vedi"})
async def una(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """One record with its story; that it was read is written in the audit."""
    return await _una(request, await minori.leggi(id_))


@post("/{ambito:str}/minori/{id_:int}/persona", opt={"permesso": "minori.scrivi"}, status_code=200)
async def persona(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """The same page with the codice fiscale of the minor; that it was asked is in the audit."""
    riga = await minori.leggi(id_)
    trovata = await schede.persona_di(riga["id_beneficiario"])
    return await _una(request, riga, chiesta=True, persona=trovata)


async def _una(
    request: Request[Any, Any, Any],
    riga: dict[str, Any],
    *,
    chiesta: bool = False,
    persona: str | None = None,
) -> Template:
    visita = visita_corrente()
    id_ = riga["id"]
    flusso = await flusso_attivo()
    await registra_lettura("minori.consulta", "scheda_sinba", str(id_))
    comuni = await territorio.mappa_comuni()
    storia = await minori.storia(riga)
    ids = [versione["id"] for versione in storia]
    detta = (await comunicate(flusso.id, ids)).get(id_)
    in_vigore = riga["sostituita_lotto"] is None
    rimaste = await minori.rimaste(flusso.id, ids)
    tolta = storia[-1]["sostituita_lotto"] is not None
    versione = await versione_in_vigore(unita_corrente(), flusso)
    pagina = costruisci_pagina(
        request, f"Minore {riga['id_beneficiario']}",
        sommario=f"Scheda SINBA del {riga['anno']}.", briciole=[("Minori", base())],
        aggiornato_il=riga["caricato_il"],
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/minore.html",
        pagina,
        scheda=riga,
        gruppi=[
            gruppo
            for gruppo in raggruppa(
                riga["valori"] | {"ente_erogatore": riga["nome_ente"]}, flusso, comuni, DELLA_PAGINA
            )
            if gruppo.dati
        ],
        in_vigore=in_vigore,
        stato_record=minori.stato_di(
            in_vigore, detta, id_ in rimaste or (tolta and not rimaste and id_ == ids[-1])
        ),
        stati=minori.STATI,
        detta=detta,
        da_ricontrollare=in_vigore and not riga["come_ricevuto"] and riga["conforme_a"] != versione,
        versioni=racconta(storia, flusso, comuni, DELLA_PAGINA),
        altre=await minori.altre(riga),
        operazioni=await operazioni_di(flusso.id, ids),
        colonne_operazioni=COLONNE_OPERAZIONI,
        comuni=comuni.per_belfiore,
        destinatario=flusso.destinatario,
        puo_scrivere=visita.puo("minori.scrivi"),
        chiesta=chiesta,
        persona=persona,
        debito=f"/{visita.nell_ambito.slug}/debito" if visita.puo("debito.vedi") else "",
        file=file_di(riga),
        base=base(),
    )


# --- entering and correcting --------------------------------------------------------------------


def _mostra(
    request: Request[Any, Any, Any],
    banco: Banco,
    valori: Mapping[str, str],
    *,
    azione: str,
    titolo: str,
    scheda: Mapping[str, Any] | None = None,
    minore: str | None = None,
    persona: str | None = None,
    correzione: bool = False,
    bozza: int | None = None,
    esito: versioni.Salvataggio | None = None,
    stato: int = 200,
    superata: str = "",
    motivo: str = "",
    nota: str = "",
) -> Template:
    briciole = [("Minori", base())]
    if scheda is not None:
        briciole.append((f"Minore {scheda['id_beneficiario']}", f"{base()}/{scheda['id']}"))
    return mostra(
        request,
        banco,
        banco.visto(valori, esito),
        "prestazioni/minori_modulo.html",
        titolo=titolo,
        briciole=briciole,
        stato=stato,
        superata=superata,
        azione=azione,
        scheda=scheda,
        correzione=correzione,
        bozza=bozza,
        minore=minore if scheda is None else scheda["id_beneficiario"],
        persona=persona,
        motivo=motivo,
        nota=nota,
    )


@get("/{ambito:str}/minori/nuova", opt={"permesso": "minori.scrivi"})
async def nuova(request: Request[Any, Any, Any]) -> Template:
    """An empty form; one for a further year of a minor; one that begins from a prestazione."""
    dopo = numero_da(request.query_params.get("dopo"))
    if dopo is not None:
        scheda = await minori.leggi(dopo)
        await registra_lettura("minori.consulta", "scheda_sinba", str(dopo))
        banco = await _banco(FISSI_DEL_MINORE)
        valori = modulo.da_mostrare(banco.flusso, scheda["valori"], banco.comuni)
        valori["anno"] = str(scheda["anno"] + 1)
        return _mostra(
            request, banco, valori, azione=f"{base()}/nuova", scheda=scheda,
            titolo="Scheda di un altro anno",
            nota="I dati sono quelli della scheda da cui parti: cambia ciò che è cambiato.",
        )  # fmt: skip
    banco = await _banco()
    valori = {}
    nota = ""
    prestazione = numero_da(request.query_params.get("prestazione"))
    if prestazione is not None:
        riga = await versioni.leggi(prestazione)
        await registra_lettura("prestazioni.consulta", "prestazione", str(prestazione))
        valori = modulo.da_mostrare(
            banco.flusso,
            {
                nome: testo
                for nome, testo in (
                    ("codice_fiscale", riga["codice_fiscale"]), ("anno", str(riga["anno"])),
                    ("comune_titolare", riga["comune_titolare"]),
                    ("ente_erogatore", riga["ente_erogatore"]),
                    ("anno_nascita", versioni.testo_di(riga["anno_nascita"])),
                    ("codice_nazione_residenza", riga["nazione_residenza"]),
                    ("codice_regione_residenza", riga["regione_residenza"]),
                    ("prestazioni", riga["codice_prestazione"]),
                )
                if testo
            },
            banco.comuni,
        )  # fmt: skip
        nota = "Persona, comune, ente e prestazione sono quelli della prestazione da cui parti."
    comune = visita_corrente().nell_ambito.comune
    if comune is not None:
        valori.setdefault("comune_titolare", comune)
    return _mostra(
        request, banco, valori, azione=f"{base()}/nuova", titolo="Nuova scheda", nota=nota
    )


class Ricevuto(msgspec.Struct, kw_only=True):
    """A form that came in.

    Attributes:
        valori: what was typed in the fields of the flow.
        altro: the rest of the form.
        scheda: the record from which the form goes on, or that it corrects.
        bozza: the draft from which it goes on.
        minore: the pseudonym, when it is known from one of the two.
    """

    valori: dict[str, str]
    altro: dict[str, str]
    scheda: dict[str, Any] | None
    bozza: int | None
    minore: str | None

    @property
    def correzione(self) -> bool:
        """Whether the record is corrected, and does not only say who the minor is."""
        return self.scheda is not None and self.altro.get("correzione") == "si"

    @property
    def fissi(self) -> frozenset[str]:
        """The fields that are settled already."""
        if self.correzione:
            return FISSI_DELLA_SCHEDA
        return frozenset() if self.minore is None else FISSI_DEL_MINORE

    async def controlla(self, banco: Banco) -> versioni.Salvataggio:
        """Check what was typed together with what is settled, storing nothing."""
        celle = banco.celle(self.valori)
        if self.scheda is not None:
            gia = self.scheda["valori"]
            celle |= {nome: gia[nome] for nome in self.fissi if nome in gia}
        elif self.minore is not None:
            celle["id_beneficiario"] = self.minore
        return versioni.controlla(banco.flusso, celle, Collocazione(await _riferimenti()))[0]


async def _ricevuto(request: Request[Any, Any, Any]) -> Ricevuto:
    valori, altro = await inviato(request, await flusso_attivo())
    scheda, bozza = numero_da(altro.get("scheda")), numero_da(altro.get("bozza"))
    letta = None if scheda is None else await minori.leggi(scheda)
    minore = None if letta is None else letta["id_beneficiario"]
    if bozza is not None and minore is None:
        # Who the minor is comes from what was kept, never from the page.
        with suppress(NonTrovato):
            minore = (await bozze.leggi(bozza, FONTE_MINORI)).get(bozze.MINORE)
    return Ricevuto(valori=valori, altro=altro, scheda=letta, bozza=bozza, minore=minore)


@post("/{ambito:str}/minori/nuova", opt={"permesso": "minori.scrivi"}, status_code=200)
async def inserisci(request: Request[Any, Any, Any]) -> Template | Redirect:
    """Save a new record, or put it aside."""
    ricevuto = await _ricevuto(request)
    banco = await _banco(ricevuto.fissi)
    if ricevuto.altro.get("azione") == "bozza":
        return await _metti_da_parte(banco, ricevuto)
    esito = await minori.salva(
        banco.flusso, banco.celle(ricevuto.valori), await _riferimenti(),
        await versione_in_vigore(unita_corrente(), banco.flusso),
        minore=ricevuto.minore, bozza=ricevuto.bozza,
    )  # fmt: skip
    if esito.errori:
        return _mostra(
            request, banco, ricevuto.valori, azione=f"{base()}/nuova", scheda=ricevuto.scheda,
            minore=ricevuto.minore, bozza=ricevuto.bozza, esito=esito, stato=422,
            titolo="Nuova scheda" if ricevuto.scheda is None else "Scheda di un altro anno",
        )  # fmt: skip
    await aggiungi_messaggio("riuscito", "La scheda è stata salvata.")
    return await _dopo(esito)


async def _dopo(esito: versioni.Salvataggio) -> Redirect:
    etichette = {n: etichetta(n, c) for n, c in (await flusso_attivo()).campi_per_nome.items()}
    for voci in modulo.per_campo(esito.avvisi, etichette).values():
        for testo in voci:
            await aggiungi_messaggio("avviso", testo)
    return Redirect(f"{base()}/{esito.prestazioni[0]}", status_code=303)


@get("/{ambito:str}/minori/{id_:int}/correggi", opt={"permesso": "minori.scrivi"})
async def correggi(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """The form with the values of a record in force."""
    scheda = await minori.leggi(id_)
    await registra_lettura("minori.consulta", "scheda_sinba", str(id_))
    banco = await _banco(FISSI_DELLA_SCHEDA)
    detta = (await comunicate(banco.flusso.id, [id_])).get(id_)
    superata = "" if scheda["sostituita_lotto"] is None else await _che_vale(scheda)
    return _mostra(
        request, banco, modulo.da_mostrare(banco.flusso, scheda["valori"], banco.comuni),
        azione=f"{base()}/{id_}/correggi", titolo="Correggi la scheda", scheda=scheda,
        correzione=True, superata=superata, stato=409 if superata else 200,
        nota=f"{banco.flusso.destinatario} ha questa scheda: dopo la correzione il prossimo invio "
        "comunica quella nuova, che prende il suo posto."
        if detta is not None and detta.presente
        else "",
    )  # fmt: skip


async def _che_vale(scheda: Mapping[str, Any]) -> str:
    """Where the version in force is; the old record itself when it was taken away."""
    vale = next(
        (v["id"] for v in await minori.storia(scheda) if v["sostituita_lotto"] is None),
        scheda["id"],
    )
    return f"{base()}/{vale}"


@post("/{ambito:str}/minori/{id_:int}/correggi", opt={"permesso": "minori.scrivi"}, status_code=200)
async def correggi_salva(
    request: Request[Any, Any, Any], id_: FromPath[int]
) -> Template | Redirect:
    """Save the next version of a record, or put it aside."""
    scheda = await minori.leggi(id_)
    ricevuto = await _ricevuto(request)
    ricevuto.scheda, ricevuto.altro["correzione"] = scheda, "si"
    motivo = motivo_scritto(ricevuto.altro)
    banco = await _banco(FISSI_DELLA_SCHEDA)
    if ricevuto.altro.get("azione") == "bozza":
        return await _metti_da_parte(banco, ricevuto)
    esito: versioni.Salvataggio | None = None
    superata, stato = "", 422
    try:
        esito = await minori.salva(
            banco.flusso, banco.celle(ricevuto.valori), await _riferimenti(),
            await versione_in_vigore(unita_corrente(), banco.flusso),
            sostituisce=id_, bozza=ricevuto.bozza, motivo=motivo,
        )  # fmt: skip
    except Conflitto:
        superata, stato = await _che_vale(scheda), 409
    if esito is None or esito.errori:
        return _mostra(
            request, banco, ricevuto.valori, azione=f"{base()}/{id_}/correggi",
            titolo="Correggi la scheda", scheda=scheda, correzione=True, bozza=ricevuto.bozza,
            esito=esito, stato=stato, superata=superata, motivo=motivo,
        )  # fmt: skip
    if esito.invariata:
        await aggiungi_messaggio("informazione", "Non è cambiato nulla: la scheda era già così.")
    else:
        await aggiungi_messaggio("riuscito", "La correzione è stata salvata come nuova versione.")
    return await _dopo(esito)


@post(
    "/{ambito:str}/minori/controlla",
    opt={"permesso": "minori.scrivi", "unita": "lettura"},
    status_code=200,
)
async def controlla(request: Request[Any, Any, Any]) -> Template:
    """What is wrong with a form that is being filled in: a message for each field reached."""
    ricevuto = await _ricevuto(request)
    valori = ricevuto.valori
    banco = await _banco(ricevuto.fissi)
    proposti: dict[str, tuple[str, str]] = {}
    if lasciato(request) == "codice_fiscale" and not valori.get("anno_nascita"):
        dal_codice = modulo.dal_codice_fiscale(
            valori.get("codice_fiscale", ""), oggi(), banco.comuni
        )
        if (anno := dal_codice.get("anno_nascita")) is not None:
            proposti["anno_nascita"] = (anno, "Dal codice fiscale: controlla.")
    return esiti(
        request, banco, valori, await ricevuto.controlla(banco), proposti,
        tutto=ricevuto.altro.get("tutto") == "si",
    )  # fmt: skip


# --- drafts -------------------------------------------------------------------------------------


async def _metti_da_parte(banco: Banco, ricevuto: Ricevuto) -> Redirect:
    """Keep a form as a draft: the codice fiscale is exchanged for its pseudonym, or left out."""
    esito = await ricevuto.controlla(banco)
    errori, _ = banco.messaggi(esito)
    tenuti = bozze.senza_persona(ricevuto.valori)
    minore, scritto = ricevuto.minore, ricevuto.valori.get("codice_fiscale", "")
    if minore is None and "id_beneficiario" not in errori:
        letto = leggi_codice_fiscale(scritto)
        if isinstance(letto, str):
            noto = tenuti.get("id_beneficiario", "").strip() or None
            trovati, _ = await schede.assegna(unita_corrente(), {letto: noto})
            minore = trovati.get(letto)
    if ricevuto.scheda is not None:
        segno = bozze.SOSTITUISCE if ricevuto.correzione else bozze.SEGUE
        tenuti[segno] = str(ricevuto.scheda["id"])
    if minore is not None:
        tenuti[bozze.MINORE] = minore
    return await metti_da_parte(
        banco, tenuti, sum(map(len, errori.values())), bozza=ricevuto.bozza, fonte=FONTE_MINORI,
        avviso="Una bozza non tiene codici fiscali, solo lo pseudonimo, e quello scritto non si è "
        "potuto scambiare: riscrivilo quando la continui."
        if scritto.strip() and minore is None
        else "",
    )  # fmt: skip


@get("/{ambito:str}/minori/bozze/{id_:int}", opt={"permesso": "minori.scrivi"})
async def una_bozza(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """Go on with a draft; its errors are shown at once."""
    valori = await bozze.leggi(id_, FONTE_MINORI)
    await registra_lettura("minori.consulta_bozza", "bozza", str(id_))
    minore = valori.pop(bozze.MINORE, None)
    sostituisce = numero_da(valori.pop(bozze.SOSTITUISCE, ""))
    segue = sostituisce or numero_da(valori.pop(bozze.SEGUE, ""))
    ricevuto = Ricevuto(
        valori=valori, altro={} if sostituisce is None else {"correzione": "si"}, bozza=id_,
        scheda=None if segue is None else await minori.leggi(segue), minore=minore,
    )  # fmt: skip
    return await _continua(request, ricevuto)


async def _continua(
    request: Request[Any, Any, Any], ricevuto: Ricevuto, persona: str | None = None
) -> Template:
    banco = await _banco(ricevuto.fissi)
    scheda, superata = ricevuto.scheda, ""
    azione = f"{base()}/nuova"
    if scheda is not None and ricevuto.correzione:
        azione = f"{base()}/{scheda['id']}/correggi"
        superata = "" if scheda["sostituita_lotto"] is None else await _che_vale(scheda)
    return _mostra(
        request, banco, ricevuto.valori, azione=azione, titolo="Continua la bozza", scheda=scheda,
        minore=ricevuto.minore, persona=persona, correzione=ricevuto.correzione,
        bozza=ricevuto.bozza, esito=await ricevuto.controlla(banco), superata=superata,
        stato=409 if superata else 200,
    )  # fmt: skip


@post(
    "/{ambito:str}/minori/bozze/{id_:int}/persona",
    opt={"permesso": "minori.scrivi"},
    status_code=200,
)
async def persona_della_bozza(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """The form as it is being filled in, with the codice fiscale; that it was asked is in the audit."""
    minore = (await bozze.leggi(id_, FONTE_MINORI)).get(bozze.MINORE)
    ricevuto = await _ricevuto(request)
    ricevuto.bozza, ricevuto.minore = id_, minore
    trovata = None if minore is None else await schede.persona_di(minore)
    return await _continua(request, ricevuto, trovata)


def _di_chi(valori: Mapping[str, str]) -> str:
    minore = valori.get(bozze.MINORE)
    return "senza codice fiscale" if minore is None else f"del minore {minore}"


BOZZE: Final = Bozze(
    fonte=FONTE_MINORI,
    radice="minori",
    titolo="Minori",
    modello="prestazioni/minori_bozze.html",
    colonne=("Minore", "Scheda"),
    sommario="Schede messe da parte: non entrano in nessun invio finché non le salvi.",
    nome=_di_chi,
    tante="Le schede già salvate",
)


# --- who the minor is ---------------------------------------------------------------------------


@get("/{ambito:str}/minori/{id_:int}/codice-fiscale", opt={"permesso": "minori.scrivi"})
async def chiedi_persona(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """Ask for the codice fiscale that the minor of a record has now."""
    scheda = await minori.leggi(id_)
    await registra_lettura("minori.consulta", "scheda_sinba", str(id_))
    return await _persona(request, scheda, {}, {})


async def _persona(
    request: Request[Any, Any, Any],
    scheda: Mapping[str, Any],
    scritto: Mapping[str, str],
    errori: Mapping[str, str],
) -> Template:
    qui = f"{base()}/{scheda['id']}"
    pagina = costruisci_pagina(
        request, "Correggi il codice fiscale", con_errori=bool(errori),
        briciole=[("Minori", base()), (f"Minore {scheda['id_beneficiario']}", qui)],
    )  # fmt: skip
    return rispondi(
        request,
        "prestazioni/minori_persona.html",
        pagina,
        stato=422 if errori else 200,
        scheda=scheda,
        motivi=[(codice, testo) for codice, (testo, _) in MOTIVI_PERSONA.items()],
        scelto=scritto.get("motivo", ""),
        scritto=motivo_scritto(scritto, "codice_fiscale", 20),
        errori=errori,
        destinatario=(await flusso_attivo()).destinatario,
        qui=qui,
    )


@post(
    "/{ambito:str}/minori/{id_:int}/codice-fiscale",
    opt={"permesso": "minori.scrivi"},
    status_code=200,
)
async def correggi_persona(
    request: Request[Any, Any, Any],
    id_: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Give the pseudonym to the codice fiscale that the minor has now."""
    scheda = await minori.leggi(id_)
    errori: dict[str, str] = {}
    letto = leggi_codice_fiscale(data.get("codice_fiscale", ""))
    if letto is None:
        errori["codice_fiscale"] = "Scrivi il codice fiscale giusto."
    elif isinstance(letto, Rifiuto):
        errori["codice_fiscale"] = letto.messaggio[:1].upper() + letto.messaggio[1:]
    motivo = data.get("motivo", "")
    if motivo not in MOTIVI_PERSONA:
        errori["motivo"] = "Scegli perché il codice fiscale si corregge."
    if not errori and isinstance(letto, str):
        negata = await schede.correggi_persona(
            scheda["id_beneficiario"], letto, motivo, prima_vale=MOTIVI_PERSONA[motivo][1]
        )
        if negata is None:
            await aggiungi_messaggio(
                "riuscito", "Il codice fiscale è stato corretto. Lo pseudonimo è rimasto lo stesso."
            )
            return Redirect(f"{base()}/{id_}", status_code=303)
        errori["codice_fiscale"] = schede.CORREZIONI_NEGATE[negata]
    return await _persona(request, scheda, data, errori)


# --- taking away --------------------------------------------------------------------------------


@get("/{ambito:str}/minori/{id_:int}/togli", opt={"permesso": "minori.scrivi"})
async def togli(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
    """Ask before a record is taken away, and say what the receiver keeps."""
    scheda = await minori.leggi(id_)
    await registra_lettura("minori.consulta", "scheda_sinba", str(id_))
    return await _togli(request, scheda, Tolta(motivi=MOTIVI))


async def _togli(
    request: Request[Any, Any, Any], scheda: Mapping[str, Any], tolta: Tolta
) -> Template:
    flusso = await flusso_attivo()
    ids = [versione["id"] for versione in await minori.storia(scheda)]
    return chiedi_se_togliere(
        request, tolta, "prestazioni/minori_togli.html", titolo="Togli la scheda",
        briciole=[
            ("Minori", base()),
            (f"Minore {scheda['id_beneficiario']}", f"{base()}/{scheda['id']}"),
        ],
        superata="" if scheda["sostituita_lotto"] is None else await _che_vale(scheda),
        scheda=scheda,
        presente=any(d.presente for d in (await comunicate(flusso.id, ids)).values()),
        destinatario=flusso.destinatario,
    )  # fmt: skip


@post("/{ambito:str}/minori/{id_:int}/togli", opt={"permesso": "minori.scrivi"}, status_code=200)
async def togli_davvero(
    request: Request[Any, Any, Any],
    id_: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Take a record away."""
    scheda = await minori.leggi(id_)
    tolta = Tolta.letta(MOTIVI, data, "scheda")
    if tolta.errore:
        return await _togli(request, scheda, tolta)
    try:
        await minori.elimina(id_, (await flusso_attivo()).id, tolta.motivo)
    except Conflitto:
        return await _togli(request, await minori.leggi(id_), tolta)
    await aggiungi_messaggio("riuscito", "La scheda è stata tolta. La sua storia resta qui.")
    return Redirect(f"{base()}/{id_}", status_code=303)


GESTORI: Final = [
    *rotte_bozze(BOZZE), una_bozza, persona_della_bozza, chiedi_persona, correggi_persona,
    elenco, torna_all_elenco, cerca, modello, una, persona, nuova, inserisci, correggi,
    correggi_salva, controlla, togli, togli_davvero,
]  # fmt: skip
