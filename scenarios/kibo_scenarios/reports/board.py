"""A board: the runs of one or several clients as one document, which grows with every run that is appended.

The document is what a page is made from. A page carries its document inside, so that it can be appended to as well.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.errors import UsageError
from kibo_scenarios.reports.exchanges import Exchange, shown_exchanges
from kibo_scenarios.reports.json_document import ReportDocument, report_document
from kibo_scenarios.reports.timeline import Timeline, timeline_of

FORMAT: Final = 1
#: A page begins its document with this, and ends it with the end of the element.
DATA_BEGIN: Final = '<script type="application/json" id="board">'
DATA_END: Final = "</script>"
MOST_BYTES: Final = 256 << 20


class BoardRun(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One run: its report without the client's own words, the exchanges worth showing, and its timeline."""

    report: ReportDocument
    exchanges: tuple[Exchange, ...]
    timeline: Timeline

    @property
    def key(self) -> tuple[str, str]:
        """Client and scenario: a later run of both takes the place of this one."""
        return self.report.client, self.report.scenario.name


class Board(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All runs, in the order in which their clients first appeared."""

    format: int = FORMAT
    runs: tuple[BoardRun, ...] = ()

    def with_runs(self, runs: Iterable[BoardRun]) -> "Board":
        """Return a board with these runs too; those of the same client and scenario are replaced where they stand."""
        merged = {run.key: run for run in self.runs}
        merged.update({run.key: run for run in runs})
        clients = list(dict.fromkeys(client for client, _ in merged))
        ordered = sorted(merged.values(), key=lambda run: clients.index(run.report.client))
        return Board(runs=tuple(ordered))


def board_run(assessment: Assessment) -> BoardRun:
    """Return what a board keeps of a run."""
    result = assessment.result
    cited = {
        seq
        for grade in result.grades
        for seqs in (grade.outcome.evidence[:3], *(finding.entries for finding in grade.outcome.findings))
        for seq in seqs
    }
    cited |= {refusal.seq for refusal in result.figures.refusals[:200]}
    return BoardRun(
        # What a client says of itself is not shown, and may name every record.
        report=msgspec.structs.replace(report_document(assessment), client_report={}),
        exchanges=shown_exchanges(result.evidence.journal, cited),
        timeline=timeline_of(result.evidence, result.grades),
    )


def encode_board(board: Board) -> bytes:
    """Return the document of a board, safe to stand inside an HTML page."""
    encoded = msgspec.json.encode(board)
    # Nothing in it can end the element that it stands in, or begin a comment.
    return encoded.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def read_board(file: Path, flag: str) -> Board:
    """Return the board in a file, JSON or HTML, or an empty one when there is no file yet.

    Raises:
        UsageError: The file cannot be read, or is no board; begins with the flag.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"{flag} {file}: boards have at most {MOST_BYTES >> 20} MiB")
        content = file.read_bytes()
    except FileNotFoundError:
        return Board()
    except OSError as error:
        raise UsageError(f"{flag} {file}: {error.strerror or error}") from None
    begin = content.find(DATA_BEGIN.encode())
    if begin >= 0:
        begin += len(DATA_BEGIN)
        content = content[begin : content.find(DATA_END.encode(), begin)]
    try:
        board = msgspec.json.decode(content, type=Board)
    except (msgspec.DecodeError, ValueError):
        raise UsageError(
            f"{flag} {file}: this is no board of this version; expected a file that --append or --html has written"
        ) from None
    if board.format != FORMAT:
        raise UsageError(f"{flag} {file}: its format is {board.format}, this version reads {FORMAT}; start a new board")
    return board
