"""Keeps the settings that came with a snapshot in the database, until the configuration changes (D-1, D-2)."""

from typing import Final

import msgspec

from kibo_simulator.settings import Settings
from kibo_simulator.store.database import Database

_IN_FORCE: Final = "settings"
_INSTEAD_OF: Final = "settings replaced"


def settings_here(settings: Settings, configured: Settings) -> Settings:
    """Settings that came from elsewhere; how much is held and where this machine reaches out stays as configured."""
    return msgspec.structs.replace(
        settings, bounds=configured.bounds, files=settings.files.reaching_as(configured.files)
    )


def settings_in_force(database: Database, configured: Settings) -> Settings:
    """Those of a snapshot that was gone on from, unless the configuration has changed since."""
    current = database.meta(_IN_FORCE)
    if current is None or database.meta(_INSTEAD_OF) != msgspec.json.encode(configured).decode():
        return configured
    return settings_here(msgspec.json.decode(current, type=Settings), configured)


def keep_settings(database: Database, settings: Settings, configured: Settings) -> None:
    """Note settings that are in force in place of the configured ones."""
    database.set_meta(_IN_FORCE, msgspec.json.encode(settings).decode())
    database.set_meta(_INSTEAD_OF, msgspec.json.encode(configured).decode())
