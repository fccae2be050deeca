// POST /v1/knowledge/upload: a file becomes knowledge of an agent. It is stored at once and read by
// a job: 202 with the id to ask for.
#include "functions/shared/ingest/ingest.h"
#include "functions/shared/ingest/source_input.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/crypto.h"

namespace chatpad::functions::knowledge::upload {
using namespace chatpad::edge;

constexpr pg::Statement kBegin{
    "begin_upload",
    "select b ->> 'id', b ? 'is_new', b "
    "from api.begin_upload($1, $2, $3, $4, $5, decode($6, 'hex'), $7) b"};
constexpr pg::Statement kPart{"add_upload_part",
                              "select api.add_upload_part($1, $2, decode($3, 'hex'))"};
constexpr pg::Statement kFinish{"finish_upload", "select api.finish_upload($1)"};
constexpr uint32_t kWorkMs = 30'000;

// In pieces, with turns of the loop for others between them.
Task<std::string> hash_of(Loop* loop, std::string_view bytes) {
  wire::Sha256 hash;
  for (size_t at = 0; at < bytes.size(); at += ingest::kFilePartBytes) {
    hash.add(bytes.substr(at, ingest::kFilePartBytes));
    co_await sleep_for(*loop, 0);
  }
  const wire::Digest digest = hash.finish();
  co_return wire::hex_encode(wire::bytes_of(digest));
}

Task<Reply> handle(Call call) {
  Upload file;
  read_upload(call, file);
  const std::string hash = co_await hash_of(&call.context().loop(), file.bytes);
  pg::Transaction work = co_await call.db().begin(kWorkMs);
  pg::Params begin(file.agent_id, file.name, file.file_name, file.media_type, file.bytes.size(),
                   hash, file.is_named ? R"({"is_named": true})" : "{}");
  pg::Rows begun = co_await work.query(kBegin, std::move(begin));
  const std::string id = begun.str(0, 0);
  if (!begun.boolean(0, 1)) {
    co_await work.rollback();
    co_return ok(begun.str(0, 2));
  }
  for (size_t part = 0; part * ingest::kFilePartBytes < file.bytes.size(); ++part) {
    const std::string_view piece =
        file.bytes.substr(part * ingest::kFilePartBytes, ingest::kFilePartBytes);
    pg::Params params(id, part, wire::hex_encode(piece));
    co_await work.query(kPart, std::move(params));
  }
  pg::Params finish(id);
  pg::Rows finished = co_await work.query(kFinish, std::move(finish));
  co_await work.commit();
  co_return Reply(202, finished.str(0, 0));
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/v1/knowledge/upload",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 27_MiB,
          .rate = per_caller(60, 60),
          .deadline_ms = 60'000,
          .summary = "Upload a file to an agent's knowledge",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::upload
