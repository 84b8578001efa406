# SPDX-License-Identifier: BSD-3-Clause
"""Objects of the heap in the second model: litmus.md section 10, told once more.

Owns: the heap's instructions, collections, what is due.  Not here: everything else (naive.py); races on fields.

Idea: nothing is forgotten and nothing renumbered.  An object keeps its number for ever, and a pointer is that number
with a field.  A weak pointer is a pointer with the number of times that its object had been found dead when it was
made: it gives the object as long as that number has not moved.  A collection chooses what of the unreachable it finds
dead among all sets that what it spares does not lead into.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from harness.naive import End, G, Naive, Plan, S

NIL_DEREF, INDEX = -1005, -1006
MOST_LOST = 7


class Unmodelled(Exception):
    """The program is its author's mistake."""


class TooMany(Exception):
    """More unreachable objects than have all their subsets tried."""


class Pointer(NamedTuple):
    object: int
    field: int


class Weak(NamedTuple):
    to: Pointer
    deaths: int


class Handle(NamedTuple):
    cleanup: int


class Object(NamedTuple):
    """fields: (index, pointer) of those that are not nil; deaths: how often it was found dead; gone: for good."""

    size: int
    fields: tuple[Any, ...]
    finalizer: int
    deaths: int
    gone: bool


class Cleanup(NamedTuple):
    """done: it was stopped, or became due."""

    object: int
    block: int
    arg: Any
    done: bool


class Due(NamedTuple):
    block: int
    arg: Any
    is_finalizer: bool


class Heap(NamedTuple):
    objects: tuple[Object, ...] = ()
    cleanups: tuple[Cleanup, ...] = ()
    dues: tuple[Due, ...] = ()


def but(things: tuple[Any, ...], i: int, thing: Any) -> tuple[Any, ...]:
    return things[:i] + (thing,) + things[i + 1:]


def pointers(things: Any) -> Iterator[int]:
    """The objects that these values, however nested in tuples, point to."""
    if isinstance(things, Pointer):
        yield things.object
    elif isinstance(things, tuple) and not isinstance(things, Weak | Handle):
        for thing in things:
            yield from pointers(thing)


class HeapNaive(Naive):
    """All executions of a plan that may have heap operations."""

    def __init__(self, plan: Plan, precise: bool) -> None:
        super().__init__(plan)
        self.precise = precise

    def start(self) -> S:
        return super().start()._replace(heap=Heap())

    # ---- reachability ----

    def closure(self, h: Heap, roots: set[int]) -> set[int]:
        todo, found = list(roots), set(roots)
        while todo:
            for o in pointers(h.objects[todo.pop()].fields):
                if o not in found:
                    found.add(o)
                    todo.append(o)
        return found

    def live(self, s: S) -> set[int]:
        """What the program can still reach, itself or by what will run."""
        h: Heap = s.heap
        roots = set(pointers((tuple((g.regs, g.below, g.end) for g in s.gs), s.objs)))
        roots |= set(pointers(tuple(c.arg for c in h.cleanups if not c.done)))
        roots |= set(pointers(tuple(d.arg for d in h.dues)))
        roots |= set(pointers(tuple(o.fields for o in h.objects if o.finalizer >= 0)))
        return self.closure(h, roots)

    # ---- collections ----

    def bury(self, h: Heap, dead: set[int]) -> Heap:
        objects, cleanups, dues = h.objects, list(h.cleanups), list(h.dues)
        for o in sorted(dead):
            x = objects[o]
            if x.finalizer >= 0:
                dues.append(Due(x.finalizer, Pointer(o, 0), True))
            else:
                dues += [Due(c.block, c.arg, False) for c in cleanups if c.object == o and not c.done]
                cleanups = [c._replace(done=c.done or c.object == o) for c in cleanups]
            objects = but(objects, o, x._replace(finalizer=-1, deaths=x.deaths + 1, gone=x.finalizer < 0))
        return Heap(objects, tuple(cleanups), tuple(sorted(dues, key=repr)))

    def collections(self, s: S, must: set[int]) -> Iterator[tuple[S, set[int]]]:
        """Every collection that finds `must` dead, with what it spared."""
        h: Heap = s.heap
        live = self.live(s)
        lost = [o for o, x in enumerate(h.objects) if o not in live and not x.gone]
        if len(lost) > MOST_LOST:
            raise TooMany
        for n in range(len(lost) + 1):
            for spared in combinations(lost, n):
                kept = self.closure(h, set(spared))
                if kept - live == set(spared) and not kept & must & set(lost):
                    yield s._replace(heap=self.bury(h, set(lost) - kept)), live | kept

    def collects(self, s: S, i: int) -> Iterator[S | End]:
        """The collection that goroutine i asked for is over."""
        g = s.gs[i]
        word = self.code(g)[1]
        for t, kept in self.collections(s, set(g.doomed) if self.precise else set()):
            if word[0] == "gc":
                yield self.put(t, i, self.done(g)._replace(doomed=()))
            elif word[0] == "gcuntil":
                yield self.put(t, i, g._replace(parked=False, doomed=(), rounds=g.rounds + 1))
            elif 2 * len(kept) > int(word[2][1:]) or not self.precise:
                raise Unmodelled("heap max without room")
            else:
                yield self.put(t, i, self.done(g, [(word[1], 1)])._replace(doomed=()))

    def begins(self, s: S, i: int) -> S:
        """Who waits for a collection is parked, and knows what must be found dead."""
        live = self.live(s)
        doomed = tuple(o for o, x in enumerate(s.heap.objects) if o not in live and not x.gone)
        return self.put(s, i, s.gs[i]._replace(parked=True, doomed=doomed))

    def looks(self, s: S, i: int, word: list[str]) -> Iterator[S | End]:
        """`gc until`: begins to collect, or is over.  After a collection it first lets all that is due run."""
        g = s.gs[i]
        if g.rounds and (s.heap.dues or any(self.is_busy(s, j) for j in range(len(s.gs)) if j != i)):
            return
        x = s.objs[int(word[1])]
        if x == self.value(s, g, word[2]) and g.rounds < int(word[3][1:]):
            yield self.begins(s, i)
        else:
            yield self.put(s, i, self.done(g, [(word[4], x)])._replace(rounds=0))

    def is_busy(self, s: S, i: int) -> bool:
        """A finalizer or cleanup that can go on, and is not itself waiting for others to settle."""
        g = s.gs[i]
        settles = g.rounds and not g.parked
        return g.end is not None and g.block >= 0 and not settles and any(True for _ in self.step(s, i))

    # ---- instructions ----

    def step(self, s: S, i: int) -> Iterator[S | End]:
        """A step, after which what became reachable again is no more doomed."""
        g = s.gs[i]
        if g.block >= 0 and g.parked and self.code(g)[1][0] in ("gc", "gcuntil", "heap"):
            found = self.collects(s, i)
        else:
            found = super().step(s, i)
        yield from map(self.spare, found)

    def spare(self, t: S | End) -> S | End:
        if isinstance(t, S) and any(g.doomed for g in t.gs):
            live = self.live(t)
            gs = tuple(g._replace(doomed=tuple(o for o in g.doomed if o not in live)) for g in t.gs)
            return t._replace(gs=gs)
        return t

    def instruction(self, s: S, i: int, g: G, word: list[str]) -> Iterator[S | End]:
        op = word[0]
        if op == "ret" and i == 0 and not g.below and any(self.waits(s, j) for j in range(1, len(s.gs))):
            raise Unmodelled("main may return while a finalizer or cleanup waits")
        if op in ("gc", "heap"):
            yield self.begins(s, i)
        elif op == "gcuntil":
            yield from self.looks(s, i, word)
        elif op in ("hset", "hget", "haddr"):
            yield self.field(s, i, g, word)
        elif op in ("new", "drop", "keep", "weak", "wget", "finalizer", "cleanup", "cleanup1", "cstop"):
            yield self.object(s, i, g, word)
        else:
            yield from super().instruction(s, i, g, word)

    def field(self, s: S, i: int, g: G, word: list[str]) -> S | End:
        v = word[1:] if word[0] == "hset" else word[2:]
        p, at, h = self.value(s, g, v[0]), int(v[1]), s.heap
        if not p:
            return self.fail(s, i, NIL_DEREF)
        at += p.field
        x = h.objects[p.object]
        if at >= x.size:
            return self.fail(s, i, INDEX)
        if word[0] == "haddr":
            return self.put(s, i, self.done(g, [(word[1], Pointer(p.object, at))]))
        if word[0] == "hget":
            return self.put(s, i, self.done(g, [(word[1], dict(x.fields).get(at, 0))]))
        fields = {**dict(x.fields), at: self.value(s, g, v[2])}
        x = x._replace(fields=tuple(sorted((k, q) for k, q in fields.items() if q)))
        return self.put(s, i, self.done(g))._replace(heap=h._replace(objects=but(h.objects, p.object, x)))

    def object(self, s: S, i: int, g: G, word: list[str]) -> S:
        op, h = word[0], s.heap
        if op == "drop":
            return self.put(s, i, self.done(g, [(">" + word[1], 0)]))
        if op == "new":
            p = Pointer(len(h.objects), 0)
            x = Object(self.value(s, g, word[2]), (), -1, 0, False)
            return self.put(s, i, self.done(g, [(word[1], p)]))._replace(heap=h._replace(objects=h.objects + (x,)))
        v = self.value(s, g, word[1 if op in ("keep", "finalizer", "cstop") else 2])
        if op == "weak":
            return self.put(s, i, self.done(g, [(word[1], v and Weak(v, h.objects[v.object].deaths))]))
        if op == "wget":
            there = v and h.objects[v.to.object].deaths == v.deaths
            return self.put(s, i, self.done(g, [(word[1], v.to if there else 0)]))
        if op == "finalizer":
            h = self.finalizer(h, v, -1 if word[2] == "nil" else int(word[2]))
        if op == "cstop" and v:
            c = h.cleanups[v.cleanup]._replace(done=True)
            h = h._replace(cleanups=but(h.cleanups, v.cleanup, c))
        results: list[tuple[str, Any]] = []
        if op in ("cleanup", "cleanup1"):
            arg = self.value(s, g, word[4]) if op == "cleanup1" else 0
            if not v or (arg and arg.object == v.object):
                raise Unmodelled("a cleanup of nil, or one that gets its object")
            results = [(word[1], Handle(len(h.cleanups)))]
            h = h._replace(cleanups=h.cleanups + (Cleanup(v.object, int(word[3]), arg, False),))
        return self.put(s, i, self.done(g, results))._replace(heap=h)

    def finalizer(self, h: Heap, p: Any, block: int) -> Heap:
        if not p or p.field or (block >= 0 and h.objects[p.object].finalizer >= 0):
            raise Unmodelled("a finalizer of nil or of a field, or a second one")
        x = h.objects[p.object]._replace(finalizer=block)
        return h._replace(objects=but(h.objects, p.object, x))

    # ---- the runtime's own moves ----

    def waits(self, s: S, i: int) -> bool:
        """A finalizer or cleanup that waits for somebody."""
        g = s.gs[i]
        if g.block < 0 or g.end is None or not (g.parked or g.rounds):
            return False
        word = self.code(g)[1]
        return not (word[0] == "lock" and s.objs[int(word[1])] == 0)

    def others(self, s: S) -> Iterator[S]:
        h: Heap = s.heap
        for k, d in enumerate(h.dues):
            child = self.born(d.block, d.arg)._replace(end=d.arg if d.is_finalizer else 0)
            yield s._replace(gs=s.gs + (child,), heap=h._replace(dues=h.dues[:k] + h.dues[k + 1:]))
        for t, _ in self.collections(s, set()):
            if t != s:
                yield t

    def is_stuck(self, s: S) -> bool:
        """Nobody can count on a collection, nor on what is due behind one that waits."""
        return not s.heap.dues or any(self.waits(s, i) for i in range(len(s.gs)))

    def moves(self, s: S) -> Iterator[S | End]:
        found = self.steps(s)
        if not found and self.is_stuck(s):
            found.append(End("deadlock", s))
        yield from found
        yield from (self.spare(t) for t in self.others(s))

    def ends(self, limit: int) -> set[str] | None:
        try:
            return super().ends(limit)
        except TooMany:
            return None
