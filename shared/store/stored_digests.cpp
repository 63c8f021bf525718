#include "shared/store/stored_digests.hpp"

namespace wasl {

void StoredDigests::note(SpaceNumber space, std::string_view id, const Hash& hash) {
  const Hash id_hash = ledger::id_hash(id);
  noted_[{space, ledger::bucket_of(id_hash)}].emplace_back(id_hash, hash);
  ++noted_count_;
}

Status StoredDigests::flush() {
  for (const auto& [key, records] : noted_) {
    const auto& [space, number] = key;
    ledger::Bucket bucket;
    WASL_LET(const auto stored, rows_->bucket(space, number));
    if (stored) {
      auto decoded = ledger::Bucket::decode(*stored);
      if (!decoded) return damaged_row("state digest");
      bucket = std::move(*decoded);
    }
    for (const auto& [id_hash, record] : records) {
      if (record.is_zero()) {
        bucket.erase(id_hash);
      } else {
        bucket.set(id_hash, record);
      }
    }
    const Hash hash = bucket.hash();
    WASL_TRY(rows_->save_bucket(space, number, hash, bucket.encode()));
    if (const auto digest = digests_.find(space); digest != digests_.end())
      digest->second.tree.set(number, hash);
  }
  noted_.clear();
  noted_count_ = 0;
  return {};
}

Result<Hash> StoredDigests::root(SpaceNumber space) {
  StateDigest& digest = digests_[space];
  if (!digest.current) {
    WASL_LET(const auto filled, rows_->bucket_hashes(space));
    for (const auto& [bucket, hash] : filled)
      if (bucket >= ledger::kDigestBuckets) return damaged_row("state digest");
    digest.tree.assign(filled);
    digest.current = true;
  }
  return digest.tree.root();
}

void StoredDigests::forget() {
  for (auto& [number, digest] : digests_) digest.current = false;
  ++forgotten_;  // also where none is left: they may have been flushed by what was rolled back
  noted_.clear();
  noted_count_ = 0;
}

}  // namespace wasl
