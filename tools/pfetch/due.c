/*
 * A record that says "again" replaces an earlier one of its request and is not counted as another
 * page of it.  Where a list names a target several times, the last record says whether it failed.
 */
#include "due.h"

#include <stdlib.h>
#include <string.h>

#include "advice.h"
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

bool due_on_record(const struct record_head *head, void *arg)
{
    struct due *d = arg;
    struct identity id;

    bool failed = head->outcome != FETCH_OUTCOME_OK;

    d->resumed = true;
    if (head->run) {
        bytes_cut(&d->run, 0);
        bytes_add(&d->run, head->run, head->run_len);
    }
    if (d->run.failed || !identify(d, head, &id))
        return false;
    if (head->again && d->failed > 0)
        d->failed--;
    d->failed += failed;
    return head->again ? seen_mark(&d->seen, &id, outcome_may_mend(head->outcome, head->status))
                       : seen_add(&d->seen, &id, outcome_may_mend(head->outcome, head->status));
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

    if (had == SEEN_OK)
        return DUE_THERE;
    if (had == SEEN_FAILED)
        return d->set.retry_failed ? DUE_AGAIN : DUE_THERE;
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
