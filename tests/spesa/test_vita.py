"""The life of a sheet: written, found wanting, explained, sent, approved, changed, spread."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import contesto, interroga
from tests.spesa.casi import CREMA, PANDINO, SONCINO, cifre, csv_di, porta, riga

from capofila.base.attivazioni import oggi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.spesa import service
from capofila.spesa.rules import PassoNonAmmesso, RigaSpesa, RipartoImpossibile, Stato

pytestmark = pytest.mark.anyio
D = Decimal
DI_PANDINO = RigaSpesa(
    comune=PANDINO, area="anziani", voce="sad", gestione="singola", modalita="diretta",
    spesa=D("900.00"), fonti={"risorse_comune": D("900.00")}, utenti=9,
)  # fmt: skip


@asynccontextmanager
async def come(comune: str | None = None) -> Any:
    async with unita_di_lavoro(await contesto("crema", comune=comune)) as unita:
        yield unita


async def apri(anno: int, **altro: Any) -> None:
    async with come():
        await service.apri(service.Apertura(anno=anno, **altro))


async def passi(anno: int, istat: str, *azioni: tuple[str, str | None]) -> None:
    for azione, comune in azioni:
        async with come(comune):
            await service.passo(anno, istat, azione, "da rivedere" if azione == "riapri" else "")


FINO_ALL_APPROVAZIONE = (
    ("completa", "G306"), ("invia", "G306"), ("verifica", None), ("approva", None),
)  # fmt: skip


async def test_una_rilevazione_si_apre_una_volta_con_una_scheda_per_comune(ambiti: Banca) -> None:
    await apri(2010, scadenza=oggi() + timedelta(days=30), promemoria=(oggi(),))
    async with come():
        assert len(await service.schede(2010)) == 48
        [(questa, conti)] = [r for r in await service.rilevazioni() if r[0].anno == 2010]
        assert (questa.modulo, dict(conti)) == ("spesa-sociale", {Stato.APERTA: 48})
        with pytest.raises(Conflitto, match="c'è già"):
            await service.apri(service.Apertura(anno=2010))
        with pytest.raises(DatiNonValidi, match="non sono dell'ambito: 019036"):
            await service.apri(service.Apertura(anno=2011, comuni=(CREMA, "019036")))
        with pytest.raises(NonTrovato, match="Nessun plugin"):
            await service.apri(service.Apertura(anno=2009))
    async with come("G306"):
        assert [una.istat for una in await service.schede(2010)] == [PANDINO]
        with pytest.raises(NonAutorizzato):
            await service.apri(service.Apertura(anno=2012))


async def test_una_scheda_va_dal_comune_alla_trasmissione_solo_con_tutti_gli_altri(
    ambiti: Banca,
) -> None:
    await apri(2013)
    async with come("G306"):
        await service.scrivi(2013, DI_PANDINO)
    await passi(2013, PANDINO, ("completa", "G306"), ("invia", "G306"))
    with pytest.raises(PassoNonAmmesso, match="spetta a: ufficio di piano"):
        await passi(2013, PANDINO, ("verifica", "G306"))
    await passi(2013, PANDINO, ("verifica", None), ("approva", None))
    async with come("G306"):
        with pytest.raises(Conflitto, match="approvata"):
            await service.scrivi(2013, DI_PANDINO)
        assert [p.azione for p in await service.passaggi(2013, PANDINO)] == [
            azione for azione, _ in FINO_ALL_APPROVAZIONE
        ]
    with pytest.raises(PassoNonAmmesso, match="ancora da approvare: 47"):
        await passi(2013, PANDINO, ("trasmetti", None))


async def test_l_ufficio_di_piano_fa_i_passi_di_un_comune_per_suo_conto_e_dice_perche(
    ambiti: Banca,
) -> None:
    await apri(2022)
    async with come("G306"):
        await service.scrivi(2022, DI_PANDINO)
    for motivo in ("", "no", "   \t   "):
        with pytest.raises(PassoNonAmmesso, match="per suo conto scrivere il motivo"):
            async with come():
                await service.passo(2022, PANDINO, "completa", motivo)
    perche = "il comune non ha un accesso: nota del 3 marzo"
    for azione in ("completa", "riprendi", "completa", "invia"):
        async with come():
            await service.passo(2022, PANDINO, azione, perche)
    await passi(2022, PANDINO, ("verifica", None))
    async with come("G306"):
        visti = await service.passaggi(2022, PANDINO)
    assert [(p.azione, p.per_conto, p.motivo) for p in visti[-2:]] == [
        ("invia", True, perche), ("verifica", False, None),
    ]  # fmt: skip
    [riga] = await interroga(
        ambiti.superutente,
        "SELECT dettagli FROM registro WHERE azione = 'spesa.invia' ORDER BY id DESC LIMIT 1",
    )
    assert '"per_conto": true' in riga["dettagli"]
    assert "accesso" not in riga["dettagli"]


async def test_il_database_chiude_la_scheda_a_chi_scrive_senza_chiedere(ambiti: Banca) -> None:
    await apri(2014)
    async with come("G306"):
        await service.scrivi(2014, DI_PANDINO)
    await passi(2014, PANDINO, ("completa", "G306"))
    for comando in (
        "UPDATE riga_spesa SET spesa = 1 WHERE anno = 2014",
        "DELETE FROM riga_spesa WHERE anno = 2014",
    ):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
            async with come() as unita:
                await unita.esegui(comando)


async def test_una_riga_in_sospeso_non_si_completa_nemmeno_per_il_database(ambiti: Banca) -> None:
    await apri(2015)
    storta = RigaSpesa(**{**_campi(DI_PANDINO), "fonti": {"fsr": D("899.99")}})
    async with come("G306"):
        await service.scrivi(2015, storta)
        [rilievo] = await service.rilievi(2015, PANDINO)
        assert (rilievo.regola, rilievo.cella) == (
            "fonti_uguali_spesa", "anziani/sad/singola/diretta/spesa",
        )  # fmt: skip
        with pytest.raises(DatiNonValidi, match="si corregge"):
            await service.spiega(2015, PANDINO, rilievo.regola, rilievo.cella, "va bene così")
    with pytest.raises(PassoNonAmmesso, match="Errori aperti: 1"):
        await passi(2015, PANDINO, ("completa", "G306"))
    with pytest.raises(asyncpg.CheckViolationError):
        async with come() as unita:
            await unita.esegui("UPDATE scheda_spesa SET stato = 'compilata' WHERE anno = 2015 "
                               "AND istat = $1", PANDINO)  # fmt: skip


def _campi(una: RigaSpesa) -> dict[str, Any]:
    return {nome: getattr(una, nome) for nome in RigaSpesa.__struct_fields__}


async def test_una_ragione_vale_per_i_valori_che_spiega(ambiti: Banca) -> None:
    await apri(2016)
    gratis = RigaSpesa(**{**_campi(DI_PANDINO), "spesa": D(0), "fonti": {}})
    async with come("G306"):
        await service.scrivi(2016, gratis)
        [rilievo] = await service.rilievi(2016, PANDINO)
        assert (rilievo.regola, rilievo.aperto) == ("utenti_senza_spesa", True)
        await service.spiega(2016, PANDINO, rilievo.regola, rilievo.cella, "lo fanno i volontari")
        [spiegato] = await service.rilievi(2016, PANDINO)
        assert spiegato.motivo == "lo fanno i volontari"
        await service.scrivi(2016, RigaSpesa(**{**_campi(gratis), "utenti": 10}))
        [ancora] = await service.rilievi(2016, PANDINO)
        assert ancora.aperto


async def test_oltre_il_termine_si_scrive_solo_con_una_proroga(ambiti: Banca) -> None:
    await apri(2017, dal=date(2018, 1, 1), scadenza=date(2018, 3, 31))
    async with come("G306"):
        with pytest.raises(Conflitto, match="proroga"):
            await service.scrivi(2017, DI_PANDINO)
    async with come():
        with pytest.raises(DatiNonValidi, match="oltre la scadenza"):
            await service.proroga(2017, PANDINO, date(2018, 3, 31))
        await service.proroga(2017, PANDINO, oggi())
    async with come("G306"):
        await service.scrivi(2017, DI_PANDINO)
    esito = await porta(csv_di(riga(2017, comune=SONCINO)), 2017)
    assert [e.codice for e in esito.errori] == ["scheda_chiusa"]


async def test_cio_che_cambia_dopo_l_approvazione_si_conta_cella_per_cella(ambiti: Banca) -> None:
    await apri(2018)
    async with come("G306"):
        await service.scrivi(2018, DI_PANDINO)
    await passi(2018, PANDINO, *FINO_ALL_APPROVAZIONE)
    async with come():
        assert await service.cambiate_dopo_approvazione(2018) == {PANDINO: []}
    with pytest.raises(PassoNonAmmesso, match="motivo"):
        async with come():
            await service.passo(2018, PANDINO, "riapri")
    await passi(2018, PANDINO, ("riapri", None))
    async with come("G306"):
        await service.scrivi(2018, RigaSpesa(**{**_campi(DI_PANDINO), "utenti": 8}))
        assert await service.cambiate_dopo_approvazione(2018) == {
            PANDINO: [f"{PANDINO}/anziani/sad/singola/diretta/utenti"]
        }


DELL_AZIENDA = service.Riparto(
    descrizione="Assistenza domiciliare dell'azienda",
    riga=RigaSpesa(
        comune="", area="anziani", voce="sad", gestione="associata", modalita="appalto",
        spesa=D("10000.01"), quota_utenti=D("1000.01"), fonti={"fsr": D("9000")},
    ),
    chiave="abitanti",
)  # fmt: skip


async def test_la_spesa_dell_azienda_si_sparge_al_centesimo_e_si_ritira(ambiti: Banca) -> None:
    await apri(2011)
    async with come():
        id_ = await service.ripartisci(2011, DELL_AZIENDA)
        [visto] = await service.riparti(2011)
        assert (visto.id, len(visto.pesi), visto.riga) == (id_, 48, DELL_AZIENDA.riga)
        # A comune's own line of the same kind stands beside its share.
        await service.scrivi(
            2011,
            RigaSpesa(**{**_campi(DI_PANDINO), "gestione": "associata", "modalita": "appalto"}),
        )
        assert len(await service.righe(2011, PANDINO)) == 2
    uscite = await cifre(2011)
    assert (uscite.totale.spesa, uscite.totale.quota_utenti) == (D("10900.01"), D("1000.01"))
    async with come("G306"):
        with pytest.raises(NonAutorizzato):
            await service.riparti(2011)
        assert [r.riparto for r in await service.righe(2011, PANDINO)] == [None, id_]
    async with come():
        await service.annulla_riparto(2011, id_)
        with pytest.raises(Conflitto, match="già stato annullato"):
            await service.annulla_riparto(2011, id_)
    assert (await cifre(2011)).totale.spesa == D("900.00")


async def test_senza_popolazione_non_si_sparge_per_abitanti_e_si_dice_di_chi(
    ambiti: Banca,
) -> None:
    await apri(2019)
    async with come():
        with pytest.raises(RipartoImpossibile, match="Manca la popolazione del 2019 di Agnadello"):
            await service.anteprima(2019, DELL_AZIENDA)


@pytest.mark.parametrize(
    ("cambia", "detto"),
    [
        ({"area": "giovani"}, "area"),
        ({"voce": "pet_therapy"}, "voce"),
        ({"fonti": {"lotteria": D(1)}}, "Fonti"),
        ({"spesa": D("-1")}, "negativi"),
        ({"spesa": D("1.001")}, "decimali"),
        ({"spesa": D("NaN")}, "negativi"),
        ({"utenti": -1}, "Utenti|utenti"),
    ],
    ids=str,
)
async def test_nella_griglia_non_entra_cio_che_il_modulo_non_ha(
    ambiti: Banca, cambia: dict[str, Any], detto: str
) -> None:
    if not await interroga(ambiti.superutente, "SELECT 1 FROM rilevazione WHERE anno = 2020"):
        await apri(2020)
    with pytest.raises(DatiNonValidi, match=detto):
        async with come("G306"):
            await service.scrivi(2020, RigaSpesa(**{**_campi(DI_PANDINO), **cambia}))


async def test_un_commento_resta_con_chi_puo_vederlo(ambiti: Banca) -> None:
    await apri(2021)
    async with come():
        await service.commenta(2021, PANDINO, "manca il SAD?", "anziani/sad/singola/diretta/spesa")
        await service.commenta(2021, CREMA, "grazie")
    async with come("G306"):
        assert [c.testo for c in await service.commenti(2021, PANDINO)] == ["manca il SAD?"]
        with pytest.raises(NonTrovato):
            await service.commenti(2021, CREMA)
