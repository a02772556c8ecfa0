"""The budget in force."""

import pytest
import torch

import ganbook
from ganbook.training.budget import BUDGETS, resolve


@pytest.mark.parametrize("name", ["smoke", "laptop", "gpu"])
def test_from_the_environment(name, monkeypatch):
    monkeypatch.setenv("GANBOOK_BUDGET", name)
    assert ganbook.budget() == name
    assert name in BUDGETS and resolve(name) == name


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize(("cuda", "name"), [(True, "gpu"), (False, "laptop")])
def test_from_the_device(value, cuda, name, monkeypatch):
    monkeypatch.delenv("GANBOOK_BUDGET", raising=False)
    if value is not None:
        monkeypatch.setenv("GANBOOK_BUDGET", value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert ganbook.budget() == name


@pytest.mark.parametrize("value", ["Smoke", "cpu", " laptop"])
def test_anything_else_is_named(value, monkeypatch):
    monkeypatch.setenv("GANBOOK_BUDGET", value)
    with pytest.raises(ValueError, match=rf"^GANBOOK_BUDGET is '{value}': allowed is one of smoke, laptop, gpu"):
        ganbook.budget()
    with pytest.raises(ValueError, match=r"^budget is "):
        resolve(value)
