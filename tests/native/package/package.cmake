# Installs the client library, builds the example outside the tree from what was installed and a folder of its own, and runs it.
#     cmake -D BUILD=... -D FOLDER=... -D EXAMPLE=... -D PROGRAM=... -D COMPILER=... -D FLAGS=... -P package.cmake
function(must what)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "${what}: ${code}\n${out}")
    endif()
endfunction()

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}/source")
must("install" ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${FOLDER}/prefix" --component client)

# Public headers name nothing of what they are made with.
file(GLOB_RECURSE headers "${FOLDER}/prefix/*.hpp")
list(LENGTH headers count)
if(count LESS 8)
    message(FATAL_ERROR "only ${count} headers were installed")
endif()
foreach(header IN LISTS headers)
    file(STRINGS "${header}" includes REGEX "#include.*(enet|boost|flatbuffers|sodium|openssl|_generated|schemas)")
    if(includes)
        message(FATAL_ERROR "${header} includes what is private: ${includes}")
    endif()
endforeach()

file(COPY "${PROGRAM}/CMakeLists.txt" "${EXAMPLE}" DESTINATION "${FOLDER}/source")
must("configure" ${CMAKE_COMMAND} -S "${FOLDER}/source" -B "${FOLDER}/build" "-DCMAKE_PREFIX_PATH=${FOLDER}/prefix"
     "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
must("build" ${CMAKE_COMMAND} --build "${FOLDER}/build")

execute_process(COMMAND "${FOLDER}/build/stranger" "http://nowhere" RESULT_VARIABLE code OUTPUT_VARIABLE out
                ERROR_VARIABLE out INPUT_FILE /dev/null TIMEOUT 60)
if(NOT code EQUAL 1 OR NOT out MATCHES "a link looks like")
    message(FATAL_ERROR "what was built does not say what a link looks like: ${code}\n${out}")
endif()
file(REMOVE_RECURSE "${FOLDER}")
