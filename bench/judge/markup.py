"""Text of markup, for extract.py and strict.py."""
import html
import re

BLOCK = re.compile(r'(?is)</?(p|div|li|tr|pre|dt|dd|table|ul|ol|dl|br|h[1-6])\b[^>]*>')


def plain(markup):
    return html.unescape(re.sub(r'(?s)<[^>]+>', '', BLOCK.sub('\n\n', markup)))
