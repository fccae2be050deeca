# chatpad-extract, which reads the files of strangers (extract/), and chatpad_extractor: a library with
# its bytes, so that the program needs no second file. Only this one loads poppler and its like; the
# program starts without them. It is never built with a sanitizer, which would not fit into its limits.
pkg_check_modules(POPPLER REQUIRED IMPORTED_TARGET poppler-cpp)
pkg_check_modules(GUMBO REQUIRED IMPORTED_TARGET gumbo)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(CMARK REQUIRED IMPORTED_TARGET libcmark)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
find_package(pugixml REQUIRED)

file(GLOB extract_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/extract/*.cc)
set(extract_tests ${extract_sources})
list(FILTER extract_tests INCLUDE REGEX "_test\\.cc$")
list(FILTER extract_sources EXCLUDE REGEX "_test\\.cc$")
list(APPEND extract_sources
  functions/shared/text/blocks.cc functions/shared/text/chunk.cc functions/shared/text/fold.cc
  functions/shared/text/sentences.cc functions/shared/text/tokenize.cc runtime/wire/json.cc
  runtime/wire/json_check.cc runtime/base/error.cc runtime/base/uuid.cc runtime/base/check.cc)
set(extract_libraries PkgConfig::POPPLER PkgConfig::GUMBO PkgConfig::LIBZIP PkgConfig::CMARK
    PkgConfig::SECCOMP pugixml::pugixml ZLIB::ZLIB)

add_executable(chatpad-extract ${extract_sources})
target_include_directories(chatpad-extract PRIVATE ${CMAKE_SOURCE_DIR})
target_compile_options(chatpad-extract PRIVATE
  -O2 -Wall -Wextra -Wpedantic -fstack-protector-strong -ffunction-sections -fdata-sections)
target_link_options(chatpad-extract PRIVATE -s -Wl,--gc-sections -Wl,--as-needed)
target_link_libraries(chatpad-extract PRIVATE ${extract_libraries})

set(extractor_blob ${CMAKE_BINARY_DIR}/generated/extractor_bundle.S)
file(CONFIGURE OUTPUT ${extractor_blob} @ONLY CONTENT
".section .rodata
.global chatpad_extractor_begin
chatpad_extractor_begin:
.incbin \"@CMAKE_BINARY_DIR@/chatpad-extract\"
.global chatpad_extractor_end
chatpad_extractor_end:
.byte 0
.section .note.GNU-stack,\"\",%progbits
")
set_source_files_properties(${extractor_blob} PROPERTIES
  OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/chatpad-extract)
add_library(chatpad_extractor STATIC ${extractor_blob})
add_dependencies(chatpad_extractor chatpad-extract)

# What of it needs no library that reads files, with tests; a sanitizer fits here.
add_executable(extract_test
  ${extract_tests} extract/csv.cc extract/pdf_text.cc extract/emitter.cc extract/sandbox.cc)
target_link_libraries(extract_test PRIVATE functions_shared PkgConfig::SECCOMP GTest::gtest_main GTest::gmock chatpad_options)
set_property(GLOBAL APPEND PROPERTY CHATPAD_TESTS extract_test)
