"""The figures that the ambito was given: read, typed, brought in from a file, undone.

Runs inside a unit of work of the ambito. A figure takes the place of the one with the same indicator,
year and territory; a file comes in whole or not at all, and keeps what it took the place of.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, NonAutorizzato, NonTrovato
from capofila.base.importazioni import EsitoFoglio, LottoFoglio, nome_conservabile
from capofila.conoscenza.calcolati import calcola, da_calcolare
from capofila.conoscenza.catalogo import Catalogo, catalogo
from capofila.conoscenza.rules import (
    AMBITO,
    COLONNE,
    DENOMINAZIONE,
    PROVINCIA,
    Ammessi,
    Chiave,
    Cifre,
    DelComune,
    Letto,
    Territorio,
    Valore,
    leggi_riga,
    leggi_righe,
    lo_da_il_comune,
)
from capofila.hooks import Indicatore
from capofila.prestazioni.service import apri_tabella, file_errori
from capofila.territorio import service as territorio
from capofila.territorio.rules import si_sovrappongono

_INTERI: Final = range(1, 2**31)
_CAMPI: Final = ("codice", "anno", "parte", "territorio", "valore", "fonte")


def ufficio_di_piano() -> UnitaDiLavoro:
    """The unit of work of somebody who works for the whole ambito.

    Raises:
        NonAutorizzato: it is narrowed to one comune.
    """
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("Gli indicatori sono dell'Ufficio di Piano.")
    return unita


async def solo_comune() -> str | None:
    """The ISTAT code of the comune that the unit of work is narrowed to; None for the whole ambito."""
    belfiore = unita_corrente().contesto.comune
    if not belfiore:
        return None
    return (await territorio.mappa_comuni()).per_belfiore[belfiore].istat


class _Anno(msgspec.Struct, frozen=True):
    dal: date | None
    al: date | None


class Luoghi(msgspec.Struct, frozen=True, kw_only=True):
    """What figures are read of, in a year: by code."""

    anno: int
    ambito: Territorio
    provincia: Territorio
    sub_ambiti: Mapping[str, Territorio]
    comuni: Mapping[str, Territorio]
    capoluogo: str | None
    fonti_abitanti: tuple[str, ...]

    def uno(self, codice: str) -> Territorio:
        """A comune, a sub-ambito, the ambito or its province.

        Raises:
            NonTrovato: the ambito has no such one in that year.
        """
        tutti = {AMBITO: self.ambito, PROVINCIA: self.provincia, **self.sub_ambiti, **self.comuni}
        if codice not in tutti:
            raise NonTrovato(
                f"Nel {self.anno} questo territorio non è dell'ambito: torna ai profili."
            )
        return tutti[codice]


async def luoghi(anno: int) -> Luoghi:
    """The territories of a year, as they were on its last day, with the inhabitants of that year."""
    unita, fine = unita_corrente(), date(anno, 12, 31)
    demografia, legami = await territorio.demografia(), await territorio.appartenenze()
    nomi_gruppi = {uno.codice: uno.nome for uno in await territorio.sub_ambiti()}
    dentro = {
        uno.istat: uno.sub_ambito for uno in legami
        if si_sovrappongono(uno, _Anno(fine, fine)) and uno.istat in demografia.comuni
    }  # fmt: skip
    noti = {i: demografia.popolazione(i, fine, anno) for i in dentro}
    abitanti = {i: None if una is None else una.residenti for i, una in noti.items()}

    def insieme(codice: str, nome: str, comuni: Iterable[str]) -> Territorio:
        quali = tuple(sorted(comuni, key=lambda i: demografia.comuni[i].nome))
        parti = [n for i in quali if (n := abitanti[i]) is not None]
        return Territorio(
            codice=codice, nome=nome, comuni=quali,
            abitanti=sum(parti) if quali and len(parti) == len(quali) else None,
        )  # fmt: skip

    nome = await unita.valore("SELECT nome FROM ambito WHERE id = $1", unita.ambito)
    capo = next((e.istat for e in await territorio.enti() if e.capofila), None)
    if capo is None and any(abitanti.values()):
        # A consortium leads: the most populous comune.
        capo = max((n, i) for i, n in abitanti.items() if n is not None)[1]
    gruppi = sorted({g for g in dentro.values() if g is not None})
    return Luoghi(
        anno=anno, ambito=insieme(AMBITO, nome, dentro),
        provincia=Territorio(codice=PROVINCIA, nome="Provincia", comuni=()),
        sub_ambiti={
            f"sub:{g}": insieme(f"sub:{g}", nomi_gruppi.get(g, g), [i for i, s in dentro.items() if s == g])
            for g in gruppi
        },
        comuni={
            i: insieme(i, demografia.comuni[i].nome, [i])
            for i in sorted(dentro, key=lambda i: demografia.comuni[i].nome)
        },
        capoluogo=capo,
        fonti_abitanti=tuple(dict.fromkeys(f for una in noti.values() if una is not None for f in una.fonti)),
    )  # fmt: skip


async def valori(
    anni: Collection[int] | None = None, codici: Collection[str] | None = None
) -> list[Valore]:
    """The figures that were given, of some years and indicators; of all of them when not told.

    Whoever works for a comune has those of the comune.
    """
    unita, solo = unita_corrente(), await solo_comune()
    righe = await unita.righe(
        "SELECT codice, anno, parte, territorio, valore, fonte, scritto_il FROM valore_indicatore "
        "WHERE ambito_id = $1 "
        "AND ($2::integer[] IS NULL OR anno = ANY ($2)) AND ($3::text[] IS NULL OR codice = ANY ($3)) "
        "AND ($4::text IS NULL OR territorio = $4) ORDER BY codice, anno, parte, territorio",
        unita.ambito, None if anni is None else [*anni], None if codici is None else [*codici], solo,
    )  # fmt: skip
    return [Valore(**dict(r)) for r in righe]


async def cifre(
    noto: Catalogo, anni: Collection[int], codici: Collection[str] | None = None
) -> Cifre:
    """The figures of some years, given and computed; of some indicators (and their terms) only."""
    serve: set[str] | None = None
    if codici is not None:
        serve = {
            t for c in codici for t in (c, noto.uno(c).sopra, noto.uno(c).sotto) if t is not None
        }
    dati = await valori(anni, serve)
    calcolati = await calcola(noto, anni, da_calcolare(noto, codici))
    # An indicator whose plugin is not active any more is not shown; its figures stay.
    return Cifre.da(noto, [v for v in (*dati, *calcolati) if v.codice in noto.per_codice])


# What comes in.


async def incarichi() -> dict[str, str]:
    """Who gives each indicator, as the ambito says, by code."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT codice, titolare FROM incarico_indicatore WHERE ambito_id = $1 AND titolare IS NOT NULL",
        unita.ambito,
    )
    return {r["codice"]: r["titolare"] for r in righe}


async def ammessi(noto: Catalogo | None = None) -> Ammessi:
    """What a row may name, in this ambito; whoever works for a comune, what the comune is to give."""
    unita = unita_corrente()
    mappa, legami = await territorio.mappa_comuni(), await territorio.appartenenze()
    riga = await unita.riga("SELECT slug, nome FROM ambito WHERE id = $1", unita.ambito)

    def comune(testo: str, anno: int) -> str | None:
        # 019035 comes back from a spreadsheet as 19035.
        codice = testo.zfill(6) if testo.isascii() and testo.isdigit() else testo
        trovato = mappa.cerca(codice)
        if trovato is None or not 1 <= anno <= 9999:
            return None
        intero = _Anno(date(anno, 1, 1), date(anno, 12, 31))
        dentro = any(u.istat == trovato.istat and si_sovrappongono(u, intero) for u in legami)
        return trovato.istat if dentro else None

    solo, noto = await solo_comune(), noto or await catalogo()
    del_comune = None
    if solo is not None:
        nome = mappa.per_istat[solo].nome
        del_comune = DelComune(
            solo, nome, frozenset(u.codice for u in dati_da(noto, await incarichi(), nome))
        )
    return Ammessi(
        catalogo=noto, comune=comune, giorno=oggi(), del_comune=del_comune,
        nomi_ambito=frozenset({riga["slug"].lower(), riga["nome"].lower()}),
    )  # fmt: skip


def dati_da(noto: Catalogo, chi: Mapping[str, str], comune: str) -> list[Indicatore]:
    """The indicators that a comune is to give of itself.

    Args:
        noto: the catalogue.
        chi: who gives each, as the ambito says.
        comune: its name.
    """
    return [
        u
        for u in noto.per_codice.values()
        if u.specie == "elementare"
        and u.ammette("comune")
        and lo_da_il_comune(chi.get(u.codice, u.titolare), comune)
    ]


async def leggi_file(nome: str, contenuto: bytes) -> Letto:
    """The figures of a CSV, an xlsx or an ods, and what is wrong with it.

    Raises:
        RichiestaNonValida, DatiNonValidi, TroppoGrande: the file as a whole cannot be read.
    """
    return await asyncio.to_thread(_leggi, nome, contenuto, await ammessi())


def _leggi(nome: str, contenuto: bytes, chi: Ammessi) -> Letto:
    foglio = apri_tabella(nome, contenuto, (*COLONNE, DENOMINAZIONE))

    def righe() -> Iterator[Sequence[str]]:
        for blocco in foglio.blocchi:
            yield from blocco

    return leggi_righe(foglio.colonne, righe(), chi)


async def importa(nome: str, contenuto: bytes, *, prova: bool = False) -> EsitoFoglio:
    """Bring a file in, all or nothing; with ``prova``, only say what would become of it.

    Of whoever works for a comune it has the rows of that comune, of what the comune gives.
    """
    unita = unita_corrente()
    letto = await leggi_file(nome, contenuto)
    esito = EsitoFoglio(
        righe=letto.righe, valide=len(letto.valori), errori=letto.errori,
        errori_totali=letto.errori_totali, avvisi=letto.avvisi,
    )  # fmt: skip
    if letto.errori_totali or prova:
        esito.stato = "respinto" if letto.errori_totali else "prova"
        return esito
    impronta = await asyncio.to_thread(lambda: hashlib.sha256(contenuto).hexdigest())
    # Two files wait for each other.
    await unita.esegui("SELECT pg_advisory_xact_lock(39, $1)", unita.ambito)
    gia = await unita.riga(
        "SELECT l.id, l.importate FROM lotto_indicatori l WHERE l.ambito_id = $1 AND l.sha256 = $2 "
        "AND l.stato = 'importato' AND l.importate = (SELECT count(*) FROM valore_indicatore v "
        "WHERE v.ambito_id = $1 AND v.lotto_indicatori_id = l.id) LIMIT 1",
        unita.ambito, impronta,
    )  # fmt: skip
    if gia is not None:
        esito.stato, esito.lotto, esito.importate = "gia_importato", gia["id"], gia["importate"]
        return esito
    prima = await _togli(unita, letto.valori)
    esito.sostituite, esito.importate = len(prima), len(letto.valori)
    esito.lotto = await unita.valore(
        "INSERT INTO lotto_indicatori (nome_file, sha256, righe, importate, sostituite, prima) "
        "VALUES ($1, $2, $3, $4, $5, $6::jsonb) RETURNING id",
        nome_conservabile(nome), impronta, letto.righe, esito.importate, esito.sostituite,
        msgspec.json.encode(prima).decode(),
    )  # fmt: skip
    await _scrivi(unita, letto.valori.values(), esito.lotto)
    await registra(
        "conoscenza.importa", "lotto_indicatori", str(esito.lotto), righe=esito.righe,
        importate=esito.importate, sostituite=esito.sostituite,
    )  # fmt: skip
    return esito


async def _togli(unita: UnitaDiLavoro, chiavi: Iterable[Chiave]) -> list[dict[str, Any]]:
    """Take figures away; returns the rows as they were."""
    tutte = [*chiavi]
    righe = await unita.righe(
        "WITH via AS (DELETE FROM valore_indicatore v USING "
        "unnest($2::text[], $3::integer[], $4::text[], $5::text[]) AS k (codice, anno, parte, territorio) "
        "WHERE v.ambito_id = $1 AND v.codice = k.codice AND v.anno = k.anno AND v.parte = k.parte "
        "AND v.territorio = k.territorio RETURNING v.*) SELECT to_jsonb(via)::text AS riga FROM via",
        unita.ambito, *([chiave[n] for chiave in tutte] for n in range(4)),
    )  # fmt: skip
    return [msgspec.json.decode(r["riga"]) for r in righe]


async def _scrivi(unita: UnitaDiLavoro, quali: Iterable[Valore], lotto: int | None) -> None:
    tutti = [*quali]
    await unita.esegui(
        "INSERT INTO valore_indicatore (codice, anno, parte, territorio, valore, fonte, lotto_indicatori_id) "
        "SELECT *, $7::integer FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::numeric[], "
        "$6::text[])",
        *([getattr(v, nome) for v in tutti] for nome in _CAMPI),
        lotto,
    )  # fmt: skip


def errori_csv(letto: Letto) -> bytes:
    """What keeps a file out, as a CSV to work on."""
    return file_errori(map(msgspec.structs.asdict, letto.errori))


def righe_csv(quali: Iterable[Valore]) -> str:
    """Figures as a file that comes in again."""
    testo = io.StringIO()
    uscita = csv.writer(testo, delimiter=";", lineterminator="\n")
    uscita.writerow(COLONNE)
    for uno in quali:
        uscita.writerow(
            [
                uno.codice,
                uno.anno,
                uno.parte,
                uno.territorio,
                f"{uno.valore:f}".replace(".", ","),
                uno.fonte or "",
            ]
        )
    return testo.getvalue()


async def scrivi_uno(campi: Mapping[str, str]) -> dict[str, str]:
    """Write a figure that was typed; returns what is wrong, by field, and then nothing is written."""
    unita = unita_corrente()
    errori: dict[str, str] = {}

    def sbaglia(colonna: str, _valore: str, _codice: str, messaggio: str) -> None:
        errori.setdefault(colonna, f"{messaggio[:1].upper()}{messaggio[1:]}.")

    puliti = {nome: campi.get(nome, "").strip() for nome in COLONNE}
    valore = leggi_riga(puliti, await ammessi(), sbaglia)
    if valore is None:
        return errori
    prima = await _togli(unita, [valore.chiave])
    await _scrivi(unita, [valore], None)
    await registra(
        "conoscenza.scrivi", "valore_indicatore", valore.codice, anno=valore.anno, parte=valore.parte,
        territorio=valore.territorio, al_posto=len(prima),
    )  # fmt: skip
    return {}


async def togli_uno(codice: str, anno: int, parte: str, dove: str) -> None:
    """Take a figure away.

    Raises:
        NonTrovato: there is none.
        NonAutorizzato: it is not the comune's to give.
    """
    limite = (await ammessi()).del_comune
    if limite is not None and (dove != limite.istat or codice not in limite.codici):
        raise NonAutorizzato("Questa cifra non la dà il comune: chiedi all'Ufficio di Piano.")
    if not await _togli(unita_corrente(), [(codice, anno, parte, dove)]):
        raise NonTrovato("Questa cifra non c'è più: ricaricare la pagina.")
    await registra(
        "conoscenza.togli", "valore_indicatore", codice, anno=anno, parte=parte, territorio=dove
    )


async def lotti(quale: int | None = None) -> list[LottoFoglio]:
    """The files brought in, the latest first; or one of them. A comune has its own."""
    unita = unita_corrente()
    return [
        LottoFoglio(**dict(riga))
        for riga in await unita.righe(
            "SELECT l.id, l.nome_file, l.stato, l.righe, l.importate, l.sostituite, l.caricato_il, "
            "l.stato = 'importato' AND l.importate = (SELECT count(*) FROM valore_indicatore v "
            "WHERE v.ambito_id = $1 AND v.lotto_indicatori_id = l.id) AS annullabile, "
            "coalesce(c.nome, '') AS di_chi FROM lotto_indicatori l "
            "LEFT JOIN comune c ON c.belfiore = l.comune "
            "WHERE l.ambito_id = $1 AND ($2::integer IS NULL OR l.id = $2) "
            "ORDER BY l.id DESC LIMIT 200",
            unita.ambito, quale,
        )
    ]  # fmt: skip


async def lotto(id_: int) -> LottoFoglio:
    """The file that an address names.

    Raises:
        NonTrovato: no such file here.
    """
    for uno in await lotti(id_) if id_ in _INTERI else []:
        return uno
    raise NonTrovato("Questa importazione non c'è: torna all'elenco.")


async def annulla_lotto(id_: int) -> None:
    """Take the figures of a file away, and put back those that they took the place of.

    Raises:
        NonTrovato: no such file.
        Conflitto: undone already, or a figure of its was changed since, or is not the comune's to give
            any more.
    """
    unita = unita_corrente()
    await unita.esegui("SELECT pg_advisory_xact_lock(39, $1)", unita.ambito)
    questo = await lotto(id_)
    if questo.stato != "importato":
        raise Conflitto("Questa importazione è già stata annullata.")
    if not questo.annullabile:
        raise Conflitto(
            "Alcune cifre di questo file sono state cambiate dopo: annullare prima le importazioni successive, "
            "oppure correggere le cifre una per una."
        )
    limite = (await ammessi()).del_comune
    if limite is not None and await unita.valore(
        "SELECT EXISTS (SELECT 1 FROM valore_indicatore WHERE ambito_id = $1 AND lotto_indicatori_id = $2 "
        "AND codice <> ALL ($3::text[]))",
        unita.ambito, id_, [*limite.codici],
    ):  # fmt: skip
        raise Conflitto(
            "Alcune cifre di questo file ora non le dà il comune: chiedere all'Ufficio di Piano di annullarlo."
        )
    await unita.esegui(
        "DELETE FROM valore_indicatore WHERE ambito_id = $1 AND lotto_indicatori_id = $2",
        unita.ambito,
        id_,
    )
    await unita.esegui(
        "INSERT INTO valore_indicatore SELECT p.* FROM lotto_indicatori l, "
        # A file of before the parts of a year has none.
        "jsonb_array_elements(l.prima) r, "
        "jsonb_populate_record(NULL::valore_indicatore, '{\"parte\": \"\"}'::jsonb || r) p "
        "WHERE l.ambito_id = $1 AND l.id = $2 AND l.prima IS NOT NULL",
        unita.ambito, id_,
    )  # fmt: skip
    await unita.esegui(
        "UPDATE lotto_indicatori SET stato = 'annullato', prima = NULL, annullato_il = now() "
        "WHERE ambito_id = $1 AND id = $2",
        unita.ambito, id_,
    )  # fmt: skip
    await registra("conoscenza.annulla_lotto", "lotto_indicatori", str(id_))
