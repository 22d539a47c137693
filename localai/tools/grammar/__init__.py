"""Grammars of tool calls, made from the tools' schemas. Nothing here runs a model."""
