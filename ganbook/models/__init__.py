"""Networks: one file per architecture. A discriminator returns logits: (N,), or one per patch, (N, h, w)."""

from __future__ import annotations

from ganbook.models.augment import AdaptiveAugment, DiffAugment, RandomAffine, RandomShift
from ganbook.models.compact import CompactDiscriminator, CompactGenerator
from ganbook.models.conditional import (
    AuxiliaryDiscriminator,
    ConditionalBatchNorm2d,
    ConditionalDiscriminator,
    ConditionalGenerator,
)
from ganbook.models.cycle import Cycle, TwoCritics, TwoTranslators
from ganbook.models.dcgan import DCGANDiscriminator, DCGANGenerator
from ganbook.models.diffusion import DiffusionModel, NoiseUNet, cosine_schedule
from ganbook.models.mlp import MLPDiscriminator, MLPGenerator
from ganbook.models.patchgan import PatchDiscriminator, receptive_field
from ganbook.models.resnet import ResidualBlock, ResNetDiscriminator, ResNetGenerator, ResNetTranslator
from ganbook.models.text import (
    AttentiveGRUEncoder,
    BagOfWords,
    CharCNNRNN,
    ConditioningAugmentation,
    GRUEncoder,
    SentenceEncoder,
    Tokenizer,
    caption_note,
    unknown_words,
)
from ganbook.models.text_to_image import Modulation, TextDiscriminator, TextGenerator
from ganbook.models.unet import UNet
from ganbook.models.upsample import ResizeConvolution
from ganbook.models.vae import VAE, Encoder, gaussian_log_likelihood, kl_to_standard_normal, reparameterise
from ganbook.models.variants import BlindCritic, LabelledGenerator

__all__ = [
    "VAE", "AdaptiveAugment", "AttentiveGRUEncoder", "AuxiliaryDiscriminator", "BagOfWords", "BlindCritic",
    "CharCNNRNN", "CompactDiscriminator", "CompactGenerator", "ConditionalBatchNorm2d", "ConditionalDiscriminator",
    "ConditionalGenerator", "ConditioningAugmentation", "Cycle", "DCGANDiscriminator", "DCGANGenerator", "DiffAugment",
    "DiffusionModel", "Encoder", "GRUEncoder", "LabelledGenerator", "MLPDiscriminator", "MLPGenerator", "Modulation",
    "NoiseUNet", "PatchDiscriminator", "RandomAffine", "RandomShift", "ResNetDiscriminator", "ResNetGenerator",
    "ResNetTranslator", "ResidualBlock", "ResizeConvolution", "SentenceEncoder", "TextDiscriminator", "TextGenerator",
    "Tokenizer", "TwoCritics", "TwoTranslators", "UNet", "caption_note", "cosine_schedule", "gaussian_log_likelihood",
    "kl_to_standard_normal", "receptive_field", "reparameterise", "unknown_words",
]  # fmt: skip
