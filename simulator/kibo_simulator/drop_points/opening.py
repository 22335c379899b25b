"""Opens the drop point that the settings name."""

from pathlib import Path

from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.drop_points.point import DropPoint, DropPointError
from kibo_simulator.settings import FileSettings


def open_drop_point(settings: FileSettings) -> DropPoint | None:
    """The drop point, with the folders that are there without any configuration; None when there is none.

    Raises:
        DropPointError: the folder cannot be used.
    """
    if settings.drop is None:
        return None
    folder = Path(settings.drop)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        drop = LocalFolder(folder)
        for inside in (settings.inbox, settings.archive, settings.outbox) if settings.default_fetch else ():
            drop.place(inside).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DropPointError(settings.drop, error.strerror or str(error)) from error
    return drop
