# cmake -D FILE=<file in engine/> -D FROM=<its path> -D TO=<path> -P break_source.cmake
# Copies an engine source and puts into the copy all mistakes of mistakes.cmake that are for it. A text that is not there,
# or is there more than once, is an error: the mistake would not be the one that is meant.
file(READ "${FROM}" source)
function(mistake name invariant file text instead)
    if(NOT file STREQUAL FILE)
        return()
    endif()
    string(FIND "${source}" "${text}" first)
    string(FIND "${source}" "${text}" last REVERSE)
    if(first EQUAL -1 OR NOT first EQUAL last)
        message(FATAL_ERROR "tests/simulation/mistakes.cmake: ${name}: its text is to be found once in engine/${file}")
    endif()
    string(REPLACE "${text}" "${instead}" source "${source}")
    set(source "${source}" PARENT_SCOPE)
endfunction()
include("${CMAKE_CURRENT_LIST_DIR}/mistakes.cmake")
file(WRITE "${TO}" "#include \"simulation/broken.hpp\"\nusing playhead::simulation::breaks;\n${source}")
