"""What every test may rely on, however the suite was started."""

import signal

import pytest
from hypothesis import settings

# The suite says the same of the same commit each time; `make fuzz` is what draws anew.
settings.register_profile("same-each-time", derandomize=True, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples each time unless a seed or a profile is asked for; make SIGINT count in all programs."""
    if not (config.getoption("--hypothesis-seed") or config.getoption("--hypothesis-profile")):
        settings.load_profile("same-each-time")
    # A shell that runs the suite in the background hands it an ignored SIGINT, which children inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
