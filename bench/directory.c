/*
 * What the directory output costs beside the least that makes the same files: a plain loop that
 * creates each under another name, writes, closes and renames it, by paths, and makes a folder
 * where one is missing.  No network and no library: pages of PAGE_BYTES are handed to the sink.
 *
 *     bench/directory plain|sink DIR PAGES
 *
 * The plain loop hashes nothing and writes no index; its names come from the same function, outside
 * of what is timed.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pfetch/page_name.h"
#include "pfetch/sink.h"

#define PAGE_BYTES 10240u
#define URL_BYTES 48u

static char body[PAGE_BYTES];

static void ignore(void *arg)
{
    (void)arg;
}

static void url_of(char url[URL_BYTES], unsigned i)
{
    snprintf(url, URL_BYTES, "https://example.com/products/%u.html", i);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static bool fail(const char *what)
{
    fprintf(stderr, "directory: %s: %s\n", what, strerror(errno));
    return false;
}

/* ---------------------------------------------------------------- plain -- */

static bool plain_page(const struct page_name *name)
{
    char temporary[16], folder[8];
    int fd;

    snprintf(folder, sizeof(folder), "%s/%s", name->first, name->second);
    snprintf(temporary, sizeof(temporary), "%s/.part", folder);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT) {
        (void)mkdir(name->first, 0777);
        (void)mkdir(folder, 0777);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    return fd >= 0 && write(fd, body, PAGE_BYTES) == (ssize_t)PAGE_BYTES && close(fd) == 0 &&
           rename(temporary, name->path) == 0;
}

static bool run_plain(const char *dir, unsigned pages)
{
    struct page_name *names = calloc(pages, sizeof(*names));
    struct identifier *identifier = identifier_new();
    struct identity id;
    char url[URL_BYTES];
    double wall, cpu;
    bool done = names && identifier && mkdir(dir, 0777) == 0 && chdir(dir) == 0;

    for (unsigned i = 0; done && i < pages; i++) {
        url_of(url, i);
        done = identity_of_url(identifier, url, strlen(url), &id);
        page_name_make(&names[i], &id, url, "text/html");
    }
    wall = seconds();
    cpu = cpu_seconds();
    for (unsigned i = 0; done && i < pages; i++)
        done = plain_page(&names[i]);
    if (done)
        printf("plain: %.1f us a page, %.1f us of CPU\n", (seconds() - wall) * 1e6 / pages,
               (cpu_seconds() - cpu) * 1e6 / pages);
    free(names);
    identifier_free(identifier);
    return done || fail(dir);
}

/* ---------------------------------------------------------------- the sink -- */

static bool put_pages(struct sink *s, struct event_base *base, unsigned pages)
{
    const struct fetch_header type = {
        .name = "content-type", .name_len = 12, .value = "text/html", .value_len = 9};
    char url[URL_BYTES];
    struct fetch_page page = {.url = url,
                              .outcome = FETCH_OUTCOME_OK,
                              .body = body,
                              .body_len = PAGE_BYTES,
                              .headers = &type,
                              .header_count = 1,
                              .protocol = "HTTP/1.1"};

    for (unsigned i = 0; i < pages; i++) {
        const struct record record = {.page = &page, .index = i};

        url_of(url, i);
        if (!sink_put(s, &record))
            return false;
        if (i % 16 == 15)
            event_base_loop(base, EVLOOP_NONBLOCK);
    }
    return outfile_flush(s->out);
}

static bool run_sink(const char *dir, unsigned pages)
{
    static const struct redact secrets;
    struct sink_setup setup = {.path = dir,
                               .base = event_base_new(),
                               .recorder = recorder_new(&secrets),
                               .events = {.on_room = ignore, .on_fail = ignore}};
    char error[SINK_ERROR] = "out of memory";
    struct sink *s = NULL;
    double wall = seconds(), cpu = cpu_seconds();
    bool done = false;

    if (setup.base && setup.recorder && (mkdir(dir, 0777) == 0 || errno == EEXIST))
        s = sink_open(&setup, error, sizeof(error));
    if (s) {
        done = put_pages(s, setup.base, pages);
        done = sink_close(s, true, error) && done;
    }
    if (done)
        printf("sink: %.1f us a page, %.1f us of CPU\n", (seconds() - wall) * 1e6 / pages,
               (cpu_seconds() - cpu) * 1e6 / pages);
    else
        fprintf(stderr, "directory: %s\n", error);
    recorder_free(setup.recorder);
    if (setup.base)
        event_base_free(setup.base);
    return done;
}

int main(int argc, char **argv)
{
    unsigned pages = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

    if (pages == 0) {
        fprintf(stderr, "usage: directory plain|sink DIR PAGES\n");
        return 2;
    }
    memset(body, 'x', sizeof(body));
    return (strcmp(argv[1], "plain") == 0 ? run_plain(argv[2], pages) : run_sink(argv[2], pages))
               ? 0
               : 1;
}
