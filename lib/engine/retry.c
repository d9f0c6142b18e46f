#include "engine/retry.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/text.h"

uint32_t pf_retry_backoff_ms(struct pf_random *random, unsigned n)
{
    uint64_t ceiling = n < 16 ? (uint64_t)PF_BACKOFF_BASE_MS << n : PF_BACKOFF_CAP_MS;

    if (ceiling > PF_BACKOFF_CAP_MS)
        ceiling = PF_BACKOFF_CAP_MS;
    return (uint32_t)pf_random_up_to(random, ceiling);
}

/* One that has too many digits for pf_text_u64() is still a number. */
static bool is_number(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return n > 0 && i == n;
}

uint32_t pf_retry_after_ms(const char *value, size_t n, int64_t now_s)
{
    uint64_t seconds;
    int64_t date;

    if (!pf_text_u64(value, n, &seconds)) {
        if (is_number(value, n))
            return PF_RETRY_AFTER_MAX_MS;
        if (!pf_date_parse(value, n, now_s, &date))
            return 0;
        seconds = date > now_s ? (uint64_t)(date - now_s) : 0;
    }
    if (seconds > PF_RETRY_AFTER_MAX_MS / 1000)
        return PF_RETRY_AFTER_MAX_MS;
    return seconds * 1000 < PF_RETRY_AFTER_MIN_MS ? PF_RETRY_AFTER_MIN_MS
                                                  : (uint32_t)(seconds * 1000);
}
