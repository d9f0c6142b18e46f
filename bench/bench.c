/*
 * Helpers of the measured clients.
 *
 * CPU is user and system time of the process between bench_start() and bench_report(): what the
 * dynamic linker and the command line take is left out, for all clients alike.  Peak memory is
 * the kernel's VmHWM and not ru_maxrss: the latter survives exec(), so that a small program
 * started by a large one shows its parent's peak.
 */
#include "bench.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
           (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

/* The number after `field` in /proc/self/status, in bytes; 0 if it cannot be read. */
static size_t memory_bytes(const char *field)
{
    char line[256];
    size_t kib = 0;
    size_t field_len = strlen(field);
    FILE *status = fopen("/proc/self/status", "re");

    if (!status)
        return 0;
    while (fgets(line, sizeof(line), status)) {
        if (strncmp(line, field, field_len) == 0) {
            kib = strtoul(line + field_len, NULL, 10);
            break;
        }
    }
    fclose(status);
    return kib * 1024;
}

static bool read_number(const char *text, unsigned max, unsigned *number)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno || end == text || *end || value == 0 || value > max)
        return false;
    *number = (unsigned)value;
    return true;
}

static bool read_expected(struct bench *bench, const char *path)
{
    long len;
    FILE *file = fopen(path, "rbe");

    if (!file)
        return false;
    if (fseek(file, 0, SEEK_END) != 0 || (len = ftell(file)) <= 0 || fseek(file, 0, SEEK_SET) != 0)
        goto fail;
    free(bench->expected);
    bench->expected_len = (size_t)len;
    bench->expected = malloc(bench->expected_len);
    if (!bench->expected || fread(bench->expected, 1, bench->expected_len, file) != (size_t)len)
        goto fail;
    fclose(file);
    return true;
fail:
    fclose(file);
    return false;
}

static bool read_option(struct bench *bench, int option, char *value)
{
    switch (option) {
    case 'p':
        return read_number(value, 65535, &bench->port);
    case 'l':
        bench->location = value;
        return true;
    case 'n':
        return read_number(value, BENCH_PAGES_MAX, &bench->pages);
    case 'c':
        return read_number(value, BENCH_CONNECTIONS_MAX, &bench->connections);
    case 'b':
        return read_expected(bench, value);
    case 't':
        bench->ca_file = value;
        return true;
    case 's':
        bench->sizes_only = true;
        return true;
    case 'm':
        return read_number(value, BENCH_STREAMS_MAX, &bench->streams);
    case 'w':
        return read_number(value, 60000, &bench->sample_ms);
    default:
        return false;
    }
}

bool bench_init(struct bench *bench, const char *name, int argc, char **argv)
{
    int option;

    memset(bench, 0, sizeof(*bench));
    bench->name = name;
    while ((option = getopt(argc, argv, "p:l:n:c:b:st:m:w:")) != -1) {
        if (!read_option(bench, option, optarg)) {
            fprintf(stderr, "%s: -%c: not usable\n", name, option);
            return false;
        }
    }
    if (!bench->port || !bench->location || !bench->pages || !bench->connections ||
        !bench->expected) {
        fprintf(stderr,
                "usage: %s -p PORT -l LOCATION -n PAGES -c CONNECTIONS -b FILE [-s] "
                "[-t CA] [-m STREAMS] [-w MS]\n",
                name);
        return false;
    }
    if (bench->connections > bench->pages)
        bench->connections = bench->pages;
    bench->calls = bench->connections * (bench->streams ? bench->streams : 1);
    if (bench->calls > bench->pages)
        bench->calls = bench->pages;
    return true;
}

bool bench_endpoint(const struct bench *bench, char *to, size_t size)
{
    int len = snprintf(to, size, "%s://127.0.0.1:%u/%s", bench->ca_file ? "https" : "http",
                       bench->port, bench->location);

    return len > 0 && (size_t)len < size;
}

void bench_fini(struct bench *bench)
{
    free(bench->expected);
    bench->expected = NULL;
}

void bench_start(struct bench *bench)
{
    bench->rss_before = memory_bytes("VmRSS:");
    bench->cpu_start_s = cpu_s();
    bench->wall_start_s = wall_s();
}

unsigned bench_elapsed_ms(const struct bench *bench)
{
    return (unsigned)((wall_s() - bench->wall_start_s) * 1e3);
}

void bench_digits(char *to, unsigned page)
{
    for (int i = BENCH_DIGITS - 1; i >= 0; i--) {
        to[i] = (char)('0' + page % 10);
        page /= 10;
    }
}

void bench_page(struct bench *bench, const void *body, size_t len)
{
    bool right = len == bench->expected_len;

    if (!bench->sizes_only && bench->done % BENCH_CHECK_EVERY == 0) {
        right = right && memcmp(body, bench->expected, len) == 0;
        bench->compared++;
    }
    if (!right)
        bench->wrong++;
    bench->body_bytes += len;
    if (++bench->done == bench->pages)
        bench->wall_end_s = wall_s();
}

void bench_sample(struct bench *bench, unsigned waiting)
{
    bench->rss_waiting = memory_bytes("VmRSS:");
    bench->waiting = waiting;
}

int bench_report(struct bench *bench)
{
    double wall = (bench->wall_end_s > 0 ? bench->wall_end_s : wall_s()) - bench->wall_start_s;
    double cpu = cpu_s() - bench->cpu_start_s;

    printf("name=%s pages=%u connections=%u wall_s=%.3f cpu_s=%.3f us_per_page=%.2f "
           "peak_rss_kib=%zu body_bytes=%llu compared=%u wrong=%u",
           bench->name, bench->done, bench->connections, wall, cpu,
           bench->done ? cpu * 1e6 / bench->done : 0.0, memory_bytes("VmHWM:") / 1024,
           (unsigned long long)bench->body_bytes, bench->compared, bench->wrong);
    if (bench->waiting)
        printf(" waiting=%u waiting_bytes=%.0f", bench->waiting,
               ((double)bench->rss_waiting - (double)bench->rss_before) / bench->waiting);
    putchar('\n');
    return bench->done == bench->pages && bench->wrong == 0 ? 0 : 1;
}
