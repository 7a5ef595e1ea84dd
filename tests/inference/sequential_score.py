"""The oracle of scores: a plain loop over the steps, eager, one behaviour after the other."""

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.given import Condition
from recsim_ng.core.site import Record, Seed

tfd = tfp.distributions
CERTAIN = (tfd.Deterministic, tfd.VectorDeterministic)


def sequential_score(network, trajectory):
    """The log-probability of all draws of a trajectory that holds every field.

    Args:
        network: The story.
        trajectory: What is scored.

    Returns:
        (the sum, the sum of the terms' absolute values), floats.
    """
    total, size = 0.0, 0.0
    for t in range(int(trajectory.length)):
        now = trajectory.at_step(t)
        before = trajectory.at_step(t - 1) if t else {}
        for variable in network.variables:
            definition = variable.initial_value if t == 0 else variable.value
            if definition is None:
                continue
            with Seed(0), Record() as record:
                made = network.evaluate(variable, definition, now, before)
            given = {}
            for field, x in made.as_dict.items():
                site = record.of(x)
                if site is not None:
                    given[site.address] = now[variable.name].get(field)
            with Seed(0), Condition(given), Record() as record:
                network.evaluate(variable, definition, now, before)
            for site in record.sites.values():
                if not isinstance(site.distribution, CERTAIN):
                    terms = tf.cast(site.distribution.log_prob(site.value), tf.float64)
                    total += float(tf.reduce_sum(terms))
                    size += float(tf.reduce_sum(tf.abs(terms)))
    return total, size
