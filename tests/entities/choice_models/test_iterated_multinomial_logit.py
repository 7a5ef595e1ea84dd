"""IteratedMultinomialLogitChoiceModel against enumeration."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, Variable
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import (
    IteratedMultinomialLogitChoiceModel,
    MultinomialLogitChoiceModel,
)
from tests import statistical
from tests.agreement import assert_agree

LOGITS = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, 0.0]], np.float32)


def by_hand(weights, picks):
    left, p = list(range(len(weights))), 1.0
    for c in picks:
        p *= weights[c] / sum(weights[i] for i in left)
        left.remove(c)
    return p


def law(model, logits, num_choices):
    """{ordered picks: `[U]` probability}."""
    choice = model.choice(logits).get("choice")
    picks = list(itertools.permutations(range(logits.shape[-1] + 1), num_choices))
    shape = (*logits.shape[:-1], num_choices)
    return {
        p: np.exp(choice.distribution.log_prob(np.broadcast_to(p, shape).astype(np.int32)))
        for p in picks
    }


@pytest.mark.parametrize("num_choices", [1, 2, 3])
@pytest.mark.parametrize(("nochoice", "bias"), [(0.3, 0.0), (-np.inf, 0.4), ([0.0, 1.0], -0.7)])
def test_picks_follow_the_formula(num_choices, nochoice, bias):
    model = IteratedMultinomialLogitChoiceModel(num_choices, (2,), nochoice, bias)
    found = law(model, LOGITS, num_choices)
    np.testing.assert_allclose(sum(found.values()), 1.0, rtol=1e-5)
    for user in range(2):
        none = np.broadcast_to(nochoice, 2)[user]
        weights = np.exp([*(LOGITS[user] + bias * np.arange(3)), none])
        for picks, probability in found.items():
            if none == -np.inf and 3 in picks[:-1]:
                continue  # 0 of 0
            np.testing.assert_allclose(probability[user], by_hand(weights, picks), rtol=1e-4)


def test_one_pick_is_a_multinomial_logit():
    one = law(IteratedMultinomialLogitChoiceModel(1, (2,), 0.5, 0.1), LOGITS, 1)
    logit = MultinomialLogitChoiceModel((2,), 0.5, 0.1).choice(LOGITS).get("choice").distribution
    for (pick,), probability in one.items():
        np.testing.assert_allclose(probability, np.exp(logit.log_prob([pick, pick])), rtol=1e-5)


def network(model, logits):
    v = Variable("choice", model.specs())
    v.value = value(lambda: model.choice(tf.constant(logits)))
    return [v]


def test_draws_are_different_places_and_alike_in_all_runtimes(seed):
    model = IteratedMultinomialLogitChoiceModel(3, (2,), 0.0)
    expected = PythonRuntime(network(model, LOGITS)).trajectory(5, seed=seed)
    for jit_compile in (False, True):
        runtime = TFRuntime(network(model, LOGITS), jit_compile=jit_compile)
        assert_agree(expected, runtime.trajectory(5, seed=seed))
    picks = expected["choice"].get("choice").numpy()
    assert picks.shape == (5, 2, 3) and picks.dtype == np.int32
    assert all(len(set(row)) == 3 for row in picks.reshape(-1, 3))


def test_draws_have_their_probabilities(seed):
    size = 20_000
    model = IteratedMultinomialLogitChoiceModel(2, (size,), 0.3)
    logits = np.tile(LOGITS[:1], (size, 1))
    drawn = TFRuntime(network(model, logits)).execute(0, seed=seed)["choice"].get("choice").numpy()
    pairs = list(itertools.permutations(range(4), 2))
    counts = [np.sum(np.all(drawn == p, axis=1)) for p in pairs]
    weights = np.exp([*LOGITS[0], 0.3])
    # 0.004 nats of relative entropy among twelve pairs are caught at this size.
    statistical.assert_frequencies(counts, [by_hand(weights, p) for p in pairs], what="picks")
    with statistical.must_catch():
        weights = np.exp([*LOGITS[0], 0.6])
        statistical.assert_frequencies(counts, [by_hand(weights, p) for p in pairs])


@pytest.mark.parametrize(("num_choices", "nochoice", "items"), [(4, -np.inf, 3), (5, 0.0, 4)])
def test_more_picks_than_items_are_refused(num_choices, nochoice, items):
    with pytest.raises(ValueError) as error:
        IteratedMultinomialLogitChoiceModel(num_choices, (2,), nochoice).choice(LOGITS)
    assert str(error.value) == (
        f"IteratedMultinomialLogitChoiceModel: num_choices must be at most the {items} items to "
        f"pick from, got {num_choices}; pick fewer or show more documents"
    )


def test_no_pick_at_all_is_refused():
    with pytest.raises(ValueError, match="num_choices must be a whole number of at least 1, got 0"):
        IteratedMultinomialLogitChoiceModel(0, (2,), 0.0)


def test_what_is_impossible_comes_last_in_the_order_of_places(seed):
    model = IteratedMultinomialLogitChoiceModel(3, (2,), 0.0)
    with Seed(seed), behaviour("choice"):
        picks = model.choice([[-np.inf] * 3, [-np.inf, 1.0, -np.inf]]).get("choice")
    assert picks[0].numpy().tolist() == [3, 0, 1]
    assert sorted(picks[1, :2].numpy()) == [1, 3] and picks[1, 2] == 0
    law = picks.distribution
    np.testing.assert_allclose(law.log_prob([[3, 0, 1], [1, 3, 0]]), [0.0, -np.log1p(np.exp(-1))])
    assert np.all(np.isneginf(law.log_prob([[3, 1, 0], [1, 3, 2]])))
