# The source file that holds the page of `report` and `serve`, made anew when a part of it changes.
include(cmake/page_files.cmake)

set(FENCELINE_PAGE_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/page_assets.cpp)
set(page_parts ${FENCELINE_PAGE_TEMPLATE} ${FENCELINE_PAGE_LIBRARY} ${FENCELINE_PAGE_STYLES}
    ${FENCELINE_PAGE_SCRIPTS})
list(TRANSFORM page_parts PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
add_custom_command(OUTPUT ${FENCELINE_PAGE_SOURCE}
    COMMAND ${CMAKE_COMMAND} -D root=${CMAKE_CURRENT_SOURCE_DIR} -D out=${FENCELINE_PAGE_SOURCE}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/embed_page.cmake
    DEPENDS ${page_parts} ${CMAKE_CURRENT_SOURCE_DIR}/cmake/embed_page.cmake
            ${CMAKE_CURRENT_SOURCE_DIR}/cmake/page_files.cmake
    COMMENT "Embedding the incident page" VERBATIM)
