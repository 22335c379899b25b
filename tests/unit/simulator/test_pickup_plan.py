"""What of a listing is picked up: data with its trigger, in order, and everything odd is said (FI-1)."""

from typing import Any

import pytest

from kibo_simulator.files.file_log import DropEntry
from kibo_simulator.files.pickup_plan import PickupRules, plan_pickup

A = "T_1_REFRESH_260301210000"
B = "T_1_UPDATE_260301220000"


def entries(*names: str, size: int = 9) -> list[DropEntry]:
    """Files with these names; triggers are empty."""
    return [DropEntry(name, 0 if name.endswith(".done") else size, 5) for name in names]


def plan(names: list[str], **rules: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """The names taken, and what is odd, under some rules."""
    before = {entry.name: entry for entry in entries(*rules.pop("before", ()))}
    finished = frozenset(entries(*rules.pop("finished", ())))
    found = plan_pickup(entries(*names), PickupRules(**({"tenant_id": 1} | rules)), before=before, finished=finished)
    return [take.entry.name for take in found.taken], [(odd.entry.name, odd.reason) for odd in found.odd]


def test_data_waits_for_its_trigger_and_is_taken_in_order_of_its_time() -> None:
    """Both spellings of a trigger count; the older file goes first."""
    assert plan([f"{B}.zip", f"{B}.zip.done", f"{A}.csv", f"{A}.done"]) == ([f"{A}.csv", f"{B}.zip"], [])
    assert plan([f"{A}.zip", f"{B}.zip", f"{B}.done"]) == ([f"{B}.zip"], [])


def test_one_file_at_a_time_when_the_configuration_says_so() -> None:
    """``multipleFiles: false`` takes the oldest only."""
    names = [f"{A}.zip", f"{A}.done", f"{B}.zip", f"{B}.done"]

    assert plan(names, one_at_a_time=True) == ([f"{A}.zip"], [])


def test_without_a_trigger_a_file_must_have_stayed_the_same_since_the_last_look() -> None:
    """A file that is still being uploaded grows from look to look."""
    assert plan([f"{A}.zip"], use_trigger=False) == ([], [])
    assert plan([f"{A}.zip"], use_trigger=False, before=[f"{A}.zip"]) == ([f"{A}.zip"], [])


def test_uploads_under_way_and_hidden_files_are_none_of_our_business() -> None:
    """Upload programs write under another name first."""
    assert plan([f".{A}.zip", f"{A}.zip.part", f"{A}.zip.filepart", f"{A}.zip.done.tmp"]) == ([], [])


@pytest.mark.parametrize(
    ("names", "odd"),
    [
        ([f"{A}.done"], [(f"{A}.done", "is a trigger without data of the same name")]),
        (
            ["stock.csv", "stock.csv.done"],
            [("stock.csv", "is not named T_<tenant>_REFRESH_YYMMDDhhmmss or T_<tenant>_UPDATE_YYMMDDhhmmss")],
        ),
        (
            ["T_7_REFRESH_260301210000.csv", "T_7_REFRESH_260301210000.done"],
            [("T_7_REFRESH_260301210000.csv", "names tenant 7, which does not exist")],
        ),
        (
            [f"{A}.csv", f"{A}.zip", f"{A}.done"],
            [
                (f"{A}.csv", f"has the same trigger as {A}.zip; one data file a trigger is expected"),
                (f"{A}.zip", f"has the same trigger as {A}.csv; one data file a trigger is expected"),
            ],
        ),
    ],
)
def test_what_is_odd_is_said_and_left_alone(names: list[str], odd: list[tuple[str, str]]) -> None:
    """Triggers without data, wrong names, other tenants, two data files for one trigger."""
    assert plan(names) == ([], odd)


def test_a_second_trigger_is_remarked_and_the_data_taken_once() -> None:
    """Double triggers are handled and reported."""
    taken, odd = plan([f"{A}.zip", f"{A}.zip.done", f"{A}.done"])

    assert taken == [f"{A}.zip"]
    assert odd == [(f"{A}.done", f"is a second trigger beside {A}.zip.done; the data is taken once")]


def test_a_file_that_was_dealt_with_is_left_alone_until_it_changes() -> None:
    """A new trigger beside unchanged data imports nothing twice."""
    names = [f"{A}.zip", f"{A}.done"]

    assert plan(names, finished=[f"{A}.zip"], before=names) == ([], [])
    assert plan(names, finished=[f"{A}.zip"]) == (
        [],
        [(f"{A}.zip", "was dealt with already and has not changed; its new trigger is left alone")],
    )


def test_settings_choose_forms_kinds_and_names() -> None:
    """The form of triggers, kinds that are not enabled, descriptions that match other names, neighbours."""
    disabled = plan([f"{B}.zip", f"{B}.done"], update=False)

    assert plan([f"{A}.zip", f"{A}.done"], triggers="zip")[0] == []
    assert plan([f"{A}.zip", f"{A}.zip.done"], triggers="zip")[0] == [f"{A}.zip"]
    assert disabled == ([], [(f"{B}.zip", "is of a kind that is not enabled (UPDATE)")])
    assert plan(["refreshinventory.csv", "refreshinventory.done"], refresh_text="refreshinventory")[0] == [
        "refreshinventory.csv"
    ]
    assert plan([f"{A}.zip", f"{A}.done"], tenant_id=2, known_tenants=frozenset({1, 2})) == ([], [])
