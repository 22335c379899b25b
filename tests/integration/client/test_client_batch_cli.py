"""`kibo-client batch` without a terminal: mistakes are one line, and the exit code says whose they are."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kibo_client.cli import main

from .conftest import GIVEN


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


Client = Callable[..., Done]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Client]:
    """Runs a command in this process, with these settings of Kibo's and no others."""
    handlers = list(logging.getLogger("kibo_client").handlers)

    def run(*arguments: str, **settings: str) -> Done:
        for name in [name for name in os.environ if name.startswith("KIBO_")]:
            monkeypatch.delenv(name)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["batch", *arguments])
        printed = capsys.readouterr()
        return Done(int(str(ended.value.code)), printed.out, printed.err)

    yield run
    logging.getLogger("kibo_client").handlers[:] = handlers


@pytest.mark.parametrize(
    ("arguments", "change", "code", "said"),
    [
        (["add", "job", "--feed", "/nowhere.csv"], {}, 2, "/nowhere.csv: cannot be read: No such file or directory"),
        (["add", "job"], {}, 2, "--feed"),
        (["report", "job", "--failures", "out.csv"], {}, 2, "--failures: needs --feed"),
        (["create", "job"], {"KIBO_TENANT": ""}, 2, "tenant: is missing; give --tenant or KIBO_TENANT"),
        (["start", "job"], {}, 1, "no connection to http://127.0.0.1:9"),
    ],
)
def test_a_mistake_is_one_line(
    client: Client, arguments: list[str], change: dict[str, str], code: int, said: str
) -> None:
    """No traceback, no secret, and nothing on standard output."""
    done = client(*arguments, **{**GIVEN, **change})

    assert (code, "") == (done.code, done.out)
    assert said in done.err
    assert "Traceback" not in done.err
    assert "sample-secret" not in done.err


@pytest.mark.slow
def test_what_is_refused_is_left_out_and_named(client: Client, simulator: tuple[str, str], tmp_path: Path) -> None:
    """An item that Kibo does not take costs only itself; a job that is started takes nothing more."""
    given = {**GIVEN, "KIBO_API_HOST": simulator[0]}
    feed = tmp_path / "feed.jsonl"
    good = '{"resource": "Products", "action": "add", "body": {"productCode": "A", "content": {"productName": "x"}}}'
    wrong = '{"resource": "Products", "action": "add", "body": {"productCode": 5}}'
    feed.write_text(f"{good}\n{wrong}\n", encoding="utf-8")
    client("create", "job", **given)
    added = client("add", "job", "--feed", str(feed), "--quiet", **given)
    client("cancel", "job", **given)
    late = client("add", "job", "--feed", str(feed), "--quiet", **given)

    assert (1, "1 of 2 added to job in 2 requests") == (added.code, added.out.splitlines()[0])
    assert f"{feed}:2: VALIDATION_ERROR: $.productCode: Expected `str | null`, got `int`" in added.out
    assert (1, "0 of 2 added to job in 1 request") == (late.code, late.out.splitlines()[0])
    assert "items are added while it is Ready" in late.out
