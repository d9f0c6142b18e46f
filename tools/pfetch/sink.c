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

static bool is_directory(const char *path)
{
    struct stat st;

    return ends_with(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

const char *sink_check(const char *path, enum sink_format format)
{
    if (!*path)
        return "the output has no name";
    if (strcmp(path, "-") == 0)
        return NULL;
    if (is_directory(path))
        return format == SINK_FORMAT_BY_NAME
                   ? NULL
                   : "a directory output has its own form: leave out --format";
    if (ends_with(path, ".gz") || ends_with(path, ".zst"))
        return "compressed output is not supported: name it FILE.jsonl, or pipe standard output "
               "through gzip or zstd";
    if (ends_with(path, ".warc"))
        return "WARC output is not supported: name it FILE.jsonl or DIR/";
    if (ends_with(path, ".jsonl"))
        return format == SINK_FORMAT_BODY ? "--format body contradicts an output named .jsonl"
                                          : NULL;
    if (format == SINK_FORMAT_BY_NAME)
        return "the output's form does not show in its name: name it DIR/ or FILE.jsonl, or add "
               "--format jsonl or --format body";
    return NULL;
}

struct sink *sink_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    const char *wrong = sink_check(setup->path, setup->format);

    if (wrong) {
        snprintf(error, error_len, "%s", wrong);
        return NULL;
    }
    if (strcmp(setup->path, "-") != 0 && is_directory(setup->path))
        return sink_dir_open(setup, error, error_len);
    if (setup->format == SINK_FORMAT_BODY)
        return sink_body_open(setup, error, error_len);
    return sink_jsonl_open(setup, error, error_len);
}

bool sink_put(struct sink *s, const struct record *record)
{
    return s->ops->put(s, record);
}

bool sink_fail(struct sink *s, int error_number)
{
    const char *what = "";

    if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG)
        what = "; make room and run again with what is missing";
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

/* A pipe or device may exist already; a file may not, and is created by nobody but us. */
static int open_path(struct sink *s, const char *path, char *error, size_t error_len)
{
    struct stat st;
    int fd;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } else {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            s->leaf = path;
    }
    if (fd < 0 && errno == EEXIST)
        snprintf(error, error_len, "the output %s exists; name another one, or remove it", path);
    else if (fd < 0)
        snprintf(error, error_len, "cannot create the output %s: %s", path, strerror(errno));
    return fd;
}

bool sink_open_file(struct sink *s, const struct sink_setup *setup, bool lines, char *error,
                    size_t error_len)
{
    bool standard = strcmp(setup->path, "-") == 0;
    int fd;

    s->name = standard ? "standard output" : setup->path;
    s->dir_fd = AT_FDCWD;
    fd = standard ? open_stdout(error, error_len) : open_path(s, setup->path, error, error_len);
    if (fd < 0)
        return false;
    s->out = outfile_new(setup->base, fd, lines, &setup->events);
    if (s->out)
        return true;
    close(fd);
    snprintf(error, error_len, "out of memory");
    return false;
}
