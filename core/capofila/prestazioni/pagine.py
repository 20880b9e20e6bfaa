"""What the pages of a record share, whichever flow it is of: its form, its story, taking it away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio, registra_lettura
from capofila.base.database import unita_corrente
from capofila.base.errori import NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import Flusso
from capofila.prestazioni import bozze, modulo, versioni
from capofila.prestazioni.modulo import GruppoModulo
from capofila.prestazioni.rules import Collocazione
from capofila.prestazioni.service import riferimenti_dell_ambito
from capofila.territorio import service as territorio
from capofila.territorio.rules import Comune, Ente, MappaComuni
from capofila.web.contesto import costruisci_pagina, rispondi
from capofila.web.pagina import Colonna

Briciole = Sequence[tuple[str, str]]
"""The pages above: title, address."""


def comuni_titolari(
    enti: Iterable[Ente], comuni: Mapping[str, Comune], solo: str | None = None
) -> list[tuple[str, str]]:
    """Belfiore code and name of the comuni among some enti, by name; one of them when it is told."""
    return sorted(
        (
            (ente.codice, comuni[ente.codice].nome)
            for ente in enti
            if ente.tipo == "comune" and ente.codice is not None and ente.codice in comuni
            and solo in (None, ente.codice)
        ),
        key=lambda coppia: coppia[1],
    )  # fmt: skip


def file_di(riga: Mapping[str, Any]) -> str:
    """Where the import that brought a record is, if the reader may open it; else empty."""
    visita = visita_corrente()
    if (
        not visita.puo("prestazioni.importa")
        or not riga["file_visibile"]
        or riga["formato"] == "programma"
    ):
        return ""
    return f"/{visita.nell_ambito.slug}/importazioni/{riga['lotto_id']}"


# --- the form -----------------------------------------------------------------------------------


class Visto(msgspec.Struct, kw_only=True):
    """A form as its template shows it.

    Attributes:
        valori: what was typed, by field.
        errori, avvisi: messages by field.
        fuoco: the field to begin from; empty where the summary of the errors takes the focus.
        tutto: every message is shown, also of fields that were not reached.
    """

    gruppi: tuple[GruppoModulo, ...]
    valori: Mapping[str, str]
    errori: Mapping[str, list[str]] = msgspec.field(default_factory=dict)
    avvisi: Mapping[str, list[str]] = msgspec.field(default_factory=dict)
    fuoco: str = ""
    tutto: bool = False
    controlla: str = ""

    def aperto(self, gruppo: GruppoModulo) -> bool:
        """Whether a group that may be closed has something to show."""
        return not gruppo.chiuso or any(
            self.valori.get(campo.nome) or self.errori.get(campo.nome) for campo in gruppo.campi
        )

    def blocchi(self, nome: str) -> list[dict[str, str]]:
        """The addresses typed so far."""
        return modulo.blocchi_di(self.valori.get(nome, ""))

    @property
    def riepilogo(self) -> list[tuple[str, str]]:
        """The errors in the order of the form, with the field that each links to."""
        ordine = [""] + [campo.nome for gruppo in self.gruppi for campo in gruppo.campi]
        return [(nome, testo) for nome in ordine for testo in self.errori.get(nome, ())]


class Banco:
    """What every page of the form needs: the flow, the comuni, the groups, where its pages are."""

    def __init__(
        self, flusso: Flusso, comuni: MappaComuni, gruppi: tuple[GruppoModulo, ...], base: str
    ) -> None:
        self.flusso = flusso
        self.comuni = comuni
        self.gruppi = gruppi
        self.base = base
        self.ordine = [campo.nome for gruppo in self.gruppi for campo in gruppo.campi]
        self.etichette = {
            campo.nome: campo.etichetta for gruppo in self.gruppi for campo in gruppo.campi
        }

    def celle(self, valori: Mapping[str, str]) -> dict[str, str]:
        """What the flow reads of what was typed."""
        return modulo.da_controllare(self.flusso, valori, self.comuni)

    def messaggi(
        self, esito: versioni.Salvataggio
    ) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Errors and remarks by field."""
        return modulo.per_campo(esito.errori, self.etichette), modulo.per_campo(
            esito.avvisi, self.etichette
        )

    async def controlla(self, valori: Mapping[str, str]) -> versioni.Salvataggio:
        """Check what was typed, storing nothing."""
        riferimenti = await riferimenti_dell_ambito(
            unita_corrente(), visita_corrente().nell_ambito.comune
        )
        esito, _ = versioni.controlla(self.flusso, self.celle(valori), Collocazione(riferimenti))
        return esito

    def visto(
        self,
        valori: Mapping[str, str],
        esito: versioni.Salvataggio | None = None,
        fuoco: str = "",
    ) -> Visto:
        """The form with what was typed and, when it was checked, every message."""
        errori, avvisi = ({}, {}) if esito is None else self.messaggi(esito)
        return Visto(
            gruppi=self.gruppi, valori=valori, errori=errori, avvisi=avvisi,
            tutto=esito is not None, fuoco="" if errori else fuoco or self.ordine[0],
            controlla=f"{self.base}/controlla",
        )  # fmt: skip


async def scelte(comuni: MappaComuni) -> modulo.Scelte:
    """The comuni and the enti of the ambito; of its own comune only for whoever works for one."""
    enti = await territorio.enti()
    return modulo.Scelte(
        comuni=comuni_titolari(enti, comuni.per_belfiore, visita_corrente().nell_ambito.comune),
        enti=[(ente.codice or ente.denominazione[:100], ente.denominazione) for ente in enti],
    )


async def inviato(
    request: Request[Any, Any, Any], flusso: Flusso
) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed in the fields of the flow, and the rest of the form."""
    inviati = (await request.form()).multi_items()
    testi = [(nome, valore) for nome, valore in inviati if isinstance(valore, str)]
    altro = {nome: valore for nome, valore in testi if nome not in flusso.campi_per_nome}
    return modulo.leggi_modulo(flusso, testi), altro


def numero_da(testo: str | None) -> int | None:
    if not testo or not (testo.isascii() and testo.isdigit()) or len(testo) > 19:
        return None
    return int(testo)


def motivo_scritto(altro: Mapping[str, str], nome: str = "motivo", massimo: int = 200) -> str:
    """A short text of the form, such as why a record is corrected."""
    return altro.get(nome, "").replace("\0", "").strip()[:massimo]


def mostra(
    request: Request[Any, Any, Any],
    banco: Banco,
    visto: Visto,
    modello: str,
    *,
    titolo: str,
    briciole: Briciole,
    stato: int = 200,
    superata: str = "",
    **contesto: Any,
) -> Template:
    """The page of the form.

    Args:
        request: of the page.
        banco: the form.
        visto: what it shows.
        modello: the template, which extends ``_modulo.html``.
        titolo: of the page.
        briciole: the pages above it; the last one is where whoever gives up goes.
        stato: the status of the answer.
        superata: where the version in force is, when the one to correct is not.
        contesto: what else the template asks for.
    """
    if superata:
        visto.fuoco = ""
    pagina = costruisci_pagina(
        request, titolo, briciole=briciole, con_errori=bool(visto.errori) and stato >= 400
    )
    return rispondi(
        request,
        modello,
        pagina,
        stato=stato,
        modulo=visto,
        base=banco.base,
        torna=briciole[-1][1],
        superata=superata,
        suggerimenti=modulo.suggerimenti(banco.comuni),
        indirizzi=range(1, modulo.INDIRIZZI + 1),
        **contesto,
    )


def lasciato(request: Request[Any, Any, Any]) -> str:
    """The field that was just left, when a form is checked while it is filled in."""
    return (request.headers.get("hx-trigger-name") or "").split(".")[0]


def esiti(
    request: Request[Any, Any, Any],
    banco: Banco,
    valori: Mapping[str, str],
    esito: versioni.Salvataggio,
    proposti: Mapping[str, tuple[str, str]],
    *,
    tutto: bool,
) -> Template:
    """What is wrong with a form that is being filled in: a message for each field reached.

    Args:
        request: of the check.
        banco: the form.
        valori: what was typed.
        esito: of the check of all of it.
        proposti: for fields still empty, a value and where it comes from.
        tutto: every message is shown, also of fields that were not reached.
    """
    errori, avvisi = banco.messaggi(esito)
    quanti = sum(len(voci) for voci in errori.values())
    if not tutto:
        errori = modulo.gia_dette(errori, banco.ordine, valori, lasciato(request))
    visto = Visto(
        gruppi=banco.gruppi, avvisi=avvisi, tutto=tutto, controlla=f"{banco.base}/controlla",
        valori={**valori, **{nome: valore for nome, (valore, _) in proposti.items()}},
        errori={nome: voci for nome, voci in errori.items() if nome not in proposti},
    )  # fmt: skip
    return Template(
        "prestazioni/_esiti.html",
        context={
            "modulo": visto, "proposti": {nome: da for nome, (_, da) in proposti.items()},
            "quanti": quanti, "indirizzi": range(1, modulo.INDIRIZZI + 1),
        },
    )  # fmt: skip


# --- taking away --------------------------------------------------------------------------------


class Tolta(msgspec.Struct, kw_only=True):
    """What was answered when it was asked why a record is taken away.

    Attributes:
        motivi: the reasons to choose from, by value.
        errore: what is wrong with the answer.
    """

    motivi: Mapping[str, str]
    scelto: str = ""
    note: str = ""
    errore: str = ""

    @classmethod
    def letta(cls, motivi: Mapping[str, str], dati: Mapping[str, str], cosa: str) -> Tolta:
        """What was sent, with its error if no reason was chosen."""
        letta = cls(
            motivi=motivi, scelto=dati.get("motivo", ""), note=motivo_scritto(dati, "note", 140)
        )
        if letta.scelto not in motivi:
            letta.errore = f"Scegli perché la {cosa} si toglie."
        return letta

    @property
    def motivo(self) -> str:
        """The reason in words, for the history."""
        return self.motivi[self.scelto] + (f": {self.note}" if self.note else "")


def chiedi_se_togliere(
    request: Request[Any, Any, Any],
    tolta: Tolta,
    modello: str,
    *,
    titolo: str,
    briciole: Briciole,
    superata: str,
    **contesto: Any,
) -> Template:
    """Ask before a record is taken away.

    Args:
        request: of the page.
        tolta: what was answered so far.
        modello: the template, which extends ``_togli.html``.
        titolo: of the page.
        briciole: the pages above it; the last one is the record.
        superata: where the version in force is, when this one is not.
        contesto: what else the template asks for.
    """
    pagina = costruisci_pagina(request, titolo, briciole=briciole, con_errori=bool(tolta.errore))
    return rispondi(
        request,
        modello,
        pagina,
        stato=409 if superata else 422 if tolta.errore else 200,
        motivi=list(tolta.motivi.items()),
        scelto=tolta.scelto,
        note=tolta.note,
        errore=tolta.errore,
        superata=superata,
        qui=briciole[-1][1],
        **contesto,
    )


# --- drafts -------------------------------------------------------------------------------------


COLONNE_BOZZE: Final = (
    Colonna("Comune"),
    Colonna("Errori", tipo="numero"),
    Colonna("Modificata"),
    Colonna("Che cosa fare"),
)


async def metti_da_parte(
    banco: Banco,
    valori: Mapping[str, str],
    quanti: int,
    *,
    bozza: int | None,
    fonte: str,
    avviso: str = "",
) -> Redirect:
    """Keep a form as a draft, and go to the list of them.

    Args:
        banco: the form.
        valori: what is kept.
        quanti: data that are missing or wrong.
        bozza: the draft that it takes the place of.
        fonte: of the flow.
        avviso: what could not be kept.
    """
    comune = visita_corrente().nell_ambito.comune
    try:
        await bozze.tieni(valori, quanti, bozza=bozza, comune=comune, fonte=fonte)
    except NonTrovato:
        # Somebody threw it away in the meantime: what was typed is kept all the same.
        await bozze.tieni(valori, quanti, bozza=None, comune=comune, fonte=fonte)
    await aggiungi_messaggio(
        "riuscito",
        "La bozza è stata salvata."
        + (f" Ha {quanti} {'dato' if quanti == 1 else 'dati'} da correggere." if quanti else ""),
    )
    if avviso:
        await aggiungi_messaggio("avviso", avviso)
    return Redirect(f"{banco.base}/bozze", status_code=303)


class Bozze(msgspec.Struct, frozen=True, kw_only=True):
    """The drafts of a flow as their pages show them.

    Attributes:
        fonte: of the flow.
        radice: first word of the permissions, and of the addresses after the ambito.
        titolo: of the page above.
        modello: the template, which extends ``_bozze.html``.
        colonne: what the first two columns have.
        sommario: the line under the title.
        nome: what a draft is called, from its values.
        tante: the records that stay when a draft is thrown away.
    """

    fonte: str
    radice: str
    titolo: str
    modello: str
    colonne: tuple[str, str]
    sommario: str
    nome: Callable[[Mapping[str, str]], str]
    tante: str

    @property
    def sopra(self) -> tuple[str, str]:
        """The page above, with its address in the ambito of the visit."""
        return self.titolo, f"/{visita_corrente().nell_ambito.slug}/{self.radice}"


def rotte_bozze(queste: Bozze) -> list[HTTPRouteHandler]:
    """The list of the drafts of a flow, and throwing one away after asking."""
    casa = f"/{{ambito:str}}/{queste.radice}/bozze"
    permesso = {"permesso": f"{queste.radice}.scrivi"}

    @get(casa, opt=permesso)
    async def elenco(request: Request[Any, Any, Any]) -> Template:
        """What was put aside, to go on with or to throw away."""
        numero = min(max(numero_da(request.query_params.get("pagina", "1")) or 1, 1), 10_000)
        trovate = await bozze.elenco(queste.fonte, numero)
        await registra_lettura(f"{queste.radice}.elenca_bozze", "bozza", None, righe=len(trovate))
        return rispondi(
            request,
            queste.modello,
            costruisci_pagina(
                request, "Bozze", briciole=[queste.sopra], sommario=queste.sommario
            ),
            bozze=trovate[: bozze.PER_PAGINA],
            altre=len(trovate) > bozze.PER_PAGINA,
            numero=numero,
            comuni=(await territorio.mappa_comuni()).per_belfiore,
            colonne=(*map(Colonna, queste.colonne), *COLONNE_BOZZE),
            base=queste.sopra[1],
        )  # fmt: skip

    @get(f"{casa}/{{id_:int}}/elimina", opt=permesso)
    async def chiedi_elimina(request: Request[Any, Any, Any], id_: FromPath[int]) -> Template:
        """Ask before a draft is thrown away."""
        nome = queste.nome(await bozze.leggi(id_, queste.fonte))
        torna = f"{queste.sopra[1]}/bozze"
        pagina = costruisci_pagina(
            request, "Butta la bozza", briciole=[queste.sopra, ("Bozze", torna)]
        )
        return rispondi(
            request, "prestazioni/butta_bozza.html", pagina, nome=nome, tante=queste.tante,
            azione=f"{torna}/{id_}/elimina", torna=torna,
        )  # fmt: skip

    @post(f"{casa}/{{id_:int}}/elimina", opt=permesso, status_code=200)
    async def elimina(id_: FromPath[int]) -> Redirect:
        """Throw a draft away."""
        await bozze.leggi(id_, queste.fonte)
        await bozze.butta(id_, queste.fonte)
        await aggiungi_messaggio("informazione", "La bozza è stata buttata.")
        return Redirect(f"{queste.sopra[1]}/bozze", status_code=303)

    return [elenco, chiedi_elimina, elimina]
