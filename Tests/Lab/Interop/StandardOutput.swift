// Output into a pipe is held back by the C library; a test that waits for a line would wait for ever.

internal import Glibc

/// Hands out what has been printed.
func flushStandardOutput() { fflush(nil) }
