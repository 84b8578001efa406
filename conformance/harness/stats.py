# SPDX-License-Identifier: BSD-3-Clause
"""The statistics behind `stat` lines: exact enough tails, no dependency.

A test fails only when it is significant **and** the bias is larger than the margin, in each of two independent draws
(the second five times larger).  An implementation with a slightly uneven generator conforms; "always the first" does not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from .lit import Program, Stat


def chi_square_tail(x: float, df: int) -> float:
    """P(X >= x) for a chi-square variable with df degrees of freedom."""
    if x <= 0:
        return 1.0
    a, z = df / 2.0, x / 2.0
    scale = math.exp(-z + a * math.log(z) - math.lgamma(a))
    if z < a + 1.0:  # series of the lower tail
        term = total = 1.0 / a
        n = a
        while term > total * 1e-16:
            n += 1.0
            term *= z / n
            total += term
        return max(0.0, 1.0 - total * scale)
    # continued fraction of the upper tail, after Lentz
    b = z + 1.0 - a
    c, d = 1e300, 1.0 / b
    h = d
    for i in range(1, 500):
        an = -i * (i - a)
        b += 2.0
        d = an * d + b
        d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
        c = b + an / c
        c = c if abs(c) > 1e-300 else 1e-300
        step = d * c
        h *= step
        if abs(step - 1.0) < 1e-15:
            break
    return min(1.0, scale * h)


def uniform(counts: Sequence[int], alpha: float, margin: float) -> str:
    """Empty when the counts may be uniform, else what is wrong with them."""
    total, ways = sum(counts), len(counts)
    if ways < 2 or total == 0:
        return ""
    expected = total / ways
    x = sum((n - expected) ** 2 for n in counts) / expected
    worst = max(abs(n / total - 1.0 / ways) for n in counts)
    tail = chi_square_tail(x, ways - 1)
    if tail < alpha and worst > margin:
        return f"shares {[round(n / total, 4) for n in counts]} of {total}: p={tail:.1e}, off by {worst:.3f}"
    return ""


def term_counts(program: Program, term: str, draw: Counter[str]) -> list[int]:
    """How often each value of this term was seen, over the values that the allowed outcomes have."""
    def value(key: str) -> str:
        return next((w.partition("=")[2] for w in key.split() if w.startswith(term + "=")), "")
    values = sorted({value(key) for key in program.allowed})
    found: Counter[str] = Counter()
    for key, count in draw.items():
        found[value(key)] += count
    return [found[v] for v in values]


def _draw_fails(program: Program, stat: Stat, draw: Counter[str]) -> str:
    if stat.rule == "seen-all":
        missing = sorted(program.wanted - draw.keys())
        return f"never seen in {sum(draw.values())} trials: {'; '.join(missing)}" if missing else ""
    return uniform(term_counts(program, stat.term or "", draw), stat.alpha, stat.margin)


def judge_stats(program: Program, draws: Sequence[Counter[str]]) -> list[str]:
    """What the `stat` lines object to; a rule must fail in every draw to count."""
    findings = []
    for stat in program.stats:
        verdicts = [_draw_fails(program, stat, draw) for draw in draws]
        if verdicts and all(verdicts):
            findings.append(f"stat {stat.rule} {stat.term or ''}: {verdicts[-1]}".replace("  ", " "))
    return findings
