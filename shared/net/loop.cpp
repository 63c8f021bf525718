#include "shared/net/loop.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

namespace wasl {
namespace asio = boost::asio;
using boost::system::error_code;

Millis steady_millis() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

struct Loop::State {
  asio::io_context context{1};  // one thread runs it; others may post
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  asio::signal_set signals{context};
  std::function<void()> on_first_signal;

  void await_signal() {
    signals.async_wait([this](error_code error, int) {
      if (error) return;
      const auto first = std::exchange(on_first_signal, nullptr);
      if (!first) return context.stop();
      await_signal();
      first();
    });
  }
};

Loop::Loop() : state_(std::make_unique<State>()) {}
Loop::~Loop() = default;

void Loop::run() {
  state_->context.restart();
  state_->context.run();
}

void Loop::run_for(std::chrono::milliseconds most) {
  state_->context.restart();
  state_->context.run_for(most);
}

void Loop::stop() { state_->context.stop(); }
void Loop::post(std::function<void()> task) { asio::post(state_->context, std::move(task)); }

void Loop::on_signal(std::function<void()> first) {
  error_code ignored;  // fails only for signals that cannot be caught
  state_->signals.cancel(ignored);
  state_->signals.clear(ignored);
  state_->signals.add(SIGINT, ignored);
  state_->signals.add(SIGTERM, ignored);
  state_->on_first_signal = std::move(first);
  state_->await_signal();
}

asio::io_context& Loop::context() { return state_->context; }

// ── Timer

struct Timer::State {
  explicit State(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> fire;
  std::uint64_t generation = 0;  // a handler that is queued already cannot be cancelled, only outdated
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}
Timer::~Timer() { cancel(); }

void Timer::start(std::chrono::milliseconds after, std::function<void()> fire) {
  State& state = *state_;
  state.fire = std::move(fire);
  const std::uint64_t generation = ++state.generation;
  state.timer.expires_after(after);
  state.timer.async_wait([kept = state_, generation](error_code) {
    if (kept->generation != generation) return;
    const auto call = std::exchange(kept->fire, nullptr);
    call();
  });
}

void Timer::cancel() {
  ++state_->generation;
  state_->fire = nullptr;
  state_->timer.cancel();
}

bool Timer::armed() const { return state_->fire != nullptr; }

// ── BackoffTimer

BackoffTimer::BackoffTimer(Loop& loop, Random& random, Options options)
    : timer_(loop), random_(random), options_(options), step_(options.first) {}

std::chrono::milliseconds BackoffTimer::start(std::function<void()> fire) {
  std::array<Byte, 4> dice{};
  random_.fill(dice);
  std::uint64_t part = 0;  // of 2^32
  for (const Byte b : dice) part = part << 8 | b;
  const auto half = step_.count() / 2;
  const std::chrono::milliseconds wait(step_.count() - half + (half * static_cast<std::int64_t>(part) >> 32));
  step_ = std::min(options_.most, step_ < options_.doubles_below ? std::min(step_ * 2, options_.doubles_below)
                                                                 : step_ + step_ / 16);
  timer_.start(wait, std::move(fire));
  return wait;
}

void BackoffTimer::reset() {
  step_ = options_.first;
  timer_.cancel();
}

}  // namespace wasl
