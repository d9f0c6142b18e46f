#!/bin/bash
# What ./quickstart shows: the bundled list through the sandbox, whole, in both of its forms.
. "$SRCDIR/tests/e2e/common.sh"
need python3

urls=$SRCDIR/examples/urls.txt
unset PROXIESAPI_KEY PFETCH_KEY PFETCH_ENDPOINT

# all_there FILE: a record for each URL of the list, each parses, each is ok.
all_there() {
    python3 - "$urls" "$1" <<'PYTHON'
import json, sys
urls = open(sys.argv[1], encoding="utf-8").read().split("\n")[:-1]
records = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
assert len(urls) == 1000, len(urls)
assert sorted(r["url"] for r in records) == sorted(urls)
assert all(urls[r["index"]] == r["url"] for r in records)
bad = [r for r in records if r["outcome"] != "ok" or r["status"] != 200]
assert not bad, bad[:3]
PYTHON
}

"$PFETCH" --sandbox=latency=50ms -c 100 -i "$urls" -o "$work/in.jsonl" 2>"$work/told"
check "pfetch --sandbox exits 0" test $? = 0
cat "$work/told"
check "a record for each URL" all_there "$work/in.jsonl"

start_sandbox latency=50ms
"$PFETCH" -e "$endpoint" --key demo -c 100 -i "$urls" -o "$work/out.jsonl" \
    --summary "$work/summary" 2>"$work/told"
check "pfetch through pfetch-sandbox exits 0" test $? = 0
cat "$work/told"
check "a record for each URL there too" all_there "$work/out.jsonl"

"$PFETCH" -e "$endpoint" --key demo -i "$urls" -o "$work/out.jsonl" 2>"$work/told"
check "an output that exists is refused" test $? = 2
cat "$work/told"

check "the key is in no output" test -z "$(grep -l 'key=demo' "$work"/*.jsonl "$work/summary" "$work/told")"
finish
