import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calls, functionsOf, ownersOf, readable } from './calls.mjs';

// A stack as perf prints it: the innermost frame first.
const stack = (...frames) => ['playhead 17 ', ...frames.map((frame, n) => `\t    ${(4096 + n).toString(16)} ${frame}`), ''];
const engine = (name) => `playhead::${name} (/some/where/playhead)`;
const kernel = (name) => `${name} ([kernel.kallsyms])`;
const callsOf = (stacks, options) => {
  const calls = new Calls(options);
  for (const line of stacks.flat()) calls.take(line);
  calls.end();
  return calls;
};
// As text: names, samples, and what they called.
const outline = ({ name, samples, children }) => `${name} ${samples}${children.size === 0 ? '' : ` [${[...children.values()].map(outline).join(', ')}]`}`;

test('names are without what a function takes, returns and is instantiated with', () => {
  for (const [symbol, name] of [
    ['playhead::Shard::run_due()', 'playhead::Shard::run_due'],
    ['playhead::websocket::Link::send(std::span<playhead::Frame const, 18446744073709551615ul>)', 'playhead::websocket::Link::send'],
    ['void boost::asio::detail::go<std::function<void (int)> >(boost::asio::any const&) [clone .isra.0]', 'boost::asio::detail::go'],
    ['playhead::(anonymous namespace)::Page::line(std::string) const', 'playhead::Page::line'],
    ['playhead::Shards::start(bool)::{lambda()#1}::operator()() const', 'playhead::Shards::start::lambda::operator()'],
    ['std::vector<int, std::allocator<int> >::operator[](unsigned long)', 'std::vector::operator[]'],
    ['bool playhead::operator<(playhead::Tick const&, playhead::Tick const&)', 'playhead::operator<'],
    ['std::ostream& std::operator<< <std::char_traits<char> >(std::ostream&, char const*)', 'std::operator<<'],
    ['playhead::Result<int>::operator bool() const', 'playhead::Result::operator bool'],
    ['operator new(unsigned long)', 'operator new'],
    ['playhead::text_of[abi:cxx11](playhead::Value const&)', 'playhead::text_of'],
    ['tcp_sendmsg', 'tcp_sendmsg'],
    ['__memmove_avx_unaligned_erms', '__memmove_avx_unaligned_erms'],
    ['[unknown]', '[unknown]'],
  ])
    assert.equal(readable(symbol), name, symbol);
});

test('samples add up to a tree, outermost call first', () => {
  const { root } = callsOf([
    stack(kernel('tcp_sendmsg'), 'send (/lib/libc.so.6)', engine('Link::send(int)'), 'main (/some/where/playhead)'),
    stack(kernel('tcp_sendmsg'), 'send (/lib/libc.so.6)', engine('Link::send(int)'), 'main (/some/where/playhead)'),
    stack(engine('FanOut::run()'), 'main (/some/where/playhead)'),
  ]);
  assert.equal(outline(root), 'all 3 [main 3 [playhead::Link::send 2 [send 2 [tcp_sendmsg 2]], playhead::FanOut::run 1]]');
  assert.deepEqual(ownersOf(root), { kernel: 2, engine: 1, library: 0 });
});

test('a recursive function counts once a sample, by itself where it is innermost', () => {
  const { root } = callsOf([stack('luaV (liblua.so)', 'luaD (liblua.so)', 'luaV (liblua.so)'), stack('luaD (liblua.so)', 'luaV (liblua.so)')]);
  const found = Object.fromEntries(functionsOf(root).map(({ name, own, whole }) => [name, [own, whole]]));
  assert.deepEqual(found, { luaV: [1, 2], luaD: [1, 2] });
});

test('what is only passed on is known', () => {
  const { root } = callsOf([
    stack(kernel('tcp_sendmsg'), 'send (/lib/libc.so.6)', engine('run()')),
    stack(kernel('tcp_sendmsg'), 'send (/lib/libc.so.6)', engine('run()')),
    stack(engine('run()')),
  ]);
  const found = Object.fromEntries(functionsOf(root).map(({ name, passedOn }) => [name, passedOn]));
  assert.deepEqual(found, { 'playhead::run': 0, send: 0, tcp_sendmsg: 2 });
});

test('the kernel and a library may have functions of the same name', () => {
  const { root } = callsOf([stack(kernel('memcpy'), 'main (playhead)'), stack('memcpy (/lib/libc.so.6)', 'main (playhead)')]);
  assert.deepEqual(functionsOf(root).filter(({ name }) => name === 'memcpy').map(({ owner, own }) => [owner, own]), [['kernel', 1], ['library', 1]]);
});

test('handlers of a library that only call each other are one frame, and its modules are the kernel', () => {
  const { root } = callsOf([
    stack('nf_hook ([nf_tables])', engine('tick()'), 'boost::asio::detail::go() (playhead)', 'boost::asio::io_context::run() (playhead)', 'main (playhead)'),
  ]);
  assert.equal(outline(root), 'all 1 [main 1 [boost::asio::io_context::run 1 [playhead::tick 1 [nf_hook 1]]]]');
  assert.equal(ownersOf(root).kernel, 1);
});

test('what the kernel does with interrupts off is not booked on what turns them on', () => {
  const { root } = callsOf([
    stack(kernel('pvm_irq_enable'), kernel('__raw_callee_save_pvm_irq_enable'), kernel('_raw_spin_unlock_irqrestore'), kernel('sock_def_readable')),
    stack(kernel('rcu_core'), kernel('_raw_spin_unlock_irqrestore'), kernel('sock_def_readable')),
  ]);
  assert.equal(outline(root), 'all 2 [sock_def_readable 2 [_raw_spin_unlock_irqrestore 1 [rcu_core 1]]]');
});

test('what has no name is called by the file it is in', () => {
  const { root } = callsOf([stack('[unknown] (/usr/lib/liblua5.4.so.0)', '[unknown] (/usr/lib/liblua5.4.so.0)', 'lua_callk (/usr/lib/liblua5.4.so.0)', '[unknown] ([unknown])')]);
  assert.equal(outline(root), 'all 1 [[unknown] 1 [lua_callk 1 [[liblua5.4.so.0] 1]]]');
});

test('below a function only what it called counts', () => {
  const calls = callsOf([stack(engine('Room::step()'), engine('Shard::run_due()'), 'main (bench)'), stack(engine('Viewer::read()'), 'main (bench)')], {
    below: /^playhead::Shard::run_due$/,
  });
  assert.equal(outline(calls.root), 'all 1 [playhead::Shard::run_due 1 [playhead::Room::step 1]]');
  assert.equal(calls.left, 1);
});

test('a text that ends without a blank line loses nothing, and no text is no samples', () => {
  assert.equal(callsOf([stack('main (playhead)').slice(0, -1)]).root.samples, 1);
  assert.equal(callsOf([['', '']]).root.samples, 0);
});
