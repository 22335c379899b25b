"""What the simulator costs as a server: processor time a request beside bare handlers, start-up, a fresh world."""

from benchmarks.serving.section import run

__all__ = ["run"]
