"""Evaluation: questions whose answers can be scored, asked in the engine that serves.

Knows neither screens nor training; the gate and `localai eval` both stand on it.
"""
