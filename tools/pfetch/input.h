/*
 * Everything that is to be fetched, as one sequence: the URLs of the command line, then each list
 * in turn.  Lists are opened at once, so that a missing one is found before anything is sent, and
 * read only as fast as targets are asked for.
 */
#ifndef PFETCH_TOOL_INPUT_H
#define PFETCH_TOOL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pfetch/fetch.h>

struct event_base;
struct input;

enum input_result {
    INPUT_TARGET, /* item->target is filled                                        */
    INPUT_BROKEN, /* item->why says what is wrong, item->text what stood there     */
    INPUT_LATER,  /* a pipe has nothing now: on_ready will be called               */
    INPUT_END     /* nothing any more                                              */
};

/* All pointers are lent until the next call, but for `list`, which lives as the input. */
struct input_item {
    struct fetch_target target;
    const char *list; /* the list's name as given; NULL for the command line       */
    uint64_t line;    /* in that list, from 1                                      */
    const char *why;  /* INPUT_BROKEN: a clause, "it is not a JSON object"         */
    const char *text; /* INPUT_BROKEN: the URL or the line's beginning             */
    size_t text_len;
};

/*
 * `urls` and `lists` ("-" is standard input) are kept.  on_ready is called from the loop, once
 * for each INPUT_LATER.  NULL, and a sentence in `error`, where a list cannot be read or memory
 * ran out.
 */
struct input *input_new(struct event_base *base, const char *const *urls, size_t url_count,
                        const char *const *lists, size_t list_count, void (*on_ready)(void *arg),
                        void *arg, char *error, size_t error_len);
void input_free(struct input *in);

enum input_result input_next(struct input *in, struct input_item *item);

/*
 * How many items there will be, in *total; false where only reading tells: pipes, packed lists
 * and lists over INPUT_COUNT_BYTES.  To be called before the first input_next().
 */
bool input_count(const struct input *in, uint64_t *total);
#define INPUT_COUNT_BYTES (256u << 20) /* counted in a tenth of a second from a warm cache */

#endif
