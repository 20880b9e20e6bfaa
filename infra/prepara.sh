#!/usr/bin/env bash
# Make .venv from requirements.lock; with `bench`, .venv-bench from requirements-bench.lock too, with what
# the figures are measured against. Needs Python 3.11 or newer; uv is installed beside the project
# (.strumenti/) when the machine has none. Nothing is installed that the lock file does not name.
set -euo pipefail
shopt -s inherit_errexit
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
    # Debian's Python comes without venv and pip: they are a package of their own.
    if ! "$PYTHON" -m venv .strumenti >/dev/null 2>&1; then
      rm -rf .strumenti
      if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installo python3-venv …" >&2
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        "$PYTHON" -m venv .strumenti >&2
      else
        echo "Manca il modulo venv di Python. Come root: apt-get install python3-venv. Poi riprova." >&2
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
if [ "$UV" = "$PWD/.strumenti/bin/uv" ]; then
  # Nobody has told this uv what mirror the machine uses and who signs for its proxy. pip knows the
  # one, the certificates of the machine the other.
  if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    INDICE=${PIP_INDEX_URL:-$(.strumenti/bin/pip config list |
      sed -n "s/^\(global\|install\)\.index-url='\(.*\)'$/\2/p" | tail -n 1)}
    [ -z "$INDICE" ] || export UV_DEFAULT_INDEX="$INDICE"
  fi
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
fi
if [ ! -x .venv/bin/python ]; then
  echo "Installo i componenti in .venv/, circa 950 MB: la prima volta ci vuole un poco …" >&2
  rm -rf .venv
  "$UV" venv -q --no-python-downloads --python "$PYTHON" .venv
fi
"$UV" pip sync -q --python .venv/bin/python --require-hashes requirements.lock
"$UV" pip install -q --python .venv/bin/python --no-deps --no-build-isolation \
  -e . -e infra/embedded $(for p in plugins/*/; do printf ' -e %s' "$p"; done)
touch .venv/.pronto
if [ "${1:-}" = bench ]; then
  [ -x .venv-bench/bin/python ] || "$UV" venv -q --no-python-downloads --python "$PYTHON" .venv-bench
  "$UV" pip sync -q --python .venv-bench/bin/python --require-hashes requirements-bench.lock
  touch .venv-bench/.pronto
fi
