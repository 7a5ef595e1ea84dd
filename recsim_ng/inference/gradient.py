"""Values that bring their gradients along.

Under XLA `tf.vectorized_map` is a function of its own, and the gradient of a call gets shapes as
arguments, which XLA must know when it compiles: it compiles anew for every value of what they come
from. Here value and gradient are one function, traced outside XLA's sight, and nothing is left to
differentiate when it is compiled.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any

import tensorflow as tf


def with_gradient(
    fn: Callable[..., Any], *specs: tf.TensorSpec, wrt: int | None = None, has_aside: bool = False
) -> Callable[..., Any]:
    """Returns a function of the same value, whose first derivatives come with it.

    Args:
      fn: of tensors, returns a scalar, or numbers `[...]` each of which depends on the same row
        `[..., :]` of its arguments alone. It may read variables; where it returns a scalar,
        gradients reach them too.
      *specs: of its arguments.
      wrt: derivatives are taken with respect to the first so many arguments alone; None: all.
      has_aside: whether fn returns (value, a tensor beside it that has no derivatives).

    Raises:
      ValueError: fn reads tensors of a graph that is being built.
    """
    watched: list[Any] = []
    tracked = range(len(specs))[:wrt]

    def value_and_gradient(*arguments: Any) -> tuple[Any, Any, list[Any]]:
        floats = [x for x in arguments[:wrt] if x.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floats)
            found = fn(*arguments)
            found, aside = found if has_aside else (found, ())
        watched[:] = tape.watched_variables()
        gradients = tape.gradient(
            found, [*floats, *watched], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return found, aside, [tf.convert_to_tensor(g) for g in gradients]

    made = tf.function(value_and_gradient, autograph=False)
    both = _out_of_graphs(lambda: made.get_concrete_function(*specs))

    @tf.custom_gradient
    def value(*arguments: Any) -> tuple[Any, Callable[..., Any]]:
        found, aside, gradients = both(*arguments)
        is_wrt = [x.dtype.is_floating and i in tracked for i, x in enumerate(arguments)]
        count = sum(is_wrt)

        def back(upstream: Any, *_: Any, variables: Any = ()) -> Any:
            given = iter(gradients[:count])
            along = [_times(upstream, next(given)) if there else None for there in is_wrt]
            if not variables:
                return along
            if upstream.shape.rank:
                return along, [None] * len(variables)  # the sum over rows would be theirs alone
            of = {id(v): g for v, g in zip(watched, gradients[count:], strict=True)}
            return along, [upstream * of[id(v)] for v in variables]

        return ((found, aside) if has_aside else found), back

    return value


def _out_of_graphs(trace: Callable[[], Any]) -> Any:
    """Calls a function where no graph is being built, and no XLA context is in force."""
    if tf.executing_eagerly():
        return trace()
    # `tf.init_scope` would do but for stopping all tapes. Graphs are a thread's own.
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(trace).result()


def _times(upstream: Any, gradient: Any) -> Any:
    upstream = tf.cast(upstream, gradient.dtype)
    return (
        tf.reshape(upstream, [*upstream.shape, *[1] * (gradient.shape.rank - upstream.shape.rank)])
        * gradient
    )
