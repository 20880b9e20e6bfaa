"""The secretary's desk and the votes; the register of deliberations and what came before them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, cast

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from capofila.accessi.service import aggiungi_messaggio
from capofila.base.attivazioni import ROMA, oggi, plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import ErroreCapofila, NonTrovato
from capofila.base.visita import visita_corrente
from capofila.governo import condivise, deliberazioni, sala, sedute, verbali
from capofila.governo.competenze import interlocutori
from capofila.governo.conteggio import (
    Conteggio,
    cifra,
    dove_e_aperto,
    regola_elezione,
    regola_in_vigore,
)
from capofila.governo.deliberazioni import (
    DaVotare,
    DecisioneRifiutata,
    Modo,
    ParitaDaSciogliere,
    Precedente,
)
from capofila.governo.elezioni import CHI_VA_PRIMA, Collegio, Preferenze, Ripresa
from capofila.governo.regole_seduta import come_si_vota, quorum_detto
from capofila.governo.routes_sedute import (
    ESITI,
    STATI,
    TIENI,
    TIENI_LETTURA,
    VEDI,
    Errori,
    Richiesta,
    base,
    inviati,
    materie,
    ora_da,
    tutti_gli_inviati,
)
from capofila.governo.sala import Sala
from capofila.governo.sedute import Adunanza, MateriaRifiutata
from capofila.governo.voti import Scelta, Scrutinio, Voto
from capofila.web.contesto import VoceMenu, costruisci_pagina, pagina_richiesta, rispondi
from capofila.web.formati import numero
from capofila.web.lettura import Lettura
from capofila.web.pagina import Colonna

MENU: Final = VoceMenu(
    titolo="Deliberazioni", percorso="deliberazioni", permesso="sedute.vedi",
    gruppo="Governo", icona="file-signed", ordine=44,
)  # fmt: skip
COLONNE_REGISTRO: Final = (
    Colonna("Numero"), Colonna("Giorno"), Colonna("Organo"), Colonna("Oggetto"), Colonna("Stato"),
)  # fmt: skip
COLONNE_PRECEDENTI: Final = (
    Colonna("Giorno"), Colonna("Che cosa"), Colonna("Materia"), Colonna("Anno"), Colonna("Prova"),
    Colonna("Che cosa fare"),
)  # fmt: skip
COLONNE_SALA: Final = (Colonna("Seggio"), Colonna("Abitanti", tipo="numero"), Colonna("Ora è"))
COLONNA_QUOTE: Final = Colonna("Quote", tipo="numero")
SPECIE: Final = (
    ("confronto", "Un confronto con chi dev’essere sentito"),
    ("proposta", "La proposta di un altro organo"),
    ("atto", "Un atto di prima, o votato altrove"),
)
MODI: Final = (
    ("appello", "Appello nominale", "Ciascuno risponde quando è chiamato."),
    ("alzata", "Alzata di mano", "Si segnano le mani, seggio per seggio."),
    ("segreta", "Scrutinio segreto", "Soltanto i numeri: di chi sia un voto non si sa."),
    ("elezione", "Elezione di persone", "Scrutinio segreto con i nomi."),
)
SCELTE: Final = (
    ("favorevole", "Favorevole"), ("contrario", "Contrario"), ("astenuto", "Astenuto"),
    ("non_vota", "Non vota"), ("interesse", "Interesse"),
)  # fmt: skip
_PARTE: Final = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?", re.ASCII)
DIVISO: Final = ("diviso", "Diviso")
PARTI: Final = (("favorevole", "favorevole"), ("contrario", "contrario"), ("astenuto", "astenuto"))


def registro_base() -> str:
    """The address of the register in this ambito."""
    return f"/{visita_corrente().nell_ambito.slug}/deliberazioni"


# ---- the desk ----


async def _banco(
    request: Richiesta, una: Adunanza, errori: Errori, testi: Mapping[str, str], stato: int = 200
) -> Template:
    ora = await sala.sala(una.id)
    quorum = sala.quorum_di(una, ora)
    accaduti = await sala.eventi(una.id, ora.apertura.convocazione)
    nomi = {uno.id: uno.nome for uno in ora.apertura.aventi_diritto}
    organo = ora.apertura.regolamento.organo(una.organo)
    seduta = ora.seduta()
    quote = {
        uno.id: numero(cifra(uno.quote))
        for uno in ora.apertura.aventi_diritto
        if uno.quote is not None
    }
    regola, nominato = await sala.chi_puo_presiedere(una, ora)
    regola_nominato = nominato if nominato in ora.presenti else None
    pagina = costruisci_pagina(
        request, "Banco della segreteria",
        briciole=[("Sedute", base()), (una.denominazione, f"{base()}/{una.id}")],
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/banco.html",
        pagina,
        frammento="governo/_banco.html",
        stato=stato,
        una=una,
        stati=STATI,
        esiti=ESITI,
        sala=ora,
        seduta=seduta,
        in_essere={d.da: d.a for d in seduta.deleghe},
        quorum=quorum,
        numero_legale=quorum_detto(
            organo, ora.apertura.giorno, ora.apertura.convocazione, ora.apertura.regolamento.date
        ),
        nomi=nomi,
        fatti=[
            (f"{uno.quando.astimezone(ROMA):%H:%M}", verbali.fatto_in_parole(uno, nomi))
            for uno in reversed(accaduti)
        ],
        da_votare=await deliberazioni.da_trattare(una.id),
        votazioni=await deliberazioni.votazioni(una.id),
        proposte={
            p.id: p for punto in await sedute.ordine_del_giorno(una.id) for p in punto.proposte
        },
        presiede=ora.presidente or regola.chi or regola_nominato,
        cambia_presidente=regola.chi
        if ora.presidente and regola.chi and regola.chi != ora.presidente
        else None,
        da_riprendere=await _da_riprendere(una),
        chi_dovrebbe=regola.testo,
        colonne=(*COLONNE_SALA[:2], *([COLONNA_QUOTE] if quote else []), COLONNE_SALA[2]),
        quote=quote,
        errori=errori,
        sbagli=dict(errori),
        testi=testi,
        qui=f"{base()}/{una.id}",
        base=base(),
    )


async def _da_riprendere(una: Adunanza) -> dict[int, str]:
    """The elections that left places to be filled and have no further vote yet: vote and words."""
    if una.stato != "aperta":
        return {}
    seguite = {
        p.segue_id for punto in await sedute.ordine_del_giorno(una.id) for p in punto.proposte
    }
    trovate = {}
    for fatta in await deliberazioni.votazioni(una.id):
        restano = (
            await deliberazioni.che_riprende(fatta.id)
            if fatta.risultato == "da_completare" and fatta.id not in seguite
            else ()
        )
        if restano:
            trovate[fatta.id] = "; ".join(_resta_in_parole(r) for r in restano if r.posti)
    return trovate


def _resta_in_parole(resta: Ripresa) -> str:
    chi = f", ballottaggio fra {', '.join(resta.fra)}" if resta.fra else ""
    eletti = "" if resta.eletti else "nessun eletto, "
    return f"{resta.nome}: {eletti}{resta.posti} {'posto' if resta.posti == 1 else 'posti'} da coprire{chi}"


@get("/{ambito:str}/sedute/{id_:int}/banco", opt=TIENI_LETTURA)
async def banco(request: Richiesta, id_: FromPath[int]) -> Template:
    """Who is there, who stands for whom, the quorum now, what is to be voted."""
    return await _banco(request, await sedute.adunanza(id_), [], {})


@post("/{ambito:str}/sedute/{id_:int}/banco", opt=TIENI, status_code=200)
async def segna(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Write down what happens in the room: the button says what."""
    una = await sedute.adunanza(id_)
    lettura = Lettura(await inviati(request))
    ora = ora_da(lettura, "ora")
    try:
        async with unita_corrente().punto_di_ritorno():
            if not lettura.errori:
                await _segna(request, id_, lettura, ora)
    except ErroreCapofila as errore:
        if errore.stato in (403, 404) or errore.stato >= 500:
            raise
        lettura.errori[""] = errore.messaggio
    if lettura.errori:
        return await _banco(request, una, list(lettura.errori.items()), lettura.scritto, 422)
    if request.headers.get("hx-request") == "true":
        return await _banco(request, una, [], {"ora": lettura.scritto.get("ora", "")})
    return Redirect(f"{base()}/{id_}/banco", status_code=303)


async def _segna(request: Richiesta, id_: int, lettura: Lettura, ora: Any) -> None:
    azione = lettura.scritto.get("azione", "")
    match azione:
        case "entra" | "esce":
            chi = await tutti_gli_inviati(request, "chi")
            if not chi:
                lettura.errori["chi"] = "Segna con la casella chi entra o chi esce."
                return
            per = lettura.testo("per_l_ente", 200) or None
            if not lettura.errori:
                await sala.segna_presenza(
                    id_, chi, azione == "entra", ora=ora, per_l_ente=per if len(chi) == 1 else None
                )
        case "presiede":
            nota = await sala.segna_presidenza(id_, lettura.scritto.get("presidente", ""), ora=ora)
            if nota:
                await aggiungi_messaggio("avviso", f"{nota} Resta scritto nel verbale.")
        case "riprendi":
            quale = lettura.scritto.get("votazione", "")
            await deliberazioni.riprendi(int(quale) if quale.isdecimal() else 0)
        case "delega" | "revoca":
            carta = lettura.testo("carta", 200, "Scrivi quale carta dà o toglie la delega.")
            if not lettura.errori:
                await sala.segna_delega(
                    id_, lettura.scritto.get("da", ""), lettura.scritto.get("a", ""), carta,
                    data=azione == "delega", ora=ora,
                )  # fmt: skip
        case _:
            lettura.errori["azione"] = "Questo passo non c’è: usa i bottoni della pagina."


# ---- a vote ----


async def _votazione(
    request: Richiesta, cosa: DaVotare, testi: Mapping[str, str], errori: Errori, stato: int = 200,
    rifiuto: DecisioneRifiutata | None = None,
) -> Template:  # fmt: skip
    una = await sedute.adunanza(cosa.seduta_id)
    ora = await sala.sala(una.id)
    prova = await _prova(una, ora, cosa)
    organo = ora.apertura.regolamento.organo(una.organo)
    giorno, materia = ora.apertura.giorno, cosa.proposta.materia
    regole = ora.apertura.regolamento.date
    date = dove_e_aperto(organo, giorno, materia, ora.apertura.convocazione, regole)
    seduta = ora.seduta()
    regola = regola_in_vigore(organo, giorno, materia, date)
    elezione = regola_elezione(organo, giorno, materia, regole)
    pagina = costruisci_pagina(
        request, "Metti ai voti",
        briciole=[("Sedute", base()), (una.denominazione, f"{base()}/{una.id}"),
                  ("Banco", f"{base()}/{una.id}/banco")],
        con_errori=bool(errori or rifiuto),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/votazione.html",
        pagina,
        stato=stato,
        una=una,
        cosa=cosa,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        rifiuto=rifiuto,
        prova=prova,
        come=come_si_vota(organo, giorno, materia, date),
        votano=[uno for uno in ora.apertura.aventi_diritto if uno.id in seduta.rappresentati],
        in_essere={d.da: seduta.nome(d.a) for d in seduta.deleghe},
        modi=MODI[3:] if cosa.riprese else MODI,
        scelte=(*SCELTE[:3], DIVISO, *SCELTE[3:]) if regola and regola.divisibile else SCELTE,
        parti=PARTI,
        divisibile=bool(regola and regola.divisibile),
        riprese=[_resta_in_parole(una_) for una_ in cosa.riprese if una_.posti],
        chi_va_prima=elezione.parita.value if elezione and elezione.parita in CHI_VA_PRIMA else "",
        qui=f"{base()}/proposte/{cosa.proposta.id}/voto",
        banco=f"{base()}/{una.id}/banco",
    )


async def _prova(una: Adunanza, ora: Sala, cosa: DaVotare) -> Conteggio | None:
    """What is already known before the vote: whether it may be decided here and now."""
    try:
        conteggio, _ = await deliberazioni.conta_ora(una, ora, cosa)
    except ErroreCapofila:
        return None
    return conteggio


async def _cosa(proposta_id: int) -> DaVotare:
    cosa = await deliberazioni.da_votare(proposta_id)
    if cosa is None:
        raise NonTrovato("La proposta è già votata: torna alla seduta.")
    return cosa


@get("/{ambito:str}/sedute/proposte/{id_:int}/voto", opt=TIENI_LETTURA)
async def votazione(request: Richiesta, id_: FromPath[int]) -> Template:
    """The ballot of a proposal, or of the first of its amendments."""
    cosa = await _cosa(id_)
    testi = {"modo": "appello"}
    if cosa.riprese:
        restano = [una for una in cosa.riprese if una.posti]
        testi = {
            "modo": "elezione",
            "schede": "\n".join(f"{una.nome}; 0; 0" for una in restano),
            "candidati": "\n".join(f"{una.nome}; {chi}; 0" for una in restano for chi in una.fra),
        }
    return await _votazione(request, cosa, testi, [])


@post(
    "/{ambito:str}/sedute/proposte/{id_:int}/voto",
    opt=TIENI,
    status_code=200,
)
async def vota(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Record a vote that was given in the room."""
    cosa = await _cosa(id_)
    testi = await inviati(request)
    lettura = Lettura(testi)
    modo = testi.get("modo", "")
    if modo not in {codice for codice, _, _ in MODI}:
        lettura.errori["modo"] = "Scegli come si è votato."
    ora = ora_da(lettura, "ora")
    visto = testi.get("emendamento", "")
    voti: list[Voto] | Scrutinio | None = None
    collegi: list[Collegio] | None = None
    ora_c_e = (await sala.sala(cosa.seduta_id)).seduta()
    votano = {uno.id: uno.nome for uno in ora_c_e.aventi_diritto if uno.id in ora_c_e.rappresentati}
    # An interest is told seat by seat, whatever the ballots are.
    interessati = [chi for chi in votano if testi.get(f"voto-{chi}") == "interesse"]
    if modo == "elezione":
        collegi = _collegi(lettura, testi)
    elif modo == "segreta":
        voti = _scrutinio(lettura)
    else:
        visti = set(await tutti_gli_inviati(request, "votano"))
        if nuovi := _non_visti(testi, votano, visti):
            lettura.errori["altri"] = (
                f"Dopo che hai aperto la pagina è entrato in sala: {', '.join(nuovi)}. Segna anche il "
                "suo voto, e registra di nuovo."
            )
        nomi = {uno.id: uno.nome for uno in ora_c_e.aventi_diritto}
        if usciti := [
            nomi.get(chi, chi) for chi in visti - votano.keys() if _ha_votato(testi, chi)
        ]:
            lettura.errori.setdefault(
                "altri",
                (
                    f"Dopo che hai aperto la pagina non può più votare: {', '.join(sorted(usciti))}, che "
                    "non è più in sala né rappresentato. Il suo voto è tolto: guarda gli altri, e registra "
                    "di nuovo. Se ha votato prima di uscire, al banco segnalo di nuovo presente, registra il "
                    "voto e poi segna l’uscita."
                ),
            )
        voti = _nominale(lettura, testi, votano)
    if lettura.errori:
        return await _votazione(request, cosa, testi, list(lettura.errori.items()), 422)
    try:
        async with unita_corrente().punto_di_ritorno():
            fatta, deliberata = await deliberazioni.vota(
                id_, cast(Modo, modo), voti=voti, collegi=collegi,
                interessati=interessati, ora=ora,
                emendamento_id=int(visto) if visto.isdecimal() else None,
            )  # fmt: skip
            if deliberata is not None:
                await condivise.aggiorna_per_atto(cosa.proposta.cessa_id)
    except DecisioneRifiutata as rifiuto:
        return await _votazione(request, cosa, testi, [], rifiuto.stato, rifiuto)
    except ParitaDaSciogliere as pari:
        return await _votazione(request, cosa, testi, [("precedenza", pari.messaggio)], pari.stato)
    except ErroreCapofila as errore:
        if errore.stato in (403, 404) or errore.stato >= 500:
            raise
        return await _votazione(request, cosa, testi, [("", errore.messaggio)], errore.stato)
    if deliberata is not None:
        specie = "Proposta" if deliberata.propone else "Deliberazione"
        detto = f"{specie} n. {deliberata.numero} del {deliberata.anno} nel registro."
    else:
        detto = "La votazione è conservata: nel registro non entra nulla."
    if fatta.emendamento_id is not None:
        detto = "La votazione dell’emendamento è conservata."
    await aggiungi_messaggio("riuscito", f"{fatta.esito['spiegazione'][0]} {detto}")
    return Redirect(f"{base()}/{cosa.seduta_id}/banco", status_code=303)


def _non_visti(
    testi: Mapping[str, str], votano: Mapping[str, str], visti: Collection[str]
) -> list[str]:
    """Who may vote now, by name, and was not on the page that was sent: nobody was asked for them."""
    return [
        nome for chi, nome in votano.items() if chi not in visti and not testi.get(f"voto-{chi}")
    ]


def _ha_votato(testi: Mapping[str, str], chi: str) -> bool:
    """Whether a ballot of one's own was marked on the page."""
    return testi.get(f"voto-{chi}", "non_vota") not in ("", "non_vota", "interesse")


def _nominale(lettura: Lettura, testi: Mapping[str, str], votano: Mapping[str, str]) -> list[Voto]:
    """The ballots by seat; who has none of their own has that of all the others.

    Whether the rule lets a vote be divided is said by the count, with every other fault.
    """
    altri = testi.get("altri", "non_vota")
    voti = []
    for chi, nome in votano.items():
        scelta = testi.get(f"voto-{chi}") or altri
        parti = {una: testi.get(f"parte-{una}-{chi}", "").strip() for una, _ in PARTI}
        if scelta == "diviso":
            voto = _diviso(chi, parti)
            if voto is None:
                lettura.errori[f"parte-favorevole-{chi}"] = (
                    f"{nome}: scrivi le parti in percento, come 60 e 40; insieme fanno 100."
                )
            else:
                voti.append(voto)
        elif any(parti.values()):
            lettura.errori[f"parte-favorevole-{chi}"] = (
                f"{nome}: per un voto in parti scegli «Diviso»; altrimenti vuota le parti."
            )
        elif scelta in set(Scelta):
            voti.append(Voto.intero(chi, Scelta(scelta)))
    return voti


def _diviso(chi: str, parti: Mapping[str, str]) -> Voto | None:
    """A ballot in parts, in hundredths with at most two decimals; None when they do not make one."""
    if not all(_PARTE.fullmatch(scritta) for scritta in parti.values() if scritta):
        return None
    quote = {
        nome: Fraction(Decimal(scritta.replace(",", "."))) / 100
        for nome, scritta in parti.items()
        if scritta
    }
    return Voto(chi=chi, **quote) if sum(quote.values()) == 1 else None


def _numero(lettura: Lettura, nome: str, testo: str) -> int:
    pulito = testo.strip()
    if not (pulito.isascii() and pulito.isdecimal() and len(pulito) <= 4):
        lettura.errori.setdefault(nome, "Scrivi un numero intero, anche 0.")
        return 0
    return int(pulito)


def _scrutinio(lettura: Lettura) -> Scrutinio:
    quanti = {
        nome: _numero(lettura, nome, lettura.scritto.get(nome, "") or "0")
        for nome in ("favorevoli", "contrari", "astenuti", "bianche", "nulle")
    }
    return Scrutinio(
        favorevoli=quanti["favorevoli"],
        contrari=quanti["contrari"],
        astenuti=quanti["astenuti"] + quanti["bianche"] + quanti["nulle"],
    )


def _collegi(lettura: Lettura, testi: Mapping[str, str]) -> list[Collegio]:
    """The units of an election: a line for each, and a line for each person.

    Of the ballots «Sub-ambito 1; 8; 1» (cast, blank and void), of the persons «Sub-ambito 1; Anna; 5».
    """
    persone: dict[str, list[Preferenze]] = {}
    for nome, parti in _righe(lettura, testi, "candidati", "collegio; nome; voti"):
        persone.setdefault(nome, []).append(
            Preferenze(nome=parti[0], voti=_numero(lettura, "candidati", parti[1]))
        )
    ordine: dict[str, tuple[str, ...]] = {}
    for riga in testi.get("precedenza", "")[:20_000].splitlines()[:200]:
        nome, *prima = [parte.strip()[:120] for parte in riga.split(";") if parte.strip()] or [""]
        if nome and not prima:
            lettura.errori["precedenza"] = f"«{riga[:60]}»: scrivi collegio; primo; secondo."
        elif nome:
            ordine[nome] = tuple(prima)
    collegi = [
        Collegio(
            nome=nome,
            precedenza=ordine.get(nome, msgspec.UNSET),
            schede=_numero(lettura, "schede", parti[0]),
            bianche=_numero(lettura, "schede", parti[1]),
            candidati=tuple(persone.pop(nome, ())),
        )
        for nome, parti in _righe(lettura, testi, "schede", "collegio; schede; bianche e nulle")
    ]
    if persone:
        lettura.errori.setdefault("schede", f"Mancano le schede di: {', '.join(persone)}.")
    return collegi


def _righe(
    lettura: Lettura, testi: Mapping[str, str], nome: str, forma: str
) -> list[tuple[str, list[str]]]:
    righe = [riga for riga in testi.get(nome, "")[:20_000].splitlines() if riga.strip()]
    if not righe:
        lettura.errori[nome] = f"Scrivi una riga ciascuno: {forma}."
    trovate = []
    for riga in righe[:200]:
        parti = [parte.strip()[:120] for parte in riga.split(";")]
        if len(parti) != 3 or not all(parti):
            lettura.errori[nome] = f"«{riga[:60]}»: scrivi {forma}."
            continue
        trovate.append((parti[0], parti[1:]))
    return trovate


# ---- the register ----


@get("/{ambito:str}/deliberazioni", opt=VEDI)
async def registro(request: Richiesta) -> Template:
    """The register of all bodies, to be searched."""
    cerca = request.query_params.get("cerca", "")[:100]
    organo = request.query_params.get("organo", "")[:60]
    anno = request.query_params.get("anno", "")
    anno_scelto = int(anno) if anno.isdecimal() and len(anno) == 4 else None
    numero_pagina = pagina_richiesta(request)
    trovate, quante = await deliberazioni.registro(
        organo=organo or None, anno=anno_scelto, cerca=cerca, pagina=numero_pagina
    )
    organi, anni = await deliberazioni.indice()
    pagina = costruisci_pagina(
        request, "Registro delle deliberazioni",
        sommario="Gli atti degli organi, ciascuno con il suo numero e il suo voto spiegato.",
    )  # fmt: skip
    return rispondi(
        request,
        "governo/deliberazioni.html",
        pagina,
        frammento="governo/_registro.html",
        trovate=trovate,
        albi=await deliberazioni.albi(trovate),
        quante=quante,
        pagine=-(-quante // deliberazioni.PER_PAGINA),
        numero_pagina=numero_pagina,
        per_pagina=deliberazioni.PER_PAGINA,
        cerca=cerca,
        organo=organo,
        anno=anno if anno_scelto else "",
        organi=organi,
        anni=[(str(uno), str(uno)) for uno in anni],
        colonne=COLONNE_REGISTRO,
        qui=registro_base(),
        parametri={"cerca": cerca, "organo": organo, "anno": anno if anno_scelto else ""},
    )


async def _atto(request: Richiesta, id_: int, errori: Errori, testi: Mapping[str, str]) -> Template:
    una = await deliberazioni.deliberazione(id_)
    tutte = await deliberazioni.votazioni(una.seduta_id)
    sue = [v for v in tutte if v.proposta_id == una.proposta_id]
    aperte = await sala.aperture(una.seduta_id)
    documenti = await sedute.documenti(una.seduta_id)
    slug = visita_corrente().nell_ambito.slug
    pagina = costruisci_pagina(
        request, f"{'Proposta' if una.propone else 'Deliberazione'} n. {una.numero} del {una.anno}",
        briciole=[("Registro delle deliberazioni", registro_base())], sommario=una.denominazione,
        con_errori=bool(errori),
    )  # fmt: skip
    return rispondi(
        request,
        "governo/deliberazione.html",
        pagina,
        stato=422 if errori else 200,
        una=una,
        votazioni=sue,
        esiti=ESITI,
        modi=verbali.MODI,
        voto_in_parole=verbali.voto_in_parole,
        nomi={uno.id: uno.nome for a in aperte for uno in a.aventi_diritto},
        con=await deliberazioni.deliberazione(una.con_id) if una.con_id else None,
        ricontata=await deliberazioni.ricontata(una.votazione_id),
        verbale=next((d for d in documenti if d.specie == "verbale"), None),
        albo=(await deliberazioni.albi([una])).get(una.id),
        seduta=f"/{slug}/sedute/{una.seduta_id}",
        errori=errori,
        sbagli=dict(errori),
        testi=testi,
        segreteria=visita_corrente().puo("sedute.tieni"),
        qui=f"{registro_base()}/{id_}",
    )


@get("/{ambito:str}/deliberazioni/{id_:int}", opt=VEDI)
async def una_deliberazione(request: Richiesta, id_: FromPath[int]) -> Template:
    """An act with its vote explained, counted again from what was frozen."""
    return await _atto(request, id_, [], {})


@post("/{ambito:str}/deliberazioni/{id_:int}/annulla", opt=TIENI, status_code=200)
async def annulla(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Write down that an act was annulled by another that was not voted here."""
    lettura = Lettura(await inviati(request))
    dal = lettura.giorno("dal", "Scrivi da quale giorno non vale.")
    atto = lettura.testo("atto", 300, "Scrivi l’atto che la annulla.")
    if atto and len(atto) < 3:
        lettura.errori["atto"] = "Scrivi l’atto che la annulla."
    if not lettura.errori and dal is not None:
        try:
            async with unita_corrente().punto_di_ritorno():
                await deliberazioni.annulla(id_, dal, atto)
                await condivise.aggiorna_per_atto(id_)
        except ErroreCapofila as errore:
            if errore.stato in (403, 404) or errore.stato >= 500:
                raise
            lettura.errori[""] = errore.messaggio
    if lettura.errori:
        return await _atto(request, id_, list(lettura.errori.items()), lettura.scritto)
    await aggiungi_messaggio("riuscito", "L’annullamento è registrato: l’atto resta nel registro.")
    return Redirect(f"{registro_base()}/{id_}", status_code=303)


# ---- what came before ----


def _precedenti_base() -> str:
    return f"/{visita_corrente().nell_ambito.slug}/deliberazioni/precedenti"


async def _precedenti(
    request: Richiesta, testi: Mapping[str, str], errori: Errori, annulla: int | None = None
) -> Template:
    pagina = costruisci_pagina(
        request, "Che cosa è venuto prima",
        briciole=[("Registro delle deliberazioni", registro_base())],
        sommario="Confronti, proposte e atti che una decisione richiede e che non sono stati votati qui.",
        con_errori=bool(errori),
    )  # fmt: skip
    numero_pagina = pagina_richiesta(request)
    trovati, quanti = await deliberazioni.precedenti(numero_pagina)
    organi = (await plugin_attivi(oggi())).organi()
    sentiti = interlocutori(organi)
    return rispondi(
        request,
        "governo/precedenti.html",
        pagina,
        stato=422 if errori else 200,
        precedenti=trovati,
        quanti=quanti,
        pagine=-(-quanti // deliberazioni.PER_PAGINA),
        numero_pagina=numero_pagina,
        per_pagina=deliberazioni.PER_PAGINA,
        specie=SPECIE,
        nomi_specie=dict(SPECIE),
        materie=await materie(),
        nomi_materie=dict(await materie()),
        sentiti=[
            (uno.codice, uno.nome if uno.specie == "confronto" else f"Proposta: {uno.nome}")
            for uno in sentiti
        ],
        nomi_sentiti={uno.codice: uno.nome for uno in sentiti},
        colonne=COLONNE_PRECEDENTI,
        testi=testi,
        errori=errori,
        sbagli=dict(errori),
        annulla=annulla,
        segreteria=visita_corrente().puo("sedute.tieni"),
        qui=_precedenti_base(),
    )


@get("/{ambito:str}/deliberazioni/precedenti", opt=VEDI)
async def precedenti(request: Richiesta) -> Template:
    """Hearings, proposals and acts of before."""
    return await _precedenti(request, {}, [])


@post("/{ambito:str}/deliberazioni/precedenti", opt=TIENI, status_code=200)
async def registra_precedente(request: Richiesta) -> Template | Redirect:
    """Write one down, with its proof."""
    lettura = Lettura(await inviati(request))
    specie = lettura.scritto.get("specie", "")
    if specie not in dict(SPECIE):
        lettura.errori["specie"] = "Scegli che cosa è avvenuto."
    materia = lettura.testo("materia", 60, "Scegli la materia.")
    di = materia if specie == "atto" else lettura.testo("di", 60, "Scegli con chi, o di chi.")
    giorno = lettura.giorno("giorno", "Scrivi il giorno.")
    anno = lettura.testo("anno", 4)
    if anno and not (anno.isdecimal() and 1990 <= int(anno) <= 2100):
        lettura.errori["anno"] = "Scrivi l’anno con quattro cifre, o lascialo vuoto."
    prova = lettura.testo("prova", 300, "Scrivi il verbale o l’atto che lo prova.")
    motivazione = lettura.testo("motivazione", 500)
    if not lettura.errori and giorno is not None:
        try:
            async with unita_corrente().punto_di_ritorno():
                await deliberazioni.registra_precedente(
                    Precedente(
                        specie=cast(Any, specie), di=di, materia=materia, giorno=giorno,
                        prova=prova, anno=int(anno) if anno else None,
                        motivazione=motivazione or None,
                    )
                )  # fmt: skip
        except MateriaRifiutata as errore:
            lettura.errori[errore.campo] = errore.messaggio
        except ErroreCapofila as errore:
            if errore.stato == 403 or errore.stato >= 500:
                raise
            lettura.errori[""] = errore.messaggio
    if lettura.errori:
        return await _precedenti(request, lettura.scritto, list(lettura.errori.items()))
    await aggiungi_messaggio("riuscito", "Il fatto è registrato.")
    return Redirect(_precedenti_base(), status_code=303)


@post("/{ambito:str}/deliberazioni/precedenti/{id_:int}/annulla", opt=TIENI, status_code=200)
async def annulla_precedente(request: Richiesta, id_: FromPath[int]) -> Template | Redirect:
    """Write down that a registered act does not stand any more, by which act and why."""
    lettura = Lettura(await inviati(request))
    dal = lettura.giorno("dal", "Scrivi da quale giorno non vale.")
    atto = lettura.testo("atto", 300, "Scrivi l’atto che lo annulla, e perché.")
    if atto and len(atto) < 3:
        lettura.errori["atto"] = "Scrivi l’atto che lo annulla, e perché."
    if not lettura.errori and dal is not None:
        try:
            async with unita_corrente().punto_di_ritorno():
                await deliberazioni.annulla_precedente(id_, dal, atto)
        except ErroreCapofila as errore:
            if errore.stato in (403, 404) or errore.stato >= 500:
                raise
            lettura.errori[""] = errore.messaggio
    if lettura.errori:
        errori = [
            (f"{nome}-{id_}" if nome else "", testo) for nome, testo in lettura.errori.items()
        ]
        testi = {f"{nome}-{id_}": testo for nome, testo in lettura.scritto.items()}
        return await _precedenti(request, testi, errori, id_)
    await aggiungi_messaggio("riuscito", "L’annullamento è registrato: da quel giorno non vale.")
    return Redirect(_precedenti_base(), status_code=303)


@post("/{ambito:str}/deliberazioni/precedenti/{id_:int}/ritira", opt=TIENI, status_code=200)
async def ritira_precedente(id_: FromPath[int]) -> Redirect:
    """Take back one that was registered by mistake."""
    await deliberazioni.ritira_precedente(id_)
    await aggiungi_messaggio("riuscito", "Il fatto è ritirato: da ora non conta.")
    return Redirect(_precedenti_base(), status_code=303)


ROTTE: Final = (
    banco, segna, votazione, vota, registro, una_deliberazione, annulla, precedenti,
    registra_precedente, annulla_precedente, ritira_precedente,
)  # fmt: skip
