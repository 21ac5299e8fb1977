// Records an evening of a few seconds in the shipped engine, with the plugins of scripts/living_room.lua, for replay_test.cpp:
// every build has to come to the same. To be run again when the engine is meant to do something else than it did.
//   node tests/recording/renew.mjs
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root, startEngine } from '../harness/engine.mjs';
import { observe } from '../harness/observer.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'playhead-recordings-'));
const engine = await startEngine({ shards: 1, record: folder }, { preset: 'living_room' });
try {
  const room = await engine.createRoom({ title: 'Film night', media: { kind: 'file', url: '/media/demo.mp4', title: 'Demo' } });
  const people = [];
  for (const name of ['Ann', 'Bob', 'Cleo']) {
    people.push((await observe(engine, room)).viewer);
    await people.at(-1).setName(name);
  }
  const [ann, bob, cleo] = people;
  for (let round = 0; round < 6; round += 1) {
    await ann.play();
    await bob.command('chat', 'say', { text: `Look at that, ${round}!` });
    await cleo.command('reactions', 'react', { emoji: '👍' });
    await bob.seek(round * 7000);
    await cleo.setRate(round % 2 ? 1 : 1.5);
    await bob.command('queue', 'add', { url: `/media/next${round}.mp4`, title: 'Next' });
    await ann.command('chat', 'say', { text: '' }); // refused
    await Promise.all([ann.pause(), cleo.seek(1000)]);
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  for (const viewer of people) viewer.leave();
  await new Promise((resolve) => setTimeout(resolve, 300));
} finally {
  await engine.stop();
}
const [file] = readdirSync(folder);
copyFileSync(path.join(folder, file), path.join(root, 'tests/recording/living_room.playrec'));
rmSync(folder, { recursive: true, force: true });
