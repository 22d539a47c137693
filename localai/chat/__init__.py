"""A conversation with a model: one turn at a time, recorded as it happens."""
