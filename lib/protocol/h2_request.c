#include "protocol/h2_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define MAX_H2_FIELDS (PF_MAX_REQUEST_FIELDS + 5) /* four in front, and the length */

/* A request's body on its way out: its owner's memory is used again before it goes. */
struct upload {
    struct pf_link link;
    int32_t id;
    size_t len, at;
    char bytes[];
};

/* -------------------------------------------------------------- uploads -- */

static void drop_upload(struct upload *u)
{
    pf_list_remove(&u->link);
    free(u);
}

/* Few have one: a walk will do. */
void pf_h2_request_drop_body(struct pf_h2 *h2, int32_t id)
{
    for (struct pf_link *l = h2->uploads.next; l != &h2->uploads; l = l->next) {
        struct upload *u = PF_LIST_ENTRY(l, struct upload, link);

        if (u->id == id) {
            drop_upload(u);
            return;
        }
    }
}

static ssize_t read_upload(nghttp2_session *session, int32_t id, uint8_t *to, size_t room,
                           uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct upload *u = source->ptr;
    struct pf_h2 *h2 = arg;
    size_t n = u->len - u->at < room ? u->len - u->at : room;

    (void)session;
    (void)id;
    h2->idle_frames = 0; /* a long body is answered with many WINDOW_UPDATEs */
    memcpy(to, u->bytes + u->at, n);
    u->at += n;
    if (u->at == u->len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        drop_upload(u);
    }
    return (ssize_t)n;
}

/* NULL: out of memory. */
static struct upload *new_upload(struct pf_h2 *h2, const struct pf_request *request)
{
    struct upload *u = malloc(sizeof *u + request->body_len);

    if (!u)
        return NULL;
    u->len = request->body_len;
    u->at = 0;
    u->id = 0;
    memcpy(u->bytes, request->body, request->body_len);
    pf_list_init(&u->link);
    pf_list_append(&h2->uploads, &u->link);
    return u;
}

/* -------------------------------------------------------------- fields -- */

static nghttp2_nv field(const char *name, size_t name_len, const char *value, size_t value_len,
                        uint8_t flags)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, name_len,
                        value_len, flags};
}

/* HTTP/2 wants names in lower case (RFC 9113 section 8.2.1); a caller's may not be. */
static bool lower_names(struct pf_buf *names, const struct pf_request *request)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct pf_field *f = &request->field[i];
        char *at;

        if (pf_buf_append(names, f->name, f->name_len) != FETCH_OK)
            return false;
        at = names->data + names->len - f->name_len;
        for (size_t k = 0; k < f->name_len; k++)
            if (at[k] >= 'A' && at[k] <= 'Z')
                at[k] = (char)(at[k] | 0x20);
    }
    return true;
}

/* All of a request's fields; `names` is theirs.  The number, 0 where memory ran out. */
static size_t spell(nghttp2_nv *nv, const struct pf_request *request, struct pf_buf *names,
                    char length[24])
{
    const char *scheme = request->https ? "https" : "http";
    size_t n = 0, at = 0;

    if (!lower_names(names, request))
        return 0;
    nv[n++] = field(":method", 7, request->method, strlen(request->method), 0);
    nv[n++] = field(":scheme", 7, scheme, strlen(scheme), 0);
    nv[n++] = field(":authority", 10, request->authority, request->authority_len, 0);
    nv[n++] = field(":path", 5, request->path, request->path_len, NGHTTP2_NV_FLAG_NO_INDEX);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct pf_field *f = &request->field[i];

        nv[n++] = field(names->data + at, f->name_len, f->value, f->value_len,
                        f->sensitive ? NGHTTP2_NV_FLAG_NO_INDEX : 0);
        at += f->name_len;
    }
    if (pf_request_tells_length(request)) {
        int digits = snprintf(length, 24, "%zu", request->body_len);

        nv[n++] = field("content-length", 14, length, (size_t)digits, 0);
    }
    return n;
}

int32_t pf_h2_request_submit(struct pf_h2 *h2, struct pf_stream *s,
                             const struct pf_request *request)
{
    nghttp2_nv nv[MAX_H2_FIELDS];
    nghttp2_data_provider body = {.read_callback = read_upload};
    struct upload *u = NULL;
    struct pf_buf names;
    char length[24];
    int32_t id = NGHTTP2_ERR_NOMEM;
    size_t n;

    if (request->field_count > PF_MAX_REQUEST_FIELDS)
        return NGHTTP2_ERR_INVALID_ARGUMENT;
    if (request->body_len > 0 && !(u = new_upload(h2, request)))
        return id;
    body.source.ptr = u;
    pf_buf_init(&names, SIZE_MAX / 4);
    n = spell(nv, request, &names, length);
    if (n > 0)
        id = nghttp2_submit_request(h2->session, NULL, nv, n, u ? &body : NULL, s);
    pf_buf_fini(&names);
    if (u && id < 0)
        drop_upload(u);
    else if (u)
        u->id = id;
    return id;
}

void pf_h2_request_fini(struct pf_h2 *h2)
{
    while (!pf_list_empty(&h2->uploads))
        drop_upload(PF_LIST_ENTRY(h2->uploads.next, struct upload, link));
}
