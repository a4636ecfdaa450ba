// The floor under one request in flight: two processes that wait in epoll, read, and write back, over a Unix socket.
// No server that waits in epoll answers faster than this one, which does nothing at all.
//
// usage: pingpong SECONDS; prints round trips a second.

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Waits for octets, and sends as many as a small request has, until the peer ends or `until` has come (0: never).
static long play(int socket, double until) {
    char buffer[128] = {0};
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
    long turns = 0;
    while (epoll_wait(epoll, &event, 1, -1) == 1 && read(socket, buffer, sizeof buffer) > 0) {
        turns++;
        if ((until > 0 && turns % 64 == 0 && now() >= until) || write(socket, buffer, 32) != 32) break;
    }
    close(epoll);
    return turns;
}

int main(int count, char **arguments) {
    double seconds = count > 1 ? atof(arguments[1]) : 1;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    pid_t peer = fork();
    if (peer < 0) return 1;
    if (peer == 0) {
        close(ends[0]);
        play(ends[1], 0);
        _exit(0);
    }
    close(ends[1]);
    double start = now();
    if (write(ends[0], "begin", 5) != 5) return 1;
    long turns = play(ends[0], start + seconds);
    printf("%.0f\n", (double)turns / (now() - start));
    close(ends[0]);
    waitpid(peer, NULL, 0);
    return 0;
}
