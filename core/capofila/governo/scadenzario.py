"""The deadlines of an ambito: declared, its own, of the debito, of the spending, of the accreditations.

Runs inside a unit of work of the ambito. What was done is written in rows that are only added; of
a file of the debito and of the survey it is known, and nobody types it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from capofila.accessi.service import registra
from capofila.base.attivazioni import oggi, plugin_attivi
from capofila.base.database import UnitaDiLavoro, unita_corrente
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.base.plugin import PluginAttivi
from capofila.debito import service as debito
from capofila.governo.adempimenti import (
    Esito,
    Fatto,
    Istanza,
    da_dichiarazione,
    da_scadenza,
    quanti_enti,
)
from capofila.governo.deliberazioni import Deliberazione, registro
from capofila.governo.deliberazioni import deliberazione as leggi_deliberazione
from capofila.governo.feste import festivi
from capofila.hooks import Partenza, SpecieProva
from capofila.hooks.adempimenti import SCARTO_MASSIMO
from capofila.spesa import service as spesa

ANNI: Final = range(1990, 2101)
PROPRIO: Final = "proprio-"
"""How the codes of the ambito's own deadlines begin."""
PUBBLICA: Final = "pubblica-seduta-"
"""How the codes of the acts of a meeting to be published begin."""
PRESCRIZIONE: Final = "prescrizione-accreditamento-"
RINNOVO: Final = "rinnovo-accreditamento-"
"""How the codes of what follows from an accreditation begin."""
SCHEDE_SPESA: Final = "schede-spesa"
UFFICIO: Final = "ufficio-di-piano"
PREAVVISI_MASSIMI: Final = 6


def _ufficio() -> UnitaDiLavoro:
    unita = unita_corrente()
    if unita.contesto.comune:
        raise NonAutorizzato("Le scadenze le tiene l'Ufficio di Piano.")
    return unita


async def organi_noti() -> dict[str, str]:
    """Names of the bodies of today, by code; the Ufficio di Piano is always one."""
    attivi = await plugin_attivi()
    return {UFFICIO: "Ufficio di Piano"} | {
        organo.codice: organo.denominazione for organo in attivi.organi()
    }


async def istanze_fra(dal: date, al: date) -> list[Istanza]:
    """The deadlines that fall between two days, both included, whatever year they are about.

    Those of these years that have no day yet come too.
    """
    anni = range(dal.year - SCARTO_MASSIMO - 1, al.year + SCARTO_MASSIMO + 2)
    return [
        una
        for una in await _degli_anni(anni)
        if (dal <= una.data <= al if una.data is not None else dal.year <= una.anno <= al.year)
    ]


async def istanza(codice: str, anno: int) -> Istanza:
    """One deadline.

    Raises:
        NonTrovato: there is none of that code about that year.
    """
    if anno in ANNI:
        for una in await _degli_anni((anno,)):
            if una.codice == codice:
                return una
    raise NonTrovato("Questa scadenza non c'è: torna all'elenco delle scadenze.")


async def _degli_anni(anni: Iterable[int]) -> list[Istanza]:
    """All that is about some years, with what is known of its being done."""
    quali = [anno for anno in anni if anno in ANNI]
    attivi, nomi = await plugin_attivi(), await organi_noti()
    segnati = await _segnati(quali)
    propri = await _propri(quali, nomi)
    chieste = {(una.flusso, una.periodo) for una in propri if una.flusso is not None}
    chieste |= {
        (uno.flusso, str(anno))
        for anno in quali
        for uno in attivi.adempimenti(anno)
        if uno.flusso is not None
    }
    inviati = await debito.inviati(chieste)
    locali = await festivi([n + d for n in quali for d in (-SCARTO_MASSIMO, 0, SCARTO_MASSIMO)])
    trovate = [*propri, *await _della_spesa(quali), *await _delle_sedute(quali, nomi)]
    trovate += await _degli_accreditamenti(quali)
    for anno in quali:
        fatti = _giorni(attivi, anno, segnati, inviati)
        trovate += _dichiarate(attivi, anno, nomi, fatti, locali)
    return [_con_fatto(una, segnati, inviati) for una in trovate]


def _giorni(
    attivi: PluginAttivi,
    anno: int,
    segnati: Mapping[tuple[str, int], Fatto],
    inviati: Mapping[tuple[str, str], debito.Inviato],
) -> dict[str, date]:
    """The days on which the declared deadlines of a year were done, by code."""
    giorni = {
        codice: fatto.giorno
        for (codice, quale), fatto in segnati.items()
        if quale == anno and fatto.esito == "fatto"
    }
    for uno in attivi.adempimenti(anno):
        if (
            uno.flusso is not None
            and (inviato := inviati.get((uno.flusso, str(anno))))
            and inviato.tutti
        ):
            giorni[uno.codice] = inviato.giorno
    return giorni


def _dichiarate(
    attivi: PluginAttivi,
    anno: int,
    nomi: Mapping[str, str],
    fatti: Mapping[str, date],
    locali: frozenset[date],
) -> list[Istanza]:
    datate = attivi.scadenze(anno, locali, fatti)
    trovate = [da_scadenza(una, nome_organo(una.organo, nomi)) for una in datate]
    in_vigore = {una.adempimento for una in datate}
    attese = {
        uno.codice: uno
        for uno in attivi.adempimenti(anno)
        # What hangs on something that is in force and was not done yet.
        if uno.dopo is not None
        and uno.dopo.da is Partenza.FATTO
        and uno.codice not in in_vigore
        and uno.dopo.adempimento in in_vigore
        and uno.dopo.adempimento not in fatti
        and uno.vale(next(s.data for s in datate if s.adempimento == uno.dopo.adempimento))
    }
    trovate += [
        da_dichiarazione(uno, anno, nome_organo(uno.organo, nomi)) for uno in attese.values()
    ]
    return trovate


def nome_organo(codice: str, nomi: Mapping[str, str]) -> str:
    """The name of a body; a code without one is shown in plain letters."""
    return nomi.get(codice) or codice.replace("-", " ").capitalize()


def _con_fatto(
    una: Istanza,
    segnati: Mapping[tuple[str, int], Fatto],
    inviati: Mapping[tuple[str, str], debito.Inviato],
) -> Istanza:
    if una.fatto is not None:
        return una
    inviato = inviati.get((una.flusso, una.periodo)) if una.flusso is not None else None
    fatto = segnati.get((una.codice, una.anno))
    if inviato is not None and inviato.tutti:
        fatto = Fatto(
            esito="fatto", giorno=inviato.giorno, prova=inviato.nome_flusso,
            specie=SpecieProva.FLUSSO, esportazione=inviato.esportazione,
        )  # fmt: skip
    return msgspec.structs.replace(
        una, fatto=fatto, enti=inviato.enti if inviato is not None else ()
    )


async def _propri(anni: list[int], nomi: Mapping[str, str]) -> list[Istanza]:
    unita = unita_corrente()
    righe = await unita.righe(
        "SELECT id, titolo, organo, anno, giorno, preavvisi, flusso, periodo, fonte "
        "FROM termine_proprio WHERE ambito_id = $1 AND anno = ANY ($2::smallint[]) "
        "AND tolto_il IS NULL ORDER BY id",
        unita.ambito, anni,
    )  # fmt: skip
    return [
        Istanza(
            codice=f"{PROPRIO}{riga['id']}", anno=riga["anno"], titolo=riga["titolo"],
            organo=riga["organo"], organo_nome=nome_organo(riga["organo"], nomi),
            data=riga["giorno"], data_nominale=riga["giorno"],
            avvisi=tuple(
                sorted({riga["giorno"] - timedelta(days=prima) for prima in riga["preavvisi"]})
            ),
            fonte_testo=riga["fonte"], origine="ambito", flusso=riga["flusso"],
            periodo=riga["periodo"] or "", sa=riga["flusso"] is not None,
            specie_prova=SpecieProva.FLUSSO if riga["flusso"] else None,
        )
        for riga in righe
    ]  # fmt: skip


async def _della_spesa(anni: list[int]) -> list[Istanza]:
    """The days by which the comuni are to send the sheets of the spending."""
    complete: Mapping[int, date] = {}
    trovate = []
    rilevazioni = [una for una, _ in await spesa.rilevazioni() if una.scadenza and una.anno in anni]
    if rilevazioni:
        complete = await spesa.completate_il()
    for una in rilevazioni:
        giorno = complete.get(una.anno)
        trovate.append(
            Istanza(
                codice=SCHEDE_SPESA, anno=una.anno, organo=UFFICIO, organo_nome="Ufficio di Piano",
                titolo=f"Schede della spesa sociale del {una.anno}", data=una.scadenza,
                data_nominale=una.scadenza, avvisi=tuple(sorted(una.promemoria)), origine="spesa",
                fonte_testo="Termine dato dall’Ufficio di Piano all’apertura della rilevazione",
                descrizione="I comuni inviano le loro schede all’Ufficio di Piano.", sa=True,
                fatto=None if giorno is None else Fatto(
                    esito="fatto", giorno=giorno, prova="Tutte le schede sono inviate"
                ),
            )
        )  # fmt: skip
    return trovate


async def _delle_sedute(anni: list[int], nomi: Mapping[str, str]) -> list[Istanza]:
    """The days by which the acts of a meeting are to be published."""
    unita = unita_corrente()
    return [
        Istanza(
            codice=f"{PUBBLICA}{riga['id']}", anno=riga["pubblicare_entro"].year,
            titolo=f"Pubblicare gli atti: {riga['denominazione']}, {riga['giorno']:%d/%m/%Y}",
            organo=riga["organo"], organo_nome=nome_organo(riga["organo"], nomi),
            data=riga["pubblicare_entro"], data_nominale=riga["pubblicare_entro"], origine="seduta",
            fonte_testo=riga["motivo_termine"] or "Il termine scritto con il verbale della seduta",
            sa=True, seduta=riga["id"],
            fatto=None if riga["pubblicata_il"] is None else Fatto(
                esito="fatto", giorno=riga["pubblicata_il"], prova=riga["pubblicata_dove"]
            ),
        )
        for riga in await unita.righe(
            "SELECT id, organo, denominazione, giorno, pubblicare_entro, motivo_termine, "
            "pubblicata_il, pubblicata_dove FROM seduta WHERE ambito_id = $1 "
            "AND extract(year FROM pubblicare_entro)::smallint = ANY ($2::smallint[]) "
            "AND stato IN ('verbalizzata', 'pubblicata') ORDER BY id",
            unita.ambito, anni,
        )
    ]  # fmt: skip


async def _degli_accreditamenti(anni: list[int]) -> list[Istanza]:
    """By when what was prescribed is to be adapted, and by when a renewal is to be asked for.

    Of an accreditation that was revoked nothing is due.
    """
    unita = unita_corrente()
    return [
        Istanza(
            codice=f"{PRESCRIZIONE if riga['prescritta'] else RINNOVO}{riga['id']}",
            anno=riga["entro"].year, organo=UFFICIO, organo_nome="Ufficio di Piano",
            titolo=(
                f"Adeguare «{riga['che_cosa']}»: {riga['denominazione']}" if riga["prescritta"]
                else f"Chiedere il rinnovo dell’accreditamento: {riga['denominazione']}"
            ),
            data=riga["entro"], data_nominale=riga["entro"], origine="accreditamento",
            fonte_testo=riga["atto"], sa=True, accreditamento=riga["domanda_id"],
            descrizione="La prescrizione dell’atto che accredita." if riga["prescritta"]
            else "Il preavviso che i requisiti dichiarano, prima della scadenza.",
            fatto=None if riga["fatto"] is None else Fatto(
                esito="fatto", giorno=riga["fatto"],
                prova="Le risposte dell’ente dicono che il requisito è rispettato"
                if riga["prescritta"] else "È registrata una nuova domanda di accreditamento",
            ),
        )
        for riga in await unita.righe(
            "WITH validi AS (SELECT a.*, d.unita_id, d.regole, d.presentata_il, u.denominazione "
            "FROM atto_accreditamento a "
            "JOIN domanda_accreditamento d ON d.ambito_id = a.ambito_id AND d.id = a.domanda_id "
            "JOIN unita_offerta u ON u.ambito_id = d.ambito_id AND u.id = d.unita_id "
            "WHERE a.ambito_id = $1 AND a.specie = 'concede' AND NOT EXISTS (SELECT 1 "
            "FROM atto_accreditamento r WHERE r.ambito_id = a.ambito_id "
            "AND r.domanda_id = a.domanda_id AND r.specie = 'revoca')) "
            "SELECT true AS prescritta, p.id, p.denominazione AS che_cosa, v.denominazione, p.entro, "
            "v.atto, v.domanda_id, p.adempiuta_il AS fatto FROM prescrizione_accreditamento p "
            "JOIN validi v ON v.ambito_id = p.ambito_id AND v.id = p.atto_id "
            "WHERE p.ambito_id = $1 AND extract(year FROM p.entro)::smallint = ANY ($2::smallint[]) "
            "UNION ALL SELECT false, v.id, '', v.denominazione, v.rinnovo_entro, v.atto, "
            "v.domanda_id, (SELECT min(n.presentata_il) FROM domanda_accreditamento n "
            "WHERE n.ambito_id = v.ambito_id AND n.unita_id = v.unita_id AND n.regole = v.regole "
            "AND n.presentata_il > v.dal AND n.ritirata_il IS NULL) FROM validi v "
            "WHERE extract(year FROM v.rinnovo_entro)::smallint = ANY ($2::smallint[]) "
            "ORDER BY 1, 2",
            unita.ambito, anni,
        )
    ]  # fmt: skip


_COLONNE: Final = (
    "adempimento, anno, numero, esito, giorno, specie_prova, prova, esportazione_id, "
    "deliberazione_id, registrato_il"
)


def _letto(riga: Any) -> Fatto:
    return Fatto(
        esito=riga["esito"], giorno=riga["giorno"], prova=riga["prova"], numero=riga["numero"],
        specie=None if riga["specie_prova"] is None else SpecieProva(riga["specie_prova"]),
        esportazione=None if riga["esportazione_id"] is None else str(riga["esportazione_id"]),
        deliberazione=riga["deliberazione_id"], scritto_il=riga["registrato_il"],
    )  # fmt: skip


async def _segnati(anni: list[int]) -> dict[tuple[str, int], Fatto]:
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT DISTINCT ON (adempimento, anno) {_COLONNE} FROM adempimento_fatto "
        "WHERE ambito_id = $1 AND anno = ANY ($2::smallint[]) "
        "ORDER BY adempimento, anno, numero DESC",
        unita.ambito, anni,
    )  # fmt: skip
    return {(riga["adempimento"], riga["anno"]): _letto(riga) for riga in righe}


async def storia(codice: str, anno: int) -> list[Fatto]:
    """What was written down of a deadline, the latest first."""
    unita = unita_corrente()
    righe = await unita.righe(
        f"SELECT {_COLONNE} FROM adempimento_fatto WHERE ambito_id = $1 AND adempimento = $2 "
        "AND anno = $3 ORDER BY numero DESC LIMIT 100",
        unita.ambito, codice, anno,
    )  # fmt: skip
    return [_letto(riga) for riga in righe]


async def segna(
    codice: str,
    anno: int,
    *,
    esito: Esito,
    giorno: date,
    prova: str,
    specie: SpecieProva | None = None,
    esportazione: str | None = None,
    deliberazione: int | None = None,
    numero: int,
) -> None:
    """Write down that a deadline was met, was not due, or that what was written is wrong.

    Args:
        codice: of the deadline.
        anno: the year that it is about.
        esito: what is written.
        giorno: when it was done, or the day of the correction.
        prova: the act or the protocol; the reason, for what is not due or is open again.
        specie: the kind of proof, of what is done.
        esportazione: the sealed file of the debito that is the proof.
        deliberazione: the act of the register that is the proof.
        numero: the place of this row, one more than the last that the person has seen.

    Raises:
        NonTrovato: no such deadline, or no such file.
        Conflitto: somebody else wrote meanwhile, or the platform knows it by itself.
        DatiNonValidi: a day to come, or a proof without its kind.
        NonAutorizzato: the unit is narrowed to one comune.
    """
    unita = _ufficio()
    una = await istanza(codice, anno)
    if una.sa and esito == "fatto":
        raise Conflitto(
            "Di questa scadenza Capofila sa da sé quando è fatta: registra l'invio nella sua stanza."
        )
    if giorno > oggi():
        raise DatiNonValidi("Il giorno è nel futuro: si segna ciò che è già accaduto.")
    if giorno.year not in ANNI:
        raise DatiNonValidi("Il giorno non è credibile: controlla l'anno.")
    if una.aperta == (esito == "riaperto"):
        raise Conflitto(
            "La scadenza è già aperta." if una.aperta
            else "La scadenza è già chiusa: se è un errore, prima riaprila."
        )  # fmt: skip
    if (esito == "fatto") != (specie is not None):
        raise DatiNonValidi("Di ciò che è fatto si dice la specie della prova.")
    if specie is SpecieProva.FLUSSO:
        prova = await _file(esportazione)
    if specie is not SpecieProva.ATTO:
        deliberazione = None
    if deliberazione is not None:
        atto = await atto_del_registro(deliberazione)
        if atto.giorno > giorno:
            raise DatiNonValidi(
                f"L'atto è del {atto.giorno:%d/%m/%Y}: prima non poteva essere fatto."
            )
        prova = f"{atto.cita()}. {prova}".strip(". ")[:300]
    try:
        async with unita.punto_di_ritorno():
            nuova = await unita.valore(
                "INSERT INTO adempimento_fatto (adempimento, anno, numero, esito, giorno, "
                "specie_prova, prova, esportazione_id, deliberazione_id) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8::uuid, $9) RETURNING id",
                codice, anno, numero, esito, giorno, None if specie is None else specie.value,
                prova, esportazione if specie is SpecieProva.FLUSSO else None, deliberazione,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Conflitto(
            "Qualcun altro ha appena scritto su questa scadenza: guarda che cosa, poi riprova."
        ) from None
    await registra(
        f"adempimenti.{esito}", "adempimento_fatto", str(nuova), adempimento=codice, anno=anno
    )


async def atti_del_registro() -> list[Deliberazione]:
    """The last acts of the register that may be a proof."""
    return [una for una in (await registro())[0] if not una.propone]


async def atto_del_registro(id_: int) -> Deliberazione:
    """An act of the register that is given as a proof.

    Raises:
        NonTrovato: there is none, or it is only a proposal.
    """
    una = await leggi_deliberazione(id_)
    if una.propone:
        raise NonTrovato("Scegli un atto del registro: questa è soltanto una proposta.")
    return una


async def _file(esportazione: str | None) -> str:
    """The name of a sealed file that is given as a proof."""
    for una in await file_sigillati():
        if una.id == esportazione and una.sigillata_il is not None:
            return una.nome_flusso
    raise NonTrovato("Scegli il file del debito informativo fra quelli sigillati.")


async def file_sigillati() -> list[debito.Esportazione]:
    """The last files that may be a proof."""
    return [una for una in await debito.esportazioni(100) if una.sha256 is not None]


class Termine(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline that the ambito gives itself.

    Attributes:
        preavvisi: days before it on which to warn.
        flusso: the flow whose sending it is about, with its `periodo`: the year, or a half, a
            quarter or a month of it (``2027``, ``2027-S1``, ``2027-T1``, ``2027-01``).
        fonte: the act that gives it, as it is to be cited.
    """

    titolo: str
    organo: str
    anno: int
    giorno: date
    fonte: str
    preavvisi: tuple[int, ...] = ()
    flusso: str | None = None
    periodo: str | None = None


async def aggiungi_termine(nuovo: Termine) -> Istanza:
    """Write a deadline of the ambito's own down.

    Raises:
        DatiNonValidi: a body or a flow that the ambito does not have, or a day far from its year.
        NonAutorizzato: the unit is narrowed to one comune.
    """
    unita = _ufficio()
    if nuovo.organo not in await organi_noti():
        raise DatiNonValidi("L'organo non è fra quelli dell'ambito: sceglilo dall'elenco.")
    if nuovo.anno not in ANNI or abs(nuovo.giorno.year - nuovo.anno) > SCARTO_MASSIMO:
        raise DatiNonValidi(
            f"Il giorno sta al più {SCARTO_MASSIMO} anni prima o dopo l'anno a cui si riferisce."
        )
    if len(nuovo.preavvisi) > PREAVVISI_MASSIMI or not all(0 <= g <= 366 for g in nuovo.preavvisi):
        raise DatiNonValidi("I preavvisi sono al più sei, da 0 a 366 giorni prima.")
    if nuovo.flusso is not None:
        if nuovo.flusso not in dict(await flussi_dell_anno(nuovo.anno)):
            raise DatiNonValidi("Il flusso non è fra quelli dell'ambito: sceglilo dall'elenco.")
        if nuovo.periodo not in debito.periodi_dell_anno(nuovo.anno):
            raise DatiNonValidi(
                "Il periodo è un anno, un semestre, un trimestre o un mese di quell'anno."
            )
    id_ = await unita.valore(
        "INSERT INTO termine_proprio (titolo, organo, anno, giorno, preavvisi, flusso, periodo, "
        "fonte) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        nuovo.titolo, nuovo.organo, nuovo.anno, nuovo.giorno,
        sorted(set(nuovo.preavvisi), reverse=True), nuovo.flusso,
        nuovo.periodo if nuovo.flusso else None, nuovo.fonte,
    )  # fmt: skip
    await registra("adempimenti.aggiungi", "termine_proprio", str(id_), anno=nuovo.anno)
    return await istanza(f"{PROPRIO}{id_}", nuovo.anno)


async def termine(id_: int) -> Istanza:
    """One of the ambito's own deadlines.

    Raises:
        NonTrovato: there is none, or it was taken away.
    """
    unita = unita_corrente()
    anno = await unita.valore(
        "SELECT anno FROM termine_proprio WHERE ambito_id = $1 AND id = $2 AND tolto_il IS NULL",
        unita.ambito, id_ if 0 < id_ < 2**31 else 0,
    )  # fmt: skip
    return await istanza(f"{PROPRIO}{id_}", anno or 0)


async def togli_termine(id_: int, motivo: str) -> None:
    """Take away a deadline of the ambito's own; the row stays, with the reason.

    Raises:
        NonTrovato: there is none, or it was taken away already.
        NonAutorizzato: the unit is narrowed to one comune.
    """
    unita = _ufficio()
    await termine(id_)
    await unita.esegui(
        "UPDATE termine_proprio SET tolto_il = now(), tolto_da = $3, motivo = $4 "
        "WHERE ambito_id = $1 AND id = $2 AND tolto_il IS NULL",
        unita.ambito, id_, unita.contesto.utente, motivo,
    )  # fmt: skip
    await registra("adempimenti.togli", "termine_proprio", str(id_))


async def flussi_dell_anno(anno: int) -> list[tuple[str, str]]:
    """(id, name) of the flows and of the tables that the ambito sends about a year."""
    attivi = await plugin_attivi()
    trovati = [(uno.id, uno.denominazione) for uno in attivi.flussi()]
    trovati += [(uno.id, uno.denominazione) for uno in attivi.prospetti_spesa(anno)]
    return trovati


class SenzaGiorno(msgspec.Struct, frozen=True, kw_only=True):
    """A flow of which nothing gives the day by which it is due, and whether it was sent."""

    flusso: str
    denominazione: str
    inviato: debito.Inviato | None

    @property
    def inviati(self) -> str:
        """How many of the enti that owe it have sent it; empty for one alone."""
        return "" if self.inviato is None else quanti_enti(self.inviato.enti)


async def flussi_senza_giorno(anno: int) -> list[SenzaGiorno]:
    """The flows about a year for which no deadline is known."""
    con_giorno = {una.flusso for una in await _degli_anni((anno,)) if una.data is not None}
    tutti = await flussi_dell_anno(anno)
    inviati = await debito.inviati({(id_, str(anno)) for id_, _ in tutti})
    return [
        SenzaGiorno(flusso=id_, denominazione=nome, inviato=inviati.get((id_, str(anno))))
        for id_, nome in tutti
        if id_ not in con_giorno
    ]
