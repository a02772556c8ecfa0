"""What each of one or two processes plays for test_distributed.py: ``processes.py OUT FOLDER NAME...``.

The first process leaves what all of them found in OUT. FOLDER keeps the checkpoints of two processes, which one that is
alone then tries to resume. Every start costs seconds, so one start plays everything.
"""

import sys
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from ganbook import data, penalties, recipes
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.models.cycle import ImagePool
from ganbook.training import Game, Prior, fit, gan_round
from ganbook.training.checkpoint import CheckpointError

RESUMED = ("conditional-digits", "cyclegan-emoji")


def flat(*networks):
    return torch.cat([p.detach().flatten() for network in networks for p in network.parameters()])


def toy(loss, gamma):
    """Weights after a few rounds of a game whose networks judge each sample by itself."""
    torch.manual_seed(0)
    penalty = (lambda critic, real, fake: penalties.r1(critic, real, gamma)) if gamma else None
    players = MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1)
    g_sgd, d_sgd = (torch.optim.SGD(network.parameters(), lr=0.1) for network in players)
    of = {"loss": loss, "penalty": penalty, "g_optimizer": g_sgd, "d_optimizer": d_sgd, "ema_half_life": 50}
    game = Game(*players, prior=Prior(2), **of)
    fit(game, data.toy.ring(), gan_round, steps=5, batch_size=16, progress=False)
    return game.averaged_generator().state_dict(), players[1].state_dict()


def first_rounds(name):
    """Whether all hold the same weights after two rounds, what each recorded, and what each draws next."""
    recipe = recipes.get(name).at("smoke")
    torch.manual_seed(0)
    game = recipe.game()
    torch.manual_seed(1)
    history = fit(game, recipe.load_data(), recipe.play, steps=2, batch_size=16, progress=False)
    weights = gather_object([flat(game.generator, *([] if game.d_optimizer is None else [game.discriminator]))])
    return all(torch.equal(w, weights[0]) for w in weights), gather_object([history]), gather_object([torch.rand(4)])


def means():
    """What each process takes for the mean of all ranks."""
    recipe = recipes.get("ring").at("smoke")
    game = recipe.game()
    fit(game, recipe.load_data(), recipe.play, steps=1, batch_size=16, progress=False)
    return gather_object([game.mean(torch.tensor(float(game.rank))).item()])


def play(name, out, stop=None, resume=False, **settings):
    """History and weights of a few rounds, which an interruption before round ``stop`` cuts short."""
    recipe = recipes.get(name).at("smoke")
    torch.manual_seed(0)
    game = recipe.game()
    for kept, pool in list(game.memory.items()):
        game.memory[kept] = ImagePool(tuple(pool.images.shape[1:]), 3)  # full soon: then it draws
    torch.manual_seed(5 if resume else 1)

    def round(game, batch):
        if game.step == stop:
            raise KeyboardInterrupt
        return recipe.play(game, batch)

    settings |= {"steps": 4, "batch_size": 4, "progress": False, "checkpoint_every": 2}
    try:
        return fit(game, recipe.load_data(), round, out=out, resume=resume, **settings), flat(game.generator)
    except KeyboardInterrupt:
        return None


def resumed(name, folder):
    """Whether the weights and the history are those of a run that was not interrupted."""
    history, whole = play(name, folder / name / "whole")
    play(name, folder / name / "cut", stop=3)
    again, weights = play(name, folder / name / "cut", resume=True)
    return torch.equal(whole, weights), history == again


def stopped(step, out=None):
    """The rounds played, where one process asks for the end."""
    history, _ = play("ring", out, watch=lambda game: game.rank == 1 and game.step == step, watch_every=1)
    return history["step"]


def main(out, folder, *names):
    torch.set_num_threads(1)
    state, folder = PartialState(cpu=True), Path(folder)
    found = {"world": state.num_processes}
    for loss, gamma in (("non_saturating", 0), ("relativistic", 1.0)):
        found[loss] = toy(loss, gamma)
    found |= {name: first_rounds(name) for name in names}
    found["means"] = means()
    if state.num_processes > 1:
        found["resumed"] = {name: resumed(name, folder) for name in RESUMED}
        found["stopped"] = [stopped(0), stopped(2, folder / "ring")]
    else:
        try:
            play("ring", folder / "ring", resume=True)
        except CheckpointError as error:
            found["said"] = str(error)
    if state.is_main_process:
        torch.save(found, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
