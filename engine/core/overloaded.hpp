#pragma once

namespace playhead {

// One function object of several lambdas, for std::visit: each alternative finds the one that takes it.
template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

} // namespace playhead
