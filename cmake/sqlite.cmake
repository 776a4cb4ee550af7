# The system's SQLite, or an amalgamation (sqlite3.c, sqlite3.h) that is built in: for those who
# want a release of their own choice. Either way it is called SQLite::SQLite3 from here on.
set(FENCELINE_SQLITE_AMALGAMATION "" CACHE PATH
    "Folder with sqlite3.c and sqlite3.h to build in; empty: the system's SQLite")

if(NOT FENCELINE_SQLITE_AMALGAMATION)
    find_package(SQLite3 REQUIRED)
    return()
endif()

enable_language(C)
add_library(fenceline_sqlite STATIC ${FENCELINE_SQLITE_AMALGAMATION}/sqlite3.c)
add_library(SQLite::SQLite3 ALIAS fenceline_sqlite)
set_target_properties(fenceline_sqlite PROPERTIES EXPORT_NAME sqlite)
target_include_directories(fenceline_sqlite SYSTEM PUBLIC
    $<BUILD_INTERFACE:${FENCELINE_SQLITE_AMALGAMATION}>)
target_compile_options(fenceline_sqlite PRIVATE -w)
# What the journal does without stays out; what it needs is set on each connection.
target_compile_definitions(fenceline_sqlite PRIVATE SQLITE_THREADSAFE=1 SQLITE_DQS=0
    SQLITE_OMIT_DEPRECATED SQLITE_OMIT_SHARED_CACHE SQLITE_OMIT_LOAD_EXTENSION
    SQLITE_DEFAULT_SYNCHRONOUS=2 SQLITE_DEFAULT_WAL_SYNCHRONOUS=2 SQLITE_ENABLE_COLUMN_METADATA)
target_link_libraries(fenceline_sqlite PUBLIC Threads::Threads)
