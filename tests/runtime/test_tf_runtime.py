"""TFRuntime: what is traced, when, and what the graph holds."""

import logging
import threading

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, Trajectory, ed
from recsim_ng.core import (
    DynamicFieldSpec,
    FieldError,
    FieldSpec,
    Network,
    NetworkError,
    NonFiniteError,
    Value,
    ValueSpec,
    Variable,
)
from recsim_ng.core.errors import ConfigError, SiteError
from recsim_ng.core.given import Condition, Do
from recsim_ng.core.site import Record
from recsim_ng.core.variable import value
from tests.small_networks import X, autoregression, coupled, fibonacci, random_walk

FIBONACCI = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55]
JIT = {"graph": False, "xla": None}
on_both = pytest.mark.parametrize("jit_compile", JIT.values(), ids=JIT)


@pytest.fixture(scope="module")
def runtimes():
    """Runtimes of one network by jit_compile, shared so that each horizon compiles once."""
    return {jit: TFRuntime(coupled(), jit_compile=jit) for jit in JIT.values()}


def walk(run):
    return run["walk"].get("x").numpy()


@pytest.mark.parametrize(
    "options", [{"jit_compile": False}, {}, {"jit_compile": True}, {"graph_compile": False}]
)
def test_fibonacci(options):
    runtime = TFRuntime(fibonacci(), **options)
    run = runtime.trajectory(10, seed=0)
    assert isinstance(run, Trajectory) and run.length == 10
    assert run["fibonacci"].get("n").numpy().tolist() == FIBONACCI
    assert run["fibonacci"].get("last.n").numpy().tolist() == [0, *FIBONACCI[:-1]]
    for n in (0, 1, 5):
        assert runtime.execute(n, seed=0)["fibonacci"].get("n") == FIBONACCI[n]
    assert runtime.trajectory(1, seed=0)["fibonacci"].get("n").numpy().tolist() == [1]
    start = {"fibonacci": Value(n=5, **{"last.n": np.int32(3)})}
    assert runtime.execute(2, start)["fibonacci"].get("n") == 13
    assert runtime.trajectory(3, start)["fibonacci"].get("n").numpy().tolist() == [5, 8, 13]


def test_the_second_argument_may_turn_compilation_off():
    runtime = TFRuntime(fibonacci(), False)
    assert runtime.execute(4)["fibonacci"].get("n") == 5
    assert runtime.num_traces == 0
    assert TFRuntime(network=fibonacci(), graph_compile=True).execute(4)["fibonacci"].get("n") == 5


@on_both
def test_a_new_seed_or_starting_value_never_traces_again(jit_compile):
    runtime = TFRuntime(random_walk(3), jit_compile=jit_compile)
    assert runtime.num_traces == 0
    runs = [
        runtime.trajectory(4, seed=s) for s in (1, 2, (3, 4), None, np.int64(5), tf.constant(6))
    ]
    assert runtime.num_traces == 1
    assert len({walk(run).tobytes() for run in runs}) == len(runs)
    for x in (1.0, 2.0):
        start = {"walk": Value(x=tf.fill([3], x))}
        assert walk(runtime.trajectory(4, start, seed=1))[0].tolist() == [x] * 3
        runtime.trajectory(4, runs[0].at_step(2), seed=2, first_step=2)
    assert runtime.num_traces == 2


def test_outside_xla_a_new_horizon_does_not_trace_again():
    runtime = TFRuntime(random_walk(3), jit_compile=False)
    for length in (1, 2, 5, 3):
        assert walk(runtime.trajectory(length, seed=1)).shape == (length, 3)
        runtime.execute(length - 1, seed=1)
    assert runtime.num_traces == 2


def test_under_xla_an_old_horizon_does_not_trace_again():
    runtime = TFRuntime(random_walk(3))
    for length in (2, 3, 2, 3):
        assert walk(runtime.trajectory(length, seed=1)).shape == (length, 3)
    assert runtime.num_traces == 2


def test_what_is_recorded_decides_what_is_traced():
    runtime = TFRuntime(coupled(), jit_compile=False)
    for _ in range(2):
        for record in (None, ["taste"], ["mood.good.x"], []):
            assert (
                list(runtime.trajectory(2, seed=0, record=record))
                == {
                    None: ["taste", "seen", "mood"],
                    "taste": ["taste"],
                    "mood.good.x": ["mood"],
                    "": [],
                }[None if record is None else "".join(record)]
            )
    assert runtime.num_traces == 4


@on_both
def test_execute_gives_the_last_value_of_a_trajectory(runtimes, jit_compile):
    runtime = runtimes[jit_compile]
    run = runtime.trajectory(4, seed=3)
    for n in (0, 3):
        end = runtime.execute(n, seed=3)
        assert list(end) == list(run)
        for name, expected in run.at_step(n).items():
            for field, x in expected.as_dict.items():
                np.testing.assert_allclose(end[name].get(field), x, rtol=1e-6)


@on_both
def test_resuming_gives_the_run_that_would_have_been(runtimes, jit_compile):
    runtime = runtimes[jit_compile]
    whole = runtime.trajectory(4, seed=3)
    rest = runtime.trajectory(4, whole.at_step(1), seed=3, first_step=1)
    for name in whole:
        for field, x in whole[name].as_dict.items():
            np.testing.assert_allclose(rest[name].get(field)[:3], x[1:], rtol=1e-5, err_msg=name)
    start = runtime.execute(0, seed=3)
    end = runtime.execute(3, start, seed=3, first_step=0)
    np.testing.assert_allclose(end["mood"].get("good.x"), whole["mood"].get("good.x")[3], rtol=1e-5)


@on_both
def test_static_variables_are_hoisted_and_stored_once(jit_compile):
    traced = []
    static, reader = Variable("static", X), Variable("reader", X)

    def draw():
        traced.append(tf.compat.v1.get_default_graph())
        return Value(x=ed.Normal(loc=tf.zeros([2]), scale=1.0))

    static.initial_value = value(draw)
    reader.initial_value = value(lambda s: s, (static,))
    reader.value = value(lambda p, s: Value(x=p.get("x") + s.get("x")), (reader.previous, static))
    runtime = TFRuntime([reader, static], jit_compile=jit_compile)
    run = runtime.trajectory(4, seed=0)
    assert len(traced) == 1
    assert not hasattr(traced[0], "outer_graph") or not traced[0].name.startswith("while")
    assert run.values_by_name["static"].get("x").shape == [2]
    x = run.values_by_name["static"].get("x")
    np.testing.assert_allclose(run["reader"].get("x")[3], 4 * x, rtol=1e-6)


STATEFUL_RANDOM = ("Random", "Multinomial", "TruncatedNormal", "Rng", "StatefulUniform")


def random_ops(graph):
    """Names of the stateful random ops of a graph and of its function library."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    assert len(nodes) > 20
    return [
        node.op
        for node in nodes
        if any(word in node.op for word in STATEFUL_RANDOM) and "Stateless" not in node.op
    ]


@on_both
def test_no_graph_holds_a_stateful_random_op_but_the_fresh_seeds(runtimes, jit_compile):
    runtime = runtimes[jit_compile]

    def graph_of(seed):
        @tf.function
        def run():
            return runtime.trajectory(4, seed=seed)["mood"], runtime.execute(3, seed=seed)

        return run.get_concrete_function().graph

    assert random_ops(graph_of(1)) == []
    assert random_ops(graph_of(None)) == ["RandomUniformInt"] * 2  # one for each call

    @tf.function
    def careless():
        return tf.random.normal([1]) + sum(tf.unstack(tf.range(30.0)))

    assert random_ops(careless.get_concrete_function().graph) == ["RandomStandardNormal"]


@on_both
def test_a_runtime_may_be_called_within_a_function(runtimes, jit_compile):
    runtime = runtimes[jit_compile]

    @tf.function
    def outside(seed):
        run = runtime.trajectory(4, seed=seed, record=["mood", "taste"])
        return run, tf.reduce_sum(run["mood"].get("good.x"))

    for seed in (3, 4):
        run, total = outside(tf.constant(seed))
        here = runtime.trajectory(4, seed=seed, record=["mood", "taste"])
        assert run.seed == seed
        for name in here:
            for field, x in here[name].as_dict.items():
                np.testing.assert_allclose(run[name].get(field), x, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(total, tf.reduce_sum(here["mood"].get("good.x")), rtol=1e-5)
    assert outside.experimental_get_tracing_count() == 1


@on_both
def test_within_a_function_every_call_draws_a_fresh_seed(jit_compile):
    runtime = TFRuntime(random_walk(3), jit_compile=jit_compile)

    @tf.function
    def run():
        made = runtime.trajectory(3)
        return made["walk"].get("x"), made.seed

    drawn = [run() for _ in range(3)]
    assert len({x.numpy().tobytes() for x, _ in drawn}) == 3
    x, seed = drawn[0]
    again = walk(runtime.trajectory(3, seed=tuple(seed.numpy().tolist())))
    np.testing.assert_allclose(again, x, rtol=1e-6)


@on_both
def test_a_functions_own_tensor_may_decide_the_horizon(jit_compile):
    runtime = TFRuntime(random_walk(3), jit_compile=jit_compile)

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def run(steps):
        return runtime.execute(steps, seed=1), runtime.trajectory(steps + 1, seed=1)

    for steps in (0, 3):
        end, whole = run(tf.constant(steps))
        assert walk(whole).shape == (steps + 1, 3) and int(whole.length) == steps + 1
        here = walk(runtime.trajectory(steps + 1, seed=1))
        np.testing.assert_allclose(walk(whole), here, rtol=1e-6)
        np.testing.assert_allclose(end["walk"].get("x"), here[-1], rtol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, None])
@pytest.mark.parametrize("inside", ["eager", "function", "compiled"])
def test_gradients_go_through_a_run(jit_compile, inside):
    coefficient = tf.Variable(0.8)
    runtime = TFRuntime(autoregression(3, coefficient), jit_compile=jit_compile)

    def total():
        return tf.reduce_sum(runtime.trajectory(5, seed=2)["process"].get("x"))

    def gradient():
        with tf.GradientTape() as tape:
            y = total()
        return tape.gradient(y, coefficient)

    outer = {"eager": lambda f: f, "function": tf.function}
    outer["compiled"] = lambda f: tf.function(f, jit_compile=True)
    found = outer[inside](gradient)().numpy()
    step = 1e-2
    ends = []
    for sign in (1, -1):
        coefficient.assign(0.8 + sign * step)
        ends.append(total().numpy())
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * step), rtol=1e-2)
    assert runtime.num_traces == (2 if jit_compile is None else 1)  # XLA for the run alone


@pytest.mark.parametrize("jit_compile", [False, None])
def test_gradients_reach_the_starting_value(jit_compile):
    runtime = TFRuntime(autoregression(2, 0.5), jit_compile=jit_compile)
    with tf.GradientTape() as tape:
        x = tf.ones([2])
        tape.watch(x)
        end = runtime.execute(3, {"process": Value(x=x)}, seed=0)["process"].get("x")
    np.testing.assert_allclose(tape.gradient(end, x), [0.125, 0.125], rtol=1e-6)


@on_both
def test_many_seeds_at_once_are_the_runs_of_each(jit_compile):
    runtime = TFRuntime(random_walk(3), jit_compile=jit_compile)
    together = tf.function(
        lambda seeds: tf.vectorized_map(
            lambda seed: runtime.trajectory(4, seed=seed)["walk"].get("x"), seeds
        )
    )(tf.constant([5, 6, 7]))
    for seed, x in zip((5, 6, 7), together, strict=True):
        np.testing.assert_allclose(x, walk(runtime.trajectory(4, seed=seed)), rtol=1e-5, atol=1e-6)


@on_both
def test_the_ends_of_many_seeds_compile_at_once(jit_compile):
    runtime = TFRuntime(random_walk(3), jit_compile=jit_compile)

    @tf.function(jit_compile=True)
    def ends(seeds):
        return tf.vectorized_map(lambda seed: runtime.execute(3, seed=seed), seeds)

    together = ends(tf.constant([5, 6, 7]))["walk"].get("x")
    for seed, x in zip((5, 6, 7), together, strict=True):
        end = runtime.execute(3, seed=seed)["walk"].get("x")
        np.testing.assert_allclose(x, end, rtol=1e-5, atol=1e-6)


def blowing_up(at):
    """B is infinite at step `at`; so is c, declared before it, one step later."""
    a, b, c = Variable("a", X), Variable("b", ValueSpec(**{"n.x": FieldSpec()})), Variable("c", X)
    a.initial_value = value(lambda: Value(x=tf.constant(0.0)))
    a.value = value(lambda p: Value(x=p.get("x") + 1.0), (a.previous,))
    b.value = value(lambda now: Value(**{"n.x": 1.0 / (at - now.get("x")) * tf.ones([2])}), (a,))
    c.initial_value = value(lambda: Value(x=tf.zeros([2])))
    c.value = value(lambda p: Value(x=0.0 * p.get("n.x")), (b.previous,))
    return Network([c, b, a])


FINITE = {
    "python": lambda network: PythonRuntime(network, check_finite=True),
    "graph": lambda network: TFRuntime(network, jit_compile=False, check_finite=True),
    "xla": lambda network: TFRuntime(network, check_finite=True),
}


@pytest.mark.parametrize("make", FINITE.values(), ids=FINITE)
def test_the_first_value_that_is_not_finite_is_named(make):
    message = (
        "variable 'b', field 'n.x', step {}: must be finite, got NaN or infinity; look at its "
        "behaviour and at the values that it reads at this step"
    )
    runtime = make(blowing_up(2.0))
    assert runtime.trajectory(2, seed=0, record=["a"])["a"].get("x").numpy().tolist() == [0, 1]
    for call in (
        lambda: runtime.execute(3, seed=0),
        lambda: runtime.trajectory(4, seed=0, record=["a"]),
    ):
        with pytest.raises(NonFiniteError) as error:
            call()
        assert isinstance(error.value, ArithmeticError)
        assert str(error.value) == message.format(2)
    runtime = make(blowing_up(0.0))
    with pytest.raises(NonFiniteError) as error:
        runtime.execute(0, seed=0)
    assert str(error.value) == message.format(0)
    start = {"a": Value(x=-1.0), "b": Value(**{"n.x": [1.0, 1.0]}), "c": Value(x=[0.0, 0.0])}
    with pytest.raises(NonFiniteError) as error:
        runtime.execute(1, start, seed=0, first_step=10)
    assert str(error.value) == message.format(11)


def growing():
    v, other = Variable("grown", ValueSpec(x=DynamicFieldSpec(2, [0]), n=FieldSpec())), None
    other = Variable("another", X)
    other.initial_value = value(lambda: Value(x=tf.zeros([3])))
    other.value = value(lambda p: Value(x=p.get("x") + 1.0), (other.previous,))
    v.initial_value = value(lambda: Value(x=tf.ones([1, 2]), n=tf.constant(1)))

    def grow(p):
        more = p.get("x")[-1:] + 1.0
        return Value(x=tf.concat([p.get("x"), more], axis=0), n=p.get("n") + 1)

    v.value = value(grow, (v.previous,))
    return Network([v, other])


def test_fields_that_grow_run_in_graph_mode_with_one_warning():
    with pytest.warns(UserWarning) as caught:
        runtime = TFRuntime(growing())
        for _ in range(2):
            end = runtime.execute(3, seed=0)
            run = runtime.trajectory(3, seed=0)
    assert [str(w.message) for w in caught] == [
        "TFRuntime: XLA cannot compile this network: variable 'grown', field 'x' changes its "
        "shape. It runs in graph mode; jit_compile=False says that you know"
    ]
    assert caught[0].filename == __file__
    assert end["grown"].get("x").numpy().tolist() == [[1, 1], [2, 2], [3, 3], [4, 4]]
    padded = [[[1, 1], [0, 0], [0, 0]], [[1, 1], [2, 2], [0, 0]], [[1, 1], [2, 2], [3, 3]]]
    assert run["grown"].get("x").numpy().tolist() == padded
    assert run["grown"].get("n").numpy().tolist() == [1, 2, 3]
    assert run["another"].get("x").numpy().tolist() == [[0] * 3, [1] * 3, [2] * 3]
    plain = PythonRuntime(growing())
    assert plain.trajectory(3, seed=0)["grown"].get("x").numpy().tolist() == padded
    assert plain.trajectory(1, seed=0)["grown"].get("x").numpy().tolist() == [[[1, 1]]]


def test_fields_that_grow_are_refused_where_xla_was_asked_for():
    with pytest.raises(NetworkError) as error:
        TFRuntime(growing(), jit_compile=True)
    assert str(error.value) == (
        "TFRuntime: with jit_compile=True the network must be one that XLA compiles, but variable "
        "'grown', field 'x' changes its shape; leave jit_compile out"
    )


def test_what_xla_has_no_operation_for_runs_in_graph_mode_with_one_warning():
    def through_python(p):
        y = tf.numpy_function(lambda x: x + np.float32(1.0), [p.get("x")], tf.float32)
        return Value(x=tf.ensure_shape(y, []))

    v = Variable("v", X)
    v.initial_value = value(lambda: Value(x=tf.constant(0.0)))
    v.value = value(through_python, (v.previous,))
    with pytest.warns(UserWarning) as caught:
        runtime = TFRuntime([v])
        for _ in range(2):
            assert runtime.execute(3, seed=0)["v"].get("x") == 3.0
    assert [str(w.message) for w in caught] == [
        "TFRuntime: XLA cannot compile this network: it has no operation PyFunc. It runs in graph "
        "mode; jit_compile=False says that you know"
    ]


@on_both
def test_what_changes_though_its_spec_lets_it_is_named(jit_compile):
    def network(first, later):
        v = Variable("v", X)
        v.initial_value, v.value = (
            value(lambda: Value(x=first)),
            value(lambda p: later(p), (v.previous,)),
        )
        return TFRuntime([v], jit_compile=jit_compile)

    good = network(1.0, lambda p: Value(x=p.get("x") * tf.constant(2.0)))
    assert good.trajectory(3, seed=0)["v"].get("x").numpy().tolist() == [1.0, 2.0, 4.0]
    message = "variable 'v', field 'x': expected {} as at the first step, got {}; return it alike"
    for bad, expected, got in (
        (network(1, lambda p: Value(x=tf.constant(2.0))), r"int32 \(\)", r"float32 \(\)"),
        (network(1.0, lambda p: Value(x=tf.zeros([2]))), r"float32 \(\)", r"float32 \(2,\)"),
    ):
        for call in (bad.execute, bad.trajectory):
            with pytest.raises(FieldError, match=message.format(expected, got)):
                call(3, seed=0)


@on_both
def test_wrong_calls_are_refused(jit_compile):
    runtime = TFRuntime(fibonacci(), jit_compile=jit_compile)
    with pytest.raises(ConfigError, match="num_steps: must be a whole number of at least 0"):
        runtime.execute(-1)
    with pytest.raises(ConfigError, match="length: must be a whole number of at least 1, got 0"):
        runtime.trajectory(0)
    with pytest.raises(FieldError, match="record: 'x' must name a variable or a field of one"):
        runtime.trajectory(1, record=["x"])
    with pytest.raises(ValueError, match="seed: must be an int or a pair of ints, got 1.5"):
        runtime.trajectory(1, seed=1.5)
    with pytest.raises(NetworkError, match="starting_value: must hold each variable"):
        runtime.execute(1, {})
    assert runtime.execute(1)["fibonacci"].get("n") == 1  # and nothing is broken by them


def test_a_shard_needs_users_along_the_first_axis():
    whole = TFRuntime(random_walk(5), jit_compile=False).trajectory(4, seed=1)
    shard = TFRuntime(random_walk(3), jit_compile=False, first_user=2).trajectory(4, seed=1)
    np.testing.assert_allclose(walk(shard), walk(whole)[:, 2:], rtol=1e-6)
    # "process" has no axis named "user": it is the same in every shard.
    whole = TFRuntime(autoregression(3, 0.5), jit_compile=False).execute(3, seed=1)
    shard = TFRuntime(autoregression(3, 0.5), jit_compile=False, first_user=2).execute(3, seed=1)
    np.testing.assert_array_equal(whole["process"].get("x"), shard["process"].get("x"))


def test_many_runtimes_of_one_program_raise_no_warning_about_tracing(caplog):
    tf.get_logger().propagate = True
    with caplog.at_level(logging.WARNING):
        for _ in range(8):
            TFRuntime(fibonacci(), jit_compile=False).execute(2, seed=0)
    assert "retracing" not in caplog.text


def test_threads_may_share_a_runtime_and_a_network():
    network = coupled()
    runtime = TFRuntime(network, jit_compile=False)
    other = TFRuntime(network, jit_compile=False)
    found, errors = {}, []

    def run(made, seed):
        try:
            found[made is runtime, seed] = made.trajectory(3, seed=seed)["mood"].get("good.x")
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=(made, seed))
        for seed in range(4)
        for made in (runtime, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert runtime.num_traces == other.num_traces == 1
    for seed in range(4):
        np.testing.assert_array_equal(found[True, seed], found[False, seed])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("effect", [Do, Condition])
def test_what_is_given_in_force_holds_for_its_runs_and_no_others(effect, jit_compile):
    runtime = TFRuntime(random_walk(2), jit_compile=jit_compile)
    plain = runtime.trajectory(3, seed=1)["walk"].get("x").numpy()
    for given in (3.0, 5.0):
        with effect({("walk", "x"): given}):
            held = runtime.trajectory(3, seed=1)["walk"].get("x").numpy()
        assert np.all(held[1:] == given)
    np.testing.assert_array_equal(runtime.trajectory(3, seed=1)["walk"].get("x"), plain)


def test_a_compiled_run_is_not_recorded_site_by_site():
    with Record(), pytest.raises(SiteError, match="record a PythonRuntime"):
        TFRuntime(random_walk(2)).execute(1)
