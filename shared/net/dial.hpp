#pragma once
// Inside shared/net only: the caller's way to a hub's machine: name, TCP, TLS.
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "shared/net/connect.hpp"
#include "shared/net/wire.hpp"

namespace wasl {

/// "12 s", "1.5 s".
std::string seconds_words(std::chrono::milliseconds time);

struct Dialled {
  Wire wire;
  Hash binding;  ///< what a hello on it is tied to
};

/// One attempt. It keeps itself alive through the operations under way.
class Dial : public std::enable_shared_from_this<Dial> {
 public:
  struct Options {
    LinkUrl url{};
    std::chrono::milliseconds limit{};          ///< for everything
    std::chrono::milliseconds address_limit{};  ///< as in ConnectOptions
    std::chrono::milliseconds waited{};         ///< as in ConnectOptions
    bool binds_certificate = false;
    Bytes tls_session{};
    std::function<void(Bytes)> keep_tls_session{};
  };
  /// Errors: no_link.
  using Done = std::function<void(Result<Dialled>)>;

  Dial(Loop& loop, Options options, Done done);
  void start();    ///< `done` is called once, later
  void give_up();  ///< `done` is not called any more

  /// host[:port], for the header and for words.
  static std::string name_of(const LinkUrl& url);
  /// What everybody says whom nobody answered. @param time that the caller waited in all.
  static Error not_answered(const std::string& name, std::chrono::milliseconds time);

 private:
  void on_resolved(boost::system::error_code error,
                   const boost::asio::ip::tcp::resolver::results_type& found);
  void try_address(boost::asio::ip::tcp::resolver::results_type::iterator at);
  void on_connected(boost::system::error_code error);
  void on_shaken(bool shaken);
  void failed(const std::string& words, std::string hint = {});
  void finish(Result<Dialled> result);
  void stop();
  boost::asio::ip::tcp::socket& socket() { return wire_.next_layer(); }

  Options options_;
  Done done_;  // empty: finished or given up
  std::string name_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::resolver::results_type addresses_;
  Wire wire_;
  boost::asio::steady_timer timer_;
  Timer address_timer_;
};

}  // namespace wasl
