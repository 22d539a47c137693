"""Tool calls in what a model writes. Nothing here runs a tool."""
