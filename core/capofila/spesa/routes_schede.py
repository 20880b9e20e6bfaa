"""Pages of the sheet of a comune: the grid, what the checks find, remarks, steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import ROMA, oggi
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.hooks import ModuloSpesa
from capofila.spesa import griglia, service
from capofila.spesa.controlli import Rilievo
from capofila.spesa.griglia import Contorno, RigaGriglia
from capofila.spesa.routes_rilevazioni import (
    AZIONI,
    STATI,
    Errori,
    base,
    campi_inviati,
    chi_passa,
    giorno_da,
    passi_di,
)
from capofila.spesa.rules import ZERO, RigaSpesa, per_conto
from capofila.web.contesto import costruisci_pagina, rispondi

RIGHE_MASSIME: Final = 2000
"""Lines that one sending of the grid may have."""

Richiesta = Request[Any, Any, Any]
_SCRIVE: Final = {"permesso": "spesa.scrivi"}


class Voci(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as the page lists it.

    Attributes:
        dove: the cell that it links to, by its id in the page; empty for the sheet as a whole.
        che: the line and the column in words.
    """

    rilievo: Rilievo
    dove: str
    che: str


class CellaScelta(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that is to be commented on: its line and column, its id in the page, its line in words."""

    riga: str
    colonna: str
    id: str
    che: str


class Scritto(msgspec.Struct, frozen=True, kw_only=True):
    """What was written in one form of the page, and refused."""

    modulo: str = ""
    testi: Mapping[str, str] = {}

    def di(self, modulo: str, nome: str, predefinito: str = "", **stessi: str) -> str:
        """The text of a field of a form, where the others say what they are to say; else the default."""
        questo = self.modulo == modulo and all(self.testi.get(n) == v for n, v in stessi.items())
        return self.testi.get(nome, "")[:4000] if questo else predefinito


class Aperto(msgspec.Struct, kw_only=True):
    """A sheet with all that its page shows."""

    scheda: service.Scheda
    rilevazione: service.Rilevazione
    modulo: ModuloSpesa
    viste: list[service.RigaVista]
    prima: dict[str, RigaSpesa]
    rilievi: list[Rilievo]
    commenti: list[service.Commento]
    cambiate: Sequence[str] | None

    @classmethod
    async def leggi(cls, scheda: service.Scheda) -> Aperto:
        """All of it, as it stands now."""
        anno, istat = scheda.anno, scheda.istat
        questa = await service.rilevazione(anno)
        cambiate = await service.cambiate_dopo_approvazione(anno, istat)
        return cls(
            scheda=scheda,
            rilevazione=questa,
            modulo=await service.modulo_di(anno, questa.modulo),
            viste=await service.righe(anno, istat),
            prima=griglia.per_chiave(v.riga for v in await service.righe(anno - 1, istat)),
            rilievi=await service.rilievi(anno, istat),
            commenti=await service.commenti(anno, istat),
            cambiate=cambiate.get(istat),
        )

    @property
    def chiavi(self) -> list[str]:
        """What the comune's own lines are found by, in the order of the grid."""
        return [griglia.chiave_di(v.riga) for v in self.viste if v.riparto is None]

    @property
    def contorno(self) -> Contorno:
        """What is said of the cells."""
        return Contorno(
            modulo=self.modulo, prima=self.prima,
            rilievi=griglia.per_cella(self.rilievi, dict.fromkeys(self.chiavi)),
            cambiate=frozenset(self.cambiate or ()),
            commenti=Counter(uno.cella for uno in self.commenti),
        )  # fmt: skip

    def righe(self) -> list[RigaGriglia]:
        """The grid: areas in the order of the form, the azienda's shares after the comune's own."""
        contorno = self.contorno
        ordine = {area.codice: n for n, area in enumerate(self.modulo.aree)}
        viste = sorted(
            self.viste, key=lambda v: (ordine.get(v.riga.area, len(ordine)), v.riparto or 0)
        )
        return [
            griglia.componi_riga(
                v.riga, contorno, riparto=v.riparto, versione=v.modificata_il.isoformat()
            )
            for v in viste
        ]

    def trovati(self, righe: Sequence[RigaGriglia]) -> list[Voci]:
        """The findings, each with the cell that it links to."""
        per_chiave = {riga.chiave: riga for riga in righe if riga.riparto is None}
        nomi = dict(griglia.colonne(self.modulo))
        campi = {campo.codice: campo.etichetta for campo in self.modulo.campi}
        trovati = []
        for uno in self.rilievi:
            posto = griglia.dove(uno.cella, per_chiave)
            if posto is not None:
                riga = per_chiave[posto[0]]
                che = f"{riga.voce} ({riga.modo}), {nomi.get(posto[1], posto[1]).lower()}"
                dove = f"campo-{riga.sigla}-{posto[1]}"
            elif uno.cella in campi:
                che, dove = campi[uno.cella], f"campo-{uno.cella}"
            else:
                parti = uno.cella.split("/")
                che, dove = (", ".join(p for p in parti[:-1] if p) or "Tutta la scheda"), "griglia"
            trovati.append(Voci(rilievo=uno, dove=dove, che=che))
        return trovati


async def _scheda(
    request: Richiesta,
    aperto: Aperto,
    errori: Sequence[tuple[str, str]] = (),
    stato: int = 200,
    righe: list[RigaGriglia] | None = None,
    *,
    tieni: bool = False,
    scritto: Scritto | None = None,
) -> Template:
    una, questa, visita = aperto.scheda, aperto.rilevazione, visita_corrente()
    griglia_righe = aperto.righe() if righe is None else righe
    chiusa = una.chiusa(questa, oggi())
    scrive = visita.puo("spesa.scrivi")
    pagina = costruisci_pagina(
        request, f"{una.nome}, {una.anno}",
        briciole=[("Spesa sociale", base()),
                  (f"Rilevazione {una.anno}", f"{base()}/rilevazioni/{questa.id}")],
        sommario="La scheda della spesa sociale del comune.", con_errori=bool(errori),
    )  # fmt: skip
    presenti = {*aperto.chiavi}
    return rispondi(
        request,
        "spesa/scheda.html",
        pagina,
        stato=stato,
        tieni=tieni,
        aperto=aperto,
        scheda=una,
        rilevazione=questa,
        termine=una.termine(questa),
        chiusa=chiusa,
        modificabile=scrive and chiusa is None,
        scrive=scrive,
        governa=visita.puo("spesa.governa"),
        gruppi=[(area, [*sue]) for area, sue in groupby(griglia_righe, key=lambda riga: riga.area)],
        trovati=aperto.trovati(griglia_righe),
        colonne=griglia.colonne(aperto.modulo),
        totali=griglia.totali((v.riga for v in aperto.viste), aperto.modulo),
        manca_prima=[
            griglia.componi_riga(riga, Contorno(modulo=aperto.modulo))
            for chiave, riga in aperto.prima.items()
            if chiave not in presenti
        ],
        passaggi=await service.passaggi(una.anno, una.istat),
        passi=[(uno, per_conto(uno, chi_passa())) for uno in passi_di(una.stato)],
        azioni=AZIONI,
        stati=STATI,
        parole=griglia.PAROLE,
        errori=errori,
        titolo_errori="Alcune righe non sono salvate, le altre sì" if tieni else "",
        commenta=_cella_scelta(request, griglia_righe, scritto or Scritto()),
        scritto=scritto or Scritto(),
        scelte={
            gruppo: [(uno.codice, uno.denominazione) for uno in getattr(aperto.modulo, gruppo)]
            for gruppo in ("aree", "voci", "gestioni", "modalita")
        },
        posti={
            f"{r.chiave}/{cella.colonna}": (cella.id, f"{r.voce}, {r.modo}, {cella.etichetta}")
            for r in griglia_righe
            if not r.riparto
            for cella in r.celle
        },
        qui=f"{base()}/schede/{una.id}",
    )


def _cella_scelta(
    request: Richiesta, righe: Sequence[RigaGriglia], scritto: Scritto
) -> CellaScelta | None:
    """The cell that the address, or a remark that was refused, is about; None for the whole sheet."""
    nome = scritto.di("commenta", "riga", request.query_params.get("commenta", ""))
    colonna = scritto.di("commenta", "colonna", request.query_params.get("colonna", "spesa"))
    for riga in righe:
        for cella in riga.celle:
            if riga.riparto is None and (riga.sigla, cella.colonna) == (nome, colonna):
                return CellaScelta(
                    riga=nome, colonna=colonna, id=cella.id,
                    che=f"{riga.voce}, {riga.modo}",
                )  # fmt: skip
    return None


@get("/{ambito:str}/spesa/schede/{id_:int}", opt={"permesso": "spesa.vedi", "unita": "lettura"})
async def una(request: Richiesta, id_: FromPath[int]) -> Template:
    """One sheet."""
    return await _scheda(request, await Aperto.leggi(await service.scheda_con_id(id_)))


def _torna(id_: int, ancora: str = "") -> Redirect:
    return Redirect(f"{base()}/schede/{id_}{ancora}", status_code=303)


async def _inviata(request: Richiesta, id_: int) -> tuple[service.Scheda, dict[str, str]]:
    """The sheet that an address names, and the texts of the form that was sent about it."""
    return await service.scheda_con_id(id_), dict(await campi_inviati(request))


async def _di_nuovo(
    request: Richiesta, id_: int, campo: str, testo: str, modulo: str, scritto: Mapping[str, str]
) -> Template:
    """The page again, with why it was refused and what had been written in that form of it."""
    aperto = await Aperto.leggi(await service.scheda_con_id(id_))
    return await _scheda(
        request, aperto, [(campo, testo)], 422, scritto=Scritto(modulo=modulo, testi=scritto)
    )


# ---- the lines ----


class Salvataggio(msgspec.Struct, kw_only=True):
    """What became of the lines that were sent.

    Attributes:
        salvate: how many lines changed.
        testi: what was typed, by line and column, where it was refused.
        errori: what is wrong, by line and column; an empty column is the line as a whole.
    """

    salvate: int = 0
    testi: dict[str, dict[str, str]] = {}
    errori: dict[str, dict[str, str]] = {}


async def _salva(scheda: service.Scheda, inviate: Mapping[str, dict[str, str]]) -> Salvataggio:
    """Write the lines that were sent, those that changed and are good; the others say why not."""
    questa, _ = await service.scrivibile(scheda.anno, scheda.istat)
    modulo = await service.modulo_di(scheda.anno, questa.modulo)
    adesso = {
        griglia.sigla(griglia.chiave_di(v.riga)): v
        for v in await service.righe(scheda.anno, scheda.istat)
        if v.riparto is None
    }
    esito = Salvataggio()
    for nome, celle in inviate.items():
        vista = adesso.get(nome)
        if vista is None:
            esito.errori[nome] = {"": "la riga non c'è più: ricaricare la pagina"}
            continue
        riga, errori = griglia.leggi_riga(
            scheda.istat, griglia.chiave_di(vista.riga), celle, modulo
        )
        if riga is not None and riga == _senza_zeri(vista.riga):
            continue
        if riga is not None and celle.get("versione") != vista.modificata_il.isoformat():
            quando = f"{vista.modificata_il.astimezone(ROMA):%d/%m/%Y alle %H:%M}"
            errori = {"": f"qualcun altro l'ha cambiata il {quando}: ricaricare la pagina per "
                          "vedere i suoi valori, oppure salvare di nuovo per mettere i propri"}  # fmt: skip
        elif riga is not None:
            try:
                await service.scrivi(scheda.anno, riga)
                esito.salvate += 1
            except DatiNonValidi as errore:
                errori = {"": errore.messaggio}
        if errori:
            esito.errori[nome], esito.testi[nome] = errori, celle
    return esito


def _senza_zeri(riga: RigaSpesa) -> RigaSpesa:
    fonti = {nome: importo for nome, importo in riga.fonti.items() if importo}
    return msgspec.structs.replace(riga, fonti=fonti)


def _per_riga(inviati: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The fields of the grid by line: they are named ``line.column``."""
    inviate: dict[str, dict[str, str]] = {}
    for nome, valore in inviati:
        riga, punto, colonna = nome.partition(".")
        if punto and len(riga) == 10 and (riga in inviate or len(inviate) < RIGHE_MASSIME):
            inviate.setdefault(riga, {})[colonna] = valore[:60]
    return inviate


@post("/{ambito:str}/spesa/schede/{id_:int}/righe", opt=_SCRIVE, status_code=200)
async def salva(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Save lines: one as soon as it is typed, or the whole grid."""
    scheda = await service.scheda_con_id(id_)
    inviate = _per_riga(await campi_inviati(request))
    esito = await _salva(scheda, inviate)
    aperto = await Aperto.leggi(scheda)
    righe = aperto.righe()
    _con_errori(righe, esito)
    if request.headers.get("hx-request") == "true":
        return rispondi(
            request,
            "spesa/_salvate.html",
            costruisci_pagina(request, scheda.nome),
            stato=422 if esito.errori else 200,
            # A line that is good stays, also when another one of the same sending is not.
            tieni=True,
            righe=[riga for riga in righe if riga.sigla in inviate and riga.riparto is None],
            non_salvate=[testo for uno in esito.errori.values() for testo in uno.values()],
            trovati=aperto.trovati(righe),
            totali=griglia.totali((v.riga for v in aperto.viste), aperto.modulo),
            ora=datetime.now(ROMA),
            modificabile=True,
            parole=griglia.PAROLE,
            qui=f"{base()}/schede/{id_}",
        )
    if esito.errori:
        return await _scheda(request, aperto, _in_elenco(righe, esito), 422, righe, tieni=True)
    quante = "Nessuna riga è cambiata." if not esito.salvate else (
        "Salvata 1 riga." if esito.salvate == 1 else f"Salvate {esito.salvate} righe."
    )  # fmt: skip
    await aggiungi_messaggio("riuscito" if esito.salvate else "informazione", quante)
    return _torna(id_, "#griglia")


def _con_errori(righe: Sequence[RigaGriglia], esito: Salvataggio) -> None:
    """Put what was typed and refused back in its cells."""
    for riga in righe:
        if riga.riparto is not None or riga.sigla not in esito.errori:
            continue
        riga.errore = esito.errori[riga.sigla].get("", "")
        for cella in riga.celle:
            cella.testo = esito.testi.get(riga.sigla, {}).get(cella.colonna, cella.testo)
            cella.errore = esito.errori[riga.sigla].get(cella.colonna, "")


def _in_elenco(righe: Sequence[RigaGriglia], esito: Salvataggio) -> Errori:
    """What is wrong with a sending without JavaScript, each with the cell that it links to."""
    per_sigla = {riga.sigla: riga for riga in righe if riga.riparto is None}
    elenco: Errori = []
    for nome, sbagli in esito.errori.items():
        riga = per_sigla.get(nome)
        for colonna, testo in sbagli.items():
            che = "" if riga is None else f"{riga.voce} ({riga.modo}): "
            elenco.append((f"{nome}-{colonna or 'spesa'}" if riga else "", che + testo))
    return elenco


@post(
    "/{ambito:str}/spesa/schede/{id_:int}/aggiungi",
    opt=_SCRIVE,
    status_code=200,
)
async def aggiungi(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Put an empty line in the grid, or those of last year that are not there."""
    scheda, testi = await _inviata(request, id_)
    aperto = await Aperto.leggi(scheda)
    if testi.get("azione") == "riporta":
        mancano = [riga for chiave, riga in aperto.prima.items() if chiave not in aperto.chiavi]
        for riga in mancano:
            await service.scrivi(scheda.anno, _vuota(riga))
        await aggiungi_messaggio(
            "riuscito", f"Righe riportate dal {scheda.anno - 1}, senza importi: {len(mancano)}."
        )
        return _torna(id_, "#griglia")
    voce = testi.get("voce", "").strip()[:100]
    riga = RigaSpesa(
        comune=scheda.istat, area=testi.get("area", "")[:100], voce=voce, spesa=ZERO,
        gestione=testi.get("gestione", "")[:100], modalita=testi.get("modalita", "")[:100],
    )  # fmt: skip
    chiave = griglia.chiave_di(riga)
    if not all((riga.area, riga.voce, riga.gestione, riga.modalita)):
        return await _di_nuovo(
            request, id_, "area", "Scegli area, voce, gestione e modalità.", "aggiungi", testi
        )
    if chiave in aperto.chiavi:
        await aggiungi_messaggio("informazione", "Questa riga c’è già: scrivi nelle sue celle.")
    else:
        try:
            await service.scrivi(scheda.anno, riga)
        except DatiNonValidi as errore:
            return await _di_nuovo(request, id_, "area", errore.messaggio, "aggiungi", testi)
    return _torna(id_, f"#campo-{griglia.sigla(chiave)}-utenti")


def _vuota(riga: RigaSpesa) -> RigaSpesa:
    return msgspec.structs.replace(
        riga, utenti=None, spesa=ZERO, quota_utenti=ZERO, quota_ssn=ZERO, fonti={}
    )


def _riga_con(aperto: Aperto, nome: str) -> RigaGriglia:
    for riga in aperto.righe():
        if riga.sigla == nome and riga.riparto is None:
            return riga
    raise NonTrovato("Questa riga non c'è più: torna alla scheda.")


@get(
    "/{ambito:str}/spesa/schede/{id_:int}/togli",
    opt={"permesso": "spesa.scrivi", "unita": "lettura"},
)
async def togli_chiede(request: Richiesta, id_: FromPath[int]) -> Template:
    """Ask before a line is taken off."""
    aperto = await Aperto.leggi(await service.scheda_con_id(id_))
    qui = f"{base()}/schede/{id_}"
    nome = request.query_params.get("riga", "")[:10]
    pagina = costruisci_pagina(
        request, "Togli una riga",
        briciole=[("Spesa sociale", base()), (f"{aperto.scheda.nome}, {aperto.scheda.anno}", qui)],
    )  # fmt: skip
    return rispondi(
        request,
        "spesa/togli.html",
        pagina,
        riga=_riga_con(aperto, nome) if nome else None,
        qui=qui,
    )


@post("/{ambito:str}/spesa/schede/{id_:int}/togli", opt=_SCRIVE)
async def togli(request: Richiesta, id_: FromPath[int]) -> Redirect:
    """Take a line off the sheet."""
    aperto = await Aperto.leggi(await service.scheda_con_id(id_))
    riga = _riga_con(aperto, dict(await campi_inviati(request)).get("riga", ""))
    parti = griglia.scomponi(riga.chiave)
    assert parti is not None
    await service.togli(aperto.scheda.anno, aperto.scheda.istat, service.Chiave(*parti))
    await aggiungi_messaggio("riuscito", f"La riga «{riga.voce} ({riga.modo})» è stata tolta.")
    return _torna(id_, "#griglia")


# ---- findings, remarks, fields, steps ----


@post("/{ambito:str}/spesa/schede/{id_:int}/spiega", opt=_SCRIVE, status_code=200)
async def spiega(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Keep the reason of a finding."""
    scheda, testi = await _inviata(request, id_)
    try:
        await service.spiega(
            scheda.anno, scheda.istat, testi.get("regola", "")[:100], testi.get("cella", "")[:400],
            testi.get("motivo", ""),
        )  # fmt: skip
    except (DatiNonValidi, NonTrovato) as errore:
        return await _di_nuovo(request, id_, "", errore.messaggio, "spiega", testi)
    await aggiungi_messaggio("riuscito", "La ragione è conservata, per i valori di adesso.")
    return _torna(id_, "#rilievi")


@post(
    "/{ambito:str}/spesa/schede/{id_:int}/commenta",
    opt=_SCRIVE,
    status_code=200,
)
async def commenta(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Leave a remark on the sheet or at a cell of it."""
    scheda, testi = await _inviata(request, id_)
    cella, ancora = "", "#commenti"
    if nome := testi.get("riga", ""):
        aperto = await Aperto.leggi(scheda)
        colonna = testi.get("colonna", "")
        if colonna not in dict(griglia.colonne(aperto.modulo)):
            raise NonTrovato("Questa cella non c'è: torna alla scheda.")
        cella = f"{_riga_con(aperto, nome[:10]).chiave}/{colonna}"
        ancora = f"#campo-{nome}-{colonna}"
    try:
        await service.commenta(scheda.anno, scheda.istat, testi.get("testo", ""), cella)
    except DatiNonValidi as errore:
        return await _di_nuovo(request, id_, "testo", errore.messaggio, "commenta", testi)
    await aggiungi_messaggio("riuscito", "Il commento è nella scheda.")
    return _torna(id_, ancora)


@post("/{ambito:str}/spesa/schede/{id_:int}/campi", opt=_SCRIVE, status_code=200)
async def campi(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Write what the form asks once, beside the lines."""
    scheda = await service.scheda_con_id(id_)
    questa = await service.rilevazione(scheda.anno)
    noti = {campo.codice for campo in (await service.modulo_di(scheda.anno, questa.modulo)).campi}
    valori = {n: v.strip() for n, v in await campi_inviati(request) if n in noti}
    try:
        await service.scrivi_valori(scheda.anno, scheda.istat, valori)
    except DatiNonValidi as errore:
        return await _di_nuovo(request, id_, "", errore.messaggio, "campi", valori)
    await aggiungi_messaggio("riuscito", "I dati della scheda sono salvati.")
    return _torna(id_)


@post("/{ambito:str}/spesa/schede/{id_:int}/passo", opt=_SCRIVE, status_code=200)
async def passo(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Take a step; what it wants and is missing is told in the page."""
    scheda, testi = await _inviata(request, id_)
    azione = testi.get("azione", "")
    try:
        dopo = await service.passo(scheda.anno, scheda.istat, azione, testi.get("motivo", ""))
    except (Conflitto, DatiNonValidi) as errore:
        dove = f"motivo-{azione}" if "motivo" in testi else ""
        return await _di_nuovo(request, id_, dove, errore.messaggio, "passo", testi)
    await aggiungi_messaggio(
        "riuscito", f"La scheda di {scheda.nome} ora è: {STATI[dopo.stato][0].lower()}."
    )
    return _torna(id_)


@post(
    "/{ambito:str}/spesa/schede/{id_:int}/proroga",
    opt={"permesso": "spesa.governa"},
    status_code=200,
)
async def proroga(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Give a comune a later last day, with the reason, or take it back."""
    scheda, testi = await _inviata(request, id_)
    errori: Errori = []
    fino_al = giorno_da(testi.get("fino_al", "")[:20], "fino_al", "Nuovo termine", errori)
    motivo = testi.get("motivo", "").strip()
    if not errori and len(motivo) < 5:
        errori.append(("motivo-proroga", "Motivo: scriverlo, con almeno cinque caratteri"))
    if not errori:
        try:
            await service.proroga(scheda.anno, scheda.istat, fino_al, motivo)
        except DatiNonValidi as errore:
            errori.append(("fino_al", errore.messaggio))
    if errori:
        return await _di_nuovo(request, id_, *errori[0], "proroga", testi)
    detto = "tolta" if fino_al is None else "data"
    await aggiungi_messaggio("riuscito", f"La proroga di {scheda.nome} è stata {detto}.")
    return _torna(id_)


ROTTE: Final = (
    una, salva, aggiungi, togli_chiede, togli, spiega, commenta, campi, passo, proroga,
)  # fmt: skip
