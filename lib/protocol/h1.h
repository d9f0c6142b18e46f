/*
 * HTTP/1.1, the client's side (RFC 9112): requests to bytes, bytes to answers.
 * No socket, no loop; one exchange at a time; nothing is pipelined.
 */
#ifndef PF_PROTOCOL_H1_H
#define PF_PROTOCOL_H1_H

#include <llhttp.h>

#include "protocol/message.h"
#include "protocol/response.h"

/* What came of bytes or of their end. */
enum pf_h1_step {
    PF_H1_MORE,  /* the answer goes on                                  */
    PF_H1_DONE,  /* the answer is whole                                 */
    PF_H1_FAILED /* it never will be: see error, and response->detail  */
};

struct pf_h1 {
    llhttp_t parser;
    struct pf_response *response; /* NULL between exchanges */
    enum fetch_error error;       /* of PF_H1_FAILED */
    bool keep_alive;              /* after PF_H1_DONE: the connection can carry another exchange */
    unsigned interim;             /* 1xx answers so far */
    uint64_t bytes, body_bytes;   /* received in this exchange, and how many were body */
    size_t name_at, name_len;     /* the field that is being parsed, as offsets into mem */
    size_t value_at, value_len;
};

/* Appends the request's bytes, body included.  FETCH_E_NOMEM, FETCH_E_TOO_LARGE. */
enum fetch_error pf_h1_write(struct pf_buf *out, const struct pf_request *request);

/* Begins an exchange whose answer goes to `response` (kept until done or failed). */
void pf_h1_begin(struct pf_h1 *h1, struct pf_response *response);

/* `n` bytes were read to where pf_response_room() said. */
enum pf_h1_step pf_h1_receive(struct pf_h1 *h1, size_t n);

/* The peer ended the connection; `clean`: in an orderly way (under TLS, close_notify). */
enum pf_h1_step pf_h1_eof(struct pf_h1 *h1, bool clean);

#endif
