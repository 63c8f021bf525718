#include "server/contents/content_worker.hpp"

#include <signal.h>

#include <utility>

namespace wasl {

ContentWorker::ContentWorker(Options options) : options_(std::move(options)) {
  sigset_t all, before;  // signals are the event loop's
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ContentWorker::~ContentWorker() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    first_.clear();
    others_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool ContentWorker::add(Job job, bool first) {
  {
    const std::lock_guard lock(mutex_);
    if (first_.size() + others_.size() >= options_.queue_most) return false;
    (first ? first_ : others_).push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void ContentWorker::work() {
  const std::unique_ptr<ChunkContents> contents = options_.contents(stopping_);
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !first_.empty() || !others_.empty(); });
      if (stopping_) return;
      std::deque<Job>& from = first_.empty() ? others_ : first_;
      job = std::move(from.front());
      from.pop_front();
    }
    Done done = job(*contents);
    bool is_first = false;
    {
      const std::lock_guard lock(mutex_);
      is_first = done_.empty();
      done_.push_back(std::move(done));
    }
    if (is_first && !stopping_) options_.wake();
  }
}

void ContentWorker::take() {
  std::vector<Done> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  for (const Done& one : done) one();
}

}  // namespace wasl
