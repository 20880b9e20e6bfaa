#!/usr/bin/env bash
# Resolve all dependencies of the workspace into requirements.lock: exact versions with hashes, for
# every platform, and no registry's address, so that an ente can install from its own mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
{
  python3 - <<'PY'
import glob, tomllib
own = {"capofila"}
needs = []
for path in ["pyproject.toml", *glob.glob("infra/embedded/pyproject.toml"), *glob.glob("plugins/*/pyproject.toml")]:
    data = tomllib.load(open(path, "rb"))
    own.add(data["project"]["name"])
    needs += data["project"].get("dependencies", []) + data.get("dependency-groups", {}).get("dev", [])
for need in sorted(set(needs)):
    if need.split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip() not in own:
        print(need)
PY
} > "$tmp"
uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-annotate --output-file requirements.lock "$tmp"
python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"], sep="\n")' |
  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --no-header --no-annotate --output-file requirements-bench.lock -
echo uv | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-annotate --output-file infra/strumenti.lock -
