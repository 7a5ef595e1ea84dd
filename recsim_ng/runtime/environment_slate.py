"""What a recommender does: slates by documents' places, by scores of documents or a proto-item."""

from __future__ import annotations

from typing import Any, Literal

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import NetworkValue
from recsim_ng.core.value import Value
from recsim_ng.runtime.environment_action import ActionError, array_of, brief, within
from recsim_ng.runtime.environment_field import seen_field
from recsim_ng.runtime.environment_slate_space import SlateSpace
from recsim_ng.runtime.environment_slates import Slates, slates_of
from recsim_ng.runtime.environment_world import World

ActionKind = Literal["slate", "document", "scores", "proto"]
KINDS = ("slate", "document", "scores", "proto")


def slate_action(
    world: World,
    variable: str,
    kind: ActionKind,
    *,
    docs: str,
    repeats: bool,
    features: str,
    mask: str,
    action_range: tuple[float, float],
) -> SlateAction:
    """Returns the action that shows slates of the story's documents.

    Args:
      world: the story.
      variable: the slates.
      kind: what an action is.
      docs: the variable of the documents.
      repeats: whether a slate may show a document twice.
      features: the documents' field that a proto-item is compared with.
      mask: the documents' field that says who may be shown what, if they have it.
      action_range: the least and the greatest number of scores and proto-items.

    Raises:
      ConfigError: (also a ValueError) the slates cannot be made of the documents, or the kind is
        not for such slates.
    """
    if docs in world.after:
        raise ConfigError(
            f"action: the documents must be known before the agents act, got docs='{docs}', which "
            f"an agent acts on, or which follows from that"
        )
    slates = slates_of(world, variable, docs)
    if slates.slate_size > slates.num_docs and not repeats:
        raise ConfigError(
            f"action: the slates, '{variable}', must be of no more documents than '{docs}' has, "
            f"got {slates.slate_size} of {slates.num_docs}; name the documents by docs=, or pass "
            "repeats=True"
        )
    if kind == "document" and slates.slate_size != 1:
        raise ConfigError(
            f"action: 'document' is for slates of one, got slates of {slates.slate_size}; take "
            "'slate'"
        )
    dim = 0
    if kind == "proto":
        known = world.shapes[docs]
        if features not in known or known.get(features).shape.rank != 2:
            raise ConfigError(
                f"action: 'proto' needs the documents' field '{features}', of shape [D, F], got "
                f"{dict(known.as_dict)}; name another by features="
            )
        dim = known.get(features).shape[1]
    if mask in world.shapes[docs]:
        found = world.shapes[docs].get(mask)
        rows = slates.num_users if slates.has_user_axis else 1
        if found.dtype != tf.bool or found.shape.as_list() not in (
            [slates.num_docs],
            [rows, slates.num_docs],
        ):
            raise ConfigError(
                f"mask: '{docs}.{mask}' must be bool, [D] or [U, D], of {slates.num_docs} docs and "
                f"{rows} users, got {found.dtype.name} of {found.shape}"
            )
    else:
        mask = ""
    return SlateAction(world, variable, kind, slates, repeats, features, dim, mask, action_range)


class SlateAction:
    """Shows each user a slate, from which the fields of the documents follow.

    Args:
      world: the story.
      variable: the slates.
      kind: "slate": `[U, S]` places in available docs; "document": `[U]`, for slates of one;
        "scores": `[U, D]`, of which the S highest are shown; "proto": `[U, F]`, the S nearest are.
        For one user alone the axis U is left out.
      slates: how the slates are made.
      repeats: whether a document may be shown twice.
      features: for "proto".
      dim: F.
      mask: the documents' field of who may be shown what, `[U, D]` or `[D]` bool, or "".
      action_range: for "scores" and "proto".

    Attributes:
      is_index: whether an action is places of documents.
    """

    def __init__(
        self,
        world: World,
        variable: str,
        kind: str,
        slates: Slates,
        repeats: bool,
        features: str,
        dim: int,
        mask: str,
        action_range: tuple[float, float],
    ) -> None:
        self.variable, self._kind, self.slates = variable, kind, slates
        self._repeats, self._features = repeats, features
        self.mask = seen_field(world, slates.docs, mask) if mask else None
        lead, docs, size = slates.lead, slates.num_docs, slates.slate_size
        if kind == "slate":
            shape = (*lead, size)
            self.space: Any = SlateSpace(np.full(shape, docs), repeats or size == 1)
            self.spec = tf.TensorSpec(shape, tf.int32)
        elif kind == "document":
            self.space = (
                SlateSpace(np.full(lead, docs), repeats=True)
                if lead
                else gymnasium.spaces.Discrete(docs)
            )
            self.spec = tf.TensorSpec(lead, tf.int32)
        else:
            shape = (*lead, dim if kind == "proto" else docs)
            self.space = gymnasium.spaces.Box(*action_range, shape, np.float32)
            self.spec = tf.TensorSpec(shape, tf.float32)
        self._shape = tuple(self.spec.shape.as_list())
        first = np.broadcast_to(np.arange(size), (*lead, size))
        self.legal = first if kind == "slate" else np.zeros(self._shape, self.spec.dtype.name)
        self.is_index = kind in ("slate", "document")

    def checked(self, action: Any, lead: tuple[int, ...] = ()) -> np.ndarray:
        found = array_of(action)
        shape = (*lead, *self._shape)
        if found.shape != shape:
            raise ActionError(f"action: must be of shape {shape}, got {found.shape}")
        if not self.is_index:
            return within(found, self.space)
        if found.dtype.kind not in "iu":
            raise ActionError(
                f"action: must be whole numbers, the places of documents, got {found.dtype} "
                f"{brief(found)}"
            )
        docs = self.slates.num_docs
        if found.size < 64:  # a few Python integers are looked at faster than an array
            numbers = found.ravel().tolist()
            wrong = min(numbers) < 0 or max(numbers) >= docs
        else:
            wrong = bool(found.min() < 0 or found.max() >= docs)
        if wrong:
            raise ActionError(
                f"action: must be places of documents within 0..{docs - 1}, got {brief(found)}"
            )
        if not self._repeats and self._kind == "slate":
            self._require_distinct(found)
        return found.astype(np.int32)

    def _require_distinct(self, found: np.ndarray) -> None:
        size = self.slates.slate_size
        if found.ndim == 1 and found.size < 64:
            wrong = len(set(found.tolist())) < size
        else:
            wrong = any(
                bool(np.any(found[..., i] == found[..., j])) for i in range(size) for j in range(i)
            )
        if wrong:
            raise ActionError(
                f"action: a slate must not show a document twice, got {brief(found)}; "
                "repeats=True allows it, and with action='scores' it cannot happen"
            )

    def allowed(self, mask: np.ndarray, lead: tuple[int, ...] = ()) -> np.ndarray:
        """Returns who may be shown what, `[..., U, D]` bool, or `[..., D]` for one user alone.

        Args:
          mask: the documents' field as it is shown, `[..., U, D]` or `[..., D]`.
          lead: shape of the axes in front of the field's own.
        """
        slates = self.slates
        own = mask.reshape((*lead, -1, slates.num_docs))
        return (
            np.broadcast_to(own, (*lead, slates.num_users, slates.num_docs)).reshape(
                (*lead, *slates.lead, slates.num_docs)
            )
            != 0
        )

    def masks(self, allowed: np.ndarray) -> np.ndarray:
        """Returns which documents may be shown, for each place in turn, `[..., U S D]` bool.

        Args:
          allowed: as `allowed` returns it.

        Raises:
          ConfigError: (also a ValueError) actions are no places.
        """
        if not self.is_index:
            raise ConfigError(
                "action_masks: actions must be places of documents, got scores or proto-items"
            )
        size, docs = self.slates.slate_size, self.slates.num_docs
        lead = allowed.shape[: allowed.ndim - 1 - len(self.slates.lead)]
        return (
            np.repeat(allowed[..., None, :], size, axis=-2)
            .reshape((*lead, -1, docs))
            .reshape((*lead, -1))
        )

    def require_allowed(self, ranks: np.ndarray, allowed: np.ndarray) -> None:
        """Requires that documents may be shown.

        Args:
          ranks: the action, checked.
          allowed: as `allowed` returns it, with the same axes in front.

        Raises:
          ActionError: (also a ValueError) one may not, or fewer than S may.
        """
        size = self.slates.slate_size
        if not self.is_index:
            if allowed.sum(axis=-1).min(initial=size) < size:
                raise ActionError(
                    f"action: slates of {size} must be of documents that may be shown, got fewer "
                    "of those; take smaller slates"
                )
            return
        ranks = ranks[..., None] if self._kind == "document" else ranks
        shown = np.take_along_axis(allowed, ranks, axis=-1)
        if not shown.all():
            raise ActionError(
                "action: a slate must show only documents that may be shown, got "
                f"{brief(ranks[~shown])} among them; info['action_mask'] says which may"
            )

    def ranks(self, action: Any, current: NetworkValue) -> Any:
        """Returns the places of the documents that are shown, `[U, S]` int32.

        Args:
          action: a tensor.
          current: what stands before the action.
        """
        slates = self.slates
        action = tf.reshape(action, [slates.num_users, -1])
        if self.is_index:
            return action
        docs = current[slates.docs]
        if self._kind == "proto":
            # |p - d|^2 without |p|^2, which is the same for all documents.
            features = docs.get(self._features)
            action = 2.0 * tf.matmul(action, features, transpose_b=True)
            action -= tf.reduce_sum(features**2, axis=-1)
        if self.mask is not None:
            action = tf.where(docs.get(self.mask.field), action, -np.inf)
        return tf.math.top_k(action, slates.slate_size).indices

    def pin(self, action: Any, current: NetworkValue) -> dict[Any, Any]:
        slates = self.slates
        ranks = self.ranks(action, current)
        ranks = ranks if slates.has_user_axis else ranks[0]
        docs = current[slates.docs]
        fields = {name: tf.gather(docs.get(name), ranks) for name in slates.gathered}
        if slates.rank_field is not None:
            fields["doc_ranks"] = tf.cast(ranks, slates.rank_field)
        if slates.is_whole:
            return {self.variable: Value(**fields)}
        return {f"{self.variable}.{name}": x for name, x in fields.items()}
