"""Measurements of speed and memory; run by `python -m benchmarks`."""
