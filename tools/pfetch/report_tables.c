#include <string.h>

#include "advice.h"
#include "chart.h"
#include "html.h"
#include "report_part.h"
#include "units.h"

#define ROWS 10u

const char *report_outcome(enum fetch_outcome outcome)
{
    switch (outcome) {
    case FETCH_OUTCOME_OK:
        return "ok";
    case FETCH_OUTCOME_TARGET_ERROR:
        return "target error";
    case FETCH_OUTCOME_BLOCKED:
        return "blocked";
    case FETCH_OUTCOME_PROVIDER_ERROR:
        return "provider error";
    case FETCH_OUTCOME_THROTTLED:
        return "throttled";
    case FETCH_OUTCOME_ACCOUNT:
        return "account";
    case FETCH_OUTCOME_NETWORK:
        return "network";
    case FETCH_OUTCOME_TIMEOUT:
        return "timeout";
    case FETCH_OUTCOME_TOO_LARGE:
        return "too large";
    case FETCH_OUTCOME_BAD_URL:
        return "bad URL";
    case FETCH_OUTCOME_CANCELLED:
        return "cancelled";
    case FETCH_OUTCOME_BUDGET:
        return "budget";
    case FETCH_OUTCOME_COUNT:
        break;
    }
    return "";
}

static void put_count(struct bytes *out, uint64_t n)
{
    char text[UNITS_MAX];

    bytes_format(out, "<td class=\"n\">%s</td>", units_count(text, n));
}

static void put_time(struct bytes *out, double ms)
{
    char text[UNITS_MAX];

    bytes_format(out, "<td class=\"n\">%s</td>", units_ms(text, (uint64_t)(ms + 0.5)));
}

static void put_share(struct bytes *out, double part, double whole)
{
    bytes_format(out, "<td class=\"n\">%.1f %%</td>", whole > 0 ? 100.0 * part / whole : 0.0);
}

static void put_bar(struct bytes *out, const char *kind, double part, double whole)
{
    bytes_format(out,
                 "<td class=\"bar narrow\" aria-hidden=\"true\"><i class=\"%s\" "
                 "style=\"width:%.1f%%\"></i></td>",
                 kind, whole > 0 ? 100.0 * part / whole : 0.0);
}

/* ------------------------------------------------------------- outcomes -- */

static void put_statuses(struct bytes *out, const struct tally *t)
{
    char count[UNITS_MAX];
    const char *mark = "";

    bytes_text(out, "<p class=\"note\">Statuses: ");
    for (unsigned i = 1; i <= FIGURES_STATUSES; i++) {
        unsigned status = i % FIGURES_STATUSES; /* the unknown ones last */

        if (t->figures->status[status] == 0)
            continue;
        if (status)
            bytes_format(out, "%s%u: %s", mark, status,
                         units_count(count, t->figures->status[status]));
        else
            bytes_format(out, "%sunknown: %s", mark, units_count(count, t->figures->status[0]));
        mark = " \xc2\xb7 ";
    }
    bytes_text(out, "</p>");
}

void report_put_outcomes(struct bytes *out, const struct tally *t)
{
    bytes_text(out, "<section class=\"card wide\"><h2>Outcomes</h2><div class=\"share\" "
                    "aria-hidden=\"true\">");
    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++) {
        if (t->pages[i] > 0)
            bytes_format(out, "<i class=\"o-%s\" style=\"flex:%llu 0 0\"></i>",
                         fetch_outcome_name((enum fetch_outcome)i),
                         (unsigned long long)t->pages[i]);
    }
    bytes_text(out, "</div><div class=\"scroll\"><table><tbody>");
    for (unsigned i = 0; i < FETCH_OUTCOME_COUNT; i++) {
        const char *advice = outcome_advice((enum fetch_outcome)i);

        if (t->pages[i] == 0)
            continue;
        bytes_format(out, "<tr><th scope=\"row\"><span class=\"key o-%s\"></span>%s</th>",
                     fetch_outcome_name((enum fetch_outcome)i),
                     report_outcome((enum fetch_outcome)i));
        put_count(out, t->pages[i]);
        put_share(out, (double)t->pages[i], (double)t->recorded);
        bytes_text(out, "<td class=\"note\">");
        html_text(out, advice, strlen(advice));
        bytes_text(out, "</td></tr>");
    }
    bytes_text(out, "</tbody></table></div>");
    if (t->elapsed_ms.count > 0)
        put_statuses(out, t);
    bytes_text(out, "</section>\n");
}

/* ------------------------------------------------------------- hosts -- */

static void begin_hosts(struct bytes *out, const char *title, const struct hosts *h,
                        const char *note, const char *columns)
{
    bytes_format(out, "<section class=\"card\"><h2>%s</h2><p class=\"note\">%s%s</p>", title, note,
                 hosts_is_full(h) ? " Among more than 1,024; counts are at least these." : "");
    bytes_format(out,
                 "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Host</th>%s</tr>"
                 "</thead><tbody>",
                 columns);
}

static void end_hosts(struct bytes *out)
{
    bytes_text(out, "</tbody></table></div></section>\n");
}

static void put_host(struct bytes *out, const struct host *h)
{
    bytes_text(out, "<tr><th scope=\"row\" class=\"u\">");
    html_text(out, h->name, strlen(h->name));
    bytes_text(out, "</th>");
}

#define COLUMN(name) "<th class=\"n\" scope=\"col\">" name "</th>"
#define BAR_COLUMN "<th class=\"narrow\"></th>"

static void put_busiest(struct bytes *out, const struct tally *t)
{
    const struct host *top[ROWS];
    unsigned n = hosts_first(t->figures->hosts, hosts_by_pages, top, ROWS);

    begin_hosts(out, "Hosts with most pages", t->figures->hosts, "",
                COLUMN("pages") COLUMN("not ok") BAR_COLUMN);
    for (unsigned i = 0; i < n; i++) {
        put_host(out, top[i]);
        put_count(out, top[i]->pages);
        put_share(out, (double)top[i]->failed, (double)top[i]->pages);
        put_bar(out, "", (double)top[i]->pages, (double)top[0]->pages);
        bytes_text(out, "</tr>");
    }
    end_hosts(out);
}

static void put_slow_hosts(struct bytes *out, const struct tally *t)
{
    const struct host *top[ROWS];
    unsigned n = hosts_first(t->figures->hosts, hosts_by_latency, top, ROWS);

    begin_hosts(out, "Slowest hosts", t->figures->hosts,
                "By the mean latency of their pages; hosts of less than ten come last.",
                COLUMN("mean") COLUMN("longest") COLUMN("pages") BAR_COLUMN);
    for (unsigned i = 0; i < n && top[i]->sent > 0; i++) {
        put_host(out, top[i]);
        put_time(out, host_latency(top[i]));
        put_time(out, top[i]->longest_ms);
        put_count(out, top[i]->sent);
        put_bar(out, "t", host_latency(top[i]), host_latency(top[0]));
        bytes_text(out, "</tr>");
    }
    end_hosts(out);
}

static void put_failing_hosts(struct bytes *out, const struct tally *t)
{
    const struct host *top[ROWS];
    unsigned n = hosts_first(t->figures->failing, hosts_by_failures, top, ROWS);

    if (n == 0)
        return;
    begin_hosts(out, "Hosts with most failures", t->figures->failing, "",
                COLUMN("not ok") COLUMN("blocked") COLUMN("share") BAR_COLUMN);
    for (unsigned i = 0; i < n; i++) {
        put_host(out, top[i]);
        put_count(out, top[i]->failed);
        put_count(out, top[i]->blocked);
        put_share(out, (double)top[i]->failed, (double)tally_failed(t));
        put_bar(out, "f", (double)top[i]->failed, (double)top[0]->failed);
        bytes_text(out, "</tr>");
    }
    end_hosts(out);
}

void report_put_hosts(struct bytes *out, const struct tally *t)
{
    if (hosts_count(t->figures->hosts) == 0)
        return;
    put_busiest(out, t);
    put_slow_hosts(out, t);
    put_failing_hosts(out, t);
}

void report_put_slowest(struct bytes *out, const struct tally *t)
{
    if (t->figures->slow_count == 0)
        return;
    bytes_text(out, "<section class=\"card wide\"><h2>Slowest pages</h2><div class=\"scroll\">"
                    "<table><thead><tr><th scope=\"col\">URL</th>" COLUMN("latency")
                        COLUMN("status") "<th scope=\"col\">outcome</th></tr></thead><tbody>");
    for (unsigned i = 0; i < t->figures->slow_count; i++) {
        const struct figures_slow *p = &t->figures->slowest[i];

        bytes_text(out, "<tr><th scope=\"row\" class=\"u\"><code>");
        html_text(out, p->url, strlen(p->url));
        bytes_text(out, p->cut ? "\xe2\x80\xa6</code></th>" : "</code></th>");
        put_time(out, p->elapsed_ms);
        if (p->status)
            bytes_format(out, "<td class=\"n\">%d</td>", p->status);
        else
            bytes_text(out, "<td class=\"n\">unknown</td>");
        bytes_format(out, "<td>%s</td></tr>", report_outcome(p->outcome));
    }
    end_hosts(out);
}

/* ------------------------------------------------------------- steps -- */

static void put_step(struct bytes *out, const struct tally *t, unsigned i)
{
    const struct series *s = &t->figures->series;
    const struct series_step *step = &s->step[i];
    char text[CHART_TEXT];

    chart_time(text, s->origin_ms + (int64_t)i * s->width_ms, s->width_ms);
    bytes_format(out, "<tr><th scope=\"row\">%s</th>", text);
    put_count(out, series_pages(step));
    put_count(out, series_failed(step));
    put_time(out, series_latency(s, i, 50));
    put_time(out, series_latency(s, i, 95));
    bytes_format(out, "<td class=\"n\">%.1f</td>",
                 (double)step->under_way_ms / (double)series_seen_ms(s, i));
    if (t->figures->sampled && step->samples == 0)
        bytes_text(out, "<td></td>");
    else if (t->figures->sampled)
        put_count(out, step->limit);
    if (t->cost_micro > 0)
        bytes_format(out, "<td class=\"n\">%s</td>", units_credits(text, step->cost_micro));
    bytes_text(out, "</tr>");
}

void report_put_steps(struct bytes *out, const struct tally *t)
{
    unsigned from, used = series_used(&t->figures->series, &from);

    if (used == 0)
        return;
    bytes_format(
        out,
        "<details><summary>The charts as a table, in steps of %.6g s</summary>"
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">from (UTC)</th>" COLUMN("pages")
            COLUMN("not ok") COLUMN("median") COLUMN("95 %%")
                COLUMN("under way") "%s%s</tr></thead><tbody>",
        (double)t->figures->series.width_ms / 1000.0, t->figures->sampled ? COLUMN("limit") : "",
        t->cost_micro > 0 ? COLUMN("credits") : "");
    for (unsigned i = from; i < from + used; i++)
        put_step(out, t, i);
    bytes_text(out, "</tbody></table></div></details>\n");
}
