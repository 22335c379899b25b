"""Serves a simulator over a socket until it is told to stop, and leaves nothing half done."""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from kibo_simulator.simulator import Simulator
from kibo_simulator.tls import Tls
from kibo_simulator.version import __version__
from kibo_simulator.web import build_application

_DRAIN_SECONDS = 5.0


class _OneLine(logging.Filter):
    """A client that speaks broken HTTP deserves a line in the log, not a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.msg = f"{record.getMessage()}: {' '.join(str(error).split())[:200]}"
            record.args, record.exc_info, record.levelno, record.levelname = (), None, logging.WARNING, "WARNING"
        return True


def spare_the_collector() -> None:
    """Tell the collector of cycles that what is alive now stays alive: it need not look at it again."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class SftpOffered:
    """The port of the SFTP server (0 picks a free one), and the file of its key; None makes a key for this run."""

    port: int
    key_file: Path | None = None


class BindError(Exception):
    """The address cannot be listened on; says which and why."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"--host {host} --port {port}: {reason}")


async def serve(
    simulator: Simulator,
    *,
    host: str,
    port: int,
    control_token: str | None,
    tls: Tls | None = None,
    sftp: SftpOffered | None = None,
    end_with_stdin: bool = False,
) -> None:
    """Listen, print the ready line on standard output, and serve until SIGTERM, SIGINT or, if asked for, end of input.

    With ``tls`` it is https, and how to trust it is said on standard error. With ``sftp`` the drop folder is served
    as well; the ready line then says where.

    Raises:
        BindError: the address is taken or not ours.
        SftpServerError: the same of the SFTP server, or its key cannot be used.
    """
    logging.getLogger("aiohttp.server").addFilter(_OneLine())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no signal handlers on its loop; Ctrl-C still ends the run
            loop.add_signal_handler(number, stopped.set)
    # It tells every step of every session; what matters is in the log of files.
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    application = build_application(simulator, control_token=control_token)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_DRAIN_SECONDS)
    await runner.setup()
    beside = AsyncExitStack()
    try:
        try:
            context = tls.context if tls else None
            await web.TCPSite(runner, host, port, backlog=1024, ssl_context=context).start()
        except OSError as error:
            raise BindError(host, port, error.strerror or str(error)) from error
        address = runner.addresses[0]
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        url = f"{'https' if tls else 'http'}://{shown}:{address[1]}"
        if tls:
            sys.stderr.write("".join(f"kibo-simulator: {line}\n" for line in tls.advice(url)))
        ready = {
            "event": "ready",
            "url": url,
            "tenant": simulator.default_tenant,
            "version": __version__,
        }
        if sftp is not None:
            ready["sftp"] = await _served_beside(beside, application, host, sftp)
        sys.stdout.write(json.dumps(ready, separators=(",", ":")) + "\n")
        sys.stdout.flush()
        spare_the_collector()
        if end_with_stdin:
            Thread(target=_read_to_the_end, args=(loop, stopped.set), daemon=True).start()
        await stopped.wait()
    finally:
        await beside.aclose()
        await runner.cleanup()


def _read_to_the_end(loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
    """Read standard input and forget it; the end of it is the end of whoever held the other side."""
    # Past Python's own buffer, whose lock a thread that is waiting for more would hold while the program ends.
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the loop may have ended meanwhile
        loop.call_soon_threadsafe(then)


async def _served_beside(beside: AsyncExitStack, application: web.Application, host: str, sftp: SftpOffered) -> str:
    # asyncssh is an extra and slow to import.
    from kibo_simulator.sftp_serving import sftp_beside  # noqa: PLC0415

    served = await beside.enter_async_context(
        sftp_beside(application, host=host, port=sftp.port, key_file=sftp.key_file)
    )
    sys.stderr.write(f"kibo-simulator: {served.url} has the key {served.fingerprint}\n")
    return served.url
