"""A session: worker processes kept busy with turns for as long as asked, and the files that failures leave."""

import multiprocessing
import signal
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

import click
from tests.fuzz.campaigns import Campaign, campaigns
from tests.fuzz.rotation import Rotation
from tests.fuzz.turn import Outcome, Turn, play

REPORT_EVERY_S = 30.0
_known: dict[str, Campaign] = {}


def play_named(turn: Turn) -> Outcome:
    """Run a turn in a process of its own kind."""
    if not _known:
        _known.update(campaigns())
    return play(_known[turn.campaign], turn)


def save(outcome: Outcome, folder: Path) -> list[Path]:
    """Write what is needed to see a failure again, and return the files."""
    assert outcome.failure is not None
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{outcome.turn.campaign}-{outcome.turn.seed}"
    text = folder / f"{stem}.txt"
    text.write_text(f"python -m tests.fuzz --turn {outcome.turn}\n\n{outcome.failure.details}", encoding="utf-8")
    if outcome.failure.recording is None:
        return [text]
    recording = folder / f"{stem}.jsonl"
    recording.write_bytes(outcome.failure.recording)
    return [text, recording]


def tell(outcome: Outcome, files: Iterable[Path]) -> None:
    """Print a failure: what, how to have it again, where it is kept."""
    assert outcome.failure is not None
    click.echo(f"FAILED {outcome.turn.campaign}: {outcome.failure.summary}")
    click.echo(f"  again: python -m tests.fuzz --turn {outcome.turn}")
    for file in files:
        click.echo(f"  kept:  {file}" + (f"  (kibo-scenarios replay {file})" if file.suffix == ".jsonl" else ""))


def session(rotation: Rotation, seconds: float, workers: int, folder: Path) -> None:
    """Keep the workers busy until time is up, for one turn at least; turns under way then are still waited for."""
    began = reported = time.monotonic()
    context = multiprocessing.get_context("spawn")
    ignore = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=signal.signal, initargs=ignore) as pool:
        under_way: set[Future[Outcome]] = set()
        try:
            while True:
                while len(under_way) < workers and (not rotation.turns or time.monotonic() - began < seconds):
                    turn = rotation.next_turn()
                    if turn is None:
                        break
                    under_way.add(pool.submit(play_named, turn))
                if not under_way:
                    return
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    outcome = future.result()
                    rotation.record(outcome)
                    if outcome.failure is not None:
                        tell(outcome, save(outcome, folder))
                if time.monotonic() - reported >= REPORT_EVERY_S:
                    reported = time.monotonic()
                    click.echo(f"{reported - began:5.0f} s  {summary(rotation)}")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def summary(rotation: Rotation) -> str:
    """What was done so far, in one line."""
    totals = ", ".join(f"{count:,} {unit}" for unit, count in sorted(rotation.totals().items()))
    return f"{rotation.turns} turns: {totals or 'nothing yet'}; {len(rotation.failed)} failed"
