"""Serves the drop folder of a simulator over SFTP, beside its API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.drop_points.sftp_server import LOGIN_SECONDS, SftpContext, host_key, sftp_server
from kibo_simulator.files.file_log import DropEntry
from kibo_simulator.web.application import GATE, SIMULATOR


@dataclass(frozen=True, slots=True)
class SftpServed:
    """Where the server is, and the fingerprint by which it is known."""

    url: str
    fingerprint: str


@asynccontextmanager
async def sftp_beside(
    application: web.Application, *, host: str, port: int, key_file: Path | None = None, login_s: float = LOGIN_SECONDS
) -> AsyncIterator[SftpServed]:
    """Serve the drop folder of an application's simulator until left.

    Logging in may take ``login_s`` seconds on the loop's clock.

    Users are the tenants' applications with their secrets, and whoever a fetch configuration or a delivery names.

    Raises:
        SftpServerError: the address is taken, or the key file cannot be used.
    """
    simulator, gate = application[SIMULATOR], application[GATE]
    drop = simulator.files.drop
    assert isinstance(drop, LocalFolder)

    async def catch_up() -> int:
        async with gate.turn:
            return await gate.advance()

    def wrote(folder: str, entry: DropEntry) -> None:
        simulator.file_log.wrote(simulator.clock.now(), folder, entry)

    def admits(user: str, password: str) -> bool:
        return simulator.access.knows(user, password) or simulator.files.admits(user, password)

    context = SftpContext(
        root=drop.root,
        wrote=wrote,
        admits=admits,
        catch_up=catch_up,
        largest_bytes=simulator.settings.files.largest_bytes,
    )
    key = host_key(key_file)
    async with sftp_server(context, host=host, port=port, key=key, login_s=login_s) as bound:
        shown = f"[{host}]" if ":" in host else host
        yield SftpServed(f"sftp://{shown}:{bound}", key.get_fingerprint())
