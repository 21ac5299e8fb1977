#include "plugin/annotations.hpp"

#include "plugin/lua_source.hpp"
#include "plugin/script_value.hpp"

namespace playhead {
namespace {

std::string type_text(const Type& type);

std::string key_text(Type::Key key) {
    switch (key) {
    case Type::Key::integer: return "integer";
    case Type::Key::text: return "string";
    case Type::Key::viewer: return "playhead.ViewerId";
    }
    return "any";
}

std::string record_text(const Type& type) {
    if (type.fields.empty()) return "{}";
    std::string text;
    for (const TypeField& field : type.fields)
        text += (text.empty() ? "{ " : ", ") + field.name + ": " + type_text(field.type);
    return text + " }";
}

std::string present_text(const Type& type) {
    switch (type.kind) {
    case Type::Kind::any: return "any";
    case Type::Kind::boolean: return "boolean";
    case Type::Kind::integer: return "integer";
    case Type::Kind::number: return "number";
    case Type::Kind::text: return "string";
    case Type::Kind::viewer: return "playhead.ViewerId";
    case Type::Kind::list: return type_text(type.of.front()) + "[]";
    case Type::Kind::map: return "table<" + key_text(type.key) + ", " + type_text(type.of.front()) + ">";
    case Type::Kind::record: return record_text(type);
    case Type::Kind::one_of: {
        std::string text;
        for (const std::string& value : type.values) text += (text.empty() ? "(" : "|") + quote_lua(value);
        return text + ")";
    }
    }
    return "any";
}

std::string type_text(const Type& type) { return present_text(type) + (type.optional ? "?" : ""); }

// A description on one line: a second one would not be a comment.
std::string remark(std::string_view description, const std::string& bounds = {}) {
    std::string text{description};
    for (char& c : text)
        if (c == '\n' || c == '\r') c = ' ';
    if (!bounds.empty()) text += (text.empty() ? "" : "; ") + bounds;
    return text.empty() ? "" : " " + text;
}

// The annotations of one plugin, in the order of the file.
class Writer {
  public:
    Writer(const Manifest& manifest, std::string_view source)
        : manifest_(manifest),
          name_("playhead." + manifest.name) {
        text_ = "---@meta _\n-- What " + std::string{source} +
                " declares, written by `playhead annotations`. Above `local P = ...` say\n--     ---@type " + name_ +
                "\n";
    }

    std::string write() {
        write_settings();
        write_state("shared", manifest_.shared);
        write_state("saved", manifest_.saved);
        write_class();
        write_hooks("command", manifest_.commands, ": any, string?, string?, any");
        write_hooks("signal", manifest_.signals, "");
        write_events();
        write_topics();
        write_neighbours();
        return std::move(text_);
    }

  private:
    void line(const std::string& text) { text_ += text + "\n"; }

    void write_settings() {
        line("\n---@class " + name_ + ".settings");
        for (const auto& [name, setting] : manifest_.settings) {
            std::string bounds = describe(setting.type);
            if (setting.fallback) bounds += ", by default " + shown(*setting.fallback);
            Type type = setting.type;
            type.optional = type.optional && !setting.fallback;
            line("---@field " + name + " " + type_text(type) + remark(setting.description, bounds));
        }
    }

    void write_state(const std::string& part, const Manifest::Named<FieldSpec>& fields) {
        for (const auto& [name, field] : fields) {
            const std::string class_name = concat({name_, ".", part, ".", name});
            if (is_record(field)) write_entry(class_name + ".entry", field.of);
            if (field.kind == FieldSpec::Kind::list || field.kind == FieldSpec::Kind::ring)
                write_sequence(class_name, field);
        }
        line("\n---@class " + name_ + "." + part);
        for (const auto& [name, field] : fields)
            line(concat({"---@field ", name, " ", field_text(concat({name_, ".", part, ".", name}), field),
                         remark(field.description)}));
    }

    // A record is a class of its own, since its type stands in many places.
    static bool is_record(const FieldSpec& field) {
        return field.of.kind == Type::Kind::record && !field.of.fields.empty();
    }
    static std::string entry_text(const std::string& class_name, const FieldSpec& field) {
        return is_record(field) ? class_name + ".entry" : present_text(field.of);
    }
    void write_entry(const std::string& class_name, const Type& record) {
        line("\n---@class " + class_name);
        for (const TypeField& field : record.fields) line("---@field " + field.name + " " + type_text(field.type));
    }

    static std::string field_text(const std::string& class_name, const FieldSpec& field) {
        switch (field.kind) {
        case FieldSpec::Kind::value: return entry_text(class_name, field) + "?";
        case FieldSpec::Kind::counter: return "playhead.Counter";
        case FieldSpec::Kind::map: return "table<" + key_text(field.key) + ", " + entry_text(class_name, field) + ">";
        case FieldSpec::Kind::set: return "table<" + key_text(field.key) + ", true?>";
        case FieldSpec::Kind::list:
        case FieldSpec::Kind::ring: return class_name;
        }
        return "any";
    }

    // LuaLS does not carry a class's type parameter into its methods: so each list and ring has a class of its own.
    void write_sequence(const std::string& class_name, const FieldSpec& field) {
        const std::string self = "fun(self: " + class_name;
        const std::string of = entry_text(class_name, field);
        line("\n---@class " + class_name);
        line("---@operator len: integer");
        line("---@field get " + self + ", id: integer): " + of + "?");
        line("---@field set " + self + ", id: integer, value: " + of + ")");
        line("---@field remove " + self + ", id: integer)");
        line("---@field clear " + self + ")");
        if (field.kind == FieldSpec::Kind::ring) {
            line("---@field push " + self + ", value: " + of + "): integer the entry's index, which only grows");
            line("---@field each " + self + "): fun(): integer, " + of + " in the order of the indices");
            return;
        }
        line("---@field add " + self + ", value: " + of + ", position?: integer): integer the entry's id, for ever");
        line("---@field move " + self + ", id: integer, position: integer)");
        line("---@field position " + self + ", id: integer): integer?");
        line("---@field at " + self + ", position: integer): integer?, " + of + "?");
        line("---@field each " + self + "): fun(): integer, integer, " + of + " position, id, value");
    }

    void write_class() {
        line("\n---@class " + name_ + " : playhead.Plugin" + remark(manifest_.description));
        for (const std::string part : {"settings", "shared", "saved"})
            line(concat({"---@field ", part, " ", name_, ".", part}));
        line("local P = {}");
    }

    // One function with an overload for each name, so that the name decides what the rest is.
    struct Overload {
        std::string name;
        std::string rest; // ", hook: fun(...)"
        std::string returned;
        std::string description;
    };
    void write_overloads(const std::string& function, const std::string& parameter,
                         const std::vector<Overload>& overloads) {
        if (overloads.empty()) return;
        line("");
        for (const Overload& overload : overloads) {
            if (!overload.description.empty()) line("---" + remark(overload.name + ":" + remark(overload.description)));
            line("---@overload fun(self: " + name_ + ", " + parameter + ": " + quote_lua(overload.name) +
                 overload.rest + ")" + overload.returned);
        }
        line("function P:" + function + "(" + parameter + ", ...) end");
    }

    template <class Specs>
    void write_hooks(const std::string& function, const Specs& specs, const std::string& returned) {
        std::vector<Overload> overloads;
        for (const auto& [name, spec] : specs) {
            const std::string call = concat({name_, ".", function, ".", name});
            line("\n---@class " + call + " : playhead.Call");
            line("---@field args " + type_text(spec.args));
            overloads.push_back(
                {name, concat({", hook: fun(room: playhead.Room, call: ", call, ")", returned}), "", spec.description});
        }
        write_overloads(function, "name", overloads);
    }

    void write_events() {
        std::vector<Overload> overloads;
        for (const auto& [name, event] : manifest_.events)
            overloads.push_back(
                {name, ", data: " + type_text(event.of) + ", viewer?: playhead.ViewerId", "", event.description});
        write_overloads("emit", "event", overloads);
    }

    void write_topics() {
        std::vector<Overload> overloads;
        for (const auto& [name, type] : manifest_.topics)
            overloads.push_back(
                {name, ", value: " + type_text(type) + ", ask?: playhead.Ask", ": " + type_text(type), ""});
        write_overloads("apply", "topic", overloads);
    }

    void write_neighbours() {
        std::vector<std::string> names;
        for (const auto& [name, range] : manifest_.requires_) names.push_back(name);
        names.insert(names.end(), manifest_.after.begin(), manifest_.after.end());
        names.insert(names.end(), manifest_.before.begin(), manifest_.before.end());
        std::vector<Overload> overloads;
        overloads.reserve(names.size());
        for (const std::string& name : names) overloads.push_back({name, "", ": playhead." + name + ".shared?", ""});
        write_overloads("read", "plugin", overloads);
    }

    const Manifest& manifest_;
    std::string name_; // "playhead.chat"
    std::string text_;
};

} // namespace

std::string annotations(const Manifest& manifest, std::string_view source) { return Writer{manifest, source}.write(); }

} // namespace playhead
