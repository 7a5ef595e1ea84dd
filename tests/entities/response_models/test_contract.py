"""The contract of response models, which every exported member goes through."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, Value, Variable
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.variable import value
from recsim_ng.entities import response_models
from recsim_ng.entities.response_models import (
    Boredom,
    DelayedFeedback,
    GaussianRating,
    MultiBehaviourResponse,
    RepetitionPenalty,
    ResponseModel,
    RoundedRating,
    Satiation,
    SessionModel,
    WaitingTime,
)
from tests.agreement import assert_agree, in_graph_and_xla

U, S, K = 4, 3, 2
CLICKS = np.array([1, 0, 1, 0], np.int32)
LIKING = np.array([0.5, -1.0, 2.0, 0.0], np.float32)
LOGITS = Value(click=LIKING, like=0.5 * LIKING, share=LIKING - 1.0)
TOPICS = np.eye(K, dtype=np.float32)[[0, 1, 0, 1]]
WEIBULL = WaitingTime.weibull(0.7, 2.0, 5)


def stepwise(name, model, next_state):
    """A state that moves on by `next_state(state)`."""
    state = Variable(f"{name} state", model.specs().get("state"))
    state.initial_value = value(model.initial_state)
    state.value = value(next_state, (state.previous,))
    return model, [state]


def at_once(name, model, draw):
    response = Variable(f"{name} response", model.specs().get("response"))
    response.value = value(draw)
    return model, [response]


def delayed(name, model):
    state, response = (Variable(f"{name} {n}", model.specs().get(n)) for n in ("state", "response"))
    state.initial_value = value(model.initial_state)
    state.value = value(
        lambda s, r: model.next_state(s, CLICKS, r.get("arrived")),
        (state.previous, response.previous),
    )
    response.value = value(lambda s: model.arrivals(s, CLICKS), (state,))
    return model, [state, response]


def members():
    """Of each member a small population of its own: (model, variables)."""
    behaviours = MultiBehaviourResponse((U,))
    gaussian, rounded = GaussianRating((U,)), RoundedRating((U,))
    boredom, repetition = Boredom((U,), K), RepetitionPenalty((U,), 3)
    satiation, still = Satiation((U,), K, 0.5, noise_scale=0.1), Satiation((U,), K, 0.5)
    session = SessionModel((U,), 0.3, [0.0, 0.1, 0.5, 1.0], WEIBULL)
    made = [
        at_once("behaviours", behaviours, lambda: behaviours.response(LOGITS, tf.constant(LIKING))),
        at_once("gaussian", gaussian, lambda: gaussian.rating(LIKING)),
        at_once("rounded", rounded, lambda: rounded.rating(LIKING, CLICKS > 0)),
        stepwise("boredom", boredom, lambda s: boredom.next_state(s, TOPICS)),
        stepwise("repetition", repetition, lambda s: repetition.next_state(s, CLICKS)),
        stepwise("still", still, lambda s: still.next_state(s, TOPICS)),
        stepwise("satiation", satiation, lambda s: satiation.next_state(s, TOPICS)),
        stepwise("session", session, session.next_state),
        delayed("geometric", DelayedFeedback((U,), WaitingTime.geometric(0.3), window=4)),
        delayed("weibull", DelayedFeedback((U,), WEIBULL)),
    ]
    return {variables[0].name.split()[0]: (model, variables) for model, variables in made}


MEMBERS = members()
every_member = pytest.mark.parametrize("name", MEMBERS)


def test_every_exported_model_is_here():
    exported = (getattr(response_models, name) for name in response_models.__all__)
    classes = {c for c in exported if isinstance(c, type) and issubclass(c, ResponseModel)}
    assert classes - {ResponseModel} == {type(model) for model, _ in MEMBERS.values()}


@every_member
def test_values_fit_their_specs_over_time_and_random_fields_score_their_own_draws(name, seed):
    model, variables = MEMBERS[name]
    trajectory = PythonRuntime(variables).trajectory(6, seed=seed)
    for variable in variables:
        spec = model.specs().get(variable.name.split()[1])
        assert list(trajectory[variable.name]) == list(spec)
        for field, x in trajectory[variable.name].as_dict.items():
            one = tf.convert_to_tensor(x)[-1]
            assert spec.get(field).check_value(one) == (True, ""), field
            low, high = spec.get(field).space.low, spec.get(field).space.high
            numbers = np.asarray(one, np.float64)
            assert np.all((numbers >= low) & (numbers <= high)), field
            assert spec.get(field).dims[0] == "user"


@every_member
def test_every_draw_is_a_field_has_a_finite_log_probability_and_finite_gradients(name, seed):
    model, variables = MEMBERS[name]
    state = PythonRuntime(variables).execute(2, seed=seed)
    with tf.GradientTape() as tape:
        logits = Value(**{k: tf.constant(v) for k, v in LOGITS.as_dict.items()})
        liking = tf.constant(LIKING)
        tape.watch([*logits.as_dict.values(), liking])
        with Seed(seed), Record() as record, behaviour("it"):
            if isinstance(model, MultiBehaviourResponse):
                made = model.response(logits, liking)
            elif isinstance(model, GaussianRating):
                made = model.rating(liking, CLICKS > 0)
            elif isinstance(model, DelayedFeedback):
                made = model.arrivals(state[f"{name} state"], CLICKS)
            elif isinstance(model, SessionModel):
                made = model.next_state(state[f"{name} state"], liking)
            elif isinstance(model, RepetitionPenalty):
                made = model.next_state(state[f"{name} state"], CLICKS)
            else:
                made = model.next_state(state[f"{name} state"], tf.constant(TOPICS))
        random = [x for x in made.as_dict.values() if is_random_variable(x)]
        assert len(record.sites) == len(random)
        assert all(record.of(x) is not None for x in random)
        log_prob = sum(
            tf.reduce_sum(x.distribution.log_prob(tf.stop_gradient(x.value))) for x in random
        )
    if random:
        assert np.isfinite(log_prob)
        given = [g for g in tape.gradient(log_prob, [*logits.as_dict.values(), liking])]
        assert all(np.all(np.isfinite(g)) for g in given if g is not None)


@in_graph_and_xla
def test_runs_are_alike_in_all_runtimes(jit_compile, seed):
    # One network of all classes: one compilation.
    made = {type(model): variables for model, variables in members().values()}
    network = [v for variables in made.values() for v in variables]
    expected = PythonRuntime(network).trajectory(5, seed=seed)
    assert_agree(expected, TFRuntime(network, jit_compile=jit_compile).trajectory(5, seed=seed))


REAL = "must be an array of real numbers, got"


def parameters():
    """Of each model what it needs, and its parameters, with what they must fit."""
    topics = {"num_topics": K}
    users, both = f"[{U}]", f"[{U}, {K}]"
    return [
        (Boredom, topics, "weight", users),
        (Boredom, topics, "decay", both),
        (RepetitionPenalty, {}, "weight", users),
        (RepetitionPenalty, {}, "decay", users),
        (Satiation, topics, "retention", both),
        (Satiation, topics, "influence", both),
        (Satiation, topics, "noise_scale", both),
        (SessionModel, {}, "end_probability", users),
        (SessionModel, {}, "churn_probability", users),
        (GaussianRating, {}, "noise_scale", users),
        (RoundedRating, {}, "noise_scale", users),
        (MultiBehaviourResponse, {}, "dwell_scale", users),
    ]


@pytest.mark.parametrize(("model", "given", "name", "shape"), parameters())
def test_parameters_must_be_real_numbers_and_fit_the_users(model, given, name, shape):
    def said(x):
        with pytest.raises(ConfigError) as error:
            model((U,), **given, **{name: x})
        return str(error.value)

    for x in (None, "x", 1j):
        assert said(x) == f"{model.__name__}: {name} {REAL} {x!r}"
    for x in (np.nan, np.inf):
        assert said(x).startswith(f"{model.__name__}: {name} must be within ")
        assert said(x).endswith(f", got {x}")
    for x in (np.full(U - 1, 0.5), tf.Variable(np.full(U - 1, 0.5))):
        assert said(x) == (
            f"{model.__name__}: {name} must broadcast to the shape {shape}, got [{U - 1}]"
        )


SETTINGS = {
    Boredom: {"num_topics": K},
    DelayedFeedback: {"delay": WEIBULL},
    GaussianRating: {},
    MultiBehaviourResponse: {},
    RepetitionPenalty: {},
    RoundedRating: {},
    Satiation: {"num_topics": K},
    SessionModel: {},
}


@pytest.mark.parametrize("shape", [(-1,), (1.5,), "x", (None,), None, 5], ids=str)
@pytest.mark.parametrize("model", SETTINGS)
def test_batch_shapes_are_sequences_of_sizes(model, shape):
    with pytest.raises(ConfigError) as error:
        model(shape, **SETTINGS[model])
    assert str(error.value) == (
        f"{model.__name__}: batch_shape must be a sequence of whole numbers of at least 1, such "
        f"as (100,), got {shape!r}"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GaussianRating((U,)).rating(None), "GaussianRating: opinion"),
        (lambda: RoundedRating((U,)).rating(None), "RoundedRating: opinion"),
        (lambda: MultiBehaviourResponse((U,)).click(None), "MultiBehaviourResponse: click_logits"),
        (
            lambda: MultiBehaviourResponse((U,)).after_click(CLICKS, LOGITS, None),
            "MultiBehaviourResponse: dwell_location",
        ),
    ],
)
def test_what_comes_in_a_call_must_be_real_numbers(call, message):
    with pytest.raises(ConfigError) as error:
        call()
    assert str(error.value) == f"{message} {REAL} None"
