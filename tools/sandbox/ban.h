/*
 * A provider's rule against hammering: more than N refused calls within a window ban the key.
 * Times are given, so that nothing here knows a clock.
 */
#ifndef SANDBOX_BAN_H
#define SANDBOX_BAN_H

#include <stdint.h>

#define SANDBOX_BAN_CALLS_MAX 1000

/* Zeroed it is one that has counted nothing. */
struct sandbox_ban {
    uint64_t at_ms[SANDBOX_BAN_CALLS_MAX]; /* of the last `calls` refused ones, in a ring */
    uint64_t count;                        /* refused in all                              */
    int banned;                            /* for ever                                    */
};

/*
 * Counts a refused call at now_ms, which never goes back.  The key is banned where it is the
 * (calls + 1)th within window_ms.  `calls` is 1 to SANDBOX_BAN_CALLS_MAX.
 */
void sandbox_ban_count(struct sandbox_ban *ban, uint64_t calls, uint64_t window_ms,
                       uint64_t now_ms);

#endif
