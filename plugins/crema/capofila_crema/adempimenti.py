"""The yearly instruments of the ambito Cremasco and when they are due.

Source: Accordo di Programma 2015-2017, art. 13. The Piano Operativo is approved within March and
the Contratto di Servizio with the azienda, built on it, is signed within April; the Report Annuale
is approved within the January after the year it reports on. The article gives months: the last day
counts, and no rule for holidays is stated, so none is applied.
"""

from __future__ import annotations

from typing import Final

from capofila.hooks import Adempimento, RegolaData, SpecieProva, variante
from capofila_crema.fonti import AL, DAL, SEGUITO, SEGUITO_DAL, accordo

_AVVISI: Final = (60, 30, 7)

_DEL_2015: Final = (
    Adempimento(
        codice="piano-operativo",
        titolo="Approvazione del Piano Operativo",
        organo="assemblea-dei-sindaci",
        regola=RegolaData(mese=3),
        preavvisi=_AVVISI,
        descrizione=(
            "Azioni, obiettivi e budget dell'anno; è la base del Contratto di Servizio. Lo "
            "prepara il Comitato Ristretto, che sente il Forum del Terzo Settore e i sindacati."
        ),
        prova="Deliberazione dell'Assemblea dei Sindaci",
        specie_prova=SpecieProva.ATTO,
        fonte=accordo("13, lettera a"),
        valido_dal=DAL,
        valido_al=AL,
    ),
    Adempimento(
        codice="contratto-di-servizio",
        titolo="Sottoscrizione del Contratto di Servizio con Comunità Sociale Cremasca",
        organo="ufficio-di-piano",
        regola=RegolaData(mese=4),
        preavvisi=_AVVISI,
        descrizione="Affida all'azienda le attività distrettuali, in coerenza con il Piano.",
        prova="Contratto sottoscritto",
        specie_prova=SpecieProva.DOCUMENTO,
        fonte=accordo("13, lettera a"),
        valido_dal=DAL,
        valido_al=AL,
    ),
    Adempimento(
        codice="report-annuale",
        titolo="Approvazione del Report Annuale",
        organo="assemblea-dei-sindaci",
        regola=RegolaData(mese=1, scarto_anni=1),
        preavvisi=_AVVISI,
        descrizione=(
            "Rendiconto delle azioni e dei budget dell'anno precedente. Un aggiornamento a metà "
            "anno è possibile, senza un termine."
        ),
        prova="Deliberazione dell'Assemblea dei Sindaci",
        specie_prova=SpecieProva.ATTO,
        fonte=accordo("13, lettera b"),
        valido_dal=DAL,
        valido_al=AL,
    ),
)

ADEMPIMENTI: Final = _DEL_2015 + tuple(
    variante(uno, fonte=SEGUITO, valido_dal=SEGUITO_DAL, valido_al=None) for uno in _DEL_2015
)
