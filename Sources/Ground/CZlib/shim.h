// zlib, and its macros as functions: Swift imports no macro that is an expression.
#pragma once

#if !__has_include(<zlib.h>)
#error "the headers of zlib are missing: install zlib1g-dev (make run and make test do)"
#endif

#include <string.h>
#include <zlib.h>

// 15 bits of window, and 16 for a gzip header and trailer instead of zlib's.
static inline int ganglion_gzip_deflate_init(z_stream *stream, int level) {
    memset(stream, 0, sizeof *stream);
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int ganglion_gzip_inflate_init(z_stream *stream) {
    memset(stream, 0, sizeof *stream);
    return inflateInit2(stream, 15 + 16);
}
