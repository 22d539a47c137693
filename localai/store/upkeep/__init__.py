"""Keeping the data folder: forgetting for good, backups, restoring, repair."""
