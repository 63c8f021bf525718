# wasl_room(NAME [USES room...] [LIBRARIES target...]): one static library from the .cpp files of the
# current folder. USES is the whole list of rooms it may include: the arrows of the architecture.
function(wasl_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM ROOM_USES PREPEND wasl_)
  add_library(wasl_${name} STATIC ${sources})
  target_include_directories(wasl_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(wasl_${name} PUBLIC ${ROOM_USES} ${ROOM_LIBRARIES} PRIVATE wasl_options)
  if(name IN_LIST WASL_COVERAGE)
    target_compile_options(wasl_${name} PRIVATE -O0 --coverage -fprofile-update=prefer-atomic)
    target_link_options(wasl_${name} PUBLIC --coverage)
  endif()
endfunction()
