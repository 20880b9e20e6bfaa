"""Files of the social spending: what comes in, what is refused and where, what is undone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import contesto, interroga
from tests.spesa.casi import (
    COLONNE,
    CREMA,
    PANDINO,
    SONCINO,
    a_carico_del_comune,
    cifre,
    csv_di,
    ods_di,
    porta,
    riga,
    xlsx_di,
)

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato, RichiestaNonValida
from capofila.dimostrazione import genera_spesa
from capofila.spesa import service
from capofila.spesa.rilevazioni import comuni_dell_anno

pytestmark = pytest.mark.anyio
D = Decimal


async def _righe(banca: Banca, anno: int) -> list[Any]:
    return await interroga(
        banca.superutente,
        "SELECT istat, area, voce, gestione, modalita, utenti, spesa, quota_utenti, quota_ssn, "
        "fonti::text FROM riga_spesa WHERE anno = $1 ORDER BY 1, 2, 3, 4, 5",
        anno,
    )


@pytest.mark.parametrize(
    ("anno", "nome", "scrivi"),
    [(2010, "s.csv", csv_di), (2012, "s.xlsx", xlsx_di), (2013, "s.ods", ods_di)],
    ids=["csv", "xlsx", "ods"],
)
async def test_le_stesse_righe_entrano_uguali_da_ogni_formato(
    ambiti: Banca, anno: int, nome: str, scrivi: Any
) -> None:
    righe = (
        riga(anno),
        riga(anno, comune=PANDINO, utenti="", spesa="1234,56", risorse_comune="634,06"),
        riga(anno, comune=SONCINO, area="minori_famiglia", voce="nido", gestione="singola"),
    )
    esito = await porta(scrivi(*righe), anno, nome)
    assert (esito.stato, esito.righe, esito.importate, esito.errori) == ("importato", 3, 3, [])
    trovate = await _righe(ambiti, anno)
    assert [tuple(r) for r in trovate] == [
        (CREMA, "anziani", "sad", "associata", "appalto", 12, D("1000.50"), D("200.00"), D("100.50"),
         '{"fsr": 300.00, "risorse_comune": 400.00}'),
        (PANDINO, "anziani", "sad", "associata", "appalto", None, D("1234.56"), D("200.00"),
         D("100.50"), '{"fsr": 300.00, "risorse_comune": 634.06}'),
        (SONCINO, "minori_famiglia", "nido", "singola", "appalto", 12, D("1000.50"), D("200.00"),
         D("100.50"), '{"fsr": 300.00, "risorse_comune": 400.00}'),
    ]  # fmt: skip


def _fra_virgolette(*righe: dict[str, str]) -> bytes:
    testate = ";".join(COLONNE)
    return "\r\n".join(
        [testate, *(";".join(f'"{una[nome]}"' for nome in COLONNE) for una in righe)]
    ).encode()


SBAGLIATE = [
    ({"comune": "015146"}, "comune", "comune_ignoto"),
    ({"comune": ""}, "comune", "manca"),
    ({"anno": "2019"}, "anno", "anno_diverso"),
    ({"area": "giovani"}, "area", "area_ignota"),
    ({"voce": " "}, "voce", "manca"),
    ({"gestione": "mista"}, "gestione", "gestione_ignota"),
    ({"modalita": "regalo"}, "modalita", "modalita_ignota"),
    ({"utenti": "12,5"}, "utenti", "utenti_non_leggibili"),
    ({"utenti": "-1"}, "utenti", "utenti_non_leggibili"),
    ({"spesa": ""}, "spesa", "manca"),
    ({"spesa": "mille"}, "spesa", "importo_non_leggibile"),
    ({"spesa": "-1000,50"}, "spesa", "importo_negativo"),
    ({"fsr": "300,123"}, "fsr", "importo_decimali"),
    ({"spesa": "1.000"}, "spesa", "importo_ambiguo"),
    ({"spesa": "1000,51"}, "spesa", "fonti_diverse_da_spesa"),
    ({"risorse_comune": "399,99"}, "spesa", "fonti_diverse_da_spesa"),
]


@pytest.mark.parametrize(("celle", "colonna", "codice"), SBAGLIATE, ids=str)
@pytest.mark.parametrize("scrivi", [csv_di, xlsx_di], ids=["csv", "xlsx"])
async def test_una_riga_sbagliata_tiene_fuori_tutto_e_dice_dove(
    ambiti: Banca, celle: dict[str, str], colonna: str, codice: str, scrivi: Any
) -> None:
    righe = scrivi(riga(2021), {**riga(2021, comune=PANDINO), **celle})
    esito = await porta(righe, 2021, "s.csv" if scrivi is csv_di else "s.xlsx")
    assert (esito.stato, esito.importate, esito.lotto) == ("respinto", 0, None)
    [errore] = esito.errori
    assert (errore.riga, errore.colonna, errore.codice) == (3, colonna, codice)
    assert errore.messaggio
    assert await _righe(ambiti, 2021) == []
    assert not await interroga(ambiti.superutente, "SELECT 1 FROM rilevazione WHERE anno = 2021")


async def test_gli_importi_come_li_scrive_una_persona_si_leggono(ambiti: Banca) -> None:
    celle = {"spesa": "€ 1.000,50", "quota_utenti": "200", "fsr": " 300,00 ", "utenti": " 12 "}
    righe = csv_di(riga(2014, **celle, area="Anziani", gestione="Associata", comune="19035"))
    assert (await porta(righe, 2014)).errori == []
    [trovata] = await _righe(ambiti, 2014)
    assert (trovata["istat"], trovata["area"], trovata["spesa"]) == (CREMA, "anziani", D("1000.50"))


async def test_le_colonne_in_ogni_ordine_e_con_altri_nomi_e_le_ignote_sono_dette(
    ambiti: Banca,
) -> None:
    una = {**riga(2015), "Spesa lorda": "1000,50", "note": "x"}
    colonne = [*reversed([c for c in COLONNE if c not in ("spesa", "anno")]), "Spesa lorda", "note"]
    esito = await porta(csv_di(una, colonne=colonne), 2015, mappa={"spesa lorda": "spesa"})
    assert (esito.stato, esito.importate) == ("importato", 1)
    assert [(a.colonna, a.codice) for a in esito.avvisi] == [("note", "colonna_sconosciuta")]


@pytest.mark.parametrize(
    ("contenuto", "codice"),
    [
        (csv_di(riga(2021), colonne=[c for c in COLONNE if c != "gestione"]), "colonna_mancante"),
        (csv_di(riga(2021)).replace(b"fnps", b"FSR"), "colonna_doppia"),
        (csv_di(), "nessuna_riga"),
        (csv_di(riga(2021)).replace(b";associata;", b";"), "celle_diverse"),
        (csv_di(riga(2021), riga(2021)), "riga_ripetuta"),
    ],
)
async def test_un_file_mal_fatto_e_respinto_con_il_suo_perche(
    ambiti: Banca, contenuto: bytes, codice: str
) -> None:
    esito = await porta(contenuto, 2021)
    assert esito.stato == "respinto"
    assert codice in {errore.codice for errore in esito.errori}
    assert f";{codice};" in service.errori_csv(esito).decode("utf-8-sig")


async def test_un_file_che_si_rompe_a_meta_e_respinto_e_la_prova_dopo_riesce(ambiti: Banca) -> None:
    buone = csv_di(*(riga(2027, voce=f"voce {numero}") for numero in range(6000)))
    rotta = csv_di(riga(2027)).split(b"\r\n")[1].replace(b"sad", b'"mai chiusa')
    async with unita_di_lavoro(await contesto("crema")):
        rotto = service.FileSpesa("s.csv", buone + rotta)
        opzioni = service.OpzioniSpesa(apri_se_manca=True)
        with pytest.raises(RichiestaNonValida, match="Vicino alla riga"):
            await service.importa(rotto, 2027, opzioni)
        intero = service.FileSpesa("s.csv", buone)
        assert (await service.importa(intero, 2027, opzioni)).importate == 6000
    assert len(await _righe(ambiti, 2027)) == 6000


async def test_un_testo_che_copy_leggerebbe_a_modo_suo_entra_com_e(ambiti: Banca) -> None:
    voci = ("C:\\nuova\\t", "\\N", "\\.", "due; punti, e \u201ccose\u201d", "D'Angelo")
    righe = [
        {**riga(2028, voce=voce), "comune": comune} for voce in voci for comune in (CREMA, PANDINO)
    ]
    for nome, scrivi in (("s.csv", _fra_virgolette), ("s.xlsx", xlsx_di)):
        assert (await porta(scrivi(*righe), 2028, nome)).errori == []
        assert {una["voce"] for una in await _righe(ambiti, 2028)} == {*voci}


async def test_due_righe_con_la_stessa_chiave_fanno_una_riga_sola_e_si_dice(ambiti: Banca) -> None:
    esito = await porta(
        csv_di(riga(2016), a_carico_del_comune(2016, "99,50", utenti="3")), 2016
    )  # fmt: skip
    assert (esito.righe, esito.importate) == (2, 1)
    assert [(a.riga, a.codice) for a in esito.avvisi] == [(3, "righe_sommate")]
    [trovata] = await _righe(ambiti, 2016)
    assert (trovata["spesa"], trovata["utenti"]) == (D("1100.00"), 15)


async def test_utenti_scritti_in_una_sola_di_due_righe_restano_e_si_dice_quali_mancano(
    ambiti: Banca,
) -> None:
    esito = await porta(
        csv_di(
            riga(2029, utenti=""),
            a_carico_del_comune(2029, "99,50", utenti="3"),
            a_carico_del_comune(2029, "10", utenti="0"),
            riga(2029, voce="cdi", utenti=""),
            a_carico_del_comune(2029, "99,50", voce="cdi", utenti=""),
        ),
        2029,
    )
    assert (esito.errori, esito.importate) == ([], 2)
    [detto] = [a for a in esito.avvisi if a.codice == "utenti_in_parte_ignoti"]
    assert (detto.riga, detto.colonna) == (2, "utenti")
    assert "(riga 2)" in detto.messaggio
    assert "(righe 3, 4): la riga sommata ne ha 3;" in detto.messaggio
    assert [(r["voce"], r["utenti"]) for r in await _righe(ambiti, 2029)] == [
        ("cdi", None), ("sad", 3)
    ]  # fmt: skip


async def test_una_voce_fuori_modulo_entra_nella_sua_area_e_si_dice(ambiti: Banca) -> None:
    esito = await porta(
        csv_di(riga(2017, voce="pet_therapy"), riga(2017, voce="telesoccorso", comune=PANDINO)), 2017
    )  # fmt: skip
    assert esito.importate == 2
    assert [(a.riga, a.valore, a.codice) for a in esito.avvisi] == [
        (2, "pet_therapy", "voce_fuori_modulo")
    ]


async def test_utenti_senza_spesa_entrano_con_un_avviso_che_chiede_la_ragione(
    ambiti: Banca,
) -> None:
    esito = await porta(csv_di(a_carico_del_comune(2018, "0")), 2018)
    assert esito.importate == 1
    assert [a.codice for a in esito.avvisi] == ["utenti_senza_spesa"]


async def test_lo_stesso_file_due_volte_non_raddoppia_e_uno_corretto_sostituisce(
    ambiti: Banca,
) -> None:
    primo = csv_di(riga(2019), riga(2019, comune=PANDINO))
    assert (await porta(primo, 2019)).importate == 2
    ancora = await porta(primo, 2019)
    assert (ancora.stato, ancora.importate) == ("gia_importato", 2)
    # The same lines in a file of another shape: they take their own place.
    altro = await porta(xlsx_di(riga(2019), riga(2019, comune=PANDINO)), 2019, "s.xlsx")
    assert (altro.stato, altro.sostituite) == ("importato", 2)
    corretto = await porta(csv_di(a_carico_del_comune(2019, "500,00")), 2019)
    assert (corretto.importate, corretto.sostituite) == (1, 1)
    assert [r["spesa"] for r in await _righe(ambiti, 2019)] == [D("500.00"), D("1000.50")]


async def test_annullare_rimette_cio_che_c_era_e_solo_dall_ultimo(ambiti: Banca) -> None:
    primo = await porta(csv_di(riga(2020), riga(2020, comune=PANDINO)), 2020)
    prima = await _righe(ambiti, 2020)
    secondo = await porta(csv_di(a_carico_del_comune(2020, "500,00")), 2020)
    assert primo.lotto is not None
    assert secondo.lotto is not None
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="cambiate dopo"):
            await service.annulla_lotto(primo.lotto)
        await service.annulla_lotto(secondo.lotto)
    assert await _righe(ambiti, 2020) == prima
    async with unita_di_lavoro(await contesto("crema")):
        with pytest.raises(Conflitto, match="già stata annullata"):
            await service.annulla_lotto(secondo.lotto)
        await service.annulla_lotto(primo.lotto)
        assert [uno.stato for uno in await service.lotti(2020)] == ["annullato", "annullato"]
    assert await _righe(ambiti, 2020) == []


async def test_una_prova_non_lascia_nulla(ambiti: Banca) -> None:
    esito = await porta(csv_di(riga(2022)), 2022, prova=True)
    assert (esito.stato, esito.valide, esito.importate) == ("prova", 1, 0)
    assert not await interroga(ambiti.superutente, "SELECT 1 FROM rilevazione WHERE anno = 2022")


async def test_senza_rilevazione_una_pagina_non_importa(ambiti: Banca) -> None:
    with pytest.raises(NonTrovato):
        await porta(csv_di(riga(2022)), 2022, apri_se_manca=False)


async def test_chi_lavora_per_un_comune_importa_solo_le_sue_righe(ambiti: Banca) -> None:
    await porta(csv_di(riga(2023)), 2023)
    esito = await porta(csv_di(riga(2023), riga(2023, comune=PANDINO)), 2023, comune="G306")
    assert [(e.riga, e.codice) for e in esito.errori] == [(2, "comune_ignoto")]
    assert (await porta(csv_di(riga(2023, comune=PANDINO)), 2023, comune="G306")).importate == 1
    assert len(await _righe(ambiti, 2023)) == 2


async def test_le_cifre_escono_da_cio_che_e_entrato(ambiti: Banca) -> None:
    await porta(
        csv_di(
            riga(2011),
            a_carico_del_comune(2011, "300000,00", gestione="singola", modalita="diretta"),
            a_carico_del_comune(2011, "9000,00", comune=PANDINO, area="disabili", voce="cdd"),
        ),
        2011,
        slug="crema",
    )
    uscite = await cifre(2011)
    assert (uscite.totale.spesa, uscite.senza_capoluogo.spesa) == (D("310000.50"), D("9000.00"))
    assert uscite.totale.quota_associata == D("0.0323")
    assert uscite.senza_capoluogo.quota_associata == D("1.0000")
    assert uscite.totale.incidenza_utenti == D("0.0006")
    assert [(p.codice, p.quota) for p in uscite.per_area] == [
        ("anziani", D("0.9710")), ("disabili", D("0.0290"))
    ]  # fmt: skip
    assert len(uscite.mancano) == 46
    assert uscite.senza_popolazione == ()
    per_comune = {uno.istat: uno.pro_capite for uno in uscite.per_comune}
    assert per_comune[CREMA] == uscite.totale.pro_capite.max
    assert (
        per_comune[PANDINO]
        == uscite.totale.pro_capite.min
        == uscite.senza_capoluogo.pro_capite.valore
    )


async def test_un_anno_senza_popolazione_non_ha_cifre_per_abitante_e_lo_dice(
    ambiti: Banca,
) -> None:
    await porta(csv_di(riga(2024)), 2024)
    uscite = await cifre(2024)
    assert uscite.totale.pro_capite.valore is None
    assert uscite.senza_popolazione == (CREMA,)


async def test_senza_la_scheda_del_capoluogo_nessun_altro_prende_il_suo_posto(
    ambiti: Banca,
) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await service.apri(service.Apertura(anno=2026, comuni=(PANDINO, SONCINO)))
    assert (await cifre(2026)).totale.spesa == 0
    await porta(csv_di(riga(2026, comune=PANDINO), riga(2026, comune=SONCINO)), 2026)
    uscite = await cifre(2026)
    assert uscite.capoluogo is None
    assert uscite.totale == uscite.senza_capoluogo
    assert uscite.totale.spesa == D("2001.00")


@pytest.mark.parametrize("slug", ["cremona", "casalmaggiore"])
async def test_la_spesa_inventata_della_dimostrazione_entra_senza_un_avviso(
    ambiti: Banca, slug: str
) -> None:
    async with unita_di_lavoro(await contesto(slug)):
        comuni = await comuni_dell_anno(2024)
    file = genera_spesa(slug, comuni, 2024)
    assert genera_spesa(slug, comuni, 2024) == file
    esito = await porta(file, 2024, slug=slug)
    assert (esito.errori, esito.avvisi) == ([], [])
    assert esito.importate > 5 * len(comuni)
    uscite = await cifre(2024, slug)
    assert uscite.capoluogo == {"cremona": "019036", "casalmaggiore": "019021"}[slug]
    assert 0 < uscite.senza_capoluogo.spesa < uscite.totale.spesa
    assert uscite.mancano == ()
