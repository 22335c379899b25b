"""Names of import files, their times, and when a schedule is due (FI-2, T-1)."""

from datetime import UTC, datetime

import pytest

from kibo_simulator.files.import_names import FileNameError, ImportName, base_of, instant_of, parse_name, stamp_of
from kibo_simulator.files.schedules import CronError, check_cron, last_due, next_due
from kibo_simulator.timestamps import MINUTE, SECOND


def utc(text: str) -> int:
    """An instant in microseconds since the epoch."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def test_the_guides_names_are_understood() -> None:
    """``T_<tenant>_REFRESH_YYMMDDhhmmss``, in Pacific time: 12:11:52 in September is 19:11:52 UTC."""
    name = parse_name("T_3456_REFRESH_130909121152.zip")

    assert name == ImportName(
        "T_3456_REFRESH_130909121152.zip",
        "T_3456_REFRESH_130909121152",
        3456,
        "REFRESH",
        "130909121152",
        utc("2013-09-09T19:11:52"),
        zipped=True,
    )
    assert parse_name("t_1_update_130301205912.csv").kind == "UPDATE"
    assert parse_name("T_1_UPDATE_130301205912.xml.zip").zipped


@pytest.mark.parametrize(
    "name",
    [
        "T_3456_REFRESH_130909121152",
        "T_3456_REFRESH_13090912115.csv",
        "T_3456_DELETE_130909121152.csv",
        "T__REFRESH_130909121152.csv",
        "T_1_REFRESH_130231121152.csv",
        "T_1_REFRESH_260308023000.csv",
        "T_1_REFRESH_130909121152.csv.exe",
        "../T_1_REFRESH_130909121152.csv",
        "inventory.csv",
    ],
)
def test_other_names_are_refused_with_a_reason(name: str) -> None:
    """Wrong words, times that do not exist (also for summer time), and unknown endings."""
    with pytest.raises(FileNameError) as error:
        parse_name(name)

    assert str(error.value).startswith(repr(name))


def test_a_trigger_belongs_to_the_data_of_the_same_base() -> None:
    """``<base>.zip.done`` and ``<base>.done`` are both the trigger of ``<base>.zip`` and ``<base>.csv``."""
    bases = {base_of(f"T_1_REFRESH_130909121152{ending}") for ending in (".csv", ".zip", ".zip.done", ".done")}

    assert bases == {"T_1_REFRESH_130909121152"}


def test_pacific_time_follows_summer_time() -> None:
    """The hour that is skipped names nothing; the one that is repeated names its first passage."""
    assert stamp_of(utc("2026-03-08T09:59:59")) == "260308015959"
    assert stamp_of(utc("2026-03-08T10:00:00")) == "260308030000"
    assert instant_of("261101013000") == utc("2026-11-01T08:30:00")


def test_schedules_are_due_on_the_minute_in_their_zone() -> None:
    """Cron expressions in a zone; both ways round."""
    nine = utc("2026-03-08T09:00:00")

    assert next_due("0 9 * * *", nine) == utc("2026-03-09T09:00:00")
    assert next_due("0 9 * * *", nine - 1) == nine
    assert next_due("0 9 * * *", nine, "America/Los_Angeles") == utc("2026-03-08T16:00:00")
    assert last_due("*/10 * * * *", nine + 7 * MINUTE) == nine
    assert last_due("*/10 * * * *", nine) == nine
    assert last_due("*/10 * * * *", nine - 1) == nine - 10 * MINUTE


@pytest.mark.parametrize("expression", ["* * * *", "0 0 31 2 *", "61 * * * *", "hourly", "", "* * * * * *"])
def test_expressions_that_are_never_due_are_refused(expression: str) -> None:
    """An invalid cron expression is refused, never silently not run."""
    with pytest.raises(CronError):
        check_cron(expression)
