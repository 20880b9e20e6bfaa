"""What can be released and compared, and how ambiti are ranked. Pure.

Only what adds up is released; an indicator divides it when it is shown. Sources: the measures of the
spending are those that the distretti of Cremona published of 2011 and 2012.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

import msgspec

from capofila.base.errori import DatiNonValidi
from capofila.confronto.soppressione import TUTTE

TUTTI: Final = "tutti"
SENZA_CAPOLUOGO: Final = "senza_capoluogo"
PERIMETRI: Final[Mapping[str, str]] = {
    TUTTI: "Tutto l'ambito", SENZA_CAPOLUOGO: "Senza il capoluogo",
}  # fmt: skip
ABITANTI: Final = "abitanti"
SOGLIA_MINIMA: Final = 3
SOGLIA_MASSIMA: Final = 100
PRIMO_ANNO, ULTIMO_ANNO = 2000, 2100

TipoCifra = Literal["importo", "quota", "numero"]
_POSTI: Final[Mapping[TipoCifra, Decimal]] = {
    "importo": Decimal("0.01"), "quota": Decimal("0.0001"), "numero": Decimal("0.1"),
}  # fmt: skip


class Indicatore(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that is compared: a measure, or two of them divided.

    Attributes:
        sotto: the measure that it is divided by; empty for none.
        per: so many times (1,000 inhabitants).
    """

    codice: str
    nome: str
    tipo: TipoCifra
    sopra: str
    sotto: str = ""
    per: int = 1

    def valore(self, sopra: Decimal | None, sotto: Decimal | None) -> Decimal | None:
        """The figure, half up at its place; None where a term is missing or the divisor is zero."""
        if sopra is None:
            return None
        if not self.sotto:
            return sopra
        if not sotto:
            return None
        # Of 28 figures, as the context's; a fraction would be exact and twenty times slower.
        return (sopra * self.per / sotto).quantize(_POSTI[self.tipo], ROUND_HALF_UP)


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an ambito may release.

    Attributes:
        voce: what a column is, in words; `tutte` what their total is called.
        totale: whether the columns make a total; where they do not, one is always chosen.
    """

    codice: str
    nome: str
    voce: str
    tutte: str
    indicatori: tuple[Indicatore, ...]
    per_comune: bool = True
    totale: bool = True

    def indicatore(self, codice: str) -> Indicatore | None:
        """One of its indicators; the first one when none is named."""
        return next((i for i in self.indicatori if codice in ("", i.codice)), None)


def _i(
    codice: str, nome: str, tipo: TipoCifra, sopra: str, sotto: str = "", per: int = 1
) -> Indicatore:
    return Indicatore(codice=codice, nome=nome, tipo=tipo, sopra=sopra, sotto=sotto, per=per)


DATASET: Final[Mapping[str, Dataset]] = {
    uno.codice: uno
    for uno in (
        Dataset(
            codice="spesa", nome="Spesa sociale", voce="Area", tutte="Tutte le aree",
            indicatori=(
                _i("pro_capite", "Spesa per abitante", "importo", "spesa", ABITANTI),
                _i("spesa", "Spesa", "importo", "spesa"),
                _i("quota_associata", "Quota associata", "quota", "associata", "spesa"),
                _i("utenti", "Utenti", "numero", "persone"),
                _i("utenti_per_mille", "Utenti ogni 1.000 abitanti", "numero", "persone", ABITANTI, 1000),
            ),
        ),
        Dataset(
            codice="utenti", nome="Utenti per servizio", voce="Prestazione",
            tutte="Tutte le prestazioni",
            indicatori=(
                _i("utenti_per_mille", "Utenti ogni 1.000 abitanti", "numero", "persone", ABITANTI, 1000),
                _i("utenti", "Utenti", "numero", "persone"),
            ),
        ),
        Dataset(
            codice="compartecipazione", nome="Compartecipazione degli utenti", voce="Servizio",
            tutte="Tutti i servizi",
            indicatori=(
                _i("quota_media", "Quota media di un utente", "importo", "quota", "persone"),
                _i("costo_medio", "Costo medio di un utente", "importo", "costo", "persone"),
                _i("incidenza", "Parte del costo pagata dagli utenti", "quota", "quota", "costo"),
                _i("utenti", "Utenti", "numero", "persone"),
            ),
        ),
        Dataset(
            codice="debito", nome="Puntualità del debito informativo", voce="Flusso",
            tutte="Tutti i flussi", per_comune=False,
            indicatori=(
                _i("ritardo", "Giorni oltre il termine, in media", "numero", "ritardo", "con_termine"),
                _i("in_tempo", "Periodi inviati entro il termine", "quota", "in_tempo", "con_termine"),
                _i("giorni", "Giorni dalla fine del periodo al primo invio", "numero", "giorni", "periodi"),
                _i("invii", "File inviati", "numero", "invii"),
                _i("accolti", "File accolti", "quota", "accolti", "invii"),
            ),
        ),
        Dataset(
            codice="indicatori", nome="Indicatori del sistema di conoscenza", voce="Indicatore",
            tutte="Scegli un indicatore", totale=False,
            indicatori=(
                _i("valore", "Cifra", "numero", "valore"),
                _i("per_mille", "Ogni 1.000 abitanti", "numero", "valore", ABITANTI, 1000),
                _i("percento", "Rapporto, in percentuale", "quota", "sopra", "sotto"),
                _i("rapporto", "Rapporto", "numero", "sopra", "sotto"),
            ),
        ),
    )
}  # fmt: skip
"""In the order in which they are offered."""

MISURE: Final[Mapping[str, str]] = {
    "persone": "Utenti", "spesa": "Spesa", "associata": "Di cui associata", "costo": "Costo",
    "quota": "Quota degli utenti", "invii": "File inviati", "accolti": "File accolti",
    "giorni": "Giorni", "periodi": "Periodi", "ritardo": "Giorni oltre il termine",
    "in_tempo": "Periodi entro il termine", "con_termine": "Periodi con un termine",
    "valore": "Cifre", "sopra": "Rapporti: il termine diviso", "sotto": "Rapporti: il termine che divide",
    ABITANTI: "Abitanti",
}  # fmt: skip
"""What is released, in words, in the order of the tables."""
IN_EURO: Final = frozenset({"spesa", "associata", "costo", "quota"})


class Licenza(msgspec.Struct, frozen=True, kw_only=True):
    """A licence by which what is open may be used again. ``tipo`` is of the ADMS vocabulary."""

    nome: str
    versione: str
    indirizzo: str
    tipo: str
    obblighi: str


LICENZE: Final[Mapping[str, Licenza]] = {
    "cc-by-4.0": Licenza(
        nome="Creative Commons Attribuzione 4.0 Internazionale (CC BY 4.0)", versione="4.0",
        indirizzo="https://creativecommons.org/licenses/by/4.0/", tipo="Attribution",
        obblighi="chi riusa cita la fonte",
    ),
    "iodl-2.0": Licenza(
        nome="Italian Open Data License 2.0 (IODL 2.0)", versione="2.0",
        indirizzo="https://www.dati.gov.it/iodl/2.0/", tipo="Attribution",
        obblighi="chi riusa cita la fonte",
    ),
    "cc0-1.0": Licenza(
        nome="Creative Commons Zero 1.0 (CC0)", versione="1.0",
        indirizzo="https://creativecommons.org/publicdomain/zero/1.0/", tipo="PublicDomain",
        obblighi="nessun obbligo",
    ),
}  # fmt: skip
"""In the order in which they are offered; AgID's guidelines ask for the first."""


class Convenzione(msgspec.Struct, frozen=True, kw_only=True):
    """What an agency may read of an ambito. ``al`` None: until it is revoked."""

    id: int
    ats_id: int
    ats: str
    dataset: tuple[str, ...]
    soglia: int
    dal: date
    al: date | None
    atto: str
    atto_data: date
    registrata_il: datetime
    revocata_il: datetime | None = None
    motivo_revoca: str | None = None

    def stato(self, oggi: date) -> str:
        """``in_vigore``, ``futura``, ``scaduta``, ``revocata``."""
        if self.revocata_il is not None:
            return "revocata"
        if self.dal > oggi:
            return "futura"
        return "scaduta" if self.al is not None and self.al < oggi else "in_vigore"


class Pubblicazione(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen snapshot. ``ritirata_il`` None: it is readable while a convenzione says so."""

    id: int
    ats_id: int
    ats: str
    dataset: str
    anno: int
    versione: int
    soglia: int
    fonte: str
    metodo: str
    atto: str
    atto_data: date
    voci: dict[str, str]
    capoluogo: str | None
    sha256: str
    """Digest of its figures."""
    pubblicata_il: datetime
    ritirata_il: datetime | None = None
    sostituita_da: int | None = None
    motivo: str | None = None


class Apertura(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that was opened to everybody; closed, its figures are not public any more."""

    pubblicazione_id: int
    dataset: str
    anno: int
    versione: int
    licenza: str
    atto: str
    atto_data: date
    aperta_il: datetime
    chiusa_il: datetime | None = None


class Cifra(msgspec.Struct, frozen=True, order=True):
    """A figure to be released; hidden, it has no value."""

    riga: str
    voce: str
    misura: str
    valore: Decimal | None
    soppressa: bool = False


def impronta(cifre: Iterable[Cifra]) -> str:
    """The digest of some figures, in whatever order they come."""
    testo = "\n".join(
        f"{c.riga}|{c.voce}|{c.misura}|"
        + ("x" if c.soppressa else "" if c.valore is None else f"{c.valore.normalize():f}")
        for c in sorted(cifre, key=lambda c: (c.riga, c.voce, c.misura))
    )
    return hashlib.sha256(testo.encode()).hexdigest()


class DatiConvenzione(DatiNonValidi):
    """A form with faults; ``campi`` says which, by field."""

    def __init__(self, campi: Mapping[str, str]) -> None:
        super().__init__(" ".join(campi.values()))
        self.campi = dict(campi)


# The comparison.


class Posto(msgspec.Struct, frozen=True, kw_only=True):
    """Where one stands. Without a value there is no rank.

    Attributes:
        posto: 1 for the greatest; equal values share it.
        scarto: value less mean.
        scarto_parte: the same as a part of the mean.
    """

    chiave: str
    valore: Decimal | None
    posto: int | None = None
    scarto: Decimal | None = None
    scarto_parte: Decimal | None = None


class Classifica(msgspec.Struct, frozen=True, kw_only=True):
    """All of them; ``media`` is the plain mean, each counting for one."""

    media: Decimal | None
    posti: tuple[Posto, ...]
    con_valore: int


def confronta(valori: Sequence[tuple[str, Decimal | None]], tipo: TipoCifra) -> Classifica:
    """Rank and distance from the mean, in the order given.

    >>> [p.posto for p in confronta([("a", Decimal(3)), ("b", None), ("c", Decimal(3))], "numero").posti]
    [1, None, 1]
    """
    noti = sorted((v for _, v in valori if v is not None), reverse=True)
    if not noti:
        return Classifica(
            media=None, posti=tuple(Posto(chiave=k, valore=None) for k, _ in valori), con_valore=0
        )
    media = (sum(noti, Decimal(0)) / len(noti)).quantize(_POSTI[tipo], ROUND_HALF_UP)
    primi: dict[Decimal, int] = {}
    for posto, valore in enumerate(noti, 1):
        primi.setdefault(valore, posto)
    return Classifica(
        media=media,
        con_valore=len(noti),
        posti=tuple(
            Posto(chiave=chiave, valore=None)
            if valore is None
            else Posto(
                chiave=chiave, valore=valore, posto=primi[valore], scarto=valore - media,
                scarto_parte=((valore - media) / media).quantize(Decimal("0.0001"), ROUND_HALF_UP)
                if media
                else None,
            )
            for chiave, valore in valori
        ),
    )  # fmt: skip


def ordina(posti: Iterable[Posto], ordine: str, nomi: Mapping[str, str]) -> list[Posto]:
    """By name (``nome``) or by value; ``-`` before it for the greatest first. Who has none comes last."""
    per_nome = sorted(posti, key=lambda p: nomi.get(p.chiave, p.chiave))
    if ordine.removeprefix("-") == "nome":
        return per_nome[::-1] if ordine.startswith("-") else per_nome
    con = [p for p in per_nome if p.valore is not None]
    con.sort(key=lambda p: p.valore or Decimal(0), reverse=ordine.startswith("-"))
    return con + [p for p in per_nome if p.valore is None]


def nome_voce(dataset: Dataset, voce: str, voci: Mapping[str, str]) -> str:
    """What a column is called."""
    return dataset.tutte if voce == TUTTE else voci.get(voce, voce)
