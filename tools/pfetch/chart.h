/*
 * Charts over a run's time, as SVG within HTML.
 *
 * The drawing is an SVG that stretches with the page, and what is read, the marks at the axes, is
 * HTML beside it, so that a chart fits a telephone and a sheet of paper alike and its text is
 * never distorted.  Every step has a rectangle of its own with a <title>: what the report's script
 * shows at the pointer, and what a browser shows without it.
 *
 * A chart is written in this order: chart_begin(), any number of areas and lines, chart_end().
 */
#ifndef PFETCH_TOOL_CHART_H
#define PFETCH_TOOL_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "series.h"

#define CHART_TEXT 160u /* bytes of a tip or of a label */

struct chart {
    const char *id;    /* unique in the page                                        */
    const char *title; /* of the figure                                             */
    const char *note;  /* a line below it; HTML, may be NULL                        */
    const char *alt;   /* what the drawing shows, for those who do not see it; text */
    const struct series *series;
    double top; /* the largest value; made round by chart_begin()            */
    bool wide;  /* over the whole page                                       */
    /* A value at the axis as text.  `text` has CHART_TEXT bytes. */
    void (*label)(char *text, double value);
    /* What is said about step[i], without its time: lines, and no mark of HTML in them. */
    void (*tip)(char *text, const struct series *s, unsigned i);
};

/* A value of step[i]; negative: there is none. */
typedef double (*chart_value)(const struct series *s, unsigned i);

/* Opens the figure; `legend` is NULL, or HTML.  Rounds c->top up. */
void chart_begin(struct bytes *out, struct chart *c, const char *legend);

/* The area from the axis up to a value, in the colour of the class `name`. */
void chart_area(struct bytes *out, const struct chart *c, chart_value value, const char *name);
/* The area between values that the caller has put into arrays, an element a used step. */
void chart_band(struct bytes *out, const struct chart *c, const double *low, const double *high,
                const char *name);
/* A line through the middles of the steps, or in steps. */
void chart_line(struct bytes *out, const struct chart *c, chart_value value, bool stepped,
                const char *name);

void chart_end(struct bytes *out, const struct chart *c);

/* The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not below `value`. */
double chart_round(double value);

/* A moment in UTC: the time of day, with as many digits as steps of `width_ms` ask for, and with
 * the day where they are long. */
void chart_time(char text[CHART_TEXT], int64_t at_ms, int64_t width_ms);

#endif
