#pragma once
// A hub that serves a storage together with others: looks every few moments what they have done or want,
// takes the lead when nobody has it, and answers the operator's commands while it leads. Thread: the Loop's.
#include <functional>
#include <string>

#include "server/app/open_hub.hpp"
#include "shared/net/loop.hpp"

namespace wasl {

class Sharing {
 public:
  /// @pre the hub's store is shared. @param place where this process serves, for people. @param failed called
  /// once, when this process cannot go on with what it has open.
  Sharing(Loop& loop, OpenHub& open, std::string place, std::function<void(const Error&)> failed);

  /// To be called every second.
  void beat();
  /// The storage answered when it was looked at last.
  [[nodiscard]] bool is_well() const { return told_.empty(); }
  /// Another may lead at once. Sessions go on and are served until they end.
  void hand_over();

 private:
  void look();
  Status look_once();
  Status answer_requests();

  OpenHub& open_;
  SharedStore& shared_;
  std::string place_;
  std::function<void(const Error&)> failed_;
  Timer timer_;
  std::string told_;  ///< why it could not look, as it was logged
  bool is_alone_ = false;
  bool hands_over_ = false;
};

}  // namespace wasl
