#!/bin/bash
# The programs in the manual pages' EXAMPLES, which make check has built, do what the pages say.
. "$SRCDIR/tests/e2e/common.sh"

unset PFETCH_KEY PROXIESAPI_KEY SCRAPINGBEE_KEY PFETCH_ENDPOINT

# run PAGE [ARGUMENT ...]: its example; output in $work/out, messages in $work/err.
run() {
    local program=$BUILDDIR/doc/$1
    shift
    "$program" "$@" >"$work/out" 2>"$work/err" </dev/null
}

# out_is LINE ...: what the last run wrote to standard output.
out_is() {
    printf '%s\n' "$@" | diff - "$work/out"
}

no_key() {
    ! run "$@" && grep -q 'no API key' "$work/err"
}

check "libpfetch without a key says so" no_key libpfetch
check "fetch_all without a key says so" no_key fetch_all https://example.com/
check "fetch_client without a key says so" no_key fetch_client
check "fetch_gather without a key says so" no_key fetch_gather
check "fetch_options without a key says so" no_key fetch_options
check "fetch_strerror without a key says so" no_key fetch_strerror https://example.com/

check "fetch_target runs without a key" run fetch_target
check "fetch_target shows a request" grep -q '^GET /[^ ]*url=https%3A%2F%2Fexample.com%2Flist%3Fpage%3D2 HTTP/1.1' \
    "$work/out"
check "fetch_target has the parameter" grep -q 'render=true' "$work/out"
check "fetch_target shows no key" grep -q 'key=\*\*\*&' "$work/out"

check "fetch_profile runs without a key" run fetch_profile
cut -d ' ' -f 1 "$work/out" >"$work/names"
"$PFETCH" --list-profiles | cut -f 1 | diff - "$work/names"
check "fetch_profile names them all" test $? = 0
check "fetch_profile has the variables" grep -qx \
    'scrapingbee takes its key from SCRAPINGBEE_KEY or PFETCH_KEY' "$work/out"
check "fetch_profile has one without" grep -qx 'generic takes its key from PFETCH_KEY' "$work/out"

start_sandbox size=2000
export PROXIESAPI_KEY=demo PFETCH_ENDPOINT=$endpoint

check "libpfetch ends well" run libpfetch
check "libpfetch has two pages" out_is 'https://example.com/: ok, 2000 bytes' \
    'https://example.org/: ok, 2000 bytes'

check "fetch_all ends well" run fetch_all https://example.com/a https://example.com/b
check "fetch_all writes the pages" test "$(wc -c <"$work/out")" = 4000
run fetch_all https://example.com/a ftp://example.com/
check "fetch_all tells what failed" test $? = 1 -a "$(wc -c <"$work/out")" = 2000
check "fetch_all names the target" grep -q '^ftp://example.com/: ' "$work/err"

check "fetch_client ends well" run fetch_client
check "fetch_client has three pages" out_is 'https://example.com/page/1: ok' \
    'https://example.com/page/2: ok' 'https://example.com/page/3: ok' '3 attempts over 1 connections'

# The later a line, the sooner its page: they still come in the list's order.
printf 'https://example.com/%s?sandbox=latency-%s\n' a 300 b 150 c 0 >"$work/list"
"$BUILDDIR/doc/fetch_gather" <"$work/list" >"$work/out"
check "fetch_gather ends well" test $? = 0
check "fetch_gather has the pages in order" out_is '0 ok 200 2000' '1 ok 200 2000' '2 ok 200 2000'

check "fetch_page ends well" run fetch_page
check "fetch_page has a page" grep -qx '  ok: the target said 200, the endpoint 200' "$work/out"
check "fetch_page has a type" grep -q '^  2000 bytes of text/html.* over http/1.1$' "$work/out"
check "fetch_page has a failure" grep -q '^  failed while at queue: no URL: ' "$work/out"

check "fetch_strerror ends well" run fetch_strerror https://example.com/ 'https://example.com/?sandbox=target-404'
check "fetch_strerror counts" out_is 'ok: 1' 'target_error: 1'

start_sandbox profile=scrapingbee,cost=25
export SCRAPINGBEE_KEY=demo PFETCH_ENDPOINT=$endpoint
check "fetch_options ends well" run fetch_options
check "fetch_options has the cost" out_is 'https://example.com/: 25000000 millionths of a credit' \
    'https://example.org/: 25000000 millionths of a credit'

finish
