#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wrap over-long comment lines of C files in place: the part of formatting that clang-format spoils.

Owns: lines over 92 columns that are too long because of a block comment.
Not here: code (clang-format), lines of macros that end in a backslash, // comments.

Idea: only what is too long moves. The words that do not fit go to the front of the next line when
that line carries on the same text, else to a line of their own, so lists, tables and drawings in
comments stay as they are. A long comment behind code moves above the code; a ruled line shrinks.

  I1  The code outside comments does not change, nor do the words inside.
  I2  A second run changes nothing.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

WIDTH = 92

OPEN = re.compile(r"^( *)/\* (.*)$")
RULE = re.compile(r"([-=*~])\1{9,}")
INNER = re.compile(r"^( *) \* (.*)$")
BEHIND = re.compile(r"^( *)(\S.*?) */\* (.*) \*/$")
# An item of a list, "I1  text" or "- text", or a row "name   text": its text hangs.
ITEM = re.compile(
    r"^ *(?:I\d+ +|[-*] +|\d+[.)] +|\([a-z0-9]\) +|(?=.{1,24}?[^ .:;] {2})\S.*?[^ .:;] {2,})"
)


def hang(text: str) -> int:
    """The column, within a comment's text, at which its further lines begin."""
    item = ITEM.match(text)
    return item.end() if item and item.end() < 40 else len(text) - len(text.lstrip(" "))


def carries_on(text: str, column: int) -> bool:
    """Whether a comment line goes on with the text above, whose further lines begin at column."""
    indent = len(text) - len(text.lstrip(" "))
    return bool(text.strip()) and text != "*/" and indent == column and not ITEM.match(text)


def split(text: str, room: int) -> tuple[str, str]:
    """What fits into room, and the rest; a word that is too long stays whole."""
    end = len(text.removesuffix("*/").rstrip())  # the closing mark never stands alone
    cut = text.rfind(" ", 0, min(room + 1, end))
    if cut <= len(text) - len(text.lstrip(" ")):
        cut = text.find(" ", max(room, 0), end)
    return (text, "") if cut < 0 else (text[:cut].rstrip(), text[cut:].strip())


def wrap(indent: str, texts: list[str]) -> list[str]:
    """The lines of one block comment, given its texts without the leading ' * '."""
    room = WIDTH - len(indent) - 3
    done: list[str] = []
    rest = [(text, hang(text)) for text in texts]
    while rest:
        text, column = rest.pop(0)
        more = ""
        if len(text) > room and RULE.search(text):
            text = RULE.sub(lambda rule: rule[0][len(text) - room :], text, count=1)
        elif len(text) > room:
            text, more = split(text, room)
        done.append(text)
        if more and not more.endswith("*/") and rest and carries_on(rest[0][0], column):
            rest[0] = (" " * column + more + " " + rest[0][0].lstrip(" "), column)
        elif more:
            rest.insert(0, (" " * column + more, column))
    lead = [f"{indent}/* "] + [f"{indent} * "] * (len(done) - 1)
    return [
        f"{indent} */" if text == "*/" else (start + text).rstrip()
        for start, text in zip(lead, done)
    ]


def comment_at(lines: list[str], at: int) -> tuple[str, list[str]] | None:
    """Indent and texts of the block comment that begins line `at`, when it is of the usual form."""
    first = OPEN.match(lines[at])
    if not first:
        return None
    indent, text = first[1], first[2]
    texts = [text]
    while "*/" not in texts[-1]:
        at += 1
        if at == len(lines):
            return None
        inner = INNER.match(lines[at])
        if lines[at] == indent + " */":
            texts.append("*/")
        elif lines[at] == indent + " *":
            texts.append("")
        elif inner and inner[1] == indent:
            texts.append(inner[2])
        else:
            return None
    return (indent, texts) if texts[-1].endswith("*/") else None


def wrap_file(text: str) -> str:
    """The whole file, wrapped."""
    lines = text.splitlines()
    out: list[str] = []
    at = 0
    while at < len(lines):
        comment = comment_at(lines, at)
        behind = BEHIND.match(lines[at])
        if comment:
            indent, texts = comment
            out += wrap(indent, texts)
            at += len(texts)
            continue
        if behind and len(lines[at]) > WIDTH and behind[2].count('"') % 2 == 0:
            out += wrap(behind[1], [behind[3] + " */"])
            out.append(behind[1] + behind[2])
        else:
            out.append(lines[at])
        at += 1
    return "\n".join(out) + "\n" if out else ""


def main(names: list[str]) -> int:
    """Wrap each file named; says which changed."""
    if not names:
        print("usage: wrap_comments.py FILE...", file=sys.stderr)
        return 2
    for name in names:
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = wrap_file(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"wrapped {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
