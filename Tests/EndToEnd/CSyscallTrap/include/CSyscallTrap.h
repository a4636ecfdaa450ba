// A program is stopped at each thing that it does to the world, and killed at one of them: seccomp(2) with user
// notification holds a thread inside its system call, before anything of it is done, until somebody decides. Nothing of
// the program is changed or traced, so what is tested is what is shipped.
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/// A program under a trap.
struct syscall_trap;

/// Starts a program whose system calls that change something are counted, and those of its children: files made, renamed
/// and removed, sockets bound and connected, octets written to anything but standard output, programs started, signals
/// sent.
///
/// `kill_at` is the call, from 1, before which the program gets SIGKILL; a child's call then goes on when the program is
/// dead. Of 0 it is never killed. The program also dies with this process. NULL and errno on failure.
struct syscall_trap *syscall_trap_start(
    const char *path, char *const arguments[], char *const environment[], int output, uint32_t kill_at);

/// The program's number.
pid_t syscall_trap_pid(const struct syscall_trap *trap);

/// How many calls there have been.
uint32_t syscall_trap_count(const struct syscall_trap *trap);

/// Whether the program was killed by the trap.
int syscall_trap_has_killed(const struct syscall_trap *trap);

/// The call before which it was killed, such as "renameat to x/pod.json"; empty before.
const char *syscall_trap_last(const struct syscall_trap *trap);

/// Ends the program if it runs, waits for its end, and frees the trap. Everything that the program has started must have ended.
void syscall_trap_free(struct syscall_trap *trap);
