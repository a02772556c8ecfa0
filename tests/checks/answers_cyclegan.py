"""Wrong and right answers to the exercises of chapter 12."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings

answers = Answers("cyclegan")


def l1(a, b):
    return (a - b).abs().mean()


# -- cycle_loss --------------------------------------------------------------------------------------


@answers.wrong("cycle_loss", hint="half-a-circle")
def only_back(there, back, x, y):
    return l1(back(x), x) + l1(there(y), y)


@answers.wrong("cycle_loss", hint="half-a-circle")
def only_there(there, back, x, y):
    return F.l1_loss(there(x), x) + F.l1_loss(back(y), y)


@answers.wrong("cycle_loss", hint="half-a-circle")
def as_if_paired(there, back, x, y):
    return l1(there(x), y) + l1(back(y), x)


@answers.wrong("cycle_loss", hint="one-direction")
def forward_circle(there, back, x, y):
    return F.l1_loss(back(there(x)), x)


@answers.wrong("cycle_loss", hint="one-direction")
def backward_circle(there, back, x, y):
    return F.l1_loss(there(back(y)), y)


@answers.wrong("cycle_loss", hint="wrong-way-round")
def translators_exchanged(there, back, x, y):
    there, back = back, there
    return l1(back(there(x)), x) + l1(there(back(y)), y)


@answers.wrong("cycle_loss", hint="one-circle-twice")
def same_way_for_both(there, back, x, y):
    def circle(images):
        return F.l1_loss(back(there(images)), images)

    return circle(x) + circle(y)


@answers.wrong("cycle_loss", hint="compared-with-the-fake")
def against_halfway(there, back, x, y):
    fake_y, fake_x = there(x), back(y)
    return l1(back(fake_y), fake_y) + l1(there(fake_x), fake_x)


@answers.wrong("cycle_loss", hint="compared-with-the-fake")
def against_the_other_fake(there, back, x, y):
    fake_y, fake_x = there(x), back(y)
    return l1(back(fake_y), fake_x) + l1(there(fake_x), fake_y)


@answers.wrong("cycle_loss", hint="compared-with-the-other-set")
def crossed(there, back, x, y):
    return l1(back(there(x)), y) + l1(there(back(y)), x)


@answers.wrong("cycle_loss", hint="squared")
def mse(there, back, x, y):
    return F.mse_loss(back(there(x)), x) + F.mse_loss(there(back(y)), y)


@answers.wrong("cycle_loss", hint="summed")
def sum_of_all(there, back, x, y):
    return (back(there(x)) - x).abs().sum() + (there(back(y)) - y).abs().sum()


@answers.wrong("cycle_loss", hint="summed")
def norm_of_each_image(there, back, x, y):
    return (back(there(x)) - x).flatten(1).norm(p=1, dim=1).mean() + (there(back(y)) - y).flatten(1).norm(
        p=1, dim=1
    ).mean()


@answers.wrong("cycle_loss", hint="averaged")
def half_of_each(there, back, x, y):
    return 0.5 * l1(back(there(x)), x) + 0.5 * l1(there(back(y)), y)


@answers.wrong("cycle_loss", hint="cut-halfway")
def fakes_without_gradient(there, back, x, y):
    with torch.no_grad():
        fake_y, fake_x = there(x), back(y)
    return l1(back(fake_y), x) + l1(there(fake_x), y)


@answers.wrong("cycle_loss", hint="no-gradient")
def as_numbers(there, back, x, y):
    return F.l1_loss(back(there(x)), x).item() + F.l1_loss(there(back(y)), y).item()


@answers.right("cycle_loss")
def by_l1_loss(there, back, x, y):
    return F.l1_loss(back(there(x)), x) + F.l1_loss(there(back(y)), y)


@answers.right("cycle_loss")
def differences_in_one_row(there, back, x, y):
    off_x, off_y = back(there(x)) - x, there(back(y)) - y
    return off_x.abs().sum() / x.numel() + off_y.abs().sum() / y.numel()


@answers.right("cycle_loss")
def in_one_loop(there, back, x, y):
    loss = 0
    for first, second, images in ((there, back, x), (back, there, y)):
        loss = loss + torch.linalg.vector_norm(images - second(first(images)), ord=1) / images.numel()
    return loss


@answers.right("cycle_loss")
def image_by_image(there, back, x, y):
    forward = torch.stack([l1(back(there(one[None])), one[None]) for one in x]).mean()
    return forward + torch.stack([l1(there(back(one[None])), one[None]) for one in y]).mean()


# -- identity_loss -----------------------------------------------------------------------------------


@answers.wrong("identity_loss", hint="source-kept")
def keeps_sources(there, back, x, y):
    return l1(there(x), x) + l1(back(y), y)


@answers.wrong("identity_loss", hint="compared-with-the-other-set")
def paired_loss(there, back, x, y):
    return l1(there(x), y) + l1(back(y), x)


@answers.wrong("identity_loss", hint="compared-with-the-other-set")
def kept_against_the_other(there, back, x, y):
    return l1(there(y), x) + l1(back(x), y)


@answers.wrong("identity_loss", hint="one-translator")
def only_targets(there, back, x, y):
    return F.l1_loss(there(y), y)


@answers.wrong("identity_loss", hint="one-translator")
def only_sources(there, back, x, y):
    return F.l1_loss(back(x), x)


@answers.wrong("identity_loss", hint="cycle-loss")
def circles(there, back, x, y):
    return l1(back(there(x)), x) + l1(there(back(y)), y)


@answers.wrong("identity_loss", hint="cycle-loss")
def circles_of_the_kept(there, back, x, y):
    return l1(back(there(y)), y) + l1(there(back(x)), x)


@answers.wrong("identity_loss", hint="squared")
def identity_mse(there, back, x, y):
    return (there(y) - y).pow(2).mean() + (back(x) - x).pow(2).mean()


@answers.wrong("identity_loss", hint="summed")
def identity_sum(there, back, x, y):
    return F.l1_loss(there(y), y, reduction="sum") + F.l1_loss(back(x), x, reduction="sum")


@answers.wrong("identity_loss", hint="summed")
def identity_sum_of_each_image(there, back, x, y):
    return (there(y) - y).abs().sum((1, 2, 3)).mean() + (back(x) - x).abs().sum((1, 2, 3)).mean()


@answers.wrong("identity_loss", hint="averaged")
def identity_mean_of_two(there, back, x, y):
    return (l1(there(y), y) + l1(back(x), x)) / 2


@answers.wrong("identity_loss", hint="cut-off")
def identity_without_gradient(there, back, x, y):
    with torch.no_grad():
        return l1(there(y), y) + l1(back(x), x)


@answers.right("identity_loss")
def identity_l1_loss(there, back, x, y):
    return F.l1_loss(there(y), y) + F.l1_loss(back(x), x)


@answers.right("identity_loss")
def identity_other_order(there, back, x, y):
    return torch.abs(x - back(x)).mean() + torch.abs(y - there(y)).mean()


@answers.right("identity_loss")
def both_kinds_at_once(there, back, x, y):
    both = torch.cat((x, y))
    target_kept, source_kept = there(both)[len(x) :], back(both)[: len(x)]
    return (target_kept - y).abs().flatten(1).mean(1).mean() + (source_kept - x).abs().flatten(1).mean(1).mean()


# -- generator_objective -----------------------------------------------------------------------------


def cycle_of(there, back, x, y):
    return l1(back(there(x)), x) + l1(there(back(y)), y)


def identity_of(there, back, x, y):
    return l1(there(y), y) + l1(back(x), x)


def fooled(logits):
    return 0.5 * ((logits - 1) ** 2).mean()


@answers.wrong("generator_objective", hint="identity-without-lambda")
def share_alone(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x))) + fooled(critic_x(back(y)))
    return adversarial + cycle_weight * cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)


@answers.wrong("generator_objective", hint="identity-not-weighted")
def no_share(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x))) + fooled(critic_x(back(y)))
    return adversarial + cycle_weight * (cycle_of(there, back, x, y) + identity_of(there, back, x, y))


@answers.wrong("generator_objective", hint="identity-not-weighted")
def neither(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x))) + fooled(critic_x(back(y)))
    return adversarial + cycle_weight * cycle_of(there, back, x, y) + identity_of(there, back, x, y)


@answers.wrong("generator_objective", hint="lambda-on-the-critics")
def weight_in_front_of_all(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x))) + fooled(critic_x(back(y)))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return cycle_weight * (adversarial + reconstruction)


@answers.wrong("generator_objective", hint="lambda-on-the-critics")
def weight_on_the_wrong_term(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x))) + fooled(critic_x(back(y)))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return cycle_weight * adversarial + reconstruction


@answers.wrong("generator_objective", hint="weights-fixed")
def ten_and_a_half(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x))) + fooled(critic_x(back(y)))
    return adversarial + 10 * cycle_of(there, back, x, y) + 5 * identity_of(there, back, x, y)


@answers.wrong("generator_objective", hint="target-0")
def as_fakes(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = 0.5 * (critic_y(there(x)) ** 2).mean() + 0.5 * (critic_x(back(y)) ** 2).mean()
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="half-missing")
def plain_mse(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    to_y, to_x = critic_y(there(x)), critic_x(back(y))
    adversarial = F.mse_loss(to_y, torch.ones_like(to_y)) + F.mse_loss(to_x, torch.ones_like(to_x))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="logistic")
def cross_entropy(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    to_y, to_x = critic_y(there(x)), critic_x(back(y))
    bce = F.binary_cross_entropy_with_logits
    adversarial = bce(to_y, torch.ones_like(to_y)) + bce(to_x, torch.ones_like(to_x))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="critics-swapped")
def critics_exchanged(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_x(there(x))) + fooled(critic_y(back(y)))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="real-images-judged")
def critics_see_real(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(y)) + fooled(critic_x(x))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="critics-turn-in-it")
def real_terms_too(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = sum(fooled(logits) for logits in (critic_x(x), critic_x(back(y)), critic_y(y), critic_y(there(x))))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="one-critic")
def only_the_targets_critic(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return fooled(critic_y(there(x))) + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="one-critic")
def only_the_sources_critic(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return fooled(critic_x(back(y))) + cycle_weight * reconstruction


@answers.wrong("generator_objective", hint="cut-off")
def detached_for_the_critics(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    adversarial = fooled(critic_y(there(x).detach())) + fooled(critic_x(back(y).detach()))
    reconstruction = cycle_of(there, back, x, y) + identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * reconstruction


@answers.right("generator_objective")
def term_by_term(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    fake_y, fake_x = there(x), back(y)
    loss = 0.5 * (critic_y(fake_y) - 1).square().mean()
    loss = loss + 0.5 * (critic_x(fake_x) - 1).square().mean()
    loss = loss + cycle_weight * F.l1_loss(back(fake_y), x)
    loss = loss + cycle_weight * F.l1_loss(there(fake_x), y)
    loss = loss + cycle_weight * identity_share * F.l1_loss(there(y), y)
    return loss + cycle_weight * identity_share * F.l1_loss(back(x), x)


@answers.right("generator_objective")
def half_in_front(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    to_y, to_x = critic_y(there(x)), critic_x(back(y))
    adversarial = (F.mse_loss(to_y, torch.ones_like(to_y)) + F.mse_loss(to_x, torch.ones_like(to_x))) / 2
    identity = cycle_weight * identity_share * identity_of(there, back, x, y)
    return adversarial + cycle_weight * cycle_of(there, back, x, y) + identity


@answers.right("generator_objective")
def with_the_library(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    from ganbook import losses, models

    made = models.TwoTranslators(there, back)(x, y)
    loss = losses.get("least_squares")
    adversarial = loss.generator(critic_x(made.fake_source)) + loss.generator(critic_y(made.fake_target))
    cycle = F.l1_loss(made.source_again, x) + F.l1_loss(made.target_again, y)
    identity = F.l1_loss(made.source_kept, x) + F.l1_loss(made.target_kept, y)
    return adversarial + cycle_weight * (cycle + identity_share * identity)


# -- pool_query --------------------------------------------------------------------------------------


def pool(
    chance=lambda: torch.rand(()) < 0.5,
    place=lambda size: int(torch.randint(size, ())),
    cut=lambda t: t.detach(),
    gives_back=True,
    puts_in=True,
):
    """A pool with any of the mistakes in it."""

    def query(kept, images, size):
        returned = []
        for image in cut(images):
            if len(kept) < size:
                kept.append(image)
                returned.append(image)
            elif chance():
                where = place(size)
                returned.append(kept[where] if gives_back else image)
                if puts_in:
                    kept[where] = image
            else:
                returned.append(image)
        return torch.stack(returned)

    return query


@answers.wrong("pool_query", hint="overwrites-its-input")
def writes_into_the_batch(kept, images, size):
    out = images.detach()
    for i in range(len(out)):
        if len(kept) < size:
            kept.append(out[i].clone())
        elif random.random() < 0.5:
            where = random.randrange(size)
            old = kept[where]
            kept[where] = out[i].clone()
            out[i] = old
    return out


@answers.wrong("pool_query", hint="nothing-kept")
def new_list(kept, images, size):
    if len(kept) < size:
        kept = kept + list(images.detach())
    return images.detach()


@answers.wrong("pool_query", hint="beyond-its-size")
def asks_once_a_batch(kept, images, size):
    if len(kept) < size:
        kept.extend(images.detach())
        return images.detach().clone()
    return pool()(kept, images, size)


@answers.wrong("pool_query", hint="beyond-its-size")
def keeps_everything(kept, images, size):
    kept.extend(images.detach())
    return torch.stack([random.choice(kept) if random.random() < 0.5 else image for image in images.detach()])


@answers.wrong("pool_query", hint="too-early")
def exchanges_while_filling(kept, images, size):
    out = []
    for image in images.detach():
        if kept and random.random() < 0.5:
            where = random.randrange(len(kept))
            out.append(kept[where])
            kept[where] = image
        else:
            if len(kept) < size:
                kept.append(image)
            out.append(image)
    return torch.stack(out)


answers.wrong("pool_query", hint="keeps-the-graph")(pool(cut=lambda t: t))


@answers.wrong("pool_query", hint="keeps-the-graph")
def kept_without_graph_returned_with_it(kept, images, size):
    out = []
    for image in images:
        if len(kept) < size:
            kept.append(image.detach())
            out.append(image)
        elif random.random() < 0.5:
            where = random.randrange(size)
            out.append(kept[where])
            kept[where] = image.detach()
        else:
            out.append(image)
    return torch.stack(out)


@answers.wrong("pool_query", hint="never-exchanged")
def returns_the_new_ones(kept, images, size):
    for image in images.detach():
        if len(kept) < size:
            kept.append(image)
    return images.detach()


answers.wrong("pool_query", hint="not-put-in")(pool(puts_in=False))
answers.wrong("pool_query", hint="not-given-back")(pool(gives_back=False))


@answers.wrong("pool_query", hint="not-given-back")
def view_of_the_buffer(kept, images, size):
    out = []
    for image in images.detach().clone():
        if len(kept) < size:
            kept.append(image.clone())
            out.append(image)
        elif random.random() < 0.5:
            where = random.randrange(size)
            out.append(kept[where])  # the same memory ...
            kept[where].copy_(image)  # ... that is overwritten here
        else:
            out.append(image)
    return torch.stack(out)


answers.wrong("pool_query", hint="always-exchanged")(pool(chance=lambda: True))


@answers.wrong("pool_query", hint="one-decision-a-batch")
def one_coin(kept, images, size):
    exchange = bool(torch.rand(()) < 0.5)
    return pool(chance=lambda: exchange)(kept, images, size)


@answers.wrong("pool_query", hint="half-of-every-batch")
def first_half(kept, images, size):
    images = images.detach()
    if len(kept) < size:
        return pool()(kept, images, size)
    out = images.clone()
    for i in torch.randperm(len(images))[: len(images) // 2].tolist():
        where = random.randrange(size)
        out[i], kept[where] = kept[where], images[i]
    return out


answers.wrong("pool_query", hint="always-the-same-place")(pool(place=lambda size: 0))
answers.wrong("pool_query", hint="always-the-same-place")(pool(place=lambda size: -1))


@answers.wrong("pool_query", hint="a-queue")
def first_in_first_out(kept, images, size):
    out = []
    for image in images.detach():
        if len(kept) < size:
            kept.append(image)
            out.append(image)
        elif random.random() < 0.5:
            out.append(kept.pop(0))
            kept.append(image)
        else:
            out.append(image)
    return torch.stack(out)


@answers.wrong("pool_query", hint="shape")
def pixels(kept, images, size):
    kept.extend(images.detach()[: size - len(kept)])
    return images.detach().flatten()


for number, (task, function, hint) in enumerate(answers.wrongs):
    if task == "pool_query" and function.__name__ == "query":
        function.__name__ = f"{hint.replace('-', '_')}_{number}"


@answers.right("pool_query")
def with_python_random(kept, images, size):
    out = []
    for image in images.detach():
        if len(kept) < size:
            kept.append(image)
        elif random.random() > 0.5:
            where = random.randrange(size)
            image, kept[where] = kept[where], image
        out.append(image)
    return torch.stack(out)


@answers.right("pool_query")
def with_numpy_and_a_list(kept, images, size):
    generator, out = np.random.default_rng(), []
    for image in images:
        copy = image.detach().clone()
        if len(kept) < size:
            kept.append(copy)
            out.append(copy)
        elif generator.integers(2):
            out.append(kept.pop(int(generator.integers(size))))
            kept.append(copy)
        else:
            out.append(copy)
    return out


@answers.right("pool_query")
@torch.no_grad()
def all_at_once(kept, images, size):
    room = min(size - len(kept), len(images))
    kept.extend(images[:room].clone())
    out = images.clone()
    chosen = (room + torch.nonzero(torch.rand(len(images) - room) < 0.5).flatten()).tolist()
    places = torch.randperm(size)[: len(chosen)].tolist()
    for i, where in zip(chosen, places, strict=False):
        out[i] = kept[where]
        kept[where] = images[i].clone()
    return out


@answers.right("pool_query")
def shuffled_order(kept, images, size):
    returned = with_python_random(kept, images, size)
    return returned[torch.randperm(len(returned))]


# -- unpaired_batches --------------------------------------------------------------------------------


def passes(length, count, order):
    """The first `count` indices of pass after pass, each in the order that `order(length)` draws."""
    row = []
    while len(row) < count:
        row += [int(i) for i in order(length)]
    return row[:count]


def batched(row, size):
    return [torch.tensor(row[at : at + size]) for at in range(0, len(row), size)]


def paired_up(x, y, size):
    return list(zip(batched(x, size), batched(y, size), strict=True))


@answers.wrong("unpaired_batches", hint="stops-early")
def zipped(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    return list(zip(torch.randperm(n).split(batch_size), torch.randperm(m).split(batch_size), strict=False))


@answers.wrong("unpaired_batches", hint="pairs-come-back")
def one_seed_for_two_generators(n, m, batch_size, steps, seed):
    rows = []
    for length in (n, m):
        generator = torch.Generator().manual_seed(seed)
        rows.append(passes(length, steps * batch_size, lambda k, g=generator: torch.randperm(k, generator=g)))
    return paired_up(*rows, batch_size)


@answers.wrong("unpaired_batches", hint="pairs-come-back")
def one_permutation(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    row = passes(max(n, m), steps * batch_size, torch.randperm)
    return paired_up([i % n for i in row], [i % m for i in row], batch_size)


@answers.wrong("unpaired_batches", hint="same-couples-again")
def shifted_by_one(n, m, batch_size, steps, seed):
    generator = random.Random(seed)
    x = passes(n, steps * batch_size, lambda k: generator.sample(range(k), k))
    return paired_up(x, [(i + 1) % m for i in x], batch_size)


@answers.wrong("unpaired_batches", hint="not-shuffled")
def in_order(n, m, batch_size, steps, seed):
    return paired_up(passes(n, steps * batch_size, range), passes(m, steps * batch_size, range), batch_size)


@answers.wrong("unpaired_batches", hint="sources-not-shuffled")
def only_targets_shuffled(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    count = steps * batch_size
    return paired_up(passes(n, count, range), passes(m, count, torch.randperm), batch_size)


@answers.wrong("unpaired_batches", hint="targets-not-shuffled")
def only_sources_shuffled(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    count = steps * batch_size
    return paired_up(passes(n, count, torch.randperm), passes(m, count, range), batch_size)


@answers.wrong("unpaired_batches", hint="one-order-for-all-passes")
def shuffled_once(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    x, y = torch.randperm(n).tolist(), torch.randperm(m).tolist()
    count = steps * batch_size
    return paired_up(passes(n, count, lambda _: x), passes(m, count, lambda _: y), batch_size)


@answers.wrong("unpaired_batches", hint="seed-ignored")
def global_random_numbers(n, m, batch_size, steps, seed):
    count = steps * batch_size
    return paired_up(passes(n, count, torch.randperm), passes(m, count, torch.randperm), batch_size)


@answers.wrong("unpaired_batches", hint="seed-fixed")
def always_zero(n, m, batch_size, steps, seed):
    torch.manual_seed(0)
    return global_random_numbers(n, m, batch_size, steps, seed)


@answers.wrong("unpaired_batches", hint="with-replacement")
def randint(n, m, batch_size, steps, seed):
    g = torch.Generator().manual_seed(seed)
    return [
        (torch.randint(n, (batch_size,), generator=g), torch.randint(m, (batch_size,), generator=g))
        for _ in range(steps)
    ]


@answers.wrong("unpaired_batches", hint="with-replacement")
def a_draw_for_every_batch(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    return [(torch.randperm(n)[:batch_size], torch.randperm(m)[:batch_size]) for _ in range(steps)]


@answers.wrong("unpaired_batches", hint="with-replacement")
def only_the_first_n_targets(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)
    count = steps * batch_size
    return paired_up(passes(n, count, torch.randperm), passes(n, count, torch.randperm), batch_size)


@answers.wrong("unpaired_batches", hint="not-pairs")
def two_long_lists(n, m, batch_size, steps, seed):
    pairs = endless_generators(n, m, batch_size, steps, seed)
    return [i for i, _ in pairs], [j for _, j in pairs]


@answers.right("unpaired_batches")
def endless_generators(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)

    def indices(length):
        while True:
            yield from torch.randperm(length).tolist()

    sources, targets = indices(n), indices(m)
    return [
        ([next(sources) for _ in range(batch_size)], [next(targets) for _ in range(batch_size)]) for _ in range(steps)
    ]


@answers.right("unpaired_batches")
def two_seeds(n, m, batch_size, steps, seed):
    rows = []
    for i, length in enumerate((n, m)):
        generator = np.random.default_rng([seed, i])
        order = [generator.permutation(length) for _ in range(steps * batch_size // length + 1)]
        rows.append(np.concatenate(order)[: steps * batch_size].reshape(steps, batch_size))
    return list(zip(*rows, strict=True))


@answers.right("unpaired_batches")
def a_generator_function(n, m, batch_size, steps, seed):
    rng = random.Random(seed)
    left = {n: [], -m: []}  # what a pass has not given yet
    for _ in range(steps):
        pair = []
        for key, length in ((n, n), (-m, m)):
            batch = []
            while len(batch) < batch_size:
                if not left[key]:
                    left[key] = rng.sample(range(length), length)
                batch.append(left[key].pop())
            pair.append(torch.tensor(batch))
        yield pair


@answers.right("unpaired_batches")
def neighbouring_seeds(n, m, batch_size, steps, seed):
    rows = []
    for length, own in ((n, 2 * seed), (m, 2 * seed + 1)):
        g = torch.Generator().manual_seed(own)
        rows.append(passes(length, steps * batch_size, lambda k, g=g: torch.rand(k, generator=g).argsort()))
    return paired_up(*rows, batch_size)


# -- noise_sensitivity -------------------------------------------------------------------------------


@answers.wrong("noise_sensitivity", hint="noise-on-the-source")
def noisy_source(there, back, x, std, noise):
    return l1(back(there(x + std * noise)), x) - l1(back(there(x)), x)


@answers.wrong("noise_sensitivity", hint="noise-at-the-end")
def noisy_reconstruction(there, back, x, std, noise):
    again = back(there(x))
    return l1(again + std * noise, x) - l1(again, x)


@answers.wrong("noise_sensitivity", hint="no-baseline")
def error_with_noise(there, back, x, std, noise):
    return F.l1_loss(back(there(x) + std * noise), x)


@answers.wrong("noise_sensitivity", hint="turned-round")
def clean_minus_noisy(there, back, x, std, noise):
    return l1(back(there(x)), x) - l1(back(there(x) + std * noise), x)


@answers.wrong("noise_sensitivity", hint="between-reconstructions")
def how_far_it_moves(there, back, x, std, noise):
    return F.l1_loss(back(there(x) + std * noise), back(there(x)))


@answers.wrong("noise_sensitivity", hint="squared")
def mean_squares(there, back, x, std, noise):
    return F.mse_loss(back(there(x) + std * noise), x) - F.mse_loss(back(there(x)), x)


@answers.wrong("noise_sensitivity", hint="summed")
def sums(there, back, x, std, noise):
    return (back(there(x) + std * noise) - x).abs().sum() - (back(there(x)) - x).abs().sum()


@answers.wrong("noise_sensitivity", hint="std-left-out")
def noise_as_it_is(there, back, x, std, noise):
    return l1(back(there(x) + noise), x) - l1(back(there(x)), x)


@answers.wrong("noise_sensitivity", hint="std-as-variance")
def root_of_std(there, back, x, std, noise):
    return l1(back(there(x) + std**0.5 * noise), x) - l1(back(there(x)), x)


@answers.wrong("noise_sensitivity", hint="std-as-variance")
def std_squared(there, back, x, std, noise):
    return l1(back(there(x) + std**2 * noise), x) - l1(back(there(x)), x)


@answers.wrong("noise_sensitivity", hint="clamped")
def kept_in_range(there, back, x, std, noise):
    return l1(back(torch.clamp(there(x) + std * noise, -1, 1)), x) - l1(back(there(x)), x)


@answers.wrong("noise_sensitivity", hint="translators-swapped")
def other_way_round(there, back, x, std, noise):
    return l1(there(back(x) + std * noise), x) - l1(there(back(x)), x)


@answers.wrong("noise_sensitivity", hint="noise-of-its-own")
def fresh_noise(there, back, x, std, noise):
    fake = there(x)
    return l1(back(fake + std * torch.randn_like(fake)), x) - l1(back(fake), x)


@answers.right("noise_sensitivity")
def two_l1_losses(there, back, x, std, noise):
    fake = there(x)
    return F.l1_loss(back(fake + std * noise), x) - F.l1_loss(back(fake), x)


@answers.right("noise_sensitivity")
@torch.no_grad()
def one_batch_as_a_number(there, back, x, std, noise):
    fake = there(x)
    noisy, clean = back(torch.cat((fake + std * noise, fake))).chunk(2)
    return ((noisy - x).abs() - (clean - x).abs()).mean().item()


@answers.right("noise_sensitivity")
def with_numpy(there, back, x, std, noise):
    noisy, clean = (back(there(x) + s * noise).detach().numpy() for s in (std, 0.0))
    return np.abs(noisy - x.numpy()).mean() - np.abs(clean - x.numpy()).mean()


# -- cyclegan_step -----------------------------------------------------------------------------------


def make(leaky=False, swapped=False, same_way=False, swapped_too=False, cut_off=False):
    def step(there, back, critic_x, critic_y, g_optimizer, d_optimizer, x, y, cycle_weight):
        g_optimizer.zero_grad()
        d_optimizer.zero_grad()
        fake_y, fake_x = there(x), back(y)
        if cut_off:
            fake_y, fake_x = fake_y.detach(), fake_x.detach()
        judges = ((critic_x, x, fake_x), (critic_y, y, fake_y))
        if swapped_too:
            judges = ((critic_y, x, fake_x), (critic_x, y, fake_y))
        d_loss = 0
        for critic, real, fake in judges:
            real_logits, fake_logits = critic(real), critic(fake if leaky else fake.detach())
            d_loss = d_loss + 0.5 * (real_logits - 1).square().mean() + 0.5 * fake_logits.square().mean()
        d_loss.backward(retain_graph=True)
        d_optimizer.step()
        g_loss = fooled((critic_y if swapped else critic_x)(fake_x)) + fooled(
            (critic_x if swapped else critic_y)(fake_y)
        )
        g_loss = g_loss + cycle_weight * l1(back(fake_y), x)
        g_loss = g_loss + cycle_weight * l1(back(there(y)) if same_way else there(fake_x), y)
        g_loss.backward()
        g_optimizer.step()
        return g_loss, d_loss

    return step


BUGS = {
    "leaky": {"leaky": True},
    "critics-swapped": {"swapped": True},
    "same-way-round": {"same_way": True},
    "leaky-and-swapped": {"leaky": True, "swapped": True},
    "leaky-and-same-way": {"leaky": True, "same_way": True},
    "swapped-and-same-way": {"swapped": True, "same_way": True},
    "swapped-everywhere": {"swapped": True, "swapped_too": True},
    "cut-off-for-both": {"cut_off": True},
}
for hint, bugs in BUGS.items():
    left = make(**bugs)
    left.__name__ = hint.replace("-", "_") + "_left"
    answers.wrong("cyclegan_step", hint=hint)(left)
for hint, bugs in (
    ("cut-off-for-both", {"cut_off": True, "swapped": True, "same_way": True}),
    ("swapped-everywhere", {"swapped": True, "swapped_too": True, "leaky": True, "same_way": True}),
):
    left = make(**bugs)
    left.__name__ = hint.replace("-", "_") + "_and_all_the_rest_left"
    answers.wrong("cyclegan_step", hint=hint)(left)


@answers.right("cyclegan_step")
def detached_for_the_critics_turn(there, back, critic_x, critic_y, g_optimizer, d_optimizer, x, y, cycle_weight):
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()
    fake_y, fake_x = there(x), back(y)
    d_loss = 0.5 * (critic_x(x) - 1).square().mean() + 0.5 * critic_x(fake_x.detach()).square().mean()
    d_loss = d_loss + 0.5 * (critic_y(y) - 1).square().mean() + 0.5 * critic_y(fake_y.detach()).square().mean()
    d_loss.backward()
    d_optimizer.step()
    g_loss = 0.5 * (critic_x(fake_x) - 1).square().mean() + 0.5 * (critic_y(fake_y) - 1).square().mean()
    cycle = F.l1_loss(back(fake_y), x) + F.l1_loss(there(fake_x), y)
    g_loss = g_loss + cycle_weight * cycle
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("cyclegan_step")
def gradients_thrown_away(there, back, critic_x, critic_y, g_optimizer, d_optimizer, x, y, cycle_weight):
    """The critics' loss still runs into the translators, but what it leaves there is cleared before their turn."""
    d_optimizer.zero_grad()
    fake_y, fake_x = there(x), back(y)
    d_loss = 0.5 * (critic_x(x) - 1).square().mean() + 0.5 * critic_x(fake_x).square().mean()
    d_loss = d_loss + 0.5 * (critic_y(y) - 1).square().mean() + 0.5 * critic_y(fake_y).square().mean()
    d_loss.backward(retain_graph=True)
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = fooled(critic_x(fake_x)) + fooled(critic_y(fake_y)) + cycle_weight * cycle_of(there, back, x, y)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("cyclegan_step")
def fakes_made_twice(there, back, critic_x, critic_y, g_optimizer, d_optimizer, x, y, cycle_weight):
    with torch.no_grad():
        old_y, old_x = there(x), back(y)
    d_loss = g_loss = 0.0
    for critic, real, fake in ((critic_y, y, old_y), (critic_x, x, old_x)):
        for parameter in critic.parameters():
            parameter.grad = None
        loss = 0.5 * ((critic(real) - 1) ** 2).mean() + 0.5 * (critic(fake) ** 2).mean()
        loss.backward()
        d_loss += loss.item()
    d_optimizer.step()
    g_optimizer.zero_grad()
    of_g = fooled(critic_y(there(x))), fooled(critic_x(back(y))), cycle_weight * cycle_of(there, back, x, y)
    for loss in of_g:
        loss.backward()
        g_loss += loss.item()
    g_optimizer.step()
    return d_loss, g_loss


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {"A": ("turns round", 0.03), "B": ("smuggles", 0.001), "C": ("forgets", 0), "D": ("changes nothing", 0.1)},
    {
        "a-misread": {"A": ("honest", 0.03)},
        "b-misread": {"B": ("forgets", 0.001)},
        "c-misread": {"C": ("smuggles", 0)},
        "d-misread": {"D": ("honest", 0.1)},
        "misplaced": {"D": ("changes nothing", 0.03)},
        "unknown-place": {"D": ("changes nothing", 0.05)},
    },
)
