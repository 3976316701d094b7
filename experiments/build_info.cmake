# Writes build_info.h: version, compiler, build type and the commit built. Run at every build; the file is touched only
# when something changed, so that a new commit recompiles one small file.
# In: OUTPUT, SOURCE_DIR, VERSION, COMPILER, BUILD_TYPE, SANITIZE.
cmake_minimum_required(VERSION 3.25)
set(COMMIT "")
set(DIRTY false)
find_package(Git QUIET)
if(GIT_FOUND)
    # An unpacked archive inside some other repository must not take that one's commit.
    execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --show-prefix HEAD
        WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE ANSWER RESULT_VARIABLE FAILED ERROR_QUIET)
    if(NOT FAILED AND ANSWER MATCHES "^\n([0-9a-f]+)\n$")
        string(SUBSTRING ${CMAKE_MATCH_1} 0 12 COMMIT)
        execute_process(COMMAND ${GIT_EXECUTABLE} status --porcelain --untracked-files=no
            WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE CHANGES ERROR_QUIET)
        if(CHANGES)
            set(DIRTY true)
        endif()
    endif()
endif()
set(BUILD "${VERSION} ${COMPILER} ${BUILD_TYPE}")
if(SANITIZE)
    string(APPEND BUILD " ${SANITIZE}")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT
"#pragma once
// Written at build time by experiments/build_info.cmake.
#define DILASCOPE_BUILD \"@BUILD@\"
#define DILASCOPE_GIT_COMMIT \"@COMMIT@\"
#define DILASCOPE_GIT_DIRTY @DIRTY@
")
