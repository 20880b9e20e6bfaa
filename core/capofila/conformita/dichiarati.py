"""What is checked of declared values: pure, from the answers of the hooks to faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, Final

import msgspec

from capofila.accreditamenti.calcolo import Richiesta as RichiestaAccreditamento
from capofila.accreditamenti.calcolo import Risposta, Traccia, rifatta_uguale, rileggi, valuta
from capofila.base.dichiarato import CartellaNonValida
from capofila.compartecipazione.calcolo import Caso, Quota
from capofila.compartecipazione.calcolo import calcola as calcola_quota
from capofila.compartecipazione.isee import Attestazione, SpecieISEE
from capofila.compartecipazione.schemi import Schema
from capofila.compartecipazione.schemi import leggi as leggi_schema
from capofila.conformita.esame import Difetto
from capofila.governo.seduta import AventeDiritto, Seduta
from capofila.governo.voti import Risultato, Scelta, Voto, decidi
from capofila.graduatorie.calcolo import Iscritta, Richiesta, calcola, congela, rifai, scongela
from capofila.hooks import (
    Atto,
    Campo,
    CriteriRiparto,
    DatoDomanda,
    Dichiarazione,
    Flusso,
    Graduatoria,
    Organo,
    OrigineGrandezza,
    RegolaVoto,
    RegoleAccreditamento,
    Rifiuto,
    TabellaPlugin,
    Tipo,
    TipoDato,
)
from capofila.hooks.campi import leggi
from capofila.hooks.regole import vale
from capofila.riparto.calcolo import Beneficiario, RipartoNonPossibile
from capofila.riparto.calcolo import calcola as calcola_riparto

PER_LE_PERSONE: Final = frozenset(
    {"denominazione", "titolo", "etichetta", "messaggio", "oggetto", "dichiarazione", "premessa"}
)
"""Fields that are read on a page: where they are declared they are written."""

PUO_MANCARE: Final = frozenset({("RapportoSpesa", "premessa")})
"""Of those, what its declaration gives as empty by default."""

ISEE_PROVATI: Final = (0, 1, 2999, 3000, 6000, 12345, 20000, 38000, 80000, 400000)
PRESENTI: Final = 24
"""How many are entitled and there in the meetings that the rules of vote are tried on."""


def difetti(risposte: Mapping[str, Any]) -> Iterator[Difetto]:
    """All the faults of what a plugin declares."""
    for domanda, risposta in risposte.items():
        for valore in _tutti(risposta):
            yield from _fonti(domanda.partition("(")[0], valore)
            yield from _testi(domanda.partition("(")[0], valore)
    for flusso in _unici(risposte, "flussi", Flusso):
        yield from _flusso(flusso)
    for file in risposte.get("schemi", ()):
        yield from _schema(file)
    for graduatoria in _unici(risposte, "graduatorie", Graduatoria):
        yield from _graduatoria(graduatoria)
    for organo in _unici(risposte, "organi", Organo):
        for regola in organo.regole_voto:
            yield from _voto(organo, regola)
    for criteri in _unici(risposte, "criteri_riparto", CriteriRiparto):
        yield from _riparto(criteri)
    for regole in _unici(risposte, "accreditamento", RegoleAccreditamento):
        yield from _accreditamento(regole)


def _unici(risposte: Mapping[str, Any], hook: str, tipo: type[Any]) -> list[Any]:
    trovati = []
    for domanda, risposta in risposte.items():
        if domanda.partition("(")[0] == hook and isinstance(risposta, tuple):
            trovati += [v for v in risposta if isinstance(v, tipo) and v not in trovati]
    return trovati


def _tutti(valore: object) -> Iterator[msgspec.Struct]:
    """Every struct inside a value."""
    match valore:
        case msgspec.Struct():
            yield valore
            for campo in valore.__struct_fields__:
                yield from _tutti(getattr(valore, campo))
        case tuple() | list() | set() | frozenset():
            for uno in valore:
                yield from _tutti(uno)
        case Mapping():
            for uno in valore.values():
                yield from _tutti(uno)


def _nome(valore: msgspec.Struct) -> str:
    for campo in ("codice", "id", "nome", "denominazione", "titolo"):
        nome = getattr(valore, campo, None)
        if isinstance(nome, str) and nome:
            return f"{type(valore).__name__} «{nome}»"
    return type(valore).__name__


# --- sources and words --------------------------------------------------------------------------


def _fonti(domanda: str, valore: msgspec.Struct) -> Iterator[Difetto]:
    if isinstance(valore, Dichiarazione):
        fonte: Atto = valore.fonte
        if fonte.data is None and fonte.numero is None and not (fonte.nota or "").strip():
            yield Difetto("fonti", f"{domanda}, {_nome(valore)}",
                          f"la fonte «{fonte.titolo}» non ha né data né numero, e nessuna nota dice "
                          "perché")  # fmt: skip
    if isinstance(valore, Flusso) and not valore.fonti_normative:
        yield Difetto("fonti", f"{domanda}, {_nome(valore)}", "non cita una fonte")
    fonte_scritta = getattr(valore, "fonte", "")
    if hasattr(valore, "gravita") and isinstance(fonte_scritta, str) and not fonte_scritta.strip():
        yield Difetto("fonti", f"{domanda}, {_nome(valore)}", "la regola non dice da dove viene")


def _testi(domanda: str, valore: msgspec.Struct) -> Iterator[Difetto]:
    for campo in PER_LE_PERSONE & {*valore.__struct_fields__}:
        testo = getattr(valore, campo)
        if not isinstance(testo, str) or (type(valore).__name__, campo) in PUO_MANCARE:
            continue
        if not testo.strip():
            yield Difetto("testi", f"{domanda}, {_nome(valore)}", f"{campo} è vuoto")
        elif testo != testo.strip():
            yield Difetto("testi", f"{domanda}, {_nome(valore)}",
                          f"{campo} comincia o finisce con uno spazio")  # fmt: skip


# --- flows --------------------------------------------------------------------------------------


def _flusso(flusso: Flusso) -> Iterator[Difetto]:
    for regola in flusso.regole:
        dove = f"{flusso.id}, regola «{regola.codice}»"
        if not vale(regola.controllo, regola.esempio_valido):
            yield Difetto("flussi", dove, "l'esempio valido non la rispetta")
        if vale(regola.controllo, regola.esempio_errato):
            yield Difetto("flussi", dove, "l'esempio errato non la viola")
    esempi = _esempi(flusso)
    try:
        intero, a_pezzi = _scritto(flusso, [esempi]), _scritto(flusso, [[uno] for uno in esempi])
    except Exception as errore:
        yield Difetto("flussi", flusso.id, f"non si scrive: {type(errore).__name__}: {errore}")
        return
    if intero != a_pezzi:
        yield Difetto("flussi", flusso.id, "scritto a pezzi, il file cambia")
    if not all(intero):
        yield Difetto("flussi", flusso.id, "un record non lascia niente nel file")


def _esempi(flusso: Flusso) -> list[Mapping[str, str]]:
    """Records made of the good examples of the rules, filled in where a field is mandatory."""
    pieno = {campo.nome: _valore(campo) for campo in flusso.campi if campo.obbligatorio}
    return [pieno, *({**pieno, **regola.esempio_valido} for regola in flusso.regole)]


_VALORI: Final = {
    Tipo.CODICE_FISCALE: "RSSMRA80A41D142Q", Tipo.BELFIORE: "D142", Tipo.COMUNE_ISTAT: "019035",
    Tipo.DATA: "2025-03-31", Tipo.MESE_ANNO: "03/2025", Tipo.ANNO: "1980", Tipo.INTERO: "1",
    Tipo.IMPORTO: "12.50", Tipo.ORE: "2.30", Tipo.SI_NO: "si", Tipo.BLOCCHI: "[]",
}  # fmt: skip


def _valore(campo: Campo) -> str:
    """A value that the field takes."""
    if campo.tipo in (Tipo.CODICE, Tipo.LISTA_CODICI):
        return next(iter(campo.codici or {"": ""}))
    minimo, massimo = campo.lunghezza or (1, 9)
    if campo.tipo is Tipo.CIFRE:
        return "1" * max(minimo, 1)
    if campo.tipo in (Tipo.TESTO, Tipo.ENTE):
        return "x" * max(minimo, 1)
    valore = _VALORI[campo.tipo]
    if campo.tipo is Tipo.INTERO and isinstance(leggi(campo, valore), msgspec.Struct):
        return str(massimo)
    return valore


def riga(tabella: TabellaPlugin) -> dict[str, str | None]:
    """An invented row of an own table of a plugin."""
    return {campo.nome: _valore(campo) for campo in tabella.campi}


def difetti_riga(tabella: TabellaPlugin, riga: object) -> Iterator[str]:
    """What a row that a job gives has wrong for the table that gets it."""
    if not isinstance(riga, Mapping):
        yield "una riga non è una mappa"
        return
    for campo in tabella.campi:
        valore = riga.get(campo.nome)
        if valore is None:
            if campo.obbligatorio:
                yield f"una riga non ha «{campo.nome}», che è obbligatorio"
        elif not isinstance(valore, str) or isinstance(leggi(campo, valore), Rifiuto):
            yield f"«{campo.nome}» ha un valore che la colonna non prende"
    for nome in sorted({*riga} - {campo.nome for campo in tabella.campi}):
        yield f"«{nome}» non è una colonna di «{tabella.codice}»"


def _scritto(flusso: Flusso, lotti: Sequence[Sequence[Mapping[str, str]]]) -> list[str]:
    """The records of some lots, each as the layout writes it."""
    resa, pezzi = flusso.tracciato.resa_riga(), list[str]()
    for lotto in lotti:
        colonne = {
            campo.nome: [record.get(campo.nome) or None for record in lotto]
            for campo in flusso.campi
        }
        pezzi += resa.rendi(colonne, len(lotto))
    return pezzi


# --- schemes ------------------------------------------------------------------------------------


def quote(file: Path) -> dict[str, str]:
    """What a scheme makes of the cases that are tried: an amount or a reason, by case.

    Raises:
        CartellaNonValida: it cannot be read.
    """
    return {
        caso: str(quota.importo) if quota.importo is not None else f"nessuna ({quota.motivo})"
        for caso, quota in _quote(leggi_schema(file))
    }


def _quote(schema: Schema) -> Iterator[tuple[str, Quota]]:
    for cambio in schema.cambi:
        for giorno in (cambio - timedelta(days=1), cambio, cambio + timedelta(days=400)):
            for isee in (None, *ISEE_PROVATI):
                dove = f"{giorno:%d/%m/%Y}, ISEE {'assente' if isee is None else isee}"
                yield dove, calcola_quota(schema.risolvi(giorno), _caso(schema, giorno, isee))


def _caso(schema: Schema, giorno: date, isee: int | None) -> Caso:
    specie = min(schema.isee, default=SpecieISEE.ORDINARIO)
    return Caso(
        giorno=giorno, quantita=Decimal(10), costo=Decimal(25), punti=Decimal(50),
        disponibile=Decimal(800), condizioni=frozenset(schema.condizioni),
        isee=None if isee is None else Attestazione(
            valore=Decimal(isee), specie=specie, presentata=giorno.replace(month=1, day=1)
        ),
    )  # fmt: skip


def _schema(file: object) -> Iterator[Difetto]:
    if not isinstance(file, Path):
        return
    try:
        for caso, quota in _quote(leggi_schema(file)):
            if quota.importo is not None and quota.importo < 0:
                yield Difetto(
                    "schemi", f"{file.name}, {caso}", f"la quota è negativa: {quota.importo}"
                )
            if quota.importo is None and quota.motivo is None:
                yield Difetto("schemi", f"{file.name}, {caso}", "né una quota né un motivo")
            if quota.importo is not None and not quota.traccia:
                yield Difetto("schemi", f"{file.name}, {caso}", "una quota senza spiegazione")
    except CartellaNonValida as errore:
        for problema in errore.problemi:
            yield Difetto("schemi", f"{file.name}:{problema.riga}", problema.motivo)
    except Exception as errore:
        yield Difetto("schemi", file.name, f"{type(errore).__name__}: {errore}")


# --- waiting lists ------------------------------------------------------------------------------

DOMANDE_PROVATE: Final = 40
_CIFRE_PROVATE: Final = ("0", "1", "2.5", "6000", "12345.67", "25000", "80000")


def _graduatoria(graduatoria: Graduatoria) -> Iterator[Difetto]:
    """The list of some domande on every day on which something changes."""
    domande = tuple(
        Iscritta(
            protocollo=f"P{n:03}", presentata_il=date(2025, 1, 1) + timedelta(days=n % 5),
            dati={
                dato.codice: _dato_provato(dato, n + posto)
                for posto, dato in enumerate(graduatoria.dati)
                if (n + posto) % 7
            },
        )
        for n in range(DOMANDE_PROVATE)
    )  # fmt: skip
    dichiarati: list[Dichiarazione] = [
        graduatoria, *graduatoria.criteri, *graduatoria.requisiti, *graduatoria.spareggi
    ]  # fmt: skip
    giorni = {uno.valido_dal for uno in dichiarati} | {uno.valido_al for uno in dichiarati}
    for giorno in sorted({date(2025, 7, 1), *(g for g in giorni if g is not None)}):
        dove = f"{graduatoria.codice}, {giorno:%d/%m/%Y}"
        richiesta = Richiesta(
            graduatoria=graduatoria, giorno=giorno, disponibili=10, domande=domande,
            budget=None if graduatoria.importo is None else Decimal(10**6),
        )  # fmt: skip
        try:
            congelata = congela(richiesta, "prova", "0")
            uguale = rifai(scongela(congelata.in_byte()))
            rovesciata = calcola(msgspec.structs.replace(richiesta, domande=domande[::-1]))
        except Exception as errore:
            yield Difetto("graduatorie", dove, f"non si calcola: {type(errore).__name__}: {errore}")
            continue
        if not uguale or rovesciata != congelata.esito:
            yield Difetto("graduatorie", dove, "rifatta, non è la stessa")
        for posto in congelata.esito.posti:
            if not posto.punteggi and not posto.motivi:
                yield Difetto("graduatorie", dove, "una domanda non ha né punti né un motivo")
                break


def _dato_provato(dato: DatoDomanda, n: int) -> str:
    match dato.tipo:
        case TipoDato.SI_NO:
            return ("si", "no")[n % 2]
        case TipoDato.SCELTA:
            return dato.scelte[n % len(dato.scelte)][0]
        case TipoDato.DATA:
            return date(2025 - n, 1 + n % 12, 1 + n % 28).isoformat()
        case _:
            return _CIFRE_PROVATE[n % len(_CIFRE_PROVATE)]


# --- accreditation ------------------------------------------------------------------------------

RISPOSTE_PROVATE: Final = ("", "no", "si", "0", "1", "7.5", "60", "1000000")
_POSTI: Final = (None, 0, 1, 25)


def _accreditamento(regole: RegoleAccreditamento) -> Iterator[Difetto]:
    """Generated answers on every day on which something changes."""
    dichiarati: list[Dichiarazione] = [regole, *regole.requisiti]
    giorni = {uno.valido_dal for uno in dichiarati} | {uno.valido_al for uno in dichiarati}
    for giorno in sorted({date(2025, 7, 1), *(g for g in giorni if g is not None)}):
        dove = f"{regole.codice}, {giorno:%d/%m/%Y}"
        if not regole.vale(giorno):
            continue
        for n, (posti, testo) in enumerate(product(_POSTI, RISPOSTE_PROVATE)):
            richiesta = RichiestaAccreditamento(
                regole=regole, giorno=giorno, posti=posti,
                risposte=tuple(_risposte(regole, giorno, testo, n)),
            )  # fmt: skip
            try:
                esito = valuta(richiesta)
                girato = valuta(
                    msgspec.structs.replace(richiesta, risposte=richiesta.risposte[::-1])
                )
                traccia = Traccia(
                    richiesta=richiesta, esito=esito, plugin="prova", versione="0", capofila="0"
                )
                uguale = rifatta_uguale(rileggi(traccia.congela()[0]))
            except Exception as errore:
                yield Difetto(
                    "accreditamenti", dove, f"non si valuta: {type(errore).__name__}: {errore}"
                )
                break
            if not uguale or girato != esito:
                yield Difetto("accreditamenti", dove, "rifatta, la valutazione non è la stessa")
                break
            if not esito.voci:
                yield Difetto("accreditamenti", dove, "nessun requisito vale in questo giorno")
                break


def _risposte(regole: RegoleAccreditamento, giorno: date, testo: str, n: int) -> Iterator[Risposta]:
    """Answers to the requirements, of each kind of proof; none where the text is empty."""
    for posto, codice in enumerate(dict.fromkeys(uno.codice for uno in regole.requisiti)):
        if testo:
            yield Risposta(
                requisito=codice, valore=testo, utenti=posto * 8 if n % 2 else None,
                dal=giorno - timedelta(days=400 * (posto % 4)),
                scade=giorno + timedelta(days=(posto % 3 - 1) * 30),
            )  # fmt: skip


# --- votes --------------------------------------------------------------------------------------


def _voto(organo: Organo, regola: RegolaVoto) -> Iterator[Difetto]:
    dove = f"{organo.codice}, regola di voto"
    categorie: list[str | None] = [seggio.categoria for seggio in organo.seggi]
    chi = tuple(
        AventeDiritto(
            id=str(n), nome=f"Voto {n}", categoria=categorie[n % len(categorie)] if categorie else None,
            abitanti=Fraction(1000 + 37 * n), quote=Fraction(10 + n), adesione="prova",
        )
        for n in range(PRESENTI)
    )  # fmt: skip
    anni = [una.anno_pesi for una in regola.condizioni if una.anno_pesi is not None]
    seduta = Seduta(
        giorno=regola.valido_dal or regola.valido_al or date(2025, 3, 1), aventi_diritto=chi,
        presenti=tuple(uno.id for uno in chi), presidente="0", anno_pesi=min(anni, default=2025),
    )  # fmt: skip
    for scelta, mai in (
        (Scelta.FAVOREVOLE, Risultato.RESPINTA),
        (Scelta.CONTRARIO, Risultato.APPROVATA),
    ):
        voti = tuple(Voto.intero(uno.id, scelta) for uno in chi)
        try:
            esito = decidi(seduta, voti, regola=regola, quorum=None)
        except Exception as errore:
            motivo = getattr(errore, "messaggio", f"{type(errore).__name__}: {errore}")
            yield Difetto("voti", dove, f"non si conta: {motivo}")
            return
        if esito.risultato is mai:
            yield Difetto("voti", dove, f"tutti presenti e tutti {scelta}: la proposta è {mai}")


# --- allocation ---------------------------------------------------------------------------------

FONDI: Final = tuple(Decimal(f"{10**zeri}.01") for zeri in range(3, 9))
"""The funds that the criteria are tried on, from a thousand euro to a hundred million."""
SCALE: Final = (1, 1_000)
"""What the figures are multiplied by: a limit of each unit of them may hold for large ones only."""
QUANTI: Final = (6, 24, 100)
"""Among how many: a limit in hundredths of the fund holds for few, or for many."""


def _riparto(criteri: CriteriRiparto) -> Iterator[Difetto]:
    dove, possibili, perche = f"criteri «{criteri.codice}»", 0, ""
    for fondo, scala, quanti in product(FONDI, SCALE, QUANTI):
        chi = _beneficiari(criteri, scala, quanti)
        try:
            esito = calcola_riparto(criteri, fondo, chi)
            girato = calcola_riparto(criteri, fondo, chi[::-1])
        except RipartoNonPossibile as errore:
            perche = errore.messaggio
            continue
        except Exception as errore:
            yield Difetto("riparti", dove, f"non si calcola: {type(errore).__name__}: {errore}")
            return
        possibili += 1
        dato = {una.codice: una.importo for una in esito.assegnazioni}
        tenuto = sum((una.importo for una in esito.trattenute), Decimal(0))
        if sum(dato.values(), tenuto + (esito.avanzo or Decimal(0))) != fondo:
            yield Difetto("riparti", dove, f"le parti di {fondo} euro non fanno il fondo")
        if dato != {una.codice: una.importo for una in girato.assegnazioni}:
            yield Difetto("riparti", dove, "cambiato l'ordine dei beneficiari, cambiano le parti")
    if not possibili:
        yield Difetto("riparti", dove, f"nessun fondo provato si ripartisce: {perche}")


def _beneficiari(criteri: CriteriRiparto, scala: int, quanti: int) -> list[Beneficiario]:
    codici = [uno.codice for uno in criteri.servizi] or [f"{n:03}" for n in range(quanti)]
    return [
        Beneficiario(
            codice=codice, nome=f"Prova {codice}",
            valori={
                una.codice: _figura(una.origine, una.si_no, n, scala) for una in criteri.grandezze
            },
        )
        for n, codice in enumerate(codici)
    ]  # fmt: skip


def _figura(origine: OrigineGrandezza, si_no: bool, numero: int, scala: int) -> Decimal:
    """A figure that the quantity may have."""
    if origine is OrigineGrandezza.PARTI_UGUALI:
        return Decimal(1)
    if si_no or origine is OrigineGrandezza.CONSEGNA:
        return Decimal(numero % 2)
    if origine is OrigineGrandezza.ASSOCIATA:
        return Decimal(numero * 4 % 101)
    return Decimal((1 + 37 * numero) * scala)
