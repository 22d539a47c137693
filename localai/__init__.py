"""localai: a local-first assistant in the terminal that learns from your corrections."""

__version__ = "0.1.0"
