/*
 * The parts of the report, in the order in which they stand on the page.  Each appends.
 */
#ifndef PFETCH_TOOL_REPORT_PART_H
#define PFETCH_TOOL_REPORT_PART_H

#include "bytes.h"
#include "tally.h"

/* Charts over time, and the histogram of latencies. */
void report_put_charts(struct bytes *out, const struct tally *t);
void report_put_latencies(struct bytes *out, const struct tally *t);

/* Outcomes with what they mean, and the sites' statuses. */
void report_put_outcomes(struct bytes *out, const struct tally *t);
void report_put_hosts(struct bytes *out, const struct tally *t);
void report_put_slowest(struct bytes *out, const struct tally *t);
/* Every step of the charts as a row, for those who do not see them. */
void report_put_steps(struct bytes *out, const struct tally *t);

/* An outcome's name for people; static. */
const char *report_outcome(enum fetch_outcome outcome);

extern const char report_style[];
extern const char report_script[];

#endif
