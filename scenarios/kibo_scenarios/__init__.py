"""Runs load and conformance scenarios, and grades any client's manners."""
