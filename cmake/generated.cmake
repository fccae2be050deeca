# Generated, visible sources: the endpoint table (one line per functions/<area>/<endpoint>.cc) and
# the SQL bundle (every file under sql/, so that the program needs no files beside itself).
file(GLOB endpoint_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
     ${CMAKE_SOURCE_DIR}/functions/*/*.cc)
list(FILTER endpoint_files EXCLUDE REGEX "^functions/shared/|_test\\.cc$")
list(SORT endpoint_files)

set(CHATPAD_ENDPOINT_TABLE ${CMAKE_BINARY_DIR}/generated/endpoint_table.cc)
set(declarations "")
set(rows "")
foreach(file IN LISTS endpoint_files)
  get_filename_component(area ${file} DIRECTORY)
  get_filename_component(area ${area} NAME)
  get_filename_component(name ${file} NAME_WE)
  string(APPEND declarations "namespace ${area}::${name} { Endpoint endpoint(); }\n")
  string(APPEND rows "      {\"${area}\", \"${name}\", ${area}::${name}::endpoint()},\n")
endforeach()
file(CONFIGURE OUTPUT ${CHATPAD_ENDPOINT_TABLE} @ONLY CONTENT
"// Generated from the files in functions/<area>/. One row per endpoint file.
#include \"runtime/edge/endpoint.h\"

namespace chatpad::functions {
using edge::Endpoint;
@declarations@
std::vector<edge::NamedEndpoint> endpoint_table() {
  return {
@rows@  };
}
}  // namespace chatpad::functions
")

# chatpad_bundle(name glob header namespace type function): the files of a glob as one table in the
# program. Sets CHATPAD_BUNDLES.
function(chatpad_bundle name glob header namespace type function)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${glob})
  list(SORT files)
  set(blobs "")
  set(declarations "")
  set(rows "")
  set(paths "")
  set(index 0)
  foreach(file IN LISTS files)
    set(symbol chatpad_${name}_${index})
    string(APPEND blobs ".global ${symbol}\n${symbol}:\n.incbin \"${CMAKE_SOURCE_DIR}/${file}\"\n"
                        ".global ${symbol}_end\n${symbol}_end:\n.byte 0\n")
    string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND rows "    {\"${file}\", {${symbol}, static_cast<size_t>(${symbol}_end - ${symbol})}},\n")
    list(APPEND paths ${CMAKE_SOURCE_DIR}/${file})
    math(EXPR index "${index} + 1")
  endforeach()
  set(blob_file ${CMAKE_BINARY_DIR}/generated/${name}_bundle.S)
  set(table_file ${CMAKE_BINARY_DIR}/generated/${name}_bundle.cc)
  file(CONFIGURE OUTPUT ${blob_file} @ONLY CONTENT
".section .rodata
@blobs@
.section .note.GNU-stack,\"\",%progbits
")
  set_source_files_properties(${blob_file} PROPERTIES OBJECT_DEPENDS "${paths}")
  file(CONFIGURE OUTPUT ${table_file} @ONLY CONTENT
"// Generated: ${glob}, in path order.
#include \"${header}\"

extern \"C\" {
@declarations@}

namespace ${namespace} {
std::span<const ${type}> ${function}() {
  static const ${type} files[] = {
@rows@  };
  return files;
}
}  // namespace ${namespace}
")
  set(CHATPAD_BUNDLES ${CHATPAD_BUNDLES} ${blob_file} ${table_file} PARENT_SCOPE)
endfunction()

set(CHATPAD_BUNDLES "")
chatpad_bundle(sql "sql/*.sql" runtime/pg/migrate.h chatpad::pg SqlFile sql_bundle)
