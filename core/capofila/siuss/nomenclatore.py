"""Code lists shared by the two SIUSS flows, and the table of the prestazioni.

Sources: enumerations of the INPS schemas PS_PSA_SINA201812.xsd and SINBA.xsd and technical
specification 2.0.1 of 22/05/2025 (labels shortened in our words); the codes of the prestazioni
from the INPS list used to query the ISEE for a benefit to be granted, from INPS message 1244 of
18/03/2022 and from INPS's published sample flow. Codes that are proved to exist but whose name no
source at hand gives stand without a name: whoever uses one must write the name in the file.
A1.21, A1.22, A2.13, A2.15 and A3.04 onwards are to be loaded from the INPS tables page: they are
not invented here. No source gives the dates of validity; None means always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from capofila.hooks.codifiche import Codifiche, ListaCodici, VoceCodifica
from capofila.hooks.regole import (
    Assente,
    Controllo,
    E,
    InVigore,
    O,
    Presente,
    Regola,
    Se,
    Tra,
    Uno,
)

INPS_LISTA: Final = "INPS, lista delle prestazioni da erogare (interrogazione ISEE)"
INPS_MSG_1244: Final = "INPS, messaggio 1244 del 18/03/2022"
INPS_ESEMPIO: Final = "INPS, flusso di esempio PS-PSA-SINA pubblicato con WaaS"
SISO: Final = "codice in uso nel software SISO 4.10.3 (Regione Umbria); denominazione non reperita"


class Prestazione(msgspec.Struct, frozen=True):
    """A code of the nomenclature of DM 206/2014, with its validity and source.

    Attributes:
        codice: as INPS writes it.
        denominazione: its name; None when no source gave it.
        fonte: where the code was found.
        dal: first day of validity (ISO), None when not known.
        al: last day of validity (ISO), None when still in force.
    """

    codice: str
    denominazione: str | None
    fonte: str
    dal: str | None = None
    al: str | None = None


_DA_LISTA: Final = {
    "A1.01": "Assegno per il nucleo familiare erogati dai comuni",
    "A1.02": "Assegno Maternità erogato dai Comuni",
    "A1.03": "Carta acquisti",
    "A1.04": "Contributi economici a integrazione del reddito familiare",
    "A1.05": "Contributi economici per alloggio",
    "A1.06": "Buoni spesa o buoni pasto",
    "A1.07": "Contributi e integrazioni a rette per asili nido",
    "A1.08": "Contributi e integrazioni a rette per servizi integrativi o innovativi per la prima "
    "infanzia",
    "A1.09": "Contributi economici per i servizi scolastici",
    "A1.10": "Contributi economici per cure o prestazioni sociali a rilevanza sanitaria",
    "A1.11": "Assegnazioni economiche per il sostegno della domiciliarità e dell'autonomia "
    "personale",
    "A1.12": "Contributi e integrazioni a rette per accesso a centri diurni",
    "A1.13": "Contributi e integrazioni a rette per accesso ai servizi semi-residenziali",
    "A1.14": "Contributi e integrazioni a rette per accesso a servizi residenziali",
    "A1.15": "Contributi per servizi alla persona",
    "A1.16": "Contributi economici per servizio trasporto e mobilità",
    "A1.17": "Contributi economici erogati a titolo di prestito/prestiti d'onore",
    "A1.18": "Contributi economici per l'inserimento lavorativo",
    "A1.19": "Borse di studio",
    "A1.20": "Buono vacanze",
    "A2.01": "Mensa sociale",
    "A2.02": "Sostegno socio-educativo territoriale o domiciliare",
    "A2.03": "Prestazioni del diritto allo studio universitario",
    "A2.04": "Agevolazioni per tasse universitarie",
    "A2.05": "Agevolazioni per i servizi di pubblica utilità (telefono, luce, gas)",
    "A2.06": "Agevolazioni tributarie comunali (nettezza urbana, ecc.)",
    "A2.07": "Assistenza domiciliare socio-assistenziale",
    "A2.08": "A.D.I. - Assistenza domiciliare integrata con servizi sanitari",
    "A2.09": "Supporto all'inserimento lavorativo",
    "A2.10": "Servizi integrativi per la prima infanzia",
    "A2.11": "Sostegno socio-educativo scolastico",
    "A2.12": "Mensa scolastica",
    "A3.01": "Strutture semiresidenziali",
    "A3.02": "Strutture residenziali",
    "A3.03": "Asilo Nido",
}

PRESTAZIONI: Final[tuple[Prestazione, ...]] = (
    *(Prestazione(codice, nome, INPS_LISTA) for codice, nome in _DA_LISTA.items()),
    Prestazione("A1.04.03", "Misure delle Province autonome con finalità analoghe al RdC",
                INPS_MSG_1244),
    Prestazione("A1.05.01", "Contributi economici per affitti erogati dai Comuni a valere sul "
                "Fondo nazionale sostegno locazioni (L.431/98) non cumulabili con quota b RdC",
                INPS_MSG_1244),
    Prestazione("A1.23", None, SISO),
    Prestazione("A2.14", None, SISO),
    Prestazione("A2.16", "Interventi di supporto per reperimento alloggi", INPS_ESEMPIO),
    *(Prestazione(f"A2.{n}", None, SISO) for n in range(17, 30)),
)  # fmt: skip
"""The seed of the table. An installation adds to it by data, see `flusso_prestazioni`.

Z9.99 is left out: INPS admits it to query an ISEE, not as a benefit granted.
"""


def tavola(prestazioni: Iterable[Prestazione]) -> dict[str, str]:
    """Codes and labels; a code without a name says so."""
    return {p.codice: p.denominazione or "(denominazione da caricare)" for p in prestazioni}


def denominazioni(prestazioni: Iterable[Prestazione]) -> dict[str, str]:
    """Codes and names, of the codes that have one."""
    return {p.codice: p.denominazione for p in prestazioni if p.denominazione}


def della_famiglia(codici: Iterable[str], capostipiti: Iterable[str]) -> tuple[str, ...]:
    """The codes given, and those of a table that specify one of them (A2.16.01 is an A2.16)."""
    capi = tuple(capostipiti)
    prefissi = tuple(f"{codice}." for codice in capi)
    return tuple(dict.fromkeys((*capi, *(c for c in codici if c.startswith(prefissi)))))


SI_NO_INPS: Final[Mapping[str, str]] = {"si": "1", "no": "2"}


LISTA_REGIONI: Final = "siuss-regioni"

_REGIONI: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("01", "Abruzzo", ("066", "067", "068", "069")),
    ("02", "Basilicata", ("076", "077")),
    ("03", "Provincia autonoma di Bolzano", ("021",)),
    ("04", "Calabria", ("078", "079", "080", "101", "102")),
    ("05", "Campania", ("061", "062", "063", "064", "065")),
    ("06", "Emilia-Romagna", ("033", "034", "035", "036", "037", "038", "039", "040", "099")),
    ("07", "Friuli-Venezia Giulia", ("030", "031", "032", "093")),
    ("08", "Lazio", ("056", "057", "058", "059", "060")),
    ("09", "Liguria", ("008", "009", "010", "011")),
    ("10", "Lombardia", ("012", "013", "014", "015", "016", "017", "018", "019", "020", "097", "098", "108")),
    ("11", "Marche", ("041", "042", "043", "044", "109")),
    ("12", "Molise", ("070", "094")),
    ("13", "Piemonte", ("001", "002", "003", "004", "005", "006", "096", "103")),
    ("14", "Puglia", ("071", "072", "073", "074", "075", "110")),
    ("15", "Sardegna", ("090", "091", "092", "095", "104", "105", "106", "107", "111")),
    ("16", "Sicilia", ("081", "082", "083", "084", "085", "086", "087", "088", "089")),
    ("17", "Toscana", ("045", "046", "047", "048", "049", "050", "051", "052", "053", "100")),
    ("18", "Provincia autonoma di Trento", ("022",)),
    ("19", "Umbria", ("054", "055")),
    ("20", "Valle d'Aosta", ("007",)),
    ("21", "Veneto", ("023", "024", "025", "026", "027", "028", "029")),
)  # fmt: skip
"""Number, name and provinces (first three digits of the ISTAT codes of their comuni) of the regions,
as far as the sources let us suppose; an installation corrects them (`lista_regioni`)."""

_REGIONI_SUPPOSTE: Final = (
    "La specifica di INPS chiede la «codifica DM 1986», che non è quella di ISTAT (dove la Lombardia "
    "è 03), e rimanda a una tabella dell’Agenzia delle Entrate che le fonti a disposizione non "
    "riportano. I numeri sono ricostruiti dall’ordine alfabetico delle regioni e delle due province "
    "autonome; i due flussi di esempio di INPS (provincia 068, regione 01) concordano, ma della "
    "Lombardia non dicono nulla. Da confermare con INPS prima del primo invio."
)

LOMBARDE: Final = (
    "012", "013", "014", "015", "016", "017", "018", "019", "020", "097", "098", "108",
)  # fmt: skip
"""The provinces of Lombardia (ISTAT): the region of the ambiti, which labels and messages name."""
LOMBARDIA_ISTAT: Final = "03"
"""What ISTAT calls Lombardia: the number that people write by habit."""


class Regioni(msgspec.Struct, frozen=True):
    """The regions in INPS's numbering, day by day.

    Attributes:
        tabelle: from a day (ISO; the first is empty, for always) on, the region by the first three
            digits of an ISTAT comune code. A province that has several on one day has none.
    """

    tabelle: tuple[tuple[str, Mapping[str, str]], ...]

    @property
    def prima(self) -> Mapping[str, str]:
        """The table before any change."""
        return self.tabelle[0][1]

    @property
    def periodi(self) -> tuple[tuple[str, str, Mapping[str, str]], ...]:
        """First and last day (ISO, empty where open) of each table."""
        fini = [_giorno(dal, -1) for dal, _ in self.tabelle[1:]]
        return tuple(
            (dal, al, tavola)
            for (dal, tavola), al in zip(self.tabelle, [*fini, ""], strict=True)
        )  # fmt: skip

    @property
    def della_lombardia(self) -> tuple[str, ...]:
        """The numbers of Lombardia, in the order of time."""
        return tuple(
            dict.fromkeys(
                tavola[p] for _, tavola in self.tabelle for p in LOMBARDE if p in tavola
            )
        )  # fmt: skip

    def lombardia(self, prima: str, dopo: str = "") -> str:
        """What is said of the number of Lombardia, between two texts; nothing where it has none.

        >>> Regioni((("", {"019": "10"}), ("2027-01-01", {"019": "03"}))).lombardia(": ")
        ': la Lombardia è 10, poi 03'
        """
        numeri = self.della_lombardia
        if not numeri:
            return ""
        return f"{prima}la Lombardia è {', poi '.join(numeri)}{dopo}"

    @property
    def esempio(self) -> tuple[str, str, str] | None:
        """A comune, of Lombardia if it can be, its region and the first day; None in an empty list."""
        for dal, tavola in reversed(self.tabelle):
            for provincia in ("019", *LOMBARDE, *tavola):
                if provincia in tavola:
                    return f"{provincia}035", tavola[provincia], dal
        return None


def regioni_in_vigore(codifiche: Codifiche | None) -> Regioni:
    """The regions of an installation, or those of the program.

    Args:
        codifiche: the lists in force; a code of theirs is the province and the region, 019-10.
    """
    voci = (codifiche or {}).get(LISTA_REGIONI)
    if voci is None:
        voci = lista_regioni().voci
    giorni = {""} | {v.dal for v in voci if v.dal} | {_giorno(v.al, 1) for v in voci if v.al}
    tabelle: list[tuple[str, Mapping[str, str]]] = []
    for giorno in sorted(giorni):
        trovate: dict[str, set[str]] = {}
        for voce in voci:
            if (voce.dal or "") <= giorno and (not voce.al or giorno <= voce.al):
                provincia, _, regione = voce.codice.partition("-")
                trovate.setdefault(provincia, set()).add(regione)
        tavola = {p: next(iter(sue)) for p, sue in trovate.items() if len(sue) == 1}
        if not tabelle or tabelle[-1][1] != tavola:
            tabelle.append((giorno, tavola))
    return Regioni(tuple(tabelle))


def _giorno(iso: str, piu: int) -> str:
    return (date.fromisoformat(iso) + timedelta(days=piu)).isoformat()


# --- lists that an installation keeps -------------------------------------------------------------

LISTA_PRESTAZIONI: Final = "siuss-prestazioni"
FORMA_PRESTAZIONE: Final = r"[A-Z][0-9]\.[0-9]{2}(\.[0-9]{2})?"

_NELLO_SCHEMA: Final = (
    "I codici di questa lista stanno nello schema di INPS: aggiungine uno solo se INPS ne ha "
    "pubblicato uno nuovo, altrimenti il file sarà respinto."
)


def lista_prestazioni() -> ListaCodici:
    """The nomenclature, as far as the sources give it."""
    return ListaCodici(
        id=LISTA_PRESTAZIONI,
        denominazione="Prestazioni sociali (nomenclatore del DM 206/2014)",
        fonte="DM 16/12/2014 n. 206, tabella 1; tabelle pubblicate da INPS per il SIUSS",
        voci=tuple(
            VoceCodifica(p.codice, p.denominazione, p.fonte, p.dal, p.al) for p in PRESTAZIONI
        ),
        forma=FORMA_PRESTAZIONE,
        etichetta=(10, 200),
        nota="Dei codici senza denominazione si sa che esistono, ma nessuna fonte a disposizione "
        "dice come si chiamano: vanno caricati dalle tabelle di INPS. Finché mancano, chi li usa "
        "scrive la denominazione nel file.",
    )


def lista_regioni() -> ListaCodici:
    """The regions, as far as the sources let us suppose."""
    fonte = (
        "INPS, specifica tecnica WaaS 2.0.1 del 22/05/2025, tabella 7 e nota 2 (numero supposto); "
        "ISTAT, codici delle province"
    )
    return ListaCodici(
        id=LISTA_REGIONI,
        denominazione="Regione di residenza nella numerazione di INPS, per provincia",
        fonte="INPS (codifica DM 1986) per le regioni; ISTAT per le province",
        voci=tuple(
            VoceCodifica(f"{provincia}-{numero}", nome, fonte)
            for provincia, numero, nome in sorted(
                (provincia, numero, nome)
                for numero, nome, province in _REGIONI
                for provincia in province
            )
        ),
        forma="[0-9]{3}-[0-9]{2}",
        supposta=_REGIONI_SUPPOSTE,
        nota="Ogni codice è una provincia (le prime tre cifre del codice ISTAT dei suoi comuni), un "
        "trattino e il numero che INPS dà alla sua regione: 019-10 dice che Cremona sta nella regione "
        "10. Se il numero cambia, chiudi il codice nel suo ultimo giorno e aggiungi quello nuovo dal "
        "giorno dopo; se era sbagliato, ritiralo e aggiungi quello giusto. Una provincia con due "
        "numeri validi nello stesso giorno non ne ha nessuno: la regione va scritta a mano.",
    )


LISTA_IN_CARICO: Final = "siuss-solo-in-carico"
LISTA_CON_SINA: Final = "siuss-con-sina"
LISTA_CON_EVENTO: Final = "siuss-con-data-evento"

_COME_LE_PRESTAZIONI: Final = "(denominazione da caricare nelle prestazioni)"


def _lista_di_prestazioni(
    id_: str, denominazione: str, fonte: str, codici: Iterable[str], supposta: str = ""
) -> ListaCodici:
    nomi = denominazioni(PRESTAZIONI)
    return ListaCodici(
        id=id_,
        denominazione=denominazione,
        fonte=fonte,
        voci=tuple(
            VoceCodifica(codice, nomi.get(codice, _COME_LE_PRESTAZIONI), fonte) for codice in codici
        ),
        forma=FORMA_PRESTAZIONE,
        supposta=supposta,
        nota="Un codice vale anche per quelli che lo specificano (A2.16 anche per A2.16.01). Un codice "
        "che si toglie da qui resta fra le prestazioni: soltanto, il controllo non lo guarda più.",
    )


def lista_solo_in_carico() -> ListaCodici:
    """The services that enter the Casellario only for whoever is in charge of the social service."""
    return _lista_di_prestazioni(
        LISTA_IN_CARICO,
        "Prestazioni che si comunicano solo per chi è preso in carico",
        "nomenclatore del DM 206/2014, nota ai codici da A2.16 a A2.29 riportata da SISO 4.10.3",
        (f"A2.{n}" for n in range(16, 30)),
    )


def lista_con_sina() -> ListaCodici:
    """The prestazioni that go with an evaluation of the person."""
    return _lista_di_prestazioni(
        LISTA_CON_SINA,
        "Prestazioni che si accompagnano alla valutazione SINA",
        "SISO 4.10.3 (Regione Umbria), codici; facoltativa per INPS",
        (
            "A1.04", "A1.10", "A1.11", "A1.12", "A1.13", "A1.14", "A1.15", "A1.16", "A1.23",
            "A2.07", "A2.08", "A2.14", "A2.20", "A2.21", "A3.02",
        ),
        "L'elenco è quello di un altro programma, che senza valutazione non manda queste prestazioni "
        "per persone con disabilità o non autosufficienti in carico. INPS non ne pubblica uno.",
    )  # fmt: skip


def lista_con_evento() -> ListaCodici:
    """The prestazioni that want the date of the event, which is the day of cash."""
    return _lista_di_prestazioni(
        LISTA_CON_EVENTO,
        "Prestazioni che vogliono la data dell'evento",
        f"{INPS_MSG_1244} (codice); SISO 4.10.3 (data)",
        ("A1.05.01",),
        "Che la data serva lo dice un altro programma, che senza non manda la prestazione; per INPS è "
        "facoltativa.",
    )


def lista_dello_schema(id_: str, nome: str, codici: Mapping[str, str], fonte: str) -> ListaCodici:
    """A code list that the INPS schema fixes."""
    return ListaCodici(
        id=id_,
        denominazione=nome,
        fonte=fonte,
        voci=tuple(VoceCodifica(codice, etichetta, fonte) for codice, etichetta in codici.items()),
        forma="[0-9]{1,2}",
        nota=_NELLO_SCHEMA,
    )


def prestazioni_in_vigore(codifiche: Codifiche) -> tuple[Prestazione, ...]:
    """The table of prestazioni of an installation."""
    voci = codifiche.get(LISTA_PRESTAZIONI)
    if voci is None:
        return PRESTAZIONI
    return tuple(Prestazione(v.codice, v.etichetta, v.fonte, v.dal, v.al) for v in voci)


def codici_della_lista(voci: Iterable[VoceCodifica]) -> dict[str, str]:
    """Codes and labels; a code without a name says so."""
    return {v.codice: v.etichetta or "(da caricare)" for v in voci}


def della_lista(
    codici: Iterable[str], voci: Iterable[VoceCodifica], giorni: tuple[str, ...]
) -> Controllo:
    """The condition that the prestazione is in a list, or specifies one that is, on the day.

    Args:
        codici: all the prestazioni.
        voci: the list in force.
        giorni: the fields of the day, in the order in which they are looked at.
    """
    codici, voci = tuple(codici), tuple(voci)
    tutti = della_famiglia(codici, (voce.codice for voce in voci))
    campo = "codice_prestazione"
    periodi = {
        codice: (voce.dal or "", voce.al or "")
        for voce in sorted(voci, key=lambda voce: len(voce.codice))
        if voce.dal or voce.al
        for codice in della_famiglia(codici, (voce.codice,))
    }
    nella_lista = Uno(campo, tutti)
    return E((nella_lista, InVigore(campo, giorni, periodi))) if periodi else nella_lista


def regola_in_vigore(
    codice: str, campo: str, giorni: tuple[str, ...], voci: Iterable[VoceCodifica]
) -> Regola | None:
    """The rule that a code must be in force on the day; None when all are, always.

    Args:
        codice: of the rule.
        campo: the field.
        giorni: the fields of the day, in the order in which they are looked at.
        voci: the list in force.
    """
    periodi = {v.codice: (v.dal or "", v.al or "") for v in voci if v.dal or v.al}
    if not periodi:
        return None
    esempio, (dal, al) = next(iter(periodi.items()))
    return Regola(
        codice, campo, InVigore(campo, giorni, periodi), "errore",
        f"il codice {{{campo}}} non è in vigore nel giorno della prestazione: scegliere quello che "
        "valeva allora, oppure correggere la data",
        "date di validità della tabella dei codici di questa installazione",
        {campo: esempio, giorni[0]: dal or al},
        {campo: esempio, giorni[0]: "2100-12-31" if al else "1900-01-01"},
    )  # fmt: skip


def nel_tempo(
    regioni: Regioni, giorni: tuple[str, ...], controllo: Callable[[Mapping[str, str]], Controllo]
) -> Controllo:
    """A condition on a table of regions, each time on the one of the day.

    Args:
        regioni: the tables.
        giorni: the fields of the day, in the order in which they are looked at; a record without any
            is held to the first table.
        controllo: the condition on a table.
    """
    if len(regioni.tabelle) == 1:
        return controllo(regioni.prima)
    termini = [
        Se(O(tuple(_del_periodo(giorni, dal, al))), controllo(tavola))
        for dal, al, tavola in regioni.periodi
        if tavola
    ]
    return E(tuple(termini))


def _del_periodo(giorni: tuple[str, ...], dal: str, al: str) -> list[Controllo]:
    primo: list[Controllo] = [] if dal else [E(tuple(Assente(giorno) for giorno in giorni))]
    return primo + [
        E((
            *(Assente(prima) for prima in giorni[:n]), Presente(giorno),
            Tra(giorno, dal or "0000-01-01", al or "9999-12-31"),
        ))
        for n, giorno in enumerate(giorni)
    ]  # fmt: skip
