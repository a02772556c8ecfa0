"""Wrong and right answers to the exercises of chapter 10."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("conditional")


# -- condition_generator -----------------------------------------------------------------------------


@answers.wrong("condition_generator", hint="code-first")
def code_then_z(z, labels, classes):
    return torch.hstack([F.one_hot(labels, classes), z])


@answers.wrong("condition_generator", hint="label-as-number")
def label_column(z, labels, classes):
    return torch.cat([z, labels.unsqueeze(1)], dim=1)


@answers.wrong("condition_generator", hint="label-as-number")
def label_between_0_and_1(z, labels, classes):
    return torch.cat([z, labels.unsqueeze(1) / (classes - 1)], dim=1)


@answers.wrong("condition_generator", hint="label-as-number")
def label_repeated(z, labels, classes):
    return torch.cat([z, labels.unsqueeze(1).repeat(1, classes)], dim=1)


@answers.wrong("condition_generator", hint="columns-from-the-batch")
def classes_forgotten(z, labels, classes):
    return torch.cat([z, F.one_hot(labels)], dim=1)


@answers.wrong("condition_generator", hint="every-class-of-the-batch")
def whole_columns(z, labels, classes):
    code = torch.zeros(len(z), classes)
    code[:, labels] = 1
    return torch.cat([z, code], dim=1)


@answers.wrong("condition_generator", hint="next-class")
def counted_from_1(z, labels, classes):
    return torch.cat([z, torch.eye(classes)[labels - 1]], dim=1)


@answers.wrong("condition_generator", hint="first-label-for-all")
def only_first(z, labels, classes):
    return torch.cat([z, F.one_hot(labels[0], classes).repeat(len(z), 1)], dim=1)


@answers.wrong("condition_generator", hint="code-alone")
def no_z(z, labels, classes):
    return F.one_hot(labels, classes).to(z.dtype)


@answers.wrong("condition_generator", hint="joined-along-the-batch")
def below_each_other(z, labels, classes):
    return torch.cat([z, F.one_hot(labels, classes)])


@answers.right("condition_generator")
def by_one_hot(z, labels, classes):
    return torch.cat((z, F.one_hot(labels, classes)), dim=1)


@answers.right("condition_generator")
def by_identity(z, labels, classes):
    return torch.hstack([z.double(), torch.eye(classes, dtype=torch.float64)[labels]])


@answers.right("condition_generator")
def by_scatter(z, labels, classes):
    out = torch.zeros(len(z), z.shape[1] + classes)
    out[:, : z.shape[1]] = z
    return out.scatter_(1, z.shape[1] + labels[:, None], 1.0)


@answers.right("condition_generator")
def by_comparison(z, labels, classes):
    code = labels.numpy()[:, None] == np.arange(classes)
    return np.concatenate([z.numpy(), code], axis=1)


# -- condition_discriminator -------------------------------------------------------------------------


@answers.wrong("condition_discriminator", hint="scrambled")
def repeated_then_viewed(x, labels, classes):
    n, _, h, w = x.shape
    return torch.cat([x, F.one_hot(labels, classes).repeat(1, h * w).view(n, classes, h, w)], dim=1)


@answers.wrong("condition_discriminator", hint="scrambled")
def expanded_channels_last(x, labels, classes):
    n, _, h, w = x.shape
    maps = F.one_hot(labels, classes)[:, None, None, :].expand(n, h, w, classes).reshape(n, classes, h, w)
    return torch.cat([x, maps], dim=1)


@answers.wrong("condition_discriminator", hint="scrambled")
def stacked_then_viewed(x, labels, classes):
    n, _, h, w = x.shape
    return torch.cat([x, F.one_hot(labels, classes).repeat(h * w, 1).view(n, classes, h, w)], dim=1)


@answers.wrong("condition_discriminator", hint="label-as-number")
def one_grey_map(x, labels, classes):
    return torch.cat([x, torch.ones_like(x[:, :1]) * labels.view(-1, 1, 1, 1)], dim=1)


@answers.wrong("condition_discriminator", hint="label-as-number")
def one_scaled_map(x, labels, classes):
    return torch.cat([x, torch.ones_like(x[:, :1]) * labels.view(-1, 1, 1, 1) / classes], dim=1)


@answers.wrong("condition_discriminator", hint="one-pixel")
def corner(x, labels, classes):
    maps = torch.zeros(len(x), classes, *x.shape[2:])
    maps[range(len(x)), labels, 0, 0] = 1
    return torch.cat([x, maps], dim=1)


@answers.wrong("condition_discriminator", hint="code-first")
def maps_then_image(x, labels, classes):
    maps = F.one_hot(labels, classes)[..., None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([maps, x], dim=1)


@answers.wrong("condition_discriminator", hint="columns-from-the-batch")
def maps_of_known_classes(x, labels, classes):
    maps = F.one_hot(labels)[..., None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, maps], dim=1)


@answers.wrong("condition_discriminator", hint="every-class-of-the-batch")
def whole_maps(x, labels, classes):
    maps = torch.zeros(len(x), classes, *x.shape[2:])
    maps[:, labels] = 1
    return torch.cat([x, maps], dim=1)


@answers.wrong("condition_discriminator", hint="next-class")
def maps_counted_from_1(x, labels, classes):
    maps = torch.eye(classes)[labels - 1][..., None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, maps], dim=1)


@answers.wrong("condition_discriminator", hint="first-label-for-all")
def maps_of_first(x, labels, classes):
    maps = torch.zeros(len(x), classes, *x.shape[2:])
    maps[:, labels[0]] = 1
    return torch.cat([x, maps], dim=1)


@answers.wrong("condition_discriminator", hint="code-is-no-map")
def code_beside_image(x, labels, classes):
    return torch.cat([x, F.one_hot(labels, classes)], dim=1)


@answers.wrong("condition_discriminator", hint="code-is-no-map")
def maps_of_one_pixel(x, labels, classes):
    return torch.cat([x, F.one_hot(labels, classes)[:, :, None, None]], dim=1)


@answers.wrong("condition_discriminator", hint="no-gradient")
def image_cut_off(x, labels, classes):
    maps = F.one_hot(labels, classes)[..., None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x.detach(), maps], dim=1)


@answers.right("condition_discriminator")
def expanded(x, labels, classes):
    maps = F.one_hot(labels, classes).to(x)[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, maps], dim=1)


@answers.right("condition_discriminator")
def indexed(x, labels, classes):
    maps = torch.zeros(len(x), classes, *x.shape[2:])
    maps[torch.arange(len(x)), labels] = 1
    return torch.cat([x, maps], dim=1)


@answers.right("condition_discriminator")
def multiplied_by_ones(x, labels, classes):
    code = (labels[:, None] == torch.arange(classes)).double()
    return torch.cat([x, code.view(len(x), classes, 1, 1) * torch.ones(x.shape[2:])], dim=1)


@answers.right("condition_discriminator")
def image_by_image(x, labels, classes):
    rows = []
    for image, label in zip(x, labels, strict=True):
        maps = torch.stack([torch.full(image.shape[1:], float(k == label)) for k in range(classes)])
        rows.append(torch.cat([image, maps]))
    return torch.stack(rows)


# -- conditional_batchnorm ---------------------------------------------------------------------------


def affine(x, labels, gamma, beta):
    return gamma[labels].view(len(x), -1, 1, 1) * x + beta[labels].view(len(x), -1, 1, 1)


def normalised(x, dims=(0, 2, 3), unbiased=False, eps=1e-5):
    return (x - x.mean(dims, keepdim=True)) / torch.sqrt(x.var(dims, unbiased=unbiased, keepdim=True) + eps)


@answers.wrong("conditional_batchnorm", hint="statistics-of-each-class")
def class_by_class(x, labels, gamma, beta, eps=1e-5):
    out = torch.empty_like(x)
    for k in range(len(gamma)):
        mine = labels == k
        if mine.any():
            out[mine] = gamma[k].view(-1, 1, 1) * normalised(x[mine], eps=eps) + beta[k].view(-1, 1, 1)
    return out


@answers.wrong("conditional_batchnorm", hint="statistics-of-each-sample")
def instance_norm(x, labels, gamma, beta, eps=1e-5):
    return affine(F.instance_norm(x, eps=eps), labels, gamma, beta)


@answers.wrong("conditional_batchnorm", hint="statistics-of-each-pixel")
def batch_axis_only(x, labels, gamma, beta, eps=1e-5):
    return affine(normalised(x, dims=0), labels, gamma, beta)


@answers.wrong("conditional_batchnorm", hint="channels-together")
def one_mean(x, labels, gamma, beta, eps=1e-5):
    return affine((x - x.mean()) / (x.var(unbiased=False) + eps).sqrt(), labels, gamma, beta)


@answers.wrong("conditional_batchnorm", hint="not-normalised")
def affine_only(x, labels, gamma, beta, eps=1e-5):
    return affine(x, labels, gamma, beta)


@answers.wrong("conditional_batchnorm", hint="tables-swapped")
def beta_times_x(x, labels, gamma, beta, eps=1e-5):
    return affine(normalised(x), labels, beta, gamma)


@answers.wrong("conditional_batchnorm", hint="half-of-the-affine-part")
def scale_only(x, labels, gamma, beta, eps=1e-5):
    return gamma[labels][:, :, None, None] * normalised(x)


@answers.wrong("conditional_batchnorm", hint="half-of-the-affine-part")
def shift_only(x, labels, gamma, beta, eps=1e-5):
    return normalised(x) + beta[labels][:, :, None, None]


@answers.wrong("conditional_batchnorm", hint="one-plus-gamma")
def residual_scale(x, labels, gamma, beta, eps=1e-5):
    return affine(normalised(x), labels, gamma + 1, beta)


@answers.wrong("conditional_batchnorm", hint="n-minus-one")
def torch_default(x, labels, gamma, beta, eps=1e-5):
    return affine(normalised(x, unbiased=True), labels, gamma, beta)


@answers.wrong("conditional_batchnorm", hint="variance-without-root")
def over_variance(x, labels, gamma, beta, eps=1e-5):
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return affine((x - mean) / (var + eps), labels, gamma, beta)


@answers.wrong("conditional_batchnorm", hint="affine-first")
def normalised_last(x, labels, gamma, beta, eps=1e-5):
    return normalised(affine(x, labels, gamma, beta))


@answers.wrong("conditional_batchnorm", hint="same-for-all-classes")
def averaged_tables(x, labels, gamma, beta, eps=1e-5):
    return F.batch_norm(x, None, None, gamma.mean(0), beta.mean(0), training=True, eps=eps)


@answers.wrong("conditional_batchnorm", hint="same-for-all-classes")
def class_0(x, labels, gamma, beta, eps=1e-5):
    return F.batch_norm(x, None, None, gamma[0], beta[0], training=True, eps=eps)


@answers.wrong("conditional_batchnorm", hint="same-for-all-classes")
def class_of_first(x, labels, gamma, beta, eps=1e-5):
    return F.batch_norm(x, None, None, gamma[labels[0]], beta[labels[0]], training=True, eps=eps)


@answers.wrong("conditional_batchnorm", hint="statistics-cut-off")
def statistics_without_grad(x, labels, gamma, beta, eps=1e-5):
    with torch.no_grad():
        mean, std = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True).sqrt()
    return affine((x - mean) / (std + eps), labels, gamma, beta)


@answers.right("conditional_batchnorm")
def by_batch_norm(x, labels, gamma, beta, eps=1e-5):
    x_hat = F.batch_norm(x, None, None, training=True, eps=eps)
    return gamma[labels][:, :, None, None] * x_hat + beta[labels][:, :, None, None]


@answers.right("conditional_batchnorm")
def by_hand(x, labels, gamma, beta, eps=1e-5):
    flat = x.transpose(0, 1).flatten(1)
    mean = flat.mean(1)[:, None, None]
    var = (flat**2).mean(1)[:, None, None] - mean**2
    scale = torch.index_select(gamma, 0, labels)[..., None, None]
    shift = torch.index_select(beta, 0, labels)[..., None, None]
    return (x - mean) * torch.rsqrt(var + eps) * scale + shift


@answers.right("conditional_batchnorm")
def by_one_hot_product(x, labels, gamma, beta, eps=1e-5):
    code = F.one_hot(labels, len(gamma)).double()
    scale, shift = code @ gamma.double(), code @ beta.double()
    x = x.double()
    x_hat = (x - x.mean((0, 2, 3), keepdim=True)) / (x.std((0, 2, 3), correction=0, keepdim=True) + eps)
    return torch.einsum("nc,nchw->nchw", scale, x_hat) + shift.view(*shift.shape, 1, 1)


@answers.right("conditional_batchnorm")
def library_layer(x, labels, gamma, beta, eps=1e-5):
    from ganbook.models.conditional import ConditionalBatchNorm2d

    layer = ConditionalBatchNorm2d(gamma.shape[1], gamma.shape[0])
    layer.scale.weight.data, layer.shift.weight.data = gamma, beta
    return layer(x, labels)


# -- projection_logit --------------------------------------------------------------------------------


def linear(features, weight, bias):
    return (features * weight).sum(1) + bias


@answers.wrong("projection_logit", hint="all-pairs")
def matrix_product(features, labels, weight, bias, embedding):
    return linear(features, weight, bias) + features @ embedding[labels].T


@answers.wrong("projection_logit", hint="all-pairs")
def kept_dimension(features, labels, weight, bias, embedding):
    return linear(features, weight, bias) + (embedding[labels] * features).sum(dim=1, keepdim=True)


@answers.wrong("projection_logit", hint="one-logit-a-class")
def not_picked(features, labels, weight, bias, embedding):
    return linear(features, weight, bias).unsqueeze(1) + features @ embedding.T


@answers.wrong("projection_logit", hint="class-left-out")
def unconditional(features, labels, weight, bias, embedding):
    return linear(features, weight, bias)


@answers.wrong("projection_logit", hint="class-term-alone")
def product_only(features, labels, weight, bias, embedding):
    return (embedding[labels] * features).sum(1)


@answers.wrong("projection_logit", hint="class-term-alone")
def product_and_bias(features, labels, weight, bias, embedding):
    return torch.einsum("nf,nf->n", embedding[labels], features) + bias


@answers.wrong("projection_logit", hint="mean-not-sum")
def averaged_product(features, labels, weight, bias, embedding):
    return linear(features, weight, bias) + torch.mean(embedding[labels] * features, dim=1)


@answers.wrong("projection_logit", hint="every-class-added")
def all_rows(features, labels, weight, bias, embedding):
    return linear(features, weight, bias) + (features @ embedding.T).sum(1)


@answers.wrong("projection_logit", hint="best-class")
def largest(features, labels, weight, bias, embedding):
    return linear(features, weight, bias) + (features @ embedding.T).amax(1)


@answers.wrong("projection_logit", hint="classifier")
def log_probability(features, labels, weight, bias, embedding):
    return linear(features, weight, bias) - F.cross_entropy(features @ embedding.T, labels, reduction="none")


@answers.wrong("projection_logit", hint="added-to-the-features")
def shifted_features(features, labels, weight, bias, embedding):
    return (features + embedding[labels]) @ weight + bias


@answers.wrong("projection_logit", hint="features-gated")
def gated_features(features, labels, weight, bias, embedding):
    return (features * embedding[labels]) @ weight + bias


@answers.wrong("projection_logit", hint="probability")
def through_sigmoid(features, labels, weight, bias, embedding):
    return torch.sigmoid(linear(features, weight, bias) + (embedding[labels] * features).sum(1))


@answers.right("projection_logit")
def summed_product(features, labels, weight, bias, embedding):
    return features @ weight + bias + (embedding[labels] * features).sum(dim=1)


@answers.right("projection_logit")
def one_vector(features, labels, weight, bias, embedding):
    return torch.einsum("nf,nf->n", features, weight + embedding[labels]) + bias


@answers.right("projection_logit")
def gathered(features, labels, weight, bias, embedding):
    of_all = features @ embedding.T
    return F.linear(features, weight[None], bias[None]).squeeze(1) + of_all.gather(1, labels[:, None])[:, 0]


@answers.right("projection_logit")
def diagonal(features, labels, weight, bias, embedding):
    f, v = features.double(), embedding.double()
    return f @ weight.double() + bias.double() + torch.diag(f @ v[labels].T)


# -- auxiliary_losses --------------------------------------------------------------------------------


def source(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def wants_real(fake_logits):
    return F.softplus(-fake_logits).mean()


def make_losses(d=lambda r, f: r + f, g=lambda r, f: f, classify=F.cross_entropy, d_source=source, g_source=wants_real):
    def losses(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
        on_real, on_fake = classify(real_scores, real_labels), classify(fake_scores, fake_labels)
        d_loss = d_source(real_logits, fake_logits) + d(on_real, on_fake)
        return d_loss, g_source(fake_logits) + g(on_real, on_fake)

    return losses


LOSSES = {
    "softmax-first": {"classify": lambda scores, labels: F.cross_entropy(torch.softmax(scores, dim=1), labels)},
    "softmax-missing": {"classify": lambda scores, labels: -scores.gather(1, labels[:, None]).mean()},
    "g-against-its-class": {"g": lambda r, f: -f},
    "d-against-the-fakes-classes": {"d": lambda r, f: r - f},
    "class-on-real-only": {"d": lambda r, f: r},
    "class-on-fakes-only": {"d": lambda r, f: f},
    "real-term-in-g": {"g": lambda r, f: r + f},
    "halved": {"d": lambda r, f: (r + f) / 2},
    "summed": {"classify": lambda scores, labels: -scores.log_softmax(1).gather(1, labels[:, None]).sum()},
    "saturating": {"g_source": lambda fake: torch.log(1 - torch.sigmoid(fake)).mean()},
}
for hint, parts in LOSSES.items():
    wrong_losses = make_losses(**parts)
    wrong_losses.__name__ = hint.replace("-", "_")
    answers.wrong("auxiliary_losses", hint=hint)(wrong_losses)


@answers.wrong("auxiliary_losses", hint="labels-swapped")
def other_labels(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    return make_losses()(real_logits, real_scores, fake_labels, fake_logits, fake_scores, real_labels)


@answers.wrong("auxiliary_losses", hint="real-and-fake-swapped")
def source_upside_down(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    on_real, on_fake = F.cross_entropy(real_scores, real_labels), F.cross_entropy(fake_scores, fake_labels)
    return source(fake_logits, real_logits) + on_real + on_fake, F.softplus(fake_logits).mean() + on_fake


@answers.wrong("auxiliary_losses", hint="real-and-fake-swapped")
def g_caught(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    on_real, on_fake = F.cross_entropy(real_scores, real_labels), F.cross_entropy(fake_scores, fake_labels)
    return source(real_logits, fake_logits) + on_real + on_fake, F.softplus(fake_logits).mean() + on_fake


@answers.wrong("auxiliary_losses", hint="g-without-class")
def g_of_the_first_gan(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    d_loss, _ = make_losses()(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels)
    return d_loss, wants_real(fake_logits)


@answers.wrong("auxiliary_losses", hint="fakes-never-named")
def classifier_beside_the_game(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    d_loss = source(real_logits, fake_logits) + F.cross_entropy(real_scores, real_labels)
    return d_loss, wants_real(fake_logits)


@answers.wrong("auxiliary_losses", hint="softmax-first")
def probabilities_of_real(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    d_loss = source(real_logits, fake_logits) + F.cross_entropy(real_scores.softmax(1), real_labels)
    return d_loss, wants_real(fake_logits)


@answers.wrong("auxiliary_losses", hint="g-minus-d")
def zero_sum(*inputs):
    d_loss, _ = make_losses()(*inputs)
    return d_loss, -d_loss


@answers.wrong("auxiliary_losses", hint="not-a-pair")
def d_alone(*inputs):
    return make_losses()(*inputs)[0]


@answers.wrong("auxiliary_losses", hint="no-gradient")
def fakes_cut_off(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    d_loss, _ = make_losses()(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels)
    return d_loss, wants_real(fake_logits) + F.cross_entropy(fake_scores.detach(), fake_labels)


@answers.right("auxiliary_losses")
def with_cross_entropy(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    bce = F.binary_cross_entropy_with_logits
    on_fake = F.cross_entropy(fake_scores, fake_labels)
    d_loss = bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))
    d_loss = d_loss + F.cross_entropy(real_scores, real_labels) + on_fake
    return d_loss, bce(fake_logits, torch.ones_like(fake_logits)) + on_fake


@answers.right("auxiliary_losses")
def with_nll(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    def name(scores, labels):
        return F.nll_loss(scores.log_softmax(1), labels)

    d_loss = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    d_loss += name(real_scores, real_labels) + name(fake_scores, fake_labels)
    return [d_loss, name(fake_scores, fake_labels) - F.logsigmoid(fake_logits).mean()]


@answers.right("auxiliary_losses")
def with_logsumexp(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    def name(scores, labels):
        return (torch.logsumexp(scores, 1) - scores[torch.arange(len(labels)), labels]).mean()

    shared = name(fake_scores, fake_labels)
    return source(real_logits, fake_logits) + name(real_scores, real_labels) + shared, wants_real(fake_logits) + shared


@answers.right("auxiliary_losses")
def one_pass(real_logits, real_scores, real_labels, fake_logits, fake_scores, fake_labels):
    scores, labels = torch.cat([real_scores, fake_scores]), torch.cat([real_labels, fake_labels])
    d_loss = source(real_logits, fake_logits) + 2 * F.cross_entropy(scores, labels)
    return d_loss, wants_real(fake_logits) + F.cross_entropy(fake_scores, fake_labels)


# -- agreement ---------------------------------------------------------------------------------------


@answers.wrong("agreement", hint="argmax-over-the-batch")
def wrong_axis(scores, labels):
    return (scores.argmax(dim=0) == labels).float().mean()


@answers.wrong("agreement", hint="argmax-over-the-batch")
def wrong_axis_turned(scores, labels):
    return torch.eq(labels, scores.max(0).indices).float().mean()


@answers.wrong("agreement", hint="top-two")
def second_guess(scores, labels):
    best = scores.argsort(dim=1, descending=True)[:, :2]
    return sum(float(label in row) for row, label in zip(best, labels, strict=True)) / len(labels)


@answers.wrong("agreement", hint="averaged-over-classes")
def macro(scores, labels):
    said = scores.argmax(1)
    shares = [(said[labels == k] == k).float().mean() for k in range(scores.shape[1])]
    return sum(shares) / len(shares)


@answers.wrong("agreement", hint="class-counts-compared")
def histograms(scores, labels):
    classes = scores.shape[1]
    said = torch.histc(scores.argmax(1).float(), classes, -0.5, classes - 0.5) / len(labels)
    asked = torch.histc(labels.float(), classes, -0.5, classes - 0.5) / len(labels)
    return torch.minimum(said, asked).sum()


@answers.wrong("agreement", hint="class-counts-compared")
def both_sorted(scores, labels):
    return (torch.sort(scores.argmax(1))[0] == torch.sort(labels)[0]).float().mean()


@answers.wrong("agreement", hint="mean-probability")
def confidence(scores, labels):
    return scores.softmax(dim=1).gather(1, labels[:, None]).mean()


@answers.wrong("agreement", hint="mean-probability")
def largest_probability(scores, labels):
    return scores.softmax(dim=1).amax(1).mean()


@answers.wrong("agreement", hint="sure-ones-only")
def above_half(scores, labels):
    return (torch.softmax(scores, 1)[range(len(labels)), labels] > 0.5).double().mean()


@answers.wrong("agreement", hint="entries-not-samples")
def code_by_code(scores, labels):
    said = (scores == scores.amax(1, keepdim=True)).long()
    return (said == F.one_hot(labels, scores.shape[1])).float().mean()


@answers.wrong("agreement", hint="error-rate")
def disagreement(scores, labels):
    return (scores.argmax(1) != labels).float().mean()


@answers.wrong("agreement", hint="count")
def how_many(scores, labels):
    return (scores.argmax(1) == labels).float().sum()


@answers.wrong("agreement", hint="percent")
def in_percent(scores, labels):
    return 100 * (scores.argmax(1) == labels).float().mean()


@answers.wrong("agreement", hint="truth-values")
def mean_of_truth_values(scores, labels):
    return (scores.argmax(1) == labels).mean()


@answers.wrong("agreement", hint="values-and-places")
def max_of_rows(scores, labels):
    return (scores.max(1) == labels).float().mean()


@answers.wrong("agreement", hint="lowest-score")
def argmin(scores, labels):
    return (scores.argmin(1) == labels).float().mean()


@answers.right("agreement")
def usual(scores, labels):
    return (scores.argmax(dim=1) == labels).float().mean().item()


@answers.right("agreement")
def nothing_above(scores, labels):
    asked = scores.gather(1, labels[:, None])
    return 1 - (scores > asked).any(dim=1).double().mean()


@answers.right("agreement")
def in_numpy(scores, labels):
    return np.mean(scores.numpy().argmax(axis=-1) == labels.numpy())


@answers.right("agreement")
def confusion_matrix(scores, labels):
    table = F.one_hot(labels, scores.shape[1]).T.float() @ F.one_hot(scores.argmax(1), scores.shape[1]).float()
    return table.trace() / table.sum()


# -- conditional_step --------------------------------------------------------------------------------


def d_step(discriminator, d_optimizer, real, labels, fake, told):
    d_loss = F.softplus(-discriminator(real, labels)).mean() + F.softplus(discriminator(fake, told)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    return d_loss


def g_step(discriminator, g_optimizer, fake, told):
    g_loss = F.softplus(-discriminator(fake, told)).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return g_loss


def make_step(real_alone=False, d_apart=False, g_apart=False, shuffled=True):
    def step(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
        n = len(real)
        if shuffled or real_alone:
            order = torch.randperm(n)
            real, labels = real[order], labels if real_alone else labels[order]
        asked = torch.randint(classes, (n,))
        fake = generator(sample_z(n), asked).detach()
        d_loss = d_step(discriminator, d_optimizer, real, labels, fake, labels if d_apart else asked)
        asked = torch.randint(classes, (n,))
        fake = generator(sample_z(n), asked)
        return d_loss, g_step(discriminator, g_optimizer, fake, labels if g_apart else asked)

    return step


REAL, D_APART, G_APART = {"real_alone": True}, {"d_apart": True}, {"g_apart": True}
LEFT = {
    "real-alone": REAL,
    "d-apart": D_APART,
    "g-apart": G_APART,
    "real-alone-and-d-apart": REAL | D_APART,
    "real-alone-and-g-apart": REAL | G_APART,
    "both-apart": D_APART | G_APART,
}
for hint, bugs in LEFT.items():
    left = make_step(**bugs)
    left.__name__ = hint.replace("-", "_") + "_left"
    answers.wrong("conditional_step", hint=hint)(left)


@answers.wrong("conditional_step", hint="all-apart")
def everything_drawn_again(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    n = len(real)

    def any_classes():
        return torch.randint(classes, (n,))

    with torch.no_grad():
        fake = generator(sample_z(n), any_classes())
    d_loss = d_step(discriminator, d_optimizer, real, any_classes(), fake, any_classes())
    fake = generator(sample_z(n), any_classes())
    return d_loss, g_step(discriminator, g_optimizer, fake, any_classes())


@answers.wrong("conditional_step", hint="both-apart")
def labels_for_g_flipped_for_d(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    with torch.no_grad():
        fake = generator(sample_z(len(real)), labels)
    d_loss = d_step(discriminator, d_optimizer, real, labels, fake, (labels + 1) % classes)
    fake = generator(sample_z(len(real)), labels)
    return d_loss, g_step(discriminator, g_optimizer, fake, (labels + 1) % classes)


@answers.wrong("conditional_step", hint="real-alone")
def new_labels_for_all(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    labels = torch.randint(classes, (len(real),))
    return labels_of_the_batch(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes)


@answers.wrong("conditional_step", hint="turn-missing")
def no_fakes_for_d(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    d_loss = F.softplus(-discriminator(real, labels)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    return d_loss, g_step(discriminator, g_optimizer, generator(sample_z(len(real)), labels), labels)


@answers.wrong("conditional_step", hint="one-class")
def always_class_0(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    asked = torch.zeros_like(labels)
    with torch.no_grad():
        fake = generator(sample_z(len(real)), asked)
    d_loss = d_step(discriminator, d_optimizer, real, labels, fake, asked)
    return d_loss, g_step(discriminator, g_optimizer, generator(sample_z(len(real)), asked), asked)


@answers.wrong("conditional_step", hint="another-step")
def no_zero_grad(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    with torch.no_grad():
        fake = generator(sample_z(len(real)), labels)
    d_loss = F.softplus(-discriminator(real, labels)).mean() + F.softplus(discriminator(fake, labels)).mean()
    d_loss.backward()
    d_optimizer.step()
    return d_loss, g_step(discriminator, g_optimizer, generator(sample_z(len(real)), labels), labels)


@answers.wrong("conditional_step", hint="another-step")
def g_helps_d(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    with torch.no_grad():
        fake = generator(sample_z(len(real)), labels)
    d_loss = d_step(discriminator, d_optimizer, real, labels, fake, labels)
    g_loss = F.softplus(discriminator(generator(sample_z(len(real)), labels), labels)).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("conditional_step")
def mended_in_place(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    return make_step()(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes)


@answers.right("conditional_step")
def never_shuffled(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    return make_step(shuffled=False)(
        generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes
    )


@answers.right("conditional_step")
def labels_of_the_batch(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    with torch.no_grad():
        fake = generator(sample_z(len(real)), labels)
    d_loss = d_step(discriminator, d_optimizer, real, labels, fake, labels)
    return d_loss, g_step(discriminator, g_optimizer, generator(sample_z(len(real)), labels), labels)


@answers.right("conditional_step")
def one_fake_for_both_turns(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    asked = labels[torch.randperm(len(labels))]
    fake = generator(sample_z(len(real)), asked)
    d_loss = d_step(discriminator, d_optimizer, real, labels, fake.detach(), asked)
    return d_loss, g_step(discriminator, g_optimizer, fake, asked)


@answers.right("conditional_step")
def one_pass_through_d(generator, discriminator, g_optimizer, d_optimizer, real, labels, sample_z, classes):
    n, bce = len(real), nn.BCEWithLogitsLoss()
    asked = torch.randint(classes, (n,))
    fake = generator(sample_z(n), asked)
    logits = discriminator(torch.cat([real, fake.detach()]), torch.cat([labels, asked]))
    d_loss = 2 * bce(logits, torch.cat([torch.ones(n), torch.zeros(n)]).to(logits))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    asked = asked.flip(0)
    return d_loss, g_step(discriminator, g_optimizer, generator(sample_z(n), asked), asked)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("unknown to the judge", 2),
        "B": ("drawn for every other", 5),
        "C": ("exchanged with the next", 3),
        "D": ("ignored", 6),
    },
    {
        "a-misread": {"A": ("exchanged with the next", 2)},
        "b-misread": {"B": ("ignored", 5)},
        "c-misread": {"C": ("never drawn", 3)},
        "d-misread": {"D": ("never drawn", 6)},
        "misplaced": {"C": ("exchanged with the next", 4)},
        "unknown-place": {"C": ("exchanged with the next", 8)},
    },
)
