"""Wrong and right answers to the exercises of chapter 13."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings

answers = Answers("text")


# -- masked_mean -------------------------------------------------------------------------------------


@answers.wrong("masked_mean", hint="divided-by-length")
def masked_then_mean(embeddings, tokens):
    mask = (tokens > 0).unsqueeze(2)
    return (embeddings * mask).mean(dim=1)


@answers.wrong("masked_mean", hint="divided-by-length")
def zeroed_then_mean(embeddings, tokens):
    return embeddings.masked_fill((tokens == 0)[..., None], 0.0).sum(1) / embeddings.size(1)


@answers.wrong("masked_mean", hint="no-mask")
def plain_mean(embeddings, tokens):
    return embeddings.mean(dim=1)


@answers.wrong("masked_mean", hint="padding-summed")
def mask_in_the_count_only(embeddings, tokens):
    n = (tokens != 0).sum(dim=1).clamp(min=1)
    return embeddings.sum(dim=1) / n[:, None]


@answers.wrong("masked_mean", hint="padding-summed")
def mask_in_the_count_only_unsafe(embeddings, tokens):
    return embeddings.sum(dim=1) / (tokens != 0).sum(dim=1)[:, None]


@answers.wrong("masked_mean", hint="empty-is-nan")
def without_a_clamp(embeddings, tokens):
    mask = (tokens != 0).float()
    return torch.einsum("nt,ntd->nd", mask, embeddings) / mask.sum(dim=1, keepdim=True)


@answers.wrong("masked_mean", hint="empty-is-nan")
def caption_by_caption(embeddings, tokens):
    return torch.stack([e[t != 0].mean(dim=0) for e, t in zip(embeddings, tokens, strict=True)])


@answers.wrong("masked_mean", hint="nan-in-the-gradient")
def nan_covered_up(embeddings, tokens):
    mask = (tokens != 0).float().unsqueeze(-1)
    return torch.nan_to_num((mask * embeddings).sum(1) / mask.sum(1), nan=0.0)


@answers.wrong("masked_mean", hint="nan-in-the-gradient")
def nan_replaced(embeddings, tokens):
    mask = (tokens != 0).float().unsqueeze(-1)
    mean = (mask * embeddings).sum(1) / mask.sum(1)
    return torch.where(mask.sum(1) > 0, mean, torch.zeros_like(mean))


@answers.wrong("masked_mean", hint="over-batch")
def mean_of_the_captions(embeddings, tokens):
    mask = (tokens != 0).float().unsqueeze(-1)
    return (mask * embeddings).sum(dim=0) / mask.sum(dim=0).clamp(min=1)


@answers.wrong("masked_mean", hint="over-batch")
def plain_mean_over_batch(embeddings, tokens):
    return embeddings.mean(0)


@answers.wrong("masked_mean", hint="count-of-the-batch")
def divided_by_all_tokens(embeddings, tokens):
    mask = tokens != 0
    return (embeddings * mask[..., None]).sum(1) / mask.sum()


@answers.wrong("masked_mean", hint="count-of-the-batch")
def boolean_index(embeddings, tokens):
    return embeddings[tokens > 0].mean(dim=0)


@answers.wrong("masked_mean", hint="tokens-as-weights")
def weighted_by_token(embeddings, tokens):
    n = tokens.count_nonzero(dim=1).clamp(min=1)
    return (embeddings * tokens[:, :, None]).sum(1) / n[:, None]


@answers.wrong("masked_mean", hint="tokens-as-weights")
def token_average(embeddings, tokens):
    w = tokens.float().unsqueeze(-1)
    return (w * embeddings).sum(1) / w.sum(1).clamp(min=1)


@answers.wrong("masked_mean", hint="mask-inverted")
def mean_of_the_padding(embeddings, tokens):
    mask = (tokens == 0).float().unsqueeze(-1)
    return (mask * embeddings).sum(1) / mask.sum(1).clamp(min=1)


@answers.wrong("masked_mean", hint="mask-inverted")
def words_filled_with_zero(embeddings, tokens):
    kept = embeddings.masked_fill((tokens != 0).unsqueeze(-1), 0)
    return kept.sum(1) / (tokens != 0).sum(1, keepdim=True).clamp(min=1)


@answers.wrong("masked_mean", hint="one-too-many")
def plus_one(embeddings, tokens):
    mask = (tokens != 0).float().unsqueeze(-1)
    return (mask * embeddings).sum(1) / (mask.sum(1) + 1)


@answers.wrong("masked_mean", hint="sum")
def sum_only(embeddings, tokens):
    return (embeddings * (tokens != 0).unsqueeze(-1)).sum(dim=1)


@answers.wrong("masked_mean", hint="no-gradient")
def by_numpy(embeddings, tokens):
    mask = (tokens.numpy() != 0)[..., None]
    return (mask * embeddings.detach().numpy()).sum(1) / np.maximum(mask.sum(1), 1)


@answers.right("masked_mean")
def clamped_count(embeddings, tokens):
    mask = tokens.ne(0).unsqueeze(-1)
    return embeddings.mul(mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1)


@answers.right("masked_mean")
def loop_with_a_case(embeddings, tokens):
    rows = []
    for vectors, row in zip(embeddings, tokens, strict=True):
        kept = vectors[row != 0]
        rows.append(kept.mean(0) if len(kept) else 0 * vectors[0])
    return torch.stack(rows)


@answers.right("masked_mean")
def as_a_product_of_matrices(embeddings, tokens):
    weights = (tokens != 0).double()
    weights = weights / weights.sum(1, keepdim=True).clamp(min=1)
    return torch.bmm(weights.unsqueeze(1), embeddings.double()).squeeze(1)


@answers.right("masked_mean")
def with_a_small_number(embeddings, tokens):
    mask = (tokens != 0).float()[..., None]
    return torch.sum(mask * embeddings, 1) / (torch.sum(mask, 1) + 1e-6)


@answers.right("masked_mean")
def by_cumulated_sums(embeddings, tokens):
    lengths = (tokens != 0).sum(1)
    sums = torch.cat((torch.zeros_like(embeddings[:, :1]), embeddings.cumsum(1)), dim=1)
    return sums[torch.arange(len(tokens)), lengths] / lengths.clamp(min=1)[:, None]


# -- augment -----------------------------------------------------------------------------------------


def kl_formula(mean, log_variance):
    return -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp(), dim=1)


def with_kl(kl, std=lambda log_variance: torch.exp(0.5 * log_variance)):
    """The function as a learner builds it, around another divergence."""

    def augment(told, noise, training):
        mean, log_variance = torch.chunk(told, 2, dim=1)
        condition = mean + std(log_variance) * noise if training else mean
        return condition, kl(mean, log_variance)

    return augment


def normals(mean, std):
    return torch.distributions.Normal(mean, std), torch.distributions.Normal(0.0, 1.0)


def divergence(p, q):
    return torch.distributions.kl_divergence(p, q)


AUGMENTED = [
    ("half-forgotten", "without_half", lambda m, lv: torch.sum(m.square() + lv.exp() - lv - 1, dim=1)),
    ("negative", "sign_turned", lambda m, lv: 0.5 * (1 + lv - m**2 - lv.exp()).sum(dim=1)),
    ("wrong-axis", "summed_down", lambda m, lv: -0.5 * torch.sum(1 + lv - m.pow(2) - lv.exp(), dim=0)),
    ("wrong-axis", "averaged_down", lambda m, lv: -0.5 * torch.mean(1 + lv - m.pow(2) - lv.exp(), dim=0)),
    ("dimensions-averaged", "mean_of_entries", lambda m, lv: -0.5 * torch.mean(1 + lv - m.pow(2) - lv.exp(), dim=-1)),
    ("one-number", "pytorch_example", lambda m, lv: -0.5 * torch.sum(1 + lv - m.pow(2) - lv.exp())),
    ("one-number", "averaged_at_once", lambda m, lv: kl_formula(m, lv).mean()),
    ("log-std", "std_by_exponential", lambda m, lv: divergence(*normals(m, lv.exp())).sum(1)),
    ("log-std", "squared_too_often", lambda m, lv: 0.5 * (m**2 + lv.exp() ** 2 - 1 - lv).sum(1)),
    ("std-for-variance", "std_everywhere", lambda m, lv: 0.5 * (m**2 + (lv / 2).exp() - 1 - lv / 2).sum(1)),
    ("std-for-variance", "std_in_one_place", lambda m, lv: 0.5 * (m**2 + (lv / 2).exp() - 1 - lv).sum(1)),
    ("reversed", "the_other_way", lambda m, lv: divergence(*normals(m, (lv / 2).exp())[::-1]).sum(1)),
    ("no-gradient", "divergence_cut_off", lambda m, lv: kl_formula(m, lv).detach()),
]
for hint, name, kl in AUGMENTED:
    built = with_kl(kl)
    built.__name__ = name
    answers.wrong("augment", hint=hint)(built)


@answers.wrong("augment", hint="log-std")
def log_std_throughout(told, noise, training):
    mean, log_std = told.chunk(2, dim=1)
    kl = (0.5 * (mean**2 + torch.exp(2 * log_std) - 1) - log_std).sum(1)
    return (mean + log_std.exp() * noise if training else mean), kl


@answers.wrong("augment", hint="variance-times-noise")
def spread_by_the_variance(told, noise, training):
    return with_kl(kl_formula, std=torch.exp)(told, noise, training)


@answers.wrong("augment", hint="log-times-noise")
def no_exponential(told, noise, training):
    return with_kl(kl_formula, std=lambda log_variance: log_variance)(told, noise, training)


@answers.wrong("augment", hint="halves-swapped")
def variance_first(told, noise, training):
    log_variance, mean = told.split(told.shape[1] // 2, dim=1)
    return mean + training * torch.exp(log_variance / 2) * noise, kl_formula(mean, log_variance)


@answers.wrong("augment", hint="every-other-column")
def unzipped(told, noise, training):
    mean, log_variance = told[:, 0::2], told[:, 1::2]
    return mean + training * torch.exp(log_variance / 2) * noise, kl_formula(mean, log_variance)


@answers.wrong("augment", hint="noisy-in-evaluation")
def training_not_asked(told, noise, training):
    mean, log_variance = told.chunk(2, dim=1)
    return mean + torch.exp(log_variance / 2) * noise, kl_formula(mean, log_variance)


@answers.wrong("augment", hint="never-noisy")
def noise_not_used(told, noise, training):
    mean, log_variance = told.chunk(2, dim=1)
    return mean, kl_formula(mean, log_variance)


@answers.wrong("augment", hint="noise-in-evaluation-only")
def cases_exchanged(told, noise, training):
    mean, log_variance = told.chunk(2, dim=1)
    if training:
        return mean, kl_formula(mean, log_variance)
    return mean + torch.exp(log_variance / 2) * noise, kl_formula(mean, log_variance)


@answers.wrong("augment", hint="not-a-pair")
def condition_alone(told, noise, training):
    return with_kl(kl_formula)(told, noise, training)[0]


@answers.right("augment")
def by_formula(told, noise, training):
    mean, log_variance = told.chunk(2, dim=1)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
    if not training:
        return mean, kl
    return mean + torch.exp(0.5 * log_variance) * noise, kl


@answers.right("augment")
def by_distributions(told, noise, training):
    d = told.shape[1] // 2
    mean, std = told[:, :d], torch.exp(told[:, d:]).sqrt()
    kl = divergence(*normals(mean, std)).sum(dim=-1)
    return [torch.addcmul(mean, std, noise) if training else mean, kl]


@answers.right("augment")
def many_dimensions_at_once(told, noise, training):
    mean, log_variance = told.double().view(len(told), 2, -1).unbind(1)
    variance = log_variance.exp()
    kl = 0.5 * (variance.sum(1) + (mean**2).sum(1) - mean.shape[1] - variance.prod(1).log())
    return mean + int(training) * variance.sqrt() * noise, kl


@answers.right("augment")
def of_the_library(told, noise, training):
    from ganbook.models import vae

    mean, log_variance = told.chunk(2, dim=1)
    condition = mean + noise * (log_variance / 2).exp() if training else mean
    return condition, vae.kl_to_standard_normal(mean, log_variance)


# -- modulate ----------------------------------------------------------------------------------------


@answers.wrong("modulate", hint="no-one")
def scale_is_the_factor(x, scale, shift):
    return x * scale[:, :, None, None] + shift[:, :, None, None]


@answers.wrong("modulate", hint="broadcast-over-places")
def as_it_comes(x, scale, shift):
    return (1 + scale) * x + shift


@answers.wrong("modulate", hint="broadcast-over-places")
def channels_at_the_end(x, scale, shift):
    n, c = scale.shape
    return (1 + scale.view(n, 1, 1, c)) * x + shift.view(n, 1, 1, c)


@answers.wrong("modulate", hint="shift-scaled")
def shifted_first(x, scale, shift):
    x = x + shift[..., None, None]
    return x + scale[..., None, None] * x


@answers.wrong("modulate", hint="one-added")
def without_brackets(x, scale, shift):
    return 1 + scale[..., None, None] * x + shift[..., None, None]


@answers.wrong("modulate", hint="scale-and-shift-swapped")
def exchanged(x, scale, shift):
    n, c = scale.shape
    return (1 + shift.view(n, c, 1, 1)) * x + scale.view(n, c, 1, 1)


@answers.wrong("modulate", hint="one-caption-for-all")
def mean_caption(x, scale, shift):
    return (1 + scale.mean(0).view(1, -1, 1, 1)) * x + shift.mean(0).view(1, -1, 1, 1)


@answers.wrong("modulate", hint="one-caption-for-all")
def first_caption(x, scale, shift):
    return (1 + scale[0, :, None, None]) * x + shift[0, :, None, None]


@answers.wrong("modulate", hint="one-number-a-sample")
def mean_channel(x, scale, shift):
    return (1 + scale.mean(1).view(-1, 1, 1, 1)) * x + shift.mean(1).view(-1, 1, 1, 1)


@answers.wrong("modulate", hint="normalised")
def adain(x, scale, shift):
    mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
    x = (x - mean) / (var + 1e-5).sqrt()
    return (1 + scale[..., None, None]) * x + shift[..., None, None]


@answers.wrong("modulate", hint="normalised")
def conditional_batch_norm(x, scale, shift):
    x = torch.nn.BatchNorm2d(x.shape[1], affine=False)(x)
    return (1 + scale[..., None, None]) * x + shift[..., None, None]


@answers.wrong("modulate", hint="exponential")
def exponential_factor(x, scale, shift):
    return torch.exp(scale)[..., None, None] * x + shift[..., None, None]


@answers.wrong("modulate", hint="x-twice")
def added_to_x(x, scale, shift):
    return x + (1 + scale[..., None, None]) * x + shift[..., None, None]


@answers.wrong("modulate", hint="changed-input")
def in_place(x, scale, shift):
    x *= 1 + scale[..., None, None]
    x += shift[..., None, None]
    return x


@answers.right("modulate")
def two_more_dimensions(x, scale, shift):
    return (1 + scale[:, :, None, None]) * x + shift[:, :, None, None]


@answers.right("modulate")
def by_addcmul(x, scale, shift):
    n, c = scale.shape
    return torch.addcmul(shift.view(n, c, 1, 1), x, 1 + scale.view(n, c, 1, 1))


@answers.right("modulate")
def places_last(x, scale, shift):
    channels_last = x.permute(2, 3, 0, 1)
    return (channels_last + scale * channels_last + shift).permute(2, 3, 0, 1)


@answers.right("modulate")
def by_einsum(x, scale, shift):
    scaled = torch.einsum("nc,nchw->nchw", 1 + scale, x)
    return scaled + shift.unsqueeze(-1).unsqueeze(-1).expand_as(x)


@answers.right("modulate")
def numpy_loops(x, scale, shift):
    out = x.numpy().astype(np.float64)
    for n in range(len(out)):
        for c in range(out.shape[1]):
            out[n, c] = (1 + float(scale[n, c])) * out[n, c] + float(shift[n, c])
    return out


# -- matching_aware_loss -----------------------------------------------------------------------------


def bce(logits, label, **options):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), **options)


@answers.wrong("matching_aware_loss", hint="wrong-as-real")
def real_is_real(real_logits, wrong_logits, fake_logits):
    return bce(real_logits, 1.0) + 0.5 * (bce(wrong_logits, 1.0) + bce(fake_logits, 0.0))


@answers.wrong("matching_aware_loss", hint="wrong-as-real")
def two_kinds_of_real(real_logits, wrong_logits, fake_logits):
    return bce(torch.cat((real_logits, wrong_logits)), 1.0) + bce(fake_logits, 0.0)


@answers.wrong("matching_aware_loss", hint="no-half")
def all_with_full_weight(real_logits, wrong_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(wrong_logits, 0.0) + bce(fake_logits, 0.0)


@answers.wrong("matching_aware_loss", hint="wrong-left-out")
def the_usual_game(real_logits, wrong_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@answers.wrong("matching_aware_loss", hint="wrong-left-out")
def the_usual_game_halved(real_logits, wrong_logits, fake_logits):
    return (bce(real_logits, 1.0) + bce(fake_logits, 0.0)) / 2


@answers.wrong("matching_aware_loss", hint="fake-left-out")
def a_matching_network(real_logits, wrong_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(wrong_logits, 0.0)


@answers.wrong("matching_aware_loss", hint="fake-left-out")
def a_matching_network_with_half(real_logits, wrong_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(wrong_logits, 0.0) / 2


@answers.wrong("matching_aware_loss", hint="thirds")
def mean_of_three(real_logits, wrong_logits, fake_logits):
    return torch.stack((bce(real_logits, 1.0), bce(wrong_logits, 0.0), bce(fake_logits, 0.0))).mean()


@answers.wrong("matching_aware_loss", hint="halved-again")
def half_of_all(real_logits, wrong_logits, fake_logits):
    return 0.5 * (bce(real_logits, 1.0) + 0.5 * (bce(wrong_logits, 0.0) + bce(fake_logits, 0.0)))


@answers.wrong("matching_aware_loss", hint="halved-again")
def bracket_too_wide(real_logits, wrong_logits, fake_logits):
    return (bce(real_logits, 1.0) + bce(wrong_logits, 0.0) + bce(fake_logits, 0.0)) / 2


@answers.wrong("matching_aware_loss", hint="labels-swapped")
def zeros_and_ones(real_logits, wrong_logits, fake_logits):
    return bce(real_logits, 0.0) + 0.5 * (bce(wrong_logits, 1.0) + bce(fake_logits, 1.0))


@answers.wrong("matching_aware_loss", hint="to-maximise")
def as_in_algorithm_1(real_logits, wrong_logits, fake_logits):
    rejected = F.logsigmoid(-wrong_logits).mean() + F.logsigmoid(-fake_logits).mean()
    return F.logsigmoid(real_logits).mean() + rejected / 2


@answers.wrong("matching_aware_loss", hint="two-sigmoids")
def probabilities_into_logits(real_logits, wrong_logits, fake_logits):
    s_r, s_w, s_f = (logits.sigmoid() for logits in (real_logits, wrong_logits, fake_logits))
    return bce(s_r, 1.0) + 0.5 * (bce(s_w, 0.0) + bce(s_f, 0.0))


@answers.wrong("matching_aware_loss", hint="logits-not-probabilities")
def log_of_a_logit(real_logits, wrong_logits, fake_logits):
    rejected = torch.log(1 - wrong_logits).mean() + torch.log(1 - fake_logits).mean()
    return -(torch.log(real_logits).mean() + rejected / 2)


@answers.wrong("matching_aware_loss", hint="summed")
def reduction_sum(real_logits, wrong_logits, fake_logits):
    rejected = bce(wrong_logits, 0.0, reduction="sum") + bce(fake_logits, 0.0, reduction="sum")
    return bce(real_logits, 1.0, reduction="sum") + rejected / 2


@answers.wrong("matching_aware_loss", hint="no-gradient")
def as_a_number(real_logits, wrong_logits, fake_logits):
    return (bce(real_logits, 1.0) + 0.5 * (bce(wrong_logits, 0.0) + bce(fake_logits, 0.0))).item()


@answers.right("matching_aware_loss")
def by_cross_entropy(real_logits, wrong_logits, fake_logits):
    return bce(real_logits, 1.0) + 0.5 * (bce(wrong_logits, 0.0) + bce(fake_logits, 0.0))


@answers.right("matching_aware_loss")
def by_logsigmoid(real_logits, wrong_logits, fake_logits):
    accepted = F.logsigmoid(real_logits)
    rejected = (F.logsigmoid(-wrong_logits) + F.logsigmoid(-fake_logits)) / 2
    return -(accepted + rejected).mean()


@answers.right("matching_aware_loss")
def two_losses_of_the_library(real_logits, wrong_logits, fake_logits):
    from ganbook import losses

    loss = losses.get("non_saturating")
    return (loss.discriminator(real_logits, fake_logits) + loss.discriminator(real_logits, wrong_logits)) / 2


@answers.right("matching_aware_loss")
def rejected_as_one_batch(real_logits, wrong_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(torch.cat((wrong_logits, fake_logits))).mean()


@answers.right("matching_aware_loss")
def by_probabilities(real_logits, wrong_logits, fake_logits):
    d_real, d_wrong, d_fake = (logits.double().sigmoid() for logits in (real_logits, wrong_logits, fake_logits))
    return -(d_real.log() + ((1 - d_wrong).log() + (1 - d_fake).log()) / 2).mean()


# -- projection_logits -------------------------------------------------------------------------------


def laid_out(f, e):
    return torch.cat([f] * (len(e) // len(f)))


@answers.wrong("projection_logits", hint="image-held-for-a-round")
def interleaved(f, e, w, V):
    f = f.repeat_interleave(len(e) // len(f), dim=0)
    return f @ w + (f * (e @ V.T)).sum(dim=1)


@answers.wrong("projection_logits", hint="image-held-for-a-round")
def captions_as_rows_of_three(f, e, w, V):
    told = (e @ V.T).view(len(f), -1, f.shape[1])
    return ((f @ w)[:, None] + (told * f[:, None]).sum(-1)).flatten()


@answers.wrong("projection_logits", hint="every-pair")
def all_against_all(f, e, w, V):
    return (f @ w)[:, None] + f @ V @ e.T


@answers.wrong("projection_logits", hint="every-pair")
def all_against_all_repeated(f, e, w, V):
    f = laid_out(f, e)
    return f @ w + f @ V @ e.T


@answers.wrong("projection_logits", hint="first-round-only")
def cut_to_the_images(f, e, w, V):
    return f @ w + (f * (e[: f.shape[0]] @ V.T)).sum(1)


@answers.wrong("projection_logits", hint="summed-over-batch")
def total(f, e, w, V):
    f = laid_out(f, e)
    return torch.sum(f @ w) + torch.sum(f * (e @ V.T))


@answers.wrong("projection_logits", hint="summed-over-batch")
def sum_without_dim(f, e, w, V):
    f = laid_out(f, e)
    return f @ w + (f * (e @ V.T)).sum()


@answers.wrong("projection_logits", hint="no-unconditional-term")
def caption_only(f, e, w, V):
    return torch.einsum("nd,dk,nk->n", laid_out(f, e), V, e)


@answers.wrong("projection_logits", hint="no-caption")
def deaf(f, e, w, V):
    return (laid_out(f, e) * w).sum(1)


@answers.wrong("projection_logits", hint="not-summed")
def products(f, e, w, V):
    f = laid_out(f, e)
    return f * w + f * (e @ V.T)


@answers.wrong("projection_logits", hint="not-summed")
def half_summed(f, e, w, V):
    f = laid_out(f, e)
    return (f @ w)[:, None] + f * (e @ V.T)


@answers.wrong("projection_logits", hint="averaged")
def mean_of_products(f, e, w, V):
    f = laid_out(f, e)
    return f @ w + (f * (e @ V.T)).mean(dim=1)


@answers.wrong("projection_logits", hint="averaged")
def mean_of_both(f, e, w, V):
    return ((w + e @ V.T) * laid_out(f, e)).mean(dim=1)


@answers.wrong("projection_logits", hint="caption-as-a-constant")
def caption_through_w(f, e, w, V):
    return (laid_out(f, e) + e @ V.T) @ w


@answers.wrong("projection_logits", hint="caption-as-a-constant")
def caption_summed_up(f, e, w, V):
    return laid_out(f, e) @ w + (e @ V.T).sum(dim=1)


@answers.wrong("projection_logits", hint="cosine")
def by_angle(f, e, w, V):
    f = laid_out(f, e)
    return f @ w + F.cosine_similarity(f, e @ V.T, dim=1)


@answers.wrong("projection_logits", hint="terms-multiplied")
def product_of_terms(f, e, w, V):
    f = laid_out(f, e)
    return (f @ w) * (f * (e @ V.T)).sum(1)


@answers.wrong("projection_logits", hint="shape")
def matrix_turned(f, e, w, V):
    f = laid_out(f, e)
    return f @ w + (f * (e @ V)).sum(1)


@answers.wrong("projection_logits", hint="shape")
def one_caption_an_image(f, e, w, V):
    return f @ w + (f * (e @ V.T)).sum(1)


@answers.right("projection_logits")
def repeated_features(f, e, w, V):
    f = f.repeat(len(e) // len(f), 1)
    return f @ w + (f * F.linear(e, V)).sum(dim=1)


@answers.right("projection_logits")
def round_by_round(f, e, w, V):
    return torch.cat([f @ w + ((part @ V.T) * f).sum(1) for part in e.split(len(f))])


@answers.right("projection_logits")
def one_direction_a_caption(f, e, w, V):
    directions = (w + e @ V.T).view(-1, *f.shape)
    return (directions * f).sum(-1).flatten()


@answers.right("projection_logits")
def by_the_diagonal(f, e, w, V):
    f = f.tile(len(e) // len(f), 1)
    return f @ w + torch.diag(f @ V @ e.T)


@answers.right("projection_logits")
def numpy_einsum(f, e, w, V):
    f, e, w, V = (part.numpy().astype(np.float64) for part in (f, e, w, V))
    rounds = e.reshape(-1, len(f), e.shape[1])
    return (np.einsum("nd,dk,rnk->rn", f, V, rounds) + f @ w).ravel()


@answers.right("projection_logits")
def caption_by_caption_with_remainder(f, e, w, V):
    return torch.stack([(w + V @ text).dot(f[j % len(f)]) for j, text in enumerate(e)])


# -- retrieval_at_1 ----------------------------------------------------------------------------------


@answers.wrong("retrieval_at_1", hint="farthest")
def largest_distance(generated, gallery, right):
    return (torch.cdist(generated, gallery).argmax(dim=1) == right).float().mean()


@answers.wrong("retrieval_at_1", hint="norms-forgotten")
def largest_product(generated, gallery, right):
    return ((generated @ gallery.T).argmax(dim=1) == right).float().mean()


@answers.wrong("retrieval_at_1", hint="norms-forgotten")
def only_the_mixed_term(generated, gallery, right):
    return ((-2 * generated @ gallery.T).argmin(dim=1) == right).float().mean()


@answers.wrong("retrieval_at_1", hint="norms-forgotten")
def norm_of_the_generated_only(generated, gallery, right):
    squared = (generated**2).sum(1, keepdim=True) - 2 * generated @ gallery.T
    return (squared.argmin(1) == right).double().mean()


@answers.wrong("retrieval_at_1", hint="angle")
def cosine(generated, gallery, right):
    similarity = F.cosine_similarity(generated[:, None], gallery[None], dim=-1)
    return (similarity.argmax(1) == right).float().mean()


@answers.wrong("retrieval_at_1", hint="wrong-axis")
def down_the_columns(generated, gallery, right):
    return (torch.cdist(generated, gallery).argmin(dim=0) == right).float().mean()


@answers.wrong("retrieval_at_1", hint="wrong-axis")
def entries_look_for_points(generated, gallery, right):
    nearest = torch.cdist(gallery, generated).argmin(dim=1)
    return (right[nearest] == torch.arange(len(gallery))).float().mean()


@answers.wrong("retrieval_at_1", hint="count")
def hits(generated, gallery, right):
    return (torch.cdist(generated, gallery).argmin(1) == right).sum()


@answers.wrong("retrieval_at_1", hint="divided-by-the-gallery")
def hits_an_entry(generated, gallery, right):
    return (torch.cdist(generated, gallery).argmin(1) == right).sum() / gallery.shape[0]


@answers.wrong("retrieval_at_1", hint="first-five")
def r_at_5(generated, gallery, right):
    ranked = torch.cdist(generated, gallery).argsort(dim=1)[:, :5]
    return (ranked == right.unsqueeze(1)).any(dim=1).float().mean()


@answers.wrong("retrieval_at_1", hint="first-five")
def r_at_3(generated, gallery, right):
    ranked = torch.cdist(generated, gallery).argsort(dim=1)[:, :3]
    return (ranked == right.unsqueeze(1)).any(dim=1).float().mean()


@answers.wrong("retrieval_at_1", hint="own-position")
def right_is_not_asked(generated, gallery, right):
    nearest = torch.cdist(generated, gallery).argmin(1)
    return (nearest == torch.arange(len(nearest))).float().mean()


@answers.wrong("retrieval_at_1", hint="percent")
def in_percent(generated, gallery, right):
    return 100.0 * (torch.cdist(generated, gallery).argmin(1) == right).float().mean()


@answers.wrong("retrieval_at_1", hint="each-verdict")
def verdicts(generated, gallery, right):
    return torch.cdist(generated, gallery).argmin(1) == right


@answers.right("retrieval_at_1")
def by_cdist(generated, gallery, right):
    return (torch.cdist(generated, gallery).argmin(dim=1) == right).float().mean()


@answers.right("retrieval_at_1")
def by_the_expanded_square(generated, gallery, right):
    squared = (gallery**2).sum(1) - 2 * generated @ gallery.T
    return (squared.argmin(1) == right).double().mean().item()


@answers.right("retrieval_at_1")
def right_distance_is_least(generated, gallery, right):
    distances = (generated[:, None] - gallery[None]).norm(dim=-1)
    own = distances.gather(1, right[:, None])
    return (own <= distances).all(dim=1).float().mean()


@answers.right("retrieval_at_1")
def numpy_loop(generated, gallery, right):
    generated, gallery = generated.numpy(), gallery.numpy()
    found = [((gallery - g) ** 2).sum(1).argmin() == r for g, r in zip(generated, right.tolist(), strict=True)]
    return np.mean(found)


# -- text_step ---------------------------------------------------------------------------------------


def make(
    exchange=lambda texts: texts.roll(1, dims=0),
    accepted=lambda texts, wrong: texts,
    judged=lambda texts, wrong: texts,
    d_judged=lambda texts, wrong: texts,
    made=lambda texts, wrong: texts,
    for_d=lambda fake: fake.detach(),
    weights=(1.0, 0.5, 0.5),
):
    def step(generator, discriminator, g_optimizer, d_optimizer, real, texts, z):
        wrong = exchange(texts)
        fake = generator(z, made(texts, wrong))
        d_optimizer.zero_grad()
        d_loss = weights[0] * bce(discriminator(real, accepted(texts, wrong)), 1.0)
        d_loss = d_loss + weights[1] * bce(discriminator(real, wrong), 0.0)
        d_loss = d_loss + weights[2] * bce(discriminator(for_d(fake), d_judged(texts, wrong)), 0.0)
        d_loss.backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = bce(discriminator(fake, judged(texts, wrong)), 1.0)
        g_loss.backward()
        g_optimizer.step()
        return d_loss, g_loss

    return step


def the_wrong_one(texts, wrong):
    return wrong


SCRAMBLED = {"exchange": lambda texts: texts.roll(1, dims=1)}
MISMATCHED = {"accepted": the_wrong_one}
ELSEWHERE = {"judged": the_wrong_one}
BACKWARDS = {"exchange": lambda texts: texts.roll(-1, dims=0)}
BUGS = [
    ("captions-scrambled", SCRAMBLED),
    ("right-pair-mismatched", MISMATCHED),
    ("right-pair-mismatched", MISMATCHED | BACKWARDS),
    ("judged-elsewhere", ELSEWHERE),
    ("judged-elsewhere", ELSEWHERE | BACKWARDS),
    ("scrambled-and-mismatched", SCRAMBLED | MISMATCHED),
    ("scrambled-and-elsewhere", SCRAMBLED | ELSEWHERE),
    ("mismatched-and-elsewhere", MISMATCHED | ELSEWHERE),
    ("some-left-in-place", {"exchange": lambda texts: texts[[1, 0, 2, 3]]}),
    ("some-left-in-place", {"exchange": lambda texts: texts}),
    ("wrong-left-out", {"weights": (1.0, 0.0, 1.0)}),
    ("wrong-left-out", {"weights": (1.0, 0.0, 0.5)}),
    ("fakes-beside-wrong-captions", {"d_judged": the_wrong_one}),
    ("all-fakes-made-elsewhere", {"made": the_wrong_one}),
    ("d-not-cut-off", {"for_d": lambda fake: fake}),
]
for i, (hint, bugs) in enumerate(BUGS):
    left = make(**bugs)
    left.__name__ = f"{hint.replace('-', '_')}_{i}"
    answers.wrong("text_step", hint=hint)(left)


@answers.right("text_step")
def repaired_in_place(generator, discriminator, g_optimizer, d_optimizer, real, texts, z):
    wrong = texts.roll(1, dims=0)
    fake = generator(z, texts)
    d_loss = F.softplus(-discriminator(real, texts)).mean()
    d_loss = d_loss + F.softplus(discriminator(real, wrong)).mean() / 2
    d_loss = d_loss + F.softplus(discriminator(fake.detach(), texts)).mean() / 2
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    g_loss = F.softplus(-discriminator(fake, texts)).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


for name, exchange in {
    "rolled_backwards": lambda texts: texts.roll(-1, dims=0),
    "rolled_by_two": lambda texts: torch.roll(texts, 2, 0),
    "turned_over": lambda texts: texts.flip(0),
    "another_order": lambda texts: texts[[2, 3, 1, 0]],
    "cut_and_joined": lambda texts: torch.cat((texts[1:], texts[:1])),
}.items():
    step = make(exchange)
    step.__name__ = name
    answers.right("text_step")(step)


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


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("captions of fakes shuffled", 260),
        "B": ("no wrong pairs", 320),
        "C": ("wrong pairs called right", 280),
        "D": ("G stands still", 300),
    },
    {
        "a-misread": {"A": ("G stands still", 260)},
        "b-misread": {"B": ("wrong pairs called right", 320)},
        "c-misread": {"C": ("no wrong pairs", 280)},
        "d-misread": {"D": ("captions of fakes shuffled", 300)},
        "misplaced": {"D": ("G stands still", 340)},
        "unknown-place": {"D": ("G stands still", 310)},
    },
)
