#include "found.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "value.h"

#define ACCOUNTS_MAX 64u /* the newest; the file stays small whatever happens */
#define LINE_SIZE 96u    /* a mark, two numbers */
#define CALLS_MAX 1000000u

void found_mark(char mark[FOUND_MARK], const char *endpoint, const char *key)
{
    static const char purpose[] = "pfetch concurrency";
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    EVP_MD_CTX *sha = EVP_MD_CTX_new();

    if (sha && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1) {
        EVP_DigestUpdate(sha, purpose, sizeof(purpose));
        EVP_DigestUpdate(sha, endpoint, strlen(endpoint) + 1);
        EVP_DigestUpdate(sha, key, strlen(key));
        EVP_DigestFinal_ex(sha, digest, NULL);
    }
    EVP_MD_CTX_free(sha);
    for (unsigned i = 0; i < (FOUND_MARK - 1) / 2; i++)
        snprintf(mark + 2 * i, 3, "%02x", digest[i]);
}

/* ".../pfetch", made if it is not there and `make`; false where there is no home for it. */
static bool directory(char *path, size_t n, bool make)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int len;

    if (state && *state == '/')
        len = snprintf(path, n, "%s/pfetch", state);
    else if (home && *home == '/')
        len = snprintf(path, n, "%s/.local/state/pfetch", home);
    else
        return false;
    if (len < 0 || (size_t)len >= n)
        return false;
    for (char *p = strchr(path + 1, '/'); make && p; p = strchr(p + 1, '/')) {
        *p = '\0';
        (void)mkdir(path, 0700);
        *p = '/';
    }
    return !make || mkdir(path, 0700) == 0 || errno == EEXIST;
}

static FILE *open_kept(const char *dir)
{
    char path[4096 + 16];

    snprintf(path, sizeof(path), "%s/concurrency", dir);
    return fopen(path, "re");
}

/* The parts of a line, in place; false where it is none of ours. */
static bool split(char *line, const char **mark, unsigned *concurrency)
{
    char *number = strchr(line, ' '), *when = number ? strchr(number + 1, ' ') : NULL;
    uint64_t n;

    if (!when || number - line != FOUND_MARK - 1)
        return false;
    *number++ = '\0';
    *when = '\0';
    *mark = line;
    if (!value_count(number, 1, CALLS_MAX, &n))
        return false;
    *concurrency = (unsigned)n;
    return true;
}

unsigned found_read(const char *mark)
{
    char dir[4096], line[LINE_SIZE];
    unsigned found = 0, n;
    const char *whose;
    FILE *f = directory(dir, sizeof(dir), false) ? open_kept(dir) : NULL;

    while (f && fgets(line, sizeof(line), f)) {
        if (split(line, &whose, &n) && strcmp(whose, mark) == 0)
            found = n;
    }
    if (f)
        fclose(f);
    return found;
}

/* The other accounts' lines, newest first as they are. */
static void put_others(struct bytes *to, const char *dir, const char *mark)
{
    FILE *f = open_kept(dir);
    char line[LINE_SIZE], copy[LINE_SIZE];
    unsigned kept = 1, n;
    const char *whose;

    while (f && kept < ACCOUNTS_MAX && fgets(line, sizeof(line), f)) {
        memcpy(copy, line, sizeof(copy));
        if (!split(copy, &whose, &n) || strcmp(whose, mark) == 0)
            continue;
        bytes_text(to, line);
        kept++;
    }
    if (f)
        fclose(f);
}

/* Beside its place, then moved there: other runs read the whole file or the old one. */
static bool replace(const char *dir, const struct bytes *text)
{
    char temporary[4096 + 32], path[4096 + 16];
    bool fine = false;
    int fd;

    snprintf(path, sizeof(path), "%s/concurrency", dir);
    snprintf(temporary, sizeof(temporary), "%s/concurrency.XXXXXX", dir);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return false;
    fine = write(fd, text->data, text->len) == (ssize_t)text->len;
    fine = close(fd) == 0 && fine && rename(temporary, path) == 0;
    if (!fine)
        (void)unlink(temporary);
    return fine;
}

bool found_write(const char *mark, unsigned concurrency)
{
    char dir[4096], line[LINE_SIZE];
    struct bytes text;
    bool fine;

    if (!directory(dir, sizeof(dir), true))
        return false;
    bytes_init(&text, (size_t)ACCOUNTS_MAX * LINE_SIZE);
    snprintf(line, sizeof(line), "%s %u %lld\n", mark, concurrency, (long long)time(NULL));
    bytes_text(&text, line);
    put_others(&text, dir, mark);
    fine = !text.failed && replace(dir, &text);
    bytes_fini(&text);
    return fine;
}
