#define _GNU_SOURCE
#include "CLinux.h"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int ganglion_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int ganglion_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

// Between fork and exec only async-signal-safe calls are made: the parent has threads.
static void child(
    const char *path, char *const arguments[], char *const environment[],
    const struct ganglion_spawn_options *options, pid_t parent, int report) {
    if (options->new_session) setsid();
    if (options->parent_death_signal) {
        prctl(PR_SET_PDEATHSIG, options->parent_death_signal);
        if (getppid() != parent) _exit(127);  // the parent ended before prctl took effect
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    // The report descriptor first moves out of the way of 0, 1 and 2; so do the three given, which may be any of them.
    int given[3] = {options->standard_input, options->standard_output, options->standard_error};
    int failed = 0;
    report = fcntl(report, F_DUPFD_CLOEXEC, 10);
    for (int i = 0; i < 3; i++) {
        int from = given[i] >= 0 ? given[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
        given[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 10);
        if (given[i] < 0) failed = 1;
    }
    for (int i = 0; i < 3 && !failed; i++) {
        if (dup2(given[i], i) < 0) failed = 1;
    }
    if (!failed && options->directory && chdir(options->directory) != 0) failed = 1;
    if (!failed) {
        // Everything from 3 on is marked to be closed by exec, the report with it.
        if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) != 0) {
            for (int descriptor = 3; descriptor < 4096; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        }
        execve(path, arguments, environment);
    }
    int code = errno;
    ssize_t ignored = write(report, &code, sizeof code);
    (void)ignored;
    _exit(127);
}

pid_t ganglion_spawn(
    const char *path, char *const arguments[], char *const environment[],
    const struct ganglion_spawn_options *options) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    // All signals are blocked over the fork so that no handler of the parent runs in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) child(path, arguments, environment, options, parent, report[1]);
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        errno = fork_error;
        return -1;
    }
    int code = 0;
    ssize_t got;
    do got = read(report[0], &code, sizeof code);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == (ssize_t)sizeof code) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        errno = code;
        return -1;
    }
    return pid;
}

void ganglion_set_thread_name(const char *name) {
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np(pthread_self(), kept);
}

int ganglion_open(const char *path, int flags, unsigned int mode) { return open(path, flags, mode); }

int ganglion_openat(int directory, const char *name, int flags, unsigned int mode) {
    return openat(directory, name, flags, mode);
}
int ganglion_fcntl_int(int descriptor, int command, int argument) { return fcntl(descriptor, command, argument); }
int ganglion_fcntl_lock(int descriptor, int command, struct flock *lock) { return fcntl(descriptor, command, lock); }

int ganglion_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int signal_descriptors[NSIG];

static void write_signal(int signal) {
    int saved = errno;
    unsigned char number = (unsigned char)signal;
    ssize_t ignored = write(signal_descriptors[signal], &number, 1);
    (void)ignored;
    errno = saved;
}

int ganglion_watch_signal(int signal, int descriptor) {
    if (signal <= 0 || signal >= NSIG) {
        errno = EINVAL;
        return -1;
    }
    signal_descriptors[signal] = descriptor;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = write_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

int ganglion_peer_credentials(int descriptor, pid_t *pid, uid_t *uid, gid_t *gid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

int ganglion_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC | O_NONBLOCK); }
int ganglion_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int ganglion_ioctl(int descriptor, unsigned long request, void *argument) {
    return ioctl(descriptor, request, argument);
}

// Segments that may be written are left alone, for what was written there would be lost: relocated tables are in them too.
static int trim(struct dl_phdr_info *object, size_t size, void *trimmed) {
    (void)size;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
        start -= start % page;
        end += (page - end % page) % page;  // mapped to the end of its page
        // A huge page would count whole for the few functions in it that are used.
        madvise((void *)start, end - start, MADV_NOHUGEPAGE);
        if (end > start && madvise((void *)start, end - start, MADV_DONTNEED) == 0)
            *(size_t *)trimmed += end - start;
    }
    return 1;  // the first object is the program itself; its libraries' pages are shared with others
}

size_t ganglion_trim_program(void) {
    size_t trimmed = 0;
    dl_iterate_phdr(trim, &trimmed);
    malloc_trim(0);
    return trimmed;
}
