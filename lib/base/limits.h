/*
 * Every ceiling of the library in one place, each with its unit and its reason.
 * Nothing that a peer sends can make the library hold more than these.
 */
#ifndef PF_BASE_LIMITS_H
#define PF_BASE_LIMITS_H

/* Options. */
#define PF_MAX_CONCURRENCY 1000000u /* calls; about 2 KiB each, over HTTP/2                */
#define PF_MAX_RATE 1e6             /* calls begun in a second                            */
#define PF_WINDOW_MIN 64u           /* targets at hand: what is small costs nothing       */
#define PF_WINDOW_MAX 10000u        /* ... where many wait for a host that may not send   */
#define PF_MAX_CONNECTIONS 20000u   /* one descriptor each                                */
#define PF_MAX_RETRIES 100          /* attempts after the first                           */
#define PF_MAX_REDIRECTS 20         /* hops; browsers stop at 20                          */
#define PF_MAX_TIMEOUT_MS 86400000u /* a day: longer is a slip of units                 */
#define PF_MAX_PAIRS 64             /* parameters or headers in one list                  */
#define PF_MAX_PAIR_BYTES 131072u   /* names and values of both lists                      */

#define PF_DEFAULT_CONNECT_TIMEOUT_MS 10000u
#define PF_DEFAULT_RETRIES 3
#define PF_DEFAULT_REDIRECTS 5
#define PF_DEFAULT_MAX_BODY (64u << 20) /* bytes after decoding                         */

/* Targets. */
#define PF_MAX_URL 65536u /* bytes; no server takes longer ones                        */
#define PF_MAX_REQUEST_BODY                                                                        \
    (8u << 20) /* bytes of a target's own body; each call in flight has it */

/* One answer. */
#define PF_MAX_HEAD 98304u        /* bytes of all heads, interim ones included; as in curl  */
#define PF_MAX_FIELDS 512u        /* header fields                                          */
#define PF_MAX_INTERIM 16u        /* 1xx answers before the final one                       */
#define PF_MAX_CODINGS 4u         /* Content-Encodings on top of each other                 */
#define PF_MAX_RATIO 2000u        /* decoded : encoded bytes; deflate ends at 1032, so only */
                                  /* br and zstd bombs are beyond                           */
#define PF_RATIO_GRACE (1u << 20) /* decoded bytes before the ratio is looked at        */

/* Reading. */
#define PF_READ_MIN 4096u          /* bytes of room offered to a read at least             */
#define PF_READ_GUESS 16384u       /* bytes of the first answer's memory, before any is known */
#define PF_READ_GUESS_MAX 1048576u /* bytes; larger pages grow when their length is known */

/* Connections. */
#define PF_MIN_DIALS 32u          /* under way at once at first: bursts overflow accept queues */
#define PF_MAX_DIALS 256u         /* ... and at most, where each takes its time            */
#define PF_MAX_ADDRESSES 64u      /* of one endpoint                                    */
#define PF_IDLE_MS 30000u         /* an unused connection is closed; servers do at 60 s or later */
#define PF_ADDRESS_REST_MS 30000u /* an address that failed is left alone               */
#define PF_ADDRESS_TRY_MS 3000u   /* for one address while others are untried           */
#define PF_RESOLVE_KEEP_MS 60000u /* addresses are asked for again                      */

/* HTTP/2. */
#define PF_MAX_STREAMS 1000u /* on one connection: so that one that breaks costs no more    */
#define PF_SILENCE_MS 20000u /* without a byte while streams wait: then it is probed        */
#define PF_PROBE_MS 10000u   /* for the answer to a probe                                   */
#define PF_MAX_RESENDS 32u   /* of one attempt that a peer says it has not looked at        */

/* Retries. */
#define PF_BACKOFF_BASE_MS 250u       /* first retry waits up to this (full jitter)        */
#define PF_BACKOFF_CAP_MS 30000u      /* no backoff is longer                              */
#define PF_RETRY_AFTER_MIN_MS 1000u   /* "Retry-After: 0" is no leave to hammer         */
#define PF_RETRY_AFTER_MAX_MS 300000u /* a longer one is cut: better asked once more    */
#define PF_THROTTLE_TOTAL_MS 900000u  /* of one target; then it ends as throttled       */
#define PF_RETRIES_BLOCKED 2u         /* of ban pages: a third is seldom another page   */

#define PF_TRUST_ASK_MS 2000u /* a refused key is asked about once more after this */

/* The run's budget of retries, in thousandths; PF_RETRY_KEEP_MS as in Finagle. */
#define PF_RETRY_SHARE 200      /* paid by each target: one retry in five               */
#define PF_RETRY_REWARD 2000    /* paid by each attempt that goes well                  */
#define PF_RETRY_FLOOR 10u      /* a second in any case                                 */
#define PF_RETRY_KEEP_MS 10000u /* what is paid fades: outages must not find savings    */
#define PF_RETRY_HOLD_MS 4000u  /* a retry that nobody pays asks again after 1/2 to 1 of it */

/* Hosts of targets. */
#define PF_HOST_FAILURES 5u         /* bad ends in a row that rest a host              */
#define PF_HOST_FAILURES_MAX 50u    /* ... however many it has in flight               */
#define PF_HOST_REST_MS 30000u      /* the first rest                                  */
#define PF_HOST_REST_MAX_MS 600000u /* no rest is longer                               */
#define PF_HOSTS_REMEMBERED 4096u   /* hosts that only failures are known of           */

/* Spending. */
#define PF_BUDGET_FADE_MS 30000u /* spending's pace is of about this long                */
#define PF_BUDGET_UNSURE_MAX 5u  /* calls that may be billed at a price nobody says      */

#endif
