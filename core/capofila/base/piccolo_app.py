"""Where Piccolo finds the migrations: ``migrations/`` of the repository, or of the wheel."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig


def cartella_migrazioni() -> Path:
    """The folder of the migrations, installed (inside the package) or in the repository."""
    pacchetto = Path(__file__).resolve().parents[1]
    installata = pacchetto / "_migrazioni"
    return installata if installata.is_dir() else pacchetto.parents[1] / "migrations"


APP_CONFIG = AppConfig(
    app_name="capofila",
    migrations_folder_path=str(cartella_migrazioni()),
    table_classes=[],
)
