// kubectl prints what the server puts into a Table (meta.k8s.io/v1): the columns and cells are made here.

internal import CEL
internal import JSON

/// One column of a Table.
struct TableColumn: Sendable {
    var name: String
    var type: String
    var format: String
    var description: String
    /// 0 is always shown, 1 with `-o wide`.
    var priority: Int
    var cell: @Sendable (JSON) -> JSON

    init(
        _ name: String, _ description: String, type: String = "string", format: String = "",
        priority: Int = 0,
        cell: @escaping @Sendable (JSON) -> JSON
    ) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
        self.cell = cell
    }

    static let nameDescription =
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow"
        + " a client to request the generation of an appropriate name automatically. Name is primarily intended for"
        + " creation idempotence and configuration definition. Cannot be updated. More info:"
        + " https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"

    static let ageDescription =
        "CreationTimestamp is a timestamp representing the server time when this object was created. It is not"
        + " guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It"
        + " is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More"
        + " info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"

    static let name = TableColumn("Name", nameDescription, format: "name") { $0.metadata?.name ?? "" }
    static let age = TableColumn("Age", ageDescription) { .string(age(of: $0.metadata?.creationTimestamp)) }
    static let nameAndAge = [name, age]

    /// How long ago a time was, as kubectl writes it.
    static func age(of time: JSON?) -> String {
        guard let text = time?.string, let moment = APITime(text) else { return "<unknown>" }
        return APITime.humanDuration(seconds: APITime.now.seconds - moment.seconds)
    }

    var definition: JSON {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": JSON(priority),
        ]
    }
}

/// Makes Tables.
enum Table {
    /// A Table of objects.
    ///
    /// - Parameter includeObject: `Metadata`, `Object` or `None`.
    static func make(
        _ objects: [JSON], type: ResourceType, metadata: JSON, includeObject: String, withColumns: Bool = true
    ) -> JSON {
        let rows = objects.map { object -> JSON in
            var row: JSON = ["cells": .array(type.columns.map { $0.cell(object) })]
            switch includeObject {
            case "None": break
            case "Object": row["object"] = object
            default:
                row["object"] = [
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": object.metadata ?? [:],
                ]
            }
            return row
        }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": withColumns ? .array(type.columns.map(\.definition)) : .null,
            "rows": .array(rows),
        ]
    }
}
