"""What many of Kibo's bodies have in common: the fields of BaseRequest and BaseResponse, and the spelling of names."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from kibo_simulator.web.errors import ApiError, Fault
from kibo_simulator.web.operations import Call

Text = Annotated[str, Meta(max_length=512)]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
RecordId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
PageSize = Annotated[int, Meta(ge=1, le=10_000)]
PageNumber = Annotated[int, Meta(ge=1, le=100_000_000)]

_SPELLINGS: Final = {"id": "ID", "ids": "IDs"}


def kibo_name(name: str) -> str:
    """``location_group_ids`` as Kibo writes it: ``locationGroupIDs``."""
    first, *rest = name.split("_")
    return first + "".join(_SPELLINGS.get(part, part.capitalize()) for part in rest)


class BaseRequest(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """Fields that most bodies may carry, whether they mean anything there or not."""

    location_code: Text | None = None
    user_id: int | None = None
    page_size: PageSize | None = None
    page_num: PageNumber | None = None
    sort_by: Text | None = None


def base_body(number_of_results: int = 1, messages: Iterable[str] = ()) -> dict[str, Any]:
    """The fields of BaseResponse for a request that succeeded."""
    return {"success": True, "messages": list(messages), "numResults": number_of_results}


def missing(path: str, what: str, *, status: int = 400) -> ApiError:
    """Something that was named is not there; 404 where Kibo's description of the call has one, else 400."""
    message = f"there is no {what}"
    return ApiError(status, "ITEM_NOT_FOUND", f"{path}: {message}", (Fault(path, message),))


def no_location(path: str, code: object, *, status: int = 400) -> ApiError:
    """A location that was named is not there."""
    message = f"there is no location {str(code)[:60]!r}"
    return ApiError(status, "LOCATION_NOT_FOUND", f"{path}: {message}", (Fault(path, message),))


def path_number(call: Call, segment: str, name: str) -> int:
    """A number in the path; ``segment`` is how the route calls it and ``name`` how the error does.

    Raises:
        ApiError: 400 that names it.
    """
    text = call.path[segment]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        message = f"expected a whole number, got {text[:40]!r}"
        raise ApiError(400, "VALIDATION_ERROR", f"{name}: {message}", (Fault(name, message),))
    return int(text)


def checked_tenant(call: Call, tenant_id: int | None) -> None:
    """A body may repeat the tenant, but not name another.

    Raises:
        ApiError: 400 for another tenant.
    """
    if tenant_id is not None and tenant_id != call.tenant_id:
        message = f"the request is made for tenant {call.tenant_id}, not for {tenant_id}"
        raise ApiError(400, "VALIDATION_ERROR", f"$.tenantID: {message}", (Fault("$.tenantID", message),))


def listed(call: Call, rows: list[Any], what: str) -> list[Any]:
    """The rows of a list; when there are none, ``empty_lists`` decides whether that is an answer or a 404.

    Raises:
        ApiError: 404 for an empty list where the setting wants it.
    """
    if not rows and call.simulator.settings.inventory.empty_lists == "not_found":
        raise ApiError(404, "ITEM_NOT_FOUND", f"there are no {what}")
    return rows
