#pragma once
// Between a session and the replica: what the hub promised is kept outside every disk. Thread: one.
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "client/replica/replica.hpp"
#include "shared/wire/client_session.hpp"

namespace wasl::sim {

/// Passes what a session says on to the replica, and keeps what the hub promised.
class Witness final : public ClientPort {
 public:
  struct Promise {
    ChainId chain;
    Sequence sequence = 0;
    auto operator<=>(const Promise&) const = default;
  };
  struct Promises {
    std::set<Promise> accepted;
    std::set<Promise> discarded;  ///< of these only the header is accepted, as often as it is offered
  };
  /// @param old an old copy of the hub speaks: its promises are none.
  Witness(Replica& replica, Promises& promises, bool old,
          std::function<void(std::optional<bool> equal)> on_proved)
      : replica_(replica), promises_(promises), old_(old), on_proved_(std::move(on_proved)) {}

  Result<PublicKey> on_statements(const std::vector<SignedStatement>& statements) override {
    return replica_.on_statements(statements);
  }
  Status on_welcome(const Welcome& welcome) override { return replica_.on_welcome(welcome); }
  Result<std::optional<Return>> next_return() override { return replica_.next_return(); }
  Result<std::optional<Segment>> next_push(std::size_t most) override;
  void rewind_push() override { replica_.rewind_push(); }
  Status on_verdicts(const std::vector<VerdictItem>& verdicts) override;
  Status on_entries(Segment segment) override { return replica_.on_entries(std::move(segment)); }
  Result<std::optional<bool>> on_proof(const Proof& proof) override;
  std::vector<Cursor> applied_cursors() override { return replica_.applied_cursors(); }
  Status on_session_end(std::optional<bool> equal) override { return replica_.on_session_end(equal); }
  Status on_lie(const Error& seen, ByteView frame) override { return replica_.on_lie(seen, frame); }
  KnownLogs* known_logs() override { return replica_.known_logs(); }
  void on_not_rebuilt() override { replica_.on_not_rebuilt(); }
  Status on_order(const Segment& order) override { return replica_.on_order(order); }
  Status wipe() override { return replica_.wipe(); }
  Status on_section(const PublicKey& device) override { return replica_.on_section(device); }
  Status on_kept(const Segment& work) override { return replica_.on_kept(work); }
  Result<std::vector<Bytes>> on_snapshot_frame(ByteView frame) override {
    return replica_.on_snapshot_frame(frame);
  }

 private:
  Replica& replica_;
  Promises& promises_;
  bool old_;
  std::function<void(std::optional<bool>)> on_proved_;
};

}  // namespace wasl::sim
