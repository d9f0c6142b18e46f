/*
 * A record that says "again" replaces an earlier one of its request and is not counted as another
 * page of it.  Where a list names a target several times, the last record says whether it failed.
 */
#include "due.h"

#include <stdlib.h>
#include <string.h>

#include "seen.h"

struct due {
    struct due_setup set;
    struct identifier *identifier;
    struct seen seen;
    bool resumed; /* the output has records  */
    uint64_t failed;
    struct bytes run;
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

bool due_on_record(const struct record_head *head, void *arg)
{
    struct due *d = arg;
    enum seen_result state = state_of(head);
    struct identity id;

    d->resumed = true;
    if (head->run) {
        bytes_cut(&d->run, 0);
        bytes_add(&d->run, head->run, head->run_len);
    }
    if (d->run.failed || !identify(d, head, &id))
        return false;
    if (head->again && seen_state(&d->seen, &id) == SEEN_FAILED)
        d->failed--;
    d->failed += head->outcome != FETCH_OUTCOME_OK && state != SEEN_OWED;
    return head->again ? seen_mark(&d->seen, &id, state) : seen_add(&d->seen, &id, state);
}

const char *due_run(struct due *d)
{
    return d->run.len > 0 ? bytes_string(&d->run) : NULL;
}

uint64_t due_failed(const struct due *d)
{
    return d->failed;
}

static enum due_answer answer(struct due *d, const struct identity *id, struct due_said *said)
{
    enum seen_result had = seen_take(&d->seen, id), before = SEEN_NOT;

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
