# SPDX-License-Identifier: BSD-3-Clause
"""Goroutines in GDB: `gr goroutines` lists them, `gr bt N` shows the frames of number N.

    gdb -x reference/gdb/gr.py PROGRAM        or, in GDB:  source reference/gdb/gr.py

Owns: the two commands.  Not here: dumps by the program itself (sched/dump.c), which say the same without a debugger.

Idea: everything is read from memory: the list of all cells, the saved context of a goroutine that does not run, its frames by
frame pointer.  No register is changed and no function of the program is called, so core files (of which stacks are a part only
where the system was told so) and stopped processes are alike.  A goroutine that runs has its frames where its thread is: the
command names the thread, and prints that thread's backtrace.

  I1  A walk goes up only, stays between sp and top, and ends after MAX_FRAMES.
  I2  A squeezed stack is read in its image.
"""
from __future__ import annotations

import gdb

MAX_FRAMES = 200
RED_ZONE, STEP = 128, 64  # as in sched/squeeze.c


def static(function: str, name: str) -> gdb.Value:
    """A static variable of the file that the function is in."""
    symbol = gdb.lookup_global_symbol(function) or gdb.lookup_static_symbol(function)
    if symbol is None:
        raise gdb.GdbError(f"no {function} in this program: is it linked with the runtime, and has it symbols?")
    found = gdb.lookup_static_symbols(name)
    for one in found:
        if one.symtab.filename == symbol.symtab.filename:
            return one.value()
    raise gdb.GdbError(f"no variable {name} beside {function}")


def cells() -> list[gdb.Value]:
    """Every goroutine that is alive, in order of its number."""
    pointer = gdb.lookup_type("struct g").pointer()
    at, found = static("g_first", "all").cast(pointer), []
    while int(at) != 0:
        if state(at) not in ("idle", "dead"):
            found.append(at)
        at = at["all_next"]
    return sorted(found, key=lambda g: int(g["goid"]))


def enum_name(enum: str, number: int) -> str:
    """The name of a value, without its prefix, in small letters."""
    for field in gdb.lookup_type(f"enum {enum}").fields():
        if field.enumval == number:
            return field.name.split("_", 1)[1].lower().replace("_", " ")
    return str(number)


def state(g: gdb.Value) -> str:
    return enum_name("g_state", int(g["state"]))


def head(g: gdb.Value) -> str:
    what = state(g)
    if what == "waiting":
        what = enum_name("park_reason", int(g["why"]))
    tied = ", locked to thread" if int(g["is_bound"]) else ""
    own = " (the runtime's own)" if int(g["is_system"]) else ""
    return f"goroutine {int(g['goid'])} [{what}{tied}]{own}"


def place(pc: int) -> str:
    """Function, file and line, as far as they are known."""
    block = gdb.block_for_pc(pc)
    while block is not None and block.function is None:
        block = block.superblock
    name = block.function.name if block is not None else None
    if name is None:
        name = gdb.execute(f"info symbol {pc}", to_string=True).split(" in section")[0].strip()
    line = gdb.find_pc_line(pc)
    where = f" at {line.symtab.filename}:{line.line}" if line.symtab is not None else ""
    return f"0x{pc:x} in {name}{where}"


def word(address: int) -> int:
    size = gdb.lookup_type("long").sizeof
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, size)), "little")


def frames(g: gdb.Value) -> list[int]:
    """Places in the frames of a goroutine that does not run, innermost first."""
    at = enum_name("stack_at", int(g["stack_at"]) & ~1)
    if at == "none":
        return [int(g["fn"])]
    context = g["fiber"]["ctx"]
    sp, fp, top = int(context["sp"]), int(context["fp"]), int(g["stack"]["top"])
    moved = 0
    if at == "away":
        moved = int(g["image"]) - (top - (top - sp + RED_ZONE + STEP - 1) // STEP * STEP)
    found = [int(context["pc"])]
    while sp <= fp <= top - 16 and fp % 8 == 0 and len(found) < MAX_FRAMES:
        pc = word(fp + moved + 8)
        if pc == 0:
            break
        found.append(pc - 1)
        sp, fp = fp + 16, word(fp + moved)
    return found


def thread_of(g: gdb.Value) -> gdb.InferiorThread | None:
    """The thread that runs it."""
    current = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            try:
                m = gdb.parse_and_eval("m_self_slot")
            except gdb.error:
                continue
            if int(m) != 0 and int(m["cur"]) == int(g):
                return thread
    finally:
        if current is not None:
            current.switch()
    return None


def print_running(g: gdb.Value) -> None:
    thread, current = thread_of(g), gdb.selected_thread()
    if thread is None:
        print("  it runs on a thread that cannot be told")
        return
    print(f"  on thread {thread.num}:")
    thread.switch()
    try:
        gdb.execute("backtrace")
    finally:
        current.switch()


class Gr(gdb.Command):
    """Goroutines of the reference runtime: gr goroutines, gr bt NUMBER."""

    def __init__(self) -> None:
        super().__init__("gr", gdb.COMMAND_STACK, gdb.COMPLETE_NONE, True)


class Goroutines(gdb.Command):
    """Lists all goroutines that are alive, each with the place where it waits."""

    def __init__(self) -> None:
        super().__init__("gr goroutines", gdb.COMMAND_STACK)

    def invoke(self, argument: str, from_tty: bool) -> None:
        if argument:
            raise gdb.GdbError("gr goroutines takes no argument")
        for g in cells():
            print(head(g))
            if state(g) not in ("running", "blocked"):
                print(f"  {place(innermost_own(frames(g)))}")


def innermost_own(found: list[int]) -> int:
    """The innermost place that is not the runtime's own, if there is one."""
    for pc in found:
        if "reference/src/" not in place(pc):
            return pc
    return found[0]


class Backtrace(gdb.Command):
    """Shows the frames of one goroutine: gr bt NUMBER."""

    def __init__(self) -> None:
        super().__init__("gr bt", gdb.COMMAND_STACK)

    def invoke(self, argument: str, from_tty: bool) -> None:
        if not argument.strip().isdigit():
            raise gdb.GdbError("gr bt NUMBER: the number of a goroutine, as gr goroutines lists it")
        wanted = int(argument)
        for g in cells():
            if int(g["goid"]) != wanted:
                continue
            print(head(g))
            if state(g) in ("running", "blocked"):
                print_running(g)
            else:
                for i, pc in enumerate(frames(g)):
                    print(f"#{i:<2} {place(pc)}")
            return
        raise gdb.GdbError(f"no goroutine {wanted}: gr goroutines lists them")


Gr()
Goroutines()
Backtrace()
