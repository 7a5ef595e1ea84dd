"""The project's noise, fed to dieharder; run by `python -m benchmarks.randomness`."""
