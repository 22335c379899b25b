"""Fault documents: what is right is read exactly, what cannot be meant is refused with its place."""

from pathlib import Path
from typing import Any

import pytest

from kibo_simulator import FaultError, PlannedFault, read_faults
from kibo_simulator.configuration import read_configuration, read_fault_file
from kibo_simulator.faults.effects import (
    Dribble,
    EnqueueTimeout,
    ItemFail,
    JobFail,
    JobSlow,
    JobStall,
    Latency,
    LostAnswer,
    Malformed,
    Normal,
    Reset,
    RetryAfterHeader,
    Status,
    Throttle,
    TokenExpired,
    TokenRevoked,
    Truncate,
)
from kibo_simulator.faults.reading import _KINDS
from kibo_simulator.faults.window import Window, window_of
from kibo_simulator.files.yaml_places import YamlFileError

KINDS: list[tuple[dict[str, Any], object]] = [
    (
        {"kind": "status", "status": 503, "headers": {"a": "b"}, "body": [1]},
        Status(status=503, headers={"a": "b"}, body=[1]),
    ),
    ({"kind": "latency", "delay_s": 2}, Latency(delay_s=2.0)),
    (
        {"kind": "latency", "delay_s": {"distribution": "normal", "mean": 2, "deviation": 1}},
        Latency(delay_s=Normal(mean=2.0, deviation=1.0)),
    ),
    ({"kind": "reset"}, Reset()),
    ({"kind": "lost_answer", "how": "reset", "delay_s": 1.5}, LostAnswer(how="reset", delay_s=1.5)),
    ({"kind": "truncate", "keep_bytes": 4}, Truncate(keep_bytes=4)),
    ({"kind": "malformed", "body": "<"}, Malformed(body="<")),
    ({"kind": "dribble", "piece_bytes": 5, "every_s": 1}, Dribble(piece_bytes=5, every_s=1.0)),
    ({"kind": "throttle"}, Throttle(retry_after=60)),
    ({"kind": "throttle", "retry_after": None}, Throttle(retry_after=None)),
    ({"kind": "retry_after", "retry_after": "soon"}, RetryAfterHeader(retry_after="soon")),
    ({"kind": "token_expired"}, TokenExpired()),
    ({"kind": "token_revoked"}, TokenRevoked()),
    ({"kind": "enqueue_timeout"}, EnqueueTimeout()),
    ({"kind": "job_fail", "message": "m"}, JobFail(message="m")),
    ({"kind": "job_stall", "for_s": 9}, JobStall(for_s=9.0)),
    ({"kind": "item_fail", "reason": "taken", "message": "m"}, ItemFail(reason="taken", message="m")),
    ({"kind": "job_slow", "factor": 2, "extra_s": 1}, JobSlow(factor=2.0, extra_s=1.0)),
]


@pytest.mark.parametrize(("told", "meant"), KINDS)
def test_every_kind_is_read_exactly(told: dict[str, Any], meant: object) -> None:
    """Alone, in a list, and under a key: always the same fault."""
    fault = PlannedFault(effect=meant)  # type: ignore[arg-type]  # one of them

    assert [(fault,)] * 3 == [
        read_faults(row) for row in ({"effect": told}, [{"effect": told}], {"faults": [{"effect": told}]})
    ]


def test_no_kind_is_left_out() -> None:
    """The table above knows every kind there is."""
    assert set(_KINDS) == {told["kind"] for told, _ in KINDS}


RESET = {"kind": "reset"}
WRONG: list[tuple[object, str, str]] = [
    (5, "$", "expected a list of faults"),
    ([5], "$[0]", "expected `object`, got `int`".replace("`", "")),
    ([{}], "$[0].effect", "expected a map with a kind: status, latency"),
    ([{"effect": {}}], "$[0].effect.kind", "the kind is missing; accepted: status"),
    ([{"effect": {"kind": "statsu"}}], "$[0].effect.kind", "'statsu' is no kind of fault; accepted: status"),
    ({"effect": {"kind": ["status"]}}, "$.effect.kind", "is no kind of fault"),
    ({"effect": {"kind": "status"}}, "$.effect", "the field status is missing"),
    ({"effect": {"kind": "status", "status": 99}}, "$.effect.status", "expected int >= 200"),
    ({"effect": RESET, "when": 1}, "$.when", "this field is not known here; accepted: effect, match, id, name"),
    ({"effect": RESET | {"how": "hard"}}, "$.effect.how", "this field is not known here; accepted: kind, delay_s"),
    ({"effect": RESET, "match": {"ntth": 1}}, "$.match.ntth", "this field is not known here; accepted: method, path"),
    ({"effect": RESET, "match": {"nth": 0}}, "$.match.nth", "expected int >= 1"),
    ({"effect": RESET, "match": {"nth": 1, "every": 2}}, "$.match.nth", "goes without after and every"),
    ({"effect": RESET, "match": {"location": "L1"}}, "$.match.location", "means nothing to a fault of requests"),
    ({"effect": RESET, "match": {"per": "work"}}, "$.match.per", "expected request for this kind of fault"),
    ({"effect": {"kind": "item_fail"}, "match": {"job_type": "DELETE"}}, "$.match.job_type", "to a fault of items"),
    ({"effect": {"kind": "item_fail", "reason": "bored"}}, "$.effect.reason", "invalid enum value 'bored'"),
    ({"effect": {"kind": "job_stall"}, "match": {"per": "request"}}, "$.match.per", "expected location or work for"),
    ({"effect": RESET, "match": {"status": 200}}, "$.match.status", "before there is an answer with a status"),
    ({"effect": {"kind": "job_stall"}, "match": {"path": "/"}}, "$.match.path", "means nothing to a fault of jobs"),
    ({"effect": RESET, "match": {"from": "noon"}}, "$.match.from", "expected an instant such as 2026-"),
    ({"effect": RESET, "match": {"until": "+5"}}, "$.match.until", "or a span such as +90s, got '+5'"),
    ({"effect": RESET, "match": {"from": "+2m", "until": "+90s"}}, "$.match.until", "ends before it begins"),
    ({"effect": RESET, "match": {"probability": 1.5}}, "$.match.probability", "expected float <= 1.0"),
    ({"effect": RESET, "match": {"operation": "deleteItem"}}, "$.match.operation", "did you mean deleteItems?"),
    ({"effect": RESET, "match": {"operation": ["getJob", "x"]}}, "$.match.operation", "there is no operation 'x'"),
    ({"effect": RESET, "id": "a b"}, "$.id", "expected str matching regex"),
    ([{"effect": RESET, "id": "a"}] * 2, "$[1].id", "a is there twice"),
    ([{"effect": RESET}] * 1_001, "$", "has 1,001 faults; at most 1,000 are taken"),
    ({"effect": {"kind": "latency"}}, "$.effect", "the field delay_s is missing"),
    ({"effect": {"kind": "latency", "delay_s": -1}}, "$.effect.delay_s", "expected float >= 0"),
    ({"effect": {"kind": "latency", "delay_s": 1e6}}, "$.effect.delay_s", "expected float <= 86400"),
    (
        {"effect": {"kind": "latency", "delay_s": {"distribution": "uniform", "low": 2, "high": 1}}},
        "$.effect.delay_s",
        "low is above high",
    ),
    ({"effect": {"kind": "status", "status": 204, "body": "x"}}, "$.effect.body", "an answer with status 204 has none"),
    ({"effect": {"kind": "throttle", "retry_after": "x", "as_date": True}}, "$.effect.as_date", "needs a retry_after"),
    ({"effect": {"kind": "throttle", "retry_after": "a\r\nb: c"}}, "$.effect.retry_after", "printable ASCII"),
    ({"effect": {"kind": "job_slow"}}, "$.effect", "needs a factor other than 1, or extra_s"),
    (
        {"effect": {"kind": "status", "status": 500, "headers": {"a b": "c"}}},
        "$.effect.headers.a b",
        "is not the name of a header",
    ),
    (
        {"effect": {"kind": "status", "status": 500, "headers": {"x": "a\nb"}}},
        "$.effect.headers.x",
        "up to 4,096 printable ASCII characters",
    ),
    (
        {"effect": {"kind": "status", "status": 500, "headers": {"Content-Length": "5"}}},
        "$.effect.headers.Content-Length",
        "is set by the server",
    ),
]


@pytest.mark.parametrize(("document", "path", "message"), WRONG)
def test_what_cannot_be_meant_is_refused_with_its_place(document: object, path: str, message: str) -> None:
    """One error: the JSON path and what is accepted there."""
    with pytest.raises(FaultError) as refused:
        read_faults(document, operations=lambda: {"deleteItems", "getJob"})

    assert (path, True) == (refused.value.path, message in refused.value.message), refused.value.message


def test_a_file_tells_line_and_column(tmp_path: Path) -> None:
    """In a file of its own and in a configuration, the place is where a person looks."""
    file = tmp_path / "f.yaml"
    file.write_text("- effect: {kind: reset}\n- match: {nth: [1, 0]}\n  effect: {kind: reset}\n")
    with pytest.raises(YamlFileError, match=r"f\.yaml:2:20: \$\[1\]\.match\.nth\[1\]: expected int >= 1"):
        read_fault_file(file)
    file.write_text("seed: 1\nfaults:\n- effect: {kind: rset}\n")
    with pytest.raises(YamlFileError, match=r"f\.yaml:3:18: \$\.faults\[0\]\.effect\.kind: 'rset' is no kind"):
        read_configuration(file)
    file.write_text("seed: 1\nfaults:\n- effect: {kind: reset}\n")

    assert (PlannedFault(effect=Reset()),) == read_configuration(file).settings.faults


SECOND = 1_000_000


@pytest.mark.parametrize(
    ("match", "window"),
    [
        ({}, Window()),
        ({"from": "+90s"}, Window(1_090 * SECOND)),
        ({"from": "+1h30m", "until": "+2h"}, Window((1_000 + 5_400) * SECOND, 8_200 * SECOND)),
        ({"from": "1970-01-01T00:10:00Z", "until": "+250ms"}, Window(600 * SECOND, 1_000_250_000)),
    ],
)
def test_spans_count_from_where_the_fault_was_put_down(match: dict[str, str], window: Window) -> None:
    """Instants are what they are, spans are added to now."""
    (fault,) = read_faults({"effect": RESET, "match": match})

    assert window == window_of(fault.match, 1_000 * SECOND)


def test_a_window_may_turn_out_empty() -> None:
    """Whether an instant comes before a span's end shows when the fault is put down."""
    (fault,) = read_faults({"effect": RESET, "match": {"from": "2026-03-02T05:00:00Z", "until": "+1s"}})
    with pytest.raises(FaultError, match=r"\$\.match\.until: the window ends before it begins"):
        window_of(fault.match, 0)
