#pragma once
// What several hub processes over one storage have in common. One of them leads: it alone gives positions,
// commits and signs. The others follow: they read what is committed and signed, and pass what offices push to
// the one that leads, as questions that it answers in the commit itself. Commands of the operator wait there
// too. Nothing here is history: what is lost is pushed or asked again. Thread: that of the store. Errors of
// every call: no_link, storage_failed, conflict (another leads by now).
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/environment.hpp"
#include "shared/base/result.hpp"

namespace wasl {

using HubProcessId = Fixed<struct HubProcessTag, 16>;

class SharedStore {
 public:
  virtual ~SharedStore() = default;
  /// Of this process; another at every opening.
  [[nodiscard]] virtual const HubProcessId& self() const = 0;

  // ── Who leads ──
  [[nodiscard]] virtual bool leads() const = 0;
  /// Where nobody leads, or who does was silent for longer than the lease. @return whether this one does now.
  virtual Result<bool> try_lead() = 0;
  /// Another may lead at once; this one follows from then on.
  virtual Status resign() = 0;

  struct Process {
    std::string place;  ///< machine and address, for people
    std::string version;
    Millis began = 0;  ///< by the storage's clock
    Millis silent = 0;
    bool leads = false;
  };
  struct Standing {
    std::int64_t fence = 0;  ///< how often another has taken the lead, ever
    bool is_led = false;
    Millis since = 0;           ///< when who leads began to; by the storage's clock
    std::uint64_t waiting = 0;  ///< pushes without an answer
    std::vector<Process> processes;
  };
  virtual Result<Standing> standing() = 0;
  /// To be called about every second by who serves.
  virtual Status say_here(const std::string& place) = 0;
  virtual Status say_gone() = 0;

  // ── What is committed and signed ──
  struct Answer {
    std::optional<std::uint64_t> question;  ///< of this process; nothing: it is for everybody
    Bytes data;
  };
  struct News {
    std::string note;  ///< the newest checkpoint
    std::vector<Answer> answers;
    bool kept = false;  ///< a section's hub keeps work that it did not keep before
  };
  /// Everything up to one moment. What this store reads of spaces is of that moment until the next call that
  /// brings news. @return nothing where nothing is new, or what is new has still to be signed.
  virtual Result<std::optional<News>> look() = 0;
  /// Whether nobody leads, as far as the last look() saw.
  [[nodiscard]] virtual bool is_free() const = 0;
  /// For who leads: what it has signed. @param size of its checkpoint.
  virtual Status publish(const std::string& note, std::uint64_t size) = 0;

  // ── Pushes ──
  struct Question {
    std::uint64_t number = 0;  ///< rising, from 1
    Bytes data;
  };
  virtual Status ask(std::span<const Question> questions) = 0;
  struct Asked {
    HubProcessId by;
    std::uint64_t number = 0;
    Bytes data;
  };
  /// For who leads: what has no answer yet, each process' in its order.
  virtual Result<std::vector<Asked>> asked(std::size_t most) = 0;
  /// Inside a transaction of the store: with its commit the question is gone and the answer is there.
  virtual Status answer(const HubProcessId& to, std::uint64_t question, ByteView data) = 0;
  virtual Status tell_all(ByteView data) = 0;

  // ── Commands ──
  struct Request {
    Salt id;
    std::string text;
  };
  /// For who leads: takes the oldest that nobody has taken. It is carried out once, or not at all.
  virtual Result<std::optional<Request>> take_request() = 0;
  virtual Status reply(const Salt& request, const std::string& text) = 0;

  // ── Who leads is another hub, at the end of a link: see server/section ──
  [[nodiscard]] virtual bool is_section() const { return false; }
  /// Hub time up to which everything that it has signed is here.
  [[nodiscard]] virtual Millis seen_until() const { return 0; }
};

}  // namespace wasl
