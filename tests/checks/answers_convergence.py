"""Wrong and right answers to the exercises of chapter 4."""

import numpy as np
import torch
from harness import Answers, keep_readings
from scipy.optimize import linear_sum_assignment

answers = Answers("convergence")

# -- simultaneous_step ---------------------------------------------------------------------------------


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


answers.slips(
    "simultaneous_step",
    by_hand,
    {
        "in-turn": ["theta = theta - eta * psi; return theta, psi + eta * theta", ("psi,", "(psi + eta * theta),")],
        "both-descend": [("+", "-")],
        "both-climb": [("-", "+")],
        "roles-swapped": ["theta + eta * psi, psi - eta * theta"],
        "own-number": ["theta * (1 - eta), psi * (1 + eta)"],
        "value-not-gradient": ["theta - eta * theta * psi, psi + eta * theta * psi"],
        "no-step-size": [("eta * ", "")],
        "returned-swapped": ["psi + eta * theta, theta - eta * psi"],
        "moves-only": ["-eta * psi, eta * theta"],
        "not-two-values": ["torch.hypot(theta - eta * psi, psi + eta * theta).norm()"],
        "changed-input": ["old = theta.clone(); theta -= eta * psi; return theta, psi + eta * old"],
    },
)

# -- alternating_step ----------------------------------------------------------------------------------


def slopes(value, theta, psi):
    theta, psi = theta.detach().clone().requires_grad_(), psi.detach().clone().requires_grad_()
    return torch.autograd.grad(value(theta, psi), (theta, psi))


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


@answers.right("alternating_step")
def in_two_lines(value, theta, psi, eta):
    new_psi = psi + eta * slopes(value, theta, psi)[1]
    return theta - eta * slopes(value, theta, new_psi)[0], new_psi


answers.slips(
    "alternating_step",
    in_two_lines,
    {
        "simultaneous": [("theta, new_psi)", "theta, psi)")],
        "theta-first": [
            "new = theta - eta * slopes(value, theta, psi)[0]; return new, psi + eta * slopes(value, new, psi)[1]"
        ],
        "both-descend": [("+", "-")],
        "both-climb": [("-", "+")],
        "roles-swapped": [(("-", "plus"), ("+", "-"), ("plus", "+"))],
        "psi-moves-twice": [
            (("return ", "new = "), ("[0], new_psi", "[0]\n    return new, in_two_lines(value, new, new_psi, eta)[1]"))
        ],
        "returned-swapped": [(("return ", "return new_psi, "), ("[0], new_psi", "[0]"))],
    },
)
answers.slips(
    "alternating_step",
    two_gradients,
    {
        "simultaneous": [(("psi)\n", "psi, retain_graph=True)\n"), ("value(theta, new_psi)", "value(theta, psi)"))],
        "through-the-step": [
            (("psi)\n", "psi, create_graph=True)\n"), ("(psi + eta * by_psi).detach()", "psi + eta * by_psi"))
        ],
        "gradients-added-up": [
            """
            theta, psi = theta.clone().requires_grad_(), psi.clone().requires_grad_()
            value(theta, psi).backward()
            new_psi = (psi + eta * psi.grad).detach()
            value(theta, new_psi).backward()
            return (theta - eta * theta.grad).detach(), new_psi
            """
        ],
        "no-gradient": [("theta, psi = theta.requires_grad_(), psi.requires_grad_()", "")],
    },
)

# -- growth_rate ---------------------------------------------------------------------------------------


@answers.right("growth_rate")
def numpy_eigenvalues(eta, c, gamma):
    a_round = np.array([[1, eta * c], [-eta * c, 1 - eta * gamma]])
    return np.abs(np.linalg.eigvals(a_round)).max()


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


answers.slips(
    "growth_rate",
    numpy_eigenvalues,
    {
        "real-part": [("np.abs(np.linalg.eigvals(a_round)).max()", "np.linalg.eigvals(a_round).real.max()")],
        "field-not-round": [
            (("1, ", "0, "), ("1 - ", "-")),
            (("1, eta * c", "0, c"), ("-eta * c, 1 - eta * gamma", "-c, -gamma")),
        ],
        "singular-value": [("np.abs(np.linalg.eigvals(a_round)).max()", "np.linalg.norm(a_round, ord=2)")],
        "half-gamma": [("gamma", "gamma / 2")],
        "damping-sign": [("1 - eta", "1 + eta")],
        "no-damping": ["(1 + (eta * c) ** 2) ** 0.5"],
        "damps-both": ["abs(complex(1 - eta * gamma, eta * c))"],
        "same-sign-coupling": [("-eta * c", "eta * c")],
        "alternating": [(("[1, eta", "[1 - (eta * c) ** 2, (1 - eta * gamma) * eta"))],
        "complex-only": ["(1 - eta * gamma + eta**2 * c**2) ** 0.5"],
        "determinant": [("np.abs(np.linalg.eigvals(a_round)).max()", "np.linalg.det(a_round)")],
        "smallest": [("max", "min")],
    },
)

# -- r1_penalty ----------------------------------------------------------------------------------------


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
    return sum(r1_in_place_leaf(critic, x[None].clone(), fake, gamma) for x in real) / len(real)


@answers.right("r1_penalty")
def r1_sum_over_n(critic, real, fake, gamma):
    real.requires_grad_()
    (gradient,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
    return gamma / 2 * (gradient * gradient).sum() / real.shape[0]


answers.slips(
    "r1_penalty",
    r1_in_place_leaf,
    {
        "no-second-backward": [(", create_graph=True", ""), ("create_graph", "retain_graph")],
        "missing-half": [(" / 2", "")],
        "whole-batch": [("gradient.square().sum((1, 2, 3)).mean()", "gradient.norm() ** 2")],
        "mean-of-logits": [("critic(real).sum", "critic(real).mean")],
        "wrong-axes": [(".sum((1, 2, 3))", ""), ("(1, 2, 3)", "1")],
        "norm-not-squared": [(".square().sum((1, 2, 3))", ".flatten(1).norm(dim=1)")],
        "pulls-to-one": [("gradient.square().sum((1, 2, 3))", "(gradient.flatten(1).norm(dim=1) - 1).square()")],
        "by-the-weights": [
            (
                ("(gradient,) =", "gradients ="),
                (" real, create", " list(critic.parameters()), create"),
                ("gradient.square().sum((1, 2, 3)).mean()", "sum(g.pow(2).sum() for g in gradients)"),
            )
        ],
        "nan": [("mean()", "mean().sqrt().square()")],
        "on-fakes": [("real", "fake")],
        "on-both": ["sum(r1_in_place_leaf(critic, x, None, gamma) for x in (real, fake))"],
        "of-the-probability": [("critic(real)", "critic(real).sigmoid()")],
        "no-gradient": [("real.requires_grad_()", "")],
    },
)

# -- gradient_penalty ----------------------------------------------------------------------------------


@answers.right("gradient_penalty")
def gp_as_published(critic, real, fake, weight):
    t = torch.rand(len(real), 1, 1, 1)
    points = (t * real + (1 - t) * fake).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    norms = gradient.flatten(1).norm(dim=1)
    return weight * ((norms - 1) ** 2).mean()


@answers.right("gradient_penalty")
def gp_other_end_numpy_noise(critic, real, fake, weight):
    t = torch.from_numpy(np.random.uniform(size=(len(real), 1, 1, 1))).float()  # noqa: NPY002
    points = (real + t * (fake - real)).requires_grad_()
    logits = critic(points)
    (gradient,) = torch.autograd.grad(logits, points, torch.ones_like(logits), create_graph=True)
    return weight * (gradient.view(len(real), -1).square().sum(1).sqrt() - 1).square().mean()


@answers.right("gradient_penalty")
def gp_lerp_and_sum_over_n(critic, real, fake, weight):
    t = torch.distributions.Uniform(0.0, 1.0).sample((len(real),)).reshape(-1, 1, 1, 1)
    points = torch.lerp(real, fake, t.expand_as(real)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return weight * ((torch.linalg.vector_norm(gradient, dim=(1, 2, 3)) - 1) ** 2).sum() / len(real)


DRAWN, BETWEEN = "torch.rand(len(real), 1, 1, 1)", "(t * real + (1 - t) * fake).requires_grad_(True)"
answers.slips(
    "gradient_penalty",
    gp_as_published,
    {
        "one-t-for-all": [(DRAWN, "torch.rand(1)"), (DRAWN, "np.random.uniform()")],
        "t-per-pixel": [(DRAWN, "torch.rand_like(real)")],
        "t-not-uniform": [("rand", "randn")],
        "midpoints": [(DRAWN, "0.5")],
        "at-the-ends": [(BETWEEN, "real.requires_grad_()"), (BETWEEN, "fake.requires_grad_()")],
        "points-without-grad": [(".requires_grad_(True)", "")],
        "no-second-backward": [(", create_graph=True", "")],
        "whole-batch-norm": [("dim=1", "")],
        "squared-norm-minus-one": [("norms - 1", "norms**2 - 1")],
        "pulls-to-zero": [("norms - 1", "norms")],
        "one-sided": [("norms - 1", "torch.relu(norms - 1)")],
        "mean-of-logits": [("(points).sum", "(points).mean")],
        "sum-not-mean": [("2).mean()", "2).sum()")],
        "weight-forgotten": [("weight * ", "")],
        "points-shape": [
            (
                ("1, 1, 1)", "1, 1, 1, 1)"),
                ("real +", "real[:2] +"),
                ("fake)", "fake[:2])"),
                ("(points)", "(points.flatten(0, 1))"),
            )
        ],
    },
)

# -- wasserstein_1d ------------------------------------------------------------------------------------


@answers.right("wasserstein_1d")
def sorted_pairs(x, y):
    return (x.sort().values - y.sort().values).abs().mean()


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
    cost = np.abs(x.numpy()[:, None] - y.numpy())
    return cost[linear_sum_assignment(cost)].mean()


answers.slips(
    "wasserstein_1d",
    sorted_pairs,
    {
        "unsorted": [(".sort().values", "")],
        "one-sorted": [("y.sort().values", "y")],
        "opposite-order": [("y.sort()", "y.sort(descending=True)")],
        "difference-of-means": [(".abs()", ""), "torch.abs(x.mean() - y.mean())"],
        "all-pairs": ["torch.cdist(x[:, None], y[:, None]).mean()"],
        "squared": [("abs()", "square()"), ("abs().mean()", "square().mean().sqrt()")],
        "sum-not-mean": [("mean", "sum")],
        "largest-gap": [("mean", "max")],
    },
)

# -- repaired_critic_step ------------------------------------------------------------------------------


@answers.right("repaired_critic_step")
def detached(critic, generator, optimizer, real, z, t, weight):
    fake = generator(z).detach()
    points = (t * real + (1 - t) * fake).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    penalty = ((gradient.norm(dim=1) - 1) ** 2).mean()
    loss = critic(fake).mean() - critic(real).mean() + weight * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


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
    penalty = weight * ((gradient.norm(dim=1) - 1) ** 2).mean()
    penalty.backward()
    distance = critic(real).mean() - critic(fake).mean()
    (-distance).backward()
    optimizer.step()
    return penalty.item() - distance.item()


SIGN = ("critic(fake).mean() - critic(real).mean()", "critic(real).mean() - critic(fake).mean()")
GRAPH, NORM = (", create_graph=True", ""), ("dim=1", "")
answers.slips(
    "repaired_critic_step",
    detached,
    {
        "two-left-sign-and-graph": [(SIGN, GRAPH)],
        "two-left-sign-and-norm": [(SIGN, NORM)],
        "two-left-graph-and-norm": [(GRAPH, NORM)],
        "sign-left": [SIGN],
        "graph-left": [GRAPH],
        "norm-left": [NORM],
        "mean-before-square": [(("(gradient.norm(dim=1) - 1)", "(gradient.norm(dim=1).mean() - 1)"))],
        "penalty-rewarded": [("+ weight", "- weight")],
        "generator-reached": [("(z).detach()", "(z)")],
        "old-gradients": [("optimizer.zero_grad()", "")],
        "no-gradient": [("loss = ", "with torch.no_grad(): loss = ")],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)
