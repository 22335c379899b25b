"""What sets two records of one product at one location apart: tags and granular fields (I-1)."""

from collections.abc import Mapping

from msgspec import Struct


class Variant(Struct, frozen=True, omit_defaults=True):
    """Tags (category to value, in order of category) and granular fields; empty texts stand for absent ones."""

    tags: tuple[tuple[str, str], ...] = ()
    lot_code: str = ""
    condition: str = ""
    serial_number: str = ""
    date: str = ""

    @property
    def granular(self) -> bool:
        """Whether any granular field is set."""
        return bool(self.lot_code or self.condition or self.serial_number or self.date)

    @property
    def plain(self) -> bool:
        """Whether nothing sets the record apart."""
        return not self.tags and not self.granular

    def covers(self, other: "Variant") -> bool:
        """Whether a record with ``other`` answers a request that names this: everything named must agree."""
        return (
            set(self.tags) <= set(other.tags)
            and self.lot_code in {"", other.lot_code}
            and self.condition in {"", other.condition}
            and self.serial_number in {"", other.serial_number}
            and self.date in {"", other.date}
        )


PLAIN = Variant()


def sorted_tags(tags: Mapping[str, str | None] | None) -> tuple[tuple[str, str], ...]:
    """Tags in their one order; entries without a value fall away."""
    return tuple(sorted((name, value) for name, value in (tags or {}).items() if value))
