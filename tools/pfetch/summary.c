#include "summary.h"

#include <string.h>

#include "units.h"

static const char *advice(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_OUTCOME_TARGET_ERROR:
        return "the site itself answered so; asking again rarely helps";
    case FETCH_OUTCOME_BLOCKED:
        return "the site saw through it; try --render, --premium or another --country";
    case FETCH_OUTCOME_PROVIDER_ERROR:
        return "the endpoint could not get them; fetch them again later";
    case FETCH_OUTCOME_THROTTLED:
        return "the plan allows fewer calls at once; lower --concurrency and fetch them again";
    case FETCH_OUTCOME_ACCOUNT:
        return "the endpoint refuses the key or the account has no credits left";
    case FETCH_OUTCOME_NETWORK:
        return "the endpoint was not reached; check the network and --endpoint";
    case FETCH_OUTCOME_TIMEOUT:
        return "no whole answer came in time; raise --timeout or --deadline";
    case FETCH_OUTCOME_TOO_LARGE:
        return "they are over --max-body";
    case FETCH_OUTCOME_BAD_URL:
        return "never sent; correct them in the list";
    case FETCH_OUTCOME_BUDGET:
        return "a limit of the run was reached before they were sent";
    case FETCH_OUTCOME_OK:
    case FETCH_OUTCOME_CANCELLED:
    case FETCH_OUTCOME_COUNT:
        break;
    }
    return "";
}

static void put_totals(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    char count[UNITS_MAX], rate[UNITS_MAX], bytes[UNITS_MAX], took[UNITS_MAX];
    double seconds = (double)(s->elapsed_ms ? s->elapsed_ms : 1) / 1000.0;
    const char *mark = ": ";

    bytes_format(out, "pfetch: %s %s in %s (%s/s), %s", units_count(count, t->recorded),
                 t->recorded == 1 ? "page" : "pages", units_ms(took, s->elapsed_ms),
                 units_rate(rate, (double)t->recorded / seconds), units_bytes(bytes, t->bytes));
    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++) {
        if (t->pages[i] == 0)
            continue;
        bytes_format(out, "%s%s %s", mark, fetch_outcome_name((enum fetch_outcome)i),
                     units_count(count, t->pages[i]));
        mark = ", ";
    }
}

static void put_calls(struct bytes *out, const struct summary *s)
{
    const struct histogram *h = &s->tally->elapsed_ms;
    char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

    if (s->stats.attempts == 0)
        return;
    bytes_format(out, "\npfetch: %s %s (%s retried, %s throttled)",
                 units_count(a, s->stats.attempts), s->stats.attempts == 1 ? "call" : "calls",
                 units_count(b, s->stats.retries), units_count(c, s->stats.throttled));
    if (h->count == 1)
        bytes_format(out, ", latency %s", units_ms(a, h->max));
    else if (h->count > 1)
        bytes_format(out, ", latency %s median, %s 90 %%, %s longest",
                     units_ms(a, histogram_percentile(h, 50)),
                     units_ms(b, histogram_percentile(h, 90)), units_ms(c, h->max));
    if (s->tally->cost_known)
        bytes_format(out, ", cost %.6g", (double)s->tally->cost_micro / 1e6);
}

static void put_missing(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    uint64_t unwritten = t->lost + t->dropped;
    char count[UNITS_MAX];

    if (t->total_known && t->total > t->recorded + t->lost)
        bytes_format(out, "\npfetch: %s of the list not fetched",
                     units_count(count, t->total - t->recorded - t->lost));
    else if (!t->total_known && s->stopped_by)
        bytes_text(out, "\npfetch: the rest of the list was not fetched");
    if (unwritten > 0)
        bytes_format(out, "\npfetch: %s fetched, but not written", units_count(count, unwritten));
}

/* The file that the records are in. */
static void put_records_path(struct bytes *out, const struct summary *s)
{
    bytes_text(out, s->output);
    if (!s->directory)
        return;
    if (s->output[strlen(s->output) - 1] != '/')
        bytes_text(out, "/");
    bytes_text(out, "index.jsonl");
}

static void put_place(struct bytes *out, const struct summary *s)
{
    if (strcmp(s->output, "-") == 0 || (s->exit_code != 0 && tally_on_record(s->tally) == 0))
        return;
    bytes_format(out, "\npfetch: the pages are in %s", s->output);
    if (s->directory) {
        bytes_text(out, ", their records in ");
        put_records_path(out, s);
    }
}

static void put_failures(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    char count[UNITS_MAX];

    for (unsigned i = FETCH_OUTCOME_OK + 1; i < FETCH_OUTCOME_COUNT; i++) {
        if (t->pages[i] > 0)
            bytes_format(out, "\npfetch: %s %s: %s", units_count(count, t->pages[i]),
                         fetch_outcome_name((enum fetch_outcome)i), advice((enum fetch_outcome)i));
    }
    if (tally_failed(t) == 0 || tally_on_record(t) == 0 || s->bodies || strcmp(s->output, "-") == 0)
        return;
    bytes_text(out, "\npfetch: see them with: "
                    "jq -c 'select(.outcome != \"ok\") | {url, error}' ");
    put_records_path(out, s);
}

void summary_text(struct bytes *out, const struct summary *s)
{
    put_totals(out, s);
    put_calls(out, s);
    put_missing(out, s);
    put_place(out, s);
    put_failures(out, s);
}
