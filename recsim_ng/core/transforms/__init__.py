"""Keyed transforms, one module for each kind of family; importing them registers them."""

from recsim_ng.core.transforms import discrete, location_scale, mixture
from recsim_ng.core.transforms.transform import Transform, register, transform_of

__all__ = ["Transform", "discrete", "location_scale", "mixture", "register", "transform_of"]
