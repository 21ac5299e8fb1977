// The example client against the shipped engine: it joins from the link that browsers use, over WebSocket and over ENet, says what it
// sees and does what it is told.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeAuthority } from '../harness/certificates.mjs';
import { build, freePort, root, startEngine, stop } from '../harness/engine.mjs';

const waitMs = 15_000;
const withoutFolders = { media_folder: '', web_root: '' };
let engine;
let room;

before(async () => {
  engine = await startEngine({ ...withoutFolders, enet: { listen: `127.0.0.1:${await freePort()}` }, plugins_folder: path.join(root, 'plugins'), plugins: { chat: {} } });
  room = await engine.createRoom({ title: 'Native', media: { kind: 'file', url: '/media/demo.mp4', title: 'Demo' } });
});
after(() => engine?.stop());

// The example as a child that can be told things and waited for.
function join(name, transport, link = engine.url + room.link, env = {}) {
  const child = spawn(path.join(build, 'clients/native/example/playhead-example'), [link, name, transport], { env: { ...process.env, ...env } });
  let said = '';
  const waiting = new Set();
  const heard = (chunk) => {
    said += chunk;
    for (const look of waiting) look();
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  return {
    child,
    say: (line) => child.stdin.write(`${line}\n`),
    // Resolves once what it has said since the last time matches.
    hears: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`${name} said nothing like ${pattern}:\n${said}`));
        }, waitMs);
        const look = () => {
          const match = said.match(pattern);
          if (!match) return;
          said = said.slice(match.index + match[0].length);
          clearTimeout(timer);
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
      }),
  };
}

for (const transport of ['websocket', 'enet']) {
  test(`a native client joins over ${transport}, acts, and is seen`, async () => {
    const ada = join('Ada', transport);
    const bob = join('Bob', 'websocket');
    try {
      await ada.hears(new RegExp(`live "Native": .* over ${transport}`));
      await bob.hears(/live "Native"/);
      ada.say('play');
      await bob.hears(/played by Ada/);
      bob.say('seek 30');
      await ada.hears(/sought by Bob at 30\.0 s/);
      ada.say('pause');
      await bob.hears(/paused by Ada at 3\d\.\d s/);
      ada.say('say hello there');
      const told = bob.hears(/> hello there/);
      const asking = setInterval(() => bob.say('state'), 100);
      await told.finally(() => clearInterval(asking));
      ada.say('quit');
      const code = await new Promise((resolve) => ada.child.once('exit', resolve));
      assert.equal(code, 0);
      assert.match(await engine.metrics(), /playhead_hash_mismatches_total 0/);
    } finally {
      await Promise.all([stop(ada.child), stop(bob.child)]);
    }
  });
}

test('a wrong link is refused in words, without its secret', async () => {
  const link = `${engine.url}/r/${room.room}#j.${room.room}.AAAAAAAAAAAAAAAAAAAAAA`;
  const eve = join('Eve', 'websocket', link);
  const code = new Promise((resolve) => eve.child.once('exit', resolve));
  const [said] = await eve.hears(/closed[^]*\n {2}.*\n/);
  assert.equal(await code, 1);
  assert.doesNotMatch(said, /AAAAAAAA/);
});

test('over https and wss whoever is believed is joined, with sealed datagrams beside it, and nobody else', async () => {
  const authority = makeAuthority();
  authority.putPair(authority.make('engine'));
  const enet = { listen: `127.0.0.1:${await freePort()}` };
  const secure = await startEngine({ ...withoutFolders, tls: authority.files, enet }, { ca: authority.ca });
  const children = [];
  try {
    const { link } = await secure.createRoom({ title: 'Secure' });
    const trusting = { SSL_CERT_FILE: path.join(path.dirname(authority.files.certificate), 'ca.pem') };
    for (const transport of ['websocket', 'enet']) {
      const ada = join('Ada', transport, secure.url + link, trusting);
      children.push(ada.child);
      await ada.hears(new RegExp(`live "Secure": .* over ${transport}`));
    }
    const eve = join('Eve', 'websocket', secure.url + link);
    children.push(eve.child);
    await eve.hears(/no secure connection to/);
  } finally {
    await Promise.all(children.map(stop));
    await secure.stop();
    authority.remove();
  }
});

test('who leaves is gone at once', async () => {
  const { link, room: id } = await engine.createRoom({ title: 'Left' });
  for (const transport of ['websocket', 'enet']) {
    const ada = join('Ada', transport, engine.url + link);
    await ada.hears(/live/);
    assert.equal((await engine.api('GET', `/api/v1/rooms/${id}`)).viewers, 1);
    ada.say('quit');
    await new Promise((resolve) => ada.child.once('exit', resolve));
  }
  const deadline = Date.now() + 2_000;
  let viewers;
  do {
    ({ viewers } = await engine.api('GET', `/api/v1/rooms/${id}`));
  } while (viewers > 0 && Date.now() < deadline);
  assert.equal(viewers, 0); // a place that is kept would be here for a minute
});
