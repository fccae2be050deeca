#include "functions/shared/ingest/source_input.h"

#include "functions/shared/ingest/cron.h"
#include "functions/shared/ingest/ingest.h"
#include "runtime/base/clock.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/multipart.h"

namespace chatpad::functions {
namespace {

constexpr size_t kPrefixesMax = 50;
constexpr size_t kPrefixCharsMax = 500;

void read_facts(const wire::Fields& fields, Upload& upload) {
  upload.agent_id = fields.uuid("agent_id");
  const auto name = fields.optional_string("name", kSourceNameCharsMax);
  upload.is_named = name && !name->empty();
  if (upload.is_named) upload.name = *name;
}

void read_form(const edge::Call& call, std::string_view content_type, Upload& upload) {
  const auto parts = wire::parse_multipart(content_type, call.request().body).or_raise();
  wire::JsonWriter facts;
  facts.object();
  std::optional<wire::Fields> metadata;
  bool has_file = false;
  for (const wire::Part& part : parts) {
    if (part.name == "file" && !has_file) {
      has_file = true;
      upload.file_name = part.file_name;
      upload.media_type = part.content_type;
      upload.bytes = part.content;
    } else if (part.name == "metadata") {
      metadata = wire::Fields::parse(part.content).or_raise();
    } else if (part.name == "agent_id" || part.name == "name") {
      facts.field(part.name, part.content);
    }
  }
  facts.end();
  if (!has_file) wire::refuse_field("file", "must be a file of the form");
  read_facts(metadata ? *metadata : wire::Fields::parse(facts.view()).or_raise(), upload);
}

void read_json(const edge::Call& call, Upload& upload) {
  const wire::Fields fields = wire::Fields::parse(call.request().body).or_raise();
  read_facts(fields, upload);
  upload.file_name = fields.optional_string("file_name", 255).value_or("");
  upload.media_type = fields.optional_string("media_type", 100).value_or("");
  if (fields.has("content_base64")) {
    const auto bytes =
        wire::base64_decode(fields.string("content_base64", 1, ingest::kFileBytesMax * 2));
    if (!bytes) wire::refuse_field("content_base64", "must be base64");
    upload.owned = *bytes;
  } else {
    upload.owned = fields.string("content", 1, ingest::kFileBytesMax);
  }
  upload.bytes = upload.owned;
}

}  // namespace

void read_upload(const edge::Call& call, Upload& upload) {
  const std::string_view content_type = call.header("content-type");
  if (wire::is_multipart(content_type)) {
    read_form(call, content_type, upload);
  } else {
    read_json(call, upload);
  }
  if (upload.bytes.empty()) wire::refuse_field("file", "must not be empty");
  if (upload.bytes.size() > ingest::kFileBytesMax) raise(Errc::payload_too_large);
  if (upload.file_name.empty()) upload.file_name = upload.is_named ? upload.name : "file";
  if (!upload.is_named) upload.name = upload.file_name;
}

Schedule read_schedule(const wire::Fields& fields) {
  Schedule schedule;
  schedule.text = fields.optional_string("sync_schedule", 60);
  if (!schedule.text || schedule.text->empty()) return schedule;
  const auto cron = ingest::Cron::parse(*schedule.text);
  if (cron) schedule.next_s = cron->next(wall_s());
  if (!schedule.next_s) {
    wire::refuse_field("sync_schedule", "must be five fields of cron, such as 0 */4 * * *");
  }
  if (cron->shortest_pause(wall_s()) < ingest::kSyncPauseLeastS) {
    wire::refuse_field("sync_schedule", "must leave at least 15 minutes between two runs");
  }
  return schedule;
}

std::string read_crawl_settings(const wire::Fields& fields) {
  wire::JsonWriter w;
  w.object();
  if (const auto most = fields.optional_integer("pages_max", 1, ingest::kSitePagesMax)) {
    w.field("pages_max", *most);
  }
  for (const std::string_view name : {"include", "exclude"}) {
    if (!fields.has(name)) continue;
    w.array(name);
    for (const std::string& prefix : fields.string_list(name, kPrefixesMax, kPrefixCharsMax)) {
      if (!prefix.starts_with('/')) wire::refuse_field(name, "must hold paths that begin with /");
      w.value(prefix);
    }
    w.end();
  }
  if (const auto name = fields.optional_string("name", kSourceNameCharsMax);
      name && !name->empty()) {
    w.field("is_named", true);
  }
  w.end();
  return std::move(w).str();
}

}  // namespace chatpad::functions
