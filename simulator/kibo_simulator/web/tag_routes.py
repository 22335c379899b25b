"""Tag categories and their tags, by which a tenant divides its inventory."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, structs

from kibo_simulator.stock.tag_categories import Tag, TagCategory, TagDraft, TagError, arranged
from kibo_simulator.web.base_wire import listed, missing
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.tag_wire import TagCategoryRequest, TagRequest, category_body, tag_body
from kibo_simulator.web.wire import decode

_category = msgspec.json.Decoder(TagCategoryRequest)
_tag = msgspec.json.Decoder(TagRequest)


def _named(call: Call, *, status: int) -> TagCategory:
    name = call.path["name"]
    category = call.simulator.tags.category(call.tenant_id, name)
    if category is None:
        raise missing("tagCategoryName", f"tag category {name[:60]!r}", status=status)
    return category


def _tag_of(category: TagCategory, value: str, *, status: int) -> Tag:
    # Kibo's published path ends in a stray brace, and clients generated from it send that.
    tag = category.tag(value) or category.tag(value.removesuffix("}"))
    if tag is None:
        raise missing("tagValue", f"tag {value[:60]!r} in category {category.name[:60]!r}", status=status)
    return tag


# -- categories -------------------------------------------------------------------------------------------------------


def get_categories(call: Call) -> Answer:
    """All categories of the tenant, oldest first."""
    return Answer(
        listed(
            call,
            [category_body(category) for category in call.simulator.tags.categories(call.tenant_id)],
            "tag categories",
        )
    )


def get_category(call: Call) -> Answer:
    """One category with its tags."""
    return Answer(category_body(_named(call, status=404)))


def add_category(call: Call) -> Answer:
    """Add a category, with or without tags; a tenant may have a few only."""
    request = decode(_category, call.body)
    if request.name is None:
        raise validation_error("$.name", "is needed")
    categories = call.simulator.tags.categories(call.tenant_id)
    most = call.simulator.settings.tags.categories
    _check_name(categories, request.name)
    if len(categories) >= most:
        raise validation_error("$", f"a tenant has at most {most} tag categories")
    category = call.simulator.tags.add_category(call.tenant_id, request.name, call.now)
    # Numbers are given out here; those in a copied body belong to other tags.
    return _arrange_requested(call, category, [structs.replace(tag, tag_id=None) for tag in request.tags or ()])


def update_category(call: Call) -> Answer:
    """Rename a category, or give it another list of tags: those that are not named again are deleted."""
    request = decode(_category, call.body)
    category = _named(call, status=400)
    if request.name is not None and request.name != category.name:
        _check_name(call.simulator.tags.categories(call.tenant_id), request.name)
        call.simulator.tags.rename_category(category.id, request.name)
    if request.tags is not None:
        return _arrange_requested(call, category, request.tags)
    return Answer(category_body(_fresh(call, category.id)))


def delete_category(call: Call) -> Answer:
    """Delete a category and its tags."""
    call.simulator.tags.delete_category(_named(call, status=404).id)
    return Answer({"deleted": 1})


def _check_name(categories: Sequence[TagCategory], name: str) -> None:
    if any(category.name == name for category in categories):
        raise validation_error("$.name", f"there is a tag category {name[:60]!r} already")


def _arrange_requested(call: Call, category: TagCategory, requests: Sequence[TagRequest]) -> Answer:
    left = list(category.tags)
    told = any(request.is_default for request in requests)
    drafts = []
    for index, request in enumerate(requests):
        stored = _claimed(left, request, f"$.tags[{index}]")
        stays_default = stored is not None and stored.is_default and not told
        drafts.append(_draft(request, stored, is_default=bool(request.is_default) or stays_default))
    try:
        tags = arranged(drafts, most=call.simulator.settings.tags.values, now=call.now)
    except TagError as error:
        place = "$.tags" if error.index is None else f"$.tags[{error.index}].{error.field}"
        raise validation_error(place, error.reason) from None
    call.simulator.tags.put_tags(category.id, tags)
    return Answer(category_body(_fresh(call, category.id)))


def _claimed(left: list[Tag], request: TagRequest, place: str) -> Tag | None:
    """The stored tag that a request means, by number or else by value; no two requests get the same."""
    if request.tag_id is not None:
        found = next((tag for tag in left if tag.id == request.tag_id), None)
        if found is None:
            raise missing(f"{place}.tagID", f"tag {request.tag_id} in this category")
    elif request.tag_value is not None:
        found = next((tag for tag in left if tag.value == request.tag_value), None)
    else:
        raise validation_error(f"{place}.tagValue", "is needed")
    if found is not None:
        left.remove(found)
    return found


def _draft(request: TagRequest, stored: Tag | None, *, is_default: bool) -> TagDraft:
    percent = request.percent
    if percent is UNSET:
        percent = stored.percent if stored else None
    value = request.tag_value or (stored.value if stored else "")
    return TagDraft(value, is_default, percent, stored)


def _fresh(call: Call, category_id: int) -> TagCategory:
    return next(category for category in call.simulator.tags.categories(call.tenant_id) if category.id == category_id)


# -- tags -------------------------------------------------------------------------------------------------------------


def get_tag(call: Call) -> Answer:
    """One tag."""
    return Answer(tag_body(_tag_of(_named(call, status=404), call.path["value"], status=404)))


def add_tag(call: Call) -> Answer:
    """Add a tag to a category; the first one becomes its default."""
    request = decode(_tag, call.body)
    category = _named(call, status=400)
    if request.tag_value is None:
        raise validation_error("$.tagValue", "is needed")
    new = _draft(request, None, is_default=bool(request.is_default))
    return Answer(tag_body(_arrange_one(call, category, new)))


def update_tag(call: Call) -> Answer:
    """Change value, percentage or standing of a tag; a default is changed by making another tag the default."""
    request = decode(_tag, call.body)
    category = _named(call, status=400)
    stored = _tag_of(category, call.path["value"], status=400)
    if stored.is_default and request.is_default is False:
        raise validation_error("$.isDefault", "a category has a default: make another tag the default instead")
    changed = _draft(request, stored, is_default=bool(request.is_default) or stored.is_default)
    return Answer(tag_body(_arrange_one(call, category, changed)))


def delete_tag(call: Call) -> Answer:
    """Delete a tag; when it was the default, the oldest of the others becomes it."""
    category = _named(call, status=404)
    gone = _tag_of(category, call.path["value"], status=404)
    _arrange(call, category, [_kept(tag) for tag in category.tags if tag is not gone])
    return Answer({"deleted": 1})


def _kept(tag: Tag) -> TagDraft:
    return TagDraft(tag.value, tag.is_default, tag.percent, tag)


def _arrange_one(call: Call, category: TagCategory, changed: TagDraft) -> Tag:
    """Put one changed or new tag among those of its category, and return it as stored."""
    drafts = [
        TagDraft(tag.value, tag.is_default and not changed.is_default, tag.percent, tag)
        if changed.stored is None or tag.id != changed.stored.id
        else changed
        for tag in category.tags
    ]
    if changed.stored is None:
        drafts.append(changed)
    _arrange(call, category, drafts)
    tag = _fresh(call, category.id).tag(changed.value)
    assert tag is not None
    return tag


def _arrange(call: Call, category: TagCategory, drafts: Sequence[TagDraft]) -> None:
    try:
        tags = arranged(drafts, most=call.simulator.settings.tags.values, now=call.now)
    except TagError as error:
        raise _one_fault(error) from None
    call.simulator.tags.put_tags(category.id, tags)


def _one_fault(error: TagError) -> ApiError:
    place = "$" if error.field == "tags" else f"$.{error.field}"
    return validation_error(place, error.reason)


_ALL = inventory_paths("/tagCategory", "v1")
_ONE = inventory_paths("/tagCategory/{name}", "v1")
_TAGS = inventory_paths("/tagCategory/{name}/tag", "v1")
# A value may hold the stray brace mentioned above, which a plain placeholder would not let in.
_TAG = inventory_paths("/tagCategory/{name}/tag/{value:[^/]+}", "v1")

OPERATIONS = (
    Operation("getTagCategories", "GET", _ALL, get_categories, reads=True),
    Operation("createTagCategory", "POST", _ALL, add_category, request=TagCategoryRequest),
    Operation("getTagCategory", "GET", _ONE, get_category, reads=True),
    Operation("updateTagCategory", "PUT", _ONE, update_category, request=TagCategoryRequest),
    Operation("deleteTagCategory", "DELETE", _ONE, delete_category),
    Operation("createTag", "POST", _TAGS, add_tag, request=TagRequest),
    Operation("getTag", "GET", _TAG, get_tag, reads=True),
    Operation("updateTag", "PUT", _TAG, update_tag, request=TagRequest),
    Operation("deleteTag", "DELETE", _TAG, delete_tag),
)
