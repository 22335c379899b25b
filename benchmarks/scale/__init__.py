"""How the simulator holds up under millions of records: loading, memory, look-ups, deletions, and stalls."""

from benchmarks.scale.section import run

__all__ = ["run"]
