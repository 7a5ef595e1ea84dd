"""Features: numbers that sum up each user's trajectory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

_MOST_LEVELS = 12
_MOST_COMPONENTS = 6

Arrays = Mapping[str, np.ndarray]


def summary_features(
    runs: Sequence[Arrays], seen: Mapping[str, np.ndarray] | None = None
) -> tuple[list[np.ndarray], list[str]]:
    """Sums up each user's part of some trajectories.

    Of each field, component by component: mean, standard deviation, least, greatest and the
    correlation with the step before; of fields of few whole numbers the share of each and of steps
    at which it stays what it was. Of many components it is their mean and their deviation.

    Args:
      runs: name -> `[T, U, ...]`, the same names and shapes in all.
      seen: name -> `[T, U]` bool, the steps that count; all where there is none.

    Returns:
      (for each run `[U, F]`, the F names).
    """
    names: list[str] = []
    columns: list[list[np.ndarray]] = [[] for _ in runs]
    for field in runs[0]:
        together = [run[field] for run in runs]
        if together[0].ndim < 2 or together[0].dtype.kind not in "fiub":
            continue
        parts = [_components(x) for x in together]
        weight = (seen or {}).get(field)
        if weight is None:
            weight = np.ones(together[0].shape[:2], bool)
        for k, label in enumerate(_labels(field, together[0], parts[0].shape[2])):
            xs = [part[:, :, k] for part in parts]
            for name, found in _summaries(xs, weight).items():
                names.append(f"{label}: {name}")
                for column, x in zip(columns, found, strict=True):
                    column.append(x)
    users = next(iter(runs[0].values())).shape[1] if names else 0
    empty = np.zeros((users, 0))
    return [np.stack(c, axis=1) if c else empty for c in columns], names


def _components(x: np.ndarray) -> np.ndarray:
    """`[T, U, C]`."""
    flat = x.reshape(*x.shape[:2], -1)
    if flat.shape[2] <= _MOST_COMPONENTS:
        return flat
    return np.stack([flat.mean(axis=2), flat.std(axis=2)], axis=2)


def _labels(field: str, x: np.ndarray, count: int) -> list[str]:
    if x.ndim == 2:
        return [field]
    size = int(np.prod(x.shape[2:]))
    if size > _MOST_COMPONENTS:
        return [f"{field} (mean of {size})", f"{field} (deviation of {size})"]
    return [f"{field}[{k}]" for k in range(count)]


def _summaries(xs: Sequence[np.ndarray], weight: np.ndarray) -> dict[str, list[np.ndarray]]:
    levels: np.ndarray = np.zeros(0)
    if all(x.dtype.kind in "iub" for x in xs):
        levels = np.unique(np.concatenate([np.unique(x) for x in xs]))
    found: dict[str, list[np.ndarray]] = {}
    total = np.maximum(weight.sum(axis=0), 1)
    pairs = weight[1:] & weight[:-1]
    both = np.maximum(pairs.sum(axis=0), 1)
    if 0 < len(levels) <= _MOST_LEVELS:
        for level in levels:
            found[f"share of {int(level)}"] = [
                ((x == level) & weight).sum(axis=0) / total for x in xs
            ]
        found["share of steps without a change"] = [
            ((x[1:] == x[:-1]) & pairs).sum(axis=0) / both for x in xs
        ]
        return found
    for x in xs:
        y = x.astype(np.float64)
        mean = (y * weight).sum(axis=0) / total
        centred = (y - mean) * weight
        variance = (centred**2).sum(axis=0) / total
        lagged = (centred[1:] * centred[:-1] * pairs).sum(axis=0) / both
        one = {
            "mean": mean,
            "standard deviation": np.sqrt(variance),
            "least": np.where(weight, y, np.inf).min(axis=0),
            "greatest": np.where(weight, y, -np.inf).max(axis=0),
            "correlation with the step before": lagged / np.where(variance > 0, variance, 1.0),
        }
        for name, column in one.items():
            found.setdefault(name, []).append(np.where(np.isfinite(column), column, 0.0))
    return found
