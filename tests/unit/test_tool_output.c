#include "unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "pfetch/outfile.h"
#include "pfetch/sink.h"

static struct event_base *base;
static struct redact secrets;
static struct recorder *recorder;
static char error[SINK_ERROR], place[32];
static int rooms, fails;

static void on_room(void *arg)
{
    (void)arg;
    rooms++;
}

static void on_fail(void *arg)
{
    (void)arg;
    fails++;
}

static const struct outfile_events events = {.on_room = on_room, .on_fail = on_fail};

/* Takes `fd`. */
static struct outfile *open_outfile(int fd, enum packing packing)
{
    const struct outfile_setup setup = {
        .base = base, .fd = fd, .records = true, .packing = packing, .events = events};
    struct outfile *f = outfile_new(&setup);

    ck_assert_ptr_nonnull(f);
    return f;
}

/* Each test works in a directory of its own. */
static void begin(void)
{
    snprintf(place, sizeof(place), "output-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    ck_assert_int_eq(chdir(place), 0);
    rooms = fails = 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    base = event_base_new();
    recorder = recorder_new(&secrets);
    ck_assert(base && recorder);
}

static void end(void)
{
    char command[64];

    recorder_free(recorder);
    event_base_free(base);
    ck_assert_int_eq(chdir(".."), 0);
    snprintf(command, sizeof(command), "rm -rf %s", place);
    ck_assert_int_eq(system(command), 0);
}

static size_t size_of(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return (size_t)st.st_size;
}

static int create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0666);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Appends a line of `n` bytes, its end included. */
static bool add(struct outfile *f, size_t n)
{
    struct bytes *b = outfile_begin(f);
    char *room = bytes_room(b, n);

    ck_assert_ptr_nonnull(room);
    memset(room, 'x', n - 1);
    room[n - 1] = '\n';
    b->len += n;
    return outfile_commit(f);
}

START_TEST(writes_files_in_batches)
{
    struct outfile *f;

    begin();
    f = open_outfile(create("a"), PACKING_NONE);
    ck_assert(add(f, 1000));
    ck_assert_uint_eq(size_of("a"), 0);
    ck_assert(outfile_is_empty(f));
    event_base_dispatch(base);
    ck_assert_uint_eq(size_of("a"), 1000);
    ck_assert(add(f, OUTFILE_BATCH));
    ck_assert_uint_eq(size_of("a"), 1000 + OUTFILE_BATCH);
    ck_assert(!outfile_is_empty(f));
    ck_assert_int_eq(outfile_close(f), 0);
    end();
}
END_TEST

static _Atomic unsigned disk_ms; /* how long a write takes    */
static _Atomic bool disk_hangs;  /* no write ends until it does not */

/* In place of libc's, for this program. */
ssize_t write(int fd, const void *data, size_t n)
{
    const struct timespec time = {.tv_sec = disk_ms / 1000, .tv_nsec = disk_ms % 1000 * 1000000};

    if (disk_ms > 0)
        nanosleep(&time, NULL);
    while (disk_hangs)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return syscall(SYS_write, fd, data, n);
}

/* Once the disk was seen to be slow, the loop waits for no write. */
START_TEST(leaves_a_slow_disk_to_a_thread)
{
    struct outfile *f;

    begin();
    f = open_outfile(create("a"), PACKING_NONE);
    disk_ms = 200;
    ck_assert(add(f, 100) && outfile_flush(f));
    ck_assert_uint_eq(outfile_pending(f), 0);
    ck_assert(add(f, 100) && outfile_flush(f));
    ck_assert_uint_eq(outfile_pending(f), 100);
    ck_assert(add(f, OUTFILE_BUSY) && outfile_is_busy(f));
    ck_assert_uint_eq(outfile_pending(f), 100 + OUTFILE_BUSY);
    disk_ms = 0;
    while (outfile_pending(f) > 0)
        ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_int_gt(rooms, 0);
    ck_assert_int_eq(outfile_close(f), 0);
    ck_assert_uint_eq(size_of("a"), 200 + OUTFILE_BUSY);
    end();
}
END_TEST

/* A plain file whose writes are a thread's, with 100 bytes in it. */
static struct outfile *open_slow(const char *path)
{
    struct outfile *f = open_outfile(create(path), PACKING_NONE);

    disk_ms = 100;
    ck_assert(add(f, 100) && outfile_flush(f));
    disk_ms = 0;
    return f;
}

/* A record whose lines all say which one it is. */
static bool add_numbered(struct outfile *f, unsigned number, size_t lines)
{
    struct bytes *b = outfile_begin(f);

    for (size_t i = 0; i < lines; i++)
        bytes_format(b, "%015u\n", number);
    return outfile_commit(f);
}

START_TEST(a_thread_is_handed_pieces_in_their_order)
{
    const size_t lines = OUTFILE_BATCH / 16;
    struct outfile *f;
    unsigned number;
    size_t n = 0;
    FILE *file;

    begin();
    f = open_slow("a");
    disk_hangs = true;
    for (unsigned i = 0; i < 30; i++)
        ck_assert(add_numbered(f, i, lines));
    ck_assert(outfile_is_busy(f));
    ck_assert_uint_eq(outfile_pending(f), 30 * OUTFILE_BATCH);
    ck_assert_uint_eq(outfile_dropped(f), 30);
    disk_hangs = false;
    while (outfile_pending(f) > 0)
        ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(outfile_dropped(f), 0);
    ck_assert_int_ge(rooms, (int)(29 * OUTFILE_BATCH / OUTFILE_PIECE));
    ck_assert_int_eq(outfile_close(f), 0);

    file = fopen("a", "r");
    ck_assert_ptr_nonnull(file);
    fseek(file, 100, SEEK_SET);
    for (; fscanf(file, "%u", &number) == 1; n++)
        ck_assert_uint_eq(number, n / lines);
    ck_assert_uint_eq(n, 30 * lines);
    fclose(file);
    end();
}
END_TEST

/* One turn of the loop may last for many pieces. */
START_TEST(a_thread_goes_on_within_a_turn)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    struct outfile *f;

    begin();
    f = open_slow("a");
    while (size_of("a") < 3 * (size_t)OUTFILE_PIECE) {
        ck_assert(add(f, OUTFILE_BATCH));
        nanosleep(&nap, NULL);
    }
    ck_assert_int_eq(rooms, 0);
    event_base_dispatch(base);
    ck_assert_int_gt(rooms, 0);
    ck_assert_uint_eq(outfile_pending(f), 0);
    ck_assert_int_eq(outfile_close(f), 0);
    end();
}
END_TEST

/* A disk that is full at so many bytes; for as short as possible, since Check writes too. */
static rlim_t limit_files(rlim_t bytes)
{
    struct rlimit limit;
    rlim_t before;

    getrlimit(RLIMIT_FSIZE, &limit);
    before = limit.rlim_cur;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
    return before;
}

static bool flush_within(struct outfile *f, rlim_t bytes)
{
    rlim_t before = limit_files(bytes);
    bool flushed = outfile_flush(f);

    limit_files(before);
    return flushed;
}

START_TEST(cuts_a_record_that_did_not_fit)
{
    struct outfile *f;
    rlim_t before;

    begin();
    f = open_outfile(create("a"), PACKING_NONE);
    for (int i = 0; i < 20; i++)
        ck_assert(add(f, 1000));
    ck_assert(!flush_within(f, 10500));
    ck_assert_int_eq(outfile_error(f), EFBIG);
    ck_assert_uint_eq(size_of("a"), 10000);
    ck_assert(!add(f, 10));
    ck_assert_uint_eq(outfile_pending(f), 0);
    ck_assert_int_eq(outfile_close(f), 0);

    f = open_outfile(create("b"), PACKING_NONE);
    ck_assert(add(f, 1000));
    ck_assert(outfile_flush(f));
    ck_assert(add(f, 20000));
    before = limit_files(10500);
    event_base_dispatch(base);
    limit_files(before);
    ck_assert_int_eq(fails, 1);
    ck_assert_uint_eq(size_of("b"), 1000);
    ck_assert_int_eq(outfile_close(f), 0);
    end();
}
END_TEST

START_TEST(counts_what_a_thread_could_not_write)
{
    struct outfile *f;
    rlim_t before;

    begin();
    f = open_slow("a");
    disk_hangs = true;
    for (int i = 0; i < 12; i++)
        ck_assert(add(f, OUTFILE_BATCH));
    before = limit_files(100 + 5 * OUTFILE_BATCH + 10);
    disk_hangs = false;
    event_base_dispatch(base);
    limit_files(before);
    ck_assert_int_eq(fails, 1);
    ck_assert_int_eq(outfile_error(f), EFBIG);
    ck_assert_uint_eq(size_of("a"), 100 + 5 * OUTFILE_BATCH);
    ck_assert_uint_eq(outfile_dropped(f), 12 - 5);
    ck_assert(!add(f, 10));
    ck_assert_uint_eq(outfile_dropped(f), 12 - 5);
    ck_assert_int_eq(outfile_close(f), 0);
    end();
}
END_TEST

START_TEST(leaves_other_bytes_of_a_shared_file_alone)
{
    struct outfile *f;
    int fd;

    begin();
    fd = create("a");
    ck_assert_int_eq(write(fd, "no line end", 11), 11);
    f = open_outfile(fd, PACKING_NONE);
    ck_assert(add(f, 1000));
    ck_assert(!flush_within(f, 500));
    ck_assert_uint_eq(size_of("a"), 11);
    ck_assert_int_eq(outfile_close(f), 0);
    end();
}
END_TEST

START_TEST(never_waits_for_a_reader)
{
    struct outfile *f;
    size_t total = 0, taken = 0;
    static char drain[1u << 16];
    int fds[2];
    ssize_t n;

    begin();
    ck_assert_int_eq(pipe(fds), 0);
    f = open_outfile(fds[1], PACKING_NONE);
    while (!outfile_is_busy(f)) {
        ck_assert(add(f, 100000));
        total += 100000;
        ck_assert_uint_lt(total, 4 * OUTFILE_BUSY);
    }
    while (taken < total) {
        n = read(fds[0], drain, sizeof(drain));
        ck_assert_int_gt(n, 0);
        taken += (size_t)n;
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    ck_assert_uint_eq(outfile_pending(f), 0);
    ck_assert_int_gt(rooms, 0);
    ck_assert_int_eq(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);

    close(fds[0]);
    ck_assert(add(f, 10));
    event_base_loop(base, 0);
    ck_assert_int_eq(fails, 1);
    ck_assert_int_eq(outfile_error(f), EPIPE);
    ck_assert_int_eq(outfile_close(f), 0);
    end();
}
END_TEST

static struct sink *open_sink(const char *path, enum sink_format format)
{
    const struct sink_setup setup = {
        .path = path, .format = format, .base = base, .recorder = recorder, .events = events};

    error[0] = '\0';
    return sink_open(&setup, error, sizeof(error));
}

static bool put_page(struct sink *s, const char *url, enum fetch_outcome outcome, uint64_t index)
{
    const struct fetch_page page = {
        .url = url, .outcome = outcome, .body = "body\n", .body_len = 5, .protocol = ""};
    const struct record record = {.page = &page, .index = index};

    return sink_put(s, &record);
}

static size_t lines_of(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n = 0;
    int c;

    ck_assert_ptr_nonnull(f);
    while ((c = getc(f)) != EOF)
        n += c == '\n';
    fclose(f);
    return n;
}

START_TEST(refuses_what_exists)
{
    struct sink *s;

    begin();
    close(create("a.jsonl"));
    ck_assert_ptr_null(open_sink("a.jsonl", SINK_FORMAT_BY_NAME));
    ck_assert_ptr_nonnull(strstr(error, "exists"));
    ck_assert_int_eq(symlink("nowhere", "b.jsonl"), 0);
    ck_assert_ptr_null(open_sink("b.jsonl", SINK_FORMAT_BY_NAME));
    ck_assert_int_eq(access("nowhere", F_OK), -1);
    ck_assert_ptr_null(open_sink("no/c.jsonl", SINK_FORMAT_BY_NAME));
    s = open_sink("d/", SINK_FORMAT_BY_NAME);
    ck_assert_msg(s != NULL, "%s", error);
    ck_assert(sink_close(s, true, error));
    ck_assert_ptr_null(open_sink("d", SINK_FORMAT_BY_NAME));
    ck_assert_ptr_nonnull(strstr(error, "already"));
    end();
}
END_TEST

START_TEST(removes_an_output_that_stayed_empty)
{
    struct sink *s;

    begin();
    s = open_sink("a.jsonl", SINK_FORMAT_BY_NAME);
    ck_assert_msg(s != NULL, "%s", error);
    ck_assert(sink_close(s, false, error));
    ck_assert_int_eq(access("a.jsonl", F_OK), -1);
    s = open_sink("a.jsonl", SINK_FORMAT_BY_NAME);
    ck_assert(sink_close(s, true, error));
    ck_assert_int_eq(access("a.jsonl", F_OK), 0);
    end();
}
END_TEST

START_TEST(writes_records_and_bodies)
{
    struct sink *s;

    begin();
    s = open_sink("a.jsonl", SINK_FORMAT_BY_NAME);
    ck_assert(put_page(s, "https://example.com/", FETCH_OUTCOME_OK, 0));
    ck_assert(put_page(s, "https://example.org/", FETCH_OUTCOME_NETWORK, 1));
    ck_assert(outfile_flush(s->out));
    ck_assert(sink_close(s, true, error));
    ck_assert_uint_eq(lines_of("a.jsonl"), 2);
    s = open_sink("a.html", SINK_FORMAT_BODY);
    ck_assert(put_page(s, "https://example.com/", FETCH_OUTCOME_OK, 0));
    ck_assert(put_page(s, "https://example.com/", FETCH_OUTCOME_PROVIDER_ERROR, 1));
    ck_assert(put_page(s, "https://example.com/", FETCH_OUTCOME_TARGET_ERROR, 2));
    ck_assert(outfile_flush(s->out));
    ck_assert(sink_close(s, true, error));
    ck_assert_uint_eq(size_of("a.html"), 10);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool output");
    TCase *file = unit_case(suite, "file"), *sinks = unit_case(suite, "sinks");

    tcase_add_test(file, writes_files_in_batches);
    tcase_add_test(file, leaves_a_slow_disk_to_a_thread);
    tcase_add_test(file, a_thread_is_handed_pieces_in_their_order);
    tcase_add_test(file, a_thread_goes_on_within_a_turn);
    tcase_add_test(file, counts_what_a_thread_could_not_write);
    tcase_add_test(file, cuts_a_record_that_did_not_fit);
    tcase_add_test(file, leaves_other_bytes_of_a_shared_file_alone);
    tcase_add_test(file, never_waits_for_a_reader);
    tcase_add_test(sinks, refuses_what_exists);
    tcase_add_test(sinks, removes_an_output_that_stayed_empty);
    tcase_add_test(sinks, writes_records_and_bodies);
    return unit_run(suite);
}
