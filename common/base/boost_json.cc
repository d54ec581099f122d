// Boost.JSON is used header-only, for its parser: these are its definitions, for all programs.
#include <boost/json/src.hpp>
