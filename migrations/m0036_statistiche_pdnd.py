"""A large publication tells the planner what it wrote."""

from capofila.base.migrazione import da_sql

ID = "2026-11-23T09:00:00:000036"
VERSION = "1.39.0"
DESCRIPTION = "Statistiche dei flussi pubblicati"

SQL = r"""
-- Outcomes come by the hundred, and are looked up by key among as many flows as a run published. What
-- the planner knew before the run (empty tables, or those of another ambito) leads it to read them
-- all, a hundred times, until the autovacuum comes by. The right to ANALYZE would be the right to
-- lock and rewrite the tables too (MAINTAIN), so the application has this function instead.
CREATE FUNCTION analizza_pubblicati() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  ANALYZE public.flusso_pdnd (ambito_id, ente_id, ts, id_flusso),
    public.comunicazione (ambito_id, flusso, prestazione_id, esportazione_id, esito);
END
$$;
REVOKE ALL ON FUNCTION analizza_pubblicati() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analizza_pubblicati() TO capofila_app;
"""

forwards = da_sql(ID, DESCRIPTION, SQL)
