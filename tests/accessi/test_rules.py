"""Roles, paths, passwords, waiting: the pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from capofila.accessi import rules
from capofila.accessi.rules import Persona, Tentativi, ammetti, difetto_parola, percorso_locale
from capofila.base.errori import NonAutorizzato, NonTrovato
from capofila.base.visita import AmbitoVisita

ORA = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CREMA = AmbitoVisita(1, "crema", "Ambito Cremasco", "responsabile_udp")


def persona(**campi: Any) -> Persona:
    valori: dict[str, Any] = {
        "utente_id": 7,
        "nome": "Rita",
        "amministratore": False,
        "ambiti": (CREMA,),
        "ats": (),
        "messaggi": (),
        "da_segnare": False,
    }
    return Persona(**(valori | campi))


def test_l_operatore_di_ufficio_non_invia_non_amministra_e_non_legge_il_registro() -> None:
    assert {
        "accreditamenti.decidi", "ambito.amministra", "confronto.pubblica", "debito.invia",
        "registro.vedi", "riparto.approva",
    } == (rules.RESPONSABILE_UDP - rules.OPERATORE_UDP)  # fmt: skip


def test_l_operatore_del_comune_lavora_solo_su_quello_del_comune() -> None:
    assert {p for p in rules.OPERATORE_COMUNE if not p.endswith(".vedi")} == {
        "prestazioni.importa",
        "compartecipazione.scrivi",
        "conoscenza.scrivi",
        "debito.completezza",
        "graduatorie.scrivi",
        "minori.scrivi",
        "prestazioni.scrivi",
        "spesa.scrivi",
    }
    altre = {p for p in rules.OPERATORE_COMUNE if p.startswith(("debito", "lavori", "registro"))}
    assert altre == {"debito.completezza"}


def test_l_amministratore_non_e_tale_dentro_un_ambito() -> None:
    visita, contesto = ammetti(
        "registro.vedi", persona(amministratore=True), traccia="t", ambito="crema"
    )
    assert (contesto.ambito, contesto.amministratore) == (1, False)
    assert "piattaforma.amministra" not in visita.permessi


def test_l_amministratore_senza_incarico_non_vede_gli_ambiti() -> None:
    with pytest.raises(NonTrovato):
        ammetti(
            "prestazioni.vedi", persona(amministratore=True, ambiti=()), traccia="t", ambito="crema"
        )


def test_un_ambito_altrui_e_uno_inesistente_danno_lo_stesso_errore() -> None:
    messaggi = set()
    for slug in ("cremona", "nessuno", None, ""):
        with pytest.raises(NonTrovato) as errore:
            ammetti("prestazioni.vedi", persona(), traccia="t", ambito=slug)
        messaggi.add(errore.value.messaggio)
    assert len(messaggi) == 1


def test_un_operatore_di_comune_senza_comune_non_vede_niente() -> None:
    """Without a comune the database would show the whole ambito."""
    monco = AmbitoVisita(1, "crema", "Ambito Cremasco", "operatore_comune", None)
    with pytest.raises(NonTrovato):
        ammetti("prestazioni.vedi", persona(ambiti=(monco,)), traccia="t", ambito="crema")


def test_nessuno_entra_senza_persona_se_non_dove_e_pubblico() -> None:
    visita, contesto = ammetti("pubblico", None, traccia="t")
    assert (visita.permessi, contesto.utente) == (frozenset(), None)
    for permesso in ("accesso", "prestazioni.vedi", "piattaforma.amministra", "ats.leggi"):
        with pytest.raises(NonAutorizzato):
            ammetti(permesso, None, traccia="t", ambito="crema")


@pytest.mark.parametrize(
    ("testo", "atteso"),
    [
        ("/crema/prestazioni", "/crema/prestazioni"),
        ("/crema/prestazioni?persona=ROSSI#x", "/crema/prestazioni"),
        ("/perché", "/perch%C3%A9"),
        (None, "/"),
        ("", "/"),
        ("crema", "/"),
        ("//x.example", "/"),
        ("///x.example", "/"),
        ("/\\x.example", "/"),
        ("/\t/x.example", "/"),
        ("https://x.example/", "/"),
        ("/accesso?poi=/accesso", "/"),
        ("/esci", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_percorso_locale(testo: str | None, atteso: str) -> None:
    assert percorso_locale(testo) == atteso


@pytest.mark.parametrize(
    "parola",
    [
        "",
        "undicilette",
        "Rita e il mare blu",
        "nel mare di resp.one verde rita",
        "aaaaaaaaaaaaaaaa",
        "123456789012",
        "Password1234!",
        "capofila2026!",
        "x" * 300,
    ],
)
def test_parole_rifiutate(parola: str) -> None:
    assert difetto_parola(parola, "rita.resp", "Rita Responsabile") is not None


@pytest.mark.parametrize("parola", ["quattro parole messe a caso", "x7!kQ2#pLm9?", "àèìòù" * 3])
def test_parole_accolte(parola: str) -> None:
    assert difetto_parola(parola, "rita.resp", "Rita Responsabile") is None


@pytest.mark.parametrize("nome", ["", "a", "Rita", "rìta", "rita resp", ".rita", "r" * 121])
def test_nomi_utente_rifiutati(nome: str) -> None:
    assert rules.difetto_nome_accesso(nome) is not None


def test_l_attesa_raddoppia_fino_a_un_quarto_d_ora() -> None:
    stato: Tentativi | None = None
    ora, attese = ORA, []
    for _ in range(12):
        stato, attesa = rules.tenta(stato, ora, 5)
        assert attesa == 0
        seguente, attesa = rules.tenta(stato, ora, 5)
        if attesa:
            assert seguente == stato
            attese.append(attesa)
            ora += timedelta(seconds=attesa)
    assert attese == [60, 120, 240, 480, 900, 900, 900, 900]


def test_l_attesa_non_si_dimentica_mentre_dura() -> None:
    """Four failures, then one every time the wait is over: the count goes on past the window."""
    stato = Tentativi(9, ORA - timedelta(hours=2), ORA)
    stato, attesa = rules.tenta(stato, ORA + timedelta(minutes=14), 5)
    assert (stato.quanti, attesa) == (10, 0)


def test_dopo_un_quarto_d_ora_tranquillo_si_ricomincia() -> None:
    stato, _ = rules.tenta(Tentativi(4, ORA), ORA + timedelta(minutes=15), 5)
    assert stato == Tentativi(1, ORA + timedelta(minutes=15), None)
    stato, _ = rules.tenta(Tentativi(4, ORA), ORA + timedelta(minutes=14), 5)
    assert stato.quanti == 5


@pytest.mark.parametrize(
    ("indirizzo", "atteso"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "sconosciuto"),
        ("testclient", "sconosciuto"),
    ],
)
def test_rete(indirizzo: str, atteso: str) -> None:
    assert rules.rete(indirizzo) == atteso


@pytest.mark.parametrize(
    "dettagli",
    [
        {"codice_fiscale": "x"},
        {"cf": "x"},
        {"nome": "x"},
        {"cognome_beneficiario": "x"},
        {"importo": 3},
        {"quota_utente": 3},
        {"email": "x"},
        {"nota": "RSSMRA80A01D142X"},
        {"note": ["per rssmra80a01d142x"]},
        {"misura": 1.5},
    ],
)
def test_il_registro_rifiuta_i_dati_personali(dettagli: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"audit|codice fiscale"):
        rules.verifica_dettagli(dettagli)


def test_il_registro_accoglie_conteggi_e_codici() -> None:
    rules.verifica_dettagli({"righe": 3, "flusso": "siuss", "tieni": True, "periodo": "2025"})
