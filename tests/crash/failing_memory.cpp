#include "tests/crash/failing_memory.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <new>

#include "tests/support/sim_disk.hpp"

namespace {

std::uint64_t counted = 0, fails_at = UINT64_MAX, failed = 0;
bool fails_for_ever = false;
sqlite3_mem_methods system_memory;

bool runs_out() {
  if (wasl::test::inside_disk()) return false;
  const std::uint64_t now = counted++;
  if (now != fails_at && !(fails_for_ever && now > fails_at)) return false;
  ++failed;
  return true;
}

void* allocate_or_null(std::size_t size) noexcept {
  return runs_out() ? nullptr : std::malloc(size > 0 ? size : 1);
}

void* allocate(std::size_t size) {
  if (void* memory = allocate_or_null(size)) return memory;
  throw std::bad_alloc();
}

void* sqlite_allocate(int size) { return runs_out() ? nullptr : system_memory.xMalloc(size); }
void* sqlite_reallocate(void* memory, int size) {
  return runs_out() ? nullptr : system_memory.xRealloc(memory, size);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace wasl::test {

void watch_sqlite_memory() {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory);
  sqlite3_mem_methods watched = system_memory;
  watched.xMalloc = sqlite_allocate;
  watched.xRealloc = sqlite_reallocate;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &watched);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);  // each allocation is one
}

std::uint64_t allocations() { return counted; }

void fail_memory(std::uint64_t after, bool for_ever) {
  failed = 0;
  fails_for_ever = for_ever;
  fails_at = counted + after;
}

std::uint64_t mend_memory() {
  fails_at = UINT64_MAX;
  fails_for_ever = false;
  return failed;
}

}  // namespace wasl::test
