"""Delivers what was asked for: prints each run as it ends, writes the reports, and says how it all came out.

Everything that can be wrong with the wishes is found when a `Delivery` is made, before anything runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.baseline import Baseline, read_baseline, write_baseline
from kibo_scenarios.errors import UsageError
from kibo_scenarios.outlet import console, say
from kibo_scenarios.profile import Profile
from kibo_scenarios.profiles import find_profile
from kibo_scenarios.report_options import Wishes
from kibo_scenarios.reports import print_report, to_json, write_report
from kibo_scenarios.reports.terminal import print_overview
from kibo_scenarios.result import ExitCode, RunResult, exit_code
from kibo_scenarios.rules import RULES, Rule, with_levels


@dataclass(slots=True)
class Delivery:
    """The reports of one command.

    Attributes:
        wishes: What was asked for.
        profile: The levels and thresholds to judge by.
        baseline: The failures that are known.
    """

    wishes: Wishes
    profile: Profile
    baseline: Baseline
    terminal: Console = field(default_factory=console)
    results: list[RunResult] = field(default_factory=list)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules to judge by, with the profile's levels."""
        return with_levels(RULES, self.profile.levels)

    def add(self, result: RunResult) -> None:
        """Print a run that has ended, and write what belongs to it alone."""
        self.results.append(result)
        assessment = self.baseline.assess(result, strict=self.wishes.strict)
        report = None if self.wishes.folder is None else write_report(assessment, self.wishes.folder)
        if self.wishes.as_json:
            say(to_json(assessment), nl=False)
        else:
            print_report(self.terminal, assessment, report=report)

    def finish(self) -> ExitCode:
        """Write what all runs share, and return the exit code."""
        strict, as_json = self.wishes.strict, self.wishes.as_json
        baseline = self.baseline
        for entry in baseline.stale(self.results, strict=strict):
            say(f"stale in the baseline, for it passes now: {entry}", err=as_json)
        if self.wishes.write_baseline is not None:
            baseline = baseline.renewed(self.results, strict=strict)
            write_baseline(baseline, self.wishes.write_baseline)
            say(f"baseline       {self.wishes.write_baseline}: {len(baseline.entries)} known", err=as_json)
        assessments = self._assessed(baseline)
        if len(assessments) > 1 and not as_json:
            print_overview(self.terminal, assessments)
        return exit_code(assessment.conclusion for assessment in assessments)

    def _assessed(self, baseline: Baseline) -> Sequence[Assessment]:
        return [baseline.assess(result, strict=self.wishes.strict) for result in self.results]


def deliver(wishes: Wishes) -> Delivery:
    """Check the wishes and return what fulfils them.

    Raises:
        UsageError: A file that is asked for cannot be used; says which, and why.
    """
    profile = find_profile(wishes.profile)
    baseline = Baseline() if wishes.baseline is None else read_baseline(wishes.baseline)
    if wishes.baseline is None and wishes.write_baseline is not None and wishes.write_baseline.exists():
        # What it says of other clients and scenarios is kept.
        baseline = read_baseline(wishes.write_baseline)
    _refuse_unwritable("--write-baseline", wishes.write_baseline)
    return Delivery(wishes, profile, baseline)


def _refuse_unwritable(flag: str, file: Path | None) -> None:
    if file is not None and not file.absolute().parent.is_dir():
        raise UsageError(f"{flag} {file}: there is no folder {file.parent}")
