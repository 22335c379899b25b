"""The command line: `kibo-client plan`, `delete`, `refresh`, `adjust`, and what looks after runs.

Exit codes: 0 all done, 1 something undone or failed, 2 usage, configuration or a bad file, 130 interrupted.
"""

from __future__ import annotations

import sys

import click

from kibo_client.commands.batch import batch
from kibo_client.commands.connection import ALL_DONE, INTERRUPTED, SOMETHING_UNDONE, USAGE
from kibo_client.commands.delete import delete
from kibo_client.commands.files import export_group, file_group
from kibo_client.commands.plan import plan
from kibo_client.commands.runs import report, resume, status
from kibo_client.commands.update import adjust, refresh
from kibo_client.outlet import CannotPrintError, say


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import, rarely wanted

        click.echo(f"kibo-client {version('kibo-simulator')}")
        ctx.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, callback=_print_version, expose_value=False, is_eager=True, help="Show the version."
)
def cli() -> None:
    """Bulk work against Kibo's inventory APIs, throttled, paced and accounted for.

    Settings come from flags, then from KIBO_API_HOST (a URL), KIBO_AUTH_HOST, KIBO_TENANT, KIBO_SITE,
    KIBO_CLIENT_ID and KIBO_SHARED_SECRET, then from a settings file (TOML, keys such as api_host). The secret
    is never a flag.
    """


_COMMANDS: tuple[click.Command, ...] = (
    plan,
    delete,
    refresh,
    adjust,
    resume,
    status,
    report,
    batch,
    file_group,
    export_group,
)
for _command in _COMMANDS:
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: every outcome as its exit code, every mistake of a user on one line."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None) -> int:
    try:
        code = cli.main(args=arguments, prog_name="kibo-client", standalone_mode=False)
    except SystemExit:
        # No command ends so: it is click's answer to a reader who went away while help was printed.
        return ALL_DONE
    except click.ClickException as error:
        if "\n" in error.format_message():
            error.show()
        else:
            say(f"kibo-client: {error.format_message()}", err=True)
        return SOMETHING_UNDONE if isinstance(error, CannotPrintError) else USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted before anything was sent", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else ALL_DONE


if __name__ == "__main__":
    main()
