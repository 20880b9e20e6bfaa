"""Open data: what an ambito opens to everybody, and what anybody reads of it.

Whoever asks has no account: the units are of the reading role with no agency, to which the policies
show the publications that are open now, and of the others only that they were. Why: docs/perche/confronto.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.database import Contesto, UnitaDiLavoro, unita_corrente, unita_di_lavoro
from capofila.base.errori import Conflitto, NonPiuPubblico, NonTrovato, ServizioNonDisponibile
from capofila.base.impostazioni import impostazioni
from capofila.confronto.pubblicazioni import (
    leggi_atto,
    leggi_motivo,
    pubblicazione,
    tieni_pubblicazione,
)
from capofila.confronto.rules import (
    DATASET,
    LICENZE,
    MISURE,
    PERIMETRI,
    Apertura,
    Cifra,
    Dataset,
    DatiConvenzione,
    nome_voce,
)

PER_PAGINA: Final = 50
_APERTURA: Final = (
    "SELECT pubblicazione_id, dataset, anno, versione, licenza, atto, atto_data, aperta_il, chiusa_il "
    "FROM apertura "
)


# The ambito, in its unit of work.


async def apertura(id_: int) -> Apertura | None:
    """How a publication was opened; None when it never was."""
    unita = unita_corrente()
    riga = await unita.riga(
        f"{_APERTURA} WHERE ambito_id = $1 AND pubblicazione_id = $2", unita.ambito, id_
    )
    return None if riga is None else Apertura(**dict(riga))


async def aperte() -> dict[int, Apertura]:
    """All that this ambito ever opened, by publication."""
    unita = unita_corrente()
    righe = await unita.righe(f"{_APERTURA} WHERE ambito_id = $1", unita.ambito)
    return {r["pubblicazione_id"]: Apertura(**dict(r)) for r in righe}


async def apri(id_: int, valori: Mapping[str, str]) -> None:
    """Open a publication to everybody; the version that is open now is closed.

    Args:
        id_: of the publication.
        valori: ``licenza``, ``atto`` and ``atto_data``, as typed.

    Raises:
        DatiConvenzione: a field is wrong.
        Conflitto: it is withdrawn, was opened before, or one released to another agency was.
    """
    await tieni_pubblicazione(id_)
    questa = await pubblicazione(id_)
    campi: dict[str, str] = {}
    atto, atto_data = leggi_atto(dict(valori), campi)
    licenza = valori.get("licenza", "")
    if licenza not in LICENZE:
        campi["licenza"] = "Scegli la licenza."
    if campi:
        raise DatiConvenzione(campi)
    if questa.ritirata_il is not None:
        raise Conflitto(
            "Questa pubblicazione è stata ritirata: pubblicane una nuova e apri quella."
        )
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "UPDATE apertura SET chiusa_il = now(), chiusa_da = utente_corrente(), "
                "motivo = 'Sostituita da un''altra versione' WHERE ambito_id = $1 AND dataset = $2 "
                "AND anno = $3 AND pubblicazione_id <> $4 AND chiusa_il IS NULL",
                unita.ambito, questa.dataset, questa.anno, questa.id,
            )  # fmt: skip
            await unita.esegui(
                "INSERT INTO apertura (pubblicazione_id, ats_id, dataset, anno, versione, licenza, atto, "
                "atto_data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                questa.id, questa.ats_id, questa.dataset, questa.anno, questa.versione, licenza, atto,
                atto_data,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(
            "Questa versione è già stata aperta: per riaprirla pubblicane una nuova."
        ) from None
    except asyncpg.ExclusionViolationError:
        raise Conflitto(
            "Di questi dati e di quest'anno è già stata aperta una pubblicazione fatta per un'altra "
            "agenzia: con le due insieme si potrebbero ricavare celle soppresse. Apri una nuova versione "
            "di quella."
        ) from None
    await registra("confronto.apri", "pubblicazione", str(id_), licenza=licenza)


async def chiudi(id_: int, valori: Mapping[str, str]) -> None:
    """Take a publication off the open data; the agency goes on reading it.

    Raises:
        DatiConvenzione: no reason.
        Conflitto: it is not open.
    """
    questa, motivo = await pubblicazione(id_), leggi_motivo(dict(valori))
    unita = unita_corrente()
    tag = await unita.esegui(
        "UPDATE apertura SET chiusa_il = now(), chiusa_da = utente_corrente(), motivo = $3 "
        "WHERE ambito_id = $1 AND pubblicazione_id = $2 AND chiusa_il IS NULL",
        unita.ambito, questa.id, motivo,
    )  # fmt: skip
    if tag != "UPDATE 1":
        raise Conflitto("Questa pubblicazione non è fra i dati aperti: torna alle pubblicazioni.")
    await registra("confronto.chiudi", "pubblicazione", str(id_))


# Anybody.


class Titolare(msgspec.Struct, frozen=True, kw_only=True):
    """The ambito that opened something. What it did not declare is None."""

    id: int
    slug: str
    nome: str
    capofila: str
    codice_ipa: str | None = None
    contatto_dati: str | None = None


class Insieme(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset of an ambito and a year that is open now."""

    titolare: Titolare
    id: int
    dataset: Dataset
    anno: int
    versione: int
    licenza: str
    atto: str
    atto_data: date
    aperta_il: datetime
    fonte: str
    metodo: str
    soglia: int
    sha256: str
    voci: Mapping[str, str]

    @property
    def titolo(self) -> str:
        """Its name among all of them."""
        return f"{self.dataset.nome} {self.anno}, {self.titolare.nome}"

    @property
    def percorso(self) -> str:
        """The last part of its addresses."""
        return f"{self.titolare.slug}/{self.dataset.codice}/{self.anno}"

    @property
    def segno(self) -> str:
        """Changes with whatever its files show."""
        parti = (self.sha256, str(self.versione), self.licenza, self.atto, str(self.aperta_il),
                 msgspec.json.encode(self.titolare).decode())  # fmt: skip
        return hashlib.sha256("|".join(parti).encode()).hexdigest()[:32]


class Riga(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as the files write it. ``comune`` is the ISTAT code; None for a sum."""

    riga: str
    comune: str | None
    denominazione: str
    voce: str
    nome_voce: str
    misura: str
    nome_misura: str
    valore: Any
    soppressa: bool


class NonPiuAperto(NonPiuPubblico):
    """It was open. ``al_suo_posto`` is the version that is open now, if there is one."""

    def __init__(self, slug: str, tolta: Apertura, al_suo_posto: Apertura | None) -> None:
        nuova = (
            f"Al suo posto c'è la versione {al_suo_posto.versione}."
            if al_suo_posto is not None
            else "Non c'è una versione che ne ha preso il posto."
        )
        super().__init__(f"La versione {tolta.versione} di questi dati non è più pubblica. {nuova}")
        self.al_suo_posto = (
            None if al_suo_posto is None else f"{slug}/{al_suo_posto.dataset}/{al_suo_posto.anno}"
        )


@asynccontextmanager
async def _chiunque(traccia: str = "") -> AsyncIterator[UnitaDiLavoro]:
    """A unit of the reading role with no agency.

    Raises:
        ServizioNonDisponibile: the platform has no connection for that role.
    """
    if not impostazioni().ats_url:
        raise ServizioNonDisponibile(
            "I dati aperti non sono configurati: chi gestisce la piattaforma indichi CAPOFILA_ATS_URL."
        )
    async with unita_di_lavoro(
        Contesto(traccia=traccia), ruolo="ats", sola_lettura=True, istantanea=True
    ) as unita:
        yield unita


async def tutti_i_titolari() -> list[Titolare]:
    """Every ambito, by name."""
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        righe = await unita.righe(
            "SELECT id, slug, nome, capofila, codice_ipa, contatto_dati FROM ambito ORDER BY nome"
        )
    return [Titolare(**dict(r)) for r in righe]


async def titolare() -> Titolare:
    """The ambito of the unit of work."""
    unita = unita_corrente()
    (riga,) = await unita.righe(
        "SELECT id, slug, nome, capofila, codice_ipa, contatto_dati FROM ambito WHERE id = $1",
        unita.ambito,
    )
    return Titolare(**dict(riga))


async def _titolari(quali: Iterable[int] | None, slug: str = "") -> dict[int, Titolare]:
    """The ambiti, as everybody knows them; those of a slug where none are named."""
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        righe = await unita.righe(
            "SELECT id, slug, nome, capofila, codice_ipa, contatto_dati FROM ambito "
            "WHERE id = ANY ($1::smallint[]) OR slug = $2",
            [*(quali or ())], slug,
        )  # fmt: skip
    return {r["id"]: Titolare(**dict(r)) for r in righe}


_INSIEMI: Final = """
SELECT a.ambito_id, a.pubblicazione_id AS id, a.dataset, a.anno, a.versione, a.licenza, a.atto,
  a.atto_data, a.aperta_il, p.fonte, p.metodo, p.soglia, p.sha256, p.voci::text AS voci
FROM apertura a JOIN pubblicazione p ON p.ambito_id = a.ambito_id AND p.id = a.pubblicazione_id
WHERE a.chiusa_il IS NULL AND ($1::smallint IS NULL OR a.ambito_id = $1)
  AND ($2 = '' OR a.dataset = $2) AND ($3::smallint IS NULL OR a.anno = $3)
ORDER BY a.ambito_id, a.dataset, a.anno DESC
"""


async def insiemi(
    slug: str = "", dataset: str = "", anno: int | None = None, *, pagina: int | None = None
) -> tuple[list[Insieme], int]:
    """What is open now, by ambito, and how many there are.

    Args:
        slug: of one ambito; empty for all. `dataset` likewise.
        anno: of one year.
        pagina: fifty at a time; None for all.
    """
    di_chi = None
    if slug:
        di_chi = next(iter(await _titolari(None, slug)), None)
        if di_chi is None:
            return [], 0
    async with _chiunque() as unita:
        parametri = (di_chi, dataset, anno)
        if pagina is None:
            righe = await unita.righe(_INSIEMI, *parametri)
            quanti = len(righe)
        else:
            righe = await unita.righe(
                f"{_INSIEMI} LIMIT {PER_PAGINA} OFFSET $4", *parametri, (pagina - 1) * PER_PAGINA
            )
            quanti = await unita.valore(f"SELECT count(*) FROM ({_INSIEMI})", *parametri)
    nomi = await _titolari({r["ambito_id"] for r in righe})
    return [_insieme(r, nomi[r["ambito_id"]]) for r in righe], quanti


async def scelte() -> tuple[list[Titolare], list[int]]:
    """Of whom and of which years something is open now: the ambiti by name, the latest year first."""
    async with _chiunque() as unita:
        riga = await unita.riga(
            "SELECT array_agg(DISTINCT ambito_id) AS ambiti, array_agg(DISTINCT anno ORDER BY anno DESC) "
            "AS anni FROM apertura WHERE chiusa_il IS NULL"
        )
    di_chi = await _titolari(riga["ambiti"] or [])
    return sorted(di_chi.values(), key=lambda t: t.nome), riga["anni"] or []


def _insieme(riga: Any, titolare: Titolare) -> Insieme:
    valori = {**dict(riga), "dataset": DATASET[riga["dataset"]]}
    valori["voci"] = msgspec.json.decode(riga["voci"])
    del valori["ambito_id"]
    return Insieme(titolare=titolare, **valori)


async def insieme(slug: str, dataset: str, anno: int, versione: int | None = None) -> Insieme:
    """One of them.

    Args:
        versione: that one; None for whichever is open now.

    Raises:
        NonTrovato: nothing of the kind was ever open.
        NonPiuAperto: it was, and is not any more.
    """
    di_chi = None
    if slug.isprintable():
        (di_chi,) = (await _titolari(None, slug)).values() or (None,)
    if di_chi is None or dataset not in DATASET or not 0 < anno < 2**15:
        raise NonTrovato("Questi dati aperti non ci sono: cercali nell'elenco.")
    async with _chiunque() as unita:
        righe = await unita.righe(
            f"{_APERTURA} WHERE ambito_id = $1 AND dataset = $2 AND anno = $3 "
            "ORDER BY chiusa_il IS NOT NULL, aperta_il DESC",
            di_chi.id, dataset, anno,
        )  # fmt: skip
        tutte = [Apertura(**dict(r)) for r in righe]
        questa = next((a for a in tutte if versione in (None, a.versione)), None)
        if questa is None:
            raise NonTrovato("Questi dati aperti non ci sono: cercali nell'elenco.")
        if questa.chiusa_il is not None:
            raise NonPiuAperto(slug, questa, next((a for a in tutte if a.chiusa_il is None), None))
        (riga,) = await unita.righe(_INSIEMI, di_chi.id, dataset, anno)
    return _insieme(riga, di_chi)


async def righe(questo: Insieme) -> list[Riga]:
    """Its figures, in order; a hidden one has no value."""
    async with _chiunque() as unita:
        cifre = [
            Cifra(*r)
            for r in await unita.righe(
                "SELECT riga, voce, misura, valore, soppressa FROM cifra_pubblicata "
                "WHERE ambito_id = $1 AND pubblicazione_id = $2 ORDER BY riga, voce, misura",
                questo.titolare.id, questo.id,
            )
        ]  # fmt: skip
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        nomi = {
            r["istat"]: r["nome"]
            for r in await unita.righe(
                "SELECT istat, nome FROM comune WHERE istat = ANY ($1::char(6)[])",
                list({c.riga for c in cifre if c.riga.isdigit()}),
            )
        }
    return componi(questo, cifre, nomi)


def componi(questo: Insieme, cifre: Iterable[Cifra], comuni: Mapping[str, str]) -> list[Riga]:
    """The figures with the names of what they are of. Pure."""
    return [
        Riga(
            riga=c.riga,
            comune=c.riga if c.riga in comuni else None,
            denominazione=comuni.get(c.riga) or PERIMETRI.get(c.riga, c.riga),
            voce=c.voce,
            nome_voce=nome_voce(questo.dataset, c.voce, questo.voci),
            misura=c.misura,
            nome_misura=MISURE.get(c.misura, c.misura),
            valore=c.valore,
            soppressa=c.soppressa,
        )
        for c in cifre
    ]
