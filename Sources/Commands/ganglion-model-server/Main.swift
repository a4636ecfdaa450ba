// The model server's process; everything is in module ModelServer.

import Arguments
import ModelServer

@main
struct Main {
    static func main() async { await ModelServerCommand.command.main() }
}
