# `cmake --install BUILD --prefix PREFIX` gives what a program outside this tree needs: the public headers, the library with the
# static libraries that it is made of, and what find_package(Playhead) looks for.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# In the order in which a linker wants them.
set(playhead_private_parts playhead_replication playhead_room playhead_seal playhead_core playhead_beast playhead_asio)
set(library_folder "${CMAKE_INSTALL_LIBDIR}/playhead")
set(config_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Playhead")
file(RELATIVE_PATH playhead_config_to_prefix "/${config_folder}" "/")

install(TARGETS playhead_client ${playhead_private_parts} ARCHIVE DESTINATION "${library_folder}" COMPONENT client)
install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include/playhead" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT client)
# The one header of the engine that public ones need; it stands beside them, where they look first.
install(FILES "${PROJECT_SOURCE_DIR}/engine/core/value.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/playhead/core"
        COMPONENT client)

configure_file("${CMAKE_CURRENT_LIST_DIR}/PlayheadConfig.cmake.in" "${CMAKE_CURRENT_BINARY_DIR}/PlayheadConfig.cmake" @ONLY)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/PlayheadConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/PlayheadConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/PlayheadConfigVersion.cmake"
        DESTINATION "${config_folder}" COMPONENT client)
