# muc_revision: `verona_revision` (base/revision.h), the commit that the source is; "" where nobody can tell.
# Looked up at every build, as a commit needs no new configuration; the file is written, and what links it
# linked, when it changed. Programs alone link it: no test and no library of ours is made anew by a commit.
# Called as a script (cmake -P) it writes the C file.
if(CMAKE_SCRIPT_MODE_FILE)
    cmake_minimum_required(VERSION 3.25)
    set(revision "${REVISION}")
    set(archived "$Format:%h$") # git archive puts it in (.gitattributes)
    if(NOT revision AND archived MATCHES "^[0-9a-f]+$")
        set(revision ${archived})
    endif()
    # Only our own: an unpacked tarball may lie within a checkout of something else.
    find_program(GIT git)
    if(NOT revision AND GIT AND EXISTS ${SOURCE}/.git)
        execute_process(COMMAND ${GIT} --no-optional-locks -C ${SOURCE}
                                describe --always --dirty --abbrev=12 --exclude=*
                        OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    if(NOT revision MATCHES "^[0-9A-Za-z._+-]*$")
        set(revision "")
    endif()
    file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#include \"base/revision.h\"
const char verona_revision[] = \"@revision@\";
")
    return()
endif()

set(VERONA_REVISION "" CACHE STRING "The commit that programs name; empty: as git says")
set(revision_c ${CMAKE_BINARY_DIR}/generated/revision.c)
add_custom_target(revision_c BYPRODUCTS ${revision_c}
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D OUTPUT=${revision_c}
            -D REVISION=${VERONA_REVISION} -P ${CMAKE_CURRENT_LIST_FILE}
    VERBATIM)
add_library(muc_revision STATIC ${revision_c})
target_include_directories(muc_revision PRIVATE ${CMAKE_SOURCE_DIR}/common)
target_link_libraries(muc_revision PRIVATE muc_flags)
add_dependencies(muc_revision revision_c)
