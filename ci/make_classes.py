#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Print reference/src/heap/class.def: the size classes of the heap.

Owns: which sizes there are, and how many pages the spans of each have.
Not here: the lookup by size, which is derived from the table (heap/class.c).

Idea: up to 128 bytes a class for each 16 bytes; above, each class is the largest that wastes at most
an eighth on whoever needs one byte more than the class before it holds. Powers of two and whole
small pages are classes themselves, so that what asks for them is aligned to them.

  I1  Sizes grow, and are multiples of 16.
  I2  A slot has at most an eighth of waste from 128 bytes up, and the rest of a span behind its
      last slot is at most an eighth of the span.
  I3  Up to 512 bytes a span is one page. Above it has 2 to 16 slots: each has a type. It is large
      enough for 8 slots, or 64 KB, so that getting one is rare.
"""
from __future__ import annotations

import sys

PAGE = 8192
SMALL_PAGE = 4096
TOP = 32768
BITS_TOP = 512
GRANULE = 16
SLOTS_WANTED, SLOTS_MAX = 8, 16
PAGES_WANTED = 8

HEAD = """\
/* SPDX-License-Identifier: BSD-3-Clause */
/* class.def - the size classes of the heap: CLASS_DEF(bytes of a slot, pages of a span,
 * slots).  Made by ci/make_classes.py, which says why these; class 0 is for large ones. */
"""


def granule(size: int) -> int:
    """What sizes near this one are multiples of."""
    if size < BITS_TOP:
        return GRANULE
    return 64 if size < 2048 else 128 if size < 8192 else 512


def sizes() -> list[int]:
    """All classes by size."""
    whole = {1 << k for k in range(4, 16)} | set(range(SMALL_PAGE, TOP + 1, SMALL_PAGE))
    found = [GRANULE]
    while found[-1] < TOP:
        last = found[-1]
        most = (last + 1) * 8 // 7
        step = granule(last)
        size = max(last + step, most // step * step)
        found.append(min([size] + [w for w in whole if w > last]))
    return found


def span_pages(size: int) -> int:
    """The smallest span that obeys I2 and I3."""
    for pages in range(1, 2 * PAGES_WANTED):
        span = pages * PAGE
        slots = span // size
        is_tight = (span - slots * size) * 8 <= span
        is_large = slots >= SLOTS_WANTED or (slots >= 2 and pages >= PAGES_WANTED)
        if is_tight and is_large and (size <= BITS_TOP or slots <= SLOTS_MAX):
            return pages
    raise SystemExit(f"class {size}: no span will do")


def table() -> str:
    """The whole file."""
    rows = []
    for size in sizes():
        pages = span_pages(size)
        rows.append(f"CLASS_DEF({size}, {pages}, {pages * PAGE // size})")
    return HEAD + "\n".join(rows) + "\n#undef CLASS_DEF\n"


if __name__ == "__main__":
    sys.stdout.write(table())
