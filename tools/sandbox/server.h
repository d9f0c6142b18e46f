/* The sandbox's own memory, for server.c and call.c only. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "ban.h"
#include "sandbox.h"
#include "spec.h"

struct event;
struct evhttp;
struct evconnlistener;
struct sandbox_attempts;
struct sandbox_call;
struct sandbox_coder;

#define SANDBOX_LISTENERS_MAX 4

struct sandbox {
    struct event_base *base;
    struct evhttp *http;
    struct sandbox_spec spec;
    struct sandbox_counters counters;
    struct sandbox_ban ban;
    struct sandbox_attempts *attempts;
    struct sandbox_coder *coder;
    struct sandbox_call *calls; /* those in flight, doubly linked, in no order      */

    struct evconnlistener *listener[SANDBOX_LISTENERS_MAX]; /* evhttp's to free     */
    size_t listeners;
    struct event *accept_again; /* periodic, once there is a listener               */
    uint16_t port;
};

#endif
