"""What the functions and aggregations are for, in the words of `docs/alerts.md`."""

from __future__ import annotations

CATALOGUE: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Of a range (`[5m]`, or a subquery `[1h:1m]`)",
        (
            ("rate, increase", "growth of a counter, a second or in all; resets are seen"),
            ("irate", "growth a second between the last two samples"),
            ("delta, idelta", "change of a gauge over the range, or between the last two samples"),
            (
                "deriv, predict_linear",
                "slope a second of the regression line, and its value so many seconds on",
            ),
            ("changes, resets", "how often the value changed, or fell"),
            (
                "avg_over_time, min_over_time, max_over_time, sum_over_time, count_over_time, "
                "quantile_over_time, stddev_over_time, stdvar_over_time",
                "the samples of each series in one figure",
            ),
            ("last_over_time, present_over_time", "the newest sample, with its name; 1 where there is any"),
            ("absent_over_time", "1 where no series has a sample"),
        ),
    ),
    (
        "Of a vector",
        (
            ("absent", "1 where the vector is empty, with the labels its selector asks for by `=`"),
            ("histogram_quantile, histogram_fraction", "of classic histograms (`le`), interpolated"),
            ("label_replace, label_join", "a label made out of others"),
            ("sort, sort_desc", "in order of the values"),
            ("clamp, clamp_min, clamp_max, round", "bounded, or rounded to a multiple"),
            ("abs, ceil, floor, sgn, exp, sqrt, ln, log2, log10", "of each element"),
            (
                "sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, deg, rad",
                "of each element, angles in radians",
            ),
            ("timestamp", "when the sample is of"),
            (
                "minute, hour, day_of_week, day_of_month, day_of_year, days_in_month, month, year",
                "of each element as Unix time, in UTC; of now without one",
            ),
            ("scalar, vector", "a number out of a vector of one element, and back"),
        ),
    ),
    ("Numbers", (("time, pi", "now in Unix seconds; 3.14159..."),)),
    (
        "Aggregations, `by` or `without` labels",
        (
            ("sum, avg, min, max, count, group", "of each group; `group` is 1"),
            ("stddev, stdvar, quantile", "of each group"),
            ("topk, bottomk", "the largest or smallest elements of each group, with their labels"),
            ("count_values", "how often each value is there"),
        ),
    ),
)


def names() -> list[str]:
    """Every function and aggregation that is explained."""
    return [name for _, rows in CATALOGUE for words, _ in rows for name in words.split(", ")]


def tables() -> str:
    """The catalogue as tables of Markdown, one a group."""
    return "\n\n".join(
        f"### {title}\n\n| | |\n|---|---|\n"
        + "\n".join(f"| {_code(words)} | {sentence} |" for words, sentence in rows)
        for title, rows in CATALOGUE
    )


def _code(words: str) -> str:
    return ", ".join(f"`{name}`" for name in words.split(", "))
