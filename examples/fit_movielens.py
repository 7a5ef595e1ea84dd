"""Who are the people of MovieLens? A story of their ratings is fitted, checked, and simulated.

The story `film_ratings` is fitted by map and by a mean-field posterior. A tenth of each person's
ratings is held out, at random or the last ones, and scored, by the density of the rating and by the
probability of its star, against baselines. Then the posterior of a fit of all ratings feeds the
story of films, one draw for each seed, and what that adds to the spread is measured.

The probability of star r, of 1, ..., 5, under a law of ratings is that of what rounds to r; beyond
the ends it rounds to the ends.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special
import scipy.stats
import tensorflow as tf

from examples.rating_baselines import Baseline, baselines, split
from recsim_ng import TFRuntime, Value
from recsim_ng.datasets import Ratings, read_movielens
from recsim_ng.inference import ViSettings, fit
from recsim_ng.stories import film_posterior, film_ratings, movielens

_GRID = tuple((factors, penalty) for factors in (4, 8, 16, 32) for penalty in (10.0, 15.0, 20.0))
_METRIC = "metrics state.cumulative_enjoyment"


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the example."""

    models: tuple[tuple[str, int], ...] = (("map", 0), ("vi", 0), ("vi", 8))
    """(Method, "map" or "vi", and number of factors F) of the fits that are compared. ("vi", 0) is
    among them: its posterior is simulated."""
    splits: tuple[str, ...] = ("random", "last")
    """Which ratings of each person are held out: any, or the last ones."""
    num_steps: int = 2400
    """Of Adam, for a mean-field posterior."""
    learning_rate: float = 0.03
    """Of Adam at first."""
    num_draws: int = 200
    """N draws from a mean-field posterior."""
    held_out: float = 0.1
    """Share of each person's ratings that is held out."""
    grid: tuple[tuple[int, float], ...] = _GRID
    """(Number of factors, penalty) of the factorisations to choose from."""
    recommenders: tuple[str, ...] = ("random", "popularity", "myopic", "learning")
    """Of the story of films."""
    num_seeds: int = 20
    """Runs of each recommender, with and without parameter uncertainty."""
    num_sim_steps: int = 50
    """T, steps of a run."""
    seed: int = 0
    """Of splits, fits and runs."""


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A fit, as draws.

    Attributes:
      data: an ArviZ InferenceData.
      parts: "variable.field" -> `[N, ...]`, what was known to it included.
      seconds: of wall time, compilation included.
      cpu_seconds: of all cores.
    """

    data: Any
    parts: dict[str, np.ndarray]
    seconds: float
    cpu_seconds: float


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """How well something predicts the held-out ratings.

    Attributes:
      density: `[R]` log density of each rating, nats.
      star: `[R]` log probability of each star, nats.
      rmse: root mean squared error of the expected rating, stars.
      setting: what a baseline has chosen.
      seconds: of wall time that the fit took.
      cpu_seconds: of all cores.
    """

    density: np.ndarray
    star: np.ndarray
    rmse: float
    setting: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class Results:
    """What came out.

    Attributes:
      held: split -> name -> HeldOut.
      users: split -> `[R]` who gave the held-out ratings.
      data: of the mean-field fit of all ratings, genres alone; InferenceData.
      fit_seconds: name -> (wall, CPU) seconds of the fits of all ratings.
      enjoyment: recommender -> "mean" or "draws" -> `[seeds, U]` cumulative enjoyment at the end.
    """

    held: dict[str, dict[str, HeldOut]]
    users: dict[str, np.ndarray]
    data: Any
    fit_seconds: dict[str, tuple[float, float]]
    enjoyment: dict[str, dict[str, np.ndarray]]


def fitted(config: Config, ratings: Ratings, method: str, num_factors: int) -> Fitted:
    """Fits the story of ratings.

    By map, what has no index is known, by moments: standard deviations and what they are of have
    no joint mode worth the name. A mean-field posterior is of all unknowns.

    Args:
      config: settings.
      ratings: that may be seen.
      method: "map" or "vi".
      num_factors: F.
    """
    began, cpu = time.perf_counter(), time.process_time()
    story = film_ratings.story(film_ratings.Config(num_factors=num_factors), ratings)
    logs = {"ratings": Value(rating=tf.constant(ratings.rating)[None])}
    if method == "map":
        logs["population"] = film_ratings.moments(ratings, num_factors).map(lambda x: x[None])
        data = fit(story, logs, method="map", seed=config.seed).data
    else:
        settings = ViSettings(
            num_steps=config.num_steps,
            num_samples=1,
            learning_rate=config.learning_rate,
            num_draws=config.num_draws,
        )
        data = fit(story, logs, method="vi", seed=config.seed, settings=settings).data
    parts = {str(name): x.values[0] for name, x in data.posterior.items()}
    if method == "map":
        known = logs["population"].as_dict
        parts |= {f"population.{name}": np.asarray(x) for name, x in known.items()}
    return Fitted(data, parts, time.perf_counter() - began, time.process_time() - cpu)


def predicted(found: Fitted, asked: Ratings) -> HeldOut:
    """Scores ratings: means over a fit's draws of the density and of the star's probability.

    Args:
      found: the fit.
      asked: the ratings.
    """
    genres, density, star, expected = asked.genres.astype(np.float32).T, [], [], 0.0
    count = len(found.parts["films.quality"])
    for draw in range(count):
        part = {name: x[draw] for name, x in found.parts.items()}
        liking = part["films.quality"] + part["people.affinity"] @ genres
        if "films.factors" in part:
            liking += part["people.factors"] @ part["films.factors"].T
        level = part["population.usual_rating"] + part["people.offset"][:, None]
        mean = (level + part["people.star_scale"][:, None] * liking)[asked.user, asked.item]
        each = _scores(mean, part["people.noise"][asked.user], asked.rating)
        density.append(each[0])
        star.append(each[1])
        expected = expected + mean / count
    return HeldOut(
        scipy.special.logsumexp(density, axis=0) - np.log(count),
        scipy.special.logsumexp(star, axis=0) - np.log(count),
        float(np.sqrt(np.mean((expected - asked.rating) ** 2))),
        seconds=found.seconds,
        cpu_seconds=found.cpu_seconds,
    )


def _of_baseline(found: Baseline, asked: Ratings) -> HeldOut:
    error = float(np.sqrt(np.mean((found.mean - asked.rating) ** 2)))
    return HeldOut(*_scores(found.mean, found.sd, asked.rating), error, found.setting)


def _scores(mean: Any, sd: Any, rating: Any) -> tuple[np.ndarray, np.ndarray]:
    """`[R]` log densities of ratings under normal laws, and log probabilities of their stars."""
    mean, sd = np.asarray(mean, np.float64), np.asarray(sd, np.float64)
    low = np.where(rating <= 1, -np.inf, (rating - 0.5 - mean) / sd)
    high = np.where(rating >= 5, np.inf, (rating + 0.5 - mean) / sd)
    # Of both tails the one in which nothing is lost to rounding.
    low, high = np.where(low + high > 0, -high, low), np.where(low + high > 0, -low, high)
    mass = scipy.special.ndtr(high) - scipy.special.ndtr(low)
    return scipy.stats.norm.logpdf(rating, mean, sd), np.log(np.maximum(mass, 1e-300))


def gain(better: np.ndarray, worse: np.ndarray, user: np.ndarray, seed: int) -> np.ndarray:
    """Returns `[3]` the mean gain in nats a rating, and a 95 % interval of it.

    Args:
      better: `[R]` log-likelihoods.
      worse: `[R]` those that it is compared to.
      user: `[R]` who rated; people are resampled, with all of their ratings (2,000 times).
      seed: of that.
    """
    total, count = np.bincount(user, better - worse), np.bincount(user)
    people = np.flatnonzero(count)
    picks = np.random.default_rng(seed).choice(people, (2000, len(people)))
    means = total[picks].sum(axis=1) / count[picks].sum(axis=1)
    return np.array([total.sum() / count.sum(), *np.quantile(means, [0.025, 0.975])])


def simulated(config: Config, ratings: Ratings, data: Any) -> dict[str, dict[str, np.ndarray]]:
    """Runs the story of films on a posterior's mean, and on its draws, one for each seed.

    Args:
      config: settings.
      ratings: that were fitted.
      data: the fit, InferenceData.

    Returns:
      recommender -> "mean" or "draws" -> `[seeds, U]` cumulative enjoyment, stars.
    """
    mean = data.posterior.mean(("chain", "draw")).expand_dims(chain=1, draw=1)
    posteriors = {
        "mean": film_posterior.FilmPosterior(mean, ratings),
        "draws": film_posterior.FilmPosterior(data.posterior, ratings),
    }
    found: dict[str, dict[str, np.ndarray]] = {}
    for recommender in config.recommenders:
        settings = movielens.Config("given", recommender)
        found[recommender] = {}
        for name, posterior in posteriors.items():
            story = movielens.film_story(settings, ratings, posteriors["mean"].taste(), posterior)
            runtime = TFRuntime(story)
            runs = [
                runtime.execute(config.num_sim_steps - 1, seed=config.seed + n)
                for n in range(config.num_seeds)
            ]
            found[recommender][name] = np.stack(
                [run["metrics state"].get("cumulative_enjoyment") for run in runs]
            )
    return found


def run(config: Config, ratings: Ratings, report: Callable[[str], None] | None = None) -> Results:
    """Fits, checks and simulates.

    Args:
      config: settings.
      ratings: all.
      report: is told what is being done.
    """
    say = report or (lambda _: None)
    models = {
        f"{method}, {factors} factors": (method, factors) for method, factors in config.models
    }
    held: dict[str, dict[str, HeldOut]] = {}
    users = {}
    for name in config.splits:
        seen, asked = split(ratings, config.held_out, seed=config.seed, last=name == "last")
        say(f"baselines, {name} ratings held out")
        made = baselines(seen, asked, config.seed, config.grid)
        held[name] = {k: _of_baseline(x, asked) for k, x in made.items()}
        for model, (method, factors) in models.items():
            say(f"{model}, {name} ratings held out")
            held[name][model] = predicted(fitted(config, seen, method, factors), asked)
        users[name] = asked.user
    seconds = {}
    for model, (method, factors) in models.items():
        say(f"{model}, all ratings")
        found = fitted(config, ratings, method, factors)
        seconds[model] = found.seconds, found.cpu_seconds
        if (method, factors) == ("vi", 0):
            data = found.data
    say("simulations")
    enjoyment = simulated(config, ratings, data)
    return Results(held, users, data, seconds, enjoyment)


def main() -> None:
    """Does it for MovieLens 100K, and prints tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ratings", help="folder; `recsim-ng data movielens-100k DIR` makes it")
    config = Config()
    parser.add_argument("--fit", type=Path, help="file to write the posterior of genres to")
    flags = parser.parse_args()
    ratings = read_movielens(flags.ratings)
    found = run(config, ratings, lambda text: print(f"... {text}", flush=True))
    if flags.fit is not None:
        found.data.to_netcdf(str(flags.fit))
    for name, of in found.held.items():
        print(f"\n{name} ratings held out: nats a rating\n")
        for model, it in of.items():
            against = of["matrix factorisation"]
            print(
                f"{model:40s} density {it.density.mean():.4f}  star {it.star.mean():.4f}  "
                f"rmse {it.rmse:.4f}  {it.seconds:4.0f} s ({it.cpu_seconds:.0f} CPU) {it.setting}"
            )
            for kind in ("density", "star"):
                ours, theirs = getattr(it, kind), getattr(against, kind)
                mean, low, high = gain(ours, theirs, found.users[name], config.seed)
                print(f"    {kind} above factorisation {mean:.4f} ({low:.4f} to {high:.4f})")
    print("\nall ratings: seconds, CPU seconds\n")
    for model, times in found.fit_seconds.items():
        print(f"{model:40s} {times[0]:.0f} {times[1]:.0f}")
    print("\ncumulative enjoyment: mean; spread over runs of the mean, and of one person's\n")
    for recommender, of_kind in found.enjoyment.items():
        for kind, x in of_kind.items():
            mean = x.mean(axis=1)
            one = np.sqrt(x.var(axis=0, ddof=1).mean())
            print(
                f"{recommender:12s} {kind:6s} {mean.mean():.2f}  {mean.std(ddof=1):.3f}  {one:.2f}"
            )


if __name__ == "__main__":
    main()
