// RFC 6455 after the handshake, as a table: what a client sends, and what it hears.
//
//   section  of RFC 6455
//   rule     what it demands, in a sentence
//   send     bytes behind a good handshake
//   says     what the server answers, in order (wordsOf() in peer.mjs); nothing, if it is left out
//   close    ... and then this: a Close frame with that code, or "empty" for one without, and the end of the stream.
//            Without it the connection goes on, and the test sees to it that it does
//   bytes    all that the server sends, to the byte, where that is the point
//   joined   the client has been welcomed before; otherwise nothing was said before
//
// A message here is one that the engine answers (`hello` with a welcome, `ask` with an answer once joined): what arrives
// whole and unmasked is understood, what does not is not. The codec's own tests (tests/net/websocket) look at the same rules without
// a socket, cut at every byte; the limits are the engine's own ([F8] to [F10] in schemas/PROTOCOL.md).
import { frame, opcode } from '../hostile/client.mjs';

const { binary, close, continuation, ping, pong, text } = opcode;
const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const filled = (bytes) => Buffer.from(Array.from({ length: bytes }, (_, n) => (n * 7 + 1) & 0xff));
const padded = (message, bytes) => Buffer.concat([message, Buffer.alloc(bytes - message.length)]); // still the same message
const pongOf = (payload) => `pong ${Buffer.from(payload).toString('hex')}`;
const closing = (code, reason = '') => frame([code >> 8, code & 0xff, ...Buffer.from(reason)], { code: close });
const named = (code) => Object.entries(opcode).find(([, value]) => value === code)[0];

const messageBytesMax = 16 * 1024; // [F8]
const fragmentsMax = 64; // [F9]

// Bytes that are no UTF-8, and why (RFC 3629 section 3).
const notUtf8 = [
  ['a lone continuation byte', '80'],
  ['a lead byte without its continuation', 'c3'],
  ['a lead byte followed by a letter', 'c328'],
  ['a slash in two bytes', 'c0af'],
  ['a slash in three bytes', 'e080af'],
  ['a slash in four bytes', 'f08080af'],
  ['NUL in two bytes', 'c080'],
  ['the first surrogate', 'eda080'],
  ['the last surrogate', 'edbfbf'],
  ['a pair of surrogates', 'eda0bdedb880'],
  ['one above the last code point', 'f4908080'],
  ['a lead byte of five', 'f888808080'],
  ['the byte FE', 'fe'],
  ['the byte FF', 'ff'],
  ['three bytes of four', 'f09f8e'],
  ['a good beginning and a bad end', 'e29c93ff'],
];
const utf8 = [
  ['ASCII', 'bye'],
  ['two bytes', 'caf\u00e9'],
  ['three bytes', '\u2713'],
  ['four bytes', '\u{1f3ac}'],
  ['the borders of each length', '\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}'],
  ['the code points around the surrogates', '\ud7ff\ue000'],
  ['NUL', '\0'],
  ['noncharacters', '\ufdd0\ufffe'],
];

export const frameTable = ({ hello, ask }) => {
  const whole = frame(hello);
  const asked = frame(ask);
  const broken = (section, rule, send, says) => ({ section, rule, send, says, close: 1002 });
  const cut = (message, ...places) => {
    const ends = [...places, message.length];
    return ends.map((end, n) =>
      frame(message.subarray(n === 0 ? 0 : ends[n - 1], end), { code: n === 0 ? binary : continuation, final: end === message.length }));
  };
  const open = frame(hello.subarray(0, 10), { final: false }); // the first fragment of a message
  const rest = frame(hello.subarray(10), { code: continuation }); // its last

  return [
    // ---- 5.1 Overview
    ...[binary, ping, pong, close].map((code) =>
      broken('5.1', `a ${named(code)} frame of a client that is not masked closes the connection`, frame(hex('03e8'), { code, masked: false }))),
    { section: '5.1', rule: 'so does one of text, which is refused already for being text', send: frame('{}', { code: text, masked: false }), close: 1003 },
    broken('5.1', 'so does one without payload', frame([], { masked: false })),
    broken('5.1', 'so does a continuation that is not masked', [open, frame(hello.subarray(10), { code: continuation, masked: false })]),
    { section: '5.1', rule: 'a server does not mask', send: frame('x', { code: ping }), bytes: hex('8a 01 78') },

    // ---- 5.2 Base framing protocol
    ...[1, 2, 3, 4, 5, 6, 7].map((reserved) =>
      broken('5.2', `reserved bits ${reserved.toString(2).padStart(3, '0')} without an extension fail the connection`, frame(ask, { reserved }))),
    ...[ping, pong, close].map((code) => broken('5.2', `RSV1 in a ${named(code)} frame fails the connection`, frame([], { code, reserved: 4 }))),
    broken('5.2', 'RSV1 in a continuation fails the connection', [open, frame(hello.subarray(10), { code: continuation, reserved: 4 })]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((code) => broken('5.2', `opcode ${code} is reserved and fails the connection`, frame(ask, { code }))),
    broken('5.2', 'a reserved opcode inside a fragmented message fails the connection', [open, frame([], { code: 3 })]),
    { section: '5.2', rule: 'a length of 0 needs no payload behind its key', send: frame([], { code: ping }), says: [pongOf('')] },
    { section: '5.2', rule: 'a length of 125 stands in 7 bits', joined: true, send: frame(padded(ask, 125)), says: ['answer'] },
    { section: '5.2', rule: 'a length of 126 stands in 16 bits', joined: true, send: frame(padded(ask, 126)), says: ['answer'] },
    { section: '5.2', rule: 'a length of 127 stands in 16 bits', joined: true, send: frame(padded(ask, 127)), says: ['answer'] },
    { section: '5.2', rule: 'a 16-bit length is in network byte order', send: frame(padded(hello, 0x0201)), says: ['welcome'] },
    { section: '5.2', rule: 'a 16-bit length has all of its bits', joined: true, send: frame(padded(ask, messageBytesMax)), says: ['answer'] },
    ...[0, 1, 125].map((length) => broken('5.2', `a length of ${length} in 16 bits is not the shortest form`, frame(filled(length), { form: 16 }))),
    ...[0, 125, 126, 65_535].map((length) => broken('5.2', `a length of ${length} in 64 bits is not the shortest form`, frame([], { length, form: 64 }))),
    broken('5.2', 'a ping in a longer form than it needs fails the connection', frame('x', { code: ping, form: 16 })),
    broken('5.2', 'the top bit of a 64-bit length must be 0', frame([], { length: 2 ** 63 })),
    broken('5.2', 'the top bit of a 64-bit length must be 0, also when all others are', hex('82 ff 80 00 00 00 00 00 00 00')),

    // ---- 5.3 Client-to-server masking
    ...['00000000', 'ffffffff', '01020408', '80000001'].map((key) => (
      { section: '5.3', rule: `the key ${key} is taken off`, send: frame(hello, { key: hex(key) }), says: ['welcome'] })),
    {
      section: '5.3',
      rule: 'byte i is masked with byte i modulo 4 of the key, whatever the length',
      send: [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 124, 125].map((length) => frame(filled(length), { code: ping, key: hex('01020408') })),
      says: [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 124, 125].map((length) => pongOf(filled(length))),
    },
    {
      section: '5.3',
      rule: 'each frame has a key of its own, and the key begins anew in each fragment',
      send: [
        frame(hello.subarray(0, 3), { final: false, key: hex('a1b2c3d4') }),
        frame('between', { code: ping, key: hex('00ff00ff') }),
        frame(hello.subarray(3, 10), { code: continuation, final: false, key: hex('11223344') }),
        frame(hello.subarray(10), { code: continuation, key: hex('deadbeef') }),
      ],
      says: [pongOf('between'), 'welcome'],
    },
    { section: '5.3', rule: 'the key is not part of the length', send: [frame('abcd', { code: ping }), frame('ef', { code: ping })], says: [pongOf('abcd'), pongOf('ef')] },

    // ---- 5.4 Fragmentation
    { section: '5.4', rule: 'a message may be one frame', send: whole, says: ['welcome'] },
    { section: '5.4', rule: 'a message may be a first fragment and a last one', send: cut(hello, 10), says: ['welcome'] },
    { section: '5.4', rule: 'a message may be many fragments, put together in their order', send: cut(hello, 1, 2, 3, 5, 8, 13, 21, 34, 55), says: ['welcome'] },
    { section: '5.4', rule: 'fragments may be empty: the first', send: [frame([], { final: false }), frame(hello, { code: continuation })], says: ['welcome'] },
    { section: '5.4', rule: 'fragments may be empty: the last', send: [frame(hello, { final: false }), frame([], { code: continuation })], says: ['welcome'] },
    {
      section: '5.4',
      rule: 'fragments may be empty: one in the middle',
      send: [open, frame([], { code: continuation, final: false }), rest],
      says: ['welcome'],
    },
    { section: '5.4', rule: 'a control frame in the middle of a message is handled there', send: [open, frame('mid', { code: ping }), rest], says: [pongOf('mid'), 'welcome'] },
    {
      section: '5.4',
      rule: 'control frames may stand between all fragments',
      send: cut(hello, 9, 18, 27).flatMap((each, n) => [frame([n], { code: ping }), frame([n], { code: pong }), each]),
      says: [pongOf([0]), pongOf([1]), pongOf([2]), pongOf([3]), 'welcome'],
    },
    { section: '5.4', rule: 'a Close in the middle of a message is the end of it', send: [open, closing(1000), rest], close: 1000 },
    { section: '5.4', rule: 'fragmented messages may follow one another', joined: true, send: [...cut(ask, 10), ...cut(ask, 4)], says: ['answer', 'answer'] },
    broken('5.4', 'a continuation that continues nothing fails the connection', frame(ask, { code: continuation })),
    broken('5.4', 'so does a first continuation without FIN', frame(ask, { code: continuation, final: false })),
    broken('5.4', 'so does a continuation after a whole message', [whole, frame(ask, { code: continuation })]),
    broken('5.4', 'so does a continuation after a message in fragments', [open, rest, frame(ask, { code: continuation })]),
    broken('5.4', 'a message may not begin inside another one', [open, asked]),
    broken('5.4', 'nor may a fragmented message begin inside another one', [open, open]),
    broken('5.4', 'a control frame in between does not end a fragmented message', [open, frame([], { code: pong }), asked]),

    // ---- 5.5 Control frames
    ...[ping, pong, close].map((code) => broken('5.5', `a ${named(code)} frame must not be fragmented`, frame([], { code, final: false }))),
    { section: '5.5', rule: 'a control frame may have 125 bytes', send: frame(filled(125), { code: ping }), says: [pongOf(filled(125))] },
    ...[ping, pong, close].map((code) => broken('5.5', `a ${named(code)} frame of 126 bytes is too long`, frame(filled(126), { code }))),
    broken('5.5', 'a ping frame of 65,536 bytes is too long, whatever else', frame([], { code: ping, length: 65_536 })),

    // ---- 5.5.1 Close
    { section: '5.5.1', rule: 'a Close is answered with a Close', send: frame([], { code: close }), close: 'empty' },
    { section: '5.5.1', rule: 'the answer repeats the code', send: closing(1001), close: 1001 },
    { section: '5.5.1', rule: 'a Close may give a reason', send: closing(1000, 'the film is over'), close: 1000 },
    { section: '5.5.1', rule: 'a reason may fill the frame: 123 bytes', send: closing(1000, 'x'.repeat(123)), close: 1000 },
    broken('5.5.1', 'a body of one byte has no room for a code', frame([3], { code: close })),
    { section: '5.5.1', rule: 'nothing is sent after the answer: not to a ping', send: [closing(1000), frame('x', { code: ping })], close: 1000 },
    { section: '5.5.1', rule: '... nor to a message', send: [closing(1000), whole, asked], close: 1000 },
    { section: '5.5.1', rule: '... nor to a second Close', send: [closing(1000), closing(1001)], close: 1000 },
    { section: '5.5.1', rule: '... nor to what breaks every rule', send: [closing(1000), filled(50_000)], close: 1000 },
    { section: '5.5.1', rule: 'what was said before a Close is answered before it', send: [frame('x', { code: ping }), closing(1000)], says: [pongOf('x')], close: 1000 },
    { section: '5.5.1', rule: 'the answer is masked no more than other frames', send: closing(1000), bytes: hex('88 02 03 e8'), close: 1000 },

    // ---- 5.5.2 Ping, 5.5.3 Pong
    { section: '5.5.2', rule: 'a ping is answered with a pong', send: frame('are you there', { code: ping }), says: [pongOf('are you there')] },
    { section: '5.5.2', rule: 'a ping may be empty', send: frame([], { code: ping }), bytes: hex('8a 00') },
    { section: '5.5.2', rule: 'each of several pings is answered', send: ['1', '2', '3'].map((each) => frame(each, { code: ping })), says: ['1', '2', '3'].map(pongOf) },
    { section: '5.5.3', rule: 'a pong carries the very bytes of its ping, text or not', send: frame(hex('00ff80c0fe0d0a'), { code: ping }), says: ['pong 00ff80c0fe0d0a'] },
    { section: '5.5.3', rule: 'a pong that nobody asked for is no answer to anything', send: [frame('x', { code: pong }), frame([], { code: pong })], says: [] },
    { section: '5.5.3', rule: 'a pong in the middle of a message is none of it', send: [open, frame('x', { code: pong }), rest], says: ['welcome'] },

    // ---- 5.6 Data frames. Text is data that this engine does not accept (7.4.1).
    { section: '5.6', rule: 'binary data is anything', send: whole, says: ['welcome'] },
    { section: '7.4.1', rule: 'data of a type that cannot be accepted closes with 1003', send: frame('{"play":true}', { code: text }), close: 1003 },
    { section: '7.4.1', rule: '... so does an empty text', send: frame([], { code: text }), close: 1003 },
    { section: '7.4.1', rule: '... so does a first fragment of text', send: frame('{', { code: text, final: false }), close: 1003 },
    { section: '8.1', rule: 'a text that is no UTF-8 fails the connection', send: frame(hex('cebae1bdb9cf83cebcceb5eda080'), { code: text }), close: 1003 },
    { section: '5.4', rule: 'a text may not begin inside a message of bytes', send: [open, frame('x', { code: text })], close: 1003 },

    // ---- 5.7 Examples, as a client would send them
    { section: '5.7', rule: 'a masked text message', send: hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'), close: 1003 },
    { section: '5.7', rule: 'an unmasked text message', send: hex('81 05 48 65 6c 6c 6f'), close: 1003 },
    { section: '5.7', rule: 'a fragmented unmasked text message', send: hex('01 03 48 65 6c 80 02 6c 6f'), close: 1003 },
    broken('5.7', 'an unmasked ping', hex('89 05 48 65 6c 6c 6f')),
    { section: '5.7', rule: 'a masked ping, answered as the example is', send: hex('89 85 37 fa 21 3d 7f 9f 4d 51 58'), bytes: hex('8a 05 48 65 6c 6c 6f') },
    { section: '5.7', rule: 'a masked pong', send: hex('8a 85 37 fa 21 3d 7f 9f 4d 51 58'), says: [] },
    broken('5.7', '256 bytes unmasked', Buffer.concat([hex('82 7e 01 00'), filled(256)])),
    { section: '5.7', rule: '64 KiB masked', send: hex('82 ff 00 00 00 00 00 01 00 00 37 fa 21 3d'), close: 1009 },

    // ---- 7 Closing the connection
    { section: '7.1.1', rule: 'after the closing handshake the server ends the stream first, and in order', send: closing(1000), close: 1000 },
    broken('7.1.7', 'after failing it the server reads nothing: not a ping', [frame(ask, { reserved: 4 }), frame('x', { code: ping })]),
    broken('7.1.7', '... nor the Close that answers it', [frame(ask, { reserved: 4 }), closing(1002)]),
    broken('7.1.7', '... nor messages, however many', [frame(ask, { masked: false }), whole, ...Array(50).fill(asked)]),
    broken('7.1.7', 'what came whole before the rule was broken is answered', [frame('x', { code: ping }), frame([], { code: 11 })], [pongOf('x')]),
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011].map((code) => (
      { section: '7.4.1', rule: `a peer may close with ${code}`, send: closing(code), close: code })),
    ...[1004, 1005, 1006, 1015].map((code) => broken('7.4.1', `${code} never stands in a Close frame`, closing(code))),
    ...[1012, 1013, 1014].map((code) => ({ section: '7.4.1', rule: `${code} has been registered since`, send: closing(code), close: code })),
    ...[0, 1, 999].map((code) => broken('7.4.2', `codes below 1000 are not used: ${code}`, closing(code))),
    ...[1016, 1100, 2000, 2999].map((code) => broken('7.4.2', `codes up to 2999 are the protocol's: ${code} is none`, closing(code))),
    ...[3000, 3999, 4000, 4999].map((code) => ({ section: '7.4.2', rule: `codes of libraries and applications: ${code}`, send: closing(code), close: code })),
    ...[5000, 65_535].map((code) => broken('7.4.2', `codes above 4999 are undefined: ${code}`, closing(code))),

    // ---- 8.1 Handling of errors in UTF-8-encoded data
    ...utf8.map(([what, reason]) => ({ section: '8.1', rule: `a reason may be any UTF-8: ${what}`, send: closing(1000, reason), close: 1000 })),
    ...notUtf8.map(([what, digits]) => (
      { section: '8.1', rule: `a reason must be UTF-8: ${what}`, send: frame(hex(`03e8${digits}`), { code: close }), close: 1007 })),

    // ---- 10.4 Implementation-specific limits
    { section: '10.4', rule: 'a frame beyond the limit is refused by its length', send: frame([], { length: messageBytesMax + 1 }), close: 1009 },
    { section: '10.4', rule: '... however much it says', send: frame([], { length: 2 ** 40 }), close: 1009 },
    { section: '10.4', rule: '... up to the longest there is', send: hex('82 ff 7f ff ff ff ff ff ff ff 01 02 03 04'), close: 1009 },
    {
      section: '10.4',
      rule: 'a message beyond the limit is refused, whatever its fragments',
      send: [frame(filled(messageBytesMax), { final: false }), frame([1], { code: continuation })],
      close: 1009,
    },
    {
      section: '10.4',
      rule: 'a message of exactly the limit is read, in fragments too',
      joined: true,
      send: cut(padded(ask, messageBytesMax), 4096, 8192),
      says: ['answer'],
    },
    {
      section: '10.4',
      rule: 'a message of as many fragments as may be is read',
      joined: true,
      send: [frame(ask, { final: false }), ...Array(fragmentsMax - 2).fill(frame([], { code: continuation, final: false })), frame([], { code: continuation })],
      says: ['answer'],
    },
    {
      section: '10.4',
      rule: 'one more fragment is too many, though all of them are empty',
      send: [frame([], { final: false }), ...Array(fragmentsMax).fill(frame([], { code: continuation, final: false }))],
      close: 1009,
    },
  ].map((row) => ({ ...row, send: Buffer.concat([row.send].flat()) }));
};
