"""What a transcript holds, apart from the widget that shows it: heights, items, lines."""
