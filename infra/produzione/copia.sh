#!/usr/bin/env bash
# Copia dei dati del database nella cartella indicata, come capofila_backup, che legge tutto e non
# scrive nulla. Struttura e ruoli li rifanno «capofila database prepare» e «migrate»; le sessioni e i
# tentativi di accesso non si copiano: dopo un ripristino tutti rientrano con la propria parola chiave.
#
#   CAPOFILA_COPIA_URL=postgresql://capofila_backup:…  copia.sh CARTELLA
set -euo pipefail
umask 077
cartella=${1:?indica la cartella delle copie}
: "${CAPOFILA_COPIA_URL:?manca l’indirizzo del database, come capofila_backup}"
giorni=${CAPOFILA_COPIA_GIORNI:-30}
file="$cartella/capofila-$(date -u +%Y%m%dT%H%M%SZ).dump"
trap 'rm -f "$file.parte"' EXIT

# --enable-row-security: il ruolo è sotto le regole di riga come tutti, e la sua dice «tutte le righe».
# I valori delle sequenze, che il ruolo non legge, li ricava ripristina.sh dai dati.
pg_dump --dbname="$CAPOFILA_COPIA_URL" --format=custom --data-only --enable-row-security \
  --schema=public --schema='plugin_*' --exclude-table-data='*_seq' --exclude-table-data='plugin_*.*_seq' \
  --exclude-table=migration --exclude-table=sessione --exclude-table=tentativo_accesso \
  --no-password --file="$file.parte"
# Non «grep -q»: esce alla prima riga trovata, e pg_restore che scrive ancora fallirebbe.
pg_restore --list "$file.parte" | grep 'TABLE DATA public prestazione' > /dev/null || {
  echo "La copia è incompleta: mancano le prestazioni." >&2
  exit 1
}
mv "$file.parte" "$file"
find "$cartella" -maxdepth 1 -name 'capofila-*.dump' -mtime "+$giorni" -delete
echo "$file"
