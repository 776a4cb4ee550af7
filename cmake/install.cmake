# The installed tree: the library, its public headers, the program, and the CMake package.
#
#   find_package(fenceline 0.1 REQUIRED)                          -> fenceline::fenceline
#   find_package(fenceline 0.1 REQUIRED COMPONENTS prometheus)    -> fenceline::prometheus too
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fenceline)
set(header_dir ${CMAKE_INSTALL_INCLUDEDIR}/fenceline)

install(TARGETS fenceline EXPORT fenceline-targets FILE_SET HEADERS DESTINATION ${header_dir})
set(own_sqlite FALSE)
if(TARGET fenceline_sqlite)
    set(own_sqlite TRUE)
    install(TARGETS fenceline_sqlite EXPORT fenceline-targets)
endif()
install(EXPORT fenceline-targets NAMESPACE fenceline:: DESTINATION ${package_dir})

# Apart, so that only those who ask for the exporter need prometheus-cpp.
if(TARGET fenceline_prometheus)
    install(TARGETS fenceline_prometheus EXPORT fenceline-prometheus-targets
            FILE_SET HEADERS DESTINATION ${header_dir})
    install(EXPORT fenceline-prometheus-targets NAMESPACE fenceline:: DESTINATION ${package_dir})
endif()
if(TARGET fenceline_program)
    install(TARGETS fenceline_program)
endif()

configure_package_config_file(cmake/fenceline-config.cmake.in fenceline-config.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(fenceline-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/fenceline-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/fenceline-config-version.cmake
        DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
