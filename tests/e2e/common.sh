# For end-to-end tests in bash, which source it first.  Not a test itself.
#
# From make check: SRCDIR, BUILDDIR, PFETCH, PFETCH_SANDBOX.
# Gives: $work, a directory that is removed at the end; `need PROGRAM ...`; `start_sandbox SPEC`,
# which sets $endpoint; `check WHAT COMMAND ...`; and `finish`, the test's last line.
# shellcheck shell=bash

set -u
work=$(mktemp -d)
export XDG_STATE_HOME=$work/state
sandbox_pid=
tests_passed=0
tests_failed=0

stop_sandbox() {
    if [ -n "$sandbox_pid" ]; then
        kill "$sandbox_pid" 2>/dev/null
        wait "$sandbox_pid" 2>/dev/null
    fi
    sandbox_pid=
}
trap 'stop_sandbox; rm -rf "$work"' EXIT

# start_sandbox SPEC: a sandbox on a free port.  Its counters land in $work/counters when it stops.
start_sandbox() {
    stop_sandbox
    : >"$work/announced"
    "$PFETCH_SANDBOX" --listen 127.0.0.1:0 --max-time 300 "$1" \
        >"$work/announced" 2>"$work/counters" &
    sandbox_pid=$!
    for _ in $(seq 100); do
        endpoint=$(sed -n 's/.* listening on //p' "$work/announced")
        [ -z "$endpoint" ] || return 0
        kill -0 "$sandbox_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/counters"
    echo "the sandbox does not start"
    exit 1
}

# need PROGRAM ...: skips the whole test where one of them is missing.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null && continue
        echo "skipped: $program is not installed"
        exit 77
    done
}

# check WHAT COMMAND ...: one test, passed if the command succeeds.
check() {
    local what=$1
    shift
    if "$@"; then
        tests_passed=$((tests_passed + 1))
        echo "ok: $what"
    else
        tests_failed=$((tests_failed + 1))
        echo "FAILED: $what"
    fi
}

finish() {
    echo "$tests_passed passed, $tests_failed failed, 0 skipped"
    [ "$tests_failed" = 0 ]
    exit
}
