/*
 * One call in flight: it waits for its latency, then replies at once or drip by drip.
 */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include <stdint.h>

struct evhttp_request;
struct sandbox;
struct sandbox_ask;
struct sandbox_plan;
struct sandbox_saying;

/*
 * Begins a call.  Takes `req` and what *ask holds on success.  Returns 0, or -1 where memory
 * ran out: nothing was sent then and nothing counted.
 */
int sandbox_call_start(struct sandbox *sandbox, struct evhttp_request *req, struct sandbox_ask *ask,
                       const struct sandbox_plan *plan);

/*
 * Frees every call that is in flight; no reply is sent.  Only ahead of evhttp_free(), which
 * then frees the requests that still have a connection.
 */
void sandbox_calls_free(struct sandbox *sandbox);

/*
 * Answers `req` (taken), whose call was never begun, as the provider does, and counts it.
 * `otherwise` (borrowed) is the body where the provider's words are not known.
 */
void sandbox_reply_saying(struct sandbox *sandbox, struct evhttp_request *req,
                          const struct sandbox_saying *saying, int64_t retry_after_s,
                          const char *otherwise);

/* Answers `req` (taken) with JSON or plain text (borrowed) and, from 0 on, a Retry-After header. */
void sandbox_reply_words(struct evhttp_request *req, int status, int64_t retry_after_s,
                         const char *words);

#endif
