"""Trajectory: a mapping over time, and its file."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
import xarray as xr

from recsim_ng.core import DataError, FieldError, OutputError, Trajectory, Value

LENGTH = 3


@dataclasses.dataclass(frozen=True)
class CatalogueEntry:
    name: str
    size: int


def trajectory(**options):
    values = {
        "user state": Value(intent=tf.reshape(tf.range(12.0), [3, 2, 2]), **{"n.age": tf.range(3)}),
        "catalogue": Value(quality=tf.constant([0.5, 1.5])),
        "nothing": Value(),
    }
    options = {"seed": 7, **options}
    return Trajectory(values, frozenset({"catalogue"}), LENGTH, **options)


def test_it_is_a_mapping_from_name_to_value():
    run = trajectory()
    assert list(run) == run.keys() == ["user state", "catalogue", "nothing"]
    assert len(run) == 3
    assert "catalogue" in run and "corpus" not in run
    assert list(dict(run)) == run.keys()
    assert isinstance(dict(run)["user state"], Value)
    assert run["user state"].get("intent").shape == [3, 2, 2]
    assert [name for name, _ in run.items()] == run.keys()
    assert len(run.values()) == 3
    assert run.get("nothing") == Value()
    assert run.get("corpus") is None and run.get("corpus", 3) == 3


def test_an_unknown_variable_is_a_key_error_that_lists_them():
    with pytest.raises(KeyError, match="no variable 'x'; there are .'user state', 'catalogue', 'n"):
        trajectory()["x"]


def test_static_variables_have_the_time_axis_but_are_stored_once():
    run = trajectory()
    assert run["catalogue"].get("quality").shape == [3, 2]
    np.testing.assert_array_equal(run["catalogue"].get("quality"), [[0.5, 1.5]] * 3)
    assert run.values_by_name["catalogue"].get("quality").shape == [2]


def test_it_knows_its_seed_and_length():
    run = trajectory()
    assert (run.seed, run.length) == (7, 3)
    assert repr(run).startswith("Trajectory(length=3, seed=7, {'user state': Value(intent=<float32")


def test_at_step_gives_a_network_value():
    run = trajectory()
    for t in (1, -2):
        x = run.at_step(t)
        assert list(x) == run.keys()
        np.testing.assert_array_equal(x["user state"].get("intent"), [[4, 5], [6, 7]])
        np.testing.assert_array_equal(x["catalogue"].get("quality"), [0.5, 1.5])
    for t in (3, -4):
        with pytest.raises(FieldError) as error:
            run.at_step(t)
        assert str(error.value) == f"Trajectory.at_step: t must be within 0..2, got {t}"


def test_a_function_may_take_and_return_it():
    @tf.function
    def double(run):
        return Trajectory(
            {n: v.map(lambda x: 2 * x) for n, v in run.values_by_name.items()},
            run.static,
            run.length,
            run.seed,
        )

    out = double(trajectory())
    assert out.static == {"catalogue"} and out.seed == 7
    np.testing.assert_array_equal(out["catalogue"].get("quality"), [[1.0, 3.0]] * 3)
    seeded = double(trajectory(seed=tf.constant([1, 2])))
    assert seeded.seed.numpy().tolist() == [1, 2]


def test_to_xarray_names_dimensions():
    run = trajectory(dims={"user state": {"intent": ("user", "topic")}})
    data = run.to_xarray()
    assert data["user state.intent"].dims == ("time", "user", "topic")
    assert data["user state.n.age"].dims == ("time",)
    assert data["catalogue.quality"].dims == ("catalogue.quality_0",)
    assert dict(data.sizes) == {"time": 3, "user": 2, "topic": 2, "catalogue.quality_0": 2}


def test_dimension_names_are_unique_and_of_one_size():
    values = {
        "a": Value(x=tf.zeros([3, 2, 2]), y=tf.zeros([3, 4]), time=tf.zeros([3, 3])),
        "b": Value(x=tf.zeros([3, 2])),
    }
    dims = {
        "a": {"x": ("user", "user"), "y": ("user",), "time": ("time",)},
        "b": {"x": ("user", "wrong")},
    }
    data = Trajectory(values, frozenset(), 3, dims=dims).to_xarray()
    assert data["a.x"].dims == ("time", "user", "user_2")
    assert data["a.y"].dims == ("time", "user_3")
    assert data["a.time"].dims == ("time", "time_2")
    assert data["b.x"].dims == ("time", "b.x_0")


def saved(run, tmp_path):
    path = tmp_path / "run.nc"
    run.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]  # what was written aside is gone
    return path


def assert_same(one, other):
    assert list(one) == list(other)
    assert (one.length, one.seed, one.static) == (other.length, other.seed, other.static)
    assert dict(one.dims) == dict(other.dims)
    for name in one:
        flat, again = one.values_by_name[name].as_dict, other.values_by_name[name].as_dict
        assert list(flat) == list(again), name
        for field, x in flat.items():
            assert x.dtype == again[field].dtype, (name, field)
            np.testing.assert_array_equal(x, again[field])


@pytest.mark.parametrize("seed", [7, (1, 2), None, 2**63 - 1, -3])
def test_a_saved_trajectory_is_loaded_as_it_was(tmp_path, seed):
    run = trajectory(seed=seed, dims={"user state": {"intent": ("user", "topic")}})
    assert_same(run, Trajectory.load(saved(run, tmp_path)))


DTYPES = ["bool", "int8", "int32", "int64", "uint8", "uint32", "uint64"]
DTYPES += ["float16", "bfloat16", "float32", "float64"]


def test_all_kinds_of_numbers_are_saved(tmp_path):
    numbers = tf.constant([[0, 1], [2, 3], [100, 1]], tf.int64)
    fields = {name: tf.cast(numbers, name) for name in DTYPES}
    fields["odd"] = tf.constant([np.nan, np.inf, -np.inf])
    fields["large"] = tf.constant([2**63 - 1, -(2**63), -1], tf.int64)
    fields["huge"] = tf.constant([2**64 - 1, 0, 1], tf.uint64)
    run = Trajectory({"v": Value(**fields)}, frozenset(), 3)
    assert_same(run, Trajectory.load(saved(run, tmp_path)))


def test_strings_are_saved(tmp_path):
    words = tf.constant([["a", "été"], ["", "日本"], ["long " * 50, "b"]])
    run = Trajectory({"v": Value(words=words), "s": Value(x=tf.constant("one"))}, {"s"}, 3)
    path = saved(run, tmp_path)
    assert_same(run, Trajectory.load(path))
    with xr.open_dataset(path) as data:
        assert data["v.words"].values[1, 1] == "日本"


def test_strings_that_are_no_text_are_refused(tmp_path):
    run = Trajectory({"v": Value(x=tf.constant([b"\xff"]))}, frozenset(), 1)
    with pytest.raises(FieldError, match="Trajectory: 'v.x' must hold UTF-8 strings"):
        run.save(tmp_path / "run.nc")


@pytest.mark.parametrize("empty", [[3, 0], [3, 2, 0], [3, 0, 2]])
def test_fields_without_elements_are_saved(tmp_path, empty):
    run = Trajectory({"v": Value(x=tf.zeros(empty), y=tf.zeros([3]))}, frozenset(), 3)
    assert_same(run, Trajectory.load(saved(run, tmp_path)))


ODD = ["a/b", "/", "../x", "a b ", "a:b|c", "été", "time", "v" * 300, "0", "_x", "user"]


def test_odd_names_are_saved(tmp_path):
    values = {n: Value(**{"x/y": tf.zeros([3, 2]), "é è": tf.ones([3])}) for n in ODD}
    dims = {n: {"x/y": ("user/s",)} for n in ODD}
    run = Trajectory(values, frozenset(), 3, dims=dims, seed=1)
    path = saved(run, tmp_path)
    assert_same(run, Trajectory.load(path))
    with xr.open_dataset(path) as data:
        assert data["a|b.x|y"].dims == ("time", "user|s")


def test_names_that_look_alike_stay_apart(tmp_path):
    values = {
        "a.b": Value(c=tf.constant([1, 2, 3])),
        "a": Value(**{"b.c": tf.constant([4, 5, 6])}),
        "x/y": Value(z=tf.constant([1.0, 2.0, 3.0])),
        "x|y": Value(z=tf.constant([4.0, 5.0, 6.0])),
    }
    run = Trajectory(values, frozenset(), 3)
    assert_same(run, Trajectory.load(saved(run, tmp_path)))


def test_fields_that_are_no_tensors_are_left_out(tmp_path):
    run = Trajectory({"v": Value(x=tf.zeros([3]), y=["a", "b", object()])}, frozenset(), 3)
    assert list(Trajectory.load(saved(run, tmp_path))["v"]) == ["x"]


def test_plain_xarray_opens_it_and_finds_what_made_it(tmp_path):
    config = {"num_users": 3, "cap": None, "flags": {"a": True}, "sizes": (1, 2)}
    run = trajectory(metadata={"story": "ecosystem", "config": config, "mean": np.float32(0.5)})
    path = saved(run, tmp_path)
    with xr.open_dataset(path) as data:
        np.testing.assert_array_equal(data["user state.intent"], run["user state"].get("intent"))
        attributes = {k: json.loads(v) if isinstance(v, str) else v for k, v in data.attrs.items()}
    assert attributes["story"] == "ecosystem"
    assert attributes["config"] == {**config, "sizes": [1, 2]}
    assert attributes["seed"] == 7 and attributes["length"] == 3
    assert {"recsim_ng", "tensorflow", "tensorflow-probability"} <= set(attributes["versions"])
    assert Trajectory.load(path).metadata["config"]["num_users"] == 3


def test_a_file_can_be_written_over_while_it_is_open(tmp_path):
    path = saved(trajectory(seed=1), tmp_path)
    with xr.open_dataset(path) as data:
        trajectory(seed=2).save(path)
        assert data.attrs["seed"] == "1"
        assert data["catalogue.quality"].values.tolist() == [0.5, 1.5]
    assert Trajectory.load(path).seed == 2


def test_a_path_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("text")
    for path in (tmp_path / "missing" / "run.nc", tmp_path / "file" / "run.nc", tmp_path):
        with pytest.raises(OSError) as error:
            trajectory().save(path)
        assert isinstance(error.value, OutputError)
        message = str(error.value)
        assert message.startswith(f"Trajectory.save: '{path}' must be a file that can be written")
        assert message.endswith("; check the folder and its permissions")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_that_is_none_or_no_trajectory_is_an_error(tmp_path):
    with pytest.raises(DataError) as error:
        Trajectory.load(tmp_path / "none.nc")
    message = f"Trajectory.load: '{tmp_path}/none.nc' must be a file, got none; check the path"
    assert str(error.value) == message
    (tmp_path / "text.nc").write_text("text")
    xr.Dataset({"x": ("y", [1, 2])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    trajectory().save(tmp_path / "run.nc")
    (tmp_path / "cut.nc").write_bytes((tmp_path / "run.nc").read_bytes()[:3000])
    for name in ("text.nc", "other.nc", "cut.nc"):
        with pytest.raises(ValueError, match=f"{name}' must be written by Trajectory.save, got: "):
            Trajectory.load(tmp_path / name)


def test_what_made_a_trajectory_is_written_beside_its_seed(tmp_path):
    config = CatalogueEntry("toy", 3)
    made = Trajectory({"v": Value(x=tf.zeros([2]))}, length=2, seed=7)
    told = made.with_metadata(story="toy", config=config)
    assert not made.metadata and told["v"].get("x") is made["v"].get("x")
    told.save(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as dataset:
        found = {name: json.loads(dataset.attrs[name]) for name in ("story", "config", "seed")}
    assert found == {"story": "toy", "config": {"name": "toy", "size": 3}, "seed": 7}
    assert "versions" in dataset.attrs
