"""How entities meet: templates and ready scenarios."""

from recsim_ng.core.lazy import lazily

_HOMES = {
    "STORIES": "catalogue",
    "bandit_story": "bandit_simulation",
    "recs_story": "recommendation_simulation",
    "recs_story_using_logged_slate_docs": "recommendation_simulation",
    "simplified_recs_story": "recommendation_simulation",
    "static_recs_story": "static_recs_simulation",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605
__getattr__, __dir__ = lazily(__name__, _HOMES)
