#include "transport/exchange.h"

#include <stdlib.h>
#include <string.h>

void pf_exchange_init(struct pf_exchange *x,
                      enum fetch_error (*describe)(struct pf_exchange *, struct pf_request *),
                      void (*on_end)(struct pf_exchange *))
{
    memset(x, 0, sizeof *x);
    pf_list_init(&x->link);
    x->describe = describe;
    x->on_end = on_end;
}

void pf_exchange_fini(struct pf_exchange *x)
{
    pf_response_fini(&x->response);
    free(x->detail);
    x->detail = NULL;
}

void pf_exchange_note(struct pf_exchange *x, enum fetch_error error, enum fetch_phase phase,
                      const char *detail)
{
    x->error = error;
    x->phase = phase;
    free(x->detail);
    x->detail = detail ? strdup(detail) : NULL; /* without memory there is a shorter sentence */
}

enum fetch_phase pf_exchange_phase(const struct pf_exchange *x)
{
    switch (x->response.progress) {
    case PF_PROGRESS_NONE:
        return FETCH_PHASE_REQUEST;
    case PF_PROGRESS_HEAD:
        return FETCH_PHASE_HEAD;
    case PF_PROGRESS_BODY:
        return FETCH_PHASE_BODY;
    case PF_PROGRESS_DONE:
        return FETCH_PHASE_VERDICT;
    }
    return FETCH_PHASE_NONE;
}
