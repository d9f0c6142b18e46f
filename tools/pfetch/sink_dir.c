/*
 * A file a page, and index.jsonl with a record of each that names its file.
 *
 * Everything happens below descriptors that were opened without following symbolic links: the
 * directory once, each of its 32 folders when it is first needed, the folder in that for each page.
 * A body is written to a temporary file in its folder and renamed without replacing anything, so a
 * name holds a whole page or nothing, and a link or a file that somebody put there is not written
 * through.  The record follows once the file has its name, and at once: a turn of the loop that
 * brings many pages creates as many files, and a kill in it would take back all that waited for
 * its end while the calls that follow them are out already.
 *
 * Keeping the inner folders open would not pay: there are 32,768, pages come to them at random, and
 * opening and closing one costs a microsecond of the fifty or more that a file costs.  Elsewhere
 * the temporary file would be easier to find again, and dearer: ext4 needs two to three times as
 * long where all files begin in one folder, and a sixth longer where they begin in the outer ones.
 * Its name is always the same, since the lock on the index keeps other runs out; so a killed run's
 * is found by its name in each folder, whatever number of pages there are.
 *
 * Two pages of one request get the position of the second in its name.  A run that was killed may
 * leave a file that no record speaks of, since that is written second: its page is
 * fetched again and replaces it (record.fresh).  Whatever else has a name keeps it.
 *
 * A record is on record as long as its file is there and as long as it says: one fstatat(2) each
 * when a run goes on.  That is what finds the pages that a loss of power took, and those that
 * somebody removed; they are fetched again, under a name that no record has, so that the old one
 * never seems to speak of the new file.
 *
 * With fsync, one syncfs(2) before each batch of records makes all their files and folders
 * durable, in a third to two thirds of the time that a sync of each file takes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "page_name.h"
#include "seen.h"
#include "sink.h"

#define FIRST "abcdefghijklmnopqrstuvwxyz234567" /* names of the folders: see page_name.h       */
#define FOLDERS (sizeof(FIRST) - 1)
#define INDEX_NAME "index.jsonl"
#define TEMPORARY ".part"
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define NAMES_MAX 64u /* names tried for one page; the last is beyond any position in a list */

struct sink_dir {
    struct sink sink;
    const char *path; /* as given, if this run made the directory; else NULL */
    int dir;
    int index;           /* the outfile's */
    int folder[FOLDERS]; /* -1 until first needed */
    struct identifier *identifier;
    struct seen lost; /* names in records whose files are gone: by a hash of them */
};

/* ---------------------------------------------------------------- a page -- */

/* A folder in `at`, made if it is not there: its descriptor, for paths only; or -1 and errno. */
static int open_folder(int at, const char *name)
{
    int fd = openat(at, name, FOLDER_FLAGS);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(at, name, 0777) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, FOLDER_FLAGS);
}

static int outer_folder(struct sink_dir *d, const struct page_name *name)
{
    int *fd = &d->folder[strchr(FIRST, name->first[0]) - FIRST];

    if (*fd < 0)
        *fd = open_folder(d->dir, name->first);
    return *fd;
}

/* A new file under the temporary name; what else has that goes, links themselves and not what they
 * lead to.  -1 and errno. */
static int create(int folder)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder, TEMPORARY, flags, 0666);

    if (fd < 0 && errno == EEXIST &&
        (unlinkat(folder, TEMPORARY, 0) == 0 || unlinkat(folder, TEMPORARY, AT_REMOVEDIR) == 0))
        fd = openat(folder, TEMPORARY, flags, 0666);
    return fd;
}

/* The body under the temporary name; 0 or an errno value. */
static int write_temporary(int folder, const struct fetch_page *page)
{
    int fd = create(folder), error;

    if (fd < 0)
        return errno;
    error = writer_write_all(fd, page->body, page->body_len, NULL);
    if (close(fd) != 0 && !error && errno != EINTR)
        error = errno;
    if (error)
        (void)unlinkat(folder, TEMPORARY, 0);
    return error;
}

/* For a file system that cannot rename without replacing. */
static int link_to(int folder, const char *leaf)
{
    struct stat st;

    if (linkat(folder, TEMPORARY, folder, leaf, 0) == 0)
        return unlinkat(folder, TEMPORARY, 0) == 0 ? 0 : errno;
    if (errno == EEXIST)
        return EEXIST;
    /* Nor link.  No other run writes here: the index is locked. */
    if (fstatat(folder, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return errno == ENOENT && renameat(folder, TEMPORARY, folder, leaf) == 0 ? 0 : errno;
}

/* Gives the temporary file its name; 0, EEXIST where that is taken, or an errno value. */
static int settle(int folder, const char *leaf, bool replace)
{
    if (renameat2(folder, TEMPORARY, folder, leaf, replace ? 0 : RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EISDIR || errno == ENOTEMPTY)
        return EEXIST;
    if (replace || (errno != EINVAL && errno != ENOSYS))
        return errno;
    return link_to(folder, leaf);
}

/* What a file's name is known by among those that are lost. */
static struct identity name_hash(const char *path)
{
    uint64_t h = 14695981039346656037u;

    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * 1099511628211u;
    return (struct identity){.high = h, .low = h << 16};
}

static bool is_lost(struct sink_dir *d, const char *path)
{
    const struct identity id = name_hash(path);

    return seen_state(&d->lost, &id) != SEEN_NOT;
}

/* The first name that is free: steps double, so that a million equal targets are few steps. */
static int settle_somewhere(struct sink_dir *d, int folder, const struct record *record,
                            struct page_name *name)
{
    bool replace = record->fresh && d->sink.existed;
    uint64_t mark = record->index + 1;
    int error = EEXIST;

    if (!is_lost(d, name->path))
        error = settle(folder, page_name_leaf(name), replace);
    for (unsigned i = 0; error == EEXIST && i < NAMES_MAX; i++) {
        page_name_mark(name, mark);
        if (!is_lost(d, name->path))
            error = settle(folder, page_name_leaf(name), false);
        mark += (uint64_t)1 << i;
    }
    return error;
}

static bool name_page(struct sink_dir *d, const struct record *record, struct page_name *name)
{
    const char *url = record->page->url;
    struct identity id;

    if (record->request[0] ? !identity_parse(record->request, strlen(record->request), &id)
                           : !identity_of_url(d->identifier, url, strlen(url), &id))
        return false;
    page_name_make(name, &id, url, fetch_page_header(record->page, "content-type"));
    return true;
}

/* Its folder's descriptor, or -1 and errno. */
static int inner_folder(struct sink_dir *d, const struct page_name *name)
{
    int outer = outer_folder(d, name);

    return outer < 0 ? -1 : open_folder(outer, name->second);
}

/* The body in a file of its own, whose name is in *name; 0 or an errno value. */
static int store(struct sink_dir *d, const struct record *record, struct page_name *name)
{
    int folder, error;

    if (!name_page(d, record, name))
        return ENOMEM;
    folder = inner_folder(d, name);
    if (folder < 0)
        return errno;
    error = write_temporary(folder, record->page);
    if (!error) {
        error = settle_somewhere(d, folder, record, name);
        if (error)
            (void)unlinkat(folder, TEMPORARY, 0);
    }
    close(folder);
    if (!error)
        d->sink.leaf = NULL;
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

/* ---------------------------------------------------------------- going on -- */

struct check {
    struct sink_dir *dir;
    record_scan_cb on_record;
    void *arg;
    uint64_t missing;
};

/* No way out of the directory, whoever wrote the record. */
static bool is_inside(const char *file)
{
    for (;;) {
        size_t n = strcspn(file, "/");

        if (n == 0 || *file == '.')
            return false;
        if (!file[n])
            return true;
        file += n + 1;
    }
}

/* 1, 0, or -1 and errno where that cannot be said: what is paid for is not fetched on a guess. */
static int is_there(const struct sink_dir *d, const struct record_head *head)
{
    struct stat st;

    if (!head->file)
        return 1;
    if (!is_inside(head->file))
        return 0;
    if (fstatat(d->dir, head->file, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISREG(st.st_mode) && (uint64_t)st.st_size == head->bytes;
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG ? 0 : -1;
}

static bool check_record(const struct record_head *head, void *arg)
{
    struct check *c = arg;
    struct sink *s = &c->dir->sink;
    struct identity id;
    int there = is_there(c->dir, head);

    if (there > 0)
        return c->on_record(head, c->arg);
    if (there < 0) {
        snprintf(s->error, sizeof(s->error), "cannot go on with %s: looking for %.200s: %s",
                 s->name, head->file, strerror(errno));
        return false;
    }
    c->missing++;
    id = name_hash(head->file);
    if (seen_add(&c->dir->lost, &id, SEEN_OK))
        return true;
    snprintf(s->error, sizeof(s->error), "out of memory");
    return false;
}

static bool scan(struct sink *s, record_scan_cb on_record, void *arg, struct sink_scanned *scanned)
{
    struct check check = {.dir = (struct sink_dir *)s, .on_record = on_record, .arg = arg};
    struct record_scan all = {
        .fd = check.dir->index, .want_file = true, .on_record = check_record, .arg = &check};
    bool scanned_all = sink_scan_lines(s, &all, scanned);

    scanned->missing = check.missing;
    scanned->records -= check.missing;
    return scanned_all;
}

/* What a killed run was writing goes, from all folders in one of the directory's. */
static void clean_outer(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (fd >= 0 && !entries)
        close(fd);
    while (entries && (entry = readdir(entries))) {
        int inner = strlen(entry->d_name) == 2 && *entry->d_name != '.'
                        ? openat(fd, entry->d_name, FOLDER_FLAGS)
                        : -1;

        if (inner < 0)
            continue;
        (void)unlinkat(inner, TEMPORARY, 0);
        close(inner);
    }
    if (entries)
        closedir(entries);
}

static void clean(const struct sink_dir *d)
{
    for (unsigned i = 0; i < FOLDERS; i++) {
        const char name[2] = {FIRST[i]};

        clean_outer(d->dir, name);
    }
}

/* ---------------------------------------------------------------- together -- */

/* A directory that this run made and that stayed empty goes too. */
static void free_sink(struct sink *s)
{
    struct sink_dir *d = (struct sink_dir *)s;

    for (unsigned i = 0; i < FOLDERS; i++) {
        if (d->folder[i] >= 0)
            close(d->folder[i]);
    }
    if (d->dir >= 0)
        close(d->dir);
    if (d->path)
        (void)rmdir(d->path);
    identifier_free(d->identifier);
    seen_fini(&d->lost);
    free(d);
}

static const struct sink_ops dir_ops = {.put = put, .scan = scan, .free = free_sink};

static bool open_dir(struct sink_dir *d, const char *path, char *error, size_t error_len)
{
    if (mkdir(path, 0777) == 0) {
        d->path = path;
    } else if (errno != EEXIST) {
        snprintf(error, error_len, "cannot create the directory %s: %s", path, strerror(errno));
        return false;
    }
    d->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->dir < 0)
        snprintf(error, error_len, "cannot open the directory %s: %s", path, strerror(errno));
    return d->dir >= 0;
}

/* The index that is to be gone on with, or -1 and errno; ENOENT where there is none. */
static int open_existing(struct sink_dir *d)
{
    int fd = openat(d->dir, INDEX_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))) {
        d->sink.existed = fd >= 0;
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

static int open_index(struct sink_dir *d, const struct sink_setup *setup, char *error,
                      size_t error_len)
{
    int fd = -1;

    errno = ENOENT;
    if (setup->resume)
        fd = open_existing(d);
    if (fd < 0 && errno == ENOENT) {
        fd = openat(d->dir, INDEX_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        d->sink.leaf = fd >= 0 ? INDEX_NAME : NULL;
    }
    if (fd < 0 && errno == EEXIST)
        snprintf(error, error_len,
                 "the output %s holds an " INDEX_NAME
                 " already; go on with it by --resume, or name another directory",
                 setup->path);
    else if (fd < 0 && (errno == ELOOP || errno == EINVAL))
        snprintf(error, error_len,
                 "cannot go on with %s: its " INDEX_NAME " is no file but a link or a device",
                 setup->path);
    else if (fd < 0)
        snprintf(error, error_len, "cannot open " INDEX_NAME " in %s: %s", setup->path,
                 strerror(errno));
    return fd;
}

static bool open_all(struct sink_dir *d, const struct sink_setup *setup, char *error,
                     size_t error_len)
{
    struct outfile_setup file = {.base = setup->base,
                                 .records = true,
                                 .at_once = true,
                                 .sync = setup->fsync,
                                 .events = setup->events};

    if (!open_dir(d, setup->path, error, error_len))
        return false;
    d->sink.dir_fd = file.files = d->dir;
    d->index = file.fd = open_index(d, setup, error, error_len);
    if (file.fd < 0)
        return false;
    if (setup->lock && !setup->lock(file.fd, setup->lock_arg, error, error_len)) {
        close(file.fd);
        if (d->sink.leaf)
            (void)unlinkat(d->dir, d->sink.leaf, 0);
        return false;
    }
    if (d->sink.existed)
        clean(d);
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
    d->identifier = identifier_new();
    if (!d->identifier)
        snprintf(error, error_len, "out of memory");
    else if (open_all(d, setup, error, error_len))
        return &d->sink;
    free_sink(&d->sink);
    return NULL;
}
