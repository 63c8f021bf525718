#pragma once
// A few threads that do what blocks: jobs at contents that lie elsewhere. Thread: its owner's, but for the
// jobs themselves.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/contents/chunk_contents.hpp"

namespace wasl {

class ContentWorker {
 public:
  struct Options {
    /// One for each thread.
    std::function<std::unique_ptr<ChunkContents>(const std::atomic<bool>& stopping)> contents;
    /// Something is to be taken; called from a thread of the worker's.
    std::function<void()> wake;
    unsigned threads = 6;
    std::size_t queue_most = 256;
  };
  explicit ContentWorker(Options options);
  /// Ends jobs where they wait, and forgets the others.
  ~ContentWorker();
  ContentWorker(const ContentWorker&) = delete;
  ContentWorker& operator=(const ContentWorker&) = delete;

  /// Runs at a thread of the worker's; what it returns, at the owner's.
  using Done = std::function<void()>;
  using Job = std::function<Done(ChunkContents&)>;
  /// Somebody waits for it: before the others. @return false: as many wait as may.
  bool ask_first(Job job) { return add(std::move(job), true); }
  bool ask(Job job) { return add(std::move(job), false); }
  /// Runs what jobs have returned.
  void take();

 private:
  bool add(Job job, bool first);
  void work();

  Options options_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> first_, others_;
  std::vector<Done> done_;
  std::vector<std::thread> threads_;
};

}  // namespace wasl
