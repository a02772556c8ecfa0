"""Networks: one file an architecture. A discriminator returns logits: (N,), or one a patch, (N, h, w)."""

from __future__ import annotations

from ganbook.models.compact import CompactDiscriminator, CompactGenerator
from ganbook.models.conditional import (
    AuxiliaryDiscriminator,
    ConditionalBatchNorm2d,
    ConditionalDiscriminator,
    ConditionalGenerator,
)
from ganbook.models.cycle import Cycle, TwoCritics, TwoTranslators
from ganbook.models.dcgan import DCGANDiscriminator, DCGANGenerator
from ganbook.models.mlp import MLPDiscriminator, MLPGenerator
from ganbook.models.patchgan import PatchDiscriminator, receptive_field
from ganbook.models.resnet import ResidualBlock, ResNetDiscriminator, ResNetGenerator, ResNetTranslator
from ganbook.models.unet import UNet
from ganbook.models.upsample import ResizeConvolution
from ganbook.models.vae import Encoder, kl_to_standard_normal, reparameterise

__all__ = [
    "AuxiliaryDiscriminator",
    "CompactDiscriminator",
    "CompactGenerator",
    "ConditionalBatchNorm2d",
    "ConditionalDiscriminator",
    "ConditionalGenerator",
    "Cycle",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "Encoder",
    "MLPDiscriminator",
    "MLPGenerator",
    "PatchDiscriminator",
    "ResNetDiscriminator",
    "ResNetGenerator",
    "ResNetTranslator",
    "ResidualBlock",
    "ResizeConvolution",
    "TwoCritics",
    "TwoTranslators",
    "UNet",
    "kl_to_standard_normal",
    "receptive_field",
    "reparameterise",
]
