/*
 * nghttp2 does the framing, HPACK and flow control; what it leaves to its user is done here and in
 * h2_stream.c: the answer's memory, limits, what the end of a stream means, and floods.
 *
 * Windows: an answer is taken into its page's memory as it comes and bounded there by max_body, so
 * flow control has nothing to protect and only costs round trips.  A stream's window lets in the
 * largest page whole, so that none waits for leave to go on, however long the way; the connection's
 * is as large as the protocol has it, so that no page stands in the way of another.  What goes over
 * max_body, or is not wanted any more, is reset at once.
 *
 * The :path holds the key, or a field does: those are never indexed (RFC 7541 section 7.1.3);
 * everything else of a repeated request is, and costs a byte a field.
 */
#include "protocol/h2_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define WINDOW_MAX INT32_MAX /* RFC 9113 section 6.9.1 */
#define WINDOW_SPARE 65535u  /* over max_body: padding, and the byte that is one too many */
#define LIMIT_UNTOLD 100u    /* RFC 9113 section 6.5.2 recommends no less */
#define OUTPUT_BYTES 65536u
#define FRAME_TYPES_KNOWN 10u /* RFC 9113 section 6 */
/* Of frames that bring nothing, those included that nghttp2 drops without a word: more are a flood.
 * What is on its way when streams are reset is less, since sockets hold no more. */
#define IDLE_BYTES_MAX (16u << 20)
/* Of a request, bytes: a URL of any length that is taken, encoded; nghttp2 stops at 64 KiB. */
#define MAX_REQUEST_HEAD (PF_MAX_URL * 16u)

/* ------------------------------------------------------------ requests -- */

enum fetch_error pf_h2_start(struct pf_h2 *h2, struct pf_stream *s,
                             const struct pf_request *request, struct pf_response *response)
{
    if (h2->closing)
        return FETCH_E_CLOSED;
    *s = (struct pf_stream){.response = response};
    s->id = pf_h2_request_submit(h2, s, request);
    if (s->id < 0) {
        enum fetch_error e = s->id == NGHTTP2_ERR_NOMEM              ? FETCH_E_NOMEM
                             : s->id == NGHTTP2_ERR_INVALID_ARGUMENT ? FETCH_E_TOO_LARGE
                                                                     : FETCH_E_CLOSED;

        s->id = 0; /* out of stream ids, after 2^30 requests, or the session is ending */
        h2->closing = h2->closing || e == FETCH_E_CLOSED;
        return e;
    }
    pf_list_init(&s->link);
    pf_list_append(&h2->active_list, &s->link);
    h2->active++;
    return FETCH_OK;
}

void pf_h2_cancel(struct pf_h2 *h2, struct pf_stream *s)
{
    if (s->id > 0) {
        (void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
        (void)nghttp2_session_set_stream_user_data(h2->session, s->id, NULL);
        h2->active--;
    }
    s->id = 0;
    pf_list_remove(&s->link);
}

/* ------------------------------------------------------------ in and out -- */

struct pf_stream *pf_h2_ended(struct pf_h2 *h2)
{
    struct pf_link *l = pf_list_shift(&h2->ended);

    return l ? PF_LIST_ENTRY(l, struct pf_stream, link) : NULL;
}

bool pf_h2_has_ended(const struct pf_h2 *h2)
{
    return !pf_list_empty(&h2->ended);
}

void pf_h2_eof(struct pf_h2 *h2, enum fetch_error error)
{
    h2->closing = true;
    while (!pf_list_empty(&h2->active_list)) {
        struct pf_stream *s = PF_LIST_ENTRY(h2->active_list.next, struct pf_stream, link);
        bool began = s->response->progress > PF_PROGRESS_NONE;

        pf_h2_stream_end(h2, s, error == FETCH_E_LOST && began ? FETCH_E_TRUNCATED : error);
    }
}

/* nghttp2 takes what comes after a fault without a word, and drops it: its GOAWAY is ready. */
static bool found_fault(const struct pf_h2 *h2)
{
    return !h2->closing && nghttp2_session_get_next_stream_id(h2->session) <= INT32_MAX &&
           !nghttp2_session_check_request_allowed(h2->session);
}

enum fetch_error pf_h2_receive(struct pf_h2 *h2, const void *bytes, size_t n)
{
    ssize_t used;
    enum fetch_error e;

    h2->idle_bytes += n;
    used = nghttp2_session_mem_recv(h2->session, bytes, n);
    if (used == (ssize_t)n && !found_fault(h2) && h2->idle_bytes <= IDLE_BYTES_MAX) {
        if (pf_h2_is_over(h2))
            h2->closing = true;
        return FETCH_OK;
    }
    e = used == NGHTTP2_ERR_NOMEM ? FETCH_E_NOMEM : FETCH_E_PROTOCOL;
    (void)nghttp2_session_terminate_session(h2->session, NGHTTP2_PROTOCOL_ERROR);
    pf_h2_eof(h2, e);
    return e;
}

enum fetch_error pf_h2_output(struct pf_h2 *h2, struct pf_buf *out)
{
    while (out->len < OUTPUT_BYTES) {
        const uint8_t *frame;
        ssize_t n = nghttp2_session_mem_send(h2->session, &frame);
        enum fetch_error e;

        if (n < 0)
            return n == NGHTTP2_ERR_NOMEM ? FETCH_E_NOMEM : FETCH_E_PROTOCOL;
        if (n == 0)
            return FETCH_OK;
        e = pf_buf_append(out, frame, (size_t)n);
        if (e != FETCH_OK)
            return e;
    }
    return FETCH_OK;
}

unsigned pf_h2_active(const struct pf_h2 *h2)
{
    return h2->active;
}

unsigned pf_h2_limit(const struct pf_h2 *h2)
{
    uint32_t told =
        nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

    return told == UINT32_MAX ? LIMIT_UNTOLD : told < PF_MAX_STREAMS ? told : PF_MAX_STREAMS;
}

unsigned pf_h2_room(const struct pf_h2 *h2)
{
    unsigned limit = pf_h2_limit(h2);

    return h2->closing || limit <= h2->active ? 0 : limit - h2->active;
}

bool pf_h2_was_told(const struct pf_h2 *h2)
{
    return h2->told;
}

bool pf_h2_wants_output(const struct pf_h2 *h2)
{
    return nghttp2_session_want_write(h2->session) != 0;
}

bool pf_h2_is_closing(const struct pf_h2 *h2)
{
    return h2->closing;
}

bool pf_h2_is_over(const struct pf_h2 *h2)
{
    return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

void pf_h2_ping(struct pf_h2 *h2)
{
    (void)nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
}

/* -------------------------------------------------------- life and end -- */

static int new_session(struct pf_h2 *h2)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option = NULL;
    int rc = nghttp2_session_callbacks_new(&callbacks);

    if (rc != 0)
        return rc;
    pf_h2_stream_callbacks(callbacks);
    rc = nghttp2_option_new(&option);
    if (rc == 0) {
        nghttp2_option_set_no_closed_streams(option, 1); /* they serve priorities only */
        nghttp2_option_set_max_send_header_block_length(option, MAX_REQUEST_HEAD);
        for (unsigned type = FRAME_TYPES_KNOWN; type <= UINT8_MAX; type++)
            nghttp2_option_set_user_recv_extension_type(option, (uint8_t)type);
        rc = nghttp2_session_client_new2(&h2->session, callbacks, h2, option);
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return rc;
}

static uint32_t stream_window(size_t max_body)
{
    return max_body < WINDOW_MAX - WINDOW_SPARE ? (uint32_t)max_body + WINDOW_SPARE : WINDOW_MAX;
}

struct pf_h2 *pf_h2_new(size_t max_body)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window(max_body)},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, PF_MAX_HEAD},
    };
    struct pf_h2 *h2 = calloc(1, sizeof *h2);

    if (!h2)
        return NULL;
    pf_list_init(&h2->ended);
    pf_list_init(&h2->active_list);
    pf_list_init(&h2->uploads);
    if (new_session(h2) != 0 ||
        nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings,
                                sizeof settings / sizeof *settings) != 0 ||
        nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, WINDOW_MAX) != 0) {
        pf_h2_free(h2);
        return NULL;
    }
    return h2;
}

void pf_h2_free(struct pf_h2 *h2)
{
    if (!h2)
        return;
    nghttp2_session_del(h2->session);
    pf_h2_request_fini(h2);
    free(h2);
}
