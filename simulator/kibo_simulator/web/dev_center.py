"""The page at ``/``: what a developer would look up in Dev Center, the limits of each pool and what is left of them.

It is a view of the control plane for people, open to the same and to nobody else; looking counts for nothing.
"""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

from aiohttp import web

from kibo_simulator.journal import JournalEntry
from kibo_simulator.rate_limits import PoolStatus
from kibo_simulator.simulator import Simulator
from kibo_simulator.timestamps import SECOND, iso_microseconds
from kibo_simulator.version import __version__
from kibo_simulator.web.control.access import check_access
from kibo_simulator.web.errors import ApiError
from kibo_simulator.web.visit import JSON_TYPE

_NEWEST = 25
_MOST_TENANTS = 50
_REFRESH_SECONDS = 5
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5b6676;--paper:#fff;--line:#d9dee5;--bar:#4a7dbf;--bad:#c0362c}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--dim:#9aa5b4;--paper:#12161c;--line:#2d3541;--bar:#6ea3e8;
--bad:#ff7b70}}
body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 3rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--paper)}h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.dim{color:var(--dim)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;
padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--dim)}
td.n{font-variant-numeric:tabular-nums}meter{width:5rem}.bad{color:var(--bad);font-weight:600}
code{font-family:ui-monospace,monospace;font-size:.9em}
"""


def dev_center(simulator: Simulator, token: str | None, request: web.Request) -> web.Response:
    """Answer with the page, or refuse whoever the control plane would refuse."""
    try:
        check_access(request, token)
    except ApiError as error:
        correlation_id = simulator.next_correlation()
        headers = {"Content-Type": JSON_TYPE, "x-vol-correlation": correlation_id}
        return web.Response(status=error.status, body=error.body(correlation_id), headers=headers)
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Cache-Control": "no-store",
        "Refresh": str(_REFRESH_SECONDS),
    }
    return web.Response(text="".join(_page(simulator)), content_type="text/html", headers=headers)


def _page(simulator: Simulator) -> Iterator[str]:
    clock = simulator.clock
    now = clock.now()
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>kibo-simulator</title><style>{_STYLE}</style>"
    yield '<meta name=viewport content="width=device-width,initial-scale=1">'
    yield "<h1>kibo-simulator</h1><p class=dim>Unofficial: not affiliated with Kibo. "
    yield f"Version {escape(__version__)}, simulated time {_moment(now)}, clock {escape(clock.mode)}"
    yield f" at {clock.speed:g}×</p>" if clock.mode == "scaled" else "</p>"
    for tenant in islice(simulator.tenants.every(), _MOST_TENANTS):
        yield f"<h2>API limits of tenant {tenant.id}{escape(f' · {tenant.name}' if tenant.name else '')}</h2>"
        yield from _pools(simulator.limiter.statuses(now, tenant.id))
    journal = simulator.journal
    yield f"<h2>Newest requests</h2><p class=dim>{journal.position:,} so far, {journal.dropped:,} no longer kept</p>"
    yield from _requests(reversed(journal.held(max(0, journal.position - _NEWEST))))
    yield "<p class=dim>More with <code>kibo-simulator ctl</code>, or at <code>/_simulator/openapi.json</code>.</p>"


def _pools(statuses: Iterable[PoolStatus]) -> Iterator[str]:
    yield "<div class=scroll><table><tr><th>pool<th>this minute<th>this hour<th>quarters, newest first<th>state</tr>"
    for status in statuses:
        restricted = status.restricted_until
        state = "OK" if restricted is None else f"<span class=bad>Throttled until {_moment(restricted)[11:]}</span>"
        quarters = " · ".join(map(str, status.buckets))
        yield f"<tr><td><code>{escape(status.pool)}</code><td class=n>{_used(status.minute_used, status.rpm)}"
        yield f"<td class=n>{_used(status.hour_used, status.rph)}<td class=n>{quarters}<td>{state}</tr>"
    yield "</table></div>"


def _used(used: int, limit: int | None) -> str:
    if limit is None:
        return f"{used:,}, no limit"
    return f"<meter max={max(limit, 1)} value={min(used, max(limit, 1))}></meter> {used:,} of {limit:,}"


def _requests(entries: Iterable[JournalEntry]) -> Iterator[str]:
    yield "<div class=scroll><table><tr><th>#<th>at<th>tenant<th>request<th>operation<th>status</tr>"
    for entry in entries:
        told = entry.to_wire()
        status = f"{entry.status}" + (f" · Retry-After {escape(str(entry.retry_after))}" if entry.retry_after else "")
        shown = f"<span class=bad>{status}</span>" if entry.status >= 400 or not entry.status else status
        yield f"<tr><td class=n>{entry.seq}<td class=n>{_moment(entry.at)}<td>{entry.tenant or ''}"
        yield f"<td><code>{escape(entry.method)} {escape(str(told['path'])[:120])}</code>"
        yield f"<td>{escape(entry.operation or '')}<td class=n>{shown}</tr>"
    yield "</table></div>"


def _moment(instant: int) -> str:
    return iso_microseconds(instant // SECOND * SECOND)[:19].replace("T", " ")
