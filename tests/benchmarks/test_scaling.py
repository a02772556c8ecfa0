"""The cost model at its ends, where anybody can do the sum, and in its order."""

import math

import pytest

from benchmarks import communication
from benchmarks.scaling import (
    LINKS,
    Link,
    Work,
    averaging,
    gain,
    gain_of_larger_batches,
    line,
    most,
    shared,
    slowest,
)  # fmt: skip

FREE = Link("free", math.inf, 0.0)
SLOW = Link("slow", 1e6, 0.0)


def test_alone_nothing_is_sent():
    work = Work(2.0, 1e9, 5, fixed=0.3)
    assert averaging(1e9, 5, 1, SLOW) == 0 and shared(work, 1, SLOW) == 2.0 and gain(work, 1, SLOW) == 1.0


def test_a_free_link_gains_all_but_the_fixed_part():
    assert gain(Work(2.0, 1e9, 5), 8, FREE) == pytest.approx(8)
    assert gain(Work(2.0, 1e9, 5, fixed=1.0), 8, FREE) == pytest.approx(1)
    assert gain(Work(2.0, 1e9, 5, fixed=0.2), 4, FREE) == pytest.approx(1 / (0.2 + 0.8 / 4))  # Amdahl's law


def test_a_ring_sends_nearly_twice_the_bytes_however_many_share_it():
    assert averaging(1e6, 1, 2, SLOW) == pytest.approx(1.0)
    assert averaging(1e6, 1, 4, SLOW) == pytest.approx(1.5)
    assert averaging(1e6, 1, 1000, SLOW) == pytest.approx(1.998)
    assert averaging(0, 3, 4, Link("", 1.0, 0.01)) == pytest.approx(3 * 2 * 3 * 0.01)


def test_two_processes_are_no_faster_than_one_at_the_slowest_link():
    work = Work(0.5, 4e6, 2, fixed=0.1)
    speed = slowest(work)
    assert gain(work, 2, Link("", speed, 0.0)) == pytest.approx(1)
    assert gain(work, 2, Link("", 2 * speed, 0.0)) > 1 > gain(work, 2, Link("", speed / 2, 0.0))
    assert slowest(Work(0.5, 4e6, 2, fixed=1.0)) == math.inf
    assert slowest(work, latency=0.2) == math.inf, "two messages of 0.2 s an update take longer than is saved"


def test_the_most_processes_are_each_worth_half_of_one():
    work = Work(1.0, 1e6, 1)
    n = most(work, SLOW, batch=64)
    assert 1 <= n < 64 and gain(work, n, SLOW) >= n / 2 > 0
    assert n == 1 or gain(work, 2 * n, SLOW) < n
    assert most(work, FREE, batch=64) == 64 and most(work, FREE, batch=100) == 64
    assert most(Work(1e-4, 1e6, 1), SLOW, batch=64) == 1
    of_links = [most(Work(0.1, 50e6, 4), link, 1024) for link in LINKS]
    assert of_links == sorted(of_links), "a faster link never pays for fewer"


def test_larger_batches_send_as_much_and_gain_more():
    work = Work(0.2, 4e6, 2)
    for n in (2, 8, 64):
        assert gain(work, n, LINKS[0]) < gain_of_larger_batches(work, n, LINKS[0]) < n


def test_a_measured_link_is_the_line_through_what_it_took():
    true = Link("", 2e8, 1e-4)
    sizes = [4096.0, 1e6, 4e6, 1.6e7]
    found = line(sizes, [size / true.speed + 2 * true.latency for size in sizes])
    assert found.speed == pytest.approx(true.speed) and found.latency == pytest.approx(true.latency, rel=0.15)


def test_the_prediction_takes_half_a_batch_for_what_it_is():
    link = Link("", 1e6, 0.0)
    found = {"alone": [1.0], "half a batch": [0.5], "sent": 1e5, "calls": 2}
    assert communication.predicted(found, link) == (pytest.approx(0.6), pytest.approx(1 / 6))
    found |= {"half a batch": [0.6], "sent": 0.0}
    assert communication.predicted(found, link) == (pytest.approx(0.6), pytest.approx(0))


def test_what_a_round_sends_is_counted_from_its_updates():
    found = communication.round_of("ring", "smoke", repeats=1)
    parameters = found["parameters"]
    assert found["updates"] == {"generator": 1, "discriminator": 1}
    assert found["sent"] == 4 * sum(parameters.values()) and found["calls"] == 2
    assert communication.round_of("wgan-ring", "smoke", repeats=1)["updates"]["discriminator"] > 1


@pytest.mark.parametrize("name", ["dcgan-cifar10", "pix2pix-folder", "cyclegan-folder", "text-flowers"])
def test_photographs_are_replaced_by_random_ones_of_their_shape(name, monkeypatch, tmp_path):
    from ganbook import recipes

    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))

    def offline(self, *_, **__):
        raise communication.data.DataError("no network")

    monkeypatch.setattr(type(recipes.get(name)), "load_data", offline)
    monkeypatch.setattr(communication, "DRAWN", 8)
    recipe = recipes.get(name).at("smoke")
    batch = next(communication.samples_of(recipe).batches(2))
    assert batch.real.shape[1] == 3 and batch.real.shape[-1] == (recipe.size or 256)
    given = {"sources": batch.sources, "captions": batch.captions}.get(recipe.given)
    assert (given is None) == (recipe.given not in ("sources", "captions"))
