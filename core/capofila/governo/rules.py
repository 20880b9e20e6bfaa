"""What plugins declare about bodies and deadlines, put into words.

Pure. The words follow the acts: what a source leaves open is said to be open, what is only
supposed is said to be supposed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from capofila.hooks import Atto, Competenza, Organo, RegolaVoto
from capofila.hooks.organi import Nomina, Per, Presidenza, Seggio
from capofila.hooks.votazioni import Base, Condizione, Misura, Soglia


def cita(atto: Atto) -> str:
    """The citation, without the reason of a supposition: the page says that apart."""
    return atto.cita().removesuffix(f" (ipotesi: {atto.nota})") if atto.ipotesi else atto.cita()


def distanza(giorni: int) -> str:
    """How far a day is, in words.

    >>> distanza(0), distanza(1), distanza(12), distanza(-3)
    ('oggi', 'domani', 'fra 12 giorni', '3 giorni fa')
    """
    match giorni:
        case 0:
            return "oggi"
        case 1:
            return "domani"
        case -1:
            return "ieri"
        case _ if giorni > 0:
            return f"fra {giorni} giorni"
        case _:
            return f"{-giorni} giorni fa"


class OrganoVisto(msgspec.Struct, frozen=True, kw_only=True):
    """A body as the page shows it; every list holds sentences or pairs ready to be read.

    Attributes:
        seggi: who sits, how many, appointed by whom.
        regole_voto: pairs (how it decides, since when and by what source).
        attribuzioni: pairs (what it does, about what).
    """

    codice: str
    denominazione: str
    seggi: tuple[str, ...]
    presidenza: str | None
    invitati: tuple[str, ...]
    segreteria: str | None
    durata: str | None
    regole_voto: tuple[tuple[str, str], ...]
    regolamento: str | None
    attribuzioni: tuple[tuple[str, str], ...]
    condiviso_tra: tuple[str, ...]
    fonte: str
    nota: str | None
    ipotesi: bool
    valido_dal: date | None
    valido_al: date | None


def mostra_organo(organo: Organo, oggi: date, comuni: int | None = None) -> OrganoVisto:
    """A body on a day.

    Args:
        organo: as declared, in the version of that day.
        oggi: the day: of its voting rules only those in force are shown.
        comuni: how many comuni the ambito has, to say how many seats they make.
    """
    return OrganoVisto(
        codice=organo.codice,
        denominazione=organo.denominazione,
        seggi=tuple(seggio_in_parole(seggio, comuni) for seggio in organo.seggi),
        presidenza=presidenza_in_parole(organo.presidenza) if organo.presidenza else None,
        invitati=tuple(
            invitato.denominazione + ("" if invitato.permanente else " (quando serve)")
            for invitato in organo.invitati
        ),
        segreteria=organo.segreteria,
        durata=durata_in_parole(organo.durata_mesi) if organo.durata_mesi else None,
        regole_voto=tuple(
            (regola_in_parole(regola), fonti_di(regola))
            for regola in organo.regole_voto
            if regola.vale(oggi)
        ),
        regolamento=_regolamento(organo.regolamento) if organo.regolamento else None,
        attribuzioni=tuple(
            (VERBI[attribuzione.competenza], attribuzione.oggetto)
            for attribuzione in organo.attribuzioni
        ),
        condiviso_tra=organo.condiviso_tra,
        fonte=cita(organo.fonte),
        nota=organo.fonte.nota,
        ipotesi=organo.ipotesi,
        valido_dal=organo.valido_dal,
        valido_al=organo.valido_al,
    )


_PER: Final = {
    Per.COMUNE: "per ogni comune",
    Per.SUB_AMBITO: "per ogni sub-ambito",
    Per.ZONA: "per ogni zona",
}
VERBI: Final = {
    Competenza.DECIDE: "Decide",
    Competenza.APPROVA: "Approva",
    Competenza.PREPARA: "Prepara",
    Competenza.CONCORRE: "Concorre a",
    Competenza.VERIFICA: "Verifica",
    Competenza.RATIFICA: "Ratifica",
    Competenza.NOMINA: "Nomina",
    Competenza.SENTE: "Sente altri su",
    Competenza.ESEGUE: "Esegue",
    Competenza.RISPONDE: "Risponde di",
}


def seggio_in_parole(seggio: Seggio, comuni: int | None = None) -> str:
    """Who sits, how many of them and who appoints them."""
    parti = [seggio.denominazione]
    if seggio.numero is None:
        parti.append("numero non indicato dalla fonte")
    elif seggio.per in _PER:
        quanti = f"{in_lettere(seggio.numero)} {_PER[seggio.per]}"
        if seggio.per is Per.COMUNE and comuni:
            quanti += f", {seggio.numero * comuni} in tutto"
        parti.append(quanti)
    elif seggio.numero > 1:
        parti.append(in_lettere(seggio.numero))
    testo = f"{parti[0]}: {parti[1]}" if len(parti) > 1 else parti[0]
    if seggio.designato_da:
        testo += f" (designazione: {seggio.designato_da})"
    if seggio.eleggibili:
        testo += f"; fra {', '.join(seggio.eleggibili)}"
    if seggio.solo_aderenti:
        testo += "; solo fra chi ha aderito all'Accordo"
    return testo


def presidenza_in_parole(presidenza: Presidenza) -> str:
    """Who presides, how they come to it, who stands in."""
    come = {
        Nomina.DI_DIRITTO: ", di diritto",
        Nomina.ELETTA: ", per elezione fra i componenti",
        Nomina.DESIGNATA: ", per designazione",
        None: "",
    }[presidenza.nomina]
    testo = presidenza.titolare + come
    if presidenza.sostituto:
        testo += f". In sua assenza: {presidenza.sostituto[:1].lower()}{presidenza.sostituto[1:]}"
    return testo


def durata_in_parole(mesi: int) -> str:
    """A length in months as people say it.

    >>> durata_in_parole(60), durata_in_parole(18)
    ('5 anni', '18 mesi')
    """
    if mesi % 12 == 0:
        anni = mesi // 12
        return "1 anno" if anni == 1 else f"{anni} anni"
    return "1 mese" if mesi == 1 else f"{mesi} mesi"


def regola_in_parole(regola: RegolaVoto) -> str:
    """How a proposal passes, in one sentence.

    Every condition of the rule must be met, so the sentence joins them with «e insieme».
    """
    condizioni = [condizione_in_parole(condizione) for condizione in regola.condizioni]
    testo = "Una proposta passa con " + ", e insieme con ".join(condizioni)
    if regola.materie:
        testo += f" (materie: {', '.join(m.replace('-', ' ') for m in regola.materie)})"
    return testo + "."


def condizione_in_parole(condizione: Condizione) -> str:
    """What a condition of a vote asks, as it follows «passa con»."""
    testo = _condizione(condizione)
    return f"{testo} (seggi «{condizione.categoria}»)" if condizione.categoria else testo


def quorum_in_parole(condizione: Condizione) -> str:
    """Who must be there, as it follows «sono presenti»."""
    soglia, misura = condizione.soglia, condizione.misura
    di_chi = f"i seggi «{condizione.categoria}»" if condizione.categoria else "gli aventi diritto"
    if soglia is None:
        return f"{di_chi}: la fonte non dice quanti"
    if soglia.numero is not None:
        quanti = f"{'più di' if soglia.stretta else 'almeno'} {soglia.numero}"
        return f"{quanti} fra {di_chi}" + (
            "" if misura is Misura.TESTE else f", contando {_NOMI_PESI[misura]}"
        )
    if misura is Misura.TESTE:
        return f"{_quota(soglia)} fra {di_chi}"
    return f"{di_chi} con {_quota(soglia)} {_DEI_PESI[misura]}"


_NOMI_PESI: Final = {Misura.ABITANTI: "gli abitanti", Misura.QUOTE: "le quote"}
_DEI_PESI: Final = {Misura.ABITANTI: "degli abitanti", Misura.QUOTE: "delle quote"}


def _condizione(condizione: Condizione) -> str:
    soglia, misura, base = condizione.soglia, condizione.misura, condizione.base
    if soglia is None:
        testo = {
            Misura.TESTE: "il voto dei componenti, uno ciascuno",
            Misura.ABITANTI: "il voto dei comuni, ciascuno secondo i suoi abitanti",
            Misura.QUOTE: "il voto dei comuni, ciascuno secondo la sua quota",
        }[misura]
        return f"{testo}: la fonte non dice quanti ne servono"
    if misura is Misura.TESTE:
        chi = {
            Base.AVENTI_DIRITTO: "gli aventi diritto",
            Base.PRESENTI: "i presenti",
            Base.VOTANTI: "i votanti",
            None: "i componenti",
        }[base]
        if soglia.numero is not None:
            quanti = f"{'più di' if soglia.stretta else 'almeno'} {soglia.numero}"
            voti = "voto favorevole" if soglia.numero == 1 else "voti favorevoli"
            return f"{quanti} {voti} fra {chi}, uno ciascuno"
        return f"il voto favorevole di {_quota(soglia)} fra {chi}, uno ciascuno"
    che_cosa = {
        Misura.ABITANTI: "abitanti",
        Misura.QUOTE: "quote",
    }[misura]
    di_chi = {
        Base.AVENTI_DIRITTO: " di tutti gli aventi diritto",
        Base.PRESENTI: " dei presenti",
        Base.VOTANTI: " dei votanti",
        None: "",
    }[base]
    anno = f" (anno {condizione.anno_pesi})" if condizione.anno_pesi else ""
    if soglia.numero is not None:
        verbo = "più di" if soglia.stretta else "almeno"
        return f"voti che rappresentano {verbo} {soglia.numero} {che_cosa}{di_chi}{anno}"
    articolo = "degli" if misura is Misura.ABITANTI else "delle"
    return f"voti che rappresentano {_quota(soglia)} {articolo} {che_cosa}{di_chi}{anno}"


_FRAZIONI: Final = {
    (1, 2): "metà",
    (1, 3): "un terzo",
    (2, 3): "due terzi",
    (3, 4): "tre quarti",
    (1, 4): "un quarto",
    (3, 5): "tre quinti",
    (4, 5): "quattro quinti",
}


def _regolamento(atto: Atto) -> str:
    testo = cita(atto)
    return f"{testo}. {atto.nota}" if atto.nota else testo


def _quota(soglia: Soglia) -> str:
    assert soglia.frazione is not None
    numeratore, denominatore = soglia.frazione
    if numeratore == denominatore:
        return "la totalità"
    testo = _FRAZIONI.get(soglia.frazione, f"{numeratore}/{denominatore}")
    if testo == "metà":
        return "più della metà" if soglia.stretta else "almeno la metà"
    return f"più di {testo}" if soglia.stretta else f"almeno {testo}"


def fonti_di(regola: RegolaVoto) -> str:
    """The sources of a rule and of its conditions, each once."""
    atti: Iterable[Atto] = (
        regola.fonte,
        *(condizione.fonte for condizione in regola.condizioni if condizione.fonte),
    )
    return "; ".join(dict.fromkeys(atto.cita() for atto in atti))


_LETTERE: Final = ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove")


def in_lettere(numero: int) -> str:
    """A small number in letters, the others in figures."""
    return _LETTERE[numero] if numero < len(_LETTERE) else str(numero)
