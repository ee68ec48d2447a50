"""The part of EDN that histories use: maps, vectors, strings, whole numbers,
floats, keywords, nil, true and false. https://github.com/edn-format/edn
"""
import re
from typing import Any

_ESCAPES = {'\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t'}
_UNESCAPES = {'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\'}
_TO_ESCAPE = re.compile(r'[\\"\n\r\t]')
_ESCAPED = re.compile(r'\\(.)', re.DOTALL)
_TOKEN = re.compile(
    r'[\s,]*(?:(?P<open>[\[{])|(?P<close>[\]}])|(?P<text>"(?:[^"\\]|\\.)*")|'
    r'(?P<word>[^\s,\[\]{}"]+)|(?P<end>\Z))', re.DOTALL)
_WORDS = {'nil': None, 'true': True, 'false': False}


class Keyword(str):
    """A name such as :ok, without its colon."""
    __slots__ = ()


class EdnError(ValueError):
    """Text that is not the EDN of this module."""


def dump(value: Any) -> str:
    """Write a value; the keys of a dict become keywords."""
    if value is None:
        return 'nil'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, Keyword):
        return ':' + value
    if isinstance(value, str):
        return '"%s"' % _TO_ESCAPE.sub(lambda m: _ESCAPES[m[0]], value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return '[%s]' % ' '.join(map(dump, value))
    if isinstance(value, dict):
        return '{%s}' % ', '.join(':%s %s' % (key, dump(each))
                                  for key, each in value.items())
    raise TypeError('no EDN for %r' % (value,))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def token(self) -> re.Match[str]:
        """The next token; its group named end when there is none."""
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise EdnError('at %d: not EDN: %r' % (
                self._at, self._text[self._at:self._at + 20]))
        self._at = match.end()
        return match

    def value(self, token: re.Match[str]) -> Any:
        """The value that begins with a token."""
        kind = token.lastgroup
        found = token[kind] if kind else ''
        if kind == 'text':
            return _ESCAPED.sub(lambda m: _UNESCAPES[m[1]], found[1:-1])
        if kind == 'word':
            return _word(found)
        if found == '[':
            return self._until(']')
        if found == '{':
            flat = self._until('}')
            if len(flat) % 2:
                raise EdnError('a map with a key and no value')
            return dict(zip(map(str, flat[::2]), flat[1::2]))
        raise EdnError('at %d: unexpected %r' % (self._at, found or 'end'))

    def _until(self, close: str) -> list[Any]:
        found = []
        while (token := self.token())['close'] != close:
            found.append(self.value(token))
        return found


def _word(word: str) -> Any:
    if word.startswith(':') and len(word) > 1:
        return Keyword(word[1:])
    if word in _WORDS:
        return _WORDS[word]
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError as error:
        raise EdnError('unknown word: %s' % word) from error


def load(text: str) -> Any:
    """Read the one value of a text. Raises EdnError."""
    reader = _Reader(text)
    try:
        value = reader.value(reader.token())
    except KeyError as error:
        raise EdnError('unknown escape: \\%s' % error.args[0]) from error
    if reader.token().lastgroup != 'end':
        raise EdnError('more than one value')
    return value
