#pragma once

#include <string>

namespace playhead::tls {

// What OpenSSL says went wrong last on this thread, in its own words ("bad record mac"); forgets all of it.
// `otherwise` if it says nothing.
std::string openssl_error(std::string otherwise);

} // namespace playhead::tls
