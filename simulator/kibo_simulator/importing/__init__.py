"""Imports: when drop points are looked at, what is picked up there, and the jobs that are made of it."""
