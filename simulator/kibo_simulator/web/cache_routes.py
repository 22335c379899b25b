"""Dropping an entry of the inventory cache; the simulator keeps none, so every read is fresh anyway."""

import msgspec

from kibo_simulator.web.base_wire import BaseRequest, Name, kibo_name
from kibo_simulator.web.operations import Answer, Call, Operation
from kibo_simulator.web.wire import decode


class InvalidateRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST cache/invalidate``."""

    cache_key: Name


_invalidate = msgspec.json.Decoder(InvalidateRequest)


def invalidate(call: Call) -> Answer:
    """Drop one key."""
    request = decode(_invalidate, call.body)
    call.summary["cacheKey"] = request.cache_key
    return Answer({"message": f"cache key {request.cache_key} is invalid from now on"})


OPERATIONS = (
    # Kibo publishes the path without the prefix of its inventory calls.
    Operation(
        "invalidateCache",
        "POST",
        ("/api/cache/invalidate", "/cache/invalidate"),
        invalidate,
        reads=True,
        request=InvalidateRequest,
    ),
)
