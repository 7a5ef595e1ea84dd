"""Keyed transforms, one module for each kind of family; importing them registers them."""

from recsim_ng.core.transforms import (
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

__all__ = [
    "Transform",
    "count",
    "discrete",
    "gamma",
    "gamma_ratio",
    "half_line",
    "joint",
    "location_scale",
    "mixture",
    "multivariate_normal",
    "ranking",
    "register",
    "registered",
    "relaxed",
    "transform_of",
    "truncated_normal",
    "wrapper",
    "zipf",
]
