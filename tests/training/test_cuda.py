"""What only a GPU can show: every round there, mixed precision, resume, memory format, and no waiting for the host.

Skipped without one. `tools/gpu.py` runs them, and all others with "cuda" in their names, on a machine that has one.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from ganbook import penalties
from ganbook.data import Batch, ImageSet
from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.recipes import Recipe
from ganbook.training import Game, Prior, Sampler, adam, fit, gan_round
from tests.training.test_waiting import OF_EACH

DEVICE = "cuda"

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA")]


def dcgan_game(**options: Any) -> Game:
    torch.manual_seed(0)
    return Game(DCGANGenerator(5, 3, 16, 4), DCGANDiscriminator(3, 16, 4), prior=Prior(5), **options)


def pictures() -> ImageSet:
    chance = torch.Generator().manual_seed(0)
    return ImageSet("pictures", "train", torch.randint(256, (64, 3, 16, 16), generator=chance, dtype=torch.uint8))


@contextmanager
def repeatable() -> Iterator[None]:
    """Convolutions that give the same sums each time, in full float32."""
    flags = {"enabled": True, "benchmark": False, "deterministic": True, "allow_tf32": False}
    with torch.backends.cudnn.flags(**flags):
        yield


def assert_close(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor], tolerance: float) -> None:
    for name, tensor in a.items():
        torch.testing.assert_close(tensor.cpu(), b[name].cpu(), atol=tolerance, rtol=tolerance, msg=name)


@pytest.mark.parametrize("precision", ["no", "bf16"])
@pytest.mark.parametrize("recipe", OF_EACH.values(), ids=OF_EACH)
def test_every_round_is_played_there(forgotten: None, recipe: Recipe, precision: Any) -> None:
    accelerator = Accelerator(mixed_precision=precision)
    torch.manual_seed(0)
    game = recipe.game()
    before = copy.deepcopy(game.generator.state_dict())
    options: Any = {"batch_size": recipe.batch_size, "progress": False, "accelerator": accelerator}
    curves = fit(game, recipe.load_data(), recipe.play, steps=2, **options)
    assert all(torch.tensor(values).isfinite().all() for values in curves.values())
    after = game.generator.state_dict()
    assert {tensor.device.type for tensor in after.values()} == {DEVICE}
    assert any(not torch.equal(after[weight].cpu(), before[weight]) for weight in before)
    assert all(p.isfinite().all() for p in game.averaged_generator().parameters())


def test_a_run_there_is_that_of_the_cpu_but_for_rounding(monkeypatch: pytest.MonkeyPatch, forgotten: None) -> None:
    here = dcgan_game()
    there = copy.deepcopy(here)
    latents = torch.randn(8, 32, 5)
    for game, device in ((here, "cpu"), (there, DEVICE)):
        given = iter(latents)
        monkeypatch.setattr(game, "sample_prior", lambda n, given=given, device=device: next(given)[:n].to(device))
    there.prepare(Accelerator())
    with repeatable():
        for batch, _ in zip(pictures().batches(32, seed=0), range(2), strict=False):
            scores = here.play(gan_round, batch), there.play(gan_round, batch.to(torch.device(DEVICE)))
            assert_close(*scores, tolerance=1e-3)


def test_mixed_precision_leaves_the_penalty_in_float32(forgotten: None) -> None:
    seen: list[Any] = []

    def penalty(critic: Any, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        found = penalties.r1(critic, real, 1.0) + penalties.gradient_penalty(critic, real, fake.float(), 1.0)
        seen.append((found, critic(real)))
        return found

    game = dcgan_game(penalty=penalty)
    real = next(pictures().batches(32)).real.to(DEVICE)
    game.prepare(Accelerator(mixed_precision="bf16"))
    twin = copy.deepcopy(game.critic)
    with repeatable():
        scores = game.play(gan_round, Batch(real))
        ((found, logits),) = seen
        assert found.dtype == logits.dtype == torch.float32
        assert torch.allclose(logits, twin(real), rtol=1e-3, atol=1e-4)
        rough = game.discriminator(real)
    assert (rough - game.critic(real)).abs().max() > 1e-4, "this precision is not mixed"
    assert all(score.isfinite() for score in scores.values())


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path, forgotten: None) -> None:
    def played(name: str, seed: int, stop: int = 4, resume: bool = False) -> dict[str, torch.Tensor]:
        game = dcgan_game(ema_half_life=100.0)
        torch.manual_seed(seed)
        options: Any = {"batch_size": 32, "progress": False, "out": tmp_path / name, "resume": resume}
        fit(game, pictures(), gan_round, steps=4, watch=lambda game: game.step == stop, watch_every=1, **options)
        assert game.step == stop
        average = {f"average {name}": tensor for name, tensor in game.averaged_generator().state_dict().items()}
        return {**game.generator.state_dict(), **average}

    with repeatable():
        whole = played("whole", seed=1)
        played("parts", seed=1, stop=2)
        resumed, another = played("parts", seed=99, resume=True), played("another", seed=99)
    assert_close(whole, resumed, tolerance=1e-5)
    assert any((whole[name] - another[name]).abs().max() > 1e-4 for name in whole), "latents make no difference"


def test_convolutions_run_with_their_channels_innermost(forgotten: None) -> None:
    game = dcgan_game()
    game.prepare(Accelerator())
    layer = next(m for m in game.discriminator.modules() if isinstance(m, torch.nn.Conv2d))
    seen: list[torch.Tensor] = []
    layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output))
    game.play(gan_round, Batch(next(pictures().batches(32)).real.to(DEVICE)))
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)
    assert seen and all(output.is_contiguous(memory_format=torch.channels_last) for output in seen)
    assert not any(output.is_contiguous() for output in seen)


def test_samples_are_those_of_the_cpu_but_for_rounding() -> None:
    torch.manual_seed(0)
    sampler = Sampler(DCGANGenerator(5, 3, 16, 4), Prior(5), {})
    here = sampler.sample(8, seed=3)
    with repeatable():
        assert (sampler.to(DEVICE).sample(8, seed=3) - here).abs().max() < 1e-3


def test_adam_is_one_fused_kernel_there() -> None:
    assert adam(torch.nn.Linear(2, 2).to(DEVICE)).param_groups[0]["fused"]


@pytest.mark.parametrize("recipe", OF_EACH.values(), ids=OF_EACH)
def test_no_round_waits_for_the_host(forgotten: None, recipe: Recipe) -> None:
    """Between two lines of the log the GPU is given work without ever being asked for a result."""
    accelerator = Accelerator()
    torch.manual_seed(0)
    game = recipe.game()
    game.prepare(accelerator)
    samples = recipe.load_data().to(accelerator.device)
    batches = samples.batches(recipe.batch_size)
    for _ in range(2):  # what is made once, such as optimisers' state, may wait
        game.play(recipe.play, next(batches).to(accelerator.device))
    with warnings.catch_warnings(record=True) as waits:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            game.play(recipe.play, next(batches).to(accelerator.device))
        finally:
            torch.cuda.set_sync_debug_mode("default")
    lines = {f"{Path(wait.filename).name}:{wait.lineno}" for wait in waits if "synchronizing" in str(wait.message)}
    assert not lines, f"waits in {', '.join(sorted(lines))}"
