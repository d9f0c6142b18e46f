/*
 * A temporary file without a name: it is gone with the program, however that ends.
 */
#ifndef PFETCH_TOOL_SCRATCH_H
#define PFETCH_TOOL_SCRATCH_H

/* In a directory; -1 and errno. */
int scratch_open(const char *directory);
/* In that of the file `path`. */
int scratch_open_beside(const char *path);

#endif
