"""MCP servers: programs of the user's choice whose tools a model may call.

The protocol is the official SDK's (`mcp`), over the standard input and output of the
server; HTTP servers, prompts, resources, sampling and elicitation are left out. Nothing of
the SDK is imported until a server is started.
"""
