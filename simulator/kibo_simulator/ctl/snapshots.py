"""``ctl snapshot`` and ``ctl reset``: the whole state saved, gone back to, carried elsewhere, begun again."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from kibo_simulator.ctl.connection import segment
from kibo_simulator.ctl.sent_files import send_file
from kibo_simulator.ctl.session import Session, by_default, pass_session

_COLUMNS = ("name", "at", "bytes", "tenants", "program", "fault")
_SQLITE = "application/vnd.sqlite3"


@click.group(invoke_without_command=True)
@click.pass_context
def snapshot(context: click.Context) -> None:
    """List the snapshots, or save, restore and carry the whole state."""
    by_default(context, list_snapshots)


@snapshot.command("list")
@pass_session
def list_snapshots(session: Session) -> None:
    """List the snapshots with the simulated instants they were taken at."""
    shelf = session.connection.ask("GET", "/snapshots")
    session.output.rows(shelf["snapshots"], _COLUMNS, nothing="there are no snapshots")


@snapshot.command()
@click.argument("name")
@click.option("--replace", is_flag=True, help="Let one of that name go.")
@pass_session
def save(session: Session, name: str, replace: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Save the whole state as NAME."""
    session.output.record(session.connection.ask("POST", "/snapshots", body={"name": name, "replace": replace}))


@snapshot.command()
@click.argument("name")
@pass_session
def restore(session: Session, name: str) -> None:
    """Go on from NAME, clock and all; the journal begins anew."""
    session.output.record(session.connection.ask("POST", f"/snapshots/{segment(name)}/restore"))


@snapshot.command()
@click.argument("name")
@pass_session
def delete(session: Session, name: str) -> None:
    """Delete NAME."""
    session.output.record(session.connection.ask("DELETE", f"/snapshots/{segment(name)}"))


@snapshot.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@pass_session
def download(session: Session, name: str, file: Path) -> None:
    """Write NAME to FILE, for another simulator or `serve --snapshot`."""
    part = file.with_name(f"{file.name}.part")
    try:
        # It holds what tenants keep secret.
        part.touch(mode=0o600)
        with part.open("wb") as stream:
            for chunk in session.connection.chunks(f"/snapshots/{segment(name)}/file"):
                stream.write(chunk)
        part.replace(file)
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from None
    finally:
        part.unlink(missing_ok=True)


@snapshot.command()
@click.argument("name")
@click.argument("file", type=click.File("rb"))
@click.option("--replace", is_flag=True, help="Let one of that name go.")
@pass_session
def upload(session: Session, name: str, file: IO[bytes], replace: bool) -> None:  # noqa: FBT001  # as above
    """Keep FILE, which was downloaded before, as NAME."""
    path = f"/snapshots/{segment(name)}/file"
    session.output.record(send_file(session, "PUT", path, file, query={"replace": replace}, content_type=_SQLITE))


@click.command()
@pass_session
def reset(session: Session) -> None:
    """Begin again as freshly started; the journal begins anew."""
    session.output.record(session.connection.ask("POST", "/reset"))


COMMANDS = (snapshot, reset)
