#pragma once
// Contents as objects of a bucket: PREFIX/chunk/NAME, and notes as PREFIX/NOTE.
#include "server/contents/chunk_contents.hpp"
#include "server/contents/s3_client.hpp"

namespace wasl {

class S3Contents final : public ChunkContents {
 public:
  explicit S3Contents(S3Client client) : client_(std::move(client)) {}

  Status put(const ChunkName& chunk, ByteView bytes) override;
  Result<std::optional<Bytes>> get(const ChunkName& chunk) override;
  Status remove(const ChunkName& chunk) override;
  Status put_note(const std::string& name, const std::string& text) override;
  Result<std::optional<std::string>> get_note(const std::string& name) override;
  Status remove_note(const std::string& name) override;

 private:
  S3Client client_;
};

}  // namespace wasl
