"""A production-grade asynchronous client for bulk work against Kibo's inventory APIs."""
