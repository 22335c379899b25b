"""One embedded SQLite database for all state, in memory or in a file (D-1)."""
