#include "transport/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/dns.h>
#include <event2/util.h>

#include "base/text.h"

/*
 * What evdns calls back with.  It tells of a cancelled look-up from the loop, later, and uses its
 * own base until then: so that base and this struct outlive a resolver that goes first.
 */
struct pf_lookup {
    struct pf_resolver *resolver; /* NULL: gone */
    struct evdns_base *dns;       /* to be freed then */
};

/* Reads an address without port, IPv6 with or without brackets. */
static bool parse_address(const char *s, size_t n, uint16_t port, struct sockaddr_storage *sa,
                          int *len)
{
    char text[80];
    int used;

    if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
        s++;
        n -= 2;
    }
    if (n == 0 || n > 60)
        return false;
    used = memchr(s, ':', n) ? snprintf(text, sizeof text, "[%.*s]:%u", (int)n, s, port)
                             : snprintf(text, sizeof text, "%.*s:%u", (int)n, s, port);
    *len = sizeof *sa;
    return used > 0 && evutil_parse_sockaddr_port(text, (struct sockaddr *)sa, len) == 0;
}

/* "HOST:PORT:ADDRESS" in its parts. */
static bool split_override(const char *s, size_t *host_len, uint16_t *port,
                           struct sockaddr_storage *sa, int *sa_len)
{
    const char *colon = strchr(s, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
    uint64_t number;

    if (!second || colon == s || !pf_text_u64(colon + 1, (size_t)(second - colon - 1), &number) ||
        number == 0 || number > 65535)
        return false;
    *host_len = (size_t)(colon - s);
    *port = (uint16_t)number;
    return parse_address(second + 1, strlen(second + 1), *port, sa, sa_len);
}

bool pf_resolver_override_is_valid(const char *override)
{
    struct sockaddr_storage sa;
    size_t host_len;
    uint16_t port;
    int len;

    return split_override(override, &host_len, &port, &sa, &len);
}

void pf_resolver_init(struct pf_resolver *r, struct pf_loop *loop, const char *host, uint16_t port,
                      const char *const *overrides, size_t override_count)
{
    struct sockaddr_storage sa;
    uint16_t for_port;
    size_t host_len;
    int len;

    memset(r, 0, sizeof *r);
    r->loop = loop;
    r->host = host;
    r->port = port;
    for (size_t i = 0; i < override_count; i++)
        if (split_override(overrides[i], &host_len, &for_port, &sa, &len) && for_port == port &&
            pf_text_eq_nocase(overrides[i], host_len, host, strlen(host)))
            pf_addresses_add(&r->addresses, (struct sockaddr *)&sa, (socklen_t)len);
    if (r->addresses.count == 0 && parse_address(host, strlen(host), port, &sa, &len))
        pf_addresses_add(&r->addresses, (struct sockaddr *)&sa, (socklen_t)len);
    r->fixed = r->addresses.count > 0;
}

void pf_resolver_fini(struct pf_resolver *r)
{
    r->on_done = NULL;
    if (r->asking) {
        r->lookup->resolver = NULL;
        r->lookup->dns = r->dns;
        r->dns = NULL;
        evdns_getaddrinfo_cancel(r->asking);
        r->asking = NULL;
    }
    if (r->dns) {
        evdns_base_free(r->dns, 0);
        r->dns = NULL;
    }
}

static void take_addresses(struct pf_resolver *r, int result, const struct evutil_addrinfo *found)
{
    struct pf_addresses next = {.count = 0};
    const char *failure = NULL;

    for (const struct evutil_addrinfo *ai = found; ai; ai = ai->ai_next)
        pf_addresses_add(&next, ai->ai_addr, (socklen_t)ai->ai_addrlen);
    if (next.count > 0) {
        pf_addresses_replace(&r->addresses, &next);
        r->stale_at_ms = pf_loop_now_ms() + PF_RESOLVE_KEEP_MS;
    } else if (r->addresses.count > 0) {
        pf_loop_log(r->loop, FETCH_LOG_WARNING,
                    "%s could not be looked up again (%s): its last addresses are kept", r->host,
                    evutil_gai_strerror(result));
        r->stale_at_ms = pf_loop_now_ms() + PF_RESOLVE_KEEP_MS;
    } else {
        failure = result ? evutil_gai_strerror(result) : "the name has no addresses";
    }
    if (r->on_done)
        r->on_done(r->arg, failure);
}

static void on_addresses(int result, struct evutil_addrinfo *found, void *arg)
{
    struct pf_lookup *lookup = arg;
    struct pf_resolver *r = lookup->resolver;

    if (r) {
        r->asking = NULL;
        take_addresses(r, result, found);
    } else {
        evdns_base_free(lookup->dns, 0);
    }
    if (found)
        evutil_freeaddrinfo(found);
    free(lookup);
}

static bool start_dns(struct pf_resolver *r)
{
    if (r->dns)
        return true;
    if (!r->nameserver)
        r->dns = evdns_base_new(r->loop->base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                                   EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!r->dns) { /* no usable resolv.conf: names in /etc/hosts still work */
        r->dns = evdns_base_new(r->loop->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        if (!r->dns)
            return false;
        if (r->nameserver)
            (void)evdns_base_nameserver_ip_add(r->dns, r->nameserver);
        else
            (void)evdns_base_load_hosts(r->dns, "/etc/hosts");
    }
    return true;
}

bool pf_resolver_ready(struct pf_resolver *r)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];

    if (r->fixed)
        return true;
    if (r->asking || (r->addresses.count > 0 && pf_loop_now_ms() < r->stale_at_ms))
        return r->addresses.count > 0;
    r->lookup = start_dns(r) ? calloc(1, sizeof *r->lookup) : NULL;
    if (!r->lookup) {
        take_addresses(r, EVUTIL_EAI_MEMORY, NULL);
        return r->addresses.count > 0;
    }
    r->lookup->resolver = r;
    (void)snprintf(port, sizeof port, "%u", r->port);
    r->asking = evdns_getaddrinfo(r->dns, r->host, port, &hints, on_addresses, r->lookup);
    return r->addresses.count > 0;
}
