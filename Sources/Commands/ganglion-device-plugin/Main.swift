// The device plugin. It needs no API token, no TLS and no Foundation: what hands out cores must be small, start in
// milliseconds, and work when an API server does not.

import Arguments
import DevicePlugin

@main
struct Main {
    static func main() async { await PluginCommand.command.main() }
}
