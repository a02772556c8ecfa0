"""Wrong and right answers to the exercises of chapter 13."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch.distributions import Normal, kl_divergence

from ganbook import losses
from ganbook.models import vae

answers = Answers("text")


# -- masked_mean -------------------------------------------------------------------------------------


@answers.right("masked_mean")
def clamped_count(embeddings, tokens):
    mask = (tokens != 0).float()[..., None]
    count = mask.sum(1).clamp(min=1)
    return (mask * embeddings).sum(1) / count


@answers.right("masked_mean")
def loop_with_a_case(embeddings, tokens):
    rows = []
    for vectors, row in zip(embeddings, tokens, strict=True):
        kept = vectors[row != 0]
        rows.append(kept.mean(0) if len(kept) else torch.zeros_like(vectors[0]))
    return torch.stack(rows)


@answers.right("masked_mean")
def by_cumulated_sums(embeddings, tokens):
    lengths = (tokens != 0).sum(1)
    sums = torch.cat((torch.zeros_like(embeddings[:, :1]), embeddings.cumsum(1)), dim=1)
    return sums[torch.arange(len(tokens)), lengths] / lengths.clamp(min=1)[:, None]


UNSAFE = (".clamp(min=1)", "")
answers.also(
    "masked_mean",
    clamped_count,
    (".clamp(min=1)", " + 1e-6"),
    "torch.bmm(((tokens != 0) / (tokens != 0).sum(1, True).clamp(min=1))[:, None], embeddings)[:, 0]",
)
answers.slips(
    "masked_mean",
    clamped_count,
    {
        "divided-by-length": [("/ count", "/ tokens.shape[1]")],
        "no-mask": ["embeddings.mean(dim=1)"],
        "padding-summed": [("(mask * embeddings)", "embeddings"), (("(mask * embeddings)", "embeddings"), UNSAFE)],
        "empty-is-nan": [UNSAFE],
        "nan-in-the-gradient": [
            (UNSAFE, ("(mask * embeddings).sum(1) / count", "torch.nan_to_num((mask * embeddings).sum(1) / count)")),
            (UNSAFE, ("return ", "mean ="), ("/ count", "/ count\n    return torch.where(count > 0, mean, 0.0)")),
        ],
        "over-batch": [("sum(1)", "sum(0)"), "embeddings.mean(0)"],
        "count-of-the-batch": [("mask.sum(1)", "mask.sum()"), "embeddings[tokens > 0].mean(dim=0)"],
        "tokens-as-weights": [("mask * ", "tokens[..., None] * "), ("(tokens != 0)", "tokens")],
        "mask-inverted": [("!=", "=="), ("mask * ", "(1 - mask) * ")],
        "one-too-many": [(".clamp(min=1)", " + 1")],
        "sum": [(" / count", "")],
        "no-gradient": [("embeddings)", "embeddings.detach())")],
    },
)


# -- augment -----------------------------------------------------------------------------------------


@answers.right("augment")
def by_formula(told, noise, training):
    mean, log_variance = told.chunk(2, dim=1)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
    if not training:
        return mean, kl
    return mean + torch.exp(0.5 * log_variance) * noise, kl


@answers.right("augment")
def by_distributions(told, noise, training):
    mean, log_variance = told.split(told.shape[1] // 2, dim=1)
    q, p = Normal(mean, torch.exp(log_variance / 2)), Normal(0.0, 1.0)
    return [torch.addcmul(mean, q.stddev, noise) if training else mean, kl_divergence(q, p).sum(dim=-1)]


@answers.right("augment")
def many_dimensions_at_once(told, noise, training):
    mean, log_variance = told.double().view(len(told), 2, -1).unbind(1)
    variance = log_variance.exp()
    kl = 0.5 * (variance.sum(1) + (mean**2).sum(1) - mean.shape[1] - variance.prod(1).log())
    return mean + int(training) * variance.sqrt() * noise, kl


@answers.right("augment")
def of_the_library(told, noise, training):
    mean, log_variance = told.chunk(2, dim=1)
    condition = mean + noise * (log_variance / 2).exp() if training else mean
    return condition, vae.kl_to_standard_normal(mean, log_variance)


EXP = "log_variance.exp()"
answers.slips(
    "augment",
    by_formula,
    {
        "half-forgotten": [("kl = 0.5 * ", "kl = ")],
        "negative": [("kl = 0.5", "kl = -0.5")],
        "wrong-axis": [(".sum(dim=1)", ".sum(dim=0)"), (".sum(dim=1)", ".mean(dim=0)")],
        "dimensions-averaged": [(".sum(dim=1)", ".mean(dim=1)")],
        "one-number": [(".sum(dim=1)", ".sum()"), (".sum(dim=1)", ".sum(dim=1).mean()")],
        "log-std": [
            (EXP, f"{EXP} ** 2"),
            ((f"{EXP} - 1 - log", f"{EXP} ** 2 - 1 - 2 * log"),),
            ((f"{EXP} - 1 - log", f"{EXP} ** 2 - 1 - 2 * log"), ("exp(0.5 * ", "exp(")),
        ],
        "std-for-variance": [
            (EXP, "(log_variance / 2).exp()"),
            (f"{EXP} - 1 - ", "(log_variance / 2).exp() - 1 - 0.5 * "),
        ],
        "variance-times-noise": [("exp(0.5 * ", "exp(")],
        "log-times-noise": [("torch.exp(0.5 * log_variance)", "log_variance")],
        "halves-swapped": [("mean, log_variance = told", "log_variance, mean = told")],
        "every-other-column": [("told.chunk(2, dim=1)", "told[:, 0::2], told[:, 1::2]")],
        "noisy-in-evaluation": [("if not training", "if False")],
        "never-noisy": [("if not training", "if True")],
        "noise-in-evaluation-only": [("not ", "")],
        "own-noise": [("* noise", "* torch.randn_like(noise)")],
        "divergence-in-training-only": [("return mean, kl\n", "return mean, 0 * kl\n")],
        "not-a-pair": [(", kl", "")],
        "no-gradient": [("sum(dim=1)", "sum(dim=1).detach()")],
    },
)
answers.slips("augment", by_distributions, {"reversed": [("(q, p)", "(p, q)")]})


# -- modulate ----------------------------------------------------------------------------------------


@answers.right("modulate")
def two_more_dimensions(x, scale, shift):
    scale, shift = scale[:, :, None, None], shift[:, :, None, None]
    return (1 + scale) * x + shift


@answers.right("modulate")
def numpy_loops(x, scale, shift):
    out = x.numpy().astype(np.float64)
    for n in range(len(out)):
        for c in range(out.shape[1]):
            out[n, c] = (1 + float(scale[n, c])) * out[n, c] + float(shift[n, c])
    return out


answers.also(
    "modulate",
    two_more_dimensions,
    "torch.addcmul(shift[..., None, None], x, 1 + scale[..., None, None])",
    "(x.permute(2, 3, 0, 1) + scale * x.permute(2, 3, 0, 1) + shift).permute(2, 3, 0, 1)",
    'torch.einsum("nc,nchw->nchw", 1 + scale, x) + shift.unsqueeze(-1).unsqueeze(-1).expand_as(x)',
)
answers.slips(
    "modulate",
    two_more_dimensions,
    {
        "no-one": [("1 + ", "")],
        "broadcast-over-places": [("[:, :, None, None]", ""), ("[:, :, None, None]", "[:, None, None, :]")],
        "shift-scaled": [("* x + shift", "* (x + shift)")],
        "one-added": [("(1 + scale)", "1 + scale")],
        "scale-and-shift-swapped": [("    scale, shift =", "    shift, scale =")],
        "one-caption-for-all": [("[:, :,", ".mean(0)[:,"), ("[:, :,", "[0, :,")],
        "one-number-a-sample": [("[:, :,", ".mean(1)[:, None,")],
        "normalised": [
            ("* x", "* F.instance_norm(x)"),
            ("* x", "* F.batch_norm(x, None, None, training=True)"),
        ],
        "exponential": [("(1 + scale)", "torch.exp(scale)")],
        "cut-off": [("(1 + scale)", "(1 + scale.detach())"), ("* x +", "* x.detach() +")],
        "x-twice": [("return ", "return x + ")],
        "changed-input": [("return (1 + scale) * x + shift", "return x.mul_(1 + scale).add_(shift)")],
    },
)


# -- matching_aware_loss -----------------------------------------------------------------------------


@answers.right("matching_aware_loss")
def by_softplus(real_logits, wrong_logits, fake_logits):
    accepted = F.softplus(-real_logits).mean()
    wrong, fake = F.softplus(wrong_logits).mean(), F.softplus(fake_logits).mean()
    return accepted + 0.5 * (wrong + fake)


@answers.right("matching_aware_loss")
def two_losses_of_the_library(real_logits, wrong_logits, fake_logits):
    loss = losses.get("non_saturating")
    return (loss.discriminator(real_logits, fake_logits) + loss.discriminator(real_logits, wrong_logits)) / 2


@answers.right("matching_aware_loss")
def by_probabilities(real_logits, wrong_logits, fake_logits):
    d_real, d_wrong, d_fake = (logits.double().sigmoid() for logits in (real_logits, wrong_logits, fake_logits))
    return -(d_real.log() + ((1 - d_wrong).log() + (1 - d_fake).log()) / 2).mean()


answers.also(
    "matching_aware_loss",
    by_softplus,
    "-(F.logsigmoid(real_logits) + (F.logsigmoid(-wrong_logits) + F.logsigmoid(-fake_logits)) / 2).mean()",
    "F.softplus(-real_logits).mean() + F.softplus(torch.cat((wrong_logits, fake_logits))).mean()",
)
answers.slips(
    "matching_aware_loss",
    by_softplus,
    {
        "wrong-as-real": [
            ("(wrong_logits)", "(-wrong_logits)"),
            "F.softplus(-torch.cat((real_logits, wrong_logits))).mean() + F.softplus(fake_logits).mean()",
        ],
        "no-half": [("0.5 * ", "")],
        "wrong-left-out": [
            ("0.5 * (wrong + fake)", "fake"),
            ("accepted + 0.5 * (wrong + fake)", "(accepted + fake) / 2"),
        ],
        "fake-left-out": [("0.5 * (wrong + fake)", "wrong"), (" + fake)", ")")],
        "thirds": [("accepted + 0.5 * (wrong + fake)", "(accepted + wrong + fake) / 3")],
        "halved-again": [("accepted +", "0.5 * accepted + 0.5 *"), ("accepted +", "0.5 * accepted +")],
        "labels-swapped": [(("(-", "(0 + "), ("(wrong_", "(-wrong_"), ("(fake_", "(-fake_"))],
        "small-number-added": [
            """
            small = 1e-7
            rejected = sum((1 - logits.sigmoid() + small).log().mean() for logits in (wrong_logits, fake_logits))
            return -(real_logits.sigmoid() + small).log().mean() - rejected / 2
            """
        ],
        "to-maximise": [("return accepted + 0.5 *", "return -accepted - 0.5 *")],
        "two-sigmoids": [("logits)", "logits.sigmoid())")],
        "summed": [("mean()", "sum()")],
        "no-gradient": [("(wrong + fake)", "(wrong + fake).item()")],
    },
)
answers.slips("matching_aware_loss", by_probabilities, {"logits-not-probabilities": [(".double().sigmoid()", "")]})


# -- projection_logits -------------------------------------------------------------------------------


@answers.right("projection_logits")
def repeated_features(f, e, w, V):
    f = f.repeat(len(e) // len(f), 1)
    told = e @ V.T
    return f @ w + (f * told).sum(dim=1)


answers.also(
    "projection_logits",
    repeated_features,
    "torch.cat([f @ w + ((part @ V.T) * f).sum(1) for part in e.split(len(f))])",
    "((w + e @ V.T).view(-1, *f.shape) * f).sum(-1).flatten()",
    ("(f * told).sum(dim=1)", "torch.diag(f @ V @ e.T)"),
    "torch.stack([(w + V @ text).dot(f[j % len(f)]) for j, text in enumerate(e)])",
)
answers.right(
    "projection_logits",
    lambda f, e, w, V: (np.einsum("nd,dk,rnk->rn", f, V, e.view(-1, len(f), e.shape[1])) + (f @ w).numpy()).ravel(),
)
answers.slips(
    "projection_logits",
    repeated_features,
    {
        "image-held-for-a-round": [("f.repeat(len(e) // len(f), 1)", "f.repeat_interleave(len(e) // len(f), 0)")],
        "every-pair": ["(f @ w)[:, None] + f @ V @ e.T", ("(f * told).sum(dim=1)", "f @ told.T")],
        "first-round-only": [(("f = f.repeat(len(e) // len(f), 1)", "e = e[: len(f)]"),)],
        "summed-over-batch": [
            ("f @ w + (f * told).sum(dim=1)", "(f @ w + (f * told).sum(dim=1)).sum()"),
            ("dim=1", ""),
        ],
        "no-unconditional-term": [("f @ w + ", "")],
        "unconditional-term-once": [
            "F.pad(f @ w, (0, len(e) - len(f))) + (f.repeat(len(e) // len(f), 1) * (e @ V.T)).sum(1)"
        ],
        "cut-off": [("(f *", "(f.detach() *"), ("V.T", "V.T.detach()")],
        "no-caption": [(" + (f * told).sum(dim=1)", "")],
        "not-summed": [
            ("f @ w + (f * told).sum(dim=1)", "f * w + f * told"),
            ("f @ w + (f * told).sum(dim=1)", "(f @ w)[:, None] + f * told"),
        ],
        "averaged": [("sum(dim", "mean(dim"), ("f @ w + (f * told).sum(dim=1)", "(f * (w + told)).mean(1)")],
        "caption-as-a-constant": [("f @ w + (f * told).sum(dim=1)", "(f + told) @ w"), ("(f * told)", "told")],
        "cosine": [("(f * told).sum(dim=1)", "F.cosine_similarity(f, told, dim=1)")],
        "terms-multiplied": [("f @ w + ", "(f @ w) * ")],
        "shape": [("V.T", "V"), ("f = f.repeat(len(e) // len(f), 1)", "pass")],
    },
)


# -- retrieval_at_1 ----------------------------------------------------------------------------------


@answers.right("retrieval_at_1")
def by_cdist(generated, gallery, right):
    nearest = torch.cdist(generated, gallery).argmin(dim=1)
    return (nearest == right).float().mean()


@answers.right("retrieval_at_1")
def right_distance_is_least(generated, gallery, right):
    distances = (generated[:, None] - gallery[None]).norm(dim=-1)
    return (distances.gather(1, right[:, None]) <= distances).all(dim=1).float().mean()


@answers.right("retrieval_at_1")
def numpy_loop(generated, gallery, right):
    generated, gallery = generated.numpy(), gallery.numpy()
    found = [((gallery - g) ** 2).sum(1).argmin() == r for g, r in zip(generated, right.tolist(), strict=True)]
    return np.mean(found)


DISTANCES = "torch.cdist(generated, gallery)"
answers.also(
    "retrieval_at_1",
    by_cdist,
    "(((gallery**2).sum(1) - 2 * generated @ gallery.T).argmin(1) == right).double().mean().item()",
)
answers.slips(
    "retrieval_at_1",
    by_cdist,
    {
        "farthest": [("argmin", "argmax")],
        "norms-forgotten": [
            (DISTANCES, "(-generated @ gallery.T)"),
            (DISTANCES, "((generated**2).sum(1, keepdim=True) - 2 * generated @ gallery.T)"),
        ],
        "angle": [(DISTANCES, "(-F.cosine_similarity(generated[:, None], gallery[None], dim=-1))")],
        "wrong-axis": [
            ("dim=1", "dim=0"),
            "(right[torch.cdist(gallery, generated).argmin(1)] == torch.arange(len(gallery))).float().mean()",
        ],
        "count": [("mean", "sum")],
        "divided-by-the-gallery": [("mean()", "sum() / len(gallery)")],
        "first-five": [
            f"({DISTANCES}.argsort(dim=1)[:, :{k}] == right[:, None]).any(dim=1).float().mean()" for k in (5, 3)
        ],
        "asked-for-only": [
            (
                DISTANCES,
                f"{DISTANCES}.index_fill(1, torch.tensor([i for i in range(len(gallery)) if i not in right]), 9e9)",
            )
        ],
        "another-distance": [
            ("gallery)", "gallery, p=1)"),
            (DISTANCES, "(generated[:, None] - gallery).abs().amax(2)"),
        ],
        "own-position": [("== right", "== torch.arange(len(nearest))")],
        "percent": [("return ", "return 100 * ")],
        "each-verdict": [(".float().mean()", "")],
    },
)


# -- text_step ---------------------------------------------------------------------------------------


@answers.right("text_step")
def repaired_in_place(generator, discriminator, g_optimizer, d_optimizer, real, texts, z):
    wrong = texts.roll(1, dims=0)
    fake = generator(z, texts)
    d_loss = F.softplus(-discriminator(real, texts)).mean()
    d_loss = d_loss + 0.5 * F.softplus(discriminator(real, wrong)).mean()
    d_loss = d_loss + 0.5 * F.softplus(discriminator(fake.detach(), texts)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(fake, texts)).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("text_step")
def three_kinds_in_one_batch(generator, discriminator, g_optimizer, d_optimizer, real, texts, z):
    with torch.no_grad():
        fake = generator(z, texts)
    images, captions = torch.cat((real, real, fake)), torch.cat((texts, texts.roll(1, 0), texts))
    real_logits, wrong_logits, fake_logits = discriminator(images, captions).chunk(3)
    loss = -(F.logsigmoid(real_logits) + (F.logsigmoid(-wrong_logits) + F.logsigmoid(-fake_logits)) / 2).mean()
    discriminator.zero_grad()
    loss.backward()
    d_optimizer.step()

    discriminator.requires_grad_(False)
    generator.zero_grad()
    g_loss = -F.logsigmoid(discriminator(generator(z, texts), texts)).mean()
    g_loss.backward()
    discriminator.requires_grad_(True)
    g_optimizer.step()
    return loss, g_loss


ROLLED = "texts.roll(1, dims=0)"
answers.also(
    "text_step",
    repaired_in_place,
    *((ROLLED, another) for another in ("texts.roll(-1, dims=0)", "torch.roll(texts, 2, 0)")),
    *((ROLLED, another) for another in ("torch.cat((texts[1:], texts[:1]))", "texts[torch.arange(len(texts)) - 1]")),
)
SCRAMBLED, BACKWARDS = (ROLLED, "texts.roll(1, dims=1)"), (ROLLED, "texts.roll(-1, dims=0)")
MISMATCHED, ELSEWHERE = ("(-discriminator(real, texts", "(-discriminator(real, wrong"), ("(fake, texts", "(fake, wrong")
answers.slips(
    "text_step",
    repaired_in_place,
    {
        "captions-scrambled": [SCRAMBLED],
        "right-pair-mismatched": [MISMATCHED, (MISMATCHED, BACKWARDS)],
        "judged-elsewhere": [ELSEWHERE, (ELSEWHERE, BACKWARDS)],
        "scrambled-and-mismatched": [(SCRAMBLED, MISMATCHED)],
        "scrambled-and-elsewhere": [(SCRAMBLED, ELSEWHERE)],
        "mismatched-and-elsewhere": [(MISMATCHED, ELSEWHERE)],
        "some-left-in-place": [(ROLLED, "texts[[1, 0, 2, 3]]"), (ROLLED, "texts"), (ROLLED, "texts.flip(0)")],
        "wrong-left-out": [
            ("0.5 * F.softplus(discriminator(real, wrong)).mean()", "0"),
            (("0.5 * F.softplus(discriminator(real, wrong)).mean()", "0"), ("0.5 * ", "")),
        ],
        "wrong-captions-empty": [(ROLLED, "torch.zeros_like(texts)")],
        "wrong-pairs-of-fakes": [("(real, wrong", "(fake.detach(), wrong")],
        "fakes-beside-wrong-captions": [("(), texts", "(), wrong")],
        "all-fakes-made-elsewhere": [("(z, texts", "(z, wrong")],
        "d-not-cut-off": [
            ("fake.detach()", "fake"),
        ],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)
