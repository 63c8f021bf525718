#pragma once
// The one thread of a program: everything in shared/net and all code it calls back runs inside run().
// Only Loop::post() and Loop::stop() may be called from elsewhere.
#include <chrono>
#include <functional>
#include <memory>

#include "shared/base/environment.hpp"

namespace boost::asio {
class io_context;
}

namespace wasl {

/// For deadlines: never jumps, and says nothing about the time of day.
Millis steady_millis();

/// The event loop. It must outlive every timer, channel, listener and local server made on it.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). May be called again afterwards.
  void run();
  /// Runs for at most this long: for tests.
  void run_for(std::chrono::milliseconds most);
  void stop();                            ///< from any thread
  void post(std::function<void()> task);  ///< from any thread; never runs the task before it returns
  /// SIGINT and SIGTERM call `first` (or stop, if there is none); a second one stops in any case, so
  /// that an orderly end that hangs can be cut short.
  void on_signal(std::function<void()> first = {});

  /// For the .cpp files of this room.
  [[nodiscard]] boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls one function once, later. Starting again replaces what was armed; the destructor disarms, also
/// from inside the function.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(std::chrono::milliseconds after, std::function<void()> fire);
  void cancel();
  [[nodiscard]] bool armed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Waits longer after each failure, up to a bound, with a random part so that offices that lost the same
/// hub do not all come back in the same second. Doubles while people wait for the line; then grows so
/// slowly that a line that was gone for an hour is found again within minutes of its return.
class BackoffTimer {
 public:
  struct Options {
    std::chrono::milliseconds first{1000};
    std::chrono::milliseconds doubles_below{6'000};
    std::chrono::milliseconds most{300'000};
  };
  BackoffTimer(Loop& loop, Random& random, Options options);
  BackoffTimer(Loop& loop, Random& random) : BackoffTimer(loop, random, Options{}) {}

  /// Arms the next, longer wait. @return how long it is: between half of the step and the whole.
  std::chrono::milliseconds start(std::function<void()> fire);
  void reset();  ///< the link works: the next wait is short again. What is armed is disarmed.
  [[nodiscard]] bool armed() const { return timer_.armed(); }

 private:
  Timer timer_;
  Random& random_;
  Options options_;
  std::chrono::milliseconds step_;
};

}  // namespace wasl
