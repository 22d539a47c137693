"""Problems of our own whose answers can be checked: made from a seed, in levels, kind by kind."""
