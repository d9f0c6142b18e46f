#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096u

int scratch_open(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char path[PATH_BYTES];

    /* A file system that has no such files: the name goes at once. */
    if (fd >= 0 ||
        (size_t)snprintf(path, sizeof(path), "%s/pfetch-XXXXXX", directory) >= sizeof(path))
        return fd;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

int scratch_open_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_BYTES];
    size_t n = slash ? (size_t)(slash - path) : 0;

    if (n >= sizeof(directory)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, path, n);
    directory[n] = '\0';
    return scratch_open(n ? directory : slash ? "/" : ".");
}
