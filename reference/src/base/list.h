/* SPDX-License-Identifier: BSD-3-Clause */
/* list.h - intrusive doubly linked lists in a ring, with a head that is a link itself.
 *
 * Owns: struct list_link and the operations on it.  Not here: memory, locking.
 *
 *   I1  A link is in no list (both pointers NULL or both to itself) or in exactly one.
 *   I2  Following next from the head comes back to the head; prev mirrors next.
 *
 * Idea: no special case for the empty list, O(1) removal of a member without its head.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "cc.h"

struct list_link {
    struct list_link *next, *prev;
};

#define LIST_INIT(head)                                                                    \
    {                                                                                      \
        &(head), &(head)                                                                   \
    }

/* The struct that contains this link. */
#define LIST_ENTRY(link, type, member) CONTAINER_OF(link, type, member)

/* Walks from the front; the body may remove `link` itself. */
#define LIST_EACH(link, head)                                                              \
    for (struct list_link *link = (head)->next, *link##_next_ = link->next;                \
         link != (head); link = link##_next_, link##_next_ = link->next)

static inline void list_init(struct list_link *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list_link *head)
{
    return head->next == head;
}

static inline bool list_is_linked(const struct list_link *l)
{
    return l->next != NULL && l->next != l;
}

static inline void list_insert_before(struct list_link *pos, struct list_link *l)
{
    l->next = pos;
    l->prev = pos->prev;
    pos->prev->next = l;
    pos->prev = l;
}

static inline void list_push_back(struct list_link *head, struct list_link *l)
{
    list_insert_before(head, l);
}

static inline void list_push_front(struct list_link *head, struct list_link *l)
{
    list_insert_before(head->next, l);
}

/* Takes l out of whatever list it is in.  Needs: it is in one. */
static inline void list_remove(struct list_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    l->next = l->prev = NULL;
}

/* The first link, taken out; NULL when there is none. */
static inline struct list_link *list_pop_front(struct list_link *head)
{
    struct list_link *l = head->next;
    if (l == head)
        return NULL;
    list_remove(l);
    return l;
}

/* Moves every member of `from` behind those of `to`, in order. */
static inline void list_append_all(struct list_link *to, struct list_link *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* True when I2 holds; walks at most `limit` members. */
static inline bool list_check(const struct list_link *head, size_t limit)
{
    const struct list_link *l = head;
    do {
        if (l->next == NULL || l->next->prev != l)
            return false;
        l = l->next;
    } while (l != head && limit-- > 0);
    return l == head;
}

#endif
