"""How Kibo spells the names of fields."""

import pytest

from kibo_simulator.web.base_wire import base_body, kibo_name


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("pickup", "pickup"),
        ("direct_ship", "directShip"),
        ("location_id", "locationID"),
        ("location_group_ids", "locationGroupIDs"),
        ("user_id", "userID"),
        ("s3_information", "s3Information"),
    ],
)
def test_names_are_spelled_as_kibo_does(name: str, spelled: str) -> None:
    """Numbers are called ID in capitals, everything else is camel case."""
    assert kibo_name(name) == spelled


def test_an_answer_says_that_it_succeeded() -> None:
    """BaseResponse has three fields, and messages is a list even when there are none."""
    assert base_body(2, ["a"]) == {"success": True, "messages": ["a"], "numResults": 2}
    assert base_body() == {"success": True, "messages": [], "numResults": 1}
