"""Networks: one file an architecture. A discriminator returns logits, (N,)."""

from __future__ import annotations

from ganbook.models.dcgan import DCGANDiscriminator, DCGANGenerator
from ganbook.models.mlp import MLPDiscriminator, MLPGenerator

__all__ = ["DCGANDiscriminator", "DCGANGenerator", "MLPDiscriminator", "MLPGenerator"]
