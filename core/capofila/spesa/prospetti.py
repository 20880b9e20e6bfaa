"""The tables that are owed, made of the ledger: pure, checked against it, written as files.

A table has a row for each code of its classification and one of the lines that the crosswalk
leaves open, so that it adds up to the ledger. It is checked against sums that come another way, and
refused when a cent is missing. The bytes depend on the figures alone: written again they are equal.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
import xlsxwriter

from capofila.base.errori import DatiNonValidi
from capofila.hooks import ColonneTavola, ModuloSpesa, ProspettoSpesa, Raccordo, TavolaSpesa
from capofila.hooks.tracciati import cella_csv
from capofila.spesa.rules import ZERO, RigaSpesa

SENZA_CODICE: Final = "senza codice"
_FORMATI: Final = {True: "#,##0.00", False: "#,##0"}
_MAI: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - a workbook knows no zone
"""The day that a workbook says it was made on: the first that a zip can have."""

Misura = Callable[[RigaSpesa], Decimal]


class ColonnaProspetto(msgspec.Struct, frozen=True):
    """A column. `codice` is that of the receiver, or ours; persons have no cents."""

    codice: str
    titolo: str
    importo: bool = True


class RigaProspetto(msgspec.Struct, frozen=True, kw_only=True):
    """A row: a code of the classification, or within it a voce; `codice` is empty for none."""

    codice: str
    nome: str
    voce: str = ""
    valori: tuple[Decimal, ...]


class TavolaProspetto(msgspec.Struct, frozen=True, kw_only=True):
    """A table that adds up. `righe` are those of the codes, each before its voci."""

    codice: str
    titolo: str
    testa: str
    colonne: tuple[ColonnaProspetto, ...]
    righe: tuple[RigaProspetto, ...]
    totale: tuple[Decimal, ...]
    note: tuple[str, ...]

    @property
    def per_codice(self) -> tuple[RigaProspetto, ...]:
        """Without the voci: the rows that make the total."""
        return tuple(riga for riga in self.righe if not riga.voce)


class SommeLibro(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger of a year added up by the database: what a table is held against."""

    righe: int
    spesa: Decimal
    quota_utenti: Decimal
    quota_ssn: Decimal
    fonti: Decimal
    utenti: Decimal
    senza_utenti: int


class ProspettoNonPronto(DatiNonValidi):
    """The tables cannot be sealed; `avvisi` says why, a reason each, as a run shows them."""

    codice = "prospetto_non_pronto"

    def __init__(self, avvisi: Sequence[dict[str, Any]]) -> None:
        super().__init__(" ".join(str(avviso["messaggio"]) for avviso in avvisi))
        self.avvisi = [*avvisi]


def avviso(codice: str, messaggio: str) -> dict[str, Any]:
    """A reason or a remark of a run."""
    return {"codice": codice, "messaggio": messaggio, "righe": 0}


def fai_tavola(
    modulo: ModuloSpesa, tavola: TavolaSpesa, righe: Iterable[RigaSpesa], anno: int
) -> TavolaProspetto:
    """A table of a year; the crosswalk is that of its last day."""
    fine = date(anno, 12, 31)
    colonne = _colonne(modulo, tavola.colonne)
    voci = {voce.codice: voce.denominazione for voce in modulo.voci}
    nessuna = (ZERO,) * len(colonne)
    codici: dict[tuple[str, str], str] = {}
    somme: dict[tuple[str, str], tuple[Decimal, ...]] = {}
    decisi: dict[tuple[str, str], Raccordo | None] = {}
    for riga in righe:
        dove = (riga.area, riga.voce)
        if dove not in codici:
            decisi[dove] = modulo.raccordo(tavola.righe, *dove, fine)
            codici[dove] = modulo.codice_di(tavola.righe, *dove, fine) or ""
        codice = codici[dove]
        valori = tuple(misura(riga) for _, misura in colonne)
        for chiave in ((codice, ""), (codice, riga.voce))[: 1 + tavola.per_voce]:
            gia = somme.get(chiave, nessuna)
            somme[chiave] = tuple(a + b for a, b in zip(gia, valori, strict=True))
    classificazione = next(c for c in modulo.classificazioni if c.id == tavola.righe)
    fatte: list[RigaProspetto] = []
    for codice, nome in (
        *((uno.codice, uno.denominazione) for uno in classificazione.codici),
        *((("", SENZA_CODICE.capitalize()),) if ("", "") in somme else ()),
    ):
        fatte.append(
            RigaProspetto(codice=codice, nome=nome, valori=somme.get((codice, ""), nessuna))
        )
        fatte += (
            RigaProspetto(codice=codice, nome=nome, voce=voci.get(voce, voce), valori=valori)
            for (suo, voce), valori in sorted(
                somme.items(), key=lambda uno: (voci.get(uno[0][1], uno[0][1]), uno[0][1])
            )
            if suo == codice and voce
        )
    return TavolaProspetto(
        codice=tavola.codice,
        titolo=tavola.titolo,
        testa=classificazione.denominazione,
        colonne=tuple(colonna for colonna, _ in colonne),
        righe=tuple(fatte),
        totale=tuple(
            sum(valori, ZERO)
            for valori in zip(
                *(nessuna, *(riga.valori for riga in fatte if not riga.voce)), strict=True
            )
        ),
        note=_note(modulo, tavola, decisi, fine),
    )


def _note(
    modulo: ModuloSpesa,
    tavola: TavolaSpesa,
    decisi: Mapping[tuple[str, str], Raccordo | None],
    fine: date,
) -> tuple[str, ...]:
    note = [f"Fonte: {tavola.fonte.cita()}."]
    if tavola.fonte.nota and not tavola.fonte.ipotesi:
        note.append(tavola.fonte.nota)
    classificazione = next(c for c in modulo.classificazioni if c.id == tavola.righe)
    liste: list[Iterable[Any]] = [classificazione.codici]
    if tavola.colonne is ColonneTavola.GESTIONE_E_MODALITA:
        liste += [modulo.gestioni, modulo.modalita]
    elif tavola.colonne is ColonneTavola.CANALI:
        liste.append(modulo.fonti)
    supposti = dict.fromkeys(
        uno.denominazione for lista in liste for uno in lista if uno.fonte.ipotesi
    )
    if supposti:
        note.append(
            f"Supposti, perché nessuna fonte pubblica li dà: {', '.join(supposti)}. Vanno "
            "confermati con il modello di chi riceve."
        )
    if tavola.colonne in (ColonneTavola.FRUITORI, ColonneTavola.COPERTURA):
        note.append("Una persona con due servizi è contata due volte.")
    if any(uno is not None and uno.codice and uno.fonte.ipotesi for uno in decisi.values()):
        note.append(
            f"Il raccordo con «{classificazione.denominazione}» è supposto: l'ambito lo conferma o "
            "lo cambia."
        )
    aperte = [dove for dove, uno in decisi.items() if uno is None or uno.codice is None]
    if aperte:
        # What it goes by: the voci, where it speaks of any; else the areas.
        per_voce = any(u.voce for u in modulo.raccordi if u.classificazione == tavola.righe)
        nomi = {uno.codice: uno.denominazione for uno in (modulo.voci if per_voce else modulo.aree)}
        quali = {dove[per_voce] for dove in aperte}
        note.append(
            f"Nella riga «{SENZA_CODICE}» stanno le righe che il raccordo con «"
            f"{classificazione.denominazione}» lascia aperte: "
            f"{', '.join(sorted(nomi.get(uno, uno) for uno in quali))}."
        )
    note.append(f"Il raccordo è quello in vigore il {fine:%d/%m/%Y}.")
    return tuple(note)


def _colonne(modulo: ModuloSpesa, quali: ColonneTavola) -> list[tuple[ColonnaProspetto, Misura]]:
    """The columns with what each takes of a line. Every table but that of the users ends with the spending."""
    utenti = (ColonnaProspetto("USSSPM", "Utenti", importo=False), _utenti)
    spesa: Misura = lambda riga: riga.spesa  # noqa: E731
    quota_utenti: Misura = lambda riga: riga.quota_utenti  # noqa: E731
    quota_ssn: Misura = lambda riga: riga.quota_ssn  # noqa: E731
    match quali:
        case ColonneTavola.GESTIONE_E_MODALITA:
            return [
                *(
                    (
                        ColonnaProspetto(
                            f"{g.codice}/{m.codice}",
                            f"{g.denominazione}: {m.denominazione.lower()}",
                        ),
                        _di(g.codice, m.codice),
                    )
                    for g in modulo.gestioni
                    for m in modulo.modalita
                ),
                (ColonnaProspetto("spesa", "Costo totale"), spesa),
            ]
        case ColonneTavola.FRUITORI:
            return [
                (ColonnaProspetto("utenti", "Fruitori", importo=False), _utenti),
                (
                    ColonnaProspetto(
                        "senza_utenti", "Righe di cui non si conoscono i fruitori", importo=False
                    ),
                    lambda riga: Decimal(riga.utenti is None),
                ),
            ]
        case ColonneTavola.CANALI:
            return [
                *(
                    (ColonnaProspetto(fonte.codice, fonte.denominazione), _della(fonte.codice))
                    for fonte in modulo.fonti
                ),
                (ColonnaProspetto("quota_utenti", "Quota degli utenti"), quota_utenti),
                (ColonnaProspetto("quota_ssn", "Quota del servizio sanitario"), quota_ssn),
                (ColonnaProspetto("spesa", "Costo totale"), spesa),
            ]
        case ColonneTavola.COPERTURA:
            return [
                utenti,
                (
                    ColonnaProspetto("EXPMUN", "Spesa dei comuni"),
                    lambda riga: riga.spesa - riga.quota_utenti - riga.quota_ssn,
                ),
                (ColonnaProspetto("EXPUSERS", "Compartecipazione degli utenti"), quota_utenti),
                (ColonnaProspetto("EXPSSN", "Compartecipazione del SSN"), quota_ssn),
                (ColonnaProspetto("TOTEXP", "Totale spesa"), spesa),
            ]


def _utenti(riga: RigaSpesa) -> Decimal:
    return Decimal(riga.utenti or 0)


def _di(gestione: str, modalita: str) -> Misura:
    return lambda riga: (
        riga.spesa if (riga.gestione, riga.modalita) == (gestione, modalita) else ZERO
    )


def _della(fonte: str) -> Misura:
    return lambda riga: riga.fonti.get(fonte, ZERO)


def scarti(tavola: TavolaProspetto, quali: ColonneTavola, libro: SommeLibro) -> list[str]:
    """Why a table does not add up to the ledger, a sentence each; none when it does.

    Its total must be the ledger's, its columns must make the last one row by row, and the voci of a
    row must make the row.
    """
    trovati = []

    def confronta(che_cosa: str, fatto: Decimal, atteso: Decimal) -> None:
        if fatto != atteso:
            trovati.append(
                f"La tavola {tavola.codice} non fa il libro: {che_cosa}, differenza "
                f"{_virgola(fatto - atteso)}."
            )

    per_codice = {c.codice: v for c, v in zip(tavola.colonne, tavola.totale, strict=True)}
    if quali is ColonneTavola.FRUITORI:
        confronta("fruitori", per_codice["utenti"], libro.utenti)
        confronta("righe senza fruitori", per_codice["senza_utenti"], Decimal(libro.senza_utenti))
    else:
        confronta("costo totale", tavola.totale[-1], libro.spesa)
        addendi = [n for n, c in enumerate(tavola.colonne[:-1]) if c.importo]
        for riga in (*tavola.righe, RigaProspetto(codice="", nome="Totale", valori=tavola.totale)):
            confronta(
                f"colonne di «{riga.voce or riga.nome}»",
                sum((riga.valori[n] for n in addendi), ZERO),
                riga.valori[-1],
            )
    if quali is ColonneTavola.CANALI:
        del_libro = {"quota_utenti": libro.quota_utenti, "quota_ssn": libro.quota_ssn}
        for codice, atteso in del_libro.items():
            confronta(codice, per_codice[codice], atteso)
        fonti = [c.codice for c in tavola.colonne if c.codice not in (*del_libro, "spesa")]
        confronta("fonti", sum((per_codice[f] for f in fonti), ZERO), libro.fonti)
    if quali is ColonneTavola.COPERTURA:
        confronta("utenti", per_codice["USSSPM"], libro.utenti)
    if any(riga.voce for riga in tavola.righe):
        for riga in tavola.per_codice:
            sue = [r.valori for r in tavola.righe if r.voce and r.codice == riga.codice]
            voci = tuple(sum(v, ZERO) for v in zip(*sue, strict=True)) if sue else None
            if (voci or (ZERO,) * len(riga.valori)) != riga.valori:
                confronta(f"voci di «{riga.nome}»", sum(voci or (), ZERO), sum(riga.valori, ZERO))
    return trovati


def _virgola(valore: Decimal) -> str:
    return f"{valore:f}".replace(".", ",")


# The files.


class Intesta(msgspec.Struct, frozen=True):
    """What a file is about."""

    ambito: str
    anno: int


def scrivi(prospetto: ProspettoSpesa, intesta: Intesta, tavole: Sequence[TavolaProspetto]) -> bytes:
    """The file; the same figures make the same bytes."""
    if prospetto.formato == "csv":
        return _csv(intesta, tavole[0])
    return _xlsx(prospetto, intesta, tavole)


def _csv(intesta: Intesta, tavola: TavolaProspetto) -> bytes:
    """Semicolons and decimal commas; without a total, which is made of the rows."""
    righe: list[Sequence[str]] = [
        ("anno", "ambito", "codice", "denominazione", *(c.codice for c in tavola.colonne))
    ]
    righe += (
        (
            str(intesta.anno), cella_csv(intesta.ambito), cella_csv(riga.codice),
            cella_csv(riga.nome),
            *(
                cella_csv(_figura(valore, importo=c.importo), numero=True)
                for c, valore in zip(tavola.colonne, riga.valori, strict=True)
            ),
        )
        for riga in tavola.per_codice
    )  # fmt: skip
    return "".join(f"{';'.join(riga)}\r\n" for riga in righe).encode("utf-8-sig")


def _figura(valore: Decimal, *, importo: bool) -> str:
    return f"{valore:.2f}" if importo else f"{valore:.0f}"


def _xlsx(prospetto: ProspettoSpesa, intesta: Intesta, tavole: Sequence[TavolaProspetto]) -> bytes:
    uscita = io.BytesIO()
    opzioni = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False,
        "strings_to_urls": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(uscita, opzioni) as cartella:
        cartella.set_properties({"title": prospetto.denominazione, "created": _MAI})
        forme = _forme(cartella)
        for tavola in tavole:
            foglio = cartella.add_worksheet(f"Tavola {tavola.codice}"[:31])
            foglio.set_landscape()
            foglio.set_paper(9)
            foglio.fit_to_pages(1, 0)
            foglio.write_string(0, 0, "Prospetto di supporto", forme["titolo"])
            foglio.write_string(1, 0, f"{tavola.codice}. {tavola.titolo}", forme["titolo"])
            foglio.write_string(
                2, 0, f"{intesta.ambito}, spesa sociale dei comuni del {intesta.anno}, in euro"
            )
            foglio.write_string(3, 0, prospetto.nota)
            con_voci = any(riga.voce for riga in tavola.righe)
            testa = [tavola.testa, "Codice", *(["Voce"] if con_voci else [])]
            for posto, nome in enumerate((*testa, *(c.titolo for c in tavola.colonne))):
                foglio.write_string(5, posto, nome, forme["testa"])
            ultima = 5
            for ultima, riga in enumerate(tavola.righe, 6):
                forte = not riga.voce and con_voci
                nomi = [riga.nome, riga.codice, *([riga.voce] if con_voci else [])]
                _fila(foglio, ultima, (nomi, riga.valori), tavola, forme, forte=forte)
            totale = ["Totale", *[""] * (len(testa) - 1)]
            _fila(foglio, ultima + 1, (totale, tavola.totale), tavola, forme, forte=True)
            for numero, nota in enumerate(tavola.note, ultima + 3):
                foglio.write_string(numero, 0, nota)
            foglio.set_column(0, 0, 44)
            foglio.set_column(1, len(testa) - 1, 26)
            foglio.set_column(len(testa), len(testa) + len(tavola.colonne) - 1, 16)
            foglio.freeze_panes(6, len(testa))
            foglio.repeat_rows(5)
    return uscita.getvalue()


def _forme(cartella: Any) -> dict[object, Any]:
    forme: dict[object, Any] = {
        "titolo": cartella.add_format({"bold": True, "font_size": 13}),
        "testa": cartella.add_format({"bold": True, "text_wrap": True, "bottom": 1}),
        False: cartella.add_format({}),
        True: cartella.add_format({"bold": True}),
    }
    for importo, forma in _FORMATI.items():
        for forte in (False, True):
            forme[importo, forte] = cartella.add_format({"num_format": forma, "bold": forte})
    return forme


def _fila(
    foglio: Any,
    numero: int,
    celle: tuple[Sequence[str], Sequence[Decimal]],
    tavola: TavolaProspetto,
    forme: Mapping[object, Any],
    *,
    forte: bool,
) -> None:
    nomi, valori = celle
    for posto, nome in enumerate(nomi):
        foglio.write_string(numero, posto, nome, forme[forte])
    for posto, (colonna, valore) in enumerate(zip(tavola.colonne, valori, strict=True), len(nomi)):
        foglio.write_number(numero, posto, valore, forme[colonna.importo, forte])
