/*
 * A record becomes a page again, as far as it says, and is counted as the run itself counted it.
 */
#include "report_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record_scan.h"
#include "warc_files.h"
#include "warc_scan.h"

static const char no_records[] = "it holds no records of pfetch (a list is fetched with -i)";

struct reading {
    struct tally *tally;
    struct report_seen *seen;
};

static bool on_record(const struct record_head *head, void *arg)
{
    const struct reading *reading = arg;
    const struct record_rest *rest = &head->rest;
    const struct fetch_page page = {.url = head->url,
                                    .outcome = head->outcome,
                                    .status = head->status,
                                    .body_len = (size_t)rest->bytes,
                                    .attempts = rest->attempts,
                                    .cost_micro = rest->cost_micro,
                                    .queued_ms = rest->queued_ms,
                                    .elapsed_ms = rest->elapsed_ms,
                                    .fetched_at_ms = rest->fetched_at_ms};

    reading->seen->again += head->again;
    tally_add(reading->tally, &page);
    return true;
}

/* The file with the records; -1, and *why says why. */
static int open_output(const char *path, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), index;
    struct stat st;

    *why = strerror(errno);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
        return fd;
    index = openat(fd, "index.jsonl", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    *why = errno == ENOENT ? "the directory has no index.jsonl" : strerror(errno);
    close(fd);
    return index;
}

/* By its first bytes, since a file may have got another name; a pipe is taken as it comes. */
static enum packing packing_of(int fd)
{
    unsigned char head[4];
    ssize_t n = pread(fd, head, sizeof(head), 0);

    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b)
        return PACKING_GZIP;
    if (n == 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
        return PACKING_ZSTD;
    return PACKING_NONE;
}

/* NULL, or why nothing came of it. */
static const char *judge(struct reading *reading, enum record_scan_result result, uint64_t records,
                         uint64_t damaged)
{
    reading->seen->broken += damaged;
    reading->seen->torn |= result == RECORD_SCAN_DAMAGED;
    if (result == RECORD_SCAN_ERROR)
        return strerror(errno);
    return records == 0 && (damaged > 0 || result == RECORD_SCAN_DAMAGED) ? no_records : NULL;
}

static const char *scan_lines(int fd, enum packing packing, struct reading *reading)
{
    struct record_scan all = {
        .fd = fd, .packing = packing, .rest = true, .on_record = on_record, .arg = reading};
    enum record_scan_result result = record_scan_run(&all);

    return judge(reading, result, all.records, all.damaged);
}

/* ------------------------------------------------------------- archives -- */

/* By its first bytes too; of a pipe they cannot be read twice. */
static bool is_archive(int fd, enum packing packing)
{
    struct unpack *u = unpack_new(fd, packing);
    const char *data;
    struct stat st;
    size_t n;
    bool is = u && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
              unpack_next(u, &data, &n) == UNPACK_BYTES && n > 5 && memcmp(data, "WARC/", 5) == 0;

    unpack_free(u);
    return is;
}

static const char *scan_archive(int fd, struct reading *reading)
{
    struct warc_scan all = {
        .fd = fd, .packing = packing_of(fd), .rest = true, .on_record = on_record, .arg = reading};
    enum record_scan_result result = warc_scan_run(&all);

    return judge(reading, result, all.records, all.damaged);
}

static const char *scan_number(const char *path, unsigned n, struct reading *reading)
{
    char *name = warc_files_path(path, n);
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    const char *why = fd >= 0 ? scan_archive(fd, reading) : strerror(name ? errno : ENOMEM);

    free(name);
    if (fd >= 0)
        close(fd);
    return why;
}

/* The files that the archive goes on in. */
static const char *scan_further(const char *path, struct reading *reading)
{
    const char *why = NULL;
    unsigned count;
    bool gap;

    if (!warc_files_count(path, &count, &gap))
        return strerror(errno);
    if (gap)
        return "one of its files before the last is missing";
    for (unsigned n = 1; n <= count && !why; n++)
        why = scan_number(path, n, reading);
    return why;
}

/* ------------------------------------------------------------- together -- */

static const char *scan(const char *path, int fd, struct reading *reading)
{
    enum packing packing = packing_of(fd);
    const char *why;

    if (packing == PACKING_ZSTD || !is_archive(fd, packing))
        return scan_lines(fd, packing, reading);
    why = scan_archive(fd, reading);
    return why ? why : scan_further(path, reading);
}

bool report_read(const char *path, struct tally *tally, struct report_seen *seen, char *error,
                 size_t error_len)
{
    struct reading reading = {.tally = tally, .seen = seen};
    const char *why;
    int fd = open_output(path, &why);

    if (fd >= 0)
        why = scan(path, fd, &reading);
    if (why)
        snprintf(error, error_len, "cannot read the output %.200s: %s", path, why);
    if (fd >= 0)
        close(fd);
    return !why;
}
