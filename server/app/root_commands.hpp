#pragma once
// `wasl-hub root …`: root keys, and network statements on their way from root to root. All but `statement`,
// `log-key` and `place` work on files alone, on any machine: where root keys are used no hub needs to be.
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "server/app/hub_folder.hpp"
#include "shared/authority/statement.hpp"

namespace CLI {
class App;
}

namespace wasl {

/// What changes with a draft, who has signed it and who is missing. Errors as open_statement, but for
/// signatures that are still missing.
Result<nlohmann::json> describe(const StatementFile& file);

/// What the next statement is to say otherwise. Keys are 64 hex digits or the name of a key file.
struct StatementChanges {
  std::vector<std::string> add_roots, remove_roots, add_registrars, remove_registrars, add_witnesses,
      remove_witnesses;
  std::uint32_t threshold = 0;  ///< 0: as it is
  std::string name, log_key, schema;
  bool new_epoch = false;
};
Result<NetworkStatement> next_statement(const OpenedStatement& in_force, const StatementChanges& changes);
/// A public key as people name it: hex, or a file that holds the key.
Result<PublicKey> public_key_of(const std::string& named, crypto::KeyKind kind);

Result<StatementFile> read_statement_file(const std::filesystem::path& path);
Status write_statement_file(const std::filesystem::path& path, const StatementFile& file);

class RootCommands {
 public:
  explicit RootCommands(CLI::App& app);
  ~RootCommands();
  /// The words of the one that was asked for, "root make" say; empty: none.
  [[nodiscard]] std::string parsed() const;
  [[nodiscard]] bool as_json() const;
  /// @return the document to print, or an error document.
  [[nodiscard]] nlohmann::json run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wasl
