"""A headless Chromium, spoken to by its DevTools protocol: opens a page at a size and says what went wrong there."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass
class Browser:
    """One tab."""

    socket: aiohttp.ClientWebSocketResponse
    session: str = ""
    complaints: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    _last: int = 0

    async def command(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result; complaints of the page that come meanwhile are kept."""
        self._last += 1
        number = self._last
        await self.socket.send_json(
            {
                "id": number,
                "method": method,
                "params": parameters,
                **({"sessionId": self.session} if self.session else {}),
            }
        )
        while True:
            message = await self._receive()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]

    async def open(self, url: str, *, width: int, scheme: str) -> None:
        """Show a page at a width and in a colour scheme, and wait until it is there."""
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        await self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.seen.clear()
        await self.command("Page.navigate", url=url)
        while "Page.loadEventFired" not in self.seen:
            await self._receive()

    async def value(self, expression: str) -> Any:
        """Return what an expression is in the page."""
        answer = await self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json(timeout=30)
        method = message.get("method", "")
        self.seen.append(method)
        if method == "Log.entryAdded":
            self.complaints.append(message["params"]["entry"]["text"])
        elif method in {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.complaints.append(json.dumps(message["params"]))
        return message


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        url = ""
        async with asyncio.timeout(30):
            while not url:
                line = (await process.stderr.readline()).decode()
                assert line, "the browser ended before it was ready"
                url = line.partition("listening on ")[2].strip()
        async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=0) as socket:
            tab = Browser(socket)
            target = (await tab.command("Target.createTarget", url="about:blank"))["targetId"]
            attached = await tab.command("Target.attachToTarget", targetId=target, flatten=True)
            tab.session = attached["sessionId"]
            for domain in ("Page", "Log", "Runtime"):
                await tab.command(f"{domain}.enable")
            yield tab
    finally:
        if process.returncode is None:
            process.terminate()
        # What it still says is read, so that it can end.
        await process.communicate()
