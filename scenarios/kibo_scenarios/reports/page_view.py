"""What a page shows, arranged for its template: columns, cells and links, without a tag or a colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kibo_scenarios.figures import asked_for, batch_outcomes, file_outcomes, outcome_of
from kibo_scenarios.moments import clock_time, format_span, parse_utc
from kibo_scenarios.reports.board import Board, BoardRun
from kibo_scenarios.reports.drawing import Drawing, draw
from kibo_scenarios.reports.exchanges import Exchange
from kibo_scenarios.reports.json_document import FindingPart, RulePart
from kibo_scenarios.rules import FAMILIES, RULES

WIDE: Final = 1100.0
NARROW: Final = 360.0
#: Verdicts of several runs are summed up as the first of these that one of them has.
_WORST_FIRST: Final = ("FAIL", "PASS", "INCONCLUSIVE", "NOT APPLICABLE")
_MARKS: Final = {"PASS": "✓", "FAIL": "✕", "INCONCLUSIVE": "?", "NOT APPLICABLE": "–"}
_STYLES: Final = {"PASS": "pass", "FAIL": "fail", "INCONCLUSIVE": "open", "NOT APPLICABLE": "none"}
_CONCLUSIONS: Final = {"PASSED": ("Passed", "pass"), "FAILED": ("Failed", "fail")}
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A verdict as it is shown: never by colour alone."""

    name: str

    @property
    def mark(self) -> str:
        """The sign for it."""
        return _MARKS[self.name]

    @property
    def style(self) -> str:
        """The class of it."""
        return _STYLES[self.name]

    @property
    def word(self) -> str:
        """The word for it, in lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Cell:
    """What all runs of one client say of one rule; `link` leads to the run that decides it."""

    client: str
    verdict: VerdictView
    link: str
    title: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule over all clients."""

    id: str
    level: str
    requirement: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding with links to its exchanges; numbers without a row are told without a link."""

    message: str
    entries: tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule in one run."""

    part: RulePart
    verdict: VerdictView
    findings: tuple[FindingView, ...]
    more: int
    evidence: tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One row of the table of exchanges."""

    row: Exchange
    style: str
    at: str
    took: str

    @property
    def is_gap(self) -> bool:
        """Whether it stands for exchanges that are left out."""
        return self.row.seq == 0


@dataclass(frozen=True, slots=True)
class FileView:
    """One file that was seen at a drop point."""

    name: str
    at: str
    complete_at: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RunView:
    """One run of one client."""

    number: int
    run: BoardRun
    conclusion: str
    style: str
    safety: VerdictView
    efficiency: VerdictView
    facts: tuple[tuple[str, str], ...]
    rules: tuple[RuleView, ...]
    drawings: tuple[tuple[str, Drawing], ...]
    exchanges: tuple[ExchangeView, ...]
    exchanges_total: int
    files: tuple[FileView, ...]

    @property
    def failed(self) -> tuple[RuleView, ...]:
        """The rules with findings."""
        return tuple(rule for rule in self.rules if rule.verdict.name == "FAIL")

    @property
    def rows_shown(self) -> frozenset[int]:
        """The numbers that have a row of their own, and can be led to."""
        return frozenset(one.row.seq for one in self.exchanges if not one.is_gap)


@dataclass(frozen=True, slots=True)
class ClientView:
    """One client with its runs."""

    name: str
    runs: tuple[RunView, ...]

    @property
    def style(self) -> str:
        """The class of its worst run."""
        styles = {run.style for run in self.runs}
        return next(style for style in ("fail", "open", "pass") if style in styles)


@dataclass(frozen=True, slots=True)
class PageView:
    """A whole page."""

    clients: tuple[ClientView, ...]
    families: tuple[tuple[str, tuple[RuleRow, ...]], ...]

    @property
    def runs(self) -> tuple[RunView, ...]:
        """All runs, client by client."""
        return tuple(run for client in self.clients for run in client.runs)


def page_view(board: Board) -> PageView:
    """Return what a page of this board shows."""
    runs = [_run(number, run) for number, run in enumerate(board.runs, start=1)]
    names = dict.fromkeys(run.run.report.client for run in runs)
    clients = tuple(ClientView(name, tuple(run for run in runs if run.run.report.client == name)) for name in names)
    return PageView(clients, tuple(_families(clients)))


def _families(clients: Sequence[ClientView]) -> list[tuple[str, tuple[RuleRow, ...]]]:
    judged: dict[str, RulePart] = {}
    for client in clients:
        for run in client.runs:
            for rule in run.rules:
                judged.setdefault(rule.part.id, rule.part)
    order = {rule.id: index for index, rule in enumerate(RULES)}
    ids = sorted(judged, key=lambda rule_id: (order.get(rule_id, len(order)), rule_id))
    families: dict[str, list[RuleRow]] = {}
    for rule_id in ids:
        part = judged[rule_id]
        cells = tuple(_cell(client, rule_id) for client in clients)
        family = FAMILIES.get(rule_id.partition("-")[0], "Others")
        families.setdefault(family, []).append(RuleRow(rule_id, part.level, part.requirement, cells))
    return [(name, tuple(rows)) for name, rows in families.items()]


def _cell(client: ClientView, rule_id: str) -> Cell:
    said = [(rule, run) for run in client.runs for rule in run.rules if rule.part.id == rule_id]
    if not said:
        return Cell(client.name, VerdictView("NOT APPLICABLE"), "", "was not judged")
    rule, run = min(said, key=lambda pair: _WORST_FIRST.index(pair[0].verdict.name))
    same = sum(other.verdict == rule.verdict for other, _ in said)
    title = (
        f"{rule.verdict.word} in {same} of {len(said)} runs: {rule.part.actual}" if len(said) > 1 else rule.part.actual
    )
    return Cell(client.name, rule.verdict, f"#r{run.number}-{rule_id}", title)


def _run(number: int, run: BoardRun) -> RunView:
    report = run.report
    conclusion, style = _CONCLUSIONS.get(report.conclusion, ("Nothing concluded", "open"))
    if report.known_failures and style == "pass":
        # Let pass is not passed: the colour of success is for clients that need no baseline.
        conclusion, style = "Known failures", "open"
    rows = {exchange.seq for exchange in run.exchanges if exchange.seq}
    return RunView(
        number=number,
        run=run,
        conclusion=conclusion,
        style=style,
        safety=VerdictView(report.safety),
        efficiency=VerdictView(report.efficiency),
        facts=_facts(run),
        rules=tuple(_rule(part, rows) for part in report.rules),
        drawings=(("wide", draw(run.timeline, WIDE)), ("narrow", draw(run.timeline, NARROW))),
        exchanges=tuple(map(_exchange, run.exchanges)),
        exchanges_total=sum(report.requests.values()),
        files=tuple(
            FileView(file.name, clock_time(file.at), clock_time(file.complete_at), file.outcome or "nothing")
            for file in run.timeline.files
        ),
    )


def _facts(run: BoardRun) -> tuple[tuple[str, str], ...]:
    report = run.report
    time, scope = report.time, report.scope
    ratio = "" if time.ratio_to_optimum is None else f", {time.ratio_to_optimum:.2f} × the optimum"
    requests = " · ".join(f"{_words(name)} {count:,}" for name, count in report.requests.items())
    jobs = " · ".join(f"{count:,} {status}" for status, count in report.jobs.items())
    waits: dict[str, int] = {}
    for refusal in report.refusals:
        name = "unusable" if refusal.retry_after_s is None else f"{refusal.retry_after_s} s"
        waits[name] = waits.get(name, 0) + 1
    kinds = " · ".join(f"{count:,} × {name}" for name, count in waits.items())
    refused = f"{len(report.refusals):,}: {kinds}" if len(waits) > 1 else kinds
    held_up = f" · machine held up for {_span(time.stalled_s)}" if time.stalls else ""
    places = f"{scope.target_locations:,} location{'' if scope.target_locations == 1 else 's'}"
    work = report.scenario.work
    outcome = outcome_of(work, scope.target_records, scope.gone, scope.undone, scope.off_target)
    asked = (asked_for(work), f"{scope.target_records:,} records of {scope.target_products:,} products, {places}")
    files = (("files", " · ".join(file_outcomes(scope.files, scope.files_imported))),) if work == "files" else ()
    return (
        *(
            (("batch items", " · ".join(batch_outcomes(scope.batch_items))),)
            if work == "batch-jobs"
            else (asked, ("outcome", " · ".join(outcome)), *files)
        ),
        ("requests", f"{sum(report.requests.values()):,}: {requests}" if requests else "none"),
        ("429s", refused or "none"),
        ("jobs", jobs or "none"),
        ("took", f"{_span(time.simulated_s)}{ratio}"),
        ("time", f"{time.mode}, {time.speed:,.0f}× the clock, from {clock_time(parse_utc(time.started_at))} UTC"),
        ("tolerance", f"{_span(time.tolerance_s)} · {_span(time.round_trip_s)} on the way{held_up}"),
        ("profile", f"{report.profile}{', strict' if report.strict else ''} · seed {report.scenario.seed}"),
    )


def _rule(part: RulePart, rows: set[int]) -> RuleView:
    return RuleView(
        part=part,
        verdict=VerdictView(part.verdict),
        findings=tuple(_finding(finding, rows) for finding in part.findings),
        more=part.breaches - len(part.findings),
        evidence=tuple((seq, seq in rows) for seq in part.evidence[:3]),
    )


def _finding(finding: FindingPart, rows: set[int]) -> FindingView:
    return FindingView(finding.message, tuple((seq, seq in rows) for seq in finding.entries))


def _exchange(row: Exchange) -> ExchangeView:
    if row.seq == 0:
        return ExchangeView(row, "gap", "", "")
    at = clock_time(row.at) + (f" – {clock_time(row.last_at)[6:]}" if row.count > 1 else "")
    style = "refused" if row.status == 429 else "broken" if row.status >= 400 or row.lost else "fine"
    return ExchangeView(row, style, at, format_span(row.took))


def _words(camel: str) -> str:
    return "".join(f" {char.lower()}" if char.isupper() else char for char in camel)


def _span(seconds: float) -> str:
    return format_span(round(seconds * _SECOND))
