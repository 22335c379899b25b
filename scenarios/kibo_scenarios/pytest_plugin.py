"""The pytest plugin: a simulator for each test, in virtual time or served, and verdicts on what the test sent.

Nothing of the simulator is loaded before a test asks for it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kibo_scenarios.trials import ServedSimulator, VirtualWorld
    from kibo_simulator import Settings

_T = TypeVar("_T")

SETTINGS_MARKER = "kibo"
FLAGS_MARKER = "kibo_serve"
GRADE_MARKER = "kibo_grade"
_SUBJECTS = ("kibo_world", "kibo_server", "kibo_tenant")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    grading = "rules=(), require=(), profile='guide', strict=False, does=..., knows_limits=..."
    for line in (
        f"{SETTINGS_MARKER}(**settings): settings of the test's simulator, as in its configuration file",
        f"{FLAGS_MARKER}(*flags): flags of 'kibo-simulator serve' for kibo_server, such as '--clock', 'x60'",
        f"{GRADE_MARKER}({grading}): judge what the test sent by the conformance rules",
    ):
        config.addinivalue_line("markers", line)


@pytest.fixture
def kibo_settings(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """The settings of the test's simulator: those of its ``kibo`` markers, the nearest first. Override at will."""
    told: dict[str, Any] = {}
    for marker in request.node.iter_markers(SETTINGS_MARKER):
        told = {**marker.kwargs, **told}
    return told


@pytest.fixture
def kibo_world(kibo_settings: Mapping[str, Any]) -> Iterator[VirtualWorld]:
    """A simulator in virtual time: ``kibo_world.run(main)``, or an async test under ``in_virtual_time``."""
    from kibo_scenarios.trials import VirtualWorld  # noqa: PLC0415  # loaded for tests that use it

    world = VirtualWorld(_checked(kibo_settings))
    yield world
    world.close()


@pytest.fixture
def kibo_server(
    request: pytest.FixtureRequest, kibo_settings: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSimulator]:
    """A simulator in a process of its own for this test, on a free loopback port."""
    from kibo_scenarios.trials import serving  # noqa: PLC0415  # loaded for tests that use it

    _checked(kibo_settings)
    marker = request.node.get_closest_marker(FLAGS_MARKER)
    flags = [str(flag) for flag in marker.args] if marker else []
    with _started(serving(tmp_path_factory.mktemp("kibo-server"), kibo_settings, flags)) as served:
        yield served


@pytest.fixture(scope="session")
def kibo_session_settings() -> Mapping[str, Any]:
    """The settings of the simulator that a whole session shares. Override at will."""
    return {}


@pytest.fixture(scope="session")
def kibo_session_server(
    kibo_session_settings: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSimulator]:
    """A simulator for the whole session; each worker of xdist has its own."""
    from kibo_scenarios.trials import serving  # noqa: PLC0415  # loaded for tests that use it

    _checked(kibo_session_settings)
    with _started(serving(tmp_path_factory.mktemp("kibo-session-server"), kibo_session_settings)) as served:
        yield served


@pytest.fixture
def kibo_tenant(kibo_settings: Mapping[str, Any], kibo_session_server: ServedSimulator) -> Iterator[ServedSimulator]:
    """A tenant of its own for this test on the session's simulator: no test sees the stock or budget of another.

    Of the ``kibo`` markers it takes ``limits``, and ``sample`` with ``locations`` and ``products``.
    """
    from kibo_scenarios.errors import UsageError  # noqa: PLC0415  # loaded for tests that use it
    from kibo_scenarios.trials import own_tenant, tenant_request  # noqa: PLC0415  # likewise

    _checked(kibo_settings)
    try:
        wanted = tenant_request(kibo_settings)
    except UsageError as error:
        raise pytest.fail.Exception(f"kibo: {error}", pytrace=False) from None
    with own_tenant(kibo_session_server, wanted) as tenant:
        yield tenant


def in_virtual_time(test: Callable[..., Awaitable[_T]]) -> Callable[..., _T]:
    """Let an async test run in the virtual time of its ``kibo_world``; every await inside is on that world's clock."""

    @functools.wraps(test)
    def timeless(*args: Any, **kwargs: Any) -> _T:
        from kibo_scenarios.trials import VirtualWorld  # noqa: PLC0415  # loaded for tests that use it

        world = next((value for value in kwargs.values() if isinstance(value, VirtualWorld)), None)
        if world is None:
            raise pytest.UsageError(
                f"{test.__name__} is decorated with in_virtual_time and does not ask for kibo_world"
            )

        async def awaited(_: object) -> _T:
            outcome = test(*args, **kwargs)
            if not inspect.isawaitable(outcome):
                raise pytest.fail.Exception(
                    f"{test.__name__} is decorated with in_virtual_time and is not async; use kibo_server",
                    pytrace=False,
                )
            return await outcome

        return world.run(awaited)

    timeless.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return timeless


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Judge a marked test by what its clients sent, once it has passed."""
    result = yield
    marker = pyfuncitem.get_closest_marker(GRADE_MARKER)
    if marker is not None:
        _judge(pyfuncitem, marker)
    return result


def _judge(item: pytest.Function, marker: pytest.Mark) -> None:
    from kibo_scenarios.errors import UsageError  # noqa: PLC0415  # loaded for tests that use it
    from kibo_scenarios.trials import complaint, grade_request  # noqa: PLC0415  # likewise

    subject: Any = next((item.funcargs[name] for name in _SUBJECTS if name in item.funcargs), None)
    if subject is None:
        pytest.fail(f"kibo_grade: {item.name} asks for none of {', '.join(_SUBJECTS)}", pytrace=False)
    try:
        request = grade_request(**marker.kwargs)
    except UsageError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    grades = request.grades(subject.trial())
    table = "\n".join(f"{one.rule.id:5} {one.verdict:14} {one.outcome.actual}" for one in grades)
    item.add_report_section("call", "Kibo's rules", table)
    said = complaint(request, grades)
    if said is not None:
        pytest.fail(said, pytrace=False)


def _checked(settings: Mapping[str, Any]) -> Settings:
    from kibo_scenarios.errors import UsageError  # noqa: PLC0415  # loaded for tests that use it
    from kibo_scenarios.trials import checked_settings  # noqa: PLC0415  # likewise

    try:
        return checked_settings(settings)
    except UsageError as error:
        raise pytest.fail.Exception(f"kibo: {error}", pytrace=False) from None


@contextmanager
def _started(serving: AbstractContextManager[ServedSimulator]) -> Iterator[ServedSimulator]:
    """Serve, or fail with what the simulator said instead of a traceback through our own code."""
    from kibo_scenarios.errors import HarnessError  # noqa: PLC0415  # loaded for tests that use it

    with ExitStack() as stack:
        try:
            served = stack.enter_context(serving)
        except HarnessError as error:
            raise pytest.fail.Exception(f"kibo_serve: {error}", pytrace=False) from None
        yield served
