#include "realtime/changes/changes.h"

#include <algorithm>

#include "runtime/base/log.h"

namespace chatpad::realtime {

Changes::Changes(Hub& hub, pg::Pool& pool, pg::Pool& service_pool)
    : hub_(hub), loop_(hub.loop()), pool_(pool), service_pool_(service_pool) {}
Changes::~Changes() { stop(); }

void Changes::stop() {
  scope_.cancel_all();
  queue_.clear();
  paced_.clear();
  pace_timer_.stop();
  personas_.clear();
  by_key_.clear();
  subscribers_.clear();
  openings_.clear();
  running_ = 0;
}

ChangesStats Changes::stats() const {
  ChangesStats stats = stats_;
  stats.personas = personas_.size();
  stats.subscribers = subscribers_.size();
  return stats;
}

pg::Pool* Changes::pool_of(const pg::Claims& claims) {
  return claims.role == pg::Role::service_role ? &service_pool_ : &pool_;
}

void Changes::count_interest() {
  interested_.store(openings_.size() + subscribers_.size(), std::memory_order_relaxed);
}

// ---- Subscriptions ------------------------------------------------------------------------------

void Changes::subscribe(ChangeSubscription subscription) {
  const uint64_t id = subscription.channel_id;
  close_opening(id);
  if (openings_.size() >= kOpeningMax) {
    const uint64_t ticket = subscription.ticket;
    loop_.defer([this, id, ticket] { hub_.on_changes(id, ticket, ChangesOutcome::failed, ""); });
    return;
  }
  openings_[id].subscription = subscription;
  count_interest();
  scope_.spawn(open(std::move(subscription)));
}

void Changes::close_opening(uint64_t channel_id) {
  const auto found = openings_.find(channel_id);
  if (found == openings_.end()) return;
  if (!found->second.wanted.empty()) feed_->forget(std::move(found->second.wanted));
  openings_.erase(found);
  count_interest();
}

bool Changes::is_current(uint64_t channel_id, uint64_t ticket) const {
  const auto found = openings_.find(channel_id);
  return found != openings_.end() && found->second.subscription.ticket == ticket;
}

Task<void> Changes::open(ChangeSubscription subscription) {
  const uint64_t id = subscription.channel_id;
  const uint64_t ticket = subscription.ticket;
  pg::Pool* const pool = pool_of(subscription.claims);
  std::vector<WatchSpec> specs;
  ChangesOutcome outcome = ChangesOutcome::live;
  std::string text;
  for (const ChangeRequest& request : subscription.requests) {
    const ChangeRequest asked = request;
    try {
      Described described = co_await describe_request(pool, subscription.claims, asked);
      text = described.refusal;
      specs.push_back(std::move(described.spec));
    } catch (const Raised& raised) {
      outcome = ChangesOutcome::failed;
      log::Line(LogLevel::warn, "changes_describe_failed")
          .field("cause", raised.error().cause.value);
    }
    if (!text.empty()) outcome = ChangesOutcome::refused;
    if (outcome != ChangesOutcome::live || !is_current(id, ticket)) break;
  }
  // The hub may not be called before subscribe() has returned.
  co_await sleep_for(loop_, 0);
  if (!is_current(id, ticket)) co_return;
  std::vector<TablePattern> patterns;
  for (const WatchSpec& spec : specs) patterns.push_back(spec.pattern);
  if (outcome == ChangesOutcome::live) {
    openings_.at(id).specs = std::move(specs);
    openings_.at(id).wanted = patterns;
    if (feed_->want(std::move(patterns), loop_, [this, id, ticket] { opened(id, ticket); })) {
      co_return;
    }
    openings_.at(id).wanted.clear();
    outcome = ChangesOutcome::failed;
  }
  // Of a channel that had changes under other claims nothing goes on under those.
  unsubscribe(id);
  hub_.on_changes(id, ticket, outcome, text);
}

// The feed is live for it: from here on nothing is missed.
void Changes::opened(uint64_t channel_id, uint64_t ticket) {
  if (!is_current(channel_id, ticket)) return;
  Opening opening = std::move(openings_.at(channel_id));
  openings_.erase(channel_id);
  const ChangeSubscription& asked = opening.subscription;
  std::unique_ptr<Subscriber>& held = subscribers_[channel_id];
  if (held) {
    // New claims of a channel that has changes already.
    std::vector<TablePattern> before;
    for (const WatchSpec& spec : held->specs) before.push_back(spec.pattern);
    feed_->forget(std::move(before));
    held->specs = std::move(opening.specs);
    move_to_own(*held, asked.claims);
  } else {
    held = std::make_unique<Subscriber>();
    held->channel_id = channel_id;
    held->topic_text = asked.topic_text;
    held->vsn = asked.vsn;
    held->specs = std::move(opening.specs);
    held->cursor = Cursor{last_batch_ + 1, 0};
    enter(*held, persona_of(asked.claims));
  }
  count_interest();
  hub_.on_changes(channel_id, ticket, ChangesOutcome::live, "");
}

void Changes::unsubscribe(uint64_t channel_id) {
  close_opening(channel_id);
  const auto found = subscribers_.find(channel_id);
  if (found == subscribers_.end()) return;
  std::vector<TablePattern> patterns;
  for (const WatchSpec& spec : found->second->specs) patterns.push_back(spec.pattern);
  feed_->forget(std::move(patterns));
  leave(*found->second);
  subscribers_.erase(found);
  count_interest();
}

// ---- Personas -----------------------------------------------------------------------------------

Persona& Changes::make_persona(const pg::Claims& claims) {
  personas_.push_back(std::make_shared<Persona>());
  personas_.back()->claims = claims;
  personas_.back()->at = Cursor{last_batch_ + 1, 0};
  return *personas_.back();
}

Persona& Changes::persona_of(const pg::Claims& claims) {
  std::string key(pg::role_name(claims.role));
  key += ' ';
  key += claims.json;
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return *found->second;
  Persona& made = make_persona(claims);
  made.key = key;
  by_key_.emplace(std::move(key), &made);
  return made;
}

void Changes::enter(Subscriber& subscriber, Persona& persona) {
  subscriber.persona = &persona;
  ++persona.subscribers;
  for (const WatchSpec& spec : subscriber.specs) {
    WatchRef& watch = persona.watches[spec.echo];
    if (!watch) watch = std::make_shared<Watch>(spec);
    const auto& has = subscriber.watches;
    if (std::find(has.begin(), has.end(), watch) != has.end()) continue;
    watch->add(subscriber);
    subscriber.watches.push_back(watch);
  }
}

void Changes::leave(Subscriber& subscriber) {
  Persona& persona = *std::exchange(subscriber.persona, nullptr);
  for (const WatchRef& watch : subscriber.watches) {
    watch->remove(subscriber);
    if (watch->groups.empty()) persona.watches.erase(watch->spec.echo);
  }
  subscriber.watches.clear();
  if (--persona.subscribers > 0) return;
  if (!persona.key.empty()) by_key_.erase(persona.key);
  persona.pending.clear();
  std::erase_if(personas_, [&persona](const auto& one) { return one.get() == &persona; });
}

void Changes::move_to_own(Subscriber& subscriber, const pg::Claims& claims) {
  const Persona& from = *subscriber.persona;
  const std::deque<LocalBatchRef> pending = from.pending;
  const Cursor at = from.at;
  const bool idle = pending.empty() && !from.running;
  subscriber.cursor = std::max(subscriber.cursor, at);
  leave(subscriber);
  if (idle) return enter(subscriber, persona_of(claims));
  Persona& own = make_persona(claims);
  own.pending = pending;
  own.at = at;
  enter(subscriber, own);
  ready(own);
}

void Changes::lose(Persona& persona, Code code) {
  ++stats_.losses;
  std::vector<uint64_t> channels;
  for (const auto& [echo, watch] : persona.watches) {
    for (const Watch::Group& group : watch->groups) {
      for (const Subscriber* subscriber : group.subscribers) {
        channels.push_back(subscriber->channel_id);
      }
    }
  }
  std::sort(channels.begin(), channels.end());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  // Each leaves through unsubscribe().
  for (const uint64_t id : channels) hub_.lose_changes(id, code);
}

// ---- From the feed ------------------------------------------------------------------------------

void Changes::on_changes(BatchRef batch) {
  const uint64_t number = ++last_batch_;
  auto local = std::make_shared<LocalBatch>(number, loop_.now_ms(), std::move(batch));
  const auto concerns = [&local](const Persona& persona) {
    for (const auto& [echo, watch] : persona.watches) {
      for (const TableRef& table : local->batch->tables()) {
        if (watch->spec.pattern.fits(table->schema, table->name)) return true;
      }
    }
    return false;
  };
  // Rounds may end synchronously, and with them a persona.
  const std::vector<std::shared_ptr<Persona>> personas = personas_;
  for (const auto& persona : personas) {
    if (!concerns(*persona)) continue;
    if (persona->pending.empty() && !persona->running) persona->at = Cursor{number, 0};
    persona->pending.push_back(local);
    enqueue(*persona);
  }
  start_rounds();
}

void Changes::on_truncate(const std::string& schema, const std::string& table) {
  std::vector<uint64_t> channels;
  for (const auto& [id, subscriber] : subscribers_) {
    for (const WatchSpec& spec : subscriber->specs) {
      if (!spec.pattern.fits(schema, table)) continue;
      channels.push_back(id);
      break;
    }
  }
  for (const uint64_t id : channels) hub_.warn_changes(id, Code::changes_truncated);
}

void Changes::on_gap() {
  std::vector<uint64_t> channels;
  for (const auto& [id, subscriber] : subscribers_) channels.push_back(id);
  for (const uint64_t id : channels) hub_.lose_changes(id, Code::gap);
}

}  // namespace chatpad::realtime
