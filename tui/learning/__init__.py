"""Learning as the app sees it: what it shows of it, and how it starts and stops a tune."""
