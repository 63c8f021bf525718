# What is installed, and two Debian packages of it: `wasl` for offices, `wasl-hub` for the secretariat.
#
#   cpack --config build/release/CPackConfig.cmake -B build/packages     # after a build of the programs
#
# wasl_package(COMPONENT PROGRAM UNIT SETTINGS TITLE DESCRIPTION): the program with its manual page and completions,
# the service UNIT of systemd with a user of the program's name, and SETTINGS in /etc, explained and all at their defaults.

set(WASL_MAINTAINER "Wasl developers <developers@wasl.example>" CACHE STRING "Who answers for the packages")

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_CONTACT "${WASL_MAINTAINER}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)

# One file that a program prints. Compressed ones without name and time: the same build gives the same bytes.
function(wasl_printed program output)
  cmake_parse_arguments(PRINTED "COMPRESSED" "" "" ${ARGN})
  set(squeeze "")
  if(PRINTED_COMPRESSED)
    set(squeeze "| gzip -9n")
  endif()
  string(JOIN " " arguments ${PRINTED_UNPARSED_ARGUMENTS})
  add_custom_command(OUTPUT ${output} DEPENDS ${program} VERBATIM
    COMMAND sh -c "'$<TARGET_FILE:${program}>' ${arguments} ${squeeze} >'${output}'")
endfunction()

function(wasl_package component program unit settings title description)
  set(here ${CMAKE_BINARY_DIR}/manual)
  file(MAKE_DIRECTORY ${here})
  wasl_printed(${program} ${here}/${program}.1.gz manual COMPRESSED)
  wasl_printed(${program} ${here}/${program}.bash completion bash)
  wasl_printed(${program} ${here}/_${program} completion zsh)
  wasl_printed(${program} ${here}/${program}.fish completion fish)
  add_custom_command(OUTPUT ${here}/${settings} DEPENDS ${program} VERBATIM
    COMMAND sh -c "env -i '$<TARGET_FILE:${program}>' config >'${here}/${settings}'")
  add_custom_command(OUTPUT ${here}/${program}.changelog.gz DEPENDS ${here}/${program}.changelog VERBATIM
    COMMAND sh -c "gzip -9n <'${here}/${program}.changelog' >'${here}/${program}.changelog.gz'")
  # Everything that a package of it needs, for builds of a few targets.
  add_custom_target(packaged_${program} ALL DEPENDS ${program} ${here}/${settings} ${here}/${program}.1.gz
    ${here}/${program}.bash ${here}/_${program} ${here}/${program}.fish ${here}/${program}.changelog.gz)

  install(TARGETS ${program} RUNTIME DESTINATION bin COMPONENT ${component})
  if(program STREQUAL wasl)
    install(TARGETS wasl-text RUNTIME DESTINATION lib/wasl COMPONENT ${component})
    add_dependencies(packaged_${program} wasl-text)
  endif()
  install(FILES ${here}/${program}.1.gz DESTINATION share/man/man1 COMPONENT ${component})
  install(FILES ${here}/${program}.bash DESTINATION share/bash-completion/completions RENAME ${program}
    COMPONENT ${component})
  install(FILES ${here}/_${program} DESTINATION share/zsh/vendor-completions COMPONENT ${component})
  install(FILES ${here}/${program}.fish DESTINATION share/fish/vendor_completions.d COMPONENT ${component})

  # Not below the prefix: systemd and people look here.
  install(FILES ${unit} DESTINATION /lib/systemd/system COMPONENT ${component})
  install(FILES ${here}/${settings} DESTINATION /etc/${program} COMPONENT ${component})
  set(user ${program})
  foreach(script postinst prerm postrm conffiles)
    configure_file(${CMAKE_SOURCE_DIR}/shared/cmake/debian/${script}.in ${here}/${component}/${script} @ONLY)
    list(APPEND scripts ${here}/${component}/${script})
  endforeach()
  list(POP_BACK scripts conffiles)
  file(CHMOD ${scripts} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

  # Debian's own form: the licence is the system's copy of it, the list of changes is compressed.
  file(CONFIGURE OUTPUT ${here}/${program}.changelog CONTENT
"${program} (${PROJECT_VERSION}) unstable; urgency=medium

  * Version ${PROJECT_VERSION}.

 -- ${WASL_MAINTAINER}  Sat, 28 Nov 2026 12:00:00 +0000
")
  install(FILES ${here}/${program}.changelog.gz DESTINATION share/doc/${program} RENAME changelog.gz
    COMPONENT ${component})
  install(FILES ${CMAKE_SOURCE_DIR}/shared/cmake/debian/copyright DESTINATION share/doc/${program}
    COMPONENT ${component})

  string(TOUPPER ${component} upper)
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${program} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${scripts};${conffiles}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_STRICT_PERMISSION ON PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS adduser PARENT_SCOPE)
  # For wss:// addresses with a certificate that somebody vouches for; and for the text of PDFs that an office attaches.
  set(recommended ca-certificates)
  if(program STREQUAL wasl)
    string(APPEND recommended ", poppler-utils")
  endif()
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS ${recommended} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${title}\n${description}" PARENT_SCOPE)
endfunction()
