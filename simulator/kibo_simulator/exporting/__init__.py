"""Exports: what of a tenant's stock goes into a file, and the jobs that write and deliver it."""
