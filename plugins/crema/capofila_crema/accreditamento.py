"""Requirements of accreditation for an asilo nido and for home care, to show how one works.

Who is accredited is set by acts of the Regione and of the ambito, and no source at hand gives the
requirements: these are invented, and say so.
"""

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


def _requisito(
    codice: str, denominazione: str, testo: str, area: AreaRequisito, **campi: object
) -> RequisitoAccreditamento:
    return RequisitoAccreditamento(
        codice=codice, denominazione=denominazione, testo=testo, area=area, fonte=INVENTATO,
        **campi,  # type: ignore[arg-type]
    )  # fmt: skip


_CARTA: Final = _requisito(
    "carta-dei-servizi", "Carta dei servizi",
    "La carta dei servizi è pubblicata, con rette, orari e modi di reclamo.",
    AreaRequisito.GESTIONALE, prova=ProvaSiNo(), entro_giorni=90,
)  # fmt: skip
_POLIZZA: Final = _requisito(
    "polizza", "Polizza di responsabilità civile",
    "Una polizza copre utenti e operatori.",
    AreaRequisito.GESTIONALE, prova=ProvaDocumento(con_scadenza=True),
)  # fmt: skip

REGOLE: Final = (
    RegoleAccreditamento(
        codice="asilo-nido",
        denominazione="Asilo nido (esempio dimostrativo)",
        unita="Asilo nido",
        fonte=INVENTATO,
        dimostrativa=True,
        durata_mesi=36,
        preavviso_giorni=90,
        organo="Assemblea dei Sindaci",
        materia="attuazione-piano-di-zona",
        requisiti=(
            _requisito(
                "antincendio", "Prevenzione incendi",
                "L’edificio ha la documentazione di prevenzione incendi, rinnovata ogni cinque anni.",
                AreaRequisito.STRUTTURALE, prova=ProvaDocumento(mesi=60),
            ),
            _requisito(
                "superficie", "Superficie interna",
                "Almeno sei metri quadrati interni per ogni bambino.",
                AreaRequisito.STRUTTURALE,
                prova=ProvaPerUtenti(unita="metri quadrati", minimo=Decimal(6)),
            ),
            _requisito(
                "giardino", "Spazio esterno", "Il nido ha uno spazio esterno di gioco.",
                AreaRequisito.STRUTTURALE, prova=ProvaSiNo(), entro_giorni=365,
            ),
            _requisito(
                "rapporto-educatori", "Educatori per bambini",
                "Almeno un educatore ogni otto bambini, anche se l’ultimo gruppo è incompleto.",
                AreaRequisito.PROFESSIONALE,
                prova=ProvaPerUtenti(unita="educatori", minimo=Decimal(1), ogni=8, interi=True),
            ),
            _requisito(
                "apertura", "Ore di apertura",
                "Il nido è aperto almeno 45 ore alla settimana.",
                AreaRequisito.ORGANIZZATIVO,
                prova=ProvaCifra(unita="ore alla settimana", minimo=Decimal(45)),
            ),
            _CARTA,
            _POLIZZA,
        ),
    ),
    RegoleAccreditamento(
        codice="assistenza-domiciliare",
        denominazione="Servizio di assistenza domiciliare (esempio dimostrativo)",
        unita="Servizio di assistenza domiciliare (SAD)",
        fonte=INVENTATO,
        dimostrativa=True,
        durata_mesi=24,
        preavviso_giorni=60,
        requisiti=(
            _requisito(
                "operatori-qualificati", "Operatori per persone seguite",
                "Almeno un operatore con qualifica ASA o OSS ogni dieci persone seguite.",
                AreaRequisito.PROFESSIONALE,
                prova=ProvaPerUtenti(unita="operatori", minimo=Decimal(1), ogni=10),
            ),
            _requisito(
                "coordinatore", "Coordinatore", "Il servizio ha un coordinatore.",
                AreaRequisito.ORGANIZZATIVO, prova=ProvaSiNo(),
            ),
            _requisito(
                "formazione", "Formazione degli operatori",
                "Almeno dodici ore di formazione all’anno per ogni operatore.",
                AreaRequisito.PROFESSIONALE, entro_giorni=180,
                prova=ProvaCifra(unita="ore all’anno", minimo=Decimal(12)),
            ),
            _requisito(
                "sostituzioni", "Sostituzioni",
                "Chi manca è sostituito entro il giorno dopo: un massimo di 24 ore.",
                AreaRequisito.ORGANIZZATIVO, prova=ProvaCifra(unita="ore", massimo=Decimal(24)),
            ),
            _CARTA,
            _POLIZZA,
        ),
    ),
)  # fmt: skip
