"""Keeps the tables equal to the declared folders, and answers the other rooms about the territory.

Everything runs inside the caller's unit of work. :func:`applica` and :func:`applica_comuni` are
of the platform's administrator: the first writes the ambito, then narrows the unit to it and
writes its own tables, all in the one transaction, so that nothing is half applied. They can be run
again at will: what is already so is left alone and counted, and nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from capofila.base.approvazioni import non_approvati
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.dichiarato import CartellaNonValida, Problema
from capofila.base.errori import NonTrovato
from capofila.base.impostazioni import impostazioni
from capofila.territorio import tables
from capofila.territorio.allineamento import allinea
from capofila.territorio.caricati import AnnoDiPopolazione as AnnoDiPopolazione
from capofila.territorio.caricati import Confini as Confini
from capofila.territorio.caricati import ConfiniCaricati as ConfiniCaricati
from capofila.territorio.caricati import anni_di_popolazione as anni_di_popolazione
from capofila.territorio.caricati import carica_confini as carica_confini
from capofila.territorio.caricati import carica_popolazione as carica_popolazione
from capofila.territorio.caricati import confini as confini
from capofila.territorio.caricati import confini_caricati as confini_caricati
from capofila.territorio.caricati import togli_confini as togli_confini
from capofila.territorio.caricati import unita_amministratore
from capofila.territorio.cartelle import (
    DatiAmbito,
    EnteDichiarato,
    Nota,
    codici_nominati,
    leggi_ambito,
    leggi_comuni,
)
from capofila.territorio.quadro import Quadro, componi
from capofila.territorio.rules import (
    Appartenenza,
    Appartenenze,
    Componente,
    Comune,
    Demografia,
    Ente,
    Esercizio,
    FestaLocale,
    FunzioneTrasferita,
    Fusione,
    MappaComuni,
    MappaEnti,
    Residenti,
    SubAmbito,
    chi_esercita,
    in_parole,
    vigenti,
)

_S = TypeVar("_S", bound=msgspec.Struct)
_T = TypeVar("_T")

_BLOCCO = 7_203_001
"""Advisory lock: two folders are never applied at the same time."""


class Ambito(msgspec.Struct, frozen=True, kw_only=True):
    """An ambito of the platform. ``capofila`` is the name of its lead body."""

    id: int
    slug: str
    nome: str
    capofila: str
    provincia: str
    link_accessibilita: str | None = None
    link_privacy: str | None = None
    fonte: str | None = None


class Applicazione(msgspec.Struct, kw_only=True):
    """What an application changed: counts, and a sentence for each change."""

    oggetto: str
    aggiunti: int = 0
    modificati: int = 0
    chiusi: int = 0
    invariati: int = 0
    frasi: list[str] = []
    avvisi: list[str] = []
    """What is stored and no longer declared: left as it was."""

    @property
    def cambiato(self) -> bool:
        """Whether anything was written."""
        return bool(self.aggiunti or self.modificati or self.chiusi)

    def riassunto(self) -> str:
        """One line in Italian."""
        if not self.cambiato:
            return f"{self.oggetto}: nessun cambiamento, {self.invariati} voci erano già così."
        return (
            f"{self.oggetto}: {self.aggiunti} aggiunte, {self.modificati} modificate, "
            f"{self.chiusi} chiuse, {self.invariati} invariate."
        )


# Applying the folders.


async def applica_comuni(cartella: Path) -> Applicazione:
    """Bring the shared comuni, populations and mergers to what a folder declares.

    Raises:
        CartellaNonValida: with every fault; nothing is stored.
        NonAutorizzato: the unit is not the platform administrator's.
    """
    unita = unita_amministratore()
    dati = leggi_comuni(cartella)
    esito = Applicazione(oggetto="Comuni")
    async with unita.punto_di_ritorno():
        await unita.esegui("SELECT pg_advisory_xact_lock($1)", _BLOCCO)
        await _upsert(
            unita,
            esito,
            "comune",
            ("istat",),
            [msgspec.structs.asdict(c) for c in dati.comuni],
            lambda c: f"il comune {c['nome']} ({c['istat']})",
        )
        await _upsert(
            unita,
            esito,
            "popolazione",
            ("istat", "anno", "fonte"),
            [msgspec.structs.asdict(p) for p in dati.popolazione],
            lambda p: f"la popolazione di {p['istat']}, {p['anno'] or 'anno non indicato'}",
        )
        await _upsert(
            unita,
            esito,
            "fusione",
            ("istat_cessato", "istat_nuovo"),
            [
                {
                    "istat_cessato": f.cessato,
                    "istat_nuovo": f.nuovo,
                    "dal": f.dal,
                    "fonte": f.fonte,
                }
                for f in dati.fusioni
            ],
            lambda f: f"la fusione di {f['istat_cessato']} in {f['istat_nuovo']}",
        )
        if esito.cambiato:
            await unita.esegui(
                "INSERT INTO registro_piattaforma (azione, oggetto, dettagli) "
                "VALUES ('comuni_applicati', 'comune', $1::text::jsonb)",
                _conteggi(esito),
            )
    return esito


async def applica(cartella: Path) -> Applicazione:
    """Bring an ambito to what its folder declares, and narrow the unit to that ambito.

    Args:
        cartella: ``tenants/<slug>``; the shared comuni are already there.

    Returns:
        What changed; a second run changes nothing and says so.

    Raises:
        CartellaNonValida: with every fault; nothing is stored.
        NonAutorizzato: the unit is not the platform administrator's.
    """
    unita = unita_amministratore()
    righe = await tables.Comune.select().where(
        tables.Comune.istat.is_in(sorted(codici_nominati(cartella)) or [""])
    )
    dati = leggi_ambito(cartella, {c.istat: c for c in _valori(righe, Comune)})
    esito = Applicazione(oggetto=f"Ambito {dati.slug}")
    prima = unita.contesto
    try:
        async with unita.punto_di_ritorno():
            await _applica(unita, esito, dati)
    except BaseException:
        # The database's setting went back with the savepoint; the unit must not believe otherwise.
        unita.contesto = prima
        raise
    return esito


async def _applica(unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito) -> None:
    await unita.esegui("SELECT pg_advisory_xact_lock($1)", _BLOCCO)
    ambito = await _applica_ambito(unita, esito, dati)
    await unita.restringi(msgspec.structs.replace(unita.contesto, ambito=ambito))
    problemi: list[Problema] = []
    enti = await _applica_enti(unita, esito, dati.enti)
    gruppi = await _applica_sub_ambiti(unita, esito, dati)
    await unita.esegui("SET CONSTRAINTS ALL DEFERRED")
    problemi += await _applica_appartenenze(unita, esito, dati, gruppi)
    problemi += await _applica_unioni(unita, esito, dati, enti)
    problemi += await _applica_attivazioni(unita, esito, dati)
    problemi += await _applica_eservice(unita, esito, dati, enti)
    await _applica_note(unita, esito, dati)
    await _applica_feste(unita, esito, dati)
    if problemi:
        raise CartellaNonValida(problemi)
    await unita.esegui("SET CONSTRAINTS ALL IMMEDIATE")
    if esito.cambiato:
        await unita.esegui(
            "INSERT INTO registro (azione, oggetto, oggetto_id, dettagli) "
            "VALUES ('territorio_applicato', 'ambito', $1, $2::text::jsonb)",
            dati.slug,
            _conteggi(esito),
        )


def _conteggi(esito: Applicazione) -> str:
    return msgspec.json.encode(
        {
            "aggiunti": esito.aggiunti,
            "modificati": esito.modificati,
            "chiusi": esito.chiusi,
            "invariati": esito.invariati,
        }
    ).decode()


async def _applica_ambito(unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito) -> int:
    await _upsert(
        unita,
        esito,
        "ambito",
        ("slug",),
        [
            {
                "slug": dati.slug,
                "nome": dati.nome,
                "capofila": dati.capofila,
                "provincia": dati.provincia,
                "link_accessibilita": dati.link_accessibilita,
                "link_privacy": dati.link_privacy,
                "codice_ipa": dati.codice_ipa,
                "contatto_dati": dati.contatto_dati,
                "fonte": dati.fonte,
            }
        ],
        lambda a: f"l'ambito {a['slug']}",
    )
    id_: int = await unita.valore("SELECT id FROM ambito WHERE slug = $1", dati.slug)
    return id_


async def _applica_enti(
    unita: UnitaDiLavoro, esito: Applicazione, enti: Sequence[EnteDichiarato]
) -> dict[str, int]:
    """The enti; returns their ids by name."""
    # Two enti cannot be capofila even for the time of a statement: the old one steps back first.
    capofila = next(e for e in enti if e.capofila)
    await unita.esegui(
        "UPDATE ente SET capofila = false WHERE ambito_id = $1 AND capofila "
        "AND lower(denominazione) <> lower($2)",
        unita.ambito,
        capofila.denominazione,
    )
    mittente = next(e for e in enti if e.mittente)
    await unita.esegui(
        "UPDATE ente SET mittente = false WHERE ambito_id = $1 AND mittente "
        "AND lower(denominazione) <> lower($2)",
        unita.ambito,
        mittente.denominazione,
    )
    # A comune keeps its row when its name is corrected; so does whoever changes capital letters.
    presenti = await unita.righe(
        "SELECT id, istat, denominazione FROM ente WHERE ambito_id = $1", unita.ambito
    )
    conosciuti = {r["denominazione"].lower(): r for r in presenti}
    conosciuti |= {r["istat"]: r for r in presenti if r["istat"]}
    for ente in enti:
        riga = conosciuti.get(ente.istat or ente.denominazione.lower())
        if riga is not None and (vecchia := riga["denominazione"]) != ente.denominazione:
            await _aggiorna(
                unita, "ente", {"id": riga["id"]}, {"denominazione": ente.denominazione}
            )
            esito.modificati += 1
            esito.frasi.append(f"Rinominato «{vecchia}» in «{ente.denominazione}».")
    await _upsert(
        unita,
        esito,
        "ente",
        ("denominazione",),
        [msgspec.structs.asdict(e) for e in enti],
        lambda e: f"l'ente {e['denominazione']}",
        segnala_assenti=True,
    )
    return {
        r["denominazione"]: r["id"]
        for r in await unita.righe(
            "SELECT id, denominazione FROM ente WHERE ambito_id = $1", unita.ambito
        )
    }


async def _applica_sub_ambiti(
    unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito
) -> dict[str, int]:
    """The groups; returns their ids by code."""
    await _upsert(
        unita,
        esito,
        "sub_ambito",
        ("codice",),
        [msgspec.structs.asdict(s) for s in dati.sub_ambiti],
        lambda s: f"il sub-ambito «{s['codice']}», {s['nome']}",
        segnala_assenti=True,
    )
    return {
        r["codice"]: r["id"]
        for r in await unita.righe(
            "SELECT id, codice FROM sub_ambito WHERE ambito_id = $1", unita.ambito
        )
    }


async def _applica_appartenenze(
    unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito, gruppi: Mapping[str, int]
) -> list[Problema]:
    nomi = {e.istat: e.denominazione for e in dati.enti if e.istat}

    def frase(riga: Mapping[str, Any]) -> str:
        gruppo = next((c for c, i in gruppi.items() if i == riga["sub_ambito_id"]), None)
        dove = f", sub-ambito «{gruppo}»" if gruppo else ""
        chi = nomi.get(riga["istat"], f"Comune {riga['istat']}")
        return f"l'appartenenza di {chi}{dove}"

    return await _allinea_periodi(
        unita,
        esito,
        "appartenenza",
        ("istat",),
        [
            {
                "istat": a.istat,
                "sub_ambito_id": gruppi[a.sub_ambito] if a.sub_ambito else None,
                "dal": a.dal,
                "al": a.al,
                "atto": a.atto,
                "fonte": a.fonte,
            }
            for a in dati.appartenenze
        ],
        frase,
        f"{dati.slug}/comuni.csv",
    )


async def _applica_unioni(
    unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito, enti: Mapping[str, int]
) -> list[Problema]:
    file = f"{dati.slug}/unioni.yaml"
    problemi = await _allinea_periodi(
        unita,
        esito,
        "componente_unione",
        ("ente_id", "istat"),
        [
            {
                "ente_id": enti[c.unione],
                "istat": c.istat,
                "dal": c.dal,
                "al": c.al,
                "attestata_il": c.attestata_il,
                "fonte": c.fonte,
            }
            for c in dati.componenti
        ],
        lambda c: f"il comune {c['istat']} nell'unione {_nome(enti, c['ente_id'])}",
        file,
    )
    return problemi + await _allinea_periodi(
        unita,
        esito,
        "funzione_unione",
        ("istat", "funzione"),
        [
            {
                "ente_id": enti[f.unione],
                "istat": f.istat,
                "funzione": f.funzione,
                "dal": f.dal,
                "al": f.al,
                "atto": f.atto,
                "fonte": f.fonte,
            }
            for f in dati.funzioni
        ],
        lambda f: (
            f"la funzione «{f['funzione']}» del comune {f['istat']} "
            f"all'unione {_nome(enti, f['ente_id'])}"
        ),
        file,
    )


async def _applica_attivazioni(
    unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito
) -> list[Problema]:
    file = f"{dati.slug}/ambito.yaml"
    # What acts already goes on: an approval decides about what begins.
    gia = {riga["plugin"] for riga in await _presenti(unita, "attivazione", ("plugin",))}
    nuovi = {una.plugin for una in dati.attivazioni} - gia
    fuori = await non_approvati(nuovi)
    if fuori and impostazioni().plugin_approvati == "obbligo":
        return [Problema(file, 0, f"plugin «{uno}»", perche) for uno, perche in fuori.items()]
    esito.avvisi += [f"Plugin «{uno}»: {perche}." for uno, perche in fuori.items()]
    return await _allinea_periodi(
        unita,
        esito,
        "attivazione",
        ("plugin",),
        [msgspec.structs.asdict(a) for a in dati.attivazioni],
        lambda a: f"il plugin «{a['plugin']}»",
        file,
    )


async def _applica_eservice(
    unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito, enti: Mapping[str, int]
) -> list[Problema]:
    """The enti that INPS calls. One that is declared no longer answers no longer."""
    dichiarati = {enti[e.ente]: e for e in dati.eservice}
    for riga in await unita.righe(
        "UPDATE eservice SET attivo = false WHERE ambito_id = $1 AND attivo "
        "AND ente_id <> ALL($2::int[]) RETURNING codice",
        unita.ambito,
        list(dichiarati),
    ):
        esito.modificati += 1
        esito.frasi.append(f"Sospeso: l'e-service di {riga['codice']}, che la cartella non ha più.")
    try:
        async with unita.punto_di_ritorno():
            await _upsert(
                unita,
                esito,
                "eservice",
                ("ente_id",),
                [
                    {
                        "ente_id": ente,
                        "codice": e.codice,
                        "audience": e.audience,
                        "fruitore": e.fruitore,
                        "uso_voucher": e.uso_voucher,
                        "attivo": e.attivo,
                    }
                    for ente, e in dichiarati.items()
                ],
                lambda e: f"l'e-service di {e['codice']}",
            )
    except asyncpg.UniqueViolationError:
        return [
            Problema(
                f"{dati.slug}/ambito.yaml", 0, "pdnd", "un altro ente di questa installazione ha "
                "già un e-service con questo codice o con questa audience.",
            )
        ]  # fmt: skip
    return []


async def _applica_note(unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito) -> None:
    await _upsert(
        unita,
        esito,
        "nota_territorio",
        ("codice",),
        [msgspec.structs.asdict(n) for n in dati.note],
        lambda n: f"la nota «{n['codice']}»",
        segnala_assenti=True,
    )


async def _applica_feste(unita: UnitaDiLavoro, esito: Applicazione, dati: DatiAmbito) -> None:
    """The local holidays: one that is declared no longer is none any more."""
    volute = [{**msgspec.structs.asdict(f), "fonte": f.fonte[:600]} for f in dati.feste]
    for riga in await unita.righe(
        "DELETE FROM festa_locale f WHERE f.ambito_id = $1 AND NOT EXISTS (SELECT FROM "
        "unnest($2::text[], $3::int[], $4::int[]) AS v(istat, mese, giorno) WHERE f.istat = v.istat "
        "AND f.mese = v.mese AND f.giorno = v.giorno) RETURNING f.nome",
        unita.ambito, *([f[nome] for f in volute] for nome in ("istat", "mese", "giorno")),
    ):  # fmt: skip
        esito.modificati += 1
        esito.frasi.append(f"Tolta: la festa locale {riga['nome']}, che la cartella non ha più.")
    await _upsert(
        unita, esito, "festa_locale", ("istat", "mese", "giorno"), volute,
        lambda f: f"la festa locale {f['nome']}",
    )  # fmt: skip


def _nome(ids: Mapping[str, int], id_: int) -> str:
    return next((nome for nome, i in ids.items() if i == id_), str(id_))


# Comparing and writing rows. Names of tables and columns are constants of this module.

_SENZA_AMBITO = frozenset({"ambito", "comune", "popolazione", "fusione"})


async def _presenti(
    unita: UnitaDiLavoro,
    tabella: str,
    colonne: Iterable[str],
    *,
    chiave: str = "",
    volute: Sequence[Any] = (),
) -> list[Mapping[str, Any]]:
    """The rows of this ambito; of a table that all share, those that have one of the `volute` as `chiave`."""
    elenco = ", ".join(colonne)
    if tabella in _SENZA_AMBITO:
        # Of one, so that the planner does not take it for ten and read the whole table.
        condizione, valore = ("= $1", volute[0]) if len(volute) == 1 else ("= ANY($1)", volute)
        return await unita.righe(
            f"SELECT {elenco} FROM {tabella} WHERE {chiave} {condizione}",  # noqa: S608
            valore,
        )
    return await unita.righe(
        f"SELECT {elenco} FROM {tabella} WHERE ambito_id = $1",  # noqa: S608
        unita.ambito,
    )


async def _inserisci(
    unita: UnitaDiLavoro, tabella: str, righe: Sequence[Mapping[str, Any]]
) -> None:
    """New rows, of the same columns."""
    if not righe:
        return
    nomi = list(righe[0])
    segni = ", ".join(f"${n}" for n in range(1, len(nomi) + 1))
    await unita.esegui_per_ognuna(
        f"INSERT INTO {tabella} ({', '.join(nomi)}) VALUES ({segni})",  # noqa: S608
        [[riga[nome] for nome in nomi] for riga in righe],
    )


async def _aggiorna(
    unita: UnitaDiLavoro, tabella: str, dove: Mapping[str, Any], valori: Mapping[str, Any]
) -> None:
    if tabella not in _SENZA_AMBITO:
        dove = {**dove, "ambito_id": unita.ambito}
    nuovi = ", ".join(f"{nome} = ${n}" for n, nome in enumerate(valori, 1))
    filtro = " AND ".join(
        f"{nome} IS NOT DISTINCT FROM ${n}" for n, nome in enumerate(dove, len(valori) + 1)
    )
    await unita.esegui(
        f"UPDATE {tabella} SET {nuovi} WHERE {filtro}",  # noqa: S608
        *valori.values(),
        *dove.values(),
    )


def _differenze(presente: Mapping[str, Any], voluta: Mapping[str, Any]) -> dict[str, Any]:
    return {nome: valore for nome, valore in voluta.items() if presente[nome] != valore}


async def _upsert(
    unita: UnitaDiLavoro,
    esito: Applicazione,
    tabella: str,
    chiave: Sequence[str],
    volute: Sequence[Mapping[str, Any]],
    frase: Any,
    *,
    segnala_assenti: bool = False,
) -> None:
    """Insert or update rows found by a natural key; rows that nobody declares are left alone."""
    if not volute and not segnala_assenti:
        return
    colonne = tuple(volute[0]) if volute else chiave
    presenti = {
        tuple(r[c] for c in chiave): r
        for r in await _presenti(
            unita,
            tabella,
            colonne if volute else (*chiave,),
            chiave=chiave[0],
            volute=[voluta[chiave[0]] for voluta in volute],
        )
    }
    nuove: list[Mapping[str, Any]] = []
    for voluta in volute:
        valore = tuple(voluta[c] for c in chiave)
        presente = presenti.pop(valore, None)
        if presente is None:
            nuove.append(voluta)
            esito.aggiunti += 1
            esito.frasi.append(f"Aggiunto: {frase(voluta)}.")
        elif diverse := _differenze(presente, voluta):
            await _aggiorna(unita, tabella, dict(zip(chiave, valore, strict=True)), diverse)
            esito.modificati += 1
            esito.frasi.append(f"Modificato: {frase(voluta)} ({', '.join(diverse)}).")
        else:
            esito.invariati += 1
    await _inserisci(unita, tabella, nuove)
    if segnala_assenti:
        for valore in presenti:
            esito.avvisi.append(
                f"«{valore[0]}» ({tabella}) non è più nella cartella: resta com'era. Per chiuderlo "
                "rimettilo e scrivi l'ultimo giorno in «al»."
            )


class _Riga(msgspec.Struct, frozen=True):
    """A declared row as the alignment wants it."""

    dal: date | None
    al: date | None
    valori: Mapping[str, Any]


async def _allinea_periodi(
    unita: UnitaDiLavoro,
    esito: Applicazione,
    tabella: str,
    chiave: Sequence[str],
    volute: Sequence[Mapping[str, Any]],
    frase: Any,
    file: str,
) -> list[Problema]:
    """Bring the dated rows of each key to the declared ones (see ``allineamento``)."""
    colonne = tuple(volute[0]) if volute else (*chiave, "dal", "al")
    per_chiave: dict[tuple[Any, ...], tuple[list[Mapping[str, Any]], list[_Riga]]] = {}
    for presente in await _presenti(unita, tabella, ("id", *colonne)):
        per_chiave.setdefault(tuple(presente[c] for c in chiave), ([], []))[0].append(presente)
    for voluta in volute:
        per_chiave.setdefault(tuple(voluta[c] for c in chiave), ([], []))[1].append(
            _Riga(voluta["dal"], voluta["al"], voluta)
        )
    problemi: list[Problema] = []
    accorciati: list[tuple[int, dict[str, Any]]] = []
    altri: list[tuple[int, dict[str, Any]]] = []
    nuove: list[Mapping[str, Any]] = []
    for presenti, dichiarati in per_chiave.values():
        piano = allinea([_Riga(r["dal"], r["al"], r) for r in presenti], dichiarati)
        descritta = frase(presenti[0] if presenti else dichiarati[0].valori)
        problemi += [Problema(file, 0, "", f"{descritta}: {r}.") for r in piano.rifiuti]
        esito.invariati += piano.invariati
        for indice, riga in piano.modifiche:
            presente = presenti[indice]
            diverse = _differenze(presente, riga.valori)
            if not diverse:
                esito.invariati += 1
            elif presente["al"] is None and riga.al is not None and set(diverse) == {"al"}:
                esito.chiusi += 1
                esito.frasi.append(f"Chiuso il {riga.al}: {frase(presente)}.")
                accorciati.append((presente["id"], diverse))
            else:
                esito.modificati += 1
                esito.frasi.append(
                    f"Modificato: {frase(riga.valori)}, {in_parole(riga)} ({', '.join(diverse)})."
                )
                altri.append((presente["id"], diverse))
        for indice, fine in piano.chiusure:
            esito.chiusi += 1
            esito.frasi.append(f"Chiuso il {fine}: {frase(presenti[indice])}.")
            accorciati.append((presenti[indice]["id"], {"al": fine}))
        for riga in piano.aggiunte:
            esito.aggiunti += 1
            esito.frasi.append(f"Aggiunto: {frase(riga.valori)}, {in_parole(riga)}.")
            nuove.append(riga.valori)
    if problemi:
        return problemi
    for id_, valori in (*accorciati, *altri):
        await _aggiorna(unita, tabella, {"id": id_}, valori)
    await _inserisci(unita, tabella, nuove)
    return []


# Questions of the other rooms.


def _valori(righe: Iterable[Mapping[str, Any]], tipo: type[_S]) -> tuple[_S, ...]:
    nomi = [campo.name for campo in msgspec.structs.fields(tipo)]
    return tuple(tipo(**{nome: riga[nome] for nome in nomi}) for riga in righe)


async def ambiti() -> tuple[Ambito, ...]:
    """All the ambiti of the platform, by name. Shared: who may enter them is not said here."""
    return _valori(await tables.Ambito.select().order_by(tables.Ambito.nome), Ambito)


async def ambito_da_slug(slug: str) -> Ambito:
    """The ambito with that slug.

    Raises:
        NonTrovato: there is none.
    """
    riga = await tables.Ambito.select().where(tables.Ambito.slug == slug).first()
    if riga is None:
        raise NonTrovato(f"Non c'è nessun ambito «{slug}».")
    return _valori([riga], Ambito)[0]


_TENUTI: dict[tuple[str, str], tuple[UUID, Any]] = {}
"""By database and name: what was read, and by which sign."""


async def _tenuto(nome: str, leggi: Callable[[], Awaitable[_T]]) -> _T:
    """What is the same for all the ambiti, kept in this process until it changes (``segno_territorio``).

    There are as many comuni as the platform has, and years of inhabitants of each: read anew for every
    page, they would make the pages of one ambito slower with each other one. A transaction that
    changed them reads them anew, and what it read is kept for nobody.
    """
    segno = await unita_corrente().valore(
        "SELECT segno FROM segno_territorio "
        "WHERE transazione IS DISTINCT FROM pg_current_xact_id_if_assigned()"
    )
    chiave = (impostazioni().database_url, nome)
    presente = _TENUTI.get(chiave)
    if segno is not None and presente is not None and presente[0] == segno:
        return presente[1]  # type: ignore[no-any-return]
    valore = await leggi()
    if segno is not None:
        _TENUTI[chiave] = (segno, valore)
    return valore


async def mappa_comuni() -> MappaComuni:
    """The known comuni, ended ones included, by ISTAT code, Belfiore code and name."""
    return await _tenuto("comuni", _mappa_comuni)


async def _mappa_comuni() -> MappaComuni:
    righe = await tables.Comune.select().order_by(tables.Comune.nome)
    return MappaComuni.da(_valori(righe, Comune))


async def comuni_alla_data(giorno: date) -> tuple[Comune, ...]:
    """The known comuni that exist on a day, of every ambito, by name."""
    return vigenti((await mappa_comuni()).per_istat.values(), giorno)


async def popolazione(anno: int | None) -> dict[str, Residenti]:
    """Published inhabitants by ISTAT code; None for the figures whose year no source states.

    Figures of a comune as it was in that year: for the borders of another day ask
    :func:`demografia`.
    """
    tabella = tables.Popolazione
    filtro = tabella.anno.is_null() if anno is None else tabella.anno == anno
    righe = await tabella.select().where(filtro).order_by(tabella.id)
    return {r.istat: r for r in _valori(righe, Residenti)}


async def demografia() -> Demografia:
    """Comuni, mergers and figures together: inhabitants within the borders of any day."""
    return await _tenuto("demografia", _demografia)


async def _demografia() -> Demografia:
    fusioni = [
        Fusione(cessato=r["istat_cessato"], nuovo=r["istat_nuovo"], dal=r["dal"], fonte=r["fonte"])
        for r in await tables.Fusione.select().order_by(tables.Fusione.dal)
    ]
    residenti = _valori(
        await tables.Popolazione.select().order_by(tables.Popolazione.id), Residenti
    )
    return Demografia(
        (await mappa_comuni()).per_istat,
        tuple(fusioni),
        {(r.istat, r.anno): r for r in residenti},
    )


async def enti() -> tuple[Ente, ...]:
    """The enti of this ambito, past ones included: the capofila first, then by name."""
    tabella = tables.Ente
    righe = await (
        tabella.select()
        .where(tabella.ambito_id == unita_corrente().ambito)
        .order_by(tabella.denominazione)
    )
    return tuple(sorted(_valori(righe, Ente), key=lambda e: not e.capofila))


async def mappa_enti() -> MappaEnti:
    """The enti of this ambito by code and name, for many look-ups."""
    return MappaEnti.da(await enti())


async def ente_da_codice_o_nome(testo: str) -> Ente:
    """The ente of this ambito that a code (Belfiore, ISTAT), a name or a short form stands for.

    Raises:
        NonTrovato: none, or more than one, answers to it.
    """
    ente = (await mappa_enti()).cerca(testo)
    if ente is None:
        raise NonTrovato(f"In questo ambito non c'è nessun ente «{testo}».")
    return ente


async def sub_ambiti() -> tuple[SubAmbito, ...]:
    """The groups of this ambito, past ones included, by code."""
    tabella = tables.SubAmbito
    righe = await (
        tabella.select()
        .where(tabella.ambito_id == unita_corrente().ambito)
        .order_by(tabella.codice)
    )
    return _valori(({**r, "fonte": r["fonte"] or ""} for r in righe), SubAmbito)


async def appartenenze() -> Appartenenze:
    """The dated memberships of this ambito, by comune name."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT a.istat, s.codice AS sub_ambito, a.dal, a.al, a.atto, a.fonte "
        "FROM appartenenza a JOIN comune c ON c.istat = a.istat "
        "LEFT JOIN sub_ambito s ON s.ambito_id = a.ambito_id AND s.id = a.sub_ambito_id "
        "WHERE a.ambito_id = $1 ORDER BY c.nome, a.dal NULLS FIRST",
        unita.ambito,
    )
    return Appartenenze.da(_valori(righe, Appartenenza))


async def membri(giorno: date) -> tuple[Comune, ...]:
    """The comuni of this ambito on a day, by name."""
    comuni = (await mappa_comuni()).per_istat
    return tuple(comuni[istat] for istat in (await appartenenze()).membri(giorno))


async def componenti_unioni() -> tuple[Componente, ...]:
    """The comuni of the unions known to this ambito."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT e.denominazione AS unione, c.istat, c.dal, c.al, c.attestata_il, c.fonte "
        "FROM componente_unione c JOIN ente e ON e.ambito_id = c.ambito_id AND e.id = c.ente_id "
        "WHERE c.ambito_id = $1 ORDER BY e.denominazione, c.id",
        unita.ambito,
    )
    return _valori(righe, Componente)


async def funzioni_trasferite() -> tuple[FunzioneTrasferita, ...]:
    """The functions that comuni of this ambito transferred to unions."""
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT e.denominazione AS unione, f.istat, f.funzione, f.dal, f.al, f.atto, f.fonte "
        "FROM funzione_unione f JOIN ente e ON e.ambito_id = f.ambito_id AND e.id = f.ente_id "
        "WHERE f.ambito_id = $1 ORDER BY f.istat, f.funzione, f.dal",
        unita.ambito,
    )
    return _valori(righe, FunzioneTrasferita)


async def esercita(istat: str, funzione: str, giorno: date) -> Esercizio:
    """Who exercises a function of a comune of this ambito on a day (Accordo, art. 19)."""
    return chi_esercita(istat, funzione, giorno, await funzioni_trasferite())


async def feste_del_capofila() -> tuple[FestaLocale, ...]:
    """The local holidays of the comune where the ambito has its seat: that of its lead ente."""
    unita = unita_corrente()
    return _valori(
        await unita.righe(
            "SELECT f.istat, f.mese, f.giorno, f.nome, f.fonte FROM festa_locale f JOIN ente e "
            "ON e.ambito_id = f.ambito_id AND e.capofila AND f.istat = coalesce(e.istat, "
            "(SELECT c.istat FROM comune c WHERE c.belfiore = e.sede)) "
            "WHERE f.ambito_id = $1 ORDER BY f.mese, f.giorno",
            unita.ambito,
        ),
        FestaLocale,
    )


async def note() -> tuple[Nota, ...]:
    """The notes on this ambito's territory, past ones included."""
    tabella = tables.NotaTerritorio
    righe = await (
        tabella.select().where(tabella.ambito_id == unita_corrente().ambito).order_by(tabella.id)
    )
    return _valori(righe, Nota)


async def quadro(giorno: date) -> Quadro:
    """The territory of this ambito on a day, for the page: a fixed, small number of queries."""
    return componi(
        giorno,
        demografia=await demografia(),
        appartenenze=await appartenenze(),
        sub_ambiti=await sub_ambiti(),
        enti=await enti(),
        componenti=await componenti_unioni(),
        funzioni=await funzioni_trasferite(),
        note=await note(),
    )
