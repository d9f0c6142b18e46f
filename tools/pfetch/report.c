#include "report.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "html.h"
#include "report_part.h"
#include "units.h"

/* ------------------------------------------------------------- head -- */

/* The digest by which the page's policy knows its own script, in base64. */
static void put_digest(struct bytes *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (!EVP_Digest(report_script, strlen(report_script), digest, &n, EVP_sha256(), NULL)) {
        out->failed = true;
        return;
    }
    EVP_EncodeBlock(text, digest, (int)n);
    bytes_text(out, (const char *)text);
}

static void put_name(struct bytes *out, const struct report_about *about)
{
    const char *name = strcmp(about->output, "-") == 0 ? "standard output" : about->output;

    html_text(out, name, strlen(name));
    if (about->more > 0)
        bytes_format(out, " and %zu more", about->more);
}

static void put_head(struct bytes *out, const struct report_about *about)
{
    bytes_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "style-src 'unsafe-inline'; script-src 'sha256-");
    put_digest(out);
    bytes_text(out, "'; base-uri 'none'; form-action 'none'\"/>\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                    "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
    put_name(out, about);
    bytes_text(out, " \xe2\x80\x93 pfetch</title>\n<style>");
    bytes_text(out, report_style);
    bytes_text(out, "</style>\n</head>\n<body>\n");
}

static uint64_t span_ms(const struct tally *t)
{
    return (uint64_t)(t->figures->series.last_ms - t->figures->series.first_ms);
}

/* A day and the time between two moments: "25 November 2026, 20:21:50 to 20:25:10 UTC". */
static void put_when(struct bytes *out, const struct tally *t)
{
    time_t first = (time_t)(t->figures->series.first_ms / 1000),
           last = (time_t)(t->figures->series.last_ms / 1000);
    char from[64] = "", to[64] = "";
    struct tm a, b;

    if (!t->figures->series.begun || !gmtime_r(&first, &a) || !gmtime_r(&last, &b))
        return;
    strftime(from, sizeof(from), "%e %B %Y, %H:%M:%S", &a);
    if (a.tm_yday == b.tm_yday && a.tm_year == b.tm_year)
        strftime(to, sizeof(to), "%H:%M:%S", &b);
    else
        strftime(to, sizeof(to), "%e %B %Y, %H:%M:%S", &b);
    bytes_format(out, "<p class=\"meta\">%s to %s UTC</p>", from + (from[0] == ' '),
                 to + (to[0] == ' '));
}

static void put_title(struct bytes *out, const struct tally *t, const struct report_about *about)
{
    char count[UNITS_MAX], took[UNITS_MAX], failed[UNITS_MAX];

    bytes_text(out, "<header>\n<h1>");
    put_name(out, about);
    if (t->recorded > 0)
        bytes_format(out, "</h1>\n<p class=\"lead\">%s %s in %s", units_count(count, t->recorded),
                     t->recorded == 1 ? "page" : "pages", units_span(took, span_ms(t)));
    else
        bytes_text(out, "</h1>\n<p class=\"lead\">No pages");
    if (tally_failed(t) > 0 && tally_failed(t) == t->recorded)
        bytes_text(out, t->recorded == 1 ? ", which is not ok" : ", none of them ok");
    else if (tally_failed(t) > 0)
        bytes_format(out, ", %s of them not ok", units_count(failed, tally_failed(t)));
    else if (t->recorded > 0)
        bytes_text(out, t->recorded == 1 ? ", which is ok" : ", all of them ok");
    bytes_text(out, ".</p>");
    put_when(out, t);
    bytes_text(out, "\n</header>\n");
}

/* ------------------------------------------------------------- tiles -- */

/* `sub` may be "". */
static void put_tile(struct bytes *out, const char *name, const char *value, const char *sub)
{
    bytes_format(out, "<div><dt>%s</dt><dd>%s", name, value);
    if (*sub)
        bytes_format(out, "<div class=\"sub\">%s</div>", sub);
    bytes_text(out, "</dd></div>");
}

static void put_latency_tile(struct bytes *out, const struct tally *t)
{
    char a[UNITS_MAX], b[UNITS_MAX], sub[96];

    if (t->elapsed_ms.count == 0)
        return;
    snprintf(sub, sizeof(sub), "95 %% within %s",
             units_ms(b, histogram_percentile(&t->elapsed_ms, 95)));
    put_tile(out, "Latency, median", units_ms(a, histogram_percentile(&t->elapsed_ms, 50)), sub);
}

static void put_calls_tile(struct bytes *out, const struct tally *t)
{
    char a[UNITS_MAX], b[UNITS_MAX], sub[96];

    snprintf(
        sub, sizeof(sub), "%s repeated",
        units_count(b, t->attempts > t->elapsed_ms.count ? t->attempts - t->elapsed_ms.count : 0));
    put_tile(out, "Calls", units_count(a, t->attempts), sub);
}

static void put_cost_tile(struct bytes *out, const struct tally *t)
{
    char a[UNITS_MAX], b[UNITS_MAX], sub[96] = "";

    if (t->costed == 0)
        return;
    if (t->costed < t->pages[FETCH_OUTCOME_OK])
        snprintf(sub, sizeof(sub), "known of %s pages", units_count(b, t->costed));
    else if (t->pages[FETCH_OUTCOME_OK] > 0)
        snprintf(sub, sizeof(sub), "%s a page that is ok",
                 units_credits(b, t->cost_micro / (int64_t)t->pages[FETCH_OUTCOME_OK]));
    put_tile(out, "Credits", units_credits(a, t->cost_micro), sub);
}

static void put_tiles(struct bytes *out, const struct tally *t)
{
    char a[UNITS_MAX], b[UNITS_MAX], sub[96];
    double seconds = (double)span_ms(t) / 1000.0;

    bytes_text(out, "<dl class=\"tiles\">");
    snprintf(sub, sizeof(sub), "%.1f %% of all",
             t->recorded ? 100.0 * (double)t->pages[FETCH_OUTCOME_OK] / (double)t->recorded : 0.0);
    put_tile(out, "Pages ok", units_count(a, t->pages[FETCH_OUTCOME_OK]), sub);
    if (t->elapsed_ms.count > 0 && seconds > 0)
        put_tile(out, "Pace", units_pace(a, (double)t->recorded / seconds), "pages, on average");
    put_latency_tile(out, t);
    put_calls_tile(out, t);
    put_cost_tile(out, t);
    snprintf(sub, sizeof(sub), "%s a page",
             units_bytes(b, t->recorded ? t->bytes / t->recorded : 0));
    put_tile(out, "Bodies", units_bytes(a, t->bytes), sub);
    bytes_text(out, "</dl>\n");
}

/* ------------------------------------------------------------- foot -- */

static void put_seen(struct bytes *out, const struct report_seen *seen)
{
    char count[UNITS_MAX];

    if (seen->again > 0)
        bytes_format(out,
                     "<li>%s %s fetched once more with --retry-failed; the failures before that "
                     "count too.</li>",
                     units_count(count, seen->again), seen->again == 1 ? "page was" : "pages were");
    if (seen->broken > 0)
        bytes_format(out, "<li>%s %s not whole and left out.</li>",
                     units_count(count, seen->broken),
                     seen->broken == 1 ? "record is" : "records are");
    if (seen->torn)
        bytes_text(out, "<li>An output is damaged before its end; what follows there is left "
                        "out.</li>");
}

static void put_precision(struct bytes *out, const struct tally *t)
{
    bytes_format(out,
                 "<li>Time is cut into steps of %.6g s. All times are UTC. Percentiles in the "
                 "tables are at most 3.2 %% too high, in the charts 9 %% more or less.</li>",
                 (double)t->figures->series.width_ms / 1000.0);
    if (hosts_is_full(t->figures->hosts))
        bytes_text(out, "<li>There are more than 1,024 hosts. Those with most pages are surely "
                        "listed; what is told of a host counts from when it was first among "
                        "them.</li>");
    if (!t->figures->sampled)
        bytes_text(out, "<li>The limit on calls in flight is not on record; a report that the run "
                        "itself writes shows it.</li>");
}

static void put_foot(struct bytes *out, const struct tally *t, const struct report_about *about)
{
    char count[UNITS_MAX];

    bytes_text(out, "<footer>\n<h3>How these figures come about</h3>\n<ul>");
    bytes_format(out, "<li>%s</li>",
                 about->live ? "Drawn by the run itself, of the pages that it put on record."
                             : "Drawn from the records of the output; each record counts as a "
                               "page.");
    if (about->before > 0)
        bytes_format(out,
                     "<li>%s that the output had before are not among them; pfetch --report FILE "
                     "OUTPUT draws all.</li>",
                     units_count(count, about->before));
    put_seen(out, &about->seen);
    if (t->recorded > 0)
        put_precision(out, t);
    bytes_format(out, "</ul>\n<p>pfetch %s</p>\n</footer>\n", fetch_version());
}

void report_html(struct bytes *out, const struct tally *t, const struct report_about *about)
{
    series_coarsen(&t->figures->series, t->recorded);
    put_head(out, about);
    put_title(out, t, about);
    bytes_text(out, "<main>\n");
    if (t->recorded > 0)
        put_tiles(out, t);
    bytes_text(out, "<div class=\"grid2\">\n");
    if (t->recorded > 0)
        report_put_outcomes(out, t);
    report_put_charts(out, t);
    report_put_hosts(out, t);
    report_put_slowest(out, t);
    bytes_text(out, "</div>\n");
    report_put_steps(out, t);
    bytes_text(out, "</main>\n");
    put_foot(out, t, about);
    bytes_text(out, "<script>");
    bytes_text(out, report_script);
    bytes_text(out, "</script>\n</body>\n</html>\n");
}
