"""Tag categories and tags as JSON."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from kibo_simulator.stock.tag_categories import Tag, TagCategory
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.web.base_wire import Name, kibo_name

Percent = Annotated[int, Meta(ge=0, le=100)]


class TagRequest(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """A tag as it is asked for; a ``percent`` of null takes the percentage away, an absent one leaves it."""

    tag_id: int | None = None
    tag_value: Name | None = None
    is_default: bool | None = None
    percent: Percent | UnsetType | None = UNSET


class TagCategoryRequest(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """A category as it is asked for; without ``tags`` those it has stay."""

    name: Name | None = None
    tags: Annotated[list[TagRequest], Meta(max_length=10_000)] | None = None


def tag_body(tag: Tag) -> dict[str, Any]:
    """A tag as InventoryTag; the percentage is left out where there is none."""
    body: dict[str, Any] = {"tagID": tag.id, "tagValue": tag.value, "isDefault": tag.is_default}
    if tag.percent is not None:
        body["percent"] = tag.percent
    return body | {"created": iso_milliseconds(tag.created), "updated": iso_milliseconds(tag.updated)}


def category_body(category: TagCategory) -> dict[str, Any]:
    """A category as TagCategory."""
    return {
        "tagCategoryID": category.id,
        "name": category.name,
        "created": iso_milliseconds(category.created),
        # Kibo's description and its SDK spell this differently.
        "deletion_job_ids": [],
        "deletionJobIds": [],
        "tags": [tag_body(tag) for tag in category.tags],
    }
