"""What the first cell of a page calls."""

import json

import pytest
import torch

import ganbook
from ganbook import session


@pytest.mark.parametrize(("text", "number"), [(None, 0), ("0", 0), ("7", 7)])
def test_seed(text, number, monkeypatch):
    monkeypatch.delenv("GANBOOK_SEED", raising=False)
    if text is not None:
        monkeypatch.setenv("GANBOOK_SEED", text)
    assert ganbook.seed() == number
    came = torch.rand(3)
    torch.manual_seed(number)
    assert torch.equal(came, torch.rand(3))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "one", " 1"])
def test_a_seed_that_is_no_number_is_named(text, monkeypatch):
    monkeypatch.setenv("GANBOOK_SEED", text)
    with pytest.raises(ValueError, match=rf"^GANBOOK_SEED is '{text}': allowed is a whole number of 0 or more"):
        ganbook.seed()


def test_welcome_names_version_device_and_budget(monkeypatch, capsys):
    monkeypatch.setenv("GANBOOK_BUDGET", "smoke")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(session.os, "cpu_count", lambda: 2)
    assert ganbook.welcome("no/such_page") is None
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"ganbook {ganbook.__version__} · torch {torch.__version__} · CPU, 2 cores · budget smoke"
    assert second == "this page has not been timed at this budget yet"


@pytest.mark.parametrize(
    ("seconds", "length"), [(12.3, "12 seconds"), (89.0, "89 seconds"), (90.0, "1.5 minutes"), (150.0, "2.5 minutes")]
)
def test_welcome_tells_what_was_measured(seconds, length, tmp_path, monkeypatch, capsys):
    timings = {"game/two_players": {"laptop": {"seconds": seconds, "hardware": "two cores"}}}
    (tmp_path / "timings.json").write_text(json.dumps(timings))
    monkeypatch.setattr(session.resources, "files", lambda package: tmp_path)
    monkeypatch.setenv("GANBOOK_BUDGET", "laptop")
    ganbook.welcome("game/two_players")
    assert capsys.readouterr().out.splitlines()[1] == f"the whole page took {length} on two cores"
    monkeypatch.setenv("GANBOOK_BUDGET", "smoke")
    ganbook.welcome("game/two_players")
    assert capsys.readouterr().out.splitlines()[1] == "this page has not been timed at this budget yet"


@pytest.mark.parametrize(("needs", "older"), [(None, False), ("0.10.0", False), ("0.9.9", False), ("0.10.1", True)])
def test_welcome_says_when_the_page_is_newer_than_the_library(needs, older, monkeypatch, capsys):
    monkeypatch.setattr(ganbook, "__version__", "0.10.0")
    ganbook.welcome("no/such_page", needs=needs)
    first, *rest = capsys.readouterr().out.splitlines()
    assert len(rest) == (2 if older else 1)
    assert first.startswith("this page was written with ganbook 0.10.1 and may ask for what 0.10.0") == older


@pytest.mark.parametrize("needs", ["0.2", "0.2.0.dev1", "two", ""])
def test_a_version_that_is_none_is_named(needs):
    with pytest.raises(ValueError, match=rf"^needs is '{needs}': allowed are three numbers"):
        ganbook.welcome("no/such_page", needs=needs)


def test_welcome_refuses_an_unknown_budget(monkeypatch):
    monkeypatch.setenv("GANBOOK_BUDGET", "huge")
    with pytest.raises(ValueError, match=r"^GANBOOK_BUDGET is 'huge'"):
        ganbook.welcome("game/two_players")


class Greeter:
    def greet(self, name: str) -> str:
        """Says hello."""
        return f"hello {name}"


def displayed(capture, *code, **settings):
    with capture() as caught:
        assert ganbook.show_source(*code, **settings) is None
    (output,) = caught.outputs
    return output.data


@pytest.fixture
def capture():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    yield capture_output
    InteractiveShell.clear_instance()


def test_a_source_is_shown_highlighted_and_as_text(capture):
    data = displayed(capture, Greeter.greet, "    x = 1\n    y = 2\n")
    text = 'def greet(self, name: str) -> str:\n    """Says hello."""\n    return f"hello {name}"\n\nx = 1\ny = 2'
    assert data == {"text/plain": text, "text/markdown": f"```python\n{text}\n```"}


def test_a_source_may_be_shown_without_its_docstring(capture):
    text = 'def greet(self, name: str) -> str:\n    return f"hello {name}"'
    assert displayed(capture, Greeter.greet, docstrings=False)["text/plain"] == text


def test_only_code_has_a_source():
    with pytest.raises(TypeError, match=r"^code is 3: allowed are functions, methods, classes and text$"):
        ganbook.show_source(3)
