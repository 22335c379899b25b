"""What every test may rely on, however the suite was started."""

import signal


def pytest_configure() -> None:
    """Make SIGINT count here and in every program that a test starts."""
    # A shell that runs the suite in the background hands it an ignored SIGINT, which children inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
