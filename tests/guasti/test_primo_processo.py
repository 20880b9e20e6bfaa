"""In a container Capofila may be the first process, whose children look like orphans."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

COME_PRIMO = ("unshare", "--pid", "--fork", sys.executable, "-c")
FIGLIO = """
import os
from capofila import locale
assert os.getpid() == 1
raise SystemExit(locale.avvia_processo("this").wait())
"""


def _puo_essere_primo() -> bool:
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*COME_PRIMO, ""], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not _puo_essere_primo(), reason="no right to make a PID namespace")
def test_i_figli_del_primo_processo_non_si_credono_orfani() -> None:
    esito = subprocess.run([*COME_PRIMO, FIGLIO], capture_output=True, text=True, check=False)
    assert esito.returncode == 0, esito.stderr
