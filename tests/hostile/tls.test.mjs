// TLS from people who mean no good, and from those who mean well, against the shipped binary.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import tls from 'node:tls';
import { makeAuthority } from '../harness/certificates.mjs';
import { build } from '../harness/engine.mjs';
import { ERROR_CODES, guard, join, RawConnection, RawViewer, rawStatus, sleep, startBesieged, until } from './client.mjs';

const get = (where) => `GET ${where} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe('TLS', { timeout: 180_000 }, () => {
  let authority;
  let folder;
  let engine;
  let plain; // the same port, without TLS
  let undisturbed;
  const film = Buffer.alloc(1_000_003, Buffer.from(Array.from({ length: 251 }, (_, n) => n)));

  before(async () => {
    authority = makeAuthority();
    authority.putPair(authority.make('first'));
    folder = mkdtempSync(path.join(tmpdir(), 'playhead-tls-'));
    writeFileSync(path.join(folder, 'film.mp4'), film);
    engine = await startBesieged({ tls: authority.files, media_folder: folder }, { ca: authority.ca });
    plain = { port: engine.port };
  });
  beforeEach(async () => {
    undisturbed = await guard(engine);
  });
  afterEach(async () => {
    await sleep(60); // the guard wants to have seen a tick
    await undisturbed();
  });
  after(async () => {
    await engine?.stop();
    authority?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const figure = async (name) => (await engine.figures())[`playhead_http_${name}`];
  const hello = () => {
    const client = tls.connect({ host: '127.0.0.1', port: engine.port, ca: authority.ca });
    client.on('error', () => {});
    return client;
  };

  it('[H13] the address is https, and what was asked for comes whole', async () => {
    assert.match(engine.url, /^https:/);
    const connection = new RawConnection(engine).send('GET /media/film.mp4 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await connection.untilClosed();
    const body = connection.received.subarray(connection.received.indexOf('\r\n\r\n') + 4);
    assert.ok(body.equals(film), `${body.length} bytes`);
  });

  it('[H13] HTTP/1.1 is agreed on, in TLS 1.2 and 1.3, and nothing older', async () => {
    for (const [version, expected] of [['TLSv1.2', 'TLSv1.2'], ['TLSv1.3', 'TLSv1.3']]) {
      const client = tls.connect({ host: '127.0.0.1', port: engine.port, ca: authority.ca, minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
      await once(client, 'secureConnect');
      assert.equal(client.getProtocol(), expected);
      assert.equal(client.alpnProtocol, 'http/1.1');
      client.destroy();
    }
    for (const version of ['TLSv1', 'TLSv1.1']) {
      const client = tls.connect({ host: '127.0.0.1', port: engine.port, ca: authority.ca, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' });
      const [error] = await once(client, 'error');
      assert.match(error.message, /protocol version/, version);
    }
  });

  it('[H13] a request without TLS is told so, in HTTP', async () => {
    const connection = new RawConnection(plain).send(get('/'));
    assert.equal(await connection.status(), 400);
    await connection.untilClosed();
    assert.match(connection.text, /"tls_required".*https:/);
    assert.equal(await rawStatus(plain, get('/ws/target')), 400);
  });

  it('noise instead of a handshake is closed at once', async () => {
    const refused = await figure('tls_handshakes_refused_total');
    let seed = 8446;
    const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
    const noises = Array.from({ length: 40 }, (_, n) => {
      const bytes = Buffer.from(Array.from({ length: 20 + (next() % 2000) }, () => next() & 0xff));
      if (n % 2) bytes.set([22, 3, 1, 0, 5]); // as a handshake begins
      else bytes[0] |= 0x80; // no letter
      const connection = new RawConnection(plain).send(bytes);
      connection.socket.end();
      return connection;
    });
    await Promise.all(noises.map((noise) => noise.untilClosed(8000)));
    await until(async () => (await figure('tls_handshakes_refused_total')) >= refused + 40, 'all are counted');
  });

  it('[H9] half a handshake and then silence ends in time, and a crowd of them keeps nobody out', async () => {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const probe = tls.connect({ host: '127.0.0.1', port: listener.address().port });
    probe.on('error', () => {});
    const [accepted] = await once(listener, 'connection');
    const [clientHello] = await once(accepted, 'data'); // as Node says it
    probe.destroy();
    listener.close();
    const started = Date.now();
    const halves = Array.from({ length: 300 }, (_, n) => new RawConnection(plain).send(clientHello.subarray(0, n % 3 ? 100 : clientHello.length)));
    const viewer = await join(engine, { room: 'target', token: await engine.token('target') });
    await Promise.all(halves.map((half) => half.untilClosed(15_000)));
    assert.ok(Date.now() - started > 900, 'not before the time for a header');
    viewer.destroy();
  });

  it('a handshake that is broken off costs nothing', async () => {
    for (let n = 0; n < 100; n++) {
      const client = hello();
      await once(client, 'connect');
      client.destroy();
    }
    for (let n = 0; n < 30; n++) {
      const client = hello();
      await once(client, 'secureConnect');
      client.destroy();
    }
  });

  it('renegotiation is declined', async () => {
    const client = tls.connect({ host: '127.0.0.1', port: engine.port, ca: authority.ca, maxVersion: 'TLSv1.2' });
    client.on('error', () => {});
    await once(client, 'secureConnect');
    const error = await new Promise((resolve) => {
      client.once('close', () => resolve(new Error('closed')));
      client.renegotiate({}, resolve);
    });
    assert.ok(error, 'it was agreed to');
    client.destroy();
  });

  it('viewers of a room follow through TLS, messages cut into records or not', async () => {
    const token = await engine.token('target');
    const viewers = await Promise.all(Array.from({ length: 20 }, (_, n) => join(engine, { room: 'target', token, name: `V${n}` })));
    for (const viewer of viewers) {
      viewer.messages.length = 0;
      viewer.say({ type: 'ping', t0Us: 5 });
      assert.equal((await viewer.untilMessage('pong')).t0Us, 5);
      viewer.destroy();
    }
  });

  it('bytes that are no TLS, in the middle of a viewer\'s session, end that session', async () => {
    // Node's TLS runs over a socket that the test holds, so that it can say what TLS would not.
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from([23, 3, 3, 0, 40, ...Array(40).fill(7)]), Buffer.from([23, 3, 3, 0xff, 0xff, 1])]) {
      const under = net.connect(engine.port, '127.0.0.1');
      under.on('error', () => {});
      const viewer = new RawViewer({ port: engine.port, connect: () => tls.connect({ socket: under, ca: authority.ca, servername: 'localhost' }) }, 'target');
      await viewer.untilUpgraded();
      under.write(bytes);
      await viewer.untilClosed(5000);
      under.destroy();
    }
  });

  it('a record that never becomes whole is silence, and ends as such', async () => {
    const under = net.connect(engine.port, '127.0.0.1');
    under.on('error', () => {});
    const viewer = new RawViewer({ port: engine.port, connect: () => tls.connect({ socket: under, ca: authority.ca, servername: 'localhost' }) }, 'target');
    await viewer.untilUpgraded();
    under.write(Buffer.from([23, 3, 3, 0x40, 0, 1, 2, 3])); // 16 KiB to come
    assert.deepEqual(await viewer.ending(), { goodbye: 'hello_expected', closeCode: 4000 + ERROR_CODES.indexOf('hello_expected') });
    under.destroy();
  });

  it('[H13] a renewed certificate is taken up while people come and go, and those who are there stay', async () => {
    const token = await engine.token('target');
    const stayer = await join(engine, { room: 'target', token, name: 'Stayer' });
    const chatter = setInterval(() => stayer.say({ type: 'ping', t0Us: 1 }), 1000); // or it would be taken for dead
    const subject = async () => {
      const client = hello();
      await once(client, 'secureConnect');
      const { CN } = client.getPeerCertificate().subject;
      client.destroy();
      return CN;
    };
    let coming = true;
    let joined = 0;
    const comers = Array.from({ length: 3 }, async (_, n) => {
      while (coming) {
        const viewer = await join(engine, { room: 'target', token, name: `Comer ${n}` });
        joined++;
        viewer.destroy();
        await sleep(30);
      }
    });
    assert.equal(await subject(), 'first');
    authority.put('key.pem', 'half of a new pair');
    await until(async () => (await figure('certificates_refused_total')) === 1, 'what is wrong is noticed', 20_000);
    assert.equal(await subject(), 'first');
    authority.putPair(authority.make('second'));
    await until(async () => (await subject()) === 'second', 'the new certificate is shown', 20_000);
    coming = false;
    await Promise.all(comers);
    assert.ok(joined > 20, `${joined} joined`);
    clearInterval(chatter);
    stayer.say({ type: 'ping', t0Us: 9 });
    await until(() => stayer.messages.some((message) => message.type === 'pong' && message.t0Us === 9), 'the old session goes on');
    stayer.destroy();
    assert.ok((await figure('certificate_expires_seconds')) > Date.now() / 1000);
  });
});

describe('a viewer that never reads, through TLS', { timeout: 150_000 }, () => {
  it('is let go while the others go on', async () => {
    const authority = makeAuthority();
    authority.putPair(authority.make('engine'));
    const engine = await startBesieged(
      { tls: authority.files, limits: { commands_per_s: 1000, command_burst: 1000, silence_timeout_s: 60 } },
      { ca: authority.ca },
    );
    const token = await engine.token('target');
    const lazy = await join(engine, { room: 'target', token });
    lazy.socket.pause();
    const busy = await join(engine, { room: 'target', token });
    let sequence = 0;
    const chatter = setInterval(() => {
      for (let n = 0; n < 5; n++) {
        sequence += 1;
        const command = { type: 'command', sequence, media: 0, issuedAtUs: 0, issuedLogical: 0, positionUs: -1 };
        const url = `/media/${sequence}${'x'.repeat(1900)}`;
        busy.say({ ...command, action: { kind: 'load', mediaKind: 1, url, title: 'T', positionUs: 0, play: false } });
      }
    }, 20);
    try {
      await until(async () => (await engine.figures()).playhead_slow_closed_total === 1, 'the slow one is closed', 60_000);
      busy.messages.length = 0;
      await busy.untilMessage('delta');
      assert.equal(engine.neighbour.closed, false);
    } finally {
      clearInterval(chatter);
      lazy.destroy();
      busy.destroy();
    }
    await until(async () => (await engine.figures()).playhead_websocket_connections === 1, 'its socket is gone');
    await engine.stop();
    authority.remove();
  });
});

describe('starting with TLS', { timeout: 60_000 }, () => {
  it('[H13] a certificate that cannot be used is 1, and named with what to do; what is no setting is 2', () => {
    const authority = makeAuthority();
    const folder = mkdtempSync(path.join(tmpdir(), 'playhead-tls-'));
    const run = (settings) => {
      const script = path.join(folder, 'config.lua');
      writeFileSync(script, `return { listen = "127.0.0.1:0", tls = ${settings} }`);
      const { status, stderr } = spawnSync(path.join(build, 'engine/app/playhead'), [script], { encoding: 'utf8', timeout: 20_000 });
      return { status, stderr };
    };
    const both = `{ certificate = "${authority.files.certificate}", key = "${authority.files.key}" }`;
    const missing = run(both);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /tls\.certificate: '.*cert\.pem' cannot be read: No such file.*put the certificate there/);
    authority.put('cert.pem', authority.make('one').certificate);
    authority.put('key.pem', authority.make('other').key);
    const mismatched = run(both);
    assert.equal(mismatched.status, 1);
    assert.match(mismatched.stderr, /tls\.key: '.*key\.pem' is not the key of this certificate/);
    const half = run('{ certificate = "cert.pem" }');
    assert.equal(half.status, 2);
    assert.match(half.stderr, /tls\.key: missing: expected a file's path/);
    authority.remove();
    rmSync(folder, { recursive: true, force: true });
  });
});
