"""What a model may ask to be run: typed tools, how their arguments are checked, how they run."""
