#include "server/app/sharing.hpp"

#include "server/app/desk.hpp"
#include "shared/log/log.hpp"

namespace wasl {
namespace {

constexpr std::chrono::milliseconds kWaiting{5};  // somebody waits for an answer
constexpr std::chrono::milliseconds kLooking{25};
constexpr std::chrono::milliseconds kAlone{100};  // commands alone may come
constexpr int kRequestsAtOnce = 8;

/// The storage answers again, sooner or later; what is open stays as it is.
bool passes(const Error& error) {
  return error.code == Errc::no_link || error.code == Errc::storage_failed || error.code == Errc::locked;
}

}  // namespace

Sharing::Sharing(Loop& loop, OpenHub& open, std::string place, std::function<void(const Error&)> failed)
    : open_(open),
      shared_(*open.hub().store().shared()),
      place_(std::move(place)),
      failed_(std::move(failed)),
      timer_(loop) {
  log::info(open.hub().follows() ? "hub.follows" : "hub.leads");
  beat();
  timer_.start(std::chrono::milliseconds(0), [this] { look(); });
}

void Sharing::beat() {
  const Status said = hands_over_ ? shared_.say_gone() : shared_.say_here(place_);
  if (!said) log::error("hub.not_announced", {{"reason", said.error().message}});
  const auto standing = shared_.standing();
  is_alone_ = standing && standing->processes.size() <= 1 && shared_.leads();
}

void Sharing::look() {
  const Status looked = look_once();
  if (!looked && !passes(looked.error())) return failed_(looked.error());
  const std::string reason = looked ? "" : looked.error().message;
  if (!looked && reason != told_) log::error("hub.store", {{"reason", reason}});
  told_ = reason;
  timer_.start(open_.hub().committer().waits_for_answers() ? kWaiting
               : is_alone_                                 ? kAlone
                                                           : kLooking,
               [this] { look(); });
}

Status Sharing::look_once() {
  Hub& hub = open_.hub();
  WASL_TRY(hub.look());
  if (hub.follows() && shared_.is_free() && !hands_over_) {
    WASL_LET(const bool leads, hub.try_lead());
    if (leads) {
      log::info("hub.leads", {{"heads", hub.heads().size}});
      WASL_TRY(open_.check_lead());
    }
  }
  return hub.follows() ? Status() : answer_requests();
}

Status Sharing::answer_requests() {
  for (int i = 0; i < kRequestsAtOnce; ++i) {
    WASL_LET(const auto request, shared_.take_request());
    if (!request) return {};
    WASL_TRY(shared_.reply(request->id, answer_line(open_, request->text)));
  }
  return {};
}

void Sharing::hand_over() {
  hands_over_ = true;
  beat();
  if (const Status resigned = open_.hub().resign(); !resigned)
    log::error("hub.not_handed_over", {{"reason", resigned.error().message}});
}

}  // namespace wasl
