"""Profiles: the packaged ones, and files that set levels and thresholds."""

from pathlib import Path

import pytest

from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.moments import SECOND
from kibo_scenarios.profile import GUIDE, Level
from kibo_scenarios.profiles import STRICT, find_profile
from kibo_scenarios.rules import RULES, with_levels


def written(folder: Path, text: str) -> str:
    """Write a profile file and return its path."""
    file = folder / "own.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_guide_profile_leaves_the_catalogue_as_it_is() -> None:
    """The levels of the catalogue are the guide's."""
    assert RULES == with_levels(RULES, find_profile("guide").levels)


def test_the_strict_profile_makes_recommendations_binding() -> None:
    """Every S rule becomes M; waste can fail a run, but stays waste."""
    weighed = with_levels(RULES, STRICT.levels)
    expected = {
        Level.MUST: Level.MUST,
        Level.SHOULD: Level.MUST,
        Level.EFFICIENCY: Level.SHOULD,
        Level.INFORMATION: Level.INFORMATION,
    }

    assert [(expected[rule.level], rule.efficiency) for rule in RULES] == [
        (rule.level, rule.efficiency) for rule in weighed
    ]


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    """Levels and thresholds that are not named are those of the profile that it extends."""
    text = """\
name: ours
extends: strict
region: us
levels: {TH-5: information, BA-3: must}
thresholds: {submission_spacing: 8s, attempts_maximum: 6, budget_share: 0.5}
"""
    profile = find_profile(written(tmp_path, text))

    assert "ours" == profile.name
    assert {**STRICT.levels, "TH-5": Level.INFORMATION, "BA-3": Level.MUST} == profile.levels
    assert (8 * SECOND, 6, 0.5, (5, 11)) == (
        profile.submission_spacing,
        profile.attempts_maximum,
        profile.budget_share,
        profile.off_peak_hours_utc,
    )
    assert GUIDE.poll_spacing == profile.poll_spacing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("levels: {}", ":1:1: $: the field name is missing"),
        ("name: x\nlevels:\n  TH-99: must", ":3:10: $.levels.TH-99: unknown rule; expected one of TH-1, TH-2"),
        (
            "name: x\nlevels: {TH-1: fatal}",
            ":2:16: $.levels.TH-1: unknown level 'fatal'; expected one of must, should, efficiency, information",
        ),
        ("name: x\nthresholds: {poll_spacing: soon}", ":2:28: $.thresholds.poll_spacing: expected a span such as 90s"),
        ("name: x\nthresholds: {poll_spacing: 0s}", ":2:28: $.thresholds.poll_spacing: expected a span of more than"),
        ("name: x\nthresholds: {patience: 3}", ":2:24: $.thresholds.patience: this field is not known here"),
        ("name: x\nthresholds: {budget_share: 2}", ":2:28: $.thresholds.budget_share: expected float <= 1.0"),
        ("name: x\nregion: mars", ":2:9: $.region: invalid enum value 'mars'"),
        ("name: x\nregion: us\nthresholds: {off_peak_hours_utc: [1, 2]}", ":2:9: $.region: either region or"),
        ("name: x\nextends: own", ":2:10: $.extends: invalid enum value 'own'"),
    ],
)
def test_mistakes_in_a_file_are_told_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    """File, line, column, path, and what is accepted."""
    file = written(tmp_path, text)
    with pytest.raises(ScenarioFileError) as caught:
        find_profile(file)

    assert f"{file}{message}" == str(caught.value)[: len(file) + len(message)]


def test_an_unknown_name_is_told_with_those_that_exist() -> None:
    """A word that is neither a file nor a profile."""
    with pytest.raises(UsageError, match="no profile is called 'lax': expected a YAML file, or one of guide, strict"):
        find_profile("lax")
