"""Which fields of slates are fields of the documents that they show."""

from __future__ import annotations

import dataclasses
from typing import Any

from recsim_ng.core.errors import ConfigError
from recsim_ng.runtime.environment_world import World


@dataclasses.dataclass(frozen=True)
class Slates:
    """How slates are made of documents.

    Attributes:
      docs: the variable that holds them.
      num_users: U.
      slate_size: S.
      num_docs: D.
      has_user_axis: whether the slates' fields have one.
      gathered: fields of the slate that are fields of the documents.
      rank_field: dtype of the field doc_ranks, if the slate has it.
      is_whole: whether that is all that the slate has.
    """

    docs: str
    num_users: int
    slate_size: int
    num_docs: int
    has_user_axis: bool
    gathered: tuple[str, ...]
    rank_field: Any
    is_whole: bool

    @property
    def lead(self) -> tuple[int, ...]:
        """`[U]`, or nothing for one user alone."""
        return (self.num_users,) if self.num_users > 1 else ()


def slates_of(world: World, variable: str, docs: str) -> Slates:
    """Returns how the slates are made of the documents.

    Args:
      world: the story.
      variable: the slates.
      docs: the variable that holds the documents.

    Raises:
      ConfigError: (also a ValueError) they are not made of them.
    """
    slate, known = world.shapes[variable], world.shapes[docs]
    specs = next(v.spec for v in world.network.variables if v.name == docs).as_dict
    of_users = [f for f, spec in specs.items() if (spec.dims or ("",))[0] == "user"]
    if of_users and "doc_ranks" not in known and of_users == list(specs):
        raise ConfigError(f"docs: must be of documents, got {docs!r}, which is of users")
    gathered, leads = [], set()
    for name, spec in slate.as_dict.items():
        if name not in known:
            continue
        doc_shape, shape = known.get(name).shape.as_list(), spec.shape.as_list()
        rest = len(doc_shape) - 1
        if (
            doc_shape
            and shape[len(shape) - rest :] == doc_shape[1:]
            and (spec.dtype == known.get(name).dtype and len(shape) - rest in (1, 2))
        ):
            gathered.append(name)
            leads.add((doc_shape[0], *shape[: len(shape) - rest]))
    if "doc_ranks" in slate and not gathered:
        sizes = {x.shape[0] for x in known.as_dict.values() if x.shape.rank}
        leads = {(n, *slate.get("doc_ranks").shape.as_list()) for n in sizes}
    if len(leads) != 1:
        raise ConfigError(
            f"action: the slates, '{variable}' with fields {list(slate)}, must have fields of "
            f"the documents, '{docs}' with fields {list(known)}, all of [U, S, ...] for [D, ...], "
            f"got {sorted(leads) or 'none'}; name the documents by docs=, or docs=None to act on "
            "the fields themselves"
        )
    num_docs, *lead = leads.pop()
    ranks = slate.get("doc_ranks").dtype if "doc_ranks" in slate else None
    return Slates(
        docs=docs,
        num_users=lead[0] if len(lead) == 2 else 1,
        slate_size=lead[-1],
        num_docs=num_docs,
        has_user_axis=len(lead) == 2,
        gathered=tuple(gathered),
        rank_field=ranks,
        is_whole=set(slate) == {*gathered, *(["doc_ranks"] if ranks else [])},
    )
