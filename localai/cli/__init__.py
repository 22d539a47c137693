"""The command line: one file per command, logic elsewhere."""
