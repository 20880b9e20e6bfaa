#!/usr/bin/env bash
# The browser of the tests is Debian's chromium; install it where it is missing and we may.
set -euo pipefail
for nome in "${CAPOFILA_CHROMIUM:-chromium}" chromium chromium-browser; do
  if command -v "$nome" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installo chromium …" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
  echo "Per i test nel browser serve il pacchetto chromium. Come root: apt-get install chromium" >&2
  echo "I test senza browser: make test-fast" >&2
  exit 1
fi
