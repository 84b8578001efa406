# SPDX-License-Identifier: BSD-3-Clause
"""Hand-written plans for the C drivers, each with its one outcome (spec/protocol.md section 3).

Owns: a plan for every family of operations.  Not here: how they are run (test_kit.py).

The outcome of each is forced by the plan's own synchronisation, so that it holds in every mode.
"""

from __future__ import annotations

TWO = """globals 2
obj 0 chan 1 8
blk 0 main 0
 spawn 1
 catch >g0 send 0 #5
 recv2 0 >g1 >_
 ret
blk 1 closer 0
 close 0
 ret
show g0 g1"""

# name: (capabilities, plan, its one outcome)
FAMILIES: dict[str, tuple[str, str, str]] = {
    "registers": ("", """globals 3
blk 0 main 3
 set >r0 #5
 calc >r1 * r0 #-3
 calc >r2 - r1 r0
 set >g0 r2
 unless r0 < #6 6
 set >g1 #1
 jmp 8
 set >g1 #2
 calc >g2 + g0 g1
show g0 g1 g2""", "ok -20 1 -19"),
    "fresh": ("atomic var chan", """globals 4
obj 0 atomic 5
obj 1 var -2
obj 2 chan 1 8
blk 0 main 1
 calc >g0 + g0 #1
 calc >r0 + r0 #1
 set >g1 r0
 add 0 #1 >g2
 read 1 >g3
 write 1 #9
 note #3
 send 2 #1
show g0 g1 g2 g3 log""", "ok 1 1 6 -2 3"),
    "loop": ("", """globals 1
blk 0 main 2
 unless r0 < #10 4
 calc >r1 + r1 r0
 calc >r0 + r0 #1
 jmp 0
 set >g0 r1
 ret
show g0""", "ok 45"),
    "call": ("", """globals 1
obj 0 atomic 3
blk 0 main 0
 call 1
 call 1
 load 0 >g0
blk 1 f 1
 set >r0 #10
 add 0 r0 >_
show g0""", "ok 23"),
    "rendezvous": ("chan", """globals 3
obj 0 chan 0 8
obj 1 chan 0 8
blk 0 main 0
 spawn 1
 send 0 #7
 recv2 1 >g0 >g1
 recv1 1 >g2
blk 1 w 1
 recv1 0 >r0
 calc >r0 + r0 #1
 send 1 r0
 close 1
show g0 g1 g2""", "ok 8 1 0"),
    "buffer": ("chan make", """globals 6
obj 0 chan 3 8
blk 0 main 2
 send 0 #1
 send 0 #2
 len 0 >g0
 cap 0 >g1
 recv0 0
 recv1 0 >g2
 make 0 #5
 cap 0 >g3
 len 0 >g4
 send 0 #9
 close 0
 range 0 >r0 14
 calc >r1 + r1 r0
 jmp 11
 set >g5 r1
show g0 g1 g2 g3 g4 g5""", "ok 2 3 2 5 0 9"),
    "chan-panics": ("chan make", """globals 6
obj 0 chan 1 8
obj 1 nilchan
blk 0 main 0
 close 0
 catch >g0 close 0
 catch >g1 send 0 #1
 catch >g2 close 1
 catch >g3 make 0 #-1
 catch >g4 recv0 0
 cap 1 >g5
show g0 g1 g2 g3 g4 g5""", "ok -1002 -1001 -1003 -1004 0 0"),
    "select": ("chan select", """globals 8
obj 0 chan 1 8
obj 1 nilchan
blk 0 main 0
 select 3 >g0
 case recv0 0
 case recv0 1
 case default
 select 2 >g1
 case send 1 #4
 case send 0 #5
 select 2 >g2
 case recv2 0 >g3 >g4
 case recv1 1 >_
 close 0
 select 1 >g5
 case recv2 0 >g6 >g7
show g0 g1 g2 g3 g4 g5 g6 g7""", "ok 2 1 0 5 1 0 0 0"),
    "select-waits": ("chan select", """globals 3
obj 0 chan 0 8
obj 1 chan 0 8
obj 2 chan 0 8
blk 0 main 0
 spawn 1
 send 2 #0
 select 2 >g0
 case recv1 0 >_
 case recv1 1 >g1
 select 2 >g2
 case send 0 #3
 case recv0 1
blk 1 w 0
 recv0 2
 send 1 #6
 recv0 0
show g0 g1 g2""", "ok 1 6 0"),
    "elements": ("chan elem ptr", """globals 7
obj 0 chan 2 0
obj 1 chan 2 1
obj 2 chan 2 7
obj 3 chan 2 9
obj 4 chan 2 65535
obj 5 chan 2 ptr
blk 0 main 0
 send 0 #0
 send 1 #255
 send 2 #72057594037927935
 send 3 #-77
 send 4 #123456789
 send 5 #-5
 recv1 0 >g0
 recv2 1 >g1 >_
 recv2 2 >g2 >_
 recv2 3 >g3 >_
 recv2 4 >g4 >_
 recv2 5 >g5 >_
 close 5
 recv2 5 >g6 >_
show g0 g1 g2 g3 g4 g5 g6""", "ok 0 255 72057594037927935 -77 123456789 -5 0"),
    "select-elements": ("chan select elem ptr", """globals 4
obj 0 chan 1 1000
obj 1 chan 1 ptr
obj 2 chan 0 33
blk 0 main 0
 spawn 1
 select 3 >g0
 case recv2 2 >g1 >_
 case recv0 0
 case recv0 1
 send 1 #8
 select 2 >g2
 case recv2 0 >_ >_
 case recv2 1 >g3 >_
blk 1 w 0
 send 2 #77
show g0 g1 g2 g3""", "ok 0 77 1 8"),
    "mutex": ("mutex", """globals 2
obj 0 mutex
blk 0 main 0
 lock 0
 trylock 0 >g0
 unlock 0
 trylock 0 >g1
show g0 g1""", "ok 0 1"),
    "mutex-excludes": ("mutex var wg", """globals 1
obj 0 mutex
obj 1 var 0
obj 2 wg
blk 0 main 0
 wgadd 2 #3
 spawn 1
 spawn 1
 spawn 1
 wgwait 2
 read 1 >g0
blk 1 w 2
 unless r0 < #20 8
 lock 0
 read 1 >r1
 calc >r1 + r1 #1
 write 1 r1
 unlock 0
 calc >r0 + r0 #1
 jmp 0
 wgdone 2
show g0""", "ok 60"),
    "rwmutex": ("rwmutex", """globals 6
obj 0 rwmutex
blk 0 main 0
 rlock 0
 rlock 0
 tryrlock 0 >g0
 trylock 0 >g1
 runlock 0
 runlock 0
 runlock 0
 trylock 0 >g2
 tryrlock 0 >g3
 trylock 0 >g4
 unlock 0
 lock 0
 unlock 0
 tryrlock 0 >g5
show g0 g1 g2 g3 g4 g5""", "ok 1 0 1 0 0 1"),
    "wg-negative": ("wg", """globals 1
obj 0 wg
blk 0 main 0
 catch >g0 wgdone 0
show g0""", "ok -1008"),
    "once": ("once atomic", """globals 2
obj 0 once
obj 1 atomic 0
blk 0 main 0
 do 0 1
 do 0 1
 catch >g1 do 0 1
 load 1 >g0
blk 1 f 0
 add 1 #1 >_
show g0 g1""", "ok 1 0"),
    "once-panic": ("once panic atomic", """globals 3
obj 0 once
obj 1 atomic 0
blk 0 main 0
 catch >g0 do 0 1
 catch >g1 do 0 1
 load 1 >g2
blk 1 f 0
 add 1 #1 >_
 panic #6
show g0 g1 g2""", "ok 6 0 1"),
    "cond": ("cond mutex var", """globals 1
obj 0 cond 1
obj 1 mutex
obj 2 var 0
blk 0 main 1
 spawn 1
 lock 1
 read 2 >r0
 unless r0 == #0 6
 cwait 0
 jmp 2
 unlock 1
 set >g0 r0
blk 1 w 0
 lock 1
 write 2 #4
 signal 0
 broadcast 0
 unlock 1
show g0""", "ok 4"),
    "atomics": ("atomic", """globals 6
obj 0 atomic -7
blk 0 main 0
 load 0 >g0
 add 0 #2 >g1
 cas 0 #0 #9 >g2
 cas 0 #-5 #9 >g3
 swap 0 #11 >g4
 store 0 #12
 load 0 >g5
show g0 g1 g2 g3 g4 g5""", "ok -7 -5 0 1 9 12"),
    "defer-order": ("panic", """globals 0
blk 0 main 0
 call 1
 note #4
blk 1 f 0
 defer 2
 defer 3
 note #1
blk 2 a 0
 note #3
blk 3 b 0
 note #2
show log""", "ok 1,2,3,4"),
    "recover": ("panic recover", """globals 4
blk 0 main 0
 call 1
 catch >g2 panic #-1000
 catch >g3 panic #-1006
blk 1 f 0
 defer 2
 panic #5
blk 2 h 0
 recover >g0
 recover >g1
show g0 g1 g2 g3""", "ok 5 -1000 -1012 -1006"),
    "recover-only-direct": ("panic recover", """globals 3
blk 0 main 0
 catch >g0 call 1
 recover >g2
blk 1 f 0
 deferrec
 defer 2
 panic #5
blk 2 h 0
 call 3
blk 3 helper 0
 recover >g1
show g0 g1 g2""", "ok 5 -1000 -1000"),
    "panic-replaces": ("panic recover", """globals 3
blk 0 main 0
 call 1
 set >g2 #1
blk 1 f 0
 defer 3
 defer 2
 panic #1
blk 2 second 0
 panic #2
blk 3 h 0
 recover >g0
 recover >g1
show g0 g1 g2""", "ok 2 -1000 1"),
    "defer-nil": ("panic recover", """globals 2
blk 0 main 0
 catch >g0 call 1
 catch >g1 defer nil
blk 1 f 0
 defer nil
 ret
show g0 g1""", "ok -1005 -1005"),
    "goexit": ("goexit panic chan", """globals 0
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 recv0 0
 note #9
blk 1 w 0
 defer 2
 call 3
 note #8
blk 2 last 0
 note #2
 close 0
blk 3 f 0
 defer 4
 goexit
blk 4 d 0
 note #1
show log""", "ok 1,2,9"),
    "goexit-survives-recover": ("goexit panic recover chan", """globals 1
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 recv0 0
blk 1 w 0
 defer 2
 call 3
 note #8
blk 2 last 0
 close 0
blk 3 f 0
 defer 4
 defer 5
 goexit
blk 4 rec 0
 recover >g0
blk 5 raise 0
 panic #3
show g0 log""", "ok 3 -"),
    "faults": ("fault", """globals 3
blk 0 main 0
 catch >g0 fault nil-deref
 catch >g1 fault index
 catch >g2 fault div-zero
show g0 g1 g2""", "ok -1005 -1006 -1007"),
    "sleep": ("sleep timer chan", """globals 2
obj 0 timer
blk 0 main 0
 sleep #1
 after 0 #2
 recv2 0 >g0 >g1
show g0 g1""", "ok 1 1"),
    "timer-stop": ("timer chan select", """globals 4
obj 0 timer
blk 0 main 0
 start 0 #100000
 stop 0 >g0
 stop 0 >g1
 reset 0 #1 >g2
 recv1 0 >g3
show g0 g1 g2 g3""", "ok 1 0 0 1"),
    "ticker": ("ticker timer chan", """globals 3
obj 0 ticker
blk 0 main 0
 catch >g0 start 0 #0
 start 0 #1
 recv1 0 >g1
 recv1 0 >g2
 stop 0 >_
show g0 g1 g2""", "ok -1011 1 1"),
    "afterfunc": ("afterfunc timer chan", """globals 2
obj 0 timer
obj 1 chan 0 8
obj 2 timer
blk 0 main 0
 afterfunc 0 #1 1
 recv1 1 >g0
 afterfunc 2 #100000 1
 stop 2 >g1
blk 1 f 0
 send 1 #3
show g0 g1""", "ok 3 1"),
    "afterfunc-pending": ("afterfunc timer", """globals 1
obj 0 timer
blk 0 main 0
 afterfunc 0 #1000000 1
 reset 0 #2000000 >g0
blk 1 f 0
 note #1
show g0 log""", "ok 1 -"),
    "goroutines": ("goroutines chan", """globals 2
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 goroutines >g0
 close 0
blk 1 w 0
 recv0 0
show g0 g1""", "ok 2 0"),
    "yield-spin-procs": ("procs", """globals 1
blk 0 main 1
 yield
 spin #100
 procs #0 >r0
 unless r0 >= #1 5
 set >g0 #1
show g0""", "ok 1"),
}
