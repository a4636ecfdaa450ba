// What the Glibc overlay lacks: epoll, eventfd, signalfd, accept4, pidfd, close_range. Functions stand in for variadic
// calls and for macros that Swift cannot import.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/// pidfd_open(2): a descriptor that turns readable when the process ends. -1 and errno on failure.
int ganglion_pidfd_open(pid_t pid);

/// pidfd_send_signal(2): signals the very process of the descriptor, never a later one with the same number.
int ganglion_pidfd_send_signal(int pidfd, int signal);

/// What a child of `ganglion_spawn` starts with.
struct ganglion_spawn_options {
    /// Descriptors that become 0, 1 and 2; -1 is /dev/null.
    int standard_input, standard_output, standard_error;
    /// Working directory, or NULL for the parent's.
    const char *directory;
    /// Not 0: the child leads a session and process group of its own.
    int new_session;
    /// The signal the child gets when the thread that spawned it ends; 0 for none.
    int parent_death_signal;
};

/// Forks and executes `path`. All other descriptors are closed, signal dispositions and the mask are reset.
/// Returns the child's pid, or -1 with errno, also when it is exec that failed.
pid_t ganglion_spawn(
    const char *path, char *const arguments[], char *const environment[],
    const struct ganglion_spawn_options *options);

/// Sets the calling thread's name as /proc and debuggers show it; at most 15 octets are kept.
void ganglion_set_thread_name(const char *name);

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC.
int ganglion_accept(int listener, struct sockaddr *address, socklen_t *length);

/// From now on `signal` writes its number as one octet into `descriptor`, a non-blocking pipe. 0, or -1 and errno.
int ganglion_watch_signal(int signal, int descriptor);

/// SO_PEERCRED of a Unix socket: the peer's pid, uid and gid as they were at connect. 0, or -1 and errno.
int ganglion_peer_credentials(int descriptor, pid_t *pid, uid_t *uid, gid_t *gid);

/// pipe2(2) with O_CLOEXEC and O_NONBLOCK.
int ganglion_pipe(int descriptors[2]);

/// open(2) and fcntl(2) without varargs.
int ganglion_open(const char *path, int flags, unsigned int mode);
int ganglion_openat(int directory, const char *name, int flags, unsigned int mode);
int ganglion_fcntl_int(int descriptor, int command, int argument);
int ganglion_fcntl_lock(int descriptor, int command, struct flock *lock);

/// PR_SET_CHILD_SUBREAPER: orphans among this process's descendants become its children. 0, or -1 and errno.
int ganglion_become_subreaper(void);

/// ioctl(2) with a pointer. -1 and errno on failure.
int ganglion_ioctl(int descriptor, unsigned long request, void *argument);

/// Unmaps the pages of the program's read-only segments, which come back from the page cache when they are used, and
/// gives free heap back. Returns the octets of those segments, 0 when the kernel refused.
size_t ganglion_trim_program(void);
