"""Walks end where the teacher leads them, and are drawn as pairs."""

import pytest
import torch

from ganbook.models import DiffusionModel
from ganbook.models.walks import Walks


def teacher():
    torch.manual_seed(0)
    model = DiffusionModel(64, size=8, width=8, evaluations=3).eval()
    torch.nn.init.normal_(model.network.last[-2].weight, 0, 0.1)
    return model


def test_a_walk_ends_where_the_teacher_leads_it(monkeypatch):
    monkeypatch.setattr("ganbook.models.walks.SOME", 4)
    model = teacher()
    walks = Walks.of(model, 10, torch.Generator().manual_seed(1))
    assert walks.noises.shape == (10, 64) and walks.images.shape == (10, 1, 8, 8)
    assert torch.allclose(walks.noises, torch.randn(10, 64, generator=torch.Generator().manual_seed(1)))
    with torch.no_grad():
        assert torch.allclose(walks.images, model(walks.noises), atol=1e-5)
    assert not walks.images.requires_grad and set(walks.state_dict()) == {"noises", "images"}


def test_what_is_drawn_belongs_together():
    noises = torch.arange(40.0)[:, None].expand(-1, 3)
    walks = Walks(noises, 2 * noises.unflatten(1, (3, 1, 1)))
    torch.manual_seed(0)
    noise, image = walks.draw(1000)
    assert noise.shape == (1000, 3) and torch.equal(image.flatten(1), 2 * noise)
    assert noise[:, 0].unique().numel() == 40
    assert not torch.equal(noise, walks.draw(1000)[0])


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"^images has shape \(4, 1, 2, 2\)"):
        Walks(torch.zeros(5, 4), torch.zeros(4, 1, 2, 2))
    with pytest.raises(ValueError, match=r"^n is 0"):
        Walks(torch.zeros(5, 4), torch.zeros(5, 1, 2, 2)).draw(0)
