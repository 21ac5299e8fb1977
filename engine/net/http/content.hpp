#pragma once

#include "net/http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace playhead::http {

// By the file's extension; application/octet-stream for what is not known, which nosniff keeps from being guessed at.
std::string_view content_type_of(std::string_view path);

// True for names that a bundler made from their content ("assets/index-BsWqv3xY.js"): such a file never changes.
bool is_named_by_content(std::string_view path);

// How long a file may be kept: forever if named by its content, otherwise only together with a question for its ETag.
std::string_view cache_control_of(std::string_view path);

// What a page of ours may load and who may frame it. Empty for anything but pages.
std::vector<Field> page_policy(std::string_view content_type);

} // namespace playhead::http
