# Compiler flags that every target of ours shares.
option(CHATPAD_ASAN "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(CHATPAD_TSAN "ThreadSanitizer" OFF)

add_library(chatpad_options INTERFACE)
target_include_directories(chatpad_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(chatpad_options INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers -fstack-protector-strong -fno-plt)
target_compile_definitions(chatpad_options INTERFACE CHATPAD_VERSION="${PROJECT_VERSION}")
target_compile_definitions(chatpad_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_link_options(chatpad_options INTERFACE -Wl,-z,relro,-z,now -Wl,--gc-sections)
target_compile_options(chatpad_options INTERFACE -ffunction-sections -fdata-sections)

if(CHATPAD_ASAN)
  target_compile_options(chatpad_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(chatpad_options INTERFACE -fsanitize=address,undefined)
endif()
if(CHATPAD_TSAN)
  target_compile_options(chatpad_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(chatpad_options INTERFACE -fsanitize=thread)
endif()
