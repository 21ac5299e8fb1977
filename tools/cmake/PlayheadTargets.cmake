# The few kinds of target there are.

# playhead_layer(<name> SOURCES <file>... [PRECOMPILE <header>...])
# One engine folder as one static library playhead_<name>, included as written from engine/.
# What it may link is not said here: engine/CMakeLists.txt says it for all layers in one place.
function(playhead_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PRECOMPILE")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "playhead_layer(${name}): expected SOURCES <file>... [PRECOMPILE <header>...]; "
                            "links belong in engine/CMakeLists.txt. Got: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    add_library(playhead_${name} STATIC ${arg_SOURCES})
    target_include_directories(playhead_${name} PUBLIC "${PROJECT_SOURCE_DIR}/engine")
    target_link_libraries(playhead_${name} PRIVATE playhead_warnings)
    if(arg_PRECOMPILE)
        target_precompile_headers(playhead_${name} PRIVATE ${arg_PRECOMPILE})
    endif()
endfunction()

# playhead_executable(<name> SOURCES <file>... [LINKS <target>...])
function(playhead_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "playhead_executable(${name}): expected SOURCES <file>... [LINKS <target>...]")
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE playhead_warnings ${arg_LINKS})
endfunction()

# playhead_test(<layer> SOURCES <file>... [LINKS <target>...])
# One doctest executable playhead_<layer>_test. It links only that layer (when there is one of that name), which
# proves what the layer depends on; anything further is said in LINKS. It runs in the source folder.
function(playhead_test layer)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "playhead_test(${layer}): expected SOURCES <file>... [LINKS <target>...]")
    endif()
    set(name playhead_${layer}_test)
    add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:playhead_doctest_main>)
    target_link_libraries(${name} PRIVATE playhead_warnings doctest::doctest ${arg_LINKS})
    if(TARGET playhead_${layer})
        target_link_libraries(${name} PRIVATE playhead_${layer})
    endif()
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_compile_definitions(${name} PRIVATE DOCTEST_CONFIG_SUPER_FAST_ASSERTS)
    add_test(NAME ${layer} COMMAND ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${layer} PROPERTIES TIMEOUT 300)
endfunction()
