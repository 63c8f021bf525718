# Language level, warnings and sanitizers that every room shares, as one interface target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(WASL_TESTS "Build the tests and benches" ON)
option(WASL_STATIC "For small boxes: all libraries but the C library and libsystemd inside the programs" OFF)
set(WASL_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")
set(WASL_COVERAGE "" CACHE STRING "Rooms whose branches are counted (tests/coverage)")

add_library(wasl_options INTERFACE)
target_compile_options(wasl_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  # g++ 12 says it of an empty std::optional when optimising, and of <regex> when instrumenting.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
# g++ 12 sees overruns inside its own library at -O2 (GCC bugs 105329, 105651, 107852); ASan sees the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(wasl_options INTERFACE
    -Wno-array-bounds -Wno-stringop-overread -Wno-stringop-overflow -Wno-restrict)
endif()
# With CMAKE_UNITY_BUILD files are compiled as parts of one, and what is local to one looks as if it were not.
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(wasl_options INTERFACE -Wno-subobject-linkage)
endif()
if(WASL_SANITIZE)
  add_compile_options(-fsanitize=${WASL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WASL_SANITIZE})
endif()

# What a program does not use, it does not load.
add_link_options(-Wl,--as-needed)

set(wasl_zstd zstd::libzstd_shared)
set(wasl_spdlog spdlog::spdlog)
if(WASL_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(wasl_zstd zstd::libzstd_static)
  set(wasl_spdlog spdlog::spdlog_header_only)
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-static-libstdc++ -static-libgcc -Wl,--gc-sections)
endif()
