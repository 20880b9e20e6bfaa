"""The code lists of this installation: looking at them, changing them, their history.

Changing is the platform's administration's, outside any ambito. Nothing is changed in place: each
saving is a revision, and the first one of a list writes down what the plugin had declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base import codifiche as tabelle
from capofila.base.attivazioni import registro
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import NonAutorizzato, NonTrovato
from capofila.codifiche.rules import Origine
from capofila.hooks import ListaCodici, Manifesto, VoceCodifica
from capofila.hooks.codifiche import in_vigore

REVISIONI_MOSTRATE: Final = 50


class ListaVista(msgspec.Struct, frozen=True, kw_only=True):
    """A list in the index."""

    id: str
    denominazione: str
    plugin: str
    codici: int
    da_caricare: int
    da_confermare: int
    revisioni: int
    modificata_il: datetime | None


class ListaAperta(msgspec.Struct, frozen=True, kw_only=True):
    """A list with its codes in force (closed ones too) and the revisions, the latest first."""

    dichiarata: ListaCodici
    plugin: Manifesto
    voci: tuple[VoceCodifica, ...]
    revisioni: tuple[dict[str, Any], ...]

    @property
    def da_confermare(self) -> int:
        """How many codes stand as the plugin supposed them."""
        return sum(self.dichiarata.da_confermare(voce) for voce in self.voci)

    def voce(self, codice: str) -> VoceCodifica:
        """One of its codes.

        Raises:
            NonTrovato: it is not there, or was withdrawn.
        """
        for voce in self.voci:
            if voce.codice == codice:
                return voce
        raise NonTrovato("Questo codice non è nella lista: torna alla lista.")


def _dichiarata(id_: str) -> tuple[Manifesto, ListaCodici]:
    for manifesto, lista in registro().codifiche():
        if lista.id == id_:
            return manifesto, lista
    raise NonTrovato("Questa lista di codici non c'è: torna all'elenco.")


async def elenco() -> list[ListaVista]:
    """All the lists that the installed plugins declare."""
    liste = registro().codifiche()
    voci = in_vigore((lista for _, lista in liste), await tabelle.tenute(await tabelle.revisione()))
    revisioni = {
        riga["lista"]: riga
        for riga in await unita_corrente().righe(
            "SELECT lista, count(*) FILTER (WHERE origine <> 'programma') AS quante, "
            "max(quando) AS ultima FROM codifica_revisione GROUP BY lista"
        )
    }
    return [
        ListaVista(
            id=lista.id,
            denominazione=lista.denominazione,
            plugin=manifesto.id,
            codici=len(voci[lista.id]),
            da_caricare=sum(voce.da_caricare for voce in voci[lista.id]),
            da_confermare=sum(lista.da_confermare(voce) for voce in voci[lista.id]),
            revisioni=revisioni[lista.id]["quante"] if lista.id in revisioni else 0,
            modificata_il=revisioni[lista.id]["ultima"] if lista.id in revisioni else None,
        )
        for manifesto, lista in liste
    ]


async def apri(id_: str) -> ListaAperta:
    """One list.

    Raises:
        NonTrovato: no installed plugin declares it.
    """
    manifesto, lista = _dichiarata(id_)
    tenute = await tabelle.tenute(await tabelle.revisione())
    righe = await unita_corrente().righe(
        "SELECT r.id, r.origine, r.nota, r.quando, u.nome AS persona, count(c.codice) AS codici, "
        "(array_agg(c.codice ORDER BY c.codice))[1:8] AS primi FROM codifica_revisione r "
        "JOIN codifica c ON c.revisione = r.id LEFT JOIN utente u ON u.id = r.utente_id "
        "WHERE r.lista = $1 GROUP BY r.id, u.nome ORDER BY r.id DESC LIMIT $2",
        id_,
        REVISIONI_MOSTRATE,
    )
    return ListaAperta(
        dichiarata=lista,
        plugin=manifesto,
        voci=in_vigore((lista,), tenute)[id_],
        revisioni=tuple(dict(riga) for riga in righe),
    )


async def storia(id_: str, codice: str) -> list[dict[str, Any]]:
    """What a code was, revision by revision, the latest first."""
    righe = await unita_corrente().righe(
        "SELECT c.etichetta, c.dal, c.al, c.fonte, c.ritirata, r.origine, r.quando, "
        "u.nome AS persona FROM codifica c JOIN codifica_revisione r ON r.id = c.revisione "
        "LEFT JOIN utente u ON u.id = r.utente_id WHERE c.lista = $1 AND c.codice = $2 "
        "ORDER BY c.revisione DESC LIMIT $3",
        id_,
        codice,
        REVISIONI_MOSTRATE,
    )
    return [dict(riga) for riga in righe]


async def salva(
    id_: str, voci: Sequence[VoceCodifica], origine: Origine, nota: str | None = None
) -> int:
    """Write codes, new or changed; those that are as they were are left alone.

    Returns:
        How many were written.

    Raises:
        NonAutorizzato: the unit is not the platform's administration's.
        NonTrovato: no installed plugin declares the list.
    """
    unita = _amministratore()
    await _da_soli(unita)
    attuali = {voce.codice: voce for voce in (await apri(id_)).voci}
    nuove = [voce for voce in voci if attuali.get(voce.codice) != voce]
    if nuove:
        await _scrivi(unita, id_, nuove, origine, nota)
        await registra("codifiche.modifica", "codifica", id_, codici=len(nuove), origine=origine)
    return len(nuove)


async def ritira(id_: str, codice: str, origine: Origine) -> None:
    """Withdraw a code that was entered by mistake: from now on it was never valid.

    Raises:
        NonAutorizzato: the unit is not the platform's administration's.
        NonTrovato: the code is not in the list.
    """
    unita = _amministratore()
    await _da_soli(unita)
    voce = (await apri(id_)).voce(codice)
    await _scrivi(unita, id_, [voce], origine, None, ritirata=True)
    await registra("codifiche.ritira", "codifica", id_, origine=origine)


def _amministratore() -> UnitaDiLavoro:
    unita = unita_corrente()
    if not unita.contesto.amministratore:
        raise NonAutorizzato("Solo l'amministrazione della piattaforma cambia le codifiche.")
    return unita


async def _da_soli(unita: UnitaDiLavoro) -> None:
    """One writer at a time, so that a later revision is never seen before an earlier one."""
    await unita.esegui("SELECT pg_advisory_xact_lock(hashtext('capofila.codifiche'))")


async def _scrivi(
    unita: UnitaDiLavoro,
    id_: str,
    voci: Sequence[VoceCodifica],
    origine: Origine,
    nota: str | None,
    *,
    ritirata: bool = False,
) -> None:
    if not await unita.valore("SELECT EXISTS (SELECT 1 FROM codifica WHERE lista = $1)", id_):
        manifesto, lista = _dichiarata(id_)
        await _aggiungi(
            unita, id_, lista.voci, "programma", f"{manifesto.id} {manifesto.versione}", False
        )
    await _aggiungi(unita, id_, voci, origine, nota, ritirata)


async def _aggiungi(
    unita: UnitaDiLavoro,
    id_: str,
    voci: Sequence[VoceCodifica],
    origine: Origine,
    nota: str | None,
    ritirata: bool,
) -> None:
    revisione: int = await unita.valore(
        "INSERT INTO codifica_revisione (lista, origine, nota) VALUES ($1, $2, $3) RETURNING id",
        id_,
        origine,
        nota,
    )
    await unita.esegui(
        "INSERT INTO codifica (lista, revisione, ritirata, codice, etichetta, dal, al, fonte) "
        "SELECT $1, $2, $3, * FROM unnest($4::text[], $5::text[], $6::date[], $7::date[], "
        "$8::text[])",
        id_,
        revisione,
        ritirata,
        [voce.codice for voce in voci],
        [voce.etichetta for voce in voci],
        [voce.dal and date.fromisoformat(voce.dal) for voce in voci],
        [voce.al and date.fromisoformat(voce.al) for voce in voci],
        [voce.fonte for voce in voci],
    )
