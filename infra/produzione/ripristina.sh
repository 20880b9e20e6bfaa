#!/usr/bin/env bash
# Rimette una copia in un database appena preparato e migrato, ancora vuoto, con il web e il worker
# fermi. Serve il superutente: solo lui può scrivere senza le regole di riga e senza i trigger.
#
#   RIPRISTINO_URL=postgresql://postgres:…/capofila  ripristina.sh COPIA.dump
set -euo pipefail
copia=${1:?indica il file della copia}
: "${RIPRISTINO_URL:?manca l’indirizzo del database, come superutente}"

if [ "$(psql --dbname="$RIPRISTINO_URL" --no-psqlrc -Atc 'SELECT count(*) FROM ambito')" != 0 ]; then
  echo "Il database ha già degli ambiti: il ripristino si fa in un database vuoto." >&2
  exit 1
fi
pg_restore --dbname="$RIPRISTINO_URL" --data-only --disable-triggers --single-transaction \
  --exit-on-error "$copia"
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
