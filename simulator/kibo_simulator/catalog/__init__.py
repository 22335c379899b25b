"""What a catalog holds and how it changes: products, their properties, price lists, entries, currencies; no I/O."""
