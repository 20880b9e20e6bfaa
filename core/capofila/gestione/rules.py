"""What is to be done today, in the order of its urgency. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from capofila.debito.service import Esportazione
from capofila.governo.service import ScadenzaVista, distanza

Urgenza = Literal["errore", "attenzione", "attesa"]
_ORDINE: dict[Urgenza, int] = {"errore": 0, "attenzione": 1, "attesa": 2}


class DaFare(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits for a person.

    Attributes:
        titolo: what it is about.
        testo: what has happened, or what is asked.
        href: where it is done.
        azione: what the link says; different for each, so that it makes sense by itself.
        stato: words of the badge.
        urgenza: its colour and its place: ``errore`` first.
    """

    titolo: str
    testo: str
    href: str
    azione: str
    stato: str
    urgenza: Urgenza


class FileInAttesa(msgspec.Struct, frozen=True, kw_only=True):
    """An imported file with errors, on which nobody has decided yet."""

    id: int
    nome_file: str
    valide: int
    errori_totali: int


class FileRespinto(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the debito that could not be made, and was not made since."""

    id: str
    nome_flusso: str
    periodo: str
    motivo: str


class LavoroFermo(msgspec.Struct, frozen=True, kw_only=True):
    """A job that nobody but a person can bring on."""

    nome: str
    errore: str


def da_fare(
    base: str,
    *,
    file: Iterable[FileInAttesa] = (),
    respinti: Iterable[FileRespinto] = (),
    lavori: Sequence[LavoroFermo] = (),
    scadenze: Iterable[ScadenzaVista] = (),
) -> list[DaFare]:
    """All that waits, the most urgent first; within one urgency in the order given.

    Args:
        base: address of the ambito, ``/crema``.
        file: files that wait for a decision.
        respinti: exports that were refused.
        lavori: jobs that failed.
        scadenze: deadlines; only those that have passed, today's and the near ones are taken.
    """
    cose = [
        DaFare(
            titolo=uno.nome_file,
            testo=f"{_quanti(uno.errori_totali, 'errore', 'errori')}, "
            f"{_quanti(uno.valide, 'riga buona', 'righe buone')}: non è ancora salvato nulla.",
            href=f"{base}/importazioni/{uno.id}",
            azione=f"Decidi di {uno.nome_file}",
            stato="Da decidere",
            urgenza="attenzione",
        )
        for uno in file
    ]
    cose += [
        DaFare(
            titolo=uno.nome_flusso,
            testo=uno.motivo,
            href=f"{base}/debito/{uno.id}",
            azione=f"Vedi perché {uno.nome_flusso} è respinto",
            stato="Respinto",
            urgenza="errore",
        )
        for uno in respinti
    ]
    cose += [
        DaFare(
            titolo=uno.nome,
            testo=uno.errore,
            href=f"{base}/lavori",
            azione="Vai ai lavori",
            stato="Fallito",
            urgenza="errore",
        )
        for uno in lavori
    ]
    cose += [_scadenza(base, una) for una in scadenze if una.vicina]
    return sorted(cose, key=lambda cosa: _ORDINE[cosa.urgenza])


def _scadenza(base: str, vista: ScadenzaVista) -> DaFare:
    una, giorni = vista.una, vista.giorni or 0
    passata = vista.stato == "scaduto"
    quando = f"Scaduta {distanza(giorni)}" if passata else f"Scade {distanza(giorni)}"
    return DaFare(
        titolo=una.titolo,
        testo=f"{quando}. Risponde: {una.organo_nome}.",
        href=f"{base}/adempimenti/{una.codice}/{una.anno}",
        azione=f"Vedi la scadenza: {una.titolo} {una.anno}",
        stato="Scaduta" if passata else ("Oggi" if giorni == 0 else "Si avvicina"),
        urgenza="errore" if giorni <= 0 else "attenzione",
    )


def respinti_aperti(esportazioni: Sequence[Esportazione]) -> list[FileRespinto]:
    """The refused exports that no later one of the same flow, period and ente has made good.

    Args:
        esportazioni: the latest first.
    """
    visti: set[tuple[str, str, str]] = set()
    aperti = []
    for una in esportazioni:
        chiave = (una.flusso, una.periodo, una.ente)
        if chiave not in visti and una.stato == "respinta":
            aperti.append(
                FileRespinto(
                    id=una.id,
                    nome_flusso=una.nome_flusso,
                    periodo=una.periodo,
                    motivo=" ".join(str(avviso["messaggio"]) for avviso in una.avvisi),
                )
            )
        visti.add(chiave)
    return aperti


def _quanti(numero: int, singolare: str, plurale: str) -> str:
    return f"{numero:,} {singolare if numero == 1 else plurale}".replace(",", ".")
