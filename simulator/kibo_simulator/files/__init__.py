"""Inventory as files: what Kibo delivers and what it takes in."""
