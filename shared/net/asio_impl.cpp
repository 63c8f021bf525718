// The bodies of Asio and Beast, compiled once for the whole program (see CMakeLists.txt).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
