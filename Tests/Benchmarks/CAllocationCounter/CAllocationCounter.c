// The names of the C library, each counted and passed on to glibc's own.

#include "CAllocationCounter.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

static _Atomic uint64_t count;
static _Atomic int64_t held;

uint64_t allocation_count(void) { return atomic_load(&count); }

int64_t allocation_held(void) { return atomic_load(&held); }

static void *counted(void *pointer) {
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&held, (int64_t)malloc_usable_size(pointer), memory_order_relaxed);
    return pointer;
}

static void given_back(void *pointer) {
    atomic_fetch_sub_explicit(&held, (int64_t)malloc_usable_size(pointer), memory_order_relaxed);
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t number, size_t size) { return counted(__libc_calloc(number, size)); }

void *realloc(void *pointer, size_t size) {
    given_back(pointer);
    return counted(__libc_realloc(pointer, size));
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    *result = memalign(alignment, size);
    return *result == NULL ? ENOMEM : 0;
}

void free(void *pointer) {
    given_back(pointer);
    __libc_free(pointer);
}
