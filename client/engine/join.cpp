#include "client/engine/join.hpp"

#include "shared/sqlite/disk.hpp"

namespace wasl {
namespace {

class Joining {
 public:
  Joining(Loop& loop, Replica::Ports ports, const JoinOptions& options)
      : loop_(loop),
        ports_(ports),
        options_(options),
        key_(crypto::KeyPair::from_seed(options.invitation.seed)),
        url_(options.url.empty() ? options.invitation.url : options.url) {}

  Result<Joined> run() {
    WASL_TRY(check_folder());
    WASL_TRY(make_folder());
    WASL_LET(out_.replica, Replica::create(options_.folder, anchor(), ports_));
    WASL_LET(out_.was_enrolled, knows_us());
    if (!out_.was_enrolled) WASL_TRY(enrol());
    WASL_TRY(replica().note_enrolled());
    WASL_TRY(replica().prepare_tables());
    options_.tell("first sync");
    SyncRun::Options first;
    first.url = url_;
    first.memory = options_.folder;
    first.on_progress = options_.on_progress;
    out_.first_sync = run_session(loop_, replica(), std::move(first));
    return std::move(out_);
  }

 private:
  Replica& replica() { return *out_.replica; }

  NetworkAnchor anchor() const {
    const Invitation& invitation = options_.invitation;
    NetworkAnchor anchor;
    anchor.network = invitation.network;
    anchor.statement_hash = invitation.statement;
    anchor.statement_number = invitation.statement_number;
    anchor.log_key = invitation.log_key;
    anchor.url = invitation.url.empty() ? options_.url : invitation.url;
    anchor.organisation = invitation.organisation;
    anchor.language = options_.language;
    return anchor;
  }

  /// A folder that works for another office already is never turned into this one's.
  Status check_folder() {
    auto opened = Replica::open(options_.folder, ports_);
    if (!opened) return opened.error().code == Errc::not_found ? Status() : tl::unexpected(opened.error());
    const NetworkAnchor& known = (*opened)->network();
    WASL_LET(const bool enrolled, (*opened)->identity().is_enrolled());
    if (known.network == options_.invitation.network &&
        (!enrolled || known.organisation == options_.invitation.organisation)) {
      return {};
    }
    return fail(Errc::conflict,
                options_.folder.string() + " already belongs to " + known.organisation +
                    (known.network == options_.invitation.network ? "" : " of another network"),
                "choose another folder with --data: one folder is one device of one office");
  }

  Status make_folder() {
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    if (!error) return sync_folder(std::filesystem::absolute(options_.folder).parent_path());
    return fail(Errc::storage_failed, options_.folder.string() + " cannot be made: " + error.message(),
                "choose a folder that you may write");
  }

  Result<bool> knows_us() {
    WASL_LET(const AuthorityState* const authority, replica().authority());
    return authority->device(replica().device()) != nullptr;
  }

  /// One session as the invitation's key. The authority log comes whether or not something is pushed.
  SyncOutcome speak_as_invitation(std::optional<Segment> enrolment) {
    SyncRun::Options options;
    options.url = url_;
    options.memory = options_.folder;
    options.push = false;
    options.invitation = &key_;
    options.extra = std::move(enrolment);
    return run_session(loop_, replica(), std::move(options));
  }

  Status enrol() {
    options_.tell("asking the hub who is in the network");
    const SyncOutcome asked = speak_as_invitation(std::nullopt);
    if (asked.error) return perhaps_enrolled(*asked.error);
    WASL_TRY(replica().prepare_tables());
    WASL_LET(const bool known, knows_us());  // an earlier try got through, but not its answer
    if (known) return {};
    options_.tell("enrolling this device");
    WASL_LET(Segment enrolment, replica().make_enrolment(key_));
    const SyncOutcome enrolled = speak_as_invitation(std::move(enrolment));
    WASL_LET(const bool in_log, knows_us());
    if (in_log) return {};
    if (enrolled.extra_verdict && enrolled.extra_verdict->outcome != Outcome::accepted) {
      return refused(*enrolled.extra_verdict);
    }
    if (enrolled.error) return tl::unexpected(*enrolled.error);
    if (enrolled.extra_verdict) return {};  // accepted; its entry comes with the first sync
    return fail(Errc::no_link, "the hub did not say whether this device is enrolled",
                "run the same command again; nothing is lost");
  }

  static Status refused(const Verdict& verdict) {
    const bool used = verdict.reason == Reason::invitation_used;
    return fail(used ? Errc::conflict : Errc::unauthorised,
                "the hub did not enrol this device: " + std::string(explain(verdict.reason)) +
                    (verdict.detail.empty() ? "" : " (" + verdict.detail + ")"),
                "ask the secretariat for a new invitation");
  }

  /// A hub that no longer lets the invitation in may already know this device: a crash came after its answer.
  Status perhaps_enrolled(const Error& error) {
    if (error.code != Errc::conflict && error.code != Errc::unauthorised) return tl::unexpected(error);
    SyncRun::Options options;
    options.url = url_;
    options.memory = options_.folder;
    options.push = false;
    const SyncOutcome asked = run_session(loop_, replica(), std::move(options));
    if (asked.error) return tl::unexpected(error);
    WASL_LET(const bool known, knows_us());
    return known ? Status() : tl::unexpected(error);
  }

  Loop& loop_;
  Replica::Ports ports_;
  const JoinOptions& options_;
  crypto::KeyPair key_;
  std::string url_;
  Joined out_;
};

}  // namespace

Result<Joined> join(Loop& loop, Replica::Ports ports, const JoinOptions& options) {
  return Joining(loop, ports, options).run();
}

}  // namespace wasl
