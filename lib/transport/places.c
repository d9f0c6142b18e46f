/*
 * A list for each load, and two levels of bits that say which lists hold anything: the lowest bit is
 * the least load, found in two steps whatever is open.  Chosen over taking connections in turn,
 * which lets the loads drift apart where pages take unequally long, and over a heap, which costs
 * log(n) a step.
 *
 * A connection that is freed leaves its list without a word, so a bit may outlive its connections;
 * it costs one look, and each was set by one pf_places_put().
 *
 * Of idle connections the last used is taken: it is the least likely to be stale, and a pool that
 * needs fewer lets the others age.
 */
#include "transport/places.h"

void pf_places_init(struct pf_places *p)
{
    for (unsigned i = 0; i < PF_MAX_STREAMS; i++)
        pf_list_init(&p->by_load[i]);
    pf_list_init(&p->shut);
    pf_list_init(&p->full);
    for (unsigned i = 0; i < PF_PLACES_WORDS; i++)
        p->used[i] = 0;
    p->any = 0;
}

static void free_all(struct pf_link *list)
{
    while (!pf_list_empty(list))
        pf_conn_free(PF_LIST_ENTRY(list->next, struct pf_conn, link));
}

void pf_places_fini(struct pf_places *p)
{
    for (unsigned i = 0; i < PF_MAX_STREAMS; i++)
        free_all(&p->by_load[i]);
    free_all(&p->shut);
    free_all(&p->full);
}

void pf_places_put(struct pf_places *p, struct pf_conn *conn, unsigned room, uint64_t now_ms)
{
    struct pf_link *list = room > 0           ? &p->by_load[conn->active]
                           : conn->active > 0 ? &p->full
                                              : &p->shut;

    if (conn->active == 0 && conn->place == list)
        return; /* it was idle here already, and keeps its rank */
    pf_list_remove(&conn->link);
    pf_list_append(list, &conn->link);
    conn->place = list;
    if (conn->active == 0)
        conn->idle_since_ms = now_ms;
    if (room > 0) {
        p->used[conn->active / 64] |= (uint64_t)1 << conn->active % 64;
        p->any |= (uint64_t)1 << conn->active / 64;
    }
}

struct pf_conn *pf_places_least_loaded(struct pf_places *p)
{
    while (p->any) {
        unsigned word = (unsigned)__builtin_ctzll(p->any);
        unsigned load = word * 64 + (unsigned)__builtin_ctzll(p->used[word]);
        struct pf_link *list = &p->by_load[load];

        if (!pf_list_empty(list))
            return PF_LIST_ENTRY(load == 0 ? list->prev : list->next, struct pf_conn, link);
        p->used[word] &= p->used[word] - 1;
        if (p->used[word] == 0)
            p->any &= p->any - 1;
    }
    return NULL;
}

struct pf_conn *pf_places_longest_idle(const struct pf_places *p)
{
    const struct pf_link *idle = &p->by_load[0], *shut = &p->shut;
    struct pf_conn *a = PF_LIST_ENTRY(idle->next, struct pf_conn, link);
    struct pf_conn *b = PF_LIST_ENTRY(shut->next, struct pf_conn, link);

    if (pf_list_empty(idle))
        return pf_list_empty(shut) ? NULL : b;
    return pf_list_empty(shut) || a->idle_since_ms <= b->idle_since_ms ? a : b;
}
