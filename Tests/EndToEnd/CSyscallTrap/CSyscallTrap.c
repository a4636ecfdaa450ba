#define _GNU_SOURCE
#include "CSyscallTrap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct syscall_trap {
    const char *path;
    char *const *arguments, *const *environment;
    int output, listener, wake[2], failure;
    uint32_t kill_at;
    pid_t pid;
    sem_t installed, started, release;
    pthread_t spawner, server;
    _Atomic uint32_t count;
    _Atomic int killed;
    char last[256];
};

/// What is counted whatever its arguments, with the argument that is a path (-1 for none).
static const struct {
    int number, path;
    const char *name;
} calls[] = {
#ifdef SYS_rename
    {SYS_rename, 1, "rename"},
    {SYS_unlink, 0, "unlink"},
    {SYS_rmdir, 0, "rmdir"},
    {SYS_mkdir, 0, "mkdir"},
    {SYS_symlink, 1, "symlink"},
    {SYS_link, 1, "link"},
#endif
#ifdef SYS_renameat
    {SYS_renameat, 3, "renameat"},
#endif
    {SYS_renameat2, 3, "renameat2"},
    {SYS_unlinkat, 1, "unlinkat"},
    {SYS_mkdirat, 1, "mkdirat"},
    {SYS_symlinkat, 2, "symlinkat"},
    {SYS_linkat, 3, "linkat"},
    {SYS_ftruncate, -1, "ftruncate"},
    {SYS_bind, -1, "bind"},
    {SYS_connect, -1, "connect"},
    {SYS_sendto, -1, "sendto"},
    {SYS_sendmsg, -1, "sendmsg"},
    {SYS_execve, 0, "execve"},
    {SYS_kill, -1, "kill"},
    {SYS_pidfd_send_signal, -1, "pidfd_send_signal"},
};
enum { call_count = sizeof calls / sizeof calls[0] };

static uint32_t argument(int index) {
    // The lower half: both machines that this runs on are little-endian.
    return (uint32_t)offsetof(struct seccomp_data, args) + 8 * (uint32_t)index;
}

static int install(void) {
    struct sock_filter code[call_count * 2 + 32];
    unsigned short n = 0;
#define ADD(...) code[n++] = (struct sock_filter)__VA_ARGS__
#define LOAD(offset) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
#define RETURN(action) ADD(BPF_STMT(BPF_RET | BPF_K, action))
    LOAD(offsetof(struct seccomp_data, nr));
    for (int i = 0; i < call_count; i++) {
        ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number, 0, 1));
        RETURN(SECCOMP_RET_USER_NOTIF);
    }
    // A write of 8 octets wakes a loop through an eventfd; standard output and error are the log.
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 6));
    LOAD(argument(0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 2, 0, 3));
    LOAD(argument(2));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 1, 0));
    RETURN(SECCOMP_RET_USER_NOTIF);
    RETURN(SECCOMP_RET_ALLOW);
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_writev, 0, 4));
    LOAD(argument(0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 2, 0, 1));
    RETURN(SECCOMP_RET_USER_NOTIF);
    RETURN(SECCOMP_RET_ALLOW);
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3));
    LOAD(argument(2));
    ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1));
    RETURN(SECCOMP_RET_USER_NOTIF);
    RETURN(SECCOMP_RET_ALLOW);
    struct sock_fprog program = {n, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return (int)syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}

/// The filter is the thread's and goes on to what it starts, so the thread does nothing else and nobody uses it again. It
/// stays until the end: the child's life hangs on it (PR_SET_PDEATHSIG).
static void *spawn(void *context) {
    struct syscall_trap *trap = context;
    trap->listener = install();
    trap->failure = trap->listener < 0 ? errno : 0;
    sem_post(&trap->installed);
    if (trap->listener < 0) return NULL;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (int signal = 1; signal < 32; signal++) {
            struct sigaction action = {.sa_handler = SIG_DFL};
            sigaction(signal, &action, NULL);
        }
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(trap->output, 1);
        dup2(trap->output, 2);
        syscall(SYS_close_range, 3U, ~0U, 0U);
        execve(trap->path, trap->arguments, trap->environment);
        _exit(127);
    }
    trap->pid = pid;
    trap->failure = pid < 0 ? errno : 0;
    sem_post(&trap->started);
    while (sem_wait(&trap->release) != 0) {}
    return NULL;
}

static void describe(struct syscall_trap *trap, const struct seccomp_notif *call) {
    const char *name = "write";
    int path = -1;
    for (int i = 0; i < call_count; i++) {
        if (calls[i].number == call->data.nr) {
            name = calls[i].name;
            path = calls[i].path;
        }
    }
    if (call->data.nr == SYS_openat) {
        name = "openat";
        path = 1;
    }
    char text[160] = "";
    if (path >= 0) {
        struct iovec local = {text, sizeof text - 1};
        struct iovec remote = {(void *)(uintptr_t)call->data.args[path], sizeof text - 1};
        // A string near the end of its page is read as far as the page goes.
        size_t left = 4096 - (size_t)call->data.args[path] % 4096;
        if (left < remote.iov_len) remote.iov_len = left;
        if (process_vm_readv((pid_t)call->pid, &local, 1, &remote, 1, 0) < 0) text[0] = 0;
    }
    snprintf(trap->last, sizeof trap->last, "%s%s%s", name, text[0] ? " " : "", text);
}

static int is_thread_of(pid_t thread, pid_t process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d", (int)process, (int)thread);
    return access(path, F_OK) == 0;
}

/// Answers until the last process of the filter has ended, or the trap is freed.
static void *serve(void *context) {
    struct syscall_trap *trap = context;
    int has_begun = 0;
    while (1) {
        struct pollfd watched[2] = {
            {.fd = trap->listener, .events = POLLIN}, {.fd = trap->wake[0], .events = POLLIN}};
        if (poll(watched, 2, -1) < 0) continue;
        if (watched[1].revents) return NULL;
        if (!(watched[0].revents & POLLIN)) {
            if (watched[0].revents & (POLLHUP | POLLERR)) return NULL;
            continue;
        }
        struct seccomp_notif call;
        memset(&call, 0, sizeof call);
        if (ioctl(trap->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
        if (has_begun) {
            uint32_t step = atomic_fetch_add(&trap->count, 1) + 1;
            if (step == trap->kill_at) {
                describe(trap, &call);
                int is_own = is_thread_of((pid_t)call.pid, trap->pid);
                kill(trap->pid, SIGKILL);
                siginfo_t information;
                while (waitid(P_PID, (id_t)trap->pid, &information, WEXITED | WNOWAIT) != 0 && errno == EINTR) {}
                atomic_store(&trap->killed, 1);
                if (is_own) continue;
            }
        } else {
            // The program's own execve.
            trap->pid = (pid_t)call.pid;
            has_begun = 1;
        }
        struct seccomp_notif_resp answer = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(trap->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

struct syscall_trap *syscall_trap_start(
    const char *path, char *const arguments[], char *const environment[], int output, uint32_t kill_at) {
    struct syscall_trap *trap = calloc(1, sizeof *trap);
    if (!trap) return NULL;
    trap->path = path;
    trap->arguments = arguments;
    trap->environment = environment;
    trap->output = output;
    trap->kill_at = kill_at;
    sem_init(&trap->installed, 0, 0);
    sem_init(&trap->started, 0, 0);
    sem_init(&trap->release, 0, 0);
    int failure = pipe2(trap->wake, O_CLOEXEC) == 0 ? 0 : errno;
    if (failure == 0) failure = pthread_create(&trap->spawner, NULL, spawn, trap);
    if (failure == 0) {
        while (sem_wait(&trap->installed) != 0) {}
        failure = trap->failure;
    }
    if (failure == 0) failure = pthread_create(&trap->server, NULL, serve, trap);
    if (failure == 0) {
        while (sem_wait(&trap->started) != 0) {}
        failure = trap->failure;
    }
    if (failure == 0) return trap;
    errno = failure;
    return NULL;
}

pid_t syscall_trap_pid(const struct syscall_trap *trap) { return trap->pid; }
uint32_t syscall_trap_count(const struct syscall_trap *trap) { return atomic_load(&trap->count); }
int syscall_trap_has_killed(const struct syscall_trap *trap) { return atomic_load(&trap->killed); }
const char *syscall_trap_last(const struct syscall_trap *trap) { return trap->last; }

void syscall_trap_free(struct syscall_trap *trap) {
    kill(trap->pid, SIGKILL);
    while (waitpid(trap->pid, NULL, 0) < 0 && errno == EINTR) {}
    ssize_t ignored = write(trap->wake[1], "", 1);
    (void)ignored;
    pthread_join(trap->server, NULL);
    sem_post(&trap->release);
    pthread_join(trap->spawner, NULL);
    close(trap->listener);
    close(trap->wake[0]);
    close(trap->wake[1]);
    free(trap);
}
