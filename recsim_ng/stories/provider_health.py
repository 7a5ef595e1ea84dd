"""How content providers fare over time, read off the clicks that a corpus counts."""

from __future__ import annotations

from typing import Any

import numpy as np


def click_shares(trajectory: Any) -> np.ndarray:
    """The providers' shares of discounted clicks, `[T, P]`; equal before the first click.

    Args:
      trajectory: with "corpus state".
    """
    clicks = np.asarray(trajectory["corpus state"].get("provider_click_count"), np.float64)
    total = clicks.sum(axis=1, keepdims=True)
    return np.where(total > 0, clicks / np.where(total > 0, total, 1.0), 1.0 / clicks.shape[1])


def effective_providers(trajectory: Any) -> np.ndarray:
    """The effective number of providers, `[T]`: the exponential of the shares' entropy.

    Args:
      trajectory: with "corpus state".

    Source: Hill (1973), Diversity and evenness, order 1.
    """
    shares = click_shares(trajectory)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.exp(-np.sum(shares * logs, axis=1))


def provider_gini(trajectory: Any) -> np.ndarray:
    """The Gini coefficient of the providers' clicks, `[T]`: 0 equal, 1 - 1/P one has all.

    Args:
      trajectory: with "corpus state".
    """
    shares = np.sort(click_shares(trajectory), axis=1)
    count = shares.shape[1]
    return shares @ (2 * np.arange(1, count + 1) - count - 1) / count


def viable_providers(trajectory: Any) -> np.ndarray:
    """The share of providers, `[T]`, with at least a tenth of an equal share of the clicks.

    Args:
      trajectory: with "corpus state".
    """
    shares = click_shares(trajectory)
    return np.mean(shares >= 0.1 / shares.shape[1], axis=1)
