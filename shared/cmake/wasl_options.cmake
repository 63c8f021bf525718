# Language level, warnings and sanitizers that every room shares, as one interface target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(WASL_TESTS "Build the tests and benches" ON)
set(WASL_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")

add_library(wasl_options INTERFACE)
target_compile_options(wasl_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(WASL_SANITIZE)
  add_compile_options(-fsanitize=${WASL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WASL_SANITIZE})
endif()
