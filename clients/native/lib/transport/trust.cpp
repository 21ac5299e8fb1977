#include "lib/transport/trust.hpp"

#include <boost/asio/ssl/context.hpp>

#include <utility>

namespace playhead::client {

namespace ssl = boost::asio::ssl;

Trust::Trust(std::string file) : file_(std::move(file)) {}
Trust::~Trust() = default;

std::expected<std::shared_ptr<ssl::context>, std::string> Trust::context() {
    if (context_) return context_;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    boost::system::error_code error;
    if (file_.empty()) {
        context->set_default_verify_paths(error);
        if (error) return std::unexpected("the system's certificate authorities cannot be read: " + error.message());
    } else {
        context->load_verify_file(file_, error);
        if (error) return std::unexpected("no certificates can be read from '" + file_ + "': " + error.message());
    }
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                         ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    context->set_verify_mode(ssl::verify_peer);
    context_ = std::move(context);
    return context_;
}

} // namespace playhead::client
