# CUDA is optional. AUTO builds it when nvcc is found; ON fails without it; the binary starts on machines without a driver.
set(DILASCOPE_HAS_CUDA OFF)
if(NOT DILASCOPE_CUDA STREQUAL "OFF")
    include(CheckLanguage)
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
        set(DILASCOPE_HAS_CUDA ON)
    elseif(DILASCOPE_CUDA STREQUAL "ON")
        message(FATAL_ERROR "DILASCOPE_CUDA=ON, but nvcc was not found; install the CUDA Toolkit 12.4 or newer, or use -DDILASCOPE_CUDA=OFF")
    endif()
endif()
if(DILASCOPE_HAS_CUDA)
    set(CMAKE_CUDA_ARCHITECTURES 80 90a-real)  # Ampere and Hopper, and PTX that a driver compiles for what else there is
    enable_language(CUDA)
    # A target takes the variable when it is made, before this file; and CMake 3.25 does not know that nvcc has C++20.
    set_target_properties(dilascope_engine PROPERTIES CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}")
    if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
        set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20 CACHE INTERNAL "nvcc's flag of C++20")
    endif()
    find_package(CUDAToolkit REQUIRED)
    file(GLOB_RECURSE ENGINE_CUDA_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cu)
    target_sources(dilascope_engine PRIVATE ${ENGINE_CUDA_SOURCES})
    # CMake since 3.31 would batch these as well, and the longest of all files would wait for each other.
    set_source_files_properties(${ENGINE_CUDA_SOURCES} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    # Index logic is constexpr, so that both processors compile it. ptxas tells the registers of every kernel,
    # and warns of one that spills: an error, as warnings are.
    target_compile_options(dilascope_engine PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:--expt-relaxed-constexpr -Xptxas -v,-warn-spills$<$<BOOL:${DILASCOPE_WERROR}>:,-Werror>>")
    target_compile_definitions(dilascope_engine PRIVATE DILASCOPE_HAS_CUDA=1)
    target_link_libraries(dilascope_engine PRIVATE CUDA::cudart_static)
    # cuBLAS is loaded when it is first needed; where it lies is known here, and need not be on the linker's path.
    set_source_files_properties(backends/cuda/cublas_lt.cpp PROPERTIES
        COMPILE_DEFINITIONS DILASCOPE_CUDA_LIBRARY_DIR="${CUDAToolkit_LIBRARY_DIR}")
endif()
message(STATUS "Dilascope CUDA part: ${DILASCOPE_HAS_CUDA}")
