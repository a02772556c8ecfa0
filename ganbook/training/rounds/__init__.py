"""One file a method, each one function that reads like the algorithm box of its paper."""
