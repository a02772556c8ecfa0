"""Measured comparisons: each script leaves its result in ``ganbook/results``; ``python -m benchmarks`` lists them."""
