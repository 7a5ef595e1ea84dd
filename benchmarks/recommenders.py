"""What each recommender and each choice model costs, per user and step, in graph mode and XLA.

A recommender serves a population in a small story: users choose from its slates by multinomial
logit, and the recommender learns of it. The users' own part, alike for all, is in the numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import timing
from benchmarks.row import Row

_SEED = 0


def recommenders(*, quick: bool = False) -> list[Row]:
    """Microseconds per user and step of every recommender: 1,000 users and documents, slate of 10.

    Args:
      quick: small sizes.
    """
    from benchmarks import recommender_story
    from recsim_ng.entities.recommenders import RECOMMENDERS

    users, docs, slate, steps = (20, 30, 4, 2) if quick else (1000, 1000, 10, 20)
    rows = []
    for name in RECOMMENDERS:
        network = recommender_story.story(name, users, docs, slate)
        rows += _cost(f"recommender {name}", network, users, steps, quick)
    return rows


def choice_models(*, quick: bool = False) -> list[Row]:
    """Microseconds per user and step of every choice model: 1,000 users, slates of 10.

    Args:
      quick: small sizes.
    """
    from benchmarks import recommender_story

    users, slate, steps = (20, 4, 2) if quick else (1000, 10, 100)
    rows = []
    for name, network in recommender_story.choice_stories(users, slate).items():
        rows += _cost(f"choice model {name}", network, users, steps, quick)
    return rows


def _cost(what: str, network: Any, users: int, steps: int, quick: bool) -> list[Row]:
    from recsim_ng.runtime import TFRuntime

    rows = []
    for mode, jit_compile in (("graph", False), ("XLA", True)):
        runtime = TFRuntime(network, jit_compile=jit_compile)

        def run(runtime: Any = runtime) -> None:
            for fields in runtime.execute(steps, seed=_SEED).values():
                for field in fields.as_dict.values():
                    np.asarray(field)  # waits for it

        timed = timing.time_paired({"execute": run}, rounds=1 if quick else 5)
        micros = 1e6 * timed.median_seconds("execute") / (users * steps)
        rows.append(Row(f"{what}, {mode}", "", micros, "us per user and step"))
        rows.append(Row(f"{what}, {mode}, compilation", "", timed.compile_seconds("execute"), "s"))
    return rows


MEASUREMENTS = {"recommenders": recommenders, "choice-models": choice_models}
