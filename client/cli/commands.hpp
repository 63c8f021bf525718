#pragma once
// The commands of `wasl`: what each needs, and what it answers. None writes to standard output.
#include <optional>
#include <string>
#include <vector>

#include "client/cli/answer.hpp"
#include "client/cli/grant_words.hpp"
#include "client/cli/office.hpp"

namespace wasl {
class Settings;
}

namespace wasl::cli {

/// How the hub is called.
struct LinkSettings {
  std::string url;        ///< empty: as the invitation said
  std::string section{};  ///< of a section's hub, which is asked first; empty: there is none
  bool plain_text_on_an_open_network = false;
};

struct JoinArguments {
  std::string invitation, language;
  LinkSettings link{};
};
Result<Answer> join_network(const Office& office, const JoinArguments& arguments);

struct SyncArguments {
  LinkSettings link{};
  bool estimate = false, over_budget = false;
  std::uint32_t poll_seconds = 60;  ///< of a daemon whose link goes by HTTP POSTs
};
Result<Answer> sync(const Office& office, const SyncArguments& arguments);
/// Runs until it is told to stop.
Result<Answer> keep_in_touch(const Office& office, const SyncArguments& arguments);

struct BudgetArguments {
  std::optional<std::string> session, day, month, hours, metered, price;
};
/// Sets what is named, and shows the whole.
Result<Answer> budget(const Office& office, const BudgetArguments& arguments);

Result<Answer> status(const Office& office);
/// Needs no folder.
Result<Answer> show_settings(const Settings& settings);
/// Looks at folder, machine and link, and changes nothing. Ends with 1 when something fails.
Result<Answer> doctor(const Office& office, const LinkSettings& link, const Settings& settings);

/// A record, and what is to stand in it.
struct RecordArguments {
  std::string register_name, id;
  std::optional<std::string> space;
  std::vector<std::string> assignments;
};
Result<Answer> add(const Office& office, const RecordArguments& arguments);
Result<Answer> set(const Office& office, const RecordArguments& arguments);
Result<Answer> show(const Office& office, const RecordArguments& arguments);
Result<Answer> remove(const Office& office, const RecordArguments& arguments);

struct ListArguments {
  std::string register_name;
  std::optional<std::string> space;
  std::vector<std::string> where;
  std::optional<std::size_t> limit;
};
Result<Answer> list(const Office& office, const ListArguments& arguments);

struct RegistersArguments {
  std::string register_name, language;
};
/// With the registers in force; those of this program where the folder holds no replica.
Result<Answer> registers(const Office& office, const RegistersArguments& arguments);

Result<Answer> conflicts(const Office& office);
struct ResolveArguments {
  std::string register_name, id, field, note;
  std::optional<std::string> space, value;
  std::optional<std::size_t> take;
};
Result<Answer> resolve(const Office& office, const ResolveArguments& arguments);
Result<Answer> discard(const Office& office, const std::string& change_set);
Result<Answer> proposals(const Office& office);
/// Makes a proposal the decision: of the holder of the mandate.
Result<Answer> take(const Office& office, const ResolveArguments& arguments);

/// Whose key signs an act of power.
struct PersonArguments {
  std::string key_file;  ///< empty: person.key in the office's folder
  std::string passphrase_file;
  std::string under;   ///< beginning of the name of the grant to act under; empty: the first that covers it
  bool plain = false;  ///< a new key without a passphrase
};
Result<crypto::KeyPair> person_key(const Office& office, const PersonArguments& person);
Result<Answer> make_key(const Office& office, const PersonArguments& person);
Result<Answer> show_key(const Office& office, const PersonArguments& person);
Result<Answer> give(const Office& office, const PersonArguments& person, const GrantRequest& request);
struct AcceptArguments {
  std::string grant;       ///< empty: the only one that is offered
  bool no_device = false;  ///< do not hand it on to this office's device
};
Result<Answer> accept(const Office& office, const PersonArguments& person, const AcceptArguments& arguments);
struct RevokeArguments {
  std::string grant, key, reason, since;
};
Result<Answer> revoke(const Office& office, const PersonArguments& person, const RevokeArguments& arguments);
struct GrantsArguments {
  std::string key;
  bool all = false;
};
Result<Answer> grants(const Office& office, const GrantsArguments& arguments);
struct SignArguments {
  std::optional<std::int64_t> draft;
};
Result<Answer> sign_drafts(const Office& office, const PersonArguments& person,
                           const SignArguments& arguments);
struct EraseArguments {
  std::string record;  ///< ID or SPACE#ID
  std::string register_name = "person";
  std::string reason;
  std::optional<std::string> space;
  bool withdraw = false;
};
Result<Answer> erase(const Office& office, const PersonArguments& person, const EraseArguments& arguments);
struct PublishArguments {
  std::string register_name, id, outer;
  std::optional<std::string> space;
  std::vector<std::string> fields;
};
/// Writes an edition of a record in an outer space, and takes it back.
Result<Answer> publish(const Office& office, const PersonArguments& person,
                       const PublishArguments& arguments);
Result<Answer> withdraw(const Office& office, const PersonArguments& person,
                        const PublishArguments& arguments);
Result<Answer> why(const Office& office, const RecordArguments& arguments);

Result<Answer> history(const Office& office, const std::optional<std::string>& register_name,
                       const std::optional<std::string>& id);
struct VerifyArguments {
  bool fetch_history = false;
  LinkSettings link{};
};
Result<Answer> verify(const Office& office, const VerifyArguments& arguments);
Result<Answer> repair(const Office& office);
Result<Answer> attention(const Office& office);

struct ReceiptArguments {
  std::string register_name, id, out;
  std::optional<std::string> space;
};
Result<Answer> receipt(const Office& office, const ReceiptArguments& arguments);
/// Needs no folder.
struct CheckReceiptArguments {
  std::string file, network;
};
Result<Answer> check_receipt_file(const CheckReceiptArguments& arguments);

/// Needs no folder.
struct CompareArguments {
  std::string one, other, vkey, tiles;
};
Result<Answer> compare_notes(const CompareArguments& arguments);
/// @param folder a new one for the files; empty: only lists.
Result<Answer> export_evidence(const Office& office, const std::string& folder);

struct BundleExportArguments {
  std::string file;
  std::optional<std::string> space;  ///< for other offices that read it; nothing and not `all`: for the hub
  bool all = false;
  std::optional<std::uint64_t> since;  ///< entries behind this position
  std::string split;                   ///< bytes of a file at most: 5M, 700k
  bool with_files = false;             ///< files of records
  std::string up_to;                   ///< bytes of such a file at most
};
Result<Answer> export_bundle(const Office& office, const BundleExportArguments& arguments);
struct BundleFilesArguments {
  std::vector<std::string> files;
};
Result<Answer> import_bundles(const Office& office, const BundleFilesArguments& arguments);
/// Needs no folder; with one, what is sealed to this office is told too.
Result<Answer> inspect_bundles(const Office& office, const BundleFilesArguments& arguments);

struct SearchArguments {
  std::string text;
  std::size_t limit = 20;
};
Result<Answer> search(const Office& office, const SearchArguments& arguments);

}  // namespace wasl::cli
