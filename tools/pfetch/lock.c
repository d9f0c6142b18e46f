#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

bool lock_take(int fd, const char *name, char *error, size_t error_len)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct flock holder = lock;

    if (fcntl(fd, F_SETLK, &lock) == 0 || (errno != EACCES && errno != EAGAIN))
        return true;
    /* On a network the holder may be on another machine, which then tells no process. */
    if (fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0)
        snprintf(error, error_len,
                 "the output %s is being written by process %ld: wait for it, or name another one",
                 name, (long)holder.l_pid);
    else
        snprintf(error, error_len,
                 "the output %s is being written by another process: wait for it, or name another "
                 "one",
                 name);
    return false;
}
