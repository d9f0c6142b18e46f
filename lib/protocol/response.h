/*
 * An answer as it arrives, in the memory that its page will keep.
 *
 * The protocol asks for room, the transport reads into it, the protocol says
 * which of the bytes are header fields and body.  A body that is sent as it is
 * stays where the socket put it; a chunked one moves down over its framing;
 * an encoded one is decoded into a buffer of its own.
 */
#ifndef PF_PROTOCOL_RESPONSE_H
#define PF_PROTOCOL_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct pf_decoder;

#define PF_LENGTH_UNKNOWN UINT64_MAX

/* How far the answer has come; only ever goes on. */
enum pf_progress {
    PF_PROGRESS_NONE, /* not a byte yet                              */
    PF_PROGRESS_HEAD, /* within the head, or an interim one (1xx)    */
    PF_PROGRESS_BODY, /* the head is whole                           */
    PF_PROGRESS_DONE  /* everything is here                          */
};

struct pf_response {
    enum pf_progress progress;
    int status;           /* 100 to 999; 0 before the head is whole */
    const char *protocol; /* "http/1.1"; static */
    const char *detail;   /* static half-sentence on a failure, or NULL */

    struct pf_buf mem;          /* head, then the body as sent */
    struct fetch_header *field; /* offsets into mem until pf_response_seal() */
    size_t field_count, field_cap;
    bool folded;        /* some field goes over several lines */
    size_t body_at;     /* where in mem the body begins */
    size_t body_len;    /* bytes of it there */
    uint64_t body_left; /* that are still to come, PF_LENGTH_UNKNOWN if not told */
    size_t max_body;    /* bytes, decoded */
    size_t guess_bytes; /* size of the first allocation */

    struct pf_decoder *decoder; /* NULL: the body is kept as sent */
    struct pf_buf decoded;
};

/* An empty answer; allocates nothing.  `guess_bytes`: how large the whole is likely to be. */
void pf_response_init(struct pf_response *r, size_t max_body, size_t guess_bytes);
/* Frees everything.  A zeroed one is fine. */
void pf_response_fini(struct pf_response *r);

/* Forgets what has come, for the same exchange anew. */
void pf_response_restart(struct pf_response *r);

/* Lends at least one byte, usually thousands, at mem's end.  FETCH_E_NOMEM, FETCH_E_TOO_LARGE. */
enum fetch_error pf_response_room(struct pf_response *r, char **at, size_t *n);

/* A field's name and value, at these places in mem.  FETCH_E_NOMEM, FETCH_E_TOO_LARGE. */
enum fetch_error pf_response_add_field(struct pf_response *r, size_t name_at, size_t name_len,
                                       size_t value_at, size_t value_len);
/* Forgets the fields of an interim answer. */
void pf_response_drop_fields(struct pf_response *r);

/*
 * The head is whole and ends at `head_end` in mem; `length` bytes of body follow
 * (PF_LENGTH_UNKNOWN).  FETCH_E_TOO_LARGE (told to be over max_body),
 * FETCH_E_ENCODING (too many codings), FETCH_E_NOMEM.
 */
enum fetch_error pf_response_head_end(struct pf_response *r, int status, size_t head_end,
                                      uint64_t length);

/*
 * The next `n` bytes of the body, wherever they are: in mem behind the body so far, or elsewhere.
 * FETCH_E_TOO_LARGE, FETCH_E_ENCODING, FETCH_E_NOMEM.
 */
enum fetch_error pf_response_body(struct pf_response *r, const char *bytes, size_t n);

/* The same for bytes that are elsewhere and are to be copied where nothing decodes them. */
enum fetch_error pf_response_append(struct pf_response *r, const char *bytes, size_t n);

/* Everything in mem was looked at: what is neither head nor body is given up. */
void pf_response_consumed(struct pf_response *r);

/* The body is whole.  FETCH_E_TRUNCATED: not as its encoding has it. */
enum fetch_error pf_response_end(struct pf_response *r);

/*
 * Lends the body of a whole answer before it is sealed, with a NUL behind it.  *body is never NULL.
 * FETCH_E_NOMEM.
 */
enum fetch_error pf_response_view(struct pf_response *r, const char **body, size_t *body_len);

/*
 * The value, without trailing white space, of the next field `name` (lower case) from field number
 * *cursor on, which moves behind it; NULL if there is none.  Only before sealing.
 */
const char *pf_response_next(const struct pf_response *r, const char *name, size_t *cursor,
                             size_t *value_len);

/* The fields one after the other, from number *cursor on; false behind the last.  Values as above. */
bool pf_response_each(const struct pf_response *r, size_t *cursor, const char **name,
                      size_t *name_len, const char **value, size_t *value_len);

/*
 * Turns offsets into pointers and ends strings with NULs, for the page.  Also for
 * a failed answer.  Afterwards only reading and pf_response_fini().
 * *body is never NULL.  FETCH_E_NOMEM leaves an empty body.
 */
enum fetch_error pf_response_seal(struct pf_response *r, const char **body, size_t *body_len);

#endif
