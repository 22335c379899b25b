"""However far an import has come when the simulator dies, each row counts exactly once afterwards (D-1)."""

import shutil
import tempfile
from collections.abc import Generator
from itertools import islice
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.settings import FileSettings

START = 1_772_427_600_000_000
NAME = "T_1001_UPDATE_260301210000.csv"
PRODUCTS = 100
CODES = ("ST-0001", "WH-001")


def stock(simulator: Simulator) -> dict[tuple[str, str | None], int]:
    """What every record holds."""
    return {(record.location_code, record.upc): record.on_hand for record in simulator.stock_records(1001)}


def steps(simulator: Simulator) -> Generator[None, None, None]:
    """Each step of what is due, pauses and all."""
    yield from simulator.agenda.steps(simulator.clock.now())


@settings(deadline=None, max_examples=15)
@given(deaths=st.lists(st.integers(0, 40), min_size=1, max_size=3))
def test_an_update_counts_once_however_often_the_simulator_dies(deaths: list[int]) -> None:
    """A file that adds one to each record adds one, whether it died while reading, tidying or working the jobs."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = Settings(
            sample=SampleSettings(locations=4, products=PRODUCTS),
            files=FileSettings(drop=str(Path(folder, "drop")), export_cron=""),
        )
        now = [START]

        def start(life: int) -> Simulator:
            return Simulator(chosen, wall=lambda: now[0], data=Path(folder, f"data{life}.db"))

        simulator = start(0)
        before = stock(simulator)
        rows = [f'"{code}","{upc}","+1"\n' for code, upc in before if code in CODES]
        inbox = Path(folder, "drop", "in")
        (inbox / NAME).write_text('"LocationCode","UPC","Quantity"\n' + "".join(rows))
        (inbox / f"{NAME}.done").touch()
        for life, death in enumerate(deaths, 1):
            now[0] += 601_000_000
            under_way = steps(simulator)
            for _ in islice(under_way, death):
                pass
            # What a killed process leaves are its files as they are at that moment.
            for ending in ("", "-wal"):
                left = Path(folder, f"data{life - 1}.db{ending}")
                if left.exists():
                    shutil.copy(left, Path(folder, f"data{life}.db{ending}"))
            under_way.close()
            simulator.close()
            simulator = start(life)
        now[0] += 3_600_000_000
        simulator.advance()
        after = stock(simulator)
        jobs = simulator.jobs.newest(1001, location_code=None, types=(), limit=99, offset=0)
        simulator.close()

    assert after == {key: held + (key[0] in CODES) for key, held in before.items()}
    assert sorted((job.location_code, job.status) for job in jobs) == [(code, "SUCCESS") for code in CODES]
