"""Where in the book the matter of each task is told: the last rung of its ladder of hints leads there."""

from __future__ import annotations

from functools import cache
from importlib import metadata

#: Exercise notebook -> page of its chapter.
CHAPTERS = {
    "two_players": "game/two_players",
    "minimax": "game/minimax",
    "saturation": "game/saturation",
    "convergence": "game/convergence",
    "building_blocks": "images/building_blocks",
    "dcgan": "images/dcgan",
    "failures": "images/failures",
    "measuring": "images/measuring",
    "deeper": "images/deeper",
    "conditional": "control/conditional",
    "pix2pix": "control/pix2pix",
    "cyclegan": "control/cyclegan",
    "text": "control/text",
    "standing": "control/standing",
}

#: Exercise notebook -> label and heading of a section -> the tasks whose matter it tells.
SECTIONS: dict[str, dict[tuple[str, str], str]] = {
    "two_players": {
        ("sec-players", "The players and the noise"): "sample_noise",
        ("sec-rounds", "The game, in rounds"): "discriminator_loss generator_loss discriminator_step training_round "
        "repaired_round covered_modes reading round_by_hand",
    },
    "minimax": {
        ("sec-value", "The value of the game"): "value_from_logits",
        ("sec-best-response", "The best response"): "optimal_discriminator fit_discriminator",
        ("sec-divergence", "What the best response is worth"): "js_divergence best_response_value",
        ("sec-cross-entropy", "The same game as a classification"): "value_from_labels loss_gradients",
        ("sec-conventions", "Signs and scales in the literature"): "convention",
        ("sec-minibatch", "From expectations to minibatches"): "reading",
    },
    "saturation": {
        ("sec-logit-slopes", "One logit, two losses"): "generator_losses slopes ten_times",
        ("sec-saturation", "The saturation laboratory"): "gradient_norm reading",
        ("sec-non-saturating", "The non-saturating loss"): "escape_round",
        ("sec-reversal", 'Two readings of "fool the discriminator"'): "reverse_gradient",
        ("sec-numerics", "Numerics: probabilities break, logits do not"): "log_probabilities",
    },
    "convergence": {
        ("sec-bilinear", "The smallest game"): "simultaneous_step alternating_step reading",
        ("sec-dirac", "The Dirac-GAN"): "growth_rate",
        ("sec-damping", "Damping: R1"): "r1_penalty",
        (
            "sec-wgan",
            "Another distance: the Wasserstein critic",
        ): "wasserstein_1d gradient_penalty repaired_critic_step",
    },
    "building_blocks": {
        ("sec-four-two-one", "Sizes, and the 4-2-1 rule"): "transposed_size",
        ("sec-transposed-convolution", "Transposed convolution, by hand"): "transposed_convolution transposed_backward",
        ("sec-convolution-matrix", "A convolution is a matrix"): "convolution_matrix",
        ("sec-zero-insertion", "Zero insertion"): "zero_grid",
        ("sec-checkerboard", "The checkerboard"): "even_upsampling reading",
        ("sec-phases-alike", "Four phases that start alike"): "phase_sums",
        ("sec-batchnorm", "BatchNorm"): "batch_norm up_block",
        ("sec-batchnorm-gradient", "What BatchNorm does to gradients"): "batch_norm_backward",
    },
    "dcgan": {
        ("sec-dcgan-figure", "The generator, map by map"): "generator_weights",
        ("sec-dcgan-rules", "The rules"): "generator_block ranges reading train_loop",
        ("sec-initialisation", "Where the weights start"): "initialise",
        ("sec-accumulation", "Two backward passes, one step"): "accumulate",
        ("sec-fixed-noise", "Watch it learn"): "snapshots",
        ("sec-latent-space", "Walks and sums in latent space"): "slerp",
    },
    "failures": {
        ("sec-minibatch-discrimination", "Showing $D$ the batch"): "minibatch_stddev minibatch_closeness",
        ("sec-cures", "The cures, one by one"): "smoothed_loss ema_update",
        ("sec-overfitting", "A discriminator that knows its data by heart"): "known_by_heart augmented_losses reading",
        ("sec-spectral-by-hand", "Two cures in a few lines"): "spectral_weight",
        ("sec-diagnosis", "A diagnosis table"): "diagnosis repaired_round",
    },
    "measuring": {
        ("sec-class-score", "The Inception score, and how to win it"): "inception_score",
        ("sec-bias", "A perfect generator does not score zero"): "extrapolated",
        ("sec-frechet", "The Fréchet distance"): "frechet_distance",
        ("sec-kernel", "The kernel distance"): "kernel_distance",
        ("sec-precision-recall", "Precision and recall"): "precision_recall",
        ("sec-memorisation", "Does a GAN copy? The memorisation test"): "nearer_share",
        ("sec-report", "A full report"): "agreement_and_null reading",
        ("sec-traps", "Traps on the way to the score"): "evaluate",
    },
    "deeper": {
        ("sec-residual", "A block that adds"): "downsampling_block",
        ("sec-preactivation", "What a deep stack does to a signal"): "pre_activation_block",
        ("sec-reparameterisation", "Two ways to differentiate an expectation"): "reparameterise",
        ("sec-vae", "Next door: the variational auto-encoder"): "kl negative_elbo vae_step",
        ("sec-blur", "A VAE on digits, and why it blurs"): "reading",
        ("sec-modern", "A modern baseline without tricks"): "paired_losses",
    },
    "conditional": {
        ("sec-five-ways", "Five ways of telling a class"): "condition_generator condition_discriminator "
        "conditional_batchnorm",
        ("sec-projection", "Why a product"): "projection_logit",
        ("sec-acgan", "The auxiliary classifier"): "auxiliary_losses",
        ("sec-obeyed", "Is it obeyed?"): "agreement reading",
        ("sec-conditional-round", "The round"): "conditional_step",
    },
    "pix2pix": {
        ("sec-ill-posed", "One drawing, seven truths"): "best_constant",
        ("sec-pix2pix-round", "The round"): "pix2pix_losses pix2pix_step",
        ("sec-patchgan", "PatchGAN"): "receptive_field patch_discriminator",
        ("sec-unet", "U-Net"): "decode",
        ("sec-noise-ignored", "The noise is ignored"): "noise_dependence",
        ("sec-pix2pix-ablation", "What each part does"): "reading",
    },
    "cyclegan": {
        ("sec-cycle", "The objective"): "cycle_loss identity_loss generator_objective cyclegan_step",
        ("sec-pool", "A critic with a memory"): "pool_query",
        ("sec-unpaired", "What two sets determine"): "unpaired_batches",
        ("sec-steganography", "What the cycle smuggles"): "noise_sensitivity reading",
    },
    "text": {
        ("sec-text-vectors", "From words to a vector"): "masked_mean",
        ("sec-augmentation", "Between captions"): "augment",
        ("sec-text-round", "The round"): "modulate text_step",
        ("sec-matching", "Why the critic must see wrong captions"): "matching_aware_loss reading",
        ("sec-text-obeyed", "Is it obeyed?"): "projection_logits retrieval_at_1",
    },
    "standing": {
        ("sec-diffusion", "The diffusion model"): "add_noise noise_prediction_loss",
        ("sec-evaluations", "One evaluation or many"): "ddim_step reading ddim_sample",
        ("sec-change-of-variables", "Likelihood: exact"): "bits_per_dim coupling_log_density",
        ("sec-one-table", "One table"): "speed_ratio",
    },
}


def where(notebook: str, task: str) -> str:
    """The section of a task, as a link to the book; the chapter, or nothing more, where there is none.

    >>> where("convergence", "r1_penalty").split("](")[0]
    '[section “Damping: R1” of its chapter'
    """
    for (label, heading), tasks in SECTIONS.get(notebook, {}).items():
        if task in tasks.split():
            return f"[section “{heading}” of its chapter]({_book()}/book/{CHAPTERS[notebook]}.html#{label})"
    return "the chapter"


@cache
def _book() -> str:
    """Where the book stands, as the package's own description says."""
    entries: list[str] = metadata.metadata("ganbook").get_all("Project-URL") or []
    return dict(entry.split(", ", 1) for entry in entries).get("Documentation", "").rstrip("/")
