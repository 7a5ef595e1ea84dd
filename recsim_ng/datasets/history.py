"""History: what each user did, one event after the other, as dense arrays with a mask."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets.event_column import event_column, filler_of, whole_steps
from recsim_ng.datasets.event_order import Locate, refuse_repeated, refuse_unsorted, steps_in_time
from recsim_ng.datasets.table_argument import mapping_of

if TYPE_CHECKING:
    from recsim_ng.core.trajectory import Trajectory


_MOST_CELLS = 2**31 - 1


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """Ragged histories, dense: user u's k-th event stands at `[k, u]`. T steps, U users.

    T is the number of events of whoever has most. Where the mask is False nothing happened: there a
    field holds its filler, which is a valid value (0 if nothing else was said) and must not count:
    a story says so by `ed.Masked(distribution, mask)`, whose log-probability is 0 there.

    >>> history = History.from_events([0, 1, 0], {"x": [1, 2, 3]}, ["ann", "bob"], time=[9, 5, 7])
    >>> history.fields["x"].tolist(), history.mask.tolist()
    ([[3, 2], [1, 0]], [[True, True], [True, False]])

    Attributes:
      mask: `[T, U]` bool whether there is an event.
      fields: name -> `[T, U, ...]` what happened; the filler where masked.
      user_ids: U names of people.
      time: `[T, U]` when, in the unit and dtype of the log, 0 where masked; None: not known.
      fillers: name -> what a field holds where masked.
      axes: name -> names of a field's axes after time and user.
    """

    mask: np.ndarray
    fields: Mapping[str, np.ndarray]
    user_ids: tuple[str, ...]
    time: np.ndarray | None = None
    fillers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    axes: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_events(
        cls,
        user: Any,
        fields: Mapping[str, Any],
        user_ids: Sequence[str],
        *,
        time: Any = None,
        step: Any = None,
        fillers: Mapping[str, Any] | None = None,
        axes: Mapping[str, tuple[str, ...]] | None = None,
        sort: bool = True,
        ties: bool = False,
        locate: Locate | None = None,
    ) -> History:
        """Makes histories out of a log of events. R events.

        With neither time nor step, each user's events are in the order of the rows.

        Args:
          user: `[R]` int, each event's user: an index into `user_ids`.
          fields: name -> `[R, ...]` what happened, in numbers or bool; names are to be numbered.
          user_ids: U names; a user may have no event.
          time: `[R]` int or float, when; orders the events of a user.
          step: `[R]` int, in place of time: each event's step, from 0; steps left out are masked.
          fillers: name -> what a field holds where nothing happened; 0 or False if not given.
          axes: name -> names of a field's axes after the first.
          sort: events may stand in any order; False: each user's must be in the order of time.
          ties: events of a user at one time stay in the order of the rows; False: they are refused.
          locate: says where a row is, for messages; None: "History, event N", from 0.

        Returns:
          The histories.

        Raises:
          DataError: (also a ValueError) a user is unknown; a field, time or step has another
            length, text, a NaN or an infinity; a user's events are unsorted, or two at one step.
          ConfigError: (also a ValueError) both time and step are given, or a filler for no field
            or one that the field cannot hold.
        """
        locate = locate or (lambda row: f"History, event {row}")
        check.flag("History", "sort", sort)
        check.flag("History", "ties", ties)
        if time is not None and step is not None:
            raise ConfigError("History: time or step must be given, not both, got both; leave one")
        fillers, names = (
            mapping_of("History", "fillers", fillers),
            tuple(str(name) for name in user_ids),
        )
        for name in set(fillers) - set(fields):
            raise ConfigError(
                f"History: each filler must be of a field, got one of '{name}'; "
                f"there are {sorted(fields)}"
            )
        user = np.asarray(user)
        if user.ndim != 1 or not len(user) or user.dtype.kind not in "iu":
            raise DataError(
                "History: user must be at least one whole number for each event, "
                f"got {user.dtype} {list(user.shape)}; number the users from 0"
            )
        unknown = np.flatnonzero((user < 0) | (user >= len(names)))
        if len(unknown):
            raise DataError(
                f"{locate(int(unknown[0]))}: user must be one of 0..{len(names) - 1}, got "
                f"{user[unknown[0]]} ({len(unknown)} such events); give all user_ids"
            )
        events = {name: event_column(name, x, len(user), locate) for name, x in fields.items()}
        what, given = ("time", time) if step is None else ("step", step)
        when = (
            np.arange(len(user)) if given is None else event_column(what, given, len(user), locate)
        )
        if step is not None:
            when = whole_steps(when, locate)
        if not sort:
            refuse_unsorted(user, when, names, locate, what)
        if step is not None or not ties:
            refuse_repeated(user, when, names, locate, what)
        step = steps_in_time(user, when) if step is None else when
        shape = int(step.max()) + 1, len(names)
        if shape[0] * shape[1] > _MOST_CELLS:
            raise DataError(
                f"History: steps times users must be at most {_MOST_CELLS}, got {shape[0]} times "
                f"{shape[1]}; leave out the users who have most events, or number steps from 0"
            )
        mask = np.zeros(shape, bool)
        mask[step, user] = True

        def dense(events: np.ndarray, filler: Any) -> np.ndarray:
            result = np.full(mask.shape + events.shape[1:], filler, events.dtype)
            result[step, user] = events
            return result

        used = {name: filler_of(name, fillers.get(name, 0), x) for name, x in events.items()}
        return cls(
            mask,
            {name: dense(x, used[name]) for name, x in events.items()},
            names,
            None if time is None else dense(when, 0),
            used,
            dict(axes or {}),
        )

    @property
    def num_steps(self) -> int:
        """T."""
        return self.mask.shape[0]

    @property
    def num_users(self) -> int:
        """U."""
        return self.mask.shape[1]

    @property
    def num_events(self) -> int:
        """How many events there are."""
        return int(self.mask.sum())

    @property
    def events_per_user(self) -> np.ndarray:
        """`[U]` int64 number of events of each user."""
        return self.mask.sum(axis=0, dtype=np.int64)

    def __repr__(self) -> str:
        return (
            f"History({self.num_events} events of {self.num_users} users in {self.num_steps} "
            f"steps: {', '.join(self.fields)})"
        )

    def where(self, kept: np.ndarray) -> History:
        """Returns the histories with some events alone; the others are masked and forgotten.

        Args:
          kept: `[T, U]` bool which events stay.

        Raises:
          ConfigError: (also a ValueError) it has another shape or is not bool.
        """
        kept = np.asarray(kept)
        if kept.shape != self.mask.shape or kept.dtype != bool:
            raise ConfigError(
                f"History.where: kept must be bool {list(self.mask.shape)}, "
                f"got {kept.dtype} {list(kept.shape)}"
            )
        mask = self.mask & kept

        def masked(x: np.ndarray, filler: Any) -> np.ndarray:
            inside = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
            return np.where(inside, x, np.asarray(filler, x.dtype))

        return dataclasses.replace(
            self,
            mask=mask,
            fields={name: masked(x, self.fillers[name]) for name, x in self.fields.items()},
            time=None if self.time is None else masked(self.time, 0),
        )

    def events(self, name: str) -> np.ndarray:
        """Returns a field of all events, user by user, each in the order of time.

        Args:
          name: of the field.

        Returns:
          `[R, ...]`.

        Raises:
          ConfigError: (also a ValueError) there is no such field.
        """
        check.one_of("History.events", "name", name, self.fields)
        return np.swapaxes(self.fields[name], 0, 1)[self.mask.T]

    def trajectory(
        self,
        variable: str,
        *,
        fields: Sequence[str] | None = None,
        mask: str = "mask",
        time: str = "",
    ) -> Trajectory:
        """Returns the histories as a trajectory of one variable, to be scored, fitted or saved.

        Args:
          variable: its name.
          fields: which fields; None: all.
          mask: the name of the field that is to hold the mask; "" for none.
          time: the name of the field that is to hold the times; "" for none.

        Returns:
          A Trajectory of T steps, whose fields are `[T, U, ...]`.

        Raises:
          ConfigError: (also a ValueError) there is no such field, one has the name of the mask or
            of the times, or the times are not known.
        """
        import tensorflow as tf

        from recsim_ng.core.trajectory import Trajectory
        from recsim_ng.core.value import Value

        chosen = tuple(self.fields) if fields is None else tuple(fields)
        for name in chosen:
            check.one_of("History.trajectory", "fields", name, self.fields)
        arrays = {name: self.fields[name] for name in chosen}
        for name, x, what in ((mask, self.mask, "mask"), (time, self.time, "time")):
            if name in arrays:
                raise ConfigError(
                    f"History.trajectory: {what} must have a name of its own, got '{name}'; "
                    "name it otherwise"
                )
            if name and x is None:
                raise ConfigError(
                    f"History.trajectory: time must be known, got time='{name}' for histories "
                    "without; leave it out"
                )
            if name and x is not None:
                arrays[name] = x
        rest = {name: self.axes.get(name) for name, x in arrays.items()}
        dims = {
            name: ("user", *(rest[name] or ()))
            for name, x in arrays.items()
            if rest[name] is not None or x.ndim == 2
        }
        value = Value(**{name: tf.convert_to_tensor(x) for name, x in arrays.items()})
        return Trajectory({variable: value}, length=self.num_steps, dims={variable: dims})
