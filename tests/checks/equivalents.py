"""Mutants that are no wrong answers: they compute the same as the solution, or the statement allows them."""

_COMMUTES = "the function is symmetric in its arguments"
_ORDER = "the order of the axes, keys or sides has no effect"
_SYMMETRIC = "the distribution is symmetric around 0"
_PLAIN = "the input is a plain tensor: nothing is cut off"
_CLEARED = "G's gradients are cleared before its own turn, so what D's turn left there is gone"
_ATTACHED = "whether the returned number still hangs on its graph is left open"
_BOUNDARY = "the edge itself has probability 0, and the statement leaves it open"
_PROMOTED = "PyTorch promotes the whole numbers by itself"
_MINUS_ZERO = "−0 is 0"
_AXIS = "counted from the end, or by default, it is the same axis"

#: task -> how the change begins -> why it is right
EQUIVALENT = {
    "two_players.sample_noise": {"sign turned": _SYMMETRIC},
    "two_players.repaired_round": {".detach() dropped": _CLEARED},
    "two_players.covered_modes": {"operator Lt": _BOUNDARY},
    "minimax.convention": {
        "first two swapped in `logits": _ORDER,
        "arguments of allclose": "ratio and its first entry change places: the tolerance is relative to equal numbers",
        "rtol of allclose dropped": "a smaller tolerance, which float32 still keeps for these objectives",
        "operator GtE": "a ratio of 0 does not occur",
        ".expand_as() dropped": "it broadcasts by itself",
        "0.001 to 0.002": "a tolerance of the same order",
        '0 to 1 in `return "max': "any entry of equal ratios has their sign",
        '0 to -1 in `return "max': "any entry of equal ratios has their sign",
        "0 to 1 in `if not": "all entries are compared with another of them",
        "0 to -1 in `if not": "all entries are compared with another of them",
    },
    "minimax.fit_discriminator": {"reduction": "the step's length is free: a mean is the sum over one number"},
    "saturation.gradient_norm": {
        "sign turned": "the norm of −g is that of g",
        "list(…)": "`autograd.grad` takes any sequence of tensors",
    },
    "saturation.escape_round": {".detach() dropped": _CLEARED},
    "convergence.alternating_step": {".detach() dropped": _PLAIN},
    "convergence.growth_rate": {
        "sign turned": "the moduli of a matrix's eigenvalues are those of its opposite's",
        "dtype": "float32 is precise enough for three digits",
    },
    "convergence.r1_penalty": {".detach() dropped": _PLAIN, "first two swapped": _ORDER},
    "convergence.gradient_penalty": {
        "real to fake in `t": "the two batches have one size",
        ".detach() dropped": _PLAIN,
    },
    "convergence.repaired_critic_step": {".item() dropped": _ATTACHED},
    "building_blocks.transposed_convolution": {"sign turned in `canvas": _MINUS_ZERO},
    "building_blocks.zero_grid": {"sign turned": _MINUS_ZERO},
    "building_blocks.batch_norm": {"first two swapped": _ORDER},
    "building_blocks.batch_norm_backward": {"first two swapped in `axes": _ORDER},
    "building_blocks.up_block": {
        "bias of": "BatchNorm takes the bias away again",
        "False turned": "BatchNorm takes the bias away again",
    },
    "dcgan.generator_block": {
        "inplace": "in place or not, the values are the same",
        "True turned": "in place or not, the values are the same",
    },
    "dcgan.initialise": {"first two swapped": _ORDER},
    "dcgan.ranges": {".float() dropped": _PROMOTED},
    "dcgan.accumulate": {".item() dropped": _ATTACHED},
    "dcgan.snapshots": {
        "sign turned in `z": _SYMMETRIC,
        "randn to rand": "the statement does not say which latents",
    },
    "dcgan.slerp": {
        "operator LtE": _BOUNDARY,
        "lerp(…)": "at an angle below 0.001 the two latents are the same to three digits",
        "arguments of lerp": "at an angle below 0.001 the two latents are the same to three digits",
        "1 to 2 in `cosine": "a cosine above 1 by rounding alone gives no angle, but is caught where it occurs",
        "0.001 to 0.002": "a threshold of the same order",
        "z0 to z1 in `return": "at an angle below 0.001 the two latents are the same to three digits",
        "t to cosine in `return": "at an angle below 0.001 the two latents are the same to three digits",
        "arguments of cosine_similarity": _COMMUTES,
        "dim of cosine_similarity": _AXIS,
    },
    "dcgan.train_loop": {".detach() dropped": _CLEARED},
    "failures.minibatch_closeness": {
        "sign turned": "absolute differences",
        "1 to 0 in `return": "the closeness of two samples is symmetric",
        "index dropped": "it broadcasts by itself",
    },
    "failures.spectral_weight": {"0 to -1": _AXIS},
    "failures.smoothed_loss": {"sign turned in `fake_labels": _MINUS_ZERO},
    "failures.repaired_round": {
        ".train() dropped": "to leave out the line that was there is as good a repair: D comes in training mode",
        "left out in `discriminator.train()": "to leave out the line is as good a repair: D comes in training mode",
        ".detach() dropped in `fake": _CLEARED,
        ".detach() dropped in `return": _ATTACHED,
    },
    "measuring.frechet_distance": {
        "first two swapped": _COMMUTES,
        ".clamp() dropped": "no eigenvalue is negative beyond rounding",
        "0 to -1 in `roots": "no eigenvalue is negative beyond rounding",
    },
    "measuring.kernel_distance": {
        "first two swapped": _COMMUTES,
        "arguments of kernel": _COMMUTES,
        "x to y in `return": "both sets have the same number of features",
    },
    "measuring.precision_recall": {
        "dim of kthvalue": _AXIS,
        "1 to 0 in `radii": "the matrix of distances is symmetric",
    },
    "measuring.extrapolated": {
        ".flatten() dropped": "a tensor of one number is as good as a number",
        "1 to 2 in `columns": "the slope takes the factor up; the limit stays",
        "ns to scores": "ones of the same shape",
        "index dropped": "a tensor of one number is as good as a number",
    },
    "measuring.inception_score": {"p to marginal": "the mean of p is the marginal, so the mean is the same"},
    "measuring.nearer_share": {
        "index dropped": "it broadcasts by itself",
        "sum to mean": "the order of the distances is the same",
    },
    "measuring.evaluate": {"first two swapped": _COMMUTES, "arguments of frechet_distance": _COMMUTES},
    "conditional.condition_generator": {
        ".to() dropped": _PROMOTED,
        "argument 1 of to": _PROMOTED,
        "z to labels in `return": _PROMOTED,
    },
    "conditional.condition_discriminator": {
        ".to() dropped": _PROMOTED,
        "argument 1 of to": _PROMOTED,
        "x to labels in `code": _PROMOTED,
    },
    "conditional.conditional_batchnorm": {"first two swapped": _ORDER},
    "pix2pix.patch_discriminator": {
        f"{change} in `nn.InstanceNorm2d": "without learned scales InstanceNorm does not use its number of channels"
        for change in (
            *("operator Div", "left operand alone", "right operand alone", "width to stages", "operator Mult"),
            *("2 to 3", "2 to 1", "i to stride"),
        )
    },
    "pix2pix.noise_dependence": {"sign turned": "the spread of −x is that of x"},
    "pix2pix.pix2pix_step": {"arguments of l1_loss": _COMMUTES},
    "cyclegan.cycle_loss": {"arguments of l1_loss": _COMMUTES},
    "cyclegan.identity_loss": {"arguments of l1_loss": _COMMUTES},
    "cyclegan.noise_sensitivity": {"arguments of l1_loss": _COMMUTES},
    "cyclegan.cyclegan_step": {"arguments of l1_loss": _COMMUTES, "arguments of squares": _COMMUTES},
    "cyclegan.pool_query": {
        ".clone() dropped": "nothing writes into the batch afterwards",
        "stack(…)": "a list of images is taken, too",
        "test turned": "with probability ½ either way",
        "operator LtE": _BOUNDARY,
        "operator Gt": "with probability ½ either way",
        "sign turned in `place": "places counted from the end are as random",
    },
    "text.masked_mean": {".float() dropped": _PROMOTED},
    "text.text_step": {"1 to 2 in `wrong": "any wrong caption for each image will do"},
    "standing.coupling_log_density": {
        "sign turned in `z": "the normal density is symmetric around 0",
        "first two swapped in `z": "the entries' densities are added up in any order",
    },
    "standing.speed_ratio": {"first two swapped in `keys": _ORDER},
    "standing.ddim_sample": {
        ".detach() dropped": _ATTACHED,
        ".expand() dropped": "this network takes one step for the whole batch, too",
    },
}


def reason(mutant):
    """Why this mutant is no wrong answer, or None."""
    known = EQUIVALENT.get(f"{mutant.notebook}.{mutant.task}", {})
    return next((why for beginning, why in known.items() if mutant.change.startswith(beginning)), None)
