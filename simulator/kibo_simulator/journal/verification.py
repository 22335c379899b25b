"""Asks questions of the journal: makes questions ready, and answers each of their expectations."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from kibo_simulator.journal import expectations
from kibo_simulator.journal.expectations import Judge, find
from kibo_simulator.journal.extract import Extract
from kibo_simulator.journal.matching import Matcher, field_condition
from kibo_simulator.journal.questions import Apart, Bounds, Question, QuestionError, Questions
from kibo_simulator.journal.verdicts import Broken, Check, Verdict
from kibo_simulator.steps import Steps


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation, ready to be judged; in words, too."""

    name: str
    words: str
    judge: Judge


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, ready to be answered."""

    name: str
    matcher: Matcher
    expected: tuple[Expected, ...]


def understood(questions: Questions, operations: Collection[str] | None = None) -> tuple[Asked, ...]:
    """Make questions ready; ``operations`` are the names that there are, where that matters.

    A question that does not say how many requests it is about expects at least one: whatever is said of none is true.

    Raises:
        QuestionError: with the JSON path of what cannot be meant.
    """
    return tuple(
        _understood(question, f"$.questions[{index}]", operations) for index, question in enumerate(questions.questions)
    )


def answered(asked: tuple[Asked, ...], extract: Extract) -> Steps[list[Check]]:
    """A check for each expectation of each question, in order; pauses between entries."""
    checks: list[Check] = []
    for question in asked:
        meant = yield from find(extract, question.matcher)
        for expected in question.expected:
            judgement = yield from expected.judge(meant)
            broken = judgement.broken if judgement.verdict == "no" else Broken()
            checks.append(
                Check(
                    name=question.name,
                    expectation=expected.name,
                    expected=expected.words,
                    actual=judgement.actual,
                    matched=len(meant.entries),
                    verdict=judgement.verdict,
                    findings=tuple(broken.shown),
                    more=broken.count - len(broken.shown),
                )
            )
    return checks


def verdict_of(checks: Collection[Check]) -> Verdict:
    """The verdict of all: no if any is, else inconclusive if any is, else yes."""
    verdicts = {check.verdict for check in checks}
    return "no" if "no" in verdicts else "inconclusive" if "inconclusive" in verdicts else "yes"


def _understood(question: Question, path: str, operations: Collection[str] | None) -> Asked:
    return Asked(
        name=question.name or path.removeprefix("$."),
        matcher=Matcher(question.match, f"{path}.match", operations),
        expected=tuple(_expected(question, f"{path}.expect", operations)),
    )


def _expected(question: Question, path: str, operations: Collection[str] | None) -> Iterator[Expected]:
    wanted = question.expect
    if wanted == type(wanted)():
        names = ", ".join(_name(field) for field in wanted.__struct_fields__)
        raise QuestionError(path, f"expects nothing; accepted: {names}")
    least, most = (1, None) if wanted.count is None else _bounds(wanted.count, f"{path}.count")
    yield Expected("count", _words(least, most), expectations.count(least, most))
    if wanted.each is not None:
        conditions = [field_condition(name, value, f"{path}.each.{name}") for name, value in wanted.each.items()]
        words = " and ".join(f"{condition.name} {condition.wanted}" for condition in conditions)
        yield Expected("each", words, expectations.each(conditions))
    for name, bounds in (wanted.total or {}).items():
        least, most = _bounds(bounds, f"{path}.total.{name}")
        yield Expected("total", f"{name} {_words(least, most)}", expectations.total(name, least, most))
    if wanted.apart is not None:
        yield Expected("apart", _apart_words(wanted.apart, f"{path}.apart"), expectations.apart(wanted.apart))
    if wanted.before is not None:
        other = Matcher(wanted.before, f"{path}.before", operations)
        yield Expected("before", f"answered before the first with {other}", expectations.before(other))
    if wanted.after is not None:
        other = Matcher(wanted.after, f"{path}.after", operations)
        yield Expected("after", f"begun after an answer to one with {other}", expectations.after(other))
    if wanted.alone:
        yield Expected("alone", "none begun while another was unanswered", expectations.alone)
    if wanted.jobs_ended:
        yield Expected(
            "jobsEnded", "none begun before the jobs of those before were seen to end", expectations.jobs_ended
        )


def _name(field: str) -> str:
    head, *rest = field.split("_")
    return head + "".join(map(str.capitalize, rest))


def _bounds(wanted: int | Bounds, path: str) -> tuple[int | None, int | None]:
    if isinstance(wanted, int):
        return wanted, wanted
    least, most = wanted.at_least, wanted.at_most
    if wanted.exactly is not None:
        if least is not None or most is not None:
            raise QuestionError(path, "exactly goes alone")
        return wanted.exactly, wanted.exactly
    if least is None and most is None:
        raise QuestionError(path, "needs a number, or one of exactly, atLeast and atMost")
    if least is not None and most is not None and least > most:
        raise QuestionError(path, "nothing is both atLeast and atMost that")
    return least, most


def _words(least: int | None, most: int | None) -> str:
    if least == most:
        return f"exactly {least}"
    return " and ".join(
        f"{words} {number}" for words, number in (("at least", least), ("at most", most)) if number is not None
    )


def _apart_words(wanted: Apart, path: str) -> str:
    if wanted.at_least is None and wanted.at_most is None:
        raise QuestionError(path, "needs atLeast or atMost, in seconds")
    if wanted.at_least is not None and wanted.at_most is not None and wanted.at_least > wanted.at_most:
        raise QuestionError(path, "nothing is both atLeast and atMost that")
    words = (("at least", wanted.at_least), ("at most", wanted.at_most))
    bounds = " and ".join(f"{word} {seconds:g} s" for word, seconds in words if seconds is not None)
    return f"{bounds} from {'answer to start' if wanted.measured == 'answer' else 'start to start'}"
