#!/bin/bash
# The examples do what their first lines say.
. "$SRCDIR/tests/e2e/common.sh"

export PROXIESAPI_KEY=demo PFETCH_ENDPOINT
unset PFETCH_KEY

# within TEXT LOW HIGH: the seconds in the line "TEXT in N s" of $work/out lie between.
within() {
    awk -v text="$1 in " -v low="$2" -v high="$3" '
        index($0, text) == 1 { s = substr($0, length(text) + 1) + 0; found = s >= low && s <= high }
        END { exit !found }' "$work/out"
}

start_sandbox latency=1s
PFETCH_ENDPOINT=$endpoint
check "gather ends well" "$BUILDDIR/examples/gather" >"$work/out"
cat "$work/out"
# One after the other they would take 3 and 1,000 seconds.
check "three pages of one second in about one second" within "3 of 3 pages" 1 2
check "a thousand in about one second" within "1000 of 1000 pages" 1 6

start_sandbox latency=250ms
PFETCH_ENDPOINT=$endpoint
"$BUILDDIR/examples/fetch_all" https://example.com/a https://example.org/b \
    https://example.net/c >"$work/out"
check "fetch_all ends well" test $? = 0
cat "$work/out"
printf 'https://example.com/a ok\nhttps://example.org/b ok\nhttps://example.net/c ok\n' \
    >"$work/expected"
cut -d ' ' -f 1,2 "$work/out" >"$work/got"
check "fetch_all has the pages in the order of the list" cmp "$work/expected" "$work/got"

"$BUILDDIR/examples/own_loop" >"$work/out"
check "own_loop ends well" test $? = 0
cat "$work/out"
check "own_loop's timer ticks while it waits" \
    grep -Eq '^2 pages while a timer ticked [1-9][0-9]* times$' "$work/out"

PROXIESAPI_KEY='' "$BUILDDIR/examples/fetch_all" >"$work/out" 2>&1
check "fetch_all without a key says so" test $? = 2
cat "$work/out"

finish
