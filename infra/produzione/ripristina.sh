#!/usr/bin/env bash
# Rimette una copia in un database appena preparato e migrato, ancora vuoto, con il web e il worker
# fermi. Serve il superutente: solo lui può scrivere senza le regole di riga e senza i trigger.
#
#   RIPRISTINO_URL=postgresql://postgres:…/capofila  ripristina.sh COPIA.dump
#
# Se la copia ha tabelle di plugin servono anche «capofila» nel PATH (o in CAPOFILA_COMANDO) e
# CAPOFILA_MIGRAZIONI_URL.
set -euo pipefail
copia=${1:?indica il file della copia}
: "${RIPRISTINO_URL:?manca l’indirizzo del database, come superutente}"

if [ "$(psql --dbname="$RIPRISTINO_URL" --no-psqlrc -Atc 'SELECT count(*) FROM ambito')" != 0 ]; then
  echo "Il database ha già degli ambiti: il ripristino si fa in un database vuoto." >&2
  exit 1
fi
elenco=$(mktemp)
trap 'rm -f "$elenco"' EXIT
pg_restore --list "$copia" | sed '/TABLE DATA public migrazione_plugin /d' > "$elenco"
# Le tabelle dei plugin sono quelle che la copia dichiara, anche di plugin che non sono più installati;
# quelle che «migrate» ha appena fatto sono vuote, e si rifanno.
psql --dbname="$RIPRISTINO_URL" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname LIKE 'plugin\_%' \gexec
TRUNCATE migrazione_plugin;
SQL
pg_restore --dbname="$RIPRISTINO_URL" --data-only --exit-on-error \
  --schema=public --table=migrazione_plugin "$copia"
if [ "$(psql --dbname="$RIPRISTINO_URL" --no-psqlrc -Atc 'SELECT count(*) FROM migrazione_plugin')" != 0 ]; then
  : "${CAPOFILA_MIGRAZIONI_URL:?la copia ha tabelle di plugin: manca l’indirizzo del database, come capofila_migra}"
  "${CAPOFILA_COMANDO:-capofila}" plugin migrate --dalla-copia
fi
pg_restore --dbname="$RIPRISTINO_URL" --data-only --disable-triggers --single-transaction \
  --use-list="$elenco" --exit-on-error "$copia"
psql --dbname="$RIPRISTINO_URL" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
-- Ogni sequenza riparte dopo l'ultimo valore usato.
DO $$
DECLARE una record; ultimo bigint;
BEGIN
  FOR una IN
    SELECT c.oid::regclass AS tabella, a.attname AS colonna,
           pg_get_serial_sequence(c.oid::regclass::text, a.attname) AS sequenza
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
    WHERE n.nspname = 'public' OR n.nspname LIKE 'plugin\_%'
  LOOP
    EXECUTE format('SELECT max(%I) FROM %s', una.colonna, una.tabella) INTO ultimo;
    IF ultimo IS NOT NULL THEN
      PERFORM setval(una.sequenza, ultimo);
    END IF;
  END LOOP;
END $$;
ANALYZE;
SQL
echo "Ripristinato da $copia."
