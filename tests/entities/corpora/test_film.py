import numpy as np

from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora import FilmCorpus


def test_the_catalogue_is_what_was_given_and_stays():
    genres = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    given = {"quality": [0.1, 0.2, 0.3], "popularity": [5, 6, 7], "year": [1990, 0, 1995]}
    corpus = FilmCorpus({"num_docs": 3, "num_topics": 2}, genres, **given)
    specs, state = corpus.specs(), corpus.initial_state()
    films = Variable("available docs", specs.get("available_docs")).typecheck(
        corpus.available_documents(state)
    )
    np.testing.assert_array_equal(films.get("doc_id"), [0, 1, 2])
    np.testing.assert_array_equal(films.get("doc_genres"), genres)
    np.testing.assert_array_equal(films.get("doc_popularity"), given["popularity"])
    np.testing.assert_array_equal(films.get("doc_year"), given["year"])
    np.testing.assert_allclose(films.get("doc_quality"), given["quality"])
    following = corpus.next_state(state, Value(), Value())
    Variable("corpus state", specs.get("state")).typecheck(following)
    assert len(following) == 0
