// Counts what a process allocates. Linking this module is enough: its malloc takes the place of the C library's.

#pragma once

#include <stdint.h>

/// How often memory was asked for, by all threads, since the process began.
uint64_t allocation_count(void);

/// Octets that are held now, as the allocator rounds them.
int64_t allocation_held(void);
