# Everything third-party comes from Debian packages, which tools/setup installs. Each is named here once, as a target.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL 3.0 REQUIRED) # OpenSSL::SSL, OpenSSL::Crypto
find_package(doctest REQUIRED)

# Debian's libflatbuffers-dev calls its package FlatBuffers (flatbuffers::flatbuffers is the static library).
find_package(FlatBuffers 2.0.8 REQUIRED CONFIG)
add_library(playhead_flatbuffers INTERFACE)
target_link_libraries(playhead_flatbuffers INTERFACE flatbuffers::flatbuffers)

find_package(Lua 5.4 REQUIRED)
if(NOT LUA_VERSION_MAJOR EQUAL 5 OR NOT LUA_VERSION_MINOR EQUAL 4)
    message(FATAL_ERROR "Lua 5.4 is needed (liblua5.4-dev); found ${LUA_VERSION_STRING} in ${LUA_INCLUDE_DIR}")
endif()
add_library(playhead_lua INTERFACE)
target_include_directories(playhead_lua SYSTEM INTERFACE "${LUA_INCLUDE_DIR}")
target_link_libraries(playhead_lua INTERFACE ${LUA_LIBRARIES})

find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
add_library(playhead_sodium INTERFACE)
target_link_libraries(playhead_sodium INTERFACE PkgConfig::sodium)
pkg_check_modules(enet REQUIRED IMPORTED_TARGET libenet)
add_library(playhead_enet INTERFACE)
target_link_libraries(playhead_enet INTERFACE PkgConfig::enet)
pkg_check_modules(uring REQUIRED IMPORTED_TARGET liburing)
add_library(playhead_uring INTERFACE)
target_link_libraries(playhead_uring INTERFACE PkgConfig::uring)

# Asio and Beast are headers only by default; compiled once here instead, because their bodies dominate every
# translation unit that includes them.
add_library(playhead_asio STATIC "${CMAKE_CURRENT_LIST_DIR}/asio.cpp")
target_link_libraries(playhead_asio PUBLIC Boost::headers Threads::Threads PRIVATE playhead_sanitizers)
target_compile_definitions(playhead_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION)

add_library(playhead_beast STATIC EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/beast.cpp")
target_link_libraries(playhead_beast PUBLIC playhead_asio PRIVATE playhead_sanitizers)
target_compile_definitions(playhead_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
