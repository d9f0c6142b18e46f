/*
 * A web archive: FILE.warc, packed record by record or not, as many files as --roll-size asks for,
 * and FILE.cdxj beside them.
 *
 * The index holds nothing that the archive does not say.  While a run goes on there is none; its
 * lines are gathered as their records come to stand somewhere, and it appears when the run ends.  A
 * run that is taken up again reads the archive anyway, and so gathers the lines of what was there.
 *
 * The first file's descriptor stays open to the end: the lock that is on it covers all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_warc_inner.h"
#include "warc_files.h"

#define LINE_MAX_BYTES ((size_t)8 << 20)

/* ------------------------------------------------------------- the index -- */

void sink_warc_index(struct sink_warc *w, uint64_t length, uint64_t offset, const char *name)
{
    cdxj_put_place(&w->line, length, offset, warc_files_leaf(name));
    if (w->line.failed && !w->index_error)
        w->index_error = ENOMEM;
    if (!w->index_error)
        w->index_error = cdxj_add(w->index, w->line.data, w->line.len);
}

/* From the loop: these records are in the file. */
static void on_written(const struct batch *b, void *arg)
{
    struct sink_warc *w = arg;
    size_t n = batch_written_parts(b);
    struct warc_waiting waiting;

    for (size_t i = 0; i < n; i++) {
        const struct batch_part *part = &b->part[i];

        w->end = part->offset + part->length;
        w->packed += part->length;
        if (!warc_queue_first(&w->queue, &waiting) || waiting.part != w->written + i)
            continue;
        bytes_cut(&w->line, 0);
        bytes_add(&w->line, waiting.line, waiting.line_len);
        sink_warc_index(w, part->length, part->offset, w->name);
        if (waiting.digest[0])
            warc_twins_settle(&w->twins, waiting.digest, waiting.part,
                              &(struct warc_place){.number = w->file, .offset = part->offset});
        warc_queue_take(&w->queue);
    }
    w->raw += batch_start(b, b->written);
    w->written += n;
}

/* `is_new`: revisits may refer to it. */
static bool queue_capture(struct sink_warc *w, const struct warc_page *p, bool revisit, bool is_new)
{
    struct warc_waiting waiting = {.part = w->parts, .uri = p->uri, .uri_len = p->uri_len};
    char digest[RECORDER_SHA256 + 8];
    const struct cdxj_capture capture = {
        .uri = p->uri,
        .uri_len = p->uri_len,
        .date = p->date,
        .mime = revisit ? "warc/revisit" : p->type,
        .mime_len = revisit ? strlen("warc/revisit") : p->type_len,
        .status = p->main == WARC_RESPONSE ? (unsigned)p->record->page->status : 0,
        .digest = digest};

    snprintf(digest, sizeof(digest), "sha256:%s", p->digest);
    bytes_cut(&w->line, 0);
    cdxj_put_capture(&w->line, &w->surt, &capture);
    waiting.line = w->line.data;
    waiting.line_len = w->line.len;
    memcpy(waiting.date, p->date, sizeof(waiting.date));
    memcpy(waiting.id, p->id, sizeof(waiting.id));
    if (is_new)
        memcpy(waiting.digest, p->digest, sizeof(waiting.digest));
    return !w->line.failed && warc_queue_add(&w->queue, &waiting);
}

/* ------------------------------------------------------------- the files -- */

/* What is there and to come of the file: what waits to be packed shrinks as the rest did. */
static uint64_t size_to_be(const struct sink_warc *w)
{
    uint64_t pending = outfile_pending(w->sink.out);

    if (w->packing != PACKING_NONE && w->raw > 0)
        pending = (uint64_t)((double)pending * (double)w->packed / (double)w->raw);
    return w->end + pending;
}

static bool begin_next_file(struct sink_warc *w)
{
    char *name = w->file < WARC_FILES_MAX ? warc_files_path(w->path, w->file + 1) : NULL;
    int fd, old;

    if (!name)
        return sink_fail(&w->sink, w->file < WARC_FILES_MAX ? ENOMEM : EFBIG);
    fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || !outfile_go_on(w->sink.out, fd, &old)) {
        int error = fd < 0 ? errno : outfile_error(w->sink.out);

        if (fd >= 0) {
            close(fd);
            (void)unlink(name);
        }
        free(name);
        return sink_fail(&w->sink, error);
    }
    if (w->file == 0)
        w->first_fd = old;
    else
        close(old);
    free(w->name);
    w->name = name;
    w->fd = fd;
    w->file++;
    w->end = 0;
    w->has_info = false;
    return true;
}

static bool make_ready(struct sink_warc *w)
{
    if (w->index_is_old && unlink(w->index_path) != 0 && errno != ENOENT)
        return sink_fail(&w->sink, errno);
    w->index_is_old = false;
    w->begun = true;
    return !w->has_info || size_to_be(w) < w->roll_size || begin_next_file(w);
}

/* ----------------------------------------------------------------- twins -- */

/* What is said of a record that is not yet in the file. */
static bool find_waiting(struct sink_warc *w, uint64_t part, const char *digest,
                         struct warc_original *original)
{
    struct warc_waiting waiting;
    size_t id, uri;

    if (!warc_queue_find(&w->queue, part, &waiting) || strcmp(waiting.digest, digest) != 0)
        return false;
    bytes_cut(&w->twin, 0);
    bytes_add(&w->twin, waiting.date, sizeof(waiting.date));
    id = w->twin.len;
    bytes_add(&w->twin, waiting.id, sizeof(waiting.id));
    uri = w->twin.len;
    bytes_add(&w->twin, waiting.uri, waiting.uri_len);
    *original = (struct warc_original){.uri = w->twin.data + uri,
                                       .uri_len = waiting.uri_len,
                                       .date = w->twin.data,
                                       .id = w->twin.data + id};
    return !w->twin.failed;
}

/* The same of one that is: it says so itself. */
static bool find_written(struct sink_warc *w, const struct warc_place *place, const char *digest,
                         struct warc_original *original)
{
    int fd = place->number == w->file ? w->fd : place->number == 0 ? w->first_fd : -1;
    char *name = fd < 0 ? warc_files_path(w->path, (unsigned)place->number) : NULL;
    bool found;

    if (name)
        fd = open(name, O_RDONLY | O_CLOEXEC);
    found = fd >= 0 && warc_twins_read(fd, w->packing, place->offset, digest, &w->twin, original);
    if (name && fd >= 0)
        close(fd);
    free(name);
    return found;
}

/* The record that holds the same already, or NULL; *is_new: none does, and this one will. */
static const struct warc_original *find_twin(struct sink_warc *w, const struct warc_page *p,
                                             struct warc_original *original, bool *is_new)
{
    struct warc_place place;
    bool found;

    *is_new = false;
    if (!w->dedupe || p->truncated || p->record->page->body_len == 0)
        return NULL;
    if (!warc_twins_find(&w->twins, p->digest, &place)) {
        place = (struct warc_place){.waits = true, .number = w->parts};
        *is_new = warc_twins_add(&w->twins, p->digest, &place);
        return NULL;
    }
    found = place.waits ? find_waiting(w, place.number, p->digest, original)
                        : find_written(w, &place, p->digest, original);
    return found ? original : NULL;
}

/* --------------------------------------------------------------- records -- */

static void end_part(struct sink_warc *w)
{
    if (!w->index)
        return;
    outfile_end_part(w->sink.out);
    w->parts++;
}

static bool put_page(struct sink_warc *w, struct bytes *out, const struct record *record)
{
    struct warc_original twin;
    const struct warc_original *original;
    struct warc_page page;
    bool is_new;

    if (!warc_look(w->warc, record, &page))
        return false;
    if (!w->has_info) {
        warc_put_info(w->warc, out, w->name ? warc_files_leaf(w->name) : NULL);
        end_part(w);
        w->has_info = true;
    }
    if (page.main != WARC_NO_MAIN) {
        original = find_twin(w, &page, &twin, &is_new);
        if (w->index && !queue_capture(w, &page, original != NULL, is_new))
            return false;
        warc_put_main(w->warc, out, &page, original);
        end_part(w);
    }
    warc_put_metadata(w->warc, out, &page);
    end_part(w);
    return true;
}

static bool put(struct sink *s, const struct record *record)
{
    struct sink_warc *w = (struct sink_warc *)s;
    struct bytes *out;

    if (s->error_number || (w->index && !make_ready(w)))
        return false;
    out = outfile_begin(s->out);
    if (!put_page(w, out, record))
        out->failed = true;
    return outfile_commit(s->out) || sink_fail(s, outfile_error(s->out));
}

/* -------------------------------------------------------------- together -- */

static bool end(struct sink *s)
{
    struct sink_warc *w = (struct sink_warc *)s;

    if (!w->index || !w->begun || (w->written == 0 && !s->existed))
        return true;
    if (!w->index_error)
        w->index_error = cdxj_finish(w->index, w->sync);
    if (!w->index_error)
        return true;
    snprintf(s->error, sizeof(s->error),
             "cannot write the index %s: %s; the pages are whole, and to resume makes it again",
             w->index_path, strerror(w->index_error));
    return false;
}

static void free_sink(struct sink *s)
{
    struct sink_warc *w = (struct sink_warc *)s;

    warc_free(w->warc);
    cdxj_free(w->index);
    surt_fini(&w->surt);
    bytes_fini(&w->line);
    warc_queue_fini(&w->queue);
    warc_twins_fini(&w->twins);
    bytes_fini(&w->twin);
    if (w->first_fd >= 0)
        close(w->first_fd);
    free(w->index_path);
    free(w->name);
    free(w);
}

static const struct sink_ops warc_ops = {
    .put = put, .scan = sink_warc_scan, .end = end, .free = free_sink};

static struct sink_warc *new_sink(const struct sink_setup *setup)
{
    struct sink_warc *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->sink.ops = &warc_ops;
    w->sink.recorder = setup->recorder;
    w->path = setup->path;
    w->roll_size = setup->roll_size ? setup->roll_size : SINK_ROLL_SIZE;
    w->sync = setup->fsync;
    w->dedupe = setup->dedupe;
    w->packing = sink_packing(setup->path);
    w->first_fd = -1;
    if (setup->profile_text)
        origin_read(&w->origin, setup->profile_text, strlen(setup->profile_text));
    surt_init(&w->surt);
    bytes_init(&w->line, LINE_MAX_BYTES);
    bytes_init(&w->twin, LINE_MAX_BYTES);
    warc_queue_init(&w->queue);
    w->warc = warc_new(setup->recorder, &w->origin);
    w->index_path = warc_files_index(setup->path);
    if (w->warc && w->index_path)
        return w;
    free_sink(&w->sink);
    return NULL;
}

/* What must not be there yet, or must all be there.  False: a sentence in `error`. */
static bool check_files(struct sink_warc *w, const struct sink_setup *setup, char *error, size_t n)
{
    bool is_there = access(setup->path, F_OK) == 0, gap;

    if (strcmp(setup->path, "-") == 0)
        return true;
    /* What is wrong with the directory is told by who creates a file in it. */
    if (!warc_files_count(setup->path, &w->file, &gap))
        return (w->file = 0) == 0;
    if (gap || (w->file > 0 && !is_there && setup->resume))
        snprintf(error, n, "the files of %s are not all there: one before the last is missing",
                 setup->path);
    else if (w->file > 0 && !setup->resume)
        snprintf(error, n,
                 "the output %s exists, with %u further files; name another one, or remove them",
                 setup->path, w->file);
    else if (!setup->resume && access(w->index_path, F_OK) == 0)
        snprintf(error, n, "the output's index %s exists; name another output, or remove it",
                 w->index_path);
    else
        return true;
    return false;
}

/* The file that is written is the last of them. */
static bool open_last(struct sink_warc *w, struct outfile_setup *file, char *error, size_t n)
{
    w->name = warc_files_path(w->path, w->file);
    if (w->name && w->file > 0) {
        w->first_fd = file->fd;
        file->fd = open(w->name, O_RDWR | O_CLOEXEC);
    }
    if (w->name && file->fd >= 0)
        return true;
    snprintf(error, n, "cannot open the output %s: %s", w->name ? w->name : w->path,
             strerror(w->name ? errno : ENOMEM));
    if (file->fd >= 0)
        close(file->fd);
    return false;
}

/* An index, and twins, are of what can be read again. */
static bool open_index(struct sink_warc *w, const struct sink_setup *setup, char *error, size_t n)
{
    struct stat st;
    bool is_file = strcmp(setup->path, "-") != 0 && fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode);

    if (!is_file && w->dedupe) {
        snprintf(error, n, "the output %s is no file: equal contents cannot be found there again",
                 w->sink.name);
        return false;
    }
    if (is_file)
        w->index = cdxj_new(w->index_path, 0);
    w->index_is_old = setup->resume;
    if (is_file && !w->index)
        snprintf(error, n, "out of memory");
    return !is_file || w->index;
}

static bool open_all(struct sink_warc *w, const struct sink_setup *setup, char *error, size_t n)
{
    struct outfile_setup file = {.records = true,
                                 .packing = w->packing,
                                 .by_part = true,
                                 .on_written = on_written,
                                 .written_arg = w};

    if (!check_files(w, setup, error, n) || !sink_open_path(&w->sink, setup, &file, error, n) ||
        !open_last(w, &file, error, n))
        return false;
    w->fd = file.fd;
    if (!sink_open_file(&w->sink, &file, error, n))
        return false;
    if (open_index(w, setup, error, n))
        return true;
    outfile_close(w->sink.out);
    if (w->sink.leaf)
        (void)unlinkat(w->sink.dir_fd, w->sink.leaf, 0);
    return false;
}

struct sink *sink_warc_open(const struct sink_setup *setup, char *error, size_t error_len)
{
    struct sink_warc *w = new_sink(setup);

    if (!w) {
        snprintf(error, error_len, "out of memory");
        return NULL;
    }
    if (open_all(w, setup, error, error_len))
        return &w->sink;
    free_sink(&w->sink);
    return NULL;
}
