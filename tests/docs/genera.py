"""Writes the parts of the documentation that repeat the code: ``python -m tests.docs.genera``.

A part stands between ``<!-- generato: nome -->`` and ``<!-- fine: nome -->``; the text around it is
by hand. `test_documenti.py` fails when a part is not what the code says now, and anything that the
code has and this file has no word for raises here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from capofila.accessi import rules as accessi
from capofila.base import impostazioni
from capofila.base.impostazioni import Impostazioni
from capofila.base.visita import NOMI_RUOLO
from capofila.cli import main
from capofila.hooks import regole as r
from capofila.hooks.campi import Campo, Copia, Costante, DaTabella, SePresente, Tipo
from capofila.hooks.catalogo import forma
from capofila.prestazioni.decisioni import CONFRONTI, in_parole
from capofila.siuss import FLUSSO_PRESTAZIONI

RADICE: Final = Path(__file__).resolve().parents[2]
_PARTE: Final = re.compile(r"(<!-- generato: ([a-z-]+) -->\n).*?(<!-- fine: \2 -->)", re.DOTALL)

# --- columns ------------------------------------------------------------------------------------

ESEMPI: Final = {
    "ente_erogatore": "Comunità Sociale Cremasca a.s.c.",
    "cognome": "D'Angelo",
    "nome": "Caterina",
    "cittadinanza": "380",
    "denominazione_prestazione": "Assistenza domiciliare socio-assistenziale",
    "protocollo_domanda": "CRE/2025/000123",
    "dsu_protocollo": "INPS-ISEE-2025-00000001X-00",
    "seconda_cittadinanza": "804",
    "nazione_residenza": "380",
    "regione_residenza": "10",
    "altri_indirizzi": '[{"regione": "10", "comune": "019036", "nazione": "380"}]',
    "sina_necessita_interventi_sociali": "A2.07 A1.11",
    "sina_invalidita_civile": "5 6",
}
ESEMPI_PER_TIPO: Final = {
    Tipo.CODICE_FISCALE: "PRVCRN38C52D142R",
    Tipo.BELFIORE: "D142",
    Tipo.COMUNE_ISTAT: "019035",
    Tipo.DATA: "31/01/2025",
    Tipo.ANNO: "1938",
    Tipo.INTERO: "1",
    Tipo.IMPORTO: "1.234,56",
    Tipo.ORE: "12,30",
    Tipo.SI_NO: "si",
}


def esempio(campo: Campo) -> str:
    """A value of the column that is accepted (a test reads them all)."""
    if campo.nome in ESEMPI:
        return ESEMPI[campo.nome]
    if campo.tipo is Tipo.CODICE:
        return next(iter(campo.codici or {}))
    return ESEMPI_PER_TIPO[campo.tipo]


def _forma(campo: Campo) -> str:
    testo = forma(campo)
    for sotto in campo.sottocampi:
        testo = re.sub(rf"\b{sotto.nome}\b", f"`{sotto.nome}`", testo)
    if campo.codici and campo.tipo in (Tipo.CODICE, Tipo.LISTA_CODICI):
        if len(campo.codici) > 8:
            testo += " dell'[elenco](#codici-delle-prestazioni)"
        else:
            testo += ": " + "; ".join(f"`{c}` {nome}" for c, nome in campo.codici.items())
    return testo


def _vuota(campo: Campo) -> str:
    match campo.predefinito:
        case None:
            return ""
        case Costante(valore):
            return f"vuota vale `{valore}`"
        case Copia(altro):
            return f"vuota vale come `{altro}`"
        case SePresente(altro, valore):
            return f"vuota vale `{valore}` se c'è `{altro}`"
        case DaTabella(altro):
            return f"vuota si ricava da `{altro}`"
    raise TypeError(campo.predefinito)


def parole(condizione: r.Controllo) -> str:
    """A condition in words, as far as «mandatory when» needs them."""
    match condizione:
        case r.Presente(campo):
            return f"c'è `{campo}`"
        case r.Uguale(campo, valore):
            return f"`{campo}` è `{valore}`"
        case r.Uno(campo, valori):
            return f"`{campo}` è " + (
                f"`{valori[0]}`" if len(valori) == 1 else f"fra `{valori[0]}` e `{valori[-1]}`"
            )
        case r.AlmenoUno(campi):
            gruppo = {campo.split("_")[0] for campo in campi}
            if len(gruppo) == 1 and len(campi) > 3:
                return f"c'è almeno una colonna `{gruppo.pop()}_*`"
            return "c'è almeno una fra " + ", ".join(f"`{campo}`" for campo in campi)
        case r.E(condizioni):
            return " e ".join(parole(una) for una in condizioni)
    raise TypeError(condizione)


def richieste() -> dict[str, list[str]]:
    """For each column, when a rule of the flow demands it."""
    trovate: dict[str, list[str]] = {}
    for regola in FLUSSO_PRESTAZIONI.regole:
        if regola.gravita != "errore":
            continue
        match regola.controllo:
            case r.Se(condizione, allora):
                for nome in _demandate(allora):
                    trovate.setdefault(nome, []).append("se " + parole(condizione))
            case r.TuttiONessuno(campi):
                for nome in campi:
                    altri = [f"`{altro}`" for altro in campi if altro != nome]
                    trovate.setdefault(nome, []).append("se c'è " + " o ".join(altri))
            case r.Presente(nome):
                trovate.setdefault(nome, []).append("sempre")
    return trovate


def _demandate(controllo: r.Controllo) -> Iterator[str]:
    match controllo:
        case r.Presente(nome):
            yield nome
        case r.E(condizioni):
            for una in condizioni:
                yield from _demandate(una)


def _quando(campo: Campo, demandate: dict[str, list[str]]) -> str:
    pezzi = ["**sempre**"] if campo.obbligatorio else demandate.get(campo.nome, ["no"])
    vuota = _vuota(campo)
    if campo.obbligatorio and isinstance(campo.predefinito, DaTabella):
        return f"{vuota}; obbligatoria se non se ne ricava nulla"
    if vuota and pezzi in (["**sempre**"], ["no"]):
        return f"no: {vuota}"
    return "; ".join([*pezzi, vuota] if vuota else pezzi)


def colonne() -> str:
    """The columns of the table of prestazioni."""
    demandate = richieste()
    return tabella(
        ("colonna", "che cosa contiene", "come si scrive", "obbligatoria", "esempio"),
        (
            (f"`{c.nome}`", c.etichetta, _forma(c), _quando(c, demandate), f"`{esempio(c)}`")
            for c in FLUSSO_PRESTAZIONI.campi
        ),
    )


def codici() -> str:
    """The codes of the prestazioni."""
    noti = FLUSSO_PRESTAZIONI.campi_per_nome["codice_prestazione"].codici or {}
    return tabella(("codice", "denominazione"), ((f"`{c}`", nome) for c, nome in noti.items()))


def regole() -> str:
    """The rules between columns."""
    return tabella(
        ("codice", "colonna", "che cosa fa", "messaggio", "fonte"),
        (
            (
                f"`{regola.codice}`",
                f"`{regola.campo}`",
                {"errore": "tiene fuori la riga", "avviso": "avvisa"}[regola.gravita],
                re.sub(r"\{(\w+)\}", r"*\1*", regola.messaggio),
                regola.fonte,
            )
            for regola in FLUSSO_PRESTAZIONI.regole
        ),
    )


def confronti() -> str:
    """The comparisons of domande, decisions and payments."""
    return tabella(
        ("codice", "come si chiama", "che cosa guarda", "va bene", "non va bene"),
        (
            (
                f"`{confronto.codice}`",
                confronto.titolo,
                confronto.spiegazione,
                in_parole(confronto.valido),
                in_parole(confronto.errato),
            )
            for confronto in CONFRONTI
        ),
    )


# --- commands -----------------------------------------------------------------------------------


def comandi(
    gruppo: click.Group = main, prima: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """All the commands, by their words."""
    for nome, comando in sorted(gruppo.commands.items()):
        if isinstance(comando, click.Group):
            yield from comandi(comando, (*prima, nome))
        else:
            yield " ".join((*prima, nome)), comando


SENZA_AIUTO: Final = {
    ("demo", "--port"): "Porta del web su 127.0.0.1.",
    ("demo", "--tenants"): "La cartella degli ambiti; quella del progetto se manca.",
    ("debito download", "-o"): "Il file da scrivere.",
    ("utente add", "--ruolo"): "Il ruolo: [che cosa consente](ambito.md#chi-può-fare-che-cosa).",
}


def riga_di_comando() -> str:
    """A section for each command."""
    pezzi = []
    for nome, comando in comandi():
        argomenti = [p for p in comando.params if isinstance(p, click.Argument)]
        opzioni = [p for p in comando.params if isinstance(p, click.Option)]
        uso = [f"capofila {nome}", *(_argomento(a) for a in argomenti)]
        uso += [_uso_opzione(o) for o in opzioni if o.required]
        pezzi.append(
            f"### `capofila {nome}`\n\n{_aiuto(comando)}\n\n```text\n{' '.join(uso)}\n```\n"
        )
        if opzioni:
            pezzi.append(
                tabella(
                    ("opzione", "che cosa fa"),
                    (
                        (f"`{_uso_opzione(o)}`", _aiuto_opzione(nome, o))
                        for o in sorted(opzioni, key=lambda o: o.opts[0])
                    ),
                )
            )
    return "\n".join(pezzi)


def _aiuto(comando: click.Command) -> str:
    testo = " ".join((comando.help or "").split())
    if not testo:
        raise ValueError(f"{comando.name}: no help")
    return testo


def _argomento(argomento: click.Argument) -> str:
    nome = (argomento.metavar or argomento.name or "").upper()
    return f"{nome}…" if argomento.nargs == -1 else nome


def _uso_opzione(opzione: click.Option) -> str:
    if opzione.is_flag:
        return opzione.opts[0]
    if isinstance(opzione.type, click.Choice):
        return f"{opzione.opts[0]} {'|'.join(map(str, opzione.type.choices))}"
    return f"{opzione.opts[0]} {(opzione.name or '').upper()}"


def _aiuto_opzione(comando: str, opzione: click.Option) -> str:
    testo = opzione.help or SENZA_AIUTO[comando, opzione.opts[0]]
    predefinito = opzione.default
    if isinstance(predefinito, str | int) and not opzione.is_flag:
        testo += f" Se manca: `{predefinito}`."
    return testo + (" Obbligatoria." if opzione.required else "")


# --- permissions --------------------------------------------------------------------------------

PERMESSI: Final = {
    "accreditamenti.decidi": "registrare gli atti che accreditano, negano, sospendono e revocano",
    "accreditamenti.istruisci": "registrare unità d'offerta e domande; risposte, documenti e valutazione",
    "accreditamenti.vedi": "vedere l'albo degli accreditati, gli atti e le prescrizioni",
    "ambito.vedi": "vedere le pagine che un plugin apre a tutto l'ambito",
    "adempimenti.scrivi": "segnare una scadenza come fatta, aggiungerne una dell'ambito, dire chi avvisare",
    "adempimenti.vedi": "vedere «Da fare oggi», organi, Accordo e scadenze, anche nel calendario",
    "compartecipazione.scrivi": "registrare adozioni, persone, ISEE e servizi; decidere le quote",
    "compartecipazione.vedi": "vedere adozioni, utenti dei servizi, quote e lettere",
    "prestazioni.importa": "importare file di prestazioni e decidere che cosa tenerne",
    "prestazioni.scrivi": "inserire, correggere e togliere prestazioni; domande, decisioni e pagamenti",
    "prestazioni.vedi": "vedere e cercare le prestazioni",
    "minori.scrivi": "inserire, correggere e togliere schede di minori; sapere chi è un minore",
    "minori.vedi": "vedere e cercare le schede dei minori, per pseudonimo",
    "sedute.tieni": "preparare, convocare e verbalizzare le sedute; registrare i voti e gli atti",
    "sedute.vedi": "vedere le sedute convocate, i documenti, i voti e il registro delle deliberazioni",
    "spesa.governa": "aprire le rilevazioni della spesa; termini, proroghe, promemoria, riparti, verifiche",
    "spesa.scrivi": "scrivere, importare e commentare le schede della spesa; passi del comune",
    "spesa.vedi": "vedere le rilevazioni, le schede e l'analisi della spesa sociale",
    "territorio.vedi": "vedere comuni, enti e appartenenze",
    "debito.completezza": "vedere che cosa è stato inserito e inviato, comune per comune",
    "debito.esito": "registrare la risposta del destinatario a un file inviato",
    "debito.esporta": "chiedere un file del debito informativo",
    "debito.scarica": "scaricare un file sigillato",
    "debito.vedi": "vedere i file e i loro manifesti",
    "governo.scrivi": "registrare Accordi, adesioni, modifiche e nomine; pubblicare un organo di più ambiti",
    "governo.vedi": "vedere gli organi (per ora nessuna pagina lo richiede)",
    "graduatorie.governa": "aprire bandi, sorteggiare, approvare e far scorrere le graduatorie",
    "graduatorie.scrivi": "iscrivere, correggere e ritirare le domande di un bando",
    "graduatorie.vedi": "vedere i bandi, le domande e le graduatorie",
    "lavori.riavvia": "riavviare un lavoro non riuscito",
    "lavori.vedi": "vedere i lavori",
    "plugin.vedi": "vedere i plugin attivi",
    "ambito.amministra": "nominare i responsabili dell'invio",
    "confronto.vedi": "vedere che cosa l'ambito ha pubblicato per l'ATS, e chi l'ha letto",
    "conoscenza.vedi": "vedere gli indicatori del territorio e le loro cifre",
    "conoscenza.scrivi": "portare le cifre degli indicatori, scrivere le note, sollecitare chi è in ritardo",
    "confronto.pubblica": "registrare convenzioni con l'ATS; pubblicare, sostituire e ritirare figure",
    "debito.invia": "registrare l'invio di un file, che da allora non si può più cancellare",
    "registro.vedi": "leggere il registro delle operazioni",
    "riparto.approva": "approvare il riparto di un fondo",
    "riparto.vedi": "vedere e provare il riparto dei fondi",
    accessi.ATS: "leggere ciò che gli ambiti hanno pubblicato per l'ATS",
    accessi.PIATTAFORMA: "creare e disattivare gli account e tenere le codifiche, fuori dagli ambiti",
}


def permessi() -> str:
    """What each role may do."""
    ruoli = list(accessi.PERMESSI)
    altri = {accessi.ATS: "analista_ats", accessi.PIATTAFORMA: "amministratore"}
    nomi = dict(NOMI_RUOLO) | {"amministratore": "Amministratore della piattaforma"}
    mancanti = accessi.DI_AMBITO - PERMESSI.keys()
    if mancanti:
        raise KeyError(mancanti)

    def riga(permesso: str) -> Iterator[str]:
        yield f"`{permesso}`"
        yield PERMESSI[permesso]
        for ruolo in (*ruoli, *altri.values()):
            puo = permesso in accessi.PERMESSI.get(ruolo, ()) or altri.get(permesso) == ruolo  # type: ignore[call-overload]
            yield "sì" if puo else ""

    tutti = [*sorted(accessi.DI_AMBITO), *altri]
    return tabella(
        ("permesso", "che cosa consente", *(nomi[ruolo] for ruolo in (*ruoli, *altri.values()))),
        (tuple(riga(permesso)) for permesso in tutti),
    )


# --- settings -----------------------------------------------------------------------------------

SENZA_DOCSTRING: Final = {
    "broker_url": "Valkey (or Redis), such as `redis://:password@host:6379/0`.",
    "s3_endpoint": "Host and port of the object store, without `https://`.",
    "s3_access_key": "Its access key.",
    "s3_secret_key": "Its secret key.",
    "s3_https": "Whether the store is reached by https.",
    "s3_regione": "Its region.",
    "s3_prefisso_bucket": "A bucket is called prefix, hyphen, slug of the ambito.",
    "dimostrazione": "Pages say that data are invented. Set by `capofila demo`; never in production.",
    "carico_massimo_mb": "Largest file that may be uploaded or imported, in MiB.",
    "pool_massimo": "Connections to the database of each web process, for each role.",
    "sessione_ore": "Hours after which a session ends however much it is used.",
    "filoni_lavoro": "Jobs that one worker process runs at the same time.",
}


def _docstring() -> dict[str, str]:
    """The strings under the attributes of `Impostazioni`."""
    modulo = ast.parse(Path(impostazioni.__file__).read_text())
    classe = next(
        n for n in modulo.body if isinstance(n, ast.ClassDef) and n.name == "Impostazioni"
    )
    trovate = {}
    for uno, dopo in zip(classe.body, classe.body[1:], strict=False):
        if isinstance(uno, ast.AnnAssign) and isinstance(dopo, ast.Expr):
            trovate[ast.unparse(uno.target)] = " ".join(ast.literal_eval(dopo.value).split())
    return trovate


def settings() -> str:
    """The settings of a process."""
    note = SENZA_DOCSTRING | _docstring()

    def predefinito(campo: Any) -> str:
        if campo.required:
            return "**required**"
        return {"": "", True: "`true`", False: "`false`"}.get(campo.default, f"`{campo.default}`")

    return tabella(
        ("variable", "default", "meaning"),
        (
            (f"`CAPOFILA_{campo.name.upper()}`", predefinito(campo), note[campo.name])
            for campo in msgspec.structs.fields(Impostazioni)
        ),
    )


# --- putting together ---------------------------------------------------------------------------


def tabella(titoli: Iterable[str], righe: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titoli = tuple(titoli)
    linee = [titoli, tuple("---" for _ in titoli), *righe]
    return "".join(
        "| " + " | ".join(str(cella).replace("|", "\\|") for cella in linea) + " |\n"
        for linea in linee
    )


PARTI: Final[dict[str, Callable[[], str]]] = {
    "colonne": colonne,
    "codici": codici,
    "regole": regole,
    "confronti": confronti,
    "comandi": riga_di_comando,
    "permessi": permessi,
    "settings": settings,
}


def aggiornato(testo: str) -> str:
    """A page with its generated parts made anew."""
    return _PARTE.sub(lambda m: f"{m[1]}\n{PARTI[m[2]]()}\n{m[3]}", testo)


def pagine() -> list[Path]:
    """The pages that have generated parts."""
    return [p for p in sorted((RADICE / "docs").rglob("*.md")) if _PARTE.search(p.read_text())]


if __name__ == "__main__":
    for pagina in pagine():
        vecchia = pagina.read_text()
        nuova = aggiornato(vecchia)
        if nuova != vecchia:
            pagina.write_text(nuova)
            print(pagina.relative_to(RADICE))
