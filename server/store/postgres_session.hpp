#pragma once
// A hub's session with PostgreSQL. One session of all that there are holds the fence, a row with a number
// that only rises; whoever holds it may write, and each commit proves inside its own transaction that it
// still does. Who took over takes a higher number, so that a late commit of the one before finds its number
// gone. Reading needs no fence. Thread: one at a time.
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "server/store/postgres_connection.hpp"
#include "server/store/shared_store.hpp"
#include "shared/crypto/crypto.hpp"
#include "shared/store/row_store.hpp"

namespace wasl {

class PostgresSession {
 public:
  /// Takes the fence. Errors: no_link, locked (another holds it, and was not silent for kFenceSeconds within
  /// `patience`), unsupported.
  static Result<std::unique_ptr<PostgresSession>> open_to_write(const std::string& where,
                                                                std::chrono::milliseconds patience);
  /// Without the fence, which it may take later. Errors: no_link, unsupported.
  static Result<std::unique_ptr<PostgresSession>> open_to_share(const std::string& where);
  /// Errors: no_link, not_found, unsupported.
  static Result<std::unique_ptr<PostgresSession>> open_to_read(const std::string& where);
  /// Gives the fence back.
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  static constexpr int kFenceSeconds = 4;  // a holder's silence until another may take over

  /// Connects again where the connection was lost outside a transaction.
  template <class... Values>
  Result<PgRows> query(std::string_view sql, const Values&... values) {
    WASL_TRY(connect());
    return connection_->query(sql, PgValues::of(values...));
  }
  /// A change. Inside a transaction an error comes with a later call; outside it is one of its own.
  template <class... Values>
  Status run(std::string_view sql, const Values&... values) {
    return fenced([&] { return connection_->run(sql, PgValues::of(values...)); });
  }
  /// A change that answers.
  template <class... Values>
  Result<PgRows> change(std::string_view sql, const Values&... values) {
    PgRows answer(nullptr);
    WASL_TRY(fenced([&]() -> Status {
      WASL_LET(answer, connection_->query(sql, PgValues::of(values...)));
      return {};
    }));
    return answer;
  }
  /// Copies a table without what was deleted, however long it takes: the fence is kept meanwhile.
  Status write_anew(std::string_view table);
  /// Part of a transaction that is open, or of freely().
  template <class... Values>
  Status send(std::string_view sql, const Values&... values) {
    WASL_TRY(connect());
    return connection_->run(sql, PgValues::of(values...));
  }
  /// Writes without the fence: what each process keeps of itself, and no history. Part of the transaction
  /// around it, if there is one.
  Status freely(const std::function<Status()>& work);
  /// Reads one moment.
  Status snapshot(const std::function<Status()>& work);
  /// One statement that changes its row only WHERE fence is the last value, ours. Errors: conflict.
  template <class... Values>
  Status as_holder(std::string_view sql, const Values&... values) {
    if (!leads()) return fail(Errc::conflict, "another wasl-hub leads");
    WASL_LET(const PgRows mine, query(sql, values..., fence_));
    return mine.changed() == 1 ? Status() : deposed();
  }

  /// Errors: no_link, storage_failed. @return false: another holds the fence.
  Result<bool> try_lead();
  /// Gives the fence back.
  Status resign();
  [[nodiscard]] bool leads() const { return fence_ != 0 && !deposed_; }
  [[nodiscard]] bool may_write() const { return writes_; }
  [[nodiscard]] const HubProcessId& process() const { return process_; }

  Status begin();
  /// One moment of the database, until roll_back(): others go on writing.
  Status begin_reading();
  /// What answers with no rows and changes nothing. @pre begin_reading().
  Status read(const std::string& sql);
  /// Errors: conflict (another has taken over: nothing of it stands), no_link, storage_failed.
  /// A connection that is lost at the commit itself is no error: what stands is looked up.
  Status commit();
  void roll_back();

  /// Says that the holder is alive, where no commit does. Errors: conflict, as above.
  Status renew();
  /// What this session remembers of rows may be another's by now: open again.
  [[nodiscard]] bool is_deposed() const { return deposed_; }
  Result<RowStore::Version> version();

 private:
  PostgresSession(std::string where, bool writes) : where_(std::move(where)), writes_(writes) {
    process_ = random_.fixed<HubProcessId>();
  }
  using Name = Fixed<struct PostgresNameTag, 16>;

  Status connect();
  Status fenced(const std::function<Status()>& change);
  Status take_fence();
  Result<std::int64_t> take_fence_inside();
  Result<std::int64_t> raise_fence(std::int64_t from);
  Status prove_fence(const Name& transaction);
  /// Whether the transaction stands. No late commit of ours can come behind the answer.
  Result<bool> look_up(const Name& transaction);
  Result<bool> look_up_inside(const Name& transaction, std::int64_t& fence);
  tl::unexpected<Error> deposed();

  std::string where_;
  bool writes_;
  std::unique_ptr<PostgresConnection> connection_;
  crypto::SystemRandom random_;
  HubProcessId process_;
  std::int64_t fence_ = 0;  ///< 0: none
  bool inside_ = false;
  bool deposed_ = false;
  std::uint64_t undone_ = 0;
};

}  // namespace wasl
