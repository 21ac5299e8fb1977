#include "plugin/manifest.hpp"

#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/lua_state.hpp"
#include "plugin/script_value.hpp"
#include "plugin/setting_reading.hpp"
#include "plugin/table_reader.hpp"
#include "plugin/type_reading.hpp"

#include <algorithm>
#include <array>

namespace playhead {
namespace {

constexpr std::int64_t api_version = 1;
constexpr std::size_t version_bytes_max = 64;
constexpr std::int64_t shared_kib_max = SharedState::bytes_max / 1024;
constexpr std::int64_t saved_kib_max = 256;
constexpr std::int64_t field_entries_max = 10'000;
constexpr std::int64_t field_entries_default = 1'000;
constexpr double per_s_min = 0.001;
constexpr double per_s_max = 1'000;
constexpr std::int64_t burst_max = 1'000;
constexpr std::size_t permission_bytes_max = 64;

constexpr std::array<std::string_view, 2> on_fail_names{"open", "closed"};
constexpr std::array<std::string_view, 6> grant_names{"playback", "roles", "kick", "ban", "commands", "wall_time"};
constexpr std::array<std::string_view, 6> kind_names{"value", "counter", "map", "set", "list", "ring"};
constexpr std::array<std::string_view, 3> audience_names{"everyone", "moderators", "owner"};

// A dotted name: "chat.say", each part a name by itself.
bool is_dotted_name(std::string_view text) {
    if (text.size() > permission_bytes_max) return false;
    while (true) {
        const auto dot = text.find('.');
        if (!is_declared_name(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

class ManifestReader {
  public:
    ManifestReader(const Value& returned, std::string_view manifest_name)
        : reading_{.file = std::string{manifest_name}, .settings = nullptr, .problems = {}},
          top_(returned, "", reading_) {}

    std::expected<ConfiguredManifest, std::vector<std::string>> read(const Value& settings,
                                                                     std::string_view settings_name) {
        read_identity();
        manifest_.settings = read_settings(top_, reading_);
        AppliedSettings applied = apply_settings(manifest_.settings, settings, settings_name, reading_);
        reading_.settings = &applied.named;
        read_relations();
        read_state();
        read_talk();
        top_.finish();
        if (!reading_.problems.empty()) return std::unexpected(std::move(reading_.problems));
        return ConfiguredManifest{std::move(manifest_), std::move(applied.complete)};
    }

  private:
    void read_identity() {
        if (const Value* name = top_.require("name", "the name of the plugin's folder")) {
            const auto* text = name->get_if<std::string>();
            if (text != nullptr && is_plugin_name(*text)) {
                manifest_.name = *text;
            } else {
                reading_.refuse_value("name", "1 to 32 of a-z 0-9 _, a letter first", *name);
            }
        }
        if (const Value* version = top_.require("version", "MAJOR.MINOR.PATCH, such as \"1.0.0\"")) {
            const auto* text = version->get_if<std::string>();
            const auto parsed =
                text == nullptr || text->size() > version_bytes_max ? std::nullopt : SemanticVersion::parse(*text);
            if (parsed) {
                manifest_.version = *parsed;
            } else {
                reading_.refuse_value("version", "MAJOR.MINOR.PATCH, such as \"1.0.0\"", *version);
            }
        }
        const std::string api_expected = std::to_string(api_version) + ", the version of the API that this engine has";
        if (const Value* api = top_.require("api", api_expected))
            if (whole_number(*api) != api_version) reading_.refuse_value("api", api_expected, *api);
        manifest_.description = top_.description();
        manifest_.on_fail = static_cast<OnFail>(top_.one_of("on_fail", on_fail_names, 0));
    }

    void read_relations() {
        top_.each("requires", is_plugin_name, "a plugin's",
                  [this](const std::string& name, const Value& value, const std::string& path) {
                      const auto* text = value.get_if<std::string>();
                      const auto range = text == nullptr || text->size() > version_bytes_max
                                             ? std::nullopt
                                             : VersionRange::parse(*text);
                      if (name == manifest_.name) {
                          reading_.refuse(path, "a plugin cannot require itself");
                      } else if (range) {
                          manifest_.requires_.emplace(name, *range);
                      } else {
                          reading_.refuse_value(path,
                                                "a range of versions such as \"^1\", \"^1.2\", \"~1.2\", "
                                                "\"1.2.3\" or \">=1.2 <3\"",
                                                value);
                      }
                  });
        manifest_.after = read_names("after", "a list of plugins' names", is_plugin_name);
        manifest_.before = read_names("before", "a list of plugins' names", is_plugin_name);
        const auto is_grant = [](std::string_view name) {
            return std::ranges::find(grant_names, name) != grant_names.end();
        };
        for (const std::string& name : read_names("grants", "a list of " + alternatives(grant_names), is_grant))
            manifest_.grants |= 1U << (std::ranges::find(grant_names, name) - grant_names.begin());
    }

    std::vector<std::string> read_names(std::string_view key, const std::string& expected,
                                        const std::function<bool(std::string_view)>& good) {
        std::vector<std::string> names;
        const Value* value = top_.find(key);
        if (value == nullptr) return names;
        const auto* list = value->get_if<Value::List>();
        if (list == nullptr) {
            reading_.refuse_value(std::string{key}, expected, *value);
            return names;
        }
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string path = item_path(std::string{key}, i + 1);
            const auto* name = (*list)[i].get_if<std::string>();
            if (name == nullptr || !good(*name)) {
                reading_.refuse_value(path, expected, (*list)[i]);
            } else if (*name == manifest_.name && key != "grants") {
                reading_.refuse(path, "expected another plugin's name");
            } else if (std::ranges::find(names, *name) == names.end()) {
                names.push_back(*name);
            }
        }
        return names;
    }

    void read_state() {
        manifest_.shared_bytes_max = 1024 * static_cast<std::size_t>(top_.integer(
                                                "shared_kib", 1, shared_kib_max, SharedState::plugin_bytes_max / 1024));
        manifest_.saved_bytes_max = 1024 * static_cast<std::size_t>(top_.integer("saved_kib", 1, saved_kib_max, 64));
        const auto read_into = [this](Manifest::Named<FieldSpec>& fields, bool replicated) {
            return [this, &fields, replicated](const std::string& name, const Value& value, const std::string& path) {
                fields.emplace(name, read_field(value, path, replicated));
            };
        };
        top_.each("shared", is_declared_name, std::string{declared_name_expected}, read_into(manifest_.shared, true));
        top_.each("saved", is_declared_name, std::string{declared_name_expected}, read_into(manifest_.saved, false));
    }

    FieldSpec read_field(const Value& value, const std::string& path, bool replicated) {
        using Kind = FieldSpec::Kind;
        FieldSpec field;
        TableReader table{value, path, reading_};
        if (table.require("kind", alternatives(kind_names)) == nullptr) {
            for (const std::string_view key : {"key", "of", "size"}) static_cast<void>(table.find(key));
        } else {
            field.kind = static_cast<Kind>(table.one_of("kind", kind_names, 0));
            read_entries(field, table);
        }
        if (replicated) field.to = read_audience(table);
        field.description = table.description();
        table.finish();
        return field;
    }

    void read_entries(FieldSpec& field, TableReader& table) {
        using Kind = FieldSpec::Kind;
        if (field.kind == Kind::map || field.kind == Kind::set) field.key = read_key_kind(table);
        if (field.kind == Kind::counter) field.of.kind = Type::Kind::integer;
        if (field.kind == Kind::set) field.of.kind = Type::Kind::boolean;
        if (field.kind != Kind::counter && field.kind != Kind::set) {
            const Value* of =
                table.require("of", "a type such as \"int\", \"text:1..500\" or { type = \"record\", ... }");
            if (of != nullptr) field.of = read_type(*of, table.path_of("of"), reading_);
            if (field.of.optional && field.kind != Kind::value)
                reading_.refuse(table.path_of("of"),
                                "expected a type without \"?\": an entry that is missing is not there");
        }
        if (field.kind == Kind::value || field.kind == Kind::counter) return;
        const std::string expected = "how many entries it has at most, from 1 to " + std::to_string(field_entries_max);
        if (field.kind == Kind::ring) static_cast<void>(table.require("size", expected));
        field.size = static_cast<std::size_t>(table.integer("size", 1, field_entries_max, field_entries_default));
    }

    static Audience read_audience(TableReader& table) {
        return static_cast<Audience>(table.one_of("to", audience_names, 0));
    }

    // Commands, signals, events, permissions and topics.
    void read_talk() {
        const std::string own = manifest_.name + ".";
        const auto is_own = [&own](std::string_view name) { return name.starts_with(own) && is_dotted_name(name); };
        const std::string own_expected = manifest_.name.empty()
                                             ? "the plugin's own with a dot and more behind it"
                                             : "\"" + own + "\" and more, such as \"" + own + "say\"";
        top_.each("permissions", is_own, own_expected,
                  [this](const std::string& name, const Value& value, const std::string& path) {
                      const auto* text = value.get_if<std::string>();
                      if (text == nullptr || text->size() > TableReader::description_bytes_max || !valid_utf8(*text))
                          reading_.refuse_value(path, "text that says what it is for", value);
                      manifest_.permissions.emplace(name, text == nullptr ? std::string{} : *text);
                  });
        top_.each("topics", is_own, own_expected,
                  [this](const std::string& name, const Value& value, const std::string& path) {
                      manifest_.topics.emplace(name, read_type(value, path, reading_));
                  });
        top_.each("commands", is_declared_name, std::string{declared_name_expected},
                  [this](const std::string& name, const Value& value, const std::string& path) {
                      TableReader table{value, path, reading_};
                      CommandSpec command;
                      command.args = read_args(table);
                      command.permission = read_permission(table);
                      command.rate = read_rate(table);
                      command.description = table.description();
                      table.finish();
                      manifest_.commands.emplace(name, std::move(command));
                  });
        top_.each("signals", is_declared_name, std::string{declared_name_expected},
                  [this](const std::string& name, const Value& value, const std::string& path) {
                      TableReader table{value, path, reading_};
                      SignalSpec signal;
                      signal.args = read_args(table);
                      signal.rate = read_rate(table);
                      signal.description = table.description();
                      table.finish();
                      manifest_.signals.emplace(name, std::move(signal));
                  });
        top_.each("events", is_declared_name, std::string{declared_name_expected},
                  [this](const std::string& name, const Value& value, const std::string& path) {
                      TableReader table{value, path, reading_};
                      EventSpec event;
                      if (const Value* of = table.require("of", "the type of what it carries"))
                          event.of = read_type(*of, table.path_of("of"), reading_);
                      event.lossy = table.boolean("lossy", false);
                      event.to = read_audience(table);
                      event.description = table.description();
                      table.finish();
                      manifest_.events.emplace(name, std::move(event));
                  });
    }

    Type read_args(TableReader& table) {
        const Value* args = table.find("args");
        return read_record(args == nullptr ? Value{Value::Map{}} : *args, table.path_of("args"), reading_);
    }

    std::optional<std::string> read_permission(TableReader& table) {
        const Value* value = table.find("permission");
        if (value == nullptr) return std::nullopt;
        const auto* name = value->get_if<std::string>();
        const std::string path = table.path_of("permission");
        if (name == nullptr || !is_dotted_name(*name)) {
            reading_.refuse_value(path, "the name of a permission, such as \"" + manifest_.name + ".say\"", *value);
            return std::nullopt;
        }
        // Those of other plugins are looked up where all plugins are known (load_plugins).
        if (!name->starts_with(manifest_.name + ".") || manifest_.permissions.contains(*name)) return *name;
        std::vector<std::string> known;
        for (const auto& [permission, purpose] : manifest_.permissions) known.push_back(permission);
        const auto meant = nearest(known, *name);
        reading_.refuse(path, "there is no " + quote_lua(*name) + " in `permissions`" +
                                  (meant ? "; did you mean " + quote_lua(*meant) + "?" : ""));
        return std::nullopt;
    }

    std::optional<AskingRate> read_rate(TableReader& table) {
        const Value* value = table.find("rate");
        if (value == nullptr) return std::nullopt;
        TableReader rate{*value, table.path_of("rate"), reading_};
        AskingRate read;
        static_cast<void>(rate.require("per_s", "how many a second in the long run"));
        read.per_s = rate.number("per_s", per_s_min, per_s_max, read.per_s);
        read.burst = static_cast<std::uint32_t>(rate.integer("burst", 1, burst_max, read.burst));
        rate.finish();
        return read;
    }

    ManifestReading reading_;
    TableReader top_;
    Manifest manifest_;
};

// Data is made of constants: what a manifest needs to compute is little. Parsing counts too, by what it allocates: the
// longest here, of 5 KB, takes 6,000 in all (measured).
constexpr LuaLimits manifest_limits{.source_bytes_max = 64 * 1024,
                                    .memory_bytes_max = 1024 * 1024,
                                    .block_bytes_max = 64 * 1024,
                                    .instructions_max = 50'000};

} // namespace

std::string_view name_of(FieldSpec::Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view name_of(Grant grant) { return grant_names[static_cast<std::size_t>(grant)]; }
std::string_view name_of(OnFail on_fail) { return on_fail_names[static_cast<std::size_t>(on_fail)]; }

std::expected<ConfiguredManifest, std::vector<std::string>> read_manifest(std::string_view source,
                                                                          std::string_view manifest_name,
                                                                          const Value& settings,
                                                                          std::string_view settings_name) {
    if (source.starts_with("\xef\xbb\xbf")) source.remove_prefix(3); // some editors write a byte order mark
    // The script's globals are an empty table of its own: it has Lua's syntax and no functions. On the first line, so
    // that lines keep their numbers.
    const auto returned = run_script("local _ENV = {}; " + std::string{source}, manifest_name, manifest_limits);
    if (!returned) return std::unexpected(std::vector{returned.error().message});
    if (returned->is_nil()) {
        return std::unexpected(std::vector{std::string{manifest_name} +
                                           ": expected the script to return a table: return { name = \"chat\", "
                                           "version = \"1.0.0\", api = 1, ... }"});
    }
    return ManifestReader{*returned, manifest_name}.read(settings, settings_name);
}

bool is_plugin_name(std::string_view text) {
    const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return is_declared_name(text) && text.front() != '_' && std::ranges::all_of(text, lower);
}

bool is_engine_permission(std::string_view name) {
    constexpr std::array<std::string_view, 6> names{"playback",      "playback.play", "playback.pause",
                                                    "playback.seek", "playback.rate", "playback.load"};
    return std::ranges::find(names, name) != names.end();
}

} // namespace playhead
