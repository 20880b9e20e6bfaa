"""Requirements of accreditation for the educational assistance at school: an invented example."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from capofila.hooks import (
    AreaRequisito,
    Atto,
    ProvaCifra,
    ProvaDocumento,
    ProvaSiNo,
    RegoleAccreditamento,
    RequisitoAccreditamento,
    Specie,
)

INVENTATO: Final = Atto(
    specie=Specie.REGOLAMENTO,
    organo="Nessun ente",
    titolo="Requisiti dimostrativi di accreditamento",
    nota="nessuna fonte reperita dà i requisiti: sono inventati per mostrare un accreditamento",
    ipotesi=True,
)

REGOLE: Final = (
    RegoleAccreditamento(
        codice="assistenza-educativa",
        denominazione="Assistenza educativa scolastica (esempio dimostrativo)",
        unita="Assistenza educativa scolastica",
        fonte=INVENTATO,
        dimostrativa=True,
        durata_mesi=36,
        requisiti=(
            RequisitoAccreditamento(
                codice="educatori-qualificati", denominazione="Educatori qualificati",
                testo="Almeno ottanta educatori su cento hanno il titolo di studio.",
                area=AreaRequisito.PROFESSIONALE, fonte=INVENTATO,
                prova=ProvaCifra(unita="su cento", minimo=Decimal(80), massimo=Decimal(100)),
            ),
            RequisitoAccreditamento(
                codice="supervisione", denominazione="Supervisione",
                testo="Un contratto di supervisione, rinnovato ogni anno.",
                area=AreaRequisito.ORGANIZZATIVO, prova=ProvaDocumento(mesi=12), entro_giorni=120,
                fonte=INVENTATO,
            ),
            RequisitoAccreditamento(
                codice="codice-etico", denominazione="Codice etico",
                testo="L’ente ha adottato un codice etico.", area=AreaRequisito.GESTIONALE,
                prova=ProvaSiNo(), entro_giorni=60, fonte=INVENTATO,
            ),
        ),
    ),
)  # fmt: skip
