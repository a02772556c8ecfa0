"""Bits per dimension and the table that turns a predicted grey into probabilities, against closed forms."""

import math

import pytest
import torch

from ganbook.metrics import GreyTable, bits_per_dimension


def test_bits_are_nats_over_log_two_and_the_dimensions():
    images = torch.zeros(2, 3, 4, 5)
    assert bits_per_dimension(torch.tensor([60.0, 180.0]) * math.log(2), images) == pytest.approx(2.0)
    with pytest.raises(ValueError, match=r"^nats has shape \(3,\): allowed is \(2,\)$"):
        bits_per_dimension(torch.zeros(3), images)


def test_every_row_is_a_distribution():
    torch.manual_seed(0)
    table = GreyTable(torch.rand(5, 1, 8, 8) * 2 - 1, torch.randint(256, (5, 1, 8, 8), dtype=torch.uint8), bins=7)
    assert table.log_probabilities.shape == (7, 256)
    assert torch.allclose(table.log_probabilities.exp().sum(1), torch.ones(7, dtype=torch.float64))
    assert table.log_probabilities.isfinite().all()


def test_pure_noise_costs_eight_bits():
    torch.manual_seed(0)
    images = torch.randint(256, (2000, 1, 16, 16), dtype=torch.uint8)
    table = GreyTable(torch.zeros(2000, 1, 16, 16), images)
    assert bits_per_dimension(table.nats(torch.zeros(2000, 1, 16, 16), images), images) == pytest.approx(8, abs=0.01)


def test_what_is_predicted_costs_next_to_nothing_and_what_is_known_only_in_part_its_entropy():
    torch.manual_seed(0)
    coin = torch.rand(3000, 1, 8, 8) < 0.25
    images = torch.where(coin, 200, 10).to(torch.uint8)
    known, unknown = images.float() / 127.5 - 1, torch.zeros(3000, 1, 8, 8)
    entropy = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    for predicted, bits in ((known, 0.0), (unknown, entropy)):
        table = GreyTable(predicted[:2000], images[:2000])
        unseen = images[2000:]
        assert bits_per_dimension(table.nats(predicted[2000:], unseen), unseen) == pytest.approx(bits, abs=0.02)


def test_each_image_has_its_own_number():
    images = torch.zeros(3, 1, 2, 2, dtype=torch.uint8)
    images[1] = 255
    predicted = torch.full((3, 1, 2, 2), -1.0)
    nats = GreyTable(predicted[:1], images[:1], bins=2, extra=1.0).nats(predicted, images)
    # Four pixels of grey 0 were counted in this bin, and every level once beforehand.
    assert nats.tolist() == pytest.approx([-4 * math.log(5 / 260), 4 * math.log(260), -4 * math.log(5 / 260)])


def test_predictions_outside_the_range_count_as_its_ends():
    images = torch.tensor([[0, 255]], dtype=torch.uint8)
    table = GreyTable(torch.tensor([[-1.0, 1.0]]), images)
    assert torch.equal(table.nats(torch.tensor([[-7.0, 7.0]]), images), table.nats(torch.tensor([[-1.0, 1.0]]), images))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: GreyTable(torch.zeros(1, 2), torch.zeros(1, 2)),
            r"^images is a torch.float32 tensor \(1, 2\): allowed is a tensor of uint8",
        ),
        (
            lambda: GreyTable(torch.zeros(1, 3), torch.zeros(1, 2).byte()),
            r"^images has shape \(1, 2\): allowed is \(1, 3\)$",
        ),
        (lambda: GreyTable(torch.zeros(1, 2), torch.zeros(1, 2).byte(), bins=0), r"^bins is 0: allowed is 1 to 2560$"),
        (
            lambda: GreyTable(torch.zeros(1, 2), torch.zeros(1, 2).byte(), extra=0),
            r"^extra is 0: allowed is a finite number, above 0$",
        ),
    ],
)
def test_bad_input_gives_one_sentence(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
