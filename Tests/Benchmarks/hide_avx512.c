// Lets a program see a CPU without AVX-512, so that what it would do on an older one can be measured on this one:
// LD_PRELOAD of this file makes CPUID fault (ARCH_CPUID of arch_prctl(2), Intel since Ivy Bridge), and answers it with the
// bits of AVX-512 and AMX left out. What the CPU cannot do otherwise stays as it is.
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012

// Of leaf 7: F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ; 4VNNIW, 4FMAPS, VP2INTERSECT, FP16, AMX.
static const unsigned hidden_ebx = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;
static const unsigned hidden_ecx = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14;
static const unsigned hidden_edx = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;
// Of its second part: BF16, FP16 of AMX.
static const unsigned hidden_second_eax = 1u << 5 | 1u << 21;

static void answer(int number, siginfo_t *information, void *context) {
    (void)information;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *instruction = (const unsigned char *)registers[REG_RIP];
    if (instruction[0] != 0x0f || instruction[1] != 0xa2) {
        signal(number, SIG_DFL); // a fault of the program's own
        return;
    }
    unsigned leaf = (unsigned)registers[REG_RAX], part = (unsigned)registers[REG_RCX], eax, ebx, ecx, edx;
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
    __cpuid_count(leaf, part, eax, ebx, ecx, edx);
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
    if (leaf == 7 && part == 0) {
        ebx &= ~hidden_ebx;
        ecx &= ~hidden_ecx;
        edx &= ~hidden_edx;
    } else if (leaf == 7 && part == 1) {
        eax &= ~hidden_second_eax;
    }
    registers[REG_RAX] = eax;
    registers[REG_RBX] = ebx;
    registers[REG_RCX] = ecx;
    registers[REG_RDX] = edx;
    registers[REG_RIP] += 2;
}

__attribute__((constructor(101))) static void hide(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) != 0 || syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) != 0) {
        fputs("hide_avx512: this CPU's CPUID cannot be made to fault\n", stderr);
        exit(3);
    }
}
