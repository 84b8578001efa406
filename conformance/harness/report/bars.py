# SPDX-License-Identifier: BSD-3-Clause
"""The picture of a bench record: a bar for each ratio on a logarithmic axis, its goal marked, as one SVG without scripts.

A bar starts at 1, where both sides take the same, and ends at the ratio: leftwards is less time than Go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

BAR, GAP, TOP, LEFT, WIDTH, RIGHT = 14, 6, 74, 190, 560, 120
COLOURS = {True: "#2a7f4f", False: "#c2571a", None: "#6b7a8f"}
STYLE = ("text{font:12px sans-serif;fill:#222}.small{font-size:11px;fill:#666}.title{font-size:15px;font-weight:bold}"
         ".grid{stroke:#ddd}.one{stroke:#222}.goal{stroke:#111;stroke-width:2}")


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """The ends of the axis: from some power of ten to one that is 1 at least, with all the values between."""
    low = math.floor(math.log10(min([*values, 0.1])))
    high = math.log10(max([*values, 1.0]) * 1.25)
    return low, high


def picture_of(results: Sequence[Mapping[str, Any]], title: str) -> str:
    """The SVG of the results that have a ratio."""
    rows = [r for r in results if r["ratio"] is not None]
    low, high = _decades([v for r in rows for v in (r["ratio"], r["goal"]) if v])
    height = TOP + len(rows) * (BAR + GAP) + 34

    def x(value: float) -> float:
        return round(LEFT + WIDTH * (math.log10(max(value, 10 ** low)) - low) / (high - low), 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}">',
             f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="white"/>',
             '<text class="title" x="12" y="22">Reference / Go, one bar a figure: left of 1 the reference takes less</text>',
             f'<text class="small" x="12" y="40">{escape(title)}; black mark: the goal; green: met, orange: missed, '
             f"grey: no goal{_stars(rows)}</text>"]
    parts += _axis(x, low, high, height)
    for i, row in enumerate(rows):
        parts += _bar(x, row, TOP + i * (BAR + GAP))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _stars(rows: Sequence[Mapping[str, Any]]) -> str:
    """What a star means, where there is one."""
    against = sorted({r["against"] for r in rows if r["against"]})
    return f"; *: not Go, but the reference without {escape(', '.join(against))}" if against else ""


def _axis(x: Any, low: float, high: float, height: int) -> list[str]:
    """Lines and numbers at 1, 2 and 5 of each decade."""
    parts = []
    for decade in range(math.floor(low), math.ceil(high) + 1):
        for step in (1, 2, 5):
            value = step * 10.0 ** decade
            if not low - 1e-9 <= math.log10(value) <= high:
                continue
            kind = "one" if value == 1 else "grid"
            parts.append(f'<line class="{kind}" x1="{x(value)}" x2="{x(value)}" y1="{TOP - 8}" y2="{height - 26}"/>')
            parts.append(f'<text class="small" text-anchor="middle" x="{x(value)}" y="{height - 10}">{value:g}</text>')
            parts.append(f'<text class="small" text-anchor="middle" x="{x(value)}" y="{TOP - 12}">{value:g}</text>')
    return parts


def _bar(x: Any, row: Mapping[str, Any], y: int) -> list[str]:
    """One figure: its name, its bar, its goal, its ratio."""
    left, right = sorted((x(row["ratio"]), x(1.0)))
    name = f"{row['name']}{'*' if row['against'] else ''}, P{row['procs']}"
    base = y + BAR - 3
    parts = [f'<text text-anchor="end" x="{LEFT - 8}" y="{base}">{escape(name)}</text>',
             f'<rect x="{left}" y="{y}" width="{max(1.0, round(right - left, 1))}" height="{BAR}" fill="{COLOURS[row["met"]]}"/>',
             f'<text class="small" x="{right + 6}" y="{base}">{row["ratio"]:.2f}'
             + (f' (goal {row["goal"]:g})' if row["goal"] else "") + "</text>"]
    if row["goal"]:
        parts.append(f'<line class="goal" x1="{x(row["goal"])}" x2="{x(row["goal"])}" y1="{y - 2}" y2="{y + BAR + 2}"/>')
    return parts
