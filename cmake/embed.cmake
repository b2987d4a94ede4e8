# muc_embed(TARGET FILE SYMBOL): FILE as bytes in TARGET: `SYMBOL` (followed by a NUL) and `SYMBOL_len`.
# Called as a script (cmake -P) it writes the C file.
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ ${INPUT} hex HEX)
    string(LENGTH "${hex}" digits)
    math(EXPR length "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
    file(WRITE ${OUTPUT} "#include <stddef.h>
extern const unsigned char ${SYMBOL}[];
extern const size_t ${SYMBOL}_len;
const unsigned char ${SYMBOL}[] = {
${bytes}0};
const size_t ${SYMBOL}_len = ${length};
")
    return()
endif()

set(MUC_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(muc_embed target file symbol)
    set(output ${CMAKE_BINARY_DIR}/generated/${symbol}.c)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -D INPUT=${CMAKE_SOURCE_DIR}/${file} -D OUTPUT=${output}
                -D SYMBOL=${symbol} -P ${MUC_EMBED_SCRIPT}
        DEPENDS ${CMAKE_SOURCE_DIR}/${file} ${MUC_EMBED_SCRIPT}
        VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()
