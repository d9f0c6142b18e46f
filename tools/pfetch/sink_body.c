/*
 * The pages' bytes alone, one behind the other, as they finish.
 *
 * Only what the site itself sent is written: the endpoint's own words about a page that it could
 * not get, or about the account, are no part of any page.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sink.h"

static bool is_of_the_site(const struct fetch_page *page)
{
    return page->outcome == FETCH_OUTCOME_OK || page->outcome == FETCH_OUTCOME_TARGET_ERROR ||
           page->outcome == FETCH_OUTCOME_BLOCKED;
}

static bool put(struct sink *s, const struct record *record)
{
    if (is_of_the_site(record->page))
        bytes_add(outfile_begin(s->out), record->page->body, record->page->body_len);
    else
        outfile_begin(s->out);
    return outfile_commit(s->out) || sink_fail(s, outfile_error(s->out));
}

static void free_sink(struct sink *s)
{
    free(s);
}

static const struct sink_ops body_ops = {.put = put, .free = free_sink};

struct sink *sink_body_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    struct outfile_setup file = {.records = false};
    struct sink *s = calloc(1, sizeof(*s));

    if (!s) {
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    s->ops = &body_ops;
    if (sink_open_path(s, setup, &file, error, error_len) &&
        sink_open_file(s, &file, error, error_len))
        return s;
    free(s);
    return NULL;
}
