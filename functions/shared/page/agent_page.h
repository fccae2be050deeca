// AgentPage: what the pages of one agent (hosted chat, the widget's frame) have in common: its
// name, and which sites may show them in a frame.
//
// Errors: not_found for an id that is none, an unknown agent, and one that is switched off; they
// look alike.
#pragma once

#include <string>
#include <string_view>

#include "runtime/edge/endpoint.h"

namespace chatpad::functions {

// All sources of a frame-ancestors directive together; further origins are left out. Proxies give
// all headers of a reply 4 to 8 KiB.
constexpr size_t kFrameAncestorsBytesMax = 2048;

// The sources of frame-ancestors: 'self' and the allowed origins, one a line in `origins`; "" when
// the list is empty. A line that is not exactly one http or https origin is left out: nothing of it
// reaches the header.
std::string frame_ancestors(std::string_view origins);

struct PageAgent {
  std::string id;
  std::string name;
  std::string frame_ancestors;
};
// Errors: not_found.
Task<PageAgent> find_page_agent(edge::Call call, std::string id);

// The page `shell_name` of the agent named by the last segment of the path.
Task<edge::Reply> agent_page(edge::Call call, std::string_view shell_name);

}  // namespace chatpad::functions
