"""Uploads data and then its trigger: whoever sees the trigger finds the data whole (C25, FI-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kibo_client.errors import InventoryFileError
from kibo_client.files.names import TRIGGER, FileName, read_name, trigger_of
from kibo_client.files.places import Place


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A data file that arrived, with its trigger behind it."""

    name: str
    size: int
    trigger: str


async def upload(files: Sequence[Path], place: Place, *, replace: bool = False) -> list[Uploaded]:
    """Upload data files one by one, each followed by its trigger.

    Args:
        files: data files; triggers among them are passed over, as one is made for each data file.
        place: where to.
        replace: whether a file of the same name may be there already.

    Raises:
        InventoryFileError: A file is missing or wrongly named (nothing has been sent then), or the place refuses.
    """
    data = [path for path in files if not path.name.endswith(TRIGGER)]
    if not data:
        raise InventoryFileError(files[0] if files else "", 0, "is a trigger; name its data file")
    for path in data:
        if not path.is_file():
            raise InventoryFileError(path, 0, "is not a file")
        found = read_name(path.name)
        if not isinstance(found, FileName):
            raise InventoryFileError(path, 0, found)
    done: list[Uploaded] = []
    for path in data:
        trigger = trigger_of(path.name)
        if not replace:
            for name in (path.name, trigger):
                if await place.exists(name):
                    raise InventoryFileError(place.name, 0, f"has a file {name} already (--replace overwrites it)")
        size = await place.put(path, path.name)
        await place.touch(trigger)
        done.append(Uploaded(path.name, size, trigger))
    return done
