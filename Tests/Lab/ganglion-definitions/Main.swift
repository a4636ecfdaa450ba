// Writes the chart's CustomResourceDefinitions from the types; `scripts/generate-definitions` runs it.

import Arguments
import DefinitionPrinter

@main
struct Main {
    static func main() async { await DefinitionsCommand.command.main() }
}
