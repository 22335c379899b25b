"""Where inventory is tied to the catalog, what it has no product for is not there (ITEM_NOT_FOUND of Kibo's guide)."""

from collections.abc import Sequence

from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.web.errors import ApiError, Fault
from kibo_simulator.web.operations import Call

_MOST_FAULTS = 100


def check_in_catalog(call: Call, wanted: Sequence[Wanted], *, status: int, place: str = "$.items") -> None:
    """Refuse products that the catalog does not have, where the setting ``catalog.tied`` wants that.

    Raises:
        ApiError: ITEM_NOT_FOUND with this status, naming each of the first hundred.
    """
    if not call.simulator.settings.catalog.tied:
        return
    named = [(item.part_number or item.sku, item.upc) for item in wanted]
    unknown = list(call.simulator.catalog.unknown(call.tenant_id, named))
    if unknown:
        faults = tuple(
            Fault(f"{place}[{index}]", f"{(named[index][0] or named[index][1] or '')[:60]!r} is not in the catalog")
            for index in unknown[:_MOST_FAULTS]
        )
        raise ApiError(status, "ITEM_NOT_FOUND", f"{faults[0].path}: {faults[0].message}", faults)
