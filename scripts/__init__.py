"""Scripts of the checkout; a package only so that bench.py can start its peers by name."""
