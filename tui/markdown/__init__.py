"""Markdown to styled terminal lines, block by block, cheap enough to follow a stream."""
