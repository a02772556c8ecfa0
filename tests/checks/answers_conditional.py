"""Wrong and right answers to the exercises of chapter 10."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings

answers = Answers("conditional")


# -- condition_generator -----------------------------------------------------------------------------


@answers.right("condition_generator")
def by_one_hot(z, labels, classes):
    code = F.one_hot(labels, classes)
    return torch.cat((z, code), dim=1)


answers.right(
    "condition_generator",
    lambda z, labels, classes: np.concatenate([z.numpy(), labels.numpy()[:, None] == np.arange(classes)], axis=1),
)
CODE = "F.one_hot(labels, classes)"
answers.also(
    "condition_generator",
    by_one_hot,
    "torch.hstack([z.double(), torch.eye(classes, dtype=torch.float64)[labels]])",
    (CODE, "torch.zeros(len(z), classes).scatter_(1, labels[:, None], 1.0)"),
)
answers.slips(
    "condition_generator",
    by_one_hot,
    {
        "code-first": [("z, code", "code, z")],
        "label-as-number": [
            (CODE, f"labels[:, None]{scaled}") for scaled in ("", " / (classes - 1)", ".repeat(1, classes)")
        ],
        "columns-from-the-batch": [(", classes", "")],
        "every-class-of-the-batch": [(CODE, "torch.zeros(len(z), classes).index_fill(1, labels, 1)")],
        "next-class": [(CODE, "torch.eye(classes)[labels - 1]")],
        "first-label-for-all": [("labels,", "labels[:1].expand(len(z)),")],
        "code-alone": ["F.one_hot(labels, classes).to(z.dtype)"],
        "joined-along-the-batch": [(", dim=1", "")],
    },
)


# -- condition_discriminator -------------------------------------------------------------------------


@answers.right("condition_discriminator")
def expanded(x, labels, classes):
    code = F.one_hot(labels, classes)
    maps = code[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, maps], dim=1)


@answers.right("condition_discriminator")
def image_by_image(x, labels, classes):
    rows = []
    for image, label in zip(x, labels, strict=True):
        maps = torch.stack([torch.full(image.shape[1:], float(k == label)) for k in range(classes)])
        rows.append(torch.cat([image, maps]))
    return torch.stack(rows)


MAPS = "code[:, :, None, None].expand(-1, -1, *x.shape[2:])"
answers.also(
    "condition_discriminator",
    expanded,
    (CODE, "(labels[:, None] == torch.arange(classes)).double()"),
    (MAPS, "torch.zeros(len(x), classes, *x.shape[2:])\n    maps[torch.arange(len(x)), labels] = 1"),
)
answers.slips(
    "condition_discriminator",
    expanded,
    {
        "scrambled": [
            (MAPS, "code.repeat(1, x[0, 0].numel()).view(-1, classes, *x.shape[2:])"),
            (MAPS, "code.repeat(x[0, 0].numel(), 1).view(-1, classes, *x.shape[2:])"),
            (MAPS, "code[:, None, None].expand(-1, *x.shape[2:], -1).reshape(-1, classes, *x.shape[2:])"),
        ],
        "label-as-number": [(CODE, "labels[:, None]"), (CODE, "labels[:, None] / classes")],
        "one-pixel": [(MAPS, "F.pad(code[..., None, None], (0, x.shape[3] - 1, 0, x.shape[2] - 1))")],
        "code-first": [("x, maps", "maps, x")],
        "columns-from-the-batch": [(", classes", "")],
        "every-class-of-the-batch": [(CODE, "torch.zeros(len(x), classes).index_fill(1, labels, 1)")],
        "next-class": [(CODE, "torch.eye(classes)[labels - 1]")],
        "first-label-for-all": [("labels,", "labels[:1].expand(len(x)),")],
        "code-is-no-map": [(MAPS, "code"), (".expand(-1, -1, *x.shape[2:])", "")],
        "no-gradient": [("[x,", "[x.detach(),")],
    },
)


# -- conditional_batchnorm ---------------------------------------------------------------------------


@answers.right("conditional_batchnorm")
def by_hand(x, labels, gamma, beta, eps=1e-5):
    dims = (0, 2, 3)
    mean, var = x.mean(dims, keepdim=True), x.var(dims, unbiased=False, keepdim=True)
    x_hat = (x - mean) / torch.sqrt(var + eps)
    return gamma[labels][:, :, None, None] * x_hat + beta[labels][:, :, None, None]


@answers.right("conditional_batchnorm")
def by_one_hot_product(x, labels, gamma, beta, eps=1e-5):
    code = F.one_hot(labels, len(gamma)).double()
    scale, shift = code @ gamma.double(), code @ beta.double()
    x = x.double()
    x_hat = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), correction=0, keepdim=True) + eps).sqrt()
    return torch.einsum("nc,nchw->nchw", scale, x_hat) + shift.view(*shift.shape, 1, 1)


@answers.right("conditional_batchnorm")
def one_scale_and_one_shift(x, labels, gamma, beta, eps=1e-5):
    """As kernels compute it, with a scale of hundreds where a map does not vary."""
    scale = gamma[labels] / (x.var((0, 2, 3), correction=0) + eps).sqrt()
    shift = beta[labels] - x.mean((0, 2, 3)) * scale
    return x * scale[:, :, None, None] + shift[:, :, None, None]


answers.also(
    "conditional_batchnorm",
    by_hand,
    ("(x - mean) / torch.sqrt(var + eps)", "F.batch_norm(x, None, None, training=True, eps=eps)"),
    ("(x - mean) / torch.sqrt(var + eps)", "(x - mean) * torch.rsqrt((x**2).mean(dims, keepdim=True) - mean**2 + eps)"),
)
ROWS = "[labels][:, :, None, None]"
answers.slips(
    "conditional_batchnorm",
    by_hand,
    {
        "statistics-of-each-class": [
            """
            out = torch.empty_like(x)
            for k in labels.unique():
                mine = labels == k
                out[mine] = by_hand(x[mine], labels[mine], gamma, beta, eps)
            return out
            """
        ],
        "statistics-of-each-sample": [("(0, 2, 3)", "(2, 3)")],
        "statistics-of-each-pixel": [("(0, 2, 3)", "0")],
        "channels-together": [("(0, 2, 3)", "(0, 1, 2, 3)")],
        "not-normalised": [("x_hat +", "x +")],
        "tables-swapped": ["by_hand(x, labels, beta, gamma, eps)"],
        "half-of-the-affine-part": [(f" + beta{ROWS}", ""), (f"gamma{ROWS} * ", "")],
        "one-plus-gamma": [("gamma[", "(1 + gamma)[")],
        "n-minus-one": [("unbiased=False, ", "")],
        "variance-without-root": [("torch.sqrt", "")],
        "eps-ignored": [("+ eps", "+ 1e-5")],
        "eps-beside-the-root": [("torch.sqrt(var + eps)", "(torch.sqrt(var) + eps)")],
        "affine-first": [f"F.batch_norm(gamma{ROWS} * x + beta{ROWS}, None, None, training=True, eps=eps)"],
        "same-for-all-classes": [(ROWS, f"{row}[:, None, None]") for row in (".mean(0)", "[0]", "[labels[0]]")],
        "statistics-cut-off": [("x_hat =", "mean, var = mean.detach(), var.detach()\n    x_hat =")],
    },
)


# -- projection_logit --------------------------------------------------------------------------------


@answers.right("projection_logit")
def summed_product(features, labels, weight, bias, embedding):
    linear = features @ weight + bias
    product = (embedding[labels] * features).sum(dim=1)
    return linear + product


PRODUCT = "(embedding[labels] * features).sum(dim=1)"
answers.also(
    "projection_logit",
    summed_product,
    'torch.einsum("nf,nf->n", features, weight + embedding[labels]) + bias',
    (PRODUCT, "(features @ embedding.T).gather(1, labels[:, None])[:, 0]"),
    (PRODUCT, "torch.diag(features.double() @ embedding.double()[labels].T)"),
)
answers.slips(
    "projection_logit",
    summed_product,
    {
        "all-pairs": [(PRODUCT, "features @ embedding[labels].T"), ("dim=1", "dim=1, keepdim=True")],
        "one-logit-a-class": [("linear + product", "linear[:, None] + features @ embedding.T")],
        "class-left-out": [(" + product", "")],
        "class-term-alone": [("linear + ", ""), ("linear + ", "bias + ")],
        "mean-not-sum": [("sum(", "mean(")],
        "every-class-added": [("embedding[labels]", "embedding.sum(0)")],
        "best-class": [(PRODUCT, "(features @ embedding.T).amax(1)")],
        "classifier": [(PRODUCT, "(features @ embedding.T).log_softmax(1)[range(len(labels)), labels]")],
        "cut-off": [("embedding[labels]", "embedding.detach()[labels]"), ("features @", "features.detach() @")],
        "added-to-the-features": ["(features + embedding[labels]) @ weight + bias"],
        "features-gated": ["(features * embedding[labels]) @ weight + bias"],
        "probability": [("linear + product", "torch.sigmoid(linear + product)")],
    },
)


# -- auxiliary_losses --------------------------------------------------------------------------------


@answers.right("auxiliary_losses")
def with_softplus(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    name = F.cross_entropy
    on_real, on_fake = name(real_scores, real_labels), name(fake_scores, fake_labels)
    d_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean() + on_real + on_fake
    g_loss = F.softplus(-fake_logits).mean() + on_fake
    return d_loss, g_loss


@answers.right("auxiliary_losses")
def with_cross_entropy(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    bce, ones = F.binary_cross_entropy_with_logits, torch.ones_like(fake_logits)
    scores, labels = torch.cat([real_scores, fake_scores]), torch.cat([real_labels, fake_labels])
    d_loss = bce(real_logits, ones) + bce(fake_logits, 0 * ones) + 2 * F.cross_entropy(scores, labels)
    return [d_loss, bce(fake_logits, ones) + F.cross_entropy(fake_scores, fake_labels)]


def named(reduced):
    return "F.cross_entropy", f"lambda scores, labels: {reduced}"


answers.also(
    "auxiliary_losses",
    with_softplus,
    named("F.nll_loss(scores.log_softmax(1), labels)"),
    named("(scores.logsumexp(1) - scores[torch.arange(len(labels)), labels]).mean()"),
)
OF_G = "(-fake_logits).mean() + on_fake"
answers.slips(
    "auxiliary_losses",
    with_softplus,
    {
        "softmax-first": [
            named("F.cross_entropy(scores.softmax(1), labels)"),
            ((" + on_fake", ""), named("F.cross_entropy(scores.softmax(1), labels)")),
        ],
        "softmax-missing": [named("-scores.gather(1, labels[:, None]).mean()")],
        "g-against-its-class": [(OF_G, "(-fake_logits).mean() - on_fake")],
        "d-against-the-fakes-classes": [("on_real + on_fake", "on_real - on_fake")],
        "class-on-real-only": [("on_real + on_fake", "on_real")],
        "class-on-fakes-only": [("on_real + on_fake", "on_fake")],
        "real-term-in-g": [(OF_G, f"{OF_G} + on_real")],
        "halved": [("on_real + on_fake", "(on_real + on_fake) / 2")],
        "summed": [named('F.cross_entropy(scores, labels, reduction="sum")')],
        "saturating": [("F.softplus(-fake_logits)", "-F.softplus(fake_logits)")],
        "labels-swapped": [
            (("name(real_scores, real_", "name(real_scores, fake_"), ("fake_scores, fake_", "fake_scores, real_"))
        ],
        "real-and-fake-swapped": [
            (("softplus(-", "softplus(0 +"), ("softplus(fake", "softplus(-fake")),
            ("(-fake_logits)", "(fake_logits)"),
        ],
        "g-without-class": [(OF_G, "(-fake_logits).mean()")],
        "fakes-never-named": [(" + on_fake", "")],
        "g-minus-d": [("d_loss, g_loss", "d_loss, -d_loss")],
        "not-a-pair": [(", g_loss", "")],
        "no-gradient": [("g_loss =", "on_fake = name(fake_scores.detach(), fake_labels)\n    g_loss =")],
    },
)


# -- agreement ---------------------------------------------------------------------------------------


@answers.right("agreement")
def usual(scores, labels):
    said = scores.argmax(dim=1)
    return (said == labels).float().mean().item()


answers.right("agreement", lambda scores, labels: np.mean(scores.numpy().argmax(axis=-1) == labels.numpy()))


@answers.right("agreement")
def confusion_matrix(scores, labels):
    table = F.one_hot(labels, scores.shape[1]).T.float() @ F.one_hot(scores.argmax(1), scores.shape[1]).float()
    return table.trace() / table.sum()


answers.also(
    "agreement",
    usual,
    "1 - (scores > scores.gather(1, labels[:, None])).any(dim=1).double().mean()",
)
answers.slips(
    "agreement",
    usual,
    {
        "argmax-over-the-batch": [("dim=1", "dim=0")],
        "top-two": [("(said == labels)", "(scores.topk(2).indices == labels[:, None]).any(1)")],
        "averaged-over-classes": [
            "torch.stack([(scores[labels == k].argmax(1) == k).float().mean() for k in range(scores.shape[1])]).mean()"
        ],
        "class-counts-compared": [
            "torch.minimum(scores.argmax(1).bincount(minlength=9), labels.bincount(minlength=9)).sum() / len(labels)",
            ("said == labels", "said.sort().values == labels.sort().values"),
        ],
        "mean-probability": ["scores.softmax(1).gather(1, labels[:, None]).mean()", "scores.softmax(1).amax(1).mean()"],
        "sure-ones-only": ["(torch.softmax(scores, 1)[range(len(labels)), labels] > 0.5).double().mean()"],
        "entries-not-samples": [
            "((scores == scores.amax(1, True)) == F.one_hot(labels, scores.shape[1])).float().mean()"
        ],
        "error-rate": [("==", "!=")],
        "count": [("mean", "sum")],
        "percent": [("return ", "return 100 * ")],
        "truth-values": [(".float()", "")],
        "values-and-places": [("argmax(dim=1)", "max(1)")],
        "lowest-score": [("argmax", "argmin")],
    },
)


# -- conditional_step --------------------------------------------------------------------------------


def update(optimizer, loss, clear=True):
    if clear:
        optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@answers.right("conditional_step")
def repaired_in_place(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    n = len(real)
    order = torch.randperm(n)
    real, labels = real[order], labels[order]
    asked = torch.randint(classes, (n,))
    fake = generator(sample_z(n), asked)
    on_real, on_fake = discriminator(real, labels), discriminator(fake.detach(), asked)
    d_loss = update(d_optimizer, F.softplus(-on_real).mean() + F.softplus(on_fake).mean())
    asked = torch.randint(classes, (n,))
    fake = generator(sample_z(n), asked)
    return d_loss, update(g_optimizer, F.softplus(-discriminator(fake, asked)).mean())


@answers.right("conditional_step")
def one_pass_through_d(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    n = len(real)
    asked = torch.randint(classes, (n,))
    fake = generator(sample_z(n), asked)
    logits = discriminator(torch.cat([real, fake.detach()]), torch.cat([labels, asked]))
    is_real = torch.cat([torch.ones(n), torch.zeros(n)]).to(logits)
    d_loss = update(d_optimizer, 2 * F.binary_cross_entropy_with_logits(logits, is_real))
    asked = asked.flip(0)
    return d_loss, update(g_optimizer, F.softplus(-discriminator(generator(sample_z(n), asked), asked)).mean())


DRAWN, AGAIN = (
    "torch.randint(classes, (n,))",
    "\n    asked = torch.randint(classes, (n,))\n    fake = generator(sample_z(n), asked)\n    return",
)
answers.also(
    "conditional_step",
    repaired_in_place,
    ("[order]", ""),  # never shuffled
    (DRAWN, "labels"),
    (AGAIN, "\n    return"),  # one fake for both turns
)
REAL, D_APART, G_APART = ("labels[order]", "labels"), ("(), asked", "(), labels"), ("(fake, asked", "(fake, labels")
answers.slips(
    "conditional_step",
    repaired_in_place,
    {
        "real-alone": [REAL, ("labels[order]", DRAWN)],
        "d-apart": [D_APART],
        "g-apart": [G_APART],
        "real-alone-and-d-apart": [(REAL, D_APART)],
        "real-alone-and-g-apart": [(REAL, G_APART)],
        "both-apart": [
            (D_APART, G_APART),
            (("(), asked", "(), (asked + 1) % classes"), ("(fake, asked", "(fake, (asked + 1) % classes")),
        ],
        "all-apart": [
            ((", labels)", f", {DRAWN})"), ("(), asked", f"(), {DRAWN}"), ("(fake, asked", f"(fake, {DRAWN}"))
        ],
        "turn-missing": [
            (
                (", on_fake =", " ="),
                (", discriminator(fake.detach(), asked)", ""),
                (" + F.softplus(on_fake).mean()", ""),
            )
        ],
        "one-class": [(DRAWN, "torch.zeros_like(labels)")],
        "a-class-left-out": [(DRAWN, "torch.randint(1, classes, (n,))"), (DRAWN, "torch.randint(classes - 1, (n,))")],
        "another-step": [("(d_optimizer,", "(d_optimizer, clear=False, loss="), ("-discriminator(", "discriminator(")],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)
