"""What an ambito does: conventions, releases, withdrawals, and who read what. Inside its unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, NonTrovato
from capofila.confronto.fotografie import Fotografia, fotografa
from capofila.confronto.memoria import NIENTE, Trattenuta, memoria, trattenute
from capofila.confronto.rules import (
    DATASET,
    SOGLIA_MASSIMA,
    SOGLIA_MINIMA,
    Cifra,
    Convenzione,
    DatiConvenzione,
    Pubblicazione,
    impronta,
)

PER_PAGINA: Final = 50
Avanza = Callable[[int, str], Awaitable[None]]
"""Told at each step how many are done, and which one begins."""
_FRA_DIECI_ANNI: Final = timedelta(days=3653)
_CONVENZIONE: Final = (
    "SELECT c.id, c.ats_id, t.nome AS ats, c.dataset, c.soglia, c.dal, c.al, c.atto, c.atto_data, "
    "c.registrata_il, c.revocata_il, c.motivo_revoca FROM convenzione c JOIN ats t ON t.id = c.ats_id "
    "WHERE c.ambito_id = $1"
)
_PUBBLICAZIONE: Final = (
    "SELECT p.id, p.ats_id, t.nome AS ats, p.dataset, p.anno, p.versione, p.soglia, p.fonte, p.metodo, "
    "p.atto, p.atto_data, p.voci::text AS voci, p.capoluogo, p.sha256, p.pubblicata_il, "
    "r.ritirata_il, r.sostituita_da, r.motivo FROM pubblicazione p JOIN ats t ON t.id = p.ats_id "
    "LEFT JOIN ritiro_pubblicazione r ON r.ambito_id = p.ambito_id AND r.pubblicazione_id = p.id "
    "WHERE p.ambito_id = $1"
)


class Proposta(msgspec.Struct, frozen=True, kw_only=True):
    """What would be released now.

    Attributes:
        sostituisce: the version that it would take the place of.
        trattenute: what of it cannot go out, whatever its figures are.
    """

    foto: Fotografia
    convenzione: Convenzione
    cifre: tuple[Cifra, ...]
    impronta: str
    sostituisce: Pubblicazione | None
    trattenute: tuple[Trattenuta, ...] = ()


class Lettura(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the agency read something of ours."""

    quando: datetime
    ats: str
    chi: str
    che_cosa: str
    pubblicazioni: tuple[int, ...]


# Conventions.


async def agenzie() -> list[tuple[int, str]]:
    """The agencies of the platform, by name."""
    return [
        tuple(r) for r in await unita_corrente().righe("SELECT id, nome FROM ats ORDER BY nome")
    ]


async def convenzioni() -> list[Convenzione]:
    """All of them, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(f"{_CONVENZIONE} ORDER BY c.dal DESC, c.id DESC", unita.ambito)
    return [_convenzione(riga) for riga in righe]


async def convenzione(id_: int) -> Convenzione:
    """One of them.

    Raises:
        NonTrovato: this ambito has none of that number.
    """
    unita = unita_corrente()
    riga = None
    if 0 < id_ < 2**31:
        riga = await unita.riga(f"{_CONVENZIONE} AND c.id = $2", unita.ambito, id_)
    if riga is None:
        raise NonTrovato("Questa convenzione non c'è: tornare alle pubblicazioni e sceglierne una.")
    return _convenzione(riga)


def _convenzione(riga: Any) -> Convenzione:
    return Convenzione(**{**dict(riga), "dataset": tuple(riga["dataset"])})


def _giorno(testo: str) -> date | None:
    try:
        return date.fromisoformat(testo.strip())
    except ValueError:
        return None


def leggi_atto(valori: dict[str, str], campi: dict[str, str]) -> tuple[str, date]:
    """Which act, and of when; what is wrong goes to `campi`."""
    atto = " ".join(valori.get("atto", "").split())
    giorno = _giorno(valori.get("atto_data", ""))
    if not 5 <= len(atto) <= 300:
        campi["atto"] = "Scrivi organo e numero dell'atto, da 5 a 300 caratteri."
    if giorno is None or not date(1990, 1, 1) <= giorno <= oggi():
        campi["atto_data"] = "Scegli il giorno dell'atto, non dopo oggi."
    return atto, giorno or oggi()


async def registra_convenzione(valori: dict[str, str], scelti: list[str]) -> int:
    """Write a convention down.

    Args:
        valori: ``ats`` (id), ``soglia``, ``dal`` and ``al`` (ISO), ``atto``, ``atto_data``, as typed.
        scelti: codes of the datasets.

    Raises:
        DatiConvenzione: a field is wrong, or another convention holds on some of those days.
    """
    unita = unita_corrente()
    campi: dict[str, str] = {}
    atto, atto_data = leggi_atto(valori, campi)
    agenzia = next((i for i, _ in await agenzie() if str(i) == valori.get("ats", "")), None)
    if agenzia is None:
        campi["ats"] = "Scegli l'agenzia."
    soglia = valori.get("soglia", "").strip()
    if not (soglia.isascii() and soglia.isdigit() and len(soglia) < 4
            and SOGLIA_MINIMA <= int(soglia) <= SOGLIA_MASSIMA):  # fmt: skip
        campi["soglia"] = f"La soglia è un numero da {SOGLIA_MINIMA} a {SOGLIA_MASSIMA}."
    if not scelti or not {*scelti} <= DATASET.keys():
        campi["dataset"] = "Scegli almeno un insieme di dati."
    dal = _giorno(valori.get("dal", ""))
    if dal is None or not date(2000, 1, 1) <= dal <= oggi() + _FRA_DIECI_ANNI:
        campi["dal"] = "Scegli il primo giorno in cui la convenzione vale."
    al = None
    if valori.get("al", "").strip():
        al = _giorno(valori["al"])
        if al is None or (dal and al < dal) or al > oggi() + 3 * _FRA_DIECI_ANNI:
            campi["al"] = (
                "L'ultimo giorno non può venire prima del primo: correggilo o lascialo vuoto."
            )
    if campi:
        raise DatiConvenzione(campi)
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                "INSERT INTO convenzione (ats_id, dataset, soglia, dal, al, atto, atto_data) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                agenzia, [c for c in DATASET if c in scelti], int(soglia), dal, al, atto, atto_data,
            )  # fmt: skip
    except asyncpg.ExclusionViolationError:
        raise DatiConvenzione(
            {"dal": "Con questa agenzia c'è già una convenzione in quei giorni: revocala, oppure scegli "
                    "altri giorni."}
        ) from None  # fmt: skip
    await registra("confronto.convenzione", "convenzione", str(id_), soglia=int(soglia))
    return id_


def leggi_motivo(valori: dict[str, str]) -> str:
    """Why something ends.

    Raises:
        DatiConvenzione: it is not said.
    """
    motivo = " ".join(valori.get("motivo", "").split())
    if not 5 <= len(motivo) <= 500:
        raise DatiConvenzione({"motivo": "Scrivi il motivo, da 5 a 500 caratteri."})
    return motivo


async def revoca_convenzione(id_: int, valori: dict[str, str]) -> None:
    """End a convention now: from this moment nothing of what rests on it is readable.

    Raises:
        Conflitto: it was revoked already.
        DatiConvenzione: no reason.
    """
    questa, motivo = await convenzione(id_), leggi_motivo(valori)
    unita = unita_corrente()
    tag = await unita.esegui(
        "UPDATE convenzione SET revocata_il = now(), revocata_da = utente_corrente(), motivo_revoca = $3 "
        "WHERE ambito_id = $1 AND id = $2 AND revocata_il IS NULL",
        unita.ambito, questa.id, motivo,
    )  # fmt: skip
    if tag != "UPDATE 1":
        raise Conflitto("Questa convenzione è già stata revocata.")
    await registra("confronto.revoca", "convenzione", str(questa.id))


# Releases.


async def pubblicazioni() -> list[Pubblicazione]:
    """All of them, withdrawn ones too: by dataset, the latest year and version first."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"{_PUBBLICAZIONE} ORDER BY p.dataset, p.anno DESC, p.versione DESC, p.id", unita.ambito
    )
    return [_pubblicazione(riga) for riga in righe]


async def pubblicazione(id_: int) -> Pubblicazione:
    """One of them.

    Raises:
        NonTrovato: this ambito has none of that number.
    """
    unita = unita_corrente()
    riga = None
    if 0 < id_ < 2**31:
        riga = await unita.riga(f"{_PUBBLICAZIONE} AND p.id = $2", unita.ambito, id_)
    if riga is None:
        raise NonTrovato("Questa pubblicazione non c'è: tornare all'elenco e sceglierne una.")
    return _pubblicazione(riga)


def _pubblicazione(riga: Any) -> Pubblicazione:
    return Pubblicazione(**{**dict(riga), "voci": msgspec.json.decode(riga["voci"])})


async def cifre_di(id_: int) -> tuple[Cifra, ...]:
    """The figures of a publication, as they were released."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT riga, voce, misura, valore, soppressa FROM cifra_pubblicata "
        "WHERE ambito_id = $1 AND pubblicazione_id = $2 ORDER BY riga, voce, misura",
        unita.ambito, id_,
    )  # fmt: skip
    return tuple(Cifra(*riga) for riga in righe)


async def convenzione_per(dataset: str, id_convenzione: int) -> Convenzione:
    """The convention by which a dataset is released today.

    Raises:
        NonTrovato: no such dataset, no such convention.
        Conflitto: the convention is not in force, or does not have that dataset.
    """
    if dataset not in DATASET:
        raise NonTrovato("Questo insieme di dati non c'è: sceglierne uno dall'elenco.")
    questa = await convenzione(id_convenzione)
    if questa.stato(oggi()) != "in_vigore" or dataset not in questa.dataset:
        raise Conflitto(
            "La convenzione scelta oggi non prevede questi dati: sceglierne un'altra, o registrarla."
        )
    return questa


async def _senza_dirlo(_: int, __: str) -> None:
    """Nobody wants to know how far it is."""


async def proponi(
    dataset: str, anno: int, id_convenzione: int, avanza: Avanza = _senza_dirlo
) -> Proposta:
    """What would be released now, the small cells hidden.

    Args:
        dataset: its code.
        anno: of the figures.
        id_convenzione: by which they are released.
        avanza: told at each step which one it is, of three.

    Raises:
        NonTrovato: no such dataset, no figures of that year, no such convention.
        Conflitto: the convention is not in force, or does not have that dataset.
    """
    questa = await convenzione_per(dataset, id_convenzione)
    await avanza(0, "Le cifre si raccolgono.")
    foto = await fotografa(dataset, anno)
    # Two patterns over the same figures could be subtracted from each other.
    prima = NIENTE
    if foto.contata:
        prima = await memoria(dataset, anno, questa.ats_id, foto.misure[foto.contata], foto.contata)
    await avanza(1, "Le celle piccole si sopprimono.")
    # Seconds, with many small cells: the loop goes on with the others.
    cifre = await asyncio.to_thread(foto.cifre, questa.soglia, prima)
    await avanza(2, "Le cifre si scrivono.")
    return Proposta(
        foto=foto,
        convenzione=questa,
        cifre=cifre,
        impronta=impronta(cifre),
        trattenute=await trattenute(dataset, anno, cifre),
        sostituisce=next(
            (
                p
                for p in await pubblicazioni()
                if (p.ats_id, p.dataset, p.anno) == (questa.ats_id, dataset, anno)
                and p.ritirata_il is None
            ),
            None,
        ),
    )


async def pubblica(
    dataset: str, anno: int, id_convenzione: int, valori: dict[str, str], vista: str | None = None,
    *, lavoro: UUID | None = None, avanza: Avanza = _senza_dirlo,
) -> int:  # fmt: skip
    """Release a snapshot; the version that is readable now is withdrawn, since this takes its place.

    Args:
        valori: ``atto`` and ``atto_data``, as typed.
        vista: digest of the figures that were seen in the preview; None when nobody looked.
        lavoro: the job that does it; what it released before is not released again.
        avanza: as :func:`proponi`.

    Raises:
        DatiConvenzione: the act is not said.
        Conflitto: the figures are not those that were seen, or somebody releases them just now.
    """
    campi: dict[str, str] = {}
    atto, atto_data = leggi_atto(valori, campi)
    if campi:
        raise DatiConvenzione(campi)
    if lavoro is not None:
        fatta: int | None = await unita_corrente().valore(
            "SELECT id FROM pubblicazione WHERE ambito_id = $1 AND lavoro_id = $2",
            unita_corrente().ambito, lavoro,
        )  # fmt: skip
        if fatta is not None:
            return fatta
    proposta = await proponi(dataset, anno, id_convenzione, avanza)
    if vista is not None and vista != proposta.impronta:
        raise Conflitto(
            "Le cifre sono cambiate da quando le hai guardate: guarda l'anteprima di adesso e pubblica di "
            "nuovo."
        )
    unita, questa, foto = unita_corrente(), proposta.convenzione, proposta.foto
    capoluogo = foto.capoluogo if foto.capoluogo in foto.tavola.righe else None
    try:
        async with unita.punto_di_ritorno():
            id_: int = await unita.valore(
                "INSERT INTO pubblicazione (ats_id, dataset, anno, versione, soglia, fonte, metodo, atto, "
                "atto_data, voci, capoluogo, sha256, lavoro_id) SELECT $2::smallint, $3::text, $4::smallint, "
                "coalesce(max(versione), 0) + 1, $5::smallint, $6, $7, $8, $9::date, $10::text::jsonb, $11, "
                "$12, $13::uuid FROM pubblicazione WHERE ambito_id = $1 AND ats_id = $2 AND dataset = $3 "
                "AND anno = $4 RETURNING id",
                unita.ambito, questa.ats_id, dataset, anno, questa.soglia, foto.fonte[:1000],
                foto.metodo[:2000], atto, atto_data, msgspec.json.encode(foto.voci).decode(), capoluogo,
                proposta.impronta, lavoro,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto("Qualcuno sta pubblicando gli stessi dati: ricaricare la pagina.") from None
    await unita.esegui(
        "INSERT INTO cifra_pubblicata (pubblicazione_id, riga, voce, misura, valore, soppressa) "
        "SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::boolean[])",
        id_, *([getattr(c, nome) for c in proposta.cifre] for nome in Cifra.__struct_fields__),
    )  # fmt: skip
    if proposta.sostituisce is not None:
        await _ritira(proposta.sostituisce, "Sostituita da una nuova versione", id_)
    await registra("confronto.pubblica", "pubblicazione", str(id_), dataset=dataset, anno=anno)
    return id_


async def ritira(id_: int, valori: dict[str, str]) -> None:
    """Withdraw a publication: the agency does not read it any more.

    Raises:
        Conflitto: it was withdrawn already.
        DatiConvenzione: no reason.
    """
    questa = await pubblicazione(id_)
    await _ritira(questa, leggi_motivo(valori), None)
    await registra("confronto.ritira", "pubblicazione", str(id_))


async def tieni_pubblicazione(id_: int) -> None:
    """Hold a publication to the end of the transaction: it is not opened while it is withdrawn."""
    unita = unita_corrente()
    await unita.esegui(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"pubblicazione {unita.ambito}/{id_}",
    )


async def _ritira(quale: Pubblicazione, motivo: str, nuova: int | None) -> None:
    unita = unita_corrente()
    await tieni_pubblicazione(quale.id)
    tag = await unita.esegui(
        "INSERT INTO ritiro_pubblicazione (pubblicazione_id, ats_id, motivo, sostituita_da) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        quale.id, quale.ats_id, motivo, nuova,
    )  # fmt: skip
    if tag != "INSERT 0 1":
        raise Conflitto("Questa pubblicazione è già stata ritirata.")


async def letture(pagina: int = 1) -> tuple[list[Lettura], int]:
    """Who read what, the latest first: a page, and how many there are."""
    unita = unita_corrente()
    quante: int = await unita.valore(
        "SELECT count(*) FROM lettura_ats WHERE ambito_id = $1", unita.ambito
    )
    righe = await unita.righe(
        "SELECT l.quando, t.nome AS ats, l.chi, l.che_cosa, l.pubblicazioni FROM lettura_ats l "
        "JOIN ats t ON t.id = l.ats_id WHERE l.ambito_id = $1 ORDER BY l.quando DESC, l.id DESC "
        "LIMIT $2 OFFSET $3",
        unita.ambito, PER_PAGINA, (pagina - 1) * PER_PAGINA,
    )  # fmt: skip
    return [
        Lettura(**{**dict(r), "pubblicazioni": tuple(r["pubblicazioni"])}) for r in righe
    ], quante
