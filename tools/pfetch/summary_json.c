#include <string.h>

#include "json_text.h"
#include "summary.h"

#define HOSTS_TOLD 20u

static void put_number(struct bytes *out, const char *name, uint64_t n)
{
    bytes_format(out, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void put_string(struct bytes *out, const char *name, const char *text)
{
    bytes_format(out, ",\"%s\":", name);
    if (text)
        json_text_put_lossy(out, text, strlen(text));
    else
        bytes_text(out, "null");
}

static void put_times(struct bytes *out, const char *name, const struct histogram *h)
{
    static const double percents[] = {50, 90, 95, 99};

    bytes_format(out, ",\"%s\":{\"count\":%llu,\"min\":%u,\"mean\":%.1f", name,
                 (unsigned long long)h->count, h->min,
                 h->count ? (double)h->sum / (double)h->count : 0.0);
    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
        bytes_format(out, ",\"p%.0f\":%u", percents[i], histogram_percentile(h, percents[i]));
    bytes_format(out, ",\"max\":%u}", h->max);
}

static void put_pages(struct bytes *out, const struct tally *t)
{
    bytes_text(out, ",\"pages\":{");
    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++) {
        if (i != FETCH_OUTCOME_CANCELLED)
            bytes_format(out, "%s\"%s\":%llu", i ? "," : "",
                         fetch_outcome_name((enum fetch_outcome)i),
                         (unsigned long long)t->pages[i]);
    }
    bytes_text(out, "}");
}

/* What to add to the same command; null where nothing would come of it. */
static void put_again(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    const char *add = NULL;

    put_number(out, "failed_mendable", t->mendable);
    if (s->resumable && t->mendable > 0)
        add = "--resume --retry-failed";
    else if (s->resumable && summary_is_incomplete(s))
        add = "--resume";
    put_string(out, "again_with", add);
}

static void put_credits(struct bytes *out, const char *name, int64_t micro)
{
    if (micro >= 0)
        bytes_format(out, ",\"%s\":%lld.%06lld", name, (long long)(micro / 1000000),
                     (long long)(micro % 1000000));
}

/* Members that nobody knows are left out. */
static void put_cost(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    int64_t spent = s->stats.cost_micro, ok = (int64_t)t->pages[FETCH_OUTCOME_OK];

    if (t->costed > 0 || spent > 0) {
        put_credits(out, "cost", spent);
        put_credits(out, "cost_per_page", ok ? spent / ok : -1);
        put_credits(out, "cost_hourly", summary_hourly(s) > 0 ? summary_hourly(s) : -1);
        put_credits(out, "cost_projected", tally_projected(t, spent));
    }
    put_credits(out, "credits_left", s->stats.credits_left_micro);
}

static void put_host(struct bytes *out, const struct host *h)
{
    bytes_format(out, ",\"pages\":%llu,\"failed\":%llu,\"mean_ms\":%.1f,\"longest_ms\":%u}",
                 (unsigned long long)h->pages, (unsigned long long)h->failed, host_latency(h),
                 h->longest_ms);
}

/* Only its failures are known here. */
static void put_failing(struct bytes *out, const struct host *h)
{
    bytes_format(out, ",\"failed\":%llu,\"blocked\":%llu}", (unsigned long long)h->failed,
                 (unsigned long long)h->blocked);
}

static void put_first(struct bytes *out, const char *name, const struct hosts *hosts,
                      hosts_compare compare, void (*put)(struct bytes *, const struct host *))
{
    const struct host *top[HOSTS_TOLD];
    unsigned n = hosts_first(hosts, compare, top, HOSTS_TOLD);

    bytes_format(out, ",\"%s\":[", name);
    for (unsigned i = 0; i < n; i++) {
        bytes_text(out, i ? ",{\"host\":" : "{\"host\":");
        json_text_put_lossy(out, top[i]->name, strlen(top[i]->name));
        put(out, top[i]);
    }
    bytes_text(out, "]");
}

static void put_hosts(struct bytes *out, const struct figures *f)
{
    bytes_format(out, ",\"hosts\":{\"count\":%u,\"exact\":%s", hosts_count(f->hosts),
                 hosts_is_full(f->hosts) || hosts_is_full(f->failing) ? "false" : "true");
    put_first(out, "most_pages", f->hosts, hosts_by_pages, put_host);
    put_first(out, "slowest", f->hosts, hosts_by_latency, put_host);
    put_first(out, "most_failures", f->failing, hosts_by_failures, put_failing);
    bytes_text(out, "}");
}

void summary_json(struct bytes *out, const struct summary *s)
{
    const struct tally *t = s->tally;
    uint64_t done = t->recorded + t->lost;
    double seconds = (double)s->elapsed_ms / 1000.0;
    char started[32] = "";
    struct tm tm;

    if (gmtime_r(&s->started, &tm))
        strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &tm);
    bytes_format(out, "{\"type\":\"summary\",\"version\":\"%s\",\"exit_code\":%d", fetch_version(),
                 s->exit_code);
    put_string(out, "stopped_by", s->stopped_by);
    put_string(out, "output", s->output);
    put_string(out, "started_at", started);
    bytes_format(out, ",\"seconds\":%.3f", seconds);
    put_number(out, "targets", t->targets);
    put_number(out, "there", t->there);
    put_number(out, "there_failed", t->there_failed);
    put_number(out, "twice", t->twice);
    put_number(out, "recorded", tally_on_record(t));
    put_pages(out, t);
    put_number(out, "failed", tally_failed(t));
    put_again(out, s);
    bytes_text(out, ",\"not_fetched\":");
    if (t->total_known)
        bytes_uint(out, t->total > done ? t->total - done : 0);
    else
        bytes_text(out, s->stopped_by ? "null" : "0");
    put_number(out, "cancelled", t->cancelled);
    put_number(out, "not_written", t->lost + t->dropped);
    put_number(out, "attempts", s->stats.attempts);
    put_number(out, "retries", s->stats.retries);
    put_number(out, "throttled", s->stats.throttled);
    bytes_format(out, ",\"throttled_share\":%.6f",
                 s->stats.attempts ? (double)s->stats.throttled / (double)s->stats.attempts : 0.0);
    put_number(out, "resent", s->stats.resent);
    put_number(out, "connections", s->stats.connections);
    put_number(out, "bytes", t->bytes);
    put_number(out, "bytes_received", s->stats.bytes_in);
    bytes_format(out, ",\"pages_per_second\":%.3f",
                 seconds > 0 ? (double)t->recorded / seconds : 0.0);
    put_cost(out, s);
    put_times(out, "latency_ms", &t->elapsed_ms);
    put_times(out, "queued_ms", &t->queued_ms);
    if (t->figures)
        put_hosts(out, t->figures);
    bytes_text(out, "}");
}
