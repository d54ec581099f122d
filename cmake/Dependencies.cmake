# Every library Tidemark uses, from Debian 12's packages (see deploy/dev/lib/packages).
find_package(Protobuf MODULE REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(pugixml CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(rapidcheck CONFIG REQUIRED)

# jemalloc in place of the C library's malloc, for a program that allocates on some threads what
# others free: the publisher drains about a tenth faster, in less memory. The sanitizers bring
# allocators of their own.
add_library(tidemark_allocator INTERFACE)
if(NOT TIDEMARK_SANITIZERS)
  find_library(TIDEMARK_JEMALLOC jemalloc REQUIRED)
  target_link_libraries(tidemark_allocator INTERFACE ${TIDEMARK_JEMALLOC})
endif()
