#pragma once
// SharedStore in PostgreSQL's tables: the fence is the lead, a row each for processes, questions, answers and
// requests. Who follows writes its own rows without the fence; whoever answers holds it.
#include "server/store/postgres_rows.hpp"
#include "server/store/postgres_session.hpp"
#include "server/store/shared_store.hpp"

namespace wasl {

class PostgresShared final : public SharedStore {
 public:
  /// Both must outlive it. @param on_moment called when other rows are shown than before.
  PostgresShared(PostgresSession& session, PostgresRowStore& rows, std::function<void()> on_moment)
      : session_(session), rows_(rows), on_moment_(std::move(on_moment)) {}

  [[nodiscard]] const HubProcessId& self() const override { return session_.process(); }
  [[nodiscard]] bool leads() const override { return session_.leads(); }
  Result<bool> try_lead() override;
  Status resign() override;
  Result<Standing> standing() override;
  Status say_here(const std::string& place) override;
  Status say_gone() override;
  Result<std::optional<News>> look() override;
  [[nodiscard]] bool is_free() const override { return is_free_; }
  Status publish(const std::string& note, std::uint64_t size) override;
  Status ask(std::span<const Question> questions) override;
  Result<std::vector<Asked>> asked(std::size_t most) override;
  Status answer(const HubProcessId& to, std::uint64_t question, ByteView data) override;
  Status tell_all(ByteView data) override;
  Result<std::optional<Request>> take_request() override;
  Status reply(const Salt& request, const std::string& text) override;

 private:
  Result<std::optional<News>> look_inside();
  Status forget_old();

  PostgresSession& session_;
  PostgresRowStore& rows_;
  std::function<void()> on_moment_;
  std::optional<std::int64_t> commits_;   ///< of the last news
  std::string note_;                      ///< of the last news
  std::optional<std::int64_t> answered_;  ///< the last answer that was looked at
  bool is_free_ = false;
  int beats_ = 0;
};

/// A command of the operator, asked of the hub that leads, from another process.
class PostgresRequest {
 public:
  static Result<PostgresRequest> send(const std::string& where, const std::string& text);
  /// Nothing: not yet.
  Result<std::optional<std::string>> answer();
  /// Whether there is nobody who would answer.
  Result<bool> nobody_leads();
  /// @return whether nobody has taken it: it will never be carried out.
  Result<bool> withdraw();

 private:
  explicit PostgresRequest(std::unique_ptr<PostgresConnection> connection)
      : connection_(std::move(connection)) {}
  std::unique_ptr<PostgresConnection> connection_;
  Salt id_;
};

}  // namespace wasl
