/*
 * --ordered: records leave in the order in which their targets were taken.
 *
 * A page that is early waits: in memory up to a ceiling, beyond it in a temporary file without a
 * name.  One page that takes a minute holds up no other call, only the pages' way out; when too
 * many wait, order_is_full() tells the source to wait as well.
 */
#ifndef PFETCH_TOOL_ORDER_H
#define PFETCH_TOOL_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

#define ORDER_MEMORY ((size_t)16 << 20)  /* bytes of pages that wait in memory              */
#define ORDER_SPILL ((uint64_t)16 << 30) /* bytes of the file                               */
#define ORDER_AHEAD (1u << 18)           /* pages between the one that is due and the last  */
#define ORDER_ERROR 256u                 /* bytes of a sentence                             */

struct order;

struct order_setup {
    size_t memory_max; /* as above: 0 means the default */
    uint64_t spill_max;
    size_t ahead_max;
    const char *directory; /* for the file; kept */
};

enum order_result {
    ORDER_NONE,   /* what is due has not come yet */
    ORDER_RECORD, /* *record is filled            */
    ORDER_LOST    /* what is due cannot be read back: order_error() */
};

/* NULL: memory. */
struct order *order_new(const struct order_setup *setup);
void order_free(struct order *o);

/* The next place, for a target that is taken now; false: memory. */
bool order_take(struct order *o, uint64_t *place);

/*
 * What came of a place.  The record is copied as far as it is needed; `page`, which is
 * record->page, is taken, or NULL where that is only lent.  False: memory, and nothing is taken.
 */
bool order_put(struct order *o, uint64_t place, const struct record *record,
               struct fetch_page *page);
/* Nothing will come. */
void order_skip(struct order *o, uint64_t place);

/* What is due, if it has come; lent until the next call. */
enum order_result order_next(struct order *o, struct record *record);

/* Better to take no more until what is due has come. */
bool order_is_full(const struct order *o);
/* Bytes that wait in memory, and in the file. */
size_t order_in_memory(const struct order *o);
uint64_t order_in_file(const struct order *o);
/* After ORDER_LOST: a sentence. */
const char *order_error(const struct order *o);

#endif
