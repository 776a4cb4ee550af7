# Embeds the page of `report` and `serve`: its template, its script files joined in order, its
# styles, each as one string literal. The hashes are what the page's content security policy allows.
#
#   cmake -D root=SOURCE -D out=assets.cpp -P cmake/embed_page.cmake
cmake_minimum_required(VERSION 3.25)
include(${root}/cmake/page_files.cmake)

function(join_files out)
    set(text "")
    foreach(name IN LISTS ARGN)
        file(READ ${root}/${name} content)
        string(APPEND text "${content}\n")
    endforeach()
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

join_files(markup ${FENCELINE_PAGE_TEMPLATE})
join_files(library ${FENCELINE_PAGE_LIBRARY})
join_files(script ${FENCELINE_PAGE_SCRIPTS})
join_files(style ${FENCELINE_PAGE_STYLES})
# One scope of the page's own: nothing of it is global.
set(script "${library}(() => {\n'use strict';\n${script}})();\n")

if(script MATCHES "</script|<!--" OR style MATCHES "</style")
    message(FATAL_ERROR "a page file ends the element that it is embedded in")
endif()

string(SHA256 script_hash "${script}")
string(SHA256 style_hash "${style}")
set(literals "")
foreach(name IN ITEMS markup script style script_hash style_hash)
    string(APPEND literals
        "const std::string_view ${name} = R\"fenceline~(${${name}})fenceline~\";\n")
endforeach()
file(WRITE ${out} "// Made by cmake/embed_page.cmake.\n#include \"replay/report/assets.hpp\"\n"
    "namespace fenceline::replay::report::assets {\n${literals}}\n")
