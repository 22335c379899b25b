"""Stock as arithmetic and as text: counters, identifier matching, sample tenants and Location Exports."""
