# What browsers get (widget-assets/), built by node and compiled into the program.
#
# chatpad_assets: a library with asset_bundle() of runtime/edge/assets.h. Made anew whenever a file
# of widget-assets/ or a package version changes.
if(NOT EXISTS ${CMAKE_SOURCE_DIR}/node_modules/esbuild/package.json)
  message(FATAL_ERROR "The packages that the pages are built from are not installed: run ./dev build.")
endif()

# The pinned node when it runs on this machine, else the system's.
file(GLOB node_candidates ${CMAKE_SOURCE_DIR}/node_modules/node-linux-*/bin/node)
find_program(CHATPAD_SYSTEM_NODE NAMES node nodejs)
set(CHATPAD_NODE "")
foreach(candidate IN LISTS node_candidates CHATPAD_SYSTEM_NODE)
  execute_process(COMMAND ${candidate} --version RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed)
    set(CHATPAD_NODE ${candidate})
    break()
  endif()
endforeach()
if(NOT CHATPAD_NODE)
  message(FATAL_ERROR "No node was found: run ./dev build.")
endif()

file(GLOB_RECURSE asset_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/widget-assets/*)
set(assets_folder ${CMAKE_BINARY_DIR}/generated/assets)
add_custom_command(
  OUTPUT ${assets_folder}/assets_bundle.cc ${assets_folder}/assets_bundle.S
  COMMAND ${CHATPAD_NODE} ${CMAKE_SOURCE_DIR}/widget-assets/build.mjs ${assets_folder}
  DEPENDS ${asset_sources} ${CMAKE_SOURCE_DIR}/package-lock.json
  COMMENT "Building the pages"
  VERBATIM)
add_library(chatpad_assets STATIC ${assets_folder}/assets_bundle.cc ${assets_folder}/assets_bundle.S)
target_link_libraries(chatpad_assets PRIVATE chatpad_options)
