#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart.h"
#include "html.h"
#include "report_part.h"
#include "units.h"

#define BINS 60u

/* Where bin `i` of a histogram begins, on a scale of powers. */
static double edge(const struct histogram *h, unsigned i)
{
    double low = h->min > 0 ? h->min : 0.5, high = (double)h->max + 1;

    return low * pow(high / low, (double)i / BINS);
}

/* How far from the left a latency lies, in percent. */
static double place(const struct histogram *h, double ms)
{
    double low = edge(h, 0), high = edge(h, BINS);

    return ms <= low ? 0 : 100.0 * log(ms / low) / log(high / low);
}

static void put_bars(struct bytes *out, const struct histogram *h)
{
    double bin[BINS], most = 1;
    char a[UNITS_MAX], b[UNITS_MAX], n[UNITS_MAX];

    for (unsigned i = 0; i < BINS; i++) {
        bin[i] = histogram_below(h, edge(h, i + 1)) - histogram_below(h, i ? edge(h, i) : 0);
        most = fmax(most, bin[i]);
    }
    bytes_text(out, "<path class=\"solid\" d=\"");
    for (unsigned i = 0; i < BINS; i++) {
        if (bin[i] > 0)
            bytes_format(out, "M%.4g 100V%.5gh.84V100Z", i + 0.08, 100.0 - 100.0 * bin[i] / most);
    }
    bytes_text(out, "\"/>");
    for (unsigned i = 0; i < 3; i++) {
        static const double percent[] = {50, 90, 99};
        double x = place(h, histogram_percentile(h, percent[i])) * BINS / 100.0;

        bytes_format(out, "<path class=\"line rule\" d=\"M%.5g 0V100\"/>", x < BINS ? x : BINS);
    }
    bytes_text(out, "<g class=\"hits\">");
    for (unsigned i = 0; i < BINS; i++)
        bytes_format(out,
                     "<rect x=\"%u\" width=\"1\" height=\"100\"><title>%s to %s\n%s pages, %.1f %%"
                     "</title></rect>",
                     i, units_ms(a, (uint64_t)edge(h, i)), units_ms(b, (uint64_t)edge(h, i + 1)),
                     units_count(n, (uint64_t)(bin[i] + 0.5)), 100.0 * bin[i] / (double)h->count);
    bytes_text(out, "</g>");
}

static void put_mark(struct bytes *out, double x, const char *text)
{
    bytes_format(out, "<span%s style=\"left:%.2f%%\">%s</span>",
                 x < 5    ? " class=\"l\""
                 : x > 95 ? " class=\"r\""
                          : "",
                 x, text);
}

/* 1, 2 and 5 times each power of ten, as far as there is room for them. */
static void put_marks(struct bytes *out, const struct histogram *h)
{
    static const unsigned steps[] = {1, 2, 5};
    double before = -100, low = edge(h, 0), high = edge(h, BINS);
    char text[UNITS_MAX];

    bytes_text(out, "<div class=\"xs\" aria-hidden=\"true\">");
    for (double unit = 1; unit <= high; unit *= 10) {
        for (unsigned i = 0; i < 3; i++) {
            double ms = unit * steps[i], x = place(h, ms);

            if (ms < low || ms > high || x - before < 12)
                continue;
            snprintf(text, sizeof(text), ms < 1000 ? "%.0f ms" : "%.0f s",
                     ms < 1000 ? ms : ms / 1000);
            put_mark(out, x, text);
            before = x;
        }
    }
    bytes_text(out, "</div>");
}

static void put_row(struct bytes *out, const char *name, const struct histogram *h)
{
    static const double percents[] = {50, 90, 95, 99};
    char text[UNITS_MAX];

    bytes_format(out, "<tr><th scope=\"row\">%s</th>", name);
    for (unsigned i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
        bytes_format(out, "<td class=\"n\">%s</td>",
                     units_ms(text, histogram_percentile(h, percents[i])));
    bytes_format(out, "<td class=\"n\">%s</td></tr>", units_ms(text, h->max));
}

static void put_drawing(struct bytes *out, const struct histogram *h)
{
    char a[UNITS_MAX], b[UNITS_MAX];

    bytes_format(out,
                 "<p class=\"note\">%s to %s, on a scale of powers; the lines are 50, 90 and 99 %%"
                 "</p></figcaption><div class=\"plot short\"><svg viewBox=\"0 0 %u 100\" "
                 "preserveAspectRatio=\"none\" role=\"img\" tabindex=\"0\" "
                 "aria-label=\"Histogram of the latency\">",
                 units_ms(a, h->min), units_ms(b, h->max), BINS);
    put_bars(out, h);
    bytes_text(out, "</svg>");
    put_marks(out, h);
    bytes_text(out, "</div>");
}

void report_put_latencies(struct bytes *out, const struct tally *t)
{
    const struct histogram *h = &t->elapsed_ms;

    bytes_text(out, "<figure class=\"card\" id=\"latencies\"><figcaption><h2>How long pages "
                    "took</h2>");
    if (h->max > h->min)
        put_drawing(out, h);
    else
        bytes_text(out, "</figcaption>");
    bytes_text(out,
               "<div class=\"scroll\"><table><thead><tr><th></th>"
               "<th class=\"n\" scope=\"col\">median</th><th class=\"n\" scope=\"col\">90 %</th>"
               "<th class=\"n\" scope=\"col\">95 %</th><th class=\"n\" scope=\"col\">99 %</th>"
               "<th class=\"n\" scope=\"col\">longest</th></tr></thead><tbody>");
    put_row(out, "Latency", h);
    put_row(out, "Queued", &t->queued_ms);
    bytes_text(out, "</tbody></table></div></figure>\n");
}
