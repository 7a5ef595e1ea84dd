"""Blocks: which discrete unknowns can change at once, each on its own account.

Two elements that enter no common term are independent given the rest. A batch is a set of small
blocks of elements of which no two enter a common term: all of a batch's blocks may be moved by one
evaluation of the density, and each accepted or not by what its own terms gain.

Source: Gonzalez, Low, Gretton and Guestrin (2011), Parallel Gibbs sampling: from colored fields to
  thin junction trees, AISTATS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

_ROUNDING = 1e-5  # relative to the greater of a term and 1: less is no dependence
_PROBE_BYTES = 2**26  # of terms, in one call
_MOST_IN_BLOCK = 4
_MOST_PROBES, _IN_VAIN = 200, 30


@dataclasses.dataclass(frozen=True, eq=False)
class BlockBatches:
    """Batches of blocks.

    Attributes:
      element_block: `[R, N]` int32 the block that an element is of, B where it is of none.
      term_block: `[R, M]` int32 the block that enters a term, B where none does.
      num_blocks: B, the greatest number of blocks in a batch.
      per_sweep: how many batches propose about as many blocks as there are elements.
    """

    element_block: np.ndarray
    term_block: np.ndarray
    num_blocks: int
    per_sweep: int


def find_dependence(
    terms: Callable[[Any], Any],
    num_values: np.ndarray,
    rng: np.random.Generator,
    codes: np.ndarray | None = None,
) -> np.ndarray:
    """Finds which elements enter which terms, by changing one after the other.

    It is looked for around random codes, of which some are alike in many elements, until a few in a
    row have shown nothing new. What changes a term only around rarer codes goes unseen.

    Args:
      terms: of codes `[C, N]` int32, returns `[C, M]` float32.
      num_values: `[N]` of the elements.
      rng: draws the codes, and what their elements are changed to.
      codes: `[n, N]` int32 to look around in place of random ones.

    Returns:
      `[N, M]` bool.
    """
    size = len(num_values)
    width = terms(tf.zeros([1, size], tf.int32)).shape[-1]
    rows = min(size, max(1, _PROBE_BYTES // (4 * width)))
    found = np.zeros((size, width), bool)
    since = 0
    for k in range(_MOST_PROBES if codes is None else len(codes)):
        code = _probe(num_values, rng) if codes is None else codes[k]
        shift = rng.integers(1, np.maximum(num_values, 2), size, dtype=np.int32)
        moved = (code + np.diag(shift)) % num_values
        before = np.asarray(terms(tf.constant(code[None])))[0]
        known = found.sum()
        for start in range(0, size, rows):
            part = moved[start : start + rows]
            after = np.asarray(terms(tf.constant(part)))
            scale = _ROUNDING * np.maximum(np.abs(before), 1.0)
            found[start : start + len(part)] |= np.abs(after - before) > scale
        since = 0 if found.sum() > known else since + 1
        if codes is None and since == _IN_VAIN:
            break
    return found


def _probe(num_values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`[N]` int32 a random code, of which a random share of the elements are alike."""
    alike = rng.integers(0, num_values.max()) % num_values
    code = rng.integers(0, num_values, dtype=np.int32)
    return np.where(rng.random(code.shape) < rng.random(), alike, code).astype(np.int32)


def block_batches(
    dependence: np.ndarray, rng: np.random.Generator, num_rounds: int = 8
) -> BlockBatches:
    """Makes batches: in each round every element leads one block.

    In even rounds a block is one element, in odd ones there are up to three more, each of which
    enters a common term with it.

    Args:
      dependence: `[N, M]` bool, which element enters which term.
      rng: orders the elements.
      num_rounds: how often every element leads a block.
    """
    size = len(dependence)
    batches: list[list[np.ndarray]] = []
    for k in range(num_rounds):
        left = [_block(dependence, i, rng, k % 2 == 1) for i in rng.permutation(size)]
        while left:
            taken, later = [], []
            touched = np.zeros(dependence.shape[1], bool)
            moved = np.zeros(size, bool)
            for block in left:
                mine = dependence[block].any(axis=0)
                if (touched & mine).any() or moved[block].any():
                    later.append(block)
                else:
                    taken.append(block)
                    touched |= mine
                    moved[block] = True
            batches.append(taken)
            left = later
    most = max(len(batch) for batch in batches)
    element = np.full((len(batches), size), most, np.int32)
    term = np.full((len(batches), dependence.shape[1]), most, np.int32)
    for r, batch in enumerate(batches):
        for b, block in enumerate(batch):
            element[r, block] = b
            term[r, dependence[block].any(axis=0)] = b
    return BlockBatches(element, term, most, -(-len(batches) // num_rounds))


def _block(
    dependence: np.ndarray, element: int, rng: np.random.Generator, has_more: bool
) -> np.ndarray:
    """The element, with up to three others that enter one of its terms if it has more."""
    if has_more:
        near = np.flatnonzero(dependence[:, dependence[element]].any(axis=1))
        others = near[near != element]
        if others.size:
            count = min(int(rng.integers(1, _MOST_IN_BLOCK)), others.size)
            return np.array([element, *rng.choice(others, count, replace=False)])
    return np.array([element])
