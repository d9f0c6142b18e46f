#include "summary.h"

#include <string.h>

#include "advice.h"
#include "sink.h"
#include "units.h"

#define HOSTS_TOLD 3u

static void put_totals(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    char count[UNITS_MAX], rate[UNITS_MAX], bytes[UNITS_MAX], took[UNITS_MAX];
    double seconds = (double)(s->elapsed_ms ? s->elapsed_ms : 1) / 1000.0;
    const char *mark = ": ";

    bytes_format(out, "pfetch: %s %s in %s (%s/s), %s", units_count(count, t->recorded),
                 t->recorded == 1 ? "page" : "pages", units_span(took, s->elapsed_ms),
                 units_rate(rate, (double)t->recorded / seconds), units_bytes(bytes, t->bytes));
    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++) {
        if (t->pages[i] == 0)
            continue;
        bytes_format(out, "%s%s %s", mark, fetch_outcome_name((enum fetch_outcome)i),
                     units_count(count, t->pages[i]));
        mark = ", ";
    }
}

static void put_queueing(struct bytes *out, const struct summary *s)
{
    const struct histogram *h = &s->tally->queued_ms;
    char a[UNITS_MAX], b[UNITS_MAX];

    if (h->count > 1)
        bytes_format(out, ", queued %s median, %s 90 %%", units_ms(a, histogram_percentile(h, 50)),
                     units_ms(b, histogram_percentile(h, 90)));
}

static void put_calls(struct bytes *out, const struct summary *s)
{
    const struct histogram *h = &s->tally->elapsed_ms;
    char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

    if (s->stats.attempts == 0)
        return;
    bytes_format(out, "\npfetch: %s %s (%s retried, %s throttled",
                 units_count(a, s->stats.attempts), s->stats.attempts == 1 ? "call" : "calls",
                 units_count(b, s->stats.retries), units_count(c, s->stats.throttled));
    if (s->stats.throttled > 0)
        bytes_format(out, ", %.3g %%",
                     100.0 * (double)s->stats.throttled / (double)s->stats.attempts);
    bytes_text(out, ")");
    if (h->count == 1)
        bytes_format(out, ", latency %s", units_ms(a, h->max));
    else if (h->count > 1)
        bytes_format(out, ", latency %s median, %s 90 %%, %s longest",
                     units_ms(a, histogram_percentile(h, 50)),
                     units_ms(b, histogram_percentile(h, 90)), units_ms(c, h->max));
    put_queueing(out, s);
}

int64_t summary_hourly(const struct summary *s)
{
    if (s->elapsed_ms < 1000)
        return 0;
    return (int64_t)((double)s->stats.cost_micro * 3600e3 / (double)s->elapsed_ms);
}

static void put_cost(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    int64_t spent = s->stats.cost_micro, whole = tally_projected(t, spent);
    char a[UNITS_MAX], b[UNITS_MAX], left[UNITS_MAX], pace[UNITS_MAX];

    if (t->costed == 0 && spent <= 0)
        return;
    bytes_format(out, "\npfetch: %s credits spent", units_credits(a, spent));
    if (summary_hourly(s) > 0)
        bytes_format(out, " (%s/h)", units_credits(pace, summary_hourly(s)));
    if (t->pages[FETCH_OUTCOME_OK] > 0)
        bytes_format(out, ", %s for each page that is ok",
                     units_credits(b, spent / (int64_t)t->pages[FETCH_OUTCOME_OK]));
    if (whole > spent)
        bytes_format(out, ", about %s for the whole list", units_credits(b, whole));
    if (s->stats.credits_left_micro >= 0)
        bytes_format(out, "; %s left", units_credits(left, s->stats.credits_left_micro));
}

/* Targets that were not due. */
static void put_there(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    char count[UNITS_MAX];

    if (t->there > 0)
        bytes_format(out, "\npfetch: %s of the list %s there already", units_count(count, t->there),
                     t->there == 1 ? "was" : "were");
    if (t->twice > 0)
        bytes_format(out, "\npfetch: %s of the list equal to an earlier one",
                     units_count(count, t->twice));
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
    enum packing packing = s->directory ? PACKING_NONE : sink_packing(s->output);
    const struct tally *t = s->tally;
    char count[UNITS_MAX];

    for (unsigned i = FETCH_OUTCOME_OK + 1; i < FETCH_OUTCOME_COUNT; i++) {
        if (t->pages[i] > 0)
            bytes_format(out, "\npfetch: %s %s: %s", units_count(count, t->pages[i]),
                         fetch_outcome_name((enum fetch_outcome)i),
                         outcome_advice((enum fetch_outcome)i));
    }
    if (tally_failed(t) == 0 || tally_on_record(t) == 0 || s->bodies || strcmp(s->output, "-") == 0)
        return;
    bytes_text(out, "\npfetch: see them with: ");
    if (packing != PACKING_NONE)
        bytes_format(out, "%s %s | ", packing == PACKING_GZIP ? "zcat" : "zstdcat", s->output);
    bytes_text(out, "jq -c 'select(.outcome != \"ok\") | {url, error}'");
    if (packing == PACKING_NONE) {
        bytes_text(out, " ");
        put_records_path(out, s);
    }
}

/* Where there are several hosts, and some of them account for failures. */
static void put_failing_hosts(struct bytes *out, const struct summary *s)
{
    const struct figures *f = s->tally->figures;
    const struct host *top[HOSTS_TOLD];
    const char *mark = "\npfetch: most failures: ";
    char count[UNITS_MAX];
    unsigned n;

    if (!f || hosts_count(f->hosts) < 2)
        return;
    n = hosts_first(f->failing, hosts_by_failures, top, HOSTS_TOLD);
    for (unsigned i = 0; i < n; i++) {
        bytes_format(out, "%s%s %s", mark, top[i]->name, units_count(count, top[i]->failed));
        mark = ", ";
    }
}

bool summary_is_incomplete(const struct summary *s)
{
    const struct tally *t = s->tally;

    return t->lost + t->dropped + t->cancelled + t->owed > 0 ||
           (t->total_known ? t->total > t->recorded : s->stopped_by != NULL);
}

/* How to take up what is missing, and what failed in a way that may be mended. */
static void put_again(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    char count[UNITS_MAX];

    if (!s->resumable || tally_on_record(t) + t->there == 0)
        return;
    if (summary_is_incomplete(s))
        bytes_text(out, "\npfetch: go on with the same command and --resume");
    if (t->mendable > 0)
        bytes_format(out,
                     "\npfetch: fetch %s that failed once more with the same command and --resume "
                     "--retry-failed",
                     units_count(count, t->mendable));
}

void summary_text(struct bytes *out, const struct summary *s)
{
    put_totals(out, s);
    put_calls(out, s);
    put_cost(out, s);
    put_there(out, s);
    put_missing(out, s);
    put_place(out, s);
    put_failures(out, s);
    put_failing_hosts(out, s);
    put_again(out, s);
}
