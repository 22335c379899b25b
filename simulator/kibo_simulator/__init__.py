"""An offline stand-in for Kibo's inventory, job and batch APIs, with exact limits and its own clock."""

__version__ = "0.1.0"
