"""Demonstration meetings: invented, marked so, with the true comuni of each ambito.

Those of the Casalasco are the case of its double majority: three comuni have the weight of the
inhabitants and fail, eleven pass.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any, Final

from capofila.base.attivazioni import oggi
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.governo import deliberazioni, sala, sedute, verbali
from capofila.governo.sedute import Adunanza, Proposta
from capofila.governo.voti import Scelta, Voto

ORGANO: Final = "assemblea-dei-sindaci"
REGOLE: Final[dict[str, Any]] = {
    "atto": {
        "organo": "Dimostrazione",
        "titolo": "Regolamento inventato dell'Assemblea",
        "ipotesi": True,
        "nota": "nessuna fonte reperita dà numero legale e maggioranza; questa regola è inventata",
    },
    "voto": {
        "condizioni": [{"misura": "teste", "piu_di": "1/2", "base": "presenti"}],
        "astensioni": "voto",
        "parita": "presidenza",
    },
    "quorum": {"condizioni": [{"misura": "teste", "piu_di": "1/2"}]},
    "quorum_seconda": {"condizioni": [{"misura": "teste", "almeno": "1/3"}]},
    "deleghe": {"ammesse": True, "massimo": 1, "nel_quorum": False},
}
PERCHE: Final = "Statuto, articolo inventato per la dimostrazione"
_CASALASCO: Final = ("Casalmaggiore", "Piadena Drizzona", "Gussola")


async def inventa_sedute(contesto: Contesto, slug: str) -> int:
    """One meeting that was held and one that is called, once; returns how many there are."""
    async with unita_di_lavoro(contesto):
        presenti = await sedute.adunanze()
        if presenti:
            return len(presenti)
        tenuta = oggi() - timedelta(days=30)
        casalasco = slug == "casalmaggiore"
        # Crema has an act that gives the matter to the Assemblea; the others have none.
        quota = Proposta(
            materia="riparto-risorse" if slug == "crema" else "quota-dei-comuni",
            motivazione=PERCHE, anno=tenuta.year + 1,
            oggetto="Quota per abitante (inventata)",
            testo="La quota dei comuni è di 7,50 € per abitante.\nSi versa in due rate.",
        )  # fmt: skip
        id_, messe = await _prepara(
            tenuta, quota, *([quota] if casalasco else []), regole={} if casalasco else REGOLE
        )
        await sala.apri(id_)
        aventi = (await sala.sala(id_)).apertura.aventi_diritto
        nomi = {uno.nome: uno.id for uno in aventi}
        ids = [uno.id for uno in aventi]
        capofila = nomi[{"crema": "Crema", "cremona": "Cremona"}.get(slug, "Casalmaggiore")]
        assenti = [] if casalasco else [uno for uno in ids[5::9] if uno != capofila]
        await sala.segna_presenza(id_, [uno for uno in ids if uno not in assenti], True)
        await sala.segna_presidenza(id_, capofila)
        if not casalasco:
            await sala.segna_delega(id_, assenti[0], ids[1], "Delega firmata, inventata")
        tre = {nomi[nome] for nome in _CASALASCO} if casalasco else set()
        if casalasco:
            await _vota(id_, messe[0], tre)
        undici = tre | set([uno for uno in ids if uno not in tre][:8])
        await _vota(id_, messe[-1], undici if casalasco else set(ids) - set(ids[3::5]))
        await sala.chiudi(id_)
        await verbali.verbale(id_)
        await _prepara(
            oggi() + timedelta(days=21),
            Proposta(
                materia="riparto-risorse" if slug == "crema" else "piano-di-zona",
                motivazione=PERCHE,
                anno=oggi().year + 1,
                oggetto=f"{'Riparto' if slug == 'crema' else 'Piano di Zona'} (inventato)",
            ),
            regole={} if casalasco else REGOLE,
            convocata=oggi(),
        )
        return 2


async def _prepara(
    giorno: date, *proposte: Proposta, regole: dict[str, Any], convocata: date | None = None
) -> tuple[int, list[int]]:
    id_ = await sedute.crea(
        Adunanza(
            organo=ORGANO, giorno=giorno, ora=time(18), luogo="Sala consiliare (inventata)",
            regole=regole, inventata=True,
        )
    )  # fmt: skip
    await sedute.aggiungi_punto(id_, "Comunicazioni della presidenza (inventate)")
    punto = await sedute.aggiungi_punto(id_, "Le risorse dell'ambito (inventato)")
    messe = [await sedute.aggiungi_proposta(punto, una) for una in proposte]
    await sedute.convoca(id_, convocata or giorno - timedelta(days=10))
    return id_, messe


async def _vota(id_: int, proposta: int, favorevoli: set[str]) -> None:
    votano = (await sala.sala(id_)).seduta().rappresentati
    await deliberazioni.vota(
        proposta,
        "appello",
        voti=[
            Voto.intero(chi, Scelta.FAVOREVOLE if chi in favorevoli else Scelta.CONTRARIO)
            for chi in sorted(votano)
        ],
    )
