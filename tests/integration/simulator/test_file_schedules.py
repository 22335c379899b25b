"""While nobody asks for anything, files are picked up when the clock says so (T-1, T-3)."""

import asyncio
from pathlib import Path

import aiohttp

from kibo_scenarios.pace import VIRTUAL, Clock, run_at, stage
from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.settings import FileSettings
from kibo_simulator.web import build_application

START = 1_772_427_600_000_000  # 2026-03-02T05:00:00Z
NAME = "T_1001_REFRESH_260301210000.csv"


def test_a_served_simulator_looks_by_itself(tmp_path: Path) -> None:
    """A file is taken at the tenth minute, not before; a clock that is sped up is followed at once."""

    async def main(clock: Clock) -> tuple[list[bool], int | None]:
        simulator = Simulator(
            Settings(sample=SampleSettings(locations=1, products=4), files=FileSettings(drop=str(tmp_path))),
            wall=clock.wall_us,
        )
        archived = tmp_path / "archive" / NAME
        (tmp_path / "in" / NAME).write_text('"LocationCode","UPC","Quantity"\n"ST-0001","800001000005","7"\n')
        (tmp_path / "in" / f"{NAME}.done").touch()
        seen: list[bool] = []
        async with stage(VIRTUAL, build_application(simulator), latency=1_000) as where:
            await asyncio.sleep(599)
            seen.append(archived.exists())
            await asyncio.sleep(2)
            seen.append(archived.exists())
            for path in (archived, archived.with_name(f"{NAME}.done")):
                path.replace(tmp_path / "in" / path.name)
            async with aiohttp.ClientSession(connector=where.connect()) as http:
                headers = {"Host": "127.0.0.1"}
                async with http.put(f"{where.api_host}/_simulator/clock", json={"speed": 600}, headers=headers) as done:
                    assert done.status == 200, await done.text()
            await asyncio.sleep(2)
            seen.append(archived.exists())
        taken = simulator.file_log.file("in", NAME)
        simulator.close()
        return seen, None if taken is None else taken.taken_at

    seen, taken_at = run_at(VIRTUAL, main, start=START, seed=0)

    assert seen == [False, True, True]
    assert taken_at == START + 1_200_000_000
