// The life of a channel: join, rights, tokens, expiry, leave.
#include <algorithm>
#include <utility>

#include "realtime/hub/hub.h"
#include "realtime/protocol/json_slice.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/wire/own_origin.h"
#include "runtime/wire/url.h"

namespace chatpad::realtime {
namespace {

// Expiry is looked at this often at least, so that a clock that jumps does not matter for long.
constexpr int64_t kExpiryCheckMaxMs = 300'000;

bool is_expired(const edge::Caller& caller) {
  return caller.expires_at_s != 0 && caller.expires_at_s <= wall_s();
}

// The channel's place in its account. The service key counts for nobody. False: `why` says so.
bool take_place(AccountLimits* limits, SessionAccounts& accounts, Channel& channel, uint64_t now_ms,
                Code& why) {
  if (!limits || channel.caller->kind == edge::CallerKind::service) return true;
  const Rights& rights = channel.rights;
  AccountRef account =
      rights.account ? limits->of(*rights.account, rights.account_limits) : limits->shared();
  return accounts.enter(*limits, std::move(account), now_ms, channel.place, why);
}

}  // namespace

void Hub::refuse_join(Session& session, const Inbound& in, Code code, std::string_view detail) {
  stats_.count_refusal(code);
  reply(session, in, ReplyStatus::error, reason_json(code_sentence(code, detail)));
}

void Hub::on_join(Session& session, const Inbound& in) {
  const auto name = topic_name(in.topic);
  if (!name) return reply(session, in, ReplyStatus::error, reason_json("unmatched topic"));
  if (name->empty()) return refuse_join(session, in, Code::topic_name_required);
  const HubLimits& limits = options_.limits;
  if (!session.joins_.take(1, limits.joins_per_s * limits.rate_scale, loop_.now_ms())) {
    return refuse_join(session, in, Code::join_rate);
  }
  if (Channel* old = session.find(in.topic)) {
    send_to(*old, old->join_ref, "phx_close", "{}");
    leave(session, *old);
  }
  if (session.channels_.size() >= limits.channels_max) {
    return refuse_join(session, in, Code::channel_limit);
  }
  Result<JoinRequest> parsed = parse_join(in.payload);
  if (!parsed) return refuse_join(session, in, Code::invalid_join);
  JoinRequest& join = *parsed;

  auto made = std::make_unique<Channel>(session, in.topic, *name, in);
  Channel& channel = *made;
  channel.id = next_id_++;
  channel.ack = join.ack;
  channel.self = join.self;
  channel.presence = join.presence;
  channel.older_client = join.older_client;
  if (!join.presence_key.empty()) {
    channel.present = std::make_unique<ChannelPresence>();
    channel.present->key = std::move(join.presence_key);
  }
  channel.replication_ready = join.replication_ready;
  channel.privacy = join.privacy;
  channel.changes = std::move(join.changes);
  channel.changes_wait = join.changes_wait;
  channel.changes_wait_ms = join.changes_wait_ms;
  channel.caller = session.caller_;
  session.channels_.push_back(std::move(made));
  channels_.emplace(channel.id, &channel);
  Code why = Code::invalid_token;
  if (!adopt_token(channel, join.access_token, why)) return fail_join(channel, why);
  if (!recoveries_.want(channel, join, why)) return fail_join(channel, why);
  const std::optional<Uuid>& account = channel.caller->account_id;
  if (options_.accounts && account && !options_.accounts->may_join(*account, loop_.now_ms())) {
    return fail_join(channel, Code::account_joins);
  }
  watch_expiry(channel);
  if (channel.privacy == Privacy::restricted) return start_probe(channel);
  channel.rights = Rights::all();
  if (!take_place(options_.accounts, session.accounts_, channel, loop_.now_ms(), why)) {
    return fail_join(channel, why);
  }
  admit_join(channel);
}

bool Hub::origin_fits(const edge::Caller& caller, const std::string& origin) const {
  if (caller.kind != edge::CallerKind::visitor || caller.origin.empty() || origin.empty()) {
    return true;
  }
  return wire::same_origin(origin, caller.origin) ||
         wire::is_own_origin(origin, options_.public_url);
}

// Makes the token's caller the channel's; without a token the caller stays. False: `why` says so.
bool Hub::adopt_token(Channel& channel, const std::string& token, Code& why) {
  if (!token.empty()) {
    why = Code::invalid_token;
    if (!options_.verifier) return false;
    Result<edge::Caller> verified = options_.verifier->verify(token);
    if (!verified) {
      if (verified.error().message.value.find("expired") != std::string::npos) {
        why = Code::token_expired;
      }
      if (verified.error().errc == Errc::session_not_found) why = Code::session_ended;
      return false;
    }
    channel.caller = std::make_shared<const edge::Caller>(std::move(*verified));
  }
  // The connection's own token as well.
  why = Code::invalid_token;
  if (!origin_fits(*channel.caller, channel.session.origin_)) return false;
  why = Code::unauthorized;
  if (channel.caller->second_factor_due) return false;
  why = Code::token_expired;
  return !is_expired(*channel.caller);
}

void Hub::on_access_token(Channel& channel, const Inbound& in) {
  const std::string token = access_token_of(in.payload);
  if (token.empty()) return;
  const std::shared_ptr<const edge::Caller> before = channel.caller;
  Code why = Code::invalid_token;
  if (!adopt_token(channel, token, why)) return crash(channel, why);
  watch_expiry(channel);
  if (before->claims.role == channel.caller->claims.role &&
      before->claims.json == channel.caller->claims.json) {
    return;
  }
  if (channel.changes_ticket != 0) ask_changes(channel);
  if (channel.privacy == Privacy::restricted) start_probe(channel);
}

void Hub::watch_expiry(Channel& channel) {
  channel.expiry.stop();
  if (channel.caller->expires_at_s == 0) return;
  const int64_t left_ms = channel.caller->expires_at_s * 1000 - wall_ms();
  const int64_t delay_ms = std::clamp<int64_t>(left_ms, 0, kExpiryCheckMaxMs);
  Channel* const watched = &channel;
  channel.expiry.start(loop_, static_cast<uint64_t>(delay_ms), [this, watched] {
    if (is_expired(*watched->caller)) return crash(*watched, Code::token_expired);
    watch_expiry(*watched);
  });
}

void Hub::start_probe(Channel& channel) {
  const uint64_t probe = channel.probe = next_id_++;
  if (!options_.rights || probes_ >= options_.limits.probes_waiting_max) {
    return on_rights_failed(channel.id, probe, Error(Errc::overloaded));
  }
  ++probes_;
  scope_.spawn(run_probe(channel.id, probe, channel.caller->claims, channel.name));
}

Task<void> Hub::run_probe(uint64_t channel_id, uint64_t probe, pg::Claims claims,
                          std::string topic) {
  Rights rights;
  Error error;
  bool failed = false;
  const uint64_t end_ms = loop_.now_ms() + kRightsUnseenMaxMs;
  try {
    for (;;) {
      const Rights found = co_await options_.rights->probe(claims, topic);
      rights = found;
      if (rights_news_.shown_by(rights.snapshot)) break;
      if (!channel_of_probe(channel_id, probe)) break;
      if (loop_.now_ms() >= end_ms) {
        raise(Errc::database_unavailable, PublicText(), LogText("a commit is not visible yet"));
      }
      co_await sleep_for(loop_, kRightsUnseenMs);
    }
  } catch (const Raised& raised) {
    error = raised.error();
    failed = true;
  }
  --probes_;
  if (failed) {
    on_rights_failed(channel_id, probe, error);
  } else {
    on_rights(channel_id, probe, rights);
  }
}

Channel* Hub::channel_of_probe(uint64_t channel_id, uint64_t probe) {
  Channel* const channel = channel_by_id(channel_id);
  return channel && channel->probe == probe ? channel : nullptr;
}

void Hub::on_rights(uint64_t channel_id, uint64_t probe, const Rights& rights) {
  Channel* channel = channel_of_probe(channel_id, probe);
  if (!channel) return;
  const Rights before = std::exchange(channel->rights, rights);
  if (!rights.may_join()) {
    if (rights.second_factor_wanted) {
      if (channel->state == ChannelState::joined) return crash(*channel, Code::second_factor);
      return fail_join(*channel, Code::second_factor);
    }
    if (channel->state == ChannelState::joined) {
      return crash(*channel, Code::read_lost,
                   code_sentence(Code::read_lost) + ": " + channel->name);
    }
    return fail_join(*channel, Code::unauthorized,
                     std::string(code_info(Code::unauthorized).text) + ": " + channel->name);
  }
  if (channel->state == ChannelState::joined) return renew_presence(*channel, before);
  if (channel->state != ChannelState::probing) return;
  Code why = Code::account_joins;
  if (!take_place(options_.accounts, channel->session.accounts_, *channel, loop_.now_ms(), why)) {
    return fail_join(*channel, why);
  }
  admit_join(*channel);
}

void Hub::on_rights_failed(uint64_t channel_id, uint64_t probe, const Error& error) {
  Channel* channel = channel_of_probe(channel_id, probe);
  if (!channel) return;
  log::Line(LogLevel::warn, "realtime_rights_failed")
      .field("code", error_info(error.errc).code)
      .field("cause", error.cause.value);
  const Code code =
      error.errc == Errc::overloaded ? Code::too_many_joins_waiting : Code::rights_unavailable;
  if (channel->state == ChannelState::joined) return crash(*channel, code);
  fail_join(*channel, code);
}

void Hub::fail_join(Channel& channel, Code code, std::string_view detail) {
  stats_.count_refusal(code);
  Session& session = channel.session;
  const std::string reason = reason_json(code_sentence(code, detail));
  scratch_.clear();
  encode_reply(session.vsn_, scratch_, channel.join_ref, channel.ref, channel.topic_text,
               ReplyStatus::error, reason);
  push_text(session, scratch_);
  if (channel.older_client == Switch::on) {
    send_to(channel, channel.join_ref, "phx_error", reason);
  }
  leave(session, channel);
}

void Hub::admit_join(Channel& channel) {
  if (options_.feed != FeedState::away) return recoveries_.admit(channel);
  channel.state = ChannelState::waiting_for_feed;
  const uint64_t wait_ms = options_.limits.live_wait_ms;
  waiting_.push_back(WaitingJoin{channel.id, loop_.now_ms() + wait_ms});
  if (!waiting_timer_.running()) {
    waiting_timer_.start(loop_, wait_ms, [this] { expire_waiting(); });
  }
}

void Hub::expire_waiting() {
  const uint64_t now = loop_.now_ms();
  while (!waiting_.empty()) {
    Channel* channel = channel_by_id(waiting_.front().channel_id);
    if (channel && waiting_.front().due_ms > now) break;
    waiting_.pop_front();
    if (channel) fail_join(*channel, Code::feed_not_live);
  }
  if (waiting_.empty()) return;
  waiting_timer_.start(loop_, waiting_.front().due_ms - now, [this] { expire_waiting(); });
}

void Hub::set_feed(FeedState state, std::string cluster) {
  options_.feed = state;
  if (!cluster.empty()) recoveries_.set_cluster(std::move(cluster));
  if (state == FeedState::away) return;
  std::deque<WaitingJoin> waiting;
  waiting.swap(waiting_);
  waiting_timer_.stop();
  for (const WaitingJoin& join : waiting) {
    Channel* channel = channel_by_id(join.channel_id);
    if (channel) recoveries_.admit(*channel);
  }
}

void Hub::become_member(Channel& channel) {
  if (!channel.topic) topics_.join(channel);
}

void Hub::history_void(Channel& channel) {
  topics_.leave(channel);
  admit_join(channel);
}

void Hub::finish_join(Channel& channel) {
  ++stats_.joins_ok;
  channel.state = ChannelState::joined;
  become_member(channel);
  scratch_.clear();
  encode_reply(channel.session.vsn_, scratch_, channel.join_ref, channel.ref, channel.topic_text,
               ReplyStatus::ok,
               join_response_json(channel.changes,
                                  channel.recovery ? channel.recovery->answer : std::string()));
  push_text(channel.session, scratch_);
  push_join_extras(channel);
  if (channel.recovery) recoveries_.release(channel);
}

void Hub::push_join_extras(Channel& channel) {
  send_presence_state(channel);
  if (!channel.changes.empty() && !changes_) {
    send_system(channel, "postgres_changes", ReplyStatus::error,
                code_sentence(Code::changes_not_available));
  }
  if (channel.replication_ready == Switch::on) {
    send_system(channel, "system", ReplyStatus::ok, "Replication connection established");
  }
}

void Hub::leave(Session& session, Channel& channel) {
  untrack(channel);
  forget_changes(channel);
  recoveries_.forget(channel);
  topics_.leave(channel);
  channels_.erase(channel.id);
  std::erase_if(session.channels_, [&channel](const auto& c) { return c.get() == &channel; });
}

void Hub::crash(Channel& channel, Code code, std::string_view detail) {
  if (channel.state != ChannelState::joined) return fail_join(channel, code, detail);
  const std::string message = detail.empty() ? code_sentence(code) : std::string(detail);
  send_system(channel, "system", ReplyStatus::error, message);
  send_to(channel, channel.join_ref, "phx_error", reason_json(message));
  leave(channel.session, channel);
}

// The channels of people on private topics of the account, or of one of them.
std::vector<uint64_t> Hub::channels_of(const Uuid& account, const std::optional<Uuid>& person) {
  std::vector<uint64_t> theirs;
  for (const auto& [id, channel] : channels_) {
    if (channel->privacy != Privacy::restricted) continue;
    if (channel->caller->kind != edge::CallerKind::user) continue;
    // Whose a topic is comes with its rights: a join that waits for them is asked about again.
    const bool concerned =
        channel->rights.account == account || channel->state == ChannelState::probing;
    if (!concerned) continue;
    if (!person || Uuid::parse(channel->caller->subject) == person) theirs.push_back(id);
  }
  return theirs;
}

void Hub::on_account_event(const edge::DurableEvent& event) {
  constexpr std::string_view kAccountTopic = "account:";
  if (!event.topic.starts_with(kAccountTopic)) return;
  const auto account = Uuid::parse(std::string_view(event.topic).substr(kAccountTopic.size()));
  if (!account) return;
  rights_news_.note(event.xid);
  if (event.event == "member.updated") return on_member(*account, event);
  const std::string_view about = json_member(event.payload_json, "account");
  if (json_member(about, "secondFactorRequired") != "true") return;
  for (const uint64_t id : channels_of(*account, std::nullopt)) {
    Channel* const channel = channel_by_id(id);
    if (channel) start_probe(*channel);
  }
}

void Hub::on_member(const Uuid& account, const edge::DurableEvent& event) {
  const std::string_view member = json_member(event.payload_json, "member");
  const auto person = Uuid::parse(json_text(json_member(member, "id")).value_or(""));
  if (!person) return;
  const bool gone = json_member(member, "role") == "null";
  for (const uint64_t id : channels_of(account, person)) {
    Channel* const channel = channel_by_id(id);
    if (!channel) continue;
    if (gone && channel->rights.account == account) {
      crash(*channel, Code::read_lost, code_sentence(Code::read_lost) + ": " + channel->name);
    } else {
      start_probe(*channel);
    }
  }
}

void Hub::announce_gap() {
  rights_news_.clear();
  std::vector<uint64_t> joined;
  topics_.for_each_channel([&joined](Channel& channel) { joined.push_back(channel.id); });
  for (const uint64_t id : joined) {
    Channel* channel = channel_by_id(id);
    if (channel) crash(*channel, Code::gap);
  }
}

}  // namespace chatpad::realtime
