"""``kibo-simulator config``: checks a configuration file, shows what is in force and who said so, writes one."""

import json
from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import msgspec
from click.core import ParameterSource

from kibo_simulator.effective import DEFAULT, SETTING_FLAGS, Effective, masked
from kibo_simulator.settings import Settings
from kibo_simulator.snapshots import opened_snapshot

ENVIRONMENT_PREFIX: Final = "KIBO_SIMULATOR"
TOLD_SOURCES: Final = frozenset({ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT})

_NOT_IN_THE_FILE: Final = frozenset({*SETTING_FLAGS, "config"})


def snapshot_settings(file: Path) -> Settings:
    """The settings in a snapshot's file.

    Raises:
        ImageError: it is none.
    """
    with opened_snapshot(file) as (_, moment):
        return moment.settings


def origin(context: click.Context, parameter: click.Parameter) -> str:
    """Who said the value of a flag."""
    name = parameter.name or ""
    source = context.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return f"flag {parameter.opts[0]}"
    if source is ParameterSource.ENVIRONMENT:
        return f"{ENVIRONMENT_PREFIX}_{name.upper()}"
    if source is ParameterSource.DEFAULT_MAP:
        return str(context.params["config"].places.get(f"serve.{name}", "configuration"))
    return DEFAULT


def config_group(
    serve: click.Command, effective_settings: Callable[[click.Context], Effective], fail: Callable[[str], NoReturn]
) -> click.Group:
    """The group of commands; what is in force is worked out as ``serve`` does it, from the same flags."""

    @click.group()
    def config() -> None:
        """Check, show and write configuration files."""

    @config.command("check")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.pass_context
    def check_file(context: click.Context, file: Path) -> None:
        """Check FILE; faults have line and column."""
        with serve.make_context("serve", ["--config", str(file)], parent=context, auto_envvar_prefix=None) as inner:
            settings = effective_settings(inner)
        count = len({path for path, by in settings.said_by.items() if by != DEFAULT})
        click.echo(f"{file}: good; it says {count} settings")

    @config.command()
    @click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
    def init(file: Path | None) -> None:
        """Write every setting with its default to FILE.

        Each has a line that says what it is for. Without FILE they go to standard output.
        """
        from kibo_simulator.config_file import configuration_text  # noqa: PLC0415  # rarely asked for

        flags = [flag for flag in serve.params if isinstance(flag, click.Option) and flag.name not in _NOT_IN_THE_FILE]
        text = configuration_text({flag.name or "": (_said(flag), _default(flag)) for flag in flags})
        if file is None:
            click.echo(text, nl=False)
            return
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            fail(f"config init {file}: is there already; it is not overwritten")
        except OSError as error:
            fail(f"config init {file}: {error.strerror}")

    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")

    def show(as_json: bool, **_: Any) -> None:  # noqa: FBT001  # click passes flags by name
        """Show every setting in force and who said so.

        The flags, the environment and the file are those of serve. Secrets are masked.
        """
        context = click.get_current_context()
        rows = [*effective_settings(context).rows(), *_served(context)]
        if as_json:
            shown = {path: {"value": value, "from": by} for path, value, by in rows}
            click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
            return
        widths = [max(len(row[column]) for row in rows) for column in (0, 2)]
        for path, value, by in rows:
            click.echo(f"{path:{widths[0]}}  {by:{widths[1]}}  {json.dumps(value, ensure_ascii=False)}")

    config.add_command(
        # What reads the flags of serve, and tells where in the file one is wrong.
        type(serve)(
            "show",
            callback=show,
            params=[*serve.params, as_json],
            help=cleandoc(show.__doc__ or ""),
            context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX},
        )
    )
    return config


def _served(context: click.Context) -> list[tuple[str, Any, str]]:
    """The flags that are no settings: path, value and who said it."""
    rows = []
    for parameter in context.command.params:
        name = parameter.name or ""
        if name not in _NOT_IN_THE_FILE and name != "as_json":
            value = context.params.get(name)
            plain = [str(part) for part in value] if isinstance(value, tuple) else value
            shown = str(plain) if isinstance(plain, Path) else plain
            rows.append((f"serve.{name}", masked(name, shown), origin(context, parameter)))
    return rows


def _said(flag: click.Option) -> str:
    return (flag.help or "").partition("  [default")[0].partition(" [default")[0]


def _default(flag: click.Option) -> Any:
    default = flag.to_info_dict()["default"]
    if flag.multiple:
        return []
    return default if isinstance(default, str | int | float | bool) else None
