#include "realtime/hub/frame_buffer.h"

#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::realtime {

FrameRef FrameRef::make(FrameForm form, std::string_view payload) {
  std::string header;  // short enough to need no allocation
  wire::append_frame_header(
      header, form == FrameForm::text ? wire::FrameType::text : wire::FrameType::binary,
      payload.size());
  void* block = std::malloc(sizeof(Body) + header.size() + payload.size());
  if (!block) throw std::bad_alloc();
  FrameRef ref;
  ref.body_ = new (block) Body{1, static_cast<uint32_t>(header.size() + payload.size()), 0};
  char* bytes = reinterpret_cast<char*>(ref.body_ + 1);
  std::memcpy(bytes, header.data(), header.size());
  std::memcpy(bytes + header.size(), payload.data(), payload.size());
  return ref;
}

}  // namespace chatpad::realtime
