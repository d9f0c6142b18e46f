#include "ban.h"

void sandbox_ban_count(struct sandbox_ban *ban, uint64_t calls, uint64_t window_ms, uint64_t now_ms)
{
    uint64_t *slot = &ban->at_ms[ban->count % calls];

    if (ban->count >= calls && now_ms - *slot <= window_ms)
        ban->banned = 1;
    *slot = now_ms;
    ban->count++;
}
