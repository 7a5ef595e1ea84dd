"""Keyed transforms, one module for each kind of family; importing them registers them."""

from recsim_ng.core.transforms import (  # noqa: F401 (importing them registers them)
    count,
    discrete,
    gamma,
    gamma_ratio,
    half_line,
    joint,
    location_scale,
    mixture,
    multivariate_normal,
    ranking,
    relaxed,
    truncated_normal,
    wrapper,
    zipf,
)
from recsim_ng.core.transforms.transform import Transform, register, registered, transform_of

__all__ = ["Transform", "register", "registered", "transform_of"]
