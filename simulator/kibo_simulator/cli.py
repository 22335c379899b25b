"""The command line of the simulator: ``kibo-simulator serve``."""

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
import msgspec
from click.core import ParameterSource

from kibo_simulator.clock import ClockMode
from kibo_simulator.config_command import TOLD_SOURCES, config_group, origin, snapshot_settings
from kibo_simulator.drop_points.point import DropPointError, SftpServerError
from kibo_simulator.effective import SETTING_FLAGS, Effective, Told, effective
from kibo_simulator.endpoints_command import endpoints
from kibo_simulator.faults import FaultError, PlannedFault
from kibo_simulator.files.location_export import InventoryFileError
from kibo_simulator.journal.file import JournalFileError
from kibo_simulator.late_commands import LateGroup
from kibo_simulator.plain_text import printable
from kibo_simulator.rate_limits import UNLIMITED, LimitsDocument, LimitsError
from kibo_simulator.settings import SettingsError
from kibo_simulator.simulator import Simulator
from kibo_simulator.store.database import DatabaseError
from kibo_simulator.store.images import ImageError
from kibo_simulator.version import __version__

if TYPE_CHECKING:
    # Reading YAML is slow to import and rarely asked for.
    from kibo_simulator.configuration import Configuration


def _fail(message: str) -> NoReturn:
    click.echo(f"kibo-simulator: {printable(message)}", err=True)
    sys.exit(2)


def _limits(text: str) -> LimitsDocument:
    """``guide``, ``off``, or a JSON file with a limits document."""
    if text == "guide":
        return LimitsDocument()
    if text == "off":
        return UNLIMITED
    path = Path(text)
    try:
        return msgspec.json.decode(path.read_bytes(), type=LimitsDocument).validate()
    except OSError as error:
        _fail(f"--limits {text}: {error.strerror}; guide, off or a JSON file is expected")
    except (msgspec.MsgspecError, LimitsError) as error:
        _fail(f"--limits {text}: {error}")


def _operation_names() -> frozenset[str]:
    """What faults may name; only asked for when one does, as aiohttp is slow to import."""
    from kibo_simulator.web.application import OPERATIONS  # noqa: PLC0415

    return frozenset(operation.name for operation in OPERATIONS)


def _faults(file: Path) -> tuple[PlannedFault, ...]:
    # Reading YAML is slow to import and rarely asked for.
    from kibo_simulator.configuration import read_fault_file  # noqa: PLC0415
    from kibo_simulator.files.yaml_places import YamlFileError  # noqa: PLC0415

    try:
        return read_fault_file(file, operations=_operation_names)
    except YamlFileError as error:
        _fail(f"--faults {error}")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop of the extra ``uvloop``, where it is installed."""
    try:
        import uvloop  # noqa: PLC0415  # optional
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _clock(text: str) -> tuple[ClockMode, float]:
    """``real``, ``manual`` or ``xN``.

    Raises:
        ValueError: it is none of them.
    """
    if text == "real":
        return "real", 1.0
    if text == "manual":
        return "manual", 1.0
    try:
        speed = float(text.removeprefix("x"))
    except ValueError:
        speed = 0.0
    if not text.startswith("x") or not 0.000_001 <= speed <= 1_000_000:
        raise ValueError(f"{text}: real, manual or xN (such as x60) is expected")
    return "scaled", speed


@click.group(
    cls=LateGroup,
    late={"ctl": "kibo_simulator.ctl"},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="kibo-simulator", message="%(prog)s %(version)s")
def main() -> None:
    """An offline stand-in for Kibo's inventory APIs (unofficial, not affiliated with Kibo)."""


def _take_configuration(context: click.Context, _: click.Parameter, file: Path | None) -> "Configuration | None":
    """Read ``--config`` before all other flags and make what it says of serving their defaults."""
    if file is None or context.resilient_parsing:
        return None
    # Reading YAML is slow to import and rarely asked for.
    from kibo_simulator.configuration import read_configuration  # noqa: PLC0415
    from kibo_simulator.files.yaml_places import YamlFileError  # noqa: PLC0415

    try:
        configuration = read_configuration(file, operations=_operation_names)
    except YamlFileError as error:
        _fail(f"--config {error}")
    told = msgspec.structs.asdict(configuration.serve)
    context.default_map = {name: value for name, value in told.items() if value is not None}
    return configuration


class PlacedCommand(click.Command):
    """A command whose flags may stand in ``--config``: what it refuses there is told with the place in the file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the flags, the environment and the file."""
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = (error.param and error.param.name) or ""
            if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT_MAP:
                raise
            _fail(f"--config {ctx.params['config'].document.error(f'$.serve.{name}', error.message)}")


def _checked_clock(context: click.Context, parameter: click.Parameter, text: str) -> str:
    """Refuse a clock that is none before anything is begun; the place in the file is told, if that is where it is."""
    try:
        _clock(text)
    except ValueError as error:
        if context.get_parameter_source(parameter.name or "") is ParameterSource.DEFAULT_MAP:
            raise click.BadParameter(str(error), context, parameter) from None
        _fail(f"--clock {error}")
    return text


def _told(context: click.Context) -> dict[str, Told]:
    """What flags and the environment say of settings, and which of them."""
    told: dict[str, Told] = {}
    for parameter in context.command.params:
        name = parameter.name or ""
        by = origin(context, parameter)
        value = context.params.get(name)
        if name == "inventory":
            if value:
                told[name] = Told(True, by)
        elif name in SETTING_FLAGS and context.get_parameter_source(name) in TOLD_SOURCES:
            told[name] = Told(_limits(str(value)) if name == "limits" else value, by)
    return told


def effective_settings(context: click.Context) -> Effective:
    """The settings in force with these flags, this environment and this file; a fault in them ends the program."""
    told = _told(context)
    snapshot: Path | None = context.params["snapshot"]
    faults: Path | None = context.params["faults"]
    try:
        kept = None if snapshot is None else snapshot_settings(snapshot)
    except ImageError as error:
        _fail(f"--snapshot {snapshot}: {error}")
    try:
        return effective(context.params["config"], kept, told, None if faults is None else _faults(faults))
    except SettingsError as error:
        if error.path == "$.start":
            _fail(f"--start: {error.message}")
        flag = f"--sample {' '.join(map(str, context.params['sample'] or ()))}: " if "sample" in error.path else ""
        _fail(f"{flag}{error}")


@main.command(cls=PlacedCommand, context_settings={"auto_envvar_prefix": "KIBO_SIMULATOR"})
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_take_configuration,
    is_eager=True,
    help="Take settings from this YAML file; flags go before it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--data", type=click.Path(dir_okay=False, path_type=Path), help="Keep all state in this file. [default: in memory]"
)
@click.option(
    "--inventory",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Load records: a Location Export (CSV, XML or zipped) or JSON lines. Repeatable. Replaces the sample stock.",
)
@click.option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Go on from this snapshot, unless --data has been filled before.",
)
@click.option(
    "--snapshots",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep snapshots in this folder.  [default: for this run only]",
)
@click.option(
    "--sample",
    nargs=2,
    type=click.IntRange(0, 5_000_000),
    metavar="LOCATIONS PRODUCTS",
    help="Size of the generated sample tenant.  [default: 6 240]",
)
@click.option(
    "--drop",
    type=click.Path(file_okay=False),
    help="Exchange inventory files here: imports are picked up in DIR/in, exports go to DIR/out.",
)
@click.option(
    "--sftp-port",
    type=click.IntRange(0, 65535),
    help="Serve the folder of --drop over SFTP on this port; 0 picks a free one. Needs the extra sftp.",
)
@click.option(
    "--sftp-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the SFTP server's key in this file.  [default: beside --data, else for this run only]",
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every journal entry to this file, too, a line of JSON each, before its answer leaves.",
)
@click.option("--limits", help="guide (50 a minute, 200 an hour), off, or a JSON file.  [default: guide]")
@click.option(
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Make things go wrong on purpose: a YAML or JSON file of faults.",
)
@click.option(
    "--clock",
    default="real",
    show_default=True,
    callback=_checked_clock,
    help="real, manual (moves when told to), or xN (such as x60).",
)
@click.option("--start", help="Where simulated time begins, ISO 8601.  [default: now]")
@click.option("--seed", default=0, show_default=True, help="Seed of everything that is generated.")
@click.option(
    "--auth", type=click.Choice(["on", "off"]), default="on", show_default=True, help="off lets every request in."
)
@click.option("--tls", is_flag=True, help="Serve https, signed by a certificate authority made for it.")
@click.option(
    "--tls-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep that authority here for the next run.  [default: beside --data, else for this run only]",
)
@click.option("--tls-name", multiple=True, help="One more name or address the certificate is good for. Repeatable.")
@click.option(
    "--control-token",
    help="Open the control plane to other machines for whoever sends this token.",
)
@click.option(
    "--end-with-stdin",
    is_flag=True,
    help="Stop when standard input ends: with the program that started it, even if that was killed.",
)
@click.pass_context
def serve(
    context: click.Context,
    /,
    host: str,
    port: int,
    data: Path | None,
    inventory: tuple[Path, ...],
    snapshot: Path | None,
    snapshots: Path | None,
    sftp_port: int | None,
    sftp_key: Path | None,
    journal: Path | None,
    faults: Path | None,
    clock: str,
    tls: bool,  # noqa: FBT001  # click passes flags by name
    tls_dir: Path | None,
    tls_name: tuple[str, ...],
    control_token: str | None,
    end_with_stdin: bool,  # noqa: FBT001  # likewise
    **_settings: object,
) -> None:
    """Serve a simulated tenant until stopped.

    Prints one JSON line when ready. Without flags there is a small sample tenant: id 1001, client id sample.app,
    secret sample-secret. Its control plane is at /_simulator.

    Every flag has a variable, such as KIBO_SIMULATOR_PORT. Flags go before variables, and these before --config.
    """
    if control_token is not None and not control_token.strip():
        _fail("--control-token: is empty; leave it out to keep the control plane on loopback")
    if (tls_dir or tls_name) and not tls:
        _fail(f"{'--tls-dir' if tls_dir else '--tls-name'}: only means something with --tls")
    if sftp_port is not None and find_spec("asyncssh") is None:
        _fail("--sftp-port: needs the extra sftp: pip install 'kibo-simulator[sftp]'")
    # aiohttp is slow to import: not for --help or a wrong flag.
    from kibo_simulator import serving  # noqa: PLC0415
    from kibo_simulator.tls import TlsError, names_for, prepared  # noqa: PLC0415

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    mode, speed = _clock(clock)
    settings = effective_settings(context).settings
    if sftp_port is not None and settings.files.drop is None:
        _fail("--sftp-port: serves the folder of --drop, which is missing")
    clock_told = snapshot is None or context.get_parameter_source("clock") is not ParameterSource.DEFAULT
    try:
        simulator = Simulator(
            settings,
            clock_mode=mode if clock_told else None,
            speed=speed,
            data=data,
            load=inventory,
            snapshot=snapshot,
            snapshots=snapshots,
        )
    except ImageError as error:
        _fail(f"--snapshot {snapshot}: {error}")
    except InventoryFileError as error:
        _fail(f"--inventory {error}")
    except DatabaseError as error:
        _fail(f"--data {error}")
    except DropPointError as error:
        _fail(f"--drop {error}")
    except FaultError as error:
        _fail(f"--faults {faults}: {error}" if faults else f"--config: {error}")
    try:
        if journal is not None:
            simulator.keep_journal(journal)
        if inventory and simulator.loaded is None:
            click.echo(f"kibo-simulator: --inventory is left alone, {data} has been filled before", err=True)
        elif inventory:
            click.echo(f"kibo-simulator: {simulator.loaded:,} records loaded", err=True)
        if simulator.files.drop is not None:
            click.echo(f"kibo-simulator: {simulator.files.advice}", err=True)
        with ExitStack() as stack:
            offered = None
            if tls:
                kept = tls_dir or (data.parent if data else None)
                offered = stack.enter_context(prepared(kept, names_for(host, tls_name)))
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(
                    serving.serve(
                        simulator,
                        host=host,
                        port=port,
                        control_token=control_token,
                        tls=offered,
                        sftp=None if sftp_port is None else serving.SftpOffered(sftp_port, _key_file(sftp_key, data)),
                        end_with_stdin=end_with_stdin,
                    )
                )
    except JournalFileError as error:
        _fail(f"--journal {error}")
    except (serving.BindError, SftpServerError, TlsError) as error:
        _fail(str(error))
    finally:
        simulator.close()


def _key_file(told: Path | None, data: Path | None) -> Path | None:
    return told or (data.with_name(f"{data.name}.sftp-key") if data else None)


main.add_command(endpoints)
main.add_command(config_group(serve, effective_settings, _fail))

if __name__ == "__main__":
    main()
