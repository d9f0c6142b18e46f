#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "html.h"

#define HEIGHT 100.0     /* of a drawing, in its own units; a step is 1 wide */
#define TICKS 7u         /* at most, along the time    */
#define LONG_MS 43200000 /* a time that may go over midnight */

double chart_round(double value)
{
    static const double nice[] = {1, 2, 2.5, 5, 10};
    double unit;

    if (!(value > 0))
        return 1;
    unit = pow(10, floor(log10(value)));
    for (unsigned i = 0; i < sizeof(nice) / sizeof(nice[0]); i++) {
        if (nice[i] * unit >= value * 0.999999)
            return nice[i] * unit;
    }
    return 10 * unit;
}

void chart_time(char text[CHART_TEXT], int64_t at_ms, int64_t width_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;
    size_t n;

    text[0] = '\0';
    if (!gmtime_r(&seconds, &tm))
        return;
    if (width_ms < 60000)
        n = strftime(text, CHART_TEXT, "%H:%M:%S", &tm);
    else if (width_ms < LONG_MS / (int64_t)SERIES_STEPS)
        n = strftime(text, CHART_TEXT, "%H:%M", &tm);
    else
        n = strftime(text, CHART_TEXT, "%e %b %H:%M", &tm);
    if (width_ms < 1000)
        snprintf(text + n, CHART_TEXT - n, ".%02d", (int)(at_ms % 1000 / 10));
}

/* ------------------------------------------------------------- axes -- */

/* How many parts the axis has, so that each of them is round too: 2 is 4 halves. */
static unsigned parts_of(const struct chart *c)
{
    double unit = pow(10, floor(log10(c->top) + 1e-9));

    return c->top / unit > 1.5 && c->top / unit < 2.2 ? 4 : 5;
}

static void put_values(struct bytes *out, const struct chart *c)
{
    unsigned parts = parts_of(c);
    char text[CHART_TEXT];

    bytes_text(out, "<div class=\"ys\" aria-hidden=\"true\">");
    for (unsigned i = 0; i <= parts; i++) {
        c->label(text, c->top * i / parts);
        bytes_format(out, "<span style=\"bottom:%u%%\">", 100 * i / parts);
        html_text(out, text, strlen(text));
        bytes_text(out, "</span>");
    }
    bytes_text(out, "</div>");
}

/* Seconds between marks along the time. */
static int64_t tick_s(double span_s)
{
    static const int64_t nice[] = {1,     2,     5,      10,     15,     30,      60,     120,
                                   300,   600,   900,    1800,   3600,   7200,    10800,  21600,
                                   43200, 86400, 172800, 345600, 604800, 1209600, 2592000};
    const size_t last = sizeof(nice) / sizeof(nice[0]) - 1;
    int64_t every = nice[last];

    for (size_t i = 0; i <= last; i++) {
        if (span_s / (double)nice[i] <= TICKS - 1)
            return nice[i];
    }
    while (span_s / (double)every > TICKS - 1)
        every *= 2;
    return every;
}

static void put_moment(struct bytes *out, int64_t at_s, int64_t every_s)
{
    time_t seconds = (time_t)at_s;
    bool days = every_s % 86400 == 0;
    char text[CHART_TEXT];
    struct tm tm;

    if (!gmtime_r(&seconds, &tm))
        return;
    if (days || (every_s >= 3600 && tm.tm_hour == 0 && tm.tm_min == 0))
        strftime(text, sizeof(text), "%e %b", &tm);
    else if (every_s % 60 == 0)
        strftime(text, sizeof(text), "%H:%M", &tm);
    else
        strftime(text, sizeof(text), "%H:%M:%S", &tm);
    bytes_text(out, text);
}

static void put_times(struct bytes *out, const struct chart *c)
{
    unsigned from, used = series_used(c->series, &from), count = 0;
    int64_t begin_ms = c->series->origin_ms + (int64_t)from * c->series->width_ms;
    double span_s = (double)used * (double)c->series->width_ms / 1000.0;
    int64_t every = tick_s(span_s), at = (begin_ms / 1000 / every + 1) * every;

    bytes_text(out, "<div class=\"xs\" aria-hidden=\"true\">");
    if (begin_ms % (every * 1000) == 0)
        at -= every;
    for (; count < 2 * TICKS; at += every, count++) {
        double x = ((double)at - (double)begin_ms / 1000.0) / span_s;

        if (x > 1)
            break;
        bytes_format(out, "<span%s style=\"left:%.3f%%\">",
                     x < 0.04   ? " class=\"l\""
                     : x > 0.96 ? " class=\"r\""
                                : "",
                     x * 100.0);
        put_moment(out, at, every);
        bytes_text(out, "</span>");
    }
    bytes_text(out, "</div>");
}

static void put_grid(struct bytes *out, const struct chart *c, unsigned width)
{
    unsigned parts = parts_of(c);

    bytes_text(out, "<path class=\"grid\" d=\"");
    for (unsigned i = 0; i <= parts; i++)
        bytes_format(out, "M0 %.4gH%u", HEIGHT * i / parts, width);
    bytes_text(out, "\"/>");
}

void chart_begin(struct bytes *out, struct chart *c, const char *legend)
{
    unsigned from, used = series_used(c->series, &from);

    c->top = chart_round(c->top);
    bytes_format(out, "<figure class=\"card%s\" id=\"%s\"><figcaption><h2>%s</h2>",
                 c->wide ? " wide" : "", c->id, c->title);
    if (c->note)
        bytes_format(out, "<p class=\"note\">%s</p>", c->note);
    if (legend)
        bytes_text(out, legend);
    bytes_text(out, "</figcaption><div class=\"plot\">");
    put_values(out, c);
    bytes_format(out,
                 "<svg viewBox=\"0 0 %u 100\" preserveAspectRatio=\"none\" role=\"img\" "
                 "tabindex=\"0\" aria-label=\"",
                 used ? used : 1);
    html_text(out, c->alt, strlen(c->alt));
    bytes_text(out, "\">");
    put_grid(out, c, used ? used : 1);
}

/* ------------------------------------------------------------- drawing -- */

static double height_of(const struct chart *c, double value)
{
    double y = HEIGHT * (1.0 - value / c->top);

    return y < 0 ? 0 : y;
}

void chart_band(struct bytes *out, const struct chart *c, const double *low, const double *high,
                const char *name)
{
    unsigned from, used = series_used(c->series, &from), start = 0;

    bytes_format(out, "<path class=\"%s\" d=\"", name);
    while (start < used) {
        unsigned end = start;

        while (end < used && high[end] > low[end])
            end++;
        if (end > start) {
            bytes_format(out, "M%u %.5g", start, height_of(c, high[start]));
            for (unsigned i = start; i < end; i++)
                bytes_format(out, "V%.5gH%u", height_of(c, high[i]), i + 1);
            for (unsigned i = end; i > start; i--)
                bytes_format(out, "V%.5gH%u", height_of(c, low[i - 1]), i - 1);
            bytes_text(out, "Z");
        }
        start = end + 1;
    }
    bytes_text(out, "\"/>");
}

void chart_area(struct bytes *out, const struct chart *c, chart_value value, const char *name)
{
    unsigned from, used = series_used(c->series, &from);
    double axis[SERIES_STEPS] = {0}, above[SERIES_STEPS];

    for (unsigned i = 0; i < used; i++)
        above[i] = value(c->series, from + i);
    chart_band(out, c, axis, above, name);
}

void chart_line(struct bytes *out, const struct chart *c, chart_value value, bool stepped,
                const char *name)
{
    unsigned from, used = series_used(c->series, &from);
    bool drawing = false;

    bytes_format(out, "<path class=\"line %s\" d=\"", name);
    for (unsigned i = 0; i < used; i++) {
        double v = value(c->series, from + i), y = height_of(c, v);

        if (v < 0)
            drawing = false;
        else if (stepped && drawing)
            bytes_format(out, "V%.5gH%u", y, i + 1);
        else if (stepped)
            bytes_format(out, "M%u %.5gH%u", i, y, i + 1);
        else if (drawing)
            bytes_format(out, "L%.4g %.5g", i + 0.5, y);
        else
            bytes_format(out, "M%.4g %.5gh.01", i + 0.49, y);
        drawing = v >= 0;
    }
    bytes_text(out, "\"/>");
}

void chart_end(struct bytes *out, const struct chart *c)
{
    unsigned from, used = series_used(c->series, &from);
    char when[CHART_TEXT], text[CHART_TEXT];

    bytes_text(out, "<g class=\"hits\">");
    for (unsigned i = 0; i < used; i++) {
        chart_time(when, c->series->origin_ms + (int64_t)(from + i) * c->series->width_ms,
                   c->series->width_ms);
        c->tip(text, c->series, from + i);
        bytes_format(out, "<rect x=\"%u\" width=\"1\" height=\"100\"><title>%s\n", i, when);
        bytes_text(out, text);
        bytes_text(out, "</title></rect>");
    }
    bytes_text(out, "</g></svg>");
    put_times(out, c);
    bytes_text(out, "</div></figure>\n");
}
