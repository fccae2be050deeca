# chatpad_judge_words: a library with the bytes of the trained word vectors, read where they lie
# (functions/shared/knowledge/judge_words.h).
set(judge_words ${CMAKE_SOURCE_DIR}/functions/shared/knowledge/judge_words.bin)
set(judge_blob ${CMAKE_BINARY_DIR}/generated/judge_words.S)
file(CONFIGURE OUTPUT ${judge_blob} @ONLY CONTENT
".section .rodata
.balign 16
.global chatpad_judge_words_begin
chatpad_judge_words_begin:
.incbin \"@judge_words@\"
.global chatpad_judge_words_end
chatpad_judge_words_end:
.byte 0
.section .note.GNU-stack,\"\",%progbits
")
set_source_files_properties(${judge_blob} PROPERTIES OBJECT_DEPENDS ${judge_words})
add_library(chatpad_judge_words STATIC ${judge_blob})
