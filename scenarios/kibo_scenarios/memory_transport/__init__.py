"""HTTP between a real aiohttp client and a real aiohttp server in one process, without a socket."""

from kibo_scenarios.memory_transport.aiohttp_client import EXACT_TIMEOUTS, MemoryConnector, memory_session
from kibo_scenarios.memory_transport.aiohttp_server import KEEPALIVE_S, serve_in_memory
from kibo_scenarios.memory_transport.links import Fault, Harm, Link, Links, Opening, Path, Uniform
from kibo_scenarios.memory_transport.network import MemoryNetwork
from kibo_scenarios.memory_transport.transport import MemoryTransport, join

__all__ = [
    "EXACT_TIMEOUTS",
    "KEEPALIVE_S",
    "Fault",
    "Harm",
    "Link",
    "Links",
    "MemoryConnector",
    "MemoryNetwork",
    "MemoryTransport",
    "Opening",
    "Path",
    "Uniform",
    "join",
    "memory_session",
    "serve_in_memory",
]
