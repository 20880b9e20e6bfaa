#!/usr/bin/env bash
# Make .venv from requirements.lock. Needs Python 3.11 or newer; uv is installed beside the project
# (.strumenti/) when the machine has none. Nothing is installed that the lock file does not name.
set -euo pipefail
cd "$(dirname "$0")/.."

trova_python() {
  for p in python3.11 python3.12 python3.13 python3.14 python3; do
    if command -v "$p" >/dev/null && "$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$p"; return
    fi
  done
  echo "Serve Python 3.11 o più recente: su Debian, apt-get install python3 python3-venv" >&2
  exit 1
}

trova_uv() {
  if command -v uv >/dev/null; then command -v uv; return; fi
  if [ ! -x .strumenti/bin/uv ]; then
    echo "Installo uv in .strumenti/ …" >&2
    # Debian ships Python without venv and pip: a virtual environment may have to be made without.
    if ! "$PYTHON" -m venv .strumenti >&2 2>/dev/null; then
      rm -rf .strumenti
      if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
        "$PYTHON" -m venv .strumenti >&2
      else
        echo "Manca il modulo venv di Python: installa il pacchetto python3-venv e riprova." >&2
        exit 1
      fi
    fi
    .strumenti/bin/pip install -q --disable-pip-version-check --require-hashes -r infra/strumenti.lock >&2
  fi
  echo "$PWD/.strumenti/bin/uv"
}

PYTHON=$(trova_python)
UV=$(trova_uv)
export UV_NO_PROGRESS=1
[ -x .venv/bin/python ] || "$UV" venv -q --no-python-downloads --python "$PYTHON" .venv
"$UV" pip sync -q --python .venv/bin/python --require-hashes requirements.lock
"$UV" pip install -q --python .venv/bin/python --no-deps --no-build-isolation \
  -e . -e infra/embedded $(for p in plugins/*/; do printf ' -e %s' "$p"; done)
touch .venv/.pronto
