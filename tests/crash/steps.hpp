#pragma once
// What several acts do on their way. Everything ends in a Status: it is done while memory or a disk fails.
#include <string>

#include "server/hub/scribe.hpp"
#include "tests/crash/world.hpp"

namespace wasl::test {

/// A statement that inserts a project.
std::string project(const std::string& id, const std::string& space = "section/africa");

/// As `wasl sync` does it, on whatever fails; the hub's problems come back as errors of the session.
Status sync(CrashWorld& world, Machine machine);

/// Work of every kind that nobody has sealed: in two spaces, of a known record, with a personal value.
void write_unsent(CrashWorld& world);
/// The second office has sent new records and an edit.
void send_from_second(CrashWorld& world);

/// Done by an earlier try.
Status unless(Status done, Errc harmless);

template <class T>
Status only_status(Result<T> result) {
  if (!result) return tl::unexpected(result.error());
  return {};
}

// ── Persons ──
/// The person's key of that number.
crypto::KeyPair person(Byte number);
/// Gives the person every right everywhere.
void enrol(CrashWorld& world, const crypto::KeyPair& person);
/// What the person's newest grant is called at the hub.
Hash grant_of(CrashWorld& world, const crypto::KeyPair& person);
/// Writes an act at the hub. Errors: as Scribe::write.
Status decide(CrashWorld& world, const crypto::KeyPair& person, const wasl::Act& act,
              const std::string& space = std::string(kAuthoritySpace));

}  // namespace wasl::test
