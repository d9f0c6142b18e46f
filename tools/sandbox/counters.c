#include "sandbox.h"

#include <inttypes.h>
#include <stdio.h>

int sandbox_counters_json(const struct sandbox_counters *counters, char *out, size_t len)
{
    return snprintf(out, len,
                    "{\"calls\":%" PRIu64 ",\"ok\":%" PRIu64 ",\"empty\":%" PRIu64
                    ",\"captcha\":%" PRIu64 ",\"cut\":%" PRIu64 ",\"dropped\":%" PRIu64
                    ",\"not_found\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"throttled\":%" PRIu64
                    ",\"unauthorized\":%" PRIu64 ",\"bad_requests\":%" PRIu64
                    ",\"in_flight\":%" PRIu64 ",\"max_in_flight\":%" PRIu64 ",\"slow\":%" PRIu64
                    ",\"connections\":%" PRIu64 ",\"credits\":%" PRIu64 ",\"targets\":%" PRIu64 "}",
                    counters->calls, counters->ok, counters->empty, counters->captcha,
                    counters->cut, counters->dropped, counters->not_found, counters->errors,
                    counters->throttled, counters->unauthorized, counters->bad_requests,
                    counters->in_flight, counters->max_in_flight, counters->slow,
                    counters->connections, counters->credits, counters->targets);
}
