"""A catalogue whose documents come and go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.turnover import Turnover
from recsim_ng.entities.corpora.wrapped import CorpusCtor, WrappedCorpus


class RenewingCorpus(WrappedCorpus):
    """Another corpus, whose documents are replaced in place by new ones of the same law.

    At every step `Turnover` says which places get a new document. With x the fields of the
    corpus' state whose first axis is "doc":

        arriving_{t+1} ~ the law of the corpus' first state
        x_{t+1}[d]     = arriving_{t+1}[d] where the document is replaced,
                         else that of the corpus' next state

    Other fields of the corpus' state move on as they do without. Fields that move by chance from
    step to step are for a wrapper around this one, as in `PopularityDriftCorpus`, which knows
    arrivals; here their draws would be mixed with others and could not be scored.

    item_id grows with the run, see `Turnover`: what counts by item takes the place in available
    docs (doc_ranks; `Vocabulary.item` left empty).

    Args:
      config: as for the corpus and for `Turnover`: removal_rate, max_age.
      corpus_ctor: makes the corpus, which draws its documents in `initial_state`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the corpus holds no documents in its state, or draws some of
        their fields at every step, or a setting is out of range.
    """

    def __init__(
        self, config: Mapping[str, Any], corpus_ctor: CorpusCtor, name: str = "RenewingCorpus"
    ) -> None:
        super().__init__(config, corpus_ctor, name)
        self._turnover = Turnover(config)
        if self._corpus._drawn_each_step:
            self._refuse_draws(list(self._corpus._drawn_each_step))
        self._drawn_each_step = ("removal", *(f"arriving.{x}" for x in self._inner_state))
        self._renewed = [
            field
            for field, spec in self._inner_state.as_dict.items()
            if isinstance(spec, Space) and spec.dims and spec.dims[0] == "doc"
        ]
        if not self._renewed:
            raise ConfigError(
                f"{name}: the corpus must hold its documents in its state, in fields whose first "
                f"dimension is 'doc', got {list(self._inner_state)} of "
                f"{type(self._corpus).__name__}"
            )

    def initial_state(self) -> Value:
        """Returns the corpus' first state, item_id, birth_step, removal and arriving, all `[D]`."""
        first = self._corpus.initial_state()
        arriving = first.at(*self._renewed).map(lambda x: tf.zeros_like(tf.convert_to_tensor(x)))
        return first.union(self._turnover.initial_state()).union(arriving.prefixed_with("arriving"))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the state after some documents went and others came in their places.

        Raises:
          ConfigError: (also a ValueError) the corpus draws a document's field anew at every step.
        """
        removal = self._turnover.removal(previous_state)
        arriving = self._corpus.initial_state().at(*self._renewed)
        stayed = super().next_state(previous_state, user_response, slate_docs)
        goes = tf.convert_to_tensor(removal) == 1
        fields = stayed.as_dict
        for name in self._renewed:
            kept = fields[name] is previous_state.get(name)
            if is_random_variable(fields[name]) and not kept:
                self._refuse_draws([name])
            new = tf.convert_to_tensor(arriving.get(name))
            where = tf.reshape(goes, [-1] + [1] * (new.shape.rank - 1))
            fields[name] = tf.where(where, new, tf.convert_to_tensor(fields[name]))
        turned = self._turnover.next_state(previous_state, removal, goes)
        return Value(**fields).union(turned).union(arriving.prefixed_with("arriving"))

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns the corpus' documents with item_id, birth_step and doc_age, all `[D]`."""
        documents = super().available_documents(corpus_state)
        return documents.union(self._turnover.documents(corpus_state))

    def _refuse_draws(self, names: list[str]) -> None:
        raise ConfigError(
            f"{type(self).__name__}: the corpus must not draw {names} in next_state, got "
            f"{type(self._corpus).__name__}; wrap it around the RenewingCorpus instead"
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of the corpus with those of turnover and arrivals."""
        inner, turnover = self._corpus.specs(), self._turnover.specs()
        state = inner.get("state").union(turnover.get("state"))
        arriving = inner.get("state").at(*self._renewed).prefixed_with("arriving")
        return ValueSpec(
            state=state.union(arriving),
            available_docs=inner.get("available_docs").union(turnover.get("documents")),
        )
