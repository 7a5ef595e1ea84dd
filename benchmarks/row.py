"""One measured number, beside what was asked of it."""

from __future__ import annotations

import dataclasses

from benchmarks.timing import Ratio


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table of results.

    Attributes:
      what: what was measured, in words.
      asked: what was asked of it, in words; "" where nothing was.
      measured: the number.
      unit: its unit, "" for a ratio.
      ci: its 95 % confidence interval, None where there is none.
      ok: whether it is as asked; None where nothing was asked, or not at this size.
    """

    what: str
    asked: str
    measured: float
    unit: str = ""
    ci: tuple[float, float] | None = None
    ok: bool | None = None

    @classmethod
    def at_least(cls, what: str, ratio: Ratio, bound: float | None) -> Row:
        """A ratio that was asked to be no less than `bound`; None if nothing was asked."""
        ok = None if bound is None else ratio.median >= bound
        asked = "" if bound is None else f"at least {bound:g}"
        return cls(what, asked, ratio.median, ci=(ratio.low, ratio.high), ok=ok)

    @classmethod
    def at_most(cls, what: str, ratio: Ratio, bound: float | None) -> Row:
        """A ratio that was asked to be no more than `bound`; None if nothing was asked."""
        ok = None if bound is None else ratio.median <= bound
        asked = "" if bound is None else f"at most {bound:g}"
        return cls(what, asked, ratio.median, ci=(ratio.low, ratio.high), ok=ok)
