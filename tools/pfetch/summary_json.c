#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_text.h"
#include "summary.h"

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
    put_number(out, "recorded", tally_on_record(t));
    put_pages(out, t);
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
    put_number(out, "resent", s->stats.resent);
    put_number(out, "connections", s->stats.connections);
    put_number(out, "bytes", t->bytes);
    put_number(out, "bytes_received", s->stats.bytes_in);
    bytes_format(out, ",\"pages_per_second\":%.3f",
                 seconds > 0 ? (double)t->recorded / seconds : 0.0);
    if (t->cost_known)
        bytes_format(out, ",\"cost\":%.6f", (double)t->cost_micro / 1e6);
    put_times(out, "latency_ms", &t->elapsed_ms);
    put_times(out, "queued_ms", &t->queued_ms);
    bytes_text(out, "}");
}

struct summary_file {
    int fd;
    char *path;
    char *temporary; /* NULL: a pipe or device, written in place */
};

static void free_file(struct summary_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->temporary);
    free(f);
}

static bool open_file(struct summary_file *f, const char *path)
{
    struct stat st;

    f->path = strdup(path);
    if (!f->path)
        return false;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return f->fd >= 0;
    }
    if (asprintf(&f->temporary, "%s.part-%ld", path, (long)getpid()) < 0) {
        f->temporary = NULL;
        return false;
    }
    f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return f->fd >= 0;
}

struct summary_file *summary_file_open(const char *path, char *error, size_t error_len)
{
    struct summary_file *f = calloc(1, sizeof(*f));

    if (f)
        f->fd = -1;
    if (f && open_file(f, path))
        return f;
    snprintf(error, error_len, "cannot write the summary %.200s: %s", path, strerror(errno));
    if (f)
        free_file(f);
    return NULL;
}

static bool write_file(struct summary_file *f, const struct bytes *text)
{
    size_t at = 0;

    while (at < text->len) {
        ssize_t n = write(f->fd, text->data + at, text->len - at);

        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return !f->temporary || rename(f->temporary, f->path) == 0;
}

bool summary_file_close(struct summary_file *f, const struct bytes *text, char *error,
                        size_t error_len)
{
    bool wanted = text && !text->failed, written;

    if (!f)
        return true;
    written = wanted && write_file(f, text);
    if (wanted && !written)
        snprintf(error, error_len, "cannot write the summary %.200s: %s", f->path, strerror(errno));
    if (!written && f->temporary)
        (void)unlink(f->temporary);
    free_file(f);
    return written || !wanted;
}
