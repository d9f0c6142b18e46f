/*
 * Intrusive doubly linked lists: an object is in a list through a pf_link of
 * its own, so joining and leaving are O(1) and allocate nothing.
 *
 * The head is a link too; a list is a ring.  A link that is in no list points
 * at itself, so pf_list_remove() may be called on any initialised link.
 */
#ifndef PF_BASE_LIST_H
#define PF_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct pf_link {
    struct pf_link *prev, *next;
};

/* The object of `type` whose member `member` is the link `l`. */
#define PF_LIST_ENTRY(l, type, member) ((type *)(void *)((char *)(l)-offsetof(type, member)))

static inline void pf_list_init(struct pf_link *l)
{
    l->prev = l->next = l;
}

static inline bool pf_list_empty(const struct pf_link *head)
{
    return head->next == head;
}

static inline void pf_list_append(struct pf_link *head, struct pf_link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

static inline void pf_list_prepend(struct pf_link *head, struct pf_link *l)
{
    pf_list_append(head->next, l);
}

/* Leaves whatever list it is in. */
static inline void pf_list_remove(struct pf_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    pf_list_init(l);
}

/* The first link, removed; NULL from an empty list. */
static inline struct pf_link *pf_list_shift(struct pf_link *head)
{
    struct pf_link *l = head->next;

    if (l == head)
        return NULL;
    pf_list_remove(l);
    return l;
}

/* Moves everything to the end of `to`; `from` is empty afterwards. */
static inline void pf_list_move(struct pf_link *to, struct pf_link *from)
{
    if (pf_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    pf_list_init(from);
}

#endif
