#pragma once

#include "core/value.hpp"
#include "plugin/table_reader.hpp"
#include "plugin/type.hpp"

#include <string>

namespace playhead {

// Inside plugin only: types as a manifest writes them. What is no type is refused and stands for any value.
//   Text:   bool, int, number, text, viewer or any; int, number and text with bounds, which may be open on one side
//           ("int:1..10", "int:0..", "text:..64"); "?" at the end: may be missing.
//   Tables: { type = one of these texts, optional =, min =, max = }, { type = "list", of = TYPE, max = },
//           { type = "map", key = "int" | "text" | "viewer", of = TYPE, max = }, { type = "record", fields = { name =
//           TYPE } }, { type = "one_of", values = { "a", "b" } }. Numbers may be "@setting".
Type read_type(const Value& value, const std::string& path, ManifestReading& reading);

// The same from a table that may have further keys: its reader is finished by the caller.
Type read_type_table(TableReader& table, ManifestReading& reading);

// A record from its fields: { text = "text:1..500", reply_to = "int?" }.
Type read_record(const Value& fields, const std::string& path, ManifestReading& reading);

// The kind of keys in a map or set, under `key`.
Type::Key read_key_kind(TableReader& table);

} // namespace playhead
