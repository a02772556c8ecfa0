"""Networks: one file an architecture. A discriminator returns logits, (N,)."""

from __future__ import annotations

from ganbook.models.compact import CompactDiscriminator, CompactGenerator
from ganbook.models.dcgan import DCGANDiscriminator, DCGANGenerator
from ganbook.models.mlp import MLPDiscriminator, MLPGenerator
from ganbook.models.resnet import ResidualBlock, ResNetDiscriminator, ResNetGenerator
from ganbook.models.upsample import ResizeConvolution
from ganbook.models.vae import Encoder, kl_to_standard_normal, reparameterise

__all__ = [
    "CompactDiscriminator",
    "CompactGenerator",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "Encoder",
    "MLPDiscriminator",
    "MLPGenerator",
    "ResNetDiscriminator",
    "ResNetGenerator",
    "ResidualBlock",
    "ResizeConvolution",
    "kl_to_standard_normal",
    "reparameterise",
]
