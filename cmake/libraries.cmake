# Everything that is not ours. All of it comes from Debian (packages.txt).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(GTest REQUIRED)
find_package(date REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(LWS REQUIRED IMPORTED_TARGET libwebsockets)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
find_library(STEMMER_LIBRARY stemmer REQUIRED)
find_library(ARGON2_LIBRARY argon2 REQUIRED)

# Debian ships llhttp as the C sources that node builds from.
add_library(llhttp STATIC /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c)
target_include_directories(llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
target_compile_options(llhttp PRIVATE -w -O2)

# XML and its signatures: for functions/shared/saml only, whose sources get the flags.
pkg_check_modules(XMLSEC REQUIRED xmlsec1-openssl)
file(GLOB saml_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/functions/shared/saml/*.cc)
set_source_files_properties(${saml_sources} PROPERTIES COMPILE_OPTIONS "${XMLSEC_CFLAGS}")

set(CHATPAD_FUNCTION_LIBRARIES ${STEMMER_LIBRARY} ${ARGON2_LIBRARY} date::date-tz
    PkgConfig::QRENCODE PkgConfig::RE2 PkgConfig::SIMDJSON ${XMLSEC_LINK_LIBRARIES})
