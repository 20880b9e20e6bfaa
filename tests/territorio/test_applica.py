"""The declared folders in a real database: applied, changed, refused, each ambito by itself."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.territorio.conftest import AMBITI, TENANTS, Applica

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.dichiarato import CartellaNonValida
from capofila.base.errori import DatiNonValidi, NonAutorizzato, NonTrovato
from capofila.territorio import service, tables
from capofila.territorio.rules import MappaComuni

pytestmark = pytest.mark.anyio

NEL_2013, OGGI = date(2013, 12, 31), date(2026, 11, 22)
TABELLE_DELL_AMBITO = (
    "ente",
    "sub_ambito",
    "appartenenza",
    "componente_unione",
    "funzione_unione",
    "attivazione",
    "nota_territorio",
    "registro",
)


def cambia(file: Path, vecchio: str, nuovo: str) -> None:
    testo = file.read_text(encoding="utf-8")
    assert vecchio in testo, vecchio
    file.write_text(testo.replace(vecchio, nuovo, 1), encoding="utf-8")


async def id_di(slug: str) -> int:
    async with unita_di_lavoro(Contesto(), sola_lettura=True):
        return (await service.ambito_da_slug(slug)).id


async def fotografia(slug: str) -> dict[str, list[Any]]:
    """Every row of the ambito's own tables, with the transaction that last wrote each."""
    async with unita_di_lavoro(Contesto(ambito=await id_di(slug)), sola_lettura=True) as unita:
        return {
            tabella: [
                tuple(r)
                for r in await unita.righe(f"SELECT xmin::text, * FROM {tabella} ORDER BY id")
            ]
            for tabella in TABELLE_DELL_AMBITO
        }


async def membri(slug: str, giorno: date) -> set[str]:
    async with unita_di_lavoro(Contesto(ambito=await id_di(slug)), sola_lettura=True):
        return {comune.nome for comune in await service.membri(giorno)}


async def test_i_tre_ambiti_hanno_i_loro_comuni_nel_2013_e_oggi(applica_cartelle: Applica) -> None:
    await applica_cartelle(*AMBITI)
    for giorno, quanti in ((NEL_2013, (48, 47, 20)), (OGGI, (48, 47, 18))):
        assert tuple([len(await membri(slug, giorno)) for slug in AMBITI]) == quanti
    async with unita_di_lavoro(Contesto(), sola_lettura=True):
        assert len(await service.comuni_alla_data(NEL_2013)) == 115
        assert len(await service.comuni_alla_data(OGGI)) == 113
        assert [a.slug for a in await service.ambiti()] == ["casalmaggiore", "crema", "cremona"]


async def test_applicare_due_volte_non_cambia_niente_e_lo_dice(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    prima = await applica_cartelle("crema")
    assert prima.cambiato
    assert prima.aggiunti > 150
    assert any("Comune di Genivolta, sub-ambito «4», dal 2015-05-01" in f for f in prima.frasi)
    foto = await fotografia("crema")

    async with unita_di_lavoro(Contesto(amministratore=True)):
        comuni = await service.applica_comuni(cartelle / "comuni")
    assert not comuni.cambiato
    assert "nessun cambiamento" in comuni.riassunto()
    seconda = await applica_cartelle("crema")
    assert not seconda.cambiato
    assert seconda.frasi == []
    assert seconda.avvisi == []
    assert seconda.invariati == prima.aggiunti
    assert "nessun cambiamento" in seconda.riassunto()
    assert await fotografia("crema") == foto


async def test_applicare_crema_non_tocca_cremona(applica_cartelle: Applica, cartelle: Path) -> None:
    await applica_cartelle("cremona")
    foto = await fotografia("cremona")
    await applica_cartelle("crema")
    cambia(cartelle / "crema/ambito.yaml", "sigla: CSC", "sigla: COSC")
    await applica_cartelle("crema")
    assert await fotografia("cremona") == foto
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True) as unita:
        for tabella in TABELLE_DELL_AMBITO:
            assert await unita.valore(
                f"SELECT bool_and(ambito_id = $1) FROM {tabella}", unita.ambito
            ) in (True, None)


async def test_crema_ha_i_sei_sub_ambiti_con_i_referenti(applica_cartelle: Applica) -> None:
    await applica_cartelle("crema")
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True):
        visto = await service.quadro(date(2015, 5, 1))
        prima = await service.quadro(date(2015, 4, 30))
    assert [
        (g.sub_ambito.codice, g.referente.nome, len(g.righe))
        for g in visto.gruppi
        if g.sub_ambito and g.referente
    ] == [
        ("1", "Pandino", 7),
        ("2", "Sergnano", 13),
        ("3", "Bagnolo Cremasco", 8),
        ("4", "Soncino", 11),
        ("5", "Castelleone", 8),
        ("6", "Crema", 1),
    ]
    assert visto.totali[0] == 161_155
    assert [(g.sub_ambito, len(g.righe)) for g in prima.gruppi] == [(None, 48)]


async def test_un_comune_cambia_sub_ambito_e_la_storia_resta(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("crema")
    riga = "019047,Genivolta,2015-05-01,,4,"
    cambia(
        cartelle / "crema/comuni.csv",
        riga,
        "019047,Genivolta,2015-05-01,2019-12-31,4,x,accordo-2015\n019047,Genivolta,2020-01-01,,5,",
    )
    esito = await applica_cartelle("crema")
    assert (esito.aggiunti, esito.chiusi, esito.modificati) == (1, 0, 1)
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True):
        appartenenze = await service.appartenenze()
    dove = {
        giorno: periodo.sub_ambito
        for giorno in (date(2014, 1, 1), date(2019, 12, 31), date(2020, 1, 1))
        if (periodo := appartenenze.del_giorno("019047", giorno))
    }
    assert list(dove.values()) == [None, "4", "5"]


async def test_la_riga_sostituita_chiude_la_vecchia_il_giorno_prima_e_apre_la_nuova(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("crema")
    cambia(
        cartelle / "crema/comuni.csv",
        "019047,Genivolta,2015-05-01,,4,",
        "019047,Genivolta,2020-01-01,,5,",
    )
    esito = await applica_cartelle("crema")
    assert (esito.aggiunti, esito.chiusi, esito.modificati) == (1, 1, 0)
    assert "Chiuso il 2019-12-31: l'appartenenza di Comune di Genivolta, sub-ambito «4»." in (
        esito.frasi
    )
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True):
        periodi = (await service.appartenenze()).per_comune["019047"]
    assert [(p.sub_ambito, p.dal, p.al) for p in periodi] == [
        (None, None, date(2015, 4, 30)),
        ("4", date(2015, 5, 1), date(2019, 12, 31)),
        ("5", date(2020, 1, 1), None),
    ]
    ancora = await applica_cartelle("crema")
    assert not ancora.cambiato


@pytest.mark.parametrize("nuovo", [date(2019, 7, 1), date(2020, 2, 1)])
async def test_un_confine_fra_due_periodi_si_sposta_e_i_periodi_restano_due(
    applica_cartelle: Applica, cartelle: Path, nuovo: date
) -> None:
    await applica_cartelle("cremona")
    ultimo = nuovo - timedelta(days=1)
    file = cartelle / "cremona/comuni.csv"
    cambia(file, "Soresina,,2019-10-01", f"Soresina,,{ultimo}")
    cambia(file, "Soresina,2019-10-02", f"Soresina,{nuovo}")
    gruppo = '"2", nome: Ambito 2, dal: '
    cambia(cartelle / "cremona/sub_ambiti.yaml", f"{gruppo}2019-10-02", f"{gruppo}2019-07-01")
    esito = await applica_cartelle("cremona")
    assert (esito.aggiunti, esito.chiusi) == (0, 0)
    async with unita_di_lavoro(Contesto(ambito=await id_di("cremona")), sola_lettura=True):
        periodi = (await service.appartenenze()).per_comune["019098"]
    assert [(p.dal, p.al) for p in periodi] == [(None, ultimo), (nuovo, None)]


async def test_un_comune_passa_a_un_altro_ambito(applica_cartelle: Applica, cartelle: Path) -> None:
    await applica_cartelle("casalmaggiore", "cremona")
    cambia(
        cartelle / "casalmaggiore/comuni.csv",
        "019107,Torre de' Picenardi,,,,",
        "019107,Torre de' Picenardi,,2026-12-31,,",
    )
    cambia(
        cartelle / "cremona/comuni.csv",
        "019098,Soresina,,",
        "019107,Torre de' Picenardi,2027-01-01,,,,ambiti-2019\n019098,Soresina,,",
    )
    casalasco = await applica_cartelle("casalmaggiore")
    assert casalasco.chiusi == 1
    cremonese = await applica_cartelle("cremona")
    assert cremonese.aggiunti == 2  # the membership, and its ente
    torre = "Torre de' Picenardi"
    for giorno, qui, la in (
        (date(2026, 12, 31), True, False),
        (date(2027, 1, 1), False, True),
    ):
        assert (torre in await membri("casalmaggiore", giorno)) is qui
        assert (torre in await membri("cremona", giorno)) is la
    async with unita_di_lavoro(Contesto(ambito=await id_di("casalmaggiore")), sola_lettura=True):
        ente = await service.ente_da_codice_o_nome("L258")
    assert ente.al == date(2026, 12, 31)


async def test_una_nuova_fusione_chiude_due_comuni_e_ne_apre_uno(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("casalmaggiore")
    comuni = cartelle / "comuni"
    for codice in ("019009,Calvatone", "019106,Tornata"):
        testo = (comuni / "comuni.csv").read_text(encoding="utf-8")
        riga = next(r for r in testo.splitlines() if r.startswith(codice))
        cambia(comuni / "comuni.csv", riga, riga.replace(",,,comuni", ",,2027-12-31,comuni"))
    with (comuni / "comuni.csv").open("a", encoding="utf-8") as file:
        file.write("019117,Calvatone Tornata,M999,CR,,,,2028-01-01,,comuni\n")
    with (comuni / "fusioni.csv").open("a", encoding="utf-8") as file:
        file.write("019009,019117,2028-01-01,comuni\n019106,019117,2028-01-01,comuni\n")
    ambito = cartelle / "casalmaggiore"
    with pytest.raises(CartellaNonValida, match="Calvatone è cessato il 2027-12-31"):
        await applica_cartelle("casalmaggiore")
    for codice in ("019009,Calvatone", "019106,Tornata"):
        cambia(ambito / "comuni.csv", f"{codice},2024-09-04,,", f"{codice},2024-09-04,2027-12-31,")
    with (ambito / "comuni.csv").open("a", encoding="utf-8") as file:
        file.write("019117,Calvatone Tornata,2028-01-01,,1,,venti-comuni\n")
    for nome in ("Calvatone", "Tornata"):
        voce = f'nome: "{nome}", '
        cambia(ambito / "unioni.yaml", voce, f"{voce}al: 2027-12-31, ")
    await applica_cartelle("casalmaggiore")
    assert len(await membri("casalmaggiore", date(2027, 12, 31))) == 18
    assert len(await membri("casalmaggiore", date(2028, 1, 1))) == 17
    async with unita_di_lavoro(Contesto(ambito=await id_di("casalmaggiore")), sola_lettura=True):
        demografia = await service.demografia()
        nuovo = demografia.popolazione("019117", date(2028, 1, 1), 2011)
        visto = await service.quadro(date(2028, 1, 1))
    assert nuovo is not None
    assert nuovo.residenti == 1260 + 491
    assert any("Calvatone confluisce in Calvatone Tornata" in v.testo for v in visto.vicende)


async def test_un_unione_subentra_a_un_comune_in_una_funzione(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    cambia(
        cartelle / "crema/unioni.yaml",
        "    fonte: unioni-2017\n",
        '    fonte: unioni-2017\n    funzioni: [{comune: "019086", funzione: tutela-minori, '
        "dal: 2016-01-01, al: 2017-12-31, atto: del. 1/2015, fonte: unioni-2017}]\n",
    )
    await applica_cartelle("crema")
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True):
        durante = await service.esercita("019086", "tutela-minori", date(2016, 6, 1))
        dopo = await service.esercita("019086", "tutela-minori", date(2018, 1, 1))
    assert durante.unione == "Unione di comuni lombarda dei Fontanili"
    assert dopo.unione is None


async def test_il_capofila_passa_a_un_altro_ente(applica_cartelle: Applica, cartelle: Path) -> None:
    await applica_cartelle("crema")
    cambia(
        cartelle / "crema/ambito.yaml",
        'capofila: "019035"',
        "capofila: Comunità Sociale Cremasca a.s.c.",
    )
    esito = await applica_cartelle("crema")
    assert esito.cambiato
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True):
        enti = await service.enti()
        ambito = await service.ambito_da_slug("crema")
    assert [e.denominazione for e in enti if e.capofila] == ["Comunità Sociale Cremasca a.s.c."]
    assert ambito.capofila == "Comunità Sociale Cremasca a.s.c."


async def test_chi_cambia_maiuscole_a_un_ente_non_ne_fa_due(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("crema")
    cambia(cartelle / "crema/ambito.yaml", "Cremasca a.s.c.\n", "Cremasca A.S.C.\n")
    esito = await applica_cartelle("crema")
    assert (esito.aggiunti, esito.modificati) == (0, 1)


async def test_cio_che_non_e_piu_dichiarato_resta_e_si_dice(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("crema")
    testo = (cartelle / "crema/ambito.yaml").read_text(encoding="utf-8")
    (cartelle / "crema/ambito.yaml").write_text(testo.split("\nnote:")[0] + "\n", encoding="utf-8")
    esito = await applica_cartelle("crema")
    assert not esito.cambiato
    assert len(esito.avvisi) == 3
    assert any("genivolta" in avviso and "resta com'era" in avviso for avviso in esito.avvisi)


async def test_un_appartenenza_che_sparisce_e_rifiutata_e_nulla_cambia(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("crema")
    foto = await fotografia("crema")
    file = cartelle / "crema/comuni.csv"
    righe = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text(
        "".join(r for r in righe if not r.startswith("019047,Genivolta,2015")), encoding="utf-8"
    )
    cambia(cartelle / "crema/ambito.yaml", "sigla: CSC", "sigla: NUOVA")
    cambia(cartelle / "crema/ambito.yaml", "Ambito distrettuale Cremasco\n", "Altro nome\n")
    with pytest.raises(DatiNonValidi, match=r"crema/comuni\.csv: l'appartenenza di .*Genivolta"):
        await applica_cartelle("crema")
    assert await fotografia("crema") == foto
    async with unita_di_lavoro(Contesto(), sola_lettura=True):
        assert (await service.ambito_da_slug("crema")).nome == "Ambito distrettuale Cremasco"


async def test_una_cartella_guasta_non_salva_nemmeno_l_ambito(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    cambia(cartelle / "crema/comuni.csv", "2015-05-01,,6,", "2015-05-01,,9,")
    with pytest.raises(DatiNonValidi, match=r"crema/comuni\.csv, riga"):
        await applica_cartelle("crema")
    async with unita_di_lavoro(Contesto(), sola_lettura=True):
        assert await service.ambiti() == ()
        with pytest.raises(NonTrovato):
            await service.ambito_da_slug("crema")


async def test_dopo_un_rifiuto_l_unita_non_crede_di_avere_un_ambito(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    await applica_cartelle("crema")
    file = cartelle / "crema/comuni.csv"
    righe = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(r for r in righe if "Genivolta,2015" not in r), encoding="utf-8")
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        with pytest.raises(CartellaNonValida):
            await service.applica(cartelle / "crema")
        assert unita.contesto.ambito is None
        assert await unita.valore("SELECT current_setting('capofila.ambito', true)") == ""


async def _eservice(slug: str) -> list[tuple[Any, ...]]:
    async with unita_di_lavoro(Contesto(ambito=await id_di(slug)), sola_lettura=True) as unita:
        righe = await unita.righe(
            "SELECT codice, audience, fruitore, uso_voucher, attivo FROM eservice ORDER BY codice"
        )
    return [tuple(riga) for riga in righe]


async def test_un_e_service_si_dichiara_si_cambia_e_si_sospende(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    file = cartelle / "crema" / "ambito.yaml"
    await applica_cartelle("crema")
    assert await _eservice("crema") == []
    dichiarato = """
pdnd:
  - ente: "019035"
    audience: https://capofila.example/waas/v1/D142
    attivo: si
  - {ente: Comune di Pandino, audience: pandino, uso_voucher: unico}
note:"""
    cambia(file, "\nnote:", dichiarato)
    esito = await applica_cartelle("crema")
    assert "Aggiunto: l'e-service di D142." in esito.frasi
    di_crema = ("D142", "https://capofila.example/waas/v1/D142", None, "richiesta", True)
    di_pandino = ("G306", "pandino", None, "unico", False)
    assert await _eservice("crema") == [di_crema, di_pandino]
    assert not (await applica_cartelle("crema")).cambiato
    cambia(file, "uso_voucher: unico}", "attivo: si}")
    assert (await applica_cartelle("crema")).modificati == 1
    assert (await _eservice("crema"))[1] == ("G306", "pandino", None, "richiesta", True)
    # What the folder has no longer answers no longer, and stays for its history.
    cambia(file, dichiarato.replace(", uso_voucher: unico}", ", attivo: si}"), "\nnote:")
    esito = await applica_cartelle("crema")
    assert any("Sospeso: l'e-service di D142" in frase for frase in esito.frasi)
    assert [riga[-1] for riga in await _eservice("crema")] == [False, False]
    assert not (await applica_cartelle("crema")).cambiato


async def test_due_ambiti_non_hanno_la_stessa_audience(
    applica_cartelle: Applica, cartelle: Path
) -> None:
    for slug, codice in (("crema", "D142"), ("cremona", "D150")):
        file = cartelle / slug / "ambito.yaml"
        cambia(file, "\nnote:", f"\npdnd:\n  - {{ente: {codice}, audience: una}}\nnote:")
    await applica_cartelle("crema")
    with pytest.raises(CartellaNonValida, match="con questa audience"):
        await applica_cartelle("cremona")


async def test_solo_l_amministrazione_della_piattaforma_applica(motore: object) -> None:
    for contesto in (Contesto(), Contesto(utente=1, ambito=1)):
        async with unita_di_lavoro(contesto):
            with pytest.raises(NonAutorizzato):
                await service.applica_comuni(TENANTS / "comuni")
            with pytest.raises(NonAutorizzato):
                await service.applica(TENANTS / "crema")


async def test_ogni_applicazione_che_cambia_lascia_traccia_senza_nomi(
    applica_cartelle: Applica,
) -> None:
    await applica_cartelle("crema")
    await applica_cartelle("crema")
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True) as unita:
        righe = await unita.righe("SELECT azione, oggetto_id, dettagli FROM registro")
    assert len(righe) == 1
    assert tuple(righe[0])[:2] == ("territorio_applicato", "crema")
    assert set(json.loads(righe[0]["dettagli"])) == {
        "aggiunti",
        "modificati",
        "chiusi",
        "invariati",
    }


async def test_le_domande_delle_altre_stanze(applica_cartelle: Applica) -> None:
    await applica_cartelle(*AMBITI)
    async with unita_di_lavoro(Contesto(ambito=await id_di("crema")), sola_lettura=True):
        mappa = await service.mappa_enti()
        azienda = mappa.cerca("Comunità Sociale Cremasca")
        assert azienda is not None
        assert (azienda.tipo, azienda.codice, azienda.sede) == ("azienda", None, "D142")
        capofila = await service.ente_da_codice_o_nome("D142")
        assert capofila.capofila
        assert capofila.denominazione == "Comune di Crema"
        with pytest.raises(NonTrovato):
            await service.ente_da_codice_o_nome("D150")
        comuni = await service.mappa_comuni()
        assert comuni.istat("M418") == "019116"
        assert comuni.belfiore("019035") == "D142"
        nel_2011 = await service.popolazione(2011)
        assert (len(nel_2011), nel_2011["019035"].residenti) == (115, 33_091)
        senza_anno = await service.popolazione(None)
        assert (len(senza_anno), senza_anno["019035"].anno) == (113, None)
        attivi = {e.denominazione for e in await service.enti() if e.tipo == "unione"}
        assert attivi == {
            "Unione di comuni lombarda dei Fontanili",
            "Unione lombarda Soresinese",
        }


async def test_la_popolazione_dei_tre_ambiti_nei_confini_di_oggi(applica_cartelle: Applica) -> None:
    """Sums of the published figures of the comuni: census of 2011, and the latest without year."""
    await applica_cartelle(*AMBITI)
    totali = {}
    for slug in AMBITI:
        async with unita_di_lavoro(Contesto(ambito=await id_di(slug)), sola_lettura=True):
            totali[slug] = (await service.quadro(OGGI)).totali
    assert totali == {
        "crema": (161_155, 160_402),
        "cremona": (156_918, 153_250),
        "casalmaggiore": (39_550, 37_493),
    }


async def test_il_quadro_fa_poche_domande_qualunque_sia_l_ambito(applica_cartelle: Applica) -> None:
    await applica_cartelle("crema")
    contesto = Contesto(ambito=await id_di("crema"))
    async with unita_di_lavoro(contesto, sola_lettura=True):
        await service.quadro(OGGI)
    async with unita_di_lavoro(contesto, sola_lettura=True) as unita:
        await service.quadro(OGGI)
        assert unita.conta_query <= 8


async def test_i_comuni_si_tengono_finche_qualcuno_non_li_cambia(
    applica_cartelle: Applica,
) -> None:
    async def letti() -> MappaComuni:
        async with unita_di_lavoro(Contesto(), sola_lettura=True):
            return await service.mappa_comuni()

    async def cambia(nome: str, *, poi: Exception | None = None) -> None:
        async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
            await unita.esegui("UPDATE comune SET nome = $1 WHERE istat = '019035'", nome)
            # Whoever changes them reads what it wrote, which is nobody else's yet.
            assert (await service.mappa_comuni()).per_istat["019035"].nome == nome
            if poi is not None:
                raise poi

    await applica_cartelle("crema")
    prima = await letti()
    assert await letti() is prima
    with pytest.raises(LookupError):
        await cambia("Crema mai", poi=LookupError())
    assert await letti() is prima
    await cambia("Crema Nuova")
    dopo = await letti()
    assert dopo.per_istat["019035"].nome == "Crema Nuova"
    assert await letti() is dopo
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "INSERT INTO popolazione (istat, anno, residenti, fonte) VALUES ('019035', 1901, 7, 'prova')"
        )
        for anno in (1902, 1903):
            await unita.esegui(
                "INSERT INTO popolazione (istat, anno, residenti, fonte) "
                "VALUES ('019035', $1, 7, 'prova')",
                anno,
            )
            assert anno in (await service.demografia()).anni
    async with unita_di_lavoro(Contesto(), sola_lettura=True):
        assert {1901, 1902, 1903} <= {*(await service.demografia()).anni}


async def test_le_tabelle_di_piccolo_hanno_le_colonne_del_database(motore: object) -> None:
    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        for tabella in tables.TABELLE:
            righe = await unita.righe(
                "SELECT column_name, is_nullable FROM information_schema.columns "
                "WHERE table_name = $1",
                tabella._meta.tablename,
            )
            nel_database = {r["column_name"]: r["is_nullable"] == "YES" for r in righe}
            qui = {c._meta.name: c._meta.null for c in tabella._meta.columns}
            assert qui == nel_database, tabella._meta.tablename
