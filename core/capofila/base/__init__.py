"""What every room stands on: settings, database, unit of work, jobs, object store, telemetry, plugins."""
