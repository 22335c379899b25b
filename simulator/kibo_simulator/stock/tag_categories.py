"""Tag categories as values, and the rules that hold for the tags of one.

1. No two tags of a category have the same value.
2. A category with any tags has exactly one default: the one that asks for it, else the first.
3. Percentages are whole and from 0 to 100; when every tag has one they sum to 100. A tag without one is discrete, and
   as long as there is such a tag the others are not checked against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FULL = 100


@dataclass(frozen=True, slots=True)
class Tag:
    """One value of a category; ``id`` is 0 until it is stored, instants are microseconds since the epoch."""

    id: int
    value: str
    is_default: bool
    percent: int | None
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class TagCategory:
    """A category with its tags, oldest first; one that has any tags has exactly one default."""

    id: int
    tenant_id: int
    name: str
    created: int
    tags: tuple[Tag, ...]

    @property
    def default(self) -> Tag | None:
        """The tag that unspecified stock counts under, None while the category is empty."""
        return next((tag for tag in self.tags if tag.is_default), None)

    def tag(self, value: str) -> Tag | None:
        """The tag with this exact value, or None."""
        return next((tag for tag in self.tags if tag.value == value), None)


@dataclass(frozen=True, slots=True)
class TagDraft:
    """A tag as it is asked for; ``stored`` is the one it changes, None for a new one."""

    value: str
    is_default: bool
    percent: int | None
    stored: Tag | None = None


class TagError(ValueError):
    """Tags that cannot make up a category: which one is at fault (None for all together), in what, and why."""

    def __init__(self, index: int | None, field: str, reason: str) -> None:
        super().__init__(reason)
        self.index = index
        self.field = field
        self.reason = reason


def arranged(drafts: Sequence[TagDraft], *, most: int, now: int) -> tuple[Tag, ...]:
    """The tags of a category as the drafts ask for them; those that do not change keep their ``updated``.

    Args:
        drafts: all tags that the category is to have, in order.
        most: how many a category may have.
        now: the instant of the change, in microseconds since the epoch.

    Raises:
        TagError: they break one of the rules above, or are too many.
    """
    if len(drafts) > most:
        raise TagError(None, "tags", f"a category has at most {most} tags, these are {len(drafts)}")
    _check_values(drafts)
    _check_percentages(drafts)
    default = _default(drafts)
    return tuple(_tag(draft, is_default=index == default, now=now) for index, draft in enumerate(drafts))


def _check_values(drafts: Sequence[TagDraft]) -> None:
    seen: set[str] = set()
    for index, draft in enumerate(drafts):
        if draft.value in seen:
            raise TagError(index, "tagValue", f"the category has a tag {draft.value[:60]!r} already")
        seen.add(draft.value)


def _check_percentages(drafts: Sequence[TagDraft]) -> None:
    shares = [draft.percent for draft in drafts if draft.percent is not None]
    for index, draft in enumerate(drafts):
        if draft.percent is not None and not 0 <= draft.percent <= FULL:
            raise TagError(index, "percent", f"expected 0 to {FULL}, got {draft.percent}")
    if drafts and len(shares) == len(drafts) and sum(shares) != FULL:
        raise TagError(
            None, "percent", f"when all tags of a category have a percentage they sum to {FULL}, not to {sum(shares)}"
        )


def _default(drafts: Sequence[TagDraft]) -> int:
    asking = [index for index, draft in enumerate(drafts) if draft.is_default]
    if len(asking) > 1:
        raise TagError(asking[1], "isDefault", "a category has one default")
    return asking[0] if asking else 0


def _tag(draft: TagDraft, *, is_default: bool, now: int) -> Tag:
    stored = draft.stored
    if stored is None:
        return Tag(0, draft.value, is_default, draft.percent, now, now)
    same = (stored.value, stored.is_default, stored.percent) == (draft.value, is_default, draft.percent)
    return Tag(stored.id, draft.value, is_default, draft.percent, stored.created, stored.updated if same else now)
