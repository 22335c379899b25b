"""FI-1 and FI-2 on files told by hand."""

import pytest

from kibo_scenarios.evidence import Evidence, FileFact
from kibo_scenarios.moments import HOUR, MINUTE, SECOND, parse_utc
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict

#: 01:15:00 in Los Angeles, in winter.
START = parse_utc("2026-03-02T09:15:00Z")
NAME = "T_1001_UPDATE_260302011500"


def judge(rule: str, *files: FileFact) -> Outcome:
    """Return what one rule says."""
    return RULES_BY_ID[rule].judge(Evidence(files=files))


def seen(
    name: str, at: float = 0, *, complete: float | None = None, written: float | None = None, exact: bool = False
) -> FileFact:
    """Tell a file; moments in seconds since the start."""
    appeared = START + round(at * SECOND)
    return FileFact(
        folder="/in",
        name=name,
        appeared_at=appeared,
        complete_at=appeared if complete is None else START + round(complete * SECOND),
        written=0 if written is None else START + round(written * SECOND),
        exact=exact,
    )


@pytest.mark.parametrize(
    ("data", "trigger", "verdict"),
    [
        (seen(f"{NAME}.zip", exact=True), seen(f"{NAME}.zip.done", 1, exact=True), Verdict.PASS),
        (seen(f"{NAME}.zip", complete=5, exact=True), seen(f"{NAME}.done", 1, exact=True), Verdict.FAIL),
        (seen(f"{NAME}.zip", 2, exact=True), seen(f"{NAME}.done", 1, exact=True), Verdict.FAIL),
        (seen(f"{NAME}.zip", 60, written=10), seen(f"{NAME}.done", 60, written=11), Verdict.PASS),
        (seen(f"{NAME}.zip", 60, written=12), seen(f"{NAME}.done", 60, written=11), Verdict.FAIL),
        (seen(f"{NAME}.zip", 60, written=11), seen(f"{NAME}.done", 60, written=11), Verdict.PASS),
        (seen(f"{NAME}.zip", 60, complete=120), seen(f"{NAME}.done", 60), Verdict.FAIL),
        (seen(f"{NAME}.zip", 60), seen("T_1001_UPDATE_260302011501.done", 61), Verdict.FAIL),
        (seen(f"{NAME}.zip"), seen("T_1001_REFRESH_260302011500.zip"), Verdict.INCONCLUSIVE),
    ],
    ids=[
        "in order",
        "trigger while the data is written",
        "trigger first",
        "one look, in order",
        "one look, data written last",
        "one look, same second",
        "data changed after a look saw the trigger",
        "another name",
        "no trigger",
    ],
)
def test_fi1_data_is_complete_before_its_trigger(data: FileFact, trigger: FileFact, verdict: Verdict) -> None:
    """FI-1: only a certain order is a breach; a trigger without data of its name is one too."""
    assert verdict == judge("FI-1", data, trigger).verdict


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        (f"{NAME}.zip", Verdict.PASS),
        (f"{NAME}.csv", Verdict.PASS),
        (f"{NAME}.csv.zip", Verdict.PASS),
        ("T_1001_UPDATE_260301011500.zip", Verdict.PASS),
        ("T_1001_UPDATE_260302091500.zip", Verdict.FAIL),
        ("T_1001_UPDATE_260302101500.xml", Verdict.FAIL),
        ("T_1001_UPDATE_260231011500.zip", Verdict.FAIL),
        (f"{NAME}", Verdict.FAIL),
        ("stock.zip", Verdict.FAIL),
    ],
    ids=["zip", "csv", "packed csv", "of yesterday", "in UTC", "in Berlin", "31 February", "no ending", "free"],
)
def test_fi2_names_follow_the_rule(name: str, verdict: Verdict) -> None:
    """FI-2: a stamp in UTC or further east names a moment that has not come yet."""
    assert verdict == judge("FI-2", seen(name)).verdict


def test_fi2_summer_time() -> None:
    """FI-2: the hour that the clocks skip does not exist; in summer Los Angeles is seven hours behind UTC."""
    summer = FileFact(
        folder="/in",
        name="T_1_REFRESH_260702021500.zip",
        appeared_at=parse_utc("2026-07-02T09:15:00Z"),
        complete_at=parse_utc("2026-07-02T09:15:00Z"),
    )
    skipped = FileFact(
        folder="/in",
        name="T_1_REFRESH_260308023000.zip",
        appeared_at=START + 24 * HOUR * 30,
        complete_at=START + 24 * HOUR * 30,
    )

    assert (Verdict.PASS, Verdict.FAIL) == (judge("FI-2", summer).verdict, judge("FI-2", skipped).verdict)


def test_fi2_leaves_names_alone_that_the_settings_accept() -> None:
    """FI-2: a fetch setting may name a text of its own, and what is imported by it is no breach."""
    file = FileFact(folder="/in", name="refreshinventory.csv", appeared_at=START, complete_at=START, outcome="imported")

    assert Verdict.PASS == judge("FI-2", file).verdict


def test_no_file_is_no_opportunity() -> None:
    """FI-1 and FI-2 conclude nothing from an empty drop point, and forgive clocks five minutes."""
    late = FileFact(folder="/in", name=f"{NAME}.zip", appeared_at=START - 4 * MINUTE, complete_at=START)

    assert (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE) == (judge("FI-1").verdict, judge("FI-2").verdict)
    assert Verdict.PASS == judge("FI-2", late).verdict
