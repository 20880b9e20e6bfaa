"""The figures of a year as tables: the same for the page, the CSV, the workbook and the PDF.

Pure. A value is None where it is not known; nothing is rounded here that is not rounded already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from capofila.hooks import ModuloSpesa, PerimetroRapporto, SezioneRapporto, TavolaRapporto
from capofila.spesa.analisi import DellAnno, Misura, Parte, PerUtente
from capofila.spesa.cifre import Lettura
from capofila.spesa.rules import ZERO, per_uno, quota

Cifra = Decimal | int | None
TipoCifra = Literal["importo", "quota", "numero"]

GESTIONI: Final = ("Associata", "Diretta")


class ColonnaCifre(msgspec.Struct, frozen=True):
    """What a column holds: euro, a fraction, a count."""

    titolo: str
    tipo: TipoCifra


def _colonne(*coppie: tuple[str, TipoCifra]) -> tuple[ColonnaCifre, ...]:
    return tuple(ColonnaCifre(titolo, tipo) for titolo, tipo in coppie)


class RigaCifre(msgspec.Struct, frozen=True):
    """A line of a table. `barra` are the pieces of its bar, in euro; `chiave` what it is about."""

    chiave: str
    nome: str
    valori: tuple[Cifra, ...]
    barra: tuple[Decimal, ...] = ()


class TavolaCifre(msgspec.Struct, frozen=True, kw_only=True):
    """A table. `serie` names the pieces of its bars; `nota` says what a reader must know."""

    codice: str
    titolo: str
    testa: str
    colonne: tuple[ColonnaCifre, ...]
    righe: tuple[RigaCifre, ...]
    serie: tuple[str, ...] = ()
    nota: str = ""


class _Perimetro(msgspec.Struct, frozen=True):
    chiave: str
    nome: str
    comuni: tuple[str, ...]
    misura: Misura
    per_utente: PerUtente


def tavole(letta: Lettura, modulo: ModuloSpesa | None, ordine: str = "") -> tuple[TavolaCifre, ...]:
    """All the tables of a year.

    Args:
        letta: the figures.
        modulo: the form, for the names; codes are shown without it.
        ordine: how the comuni are sorted: ``nome``, ``spesa``, ``pro_capite``, ``-`` before for
            the greatest first.
    """
    cifre = letta.cifre
    perimetri = _perimetri(letta)
    return (
        _gestione(perimetri),
        _abitanti(perimetri, letta.abitanti),
        _utenti(perimetri),
        _parti("aree", "Spesa per area", "Area", cifre.per_area, _nomi_aree(modulo), letta),
        _parti("fonti", "Spesa per chi la paga", "Chi paga", cifre.per_fonte,
               _nomi_fonti(modulo), letta),
        _comuni(letta, ordine),
        _anni(cifre.anni, letta),
    )  # fmt: skip


def sezione(letta: Lettura, modulo: ModuloSpesa | None, dichiarata: SezioneRapporto) -> TavolaCifre:
    """A table of a report: the figures of the analysis, of the perimeters that it wants."""
    quali = _scelti(letta, dichiarata.perimetri)
    con_senza = PerimetroRapporto.SENZA_CAPOLUOGO in dichiarata.perimetri
    match dichiarata.tavola:
        case TavolaRapporto.GESTIONE:
            fatta = _gestione(quali)
        case TavolaRapporto.ABITANTI:
            fatta = _abitanti(quali, letta.abitanti)
        case TavolaRapporto.UTENTI:
            fatta = _utenti(quali)
        case TavolaRapporto.AREE:
            fatta = _parti("aree", "", "Area", letta.cifre.per_area, _nomi_aree(modulo), letta,
                           con_senza=con_senza)  # fmt: skip
        case TavolaRapporto.AREE_E_SUB_AMBITI:
            fatta = _aree_e_sub_ambiti(letta, modulo)
        case TavolaRapporto.QUOTE:
            fatta = _quote(quali, letta.abitanti)
        case TavolaRapporto.ANNI:
            fatta = _anni(letta.cifre.anni, letta, con_senza=con_senza)
    return msgspec.structs.replace(
        fatta,
        titolo=dichiarata.titolo,
        nota=" ".join(nota for nota in (fatta.nota, dichiarata.nota) if nota),
    )


def _scelti(letta: Lettura, quali: Sequence[PerimetroRapporto]) -> list[_Perimetro]:
    """The perimeters in the order that is wanted; those that the ambito does not have are not there."""
    tutti = _perimetri(letta)
    comuni = [
        _Perimetro(
            uno.istat, letta.comuni[uno.istat].nome, (uno.istat,), uno.misura, uno.per_utente
        )
        for uno in letta.cifre.per_comune
    ]
    per_quale = {
        PerimetroRapporto.AMBITO: [p for p in tutti if p.chiave == "totale"],
        PerimetroRapporto.SENZA_CAPOLUOGO: [p for p in tutti if p.chiave == "senza_capoluogo"],
        PerimetroRapporto.SUB_AMBITI: [p for p in tutti if p.chiave.startswith("sub_ambito/")],
        PerimetroRapporto.COMUNI: sorted(comuni, key=lambda p: p.nome),
    }
    return [p for quale in quali for p in per_quale[quale]]


def _aree_e_sub_ambiti(letta: Lettura, modulo: ModuloSpesa | None) -> TavolaCifre:
    gruppi = letta.cifre.per_sub_ambito
    nomi = _nomi_aree(modulo)
    return TavolaCifre(
        codice="aree_e_sub_ambiti",
        titolo="",
        testa="Area",
        colonne=(
            ColonnaCifre("Spesa", "importo"),
            *(ColonnaCifre(_nome_gruppo(letta, g.sub_ambito), "importo") for g in gruppi),
        ),
        righe=tuple(
            RigaCifre(
                p.codice,
                nomi.get(p.codice, p.codice),
                (p.spesa, *(g.per_area.get(p.codice, ZERO) for g in gruppi)),
            )
            for p in sorted(letta.cifre.per_area, key=lambda p: (-p.spesa, p.codice))
        ),
    )


def _quote(perimetri: Iterable[_Perimetro], abitanti: Mapping[str, int]) -> TavolaCifre:
    righe = []
    for p in perimetri:
        noti = p.comuni and all(abitanti.get(i) for i in p.comuni)
        quanti = sum(abitanti[i] for i in p.comuni) if noti else 0
        associata, diretta = (
            per_uno(importo, quanti) for importo in (p.misura.associata, p.misura.singola)
        )
        righe.append(
            RigaCifre(
                p.chiave,
                p.nome,
                (quanti or None, per_uno(p.misura.spesa, quanti), associata, diretta,
                 p.misura.quota_associata),
                (associata or ZERO, diretta or ZERO),
            )
        )  # fmt: skip
    return TavolaCifre(
        codice="quote",
        titolo="",
        testa="Di chi",
        colonne=(
            ColonnaCifre("Abitanti", "numero"),
            ColonnaCifre("Spesa per abitante", "importo"),
            ColonnaCifre("Associata per abitante", "importo"),
            ColonnaCifre("Diretta per abitante", "importo"),
            ColonnaCifre("Quota associata", "quota"),
        ),
        serie=GESTIONI,
        righe=tuple(righe),
        nota="Spesa lorda su abitanti dell'anno: quella associata è la quota per abitante delle "
        "gestioni comuni, quella diretta è ciò che il comune fa da solo.",
    )


def con_capoluogo(letta: Lettura) -> bool:
    """Whether "without the capoluogo" says something else than the whole."""
    cifre = letta.cifre
    return ZERO < cifre.senza_capoluogo.spesa < cifre.totale.spesa


def senza(letta: Lettura) -> str:
    """How the perimeter without the capoluogo is called; empty when it is no other one."""
    capo = letta.cifre.capoluogo
    return f"senza {letta.comuni[capo].nome}" if capo and con_capoluogo(letta) else ""


def titolo_filtro(letta: Lettura) -> str:
    """What the figures are of."""
    filtro = letta.filtro
    if filtro.comune:
        return letta.comuni[filtro.comune].nome
    if filtro.sub_ambito:
        return _nome_gruppo(letta, filtro.sub_ambito)
    return next(iter(letta.comuni.values())).nome if len(letta.comuni) == 1 else "Ambito"


def mancanze(letta: Lettura, modulo: ModuloSpesa | None) -> tuple[str, ...]:
    """What the figures do not have, a sentence each."""
    cifre, frasi = letta.cifre, list[str]()

    def nomi(codici: Sequence[str]) -> str:
        primi = ", ".join(sorted(letta.comuni[c].nome for c in codici)[:12])
        return primi + (f" e altri {len(codici) - 12}" if len(codici) > 12 else "")

    if cifre.mancano:
        frasi.append(f"Senza nessuna riga nel {cifre.anno}: {nomi(cifre.mancano)}.")
    if cifre.senza_popolazione:
        frasi.append(
            f"Gli abitanti del {cifre.anno} non ci sono per {nomi(cifre.senza_popolazione)}: la "
            "spesa per abitante dell'insieme non si calcola, e quella dei comuni solo dove ci sono."
        )
    if cifre.per_utente.senza_utenti:
        frasi.append(
            f"Righe di cui non si conoscono gli utenti: {cifre.per_utente.senza_utenti}. La spesa "
            "per utente è calcolata sulle altre."
        )
    divario = cifre.totale.spesa - sum((p.spesa for p in cifre.per_fonte), ZERO)
    if divario:
        frasi.append(
            f"Le fonti non fanno la spesa: differenza di {divario} euro, di righe in schede non "
            "ancora complete."
        )
    if letta.provvisorie:
        frasi.append(
            f"Schede non ancora approvate: {letta.provvisorie}. Le cifre possono cambiare."
        )
    if modulo is not None:
        codici = {p.codice for p in (*cifre.per_area, *cifre.per_fonte)}
        supposti = [
            u.denominazione
            for u in (*modulo.aree, *modulo.fonti)
            if u.codice in codici and u.fonte.ipotesi
        ]
        if supposti:
            frasi.append(
                "Nomi supposti dalla piattaforma, perché nessuna fonte pubblica li dà: "
                f"{', '.join(supposti)}."
            )
    return tuple(frasi)


def _perimetri(letta: Lettura) -> list[_Perimetro]:
    cifre = letta.cifre
    con_righe = tuple(uno.istat for uno in cifre.per_comune)
    trovati = [
        _Perimetro("totale", titolo_filtro(letta), con_righe, cifre.totale, cifre.per_utente)
    ]
    dice = senza(letta)
    if dice:
        trovati.append(
            _Perimetro(
                "senza_capoluogo", f"{titolo_filtro(letta)} {dice}",
                tuple(i for i in con_righe if i != cifre.capoluogo),
                cifre.senza_capoluogo, cifre.per_utente_senza_capoluogo,
            )
        )  # fmt: skip
    if len(cifre.per_sub_ambito) < 2:
        return trovati
    for gruppo in cifre.per_sub_ambito:
        nome = _nome_gruppo(letta, gruppo.sub_ambito)
        chiave = f"sub_ambito/{gruppo.sub_ambito or ''}"
        trovati.append(_Perimetro(chiave, nome, gruppo.comuni, gruppo.misura, gruppo.per_utente))
        if gruppo.senza_capoluogo is not None and gruppo.per_utente_senza_capoluogo is not None:
            altri = tuple(i for i in gruppo.comuni if i != cifre.capoluogo)
            trovati.append(
                _Perimetro(f"{chiave}/senza_capoluogo", f"{nome} {dice}", altri,
                           gruppo.senza_capoluogo, gruppo.per_utente_senza_capoluogo)
            )  # fmt: skip
    return trovati


def _nome_gruppo(letta: Lettura, codice: str | None) -> str:
    return letta.sub_ambiti.get(codice, codice) if codice else "Comuni senza sub-ambito"


def _gestione(perimetri: Iterable[_Perimetro]) -> TavolaCifre:
    return TavolaCifre(
        codice="gestione",
        titolo="Spesa e forma di gestione",
        testa="Di chi",
        colonne=_colonne(
            ("Spesa", "importo"), ("Associata", "importo"), ("Quota associata", "quota"),
            ("Diretta", "importo"), ("Quota diretta", "quota"),
        ),
        serie=GESTIONI,
        righe=tuple(
            RigaCifre(
                p.chiave,
                p.nome,
                (p.misura.spesa, p.misura.associata, p.misura.quota_associata, p.misura.singola,
                 quota(p.misura.singola, p.misura.spesa)),
                (p.misura.associata, p.misura.singola),
            )
            for p in perimetri
        ),
        nota="Spesa lorda, con ciò che pagano utenti e servizio sanitario. Diretta è la gestione "
        "singola del comune.",
    )  # fmt: skip


def _abitanti(perimetri: Iterable[_Perimetro], abitanti: Mapping[str, int]) -> TavolaCifre:
    return TavolaCifre(
        codice="abitanti",
        titolo="Spesa per abitante",
        testa="Di chi",
        colonne=(
            ColonnaCifre("Abitanti", "numero"),
            ColonnaCifre("Spesa per abitante", "importo"),
            *(ColonnaCifre(nome, "importo") for nome in ("Minimo", "Media", "Mediana", "Massimo")),
        ),
        righe=tuple(
            RigaCifre(
                p.chiave,
                p.nome,
                (
                    sum(abitanti[i] for i in p.comuni)
                    if p.comuni and all(i in abitanti for i in p.comuni)
                    else None,
                    p.misura.pro_capite.valore,
                    p.misura.pro_capite.min,
                    p.misura.pro_capite.media,
                    p.misura.pro_capite.mediana,
                    p.misura.pro_capite.max,
                ),
            )
            for p in perimetri
            if abitanti
        ),
        nota="La spesa per abitante dell'insieme è spesa su abitanti, quindi pesata; minimo, media, "
        "mediana e massimo sono dei comuni, e ognuno conta uno.",
    )


def _utenti(perimetri: Iterable[_Perimetro]) -> TavolaCifre:
    return TavolaCifre(
        codice="utenti",
        titolo="Utenti e compartecipazione",
        testa="Di chi",
        colonne=_colonne(
            ("Utenti", "numero"), ("Spesa dei comuni per utente", "importo"),
            ("Pagato da un utente", "importo"), ("Quota degli utenti", "importo"),
            ("Incidenza", "quota"),
        ),
        righe=tuple(
            RigaCifre(
                p.chiave,
                p.nome,
                (p.misura.utenti, p.per_utente.comuni, p.per_utente.utente,
                 p.misura.quota_utenti, p.misura.incidenza_utenti),
            )
            for p in perimetri
        ),
        nota="L'incidenza è la quota degli utenti sulla spesa senza la quota sanitaria. Una persona "
        "con due servizi è contata due volte.",
    )  # fmt: skip


def _parti(
    codice: str, titolo: str, testa: str, parti: Sequence[Parte], nomi: Mapping[str, str],
    letta: Lettura, *, con_senza: bool = True,
) -> TavolaCifre:  # fmt: skip
    dice = senza(letta) if con_senza else ""
    colonne = [ColonnaCifre("Spesa", "importo"), ColonnaCifre("Quota", "quota")]
    if dice:
        colonne += [
            ColonnaCifre(f"Spesa {dice}", "importo"),
            ColonnaCifre(f"Quota {dice}", "quota"),
        ]
    return TavolaCifre(
        codice=codice,
        titolo=titolo,
        testa=testa,
        colonne=tuple(colonne),
        serie=("Spesa",),
        righe=tuple(
            RigaCifre(
                p.codice,
                nomi.get(p.codice, p.codice),
                (p.spesa, p.quota, *((p.senza_capoluogo, p.quota_senza_capoluogo) if dice else ())),
                (p.spesa,),
            )
            for p in sorted(parti, key=lambda p: (-p.spesa, p.codice))
        ),
    )


def _nomi_aree(modulo: ModuloSpesa | None) -> dict[str, str]:
    return {} if modulo is None else {a.codice: a.denominazione for a in modulo.aree}


def _nomi_fonti(modulo: ModuloSpesa | None) -> dict[str, str]:
    nomi = {} if modulo is None else {f.codice: f.denominazione for f in modulo.fonti}
    return {
        **nomi, "quota_utenti": "Quota degli utenti", "quota_ssn": "Quota del servizio sanitario",
    }  # fmt: skip


def _comuni(letta: Lettura, ordine: str) -> TavolaCifre:
    righe = [
        RigaCifre(
            uno.istat,
            letta.comuni[uno.istat].nome,
            (uno.spesa, uno.associata, uno.misura.quota_associata, uno.pro_capite,
             uno.misura.utenti, uno.per_utente.comuni, uno.misura.incidenza_utenti),
            (uno.misura.associata, uno.misura.singola),
        )
        for uno in letta.cifre.per_comune
    ]  # fmt: skip
    return TavolaCifre(
        codice="comuni",
        titolo="I comuni",
        testa="Comune",
        colonne=_colonne(
            ("Spesa", "importo"),
            ("Associata", "importo"),
            ("Quota associata", "quota"),
            ("Per abitante", "importo"),
            ("Utenti", "numero"),
            ("Per utente", "importo"),
            ("Incidenza", "quota"),
        ),
        serie=GESTIONI,
        righe=_ordinate(righe, ordine),
    )


def _ordinate(righe: Sequence[RigaCifre], ordine: str) -> tuple[RigaCifre, ...]:
    """By name, or by a figure; what is not known comes last either way."""
    al_contrario = ordine.startswith("-")
    posto = {"spesa": 0, "pro_capite": 3}.get(ordine.removeprefix("-"))
    righe = sorted(righe, key=lambda r: r.nome, reverse=al_contrario and posto is None)
    if posto is None:
        return tuple(righe)
    note = [(valore, riga) for riga in righe if (valore := riga.valori[posto]) is not None]
    note.sort(key=lambda coppia: coppia[0], reverse=al_contrario)
    return (*(riga for _, riga in note), *(r for r in righe if r.valori[posto] is None))


def _anni(anni: Sequence[DellAnno], letta: Lettura, *, con_senza: bool = True) -> TavolaCifre:
    dice = senza(letta) if con_senza else ""
    colonne = [
        ColonnaCifre("Spesa", "importo"),
        ColonnaCifre("Associata", "quota"),
        ColonnaCifre("A testa", "importo"),
    ]
    if dice:
        colonne += [
            ColonnaCifre(f"Spesa {dice}", "importo"),
            ColonnaCifre(f"Associata {dice}", "quota"),
            ColonnaCifre(f"A testa {dice}", "importo"),
        ]
    return TavolaCifre(
        codice="anni",
        titolo="Negli anni",
        testa="Anno",
        colonne=tuple(colonne),
        righe=tuple(
            RigaCifre(
                str(uno.anno),
                str(uno.anno),
                (
                    uno.spesa,
                    uno.quota_associata,
                    uno.pro_capite.valore,
                    *(
                        (uno.senza_capoluogo, uno.quota_associata_senza_capoluogo,
                         uno.pro_capite_senza_capoluogo.valore)
                        if dice
                        else ()
                    ),
                ),
            )
            for uno in anni
        ),
        nota="A testa è la spesa su abitanti dell'anno. In euro dell'anno, non corretti per l'inflazione.",
    )  # fmt: skip
