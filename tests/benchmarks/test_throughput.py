"""Each way of training does what it says; two processes share a batch; the figures are ratios of one run."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from benchmarks import import_time, throughput
from ganbook import recipes
from ganbook.models import DCGANDiscriminator, DCGANGenerator


@pytest.fixture
def tiny(monkeypatch):
    """A recipe of small networks, and the networks that each way is given."""
    recipe = replace(
        recipes.get("dcgan-tutorial").at("laptop"),
        generator=partial(DCGANGenerator, channels=1, size=28, width=4),
        discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=4),
        batch_size=8,
    )
    given, made = [], throughput.networks

    def networks(of):
        given.append(made(of))
        return given[-1]

    monkeypatch.setattr(throughput, "networks", networks)
    return recipe, given


def weights(networks):
    return torch.cat([p.detach().flatten().clone() for network in networks for p in network.parameters()])


@pytest.mark.parametrize("way", throughput.WAYS)
def test_a_way_trains_the_same_networks_laid_out_as_it_says(tiny, way):
    recipe, given = tiny
    run = throughput.WAYS[way](recipe, 2)
    (networks,) = given
    before = weights(networks)
    assert torch.equal(before, weights(throughput.networks(recipe)))
    run()
    changed = weights(networks) != before
    assert changed.any() if way != "bare" else not changed.any()
    filters = [p for network in networks for p in network.parameters() if p.ndim == 4 and min(p.shape[1:]) > 1]
    last = {p.is_contiguous(memory_format=torch.channels_last) for p in filters}
    assert last == {way != "tutorial"}
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in filters), "both players'"


def test_bare_passes_do_not_add_up_gradients(tiny):
    recipe, given = tiny
    runs = [throughput.bare(recipe, rounds) for rounds in (1, 3)]
    found = []
    for run, networks in zip(runs, given, strict=True):
        for norm in (m for network in networks for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)):
            norm.track_running_stats = True
        torch.manual_seed(1)
        run()
        found.append([p.grad.norm() for network in networks for p in network.parameters()])
    one, three = map(torch.stack, found)
    assert (three < 1.7 * one + 1e-6).sum() > 0.8 * len(one), "three rounds' gradients would be three times as large"


def test_every_way_is_timed_on_as_many_images(tiny, monkeypatch):
    recipe, _ = tiny
    asked = []
    monkeypatch.setattr(
        throughput,
        "WAYS",
        {name: lambda recipe, rounds, name=name: lambda: asked.append((name, rounds)) for name in "ab"},
    )
    monkeypatch.setattr(throughput, "speed", lambda run, images: run() or images)
    assert throughput.of_ways(recipe, 2, 5) == {"a": [40.0, 40.0], "b": [40.0, 40.0]}
    assert asked == [("a", 5), ("b", 5)] * 3
    assert throughput.of_ways(recipe, 1, 0)["a"] == [4000.0], "an epoch"


def test_speed_is_images_a_second(monkeypatch):
    ticks = iter([1.0, 3.0])
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(ticks))
    assert throughput.speed(lambda: None, 640) == 320.0


def test_two_processes_train_together():
    found = throughput.processes(2, rounds=1)
    assert found["processes"] == 2 and found["images_per_s"] > 0 and (found["mib"] is None or found["mib"] > 100)


KEPT = {
    "ways": {"dcgan-digits": {"ours": [300.0, 330.0], "tutorial": [150.0, 150.0], "bare": [300.0, 300.0]}},
    "processes": {"images_per_s": {"one": [100.0, 110.0], "two": [150.0, 165.0]}, "mib": {"one": [600.0], "two": []}},
}


def test_figures_are_ratios_of_a_turn():
    assert [figure.row() for figure in throughput.figures(KEPT)] == [
        ("images/s on the networks of dcgan-digits: ours ÷ tutorial", "2.10 (2.00 to 2.20)", "asked ≥ 1.50"),
        ("images/s on the networks of dcgan-digits: ours ÷ bare", "1.05 (1.00 to 1.10)", "asked ≥ 0.95"),
        ("images/s of dcgan-digits: two processes of one thread ÷ one", "1.50", "asked ≥ 1.60: not reached"),
        ("dcgan-digits, training: MiB at most", "600", ""),
    ]
    assert "2.10 (2.00 to 2.20)" in throughput.report(KEPT) and "165" in throughput.report(KEPT)


def test_imports_are_timed_and_weighed(monkeypatch):
    monkeypatch.setattr(import_time, "STATEMENTS", {"import torch": "pass", "import ganbook": "import json"})
    kept = import_time.measure(repeats=1)
    assert all(len(times) == 1 and times[0] > 0 for times in kept["seconds"].values())
    assert all(mib is None or 5 < mib < 100 for mib in kept["memory"].values())
    kept = {
        "seconds": {"import torch": [1.0, 2.0], "import ganbook": [1.2, 2.4]},
        "memory": {"import torch": 200.0, "import ganbook": None},
    }
    assert [figure.row() for figure in import_time.figures(kept)] == [
        ("import ganbook ÷ import torch, seconds", "1.20", "asked ≤ 1.15: not reached"),
        ("import torch: MiB at most", "200", ""),
    ]
    assert "nan" in import_time.report(kept)
