#include "unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "pfetch/stream.h"

#define LINES 20000u

static char plain[LINES * 32u], packed[2 * sizeof(plain)];
static size_t plain_len;

static void make_plain(void)
{
    plain_len = 0;
    for (unsigned i = 0; i < LINES; i++)
        plain_len += (size_t)snprintf(plain + plain_len, 32, "https://example.com/%u\n", i);
}

static size_t pack_gzip(const char *from, size_t n, char *to)
{
    z_stream z = {0};

    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)from;
    z.avail_in = (unsigned)n;
    z.next_out = (unsigned char *)to;
    z.avail_out = sizeof(plain);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    n = sizeof(plain) - z.avail_out;
    deflateEnd(&z);
    return n;
}

static size_t pack_zstd(const char *from, size_t n, char *to)
{
    n = ZSTD_compress(to, sizeof(plain), from, n, 3);
    ck_assert(!ZSTD_isError(n));
    return n;
}

/* A stream over a file that holds `n` bytes. */
static struct stream *over_file(const char *data, size_t n)
{
    char path[] = "stream-XXXXXX";
    struct stream *s;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    unlink(path);
    ck_assert_int_eq(write(fd, data, n), (ssize_t)n);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    s = stream_new(fd);
    ck_assert_ptr_nonnull(s);
    return s;
}

/* Reads everything in pieces of `step`; it has to be the plain list, up to its end or an error. */
static enum stream_result check_all(struct stream *s, size_t step, size_t want)
{
    static char got[sizeof(plain)];
    enum stream_result r;
    size_t have = 0, n;

    while ((r = stream_read(s, got + have, step, &n)) == STREAM_BYTES) {
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_le(n, step);
        have += n;
        ck_assert_uint_le(have + step, sizeof(got));
    }
    if (r == STREAM_END)
        ck_assert_uint_eq(have, want);
    ck_assert_mem_eq(got, plain, have);
    ck_assert_int_eq(stream_read(s, got, 1, &n), r);
    stream_free(s);
    return r;
}

START_TEST(reads_plain_and_packed)
{
    static const size_t steps[] = {1, 7, 4096, 65536};
    size_t n;

    make_plain();
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        ck_assert_int_eq(check_all(over_file(plain, plain_len), steps[i], plain_len), STREAM_END);
        n = pack_gzip(plain, plain_len, packed);
        ck_assert_int_eq(check_all(over_file(packed, n), steps[i], plain_len), STREAM_END);
        n = pack_zstd(plain, plain_len, packed);
        ck_assert_int_eq(check_all(over_file(packed, n), steps[i], plain_len), STREAM_END);
    }
}
END_TEST

START_TEST(reads_members_on_end)
{
    size_t half, n;

    make_plain();
    half = plain_len / 2;
    n = pack_gzip(plain, half, packed);
    n += pack_gzip(plain + half, plain_len - half, packed + n);
    ck_assert_int_eq(check_all(over_file(packed, n), 4096, plain_len), STREAM_END);
    n = pack_zstd(plain, half, packed);
    n += pack_zstd(plain + half, plain_len - half, packed + n);
    ck_assert_int_eq(check_all(over_file(packed, n), 4096, plain_len), STREAM_END);
}
END_TEST

START_TEST(tells_what_is_cut_off)
{
    size_t n, cut[3];

    make_plain();
    for (int zstd = 0; zstd < 2; zstd++) {
        n = zstd ? pack_zstd(plain, plain_len, packed) : pack_gzip(plain, plain_len, packed);
        cut[0] = n - 1;
        cut[1] = n / 2;
        cut[2] = 5;
        for (size_t i = 0; i < 3; i++)
            ck_assert_int_eq(check_all(over_file(packed, cut[i]), 4096, 0), STREAM_ERROR);
    }
}
END_TEST

START_TEST(tells_what_is_damaged)
{
    enum stream_result r;
    struct stream *s;
    char to[4096];
    size_t n;

    make_plain();
    n = pack_gzip(plain, plain_len, packed);
    packed[n - 6] ^= 1; /* in the checksum */
    s = over_file(packed, n);
    do
        r = stream_read(s, to, sizeof(to), &n);
    while (r == STREAM_BYTES);
    ck_assert_int_eq(r, STREAM_ERROR);
    ck_assert_str_eq(stream_error(s), "the gzip data is damaged");
    stream_free(s);
}
END_TEST

START_TEST(reads_short_lists)
{
    make_plain();
    for (size_t n = 0; n < 8; n++)
        ck_assert_int_eq(check_all(over_file(plain, n), 10, n), STREAM_END);
}
END_TEST

START_TEST(never_waits_for_a_pipe)
{
    int fds[2];
    char to[64];
    size_t got;
    struct stream *s;

    ck_assert_int_eq(pipe(fds), 0);
    s = stream_new(fds[0]);
    ck_assert_ptr_nonnull(s);
    ck_assert_int_eq(stream_read(s, to, sizeof(to), &got), STREAM_LATER);
    ck_assert_int_eq(write(fds[1], "https", 5), 5);
    ck_assert_int_eq(stream_read(s, to, sizeof(to), &got), STREAM_BYTES);
    ck_assert_uint_eq(got, 5);
    ck_assert_int_eq(stream_read(s, to, sizeof(to), &got), STREAM_LATER);
    close(fds[1]);
    ck_assert_int_eq(stream_read(s, to, sizeof(to), &got), STREAM_END);
    stream_free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool stream");
    TCase *tc = unit_case(suite, "stream");

    tcase_add_test(tc, reads_plain_and_packed);
    tcase_add_test(tc, reads_members_on_end);
    tcase_add_test(tc, tells_what_is_cut_off);
    tcase_add_test(tc, tells_what_is_damaged);
    tcase_add_test(tc, reads_short_lists);
    tcase_add_test(tc, never_waits_for_a_pipe);
    return unit_run(suite);
}
