"""Conversations from files of other programs and our own, and into files."""
