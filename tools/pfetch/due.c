/*
 * A record that says "again" replaces an earlier one of its request and is not counted as another
 * page of it.  Where a list names a target several times, the last record says whether it failed.
 */
#include "due.h"

#include <stdlib.h>
#include <string.h>

#include "seen.h"

/*
 * Records wait here until the memory that they are put in has come: without that, a scan of ten
 * million records spends most of its time in waiting for it.
 */
#define EXPECTED 16u

struct expected {
    struct identity id;
    enum seen_result state;
    bool again;
    bool failed; /* it is not ok, and not for want of an account */
};

struct due {
    struct due_setup set;
    struct identifier *identifier;
    struct seen seen;
    bool resumed; /* the output has records  */
    uint64_t failed;
    struct bytes run;
    struct expected expected[EXPECTED]; /* a ring */
    unsigned first, count;
};

#define RUN_MAX (1u << 20) /* bytes of a "run" */

struct due *due_new(const struct due_setup *setup)
{
    struct due *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->set = *setup;
    bytes_init(&d->run, RUN_MAX);
    d->identifier = identifier_new();
    if (d->identifier)
        return d;
    due_free(d);
    return NULL;
}

void due_free(struct due *d)
{
    if (!d)
        return;
    identifier_free(d->identifier);
    seen_fini(&d->seen);
    bytes_fini(&d->run);
    free(d);
}

static bool identify(const struct due *d, const struct record_head *head, struct identity *id)
{
    if (head->request && identity_parse(head->request, strlen(head->request), id))
        return true;
    return identity_of_url(d->identifier, head->url, head->url_len, id);
}

/*
 * No other attempt mends a line that is no target, nor a page that the site does not have.  What
 * the account alone stood in the way of is due without being asked for.
 */
static enum seen_result state_of(const struct record_head *head)
{
    switch (head->outcome) {
    case FETCH_OUTCOME_OK:
    case FETCH_OUTCOME_BAD_URL:
        return SEEN_OK;
    case FETCH_OUTCOME_ACCOUNT:
    case FETCH_OUTCOME_BUDGET:
    case FETCH_OUTCOME_CANCELLED:
        return SEEN_OWED;
    case FETCH_OUTCOME_TARGET_ERROR:
        return head->status == 404 || head->status == 410 ? SEEN_OK : SEEN_FAILED;
    case FETCH_OUTCOME_BLOCKED:
    case FETCH_OUTCOME_PROVIDER_ERROR:
    case FETCH_OUTCOME_THROTTLED:
    case FETCH_OUTCOME_NETWORK:
    case FETCH_OUTCOME_TIMEOUT:
    case FETCH_OUTCOME_TOO_LARGE:
    case FETCH_OUTCOME_COUNT:
        break;
    }
    return SEEN_FAILED;
}

/* Notes the record that has waited longest. */
static bool note_first(struct due *d)
{
    const struct expected *e = &d->expected[d->first];

    d->first = (d->first + 1) % EXPECTED;
    d->count--;
    if (e->again && seen_state(&d->seen, &e->id) == SEEN_FAILED)
        d->failed--;
    d->failed += e->failed;
    return e->again ? seen_mark(&d->seen, &e->id, e->state) : seen_add(&d->seen, &e->id, e->state);
}

static bool note_all(struct due *d)
{
    while (d->count > 0) {
        if (!note_first(d))
            return false;
    }
    return true;
}

bool due_on_record(const struct record_head *head, void *arg)
{
    struct due *d = arg;
    struct expected *e;

    d->resumed = true;
    if (head->run) {
        bytes_cut(&d->run, 0);
        bytes_add(&d->run, head->run, head->run_len);
    }
    if (d->run.failed || (d->count == EXPECTED && !note_first(d)))
        return false;
    e = &d->expected[(d->first + d->count) % EXPECTED];
    *e = (struct expected){.state = state_of(head), .again = head->again};
    e->failed = head->outcome != FETCH_OUTCOME_OK && e->state != SEEN_OWED;
    if (!identify(d, head, &e->id))
        return false;
    seen_expect(&d->seen, &e->id);
    d->count++;
    return true;
}

const char *due_run(struct due *d)
{
    return d->run.len > 0 ? bytes_string(&d->run) : NULL;
}

bool due_count_failed(struct due *d, uint64_t *failed)
{
    bool all = note_all(d);

    *failed = d->failed;
    return all;
}

static enum due_answer answer(struct due *d, const struct identity *id, struct due_said *said)
{
    enum seen_result had, before = SEEN_NOT;

    if (!note_all(d))
        return DUE_NOMEM;
    had = seen_take(&d->seen, id);
    if (had == SEEN_OWED || (had == SEEN_FAILED && d->set.retry_failed))
        return DUE_AGAIN;
    if (had != SEEN_NOT)
        return DUE_THERE;
    if (d->set.unique || (d->set.fresh && d->resumed))
        before = seen_once(&d->seen, id);
    if (before == SEEN_NOMEM)
        return DUE_NOMEM;
    said->fresh = before == SEEN_NOT;
    return d->set.unique && before != SEEN_NOT ? DUE_TWICE : DUE_YES;
}

/* Whether anything has to be looked up. */
static bool asks(const struct due *d)
{
    return d->resumed || d->set.unique;
}

enum due_answer due_target(struct due *d, const struct fetch_target *target, struct due_said *said)
{
    bool plain = identity_is_plain(target);
    struct identity id;

    *said = (struct due_said){.fresh = false};
    if (plain && !asks(d))
        return DUE_YES;
    if (!identity_of_target(d->identifier, target, &id))
        return DUE_NOMEM;
    if (!plain)
        identity_put(&id, said->request);
    return asks(d) ? answer(d, &id, said) : DUE_YES;
}

enum due_answer due_broken(struct due *d, const char *text, size_t n, struct due_said *said)
{
    struct identity id;

    *said = (struct due_said){.fresh = false};
    if (!identity_of_broken(d->identifier, text, n, &id))
        return DUE_NOMEM;
    identity_put(&id, said->request);
    return asks(d) ? answer(d, &id, said) : DUE_YES;
}
