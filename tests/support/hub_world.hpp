#pragma once
// The real hub without sockets: its store in a temporary folder, its committer, its end of a session, and
// offices on the real replica whose frames are carried by hand.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "server/hub/hub.hpp"
#include "server/hub/registrar.hpp"
#include "tests/support/mini_network.hpp"
#include "tests/support/test_store.hpp"

namespace wasl::test {

class HubWorld {
 public:
  explicit HubWorld(const Schema& schema = built_in_schema(), StoreKind kind = usual_store());
  /// The same hub from a copy of its folder: what the one takes, the other does not know. @pre it is
  /// SQLite's.
  HubWorld(const HubWorld& other);
  HubWorld& operator=(const HubWorld&) = delete;
  ~HubWorld();

  Hub& hub() { return *hub_; }
  HubStore& store() { return *store_; }
  TestStore& test_store() { return place_; }
  Registrar& registrar() { return *registrar_; }
  TestClock& clock() { return clock_; }
  TestRandom& random() { return random_; }
  const NetworkId& network() { return hub_->network(); }
  const crypto::KeyPair& registrar_key() const { return registrar_key_; }
  const crypto::KeyPair& root() const { return root_; }
  /// The next network statement, signed by the root; a log key that it names takes the place of the old one.
  Status place(const SignedStatement& statement, std::optional<crypto::KeyPair> log_key = {});
  SignedStatement next_statement(const std::function<void(NetworkStatement&)>& change) const;
  /// The hub gets a new log key by a new statement.
  void rotate();
  const Schema& schema() const { return schema_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// As after a crash: everything in memory is gone.
  void reopen();
  void add_organisation(const std::string& id, const std::string& kind, const std::string& parent = "") {
    must(registrar_->add_organisation({id, kind, parent, id}));
  }
  /// A section with two associations, as most tests need it.
  void add_two_associations() {
    add_organisation("africa", "section");
    add_organisation("senegal", "association", "africa");
    add_organisation("mali", "association", "africa");
  }
  Invitation invite(const std::string& organisation, const std::string& role = "officer") {
    return must(registrar_->invite({organisation, role, "ws://test"}));
  }
  /// A person's key with every right in every space; enrolled at the first call.
  const crypto::KeyPair& administrator();
  /// What the key writes in one change set, accepted or not. Acts outside `authority` are adoptions.
  Status act(const crypto::KeyPair& key, const std::vector<Act>& acts,
             const std::string& space = std::string(kAuthoritySpace));
  /// Enrols a key without a replica. @return the name of its device grant.
  Hash enrol(const crypto::KeyPair& device, const std::string& organisation,
             const std::string& role = "officer");
  Hash enrol(const crypto::KeyPair& device, const Invitation& invitation);
  /// Pushes as the committer gets it, and commits.
  std::vector<VerdictItem> push(Segment segment);

 private:
  const Schema& schema_;
  std::filesystem::path folder_;
  TestStore place_;
  TestClock clock_;
  TestRandom random_;
  crypto::KeyPair root_, registrar_key_, log_key_;
  std::optional<crypto::KeyPair> administrator_;
  std::unique_ptr<HubStore> store_;
  std::unique_ptr<Hub> hub_;
  std::optional<Registrar> registrar_;
};

/// Writes change sets of one chain, for tests that need to write what no replica would.
class Pen {
 public:
  Pen(HubWorld& world, const crypto::KeyPair& key, std::string space, const Hash& grant);
  ChangeSet write(std::vector<Operation> operations, std::uint32_t part = 1, std::uint32_t parts = 1);
  /// One signature over all of them, in the order of the chain.
  Segment run(const std::vector<ChangeSet>& sets) const;
  /// The change set, taken back by its author: what travels in its place.
  [[nodiscard]] Segment take_back(const ChangeSet& set) const;
  [[nodiscard]] const Source& source() const { return source_; }
  /// Goes on from another place: two change sets at one place of the chain.
  void rewind(Sequence last, const Hash& name);
  static Operation create(const std::string& register_name, const std::string& id);
  static Operation write_text(const std::string& register_name, const std::string& id,
                              const std::string& field, const std::string& text, std::vector<Dot> names = {});

 private:
  HubWorld& world_;
  const crypto::KeyPair& key_;
  std::string space_;
  Hash grant_;
  Source source_;
  Sequence last_ = 0;
  Hash name_;
  Stamp stamp_;
  GroupId group_;
};

/// Who answers an office: the hub as it is, or somebody who alters what it says.
class HubPeer {
 public:
  explicit HubPeer(Hub& hub) : hub_(hub) {}
  virtual ~HubPeer() = default;
  virtual HubPort& port() { return hub_; }
  /// What the office's end of the session talks to.
  virtual ClientPort& office(Replica& replica) { return replica; }
  virtual bool is_idle() { return hub_.committer().is_idle(); }
  virtual Committer::Committed commit() { return hub_.commit(); }
  /// A frame on its way to the office.
  virtual std::shared_ptr<const Bytes> alter(std::shared_ptr<const Bytes> frame) { return frame; }

 protected:
  Hub& hub_;
};

struct CarriedSession {
  SessionSummary summary;
  std::optional<Error> error;
  std::optional<Verdict> extra;
  std::size_t bytes_down = 0;
  std::size_t referring_pushes = 0;                ///< frames to the hub that refer to logs
  std::size_t own_items = 0;                       ///< of entries frames: what did not travel back
  std::size_t streamed_up = 0, streamed_down = 0;  ///< frames that were parts of streams
  std::size_t streams_down = 0;                    ///< that began
};
struct CarryOptions {
  std::optional<Segment> extra;
  bool push = true;
  std::size_t cut_after = SIZE_MAX;  ///< frames in either direction, then the link breaks
  /// Asked after each call of either side: true when the link is gone, and with it what that call said.
  std::function<bool()> is_cut = [] { return false; };
};
/// Carries the frames of one session by hand, until nobody has anything to say. Commits when the queue waits.
CarriedSession carry(HubPeer& peer, Replica& replica, const Bytes& hello, CarryOptions options, Millis now);
CarriedSession carry(Hub& hub, Replica& replica, const Bytes& hello, CarryOptions options, Millis now);

/// An office on the real replica.
class HubOffice {
 public:
  HubOffice(HubWorld& world, const Invitation& invitation);
  /// The same office from a copy of its folder, in a copy of its world.
  HubOffice(HubWorld& world, const HubOffice& other);
  HubOffice(const HubOffice&) = delete;
  HubOffice& operator=(const HubOffice&) = delete;
  ~HubOffice();
  Replica& replica() { return *replica_; }
  using Session = CarriedSession;
  const std::filesystem::path& folder() const { return folder_; }
  void reopen();
  /// A whole session; `cut_after` frames in either direction the link breaks.
  Session sync(std::size_t cut_after = SIZE_MAX);
  Session sync_with(HubPeer& peer);
  void sql(const std::string& statement);
  std::string rows(const std::string& query);

 private:
  HubWorld& world_;
  std::filesystem::path folder_;
  std::unique_ptr<Replica> replica_;
};

}  // namespace wasl::test
