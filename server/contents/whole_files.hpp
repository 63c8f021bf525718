#pragma once
// What hubs over the same contents say to each other in notes: whose contents they are, and which files are
// whole there. Each call blocks, as contents do.
#include <vector>

#include "server/contents/chunk_contents.hpp"
#include "shared/store/away_chunks.hpp"

namespace wasl {

/// Errors: conflict (of another network, or what should be there is not), and those of the contents.
/// @param must_be_known: chunks lie there already, as the index says.
Status claim_contents(ChunkContents& contents, const std::string& network, bool must_be_known,
                      const std::string& place);

/// @pre all chunks of the file are durable there.
Status note_whole(ChunkContents& contents, const attachment::FileId& file);

/// The chunks of a file that somebody noted as whole; nothing: nobody has. Leaves are believed until they are
/// read. A list that is not what its name says: the file is not whole there.
Result<std::optional<std::vector<AwayChunks::Found>>> find_whole(ChunkContents& contents,
                                                                 const attachment::FileId& file,
                                                                 const attachment::ChunkKey& key);

}  // namespace wasl
