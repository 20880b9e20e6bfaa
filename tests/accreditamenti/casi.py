"""Rules and answers to try the accreditation with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from capofila.accreditamenti import pratiche
from capofila.accreditamenti.calcolo import Richiesta, Risposta
from capofila.base.attivazioni import oggi
from capofila.governo import deliberazioni
from capofila.hooks import (
    AreaRequisito,
    Atto,
    ProvaCifra,
    ProvaDocumento,
    ProvaPerUtenti,
    ProvaSiNo,
    RegoleAccreditamento,
    RequisitoAccreditamento,
    Specie,
)

GIORNO = date(2025, 7, 1)
ATTO = Atto(specie=Specie.REGOLAMENTO, organo="Comuni", titolo="Regolamento", articolo="4")


def requisito(codice: str, prova: Any, **campi: Any) -> RequisitoAccreditamento:
    valori = {
        "denominazione": codice.capitalize(), "testo": f"Il {codice}.", "fonte": ATTO,
        "area": AreaRequisito.GESTIONALE, **campi,
    }  # fmt: skip
    return RequisitoAccreditamento(codice=codice, prova=prova, **valori)


REGOLE = RegoleAccreditamento(
    codice="prova", denominazione="Prova", unita="Nido", fonte=ATTO, durata_mesi=36,
    preavviso_giorni=90, organo="Il responsabile", dimostrativa=True,
    requisiti=(
        requisito("carta", ProvaSiNo(), entro_giorni=60),
        requisito("certificato", ProvaDocumento(con_scadenza=True, mesi=60)),
        requisito("orario", ProvaCifra(unita="ore", minimo=Decimal(35), massimo=Decimal(60))),
        requisito("educatori", ProvaPerUtenti(unita="educatori", minimo=Decimal(1), ogni=8, interi=True)),
    ),
)  # fmt: skip
BUONE: dict[str, Risposta] = {
    "carta": Risposta(requisito="carta", valore="si"),
    "certificato": Risposta(
        requisito="certificato", valore="si", dal=date(2024, 1, 1), scade=date(2027, 12, 31)
    ),
    "orario": Risposta(requisito="orario", valore="40"),
    "educatori": Risposta(requisito="educatori", valore="3"),
}


def richiesta(*cambiate: Risposta, senza: tuple[str, ...] = (), **campi: Any) -> Richiesta:
    """An evaluation of good answers, some of them changed or taken away."""
    risposte = {**BUONE, **{una.requisito: una for una in cambiate}}
    valori = {"giorno": GIORNO, "posti": 24, "regole": REGOLE, **campi}
    return Richiesta(
        risposte=tuple(una for codice, una in risposte.items() if codice not in senza), **valori
    )


# --- the demonstrations of Crema's plugin -------------------------------------------------------

PRESENTATA = date(2025, 2, 1)
_POLIZZA = Risposta(
    requisito="polizza", valore="si", dal=date(2025, 1, 1), scade=date(2099, 12, 31)
)
_CARTA = Risposta(requisito="carta-dei-servizi", valore="si")
SAD: dict[str, Risposta] = {
    "operatori-qualificati": Risposta(requisito="operatori-qualificati", valore="4", utenti=40),
    "coordinatore": Risposta(requisito="coordinatore", valore="si"),
    "formazione": Risposta(requisito="formazione", valore="12"),
    "sostituzioni": Risposta(requisito="sostituzioni", valore="24"),
    "carta-dei-servizi": _CARTA,
    "polizza": _POLIZZA,
}
"""Answers that keep every requirement of home care."""
NIDO: dict[str, Risposta] = {
    "antincendio": Risposta(requisito="antincendio", valore="si", dal=oggi()),
    "superficie": Risposta(requisito="superficie", valore="150"),
    "giardino": Risposta(requisito="giardino", valore="si"),
    "rapporto-educatori": Risposta(requisito="rapporto-educatori", valore="3"),
    "apertura": Risposta(requisito="apertura", valore="50"),
    "carta-dei-servizi": _CARTA,
    "polizza": _POLIZZA,
}


async def una_domanda(
    protocollo: str,
    *,
    regole: str = "assistenza-domiciliare",
    unita: int | None = None,
    posti: int | None = None,
    risposte: dict[str, Risposta] | None = None,
    comune: str = "D142",
    presentata: date = PRESENTATA,
) -> int:
    """A domanda (of 1 February 2025) with good answers, for an unità of its own."""
    if unita is None:
        unita = await pratiche.scrivi_unita(
            pratiche.UnitaNuova(
                denominazione=f"Unità {protocollo}", ente=f"Cooperativa {protocollo}", comune=comune
            )
        )
    id_ = await pratiche.presenta(
        pratiche.DomandaNuova(
            unita_id=unita, regole=regole, protocollo=protocollo, presentata_il=presentata,
            posti=posti,
        )
    )  # fmt: skip
    buone = NIDO if regole == "asilo-nido" else SAD
    await pratiche.scrivi_risposte(id_, buone if risposte is None else risposte)
    return id_


async def concedi(id_: int, **campi: Any) -> int:
    """An act that grants, upon the evaluation of today; or another one."""
    una = await pratiche.domanda(id_)
    valori = {
        "specie": "concede", "dal": oggi(), "atto": "Determinazione inventata n. 1",
        "atto_data": oggi(), "giorno": oggi(), **campi,
    }  # fmt: skip
    if not una.atti:
        valori["vista"] = (await pratiche.vista(una, oggi())).congela()[1]
    elif "dal" not in campi:
        valori["dal"] = max(oggi(), una.atti[-1].dal)
    return await pratiche.decidi(id_, pratiche.Decisione(**valori))


async def delibera(nome: str, giorno: date) -> None:
    """An act of the Assemblea of Crema on the matter of the asili nido, voted elsewhere."""
    await deliberazioni.registra_precedente(
        deliberazioni.Precedente(
            specie="atto", di="", materia="attuazione-piano-di-zona", anno=giorno.year, giorno=giorno,
            prova=f"Atto {nome}", inventato=True,
        )
    )  # fmt: skip


REGOLE_DI = {"crema": "assistenza-domiciliare", "cremona": "cse"}


async def accredita(slug: str, nome: str, comune: str) -> dict[str, str]:
    """An accreditation with a prescription and a document, in the unit that is open."""
    cse = {
        "barriere": Risposta(requisito="barriere", valore="si", dal=PRESENTATA),
        "rapporto-educatori": Risposta(requisito="rapporto-educatori", valore="2", utenti=10),
        "apertura": Risposta(requisito="apertura", valore="230"),
    }
    sad = {codice: una for codice, una in SAD.items() if codice != "formazione"}
    risposte, prova = (sad, "polizza") if slug == "crema" else (cse, "barriere")
    id_ = await una_domanda(nome, regole=REGOLE_DI[slug], comune=comune, risposte=risposte)
    documento = await pratiche.allega(id_, prova, f"{nome}.txt", f"Documento {nome}".encode())
    await concedi(id_, atto=f"Atto {nome}")
    una = await pratiche.domanda(id_)
    return {
        "domanda_accreditamento": str(id_), "documento_accreditamento": str(documento),
        "unita_offerta": str(una.unita_id), "regole_accreditamento": una.regole,
    }  # fmt: skip
