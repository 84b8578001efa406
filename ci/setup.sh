#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install what the project needs and this machine lacks: Debian packages only.
#
# Silent and quick when nothing is missing, so that other targets can call it every time.
# Where it may not install (no apt, not root) it prints the command to run by hand and exits 2.
# BROWSER=1 adds a headless browser for the test of the HTML report. MMAP_BITS names another file
# to read the kernel's setting from, for the test of this script.
set -eu

# package, and why
needs='
gcc                     the reference runtime, optimised
libc6-dev               C headers
make                    the build
clang                   sanitizer and fuzzing flavours
libclang-rt-14-dev      sanitizer and libFuzzer run-time libraries
llvm                    symbolizer for sanitizer reports
clang-format            make format
gcc-aarch64-linux-gnu   cross build for a second processor
libc6-dev-arm64-cross   C headers for it
qemu-user               runs that cross build
gdb                     stack dumps of hung drivers
spin                    checks the models of protocols
python3                 the harness
python3-pytest          the tests
python3-pytest-xdist    runs them on all processors
python3-pytest-timeout  ends a test that hangs
python3-hypothesis      property tests of the harness
python3-rich            terminal tables
python3-jinja2          the HTML report
'
browser='
chromium                draws the HTML report in its test
chromium-driver         steers the browser
'

# Is there a go on PATH, 1.19 or newer?
go_is_usable() {
    version=$(go env GOVERSION 2>/dev/null) || return 1
    minor=${version#go1.}
    minor=${minor%%[!0-9]*}
    [ "${minor:-0}" -ge 19 ]
}

go_is_usable || needs="$needs
golang-go               the Go driver, the independent witness"
[ "${BROWSER:-}" != 1 ] || needs="$needs$browser"

# Sanitizers of this age lose their shadow memory where addresses are randomised more widely.
bits=$(cat "${MMAP_BITS:-/proc/sys/vm/mmap_rnd_bits}" 2>/dev/null) || bits=0
[ "$bits" -le 28 ] || {
    echo "setup: vm.mmap_rnd_bits is $bits; programs built with tsan may not start." >&2
    echo "  sudo sysctl vm.mmap_rnd_bits=28" >&2
}

names=$(printf '%s\n' "$needs" | sed 's/ .*//')
# shellcheck disable=SC2086
have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $names 2>/dev/null |
    sed -n 's/^installed //p') || true
missing=
for name in $names; do
    case "
$have
" in *"
$name
"*) ;; *) missing="$missing $name" ;; esac
done
[ -n "$missing" ] || exit 0

echo "setup: missing here:"
for name in $missing; do
    printf '%s\n' "$needs" | sed -n "s/^$name  */  $name: /p"
done

by_hand() {
    echo "setup: $1. Install them by hand, then run the command again:" >&2
    echo "  sudo apt-get install --no-install-recommends$missing" >&2
    exit 2
}
command -v apt-get >/dev/null 2>&1 || by_hand "no apt-get on this machine"
[ "$(id -u)" = 0 ] || by_hand "installing needs root"

mkdir -p build
log=build/setup.log
# shellcheck disable=SC2086
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        $missing >>"$log" 2>&1 </dev/null
}
echo "setup: installing with apt-get (log in $log)"
: >"$log"
install || { apt-get update >>"$log" 2>&1 && install; } || {
    tail -n 5 "$log" >&2
    by_hand "apt-get failed"
}
echo "setup: done"
