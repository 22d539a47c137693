"""What is learned from: examples read as lessons, and lessons as token ids with weights."""
