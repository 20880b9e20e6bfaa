"""Records that the receiver has already, because the program used before sent them.

A file of the old program comes in with records that INPS holds. Said again they would be doubles,
and an edit would leave the old version there for ever. So they come in as communicated and accepted,
by no run of ours: the communication names the lotto. From there all goes by the one rule
(docs/perche/siuss.md): the next run leaves them out, an edit makes a C and then an I.
"""

from __future__ import annotations

from capofila.accessi.service import registra
from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonTrovato
from capofila.debito.resa_sql import letterale
from capofila.debito.selezione import tabella_di
from capofila.hooks import Flusso


def ammesse(flusso: Flusso) -> None:
    """Whether a record of this flow can be known to the receiver.

    Raises:
        DatiNonValidi: the flow says all of its records every time.
    """
    if flusso.operazione is None:
        raise DatiNonValidi(
            "Questo flusso si invia ogni volta per intero: le sue schede non si segnano come già "
            "inviate. Togli il segno e riprova."
        )


async def del_file(lotto: int, *, togli: bool = False) -> tuple[int, Flusso]:
    """Say that the receiver has the records of an imported file, or that it has not after all.

    Returns:
        How many records changed, and the flow that they are of.

    Raises:
        NonTrovato: no such file here.
        Conflitto: nothing of it was kept, or a run has said something of its records since.
        DatiNonValidi: the flow says all of its records every time.
    """
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT stato, flusso FROM lotto WHERE ambito_id = $1 AND id = $2::bigint",
        unita.ambito,
        min(lotto, 2**62),
    )
    if riga is None:
        raise NonTrovato("Questa importazione non c'è: torna all'elenco.")
    flusso = {f.id: f for f in (await plugin_attivi()).flussi()}.get(riga["flusso"])
    if riga["stato"] != "importato" or flusso is None:
        raise Conflitto("Si segnano come già inviate solo le prestazioni di un file importato.")
    return await (annulla(lotto) if togli else segna(lotto, flusso)), flusso


async def segna(lotto: int, flusso: Flusso) -> int:
    """Write down that the receiver has the records of a lotto; returns how many.

    Superseded ones are among them: what the receiver has is the version that came in. Those of which
    something was communicated already are left as they are.

    Raises:
        DatiNonValidi: the flow says all of its records every time.
    """
    ammesse(flusso)
    assert flusso.operazione is not None
    campo = flusso.operazione.campo
    detta = letterale(flusso.operazione.inserimento) if campo is None else f"p.{campo}"
    unita = unita_corrente()
    tag = await unita.esegui(
        "INSERT INTO comunicazione (flusso, prestazione_id, operazione, lotto_id, esito, esito_il, "
        f"comune_titolare, anno) SELECT $3, p.id, {detta}, $2, 'accolta', now(), p.comune_titolare, "
        f"p.anno FROM {tabella_di(flusso)} p WHERE p.ambito_id = $1 AND p.lotto_id = $2 "
        "AND NOT EXISTS (SELECT 1 FROM comunicazione c WHERE c.ambito_id = $1 AND c.flusso = $3 "
        "AND c.prestazione_id = p.id) ORDER BY p.id",
        unita.ambito,
        lotto,
        flusso.id,
    )
    await unita.esegui(
        "UPDATE lotto SET gia_inviate = true WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        lotto,
    )
    quante = int(tag.split()[-1])
    await registra("prestazioni.gia_inviate", "lotto", str(lotto), righe=quante)
    return quante


async def annulla(lotto: int) -> int:
    """The receiver does not have them after all; returns how many records are to be said again.

    Raises:
        Conflitto: a run has said something of these records since, on the ground that it had them.
    """
    unita = unita_corrente()
    if await unita.valore(
        "SELECT EXISTS (SELECT 1 FROM comunicazione n JOIN comunicazione d "
        "ON d.ambito_id = n.ambito_id AND d.flusso = n.flusso "
        "AND d.prestazione_id = n.prestazione_id AND d.id > n.id "
        "WHERE n.ambito_id = $1 AND n.lotto_id = $2)",
        unita.ambito,
        lotto,
    ):
        raise Conflitto(
            "Alcune di queste prestazioni sono già state annullate o comunicate da un invio fatto "
            "qui: il segno non si può più togliere. Se un invio viene scartato, registrane l'esito."
        )
    tag = await unita.esegui(
        "DELETE FROM comunicazione WHERE ambito_id = $1 AND lotto_id = $2", unita.ambito, lotto
    )
    await unita.esegui(
        "UPDATE lotto SET gia_inviate = false WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        lotto,
    )
    quante = int(tag.split()[-1])
    await registra("prestazioni.non_inviate", "lotto", str(lotto), righe=quante)
    return quante
