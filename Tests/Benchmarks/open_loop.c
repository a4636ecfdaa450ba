// Asks a model server at a constant rate, whatever it does: an open loop over kept connections, whose own cost is a fraction of
// the server's. A request's time counts from when it was due, also where no connection was free, so that a server that stops for a
// moment is seen by all who would have come meanwhile (what wrk, a closed loop, leaves out).
//
//     cc -O2 -o open_loop open_loop.c -lm
//     ./open_loop PORT RATE CONNECTIONS SECONDS [poisson]
//
// asks POST /predictions/same of 127.0.0.1, a model with the URI identity:BYTES.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static int compare(const void *one, const void *other) {
    double left = *(const double *)one, right = *(const double *)other;
    return (left > right) - (left < right);
}

static int connected(int port) {
    int socket_ = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(socket_, F_SETFL, O_NONBLOCK);
    return socket_;
}

int main(int count, char **words) {
    if (count < 5) {
        fprintf(stderr, "usage: open_loop PORT RATE CONNECTIONS SECONDS [poisson]\n");
        return 2;
    }
    int port = atoi(words[1]), connections = atoi(words[3]), is_poisson = count > 5;
    double rate = atof(words[2]), seconds = atof(words[4]);
    const char *body = "{\"inputs\":\"a\"}";
    char request[512], buffer[65536];
    int length = snprintf(
        request, sizeof request,
        "POST /predictions/same HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(body), body);
    long capacity = (long)(rate * seconds * 1.2) + 1000, done = 0, head = 0, tail = 0, most = 0;
    double *times = malloc(capacity * sizeof(double)), *queue = malloc(capacity * sizeof(double));
    double *due = calloc(connections, sizeof(double));
    long *left = calloc(connections, sizeof(long));
    int *sockets = calloc(connections, sizeof(int)), *idle = calloc(connections, sizeof(int)), free_ = 0;
    int epoll = epoll_create1(0);
    for (int index = 0; index < connections; index++) {
        sockets[index] = connected(port);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
        epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[index], &event);
        idle[free_++] = index;
    }
    double start = now(), next = start, end = start + seconds;
    struct epoll_event events[256];
    while (1) {
        double time = now();
        if ((time >= end && free_ == connections && head == tail) || time > end + 10) break;
        for (; next <= time && next < end && tail < capacity; queue[tail++] = next, next += is_poisson ? -log(drand48() + 1e-12) / rate : 1 / rate) {
        }
        while (head < tail && free_ > 0) {
            int index = idle[--free_];
            due[index] = queue[head++];
            if (send(sockets[index], request, length, MSG_NOSIGNAL) != length) {
                perror("send");
                return 1;
            }
        }
        if (tail - head > most) most = tail - head;
        double wait = next < end ? next - now() : 0.01;
        struct timespec timeout = {0, wait <= 0 ? 0 : wait > 0.01 ? 10000000 : (long)(wait * 1e9)};
        int ready = epoll_pwait2(epoll, events, 256, &timeout, NULL);
        for (int event = 0; event < ready; event++) {
            int index = events[event].data.u32;
            ssize_t got = recv(sockets[index], buffer, sizeof buffer - 1, 0);
            if (got < 0 && errno == EAGAIN) continue;
            // A head comes in one piece, the body with it or in others.
            if (got > 0 && left[index] == 0) {
                buffer[got] = 0;
                char *length = strcasestr(buffer, "\r\ncontent-length:"), *body = strstr(buffer, "\r\n\r\n");
                if (got < 12 || memcmp(buffer + 9, "200", 3) != 0 || length == NULL || body == NULL) {
                    fprintf(stderr, "an answer is no 200 with a length\n");
                    return 1;
                }
                left[index] = atol(length + 17) + (body + 4 - buffer);
            }
            if (got <= 0 || got > left[index]) {
                fprintf(stderr, "a connection ended, or an answer is longer than it says\n");
                return 1;
            }
            left[index] -= got;
            if (left[index] > 0) continue;
            times[done++] = now() - due[index];
            idle[free_++] = index;
        }
    }
    qsort(times, done, sizeof(double), compare);
    double elapsed = now() - start;
    printf(
        "%.0f of %.0f requests a second, P50 %.3f, P90 %.3f, P99 %.3f, P99.9 %.3f, at most %.3f ms; %ld waited for a connection\n",
        done / elapsed, rate, times[done / 2] * 1e3, times[done * 9 / 10] * 1e3, times[done * 99 / 100] * 1e3,
        times[done * 999 / 1000] * 1e3, times[done - 1] * 1e3, most);
    return done == tail ? 0 : 1;
}
