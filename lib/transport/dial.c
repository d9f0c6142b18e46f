/*
 * A dial tries one address at a time.  While others are left, each has only a few seconds, so
 * that a dead one among several costs little; an address that failed then rests (addresses.c), so
 * it is the next dials that are fast.  Racing addresses against each other (RFC 8305) would save
 * those seconds once, for connections to the endpoint that nobody asked for.
 *
 * A failure to even begin is told from the loop too, by the timer: the owner sees one way.
 */
#include "transport/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/util.h>

static void try_next(struct pf_dial *dial);

static void close_attempt(struct pf_dial *dial)
{
    if (dial->bev)
        bufferevent_free(dial->bev);
    dial->bev = NULL;
    dial->ssl = NULL;
}

static void note_failure(struct pf_dial *dial, enum fetch_error error, enum fetch_phase phase,
                         const char *why)
{
    char address[64];

    dial->error = error;
    dial->phase = phase;
    (void)snprintf(
        dial->why, sizeof dial->why, "%s: %.90s",
        pf_address_text(&dial->target->addresses->list[dial->address], address, sizeof address),
        why);
}

static void address_failed(struct pf_dial *dial, enum fetch_error error, enum fetch_phase phase,
                           const char *why)
{
    note_failure(dial, error, phase, why);
    pf_addresses_failed(dial->target->addresses, dial->address, pf_loop_now_ms());
    close_attempt(dial);
    try_next(dial);
}

/* The TCP connection stands if it has taken anything: a refused one shows as a failed write of the
 * first handshake message. */
static bool in_handshake(const struct pf_dial *dial)
{
    return dial->ssl && BIO_number_written(SSL_get_wbio(dial->ssl)) > 0;
}

enum fetch_phase pf_dial_phase(const struct pf_dial *dial)
{
    return in_handshake(dial) ? FETCH_PHASE_TLS : FETCH_PHASE_CONNECT;
}

static void on_timer(struct pf_timer *timer)
{
    struct pf_dial *dial = PF_LIST_ENTRY(timer, struct pf_dial, timer);

    if (!dial->bev) { /* nothing could be begun: see try_next() */
        dial->on_end(dial);
        return;
    }
    address_failed(dial, FETCH_E_CONNECT, pf_dial_phase(dial),
                   in_handshake(dial) ? "the TLS handshake took too long"
                                      : "the connection took too long");
}

static void connected(struct pf_dial *dial)
{
    int on = 1;

    pf_timer_cancel(&dial->timer);
    pf_addresses_worked(dial->target->addresses, dial->address);
    (void)setsockopt(bufferevent_getfd(dial->bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bufferevent_setcb(dial->bev, NULL, NULL, NULL, NULL);
    dial->error = FETCH_OK;
    dial->on_end(dial);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct pf_dial *dial = arg;
    int os_error = EVUTIL_SOCKET_ERROR();
    char why[128];

    if (what & BEV_EVENT_CONNECTED) {
        connected(dial);
    } else if (what & (BEV_EVENT_ERROR | BEV_EVENT_EOF | BEV_EVENT_TIMEOUT)) {
        if (in_handshake(dial)) {
            enum fetch_error e =
                pf_tls_failure(dial->ssl, bufferevent_get_openssl_error(bev), why, sizeof why);

            address_failed(dial, e, FETCH_PHASE_TLS, why);
        } else {
            address_failed(dial, FETCH_E_CONNECT, FETCH_PHASE_CONNECT,
                           os_error ? evutil_socket_error_to_string(os_error)
                                    : "the connection was not accepted");
        }
    }
}

static bool open_bufferevent(struct pf_dial *dial)
{
    const struct pf_dial_target *t = dial->target;

    if (!t->tls) {
        dial->bev = bufferevent_socket_new(t->loop->base, -1, BEV_OPT_CLOSE_ON_FREE);
        return dial->bev != NULL;
    }
    dial->ssl = pf_tls_connection(t->tls, t->host, t->tickets, t->alpn);
    if (!dial->ssl)
        return false;
    dial->bev = bufferevent_openssl_socket_new(t->loop->base, -1, dial->ssl,
                                               BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (!dial->bev) {
        SSL_free(dial->ssl);
        dial->ssl = NULL;
    }
    return dial->bev != NULL;
}

/* What is left of the whole time, or less while there are other addresses to try. */
static uint64_t time_for_address(const struct pf_dial *dial)
{
    uint64_t now = pf_loop_now_ms();
    uint64_t left = dial->give_up_ms > now ? dial->give_up_ms - now : 0;
    bool last = (unsigned)__builtin_popcountll(dial->tried) == dial->target->addresses->count;

    return last || left < PF_ADDRESS_TRY_MS ? left : PF_ADDRESS_TRY_MS;
}

static bool begin_address(struct pf_dial *dial)
{
    struct pf_address *a = &dial->target->addresses->list[dial->address];

    if (!open_bufferevent(dial)) {
        note_failure(dial, FETCH_E_NOMEM, FETCH_PHASE_CONNECT, "memory ran out");
        return false;
    }
    bufferevent_setcb(dial->bev, NULL, NULL, on_event, dial);
    if (bufferevent_socket_connect(dial->bev, (struct sockaddr *)&a->sa, (int)a->len) != 0) {
        int e = errno;

        note_failure(dial, e == EMFILE || e == ENFILE ? FETCH_E_SYSTEM : FETCH_E_CONNECT,
                     FETCH_PHASE_CONNECT, strerror(e));
        close_attempt(dial);
        return false;
    }
    return true;
}

/* Leaves with an address under way, or with the timer set to tell that there is none. */
static void try_next(struct pf_dial *dial)
{
    struct pf_loop *loop = dial->target->loop;
    uint64_t now = pf_loop_now_ms();
    int i;

    while (now < dial->give_up_ms &&
           (i = pf_addresses_pick(dial->target->addresses, dial->tried, now)) >= 0) {
        dial->address = (unsigned)i;
        dial->tried |= (uint64_t)1 << i;
        if (begin_address(dial)) {
            pf_loop_start_timer(loop, &dial->timer, time_for_address(dial));
            return;
        }
        if (dial->error == FETCH_E_SYSTEM)
            break; /* the trouble is ours, whatever the address */
        pf_addresses_failed(dial->target->addresses, dial->address, now);
    }
    pf_loop_start_timer(loop, &dial->timer, 0);
}

struct pf_dial *pf_dial_new(const struct pf_dial_target *target,
                            void (*on_end)(struct pf_dial *dial), void *owner)
{
    struct pf_dial *dial = calloc(1, sizeof *dial);

    if (!dial)
        return NULL;
    pf_list_init(&dial->link);
    pf_timer_init(&dial->timer, on_timer);
    dial->target = target;
    dial->started_ms = pf_loop_now_ms();
    dial->give_up_ms = dial->started_ms + target->timeout_ms;
    dial->on_end = on_end;
    dial->owner = owner;
    try_next(dial);
    return dial;
}

void pf_dial_free(struct pf_dial *dial)
{
    if (!dial)
        return;
    pf_list_remove(&dial->link);
    pf_timer_cancel(&dial->timer);
    close_attempt(dial);
    free(dial);
}
