"""Offers a run's drop folder over SFTP as well, where clients are on the same machine and in its time (C25).

Every write is seen as it happens there, so that rule FI-1 is exact. It needs the extra ``sftp``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Final
from urllib.parse import quote

from aiohttp import web

from kibo_scenarios.file_feeds import FileTask
from kibo_scenarios.pace import Pace

#: Seconds of the machine's time: whoever computes a key is as fast as ever, whatever the run's clock does.
_LOGIN_S: Final = 30.0


@asynccontextmanager
async def sftp_drop(
    pace: Pace, application: web.Application, files: FileTask | None, user: str, inbox: str
) -> AsyncIterator[FileTask | None]:
    """Serve the drop folder of an application's simulator until left, where there is one, and put it into the task.

    Args:
        pace: In virtual time there are no sockets, and so nothing is served.
        application: What serves the API.
        files: What the client is to send.
        user: Who is to log in, by the application's name; the password is its secret.
        inbox: The folder in which files are picked up.
    """
    if files is None or pace.speed is None or find_spec("asyncssh") is None:
        yield files
        return
    from kibo_simulator.sftp_serving import sftp_beside  # noqa: PLC0415 - an extra, slow to import

    async with sftp_beside(application, host="127.0.0.1", port=0, login_s=_LOGIN_S * pace.speed) as served:
        address = served.url.replace("://", f"://{quote(user)}@", 1)
        yield replace(files, sftp_url=f"{address}/{quote(inbox.strip('/'))}")
