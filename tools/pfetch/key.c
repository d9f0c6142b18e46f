#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool key_is_valid(const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f)
            return false;
    }
    return n > 0 && n <= KEY_MAX;
}

void key_drop(char **key)
{
    if (*key)
        explicit_bzero(*key, strlen(*key));
    free(*key);
    *key = NULL;
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

static char *first_line(const char *text, size_t n)
{
    const char *end = memchr(text, '\n', n), *start = text;

    if (!end)
        end = text + n;
    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    return strndup(start, (size_t)(end - start));
}

/* As much as there is, from a pipe too; -1 and errno. */
static ssize_t read_some(const char *path, char *to, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), error;
    size_t have = 0;
    ssize_t n = fd < 0 ? -1 : 0;

    while (fd >= 0 && have < room) {
        n = read(fd, to + have, room - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return n < 0 ? -1 : (ssize_t)have;
}

bool key_read(const char *path, char **key, char *error, size_t error_len)
{
    char text[KEY_MAX + 64];
    ssize_t n = read_some(path, text, sizeof(text));

    key_drop(key);
    if (n < 0) {
        snprintf(error, error_len, "cannot read the key file %.200s: %s", path, strerror(errno));
        return false;
    }
    *key = first_line(text, (size_t)n);
    explicit_bzero(text, sizeof(text));
    if (*key && key_is_valid(*key))
        return true;
    snprintf(error, error_len,
             *key ? "the first line of the key file %.200s is no key"
                  : "out of memory for the key of %.200s",
             path);
    key_drop(key);
    return false;
}
