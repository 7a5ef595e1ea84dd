"""How content providers fare over time, read off the clicks that a corpus counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsim_ng.entities.metrics import effective_number, gini, shares


def click_shares(trajectory: Any) -> np.ndarray:
    """The providers' shares of discounted clicks, `[T, P]`; equal before the first click.

    Args:
      trajectory: with "corpus state".
    """
    return np.asarray(shares(trajectory["corpus state"].get("provider_click_count")))


def effective_providers(trajectory: Any) -> np.ndarray:
    """The effective number of providers, `[T]`: the exponential of the shares' entropy.

    Args:
      trajectory: with "corpus state".

    Source: Hill (1973), Diversity and evenness, order 1.
    """
    return np.asarray(effective_number(trajectory["corpus state"].get("provider_click_count")))


def provider_gini(trajectory: Any) -> np.ndarray:
    """The Gini coefficient of the providers' clicks, `[T]`: 0 equal, 1 - 1/P one has all.

    Args:
      trajectory: with "corpus state".
    """
    return np.asarray(gini(trajectory["corpus state"].get("provider_click_count")))


def viable_providers(trajectory: Any) -> np.ndarray:
    """The share of providers, `[T]`, with at least a tenth of an equal share of the clicks.

    Args:
      trajectory: with "corpus state".
    """
    of_clicks = click_shares(trajectory)
    return np.mean(of_clicks >= 0.1 / of_clicks.shape[1], axis=1)
