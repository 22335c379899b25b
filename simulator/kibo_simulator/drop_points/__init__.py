"""Where files are exchanged: a folder that stands for every drop point, or the real ones."""
