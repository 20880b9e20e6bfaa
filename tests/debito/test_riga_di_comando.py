"""The commands that scripts rely on, as processes over real services: shapes and exit statuses."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import ambiente, banca_da, codice_fiscale, csv_di, interroga, riga


class Comando(NamedTuple):
    stato: int
    json: Any
    errore: str
    uscita: str = ""


class Macchina:
    """A machine where the services are configured in the environment, with a worker running."""

    def __init__(self, banca: Banca, variabili: dict[str, str], cartella: Path) -> None:
        self.banca = banca
        self.cartella = cartella
        self.ambiente = {
            **{n: v for n, v in os.environ.items() if not n.startswith("CAPOFILA_")},
            **variabili,
        }

    def processo(self, *argomenti: str, **altro: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *argomenti], env=self.ambiente, cwd=self.cartella, **altro
        )

    def capofila(self, *argomenti: str, ingresso: bytes | None = None, **variabili: str) -> Comando:
        """Run a command; its one JSON document, when it says one."""
        fatto = subprocess.run(
            [sys.executable, "-m", "capofila.cli", *argomenti],
            env=self.ambiente | variabili, cwd=self.cartella, capture_output=True, timeout=60,
            check=False, input=ingresso,
        )  # fmt: skip
        assert b"Traceback" not in fatto.stderr, fatto.stderr.decode()
        letto = json.loads(fatto.stdout) if "--json" in argomenti and fatto.stdout else None
        return Comando(fatto.returncode, letto, fatto.stderr.decode(), fatto.stdout.decode())

    def file(self, nome: str, contenuto: bytes) -> str:
        (self.cartella / nome).write_bytes(contenuto)
        return nome

    def conta(self, tabella: str) -> int:
        ((quante,),) = asyncio.run(
            interroga(self.banca.superutente, f"SELECT count(*) FROM {tabella}")
        )
        return int(quante)


@pytest.fixture(scope="module")
def macchina(
    servizi: Any, modello: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Macchina]:
    with banca_da(servizi, modello) as banca:
        macchina = Macchina(banca, ambiente(servizi, banca), tmp_path_factory.mktemp("macchina"))
        worker = macchina.processo("capofila.worker", stderr=subprocess.DEVNULL)
        try:
            yield macchina
        finally:
            worker.terminate()
            worker.wait(30)


ERRORE = {"riga", "colonna", "valore", "codice", "messaggio"}
ESPORTAZIONE = {
    "id", "ambito", "flusso", "periodo", "stato", "righe", "byte", "sha256", "uri", "avvisi",
}  # fmt: skip


def test_dal_file_al_debito_scaricato(macchina: Macchina) -> None:
    file = macchina.file("gennaio.csv", csv_di(riga(1), riga(2)))
    prova = macchina.capofila(
        "prestazioni", "import", file, "--ambito", "crema", "--dry-run", "--json"
    )
    assert (prova.stato, prova.json["righe"], prova.json["valide"]) == (0, 2, 2)
    assert macchina.conta("prestazione") == 0

    importato = macchina.capofila("prestazioni", "import", file, "--ambito", "crema", "--json")
    assert importato.stato == 0
    assert {"righe", "valide", "errori"} <= set(importato.json)
    assert (importato.json["righe"], importato.json["valide"], importato.json["errori"]) == (
        2,
        2,
        [],
    )
    ripetuto = macchina.capofila("prestazioni", "import", file, "--ambito", "crema", "--json")
    assert (ripetuto.stato, ripetuto.json["stato"]) == (0, "gia_importato")
    assert macchina.conta("prestazione") == 2

    fatta = macchina.capofila("debito", "export", "siuss", "--ambito", "crema", "--periodo", "2025",
                              "--json")  # fmt: skip
    assert fatta.stato == 0
    assert set(fatta.json) >= ESPORTAZIONE
    assert {n: fatta.json[n] for n in ("ambito", "flusso", "periodo", "stato", "righe")} == {
        "ambito": "crema", "flusso": "siuss", "periodo": "2025", "stato": "sigillata", "righe": 2,
    }  # fmt: skip
    assert fatta.json["uri"].startswith("s3://")
    assert uuid.UUID(fatta.json["id"])
    assert all({"codice", "messaggio"} <= set(a) for a in fatta.json["avvisi"])

    elenco = macchina.capofila("debito", "list", "--ambito", "crema", "--json")
    assert elenco.stato == 0
    assert [e["id"] for e in elenco.json] == [fatta.json["id"]]
    assert all(set(e) >= ESPORTAZIONE for e in elenco.json)

    uscita = macchina.cartella / "scaricato.xml"
    scaricato = macchina.capofila("debito", "download", fatta.json["id"], "-o", str(uscita))
    assert scaricato.stato == 0
    contenuto = uscita.read_bytes()
    assert hashlib.sha256(contenuto).hexdigest() == fatta.json["sha256"]
    assert len(contenuto) == fatta.json["byte"]
    assert [p.name for p in macchina.cartella.iterdir() if p.name.startswith(".")] == []


def test_un_file_importato_si_segna_dopo_come_gia_inviato_e_si_torna_indietro(
    macchina: Macchina,
) -> None:
    file = macchina.file("vecchie.csv", csv_di(riga(1), riga(2)))
    importato = macchina.capofila("prestazioni", "import", file, "--ambito", "crema", "--json")
    lotto = str(importato.json["lotto"])

    def segna(*opzioni: str, quale: str = lotto) -> Comando:
        return macchina.capofila("debito", "gia-inviate", quale, "--ambito", "crema", *opzioni)

    def esporta() -> Comando:
        return macchina.capofila(
            "debito", "export", "siuss", "--ambito", "crema", "--periodo", "2025", "--json"
        )

    segnate = segna("--json")
    assert (segnate.stato, segnate.json) == (
        0, {"lotto": int(lotto), "flusso": "siuss", "prestazioni": 2, "gia_inviate": True}
    )  # fmt: skip
    ferma = esporta()
    assert (ferma.stato, ferma.json["stato"]) == (1, "respinta")
    assert "non è cambiato nulla" in ferma.json["avvisi"][0]["messaggio"]
    tolte = segna("--annulla")
    assert tolte.stato == 0
    assert "2 prestazioni" in tolte.errore
    assert "di nuovo da comunicare" in tolte.errore
    fatta = esporta()
    assert (fatta.stato, fatta.json["inserimenti"]) == (0, 2)
    for quale in ("999999", "9" * 30):
        manca = segna("--json", quale=quale)
        assert manca.stato == 1
        assert manca.json["errore"] == "non_trovato"


def test_un_invio_diviso_si_scarica_si_invia_e_riceve_il_suo_esito(macchina: Macchina) -> None:
    file = macchina.file("invii.csv", csv_di(*(riga(n) for n in range(61, 65))))
    assert macchina.capofila("prestazioni", "import", file, "--ambito", "crema").stato == 0
    fatta = macchina.capofila(
        "debito", "export", "siuss", "--ambito", "crema", "--periodo", "2025", "--completa",
        "--massimo-beneficiari", "2", "--json",
    )  # fmt: skip
    assert (fatta.stato, fatta.json["modo"]) == (0, "completa")
    assert fatta.json["parti"] >= 2
    uscita = macchina.cartella / "tutti.zip"
    assert macchina.capofila("debito", "download", fatta.json["id"], "-o", str(uscita)).stato == 0
    with zipfile.ZipFile(uscita) as chiuso:
        assert len(chiuso.namelist()) == fatta.json["parti"] + 1
    prima = macchina.capofila("debito", "esito", fatta.json["id"], "--ambito", "crema", "--esito",
                              "accolta", "--json")  # fmt: skip
    assert (prima.stato, set(prima.json)) == (1, {"errore", "messaggio"})
    inviata = macchina.capofila("debito", "invia", fatta.json["id"], "--ambito", "crema", "--canale",
                                "portale", "--protocollo", "P/1", "--json")  # fmt: skip
    assert (inviata.stato, inviata.json["stato"]) == (0, "inviata")
    elenco = macchina.file("esiti.csv", csv_di({
        "codice_fiscale": riga(61)["codice_fiscale"], "protocollo_domanda": "NO",
        "codice_prestazione": riga(61)["codice_prestazione"], "data": "2025-01-01",
        "esito": "scartata"}))  # fmt: skip
    sbagliato = macchina.capofila("debito", "esito", fatta.json["id"], "--ambito", "crema",
                                  "--elenco", elenco, "--json")  # fmt: skip
    assert (sbagliato.stato, sbagliato.json["scritte"]) == (1, 0)
    assert set(sbagliato.json["errori"][0]) == ERRORE
    esito = macchina.capofila("debito", "esito", fatta.json["id"], "--ambito", "crema", "--esito",
                              "accolta", "--json")  # fmt: skip
    assert (esito.stato, esito.json["in_attesa"]) == (0, 0)
    senza = macchina.capofila("debito", "esito", fatta.json["id"], "--ambito", "crema")
    assert senza.stato == 2


def test_un_invio_con_la_pdnd_si_aspetta_e_chi_lo_ferma_lo_dice(macchina: Macchina) -> None:
    def comanda(sql: str) -> None:
        asyncio.run(interroga(macchina.banca.superutente, sql))

    file = macchina.file("pdnd.csv", csv_di(*(
        riga(n, comune_titolare="D150", ente_erogatore="D150") for n in range(81, 84)
    )))  # fmt: skip
    assert macchina.capofila("prestazioni", "import", file, "--ambito", "cremona").stato == 0
    esporta = ("debito", "export", "siuss", "--ambito", "cremona", "--periodo", "2025", "--json")
    fatta = macchina.capofila(*esporta).json
    invia = ("debito", "invia", fatta["id"], "--ambito", "cremona", "--canale", "pdnd", "--json")
    senza = macchina.capofila(*invia)
    assert senza.stato == 1
    assert "e-service" in senza.json["messaggio"]
    comanda(
        "INSERT INTO eservice (ambito_id, ente_id, codice, audience, attivo) SELECT ambito_id, id, "
        "codice, 'https://capofila.example/' || codice, true FROM ente WHERE mittente"
    )
    # The numbers of today are finished: the job is refused, and the run is sealed as before.
    comanda(
        "INSERT INTO flusso_pdnd (ambito_id, ente_id, ts, id_flusso, flusso, tipo, record_id, "
        "operazione, corpo, byte, esportazione_id, comune_titolare) SELECT e.ambito_id, e.ente_id, "
        "now() - interval '9 years', n.codice || '.PS.' || to_char(now() AT TIME ZONE 'UTC', "
        "'YYYYMMDD') || '.9999999', 'siuss', 'PS_PSA_SINA', 0, 'I', 'x', 1, e.id, n.codice "
        "FROM esportazione e JOIN ente n ON n.ambito_id = e.ambito_id AND n.id = e.ente_id "
        f"WHERE e.id = '{fatta['id']}'"
    )
    finiti = macchina.capofila(*invia)
    assert finiti.stato == 1
    assert "domani" in finiti.json["messaggio"]
    stato = macchina.capofila("debito", "list", "--ambito", "cremona", "--json").json[0]["stato"]
    assert (stato, macchina.conta("invio WHERE canale = 'pdnd'")) == ("sigillata", 0)
    comanda("DELETE FROM flusso_pdnd WHERE id_flusso LIKE '%.9999999'")
    inviata = macchina.capofila(*invia, "--protocollo", "P/9")
    assert (inviata.stato, inviata.json["stato"]) == (0, "inviata"), inviata.errore
    assert set(inviata.json) >= ESPORTAZIONE
    assert macchina.conta("flusso_pdnd") == fatta["righe"] == 3
    ((canale, protocollo),) = asyncio.run(interroga(
        macchina.banca.superutente,
        "SELECT canale, protocollo FROM invio WHERE esportazione_id = $1::uuid", fatta["id"],
    ))  # fmt: skip
    assert (canale, protocollo) == ("pdnd", "P/9")
    ancora = macchina.capofila(*invia)
    assert (ancora.stato, set(ancora.json)) == (1, {"errore", "messaggio"})
    assert macchina.conta("flusso_pdnd") == 3


def test_righe_sbagliate_danno_stato_1_e_il_posto_di_ogni_errore(macchina: Macchina) -> None:
    prima = macchina.conta("prestazione")
    file = macchina.file("errata.csv", csv_di(riga(10), riga(11, genere="X")))
    comando = ("prestazioni", "import", file, "--ambito", "crema", "--json")
    esito = macchina.capofila(*comando)
    assert esito.stato == 1
    (errore,) = esito.json["errori"]
    assert set(errore) == ERRORE
    assert (errore["riga"], errore["colonna"], errore["valore"]) == (3, "genere", "X")
    assert macchina.conta("prestazione") == prima
    tenuto = macchina.capofila(*comando, "--solo-valide")
    assert (tenuto.stato, tenuto.json["importate"]) == (0, 1)
    assert macchina.conta("prestazione") == prima + 1


def test_senza_json_lo_standard_output_tace_e_i_messaggi_sono_italiani(macchina: Macchina) -> None:
    file = macchina.file("errata2.csv", csv_di(riga(20, cognome="Rossi", data_inizio="31/02/2025")))
    esito = macchina.capofila("prestazioni", "import", file, "--ambito", "crema")
    assert esito.stato == 1
    assert "riga 2" in esito.errore
    assert "31/02/2025" in esito.errore
    assert "nulla è stato importato" in esito.errore


@pytest.mark.parametrize(
    ("argomenti", "parola"),
    [
        (("prestazioni", "import", "buono.csv", "--ambito", "cremolino", "--json"), "cremolino"),
        (("prestazioni", "import", "manca.csv", "--ambito", "crema", "--json"), "manca.csv"),
        (("prestazioni", "import", "foto.csv", "--ambito", "crema", "--json"), "PDF"),
        (("prestazioni", "import", "latino.csv", "--ambito", "crema", "--json"), "UTF-8"),
        (("debito", "export", "istat", "--ambito", "crema", "--periodo", "2025", "--json"), "istat"),
        (("debito", "export", "siuss", "--ambito", "crema", "--periodo", "duemila", "--json"), "2025-T1"),
        (("debito", "export", "siuss", "--ambito", "crema", "--periodo", "2025", "--ente", "D150",
          "--json"), "D150"),
        (("debito", "export", "siuss", "--ambito", "crema", "--periodo", "2025", "--ricevuto",
          "999999999999", "--json"), "numero"),
        (("debito", "download", "00000000-0000-4000-8000-000000000000", "-o", "x.xml"), "numero"),
    ],
    ids=["ambito-ignoto", "file-che-manca", "pdf", "latin-1", "flusso-ignoto", "periodo", "ente",
         "ricevuto", "download"],
)  # fmt: skip
def test_cio_che_il_dominio_rifiuta_da_stato_1_con_il_motivo(
    macchina: Macchina, argomenti: tuple[str, ...], parola: str
) -> None:
    macchina.file("buono.csv", csv_di(riga(30)))
    macchina.file("foto.csv", b"%PDF-1.7")
    macchina.file("latino.csv", "cognome\nNicolò\n".encode("latin-1"))
    esito = macchina.capofila(*argomenti)
    assert esito.stato == 1
    assert parola in esito.errore
    if "--json" in argomenti:
        assert set(esito.json) == {"errore", "messaggio"}
        assert parola in esito.json["messaggio"]
    assert not (macchina.cartella / "x.xml").exists()


def test_un_periodo_vuoto_da_stato_1_con_la_forma_di_sempre(macchina: Macchina) -> None:
    esito = macchina.capofila("debito", "export", "siuss", "--ambito", "casalmaggiore", "--periodo",
                              "2025-03", "--json")  # fmt: skip
    assert esito.stato == 1
    assert set(esito.json) >= ESPORTAZIONE
    assert (esito.json["stato"], esito.json["righe"], esito.json["sha256"]) == (
        "respinta",
        None,
        None,
    )
    assert "nessuna prestazione" in esito.json["avvisi"][0]["messaggio"]


def test_un_ats_e_la_sua_analista_si_aggiungono_da_qui(macchina: Macchina) -> None:
    fatta = macchina.capofila("ats", "add", "Val-Padana", "--nome", " ATS della  Val Padana ")
    assert fatta.stato == 0, fatta.errore
    assert macchina.capofila("ats", "list", "--json").json == [
        {"ats": "val-padana", "nome": "ATS della Val Padana"}
    ]
    for slug, nome, perche in (
        ("val-padana", "Altra", "c'è già"),
        ("Val Padana", "ATS", "trattini"),
        ("val-brembana", " ", "nome dell'ATS"),
    ):
        rifiuto = macchina.capofila("ats", "add", slug, "--nome", nome)
        assert (rifiuto.stato, perche in rifiuto.errore) == (1, True), rifiuto.errore
    analista = (
        "utente", "add", "anna.bianchi", "--nome", "Anna Bianchi", "--ruolo", "analista_ats", "--ats",
    )  # fmt: skip
    parola = b"quattro parole messe a caso\n"
    assert macchina.capofila(*analista, "brianza", ingresso=parola).stato == 1
    fatta = macchina.capofila(*analista, "val-padana", ingresso=parola)
    assert fatta.stato == 0, fatta.errore
    ((nome, slug),) = asyncio.run(
        interroga(
            macchina.banca.superutente,
            "SELECT u.nome, a.slug FROM incarico_ats i JOIN utente u ON u.id = i.utente_id "
            "JOIN ats a ON a.id = i.ats_id",
        )
    )
    assert (nome, slug) == ("Anna Bianchi", "val-padana")


@pytest.mark.parametrize(
    "argomenti",
    [
        ("prestazioni", "import", "--ambito", "crema"),
        ("prestazioni", "import", "buono.csv"),
        ("debito", "export", "siuss", "--ambito", "crema"),
        ("debito", "download", "non-un-id", "-o", "x"),
        ("debito", "sbaglio"),
    ],
    ids=" ".join,
)
def test_un_comando_scritto_male_da_stato_2(macchina: Macchina, argomenti: tuple[str, ...]) -> None:
    assert macchina.capofila(*argomenti).stato == 2


def test_un_file_troppo_grande_si_rifiuta_senza_leggerlo(macchina: Macchina) -> None:
    grande = macchina.cartella / "grande.csv"
    with grande.open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    esito = macchina.capofila("prestazioni", "import", "grande.csv", "--ambito", "crema", "--json")
    grande.unlink()
    assert esito.stato == 1
    assert (esito.json["errore"], "101 MB" in esito.json["messaggio"]) == ("troppo_grande", True)


def test_un_oggetto_manomesso_non_si_scarica(macchina: Macchina) -> None:
    file = macchina.file("cremona.csv", csv_di(
        riga(1, comune_titolare="D150", ente_erogatore="D150", codice_fiscale=codice_fiscale(77))
    ))  # fmt: skip
    assert macchina.capofila("prestazioni", "import", file, "--ambito", "cremona").stato == 0
    fatta = macchina.capofila("debito", "export", "siuss", "--ambito", "cremona", "--periodo",
                              "2025-T1", "--json").json  # fmt: skip
    asyncio.run(interroga(
        macchina.banca.superutente,
        "UPDATE esportazione SET sha256 = repeat('0', 64) WHERE id = $1::uuid", fatta["id"],
    ))  # fmt: skip
    esito = macchina.capofila("debito", "download", fatta["id"], "-o", "manomesso.xml")
    assert esito.stato == 1
    assert "non usarlo" in esito.errore
    assert [p.name for p in macchina.cartella.iterdir() if "manomesso" in p.name] == []
