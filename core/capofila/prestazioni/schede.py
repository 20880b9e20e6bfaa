"""Records of minors (SINBA) as they come in: the pseudonyms, and the insertion.

Who a minor is stands in one place only, the table `pseudonimo`, which the application cannot read: a
codice fiscale comes in with a file or a form, is exchanged for its id before anything is stored, and
comes back for one record at a time, leaving its mark in the audit (docs/perche/siuss.md).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from capofila.base.attivazioni import oggi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.hooks import ErroreRiga, LottoPreparato
from capofila.prestazioni.rules import Collocazione, Riferimenti

_LETTERE: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for one another when an id is read aloud."""
LUNGHEZZA: Final = 15
"""Seventy-five random bits, and the length of no codice fiscale."""
FUORI_DAI_DATI: Final = frozenset({"anno", "codice_fiscale", "comune_titolare", "ente_erogatore"})
"""Fields that have a column of their own, or none at all."""
ERRORE_DOPPIO: Final = (
    "Scheda già presente per questo minore, anno ed ente: correggi quella, oppure togli la riga."
)
ERRORE_DIVERSO: Final = (
    "Questo minore ha già un altro pseudonimo, con cui INPS lo segue: togli quello scritto qui."
)
ERRORE_DI_ALTRI: Final = (
    "Questo pseudonimo è già di un altro minore: controlla quale dei due è giusto."
)
RIMASTA: Final = (
    "s.sostituita_lotto IS NOT NULL AND (SELECT c.operazione FROM comunicazione c "
    "WHERE c.ambito_id = s.ambito_id AND c.flusso = {} AND c.prestazione_id = s.id "
    "AND c.esito IS DISTINCT FROM 'scartata' ORDER BY c.id DESC LIMIT 1) = 'I' "
    "AND NOT EXISTS (SELECT 1 FROM scheda_sinba n WHERE n.ambito_id = s.ambito_id "
    "AND n.anno = s.anno AND n.id_beneficiario = s.id_beneficiario "
    "AND n.ente_erogatore_id = s.ente_erogatore_id AND n.id <> s.id "
    "AND (n.sostituita_lotto IS NULL OR (n.id > s.id AND EXISTS (SELECT 1 FROM comunicazione d "
    "WHERE d.ambito_id = n.ambito_id AND d.flusso = {} AND d.prestazione_id = n.id "
    "AND d.esito IS DISTINCT FROM 'scartata'))))"
)
"""SQL that a record `s` was taken away and the receiver has it: the last version that it was told."""


# --- pseudonyms ---------------------------------------------------------------------------------


def nuovo_pseudonimo() -> str:
    """An id that says nothing of anybody."""
    return "".join(secrets.choice(_LETTERE) for _ in range(LUNGHEZZA))


async def assegna(
    unita: UnitaDiLavoro, voluti: Mapping[str, str | None]
) -> tuple[dict[str, str], dict[str, str]]:
    """The ids of some persons in this ambito, each the same for ever; made for those without one.

    Args:
        voluti: by codice fiscale, the id by which the receiver knows the person already, if any.

    Returns:
        The ids, and for whom it did not go well the code of the fault, by codice fiscale.
    """
    if not voluti:
        return {}, {}
    codici = list(voluti)
    righe = await unita.righe(
        "SELECT * FROM pseudonimi_di($1::text[], $2::text[])",
        codici,
        [voluti[codice] or nuovo_pseudonimo() for codice in codici],
    )
    trovati = {riga["codice"]: riga["pseudonimo"] for riga in righe}
    difetti = {
        codice: "pseudonimo_di_altri" if codice not in trovati else "pseudonimo_diverso"
        for codice, voluto in voluti.items()
        if codice not in trovati or voluto not in (None, trovati[codice])
    }
    return {c: i for c, i in trovati.items() if c not in difetti}, difetti


async def pseudonimo_di(codice_fiscale: str) -> str | None:
    """The id of a person, if there is one; none is made."""
    unita = unita_corrente()
    riga = await unita.riga(
        "SELECT pseudonimo FROM pseudonimi_di(ARRAY[$1::text], '{}')", codice_fiscale
    )
    return None if riga is None else riga["pseudonimo"]


async def persona_di(id_beneficiario: str) -> str | None:
    """The codice fiscale behind an id; that it was asked stands in the audit.

    None when the id came from elsewhere and nobody said whose it is.
    """
    trovata: str | None = await unita_corrente().valore("SELECT persona_di($1)", id_beneficiario)
    return trovata


async def correggi_persona(
    id_beneficiario: str, codice_fiscale: str, motivo: str, *, prima_vale: bool
) -> str | None:
    """Give an id to the codice fiscale that its minor has now; the audit has why, not which.

    Args:
        id_beneficiario: the id, which stays.
        codice_fiscale: the one that the minor has now, already read.
        motivo: a code that says why.
        prima_vale: the one of before leads to the same id, wherever it comes in again.

    Returns:
        What stands in the way, a key of :data:`CORREZIONI_NEGATE`; None when all went well.
    """
    negata: str | None = await unita_corrente().valore(
        "SELECT correggi_persona($1, $2, $3, $4)",
        id_beneficiario,
        codice_fiscale,
        prima_vale,
        motivo,
    )
    return negata


CORREZIONI_NEGATE: Final = {
    "senza_persona": "Di questo pseudonimo non si sa il codice fiscale: collegalo scrivendo la scheda "
    "di un altro anno con tutti e due.",
    "uguale": "È già il codice fiscale di questo minore: non c’è nulla da correggere.",
    "di_altri_comuni": "Questo minore ha schede anche di altri comuni: il suo codice fiscale lo "
    "corregge l’Ufficio di Piano.",
    "di_altri": "Questo codice fiscale ha già le sue schede, con un altro pseudonimo. Se è lo stesso "
    "minore scritto due volte, tieni quelle e togli queste; se è un altro minore, controlla il codice.",
}
"""Why a codice fiscale is not corrected, and what to do."""
_MESSAGGI: Final = {
    "pseudonimo_diverso": ERRORE_DIVERSO,
    "pseudonimo_di_altri": ERRORE_DI_ALTRI,
    "duplicato": ERRORE_DOPPIO,
}


def _errore(riga: int, codice: str, colonna: str = "codice_fiscale") -> ErroreRiga:
    """A fault of a row among the others; who it is about is not repeated."""
    return ErroreRiga(riga, colonna, "", codice, _MESSAGGI[codice])


# --- insertion ----------------------------------------------------------------------------------


class Scheda(msgspec.Struct):
    """A record ready to be stored, but for its id where a person was named."""

    riga: int
    anno: int
    ente: int
    titolare: str
    codice_fiscale: str | None
    id_beneficiario: str | None
    dati: dict[str, str]
    forma: str | None


def schede(
    lotto: LottoPreparato,
    collocazione: Collocazione,
    intestazione: Mapping[str, str] | None,
    posti: Sequence[int],
) -> list[Scheda]:
    """The good records of a lot; touches no database."""
    predefinito = Riferimenti.anno_flusso(intestazione, oggi())
    colonne = {
        nome: collocazione.colonna(nome, lotto)
        for nome in ("anno", "ente_erogatore_id", "comune_titolare", "codice_fiscale",
                     "id_beneficiario")
    }  # fmt: skip
    righe = None if lotto.forme is None else lotto.forme[1]
    tenute = [(n, v) for n, v in lotto.colonne.items() if n not in FUORI_DAI_DATI]
    return [
        Scheda(
            riga=lotto.numeri[i],
            anno=int(colonne["anno"][i] or predefinito),
            ente=int(colonne["ente_erogatore_id"][i] or 0),
            titolare=colonne["comune_titolare"][i] or "",
            codice_fiscale=colonne["codice_fiscale"][i],
            id_beneficiario=colonne["id_beneficiario"][i],
            dati={nome: valore for nome, valori in tenute if (valore := valori[i]) is not None},
            forma=None if righe is None else righe[i],
        )
        for i in posti
    ]


async def inserisci(
    unita: UnitaDiLavoro,
    arrivate: Sequence[Scheda],
    *,
    lotto: int,
    versione: int,
    come_ricevuto: bool = False,
) -> list[ErroreRiga]:
    """Store records, all with one command; returns those that could not be."""
    voluti: dict[str, str | None] = {}
    for scheda in arrivate:
        if scheda.codice_fiscale is not None:
            gia = voluti.get(scheda.codice_fiscale)
            voluti[scheda.codice_fiscale] = gia or scheda.id_beneficiario
    ids, difetti = await assegna(unita, voluti)
    errori: list[ErroreRiga] = []
    buone: list[Scheda] = []
    for scheda in arrivate:
        codice = scheda.codice_fiscale
        if codice is not None and codice in difetti:
            errori.append(_errore(scheda.riga, difetti[codice], "id_beneficiario"))
            continue
        if codice is not None:
            if scheda.id_beneficiario not in (None, ids[codice]):
                errori.append(_errore(scheda.riga, "pseudonimo_diverso", "id_beneficiario"))
                continue
            scheda.id_beneficiario = ids[codice]
        scheda.id_beneficiario = scheda.id_beneficiario or f"riga {scheda.riga}"
        if codice is not None or "id_beneficiario" in scheda.dati:
            scheda.dati["id_beneficiario"] = scheda.id_beneficiario
        buone.append(scheda)
    scritte = {
        riga["riga"]
        for riga in await unita.righe(
            "INSERT INTO scheda_sinba (lotto_id, conforme_a, come_ricevuto, riga, anno, "
            "ente_erogatore_id, comune_titolare, id_beneficiario, dati, forma_riga) "
            "SELECT $1, $2, $3, u.* FROM unnest($4::int[], $5::smallint[], $6::int[], $7::text[], "
            "$8::text[], $9::jsonb[], $10::text[]) AS u ON CONFLICT DO NOTHING RETURNING riga",
            lotto,
            versione,
            come_ricevuto,
            [s.riga for s in buone],
            [s.anno for s in buone],
            [s.ente for s in buone],
            [s.titolare for s in buone],
            [s.id_beneficiario for s in buone],
            [msgspec.json.encode(s.dati).decode() for s in buone],
            [s.forma for s in buone],
        )
    }
    for scheda in buone:
        if scheda.riga not in scritte:
            colonna = "id_beneficiario" if scheda.codice_fiscale is None else "codice_fiscale"
            errori.append(_errore(scheda.riga, "duplicato", colonna))
    return sorted(errori, key=lambda errore: errore.riga)
