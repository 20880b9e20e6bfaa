"""The ISEE done again from its components, beside the attested one, and what another would change.

Runs inside a unit of work of the ambito. What comes out checks a value and tries a change; quotas are
decided by what INPS attested.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, ErroreCapofila
from capofila.compartecipazione.adozioni import vigente
from capofila.compartecipazione.calcolo import Quota, calcola, in_parole
from capofila.compartecipazione.isee import (
    ISEE_MASSIMO,
    Calcolato,
    Componenti,
    Immobile,
    Nucleo,
    Persona,
    SpecieISEE,
)
from capofila.compartecipazione.utenze import AttestazioneISEE, leggi_attestazione, utenze_di
from capofila.web import formati
from capofila.web.lettura import Lettura

PERSONE_MASSIME: Final = 30
IMMOBILI_MASSIMI: Final = 20
DI_PERSONA: Final[tuple[str, ...]] = Persona.__struct_fields__
SEGNI: Final = ("minori", "minore_di_tre", "genitori_al_lavoro", "solo_genitore_con_minori")
"""What of a nucleo is yes or no."""
_DEL_NUCLEO: Final = ("canone", "altre_detrazioni", "mobiliare")
ALTRE_REGOLE: Final[Mapping[SpecieISEE, str]] = {
    SpecieISEE.SOCIOSANITARIO: "Per le prestazioni sociosanitarie il nucleo può essere ristretto (la "
    "persona, il coniuge, i figli minori o a carico): scrivi il nucleo e i redditi che questa DSU "
    "dichiara, e il conto è lo stesso (art. 6).",
    SpecieISEE.SOCIOSANITARIO_RESIDENZE: "Per le residenze alcune somme per l’assistenza non si tolgono, "
    "per i figli fuori dal nucleo si può aggiungere una componente, e ciò che è stato donato può contare "
    "ancora (art. 6): questo conto non lo fa, e una differenza può venire da lì.",
    SpecieISEE.MINORENNI: "Se i genitori non convivono, quello fuori dal nucleo può entrarvi o aggiungere "
    "una componente (art. 7): questo conto non aggiunge la componente, e una differenza può venire da lì.",
    SpecieISEE.UNIVERSITARIO: "Lo studente che vive altrove può contare nel nucleo dei genitori (art. 8): "
    "scrivi il nucleo che questa DSU dichiara.",
    SpecieISEE.CORRENTE: "L’ISEE corrente prende il posto di quello ordinario con redditi, o patrimonio, "
    "più recenti (art. 9): scrivi quelli che la DSU aggiornata dichiara, non quelli dell’anno ordinario.",
}
"""What D.P.C.M. 159/2013 has of its own for the kinds that are not the ordinary one, in words: the
computation is the ordinary one (art. 3-5)."""


class Prova(msgspec.Struct, frozen=True, kw_only=True):
    """What a service costs the person by the attested ISEE, and by another value.

    Attributes:
        attestata: by the attestation; None when the service has no scheme on that day.
        provata: by the other value.
        perche: why there is no quota, in words; empty when there are both.
    """

    servizio: str
    attestata: Quota | None
    provata: Quota | None
    perche: str = ""

    @property
    def differenza(self) -> Decimal | None:
        """How much more the person would pay, in euro."""
        if self.attestata is None or self.provata is None:
            return None
        if self.attestata.importo is None or self.provata.importo is None:
            return None
        return self.provata.importo - self.attestata.importo


# --- the form -----------------------------------------------------------------------------------


def quanti(lettura: Lettura, nome: str, massimo: int) -> int:
    """How many groups of fields a form has, never less than one nor more than it may."""
    testo = lettura.scritto.get(nome, "")
    return (
        min(max(int(testo), 1), massimo)
        if testo.isascii() and testo.isdigit() and len(testo) < 4
        else 1
    )


def leggi(lettura: Lettura) -> Componenti | None:
    """The components that a form has; None when something is wrong, with the words at its field."""
    nucleo = _nucleo(lettura)
    persone = tuple(
        Persona(**{campo: _euro(lettura, f"persona-{n}-{campo}") for campo in DI_PERSONA})
        for n in range(1, quanti(lettura, "persone", PERSONE_MASSIME) + 1)
    )
    scritte = [n for n, una in enumerate(persone, 1) if una != Persona()]
    if nucleo is not None and len(scritte) > nucleo.componenti:
        lettura.errori[f"persona-{scritte[-1]}-{DI_PERSONA[0]}"] = (
            f"Ci sono redditi di {len(scritte)} persone e il nucleo ne ha {nucleo.componenti}: "
            "correggi l’uno o l’altro."
        )
    immobili: list[Immobile] = []
    for n in range(1, quanti(lettura, "immobili", IMMOBILI_MASSIMI) + 1):
        uno = Immobile(
            valore=_euro(lettura, f"immobile-{n}-valore"),
            mutuo=_euro(lettura, f"immobile-{n}-mutuo"),
            abitazione=bool(lettura.scritto.get(f"immobile-{n}-abitazione")),
        )
        if uno.abitazione and any(altro.abitazione for altro in immobili):
            lettura.errori[f"immobile-{n}-abitazione"] = (
                "L’abitazione del nucleo è una sola: togli il segno dagli altri immobili."
            )
        if uno.mutuo and not uno.valore:
            lettura.errori[f"immobile-{n}-valore"] = "Scrivi il valore, o togli il mutuo."
        immobili.append(uno)
    somme = {nome: _euro(lettura, nome) for nome in _DEL_NUCLEO}
    if lettura.errori or nucleo is None:
        return None
    return Componenti(
        nucleo=nucleo,
        persone=tuple(persone[n - 1] for n in scritte),
        immobili=tuple(uno for uno in immobili if uno.valore),
        **somme,
    )


def scrivi(dati: Componenti) -> dict[str, str]:
    """The fields of the form that say these components."""
    nucleo = dati.nucleo
    testi = {nome: str(getattr(nucleo, nome)) for nome in ("componenti", "figli", "disabili")}
    testi |= {nome: "si" for nome in SEGNI if getattr(nucleo, nome)}
    testi |= {nome: _testo(getattr(dati, nome)) for nome in _DEL_NUCLEO}
    testi |= {"persone": str(len(dati.persone)), "immobili": str(len(dati.immobili))}
    for n, una in enumerate(dati.persone, 1):
        testi |= {f"persona-{n}-{campo}": _testo(getattr(una, campo)) for campo in DI_PERSONA}
    for n, uno in enumerate(dati.immobili, 1):
        testi |= {f"immobile-{n}-{c}": _testo(getattr(uno, c)) for c in ("valore", "mutuo")}
        testi |= {f"immobile-{n}-abitazione": "si"} if uno.abitazione else {}
    return testi


def _nucleo(lettura: Lettura) -> Nucleo | None:
    componenti = _intero(lettura, "componenti", 1, 30)
    figli = _intero(lettura, "figli", 0, 29)
    disabili = _intero(lettura, "disabili", 0, 30)
    segni = {nome: bool(lettura.scritto.get(nome)) for nome in SEGNI}
    if componenti is None or figli is None or disabili is None:
        return None
    errori: dict[str, str] = {}
    if figli >= componenti:
        errori["figli"] = "I figli sono meno dei componenti: correggi l’uno o l’altro."
    if disabili > componenti:
        errori["disabili"] = "Sono più delle persone del nucleo: correggi l’uno o l’altro."
    if segni["minori"] and not figli:
        errori["minori"] = "Un figlio minore è un figlio: correggi il numero dei figli."
    if segni["minore_di_tre"] and not segni["minori"]:
        errori["minore_di_tre"] = "Chi ha meno di tre anni è minore: segna anche quello."
    if not errori:
        try:
            return Nucleo(componenti=componenti, figli=figli, disabili=disabili, **segni)
        except ValueError as errore:
            errori["solo_genitore_con_minori"] = str(errore)
    lettura.errori |= errori
    return None


def _intero(lettura: Lettura, nome: str, minimo: int, massimo: int) -> int | None:
    testo = lettura.scritto.get(nome, "").strip() or ("0" if minimo == 0 else "")
    numero = int(testo) if testo.isascii() and testo.isdigit() and len(testo) < 4 else -1
    if minimo <= numero <= massimo:
        return numero
    lettura.errori[nome] = f"Scrivi un numero intero da {minimo} a {massimo}."
    return None


def _euro(lettura: Lettura, nome: str) -> Decimal:
    letto = lettura.importo(nome)
    if letto is not None and letto > ISEE_MASSIMO:
        lettura.errori[nome] = "L’importo non va oltre dieci milioni: controlla le cifre."
    return letto or Decimal(0)


def _testo(importo: Decimal) -> str:
    return formati.numero(importo, 2) if importo else ""


# --- beside the attested one --------------------------------------------------------------------


def confronta(fatto: Calcolato, attestato: Decimal) -> tuple[str, str]:
    """How the computed ISEE stands to the attested one: the kind of a message, and its words."""
    differenza = fatto.isee - attestato
    if not differenza:
        return "riuscito", f"Dai componenti viene lo stesso ISEE attestato: {_e(attestato)}."
    verso = "in più" if differenza > 0 else "in meno"
    return "avviso", (
        f"Dai componenti viene un ISEE di {_e(fatto.isee)}: {_e(abs(differenza))} {verso} di quello "
        f"attestato, {_e(attestato)}. Controlla ciò che hai scritto con la DSU; per la quota conta "
        "l’attestazione di INPS."
    )


def _e(importo: Decimal) -> str:
    return formati.importo(importo)


async def leggi_conservati(id_: int) -> Componenti | None:
    """The components kept with an attestation.

    Raises:
        NonTrovato: none has this number here.
    """
    await leggi_attestazione(id_)
    unita = unita_corrente()
    testo = await unita.valore(
        "SELECT componenti::text FROM attestazione_isee WHERE ambito_id = $1 AND id = $2",
        unita.ambito,
        id_,
    )
    return None if testo is None else msgspec.json.decode(testo, type=Componenti)


async def conserva(id_: int, dati: Componenti) -> None:
    """Keep the components with their attestation, in the place of those that it has.

    Raises:
        NonTrovato: none has this number here.
        Conflitto: it was withdrawn.
    """
    await leggi_attestazione(id_)
    unita = unita_corrente()
    try:
        async with unita.punto_di_ritorno():
            await unita.esegui(
                "UPDATE attestazione_isee SET componenti = $3::text::jsonb "
                "WHERE ambito_id = $1 AND id = $2",
                unita.ambito,
                id_,
                msgspec.json.encode(dati).decode(),
            )
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise Conflitto("Questa attestazione è stata ritirata: torna alla persona.") from None
    await registra("compartecipazione.componenti", "attestazione_isee", str(id_))


async def prove(attestazione: AttestazioneISEE, valore: Decimal, giorno: date) -> list[Prova]:
    """What each service of the person costs on a day by the attested ISEE, and by another value."""
    trovate = []
    for una in await utenze_di(attestazione.assistito_id):
        if not una.vale(giorno):
            continue
        try:
            vigenza = await vigente(una.comune, una.servizio, giorno)
        except ErroreCapofila as errore:
            # No scheme, or two: said of that service, and the others are shown.
            trovate.append(
                Prova(servizio=una.servizio, attestata=None, provata=None, perche=errore.messaggio)
            )
            continue
        mostrata = attestazione.mostrata
        due = [
            calcola(vigenza.risolto, una.caso(giorno, isee))
            for isee in (mostrata, msgspec.structs.replace(mostrata, valore=valore))
        ]
        motivi: Mapping[str, None] = dict.fromkeys(
            vigenza.motivo or q.motivo or "nessuno_schema" for q in due if q.importo is None
        )
        trovate.append(
            Prova(
                servizio=una.servizio,
                attestata=due[0],
                provata=due[1],
                perche=" ".join(in_parole(motivo) for motivo in motivi),
            )
        )
    return trovate
