"""Streams of the project's noise, each with its address varied along one axis.

A good cipher-like generator gives an unrelated word for every address. Addresses that differ in one
place only, by one, are where a bad one would show: so each stream walks along one axis and keeps
the others fixed. An address's words are both words of each of its elements, in order.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from recsim_ng.core import noise

BLOCK = 1 << 16  # elements made at once: few enough for the processor's cache
VARIABLE, SITE = "user state", "0"


def _words(key: noise.Key, first: Any, second: Any) -> np.ndarray:
    """Both words of each element under a key, in order: `[2 N]` uint32.

    Args:
        key: One key, or keys with arrays of words.
        first: Index along the first axis.
        second: Index within the rest.
    """
    pair = noise.threefry2x32(key.words, (first, second))
    return np.stack(np.broadcast_arrays(*pair), axis=-1).reshape(-1)


def _address(variable: str, site: str) -> str:
    """What `noise.site_key` folds for a variable and a site; the tests hold the two together."""
    return f"{variable}\0{site}"


def _digests(names: Iterator[str]) -> tuple[np.ndarray, np.ndarray]:
    """What `Key.fold` makes of names, for many at once."""
    joined = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    pairs = np.frombuffer(joined, "<u4").reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _columns(key: noise.Key) -> noise.Key:
    """The same keys, as a column: one row of elements for each."""
    return noise.Key((np.asarray(key.words[0])[:, None], np.asarray(key.words[1])[:, None]))


def elements(origin: int) -> Iterator[np.ndarray]:
    """One site's draw for more and more users: (i, 0), i = 0, 1, ..."""
    key = noise.site_key(origin, 0, VARIABLE, SITE)
    for start in range(0, 1 << 32, BLOCK):
        yield _words(key, np.arange(start, start + BLOCK), 0)


def places(origin: int) -> Iterator[np.ndarray]:
    """One site's draw for one user, in more and more places: (0, j), j = 0, 1, ..."""
    key = noise.site_key(origin, 0, VARIABLE, SITE)
    for start in range(0, 1 << 32, BLOCK):
        yield _words(key, 0, np.arange(start, start + BLOCK))


def steps(origin: int) -> Iterator[np.ndarray]:
    """One site's draw for two users, step after step."""
    for start in range(0, 1 << 32, BLOCK):
        key = noise.site_key(origin, np.arange(start, start + BLOCK), VARIABLE, SITE)
        yield _words(_columns(key), np.arange(2), 0)


def seeds(origin: int) -> Iterator[np.ndarray]:
    """One site's draw for two users at step 0, seed after seed."""
    for start in range(origin << 24, 1 << 32, BLOCK):
        words = (np.arange(start, start + BLOCK).astype(np.uint32), np.uint32(0))
        key = noise.Key(words).fold(_address(VARIABLE, SITE)).fold(0)
        yield _words(_columns(key), np.arange(2), 0)


def sites(origin: int) -> Iterator[np.ndarray]:
    """Sites "0", "1", ... of one variable, sixteen users each."""
    seed = noise.Key(noise.seed_words(origin))
    for start in range(0, 1 << 32, BLOCK // 16):
        names = (_address(VARIABLE, str(i)) for i in range(start, start + BLOCK // 16))
        yield _words(_columns(seed.fold(_digests(names)).fold(0)), np.arange(16), 0)


def variables(origin: int) -> Iterator[np.ndarray]:
    """The first site of variables "variable 0", "variable 1", ..., sixteen users each."""
    seed = noise.Key(noise.seed_words(origin))
    for start in range(0, 1 << 32, BLOCK // 16):
        names = (_address(f"variable {i}", SITE) for i in range(start, start + BLOCK // 16))
        yield _words(_columns(seed.fold(_digests(names)).fold(0)), np.arange(16), 0)


def simulation(origin: int) -> Iterator[np.ndarray]:
    """As a run consumes it: at each step three sites, ten users with slates of three each."""
    first, second = (x.reshape(-1) for x in np.indices((10, 3)))
    size = BLOCK // 90
    for start in range(0, 1 << 32, size):
        by_site = []
        for site in ("0", "1", "2"):
            key = noise.site_key(origin, np.arange(start, start + size), VARIABLE, site)
            by_site.append(_words(_columns(key), first, second).reshape(size, -1))
        yield np.concatenate(by_site, axis=1).reshape(-1)


def control(origin: int) -> Iterator[np.ndarray]:
    """Not ours: a linear congruential generator of 32 bits, which must fail."""
    multiplier, increment, modulus = 1664525, 1013904223, 1 << 32
    jumps, adds = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    jump, add = 1, 0
    for i in range(BLOCK):
        jumps[i], adds[i] = jump, add
        jump, add = jump * multiplier % modulus, (add * multiplier + increment) % modulus
    state = origin
    while True:
        yield ((np.uint64(state) * jumps + adds) % np.uint64(modulus)).astype(np.uint32)
        state = (state * jump + add) % modulus


STREAMS: dict[str, Callable[[int], Iterator[np.ndarray]]] = {
    "elements": elements,
    "places": places,
    "steps": steps,
    "seeds": seeds,
    "sites": sites,
    "variables": variables,
    "simulation": simulation,
}
