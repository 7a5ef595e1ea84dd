"""The statistical checks of the whole suite, in one place.

A check compares draws with what a model says of them. It fails a *right* model with probability
`FALSE_ALARM` at most, whatever the seed; the suite makes `MAX_CHECKS` checks at most (counted, see
`conftest.py`), so that all of it raises a false alarm with probability `SUITE_FALSE_ALARM` at most.
A check of many components at once shares its rate out among them.

The other side is power: which *wrong* models a check catches. `smallest_detectable` says it for
each check and sample size, so that a test can choose the size that it needs and state what it would
have caught. Every use has a twin, which feeds the check draws of a deliberately wrong model inside
`must_catch`.

    check                     what it compares               its bound is
    assert_mean               means, with known sd           Pearson III: exact for normal and gamma
    assert_proportion         successes, a probability       exact (binomial)
    assert_frequencies        counts, probabilities          rigorous at any size (Agrawal, 2020)
    assert_same_distribution  draws, a continuous cdf        rigorous at any size (Massart, 1990)
    assert_two_samples        draws, other draws             the same, twice
    assert_covariance         Gaussian draws, a covariance   exact (chi-square), in all directions
                                                             along axes and between two axes
"""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
from scipy import special, stats

SUITE_FALSE_ALARM = 1e-6
MAX_CHECKS = 1000
FALSE_ALARM = SUITE_FALSE_ALARM / MAX_CHECKS

_checks = 0
_counting = True


def checks_made() -> int:
    """Number of checks made in this process that count against `MAX_CHECKS`.

    Returns:
        The number, without those inside `uncounted` and `must_catch`.
    """
    return _checks


@contextlib.contextmanager
def uncounted() -> Iterator[None]:
    """Leaves the checks inside out of the count: for tests of the checks themselves."""
    global _counting
    before, _counting = _counting, False
    try:
        yield
    finally:
        _counting = before


@contextlib.contextmanager
def must_catch() -> Iterator[None]:
    """The twin of a check: the check inside gets a wrong model and has to fail.

    Raises:
        AssertionError: The check inside found nothing.
    """
    caught = False
    with uncounted():
        try:
            yield
        except AssertionError:
            caught = True
    if not caught:
        raise AssertionError(
            "must_catch: the check inside must fail on this wrong model, but it passed; "
            "take more samples (see smallest_detectable) or a check that looks at what is wrong"
        )


def assert_mean(samples, mean, sd, *, skewness=0.0, what: str = "mean") -> None:
    """Checks that the draws have the mean that a model says, given their standard deviation.

    The mean of N draws is compared with the Pearson III law of the same mean, deviation and
    skewness, which is its exact law for normal and for gamma draws and the next order of the
    central limit theorem for others.

    Catches at power 0.999, by sample size:

    >>> [round(smallest_detectable("mean", n), 4) for n in (1_000, 100_000, 10_000_000)]
    [0.2909, 0.0291, 0.0029]

    standard deviations off.

    Args:
        samples: `[N, ...]` draws, independent along the first axis.
        mean: `[...]` the model's mean.
        sd: `[...]` the model's standard deviation of one draw, positive.
        skewness: `[...]` the model's third standardised moment of one draw (2 for an exponential).
        what: What the draws are, for the message.

    Raises:
        AssertionError: The mean is further off than chance explains.
        ValueError: A standard deviation is not positive.
    """
    samples = _finite(samples, what)
    sd = np.broadcast_to(np.asarray(sd, np.float64), samples.shape[1:])
    if not np.all(sd > 0):
        raise ValueError(f"assert_mean, {what}: sd must be positive, got {sd.min()}")
    size = samples.shape[0]
    got = samples.mean(axis=0)
    z = (got - mean) / (sd / np.sqrt(size))
    rate = _rate(z.size)
    law = stats.pearson3(np.asarray(skewness, np.float64) / np.sqrt(size))
    low, high = law.ppf(rate / 2), law.isf(rate / 2)
    wrong = (z < low) | (z > high)
    _report(wrong, f"{what}: the mean of {size} draws", mean, got, z, "standard errors off")


def assert_proportion(successes, trials, probability, *, what: str = "proportion") -> None:
    """Checks a number of successes against a probability, exactly.

    Catches at power 0.999, at probability 0.5 and by number of trials:

    >>> [round(smallest_detectable("proportion", n), 4) for n in (1_000, 100_000, 10_000_000)]
    [0.1437, 0.0145, 0.0015]

    added to the probability.

    Args:
        successes: `[...]` how often it happened.
        trials: `[...]` how often it could have happened, in independent trials.
        probability: `[...]` the model's probability in one trial.
        what: What happened, for the message.

    Raises:
        AssertionError: The number of successes is further off than chance explains.
    """
    successes = np.asarray(successes)
    probability = np.asarray(probability, np.float64)
    rate = _rate(np.broadcast(successes, trials, probability).size)
    below = stats.binom.cdf(successes, trials, probability)
    above = stats.binom.sf(successes - 1, trials, probability)
    tail = np.minimum(below, above)
    got = successes / np.asarray(trials)
    score = -np.log10(np.maximum(tail, 1e-300))
    _report(
        tail < rate / 2,
        f"{what}: the proportion",
        probability,
        got,
        score,
        "minus the logarithm of its probability, base 10",
    )


def assert_frequencies(counts, probabilities, *, what: str = "frequencies") -> None:
    """Checks counts of categories against probabilities: a G-test whose bound holds at every size.

    The relative entropy of the observed frequencies from the model's is compared with the bound of
    Agrawal (2020): P(KL >= e) <= exp(-N e) (e N exp(1) / (K - 1)) ** (K - 1), for all N, K and
    probabilities. A category of probability zero must not occur.

    Catches at power 0.999, among 10 categories and by number of draws:

    >>> [round(smallest_detectable("frequencies", n, cells=10), 5) for n in (1_000, 100_000)]
    [0.07317, 0.00073]

    nats of relative entropy; for two categories of one half each and 100,000 draws, that is

    >>> round(float(np.sqrt(smallest_detectable("frequencies", 100_000, cells=2) / 2)), 4)
    0.0161

    added to one of them.

    Args:
        counts: `[..., K]` how often each category was drawn.
        probabilities: `[..., K]` the model's, summing to one.
        what: What the categories are, for the message.

    Raises:
        AssertionError: The frequencies are further off than chance explains.
        ValueError: The probabilities do not sum to one, or a count is negative.

    Source: R. Agrawal, Finite-sample concentration of the multinomial in relative entropy, IEEE
        Transactions on Information Theory 66 (2020), Theorem 1.2.
    """
    counts = np.asarray(counts, np.float64)
    if np.any(counts < 0):
        raise ValueError(f"assert_frequencies, {what}: counts must not be negative")
    probabilities = np.broadcast_to(np.asarray(probabilities, np.float64), counts.shape)
    totals = probabilities.sum(axis=-1, keepdims=True)
    if not np.allclose(totals, 1.0, atol=1e-5):
        raise ValueError(
            f"assert_frequencies, {what}: probabilities must sum to one, got {totals.ravel()[:5]}"
        )
    probabilities = probabilities / totals
    size = counts.sum(axis=-1)
    frequencies = counts / size[..., None]
    entropy = special.rel_entr(frequencies, probabilities).sum(axis=-1)
    rate = _rate(entropy.size)
    cells = (probabilities > 0).sum(axis=-1)
    bound = np.vectorize(_frequency_bound)(size, cells, rate)
    worst = np.abs(frequencies - probabilities).max(axis=-1)
    _report(
        entropy > bound,
        f"{what}: the relative entropy of the frequencies",
        bound,
        entropy,
        worst,
        "the largest difference of a frequency; expected is the bound",
    )


def assert_same_distribution(
    samples, cdf: Callable[[np.ndarray], np.ndarray], *, what: str = "draws"
) -> None:
    """Checks draws of a continuous quantity against a distribution function (Kolmogorov-Smirnov).

    The largest distance of the empirical from the model's distribution function is compared with
    Massart's bound, P(distance > d) <= 2 exp(-2 N d ** 2), for all N. It sees a shift of the bulk
    best and the tails least: check those with `assert_proportion`.

    Catches at power 0.999, by number of draws:

    >>> [round(smallest_detectable("distribution", n), 4) for n in (1_000, 100_000, 10_000_000)]
    [0.1523, 0.0152, 0.0015]

    of distance between the distribution functions (a normal shifted by s is 0.4 s away).

    Args:
        samples: `[N]` draws, independent.
        cdf: The model's distribution function, `[N]` float64 to `[N]`; continuous.
        what: What the draws are, for the message.

    Raises:
        AssertionError: The distance is larger than chance explains.

    Source: P. Massart, The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality, Annals of
        Probability 18 (1990).
    """
    values = np.sort(_finite(samples, what).ravel())
    size = values.size
    model = np.asarray(cdf(values), np.float64)
    ranks = np.arange(size + 1) / size
    distances = np.maximum(ranks[1:] - model, model - ranks[:-1])
    worst = int(distances.argmax())
    bound = _distance_bound(size, _rate(1))
    if not distances[worst] <= bound:
        raise AssertionError(
            f"{what}: the empirical distribution function of {size} draws must be within "
            f"{bound:.3g} of the model's, got {distances[worst]:.3g} at {values[worst]:.6g}"
        )


def assert_two_samples(samples, reference, *, what: str = "draws") -> None:
    """Checks that draws of a continuous quantity have the same distribution as other draws.

    Each sample's empirical distribution function is within Massart's bound of the common one, so
    the two are within the sum of both bounds of each other; this holds at every size.

    Catches at power 0.999, by the number of draws in each sample:

    >>> [round(smallest_detectable("two_samples", n), 4) for n in (1_000, 100_000, 10_000_000)]
    [0.2794, 0.0279, 0.0028]

    of distance between the distribution functions.

    Args:
        samples: `[N]` draws, independent.
        reference: `[M]` draws, independent of each other and of `samples`.
        what: What the draws are, for the message.

    Raises:
        AssertionError: The distance is larger than chance explains.
    """
    one = np.sort(_finite(samples, what).ravel())
    two = np.sort(_finite(reference, what).ravel())
    everywhere = np.concatenate([one, two])
    distances = np.abs(
        np.searchsorted(one, everywhere, side="right") / one.size
        - np.searchsorted(two, everywhere, side="right") / two.size
    )
    worst = int(distances.argmax())
    rate = _rate(1)
    bound = _distance_bound(one.size, rate / 2) + _distance_bound(two.size, rate / 2)
    if not distances[worst] <= bound:
        raise AssertionError(
            f"{what}: the empirical distribution functions of {one.size} and {two.size} draws must "
            f"be within {bound:.3g} of each other, got {distances[worst]:.3g} at "
            f"{everywhere[worst]:.6g}"
        )


def assert_covariance(samples, covariance, *, mean=0.0, what: str = "covariance") -> None:
    """Checks the covariance of Gaussian draws, exactly.

    In coordinates in which the model is standard normal, the sum of squares along any direction is
    chi-square with N degrees of freedom. All axes and all diagonals between two axes are checked,
    which together fix every variance and covariance.

    Catches at power 0.999, in three dimensions and by number of draws:

    >>> [round(smallest_detectable("covariance", n, dims=3), 4) for n in (1_000, 100_000)]
    [0.5172, 0.0435]

    of relative excess of the variance along one of these directions (a correlation of r has r
    along a diagonal).

    Args:
        samples: `[N, F]` Gaussian draws, independent along the first axis.
        covariance: `[F, F]` the model's, positive definite.
        mean: `[F]` the model's mean.
        what: What the draws are, for the message.

    Raises:
        AssertionError: A variance along a direction is further off than chance explains.
        numpy.linalg.LinAlgError: The covariance is not positive definite.
    """
    samples = _finite(samples, what)
    factor = np.linalg.cholesky(np.asarray(covariance, np.float64))
    standard = np.linalg.solve(factor, (samples - mean).T)
    dims, size = standard.shape
    directions = [np.eye(dims)[i] for i in range(dims)]
    for i in range(dims):
        for j in range(i):
            directions += [
                (np.eye(dims)[i] + sign * np.eye(dims)[j]) / np.sqrt(2) for sign in (1, -1)
            ]
    directions = np.array(directions)
    squares = np.einsum("vi,ij,vj->v", directions, standard @ standard.T, directions)
    rate = _rate(len(directions))
    wrong = (squares < stats.chi2.ppf(rate / 2, size)) | (squares > stats.chi2.isf(rate / 2, size))
    # The direction with the worst ratio, said in the coordinates of the caller.
    original = np.linalg.solve(factor.T, directions.T).T
    original = np.round(original / np.abs(original).max(axis=1, keepdims=True), 3)
    ratio = squares / size
    worst = int(np.abs(np.log(ratio)).argmax())
    _report(
        wrong,
        f"{what}: the variance of {size} draws along {original[worst].tolist()}, as a multiple of "
        "the model's,",
        np.ones_like(ratio),
        ratio,
        np.log(ratio),
        "the logarithm of that",
    )


def smallest_detectable(check: str, size: int, *, power: float = 0.999, **options) -> float:
    """The smallest discrepancy that a check catches with the given probability.

    Args:
        check: "mean", "proportion", "frequencies", "distribution", "two_samples" or "covariance".
        size: Number of draws.
        power: Probability of catching it.
        **options: `components` (all but the distributions; 1) that share the check's rate;
            `probability` (of "proportion"; 0.5); `cells` (of "frequencies"; 2); `dims` (of
            "covariance"; 1).

    Returns:
        mean: the shift in standard deviations, for draws that are not very skewed; proportion: what
        is added to the probability; frequencies: the relative entropy of the truth from the model,
        in nats; distribution and two_samples: the distance between the distribution functions
        (samples of equal size); covariance: the relative excess of a variance.

    Raises:
        ValueError: The check is unknown.

    >>> round(smallest_detectable("mean", 10_000, components=100), 4)
    0.099
    """
    rate = FALSE_ALARM / options.pop("components", 1)
    match check:
        case "mean":
            found = (stats.norm.isf(rate / 2) + stats.norm.ppf(power)) / np.sqrt(size)
        case "proportion":
            probability = options.pop("probability", 0.5)
            # The last number of successes that passes; one more is caught.
            last = stats.binom.isf(rate / 2, size, probability)
            found = special.betaincinv(last + 1, size - last, power) - probability
        case "frequencies":
            cells = options.pop("cells", 2)
            bound = 2 * size * _frequency_bound(size, cells, rate)
            noncentrality = special.chndtrinc(bound, cells - 1, 1 - power)
            found = noncentrality / (2 * size)
        case "distribution":
            # At the point of the largest distance, the empirical function is a mean of coin flips.
            found = _distance_bound(size, rate) + stats.norm.ppf(power) / (2 * np.sqrt(size))
        case "two_samples":
            found = 2 * _distance_bound(size, rate / 2) + stats.norm.ppf(power) / np.sqrt(2 * size)
        case "covariance":
            rate /= options.pop("dims", 1) ** 2
            found = stats.chi2.isf(rate / 2, size) / stats.chi2.ppf(1 - power, size) - 1
        case _:
            raise ValueError(
                "smallest_detectable: check must be mean, proportion, frequencies, distribution, "
                f"two_samples or covariance, got {check!r}"
            )
    if options:
        raise ValueError(f"smallest_detectable: {check} knows no option {sorted(options)}")
    return float(found)


def _rate(components: int) -> float:
    """Counts one check and shares its false-alarm rate out among components."""
    global _checks
    if _counting:
        _checks += 1
    return FALSE_ALARM / components


def _finite(samples, what: str) -> np.ndarray:
    """The draws as float64; a draw that is not finite fails every check."""
    samples = np.asarray(samples, np.float64)
    if samples.size == 0:
        raise AssertionError(f"{what}: there must be draws to check, got shape {samples.shape}")
    strange = np.count_nonzero(~np.isfinite(samples))
    if strange:
        raise AssertionError(f"{what}: all draws must be finite, got {strange} that are not")
    return samples


def _distance_bound(size: int, rate: float) -> float:
    """Massart's bound on the distance of an empirical distribution function from the true one."""
    return float(np.sqrt(np.log(2 / rate) / (2 * size)))


def _frequency_bound(size: float, cells: int, rate: float) -> float:
    """Agrawal's bound on the relative entropy of observed frequencies from the true ones."""
    freedom = cells - 1
    if freedom == 0:
        return 1e-12  # one category: nothing but rounding
    # freedom * (1 + log x - x) = log(rate) for x > 1, solved by Lambert's W.
    x = -special.lambertw(-np.exp(np.log(rate) / freedom - 1), k=-1).real
    return float(x * freedom / size)


def _report(wrong, where: str, expected, got, score, unit: str) -> None:
    """Fails with the worst component, if any is wrong."""
    wrong, got, score = np.atleast_1d(wrong), np.atleast_1d(got), np.atleast_1d(score)
    if not wrong.any():
        return
    expected = np.broadcast_to(np.asarray(expected, np.float64), got.shape)
    first = np.unravel_index(int(np.argmax(np.where(wrong, np.abs(score), -1))), wrong.shape)
    place = "" if wrong.size == 1 else f" at {tuple(map(int, first))}, one of {wrong.sum()} wrong"
    raise AssertionError(
        f"{where}{place} must be {expected[first]:.6g}, got {got[first]:.6g} "
        f"({score[first]:.3g}, {unit})"
    )
