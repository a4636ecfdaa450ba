// What Swift cannot spell.

#pragma once

/// Asks for the cache line of an address before it is needed; an address that is not the process's is no fault.
static inline void ganglion_prefetch(const void *address) {
    __builtin_prefetch(address, 0, 2);
}
