"""How long N requests take under two limits, for the client's own budget and for what people would otherwise use."""

from benchmarks.makespan.section import run

__all__ = ["run"]
