"""A right answer is right on every processor. (A file of its own: test_answers is the longest that a worker has.)"""

import os
import subprocess
import sys

from harness import HERE


def test_right_answers_are_accepted_by_a_processor_without_vector_units():
    """Its kernels round otherwise. They are chosen when a process begins."""
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-c", "import harness; print(harness.turned_down(12))"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
