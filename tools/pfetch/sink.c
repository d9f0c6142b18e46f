#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

bool sink_is_directory(const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return false;
    return ends_with(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* Whether a name says what its content is, packed or not. */
static bool is_jsonl(const char *path)
{
    return ends_with(path, ".jsonl") || ends_with(path, ".jsonl.gz") ||
           ends_with(path, ".jsonl.zst");
}

enum packing sink_packing(const char *path)
{
    if (ends_with(path, ".gz"))
        return PACKING_GZIP;
    return ends_with(path, ".zst") ? PACKING_ZSTD : PACKING_NONE;
}

static const char *check_name(const char *path, enum sink_format format)
{
    if (is_jsonl(path) && format != SINK_FORMAT_BY_NAME && format != SINK_FORMAT_JSONL)
        return "an output named .jsonl holds JSONL: leave out --format, or name it otherwise";
    if (is_jsonl(path))
        return NULL;
    if (sink_packing(path) != PACKING_NONE)
        return "only records are packed: name it FILE.jsonl.gz or FILE.jsonl.zst";
    if (format == SINK_FORMAT_BY_NAME)
        return "the output's form does not show in its name: name it DIR/, FILE.jsonl (or .gz, "
               ".zst), or add --format jsonl or --format body";
    return NULL;
}

const char *sink_check(const char *path, enum sink_format format)
{
    if (!*path)
        return "the output has no name";
    if (strcmp(path, "-") == 0)
        return NULL;
    if (sink_is_directory(path))
        return format == SINK_FORMAT_BY_NAME
                   ? NULL
                   : "a directory output has its own form: leave out --format";
    return check_name(path, format);
}

const char *sink_check_resume(const char *path, enum sink_format format)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return "what was written to standard output cannot be gone on with: name an output";
    if (format == SINK_FORMAT_BODY)
        return "bodies alone do not say which pages they are: choose another form";
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return "it is neither a file nor a directory, and cannot be read back";
    return NULL;
}

struct sink *sink_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    const char *wrong = sink_check(setup->path, setup->format);
    struct sink *s = NULL;

    if (!wrong && setup->resume)
        wrong = sink_check_resume(setup->path, setup->format);
    if (wrong) {
        snprintf(error, error_len, "%s", wrong);
        return NULL;
    }
    if (sink_is_directory(setup->path))
        s = sink_dir_open(setup, error, error_len);
    else if (setup->format == SINK_FORMAT_BODY)
        s = sink_body_open(setup, error, error_len);
    else
        s = sink_jsonl_open(setup, error, error_len);
    if (s)
        s->run = setup->run;
    return s;
}

bool sink_put(struct sink *s, const struct record *record)
{
    struct record first;

    if (!s->run)
        return s->ops->put(s, record);
    first = *record;
    first.run = s->run;
    s->run = NULL;
    return s->ops->put(s, &first);
}

bool sink_scan(struct sink *s, record_scan_cb on_record, void *arg, struct sink_scanned *scanned)
{
    *scanned = (struct sink_scanned){.records = 0};
    return !s->existed || s->ops->scan(s, on_record, arg, scanned);
}

static bool scan_failed(struct sink *s, enum record_scan_result result)
{
    if (result == RECORD_SCAN_DAMAGED)
        snprintf(s->error, sizeof(s->error),
                 "%s cannot be gone on with: its packed data is damaged before its end; unpack "
                 "what can be unpacked and go on with that, or name another output",
                 s->name);
    else if (result == RECORD_SCAN_ERROR)
        snprintf(s->error, sizeof(s->error), "cannot go on with %s: %s", s->name, strerror(errno));
    return false;
}

bool sink_scan_lines(struct sink *s, struct record_scan *scan, struct sink_scanned *scanned)
{
    enum record_scan_result result;
    struct stat st;

    result = record_scan_run(scan);
    scanned->records = scan->records;
    scanned->damaged = scan->damaged;
    if (result != RECORD_SCAN_DONE)
        return scan_failed(s, result);
    if (fstat(scan->fd, &st) != 0)
        return scan_failed(s, RECORD_SCAN_ERROR);
    if ((uint64_t)st.st_size > scan->end.offset)
        scanned->cut = (uint64_t)st.st_size - scan->end.offset;
    errno = unpack_cut(scan->fd, scan->packing, &scan->end);
    return errno == 0 || scan_failed(s, RECORD_SCAN_ERROR);
}

bool sink_fail(struct sink *s, int error_number)
{
    const char *what = "";

    if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG)
        what = "; what was written before is whole";
    s->error_number = error_number;
    snprintf(s->error, sizeof(s->error), "cannot write to %s: %s%s", s->name,
             strerror(error_number), what);
    return false;
}

bool sink_close(struct sink *s, bool keep_empty, char *error)
{
    bool nothing;
    int late;

    if (!s)
        return true;
    nothing = outfile_is_empty(s->out);
    late = outfile_close(s->out);
    if (late)
        sink_fail(s, late);
    if (nothing && s->leaf && !keep_empty)
        (void)unlinkat(s->dir_fd, s->leaf, 0);
    snprintf(error, SINK_ERROR, "%s", s->error);
    s->ops->free(s);
    return late == 0;
}

static int open_stdout(char *error, size_t error_len)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL), fd;

    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
        snprintf(error, error_len, "standard output is not open for writing");
        return -1;
    }
    fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0)
        snprintf(error, error_len, "cannot write to standard output: %s", strerror(errno));
    return fd;
}

/* A file that exists is gone on with or refused; what is created is created by nobody but us. */
static int open_file(struct sink *s, const struct sink_setup *setup)
{
    int fd;

    if (setup->resume) {
        fd = open(setup->path, O_RDWR | O_CLOEXEC | O_NOCTTY);
        s->existed = fd >= 0;
        if (fd >= 0 || errno != ENOENT)
            return fd;
    }
    fd = open(setup->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0)
        s->leaf = setup->path;
    return fd;
}

/* A pipe or device may exist already. */
static int open_path(struct sink *s, const struct sink_setup *setup, char *error, size_t error_len)
{
    struct stat st;
    int fd;

    if (stat(setup->path, &st) == 0 && !S_ISREG(st.st_mode))
        fd = open(setup->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    else
        fd = open_file(s, setup);
    if (fd < 0 && errno == EEXIST)
        snprintf(error, error_len,
                 "the output %s exists; go on with it by --resume, or name another one",
                 setup->path);
    else if (fd < 0)
        snprintf(error, error_len, "cannot create the output %s: %s", setup->path, strerror(errno));
    return fd;
}

bool sink_open_path(struct sink *s, const struct sink_setup *setup, struct outfile_setup *file,
                    char *error, size_t error_len)
{
    bool standard = strcmp(setup->path, "-") == 0;

    s->name = standard ? "standard output" : setup->path;
    s->dir_fd = AT_FDCWD;
    file->base = setup->base;
    file->events = setup->events;
    file->sync = setup->fsync;
    file->fd = standard ? open_stdout(error, error_len) : open_path(s, setup, error, error_len);
    if (file->fd < 0)
        return false;
    if (standard || !setup->lock || setup->lock(file->fd, setup->lock_arg, error, error_len))
        return true;
    close(file->fd);
    return false;
}

bool sink_open_file(struct sink *s, const struct outfile_setup *file, char *error, size_t error_len)
{
    struct stat st;

    s->out = outfile_new(file);
    if (s->out)
        return true;
    if (file->packing != PACKING_NONE && fstat(file->fd, &st) == 0 && !S_ISREG(st.st_mode))
        snprintf(error, error_len, "the output %s is no file, and only files are packed", s->name);
    else
        snprintf(error, error_len, "out of memory");
    close(file->fd);
    if (s->leaf)
        (void)unlinkat(s->dir_fd, s->leaf, 0);
    return false;
}
