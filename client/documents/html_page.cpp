#include "client/documents/html_page.hpp"

#include <gumbo.h>

#include <memory_resource>

namespace wasl {
namespace {

/// Gives all of a tree back at once: gumbo would do it by recursion, as deep as a page likes to be.
void* allocate(void* arena, std::size_t size) {
  return static_cast<std::pmr::memory_resource*>(arena)->allocate(size);
}
void forget(void*, void*) {}

bool is_passed_over(GumboTag tag) {
  return tag == GUMBO_TAG_SCRIPT || tag == GUMBO_TAG_STYLE || tag == GUMBO_TAG_TEMPLATE;
}

bool is_line(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_A:
    case GUMBO_TAG_ABBR:
    case GUMBO_TAG_B:
    case GUMBO_TAG_BDI:
    case GUMBO_TAG_BDO:
    case GUMBO_TAG_CITE:
    case GUMBO_TAG_CODE:
    case GUMBO_TAG_DEL:
    case GUMBO_TAG_DFN:
    case GUMBO_TAG_EM:
    case GUMBO_TAG_FONT:
    case GUMBO_TAG_I:
    case GUMBO_TAG_IMG:
    case GUMBO_TAG_INS:
    case GUMBO_TAG_KBD:
    case GUMBO_TAG_LABEL:
    case GUMBO_TAG_MARK:
    case GUMBO_TAG_Q:
    case GUMBO_TAG_S:
    case GUMBO_TAG_SMALL:
    case GUMBO_TAG_SPAN:
    case GUMBO_TAG_STRONG:
    case GUMBO_TAG_SUB:
    case GUMBO_TAG_SUP:
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH:
    case GUMBO_TAG_TIME:
    case GUMBO_TAG_U:
    case GUMBO_TAG_VAR:
    case GUMBO_TAG_WBR:
      return false;
    default:
      return true;
  }
}

const GumboVector* children_of(const GumboNode& node) {
  if (node.type == GUMBO_NODE_DOCUMENT) return &node.v.document.children;
  return node.type == GUMBO_NODE_ELEMENT ? &node.v.element.children : nullptr;
}

/// @return whether what is inside counts.
bool enter(const GumboNode& node, TextSink& out) {
  switch (node.type) {
    case GUMBO_NODE_TEXT:
    case GUMBO_NODE_CDATA:
    case GUMBO_NODE_WHITESPACE:
      out.add(node.v.text.text);
      return false;
    case GUMBO_NODE_ELEMENT: {
      const GumboTag tag = node.v.element.tag;
      if (is_passed_over(tag)) return false;
      if (is_line(tag)) out.end_line();
      if (const GumboAttribute* alt = gumbo_get_attribute(&node.v.element.attributes, "alt");
          tag == GUMBO_TAG_IMG && alt != nullptr)
        out.add(alt->value);
      return true;
    }
    case GUMBO_NODE_DOCUMENT:
      return true;
    default:
      return false;
  }
}

void leave(const GumboNode& node, TextSink& out) {
  if (node.type != GUMBO_NODE_ELEMENT) return;
  const GumboTag tag = node.v.element.tag;
  if (is_line(tag)) out.end_line();
  if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) out.space();
}

/// From node to node, by their parents: a page may be deeper than a stack.
void walk(const GumboNode& root, TextSink& out) {
  const GumboNode* node = &root;
  while (!out.is_full()) {
    const GumboVector* children = enter(*node, out) ? children_of(*node) : nullptr;
    if (children != nullptr && children->length > 0) {
      node = static_cast<const GumboNode*>(children->data[0]);
      continue;
    }
    for (;;) {
      leave(*node, out);
      if (node == &root) return;
      const GumboVector& beside = *children_of(*node->parent);
      const std::size_t next = node->index_within_parent + 1;
      if (next < beside.length) {
        node = static_cast<const GumboNode*>(beside.data[next]);
        break;
      }
      node = node->parent;
    }
  }
}

}  // namespace

Reading read_html(std::string_view page, TextSink& out) {
  std::pmr::monotonic_buffer_resource arena;
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = allocate;
  options.deallocator = forget;
  options.userdata = &arena;
  options.max_errors = 0;
  const GumboOutput* const parsed = gumbo_parse_with_options(&options, page.data(), page.size());
  walk(*parsed->document, out);
  return out.is_full() ? Reading::part : Reading::whole;
}

}  // namespace wasl
