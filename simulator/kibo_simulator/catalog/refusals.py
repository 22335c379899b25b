"""Why a change of the catalog is refused, in the words of both callers: a direct call and an item of a batch job."""

from typing import Literal

RefusalKind = Literal["missing", "invalid", "not found", "taken", "in use"]

_STATUS: dict[RefusalKind, int] = {"missing": 400, "invalid": 400, "not found": 404, "taken": 409, "in use": 409}
_CODE: dict[RefusalKind, str] = {
    "missing": "MISSING_OR_INVALID_PARAMETER",
    "invalid": "MISSING_OR_INVALID_PARAMETER",
    "not found": "ITEM_NOT_FOUND",
    "taken": "ITEM_ALREADY_EXISTS",
    "in use": "VALIDATION_CONFLICT",
}


class CatalogRefusal(Exception):  # noqa: N818  # an answer to the caller rather than a failure of ours
    """A change that cannot be made: its kind, the field at fault and a sentence."""

    def __init__(self, kind: RefusalKind, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.kind: RefusalKind = kind
        self.field = field
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status of a direct call that is refused so, and the ``status`` of an item."""
        return _STATUS[self.kind]

    @property
    def code(self) -> str:
        """Kibo's error code."""
        return _CODE[self.kind]
