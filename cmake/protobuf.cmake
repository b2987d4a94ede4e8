# muc_proto: C code from proto/muc.proto, built and never committed.
find_program(PROTOC_C protoc-c REQUIRED)
set(generated ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${generated}/proto)
add_custom_command(
    OUTPUT ${generated}/proto/muc.pb-c.c ${generated}/proto/muc.pb-c.h
    COMMAND ${PROTOC_C} --c_out=${generated} -I ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/proto/muc.proto
    DEPENDS ${CMAKE_SOURCE_DIR}/proto/muc.proto
    VERBATIM)
add_library(muc_proto STATIC ${generated}/proto/muc.pb-c.c ${generated}/proto/muc.pb-c.h)
set_target_properties(muc_proto PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(muc_proto SYSTEM PUBLIC ${generated})
target_link_libraries(muc_proto PUBLIC pkg::protobufc)
if(VERONA_SANITIZE)
    target_compile_options(muc_proto PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all)
endif()
if(VERONA_FUZZ)
    target_compile_options(muc_proto PRIVATE -fsanitize=fuzzer-no-link)
endif()
