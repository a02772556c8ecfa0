"""Measured comparisons: each script leaves its result in ``ganbook/results``, and ``python -m benchmarks`` lists all."""
