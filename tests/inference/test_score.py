"""Scores: against a loop over steps, closed forms, enumeration and finite differences."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import Network, PythonRuntime, TFRuntime, ed
from recsim_ng.core import FieldSpec, SlicedValue, Value, ValueSpec, Variable
from recsim_ng.core.data import data_variable
from recsim_ng.core.errors import ConfigError, DataError, SiteError
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import (
    IteratedMultinomialLogitChoiceModel,
    MultinomialLogitChoiceModel,
)
from recsim_ng.inference import Scorer
from recsim_ng.stories import (
    bandits,
    ecosystem,
    interest_evolution,
    latent_satisfaction,
    long_term_satisfaction,
    movielens,
    social,
    soft_attributes,
)
from tests import synthetic_ratings
from tests.inference.sequential_score import sequential_score
from tests.small_networks import X, autoregression, coupled, many_kinds, markov_chain

STORIES = {
    "ecosystem": lambda: ecosystem.story(ecosystem.Config(num_users=5, num_provider_clusters=2)),
    "latent_satisfaction": lambda: latent_satisfaction.story(
        latent_satisfaction.Config(num_users=3)
    ),
    "interest_evolution": lambda: interest_evolution.story(
        interest_evolution.Config(num_users=6, num_docs=9)
    ),
    "long_term_satisfaction": lambda: long_term_satisfaction.story(
        long_term_satisfaction.Config(num_users=5)
    ),
    "soft_attributes": lambda: soft_attributes.story(
        soft_attributes.Config(num_users=5, num_docs=7, num_topics=3, max_ratings=4)
    ),
    "social": lambda: social.story(social.Config(num_users=20, num_docs=10)),
    "bandits": lambda: bandits.story(bandits.Config(num_bandits=4, num_arms=3)),
}


SOME = ("ecosystem", "latent_satisfaction", "social")
QUICK = [n if n in SOME else pytest.param(n, marks=pytest.mark.slow) for n in STORIES]


@pytest.mark.parametrize("name", QUICK)
def test_every_story_is_scored_as_a_loop_over_its_steps_does(name, seed):
    network = Network(STORIES[name]())
    run = PythonRuntime(network).trajectory(1 if name == "soft_attributes" else 4, seed=seed)
    total, size = sequential_score(network, run)
    score = Scorer(network).score(run)
    assert size > 0
    assert abs(float(score.total) - total) <= 1e-5 * size
    assert float(sum(score.by_variable().values())) == pytest.approx(total, abs=1e-5 * size)


@pytest.mark.parametrize("recommender", ["popularity", "linear_thompson"])
def test_the_film_story_is_scored_as_a_loop_over_its_steps_does(recommender, tmp_path, rng, seed):
    truth = synthetic_ratings.simulate(rng)
    folder = str(synthetic_ratings.write_atomic(tmp_path / "films", truth))
    network = Network(movielens.story(movielens.Config(folder, recommender, num_users=8)))
    run = PythonRuntime(network).trajectory(4, seed=seed)
    total, size = sequential_score(network, run)
    assert size > 0
    assert abs(float(Scorer(network).total(run)) - total) <= 1e-5 * size


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("make", [coupled, many_kinds])
def test_variables_of_every_kind_are_scored_as_a_loop_does(make, jit_compile, seed):
    network = make()
    run = PythonRuntime(network).trajectory(5, seed=seed)
    total, size = sequential_score(network, run)
    for scorer in (Scorer(network, jit_compile=jit_compile), Scorer(network, graph_compile=False)):
        assert abs(float(scorer.total(run)) - total) <= 1e-5 * size


def test_an_autoregression_is_scored_by_its_closed_form(seed):
    network = autoregression(3, 0.7, scale=0.5)
    run = TFRuntime(network).trajectory(50, seed=seed)
    x = np.asarray(run["process"]["x"], np.float64)
    terms = stats.norm.logpdf(x[1:], 0.7 * x[:-1], 0.5)
    score = Scorer(network).score(run)
    np.testing.assert_allclose(score.fields["process"]["x"][1:], terms, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(score.fields["process"]["x"][0], np.zeros(3))
    assert abs(float(score.total) - terms.sum()) <= 1e-5 * np.abs(terms).sum()


def test_a_markov_chain_is_scored_by_its_transitions(seed):
    transitions = np.array([[0.1, 0.9], [0.6, 0.4]])
    run = TFRuntime(markov_chain(4, transitions)).trajectory(20, seed=seed)
    state = np.asarray(run["chain"]["x"])
    terms = np.log(transitions[state[:-1], state[1:]])
    total = float(Scorer(markov_chain(4, transitions)).total(run))
    assert abs(total - terms.sum()) <= 1e-5 * np.abs(terms).sum()


def choices(model, fields):
    """One step of choices, by some model, from logits that are drawn too."""
    logits, choice = Variable("logits", X), Variable("choice", ValueSpec(choice=FieldSpec()))
    logits.value = value(lambda: Value(x=ed.Normal(loc=tf.zeros(fields), scale=2.0, name="x")))
    choice.value = value(lambda seen: model.choice(seen.get("x")), (logits,))
    return Network([logits, choice])


def test_logit_choices_are_scored_by_their_closed_forms(seed):
    run = TFRuntime(choices(MultinomialLogitChoiceModel((6,), 0.5), (6, 3))).trajectory(
        4, seed=seed
    )
    x = np.concatenate([run["logits"]["x"], np.full((4, 6, 1), 0.5)], axis=-1).astype(np.float64)
    chosen = np.asarray(run["choice"]["choice"])
    expected = x[*np.indices(chosen.shape), chosen] - np.log(np.exp(x).sum(axis=-1))
    found = Scorer(choices(MultinomialLogitChoiceModel((6,), 0.5), (6, 3))).score(run)
    np.testing.assert_allclose(found.fields["choice"]["choice"], expected, rtol=1e-4, atol=1e-5)

    network = choices(IteratedMultinomialLogitChoiceModel(2, (6,), -np.inf), (6, 3))
    run = TFRuntime(network).trajectory(4, seed=seed)
    x = np.asarray(run["logits"]["x"], np.float64)
    first, second = np.moveaxis(np.asarray(run["choice"]["choice"]), -1, 0)
    place = np.indices(first.shape)
    left = np.exp(x).sum(axis=-1)
    expected = x[*place, first] - np.log(left)
    expected += x[*place, second] - np.log(left - np.exp(x[*place, first]))
    found = Scorer(network).score(run)
    np.testing.assert_allclose(found.fields["choice"]["choice"], expected, rtol=1e-3, atol=1e-4)


def test_probabilities_of_all_trajectories_of_a_small_story_sum_to_one():
    # A coin whose bias follows the last toss, and a choice that follows the coin.
    coin, choice = Variable("coin", X), Variable("choice", X)
    coin.initial_value = value(lambda: Value(x=ed.Bernoulli(probs=0.3, dtype=tf.int32)))
    coin.value = value(
        lambda p: Value(x=ed.Bernoulli(logits=1.5 * tf.cast(p.get("x"), tf.float32) - 0.4)),
        (coin.previous,),
    )
    choice.value = value(
        lambda c: Value(
            x=ed.Categorical(logits=tf.stack([0.0, 0.2, tf.cast(c.get("x"), tf.float32)]))
        ),
        (coin,),
    )
    scorer = Scorer([coin, choice], jit_compile=False)
    total = 0.0
    for coins in itertools.product((0, 1), repeat=3):
        for chosen in itertools.product((0, 1, 2), repeat=3):
            held = {"coin": Value(x=tf.constant(coins)), "choice": Value(x=tf.constant(chosen))}
            total += np.exp(float(scorer.total(held)))
    assert total == pytest.approx(1.0, abs=1e-5)


def kalman_story():
    """Observations of an AR(1) state, by their one-step predictive law; the filter is the state."""
    belief, seen = (
        Variable("belief", ValueSpec(mean=FieldSpec(), var=FieldSpec())),
        Variable("seen", X),
    )

    def filtered(before, y):
        gain = before.get("var") / (before.get("var") + 0.25)
        mean = before.get("mean") + gain * (y.get("x") - before.get("mean"))
        var = (1 - gain) * before.get("var")
        return Value(mean=0.9 * mean, var=0.81 * var + 0.1)

    belief.initial_value = value(lambda: Value(mean=tf.zeros(3), var=tf.ones(3)))
    belief.value = value(filtered, (belief.previous, seen.previous))
    seen.value = value(
        lambda b: Value(x=ed.Normal(b.get("mean"), tf.sqrt(b.get("var") + 0.25), name="x")),
        (belief,),
    )
    return Network([belief, seen])


def test_a_kalman_filters_predictions_give_the_marginal_likelihood_though_only_data_are_held(seed):
    network, steps = kalman_story(), 12
    run = TFRuntime(network).trajectory(steps, seed=seed)
    # The joint law of the observations: cov(x_s, x_t) of the AR(1), and noise of their own.
    var = [1.0]
    for _ in range(steps - 1):
        var.append(0.81 * var[-1] + 0.1)
    s, t = np.indices((steps, steps))
    cov = np.array(var)[np.minimum(s, t)] * 0.9 ** np.abs(s - t) + 0.25 * np.eye(steps)
    law = stats.multivariate_normal(np.zeros(steps), cov)
    y = np.asarray(run["seen"]["x"], np.float64)
    expected = law.logpdf(y.T).sum()
    assert float(Scorer(network).total({"seen": run["seen"]})) == pytest.approx(expected, rel=1e-4)


def test_gradients_are_finite_differences(seed):
    # In what is observed, in a parameter, and in the parameter of a recursion that is not held.
    rate = tf.Variable(0.7)
    network = autoregression(2, rate)
    run = TFRuntime(network).trajectory(6, seed=seed)
    x = tf.Variable(run["process"]["x"])
    scorer = Scorer(network, jit_compile=False)

    def score():
        return scorer.total({"process": Value(x=tf.convert_to_tensor(x))})

    with tf.GradientTape() as tape:
        total = score()
    by_rate, by_x = tape.gradient(total, [rate, x])
    for variable, index, found in ((rate, (), by_rate), (x, (3, 1), by_x[3, 1])):
        kept, step = variable.numpy(), np.zeros(variable.shape, np.float32)
        step[index] = 1e-2
        ends = []
        for sign in (1, -1):
            variable.assign(kept + sign * step)
            ends.append(float(score()))
        variable.assign(kept)
        assert float(found) == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=2e-2, abs=2e-2)


def hidden_rate_story(rate):
    """Data around a level that follows a deterministic recursion with a rate."""
    level, seen = Variable("level", X), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=tf.ones([])))
    level.value = value(lambda p: Value(x=rate * p.get("x") + 0.1), (level.previous,))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), 0.5, name="x")), (level,))
    return Network([level, seen])


def test_a_deterministic_recursion_that_is_not_held_is_computed_with_its_gradient(seed):
    rate = tf.Variable(0.6)
    network = hidden_rate_story(rate)
    y = TFRuntime(network).trajectory(8, seed=seed)["seen"]
    x = np.asarray(y["x"], np.float64)

    def expected(r):
        level, total = 1.0, 0.0
        for t in range(8):
            total += stats.norm.logpdf(x[t], level, 0.5)
            level = r * level + 0.1
        return total

    scorer = Scorer(network)
    value_and_gradient = tf.function(lambda: _with_gradient(scorer, y, rate), jit_compile=True)
    total, gradient = value_and_gradient()
    assert float(total) == pytest.approx(expected(0.6), rel=1e-4)
    slope = (expected(0.6 + 1e-5) - expected(0.6 - 1e-5)) / 2e-5
    assert float(gradient) == pytest.approx(slope, rel=1e-3)


def _with_gradient(scorer, y, rate):
    with tf.GradientTape() as tape:
        total = scorer.total({"seen": y})
    return total, tape.gradient(total, rate)


def test_a_part_of_the_steps_can_be_scored(seed):
    network = autoregression(2, 0.5)
    run = TFRuntime(network).trajectory(6, seed=seed)
    whole = Scorer(network).score(run)
    part = float(Scorer(network).total(run, 3))
    assert part == pytest.approx(float(tf.reduce_sum(whole.fields["process"]["x"][:4])), rel=1e-5)
    assert float(Scorer(network).total(run, 0)) == 0.0
    with pytest.raises(ConfigError, match=r"num_steps must be a whole number within 0\.\.5, got 6"):
        Scorer(network).total(run, 6)


def test_a_static_variable_counts_once(seed):
    network = coupled()
    run = PythonRuntime(network).trajectory(5, seed=seed)
    score = Scorer(network).score(run)
    taste = stats.norm.logpdf(np.asarray(run["taste"]["x"][0], np.float64))
    np.testing.assert_allclose(score.fields["taste"]["x"], taste, rtol=1e-5)
    held = dict(run)  # as a plain mapping: with the time axis everywhere
    assert float(Scorer(network).total(held)) == pytest.approx(float(score.total), rel=1e-6)


def test_data_variables_score_nothing(seed):
    # `seen` is data in the story itself, and drawn from in the walk.
    seen = data_variable("seen", X, SlicedValue(Value(x=np.arange(4, dtype=np.float32))))
    walk = Variable("walk", X)
    walk.value = value(lambda s: Value(x=ed.Normal(s.get("x"), 1.0, name="x")), (seen,))
    network = Network([seen, walk])
    run = TFRuntime(network).trajectory(4, seed=seed)
    y = np.asarray(run["walk"]["x"], np.float64)
    expected = stats.norm.logpdf(y, np.arange(4.0), 1.0).sum()
    for held in (run, {"walk": run["walk"]}, {"walk": run["walk"], "seen": run["seen"]}):
        assert float(Scorer(network).total(held)) == pytest.approx(expected, rel=1e-4)


def noisy(return_noise):
    walk = Variable(
        "walk", ValueSpec(x=FieldSpec(), **({"z": FieldSpec()} if return_noise else {}))
    )

    def step():
        z = ed.Normal(0.0, 1.0, name="z")
        return Value(x=2.0 * z, **({"z": z} if return_noise else {}))

    walk.value = value(step)
    return Network([walk])


def test_a_draw_that_is_no_field_is_refused_by_name(seed):
    run = TFRuntime(noisy(True)).trajectory(2, seed=seed)
    assert np.isfinite(float(Scorer(noisy(True)).total(run)))
    with pytest.raises(
        SiteError, match=r"variable 'walk', site 'z' \(Normal\): a draw can be scored"
    ):
        Scorer(noisy(False)).total({"walk": run["walk"].at("x")})


def test_what_is_made_of_a_draw_in_the_same_behaviour_is_made_of_the_observed_one():
    walk = Variable("walk", ValueSpec(x=FieldSpec(), y=FieldSpec()))

    def step():
        x = ed.Normal(0.0, 1.0, name="x")
        return Value(x=x, y=ed.Normal(3.0 * x, 0.1, name="y"))

    walk.value = value(step)
    held = {"walk": Value(x=tf.constant([1.0, -1.0]), y=tf.constant([3.1, -2.8]))}
    expected = stats.norm.logpdf([1, -1]).sum() + stats.norm.logpdf([0.1, 0.2], 0, 0.1).sum()
    assert float(Scorer([walk]).total(held)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({}, "a trajectory must hold variables of the story"),
        ({"other": Value(x=tf.zeros([4, 3]))}, r"a trajectory must hold .* got \['other'\]"),
        ({"mood": Value(**{"good.x": tf.zeros([4, 3])})}, r"but \['taste.x'\] are not"),
        ({"taste": Value(y=tf.zeros([4, 3]))}, r"variable 'taste': its fields are \['x'\], got"),
        ({"taste": tf.zeros([4, 3])}, "variable 'taste': must be a Value in a trajectory"),
        ({"taste": Value(x=tf.zeros([]))}, "variable 'taste', field 'x': needs a time axis"),
        (
            {"taste": Value(x=tf.zeros([4, 3])), "mood": Value(**{"good.x": tf.zeros([5, 3])})},
            "all fields must be as long as each other",
        ),
    ],
)
def test_trajectories_that_do_not_fit_are_refused(held, message):
    with pytest.raises(DataError, match=message):
        Scorer(coupled(), jit_compile=False).total(held)
