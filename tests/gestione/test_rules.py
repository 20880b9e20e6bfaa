"""What is to be done today, and in which order."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module

from capofila.base.lavori import REGISTRO
from capofila.debito.service import Esportazione
from capofila.gestione.rules import (
    FileInAttesa,
    FileRespinto,
    LavoroFermo,
    da_fare,
    respinti_aperti,
)
from capofila.gestione.service import NOMI_LAVORO
from capofila.governo.adempimenti import Fatto, Istanza, ScadenzaVista, mostra
from capofila.worker import MODULI

OGGI = date(2027, 3, 1)


def _scadenza(giorni: int, **campi: object) -> ScadenzaVista:
    valori: dict[str, object] = {
        "codice": "piano-operativo", "anno": 2027, "titolo": "Piano Operativo",
        "organo": "assemblea-dei-sindaci", "organo_nome": "Assemblea dei Sindaci",
        "data": OGGI + timedelta(days=giorni),
    }  # fmt: skip
    return mostra(Istanza(**valori, **campi), OGGI)  # type: ignore[arg-type]


def _esportazione(id_: str, stato: str, periodo: str = "2025", ente: str = "Crema") -> Esportazione:
    return Esportazione(
        id=id_,
        ambito="crema",
        flusso="siuss",
        periodo=periodo,
        stato=stato,
        righe=None,
        byte=None,
        sha256=None,
        uri=None,
        avvisi=[{"codice": "x", "messaggio": "Tre prestazioni non vanno.", "righe": 3}],
        nome_flusso=f"F.{id_}",
        ente=ente,
    )


def test_prima_quello_che_e_fermo_poi_quello_che_aspetta_una_decisione() -> None:
    cose = da_fare(
        "/crema",
        file=[FileInAttesa(id=7, nome_file="gennaio.csv", valide=1, errori_totali=1200)],
        respinti=[FileRespinto(id="u", nome_flusso="F.1", periodo="2025", motivo="Perché sì.")],
        lavori=[LavoroFermo(nome="Preparazione", errore="L'archivio non risponde.")],
        scadenze=[_scadenza(12), _scadenza(0)],
    )
    assert [cosa.stato for cosa in cose] == [
        "Respinto", "Fallito", "Oggi", "Da decidere", "Si avvicina",
    ]  # fmt: skip
    decisione = cose[3]
    assert decisione.href == "/crema/importazioni/7"
    assert decisione.testo == "1.200 errori, 1 riga buona: non è ancora salvato nulla."
    assert cose[4].testo == "Scade fra 12 giorni. Risponde: Assemblea dei Sindaci."
    assert cose[2].testo.startswith("Scade oggi.")


def test_una_scadenza_lontana_o_passata_non_e_da_fare_oggi() -> None:
    fatto = Fatto(esito="fatto", giorno=OGGI, prova="Deliberazione")
    assert da_fare("/crema", scadenze=[_scadenza(90), _scadenza(-2, fatto=fatto)]) == []
    (scaduta,) = da_fare("/crema", scadenze=[_scadenza(-2)])
    assert (scaduta.stato, scaduta.urgenza) == ("Scaduta", "errore")
    assert scaduta.testo == "Scaduta 2 giorni fa. Risponde: Assemblea dei Sindaci."


def test_ogni_azione_ha_un_nome_suo() -> None:
    cose = da_fare(
        "/crema",
        file=[
            FileInAttesa(id=n, nome_file=f"{n}.csv", valide=2, errori_totali=1) for n in range(3)
        ],
    )
    assert len({cosa.azione for cosa in cose}) == 3


def test_un_respinto_rifatto_non_aspetta_piu() -> None:
    esportazioni = [
        _esportazione("d", "in_preparazione", "2025-S1"),
        _esportazione("c", "sigillata"),
        _esportazione("b", "respinta"),
        _esportazione("a", "respinta", ente="Cremona"),
        _esportazione("0", "respinta", "2025-S1"),
    ]
    aperti = respinti_aperti(esportazioni)
    assert [uno.id for uno in aperti] == ["a"]
    assert aperti[0].motivo == "Tre prestazioni non vanno."


def test_ogni_lavoro_che_il_worker_sa_fare_ha_un_nome_per_chi_lo_vede() -> None:
    """A kind that only the program knows would stand among the jobs as a dotted word."""
    for modulo in MODULI:
        import_module(modulo)
    del_programma = {d.tipo for d in REGISTRO.values() if d.funzione.__module__ in MODULI}
    assert del_programma == set(NOMI_LAVORO)
