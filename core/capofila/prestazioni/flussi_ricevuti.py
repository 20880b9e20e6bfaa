"""Existing SIUSS flows brought in from other software, each record with its form as received.

A record that passes the checks keeps the very attributes it came with, so nothing is lost on the
way out. A record that does not is refused like a row of a table, unless its ente is configured to
be kept *come ricevuto*: then it is stored as it is, its faults are told as remarks, and it goes
out again attribute for attribute.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final

from capofila.base.errori import Conflitto, RichiestaNonValida
from capofila.hooks import ErroreRiga, Flusso, LottoPreparato, Preparatore
from capofila.prestazioni.rules import Riferimenti
from capofila.siuss.lettura import FileNonLeggibile, Lettura, controlla_intestazione, leggi

if TYPE_CHECKING:
    from capofila.prestazioni.service import FileRicevuto, Filo, Sorgente

RECORD_PER_BLOCCO: Final = 5000
_SPAZI: Final = re.compile(r'="\s|\s"|>\s+[^\s<]|[^\s>]\s+<')
"""Blanks around a value: the schema counts them, so a record that has some goes out in our form."""


async def apri_flusso(
    file: FileRicevuto, flussi: Mapping[str, Flusso], riferimenti: Riferimenti, filo: Filo
) -> Sorgente:
    """Open an XML flow of the INPS.

    Raises:
        RichiestaNonValida: it is no SIUSS flow, or cannot be read.
        Conflitto: the flow is not active in the ambito.
    """
    from capofila.prestazioni.service import Sorgente

    try:
        lettura = await filo.chiama(leggi, io.BytesIO(file.contenuto))
    except FileNonLeggibile as errore:
        raise _non_leggibile(errore) from None
    flusso = flussi.get(lettura.flusso_id)
    if flusso is None:
        raise Conflitto(f"Il flusso «{lettura.flusso_id}» non è attivo in questo ambito.")
    intestazione = lettura.intestazione
    ente = riferimenti.ente(intestazione.ente_codice)
    come_ricevuto = ente is not None and ente.come_ricevuto
    difetti = controlla_intestazione(intestazione)
    if ente is None or (come_ricevuto and not riferimenti.membro(intestazione.ente_codice, None)):
        difetti.append(
            ErroreRiga(1, "ente_codice", intestazione.ente_codice, "ente_fuori_ambito",
                       "L'ente che ha prodotto il flusso non è tra quelli dell'ambito: controlla di "
                       "essere nell'ambito giusto, oppure aggiungi l'ente al Territorio.")
        )  # fmt: skip
    avvisi = [
        ErroreRiga(1, nome, "", "attributo_sconosciuto",
                   "L'intestazione ha un dato che lo schema non prevede: viene conservato.")
        for nome in lettura.ignoti
    ]  # fmt: skip
    if come_ricevuto:
        avvisi, difetti = [*difetti, *avvisi], []
    blocchi = _blocchi(lettura, flusso, come_ricevuto=come_ricevuto)
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
        intestazione={
            "nome": intestazione.nome,
            "ente_codice": intestazione.ente_codice,
            "ente_denominazione": intestazione.ente_denominazione,
            "ente_indirizzo": intestazione.ente_indirizzo,
            "cf_operatore": intestazione.cf_operatore,
            "testata": lettura.testata.decode(),
        },
    )


def _blocchi(lettura: Lettura, flusso: Flusso, *, come_ricevuto: bool) -> Iterator[LottoPreparato]:
    """Prepared blocks whose forms are the received ones."""
    preparatore = Preparatore(flusso, lettura.colonne)
    record = iter(lettura)
    prima = 2
    while True:
        try:
            letti = list(islice(record, RECORD_PER_BLOCCO))
        except FileNonLeggibile as errore:
            raise _non_leggibile(errore) from None
        if not letti:
            return
        lotto = preparatore.prepara([uno.celle for uno in letti], prima)
        gruppi: list[str | None] = [None] * len(lotto)
        righe: list[str | None] = [None] * len(lotto)
        for i, numero in enumerate(lotto.numeri):
            uno = letti[numero - prima]
            if come_ricevuto or not (i in lotto.scartate or _SPAZI.search(uno.forma)):
                gruppi[i], righe[i] = uno.gruppo, uno.forma
            lotto.avvisi.extend(
                ErroreRiga(numero, nome, "", "attributo_sconosciuto",
                           "Il record ha un dato che lo schema non prevede: viene conservato.")
                for nome in uno.ignoti
            )  # fmt: skip
        lotto.ricevute = (gruppi, righe)
        if come_ricevuto:
            lotto.scartate = frozenset()
        prima += len(letti)
        yield lotto


def _non_leggibile(errore: FileNonLeggibile) -> RichiestaNonValida:
    messaggio = errore.messaggio
    return RichiestaNonValida(messaggio[:1].upper() + messaggio[1:] + ".")
