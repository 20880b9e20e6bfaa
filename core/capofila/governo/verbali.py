"""The minutes of a meeting, made from its rows: PDF/A-3, sealed in the store by its digest.

Each vote is carried inside, as the bytes that it was counted from: whoever has the file can count again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final

from capofila.accessi.service import registra
from capofila.base.attivazioni import ROMA, oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto
from capofila.governo.albo import termine
from capofila.governo.conteggio import cifra
from capofila.governo.deliberazioni import (
    Deliberazione,
    Votazione,
    della_seduta,
    votazioni,
)
from capofila.governo.sala import Apertura, Evento, aperture, eventi, sala_dopo
from capofila.governo.seduta import AventeDiritto
from capofila.governo.sedute import (
    Adunanza,
    Punto,
    adunanza,
    aggiungi_documento,
    albo_di,
    documenti,
    ordine_del_giorno,
    ufficio_di_piano,
    va_a,
)
from capofila.web.carta import DA_CONSERVARE, componi
from capofila.web.formati import data as in_data
from capofila.web.formati import numero

MODI: Final[Mapping[str, str]] = {
    "appello": "per appello nominale",
    "alzata": "per alzata di mano",
    "segreta": "a scrutinio segreto",
    "elezione": "a scrutinio segreto, per l'elezione di persone",
}
ESITI: Final[Mapping[str, str]] = {
    "approvata": "Approvata",
    "respinta": "Respinta",
    "non_determinabile": "Esito non determinabile",
    "eletti": "Eletti",
    "da_completare": "Elezione da completare",
}
VOTI: Final = ("favorevole", "contrario", "astenuto")


def voto_in_parole(parti: Sequence[Decimal]) -> str:
    """A ballot in words; of a divided one its parts.

    >>> voto_in_parole((Decimal(100), Decimal(0), Decimal(0)))
    'favorevole'
    >>> voto_in_parole((Decimal(60), Decimal(40), Decimal(0)))
    'favorevole per il 60%, contrario per il 40%'
    """
    for nome, parte in zip(VOTI, parti, strict=True):
        if parte == 100:
            return nome
    return ", ".join(
        f"{nome} per il {numero(parte.normalize())}%"
        for nome, parte in zip(VOTI, parti, strict=True)
        if parte
    )


def fatto_in_parole(uno: Evento, nomi: Mapping[str, str]) -> str:
    """Something that happened in the room, in words."""
    chi, a = nomi.get(uno.avente, uno.avente), nomi.get(uno.a or "", uno.a or "")
    match uno.specie:
        case "entra":
            return f"{chi}: presente" + (f", con {uno.nota}" if uno.nota else "")
        case "esce":
            return f"{chi}: esce"
        case "delega":
            return f"{chi}: delega a {a} ({uno.nota})"
        case "revoca":
            return f"{chi}: revoca la delega a {a} ({uno.nota})"
        case "presiede":
            return f"{chi}: presiede" + (f". {uno.nota}" if uno.nota else "")


async def verbale(id_: int, *, pubblicare_entro: date | None = None, motivo: str = "") -> int:
    """Make the minutes of a closed meeting, and seal them in the store.

    Args:
        id_: the meeting.
        pubblicare_entro: by when they must be published; the day that the rule of the body gives
            when it is not said.
        motivo: why it is another day than that.

    Returns:
        The number of the document.

    Raises:
        Conflitto: the meeting is not closed, or has its minutes already.
        DatiNonValidi: the deadline is over, or is not that of the rule and has no reason.
    """
    unita = ufficio_di_piano()
    # Two secretaries at once: who comes second waits, and finds the minutes made.
    await unita.riga(
        "SELECT 1 FROM seduta WHERE ambito_id = $1 AND id = $2 FOR UPDATE", unita.ambito, id_
    )
    una = await adunanza(id_)
    if una.stato != "chiusa":
        raise Conflitto("Il verbale si prepara quando la seduta è chiusa, e una volta sola.")
    regola = await albo_di(una)
    entro, perche = termine(regola.entro if regola else None, pubblicare_entro, motivo, oggi())
    ambito = await unita.valore("SELECT nome FROM ambito WHERE id = $1", unita.ambito)
    dati = await _dati(una, ambito)
    contenuto = await asyncio.to_thread(
        componi, (files(__package__) / "verbale.typ").read_bytes(), dati, DA_CONSERVARE
    )
    documento = await aggiungi_documento(
        id_, None, f"verbale-{una.organo}-{una.giorno:%Y-%m-%d}.pdf", contenuto, specie="verbale"
    )
    await va_a(
        id_, "verbalizzata", "La seduta non è chiusa.", pubblicare_entro=entro,
        motivo_termine=perche,
    )  # fmt: skip
    await registra("governo.verbale", "seduta", str(id_))
    return documento


async def _dati(una: Adunanza, ambito: str) -> dict[str, Any]:
    tutte = await aperture(una.id)
    fatte = await votazioni(una.id)
    deliberate = await della_seduta(una.id)
    ultima = tutte[-1]
    accaduti = await eventi(una.id, ultima.convocazione)
    nomi = {uno.id: uno.nome for uno in ultima.aventi_diritto}
    unita = unita_corrente()
    congelate = {
        r["id"]: r["congelata"]
        for r in await unita.righe(
            "SELECT id, congelata FROM votazione WHERE ambito_id = $1 AND seduta_id = $2",
            unita.ambito, una.id,
        )
    }  # fmt: skip
    return {
        "titolo": f"Verbale della seduta del {in_data(ultima.giorno)}",
        "mittente": f"{una.denominazione}, {ambito}",
        "data": [ultima.giorno.year, ultima.giorno.month, ultima.giorno.day],
        "piede": f"{una.denominazione}, seduta n. {una.id}",
        "testa": _testa(una, tutte),
        "pesi_detti": _pesi_detti(ultima),
        "seggi": [
            [
                uno.nome,
                _peso(uno),
                _presenza(uno.id, accaduti, nomi, ultima),
            ]
            for uno in ultima.aventi_diritto
        ],
        "fatti": [
            [f"{uno.quando.astimezone(ROMA):%H:%M}", fatto_in_parole(uno, nomi)] for uno in accaduti
        ],
        "punti": [
            _punto(punto, fatte, deliberate, nomi) for punto in await ordine_del_giorno(una.id)
        ],
        "prova": "Chi aveva diritto di voto, i pesi e le regole sono quelli fissati all'apertura della "
        "seduta. Ogni votazione è conservata con tutto ciò da cui è stata contata, si può contare di "
        "nuovo, ed è dentro questo documento come allegato.",
        "impronte": [
            f"Regole della {_CONVOCAZIONI[a.convocazione]}: SHA-256 {a.sha256}; plugin "
            + ", ".join(f"{nome} {versione}" for nome, versione in a.regolamento.plugin.items())
            for a in tutte
        ]
        + [f"{d.nome}: SHA-256 {d.sha256}" for d in await documenti(una.id)],
        "allegati": [
            {
                "nome": f"votazione-{uno.id}.json",
                "contenuto": congelate[uno.id].decode(),
                "detto": f"La votazione n. {uno.id}, con le regole e l'esito",
            }
            for uno in fatte
        ],
    }


_CONVOCAZIONI: Final = {1: "prima convocazione", 2: "seconda convocazione"}


def _testa(una: Adunanza, tutte: Sequence[Apertura]) -> list[str]:
    righe = []
    if una.inventata:
        righe.append("Seduta inventata per la dimostrazione: non è mai avvenuta.")
    righe.append(
        f"Convocata il {in_data(una.convocata_il)}{', con urgenza' if una.urgente else ''}, "
        f"per il {in_data(una.giorno)} alle ore {una.ora:%H:%M}, {una.luogo}."
    )
    if len(tutte) > 1:
        righe.append(
            "La prima convocazione è andata deserta per mancanza del numero legale. La seduta si è "
            f"tenuta in seconda convocazione il {in_data(tutte[-1].giorno)}."
        )
    return righe


def _peso(uno: AventeDiritto) -> str:
    """What one weighs: inhabitants, and quotas where there are."""
    parti = [] if uno.abitanti is None else [numero(int(uno.abitanti))]
    if uno.quote is not None:
        parti.append(f"{numero(cifra(uno.quote))} quote")
    return "; ".join(parti)


def _pesi_detti(ultima: Apertura) -> str:
    quote = f" Quote: {ultima.fonte_quote}." if ultima.fonte_quote else ""
    if ultima.fonte_pesi is None:
        return f"Fissati all'apertura.{quote}"
    anno = f"del {ultima.anno_pesi}" if ultima.anno_pesi else "di un anno che la fonte non dice"
    return f"Fissati all'apertura, con gli abitanti {anno} ({ultima.fonte_pesi}).{quote}"


def _presenza(
    id: str, accaduti: Sequence[Evento], nomi: Mapping[str, str], apertura: Apertura
) -> str:
    suoi = [uno for uno in accaduti if uno.avente == id and uno.specie in ("entra", "esce")]
    if suoi:
        return ", ".join(
            f"{'presente dalle' if uno.specie == 'entra' else 'esce alle'} "
            f"{uno.quando.astimezone(ROMA):%H:%M}"
            for uno in suoi
        )
    deleghe = {uno.da: uno.a for uno in sala_dopo(apertura, accaduti).deleghe}
    return f"assente, delega a {nomi[deleghe[id]]}" if id in deleghe else "assente"


def _punto(
    punto: Punto,
    fatte: Sequence[Votazione],
    deliberate: Sequence[Deliberazione],
    nomi: Mapping[str, str],
) -> dict[str, Any]:
    note = ["Aggiunto dopo la convocazione."] if punto.dopo_la_convocazione else []
    quali = {una.id: una for una in punto.proposte}
    numerate = {uno.votazione_id: uno for uno in deliberate}
    sue = [uno for uno in fatte if uno.proposta_id in quali]
    votate = {uno.proposta_id for uno in sue if uno.emendamento_id is None}
    note += [f"«{una.oggetto}»: non votata." for una in quali.values() if una.id not in votate]
    return {
        "titolo": f"{punto.ordine}. {punto.titolo}",
        "note": note,
        "votazioni": [
            _votazione(uno, quali[uno.proposta_id], numerate.get(uno.id), nomi) for uno in sue
        ],
    }


def _votazione(
    uno: Votazione, cosa: Any, deliberata: Deliberazione | None, nomi: Mapping[str, str]
) -> dict[str, Any]:
    emendamento = next((e for e in cosa.emendamenti if e.id == uno.emendamento_id), None)
    titolo = (
        f"Emendamento {emendamento.ordine}, proposto da {emendamento.proponente}"
        if emendamento
        else cosa.oggetto
    )
    righe = [emendamento.testo] if emendamento else ([cosa.testo] if cosa.testo else [])
    righe.append(
        f"Votazione {MODI[uno.modo]}, alle {uno.quando.astimezone(ROMA):%H:%M}. "
        f"{' '.join(uno.esito['spiegazione'])}"
    )
    righe += [f"Nota: {avviso}" for avviso in uno.esito["avvertenze"]]
    if deliberata is not None:
        specie = "Proposta" if deliberata.propone else "Deliberazione"
        righe.append(f"{specie} n. {deliberata.numero} del {deliberata.anno}.")
    return {
        "titolo": titolo,
        "righe": righe,
        "voti": [[nomi.get(chi, chi), voto_in_parole(parti)] for chi, parti in uno.voti.items()],
        "impronta": uno.sha256,
    }
