"""What every test needs: a quiet TensorFlow, seeds, and the count of statistical checks."""

import gc
import os
import sys
import zlib

# Before TensorFlow is imported anywhere: it reads these once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import pytest

from tests import statistical

CHECKS_KEY = "statistical_checks"

# The same examples in every run, and time to compile.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("suite")


def pytest_collection_finish():
    """What is imported stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """What a module has made goes with it, or a worker ends at many gigabytes."""
    if nextitem is not None and nextitem.module is item.module:
        return
    for held in list(vars(item.module).values()):
        if hasattr(held, "cache_clear"):
            held.cache_clear()
    if "tensorflow" in sys.modules:
        from tensorflow.python.framework import ops

        # TensorFlow registers each use of a custom gradient for good, and its graph with it.
        registered = ops.gradient_registry._registry
        custom = [name for name in registered if name.startswith("CustomGradient-")]
        for name in custom:
            del registered[name]
        if custom:
            gc.collect()


def pytest_addoption(parser):
    parser.addoption(
        "--shift-seed",
        type=int,
        default=0,
        help="Shifts the seed of every test that asks for one; all tests pass on any seed.",
    )


@pytest.fixture
def seed(request):
    """The test's own seed, an int in [0, 2**31): the same in every run with one --shift-seed."""
    name = f"{request.node.nodeid}/{request.config.getoption('--shift-seed')}"
    return zlib.crc32(name.encode()) >> 1


@pytest.fixture
def rng(seed):
    """A NumPy generator for test data, from the test's own seed."""
    import numpy as np

    return np.random.default_rng(seed)


class CheckCount:
    """Adds up the statistical checks of all worker processes and keeps them within the budget."""

    def __init__(self):
        self.total = 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.total += getattr(node, "workeroutput", {}).get(CHECKS_KEY, 0)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[CHECKS_KEY] = statistical.checks_made()
            return
        self.total += statistical.checks_made()
        if self.total > statistical.MAX_CHECKS:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if not self.total:
            return
        rate = self.total * statistical.FALSE_ALARM
        within = self.total <= statistical.MAX_CHECKS
        terminalreporter.write_line(
            f"statistical checks: {self.total} of at most {statistical.MAX_CHECKS}; "
            f"chance of any false alarm at most {rate:.1e}"
            + ("" if within else ": too many, share out the rate anew in tests/statistical.py"),
            red=not within,
        )


def pytest_configure(config):
    config.pluginmanager.register(CheckCount(), "statistical-check-count")
