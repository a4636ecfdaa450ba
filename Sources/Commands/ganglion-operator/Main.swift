// The operator's process; everything is in module Operator.

import Arguments
import Operator

@main
struct Main {
    static func main() async { await OperatorCommand.command.main() }
}
