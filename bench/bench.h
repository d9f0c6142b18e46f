/*
 * What the measured clients have in common: their command line, the targets they ask for, the
 * way a finished page is counted and checked, and the one line they print.
 *
 *   CLIENT -p PORT -l LOCATION -n PAGES -c CONNECTIONS -b FILE [-s] [-t CA] [-m STREAMS] [-w MS]
 *
 * A client asks http://127.0.0.1:PORT/LOCATION for PAGES different targets over at most
 * CONNECTIONS connections, holds every body whole in memory, hands it to bench_page() and frees
 * it.  FILE is what the server sends, so that bodies can be compared; -s: only their sizes are, the
 * pages being of one size and not the same.  With CA, a file of trusted
 * certificates, the connections are TLS.  With STREAMS they speak HTTP/2, and each carries so many
 * calls at a time; without it they speak HTTP/1.1.  MS milliseconds after its start the client
 * notes how much memory it takes.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/resource.h>

/* The target of page i is https://example.com/ and i in this many digits: all requests are
 * equally long. */
#define BENCH_DIGITS 7
#define BENCH_PAGES_MAX 10000000u
#define BENCH_CONNECTIONS_MAX 16000u
#define BENCH_STREAMS_MAX 1000u

/* A key, so that the request has the form the provider expects. */
#define BENCH_KEY "demo"

/* One page in this many is compared with the file, byte for byte. */
#define BENCH_CHECK_EVERY 64u

struct bench {
    const char *name;     /* of the client, in its result line; kept     */
    unsigned port;        /* of the server on 127.0.0.1                  */
    const char *location; /* path of the endpoint, without the slash     */
    unsigned pages;       /* to fetch                                    */
    unsigned connections; /* at most                                     */
    unsigned streams;     /* on each of them, over HTTP/2; 0: HTTP/1.1   */
    unsigned calls;       /* in flight, over all connections             */
    const char *ca_file;  /* NULL: no TLS                                */
    unsigned sample_ms;   /* when to call bench_sample(); 0: never       */

    char *expected;  /* the body that every page should have              */
    bool sizes_only; /* ... but for its bytes                            */
    size_t expected_len;

    unsigned started;    /* pages asked for; the client counts it up    */
    unsigned done;       /* pages given to bench_page()                 */
    unsigned compared;   /* of those, with the file                     */
    unsigned wrong;      /* of those, not equal to it, or of another size */
    uint64_t body_bytes; /* of all pages                                */
    size_t rss_before;   /* bytes, at bench_start()                     */
    size_t rss_waiting;  /* bytes, at bench_sample()                    */
    unsigned waiting;    /* pages that were outstanding then            */
    double wall_start_s;
    double wall_end_s; /* when the last page was given; 0 before      */
    double cpu_start_s;
};

/*
 * Reads the command line and the expected body.  Returns false after telling stderr what is wrong.
 * Release with bench_fini(), in either case.
 */
bool bench_init(struct bench *bench, const char *name, int argc, char **argv);
void bench_fini(struct bench *bench);

/* The clocks start here: call it before the first object of the measured client is made. */
void bench_start(struct bench *bench);

/* Writes the endpoint's URL without its query; false: no room. */
bool bench_endpoint(const struct bench *bench, char *to, size_t size);

/* Milliseconds since bench_start(). */
unsigned bench_elapsed_ms(const struct bench *bench);

/* Writes the decimal digits of `page`, BENCH_DIGITS of them, without a NUL. */
void bench_digits(char *to, unsigned page);

/* A page is complete: counts it, and compares some of them.  The body is borrowed. */
void bench_page(struct bench *bench, const void *body, size_t len);

/* Notes how much memory the process has while `waiting` pages are outstanding. */
void bench_sample(struct bench *bench, unsigned waiting);

/*
 * Prints the result line: wall time until the last page, CPU until now, so that it includes
 * closing the connections.  Returns the client's exit status: 0 if every page came and was right.
 */
int bench_report(struct bench *bench);

#endif
