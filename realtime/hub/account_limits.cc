#include "realtime/hub/account_limits.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "realtime/hub/limits.h"
#include "realtime/protocol/json_slice.h"

namespace chatpad::realtime {
namespace {

constexpr int64_t kBurstUs = int64_t{kRateBurstSeconds} * 1'000'000;
constexpr double kCostMaxUs = 3600e6;  // no single message is paid for longer than an hour
constexpr std::string_view kAccountTopic = "account:";

void read_number(std::string_view json, std::string_view name, int64_t& into) {
  const std::string_view text = json_member(json, name);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) into = number;
}

bool count(std::atomic<uint64_t>& reason) {
  reason.fetch_add(1, std::memory_order_relaxed);
  return false;
}

// Takes one of `most`; false when they are all taken.
bool take_one(std::atomic<int64_t>& of, int64_t most) {
  if (of.fetch_add(1, std::memory_order_relaxed) < most) return true;
  of.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

bool SharedRate::take(double cost, double per_s, uint64_t now_ms) {
  if (per_s <= 0) return false;
  const auto now_us = static_cast<int64_t>(now_ms) * 1000;
  const auto cost_us = static_cast<int64_t>(std::min(cost * 1e6 / per_s, kCostMaxUs));
  int64_t due = due_us_.load(std::memory_order_relaxed);
  for (;;) {
    const int64_t from = std::max(due, now_us);
    if (from > now_us && from + cost_us - now_us > kBurstUs) return false;
    if (due_us_.compare_exchange_weak(due, from + cost_us, std::memory_order_relaxed)) return true;
  }
}

bool SharedRate::has_room(uint64_t now_ms) const {
  return due_us_.load(std::memory_order_relaxed) - static_cast<int64_t>(now_ms) * 1000 < kBurstUs;
}

void Account::set(const AccountRates& rates) {
  enabled_.store(rates.enabled, std::memory_order_relaxed);
  clients_max_.store(rates.clients_max, std::memory_order_relaxed);
  channels_max_.store(rates.channels_max, std::memory_order_relaxed);
  joins_per_s_.store(rates.joins_per_s, std::memory_order_relaxed);
  events_per_s_.store(rates.events_per_s, std::memory_order_relaxed);
  bytes_per_s_.store(rates.bytes_per_s, std::memory_order_relaxed);
  presence_per_s_.store(rates.presence_per_s, std::memory_order_relaxed);
  payload_bytes_max_.store(rates.payload_bytes_max, std::memory_order_relaxed);
}

AccountRates Account::rates() const {
  AccountRates rates;
  rates.enabled = enabled_.load(std::memory_order_relaxed);
  rates.clients_max = clients_max_.load(std::memory_order_relaxed);
  rates.channels_max = channels_max_.load(std::memory_order_relaxed);
  rates.joins_per_s = joins_per_s_.load(std::memory_order_relaxed);
  rates.events_per_s = events_per_s_.load(std::memory_order_relaxed);
  rates.bytes_per_s = bytes_per_s_.load(std::memory_order_relaxed);
  rates.presence_per_s = presence_per_s_.load(std::memory_order_relaxed);
  rates.payload_bytes_max = payload_bytes_max_.load(std::memory_order_relaxed);
  return rates;
}

AccountLimits::AccountLimits(const AccountRates& defaults, double rate_scale)
    : defaults_(defaults), scale_(rate_scale), shared_(std::make_shared<Account>(defaults)) {}

AccountRates AccountLimits::read(std::string_view json) const {
  AccountRates rates = defaults_;
  rates.enabled = json_member(json, "enabled") != "false";
  read_number(json, "clients_max", rates.clients_max);
  read_number(json, "channels_max", rates.channels_max);
  read_number(json, "joins_per_s", rates.joins_per_s);
  read_number(json, "events_per_s", rates.events_per_s);
  read_number(json, "bytes_per_s", rates.bytes_per_s);
  read_number(json, "presence_per_s", rates.presence_per_s);
  read_number(json, "payload_bytes_max", rates.payload_bytes_max);
  return rates;
}

AccountRef AccountLimits::of(const Uuid& account, std::string_view limits_json) {
  const AccountRates rates = read(limits_json);
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(account);
  if (found != accounts_.end()) {
    found->second->set(rates);
    return found->second;
  }
  if (accounts_.size() >= std::min(sweep_at_, kAccountsMax)) forget_idle();
  if (accounts_.size() >= kAccountsMax) return shared_;
  auto made = std::make_shared<Account>(rates);
  accounts_.emplace(account, made);
  return made;
}

// What an account used before counts no more once nobody of it has been connected: it takes a full
// round of others to be forgotten.
void AccountLimits::forget_idle() {
  std::erase_if(accounts_, [](const auto& entry) { return entry.second.use_count() == 1; });
  sweep_at_ = std::max<size_t>(1024, accounts_.size() * 2);
}

void AccountLimits::update(const Uuid& account, std::string_view limits_json) {
  const AccountRates rates = read(limits_json);
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(account);
  if (found != accounts_.end()) found->second->set(rates);
}

void AccountLimits::hear(std::string_view topic, std::string_view event,
                         std::string_view payload_json) {
  if (event != "limits.updated" || !topic.starts_with(kAccountTopic)) return;
  const std::optional<Uuid> account = Uuid::parse(topic.substr(kAccountTopic.size()));
  if (account) update(*account, json_member(payload_json, "limits"));
}

bool AccountLimits::may_join(const Uuid& account, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(account);
  return found == accounts_.end() || found->second->joins_.has_room(now_ms) || count(stats_.joins);
}

bool AccountLimits::admit_event(Account& account, size_t payload_bytes, size_t copies,
                                uint64_t now_ms, Code& why) {
  why = Code::payload_size;
  if (payload_bytes > static_cast<size_t>(account.payload_bytes_max_.load())) {
    return count(stats_.payload);
  }
  why = Code::account_events;
  const auto per_s = static_cast<double>(account.events_per_s_.load(std::memory_order_relaxed));
  if (!account.events_.take(1, per_s * scale_, now_ms)) return count(stats_.events);
  why = Code::account_bytes;
  return admit_copies(account, payload_bytes, copies, now_ms);
}

bool AccountLimits::admit_copies(Account& account, size_t payload_bytes, size_t copies,
                                 uint64_t now_ms) {
  const auto per_s = static_cast<double>(account.bytes_per_s_.load(std::memory_order_relaxed));
  const auto bytes = static_cast<double>(payload_bytes) * static_cast<double>(copies);
  return account.bytes_.take(bytes, per_s * scale_, now_ms) || count(stats_.bytes);
}

bool AccountLimits::admit_presence(Account& account, uint64_t now_ms) {
  const auto per_s = static_cast<double>(account.presence_per_s_.load(std::memory_order_relaxed));
  return account.presence_.take(1, per_s * scale_, now_ms) || count(stats_.presence);
}

size_t AccountLimits::size() const {
  const std::lock_guard lock(mutex_);
  return accounts_.size();
}

SessionAccounts::Client* SessionAccounts::find(size_t id) {
  for (Client& client : clients_) {
    if (client.id == id) return &client;
  }
  return nullptr;
}

bool SessionAccounts::enter(AccountLimits& limits, AccountRef account, uint64_t now_ms,
                            AccountPlace& place, Code& why) {
  AccountStats& stats = limits.stats_;
  const AccountRates rates = account->rates();
  why = Code::account_disabled;
  if (!rates.enabled) return count(stats.disabled);
  why = Code::account_joins;
  const auto joins_per_s = static_cast<double>(rates.joins_per_s) * limits.scale_;
  if (!account->joins_.take(1, joins_per_s, now_ms)) return count(stats.joins);
  why = Code::account_channels;
  if (!take_one(account->channels_, rates.channels_max)) return count(stats.channels);
  const auto known = std::find_if(clients_.begin(), clients_.end(),
                                  [&account](const Client& c) { return c.account == account; });
  if (known != clients_.end()) {
    ++known->channels;
    place.of_ = this;
    place.client_id_ = known->id;
    return true;
  }
  why = Code::account_clients;
  if (!take_one(account->clients_, rates.clients_max)) {
    account->channels_.fetch_sub(1, std::memory_order_relaxed);
    return count(stats.clients);
  }
  Client client;
  client.id = next_id_++;
  client.account = std::move(account);
  client.channels = 1;
  place.of_ = this;
  place.client_id_ = client.id;
  clients_.push_back(std::move(client));
  return true;
}

Account* AccountPlace::account() const {
  return of_ ? of_->find(client_id_)->account.get() : nullptr;
}

bool AccountPlace::tell_now(uint64_t now_ms) {
  if (!of_) return false;
  SessionAccounts::Client& client = *of_->find(client_id_);
  if (client.told_ms != 0 && now_ms - client.told_ms < 1000) return false;
  client.told_ms = std::max<uint64_t>(now_ms, 1);
  return true;
}

void AccountPlace::leave() {
  SessionAccounts* of = std::exchange(of_, nullptr);
  if (!of) return;
  SessionAccounts::Client& client = *of->find(client_id_);
  client.account->channels_.fetch_sub(1, std::memory_order_relaxed);
  if (--client.channels > 0) return;
  client.account->clients_.fetch_sub(1, std::memory_order_relaxed);
  std::erase_if(of->clients_,
                [this](const SessionAccounts::Client& c) { return c.id == client_id_; });
}

}  // namespace chatpad::realtime
