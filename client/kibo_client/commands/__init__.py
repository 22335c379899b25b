"""The commands of `kibo-client`; each imports what it needs when it runs, so that --help answers at once."""
