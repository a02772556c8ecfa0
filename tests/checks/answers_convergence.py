"""Wrong and right answers to the exercises of chapter 4."""

import math

import numpy as np
import torch
from harness import Answers, keep_readings

answers = Answers("convergence")

# -- simultaneous_step ---------------------------------------------------------------------------------


@answers.wrong("simultaneous_step", hint="in-turn")
def overwritten_theta(theta, psi, eta):
    theta = theta - eta * psi
    psi = psi + eta * theta
    return theta, psi


@answers.wrong("simultaneous_step", hint="in-turn")
def psi_first(theta, psi, eta):
    new_psi = psi + eta * theta
    return theta - eta * new_psi, new_psi


@answers.wrong("simultaneous_step", hint="both-descend")
def two_descents(theta, psi, eta):
    return theta - eta * psi, psi - eta * theta


@answers.wrong("simultaneous_step", hint="both-climb")
def two_ascents(theta, psi, eta):
    return theta + eta * psi, psi + eta * theta


@answers.wrong("simultaneous_step", hint="roles-swapped")
def theta_climbs(theta, psi, eta):
    return theta + eta * psi, psi - eta * theta


@answers.wrong("simultaneous_step", hint="own-number")
def own_number(theta, psi, eta):
    return theta * (1 - eta), psi * (1 + eta)


@answers.wrong("simultaneous_step", hint="value-not-gradient")
def along_the_value(theta, psi, eta):
    v = theta * psi
    return theta - eta * v, psi + eta * v


@answers.wrong("simultaneous_step", hint="no-step-size")
def whole_steps(theta, psi, eta):
    return theta - psi, psi + theta


@answers.wrong("simultaneous_step", hint="returned-swapped")
def psi_returned_first(theta, psi, eta):
    return psi + eta * theta, theta - eta * psi


@answers.wrong("simultaneous_step", hint="moves-only")
def only_the_moves(theta, psi, eta):
    return -eta * psi, eta * theta


@answers.wrong("simultaneous_step", hint="not-two-values")
def distance_only(theta, psi, eta):
    return ((theta - eta * psi) ** 2 + (psi + eta * theta) ** 2).sum().sqrt()


@answers.wrong("simultaneous_step", hint="changed-input")
def in_place(theta, psi, eta):
    old = theta.clone()
    theta -= eta * psi
    return theta, psi + eta * old


@answers.right("simultaneous_step")
def by_hand(theta, psi, eta):
    return theta - eta * psi, psi + eta * theta


@answers.right("simultaneous_step")
def as_a_matrix(theta, psi, eta):
    matrix = torch.tensor([[1.0, -eta], [eta, 1.0]])
    return matrix @ torch.stack((theta, psi))


@answers.right("simultaneous_step")
def by_autograd(theta, psi, eta):
    theta, psi = theta.double().requires_grad_(), psi.double().requires_grad_()
    by_theta, by_psi = torch.autograd.grad((theta * psi).sum(), (theta, psi))
    return [(theta - eta * by_theta).detach(), (psi + eta * by_psi).detach()]


@answers.right("simultaneous_step")
def with_numpy(theta, psi, eta):
    theta, psi = theta.numpy(), psi.numpy()
    return theta - eta * psi, psi + eta * theta


# -- alternating_step ----------------------------------------------------------------------------------


def slopes(value, theta, psi):
    theta, psi = theta.detach().clone().requires_grad_(), psi.detach().clone().requires_grad_()
    return torch.autograd.grad(value(theta, psi), (theta, psi))


@answers.wrong("alternating_step", hint="simultaneous")
def gradients_once(value, theta, psi, eta):
    by_theta, by_psi = slopes(value, theta, psi)
    return theta - eta * by_theta, psi + eta * by_psi


@answers.wrong("alternating_step", hint="simultaneous")
def new_psi_unused(value, theta, psi, eta):
    theta, psi = theta.requires_grad_(), psi.requires_grad_()
    v = value(theta, psi)
    new_psi = psi + eta * torch.autograd.grad(v, psi, retain_graph=True)[0]
    return theta - eta * torch.autograd.grad(v, theta)[0], new_psi


@answers.wrong("alternating_step", hint="theta-first")
def generator_first(value, theta, psi, eta):
    new_theta = theta - eta * slopes(value, theta, psi)[0]
    return new_theta, psi + eta * slopes(value, new_theta, psi)[1]


@answers.wrong("alternating_step", hint="through-the-step")
def graph_kept(value, theta, psi, eta):
    theta, psi = theta.requires_grad_(), psi.requires_grad_()
    new_psi = psi + eta * torch.autograd.grad(value(theta, psi), psi, create_graph=True)[0]
    (by_theta,) = torch.autograd.grad(value(theta, new_psi), theta)
    return theta - eta * by_theta, new_psi


@answers.wrong("alternating_step", hint="gradients-added-up")
def backward_twice(value, theta, psi, eta):
    theta, psi = theta.clone().requires_grad_(), psi.clone().requires_grad_()
    value(theta, psi).backward()
    new_psi = (psi + eta * psi.grad).detach()
    value(theta, new_psi).backward()
    return (theta - eta * theta.grad).detach(), new_psi


@answers.wrong("alternating_step", hint="both-descend")
def everybody_descends(value, theta, psi, eta):
    new_psi = psi - eta * slopes(value, theta, psi)[1]
    return theta - eta * slopes(value, theta, new_psi)[0], new_psi


@answers.wrong("alternating_step", hint="both-climb")
def everybody_climbs(value, theta, psi, eta):
    new_psi = psi + eta * slopes(value, theta, psi)[1]
    return theta + eta * slopes(value, theta, new_psi)[0], new_psi


@answers.wrong("alternating_step", hint="roles-swapped")
def maximin(value, theta, psi, eta):
    new_psi = psi - eta * slopes(value, theta, psi)[1]
    return theta + eta * slopes(value, theta, new_psi)[0], new_psi


@answers.wrong("alternating_step", hint="psi-moves-twice")
def psi_answers_again(value, theta, psi, eta):
    psi = psi + eta * slopes(value, theta, psi)[1]
    theta = theta - eta * slopes(value, theta, psi)[0]
    return theta, psi + eta * slopes(value, theta, psi)[1]


@answers.wrong("alternating_step", hint="returned-swapped")
def in_order_of_moves(value, theta, psi, eta):
    new_psi = psi + eta * slopes(value, theta, psi)[1]
    return new_psi, theta - eta * slopes(value, theta, new_psi)[0]


@answers.wrong("alternating_step", hint="no-gradient")
def gradients_not_asked_for(value, theta, psi, eta):
    new_psi = psi + eta * torch.autograd.grad(value(theta, psi), psi)[0]
    return theta - eta * torch.autograd.grad(value(theta, new_psi), theta)[0], new_psi


@answers.right("alternating_step")
def two_gradients(value, theta, psi, eta):
    theta, psi = theta.requires_grad_(), psi.requires_grad_()
    (by_psi,) = torch.autograd.grad(value(theta, psi), psi)
    new_psi = (psi + eta * by_psi).detach()
    (by_theta,) = torch.autograd.grad(value(theta, new_psi), theta)
    return (theta - eta * by_theta).detach(), new_psi


@answers.right("alternating_step")
def two_optimisers(value, theta, psi, eta):
    theta, psi = torch.nn.Parameter(theta.clone()), torch.nn.Parameter(psi.clone())
    g, d = torch.optim.SGD([theta], eta), torch.optim.SGD([psi], eta, maximize=True)
    d.zero_grad()
    value(theta, psi).backward()
    d.step()
    g.zero_grad()
    value(theta, psi).backward()
    g.step()
    return theta, psi


@answers.right("alternating_step")
def functional(value, theta, psi, eta):
    new_psi = psi + eta * torch.func.grad(value, argnums=1)(theta, psi)
    return theta - eta * torch.func.grad(value, argnums=0)(theta, new_psi), new_psi


# -- growth_rate ---------------------------------------------------------------------------------------


def round_of(eta, c, gamma):
    return np.array([[1, eta * c], [-eta * c, 1 - eta * gamma]])


@answers.wrong("growth_rate", hint="real-part")
def largest_real_part(eta, c, gamma):
    return np.linalg.eigvals(round_of(eta, c, gamma)).real.max()


@answers.wrong("growth_rate", hint="field-not-round")
def of_the_gradients(eta, c, gamma):
    return np.abs(np.linalg.eigvals(np.array([[0, eta * c], [-eta * c, -eta * gamma]]))).max()


@answers.wrong("growth_rate", hint="field-not-round")
def of_the_vector_field(eta, c, gamma):
    return np.abs(np.linalg.eigvals(np.array([[0, c], [-c, -gamma]]))).max()


@answers.wrong("growth_rate", hint="singular-value")
def spectral_norm(eta, c, gamma):
    return np.linalg.norm(round_of(eta, c, gamma), ord=2)


@answers.wrong("growth_rate", hint="half-gamma")
def gamma_half_kept(eta, c, gamma):
    return np.abs(np.linalg.eigvals(round_of(eta, c, gamma / 2))).max()


@answers.wrong("growth_rate", hint="damping-sign")
def climbs_the_penalty(eta, c, gamma):
    return np.abs(np.linalg.eigvals(round_of(eta, c, -gamma))).max()


@answers.wrong("growth_rate", hint="no-damping")
def without_penalty(eta, c, gamma):
    return math.sqrt(1 + (eta * c) ** 2)


@answers.wrong("growth_rate", hint="damps-both")
def weight_decay_on_both(eta, c, gamma):
    return abs(complex(1 - eta * gamma, eta * c))


@answers.wrong("growth_rate", hint="same-sign-coupling")
def symmetric_matrix(eta, c, gamma):
    return np.abs(np.linalg.eigvalsh(np.array([[1, eta * c], [eta * c, 1 - eta * gamma]]))).max()


@answers.wrong("growth_rate", hint="alternating")
def in_turn_matrix(eta, c, gamma):
    move_psi = np.array([[1, 0], [-eta * c, 1 - eta * gamma]])
    move_theta = np.array([[1, eta * c], [0, 1]])
    return np.abs(np.linalg.eigvals(move_theta @ move_psi)).max()


@answers.wrong("growth_rate", hint="complex-only")
def formula_of_the_page(eta, c, gamma):
    return math.sqrt(1 - eta * gamma + eta**2 * c**2)


@answers.wrong("growth_rate", hint="determinant")
def product_of_both(eta, c, gamma):
    return np.linalg.det(round_of(eta, c, gamma))


@answers.wrong("growth_rate", hint="smallest")
def first_one(eta, c, gamma):
    return sorted(abs(np.linalg.eigvals(round_of(eta, c, gamma))))[0]


@answers.right("growth_rate")
def numpy_eigenvalues(eta, c, gamma):
    return np.abs(np.linalg.eigvals(round_of(eta, c, gamma))).max()


@answers.right("growth_rate")
def quadratic_formula(eta, c, gamma):
    half_trace, det = 1 - eta * gamma / 2, 1 - eta * gamma + (eta * c) ** 2
    root = (half_trace**2 - det + 0j) ** 0.5
    return max(abs(half_trace + root), abs(half_trace - root))


@answers.right("growth_rate")
def jacobian_by_autograd(eta, c, gamma):
    def play(state):
        theta, psi = state
        return torch.stack((theta + eta * c * psi, psi - eta * (c * theta + gamma * psi)))

    jacobian = torch.autograd.functional.jacobian(play, torch.zeros(2, dtype=torch.float64))
    return torch.linalg.eigvals(jacobian).abs().max().item()


# -- r1_penalty ----------------------------------------------------------------------------------------


def slope(critic, x, create_graph=True):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=create_graph)[0]


@answers.wrong("r1_penalty", hint="no-second-backward")
def first_order_only(critic, real, fake, gamma):
    real.requires_grad_()
    (gradient,) = torch.autograd.grad(critic(real).sum(), real)
    return gamma / 2 * gradient.pow(2).sum((1, 2, 3)).mean()


@answers.wrong("r1_penalty", hint="no-second-backward")
def graph_kept_not_made(critic, real, fake, gamma):
    real.requires_grad_()
    (gradient,) = torch.autograd.grad(critic(real).sum(), real, retain_graph=True)
    return gamma / 2 * gradient.flatten(1).norm(dim=1).square().mean()


@answers.wrong("r1_penalty", hint="missing-half")
def without_the_half(critic, real, fake, gamma):
    return gamma * slope(critic, real).square().sum((1, 2, 3)).mean()


@answers.wrong("r1_penalty", hint="whole-batch")
def norm_of_everything(critic, real, fake, gamma):
    return gamma / 2 * slope(critic, real).norm() ** 2


@answers.wrong("r1_penalty", hint="mean-of-logits")
def mean_differentiated(critic, real, fake, gamma):
    real.requires_grad_()
    (gradient,) = torch.autograd.grad(critic(real).mean(), real, create_graph=True)
    return gamma / 2 * gradient.square().sum((1, 2, 3)).mean()


@answers.wrong("r1_penalty", hint="wrong-axes")
def mean_over_everything(critic, real, fake, gamma):
    return gamma / 2 * slope(critic, real).square().mean()


@answers.wrong("r1_penalty", hint="wrong-axes")
def channels_summed_only(critic, real, fake, gamma):
    return gamma / 2 * slope(critic, real).square().sum(1).mean()


@answers.wrong("r1_penalty", hint="norm-not-squared")
def mean_norm(critic, real, fake, gamma):
    return gamma / 2 * slope(critic, real).flatten(1).norm(dim=1).mean()


@answers.wrong("r1_penalty", hint="pulls-to-one")
def wgan_style(critic, real, fake, gamma):
    return gamma / 2 * ((slope(critic, real).flatten(1).norm(dim=1) - 1) ** 2).mean()


@answers.wrong("r1_penalty", hint="by-the-weights")
def gradient_of_parameters(critic, real, fake, gamma):
    gradients = torch.autograd.grad(critic(real).sum(), list(critic.parameters()), create_graph=True)
    return gamma / 2 * sum(gradient.pow(2).sum() for gradient in gradients)


@answers.wrong("r1_penalty", hint="on-fakes")
def r2_instead(critic, real, fake, gamma):
    return gamma / 2 * slope(critic, fake).square().sum((1, 2, 3)).mean()


@answers.wrong("r1_penalty", hint="on-both")
def r1_and_r2(critic, real, fake, gamma):
    return gamma / 2 * sum(slope(critic, x).square().sum((1, 2, 3)).mean() for x in (real, fake))


@answers.wrong("r1_penalty", hint="of-the-probability")
def slope_of_d(critic, real, fake, gamma):
    return gamma / 2 * slope(lambda x: torch.sigmoid(critic(x)), real).square().sum((1, 2, 3)).mean()


@answers.wrong("r1_penalty", hint="no-gradient")
def real_not_asked(critic, real, fake, gamma):
    (gradient,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
    return gamma / 2 * gradient.square().sum((1, 2, 3)).mean()


@answers.right("r1_penalty")
def r1_in_place_leaf(critic, real, fake, gamma):
    real.requires_grad_()
    (gradient,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
    return gamma / 2 * gradient.square().sum((1, 2, 3)).mean()


@answers.right("r1_penalty")
def r1_norms(critic, real, fake, gamma):
    x = real.detach().clone().requires_grad_(True)
    logits = critic(x)
    (gradient,) = torch.autograd.grad(logits, x, grad_outputs=torch.ones_like(logits), create_graph=True)
    return 0.5 * gamma * gradient.reshape(len(x), -1).norm(2, dim=1).pow(2).mean()


@answers.right("r1_penalty")
def r1_sample_by_sample(critic, real, fake, gamma):
    total = 0.0
    for x in real:
        gradient = slope(critic, x[None])
        total = total + (gradient * gradient).sum()
    return gamma * total / (2 * len(real))


@answers.right("r1_penalty")
def r1_sum_over_n(critic, real, fake, gamma):
    return gamma / 2 * slope(critic, real).square().sum() / real.shape[0]


# -- gradient_penalty ----------------------------------------------------------------------------------


def between(real, fake, t):
    return (t * real + (1 - t) * fake).requires_grad_()


def at(critic, points, create_graph=True):
    return torch.autograd.grad(critic(points).sum(), points, create_graph=create_graph)[0].flatten(1)


@answers.wrong("gradient_penalty", hint="one-t-for-all")
def scalar_t(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(1)))
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="one-t-for-all")
def python_t(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, np.random.uniform()))  # noqa: NPY002
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="t-per-pixel")
def rand_like(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand_like(real)))
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="t-not-uniform")
def normal_t(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.randn(len(real), 1, 1, 1)))
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="midpoints")
def half_way(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, 0.5))
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="at-the-ends")
def at_the_real_ones(critic, real, fake, weight):
    gradient = at(critic, real.requires_grad_())
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="at-the-ends")
def at_the_fake_ones(critic, real, fake, weight):
    gradient = at(critic, fake.requires_grad_())
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="points-without-grad")
def forgot_requires_grad(critic, real, fake, weight):
    t = torch.rand(len(real), 1, 1, 1)
    gradient = at(critic, t * real + (1 - t) * fake)
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="no-second-backward")
def no_create_graph(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)), create_graph=False)
    return weight * ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="whole-batch-norm")
def one_norm(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)))
    return weight * (gradient.norm() - 1) ** 2


@answers.wrong("gradient_penalty", hint="squared-norm-minus-one")
def root_forgotten(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)))
    return weight * (((gradient**2).sum(1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="pulls-to-zero")
def r1_between(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)))
    return weight * (gradient**2).sum(1).mean()


@answers.wrong("gradient_penalty", hint="one-sided")
def only_too_steep(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)))
    return weight * (torch.relu(gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="mean-of-logits")
def slope_of_the_mean(critic, real, fake, weight):
    points = between(real, fake, torch.rand(len(real), 1, 1, 1))
    (gradient,) = torch.autograd.grad(critic(points).mean(), points, create_graph=True)
    return weight * ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="sum-not-mean")
def summed_up(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)))
    return weight * ((gradient.norm(dim=1) - 1) ** 2).sum()


@answers.wrong("gradient_penalty", hint="weight-forgotten")
def lambda_ignored(critic, real, fake, weight):
    gradient = at(critic, between(real, fake, torch.rand(len(real), 1, 1, 1)))
    return ((gradient.norm(dim=1) - 1) ** 2).mean()


@answers.wrong("gradient_penalty", hint="points-shape")
def t_broadcasts_the_wrong_way(critic, real, fake, weight):
    t = torch.rand(len(real), 1, 1, 1, 1)
    points = (t * real[:2] + (1 - t) * fake[:2]).requires_grad_()
    return weight * ((at(lambda x: critic(x.flatten(0, 1)), points).norm(dim=1) - 1) ** 2).mean()


@answers.right("gradient_penalty")
def gp_as_published(critic, real, fake, weight):
    epsilon = torch.rand(real.shape[0], 1, 1, 1)
    points = (epsilon * real + (1 - epsilon) * fake).requires_grad_(True)
    logits = critic(points)
    (gradient,) = torch.autograd.grad(logits, points, torch.ones_like(logits), create_graph=True)
    return weight * ((gradient.view(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()


@answers.right("gradient_penalty")
def gp_other_end_numpy_noise(critic, real, fake, weight):
    t = torch.from_numpy(np.random.uniform(size=(len(real), 1, 1, 1))).float()  # noqa: NPY002
    points = (real + t * (fake - real)).requires_grad_()
    gradient = at(critic, points)
    return weight * (gradient.square().sum(1).sqrt() - 1).square().mean()


@answers.right("gradient_penalty")
def gp_lerp_and_sum_over_n(critic, real, fake, weight):
    t = torch.distributions.Uniform(0.0, 1.0).sample((len(real),)).reshape(-1, 1, 1, 1)
    points = torch.lerp(real, fake, t.expand_as(real)).detach().requires_grad_()
    norms = torch.linalg.vector_norm(at(critic, points), dim=1)
    return weight * ((norms - 1) ** 2).sum() / len(real)


# -- wasserstein_1d ------------------------------------------------------------------------------------


@answers.wrong("wasserstein_1d", hint="unsorted")
def as_they_came(x, y):
    return (x - y).abs().mean()


@answers.wrong("wasserstein_1d", hint="one-sorted")
def only_x_in_order(x, y):
    return (torch.sort(x)[0] - y).abs().mean()


@answers.wrong("wasserstein_1d", hint="opposite-order")
def y_descending(x, y):
    return (torch.sort(x)[0] - torch.sort(y, descending=True)[0]).abs().mean()


@answers.wrong("wasserstein_1d", hint="difference-of-means")
def mean_difference(x, y):
    return torch.abs(x.mean() - y.mean())


@answers.wrong("wasserstein_1d", hint="difference-of-means")
def signed_gaps(x, y):
    return (torch.sort(x)[0] - torch.sort(y)[0]).mean()


@answers.wrong("wasserstein_1d", hint="all-pairs")
def every_pair(x, y):
    return torch.cdist(x[:, None], y[:, None]).mean()


@answers.wrong("wasserstein_1d", hint="squared")
def mean_square(x, y):
    return torch.nn.functional.mse_loss(torch.sort(x)[0], torch.sort(y)[0])


@answers.wrong("wasserstein_1d", hint="squared")
def w2(x, y):
    return ((torch.sort(x)[0] - torch.sort(y)[0]) ** 2).mean().sqrt()


@answers.wrong("wasserstein_1d", hint="sum-not-mean")
def added_up(x, y):
    return (torch.sort(x)[0] - torch.sort(y)[0]).abs().sum()


@answers.wrong("wasserstein_1d", hint="largest-gap")
def worst_way(x, y):
    return (torch.sort(x)[0] - torch.sort(y)[0]).abs().max()


@answers.right("wasserstein_1d")
def sorted_pairs(x, y):
    return (torch.sort(x)[0] - torch.sort(y)[0]).abs().mean()


@answers.right("wasserstein_1d")
def python_only(x, y):
    return sum(abs(a - b) for a, b in zip(sorted(x.tolist()), sorted(y.tolist()), strict=True)) / len(x)


@answers.right("wasserstein_1d")
def area_between_the_distribution_functions(x, y):
    ticks = torch.cat((x, y)).sort().values.double()
    share_x = (x[:, None] <= ticks[:-1]).double().mean(0)
    share_y = (y[:, None] <= ticks[:-1]).double().mean(0)
    return ((share_x - share_y).abs() * ticks.diff()).sum()


@answers.right("wasserstein_1d")
def best_assignment(x, y):
    from scipy.optimize import linear_sum_assignment

    cost = np.abs(x.numpy()[:, None] - y.numpy())
    return cost[linear_sum_assignment(cost)].mean()


# -- repaired_critic_step ------------------------------------------------------------------------------


def step_with(penalty_of, loss_of=None, create_graph=True, cut=True, clear=True):
    loss_of = loss_of or (lambda real, fake, penalty: fake.mean() - real.mean() + penalty)

    def repaired_critic_step(critic, generator, optimizer, real, z, t, weight):
        fake = generator(z)
        if cut:
            fake = fake.detach()
        points = (t * real + (1 - t) * fake).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=create_graph)
        loss = loss_of(critic(real), critic(fake), weight * penalty_of(gradient))
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return repaired_critic_step


def per_sample(gradient):
    return ((gradient.norm(dim=1) - 1) ** 2).mean()


def whole_batch(gradient):
    return (gradient.norm() - 1) ** 2


def flipped(real, fake, penalty):
    return real.mean() - fake.mean() + penalty


KEPT = {
    "two-left-sign-and-graph": step_with(per_sample, flipped, create_graph=False),
    "two-left-sign-and-norm": step_with(whole_batch, flipped),
    "two-left-graph-and-norm": step_with(whole_batch, create_graph=False),
    "sign-left": step_with(per_sample, flipped),
    "graph-left": step_with(per_sample, create_graph=False),
    "norm-left": step_with(whole_batch),
    "mean-before-square": step_with(lambda gradient: (gradient.norm(dim=1).mean() - 1) ** 2),
    "penalty-rewarded": step_with(per_sample, lambda real, fake, penalty: -(real.mean() - fake.mean() + penalty)),
    "generator-reached": step_with(per_sample, cut=False),
    "old-gradients": step_with(per_sample, clear=False),
}
for hint, function in KEPT.items():
    function.__name__ = hint.replace("-", "_")
    answers.wrong("repaired_critic_step", hint=hint)(function)


@answers.wrong("repaired_critic_step", hint="no-gradient")
def whole_critic_without_grad(critic, generator, optimizer, real, z, t, weight):
    with torch.no_grad():
        fake = generator(z)
        loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


answers.right("repaired_critic_step")(step_with(per_sample))


@answers.right("repaired_critic_step")
def fakes_under_no_grad(critic, generator, optimizer, real, z, t, weight):
    with torch.no_grad():
        fake = generator(z)
    points = torch.lerp(fake, real, t.expand_as(real)).requires_grad_()
    logits = critic(points)
    (gradient,) = torch.autograd.grad(logits, points, torch.ones_like(logits), create_graph=True)
    penalty = weight * (gradient.square().sum(1).sqrt() - 1).square().mean()
    loss = -(critic(real).mean() - critic(fake).mean()) + penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@answers.right("repaired_critic_step")
def two_backward_passes(critic, generator, optimizer, real, z, t, weight):
    fake = generator(z).detach()
    optimizer.zero_grad()
    points = (t * real + (1 - t) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    penalty = weight * per_sample(gradient)
    penalty.backward()
    distance = critic(real).mean() - critic(fake).mean()
    (-distance).backward()
    optimizer.step()
    return penalty.item() - distance.item()


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {"A": ("larger steps", 64), "B": ("both at once", 48), "C": ("θ stands still", 112), "D": ("D is damped", 80)},
    {
        "a-misread": {"A": ("both at once", 64)},
        "b-misread": {"B": ("momentum", 48)},
        "c-misread": {"C": ("both at once", 112)},
        "d-misread": {"D": ("larger steps", 80)},
        "misplaced": {"D": ("D is damped", 152)},
        "unknown-place": {"D": ("D is damped", 81)},
    },
)
