"""Settings of XLA for one's own process."""

import os
import subprocess
import sys

import pytest

from recsim_ng import use_wide_vectors


def test_wide_vectors_are_asked_for_once_and_other_flags_stay():
    code = (
        "import os, recsim_ng; recsim_ng.use_wide_vectors(); recsim_ng.use_wide_vectors();"
        "print(os.environ['XLA_FLAGS'])"
    )
    environment = {**os.environ, "XLA_FLAGS": "--xla_dump_hlo_as_text"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    flags = run.stdout.split()
    assert flags == ["--xla_dump_hlo_as_text", "--xla_cpu_prefer_vector_width=512"]


def test_a_width_that_is_set_is_left_alone(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_prefer_vector_width=128")
    use_wide_vectors()
    assert os.environ["XLA_FLAGS"] == "--xla_cpu_prefer_vector_width=128"


def test_after_the_import_of_tensorflow_it_is_too_late(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules.get("tensorflow", os))
    with pytest.raises(ValueError, match="must be called before TensorFlow is imported"):
        use_wide_vectors()
