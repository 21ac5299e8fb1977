#include "plugin/lua_digest.hpp"
#include "plugin/lua_shared_code.hpp"
#include "plugin/plugin_host.hpp"

#include <algorithm>

// A room in which nothing happens needs no Lua.
namespace playhead {

void PluginHost::open_lua() {
    sandbox_.emplace(lua::plugin_limits, context_.time, &host_, context_.memory, plugins_->code());
    usable_ = lua::open(*sandbox_).ok();
    if (context_.figures != nullptr) ++context_.figures->lua_states;
}

void PluginHost::close_lua() {
    sandbox_.reset();
    for (const auto& hosted : host_.plugins) {
        if (hosted->figure != nullptr) hosted->figure->memory_bytes -= hosted->memory_bytes;
        hosted->memory_bytes = 0;
    }
    if (context_.figures != nullptr) --context_.figures->lua_states;
    gauge_memory();
}

// All plugins of a set have the same when they have just been started, in whichever room.
std::optional<std::uint64_t> PluginHost::fresh_digest(const HostedPlugin& hosted) {
    lua::SharedCode* code = sandbox_->shared_code();
    if (code == nullptr) return lua::digest_of(*sandbox_, hosted);
    std::optional<std::uint64_t>& known = code->digest_of(*hosted.plugin->chunk);
    if (!known) known = lua::digest_of(*sandbox_, hosted);
    return known;
}

void PluginHost::sleep_if_due() {
    if (!sandbox_ || !sleeps_at_ || host_.tick < *sleeps_at_) return;
    sleeps_at_.reset();
    if (!usable_ || !waiting_.empty() || !host_.actions.empty()) return;
    const bool as_if_fresh = std::ranges::all_of(host_.plugins, [&](const auto& hosted) {
        return !hosted->running || (hosted->fresh && lua::digest_of(*sandbox_, *hosted) == hosted->fresh);
    });
    if (as_if_fresh) close_lua();
}

// Not held against the tick: the instructions of loading are there on top of those of the hooks.
bool PluginHost::wake() {
    interrupted_ = false;
    open_lua();
    const auto count = static_cast<std::int64_t>(host_.plugins.size());
    sandbox_->begin_tick(count * lua::plugin_limits.instructions_max);
    for (const auto& hosted : host_.plugins)
        if (usable_ && !interrupted_ && hosted->running) load_again(*hosted);
    if (!usable_ || interrupted_) {
        close_lua();
        interrupted_ = true;
        return false;
    }
    lua::collect_all(*sandbox_);
    sandbox_->begin_tick();
    sleeps_at_ = host_.tick + sleeps_after_;
    gauge_memory();
    return true;
}

void PluginHost::wake(Tick tick, const Lead& lead) {
    begin(tick, lead);
    wake();
    let_go_of_the_stale();
}

void PluginHost::load_again(HostedPlugin& hosted) {
    const std::size_t memory_before = sandbox_->memory_bytes();
    host_.running = {.plugin = &hosted, .registers = true, .again = true};
    const lua::Called called = lua::start(*sandbox_, hosted);
    const bool same =
        host_.running.hooks_again == hosted.hooks.size() && host_.running.limiters_again == hosted.limiters.size();
    host_.running = {};
    count_load(hosted, called, memory_before);
    if (called.ok() && same) return;
    interrupted_ = !called.ok() && called.failure->kind == lua::Failure::Kind::time;
    if (interrupted_) return;
    failed(hosted, "init.lua", called.ok() ? "it registers less than when it was started" : called.failure->message,
           true);
}

} // namespace playhead
