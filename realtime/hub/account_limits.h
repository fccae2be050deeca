// AccountLimits: what each account may do in realtime, and what it does, in this program.
//
// An account is whose conversation, agent or account topic a channel is on; channels on topics that
// are nobody's - open rooms, a project's own topics - count together as one account with the
// program's defaults. Every loop of the program counts into the same Account, so an account has its
// rates once, wherever its sockets are. An account that is over them loses its own messages and
// joins; nothing of another account is dropped for it.
//
// Limits come with the rights of a topic (rights.h), at every join and new token, and with the
// event `limits.updated`, which carries changed ones to every program within moments of the commit.
//
// It does not count what the server itself sends: durable events, answers, broadcasts over HTTP.
// Thread-safe. One per program, made before the hubs and ended after them. An Account lives while a
// channel refers to it, or while it is in the map: at most kAccountsMax are, further ones share the
// program's defaults.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/protocol/codes.h"
#include "runtime/base/uuid.h"

namespace chatpad::realtime {

constexpr size_t kAccountsMax = 65'536;  // accounts counted at a time; further ones share one count

struct AccountRates {
  bool enabled = true;
  int64_t clients_max = 20'000;            // sockets with a channel -> ConnectionRateLimitReached
  int64_t channels_max = 100'000;          // -> ChannelRateLimitReached
  int64_t joins_per_s = 1'000;             // -> ClientJoinRateLimitReached
  int64_t events_per_s = 2'000;            // broadcasts its clients publish; above it: dropped
  int64_t bytes_per_s = 64 * 1024 * 1024;  // those, times the channels they go to; the same
  int64_t presence_per_s = 1'000;          // track messages -> PresenceRateLimitReached
  int64_t payload_bytes_max = 256 * 1024;  // of one broadcast -> payload_size_exceeded
};

// A rate that every thread takes from: two seconds' worth at once at most, and one message of any
// size when nothing was taken for so long.
class SharedRate {
 public:
  bool take(double cost, double per_s, uint64_t now_ms);
  bool has_room(uint64_t now_ms) const;

 private:
  std::atomic<int64_t> due_us_{0};  // when everything taken so far is paid for
};

class Account {
 public:
  explicit Account(const AccountRates& rates) { set(rates); }
  void set(const AccountRates& rates);
  AccountRates rates() const;
  int64_t clients() const { return clients_.load(std::memory_order_relaxed); }
  int64_t channels() const { return channels_.load(std::memory_order_relaxed); }

 private:
  friend class AccountLimits;
  friend class AccountPlace;
  friend class SessionAccounts;
  std::atomic<bool> enabled_{true};
  std::atomic<int64_t> clients_max_{0}, channels_max_{0}, joins_per_s_{0}, events_per_s_{0};
  std::atomic<int64_t> bytes_per_s_{0}, presence_per_s_{0}, payload_bytes_max_{0};
  std::atomic<int64_t> clients_{0}, channels_{0};
  SharedRate joins_, events_, bytes_, presence_;
};
using AccountRef = std::shared_ptr<Account>;

// What was refused or dropped since the start, by reason.
struct AccountStats {
  std::atomic<uint64_t> disabled{0}, clients{0}, channels{0}, joins{0};
  std::atomic<uint64_t> events{0}, bytes{0}, presence{0}, payload{0};
};

class AccountLimits {
 public:
  // `rate_scale` multiplies every limit per second, of accounts with limits of their own as well.
  AccountLimits(const AccountRates& defaults, double rate_scale);
  AccountLimits(const AccountLimits&) = delete;
  AccountLimits& operator=(const AccountLimits&) = delete;

  // The account's entry, with these limits: the row as JSON, what is missing or null being the
  // default's.
  AccountRef of(const Uuid& account, std::string_view limits_json);
  // The entry of topics that are nobody's.
  const AccountRef& shared() const { return shared_; }
  // Limits that changed. An account that nobody is connected to is left alone.
  void update(const Uuid& account, std::string_view limits_json);
  // False: the account has used up its joins, so that its rights need not be asked.
  bool may_join(const Uuid& account, uint64_t now_ms);
  // What a durable event says: only `limits.updated` on an account's topic means anything here.
  void hear(std::string_view topic, std::string_view event, std::string_view payload_json);

  // False: the message is dropped, and `why` is what its sender is told.
  bool admit_event(Account& account, size_t payload_bytes, size_t copies, uint64_t now_ms,
                   Code& why);
  bool admit_copies(Account& account, size_t payload_bytes, size_t copies, uint64_t now_ms);
  bool admit_presence(Account& account, uint64_t now_ms);

  const AccountStats& stats() const { return stats_; }
  size_t size() const;

 private:
  friend class SessionAccounts;
  AccountRates read(std::string_view limits_json) const;
  void forget_idle();

  const AccountRates defaults_;
  const double scale_;
  const AccountRef shared_;
  AccountStats stats_;
  mutable std::mutex mutex_;
  std::unordered_map<Uuid, AccountRef> accounts_;
  size_t sweep_at_ = 1024;  // entries at which idle ones are looked for
};

class SessionAccounts;

// A channel's place in its account; gives it back when it ends.
class AccountPlace {
 public:
  AccountPlace() = default;
  ~AccountPlace() { leave(); }
  AccountPlace(const AccountPlace&) = delete;
  AccountPlace& operator=(const AccountPlace&) = delete;

  Account* account() const;  // null: the channel counts for nobody
  // True once a second: the client is to be told that something of it was dropped.
  bool tell_now(uint64_t now_ms);
  void leave();

 private:
  friend class SessionAccounts;
  SessionAccounts* of_ = nullptr;
  size_t client_id_ = 0;
};

// The accounts that one socket is a client of. Outlives the places of its channels.
class SessionAccounts {
 public:
  // Takes a place. False: `why` says which limit is reached, and nothing was taken.
  bool enter(AccountLimits& limits, AccountRef account, uint64_t now_ms, AccountPlace& place,
             Code& why);

 private:
  friend class AccountPlace;
  struct Client {
    size_t id = 0;
    AccountRef account;
    size_t channels = 0;
    uint64_t told_ms = 0;
  };
  Client* find(size_t id);
  std::vector<Client> clients_;  // rarely more than two
  size_t next_id_ = 1;
};

}  // namespace chatpad::realtime
