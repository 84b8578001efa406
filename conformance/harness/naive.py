# SPDX-License-Identifier: BSD-3-Clause
"""A second model, naive on purpose: every execution of a plan, for the core operations only.

Owns: reading a plan (protocol.md section 3) and exploring it without any reduction, with states as plain tuples.
Not here: the model that judges (spec/lit/model), which this one shares no line and no idea of layout with; objects of
the heap (naive_heap.py); deferred calls, timers, cond, rwmutex and once.

Idea: a goroutine is (block, pc, registers, stores, parked).  Each step runs one instruction, one store to a shown
register that is still to come, or completes nothing.  A blocked operation sets `parked`; whoever comes later completes
it.  A lock is parked with its goroutine retrying whenever the lock is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

SEND_CLOSED, CLOSE_CLOSED, WG_NEGATIVE = -1001, -1002, -1008
COMPARE = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
           "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
CALC = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


class G(NamedTuple):
    """A goroutine; dead when block is -1.  Below are (block, pc, registers) of those that called.

    The last three are of programs with a heap: whose finalizer it is (0: a cleanup, None: neither), what the collection
    that it waits for must find dead, collections of a `gc until` so far.
    """

    block: int
    pc: int
    regs: tuple[Any, ...]
    stores: tuple[tuple[int, int], ...]
    parked: bool
    below: tuple[tuple[int, int, tuple[Any, ...]], ...] = ()
    end: Any = None
    doomed: tuple[int, ...] = ()
    rounds: int = 0


class S(NamedTuple):
    """A state; chan objects are (buffer, closed), all others one number."""

    gs: tuple[G, ...]
    objs: tuple[Any, ...]
    shown: tuple[int, ...]
    log: tuple[int, ...]
    heap: Any = None


class End(NamedTuple):
    """How an execution ends."""

    status: str
    state: S


@dataclass
class Plan:
    """A parsed plan: blocks of (caught-to, words, case words)."""

    kinds: list[str]
    caps: list[int]
    first: list[Any]
    blocks: list[tuple[int, list[tuple[str | None, list[str], list[list[str]]]]]]
    nglobals: int
    show: list[str]


def read_plan(text: str) -> Plan:
    """Parses the lines of `lit plan`."""
    plan = Plan([], [], [], [], 0, [])
    for line in text.splitlines():
        word = line.split()
        if word[0] == "globals":
            plan.nglobals = int(word[1])
        elif word[0] == "obj":
            plan.kinds.append(word[2])
            plan.caps.append(int(word[3]) if word[2] == "chan" else 0)
            plan.first.append(((), False) if word[2] == "chan" else int(word[3]) if word[2] in ("atomic", "var") else 0)
        elif word[0] == "blk":
            plan.blocks.append((int(word[3]), []))
        elif word[0] == "show":
            plan.show = word[1:]
        elif word[0] == "case":
            plan.blocks[-1][1][-1][2].append(word[1:])
        elif word[0] == "catch":
            plan.blocks[-1][1].append((word[1], word[2:], []))
        else:
            plan.blocks[-1][1].append((None, word, []))
    return plan


class Naive:
    """All executions of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    # ---- goroutines ----

    def code(self, g: G) -> tuple[str | None, list[str], list[list[str]]]:
        return self.plan.blocks[g.block][1][g.pc]

    def value(self, s: S, g: G, word: str) -> Any:
        n = int(word[1:])
        return n if word[0] == "#" else g.regs[n] if word[0] == "r" else s.shown[n]

    def finish(self, g: G, results: list[tuple[str, Any]], pc: int | None = None) -> G:
        """The goroutine behind its instruction: registers set, stores to shown registers queued."""
        regs, stores = list(g.regs), []
        for to, v in results:
            if to[1] == "r":
                regs[int(to[2:])] = v
            elif to[1] == "g":
                stores.append((int(to[2:]), v))
        return g._replace(pc=g.pc + 1 if pc is None else pc, regs=tuple(regs), stores=tuple(stores), parked=False)

    def done(self, g: G, results: list[tuple[str, Any]] | None = None) -> G:
        caught = self.code(g)[0]
        return self.finish(g, (results or []) + ([(caught, 0)] if caught else []))

    @staticmethod
    def put(s: S, i: int, g: G) -> S:
        return s._replace(gs=s.gs[:i] + (g,) + s.gs[i + 1:])

    @staticmethod
    def set(s: S, o: int, v: Any) -> S:
        return s._replace(objs=s.objs[:o] + (v,) + s.objs[o + 1:])

    def fail(self, s: S, i: int, code: int) -> S | End:
        """The operation of goroutine i panics."""
        g = s.gs[i]
        while g.below and not self.code(g)[0]:
            g = self.leave(g)
        caught = self.code(g)[0]
        return self.put(s, i, self.finish(g, [(caught, code)])) if caught else End(f"panic:{code}", s)

    @staticmethod
    def leave(g: G) -> G:
        """Back in the caller, at its call."""
        block, pc, regs = g.below[-1]
        return g._replace(block=block, pc=pc, regs=regs, below=g.below[:-1])

    def born(self, block: int, *args: Any) -> G:
        """A goroutine at the beginning of a block."""
        return G(block, 0, (args + (0,) * self.plan.blocks[block][0])[:self.plan.blocks[block][0]], (), False)

    # ---- channels: cases of an operation, and whoever waits ----

    def cases(self, g: G) -> list[tuple[int, list[str]]]:
        word = self.code(g)[1]
        if word[0] == "select":
            return [(k, c) for k, c in enumerate(self.code(g)[2]) if c[0] != "default"]
        return [(-1, word)] if word[0] in ("send", "recv0", "recv1", "recv2", "range") else []

    def waiting(self, s: S, o: int, sends: bool, me: int) -> Iterator[tuple[int, int, list[str]]]:
        for i, g in enumerate(s.gs):
            if i != me and g.block >= 0 and g.parked:
                for k, c in self.cases(g):
                    if int(c[1]) == o and (c[0] == "send") == sends:
                        yield i, k, c

    def received(self, s: S, i: int, k: int, c: list[str], v: int, ok: int) -> S:
        g = s.gs[i]
        word = self.code(g)[1]
        if c[0] == "range":
            return self.put(s, i, self.finish(g, [(c[2], v)] if ok else [], None if ok else int(c[3])))
        results = [(c[2], v)] if c[0] in ("recv1", "recv2") else []
        results += [(c[3], ok)] if c[0] == "recv2" else []
        results += [(word[2], k)] if k >= 0 else []
        return self.put(s, i, self.done(g, results))

    def sent(self, s: S, i: int, k: int) -> S:
        g = s.gs[i]
        return self.put(s, i, self.done(g, [(self.code(g)[1][2], k)] if k >= 0 else []))

    def communicate(self, s: S, i: int, k: int, c: list[str]) -> Iterator[S | End]:
        """Every way in which this case can go on now."""
        o = int(c[1])
        if self.plan.kinds[o] == "nilchan":
            return
        buf, closed = s.objs[o]
        if c[0] == "send":
            v = self.value(s, s.gs[i], c[2])
            if closed:
                yield self.fail(s, i, SEND_CLOSED)
                return
            partners = list(self.waiting(s, o, False, i))
            for j, kj, cj in partners:
                yield self.sent(self.received(s, j, kj, cj, v, 1), i, k)
            if not partners and len(buf) < self.plan.caps[o]:
                yield self.sent(self.set(s, o, (buf + (v,), closed)), i, k)
            return
        senders = list(self.waiting(s, o, True, i))
        for j, kj, cj in senders:
            v = self.value(s, s.gs[j], cj[2])
            t = self.set(s, o, (buf[1:] + (v,), closed)) if buf else s
            yield self.received(self.sent(t, j, kj), i, k, c, buf[0] if buf else v, 1)
        if not senders and buf:
            yield self.received(self.set(s, o, (buf[1:], closed)), i, k, c, buf[0], 1)
        elif not senders and closed:
            yield self.received(s, i, k, c, 0, 0)

    def close(self, s: S, i: int, o: int) -> Iterator[S | End]:
        buf, closed = s.objs[o]
        if closed:
            yield self.fail(s, i, CLOSE_CLOSED)
            return
        todo: list[S | End] = [self.put(self.set(s, o, (buf, True)), i, self.done(s.gs[i]))]
        for j, g in enumerate(s.gs):
            mine = [(k, c) for k, c in self.cases(g) if int(c[1]) == o] if g.block >= 0 and g.parked else []
            if mine:
                todo = [self.fail(t, j, SEND_CLOSED) if c[0] == "send" else self.received(t, j, k, c, 0, 0)
                        for t in todo if isinstance(t, S) for k, c in mine] + [t for t in todo if isinstance(t, End)]
        yield from todo

    # ---- one step ----

    def step(self, s: S, i: int) -> Iterator[S | End]:
        g = s.gs[i]
        if g.block < 0:
            return
        if g.stores:
            (n, v), rest = g.stores[0], g.stores[1:]
            shown = s.shown[:n] + (v,) + s.shown[n + 1:]
            yield self.put(s, i, g._replace(stores=rest))._replace(shown=shown)
            return
        word = self.code(g)[1]
        if g.parked:
            if word[0] == "lock" and s.objs[int(word[1])] == 0:
                yield self.set(self.put(s, i, self.done(g)), int(word[1]), 1)
            return
        yield from self.instruction(s, i, g, word)

    def instruction(self, s: S, i: int, g: G, word: list[str]) -> Iterator[S | End]:
        val = [self.value(s, g, w) if w[0] in "#rg" and w[1:].lstrip("-").isdigit() else 0 for w in word]
        op = word[0]
        parked = self.put(s, i, g._replace(parked=True))
        if op in ("send", "recv0", "recv1", "recv2", "range", "select"):
            ways = [t for k, c in self.cases(g) for t in self.communicate(s, i, k, c)]
            defaults = [k for k, c in enumerate(self.code(g)[2]) if c[0] == "default"]
            if ways:
                yield from ways
            elif defaults:
                yield self.put(s, i, self.done(g, [(word[2], defaults[0])]))
            else:
                yield parked
        elif op == "close":
            yield from self.close(s, i, int(word[1]))
        elif op in ("spawn", "spawn1"):
            s = self.put(s, i, self.done(g))
            yield s._replace(gs=s.gs + (self.born(int(word[1]), *val[2:]),))
        elif op in ("call", "call1"):
            callee = self.born(int(word[1]), *val[2:])
            below = (*g.below, (g.block, g.pc, g.regs))
            yield self.put(s, i, g._replace(block=callee.block, pc=0, regs=callee.regs, below=below))
        elif op == "ret" and g.below:
            yield self.put(s, i, self.done(self.leave(g)))
        elif op == "ret":
            end = self.put(s, i, G(-1, 0, (), (), False))
            yield End("ok", s) if i == 0 else end
        elif op == "set":
            yield self.put(s, i, self.done(g, [(word[1], val[2])]))
        elif op == "calc":
            yield self.put(s, i, self.done(g, [(word[1], CALC[word[2]](val[3], val[4]))]))
        elif op == "jmp":
            yield self.put(s, i, self.finish(g, [], int(word[1])))
        elif op == "unless":
            yield self.put(s, i, self.finish(g, [], None if COMPARE[word[2]](val[1], val[3]) else int(word[4])))
        elif op == "note":
            yield self.put(s, i, self.done(g))._replace(log=s.log + (val[1],))
        elif op == "yield":
            yield self.put(s, i, self.done(g))
        elif op == "panic":
            yield self.fail(s, i, val[1])
        elif op == "lock":
            yield self.set(self.put(s, i, self.done(g)), int(word[1]), 1) if not s.objs[int(word[1])] else parked
        elif op == "unlock":
            free = s.objs[int(word[1])] == 0
            yield End("fatal:0", s) if free else self.set(self.put(s, i, self.done(g)), int(word[1]), 0)
        elif op in ("wgadd", "wgdone"):
            yield self.count(s, i, int(word[1]), val[2] if op == "wgadd" else -1)
        elif op == "wgwait":
            yield self.put(s, i, self.done(g)) if s.objs[int(word[1])] == 0 else parked
        else:
            yield self.passive(s, i, g, word, val)

    def count(self, s: S, i: int, o: int, delta: int) -> S | End:
        s = self.set(s, o, s.objs[o] + delta)
        if s.objs[o] < 0:
            return self.fail(s, i, WG_NEGATIVE)
        s = self.put(s, i, self.done(s.gs[i]))
        for j, g in enumerate(s.gs):
            if s.objs[o] == 0 and g.block >= 0 and g.parked and self.code(g)[1][:2] == ["wgwait", str(o)]:
                s = self.put(s, j, self.done(g))
        return s

    def passive(self, s: S, i: int, g: G, word: list[str], val: list[int]) -> S:
        """len, the atomics, and plain variables."""
        op = word[0]
        if op not in ("len", "load", "read", "store", "write", "add", "swap", "cas"):
            raise NotImplementedError(op)
        o = int(word[1])
        x = s.objs[o]
        if op == "len":
            return self.put(s, i, self.done(g, [(word[2], len(x[0]))]))
        if op in ("load", "read"):
            return self.put(s, i, self.done(g, [(word[2], x)]))
        if op in ("store", "write"):
            return self.set(self.put(s, i, self.done(g)), o, val[2])
        if op == "add":
            return self.set(self.put(s, i, self.done(g, [(word[3], x + val[2])])), o, x + val[2])
        if op == "swap":
            return self.set(self.put(s, i, self.done(g, [(word[3], x)])), o, val[2])
        hit = x == val[2]
        return self.set(self.put(s, i, self.done(g, [(word[4], int(hit))])), o, val[3] if hit else x)

    # ---- search ----

    def start(self) -> S:
        return S((self.born(0),), tuple(self.plan.first), (0,) * self.plan.nglobals, ())

    def steps(self, s: S) -> list[S | End]:
        """The steps of all goroutines."""
        return [t for i in range(len(s.gs)) for t in self.step(s, i)]

    def moves(self, s: S) -> Iterator[S | End]:
        yield from self.steps(s) or [End("deadlock", s)]

    def ends(self, limit: int) -> set[str] | None:
        """The outcomes as text, None when there are more states than the limit."""
        start = self.start()
        seen, todo, found = {start}, [start], set()
        while todo:
            s = todo.pop()
            for t in self.moves(s):
                if isinstance(t, End):
                    found.add(self.text(t))
                elif t not in seen:
                    seen.add(t)
                    todo.append(t)
            if len(seen) > limit:
                return None
        return found

    def text(self, end: End) -> str:
        words = [end.status]
        for term in self.plan.show:
            if term == "log":
                words.append(",".join(map(str, end.state.log)) or "-")
            elif end.status == "ok":
                words.append(str(end.state.shown[int(term[1:])]))
        return " ".join(words)
