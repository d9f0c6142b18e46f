/*
 * A dialect: how one provider is called and what it answers, as data (dialects.c).
 *
 * The rest of the sandbox knows situations; what status, header fields and body one has at a
 * provider stands in its table and nowhere else.  Header fields are templates, see
 * fields.h.
 */
#ifndef SANDBOX_DIALECT_H
#define SANDBOX_DIALECT_H

#include "text.h"

/* Which counter an answer belongs to. */
enum sandbox_kind {
    SANDBOX_KIND_FAILED,    /* errors       */
    SANDBOX_KIND_THROTTLED, /* throttled    */
    SANDBOX_KIND_ACCOUNT,   /* unauthorized */
    SANDBOX_KIND_REFUSED,   /* bad_requests */
    SANDBOX_KIND_NOT_FOUND  /* not_found    */
};

/*
 * One answer that is no page.  Every dialect has "bad-key", "no-credits", "throttled", "failed"
 * and "bad-request"; a target asks for any by api-NAME (control.h).  Two are about the target's
 * answers and may be there: "not-found" for its 404, "gave-up" for any other from 400 on; where
 * they are not, such an answer is passed on with the target's own status.
 */
struct sandbox_saying {
    const char *name;
    enum sandbox_kind kind;
    int status;         /* of the reply; 0: the target's                               */
    const char *fields; /* on top of the dialect's own; NULL: none                     */
    const char *body;   /* JSON or, where it does not begin with "{", text; NULL: the target's
                           page, or where it was not reached the sandbox's own sentence */
};

enum sandbox_key_place {
    SANDBOX_KEY_QUERY,
    SANDBOX_KEY_HEADER,
    SANDBOX_KEY_BASIC /* Basic authentication, as the user */
};

/* What is around a page. */
enum sandbox_wrapping {
    SANDBOX_WRAP_NONE,
    SANDBOX_WRAP_SCRAPFLY, /* JSON: result.content and more                     */
    SANDBOX_WRAP_ZYTE      /* JSON: httpResponseBody in base64, or browserHtml  */
};

#define SANDBOX_SAYINGS_MAX 16

struct sandbox_dialect {
    const char *name;
    enum sandbox_key_place key_place;
    const char *keys[3];    /* parameters or header fields; the first that is there counts       */
    const char *key_header; /* may be there instead of a parameter; NULL: none                   */
    const char *key_scheme; /* stands before the key in it; NULL: nothing does                   */
    const char *target;     /* parameter, or member of the JSON that is posted                   */
    const char *render, *session; /* parameters or, of JSON, members; NULL: none                 */
    const char *headers_on; /* parameter that forwards header fields where it is "true" or "1"   */
    const char *header_prefix; /* of those that are forwarded, without a parameter where there is
                                  none; NULL: all are                                            */
    int posts_json;            /* calls are POSTs of JSON                                     */
    int bills_4xx;             /* a target's 4xx costs as much as a page; else only its 404   */
    enum sandbox_wrapping wrapping;

    const char *always;  /* fields of every answer                           */
    const char *reached; /* ... where the target answered                    */
    const char *served;  /* ... with a page                                  */
    const char *captcha; /* ... with a ban page under 200, instead of served */

    struct sandbox_saying sayings[SANDBOX_SAYINGS_MAX]; /* up to the first without a name */
};

/* The dialect of that name, static; NULL where there is none. */
const struct sandbox_dialect *sandbox_dialect_find(struct sandbox_text name);

/* That of proxiesapi, which the sandbox speaks unless told otherwise. */
const struct sandbox_dialect *sandbox_dialect_default(void);

/* The i-th, for lists of their names; NULL behind the last. */
const struct sandbox_dialect *sandbox_dialect_at(unsigned i);

/* What the dialect says in that situation; NULL where it has no such saying. */
const struct sandbox_saying *sandbox_dialect_saying(const struct sandbox_dialect *dialect,
                                                    struct sandbox_text name);

/* The body where no target was reached; static. */
const char *sandbox_saying_words(const struct sandbox_saying *saying);

#endif
