"""Decides what of a listing is picked up now: which data, by which trigger, in which order (FI-1).

Laws of this file
1. Data counts only with its trigger, or, where none is asked for, once it stayed the same from one look to the next.
2. Files are taken in the order of the times in their names.
3. What is odd is said once for each state of a file, never silently passed over, and never stops another file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kibo_simulator.files.file_log import DropEntry
from kibo_simulator.files.import_names import (
    PACIFIC,
    FileNameError,
    ImportName,
    base_of,
    is_trigger,
    is_under_way,
    parse_name,
)

TriggerForm = Literal["both", "zip", "base"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupRules:
    """What a fetch configuration and the settings say about names and triggers.

    Attributes:
        tenant_id: whose files are taken.
        known_tenants: tenants whose files are somebody else's business, not an oddity.
        use_trigger: whether data waits for its trigger.
        refresh: whether Refresh files are taken.
        update: whether Update files are taken.
        refresh_text: a text in the names of Refresh files that do not follow the naming rule.
        update_text: likewise of Update files.
        one_at_a_time: whether each look takes one file only.
        triggers: which names of a trigger count.
        zone: the time zone of names.
    """

    tenant_id: int
    known_tenants: frozenset[int] = frozenset()
    use_trigger: bool = True
    refresh: bool = True
    update: bool = True
    refresh_text: str = ""
    update_text: str = ""
    one_at_a_time: bool = False
    triggers: TriggerForm = "both"
    zone: str = PACIFIC


@dataclass(frozen=True, slots=True)
class Take:
    """A data file to be picked up now, with its triggers."""

    entry: DropEntry
    kind: Literal["REFRESH", "UPDATE"]
    triggers: tuple[DropEntry, ...]


@dataclass(frozen=True, slots=True)
class Oddity:
    """A file that is left alone, and why."""

    entry: DropEntry
    reason: str


@dataclass(frozen=True, slots=True)
class Pickup:
    """What a look decides."""

    taken: tuple[Take, ...]
    odd: tuple[Oddity, ...]


def plan_pickup(
    entries: Sequence[DropEntry],
    rules: PickupRules,
    *,
    before: Mapping[str, DropEntry],
    finished: frozenset[DropEntry] = frozenset(),
) -> Pickup:
    """What to pick up of a listing.

    Args:
        entries: the files that lie there now.
        rules: what counts.
        before: what the last look saw, by name.
        finished: files that were imported or refused already, in the state they were in then.
    """
    data: dict[str, list[DropEntry]] = {}
    triggers: dict[str, list[DropEntry]] = {}
    for entry in entries:
        if is_under_way(entry.name):
            continue
        (triggers if is_trigger(entry.name) else data).setdefault(base_of(entry.name), []).append(entry)
    ready: list[tuple[int, Take]] = []
    odd: list[Oddity] = []
    for base, files in data.items():
        signs = _counting(triggers.get(base, []), rules.triggers, odd)
        for entry in files:
            try:
                found = _understood(entry, rules)
            except FileNameError as error:
                odd.append(Oddity(entry, error.reason))
                continue
            if found is None:
                continue
            kind, created = found
            if len(files) > 1:
                others = ", ".join(sorted(other.name for other in files if other is not entry))
                odd.append(Oddity(entry, f"has the same trigger as {others}; one data file a trigger is expected"))
            elif entry in finished:
                if signs and any(before.get(sign.name) != sign for sign in signs):
                    odd.append(
                        Oddity(entry, "was dealt with already and has not changed; its new trigger is left alone")
                    )
            elif signs or (not rules.use_trigger and before.get(entry.name) == entry):
                ready.append((created, Take(entry, kind, tuple(signs))))
    odd += [
        Oddity(sign, "is a trigger without data of the same name")
        for base, signs in triggers.items()
        if base not in data and _ours(base, rules)
        for sign in signs
    ]
    ready.sort(key=lambda pair: (pair[0], pair[1].entry.name))
    taken = tuple(take for _, take in ready)
    return Pickup(taken[:1] if rules.one_at_a_time else taken, tuple(odd))


def _counting(signs: Sequence[DropEntry], form: TriggerForm, odd: list[Oddity]) -> list[DropEntry]:
    """The triggers that count; one that is not empty is taken and remarked, as the guide has them empty."""
    counting = [sign for sign in signs if form == "both" or (".zip." in sign.name.lower()) == (form == "zip")]
    odd += [Oddity(sign, f"is not the form of trigger that counts ({form})") for sign in signs if sign not in counting]
    odd += [
        Oddity(sign, f"is a trigger of {sign.size} bytes; an empty one is expected") for sign in counting if sign.size
    ]
    if len(counting) > 1:
        odd.append(Oddity(counting[1], f"is a second trigger beside {counting[0].name}; the data is taken once"))
    return counting


def _understood(entry: DropEntry, rules: PickupRules) -> tuple[Literal["REFRESH", "UPDATE"], int] | None:
    """Kind and time of a data file; None for one that is another tenant's.

    Raises:
        FileNameError: the name says nothing that is understood, or something that is not wanted.
    """
    name = entry.name.lower()
    if rules.refresh and rules.refresh_text and rules.refresh_text.lower() in name:
        return "REFRESH", 0
    if rules.update and rules.update_text and rules.update_text.lower() in name:
        return "UPDATE", 0
    found: ImportName = parse_name(entry.name, rules.zone)
    if found.tenant_id != rules.tenant_id:
        if found.tenant_id in rules.known_tenants:
            return None
        raise FileNameError(entry.name, f"names tenant {found.tenant_id}, which does not exist")
    if not (rules.refresh if found.kind == "REFRESH" else rules.update):
        raise FileNameError(entry.name, f"is of a kind that is not enabled ({found.kind})")
    return found.kind, found.created


def _ours(base: str, rules: PickupRules) -> bool:
    """Whether a trigger without data is this tenant's business: not if it names another tenant that exists."""
    parts = base.split("_")
    if len(parts) > 1 and parts[0] == "T" and parts[1].isdigit():
        return int(parts[1]) not in rules.known_tenants - {rules.tenant_id}
    return True
