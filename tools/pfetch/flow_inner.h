/*
 * What the two halves of a flow share: targets in (flow_source.c), pages out (flow.c).
 */
#ifndef PFETCH_TOOL_FLOW_INNER_H
#define PFETCH_TOOL_FLOW_INNER_H

#include "flow.h"

/* What a target carries through the library, as its `user`; free(). */
struct ticket {
    struct record record; /* all but its page                          */
    uint64_t place;       /* in the order, where one is kept           */
};

/* A fetch_source_cb whose `arg` is the flow. */
enum fetch_pull flow_on_pull(struct fetch_target *target, void *arg);

/*
 * What came of a target, to its place in the order where one is kept, else to the sink.  `page` is
 * record->page and taken, or NULL where that is only lent.
 */
void flow_put(struct flow *f, uint64_t place, const struct record *record, struct fetch_page *page);

/* Better to take no more targets: what came of those before waits to be written. */
bool flow_is_full(const struct flow *f);

/* Has the loop do soon what was noted in the flow. */
void flow_act(struct flow *f);

/* Says so, and ends the run. */
void flow_out_of_memory(struct flow *f);

#endif
