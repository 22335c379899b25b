"""Inventory files for Kibo: made, checked and uploaded (C24 to C26)."""
