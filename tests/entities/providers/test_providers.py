"""Providers: viability, entry and exit, demand and creation, by hand and by their laws."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities import providers
from recsim_ng.entities.corpora import ProviderCorpus
from recsim_ng.entities.providers import (
    CreationRate,
    DemandDrift,
    EntryExit,
    ProviderPopulation,
    Viability,
)
from tests import statistical

P, K, U, S, D = 4, 2, 6, 2, 8
CONFIG = {
    "num_providers": P,
    "num_topics": K,
    "num_users": U,
    "slate_size": S,
    "num_docs": D,
    "removal_rate": 0.0,
}
SLATE = Value(
    provider_id=tf.constant([[0, 1], [0, 2], [1, 0], [2, 0], [0, 1], [1, 0]]),
    doc_features=tf.reshape(tf.range(U * S * K, dtype=tf.float32), [U, S, K]),
)
CHOICE = Value(choice=tf.constant([0, 1, 2, 1, 0, 2]))  # providers 0, 2, none, 0, 0, none


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("providers"):
        return fn(*args), record.sites


def test_every_exported_part_makes_itself_by_default_out_of_sizes_alone():
    sizes = {k: v for k, v in CONFIG.items() if k != "removal_rate"}
    for name in providers.__all__:
        cls = getattr(providers, name)
        assert isinstance(cls(sizes), cls)


def test_viability_moves_by_exposure_and_clicks():
    part = Viability({**CONFIG, "exposure_gain": 0.5, "click_gain": 2.0, "provider_cost": 0.25})
    found = part.next_state(np.array([1.0, 0.0, 2.0, 1.0]), np.array([2.0, 0, 0, 1]), np.eye(4)[0])
    np.testing.assert_allclose(found, [0.9 + 1 + 2 - 0.25, -0.25, 1.55, 0.9 + 0.5 - 0.25])


def test_by_default_an_equal_share_keeps_a_provider_where_it_is():
    part, one = Viability(CONFIG), np.ones(P)
    np.testing.assert_allclose(part.next_state(one, one, one), one)


def test_who_is_active_may_leave_and_who_has_left_may_be_followed():
    part = EntryExit(CONFIG)
    draws = Value(exit_draw=tf.constant([1, 0, 1, 0]), entry_draw=tf.constant([1, 1, 1, 0]))
    after = part.next_state(tf.constant([True, True, False, False]), draws)
    np.testing.assert_array_equal(after.get("is_active"), [False, True, True, False])
    np.testing.assert_array_equal(after.get("has_left"), [True, False, False, False])
    np.testing.assert_array_equal(after.get("has_entered"), [False, False, True, False])


def test_the_last_ones_stay():
    part = EntryExit(CONFIG)
    draws = Value(exit_draw=tf.ones([P], tf.int32), entry_draw=tf.zeros([P], tf.int32))
    is_active = tf.constant([True, True, False, False])
    after = part.next_state(is_active, draws)
    np.testing.assert_array_equal(after.get("is_active"), is_active)
    assert not np.any(after.get("has_left"))


def test_exits_and_entries_have_the_frequencies_that_they_should(seed):
    # 40,000 draws each: a probability 0.012 off 0.27 is caught with power 0.999.
    n = 40_000
    part = EntryExit({**CONFIG, "num_providers": n, "entry_rate": 0.1})
    draws, _ = run(part.draws, tf.fill([n], 0.22), seed=seed)
    exits, entries = (int(np.sum(draws.get(x).value)) for x in ("exit_draw", "entry_draw"))
    leave = 1 / (1 + np.exp(1.0))  # one temperature above the threshold
    statistical.assert_proportion(exits, n, leave, what="exits")
    statistical.assert_proportion(entries, n, 0.1, what="entries")
    with statistical.must_catch():
        statistical.assert_proportion(exits, n, 1 - leave)


@pytest.mark.parametrize("reach", [0.5, 3.0, float("inf")])
def test_demand_is_the_kernel_mean_of_what_was_chosen(reach, rng):
    means, x = rng.normal(size=(P, K)), rng.normal(size=(U, K))
    is_chosen = np.array([True, False, True, True, False, True])
    weights = np.exp(-np.square(x[None] - means[:, None]).sum(axis=2) / (2 * reach**2)) * is_chosen
    expected = weights @ x / weights.sum(axis=1, keepdims=True)
    part = DemandDrift({**CONFIG, "demand_reach": reach, "demand_rate": 0.25})
    arguments = [tf.constant(y, tf.float32) for y in (means, x)] + [tf.constant(is_chosen)]
    np.testing.assert_allclose(part.demand(*arguments), expected, rtol=1e-4, atol=1e-5)
    moved = part.next_means(*arguments)
    np.testing.assert_allclose(moved, 0.75 * means + 0.25 * expected, rtol=1e-4, atol=1e-5)


def test_without_any_choice_or_far_from_all_demand_is_still_a_number():
    part = DemandDrift({**CONFIG, "demand_reach": 0.01})
    means = tf.constant([[0.0, 0.0], [1e3, 1e3]])
    features = tf.constant([[-1.0, -1.0], [5.0, 5.0]])
    nobody = part.demand(means, features, tf.constant([False, False]))
    np.testing.assert_array_equal(nobody, means)
    somebody = part.demand(means, features, tf.constant([True, True]))
    np.testing.assert_allclose(somebody, [[-1, -1], [5, 5]])


def test_creation_is_in_proportion_to_a_power_of_viability():
    part = CreationRate({"creation_floor": 0.5, "creation_elasticity": 2.0})
    is_active = np.array([True, True, True, False])
    logits = part.logits(np.array([0.5, -3.0, 1.5, 9.0]), is_active)
    np.testing.assert_allclose(tf.exp(logits), [1.0, 0.25, 4.0, 0.0], rtol=1e-6)


def test_the_population_counts_what_was_shown_and_chosen():
    population = ProviderPopulation(CONFIG)
    first, _ = run(population.initial_state)
    after, sites = run(population.next_state, first, CHOICE, SLATE, 1)
    for state in (first, after):
        Variable("providers", population.specs().get("state")).typecheck(state)
    np.testing.assert_array_equal(after.get("exposure"), [6, 4, 2, 0])
    np.testing.assert_array_equal(after.get("clicks"), [3, 0, 1, 0])
    exposure, clicks = np.array([6, 4, 2, 0]) * P / (U * S), np.array([3, 0, 1, 0]) * P / U
    expected = 0.9 + 0.02 * exposure + 0.08 * clicks
    np.testing.assert_allclose(after.get("viability"), expected, rtol=1e-6)
    fields = {id(x) for x in after.as_dict.values()}
    assert all(id(site.random_variable) in fields for site in sites.values())


def test_who_enters_is_somebody_new_in_another_place():
    population = ProviderPopulation({**CONFIG, "entry_rate": 1.0, "provider_spread": 7.0})
    first, _ = run(population.initial_state)
    gone = {**first.as_dict, "is_active": tf.constant([True, False, True, True])}
    after, sites = run(population.next_state, Value(**gone), CHOICE, SLATE, 3)
    np.testing.assert_array_equal(after.get("provider_uid"), [0, 1 + P * 3, 2, 3])
    assert after.get("viability")[1] == 1.0
    law = sites[("providers", "provider_mean")].distribution
    np.testing.assert_array_equal(law.loc[1], 0)
    np.testing.assert_allclose(law.scale[:, 0], [0.01, 7.0, 0.01, 0.01])


def corpus_state(corpus, **changed):
    first, _ = run(corpus.initial_state)
    return Value(**{**first.map(tf.convert_to_tensor).as_dict, **changed})


def test_documents_go_with_their_provider_and_others_stay():
    corpus = ProviderCorpus({**CONFIG, "exit_temperature": 1e-6, "exit_threshold": 0.5})
    provider_id = tf.constant([0, 1, 2, 3, 0, 1, 2, 3])
    poor = tf.constant([1.0, 0.0, 1.0, 1.0])
    before = corpus_state(corpus, provider_id=provider_id, viability=poor)
    after, _ = run(corpus.next_state, before, CHOICE, SLATE)
    goes = np.asarray(provider_id) == 1
    found = np.asarray(after.get("provider_id"))
    assert not np.any(found == 1)
    np.testing.assert_array_equal(found[~goes], np.asarray(provider_id)[~goes])
    np.testing.assert_array_equal(
        np.asarray(after.get("doc_features"))[~goes],
        np.asarray(before.get("doc_features"))[~goes],
    )
    np.testing.assert_array_equal(after.get("birth_step"), np.where(goes, 1, 0))
    np.testing.assert_array_equal(after.get("item_id"), np.arange(D) + np.where(goes, D, 0))


def test_new_documents_are_by_rate_of_creation_around_their_provider(seed):
    # 20,000 documents by four providers: a relative entropy of 0.003 nats is caught.
    means = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [5.0, 5.0]], np.float32)
    config = {**CONFIG, "num_docs": 20_000, "removal_rate": 1.0, "provider_means": means}
    corpus = ProviderCorpus({**config, "doc_scale": 0.5, "mean_noise": 1e-6, "demand_rate": 0.0})
    viability = np.array([1.0, 2.0, 0.5, 4.0])
    before = corpus_state(corpus, viability=tf.constant(viability, tf.float32))
    after, _ = run(corpus.next_state, before, CHOICE, SLATE, seed=seed)
    rate = 0.1 + np.asarray(after.get("viability"))
    provider = np.asarray(after.get("provider_id"))
    counts = np.bincount(provider, minlength=P)
    statistical.assert_frequencies(counts, rate / rate.sum(), what="documents by provider")
    with statistical.must_catch():
        statistical.assert_frequencies(counts, np.full(P, 1 / P))
    apart = np.asarray(after.get("doc_features")) - means[provider]
    statistical.assert_mean(apart, np.zeros(K), 0.5, what="features around the provider")


@pytest.mark.parametrize(
    ("part", "setting", "message"),
    [
        (Viability, {"viability_decay": 1.5}, "viability_decay must be a number within"),
        (Viability, {"num_providers": 0}, "num_providers must be a whole number of at least 1"),
        (EntryExit, {"entry_rate": -0.5}, "entry_rate must be a number within"),
        (EntryExit, {"exit_temperature": 0}, "exit_temperature must be a number within"),
        (DemandDrift, {"demand_reach": 0.0}, "demand_reach must be a number within"),
        (CreationRate, {"creation_floor": 0.0}, "creation_floor must be a number within"),
        (Viability, {"num_providers": 1.5}, "num_providers must be a whole number of at least 1"),
        (Viability, {"viability_decay": "x"}, "viability_decay must be a number within"),
        (Viability, {"provider_cost": np.nan}, "provider_cost must be a number within"),
        (EntryExit, {"exit_threshold": None}, "exit_threshold must be a number within"),
        (DemandDrift, {"demand_rate": np.nan}, "demand_rate must be a number within"),
        (ProviderPopulation, {"num_topics": "x"}, "num_topics must be a whole number"),
        (ProviderPopulation, {"num_users": 0}, "num_users must be a whole number"),
        (ProviderPopulation, {"slate_size": 0}, "slate_size must be a whole number"),
        (
            ProviderPopulation,
            {"provider_means": np.zeros(4)},
            r"provider_means must be of shape \[4, 2\], got \[4\]",
        ),
        (
            ProviderPopulation,
            {"provider_means": np.full((4, 2), np.nan)},
            r"provider_means must be within \(-inf, inf\), got nan",
        ),
        (ProviderPopulation, {"mean_noise": 0.0}, "mean_noise must be a number within"),
        (
            ProviderPopulation,
            {"provider_means": np.zeros((3, 2))},
            r"provider_means must be of shape \[4, 2\], got \[3, 2\]",
        ),
    ],
)
def test_settings_out_of_range_are_refused(part, setting, message):
    with pytest.raises(ConfigError, match=message):
        part({**CONFIG, **setting})


@pytest.mark.parametrize("part", [Viability, EntryExit, ProviderPopulation])
def test_a_config_without_providers_or_of_another_kind_is_refused(part):
    with pytest.raises(ConfigError, match=f"{part.__name__}: config must have 'num_providers'"):
        part({"num_topics": K})
    with pytest.raises(ConfigError, match=f"{part.__name__}: config must be settings by name"):
        part(None)


def test_numbers_of_providers_never_repeat_however_long_the_run():
    population = ProviderPopulation(CONFIG)
    state = run(population.initial_state)[0].map(tf.convert_to_tensor)
    empty = Value(**{**state.as_dict, "is_active": tf.zeros([P], tf.bool)})
    entering = ProviderPopulation({**CONFIG, "entry_rate": 1.0})
    slate = Value(provider_id=tf.zeros([U, S], tf.int32), doc_features=tf.zeros([U, S, K]))
    late = 2**31 - 1
    after, _ = run(
        entering.next_state, empty, Value(choice=tf.zeros([U], tf.int32)), slate, tf.constant(late)
    )
    np.testing.assert_array_equal(after.get("provider_uid"), np.arange(P) + P * np.int64(late))
    space = population.specs().get("state").get("provider_uid").space
    assert (space.dtype, space.high.max()) == (np.int64, np.iinfo(np.int64).max)
