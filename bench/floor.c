/*
 * The floor: what fetching these pages costs at the very least with one request at a time on each
 * connection, and so the measure that the library is held against.
 *
 * Raw epoll on non-blocking sockets, edge-triggered and registered once, so that a page costs one
 * send(), one recv() where the answer has come whole, and its share of an epoll_wait().  recv()
 * writes into the memory that the page keeps.  There is no parser: head and length of the first
 * answer are looked up, and every further answer is taken to be as long.  There are no timeouts,
 * no retries, no limits and no errors but fatal ones.
 *
 * An answer's length is known, so the socket is never read until EAGAIN: a short recv() has
 * emptied it, and the next bytes bring the next edge.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 512
#define FIRST_READ_BYTES 4096

/* Connections opened between two looks at the others: few, so that the server has requests to work
 * on while the rest is being opened. */
#define OPEN_PER_TURN 32u

struct conn {
    int fd;
    bool waiting; /* an answer is outstanding */
    char *answer; /* NULL until its first bytes come */
    size_t got;
};

struct client {
    struct bench bench;
    int epoll_fd;
    struct conn *conn; /* bench.connections of them */
    unsigned opened;   /* of those                  */
    char request[512];
    size_t request_len;
    char *digits;      /* of the page's number, within request */
    size_t head_len;   /* of every answer; 0: none has come yet */
    size_t answer_len; /* head and body                         */
};

static bool tell(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    return false;
}

static bool is_plain(const struct bench *bench)
{
    if (!bench->ca_file && !bench->streams)
        return true;
    fprintf(stderr, "floor: neither TLS nor HTTP/2 is among what it can\n");
    return false;
}

static bool build_request(struct client *client)
{
    const struct bench *bench = &client->bench;
    int len = snprintf(client->request, sizeof(client->request),
                       "GET /%s?auth_key=" BENCH_KEY
                       "&url=https%%3A%%2F%%2Fexample.com%%2F%0*d HTTP/1.1\r\n"
                       "Host: 127.0.0.1:%u\r\n"
                       "User-Agent: libpfetch/0.1.0\r\n"
                       "Accept: */*\r\n"
                       "Accept-Encoding: gzip, br, zstd\r\n"
                       "\r\n",
                       bench->location, BENCH_DIGITS, 0, bench->port);

    if (len < 0 || (size_t)len >= sizeof(client->request))
        return false;
    client->request_len = (size_t)len;
    client->digits = strstr(client->request, " HTTP/1.1") - BENCH_DIGITS;
    return true;
}

static bool conn_ask(struct client *client, struct conn *conn)
{
    if (client->bench.started == client->bench.pages)
        return true;
    bench_digits(client->digits, client->bench.started);
    if (send(conn->fd, client->request, client->request_len, MSG_NOSIGNAL) !=
        (ssize_t)client->request_len)
        return tell("send");
    client->bench.started++;
    conn->waiting = true;
    return true;
}

/* Learns the lengths from the first answer, of which `got` bytes are there. */
static bool learn_lengths(struct client *client, const char *answer, size_t got)
{
    static const char field[] = "Content-Length:";
    const char *end = memmem(answer, got, "\r\n\r\n", 4);
    const char *length;

    if (!end)
        return tell("the first answer's head did not come at once");
    length = memmem(answer, (size_t)(end - answer), field, sizeof(field) - 1);
    if (!length)
        return tell("the first answer has no Content-Length");
    client->head_len = (size_t)(end - answer) + 4;
    client->answer_len = client->head_len + strtoul(length + sizeof(field) - 1, NULL, 10);
    return true;
}

static bool conn_finish(struct client *client, struct conn *conn)
{
    static const char status[] = "HTTP/1.1 200 ";

    if (memcmp(conn->answer, status, sizeof(status) - 1) != 0) {
        fprintf(stderr, "floor: an answer's status is not 200\n");
        return false;
    }
    bench_page(&client->bench, conn->answer + client->head_len,
               client->answer_len - client->head_len);
    free(conn->answer);
    conn->answer = NULL;
    conn->got = 0;
    conn->waiting = false;
    return conn_ask(client, conn);
}

static bool conn_read_first(struct client *client, struct conn *conn)
{
    char *answer;
    ssize_t got;

    conn->answer = malloc(FIRST_READ_BYTES);
    if (!conn->answer)
        return tell("malloc");
    got = recv(conn->fd, conn->answer, FIRST_READ_BYTES, 0);
    if (got <= 0)
        return tell("recv");
    conn->got = (size_t)got;
    if (!learn_lengths(client, conn->answer, conn->got))
        return false;
    answer = realloc(conn->answer, client->answer_len);
    if (!answer)
        return tell("realloc");
    conn->answer = answer;
    return true;
}

static bool conn_read(struct client *client, struct conn *conn)
{
    ssize_t got;

    if (!client->answer_len && !conn_read_first(client, conn))
        return false;
    if (!conn->answer && !(conn->answer = malloc(client->answer_len)))
        return tell("malloc");
    while (conn->got < client->answer_len) {
        size_t room = client->answer_len - conn->got;

        got = recv(conn->fd, conn->answer + conn->got, room, 0);
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return tell("recv");
        conn->got += (size_t)got;
        if ((size_t)got < room)
            return true;
    }
    return conn_finish(client, conn);
}

static bool conn_event(struct client *client, struct conn *conn, uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP)) {
        fprintf(stderr, "floor: a connection failed\n");
        return false;
    }
    if (!conn->waiting)
        return (events & EPOLLOUT) ? conn_ask(client, conn) : true;
    return (events & EPOLLIN) ? conn_read(client, conn) : true;
}

static bool conn_open(struct client *client, struct conn *conn)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)client->bench.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = conn};
    int on = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        return tell("socket");
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(conn->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
        errno != EINPROGRESS)
        return tell("connect");
    if (epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) != 0)
        return tell("epoll_ctl");
    return true;
}

/* Milliseconds until the sample is due; -1: no sample. */
static int sample_in_ms(struct bench *bench)
{
    unsigned elapsed_ms;

    if (!bench->sample_ms || bench->waiting)
        return -1;
    elapsed_ms = bench_elapsed_ms(bench);
    if (elapsed_ms >= bench->sample_ms) {
        bench_sample(bench, bench->started - bench->done);
        return -1;
    }
    return (int)(bench->sample_ms - elapsed_ms);
}

/* Opens some more connections; *wait_ms is how long the loop may wait after that. */
static bool open_some(struct client *client, int *wait_ms)
{
    for (unsigned i = 0; i < OPEN_PER_TURN && client->opened < client->bench.connections; i++)
        if (!conn_open(client, &client->conn[client->opened++]))
            return false;
    *wait_ms = client->opened < client->bench.connections ? 0 : sample_in_ms(&client->bench);
    return true;
}

static bool run(struct client *client)
{
    struct bench *bench = &client->bench;
    struct epoll_event event[EVENTS_PER_WAIT];
    int wait_ms;

    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client->conn = calloc(bench->connections, sizeof(*client->conn));
    if (client->epoll_fd < 0 || !client->conn)
        return tell("start");
    while (bench->done < bench->pages) {
        int count;

        if (!open_some(client, &wait_ms))
            return false;
        count = epoll_wait(client->epoll_fd, event, EVENTS_PER_WAIT, wait_ms);
        if (count < 0 && errno != EINTR)
            return tell("epoll_wait");
        for (int i = 0; i < count; i++)
            if (!conn_event(client, event[i].data.ptr, event[i].events))
                return false;
    }
    for (unsigned i = 0; i < client->opened; i++)
        close(client->conn[i].fd);
    return true;
}

int main(int argc, char **argv)
{
    struct client client = {.epoll_fd = -1};
    int status = 1;

    if (bench_init(&client.bench, "floor", argc, argv) && is_plain(&client.bench) &&
        build_request(&client)) {
        bench_start(&client.bench);
        if (run(&client))
            status = bench_report(&client.bench);
    }
    free(client.conn);
    bench_fini(&client.bench);
    return status;
}
