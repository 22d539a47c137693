"""Which models there are, where their files lie, whether they are sound and fit."""
