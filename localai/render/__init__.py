"""Conversations to token ids and training weights, by the model's own chat template."""
