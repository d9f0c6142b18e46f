#include "engine/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* One block: the struct, the pairs, their strings, the method, the body. */
static struct pf_extras *copy_extras(const struct fetch_target *target)
{
    size_t pairs = target->param_count + target->header_count;
    size_t n = sizeof(struct pf_extras) + pairs * sizeof(struct fetch_pair);
    struct fetch_pair *pair;
    struct pf_extras *extras;
    char *text;

    for (size_t i = 0; i < pairs; i++) {
        const struct fetch_pair *p = i < target->param_count
                                         ? &target->params[i]
                                         : &target->headers[i - target->param_count];

        n += (p->name ? strlen(p->name) : 0) + (p->value ? strlen(p->value) : 0) + 2;
    }
    n += target->body_len + (target->method ? strlen(target->method) + 1 : 0);
    extras = malloc(n);
    if (!extras)
        return NULL;
    pair = (struct fetch_pair *)(void *)(extras + 1);
    text = (char *)(pair + pairs);
    *extras = (struct pf_extras){.params = pair,
                                 .param_count = target->param_count,
                                 .headers = pair + target->param_count,
                                 .header_count = target->header_count,
                                 .body_len = target->body_len};
    for (size_t i = 0; i < pairs; i++) {
        const struct fetch_pair *p = i < target->param_count
                                         ? &target->params[i]
                                         : &target->headers[i - target->param_count];

        pair[i].name = text;
        text = stpcpy(text, p->name ? p->name : "") + 1;
        pair[i].value = text;
        text = stpcpy(text, p->value ? p->value : "") + 1;
    }
    if (target->method) {
        extras->method = text;
        text = stpcpy(text, target->method) + 1;
    }
    if (target->body_len > 0)
        extras->body = memcpy(text, target->body, target->body_len);
    return extras;
}

struct fetch_call *pf_call_new(const struct fetch_target *target)
{
    size_t url_len = strlen(target->url), id_len = target->id ? strlen(target->id) : 0;
    struct fetch_call *call = malloc(sizeof *call + url_len + 1 + id_len + 1);

    if (!call)
        return NULL;
    memset(call, 0, sizeof *call);
    call->url_len = url_len;
    memcpy(call->text, target->url, url_len + 1);
    call->page.url = call->text;
    if (target->id)
        call->page.id = memcpy(call->text + url_len + 1, target->id, id_len + 1);
    call->page.user = target->user;
    call->page.body = "";
    call->page.protocol = "";
    call->page.cost_micro = -1;
    pf_list_init(&call->link);
    pf_list_init(&call->sibling);
    if (target->param_count + target->header_count + target->body_len > 0 || target->method) {
        call->extras = copy_extras(target);
        if (!call->extras) {
            free(call);
            return NULL;
        }
    }
    return call;
}

void pf_call_free(struct fetch_call *call)
{
    if (!call)
        return;
    pf_exchange_fini(&call->x);
    free(call->location);
    if (call->unwrapped)
        pf_unwrapped_fini(call->unwrapped);
    free(call->unwrapped);
    free(call->notes);
    free(call->extras);
    free(call->message);
    free(call);
}

const struct pf_extras *pf_call_extras(const struct fetch_call *call)
{
    static const struct pf_extras none = {.params = NULL};

    return call->extras ? call->extras : &none;
}

void pf_call_say(struct fetch_call *call, const char *what)
{
    char url[160];
    struct pf_buf b;

    pf_buf_init(&b, 2048);
    pf_text_printable(url, sizeof url, call->page.url, call->url_len);
    free(call->message);
    call->message = NULL;
    if (pf_buf_printf(&b, "%s%s: %s", url, call->url_len >= sizeof url ? "..." : "", what) ==
        FETCH_OK) {
        call->message = b.data;
        call->page.message = b.data;
    } else {
        pf_buf_fini(&b);
        call->page.message = fetch_strerror(call->page.error);
    }
}

enum fetch_error pf_call_note(struct fetch_call *call, const struct pf_verdict *v,
                              struct pf_unwrapped *unwrapped)
{
    size_t url_len = v->final_url ? v->final_url_len : 0, reason_len = strlen(v->reason);

    if (url_len + reason_len > 0 && (call->notes = malloc(url_len + reason_len + 2))) {
        if (url_len > 0)
            call->page.final_url = memcpy(call->notes, v->final_url, url_len);
        call->notes[url_len] = '\0';
        if (reason_len > 0)
            call->page.reason = strcpy(call->notes + url_len + 1, v->reason);
    }
    call->page.billed = v->billed;
    if (!unwrapped->present)
        return FETCH_OK;
    call->unwrapped = malloc(sizeof *unwrapped);
    if (!call->unwrapped)
        return FETCH_E_NOMEM;
    *call->unwrapped = *unwrapped;
    *unwrapped = (struct pf_unwrapped){.present = false};
    return FETCH_OK;
}

/* The page is what was within. */
static void show_unwrapped(struct fetch_page *page, const struct pf_unwrapped *u)
{
    page->body = u->body.data ? u->body.data : "";
    page->body_len = u->body.len;
    if (u->header_count > 0) {
        page->headers = u->header;
        page->header_count = u->header_count;
        page->headers_unwrapped = 1;
    }
}

void pf_call_seal(struct fetch_call *call)
{
    struct fetch_page *page = &call->page;
    struct pf_response *r = &call->x.response;
    struct timespec now;

    if (pf_response_seal(r, &page->body, &page->body_len) != FETCH_OK) {
        page->outcome = FETCH_OUTCOME_NETWORK;
        page->error = FETCH_E_NOMEM;
        pf_call_say(call, fetch_strerror(FETCH_E_NOMEM));
    }
    page->headers = r->field;
    page->header_count = r->field_count;
    if (call->unwrapped)
        show_unwrapped(page, call->unwrapped);
    page->api_status = r->progress >= PF_PROGRESS_BODY ? r->status : 0;
    page->protocol = r->protocol ? r->protocol : "";
    clock_gettime(CLOCK_REALTIME, &now);
    page->fetched_at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *fetch_page_header(const struct fetch_page *page, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < page->header_count; i++)
        if (pf_text_eq_nocase(page->headers[i].name, page->headers[i].name_len, name, n))
            return page->headers[i].value;
    return NULL;
}

void fetch_page_free(struct fetch_page *page)
{
    pf_call_free((struct fetch_call *)(void *)page);
}
