// What Swift cannot spell.

#pragma once

/// Asks for the cache line of an address before it is needed; an address that is not the process's is no fault.
static inline void ganglion_prefetch(const void *address) {
    __builtin_prefetch(address, 0, 2);
}

#if defined(__AVX512BF16__)
/// Sixteen floats in one register.
typedef float ganglion_floats __attribute__((ext_vector_type(16)));
/// Thirty-two BF16 numbers in one register.
typedef __bf16 ganglion_halves __attribute__((__vector_size__(64), __aligned__(64)));

/// For each lane, the sum and the two products of the BF16 pairs in `a` and `b` (VDPBF16PS).
static inline ganglion_floats ganglion_add_pair_products(
    ganglion_floats sum, ganglion_floats a, ganglion_floats b) {
    return (ganglion_floats)__builtin_ia32_dpbf16ps_512(sum, (ganglion_halves)a, (ganglion_halves)b);
}
#endif
