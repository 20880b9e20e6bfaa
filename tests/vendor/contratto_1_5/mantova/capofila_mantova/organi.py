"""One body that votes by categories: the comuni and the Terzo Settore, each with a majority of its own."""

from __future__ import annotations

from typing import Final

from capofila.hooks import (
    OLTRE_META,
    Astensione,
    Attribuzione,
    Base,
    Competenza,
    Condizione,
    Interesse,
    Misura,
    Organo,
    Parita,
    Per,
    Quorum,
    RegolaVoto,
    Seggio,
)
from capofila_mantova.fonti import INVENTATO


def _meta_di(categoria: str) -> Condizione:
    return Condizione(
        misura=Misura.TESTE, soglia=OLTRE_META, base=Base.VOTANTI, categoria=categoria
    )


ORGANI: Final = (
    Organo(
        codice="consulta",
        denominazione="Consulta dei comuni e del Terzo Settore",
        seggi=(
            Seggio(categoria="comune", denominazione="Comune", per=Per.COMUNE),
            Seggio(categoria="terzo-settore", denominazione="Terzo Settore", numero=3),
        ),
        quorum=(
            Quorum(
                condizioni=(
                    Condizione(misura=Misura.TESTE, soglia=OLTRE_META, base=Base.AVENTI_DIRITTO),
                ),
                fonte=INVENTATO,
            ),
        ),
        regole_voto=(
            RegolaVoto(
                condizioni=(_meta_di("comune"), _meta_di("terzo-settore")),
                astensioni=Astensione.NON_VOTO,
                interesse=Interesse.CONTATO,
                parita=Parita.RESPINTA,
                fonte=INVENTATO,
            ),
        ),
        attribuzioni=(
            Attribuzione(
                materia="piano-di-zona", competenza=Competenza.APPROVA, oggetto="Piano di Zona"
            ),
        ),
        fonte=INVENTATO,
    ),
)
