"""Value: immutable nested fields; what every variable of a network takes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from recsim_ng.core.errors import FieldError


def _describe(x: Any) -> str:
    shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
    if shape is None or dtype is None:
        return repr(x)
    sizes = "?" if getattr(shape, "rank", 0) is None else ", ".join(map(str, tuple(shape)))
    return f"<{getattr(dtype, 'name', dtype)} [{sizes}]>"


def _signature(x: Any) -> Any:
    shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
    if shape is None or dtype is None:
        return x
    known = getattr(shape, "rank", 0) is not None
    return (tuple(shape) if known else None), getattr(dtype, "name", dtype)


@dataclasses.dataclass(init=False, repr=False, eq=False, frozen=True)
class Value:
    """Immutable named fields, which may themselves be Values.

    A name with dots nests: `Value(**{"x.a": 1})` is `Value(x=Value(a=1))`. A Value is a `tf.nest`
    structure: it goes through `tf.function`, `tf.while_loop`, `tf.vectorized_map` and XLA as it
    is. Two Values are equal when they have the same structure: the same names, with fields of the
    same shape and dtype (fields without shape are compared as they are).

    Args:
      **fields: name -> tensor, random variable, Value or any other object.

    Raises:
      FieldError: (also a ValueError) a name is used both alone and as a prefix, or is empty.

    >>> Value(a=1, **{"x.b": 2}).as_dict
    {'a': 1, 'x.b': 2}
    """

    _fields: dict[str, Any]

    def __init__(self, /, **fields: Any) -> None:  # a field may be called "self"
        object.__setattr__(self, "_fields", _nest(fields, type(self)))

    # What tf.nest needs. The metadata is not compared by TensorFlow, hence the sorted order.

    def __tf_flatten__(self) -> tuple[Any, tuple[Any, ...]]:
        names = tuple(sorted(self._fields))
        return (names,), tuple(self._fields[name] for name in names)

    @classmethod
    def __tf_unflatten__(cls, metadata: Any, components: Any) -> Value:
        return _from_fields(cls, dict(zip(metadata[0], components, strict=True)))

    def get(self, field_name: str) -> Any:
        """Returns a field; dots reach in, and a prefix gives the nested Value.

        Args:
          field_name: name of the field, "x", or of a nested one, "x.a".

        Raises:
          FieldError: (also a ValueError) there is no such field.
        """
        found: Any = self
        for part in field_name.split("."):
            if not isinstance(found, Value) or part not in found._fields:
                raise FieldError(
                    f"Value.get: no field '{field_name}'; there are {sorted(self._names())}"
                )
            found = found._fields[part]
        return found

    def __getitem__(self, field_name: str) -> Any:
        return self.get(field_name)

    def __contains__(self, field_name: object) -> bool:
        found: Any = self
        for part in str(field_name).split("."):
            if not isinstance(found, Value) or part not in found._fields:
                return False
            found = found._fields[part]
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict)

    def __len__(self) -> int:
        return len(self.as_dict)

    @property
    def as_dict(self) -> dict[str, Any]:
        """The fields as a flat dictionary: dotted name -> field."""
        flat: dict[str, Any] = {}
        for name, field in self._fields.items():
            if isinstance(field, Value):
                flat.update({f"{name}.{inner}": x for inner, x in field.as_dict.items()})
            else:
                flat[name] = field
        return flat

    def at(self, *field_names: str) -> Value:
        """Returns a Value of the named fields alone; prefixes keep their nesting.

        Args:
          *field_names: names or prefixes, with dots.

        Raises:
          FieldError: (also a ValueError) one of them does not exist.
        """
        return type(self)(**{name: self.get(name) for name in field_names})

    def prefixed_with(self, field_name_prefix: str) -> Value:
        """Returns a Value with this one as its field `field_name_prefix`.

        Args:
          field_name_prefix: the new outer name; dots nest further.
        """
        return type(self)(**{field_name_prefix: self})

    def map(self, fn: Callable[[Any], Any]) -> Value:
        """Returns a Value of the same structure with `fn` applied to every field.

        Args:
          fn: field -> field.
        """
        mapped = {n: x.map(fn) if isinstance(x, Value) else fn(x) for n, x in self._fields.items()}
        return _from_fields(type(self), mapped)

    def union(self, other: Value) -> Value:
        """Returns a Value with the fields of both; shared prefixes merge.

        Args:
          other: a Value whose (dotted) names are not among this one's.

        Raises:
          FieldError: (also a ValueError) both have a field of the same name.
        """
        merged = dict(self._fields)
        for name, field in other._fields.items():
            mine = merged.get(name)
            if name not in merged:
                merged[name] = field
            elif isinstance(mine, Value) and isinstance(field, Value):
                merged[name] = mine.union(field)
            else:
                raise FieldError(f"Value.union: both have the field '{name}'; rename one of them")
        return _from_fields(type(self), merged)

    def _names(self) -> list[str]:
        names: list[str] = []
        for name, field in self._fields.items():
            names.append(name)
            if isinstance(field, Value):
                names.extend(f"{name}.{inner}" for inner in field._names())
        return names

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value):
            return NotImplemented
        return _structure(self) == _structure(other)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._names())))

    def __repr__(self) -> str:
        inner = ", ".join(
            f"{n}={x!r}" if isinstance(x, Value) else f"{n}={_describe(x)}"
            for n, x in self._fields.items()
        )
        return f"{type(self).__name__}({inner})"


ValueSpec = Value  # a Value whose fields are FieldSpecs


def _structure(value: Value) -> dict[str, Any]:
    return {
        name: _structure(field) if isinstance(field, Value) else _signature(field)
        for name, field in value._fields.items()
    }


def _from_fields(cls: type[Value], fields: dict[str, Any]) -> Value:
    made = object.__new__(cls)
    object.__setattr__(made, "_fields", fields)
    return made


def _nest(fields: Mapping[str, Any], cls: type[Value]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for name, field in fields.items():
        head, dot, rest = name.partition(".")
        if not head or (dot and not rest):
            raise FieldError(f"Value: a field name must not be empty, got '{name}'")
        if (dot and head in nested) or (not dot and head in groups):
            raise FieldError(
                f"Value: '{head}' is used both alone and as a prefix, in {sorted(fields)}; "
                "give one of them another name"
            )
        if dot:
            groups.setdefault(head, {})[rest] = field
        else:
            nested[head] = field
    ordered = {name.partition(".")[0]: None for name in fields}
    return {n: nested[n] if n in nested else cls(**groups[n]) for n in ordered}
