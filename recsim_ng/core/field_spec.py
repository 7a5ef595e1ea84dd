"""What a field of a Value may be: its shape, type and axes."""

from __future__ import annotations

import copy
import dataclasses
import numbers
import operator
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import BaseRandomVariable, is_random_variable
from recsim_ng.core.errors import FieldError
from recsim_ng.core.value import Value

ValueSpec = Value  # a Value whose fields are FieldSpecs


def _is_tensor_like(x: Any) -> bool:
    return tf.is_tensor(x) or isinstance(x, np.ndarray | np.generic) or is_random_variable(x)


def _shape(x: Any) -> tf.TensorShape:
    return tf.TensorShape(x.shape)


class FieldSpec:
    """A field of any shape and type, which must keep both over time.

    Tensors, arrays and random variables are checked; Python numbers and lists pass unchanged.
    What a spec has learnt of its field (shape and dtype) is kept by the network's own copy.
    """

    dims: tuple[str, ...] | None = None

    def __init__(self) -> None:
        self._known_shape: tf.TensorShape | None = None
        self._known_dtype: tf.DType | None = None
        self._seen_object = False

    def fresh(self) -> FieldSpec:
        """Returns a copy that has learnt nothing yet."""
        made = copy.copy(self)
        made._known_shape, made._known_dtype, made._seen_object = None, None, False
        return made

    def check_value(self, field_value: Any) -> tuple[bool, str]:
        """Checks a value, and learns its shape and dtype if it is right.

        Args:
          field_value: the field.

        Returns:
          (True, "") or (False, what is wrong with it).
        """
        if not _is_tensor_like(field_value):
            if isinstance(field_value, numbers.Number | list | tuple):
                return True, ""
            if self._known_shape is not None:
                return False, f"expected a tensor as before, got {type(field_value).__name__}"
            self._seen_object = True
            return True, ""
        if self._seen_object:
            return False, "expected an object that is no tensor, as before, got a tensor"
        shape, dtype = _shape(field_value), tf.as_dtype(field_value.dtype)
        ok, message = self._check_tensor(shape, dtype)
        if not ok:
            return False, message
        if self._known_dtype is not None and dtype != self._known_dtype:
            return False, f"expected dtype {self._known_dtype.name} as before, got {dtype.name}"
        known = tf.TensorShape(None) if self._known_shape is None else self._known_shape
        if not self._relaxed(shape).is_compatible_with(known):
            return False, f"expected shape {known} as before, got {shape}"
        self._known_shape = known.merge_with(self._relaxed(shape))
        self._known_dtype = dtype
        return True, ""

    def _check_tensor(self, shape: tf.TensorShape, dtype: tf.DType) -> tuple[bool, str]:
        del shape, dtype
        return True, ""

    def _relaxed(self, shape: tf.TensorShape) -> tf.TensorShape:
        return shape

    def sanitize(self, field_value: Any, field_name: str) -> Any:
        """Returns the field as a tensor (or random variable) that knows its static shape.

        Args:
          field_value: a field that `check_value` accepts.
          field_name: for the graph.
        """
        if is_random_variable(field_value):
            known = self._known_shape
            if known is None or field_value.shape.is_fully_defined():
                return field_value
            tensor = tf.ensure_shape(field_value.value, known)
            return BaseRandomVariable(
                field_value.distribution, field_value.sample_shape, value=tensor
            )
        if isinstance(field_value, np.ndarray | np.generic):
            field_value = tf.convert_to_tensor(field_value)
        if tf.is_tensor(field_value) and isinstance(field_value, tf.Tensor):
            known = self._known_shape
            if known is not None and known.rank is not None:
                if not field_value.shape.is_fully_defined() and known != field_value.shape:
                    return tf.ensure_shape(field_value, known, name=_op_name(field_name))
        return field_value

    def invariant(self) -> tf.TensorShape | None:
        """The shape that the field keeps over time (a TensorShape), None if it is no tensor."""
        return self._known_shape

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _op_name(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name).lstrip("_") or "field"


class DynamicFieldSpec(FieldSpec):
    """A tensor of fixed rank, some of whose axes change their length over time.

    Args:
      rank: number of axes.
      dynamic_dims: the axes, 0-based, whose length changes.

    Raises:
      FieldError: (also a ValueError) no dynamic axis, or one beyond the rank.
    """

    def __init__(self, rank: int, dynamic_dims: Any) -> None:
        super().__init__()
        dynamic = tuple(dynamic_dims)
        if not dynamic or any(not 0 <= d < rank for d in dynamic):
            raise FieldError(
                f"DynamicFieldSpec: dynamic_dims must name axes within 0..{rank - 1}, "
                f"at least one, got {list(dynamic)}"
            )
        self._rank, self._dynamic_dims = rank, dynamic

    def _check_tensor(self, shape: tf.TensorShape, dtype: tf.DType) -> tuple[bool, str]:
        if shape.rank is not None and shape.rank != self._rank:
            return False, f"expected rank {self._rank}, got shape {shape}"
        return True, ""

    def _relaxed(self, shape: tf.TensorShape) -> tf.TensorShape:
        if shape.rank is None:
            return shape
        sizes = [None if d in self._dynamic_dims else n for d, n in enumerate(shape.as_list())]
        return tf.TensorShape(sizes)


@dataclasses.dataclass(frozen=True)
class _BoxOutline:
    """A `Box` to be made when it is asked for: it holds arrays of bounds as large as the field."""

    low: Any
    high: Any
    shape: tuple[int, ...]
    dtype: np.dtype

    def space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(self.low, self.high, self.shape, self.dtype)  # type: ignore[arg-type]


class Space(FieldSpec):
    """A field whose values lie in a Gymnasium space.

    Args:
      space: a `gymnasium.spaces.Space`.
      dims: a name for each axis, "user", "doc", "slate", "topic", "provider", ...; they label the
        axes of recorded trajectories, and an axis named "user" that comes first is what shards.
      strict: whether shape and dtype must be those of the space. Without it only consistency over
        time is checked.

    Raises:
      FieldError: (also a ValueError) space is no Gymnasium space, or dims does not name each of
        its axes.
    """

    def __init__(
        self,
        space: gymnasium.spaces.Space,
        *,
        dims: tuple[str, ...] | None = None,
        strict: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(space, gymnasium.spaces.Space | _BoxOutline):
            raise FieldError(
                f"Space: space must be a gymnasium.spaces.Space, got {space!r}; Space.box makes one"
            )
        if dims is not None and (
            isinstance(dims, str)
            or not all(isinstance(name, str) for name in dims)
            or (space.shape is not None and len(dims) != len(space.shape))
        ):
            raise FieldError(
                f"Space: dims must be a name for each axis of shape {space.shape}, got {dims!r}"
            )
        self._space: gymnasium.spaces.Space | _BoxOutline = space
        self.dims, self._strict = None if dims is None else tuple(dims), strict

    @classmethod
    def box(
        cls,
        low: Any,
        high: Any,
        shape: tuple[int, ...],
        dtype: Any = np.float32,
        *,
        dims: tuple[str, ...] | None = None,
        strict: bool = True,
    ) -> Space:
        """Makes the spec of an array of numbers, a `gymnasium.spaces.Box`, strict by default.

        Args:
          low: the least value.
          high: the greatest value.
          shape: of the array.
          dtype: NumPy's.
          dims: as for the class.
          strict: as for the class.

        Returns:
          The spec.

        Raises:
          FieldError: (also a ValueError) dims does not name each axis, the shape is no tuple of
            whole numbers, dtype is none, or there is no number between low and high.
        """
        try:
            sizes = tuple(operator.index(n) for n in shape)
            kind = np.dtype(dtype)
        except TypeError as error:
            raise FieldError(
                f"Space.box: shape must be a tuple of ints and dtype one of NumPy's, got {shape!r} "
                f"and {dtype!r}"
            ) from error
        if any(n < 0 for n in sizes) or not np.all(np.less_equal(low, high)):
            raise FieldError(
                "Space.box: sizes must not be negative, and low at most high, got shape "
                f"{sizes}, {low!r} and {high!r}"
            )
        outline: Any = _BoxOutline(low, high, sizes, kind)
        return cls(outline, dims=dims, strict=strict)

    @property
    def space(self) -> gymnasium.spaces.Space:
        """The Gymnasium space."""
        if isinstance(self._space, _BoxOutline):
            self._space = self._space.space()
        return self._space

    @property
    def strict(self) -> bool:
        """Whether shape and dtype must be those of the space."""
        return self._strict

    def check_value(self, field_value: Any) -> tuple[bool, str]:
        if self._strict and isinstance(field_value, numbers.Number | list | tuple):
            want = self._space.shape
            try:
                shape = np.shape(np.asarray(field_value))
            except ValueError:  # lists of unequal length
                return False, f"expected shape {want}, got a ragged {type(field_value).__name__}"
            if want is not None and shape != tuple(want):
                return False, f"expected shape {want}, got {shape}"
        return super().check_value(field_value)

    def _check_tensor(self, shape: tf.TensorShape, dtype: tf.DType) -> tuple[bool, str]:
        if not self._strict:
            return True, ""
        want = tf.TensorShape(self._space.shape)
        if not shape.is_compatible_with(want):
            return False, f"expected shape {want}, got {shape}"
        if self._space.dtype is not None and dtype != tf.as_dtype(self._space.dtype):
            return False, f"expected dtype {tf.as_dtype(self._space.dtype).name}, got {dtype.name}"
        return True, ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return False
        rest = [{**x.__dict__, "_space": None} for x in (self, other)]
        return type(self) is type(other) and rest[0] == rest[1] and self.space == other.space

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"Space({self.space}, dims={self.dims}, strict={self._strict})"
