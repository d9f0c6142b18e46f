#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct whole_file {
    int fd;
    const char *what; /* in errors */
    char *path;
    char *temporary; /* NULL: a pipe or device, written in place */
};

static void free_file(struct whole_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->temporary);
    free(f);
}

static bool open_file(struct whole_file *f, const char *path)
{
    struct stat st;

    f->path = strdup(path);
    if (!f->path)
        return false;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return f->fd >= 0;
    }
    if (asprintf(&f->temporary, "%s.part-%ld", path, (long)getpid()) < 0) {
        f->temporary = NULL;
        return false;
    }
    f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return f->fd >= 0;
}

struct whole_file *whole_file_open(const char *what, const char *path, char *error,
                                   size_t error_len)
{
    struct whole_file *f = calloc(1, sizeof(*f));

    if (f) {
        f->fd = -1;
        f->what = what;
    }
    if (f && open_file(f, path))
        return f;
    snprintf(error, error_len, "cannot write the %s %.200s: %s", what, path, strerror(errno));
    if (f)
        free_file(f);
    return NULL;
}

static bool write_file(struct whole_file *f, const struct bytes *text)
{
    size_t at = 0;

    while (at < text->len) {
        ssize_t n = write(f->fd, text->data + at, text->len - at);

        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return !f->temporary || rename(f->temporary, f->path) == 0;
}

bool whole_file_close(struct whole_file *f, const struct bytes *text, char *error, size_t error_len)
{
    bool wanted = text && !text->failed, written;

    if (!f)
        return true;
    written = wanted && write_file(f, text);
    if (wanted && !written)
        snprintf(error, error_len, "cannot write the %s %.200s: %s", f->what, f->path,
                 strerror(errno));
    if (!written && f->temporary)
        (void)unlink(f->temporary);
    free_file(f);
    return written || !wanted;
}
