# The wire, schemas/*.fbs, becomes generated/schemas/<name>_generated.h in the build folder:
#     target_link_libraries(x PRIVATE playhead_schemas)   and   #include "schemas/<name>_generated.h"

find_program(PLAYHEAD_FLATC flatc)
if(NOT PLAYHEAD_FLATC)
    message(FATAL_ERROR "flatc is missing: run tools/setup (Debian package flatbuffers-compiler)")
endif()

# Generated code and headers of different FlatBuffers versions may compile together and still disagree on the wire.
execute_process(COMMAND "${PLAYHEAD_FLATC}" --version OUTPUT_VARIABLE flatc_says OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" flatc_version "${flatc_says}")
get_target_property(flatbuffers_include flatbuffers::flatbuffers INTERFACE_INCLUDE_DIRECTORIES)
find_path(flatbuffers_include_dir flatbuffers/base.h HINTS ${flatbuffers_include} NO_CACHE REQUIRED)
file(STRINGS "${flatbuffers_include_dir}/flatbuffers/base.h" version_lines
     REGEX "#define FLATBUFFERS_VERSION_(MAJOR|MINOR|REVISION) [0-9]+")
string(REGEX MATCHALL "[0-9]+" headers_version "${version_lines}")
list(JOIN headers_version "." headers_version)
if(NOT flatc_version STREQUAL headers_version)
    message(FATAL_ERROR "flatc is ${flatc_version} (${PLAYHEAD_FLATC}) but the FlatBuffers headers are "
                        "${headers_version} (${flatbuffers_include_dir}). Install both from one Debian release: "
                        "apt-get install flatbuffers-compiler libflatbuffers-dev")
endif()

add_library(playhead_schemas INTERFACE)
target_include_directories(playhead_schemas SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/generated")
target_link_libraries(playhead_schemas INTERFACE playhead_flatbuffers)

file(GLOB schema_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/schemas/*.fbs")
set(schema_headers "")
foreach(schema IN LISTS schema_files)
    get_filename_component(name "${schema}" NAME_WE)
    set(header "${PROJECT_BINARY_DIR}/generated/schemas/${name}_generated.h")
    # Every schema is a dependency of every header: there are few, and they include each other.
    add_custom_command(
        OUTPUT "${header}"
        COMMAND "${PLAYHEAD_FLATC}" --cpp --cpp-std c++17 --scoped-enums
                -I "${PROJECT_SOURCE_DIR}/schemas" -o "${PROJECT_BINARY_DIR}/generated/schemas" "${schema}"
        DEPENDS ${schema_files} "${PLAYHEAD_FLATC}"
        COMMENT "flatc ${name}.fbs"
        VERBATIM)
    list(APPEND schema_headers "${header}")
endforeach()
add_custom_target(playhead_generate_schemas DEPENDS ${schema_headers})
add_dependencies(playhead_schemas playhead_generate_schemas)
