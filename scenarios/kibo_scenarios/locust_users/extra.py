"""Whether Locust is installed, and where the locustfile for it is; loads neither."""

import importlib.util
from pathlib import Path
from typing import Final

from kibo_scenarios.errors import UsageError

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")


def require_locust() -> None:
    """Make sure that the extra is installed.

    Raises:
        UsageError: It is not.
    """
    if importlib.util.find_spec("locust") is None:
        raise UsageError("Locust is not installed: it needs the extra: pip install 'kibo-simulator[locust]'")
