"""The tools that come with localai."""
