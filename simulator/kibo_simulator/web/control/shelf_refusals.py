"""What the shelf of snapshots refuses, as answers of the control plane (D-2)."""

from collections.abc import Iterator
from contextlib import contextmanager

from kibo_simulator.snapshots import NoSnapshotError, ShelfError, SnapshotExistsError, SnapshotMissingError
from kibo_simulator.store.images import ImageError
from kibo_simulator.web.errors import ApiError, validation_error


@contextmanager
def shelf_refusals() -> Iterator[None]:
    """Answer for the shelf.

    Raises:
        ApiError: 404 when there is no such snapshot, 409 when the name is taken, 400 for any other refusal.
    """
    try:
        yield
    except SnapshotMissingError as error:
        raise ApiError(404, "ITEM_NOT_FOUND", str(error)) from None
    except SnapshotExistsError as error:
        raise ApiError(409, "CONFLICT", str(error)) from None
    except NoSnapshotError as error:
        raise validation_error("$", str(error)) from None
    except ShelfError as error:
        raise validation_error("name", str(error)) from None
    except ImageError as error:
        raise ApiError(400, "VALIDATION_ERROR", f"the snapshot {error}") from None
