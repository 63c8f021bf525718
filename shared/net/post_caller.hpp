#pragma once
// Inside shared/net only: the office's end of a session that goes by HTTP POSTs.
#include <memory>

#include "shared/net/connect.hpp"

namespace wasl {

/// As connect(). The channel that comes of it asks the hub again whenever it was answered; a connection that
/// breaks between is made again, and the POST under way said again, for as long as the hub keeps the session.
std::unique_ptr<Attempt> call_by_posts(Loop& loop, LinkUrl url, ConnectOptions options,
                                       ChannelHandler& handler, ConnectDone done);

}  // namespace wasl
