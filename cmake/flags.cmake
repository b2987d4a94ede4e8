# muc_flags: what every target of ours is compiled and linked with.
option(VERONA_WERROR "Warnings are errors (CI)" OFF)
option(VERONA_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer, no recovery" OFF)
option(VERONA_COVERAGE "Instrument for gcov" OFF)
option(VERONA_FUZZ "Build the libFuzzer targets (clang)" OFF)

add_library(muc_flags INTERFACE)
target_compile_definitions(muc_flags INTERFACE _GNU_SOURCE VERONA_VERSION="${PROJECT_VERSION}")
target_compile_options(muc_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla
    -Wswitch-enum -Wformat=2 -fno-omit-frame-pointer -fstack-protector-strong -fPIE)
if(CMAKE_C_COMPILER_ID MATCHES Clang)
    # What gcc does not say of the macros of uthash, and of the last value of protobuf-c's enums.
    target_compile_options(muc_flags INTERFACE -Wno-string-conversion -Wno-switch-enum)
endif()
target_link_options(muc_flags INTERFACE -pie -Wl,-z,relro,-z,now)
if(VERONA_WERROR)
    target_compile_options(muc_flags INTERFACE -Werror)
endif()
if(VERONA_SANITIZE)
    target_compile_options(muc_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_link_options(muc_flags INTERFACE -fsanitize=address,undefined)
else()
    target_compile_options(muc_flags INTERFACE
        $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2> -fcf-protection)
endif()
if(VERONA_FUZZ)
    target_compile_options(muc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(VERONA_COVERAGE)
    target_compile_options(muc_flags INTERFACE --coverage)
    target_link_options(muc_flags INTERFACE --coverage)
endif()
# Asserts stay on in releases.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
