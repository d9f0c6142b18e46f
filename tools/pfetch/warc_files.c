#include "warc_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *warc_files_leaf(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Where the name's stem ends: before ".warc" or ".warc.gz", or at the end. */
static size_t stem_of(const char *name)
{
    static const char *const ends[] = {".warc", ".warc.gz"};
    size_t n = strlen(name);

    for (size_t i = 0; i < 2; i++) {
        size_t m = strlen(ends[i]);

        if (n > m && strcmp(name + n - m, ends[i]) == 0)
            return n - m;
    }
    return n;
}

char *warc_files_path(const char *path, unsigned n)
{
    size_t stem = stem_of(path);
    char *made;

    if (n == 0)
        return strdup(path);
    return asprintf(&made, "%.*s-%05u%s", (int)stem, path, n, path + stem) < 0 ? NULL : made;
}

char *warc_files_index(const char *path)
{
    char *made;

    return asprintf(&made, "%.*s.cdxj", (int)stem_of(path), path) < 0 ? NULL : made;
}

/* The number in such a file's name, or 0. */
static unsigned number_of(const char *name, const char *leaf, size_t stem)
{
    unsigned n = 0;
    const char *at = name + stem + 1;

    if (strncmp(name, leaf, stem) != 0 || name[stem] != '-')
        return 0;
    for (unsigned i = 0; i < 5; i++, at++) {
        if (*at < '0' || *at > '9')
            return 0;
        n = n * 10 + (unsigned)(*at - '0');
    }
    return strcmp(at, leaf + stem) == 0 ? n : 0;
}

char *warc_files_first(const char *path)
{
    size_t stem = stem_of(path), of_first = stem > 6 ? stem - 6 : 0; /* "-00001" */
    char *first;

    if (of_first == 0 || asprintf(&first, "%.*s%s", (int)of_first, path, path + stem) < 0)
        return NULL;
    if (number_of(path, first, of_first) > 0)
        return first;
    free(first);
    return NULL;
}

static DIR *open_directory(const char *path)
{
    const char *leaf = warc_files_leaf(path);
    char *name = leaf > path ? strndup(path, (size_t)(leaf - path)) : strdup(".");
    DIR *d = name ? opendir(name) : NULL;

    free(name);
    return d;
}

bool warc_files_count(const char *path, unsigned *count, bool *gap)
{
    const char *leaf = warc_files_leaf(path);
    size_t stem = stem_of(leaf);
    unsigned files = 0, last = 0;
    const struct dirent *entry;
    int error;
    DIR *d = open_directory(path);

    *count = 0;
    *gap = false;
    if (!d)
        return false;
    errno = 0;
    while ((entry = readdir(d))) {
        unsigned n = number_of(entry->d_name, leaf, stem);

        files += n > 0;
        last = n > last ? n : last;
    }
    error = errno;
    closedir(d);
    *count = files;
    *gap = files != last;
    errno = error;
    return error == 0;
}
