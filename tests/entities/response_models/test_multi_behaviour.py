"""MultiBehaviourResponse: every combination of behaviours, and the dwell time's law."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models import MultiBehaviourResponse
from tests import statistical

LOGITS = {"click": 0.4, "like": -0.3, "share": -1.5}


def respond(model, size, seed):
    logits = Value(**{name: tf.fill([size], x) for name, x in LOGITS.items()})
    with Seed(seed), behaviour("response"):
        return model.response(logits, tf.fill([size], 1.2))


def law():
    click, like, share = (special.expit(x) for x in LOGITS.values())
    found = {}
    for c, b, s in itertools.product([0, 1], repeat=3):
        if c:
            p = click * (like if b else 1 - like) * (share if s else 1 - share)
        else:
            p = (1 - click) * (not b and not s)
        found[c, b, s] = p
    return found


def test_behaviours_follow_clicks_alone(seed):
    response = respond(MultiBehaviourResponse((1,)), 1, seed)
    for combination, expected in law().items():
        fields = zip(LOGITS, combination, strict=True)
        click = response.get("click").distribution.log_prob([combination[0]])
        logits = Value(**{name: [x] for name, x in LOGITS.items()})
        after = MultiBehaviourResponse((1,)).after_click([combination[0]], logits, [1.2])
        total = click + sum(
            after.get(name).distribution.log_prob([x]) for name, x in list(fields)[1:]
        )
        np.testing.assert_allclose(np.exp(total), [expected], rtol=1e-5)


def test_dwell_time_is_log_normal_after_a_click_and_none_without(seed):
    size = 50_000
    response = respond(MultiBehaviourResponse((size,), dwell_scale=0.7), size, seed)
    clicked = response.get("click").numpy() == 1
    dwell = response.get("dwell_time").numpy()
    assert np.all(dwell[~clicked] == 0) and np.all(dwell[clicked] > 0)
    # A shift of the logarithm by 0.04 is caught at this size.
    logs = np.log(dwell[clicked])
    statistical.assert_same_distribution(logs, stats.norm(1.2, 0.7).cdf, what="log dwell times")
    with statistical.must_catch():
        statistical.assert_same_distribution(logs, stats.norm(1.25, 0.7).cdf)


def test_draws_have_the_frequencies_of_the_law(seed):
    size = 50_000
    response = respond(MultiBehaviourResponse((size,)), size, seed)
    fields = np.stack([response.get(name).numpy() for name in LOGITS], axis=1)
    counts = np.bincount(fields @ [4, 2, 1], minlength=8)
    statistical.assert_frequencies(counts, list(law().values()), what="behaviours")
    with statistical.must_catch():
        wrong = np.array([*law().values()])
        wrong[[6, 7]] = wrong[[6, 7]].mean()
        statistical.assert_frequencies(counts, wrong)


def test_slates_have_a_response_for_each_document_and_names_of_ones_own(seed):
    model = MultiBehaviourResponse((2, 3), ("save",))
    logits = Value(save=tf.zeros([2, 3]))
    with Seed(seed), behaviour("response"):
        after = model.after_click(tf.ones([2, 3], tf.bool), logits, tf.zeros([2, 3]))
    assert set(after) == {"save", "dwell_time"} and after.get("save").shape == (2, 3)
    assert set(model.specs().get("response")) == {"click", "save", "dwell_time"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"behaviours": ("like", "like")}, "behaviours must be different names, got"),
        ({"behaviours": "like"}, "behaviours must be different names, got 'like'"),
        ({"behaviours": "a b"}, "behaviours must be different names, got 'a b'"),
        ({"behaviours": None}, "behaviours must be different names, got None"),
        ({"behaviours": ("like", 3)}, "behaviours must be different names, got ['like', 3]"),
        ({"behaviours": ("click",)}, "behaviours must not be called 'click'"),
        ({"dwell_scale": 0.0}, "dwell_scale must be within (0, inf), got 0.0"),
        ({"dwell_scale": np.ones(3)}, "dwell_scale must broadcast to the shape [2], got [3]"),
    ],
)
def test_settings_that_make_no_law_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        MultiBehaviourResponse((2,), **settings)
    assert message in str(error.value)
