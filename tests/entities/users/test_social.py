"""Users in company: the formula by hand, and what must follow from it."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.networks import SocialNetwork
from recsim_ng.entities.users.social import SocialUser

U, K, S = 4, 2, 3
CONFIG = {"num_users": U, "num_topics": K, "slate_size": S}
NETWORK = SocialNetwork(U, [(0, 1), (1, 2)])  # user 3 is alone


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("user"):
        return fn(*args), record.sites


def features(rng):
    return rng.normal(size=(U, S, K)).astype(np.float32)


@pytest.mark.parametrize("observe", [False, True])
def test_values_are_as_specified(observe, rng):
    user = SocialUser({**CONFIG, "observe_interest": observe}, NETWORK)
    specs, (first, _) = user.specs(), run(user.initial_state)
    slate = Value(doc_features=tf.constant(features(rng)))
    response, sites = run(user.next_response, first, slate)
    following, _ = run(user.next_state, first, response, slate)
    seen = user.observation(first)
    values = {"state": first, "response": response, "observation": seen}
    for name, x in (*values.items(), ("state", following)):
        Variable(name, specs.get(name)).typecheck(x)
    assert ("interest" in seen) == observe
    assert {id(s.random_variable) for s in sites.values()} == {id(response.get("choice"))}


@pytest.mark.parametrize("weight", [0.0, 0.2, 1.0])
def test_interest_moves_to_company_and_to_what_was_consumed(weight, rng):
    user = SocialUser({**CONFIG, "social_weight": weight}, NETWORK)
    own, docs = rng.normal(size=(U, K)).astype(np.float32), features(rng)
    choice = np.array([2, S, 0, 1])  # the second user chose nothing
    state, response = Value(interest=tf.constant(own)), Value(choice=tf.constant(choice))
    _, sites = run(user.next_state, state, response, Value(doc_features=tf.constant(docs)))
    law = sites[("user", "interest")].distribution
    company = np.stack([own[1], (own[0] + own[2]) / 2, own[1], own[3]])
    consumed = docs[np.arange(U), np.minimum(choice, S - 1)]
    pull = np.where(choice[:, None] < S, consumed - own, 0.0)
    expected = (1 - weight) * own + weight * company + 0.1 * pull
    np.testing.assert_allclose(law.loc, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(law.scale, 0.05)


def test_utility_is_that_of_what_was_chosen_and_nothing_is_worth_nothing(rng):
    user = SocialUser({**CONFIG, "nochoice_logit": 1.5}, NETWORK)
    own, docs = rng.normal(size=(U, K)).astype(np.float32), features(rng)
    state, slate = Value(interest=tf.constant(own)), Value(doc_features=tf.constant(docs))
    utility = 2.0 - np.linalg.norm(docs - own[:, None], axis=2)
    seen = set()
    for seed in range(8):
        response, sites = run(user.next_response, state, slate, seed=seed)
        choice = np.asarray(response.get("choice").value)
        padded = np.concatenate([utility, np.zeros((U, 1))], axis=1)
        np.testing.assert_allclose(
            response.get("utility"), padded[np.arange(U), choice], rtol=1e-4, atol=1e-6
        )
        seen |= set(choice.tolist())
    assert S in seen
    logits = next(iter(sites.values())).distribution.logits
    np.testing.assert_allclose(logits[:, :S], utility, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(logits[:, S], 1.5)


def test_the_utility_of_all_documents_is_that_on_slates(rng):
    user = SocialUser({**CONFIG, "observe_interest": True}, NETWORK)
    own, docs = rng.normal(size=(U, K)).astype(np.float32), rng.normal(size=(7, K))
    found = user.utility(Value(interest=own), Value(doc_features=docs.astype(np.float32)))
    expected = 2.0 - np.linalg.norm(own[:, None] - docs, axis=2)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_users": 5}, "network must be of the 5 users of num_users, got one of 4"),
        ({"social_weight": 1.5}, r"social_weight must be a number within \[0.0, 1.0\], got 1.5"),
        ({"consumption_effect": -1.0}, "consumption_effect must be a number within"),
        ({"interest_noise": 0.0}, "interest_noise must be a number within"),
        ({"interest_scale": np.nan}, "interest_scale must be a number within"),
        ({"best_utility": np.nan}, r"best_utility must be within \(-inf, inf\), got nan"),
        ({"best_utility": np.ones(3)}, r"best_utility must broadcast .* \[4, 1\], got \[3\]"),
        ({"nochoice_logit": np.nan}, "nochoice_logit must be within .*, got nan"),
        ({"nochoice_logit": [0.0] * 3}, r"nochoice_logit must broadcast .* \[4\], got \[3\]"),
        ({"slate_size": "x"}, "slate_size must be a whole number of at least 1, got 'x'"),
        ({"observe_interest": 1}, "observe_interest must be True or False, got 1"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=f"SocialUser: {message}"):
        SocialUser({**CONFIG, **setting}, NETWORK)


def test_what_is_no_network_is_refused():
    with pytest.raises(ConfigError, match="SocialUser: network must be a SocialNetwork, got 'x'"):
        SocialUser(CONFIG, "x")
