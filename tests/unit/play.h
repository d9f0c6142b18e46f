/*
 * A gather over a rig's client that checks its own callbacks: pages each once, in order if that was
 * asked for, never more taken than the window allows, the end once and after the last page, nothing
 * from within a call of the test's.
 *
 *   play_init(&p, &r);           and set p.options, p.targets, hooks
 *   play_start(&p);
 *   play_run(&p);                until its end
 *   play_fini(&p);
 */
#ifndef PF_TESTS_PLAY_H
#define PF_TESTS_PLAY_H

#include <stdio.h>

#include "unit/rig.h"
#include "unit/unit.h"

#define PLAY_MAX 20000

struct play {
    struct rig *r;
    struct fetch_gather *g;
    struct fetch_gather_options options;
    unsigned targets; /* that the source has */
    const char *url;  /* of each, before its number; NULL: a page of example.com */

    unsigned asked, taken, handed, done; /* calls of the source, targets, pages, ends */
    unsigned outcome[FETCH_OUTCOME_COUNT];
    unsigned index[PLAY_MAX]; /* of the pages, as they were handed over */
    bool seen[PLAY_MAX];
    enum fetch_error error; /* of the end */
    bool calling;           /* the test is within a call of the gather's */
    bool over;              /* nothing may be called any more */

    /* The test's part in the callbacks, or NULL.  The source's comes before a target is made. */
    enum fetch_pull (*on_source)(struct play *p);
    void (*on_page)(struct play *p, const struct fetch_page *page);
    void (*on_done)(struct play *p);
    void *arg;
};

/* Calls something of the gather's, from which nothing may be called back. */
#define PLAY_CALL(p, expression)                                                                   \
    do {                                                                                           \
        bool outer = (p)->calling;                                                                 \
        (p)->calling = true;                                                                       \
        (void)(expression);                                                                        \
        (p)->calling = outer;                                                                      \
    } while (0)

static inline void play_check_callback(const struct play *p)
{
    ck_assert_msg(!p->calling, "called back from within a call");
    ck_assert_msg(!p->over, "called back after its end");
    ck_assert_uint_eq(p->done, 0);
}

static inline enum fetch_pull play_source(struct fetch_target *target, void *arg)
{
    struct play *p = arg;
    static char url[100];
    enum fetch_pull pull = FETCH_PULL_TARGET;

    play_check_callback(p);
    ck_assert_uint_eq(target->size, sizeof *target);
    p->asked++;
    if (p->options.window)
        ck_assert_uint_lt(p->taken - p->handed, p->options.window);
    if (p->on_source)
        pull = p->on_source(p);
    if (pull != FETCH_PULL_TARGET)
        return pull;
    if (p->taken == p->targets)
        return FETCH_PULL_END;
    (void)snprintf(url, sizeof url, "%s%u", p->url ? p->url : "http://example.com/", p->taken);
    target->url = url; /* lent until the next pull */
    p->taken++;
    return FETCH_PULL_TARGET;
}

static inline void play_page(struct fetch_gather *g, struct fetch_page *page, void *arg)
{
    struct play *p = arg;

    play_check_callback(p);
    ck_assert_ptr_eq(g, p->g);
    ck_assert_uint_lt(page->index, PLAY_MAX);
    ck_assert(!p->seen[page->index]);
    p->seen[page->index] = true;
    if (p->options.order == FETCH_ORDER_INPUT)
        ck_assert_uint_eq(page->index, p->handed);
    p->outcome[page->outcome]++;
    p->index[p->handed++] = (unsigned)page->index;
    ck_assert_uint_le(p->handed, p->taken);
    if (p->on_page)
        p->on_page(p, page);
    fetch_page_free(page);
}

static inline void play_done(struct fetch_gather *g, enum fetch_error error, void *arg)
{
    struct play *p = arg;

    play_check_callback(p);
    ck_assert_ptr_eq(g, p->g);
    ck_assert_uint_eq(p->handed, p->taken);
    ck_assert_uint_eq(fetch_gather_outstanding(g), 0);
    p->done++;
    p->error = error;
    if (p->on_done)
        p->on_done(p);
}

static inline void play_init(struct play *p, struct rig *r)
{
    static const struct fetch_gather_options options = FETCH_GATHER_OPTIONS_INIT;

    memset(p, 0, sizeof *p);
    p->r = r;
    p->options = options;
    p->options.source = play_source;
    p->options.on_page = play_page;
    p->options.on_done = play_done;
    p->options.arg = p;
}

static inline void play_start(struct play *p)
{
    enum fetch_error e;

    PLAY_CALL(p, e = fetch_gather_new(&p->g, p->r->client, &p->options));
    ck_assert_int_eq(e, FETCH_OK);
}

/* Adds one target; gives fetch_gather_add()'s result. */
static inline enum fetch_error play_add(struct play *p, const char *url)
{
    struct fetch_target target = FETCH_TARGET_INIT;
    enum fetch_error e;

    target.url = url;
    PLAY_CALL(p, e = fetch_gather_add(p->g, &target));
    if (e == FETCH_OK)
        p->taken++;
    return e;
}

static inline void play_free(struct play *p)
{
    struct fetch_gather *g = p->g;

    p->g = NULL;
    p->over = true;
    fetch_gather_free(g);
}

static inline void play_run(struct play *p)
{
    rig_until(p->r, p->done);
}

/* Frees the gather, then turns a little: nothing may come any more. */
static inline void play_fini(struct play *p)
{
    play_free(p);
    rig_quiet(p->r);
}

#endif
