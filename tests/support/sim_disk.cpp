#include "tests/support/sim_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <set>
#include <stdexcept>
#include <utility>

namespace wasl::test {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kShmSlots = 8;  // SQLite's WAL index has eight locks

/// A change that the system's cache holds and the medium perhaps not.
struct Unsynced {
  std::uint64_t offset = 0;
  Bytes bytes;
  std::optional<std::uint64_t> new_size;  ///< a truncation instead of a write
};

void put(Bytes& content, std::uint64_t offset, ByteView bytes) {
  if (content.size() < offset) content.resize(offset);
  const ByteView over = bytes.first(std::min<std::size_t>(bytes.size(), content.size() - offset));
  std::copy(over.begin(), over.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
  content.insert(content.end(), bytes.begin() + static_cast<std::ptrdiff_t>(over.size()), bytes.end());
}

int calls_inside = 0;
struct Inside {
  Inside() { ++calls_inside; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { --calls_inside; }
};

std::map<std::string, SimDisk*>& disks() {
  static std::map<std::string, SimDisk*> all;
  return all;
}

}  // namespace

bool inside_disk() { return calls_inside > 0; }

std::uint64_t Dice::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

void Dice::fill(std::span<Byte> out) {
  for (std::size_t i = 0; i < out.size(); i += 8) {
    const std::uint64_t word = next();
    std::memcpy(out.data() + i, &word, std::min<std::size_t>(8, out.size() - i));
  }
}

struct SimDisk::File {
  Bytes now;      ///< as programs see it
  Bytes durable;  ///< as the medium surely has it
  bool named = false;
  std::vector<Unsynced> unsynced;
  std::set<Opened*> open;
  std::vector<std::unique_ptr<Bytes>> shm;  ///< regions of the WAL index, shared by all connections
  std::size_t shm_users = 0;

  void write(std::uint64_t offset, ByteView bytes) {
    put(now, offset, bytes);
    unsynced.push_back({offset, to_bytes(bytes), std::nullopt});
  }
  void truncate(std::uint64_t size) {
    now.resize(size);
    unsynced.push_back({0, {}, size});
  }
  /// Change by change: what an earlier sync failed to write is on no medium, though programs still read it.
  void sync_content() {
    for (const Unsynced& change : unsynced) {
      if (change.new_size) {
        durable.resize(*change.new_size);
      } else {
        put(durable, change.offset, change.bytes);
      }
    }
    unsynced.clear();
  }
  void fill(Bytes bytes) {
    now = std::move(bytes);
    durable = now;
    unsynced.clear();
    named = true;
  }
};

struct SimDisk::Opened {
  sqlite3_file base{};  // first: SQLite sees only this
  SimDisk* disk = nullptr;
  std::shared_ptr<File> file;
  std::string name;
  int lock = SQLITE_LOCK_NONE;
  bool has_shm = false;
  bool temporary = false;
  bool names_folder = false;               ///< its first sync makes the names in its folder durable
  std::uint8_t shared = 0, exclusive = 0;  ///< slots of the WAL index, as bits
};

struct SimVfs {
  using Opened = SimDisk::Opened;
  using File = SimDisk::File;

  static Opened& of(sqlite3_file* file) { return *reinterpret_cast<Opened*>(file); }
  static int before(Opened& opened, DiskCall call) {
    return opened.temporary ? SQLITE_OK : opened.disk->before(call);
  }

  // ── Files ──
  static int close(sqlite3_file* file) {
    const Inside inside;
    Opened& opened = of(file);
    shm_unmap(file, 0);
    opened.file->open.erase(&opened);
    opened.~Opened();
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
    const Inside inside;
    Opened& opened = of(file);
    if (const int code = before(opened, DiskCall::read); code != SQLITE_OK) return code;
    const Bytes& now = opened.file->now;
    const auto from = static_cast<std::size_t>(offset);
    const std::size_t there =
        from >= now.size() ? 0 : std::min(static_cast<std::size_t>(count), now.size() - from);
    if (there > 0) std::memcpy(to, now.data() + from, there);
    if (there == static_cast<std::size_t>(count)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + there, 0, static_cast<std::size_t>(count) - there);
    return SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
    const Inside inside;
    Opened& opened = of(file);
    const ByteView bytes(static_cast<const Byte*>(from), static_cast<std::size_t>(count));
    const auto at = static_cast<std::uint64_t>(offset);
    if (!opened.temporary) {
      const bool was_alive = !opened.disk->killed_;
      const int code = opened.disk->before(DiskCall::write);
      // A process that ends inside a write leaves a part of it.
      if (was_alive && opened.disk->killed_) {
        const std::size_t part = static_cast<std::size_t>(opened.disk->dice_.below(bytes.size() + 1));
        if (part > 0 && opened.disk->dice_.chance(0.5)) opened.file->write(at, bytes.first(part));
      }
      if (code != SQLITE_OK) return code;
      if (!has_room(opened, at + bytes.size())) return SQLITE_FULL;
    }
    opened.file->write(at, bytes);
    return SQLITE_OK;
  }
  static bool has_room(const Opened& opened, std::uint64_t end) {
    const SimDisk& disk = *opened.disk;
    if (!disk.room_ || end <= opened.file->now.size()) return true;
    std::uint64_t used = 0;
    for (const auto& [name, file] : disk.files_) used += file->now.size();
    return used + (end - opened.file->now.size()) <= *disk.room_;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const Inside inside;
    Opened& opened = of(file);
    if (const int code = before(opened, DiskCall::write); code != SQLITE_OK) return code;
    opened.file->truncate(static_cast<std::uint64_t>(size));
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int) {
    const Inside inside;
    Opened& opened = of(file);
    const int code = before(opened, DiskCall::sync);
    if (code == SQLITE_OK && opened.disk != nullptr && opened.disk->lies_) return SQLITE_OK;
    if (code == SQLITE_OK) {
      opened.file->sync_content();
      if (std::exchange(opened.names_folder, false)) opened.disk->sync_names();
    } else if (!opened.disk->killed_) {
      // The system marks clean what it could not write: a retry proves nothing.
      opened.file->unsynced.clear();
    }
    return code;
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(of(file).file->now.size());
    return of(file).disk != nullptr && of(file).disk->killed_ ? SQLITE_IOERR_FSTAT : SQLITE_OK;
  }

  // ── Locks of a database file ──
  static int lock(sqlite3_file* file, int level) {
    Opened& opened = of(file);
    if (opened.lock >= level) return SQLITE_OK;
    int others = SQLITE_LOCK_NONE;
    for (const Opened* other : opened.file->open) {
      if (other != &opened) others = std::max(others, other->lock);
    }
    const bool free = level == SQLITE_LOCK_SHARED     ? others < SQLITE_LOCK_PENDING
                      : level == SQLITE_LOCK_RESERVED ? others < SQLITE_LOCK_RESERVED
                                                      : others == SQLITE_LOCK_NONE;
    if (!free) return SQLITE_BUSY;
    opened.lock = level;
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* file, int level) {
    of(file).lock = std::min(of(file).lock, level);
    return SQLITE_OK;
  }
  static int check_reserved(sqlite3_file* file, int* out) {
    const auto& open = of(file).file->open;
    *out = std::any_of(open.begin(), open.end(),
                       [](const Opened* o) { return o->lock >= SQLITE_LOCK_RESERVED; });
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return kSector; }
  // A write touches no byte beside it. Without this promise SQLite would pad the log to whole sectors.
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  // ── The WAL index ──
  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    const Inside inside;
    Opened& opened = of(file);
    if (!opened.has_shm) {
      opened.has_shm = true;
      ++opened.file->shm_users;
    }
    auto& regions = opened.file->shm;
    const auto at = static_cast<std::size_t>(region);
    *out = nullptr;
    if (at >= regions.size() && extend == 0) return SQLITE_OK;
    while (regions.size() <= at) regions.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(size)));
    *out = regions[at]->data();
    return SQLITE_OK;
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    Opened& opened = of(file);
    const auto mask = static_cast<std::uint8_t>(((1U << count) - 1U) << offset);
    static_assert(kShmSlots == SQLITE_SHM_NLOCK);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      opened.shared = static_cast<std::uint8_t>(opened.shared & ~mask);
      opened.exclusive = static_cast<std::uint8_t>(opened.exclusive & ~mask);
      return SQLITE_OK;
    }
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (const Opened* other : opened.file->open) {
      if (other == &opened) continue;
      const std::uint8_t taken = exclusive ? other->shared | other->exclusive : other->exclusive;
      if ((taken & mask) != 0) return SQLITE_BUSY;
    }
    auto& mine = exclusive ? opened.exclusive : opened.shared;
    mine = static_cast<std::uint8_t>(mine | mask);
    return SQLITE_OK;
  }
  static void shm_barrier(sqlite3_file*) {}
  static int shm_unmap(sqlite3_file* file, int) {
    Opened& opened = of(file);
    if (!opened.has_shm) return SQLITE_OK;
    opened.has_shm = false;
    opened.shared = opened.exclusive = 0;
    if (--opened.file->shm_users == 0) opened.file->shm.clear();
    return SQLITE_OK;
  }

  // ── The file system ──
  static std::pair<SimDisk*, std::string> place(const char* path) {
    const std::string text(path);
    const auto slash = text.find('/', 1);
    if (text.empty() || text[0] != '/' || slash == std::string::npos) return {nullptr, {}};
    const auto it = disks().find(text.substr(1, slash - 1));
    return {it == disks().end() ? nullptr : it->second, text.substr(slash + 1)};
  }
  static int open(sqlite3_vfs*, const char* path, sqlite3_file* out, int flags, int* out_flags) {
    const Inside inside;
    auto* opened = new (out) Opened();
    if (path == nullptr) {
      opened->file = std::make_shared<File>();
      opened->temporary = true;
    } else {
      const int code = open_named(path, flags, *opened);
      if (code != SQLITE_OK) {
        opened->~Opened();
        std::memset(out, 0, sizeof(sqlite3_file));
        return code;
      }
    }
    opened->file->open.insert(opened);
    opened->base.pMethods = &methods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }
  static int open_named(const char* path, int flags, Opened& opened) {
    const auto [disk, name] = place(path);
    if (disk == nullptr || disk->killed_) return SQLITE_CANTOPEN;
    const auto it = disk->files_.find(name);
    if (it != disk->files_.end()) {
      opened.file = it->second;
    } else {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      if (disk->before(DiskCall::write) != SQLITE_OK) return SQLITE_CANTOPEN;
      opened.file = disk->files_[name] = std::make_shared<File>();
    }
    // As on Unix: whoever may have made the file cannot know whether somebody else made its name durable.
    constexpr int kJournals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    opened.names_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0;
    opened.disk = disk;
    opened.name = name;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs*, const char* path, int sync_folder) {
    const Inside inside;
    const auto [disk, name] = place(path);
    if (disk == nullptr) return SQLITE_IOERR_DELETE;
    if (const int code = disk->before(DiskCall::write); code != SQLITE_OK) return SQLITE_IOERR_DELETE;
    const auto it = disk->files_.find(name);
    if (it == disk->files_.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (it->second->named) disk->unlinked_[name] = it->second->durable;
    disk->files_.erase(it);
    if (sync_folder != 0) disk->sync_names();
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs*, const char* path, int, int* out) {
    const Inside inside;
    const auto [disk, name] = place(path);
    *out = disk != nullptr && !disk->killed_ && disk->files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* path, int room, char* out) {
    if (std::strlen(path) + 1 > static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
    std::strcpy(out, path);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs*, int count, char* out) {
    dice->fill({reinterpret_cast<Byte*>(out), static_cast<std::size_t>(count)});
    return count;
  }
  static int sleep(sqlite3_vfs*, int micros) { return micros; }  // one thread: nobody lets go meanwhile
  static int now_ms(sqlite3_vfs*, sqlite3_int64* out) {
    constexpr sqlite3_int64 kJulianOf1970 = 210866760000000;
    *out = kJulianOf1970 + (clock != nullptr ? clock->now() : 0);
    return SQLITE_OK;
  }
  static int now(sqlite3_vfs* vfs, double* out) {
    sqlite3_int64 millis = 0;
    now_ms(vfs, &millis);
    *out = static_cast<double>(millis) / 86400000.0;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  static const sqlite3_io_methods methods;
  static Dice* dice;
  static Clock* clock;  ///< of the machine that made the last call
};

const sqlite3_io_methods SimVfs::methods = {
    .iVersion = 2,
    .xClose = SimVfs::close,
    .xRead = SimVfs::read,
    .xWrite = SimVfs::write,
    .xTruncate = SimVfs::truncate,
    .xSync = SimVfs::sync,
    .xFileSize = SimVfs::file_size,
    .xLock = SimVfs::lock,
    .xUnlock = SimVfs::unlock,
    .xCheckReservedLock = SimVfs::check_reserved,
    .xFileControl = SimVfs::control,
    .xSectorSize = SimVfs::sector_size,
    .xDeviceCharacteristics = SimVfs::characteristics,
    .xShmMap = SimVfs::shm_map,
    .xShmLock = SimVfs::shm_lock,
    .xShmBarrier = SimVfs::shm_barrier,
    .xShmUnmap = SimVfs::shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};
Dice* SimVfs::dice = nullptr;
Clock* SimVfs::clock = nullptr;

namespace {

sqlite3_vfs& the_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs v{};
    v.iVersion = 2;
    v.szOsFile = sizeof(SimDisk::Opened);
    v.mxPathname = 512;
    v.zName = "simulated";
    v.xOpen = SimVfs::open;
    v.xDelete = SimVfs::remove;
    v.xAccess = SimVfs::access;
    v.xFullPathname = SimVfs::full_path;
    v.xRandomness = SimVfs::randomness;
    v.xSleep = SimVfs::sleep;
    v.xCurrentTime = SimVfs::now;
    v.xGetLastError = SimVfs::last_error;
    v.xCurrentTimeInt64 = SimVfs::now_ms;
    return v;
  }();
  return vfs;
}

}  // namespace

SimDisks::SimDisks(std::uint64_t seed) {
  SimVfs::dice = new Dice(seed);
  sqlite3_vfs_register(&the_vfs(), 1);
  sqlite3_randomness(0, nullptr);  // the next random number asks the VFS for a seed
}

SimDisks::~SimDisks() {
  sqlite3_vfs_unregister(&the_vfs());
  delete std::exchange(SimVfs::dice, nullptr);
  sqlite3_randomness(0, nullptr);
}

SimDisk::SimDisk(std::string name, Clock& clock, std::uint64_t seed)
    : name_(std::move(name)), clock_(clock), dice_(seed) {
  if (!disks().emplace(name_, this).second) throw std::logic_error("two machines named " + name_);
}

SimDisk::~SimDisk() {
  disks().erase(name_);
  if (SimVfs::clock == &clock_) SimVfs::clock = nullptr;
}

int SimDisk::before(DiskCall call) {
  SimVfs::clock = &clock_;
  if (call != DiskCall::read && !killed_ && kill_at_ && steps_ >= *kill_at_) killed_ = true;
  if (killed_) return SQLITE_IOERR;
  if (call != DiskCall::read) ++steps_;
  if (!failure_ || failure_->call != call) return SQLITE_OK;
  if (failure_->after > 0) {
    --failure_->after;
    return SQLITE_OK;
  }
  const int code = failure_->code;
  ++failed_;
  if (!failure_->for_ever) failure_.reset();
  return code;
}

void SimDisk::sync_names() {
  for (const auto& [name, file] : files_) file->named = true;
  unlinked_.clear();
}

void SimDisk::revive() {
  for (const auto& [name, file] : files_) {
    if (!file->open.empty()) throw std::logic_error(name_ + "/" + name + " is still open");
  }
  killed_ = false;
  kill_at_.reset();
}

void SimDisk::abandon() {
  for (auto& [name, file] : files_) {
    auto fresh = std::make_shared<File>();
    fresh->now = file->now;
    fresh->durable = file->durable;
    fresh->named = file->named;
    fresh->unsynced = file->unsynced;
    file = std::move(fresh);
  }
  revive();
}

void SimDisk::cut_power(Tear tear) {
  revive();
  for (auto it = files_.begin(); it != files_.end();) {
    File& file = *it->second;
    for (const Unsynced& change : file.unsynced) {
      if (tear == Tear::lose || (tear == Tear::reorder && dice_.chance(0.3))) continue;
      if (change.new_size) {
        file.durable.resize(*change.new_size);
        continue;
      }
      for (std::size_t from = 0; from < change.bytes.size(); from += kSector) {
        std::size_t count = std::min(kSector, change.bytes.size() - from);
        if (tear == Tear::reorder && dice_.chance(0.3)) continue;
        if (tear == Tear::reorder && dice_.chance(0.1))
          count = static_cast<std::size_t>(dice_.below(count)) + 1;
        put(file.durable, change.offset + from, ByteView(change.bytes).subspan(from, count));
      }
    }
    const bool stays = file.named || (tear != Tear::lose && dice_.chance(0.5));
    file.now = file.durable;
    file.unsynced.clear();
    file.named = true;
    it = stays ? std::next(it) : files_.erase(it);
  }
  for (auto& [name, bytes] : unlinked_) {
    if (files_.contains(name) || tear == Tear::keep || !dice_.chance(0.5)) continue;
    auto file = std::make_shared<File>();
    file->fill(std::move(bytes));
    files_[name] = std::move(file);
  }
  unlinked_.clear();
}

bool SimDisk::flip_bit(const std::string& name) {
  const auto it = files_.find(name);
  if (it == files_.end() || it->second->now.empty()) return false;
  const auto at = static_cast<std::size_t>(dice_.below(it->second->now.size()));
  Bytes bytes = it->second->now;
  bytes[at] = static_cast<Byte>(bytes[at] ^ (1U << dice_.below(8)));
  it->second->fill(std::move(bytes));
  return true;
}

bool SimDisk::flip_bit_in(const std::string& name, ByteView bytes) {
  const auto it = files_.find(name);
  if (it == files_.end() || bytes.empty()) return false;
  Bytes whole = it->second->now;
  const auto found = std::search(whole.begin(), whole.end(), bytes.begin(), bytes.end());
  if (found == whole.end()) return false;
  Byte& there = *(found + static_cast<std::ptrdiff_t>(dice_.below(bytes.size())));
  there = static_cast<Byte>(there ^ (1U << dice_.below(8)));
  it->second->fill(std::move(whole));
  return true;
}

bool SimDisk::remove(const std::string& name) {
  unlinked_.erase(name);
  return files_.erase(name) > 0;
}

std::vector<std::string> SimDisk::files() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : files_) names.push_back(name);
  return names;
}

std::uint64_t SimDisk::size(const std::string& name) const {
  const auto it = files_.find(name);
  return it == files_.end() ? 0 : it->second->now.size();
}

std::optional<Bytes> SimDisk::content(const std::string& name) const {
  const auto it = files_.find(name);
  if (it == files_.end()) return std::nullopt;
  return it->second->now;
}

SimDisk::Image SimDisk::image() const {
  Image image;
  for (const auto& [name, file] : files_) image[name] = file->now;
  return image;
}

void SimDisk::restore(const Image& image) {
  revive();
  files_.clear();
  unlinked_.clear();
  for (const auto& [name, bytes] : image) {
    auto file = std::make_shared<File>();
    file->fill(bytes);
    files_[name] = std::move(file);
  }
}

}  // namespace wasl::test
