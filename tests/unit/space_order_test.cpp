#include "shared/model/space_order.hpp"

#include <gmock/gmock.h>

namespace wasl {
namespace {

TEST(SpaceOrder, IsThatInWhichAPersonNeedsThem) {
  std::vector<std::string> spaces{"public",         "network",         "committee/culture", "section/africa",
                                  "section/europe", "association/fcm", "authority"};
  sort_by_need(spaces);
  EXPECT_THAT(spaces, testing::ElementsAre("authority", "association/fcm", "committee/culture",
                                           "section/africa", "section/europe", "network", "public"));
}

}  // namespace
}  // namespace wasl
