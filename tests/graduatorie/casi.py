"""Rules and domande to try the lists with, and a bando as an office would open it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from capofila.base.database import unita_corrente
from capofila.graduatorie import bandi
from capofila.graduatorie.calcolo import Iscritta, Richiesta, congela, senza_motivi
from capofila.hooks import (
    Atto,
    CriterioPunti,
    DatoDomanda,
    FasciaPunti,
    Graduatoria,
    Ogni,
    PuntiPerAnzianita,
    PuntiPerFasce,
    PuntiPerScelta,
    PuntiPerUno,
    PuntiSe,
    RequisitoAccesso,
    Spareggio,
    Specie,
    TipoDato,
    Verso,
)
from tests.prestazioni.casi import codice_fiscale, contesto

__all__ = ["buona", "chiedi", "contesto", "iscrivi", "richiesta", "riempi", "un_bando"]

GIORNO = date(2025, 7, 1)
ATTO = Atto(specie=Specie.REGOLAMENTO, organo="Comuni", titolo="Regolamento", articolo="4")

REGOLE = Graduatoria(
    codice="prova", denominazione="Prova", servizio="Posto", fonte=ATTO, importo="richiesto",
    dati=(
        DatoDomanda(codice="isee", denominazione="ISEE", tipo=TipoDato.IMPORTO),
        DatoDomanda(codice="sola", denominazione="Vive sola", tipo=TipoDato.SI_NO),
        DatoDomanda(
            codice="eta", denominazione="Età", tipo=TipoDato.SCELTA,
            scelte=(("adulta", "Adulta"), ("minore", "Minore")),
        ),
        DatoDomanda(codice="figli", denominazione="Figli minori", tipo=TipoDato.NUMERO),
        DatoDomanda(codice="dal", denominazione="Residente dal", tipo=TipoDato.DATA),
        DatoDomanda(codice="richiesto", denominazione="Importo", tipo=TipoDato.IMPORTO),
    ),
    requisiti=(
        RequisitoAccesso(
            codice="isee", denominazione="ISEE fino a 25.000 €", dato="isee",
            massimo=Decimal(25000), solo_se=("eta", "adulta"), fonte=ATTO,
        ),
    ),
    criteri=(
        CriterioPunti(
            codice="fascia", denominazione="Fascia di ISEE", fonte=ATTO,
            misura=PuntiPerFasce(
                dato="isee",
                fasce=(
                    FasciaPunti(Decimal(6000), Decimal(20)), FasciaPunti(Decimal(12000), Decimal(10)),
                ),
            ),
        ),
        CriterioPunti(
            codice="nucleo", denominazione="Nucleo", fonte=ATTO,
            misura=PuntiSe(dato="sola", punti=Decimal(5)),
        ),
        CriterioPunti(
            codice="punti-eta", denominazione="Età", fonte=ATTO,
            misura=PuntiPerScelta(dato="eta", punti=(("minore", Decimal(3)),)),
        ),
        CriterioPunti(
            codice="punti-figli", denominazione="Figli", fonte=ATTO,
            misura=PuntiPerUno(dato="figli", punti=Decimal(2), massimo=Decimal(6)),
        ),
        CriterioPunti(
            codice="residenza", denominazione="Residenza", fonte=ATTO,
            misura=PuntiPerAnzianita(
                dato="dal", punti=Decimal("0.5"), ogni=Ogni.ANNO, massimo=Decimal(5)
            ),
        ),
    ),
    spareggi=(
        Spareggio(di="isee", verso=Verso.IL_MINORE, denominazione="l’ISEE più basso", fonte=ATTO),
        Spareggio(
            di="nucleo", verso=Verso.IL_MAGGIORE, denominazione="più punti nel nucleo", fonte=ATTO
        ),
    ),
)  # fmt: skip


def chiedi(protocollo: str, **dati: str) -> Iscritta:
    """A domanda of 2 June 2025."""
    return Iscritta(protocollo=protocollo, presentata_il=date(2025, 6, 2), dati=dati)


def richiesta(*domande: Iscritta, **campi: Any) -> Richiesta:
    """A list by the rules of trial."""
    return Richiesta(graduatoria=REGOLE, giorno=GIORNO, domande=domande, **campi)


# --- the Misura B2 of Crema's plugin ------------------------------------------------------------


def buona(isee: str = "5000.00", **altri: str) -> dict[str, str]:
    """What a domanda that is admitted says."""
    return {
        "eta": "adulto", "isee": isee, "gravita": "l104", "domicilio": "si", "progetto": "si",
        "bisogno": "4", "nucleo": "sola", "residente": "2015-06-30", "richiesto": "1200.00", **altri,
    }  # fmt: skip


async def un_bando(**campi: Any) -> int:
    """A bando for the Misura B2 with two places."""
    valori = {
        "graduatoria": "misura-b2", "titolo": "Misura B2, prova", "anno": 2025, "giorno": GIORNO,
        "disponibili": 2, "atto": "Determinazione inventata n. 1", **campi,
    }  # fmt: skip
    return await bandi.apri(bandi.BandoNuovo(**valori))


async def iscrivi(bando: int, n: int, comune: str = "D142", **dati: str) -> int:
    """The n-th person's domanda, with protocol number ``2025/n``."""
    return await bandi.iscrivi(
        bando,
        bandi.DomandaNuova(
            comune=comune, protocollo=f"2025/{n}", presentata_il=date(2025, 6, 2),
            codice_fiscale=codice_fiscale(n), cognome="Rossi", nome=f"Anna {n}",
            dati={**buona(), **dati},
        ),
    )  # fmt: skip


async def riempi(comune: str, codice: str, cognome: str) -> dict[str, str]:
    """A row of each table of the room, also where no plugin declares the rules; ids by what they are."""
    unita = unita_corrente()
    bando = await unita.valore(
        "INSERT INTO bando (graduatoria, titolo, anno, giorno, disponibili) "
        "VALUES ('prova', $1, 2025, $2, 1) RETURNING id",
        f"Bando {cognome}", GIORNO,
    )  # fmt: skip
    una = chiedi(f"{cognome}/B", isee="100.00")
    domanda = await unita.valore(
        "INSERT INTO domanda_bando (bando_id, comune, protocollo, presentata_il, codice_fiscale, "
        "cognome, nome, dati) VALUES ($1, $2, $3, $4, $5, $6, 'Persona', $7::text::jsonb) RETURNING id",
        bando, comune, una.protocollo, una.presentata_il, codice, cognome,
        msgspec.json.encode(una.dati).decode(),
    )  # fmt: skip
    congelata = congela(richiesta(una, disponibili=1), "prova", "1.0")
    approvata = await unita.valore(
        "INSERT INTO graduatoria_approvata (bando_id, organo, numero, data, regole, posti, sha256) "
        "VALUES ($1, $2, '1', $3, $4, $5, $6) RETURNING id",
        bando, f"Responsabile {cognome}", GIORNO,
        msgspec.json.encode(msgspec.structs.replace(congelata.richiesta, domande=())),
        msgspec.json.encode(senza_motivi(congelata.esito)), congelata.impronta(),
    )  # fmt: skip
    await unita.esegui(
        "INSERT INTO graduatoria_congelata (approvata_id, congelata) VALUES ($1, $2)",
        approvata, congelata.in_byte(),
    )  # fmt: skip
    await unita.esegui(
        "INSERT INTO scorrimento (approvata_id, specie, giorno, atto, disponibili) "
        "VALUES ($1, 'aumento', $2, $3, 1)",
        approvata, GIORNO, f"Atto {cognome}",
    )  # fmt: skip
    return {"bando": str(bando), "domanda_bando": str(domanda)}
