"""`capofila compartecipazione compute`: the quota and why, on Crema's declared home care."""

from __future__ import annotations

import pytest

from tests.debito.test_riga_di_comando import Comando, Macchina, macchina

__all__ = ["macchina"]


def test_la_quota_del_sad_di_crema_con_la_sua_spiegazione(macchina: Macchina) -> None:
    def calcola(*resto: str, giorno: str = "2025-03-01") -> Comando:
        return macchina.capofila(
            "compartecipazione", "compute", "--ambito", "crema", "--servizio", "sad",
            "--data", giorno, *resto, "--json",
        )  # fmt: skip

    punti = {
        "3000": 0, "4500": 3.62, "6000": 5.04, "13000": 15.52, "20000": 26.00, "35000": 26.00,
    }  # fmt: skip
    assert {i: calcola("--isee", i).json["quota"] for i in punti} == punti
    fatta = calcola("--isee", "4500", "--quantita", "10").json
    assert (fatta["quota"], fatta["unita"], fatta["schema"]) == (36.2, "ora", "crema-sad")
    assert (fatta["stato"], fatta["versione"]) == ("calcolata", "2025-01-01")
    assert [riga["valore"] for riga in fatta["traccia"]] == ["3.615", "3.62", "36.2"]
    assert {p["nome"]: p["valore"] for p in fatta["traccia"][0]["parametri"]} == {
        "isee_iniziale": 3000, "tariffa_minima": 2.19, "isee_intermedio": 6000,
        "tariffa_intermedia": 5.04,
    }  # fmt: skip
    assert any("27/02/2025" in atto for atto in fatta["atti"])
    assert any("ipotesi" in atto for atto in fatta["atti"])
    assert len(fatta["impronta"]) == 64
    assert calcola("--isee", "4500", giorno="2024-12-31").json["quota"] == 2.95
    # The last tariffs have no end in their source: they hold on, and the version says since when.
    lontano = calcola("--isee", "4500", giorno="2035-01-01").json
    assert (lontano["quota"], lontano["versione"]) == (3.62, "2025-01-01")
    # Before any plugin of the ambito was active there is no scheme at all.
    antico = calcola("--isee", "4500", giorno="1990-01-01")
    assert (antico.stato, antico.json["errore"]) == (1, "non_trovato")
    assert "nessun plugin attivo il 1 gennaio 1990" in antico.errore
    a_parole = macchina.capofila(
        "compartecipazione", "compute", "--ambito", "crema", "--servizio", "sad",
        "--data", "2025-03-01", "--isee", "4500",
    )  # fmt: skip
    assert "Arrotondato al centesimo: 3,62 € all'ora." in a_parole.uscita
    assert "Quota: 3,62\xa0€" in a_parole.uscita

    suppone = calcola("--isee", "4500", "--comune", "pandino")
    assert (suppone.json["quota"], suppone.json["comune"]["stato"]) == (3.62, "non_registrata")
    assert "non è registrato" in suppone.errore
    fuori = calcola("--isee", "4500", "--comune", "Cremona")
    assert (fuori.stato, fuori.json["quota"]) == (1, None)
    assert fuori.json["motivo"] == "comune_fuori_ambito"
    assert "non è di questo ambito" in fuori.errore
    assert calcola("--isee", "4500", "--comune", "Nessuno").stato == 1

    for resto, giorno, motivo in (
        ((), "2025-03-01", "isee_mancante"),
        (("--isee", "-1"), "2025-03-01", "isee_negativo"),
        (("--isee", "1e12"), "2025-03-01", "isee_assurdo"),
        (("--isee", "4500", "--dsu", "2024-10-01"), "2025-03-01", "isee_scaduto"),
        (("--isee", "4500", "--omissioni"), "2025-03-01", "isee_con_omissioni"),
        (("--isee", "4500", "--specie", "universitario"), "2025-03-01", "isee_di_altra_specie"),
        (("--isee", "4500", "--quantita", "0"), "2025-03-01", "quantita_errata"),
        (("--isee", "4500"), "2020-03-01", "nessuno_schema"),
    ):
        rifiuto = calcola(*resto, giorno=giorno)
        assert (rifiuto.stato, rifiuto.json["motivo"]) == (1, motivo)
        assert rifiuto.json["quota"] is None
        assert rifiuto.errore.strip()


@pytest.mark.parametrize(
    ("opzioni", "stato"),
    [
        (("--ambito", "cremona", "--servizio", "nido", "--data", "2025-03-01"), 1),
        (("--ambito", "crema", "--servizio", "sad", "--data", "2025-02-30"), 2),
        (("--ambito", "crema", "--servizio", "sad", "--data", "2025-03-01", "--isee", "molto"), 2),
        (("--ambito", "crema", "--servizio", "sad", "--data", "2025-03-01", "--isee", "nan"), 1),
        (("--ambito", "crema", "--servizio", "sad", "--data", "2025-03-01", "--isee", "4.500"), 2),
        (("--ambito", "crema", "--servizio", "sad", "--data", "2025-03-01", "--isee", "4,500"), 2),
    ],
)
def test_cio_che_non_si_puo_calcolare_si_dice(
    macchina: Macchina, opzioni: tuple[str, ...], stato: int
) -> None:
    detto = macchina.capofila("compartecipazione", "compute", *opzioni)
    assert detto.stato == stato
    assert detto.errore.strip()
