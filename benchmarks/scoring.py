"""What the log-probability of a story costs, beside a program written for the one model.

`python -m benchmarks.scoring USERS STEPS` scores once, in this process, and prints its peak memory.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import own_process, timing
from benchmarks.peak_memory import peak_bytes
from benchmarks.row import Row

_SEED = 0
_ASKED = {5: 1.5, 1000: 1.2}
_MOST_GIGABYTES = 4.0


def scoring(*, quick: bool = False) -> list[Row]:
    """Value and gradient of the latent-satisfaction story's log-probability, over a hand-written's.

    Args:
      quick: small sizes; nothing is judged.

    Raises:
      RuntimeError: the two programs do not agree, or the big run failed.
    """
    rows, steps = [], 5 if quick else 100
    for users, asked in ({3: 1.5} if quick else _ASKED).items():
        ours, by_hand = _programs(users, steps)
        _require_agreement(ours(), by_hand())
        timed = timing.time_paired({"story": ours, "by hand": by_hand}, rounds=3 if quick else 60)
        what = f"{users:,} users x {steps} steps: value and gradient, time over that by hand"
        rows.append(Row.at_most(what, timed.ratio("story", "by hand"), None if quick else asked))
    users, steps = (50, 5) if quick else (100_000, 50)
    peak = float(own_process.measured("scoring", users, steps))
    rows.append(
        Row(
            f"{users:,} users x {steps} steps: peak memory of simulating and scoring",
            "" if quick else f"under {_MOST_GIGABYTES:g} GB",
            peak,
            "GB",
            ok=None if quick else peak < _MOST_GIGABYTES,
        )
    )
    return rows


def _programs(users: int, steps: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    import tensorflow as tf

    from benchmarks.peers import latent_satisfaction_score
    from recsim_ng import Network, TFRuntime
    from recsim_ng.inference import Scorer
    from recsim_ng.stories import latent_satisfaction

    sensitivity = tf.Variable(np.full(users, 0.8, np.float32))
    story = latent_satisfaction.create_latent_variable_model_network(
        users, satisfaction_sensitivity=sensitivity
    )
    run = TFRuntime(Network(story)).trajectory(steps, seed=_SEED)
    held = {name: run[name] for name in run}
    scorer = Scorer(story)

    @tf.function(jit_compile=True, autograph=False)
    def value_and_gradient(held: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            total = scorer.total(held)
        return total, tape.gradient(total, sensitivity)

    by_hand = latent_satisfaction_score.program()
    state = held["user state"]
    data = (
        held["slate docs"]["features"],
        state["intent"][0],
        state["satisfaction"],
        held["user response"]["choice"],
        tf.constant(sensitivity),
    )
    return (
        lambda: [x.numpy() for x in value_and_gradient(held)],
        lambda: [x.numpy() for x in by_hand(*data)],
    )


def _require_agreement(ours: Any, by_hand: Any) -> None:
    # Satisfactions are known to 1e-6 and their noise is 0.01: a gradient has three digits.
    for one, other in zip(ours, by_hand, strict=True):
        if not np.allclose(one, other, rtol=1e-3, atol=1e-3 * np.max(np.abs(other))):
            raise RuntimeError(f"scoring: both programs must agree, got {one} and {other}")


def main(arguments: list[str]) -> None:
    """Simulates and scores, and prints the peak of memory, gigabytes.

    Args:
      arguments: number of users, number of steps.
    """
    ours, _ = _programs(*(int(a) for a in arguments))
    ours()
    print(json.dumps(peak_bytes() / 1e9))


if __name__ == "__main__":
    main(sys.argv[1:])
