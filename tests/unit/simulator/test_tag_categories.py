"""The rules that hold for the tags of one category."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.stock.tag_categories import Tag, TagCategory, TagDraft, TagError, arranged

NOW = 1_772_427_600_000_000

drafts = st.lists(
    st.builds(
        TagDraft,
        value=st.sampled_from("abcdef"),
        is_default=st.booleans(),
        percent=st.none() | st.sampled_from([0, 20, 50, 80, 100, 101]),
    ),
    max_size=5,
)


def plain(value: str, **more: object) -> TagDraft:
    """A new tag of which only the value matters."""
    return TagDraft(value, bool(more.get("is_default")), None)


@given(drafts)
@settings(deadline=None)
def test_whatever_is_accepted_obeys_the_rules(wanted: list[TagDraft]) -> None:
    """Distinct values, one default in a category that has tags, percentages that sum to 100 when all are set."""
    try:
        tags = arranged(wanted, most=4, now=NOW)
    except TagError:
        return
    shares = [tag.percent for tag in tags if tag.percent is not None]

    assert len({tag.value for tag in tags}) == len(tags) <= 4
    assert sum(tag.is_default for tag in tags) == min(len(tags), 1)
    assert not tags or len(shares) < len(tags) or sum(shares) == 100
    assert [tag.value for tag in tags] == [draft.value for draft in wanted]


@given(drafts)
@settings(deadline=None)
def test_whatever_obeys_the_rules_is_accepted(wanted: list[TagDraft]) -> None:
    """The refusal is exact: each rule alone decides."""
    shares = [draft.percent for draft in wanted if draft.percent is not None]
    good = (
        len(wanted) <= 4
        and len({draft.value for draft in wanted}) == len(wanted)
        and sum(draft.is_default for draft in wanted) <= 1
        and all(share <= 100 for share in shares)
        and (not wanted or len(shares) < len(wanted) or sum(shares) == 100)
    )
    try:
        arranged(wanted, most=4, now=NOW)
    except TagError:
        accepted = False
    else:
        accepted = True

    assert accepted == good


@pytest.mark.parametrize(
    ("wanted", "index", "field"),
    [
        ([plain("a"), plain("b"), plain("c")], None, "tags"),
        ([plain("a"), plain("a")], 1, "tagValue"),
        ([plain("a", is_default=True), plain("b", is_default=True)], 1, "isDefault"),
        ([TagDraft("a", False, 101)], 0, "percent"),
        ([TagDraft("a", False, 60), TagDraft("b", False, 30)], None, "percent"),
    ],
)
def test_a_refusal_says_which_tag_and_what(wanted: list[TagDraft], index: int | None, field: str) -> None:
    """The error carries the place, for the JSON path of whoever asked."""
    with pytest.raises(TagError) as caught:
        arranged(wanted, most=2, now=NOW)

    assert (caught.value.index, caught.value.field) == (index, field)


def test_only_what_changes_is_stamped() -> None:
    """A tag that stays as it was keeps ``updated``; one that loses the default does not."""
    stored = (Tag(1, "a", True, None, 5, 5), Tag(2, "b", False, None, 5, 5), Tag(3, "c", False, None, 5, 5))
    wanted = [
        TagDraft("a", False, None, stored[0]),
        TagDraft("b", True, None, stored[1]),
        TagDraft("c", False, None, stored[2]),
    ]

    assert arranged(wanted, most=6, now=9) == (
        Tag(1, "a", False, None, 5, 9),
        Tag(2, "b", True, None, 5, 9),
        Tag(3, "c", False, None, 5, 5),
    )


def test_a_category_knows_its_default_and_its_tags() -> None:
    """An empty category has no default."""
    tag = Tag(1, "a", True, None, 5, 5)
    category = TagCategory(1, 1001, "channel", 5, (tag,))

    assert (category.default, category.tag("a"), category.tag("b")) == (tag, tag, None)
    assert TagCategory(1, 1001, "channel", 5, ()).default is None
