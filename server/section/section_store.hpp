#pragma once
// What a section's hub has in the place of a storage that it shares with the hub that leads: that one stands
// at the end of a link, which is down for days. So what is signed is what was mirrored last, and what is
// pushed is answered at once: kept, with no position. Thread: the hub's.
#include "server/store/hub_store.hpp"
#include "server/store/kept_work.hpp"

namespace wasl {

class SectionStore final : public SharedStore {
 public:
  /// @pre store and kept outlive this.
  SectionStore(HubStore& store, KeptWork& kept, const NetworkId& network)
      : store_(store), kept_(kept), network_(network) {}

  // ── What the mirror tells (mirror.hpp) ──
  /// Durably, inside the transaction that stores what the note covers.
  Status note(const std::string& note, Millis hub_time);
  /// Inside the transaction: the mirror has asked whether it has all up to then, and had it.
  Status note_time(Millis hub_time);
  /// Sessions see it at the next look().
  void show() { is_new_ = true; }
  void tell(KeptWork::Decided decided);
  /// The newest checkpoint under which everything is here; empty: none yet.
  Result<std::string> signed_note() const;
  /// What the logs hold at a place of a chain.
  [[nodiscard]] KeptWork::Placed placed();
  /// Called when there is something to carry.
  void on_kept(std::function<void()> told) { told_ = std::move(told); }

  // SharedStore
  [[nodiscard]] bool is_section() const override { return true; }
  [[nodiscard]] Millis seen_until() const override;
  [[nodiscard]] const HubProcessId& self() const override { return self_; }
  [[nodiscard]] bool leads() const override { return false; }
  Result<bool> try_lead() override { return false; }
  Status resign() override { return {}; }
  Result<Standing> standing() override;
  Status say_here(const std::string& /*place*/) override { return {}; }
  Status say_gone() override { return {}; }
  Result<std::optional<News>> look() override;
  [[nodiscard]] bool is_free() const override { return false; }
  Status publish(const std::string& /*note*/, std::uint64_t /*size*/) override { return {}; }
  Status ask(std::span<const Question> questions) override;
  Result<std::vector<Asked>> asked(std::size_t /*most*/) override { return std::vector<Asked>(); }
  Status answer(const HubProcessId& /*to*/, std::uint64_t /*question*/, ByteView /*data*/) override {
    return {};
  }
  Status tell_all(ByteView /*data*/) override { return {}; }
  Result<std::optional<Request>> take_request() override { return std::optional<Request>(); }
  Status reply(const Salt& /*request*/, const std::string& /*text*/) override { return {}; }

 private:
  HubStore& store_;
  KeptWork& kept_;
  const NetworkId network_;
  HubProcessId self_{};
  std::vector<Answer> answers_;
  bool is_new_ = true;
  bool has_kept_ = false;
  std::function<void()> told_;
};

}  // namespace wasl
