"""The job queue against its rules (J-5, J-6)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.jobs import JobQueue, JobSettings, duration

events = st.lists(
    st.one_of(st.tuples(st.just("enqueue"), st.integers(1, 5)), st.tuples(st.just("finish"), st.integers(0, 4))),
    max_size=80,
)


@settings(max_examples=400, deadline=None)
@given(workers=st.integers(1, 4), plan=events)
def test_the_queue_is_first_in_first_out_among_free_locations(workers: int, plan: list[tuple[str, int]]) -> None:
    """J-5: always the oldest waiting job whose location is free, never two at a location, never too many at work."""
    queue = JobQueue(workers)
    waiting: list[tuple[int, int]] = []
    at_work: list[tuple[int, int]] = []
    number = 0
    for event, value in plan:
        if event == "enqueue":
            number += 1
            queue.enqueue(number, value)
            waiting.append((number, value))
        elif at_work:
            _, location = at_work.pop(value % len(at_work))
            queue.finish(location)
        while True:
            busy = {location for _, location in at_work}
            free = [job for job in waiting if job[1] not in busy]
            expected = free[0][0] if free and len(at_work) < workers else None
            started = queue.start_next()

            assert started == expected
            if started is None:
                break
            at_work.append(free[0])
            waiting.remove(free[0])

    assert queue.waiting == len(waiting)


@settings(max_examples=200, deadline=None)
@given(plan=st.lists(st.integers(1, 3), min_size=1, max_size=20), pick=st.integers(0, 19), workers=st.integers(1, 3))
def test_taking_a_job_out_takes_those_before_it_at_its_location(plan: list[int], pick: int, workers: int) -> None:
    """J-6: a job that is done early brings its predecessors at the location with it and disturbs no other."""
    queue = JobQueue(workers)
    for number, location in enumerate(plan):
        queue.enqueue(number, location)
    chosen = pick % len(plan)
    taken = queue.take_through(chosen, plan[chosen])
    left = [job for job in range(len(plan)) if job not in taken]
    drained = []
    while (job := queue.start_next()) is not None:
        drained.append(job)
        queue.finish(plan[job])

    assert taken == [job for job, location in enumerate(plan) if location == plan[chosen] and job <= chosen]
    assert drained == left


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**40), job=st.integers(1, 2**40), records=st.integers(0, 10**6), jitter=st.floats(0, 0.9))
def test_a_duration_is_the_formula_within_its_jitter(seed: int, job: int, records: int, jitter: float) -> None:
    """J-6: base plus a time per record, varied by no more than the jitter, the same each time it is asked."""
    settings_ = JobSettings(jitter=jitter)
    plain = (0.5 + 0.001 * records) * 1_000_000
    took = duration(settings_, seed, job, records)

    assert plain * (1 - jitter) - 1 <= took <= plain * (1 + jitter) + 1
    assert took == duration(settings_, seed, job, records)
