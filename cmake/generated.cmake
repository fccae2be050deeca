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

set(CHATPAD_BUNDLES "")
file(GLOB_RECURSE sql_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/sql/*.sql)
list(SORT sql_files)
set(sql_rows "")
set(sql_blobs "")
set(sql_paths "")
set(index 0)
foreach(file IN LISTS sql_files)
  string(APPEND sql_blobs ".global chatpad_sql_${index}\nchatpad_sql_${index}:\n.incbin \"${CMAKE_SOURCE_DIR}/${file}\"\n.global chatpad_sql_${index}_end\nchatpad_sql_${index}_end:\n.byte 0\n")
  string(APPEND sql_declarations "extern const char chatpad_sql_${index}[], chatpad_sql_${index}_end[];\n")
  string(APPEND sql_rows "    {\"${file}\", {chatpad_sql_${index}, static_cast<size_t>(chatpad_sql_${index}_end - chatpad_sql_${index})}},\n")
  list(APPEND sql_paths ${CMAKE_SOURCE_DIR}/${file})
  math(EXPR index "${index} + 1")
endforeach()
set(sql_blob_file ${CMAKE_BINARY_DIR}/generated/sql_bundle.S)
set(sql_table_file ${CMAKE_BINARY_DIR}/generated/sql_bundle.cc)
file(CONFIGURE OUTPUT ${sql_blob_file} @ONLY CONTENT
".section .rodata
@sql_blobs@
.section .note.GNU-stack,\"\",%progbits
")
set_source_files_properties(${sql_blob_file} PROPERTIES OBJECT_DEPENDS "${sql_paths}")
file(CONFIGURE OUTPUT ${sql_table_file} @ONLY CONTENT
"// Generated: every file under sql/, in path order.
#include \"runtime/pg/migrate.h\"

extern \"C\" {
@sql_declarations@}

namespace chatpad::pg {
std::span<const SqlFile> sql_bundle() {
  static const SqlFile files[] = {
@sql_rows@  };
  return files;
}
}  // namespace chatpad::pg
")
set(CHATPAD_BUNDLES ${sql_blob_file} ${sql_table_file})
