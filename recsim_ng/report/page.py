"""The report card as one HTML page, with its pictures inside."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

from recsim_ng.plot.calibration import plot_probability_integral, plot_reliability
from recsim_ng.plot.comparison import plot_comparison
from recsim_ng.plot.giveaway import plot_giveaways
from recsim_ng.plot.policy import plot_policies
from recsim_ng.plot.predictive_check import plot_predictive_checks
from recsim_ng.report.calibration import ProbabilityIntegral, Reliability

_STYLE = """
body { font: 16px/1.5 Georgia, "Times New Roman", serif; color: #222; max-width: 46rem;
  margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; font-weight: normal; margin-bottom: 0.2rem; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid #e4e4e4; }
p.about { color: #666; margin-top: 0; }
.verdict { border-left: 5px solid #009e73; padding: 0.4rem 1rem; background: #f5f5f5; }
.verdict.failed { border-color: #d55e00; }
.verdict ul { margin: 0.3rem 0; padding-left: 1.2rem; }
table { border-collapse: collapse; font-size: 0.92rem; margin: 0.8rem 0; }
th { text-align: left; font-weight: normal; color: #666; border-bottom: 1px solid #999; }
th, td { padding: 0.2rem 1.1rem 0.2rem 0; vertical-align: top; }
td:first-child, td.number { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
div.table { overflow-x: auto; }
img { max-width: 100%; height: auto; display: block; margin: 0.8rem 0; }
section { break-inside: avoid; }
@media (max-width: 34rem) { td:first-child { white-space: normal; }
  th, td { padding-right: 0.6rem; } body { padding: 0 0.8rem; } }
@media print { body { font-size: 11pt; margin: 0; max-width: none; } }
"""


def page(card: Any) -> str:
    """Returns a report card as an HTML page that needs no other file.

    Args:
      card: a `ReportCard`.
    """
    title = f"Report card: {card.field}"
    by = f"{card.num_draws} posterior draws together"
    if card.num_draws == 1:
        by = "one point, which leaves out how uncertain it is"
    about = (
        f"{card.num_interactions} held-out interactions of {card.num_users} users, fitted by "
        f"{card.method}, predicted by {by}."
    )
    sections = [
        _section("Held-out log-likelihood", *_baselines(card)),
        _section("Calibration", *_calibration(card)),
        _section("Two-sample test", *_two_sample(card)),
        _section("Posterior-predictive checks", *_checks(card)),
        _section("Agreement of policy ranking", *_policies(card)),
    ]
    if card.skipped:
        rows = [(part, why) for part, why in card.skipped.items()]
        sections.append(_section("Not looked at", _table(("what", "why"), rows)))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n<body>"
        f'<h1>{_text(title)}</h1><p class="about">{_text(about)}</p>\n'
        f"{_verdict(card)}\n{''.join(sections)}</body></html>\n"
    )


def _verdict(card: Any) -> str:
    if not card.failures:
        return (
            '<div class="verdict"><strong>Nothing that was looked at speaks against it.</strong>'
            "</div>"
        )
    items = "".join(f"<li>{_text(failure)}</li>" for failure in card.failures)
    count = "1 failure" if len(card.failures) == 1 else f"{len(card.failures)} failures"
    return f'<div class="verdict failed"><strong>{count}</strong><ul>{items}</ul></div>'


def _baselines(card: Any) -> list[str]:
    mean = card.log_prob
    rows = [("the fitted story", f"{mean.mean:.4f}", "", "")]
    for c in card.comparisons:
        by = c.advantage
        advantage = f"{by.mean:+.4f} [{by.low:+.4f}, {by.high:+.4f}]"
        rows.append((c.name, f"{c.log_prob:.4f}", advantage, c.verdict))
    heads = ("", "nats per interaction", "advantage [95 % interval]", "")
    figure = plot_comparison(
        [c.name for c in card.comparisons], [c.advantage for c in card.comparisons]
    )
    note = "Intervals are of paired differences, in blocks of users."
    return [_table(heads, rows, (1, 2)), _picture(figure, "advantage over baselines"), _p(note)]


def _calibration(card: Any) -> list[str]:
    found = card.calibration
    if isinstance(found, Reliability):
        low, high = found.interval
        note = (
            f"Expected calibration error {found.error:.4f} [{low:.4f}, {high:.4f}]; chance alone "
            f"stays below {found.by_chance:.4f} in 95 % of the cases. Every point is a tenth of "
            "the alternatives; the bars hold all points at once in 95 % of the cases if the "
            "predictions are right."
        )
        return [_picture(plot_reliability(found), "reliability"), _p(note)]
    if isinstance(found, ProbabilityIntegral):
        note = (
            "Flat if the predictions are right: the band holds all bars at once in 95 % of the "
            f"cases. Kolmogorov and Smirnov's test: p = {found.p_value:.2g}."
        )
        return [_picture(plot_probability_integral(found), "probability integral"), _p(note)]
    return []


def _two_sample(card: Any) -> list[str]:
    found = card.two_sample
    if found is None:
        return []
    rows = [
        (t.classifier, f"{t.accuracy:.3f}", f"{t.right} of {t.pairs}", f"{t.p_value:.2g}")
        for t in found.tests
    ]
    heads = ("classifier", "accuracy", "pairs told rightly", "its own p")
    names = [name for name, _, _ in found.giveaways]
    figure = plot_giveaways(names, [away for _, away, _ in found.giveaways])
    among = ""
    if found.p_among_simulated is not None:
        among = f", {found.p_among_simulated:.2g} among simulated ones in the real one's place"
    note = (
        f"Real and simulated trajectories of {found.num_users} users that the classifiers had not "
        f"seen; p = {found.p_value:.2g} over both, twice the lesser{among}. Features with "
        "the largest weights in the logistic regression:"
    )
    return [_table(heads, rows, (1, 2, 3)), _p(note), _picture(figure, "giveaways")]


def _checks(card: Any) -> list[str]:
    if not card.checks:
        return []
    note = "Blue: simulated trajectories; red: the held-out logs."
    return [_picture(plot_predictive_checks(card.checks), "checks"), _p(note)]


def _policies(card: Any) -> list[str]:
    found = card.policies
    if found is None:
        return []
    rows = [
        (r.estimator, f"{r.tau:.2f}", f"[{r.interval[0]:.2f}, {r.interval[1]:.2f}]")
        for r in found.rankings
    ]
    heads = ("estimator", "Kendall's tau", "95 % interval")
    estimates = {r.estimator: r.values for r in found.rankings}
    sizes = ", ".join(f"{name} {size:.0f}" for name, size in found.effective_sizes.items())
    return [
        _table(heads, rows, (1, 2)),
        _picture(plot_policies(found.simulated, estimates), "policies"),
        _p(f"Decisions that the weights are worth: {sizes}."),
    ]


def _section(title: str, *parts: str) -> str:
    if not parts:
        return ""
    return f"<section><h2>{_text(title)}</h2>{''.join(parts)}</section>\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        marks = [' class="number"' if i in right else "" for i in range(len(row))]
        return "".join(
            f"<{tag}{mark}>{_text(x)}</{tag}>" for mark, x in zip(marks, row, strict=True)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="table"><table><tr>{cells("th", heads)}</tr>{body}</table></div>'


def _picture(figure: Any, what: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width = int(figure.get_size_inches()[0] * 96)
    return f'<img alt="{_text(what)}" width="{width}" src="data:image/png;base64,{data}">'


def _p(text: str) -> str:
    return f"<p>{_text(text)}</p>"


def _text(x: str) -> str:
    return html.escape(str(x))
