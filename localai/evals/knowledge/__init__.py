"""Questions about what is known and what cannot be known, worded alike: a model that tells the
two apart has to look at what is asked about."""
