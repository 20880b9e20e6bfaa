"""Where a prestazione belongs: its ente erogatore, its comune titolare, its year.

The rules of the record itself are declared by the flow. These depend on the ambito: an ente is
one of its enti, a comune is a member on the day of the prestazione, and whoever works for one
comune brings in that comune's rows only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from capofila.hooks import ErroreRiga, Flusso, LottoPreparato
from capofila.hooks.tracciati import cella_csv
from capofila.territorio.rules import Ente, MappaEnti

Periodo = tuple[date | None, date | None]

GIORNI: Final = ("data_inizio", "data_erogazione", "data_evento")
"""The day of a record is the first of these that it has."""
SENZA_ANNO: Final = "0"
"""The year of a record without a day: only one that is kept as received."""

FONTE: Final = "prestazioni"
"""What a flow that is fed by the prestazioni declares as its `fonte`."""
FONTE_MINORI: Final = "sinba"
"""What the flow of the minors in charge declares."""


def flusso_principale(flussi: Mapping[str, Flusso]) -> Flusso | None:
    """The flow by which prestazioni come in and are stored; None when no active plugin has one."""
    return next((f for f in flussi.values() if f.principale and f.fonte == FONTE), None)


def flusso_minori(flussi: Mapping[str, Flusso]) -> Flusso | None:
    """The flow by which records of minors come in and are stored; None when none is active."""
    return next((f for f in flussi.values() if f.principale and f.fonte == FONTE_MINORI), None)


class Riferimenti:
    """What the rows of a file may refer to."""

    def __init__(
        self,
        enti: MappaEnti,
        comuni: Mapping[str, Sequence[Periodo]],
        solo_comune: str | None = None,
    ) -> None:
        self.comuni = comuni
        self.solo_comune = solo_comune
        self._enti = enti

    def ente(self, testo: str) -> Ente | None:
        """The ente of that Belfiore code or name, however capitalised and spaced."""
        return self._enti.cerca(testo)

    def membro(self, belfiore: str, giorno: str | None) -> bool:
        """Whether the comune belongs to the ambito on that day (ISO), or ever when none is given."""
        periodi = self.comuni.get(belfiore)
        if not periodi:
            return False
        if giorno is None:
            return True
        quando = date.fromisoformat(giorno)
        return any(
            (dal is None or dal <= quando) and (al is None or quando <= al) for dal, al in periodi
        )

    def sempre_membri(self, comuni: Iterable[str | None], giorni: Iterable[str | None]) -> bool:
        """Whether all these comuni belong to the ambito on all these days: asked for a whole lot."""
        scritti = sorted({*giorni} - {None})  # type: ignore[type-var]
        primo, ultimo = (scritti[0], scritti[-1]) if scritti else (None, None)
        for comune in {*comuni} - {None}:
            dentro = any(
                (dal is None or (primo is not None and dal.isoformat() <= primo))
                and (al is None or (ultimo is not None and ultimo <= al.isoformat()))
                for dal, al in self.comuni.get(comune or "", ())
            )
            if not dentro:
                return False
        return True

    @staticmethod
    def anno_flusso(intestazione: Mapping[str, str] | None, ricevuto: date) -> int:
        """The year of a flow whose records have no date of their own: that of the day in its name.

        The rule is {ente}.{tipo}.{AAAAMMGG}.{progressivo}; a name that does not follow it may still
        say a day. When it does not, the flow is of the year it was received in, so that its records
        come out with that year's.
        """
        nome = (intestazione or {}).get("nome", "")
        for trovato in _GIORNO_NEL_NOME.finditer(nome):
            try:
                giorno = date(*map(int, trovato.groups()))
            except ValueError:
                continue
            if giorno <= ricevuto:
                return giorno.year
        return ricevuto.year


_GIORNO_NEL_NOME: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_]?(\d\d)[-_]?(\d\d)(?!\d)", re.ASCII
)


class Collocazione:
    """Finds place for the rows of one lot.

    Attributes:
        buone: positions of the rows that can be stored.
    """

    def __init__(
        self, riferimenti: Riferimenti, ente: Ente | None = None, come_ricevuto: bool = False
    ) -> None:
        self._riferimenti = riferimenti
        self._ente = ente
        self._come_ricevuto = come_ricevuto
        self._colonne: dict[str, list[str | None]] = {}
        self.buone: list[int] = []

    def colonna(self, nome: str, lotto: LottoPreparato) -> Sequence[str | None]:
        """A column to store: ours where we found it, else the flow's."""
        trovata = self._colonne.get(nome)
        if trovata is not None:
            return trovata
        return lotto.colonne.get(nome) or [None] * len(lotto)

    def colloca(self, lotto: LottoPreparato) -> list[ErroreRiga]:
        """Resolve enti, comuni and years; returns what does not fit this ambito."""
        errori: list[ErroreRiga] = []
        # A record of a minor has no day: its comune need only have been of the ambito.
        competenza: list[str | None] = (
            _prima_presente(*(lotto.colonne[giorno] for giorno in GIORNI))
            if "data_inizio" in lotto.colonne
            else [None] * len(lotto)
        )
        enti = self._enti(lotto, errori)
        titolari = self._titolari(lotto, competenza, errori)
        if lotto.tagliate and errori:
            # The years of a row that was cut share its faults: each is said once.
            errori = [*{(errore.riga, errore.codice): errore for errore in errori[::-1]}.values()]
        fuori = {errore.riga for errore in errori}
        self._colonne = {
            "competenza": competenza,
            "anno": list(lotto.colonne["anno"])
            if "anno" in lotto.colonne
            else [c[:4] if c else SENZA_ANNO for c in competenza],
            "ente_erogatore_id": enti,
            "comune_titolare": titolari,
        }
        if self._come_ricevuto and "data_inizio" in lotto.colonne:
            self._completa_ricevuti(lotto)
        self.buone = lotto.buone
        if fuori and not self._come_ricevuto:
            self.buone = [i for i in self.buone if lotto.numeri[i] not in fuori]
        return errori

    def _enti(self, lotto: LottoPreparato, errori: list[ErroreRiga]) -> list[str | None]:
        if self._ente is not None:
            return [str(self._ente.id)] * len(lotto)
        valori = lotto.colonne["ente_erogatore"]
        memoria: dict[str | None, str | None] = {None: None}
        for testo in {*valori} - {None}:
            assert testo is not None
            ente = self._riferimenti.ente(testo)
            memoria[testo] = None if ente is None else str(ente.id)
        esito = [memoria[testo] for testo in valori]
        if None in esito:
            errori.extend(
                ErroreRiga(lotto.numeri[i], "ente_erogatore", testo, "ente_fuori_ambito",
                           "Questo ente non è tra quelli dell'ambito: scrivi il suo codice "
                           "Belfiore o il nome come nella pagina Territorio.")
                for i, testo in enumerate(valori)
                if testo is not None and esito[i] is None
            )  # fmt: skip
        return esito

    def _titolari(
        self, lotto: LottoPreparato, competenza: Sequence[str | None], errori: list[ErroreRiga]
    ) -> list[str | None]:
        valori: list[str | None] = list(lotto.colonne.get("comune_titolare") or ())
        if self._ente is not None and (not valori or not any(valori)):
            valori = [self._ente.codice or ""] * len(lotto)
            if self._come_ricevuto:
                return valori
        solo = self._riferimenti.solo_comune
        if solo is None and self._riferimenti.sempre_membri(valori, competenza):
            return valori
        difetti = {
            coppia: difetto
            for coppia in {*zip(valori, competenza, strict=True)}
            if coppia[0] is not None
            and (difetto := self._difetto_titolare(coppia[0], coppia[1], solo))
        }
        if difetti:
            for i, coppia in enumerate(zip(valori, competenza, strict=True)):
                if coppia in difetti:
                    errori.append(
                        ErroreRiga(lotto.numeri[i], "comune_titolare", coppia[0] or "",
                                   "comune_fuori_ambito", difetti[coppia])
                    )  # fmt: skip
        return valori

    def _difetto_titolare(self, belfiore: str, giorno: str | None, solo: str | None) -> str:
        if solo is not None and belfiore != solo:
            return "Puoi importare solo le prestazioni del tuo comune: togli questa riga."
        if not self._riferimenti.membro(belfiore, giorno):
            quando = "" if giorno is None else f" il {giorno[8:10]}/{giorno[5:7]}/{giorno[:4]}"
            return (
                f"Questo comune non fa parte dell'ambito{quando}: controlla il codice Belfiore e "
                "la data della prestazione."
            )
        return ""

    def _completa_ricevuti(self, lotto: LottoPreparato) -> None:
        """What a record kept as received must have to be stored, even when it was unreadable."""
        for nome in (
            "codice_fiscale",
            "cognome",
            "nome",
            "codice_prestazione",
            "protocollo_domanda",
        ):
            self._colonne[nome] = [v or "?" for v in lotto.colonne[nome]]
        self._colonne["tipo_operazione"] = [v or "I" for v in lotto.colonne["tipo_operazione"]]


def _prima_presente(*colonne: Sequence[str | None]) -> list[str | None]:
    """Row by row, the value of the first column that has one."""
    esito = list(colonne[0])
    for colonna in colonne[1:]:
        if None not in esito:
            break
        esito = [a or b for a, b in zip(esito, colonna, strict=True)]
    return esito


def vicino(nome: str, noti: Iterable[str]) -> str:
    """A hint at the known column that was perhaps meant."""
    simili = difflib.get_close_matches(nome.strip().lower(), list(noti), n=1, cutoff=0.8)
    return f" Forse intendevi «{simili[0]}»." if simili else ""


_CELLE_ERRORE: Final = ("riga", "colonna", "valore", "codice", "messaggio")


def file_errori(errori: Iterable[Mapping[str, object]]) -> bytes:
    """The errors as a CSV for the spreadsheet; what it would run as a formula is made harmless."""
    righe = [_CELLE_ERRORE, *([str(e[nome]) for nome in _CELLE_ERRORE] for e in errori)]
    testo = "".join(";".join(map(cella_csv, riga)) + "\r\n" for riga in righe)
    return ("\ufeff" + testo).encode()
