// What an hour of an instance costs: the built-in prices with their date, or a file's in their place.

internal import Neuron

/// Prices of instance types.
package struct PriceList: Equatable, Sendable {
    /// Millionths of a US dollar an hour, by type.
    package var prices: [String: Int]
    /// The day that they are of, and where they come from.
    package var origin: String

    /// Linux, on demand, us-east-1.
    package static let builtIn = PriceList(
        prices: Dictionary(
            uniqueKeysWithValues: InstanceType.all.compactMap { type in
                type.hourlyPriceMicrodollars.map { (type.name, $0) }
            }),
        origin: "on demand, Linux, us-east-1, \(InstanceType.priceDate)")

    /// The built-in prices with those of a file in their place: `prices:` with a type on each line in YAML or JSON, or CSV
    /// with the columns `type` and `price`. `currency` may be given, and has to be USD; `date` is shown.
    ///
    /// - Throws: a fault with the file, the line and the type.
    package static func reading(_ bytes: [UInt8], file: String) throws(PlanInputError) -> PriceList {
        let read = try PlanRecords.read(bytes, file: file, list: "prices")
        var list = builtIn
        for field in read.heading {
            switch field.name {
            case "currency": try check(field.text, file, field.line)
            case "date": break
            default:
                throw PlanInputError(
                    file, line: field.line,
                    "unknown field \"\(field.name.prefix(40))\": known are currency, date and prices")
            }
        }
        guard !read.records.isEmpty else { throw PlanInputError(file, "there are no prices in it") }
        var seen: Set<String> = []
        for record in read.records {
            for field in record.fields
            where !["type", "price", "currency", "date", "name", "value"].contains(field.name) {
                throw PlanInputError(
                    file, line: field.line,
                    "unknown column \"\(field.name.prefix(40))\": known are type, price, currency and date")
            }
            if let currency = record.text("currency") {
                try check(currency, file, record.line(of: "currency"))
            }
            guard let name = record.text("type") ?? record.text("name") else {
                throw PlanInputError(file, line: record.line, "a price without a type")
            }
            let type: InstanceType
            do throws(UnknownInstanceType) { type = try InstanceType.named(name) } catch {
                throw PlanInputError(file, line: record.line, "\(error)")
            }
            guard seen.insert(type.name).inserted else {
                throw PlanInputError(file, line: record.line, "the price of \(type.name) is there twice")
            }
            let text = record.text("price") ?? record.text("value") ?? ""
            guard let price = ExactNumber(text)?.times(1_000_000), (1...1_000_000_000_000).contains(price)
            else {
                throw PlanInputError(
                    file, line: record.line,
                    "the price of \(type.name) is \"\(text.prefix(40))\": write US dollars an hour, such as 0.7582"
                )
            }
            list.prices[type.name] = price
        }
        let date = read.heading.first { $0.name == "date" }?.text
        list.origin = "\(file)" + (date.map { ", \($0.prefix(40))" } ?? "")
        return list
    }

    private static func check(_ currency: String, _ file: String, _ line: Int) throws(PlanInputError) {
        guard currency.uppercased() == "USD" else {
            throw PlanInputError(
                file, line: line,
                "the prices are in \"\(currency.prefix(20))\": only USD is reckoned with, convert them")
        }
    }
}
