/*
 * Runs a command with its standard output in a file and prints what it took, as the measured
 * clients print it themselves:
 *
 *   watch FILE COMMAND [ARGUMENT ...]
 *
 * Why a program: Linux carries a process's peak memory over exec(), so that a tool started
 * straight from the driver would show the Python interpreter's peak.  This one is smaller than
 * anything it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/wait.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_child(const char *output, char **command)
{
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
        execvp(command[0], command);
    fprintf(stderr, "watch: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

int main(int argc, char **argv)
{
    struct rusage usage;
    double start_s = wall_s();
    int status;
    pid_t pid;

    if (argc < 3) {
        fprintf(stderr, "usage: watch FILE COMMAND [ARGUMENT ...]\n");
        return 2;
    }
    pid = fork();
    if (pid == 0)
        run_child(argv[1], argv + 2);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        fprintf(stderr, "watch: %s\n", strerror(errno));
        return 2;
    }
    printf("wall_s=%.3f cpu_s=%.3f peak_rss_kib=%ld\n", wall_s() - start_s,
           seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
