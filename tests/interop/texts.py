"""Texts that break what is careless with them."""


def texts_of_planes() -> list[str]:
    """For every plane of Unicode, a text of its first, last and some other
    characters that XML can carry."""
    texts = []
    for plane in range(17):
        first = plane << 16
        points = [first + each for each in
                  (0x21, 0x41, 0xa0, 0x3b1, 0x5d0, 0x2028, 0x4e2d, 0xd7ff,
                   0xe000, 0xfeff, 0xfffd)]
        if plane > 0:
            points += [first, first + 0xd800, first + 0xdfff]
        texts.append('plane %d: [%s]' % (plane, ''.join(map(chr, points))))
    return texts


HOSTILE_TEXTS = [
    '<', '>', '&', '"', "'", '&amp;', '&amp;amp;', '&lt;b&gt;', '&#0;', '&#x1;',
    ']]>', '<![CDATA[x]]>', '<!-- x -->', '<?xml version="1.0"?>', '<?x y?>',
    '<!DOCTYPE x [<!ENTITY a "b">]>&a;', '&nosuch;', '&a',
    '</chat></grpchat></xccos>', '</chat><chat>two</chat>',
    '<b>bold</b> <i>and</i> <a href="http://x.example/?a=1&b=2">here</a>',
    '<script>alert(1)</script>', '<br>', '<br/>', 'a<br>b', '<img src=x>',
    '%s%n%d %00', '\\u0000 \\n \\', '${x} $(x) `x`', "'; DROP TABLE room; --",
    'SIP/2.0 200 OK', 'Content-Length: 0', '/me waves', '/part', '0', '-1',
    'e\u0301 \u00e9', '\u202eright to left\u202c', '\u05e9\u05dc\u05d5\u05dd',
    '\U0001f468\u200d\U0001f469\u200d\U0001f467', '\u00ad\u200b|', 'x' * 76,
]

LINES = [
    'one\ntwo', 'one\n\n\nfour', '\nafter an empty line', 'before one\n',
    '\n'.join('line %d' % i for i in range(100)),
]

LONG_TEXTS = ['x' * 8000, 'word ' * 1599 + 'words', '\U0001f6a2' * 8000,
              '<&>"' * 2000]
