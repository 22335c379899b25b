"""What a scenario puts around its client: further stock, changes in the middle of the run, and other tenants."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from kibo_scenarios.moments import parse_span

#: Codes of locations; ``all`` are those of the tenant.
Locations = Literal["all"] | Annotated[tuple[str, ...], Meta(min_length=1)]
NoneOrSome = Literal["all"] | tuple[str, ...]


class FurtherStock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Products that the sample does not have; they have no other identifier than their part number.

    Attributes:
        part_numbers: One product each.
        locations: Where they are.
        on_hand: How many of each at each location.
    """

    part_numbers: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(min_length=1)]
    locations: Locations = "all"
    on_hand: Annotated[int, Meta(ge=0, le=1_000_000)] = 10


class Happening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that others do to the tenant's locations while the client is at work.

    Attributes:
        at: When, as a span after the first request of the client.
        close: Locations that are not active any more; their stock stays.
        clear: Locations all of whose records are deleted.
    """

    at: str
    close: NoneOrSome = ()
    clear: NoneOrSome = ()

    @property
    def after(self) -> int:
        """When it happens, in microseconds after the client's first request."""
        return parse_span(self.at)


class Neighbour(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another tenant that keeps asking for its jobs; it waits whenever it is told to.

    Attributes:
        tenant: One of the simulator's further tenants.
        every_s: Seconds between two of its requests.
        begins: When it begins, as a span after the start of the run.
        ends: When it ends, likewise; with the client when absent.
    """

    tenant: int
    every_s: Annotated[float, Meta(ge=0.01, le=86_400)]
    begins: str = "0s"
    ends: str | None = None

    @property
    def active(self) -> tuple[int, int | None]:
        """When it begins and ends, in microseconds after the start."""
        return parse_span(self.begins), None if self.ends is None else parse_span(self.ends)
