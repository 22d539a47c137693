"""Reviewing what is learned from: what the bridge's thread does for it, and how it looks."""
