#include "plugin/lua_bytecode.hpp"

#include <lua.hpp>

#include <algorithm>
#include <array>
#include <cstring>

// The format is that of ldump.c and lundump.c of Lua 5.4: a header, then each function with the ones inside it. Numbers
// are written seven bits a byte, the highest first, and the last byte has its high bit set.
namespace playhead::lua {
namespace {

constexpr std::size_t instruction_bytes = 4;
// In memory: the name, which is null here, and three bytes.
constexpr std::size_t upvalue_bytes = 16;
constexpr std::size_t upvalue_written_bytes = 3;

constexpr int kind_nil = LUA_TNIL;
constexpr int kind_false = LUA_TBOOLEAN;
constexpr int kind_true = LUA_TBOOLEAN | 16;
constexpr int kind_integer = LUA_TNUMBER;
constexpr int kind_float = LUA_TNUMBER | 16;
constexpr int kind_short_text = LUA_TSTRING;
constexpr int kind_long_text = LUA_TSTRING | 16;

std::string header() {
    std::string text = LUA_SIGNATURE;
    text += static_cast<char>(LUA_VERSION_NUM / 100 * 16 + LUA_VERSION_NUM % 100);
    text += '\0'; // the official format
    text += "\x19\x93\r\n\x1a\n";
    text += static_cast<char>(instruction_bytes);
    text += static_cast<char>(sizeof(lua_Integer));
    text += static_cast<char>(sizeof(lua_Number));
    const auto append = [&](auto value) {
        std::array<char, sizeof value> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        text.append(bytes.data(), bytes.size());
    };
    append(lua_Integer{0x5678});
    append(lua_Number{370.5});
    return text;
}

// Goes through the dump once and writes what is to be kept.
class Taker {
  public:
    explicit Taker(std::string_view dump) : left_(dump) {}

    std::optional<Bytecode> take() {
        const std::string expected = header();
        if (!left_.starts_with(expected)) return std::nullopt;
        copy(expected.size());
        copy(1); // how many upvalues the main function has
        function(0);
        if (failed_ || !left_.empty()) return std::nullopt;
        end_piece(0);
        return std::move(result_);
    }

  private:
    // Functions lie no deeper inside each other than Lua's parser goes.
    static constexpr int depth_max = 200;

    void function(int depth) {
        if (depth > depth_max) failed_ = true;
        copy_text(); // the source
        copy_number();
        copy_number(); // the lines
        copy(3);       // parameters, varargs, stack
        vector(instruction_bytes, instruction_bytes);
        constants();
        vector(upvalue_written_bytes, upvalue_bytes);
        for (std::size_t count = copy_number(); count > 0 && !failed_; --count) function(depth + 1);
        vector(1, 1);                                                             // differences of line numbers
        for (std::size_t count = copy_number(); count > 0 && !failed_; --count) { // whole ones
            copy_number();
            copy_number();
        }
        names();
    }

    void constants() {
        for (std::size_t count = copy_number(); count > 0 && !failed_; --count) {
            const int kind = left_.empty() ? -1 : static_cast<unsigned char>(left_.front());
            copy(1);
            switch (kind) {
            case kind_nil:
            case kind_false:
            case kind_true: break;
            case kind_integer: copy(sizeof(lua_Integer)); break;
            case kind_float: copy(sizeof(lua_Number)); break;
            case kind_short_text:
            case kind_long_text: copy_text(); break;
            default: failed_ = true;
            }
        }
    }

    // Of locals, with where they live, and of upvalues: none are written.
    void names() {
        for (std::size_t count = number(); count > 0 && !failed_; --count) {
            skip_text();
            number();
            number();
        }
        for (std::size_t count = number(); count > 0 && !failed_; --count) skip_text();
        write_number(0);
        write_number(0);
    }

    // A vector that Lua makes a block for as soon as it has read the count.
    void vector(std::size_t written_bytes, std::size_t block_bytes) {
        end_piece(0);
        const std::size_t count = copy_number();
        if (count == 0) return;
        if (count > left_.size()) return fail();
        end_piece(count * block_bytes);
        copy(count * written_bytes);
    }

    void end_piece(std::size_t block_bytes) {
        const std::size_t size = result_.bytes.size() - piece_begin_;
        piece_begin_ = result_.bytes.size();
        if (size > 0) result_.pieces.push_back({size, block_bytes});
    }

    void fail() {
        failed_ = true;
        left_ = {};
    }

    std::string_view read(std::size_t size) {
        if (size > left_.size()) {
            fail();
            return {};
        }
        const std::string_view bytes = left_.substr(0, size);
        left_.remove_prefix(size);
        return bytes;
    }
    void copy(std::size_t size) { result_.bytes += read(size); }

    std::size_t number() {
        std::size_t value = 0;
        while (!failed_) {
            const std::string_view byte = read(1);
            if (byte.empty()) return 0;
            const auto bits = static_cast<unsigned char>(byte.front());
            value = value << 7U | (bits & 0x7fU);
            if ((bits & 0x80U) != 0) break;
        }
        return value;
    }
    std::size_t copy_number() {
        const std::string_view before = left_;
        const std::size_t value = number();
        if (!failed_) result_.bytes += before.substr(0, before.size() - left_.size());
        return value;
    }
    void write_number(unsigned char value) { result_.bytes += static_cast<char>(value | 0x80U); }

    // A text has its size and one more before it; 0 stands for none.
    void copy_text() { copy(size_of_text(copy_number())); }
    void skip_text() { read(size_of_text(number())); }
    static std::size_t size_of_text(std::size_t written) { return written == 0 ? 0 : written - 1; }

    std::string_view left_;
    Bytecode result_;
    std::size_t piece_begin_ = 0;
    bool failed_ = false;
};

} // namespace

std::optional<Bytecode> take_apart(std::string_view dump) { return Taker{dump}.take(); }

} // namespace playhead::lua
