// The opening handshake of RFC 6455 from the server's side, as a table: what a client asks, and the status it is answered
// with.
//
//   section  of RFC 6455
//   rule     what it demands, in a sentence
//   send     the request, to the byte; its key is `key` unless the row is about keys
//   status   of the answer. 101: the answer is checked as a client has to check it (4.1), and the connection is one
//   fields   what the answer has to say besides; undefined: a field that must not be there
//
// Most rows change one thing about a request that is good. What this engine demands beyond the RFC (a room in the path, its
// subprotocol, an origin of its own) is [H7] in schemas/PROTOCOL.md.
import { createHash } from 'node:crypto';

export const key = 'dGhlIHNhbXBsZSBub25jZQ=='; // of the example in section 1.3
export const acceptOf = (key_) => createHash('sha1').update(`${key_}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

const good = [
  ['Host', 'localhost'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', key],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Protocol', 'playhead.v1'],
];
const request = (fields, line = 'GET /ws/target HTTP/1.1') => `${[line, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;
const lined = (line) => request(good, line);
const without = (name) => request(good.filter((field) => field[0] !== name));
// The field with these values, a line for each.
const having = (name, ...values) => request(good.flatMap((field) => (field[0] === name ? values.map((value) => [name, value]) : [field])));
const more = (...fields) => request([...good, ...fields]);

const versions = { 'Sec-WebSocket-Version': '13' };
const upgrade = { ...versions, Upgrade: 'websocket' };
const noExtension = { 'Sec-WebSocket-Extensions': undefined };

export const handshakeTable = [
  // ---- 4.2.1 Reading the client's opening handshake
  { section: '4.2.1', rule: 'a handshake that has all it needs is accepted', send: request(good), status: 101 },
  { section: '4.2.1', rule: 'the order of the fields means nothing', send: request([...good].reverse()), status: 101 },
  { section: '4.2.1', rule: 'the case of their names means nothing', send: request(good.map(([name, value]) => [name.toUpperCase(), value])), status: 101 },
  { section: '4.2.1', rule: 'nor do blanks around values', send: request(good.map(([name, value]) => [name, ` \t${value} \t`])), status: 101 },
  { section: '4.2.1', rule: 'what is no HTTP is refused', send: 'GET\r\n\r\n', status: 400 },

  { section: '4.2.1 (1)', rule: 'it is a GET request', send: lined('POST /ws/target HTTP/1.1'), status: 405 },
  { section: '4.2.1 (1)', rule: '... and nothing like it', send: lined('HEAD /ws/target HTTP/1.1'), status: 426, fields: upgrade },
  { section: '4.2.1 (1)', rule: '... in capital letters', send: lined('get /ws/target HTTP/1.1'), status: 405 },
  { section: '4.2.1 (1)', rule: 'it is of HTTP/1.1 or above', send: lined('GET /ws/target HTTP/1.0'), status: 426, fields: upgrade },
  { section: '4.2.1 (1)', rule: 'another major version is another protocol', send: lined('GET /ws/target HTTP/2.0'), status: 505 },
  { section: '4.2.1 (1)', rule: 'the resource is named by a path', send: lined('GET ws/target HTTP/1.1'), status: 400 },
  { section: '4.2.1 (1)', rule: '... or by an absolute HTTP address', send: lined('GET http://localhost/ws/target HTTP/1.1'), status: 101 },
  { section: '4.2.1 (1)', rule: '... or by an absolute HTTPS address', send: lined('GET https://localhost/ws/target HTTP/1.1'), status: 101 },
  { section: '3', rule: 'a query is part of a resource name', send: lined('GET /ws/target?from=a&b HTTP/1.1'), status: 101 },
  { section: '3', rule: 'a fragment is not', send: lined('GET /ws/target#a HTTP/1.1'), status: 400 },
  { section: '4.2.1 (1)', rule: 'a request that brings a body is none', send: `${more(['Content-Length', '3'])}abc`, status: 400 },

  { section: '4.2.1 (2)', rule: 'there is a Host', send: without('Host'), status: 400 },
  { section: '4.2.1 (2)', rule: '... one', send: having('Host', 'localhost', 'localhost'), status: 400 },
  { section: '4.2.1 (2)', rule: '... that names somebody', send: having('Host', ''), status: 400 },

  { section: '4.2.1 (3)', rule: 'there is an Upgrade', send: without('Upgrade'), status: 426, fields: upgrade },
  { section: '4.2.1 (3)', rule: '... to websocket', send: having('Upgrade', 'h2c'), status: 426, fields: upgrade },
  { section: '4.2.1 (3)', rule: '... and nothing that only begins so', send: having('Upgrade', 'websocket2'), status: 426, fields: upgrade },
  { section: '4.2.1 (3)', rule: '... in any case', send: having('Upgrade', 'WebSocket'), status: 101 },
  { section: '4.2.1 (3)', rule: '... among others', send: having('Upgrade', 'h2c, websocket'), status: 101 },
  { section: '4.2.1 (3)', rule: '... in a line of its own', send: having('Upgrade', 'h2c', 'websocket'), status: 101 },

  { section: '4.2.1 (4)', rule: 'there is a Connection', send: without('Connection'), status: 426, fields: upgrade },
  { section: '4.2.1 (4)', rule: '... that says Upgrade', send: having('Connection', 'keep-alive'), status: 426, fields: upgrade },
  { section: '4.2.1 (4)', rule: '... and nothing that only contains it', send: having('Connection', 'Upgraded, no-Upgrade'), status: 426, fields: upgrade },
  { section: '4.2.1 (4)', rule: '... in any case', send: having('Connection', 'uPGRADE'), status: 101 },
  { section: '4.2.1 (4)', rule: '... among others, as Firefox says it', send: having('Connection', 'keep-alive, Upgrade'), status: 101 },
  { section: '4.2.1 (4)', rule: '... in a line of its own', send: having('Connection', 'keep-alive', 'Upgrade'), status: 101 },

  { section: '4.2.1 (5)', rule: 'there is a key', send: without('Sec-WebSocket-Key'), status: 400 },
  { section: '11.3.1', rule: '... one', send: having('Sec-WebSocket-Key', key, key), status: 400 },
  ...[
    ['empty', ''],
    ['of 15 bytes', 'AQIDBAUGBwgJCgsMDQ4P'],
    ['of 17 bytes', 'AQIDBAUGBwgJCgsMDQ4PEBE='],
    ['without its padding', key.slice(0, 22)],
    ['with half of its padding', key.slice(0, 23)],
    ['with a character that is not of base64', key.replace('Z', '!')],
    ['in the alphabet of addresses', '_-hlIHNhbXBsZSBub25jZQ=='],
    ['with a blank in it', `${key.slice(0, 12)} ${key.slice(12)}`],
    ['and something else', `${key}, ${key}`],
  ].map(([what, value]) => ({ section: '4.2.1 (5)', rule: `a key is 16 bytes in base64, not one ${what}`, send: having('Sec-WebSocket-Key', value), status: 400 })),
  ...['AAAAAAAAAAAAAAAAAAAAAA==', '/////////////////////w==', '+/+/+/+/+/+/+/+/+/+/+w=='].map((value) => (
    { section: '4.2.1 (5)', rule: `the key may be any: ${value}`, send: having('Sec-WebSocket-Key', value), status: 101, key: value })),

  { section: '4.2.1 (6)', rule: 'there is a version', send: without('Sec-WebSocket-Version'), status: 426, fields: versions },
  { section: '11.3.5', rule: '... one', send: having('Sec-WebSocket-Version', '13', '13'), status: 426, fields: versions },
  ...['0', '7', '8', '12', '14', '25', '255', '256', '013', '+13', '13.0', 'thirteen', '13, 8', '8, 13', ''].map((value) => (
    { section: '4.2.2 (4)', rule: `another version is told which there is: ${JSON.stringify(value)}`, send: having('Sec-WebSocket-Version', value), status: 426, fields: versions })),

  { section: '4.2.1 (7)', rule: 'a client that is no browser says no origin', send: request(good), status: 101 },
  { section: '4.2.1 (7)', rule: 'a browser says the one of its page', send: more(['Origin', 'http://localhost']), status: 101 },
  { section: '4.2.2 (4)', rule: 'an origin that is not wanted is 403', send: more(['Origin', 'https://evil.example']), status: 403 },
  { section: '4.2.2 (4)', rule: '... also one that only begins like ours', send: more(['Origin', 'http://localhost.evil.example']), status: 403 },
  { section: '4.2.2 (4)', rule: '... and that of no page', send: more(['Origin', 'null']), status: 403 },
  { section: '4.2.2 (4)', rule: '... and of two one', send: more(['Origin', 'http://localhost'], ['Origin', 'https://evil.example']), status: 403 },

  { section: '4.2.2 (5)', rule: 'the subprotocol is one of those that were offered', send: having('Sec-WebSocket-Protocol', 'mqtt, playhead.v1, chat'), status: 101 },
  { section: '4.2.2 (5)', rule: '... in lines of their own', send: having('Sec-WebSocket-Protocol', 'mqtt', 'playhead.v1'), status: 101 },
  { section: '4.2.2 (5)', rule: '... with empty places in the list', send: having('Sec-WebSocket-Protocol', ', playhead.v1,, mqtt ,'), status: 101 },
  { section: '4.2.2 (5)', rule: '... letter for letter', send: having('Sec-WebSocket-Protocol', 'Playhead.V1'), status: 400 },
  { section: '4.2.2 (5)', rule: 'without one of ours there is no connection', send: having('Sec-WebSocket-Protocol', 'playhead.v2'), status: 400, fields: { 'Sec-WebSocket-Protocol': undefined } },
  { section: '4.2.2 (5)', rule: '... nor without any', send: without('Sec-WebSocket-Protocol'), status: 400, fields: { 'Sec-WebSocket-Protocol': undefined } },
  ...['playhead.v1, a b', 'playhead.v1, "chat"', 'playhead.v1, a/b', 'playhead.v1; q=1', 'playhead.v1, caf\u00e9'].map((value) => (
    { section: '4.3', rule: `subprotocols are tokens: ${value}`, send: having('Sec-WebSocket-Protocol', value), status: 400 })),

  ...[
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_max_window_bits=10, permessage-deflate',
    'x-webkit-deflate-frame',
    'foo; bar="baz"; bar=1, , qux',
    'foo ; bar = "b\\az"',
  ].map((value) => (
    { section: '9.1', rule: `an extension that is not known is not agreed to: ${value}`, send: more(['Sec-WebSocket-Extensions', value]), status: 101, fields: noExtension })),
  { section: '9.1', rule: 'extensions may stand in lines of their own', send: more(['Sec-WebSocket-Extensions', 'foo'], ['Sec-WebSocket-Extensions', 'bar; baz=2']), status: 101, fields: noExtension },
  ...['permessage deflate', ';', 'foo;', 'foo; =1', 'foo; bar=', 'foo; bar="baz', 'foo; bar="b z"', 'foo; bar=""', 'foo; bar=a=b', 'f\u00f6\u00f6', '', ','].map((value) => (
    { section: '9.1', rule: `a list of extensions that is none fails the connection: ${JSON.stringify(value)}`, send: more(['Sec-WebSocket-Extensions', value]), status: 400 })),

  { section: '4.2.1 (10)', rule: 'fields that mean nothing to it are ignored', send: more(['Cookie', 'a=b'], ['X-Anything', '"'], ['Sec-WebSocket-Accept', 'x']), status: 101 },

  // ---- 4.2.2 Sending the server's opening handshake
  { section: '4.2.2 (4)', rule: 'what is not served is 404', send: lined('GET /ws/target/more HTTP/1.1'), status: 404 },
  { section: '4.2.2 (4)', rule: '... and what cannot be a room is 400', send: lined('GET /ws/a%20b HTTP/1.1'), status: 400 },
  { section: '4.2.2 (5)', rule: 'the answer to the example is the one in section 1.3', send: request(good), status: 101, fields: { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } },
];
