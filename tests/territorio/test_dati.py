"""The facts that this repository declares, against the sources that give them."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import pytest
from codicefiscale.data import get_municipalities_data

from capofila.territorio.cartelle import DatiAmbito, DatiComuni, comuni_contesi
from capofila.territorio.rules import Appartenenze, Demografia, comuni_alla_data

NEL_2013, OGGI = date(2013, 12, 31), date(2026, 11, 22)

# Presentation on the three distretti, March 2014.
COMUNI_2013 = {"casalmaggiore": 20, "crema": 48, "cremona": 47}
COMUNI_OGGI = {"casalmaggiore": 18, "crema": 48, "cremona": 47}

# Accordo di programma 2015-2017, art. 12: lead comune and number of comuni.
SUB_AMBITI_CREMA = {
    "1": ("Pandino", 7),
    "2": ("Sergnano", 13),
    "3": ("Bagnolo Cremasco", 8),
    "4": ("Soncino", 11),
    "5": ("Castelleone", 8),
    "6": ("Crema", 1),
}


@pytest.fixture(scope="module")
def demografia(dati_comuni: DatiComuni) -> Demografia:
    return Demografia(
        {c.istat: c for c in dati_comuni.comuni},
        dati_comuni.fusioni,
        {(r.istat, r.anno): r for r in dati_comuni.popolazione},
    )


def test_i_comuni_sono_115_nel_2013_e_113_oggi(dati_comuni: DatiComuni) -> None:
    assert len(comuni_alla_data(dati_comuni.comuni, NEL_2013)) == 115
    assert len(comuni_alla_data(dati_comuni.comuni, OGGI)) == 113


def test_ogni_comune_e_di_un_ambito_e_di_uno_solo(
    dati_comuni: DatiComuni, dati_ambiti: dict[str, DatiAmbito]
) -> None:
    assert comuni_contesi(list(dati_ambiti.values())) == ()
    for giorno, quanti in ((NEL_2013, COMUNI_2013), (OGGI, COMUNI_OGGI)):
        membri = {
            slug: Appartenenze.da(dati.appartenenze).membri(giorno)
            for slug, dati in dati_ambiti.items()
        }
        assert {slug: len(m) for slug, m in membri.items()} == quanti
        esistenti = {c.istat for c in comuni_alla_data(dati_comuni.comuni, giorno)}
        assert set().union(*membri.values()) == esistenti


def test_due_fusioni_portano_il_casalasco_da_venti_a_diciotto(
    dati_comuni: DatiComuni, dati_ambiti: dict[str, DatiAmbito]
) -> None:
    nomi = {c.istat: c.nome for c in dati_comuni.comuni}
    appartenenze = Appartenenze.da(dati_ambiti["casalmaggiore"].appartenenze)
    prima = {nomi[i] for i in appartenenze.membri(date(2018, 12, 31))}
    dopo = {nomi[i] for i in appartenenze.membri(date(2019, 1, 1))}
    assert prima - dopo == {"Piadena", "Drizzona", "Ca' d'Andrea"}
    assert dopo - prima == {"Piadena Drizzona"}
    assert len(prima) == 20
    assert len(dopo) == 18


def test_crema_ha_sei_sub_ambiti_con_il_loro_comune_referente(
    dati_comuni: DatiComuni, dati_ambiti: dict[str, DatiAmbito]
) -> None:
    nomi = {c.istat: c.nome for c in dati_comuni.comuni}
    crema = dati_ambiti["crema"]
    gruppi = Appartenenze.da(crema.appartenenze).per_gruppo(date(2015, 5, 1))
    assert {
        s.codice: (nomi[s.referente or ""], len(gruppi[s.codice])) for s in crema.sub_ambiti
    } == SUB_AMBITI_CREMA
    assert nomi["019047"] == "Genivolta"
    assert "019047" in gruppi["4"]
    assert Appartenenze.da(crema.appartenenze).per_gruppo(date(2015, 4, 30)).keys() == {None}


def test_l_ente_capofila_di_ogni_ambito(dati_ambiti: dict[str, DatiAmbito]) -> None:
    assert {slug: dati.capofila for slug, dati in dati_ambiti.items()} == {
        "crema": "Comune di Crema",
        "cremona": "Azienda Sociale Cremonese",
        "casalmaggiore": "Comune di Casalmaggiore",
    }


def test_le_unioni_del_2017_sono_diciassette(dati_ambiti: dict[str, DatiAmbito]) -> None:
    unioni = {c.unione for dati in dati_ambiti.values() for c in dati.componenti}
    assert len(unioni) == 17
    per_ambito = {slug: {c.unione for c in d.componenti} for slug, d in dati_ambiti.items()}
    assert per_ambito["crema"] & per_ambito["cremona"] == {"Unione lombarda Soresinese"}
    assert per_ambito["casalmaggiore"] & per_ambito["cremona"] == {
        "Unione di comuni lombarda Terre di Pievi e Castelli"
    }


def test_una_stessa_unione_ha_gli_stessi_comuni_nei_due_ambiti_che_tocca(
    dati_ambiti: dict[str, DatiAmbito],
) -> None:
    viste: dict[str, set[tuple[str, date | None]]] = {}
    for dati in dati_ambiti.values():
        qui: dict[str, set[tuple[str, date | None]]] = {}
        for c in dati.componenti:
            qui.setdefault(c.unione, set()).add((c.istat, c.al))
        for unione, comuni in qui.items():
            assert viste.setdefault(unione, comuni) == comuni


def test_il_censimento_del_2011_somma_alla_provincia(demografia: Demografia) -> None:
    """ISTAT, census of 2011: 357,623 residents in the province of Cremona."""
    for giorno in (NEL_2013, OGGI):
        cifre = [
            demografia.popolazione(c.istat, giorno, 2011)
            for c in comuni_alla_data(demografia.comuni.values(), giorno)
        ]
        assert sum(c.residenti for c in cifre if c) == 357_623
        assert None not in cifre


def test_ogni_codice_catastale_e_nei_dati_dell_agenzia_delle_entrate(
    dati_comuni: DatiComuni,
) -> None:
    noti: dict[str, list[tuple[str, str]]] = {}
    for riga in get_municipalities_data():
        if riga["province"] == "CR":
            noti.setdefault(riga["code"], []).append((riga["name"], riga["date_deleted"][:10]))
    for comune in dati_comuni.comuni:
        fine = comune.al.isoformat() if comune.al else ""
        assert (comune.nome.lower(), fine) in [
            (nome.lower(), al) for nome, al in noti[comune.belfiore]
        ], comune


@pytest.mark.skipif(
    not os.environ.get("CAPOFILA_DOMINIO"), reason="CAPOFILA_DOMINIO non indica nessuna cartella"
)
def test_i_dati_sono_quelli_della_cartella_del_dominio(
    dati_comuni: DatiComuni, dati_ambiti: dict[str, DatiAmbito], demografia: Demografia
) -> None:
    cartella = Path(os.environ["CAPOFILA_DOMINIO"])
    nostri = {c.istat: c for c in dati_comuni.comuni}
    sub_crema = Appartenenze.da(dati_ambiti["crema"].appartenenze)
    with (cartella / "comuni.csv").open(encoding="utf-8") as file:
        righe = list(csv.DictReader(file))
    assert len(righe) == 113
    for riga in righe:
        comune = nostri[riga["istat"]]
        assert (comune.nome, comune.belfiore, comune.cap) == (
            riga["nome"],
            riga["belfiore"],
            riga["cap"],
        )
        assert float(comune.latitudine or 0) == float(riga["lat"])
        assert float(comune.longitudine or 0) == float(riga["lng"])
        for anno, colonna in ((2011, "pop_2011"), (None, "popolazione")):
            cifra = demografia.popolazione(comune.istat, OGGI, anno)
            assert cifra is not None
            assert cifra.residenti == int(riga[colonna]), comune
        appartenenze = Appartenenze.da(dati_ambiti[riga["distretto"]].appartenenze)
        assert comune.istat in appartenenze.membri(OGGI)
        if riga["distretto"] == "crema":
            periodo = sub_crema.del_giorno(comune.istat, date(2015, 5, 1))
            assert periodo is not None
            assert periodo.sub_ambito == riga["sub_ambito"]
    with (cartella / "distretti_2013.csv").open(encoding="utf-8") as file:
        assert {r["distretto"]: int(r["comuni"]) for r in csv.DictReader(file)} == COMUNI_2013
