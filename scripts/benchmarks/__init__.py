"""What scripts/bench.py measures: each module prints nothing and returns rows."""
