"""Requirements of accreditation for a day centre for adults with disabilities: an invented example."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

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

INVENTATO: Final = Atto(
    specie=Specie.REGOLAMENTO,
    organo="Nessun ente",
    titolo="Requisiti dimostrativi di accreditamento",
    nota="nessuna fonte reperita dà i requisiti: sono inventati per mostrare un accreditamento",
    ipotesi=True,
)

REGOLE: Final = (
    RegoleAccreditamento(
        codice="cse",
        denominazione="Centro socio educativo (esempio dimostrativo)",
        unita="Centro socio educativo (CSE)",
        fonte=INVENTATO,
        dimostrativa=True,
        durata_mesi=36,
        preavviso_giorni=120,
        requisiti=(
            RequisitoAccreditamento(
                codice="barriere", denominazione="Barriere architettoniche",
                testo="Una perizia dice che gli spazi si percorrono senza barriere.",
                area=AreaRequisito.STRUTTURALE, prova=ProvaDocumento(), fonte=INVENTATO,
            ),
            RequisitoAccreditamento(
                codice="rapporto-educatori", denominazione="Educatori per persone",
                testo="Almeno un educatore ogni cinque persone.",
                area=AreaRequisito.PROFESSIONALE, fonte=INVENTATO,
                prova=ProvaPerUtenti(unita="educatori", minimo=Decimal(1), ogni=5),
            ),
            RequisitoAccreditamento(
                codice="apertura", denominazione="Giorni di apertura",
                testo="Almeno 225 giorni all’anno.", area=AreaRequisito.ORGANIZZATIVO,
                prova=ProvaCifra(unita="giorni all’anno", minimo=Decimal(225)), fonte=INVENTATO,
            ),
            RequisitoAccreditamento(
                codice="progetti", denominazione="Progetti individuali",
                testo="Ogni persona ha un progetto educativo individuale.",
                area=AreaRequisito.GESTIONALE, prova=ProvaSiNo(), entro_giorni=60, fonte=INVENTATO,
            ),
        ),
    ),
)  # fmt: skip
