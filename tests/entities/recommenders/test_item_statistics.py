import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import (
    BernoulliThompsonRecommender,
    GaussianThompsonRecommender,
    ItemStatisticsRecommender,
    KLUCBRecommender,
    UCB1Recommender,
)
from tests.recommender_world import World
from tests.statistical import assert_mean, assert_same_distribution, must_catch

WORLD = World(num_users=8, num_docs=6, has_candidates=False, has_reward=True)
PULLS = np.array([4.0, 10.0, 30.0, 2.0, 7.0, 1.0], np.float32)
SUMS = np.array([1.0, 6.0, 12.5, 2.0, 0.0, 0.5], np.float32)
STATE = Value(pulls=tf.constant(PULLS), reward_sum=tf.constant(SUMS))


def scores(recommender, state=STATE, seed=0):
    with Seed(seed), behaviour("slate docs"):
        draws = recommender.draws(state, Value(), WORLD.docs())
    users = Value(user_index=tf.range(WORLD.num_users))
    return recommender.scores(state, Value(), WORLD.docs(), draws.union(users)).numpy(), draws


def test_every_place_shown_is_a_pull_and_rewards_are_brought_to_unit_range(rng):
    recommender = ItemStatisticsRecommender(WORLD.config(reward_range=(-1.0, 3.0)))
    state, pulls, sums = recommender.initial_state(), np.zeros(6), np.zeros(6)
    for _ in range(5):
        ranks = np.array([rng.permutation(6)[:3] for _ in range(8)], np.int32)
        choice = rng.integers(0, 4, 8).astype(np.int32)
        reward = rng.normal(1, 3, 8).astype(np.float32)
        response = Value(choice=tf.constant(choice), reward=tf.constant(reward))
        state = recommender.next_state(state, response, Value(doc_ranks=tf.constant(ranks)))
        for u in range(8):
            pulls[ranks[u]] += 1
            if choice[u] < 3:
                sums[ranks[u, choice[u]]] += np.clip((reward[u] + 1) / 4, 0, 1)
    np.testing.assert_array_equal(state.get("pulls"), pulls)
    np.testing.assert_allclose(state.get("reward_sum"), sums, rtol=1e-5)


def test_means_and_ucb1_are_as_published():
    found, _ = scores(ItemStatisticsRecommender(WORLD.config()))
    np.testing.assert_allclose(found, np.tile(SUMS / PULLS, (8, 1)), rtol=1e-5)
    found, _ = scores(UCB1Recommender(WORLD.config()))
    bound = SUMS / PULLS + np.sqrt(2 * np.log(PULLS.sum()) / PULLS)
    np.testing.assert_allclose(found, np.tile(bound, (8, 1)), rtol=1e-5)


def test_kl_ucb_is_the_greatest_mean_within_its_divergence():
    found, _ = scores(KLUCBRecommender(WORLD.config()))
    grid = np.linspace(1e-9, 1 - 1e-9, 200_001)[1:-1]
    for p, n, bound in zip(SUMS / PULLS, PULLS, found[0], strict=True):
        p = np.clip(float(p), 1e-9, 1 - 1e-9)
        divergence = p * np.log(p / grid) + (1 - p) * np.log((1 - p) / (1 - grid))
        possible = grid[(n * divergence <= np.log(PULLS.sum())) & (grid >= p)]
        np.testing.assert_allclose(bound, possible.max() if len(possible) else p, atol=1e-3)


@pytest.mark.parametrize("make", [ItemStatisticsRecommender, UCB1Recommender, KLUCBRecommender])
def test_a_population_tries_all_items_before_any_twice(make):
    recommender = make(WORLD.config())
    slate = recommender.slate_docs(recommender.initial_state(), Value(), WORLD.docs())
    counts = np.bincount(slate.get("doc_ranks").numpy().ravel(), minlength=6)
    assert counts.max() == counts.min() == 4  # 8 users x 3 places over 6 items
    tried = Value(pulls=tf.constant([1.0, 0, 1, 0, 1, 1]), reward_sum=tf.ones([6]))
    assert set(np.argsort(-scores(recommender, tried)[0][0])[:2]) == {1, 3}


def test_thompson_draws_the_posteriors_of_the_means(seed):
    many = 20_000
    crowd = WORLD.config(num_draws=many)
    _, draws = scores(BernoulliThompsonRecommender(crowd), seed=seed)
    drawn = draws.get("sampled_means").numpy()
    from scipy import stats

    posterior = stats.beta(1 + SUMS[0], 1 + PULLS[0] - SUMS[0])
    assert_same_distribution(drawn[:, 0], posterior.cdf, what="Beta belief")
    with must_catch():
        wrong = stats.beta(1 + SUMS[0], PULLS[0] - SUMS[0])
        assert_same_distribution(drawn[:, 0], wrong.cdf, what="Beta belief of one failure less")
    _, draws = scores(GaussianThompsonRecommender(crowd), seed=seed)
    drawn = draws.get("sampled_means").numpy()
    precision = 4 + 4 * PULLS
    mean = (4 * 0.5 + 4 * SUMS) / precision
    assert_mean(drawn[:, 1], mean[1], precision[1] ** -0.5, what="Gaussian belief")
    with must_catch():
        assert_mean(drawn[:, 1], SUMS[1] / PULLS[1] + 0.02, precision[1] ** -0.5, what="wrong")


def test_users_take_the_draws_in_turn():
    recommender = BernoulliThompsonRecommender(WORLD.config(num_draws=3))
    found, draws = scores(recommender)
    np.testing.assert_array_equal(found, draws.get("sampled_means").numpy()[np.arange(8) % 3])


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (UCB1Recommender, {"exploration": -1.0}, "exploration must be a number within"),
        (UCB1Recommender, {"reward_range": (1.0, 1.0)}, "reward_range must be two numbers, the lo"),
        (UCB1Recommender, {"reward_range": 1.0}, "reward_range must be two numbers"),
        (BernoulliThompsonRecommender, {"prior_failures": 0.0}, "prior_failures must be a number"),
        (BernoulliThompsonRecommender, {"num_draws": 0}, "num_draws must be a whole number of at"),
        (GaussianThompsonRecommender, {"noise_scale": 0.0}, "noise_scale must be a number within"),
    ],
)
def test_settings_out_of_range_are_refused(make, setting, message):
    with pytest.raises(ConfigError, match=f"{make.__name__}: {message}"):
        make(WORLD.config(**setting))
