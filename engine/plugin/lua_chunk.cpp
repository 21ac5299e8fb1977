#include "plugin/lua_chunk.hpp"

#include "core/text.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/lua_shared_code.hpp"
#include "plugin/lua_source.hpp"

#include <lua.hpp>

#include <algorithm>
#include <vector>

namespace playhead::lua {
namespace {

// Parsing is counted by the memory that it takes, and takes far more than a hook may.
constexpr std::int64_t parse_instructions_max = 20'000'000;
constexpr std::size_t parse_memory_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t parse_blocks_max = 1'000'000;

// What one .. may put together: they are one instruction, and writing a number takes up to 2 us.
constexpr int concatenations_max = 50;

// Goes through a source once, past strings and comments, and finds what Lua takes but plugins may not say.
class Scanner {
  public:
    explicit Scanner(std::string_view source) : source_(source) {}

    struct Fault {
        std::size_t line;
        std::string what;
    };

    std::optional<Fault> find() {
        while (at_ < source_.size()) {
            const char c = source_[at_];
            if (c == '^')
                return Fault{line_, "the operator ^ is left out, since its last bit differs between machines; "
                                    "math.pow(x, n) takes whole exponents"};
            if (source_.substr(at_, 3) == "...") {
                at_ += 3;
            } else if (source_.substr(at_, 2) == "..") {
                at_ += 2;
                if (++concatenations_.back() > concatenations_max)
                    return Fault{line_, "more than " + std::to_string(concatenations_max) +
                                            " texts in a row joined by ..; table.concat joins any number"};
            } else if (c == '"' || c == '\'') {
                skip_quoted(c);
            } else if (c == '[' && level_at(at_) != none) {
                skip_long(level_at(at_));
            } else if (source_.substr(at_, 2) == "--") {
                skip_comment();
            } else if (is_letter(c)) {
                skip_word();
            } else {
                count_bracket(c);
                step();
            }
        }
        return std::nullopt;
    }

  private:
    static constexpr std::size_t none = std::string_view::npos;

    static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    // An expression has ended for certain at these; between any two that do not belong together stands one of them.
    void count_bracket(char c) {
        if (c == '(' || c == '[' || c == '{') concatenations_.push_back(0);
        if ((c == ')' || c == ']' || c == '}') && concatenations_.size() > 1) concatenations_.pop_back();
        if (c == ',' || c == ';' || c == '=') concatenations_.back() = 0;
    }

    void skip_word() {
        const std::size_t begin = at_;
        while (at_ < source_.size() && (is_letter(source_[at_]) || is_digit(source_[at_]))) ++at_;
        const std::string_view word = source_.substr(begin, at_ - begin);
        const bool is_value = word == "nil" || word == "true" || word == "false";
        if (!is_value && !is_lua_name(word)) concatenations_.back() = 0; // a word of the language
    }

    void step() {
        if (source_[at_++] == '\n') ++line_;
    }

    void skip_quoted(char quote) {
        step();
        while (at_ < source_.size() && source_[at_] != quote) {
            if (source_[at_] == '\\') step();
            if (at_ < source_.size()) step();
        }
        if (at_ < source_.size()) step();
    }

    // Of the long bracket that begins there: [[ is 0, [=[ is 1; none if it is a bracket like others.
    std::size_t level_at(std::size_t at) const {
        const std::size_t end = source_.find_first_not_of('=', at + 1);
        return end != none && source_[end] == '[' ? end - at - 1 : none;
    }

    void skip_long(std::size_t level) {
        const std::string closing = "]" + std::string(level, '=') + "]";
        const std::size_t found = source_.find(closing, at_);
        const std::size_t end = found == none ? source_.size() : found + closing.size();
        while (at_ < end) step();
    }

    void skip_comment() {
        at_ += 2;
        if (at_ < source_.size() && source_[at_] == '[' && level_at(at_) != none) return skip_long(level_at(at_));
        while (at_ < source_.size() && source_[at_] != '\n') ++at_;
    }

    std::string_view source_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::vector<int> concatenations_{0}; // in the expression that is open, and in those around it
};

struct Reading {
    std::string_view bytes;
};

const char* read_once(lua_State*, void* data, std::size_t* size) {
    auto& reading = *static_cast<Reading*>(data);
    *size = reading.bytes.size();
    const char* bytes = reading.bytes.data();
    reading.bytes = {};
    return bytes;
}

// Goes through a chunk piece by piece, and tells the allocator when it may lend a block.
struct ReadingPieces {
    std::string_view bytes;
    std::span<const Bytecode::Piece> pieces;
    std::byte* blocks; // of SharedCode; null: nothing is lent
    Budget& budget;
};

const char* read_piece(lua_State*, void* data, std::size_t* size) {
    auto& reading = *static_cast<ReadingPieces*>(data);
    // What was offered is taken by now; if Lua had asked for something else, the offer would be void.
    reading.budget.offered = nullptr;
    *size = 0;
    if (reading.pieces.empty()) return nullptr;
    const Bytecode::Piece piece = reading.pieces.front();
    reading.pieces = reading.pieces.subspan(1);
    if (reading.blocks != nullptr && piece.block_bytes > 0) {
        reading.budget.offered = reading.blocks;
        reading.budget.offered_bytes = piece.block_bytes;
        reading.blocks += SharedCode::space_for(piece.block_bytes);
    }
    const char* const bytes = reading.bytes.data();
    reading.bytes.remove_prefix(piece.bytes);
    *size = piece.bytes;
    return bytes;
}

int append(lua_State*, const void* bytes, std::size_t size, void* to) noexcept {
    static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), size);
    return 0;
}

} // namespace

void push_source(lua_State* state, std::string_view source, const char* name, int environment) {
    environment = lua_absindex(state, environment);
    if (source.starts_with("\xef\xbb\xbf")) source.remove_prefix(3); // some editors write a byte order mark
    Reading reading{source};
    if (lua_load(state, read_once, &reading, name, "t") != LUA_OK) lua_error(state);
    lua_pushvalue(state, environment);
    lua_setupvalue(state, -2, 1);
}

Result<Chunk> compile(std::string_view source, std::string_view name, const LuaLimits& limits, LocalNames names) {
    const std::string shown{name};
    if (auto fault = source_fault(source, name, limits)) return std::unexpected(*fault);
    if (const auto fault = Scanner{source}.find())
        return std::unexpected(
            Error{ErrorCode::malformed, shown + ":" + std::to_string(fault->line) + ": " + fault->what, 0});
    LuaLimits wide = limits;
    wide.instructions_max = parse_instructions_max;
    wide.memory_bytes_max = parse_memory_bytes_max;
    wide.blocks_max = parse_blocks_max;
    wide.block_bytes_max = parse_memory_bytes_max;
    wide.table_keys_max = std::max<std::size_t>(wide.table_keys_max, 65'536); // it keeps constants in a table
    Sandbox sandbox{wide};
    const std::string chunk_name = "@" + shown; // "@": it is a file's name
    std::string bytecode;
    const Called called = sandbox.call([&](lua_State* state) {
        lua_newtable(state);
        push_source(state, source, chunk_name.c_str(), -1);
        lua_dump(state, append, &bytecode, 0); // with line numbers: messages need them
    });
    if (called.failure) return std::unexpected(error_of(*called.failure, name));
    if (names == LocalNames::dropped)
        if (auto apart = take_apart(bytecode)) return Chunk{shown, *std::move(apart)};
    const std::size_t size = bytecode.size();
    return Chunk{shown, Bytecode{.bytes = std::move(bytecode), .pieces = {{.bytes = size, .block_bytes = 0}}}};
}

void push_chunk(lua_State* state, const Chunk& chunk, int environment) {
    environment = lua_absindex(state, environment);
    Budget& budget = budget_of(state);
    ReadingPieces reading{.bytes = chunk.bytecode_.bytes,
                          .pieces = chunk.bytecode_.pieces,
                          .blocks = budget.code == nullptr ? nullptr : budget.code->blocks_of(chunk),
                          .budget = budget};
    const int status = lua_load(state, read_piece, &reading, chunk.name_.c_str(), "b");
    budget.offered = nullptr;
    if (status != LUA_OK) lua_error(state);
    lua_pushvalue(state, environment);
    lua_setupvalue(state, -2, 1);
}

std::optional<Error> source_fault(std::string_view source, std::string_view name, const LuaLimits& limits) {
    if (source.size() <= limits.source_bytes_max) return std::nullopt;
    return Error{ErrorCode::too_large,
                 std::string{name} + ": the script has " + std::to_string(source.size()) + " bytes; at most " +
                     std::to_string(limits.source_bytes_max) + " are read",
                 0};
}

Error error_of(const Failure& failure, std::string_view name) {
    const std::string shown{name};
    std::string message = one_line(failure.message); // Lua quotes the script, wherever its lines end
    // Lua writes "name:line: " before most messages, and long names as "...end of name".
    if (!message.starts_with(shown + ":") && !message.starts_with("...")) message = shown + ": " + message;
    return {failure.kind == Failure::Kind::error ? ErrorCode::malformed : ErrorCode::too_large, std::move(message), 0};
}

} // namespace playhead::lua
