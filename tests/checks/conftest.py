"""Print the table of answers after the tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """On a busy machine a right answer may wait for a processor longer than a learner's would."""
    from ganbook.checks import limit

    monkeypatch.setattr(limit, "SECONDS", 120.0)


def pytest_terminal_summary(terminalreporter):
    from harness import as_text

    terminalreporter.section("exercise checks: answers kept in tests/checks")
    terminalreporter.write_line(as_text())
