"""Whatever lies at a drop point: nothing is taken without its trigger, twice, or out of order; the log is bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.files.file_log import DropEntry, FileLog
from kibo_simulator.files.import_names import base_of, is_under_way, parse_name
from kibo_simulator.files.pickup_plan import PickupRules, plan_pickup

BASES = ["T_1_REFRESH_260301210000", "T_1_UPDATE_260301220000", "T_2_REFRESH_260301200000", "stock", "T_1_UPDATE_2603"]
ENDINGS = [".csv", ".zip", ".xml", ".done", ".zip.done", ".zip.part", ""]
ENTRIES = st.lists(
    st.builds(
        DropEntry,
        st.builds(str.__add__, st.sampled_from(BASES), st.sampled_from(ENDINGS)),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    unique_by=lambda entry: entry.name,
)
ALL = settings(deadline=None)


@ALL
@given(now=ENTRIES, before=ENTRIES, finished=ENTRIES, use_trigger=st.booleans(), one=st.booleans())
def test_what_is_taken_is_ready_and_in_order(
    *, now: list[DropEntry], before: list[DropEntry], finished: list[DropEntry], use_trigger: bool, one: bool
) -> None:
    """FI-1: with its trigger, or unchanged since the last look; once; by the time in its name; never what is odd."""
    rules = PickupRules(tenant_id=1, use_trigger=use_trigger, one_at_a_time=one)
    seen = {entry.name: entry for entry in before}
    plan = plan_pickup(now, rules, before=seen, finished=frozenset(finished))
    taken = [take.entry for take in plan.taken]
    triggers = {base_of(entry.name) for entry in now if entry.name.endswith(".done")}
    created = [parse_name(entry.name).created for entry in taken]

    assert len({base_of(entry.name) for entry in taken}) == len(taken)
    assert created == sorted(created)
    assert all(parse_name(entry.name).tenant_id == 1 for entry in taken)
    assert not set(taken) & set(finished)
    assert not any(is_under_way(entry.name) for entry in taken)
    assert all(
        base_of(entry.name) in triggers or (not use_trigger and seen.get(entry.name) == entry) for entry in taken
    )
    assert len(taken) <= 1 or not one
    assert not {odd.entry for odd in plan.odd} & set(taken)


@ALL
@given(looks=st.lists(ENTRIES, max_size=6), most=st.integers(1, 5))
def test_the_log_is_bounded_and_says_what_it_lost(looks: list[list[DropEntry]], most: int) -> None:
    """A file appears before it changes, events are numbered without holes, and those that are gone are counted."""
    log = FileLog(most)
    for at, entries in enumerate(looks):
        log.seen(at, "/in", entries)
    events = list(log.since())
    numbers = [event.seq for event in events]

    assert len(events) <= most
    assert len(log.files()) <= most
    assert numbers == list(range(log.dropped + 1, log.dropped + 1 + len(numbers)))
    assert all(file.appeared_at <= file.complete_at and file.folder == "in" for file in log.files())
