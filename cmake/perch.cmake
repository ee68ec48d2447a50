# What every target of perch shares: warnings, sanitizers, include root, the
# libraries of Debian it is built on, and the two helpers the folders use.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# The guard reads fields of libraft's structs, so another version needs another
# look (raft/README.md) before this number may change.
pkg_check_modules(RAFT REQUIRED IMPORTED_TARGET raft=0.15.0)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(SOFIA REQUIRED IMPORTED_TARGET sofia-sip-ua)
pkg_check_modules(ROCKSDB REQUIRED IMPORTED_TARGET rocksdb)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
# node/web/http_head.c knows how this version lays a request out in memory.
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd=0.9.75)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
# FTS5 and its reserved bytes of a page are in Debian's build of it.
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(BSD REQUIRED IMPORTED_TARGET libbsd)
pkg_check_modules(LDAP REQUIRED IMPORTED_TARGET ldap)
# Witnesses of the archive are asked by HTTP; its keys may be in tokens.
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
find_program(PROTOC_C protoc-c REQUIRED)

add_library(perch_flags INTERFACE)
target_compile_definitions(perch_flags INTERFACE _GNU_SOURCE)
# -iquote, not -I: our raft/ must never hide the library's <raft/uv.h>.
target_compile_options(perch_flags INTERFACE
  "SHELL:-iquote ${PROJECT_SOURCE_DIR}"
  "SHELL:-iquote ${PROJECT_BINARY_DIR}"
  -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wcast-qual -Wvla -Wformat=2 -Wundef
  -fno-strict-aliasing -fno-omit-frame-pointer
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
if(PERCH_SANITIZE STREQUAL "address")
  set(PERCH_SANITIZER_FLAGS -fsanitize=address,undefined
    -fno-sanitize-recover=all)
elseif(PERCH_SANITIZE STREQUAL "thread")
  set(PERCH_SANITIZER_FLAGS -fsanitize=thread)
  # Programs bring tests/tsan.supp with them, whoever starts them.
  file(STRINGS ${PROJECT_SOURCE_DIR}/tests/tsan.supp lines REGEX "^[a-z]")
  list(JOIN lines "\\n" lines)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/tsan_suppressions.c CONTENT
    "const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return \"@lines@\";
}
" @ONLY)
  set(PERCH_PROGRAM_SOURCES ${PROJECT_BINARY_DIR}/tsan_suppressions.c)
endif()
if(PERCH_FUZZ)
  list(APPEND PERCH_SANITIZER_FLAGS -fsanitize=fuzzer-no-link)
endif()
target_compile_options(perch_flags INTERFACE ${PERCH_SANITIZER_FLAGS})
target_link_options(perch_flags INTERFACE ${PERCH_SANITIZER_FLAGS})

# perch_library(NAME COMPONENT word SOURCES a.c b.c LINK other...)
# COMPONENT is the first word of the journal lines that come from NAME.
function(perch_library name)
  cmake_parse_arguments(ARG "" "COMPONENT" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC perch_flags ${ARG_LINK})
  target_compile_definitions(${name} PRIVATE
    JOURNAL_COMPONENT="${ARG_COMPONENT}")
endfunction()

# perch_program(NAME COMPONENT word SOURCES a.c LINK other...)
function(perch_program name)
  cmake_parse_arguments(ARG "" "COMPONENT" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${PERCH_PROGRAM_SOURCES})
  target_link_libraries(${name} PRIVATE perch_flags ${ARG_LINK})
  target_compile_definitions(${name} PRIVATE
    JOURNAL_COMPONENT="${ARG_COMPONENT}")
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# perch_protobuf(out_var file.proto ...): protobuf-c sources, made in the
# matching folder of the build tree and included as "proto/x.pb-c.h".
function(perch_protobuf out_var)
  set(made)
  foreach(file ${ARGN})
    get_filename_component(stem ${file} NAME_WE)
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}
      ${CMAKE_CURRENT_SOURCE_DIR})
    set(base ${PROJECT_BINARY_DIR}/${folder}/${stem}.pb-c)
    add_custom_command(
      OUTPUT ${base}.c ${base}.h
      COMMAND ${PROTOC_C} --c_out=${PROJECT_BINARY_DIR}
        --proto_path=${PROJECT_SOURCE_DIR} ${folder}/${file}
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      VERBATIM)
    # Generated code is not ours to keep free of warnings.
    set_source_files_properties(${base}.c PROPERTIES COMPILE_OPTIONS -w)
    list(APPEND made ${base}.c ${base}.h)
  endforeach()
  set(${out_var} ${made} PARENT_SCOPE)
endfunction()
