import assert from 'node:assert/strict';
import { test } from 'node:test';
import { svgOf, widest } from './flame-graph.mjs';

const node = (name, samples, owner = 'engine', children = []) => ({
  name,
  owner,
  samples,
  children: new Map(children.map((child) => [`${child.owner} ${child.name}`, child])),
});
const pictureOf = (root) => svgOf({ title: 'Fan-out', notes: ['10 samples'], root });
// What is drawn, by name: where it is, how wide and in which row from below.
const framesIn = (svg) => {
  const frames = [...svg.matchAll(/<title>(\S+): .*?<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)];
  const lowest = Math.max(...frames.map(([, , , y]) => Number(y)));
  return Object.fromEntries(frames.map(([, name, x, y, width]) => [name, { x: Number(x), row: (lowest - Number(y)) / 16, width: Number(width) }]));
};

test('a frame is as wide as its share and stands on its caller, the widest first', () => {
  const frames = framesIn(pictureOf(node('all', 100, 'library', [node('playhead::small', 25), node('playhead::large', 75, 'engine', [node('send', 50, 'kernel')])])));
  assert.deepEqual(frames['all'], { x: 10, row: 0, width: 1180 });
  assert.deepEqual(frames['playhead::large'], { x: 10, row: 1, width: 885 });
  assert.deepEqual(frames['playhead::small'], { x: 895, row: 1, width: 295 });
  assert.deepEqual(frames['send'], { x: 10, row: 2, width: 590 });
});

test('frames narrower than a pixel are left out, with what stands on them', () => {
  const frames = framesIn(pictureOf(node('all', 10_000, 'library', [node('wide', 9991), node('narrow', 8, 'engine', [node('above', 8)])])));
  assert.deepEqual(Object.keys(frames), ['all', 'wide']);
});

test('the kernel, the engine and libraries have colours of their own, and their shares are told', () => {
  const svg = pictureOf(node('all', 10, 'library', [node('playhead::run', 10, 'engine', [node('tcp_sendmsg', 6, 'kernel'), node('memcpy', 1, 'library')])]));
  const colour = (name) => svg.match(new RegExp(`<title>${name}: .*?fill="(#\\w+)"`))[1];
  assert.equal(new Set(['tcp_sendmsg', 'playhead::run', 'memcpy'].map(colour)).size, 3);
  for (const words of ['kernel 60.0 %', 'the engine 30.0 %', 'libraries 10.0 %', 'Fan-out', '10 samples']) assert.ok(svg.includes(`>${words}</text>`), words);
});

test('names are escaped, and cut where they do not fit', () => {
  const svg = pictureOf(node('all', 100, 'library', [node('playhead::operator<', 97), node('playhead::a_name_of_some_length', 3)]));
  assert.ok(svg.includes('<title>playhead::operator&lt;: 97 samples, 97.0 %</title>'));
  assert.ok(svg.includes('<title>playhead::a_name_of_some_length: 3 samples, 3.0 %</title>'));
  assert.match(svg, /<g class="frames">[^]*>a_n…<\/text>/);
  assert.ok(!svg.includes('operator<<'));
});

test('the table names a chain of calls once, by who begins it', () => {
  const chain = node('all', 100, 'library', [
    node('main', 100, 'library', [
      node('send', 60, 'library', [node('syscall', 60, 'kernel', [node('tcp', 40, 'kernel')])]),
      node('visit', 40),
    ]),
  ]);
  assert.deepEqual(widest(chain, 'whole').map(({ name }) => name), ['send', 'tcp', 'visit']);
  assert.deepEqual(widest(chain, 'own').map(({ name, own }) => [name, own]), [['tcp', 40], ['visit', 40], ['syscall', 20]]);
});

test('a picture without samples is still a picture', () => {
  assert.match(pictureOf(node('all', 0, 'library')), /^<svg [^]*<\/svg>\n$/);
});
