"""Invented holders of the seats of an ambito, for the demonstration: every row says that it is so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from capofila.base.attivazioni import plugin_attivi
from capofila.governo import accordo, incarichi, pubblicazioni
from capofila.governo.composizione import Adesione, Incarico, Unita, fine_del_mandato
from capofila.governo.patto import Accordo, Firmatario
from capofila.hooks import Nomina, Organo, Per, Seggio
from capofila.territorio import service as territorio

CODICE: Final = "adp-dimostrazione"
MESI: Final = 36


async def popola(nomi: Sequence[str], giorno: date) -> int:
    """An Accordo in force, its adhesions and appointments; nothing when they are there already.

    Args:
        nomi: invented names, one a seat; when they end no other seat is given.
        giorno: the Accordo begins with its year.

    Returns:
        How many appointments there are.
    """
    if any(uno.codice == CODICE for uno in await accordo.accordi()):
        return len(await incarichi.incarichi())
    dal = date(giorno.year, 1, 1)
    unita = await incarichi.unita_del_giorno(dal)
    capofila = next(ente for ente in await territorio.enti() if ente.capofila)
    id_ = await accordo.registra_accordo(
        Accordo(
            codice=CODICE,
            titolo=f"Accordo di Programma {dal.year}-{dal.year + 2}, inventato",
            capofila_id=capofila.id,
            mesi=MESI,
            dal=dal,
            al=fine_del_mandato(dal, MESI),
            organo="Enti firmatari",
            numero="1",
            data=dal,
            inventato=True,
        ),
        [Firmatario(specie="comune", ente=u.nome, istat=u.codice) for u in unita[Per.COMUNE]],
    )
    adesioni = {}
    for settore, denominazione in (await accordo.settori(dal)).items():
        adesioni[settore] = await accordo.aderisci(
            id_,
            Adesione(
                id=0, ente=f"Ente inventato, {denominazione.lower()}", settore=settore, dal=dal,
                organo="Consiglio direttivo", numero="3", data=dal, inventato=True,
            ),
        )  # fmt: skip
    chi = iter(nomi)
    organi = (await plugin_attivi(dal)).organi()
    for organo in organi:
        for numero, nuovo in enumerate(
            _incarichi(organo, dal, unita, adesioni, capofila.istat, chi)
        ):
            if numero % 7 == 5:
                continue  # a vacant seat
            nominato = await incarichi.assegna(nuovo)
            seggio = next(s for s in organo.seggi if s.categoria == nuovo.categoria)
            if seggio.ratificato_da and nuovo.categoria != "promozione-sociale":
                await incarichi.ratifica(nominato, dal, "Verbale inventato n. 1")
        if organo.presidenza is not None and organo.presidenza.nomina is Nomina.ELETTA:
            await _elegge(organo, dal)
        if organo.condiviso_tra:
            await pubblicazioni.pubblica_composizione(organo.codice, dal, ["val-padana"])
    return len(await incarichi.incarichi())


def _incarichi(
    organo: Organo,
    dal: date,
    unita: dict[Per, Sequence[Unita]],
    adesioni: dict[str, int],
    capofila: str | None,
    nomi: Iterator[str],
) -> Iterator[Incarico]:
    for seggio in organo.seggi:
        quali: Sequence[Unita | None] = (
            [None] if seggio.per is Per.ORGANO else list(unita.get(seggio.per, ()))
        )
        for una in quali:
            # Of the mayors only the one of the lead comune: the others are there by right.
            if seggio.per is Per.COMUNE and una is not None and una.codice != capofila:
                continue
            for posto in range(seggio.numero or 1):
                persona = next(nomi, None)
                if persona is not None:
                    yield _incarico(organo, seggio, una, posto, dal, adesioni, persona)


def _incarico(
    organo: Organo,
    seggio: Seggio,
    unita: Unita | None,
    posto: int,
    dal: date,
    adesioni: dict[str, int],
    persona: str,
) -> Incarico:
    comuni = unita.comuni if unita is not None and not seggio.di_referente else ()
    return Incarico(
        organo=organo.codice,
        categoria=seggio.categoria,
        unita=unita.codice if unita else None,
        istat=comuni[posto % len(comuni)] if comuni else None,
        adesione_id=adesioni.get(seggio.categoria) if seggio.solo_aderenti else None,
        persona=persona,
        carica=seggio.eleggibili[posto % len(seggio.eleggibili)] if seggio.eleggibili else None,
        dal=dal,
        designato_da=seggio.designato_da or "Atto inventato",
        numero=str(posto + 1),
        data=dal,
        inventato=True,
    )


async def _elegge(organo: Organo, dal: date) -> None:
    """The first of the members presides."""
    seduto = next(
        (uno for uno in await incarichi.titolari(organo.codice, dal) if uno.persona), None
    )
    if seduto is None or seduto.persona is None:
        return
    await incarichi.assegna(
        Incarico(
            organo=organo.codice, funzione="presidenza", unita=seduto.chiave,
            persona=seduto.persona, dal=dal, designato_da=organo.denominazione, numero="1",
            data=dal, inventato=True,
        )
    )  # fmt: skip
