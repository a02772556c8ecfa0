"""One file per method, each one function that reads like the algorithm box of its paper."""
