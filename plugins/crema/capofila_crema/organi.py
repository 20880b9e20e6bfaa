"""The bodies of the ambito Cremasco.

Source: Accordo di Programma 2015-2017, articles 3 to 19. Quorum, notice and votes of the Assemblea
are left by art. 6 to a regulation of the ASL that we do not have, those of the Tavolo by art. 9 to
rules of its own: no voting rule is declared. What must come before a decision is in art. 7, 13, 14.

Each body is declared twice: as the Accordo has it for its 36 months, and as we suppose it went on,
with the ATS and the ASST in the place of the ASL and of the hospital company (they are the ones
that signed the Accordo 2021-2023, and the Province no longer did).
"""

from __future__ import annotations

from typing import Final

from capofila.hooks import (
    Atto,
    Attribuzione,
    Competenza,
    Convocazione,
    Elezione,
    Invitato,
    Nomina,
    Organo,
    Per,
    Presidenza,
    Requisito,
    Seggio,
    SpecieRequisito,
    variante,
)
from capofila_crema.fonti import (
    AL,
    DAL,
    REGOLAMENTO_ASL,
    REGOLE_DEL_TAVOLO,
    SEGUITO,
    SEGUITO_DAL,
    accordo,
    seguito,
)

_SINDACO_DI_CREMA: Final = "Sindaco del Comune di Crema"

_PIANO_DI_ZONA: Final = Requisito(
    specie=SpecieRequisito.ATTO,
    di="piano-di-zona",
    denominazione="il Piano di Zona approvato",
    stesso_anno=False,
    fonte=accordo("13, lettera a"),
)
_DEL_COMITATO: Final = (
    Requisito(
        specie=SpecieRequisito.PROPOSTA,
        di="comitato-ristretto",
        denominazione="la proposta del Comitato Ristretto",
        fonte=accordo("7"),
    ),
    Requisito(
        specie=SpecieRequisito.CONFRONTO,
        di="forum-terzo-settore",
        denominazione="il confronto con il Forum Cremasco del Terzo Settore",
        fonte=accordo("7"),
    ),
    Requisito(
        specie=SpecieRequisito.CONFRONTO,
        di="organizzazioni-sindacali",
        denominazione="il confronto con le Organizzazioni Sindacali",
        fonte=accordo("7"),
    ),
)
"""What art. 7 wants before the two yearly documents: a proposal, and two meetings held apart."""

_SETTORI: Final = {
    "volontariato": "Volontariato e associazioni familiari",
    "cooperazione-sociale": "Cooperative sociali",
    "promozione-sociale": "Enti di promozione sociale",
    "diocesi": "Enti educativi e sociali delle Diocesi",
}
"""The four sectors of the Tavolo (art. 9), which ratifies one representative of each."""

_ASSEMBLEA: Final = Organo(
    codice="assemblea-dei-sindaci",
    denominazione="Assemblea dei Sindaci",
    seggi=(
        Seggio(
            categoria="sindaco",
            denominazione="Sindaco",
            numero=1,
            per=Per.COMUNE,
            fonte=accordo("3"),
        ),
    ),
    presidenza=Presidenza(
        titolare=_SINDACO_DI_CREMA,
        nomina=Nomina.DI_DIRITTO,
        sostituto="Un altro sindaco, designato dall'Assemblea",
    ),
    invitati=(
        Invitato(denominazione="Direttore Sociale dell'ASL della Provincia di Cremona o delegato"),
        Invitato(
            denominazione="Provincia di Cremona: Presidente e Assessore alle Politiche Sociali"
        ),
    ),
    regolamento=REGOLAMENTO_ASL,
    attribuzioni=(
        Attribuzione(
            materia="priorita",
            competenza=Competenza.DECIDE,
            oggetto="Priorità e obiettivi delle politiche locali",
        ),
        Attribuzione(
            materia="compatibilita-risorse",
            competenza=Competenza.VERIFICA,
            oggetto="Compatibilità tra impegni e risorse",
        ),
        Attribuzione(
            materia="riparto-risorse",
            competenza=Competenza.DECIDE,
            oggetto="Destinazione di FNPS, FSR e quote conferite dai comuni",
        ),
        Attribuzione(
            materia="attuazione-piano-di-zona",
            competenza=Competenza.DECIDE,
            oggetto="Governo politico dell'attuazione e dell'integrazione tra i soggetti",
        ),
        Attribuzione(
            materia="piano-di-zona",
            competenza=Competenza.APPROVA,
            oggetto="Piano di Zona e sue modifiche nel triennio",
        ),
        Attribuzione(
            materia="piano-operativo",
            competenza=Competenza.APPROVA,
            oggetto="Piano Operativo annuale",
            requisiti=(_PIANO_DI_ZONA, *_DEL_COMITATO),
        ),
        Attribuzione(
            materia="report-annuale",
            competenza=Competenza.APPROVA,
            oggetto="Report annuale sul Piano Operativo e sul Piano di Zona",
            requisiti=(
                Requisito(
                    specie=SpecieRequisito.ATTO,
                    di="piano-operativo",
                    denominazione="il Piano Operativo approvato",
                    fonte=accordo("13, lettera b"),
                ),
                *_DEL_COMITATO,
            ),
        ),
        Attribuzione(
            materia="pareri-sociosanitari",
            competenza=Competenza.DECIDE,
            oggetto="Pareri e proposte sui servizi sociosanitari e sulle loro risorse",
        ),
        Attribuzione(
            materia="sostituto-del-presidente",
            competenza=Competenza.NOMINA,
            oggetto="Il sindaco che sostituisce il presidente assente o impedito",
        ),
        Attribuzione(
            materia="comitato-ristretto",
            competenza=Competenza.NOMINA,
            oggetto="Due componenti del Comitato Ristretto per ogni sub-ambito",
            fonte=accordo("7"),
        ),
        Attribuzione(
            materia="sovrintendenza",
            competenza=Competenza.NOMINA,
            oggetto="Due sindaci che sovrintendono all'Accordo con quello di Crema",
            fonte=accordo("17"),
        ),
    ),
    elezioni=(
        Elezione(materia="sostituto-del-presidente", posti=1, fonte=accordo("6")),
        Elezione(materia="comitato-ristretto", posti=2, per=Per.SUB_AMBITO, fonte=accordo("7")),
        Elezione(materia="sovrintendenza", posti=2, fonte=accordo("17")),
    ),
    fonte=accordo("6"),
    valido_dal=DAL,
    valido_al=AL,
)

_COMITATO: Final = Organo(
    codice="comitato-ristretto",
    denominazione="Comitato Ristretto dell'Assemblea dei Sindaci",
    seggi=(
        Seggio(
            categoria="componente",
            denominazione="Componente effettivo in rappresentanza del sub-ambito",
            numero=2,
            per=Per.SUB_AMBITO,
            designato_da="Assemblea dei Sindaci",
            eleggibili=("sindaco", "assessore alle politiche sociali", "consigliere comunale"),
        ),
    ),
    presidenza=Presidenza(titolare="Referente/coordinatore", nomina=Nomina.ELETTA),
    convocazione=(Convocazione(chi="Il referente/coordinatore", fonte=accordo("7")),),
    elezioni=(Elezione(materia="referente-del-comitato", posti=1, fonte=accordo("7")),),
    attribuzioni=(
        Attribuzione(
            materia="referente-del-comitato",
            competenza=Competenza.NOMINA,
            oggetto="Il componente che fa da referente e coordinatore",
        ),
        Attribuzione(
            materia="piano-operativo",
            competenza=Competenza.PREPARA,
            oggetto="Proposta del Piano Operativo annuale",
        ),
        Attribuzione(
            materia="report-annuale",
            competenza=Competenza.PREPARA,
            oggetto="Proposta del Report annuale",
        ),
        Attribuzione(
            materia="indirizzi-ufficio-di-piano",
            competenza=Competenza.CONCORRE,
            oggetto="Indirizzi politici per l'attività ordinaria dell'Ufficio di Piano",
        ),
        Attribuzione(
            materia="regolamenti",
            competenza=Competenza.CONCORRE,
            oggetto="Regolamenti nelle materie dell'Assemblea",
        ),
        Attribuzione(
            materia="indirizzo-distrettuale",
            competenza=Competenza.CONCORRE,
            oggetto="Linea comune verso ASL, Provincia e gli altri soggetti",
        ),
        Attribuzione(
            materia="piano-operativo",
            competenza=Competenza.SENTE,
            oggetto="Incontri distinti con il Forum del Terzo Settore e con i sindacati",
        ),
        Attribuzione(
            materia="report-annuale",
            competenza=Competenza.SENTE,
            oggetto="Incontri distinti con il Forum del Terzo Settore e con i sindacati",
        ),
    ),
    fonte=accordo("7"),
    valido_dal=DAL,
    valido_al=AL,
)

_UFFICIO: Final = Organo(
    codice="ufficio-di-piano",
    denominazione="Ufficio di Piano",
    seggi=(
        Seggio(
            categoria="coordinatore",
            denominazione="Funzionario coordinatore e responsabile",
            designato_da="Comune di Crema, ente capofila",
        ),
        Seggio(
            categoria="sub-ambito",
            denominazione="Operatore del comune referente di sub-ambito",
            numero=1,
            per=Per.SUB_AMBITO,
            designato_da="Comune referente del sub-ambito, o l'unione che ne tiene il ruolo",
            di_referente=True,
            fonte=accordo("8, 12 e 19"),
        ),
        Seggio(
            categoria="asl",
            denominazione="Rappresentante tecnico dell'ASL della Provincia di Cremona",
        ),
        *(
            Seggio(
                categoria=categoria,
                denominazione=f"Rappresentante {di_chi}",
                designato_da=designano,
                solo_aderenti=True,
                ratificato_da="tavolo-terzo-settore" if categoria in _SETTORI else None,
                fonte=accordo("4, 8 e 9" if categoria in _SETTORI else "4 e 8"),
            )
            for categoria, di_chi, designano in (
                (
                    "cooperazione-sociale",
                    "della cooperazione sociale",
                    "Cooperative sociali aderenti",
                ),
                (
                    "volontariato",
                    "delle associazioni di volontariato",
                    "Associazioni di volontariato aderenti",
                ),
                (
                    "promozione-sociale",
                    "delle realtà di promozione sociale",
                    "Realtà di promozione sociale aderenti",
                ),
                (
                    "diocesi",
                    "delle realtà sociali ed educative delle Diocesi",
                    "Diocesi di Crema, Cremona e Lodi, insieme",
                ),
                ("enti-gestori", "degli enti gestori (Fondazioni e Aziende)", "Enti gestori"),
            )
        ),
        Seggio(
            categoria="azienda-ospedaliera",
            denominazione="Rappresentante dell'Azienda Ospedaliera",
        ),
    ),
    presidenza=Presidenza(
        titolare="Coordinatore-responsabile incaricato dal Comune di Crema",
        categoria="coordinatore",
        nomina=Nomina.DESIGNATA,
        fonte=accordo("11"),
    ),
    invitati=(
        Invitato(
            denominazione=(
                "Comunità Sociale Cremasca a.s.c.: Direttore Generale e suoi delegati tecnici"
            )
        ),
    ),
    segreteria="Struttura tecnica e amministrativa di Comunità Sociale Cremasca a.s.c.",
    attribuzioni=(
        Attribuzione(
            materia="attuazione-piano-di-zona",
            competenza=Competenza.ESEGUE,
            oggetto="Programmazione, modalità operative, budget e valutazione degli interventi",
        ),
        Attribuzione(
            materia="contratto-di-servizio",
            competenza=Competenza.ESEGUE,
            oggetto="Contratto di Servizio con Comunità Sociale Cremasca a.s.c.",
            requisiti=(
                Requisito(
                    specie=SpecieRequisito.ATTO,
                    di="piano-operativo",
                    denominazione="il Piano Operativo approvato dall'Assemblea dei Sindaci",
                    fonte=accordo("13, lettera a, e 14"),
                ),
            ),
        ),
        Attribuzione(
            materia="debito-informativo",
            competenza=Competenza.RISPONDE,
            oggetto="Correttezza, attendibilità e puntualità dei debiti informativi regionali",
        ),
    ),
    fonte=accordo("8"),
    valido_dal=DAL,
    valido_al=AL,
)

_TAVOLO: Final = Organo(
    codice="tavolo-terzo-settore",
    denominazione="Tavolo Locale del Terzo Settore",
    seggi=tuple(
        Seggio(categoria=categoria, denominazione=denominazione, numero=None, solo_aderenti=True)
        for categoria, denominazione in _SETTORI.items()
    ),
    segreteria="Quella dell'Ufficio di Piano",
    regolamento=REGOLE_DEL_TAVOLO,
    attribuzioni=(
        Attribuzione(
            materia="rappresentanti-terzo-settore",
            competenza=Competenza.RATIFICA,
            oggetto="I quattro rappresentanti del Terzo Settore nell'Ufficio di Piano",
            requisiti=(
                Requisito(
                    specie=SpecieRequisito.PROPOSTA,
                    di="enti-aderenti",
                    denominazione="la designazione degli enti aderenti, uno per settore",
                    stesso_anno=False,
                    fonte=accordo("8 e 9"),
                ),
            ),
        ),
    ),
    fonte=accordo("9"),
    valido_dal=DAL,
    valido_al=AL,
)

_CABINA: Final = Organo(
    codice="cabina-di-regia",
    denominazione="Cabina di Regia integrata interdistrettuale",
    seggi=(
        Seggio(
            categoria="istituzionale",
            denominazione="Assemblee distrettuali dei Sindaci",
            numero=None,
        ),
        Seggio(
            categoria="tecnica",
            denominazione="Uffici di Piano e aziende sociali",
            numero=None,
        ),
    ),
    presidenza=Presidenza(
        titolare="Direttore Sociale dell'ASL, che la coordina", nomina=Nomina.DI_DIRITTO
    ),
    attribuzioni=(
        Attribuzione(
            materia="integrazione-sociosanitaria",
            competenza=Competenza.CONCORRE,
            oggetto="Appropriatezza degli interventi, senza doppioni tra sociale e sanitario",
        ),
    ),
    condiviso_tra=("casalmaggiore", "crema", "cremona"),
    fonte=variante(
        accordo("10"),
        nota="La composizione è rimessa a un atto dell'ASL, che non è stato reperito.",
    ),
    valido_dal=DAL,
    valido_al=AL,
)

_SOVRINTENDENZA: Final = Organo(
    codice="sovrintendenza",
    denominazione="Sovrintendenza dell'Accordo di Programma",
    seggi=(
        Seggio(categoria="presidente", denominazione=f"{_SINDACO_DI_CREMA} o suo delegato"),
        Seggio(
            categoria="sindaco",
            denominazione="Sindaco",
            numero=2,
            designato_da="Assemblea dei Sindaci",
        ),
    ),
    fonte=accordo("17"),
    valido_dal=DAL,
    valido_al=AL,
)

_DEL_2015: Final = (_ASSEMBLEA, _COMITATO, _UFFICIO, _TAVOLO, _CABINA, _SOVRINTENDENZA)

_SUBENTRI: Final = {
    "Rappresentante tecnico dell'ASL della Provincia di Cremona": (
        "Rappresentante tecnico dell'ATS della Val Padana"
    ),
    "Rappresentante dell'Azienda Ospedaliera": "Rappresentante dell'ASST di Crema",
}


def _di_poi(fonte: Atto | None) -> Atto | None:
    return seguito(fonte) if fonte is not None else None


def _seggio_di_poi(seggio: Seggio) -> Seggio:
    nome = _SUBENTRI.get(seggio.denominazione, seggio.denominazione)
    return variante(seggio, denominazione=nome, fonte=_di_poi(seggio.fonte))


def _attribuzione_di_poi(attribuzione: Attribuzione) -> Attribuzione:
    requisiti = tuple(variante(uno, fonte=_di_poi(uno.fonte)) for uno in attribuzione.requisiti)
    return variante(attribuzione, requisiti=requisiti, fonte=_di_poi(attribuzione.fonte))


def _seguito(organo: Organo) -> Organo:
    """The body as we suppose it after 30 April 2018."""
    presidenza = organo.presidenza
    dopo = variante(
        organo,
        fonte=SEGUITO,
        valido_dal=SEGUITO_DAL,
        valido_al=None,
        seggi=tuple(map(_seggio_di_poi, organo.seggi)),
        presidenza=presidenza and variante(presidenza, fonte=_di_poi(presidenza.fonte)),
        attribuzioni=tuple(map(_attribuzione_di_poi, organo.attribuzioni)),
        convocazione=tuple(variante(una, fonte=seguito(una.fonte)) for una in organo.convocazione),
        elezioni=tuple(variante(una, fonte=seguito(una.fonte)) for una in organo.elezioni),
    )
    if organo is _ASSEMBLEA:
        return variante(dopo, invitati=(Invitato(denominazione="ATS della Val Padana"),))
    if organo is _CABINA:
        # Who coordinates it after the ASL ended is not known.
        return variante(dopo, presidenza=None)
    return dopo


ORGANI: Final = _DEL_2015 + tuple(_seguito(organo) for organo in _DEL_2015)
