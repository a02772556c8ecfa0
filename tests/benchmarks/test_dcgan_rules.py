"""A dearer change is also played with as many products as plain has."""

import pytest

from benchmarks import dcgan_rules
from benchmarks.conditioning import operations
from ganbook.recipes import rules


@pytest.mark.parametrize("name", dcgan_rules.DEARER)
def test_equal_products_are_as_many_as_plain_s(name):
    plain, dearer = (recipe for recipe in rules.ABLATION if recipe.name in ("dcgan-plain", name))
    equal = dcgan_rules.equal_products(dearer, "laptop")
    assert equal.name == f"{name}, equal products" and equal.at("laptop").steps < 0.9 * plain.at("laptop").steps
    spent = equal.steps * operations(equal)
    assert spent == pytest.approx(plain.at("laptop").steps * operations(plain), rel=0.01)
