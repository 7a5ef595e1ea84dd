"""MyopicRecommender's settings; what it shows is tested in the ecosystem story."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.recommenders import MyopicRecommender

CONFIG = {
    "num_users": 2,
    "num_docs": 4,
    "num_topics": 2,
    "slate_size": 3,
    "provider_means": np.zeros((3, 2)),
    "provider_boost_cap": 1.0,
}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"slate_size": 5}, r"slate_size must be a whole number within 1\.\.4, got 5"),
        ({"num_topics": 0}, "num_topics must be a whole number of at least 1, got 0"),
        ({"provider_means": np.zeros(3)}, r"provider_means must be \[providers, topics\], .*\[3\]"),
        ({"provider_means": np.zeros((3, 4))}, r"2 topics, got \[3, 4\]"),
        ({"provider_means": np.full((3, 2), np.nan)}, "provider_means must be within .* got nan"),
        ({"provider_boost_cap": np.nan}, "provider_boost_cap must be a number within .* got nan"),
        ({"provider_boost_cap": -1.0}, "provider_boost_cap must be a number within .* got -1"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=f"MyopicRecommender: .*{message}"):
        MyopicRecommender({**CONFIG, **setting})


@pytest.mark.parametrize("missing", ["provider_means", "provider_boost_cap", "num_topics"])
def test_a_missing_setting_is_named(missing):
    config = {name: x for name, x in CONFIG.items() if name != missing}
    with pytest.raises(ConfigError, match=f"MyopicRecommender: config must have '{missing}'"):
        MyopicRecommender(config)
