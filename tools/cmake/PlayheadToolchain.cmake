# One interface target, playhead_warnings, that every target of ours links: warnings, sanitizers, linker.
# Nothing here touches global flags, so third-party sources we compile keep their own.

add_library(playhead_warnings INTERFACE)
target_compile_options(playhead_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
    -Woverloaded-virtual -Wcast-align -Wcast-qual -Wdouble-promotion -Wformat=2
    -Wimplicit-fallthrough -Wextra-semi -Wundef
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wno-missing-field-initializers>
    # GCC 12 at -O2 warns of code that cannot run: of the other members when a variant is moved (its bug 105562), of
    # overlap when strings are joined (105329), of operators of coroutine frames that it inlines one by one. The sanitizers
    # and clang look for the real ones.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-mismatched-new-delete>
    # Clang blames on us that GCC 12's stable algorithms use what is deprecated.
    $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers -Wno-missing-field-initializers
        -Wno-deprecated-declarations>)
if(PLAYHEAD_WERROR OR "$ENV{CI}" MATCHES "^(1|true|TRUE|yes)$")
    target_compile_options(playhead_warnings INTERFACE -Werror)
endif()

# Sanitizers: their flags change the ABI of containers, so third-party sources we compile link this one too.
add_library(playhead_sanitizers INTERFACE)
target_link_libraries(playhead_warnings INTERFACE playhead_sanitizers)
# The library's own assertions: of an index that is too large, of an optional that is empty.
target_compile_definitions(playhead_sanitizers INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(PLAYHEAD_SANITIZE STREQUAL "address")
    set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(PLAYHEAD_SANITIZE STREQUAL "thread")
    set(sanitizers -fsanitize=thread)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # It does not know of fences, which Asio has; they guard nothing of ours.
        target_compile_options(playhead_sanitizers INTERFACE -Wno-tsan)
    endif()
elseif(PLAYHEAD_SANITIZE)
    message(FATAL_ERROR "PLAYHEAD_SANITIZE is '${PLAYHEAD_SANITIZE}'; expected nothing, 'address' or 'thread'")
endif()
if(PLAYHEAD_FUZZ AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "PLAYHEAD_FUZZ needs clang (cmake --preset fuzz); the compiler is ${CMAKE_CXX_COMPILER_ID}")
endif()
if(sanitizers)
    target_compile_options(playhead_sanitizers INTERFACE ${sanitizers} -fno-omit-frame-pointer -g
        # GCC 12 warns falsely about its own library's code once that is instrumented.
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    target_link_options(playhead_sanitizers INTERFACE ${sanitizers})
endif()
if(PLAYHEAD_FUZZ)
    target_compile_options(playhead_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(PLAYHEAD_MOLD mold)
find_program(PLAYHEAD_LLD ld.lld-19)
if(PLAYHEAD_MOLD)
    target_link_options(playhead_sanitizers INTERFACE -fuse-ld=mold)
elseif(PLAYHEAD_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_link_options(playhead_sanitizers INTERFACE -fuse-ld=lld)
endif()

find_program(PLAYHEAD_CCACHE ccache)
if(PLAYHEAD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # The sloppiness is what ccache asks for when there is a precompiled header.
    set(CMAKE_C_COMPILER_LAUNCHER "${PLAYHEAD_CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${PLAYHEAD_CCACHE}")
endif()
