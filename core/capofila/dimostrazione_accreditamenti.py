"""Accreditations by the requirements that the plugins of an ambito declare, with invented enti."""

from __future__ import annotations

import random
from datetime import date, timedelta

from capofila.base.attivazioni import oggi
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.hooks import ProvaCifra, ProvaDocumento, ProvaPerUtenti, RequisitoAccreditamento
from capofila.territorio.service import membri

POSTI = 24
PER_TIPO = 4
"""Domande of each kind: two that keep everything, one with a prescription, one to be decided."""
NOMI = (
    "Il Girasole", "La Quercia", "Il Sentiero", "Le Rondini", "Il Ponte", "La Lanterna", "Il Mulino",
    "Le Betulle",
)  # fmt: skip


async def inventa_accreditamenti(contesto: Contesto) -> int:
    """Unità d'offerta, their domande and acts, once; returns how many domande there are."""
    from capofila.accreditamenti.calcolo import Risposta, in_vigore
    from capofila.accreditamenti.service import (
        Decisione,
        DomandaNuova,
        UnitaNuova,
        decidi,
        dichiarate,
        domanda,
        presenta,
        scrivi_risposte,
        scrivi_unita,
        vista,
    )

    presentata = oggi() - timedelta(days=200)

    def risposta(uno: RequisitoAccreditamento, *, bene: bool) -> Risposta:
        prova = uno.prova
        match prova:
            case ProvaDocumento():
                dal = presentata - timedelta(days=30)
                fine = date(oggi().year + 2, 12, 31)
                return Risposta(
                    requisito=uno.codice, valore="si" if bene else "no", dal=dal, scade=fine
                )
            case ProvaCifra(minimo=minimo, massimo=massimo):
                cifra = minimo if minimo is not None else massimo
                return Risposta(requisito=uno.codice, valore=f"{cifra if bene else 0}")
            case ProvaPerUtenti(minimo=minimo, ogni=ogni):
                quanti = minimo * -(-POSTI // ogni)
                return Risposta(
                    requisito=uno.codice, valore=f"{quanti if bene else 0}", utenti=POSTI
                )
            case _:
                return Risposta(requisito=uno.codice, valore="si" if bene else "no")

    async with unita_di_lavoro(contesto) as unita:
        presenti: int = await unita.valore(
            "SELECT count(*) FROM domanda_accreditamento WHERE ambito_id = $1", unita.ambito
        )
        if presenti:
            return presenti
        comuni = await membri(oggi())
        for regole in await dichiarate(presentata):
            caso = random.Random(f"{unita.ambito}-{regole.codice}")  # noqa: S311 - invented data
            for numero in range(PER_TIPO):
                nome = NOMI[presenti % len(NOMI)]
                id_ = await scrivi_unita(
                    UnitaNuova(
                        denominazione=f"{nome} (unità inventata)",
                        ente=f"Cooperativa inventata {nome}",
                        comune=caso.choice(comuni).belfiore,
                    )
                )
                una = await presenta(
                    DomandaNuova(
                        unita_id=id_, regole=regole.codice, presentata_il=presentata, posti=POSTI,
                        protocollo=f"{presentata.year}/{800 + presenti}",
                    )
                )  # fmt: skip
                da_adeguare = [u.codice for u in regole.requisiti if u.entro_giorni is not None][:1]
                await scrivi_risposte(
                    una,
                    {
                        uno.codice: risposta(uno, bene=numero < 2 or uno.codice not in da_adeguare)
                        for uno in in_vigore(regole, oggi())
                        if numero < PER_TIPO - 1 or caso.random() < 0.5
                    },
                )
                presenti += 1
                if numero < PER_TIPO - 1 and regole.materia is None:
                    giorno = presentata + timedelta(days=40)
                    traccia = await vista(await domanda(una), giorno)
                    await decidi(
                        una,
                        Decisione(
                            specie="concede", dal=giorno, giorno=giorno, atto_data=giorno,
                            atto="Atto inventato per la dimostrazione, n. 1",
                            vista=traccia.congela()[1],
                        ),
                    )  # fmt: skip
    return presenti
