"""Existing flows brought in from other software, by the reader that an active plugin offers.

When the file is in the layout of the flow each record keeps its form as received. A record that
passes the checks keeps the very attributes it came with, so nothing is lost on the
way out. A record that does not is refused like a row of a table, unless its ente is configured to
be kept *come ricevuto*: then it is stored as it is, its faults are told as remarks, and it goes
out again attribute for attribute.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.errori import Conflitto, NonTrovato, RichiestaNonValida
from capofila.base.plugin import LettoreProtetto
from capofila.hooks import (
    ErroreRiga,
    FileNonLeggibile,
    Flusso,
    FlussoRicevuto,
    LottoPreparato,
    Preparatore,
    radice_xml,
)
from capofila.prestazioni.rules import Riferimenti

if TYPE_CHECKING:
    from capofila.prestazioni.service import FileRicevuto, Filo, Sorgente

RECORD_PER_BLOCCO: Final = 5000
_SPAZI: Final = re.compile(r'="\s|\s"|>\s+[^\s<]|[^\s>]\s+<')
"""Blanks around a value: the schema counts them, so a record that has some goes out in our form."""


async def apri_flusso(
    file: FileRicevuto, flussi: Mapping[str, Flusso], riferimenti: Riferimenti, filo: Filo
) -> Sorgente:
    """Open an XML flow, by the reader of its root element.

    Raises:
        RichiestaNonValida: no active plugin reads it, or it cannot be read.
        Conflitto: the flow that it brings in is not active in the ambito, or not one that stores
            records.
        PluginInErrore: the reader failed.
    """
    from capofila.prestazioni.service import Sorgente

    attivi = await plugin_attivi()
    try:
        lettore = attivi.lettore(radice_xml(file.contenuto))
        ricevuto = await filo.chiama(lettore.apri, io.BytesIO(file.contenuto))
    except FileNonLeggibile as errore:
        raise _non_leggibile(errore) from None
    except NonTrovato as errore:
        raise RichiestaNonValida(
            f"{errore.messaggio} Controlla di aver scelto il file giusto.", codice="senza_lettore"
        ) from None
    flusso = flussi.get(ricevuto.flusso)
    if flusso is None:
        raise Conflitto(f"Il flusso «{ricevuto.flusso}» non è attivo in questo ambito.")
    if not flusso.principale:
        raise Conflitto(
            f"Il flusso «{flusso.id}» si produce dai dati dell'ambito, e non si può importare."
        )
    intestazione = ricevuto.intestazione
    ente = riferimenti.ente(intestazione.ente_codice)
    # Only what came in the layout of the flow can go out again as it came in.
    nel_tracciato = ricevuto.testata is not None
    come_ricevuto = ente is not None and ente.come_ricevuto and nel_tracciato
    difetti = list(ricevuto.difetti)
    come_tabella = not nel_tracciato and "ente_erogatore" in ricevuto.colonne
    if come_tabella:
        ente = None
    elif ente is None or (come_ricevuto and not riferimenti.membro(intestazione.ente_codice, None)):
        difetti.append(
            ErroreRiga(1, "ente_codice", intestazione.ente_codice, "ente_fuori_ambito",
                       "L'ente che ha prodotto il flusso non è tra quelli dell'ambito: controlla di "
                       "essere nell'ambito giusto, oppure aggiungi l'ente al Territorio.")
        )  # fmt: skip
    avvisi = [
        ErroreRiga(1, nome, "", "attributo_sconosciuto",
                   f"L'intestazione ha un dato che lo schema non prevede: {_fine(ricevuto)}.")
        for nome in ricevuto.ignoti
    ]  # fmt: skip
    if come_ricevuto:
        avvisi, difetti = [*difetti, *avvisi], []
    blocchi = _blocchi(lettore, ricevuto, flusso, come_ricevuto=come_ricevuto)
    solo = riferimenti.solo_comune
    if come_ricevuto and solo is not None and ente is not None and ente.codice != solo:
        difetti = [
            ErroreRiga(1, "ente_codice", intestazione.ente_codice, "comune_fuori_ambito",
                       "Puoi importare solo il flusso del tuo comune: questo è di un altro ente.")
        ]  # fmt: skip
        blocchi = iter(())
    return Sorgente(
        flusso=flusso,
        blocchi=blocchi,
        errori=difetti,
        avvisi=avvisi,
        ente=ente,
        come_ricevuto=come_ricevuto,
        intestazione=None
        if ricevuto.testata is None
        else {
            "nome": intestazione.nome,
            "ente_codice": intestazione.ente_codice,
            "ente_denominazione": intestazione.ente_denominazione,
            "ente_indirizzo": intestazione.ente_indirizzo,
            "cf_operatore": intestazione.cf_operatore,
            "testata": ricevuto.testata.decode(),
        },
    )


def _blocchi(
    lettore: LettoreProtetto, ricevuto: FlussoRicevuto, flusso: Flusso, *, come_ricevuto: bool
) -> Iterator[LottoPreparato]:
    """Prepared blocks whose forms are the received ones, where the file has them."""
    preparatore = Preparatore(
        flusso, ricevuto.colonne, oggi=oggi().isoformat(), taglia=not come_ricevuto
    )
    prima = 2
    while True:
        try:
            letti = lettore.record(ricevuto, RECORD_PER_BLOCCO)
        except FileNonLeggibile as errore:
            raise _non_leggibile(errore) from None
        if not letti:
            return
        lotto = preparatore.prepara([uno.celle for uno in letti], prima)
        gruppi: list[str | None] = [None] * len(lotto)
        righe: list[str | None] = [None] * len(lotto)
        for i, numero in enumerate(lotto.numeri):
            uno = letti[numero - prima]
            if uno.forma is not None and (
                come_ricevuto
                or not (i in lotto.scartate or i in lotto.tagliate or _SPAZI.search(uno.forma))
            ):
                gruppi[i], righe[i] = uno.gruppo, uno.forma
            if i and lotto.numeri[i - 1] == numero:
                continue
            lotto.avvisi.extend(
                ErroreRiga(numero, nome, "", "attributo_sconosciuto",
                           f"Il record ha un dato che lo schema non prevede: {_fine(ricevuto)}.")
                for nome in uno.ignoti
            )  # fmt: skip
        if ricevuto.testata is not None:
            lotto.forme = (gruppi, righe)
        if come_ricevuto:
            lotto.scartate = frozenset()
        prima += len(letti)
        yield lotto


def _fine(ricevuto: FlussoRicevuto) -> str:
    """What becomes of an attribute that the flow does not have."""
    return "non viene importato" if ricevuto.testata is None else "viene conservato"


def _non_leggibile(errore: FileNonLeggibile) -> RichiestaNonValida:
    messaggio = errore.messaggio
    return RichiestaNonValida(f"{messaggio[:1].upper()}{messaggio[1:]}.", codice=errore.codice)
