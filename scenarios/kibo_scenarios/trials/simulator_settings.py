"""Turns the settings that a test writes into those of a simulator, with the place of whatever is wrong."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kibo_scenarios.errors import UsageError
from kibo_simulator import Settings
from kibo_simulator.faults import FaultError, read_faults
from kibo_simulator.rate_limits import LimitsError
from kibo_simulator.web.application import OPERATIONS


def checked_settings(written: Mapping[str, Any]) -> Settings:
    """Return the settings of a simulator, as its configuration file spells them.

    Raises:
        UsageError: They are not understood; with the path of the fault and what is accepted.
    """
    values = dict(written)
    try:
        faults = read_faults(values.pop("faults", []), operations=_operation_names)
    except FaultError as error:
        raise UsageError(f"{error.path.replace('$', '$.faults', 1)}: {error.message}") from None
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        raise UsageError(str(error)) from None
    try:
        settings.limits.validate()
    except LimitsError as error:
        raise UsageError(f"{error.path.replace('$', '$.limits', 1)}: {error.message}") from None
    if settings.sample is None:
        raise UsageError("$.sample: a test needs the sample tenant: locations and products")
    return msgspec.structs.replace(settings, faults=faults)


def _operation_names() -> frozenset[str]:
    return frozenset(operation.name for operation in OPERATIONS)
