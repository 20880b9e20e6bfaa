"""The files that the ambito owes: lines of fixed width with a first and a last one, a workbook a comune."""

from __future__ import annotations

from typing import Final

from capofila.hooks import (
    Campo,
    ColonnaFoglio,
    DivisioneFile,
    Flusso,
    FormaFissa,
    FormaFoglio,
    PerFile,
    PostoFisso,
    Regola,
    RegolaNome,
    Tipo,
    TracciatoFisso,
    TracciatoXlsx,
    regole,
)

DISCIPLINARE: Final = "Disciplinare del rendiconto (inventato)"

NON_PRIMA: Final = Regola(
    codice="mantova-fine-prima-di-inizio",
    campo="data_fine",
    controllo=regole.NonPrima("data_fine", "data_inizio"),
    gravita="errore",
    messaggio="la fine, {data_fine}, viene prima dell'inizio, {data_inizio}",
    fonte=f"{DISCIPLINARE}, punto 3",
    esempio_valido={"data_inizio": "2025-01-01", "data_fine": "2025-12-31"},
    esempio_errato={"data_inizio": "2025-12-31", "data_fine": "2025-01-01"},
)

FLUSSI: Final = (
    Flusso(
        id="mantova-rendiconto",
        denominazione="Rendiconto delle prestazioni",
        destinatario="Consulta di prova",
        versione_schema="1",
        fonte="prestazioni",
        campi=(
            Campo(
                "protocollo_domanda", Tipo.TESTO, "Protocollo della domanda",
                obbligatorio=True, lunghezza=(1, 32),
            ),
            Campo("data_inizio", Tipo.DATA, "Data di inizio"),
            Campo("data_fine", Tipo.DATA, "Data di fine"),
            Campo("importo_mensile", Tipo.IMPORTO, "Importo mensile"),
            Campo("presa_in_carico", Tipo.SI_NO, "Presa in carico"),
        ),
        regole=(NON_PRIMA,),
        tracciato=TracciatoFisso(
            prima=(
                PostoFisso(2, costante="T0"),
                PostoFisso(4, "ente_indirizzo"),
                PostoFisso(58),
            ),
            posti=(
                PostoFisso(1, costante="R"),
                PostoFisso(32, "protocollo_domanda"),
                PostoFisso(8, "data_inizio", FormaFissa.AAAAMMGG),
                PostoFisso(8, "data_fine", FormaFissa.AAAAMMGG),
                PostoFisso(14, "importo_mensile", FormaFissa.CENTESIMI),
                PostoFisso(1, "presa_in_carico", valori={"si": "S", "no": "N"}),
            ),
            dopo=(PostoFisso(2, costante="T9"), PostoFisso(62)),
        ),
        estensione="txt",
        media_type="text/plain",
        fonti_normative=(DISCIPLINARE,),
        regola_nome=RegolaNome(sigla="REND", cifre=3, lunghezza=30, fonte=DISCIPLINARE),
    ),
    Flusso(
        id="mantova-foglio",
        denominazione="Prestazioni per comune",
        destinatario="Uffici di prova dei comuni",
        versione_schema="1",
        fonte="prestazioni",
        campi=(
            Campo(
                "protocollo_domanda", Tipo.TESTO, "Protocollo della domanda",
                obbligatorio=True, lunghezza=(1, 32),
            ),
            Campo("data_inizio", Tipo.DATA, "Data di inizio"),
            Campo("importo_mensile", Tipo.IMPORTO, "Importo mensile"),
        ),
        regole=(),
        tracciato=TracciatoXlsx(
            (
                ColonnaFoglio("Protocollo", "protocollo_domanda", larghezza=32),
                ColonnaFoglio("Dal", "data_inizio", FormaFoglio.DATA),
                ColonnaFoglio("Importo", "importo_mensile", FormaFoglio.NUMERO),
            ),
            foglio="Prestazioni",
        ),
        estensione="xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        fonti_normative=(DISCIPLINARE,),
        regola_nome=RegolaNome(
            sigla="foglio", cifre=2, modello="{sigla}-{ente}-{giorno}-", fonte=DISCIPLINARE
        ),
        divisione=DivisioneFile(per=PerFile.COMUNE, fonte=DISCIPLINARE),
    ),
)  # fmt: skip
