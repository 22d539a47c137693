"""Widgets, one a file; they post messages and know nothing of stores and engines."""
