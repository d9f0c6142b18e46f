/*
 * A file a page, and index.jsonl with a record of each that names its file.
 *
 * Everything happens below descriptors that were opened without following symbolic links: the
 * directory once, each of its 256 folders when it is first needed.  A body is written to a
 * temporary file in its folder and renamed without replacing anything, so a name holds a whole
 * page or nothing, and a link or a file that somebody put there is not written through.  The
 * record follows once the file has its name.
 *
 * Two targets with one URL (with other parameters, or simply twice) are two pages: the second
 * gets its position in the run into its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page_name.h"
#include "sink.h"

#define FOLDERS 256u
#define INDEX_NAME "index.jsonl"

struct sink_dir {
    struct sink sink;
    int dir;
    int folder[FOLDERS]; /* -1 until first needed */
    char temporary[40];  /* within a folder       */
};

static unsigned folder_number(const struct page_name *name)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 2; i++) {
        char c = name->folder[i];

        n = n * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return n;
}

/* The folder's descriptor, or -1 and errno. */
static int open_folder(struct sink_dir *d, const struct page_name *name)
{
    int *fd = &d->folder[folder_number(name)];

    if (*fd < 0 && mkdirat(d->dir, name->folder, 0777) != 0 && errno != EEXIST)
        return -1;
    if (*fd < 0)
        *fd = openat(d->dir, name->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *fd;
}

static bool write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, data, n);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        data += wrote;
        n -= (size_t)wrote;
    }
    return true;
}

/* A new file under the temporary name; one that a killed run left there goes. */
static int create(int folder, const char *temporary)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder, temporary, flags, 0666);

    if (fd < 0 && errno == EEXIST && unlinkat(folder, temporary, 0) == 0)
        fd = openat(folder, temporary, flags, 0666);
    return fd;
}

/* The body under the temporary name; 0 or an errno value. */
static int write_temporary(int folder, const char *temporary, const struct fetch_page *page)
{
    int fd = create(folder, temporary), error = 0;

    if (fd < 0)
        return errno;
    if (!write_all(fd, page->body, page->body_len))
        error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

/* Gives the temporary file its name, where that is free; 0 or an errno value. */
static int settle(int folder, const char *temporary, const struct page_name *name)
{
    const char *leaf = strchr(name->path, '/') + 1;

    if (renameat2(folder, temporary, folder, leaf, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    /* A file system that cannot rename so: a link never replaces anything either. */
    if (linkat(folder, temporary, folder, leaf, 0) != 0)
        return errno;
    return unlinkat(folder, temporary, 0) == 0 ? 0 : errno;
}

/* The body in a file of its own, whose name is in *name; 0 or an errno value. */
static int store(struct sink_dir *d, const struct record *record, struct page_name *name)
{
    const char *type = fetch_page_header(record->page, "content-type");
    int folder, error;

    if (!page_name_make(name, record->page->url, type, 0))
        return ENOMEM;
    folder = open_folder(d, name);
    if (folder < 0)
        return errno;
    error = write_temporary(folder, d->temporary, record->page);
    if (!error)
        error = settle(folder, d->temporary, name);
    if (error == EEXIST && page_name_make(name, record->page->url, type, record->index + 1))
        error = settle(folder, d->temporary, name);
    if (error)
        (void)unlinkat(folder, d->temporary, 0);
    return error;
}

static bool put(struct sink *s, const struct record *record)
{
    struct sink_dir *d = (struct sink_dir *)s;
    const struct fetch_page *page = record->page;
    struct record with_file = *record;
    struct page_name name;

    if (s->error_number)
        return false;
    if (page->outcome == FETCH_OUTCOME_OK || page->body_len > 0) {
        int error = store(d, record, &name);

        if (error)
            return sink_fail(s, error);
        with_file.file = name.path;
    }
    recorder_put(s->recorder, outfile_begin(s->out), &with_file);
    return outfile_commit(s->out) || sink_fail(s, outfile_error(s->out));
}

static void free_sink(struct sink *s)
{
    struct sink_dir *d = (struct sink_dir *)s;

    for (unsigned i = 0; i < FOLDERS; i++) {
        if (d->folder[i] >= 0)
            close(d->folder[i]);
    }
    if (d->dir >= 0)
        close(d->dir);
    free(d);
}

static const struct sink_ops dir_ops = {.put = put, .free = free_sink};

static bool open_dir(struct sink_dir *d, const char *path, char *error, size_t error_len)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        snprintf(error, error_len, "cannot create the directory %s: %s", path, strerror(errno));
        return false;
    }
    d->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->dir < 0)
        snprintf(error, error_len, "cannot open the directory %s: %s", path, strerror(errno));
    return d->dir >= 0;
}

static bool open_index(struct sink_dir *d, const struct sink_setup *setup, char *error,
                       size_t error_len)
{
    struct outfile_setup file = {.base = setup->base, .records = true, .events = setup->events};
    int fd = openat(d->dir, INDEX_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

    if (fd < 0 && errno == EEXIST) {
        snprintf(error, error_len,
                 "the output %s holds an " INDEX_NAME " already; name another directory",
                 setup->path);
        return false;
    }
    if (fd < 0) {
        snprintf(error, error_len, "cannot create " INDEX_NAME " in %s: %s", setup->path,
                 strerror(errno));
        return false;
    }
    d->sink.leaf = INDEX_NAME;
    d->sink.dir_fd = d->dir;
    file.fd = fd;
    return sink_open_file(&d->sink, &file, error, error_len);
}

struct sink *sink_dir_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    struct sink_dir *d = calloc(1, sizeof(*d));

    if (!d) {
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    d->sink.ops = &dir_ops;
    d->sink.recorder = setup->recorder;
    d->sink.name = setup->path;
    d->dir = -1;
    for (unsigned i = 0; i < FOLDERS; i++)
        d->folder[i] = -1;
    snprintf(d->temporary, sizeof(d->temporary), ".part-%ld", (long)getpid());
    if (open_dir(d, setup->path, error, error_len) && open_index(d, setup, error, error_len))
        return &d->sink;
    free_sink(&d->sink);
    return NULL;
}
