"""docs/batch-jobs.md is run as it stands: with curl, with the client, and from Python."""

import re
import textwrap
from pathlib import Path

import pytest

from .conftest import Serve
from .console import ROOT, walk

PAGE = "docs/batch-jobs.md"


@pytest.mark.slow
def test_the_page_does_what_it_shows(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command prints what the page says, and the Python program runs against what they left."""
    for name in ("PER_MINUTE", "PER_HOUR"):
        monkeypatch.delenv(f"KIBO_REQUESTS_{name}", raising=False)

    assert walk(PAGE, serve().url, tmp_path) > 25


@pytest.mark.slow
async def test_the_python_program_runs(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes a job, feeds it and watches it to its end; the clock runs fast, so that the first look sees the end."""
    served = serve("--clock", "x1000")
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "feed.csv").write_text("resource,action,productCode,productName\nProducts,add,A,Name\n")
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("API_HOST", served.url),
        ("TENANT", "1001"),
        ("CLIENT_ID", "sample.app"),
        ("SHARED_SECRET", "sample-secret"),
    ):
        monkeypatch.setenv(f"KIBO_{name}", value)
    # A second of the machine's is a quarter of an hour of the simulator's: the last call finds the job at its end.
    quick = program.replace('await jobs.watch("spring")', "")
    assert quick != program
    scope: dict[str, object] = {"Path": Path}
    body = textwrap.indent(quick, "    ") + "    return fed, report\n"
    imports, _, rest = body.partition("    async with")
    exec(f"{textwrap.dedent(imports)}\nasync def main():\n    async with{rest}", scope)
    fed, report = await scope["main"]()  # type: ignore[operator]

    assert (1, True) == (fed.added, fed.ok)
    assert "spring" == report.summary.code
