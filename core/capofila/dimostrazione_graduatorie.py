"""A bando for each list that the plugins of an ambito declare, with invented domande."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.hooks import DatoDomanda, TipoDato
from capofila.territorio.service import membri

DOMANDE = 24
GIORNO = date(2025, 7, 1)


async def inventa_graduatorie(contesto: Contesto) -> int:
    """Open the bandi and write their domande, once; returns how many domande there are."""
    from capofila.dimostrazione import _persona
    from capofila.graduatorie.service import BandoNuovo, DomandaNuova, apri, dichiarate, iscrivi

    async with unita_di_lavoro(contesto) as unita:
        presenti: int = await unita.valore(
            "SELECT count(*) FROM domanda_bando WHERE ambito_id = $1", unita.ambito
        )
        if presenti:
            return presenti
        comuni = [(uno.belfiore, uno.istat) for uno in await membri(GIORNO)]
        for graduatoria in await dichiarate(GIORNO):
            caso = random.Random(f"{unita.ambito}-{graduatoria.codice}")  # noqa: S311 - invented data
            bando = await apri(
                BandoNuovo(
                    graduatoria=graduatoria.codice,
                    titolo=f"{graduatoria.servizio} (bando e domande inventati)",
                    anno=GIORNO.year, giorno=GIORNO, disponibili=DOMANDE // 2,
                    budget=None if graduatoria.importo is None else Decimal(40_000),
                    atto="Atto inventato per la dimostrazione, n. 1",
                )
            )  # fmt: skip
            for numero in range(1, DOMANDE + 1):
                comune = caso.choice(comuni)
                persona = _persona(caso, [comune])
                await iscrivi(
                    bando,
                    DomandaNuova(
                        comune=comune[0], protocollo=f"{GIORNO.year}/{1000 + numero}",
                        presentata_il=GIORNO - timedelta(days=caso.randrange(1, 40)),
                        codice_fiscale=persona["codice_fiscale"], cognome=persona["cognome"],
                        nome=persona["nome"],
                        dati={
                            dato.codice: f"{caso.randrange(12, 80)}00.00"
                            if dato.codice == graduatoria.importo
                            else _dato(caso, dato)
                            for dato in graduatoria.dati
                        },
                    ),
                )  # fmt: skip
                presenti += 1
    return presenti


def _dato(caso: random.Random, dato: DatoDomanda) -> str:
    """A value that most often keeps the requirements."""
    match dato.tipo:
        case TipoDato.SI_NO:
            return "no" if caso.random() < 0.05 else "si"
        case TipoDato.SCELTA:
            scelte = [codice for codice, _ in dato.scelte]
            return caso.choice(scelte if caso.random() < 0.4 else scelte[:1])
        case TipoDato.DATA:
            return (GIORNO - timedelta(days=caso.randrange(100, 9000))).isoformat()
        case TipoDato.NUMERO:
            return str(caso.randrange(7))
        case _:
            return f"{caso.randrange(6, 270)}00.00"
