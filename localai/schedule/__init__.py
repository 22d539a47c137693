"""Learning at night: when, started by which timer of the system, and whether the machine is free.

The timer starts an ordinary command line of localai. What that learns, and how, is `tune`'s.
"""
