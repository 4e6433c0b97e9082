# find_package(momos) gives the target momos::momos.
# The folder may be found by a link, as /lib is where it is one to /usr/lib.
get_filename_component(momos_prefix "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(momos_prefix "${momos_prefix}/../../.." ABSOLUTE)
if(NOT TARGET momos::momos)
  add_library(momos::momos SHARED IMPORTED)
  set_target_properties(momos::momos PROPERTIES
    IMPORTED_LOCATION "${momos_prefix}/lib/libmomos.so.1"
    IMPORTED_SONAME "libmomos.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${momos_prefix}/include")
endif()
