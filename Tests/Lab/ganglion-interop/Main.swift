// Servers and clients for other implementations to be tried against; no part of a cluster. The work is in module Interop.

import Arguments
import Interop

@main
struct Main {
    static func main() async { await InteropCommand.root.main() }
}
