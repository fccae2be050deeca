// What the parts of `chatpad verify-isolation` share: the world they attack, who attacks, and the
// report they write into. verify_isolation.h says what the whole is for.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/isolation_stripe.h"
#include "runtime/pg/blocking.h"

namespace chatpad::isolation {

// Counts and holes of everything that was tried. Thread-safe.
class Report {
 public:
  // One thing that was tried on `subject` ("POST /x", "public.agents") by `persona`.
  void tried(const std::string& subject, const std::string& persona);
  // A hole, in one sentence; said once each.
  void hole(const std::string& subject, const std::string& persona, const std::string& what);

  // What `persona` reaches by design.
  void may(const std::string& subject, const std::string& persona);

  // Subjects down, personas across: how often each was tried, "+" where what was tried is meant to
  // work, "!" where a hole is.
  std::string matrix() const;
  std::vector<std::string> holes() const;
  size_t tried_count() const { return count_; }

 private:
  struct Cell {
    size_t tried = 0;
    bool may = false;
    bool hole = false;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, Cell>> cells_;
  std::vector<std::string> holes_;
  std::atomic<size_t> count_ = 0;
};

// `platform`: a super admin or the service key, who belong to no account and reach into each.
enum class PersonaKind : uint8_t { of_account, platform };

// Somebody who asks: "admin", "key chat:write", "visitor" ... of account a, b or none.
struct Persona {
  std::string name;
  char account = '-';      // 'a', 'b' or '-'
  std::string credential;  // what stands behind "Bearer "; empty: nothing is sent
  std::string db_role;     // and claims: how the database is asked as this persona; empty: not
  std::string claims;
  PersonaKind kind = PersonaKind::of_account;
};

// Two accounts, a and b, of one shape (sql/isolation/world.sql) in a throw-away server.
struct World {
  std::string url;  // "http://127.0.0.1:1234"
  uint16_t port = 0;
  std::string anon_key;
  std::string admin;          // conninfo of the superuser
  std::string authenticator;  // conninfo of the login
  std::string service;        // and of the service's
  std::vector<Persona> personas;
  std::vector<Persona> platform;  // asks for account b
  // Of account a and of b: kind ("agents", "conversations", ...) -> an id. Kinds are tables' names.
  std::map<std::string, std::string> ids_a, ids_b;
  std::vector<std::string> tenant_tables;  // "public.agents", every one that names its account

  std::string id(const std::string& kind, char account) const;
};

inline bool is_in(std::span<const std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// What every text of an account holds, so that it is recognised wherever it leaks to.
std::string marker_of(char account);

// The server of a World: a process of this program on a home of its own, ended with this one.
class ThrowAway {
 public:
  explicit ThrowAway(const Config& config);
  ~ThrowAway();
  ThrowAway(const ThrowAway&) = delete;
  ThrowAway& operator=(const ThrowAway&) = delete;
  const World& world() const { return world_; }

 private:
  void start(const Config& config);
  void wait_until_ready();
  void fill();
  void end();
  World world_;
  std::string home_;
  std::string secret_;
  std::string service_key_;
  StripeStandIn stripe_;
  int pid_ = -1;
};

// Per tenant table, what an account's rows are; to see whether anything changed them.
std::map<std::string, std::string> rows_of(pg::Blocking& session, const World& world, char account);

// The parts. Each writes what it tried and found into the report.
void verify_catalogue(pg::Blocking& reference, pg::Blocking& target, Report& report);
// Every `every`-th mutation of sql/isolation/mutations.sql, alone and undone; the report gets those
// that verify_catalogue would not have found. Returns how many there were.
size_t try_mutations(pg::Blocking& session, size_t every, Report& report);
// Row level security by itself: every table, every verb, rows of the other account; then what the
// platform's own reach in them.
void verify_tables(const World& world, Report& report);
enum class Depth : uint8_t { quick, full };
void verify_endpoints(const World& world, Depth depth, Report& report);
void verify_sockets(const World& world, Report& report);

}  // namespace chatpad::isolation
