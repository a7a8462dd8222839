"""The exercises of each module: every file beside this one holds a tuple ``EXERCISES``."""
