"""What has not been delivered, by whom, and the reminders: rows of an outbox, sent by a job.

Who gives an indicator is what the ambito says, or the holder that the catalogue knows; where neither says,
nobody can be written to. Where it is the comuni, each is written to by itself. The job names a year; to
whom it writes is in the tables of its ambito.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from email.message import EmailMessage
from typing import Any, Final

import msgspec

from capofila.accessi.service import registra
from capofila.base import posta, promemoria
from capofila.base.attivazioni import oggi
from capofila.base.database import unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.base.impostazioni import impostazioni
from capofila.base.lavori import Compito, lavoro, richiedi
from capofila.base.promemoria import Chiesti, Ultimo
from capofila.conoscenza.catalogo import PARTI, Catalogo, catalogo, dell_allegato
from capofila.conoscenza.rules import AMBITO, PROVINCIA, Valore, fine, lo_da_ogni_comune
from capofila.conoscenza.valori import Luoghi, incarichi, luoghi, ufficio_di_piano, valori
from capofila.hooks import Indicatore
from capofila.spesa import service as spesa
from capofila.territorio import service as territorio

TIPO: Final = "conoscenza.promemoria"
NOME_MASSIMO: Final = 120
COMUNE_DI: Final = "Comune di "


class Attesa(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator that somebody is to give, in a year.

    Attributes:
        titolare: who; None where nobody says.
        dati: how many figures are here, one of each part of the year that is over, and of each comune
            where it is given of comuni.
        attesi: how many there should be.
        mancano: the comuni without a figure, by ISTAT code, with the parts that each lacks; empty
            where it is not awaited of comuni.
    """

    indicatore: Indicatore
    titolare: str | None
    dati: int
    attesi: int
    mancano: Mapping[str, tuple[str, ...]] = {}

    @property
    def consegnato(self) -> bool:
        """Whether nothing of it is missing."""
        return self.dati >= self.attesi


def attese(
    noto: Catalogo, dove: Luoghi, dati: Sequence[Valore], incarichi: Mapping[str, str], giorno: date
) -> list[Attesa]:
    """Every indicator that is given by somebody (neither divided nor computed), and how much of it is here.

    A figure of the ambito or of its province stands for the whole; where there is none, one of each
    comune is awaited, if some of them have it, the source wants it of them or they are who gives it. Of
    the parts of a year those are awaited that are over on a day.
    """
    presenti: dict[str, set[tuple[str, str]]] = {}
    for uno in dati:
        if uno.anno == dove.anno:
            presenti.setdefault(uno.codice, set()).add((uno.parte, uno.territorio))
    trovate = []
    for indicatore in noto.per_codice.values():
        if indicatore.specie != "elementare":
            continue
        titolare = incarichi.get(indicatore.codice, indicatore.titolare)
        celle = presenti.get(indicatore.codice, set())
        di_comuni = indicatore.livelli == ("comune",) or (
            indicatore.ammette("comune")
            and (lo_da_ogni_comune(titolare) or any(t in dove.comuni for _, t in celle))
        )
        arrivate = attesi = 0
        mancano: dict[str, tuple[str, ...]] = {}
        for parte in noto.parti(indicatore.codice):
            if parte and fine(dove.anno, parte) >= giorno:
                continue
            if di_comuni and not celle & {(parte, AMBITO), (parte, PROVINCIA)}:
                con = [i for i in dove.comuni if (parte, i) in celle]
                arrivate, attesi = arrivate + len(con), attesi + len(dove.comuni)
                mancano |= {
                    i: (*mancano.get(i, ()), parte) for i in dove.comuni if (parte, i) not in celle
                }
            else:
                attesi += 1
                arrivate += bool(celle & {(parte, AMBITO), (parte, PROVINCIA)})
        if attesi:
            trovate.append(
                Attesa(indicatore=indicatore, titolare=titolare, dati=arrivate, attesi=attesi, mancano=mancano)
            )  # fmt: skip
    return trovate


def destinatari(quali: Iterable[Attesa], dove: Luoghi) -> dict[str, list[Attesa]]:
    """Who is late, by name, with what he has not given; each comune by its own."""
    trovati: dict[str, list[Attesa]] = {}
    for una in quali:
        if una.consegnato or not una.titolare:
            continue
        if lo_da_ogni_comune(una.titolare):
            for istat in una.mancano:
                trovati.setdefault(f"{COMUNE_DI}{dove.comuni[istat].nome}", []).append(una)
        else:
            trovati.setdefault(una.titolare, []).append(una)
    return trovati


async def dell_anno(anno: int, noto: Catalogo | None = None) -> list[Attesa]:
    """What is awaited of a year, delivered or not."""
    noto = noto or await catalogo()
    ufficio_di_piano()
    return attese(noto, await luoghi(anno), await valori([anno]), await incarichi(), oggi())


async def incarica(codice: str, titolare: str, frequenza: str = "") -> None:
    """Say who gives an indicator and how often; what is empty is left to the catalogue.

    Raises:
        NonTrovato: no such indicator.
        DatiNonValidi: a name too short or too long, a frequency where there can be none.
        Conflitto: there are figures of another frequency.
    """
    unita, nome, noto = ufficio_di_piano(), " ".join(titolare.split()), await catalogo()
    uno = noto.uno(codice)
    if nome and not 2 <= len(nome) <= NOME_MASSIMO:
        raise DatiNonValidi(f"Il nome dell'ente va da 2 a {NOME_MASSIMO} caratteri.")
    if frequenza:
        parti = PARTI.get(frequenza)  # type: ignore[call-overload]
        if parti is None:
            raise DatiNonValidi("Scegliere ogni quanto si dà fra le frequenze dell'elenco.")
        if not puo_avere_frequenza(noto, uno):
            raise DatiNonValidi("Di questo indicatore non si può dire ogni quanto si dà.")
    else:
        parti = PARTI["annuale"] if puo_avere_frequenza(noto, uno) else noto.parti(codice)
    if await unita.valore(
        "SELECT EXISTS (SELECT 1 FROM valore_indicatore WHERE ambito_id = $1 AND codice = $2 "
        "AND parte <> ALL ($3::text[]))",
        unita.ambito, codice, [*parti],
    ):  # fmt: skip
        raise Conflitto(
            "Ci sono già cifre date per altri periodi: toglile prima di cambiare ogni quanto si dà."
        )
    await unita.esegui(
        "DELETE FROM incarico_indicatore WHERE ambito_id = $1 AND codice = $2", unita.ambito, codice
    )
    if nome or frequenza:
        await unita.esegui(
            "INSERT INTO incarico_indicatore (codice, titolare, frequenza) VALUES ($1, $2, $3)",
            codice, nome or None, frequenza or None,
        )  # fmt: skip
    await registra("conoscenza.incarica", "incarico_indicatore", codice)


def puo_avere_frequenza(noto: Catalogo, uno: Indicatore) -> bool:
    """Whether the ambito may say how often: the source does not, and it is no term of a ratio."""
    della_fonte = next((u for u in dell_allegato() if u.codice == uno.codice), None)
    detta = uno.frequenza if della_fonte is None else della_fonte.frequenza
    termini = {t for u in noto.per_codice.values() for t in (u.sopra, u.sotto)}
    return uno.specie == "elementare" and detta is None and uno.codice not in termini


async def recapiti() -> dict[str, str]:
    """The addresses that are held, by holder; of a comune, that for the spending where it has no other."""
    comuni = (await territorio.mappa_comuni()).per_belfiore
    della_spesa = {
        f"{COMUNE_DI}{comuni[c].nome}": email
        for c, email in (await spesa.recapiti()).items()
        if c in comuni
    }
    return {**della_spesa, **await promemoria.leggi(promemoria.INDICATORI)}


async def scrivi_recapiti(nuovi: Mapping[str, str]) -> None:
    """Keep the address of each holder that is named; an empty one is forgotten.

    Raises:
        DatiNonValidi: an address that is none.
    """
    ufficio_di_piano()
    await promemoria.scrivi(promemoria.INDICATORI, nuovi)
    await registra("conoscenza.recapiti", "recapito_indicatori", None, titolari=len(nuovi))


async def chiedi(anno: int) -> Chiesti:
    """Ask that whoever has not delivered be written to, once a day each.

    Raises:
        Conflitto: this platform sends no e-mail.
    """
    unita = ufficio_di_piano()
    promemoria.esigi_la_posta()
    noti = await recapiti()
    in_ritardo = sorted(destinatari(await dell_anno(anno), await luoghi(anno)))
    quanti = 0
    for titolare in in_ritardo:
        if titolare in noti:
            tag = await unita.esegui(
                "INSERT INTO promemoria_indicatori (titolare, anno, giorno) VALUES ($1, $2, $3) "
                "ON CONFLICT (ambito_id, titolare, anno, giorno) DO NOTHING",
                titolare, anno, oggi(),
            )  # fmt: skip
            quanti += int(tag.split()[-1])
    if quanti:
        await richiedi(TIPO, {"anno": anno}, totale=quanti)
        await registra(
            "conoscenza.promemoria", "promemoria_indicatori", None, anno=anno, titolari=quanti
        )
    return Chiesti(quanti=quanti, senza_recapito=tuple(t for t in in_ritardo if t not in noti))


async def ultimi(anno: int) -> dict[str, Ultimo]:
    """The last reminder about a year, by holder."""
    unita = unita_corrente()
    return {
        r["titolare"]: Ultimo(giorno=r["giorno"], stato=r["stato"])
        for r in await unita.righe(
            "SELECT DISTINCT ON (titolare) titolare, giorno, stato FROM promemoria_indicatori "
            "WHERE ambito_id = $1 AND anno = $2 ORDER BY titolare, giorno DESC",
            unita.ambito, anno,
        )
    }  # fmt: skip


@lavoro(TIPO, tentativi=5, uno_per_ambito=True)
async def invia(compito: Compito) -> dict[str, Any]:
    """Send the reminders of a year that wait. Run again, it sends those that were not sent.

    Raises:
        ServizioNonDisponibile: the SMTP server does not answer; the rows wait for the next try.
    """
    anno = compito.parametri["anno"]
    async with compito.unita(sola_lettura=True) as unita:
        dove = await luoghi(anno)
        in_ritardo = destinatari(await dell_anno(anno), dove)
        mancano = {
            chi: [f"{una.indicatore.codice} {una.indicatore.denominazione}" for una in quali]
            for chi, quali in in_ritardo.items()
        }
        pagine = {f"{COMUNE_DI}{t.nome}": f"profili/{istat}" for istat, t in dove.comuni.items()}
        indirizzi = await recapiti()
        ambito = await unita.riga("SELECT nome, slug FROM ambito WHERE id = $1", compito.ambito)
        attesi = await unita.righe(
            "SELECT id, titolare FROM promemoria_indicatori WHERE ambito_id = $1 AND anno = $2 "
            "AND stato = 'da_inviare' ORDER BY id",
            compito.ambito, anno,
        )  # fmt: skip

    def lettera(riga: Mapping[str, Any]) -> tuple[EmailMessage, str | None]:
        quali = mancano.get(riga["titolare"], [])
        pagina = (
            f"{ambito['slug']}/conoscenza/{pagine.get(riga['titolare'], 'consegne')}?anno={anno}"
        )
        del_comune = riga["titolare"] in pagine
        testo = _messaggio(anno, ambito["nome"], pagina, quali, del_comune)
        return testo, indirizzi.get(riga["titolare"])

    return await posta.consegna(compito, "promemoria_indicatori", attesi, lettera)


def _messaggio(
    anno: int, ambito: str, pagina: str, quali: Sequence[str], del_comune: bool
) -> EmailMessage:
    dove = impostazioni().indirizzo
    chi = (
        "Chi ha un accesso le scrive o importa il foglio da sé"
        if del_comune
        else "Per chi ha un accesso"
    )
    elenco = "\n".join(f"- {uno}" for uno in quali) or "- nessuno: sono arrivati intanto"
    return posta.messaggio(
        f"Indicatori {anno}: che cosa manca",
        f"Per il sistema di conoscenza dell'ambito {ambito} mancano ancora, per il {anno}:\n\n{elenco}\n\n"
        "Si possono mandare come foglio all'Ufficio di Piano, con le colonne codice, anno, territorio e "
        "valore: cifre, nessun nome di persona."
        + (f"\n{chi}: {dove}/{pagina}" if dove else "")
        + f"\n\n{ambito}\n",
    )
