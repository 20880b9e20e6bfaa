"""Rules and answers to try the accreditation with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from capofila.accreditamenti.calcolo import Richiesta, Risposta
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
