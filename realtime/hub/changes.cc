// Row changes as a channel has them: asked for at the join and at new claims, answered by the
// ChangeSource.
#include "realtime/hub/hub.h"
#include "runtime/base/log.h"

namespace chatpad::realtime {

void Hub::admit_changes(Channel& channel) {
  if (channel.changes.empty() || !changes_) return finish_join(channel);
  channel.state = ChannelState::waiting_for_changes;
  const bool waits = channel.changes_wait == Switch::on;
  const uint64_t wait_ms = waits ? channel.changes_wait_ms : options_.limits.live_wait_ms;
  Channel* const waiting = &channel;
  channel.changes_due.start(loop_, wait_ms, [this, waiting, waits, wait_ms] {
    if (!waits) return fail_join(*waiting, Code::feed_not_live);
    fail_join(*waiting, Code::changes_timeout,
              "Timed out after " + std::to_string(wait_ms) +
                  "ms waiting for the postgres_changes subscription");
  });
  ask_changes(channel);
}

void Hub::ask_changes(Channel& channel) {
  channel.changes_ticket = next_id_++;
  ChangeSubscription subscription;
  subscription.channel_id = channel.id;
  subscription.ticket = channel.changes_ticket;
  subscription.vsn = channel.session.vsn_;
  subscription.topic_text = channel.topic_text;
  subscription.claims = channel.caller->claims;
  subscription.requests = channel.changes;
  changes_->subscribe(std::move(subscription));
}

void Hub::on_changes(uint64_t channel_id, uint64_t ticket, ChangesOutcome outcome,
                     std::string text) {
  Channel* channel = channel_by_id(channel_id);
  if (!channel || channel->changes_ticket != ticket) return;
  channel->changes_due.stop();
  if (outcome == ChangesOutcome::failed) return crash(*channel, Code::rights_unavailable);
  if (outcome == ChangesOutcome::refused) return refuse_changes(*channel, text);
  if (channel->state == ChannelState::waiting_for_changes) finish_join(*channel);
  // What the emulated server says, to the letter: its clients wait for it.
  send_system(*channel, "postgres_changes", ReplyStatus::ok, "Subscribed to PostgreSQL");
}

void Hub::refuse_changes(Channel& channel, std::string_view text) {
  if (channel.state == ChannelState::waiting_for_changes) {
    if (channel.changes_wait == Switch::on) return fail_join(channel, Code::changes_refused, text);
    finish_join(channel);
  }
  send_system(channel, "postgres_changes", ReplyStatus::error, text);
}

void Hub::forget_changes(Channel& channel) {
  if (channel.changes_ticket != 0) changes_->unsubscribe(channel.id);
  channel.changes_ticket = 0;
}

void Hub::push_change(uint64_t channel_id, const FrameRef& frame) {
  Channel* channel = channel_by_id(channel_id);
  if (!channel || channel->state != ChannelState::joined) return;
  ++stats_.changes_out;
  ++stats_.deliveries;
  push(channel->session, frame);
}

bool Hub::is_backed_up(uint64_t channel_id) {
  const Channel* channel = channel_by_id(channel_id);
  return channel && !channel->session.closing_ &&
         (channel->session.outbox_bytes_ > options_.limits.outbox_bytes_max / 2 ||
          channel->session.outbox_.size() > options_.limits.outbox_frames_max / 2);
}

void Hub::lose_changes(uint64_t channel_id, Code code) {
  Channel* channel = channel_by_id(channel_id);
  if (channel) crash(*channel, code);
}

void Hub::warn_changes(uint64_t channel_id, Code code, std::string_view detail) {
  Channel* channel = channel_by_id(channel_id);
  if (!channel || channel->state != ChannelState::joined) return;
  send_system(*channel, "postgres_changes", ReplyStatus::error, code_sentence(code, detail));
}

}  // namespace chatpad::realtime
