#include "functions/shared/mail/mailer.h"

#include <algorithm>

#include "functions/shared/mail/compose.h"
#include "runtime/base/log.h"

namespace chatpad::functions {
namespace {

constexpr int kTakenAtOnce = 5;
constexpr size_t kMailJobsMax = 4;
constexpr int64_t kAgainFirstS = 5;
constexpr int64_t kAgainMostS = 600;

constexpr pg::Statement kTake{
    "take_mails", "select id, kind, recipient, sealed, attempts from api.take_mails($1)"};
constexpr pg::Statement kSent{"mail_sent", "select api.mail_sent($1)"};
constexpr pg::Statement kFailed{"mail_failed", "select api.mail_failed($1, $2, $3)"};

std::optional<int64_t> again_s(const http::SmtpResult& result, int64_t attempt) {
  if (result.outcome == http::SmtpOutcome::refused || attempt >= kMailAttemptsMax) {
    return std::nullopt;
  }
  return std::min(kAgainMostS, kAgainFirstS << std::min<int64_t>(attempt - 1, 10));
}

}  // namespace

Mailer::Mailer(Loop& loop, pg::Pool& service_pool, const Config& config)
    : loop_(loop), pool_(service_pool), config_(config), thread_(1, kMailJobsMax) {}

Mailer::~Mailer() { stop_ = true; }

Task<void> Mailer::run() {
  for (;;) {
    bool more = false;
    try {
      more = co_await work();
    } catch (const Raised& raised) {
      log::Line(LogLevel::warn, "mailer_waits")
          .field("code", error_info(raised.error().errc).code)
          .field("cause", raised.error().cause.value);
    }
    if (!more) co_await sleep_for(loop_, kMailLookMs);
  }
}

// True when there may be more to do.
Task<bool> Mailer::work() {
  pg::Rows rows = co_await pool_.once(pg::service_claims(), kTake, pg::Params(kTakenAtOnce));
  for (int row = 0; row < rows.size(); ++row) {
    std::string id = rows.str(row, 0);
    std::string kind = rows.str(row, 1);
    std::string recipient = rows.str(row, 2);
    std::string sealed = rows.str(row, 3);
    const int64_t attempt = rows.integer(row, 4);
    co_await send(std::move(id), std::move(kind), std::move(recipient), std::move(sealed), attempt);
  }
  co_return rows.size() == kTakenAtOnce;
}

Task<void> Mailer::send(std::string id, std::string kind, std::string recipient, std::string sealed,
                        int64_t attempt) {
  http::OutgoingMail mail;
  mail.to = std::move(recipient);
  mail.id = id;
  http::SmtpResult result;
  const Result<Mail> words = read_mail(config_, kind, sealed);
  if (words) {
    mail.subject = words->subject;
    mail.text = words->text;
    std::function<http::SmtpResult()> job = [this, mail] {
      return http::send_mail(config_.auth.smtp, mail, stop_);
    };
    http::SmtpResult answer = co_await thread_.run(loop_, std::move(job));
    result = std::move(answer);
  } else {
    result.outcome = http::SmtpOutcome::refused;
    result.why = words.error().cause.value;
  }
  co_await note(std::move(id), attempt, std::move(result));
}

Task<void> Mailer::note(std::string id, int64_t attempt, http::SmtpResult result) {
  if (result.outcome == http::SmtpOutcome::sent) {
    ++sent_;
    co_await pool_.once(pg::service_claims(), kSent, pg::Params(id));
    co_return;
  }
  ++failed_;
  log::Line(LogLevel::warn, "mail_not_sent")
      .field("mail", id)
      .field("attempt", attempt)
      .field("cause", result.why);
  pg::Params params(id, result.why, again_s(result, attempt));
  co_await pool_.once(pg::service_claims(), kFailed, std::move(params));
}

}  // namespace chatpad::functions
