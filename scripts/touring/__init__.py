"""What `scripts/tour` does: an evening in a real terminal, played and measured."""
