/*
 * All forms are structured fields (RFC 9651): lists of items with parameters, or dictionaries of
 * integers.  One reader takes a member of either apart; what a field means is said by its row in
 * `fields`.  A field is read into a copy, which becomes the result only if all of it was read.
 */
#include "engine/ratelimit.h"

#include "base/text.h"

struct reader {
    const char *p, *end;
};

enum kind { KIND_INTEGER, KIND_STRING, KIND_TOKEN, KIND_OTHER };

struct bare {
    enum kind kind;
    const char *text; /* without the quotes */
    size_t n;
    uint64_t number;
};

/* A member of a list or a dictionary, with the parameters that mean something here. */
struct member {
    bool has_key;
    struct bare key, value;
    bool has_q, has_w, has_r, has_t;
    uint64_t q, w, r, t;
    enum pf_ratelimit_unit unit;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
    while (*set && *set != c)
        set++;
    return *set != '\0';
}

static bool is(const struct bare *b, const char *word, size_t n)
{
    return pf_text_eq_nocase(b->text, b->n, word, n);
}

#define IS(bare, literal) is((bare), (literal), sizeof(literal) - 1)

static bool at(const struct reader *r, char c)
{
    return r->p < r->end && *r->p == c;
}

static void skip_space(struct reader *r)
{
    while (at(r, ' ') || at(r, '\t'))
        r->p++;
}

/* ------------------------------------------------------------ bare items -- */

/* Up to 15 digits, or a decimal, which nothing here is. */
static bool read_number(struct reader *r, struct bare *out)
{
    const char *begin = r->p;

    while (r->p < r->end && is_digit(*r->p))
        r->p++;
    out->kind = KIND_INTEGER;
    if (r->p - begin > 15 || !pf_text_u64(begin, (size_t)(r->p - begin), &out->number))
        return false;
    if (!at(r, '.'))
        return true;
    out->kind = KIND_OTHER;
    begin = ++r->p;
    while (r->p < r->end && is_digit(*r->p))
        r->p++;
    return r->p - begin >= 1 && r->p - begin <= 3;
}

static bool read_string(struct reader *r, struct bare *out)
{
    out->kind = KIND_STRING;
    out->text = ++r->p;
    for (; r->p < r->end && *r->p != '"'; r->p++) {
        if (*r->p == '\\' && (++r->p == r->end || (*r->p != '"' && *r->p != '\\')))
            return false;
        if (*r->p < 0x20 || *r->p > 0x7e)
            return false;
    }
    if (r->p == r->end)
        return false;
    out->n = (size_t)(r->p++ - out->text);
    return true;
}

static void read_token(struct reader *r, struct bare *out)
{
    out->kind = KIND_TOKEN;
    out->text = r->p++;
    while (r->p < r->end &&
           (is_alpha(*r->p) || is_digit(*r->p) || is_one_of(*r->p, "!#$%&'*+-.^_`|~:/")))
        r->p++;
    out->n = (size_t)(r->p - out->text);
}

/* ":base64:" or "?1" */
static bool read_other(struct reader *r, struct bare *out)
{
    out->kind = KIND_OTHER;
    if (*r->p++ == '?') {
        if (!at(r, '0') && !at(r, '1'))
            return false;
        r->p++;
        return true;
    }
    while (r->p < r->end && (is_alpha(*r->p) || is_digit(*r->p) || is_one_of(*r->p, "+/=")))
        r->p++;
    if (!at(r, ':'))
        return false;
    r->p++;
    return true;
}

static bool read_bare(struct reader *r, struct bare *out)
{
    *out = (struct bare){.text = r->p};
    if (r->p == r->end)
        return false;
    if (is_digit(*r->p))
        return read_number(r, out);
    if (*r->p == '"')
        return read_string(r, out);
    if (*r->p == '?' || *r->p == ':')
        return read_other(r, out);
    if (!is_alpha(*r->p) && *r->p != '*')
        return false;
    read_token(r, out);
    return true;
}

/* --------------------------------------------------------------- members -- */

static bool read_key(struct reader *r, struct bare *out)
{
    *out = (struct bare){.kind = KIND_TOKEN, .text = r->p};
    if (r->p == r->end || (!is_lower(*r->p) && *r->p != '*'))
        return false;
    while (r->p < r->end && (is_lower(*r->p) || is_digit(*r->p) || is_one_of(*r->p, "_-.*")))
        r->p++;
    out->n = (size_t)(r->p - out->text);
    return true;
}

static bool take_number(const struct bare *value, bool *has, uint64_t *out)
{
    *has = true;
    *out = value->number;
    return value->kind == KIND_INTEGER;
}

static bool take_parameter(struct member *m, const struct bare *key, const struct bare *value)
{
    if (IS(key, "q"))
        return take_number(value, &m->has_q, &m->q);
    if (IS(key, "w"))
        return take_number(value, &m->has_w, &m->w);
    if (IS(key, "r"))
        return take_number(value, &m->has_r, &m->r);
    if (IS(key, "t"))
        return take_number(value, &m->has_t, &m->t);
    if (IS(key, "qu"))
        m->unit = IS(value, "requests")              ? PF_RATELIMIT_REQUESTS
                  : IS(value, "concurrent-requests") ? PF_RATELIMIT_CONCURRENT
                                                     : PF_RATELIMIT_OTHER;
    return true;
}

static bool read_parameters(struct reader *r, struct member *m)
{
    struct bare key, value;

    while (at(r, ';')) {
        r->p++;
        while (at(r, ' '))
            r->p++;
        if (!read_key(r, &key))
            return false;
        value = (struct bare){.kind = KIND_OTHER, .text = r->p};
        if (at(r, '=')) {
            r->p++;
            if (!read_bare(r, &value))
                return false;
        }
        if (!take_parameter(m, &key, &value))
            return false;
    }
    return true;
}

static bool read_member(struct reader *r, struct member *m)
{
    *m = (struct member){.unit = PF_RATELIMIT_REQUESTS};
    if (!read_bare(r, &m->value))
        return false;
    if (m->value.kind == KIND_TOKEN && at(r, '=')) {
        r->p++;
        m->has_key = true;
        m->key = m->value;
        if (!read_bare(r, &m->value))
            return false;
    }
    return read_parameters(r, m);
}

/* ---------------------------------------------------------------- fields -- */

static bool is_name(const struct member *m)
{
    return !m->has_key && (m->value.kind == KIND_STRING || m->value.kind == KIND_TOKEN);
}

/* The policy of that name, or a new one; NULL: there are enough. */
static struct pf_ratelimit_policy *policy_of(struct pf_ratelimit *r, const struct bare *name)
{
    struct pf_ratelimit_policy *p;

    for (unsigned i = 0; i < r->count; i++) {
        p = &r->policy[i];
        if (name ? p->name && pf_text_eq_nocase(p->name, p->name_len, name->text, name->n)
                 : !p->name)
            return p;
    }
    if (r->count == PF_RATELIMIT_POLICIES)
        return NULL;
    p = &r->policy[r->count++];
    *p = (struct pf_ratelimit_policy){.unit = PF_RATELIMIT_REQUESTS};
    if (name) {
        p->name = name->text;
        p->name_len = name->n;
    }
    return p;
}

static void take_remaining(struct pf_ratelimit_policy *p, uint64_t remaining)
{
    if (!p)
        return;
    p->has_remaining = true;
    p->remaining = remaining;
}

static void take_reset(struct pf_ratelimit_policy *p, uint64_t reset_s)
{
    if (!p)
        return;
    p->has_reset = true;
    p->reset_s = reset_s;
}

static void take_quota(struct pf_ratelimit_policy *p, uint64_t quota)
{
    if (p)
        p->quota = quota;
}

/* "default";r=50;t=30, or limit=100, remaining=50, reset=30 */
static bool on_ratelimit(struct pf_ratelimit *r, const struct member *m)
{
    if (is_name(m)) {
        struct pf_ratelimit_policy *p = policy_of(r, &m->value);

        if (m->has_r)
            take_remaining(p, m->r);
        if (m->has_t)
            take_reset(p, m->t);
        return m->has_r;
    }
    if (!m->has_key)
        return false;
    if (IS(&m->key, "limit"))
        take_quota(policy_of(r, NULL), m->value.number);
    else if (IS(&m->key, "remaining"))
        take_remaining(policy_of(r, NULL), m->value.number);
    else if (IS(&m->key, "reset"))
        take_reset(policy_of(r, NULL), m->value.number);
    else
        return true;
    return m->value.kind == KIND_INTEGER;
}

/* "default";q=100;w=60, or 100;w=60 */
static bool on_policy(struct pf_ratelimit *r, const struct member *m)
{
    bool named = is_name(m);
    struct pf_ratelimit_policy *p = policy_of(r, named ? &m->value : NULL);
    uint64_t quota = named ? m->q : m->value.number;

    if (named ? !m->has_q : m->has_key || m->value.kind != KIND_INTEGER)
        return false;
    /* Of several without a name, the one that the limit speaks of. */
    if (!p || (!named && p->quota > 0 && p->quota != quota))
        return true;
    p->unit = m->unit;
    p->quota = quota;
    p->window_s = m->w;
    return true;
}

/* 100, or 100, 100;w=60 */
static bool on_limit(struct pf_ratelimit *r, const struct member *m)
{
    struct pf_ratelimit_policy *p = policy_of(r, NULL);

    if (m->has_key || m->value.kind != KIND_INTEGER)
        return false;
    if (m->has_w)
        return on_policy(r, m);
    take_quota(p, m->value.number);
    return true;
}

static bool on_remaining(struct pf_ratelimit *r, const struct member *m)
{
    take_remaining(policy_of(r, NULL), m->value.number);
    return !m->has_key && m->value.kind == KIND_INTEGER;
}

static bool on_reset(struct pf_ratelimit *r, const struct member *m)
{
    take_reset(policy_of(r, NULL), m->value.number);
    return !m->has_key && m->value.kind == KIND_INTEGER;
}

static const struct {
    const char *name;
    size_t n;
    bool (*on_member)(struct pf_ratelimit *r, const struct member *m);
} fields[] = {
    {"ratelimit", 9, on_ratelimit},    {"ratelimit-policy", 16, on_policy},
    {"ratelimit-limit", 15, on_limit}, {"ratelimit-remaining", 19, on_remaining},
    {"ratelimit-reset", 15, on_reset},
};

static bool read_field(struct pf_ratelimit *out, struct reader r,
                       bool (*on_member)(struct pf_ratelimit *, const struct member *))
{
    struct pf_ratelimit copy = *out;
    struct member m;

    for (skip_space(&r);; r.p++, skip_space(&r)) {
        if (!read_member(&r, &m) || !on_member(&copy, &m))
            return false;
        skip_space(&r);
        if (r.p == r.end)
            break;
        if (*r.p != ',')
            return false;
    }
    *out = copy;
    return true;
}

void pf_ratelimit_init(struct pf_ratelimit *r)
{
    r->count = 0;
}

bool pf_ratelimit_field(struct pf_ratelimit *r, const char *name, size_t name_len,
                        const char *value, size_t value_len)
{
    struct reader reader = {value, value + value_len};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (pf_text_eq_nocase(name, name_len, fields[i].name, fields[i].n))
            return read_field(r, reader, fields[i].on_member);
    return false;
}

/* --------------------------------------------------------------- results -- */

/* Beyond any window that means something; keeps milliseconds far from overflow. */
#define RESET_MAX_S 31622400u /* a year */

static uint64_t ms_of(uint64_t seconds)
{
    return (seconds < RESET_MAX_S ? seconds : RESET_MAX_S) * 1000;
}

/* Whether `a` allows less in a second than `b`; if nothing, for longer. */
static bool is_tighter(const struct pf_ratelimit_quota *a, const struct pf_ratelimit_quota *b)
{
    double pace_a = (double)a->remaining / (double)a->reset_ms;
    double pace_b = (double)b->remaining / (double)b->reset_ms;

    if (a->remaining == 0 && b->remaining == 0)
        return a->reset_ms > b->reset_ms;
    return pace_a < pace_b;
}

bool pf_ratelimit_tightest(const struct pf_ratelimit *r, struct pf_ratelimit_quota *out)
{
    bool found = false;

    for (unsigned i = 0; i < r->count; i++) {
        const struct pf_ratelimit_policy *p = &r->policy[i];
        struct pf_ratelimit_quota q = {
            .remaining = p->remaining,
            .reset_ms = ms_of(p->has_reset ? p->reset_s : p->window_s),
            .quota = p->quota,
            .window_ms = ms_of(p->window_s),
        };

        if (p->unit != PF_RATELIMIT_REQUESTS || !p->has_remaining || q.reset_ms == 0)
            continue;
        if (!found || is_tighter(&q, out))
            *out = q;
        found = true;
    }
    return found;
}

bool pf_ratelimit_concurrency(const struct pf_ratelimit *r, uint64_t *limit, int64_t *remaining)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct pf_ratelimit_policy *p = &r->policy[i];

        if (p->unit != PF_RATELIMIT_CONCURRENT)
            continue;
        *limit = p->quota;
        *remaining = p->has_remaining ? (int64_t)p->remaining : -1;
        return true;
    }
    return false;
}
