# Writes OUTPUT, which tells CTest the fast tests of PROGRAM: one for each file of FOLDER that has some. A process for
# each test case would take longer to start than most of them take. ARGUMENTS: what else each gets.
execute_process(COMMAND ${PROGRAM} --filenames-as-tags --list-tags "~[slow]" OUTPUT_VARIABLE tags)
string(REGEX MATCHALL "#[A-Za-z0-9_]+" files "${tags}")
if(NOT files)
    message(FATAL_ERROR "${PROGRAM} lists no tests:\n${tags}")
endif()
# OpenMP's waiting threads must not spin away the cores of the tests beside. Timed tests are slow ones, alone.
set(properties "LABELS fast TIMEOUT 300 ENVIRONMENT OMP_WAIT_POLICY=passive")
string(REPLACE ";" " " arguments "${ARGUMENTS}")
set(text "")
foreach(file ${files})
    string(SUBSTRING ${file} 1 -1 name)
    string(APPEND text "add_test([==[${FOLDER}: ${name}]==] ${PROGRAM} --filenames-as-tags ${arguments} [==[[${file}]~[slow]]==])\n"
        "set_tests_properties([==[${FOLDER}: ${name}]==] PROPERTIES ${properties})\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
