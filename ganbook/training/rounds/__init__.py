"""One file per method, each a function that reads like its paper's algorithm box."""
